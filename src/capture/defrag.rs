//! IP fragments put together again (RFC 791 §3.2, RFC 8200 §4.5), within bounds.

use std::net::IpAddr;

use super::record::{Fragments, Ip, Record};
use crate::wire::{Span, Timestamp};

/// How much is kept of datagrams that are not whole yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bounds {
    /// Most datagrams at once.
    pub datagrams: usize,
    /// Most octets of them all.
    pub octets: usize,
    /// How long one may wait for its missing pieces, by capture time.
    pub age: Span,
}

impl Default for Bounds {
    /// 256 datagrams, 4 MiB, 30 seconds (as Linux waits).
    fn default() -> Self {
        Self { datagrams: 256, octets: 4 << 20, age: Span::from_secs(30) }
    }
}

/// Datagrams that arrive in pieces.
///
/// Where pieces overlap, the octets that came first count, and it is told; over IPv6 an overlap
/// discards the datagram (RFC 5722). A piece that contradicts the others is left out.
#[derive(Debug, Default)]
pub struct Defrag {
    bounds: Bounds,
    waiting: Vec<Datagram>,
    octets: usize,
    whole: Vec<u8>,
    given_up: u64,
}

#[derive(Debug)]
struct Datagram {
    key: Key,
    since: Timestamp,
    /// The header of the first fragment, as the whole's.
    header: Vec<u8>,
    /// Pieces by place, none overlapping.
    pieces: Vec<(usize, Vec<u8>)>,
    /// Octets of payload, known from the last fragment.
    len: Option<usize>,
    overlap: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Key {
    src: IpAddr,
    dst: IpAddr,
    id: u32,
    proto: u8,
    zone: u32,
}

impl Defrag {
    /// A place for fragments with other bounds than the usual.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, ..Self::default() }
    }

    /// Takes in a fragment, given its record and its octets from the IP header on. Returns the
    /// whole datagram, if this was its last missing piece, as one IP packet.
    pub fn take(&mut self, record: &Record, packet: &[u8]) -> Option<(&[u8], Fragments)> {
        let ip = record.ip.filter(Ip::is_fragment)?;
        let header_len = usize::from(ip.hdr_len);
        // A piece that the snap length cut can't be completed.
        let piece = packet.get(header_len..ip.len as usize)?;
        let place = usize::from(ip.frag_offset);
        if place + piece.len() > usize::from(u16::MAX) {
            return None;
        }
        self.give_up_old(record.time);
        let key = Key { src: ip.src, dst: ip.dst, id: ip.id, proto: ip.proto, zone: record.vlans.zone() };
        let at = self.find(key, record.time);
        let datagram = &mut self.waiting[at];
        if place == 0 {
            datagram.header = header(&ip, packet);
        }
        let before = datagram.octets();
        let fits = datagram.add(place, piece, ip.mf);
        let after = datagram.octets();
        self.octets = self.octets + after - before;
        let forbidden = datagram.overlap && ip.version() == 6;
        if !fits || forbidden {
            self.drop(at);
            return None;
        }
        if datagram.is_whole() {
            let datagram = self.waiting.swap_remove(at);
            self.octets -= datagram.octets();
            datagram.write(&mut self.whole);
            let fragments = Fragments { octets: self.whole.len() as u32, overlap: datagram.overlap };
            return Some((&self.whole, fragments));
        }
        self.make_room();
        None
    }

    /// Datagrams that were given up: too old, too many, or contradicting themselves.
    pub const fn given_up(&self) -> u64 {
        self.given_up
    }

    fn find(&mut self, key: Key, now: Timestamp) -> usize {
        self.waiting.iter().position(|datagram| datagram.key == key).unwrap_or_else(|| {
            let (header, pieces) = (Vec::new(), Vec::new());
            self.waiting.push(Datagram { key, since: now, header, pieces, len: None, overlap: false });
            self.waiting.len() - 1
        })
    }

    fn drop(&mut self, at: usize) {
        let datagram = self.waiting.swap_remove(at);
        self.octets -= datagram.octets();
        self.given_up += 1;
    }

    fn give_up_old(&mut self, now: Timestamp) {
        while let Some(at) = self.waiting.iter().position(|datagram| now - datagram.since > self.bounds.age) {
            self.drop(at);
        }
    }

