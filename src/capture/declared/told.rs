use crate::wire::Timestamp;
use crate::wire::declared::Implausible;

/// What cutting a stream comes to.
#[derive(Clone, Copy, Debug)]
pub enum Cut<'a> {
    /// A whole message.
    Message(Message<'a>),
    /// Octets that are in no message.
    Lost(Lost),
}

/// A message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Where it begins in its side's stream.
    pub at: u64,
    /// Its header.
    pub header: &'a [u8],
    /// Its body, as much of it as is kept.
    pub body: &'a [u8],
    /// Its octets, header and body.
    pub size: u64,
    /// The packets that carried it.
    pub carriers: &'a Carriers,
    /// When its first octet came.
    pub begun: Timestamp,
    /// When its last octet came.
    pub done: Timestamp,
    /// Whether its checksum is right, where it has one.
    pub right: Option<bool>,
}

impl Message<'_> {
    /// Octets of its body, kept or not.
    pub fn body_len(&self) -> u64 {
        self.size.saturating_sub(self.header.len() as u64)
    }

    /// Whether its body is longer than what is kept of it.
    pub fn is_cut(&self) -> bool {
        self.body_len() > self.body.len() as u64
    }
}

/// Octets that are in no message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lost {
    /// Offset of the first in its side's stream.
    pub at: u64,
    /// How many.
    pub len: u64,
    /// Why no message was cut of them.
    pub why: Why,
    /// Whether a message begins behind them.
    pub found: bool,
}

/// Why octets are in no message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Why {
    /// A header should have begun there, and does not.
    Implausible(Implausible),
    /// They are not in the capture, or belong to a message of which some is not.
    Hole,
    /// The capture begins in the middle of the stream.
    MidStream,
    /// The stream, or the datagram, ends within a message.
    CutShort,
}

impl Why {
    /// Its name in the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Implausible(why) => why.name(),
            Self::Hole => "hole",
            Self::MidStream => "midstream",
            Self::CutShort => "cut_short",
        }
    }

    pub(super) const fn is_implausible(self) -> bool {
        matches!(self, Self::Implausible(_))
    }
}

/// The packets that carried a message, in the order of its octets.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Carriers {
    /// Their numbers; of very many the first.
    pub numbers: Vec<u64>,
    /// How many more there are.
    pub more: u64,
    /// The last of them.
    pub last: u64,
    /// The latest time of any.
    pub time: Timestamp,
}

/// How many packets of a message are told by their numbers.
const MOST: usize = 64;

impl Carriers {
    /// The first of them.
    pub fn first(&self) -> Option<u64> {
        self.numbers.first().copied()
    }

    /// How many they are.
    pub fn count(&self) -> u64 {
        self.numbers.len() as u64 + self.more
    }

    pub(super) fn add(&mut self, n: u64, time: Timestamp) {
        self.time = if self.numbers.is_empty() { time } else { self.time.max(time) };
        if self.last == n && !self.numbers.is_empty() {
            return;
        }
        self.last = n;
        if self.numbers.len() < MOST { self.numbers.push(n) } else { self.more += 1 }
    }

    pub(super) fn clear(&mut self) {
        self.numbers.clear();
        (self.more, self.last, self.time) = (0, 0, Timestamp(0));
    }
}
