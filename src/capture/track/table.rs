use std::hash::BuildHasher;

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;

use crate::capture::wish;
use crate::wire::FlowKey;

/// An index from flow keys to places in a slab. Keys live in the slab, so that the table stays
/// small: memory is what lookups wait for. A tag beside each place spares nearly every look at a
/// key that is not the one, and all of them when the table grows.
///
/// Entries lie in lines as long as those of the processor's caches. Only where one is full does a search
/// go on to the next, so that nearly every one waits for memory once.
///
/// The hash is seeded by the operating system: a capture whose 5-tuples were chosen to collide
/// costs no more than another.
#[derive(Debug)]
pub(super) struct Table {
    /// The [lines](Line), and a few words in front that are not used, so that they lie as those of the
    /// caches do.
    words: Vec<u32>,
    /// How many those are.
    front: usize,
    /// As many lines as a power of two, less one; of no use while there are none.
    mask: usize,
    used: usize,
    hasher: SeedableRandomState,
}

/// Tags, and behind them the places that go with them, or [`NONE`] and anything. Each entry stands in the
/// line that its tag names, in the slot that its tag names if that was free, or if it is the latest of those;
/// those for whom a line had no room are in the next.
type Line = [u32; 2 * WAYS];

const WAYS: usize = 8;

/// No tag: so memory that the system hands out needs no filling.
const NONE: u32 = 0;

/// Part of every tag.
const SOME: u32 = 1 << 31;

/// Lines of a table that is not empty, at least.
const LEAST: usize = 8;

/// Of so many entries so many are used at most: then one line in seven is full.
const FULL: (usize, usize) = (8, 5);

impl Default for Table {
    fn default() -> Self {
        Self { words: Vec::new(), front: 0, mask: 0, used: 0, hasher: seeded() }
    }
}

/// A hasher that nobody outside can foresee.
fn seeded() -> SeedableRandomState {
    let mut seed = [0; 8];
    // Without entropy everything still works, only the hashes can be guessed.
    let _ = getrandom::fill(&mut seed);
    SeedableRandomState::with_seed(u64::from_ne_bytes(seed), SharedSeed::global_random())
}

impl Table {
    /// What `key` is found by, first of all.
    #[inline]
    pub(super) fn tag(&self, key: &FlowKey) -> u32 {
        (self.hasher.hash_one(key) >> 32) as u32 | SOME
    }

    /// The place of the key with this tag, given whether a place has it.
    #[inline]
    pub(super) fn find(&self, tag: u32, has: impl Fn(u32) -> bool) -> Option<u32> {
        self.position(tag, has).map(|(_, _, place)| place)
    }

    /// The place in the first slot in which a key of this tag could be: the latest are there, and those are
    /// looked for most.
    #[inline]
    pub(super) fn first(&self, tag: u32) -> Option<u32> {
        let (line, slot) = (self.line(self.home(tag))?, tag as usize % WAYS);
        (line[slot] == tag).then_some(line[WAYS + slot])
    }

    /// Whether one look tells that no key has this tag: nearly always, where none has.
    #[inline]
    pub(super) fn lacks(&self, tag: u32) -> bool {
        self.line(self.home(tag)).is_none_or(|line| !has(line, tag) && has(line, NONE))
    }

    /// Asks for the memory in which a key of this tag would be found.
    #[inline]
    pub(super) fn fetch_ahead(&self, tag: u32) {
        if let Some(line) = self.line(self.home(tag)) {
            wish::fetch_ahead(line);
        }
    }

    /// Asks for the memory in which a key of this tag is taken out: for the next line too, in which may be who
    /// had no room.
    #[inline]
    pub(super) fn fetch_to_remove(&self, tag: u32) {
        let home = self.home(tag);
        for line in [home, (home + 1) & self.mask] {
            self.line(line).map(wish::fetch_ahead);
        }
    }

