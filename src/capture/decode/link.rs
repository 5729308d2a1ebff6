//! The link layer: what stands before the network header, and which network header it is.

use super::lan::{self, linktype};
use crate::capture::frame::Link;
use crate::capture::record::{Ether, Layer, Record, Skip};

/// What follows the link layer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Network {
    /// An IP packet, of this version if the link layer is right.
    Ip(Layer),
    /// An ARP packet.
    Arp,
}

/// How many octets stand before the network header, and which it is.
pub(super) type Found = Result<(usize, Network), Skip>;

mod ethertype {
    pub(super) const IPV4: u16 = 0x0800;
    pub(super) const ARP: u16 = 0x0806;
    pub(super) const IPV6: u16 = 0x86dd;
    pub(super) const MPLS: u16 = 0x8847;
    pub(super) const MPLS_MULTICAST: u16 = 0x8848;
    pub(super) const PPPOE_SESSION: u16 = 0x8864;
    /// VLAN tags: IEEE 802.1Q, IEEE 802.1ad, and the outer one from before 802.1ad.
    pub(super) const C_TAG: u16 = 0x8100;
    pub(super) const S_TAG: u16 = 0x88a8;
    pub(super) const OLD_S_TAG: u16 = 0x9100;
    /// The virtual interface tag of IEEE 802.1BR's forerunner, and the redundancy tag of 802.1CB.
    pub(super) const VN_TAG: u16 = 0x8926;
    pub(super) const R_TAG: u16 = 0xf1c1;
    /// Whole frames inside frames: Cisco FabricPath, and IEEE 802.1ah provider backbones.
    pub(super) const FABRIC_PATH: u16 = 0x8903;
    pub(super) const BACKBONE: u16 = 0x88e7;
}

/// The largest value that is a length and not a type (IEEE 802.3 §3.2.6).
const MAX_LENGTH: u16 = 1500;
/// What the protocol field of Linux cooked capture holds where an LLC header follows.
const COOKED_LLC: u16 = 0x0004;

pub(super) const CUT: Skip = Skip::Truncated(Layer::Link);
const IPV4: Network = Network::Ip(Layer::Ipv4);
const IPV6: Network = Network::Ip(Layer::Ipv6);

/// Reads the link header of `bytes` and notes its addresses and tags in `record`.
#[inline]
pub(super) fn read(link: Link, bytes: &[u8], record: &mut Record) -> Found {
    match link {
        Link::Ethernet => ethernet(bytes, record),
        Link::Raw => Ok((0, IPV4)),
        Link::Sll => sll(bytes, record),
        Link::Sll2 => sll2(bytes, record),
        Link::Null | Link::Loop => loopback(bytes),
        Link::Ppp | Link::Other(linktype::CISCO_HDLC) => hdlc(bytes),
        Link::Pppoe => pppoe(bytes),
        Link::Other(linktype::FDDI) => lan::fddi(bytes, record),
        Link::Other(linktype::IEEE802_11) => lan::wireless(bytes, 0, record),
        Link::Other(linktype::RADIOTAP) => lan::radiotap(bytes, record),
        Link::Other(number) => Err(Skip::Link(number)),
    }
}

/// Destination, source, type or length.
#[inline]
fn ethernet(bytes: &[u8], record: &mut Record) -> Found {
    let &[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1] = bytes.first_chunk().ok_or(CUT)?;
    let ethertype = u16::from_be_bytes([t0, t1]);
    record.ether = Some(Ether { src: [s0, s1, s2, s3, s4, s5], dst: Some([d0, d1, d2, d3, d4, d5]), ethertype });
    match ethertype {
        ethertype::IPV4 => Ok((14, IPV4)),
        ethertype::IPV6 => Ok((14, IPV6)),
        other => typed(bytes, 14, other, record),
    }
}

/// Linux cooked capture: packet type, ARPHRD type, address length, address, protocol.
fn sll(bytes: &[u8], record: &mut Record) -> Found {
    let &[_, _, _, _, l0, l1, a0, a1, a2, a3, a4, a5, _, _, p0, p1] = bytes.first_chunk().ok_or(CUT)?;
    let src = (u16::from_be_bytes([l0, l1]) == 6).then_some([a0, a1, a2, a3, a4, a5]);
    cooked(bytes, 16, src, u16::from_be_bytes([p0, p1]), record)
}

