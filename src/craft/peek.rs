//! What a policy has to know of a packet that is about to be sent: from whom, to whom.

use std::net::{IpAddr, Ipv4Addr};

use super::packet::proto;

/// Options that lead a packet on from its destination: loose and strict source route (RFC 791 §3.1).
const SOURCE_ROUTES: [u8; 2] = [131, 137];

/// What an IP or ARP packet says of its way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Peek {
    pub(super) from: IpAddr,
    pub(super) to: IpAddr,
    /// Whether it lists hops to take: then its destination is not where it ends.
    pub(super) routed: bool,
}

/// The Ethernet addresses in a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Macs {
    pub(super) dst: [u8; 6],
    pub(super) src: [u8; 6],
    /// Whom an ARP packet says it is from.
    pub(super) sender: Option<[u8; 6]>,
}

/// Looks at an IP packet.
pub(super) fn packet(packet: &[u8]) -> Option<Peek> {
    match packet.first()? >> 4 {
        4 => {
            let &[s0, s1, s2, s3, d0, d1, d2, d3] = packet.get(12..20)?.first_chunk()?;
            let (from, to) = (IpAddr::from([s0, s1, s2, s3]), IpAddr::from([d0, d1, d2, d3]));
            let end = usize::from(packet.first()? & 0x0f) * 4;
            let options = packet.get(20..end.min(packet.len())).unwrap_or_default();
            Some(Peek { from, to, routed: is_source_routed(options) })
        }
        6 => {
            let (pair, _) = packet.get(8..40)?.as_chunks::<16>();
            let &[src, dst] = pair else { return None };
            Some(Peek { from: IpAddr::from(src), to: IpAddr::from(dst), routed: has_routing_header(packet) })
        }
        _ => None,
    }
}

/// Looks at an Ethernet frame, behind whose VLAN tags an IP or ARP packet stands.
pub(super) fn frame(frame: &[u8]) -> Option<(Macs, Peek)> {
    let (&dst, rest) = frame.split_first_chunk()?;
    let (&src, mut rest) = rest.split_first_chunk()?;
    while let [0x81, 0x00, _, _, after @ ..] | [0x88, 0xa8, _, _, after @ ..] = rest {
        rest = after;
    }
    match rest {
        [0x08, 0x00, octets @ ..] | [0x86, 0xdd, octets @ ..] => {
            Some((Macs { dst, src, sender: None }, packet(octets)?))
        }
        [0x08, 0x06, arp @ ..] => {
            let addr = |at: usize| Some(IpAddr::from(Ipv4Addr::from(*arp.get(at..)?.first_chunk()?)));
            let sender = Some(*arp.get(8..)?.first_chunk()?);
            Some((Macs { dst, src, sender }, Peek { from: addr(14)?, to: addr(24)?, routed: false }))
        }
        _ => None,
    }
}

fn is_source_routed(mut options: &[u8]) -> bool {
    loop {
        options = match options {
            [1, rest @ ..] => rest,
            [kind, ..] if SOURCE_ROUTES.contains(kind) => return true,
            &[kind, len, ..] if kind != 0 && len >= 2 => options.get(usize::from(len)..).unwrap_or_default(),
            _ => return false,
        };
    }
}

/// Whether there is a routing header among the first ones, done or not.
fn has_routing_header(packet: &[u8]) -> bool {
    let Some(mut next) = packet.get(6).copied() else { return false };
    let mut rest = packet.get(40..).unwrap_or_default();
    while let (proto::HOP_BY_HOP | proto::DESTINATION, &[after, units, ..]) = (next, rest) {
        next = after;
        rest = rest.get((usize::from(units) + 1) * 8..).unwrap_or_default();
    }
    next == proto::ROUTING
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::craft::{Arp, Ethernet, Extension, Ipv4, Ipv6, Packet, Udp, Vlan};

    fn v4() -> Ipv4 {
        Ipv4::new([10, 0, 0, 1].into(), [10, 0, 0, 2].into())
    }

    fn v6() -> Ipv6 {
        Ipv6::new([0xfd00, 0, 0, 0, 0, 0, 0, 1].into(), [0xfd00, 0, 0, 0, 0, 0, 0, 2].into())
    }

    #[track_caller]
    fn built(packet: &Packet) -> Vec<u8> {
        packet.build().expect("it fits")
    }

    #[test]
    fn both_ends_are_read_from_packets_and_frames() {
        let from: IpAddr = [10, 0, 0, 1].into();
        let seen = packet(&built(&(v4() / Udp::new(1, 2)))).expect("a packet");
        assert_eq!((seen.from, seen.to, seen.routed), (from, [10, 0, 0, 2].into(), false));
        assert_eq!(packet(&built(&(v6() / Udp::new(1, 2)))).map(|seen| seen.to), Some(v6().dst.into()));

        let tagged = built(&(Ethernet::new([2; 6], [4; 6]) / Vlan::new(1) / Vlan::new(2) / v4() / Udp::new(1, 2)));
        let (macs, seen) = frame(&tagged).expect("a frame");
        assert_eq!((macs, seen.from), (Macs { dst: [4; 6], src: [2; 6], sender: None }, from));
        let arp = Arp::request([6; 6], [10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        let (macs, seen) = frame(&built(&(Ethernet::new([2; 6], [4; 6]) / arp))).expect("a frame");
        assert_eq!((macs.sender, seen.from, seen.to), (Some([6; 6]), from, [10, 0, 0, 2].into()));
    }

    #[test]
    fn routes_in_packets_are_seen() {
        let via = |options: &[u8]| {
            packet(&built(&(Ipv4 { options: options.to_vec(), ..v4() } / Udp::new(1, 2)))).expect("a packet").routed
        };
        assert!(via(&[131, 7, 4, 192, 0, 2, 1]) && via(&[1, 7, 3, 4, 137, 7, 4, 192, 0, 2, 1]));
        assert!(!via(&[7, 7, 4, 0, 0, 0, 0]) && !via(&[0, 131, 7, 4]) && !via(&[7, 0, 131]));
        let route = Extension::routing(4, 1, &[v6().src]);
        assert!(packet(&built(&(v6() / Extension::hop_by_hop(&[]) / route / Udp::new(1, 2)))).expect("one").routed);
        assert!(!packet(&built(&(v6() / Extension::hop_by_hop(&[]) / Udp::new(1, 2)))).expect("one").routed);
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        for octets in [&[][..], &[0x45; 19], &[0x60; 39], &[0x50; 60]] {
            assert_eq!(packet(octets), None);
        }
        for octets in [&[0; 13][..], &[0; 60], &[0x81; 14]] {
            assert_eq!(frame(octets), None);
        }
    }
}
