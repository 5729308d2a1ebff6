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

/// Wireshark's count of streams, and the pairs of endpoints that several connections share.
#[derive(Debug, Default)]
pub(super) struct Shark {
    /// Pairs that were met with a VLAN tag, or are known from ICMP errors alone.
    table: Table,
    shared: Vec<Shared>,
    free: Vec<u32>,
    quoted: usize,
    /// `tcp.completeness` of the latest TCP streams, and the number of the first of them.
    completeness: VecDeque<u8>,
    oldest: u32,
    udp_streams: u32,
}

/// Where a connection's pair of endpoints is kept.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pair {
    /// Nobody else has these endpoints.
    Own(Numbers),
    /// Connections in several VLANs have them.
    Shared(u32),
}

/// Where the count stands for a pair of endpoints.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    /// The stream it is in now.
    stream: u32,
    /// The number before the first of each side, as far as Wireshark knows.
    base: [Option<Seq>; 2],
}

#[derive(Clone, Copy, Debug)]
struct Shared {
    key: FlowKey,
    numbers: Numbers,
    /// The connection its packets belonged to last.
    last_conn: Option<Slot>,
    /// How many connections there are of it.
    users: u32,
}

impl Pair {
    /// A pair that began with a SYN from `side`, in a stream of its own.
    pub(super) fn begun(stream: u32, side: Side, iss: Seq) -> Self {
        let mut base = [None; 2];
        base[side as usize] = Some(iss);
        Self::Own(Numbers { stream, base })
    }

    /// The pair of a connection of which both ends have shown where they begin.
    pub(super) fn numbered(stream: u32, [a, b]: [Seq; 2]) -> Self {
        Self::Own(Numbers { stream, base: [Some(a), Some(b)] })
    }

    /// The pair of a conversation of datagrams, which have no numbers.
    pub(super) fn unnumbered(stream: u32) -> Self {
        Self::Own(Numbers { stream, base: [None; 2] })
    }
}

impl Shark {
    /// The pair of endpoints of `key`, if it is shared already.
    pub(super) fn known(&self, key: FlowKey) -> Option<Pair> {
        if self.shared.len() == self.free.len() { None } else { self.find(key).map(Pair::Shared) }
    }

    /// A pair of endpoints that was not met before.
    pub(super) fn fresh(&mut self, protocol: Protocol) -> Pair {
        let stream = match protocol {
            Protocol::Tcp => self.new_stream(),
            Protocol::Udp => {
                self.udp_streams += 1;
                self.udp_streams - 1
            }
            Protocol::Icmp => 0,
        };
        Pair::Own(Numbers { stream, base: [None; 2] })
    }

    /// From now on the connections of these endpoints share their numbers, whatever their VLAN;
    /// `conn` is one of them, if there is one.
    pub(super) fn share(&mut self, key: FlowKey, pair: Pair, conn: Option<Slot>) -> Pair {
        let Pair::Own(numbers) = pair else { return pair };
        let key = key.without_vlans();
        let shared = Shared { key, numbers, last_conn: conn, users: u32::from(conn.is_some()) };
        let at = if let Some(at) = self.free.pop() {
            self.shared[at as usize] = shared;
            at
        } else {
            self.shared.push(shared);
            self.shared.len() as u32 - 1
        };
        self.table.insert(self.table.tag(&key), at);
        Pair::Shared(at)
    }

    /// Takes notice of a pair that only an ICMP error speaks of: Wireshark numbers its stream too.
    pub(super) fn quoted(&mut self, key: FlowKey) {
        if self.quoted < QUOTED && self.find(key).is_none() {
            self.quoted += 1;
            let pair = self.fresh(key.protocol());
            self.share(key, pair, None);
        }
    }

    /// A connection begins.
    pub(super) fn join(&mut self, pair: Pair, conn: Slot) {
        if let Pair::Shared(at) = pair {
            let shared = &mut self.shared[at as usize];
            shared.last_conn = Some(conn);
            shared.users += 1;
        }
    }

    /// A connection is given up. With the last of them a pair of endpoints is forgotten.
    pub(super) fn leave(&mut self, pair: Pair) {
        let Pair::Shared(at) = pair else { return };
        let shared = &mut self.shared[at as usize];
        shared.users = shared.users.saturating_sub(1);
        if shared.users == 0 {
            self.table.remove(self.table.tag(&shared.key), at);
            self.free.push(at);
        }
    }

    fn find(&self, key: FlowKey) -> Option<u32> {
        let key = key.without_vlans();
        self.table.find(self.table.tag(&key), |at| self.shared[at as usize].key == key)
    }

    fn new_stream(&mut self) -> u32 {
        if self.completeness.len() == STREAMS {
            self.completeness.pop_front();
            self.oldest += 1;
        }
        self.completeness.push_back(0);
        self.oldest + self.completeness.len() as u32 - 1
    }

    /// `stream`, which is new, begins with a SYN.
    pub(super) fn begin(&mut self, stream: u32) {
        self.add(stream, bit::SYN);
    }