    /// The place of the first key with this tag, which is nearly always the one sought.
    #[inline]
    pub(super) fn guess(&self, tag: u32) -> Option<u32> {
        match self.first(tag) {
            None if !self.lacks(tag) => self.guess_behind(tag),
            first => first,
        }
    }

    #[inline(never)]
    fn guess_behind(&self, tag: u32) -> Option<u32> {
        self.find(tag, |_| true)
    }

    /// Puts a key of this tag at `place`, which is new.
    pub(super) fn insert(&mut self, tag: u32, place: u32) {
        self.make_room();
        self.used += 1;
        self.put(tag, place);
    }

    /// Moves the key of this tag that is at `old` to another place.
    pub(super) fn replace(&mut self, tag: u32, old: u32, place: u32) {
        match self.position(tag, |at| at == old) {
            Some((line, slot, _)) => self.set(line, slot, (tag, place)),
            None => self.insert(tag, place),
        }
    }

    /// Takes out the key of this tag that is at `place`.
    pub(super) fn remove(&mut self, tag: u32, place: u32) {
        let Some((line, slot, _)) = self.position(tag, |at| at == place) else { return };
        self.used -= 1;
        let was_full = !self.has_room(line);
        self.set(line, slot, (NONE, 0));
        if was_full {
            self.close_up(line, slot);
        }
    }

    /// There is a hole in a line that was full: behind it may be who had no room in it, or in one before.
    #[inline(never)]
    fn close_up(&mut self, mut hole: usize, mut slot: usize) {
        let (mut at, mut was_full) = (hole, true);
        while was_full {
            at = (at + 1) & self.mask;
            let Some(line) = self.line(at) else { return };
            was_full = !has(line, NONE);
            let past_hole = at.wrapping_sub(hole) & self.mask;
            let strayed = |tag: &u32| *tag != NONE && at.wrapping_sub(self.home(*tag)) & self.mask >= past_hole;
            if let Some(stray) = line[..WAYS].iter().position(strayed) {
                let entry = (line[stray], line[WAYS + stray]);
                self.set(hole, slot, entry);
                self.set(at, stray, (NONE, 0));
                (hole, slot) = (at, stray);
            }
        }
    }

    /// The line in which a key of this tag is looked for first.
    #[inline]
    fn home(&self, tag: u32) -> usize {
        (tag as usize / WAYS) & self.mask
    }

    #[inline]
    fn line(&self, line: usize) -> Option<&Line> {
        self.words.get(self.front + line * 2 * WAYS..)?.first_chunk()
    }

    #[inline]
    fn line_mut(&mut self, line: usize) -> Option<&mut Line> {
        self.words.get_mut(self.front + line * 2 * WAYS..)?.first_chunk_mut()
    }

    #[inline]
    fn set(&mut self, line: usize, slot: usize, (tag, place): (u32, u32)) {
        if let Some(line) = self.line_mut(line) {
            line[slot % WAYS] = tag;
            line[WAYS + slot % WAYS] = place;
        }
    }

    /// Where the entry with this tag is whose place has what is sought, and that place.
    #[inline]
    fn position(&self, tag: u32, is: impl Fn(u32) -> bool) -> Option<(usize, usize, u32)> {
        let mut at = self.home(tag);
        loop {
            let line = self.line(at)?;
            if let Some(slot) = slots(line, tag).find(|slot| is(line[WAYS + slot])) {
                return Some((at, slot, line[WAYS + slot]));
            }
            if has(line, NONE) {
                return None;
            }
            at = (at + 1) & self.mask;
        }
    }

    /// Writes an entry down in its own slot; who is there moves to one that is free, or has to go to the next
    /// line. There is one with room.
    #[inline]
    fn put(&mut self, tag: u32, place: u32) {
        let slot = tag as usize % WAYS;
        let (mut at, mut entry) = (self.home(tag), (tag, place));
        while let Some(line) = self.line_mut(at) {
            let there = (line[slot], line[WAYS + slot]);
            (line[slot], line[WAYS + slot]) = entry;
            if there.0 == NONE {
                return;
            }
            if let Some(free) = slots(line, NONE).next() {
                (line[free], line[WAYS + free]) = there;
                return;
            }
            entry = there;
            at = (at + 1) & self.mask;
        }
    }

