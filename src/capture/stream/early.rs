use std::collections::BTreeMap;

use super::Limits;
use crate::wire::Timestamp;

/// Octets of one side that came before those in front of them, in pieces that do not overlap.
#[derive(Debug, Default)]
pub(super) struct Early {
    /// By offset of their first octet.
    pieces: BTreeMap<u64, Piece>,
    /// About how much memory they take.
    held: usize,
}

/// What one packet said of a stretch that was not seen before.
#[derive(Debug)]
pub(super) struct Piece {
    /// Number of the packet.
    pub(super) n: u64,
    /// Its time.
    pub(super) time: Timestamp,
    /// The octets that were captured.
    pub(super) bytes: Box<[u8]>,
    /// How many more the snap length cut off.
    pub(super) cut: u64,
}

/// What a piece takes beside its octets, about.
const PIECE: usize = 96;

/// What is kept over all sides, and what may be.
pub(super) struct Room<'a> {
    pub(super) held: &'a mut usize,
    pub(super) limits: Limits,
}

/// A stretch of a stream as one packet carried it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch<'a> {
    /// Offset of the first octet.
    pub(super) at: u64,
    /// How many octets it covers.
    pub(super) len: u64,
    /// Those of them that were captured: the first ones.
    pub(super) bytes: &'a [u8],
}

impl<'a> Stretch<'a> {
    /// Offset behind the last octet.
    pub(super) fn end(&self) -> u64 {
        self.at + self.len
    }

    /// The part of it that lies in `from..to`.
    pub(super) fn part(&self, from: u64, to: u64) -> Self {
        let (from, to) = (from.clamp(self.at, self.end()), to.clamp(self.at, self.end()));
        let bound = |offset: u64| usize::try_from(offset - self.at).unwrap_or(usize::MAX).min(self.bytes.len());
        let bytes: &'a [u8] = self.bytes.get(bound(from)..bound(to)).unwrap_or_default();
        Self { at: from, len: to.saturating_sub(from), bytes }
    }

    /// How many of its octets the snap length cut off.
    pub(super) fn cut(&self) -> u64 {
        self.len - self.bytes.len() as u64
    }
}

impl Early {
    /// Offset of the first octet.
    pub(super) fn first(&self) -> Option<u64> {
        self.pieces.first_key_value().map(|(at, _)| *at)
    }

    /// Keeps what is not there yet of `stretch`; tells if there was room for all of it.
    pub(super) fn keep(&mut self, stretch: Stretch<'_>, n: u64, time: Timestamp, room: &mut Room<'_>) -> bool {
        let mut at = stretch.at;
        if let Some((from, piece)) = self.pieces.range(..=at).next_back() {
            at = at.max(from + piece.len());
        }
        while at < stretch.end() {
            let next = self.pieces.range(at..).next().map(|(from, piece)| (*from, from + piece.len()));
            let (to, then) = next.map_or((stretch.end(), stretch.end()), |(from, to)| (from.min(stretch.end()), to));
            let part = stretch.part(at, to);
            if part.len > 0 && !self.insert(part, n, time, room) {
                return false;
            }
            at = then;
        }
        true
    }

    /// Takes out the first piece.
    pub(super) fn take_first(&mut self, room: &mut Room<'_>) -> Option<(u64, Piece)> {
        let (at, piece) = self.pieces.pop_first()?;
        self.held -= piece.cost();
        *room.held -= piece.cost();
        Some((at, piece))
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self, room: &mut Room<'_>) {
        self.pieces.clear();
        *room.held -= std::mem::take(&mut self.held);
    }

    /// Keeps a part of which nothing is there yet, if there is room for it.
    fn insert(&mut self, part: Stretch<'_>, n: u64, time: Timestamp, room: &mut Room<'_>) -> bool {
        let cost = part.bytes.len() + PIECE;
        if self.held + cost > room.limits.side || *room.held + cost > room.limits.total {
            return false;
        }
        self.held += cost;
        *room.held += cost;
        self.pieces.insert(part.at, Piece { n, time, bytes: part.bytes.into(), cut: part.cut() });
        true
    }
}

impl Piece {
    /// How much of the stream it covers.
    pub(super) fn len(&self) -> u64 {
        self.bytes.len() as u64 + self.cut
    }

    /// About how much memory it takes.
    fn cost(&self) -> usize {
        self.bytes.len() + PIECE
    }
}
