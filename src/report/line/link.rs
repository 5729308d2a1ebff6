//! Link headers, for `-e`.

use super::names;
use crate::capture::{Link, Packet};
use crate::report::digits::Digits as _;

/// A link type as tcpdump's banner has it: `EN10MB (Ethernet)`.
pub fn describe(link: Link) -> &'static str {
    match link {
        Link::Ethernet => "EN10MB (Ethernet)",
        Link::Raw => "RAW (Raw IP)",
        Link::Sll => "LINUX_SLL (Linux cooked v1)",
        Link::Sll2 => "LINUX_SLL2 (Linux cooked v2)",
        Link::Null => "NULL (BSD loopback)",
        Link::Loop => "LOOP (OpenBSD loopback)",
        Link::Ppp => "PPP (PPP)",
        Link::Pppoe => "PPP_ETHER (PPPoE)",
        Link::Other(_) => "not decoded",
    }
}

/// Appends the link header of a packet. Tells whether that named the protocol above.
pub(super) fn write(out: &mut Vec<u8>, packet: &Packet<'_>, quiet: bool) -> bool {
    let record = packet.record;
    match (record.link, record.ether) {
        (Link::Ethernet, _) => ethernet(out, packet.frame.bytes, record.wire_len, quiet),
        (Link::Sll | Link::Sll2, Some(ether)) => {
            out.text(to_whom(record.link, packet.frame.bytes));
            out.push(b' ');
            out.mac(ether.src);
            out.push(b' ');
            names::ethertype_into(out, ether.ethertype);
            length(out, record.wire_len);
            true
        }
        (Link::Raw, _) => {
            out.text("ip: ");
            false
        }
        _ => false,
    }
}

fn ethernet(out: &mut Vec<u8>, frame: &[u8], wire_len: u32, quiet: bool) -> bool {
    let &[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, ref rest @ ..] = frame else {
        return false;
    };
    out.mac([s0, s1, s2, s3, s4, s5]);
    out.text(" > ");
    out.mac([d0, d1, d2, d3, d4, d5]);
    out.text(", ");
    let mut rest = rest;
    let mut first = true;
    while let &[a, b, ref after @ ..] = rest {
        let kind = u16::from_be_bytes([a, b]);
        if kind < 0x600 {
            out.text("802.3");
        } else if quiet {
            out.text(names::ethertype(kind).unwrap_or("Unknown"));
        } else {
            names::ethertype_into(out, kind);
        }
        if first {
            length(out, wire_len);
        } else {
            out.text(", ");
        }
        first = false;
        let (0x8100 | 0x88a8 | 0x9100, &[c, d, ref inner @ ..]) = (kind, after) else {
            break;
        };
        tag(out, u16::from_be_bytes([c, d]));
        rest = inner;
    }
    true
}

fn length(out: &mut Vec<u8>, octets: u32) {
    out.text(", length ");
    out.dec(u64::from(octets));
    out.text(": ");
}

/// `vlan 10, p 0, `.
fn tag(out: &mut Vec<u8>, tci: u16) {
    out.text("vlan ");
    out.dec(u64::from(tci & 0xfff));
    out.text(", p ");
    out.dec(u64::from(tci >> 13));
    if tci & 0x1000 != 0 {
        out.text(", DEI");
    }
    out.text(", ");
}

/// Appends on which interface and in which direction a packet was seen, where the link header says
/// so and was not itself told.
pub(super) fn direction(out: &mut Vec<u8>, packet: &Packet<'_>, named: bool) {
    if let (Link::Sll2, false, Some(&[a, b, c, d])) = (packet.record.link, named, packet.frame.bytes.get(4..8)) {
        let start = out.len();
        out.text("if");
        out.dec(u64::from(u32::from_be_bytes([a, b, c, d])));
        out.resize((start + 5).max(out.len()), b' ');
        out.push(b' ');
        out.text(to_whom(Link::Sll2, packet.frame.bytes));
        out.push(b' ');
    }
}

/// To whom a cooked frame was, as tcpdump writes it.
fn to_whom(link: Link, frame: &[u8]) -> &'static str {
    let kind = match link {
        Link::Sll => frame.get(1),
        _ => frame.get(10),
    };
    match (kind, link) {
        (Some(0), Link::Sll) => " In",
        (Some(1), Link::Sll) => "  B",
        (Some(2), Link::Sll) => "  M",
        (Some(3), Link::Sll) => "  P",
        (Some(0), _) => "In ",
        (Some(1), _) => "B  ",
        (Some(2), _) => "M  ",
        (Some(3), _) => "P  ",
        (Some(4), _) => "Out",
        _ => "  ?",
    }
}