    #[inline]
    fn make_room(&mut self) {
        let (of, most) = FULL;
        if (self.used + 1) * of > self.words.len() / 2 * most {
            self.grow();
        }
    }

    /// Makes room for twice as many, with no second table beside this one: memory that is touched first is dear.
    #[cold]
    fn grow(&mut self) {
        let before = if self.words.is_empty() { 0 } else { self.mask + 1 };
        // Whoever stands in the first lines may have come over the end, and is put in last; nobody behind them
        // belongs to one of them.
        let first = (0..before).find(|at| self.has_room(at.wrapping_sub(1) & self.mask)).unwrap_or(before);
        let wrapped: Vec<_> = (0..first).map(|at| self.take_from(at, |_| true)).collect();
        self.extend((before * 2).max(LEAST));
        for at in first..before {
            // All find a way there that stays: no line that was passed loses anybody any more.
            let moved = self.take_from(at, |home| home != at);
            self.put_all(&moved);
        }
        for entries in &wrapped {
            self.put_all(entries);
        }
    }

    /// Has so many lines from now on, the new ones empty.
    fn extend(&mut self, lines: usize) {
        let (front, len) = (self.front, self.words.len());
        let words = (lines + 1) * 2 * WAYS;
        self.words.reserve_exact(words - len);
        wish::prefer_large_pages(self.words.spare_capacity_mut());
        self.words.resize(words, NONE);
        self.front = self.words.as_ptr().align_offset(size_of::<Line>()).min(2 * WAYS);
        // They may have come to lie otherwise.
        self.words.copy_within(front..len, self.front);
        let end = self.front + (len - front);
        if let Some(left) = self.words.get_mut(end..len) {
            left.fill(NONE);
        }
        self.words.truncate(self.front + lines * 2 * WAYS);
        self.mask = lines - 1;
    }

    /// Takes those out of a line that go, by the line to which each belongs.
    fn take_from(&mut self, at: usize, goes: impl Fn(usize) -> bool) -> [(u32, u32); WAYS] {
        let line = self.line(at).copied().unwrap_or_default();
        std::array::from_fn(|slot| {
            let (tag, place) = (line[slot], line[WAYS + slot]);
            if tag == NONE || !goes(self.home(tag)) {
                return (NONE, 0);
            }
            self.set(at, slot, (NONE, 0));
            (tag, place)
        })
    }

    fn put_all(&mut self, entries: &[(u32, u32)]) {
        for (tag, place) in entries.iter().filter(|(tag, _)| *tag != NONE) {
            self.put(*tag, *place);
        }
    }

    fn has_room(&self, line: usize) -> bool {
        self.line(line).is_some_and(|line| has(line, NONE))
    }
}

/// Whether a slot has this tag: without a way out in between, so that it is done in a few wide steps.
#[inline]
fn has(line: &Line, tag: u32) -> bool {
    (0..WAYS).fold(0, |any, slot| any | u8::from(line[slot] == tag)) != 0
}

