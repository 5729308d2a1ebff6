//! One packet in one line, in tcpdump's shape and words.
//!
//! Where tcpdump would go on to decode an application, the line ends; where it would say nothing of
//! a frame it cannot read, the line says why it is not followed.

mod icmp;
mod ip;
mod link;
mod names;
mod origins;
mod tcp;
#[cfg(test)]
mod tests;
mod udp;

use std::net::IpAddr;

use super::digits::{self, Digits as _};
use super::paint::{Ink, Paint};
use crate::capture::apps::names::Names;
use crate::capture::track::Role;
use crate::capture::{Arp, Body, Conn, Layer, Observation, Packet, Record, Skip};

pub use link::describe as describe_link;
pub use names::{ethertype, protocol};
pub use origins::{Counting, Origins};
pub use tcp::flags;

/// How much a line tells.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Style {
    /// 1: the IP header and checksums; 2: sequence numbers of empty segments too.
    pub verbose: u8,
    /// Addresses, protocol and length only.
    pub quiet: bool,
    /// The link header.
    pub link_header: bool,
    /// Colour.
    pub paint: Paint,
}

/// Appends the line of a packet, without its time and its newline. Sequence numbers count from
/// `origins`. Addresses are told by `names` where there are any.
pub fn write(
    out: &mut Vec<u8>,
    packet: &Packet<'_>,
    told: Option<(&Observation, &Conn)>,
    origins: Origins,
    style: Style,
    names: Option<&Names>,
) {
    let record = packet.record;
    let named = style.link_header && link::write(out, packet, style.quiet);
    match (&record.ip, record.body) {
        (_, Body::Arp(arp)) => arp_line(out, &arp, record, named),
        (Some(ip), body) => {
            link::direction(out, packet, named);
            ip::write(out, packet, ip, named, style);
            addresses(out, record, told, style, names);
            out.text(": ");
            match body {
                Body::Tcp(tcp) => tcp::write(out, packet, &tcp, origins, style),
                Body::Udp(udp) => udp::write(out, &udp, ip, style),
                Body::Icmp(icmp) => icmp::write(out, packet, &icmp, style),
                Body::Skip(skip) => ip::skipped(out, ip, skip),
                Body::Arp(_) => {}
            }
        }
        (None, Body::Skip(skip)) => not_ip(out, record, skip, named),
        (None, _) => {}
    }
}

/// `10.0.0.1.40000 > 10.0.0.2.80`, the client in one colour and the server in the other.
fn addresses(
    out: &mut Vec<u8>,
    record: &Record,
    told: Option<(&Observation, &Conn)>,
    style: Style,
    names: Option<&Names>,
) {
    let Some(ip) = record.ip else { return };
    let ports = match record.body {
        Body::Tcp(tcp) => Some((tcp.src_port, tcp.dst_port)),
        Body::Udp(udp) => Some((udp.src_port, udp.dst_port)),
        _ => None,
    };
    let (src_ink, dst_ink) = match told.map(|(seen, _)| seen.from) {
        Some(Role::Server) => (Ink::Server, Ink::Client),
        Some(Role::Client) => (Ink::Client, Ink::Server),
        None => (Ink::Bold, Ink::Bold),
    };
    let endpoint = |out: &mut Vec<u8>, addr, port: Option<u16>| {
        match (names.and_then(|names| names.get(addr)), addr, port) {
            (None, IpAddr::V4(addr), Some(port)) => return digits::endpoint_v4(out, addr, b'.', port),
            (None, addr, _) => out.ip(addr),
            (Some(name), ..) => out.text(name),
        }
        if let Some(port) = port {
            out.push(b'.');
            out.dec(u64::from(port));
        }
    };
    style.paint.with(src_ink, out, |out| endpoint(out, ip.src, ports.map(|p| p.0)));
    out.text(" > ");
    style.paint.with(dst_ink, out, |out| endpoint(out, ip.dst, ports.map(|p| p.1)));
}

fn arp_line(out: &mut Vec<u8>, arp: &Arp, record: &Record, named: bool) {
    if !named {
        out.text("ARP, ");
    }
    match arp.op {
        1 => {
            out.text("Request who-has ");
            out.ip(arp.target_ip.into());
            if arp.target_mac != [0; 6] {
                out.text(" (");
                out.mac(arp.target_mac);
                out.push(b')');
            }
            out.text(" tell ");
            out.ip(arp.sender_ip.into());
        }
        2 => {
            out.text("Reply ");
            out.ip(arp.sender_ip.into());
            out.text(" is-at ");
            out.mac(arp.sender_mac);
        }
        op => {
            out.text(match op {
                3 => "Reverse Request",
                4 => "Reverse Reply",
                8 => "Inverse Request",
                9 => "Inverse Reply",
                _ => "Unknown",
            });
            out.text(" (");
            out.dec(u64::from(op));
            out.text(") from ");
            out.mac(arp.sender_mac);
        }
    }
    out.text(", length ");
    out.dec(u64::from(record.wire_len.saturating_sub(u32::from(record.net_offset))));
}

/// A frame without an IP header.
fn not_ip(out: &mut Vec<u8>, record: &Record, skip: Skip, named: bool) {
    match skip {
        Skip::NotIp(ethertype) => {
            if !named {
                names::ethertype_into(out, ethertype);
                out.text(", ");
            }
            out.text("length ");
            out.dec(u64::from(record.wire_len.saturating_sub(u32::from(record.net_offset))));
            out.text(": not IP, not followed");
        }
        Skip::Link(number) => {
            out.text("link type ");
            out.dec(u64::from(number));
            out.text(", length ");
            out.dec(u64::from(record.wire_len));
            out.text(": not decoded");
        }
        Skip::Truncated(layer) => cut(out, layer),
        Skip::Malformed(layer) => broken(out, layer),
        Skip::Proto(_) | Skip::Fragment => {}
    }
}

/// The capture ends inside a header: tcpdump's mark and why.
fn cut(out: &mut Vec<u8>, layer: Layer) {
    out.text("[|");
    out.text(layer.name());
    out.text("] the capture ends inside the ");
    out.text(long_name(layer));
    out.text(" header");
}

/// A header contradicts itself.
fn broken(out: &mut Vec<u8>, layer: Layer) {
    out.text("[malformed ");
    out.text(layer.name());
    out.text("] the ");
    out.text(long_name(layer));
    out.text(" header contradicts itself");
}

const fn long_name(layer: Layer) -> &'static str {
    match layer {
        Layer::Link => "link",
        Layer::Arp => "ARP",
        Layer::Ipv4 => "IPv4",
        Layer::Ipv6 => "IPv6",
        Layer::Tcp => "TCP",
        Layer::Udp => "UDP",
        Layer::Icmp => "ICMP",
    }
}
