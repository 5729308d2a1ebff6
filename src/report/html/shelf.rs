//! Room for what is told of single connections: so much and no more, the most telling first, and of
//! every kind some.

use std::collections::{BTreeMap, HashMap};

/// Of the same kind, so many come before any other kind's next.
const ROUND: u32 = 8;

/// How soon something finds room: least first.
pub(super) type Rank = (u32, u8, u32);

/// Things with a size, in limited room.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    room: usize,
    rest: usize,
    used: usize,
    things: BTreeMap<Rank, (usize, T)>,
    kinds: HashMap<&'static str, u32>,
    /// How many found no room, or had to make some.
    pub(super) left_out: u64,
}

impl<T> Shelf<T> {
    /// A shelf with `room`, that is taken for full when less than `rest` of it is left.
    pub(super) fn new(room: usize, rest: usize) -> Self {
        Self { room, rest, used: 0, things: BTreeMap::new(), kinds: HashMap::new(), left_out: 0 }
    }

    /// The rank of the next of `kind`, that is so bad (0 is worst); `None` where there will be no
    /// room for it.
    pub(super) fn rank(&mut self, kind: &'static str, grade: u8, id: u32) -> Option<Rank> {
        let nth = self.kinds.entry(kind).or_default();
        let rank = (*nth / ROUND, grade, id);
        *nth = nth.saturating_add(1);
        let last = self.things.last_key_value().map(|(rank, _)| *rank);
        // Who is behind the last on a full shelf need not try.
        if self.used + self.rest >= self.room && last.is_some_and(|last| last < rank) {
            self.left_out += 1;
            return None;
        }
        Some(rank)
    }

    /// Puts a thing of `size` there; what is less worth its room makes some.
    pub(super) fn put(&mut self, rank: Rank, size: usize, thing: T) {
        self.used += size;
        self.things.insert(rank, (size, thing));
        while self.used > self.room {
            let Some((_, (size, _))) = self.things.pop_last() else { break };
            self.used -= size;
            self.left_out += 1;
        }
    }

    /// What is there.
    pub(super) fn things(&self) -> impl Iterator<Item = &T> {
        self.things.values().map(|(_, thing)| thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_shelf_keeps_the_worst_and_some_of_every_kind() {
        let mut shelf = Shelf::new(30, 0);
        for id in 0..100 {
            if let Some(rank) = shelf.rank("flood", 0, id) {
                shelf.put(rank, 1, ("flood", id));
            }
        }
        for id in 100..104 {
            if let Some(rank) = shelf.rank("fine", 3, id) {
                shelf.put(rank, 1, ("fine", id));
            }
        }
        let fine = shelf.things().filter(|(kind, _)| *kind == "fine").count();
        assert_eq!((shelf.things().count(), fine), (30, 4));
        assert_eq!(shelf.left_out, 74);
    }
}
