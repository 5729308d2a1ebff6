use std::hash::BuildHasher;

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;

use super::slab::memory;
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
    /// [Entries](Entry), and a few in front that are not used, so that lines lie as those of the caches do.
    entries: Vec<u64>,
    /// How many those are.
    front: usize,
    /// As many lines as a power of two, less one; of no use while there are none.
    mask: usize,
    used: usize,
    hasher: SeedableRandomState,
}

/// A tag, and a place with its bits turned round, so that none is all zeros: memory that the system hands
/// out needs no filling.
#[derive(Clone, Copy)]
struct Entry(u64);

/// Entries of a line, each in the line that its tag names, in the slot that its tag names if that was free, or
/// its latest; those of which a line has no room are in the next.
type Line = [u64; WAYS];

const WAYS: usize = 8;

/// Lines of a table that is not empty, at least.
const LEAST: usize = 8;

/// Of so many entries so many are used at most: then one line in seven is full.
const FULL: (usize, usize) = (8, 5);

impl Entry {
    const NONE: u64 = 0;

    #[inline]
    fn of(tag: u32, place: u32) -> u64 {
        u64::from(tag) << 32 | u64::from(!place)
    }

    #[inline]
    fn tag(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[inline]
    fn place(self) -> u32 {
        !(self.0 as u32)
    }
}

impl Default for Table {
    fn default() -> Self {
        Self { entries: Vec::new(), front: 0, mask: 0, used: 0, hasher: seeded() }
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
        (self.hasher.hash_one(key) >> 32) as u32
    }

    /// The place of the key with this tag, given whether a place has it.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every packet")]
    pub(super) fn find(&self, tag: u32, has: impl Fn(u32) -> bool) -> Option<u32> {
        // The latest are in the first place they could be in, and those are looked for most.
        let first = Entry(*self.entries.get(self.front + (tag as usize & (self.mask << 3 | 7)))?);
        if first.tag() == tag && first.0 != Entry::NONE && has(first.place()) {
            return Some(first.place());
        }
        self.find_behind(tag, has)
    }

    #[inline(never)]
    fn find_behind(&self, tag: u32, has: impl Fn(u32) -> bool) -> Option<u32> {
        self.position(tag, has).map(|(_, _, place)| place)
    }

    /// Asks for the memory in which a key of this tag would be found.
    #[inline]
    pub(super) fn fetch_ahead(&self, tag: u32) {
        if let Some(line) = self.line(self.home(tag)) {
            memory::fetch_ahead(line);
        }
    }

    /// The place of the first key with this tag, which is nearly always the one sought.
    #[inline]
    pub(super) fn guess(&self, tag: u32) -> Option<u32> {
        self.find(tag, |_| true)
    }

    /// Puts a key of this tag at `place`, which is new; no place has been `u32::MAX`.
    pub(super) fn insert(&mut self, tag: u32, place: u32) {
        self.make_room();
        self.used += 1;
        self.put(Entry::of(tag, place));
    }

    /// Moves the key of this tag that is at `old` to another place.
    pub(super) fn replace(&mut self, tag: u32, old: u32, place: u32) {
        match self.position(tag, |at| at == old) {
            Some((line, slot, _)) => self.set(line, slot, Entry::of(tag, place)),
            None => self.insert(tag, place),
        }
    }

    /// Takes out the key of this tag that is at `place`.
    pub(super) fn remove(&mut self, tag: u32, place: u32) {
        let Some((mut hole, slot, _)) = self.position(tag, |at| at == place) else { return };
        self.used -= 1;
        let was_full = self.line(hole).is_some_and(|line| !has_room(line));
        self.set(hole, slot, Entry::NONE);
        let (mut slot, mut next) = (slot, hole);
        let mut goes_on = was_full;
        // Behind a full line may be who had no room in it, or in one before.
        while goes_on {
            next = next + 1 & self.mask;
            let Some(line) = self.line(next) else { return };
            goes_on = !has_room(line);
            let past_hole = next.wrapping_sub(hole) & self.mask;
            let strayed = |entry: &u64| next.wrapping_sub(self.home(Entry(*entry).tag())) & self.mask >= past_hole;
            if let Some(stray) = line.iter().position(|entry| *entry != Entry::NONE && strayed(entry)) {
                let entry = line[stray];
                self.set(hole, slot, entry);
                self.set(next, stray, Entry::NONE);
                (hole, slot) = (next, stray);
            }
        }
    }