/// The slots that have this tag: without looking at one after the other, for no processor could foresee at
/// which of them that would end.
#[inline]
fn slots(line: &Line, tag: u32) -> impl Iterator<Item = usize> + use<> {
    let mut marks = [0; WAYS];
    for (mark, there) in marks.iter_mut().zip(line) {
        *mark = if *there == tag { 1 << 7 } else { 0 };
    }
    let mut marks = u64::from_le_bytes(marks);
    std::iter::from_fn(move || {
        let slot = marks.trailing_zeros() as usize / 8 % WAYS;
        let found = marks != 0;
        marks &= marks.wrapping_sub(1);
        found.then_some(slot)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Endpoint, Protocol, Vlans};

    fn key(number: u32) -> FlowKey {
        let at = |addr: u32, port| Endpoint { addr: std::net::Ipv4Addr::from(addr).into(), port };
        FlowKey::of(at(0x0a00_0000 | number >> 8, number as u16), at(1, 80), Protocol::Tcp, &Vlans::default()).0
    }

    /// How many of `keys` begin to look for their place where most of them do, of 1,024 places.
    fn most_in_one_place(hasher: &SeedableRandomState, keys: &[FlowKey]) -> usize {
        let mut places = vec![0; 1024];
        for key in keys {
            let tag = (hasher.hash_one(key) >> 32) as u32;
            places[tag as usize % 1024] += 1;
        }
        places.into_iter().max().unwrap_or(0)
    }

    #[test]
    fn keys_chosen_to_collide_under_one_seed_are_spread_under_that_of_a_table() {
        let known = SeedableRandomState::with_seed(1, SharedSeed::global_fixed());
        let collides = |key: &FlowKey| ((known.hash_one(key) >> 32) as u32).is_multiple_of(1024);
        let chosen: Vec<FlowKey> = (0..1 << 20).map(key).filter(collides).collect();
        assert!(chosen.len() > 900 && most_in_one_place(&known, &chosen) == chosen.len());
        let random: Vec<FlowKey> = (0..chosen.len() as u32).map(|number| key(number * 1021)).collect();
        for _ in 0..8 {
            let table = Table::default();
            let (chosen, random) =
                (most_in_one_place(&table.hasher, &chosen), most_in_one_place(&table.hasher, &random));
            assert!(chosen <= 12 && random <= 12, "{chosen} and {random} where one is to be expected");
        }
    }

    #[test]
    fn whoever_stands_behind_full_lines_is_found_when_the_table_has_grown() {
        let mut random = 1_u32;
        let mut below = |most: u32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 8) % most
        };
        for round in 0..500 {
            let (mut table, mut there) = (Table::default(), Vec::new());
            for place in 0..600 {
                // Three of four tags crowd a few lines: at the end of the table, at its start, and somewhere.
                let line = [u32::MAX, 0, round, below(1 << 20)][below(4) as usize].wrapping_sub(below(3));
                let tag = line.wrapping_mul(WAYS as u32) | below(8) | SOME;
                let lines = table.mask;
                table.insert(tag, place);
                there.push((tag, place));
                if below(4) == 0 {
                    let (tag, place) = there.swap_remove(below(there.len() as u32) as usize);
                    table.remove(tag, place);
                }
                if table.mask != lines {
                    let lost = there.iter().find(|(tag, place)| table.find(*tag, |at| at == *place).is_none());
                    assert_eq!(lost, None, "round {round}, {place}");
                }
            }
        }
    }

    #[test]
    fn what_was_put_in_is_found_and_what_was_taken_out_is_not() {
        let (mut table, mut random) = (Table::default(), 1_u32);
        let mut there = std::collections::HashMap::new();
        for step in 0..200_000_u32 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Few keys at first, then many.
            let number = random >> 8 & (0x3f << (step / 20_000) | 0x3f);
            let (key, has) = (key(number), |place: u32| there.get(&number) == Some(&place));
            assert_eq!(table.find(table.tag(&key), has), there.get(&number).copied(), "{number}");
            if random % 5 < 2 {
                if let Some(place) = there.remove(&number) {
                    table.remove(table.tag(&key), place);
                }
            } else {
                match there.insert(number, step) {
                    Some(old) => table.replace(table.tag(&key), old, step),
                    None => table.insert(table.tag(&key), step),
                }
            }
            assert_eq!(table.used, there.len());
        }
        let used = (0..=table.mask)
            .filter_map(|line| table.line(line))
            .map(|line| line[..WAYS].iter().filter(|tag| **tag != NONE).count());
        assert_eq!(used.sum::<usize>(), there.len());
    }
}
