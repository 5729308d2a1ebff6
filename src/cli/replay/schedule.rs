use std::sync::Arc;

use crate::craft::replay::{Part, Speed};
use crate::wire::{Span, Timestamp};

/// A connection to perform.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// What is performed.
    pub(super) part: Arc<Part>,
    /// How many times all of them were performed before.
    pub(super) round: u32,
    /// When it began and ended in the recording.
    began: Timestamp,
    ended: Timestamp,
}

/// Which connection begins when: in their recorded order, with their recorded overlap, and never
/// more at once than wanted.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    entries: Vec<Entry>,
    /// The next entry, and the round it is in.
    next: usize,
    round: u32,
    rounds: u32,
    speed: Speed,
    at_once: usize,
    /// Those that are performed now.
    active: Vec<Entry>,
    /// When the round began.
    since: Option<Timestamp>,
}

/// When the next connection begins.
pub(super) enum Due {
    Now(Entry),
    At(Timestamp),
    /// When another is over, or never.
    Later,
}

impl Schedule {
    /// All `parts`, `rounds` times, at most so many at once.
    pub(super) fn new(parts: impl IntoIterator<Item = Part>, rounds: u32, speed: Speed, at_once: usize) -> Self {
        let mut entries: Vec<Entry> = parts.into_iter().map(Entry::of).collect();
        entries.sort_by_key(|entry| entry.began);
        Self { entries, next: 0, round: 0, rounds, speed, at_once, active: Vec::new(), since: None }
    }

    /// Whether nothing is left that could begin.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() || self.round >= self.rounds
    }

    /// How many are performed in all.
    pub(super) fn len(&self) -> u64 {
        self.entries.len() as u64 * u64::from(self.rounds)
    }

    /// How many are open at once at most: as many as were in the recording, or as are wanted.
    pub(super) fn most_at_once(&self) -> u32 {
        let mut ends: Vec<(Timestamp, i32)> =
            self.entries.iter().flat_map(|entry| [(entry.began, 1), (entry.ended, -1)]).collect();
        // What ends when another begins makes room for it.
        ends.sort_unstable();
        let (mut now, mut most) = (0, 1);
        for (_, change) in ends {
            now += change;
            most = most.max(now);
        }
        u32::try_from(self.at_once).unwrap_or(u32::MAX).min(most.unsigned_abs())
    }

    /// The next to begin, if its time has come.
    pub(super) fn next(&mut self, now: Timestamp) -> Due {
        if self.is_empty() || self.active.len() >= self.at_once {
            return Due::Later;
        }
        if self.next == 0 {
            if !self.active.is_empty() {
                return Due::Later;
            }
            self.since = None;
        }
        let Some(entry) = self.entries.get(self.next) else { return Due::Later };
        let first = self.entries.first().map_or(entry.began, |first| first.began);
        let due = *self.since.get_or_insert(now) + self.speed.of(first.until(entry.began));
        if due > now {
            return Due::At(due);
        }
        // Without a clock: after all that were over when it began.
        if self.speed == Speed::Fast && self.active.iter().any(|active| active.ended <= entry.began) {
            return Due::Later;
        }
        self.take().map_or(Due::Later, Due::Now)
    }

    /// The next one, for a client that has come now.
    pub(super) fn next_for_a_client(&mut self) -> Option<Entry> {
        if self.is_empty() || self.active.len() >= self.at_once { None } else { self.take() }
    }

    /// One of them is over.
    pub(super) fn ended(&mut self, ended: &Entry) {
        let same = |entry: &Entry| entry.round == ended.round && Arc::ptr_eq(&entry.part, &ended.part);
        if let Some(at) = self.active.iter().position(same) {
            self.active.swap_remove(at);
        }
    }

    /// Begins no more.
    pub(super) fn drop_the_rest(&mut self) {
        self.round = self.rounds;
    }

    fn take(&mut self) -> Option<Entry> {
        let mut entry = self.entries.get(self.next)?.clone();
        entry.round = self.round;
        self.next += 1;
        if self.next == self.entries.len() {
            self.next = 0;
            self.round += 1;
        }
        self.active.push(entry.clone());
        Some(entry)
    }
}