/// Linux cooked capture v2: protocol, reserved, interface index, ARPHRD type, packet type, address
/// length, address.
fn sll2(bytes: &[u8], record: &mut Record) -> Found {
    let &[p0, p1, _, _, _, _, _, _, _, _, _, len, a0, a1, a2, a3, a4, a5, _, _] = bytes.first_chunk().ok_or(CUT)?;
    let src = (len == 6).then_some([a0, a1, a2, a3, a4, a5]);
    cooked(bytes, 20, src, u16::from_be_bytes([p0, p1]), record)
}

fn cooked(bytes: &[u8], len: usize, src: Option<[u8; 6]>, protocol: u16, record: &mut Record) -> Found {
    record.ether = src.map(|src| Ether { src, dst: None, ethertype: protocol });
    match protocol {
        COOKED_LLC => llc(bytes, len, record),
        // The other values below the types are numbers of the kernel's own, not lengths.
        0..=MAX_LENGTH => Err(Skip::NotIp(protocol)),
        ethertype => typed(bytes, len, ethertype, record),
    }
}

/// Goes on from an ethertype, through tags and frames in frames, to the network header.
fn typed(bytes: &[u8], mut len: usize, mut ethertype: u16, record: &mut Record) -> Found {
    loop {
        let after = bytes.get(len..).unwrap_or_default();
        // How long the tag is, with the type that ends it.
        let tag_len = match ethertype {
            ethertype::C_TAG | ethertype::S_TAG | ethertype::OLD_S_TAG => {
                let &[t0, t1, _, _] = after.first_chunk().ok_or(CUT)?;
                record.vlans.push(u16::from_be_bytes([t0, t1]));
                4
            }
            ethertype::VN_TAG | ethertype::R_TAG => 6,
            ethertype::FABRIC_PATH => 2 + 14,
            ethertype::BACKBONE => 4 + 14,
            ethertype::MPLS | ethertype::MPLS_MULTICAST => match mpls(after) {
                Below::Ip(labels) => return Ok((len + labels, IPV4)),
                Below::Frame(labels) => labels + 4 + 14,
                Below::Unknown => return Err(Skip::NotIp(ethertype)),
            },
            0..=MAX_LENGTH => return llc(bytes, len, record),
            other => return network_of(other, after).map(|(more, network)| (len + more, network)),
        };
        let &[t0, t1] = after.get(..tag_len).and_then(<[u8]>::last_chunk).ok_or(CUT)?;
        len += tag_len;
        ethertype = u16::from_be_bytes([t0, t1]);
        set_ethertype(record, ethertype);
    }
}

fn set_ethertype(record: &mut Record, ethertype: u16) {
    if let Some(ether) = &mut record.ether {
        ether.ethertype = ethertype;
    }
}

/// IEEE 802.2, and behind it SNAP (RFC 1042) with an ethertype.
pub(super) fn llc(bytes: &[u8], len: usize, record: &mut Record) -> Found {
    match *bytes.get(len..).unwrap_or_default() {
        [0xaa, 0xaa, 0x03, 0, 0, 0, t0, t1, ref packet @ ..] => {
            let ethertype = u16::from_be_bytes([t0, t1]);
            set_ethertype(record, ethertype);
            network_of(ethertype, packet).map(|(more, network)| (len + 8 + more, network))
        }
        // The service access point of IP itself, which nearly nobody uses.
        [0x06, 0x06, 0x03, ..] => Ok((len + 3, IPV4)),
        [dsap, ssap, _, ..] => Err(Skip::NotIp(u16::from_be_bytes([dsap, ssap]))),
        _ => Err(CUT),
    }
}

/// What an ethertype announces at once, and how many octets of a session stand before it.
fn network_of(ethertype: u16, after: &[u8]) -> Found {
    match ethertype {
        ethertype::IPV4 => Ok((0, IPV4)),
        ethertype::IPV6 => Ok((0, IPV6)),
        ethertype::ARP => Ok((0, Network::Arp)),
        ethertype::PPPOE_SESSION => pppoe(after),
        other => Err(Skip::NotIp(other)),
    }
}

