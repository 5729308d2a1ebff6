use super::options::{Options, TIME_OFFSET, TIME_RESOLUTION};
use crate::capture::file::order::Order;
use crate::capture::frame::Link;
use crate::wire::Timestamp;

/// What an interface description says about the packets that name it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interface {
    pub(super) link: Link,
    /// Octets kept of each packet; 0 for all.
    pub(super) snaplen: u32,
    ticks: Ticks,
    /// Nanoseconds to add to every time.
    offset: i64,
}

impl Interface {
    /// Octets of a description that are not options.
    pub(super) const FIXED: usize = 16;

    /// Reads an interface description block, which has its fixed part.
    pub(super) fn new(order: Order, block: &[u8]) -> Self {
        let mut interface = Self {
            link: Link::of_linktype(order.u16(block, 8)),
            snaplen: order.u32(block, 12),
            ticks: Ticks::DEFAULT,
            offset: 0,
        };
        let options = block.get(Self::FIXED..block.len().saturating_sub(4)).unwrap_or_default();
        for (code, place) in Options::new(order, options) {
            let value = options.get(place.start..place.start + place.len).unwrap_or_default();
            match (code, value) {
                (TIME_RESOLUTION, &[resolution, ..]) => interface.ticks = Ticks::of_resolution(resolution),
                (TIME_OFFSET, [_, _, _, _, _, _, _, _]) => {
                    let seconds = order.u64(value, 0) as i64;
                    interface.offset = seconds.saturating_mul(1_000_000_000);
                }
                _ => {}
            }
        }
        interface
    }

    /// The time of a packet block.
    #[inline]
    pub(super) fn time(&self, order: Order, block: &[u8]) -> Timestamp {
        self.time_at((u64::from(order.u32(block, 12)) << 32) | u64::from(order.u32(block, 16)))
    }

    /// The time when the interface's clock shows `ticks`.
    #[inline]
    pub(super) fn time_at(&self, ticks: u64) -> Timestamp {
        Timestamp(self.ticks.nanoseconds(ticks).saturating_add_signed(self.offset))
    }

    /// What the interface's clock shows at `time`, or showed last before it.
    pub(super) fn ticks(&self, Timestamp(time): Timestamp) -> u64 {
        self.ticks.within(time.saturating_add_signed(self.offset.saturating_neg()))
    }
}

/// What a unit of an interface's clock is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ticks {
    /// So many nanoseconds.
    Nanoseconds(u64),
    /// So many in a nanosecond.
    PerNanosecond(u64),
    /// So many in a second, as a power of two.
    BinaryFraction(u8),
}

impl Ticks {
    /// Without the option, microseconds.
    const DEFAULT: Self = Self::Nanoseconds(1_000);

    /// From the value of `if_tsresol`: a negative power of ten, or with the top bit of two.
    fn of_resolution(value: u8) -> Self {
        let exponent = value & 0x7f;
        if value & 0x80 != 0 {
            return Self::BinaryFraction(exponent);
        }
        match exponent {
            0..=9 => Self::Nanoseconds(10_u64.pow(u32::from(9 - exponent))),
            _ => Self::PerNanosecond(10_u64.saturating_pow(u32::from(exponent - 9))),
        }
    }

    #[inline]
    fn nanoseconds(self, ticks: u64) -> u64 {
        match self {
            Self::Nanoseconds(each) => ticks.saturating_mul(each),
            Self::PerNanosecond(count) => ticks / count,
            Self::BinaryFraction(bits) => {
                let nanoseconds = (u128::from(ticks) * 1_000_000_000) >> bits;
                u64::try_from(nanoseconds).unwrap_or(u64::MAX)
            }
        }
    }

    /// How many whole units there are in so many nanoseconds.
    fn within(self, nanoseconds: u64) -> u64 {
        match self {
            Self::Nanoseconds(each) => nanoseconds / each,
            Self::PerNanosecond(count) => nanoseconds.saturating_mul(count),
            // Of finer units, the 64 bits of a clock do not hold a day.
            Self::BinaryFraction(64..) => u64::MAX,
            Self::BinaryFraction(bits) => {
                let ticks = (u128::from(nanoseconds) << bits) / 1_000_000_000;
                u64::try_from(ticks).unwrap_or(u64::MAX)
            }
        }
    }
}
