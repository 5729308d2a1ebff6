//! The check of the `defrag` target: fragments put together, beside a model that has no bounds and
//! keeps every octet by itself.

use std::collections::HashMap;

use super::octets::Octets;
use synfin::capture::defrag::{Bounds, Defrag};
use synfin::capture::{Checksums, Link, OwnedFrame, decode};
use synfin::wire::{Span, Timestamp};

/// Pieces that are looked at, at most.
const MOST: usize = 400;

/// Reads an input as a row of fragments, four octets each: which datagram, where the piece begins, how
/// long it is, whether more follows. The first octet says how many datagrams may wait.
pub(crate) fn check(input: &[u8]) {
    let mut octets = Octets(input);
    let bounds = octets.u8();
    let narrow = Bounds { datagrams: usize::from(bounds & 3), octets: usize::from(bounds) * 64, age: Span(5) };
    let mut bounded = (bounds & 0x80 != 0).then(|| Defrag::new(narrow));
    let mut defrag = Defrag::default();
    let mut model: HashMap<(bool, u8), Model> = HashMap::new();
    for n in 0..MOST {
        if octets.is_empty() {
            break;
        }
        let (which, place, len, rest) = (octets.u8(), octets.u8(), octets.u8(), octets.u8());
        let (v6, id, more) = (which & 1 != 0, which >> 1 & 3, which & 8 != 0);
        let place = usize::from(place) * if which & 16 != 0 { 256 } else { 8 };
        // Only the last piece may have any length: what follows another begins at a multiple of eight.
        let len = usize::from(len) * 8 + usize::from(rest & 7);
        let piece: Vec<u8> = (0..len).map(|at| (n * 31 + at) as u8).collect();
        let Some(packet) = fragment(v6, id, place, more, &piece) else { continue };

        let frame = OwnedFrame::new(Timestamp(1 + n as u64), Link::Raw, packet.clone());
        let record = decode(&frame.as_frame(), Checksums::Ignore);
        let ip = record.ip.expect("it is an IP packet");
        if !ip.is_fragment() {
            assert!(place == 0 && !more, "a piece that is none");
            assert!(defrag.take(&record, &packet).is_none());
            continue;
        }
        if let Some(bounded) = &mut bounded {
            bounded.take(&record, &packet);
        }
        let expected = if place + len > usize::from(u16::MAX) {
            None
        } else {
            let (end, said) = model.entry((v6, id)).or_default().take(place, &piece, more, v6);
            if end {
                model.remove(&(v6, id));
            }
            said
        };
        let taken = defrag.take(&record, &packet);
        assert_eq!(taken.is_some(), expected.is_some(), "piece {n}: is the datagram whole?");
        if let (Some((whole, fragments)), Some((payload, overlap))) = (taken, expected) {
            let header = if v6 { 40 } else { 20 };
            assert_eq!(&whole[header..], payload, "piece {n}");
            assert_eq!((fragments.octets as usize, fragments.overlap), (whole.len(), overlap), "piece {n}");
            let frame = OwnedFrame::new(Timestamp(0), Link::Raw, whole.to_vec());
            let record = decode(&frame.as_frame(), Checksums::Verify);
            assert!(record.ip.is_some_and(|ip| !ip.is_fragment() && ip.checksum_ok.verdict() != Some(false)));
        }
    }
}

/// An IP packet with a piece of UDP, of ICMP or of nothing known; none where it would be too long.
fn fragment(v6: bool, id: u8, place: usize, more: bool, piece: &[u8]) -> Option<Vec<u8>> {
    let offset = u16::try_from(place / 8).ok().filter(|offset| *offset < 1 << 13)?;
    let mut packet = Vec::with_capacity(48 + piece.len());
    if v6 {
        packet.extend([0x60, 0, 0, 0]);
        packet.extend(u16::try_from(piece.len() + 8).ok()?.to_be_bytes());
        packet.extend([44, 64]);
        packet.extend([0xfd; 32]);
        packet.extend([17, 0]);
        packet.extend((offset << 3 | u16::from(more)).to_be_bytes());
        packet.extend([0, 0, 0, id]);
    } else {
        packet.extend([0x45, 0]);
        packet.extend(u16::try_from(piece.len() + 20).ok()?.to_be_bytes());
        packet.extend([0, id]);
        packet.extend((offset | u16::from(more) << 13).to_be_bytes());
        packet.extend([64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    }
    packet.extend(piece);
    Some(packet)
}

/// A datagram, octet by octet.
#[derive(Default)]
struct Model {
    octets: Vec<Option<u8>>,
    /// What was kept of each piece: where it begins and ends.
    kept: Vec<(usize, usize)>,
    len: Option<usize>,
    begun: bool,
    overlap: bool,
}

impl Model {
    /// Takes in a piece: whether the datagram is over, and what it is if it is whole.
    fn take(&mut self, place: usize, piece: &[u8], more: bool, v6: bool) -> (bool, Option<(Vec<u8>, bool)>) {
        self.begun |= place == 0;
        let end = place + piece.len();
        if !more {
            if self.len.is_some_and(|len| len != end) {
                return (true, None);
            }
            self.len = Some(end);
        }
        if self.len.is_some_and(|len| end.max(self.octets.len()) > len) {
            return (true, None);
        }
        let touched = self.kept.iter().filter(|(from, to)| *to > place && *from < end);
        self.overlap |= touched.clone().any(|kept| *kept != (place, end));
        if v6 && self.overlap {
            return (true, None);
        }
        // A piece of nothing says nothing of where the others end.
        if self.octets.len() < end && !piece.is_empty() {
            self.octets.resize(end, None);
        }
        let mut gap = None;
        for (at, octet) in (place..).zip(piece) {
            if self.octets[at].is_none() {
                self.octets[at] = Some(*octet);
                gap = gap.or(Some(at));
            } else if let Some(from) = gap.take() {
                self.kept.push((from, at));
            }
        }
        self.kept.extend(gap.map(|from| (from, end)));
        let whole = self.begun && self.len == Some(self.octets.len()) && self.octets.iter().all(Option::is_some);
        (whole, whole.then(|| (self.octets.iter().flatten().copied().collect(), self.overlap)))
    }
}
