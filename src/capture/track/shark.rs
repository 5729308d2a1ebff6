//! What Wireshark would say of a connection: its stream number and `tcp.completeness`.
//!
//! Wireshark keeps one conversation per pair of endpoints, whatever their VLANs, and begins a new
//! stream only at a SYN whose sequence number is not the direction's base. Source of the rules:
//! Wireshark's `packet-tcp.c`, 4.0.

use super::slab::Slot;
use super::table::Table;
use crate::wire::{Flags, FlowKey, Protocol, Segment, Seq, Side};

/// `tcp.completeness` bits.
mod bit {
    pub(super) const SYN: u8 = 1;
    pub(super) const SYN_ACK: u8 = 2;
    pub(super) const ACK: u8 = 4;
    pub(super) const DATA: u8 = 8;
    pub(super) const FIN: u8 = 16;
    pub(super) const RST: u8 = 32;
}

/// Every pair of endpoints, and the streams they had.
#[derive(Debug, Default)]
pub(super) struct Shark {
    table: Table,
    pairs: Vec<Pair>,
    /// `tcp.completeness` of each TCP stream.
    completeness: Vec<u8>,
    udp_streams: u32,
}

/// A pair of endpoints.
#[derive(Clone, Copy, Debug)]
struct Pair {
    key: FlowKey,
    stream: u32,
    base: [Option<Seq>; 2],
    /// The connection its packets belonged to last.
    last_conn: Option<Slot>,
}

impl Shark {
    /// The handle of a pair of endpoints, made when it is met first.
    pub(super) fn pair(&mut self, key: FlowKey) -> u32 {
        let key = key.without_vlans();
        let pairs = &self.pairs;
        if let Some(at) = self.table.find(&key, |at| pairs[at as usize].key) {
            return at;
        }
        let stream = match key.protocol() {
            Protocol::Tcp => self.new_stream(),
            Protocol::Udp => {
                self.udp_streams += 1;
                self.udp_streams - 1
            }
            Protocol::Icmp => 0,
        };
        let at = self.pairs.len() as u32;
        self.pairs.push(Pair { key, stream, base: [None; 2], last_conn: None });
        let pairs = &self.pairs;
        self.table.insert(&key, at, |at| pairs[at as usize].key);
        at
    }

    fn new_stream(&mut self) -> u32 {
        self.completeness.push(0);
        (self.completeness.len() - 1) as u32
    }

    /// The connection that the endpoints of `key` had last, in whatever VLAN.
    pub(super) fn last_conn(&self, key: FlowKey) -> Option<Slot> {
        let pairs = &self.pairs;
        let at = self.table.find(&key.without_vlans(), |at| pairs[at as usize].key)?;
        self.pairs[at as usize].last_conn
    }

    pub(super) fn set_last_conn(&mut self, pair: u32, conn: Slot) {
        self.pairs[pair as usize].last_conn = Some(conn);
    }

    /// The stream `pair` is in now.
    pub(super) fn stream(&self, pair: u32) -> u32 {
        self.pairs[pair as usize].stream
    }

    /// The completeness of a TCP stream as far as it was seen.
    pub(super) fn completeness(&self, stream: u32) -> u8 {
        self.completeness.get(stream as usize).copied().unwrap_or(0)
    }

    /// Takes in a segment; returns the stream it belongs to.
    pub(super) fn segment(&mut self, pair: u32, side: Side, segment: &Segment) -> u32 {
        let pair = &mut self.pairs[pair as usize];
        let fresh = pair.base == [None; 2];
        let base = &mut pair.base[side as usize];
        let flags = segment.flags;
        let mut reused = false;
        if flags.is_syn() {
            reused = base.is_some_and(|base| base != segment.seq);
            *base = Some(segment.seq);
        } else if base.is_none() || (flags.is_syn_ack() && *base != Some(segment.seq)) {
            *base = Some(if flags.contains(Flags::SYN) { segment.seq } else { segment.seq - 1 });
        }
        if reused {
            pair.base[!side as usize] = None;
            self.completeness.push(0);
            pair.stream = (self.completeness.len() - 1) as u32;
        }
        let stream = pair.stream;
        self.completeness[stream as usize] |= bits(segment, fresh || reused);
        stream
    }
}

fn bits(segment: &Segment, first: bool) -> u8 {
    let flags = segment.flags;
    let mut bits = 0;
    if flags.is_syn() {
        if first {
            bits |= bit::SYN;
            if segment.len > 0 {
                bits |= bit::DATA;
            }
        }
    } else if flags.is_syn_ack() {
        bits |= bit::SYN_ACK;
    } else if flags.contains(Flags::ACK) {
        bits |= if segment.len > 0 { bit::DATA } else { bit::ACK };
        if flags.contains(Flags::FIN) {
            bits |= bit::FIN;
        }
    }
    if flags.contains(Flags::RST) {
        bits |= bit::RST;
    }
    bits
}
