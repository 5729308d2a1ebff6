//! What came, octet by octet beside the recording.

use super::mask::{Mark, Masks};

/// How what came compares with what was recorded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Comparison {
    /// Octets in the recording.
    pub recorded: u64,
    /// Octets that came.
    pub came: u64,
    /// Octets that are alike and stand in the same place, behind a first difference too.
    pub alike: u64,
    /// Octets of the recording that a mask hides.
    pub masked: u64,
    /// What that makes.
    pub outcome: Outcome,
}

/// The outcome of a [`Comparison`]: the first thing that differs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Nothing, or only what a mask hides.
    Equal,
    /// An octet.
    Differs(Difference),
    /// What came ends too early.
    Missing {
        /// Where in the recording.
        at: u64,
        /// How many octets did not come.
        octets: u64,
    },
    /// What came goes on.
    Extra {
        /// Where in what came.
        at: u64,
        /// How many octets came beyond the recording.
        octets: u64,
    },
}

/// The first octet that differs, and what stands around it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// Its offset in the recording.
    pub recorded_at: u64,
    /// Its offset in what came: another, where a mask hid different lengths before.
    pub came_at: u64,
    /// The octets before it that both have, from the beginning of the line, at most 24.
    pub before: Vec<u8>,
    /// What was recorded from there on, at most 32 octets.
    pub recorded: Vec<u8>,
    /// What came instead, at most 32 octets.
    pub came: Vec<u8>,
}

impl Comparison {
    /// Whether nothing differs but what may.
    pub fn is_equal(&self) -> bool {
        self.outcome == Outcome::Equal
    }
}

/// Compares all that `came` with what was `recorded`.
///
/// What an expression of `masks` finds on both sides at the same place is passed over, whatever its
/// length; so are the octets of a range and as many of those that came. What it finds on one side
/// alone is compared like any other octets.
pub fn compare(recorded: &[u8], came: &[u8], masks: &Masks) -> Comparison {
    let marks = (masks.marks(recorded), masks.marks(came));
    let mut walk = Walk { recorded, came, at: (0, 0), alike: 0, masked: 0, first: None };
    let (mut recorded_marks, mut came_marks) = (marks.0.as_slice(), marks.1.as_slice());
    loop {
        if let ([a, after_a @ ..], [b, after_b @ ..]) = (recorded_marks, came_marks)
            && walk.at == (a.from, b.from)
            && a.pattern == b.pattern
        {
            walk.masked += (a.to - a.from) as u64;
            walk.at = (a.to, b.to);
            (recorded_marks, came_marks) = (after_a, after_b);
            continue;
        }
        let to_mark = usize::min(
            next_mark(&mut recorded_marks, walk.at.0, recorded.len()),
            next_mark(&mut came_marks, walk.at.1, came.len()),
        );
        if to_mark == 0 {
            break;
        }
        let offset = walk.at.0 as u64;
        if let Some(end) = masks.covered_to(offset) {
            walk.pass(to_mark.min(clamped(end - offset)));
        } else {
            let free = masks.next_range(offset).map_or(usize::MAX, |start| clamped(start - offset));
            walk.judge(to_mark.min(free));
        }
    }
    walk.end(masks)
}

/// A walk along both streams.
struct Walk<'a> {
    recorded: &'a [u8],
    came: &'a [u8],
    /// The offset in either.
    at: (usize, usize),
    alike: u64,
    masked: u64,
    first: Option<(usize, usize)>,
}

