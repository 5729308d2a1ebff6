//! The [`Conn`] that a plain connection is, written out.

use super::{CLIENT, End, Is, NO_SCALE, NOTES, Plain, SACK_OK, SERVER, TS_OK};
use crate::capture::track::conn::Conn;
use crate::capture::track::facts::{Fact, Facts};
use crate::capture::track::half::{Half, Mark, Offer, Sent};
use crate::capture::track::life::{Life, Times};
use crate::capture::track::notes::{Note, Notes};
use crate::capture::track::shark::{self, Pair};
use crate::capture::track::slim::Moment;
use crate::capture::track::standing::{Basis, RoleBasis, Standing, State};
use crate::capture::track::textbook::{ALL, ASKED, Chapter, OPEN};
use crate::capture::track::zeek::{self, History};
use crate::wire::{FlowKey, Seq, Side, Timestamp, Vlans};

impl Plain {
    /// The connection that this is, between the endpoints of `key`.
    pub(super) fn conn(&self, key: FlowKey) -> Conn {
        let client = self.client();
        let [asks, answers] = [self.half(CLIENT), self.half(SERVER)];
        let iss = self.ends.map(|end| end.iss);
        let (halves, base) = match client {
            Side::A => ([asks, answers], iss),
            Side::B => ([answers, asks], [iss[SERVER], iss[CLIENT]]),
        };
        Conn {
            id: self.id,
            key,
            vlans: Vlans::default(),
            incarnation: 0,
            client,
            role_basis: RoleBasis::Syn,
            first_n: self.first_n,
            last_n: self.last_n(),
            start: self.start,
            end: self.end(),
            stream: self.stream,
            completeness: self.completeness(),
            pair: Pair::numbered(self.stream, base),
            halves,
            life: self.life(),
            history: self.history(),
            flipped: false,
            chapter: self.chapter,
        }
    }

    /// Wireshark's number of its stream, and its `tcp.completeness`.
    pub(in crate::capture::track) fn streamed(&self) -> (u32, u8) {
        (self.stream, self.completeness())
    }

    fn completeness(&self) -> u8 {
        let data = self.payload_bytes() != [0, 0];
        shark::plain_completeness(self.has_come_to(Chapter::Opened), data, self.has_come_to(Chapter::Closing))
    }

    fn has_come_to(&self, chapter: Chapter) -> bool {
        self.chapter >= chapter
    }

    /// Who closed first, once somebody has.
    fn first(&self) -> usize {
        if self.says(Is::ServerFirst) { SERVER } else { CLIENT }
    }

    fn half(&self, role: usize) -> Half {
        let end = &self.ends[role];
        let (is_client, opened) = (role == CLIENT, self.has_come_to(Chapter::Opened));
        let payload_bytes = self.payload_bytes()[role].into();
        let mut half = Half {
            standing: self.standing(role),
            window: end.window,
            offer: Some(end.offer()),
            sent: Sent {
                packets: end.packets.into(),
                payload_bytes,
                unique_bytes: payload_bytes,
                ip_bytes: end.ip_bytes.into(),
            },
            opened: if is_client { opened } else { self.has_come_to(Chapter::Calm) },
            spoke: !is_client || opened,
            syns: u16::from(is_client),
            synacks: u16::from(!is_client),
            fins: u16::from(self.fin(role)),
            acked_peer_fin: self.fin(role) && role != self.first(),
            last: end.last.into(),
            fresh: end.fresh,
            timed_since: end.timed_since,
            latest: end.latest,
            ip_id: end.ip_id.into(),
            ttl: Some(end.ttl),
            srtt_ns: end.srtt_ns,
            zeek: self.zeek(role),
            ..Half::default()
        };
        half.coverage.restart(end.iss);
        half.coverage.go_on(end.nxt.offset_from(end.iss) as u32);
        let answered = is_client || opened;
        half.put(Mark::Iss, Some(end.iss));
        half.put(Mark::Una, answered.then_some(end.una));
        half.put(Mark::Fin, self.fin(role).then(|| end.nxt - 1));
        half.put(Mark::Edge, (!is_client || opened).then_some(end.edge));
        half.put(Mark::Proof, self.proof(role));
        half.put(Mark::TsVal, (end.offers & TS_OK != 0).then_some(Seq(end.ts_val)));
        half.put(Mark::Timed, end.is_timed.then_some(end.timed));
        self.teach(role, &mut half);
        half
    }

    fn standing(&self, role: usize) -> Standing {
        let first = role == self.first();
        let (is_client, proven, expected) = (role == CLIENT, Standing::proven, Standing::expected);
        match self.chapter {
            Chapter::Answered if is_client => expected(State::Established),
            Chapter::Answered => proven(State::SynRcvd),
            Chapter::Opened if !is_client => expected(State::Established),
            Chapter::Other | Chapter::Opened | Chapter::Calm => proven(State::Established),
            Chapter::Closing if first => proven(State::FinWait1),
            Chapter::Closing => expected(State::CloseWait),
            Chapter::HalfClosed if first => expected(State::FinWait2),
            Chapter::HalfClosed => proven(State::CloseWait),
            Chapter::BothClosed if first => expected(State::TimeWait),
            Chapter::BothClosed => proven(State::LastAck),
            Chapter::Over if first => proven(State::TimeWait),
            Chapter::Over => expected(State::Closed),
        }
    }

    /// The octet of the peer whose acknowledgement would prove what this end is to have learnt.
    fn proof(&self, role: usize) -> Option<Seq> {
        let peer = &self.ends[1 - role];
        let first = role == self.first();
        match self.chapter {
            Chapter::Answered if role == CLIENT => Some(peer.iss + 1),
            Chapter::Opened if role == SERVER => Some(peer.iss + 2),
            Chapter::Closing if !first => Some(peer.nxt),
            Chapter::HalfClosed if first => Some(peer.nxt + 1),
            Chapter::BothClosed if first => Some(peer.nxt),
            Chapter::Over if !first => Some(peer.nxt + 1),
            _ => None,
        }
    }

