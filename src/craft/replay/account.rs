use crate::wire::recording::{Act, End, Greeting, Step};
use crate::wire::{Span, Timestamp};

use super::outflow::Resent;

/// The most acts that are kept: nobody looks at more.
const MOST_ACTS: usize = 10_000;

/// How a replayed connection went, beside what was said.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Account {
    /// When the first segment went or came.
    pub began: Option<Timestamp>,
    /// When both ends had greeted each other.
    pub opened: Option<Timestamp>,
    /// When it was over.
    pub ended: Option<Timestamp>,
    /// When the first octet was sent.
    pub first_sent: Option<Timestamp>,
    /// When the first octet was heard.
    pub first_heard: Option<Timestamp>,
    /// What the replayed end's SYN, or SYN/ACK, said.
    pub greeted: Option<Greeting>,
    /// What the other end's said.
    pub was_greeted: Option<Greeting>,
    /// What was sent.
    pub sent: Traffic,
    /// What was heard.
    pub heard: Traffic,
    /// What was said again, and why.
    pub resent: Resent,
    /// Segments of the other end that came before what stands before them.
    pub early: u32,
    /// The least and the largest window that the other end offered, in octets.
    pub windows: Option<(u32, u32)>,
    /// The smoothed round trip (RFC 6298).
    pub round_trip: Option<Span>,
    /// FINs and RSTs, in the order in which they went and came for the first time.
    pub ends: Vec<(End, Close)>,
    /// What both ends did, where that is kept, as in a recording; repeats, too.
    pub acts: Vec<Step>,
    /// Times that the other end's answer had another length than the recorded one, and the replay
    /// went on all the same.
    pub other_lengths: u32,
}

/// Segments of one end.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Traffic {
    /// All of them.
    pub segments: u32,
    /// Those with octets.
    pub data_segments: u32,
    /// Those whose octets, SYN or FIN had all been there before.
    pub repeats: u32,
    /// The most octets in one.
    pub largest: u32,
}

/// How an end ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Close {
    /// With a FIN.
    Fin,
    /// With a RST.
    Reset,
}

impl Traffic {
    /// Counts a segment with so many octets.
    pub(super) fn count(&mut self, octets: u32, repeat: bool) {
        self.segments = self.segments.saturating_add(1);
        self.data_segments = self.data_segments.saturating_add(u32::from(octets > 0));
        self.repeats = self.repeats.saturating_add(u32::from(repeat));
        self.largest = self.largest.max(octets);
    }
}

impl Account {
    /// From the first segment to both greetings.
    pub fn opening(&self) -> Option<Span> {
        Some(self.began?.until(self.opened?))
    }

    /// From the first segment to the first octet of the other end.
    pub fn first_octet(&self) -> Option<Span> {
        Some(self.began?.until(self.first_heard?))
    }

    /// From the first segment to the end.
    pub fn duration(&self) -> Option<Span> {
        Some(self.began?.until(self.ended?))
    }

    /// Notes that an end ends; the first time counts.
    pub(super) fn ends(&mut self, end: End, close: Close) {
        if !self.ends.contains(&(end, close)) {
            self.ends.push((end, close));
        }
    }

    /// Notes what an end did, as long as there are not too many.
    pub(super) fn did(&mut self, by: End, act: Act, heard: u64, now: Timestamp) {
        if self.acts.len() < MOST_ACTS {
            let at_ns = self.began.map_or(0, |began| u64::try_from(began.until(now).0).unwrap_or(0));
            self.acts.push(Step { at_ns, by, act, heard });
        }
    }

    pub(super) fn window(&mut self, octets: u32) {
        let (least, most) = self.windows.unwrap_or((octets, octets));
        self.windows = Some((least.min(octets), most.max(octets)));
    }
}
