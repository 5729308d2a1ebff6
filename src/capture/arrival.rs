//! A packet on its way into a conversation: what decoding hands to the tracker.

use super::record::{Body, Record, Udp};
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

/// A segment, a datagram or a message of ICMP on its way into a conversation.
#[derive(Clone, Copy, Debug)]
pub(in crate::capture) struct Passenger {
    pub(in crate::capture) arrival: Arrival,
    /// The segment and its checksum, if it is one.
    pub(in crate::capture) segment: Segment,
    pub(in crate::capture) checksum: u16,
    /// The datagram, if it is one.
    pub(in crate::capture) datagram: Udp,
    /// What a message says, if it is one.
    pub(in crate::capture) message: [u64; 2],
}

/// Where a packet was seen, beside its TTL and its VLANs: the same for two that bear the same link-layer
/// addresses at the same interface.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::capture) struct Place {
    interface: u32,
    /// The first eight octets of an Ethernet header, and the last eight.
    ether: [u64; 2],
}

impl Place {
    /// The place of an interface where a packet was seen with these addresses and this type.
    #[inline]
    pub(in crate::capture) fn new(interface: u32, head: &[u8; 14]) -> Self {
        let [first @ .., _, _, _, _, _, _] = *head;
        let [_, _, _, _, _, _, last @ ..] = *head;
        Self { interface, ether: [first, last].map(u64::from_ne_bytes) }
    }

    fn of(record: &Record) -> Self {
        let mut head = [0; 14];
        if let Some(ether) = &record.ether {
            head[..6].copy_from_slice(&ether.dst.unwrap_or_default());
            head[6..12].copy_from_slice(&ether.src);
            head[12..].copy_from_slice(&ether.ethertype.to_be_bytes());
        }
        Self::new(record.interface, &head)
    }
}

impl Passenger {
    /// Gets in what a record says.
    pub(in crate::capture) fn enter(&mut self, arrival: Arrival, body: &Body) {
        self.arrival = arrival;
        match body {
            Body::Tcp(tcp) => (self.segment, self.checksum) = (tcp.segment, tcp.checksum),
            Body::Udp(udp) => self.datagram = *udp,
            Body::Icmp(icmp) => {
                let numbers = u64::from(icmp.checksum) << 32 | u64::from(icmp.echo_seq);
                self.message = [numbers, u64::from(icmp.kind) << 8 | u64::from(icmp.code)];
            }
            Body::Arp(_) | Body::Skip(_) => {}
        }
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
            place: Place::of(record),
        })
    }

    /// Whether `other` was seen at the same place, on the same way there.
    pub(in crate::capture) fn is_met_with(&self, other: &Self) -> bool {
        self.place == other.place && self.ttl == other.ttl && self.vlans.ids() == other.vlans.ids()
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
        let (key, side) = FlowKey::of_v4([nowhere; 2], 0, Protocol::Tcp, 0);
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
        Self { arrival, segment: Segment::default(), checksum: 0, datagram: Udp::default(), message: [0; 2] }
    }
}
