//! The link layer: what stands before the network header, and which network header it is.

use crate::capture::frame::Link;
use crate::capture::record::{Ether, Layer, Skip};
use crate::wire::Vlans;

/// What the link layer says.
#[derive(Debug)]
pub(super) struct Read {
    /// Octets before the network header.
    pub(super) len: usize,
    pub(super) ether: Option<Ether>,
    pub(super) vlans: Vlans,
    pub(super) network: Network,
}

/// What follows the link layer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Network {
    /// An IP packet, by the link layer of this version. The packet's own version decides: headers
    /// are rewritten and tunnels are mixed, and what is inside can still be told.
    Ip(Layer),
    Arp,
    Other(Skip),
}

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

const CUT: Network = Network::Other(Skip::Truncated(Layer::Link));

/// Reads the link header of `bytes`.
pub(super) fn read(link: Link, bytes: &[u8]) -> Read {
    match link {
        Link::Ethernet => ethernet(bytes),
        Link::Sll => sll(bytes),
        Link::Sll2 => sll2(bytes),
        Link::Raw => bare((0, Network::Ip(Layer::Ipv4))),
        Link::Null | Link::Loop => bare(loopback(bytes)),
        Link::Ppp => bare(hdlc(bytes)),
        Link::Pppoe => bare(pppoe(bytes)),
        Link::Other(number) => bare((0, Network::Other(Skip::Link(number)))),
    }
}

fn bare((len, network): (usize, Network)) -> Read {
    Read { len, ether: None, vlans: Vlans::default(), network }
}

/// Destination, source, type or length.
fn ethernet(bytes: &[u8]) -> Read {
    let Some(&[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1]) = bytes.first_chunk() else {
        return bare((0, CUT));
    };
    let ethertype = u16::from_be_bytes([t0, t1]);
    let ether = Ether { src: [s0, s1, s2, s3, s4, s5], dst: Some([d0, d1, d2, d3, d4, d5]), ethertype };
    typed(bytes, 14, Some(ether), ethertype)
}

/// Linux cooked capture: packet type, ARPHRD type, address length, address, protocol.
fn sll(bytes: &[u8]) -> Read {
    let Some(&[_, _, _, _, l0, l1, a0, a1, a2, a3, a4, a5, _, _, p0, p1]) = bytes.first_chunk() else {
        return bare((0, CUT));
    };
    cooked(bytes, 16, u16::from_be_bytes([l0, l1]), [a0, a1, a2, a3, a4, a5], u16::from_be_bytes([p0, p1]))
}

/// Linux cooked capture v2: protocol, reserved, interface index, ARPHRD type, packet type, address
/// length, address.
fn sll2(bytes: &[u8]) -> Read {
    let Some(&[p0, p1, _, _, _, _, _, _, _, _, _, len, a0, a1, a2, a3, a4, a5, _, _]) = bytes.first_chunk() else {
        return bare((0, CUT));
    };
    cooked(bytes, 20, u16::from(len), [a0, a1, a2, a3, a4, a5], u16::from_be_bytes([p0, p1]))
}

fn cooked(bytes: &[u8], len: usize, addr_len: u16, src: [u8; 6], protocol: u16) -> Read {
    let ether = (addr_len == 6).then_some(Ether { src, dst: None, ethertype: protocol });
    match protocol {
        COOKED_LLC => llc(bytes, len, ether, Vlans::default()),
        // The other values below the types are numbers of the kernel's own, not lengths.
        0..=MAX_LENGTH => Read { len, ether, vlans: Vlans::default(), network: Network::Other(Skip::NotIp(protocol)) },
        ethertype => typed(bytes, len, ether, ethertype),
    }
}

/// Goes on from an ethertype, through tags and frames in frames, to the network header.
fn typed(bytes: &[u8], mut len: usize, mut ether: Option<Ether>, mut ethertype: u16) -> Read {
    let mut vlans = Vlans::default();
    let (more, network) = loop {
        let after = bytes.get(len..).unwrap_or_default();
        // How long the tag is, with the type that ends it.
        let tag_len = match ethertype {
            ethertype::IPV4 => break (0, Network::Ip(Layer::Ipv4)),
            ethertype::IPV6 => break (0, Network::Ip(Layer::Ipv6)),
            ethertype::C_TAG | ethertype::S_TAG | ethertype::OLD_S_TAG => {
                if let &[t0, t1, ..] = after {
                    vlans.push(u16::from_be_bytes([t0, t1]));
                }
                4
            }
            ethertype::VN_TAG | ethertype::R_TAG => 6,
            ethertype::FABRIC_PATH => 2 + 14,
            ethertype::BACKBONE => 4 + 14,
            ethertype::MPLS | ethertype::MPLS_MULTICAST => match mpls(after) {
                Below::Ip(labels) => break (labels, Network::Ip(Layer::Ipv4)),
                Below::Frame(labels) => labels + 4 + 14,
                Below::Unknown => break (0, Network::Other(Skip::NotIp(ethertype))),
            },
            0..=MAX_LENGTH => return llc(bytes, len, ether, vlans),
            other => break network_of(other, after),
        };
        let Some(&[t0, t1]) = after.get(..tag_len).and_then(<[u8]>::last_chunk) else {
            break (0, CUT);
        };
        len += tag_len;
        ethertype = u16::from_be_bytes([t0, t1]);
        if let Some(ether) = &mut ether {
            ether.ethertype = ethertype;
        }
    };
    Read { len: len + more, ether, vlans, network }
}

