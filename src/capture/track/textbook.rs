//! The connection that goes by the book: opened in three steps, closed in three or four, with nothing
//! lost, repeated or out of order on the way.
//!
//! ```text
//!           SYN            SYN/ACK        ACK         octets      ACK of them
//!   (embryo) -> Answered ----------> Opened ---------------------------> Calm
//!                                                                         | FIN
//!                 BothClosed <- FIN/ACK ------------------------------ Closing
//!                  |      ^---- FIN/ACK ---- HalfClosed <---- ACK ------- |
//!                  | ACK
//!                  v
//!                 Over
//! ```
//!
//! Its segments could take the way of every other, `Conn::segment`, and nothing would come out
//! differently: a test holds the two ways against each other. But where the [`Chapter`] is known, all
//! questions of that way have one answer, and what remains is to take the numbers down. Most
//! connections are of this kind, and in small ones most segments open or close; that way takes some
//! three times as many instructions for each (`benches/instructions.py`, conns, small).

use std::fmt;

use super::conn::Conn;
use super::facts::{Fact, Facts};
use super::half::{Half, Mark};
use super::intake::{Meant, facing};
use super::notes::{Note, Notes};
use super::shark::Pair;
use super::slab::Found;
use super::standing::{Basis, RoleBasis, State};
use super::{ConnId, Taken, Tracker, segments, steady, watch, zeek};
use crate::capture::arrival::Arrival;
use crate::wire::{Flags, Segment, Seq, Side, options::Present};

/// How far a connection has come that has gone by the book so far.
#[derive(Clone, Copy, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Chapter {
    /// It has not.
    #[default]
    Other,
    /// SYN, SYN/ACK.
    Answered,
    /// And the client's ACK.
    Opened,
    /// Both ends are open beyond doubt, and nothing is asked, missing or closing
    /// ([`Conn::is_calm`]).
    Calm,
    /// The FIN of one end.
    Closing,
    /// And the ACK of it.
    HalfClosed,
    /// The FINs of both, the second with the ACK of the first, or after it.
    BothClosed,
    /// And the ACK of that.
    Over,
}

/// Only how it is dealt with, and nothing that it would differ in from another.
impl fmt::Debug for Chapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Calm { "Calm" } else { "-" })
    }
}

/// The next step of such a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// Step three of the opening.
    Open3,
    /// The client's octets, before the server has shown that it is open.
    Octets,
    /// The server shows it.
    Confirm,
    Close1,
    Close2,
    Close3,
    /// Steps two and three in one.
    Close23,
    Close4,
}

impl Step {
    /// The chapter that it begins, or goes on with.
    pub(super) const fn leads_to(self) -> Chapter {
        match self {
            Self::Open3 | Self::Octets => Chapter::Opened,
            Self::Confirm => Chapter::Calm,
            Self::Close1 => Chapter::Closing,
            Self::Close2 => Chapter::HalfClosed,
            Self::Close3 | Self::Close23 => Chapter::BothClosed,
            Self::Close4 => Chapter::Over,
        }
    }
}

/// What both ends know of each other when a connection is open.
pub(super) const OPEN: [Fact; 4] = [Fact::Receives, Fact::Sends, Fact::KnowsIss, Fact::IssKnown];
pub(super) const ALL: Facts = Facts::of(&OPEN, Basis::Proven);
/// What a server is to learn from a SYN, and knows that has answered it.
const HEARD: Facts = Facts::of(&[Fact::Receives, Fact::KnowsIss], Basis::Expected);
pub(super) const ASKED: Facts = Facts::of(&[Fact::Receives, Fact::KnowsIss], Basis::Proven);

impl Tracker {
    /// Takes in a segment of the connection that was found, if it is the next step of one that goes
    /// by the book.
    #[inline]
    pub(super) fn by_the_book(
        &mut self,
        found: Found,
        arrival: &Arrival,
        segment: &Segment,
        notes: Notes,
    ) -> Option<Taken> {
        let (slot, meant) = match found {
            Found::Conn(slot) => (slot, self.conns.at_mut(slot).by_the_book(arrival, segment, notes)?),
            Found::Plain(_) | Found::Talk(_) => return None,
            Found::Embryo(place) => {
                let question = self.conns.embryos.question(self.conns.embryos.get(place)?);
                let (conn, meant) = answered(&question, arrival, segment, notes)?;
                (self.grow(place, conn), meant)
            }
        };
        let conn = self.conns.at_mut(slot);
        let stream = self.shark.segment(conn, arrival.side, segment);
        watch::tell(&mut self.findings, conn, arrival.side, segment.flags, meant.notes, self.clock);
        Some(Taken { slot, stream, meant })
    }
}

