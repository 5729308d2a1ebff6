use std::collections::BTreeMap;

/// One end's stream put together from segments that come in any order, more than once, and
/// overlapping.
///
/// Of octets that come twice the first copy is kept; that a later one differs is remembered. It
/// holds what it was given and no more: a hole takes no room.
#[derive(Clone, Debug, Default)]
pub(super) struct Assembly {
    /// Everything from offset 0 to the first hole.
    octets: Vec<u8>,
    /// What lies behind a hole, by its offset. They do not overlap.
    islands: BTreeMap<u64, Vec<u8>>,
    /// How many octets lie in islands.
    afloat: u64,
    /// Offset of the first octet that came twice and not alike.
    conflict: Option<u64>,
}

/// What an island takes beside its octets, for bounds on memory.
const ISLAND: u64 = 64;

impl Assembly {
    /// Adds octets at `offset`, and tells each stretch of them, as `from` and `to`, that is new.
    pub(super) fn put(&mut self, offset: u64, octets: &[u8], mut fresh: impl FnMut(u64, u64)) {
        let (mut at, mut rest) = (offset, octets);
        while !rest.is_empty() {
            let known = self.known_from(at);
            if known.is_empty() {
                let room = self.next_island(at).map_or(rest.len(), |next| rest.len().min(clamped(next - at)));
                let (new, later) = rest.split_at(room);
                self.keep(at, new);
                fresh(at, at + room as u64);
                (at, rest) = (at + room as u64, later);
                continue;
            }
            let (copy, later) = rest.split_at(rest.len().min(known.len()));
            let differs = known.iter().zip(copy).position(|(known, copy)| known != copy);
            if let Some(differs) = differs
                && self.conflict.is_none()
            {
                self.conflict = Some(at + differs as u64);
            }
            (at, rest) = (at + copy.len() as u64, later);
        }
        self.land();
    }

    /// Offset behind the last octet there is, holes or not.
    pub(super) fn reach(&self) -> u64 {
        let last = self.islands.last_key_value().map(|(from, island)| from + island.len() as u64);
        last.unwrap_or(self.octets.len() as u64)
    }

    /// Offset of the first octet that came twice and not alike.
    pub(super) fn conflict(&self) -> Option<u64> {
        self.conflict
    }

    /// About how much memory it takes, in octets.
    pub(super) fn held(&self) -> u64 {
        self.octets.len() as u64 + self.afloat + self.islands.len() as u64 * ISLAND
    }

    /// The stream turns out to begin so many octets earlier.
    pub(super) fn shift(&mut self, by: u64) {
        let islands = std::mem::take(&mut self.islands);
        self.islands = islands.into_iter().map(|(from, island)| (from + by, island)).collect();
        if !self.octets.is_empty() {
            self.afloat += self.octets.len() as u64;
            self.islands.insert(by, std::mem::take(&mut self.octets));
        }
        self.conflict = self.conflict.map(|at| at + by);
    }

    /// The holes, as `from` and `to`, in order.
    pub(super) fn holes(&self) -> Vec<(u64, u64)> {
        let mut from = self.octets.len() as u64;
        let mut holes = Vec::new();
        for (at, island) in &self.islands {
            if *at > from {
                holes.push((from, *at));
            }
            from = at + island.len() as u64;
        }
        holes
    }

    /// Forgets everything from `offset` on.
    pub(super) fn truncate(&mut self, offset: u64) {
        self.octets.truncate(clamped(offset));
        self.islands.split_off(&offset);
        if let Some((from, island)) = self.islands.iter_mut().next_back() {
            island.truncate(clamped(offset - from));
        }
        self.afloat = self.islands.values().map(|island| island.len() as u64).sum();
    }

    /// The whole stream up to its end, with zeros in its holes.
    pub(super) fn into_stream(self) -> Vec<u8> {
        let mut stream = self.octets;
        for (from, island) in self.islands {
            stream.resize(clamped(from), 0);
            stream.extend_from_slice(&island);
        }
        stream
    }

    /// What is there from `at` on, up to a hole or to where it is kept elsewhere.
    fn known_from(&self, at: u64) -> &[u8] {
        if let Some(known @ [_, ..]) = self.octets.get(clamped(at)..) {
            return known;
        }
        let Some((from, island)) = self.islands.range(..=at).next_back() else {
            return &[];
        };
        island.get(clamped(at - from)..).unwrap_or_default()
    }

    fn next_island(&self, at: u64) -> Option<u64> {
        self.islands.range(at..).next().map(|(from, _)| *from)
    }

