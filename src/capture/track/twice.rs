use crate::capture::arrival::{Arrival, Place};
use crate::capture::record::Body;
use crate::wire::{FlowKey, Segment, Side, Span, Timestamp};

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
    /// A few bits of what each of them says: hardly any packet has to be compared with one.
    marks: [u32; REACH],
    recent: [Option<Print>; REACH],
    at: usize,
}

impl Default for Twice {
    fn default() -> Self {
        Self { marks: [0; REACH], recent: [None; REACH], at: 0 }
    }
}

#[derive(Clone, Copy, Debug)]
struct Print {
    said: Said,
    n: u64,
    time: Timestamp,
    ip_id: u32,
    place: Place,
}

/// What a packet says, and who says it to whom.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Said {
    key: FlowKey,
    from: Side,
    words: Words,
}

/// What it says, as far as it tells two packets of a conversation apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Words {
    words: [u64; 2],
    ts_val: u32,
}

impl Words {
    /// The words of a packet that belongs to a conversation.
    #[inline]
    pub(super) fn of(body: &Body) -> Option<Self> {
        let (words, ts_val) = match body {
            Body::Tcp(tcp) => return Some(Self::of_segment(&tcp.segment, tcp.checksum)),
            Body::Udp(udp) => ([u64::from(udp.checksum) << 16 | u64::from(udp.len), 17], 0),
            Body::Icmp(icmp) => {
                let numbers = u64::from(icmp.checksum) << 32 | u64::from(icmp.echo_seq);
                ([numbers, u64::from(icmp.kind) << 8 | u64::from(icmp.code)], 1)
            }
            Body::Arp(_) | Body::Skip(_) => return None,
        };
        Some(Self { words, ts_val })
    }

    /// Bits that copies have in common, and few others share.
    #[inline]
    fn mark(self, ip_id: u32) -> u32 {
        let [numbers, rest] = self.words;
        let mixed = (numbers ^ rest.rotate_left(29) ^ u64::from(ip_id) << 7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 32) as u32
    }

    /// The words of a segment with this checksum.
    #[inline]
    pub(super) fn of_segment(segment: &Segment, checksum: u16) -> Self {
        let numbers = u64::from(segment.seq.0) << 32 | u64::from(segment.ack.0);
        let rest = u64::from(checksum) << 48
            | u64::from(segment.flags.0) << 32
            | u64::from(segment.len) << 16
            | u64::from(segment.window.0);
        Self { words: [numbers, rest], ts_val: segment.options.timestamps().map_or(0, |(val, _)| val) }
    }
}

impl Twice {
    /// The number of the packet of which this is a copy, if it is one.
    #[inline]
    pub(super) fn copy_of(&mut self, arrival: &Arrival, words: Words) -> Option<u64> {
        let mark = words.mark(arrival.ip_id);
        // Without a way out in between, so that it is done in a few wide steps.
        let met = self.marks.iter().fold(0, |met, earlier| met | u8::from(*earlier == mark)) != 0;
        if met && let Some(original) = self.original_of(&Print::of(arrival, words)) {
            return Some(original);
        }
        self.marks[self.at] = mark;
        self.recent[self.at] = Some(Print::of(arrival, words));
        self.at = (self.at + 1) % REACH;
        None
    }

    #[cold]
    fn original_of(&self, print: &Print) -> Option<u64> {
        self.recent.iter().flatten().find(|earlier| self.is_copy(print, earlier)).map(|earlier| earlier.n)
    }

    fn is_copy(&self, print: &Print, earlier: &Print) -> bool {
        if !print.said.agrees(&earlier.said) || print.ip_id != earlier.ip_id {
            return false;
        }
        let gap = Span((print.time - earlier.time).0.abs());
        gap <= Span::from_micros(200)
            || (print.place != earlier.place && gap <= Span::from_millis(5))
            || (gap <= Span::from_millis(100) && self.counts_ids(print))
    }

    /// Whether the sender numbers its packets, so that the same identification means the same one.
    fn counts_ids(&self, print: &Print) -> bool {
        let same_source = |earlier: &&Print| earlier.said.source() == print.said.source();
        let another = |earlier: &&Print| !print.said.agrees(&earlier.said);
        let mut others = self.recent.iter().flatten().filter(same_source).filter(another);
        print.ip_id != 0 && !others.any(|earlier| earlier.ip_id == print.ip_id)
    }
}

impl Print {
    #[inline]
    fn of(arrival: &Arrival, words: Words) -> Self {
        let &Arrival { n, time, key, side, ip_id, place, .. } = arrival;
        Self { said: Said { key, from: side, words }, n, time, ip_id, place }
    }
}

impl Said {
    /// Whether the same is said, whatever the VLAN.
    fn agrees(&self, other: &Self) -> bool {
        self.from == other.from && self.words == other.words && self.key.without_vlans() == other.key.without_vlans()
    }

    fn source(&self) -> std::net::IpAddr {
        self.key.endpoint(self.from).addr
    }
}
