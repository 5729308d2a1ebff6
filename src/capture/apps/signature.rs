//! Protocols that are known by name alone: by how they begin.

use super::Confidence;
use crate::capture::Conn;
use crate::capture::track::Role;

/// What `from` speaks on a stream that begins so.
pub(super) fn stream(conn: &Conn, from: Role, octets: &[u8]) -> Option<(&'static str, Confidence)> {
    let _ = (conn, from);
    PREFIXES.iter().find(|(prefix, _)| octets.starts_with(prefix)).map(|(_, name)| (*name, Confidence::Medium))
}

/// Whether one of them could still begin so.
pub(super) fn may_follow(octets: &[u8]) -> bool {
    PREFIXES.iter().any(|(prefix, _)| prefix.len() > octets.len() && prefix.starts_with(octets))
}

/// What `from` speaks in a datagram.
pub(super) fn datagram(conn: &Conn, from: Role, octets: &[u8]) -> Option<(&'static str, Confidence)> {
    let _ = (conn, from, octets);
    None
}

/// First octets that are little else.
const PREFIXES: &[(&[u8], &str)] = &[
    (b"* OK", "imap"),
    (b"+OK", "pop3"),
    (b"RFB 00", "vnc"),
    (b"\x13BitTorrent protocol", "bittorrent"),
    (b"AMQP\0\0\x09\x01", "amqp"),
    (b"@RSYNCD: ", "rsync"),
];
