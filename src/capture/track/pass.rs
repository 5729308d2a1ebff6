//! One segment on its way: what it proves of its sender, and what it will do to its receiver.
//!
//! The observer sees a segment in flight. Its sender has certainly made the transition that emits
//! it; the receiver only will have, if it arrives. So every segment is taken in three movements:
//! [`Pass::send`] sets the sender to a proven state and confirms or refutes what was expected of
//! it; [`Pass::receive`] sets the receiver to an expected state; and both learn.
//!
//! There is one function for both directions: who is client and who is server is decided
//! elsewhere, and a half only knows what it sent and what was sent to it.

use super::close;
use super::facts::Fact;
use super::half::{Half, Mark, Offer};
use super::life::Life;
use super::notes::{Note, Notes};
use super::open;
use super::reset;
use super::segments;
use super::standing::{Basis, Standing, State};
use crate::wire::{Flags, Segment, Side, Timestamp};

/// A segment passing from one half of a connection to the other.
pub(super) struct Pass<'a> {
    pub(super) segment: &'a Segment,
    pub(super) at: At,
    pub(super) sender: &'a mut Half,
    pub(super) receiver: &'a mut Half,
    pub(super) life: &'a mut Life,
    pub(super) notes: Notes,
    /// Which repeat this is.
    pub(super) nth: u32,
    /// What the segment adds to the octets seen of its sender; filled in before anything else.
    pub(super) news: News,
}

/// Where and when a segment came by.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// The side it came from.
    pub(super) from: Side,
    /// Frames since the connection's first.
    pub(super) after: u32,
    pub(super) time: Timestamp,
    pub(super) ip_id: u32,
    pub(super) ttl: u8,
    /// Octets of its IP packet.
    pub(super) ip_bytes: u32,
}

/// What a segment says that was not said before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct News {
    /// It acknowledges the receiver's FIN, and none did before.
    pub(super) first_ack_of_fin: bool,
    /// All its payload was sent before.
    pub(super) repeat: bool,
    /// It acknowledges octets that were not seen.
    pub(super) gap: bool,
    /// A keep-alive, window probe or the like, which says nothing new by definition.
    pub(super) probe: bool,
}

/// The classes of segments that take different ways through the machine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Class {
    Syn,
    SynAck,
    Ack,
    Fin,
    Rst,
    /// Flags that no stack sends.
    Odd(Note),
}

impl Class {
    fn of(segment: &Segment) -> Self {
        let flags = segment.flags;
        match (flags.contains(Flags::SYN), flags.contains(Flags::FIN), flags.contains(Flags::RST)) {
            (true, true, _) => Self::Odd(Note::FlagsSynfin),
            (true, false, true) => Self::Odd(Note::FlagsSynrst),
            (false, _, true) => Self::Rst,
            (true, false, false) if flags.contains(Flags::ACK) => Self::SynAck,
            (true, false, false) => Self::Syn,
            (false, true, false) if flags.contains(Flags::ACK) => Self::Fin,
            (false, true, false) if flags.contains(Flags::PSH | Flags::URG) => Self::Odd(Note::FlagsXmas),
            (false, true, false) => Self::Odd(Note::FlagsFinNoack),
            (false, false, false) if flags.contains(Flags::ACK) => Self::Ack,
            (false, false, false) if segment.len > 0 => Self::Odd(Note::FlagsDataNoack),
            (false, false, false) => Self::Odd(Note::FlagsNull),
        }
    }
}

/// The note for a segment whose flags no stack sends together.
pub(super) fn odd_flags(segment: &Segment) -> Option<Note> {
    match Class::of(segment) {
        Class::Odd(note) => Some(note),
        _ => None,
    }
}

