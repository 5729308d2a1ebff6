mod interface;
pub(super) mod kind;
pub(super) mod options;

use self::interface::Interface;
use self::options::{COMMENT, Options};
use super::buffer::{Buffer, Place};
use super::fault::{Fault, Found};
use super::order::Order;
use super::resync::{CHAIN, Claim, Layout, Likely, RECORD_MAX};
use super::watch::{RawPacket, Watch};
use crate::capture::frame::{Frame, Lent, Link};
use crate::wire::Timestamp;

/// The block type of a section header, the same in either byte order: how a pcapng begins.
pub(super) const SECTION: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

/// Octets around the body of a block: type and length before it, the length again after it.
const FRAMING: usize = 12;

/// The most interfaces a section may have.
const INTERFACES_MAX: usize = 1 << 16;

/// Octets from the start of a packet block to its data.
pub(super) mod data_at {
    pub(in super::super) const SIMPLE_PACKET: usize = 12;
    /// Of an enhanced packet block and of the packet block it replaced.
    pub(in super::super) const PACKET: usize = 28;
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

impl Pcapng {
    /// Before anything was read.
    pub(super) fn new() -> Self {
        Self { order: Order::Little, interfaces: Vec::new(), first_interface: 0, last: Timestamp(0) }
    }

    /// The number after those of all interfaces so far.
    fn next_interface(&self) -> u32 {
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
        if order.u32(head, 0) != kind::ENHANCED_PACKET || !is_length(len, kind::READ_MAX) {
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

    /// Lends the packets that are at hand, up to the first that is refused or block that is something else.
    pub(super) fn lend(&mut self, buffer: &mut Buffer, take: &mut dyn FnMut(&Frame<'_>) -> Lent) {
        loop {
            let (mark, last) = (buffer.mark(), self.last);
            let Some(found) = self.at_hand(buffer) else { return };
            let lent = take(&found.frame(buffer));
            if lent == Lent::Refused {
                buffer.go_back(mark);
                self.last = last;
            }
            if lent != Lent::Taken {
                return;
            }
        }
    }

    /// Shows the packets that are at hand, up to the first block that is something else.
    pub(super) fn peek(&self, buffer: &Buffer, most: usize, show: &mut dyn FnMut(Link, &[u8])) {
        let order = self.order;
        let mut rest = buffer.rest();
        for _ in 0..most {
            let Some(head) = rest.first_chunk::<{ data_at::PACKET }>() else { return };
            let (kind, interface) = (order.u32(head, 0), order.u32(head, 8) as usize);
            let (Some(interface), kind::ENHANCED_PACKET) = (self.interfaces.get(interface), kind) else { return };
            let Some((block, after)) = rest.split_at_checked(order.u32(head, 4) as usize) else { return };
            let data = block.get(data_at::PACKET..).unwrap_or_default();
            show(interface.link, &data[..data.len().min(order.u32(head, 20) as usize)]);
            rest = after;
        }
    }

    /// The next packet, `None` at the end of the input. What lies before it is shown to `watch`.
    pub(super) fn step<W: Watch>(&mut self, buffer: &mut Buffer, watch: &mut W) -> Result<Option<Found>, Fault> {
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
            if !is_length(len, kind::max_len(kind)) {
                return Err(Fault::corrupt(buffer, format!("{} that claims {len} bytes", kind::name(kind))));
            }
            if !kind::is_read(kind) && !W::WHOLE {
                step_over(buffer, order, kind, len)?;
                continue;
            }
            let Some(block) = rest.get(..len) else {
                if buffer.fill(len) {
                    continue;
                }
                return Err(Fault::cut(buffer, &kind::name(kind), len));
            };
            let again = order.u32(block, len - 4) as usize;
            if again != len {
                return Err(Fault::corrupt(buffer, two_lengths(kind, len, again)));
            }
            match self.read(kind, order, block, buffer) {
                Ok(found) => {
                    if W::WHOLE && found.is_some() {
                        watch.packet(RawPacket { order, block: buffer.place(0, len), ticks: self.ticks_of_last() });
                    } else if W::WHOLE {
                        watch.block(order, block);
                    }
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
            kind::ENHANCED_PACKET => {
                let interface = order.u32(block, 8);
                self.packet(interface, order, block, buffer).map(Some)
            }
            kind::PACKET => {
                let interface = u32::from(order.u16(block, 8));
                self.packet(interface, order, block, buffer).map(Some)
            }
            kind::SIMPLE_PACKET => self.simple_packet(order, block, buffer).map(Some),
            kind::INTERFACE => self.interface(order, block).map(|()| None),
            kind::SECTION => self.section(order, block).map(|()| None),
            _ => Ok(None),
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

    /// What the clock of the first interface showed at the packet before.
    fn ticks_of_last(&self) -> u64 {
        self.interfaces.first().map_or(0, |described| described.ticks(self.last))
    }

    /// A packet of the first interface, without a time: it is given that of the packet before, as far
    /// as the interface's clock can show it.
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
            time: described.time_at(self.ticks_of_last()),
            wire_len,
            link: described.link,
            interface: self.first_interface,
            bytes: buffer.place(data_at::SIMPLE_PACKET, kept as usize),
            comment: None,
        })
    }

    fn interface(&mut self, order: Order, block: &[u8]) -> Result<(), String> {
        room(block, Interface::FIXED)?;
        if self.interfaces.len() == INTERFACES_MAX {
            return Err(format!("a description of more than {INTERFACES_MAX} interfaces"));
        }
        self.interfaces.push(Interface::new(order, block));
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
        return Err(Fault::cut_since(buffer, at, &kind::name(kind), len));
    }
    let again = order.u32(buffer.rest(), 0) as usize;
    if again != len {
        return Err(Fault { at, ..Fault::corrupt(buffer, two_lengths(kind, len, again)) });
    }
    buffer.advance(4);
    Ok(())
}

fn two_lengths(kind: u32, len: usize, again: usize) -> String {
    format!("{} that gives its length as {len} in front and {again} behind", kind::name(kind))
}

#[inline]
fn is_length(len: usize, max: usize) -> bool {
    (FRAMING..=max).contains(&len) && len.is_multiple_of(4)
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
    Options::new(order, options).find(|&(code, _)| code == COMMENT).map(|(_, value)| value)
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
        if !kind::is_known(kind) || !is_length(len, RECORD_MAX) {
            return Likely::No;
        }
        let Some(block) = bytes.get(..len) else {
            return Likely::Short(len);
        };
        if order.u32(block, len - 4) as usize != len {
            return Likely::No;
        }
        match kind {
            kind::SECTION if order.u16(block, 12) == 1 => Likely::Beginning,
            kind::SECTION => Likely::No,
            kind::ENHANCED_PACKET => self.likely_packet(order, block),
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
