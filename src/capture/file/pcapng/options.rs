use crate::capture::file::buffer::Place;
use crate::capture::file::order::Order;

/// The end of the options, where more of the block follows.
pub(in super::super) const END: u16 = 0;

/// A comment, on whatever the block is about.
pub(in super::super) const COMMENT: u16 = 1;

/// The resolution of an interface's clock.
pub(super) const TIME_RESOLUTION: u16 = 9;

/// Seconds to add to an interface's clock.
pub(super) const TIME_OFFSET: u16 = 14;

/// The options of a block: code, and where in `bytes` the value is. Ends where they stop making
/// sense: what a packet holds does not depend on them.
pub(super) struct Options<'a> {
    order: Order,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Options<'a> {
    pub(super) fn new(order: Order, bytes: &'a [u8]) -> Self {
        Self { order, bytes, at: 0 }
    }
}

impl Iterator for Options<'_> {
    type Item = (u16, Place);

    fn next(&mut self) -> Option<Self::Item> {
        let value_at = self.at + 4;
        if value_at > self.bytes.len() {
            return None;
        }
        let code = self.order.u16(self.bytes, self.at);
        let len = usize::from(self.order.u16(self.bytes, self.at + 2));
        if code == END || value_at + len > self.bytes.len() {
            return None;
        }
        self.at = value_at + len.next_multiple_of(4);
        Some((code, Place { start: value_at, len }))
    }
}
