//! The segment that most segments are: the next octets, or the next acknowledgement, between two
//! ends that are open and miss nothing.
//!
//! It could take the way of every other segment, [`Pass::run`], and nothing would come out
//! differently: a test holds the two ways against each other. It is taken apart because nearly all
//! questions of that way have one answer here, and asking them takes most of the time of a large
//! capture.

use super::half::{Half, Probe};
use super::pass::Pass;
use super::segments;
use super::standing::State;
use crate::wire::{Flags, Seq, options::Present};

impl Pass<'_> {
    /// Whether the segment is such a one.
    #[inline]
    pub(super) fn is_steady(&self) -> bool {
        let segment = self.segment;
        (segment.flags == Flags::ACK || segment.flags == Flags::ACK | Flags::PSH)
            && self.life.reset_by.is_none()
            && self.life.doubtful.is_none()
            && is_open(self.sender)
            && is_open(self.receiver)
            && segment.window.0 != 0
            && segment.seq == self.sender.nxt
            && self.sender.iss.is_none_or(|iss| !segment.seq.before(iss))
            && self.acknowledges_what_was_sent()
            && self.has_the_usual_options()
            && self.moves_the_edge_on()
    }

    /// Takes in such a segment.
    #[inline]
    pub(super) fn go_on(&mut self) {
        let (segment, now) = (self.segment, self.at.time);
        self.sender.dup_run = 0;
        if segment.len > 0 {
            let added = self.sender.coverage.go_on(segment.len);
            self.sender.nxt = segment.end();
            self.sender.counts.unique_bytes += u64::from(segment.len);
            self.sender.fresh = Some(now);
            segments::time_answer(self);
            segments::time_octets(self, added);
        }
        self.learn();
        segments::remember(self);
    }

    /// Neither less than before, nor what was not seen; and not the same again with nothing else.
    fn acknowledges_what_was_sent(&self) -> bool {
        let (ack, receiver) = (self.segment.ack, &*self.receiver);
        receiver.una.is_some_and(|una| ack.after(una) || ack == una && self.segment.len > 0) && !ack.after(receiver.nxt)
    }

    /// No options, or the timestamps that were agreed on, and not older than the last.
    fn has_the_usual_options(&self) -> bool {
        let options = &self.segment.options;
        let offers = self.sender.offer.zip(self.receiver.offer);
        let agreed = offers.map(|(own, peer)| own.ts_ok && peer.ts_ok);
        match (agreed, options.timestamps()) {
            (Some(true), None) | (Some(false), Some(_)) => false,
            (_, None) => options.present == Present::default(),
            (_, Some((val, _))) => {
                options.present == Present::TIMESTAMPS
                    && self.sender.ts_val.is_none_or(|last| !Seq(val).before(Seq(last)))
            }
        }
    }

    /// It neither fills the window that its receiver offered nor takes back what its sender did.
    fn moves_the_edge_on(&self) -> bool {
        let fills =
            self.segment.len > 0 && self.receiver.offer.is_some() && self.receiver.edge == Some(self.segment.end());
        !fills && !segments::shrinks(self, segments::edge(self))
    }
}

/// Whether an end is open beyond doubt, has not closed, and nothing is missing of what it sent.
#[inline]
fn is_open(half: &Half) -> bool {
    half.is_proven(State::Established)
        && half.fin.is_none()
        && half.window != 0
        && half.probe == Probe::None
        && half.repeated_to.is_none()
        && half.spoke
        && half.coverage.is_whole()
        && half.coverage.nxt() == Some(half.nxt)
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;
    use std::fs;
    use std::path::{Path, PathBuf};

    use crate::capture::file::{Capture, Options};
    use crate::capture::track::{Limits, Tracker};
    use crate::capture::{Checksums, Next, Source as _, decode};

    thread_local! {
        /// Whether every segment takes the long way; and how many have taken the short one.
        pub(in super::super) static LONG_WAY: Cell<bool> = const { Cell::new(false) };
        static SHORT: Cell<u64> = const { Cell::new(0) };
    }

    /// Whether a segment may take the short way.
    pub(in super::super) fn may_be_short(steady: bool) -> bool {
        let short = steady && !LONG_WAY.get();
        SHORT.set(SHORT.get() + u64::from(short));
        short
    }

    /// What a tracker says of a capture's packets and connections; at most 50,000 packets.
    fn told(path: &Path, long_way: bool) -> Vec<String> {
        LONG_WAY.set(long_way);
        let mut tracker = Tracker::new(Limits::default());
        let mut told = Vec::new();
        let Ok(mut capture) = Capture::open(path, Options::default()) else { return told };
        while let Ok(Next::Frame(frame)) = capture.next()
            && told.len() < 50_000
        {
            let record = decode(&frame, Checksums::Ignore);
            told.push(format!("{:?}", tracker.observe(told.len() as u64 + 1, &record)));
        }
        tracker.settle();
        told.extend(tracker.conns().map(|conn| format!("{conn:?}")));
        LONG_WAY.set(false);
        told
    }

    fn captures(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                captures(&path, found);
            } else if path.extension().is_some_and(|ext| ext == "pcap" || ext == "pcapng" || ext == "cap") {
                found.push(path);
            }
        }
    }

    #[test]
    fn the_short_way_leads_where_the_long_way_leads() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let shared = root.join("../shared/captures");
        if !shared.is_dir() {
            eprintln!("not run on the shared captures: {} is not there", shared.display());
            assert!(std::env::var_os("CI").is_none(), "CI has the shared captures");
        }
        let mut found = Vec::new();
        captures(&root.join("captures"), &mut found);
        captures(&shared, &mut found);
        assert!(found.len() > 50, "captures to read");
        let mut packets = 0;
        SHORT.set(0);
        for path in found {
            let (short, long) = (told(&path, false), told(&path, true));
            packets += short.len();
            for (at, (short, long)) in short.iter().zip(&long).enumerate() {
                assert_eq!(short, long, "{}: line {at}", path.display());
            }
        }
        eprintln!("{} of {packets} lines are of segments that took the short way", SHORT.get());
        assert!(SHORT.get() > packets as u64 / 5, "a fifth at least takes the short way");
    }
}
