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

mod close;
mod conn;
mod coverage;
mod datagram;
mod facts;
mod half;
mod life;
mod notes;
mod observation;
mod open;
mod pass;
mod reset;
mod reuse;
mod roles;
mod segments;
mod shark;
mod standing;
mod table;
#[cfg(test)]
mod tests;
mod twice;
mod verdict;
mod zeek;

use std::collections::HashMap;

pub use conn::{Conn, Timing};
pub use facts::{Fact, Facts};
pub use half::{Counts, Half, Offer};
pub use notes::{Note, Notes};
pub use observation::{ConnId, Ends, Observation};
pub use standing::{Basis, Role, RoleBasis, Standing, State};
pub use verdict::{Close, Open};

use super::record::{Body, Checksum, Record, Tcp};
use crate::wire::{FlowKey, Side, Timestamp};
use life::Parked;
use pass::{At, Pass};
use reuse::Fate;

/// Follows every conversation of a capture.
#[derive(Debug, Default)]
pub struct Tracker {
    conns: Vec<Conn>,
    table: table::Table,
    /// Keys of another VLAN under which a connection's other direction travels.
    aliases: HashMap<FlowKey, u32>,
    twice: twice::Twice,
    shark: shark::Shark,
    /// The latest time seen.
    clock: Timestamp,
    duplicates: u64,
}

/// A packet on its way into a conversation.
#[derive(Clone, Copy)]
struct Arrival<'a> {
    n: u64,
    record: &'a Record,
    key: FlowKey,
    side: Side,
    pair: u32,
    ip_bytes: u64,
    ip_id: u32,
    ttl: u8,
}

impl Tracker {
    /// Takes in packet number `n`; tells what it meant, where it belongs to a conversation.
    pub fn observe(&mut self, n: u64, record: &Record) -> Option<Observation> {
        let backwards = record.time < self.clock;
        self.clock = self.clock.max(record.time);
        let (src, dst, protocol) = record.endpoints()?;
        let ip = record.ip?;
        let (key, side) = FlowKey::of(src, dst, protocol, &record.vlans);
        let arrival = Arrival {
            n,
            record,
            key,
            side,
            pair: 0,
            ip_bytes: u64::from(if ip.len == 0 { record.cap_len } else { ip.len }),
            ip_id: ip.id,
            ttl: ip.ttl,
        };
        let mut capture = capture_notes(record);
        if backwards {
            capture.add(Note::ClockBackwards);
        }
        if let Some(original) = self.twice.copy_of(n, record) {
            return self.duplicate(arrival, original, capture);
        }
        match &record.body {
            Body::Tcp(tcp) => Some(self.segment(arrival, tcp, capture)),
            Body::Udp(udp) => Some(self.datagram(arrival, udp, capture)),
            Body::Icmp(icmp) => Some(self.message(arrival, icmp, capture)),
            Body::Arp(_) | Body::Skip(_) => None,
        }
    }

    /// The connection `id`.
    ///
    /// # Panics
    ///
    /// If `id` is another tracker's.
    pub fn conn(&self, id: ConnId) -> &Conn {
        &self.conns[id.0 as usize]
    }

