//! Why `decode` may see something else than etherparse does in a broken packet.

use synfin::capture::{Body, Link, Packet, Skip, UdpFault};
use synfin::wire::options::Present;

use crate::seen::{Net, Seen, Transport};

/// Whether every difference between what `decode` saw in `packet` and what etherparse saw has its
/// reason; the part that has none, otherwise.
pub(crate) fn judge(packet: &Packet<'_>, ours: &Seen, theirs: &Seen) -> Result<(), &'static str> {
    assert_eq!(packet.frame.link, Link::Ethernet);
    if beneath(packet).is_some() {
        return Ok(());
    }
    if ours.vlans != theirs.vlans {
        return Err("VLAN tags");
    }
    if ours.net != theirs.net {
        return if network(packet, ours, theirs).is_some() { Ok(()) } else { Err("network header") };
    }
    if ours.transport != theirs.transport {
        return if transport(packet, ours, theirs).is_some() { Ok(()) } else { Err("transport header") };
    }
    Ok(())
}

/// Reasons below IP.
fn beneath(packet: &Packet<'_>) -> Option<&'static str> {
    const MACSEC: u16 = 0x88e5;
    let (record, bytes) = (packet.record, packet.frame.bytes);
    let vlans = record.vlans.count();
    let ethertype = record.ether?.ethertype;
    if vlans > 3 {
        return Some("etherparse takes three tags at most");
    }
    if usize::from(record.net_offset) > 14 + 4 * usize::from(vlans) {
        return Some("etherparse knows no MPLS, PPPoE or LLC, no frames in frames and no other tags");
    }
    if ethertype == MACSEC {
        return Some("etherparse looks into MACsec");
    }
    let version = bytes.get(14 + 4 * usize::from(vlans)).map(|first| first >> 4);
    match (ethertype, version) {
        (0x0800, Some(6)) | (0x86dd, Some(4)) => Some("the version of the packet counts, not the ethertype"),
        _ => None,
    }
}

/// Reasons in IP and ARP.
fn network(packet: &Packet<'_>, ours: &Seen, theirs: &Seen) -> Option<&'static str> {
    let skip = match packet.record.body {
        Body::Skip(skip) => Some(skip),
        _ => None,
    };
    match (&ours.net, &theirs.net) {
        (Some(Net::Ip { v4: Some(_), .. }), None) if skip.is_some_and(is_cut_or_odd) => {
            Some("addresses stand before the options, which are cut off or go past the packet's end")
        }
        (Some(Net::Ip { len: 0, v4: None, .. }), Some(Net::Ip { len: 40, .. })) => {
            Some("an IPv6 payload length of 0 was left to the network card")
        }
        (Some(Net::Ip { len, v4: None, .. }), Some(Net::Ip { len: 40, .. })) if *len > 40 => {
            Some("etherparse reads no jumbo payload option")
        }
        (Some(Net::Ip { .. }), Some(Net::Ip { .. })) if skip.is_some_and(is_cut_or_odd) => {
            Some("etherparse reads an extension header that goes past the payload, or past the capture")
        }
        (Some(Net::Ip { proto: 0, .. }), _) | (_, Some(Net::Ip { proto: 0 | 51, .. })) => {
            Some("etherparse wants hop-by-hop options first and an authentication header of some length")
        }
        (Some(Net::Ip { v4: None, .. }), Some(Net::Ip { .. })) if skip == Some(Skip::Fragment) => {
            Some("what follows a fragment header belongs to the datagram, not to the fragment")
        }
        (Some(Net::Arp { .. }), None) => Some("the hardware type does not matter to ARP's addresses"),
        _ => None,
    }
}

fn is_cut_or_odd(skip: Skip) -> bool {
    matches!(skip, Skip::Truncated(_) | Skip::Malformed(_))
}

/// Types of ICMP.
pub(crate) const TIMESTAMP: u8 = 13;
pub(crate) const TIMESTAMP_REPLY: u8 = 14;

/// Reasons in TCP, UDP and ICMP.
fn transport(packet: &Packet<'_>, ours: &Seen, theirs: &Seen) -> Option<&'static str> {
    let proto = packet.record.ip.map(|ip| ip.proto);
    match (packet.record.body, &ours.transport, &theirs.transport) {
        (Body::Tcp(tcp), _, None) if tcp.segment.options.present.contains(Present::TRUNCATED) => {
            Some("a header cut in its options is still a segment")
        }
        (Body::Icmp(_), Some(Transport::Icmp { payload, .. }), None) if payload.is_empty() => {
            Some("type, code and checksum are a message")
        }
        (Body::Icmp(icmp), _, None) if icmp.version == 4 && matches!(icmp.kind, TIMESTAMP | TIMESTAMP_REPLY) => {
            Some("etherparse takes timestamps of the one right length only")
        }
        (Body::Udp(udp), ..) if udp.fault == Some(UdpFault::TooShort) => {
            Some("a length below 8 leaves no payload; etherparse takes what there is")
        }
        (Body::Skip(Skip::Malformed(_)), None, Some(_)) => {
            Some("etherparse takes a length below that of the header for the captured one")
        }
        (Body::Skip(Skip::Proto(_)), None, Some(Transport::Icmp { .. })) if matches!(proto, Some(1 | 58)) => {
            Some("ICMP belongs to IPv4 and ICMPv6 to IPv6")
        }
        _ => None,
    }
}
