use std::hash::BuildHasher;

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use hashbrown::HashTable;

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
    /// What `key` is found by, first of all.
    #[inline]
    pub(super) fn tag(&self, key: &FlowKey) -> u32 {
        (self.hasher.hash_one(key) >> 32) as u32
    }

    /// The place of `key`, given whether a place has it.
    #[inline]
    pub(super) fn find(&self, key: &FlowKey, has: impl Fn(u32) -> bool) -> Option<u32> {
        let tag = self.tag(key);
        let entry = self.entries.find(hash_of(tag), |entry| entry.tag == tag && has(entry.place));
        entry.map(|entry| entry.place)
    }

    /// Asks for the memory in which a key of this tag would be found.
    #[inline]
    pub(super) fn fetch_ahead(&self, tag: u32) {
        self.entries.find(hash_of(tag), |entry| {
            memory::fetch_ahead(entry);
            false
        });
    }

    /// Puts a key of this tag at `place`, which is new.
    pub(super) fn insert(&mut self, tag: u32, place: u32) {
        self.entries.insert_unique(hash_of(tag), Entry { tag, place }, |entry| entry.hash());
    }

    /// Moves `key` to another place, given whether a place has it.
    pub(super) fn replace(&mut self, key: &FlowKey, place: u32, has: impl Fn(u32) -> bool) {
        let tag = self.tag(key);
        match self.entries.find_mut(hash_of(tag), |entry| entry.tag == tag && has(entry.place)) {
            Some(entry) => entry.place = place,
            None => self.insert(tag, place),
        }
    }

    /// Takes out the key of this tag that is at `place`.
    pub(super) fn remove(&mut self, tag: u32, place: u32) {
        if let Ok(entry) = self.entries.find_entry(hash_of(tag), |entry| entry.place == place) {
            entry.remove();
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
            places[hash_of(tag) as usize % 1024] += 1;
        }
        places.into_iter().max().unwrap_or(0)
    }

    #[test]
    fn keys_chosen_to_collide_under_one_seed_are_spread_under_that_of_a_table() {
        let known = SeedableRandomState::with_seed(1, SharedSeed::global_fixed());
        let collides = |key: &FlowKey| hash_of((known.hash_one(key) >> 32) as u32).is_multiple_of(1024);
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
}
