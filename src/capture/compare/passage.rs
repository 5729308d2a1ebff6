//! What one direction of a connection went through: each segment of the sender's capture is looked for
//! in the receiver's.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;

use super::collect::Sight;
use crate::wire::{Flags, Seq};

/// How the two views of one direction belong together, by the places of their segments.
#[derive(Clone, Debug, Default)]
pub(super) struct Matched {
    /// What was sent, and the one that came of it, in the order in which they came.
    pub(super) pairs: Vec<(usize, usize)>,
    /// What was sent as one segment and came as others, or with others, and where its first octet came.
    pub(super) recut: Vec<(usize, usize)>,
    /// What was sent and did not come, and how many of its octets.
    pub(super) missing: Vec<(usize, u32)>,
    /// What came once more than it was sent, and what it is a copy of.
    pub(super) copies: Vec<(usize, usize)>,
    /// What came and was not sent, as far as the sender's capture shows.
    pub(super) strangers: Vec<usize>,
}

/// By how much the numbers of a direction differ between both captures.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Shift {
    /// Of sequence numbers: what came, less what was sent.
    pub(super) seq: u32,
    /// Of timestamp values.
    pub(super) stamp: u32,
}

/// How many segments are asked for the shift.
const ASKED: usize = 256;

/// Finds by how much the numbers differ: those of the SYN where both have it, else as most segments say
/// that have the same payload.
pub(super) fn shift(sent: &[Sight], came: &[Sight]) -> Shift {
    let syn = |sights: &[Sight]| sights.iter().find(|sight| sight.flags.contains(Flags::SYN)).map(|sight| sight.seq);
    let seq = match (syn(sent), syn(came)) {
        (Some(sent), Some(came)) => came.0.wrapping_sub(sent.0),
        _ => most_said(alike(sent, came, Sight::whole_payload).map(|(was, is)| is.seq.0.wrapping_sub(was.seq.0))),
    };
    // Of what is sent again, each sending has a stamp of its own; the shift is what they have in common.
    let sent_as = |sight: &Sight| Some((sight.seq.0.wrapping_add(seq), sight.len, sight.control()));
    let came_as = |sight: &Sight| Some((sight.seq.0, sight.len, sight.control()));
    let stamps = alike_by(sent, came, sent_as, came_as).filter_map(|(was, is)| {
        let ((was, _), (is, _)) = (was.stamps?, is.stamps?);
        Some(is.wrapping_sub(was))
    });
    Shift { seq, stamp: most_said(stamps) }
}

/// What most say; of equals the smallest, and 0 where nobody says anything.
fn most_said(values: impl Iterator<Item = u32>) -> u32 {
    let mut votes: HashMap<u32, usize> = HashMap::new();
    for value in values {
        *votes.entry(value).or_default() += 1;
    }
    votes.into_iter().max_by_key(|(value, votes)| (*votes, Reverse(*value))).map_or(0, |(value, _)| value)
}

/// Each of the first segments that came, with each of those sent that have the same `name`.
fn alike<'a, T: Eq + Hash>(
    sent: &'a [Sight],
    came: &'a [Sight],
    name: impl Fn(&Sight) -> Option<T> + Copy,
) -> impl Iterator<Item = (&'a Sight, &'a Sight)> {
    alike_by(sent, came, name, name)
}

fn alike_by<'a, T: Eq + Hash>(
    sent: &'a [Sight],
    came: &'a [Sight],
    sent_as: impl Fn(&Sight) -> Option<T>,
    came_as: impl Fn(&Sight) -> Option<T>,
) -> impl Iterator<Item = (&'a Sight, &'a Sight)> {
    let mut named: HashMap<T, Vec<&Sight>> = HashMap::new();
    for sight in sent.iter().take(ASKED) {
        if let Some(name) = sent_as(sight) {
            named.entry(name).or_default().push(sight);
        }
    }
    came.iter().take(ASKED).flat_map(move |sight| {
        let same = came_as(sight).and_then(|name| named.get(&name).cloned()).unwrap_or_default();
        same.into_iter().map(move |was| (was, sight))
    })
}

/// What two sights of one segment have in common: the place of its first octet, its length, its SYN,
/// FIN and RST, and of a bare acknowledgement what it acknowledges.
type Look = (i64, u32, u16, Option<Seq>);

