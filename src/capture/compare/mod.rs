//! Two captures of the same conversations, one near the client and one near the server: what one side
//! sent and the other never saw, how long the way took, and what was changed on it.
//!
//! [`Collected`] takes a capture in, as a [`Sink`](super::Sink); [`compare`] holds two against each
//! other. Connections are paired by what survives address translation ([`Evidence`]); segments by their
//! numbers, brought to each other by the shift that the first ones show, and repeats told
//! apart by their timestamps and IPv4 identifications; what offloading cut up or put together is matched
//! by its octets. From all segments that came follows how the clocks stand ([`Clocks`]), and from that
//! the time each way took.
//!
//! Both captures are held in memory, some 230 octets for a segment; beyond eight million of a capture,
//! the rest is left out, and counted.

mod change;
mod clock;
mod collect;
mod pair;
mod passage;
mod way;

pub use change::{Change, What};
pub use clock::Clocks;
pub use collect::{Collected, Sight, Talk};
pub use pair::Evidence;
pub use way::{Copied, Foreign, Lost, Overtaken, Times, Way};

use std::borrow::Cow;
use std::collections::HashSet;

use clock::Passage;
use passage::{Matched, Shift};
use way::{Lane, Sights};

use super::track::{ConnId, Ends, Role};
use crate::wire::{Endpoint, Flags, Span, Timestamp};

/// What two captures say of each other.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// How the clock of the capture at the server stands to that at the client; `None` where no segment
    /// is in both.
    pub clocks: Option<Clocks>,
    /// Everything fits better if the captures are taken for each other's.
    pub swapped: bool,
    /// Times that segments took from the client to the server.
    pub there: Option<Times>,
    /// Times that segments took from the server to the client.
    pub back: Option<Times>,
    /// Connections that are in both, in the order of the capture at the client.
    pub conns: Vec<Compared>,
    /// Connections that only the capture at the client has, or only that at the server.
    pub alone: Ends<Vec<Alone>>,
}

/// A connection that both captures saw.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Its number in the capture at the client and in that at the server.
    pub ids: Ends<ConnId>,
    /// Its ends as the capture at the client saw them.
    pub near: Ends<Endpoint>,
    /// Its ends as the capture at the server saw them.
    pub far: Ends<Endpoint>,
    /// What shows that it is one connection.
    pub evidence: Vec<Evidence>,
    /// What became of the client's segments.
    pub there: Way,
    /// What became of the server's segments.
    pub back: Way,
    /// How long the steps of the opening took.
    pub handshake: Option<Handshake>,
}

impl Compared {
    /// Whether nothing was lost, doubled, overtaken, changed or made up.
    pub fn is_clean(&self) -> bool {
        [&self.there, &self.back].into_iter().all(|way| {
            way.lost.is_empty()
                && way.duplicated.is_empty()
                && way.reordered.is_empty()
                && way.foreign.is_empty()
                && way.changes.is_empty()
        })
    }
}

/// A connection that only one capture has.
#[derive(Clone, Copy, Debug)]
pub struct Alone {
    /// Its number there.
    pub id: ConnId,
    /// Its ends.
    pub ends: Ends<Endpoint>,
    /// How many segments of it there are.
    pub segments: u64,
}

/// The opening, in the parts that two captures can tell from each other. What is on the way has the
/// clocks' uncertainty in it; what is at an end has not, and neither has the sum of both ways.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Handshake {
    /// From the client's capture to the server's: the SYN.
    pub there: Span,
    /// From the SYN to the SYN/ACK at the server.
    pub server: Span,
    /// From the server's capture to the client's: the SYN/ACK.
    pub back: Span,
    /// From the SYN/ACK to step three at the client, where it was seen.
    pub client: Option<Span>,
}

impl Handshake {
    /// The round trip between both captures.
    pub fn round_trip(&self) -> Span {
        Span(self.there.0 + self.back.0)
    }
}

