use super::buffer::{Buffer, Place};
use crate::capture::frame::{Aside, DamageKind, Frame, Link};
use crate::wire::Timestamp;

/// A packet found in a buffer: a [`Frame`] whose octets are not yet borrowed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) time: Timestamp,
    pub(super) wire_len: u32,
    pub(super) link: Link,
    pub(super) interface: u32,
    pub(super) bytes: Place,
    pub(super) comment: Option<Place>,
}

impl Found {
    #[inline]
    pub(super) fn frame<'a>(&self, buffer: &'a Buffer) -> Frame<'a> {
        Frame {
            time: self.time,
            wire_len: self.wire_len,
            link: self.link,
            interface: self.interface,
            bytes: buffer.slice(self.bytes),
            comment: self.comment.map(|place| buffer.slice(place)),
            aside: Aside::NONE,
        }
    }
}

/// Why the record at hand can't be read.
#[derive(Debug)]
pub(super) struct Fault {
    /// Where the record begins.
    pub(super) at: u64,
    pub(super) kind: DamageKind,
    pub(super) what: String,
}

impl Fault {
    /// The record at hand can't be true.
    #[cold]
    pub(super) fn corrupt(buffer: &Buffer, what: String) -> Self {
        Self { at: buffer.offset(), kind: DamageKind::Corrupt, what }
    }

    /// The input ends inside the record at hand, `needed` octets long.
    #[cold]
    pub(super) fn cut(buffer: &Buffer, record: &str, needed: usize) -> Self {
        Self::cut_since(buffer, buffer.offset(), record, needed)
    }

    /// The input ends inside the record that began at `at`, `needed` octets long.
    #[cold]
    pub(super) fn cut_since(buffer: &Buffer, at: u64, record: &str, needed: usize) -> Self {
        let there = buffer.offset() - at + buffer.rest().len() as u64;
        let what = format!("{record} of {needed} bytes, and only {there} of them are there");
        Self { at, kind: DamageKind::CutShort, what }
    }
}