/// Finds for each segment of `sent` what came of it; `there` is the shift of this direction, `back` that
/// of the other, whose numbers are acknowledged.
pub(super) fn follow(sent: &[Sight], came: &[Sight], there: Shift, back: Shift) -> Matched {
    let mut matched = Matched::default();
    let (Some(first_sent), Some(first_came)) = (sent.first(), came.first()) else {
        matched.missing = sent.iter().enumerate().map(|(at, sight)| (at, sight.len)).collect();
        matched.strangers = (0..came.len()).collect();
        return matched;
    };
    // Places count from the first segment of each capture; these from the first of the sender's.
    let moved = Seq(first_came.seq.0.wrapping_sub(there.seq)).offset_from(first_sent.seq);
    let place = |sight: &Sight| sight.place + i64::from(moved);
    let look = |sight: &Sight, place: i64, acked: Seq| -> Look {
        (place, sight.len, sight.control(), sight.is_bare().then_some(acked))
    };

    let mut waiting: HashMap<Look, Alike> = HashMap::new();
    for (at, sight) in sent.iter().enumerate() {
        waiting.entry(look(sight, sight.place, sight.ack)).or_default().all.push(at);
    }
    let mut taken = vec![false; sent.len()];
    let mut left = Vec::new();
    for (at, sight) in came.iter().enumerate() {
        let acked = Seq(sight.ack.0.wrapping_add(back.seq));
        let Some(alike) = waiting.get_mut(&look(sight, place(sight), acked)) else {
            left.push(at);
            continue;
        };
        let fits = alike.free(&taken).filter(|at| is_one_sending(&sent[*at], sight, there));
        if let Some(best) = fits.max_by_key(|at| (likeness(&sent[*at], sight, there), Reverse(*at))) {
            taken[best] = true;
            matched.pairs.push((best, at));
        } else if let Some(original) = alike.last_taken(&taken).find(|at| is_one_sending(&sent[*at], sight, there)) {
            matched.copies.push((original, at));
        } else {
            left.push(at);
        }
    }
    recut(sent, came, &taken, &left, there, place, &mut matched);
    matched
}

/// Segments of the sender that look alike: the same octets sent again, or one acknowledgement after the
/// other.
#[derive(Debug, Default)]
struct Alike {
    /// In the order in which they were sent.
    all: Vec<usize>,
    /// How many of the first have all been taken.
    gone: usize,
}

impl Alike {
    /// How many are looked at for one that came.
    const LOOKED_AT: usize = 64;

    /// The first that were not taken.
    fn free(&mut self, taken: &[bool]) -> impl Iterator<Item = usize> {
        while self.all.get(self.gone).is_some_and(|at| taken[*at]) {
            self.gone += 1;
        }
        self.all[self.gone..].iter().copied().take(Self::LOOKED_AT).filter(|at| !taken[*at])
    }

    /// The last that were.
    fn last_taken(&self, taken: &[bool]) -> impl Iterator<Item = usize> {
        self.all.iter().rev().copied().filter(|at| taken[*at]).take(Self::LOOKED_AT)
    }
}

/// Whether these can be the same sending: another one of the same octets has a later timestamp.
fn is_one_sending(sent: &Sight, came: &Sight, there: Shift) -> bool {
    match (sent.stamps, came.stamps) {
        (Some((sent, _)), Some((came, _))) => came.wrapping_sub(there.stamp) == sent,
        _ => true,
    }
}

/// How much speaks for the same sending.
fn likeness(sent: &Sight, came: &Sight, there: Shift) -> u32 {
    let stamped = matches!((sent.stamps, came.stamps), (Some((sent, _)), Some((came, _)))
        if came.wrapping_sub(there.stamp) == sent);
    let numbered = sent.ip_id != 0 && sent.ip_id == came.ip_id;
    let same = sent.window == came.window && sent.flags == came.flags;
    u32::from(numbered) * 4 + u32::from(stamped) * 2 + u32::from(same)
}

/// Matches by octets what was cut up or put together on its way: one segment of `sent` may have come as
/// several, and several as one.
fn recut(
    sent: &[Sight],
    came: &[Sight],
    taken: &[bool],
    left: &[usize],
    there: Shift,
    place: impl Fn(&Sight) -> i64,
    matched: &mut Matched,
) {
    let mut pieces: Vec<(i64, i64, usize)> = left
        .iter()
        .filter(|at| came[**at].len > 0)
        .map(|at| (place(&came[*at]), place(&came[*at]) + i64::from(came[*at].len), *at))
        .collect();
    pieces.sort_unstable();
    let longest = pieces.iter().map(|(start, end, _)| end - start).max().unwrap_or(0);
    let mut used = vec![false; came.len()];
    for (at, sight) in sent.iter().enumerate().filter(|(at, _)| !taken[*at]) {
        let (start, end) = (sight.place, sight.place + i64::from(sight.len));
        let from = pieces.partition_point(|(piece, _, _)| *piece < start - longest);
        let (mut reach, mut covered) = (start, 0);
        let mut first = None;
        for &(piece, piece_end, came_at) in pieces[from..].iter().take_while(|(piece, _, _)| *piece < end) {
            // A piece of another sending of these octets is not of this one.
            if piece_end <= reach || !is_one_sending(sight, &came[came_at], there) {
                continue;
            }
            first = first.or(Some(came_at));
            used[came_at] = true;
            covered += piece_end.min(end) - piece.max(reach);
            reach = piece_end.min(end);
        }
        // A FIN that rides on it comes with its last octet.
        match first {
            Some(first) if covered == end - start => matched.recut.push((at, first)),
            _ => matched.missing.push((at, sight.len - covered as u32)),
        }
    }
    let strange = |at: &&usize| !used[**at];
    matched.strangers = left.iter().filter(strange).copied().collect();
}
