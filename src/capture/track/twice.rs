use std::hash::BuildHasher;

use foldhash::fast::SeedableRandomState;

use super::table;
use crate::capture::record::{Body, Record};
use crate::wire::{Span, Timestamp};

/// How many packets back a copy may lie.
const REACH: usize = 16;

/// Recognises packets that the capture shows twice: at two interfaces, before and after a bridge,
/// or on `lo` as sent and as received.
///
/// A copy equals its original in addresses, ports, numbers, flags, length, checksum and TSval,
/// and moreover was captured at once, or bears the same identification, or was seen a moment
/// later elsewhere. A retransmission is a new IP packet: it has another identification, and a
/// later TSval.
#[derive(Debug)]
pub(super) struct Twice {
    recent: [Print; REACH],
    at: usize,
    hasher: SeedableRandomState,
}

impl Default for Twice {
    fn default() -> Self {
        Self { recent: [Print::default(); REACH], at: 0, hasher: table::seeded() }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Print {
    hash: u64,
    n: u64,
    time: Timestamp,
    ip_id: u32,
    /// Where it was seen: interface, VLANs, link addresses and TTL.
    place: u64,
}

impl Twice {
    /// The number of the packet of which this is a copy, if it is one.
    pub(super) fn copy_of(&mut self, n: u64, record: &Record) -> Option<u64> {
        let ip = record.ip?;
        let said = match record.body {
            Body::Tcp(tcp) => {
                let segment = &tcp.segment;
                let numbers = u64::from(segment.seq.0) << 32 | u64::from(segment.ack.0);
                let rest = u64::from(tcp.checksum) << 48
                    | u64::from(segment.flags.0) << 32
                    | u64::from(segment.len) << 16
                    | u64::from(segment.window.0);
                (numbers, rest, segment.options.timestamps().map_or(0, |(val, _)| val))
            }
            Body::Udp(udp) => (u64::from(udp.checksum) << 16 | u64::from(udp.len), 17, 0),
            Body::Icmp(icmp) => (
                u64::from(icmp.checksum) << 32 | u64::from(icmp.echo_seq),
                u64::from(icmp.kind) << 8 | u64::from(icmp.code),
                1,
            ),
            Body::Arp(_) | Body::Skip(_) => return None,
        };
        let (src, dst, _) = record.endpoints()?;
        let print = Print {
            hash: self.hasher.hash_one((src, dst, said)),
            n,
            time: record.time,
            ip_id: ip.id,
            place: self.hasher.hash_one((record.interface, record.vlans, record.ether, ip.ttl)),
        };
        let original = self.recent.iter().find(|earlier| print.copies(earlier)).map(|earlier| earlier.n);
        if original.is_none() {
            self.recent[self.at] = print;
            self.at = (self.at + 1) % REACH;
        }
        original
    }
}

impl Print {
    fn copies(&self, earlier: &Self) -> bool {
        if self.hash != earlier.hash || self.ip_id != earlier.ip_id || earlier.n == 0 {
            return false;
        }
        let gap = Span((self.time - earlier.time).0.abs());
        gap <= Span::from_micros(200)
            || (self.ip_id != 0 && gap <= Span::from_millis(100))
            || (self.place != earlier.place && gap <= Span::from_millis(5))
    }
}
