use std::hash::BuildHasher;

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use hashbrown::HashTable;

use crate::wire::FlowKey;

/// An index from flow keys to places in a slab. Keys live in the slab, so that the table stays
/// small: memory is what lookups wait for. A tag beside each place spares nearly every look at a
/// key that is not the one, and all of them when the table grows.
///
/// The hash is seeded by the operating system: a capture whose 5-tuples were chosen to collide
/// costs no more than another.
#[derive(Debug)]
pub(super) struct Table {
    entries: HashTable<Entry>,
    hasher: SeedableRandomState,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    tag: u32,
    place: u32,
}

impl Entry {
    /// The hash that finds it.
    #[inline]
    fn hash(self) -> u64 {
        hash_of(self.tag)
    }
}

/// The table takes its place from the lower bits of a hash, and a first look from the upper.
#[inline]
fn hash_of(tag: u32) -> u64 {
    u64::from(tag).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Default for Table {
    fn default() -> Self {
        Self { entries: HashTable::new(), hasher: seeded() }
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
    #[inline]
    fn tag(&self, key: &FlowKey) -> u32 {
        (self.hasher.hash_one(key) >> 32) as u32
    }

    /// The place of `key`, given whether a place has it.
    #[inline]
    pub(super) fn find(&self, key: &FlowKey, has: impl Fn(u32) -> bool) -> Option<u32> {
        let tag = self.tag(key);
        let entry = self.entries.find(hash_of(tag), |entry| entry.tag == tag && has(entry.place));
        entry.map(|entry| entry.place)
    }

    /// Puts `key` at `place`, which is new.
    pub(super) fn insert(&mut self, key: &FlowKey, place: u32) {
        let tag = self.tag(key);
        self.entries.insert_unique(hash_of(tag), Entry { tag, place }, |entry| entry.hash());
    }

    /// Moves `key` to another place, given whether a place has it.
    pub(super) fn replace(&mut self, key: &FlowKey, place: u32, has: impl Fn(u32) -> bool) {
        let tag = self.tag(key);
        match self.entries.find_mut(hash_of(tag), |entry| entry.tag == tag && has(entry.place)) {
            Some(entry) => entry.place = place,
            None => self.insert(key, place),
        }
    }

    /// Takes `key` out, given whether a place has it.
    pub(super) fn remove(&mut self, key: &FlowKey, has: impl Fn(u32) -> bool) {
        let tag = self.tag(key);
        if let Ok(entry) = self.entries.find_entry(hash_of(tag), |entry| entry.tag == tag && has(entry.place)) {
            entry.remove();
        }
    }
}