impl Walk<'_> {
    /// Passes over so many octets on both sides.
    fn pass(&mut self, octets: usize) {
        self.masked += octets as u64;
        self.at = (self.at.0 + octets, self.at.1 + octets);
    }

    /// Compares so many octets on both sides.
    fn judge(&mut self, octets: usize) {
        let (from, to) = (self.at, (self.at.0 + octets, self.at.1 + octets));
        let recorded = self.recorded.get(from.0..to.0).unwrap_or_default();
        let came = self.came.get(from.1..to.1).unwrap_or_default();
        self.at = to;
        if recorded == came {
            self.alike += octets as u64;
            return;
        }
        let pairs = || recorded.iter().zip(came);
        self.alike += pairs().filter(|(a, b)| a == b).count() as u64;
        if self.first.is_none() {
            self.first = pairs().position(|(a, b)| a != b).map(|at| (from.0 + at, from.1 + at));
        }
    }

    fn end(mut self, masks: &Masks) -> Comparison {
        let (recorded, came) = (self.recorded.len() as u64, self.came.len() as u64);
        let at = (self.at.0 as u64, self.at.1 as u64);
        let mut rest = (recorded - at.0, came - at.1);
        // A range hides what did not come, too; and one that is open to its end, whatever else came.
        let covered_to = masks.covered_to(at.0).unwrap_or(0);
        if covered_to >= recorded && rest.0 > 0 {
            self.masked += rest.0;
            rest.0 = 0;
        }
        if covered_to == u64::MAX {
            rest.1 = 0;
        }
        let outcome = match (self.first, rest) {
            (Some(first), _) => Outcome::Differs(self.difference(first)),
            (None, (0, 0)) => Outcome::Equal,
            (None, (0, octets)) => Outcome::Extra { at: at.1, octets },
            (None, (octets, _)) => Outcome::Missing { at: at.0, octets },
        };
        Comparison { recorded, came, alike: self.alike, masked: self.masked, outcome }
    }

    fn difference(&self, (recorded_at, came_at): (usize, usize)) -> Difference {
        let ahead = |octets: &[u8], at: usize| octets.iter().skip(at).take(32).copied().collect();
        let before = |octets: &'_ [u8], at: usize| octets.get(at.saturating_sub(24)..at).unwrap_or_default().to_vec();
        let (a, b) = (before(self.recorded, recorded_at), before(self.came, came_at));
        let common = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b && **a != b'\n').count();
        Difference {
            recorded_at: recorded_at as u64,
            came_at: came_at as u64,
            before: a.get(a.len() - common..).unwrap_or_default().to_vec(),
            recorded: ahead(self.recorded, recorded_at),
            came: ahead(self.came, came_at),
        }
    }
}

/// How many octets there are from `at` to the next mark, or to the end of all `len`; marks that
/// begin at or before it are left behind.
fn next_mark(marks: &mut &[Mark], at: usize, len: usize) -> usize {
    while let [first, rest @ ..] = marks
        && first.from <= at
    {
        *marks = rest;
    }
    marks.first().map_or(len, |mark| mark.from) - at
}

