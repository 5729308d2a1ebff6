//! The tracker: what every packet meant for its conversation.
//!
//! It stands in the middle, and hears both ends without being either. What it sees has left its
//! sender but may not reach its receiver; the capture may lack what was said, show it twice, or
//! in another order; and a segment may be a lie. So it keeps, for each end, a state with the basis
//! for believing it ([`Standing`]), the facts that end has learnt ([`Facts`]), and the numbers both
//! ends have shown ([`Half`]); and it names what happens ([`Note`]) in the words of RFC 9293.
//!
//! [`Tracker::observe`] takes one packet: it recognises copies, finds the conversation, decides
//! whether a SYN begins a new one, and passes the segment from one half to the other.

mod ahead;
mod arrival;
mod chunks;
mod close;
mod conn;
mod coverage;
mod datagram;
mod embryo;
mod evict;
mod expiry;
mod facts;
mod half;
mod intake;
mod life;
mod notes;
mod observation;
mod open;
mod pass;
mod plain;
mod reset;
mod reuse;
mod roles;
mod segments;
mod shark;
mod slab;
mod slim;
mod standing;
mod steady;
mod table;
mod talk;
mod textbook;
mod told;
mod twice;
mod unasked;
mod verdict;
mod watch;
mod zeek;

pub(super) use ahead::SHOWN;
pub use conn::{Conn, Timing};
pub use datagram::Exchange;
pub use expiry::{Ended, Timers};
pub use facts::{Fact, Facts};
pub use half::{Counts, Half, Offer};
pub use notes::{Note, Notes};
pub use observation::{ConnId, Ends, Observation};
pub use standing::{Basis, Role, RoleBasis, Standing, State};
pub use told::{ByTheBook, Datagrams, Told, Unanswered};
pub(super) use twice::Twice;
pub use verdict::{Close, Open};

use std::collections::VecDeque;

use super::arrival::Arrival;
use super::findings::{Event, Finding, Findings};
use super::record::{Body, Record};
use crate::wire::{FlowKey, Segment, Timestamp};
use embryo::Embryo;
use evict::LOOK;
use expiry::Wheel;
use intake::Meant;
use reuse::Fate;
use shark::Pair;
use slab::{Found, Slab, Slot};
use textbook::Chapter;
use told::Departed;

/// How a tracker keeps within its bounds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Most connections followed at once. When there are more, the one that is least worth its
    /// room goes, and is told with its reason. Of those that are no more than a SYN each takes some
    /// 80 octets; where nobody asks for packets, of those that went by the book some 280, and of those
    /// of datagrams some 140; of the others 800.
    pub conns: u32,
    /// When silent connections are given up; `None` keeps them to the end of the input.
    pub timers: Option<Timers>,
}

impl Default for Limits {
    /// A million connections, no timers: for files.
    fn default() -> Self {
        Self { conns: 1 << 20, timers: None }
    }
}

/// A segment that was taken in: by which connection, to which of Wireshark's streams it counts, and
/// what it meant.
#[derive(Clone, Copy)]
struct Taken {
    slot: Slot,
    stream: u32,
    meant: Meant,
}

/// Follows every conversation of a capture.
#[derive(Debug, Default)]
pub struct Tracker {
    limits: Limits,
    conns: Slab,
    /// Away while packets that lie in it are taken in.
    twice: Option<Box<Twice>>,
    shark: shark::Shark,
    wheel: Wheel,
    /// Connections that were given up since they were last asked for.
    departed: VecDeque<Departed>,
    /// How many of those are still in the slab.
    leaving: usize,
    /// The connection of the last packet, where it is no more than that SYN.
    passing: Option<Box<Conn>>,
    /// Where the search for a connection to evict goes on.
    hand: u32,
    /// The latest time seen.
    clock: Timestamp,
    duplicates: u64,
    ahead: ahead::Ahead,
    /// What goes on around many connections.
    findings: Findings,
}

impl Tracker {
    /// A tracker that keeps within `limits`.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes in packet number `n`; tells what it meant, where it belongs to a conversation.
    pub fn observe(&mut self, n: u64, record: &Record) -> Option<Observation> {
        let backwards = self.comes_at(record.time);
        let arrival = Arrival::of(n, record)?;
        let notes = backwards | arrival::capture_notes(record);
        let twice = self.twice.get_or_insert_default();
        let passenger = twice.free();
        passenger.enter(arrival, &record.body);
        let mark = twice::mark_of(passenger);
        twice.sits(0);
        if let Some(seat) = twice.first()
            && let Err(original) = twice.take(seat, mark)
        {
            return self.duplicate(&arrival, original, notes);
        }
        match &record.body {
            Body::Tcp(tcp) => {
                let Taken { slot, stream, meant } = self.segment(&arrival, &tcp.segment, notes)?;
                let conn = if slot == Slot::PASSING { self.passing.as_deref()? } else { self.conns.at(slot) };
                Some(conn.told(meant, arrival.side, slot, stream))
            }
            Body::Udp(udp) => {
                let Taken { slot, stream, meant } = self.datagram(&arrival, udp, notes);
                Some(self.conns.at(slot).told(meant, arrival.side, slot, stream))
            }
            Body::Icmp(icmp) => Some(self.message(&arrival, icmp, notes)),
            Body::Arp(_) | Body::Skip(_) => None,
        }
    }

