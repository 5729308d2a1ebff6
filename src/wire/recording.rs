//! A recorded connection, ready to be performed again: what both ends said, in which order, and
//! what each had heard when it said so.
//!
//! Capture makes it, craft performs it. Octets are counted from 0 in each end's stream, without its
//! SYN; a FIN counts as one more behind the last.

use std::fmt;
use std::ops::Not;

use super::{Endpoint, Flags, OptionList, Options, Seq, Span, Timestamp, Window};

/// A connection as it was recorded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recording {
    /// Its number in the capture, as `synfin conns` counts.
    pub number: u32,
    /// When its first packet was seen.
    pub began: Timestamp,
    /// The end that opened it, or is taken to have.
    pub client: RecordedEnd,
    /// The end that was opened to.
    pub server: RecordedEnd,
    /// What both ends did, in the order in which it can have happened. The steps of one end are in
    /// the order of its stream and cover it without a hole: repeats are left out, and the octets of
    /// [`Gap::Hole`] and [`Gap::Cut`] stand in it as zeros.
    pub steps: Vec<Step>,
    /// What the recording lacks, or shows otherwise than it was on the wire.
    pub gaps: Vec<Gap>,
}

/// One end of a recorded connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordedEnd {
    /// Address and port.
    pub endpoint: Endpoint,
    /// Initial sequence number: octet 0 of the stream has the one after it.
    pub iss: Seq,
    /// What its SYN, or SYN/ACK, had to say; `None` where the capture lacks it.
    pub greeting: Option<Greeting>,
    /// Everything it sent, in order.
    pub stream: Vec<u8>,
    /// How many octets of its stream, its FIN counted as one, the other end has acknowledged. What
    /// lies behind may have come too late for a RST.
    pub acked: u64,
    /// Whether it closed: its FIN was seen.
    pub fin: bool,
    /// Whether it broke the connection off: its RST was seen.
    pub reset: bool,
    /// How it behaved beside what it said.
    pub manner: Manner,
}

/// What a SYN, or a SYN/ACK, says beside its number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Greeting {
    /// Its flags, those of congestion notification among them.
    pub flags: Flags,
    /// The window it offers, unscaled.
    pub window: Window,
    /// Its options, octet for octet.
    pub options: OptionList,
    /// Time to live, or hop limit, where it was seen.
    pub ttl: u8,
}

/// How an end behaved: nothing of this has to be alike in a replay, but people want to see it
/// side by side.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Manner {
    /// Segments it sent, empty ones and repeats included.
    pub segments: u32,
    /// Segments with octets, repeats included.
    pub data_segments: u32,
    /// Segments with octets, a SYN or a FIN that had been seen before.
    pub repeats: u32,
    /// The most octets in one segment.
    pub largest: u32,
    /// The smallest window it offered once it was open, in octets.
    pub least_window: u32,
    /// The largest window it offered once it was open, in octets.
    pub most_window: u32,
    /// From the segment that it answered in the handshake to its answer: its part of the round trip
    /// where the capture was made at the other end.
    pub round_trip: Option<Span>,
    /// From the beginning of the connection to its first octet.
    pub first_octet: Option<Span>,
}

/// Something an end did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Step {
    /// When, in nanoseconds since the connection began. Never earlier than the steps before.
    pub at_ns: u64,
    /// Which end.
    pub by: End,
    /// What it did.
    pub act: Act,
    /// How many octets of the other end's stream it had received in order, its FIN counted as one:
    /// it acted on these, and in a replay it waits for them. Never less than in its steps before.
    pub heard: u64,
}

/// What an end can do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Act {
    /// Asks for a connection.
    Syn,
    /// Asks, and acknowledges being asked.
    SynAck,
    /// Sends the octets `from..to` of its stream.
    Data {
        /// Offset of the first octet.
        from: u64,
        /// Offset behind the last.
        to: u64,
        /// Whether the segment had PSH.
        push: bool,
    },
    /// Says that it has no more to send. With the `at_ns` of the data before it, in the same segment.
    Fin,
    /// Breaks the connection off.
    Reset,
}

/// One of the two ends, by who opened the connection.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum End {
    /// Opened it.
    Client,
    /// Was opened to.
    Server,
}

/// What a recording lacks, or shows otherwise than it was on the wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Gap {
    /// The end's SYN (or SYN/ACK) was not captured: its options are not known, and octets before
    /// the first that was seen may be missing.
    NoHandshake {
        /// Whose.
        of: End,
    },
    /// Octets that were never captured, though others behind them were, or were acknowledged.
    Hole {
        /// In whose stream.
        of: End,
        /// Offset of the first.
        from: u64,
        /// Offset behind the last.
        to: u64,
    },
    /// Octets that the snap length cut off.
    Cut {
        /// In whose stream.
        of: End,
        /// Offset of the first.
        from: u64,
        /// Offset behind the last.
        to: u64,
    },
    /// The stream is longer than what is kept of one.
    TooLong {
        /// Whose.
        of: End,
        /// How many octets were kept.
        kept: u64,
    },
    /// Copies of the same octets that differ; the first was kept.
    Conflict {
        /// In whose stream.
        of: End,
        /// Offset of the first octet that differs.
        at: u64,
    },
    /// Frames larger than a segment can be: captured before the network card cut them up, or after
    /// it had put them together.
    Oversized {
        /// Whose.
        of: End,
        /// How many.
        frames: u32,
        /// The most octets in one.
        largest: u32,
    },
    /// Neither a FIN nor a RST of this end was captured, nor a RST of the other: how it went on is
    /// not known.
    NoEnd {
        /// Whose.
        of: End,
    },
}

