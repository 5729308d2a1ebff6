use crate::wire::Seq;

/// Most holes remembered in one direction: when there are more, the oldest is forgotten, and its
/// octets count as seen.
const MAX_HOLES: usize = 32;

/// Which stretches of one direction's sequence space were seen.
///
/// Everything from the first octet seen up to the highest, but for the holes. A capture without
/// loss has none, and then this is two numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Coverage {
    /// Whether anything was.
    seen: bool,
    /// The first number seen.
    base: Seq,
    /// One past the highest number seen; before anything was, what the peer acknowledged.
    nxt: Seq,
    /// Stretches `[from, to)` not seen, in order.
    #[expect(clippy::box_collection, reason = "one word where no hole ever was")]
    holes: Option<Box<Vec<(Seq, Seq)>>>,
}

/// What a stretch of octets adds to what was seen before.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Added {
    /// Octets beyond everything seen.
    pub(super) beyond: u32,
    /// Octets that fill holes.
    pub(super) filled: u32,
    /// Octets seen before.
    pub(super) repeated: u32,
    /// Octets skipped: a new hole before this stretch.
    pub(super) skipped: u32,
}

impl Coverage {
    /// One past the highest number seen.
    pub(super) fn nxt(&self) -> Option<Seq> {
        if self.seen { Some(self.nxt) } else { None }
    }

    /// The same, or else what the peer acknowledged.
    #[inline]
    pub(super) fn reach(&self) -> Seq {
        self.nxt
    }

    /// The first number seen.
    #[inline]
    pub(super) fn base(&self) -> Option<Seq> {
        if self.seen { Some(self.base) } else { None }
    }

    /// The peer acknowledged everything below `ack`, and nothing of it was seen.
    pub(super) fn expect(&mut self, ack: Seq) {
        if !self.seen {
            self.nxt = ack;
        }
    }

    /// Starts anew at `at`, as if nothing past it had been seen.
    pub(super) fn rewind(&mut self, at: Seq) {
        let base = self.base().filter(|base| base.before(at)).unwrap_or(at);
        *self = Self { seen: true, base, nxt: at, holes: None };
    }

    /// Forgets everything: another sequence space begins at `at`.
    pub(super) fn restart(&mut self, at: Seq) {
        *self = Self { seen: true, base: at, nxt: at, holes: None };
    }

    /// Whether every octet below `at`, from the first seen, was seen.
    pub(super) fn whole_below(&self, at: Seq) -> bool {
        self.holes().first().is_none_or(|(from, _)| !from.before(at))
    }

    /// Whether something was seen, and no hole is known.
    pub(super) fn is_whole(&self) -> bool {
        self.seen && self.holes.is_none()
    }

    /// Adds the next `len` octets.
    pub(super) fn go_on(&mut self, len: u32) {
        self.nxt += len;
    }

    /// Whether a hole is known.
    pub(super) fn has_holes(&self) -> bool {
        !self.holes().is_empty()
    }

    fn holes(&self) -> &[(Seq, Seq)] {
        self.holes.as_ref().map_or(&[], |holes| holes.as_slice())
    }

    /// Forgets the holes below `ack`: what is acknowledged arrived, seen or not. Returns how many
    /// octets they held.
    pub(super) fn close_below(&mut self, ack: Seq) -> u32 {
        let Some(holes) = &mut self.holes else {
            return 0;
        };
        let mut octets = 0;
        holes.retain_mut(|(from, to)| {
            if to.after(ack) {
                if from.before(ack) {
                    octets += ack.offset_from(*from) as u32;
                    *from = ack;
                }
                return true;
            }
            octets += to.offset_from(*from) as u32;
            false
        });
        if holes.is_empty() {
            self.holes = None;
        }
        octets
    }

    /// How many separate holes begin below `ack`.
    pub(super) fn holes_below(&self, ack: Seq) -> u32 {
        self.holes().iter().filter(|(from, _)| from.before(ack)).count() as u32
    }

    /// Takes everything below `ack` as seen although it was not: the peer has it.
    pub(super) fn extend_to(&mut self, ack: Seq) {
        if self.seen {
            self.nxt = self.nxt.latest(ack);
        }
    }

    /// Adds the stretch `[from, from + len)`.
    pub(super) fn add(&mut self, from: Seq, len: u32) -> Added {
        let to = from + len;
        if !self.seen {
            *self = Self { seen: true, base: from, nxt: to, holes: None };
            return Added { beyond: len, ..Added::default() };
        }
        let (base, nxt) = (self.base, self.nxt);
        let mut added = Added::default();
        if from.before(base) {
            return self.add_below(base, from, len);
        }
        if to.after(nxt) {
            if from.after(nxt) {
                added.skipped = from.offset_from(nxt) as u32;
                self.dig(nxt, from);
            }
            added.beyond = to.offset_from(from.latest(nxt)) as u32;
            self.nxt = to;
        }
        let known = len - added.beyond;
        if known > 0 {
            added.filled = self.fill(from, from + known);
            added.repeated = known.saturating_sub(added.filled);
        }
        added
    }

