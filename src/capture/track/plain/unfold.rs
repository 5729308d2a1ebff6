//! The [`Conn`] that a plain connection is, written out.

use super::{CLIENT, End, Is, NO_SCALE, NOTES, Plain, SACK_OK, SERVER, TOLD_ACK, TOLD_DATA, TS_OK};
use crate::capture::track::conn::Conn;
use crate::capture::track::facts::{Fact, Facts};
use crate::capture::track::half::{Half, Mark, Offer, Sent};
use crate::capture::track::intake::facing;
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
        let nothing = Seq(0);
        let mut conn = Conn {
            id: self.id,
            key,
            vlans: Vlans::default(),
            incarnation: 0,
            client: Side::A,
            role_basis: RoleBasis::Syn,
            first_n: 0,
            last_n: 0,
            start: self.start,
            end: self.start,
            stream: 0,
            completeness: 0,
            pair: Pair::numbered(0, [nothing; 2]),
            halves: [Half::default(), Half::default()],
            life: Life { syn_validated: true, ..Life::default() },
            history: History::default(),
            flipped: false,
            chapter: self.chapter,
        };
        self.write(key, &mut conn);
        conn
    }

    /// The same, written over another that was made of a plain one: all that they may differ in.
    pub(super) fn write(&self, key: FlowKey, conn: &mut Conn) {
        let client = self.client();
        let [asks, answers] = facing(&mut conn.halves, client);
        self.write_half(CLIENT, asks);
        self.write_half(SERVER, answers);
        let iss = self.ends.map(|end| end.iss);
        let base = if client == Side::A { iss } else { [iss[SERVER], iss[CLIENT]] };
        (conn.id, conn.key, conn.client) = (self.id, key, client);
        (conn.first_n, conn.last_n) = (self.first_n, self.last_n());
        (conn.start, conn.end) = (self.start, self.end());
        (conn.stream, conn.completeness) = self.streamed();
        conn.pair = Pair::numbered(self.stream, base);
        // What the server has not acknowledged yet, a connection like others looks out for.
        conn.chapter = if self.waits_for_proof() { Chapter::Other } else { self.chapter };
        self.write_history(&mut conn.history);
        self.write_life(&mut conn.life);
    }

    /// Wireshark's number of its stream, and its `tcp.completeness`.
    pub(in crate::capture::track) fn streamed(&self) -> (u32, u8) {
        let data = self.payload_bytes() != [0, 0];
        let (opened, fin) = (self.has_come_to(Chapter::Opened), self.has_come_to(Chapter::Closing));
        (self.stream, shark::plain_completeness(opened, data, fin))
    }

    pub(super) fn has_come_to(&self, chapter: Chapter) -> bool {
        self.chapter >= chapter
    }

    /// Who closed first, once somebody has.
    pub(super) fn first(&self) -> usize {
        if self.says(Is::ServerFirst) { SERVER } else { CLIENT }
    }

    fn write_half(&self, role: usize, half: &mut Half) {
        let end = &self.ends[role];
        let (is_client, opened) = (role == CLIENT, self.has_come_to(Chapter::Opened));
        let (fin, payload_bytes) = (self.fin(role), self.payload_bytes()[role].into());
        half.standing = self.standing(role);
        half.window = end.window;
        half.offer = Some(end.offer());
        half.sent = Sent {
            packets: end.packets.into(),
            payload_bytes,
            unique_bytes: payload_bytes,
            ip_bytes: end.ip_bytes.into(),
        };
        half.opened = if is_client { opened } else { self.has_come_to(Chapter::Calm) };
        half.spoke = !is_client || opened;
        (half.syns, half.synacks, half.fins) = (is_client.into(), (!is_client).into(), fin.into());
        half.acked_peer_fin = fin && role != self.first();
        (half.last, half.fresh, half.timed_since) = (end.last.into(), end.fresh, end.timed_since);
        half.latest = end.latest;
        (half.ip_id, half.ttl, half.srtt_ns) = (end.ip_id.into(), Some(end.ttl), end.srtt_ns);
        half.coverage.restart(end.iss);
        half.coverage.go_on(end.nxt.offset_from(end.iss) as u32);
        let last_octet = end.nxt - 1;
        half.put(Mark::Iss, Some(end.iss));
        half.put(Mark::Una, (is_client || opened).then_some(end.una));
        half.put(Mark::Fin, fin.then_some(last_octet));
        half.put(Mark::Edge, (!is_client || opened).then_some(end.edge));
        half.put(Mark::Proof, self.proof(role));
        half.put(Mark::TsVal, (end.said & TS_OK != 0).then_some(Seq(end.ts_val)));
        half.put(Mark::Timed, end.is_timed.then_some(end.timed));
        half.zeek = zeek::End::plain(&zeek::PlainEnd {
            syn: is_client.then_some(end.iss),
            fin: fin.then_some(last_octet),
            nxt: end.nxt,
            acks: end.said & TOLD_ACK != 0,
            data: end.said & TOLD_DATA != 0,
        });
        self.teach(role, half);
    }

    pub(super) fn standing(&self, role: usize) -> Standing {
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
            _ if role == SERVER && self.waits_for_proof() => Some(peer.iss + 2),
            _ => None,
        }
    }

    /// Whether the server spoke first, and has not acknowledged anything of the client since.
    fn waits_for_proof(&self) -> bool {
        let client = &self.ends[CLIENT];
        self.has_come_to(Chapter::Calm) && client.una.before(client.iss + 2)
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
        half.taught = [0; _];
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

    fn write_life(&self, life: &mut Life) {
        let opened = self.has_come_to(Chapter::Opened);
        let synack = self.synack_time();
        let step3 = Timestamp(synack.0 + u64::from(self.step3_ns));
        let stamped = self.ends[CLIENT].said & TS_OK != 0;
        let first = if self.first() == CLIENT { self.client() } else { !self.client() };
        life.seen = self.notes();
        life.first_fin = self.has_come_to(Chapter::Closing).then_some(first);
        life.ack_validated = opened;
        life.times = Times {
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
        };
    }

    fn notes(&self) -> Notes {
        let together = self.says(Is::Close23);
        let said = match self.chapter {
            Chapter::Other | Chapter::Answered => const { Notes::of(&[Note::Open1, Note::Open2]) },
            Chapter::Opened => const { Notes::of(&[Note::Open1, Note::Open2, Note::Open3]) },
            Chapter::Calm => OPENED,
            Chapter::Closing => OPENED.and(Note::Close1),
            Chapter::HalfClosed => OPENED.and(Note::Close1).and(Note::Close2),
            Chapter::BothClosed if together => CLOSED_IN_THREE,
            Chapter::BothClosed => CLOSED_IN_FOUR,
            Chapter::Over if together => CLOSED_IN_THREE.and(Note::Close4),
            Chapter::Over => CLOSED_IN_FOUR.and(Note::Close4),
        };
        let said = if self.says(Is::Close1Data) { said.without(Note::Close1).and(Note::Close1Data) } else { said };
        NOTES.iter().filter(|(is, _)| self.says(*is)).fold(said, |all, (_, note)| all.and(*note))
    }

    fn write_history(&self, history: &mut History) {
        let mut letters = *b"Sh\0\0\0\0\0\0";
        if self.has_come_to(Chapter::Opened) {
            letters[2] = b'A';
            letters[3..].copy_from_slice(&self.letters);
        }
        history.rewrite(letters, self.client());
    }
}

const OPENED: Notes = Notes::of(&[Note::Open1, Note::Open2, Note::Open3, Note::OpenConfirmed]);
const CLOSED_IN_THREE: Notes = OPENED.and(Note::Close1).and(Note::Close23);
const CLOSED_IN_FOUR: Notes = OPENED.and(Note::Close1).and(Note::Close2).and(Note::Close3);

impl End {
    fn offer(&self) -> Offer {
        Offer {
            mss: Some(self.mss),
            wscale: (self.wscale != NO_SCALE).then_some(self.wscale),
            sack_ok: self.said & SACK_OK != 0,
            ts_ok: self.said & TS_OK != 0,
        }
    }
}
