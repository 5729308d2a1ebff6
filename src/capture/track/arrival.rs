//! A packet on its way into a conversation.

use super::notes::{Note, Notes};
use super::pass::At;
use crate::capture::record::{Body, Checksum, Record};
use crate::wire::{FlowKey, Side};

/// A packet on its way into a conversation.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'a> {
    pub(super) n: u64,
    pub(super) record: &'a Record,
    pub(super) key: FlowKey,
    pub(super) side: Side,
    pub(super) ip_bytes: u64,
    pub(super) ip_id: u32,
    pub(super) ttl: u8,
}

impl<'a> Arrival<'a> {
    /// Packet `n` as the part of a conversation that it is, if it is one.
    #[inline]
    pub(super) fn of(n: u64, record: &'a Record) -> Option<Self> {
        let (src, dst, protocol) = record.endpoints()?;
        let ip = record.ip.as_ref()?;
        let (key, side) = FlowKey::of(src, dst, protocol, &record.vlans);
        let len = record.fragments.as_ref().map_or(ip.len, |fragments| fragments.octets);
        let ip_bytes = u64::from(if len == 0 { record.cap_len } else { len });
        Some(Self { n, record, key, side, ip_bytes, ip_id: ip.id, ttl: ip.ttl })
    }

    pub(super) fn after(&self, first_n: u64) -> u32 {
        u32::try_from(self.n.saturating_sub(first_n)).unwrap_or(u32::MAX)
    }

    pub(super) fn at(&self, first_n: u64) -> At {
        At {
            from: self.side,
            after: self.after(first_n),
            time: self.record.time,
            ip_id: self.ip_id,
            ttl: self.ttl,
            ip_bytes: self.ip_bytes,
        }
    }
}

/// What the record says of the capture rather than of the connection.
#[inline]
pub(super) fn capture_notes(record: &Record) -> Notes {
    let mut notes = Notes::NONE;
    let (checksum, truncated) = match &record.body {
        Body::Tcp(tcp) => (tcp.checksum_ok, tcp.truncated),
        Body::Udp(udp) => (udp.checksum_ok, udp.truncated),
        Body::Icmp(icmp) => (icmp.checksum_ok, false),
        Body::Arp(_) | Body::Skip(_) => (Checksum::Unverified, false),
    };
    match checksum {
        Checksum::Bad => notes.add(Note::ChecksumBad),
        Checksum::Unfinished => notes.add(Note::ChecksumOffload),
        Checksum::Good | Checksum::Unverified | Checksum::Absent => {}
    }
    if truncated {
        notes.add(Note::Truncated);
    }
    if let Some(fragments) = &record.fragments {
        notes.add(Note::Fragment);
        if fragments.overlap {
            notes.add(Note::FragmentOverlap);
        }
    }
    if record.ip.as_ref().is_some_and(|ip| ip.ecn() == 3) {
        notes.add(Note::EcnCe);
    }
    notes
}