    /// What an end has learnt, and from which frames.
    fn teach(&self, role: usize, half: &mut Half) {
        let [last, before] = self.ends[1 - role].latest.map(|sent| sent.after);
        let (from, rest) = if role == CLIENT { (self.synack_after, self.synack_after) } else { (0, self.step3_after) };
        half.facts = match (role, self.chapter) {
            (CLIENT, Chapter::Answered) => Facts::of(&OPEN, Basis::Expected),
            (SERVER, Chapter::Answered) => ASKED,
            _ => ALL,
        };
        if role == SERVER && self.chapter == Chapter::Opened {
            half.facts.set(Fact::Sends, Some(Basis::Expected));
            half.facts.set(Fact::IssKnown, Some(Basis::Expected));
        }
        half.taught[Fact::Receives as usize] = from;
        half.taught[Fact::KnowsIss as usize] = from;
        half.taught[Fact::Sends as usize] = rest;
        half.taught[Fact::IssKnown as usize] = rest;
        let mut learn = |fact: Fact, basis, after| {
            half.facts.set(fact, Some(basis));
            half.taught[fact as usize] = after;
        };
        let apart = !self.says(Is::Close23);
        match (self.chapter, role == self.first()) {
            (Chapter::Closing, false) => learn(Fact::PeerDone, Basis::Expected, last),
            (Chapter::HalfClosed | Chapter::BothClosed, false) => learn(Fact::PeerDone, Basis::Proven, last),
            (Chapter::HalfClosed, true) => learn(Fact::AllDelivered, Basis::Expected, last),
            (Chapter::BothClosed, true) => {
                learn(Fact::AllDelivered, Basis::Expected, if apart { before } else { last });
                learn(Fact::PeerDone, Basis::Expected, last);
            }
            (Chapter::Over, true) => {
                learn(Fact::AllDelivered, Basis::Proven, if apart { before } else { last });
                learn(Fact::PeerDone, Basis::Proven, last);
            }
            (Chapter::Over, false) => {
                learn(Fact::PeerDone, Basis::Proven, before);
                learn(Fact::AllDelivered, Basis::Expected, last);
            }
            _ => {}
        }
    }

    fn life(&self) -> Life {
        let opened = self.has_come_to(Chapter::Opened);
        let closes = self.has_come_to(Chapter::Closing);
        let synack = self.synack_time();
        let step3 = Timestamp(synack.0 + u64::from(self.step3_ns));
        let stamped = self.ends[CLIENT].offers & TS_OK != 0;
        Life {
            seen: self.notes(),
            first_fin: closes.then(|| if self.first() == CLIENT { self.client() } else { !self.client() }),
            times: Times {
                first_syn: self.start.into(),
                last_syn: self.start.into(),
                last_syn_ts_val: stamped.then_some(self.syn_ts_val),
                last_synack: synack.into(),
                step3: if opened { step3.into() } else { Moment::default() },
                rtt_server_ns: Some(self.synack_ns.into()),
                rtt_client_ns: opened.then_some(self.step3_ns.into()),
                asked: self.asked,
                answered: self.answered,
                ambiguous: false,
            },
            syn_validated: true,
            ack_validated: opened,
            ..Life::default()
        }
    }

    fn notes(&self) -> Notes {
        let mut notes = Notes::of(&[Note::Open1, Note::Open2]);
        for (is, note) in NOTES {
            if self.says(is) {
                notes.add(note);
            }
        }
        let apart = !self.says(Is::Close23);
        let said = [
            (Note::Open3, self.has_come_to(Chapter::Opened)),
            (Note::OpenConfirmed, self.has_come_to(Chapter::Calm)),
            (Note::Close1, self.has_come_to(Chapter::Closing)),
            (Note::Close2, self.has_come_to(Chapter::HalfClosed) && apart),
            (Note::Close3, self.has_come_to(Chapter::BothClosed) && apart),
            (Note::Close23, self.has_come_to(Chapter::BothClosed) && !apart),
            (Note::Close4, self.has_come_to(Chapter::Over)),
        ];
        for (note, _) in said.iter().filter(|(_, said)| *said) {
            notes.add(*note);
        }
        notes
    }

    fn history(&self) -> History {
        let mut history = History::default();
        let opening: &[u8] = if self.has_come_to(Chapter::Opened) { b"ShA" } else { b"Sh" };
        for letter in opening.iter().chain(self.letters.iter().take_while(|letter| **letter != 0)) {
            let side = if letter.is_ascii_uppercase() { self.client() } else { !self.client() };
            history.push(letter.to_ascii_lowercase(), side);
        }
        history
    }

    fn zeek(&self, role: usize) -> zeek::End {
        let end = &self.ends[role];
        let said =
            |letter: u8| self.letters.contains(&if role == CLIENT { letter.to_ascii_uppercase() } else { letter });
        zeek::End::plain(&zeek::PlainEnd {
            syn: (role == CLIENT).then_some(end.iss),
            fin: self.fin(role).then(|| end.nxt - 1),
            nxt: end.nxt,
            acks: said(b'a') || role == CLIENT && self.has_come_to(Chapter::Opened),
            data: said(b'd'),
        })
    }
}

impl End {
    fn offer(&self) -> Offer {
        Offer {
            mss: Some(self.mss),
            wscale: (self.wscale != NO_SCALE).then_some(self.wscale),
            sack_ok: self.offers & SACK_OK != 0,
            ts_ok: self.offers & TS_OK != 0,
        }
    }
}
