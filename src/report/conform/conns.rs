//! What was seen of every connection of a capture, beside what the tracker keeps of it.

use std::collections::HashMap;

use super::rules;
use super::tally::Rule;
use crate::capture::track::{ConnId, Ends, Note, Role};
use crate::capture::{Body, Checksum, Conn, Observation, Packet, Skip};
use crate::wire::{Flags, Seq, Span, Timestamp};

/// The connections of a capture.
#[derive(Debug, Default)]
pub(super) struct Conns {
    ended: Vec<Conn>,
    told: HashMap<ConnId, Told>,
    /// Frames that belong to no connection.
    unread: Option<Skip>,
    /// The snap length in the file's header.
    snap_len: u32,
    /// A packet has extension headers, which may name other addresses.
    routed: bool,
}

/// What its packets told of a connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    /// Copies that the capture shows.
    pub(super) duplicates: u64,
    /// A packet has a wrong checksum.
    pub(super) bad_checksums: bool,
    /// A packet was cut, or claims more than its frame had.
    pub(super) cut: bool,
    /// A packet claims more than its frame had.
    pub(super) claims_too_much: bool,
    /// The longest silence between two packets.
    pub(super) silence: Span,
    /// A packet came in fragments.
    pub(super) fragments: bool,
    /// A packet's length was left to the hardware.
    pub(super) offload: bool,
    /// A packet has IPv6 extension headers.
    pub(super) extended: bool,
    /// An end used two initial sequence numbers.
    pub(super) jumped: bool,
    /// The sequence numbers of the last SYN of each end.
    syns: Ends<Option<Seq>>,
    last: Option<Timestamp>,
}

impl Conns {
    /// None yet, of a file whose header names this snap length.
    pub(super) fn new(snap_len: u32) -> Self {
        Self { snap_len, ..Self::default() }
    }

    /// Takes in a packet and what it meant.
    pub(super) fn packet(&mut self, packet: &Packet<'_>, seen: Option<&Observation>) {
        let record = packet.record;
        let Some(seen) = seen else {
            if let Body::Skip(skip) = record.body {
                self.unread.get_or_insert(skip);
            }
            return;
        };
        let extended = record.ip.is_some_and(|ip| ip.version() == 6 && ip.hdr_len > 40);
        self.routed |= extended;
        let told = self.told.entry(seen.conn).or_default();
        told.extended |= extended;
        if let Body::Tcp(tcp) = &record.body
            && tcp.segment.flags.contains(Flags::SYN)
        {
            let last = match seen.from {
                Role::Client => &mut told.syns.client,
                Role::Server => &mut told.syns.server,
            };
            told.jumped |= last.is_some_and(|last| last != tcp.segment.seq);
            *last = Some(tcp.segment.seq);
        }
        told.duplicates += u64::from(seen.notes.contains(Note::CaptureDuplicate));
        told.offload |=
            record.ip.is_some_and(|ip| ip.len == 0 || ip.len == 40 && ip.version() == 6 && record.wire_len > 1000);
        told.fragments |= record.fragments.is_some();
        // What is longer than the file's own snap length, libpcap cuts.
        told.claims_too_much |= super::packets::claims_too_much(record);
        told.cut |= told.claims_too_much || record.cap_len > self.snap_len;
        if let Some(last) = told.last {
            told.silence = told.silence.max(record.time - last);
        }
        told.last = Some(record.time);
        let (checksum, cut) = match &record.body {
            Body::Tcp(tcp) => (tcp.checksum_ok, tcp.truncated),
            Body::Udp(udp) => (udp.checksum_ok, udp.truncated),
            Body::Icmp(icmp) => (icmp.checksum_ok, false),
            Body::Arp(_) | Body::Skip(_) => return,
        };
        let ip = record.ip.map(|ip| ip.checksum_ok);
        told.bad_checksums |= checksum == Checksum::Bad || ip == Some(Checksum::Bad);
        told.cut |= cut;
    }

    /// Takes in a connection that will change no more.
    pub(super) fn ended(&mut self, conn: &Conn) {
        self.ended.push(conn.clone());
    }

    /// All connections, in order of first packet.
    pub(super) fn all(&self) -> impl Iterator<Item = &Conn> {
        self.ended.iter()
    }

    /// What the packets of `conn` told.
    pub(super) fn of(&self, conn: &Conn) -> Told {
        self.told.get(&conn.id).copied().unwrap_or_default()
    }

    /// Why a peer may know of a connection that we know nothing of.
    pub(super) fn unread(&self) -> Option<&'static Rule> {
        if self.routed {
            return Some(&rules::SOURCE_ROUTE);
        }
        match self.unread? {
            Skip::Link(_) => Some(&rules::LINK),
            Skip::Fragment => Some(&rules::FRAGMENT),
            Skip::Malformed(_) => Some(&rules::MALFORMED),
            Skip::Truncated(_) => Some(&rules::CUT),
            Skip::NotIp(_) | Skip::Proto(_) => Some(&rules::INNER),
        }
    }
}
