//! TCP segments.

use std::io::Write as _;

use super::{Origins, Style};
use crate::capture::{Checksum, Packet, Tcp};
use crate::report::digits::Digits as _;
use crate::report::paint::Ink;
use crate::wire::options::{self, Item, kind};
use crate::wire::{Flags, Seq};

/// Appends what a segment says.
pub(super) fn write(out: &mut Vec<u8>, packet: &Packet<'_>, tcp: &Tcp, from: Origins, style: Style) {
    let segment = &tcp.segment;
    if style.quiet {
        out.text("tcp ");
        out.dec(u64::from(segment.len));
        return;
    }
    out.text("Flags [");
    style.paint.with(ink(segment.flags), out, |out| flags(out, segment.flags));
    out.push(b']');
    if style.verbose > 0 {
        checksum(out, tcp);
    }
    let takes_space = segment.len > 0 || segment.flags.intersects(Flags(Flags::SYN.0 | Flags::FIN.0 | Flags::RST.0));
    if takes_space || style.verbose > 1 {
        let seq = counted(segment.seq, from.seq);
        out.text(", seq ");
        out.dec(u64::from(seq));
        if segment.len > 0 {
            out.push(b':');
            out.dec(u64::from(seq.wrapping_add(segment.len)));
        }
    }
    if segment.flags.contains(Flags::ACK) {
        out.text(", ack ");
        out.dec(u64::from(counted(segment.ack, from.ack)));
    }
    out.text(", win ");
    out.dec(u64::from(segment.window.0));
    if segment.flags.contains(Flags::URG) {
        out.text(", urg ");
        out.dec(u64::from(segment.urgent));
    }
    let list = packet.tcp_options();
    let wanted = usize::from(tcp.hdr_len).saturating_sub(20);
    if wanted > 0 {
        out.text(", options [");
        option_list(out, list, list.len() < wanted, from);
        out.push(b']');
    }
    out.text(", length ");
    out.dec(u64::from(segment.len));
}

/// Appends an option list in tcpdump's words: `mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7`; `cut`
/// where the capture ends inside it.
fn option_list(out: &mut Vec<u8>, list: &[u8], cut: bool, from: Origins) {
    let mut read = 0;
    for item in options::walk(list) {
        if read > 0 {
            out.push(b',');
        }
        match item {
            Item::Nop => {
                out.text("nop");
                read += 1;
            }
            Item::Kind(kind, data) => {
                option(out, kind, data, from);
                read += 2 + data.len();
            }
            Item::Broken(_) if cut => return out.text("[|tcp]"),
            Item::Broken(_) => return out.text("[bad opt]"),
        }
    }
    if cut {
        out.text(if read > 0 { ",[|tcp]" } else { "[|tcp]" });
    } else if list.get(read) == Some(&kind::END) {
        out.text(if read > 0 { ",eol" } else { "eol" });
    }
}

fn option(out: &mut Vec<u8>, kind: u8, data: &[u8], from: Origins) {
    match (kind, data) {
        (kind::MSS, &[a, b]) => {
            out.text("mss ");
            out.dec(u64::from(u16::from_be_bytes([a, b])));
        }
        (kind::WINDOW_SCALE, &[shift]) => {
            out.text("wscale ");
            out.dec(u64::from(shift));
        }
        (kind::SACK_PERMITTED, []) => out.text("sackOK"),
        (kind::TIMESTAMPS, data) if data.len() == 8 => {
            let (val, ecr) = data.split_at(4);
            out.text("TS val ");
            out.dec(u64::from(word(val)));
            out.text(" ecr ");
            out.dec(u64::from(word(ecr)));
        }
        (kind::SACK, blocks) if blocks.len().is_multiple_of(8) => {
            out.text("sack ");
            out.dec(blocks.len() as u64 / 8);
            out.push(b' ');
            for block in blocks.chunks_exact(8) {
                let (left, right) = block.split_at(4);
                out.push(b'{');
                out.dec(u64::from(counted(Seq(word(left)), from.ack)));
                out.push(b':');
                out.dec(u64::from(counted(Seq(word(right)), from.ack)));
                out.push(b'}');
            }
        }
        (kind::MD5, digest) => {
            out.text("md5 ");
            out.hex_octets(digest);
        }
        (kind::AUTHENTICATION, &[key, next_key, ref mac @ ..]) => {
            out.text("tcp-ao keyid ");
            out.dec(u64::from(key));
            out.text(" rnextkeyid ");
            out.dec(u64::from(next_key));
            out.text(" mac 0x");
            out.hex_octets(mac);
        }
        (kind::FAST_OPEN, cookie) => fast_open(out, "tfo", cookie),
        (kind::EXPERIMENT_2, &[a, b, ref cookie @ ..]) if [a, b] == options::FAST_OPEN_EXPERIMENT => {
            fast_open(out, "exp-tfo", cookie);
        }
        (kind::MPTCP, &[first, ..]) => {
            out.text("mptcp ");
            out.dec(data.len() as u64 + 2);
            out.push(b' ');
            out.text(MPTCP.get(usize::from(first >> 4)).unwrap_or(&"unknown"));
        }
        (kind, data) => {
            match kind {
                kind::MSS => out.text("mss"),
                kind::WINDOW_SCALE => out.text("wscale"),
                kind::SACK_PERMITTED => out.text("sackOK"),
                kind::SACK => out.text("sack"),
                kind::TIMESTAMPS => out.text("TS"),
                _ => {
                    out.text("unknown-");
                    out.dec(u64::from(kind));
                }
            }
            if !data.is_empty() {
                out.text(" 0x");
                out.hex_octets(data);
            }
        }
    }
}

