//! Frames, links, IP, ICMP and ARP.

use std::net::IpAddr;

use super::{Field, field, status};
use crate::capture::{Body, Ip, Link, Skip};
use crate::report::digits::Digits as _;
use crate::report::fields::Row;
use crate::report::fields::value::Values;
use crate::wire::Timestamp;

/// In Wireshark's order.
pub(super) const FIELDS: &[Field] = &[
    field("frame.number", |row, values| values.dec(row.packet.n)),
    field("frame.time", |row, values| {
        let Some(calendar) = &row.memory.calendar else { return };
        values.write(|out| calendar.borrow_mut().write(out, row.packet.record.time));
    }),
    field("frame.time_epoch", |row, values| values.seconds(row.packet.record.time.0 as i64)),
    field("frame.time_relative", |row, values| since(row, row.memory.first, values)),
    field("frame.time_delta", |row, values| since(row, row.memory.previous, values)),
    field("frame.len", |row, values| values.dec(row.packet.record.wire_len)),
    field("frame.cap_len", |row, values| values.dec(row.packet.record.cap_len)),
    field("frame.protocols", |row, values| values.write(|out| protocols(row, out))),
    field("frame.interface_id", |row, values| values.dec(row.packet.record.interface)),
    field("frame.comment", |row, values| {
        if let Some(comment) = row.packet.frame.comment {
            values.write(|out| crate::report::paint::escape(out, comment));
        }
    }),
    field("eth.dst", |row, values| mac(ethernet(row, 0), values)),
    field("eth.src", |row, values| mac(ethernet(row, 6), values)),
    field("eth.addr", |row, values| {
        mac(ethernet(row, 0), values);
        mac(ethernet(row, 6), values);
    }),
    field("eth.type", |row, values| {
        if let (Link::Ethernet, Some(&[a, b])) = (row.packet.record.link, row.packet.frame.bytes.get(12..14)) {
            values.hex(u16::from_be_bytes([a, b]), 4);
        }
    }),
    field("vlan.id", |row, values| row.packet.record.vlans.ids().iter().for_each(|id| values.dec(*id))),
    field("arp.opcode", |row, values| row.arp().into_iter().for_each(|arp| values.dec(arp.op))),
    field("arp.src.hw_mac", |row, values| mac(row.arp().map(|arp| arp.sender_mac), values)),
    field("arp.src.proto_ipv4", |row, values| addr(row.arp().map(|arp| arp.sender_ip.into()), values)),
    field("arp.dst.hw_mac", |row, values| mac(row.arp().map(|arp| arp.target_mac), values)),
    field("arp.dst.proto_ipv4", |row, values| addr(row.arp().map(|arp| arp.target_ip.into()), values)),
    field("ip.version", |row, values| row.ip().into_iter().for_each(|ip| values.dec(ip.version()))),
    field("ip.hdr_len", |row, values| row.v4().into_iter().for_each(|ip| values.dec(ip.hdr_len))),
    field("ip.dsfield", |row, values| row.v4().into_iter().for_each(|ip| values.hex(ip.tos, 2))),
    field("ip.dsfield.dscp", |row, values| row.v4().into_iter().for_each(|ip| values.dec(ip.dscp()))),
    field("ip.dsfield.ecn", |row, values| row.v4().into_iter().for_each(|ip| values.dec(ip.ecn()))),
    field("ip.len", |row, values| row.v4().into_iter().for_each(|ip| values.dec(ip.len))),
    field("ip.id", |row, values| row.v4().into_iter().for_each(|ip| values.hex(ip.id, 4))),
    field("ip.flags", |row, values| row.v4().into_iter().for_each(|ip| values.hex(flag_bits(ip), 2))),
    field("ip.flags.df", |row, values| row.v4().into_iter().for_each(|ip| values.flag(ip.df))),
    field("ip.flags.mf", |row, values| row.v4().into_iter().for_each(|ip| values.flag(ip.mf))),
    // In units of eight octets, as in the header.
    field("ip.frag_offset", |row, values| row.v4().into_iter().for_each(|ip| values.dec(ip.frag_offset / 8))),
    field("ip.ttl", |row, values| row.v4().into_iter().for_each(|ip| values.dec(ip.ttl))),
    field("ip.proto", |row, values| row.v4().into_iter().for_each(|ip| values.dec(ip.proto))),
    field("ip.checksum", |row, values| {
        if let Some(checksum) = row.v4().and_then(|ip| ip.checksum) {
            values.hex(checksum, 4);
        }
    }),
    field("ip.checksum.status", |row, values| row.v4().into_iter().for_each(|ip| status(ip.checksum_ok, values))),
    field("ip.src", |row, values| addr(row.v4().map(|ip| ip.src), values)),
    field("ip.dst", |row, values| addr(row.v4().map(|ip| ip.dst), values)),
    field("ip.addr", |row, values| {
        addr(row.v4().map(|ip| ip.src), values);
        addr(row.v4().map(|ip| ip.dst), values);
    }),
    field("ipv6.version", |row, values| row.v6().into_iter().for_each(|ip| values.dec(ip.version()))),
    field("ipv6.tclass", |row, values| row.v6().into_iter().for_each(|ip| values.hex(ip.tos, 8))),
    field("ipv6.tclass.dscp", |row, values| row.v6().into_iter().for_each(|ip| values.dec(ip.dscp()))),
    field("ipv6.tclass.ecn", |row, values| row.v6().into_iter().for_each(|ip| values.dec(ip.ecn()))),
    field("ipv6.flow", |row, values| {
        if let (Some(_), Some(&[a, b, c])) = (row.v6(), row.packet.datagram.get(1..4)) {
            values.hex(u32::from_be_bytes([0, a & 0x0f, b, c]), 6);
        }
    }),
    field("ipv6.plen", |row, values| {
        row.v6().into_iter().for_each(|ip| values.dec(ip.len.saturating_sub(40)));
    }),
    field("ipv6.nxt", |row, values| {
        if let (Some(_), Some(next)) = (row.v6(), row.packet.datagram.get(6)) {
            values.dec(*next);
        }
    }),
    field("ipv6.hlim", |row, values| row.v6().into_iter().for_each(|ip| values.dec(ip.ttl))),
    field("ipv6.src", |row, values| addr(row.v6().map(|ip| ip.src), values)),
    field("ipv6.dst", |row, values| addr(row.v6().map(|ip| ip.dst), values)),
    field("ipv6.addr", |row, values| {
        addr(row.v6().map(|ip| ip.src), values);
        addr(row.v6().map(|ip| ip.dst), values);
    }),
    field("icmp.type", |row, values| row.icmp(4).into_iter().for_each(|icmp| values.dec(icmp.kind))),
    field("icmp.code", |row, values| row.icmp(4).into_iter().for_each(|icmp| values.dec(icmp.code))),
    field("icmp.checksum", |row, values| row.icmp(4).into_iter().for_each(|icmp| values.hex(icmp.checksum, 4))),
    field("icmp.checksum.status", |row, values| {
        row.icmp(4).into_iter().for_each(|icmp| status(icmp.checksum_ok, values));
    }),
    field("icmp.ident", |row, values| {
        if let Some(id) = row.icmp(4).and_then(|icmp| icmp.echo_id) {
            values.dec(id);
        }
    }),
    field("icmp.seq", |row, values| {
        if let Some(icmp) = row.icmp(4).filter(|icmp| icmp.echo_id.is_some()) {
            values.dec(icmp.echo_seq);
        }
    }),
    field("icmp.mtu", |row, values| {
        if let Some(icmp) = row.icmp(4).filter(|icmp| (icmp.kind, icmp.code) == (3, 4)) {
            values.dec(icmp.mtu);
        }
    }),
    field("icmpv6.type", |row, values| row.icmp(6).into_iter().for_each(|icmp| values.dec(icmp.kind))),
    field("icmpv6.code", |row, values| row.icmp(6).into_iter().for_each(|icmp| values.dec(icmp.code))),
    field("icmpv6.checksum", |row, values| {
        row.icmp(6).into_iter().for_each(|icmp| values.hex(icmp.checksum, 4));
    }),
    field("icmpv6.echo.identifier", |row, values| {
        if let Some(id) = row.icmp(6).and_then(|icmp| icmp.echo_id) {
            values.hex(id, 4);
        }
    }),
    field("icmpv6.echo.sequence_number", |row, values| {
        if let Some(icmp) = row.icmp(6).filter(|icmp| icmp.echo_id.is_some()) {
            values.dec(icmp.echo_seq);
        }
    }),
];

