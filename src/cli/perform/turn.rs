use std::io;

use crate::capture::{Aside, Direction, Frame, Link, Next, SourceError};
use crate::wire::Timestamp;

/// What a stage shows next.
pub(in crate::cli) enum Turn {
    /// The packet that goes by.
    Frame(Timestamp, Direction),
    Idle,
    Over,
}

impl Turn {
    /// A stage's turn as a source says it: `packet` is what goes by, `last` when something did last, and
    /// `what` the name of the performance.
    pub(in crate::cli) fn said<'a>(
        turn: anyhow::Result<Self>,
        packet: &'a [u8],
        last: &mut Timestamp,
        what: &str,
    ) -> Result<Next<'a>, SourceError> {
        match turn {
            Ok(Self::Frame(time, direction)) => {
                *last = time;
                Ok(Next::Frame(frame(time, packet, direction)))
            }
            Ok(Self::Idle) => Ok(Next::Idle(*last)),
            Ok(Self::Over) => Ok(Next::End),
            Err(error) => {
                let error = io::Error::other(format!("{error:#}"));
                Err(SourceError::Read { input: what.to_owned(), error })
            }
        }
    }
}

/// An IP packet that goes by on a stage, as a frame.
pub(in crate::cli) fn frame(time: Timestamp, bytes: &[u8], direction: Direction) -> Frame<'_> {
    // What the kernel sends on `lo` has a checksum that nobody will ever fill in.
    let aside = Aside { direction: Some(direction), unfinished: direction == Direction::In, segment_size: None };
    Frame { time, wire_len: bytes.len() as u32, link: Link::Raw, interface: 0, bytes, comment: None, aside }
}
