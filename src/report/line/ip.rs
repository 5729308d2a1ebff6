//! IP headers.

use std::net::IpAddr;

use super::{Style, broken, cut, names};
use crate::capture::{Checksum, Ip, Packet, Skip};
use crate::report::digits::Digits as _;

/// Appends `IP `, and with `-v` what the header says.
pub(super) fn write(out: &mut Vec<u8>, packet: &Packet<'_>, ip: &Ip, named: bool, style: Style) {
    if !named {
        out.text(if ip.version() == 4 { "IP " } else { "IP6 " });
    }
    if style.verbose == 0 {
        return;
    }
    match ip.src {
        IpAddr::V4(_) => v4(out, ip),
        IpAddr::V6(_) => v6(out, packet, ip),
    }
}

fn v4(out: &mut Vec<u8>, ip: &Ip) {
    out.text("(tos 0x");
    out.hex_short(u64::from(ip.tos));
    out.text(["", ",ECT(1)", ",ECT(0)", ",CE"][usize::from(ip.ecn() & 3)]);
    if ip.ttl > 0 {
        out.text(", ttl ");
        out.dec(u64::from(ip.ttl));
    }
    out.text(", id ");
    out.dec(u64::from(ip.id));
    out.text(", offset ");
    out.dec(u64::from(ip.frag_offset));
    out.text(match (ip.mf, ip.df) {
        (false, false) => ", flags [none]",
        (false, true) => ", flags [DF]",
        (true, false) => ", flags [+]",
        (true, true) => ", flags [+, DF]",
    });
    out.text(", proto ");
    out.text(names::protocol(ip.proto).unwrap_or("unknown"));
    out.text(" (");
    out.dec(u64::from(ip.proto));
    out.text("), length ");
    out.dec(u64::from(ip.len));
    if let (Checksum::Bad, Some(checksum)) = (ip.checksum_ok, ip.checksum) {
        out.text(", bad cksum ");
        out.hex_short(u64::from(checksum));
        out.push(b'!');
    }
    out.text(")\n    ");
}

fn v6(out: &mut Vec<u8>, packet: &Packet<'_>, ip: &Ip) {
    out.push(b'(');
    if ip.tos != 0 {
        out.text("class 0x");
        out.hex(u64::from(ip.tos), 2);
        out.text(", ");
    }
    if let &[_, a, b, c, _, _, next_header, ..] = packet.datagram {
        let label = u64::from(u32::from_be_bytes([0, a & 0x0f, b, c]));
        if label != 0 {
            out.text("flowlabel 0x");
            out.hex(label, 5);
            out.text(", ");
        }
        out.text("hlim ");
        out.dec(u64::from(ip.ttl));
        out.text(", next-header ");
        out.text(names::protocol(next_header).unwrap_or("unknown"));
        out.text(" (");
        out.dec(u64::from(next_header));
        out.text(") payload length: ");
    }
    out.dec(u64::from(ip.len.saturating_sub(40)));
    out.text(") ");
}

/// Appends what an IP packet carries that is not followed, and why it is not.
pub(super) fn skipped(out: &mut Vec<u8>, ip: &Ip, skip: Skip) {
    match skip {
        Skip::Proto(number) => {
            names::protocol_into(out, number);
            out.text(", length ");
            out.dec(u64::from(ip.len.saturating_sub(u32::from(ip.hdr_len))));
            out.text(": not followed");
        }
        Skip::Fragment => {
            names::protocol_into(out, ip.proto);
            out.text(" fragment, id ");
            out.dec(u64::from(ip.id));
            out.text(", offset ");
            out.dec(u64::from(ip.frag_offset));
            out.text(", length ");
            out.dec(u64::from(ip.len.saturating_sub(u32::from(ip.hdr_len))));
            out.text(if ip.mf { ", more to come" } else { ", the last" });
        }
        Skip::Truncated(layer) => cut(out, layer),
        Skip::Malformed(layer) => broken(out, layer),
        Skip::Link(_) | Skip::NotIp(_) => out.text("not followed"),
    }
}
