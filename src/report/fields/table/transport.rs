//! TCP and UDP.

use super::{Field, field, status};
use crate::capture::Conn;
use crate::capture::track::Role;
use crate::report::digits::Digits as _;
use crate::report::fields::Row;
use crate::report::fields::value::Values;
use crate::report::json::cookie;
use crate::wire::{Flags, Options, Protocol, Seq};

/// In Wireshark's order.
pub(super) const FIELDS: &[Field] = &[
    field("tcp.srcport", |row, values| row.tcp().into_iter().for_each(|tcp| values.dec(tcp.src_port))),
    field("tcp.dstport", |row, values| row.tcp().into_iter().for_each(|tcp| values.dec(tcp.dst_port))),
    field("tcp.port", |row, values| {
        if let Some(tcp) = row.tcp() {
            values.dec(tcp.src_port);
            values.dec(tcp.dst_port);
        }
    }),
    field("tcp.stream", |row, values| stream(row, Protocol::Tcp, values)),
    field("tcp.completeness", |row, values| {
        if let Some((_, _, conn)) = row.tcp_told() {
            values.dec(row.memory.conversations.of(conn).completeness);
        }
    }),
    field("tcp.len", |row, values| row.tcp().into_iter().for_each(|tcp| values.dec(tcp.segment.len))),
    field("tcp.seq", |row, values| relative(row, |tcp| tcp.segment.seq, false, values)),
    field("tcp.seq_raw", |row, values| row.tcp().into_iter().for_each(|tcp| values.dec(tcp.segment.seq.0))),
    field("tcp.nxtseq", |row, values| relative(row, |tcp| next(&tcp.segment), false, values)),
    field("tcp.ack", |row, values| {
        if let Some(tcp) = row.tcp() {
            if tcp.segment.flags.contains(Flags::ACK) {
                relative(row, |tcp| tcp.segment.ack, true, values);
            } else {
                values.dec(0u8);
            }
        }
    }),
    field("tcp.ack_raw", |row, values| row.tcp().into_iter().for_each(|tcp| values.dec(tcp.segment.ack.0))),
    field("tcp.hdr_len", |row, values| row.tcp().into_iter().for_each(|tcp| values.dec(tcp.hdr_len))),
    field("tcp.flags", |row, values| row.tcp().into_iter().for_each(|tcp| values.hex(tcp.segment.flags.0, 4))),
    field("tcp.flags.res", |row, values| {
        row.tcp().into_iter().for_each(|tcp| values.flag(tcp.segment.flags.0 & 0xe00 != 0));
    }),
    field("tcp.flags.ae", |row, values| flag(row, Flags::AE, values)),
    field("tcp.flags.cwr", |row, values| flag(row, Flags::CWR, values)),
    field("tcp.flags.ece", |row, values| flag(row, Flags::ECE, values)),
    field("tcp.flags.urg", |row, values| flag(row, Flags::URG, values)),
    field("tcp.flags.ack", |row, values| flag(row, Flags::ACK, values)),
    field("tcp.flags.push", |row, values| flag(row, Flags::PSH, values)),
    field("tcp.flags.reset", |row, values| flag(row, Flags::RST, values)),
    field("tcp.flags.syn", |row, values| flag(row, Flags::SYN, values)),
    field("tcp.flags.fin", |row, values| flag(row, Flags::FIN, values)),
    field("tcp.flags.str", |row, values| {
        if let Some(tcp) = row.tcp() {
            values.write(|out| letters(out, tcp.segment.flags));
        }
    }),
    field("tcp.window_size_value", |row, values| {
        row.tcp().into_iter().for_each(|tcp| values.dec(tcp.segment.window.0));
    }),
    field("tcp.window_size", |row, values| {
        if let Some(tcp) = row.tcp() {
            let scale = row.tcp_told().and_then(|(tcp, from, conn)| factor(tcp.segment.flags, from, conn)).unwrap_or(1);
            values.dec(u32::from(tcp.segment.window.0) * u32::try_from(scale.max(1)).unwrap_or(1));
        }
    }),
    field("tcp.window_size_scalefactor", |row, values| {
        if let Some(factor) = row.tcp_told().and_then(|(tcp, from, conn)| factor(tcp.segment.flags, from, conn)) {
            values.signed(factor);
        }
    }),
    field("tcp.checksum", |row, values| row.tcp().into_iter().for_each(|tcp| values.hex(tcp.checksum, 4))),
    field("tcp.checksum.status", |row, values| {
        row.tcp().into_iter().for_each(|tcp| status(tcp.checksum_ok, values));
    }),
    field("tcp.urgent_pointer", |row, values| {
        row.tcp().into_iter().for_each(|tcp| values.dec(tcp.segment.urgent));
    }),
    field("tcp.options", |row, values| {
        if !row.packet.tcp_options().is_empty() {
            values.write(|out| out.hex_octets(row.packet.tcp_options()));
        }
    }),
    field("tcp.options.mss_val", |row, values| option(row, Options::mss, |mss| values.dec(mss))),
    field("tcp.options.wscale.shift", |row, values| option(row, Options::window_scale, |shift| values.dec(shift))),
    field("tcp.options.wscale.multiplier", |row, values| {
        option(row, Options::effective_scale, |scale| values.dec(1u32 << scale.count()));
    }),
    field("tcp.options.sack_perm", |row, values| {
        if row.tcp().is_some_and(|tcp| tcp.segment.options.sack_permitted()) {
            values.text("0402");
        }
    }),
    field("tcp.options.sack_le", |row, values| sack(row, |(left, _)| left, values)),
    field("tcp.options.sack_re", |row, values| sack(row, |(_, right)| right, values)),
    field("tcp.options.timestamp.tsval", |row, values| option(row, Options::timestamps, |(val, _)| values.dec(val))),
    field("tcp.options.timestamp.tsecr", |row, values| option(row, Options::timestamps, |(_, ecr)| values.dec(ecr))),
    field("tcp.options.tfo.cookie", |row, values| {
        let cookie = cookie(row.packet.tcp_options());
        if !cookie.is_empty() {
            values.write(|out| out.hex_octets(cookie));
        }
    }),
    field("tcp.options.mptcp.subtype", |row, values| option(row, Options::mptcp, |subtype| values.dec(subtype))),
    field("tcp.payload", |row, values| {
        if row.tcp().is_some() && !row.packet.payload().is_empty() {
            values.write(|out| out.hex_octets(row.packet.payload()));
        }
    }),
    field("tcp.time_relative", |row, values| {
        if let Some((_, _, conn)) = row.tcp_told() {
            values.seconds(conn.start.until(row.packet.record.time).0);
        }
    }),
    field("tcp.time_delta", |row, values| {
        if let Some((_, _, conn)) = row.tcp_told() {
            let now = row.packet.record.time;
            let previous = row.memory.conversations.of(conn).previous.unwrap_or(now);
            values.seconds(previous.until(now).0);
        }
    }),
    field("udp.srcport", |row, values| row.udp().into_iter().for_each(|udp| values.dec(udp.src_port))),
    field("udp.dstport", |row, values| row.udp().into_iter().for_each(|udp| values.dec(udp.dst_port))),
    field("udp.port", |row, values| {
        if let Some(udp) = row.udp() {
            values.dec(udp.src_port);
            values.dec(udp.dst_port);
        }
    }),
    field("udp.length", |row, values| row.udp().into_iter().for_each(|udp| values.dec(udp.len))),
    field("udp.checksum", |row, values| row.udp().into_iter().for_each(|udp| values.hex(udp.checksum, 4))),
    field("udp.checksum.status", |row, values| {
        row.udp().into_iter().for_each(|udp| status(udp.checksum_ok, values));
    }),
    field("udp.stream", |row, values| stream(row, Protocol::Udp, values)),
    field("udp.payload", |row, values| {
        if row.udp().is_some() && !row.packet.payload().is_empty() {
            values.write(|out| out.hex_octets(row.packet.payload()));
        }
    }),
];