impl Pass<'_> {
    /// Takes the segment in.
    pub(super) fn run(&mut self) {
        let class = Class::of(self.segment);
        if let Class::Odd(note) = class {
            self.note(note);
            if note == Note::FlagsFinNoack {
                self.fin_without_ack();
            }
            return;
        }
        if matches!(class, Class::Ack | Class::Fin) {
            if open::is_challenge(self) {
                return open::challenge(self);
            }
            if self.is_wild() {
                return self.note(Note::Unexpected);
            }
        }
        segments::read(self);
        match class {
            Class::Syn => open::syn(self),
            Class::SynAck => open::synack(self),
            Class::Rst => reset::rst(self),
            Class::Ack | Class::Fin => {
                self.learn();
                self.send();
                self.receive();
            }
            Class::Odd(_) => {}
        }
        segments::remember(self);
    }

    /// Every segment of an open connection has ACK set, and a FIN without is dropped (RFC 9293
    /// §3.10.7.4). Its sender has closed all the same; should the receiver acknowledge it, then it
    /// was not dropped.
    fn fin_without_ack(&mut self) {
        if self.sender.is(State::SynSent) {
            self.note(Note::FinBeforeHandshake);
        } else if self.sender.standing.state.is_synchronized() && !self.is_wild() {
            segments::read(self);
            let covers = self.receiver.fin_acked();
            close::send_fin(self, covers);
            segments::remember(self);
        }
    }

    /// The sender has done what makes it send this.
    fn send(&mut self) {
        open::send(self);
        close::send(self);
    }

    /// The receiver will do what this asks of it, if it arrives.
    fn receive(&mut self) {
        open::receive(self);
        close::receive(self);
    }

    /// What the acknowledgement proves of the sender, and teaches the receiver.
    pub(super) fn learn(&mut self) {
        let after = self.at.after;
        self.receiver.teach(Fact::Receives, after);
        let Some(ack) = self.segment.acked() else {
            return;
        };
        if self.sender.mark(Mark::Proof).is_some_and(|octet| !ack.before(octet)) {
            self.sender.prove_expected();
            self.sender.put(Mark::Proof, None);
        }
        let heard = self.receiver.coverage.base().is_some_and(|base| ack.after(base));
        let before = self.receiver.facts;
        if heard {
            self.sender.prove_fact(Fact::Receives, after);
            self.receiver.teach(Fact::Sends, after);
        }
        if self.receiver.iss().is_some_and(|iss| ack.after(iss)) {
            self.sender.prove_fact(Fact::Receives, after);
            self.sender.prove_fact(Fact::KnowsIss, after);
            self.receiver.teach(Fact::Sends, after);
            self.receiver.teach(Fact::IssKnown, after);
        }
        if self.receiver.fin_covered_by(ack) {
            self.sender.prove_fact(Fact::PeerDone, after);
            self.receiver.teach(Fact::AllDelivered, after);
        }
        if self.receiver.facts != before {
            self.set_proof();
        }
    }

    /// The receiver was taught something: who acknowledges what this segment carries, or the
    /// octet after it, must have got it.
    pub(super) fn set_proof(&mut self) {
        let octet = if self.segment.span() > 0 { self.segment.end() } else { self.segment.seq + 1 };
        self.receiver.put(Mark::Proof, Some(octet));
    }

    /// Whether the sequence number is nowhere near what its sender sent so far: no loss explains a
    /// gigabyte.
    fn is_wild(&self) -> bool {
        self.sender.coverage.nxt().is_some_and(|nxt| self.segment.seq.offset_from(nxt).unsigned_abs() > 1 << 30)
    }

    /// Whether the sender's FIN is there with nothing missing before it.
    pub(super) fn fin_delivered(&self) -> bool {
        self.sender.fin().is_some_and(|fin| self.sender.coverage.whole_below(fin))
    }

    pub(super) fn note(&mut self, note: Note) {
        self.notes.add(note);
    }
}

impl Half {
    pub(super) fn is(&self, state: State) -> bool {
        self.standing.state == state
    }

    pub(super) fn is_proven(&self, state: State) -> bool {
        self.standing == Standing::proven(state)
    }

    /// Takes down what a SYN or SYN/ACK offers.
    pub(super) fn take_offer(&mut self, segment: &Segment) {
        let options = &segment.options;
        self.offer = Some(Offer {
            mss: options.mss(),
            wscale: options.window_scale(),
            sack_ok: options.sack_permitted(),
            ts_ok: options.timestamps().is_some(),
        });
    }

    pub(super) fn expects(&self) -> bool {
        self.standing.basis == Basis::Expected
    }
}
