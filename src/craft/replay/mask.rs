use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use regex::bytes::{Regex, RegexBuilder};

use crate::wire::recording::End;

/// Something of what one end says, or both, that may differ from the recording.
///
/// Reads from text: a regular expression over octets, or a range of offsets, with `client:` or
/// `server:` in front where it holds for one direction alone. See [`Mask::pattern`] and
/// [`Mask::range`].
#[derive(Clone, Debug)]
pub struct Mask {
    of: Option<End>,
    hides: Hides,
}

#[derive(Clone, Debug)]
enum Hides {
    /// What the expression finds, in the recording and in what came.
    Matches(Regex),
    /// These octets of the recording, and those that stand in their place.
    Octets(Range<u64>),
}

/// Why a text is no mask.
#[derive(Clone, Debug, thiserror::Error)]
pub enum MaskError {
    /// The regular expression cannot be read.
    #[error("'{text}' is no regular expression: {what}")]
    Pattern {
        /// The expression.
        text: String,
        /// What is wrong with it.
        what: String,
    },
    /// The range cannot be read.
    #[error("'{0}' is no range of octets: say FROM..TO, counted from 0 and without the last, or FROM..")]
    Range(String),
}

/// The most memory that a compiled expression may take, in octets.
const EXPRESSION_OCTETS: usize = 4 << 20;

impl Mask {
    /// The mask for what a regular expression finds: `Date: .*\r`, `server:ETag: "[^"]*"`.
    ///
    /// It works on octets: `.` is any but a newline, `\xff` is that octet, `^` and `$` are the
    /// beginning and end of a line. What the expression finds in the recording, and what it finds at
    /// the same place in what came, need not be alike, nor of one length.
    ///
    /// # Errors
    ///
    /// When it cannot be read as a regular expression.
    pub fn pattern(text: &str) -> Result<Self, MaskError> {
        let (of, expression) = directed(text);
        let compiled =
            RegexBuilder::new(expression).unicode(false).multi_line(true).size_limit(EXPRESSION_OCTETS).build();
        match compiled {
            Ok(regex) => Ok(Self { of, hides: Hides::Matches(regex) }),
            Err(error) => {
                // The library draws a figure over several lines; its last says what is wrong.
                let drawn = error.to_string();
                let what = drawn.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                Err(MaskError::Pattern { text: expression.to_owned(), what })
            }
        }
    }

    /// The mask for octets of the recording by their offsets: `100..120`, `client:8..`.
    ///
    /// A range that is open to its end lets what came be shorter or longer there.
    ///
    /// # Errors
    ///
    /// When it is not of this form, or empty.
    pub fn range(text: &str) -> Result<Self, MaskError> {
        let (of, range) = directed(text);
        let bad = || MaskError::Range(text.to_owned());
        let (from, to) = range.split_once("..").ok_or_else(bad)?;
        let number = |text: &str| text.trim().parse::<u64>().map_err(|_| bad());
        let from = number(from)?;
        let to = if to.trim().is_empty() { u64::MAX } else { number(to)? };
        if from >= to {
            return Err(bad());
        }
        Ok(Self { of, hides: Hides::Octets(from..to) })
    }
}

/// A range where it can be read as one, else a regular expression.
impl FromStr for Mask {
    type Err = MaskError;

    fn from_str(text: &str) -> Result<Self, MaskError> {
        Self::range(text).or_else(|_| Self::pattern(text))
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(end) = self.of {
            write!(f, "{end}:")?;
        }
        match &self.hides {
            Hides::Matches(regex) => f.write_str(regex.as_str()),
            Hides::Octets(Range { start, end: u64::MAX }) => write!(f, "{start}.."),
            Hides::Octets(Range { start, end }) => write!(f, "{start}..{end}"),
        }
    }
}

/// The masks that hold for one direction.
#[derive(Clone, Debug, Default)]
pub struct Masks {
    patterns: Vec<Regex>,
    ranges: Vec<Range<u64>>,
}

impl Masks {
    /// Nothing may differ.
    pub const NONE: Self = Self { patterns: Vec::new(), ranges: Vec::new() };

    /// Those of `masks` that hold for what `end` says.
    pub fn of(masks: &[Mask], end: End) -> Self {
        let mut chosen = Self::NONE;
        for mask in masks.iter().filter(|mask| mask.of.is_none_or(|of| of == end)) {
            match &mask.hides {
                Hides::Matches(regex) => chosen.patterns.push(regex.clone()),
                Hides::Octets(range) => chosen.ranges.push(range.clone()),
            }
        }
        chosen.ranges.sort_by_key(|range| range.start);
        chosen
    }

    /// Whether nothing may differ.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty() && self.ranges.is_empty()
    }

    /// What the expressions find in `octets`, in order and without overlaps: where two find
    /// something, the one that begins first, and of those the longest.
    pub(super) fn marks(&self, octets: &[u8]) -> Vec<Mark> {
        let found = |(pattern, regex): (usize, &Regex)| {
            let marks: Vec<Mark> = regex
                .find_iter(octets)
                .filter(|found| !found.is_empty())
                .map(|found| Mark { pattern, from: found.start(), to: found.end() })
                .collect();
            marks
        };
        let mut marks: Vec<Mark> = self.patterns.iter().enumerate().flat_map(found).collect();
        marks.sort_by_key(|mark| (mark.from, usize::MAX - mark.to));
        let mut free = 0;
        marks.retain(|mark| {
            let keep = mark.from >= free;
            if keep {
                free = mark.to;
            }
            keep
        });
        marks
    }

    /// Where the range that covers the octet at `offset` ends, if one does.
    pub(super) fn covered_to(&self, offset: u64) -> Option<u64> {
        self.ranges.iter().filter(|range| range.contains(&offset)).map(|range| range.end).max()
    }

    /// Where the next range begins behind `offset`.
    pub(super) fn next_range(&self, offset: u64) -> Option<u64> {
        self.ranges.iter().map(|range| range.start).find(|start| *start > offset)
    }
}

/// Something that an expression found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Mark {
    /// Which expression.
    pub(super) pattern: usize,
    /// Offset of its first octet.
    pub(super) from: usize,
    /// Offset behind its last.
    pub(super) to: usize,
}

/// The direction a mask names, and the rest of its text.
fn directed(text: &str) -> (Option<End>, &str) {
    for end in End::BOTH {
        if let Some(rest) = text.strip_prefix(end.name()).and_then(|rest| rest.strip_prefix(':')) {
            return (Some(end), rest);
        }
    }
    (None, text)
}
