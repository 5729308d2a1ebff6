//! ICMP and ICMPv6 messages.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Style, names};
use crate::capture::{Icmp, Packet, Quoted};
use crate::report::digits::Digits as _;

/// Appends what a message says.
pub(super) fn write(out: &mut Vec<u8>, packet: &Packet<'_>, icmp: &Icmp, style: Style) {
    let message = packet.datagram.get(usize::from(icmp.offset)..).unwrap_or_default();
    if icmp.version == 4 {
        out.text("ICMP ");
        v4(out, icmp, message);
    } else {
        out.text("ICMP6, ");
        v6(out, icmp, message);
    }
    out.text(", length ");
    out.dec(u64::from(icmp.payload_len) + 8);
    if let (Some(quoted), true) = (icmp.quoted, style.verbose > 0) {
        quote(out, &quoted);
    }
}

fn v4(out: &mut Vec<u8>, icmp: &Icmp, message: &[u8]) {
    match (icmp.kind, icmp.code) {
        (0 | 8, _) => {
            out.text(if icmp.kind == 0 { "echo reply" } else { "echo request" });
            echo(out, icmp);
        }
        (3, code) => unreachable(out, icmp, code),
        (4, _) => out.text("source quench"),
        (5, code) => {
            out.text(if code >= 2 { "redirect-tos " } else { "redirect " });
            target(out, icmp.quoted.as_ref());
            out.text(if code % 2 == 0 { " to net " } else { " to host " });
            if let &[_, _, _, _, a, b, c, d, ..] = message {
                out.ip(Ipv4Addr::new(a, b, c, d).into());
            }
        }
        (9, _) => out.text("router advertisement"),
        (10, _) => out.text("router solicitation"),
        (11, 0) => out.text("time exceeded in-transit"),
        (11, 1) => out.text("ip reassembly time exceeded"),
        (11, code) => {
            out.text("time exceeded-#");
            out.dec(u64::from(code));
        }
        (12, 0) => {
            out.text("parameter problem - octet ");
            out.dec(u64::from(message.get(4).copied().unwrap_or(0)));
        }
        (12, code) => {
            out.text("parameter problem - code ");
            out.dec(u64::from(code));
        }
        (13, _) => out.text("time stamp query"),
        (14, _) => out.text("time stamp reply"),
        (17, _) => out.text("address mask request"),
        (18, _) => out.text("address mask reply"),
        (kind, _) => {
            out.text("type-#");
            out.dec(u64::from(kind));
        }
    }
}

fn unreachable(out: &mut Vec<u8>, icmp: &Icmp, code: u8) {
    let quoted = icmp.quoted.as_ref();
    let (before, after) = match code {
        2 => {
            target(out, quoted);
            out.text(" protocol ");
            out.dec(u64::from(quoted.map_or(0, |quoted| quoted.proto)));
            return out.text(" unreachable");
        }
        3 => {
            target(out, quoted);
            port(out, quoted);
            return out.text(" unreachable");
        }
        4 => {
            target(out, quoted);
            out.text(" unreachable - need to frag");
            if icmp.mtu > 0 {
                out.text(" (mtu ");
                out.dec(u64::from(icmp.mtu));
                out.push(b')');
            }
            return;
        }
        0 => ("net ", " unreachable"),
        1 => ("host ", " unreachable"),
        5 => ("", " unreachable - source route failed"),
        6 => ("net ", " unreachable - unknown"),
        7 => ("host ", " unreachable - unknown"),
        8 => ("", " unreachable - source host isolated"),
        9 => ("net ", " unreachable - admin prohibited"),
        10 => ("host ", " unreachable - admin prohibited"),
        11 => ("net ", " unreachable - tos prohibited"),
        12 => ("host ", " unreachable - tos prohibited"),
        13 => ("host ", " unreachable - admin prohibited filter"),
        14 => ("host ", " unreachable - host precedence violation"),
        15 => ("host ", " unreachable - precedence cutoff"),
        _ => ("", " unreachable"),
    };
    out.text(before);
    target(out, quoted);
    out.text(after);
}

