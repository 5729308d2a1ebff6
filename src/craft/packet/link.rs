use std::net::Ipv4Addr;

use super::{Field, Layer};

/// An Ethernet header.
///
/// Frames come out as short as they are: padding to 60 octets is the network card's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ethernet {
    /// Receiver.
    pub dst: [u8; 6],
    /// Sender.
    pub src: [u8; 6],
    /// What follows.
    pub ethertype: Field<u16>,
}

impl Ethernet {
    /// A header from one station to another.
    pub fn new(src: [u8; 6], dst: [u8; 6]) -> Self {
        Self { dst, src, ethertype: Field::Right }
    }

    pub(super) fn put(&self, next: Option<&Layer>, out: &mut Vec<u8>) {
        out.extend(self.dst);
        out.extend(self.src);
        out.extend(self.ethertype.or(next.map_or(0, Layer::ethertype)).to_be_bytes());
    }
}

/// A VLAN tag (IEEE 802.1Q).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Vlan {
    /// The VLAN, 12 bits.
    pub id: u16,
    /// Priority, three bits.
    pub priority: u8,
    /// Whether the frame may be dropped first.
    pub drop_eligible: bool,
    /// The ethertype that announces this tag: 0x8100, or 0x88a8 for a service provider's.
    pub tpid: u16,
    /// What follows.
    pub ethertype: Field<u16>,
}

impl Vlan {
    /// The tag of a VLAN.
    pub fn new(id: u16) -> Self {
        Self { id, priority: 0, drop_eligible: false, tpid: 0x8100, ethertype: Field::Right }
    }

    pub(super) fn put(&self, next: Option<&Layer>, out: &mut Vec<u8>) {
        let tag = u16::from(self.priority & 7) << 13 | u16::from(self.drop_eligible) << 12 | self.id & 0x0fff;
        out.extend(tag.to_be_bytes());
        out.extend(self.ethertype.or(next.map_or(0, Layer::ethertype)).to_be_bytes());
    }
}

/// An ARP packet for IPv4 over Ethernet (RFC 826).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Arp {
    /// 1 request, 2 reply.
    pub op: u16,
    /// Sender's Ethernet address.
    pub sender_mac: [u8; 6],
    /// Sender's IPv4 address.
    pub sender_ip: Ipv4Addr,
    /// Target's Ethernet address; zeros in a request.
    pub target_mac: [u8; 6],
    /// Target's IPv4 address.
    pub target_ip: Ipv4Addr,
    /// The kind of link address: 1.
    pub hardware: Field<u16>,
    /// The kind of network address: 0x0800.
    pub protocol: Field<u16>,
}

impl Arp {
    /// Asks who has an address.
    pub fn request(sender_mac: [u8; 6], sender_ip: Ipv4Addr, target_ip: Ipv4Addr) -> Self {
        let (hardware, protocol) = (Field::Right, Field::Right);
        Self { op: 1, sender_mac, sender_ip, target_mac: [0; 6], target_ip, hardware, protocol }
    }

    /// Answers that the sender has its address.
    pub fn reply(sender_mac: [u8; 6], sender_ip: Ipv4Addr, target_mac: [u8; 6], target_ip: Ipv4Addr) -> Self {
        Self { op: 2, target_mac, ..Self::request(sender_mac, sender_ip, target_ip) }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.hardware.or(1).to_be_bytes());
        out.extend(self.protocol.or(0x0800).to_be_bytes());
        out.extend([6, 4]);
        out.extend(self.op.to_be_bytes());
        out.extend(self.sender_mac);
        out.extend(self.sender_ip.octets());
        out.extend(self.target_mac);
        out.extend(self.target_ip.octets());
    }
}
