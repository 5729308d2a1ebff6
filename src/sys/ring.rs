//! A ring of frames shared with the kernel (`TPACKET_V3` of packet(7)).
//!
//! The kernel fills block after block and hands each over when it is full, or when its time is up;
//! we read it and give it back. Nothing is copied, and there is no call per frame.
//!
//! ```text
//!   block:  version 4 | private 4 | status 4 | frames 4 | first 4 | ...    then frames
//!   frame:  next 4 | sec 4 | nsec 4 | captured 4 | length 4 | status 4 | mac 2 | net 2 | hash 4
//!           | vlan tci 4 | vlan tpid 2 | 10 unused | address 20 | room | offload 10? | octets
//! ```

use std::io;
use std::os::fd::{AsFd, AsRawFd as _};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

/// How large a ring is, and how soon it hands over what it has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Shape {
    /// Octets of a block, a multiple of the page size.
    pub(crate) block: u32,
    /// Blocks.
    pub(crate) blocks: u32,
    /// Milliseconds after which a block is handed over that is not full.
    pub(crate) retire_ms: u32,
}

/// A ring, and where we are in it.
#[derive(Debug)]
pub(crate) struct Ring {
    blocks: Blocks,
    /// The block we read, or wait for.
    current: usize,
    /// Whether it is ours now.
    ours: bool,
    /// Frames in it that were not taken yet.
    left: u32,
    /// Where the next of them begins.
    at: usize,
    /// Whether an [`Offload`] stands before every frame.
    offload: bool,
}

/// A frame in the ring, ours until the next is asked for.
#[derive(Debug)]
pub(crate) struct Slot<'a> {
    /// When the kernel saw it, in seconds and nanoseconds since the epoch.
    pub(crate) time: (u32, u32),
    /// Octets on the wire.
    pub(crate) wire_len: u32,
    /// `TP_STATUS_` bits.
    pub(crate) status: u32,
    /// The VLAN tag that the network card, or the kernel, took out: control information, and
    /// protocol.
    pub(crate) vlan: Option<(u16, u16)>,
    /// Where it came from.
    pub(crate) from: From,
    /// How it is offloaded, where that was asked for.
    pub(crate) offload: Option<Offload>,
    /// The captured octets, with room before them.
    pub(crate) room: &'a mut [u8],
    /// Where in `room` the frame begins.
    pub(crate) start: usize,
}

/// The address that comes with a frame (`sockaddr_ll`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct From {
    /// The protocol, mostly an ethertype.
    pub(crate) protocol: u16,
    /// The interface's number.
    pub(crate) interface: u32,
    /// Its hardware type.
    pub(crate) hardware: u16,
    /// For whom it is: one of the `PACKET_` numbers.
    pub(crate) kind: u8,
    /// Octets of the sender's address.
    pub(crate) address_len: u8,
    /// The sender's address.
    pub(crate) address: [u8; 8],
}

/// What a frame has left to the network card (`virtio_net_hdr`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Offload {
    /// Payload octets of each segment that it stands for; 0 for a frame that is one segment.
    pub(crate) segment_size: u16,
}

/// Where the fields of a block are, in octets.
mod block {
    pub(super) const STATUS: usize = 8;
    pub(super) const FRAMES: usize = 12;
    pub(super) const FIRST: usize = 16;
}

/// Octets of a frame's header, and of that and the address behind it.
const HEADER: usize = 48;
const HEADER_AND_ADDRESS: usize = HEADER + 20;
/// Octets of an [`Offload`].
const OFFLOAD: usize = 10;

impl Ring {
    /// Maps the ring that `socket` was given.
    pub(super) fn map(socket: &impl AsFd, shape: Shape, offload: bool) -> io::Result<Self> {
        let blocks = Blocks::map(socket, shape)?;
        Ok(Self { blocks, current: 0, ours: false, left: 0, at: 0, offload })
    }

    /// Whether there is a frame to take. Gives back a block that was read to its end.
    #[inline]
    pub(crate) fn is_ready(&mut self) -> bool {
        while self.left == 0 {
            if self.ours {
                self.blocks.give_back(self.current);
                self.ours = false;
                self.current = (self.current + 1) % self.blocks.count;
            }
            let Some(octets) = self.blocks.ours(self.current) else {
                return false;
            };
            self.ours = true;
            self.left = u32_at(octets, block::FRAMES);
            self.at = u32_at(octets, block::FIRST) as usize;
        }
        true
    }