fn clamped(octets: u64) -> usize {
    usize::try_from(octets).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::mask::Mask;
    use super::*;
    use crate::wire::recording::End;

    fn masks(texts: &[&str]) -> Masks {
        let masks: Vec<Mask> = texts.iter().map(|text| text.parse().expect("a mask")).collect();
        Masks::of(&masks, End::Server)
    }

    fn outcome(recorded: &[u8], came: &[u8], texts: &[&str]) -> Outcome {
        compare(recorded, came, &masks(texts)).outcome
    }

    const RECORDED: &[u8] = b"HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov\r\nETag: \"a\"\r\n\r\nbody";

    #[test]
    fn the_same_octets_are_equal() {
        let comparison = compare(RECORDED, RECORDED, &Masks::NONE);
        assert!(comparison.is_equal());
        assert_eq!((comparison.alike, comparison.masked), (RECORDED.len() as u64, 0));
    }

    #[test]
    fn the_first_difference_is_told_with_both_sides() {
        let came = b"HTTP/1.1 200 OK\r\nDate: Sun, 23 Dec\r\nETag: \"a\"\r\n\r\nbody";
        let comparison = compare(RECORDED, came, &Masks::NONE);
        let Outcome::Differs(difference) = &comparison.outcome else { panic!("{comparison:?}") };
        assert_eq!((difference.recorded_at, difference.came_at), (29, 29));
        assert_eq!(difference.before, b"Date: Sun, 2");
        assert!(difference.recorded.starts_with(b"2 Nov\r\n") && difference.came.starts_with(b"3 Dec\r\n"));
        assert_eq!(comparison.alike, RECORDED.len() as u64 - 4);
    }

    #[test]
    fn what_a_mask_hides_may_have_another_length() {
        let came = b"HTTP/1.1 200 OK\r\nDate: Monday the 23rd\r\nETag: \"a\"\r\n\r\nbody";
        assert_eq!(outcome(RECORDED, came, &["Date: .*\\r"]), Outcome::Equal);
        let came = b"HTTP/1.1 200 OK\r\nDate: Monday the 23rd\r\nETag: \"b\"\r\n\r\nbody";
        let Outcome::Differs(difference) = outcome(RECORDED, came, &["Date: .*\\r"]) else { panic!("the tags differ") };
        assert_eq!((difference.recorded_at, difference.came_at), (43, 47));
    }

    #[test]
    fn a_mask_that_finds_something_on_one_side_alone_hides_nothing() {
        let came = b"HTTP/1.1 200 OK\r\nETag: \"a\"\r\n\r\nbody";
        let Outcome::Differs(difference) = outcome(RECORDED, came, &["Date: .*\\r\\n"]) else { panic!("no date") };
        assert_eq!(difference.recorded_at, 17);
    }

    #[test]
    fn a_mask_for_one_direction_leaves_the_other() {
        assert_eq!(outcome(b"abc", b"abd", &["server:c|d"]), Outcome::Equal);
        assert!(matches!(outcome(b"abc", b"abd", &["client:c|d"]), Outcome::Differs(_)));
        assert_eq!(outcome(b"abc", b"abd", &["server:2..3"]), Outcome::Equal);
        assert!(matches!(outcome(b"abc", b"abd", &["client:2..3"]), Outcome::Differs(_)));
    }

    #[test]
    fn what_is_missing_and_what_is_more_is_told_with_its_place() {
        assert_eq!(outcome(b"abcdef", b"abcd", &[]), Outcome::Missing { at: 4, octets: 2 });
        assert_eq!(outcome(b"abcd", b"abcdef", &[]), Outcome::Extra { at: 4, octets: 2 });
        assert_eq!(outcome(b"", b"", &[]), Outcome::Equal);
        assert_eq!(outcome(b"", b"x", &[]), Outcome::Extra { at: 0, octets: 1 });
    }

    #[test]
    fn a_range_hides_its_octets_and_those_in_their_place() {
        assert_eq!(outcome(b"abcdef", b"abXYef", &["2..4"]), Outcome::Equal);
        assert!(matches!(outcome(b"abcdef", b"abXYeZ", &["2..4"]), Outcome::Differs(_)));
        assert_eq!(outcome(b"abcdef", b"abc", &["2..6"]), Outcome::Equal);
        assert_eq!(outcome(b"abcdef", b"ab", &["3..6"]), Outcome::Missing { at: 2, octets: 4 });
    }

    #[test]
    fn an_open_range_lets_the_length_differ() {
        assert_eq!(outcome(b"abcdef", b"abXXXXXXXXXXXX", &["2.."]), Outcome::Equal);
        assert_eq!(outcome(b"abcdef", b"ab", &["2.."]), Outcome::Equal);
        assert_eq!(outcome(b"abcdef", b"abXXXXXXXXXXXX", &["2..6"]), Outcome::Extra { at: 6, octets: 8 });
    }

    #[test]
    fn octets_that_are_no_text_can_be_hidden() {
        assert_eq!(outcome(b"\x00\xff\x01\x80z", b"\x00\xff\x02\x80z", &[r"\xff.\x80"]), Outcome::Equal);
        assert_eq!(outcome(b"\x00\xff\n\x80z", b"\x00\xff\x02\x80z", &[r"(?s)\xff.\x80"]), Outcome::Equal);
    }

    #[test]
    fn a_text_that_is_no_mask_is_told_why() {
        let error = "a(b".parse::<Mask>().expect_err("an open group").to_string();
        assert_eq!(error, "'a(b' is no regular expression: unclosed group");
        let error = Mask::range("9..3").expect_err("backwards").to_string();
        assert!(error.starts_with("'9..3' is no range of octets"), "{error}");
        for text in ["client:8..", "8..9", "server:Date: .*\\r"] {
            assert_eq!(text.parse::<Mask>().expect("a mask").to_string(), text);
        }
    }
}
