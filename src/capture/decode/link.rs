//! The link layer: what stands before the network header, and what the network header is.

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
    Ipv4,
    Ipv6,
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
    /// IEEE 802.1Q, IEEE 802.1ad, and what was used for outer tags before 802.1ad.
    pub(super) const TAGS: [u16; 3] = [0x8100, 0x88a8, 0x9100];
}

/// The largest value that is a length and not a type (IEEE 802.3 §3.2.6).
const MAX_LENGTH: u16 = 1500;
/// What `sll_protocol` holds for frames that begin with an LLC header.
const SLL_LLC: u16 = 0x0004;

const CUT: Network = Network::Other(Skip::Truncated(Layer::Link));

/// Reads the link header of `bytes`.
pub(super) fn read(link: Link, bytes: &[u8]) -> Read {
    match link {
        Link::Ethernet => ethernet(bytes),
        Link::Sll => sll(bytes),
        Link::Sll2 => sll2(bytes),
        Link::Raw => bare(0, by_version(bytes)),
        Link::Null | Link::Loop => loopback(bytes),
        Link::Ppp => hdlc(bytes),
        Link::Pppoe => {
            let (len, network) = pppoe(bytes);
            bare(len, network)
        }
        Link::Other(number) => bare(0, Network::Other(Skip::Link(number))),
    }
}

fn bare(len: usize, network: Network) -> Read {
    Read { len, ether: None, vlans: Vlans::default(), network }
}

fn ethernet(bytes: &[u8]) -> Read {
    let Some(&[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1]) = bytes.first_chunk() else {
        return bare(0, CUT);
    };
    let ether = Ether {
        src: [s0, s1, s2, s3, s4, s5],
        dst: Some([d0, d1, d2, d3, d4, d5]),
        ethertype: u16::from_be_bytes([t0, t1]),
    };
    typed(bytes, 14, Some(ether), u16::from_be_bytes([t0, t1]))
}

/// Linux cooked capture, LINKTYPE_LINUX_SLL: packet type, ARPHRD type, address length, address,
/// protocol.
fn sll(bytes: &[u8]) -> Read {
    let Some(&[_, _, _, _, l0, l1, a0, a1, a2, a3, a4, a5, _, _, p0, p1]) = bytes.first_chunk() else {
        return bare(0, CUT);
    };
    cooked(bytes, 16, u16::from_be_bytes([l0, l1]), [a0, a1, a2, a3, a4, a5], u16::from_be_bytes([p0, p1]))
}

/// Linux cooked capture v2, LINKTYPE_LINUX_SLL2: protocol, reserved, interface index, ARPHRD
/// type, packet type, address length, address.
fn sll2(bytes: &[u8]) -> Read {
    let Some(&[p0, p1, _, _, _, _, _, _, _, _, _, len, a0, a1, a2, a3, a4, a5, _, _]) = bytes.first_chunk() else {
        return bare(0, CUT);
    };
    cooked(bytes, 20, u16::from(len), [a0, a1, a2, a3, a4, a5], u16::from_be_bytes([p0, p1]))
}

fn cooked(bytes: &[u8], len: usize, addr_len: u16, src: [u8; 6], protocol: u16) -> Read {
    let ether = (addr_len == 6).then_some(Ether { src, dst: None, ethertype: protocol });
    if protocol == SLL_LLC {
        return llc(bytes, len, ether, Vlans::default());
    }
    typed(bytes, len, ether, protocol)
}

/// Goes on from an ethertype: through VLAN tags to the network header.
fn typed(bytes: &[u8], mut len: usize, mut ether: Option<Ether>, mut ethertype: u16) -> Read {
    let mut vlans = Vlans::default();
    while ethertype::TAGS.contains(&ethertype) {
        let Some(&[c0, c1, t0, t1]) = bytes.get(len..).and_then(<[u8]>::first_chunk) else {
            return Read { len, ether, vlans, network: CUT };
        };
        vlans.push(u16::from_be_bytes([c0, c1]));
        ethertype = u16::from_be_bytes([t0, t1]);
        len += 4;
    }
    if let Some(ether) = &mut ether {
        ether.ethertype = ethertype;
    }
    if ethertype <= MAX_LENGTH && ether.is_some_and(|ether| ether.dst.is_some()) {
        return llc(bytes, len, ether, vlans);
    }
    let (more, network) = network_of(ethertype, bytes.get(len..).unwrap_or_default());
    Read { len: len + more, ether, vlans, network }
}

