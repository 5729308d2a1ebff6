//! Packet blocks with a comment put in.

use std::ops::Range;

use crate::capture::file::order::Order;
use crate::capture::file::pcapng::options::{COMMENT, END};
use crate::capture::file::pcapng::{data_at, kind};

/// What a packet of the first interface needs to be told anew.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain<'a> {
    /// Its time, by the clock of the interface.
    pub(super) ticks: u64,
    /// Octets on the wire.
    pub(super) wire_len: u32,
    /// The octets that were captured.
    pub(super) data: &'a [u8],
}

/// Appends the packet `block`, which holds `plain`, with `note` as a comment, in the place of one that begins with `mark`;
/// as it is where there is no note.
pub(super) fn put(out: &mut Vec<u8>, order: Order, block: &[u8], plain: Plain<'_>, note: &[u8], mark: &[u8]) {
    let begin = out.len();
    if note.is_empty() {
        out.extend_from_slice(block);
    } else if order.u32(block, 0) == kind::SIMPLE_PACKET {
        put_enhanced(out, order, plain, note);
    } else {
        put_noted(out, order, block, note, mark);
    }
    // What the reader would not take again stays as it was.
    if out.len() - begin > kind::READ_MAX {
        out.truncate(begin);
        out.extend_from_slice(block);
    }
}

/// Appends a packet of the first interface as an enhanced packet block.
pub(super) fn put_enhanced(out: &mut Vec<u8>, order: Order, plain: Plain<'_>, note: &[u8]) {
    let begin = out.len();
    let Plain { ticks, wire_len, data } = plain;
    let fields = [kind::ENHANCED_PACKET, 0, 0, (ticks >> 32) as u32, ticks as u32, data.len() as u32, wire_len];
    for field in fields {
        out.extend(order.of_u32(field));
    }
    put_padded(out, data);
    if !note.is_empty() {
        put_comment(out, order, note);
        put_end(out, order);
    }
    end(out, order, begin);
}

/// Appends an enhanced packet block, or the packet block it replaced, with `note` among its options.
fn put_noted(out: &mut Vec<u8>, order: Order, block: &[u8], note: &[u8], mark: &[u8]) {
    let begin = out.len();
    let captured = order.u32(block, 20) as usize;
    let options_end = block.len().saturating_sub(4);
    let options_at = (data_at::PACKET + captured.next_multiple_of(4)).min(options_end);
    let (before, options) = block.get(..options_end).unwrap_or_default().split_at(options_at);
    out.extend_from_slice(before);
    let mut placed = false;
    let mut at = 0;
    while let Some(place) = option(order, options, at) {
        let whole = options.get(at..place.end.next_multiple_of(4).min(options.len())).unwrap_or_default();
        at += whole.len();
        let value = options.get(place.clone()).unwrap_or_default();
        let is_comment = order.u16(whole, 0) == COMMENT;
        if !(is_comment && value.starts_with(mark)) {
            out.extend_from_slice(whole);
        } else if !placed {
            put_comment(out, order, note);
            placed = true;
        }
    }
    if !placed {
        put_comment(out, order, note);
    }
    if options.is_empty() {
        put_end(out, order);
    }
    // The end of the options; or where they stop making sense, what follows.
    out.extend_from_slice(options.get(at..).unwrap_or_default());
    end(out, order, begin);
}

/// Where the value of the option at `at` is; `None` at the end, and where there is none that makes
/// sense.
fn option(order: Order, options: &[u8], at: usize) -> Option<Range<usize>> {
    let head = options.get(at..at + 4)?;
    let value = at + 4..at + 4 + usize::from(order.u16(head, 2));
    (order.u16(head, 0) != END && value.end <= options.len()).then_some(value)
}

fn put_comment(out: &mut Vec<u8>, order: Order, note: &[u8]) {
    out.extend(order.of_u16(COMMENT));
    out.extend(order.of_u16(note.len() as u16));
    put_padded(out, note);
}

fn put_end(out: &mut Vec<u8>, order: Order) {
    out.extend(order.of_u16(END));
    out.extend(order.of_u16(0));
}

/// Appends `bytes` and as many zeros as make their number a multiple of four.
fn put_padded(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(bytes);
    out.resize(out.len() + bytes.len().next_multiple_of(4) - bytes.len(), 0);
}

/// Ends the block that began at `begin`: its length goes where it belongs.
fn end(out: &mut Vec<u8>, order: Order, begin: usize) {
    let len = order.of_u32((out.len() - begin + 4) as u32);
    out.extend(len);
    if let Some(place) = out.get_mut(begin + 4..begin + 8) {
        place.copy_from_slice(&len);
    }
}