    /// All connections, in order of first packet.
    pub fn conns(&self) -> std::slice::Iter<'_, Conn> {
        self.conns.iter()
    }

    /// How many packets the capture showed twice.
    pub const fn duplicates(&self) -> u64 {
        self.duplicates
    }

    fn find(&self, key: &FlowKey) -> Option<usize> {
        let conns = &self.conns;
        let place = self.table.find(key, |at| conns[at as usize].key);
        place
            .or_else(|| if self.aliases.is_empty() { None } else { self.aliases.get(key).copied() })
            .map(|at| at as usize)
    }

    /// A copy changes nothing, and is counted.
    fn duplicate(&mut self, arrival: Arrival<'_>, original: u64, mut notes: Notes) -> Option<Observation> {
        self.duplicates += 1;
        notes.add(Note::CaptureDuplicate);
        let conn = &self.conns[self.find(&arrival.key)?];
        Some(Observation { about: Some(original), ..conn.unmoved(arrival.side, notes) })
    }

    fn segment(&mut self, mut arrival: Arrival<'_>, tcp: &Tcp, notes: Notes) -> Observation {
        let segment = &tcp.segment;
        let known = self.find(&arrival.key).or_else(|| self.other_vlan(&arrival, tcp));
        arrival.pair = known.map_or_else(|| self.shark.pair(arrival.key), |at| self.conns[at].pair);
        let stream = self.shark.segment(arrival.pair, arrival.side, segment);
        let fate = known
            .map_or(Fate::New(None), |at| reuse::fate(&self.conns[at], arrival.side, segment, arrival.record.time));
        let mut notes = notes;
        let at = match (known, fate) {
            (Some(at), Fate::Same) => at,
            (Some(at), Fate::Stray) => {
                self.conns[at].life.parked = None;
                at
            }
            (Some(at), Fate::Park) => return self.park(at, arrival, tcp, notes),
            (Some(at), Fate::Challenge) => return self.challenge(at, arrival, tcp, notes),
            (Some(at), Fate::Clear) => return self.clear(at, arrival, tcp, notes),
            (Some(at), Fate::Commit) => {
                notes.add(Note::ReuseLive);
                self.commit(at, arrival)
            }
            (Some(at), Fate::New(note)) => {
                notes = note.map_or(notes, |note| notes | note.into());
                self.replace(at, arrival, tcp)
            }
            (None, _) => self.begin(arrival, tcp, 0),
        };
        let completeness = self.shark.completeness(stream);
        let conn = &mut self.conns[at];
        if conn.stream == stream {
            conn.completeness = completeness;
        }
        conn.segment(arrival, tcp, notes)
    }

    /// A connection of the same endpoints in another VLAN, whose SYN this SYN/ACK answers: the two
    /// directions are tagged differently.
    fn other_vlan(&mut self, arrival: &Arrival<'_>, tcp: &Tcp) -> Option<usize> {
        if !tcp.segment.flags.is_syn_ack() {
            return None;
        }
        let at = self.shark.last_conn(arrival.key)? as usize;
        let [sender, receiver] = self.conns.get(at)?.facing(arrival.side);
        let answers = receiver.is(State::SynSent)
            && !sender.spoke
            && receiver.iss.is_some_and(|iss| tcp.segment.ack.offset_from(iss) == 1);
        answers.then(|| {
            self.aliases.insert(arrival.key, at as u32);
            at
        })
    }

    fn push(&mut self, arrival: Arrival<'_>, conn: Conn) -> usize {
        let at = self.conns.len();
        self.conns.push(conn);
        let conns = &self.conns;
        self.table.replace(&arrival.key, at as u32, |at| conns[at as usize].key);
        self.shark.set_last_conn(arrival.pair, at as u32);
        at
    }

    fn begin(&mut self, arrival: Arrival<'_>, tcp: &Tcp, incarnation: u32) -> usize {
        let mut conn = Conn::new(ConnId(self.conns.len() as u32), arrival, self.shark.stream(arrival.pair));
        conn.incarnation = incarnation;
        roles::assign(&mut conn, arrival.side, tcp);
        self.push(arrival, conn)
    }

    fn replace(&mut self, at: usize, arrival: Arrival<'_>, tcp: &Tcp) -> usize {
        let old = &mut self.conns[at];
        old.life.replaced = true;
        old.life.parked = None;
        let incarnation = old.incarnation + 1;
        self.begin(arrival, tcp, incarnation)
    }

    /// A SYN on a living connection waits for the other end's answer.
    fn park(&mut self, at: usize, arrival: Arrival<'_>, tcp: &Tcp, mut notes: Notes) -> Observation {
        let conn = &mut self.conns[at];
        notes.add(if conn.life.parked.is_some() { Note::SynRetransmit } else { Note::ReuseParked });
        let Arrival { n, side, .. } = arrival;
        if conn.life.parked.is_none() {
            let time = arrival.record.time;
            conn.life.parked =
                Some(Box::new(Parked { side, segment: tcp.segment, n, time, arrived: arrival.at(conn.first_n) }));
        }
        conn.count(&arrival, tcp);
        conn.told(conn.unmoved(side, notes))
    }

    /// O10 on a connection that was seen: its end still holds it.
    fn challenge(&mut self, at: usize, arrival: Arrival<'_>, tcp: &Tcp, mut notes: Notes) -> Observation {
        let conn = &mut self.conns[at];
        notes.add(Note::HalfopenChallenge);
        conn.life.challenge = tcp.segment.acked();
        conn.count(&arrival, tcp);
        conn.told(conn.unmoved(arrival.side, notes))
    }

    /// O11 on a connection that was seen.
    fn clear(&mut self, at: usize, arrival: Arrival<'_>, tcp: &Tcp, mut notes: Notes) -> Observation {
        let conn = &mut self.conns[at];
        notes.add(Note::HalfopenCleared);
        let before = conn.unmoved(arrival.side, notes);
        conn.count(&arrival, tcp);
        conn.life.reset_by = Some(arrival.side);
        let after = arrival.after(conn.first_n);
        let [sender, receiver] = conn.facing_mut(arrival.side);
        sender.prove(State::Closed);
        receiver.expect(State::Closed);
        receiver.teach(Fact::Dead, after);
        conn.told(before)
    }

    /// The parked SYN has its answer: it began a connection of its own.
    fn commit(&mut self, at: usize, arrival: Arrival<'_>) -> usize {
        let Some(parked) = self.conns[at].life.parked.take() else { return at };
        let old = &mut self.conns[at];
        old.life.replaced = true;
        let incarnation = old.incarnation + 1;
        old.uncount(&parked);
        let mut conn = Conn::new(ConnId(self.conns.len() as u32), arrival, self.shark.stream(arrival.pair));
        conn.incarnation = incarnation;
        conn.client = parked.side;
        conn.role_basis = RoleBasis::Syn;
        conn.first_n = parked.n;
        conn.start = parked.time;
        conn.recount(&parked);
        self.push(arrival, conn)
    }
}

