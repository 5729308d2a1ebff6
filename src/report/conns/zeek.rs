//! Zeek's `conn.log`, tab-separated, so that what reads Zeek's reads ours.
//!
//! The columns are Zeek's own, the last of them that of its policy script `community-id-logging`. Two
//! differ in how they are filled: `duration` is from first packet to last (Zeek leaves out packets
//! after the end that carry nothing), and `service` is unset, since it would have to be confirmed by
//! content.

use super::community::{self, sha1};
use crate::capture::Conn;
use crate::capture::apps::{Evidence, Talk};
use crate::capture::track::{Counts, Role};
use crate::report::digits::Digits as _;
use crate::wire::{Protocol, Timestamp};

/// The columns and their types.
const COLUMNS: [(&str, &str); 23] = [
    ("ts", "time"),
    ("uid", "string"),
    ("id.orig_h", "addr"),
    ("id.orig_p", "port"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
    ("proto", "enum"),
    ("service", "string"),
    ("duration", "interval"),
    ("orig_bytes", "count"),
    ("resp_bytes", "count"),
    ("conn_state", "string"),
    ("local_orig", "bool"),
    ("local_resp", "bool"),
    ("missed_bytes", "count"),
    ("history", "string"),
    ("orig_pkts", "count"),
    ("orig_ip_bytes", "count"),
    ("resp_pkts", "count"),
    ("resp_ip_bytes", "count"),
    ("tunnel_parents", "set[string]"),
    ("ip_proto", "count"),
    ("community_id", "string"),
];

/// Appends the lines that a log begins with; `opened` is the time to name in them.
pub(super) fn head(out: &mut Vec<u8>, opened: Timestamp) {
    out.text("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t");
    moment(out, opened);
    out.text("\n#fields");
    for (name, _) in COLUMNS {
        out.text("\t");
        out.text(name);
    }
    out.text("\n#types");
    for (_, kind) in COLUMNS {
        out.text("\t");
        out.text(kind);
    }
    out.text("\n");
}

/// Appends the line that a log ends with.
pub(super) fn tail(out: &mut Vec<u8>, closed: Timestamp) {
    out.text("#close\t");
    moment(out, closed);
    out.text("\n");
}

/// Appends the line of `conn`.
pub(super) fn line(out: &mut Vec<u8>, conn: &Conn, talk: Option<&Talk>) {
    let [orig, resp] = Role::BOTH.map(|role| conn.endpoint(role));
    let [from_orig, from_resp] = Role::BOTH.map(|role| conn.half(role).counts());
    // An ICMP echo has its message types for ports.
    let (orig_p, resp_p) = match (conn.protocol(), conn.key.ip_version()) {
        (Protocol::Icmp, 4) => (8, 0),
        (Protocol::Icmp, _) => (128, 129),
        _ => (orig.port, resp.port),
    };
    // Zeek knows no more than microseconds, and subtracts those.
    let duration = (conn.end.0 / 1000).saturating_sub(conn.start.0 / 1000);
    seconds(out, conn.start.0 / 1000);
    out.push(b'\t');
    uid(out, conn);
    for (addr, port) in [(orig.addr, orig_p), (resp.addr, resp_p)] {
        out.push(b'\t');
        out.ip(addr);
        number(out, port.into());
    }
    text(out, conn.protocol().name());
    service(out, talk);
    if duration > 0 {
        out.push(b'\t');
        seconds(out, duration);
        number(out, size(&from_orig));
        number(out, size(&from_resp));
    } else {
        out.text("\t-\t-\t-");
    }
    text(out, if conn.protocol() == Protocol::Icmp { "OTH" } else { conn.zeek_state() });
    text(out, "-");
    text(out, "-");
    number(out, from_orig.missed_bytes + from_resp.missed_bytes);
    out.push(b'\t');
    let start = out.len();
    if conn.protocol() != Protocol::Icmp {
        out.extend(conn.history_letters());
    }
    if out.len() == start {
        out.push(b'-');
    }
    for counts in [from_orig, from_resp] {
        number(out, counts.packets);
        number(out, counts.ip_bytes);
    }
    text(out, "-");
    let ip_proto = match (conn.protocol(), conn.key.ip_version()) {
        (Protocol::Tcp, _) => 6,
        (Protocol::Udp, _) => 17,
        (Protocol::Icmp, 4) => 1,
        (Protocol::Icmp, _) => 58,
    };
    number(out, ip_proto);
    out.push(b'\t');
    if community::is_known(conn) {
        community::write(out, conn);
    } else {
        out.push(b'-');
    }
    out.push(b'\n');
}

/// Appends what Zeek would call what runs there: what the octets say, never the port alone.
fn service(out: &mut Vec<u8>, talk: Option<&Talk>) {
    let app = talk.and_then(|talk| talk.app.as_ref()).filter(|app| app.evidence >= Evidence::Announced);
    let name = match app.map(|app| &*app.name) {
        Some("https" | "tls" | "imaps" | "pop3s" | "ftps" | "mqtts" | "dns-over-tls") => "ssl",
        Some("quic" | "http3" | "dns-over-quic") => "quic",
        Some("mdns" | "llmnr") => "dns",
        Some(
            name @ ("http" | "ssh" | "ftp" | "ftp-data" | "smtp" | "dns" | "dhcp" | "ntp" | "redis" | "postgresql"
            | "mysql" | "mqtt" | "imap" | "pop3" | "sip" | "snmp" | "socks" | "irc" | "smb" | "rdp" | "rfb"
            | "ldap" | "syslog" | "radius" | "krb" | "modbus" | "dnp3"),
        ) => name,
        _ => return text(out, "-"),
    };
    text(out, name);
    let within = talk.is_some_and(|talk| talk.milestones.client_hello.is_some());
    if within && !matches!(name, "ssl" | "quic") {
        out.text(",ssl");
    }
}

/// What a side sent by its sequence numbers: what is missing here counts as well.
fn size(counts: &Counts) -> u64 {
    counts.unique_bytes + counts.missed_bytes
}

/// Appends a name like Zeek's: `C` and 17 letters or digits. The same capture gives the same.
///
/// What makes the connection unique is written down behind the output, and gives way to its digest.
pub(super) fn uid(out: &mut Vec<u8>, conn: &Conn) {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    let start = out.len();
    out.text(conn.protocol().name());
    for role in Role::BOTH {
        out.push(b' ');
        out.endpoint(conn.endpoint(role));
    }
    out.text(" [");
    for (at, id) in conn.vlans.ids().iter().enumerate() {
        out.text(if at > 0 { ", " } else { "" });
        out.dec(u64::from(*id));
    }
    out.push(b']');
    for number in [conn.start.0, conn.incarnation.into(), conn.first_n] {
        out.push(b' ');
        out.dec(number);
    }
    let digest = sha1(out.get(start..).unwrap_or_default());
    out.truncate(start);

    let mut rest = digest.iter().take(16).fold(0, |bits: u128, octet| bits << 8 | u128::from(*octet));
    out.push(b'C');
    // Ten letters at a time: dividing 128 bits takes long.
    for count in [10, 7] {
        let mut some = (rest % 62_u128.pow(10)) as u64;
        rest /= 62_u128.pow(10);
        for _ in 0..count {
            out.push(LETTERS[(some % 62) as usize]);
            some /= 62;
        }
    }
}

/// `2026-11-22-16-33-00`, UTC.
fn moment(out: &mut Vec<u8>, time: Timestamp) {
    let mut text = Vec::new();
    crate::report::clock::Utc::default().write(&mut text, time);
    text.truncate("2026-11-22T16:33:00".len());
    out.extend(text.iter().map(|octet| if matches!(octet, b'T' | b':') { b'-' } else { *octet }));
}

fn seconds(out: &mut Vec<u8>, us: u64) {
    out.dec(us / 1_000_000);
    out.push(b'.');
    out.dec_wide(us % 1_000_000, 6);
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'\t');
    out.text(text);
}

fn number(out: &mut Vec<u8>, number: u64) {
    out.push(b'\t');
    out.dec(number);
}
