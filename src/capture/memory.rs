//! Frames from memory, for tests and for whoever has the octets already.

use super::frame::{Aside, Frame, Link, Next, Source, SourceError};
use crate::wire::Timestamp;

/// A frame that owns its octets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnedFrame {
    /// When it was captured.
    pub time: Timestamp,
    /// Octets on the wire, before the snap length.
    pub wire_len: u32,
    /// What the octets begin with.
    pub link: Link,
    /// Number of the interface it was seen on.
    pub interface: u32,
    /// The octets that were captured.
    pub bytes: Vec<u8>,
    /// The first comment for this packet.
    pub comment: Option<Vec<u8>>,
    /// What the capturing host knew beside.
    pub aside: Aside,
}

impl OwnedFrame {
    /// A whole frame on interface 0.
    pub fn new(time: Timestamp, link: Link, bytes: Vec<u8>) -> Self {
        Self { time, wire_len: bytes.len() as u32, link, interface: 0, bytes, comment: None, aside: Aside::NONE }
    }

    /// The frame, borrowed.
    pub fn as_frame(&self) -> Frame<'_> {
        Frame {
            time: self.time,
            wire_len: self.wire_len,
            link: self.link,
            interface: self.interface,
            bytes: &self.bytes,
            comment: self.comment.as_deref(),
            aside: self.aside,
        }
    }
}

impl From<&Frame<'_>> for OwnedFrame {
    fn from(frame: &Frame<'_>) -> Self {
        Self {
            time: frame.time,
            wire_len: frame.wire_len,
            link: frame.link,
            interface: frame.interface,
            bytes: frame.bytes.to_vec(),
            comment: frame.comment.map(<[u8]>::to_vec),
            aside: frame.aside,
        }
    }
}

/// A source of frames that are in memory.
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    frames: Vec<OwnedFrame>,
    next: usize,
}

impl MemorySource {
    /// A source of `frames`, in their order.
    pub fn new(frames: Vec<OwnedFrame>) -> Self {
        Self { frames, next: 0 }
    }
}

impl FromIterator<OwnedFrame> for MemorySource {
    fn from_iter<T: IntoIterator<Item = OwnedFrame>>(frames: T) -> Self {
        Self::new(frames.into_iter().collect())
    }
}

impl Source for MemorySource {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        let Some(frame) = self.frames.get(self.next) else {
            return Ok(Next::End);
        };
        self.next += 1;
        Ok(Next::Frame(frame.as_frame()))
    }
}
