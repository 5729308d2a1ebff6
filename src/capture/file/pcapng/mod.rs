use std::borrow::Cow;

use super::buffer::{Buffer, Place};
use super::fault::{Fault, Found};
use super::order::Order;
use super::resync::{CHAIN, Claim, Layout, Likely, RECORD_MAX};
use crate::capture::frame::Link;
use crate::wire::Timestamp;

/// The block type of a section header, the same in either byte order: how a pcapng begins.
pub(super) const SECTION: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

/// Octets around the body of a block: type and length before it, the length again after it.
const FRAMING: usize = 12;

/// The largest block that is read.
const BLOCK_MAX: usize = 16 << 20;

/// The largest block that is stepped over.
const SKIP_MAX: usize = 64 << 20;

/// The most interfaces a section may have.
const INTERFACES_MAX: usize = 1 << 16;

/// Block types, from the registry of the pcapng specification.
mod block {
    pub(super) const SECTION: u32 = 0x0a0d_0d0a;
    pub(super) const INTERFACE: u32 = 1;
    pub(super) const PACKET: u32 = 2;
    pub(super) const SIMPLE_PACKET: u32 = 3;
    pub(super) const NAMES: u32 = 4;
    pub(super) const STATISTICS: u32 = 5;
    pub(super) const ENHANCED_PACKET: u32 = 6;
    pub(super) const JOURNAL: u32 = 9;
    pub(super) const SECRETS: u32 = 10;
    pub(super) const CUSTOM: u32 = 0x0000_0bad;
    pub(super) const CUSTOM_NO_COPY: u32 = 0x4000_0bad;
}

/// Octets from the start of a packet block to its data.
mod data_at {
    pub(super) const SIMPLE_PACKET: usize = 12;
    /// Of an enhanced packet block and of the packet block it replaced.
    pub(super) const PACKET: usize = 28;
}

/// Option codes.
mod option {
    pub(super) const END: u16 = 0;
    pub(super) const COMMENT: u16 = 1;
    pub(super) const TIME_RESOLUTION: u16 = 9;
    pub(super) const TIME_OFFSET: u16 = 14;
}

/// A file of blocks in sections, each with its own byte order and interfaces.
#[derive(Debug)]
pub(super) struct Pcapng {
    order: Order,
    /// Those of the present section.
    interfaces: Vec<Interface>,
    /// The number of the section's first interface among all that were read.
    first_interface: u32,
    /// Time of the last packet that had one.
    last: Timestamp,
}

/// What an interface description says about the packets that name it.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: Link,
    /// Octets kept of each packet; 0 for all.
    snaplen: u32,
    ticks: Ticks,
    /// Nanoseconds to add to every time.
    offset: i64,
}

impl Interface {
    /// The time of a packet block.
    #[inline]
    fn time(&self, order: Order, block: &[u8]) -> Timestamp {
        let ticks = (u64::from(order.u32(block, 12)) << 32) | u64::from(order.u32(block, 16));
        Timestamp(self.ticks.nanoseconds(ticks).saturating_add_signed(self.offset))
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
}

impl Pcapng {
    pub(super) fn new(first_interface: u32) -> Self {
        Self { order: Order::Little, interfaces: Vec::new(), first_interface, last: Timestamp(0) }
    }

    /// The number after those of all interfaces so far.
    pub(super) fn next_interface(&self) -> u32 {
        self.first_interface.saturating_add(self.interfaces.len() as u32)
    }

    /// The next packet, where all of its block is at hand: nearly always.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "halves the time of a small packet")]
    pub(super) fn at_hand(&mut self, buffer: &mut Buffer) -> Option<Found> {
        let order = self.order;
        let rest = buffer.rest();
        let head = rest.first_chunk::<FRAMING>()?;
        let len = order.u32(head, 4) as usize;
        if order.u32(head, 0) != block::ENHANCED_PACKET || !is_length(len, BLOCK_MAX) {
            return None;
        }
        let block = rest.get(..len)?;
        if order.u32(block, len - 4) as usize != len {
            return None;
        }
        let found = self.packet(order.u32(head, 8), order, block, buffer).ok()?;
        buffer.advance(len);
        Some(found)
    }

