use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use super::frame::Link;
use crate::wire::{Endpoint, Protocol, Segment, Timestamp, Vlans};

/// What one frame says, as a value: `Copy`, no allocation, no borrow.
///
/// Total: every frame becomes a record, and what could not be read is told by [`Body::Skip`].
/// Lengths come from the IP header; offsets count from the start of the outermost IP header.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// When it was captured.
    pub time: Timestamp,
    /// Octets on the wire.
    pub wire_len: u32,
    /// Octets captured.
    pub cap_len: u32,
    /// The link layer of the frame.
    pub link: Link,
    /// Where in the frame the outermost IP (or ARP) header begins, in octets.
    pub net_offset: u16,
    /// Number of the interface it was seen on.
    pub interface: u32,
    /// Link-layer addresses, where the link has them.
    pub ether: Option<Ether>,
    /// VLAN tags.
    pub vlans: Vlans,
    /// The outermost IP header.
    pub ip: Option<Ip>,
    /// What the packet carries. Of a datagram that came in fragments, its last one carries the
    /// whole; offsets then count in the datagram as it was put together.
    pub body: Body,
    /// How the datagram was put together, if it came in fragments.
    pub fragments: Option<Fragments>,
}

/// A datagram that came in fragments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fragments {
    /// Octets of the whole IP packet.
    pub octets: u32,
    /// Some of its pieces overlapped, and not as copies: nobody sends that by accident.
    pub overlap: bool,
}

/// Addresses and type of an Ethernet frame; of a Linux cooked one its sender and type.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Ether {
    /// Sender.
    pub src: [u8; 6],
    /// Receiver; `None` where the link does not tell (Linux cooked).
    pub dst: Option<[u8; 6]>,
    /// The ethertype after all VLAN tags.
    pub ethertype: u16,
}

/// An IP header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ip {
    /// Source address.
    pub src: IpAddr,
    /// Destination address.
    pub dst: IpAddr,
    /// Protocol of the payload, after IPv6 extension headers.
    pub proto: u8,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// DSCP (upper six bits) and ECN (lower two).
    pub tos: u8,
    /// IPv4 identification, or that of an IPv6 fragment header; 0 where there is none.
    pub id: u32,
    /// The length the header claims: IPv4 total length, IPv6 payload length + 40; 0 when a sender
    /// with segmentation offload left it to the hardware.
    pub len: u32,
    /// Octets of the header, options and extension headers included.
    pub hdr_len: u16,
    /// Don't fragment (IPv4).
    pub df: bool,
    /// More fragments.
    pub mf: bool,
    /// Place of this fragment in its datagram, in octets.
    pub frag_offset: u16,
    /// Header checksum as sent (IPv4).
    pub checksum: Option<u16>,
    /// What verifying it said.
    pub checksum_ok: Checksum,
}

impl Ip {
    /// 4 or 6.
    pub const fn version(&self) -> u8 {
        match self.src {
            IpAddr::V4(_) => 4,
            IpAddr::V6(_) => 6,
        }
    }

    /// Whether this is one piece of a larger datagram.
    pub const fn is_fragment(&self) -> bool {
        self.mf || self.frag_offset != 0
    }

    /// Differentiated services code point.
    pub const fn dscp(&self) -> u8 {
        self.tos >> 2
    }

    /// Explicit congestion notification: 0 not capable, 1 and 2 capable, 3 congestion met.
    pub const fn ecn(&self) -> u8 {
        self.tos & 3
    }
}

/// What the packet carries.
#[derive(Clone, Copy, Debug)]
pub enum Body {
    /// A TCP segment.
    Tcp(Tcp),
    /// A UDP datagram.
    Udp(Udp),
    /// An ICMP or ICMPv6 message.
    Icmp(Icmp),
    /// An ARP packet.
    Arp(Arp),
    /// Nothing that is followed; why.
    Skip(Skip),
}

/// A TCP header.
#[derive(Clone, Copy, Debug)]
pub struct Tcp {
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// The segment itself.
    pub segment: Segment,
    /// Octets of the header, options included.
    pub hdr_len: u8,
    /// Where the TCP header begins, in octets from the start of the IP packet.
    pub offset: u16,
    /// Checksum as sent.
    pub checksum: u16,
    /// What verifying it said.
    pub checksum_ok: Checksum,
    /// Whether the snap length cut the header or the payload off.
    pub truncated: bool,
}

/// A UDP header.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Udp {
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// The length field: header and data.
    pub len: u16,
    /// Octets of data.
    pub payload_len: u32,
    /// Where the UDP header begins, in octets from the start of the IP packet.
    pub offset: u16,
    /// Checksum as sent; 0 means none (IPv4).
    pub checksum: u16,
    /// What verifying it said.
    pub checksum_ok: Checksum,
    /// Which length or checksum rule is broken.
    pub fault: Option<UdpFault>,
    /// Whether the snap length cut the datagram.
    pub truncated: bool,
}

/// How a UDP header breaks the rules of RFC 768 (and RFC 8200 §8.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UdpFault {
    /// A length below 8, the header's own size.
    TooShort,
    /// A length that ends before the IP payload does: surplus octets (options of RFC 9868, or
    /// padding), how many.
    Surplus(u16),
    /// A length that goes past the IP payload.
    TooLong,
    /// A length of 0 outside an IPv6 jumbogram.
    Zero,
    /// No checksum, over IPv6.
    NoChecksum,
}

impl UdpFault {
    /// Its id in the records.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Surplus(_) => "udp.surplus",
            Self::TooShort | Self::TooLong | Self::Zero => "udp.bad_length",
            Self::NoChecksum => "udp.no_checksum",
        }
    }
}

