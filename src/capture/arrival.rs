//! A packet on its way into a conversation: what decoding hands to the tracker.

use super::record::{Body, Record};
use crate::wire::{FlowKey, Protocol, Segment, Side, Timestamp, Vlans};

/// A packet on its way into a conversation.
#[derive(Clone, Copy, Debug)]
pub(in crate::capture) struct Arrival {
    pub(in crate::capture) n: u64,
    pub(in crate::capture) time: Timestamp,
    pub(in crate::capture) key: FlowKey,
    pub(in crate::capture) side: Side,
    /// Octets of its IP packet.
    pub(in crate::capture) ip_bytes: u32,
    pub(in crate::capture) ip_id: u32,
    pub(in crate::capture) ttl: u8,
    /// Whether the snap length cut its headers or its payload off.
    pub(in crate::capture) cut: bool,
    pub(in crate::capture) vlans: Vlans,
    pub(in crate::capture) place: Place,
}

/// A segment on its way into a connection.
#[derive(Clone, Copy, Debug)]
pub(in crate::capture) struct Passenger {
    pub(in crate::capture) arrival: Arrival,
    pub(in crate::capture) segment: Segment,
    pub(in crate::capture) checksum: u16,
}

/// Where a packet was seen: equal for two that bear the same link-layer addresses, VLAN tags and
/// TTL at the same interface, and else different but for one chance in 2⁶⁴.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::capture) struct Place(u64);

impl Place {
    /// The place of an interface where a packet was seen with this TTL.
    #[inline]
    pub(in crate::capture) fn new(interface: u32, ttl: u8) -> Self {
        Self(u64::from(interface) << 8 | u64::from(ttl))
    }

    /// The same with something else that tells it apart.
    #[inline]
    pub(in crate::capture) fn with(self, word: u64) -> Self {
        // A product of odd numbers, folded, so that every bit counts.
        let product = u128::from(self.0 ^ word ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93;
        Self((product >> 64) as u64 ^ product as u64)
    }

    /// The same with the link-layer addresses and type of an Ethernet frame.
    #[inline]
    pub(in crate::capture) fn with_ether(self, head: [u8; 14]) -> Self {
        let [first @ .., _, _, _, _, _, _] = head;
        let [_, _, _, _, _, _, last @ ..] = head;
        self.with(u64::from_ne_bytes(first)).with(u64::from_ne_bytes(last))
    }

    fn of(record: &Record, ttl: u8) -> Self {
        let mut place = Self::new(record.interface, ttl);
        if let Some(ether) = &record.ether {
            let mut head = [0; 14];
            head[..6].copy_from_slice(&ether.dst.unwrap_or_default());
            head[6..12].copy_from_slice(&ether.src);
            head[12..].copy_from_slice(&ether.ethertype.to_be_bytes());
            place = place.with_ether(head);
        }
        record.vlans.ids().iter().fold(place, |place, id| place.with(u64::from(*id)))
    }
}

impl Arrival {
    /// Packet `n` as the part of a conversation that it is, if it is one.
    #[inline]
    pub(in crate::capture) fn of(n: u64, record: &Record) -> Option<Self> {
        let (src, dst, protocol) = record.endpoints()?;
        let ip = record.ip.as_ref()?;
        let (key, side) = FlowKey::of(src, dst, protocol, &record.vlans);
        let len = record.fragments.as_ref().map_or(ip.len, |fragments| fragments.octets);
        Some(Self {
            n,
            time: record.time,
            key,
            side,
            ip_bytes: if len == 0 { record.cap_len } else { len },
            ip_id: ip.id,
            ttl: ip.ttl,
            cut: matches!(&record.body, Body::Tcp(tcp) if tcp.truncated),
            vlans: record.vlans,
            place: Place::of(record, ip.ttl),
        })
    }

    /// Frames since the first of its conversation.
    #[inline]
    pub(in crate::capture) fn after(&self, first_n: u64) -> u32 {
        u32::try_from(self.n.saturating_sub(first_n)).unwrap_or(u32::MAX)
    }
}

/// A segment from nowhere.
impl Default for Passenger {
    fn default() -> Self {
        let nowhere = std::net::Ipv4Addr::UNSPECIFIED;
        let (key, side) = FlowKey::of_v4((nowhere, 0), (nowhere, 0), Protocol::Tcp);
        let arrival = Arrival {
            n: 0,
            time: Timestamp(0),
            key,
            side,
            ip_bytes: 0,
            ip_id: 0,
            ttl: 0,
            cut: false,
            vlans: Vlans::default(),
            place: Place::default(),
        };
        Self { arrival, segment: Segment::default(), checksum: 0 }
    }
}