    /// The oldest goes first.
    fn make_room(&mut self) {
        while self.waiting.len() > self.bounds.datagrams || self.octets > self.bounds.octets {
            let oldest = self.waiting.iter().enumerate().min_by_key(|(_, datagram)| datagram.since);
            let Some((at, _)) = oldest else { return };
            self.drop(at);
        }
    }
}

impl Datagram {
    fn octets(&self) -> usize {
        self.pieces.iter().map(|(_, octets)| octets.len()).sum()
    }

    /// Adds a piece; says whether it agrees with what is known of the datagram's length.
    fn add(&mut self, place: usize, piece: &[u8], more: bool) -> bool {
        let end = place + piece.len();
        if !more {
            if self.len.is_some_and(|len| len != end) {
                return false;
            }
            self.len = Some(end);
        }
        let known_end = self.pieces.iter().map(|(place, octets)| place + octets.len()).max().unwrap_or(0);
        if self.len.is_some_and(|len| end.max(known_end) > len) {
            return false;
        }
        let mut at = place;
        for gap in self.gaps(place, end) {
            let (from, to) = gap;
            at = at.max(from);
            let octets = &piece[at - place..to - place];
            let index = self.pieces.partition_point(|(place, _)| *place < at);
            self.pieces.insert(index, (at, octets.to_vec()));
            at = to;
        }
        true
    }

    /// The parts of `[from, to)` that no piece covers; notes whether one did.
    fn gaps(&mut self, from: usize, to: usize) -> Vec<(usize, usize)> {
        let mut gaps = Vec::new();
        let mut at = from;
        for (place, octets) in &self.pieces {
            let (left, right) = (*place, place + octets.len());
            if right <= at || left >= to {
                continue;
            }
            // The same piece again is a copy, and no contradiction.
            self.overlap |= !(left == from && right == to);
            if left > at {
                gaps.push((at, left));
            }
            at = at.max(right);
        }
        if at < to {
            gaps.push((at, to));
        }
        gaps
    }

    fn is_whole(&self) -> bool {
        let mut at = 0;
        for (place, octets) in &self.pieces {
            if *place != at {
                return false;
            }
            at += octets.len();
        }
        !self.header.is_empty() && self.len == Some(at)
    }

    /// Writes header and payload as one packet.
    fn write(&self, out: &mut Vec<u8>) {
        out.clear();
        out.extend(&self.header);
        for (_, octets) in &self.pieces {
            out.extend(octets);
        }
        let len = out.len();
        match self.key.src {
            IpAddr::V4(_) => {
                put16(out, 2, len.min(usize::from(u16::MAX)) as u16);
                put16(out, 10, 0);
                let sum = header_checksum(&out[..self.header.len()]);
                put16(out, 10, sum);
            }
            IpAddr::V6(_) => put16(out, 4, (len - 40) as u16),
        }
    }
}

/// The header of the whole, made of that of its first fragment: IPv4 without the marks of a
/// fragment, IPv6 without extension headers.
fn header(ip: &Ip, packet: &[u8]) -> Vec<u8> {
    match ip.src {
        IpAddr::V4(_) => {
            let mut header = packet[..usize::from(ip.hdr_len)].to_vec();
            put16(&mut header, 6, 0);
            header
        }
        IpAddr::V6(_) => {
            let mut header = packet[..40].to_vec();
            header[6] = ip.proto;
            header
        }
    }
}

fn put16(octets: &mut [u8], at: usize, value: u16) {
    octets[at..at + 2].copy_from_slice(&value.to_be_bytes());
}

