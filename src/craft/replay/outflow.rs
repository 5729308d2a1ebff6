use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use super::rtt::Rtt;
use crate::wire::{Span, Timestamp};

/// Acknowledgments of the same that mean a loss (RFC 5681 §3.2).
const DUPLICATES: u32 = 3;

/// What an end has to say: how far it may go, how far it has gone, and what has to be said again.
///
/// Offsets count the octets of its stream from 0; its FIN is one more behind the last. Windows and
/// losses are handled as RFC 5681 and RFC 6675 do, with fewer numbers to remember.
#[derive(Clone, Debug)]
pub(super) struct Outflow {
    /// The first that is not acknowledged.
    una: u64,
    /// What is said next for the first time.
    nxt: u64,
    /// Octets that may be said by now.
    released: u64,
    /// Where the recorded segments end that are not said yet, and whether they were pushed.
    cuts: VecDeque<(u64, bool)>,
    fin: Fin,
    /// What is taken to be lost and has to be said again.
    lost: Range<u64>,
    /// What the other end has received behind a hole, first octet to the one behind the last.
    sacked: BTreeMap<u64, u64>,
    /// The first offset that the other end has no room for.
    edge: u64,
    most_window: u64,
    /// The most octets in a segment.
    mss: u64,
    congestion: u64,
    threshold: u64,
    duplicates: u32,
    recovery: Recovery,
    /// What is timed: the offset whose acknowledgment ends it, and when it was said.
    timed: Option<(u64, Timestamp)>,
    pub(super) rtt: Rtt,
    timer: Option<Timestamp>,
    /// Whether the next piece goes whatever the windows say.
    forced: Option<Forced>,
    /// The octet that a closed window was asked with, and that is not acknowledged.
    probe: Option<u64>,
    pub(super) resent: Resent,
}

/// How often octets were said again, by what made it necessary.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Resent {
    /// Segments that were said again.
    pub segments: u32,
    /// Times that an acknowledgment did not come in time.
    pub timeouts: u32,
    /// Times that acknowledgments told of a loss before that.
    pub told: u32,
    /// Times that a closed window was asked whether it has opened.
    pub probes: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fin {
    Unsaid,
    /// In a segment of its own.
    Alone,
    /// With the last octets.
    Joined,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Recovery {
    None,
    /// Acknowledgments have told of a loss; over when what was said until then is acknowledged.
    Told(u64),
    /// None came in time; the same.
    Timeout(u64),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Forced {
    /// What is lost goes at once.
    Loss,
    /// An octet, to ask a closed window whether it has opened (RFC 9293 §3.8.6.1).
    Probe,
}

/// A segment's worth of a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Piece {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) fin: bool,
    pub(super) push: bool,
    pub(super) again: bool,
}

/// What an acknowledgment says.
#[derive(Clone, Debug)]
pub(super) struct Ack<'a> {
    /// The first offset that the other end has not received; within what was said.
    pub(super) upto: u64,
    /// The window in octets.
    pub(super) window: u32,
    /// What it has behind a hole.
    pub(super) sacked: &'a [(u64, u64)],
    /// Whether the segment does nothing but acknowledge.
    pub(super) bare: bool,
}

impl Outflow {
    /// A stream of which nothing is said yet, to an end that takes `mss` octets in a segment.
    pub(super) fn new(mss: u32, window: u32, rtt: Rtt) -> Self {
        let mss = u64::from(mss.max(1));
        Self {
            una: 0,
            nxt: 0,
            released: 0,
            cuts: VecDeque::new(),
            fin: Fin::Unsaid,
            lost: 0..0,
            sacked: BTreeMap::new(),
            edge: u64::from(window),
            most_window: u64::from(window),
            mss,
            // RFC 6928 §2.
            congestion: (10 * mss).min(14_600.max(2 * mss)),
            threshold: u64::MAX,
            duplicates: 0,
            recovery: Recovery::None,
            timed: None,
            rtt,
            timer: None,
            forced: None,
            probe: None,
            resent: Resent::default(),
        }
    }