/// Holds a capture at the client and one at the server against each other.
pub fn compare(near: &Collected, far: &Collected) -> Comparison {
    let (near_talks, far_talks) = (usable(near), usable(far));
    let pairs = pair::pair(&near_talks, &far_talks);
    let joints: Vec<Joint<'_>> = pairs.iter().map(|(n, f, _)| Joint::of(&near_talks[*n], &far_talks[*f])).collect();
    let (there, back) = passages(&joints);
    let clocks = clock::estimate(&there, &back);
    let turned = |way: &[Passage]| way.iter().map(|(sent, came)| (*came, *sent)).collect::<Vec<_>>();
    // What went from the client was sent at the capture that saw it first.
    let fits = |clocks: Option<Clocks>| clocks.is_some_and(|clocks| clocks.consistent);
    let swapped = !fits(clocks) && fits(clock::estimate(&turned(&back), &turned(&there)));

    let mut comparison = Comparison { clocks, swapped, ..Comparison::default() };
    if let (Some(clocks), Some(sights)) = (clocks, clocks.and_then(|clocks| windows(near, far, &clocks))) {
        let durations = |role| joints.iter().flat_map(|joint| joint.lane(role).durations(&clocks)).collect();
        comparison.there = way::times(durations(Role::Client));
        comparison.back = way::times(durations(Role::Server));
        let least = |times: Option<Times>| times.map_or(Span(0), |times| times.least);
        let (least_there, least_back) = (least(comparison.there), least(comparison.back));
        let turned = Sights { sender: sights.receiver, receiver: sights.sender };
        comparison.conns = joints
            .iter()
            .zip(&pairs)
            .map(|(joint, (_, _, evidence))| Compared {
                ids: Ends { client: joint.near.id, server: joint.far.id },
                near: ends(joint.near),
                far: ends(joint.far),
                evidence: evidence.clone(),
                there: joint.lane(Role::Client).way(&clocks, least_there, sights),
                back: joint.lane(Role::Server).way(&clocks, least_back, turned),
                handshake: joint.handshake(&clocks),
            })
            .collect();
    }
    let near_paired: HashSet<usize> = pairs.iter().map(|(near, _, _)| *near).collect();
    let far_paired: HashSet<usize> = pairs.iter().map(|(_, far, _)| *far).collect();
    comparison.alone = Ends { client: alone(&near_talks, &near_paired), server: alone(&far_talks, &far_paired) };
    comparison
}

/// Two views of one connection, and what of them belongs together.
struct Joint<'a> {
    near: &'a Talk,
    far: &'a Talk,
    shifts: Ends<Shift>,
    matched: Ends<Matched>,
}

impl<'a> Joint<'a> {
    fn of(near: &'a Talk, far: &'a Talk) -> Self {
        let (asked, heard) = (near.from(Role::Client), far.from(Role::Client));
        let (answered, got) = (far.from(Role::Server), near.from(Role::Server));
        let shifts = Ends { client: passage::shift(asked, heard), server: passage::shift(answered, got) };
        let matched = Ends {
            client: passage::follow(asked, heard, shifts.client, shifts.server),
            server: passage::follow(answered, got, shifts.server, shifts.client),
        };
        Self { near, far, shifts, matched }
    }

    /// The direction of what `from` sends.
    fn lane(&self, from: Role) -> Lane<'_> {
        let talks = if from == Role::Client { (self.near, self.far) } else { (self.far, self.near) };
        let (sent, came) = (talks.0.from(from), talks.1.from(from));
        Lane { from, talks, sent, came, matched: self.matched.of(from), shift: *self.shifts.of(from) }
    }

    fn passages(&self, from: Role) -> impl Iterator<Item = Passage> {
        let Lane { sent, came, matched, .. } = self.lane(from);
        matched.pairs.iter().chain(&matched.recut).map(|&(from, to)| (sent[from].time, came[to].time))
    }

    fn handshake(&self, clocks: &Clocks) -> Option<Handshake> {
        let (asks, answers) = (self.lane(Role::Client), self.lane(Role::Server));
        let (answered, got) = answers.pairs().find(|(sent, _)| sent.flags.is_syn_ack())?;
        let is_asked = |sent: &Sight, came: &Sight| sent.flags.is_syn() && came.time <= answered.time;
        let (asked, heard) = asks.pairs().filter(|(sent, came)| is_asked(sent, came)).last()?;
        let is_third = |sight: &&Sight| sight.time >= got.time && !sight.flags.intersects(Flags::SYN | Flags::RST);
        let third = asks.sent.iter().find(is_third);
        Some(Handshake {
            there: clocks.near(heard.time) - asked.time,
            server: answered.time - heard.time,
            back: got.time - clocks.near(answered.time),
            client: third.map(|third| third.time - got.time),
        })
    }
}

/// The connections of a capture, without the copies that it makes itself.
fn usable(collected: &Collected) -> Cow<'_, [Talk]> {
    let mut talks = Cow::Borrowed(&collected.talks[..]);
    if collected.is_doubled() {
        talks.to_mut().iter_mut().for_each(Talk::forget_copies);
    }
    talks
}

fn passages(joints: &[Joint<'_>]) -> (Vec<Passage>, Vec<Passage>) {
    let of = |role| joints.iter().flat_map(|joint| joint.passages(role)).collect();
    (of(Role::Client), of(Role::Server))
}

/// From when to when each capture saw, by the near clock: what the client sends.
fn windows(near: &Collected, far: &Collected, clocks: &Clocks) -> Option<Sights> {
    let at = |time: Option<Timestamp>| time.map(|time| clocks.near(time));
    Some(Sights { sender: (near.begun?, near.ended?), receiver: (at(far.begun)?, at(far.ended)?) })
}

fn ends(talk: &Talk) -> Ends<Endpoint> {
    Ends { client: talk.endpoint(Role::Client), server: talk.endpoint(Role::Server) }
}

fn alone(talks: &[Talk], paired: &HashSet<usize>) -> Vec<Alone> {
    let alone = talks.iter().enumerate().filter(|(at, _)| !paired.contains(at));
    alone.map(|(_, talk)| Alone { id: talk.id, ends: ends(talk), segments: talk.len() as u64 }).collect()
}