    /// The line in which a key of this tag is looked for first.
    #[inline]
    fn home(&self, tag: u32) -> usize {
        tag as usize / WAYS & self.mask
    }

    #[inline]
    fn line(&self, line: usize) -> Option<&Line> {
        self.entries.get(self.front + line * WAYS..)?.first_chunk()
    }

    #[inline]
    fn set(&mut self, line: usize, slot: usize, entry: u64) {
        if let Some(old) = self.entries.get_mut(self.front + line * WAYS + slot) {
            *old = entry;
        }
    }

    /// Where the entry with this tag is whose place has what is sought, and that place.
    #[inline]
    fn position(&self, tag: u32, has: impl Fn(u32) -> bool) -> Option<(usize, usize, u32)> {
        let mut at = self.home(tag);
        loop {
            let line = self.line(at)?;
            let mut same = which(line, |entry| Entry(entry).tag() == tag && entry != Entry::NONE);
            while same != 0 {
                let slot = same.trailing_zeros() as usize;
                let place = Entry(line[slot]).place();
                if has(place) {
                    return Some((at, slot, place));
                }
                same &= same - 1;
            }
            if has_room(line) {
                return None;
            }
            at = at + 1 & self.mask;
        }
    }

    /// Writes an entry down in its own slot; who is there moves to one that is free, or has to go to the next
    /// line. There is one with room.
    #[inline]
    fn put(&mut self, mut entry: u64) {
        let slot = Entry(entry).tag() as usize % WAYS;
        let mut at = self.home(Entry(entry).tag());
        loop {
            let from = self.front + at * WAYS;
            let Some(line) = self.entries.get_mut(from..).and_then(|rest| rest.first_chunk_mut::<WAYS>()) else {
                return;
            };
            entry = std::mem::replace(&mut line[slot], entry);
            if entry == Entry::NONE {
                return;
            }
            let free = which(line, |entry| entry == Entry::NONE);
            if free != 0 {
                line[free.trailing_zeros() as usize] = entry;
                return;
            }
            at = at + 1 & self.mask;
        }
    }

    #[inline]
    fn make_room(&mut self) {
        let (of, most) = FULL;
        if (self.used + 1) * of > (self.entries.len() - self.front) * most {
            self.grow();
        }
    }

    #[cold]
    fn grow(&mut self) {
        let lines = if self.entries.is_empty() { LEAST } else { (self.mask + 1) * 2 };
        let mut entries = vec![Entry::NONE; lines * WAYS + WAYS - 1];
        memory::prefer_large_pages(&mut entries);
        let front = entries.as_ptr().align_offset(size_of::<Line>()).min(WAYS - 1);
        entries.truncate(front + lines * WAYS);
        let old = std::mem::replace(&mut self.entries, entries);
        let unused = std::mem::replace(&mut self.front, front);
        self.mask = lines - 1;
        for entry in old.into_iter().skip(unused).filter(|entry| *entry != Entry::NONE) {
            self.put(entry);
        }
    }
}

/// The slots of which `is` says yes, a bit each: without a way out in between, so that it is done in a few
/// wide steps.
#[inline]
fn which(line: &Line, is: impl Fn(u64) -> bool) -> u32 {
    (0..).zip(line).fold(0, |all, (slot, entry)| all | u32::from(is(*entry)) << slot)
}

#[inline]
fn has_room(line: &Line) -> bool {
    which(line, |entry| entry == Entry::NONE) != 0
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
        assert_eq!(table.entries.iter().filter(|entry| **entry != Entry::NONE).count(), there.len());
    }
}