/// What a stack of MPLS labels carries, and how long it is.
enum Below {
    Ip(usize),
    /// An Ethernet frame behind a control word (RFC 4448 §4.6).
    Frame(usize),
    Unknown,
}

/// A stack of MPLS labels (RFC 3032 §2.1). Nothing in it says what is below: the first four bits
/// do, which are a version of IP or the 0 of a control word (RFC 4385 §3).
fn mpls(bytes: &[u8]) -> Below {
    let (labels, _) = bytes.as_chunks::<4>();
    let Some(bottom) = labels.iter().position(|label| label[2] & 1 == 1) else {
        return Below::Unknown;
    };
    let len = 4 * (bottom + 1);
    let packet = bytes.get(len..).unwrap_or_default();
    match packet.first().map(|first| first >> 4) {
        Some(4 | 6) => Below::Ip(len),
        Some(0) if packet.get(4 + 12..4 + 14).is_some_and(leads_on) => Below::Frame(len),
        _ => Below::Unknown,
    }
}

/// Whether a type is likely in a frame whose being one is a guess.
fn leads_on(ethertype: &[u8]) -> bool {
    matches!(ethertype, [0x08, 0x00 | 0x06] | [0x86, 0xdd] | [0x81, 0x00] | [0x88, 0xa8])
}

/// A PPPoE session packet (RFC 2516 §4): version and type, code, session id, length.
fn pppoe(bytes: &[u8]) -> Found {
    match bytes {
        [0x11, 0x00, _, _, _, _, packet @ ..] => ppp(packet).map(|(len, network)| (6 + len, network)),
        [_, _, _, _, _, _, ..] => Err(Skip::NotIp(ethertype::PPPOE_SESSION)),
        _ => Err(CUT),
    }
}

/// PPP as capture files have it: bare, in HDLC-like framing (RFC 1662 §3.1), with a direction in
/// place of the address (type 166), or not PPP at all but Cisco's HDLC.
fn hdlc(bytes: &[u8]) -> Found {
    let (before, found) = match *bytes {
        [0xff | 0x00 | 0x01, 0x03, ref packet @ ..] => (2, ppp(packet)),
        // Who asks by ARP speaks Ethernet: on a line with two ends there is nothing to resolve.
        [0x0f | 0x8f, 0x00, 0x08, 0x06, ..] => return Err(Skip::NotIp(ethertype::ARP)),
        [0x0f | 0x8f, 0x00, t0, t1, ref packet @ ..] => (4, network_of(u16::from_be_bytes([t0, t1]), packet)),
        ref packet => (0, ppp(packet)),
    };
    found.map(|(len, network)| (before + len, network))
}

/// The protocol field of PPP, in two octets or compressed into one odd one (RFC 1661 §2, §6.5).
fn ppp(bytes: &[u8]) -> Found {
    let (protocol, packet) = match *bytes {
        [low, ref packet @ ..] if low & 1 == 1 => (u16::from(low), packet),
        [high, low, ref packet @ ..] => (u16::from_be_bytes([high, low]), packet),
        _ => return Err(CUT),
    };
    let len = bytes.len() - packet.len();
    match protocol {
        0x0021 => Ok((len, IPV4)),
        0x0057 => Ok((len, IPV6)),
        0x0281 | 0x0283 => match mpls(packet) {
            Below::Ip(labels) => Ok((len + labels, IPV4)),
            Below::Frame(_) | Below::Unknown => Err(Skip::NotIp(protocol)),
        },
        other => Err(Skip::NotIp(other)),
    }
}

/// BSD loopback: an address family, which for IPv6 differs between systems, in the byte order of
/// a host that the file does not name.
fn loopback(bytes: &[u8]) -> Found {
    let family = u32::from_be_bytes(*bytes.first_chunk().ok_or(CUT)?);
    match if family > 0xffff { family.swap_bytes() } else { family } {
        2 => Ok((4, IPV4)),
        // NetBSD and OpenBSD; FreeBSD; Darwin; Linux.
        24 | 28 | 30 | 10 => Ok((4, IPV6)),
        other => Err(Skip::NotIp(other as u16)),
    }
}
