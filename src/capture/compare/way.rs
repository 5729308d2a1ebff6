use std::collections::BTreeMap;

use super::change::{Change, Changes, What, hops};
use super::clock::Clocks;
use super::collect::{Sight, Talk};
use super::passage::{Matched, Shift};
use crate::capture::track::Role;
use crate::wire::{Flags, Span, Timestamp};

/// What one direction of a connection went through, from the end that sent to the one that received.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// Segments that were sent.
    pub sent: u64,
    /// Those of them that came, as they were or cut anew.
    pub arrived: u64,
    /// Those that came cut up, or put together with others.
    pub recut: u64,
    /// Segments that came.
    pub came: u64,
    /// What was sent and did not come.
    pub lost: Vec<Lost>,
    /// What came more often than it was sent.
    pub duplicated: Vec<Copied>,
    /// What came after something that was sent later.
    pub reordered: Vec<Overtaken>,
    /// What came and was not sent.
    pub foreign: Vec<Foreign>,
    /// Segments that one capture has, from before the first packet of the other or after its last: it
    /// did not run then, or they were lost.
    pub outside: u64,
    /// How long the way took.
    pub times: Option<Times>,
    /// Routers on the way, by time to live: as most segments say. Negative where it grew.
    pub hops: Option<i16>,
    /// What was changed on the way.
    pub changes: Vec<Change>,
}

/// A segment that was sent and did not come.
#[derive(Clone, Copy, Debug)]
pub struct Lost {
    /// As it was sent.
    pub sight: Sight,
    /// How many of its octets did not come.
    pub octets: u32,
}

/// A segment that came more often than it was sent.
#[derive(Clone, Copy, Debug)]
pub struct Copied {
    /// The copy, where it came.
    pub sight: Sight,
    /// The number of the segment where it was sent.
    pub of: u64,
}

/// A segment that came after something that was sent later.
#[derive(Clone, Copy, Debug)]
pub struct Overtaken {
    /// Where it came.
    pub sight: Sight,
    /// Its number where it was sent.
    pub sent: u64,
    /// How many segments that were sent later had come before it.
    pub by: u64,
}

/// A segment that came and was not sent, as far as the capture at its sender shows.
#[derive(Clone, Copy, Debug)]
pub struct Foreign {
    /// Where it came.
    pub sight: Sight,
    /// The time to live that its direction has there otherwise, if this one is another.
    pub usual_ttl: Option<u8>,
    /// Whether its alleged sender goes on as if it had not sent it.
    pub goes_on: bool,
}

impl Foreign {
    /// Whether it is a RST that no end sent: there are reasons to doubt its sender, beside the capture
    /// there, which may have missed it.
    pub fn is_forged_reset(&self) -> bool {
        self.sight.flags.contains(Flags::RST) && (self.usual_ttl.is_some() || self.goes_on)
    }
}

/// How long segments were on their way. The clocks' uncertainty is in each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Times {
    /// The fastest.
    pub least: Span,
    /// The one in the middle.
    pub median: Span,
    /// The slowest.
    pub most: Span,
    /// How many there were.
    pub count: u64,
}

/// A direction while it is looked at.
#[derive(Clone, Copy)]
pub(super) struct Lane<'a> {
    /// Who sends.
    pub(super) from: Role,
    /// The connection where it is sent, and where it comes.
    pub(super) talks: (&'a Talk, &'a Talk),
    pub(super) sent: &'a [Sight],
    pub(super) came: &'a [Sight],
    pub(super) matched: &'a Matched,
    pub(super) shift: Shift,
}

/// From when to when both captures saw, by the near clock: where it is sent, and where it comes.
#[derive(Clone, Copy)]
pub(super) struct Sights {
    pub(super) sender: (Timestamp, Timestamp),
    pub(super) receiver: (Timestamp, Timestamp),
}