    /// The next packet, `None` at the end of the input.
    pub(super) fn step(&mut self, buffer: &mut Buffer) -> Result<Option<Found>, Fault> {
        loop {
            let rest = buffer.rest();
            let Some(head) = rest.first_chunk::<FRAMING>() else {
                if buffer.fill(FRAMING) {
                    continue;
                }
                return match buffer.rest() {
                    [] => Ok(None),
                    _ => Err(Fault::cut(buffer, "a block header", FRAMING)),
                };
            };
            let Some(order) = self.order_of(head) else {
                return Err(Fault::corrupt(buffer, "a section header without its byte-order magic".to_owned()));
            };
            let (kind, len) = (order.u32(head, 0), order.u32(head, 4) as usize);
            if !is_length(len, max_len(kind)) {
                return Err(Fault::corrupt(buffer, format!("{} that claims {len} bytes", name(kind))));
            }
            if !is_read(kind) {
                step_over(buffer, order, kind, len)?;
                continue;
            }
            let Some(block) = rest.get(..len) else {
                if buffer.fill(len) {
                    continue;
                }
                return Err(Fault::cut(buffer, &name(kind), len));
            };
            let again = order.u32(block, len - 4) as usize;
            if again != len {
                return Err(Fault::corrupt(buffer, two_lengths(kind, len, again)));
            }
            match self.read(kind, order, block, buffer) {
                Ok(found) => {
                    buffer.advance(len);
                    if found.is_some() {
                        return Ok(found);
                    }
                }
                Err(what) => return Err(Fault::corrupt(buffer, what)),
            }
        }
    }

    /// The byte order a block is in: that of its section, which its header tells.
    #[inline]
    fn order_of(&self, head: &[u8; FRAMING]) -> Option<Order> {
        if head[..4] != SECTION {
            return Some(self.order);
        }
        match head[8..] {
            [0x4d, 0x3c, 0x2b, 0x1a] => Some(Order::Little),
            [0x1a, 0x2b, 0x3c, 0x4d] => Some(Order::Big),
            _ => None,
        }
    }

    /// Takes in a whole block, which lies at the head of the buffer; a packet where it is one.
    #[inline]
    fn read(&mut self, kind: u32, order: Order, block: &[u8], buffer: &Buffer) -> Result<Option<Found>, String> {
        match kind {
            block::ENHANCED_PACKET => {
                let interface = order.u32(block, 8);
                self.packet(interface, order, block, buffer).map(Some)
            }
            block::PACKET => {
                let interface = u32::from(order.u16(block, 8));
                self.packet(interface, order, block, buffer).map(Some)
            }
            block::SIMPLE_PACKET => self.simple_packet(order, block, buffer).map(Some),
            block::INTERFACE => self.interface(order, block).map(|()| None),
            _ => self.section(order, block).map(|()| None),
        }
    }

    #[inline]
    fn packet(&mut self, interface: u32, order: Order, block: &[u8], buffer: &Buffer) -> Result<Found, String> {
        let room = room(block, data_at::PACKET)?;
        let Some(described) = self.interfaces.get(interface as usize) else {
            return Err(self.undescribed(interface));
        };
        let len = order.u32(block, 20) as usize;
        if len > room {
            return Err(overfull(len, room));
        }
        let time = described.time(order, block);
        self.last = time;
        let options_at = data_at::PACKET + len.next_multiple_of(4);
        let options = block.get(options_at..block.len() - 4).unwrap_or_default();
        Ok(Found {
            time,
            wire_len: order.u32(block, 24),
            link: described.link,
            interface: self.first_interface.saturating_add(interface),
            bytes: buffer.place(data_at::PACKET, len),
            comment: comment(order, options).map(|Place { start, len }| buffer.place(options_at + start, len)),
        })
    }