    /// Lets the stream go on up to `to`, where a recorded segment ends.
    pub(super) fn release(&mut self, to: u64, push: bool) {
        if to > self.released {
            self.released = to;
            self.cuts.push_back((to, push));
        }
    }

    /// Lets the stream end where it is released to; with `joined`, in the segment of its last octets.
    pub(super) fn finish(&mut self, joined: bool) {
        if self.fin == Fin::Unsaid {
            self.fin = if joined { Fin::Joined } else { Fin::Alone };
        }
    }

    /// What is said next for the first time.
    pub(super) const fn nxt(&self) -> u64 {
        self.nxt
    }

    /// The first offset that is not acknowledged.
    pub(super) const fn una(&self) -> u64 {
        self.una
    }

    /// Octets that are acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        self.una.min(self.released)
    }

    /// Whether there is nothing more to say and all was acknowledged.
    pub(super) fn is_done(&self) -> bool {
        self.una == self.released + u64::from(self.fin != Fin::Unsaid)
    }

    /// Whether its FIN was said.
    pub(super) fn has_finished(&self) -> bool {
        self.fin != Fin::Unsaid && self.nxt > self.released
    }

    /// When something has to be done although nothing is heard.
    pub(super) const fn timer(&self) -> Option<Timestamp> {
        self.timer
    }

    /// Takes an acknowledgment; tells whether it was of something new, or gave room.
    pub(super) fn hear(&mut self, ack: &Ack<'_>, now: Timestamp) -> bool {
        let edge = ack.upto + u64::from(ack.window);
        let (same_window, wider) = (edge == self.edge, edge > self.edge);
        let fresh = ack.upto > self.una;
        self.edge = edge;
        self.most_window = self.most_window.max(u64::from(ack.window));
        for &(from, to) in ack.sacked {
            self.mark(from.max(ack.upto), to.min(self.nxt));
        }
        if fresh {
            self.advance(ack.upto, now);
        } else if ack.bare && same_window && self.una < self.nxt && ack.window > 0 {
            self.duplicates += 1;
        }
        if self.recovery == Recovery::None {
            let behind: u64 = self.sacked.iter().map(|(from, to)| to - from).sum();
            if self.duplicates >= DUPLICATES || behind > (u64::from(DUPLICATES) - 1) * self.mss {
                self.told_of_a_loss();
            }
        } else if !ack.sacked.is_empty() && matches!(self.recovery, Recovery::Told(_)) {
            let highest = self.sacked.keys().next_back().copied().unwrap_or(self.una);
            self.lost = self.lost.start.max(self.una)..self.lost.end.max(highest);
        }
        self.probe = self.probe.filter(|at| *at >= self.una);
        // What a closed window was asked with, it may have thrown away.
        if let Some(at) = self.probe.filter(|at| self.edge > *at) {
            self.probe = None;
            self.lost = at..at + 1;
        }
        if self.edge > self.nxt && self.una == self.nxt {
            self.timer = None;
        }
        fresh || wider
    }

    /// Whether the timer has run out; what that means is then done.
    pub(super) fn check(&mut self, now: Timestamp) {
        if self.timer.is_none_or(|at| now < at) {
            return;
        }
        self.rtt.back_off();
        self.timer = Some(now + self.rtt.timeout());
        if self.una == self.nxt {
            self.forced = Some(Forced::Probe);
            self.resent.probes += 1;
            return;
        }
        let flight = self.nxt - self.una;
        if !matches!(self.recovery, Recovery::Timeout(_)) {
            self.threshold = (flight / 2).max(2 * self.mss);
        }
        self.congestion = self.mss;
        self.recovery = Recovery::Timeout(self.nxt);
        // It may have forgotten what it had told of (RFC 2018 §8).
        self.sacked.clear();
        self.duplicates = 0;
        self.lost = self.una..self.nxt;
        self.forced = Some(Forced::Loss);
        self.resent.timeouts += 1;
    }

    /// The next piece that may be said now; it is then taken as said.
    pub(super) fn next(&mut self, now: Timestamp) -> Option<Piece> {
        let piece = self.lost_piece().or_else(|| self.fresh_piece(now))?;
        self.forced = None;
        let end = piece.to + u64::from(piece.fin);
        if piece.again {
            self.lost.start = end;
            self.resent.segments += 1;
            // Whose acknowledgment comes could not be told (RFC 6298 §3).
            self.timed = None;
        } else {
            self.nxt = end;
            if self.timed.is_none() && self.recovery == Recovery::None {
                self.timed = Some((end, now));
            }
        }
        if self.timer.is_none() {
            self.timer = Some(now + self.rtt.timeout());
        }
        Some(piece)
    }

    fn lost_piece(&mut self) -> Option<Piece> {
        while let Some((_, to)) = self.sacked.range(..=self.lost.start).next_back()
            && *to > self.lost.start
        {
            self.lost.start = *to;
        }
        self.lost.start = self.lost.start.max(self.una);
        if self.lost.start >= self.lost.end {
            return None;
        }
        let from = self.lost.start;
        let hole = self.sacked.range(from..).next().map_or(u64::MAX, |(start, _)| *start);
        let to = (from + self.mss).min(self.lost.end).min(hole).min(self.released);
        let goes = self.forced == Some(Forced::Loss) || self.in_flight() + (to - from) <= self.congestion;
        let fin = self.has_finished() && to == self.released && self.lost.end > to;
        goes.then_some(Piece { from, to, fin, push: to == self.released && to > from, again: true })
    }

    fn fresh_piece(&mut self, now: Timestamp) -> Option<Piece> {
        let from = self.nxt;
        if from >= self.released {
            let fin = self.fin != Fin::Unsaid && from == self.released;
            return fin.then_some(Piece { from, to: from, fin, push: false, again: false });
        }
        if self.forced == Some(Forced::Probe) {
            self.probe = Some(from);
            return Some(Piece { from, to: from + 1, fin: false, push: true, again: false });
        }
        while self.cuts.front().is_some_and(|(to, _)| *to <= from) {
            self.cuts.pop_front();
        }
        let (cut, push) = self.cuts.front().copied().unwrap_or((self.released, true));
        let wanted = cut.min(from + self.mss);
        let room = self.edge.saturating_sub(from);
        let to = wanted.min(from + room);
        let idle = self.una == self.nxt;
        if room == 0 {
            if idle && self.timer.is_none() {
                self.timer = Some(now + self.rtt.timeout());
            }
            return None;
        }
        // Not in crumbs (RFC 9293 §3.8.6.2.1): less than is wanted goes if nothing else is on its way.
        let crumb = to < wanted && to - from < self.mss.min(self.most_window / 2);
        if !idle && (crumb || self.in_flight() + (to - from) > self.congestion) {
            return None;
        }
        let fin = self.fin == Fin::Joined && to == self.released;
        Some(Piece { from, to, fin, push: push && to == cut, again: false })
    }

    /// Octets that are taken to be on their way.
    fn in_flight(&self) -> u64 {
        let inside = |range: &Range<u64>| -> u64 {
            let parts = self.sacked.iter().map(|(from, to)| (*from.max(&range.start), *to.min(&range.end)));
            parts.map(|(from, to)| to.saturating_sub(from)).sum()
        };
        let said = self.una..self.nxt;
        let unsaid = self.lost.start.max(self.una)..self.lost.end.max(self.una);
        let lost = unsaid.end.saturating_sub(unsaid.start).saturating_sub(inside(&unsaid));
        (said.end - said.start).saturating_sub(inside(&said)).saturating_sub(lost)
    }

    fn advance(&mut self, upto: u64, now: Timestamp) {
        let acked = upto - self.una;
        self.una = upto;
        self.duplicates = 0;
        self.rtt.relax();
        if let Some((end, since)) = self.timed
            && end <= upto
        {
            self.rtt.sample(since.until(now));
            self.timed = None;
        }
        while let Some(first) = self.sacked.first_entry() {
            let (from, to) = (*first.key(), *first.get());
            if from >= upto {
                break;
            }
            first.remove();
            if to > upto {
                self.sacked.insert(upto, to);
            }
        }
        self.lost.start = self.lost.start.max(upto);
        self.timer = (self.una < self.nxt).then(|| now + self.rtt.timeout());
        match self.recovery {
            Recovery::Told(until) | Recovery::Timeout(until) if upto >= until => {
                self.congestion = self.congestion.max(self.threshold.min(1 << 30));
                self.recovery = Recovery::None;
                self.lost = upto..upto;
            }
            // The next one is lost, too (RFC 6582 §3.2 step 3); with SACK the holes are known.
            Recovery::Told(_) if self.sacked.is_empty() => {
                self.lost = upto..(upto + self.mss).min(self.nxt);
                self.forced = Some(Forced::Loss);
            }
            Recovery::Told(_) => {}
            Recovery::None | Recovery::Timeout(_) => self.grow(acked),
        }
    }

    /// RFC 5681 §3.1, and RFC 3465's counting of octets.
    fn grow(&mut self, acked: u64) {
        let step = if self.congestion < self.threshold {
            acked.min(2 * self.mss)
        } else {
            (self.mss * self.mss / self.congestion.max(1)).max(1)
        };
        self.congestion = (self.congestion + step).min(1 << 30);
    }

    fn told_of_a_loss(&mut self) {
        self.threshold = ((self.nxt - self.una) / 2).max(2 * self.mss);
        self.congestion = self.threshold;
        self.recovery = Recovery::Told(self.nxt);
        let highest = self.sacked.keys().next_back().copied().unwrap_or(0);
        self.lost = self.una..highest.max((self.una + self.mss).min(self.nxt));
        self.forced = Some(Forced::Loss);
        self.resent.told += 1;
    }

    /// Remembers that the other end has `from..to`.
    fn mark(&mut self, mut from: u64, mut to: u64) {
        if from >= to {
            return;
        }
        if let Some((start, end)) = self.sacked.range(..=from).next_back().map(|(start, end)| (*start, *end))
            && end >= from
        {
            self.sacked.remove(&start);
            (from, to) = (start, to.max(end));
        }
        while let Some((start, end)) = self.sacked.range(from..=to).next().map(|(start, end)| (*start, *end)) {
            self.sacked.remove(&start);
            to = to.max(end);
        }
        self.sacked.insert(from, to);
    }

    /// The smoothed round trip, once there is one.
    pub(super) fn round_trip(&self) -> Option<Span> {
        self.rtt.smoothed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: fn(i64) -> Timestamp = |ms| Timestamp((ms * 1_000_000) as u64);

    fn outflow(mss: u32, window: u32, octets: u64) -> Outflow {
        let mut outflow = Outflow::new(mss, window, Rtt::new(Span::from_millis(200), Span::from_millis(200)));
        outflow.release(octets, true);
        outflow
    }

    fn ack(upto: u64, window: u32) -> Ack<'static> {
        Ack { upto, window, sacked: &[], bare: true }
    }

    /// What goes now, as ranges.
    fn goes(outflow: &mut Outflow, ms: i64) -> Vec<(u64, u64)> {
        std::iter::from_fn(|| outflow.next(AT(ms))).map(|piece| (piece.from, piece.to)).collect()
    }

    #[test]
    fn a_recorded_segment_is_cut_to_what_the_peer_takes() {
        let mut outflow = outflow(100, 1000, 250);
        outflow.release(280, false);
        outflow.finish(true);
        let pieces: Vec<Piece> = std::iter::from_fn(|| outflow.next(AT(0))).collect();
        let told: Vec<_> = pieces.iter().map(|piece| (piece.from, piece.to, piece.push, piece.fin)).collect();
        assert_eq!(
            told,
            [(0, 100, false, false), (100, 200, false, false), (200, 250, true, false), (250, 280, false, true)]
        );
        assert!(outflow.has_finished() && !outflow.is_done());
        outflow.hear(&ack(281, 1000), AT(1));
        assert!(outflow.is_done() && outflow.timer().is_none());
    }

    #[test]
    fn a_closed_window_is_asked_and_what_it_was_asked_with_is_said_again() {
        let mut outflow = outflow(100, 100, 250);
        assert_eq!(goes(&mut outflow, 0), [(0, 100)]);
        outflow.hear(&ack(100, 0), AT(1));
        assert_eq!(goes(&mut outflow, 1), []);
        let due = outflow.timer().expect("it asks");
        outflow.check(due);
        assert_eq!(goes(&mut outflow, 300), [(100, 101)]);
        outflow.hear(&ack(100, 0), AT(301));
        outflow.hear(&ack(100, 100), AT(400));
        assert_eq!(goes(&mut outflow, 400), [(100, 101), (101, 200)]);
        assert_eq!(outflow.resent.probes, 1);
    }

    #[test]
    fn no_answer_in_time_has_all_said_again() {
        let mut outflow = outflow(100, 1000, 300);
        assert_eq!(goes(&mut outflow, 0).len(), 3);
        outflow.check(AT(199));
        assert_eq!(goes(&mut outflow, 199), []);
        outflow.check(AT(200));
        assert_eq!(goes(&mut outflow, 200), [(0, 100)]);
        outflow.hear(&ack(100, 1000), AT(201));
        assert_eq!(goes(&mut outflow, 201), [(100, 200), (200, 300)]);
        assert_eq!((outflow.resent.timeouts, outflow.resent.segments), (1, 3));
    }

    #[test]
    fn three_acknowledgments_of_the_same_tell_of_a_loss() {
        let mut outflow = outflow(100, 10_000, 600);
        assert_eq!(goes(&mut outflow, 0).len(), 6);
        for _ in 0..2 {
            outflow.hear(&ack(0, 10_000), AT(1));
            assert_eq!(goes(&mut outflow, 1), []);
        }
        outflow.hear(&ack(0, 10_000), AT(1));
        assert_eq!(goes(&mut outflow, 1), [(0, 100)]);
        outflow.hear(&ack(600, 10_000), AT(2));
        assert!(outflow.is_done());
        assert_eq!((outflow.resent.told, outflow.resent.timeouts), (1, 0));
    }

    #[test]
    fn only_the_holes_are_said_again_where_the_peer_tells_of_them() {
        let mut outflow = outflow(100, 10_000, 1000);
        assert_eq!(goes(&mut outflow, 0).len(), 10);
        let sacked = [(100, 300), (400, 900)];
        outflow.hear(&Ack { upto: 0, window: 10_000, sacked: &sacked, bare: true }, AT(1));
        assert_eq!(goes(&mut outflow, 1), [(0, 100), (300, 400)]);
        outflow.hear(&ack(900, 10_000), AT(2));
        assert!(!outflow.is_done());
        outflow.hear(&ack(1000, 10_000), AT(2));
        assert!(outflow.is_done());
    }

    #[test]
    fn crumbs_wait_for_room_while_something_is_on_its_way() {
        let mut outflow = outflow(100, 130, 300);
        assert_eq!(goes(&mut outflow, 0), [(0, 100)]);
        outflow.hear(&ack(100, 30), AT(1));
        assert_eq!(goes(&mut outflow, 1), [(100, 130)]);
    }
}
