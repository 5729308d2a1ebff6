//! A conversation takes in its packets.

use super::arrival;
use super::conn::Conn;
use super::facts::{Fact, Facts};
use super::half::Half;
use super::life::{Life, Parked};
use super::notes::{Note, Notes};
use super::observation::{ConnId, Ends, Observation};
use super::pass::{At, News, Pass};
use super::shark::Pair;
use super::slab::Slot;
use super::standing::{Role, RoleBasis, Standing, State};
use super::textbook::Chapter;
use super::{roles, zeek};
use crate::capture::arrival::Arrival;
use crate::wire::{Flags, Segment, Side};

/// What a packet meant, before it is told.
#[derive(Clone, Copy)]
pub(super) struct Meant {
    pub(super) before: Now,
    pub(super) notes: Notes,
    pub(super) nth: u32,
}

/// Where both ends stand, and what they know.
#[derive(Clone, Copy)]
pub(super) struct Now {
    pub(super) standing: Ends<Standing>,
    pub(super) facts: Ends<Facts>,
}

impl Conn {
    pub(super) fn new(id: ConnId, arrival: &Arrival, pair: Pair, stream: u32) -> Self {
        Self {
            id,
            key: arrival.key,
            vlans: arrival.vlans,
            incarnation: 0,
            client: arrival.side,
            role_basis: RoleBasis::FirstSender,
            first_n: arrival.n,
            last_n: arrival.n,
            start: arrival.time,
            end: arrival.time,
            stream,
            completeness: 0,
            pair,
            halves: [Half::default(), Half::default()],
            life: Life::default(),
            history: zeek::History::default(),
            flipped: false,
            chapter: Chapter::Other,
        }
    }

    /// Takes in a segment of this connection.
    pub(super) fn segment(&mut self, arrival: &Arrival, segment: &Segment, mut notes: Notes) -> Meant {
        if let Some(note) = roles::enter(self, arrival.side, segment) {
            notes.add(note);
        }
        let before = self.now();
        self.count(arrival, segment);
        let (notes, nth) = self.run(segment, arrival.cut, arrival::at(arrival, self.first_n), notes);
        self.life.seen |= notes;
        self.chapter = if self.is_calm() { Chapter::Calm } else { Chapter::Other };
        Meant { before, notes, nth }
    }

    /// Passes a segment from one half to the other.
    fn run(&mut self, segment: &Segment, cut: bool, at: At, notes: Notes) -> (Notes, u32) {
        let role = self.role(at.from);
        let Self { halves, life, history, .. } = self;
        let [sender, receiver] = facing(halves, at.from);
        let holes = segment.acked().map_or(0, |ack| receiver.coverage.holes_below(ack));
        let mut pass = Pass { segment, at, sender, receiver, life, notes, nth: 0, news: News::default() };
        pass.run();
        let Pass { sender, receiver, notes, nth, news, .. } = pass;
        let remarks = zeek::Remarks { side: at.from, role, holes, beyond: news.gap, cut };
        zeek::pass(segment, remarks, &mut sender.zeek, &mut receiver.zeek, history);
        if notes.contains(Note::CaptureReordered) && segment.flags.is_syn() {
            self.role_basis = RoleBasis::Syn;
        }
        (notes, nth)
    }

    /// A SYN on a living connection waits for the other end's answer.
    pub(super) fn park(&mut self, arrival: &Arrival, segment: &Segment, mut notes: Notes) -> Meant {
        self.chapter = Chapter::Other;
        let first = self.life.parked.is_none();
        notes.add(if first { Note::ReuseParked } else { Note::SynRetransmit });
        if first {
            let (n, side, time) = (arrival.n, arrival.side, arrival.time);
            let arrived = arrival::at(arrival, self.first_n);
            self.life.parked = Some(Box::new(Parked { side, segment: *segment, n, time, arrived }));
        }
        self.count(arrival, segment);
        self.unmoved(notes)
    }

    /// The other end of a parked SYN still holds this connection (RFC 9293 §3.5.1).
    pub(super) fn challenged(&mut self, arrival: &Arrival, segment: &Segment, mut notes: Notes) -> Meant {
        self.chapter = Chapter::Other;
        notes.add(Note::HalfopenChallenge);
        self.life.challenge = segment.acked();
        self.count(arrival, segment);
        self.unmoved(notes)
    }

