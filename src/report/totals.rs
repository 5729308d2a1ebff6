//! What a whole run came to, for `--summary`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::json;
use crate::capture::{Conn, Packet, Summary};
use crate::wire::{Protocol, Timestamp};

/// Counts what a run shows.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    first: Option<Timestamp>,
    last: Timestamp,
    conns: BTreeMap<&'static str, u64>,
    opens: BTreeMap<&'static str, u64>,
    closes: BTreeMap<&'static str, u64>,
}

impl Totals {
    /// Takes in a packet.
    pub fn packet(&mut self, packet: &Packet<'_>) {
        self.first.get_or_insert(packet.record.time);
        self.last = packet.record.time;
    }

    /// Takes in a connection that has ended.
    pub fn ended(&mut self, conn: &Conn) {
        *self.conns.entry(conn.protocol().name()).or_default() += 1;
        *self.opens.entry(conn.open().name()).or_default() += 1;
        if conn.protocol() == Protocol::Tcp {
            *self.closes.entry(conn.close().name()).or_default() += 1;
        }
    }

    /// Writes the totals for eyes.
    ///
    /// # Errors
    ///
    /// When `out` can't be written.
    pub fn write_text(&self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        let seconds = self.elapsed() as f64 / 1e9;
        writeln!(out, "{} frames, {} octets on the wire, {seconds:.6} s", summary.frames, summary.wire_octets)?;
        let skipped = summary.skipped.iter().map(|(skip, count)| (skip.to_string(), *count));
        let arp = (summary.arp > 0).then(|| ("arp".to_owned(), summary.arp));
        list(out, "not followed", arp.into_iter().chain(skipped))?;
        let named = |counts: &BTreeMap<&'static str, u64>| {
            counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<Vec<_>>()
        };
        list(out, "conversations", named(&self.conns))?;
        list(out, "opened", named(&self.opens))?;
        list(out, "closed", named(&self.closes))?;
        list(out, "found", summary.findings.iter().map(|(kind, count)| (kind.name().replace('_', " "), *count)))?;
        if summary.duplicates > 0 {
            writeln!(out, "  {:16}{}", "captured twice", summary.duplicates)?;
        }
        if !summary.damage.is_empty() {
            writeln!(out, "  {:16}{}", "damaged", summary.damage.len())?;
        }
        Ok(())
    }

    /// Writes the totals as a JSON record.
    ///
    /// # Errors
    ///
    /// When `out` can't be written.
    pub fn write_json(&self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        let mut line = Vec::new();
        json::write_summary(&mut line, summary, &self.opens, &self.closes, self.elapsed());
        out.write_all(&line)
    }

    /// From the first frame to the last, in nanoseconds.
    fn elapsed(&self) -> i64 {
        self.first.map_or(0, |first| first.until(self.last).0)
    }
}

/// `  opened          8 normal, 2 refused`; nothing where there is nothing to list.
fn list(out: &mut dyn Write, title: &str, counts: impl IntoIterator<Item = (String, u64)>) -> io::Result<()> {
    let mut any = false;
    for (name, count) in counts {
        if any {
            write!(out, ", {count} {name}")?;
        } else {
            write!(out, "  {title:16}{count} {name}")?;
        }
        any = true;
    }
    if any { writeln!(out) } else { Ok(()) }
}