fn since(row: &Row<'_>, then: Option<Timestamp>, values: &mut Values<'_>) {
    values.seconds(then.map_or(0, |then| then.until(row.packet.record.time).0));
}

/// The Ethernet address at `at` in the frame.
fn ethernet(row: &Row<'_>, at: usize) -> Option<[u8; 6]> {
    if row.packet.record.link != Link::Ethernet {
        return None;
    }
    row.packet.frame.bytes.get(at..at + 6)?.try_into().ok()
}

fn mac(mac: Option<[u8; 6]>, values: &mut Values<'_>) {
    if let Some(mac) = mac {
        values.write(|out| out.mac(mac));
    }
}

fn addr(addr: Option<IpAddr>, values: &mut Values<'_>) {
    if let Some(addr) = addr {
        values.write(|out| out.ip(addr));
    }
}

fn flag_bits(ip: &Ip) -> u8 {
    u8::from(ip.mf) | u8::from(ip.df) << 1
}

/// The layers that were read, as Wireshark names them: `eth:ethertype:ip:tcp`.
fn protocols(row: &Row<'_>, out: &mut Vec<u8>) {
    let record = row.packet.record;
    out.text(match record.link {
        Link::Ethernet => "eth",
        Link::Raw => "raw",
        Link::Sll => "sll",
        Link::Sll2 => "sll2",
        Link::Null | Link::Loop => "null",
        Link::Ppp => "ppp",
        Link::Pppoe => "pppoe",
        Link::Other(_) => return out.text("data"),
    });
    let typed = record.ether.is_some();
    for _ in 0..record.vlans.count() {
        out.text(":ethertype:vlan");
    }
    let network = match (&record.body, &record.ip) {
        (Body::Arp(_), _) => ":arp",
        (_, Some(ip)) if ip.version() == 4 => ":ip",
        (_, Some(_)) => ":ipv6",
        (_, None) => return,
    };
    if typed {
        out.text(":ethertype");
    }
    out.text(network);
    out.text(match &record.body {
        Body::Tcp(_) => ":tcp",
        Body::Udp(_) => ":udp",
        Body::Icmp(icmp) if icmp.version == 4 => ":icmp",
        Body::Icmp(_) => ":icmpv6",
        Body::Skip(Skip::Fragment) => ":data",
        Body::Arp(_) | Body::Skip(_) => "",
    });
}