    /// Keeps octets of which none is there yet.
    fn keep(&mut self, at: u64, octets: &[u8]) {
        if at == self.octets.len() as u64 {
            self.octets.extend_from_slice(octets);
            return;
        }
        self.afloat += octets.len() as u64;
        if let Some((from, island)) = self.islands.range_mut(..at).next_back()
            && from + island.len() as u64 == at
        {
            island.extend_from_slice(octets);
            return;
        }
        self.islands.insert(at, octets.to_vec());
    }

    /// Islands that a hole no longer parts from the stream become part of it.
    fn land(&mut self) {
        while let Some(first) = self.islands.first_entry()
            && *first.key() == self.octets.len() as u64
        {
            let island = first.remove();
            self.afloat -= island.len() as u64;
            self.octets.extend_from_slice(&island);
        }
    }
}

fn clamped(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(assembly: &mut Assembly, offset: u64, octets: &[u8]) -> Vec<(u64, u64)> {
        let mut fresh = Vec::new();
        assembly.put(offset, octets, |from, to| fresh.push((from, to)));
        fresh
    }

    #[test]
    fn octets_in_order_are_a_stream() {
        let mut assembly = Assembly::default();
        assert_eq!(put(&mut assembly, 0, b"abc"), [(0, 3)]);
        assert_eq!(put(&mut assembly, 3, b"def"), [(3, 6)]);
        assert_eq!(assembly.octets.as_slice(), b"abcdef");
    }

    #[test]
    fn what_was_overtaken_finds_its_place() {
        let mut assembly = Assembly::default();
        put(&mut assembly, 6, b"ghi");
        put(&mut assembly, 3, b"def");
        assert_eq!((assembly.octets.as_slice(), assembly.holes()), (&b""[..], vec![(0, 3)]));
        put(&mut assembly, 0, b"abc");
        assert_eq!((assembly.octets.as_slice(), assembly.holes()), (&b"abcdefghi"[..], vec![]));
        assert_eq!(assembly.held(), 9);
    }

    #[test]
    fn of_overlapping_segments_only_the_rest_is_new() {
        let mut assembly = Assembly::default();
        put(&mut assembly, 0, b"abcd");
        put(&mut assembly, 6, b"gh");
        assert_eq!(put(&mut assembly, 2, b"cdefghij"), [(4, 6), (8, 10)]);
        assert_eq!(assembly.octets.as_slice(), b"abcdefghij");
        assert_eq!(assembly.conflict(), None);
    }

    #[test]
    fn the_first_copy_is_kept_and_the_conflict_told() {
        let mut assembly = Assembly::default();
        put(&mut assembly, 0, b"abcd");
        put(&mut assembly, 6, b"gh");
        put(&mut assembly, 1, b"bXdefGh");
        assert_eq!((assembly.octets.as_slice(), assembly.conflict()), (&b"abcdefgh"[..], Some(2)));
    }

    #[test]
    fn holes_are_told_and_filled_with_zeros_at_the_end() {
        let mut assembly = Assembly::default();
        put(&mut assembly, 0, b"ab");
        put(&mut assembly, 4, b"e");
        put(&mut assembly, 7, b"h");
        assert_eq!((assembly.holes(), assembly.reach()), (vec![(2, 4), (5, 7)], 8));
        assert_eq!(assembly.into_stream(), b"ab\0\0e\0\0h");
    }

    #[test]
    fn a_stream_can_turn_out_to_begin_earlier() {
        let mut assembly = Assembly::default();
        put(&mut assembly, 0, b"cd");
        put(&mut assembly, 4, b"gh");
        assembly.shift(2);
        assert_eq!(assembly.holes(), [(0, 2), (4, 6)]);
        put(&mut assembly, 0, b"ab");
        assert_eq!(assembly.octets.as_slice(), b"abcd");
    }

    #[test]
    fn what_lies_behind_the_end_is_forgotten() {
        let mut assembly = Assembly::default();
        put(&mut assembly, 0, b"ab");
        put(&mut assembly, 4, b"efgh");
        assembly.truncate(6);
        assert_eq!(assembly.clone().into_stream(), b"ab\0\0ef");
        assembly.truncate(1);
        assert_eq!(assembly.into_stream(), b"a");
    }

    #[test]
    fn a_hole_takes_no_memory() {
        let mut assembly = Assembly::default();
        put(&mut assembly, 1 << 40, b"x");
        assert_eq!(assembly.held(), 1 + ISLAND);
    }
}