    /// A packet comes at `time`; tells if that is earlier than the one before it.
    #[inline]
    fn comes_at(&mut self, time: Timestamp) -> Notes {
        let backwards = time < self.clock;
        self.tick(time);
        if backwards { Note::ClockBackwards.into() } else { Notes::NONE }
    }

    /// It is `now`: gives up the connections whose timers have run out. Packets say so themselves;
    /// a quiet interface has to be asked.
    #[inline]
    pub fn tick(&mut self, now: Timestamp) {
        self.clock = self.clock.max(now);
        if let Some(timers) = self.limits.timers {
            self.expire(timers);
        }
    }

    /// Nothing comes by, and it is `now`: what goes on around many connections may be over.
    pub(super) fn rest(&mut self, now: Timestamp) {
        self.tick(now);
        self.findings.look(self.clock);
    }

    /// Whether there is something to tell: connections that were given up, or findings.
    #[inline]
    pub(super) fn has_news(&self) -> bool {
        !self.departed.is_empty() || self.findings.has_news()
    }

    /// The next statement on what goes on around many connections that was not asked for yet.
    #[inline]
    pub fn finding(&mut self) -> Option<Finding> {
        self.findings.next()
    }

    /// The connection an observation of this tracker speaks of; `None` if it was given up since.
    /// Where it is no more than a SYN, it has to be asked for before the next packet is observed.
    pub fn conn(&self, seen: &Observation) -> Option<&Conn> {
        let conn = if seen.slot == Slot::PASSING { self.passing.as_deref() } else { self.followed(seen.slot) };
        conn.filter(|conn| conn.id == seen.conn)
    }

    /// The connection in `slot`, unless it was given up and waits to be told of.
    fn followed(&self, slot: Slot) -> Option<&Conn> {
        self.conns.get(slot).filter(|conn| conn.life.ended.is_none())
    }

    /// The input has ended: completes what connections can only know then.
    pub fn settle(&mut self) {
        self.findings.finish(self.clock);
        for conn in self.conns.iter_mut() {
            self.shark.settle(conn);
        }
    }

    /// The latest time it has heard of.
    pub const fn now(&self) -> Timestamp {
        self.clock
    }

    /// How many connections were begun.
    pub fn begun(&self) -> u64 {
        u64::from(self.conns.next_id().0)
    }

    /// Wireshark's `tcp.completeness` of one of its streams, as far as it was seen.
    pub fn completeness(&self, stream: u32) -> u8 {
        self.shark.completeness(stream).unwrap_or(0)
    }

    /// How many packets the capture showed twice.
    pub const fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// A copy changes nothing, and is counted.
    fn duplicate(&mut self, arrival: &Arrival, original: u64, mut notes: Notes) -> Option<Observation> {
        self.duplicates += 1;
        notes.add(Note::CaptureDuplicate);
        // The copy may be of another VLAN.
        let found = self.conns.find(&arrival.key);
        match found {
            Some(Found::Embryo(place)) => self.pass_by(self.conns.embryos.at(place)),
            Some(Found::Plain(place)) => self.pass_by(self.conns.plains.at(place)),
            Some(Found::Talk(place)) => self.pass_by(self.conns.talks.at(place)),
            Some(Found::Conn(_)) | None => {}
        }
        let (slot, conn) = match found {
            Some(Found::Embryo(_) | Found::Plain(_) | Found::Talk(_)) => (Slot::PASSING, self.passing.as_deref()?),
            Some(Found::Conn(slot)) => (slot, self.conns.at(slot)),
            None => {
                let slot = self.last_of_pair(arrival.key)?;
                (slot, self.conns.at(slot))
            }
        };
        let meant = Meant { before: conn.now(), notes, nth: 0 };
        let told = conn.told(meant, arrival.side, slot, self.shark.stream(conn.pair));
        Some(Observation { about: Some(original), ..told })
    }

