//! What a time-sequence plot shows of one connection: which octets were sent when, how far they were
//! acknowledged, how far the window reached; bounded, by making the picture coarser.

use std::collections::VecDeque;

use crate::capture::track::{Note, Role};
use crate::capture::{Body, Conn, Observation, Packet};
use crate::wire::{Flags, Segment, Seq, Span, Timestamp};

/// So many marks of each kind are kept while a connection lives.
const KEPT: usize = 2_000;
/// So many octets whose acknowledgement is awaited are timed at once.
const TIMED: usize = 256;

/// The marks of both directions, by who sent the data: client first.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    pub(super) lanes: [Lane; 2],
}

/// One direction.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    /// Octets that were sent.
    pub(super) sent: Vec<Sent>,
    /// How far they were acknowledged, and the window from there on.
    pub(super) acks: Vec<Ack>,
    /// From an octet to its acknowledgement, as seen at the capture point.
    pub(super) trips: Vec<(Span, Span)>,
    /// Whether marks were joined or left out.
    pub(super) coarse: bool,
    reach: Option<(Seq, i64)>,
    timed: VecDeque<(i64, Span)>,
}

/// Octets that were sent, in one segment or several that followed each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Sent {
    /// When the first and the last of them were sent.
    pub(super) at: (Span, Span),
    /// From which to which, counted from the first octet seen.
    pub(super) octets: (i64, i64),
    pub(super) kind: Kind,
}

/// What a mark stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Data,
    Again,
    Syn,
    Fin,
    Reset,
}

/// An acknowledgement that came back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Ack {
    pub(super) at: Span,
    /// Up to here.
    pub(super) to: i64,
    /// So much more may be sent.
    pub(super) window: u32,
}

impl Trace {
    /// Takes in a packet.
    pub(super) fn add(&mut self, packet: &Packet<'_>, told: &Observation, conn: &Conn) {
        let Body::Tcp(tcp) = packet.record.body else {
            return;
        };
        if told.notes.contains(Note::CaptureDuplicate) {
            return;
        }
        let at = since(conn.start, packet.record.time);
        let segment = tcp.segment;
        let [own, other] = match told.from {
            Role::Client => self.lanes.each_mut(),
            Role::Server => {
                let [client, server] = &mut self.lanes;
                [server, client]
            }
        };
        own.send(at, &segment, told.notes.contains(Note::Retransmit));
        if let Some(ack) = segment.acked().filter(|_| !segment.flags.contains(Flags::RST)) {
            other.hear(at, ack, window(&segment, conn, told.from));
        }
    }

    /// How many marks it has.
    pub(super) fn marks(&self) -> usize {
        self.lanes.iter().map(|lane| lane.sent.len() + lane.acks.len() + lane.trips.len()).sum()
    }

    /// The same with at most `most` marks of each kind in each direction.
    pub(super) fn coarsened(mut self, most: usize) -> Self {
        for lane in &mut self.lanes {
            lane.coarsen(most);
        }
        self
    }
}

impl Lane {
    fn send(&mut self, at: Span, segment: &Segment, again: bool) {
        let flags = segment.flags;
        let reset = flags.contains(Flags::RST);
        if segment.span() == 0 && !reset {
            return;
        }
        let from = self.place(segment.seq);
        let to = from + i64::from(segment.span());
        let kind = match flags {
            _ if reset => Kind::Reset,
            _ if again => Kind::Again,
            flags if flags.contains(Flags::SYN) => Kind::Syn,
            flags if flags.contains(Flags::FIN) => Kind::Fin,
            _ => Kind::Data,
        };
        if kind == Kind::Again {
            // Whichever copy is acknowledged, nobody can tell (Karn).
            self.timed.clear();
        } else if kind != Kind::Reset {
            if self.timed.len() >= TIMED {
                self.timed.pop_front();
            }
            self.timed.push_back((to, at));
        }
        self.sent.push(Sent { at: (at, at), octets: (from, to), kind });
        if self.sent.len() > KEPT {
            join(&mut self.sent, KEPT / 2);
            self.coarse = true;
        }
    }

    fn hear(&mut self, at: Span, ack: Seq, window: u32) {
        let to = self.place(ack);
        let mut answered = None;
        while let Some((end, sent)) = self.timed.front().copied().filter(|(end, _)| *end <= to) {
            answered = (end == to).then_some(sent).or(answered);
            self.timed.pop_front();
        }
        if let Some(sent) = answered {
            self.trips.push((at, Span(at.0 - sent.0)));
            thin(&mut self.trips, KEPT);
        }
        let known = self.acks.last().is_some_and(|last| last.to == to && last.window == window);
        if !known {
            self.acks.push(Ack { at, to, window });
            self.coarse |= thin(&mut self.acks, KEPT);
        }
    }

