use std::fmt;
use std::io;
use std::num::NonZeroU16;

use super::filter::FilterError;
use crate::wire::Timestamp;

/// One captured frame, borrowed from its source until the next is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// When it was captured.
    pub time: Timestamp,
    /// Octets on the wire, before the snap length.
    pub wire_len: u32,
    /// What the octets begin with.
    pub link: Link,
    /// Number of the interface it was seen on, counted by the source from 0.
    pub interface: u32,
    /// The octets that were captured.
    pub bytes: &'a [u8],
    /// The first comment a pcapng file carries for this packet, as it stands there (it should be
    /// UTF-8, and is not always).
    pub comment: Option<&'a [u8]>,
    /// What the capturing host knew of it that the octets do not say.
    pub aside: Aside,
}

/// What a host that captures its own traffic knows of a frame beside its octets. Files mostly do
/// not tell.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Aside {
    /// Which way it went, seen from the capturing host.
    pub direction: Option<Direction>,
    /// Its transport checksum is left to the network card: what stands there is the sum of the
    /// pseudo-header.
    pub unfinished: bool,
    /// Payload octets in each of the segments that it stands for, where it is more than one: the
    /// network card cuts it up on its way out, or has put it together on its way in.
    pub segment_size: Option<NonZeroU16>,
}

impl Aside {
    /// Nothing is known.
    pub const NONE: Self = Self { direction: None, unfinished: false, segment_size: None };
}

/// Which way a frame went, seen from the capturing host.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// It came, whomever it is for.
    In,
    /// It was sent by this host.
    Out,
}

/// What a frame's first octets are: the link-layer header type of the capture.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Link {
    /// IEEE 802.3 Ethernet, type 1.
    Ethernet,
    /// An IPv4 or IPv6 header at once (types 12, 14, 101, 228, 229 and their kin).
    Raw,
    /// Linux cooked capture, type 113.
    Sll,
    /// Linux cooked capture v2, type 276.
    Sll2,
    /// BSD loopback: an address family in the byte order of the capturing host, type 0.
    Null,
    /// OpenBSD loopback: the same in network byte order, type 108.
    Loop,
    /// PPP, with or without HDLC-like framing, types 9, 50 and 166.
    Ppp,
    /// PPPoE session packets without Ethernet, type 51.
    Pppoe,
    /// Anything else, by its LINKTYPE number.
    Other(u16),
}

impl Link {
    /// The link for a LINKTYPE_ or DLT_ value from a capture file. Bits above 16 (FCS length) are
    /// the caller's to mask off.
    pub const fn of_linktype(value: u16) -> Self {
        match value {
            0 => Self::Null,
            1 => Self::Ethernet,
            9 | 50 | 166 => Self::Ppp,
            12 | 14 | 101 | 228 | 229 => Self::Raw,
            51 => Self::Pppoe,
            108 => Self::Loop,
            113 => Self::Sll,
            276 => Self::Sll2,
            other => Self::Other(other),
        }
    }

    /// The LINKTYPE_ value that stands for this link in a capture file; the plainest where several
    /// do.
    pub const fn linktype(self) -> u16 {
        match self {
            Self::Null => 0,
            Self::Ethernet => 1,
            Self::Ppp => 9,
            Self::Pppoe => 51,
            Self::Raw => 101,
            Self::Loop => 108,
            Self::Sll => 113,
            Self::Sll2 => 276,
            Self::Other(number) => number,
        }
    }
}

/// The name in the records: `ethernet`, `sll`, ..., `dlt:N`.
impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ethernet => "ethernet",
            Self::Raw => "raw",
            Self::Sll => "sll",
            Self::Sll2 => "sll2",
            Self::Null => "null",
            Self::Loop => "loop",
            Self::Ppp => "ppp",
            Self::Pppoe => "pppoe",
            Self::Other(number) => return write!(f, "dlt:{number}"),
        })
    }
}