    #[inline(never)]
    fn segment(&mut self, arrival: &Arrival, segment: &Segment, notes: Notes) -> Option<Taken> {
        let tag = self.conns.tag(&arrival.key);
        let found = self.conns.find_by(tag, &arrival.key);
        if let Some(Found::Conn(slot)) = found
            && let conn = self.conns.at_mut(slot)
            && let Some(meant) = conn.steady(arrival, segment, notes, &self.shark)
        {
            return Some(Taken { slot, stream: conn.stream, meant });
        }
        self.unsteady(tag, found, arrival, segment, notes, true)
    }

    /// Takes in a segment that may be anything, of endpoints that are found by `tag`.
    #[inline(never)]
    fn unsteady(
        &mut self,
        tag: u32,
        found: Option<Found>,
        arrival: &Arrival,
        segment: &Segment,
        notes: Notes,
        asked: bool,
    ) -> Option<Taken> {
        let found = match found {
            Some(Found::Plain(place)) => self.unfold(place).map(Found::Conn),
            found => found,
        };
        if let Some(found) = found
            && let Some(taken) = self.by_the_book(found, arrival, segment, notes)
        {
            return Some(taken);
        }
        let known = match found {
            Some(found) => self.in_full(found),
            None => self.other_vlan(arrival, segment),
        };
        let Some(known) = known else {
            let pair = self.pair(arrival.key);
            let small = matches!(pair, Pair::Own(_)) && Embryo::holds(arrival, segment, notes);
            #[cfg(test)]
            let small = embryo::tests::may_be_small(small);
            if small {
                return self.begin_small(tag, arrival, segment, pair, notes, asked);
            }
            let slot = self.begin(arrival, segment, pair, 0);
            let conn = self.conns.at_mut(slot);
            conn.stream = self.shark.segment(conn, arrival.side, segment);
            self.shark.settle(conn);
            let meant = conn.segment(arrival, segment, notes);
            watch::tell(&mut self.findings, conn, arrival.side, segment.flags, meant.notes, self.clock);
            return Some(Taken { slot, stream: conn.stream, meant });
        };
        let conn = self.conns.at_mut(known);
        let stream = self.shark.segment(conn, arrival.side, segment);
        let (slot, meant) = self.place(known, arrival, segment, stream, notes);
        let conn = self.conns.at(slot);
        watch::tell(&mut self.findings, conn, arrival.side, segment.flags, meant.notes, self.clock);
        Some(Taken { slot, stream, meant })
    }

    /// Takes in a SYN that begins a connection and says nothing out of the ordinary. Until there is
    /// more, no more is kept of it than what it said.
    fn begin_small(
        &mut self,
        tag: u32,
        arrival: &Arrival,
        segment: &Segment,
        pair: Pair,
        notes: Notes,
        asked: bool,
    ) -> Option<Taken> {
        self.findings.take(Event::Asked, &arrival.key, arrival.side, Some(arrival.time), self.clock);
        let stream = self.shark.stream(pair);
        let taken = asked.then(|| {
            let pair = Pair::begun(stream, arrival.side, segment.seq);
            let mut conn = Conn::new(self.conns.next_id(), arrival, pair, stream);
            roles::assign(&mut conn, arrival.side, segment.flags);
            conn.begins_stream();
            let meant = conn.segment(arrival, segment, notes);
            self.pass_by(conn);
            Taken { slot: Slot::PASSING, stream, meant }
        });
        self.shark.begin(stream);
        if self.conns.len() - self.leaving >= self.limits.conns.max(1) as usize {
            self.evict(Slot::PASSING);
        }
        self.conns.add_embryo(tag, stream, arrival, segment, notes);
        taken
    }

    /// `conn` is the last packet's, and kept as it is for no longer.
    fn pass_by(&mut self, conn: Conn) {
        match &mut self.passing {
            Some(passing) => **passing = conn,
            None => self.passing = Some(Box::new(conn)),
        }
    }

    /// The bare SYN at `place` becomes a connection like others: there is more to say of it.
    fn hatch(&mut self, place: u32) -> Option<Slot> {
        let conn = self.conns.embryos.conn_of(self.conns.embryos.get(place)?);
        Some(self.grow(place, conn))
    }

    /// Puts the connection that the bare SYN at `place` has become in its place.
    fn grow(&mut self, place: u32, conn: Conn) -> Slot {
        let slot = self.conns.grow(place, conn);
        if self.limits.timers.is_some() {
            self.wheel.file(slot.0, self.clock + LOOK);
        }
        slot
    }

    /// The latest connection of the endpoints of `key`, in the form that can be changed.
    fn find(&mut self, key: &FlowKey) -> Option<Slot> {
        self.in_full(self.conns.find(key)?)
    }

    /// What was found, in the form that can be changed.
    fn in_full(&mut self, found: Found) -> Option<Slot> {
        match found {
            Found::Conn(slot) => Some(slot),
            Found::Plain(place) => self.unfold(place),
            Found::Embryo(place) => self.hatch(place),
            Found::Talk(place) => self.conns.unfold_talk(place),
        }
    }