impl Conn {
    /// Takes in a segment, if it is the next step of a connection that goes by the book.
    #[inline]
    pub(super) fn by_the_book(&mut self, arrival: &Arrival, segment: &Segment, notes: Notes) -> Option<Meant> {
        if self.chapter == Chapter::Other || arrival.cut || arrival.time < self.end {
            return None;
        }
        let [sender, receiver] = self.facing(arrival.side);
        let edge = segments::edge(segment, sender, receiver);
        let step = self.step(edge, arrival.side, segment)?;
        #[cfg(test)]
        let step = Some(step).filter(|step| tests::may_be_taken(*step as usize))?;
        let before = self.now();
        let after = arrival.after(self.first_n);
        let [sender, receiver] = facing(&mut self.halves, arrival.side);
        let edge = sender.mark(Mark::Edge).map_or(edge, |old| old.latest(edge));
        let note = take(step, segment, sender, receiver, after);
        if segment.flags.contains(Flags::FIN) {
            sender.coverage.go_on(1);
            sender.time(segment.end(), arrival.time);
            zeek::finish(segment, arrival.side, &mut sender.zeek, &mut self.history);
        } else {
            zeek::go_on(segment, arrival.side, &mut sender.zeek, &mut self.history);
        }
        steady::go_on(edge, segment, sender, receiver, &mut self.life, arrival, after);
        sender.spoke = true;
        match step {
            Step::Open3 => {
                let times = &mut self.life.times;
                times.step3 = arrival.time.into();
                times.rtt_client_ns = times.last_synack.get().map(|synack| (arrival.time - synack).0);
                self.life.ack_validated = true;
            }
            Step::Close1 => self.life.first_fin = Some(arrival.side),
            _ => {}
        }
        self.chapter = step.leads_to();
        self.count_packet(arrival, segment.len);
        let notes = note.map_or(notes, |note| notes | note.into());
        self.life.seen |= notes;
        Some(Meant { before, notes, nth: 0 })
    }

    /// Which step a segment from `side` is, if it is the next; `edge` is the end of the window it offers.
    #[inline]
    fn step(&self, edge: Seq, side: Side, segment: &Segment) -> Option<Step> {
        let [sender, receiver] = self.facing(side);
        let flags = Flags(segment.flags.0 & !Flags::PSH.0);
        if segment.seq != sender.nxt()
            || segment.window.0 == 0
            || !steady::has_the_usual_options(segment, sender, receiver)
            || receiver.una().is_some_and(|una| !(0..=segments::WILD).contains(&segment.ack.offset_from(una)))
        {
            return None;
        }
        let bare = segment.flags == Flags::ACK && segment.len == 0;
        let all = segment.ack == receiver.nxt();
        let fin = flags == Flags::ACK | Flags::FIN && segment.len == 0;
        let octets = flags == Flags::ACK && segment.len > 0 && zeek::is_steady(segment, &sender.zeek);
        let on = steady::moves_the_edge_on(edge, segment, sender, receiver);
        let asks = side == self.client;
        let first = self.life.first_fin == Some(side);
        match self.chapter {
            Chapter::Answered if asks && bare && all => Some(Step::Open3),
            Chapter::Opened if asks && octets && all && on => Some(Step::Octets),
            Chapter::Opened if !asks && (octets || bare) && on => {
                let proves = sender.mark(Mark::Proof).is_some_and(|octet| !segment.ack.before(octet));
                let fits = steady::acknowledges_what_was_sent(segment, receiver);
                (proves && fits).then_some(Step::Confirm)
            }
            Chapter::Calm if fin => {
                let never_closed = [sender, receiver].iter().all(|half| half.opened && half.fins == 0);
                let fits = never_closed && self.misses_nothing() && !segment.ack.after(receiver.nxt());
                fits.then_some(Step::Close1)
            }
            Chapter::Closing if !first && all && fin => Some(Step::Close23),
            Chapter::Closing if !first && all && bare => Some(Step::Close2),
            Chapter::HalfClosed if !first && all && fin => Some(Step::Close3),
            Chapter::BothClosed if first && all && bare => Some(Step::Close4),
            _ => None,
        }
    }
}