    /// A packet of the first interface, without a time: it is given that of the packet before.
    fn simple_packet(&self, order: Order, block: &[u8], buffer: &Buffer) -> Result<Found, String> {
        let room = room(block, data_at::SIMPLE_PACKET)?;
        let Some(described) = self.interfaces.first() else {
            return Err(self.undescribed(0));
        };
        let wire_len = order.u32(block, 8);
        let kept = if described.snaplen == 0 { wire_len } else { wire_len.min(described.snaplen) };
        if kept as usize > room {
            return Err(overfull(kept as usize, room));
        }
        Ok(Found {
            time: self.last,
            wire_len,
            link: described.link,
            interface: self.first_interface,
            bytes: buffer.place(data_at::SIMPLE_PACKET, kept as usize),
            comment: None,
        })
    }

    fn interface(&mut self, order: Order, block: &[u8]) -> Result<(), String> {
        const OPTIONS_AT: usize = 16;
        room(block, OPTIONS_AT)?;
        if self.interfaces.len() == INTERFACES_MAX {
            return Err(format!("a description of more than {INTERFACES_MAX} interfaces"));
        }
        let mut interface = Interface {
            link: Link::of_linktype(order.u16(block, 8)),
            snaplen: order.u32(block, 12),
            ticks: Ticks::DEFAULT,
            offset: 0,
        };
        let options = block.get(OPTIONS_AT..block.len() - 4).unwrap_or_default();
        for (code, value) in Options::new(order, options) {
            let value = options.get(value.start..value.start + value.len).unwrap_or_default();
            match (code, value) {
                (option::TIME_RESOLUTION, &[resolution, ..]) => interface.ticks = Ticks::of_resolution(resolution),
                (option::TIME_OFFSET, [_, _, _, _, _, _, _, _]) => {
                    let seconds = order.u64(value, 0) as i64;
                    interface.offset = seconds.saturating_mul(1_000_000_000);
                }
                _ => {}
            }
        }
        self.interfaces.push(interface);
        Ok(())
    }

    fn section(&mut self, order: Order, block: &[u8]) -> Result<(), String> {
        room(block, 24)?;
        let (major, minor) = (order.u16(block, 12), order.u16(block, 14));
        if major != 1 {
            return Err(format!("a section of pcapng version {major}.{minor}, where 1.0 is known"));
        }
        self.first_interface = self.next_interface();
        self.interfaces.clear();
        self.order = order;
        Ok(())
    }

    #[cold]
    fn undescribed(&self, interface: u32) -> String {
        format!("a packet of interface {interface}, where {} are described", self.interfaces.len())
    }
}

/// Steps over a block of no interest, however long.
#[cold]
fn step_over(buffer: &mut Buffer, order: Order, kind: u32, len: usize) -> Result<(), Fault> {
    let at = buffer.offset();
    if !buffer.skip(len as u64 - 4) || !buffer.fill(4) {
        return Err(Fault::cut_since(buffer, at, &name(kind), len));
    }
    let again = order.u32(buffer.rest(), 0) as usize;
    if again != len {
        return Err(Fault { at, ..Fault::corrupt(buffer, two_lengths(kind, len, again)) });
    }
    buffer.advance(4);
    Ok(())
}

/// What a block of this type is called.
#[cold]
fn name(kind: u32) -> Cow<'static, str> {
    Cow::Borrowed(match kind {
        block::SECTION => "a section header block",
        block::INTERFACE => "an interface description block",
        block::PACKET => "a packet block",
        block::SIMPLE_PACKET => "a simple packet block",
        block::NAMES => "a name resolution block",
        block::STATISTICS => "an interface statistics block",
        block::ENHANCED_PACKET => "an enhanced packet block",
        block::JOURNAL => "a systemd journal block",
        block::SECRETS => "a decryption secrets block",
        block::CUSTOM | block::CUSTOM_NO_COPY => "a custom block",
        _ => return Cow::Owned(format!("a block of unknown type {kind:#x}")),
    })
}