    /// The next frame; `None` where [`Ring::is_ready`] has not said that there is one.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<Slot<'_>> {
        if self.left == 0 {
            return None;
        }
        let at = self.at;
        let frame = self.blocks.ours(self.current).and_then(|octets| octets.get_mut(at..));
        let Some(header) = frame.as_ref().and_then(|frame| frame.first_chunk::<HEADER_AND_ADDRESS>().copied()) else {
            self.left = 0;
            return None;
        };
        self.left -= 1;
        self.at += u32_at(&header, 0) as usize;
        let captured = u32_at(&header, 12) as usize;
        let mac = usize::from(u16_at(&header, 24));
        let status = u32_at(&header, 20);
        let room = frame?.get_mut(HEADER_AND_ADDRESS..mac + captured)?;
        let start = mac.checked_sub(HEADER_AND_ADDRESS)?;
        let mut offload = None;
        if self.offload {
            offload = Some(Offload { segment_size: segment_size(room.get(start.checked_sub(OFFLOAD)?..start)?) });
        }
        Some(Slot {
            time: (u32_at(&header, 4), u32_at(&header, 8)),
            wire_len: u32_at(&header, 16),
            status,
            vlan: vlan(status, &header),
            from: From {
                protocol: u16::from_be(u16_at(&header, HEADER + 2)),
                interface: u32_at(&header, HEADER + 4),
                hardware: u16_at(&header, HEADER + 8),
                kind: header[HEADER + 10],
                address_len: header[HEADER + 11],
                address: *header.last_chunk().expect("it is longer"),
            },
            offload,
            room,
            start,
        })
    }
}

/// The tag that stands beside a frame and no longer in it.
fn vlan(status: u32, header: &[u8; HEADER_AND_ADDRESS]) -> Option<(u16, u16)> {
    const C_TAG: u16 = 0x8100;
    let there = status & libc::TP_STATUS_VLAN_VALID != 0;
    let protocol = if status & libc::TP_STATUS_VLAN_TPID_VALID != 0 { u16_at(header, 36) } else { C_TAG };
    there.then(|| (u32_at(header, 32) as u16, protocol))
}

/// The size of a segment, where the header says that there are several.
fn segment_size(header: &[u8]) -> u16 {
    const NOT_SEGMENTED: u8 = 0;
    match *header {
        [_, NOT_SEGMENTED, ..] => 0,
        [_, _, _, _, low, high, ..] => u16::from_ne_bytes([low, high]),
        _ => 0,
    }
}

/// 0 behind the end.
fn u32_at(octets: &[u8], at: usize) -> u32 {
    octets.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |field| u32::from_ne_bytes(*field))
}

fn u16_at(octets: &[u8], at: usize) -> u16 {
    octets.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |field| u16::from_ne_bytes(*field))
}

/// The memory that we and the kernel have in common: each block is the one's or the other's.
#[derive(Debug)]
struct Blocks {
    start: NonNull<u8>,
    size: usize,
    count: usize,
}

// SAFETY: the mapping belongs to this value alone; which thread reads it makes no difference.
unsafe impl Send for Blocks {}

impl Blocks {
    fn map(socket: &impl AsFd, shape: Shape) -> io::Result<Self> {
        let (size, count) = (shape.block as usize, shape.blocks as usize);
        assert!(size > HEADER_AND_ADDRESS && count > 0, "the kernel has made a ring of this shape");
        let (access, how) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_POPULATE);
        let fd = socket.as_fd().as_raw_fd();
        // SAFETY: a mapping at an address that the kernel chooses touches nothing that is there.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), size * count, access, how, fd, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { start: NonNull::new(start.cast()).expect("a mapping is not at 0"), size, count })
    }

    /// The octets of block `number`, if it is ours.
    #[inline]
    fn ours(&mut self, number: usize) -> Option<&mut [u8]> {
        if self.status(number).load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
            return None;
        }
        // SAFETY: `status` has checked that the block is inside the mapping; while its status says
        // that it is ours the kernel does not touch it, and `&mut self` sees to it that nobody else does.
        Some(unsafe { std::slice::from_raw_parts_mut(self.start.add(number * self.size).as_ptr(), self.size) })
    }

    fn give_back(&mut self, number: usize) {
        self.status(number).store(libc::TP_STATUS_KERNEL, Ordering::Release);
    }

    #[inline]
    fn status(&self, number: usize) -> &AtomicU32 {
        assert!(number < self.count, "there are {} blocks", self.count);
        // SAFETY: the field is inside the mapping by the check above, aligned to four octets as
        // blocks begin at pages, and only ever read and written as an atomic.
        unsafe { self.start.add(number * self.size + block::STATUS).cast().as_ref() }
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        // SAFETY: this is the mapping that `map` made, and nothing borrowed from it is left.
        let unmapped = unsafe { libc::munmap(self.start.as_ptr().cast(), self.size * self.count) };
        debug_assert_eq!(unmapped, 0, "a mapping can be taken away");
    }
}
