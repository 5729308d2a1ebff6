use std::hash::BuildHasher;

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;

use super::slab::memory;
use crate::wire::FlowKey;

/// An index from flow keys to places in a slab. Keys live in the slab, so that the table stays
/// small: memory is what lookups wait for. A tag beside each place spares nearly every look at a
/// key that is not the one, and all of them when the table grows.
///
/// The hash is seeded by the operating system: a capture whose 5-tuples were chosen to collide
/// costs no more than another.
#[derive(Debug)]
pub(super) struct Table {
    /// As many [entries](Entry) as a power of two, each where its tag says or behind, with no gap in between.
    entries: Vec<u64>,
    used: usize,
    hasher: SeedableRandomState,
}

/// A tag, and a place with its bits turned round, so that none is all zeros: memory that the system hands
/// out needs no filling.
#[derive(Clone, Copy)]
struct Entry(u64);

/// Entries of a table that is not empty, at least.
const LEAST: usize = 64;

/// Of so many entries so many are used at most: then what is not there is missed after four looks.
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
        Self { entries: Vec::new(), used: 0, hasher: seeded() }
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

    /// The place of `key`, given whether a place has it.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every packet")]
    pub(super) fn find(&self, key: &FlowKey, has: impl Fn(u32) -> bool) -> Option<u32> {
        let tag = self.tag(key);
        // The latest are in the first place they could be in, and those are looked for most.
        let first = Entry(*self.entries.get(tag as usize & self.mask())?);
        if first.tag() == tag && first.0 != Entry::NONE && has(first.place()) {
            return Some(first.place());
        }
        self.find_behind(tag, has)
    }

    #[inline(never)]
    fn find_behind(&self, tag: u32, has: impl Fn(u32) -> bool) -> Option<u32> {
        self.position(tag, has).map(|(_, place)| place)
    }

    /// Asks for the memory in which a key of this tag would be found.
    #[inline]
    pub(super) fn fetch_ahead(&self, tag: u32) {
        if let Some(entry) = self.entries.get(tag as usize & self.mask()) {
            memory::fetch_ahead(entry);
        }
    }

    /// The place of the first key with this tag, which is nearly always the one sought.
    #[inline]
    pub(super) fn guess(&self, tag: u32) -> Option<u32> {
        self.position(tag, |_| true).map(|(_, place)| place)
    }

    /// Puts a key of this tag at `place`, which is new; no place has been `u32::MAX`.
    pub(super) fn insert(&mut self, tag: u32, place: u32) {
        self.make_room();
        self.used += 1;
        self.put(Entry::of(tag, place));
    }

    /// Moves `key` to another place, given whether a place has it.
    pub(super) fn replace(&mut self, key: &FlowKey, place: u32, has: impl Fn(u32) -> bool) {
        let tag = self.tag(key);
        match self.position(tag, has) {
            Some((at, _)) => self.entries[at] = Entry::of(tag, place),
            None => self.insert(tag, place),
        }
    }

    /// Takes out the key of this tag that is at `place`.
    pub(super) fn remove(&mut self, tag: u32, place: u32) {
        let Some((mut hole, _)) = self.position(tag, |at| at == place) else { return };
        self.used -= 1;
        // Who stands behind it closes up, as far as that is not before where its tag would have it.
        let mask = self.mask();
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let entry = self.entries[at];
            if entry == Entry::NONE {
                break;
            }
            let (from_home, from_hole) = (at.wrapping_sub(Entry(entry).tag() as usize), at.wrapping_sub(hole));
            if from_home & mask >= from_hole & mask {
                self.entries[hole] = entry;
                hole = at;
            }
        }
        self.entries[hole] = Entry::NONE;
    }

    /// What makes an index of any number; of no use while there are no entries.
    #[inline]
    fn mask(&self) -> usize {
        self.entries.len().wrapping_sub(1)
    }

    /// Where the entry with this tag is whose place has what is sought, and that place.
    #[inline]
    fn position(&self, tag: u32, has: impl Fn(u32) -> bool) -> Option<(usize, u32)> {
        let mask = self.mask();
        let mut at = tag as usize & mask;
        loop {
            let entry = Entry(*self.entries.get(at)?);
            if entry.0 == Entry::NONE {
                return None;
            }
            if entry.tag() == tag && has(entry.place()) {
                return Some((at, entry.place()));
            }
            at = (at + 1) & mask;
        }
    }

    /// Writes an entry down in its own place; who is there moves on by one, and so forth up to one that is
    /// free. There is one.
    #[inline]
    fn put(&mut self, mut entry: u64) {
        let mask = self.mask();
        let mut at = Entry(entry).tag() as usize & mask;
        while let Some(there) = self.entries.get_mut(at) {
            entry = std::mem::replace(there, entry);
            if entry == Entry::NONE {
                return;
            }
            at = (at + 1) & mask;
        }
    }

    #[inline]
    fn make_room(&mut self) {
        let (of, most) = FULL;
        if (self.used + 1) * of > self.entries.len() * most {
            self.grow();
        }
    }

    #[cold]
    fn grow(&mut self) {
        let mut entries = vec![Entry::NONE; (self.entries.len() * 2).max(LEAST)];
        memory::prefer_large_pages(&mut entries);
        let old = std::mem::replace(&mut self.entries, entries);
        for entry in old.into_iter().filter(|entry| *entry != Entry::NONE) {
            self.put(entry);
        }
    }
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
            assert_eq!(table.find(&key, has), there.get(&number).copied(), "{number}");
            if random % 5 < 2 {
                if let Some(place) = there.remove(&number) {
                    table.remove(table.tag(&key), place);
                }
            } else {
                table.replace(&key, step, has);
                there.insert(number, step);
            }
            assert_eq!(table.used, there.len());
        }
        assert_eq!(table.entries.iter().filter(|entry| **entry != Entry::NONE).count(), there.len());
    }
}