impl Recording {
    /// One of its ends.
    pub const fn end(&self, end: End) -> &RecordedEnd {
        match end {
            End::Client => &self.client,
            End::Server => &self.server,
        }
    }

    /// The same, to change it.
    pub const fn end_mut(&mut self, end: End) -> &mut RecordedEnd {
        match end {
            End::Client => &mut self.client,
            End::Server => &mut self.server,
        }
    }

    /// The steps of one end.
    pub fn steps_of(&self, end: End) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.by == end)
    }

    /// Whether it was recorded whole: from both SYNs to both FINs, or to a RST, and every octet
    /// between.
    pub fn is_complete(&self) -> bool {
        self.gaps.iter().all(|gap| matches!(gap, Gap::Oversized { .. }))
    }

    /// Whether a gap leaves open what has to be sent or expected.
    pub fn has_holes(&self) -> bool {
        self.gaps.iter().any(Gap::is_hole)
    }
}

impl RecordedEnd {
    /// The options of its SYN, or SYN/ACK; none where the capture lacks it.
    pub fn offered(&self) -> Options {
        self.greeting.map_or_else(Options::default, |greeting| greeting.options.meaning())
    }

    /// The octets of its stream with its FIN counted as one: what the other end has heard when it
    /// has heard all.
    pub fn extent(&self) -> u64 {
        self.stream.len() as u64 + u64::from(self.fin)
    }

    /// The octets `from..to`, as far as there are such.
    pub fn octets(&self, from: u64, to: u64) -> &[u8] {
        let len = self.stream.len();
        let bound = |at: u64| usize::try_from(at).unwrap_or(len).min(len);
        self.stream.get(bound(from)..bound(to)).unwrap_or_default()
    }
}

impl Gap {
    /// Whose stream or greeting it is about.
    pub const fn of(&self) -> End {
        match *self {
            Self::NoHandshake { of }
            | Self::Hole { of, .. }
            | Self::Cut { of, .. }
            | Self::TooLong { of, .. }
            | Self::Conflict { of, .. }
            | Self::Oversized { of, .. }
            | Self::NoEnd { of } => of,
        }
    }

    /// Whether it leaves open what has to be sent or expected: a replay that goes on all the same
    /// sends octets that were never recorded, or guesses.
    pub const fn is_hole(&self) -> bool {
        match self {
            Self::NoHandshake { .. } | Self::Hole { .. } | Self::Cut { .. } | Self::TooLong { .. } => true,
            Self::Conflict { .. } | Self::Oversized { .. } | Self::NoEnd { .. } => false,
        }
    }
}

impl End {
    /// Both, client first.
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    /// `client` or `server`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

impl Not for End {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// `client` or `server`.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A clause that can follow "this recording lacks something:".
impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NoHandshake { of: End::Client } => f.write_str("the client's SYN was not captured"),
            Self::NoHandshake { of: End::Server } => f.write_str("the server's SYN/ACK was not captured"),
            Self::Hole { of, from, to } => {
                write!(f, "{} octets of the {of} from offset {from} on were not captured", to - from)
            }
            Self::Cut { of, from, to } => {
                write!(f, "{} octets of the {of} from offset {from} on were cut off by the snap length", to - from)
            }
            Self::TooLong { of, kept } => write!(f, "the {of} sent more than the {kept} octets that are kept"),
            Self::Conflict { of, at } => {
                write!(f, "the {of} sent octet {at} twice and not alike; the first copy was kept")
            }
            Self::Oversized { of, frames, largest } => write!(
                f,
                "{frames} frames of the {of} are larger than a segment can be (up to {largest} octets): segments are cut anew"
            ),
            Self::NoEnd { of } => write!(f, "the {of}'s end was not captured: neither a FIN nor a RST"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_octets_asked_for_end_where_the_stream_does() {
        let end = RecordedEnd {
            endpoint: Endpoint { addr: [127, 0, 0, 1].into(), port: 80 },
            iss: Seq(7),
            greeting: None,
            stream: b"abcdef".to_vec(),
            acked: 0,
            fin: true,
            reset: false,
            manner: Manner::default(),
        };
        assert_eq!(end.octets(2, 4), b"cd");
        assert_eq!(end.octets(4, u64::MAX), b"ef");
        assert_eq!(end.octets(9, 4), b"");
        assert_eq!(end.extent(), 7);
    }

    #[test]
    fn a_hole_is_told_with_its_place_and_its_size() {
        let gap = Gap::Hole { of: End::Server, from: 10, to: 14 };
        assert_eq!(gap.to_string(), "4 octets of the server from offset 10 on were not captured");
        assert!(gap.is_hole());
    }
}