/// By subtype (RFC 8684 §3), in tcpdump's words.
const MPTCP: [&str; 9] = ["capable", "join", "dss", "add-addr", "rem-addr", "prio", "fail", "fast-close", "tcprst"];

fn fast_open(out: &mut Vec<u8>, name: &str, cookie: &[u8]) {
    out.text(name);
    if cookie.is_empty() {
        out.text(" cookiereq");
    } else {
        out.text(" cookie ");
        out.hex_octets(cookie);
    }
}

fn checksum(out: &mut Vec<u8>, tcp: &Tcp) {
    out.text(", cksum 0x");
    out.hex(u64::from(tcp.checksum), 4);
    out.text(match tcp.checksum_ok {
        Checksum::Good => " (correct)",
        Checksum::Bad | Checksum::Unfinished => " (incorrect)",
        Checksum::Unverified | Checksum::Absent => "",
    });
}

fn word(octets: &[u8]) -> u32 {
    octets.iter().fold(0, |word, octet| word << 8 | u32::from(*octet))
}

fn counted(seq: Seq, origin: Seq) -> u32 {
    seq.0.wrapping_sub(origin.0)
}

/// Appends flags in tcpdump's letters.
pub fn flags(out: &mut Vec<u8>, flags: Flags) {
    const PUSH: Flags = Flags(Flags::PSH.0 | Flags::ACK.0);
    match flags {
        Flags::ACK => out.push(b'.'),
        PUSH => out.text("P."),
        // Writing to a vector cannot fail.
        other => _ = write!(out, "{other}"),
    }
}

fn ink(flags: Flags) -> Ink {
    if flags.contains(Flags::RST) {
        Ink::Bad
    } else if flags.contains(Flags::FIN) {
        Ink::Warn
    } else if flags.contains(Flags::SYN) {
        Ink::Good
    } else {
        Ink::Bold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(list: &[u8], ack_origin: u32) -> String {
        let mut out = Vec::new();
        option_list(&mut out, list, false, Origins { seq: Seq(0), ack: Seq(ack_origin) });
        String::from_utf8(out).expect("options are told in ASCII")
    }

    #[test]
    fn options_read_as_tcpdump_writes_them() {
        let syn = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7];
        assert_eq!(listed(&syn, 0), "mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7");
        assert_eq!(listed(&[1, 1, 5, 10, 0, 0, 0, 20, 0, 0, 0, 30], 10), "nop,nop,sack 1 {10:20}");
        assert_eq!(listed(&[34, 2, 254, 6, 0xf9, 0x89, 1, 2], 0), "tfo cookiereq,exp-tfo cookie 0102");
        assert_eq!(listed(&[2, 4, 5, 180, 0, 7, 7, 7], 0), "mss 1460,eol");
        assert_eq!(listed(&[28, 4, 0, 9, 3, 9], 0), "unknown-28 0x0009,[bad opt]");
        assert_eq!(listed(&[2, 3, 9, 1], 0), "mss 0x09,nop");
        assert_eq!(listed(&[30, 4, 0x01, 0x81], 0), "mptcp 4 capable");
    }
}