    /// The pair of endpoints of `key`, for a connection that begins.
    fn pair(&mut self, key: FlowKey) -> Pair {
        if let Some(known) = self.shark.known(key) {
            return known;
        }
        if !key.is_tagged() {
            return self.shark.fresh(key.protocol());
        }
        let untagged = self.find(&key.without_vlans());
        let pair = match untagged {
            Some(slot) => self.conns.at(slot).pair,
            None => self.shark.fresh(key.protocol()),
        };
        let shared = self.shark.share(key, pair, untagged);
        if let Some(slot) = untagged {
            let conn = self.conns.at_mut(slot);
            (conn.pair, conn.chapter) = (shared, Chapter::Other);
        }
        shared
    }

    /// Decides whether a segment belongs to the connection its endpoints had last, or to another;
    /// and has it taken in there.
    fn place(
        &mut self,
        known: Slot,
        arrival: &Arrival,
        segment: &Segment,
        stream: u32,
        mut notes: Notes,
    ) -> (Slot, Meant) {
        let conn = self.conns.at_mut(known);
        let slot = match reuse::fate(conn, arrival.side, segment, arrival.time) {
            Fate::Same => return (known, conn.segment(arrival, segment, notes)),
            Fate::Stray => {
                conn.life.parked = None;
                return (known, conn.segment(arrival, segment, notes));
            }
            Fate::Park => return (known, conn.park(arrival, segment, notes)),
            Fate::Challenge => return (known, conn.challenged(arrival, segment, notes)),
            Fate::Clear => return (known, conn.cleared(arrival, segment, notes)),
            Fate::Commit => {
                notes.add(Note::ReuseLive);
                self.commit(known, arrival)
            }
            Fate::New(note) => {
                notes = note.map_or(notes, |note| notes | note.into());
                let (pair, incarnation) = (conn.pair, conn.replace());
                self.begin(arrival, segment, pair, incarnation)
            }
        };
        let conn = self.conns.at_mut(slot);
        if conn.stream == stream {
            self.shark.settle(conn);
        }
        (slot, conn.segment(arrival, segment, notes))
    }

    /// The connection that the endpoints of `key` had last, in whatever VLAN, if it is still
    /// followed.
    fn last_of_pair(&mut self, key: FlowKey) -> Option<Slot> {
        let slot = self.shark.last_conn(key).or_else(|| self.find(&key.without_vlans()))?;
        let conn = self.followed(slot)?;
        (conn.key.without_vlans() == key.without_vlans()).then_some(slot)
    }

    /// A connection of the same endpoints in another VLAN, whose SYN this SYN/ACK answers: the two
    /// directions are tagged differently.
    fn other_vlan(&mut self, arrival: &Arrival, segment: &Segment) -> Option<Slot> {
        if !segment.flags.is_syn_ack() {
            return None;
        }
        let slot = self.last_of_pair(arrival.key)?;
        let conn = self.conns.at(slot);
        let [sender, receiver] = conn.facing(arrival.side);
        let answers = receiver.is(State::SynSent)
            && !sender.spoke
            && receiver.iss().is_some_and(|iss| segment.ack.offset_from(iss) == 1);
        answers.then(|| {
            self.conns.alias(arrival.key, slot);
            slot
        })
    }

    fn begin(&mut self, arrival: &Arrival, segment: &Segment, pair: Pair, incarnation: u32) -> Slot {
        let mut conn = Conn::new(self.conns.next_id(), arrival, pair, self.shark.stream(pair));
        conn.incarnation = incarnation;
        roles::assign(&mut conn, arrival.side, segment.flags);
        self.add(conn)
    }

    /// The parked SYN has its answer: it began a connection of its own.
    fn commit(&mut self, old: Slot, arrival: &Arrival) -> Slot {
        let pair = self.conns.at(old).pair;
        let mut conn = Conn::new(self.conns.next_id(), arrival, pair, self.shark.stream(pair));
        let old = self.conns.at_mut(old);
        if let Some(parked) = old.life.parked.take() {
            old.uncount(&parked);
            conn.start_with(&parked);
        }
        conn.incarnation = old.replace();
        self.add(conn)
    }

    fn add(&mut self, conn: Conn) -> Slot {
        let pair = conn.pair;
        let slot = self.conns.add(conn);
        self.shark.join(pair, slot);
        if self.limits.timers.is_some() {
            self.wheel.file(slot.0, self.clock + LOOK);
        }
        if self.conns.len() - self.leaving > self.limits.conns.max(1) as usize {
            self.evict(slot);
        }
        slot
    }
}