impl Entry {
    fn of(part: Part) -> Self {
        let recording = part.recording();
        let began = recording.began;
        let last = recording.steps.last().map_or(0, |step| step.at_ns);
        let ended = began + Span(i64::try_from(last).unwrap_or(i64::MAX));
        Self { part: Arc::new(part), round: 0, began, ended }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::recording::{Act, End, Manner, RecordedEnd, Recording, Step};
    use crate::wire::{Endpoint, Seq};

    fn part(number: u32, began_ms: u64, ended_ms: u64) -> Part {
        let end = RecordedEnd {
            endpoint: Endpoint { addr: [127, 0, 0, 1].into(), port: 1 },
            iss: Seq(0),
            greeting: None,
            stream: Vec::new(),
            acked: 0,
            fin: false,
            reset: false,
            manner: Manner::default(),
        };
        let at_ns = (ended_ms - began_ms) * 1_000_000;
        let steps = vec![Step { at_ns, by: End::Client, act: Act::Syn, heard: 0 }];
        let began = Timestamp(began_ms * 1_000_000);
        let recording = Recording { number, began, client: end.clone(), server: end, steps, gaps: Vec::new() };
        Part::new(Arc::new(recording), End::Client)
    }

    fn schedule(rounds: u32, speed: Speed, at_once: usize) -> Schedule {
        // Two overlap; the third begins when the first is over.
        Schedule::new([part(2, 150, 300), part(0, 0, 100), part(1, 50, 200)], rounds, speed, at_once)
    }

    fn now(schedule: &mut Schedule, ms: u64) -> Option<Entry> {
        match schedule.next(Timestamp(ms * 1_000_000)) {
            Due::Now(entry) => Some(entry),
            Due::At(_) | Due::Later => None,
        }
    }

    fn number(entry: &Entry) -> (u32, u32) {
        (entry.part.recording().number, entry.round)
    }

    #[test]
    fn what_overlapped_overlaps_and_what_did_not_waits() {
        let mut schedule = schedule(2, Speed::Fast, 10);
        assert_eq!((schedule.most_at_once(), schedule.len()), (2, 6));
        let first = now(&mut schedule, 0).expect("the first");
        let second = now(&mut schedule, 0).expect("it overlaps");
        assert_eq!((number(&first), number(&second)), ((0, 0), (1, 0)));
        assert!(now(&mut schedule, 9000).is_none());
        schedule.ended(&second);
        assert!(now(&mut schedule, 9000).is_none());
        schedule.ended(&first);
        let third = now(&mut schedule, 9000).expect("both are over");
        assert_eq!(number(&third), (2, 0));
        assert!(now(&mut schedule, 9000).is_none(), "a round waits for the one before");
        schedule.ended(&third);
        assert_eq!(now(&mut schedule, 9000).map(|entry| number(&entry)), Some((0, 1)));
    }

    #[test]
    fn by_the_clock_they_begin_when_they_did() {
        let mut schedule = schedule(1, Speed::Times(2.0), 10);
        assert!(now(&mut schedule, 1000).is_some());
        assert!(now(&mut schedule, 1024).is_none());
        assert!(now(&mut schedule, 1025).is_some() && now(&mut schedule, 1074).is_none());
        assert!(now(&mut schedule, 1075).is_some() && schedule.is_empty());
    }

    #[test]
    fn never_more_at_once_than_wanted() {
        let mut schedule = schedule(1, Speed::Recorded, 1);
        let first = now(&mut schedule, 0).expect("the first");
        assert!(now(&mut schedule, 500).is_none() && schedule.most_at_once() == 1);
        schedule.ended(&first);
        assert!(now(&mut schedule, 500).is_some());
    }
}