    /// Adds a stretch that begins below everything seen: a capture that began in mid-stream shows
    /// what was overtaken.
    fn add_below(&mut self, base: Seq, from: Seq, len: u32) -> Added {
        let below = len.min(base.offset_from(from) as u32);
        self.base = from;
        let holes = self.holes.get_or_insert_default();
        if (from + below).before(base) && holes.len() < MAX_HOLES {
            holes.insert(0, (from + below, base));
        } else if holes.is_empty() {
            self.holes = None;
        }
        let rest = if len > below { self.add(base, len - below) } else { Added::default() };
        Added { filled: below + rest.filled, ..rest }
    }

    fn dig(&mut self, from: Seq, to: Seq) {
        let holes = self.holes.get_or_insert_default();
        if holes.len() == MAX_HOLES {
            holes.remove(0);
        }
        holes.push((from, to));
    }

    /// Takes `[from, to)` out of the holes; returns how many octets of it were in one.
    fn fill(&mut self, from: Seq, to: Seq) -> u32 {
        let Some(holes) = &mut self.holes else {
            return 0;
        };
        let mut filled = 0;
        let mut at = 0;
        while at < holes.len() {
            let (left, right) = holes[at];
            let (cut_left, cut_right) = (left.latest(from), if right.before(to) { right } else { to });
            if !cut_left.before(cut_right) {
                at += 1;
                continue;
            }
            filled += cut_right.offset_from(cut_left) as u32;
            match (left.before(cut_left), cut_right.before(right)) {
                (false, false) => {
                    holes.remove(at);
                    continue;
                }
                (true, false) => holes[at].1 = cut_left,
                (false, true) => holes[at].0 = cut_right,
                (true, true) => {
                    holes[at].1 = cut_left;
                    if holes.len() < MAX_HOLES {
                        holes.insert(at + 1, (cut_right, right));
                        at += 1;
                    }
                }
            }
            at += 1;
        }
        if holes.is_empty() {
            self.holes = None;
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(beyond: u32, filled: u32, repeated: u32, skipped: u32) -> Added {
        Added { beyond, filled, repeated, skipped }
    }

    #[test]
    fn octets_in_order_are_new_and_again_are_repeated() {
        let mut seen = Coverage::default();
        assert_eq!(seen.add(Seq(u32::MAX - 4), 10), added(10, 0, 0, 0));
        assert_eq!(seen.add(Seq(u32::MAX - 4), 10), added(0, 0, 10, 0));
        assert_eq!(seen.add(Seq(0), 10), added(5, 0, 5, 0));
    }

    #[test]
    fn a_hole_is_filled_in_pieces() {
        let mut seen = Coverage::default();
        seen.add(Seq(0), 10);
        assert_eq!(seen.add(Seq(40), 10), added(10, 0, 0, 30));
        assert!(!seen.whole_below(Seq(41)));
        assert_eq!(seen.add(Seq(20), 10), added(0, 10, 0, 0));
        assert_eq!(seen.add(Seq(5), 20), added(0, 10, 10, 0));
        assert_eq!(seen.close_below(Seq(35)), 5);
        assert_eq!(seen.add(Seq(35), 5), added(0, 5, 0, 0));
        assert!(!seen.has_holes());
    }

    #[test]
    fn octets_from_before_the_first_seen_are_new_once() {
        let mut seen = Coverage::default();
        seen.add(Seq(100), 10);
        assert_eq!(seen.add(Seq(80), 10), added(0, 10, 0, 0));
        assert_eq!(seen.add(Seq(80), 10), added(0, 0, 10, 0));
        assert_eq!(seen.add(Seq(90), 15), added(0, 10, 5, 0));
        assert!(!seen.has_holes());
    }

    #[test]
    fn starting_anew_before_everything_seen_leaves_no_octets_behind() {
        let mut seen = Coverage::default();
        seen.add(Seq(1), 0);
        seen.rewind(Seq(u32::MAX - 1));
        assert_eq!(seen.add(Seq(1), 0), added(0, 0, 0, 3));
        assert_eq!(seen.add(Seq(u32::MAX - 1), 1), added(0, 1, 0, 0));
        assert_eq!(seen.add(Seq(u32::MAX - 1), 2), added(0, 1, 1, 0));
    }

    #[test]
    fn holes_are_bounded() {
        let mut seen = Coverage::default();
        for at in 0..1000 {
            seen.add(Seq(at * 10), 1);
        }
        assert_eq!(seen.holes().len(), MAX_HOLES);
    }
}
