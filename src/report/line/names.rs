//! Names for numbers, as tcpdump has them.

use crate::report::digits::Digits as _;

/// The name of an ethertype, where it has one that people know.
pub fn ethertype(number: u16) -> Option<&'static str> {
    Some(match number {
        0x0800 => "IPv4",
        0x0806 => "ARP",
        0x0842 => "Wake-on-LAN",
        0x22f3 => "TRILL",
        0x6002 => "MOP RC",
        0x8035 => "Reverse ARP",
        0x809b => "Appletalk",
        0x80f3 => "Appletalk ARP",
        0x8100 => "802.1Q",
        0x8137 => "IPX",
        0x86dd => "IPv6",
        0x8808 => "MPCP",
        0x8809 => "Slow Protocols",
        0x8847 => "MPLS unicast",
        0x8848 => "MPLS multicast",
        0x8863 => "PPPoE D",
        0x8864 => "PPPoE S",
        0x888e => "EAPOL",
        0x88a2 => "AoE",
        0x88a8 => "802.1Q-QinQ",
        0x88cc => "LLDP",
        0x88e5 => "802.1AE MACsec",
        0x88f7 => "PTP",
        0x8902 => "CFM",
        0x8906 => "FCoE",
        0x9000 => "Loopback",
        0x9100 => "802.1Q-9100",
        _ => return None,
    })
}

/// Appends `ethertype IPv4 (0x0800)`; for numbers that are no ethertype but the two service access
/// points of an LLC header, those.
pub(super) fn ethertype_into(out: &mut Vec<u8>, number: u16) {
    if number < 0x600 {
        out.text("LLC, dsap 0x");
        out.hex(u64::from(number >> 8), 2);
        out.text(", ssap 0x");
        out.hex(u64::from(number & 0xff), 2);
        return;
    }
    out.text("ethertype ");
    out.text(ethertype(number).unwrap_or("Unknown"));
    out.text(" (0x");
    out.hex(u64::from(number), 4);
    out.push(b')');
}

/// The name of an IP protocol, where it has one that people know.
pub fn protocol(number: u8) -> Option<&'static str> {
    Some(match number {
        0 => "Options",
        1 => "ICMP",
        2 => "IGMP",
        4 => "IPIP",
        6 => "TCP",
        8 => "EGP",
        9 => "IGP",
        17 => "UDP",
        33 => "DCCP",
        41 => "IPv6",
        43 => "Routing",
        44 => "Fragment",
        46 => "RSVP",
        47 => "GRE",
        50 => "ESP",
        51 => "AH",
        58 => "ICMPv6",
        59 => "no next header",
        60 => "DSTOPT",
        88 => "EIGRP",
        89 => "OSPF",
        103 => "PIM",
        108 => "Compressed IP",
        112 => "VRRP",
        115 => "L2TP",
        132 => "SCTP",
        136 => "UDPLite",
        137 => "MPLS",
        _ => return None,
    })
}

/// Appends the name of an IP protocol, or `ip-proto-253`.
pub(super) fn protocol_into(out: &mut Vec<u8>, number: u8) {
    if let Some(name) = protocol(number) {
        out.text(name);
    } else {
        out.text("ip-proto-");
        out.dec(u64::from(number));
    }
}