/// Moves both ends one step on; returns what it is called.
#[inline]
fn take(step: Step, segment: &Segment, sender: &mut Half, receiver: &mut Half, after: u32) -> Option<Note> {
    match step {
        Step::Open3 => {
            sender.facts = ALL;
            sender.put(Mark::Proof, None);
            sender.opened = true;
            sender.prove(State::Established);
            receiver.expect(State::Established);
            teach(receiver, &[Fact::Sends, Fact::IssKnown], segment, after);
            Some(Note::Open3)
        }
        Step::Octets => None,
        Step::Confirm => {
            sender.facts = ALL;
            sender.put(Mark::Proof, None);
            sender.opened = true;
            sender.prove(State::Established);
            Some(Note::OpenConfirmed)
        }
        Step::Close1 => {
            close(segment, sender, false);
            sender.prove(State::FinWait1);
            receiver.expect(State::CloseWait);
            teach(receiver, &[Fact::PeerDone], segment, after);
            Some(Note::Close1)
        }
        Step::Close2 => {
            hear_fin(sender, after);
            sender.prove(State::CloseWait);
            receiver.expect(State::FinWait2);
            teach(receiver, &[Fact::AllDelivered], segment, after);
            Some(Note::Close2)
        }
        Step::Close23 => {
            hear_fin(sender, after);
            close(segment, sender, true);
            sender.prove(State::LastAck);
            receiver.expect(State::TimeWait);
            teach(receiver, &[Fact::AllDelivered, Fact::PeerDone], segment, after);
            Some(Note::Close23)
        }
        Step::Close3 => {
            close(segment, sender, true);
            sender.prove(State::LastAck);
            receiver.expect(State::TimeWait);
            teach(receiver, &[Fact::PeerDone], segment, after);
            Some(Note::Close3)
        }
        Step::Close4 => {
            hear_fin(sender, after);
            sender.prove(State::TimeWait);
            receiver.expect(State::Closed);
            teach(receiver, &[Fact::AllDelivered], segment, after);
            Some(Note::Close4)
        }
    }
}

/// The segment is on its way that teaches `facts` to its receiver; the answer to it will prove that
/// it came.
#[inline]
fn teach(receiver: &mut Half, facts: &[Fact], segment: &Segment, after: u32) {
    for fact in facts {
        receiver.teach(*fact, after);
    }
    let octet = if segment.span() > 0 { segment.end() } else { segment.seq + 1 };
    receiver.put(Mark::Proof, Some(octet));
}

/// What an end sends that acknowledges the other's FIN shows that it has got it.
#[inline]
fn hear_fin(sender: &mut Half, after: u32) {
    sender.prove_expected();
    sender.put(Mark::Proof, None);
    sender.prove_fact(Fact::PeerDone, after);
}

/// An end sends its FIN.
#[inline]
fn close(segment: &Segment, sender: &mut Half, acked_peer_fin: bool) {
    sender.put(Mark::Fin, Some(segment.seq));
    sender.acked_peer_fin = acked_peer_fin;
    sender.fins = 1;
}

/// A first SYN: in which connection, in which of Wireshark's streams, and what it says.
#[derive(Clone, Copy)]
pub(super) struct Question {
    pub(super) id: ConnId,
    pub(super) stream: u32,
    pub(super) arrival: Arrival,
    pub(super) segment: Segment,
    pub(super) notes: Notes,
}

/// The connection of a first SYN, if that is as in the book.
pub(super) fn asked(question: &Question) -> Option<Conn> {
    let Question { id, stream, arrival, segment, notes } = question;
    let fits = asks(segment);
    #[cfg(test)]
    let fits = fits && tests::may_be_taken(tests::ASKED);
    if !fits {
        return None;
    }
    let mut conn = Conn::new(*id, arrival, Pair::begun(*stream, arrival.side, segment.seq), *stream);
    conn.role_basis = RoleBasis::Syn;
    let Conn { halves, life, history, .. } = &mut conn;
    let [client, server] = facing(halves, arrival.side);
    say(client, segment, arrival, 0);
    client.syns = 1;
    client.prove(State::SynSent);
    server.expect(State::SynRcvd);
    server.facts = HEARD;
    server.put(Mark::Proof, Some(segment.end()));
    zeek::ask(&mut client.zeek, segment, arrival.side, history);
    life.seen = *notes | Note::Open1.into();
    let times = &mut life.times;
    (times.first_syn, times.last_syn) = (arrival.time.into(), arrival.time.into());
    times.last_syn_ts_val = segment.options.timestamps().map(|(val, _)| val);
    conn.count_packet(arrival, 0);
    conn.begins_stream();
    Some(conn)
}