/// An ICMP or ICMPv6 message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Icmp {
    /// 4 for ICMP, 6 for ICMPv6.
    pub version: u8,
    /// Message type.
    pub kind: u8,
    /// Code within the type.
    pub code: u8,
    /// Where the ICMP header begins, in octets from the start of the IP packet.
    pub offset: u16,
    /// Checksum as sent.
    pub checksum: u16,
    /// What verifying it said.
    pub checksum_ok: Checksum,
    /// Identifier of an echo, or `None`.
    pub echo_id: Option<u16>,
    /// Sequence number of an echo.
    pub echo_seq: u16,
    /// MTU told by "fragmentation needed" or "packet too big"; 0 otherwise.
    pub mtu: u32,
    /// Octets after the eight of the header.
    pub payload_len: u32,
    /// The header that an error message quotes.
    pub quoted: Option<Quoted>,
}

/// The packet an ICMP error is about, as far as the error quotes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quoted {
    /// Its source address.
    pub src: IpAddr,
    /// Its destination address.
    pub dst: IpAddr,
    /// Its protocol.
    pub proto: u8,
    /// Its ports, where the quote reaches that far and the protocol has them.
    pub ports: Option<(u16, u16)>,
    /// Its TCP sequence number.
    pub seq: Option<u32>,
}

/// An ARP packet for IPv4 over Ethernet (RFC 826).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Arp {
    /// 1 request, 2 reply, others as they stand.
    pub op: u16,
    /// Sender's link address.
    pub sender_mac: [u8; 6],
    /// Sender's IPv4 address.
    pub sender_ip: Ipv4Addr,
    /// Target's link address.
    pub target_mac: [u8; 6],
    /// Target's IPv4 address.
    pub target_ip: Ipv4Addr,
}

/// What verifying a checksum said.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Checksum {
    /// Not looked at: not asked for, or not all octets were captured.
    #[default]
    Unverified,
    /// It is right.
    Good,
    /// It is wrong.
    Bad,
    /// It is the sum of the pseudo-header alone: the sender left the rest to its network card, and
    /// the capture came before that. Not damage, though not right either.
    Unfinished,
    /// There is none (UDP over IPv4 with 0; IPv6 headers).
    Absent,
}

impl Checksum {
    /// `true` good, `false` bad, `None` not verified or not there.
    pub const fn verdict(self) -> Option<bool> {
        match self {
            Self::Good => Some(true),
            Self::Bad | Self::Unfinished => Some(false),
            Self::Unverified | Self::Absent => None,
        }
    }
}

/// Whether checksums are verified. Off by default: a host that leaves them to its network card
/// captures its own packets with checksums that look wrong.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Checksums {
    /// Don't look.
    #[default]
    Ignore,
    /// Verify those whose octets are all there.
    Verify,
}

/// Why a frame became no transport record. A sniffer meets these all day.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Skip {
    /// A link type we do not decode, by its LINKTYPE number.
    Link(u16),
    /// Not IP: the ethertype (or for LLC the two SAP octets, below 0x600).
    NotIp(u16),
    /// IP, but not a transport that is followed: its protocol number.
    Proto(u8),
    /// A piece of a larger datagram that could not be put together.
    Fragment,
    /// The capture ends before the header does.
    Truncated(Layer),
    /// A header that contradicts itself.
    Malformed(Layer),
}

/// The layers a frame is made of.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Layer {
    /// The link layer, VLAN tags and encapsulations included.
    Link,
    /// ARP.
    Arp,
    /// IPv4.
    Ipv4,
    /// IPv6 and its extension headers.
    Ipv6,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP and ICMPv6.
    Icmp,
}

impl Layer {
    /// The name in the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Arp => "arp",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
        }
    }
}

/// The reason in the records: `not_ip:0x88cc`, `proto:47`, `fragment`, `truncated:tcp`.
impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(number) => write!(f, "link:{number}"),
            Self::NotIp(ethertype) => write!(f, "not_ip:{ethertype:#06x}"),
            Self::Proto(number) => write!(f, "proto:{number}"),
            Self::Fragment => f.write_str("fragment"),
            Self::Truncated(layer) => write!(f, "truncated:{}", layer.name()),
            Self::Malformed(layer) => write!(f, "malformed:{}", layer.name()),
        }
    }
}

/// An empty frame's.
impl Default for Record {
    fn default() -> Self {
        Self {
            time: Timestamp(0),
            wire_len: 0,
            cap_len: 0,
            link: Link::Raw,
            net_offset: 0,
            interface: 0,
            ether: None,
            vlans: Vlans::default(),
            ip: None,
            body: Body::Skip(Skip::Truncated(Layer::Link)),
            fragments: None,
        }
    }
}

impl Record {
    /// The endpoints of a packet that belongs to a conversation: source, destination, protocol.
    ///
    /// An ICMP echo has its identifier for a port on both ends; other ICMP messages, and errors,
    /// have 0.
    #[inline]
    pub fn endpoints(&self) -> Option<(Endpoint, Endpoint, Protocol)> {
        let ip = self.ip.as_ref()?;
        let (src_port, dst_port, protocol) = match &self.body {
            Body::Tcp(tcp) => (tcp.src_port, tcp.dst_port, Protocol::Tcp),
            Body::Udp(udp) => (udp.src_port, udp.dst_port, Protocol::Udp),
            Body::Icmp(icmp) => {
                let id = icmp.echo_id.unwrap_or(0);
                (id, id, Protocol::Icmp)
            }
            Body::Arp(_) | Body::Skip(_) => return None,
        };
        let at = |addr, port| Endpoint { addr, port };
        Some((at(ip.src, src_port), at(ip.dst, dst_port), protocol))
    }
}