/// RFC 1071.
fn header_checksum(header: &[u8]) -> u16 {
    let sum: u32 = header.chunks_exact(2).map(|word| u32::from(u16::from_be_bytes([word[0], word[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) + (folded >> 16)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Aside, Body, Checksums, Frame, Link, decode};

    /// A fragment of a UDP datagram from port 1 to port 2, in an IPv4 packet.
    fn fragment(id: u8, place: u8, more: bool, payload: &[u8]) -> Vec<u8> {
        let mut packet =
            vec![0x45, 0, 0, 20 + payload.len() as u8, 0, id, u8::from(more) << 5, place / 8, 64, 17, 0, 0];
        packet.extend([10, 0, 0, 1, 10, 0, 0, 2]);
        packet.extend(payload);
        packet
    }

    fn take(defrag: &mut Defrag, second: u64, packet: &[u8]) -> Option<(Vec<u8>, Fragments)> {
        let time = Timestamp(second * 1_000_000_000);
        let frame = Frame {
            time,
            wire_len: packet.len() as u32,
            link: Link::Raw,
            interface: 0,
            bytes: packet,
            comment: None,
            aside: Aside::NONE,
        };
        let record = decode(&frame, Checksums::Ignore);
        defrag.take(&record, packet).map(|(whole, fragments)| (whole.to_vec(), fragments))
    }

    const HEAD: &[u8] = &[0, 1, 0, 2, 0, 20, 0, 0, b'a', b'b', b'c', b'd', b'e', b'f', b'g', b'h'];
    const TAIL: &[u8] = b"ijkl";

    #[test]
    fn pieces_in_any_order_make_the_whole() {
        for swap in [false, true] {
            let mut pieces = [fragment(7, 0, true, HEAD), fragment(7, 16, false, TAIL)];
            if swap {
                pieces.swap(0, 1);
            }
            let mut defrag = Defrag::default();
            assert_eq!(take(&mut defrag, 1, &pieces[0]), None);
            let (whole, fragments) = take(&mut defrag, 1, &pieces[1]).expect("it is whole");
            assert_eq!(fragments, Fragments { octets: 40, overlap: false });
            assert_eq!(&whole[28..], b"abcdefghijkl");
            let frame = Frame {
                time: Timestamp(0),
                wire_len: 40,
                link: Link::Raw,
                interface: 0,
                bytes: &whole,
                comment: None,
                aside: Aside::NONE,
            };
            let record = decode(&frame, Checksums::Verify);
            assert!(matches!(record.body, Body::Udp(udp) if udp.payload_len == 12 && udp.fault.is_none()));
            assert_eq!(record.ip.and_then(|ip| ip.checksum_ok.verdict()), Some(true));
            assert!(defrag.waiting.is_empty() && defrag.octets == 0);
        }
    }

    #[test]
    fn what_came_first_counts_and_an_overlap_is_told() {
        let mut defrag = Defrag::default();
        take(&mut defrag, 1, &fragment(7, 0, true, HEAD));
        take(&mut defrag, 1, &fragment(7, 8, true, b"XXXXXXXX"));
        let (whole, fragments) = take(&mut defrag, 1, &fragment(7, 8, false, b"YYYYYYYYijkl")).expect("it is whole");
        assert!(fragments.overlap);
        assert_eq!(&whole[28..], b"abcdefghijkl");
    }

    #[test]
    fn the_same_piece_twice_is_no_overlap() {
        let mut defrag = Defrag::default();
        take(&mut defrag, 1, &fragment(7, 0, true, HEAD));
        take(&mut defrag, 1, &fragment(7, 0, true, HEAD));
        let (_, fragments) = take(&mut defrag, 1, &fragment(7, 16, false, TAIL)).expect("it is whole");
        assert!(!fragments.overlap);
    }

    #[test]
    fn pieces_that_contradict_each_other_are_given_up() {
        let mut defrag = Defrag::default();
        take(&mut defrag, 1, &fragment(7, 16, false, TAIL));
        assert_eq!(take(&mut defrag, 1, &fragment(7, 32, true, HEAD)), None);
        assert_eq!((defrag.given_up(), defrag.octets), (1, 0));
    }

    #[test]
    fn a_piece_does_not_wait_for_ever_and_not_with_too_many() {
        let mut defrag = Defrag::new(Bounds { datagrams: 4, ..Bounds::default() });
        for id in 0..20 {
            take(&mut defrag, 1, &fragment(id, 0, true, HEAD));
        }
        assert_eq!((defrag.waiting.len(), defrag.given_up()), (4, 16));
        assert_eq!(take(&mut defrag, 60, &fragment(19, 16, false, TAIL)), None, "its head was too old");
        assert_eq!(defrag.waiting.len(), 1);
    }
}
