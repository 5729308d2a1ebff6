use std::hash::BuildHasher;

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use hashbrown::HashTable;

use crate::wire::FlowKey;

/// An index from flow keys to places in a slab. Keys live in the slab, so that the table stays
/// small: memory is what lookups wait for.
///
/// The hash is seeded by the operating system: a capture whose 5-tuples were chosen to collide
/// costs no more than another.
#[derive(Debug)]
pub(super) struct Table {
    places: HashTable<u32>,
    hasher: SeedableRandomState,
}

impl Default for Table {
    fn default() -> Self {
        Self { places: HashTable::new(), hasher: seeded() }
    }
}

/// A hasher that nobody outside can foresee.
pub(super) fn seeded() -> SeedableRandomState {
    let mut seed = [0; 8];
    // Without entropy everything still works, only the hashes can be guessed.
    let _ = getrandom::fill(&mut seed);
    SeedableRandomState::with_seed(u64::from_ne_bytes(seed), SharedSeed::global_random())
}

impl Table {
    /// The place of `key`, given whether a place has it.
    #[inline]
    pub(super) fn find(&self, key: &FlowKey, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.places.find(self.hasher.hash_one(key), |at| is(*at)).copied()
    }

    /// Puts `key` at `place`, which is new, given what key each place has.
    pub(super) fn insert<'a>(&mut self, key: &FlowKey, place: u32, key_of: impl Fn(u32) -> &'a FlowKey) {
        let Self { places, hasher } = self;
        places.insert_unique(hasher.hash_one(key), place, |at| hasher.hash_one(key_of(*at)));
    }

    /// Moves `key` to another place.
    pub(super) fn replace<'a>(&mut self, key: &FlowKey, place: u32, key_of: impl Fn(u32) -> &'a FlowKey) {
        match self.places.find_mut(self.hasher.hash_one(key), |at| key_of(*at) == key) {
            Some(at) => *at = place,
            None => self.insert(key, place, key_of),
        }
    }

    /// Takes `key` out.
    pub(super) fn remove<'a>(&mut self, key: &FlowKey, key_of: impl Fn(u32) -> &'a FlowKey) {
        let hash = self.hasher.hash_one(key);
        if let Ok(entry) = self.places.find_entry(hash, |at| key_of(*at) == key) {
            entry.remove();
        }
    }
}
