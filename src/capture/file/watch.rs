use super::buffer::Place;
use super::order::Order;

/// Who wants to see a pcapng as it stands, and not its packets alone.
///
/// What is wanted is decided when the reader is compiled: [`Unwatched`] costs nothing.
pub(super) trait Watch {
    /// Whether blocks of no interest to the reader are held, and shown too.
    const WHOLE: bool;

    /// A block that is no packet, whole and found good.
    fn block(&mut self, order: Order, block: &[u8]);

    /// The block of the packet that is found next.
    fn packet(&mut self, raw: RawPacket);
}

/// A packet as it stands in its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawPacket {
    pub(super) order: Order,
    /// Its block, good until the buffer is filled again.
    pub(super) block: Place,
    /// What the clock of its interface shows, for a block that does not tell.
    pub(super) ticks: u64,
}

/// Nobody.
pub(super) struct Unwatched;

impl Watch for Unwatched {
    const WHOLE: bool = false;

    fn block(&mut self, _: Order, _: &[u8]) {}

    fn packet(&mut self, _: RawPacket) {}
}