/// IEEE 802.2, and behind it SNAP (RFC 1042) with an ethertype.
fn llc(bytes: &[u8], len: usize, mut ether: Option<Ether>, vlans: Vlans) -> Read {
    let (more, network) = match *bytes.get(len..).unwrap_or_default() {
        [0xaa, 0xaa, 0x03, 0, 0, 0, t0, t1, ref packet @ ..] => {
            let ethertype = u16::from_be_bytes([t0, t1]);
            if let Some(ether) = &mut ether {
                ether.ethertype = ethertype;
            }
            let (more, network) = network_of(ethertype, packet);
            (8 + more, network)
        }
        // The service access point of IP itself, which nearly nobody uses.
        [0x06, 0x06, 0x03, ..] => (3, Network::Ip(Layer::Ipv4)),
        [dsap, ssap, _, ..] => (0, Network::Other(Skip::NotIp(u16::from_be_bytes([dsap, ssap])))),
        _ => (0, CUT),
    };
    Read { len: len + more, ether, vlans, network }
}

/// What an ethertype announces at once, and how many octets of a session stand before it.
fn network_of(ethertype: u16, after: &[u8]) -> (usize, Network) {
    match ethertype {
        ethertype::IPV4 => (0, Network::Ip(Layer::Ipv4)),
        ethertype::IPV6 => (0, Network::Ip(Layer::Ipv6)),
        ethertype::ARP => (0, Network::Arp),
        ethertype::PPPOE_SESSION => pppoe(after),
        other => (0, Network::Other(Skip::NotIp(other))),
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
fn pppoe(bytes: &[u8]) -> (usize, Network) {
    match bytes {
        [0x11, 0x00, _, _, _, _, packet @ ..] => {
            let (len, network) = ppp(packet);
            (6 + len, network)
        }
        [_, _, _, _, _, _, ..] => (0, Network::Other(Skip::NotIp(ethertype::PPPOE_SESSION))),
        _ => (0, CUT),
    }
}

/// PPP as capture files have it: bare, in HDLC-like framing (RFC 1662 §3.1), with a direction in
/// place of the address (type 166), or not PPP at all but Cisco's HDLC.
fn hdlc(bytes: &[u8]) -> (usize, Network) {
    let (len, (more, network)) = match *bytes {
        [0xff | 0x00 | 0x01, 0x03, ref packet @ ..] => (2, ppp(packet)),
        [0x0f | 0x8f, 0x00, t0, t1, ref packet @ ..] => (4, network_of(u16::from_be_bytes([t0, t1]), packet)),
        ref packet => (0, ppp(packet)),
    };
    (len + more, network)
}

/// The protocol field of PPP, in two octets or compressed into one odd one (RFC 1661 §2, §6.5).
fn ppp(bytes: &[u8]) -> (usize, Network) {
    let (len, protocol) = match *bytes {
        [low, ..] if low & 1 == 1 => (1, u16::from(low)),
        [high, low, ..] => (2, u16::from_be_bytes([high, low])),
        _ => return (0, CUT),
    };
    match (protocol, mpls(&bytes[len..])) {
        (0x0021, _) => (len, Network::Ip(Layer::Ipv4)),
        (0x0057, _) => (len, Network::Ip(Layer::Ipv6)),
        (0x0281 | 0x0283, Below::Ip(labels)) => (len + labels, Network::Ip(Layer::Ipv4)),
        (other, _) => (len, Network::Other(Skip::NotIp(other))),
    }
}

/// BSD loopback: an address family, which for IPv6 differs between systems, in the byte order of
/// a host that the file does not name.
fn loopback(bytes: &[u8]) -> (usize, Network) {
    let Some(&family) = bytes.first_chunk::<4>() else {
        return (0, CUT);
    };
    let family = u32::from_be_bytes(family);
    let family = if family > 0xffff { family.swap_bytes() } else { family };
    let network = match family {
        2 => Network::Ip(Layer::Ipv4),
        // NetBSD and OpenBSD; FreeBSD; Darwin; Linux.
        24 | 28 | 30 | 10 => Network::Ip(Layer::Ipv6),
        other => Network::Other(Skip::NotIp(other as u16)),
    };
    (4, network)
}
