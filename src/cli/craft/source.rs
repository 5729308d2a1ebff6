//! The packets of a plan as a source of frames.

use std::collections::VecDeque;
use std::io::{self, Write};

use anyhow::Context as _;

use super::values::{Addresses, Numbers};
use crate::capture::file::CaptureWriter;
use crate::capture::tee::Keeper;
use crate::capture::{Frame, Link, Next, OwnedFrame, Source, SourceError};
use crate::craft::{FragmentError, Place, Template, fragment};
use crate::wire::Timestamp;

/// Packets to make: the first, and how the others differ.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// What they begin with.
    pub(super) link: Link,
    /// Octets before IP.
    pub(super) link_len: usize,
    /// The packet.
    pub(super) template: Template,
    /// What changes.
    pub(super) changes: Vec<Change>,
    /// Octets of the IP packets that they are cut into.
    pub(super) mtu: Option<usize>,
    /// How many.
    pub(super) count: u64,
    /// How many a second.
    pub(super) rate: u64,
}

/// A field that changes from packet to packet.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Number(Place, Numbers),
    Address(Place, Addresses),
}

impl Change {
    /// How many values there are before the first comes again.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Number(_, numbers) => numbers.len(),
            Self::Address(_, addresses) => addresses.len(),
        }
    }

    /// Puts the value of packet `n` there.
    #[inline]
    pub(super) fn apply(self, template: &mut Template, n: u64) {
        match self {
            Self::Number(place, numbers) => template.set(place, numbers.at(n)),
            Self::Address(place, addresses) => template.set_addr(place, addresses.at(n)),
        }
    }
}

impl Plan {
    /// The octets of packet `n`, counted from 0.
    #[inline]
    pub(super) fn packet(&mut self, n: u64) -> &[u8] {
        for change in &self.changes {
            change.apply(&mut self.template, n);
        }
        self.template.octets()
    }

    /// The frames that packet `n` goes out in: one, or its fragments.
    pub(super) fn frames(&mut self, n: u64) -> Result<Vec<Vec<u8>>, FragmentError> {
        let (mtu, link_len) = (self.mtu, self.link_len);
        let packet = self.packet(n);
        let (Some(mtu), Some((link, ip))) = (mtu, packet.split_at_checked(link_len)) else {
            return Ok(vec![packet.to_vec()]);
        };
        let pieces = fragment(ip, mtu, n as u32 + 1)?;
        Ok(pieces.iter().map(|piece| [link, piece].concat()).collect())
    }

    /// When packet `n` is due, counted from the first.
    fn due(&self, n: u64) -> Timestamp {
        Timestamp((u128::from(n) * 1_000_000_000 / u128::from(self.rate.max(1))) as u64)
    }
}

/// The frames of a plan, at the times when they would go, counted from 1970.
pub(super) struct Crafted {
    plan: Plan,
    made: u64,
    waiting: VecDeque<Vec<u8>>,
    frame: OwnedFrame,
    failure: Option<FragmentError>,
}

impl Crafted {
    pub(super) fn new(plan: Plan) -> Self {
        let frame = OwnedFrame::new(Timestamp(0), plan.link, Vec::new());
        Self { plan, made: 0, failure: None, waiting: VecDeque::new(), frame }
    }
}

impl Crafted {
    /// Why there were not all, if there were not.
    pub(super) fn failure(&self) -> Option<FragmentError> {
        self.failure
    }
}

impl Source for Crafted {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        if self.waiting.is_empty() {
            if self.made == self.plan.count {
                return Ok(Next::End);
            }
            self.frame.time = self.plan.due(self.made);
            match self.plan.frames(self.made) {
                Ok(frames) => self.waiting = frames.into(),
                Err(failure) => self.failure = Some(failure),
            }
            self.made += 1;
        }
        let Some(bytes) = self.waiting.pop_front() else { return Ok(Next::End) };
        self.frame = OwnedFrame::new(self.frame.time, self.plan.link, bytes);
        Ok(Next::Frame(self.frame.as_frame()))
    }
}

/// Writes frames to a capture, if there is one.
pub(super) struct Keep(pub(super) Option<CaptureWriter<Box<dyn Write>>>);

impl Keeper for Keep {
    fn keep(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.0.as_mut().map_or(Ok(()), |writer| writer.write(frame))
    }
}

impl Keep {
    /// Ends the capture.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        self.0.map_or(Ok(()), |writer| writer.finish().map(drop)).context("cannot write the capture")
    }
}
