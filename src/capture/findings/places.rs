//! A table of a fixed number of places, found by hash in sets of a few: what it costs is what is
//! kept in it. Who is not awake is not looked at.

use crate::capture::wish;

/// Places of a set.
const WAYS: usize = 4;

/// What is kept, where, and who is awake.
#[derive(Debug)]
pub(super) struct Places<T> {
    marks: Vec<Mark>,
    kept: Vec<T>,
    /// A bit for each place.
    awake: Vec<u64>,
}

/// What is known of a place without going there.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    /// A part of the hash that does not choose the set.
    tag: u16,
    /// The number of what is kept there, from 1 on; 0 is nothing.
    number: u16,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self { marks: Vec::new(), kept: Vec::new(), awake: Vec::new() }
    }
}

impl<T> Places<T> {
    /// Has so many places from now on: a power of two from 64 on, and no more than 16 bits can number.
    pub(super) fn make(&mut self, places: usize) {
        self.marks.resize(places, Mark::default());
        self.awake.resize(places / 64, 0);
        // All at once, so that nothing has to be moved later: it costs nothing before it is there.
        self.kept.reserve_exact(places);
    }

    /// The place of the one of this `hash` that `is` says it is.
    #[inline]
    pub(super) fn find(&self, hash: u64, is: impl Fn(&T) -> bool) -> Option<usize> {
        let (set, tag) = (self.set(hash), tag(hash));
        let marks = self.marks.get(set..set + WAYS)?;
        let same = |mark: &Mark| mark.tag == tag && self.kept.get(mark.index()).is_some_and(&is);
        Some(set + marks.iter().position(same)?)
    }

    /// The place for a new one of this `hash`: the first that is free, else the first of which the
    /// least would be forgotten.
    pub(super) fn least<W: Ord>(&mut self, hash: u64, worth: impl Fn(&mut T) -> W) -> Option<usize> {
        let set = self.set(hash);
        let places = set..(set + WAYS).min(self.marks.len());
        places.min_by_key(|place| self.at(*place).map(&worth))
    }

    /// Keeps one of this `hash` at `place`: a new one, or what `renew` makes of the one that is there.
    pub(super) fn put(&mut self, place: usize, hash: u64, new: impl FnOnce() -> T, renew: impl FnOnce(&mut T)) {
        let Some(mark) = self.marks.get_mut(place) else { return };
        mark.tag = tag(hash);
        if let Some(there) = self.kept.get_mut(mark.index()) {
            return renew(there);
        }
        self.kept.push(new());
        mark.number = self.kept.len() as u16;
    }

    /// What is kept at `place`.
    #[inline]
    pub(super) fn at(&mut self, place: usize) -> Option<&mut T> {
        self.kept.get_mut(self.marks.get(place)?.index())
    }

    /// Has the one at `place` looked at.
    #[inline]
    pub(super) fn wake(&mut self, place: usize) {
        if let Some(word) = self.awake.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    /// Has all looked at.
    #[cfg(test)]
    pub(super) fn wake_all(&mut self) {
        self.awake.fill(u64::MAX);
    }

    /// Looks at all that are awake, in order of their places; those fall asleep of which `look` says so.
    pub(super) fn look(&mut self, mut look: impl FnMut(&mut T) -> Next) {
        let Self { marks, kept, awake } = self;
        let index = |at: usize, bit: u32| marks.get(at * 64 + bit as usize).copied().unwrap_or_default().index();
        for (at, word) in awake.iter_mut().enumerate() {
            // They have slept long enough to be in the caches no more.
            bits(*word).for_each(|bit| kept.get(index(at, bit)).map_or((), wish::fetch_ahead));
            for bit in bits(*word) {
                let next = kept.get_mut(index(at, bit)).map_or(Next::Sleep, &mut look);
                *word &= !(u64::from(next == Next::Sleep) << bit);
            }
        }
    }

    fn set(&self, hash: u64) -> usize {
        (hash as usize).wrapping_mul(WAYS) & self.marks.len().saturating_sub(1)
    }
}

/// What becomes of one that was looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    /// It has to be looked at again.
    Stay,
    /// Nothing can come of it before it is woken.
    Sleep,
}

/// The bits that are set in a word.
fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros());
        word &= word.wrapping_sub(1);
        bit
    })
}

impl Mark {
    fn index(self) -> usize {
        usize::from(self.number).wrapping_sub(1)
    }
}

fn tag(hash: u64) -> u16 {
    (hash >> 24) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_filled_before_the_one_that_is_worth_least_is_forgotten() {
        let mut places = Places::<u64>::default();
        places.make(64);
        for worth in [30, 10, 20, 40, 50] {
            // The same set of sixteen.
            let hash = 3 + 16 * worth;
            assert_eq!(places.find(hash, |one| *one == worth), None);
            let place = places.least(hash, |one| *one).expect("there are places");
            places.put(place, hash, || worth, |there| *there = worth);
            assert_eq!(places.find(hash, |one| *one == worth), Some(place));
            places.wake(place);
        }
        let mut seen = Vec::new();
        for _ in 0..2 {
            places.look(|one| {
                seen.push(*one);
                if *one == 20 { Next::Stay } else { Next::Sleep }
            });
        }
        assert_eq!(seen, [30, 50, 20, 40, 20]);
    }
}