fn v6(out: &mut Vec<u8>, icmp: &Icmp, message: &[u8]) {
    let quoted = icmp.quoted.as_ref();
    match icmp.kind {
        1 => {
            out.text("destination unreachable, ");
            out.text(match icmp.code {
                0 => "unreachable route ",
                1 => "unreachable prohibited ",
                2 => "beyond scope ",
                3 => "unreachable address ",
                4 => "unreachable port, ",
                5 => "source address failed policy ",
                6 => "reject route ",
                _ => "unknown code ",
            });
            target(out, quoted);
            if icmp.code == 4 {
                port(out, quoted);
            }
        }
        2 => {
            out.text("packet too big, mtu ");
            out.dec(u64::from(icmp.mtu));
        }
        3 => {
            out.text("time exceeded in-transit for ");
            target(out, quoted);
        }
        4 => out.text("parameter problem"),
        128 | 129 => {
            out.text(if icmp.kind == 128 { "echo request" } else { "echo reply" });
            echo(out, icmp);
        }
        130 => out.text("multicast listener query"),
        131 => out.text("multicast listener report"),
        132 => out.text("multicast listener done"),
        133 => out.text("router solicitation"),
        134 => out.text("router advertisement"),
        135 => {
            out.text("neighbor solicitation, who has ");
            neighbor(out, message);
        }
        136 => {
            out.text("neighbor advertisement, tgt is ");
            neighbor(out, message);
        }
        137 => out.text("redirect"),
        143 => out.text("multicast listener report v2"),
        kind => {
            out.text("unknown icmp6 type (");
            out.dec(u64::from(kind));
            out.push(b')');
        }
    }
}

fn echo(out: &mut Vec<u8>, icmp: &Icmp) {
    if let Some(id) = icmp.echo_id {
        out.text(", id ");
        out.dec(u64::from(id));
        out.text(", seq ");
        out.dec(u64::from(icmp.echo_seq));
    }
}

/// Whom the quoted packet was for.
fn target(out: &mut Vec<u8>, quoted: Option<&Quoted>) {
    match quoted {
        Some(quoted) => out.ip(quoted.dst),
        None => out.text("[|icmp]"),
    }
}

/// ` udp port 53`.
fn port(out: &mut Vec<u8>, quoted: Option<&Quoted>) {
    let Some(quoted) = quoted else { return };
    match quoted.proto {
        6 => out.text(" tcp"),
        17 => out.text(" udp"),
        other => {
            out.text(" protocol ");
            out.dec(u64::from(other));
        }
    }
    if let Some((_, dst)) = quoted.ports {
        out.text(" port ");
        out.dec(u64::from(dst));
    }
}

/// The target address of a neighbor message.
fn neighbor(out: &mut Vec<u8>, message: &[u8]) {
    match message.get(8..24).and_then(|octets| <[u8; 16]>::try_from(octets).ok()) {
        Some(octets) => out.ip(IpAddr::V6(Ipv6Addr::from(octets))),
        None => out.text("[|icmp6]"),
    }
}

/// The packet an error is about, on a line of its own.
fn quote(out: &mut Vec<u8>, quoted: &Quoted) {
    out.text("\n\tabout ");
    out.ip(quoted.src);
    if let Some((src, _)) = quoted.ports {
        out.push(b'.');
        out.dec(u64::from(src));
    }
    out.text(" > ");
    out.ip(quoted.dst);
    if let Some((_, dst)) = quoted.ports {
        out.push(b'.');
        out.dec(u64::from(dst));
    }
    out.text(": ");
    names::protocol_into(out, quoted.proto);
    if let Some(seq) = quoted.seq {
        out.text(", seq ");
        out.dec(u64::from(seq));
    }
}
