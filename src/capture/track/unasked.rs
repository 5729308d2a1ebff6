//! Packets of which nobody asks what they meant: nearly all, where only connections are told.
//!
//! They are read at a glance, some at a time, into the places where they are kept to recognise copies
//! ([`Twice`]), and taken from there into their conversations. What a glance does not tell takes the way of
//! [`Tracker::observe`].

use super::Tracker;
use super::notes::Notes;
use super::slab::Found;
use super::twice::{self, Seat, Twice};
use crate::capture::arrival::{Arrival, Passenger};
use crate::capture::decode::glance;
use crate::capture::frame::{Frame, Lent};
use crate::wire::{Protocol, Segment};

impl Tracker {
    /// For who does not ask what packets meant: has `run` read frames and take them in.
    pub(in crate::capture) fn at_a_glance<R>(&mut self, run: impl FnOnce(&mut Self, &mut Twice) -> R) -> R {
        let mut twice = self.twice.take().unwrap_or_default();
        let outcome = run(self, &mut twice);
        self.twice = Some(twice);
        outcome
    }

    /// Reads frame `n`, if a glance can tell what it is; tells what becomes of it.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every packet")]
    pub(in crate::capture) fn read(&self, twice: &mut Twice, n: u64, frame: &Frame<'_>, ahead: bool) -> Lent {
        let free = twice.free();
        if glance(n, frame, free).is_none() {
            return Lent::Refused;
        }
        let tag = self.conns.tag(&free.arrival.key);
        if ahead {
            self.conns.foresee(tag);
        }
        if twice.sits(tag) { Lent::Taken } else { Lent::Enough }
    }

    /// Takes in what was read.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every packet")]
    pub(in crate::capture) fn take_in(&mut self, twice: &mut Twice, seat: Seat) {
        let (Passenger { arrival, segment, checksum, datagram, .. }, tag) = twice.at(seat);
        let is_segment = arrival.key.protocol() == Protocol::Tcp;
        let mark = if is_segment {
            twice::mark_of_segment(arrival.ip_id, segment, *checksum)
        } else {
            twice::mark_of_datagram(arrival.ip_id, datagram)
        };
        let notes = self.comes_at(arrival.time);
        match twice.take(seat, mark) {
            Err(_) => self.duplicates += 1,
            Ok(Passenger { arrival, segment, .. }) if is_segment => self.take_segment(tag, arrival, segment, notes),
            Ok(Passenger { arrival, datagram, .. }) => self.take_datagram(tag, arrival, datagram, notes),
        }
    }

    /// Reads frame `n` and takes it in, if a glance can tell what it is.
    pub(in crate::capture) fn take_at_a_glance(&mut self, n: u64, frame: &Frame<'_>) -> bool {
        self.at_a_glance(|tracker, twice| {
            let told = tracker.read(twice, n, frame, false) != Lent::Refused;
            if let Some(seat) = twice.first() {
                tracker.take_in(twice, seat);
            }
            told
        })
    }

    /// Takes in a segment or a datagram as if a glance had told it.
    #[cfg(test)]
    pub(super) fn take(&mut self, passenger: &Passenger) {
        self.at_a_glance(|tracker, twice| {
            *twice.free() = *passenger;
            twice.sits(tracker.conns.tag(&passenger.arrival.key));
            if let Some(seat) = twice.first() {
                tracker.take_in(twice, seat);
            }
        });
    }

    #[inline(never)]
    fn take_segment(&mut self, tag: u32, arrival: &Arrival, segment: &Segment, notes: Notes) {
        let found = self.conns.find_by(tag, &arrival.key);
        let taken = match found {
            Some(Found::Conn(slot)) => self.conns.at_mut(slot).steady(arrival, segment, notes, &self.shark).is_some(),
            Some(found) => self.goes_by_the_book(tag, found, arrival, segment, notes),
            None => false,
        };
        if !taken {
            self.unsteady(tag, found, arrival, segment, notes, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use super::*;
    use crate::capture::file::{Capture, Options};
    use crate::capture::findings::Finding;
    use crate::capture::track::Conn;
    use crate::capture::track::steady::tests::all_captures;
    use crate::capture::{Checksums, Next, Sink, Source, SourceError, pump};

    /// Takes down what it is told, and may not want packets.
    struct Told {
        wants_packets: bool,
        lines: Vec<String>,
    }

    impl Sink for Told {
        fn wants_packets(&self) -> bool {
            self.wants_packets
        }

        fn ended(&mut self, conn: &Conn) -> io::Result<()> {
            self.lines.push(format!("{conn:?}"));
            Ok(())
        }

        fn finding(&mut self, finding: &Finding) -> io::Result<()> {
            self.lines.push(format!("{finding:?}"));
            Ok(())
        }
    }

    /// A source that lends nothing.
    struct OneByOne(Capture);

    impl Source for OneByOne {
        fn next(&mut self) -> Result<Next<'_>, SourceError> {
            self.0.next()
        }
    }

    fn told(source: &mut dyn Source, wants_packets: bool) -> Vec<String> {
        let mut sink = Told { wants_packets, lines: Vec::new() };
        let summary = pump(source, Checksums::Ignore, &mut Tracker::default(), &mut sink);
        sink.lines.push(format!("{summary:?}"));
        sink.lines
    }

    fn open(path: &Path) -> Option<Capture> {
        Capture::open(path, Options::default()).ok()
    }

    #[test]
    fn what_is_told_is_the_same_whether_or_not_somebody_asks_for_packets() {
        for path in all_captures() {
            let (Some(mut asked), Some(unasked), Some(mut lent)) = (open(&path), open(&path), open(&path)) else {
                continue;
            };
            let asked = told(&mut asked, true);
            assert!(asked == told(&mut OneByOne(unasked), false), "{}, one by one", path.display());
            assert!(asked == told(&mut lent, false), "{}, lent", path.display());
        }
    }
}