    fn coarsen(&mut self, most: usize) {
        if self.sent.len() > most {
            join(&mut self.sent, most);
            self.coarse = true;
        }
        while thin(&mut self.acks, most) {
            self.coarse = true;
        }
        while thin(&mut self.trips, most / 2) {}
    }

    /// Where `seq` lies, counted from the first number seen.
    fn place(&mut self, seq: Seq) -> i64 {
        let (last, place) = *self.reach.get_or_insert((seq, 0));
        let here = place + i64::from(seq.offset_from(last));
        if here > place {
            self.reach = Some((seq, here));
        }
        here
    }
}

/// Joins neighbours until there are at most `most`: data that follows on data first; where that is
/// not enough, every other mark goes.
fn join(sent: &mut Vec<Sent>, most: usize) {
    let mut before = usize::MAX;
    while sent.len() > most && sent.len() < before {
        before = sent.len();
        let mut joined: Vec<Sent> = Vec::with_capacity(before / 2 + 1);
        let mut open = false;
        for mark in sent.iter() {
            match joined.last_mut() {
                Some(last)
                    if open && last.kind == Kind::Data && mark.kind == Kind::Data && last.octets.1 == mark.octets.0 =>
                {
                    last.at.1 = mark.at.1;
                    last.octets.1 = mark.octets.1;
                    open = false;
                }
                _ => {
                    joined.push(*mark);
                    open = true;
                }
            }
        }
        *sent = joined;
    }
    while thin(sent, most) {}
}

/// Leaves out every other of more than `most`, the last excepted; says whether it did.
fn thin<T: Copy>(marks: &mut Vec<T>, most: usize) -> bool {
    if marks.len() <= most.max(2) {
        return false;
    }
    let last = marks.len() - 1;
    let mut at = 0;
    marks.retain(|_| {
        at += 1;
        at % 2 == 1 || at - 1 == last
    });
    true
}

/// The window of a segment in octets: scaled where both ends agreed to that and it is no SYN.
fn window(segment: &Segment, conn: &Conn, from: Role) -> u32 {
    let agreed = Role::BOTH.map(|role| conn.half(role).offer.filter(|offer| offer.wscale.is_some()));
    match (agreed, conn.half(from).offer) {
        ([Some(_), Some(_)], Some(offer)) if !segment.flags.contains(Flags::SYN) => segment.window << offer.scale(),
        _ => u32::from(segment.window.0),
    }
}

fn since(start: Timestamp, time: Timestamp) -> Span {
    Span((time - start).0.max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(n: i64, kind: Kind) -> Sent {
        Sent { at: (Span(n), Span(n)), octets: (n * 10, n * 10 + 10), kind }
    }

    #[test]
    fn joined_marks_cover_the_same_octets_and_repeats_stay() {
        let mut sent: Vec<Sent> = (0..1000).map(|n| mark(n, Kind::Data)).collect();
        sent.insert(500, mark(3, Kind::Again));
        join(&mut sent, 100);
        assert!(sent.len() <= 100, "{}", sent.len());
        assert_eq!(sent.first().map(|mark| mark.octets.0), Some(0));
        assert_eq!(sent.last().map(|mark| mark.octets.1), Some(10_000));
        assert_eq!(sent.iter().filter(|mark| mark.kind == Kind::Again).count(), 1);
    }

    #[test]
    fn marks_that_cannot_be_joined_grow_thin() {
        let mut sent: Vec<Sent> = (0..1000).map(|n| mark(n, Kind::Again)).collect();
        join(&mut sent, 100);
        assert!(sent.len() <= 100);
        assert_eq!(sent.last().map(|mark| mark.at.0), Some(Span(999)));
    }

    #[test]
    fn numbers_go_on_where_the_circle_closes() {
        let mut lane = Lane::default();
        assert_eq!(lane.place(Seq(u32::MAX - 9)), 0);
        assert_eq!(lane.place(Seq(90)), 100);
        for lap in 1..6_i64 {
            for quarter in 1..=4_u32 {
                lane.place(Seq(90_u32.wrapping_add(quarter << 30)));
            }
            assert_eq!(lane.place(Seq(90)), 100 + (lap << 32));
        }
    }
}
