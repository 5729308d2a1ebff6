use std::collections::BTreeMap;

/// What the other end says: in order as far as it goes, and early pieces kept until the ones before
/// them come.
///
/// Offsets count the octets of its stream from 0; its FIN is one more behind the last.
#[derive(Clone, Debug, Default)]
pub(super) struct Inflow {
    /// What is expected next, the FIN counted once it has come.
    nxt: u64,
    /// Where its FIN stands, once that was seen.
    fin_at: Option<u64>,
    /// Pieces behind a hole, by their first octet.
    early: BTreeMap<u64, Vec<u8>>,
    early_octets: u64,
    /// The early piece that came last: it leads the list of a SACK option (RFC 2018 §4).
    newest: Option<u64>,
}

/// How a segment came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Arrival {
    /// It brings what was expected next.
    Next,
    /// There is a hole before it.
    Early,
    /// All of it was there before.
    Repeat,
    /// None of it is within the window.
    Outside,
}

impl Inflow {
    /// What is expected next: octets received in order, and the FIN as one.
    pub(super) const fn nxt(&self) -> u64 {
        self.nxt
    }

    /// Octets received in order, without the FIN.
    pub(super) fn octets(&self) -> u64 {
        self.nxt - u64::from(self.is_finished())
    }

    /// Whether the other end has said all it will, and all of it is here.
    pub(super) fn is_finished(&self) -> bool {
        self.fin_at.is_some_and(|at| self.nxt > at)
    }

    /// Whether something before what was received is missing.
    pub(super) fn has_hole(&self) -> bool {
        !self.early.is_empty() || self.fin_at.is_some_and(|at| self.nxt < at)
    }

    /// Takes a piece that begins at `from`; `deliver` is handed what is in order now.
    pub(super) fn take(
        &mut self,
        from: i64,
        octets: &[u8],
        fin: bool,
        window: u32,
        mut deliver: impl FnMut(&[u8]),
    ) -> Arrival {
        let end = from + octets.len() as i64 + i64::from(fin);
        let next = self.nxt as i64;
        if end <= next {
            return Arrival::Repeat;
        }
        if self.is_finished() || from > next + i64::from(window) {
            return Arrival::Outside;
        }
        if fin {
            self.fin_at.get_or_insert((end - 1) as u64);
        }
        if from > next {
            self.keep(from as u64, octets, window);
            return Arrival::Early;
        }
        self.deliver((next - from) as usize, octets, &mut deliver);
        while let Some(first) = self.early.first_entry() {
            if *first.key() > self.nxt {
                break;
            }
            let (from, octets) = first.remove_entry();
            self.early_octets -= octets.len() as u64;
            let known = (self.nxt - from) as usize;
            self.deliver(known, &octets, &mut deliver);
        }
        if self.fin_at == Some(self.nxt) {
            self.nxt += 1;
        }
        Arrival::Next
    }

    /// What has arrived early, as first octet and the one behind the last: at most `most` blocks, the
    /// newest first.
    pub(super) fn blocks(&self, most: usize) -> Vec<(u64, u64)> {
        let mut blocks: Vec<(u64, u64)> = Vec::new();
        for (from, octets) in &self.early {
            let to = from + octets.len() as u64;
            match blocks.last_mut() {
                Some((_, end)) if *from <= *end => *end = to.max(*end),
                _ => blocks.push((*from, to)),
            }
        }
        if let Some(newest) = self.newest
            && let Some(at) = blocks.iter().position(|(from, to)| (*from..*to).contains(&newest))
        {
            blocks[..=at].rotate_right(1);
        }
        blocks.truncate(most);
        blocks
    }

    fn deliver(&mut self, known: usize, octets: &[u8], deliver: &mut impl FnMut(&[u8])) {
        // What stands behind a FIN is nothing.
        let room = self.fin_at.map_or(u64::MAX, |at| at.saturating_sub(self.nxt));
        let fresh = octets.get(known..).unwrap_or_default();
        let fresh = &fresh[..fresh.len().min(usize::try_from(room).unwrap_or(usize::MAX))];
        if !fresh.is_empty() {
            deliver(fresh);
            self.nxt += fresh.len() as u64;
        }
    }

    fn keep(&mut self, from: u64, octets: &[u8], window: u32) {
        // Copies that overlap could add up to more than a window.
        let full = self.early_octets + octets.len() as u64 > 2 * u64::from(window);
        if octets.is_empty() || full || self.early.get(&from).is_some_and(|kept| kept.len() >= octets.len()) {
            return;
        }
        self.newest = Some(from);
        self.early_octets += octets.len() as u64;
        if let Some(shorter) = self.early.insert(from, octets.to_vec()) {
            self.early_octets -= shorter.len() as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: u32 = 1000;

    #[track_caller]
    fn take(inflow: &mut Inflow, from: i64, octets: &str, fin: bool) -> (Arrival, String) {
        let mut text = Vec::new();
        let arrival = inflow.take(from, octets.as_bytes(), fin, WINDOW, |more| text.extend_from_slice(more));
        (arrival, String::from_utf8(text).expect("letters"))
    }

    #[test]
    fn early_pieces_wait_for_those_before_them() {
        let mut inflow = Inflow::default();
        assert_eq!(take(&mut inflow, 6, "ghi", true), (Arrival::Early, String::new()));
        assert_eq!(take(&mut inflow, 3, "def", false), (Arrival::Early, String::new()));
        assert!(inflow.has_hole() && inflow.blocks(4) == [(3, 9)]);
        assert_eq!(take(&mut inflow, 0, "abcd", false), (Arrival::Next, "abcdefghi".to_owned()));
        assert!(inflow.is_finished() && !inflow.has_hole());
        assert_eq!((inflow.nxt(), inflow.octets()), (10, 9));
        assert_eq!(take(&mut inflow, 6, "ghi", true).0, Arrival::Repeat);
        assert_eq!(take(&mut inflow, 10, "j", false).0, Arrival::Outside);
    }

    #[test]
    fn a_copy_brings_only_what_is_new_in_it() {
        let mut inflow = Inflow::default();
        assert_eq!(take(&mut inflow, 0, "abc", false).1, "abc");
        assert_eq!(take(&mut inflow, 1, "bcde", false), (Arrival::Next, "de".to_owned()));
        assert_eq!(take(&mut inflow, -4, "xx", false).0, Arrival::Repeat);
        assert_eq!(take(&mut inflow, 2000, "x", false).0, Arrival::Outside);
    }

    #[test]
    fn the_block_that_came_last_is_told_first() {
        let mut inflow = Inflow::default();
        for (from, octets) in [(10, "a"), (20, "b"), (30, "c"), (21, "d")] {
            take(&mut inflow, from, octets, false);
        }
        assert_eq!(inflow.blocks(4), [(20, 22), (10, 11), (30, 31)]);
        assert_eq!(inflow.blocks(2), [(20, 22), (10, 11)]);
    }

    #[test]
    fn more_than_two_windows_are_not_kept() {
        let mut inflow = Inflow::default();
        let long = "x".repeat(900);
        for from in 1..10 {
            take(&mut inflow, from, &long, false);
        }
        assert!(inflow.early_octets <= 2 * u64::from(WINDOW), "{}", inflow.early_octets);
    }
}