/// The connection of a SYN and the SYN/ACK that answers it, and what that one meant, if both are as
/// in the book.
#[inline]
fn answered(question: &Question, arrival: &Arrival, segment: &Segment, notes: Notes) -> Option<(Conn, Meant)> {
    if !answers(question, arrival, segment) {
        return None;
    }
    let mut conn = asked(question)?;
    #[cfg(test)]
    tests::may_be_taken(tests::ANSWERED);
    let before = conn.now();
    let after = arrival.after(conn.first_n);
    let Conn { halves, life, history, .. } = &mut conn;
    let [server, client] = facing(halves, arrival.side);
    say(server, segment, arrival, after);
    server.synacks = 1;
    server.prove(State::SynRcvd);
    server.facts = ASKED;
    server.spoke = true;
    server.put(Mark::Proof, None);
    server.put(Mark::Edge, Some(segments::edge(segment, server, client)));
    client.expect(State::Established);
    teach(client, &OPEN, segment, after);
    client.acknowledged(segment.ack, arrival.time);
    zeek::answer(&mut server.zeek, segment, &mut client.zeek, arrival.side, history);
    life.syn_validated = true;
    life.times.last_synack = arrival.time.into();
    life.times.rtt_server_ns = Some((arrival.time - question.arrival.time).0);
    let notes = notes | Note::Open2.into();
    life.seen |= notes;
    conn.count_packet(arrival, 0);
    conn.chapter = Chapter::Answered;
    Some((conn, Meant { before, notes, nth: 0 }))
}

/// Takes down what a SYN or SYN/ACK says of its sender.
#[inline]
fn say(half: &mut Half, segment: &Segment, arrival: &Arrival, after: u32) {
    half.put(Mark::Iss, Some(segment.seq));
    half.take_offer(segment);
    half.coverage.restart(segment.seq);
    half.coverage.go_on(1);
    half.time(segment.end(), arrival.time);
    half.window = segment.window.0;
    half.put(Mark::TsVal, segment.options.timestamps().map(|(val, _)| Seq(val)));
    half.passed(segment.seq, after, arrival.time, arrival.ip_id, arrival.ttl);
}

/// Whether a segment is a SYN as in the book.
pub(super) fn asks(segment: &Segment) -> bool {
    segment.flags == Flags::SYN && segment.ack == Seq(0) && offers_the_usual(segment)
}

/// Whether a segment is the SYN/ACK that comes next in the book.
pub(super) fn answers(question: &Question, arrival: &Arrival, segment: &Segment) -> bool {
    segment.flags == Flags::SYN | Flags::ACK
        && segment.len == 0
        && segment.ack == question.segment.seq + 1
        && arrival.side != question.arrival.side
        && !arrival.cut
        && arrival.time >= question.arrival.time
        && offers_the_usual(segment)
}

/// A window, a segment size, and nothing that is out of the ordinary.
fn offers_the_usual(segment: &Segment) -> bool {
    const USUAL: u16 =
        Present::MSS.0 | Present::WINDOW_SCALE.0 | Present::SACK_PERMITTED.0 | Present::TIMESTAMPS.0 | Present::OTHER.0;
    let options = &segment.options;
    segment.window.0 != 0
        && options.mss().is_some()
        && options.present.0 & !USUAL == 0
        && options.window_scale().is_none_or(|shift| shift <= 14)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::steady::tests::{Way, all_captures, may_be_short, told};

    /// Where SYNs and their answers are counted, behind the steps.
    pub(super) const ASKED: usize = super::Step::Close4 as usize + 1;
    pub(super) const ANSWERED: usize = ASKED + 1;

    thread_local! {
        /// How often each step was taken.
        static TAKEN: Cell<[u32; ANSWERED + 1]> = const { Cell::new([0; ANSWERED + 1]) };
    }

    /// Whether a step may be taken here.
    pub(super) fn may_be_taken(step: usize) -> bool {
        let may = may_be_short(true);
        let mut taken = TAKEN.get();
        taken[step] += u32::from(may);
        TAKEN.set(taken);
        may
    }

    #[test]
    fn a_connection_by_the_book_is_what_the_long_way_makes_of_it() {
        TAKEN.set([0; _]);
        for path in all_captures() {
            let (short, long) = (told(&path, Way::Short, 0), told(&path, Way::Long, 0));
            for (at, (short, long)) in short.iter().zip(&long).enumerate() {
                assert_eq!(short, long, "{}: line {at}", path.display());
            }
        }
        assert!(TAKEN.get().iter().all(|taken| *taken > 100), "every step, a hundred times: {:?}", TAKEN.get());
    }

    #[test]
    fn a_connection_that_leaves_the_book_anywhere_is_what_the_long_way_makes_of_it() {
        TAKEN.set([0; _]);
        let mut seed = 1;
        for path in all_captures() {
            if path.metadata().is_ok_and(|file| file.len() > 200_000) {
                continue;
            }
            for _ in 0..3 {
                seed += 1;
                let (short, long) = (told(&path, Way::Short, seed), told(&path, Way::Long, seed));
                for (at, (short, long)) in short.iter().zip(&long).enumerate() {
                    assert_eq!(short, long, "{}: line {at}, seed {seed}", path.display());
                }
            }
        }
        assert!(TAKEN.get().iter().all(|taken| *taken > 100), "every step, a hundred times: {:?}", TAKEN.get());
    }
}
