//! Numbers over all connections.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::capture::Conn;
use crate::capture::Summary;
use crate::capture::track::Role;
use crate::report::digits::Digits as _;
use crate::report::human;
use crate::wire::Protocol;

/// Sums over connections.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    conns: u64,
    protocols: BTreeMap<&'static str, u64>,
    opens: BTreeMap<&'static str, u64>,
    closes: BTreeMap<&'static str, u64>,
    packets: u64,
    payload_bytes: u64,
    retransmits: u64,
}

/// The JSON line.
#[derive(Serialize)]
struct Line<'a> {
    schema: u32,
    #[serde(rename = "type")]
    kind: &'static str,
    frames: u64,
    wire_bytes: u64,
    skipped: BTreeMap<String, u64>,
    arp: u64,
    duplicates: u64,
    connections: u64,
    protocols: &'a BTreeMap<&'static str, u64>,
    open: &'a BTreeMap<&'static str, u64>,
    close: &'a BTreeMap<&'static str, u64>,
    packets: u64,
    payload_bytes: u64,
    retransmits: u64,
    damage: Vec<Hole<'a>>,
}

#[derive(Serialize)]
struct Hole<'a> {
    input: &'a str,
    offset: u64,
    what: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<u64>,
}

impl Totals {
    pub(super) fn add(&mut self, conn: &Conn) {
        self.conns += 1;
        *self.protocols.entry(conn.protocol().name()).or_default() += 1;
        *self.opens.entry(conn.open().name()).or_default() += 1;
        if conn.protocol() == Protocol::Tcp {
            *self.closes.entry(conn.close().name()).or_default() += 1;
        }
        for role in Role::BOTH {
            let counts = &conn.half(role).counts;
            self.packets += counts.packets;
            self.payload_bytes += counts.payload_bytes;
            self.retransmits += u64::from(counts.retransmits);
        }
    }

    /// Appends a few lines for people.
    pub(super) fn write_text(&self, out: &mut Vec<u8>, read: &Summary) {
        out.text("\n");
        let mut line = |title: &str, text: String| {
            if !text.is_empty() {
                out.text(&format!("{title:<12} {text}\n"));
            }
        };
        let frames = human::plural(read.frames, "frame");
        line("read", format!("{frames}, {} on the wire", human::octets(read.wire_octets)));
        line("connections", listed(&self.protocols));
        line("opened", listed(&self.opens));
        line("closed", listed(&self.closes));
        let payload = human::octets(self.payload_bytes);
        line("carried", format!("{}, {payload} of payload", human::plural(self.packets, "packet")));
        if self.retransmits > 0 {
            line("sent again", human::plural(self.retransmits, "segment"));
        }
        if read.duplicates > 0 {
            line("seen twice", human::plural(read.duplicates, "packet"));
        }
        let skipped: BTreeMap<String, u64> =
            read.skipped.iter().map(|(skip, count)| (skip.to_string(), *count)).collect();
        let mut others = if read.arp > 0 { vec![format!("{} arp", human::count(read.arp))] } else { Vec::new() };
        others.extend((!skipped.is_empty()).then(|| listed(&skipped)));
        line("not followed", others.join(", "));
    }

    /// Appends `type: "summary"`.
    pub(super) fn write_json(&self, out: &mut Vec<u8>, read: &Summary) {
        let line = Line {
            schema: 1,
            kind: "summary",
            frames: read.frames,
            wire_bytes: read.wire_octets,
            skipped: read.skipped.iter().map(|(skip, count)| (skip.to_string(), *count)).collect(),
            arp: read.arp,
            duplicates: read.duplicates,
            connections: self.conns,
            protocols: &self.protocols,
            open: &self.opens,
            close: &self.closes,
            packets: self.packets,
            payload_bytes: self.payload_bytes,
            retransmits: self.retransmits,
            damage: read
                .damage
                .iter()
                .map(|hole| Hole { input: &hole.input, offset: hole.offset, what: &hole.what, skipped: hole.skipped })
                .collect(),
        };
        // Strings and numbers into memory: nothing can fail.
        let _ = serde_json::to_writer(&mut *out, &line);
        out.push(b'\n');
    }
}

/// `12 normal, 3 refused`, the most frequent first.
fn listed<K: AsRef<str>>(counts: &BTreeMap<K, u64>) -> String {
    let mut counts: Vec<(&str, u64)> = counts.iter().map(|(name, count)| (name.as_ref(), *count)).collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{} {name}", human::count(*count))).collect();
    counts.join(", ")
}
