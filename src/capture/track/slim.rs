//! Values that may be absent, in no more room than they need: there can be millions of
//! connections, and memory is what tracking waits for.

use std::fmt;

use crate::wire::{Seq, Timestamp};

/// Up to eight sequence numbers, each there or not.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct Marks<const N: usize> {
    there: u8,
    at: [Seq; N],
}

impl<const N: usize> Default for Marks<N> {
    fn default() -> Self {
        Self { there: 0, at: [Seq(0); N] }
    }
}

impl<const N: usize> Marks<N> {
    #[inline]
    pub(super) fn get(&self, mark: usize) -> Option<Seq> {
        if self.there >> mark & 1 == 0 { None } else { self.at.get(mark).copied() }
    }

    #[inline]
    pub(super) fn put(&mut self, mark: usize, seq: Option<Seq>) {
        if let Some(place) = self.at.get_mut(mark) {
            self.there = self.there & !(1 << mark) | u8::from(seq.is_some()) << mark;
            *place = seq.unwrap_or_default();
        }
    }
}

impl<const N: usize> fmt::Debug for Marks<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries((0..N).filter_map(|mark| Some((mark, self.get(mark)?)))).finish()
    }
}

/// A time, or none.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct Moment(u64);

impl Moment {
    /// No time: the last nanosecond of 2554.
    const NONE: Self = Self(u64::MAX);

    #[inline]
    pub(super) fn get(self) -> Option<Timestamp> {
        if self == Self::NONE { None } else { Some(Timestamp(self.0)) }
    }
}

impl From<Timestamp> for Moment {
    #[inline]
    fn from(time: Timestamp) -> Self {
        Self(time.0)
    }
}

impl Default for Moment {
    fn default() -> Self {
        Self::NONE
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}