/// IEEE 802.2, and SNAP (RFC 1042) with a type of its own.
fn llc(bytes: &[u8], len: usize, mut ether: Option<Ether>, vlans: Vlans) -> Read {
    let after = bytes.get(len..).unwrap_or_default();
    let (more, network) = match *after {
        // Unnumbered information by SNAP, organization 0: an ethertype follows.
        [0xaa, 0xaa, 0x03, 0, 0, 0, t0, t1, ref packet @ ..] => {
            let ethertype = u16::from_be_bytes([t0, t1]);
            if let Some(ether) = &mut ether {
                ether.ethertype = ethertype;
            }
            let (more, network) = network_of(ethertype, packet);
            (8 + more, network)
        }
        // IP's own service access point, which nearly nobody uses.
        [0x06, 0x06, 0x03, ..] => (3, Network::Ipv4),
        [dsap, ssap, _, ..] => (0, Network::Other(Skip::NotIp(u16::from_be_bytes([dsap, ssap])))),
        _ => (0, CUT),
    };
    Read { len: len + more, ether, vlans, network }
}

/// What an ethertype announces, and how many octets of encapsulation stand before it.
fn network_of(ethertype: u16, after: &[u8]) -> (usize, Network) {
    match ethertype {
        ethertype::IPV4 => (0, Network::Ipv4),
        ethertype::IPV6 => (0, Network::Ipv6),
        ethertype::ARP => (0, Network::Arp),
        ethertype::MPLS | ethertype::MPLS_MULTICAST => mpls(ethertype, after),
        ethertype::PPPOE_SESSION => pppoe(after),
        other => (0, Network::Other(Skip::NotIp(other))),
    }
}

/// A stack of MPLS labels (RFC 3032 §2.1). Nothing says what is below; IP shows by its version.
fn mpls(ethertype: u16, after: &[u8]) -> (usize, Network) {
    let labels = after.as_chunks::<4>().0;
    let Some(bottom) = labels.iter().position(|[_, _, s, _]| s & 1 == 1) else {
        return (0, CUT);
    };
    let len = 4 * (bottom + 1);
    match by_version(&after[len..]) {
        Network::Other(Skip::Malformed(_)) => (len, Network::Other(Skip::NotIp(ethertype))),
        network => (len, network),
    }
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

/// PPP as capture files have it: bare, in HDLC-like framing (RFC 1662 §3.1), with the direction
/// in place of the address (type 166), or not PPP at all but Cisco's HDLC.
fn hdlc(bytes: &[u8]) -> Read {
    let (len, network) = match bytes {
        [0xff | 0x00 | 0x01, 0x03, packet @ ..] => {
            let (len, network) = ppp(packet);
            (2 + len, network)
        }
        [0x0f | 0x8f, 0x00, t0, t1, packet @ ..] => {
            let (len, network) = network_of(u16::from_be_bytes([*t0, *t1]), packet);
            (4 + len, network)
        }
        packet => ppp(packet),
    };
    bare(len, network)
}

/// The protocol field of PPP, in two octets or compressed into one odd one (RFC 1661 §2, §6.5).
fn ppp(bytes: &[u8]) -> (usize, Network) {
    let (len, protocol) = match *bytes {
        [low, ..] if low & 1 == 1 => (1, u16::from(low)),
        [high, low, ..] => (2, u16::from_be_bytes([high, low])),
        _ => return (0, CUT),
    };
    let after = &bytes[len..];
    let (more, network) = match protocol {
        0x0021 => (0, Network::Ipv4),
        0x0057 => (0, Network::Ipv6),
        0x0281 => mpls(ethertype::MPLS, after),
        0x0283 => mpls(ethertype::MPLS_MULTICAST, after),
        other => (0, Network::Other(Skip::NotIp(other))),
    };
    (len + more, network)
}

/// BSD loopback: an address family, which for IPv6 differs between systems, in the byte order of
/// a host that the file does not name.
fn loopback(bytes: &[u8]) -> Read {
    let Some(&family) = bytes.first_chunk::<4>() else {
        return bare(0, CUT);
    };
    let family = u32::from_be_bytes(family);
    let family = if family > 0xffff { family.swap_bytes() } else { family };
    let network = match family {
        2 => Network::Ipv4,
        // NetBSD and OpenBSD; FreeBSD; Darwin; Linux.
        24 | 28 | 30 | 10 => Network::Ipv6,
        other => Network::Other(Skip::NotIp(other as u16)),
    };
    bare(4, network)
}

/// Which IP a packet says it is.
fn by_version(packet: &[u8]) -> Network {
    match packet.first().map(|first| first >> 4) {
        Some(4) => Network::Ipv4,
        Some(6) => Network::Ipv6,
        Some(_) => Network::Other(Skip::Malformed(Layer::Ipv4)),
        None => Network::Other(Skip::Truncated(Layer::Ipv4)),
    }
}
