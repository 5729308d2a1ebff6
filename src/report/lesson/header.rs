//! The TCP header as RFC 9293 §3.1 draws it, with what stands in it.

use std::fmt::Write as _;

use crate::capture::track::Role;
use crate::capture::{Body, Conn, Observation, Packet};
use crate::wire::{Flags, OptionList, Seq};

/// Columns between the outer bars: two for each of 32 bits, less one.
const WIDE: usize = 63;

/// Draws the header of a segment, and how its payload begins.
pub(super) fn draw(page: &mut Vec<u8>, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) {
    let Body::Tcp(tcp) = packet.record.body else {
        return;
    };
    let segment = tcp.segment;
    let mut text = String::new();
    text.push_str("     0                   1                   2                   3\n");
    text.push_str("     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1\n");
    rule(&mut text);
    row(
        &mut text,
        &[(31, format!("Source Port {}", tcp.src_port)), (31, format!("Destination Port {}", tcp.dst_port))],
    );
    rule(&mut text);
    let seq = relative(segment.seq, told, |role| role);
    row(&mut text, &[(WIDE, format!("Sequence Number {}{seq}", segment.seq))]);
    rule(&mut text);
    let ack = if segment.flags.contains(Flags::ACK) {
        relative(segment.ack, told, |role| !role)
    } else {
        ", not in use without ACK".to_owned()
    };
    row(&mut text, &[(WIDE, format!("Acknowledgment Number {}{ack}", segment.ack))]);
    rule(&mut text);
    flags(&mut text, segment.flags, u32::from(tcp.hdr_len) / 4, segment.window.0);
    rule(&mut text);
    row(
        &mut text,
        &[(31, format!("Checksum 0x{:04x}", tcp.checksum)), (31, format!("Urgent Pointer {}", segment.urgent))],
    );
    rule(&mut text);
    let options = packet.tcp_options();
    if !options.is_empty() {
        let list = OptionList::from_octets(options).unwrap_or_default();
        for part in wrapped(&format!("Options: {list} ({} octets)", options.len()), WIDE - 2) {
            row(&mut text, &[(WIDE, part)]);
        }
        rule(&mut text);
    }
    let payload = packet.payload();
    if segment.len > 0 {
        let shown: String =
            payload.iter().take(40).flat_map(|octet| std::ascii::escape_default(*octet)).map(char::from).collect();
        let more = if payload.len() > 40 { "..." } else { "" };
        for part in wrapped(&format!("Data: {} octets \"{shown}{more}\"", segment.len), WIDE - 2) {
            row(&mut text, &[(WIDE, part)]);
        }
        rule(&mut text);
    }
    page.extend_from_slice(text.as_bytes());
}

/// `, the client's ISN + 1`: where a number lies in the stream of the end that `whose` says.
fn relative(seq: Seq, told: Option<(&Observation, &Conn)>, whose: impl Fn(Role) -> Role) -> String {
    let Some((role, isn)) = told.and_then(|(seen, conn)| {
        let role = whose(seen.from);
        Some((role, conn.half(role).iss()?))
    }) else {
        return String::new();
    };
    match seq.offset_from(isn) {
        0 => format!(": the {}'s ISN", role.name()),
        offset => format!(": the {}'s ISN {offset:+}", role.name()),
    }
}

/// The row of the data offset, the flags and the window, three lines high.
fn flags(text: &mut String, flags: Flags, words: u32, window: u16) {
    const NAMES: [(&str, Flags); 8] = [
        ("CWR", Flags::CWR),
        ("ECE", Flags::ECE),
        ("URG", Flags::URG),
        ("ACK", Flags::ACK),
        ("PSH", Flags::PSH),
        ("RST", Flags::RST),
        ("SYN", Flags::SYN),
        ("FIN", Flags::FIN),
    ];
    let sides = [["Data", ""], ["Offset", "Rsrvd"], ["", ""]];
    for (line, [offset, reserved]) in sides.into_iter().enumerate() {
        let letters: Vec<&str> = NAMES.iter().map(|(name, _)| name.get(line..=line).unwrap_or(" ")).collect();
        let window = if line == 1 { format!("Window {window}") } else { String::new() };
        let _ = writeln!(text, "    |{offset:^7}|{reserved:^7}|{}|{window:^31}|", letters.join("|"));
    }
    let bits: Vec<&str> = NAMES.iter().map(|(_, flag)| if flags.contains(*flag) { "1" } else { "0" }).collect();
    let reserved = format!("{:04b}", flags.0 >> 8 & 0xf);
    let _ = writeln!(text, "    |{words:^7}|{reserved:^7}|{}|{:31}|", bits.join("|"), "");
}

fn row(text: &mut String, cells: &[(usize, String)]) {
    text.push_str("    |");
    for (width, cell) in cells {
        let cell: String = cell.chars().take(*width).collect();
        let _ = write!(text, "{cell:^width$}|");
    }
    text.push('\n');
}

fn rule(text: &mut String) {
    let _ = writeln!(text, "    {}+", "+-".repeat(32));
}

/// The text in pieces of at most so many columns, cut where there is a space or a comma.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.len() > width {
        let fits = rest.get(..width).and_then(|head| head.rfind([' ', ','])).map_or(width, |at| at + 1);
        let Some((head, tail)) = rest.split_at_checked(fits) else {
            break;
        };
        parts.push(head.trim_end().to_owned());
        rest = tail;
    }
    parts.push(rest.to_owned());
    parts
}