/// What the record says of the capture rather than of the connection.
fn capture_notes(record: &Record) -> Notes {
    let mut notes = Notes::NONE;
    let (checksum, truncated) = match record.body {
        Body::Tcp(tcp) => (tcp.checksum_ok, tcp.truncated),
        Body::Udp(udp) => (udp.checksum_ok, udp.truncated),
        Body::Icmp(icmp) => (icmp.checksum_ok, false),
        Body::Arp(_) | Body::Skip(_) => (Checksum::Unverified, false),
    };
    if checksum == Checksum::Bad {
        notes.add(Note::ChecksumBad);
    }
    if truncated {
        notes.add(Note::Truncated);
    }
    if record.ip.is_some_and(|ip| ip.ecn() == 3) {
        notes.add(Note::EcnCe);
    }
    notes
}

impl Arrival<'_> {
    fn after(&self, first_n: u64) -> u32 {
        u32::try_from(self.n.saturating_sub(first_n)).unwrap_or(u32::MAX)
    }

    fn at(&self, first_n: u64) -> At {
        At {
            from: self.side,
            after: self.after(first_n),
            time: self.record.time,
            ip_id: self.ip_id,
            ttl: self.ttl,
            ip_bytes: self.ip_bytes,
        }
    }
}

impl Conn {
    fn new(id: ConnId, arrival: Arrival<'_>, stream: u32) -> Self {
        Self {
            id,
            key: arrival.key,
            vlans: arrival.record.vlans,
            incarnation: 0,
            client: arrival.side,
            role_basis: RoleBasis::FirstSender,
            first_n: arrival.n,
            last_n: arrival.n,
            start: arrival.record.time,
            end: arrival.record.time,
            stream,
            completeness: 0,
            pair: arrival.pair,
            halves: [Half::default(), Half::default()],
            life: life::Life::default(),
            history: zeek::History::default(),
            flipped: false,
        }
    }

    /// The half on `side`, and the one it speaks to.
    fn facing(&self, side: Side) -> [&Half; 2] {
        let [a, b] = &self.halves;
        match side {
            Side::A => [a, b],
            Side::B => [b, a],
        }
    }

    fn facing_mut(&mut self, side: Side) -> [&mut Half; 2] {
        let [a, b] = &mut self.halves;
        match side {
            Side::A => [a, b],
            Side::B => [b, a],
        }
    }

    /// Whether something was seen that a connection consists of, and not only probes.
    fn has_begun(&self) -> bool {
        self.life.seen.intersects(&[Note::Open1, Note::Midstream, Note::OpenSynackOnly])
    }

