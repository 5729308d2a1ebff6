//! What Wireshark would say of a connection: its stream number and `tcp.completeness`.
//!
//! Wireshark keeps one conversation per pair of endpoints, whatever their VLANs, and begins a new
//! stream only at a SYN whose sequence number is not the direction's base. Source of the rules:
//! Wireshark's `packet-tcp.c`, 4.0.

use std::collections::VecDeque;

use super::conn::Conn;
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

/// Streams whose completeness is remembered: of older ones only their connections know it.
const STREAMS: usize = 1 << 22;

/// Pairs of endpoints that are known from ICMP errors alone.
const QUOTED: usize = 1 << 16;

/// Every pair of endpoints that a connection has, and the streams they had.
#[derive(Debug, Default)]
pub(super) struct Shark {
    table: Table,
    pairs: Vec<Pair>,
    free: Vec<u32>,
    quoted: usize,
    /// `tcp.completeness` of the latest TCP streams, and the number of the first of them.
    completeness: VecDeque<u8>,
    oldest: u32,
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
    /// How many connections there are of it.
    users: u32,
}

impl Shark {
    /// The handle of a pair of endpoints, made when it is met first.
    pub(super) fn pair(&mut self, key: FlowKey) -> u32 {
        let key = key.without_vlans();
        let pairs = &self.pairs;
        if let Some(at) = self.table.find(&key, |at| pairs[at as usize].key == key) {
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
        let pair = Pair { key, stream, base: [None; 2], last_conn: None, users: 0 };
        let at = if let Some(at) = self.free.pop() {
            self.pairs[at as usize] = pair;
            at
        } else {
            self.pairs.push(pair);
            self.pairs.len() as u32 - 1
        };
        let pairs = &self.pairs;
        self.table.insert(&key, at, |at| &pairs[at as usize].key);
        at
    }

    /// Takes notice of a pair that an ICMP error quotes: Wireshark numbers its stream too.
    pub(super) fn quoted(&mut self, key: FlowKey) {
        if self.quoted < QUOTED && self.find(key).is_none() {
            self.quoted += 1;
            self.pair(key);
        }
    }

    /// A connection begins.
    pub(super) fn join(&mut self, pair: u32, conn: Slot) {
        let pair = &mut self.pairs[pair as usize];
        pair.last_conn = Some(conn);
        pair.users += 1;
    }

    /// A connection is given up. With the last of them a pair of endpoints is forgotten.
    pub(super) fn leave(&mut self, at: u32) {
        let pair = &mut self.pairs[at as usize];
        pair.users = pair.users.saturating_sub(1);
        if pair.users == 0 {
            let (key, pairs) = (pair.key, &self.pairs);
            self.table.remove(&key, |at| &pairs[at as usize].key);
            self.free.push(at);
        }
    }

    fn find(&self, key: FlowKey) -> Option<u32> {
        let key = key.without_vlans();
        self.table.find(&key, |at| self.pairs[at as usize].key == key)
    }

    fn new_stream(&mut self) -> u32 {
        if self.completeness.len() == STREAMS {
            self.completeness.pop_front();
            self.oldest += 1;
        }
        self.completeness.push_back(0);
        self.oldest + self.completeness.len() as u32 - 1
    }

    /// The connection that the endpoints of `key` had last, in whatever VLAN.
    pub(super) fn last_conn(&self, key: FlowKey) -> Option<Slot> {
        self.pairs[self.find(key)? as usize].last_conn
    }

    /// The stream `pair` is in now.
    pub(super) fn stream(&self, pair: u32) -> u32 {
        self.pairs[pair as usize].stream
    }

    /// The completeness of a TCP stream as far as it was seen; `None` for one of long ago.
    pub(super) fn completeness(&self, stream: u32) -> Option<u8> {
        self.completeness.get(stream.checked_sub(self.oldest)? as usize).copied()
    }

    /// Tells a connection what became of its stream, which may have gone on in another.
    pub(super) fn settle(&self, conn: &mut Conn) {
        if conn.protocol() == Protocol::Tcp {
            conn.completeness = self.completeness(conn.stream).unwrap_or(conn.completeness);
        }
    }

    /// Takes in a segment; returns the stream it belongs to.
    pub(super) fn segment(&mut self, pair: u32, side: Side, segment: &Segment) -> u32 {
        let at = pair as usize;
        let pair = &mut self.pairs[at];
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
            self.pairs[at].stream = self.new_stream();
        }
        let stream = self.pairs[at].stream;
        let known = stream.checked_sub(self.oldest).and_then(|at| self.completeness.get_mut(at as usize));
        if let Some(completeness) = known {
            *completeness |= bits(segment, fresh || reused);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Endpoint, Vlans};

    fn key(port: u16) -> FlowKey {
        let at = |port| Endpoint { addr: [10, 0, 0, 1].into(), port };
        FlowKey::of(at(port), at(80), Protocol::Tcp, &Vlans::default()).0
    }

    #[test]
    fn a_pair_is_kept_as_long_as_it_has_connections() {
        let mut shark = Shark::default();
        for port in 1000..2000 {
            let pair = shark.pair(key(port));
            shark.join(pair, Slot(0));
            shark.join(pair, Slot(1));
            assert_eq!(shark.stream(pair), u32::from(port - 1000));
            shark.leave(pair);
            assert_eq!(shark.pair(key(port)), pair);
            shark.leave(pair);
        }
        assert_eq!((shark.pairs.len(), shark.free.len()), (1, 1));
    }
}