impl<'a> Lane<'a> {
    /// Each segment that came as it was sent: where it was sent, and where it came.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&'a Sight, &'a Sight)> {
        let Self { sent, came, matched, .. } = *self;
        matched.pairs.iter().map(move |&(from, to)| (&sent[from], &came[to]))
    }

    /// How long each segment was on its way that came as it was sent.
    pub(super) fn durations(&self, clocks: &Clocks) -> Vec<Span> {
        let on_the_way = |&(sent, came): &(usize, usize)| {
            self.near_came(&self.came[came], clocks) - self.near_sent(&self.sent[sent], clocks)
        };
        self.matched.pairs.iter().chain(&self.matched.recut).map(on_the_way).collect()
    }

    /// What it went through; `least` is the shortest time that any segment took this way.
    pub(super) fn way(&self, clocks: &Clocks, least: Span, sights: Sights) -> Way {
        let Self { sent, came, matched, .. } = *self;
        let mut way = Way {
            sent: sent.len() as u64,
            came: came.len() as u64,
            arrived: (matched.pairs.len() + matched.recut.len()) as u64,
            recut: matched.recut.len() as u64,
            times: times(self.durations(clocks)),
            ..Way::default()
        };
        let within = |time: Timestamp, (begun, ended): (Timestamp, Timestamp)| begun <= time && time <= ended;
        for &(at, octets) in &matched.missing {
            let sight = sent[at];
            if within(self.near_sent(&sight, clocks) + least, sights.receiver) {
                way.lost.push(Lost { sight, octets });
            } else {
                way.outside += 1;
            }
        }
        way.duplicated = matched.copies.iter().map(|&(of, at)| Copied { sight: came[at], of: sent[of].n }).collect();
        way.reordered = self.overtaken();
        let usual_ttl = most(self.pairs().map(|(_, came)| came.ttl));
        for &at in &matched.strangers {
            let sight = came[at];
            let left = self.near_came(&sight, clocks) + Span(-least.0);
            let usual_ttl = usual_ttl.filter(|ttl| *ttl != sight.ttl);
            // Beyond the end of the sender's capture nobody knows what it sent; but what comes another way
            // than all the rest is not from there.
            if !within(left, sights.sender) && usual_ttl.is_none() {
                way.outside += 1;
                continue;
            }
            let goes_on = |other: &Sight| self.near_sent(other, clocks) > left && !other.flags.contains(Flags::RST);
            way.foreign.push(Foreign { sight, usual_ttl, goes_on: sent.iter().rev().any(goes_on) });
        }
        way.hops = most(self.pairs().map(|(sent, came)| hops(sent, came)));
        way.changes = self.changes(way.hops.unwrap_or(0));
        way
    }

    fn changes(&self, usual_hops: i16) -> Vec<Change> {
        let mut changes = Changes::default();
        let (there, here) = self.talks;
        for (sent, came) in self.pairs() {
            for (role, what) in [(self.from, What::Source as fn(_, _) -> _), (!self.from, What::Destination)] {
                let (was, is) = (there.endpoint(role), here.endpoint(role));
                if was != is {
                    changes.add(what(was, is), sent.n, came.n);
                }
            }
            changes.look(sent, came, self.shift, usual_hops);
        }
        changes.told()
    }

    fn overtaken(&self) -> Vec<Overtaken> {
        let mut overtaken = Vec::new();
        let mut come = Tally::new(self.sent.len());
        for (count, &(from, to)) in (0..).zip(&self.matched.pairs) {
            let by = count - come.up_to(from);
            if by > 0 {
                overtaken.push(Overtaken { sight: self.came[to], sent: self.sent[from].n, by });
            }
            come.count(from);
        }
        overtaken
    }

    fn near_sent(&self, sight: &Sight, clocks: &Clocks) -> Timestamp {
        if self.from == Role::Client { sight.time } else { clocks.near(sight.time) }
    }

    fn near_came(&self, sight: &Sight, clocks: &Clocks) -> Timestamp {
        if self.from == Role::Client { clocks.near(sight.time) } else { sight.time }
    }
}

/// Counts places, and how many of those counted lie before another (a Fenwick tree).
struct Tally(Vec<u64>);

impl Tally {
    fn new(places: usize) -> Self {
        Self(vec![0; places + 1])
    }

    fn count(&mut self, place: usize) {
        let mut at = place + 1;
        while let Some(sum) = self.0.get_mut(at) {
            *sum += 1;
            at += at & at.wrapping_neg();
        }
    }

    fn up_to(&self, place: usize) -> u64 {
        let (mut at, mut count) = (place, 0);
        while at > 0 {
            count += self.0[at];
            at &= at - 1;
        }
        count
    }
}

pub(super) fn times(mut durations: Vec<Span>) -> Option<Times> {
    durations.sort_unstable();
    let (&least, &most) = (durations.first()?, durations.last()?);
    let &median = durations.get(durations.len() / 2)?;
    Some(Times { least, median, most, count: durations.len() as u64 })
}

/// The value that most have; of equals the smallest.
fn most<T: Copy + Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, u64> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(value, count)| (*count, std::cmp::Reverse(*value))).map(|(value, _)| value)
}