fn stream(row: &Row<'_>, protocol: Protocol, values: &mut Values<'_>) {
    if let Some(conn) = row.conn().filter(|conn| conn.protocol() == protocol) {
        values.dec(conn.stream);
    }
}

/// A sequence number counted from the first of the sender, or of its peer.
fn relative(row: &Row<'_>, number: fn(&crate::capture::Tcp) -> Seq, of_peer: bool, values: &mut Values<'_>) {
    let Some(tcp) = row.tcp() else { return };
    let origin = row.tcp_told().and_then(|(_, from, conn)| {
        let whose = if of_peer { !from } else { from };
        row.memory.conversations.of(conn).origin(whose)
    });
    values.dec(number(tcp).0.wrapping_sub(origin.unwrap_or_default().0));
}

/// The sequence number after the segment, as Wireshark counts it: SYN and FIN together take one.
fn next(segment: &crate::wire::Segment) -> Seq {
    segment.seq + segment.len + u32::from(segment.flags.intersects(Flags(Flags::SYN.0 | Flags::FIN.0)))
}

fn flag(row: &Row<'_>, flag: Flags, values: &mut Values<'_>) {
    if let Some(tcp) = row.tcp() {
        values.flag(tcp.segment.flags.contains(flag));
    }
}

/// `·······A··S·`: a place for each of the twelve bits.
fn letters(out: &mut Vec<u8>, flags: Flags) {
    for (at, letter) in "RRRNCEUAPRSF".bytes().enumerate() {
        if flags.0 >> (11 - at) & 1 == 1 {
            out.push(letter);
        } else {
            out.text("·");
        }
    }
}

/// What multiplies the window field; -1 where the handshake was not seen, -2 where it agreed on
/// none. A SYN's own window has none.
fn factor(flags: Flags, from: Role, conn: &Conn) -> Option<i64> {
    if flags.contains(Flags::SYN) {
        return None;
    }
    Some(match (conn.half(from).offer, conn.half(!from).offer) {
        (Some(own), Some(other)) if own.wscale.is_some() && other.wscale.is_some() => 1 << own.scale().count(),
        (Some(_), Some(_)) => -2,
        _ => -1,
    })
}

fn option<T>(row: &Row<'_>, read: impl Fn(&Options) -> Option<T>, write: impl FnOnce(T)) {
    if let Some(value) = row.tcp().and_then(|tcp| read(&tcp.segment.options)) {
        write(value);
    }
}

fn sack(row: &Row<'_>, edge: fn((Seq, Seq)) -> Seq, values: &mut Values<'_>) {
    let Some((tcp, from, conn)) = row.tcp_told() else { return };
    let origin = row.memory.conversations.of(conn).origin(!from).unwrap_or_default();
    for block in tcp.segment.options.sack() {
        values.dec(edge(*block).0.wrapping_sub(origin.0));
    }
}