fn two_lengths(kind: u32, len: usize, again: usize) -> String {
    format!("{} that gives its length as {len} in front and {again} behind", name(kind))
}

#[inline]
fn is_length(len: usize, max: usize) -> bool {
    (FRAMING..=max).contains(&len) && len.is_multiple_of(4)
}

/// Whether blocks of this type are read, and not stepped over.
#[inline]
fn is_read(kind: u32) -> bool {
    matches!(kind, block::ENHANCED_PACKET | block::PACKET | block::SIMPLE_PACKET | block::INTERFACE | block::SECTION)
}

#[inline]
fn max_len(kind: u32) -> usize {
    if is_read(kind) { BLOCK_MAX } else { SKIP_MAX }
}

/// The octets between the fixed fields of a block, which end at `start`, and its trailing length.
#[inline]
fn room(block: &[u8], start: usize) -> Result<usize, String> {
    let too_short = || format!("a block of {} bytes, too short for its kind", block.len());
    block.len().checked_sub(start + 4).ok_or_else(too_short)
}

#[cold]
fn overfull(len: usize, room: usize) -> String {
    format!("a packet of {len} bytes in a block with room for {room}")
}

/// Where in a packet's options its first comment is.
#[inline]
fn comment(order: Order, options: &[u8]) -> Option<Place> {
    Options::new(order, options).find(|&(code, _)| code == option::COMMENT).map(|(_, value)| value)
}

/// The options of a block: code, and where in `bytes` the value is. Ends where they stop making
/// sense: what a packet holds does not depend on them.
struct Options<'a> {
    order: Order,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Options<'a> {
    fn new(order: Order, bytes: &'a [u8]) -> Self {
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
        if code == option::END || value_at + len > self.bytes.len() {
            return None;
        }
        self.at = value_at + len.next_multiple_of(4);
        Some((code, Place { start: value_at, len }))
    }
}

impl Layout for Pcapng {
    fn likely(&self, bytes: &[u8]) -> Likely {
        let Some(head) = bytes.first_chunk::<FRAMING>() else {
            return Likely::Short(FRAMING);
        };
        let Some(order) = self.order_of(head) else {
            return Likely::No;
        };
        let (kind, len) = (order.u32(head, 0), order.u32(head, 4) as usize);
        if !is_known(kind) || !is_length(len, RECORD_MAX) {
            return Likely::No;
        }
        let Some(block) = bytes.get(..len) else {
            return Likely::Short(len);
        };
        if order.u32(block, len - 4) as usize != len {
            return Likely::No;
        }
        match kind {
            block::SECTION if order.u16(block, 12) == 1 => Likely::Beginning,
            block::SECTION => Likely::No,
            block::ENHANCED_PACKET => self.likely_packet(order, block),
            _ => Likely::Record { len, time: None },
        }
    }

    /// None: a block has its length at either end.
    fn claimed(&self, _: &[u8]) -> Option<Claim> {
        None
    }
}

impl Pcapng {
    fn likely_packet(&self, order: Order, block: &[u8]) -> Likely {
        let len = block.len();
        if order.u32(block, 20) as usize + data_at::PACKET + 4 > len {
            return Likely::No;
        }
        let interface = order.u32(block, 8) as usize;
        match self.interfaces.get(interface) {
            Some(described) => Likely::Record { len, time: Some(described.time(order, block)) },
            // Blocks just before may describe it.
            None if interface < self.interfaces.len() + CHAIN => Likely::Record { len, time: None },
            None => Likely::No,
        }
    }
}

/// Whether the specification knows this block type: what it does not is no sign of a block.
fn is_known(kind: u32) -> bool {
    is_read(kind)
        || matches!(
            kind,
            block::NAMES | block::STATISTICS | block::JOURNAL | block::SECRETS | block::CUSTOM | block::CUSTOM_NO_COPY
        )
}
