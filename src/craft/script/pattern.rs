//! A segment as a script has it: what is written of it, and what is left open.
//!
//! The end that is played says such a segment, and then what is open is whatever is right; from
//! the other end it is expected, and then what is open may be anything.

use std::fmt;

use crate::wire::declared::{Definition, Wording, Written};
use crate::wire::notation::{Origin, Quoted};
use crate::wire::{Flags, OptionList, Seq, Window};

/// A TCP segment of which some fields may be left open.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pattern {
    /// The flags; `None` is `...`: any.
    pub flags: Option<Flags>,
    /// The sequence number.
    pub seq: Number,
    /// A name for the number after the payload.
    pub end: Option<Name>,
    /// Octets of payload; `None` is `...`.
    pub len: Option<u32>,
    /// The acknowledgment number, where one is written.
    pub ack: Option<Number>,
    /// The window field, where it is written.
    pub window: Option<Window>,
    /// The urgent pointer, where it is written.
    pub urgent: Option<u16>,
    /// The options, where they are written.
    pub options: Option<OptionsPattern>,
    /// The payload, where it is written: with a length its whole, else how it begins.
    pub data: Option<Vec<u8>>,
    /// The message of a declared protocol that the payload is, where it is written as one.
    pub message: Option<Box<Spoken>>,
}

/// A message of a declared protocol, as a step has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Spoken {
    /// The protocol.
    pub of: Definition,
    /// What is said of it.
    pub wording: Wording,
    /// Its octets, and which of them that speaks of.
    pub written: Written,
}

impl Spoken {
    /// What a payload is, in the words of the protocol if it is of it.
    pub(in crate::craft) fn told(&self, payload: &[u8]) -> String {
        let of = &self.of;
        match payload.split_at_checked(of.header) {
            Some((header, body)) if of.measure(header).is_ok() => {
                let mut line = format!("{} ", of.name).into_bytes();
                of.write_summary(&mut line, header, body);
                line.escape_ascii().to_string()
            }
            _ => Quoted(payload.get(..40).unwrap_or(payload)).to_string(),
        }
    }
}

/// A sequence number in a script.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Number {
    /// `17`, `-1`, `!4711`.
    At(Origin, Seq),
    /// `end`, `end+1`: what stood where the name was first met, and so many octets more.
    Named(Name, i32),
    /// `...`: expected, any; sent, the next in order.
    Any,
}

impl Number {
    /// A number counted from its end's initial sequence number.
    pub const fn at(value: u32) -> Self {
        Self::At(Origin::Isn, Seq(value))
    }
}

/// The options of a [`Pattern`], in order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OptionsPattern {
    /// Those that are written.
    pub items: Vec<OptionPattern>,
    /// Whether the list ends with `...`: there may be others, before, between and after them.
    pub more: bool,
}

/// One option of which the value may be left open.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum OptionPattern {
    /// Exactly these octets: one option.
    Exactly(OptionList),
    /// `mss ...`: an option of this kind with any data.
    AnyOf(u8),
    /// `TS val ... ecr t0`: timestamps of which one is open or named.
    Timestamps(Value, Value),
    /// `FO cookie`: a fast open cookie with a name.
    Cookie(Name),
}

/// A number of 32 bits in an option.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Value {
    /// This.
    Is(u32),
    /// What stood where the name was first met.
    Named(Name),
    /// `...`: expected, any; sent, the right one.
    Any,
}

/// A name for something learnt on the way: up to 15 letters, digits and `_`, a small letter first.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct Name {
    len: u8,
    letters: [u8; Self::MAX],
}

impl Name {
    /// The longest a name may be.
    pub const MAX: usize = 15;

    /// The name that `text` is, if it is one.
    pub fn new(text: &str) -> Option<Self> {
        let mut letters = [0; Self::MAX];
        let word = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
        let named = text.bytes().next().is_some_and(|c| c.is_ascii_lowercase()) && text.bytes().all(word);
        letters.get_mut(..text.len()).filter(|_| named)?.copy_from_slice(text.as_bytes());
        Some(Self { len: text.len() as u8, letters })
    }

    /// Its letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.letters[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Pattern {
    /// Whether nothing but the acknowledgment and the window is told: no octet of the stream.
    pub fn is_pure_ack(&self) -> bool {
        self.flags == Some(Flags::ACK) && self.len == Some(0)
    }

    /// The names that this segment teaches or needs.
    pub fn names(&self) -> impl Iterator<Item = Name> {
        let number = |number: Option<Number>| match number {
            Some(Number::Named(name, _)) => Some(name),
            _ => None,
        };
        let options = self.options.iter().flat_map(|options| &options.items).flat_map(|item| match item {
            OptionPattern::Timestamps(val, ecr) => [val.name(), ecr.name()],
            OptionPattern::Cookie(name) => [Some(*name), None],
            OptionPattern::Exactly(_) | OptionPattern::AnyOf(_) => [None, None],
        });
        [number(Some(self.seq)), self.end, number(self.ack)].into_iter().chain(options).flatten()
    }
}

impl Value {
    fn name(self) -> Option<Name> {
        match self {
            Self::Named(name) => Some(name),
            Self::Is(_) | Self::Any => None,
        }
    }
}