/// What a source has when asked.
#[derive(Debug)]
pub enum Next<'a> {
    /// The next frame, in the order of the capture.
    Frame(Frame<'a>),
    /// Nothing yet, and this is the time: lets a quiet interface expire connections. Files never
    /// say this.
    Idle(Timestamp),
    /// A frame that a filter does not choose.
    LeftOut,
    /// A stretch of the input could not be read and was left out.
    Damage(Damage),
    /// No more.
    End,
}

/// A stretch of input that could not be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Damage {
    /// Which input, as it was named.
    pub input: String,
    /// Where the stretch begins, in octets from the start of the (decompressed) input.
    pub offset: u64,
    /// What was found there.
    pub kind: DamageKind,
    /// A sentence's worth of detail: what was expected, what stood there.
    pub what: String,
    /// Octets left out before reading went on; `None` when nothing after was read.
    pub skipped: Option<u64>,
}

/// The ways in which a capture file ends badly.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DamageKind {
    /// The input ends inside a record.
    CutShort,
    /// A record that cannot be true.
    Corrupt,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { input, offset, kind, what, skipped } = self;
        let kind = match kind {
            DamageKind::CutShort => "cut short",
            DamageKind::Corrupt => "damaged",
        };
        write!(f, "{input}: {kind} at byte {offset}: {what}")?;
        match skipped {
            Some(octets) => write!(f, "; left out {octets} bytes and went on"),
            None => Ok(()),
        }
    }
}

/// Where frames come from: a file, an interface, a test.
///
/// A lending iterator: the frame is good until the next call.
pub trait Source {
    /// The next frame, or why there is none now.
    ///
    /// # Errors
    ///
    /// When the input cannot be opened or read at all. Damage inside a capture is not an error
    /// but [`Next::Damage`]: what came before it counts.
    fn next(&mut self) -> Result<Next<'_>, SourceError>;

    /// Shows the frames that come next, `most` of them or fewer, as far as that costs nothing: for
    /// who wants to be ready for them. By default it shows none.
    fn peek(&self, most: usize, show: &mut dyn FnMut(Link, &[u8])) {
        let _ = (most, show);
    }

    /// Lends the frames that are at hand, one after the other, as long as they are taken: those that
    /// [`Source::next`] would bring, at a fraction of what it costs. A frame that is refused is the next
    /// again. By default it lends none.
    fn lend(&mut self, take: &mut dyn FnMut(&Frame<'_>) -> Lent) {
        let _ = take;
    }
}

/// What becomes of a frame that is [lent](Source::lend).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lent {
    /// It was taken.
    Taken,
    /// It was taken, and the next is not wanted yet.
    Enough,
    /// It was not taken.
    Refused,
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        (**self).next()
    }

    fn peek(&self, most: usize, show: &mut dyn FnMut(Link, &[u8])) {
        (**self).peek(most, show);
    }

    fn lend(&mut self, take: &mut dyn FnMut(&Frame<'_>) -> Lent) {
        (**self).lend(take);
    }
}

/// Why a source gave up.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The operating system refused to open it.
    #[error("cannot open {input}: {error}")]
    Open {
        /// The input as it was named.
        input: String,
        /// What the system said.
        error: io::Error,
    },
    /// The operating system, or a decompressor, failed in the middle.
    #[error("cannot read {input}: {error}")]
    Read {
        /// The input as it was named.
        input: String,
        /// What the system said.
        error: io::Error,
    },
    /// An interface went away while it was listened to.
    #[error("the interface {input} has gone away")]
    Gone {
        /// The interface as it was named.
        input: String,
    },
    /// The filter makes no sense on the link type of a frame.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// What passed could not be kept.
    #[error("cannot write what was captured")]
    Keep(#[source] io::Error),
    /// The content is no capture.
    #[error("{input} is not a capture: {what}")]
    NotACapture {
        /// The input as it was named.
        input: String,
        /// What was found instead, and what would have been right.
        what: String,
    },
}