    /// Takes in a segment of this connection.
    fn segment(&mut self, arrival: Arrival<'_>, tcp: &Tcp, notes: Notes) -> Observation {
        let segment = &tcp.segment;
        let mut notes = notes;
        if let Some(note) = roles::enter(self, arrival.side, segment) {
            notes.add(note);
        }
        let before = self.unmoved(arrival.side, notes);
        self.count(&arrival, tcp);
        let role = self.role(arrival.side);
        let at = arrival.at(self.first_n);
        let Self { halves: [a, b], life, history, .. } = self;
        let (sender, receiver) = match arrival.side {
            Side::A => (a, b),
            Side::B => (b, a),
        };
        let was_nxt = sender.coverage.nxt();
        let mut pass = Pass { segment, at, sender, receiver, life, notes, nth: 0, news: pass::News::default() };
        pass.run();
        let Pass { sender, receiver, notes, nth, news, .. } = pass;
        if notes.contains(Note::CaptureReordered) && segment.flags.is_syn() {
            self.role_basis = RoleBasis::Syn;
        }
        let remarks = zeek::Remarks {
            repeat: segment.len > 0 && was_nxt.is_some_and(|nxt| !segment.end().after(nxt)),
            gap: news.gap,
            zero_window: segment.window.0 == 0,
        };
        zeek::pass(segment, arrival.side, role, remarks, &mut sender.zeek, &mut receiver.zeek, history);
        self.told(Observation { notes, nth, ..before })
    }

    /// An observation that changes nothing yet.
    fn unmoved(&self, side: Side, notes: Notes) -> Observation {
        let standing = self.standing();
        let facts = Ends { client: self.half(Role::Client).facts, server: self.half(Role::Server).facts };
        Observation {
            conn: self.id,
            from: self.role(side),
            notes,
            before: standing,
            after: standing,
            knew: facts,
            know: facts,
            nth: 0,
            about: None,
        }
    }

    /// Completes an observation with where things stand now.
    fn told(&mut self, observation: Observation) -> Observation {
        self.life.seen |= observation.notes;
        let now = self.unmoved(self.side(observation.from), observation.notes);
        Observation { after: now.after, know: now.know, ..observation }
    }

    /// Counts a packet. A clock that went backwards does not shorten the connection.
    fn count(&mut self, arrival: &Arrival<'_>, tcp: &Tcp) {
        self.count_packet(arrival, tcp.segment.len);
        let counts = &mut self.halves[arrival.side as usize].counts;
        counts.resets += u32::from(tcp.segment.flags.contains(crate::wire::Flags::RST));
    }

    fn count_packet(&mut self, arrival: &Arrival<'_>, payload_len: u32) {
        self.last_n = arrival.n;
        self.end = self.end.max(arrival.record.time);
        let counts = &mut self.halves[arrival.side as usize].counts;
        counts.packets += 1;
        counts.payload_bytes += u64::from(payload_len);
        counts.ip_bytes += arrival.ip_bytes;
    }

    fn uncount(&mut self, parked: &Parked) {
        let counts = &mut self.halves[parked.side as usize].counts;
        counts.packets = counts.packets.saturating_sub(1);
        counts.payload_bytes = counts.payload_bytes.saturating_sub(u64::from(parked.segment.len));
        counts.ip_bytes = counts.ip_bytes.saturating_sub(parked.arrived.ip_bytes);
    }

    /// Takes in the SYN that was parked, as this connection's first packet.
    fn recount(&mut self, parked: &Parked) {
        let counts = &mut self.halves[parked.side as usize].counts;
        counts.packets = 1;
        counts.payload_bytes = u64::from(parked.segment.len);
        counts.ip_bytes = parked.arrived.ip_bytes;
        roles::enter(self, parked.side, &parked.segment);
        let Self { halves: [a, b], life, history, .. } = self;
        let (sender, receiver) = match parked.side {
            Side::A => (a, b),
            Side::B => (b, a),
        };
        let mut pass = Pass {
            segment: &parked.segment,
            at: At { after: 0, ..parked.arrived },
            sender,
            receiver,
            life,
            notes: Notes::NONE,
            nth: 0,
            news: pass::News::default(),
        };
        pass.run();
        let notes = pass.notes;
        let remarks = zeek::Remarks::default();
        zeek::pass(
            &parked.segment,
            parked.side,
            Role::Client,
            remarks,
            &mut pass.sender.zeek,
            &mut pass.receiver.zeek,
            history,
        );
        self.life.seen |= notes;
    }
}
