//! What happened when: counts in equal stretches of time, as many as fit a page, however long the
//! capture turns out to be.

use crate::capture::Conn;
use crate::capture::track::{Close, Open};
use crate::wire::{Protocol, Span, Timestamp};

/// No more stretches than this: when time goes beyond, two become one.
const MOST: usize = 240;
/// The first are this short.
const FIRST: i64 = 1_000_000;

/// What is counted in each stretch.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Bin {
    /// Connections begun.
    pub(super) opened: u64,
    /// Connections closed by FIN.
    pub(super) closed: u64,
    /// Connections reset.
    pub(super) reset: u64,
    /// Connections that ended without having opened.
    pub(super) failed: u64,
    /// Handshakes begun, less those finished or given up.
    pub(super) waiting: i64,
}

/// The counts of a whole capture.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    /// When the first stretch begins.
    pub(super) start: Option<Timestamp>,
    /// How long each is, in nanoseconds.
    pub(super) width: i64,
    /// The stretches.
    pub(super) bins: Vec<Bin>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { start: None, width: FIRST, bins: Vec::new() }
    }
}

impl Timeline {
    /// Has time begin at `time` or before: captures read as one need not be in order.
    pub(super) fn begin(&mut self, time: Timestamp) {
        let start = *self.start.get_or_insert(time);
        let early = (start - time).0;
        if early <= 0 {
            return;
        }
        while early / self.width + self.bins.len() as i64 >= MOST as i64 {
            self.widen();
        }
        let more = early.div_euclid(self.width) + 1;
        self.bins.splice(..0, (0..more).map(|_| Bin::default()));
        self.start = Some(start + Span(-more * self.width));
    }

    /// Takes in a connection that has ended.
    pub(super) fn add(&mut self, conn: &Conn) {
        self.at(conn.start).opened += 1;
        if conn.protocol() != Protocol::Tcp {
            return;
        }
        match conn.close() {
            _ if super::has_not_opened(conn) => self.at(conn.end).failed += 1,
            Close::Fin3 | Close::Fin4 | Close::FinSimultaneous => self.at(conn.end).closed += 1,
            Close::Reset | Close::FinThenReset => self.at(conn.end).reset += 1,
            Close::HalfClosed
            | Close::FinUnanswered
            | Close::OpenAtEnd
            | Close::Timeout
            | Close::Superseded
            | Close::LostClose
            | Close::Evicted
            | Close::CaptureEnd => {}
        }
        let asked = !matches!(conn.open(), Open::Midstream | Open::SynackOnly | Open::Probe | Open::MissingSyn);
        if asked {
            let settled = conn.timing().setup.map_or(conn.end, |setup| conn.start + setup);
            self.at(conn.start).waiting += 1;
            self.at(settled).waiting -= 1;
        }
    }

    fn at(&mut self, time: Timestamp) -> &mut Bin {
        let start = *self.start.get_or_insert(time);
        let since = (time - start).0.max(0);
        while since / self.width >= MOST as i64 {
            self.widen();
        }
        let at = (since / self.width) as usize;
        if self.bins.len() <= at {
            self.bins.resize(at + 1, Bin::default());
        }
        &mut self.bins[at]
    }

    /// Makes two stretches one.
    fn widen(&mut self) {
        let pair = |pair: &[Bin]| {
            pair.iter().fold(Bin::default(), |sum, bin| Bin {
                opened: sum.opened + bin.opened,
                closed: sum.closed + bin.closed,
                reset: sum.reset + bin.reset,
                failed: sum.failed + bin.failed,
                waiting: sum.waiting + bin.waiting,
            })
        };
        self.bins = self.bins.chunks(2).map(pair).collect();
        self.width = self.width.saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(timeline: &Timeline) -> u64 {
        timeline.bins.iter().map(|bin| bin.opened).sum()
    }

    #[test]
    fn time_may_begin_anew_and_nothing_is_forgotten() {
        let mut timeline = Timeline::default();
        let hour = 3_600_000_000_000_u64;
        for (nth, hours) in [(1, 1000), (2, 1001), (3, 999), (4, 10), (5, 100_000)] {
            let time = Timestamp(hours * hour);
            timeline.begin(time);
            timeline.at(time).opened += 1;
            assert_eq!(opened(&timeline), nth);
            assert!(timeline.bins.len() <= MOST && timeline.start.is_some_and(|start| start <= time));
        }
    }
}