    /// The end that asked anew clears this connection away (RFC 9293 §3.5.1).
    pub(super) fn cleared(&mut self, arrival: &Arrival, segment: &Segment, mut notes: Notes) -> Meant {
        self.chapter = Chapter::Other;
        notes.add(Note::HalfopenCleared);
        let meant = self.unmoved(notes);
        self.count(arrival, segment);
        self.life.reset_by = Some(arrival.side);
        let after = arrival.after(self.first_n);
        let [sender, receiver] = facing(&mut self.halves, arrival.side);
        sender.prove(State::Closed);
        receiver.expect(State::Closed);
        receiver.teach(Fact::Dead, after);
        meant
    }

    /// Another connection takes this one's place; returns which use of the endpoints that is.
    pub(super) fn replace(&mut self) -> u32 {
        self.life.replaced = true;
        self.life.parked = None;
        self.incarnation + 1
    }

    /// A parked SYN turned out to be another connection's.
    pub(super) fn uncount(&mut self, parked: &Parked) {
        let sent = &mut self.halves[parked.side as usize].sent;
        sent.packets = sent.packets.saturating_sub(1);
        sent.payload_bytes = sent.payload_bytes.saturating_sub(u64::from(parked.segment.len));
        sent.ip_bytes = sent.ip_bytes.saturating_sub(parked.arrived.ip_bytes.into());
    }

    /// Begins with a SYN that was parked.
    pub(super) fn start_with(&mut self, parked: &Parked) {
        self.client = parked.side;
        self.role_basis = RoleBasis::Syn;
        self.first_n = parked.n;
        self.start = parked.time;
        let sent = &mut self.halves[parked.side as usize].sent;
        sent.packets = 1;
        sent.payload_bytes = u64::from(parked.segment.len);
        sent.ip_bytes = parked.arrived.ip_bytes.into();
        roles::enter(self, parked.side, &parked.segment);
        let (notes, _) = self.run(&parked.segment, false, At { after: 0, ..parked.arrived }, Notes::NONE);
        self.life.seen |= notes;
    }

    /// Whether something was seen that a connection consists of, and not only probes.
    pub(super) fn has_begun(&self) -> bool {
        self.life.seen.intersects(&[Note::Open1, Note::Midstream, Note::OpenSynackOnly])
    }

    /// The half on `side`, and the one it speaks to.
    pub(super) fn facing(&self, side: Side) -> [&Half; 2] {
        let [a, b] = &self.halves;
        match side {
            Side::A => [a, b],
            Side::B => [b, a],
        }
    }

    /// Takes down `notes` of a packet that moves nothing, or nothing yet.
    pub(super) fn unmoved(&mut self, notes: Notes) -> Meant {
        self.life.seen |= notes;
        Meant { before: self.now(), notes, nth: 0 }
    }

    /// Where both ends stand, and what they know.
    #[inline]
    pub(super) fn now(&self) -> Now {
        let (client, server) = (self.half(Role::Client), self.half(Role::Server));
        Now {
            standing: Ends { client: client.standing, server: server.standing },
            facts: Ends { client: client.facts, server: server.facts },
        }
    }

    /// What a packet from `side` meant, as it is told to the outside.
    #[inline]
    pub(super) fn told(&self, meant: Meant, side: Side, slot: Slot, stream: u32) -> Observation {
        let Meant { before, notes, nth } = meant;
        let now = self.now();
        Observation {
            conn: self.id,
            slot,
            stream,
            from: self.role(side),
            notes,
            before: before.standing,
            after: now.standing,
            knew: before.facts,
            know: now.facts,
            nth,
            about: None,
        }
    }

    fn count(&mut self, arrival: &Arrival, segment: &Segment) {
        self.count_packet(arrival, segment.len);
        if segment.flags.contains(Flags::RST) {
            self.halves[arrival.side as usize].rare_mut().resets += 1;
        }
    }

    /// Counts a packet. A clock that went backwards does not shorten the connection.
    pub(super) fn count_packet(&mut self, arrival: &Arrival, payload_len: u32) {
        self.last_n = arrival.n;
        self.end = self.end.max(arrival.time);
        let sent = &mut self.halves[arrival.side as usize].sent;
        sent.packets += 1;
        sent.payload_bytes += u64::from(payload_len);
        sent.ip_bytes += u64::from(arrival.ip_bytes);
    }
}

/// The half on `side`, and the one it speaks to.
#[inline]
pub(super) fn facing(halves: &mut [Half; 2], side: Side) -> [&mut Half; 2] {
    let [a, b] = halves;
    match side {
        Side::A => [a, b],
        Side::B => [b, a],
    }
}
