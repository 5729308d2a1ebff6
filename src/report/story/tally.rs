//! What is counted over a whole connection, however much of it is folded: the numbers on which a
//! verdict rests, each with the frame that shows it.

use std::net::IpAddr;

use super::tale::{Said, Step};
use crate::capture::Icmp;
use crate::capture::track::{Note, Notes};
use crate::wire::{Flags, Side, Span, Timestamp};

/// One frame to point at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Mark {
    /// Its number.
    pub(super) n: u64,
    /// Its time.
    pub(super) time: Timestamp,
}

/// How often something was seen, and first and last where.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sightings {
    /// How often.
    pub(super) count: u64,
    /// First and last.
    pub(super) ends: Option<(Mark, Mark)>,
}

/// A stretch between two frames.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    /// The frame that begins it.
    pub(super) from: Mark,
    /// The frame that ends it.
    pub(super) to: Mark,
}

/// One end speaking without an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alone {
    /// Who speaks.
    pub(super) side: Side,
    /// From the first to the last of these packets.
    pub(super) stretch: Stretch,
    /// How many of them repeat others.
    pub(super) repeats: u64,
}

/// The counts. Arrays are by side.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// SYNs without ACK.
    pub(super) syns: [Sightings; 2],
    /// SYN/ACKs.
    pub(super) synacks: [Sightings; 2],
    /// Segments with FIN.
    pub(super) fins: [Sightings; 2],
    /// Segments with RST.
    pub(super) resets: [Sightings; 2],
    /// Segments (or datagrams) with payload.
    pub(super) data: [Sightings; 2],
    /// Packets that repeat payload.
    pub(super) retransmits: [Sightings; 2],
    /// ICMP errors about this connection, and the first of them.
    pub(super) icmp: Sightings,
    /// What the first ICMP error said, and who wrote it.
    pub(super) icmp_first: Option<(Icmp, IpAddr)>,
    /// Every note met.
    pub(super) notes: Notes,
    /// What the first RST meant.
    pub(super) reset_notes: Notes,
    /// Time spent with the window closed, by who closed it.
    pub(super) zero_window: [Span; 2],
    /// The longest such stretch.
    pub(super) zero_window_longest: [Option<Stretch>; 2],
    /// The longest wait for a retransmission to follow what was there before it.
    pub(super) stall: Option<Stretch>,
    /// The longest time between one side's data and the other side's answer to it, by who
    /// answered.
    pub(super) think: [Option<Stretch>; 2],
    /// What one end has sent since the other last spoke.
    pub(super) alone: Option<Alone>,
    /// The longest silence of all.
    pub(super) silence: Option<Stretch>,
    backwards: bool,
    last: Option<Mark>,
    last_data: Option<(usize, Mark)>,
    closed_window: [Option<Mark>; 2],
}

impl Sightings {
    fn add(&mut self, mark: Mark) {
        self.count += 1;
        self.ends = Some(self.ends.map_or((mark, mark), |(first, _)| (first, mark)));
    }

    /// The first.
    pub(super) fn first(&self) -> Option<Mark> {
        self.ends.map(|(first, _)| first)
    }

    /// From the first to the last.
    pub(super) fn span(&self) -> Span {
        self.ends.map_or(Span(0), |(first, last)| last.time - first.time)
    }
}

impl Stretch {
    /// How long it took.
    pub(super) fn span(&self) -> Span {
        self.to.time - self.from.time
    }
}

impl Tally {
    pub(super) fn add(&mut self, step: &Step) {
        let mark = Mark { n: step.n, time: step.time };
        let from = step.from as usize;
        // A second copy of the same packet tells nothing about the connection.
        if step.notes.contains(Note::CaptureDuplicate) {
            return;
        }
        self.notes |= step.notes;
        // A clock that was set back tells no distances until it has caught up, nor does the step
        // forward that follows.
        let backwards = step.notes.contains(Note::ClockBackwards);
        if std::mem::replace(&mut self.backwards, backwards) || backwards {
            (self.last, self.last_data, self.closed_window) = (None, None, [None; 2]);
        }
        match step.said {
            Said::Tcp(segment) => self.add_segment(from, segment.flags, mark, step),
            Said::Icmp(icmp, source) if icmp.quoted.is_some() => {
                self.icmp.add(mark);
                self.icmp_first.get_or_insert((icmp, source));
            }
            Said::Udp(_) | Said::Icmp(..) => {}
        }
        self.add_times(from, mark, step);
    }

    fn add_segment(&mut self, from: usize, flags: Flags, mark: Mark, step: &Step) {
        // What came too late, or for another connection, is no part of this opening.
        let stray = step.notes.intersects(&[Note::SynLate, Note::SynackLate, Note::ReuseParked]);
        if flags.is_syn() && !stray {
            self.syns[from].add(mark);
        } else if flags.is_syn_ack() && !stray {
            self.synacks[from].add(mark);
        }
        if flags.contains(Flags::FIN) {
            self.fins[from].add(mark);
        }
        if flags.contains(Flags::RST) {
            if self.resets.iter().all(|seen| seen.count == 0) {
                self.reset_notes = step.notes;
            }
            self.resets[from].add(mark);
        }
        if step.notes.contains(Note::Retransmit) {
            self.retransmits[from].add(mark);
            if let Some(last) = self.last {
                keep_longest(&mut self.stall, last, mark);
            }
        }
        match (step.notes.contains(Note::WinZero), self.closed_window[from]) {
            (true, None) => self.closed_window[from] = Some(mark),
            (false, Some(since)) if !flags.intersects(Flags::RST | Flags::FIN) => {
                self.closed_window[from] = None;
                self.zero_window[from].0 += (mark.time - since.time).0.max(0);
                keep_longest(&mut self.zero_window_longest[from], since, mark);
            }
            _ => {}
        }
    }

    fn add_times(&mut self, from: usize, mark: Mark, step: &Step) {
        if let Some(last) = self.last {
            keep_longest(&mut self.silence, last, mark);
        }
        let repeat = step.notes.intersects(&[Note::Retransmit, Note::Keepalive, Note::WinProbe]);
        if step.len() > 0 && !repeat {
            self.data[from].add(mark);
            match self.last_data {
                Some((asker, asked)) if asker != from => keep_longest(&mut self.think[from], asked, mark),
                _ => {}
            }
            self.last_data = Some((from, mark));
        }
        self.last = Some(mark);
        let again = step.notes.intersects(&[Note::Retransmit, Note::Keepalive, Note::WinProbe, Note::FinRetransmit]);
        match &mut self.alone {
            Some(alone) if alone.side == step.from => {
                alone.stretch.to = mark;
                alone.repeats += u64::from(again);
            }
            alone => *alone = Some(Alone { side: step.from, stretch: Stretch { from: mark, to: mark }, repeats: 0 }),
        }
    }
}

fn keep_longest(longest: &mut Option<Stretch>, from: Mark, to: Mark) {
    let stretch = Stretch { from, to };
    if longest.is_none_or(|known| known.span() < stretch.span()) {
        *longest = Some(stretch);
    }
}
