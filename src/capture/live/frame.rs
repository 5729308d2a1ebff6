//! A slot of the ring as a frame.

use std::num::NonZeroU16;

use super::super::frame::{Aside, Direction, Frame, Link};
use super::Cooked;
use super::cooked;
use crate::sys::ring::{From, Slot};
use crate::wire::Timestamp;

/// How the frames of an interface are to be taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shape {
    /// As they are; an Ethernet header is where a tag goes.
    Plain(Link),
    /// With a header of our own for what we know of theirs.
    Cooked(Cooked),
}

/// Numbers of hardware types (`ARPHRD_`) whose headers we can name.
mod hardware {
    pub(super) const ETHERNET: u16 = 1;
    pub(super) const RAW_IP: u16 = 519;
    pub(super) const LOOPBACK: u16 = 772;
    pub(super) const IEEE80211: u16 = 801;
    pub(super) const RADIOTAP: u16 = 803;
    pub(super) const NONE: u16 = 0xfffe;
}

/// Kinds of a frame that it matters to tell apart (`PACKET_`).
const OUTGOING: u8 = 4;

impl Shape {
    /// The shape of frames of this hardware type; `None` where their header has no name here.
    pub(super) fn of(hardware: u16) -> Option<Self> {
        Some(Self::Plain(match hardware {
            hardware::ETHERNET | hardware::LOOPBACK => Link::Ethernet,
            hardware::RAW_IP | hardware::NONE => Link::Raw,
            hardware::IEEE80211 => Link::Other(105),
            hardware::RADIOTAP => Link::Other(127),
            _ => return None,
        }))
    }

    pub(super) fn link(self) -> Link {
        match self {
            Self::Plain(link) => link,
            Self::Cooked(Cooked::Sll) => Link::Sll,
            Self::Cooked(Cooked::Sll2) => Link::Sll2,
        }
    }

    /// The frame in `slot`, at most `snaplen` octets of it.
    #[inline]
    pub(super) fn frame(self, slot: Slot<'_>, snaplen: u32) -> Frame<'_> {
        let Slot { time: (seconds, nanos), wire_len, status, vlan, from, offload, room, start } = slot;
        let aside = Aside {
            direction: direction(&from),
            unfinished: status & UNFINISHED != 0,
            segment_size: offload.and_then(|offload| NonZeroU16::new(offload.segment_size)),
        };
        let (start, added) = match (self, vlan) {
            (Self::Plain(Link::Ethernet), Some(tag)) => put_back(room, start, tag),
            (Self::Plain(_), _) => (start, 0),
            (Self::Cooked(kind), tag) => cooked::put_header(kind, room, start, &from, tag),
        };
        let end = room.len().min(start + snaplen as usize);
        Frame {
            time: Timestamp(u64::from(seconds) * 1_000_000_000 + u64::from(nanos)),
            wire_len: wire_len + added,
            link: self.link(),
            interface: 0,
            bytes: room.get(start..end).unwrap_or_default(),
            comment: None,
            aside,
        }
    }
}

/// The status bit of a frame whose checksum is left to the network card.
const UNFINISHED: u32 = 1 << 3;

fn direction(from: &From) -> Option<Direction> {
    match (from.hardware, from.kind) {
        // What comes there has gone out there.
        (hardware::LOOPBACK, _) => None,
        (_, OUTGOING) => Some(Direction::Out),
        _ => Some(Direction::In),
    }
}

/// Puts a tag back behind the addresses of the Ethernet header at `start`, which moves up for it.
/// Where the header begins now, and how many octets were added.
fn put_back(room: &mut [u8], start: usize, (tag, protocol): (u16, u16)) -> (usize, u32) {
    const ADDRESSES: usize = 12;
    const TAG: usize = 4;
    let Some(begin) = start.checked_sub(TAG) else {
        return (start, 0);
    };
    let Some(place) = room.get_mut(begin..start + ADDRESSES) else {
        return (start, 0);
    };
    place.copy_within(TAG.., 0);
    let (_, end) = place.split_at_mut(ADDRESSES);
    end[..2].copy_from_slice(&protocol.to_be_bytes());
    end[2..].copy_from_slice(&tag.to_be_bytes());
    (begin, TAG as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_goes_back_behind_the_addresses() {
        let mut room = [0; 4].into_iter().chain(1..=14).chain([0xaa, 0xbb]).collect::<Vec<u8>>();
        assert_eq!(put_back(&mut room, 4, (100, 0x88a8)), (0, 4));
        assert_eq!(room, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x88, 0xa8, 0, 100, 13, 14, 0xaa, 0xbb]);
    }

    #[test]
    fn a_frame_too_short_for_addresses_keeps_its_octets() {
        let mut room = vec![0, 0, 0, 0, 1, 2, 3];
        assert_eq!(put_back(&mut room, 4, (100, 0x8100)), (4, 0));
        assert_eq!(put_back(&mut [0; 40], 3, (100, 0x8100)), (3, 0));
    }
}