    /// Adds what a connection has shown meanwhile to its stream.
    pub(super) fn add(&mut self, stream: u32, bits: u8) {
        let at = stream.wrapping_sub(self.oldest) as usize;
        if let Some(completeness) = self.completeness.get_mut(at) {
            *completeness |= bits;
        }
    }

    /// The connection that the endpoints of `key` had last, if they are shared.
    pub(super) fn last_conn(&self, key: FlowKey) -> Option<Slot> {
        self.shared[self.find(key)? as usize].last_conn
    }

    /// The stream `pair` is in now.
    pub(super) fn stream(&self, pair: Pair) -> u32 {
        match pair {
            Pair::Own(numbers) => numbers.stream,
            Pair::Shared(at) => self.shared[at as usize].numbers.stream,
        }
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

    /// Whether the packets of a calm connection are still counted to its stream.
    #[inline]
    pub(super) fn has_numbered(&self, conn: &Conn) -> bool {
        match conn.pair {
            Pair::Own(_) => true,
            Pair::Shared(at) => self.shared.get(at as usize).is_some_and(|shared| shared.numbers.know(conn.stream)),
        }
    }

    /// Takes in a segment of `conn`, or of one that will take its place; returns the stream it
    /// belongs to.
    #[inline]
    pub(super) fn segment(&mut self, conn: &mut Conn, side: Side, segment: &Segment) -> u32 {
        let numbers = match &mut conn.pair {
            Pair::Own(numbers) => numbers,
            Pair::Shared(at) => &mut self.shared[*at as usize].numbers,
        };
        let mut first = numbers.base == [None; 2];
        let mut stream = numbers.stream;
        if numbers.take(side, segment) {
            first = true;
            stream = self.new_stream();
            match &mut conn.pair {
                Pair::Own(numbers) => numbers.stream = stream,
                Pair::Shared(at) => self.shared[*at as usize].numbers.stream = stream,
            }
        }
        let bits = bits(segment, first);
        let told = conn.stream == stream && conn.completeness & bits == bits;
        let known = stream.checked_sub(self.oldest).filter(|_| !told);
        if let Some(completeness) = known.and_then(|at| self.completeness.get_mut(at as usize)) {
            *completeness |= bits;
            if conn.stream == stream {
                conn.completeness = *completeness;
            }
        }
        stream
    }
}

/// `tcp.completeness` of a connection whose SYN was answered, given whether step three, data and a FIN
/// followed, all with ACK.
pub(super) fn plain_completeness(opened: bool, data: bool, fin: bool) -> u8 {
    let bit = |is: bool, bit: u8| if is { bit } else { 0 };
    bit::SYN | bit::SYN_ACK | bit(opened, bit::ACK) | bit(data, bit::DATA) | bit(fin, bit::FIN)
}

impl Conn {
    /// Takes down what a bare SYN that begins a stream is for Wireshark.
    pub(super) fn begins_stream(&mut self) {
        self.completeness = bit::SYN;
    }

    /// Whether only a SYN or the like can still change where Wireshark counts its packets to; or one of another
    /// connection, where it shares its endpoints: then it has to be asked [each time](Shark::has_numbered).
    pub(super) fn may_stay_numbered(&self) -> bool {
        match &self.pair {
            Pair::Own(numbers) => numbers.know(self.stream),
            Pair::Shared(_) => true,
        }
    }

    /// Whether a segment of an open connection tells `tcp.completeness` nothing new.
    #[inline]
    pub(super) fn adds_nothing(&self, segment: &Segment) -> bool {
        self.completeness & if segment.len > 0 { bit::DATA } else { bit::ACK } != 0
    }
}

impl Numbers {
    /// Whether both sides have shown where they begin, in this stream.
    fn know(&self, stream: u32) -> bool {
        self.stream == stream && self.base.iter().all(Option::is_some)
    }

    /// Takes in a segment; tells whether it begins another stream.
    #[inline]
    fn take(&mut self, side: Side, segment: &Segment) -> bool {
        let base = &mut self.base[side as usize];
        let flags = segment.flags;
        if flags.is_syn() {
            let reused = base.is_some_and(|base| base != segment.seq);
            *base = Some(segment.seq);
            if reused {
                self.base[!side as usize] = None;
            }
            return reused;
        }
        if base.is_none() || (flags.is_syn_ack() && *base != Some(segment.seq)) {
            *base = Some(if flags.contains(Flags::SYN) { segment.seq } else { segment.seq - 1 });
        }
        false
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
    fn a_shared_pair_is_kept_as_long_as_it_has_connections() {
        let mut shark = Shark::default();
        for port in 1000..2000 {
            let fresh = shark.fresh(Protocol::Tcp);
            let pair = shark.share(key(port), fresh, Some(Slot(0)));
            shark.join(pair, Slot(1));
            assert_eq!(shark.stream(pair), u32::from(port - 1000));
            shark.leave(pair);
            assert!(matches!(shark.known(key(port)), Some(Pair::Shared(_))));
            shark.leave(pair);
            assert!(shark.known(key(port)).is_none());
        }
        assert_eq!((shark.shared.len(), shark.free.len()), (1, 1));
    }
}
