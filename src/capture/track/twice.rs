use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv4Addr};

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
        Self { recent: [Print::NONE; REACH], at: 0, hasher: table::seeded() }
    }
}

#[derive(Clone, Copy, Debug)]
struct Print {
    hash: u64,
    n: u64,
    time: Timestamp,
    /// Who sent it.
    src: IpAddr,
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
            src: ip.src,
            ip_id: ip.id,
            place: self.hasher.hash_one((record.interface, record.vlans, record.ether, ip.ttl)),
        };
        let original = self.recent.iter().find(|earlier| self.is_copy(&print, earlier)).map(|earlier| earlier.n);
        if original.is_none() {
            self.recent[self.at] = print;
            self.at = (self.at + 1) % REACH;
        }
        original
    }

    fn is_copy(&self, print: &Print, earlier: &Print) -> bool {
        if print.hash != earlier.hash || print.ip_id != earlier.ip_id || earlier.n == 0 {
            return false;
        }
        let gap = Span((print.time - earlier.time).0.abs());
        gap <= Span::from_micros(200)
            || (print.place != earlier.place && gap <= Span::from_millis(5))
            || (gap <= Span::from_millis(100) && self.counts_ids(print))
    }

    /// Whether the sender numbers its packets, so that the same identification means the same one.
    fn counts_ids(&self, print: &Print) -> bool {
        let another = |earlier: &&Print| earlier.src == print.src && earlier.hash != print.hash && earlier.n != 0;
        print.ip_id != 0 && !self.recent.iter().filter(another).any(|earlier| earlier.ip_id == print.ip_id)
    }
}

impl Print {
    /// That of no packet.
    const NONE: Self =
        Self { hash: 0, n: 0, time: Timestamp(0), src: IpAddr::V4(Ipv4Addr::UNSPECIFIED), ip_id: 0, place: 0 };
}
