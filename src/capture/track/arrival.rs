//! What a packet brings along, as the tracker wants it.

use super::notes::{Note, Notes};
use super::pass::At;
use crate::capture::arrival::Arrival;
use crate::capture::record::{Body, Checksum, Record};

/// Where and when a packet came by, seen from its conversation, which began with packet `first_n`.
pub(super) fn at(arrival: &Arrival, first_n: u64) -> At {
    At {
        from: arrival.side,
        after: arrival.after(first_n),
        time: arrival.time,
        ip_id: arrival.ip_id,
        ttl: arrival.ttl,
        ip_bytes: arrival.ip_bytes,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::arrival::Passenger;
    use crate::capture::decode::{decode, glance};
    use crate::capture::file::{Capture, Options};
    use crate::capture::track::steady::tests::all_captures;
    use crate::capture::{Checksums, Frame, Next, Source as _};
    use crate::wire::Protocol;

    /// Checks that a glance tells what reading the whole frame tells; says whether it told anything.
    fn agree(frame: &Frame<'_>) -> bool {
        let mut told = Passenger::default();
        let Some(protocol) = glance(1, frame, &mut told) else { return false };
        let record = decode(frame, Checksums::Ignore);
        let arrival = Arrival::of(1, &record).expect("what was told belongs to a conversation");
        let read = match (protocol, record.body) {
            (Protocol::Tcp, Body::Tcp(tcp)) => {
                Passenger { arrival, segment: tcp.segment, checksum: tcp.checksum, ..told }
            }
            (Protocol::Udp, Body::Udp(datagram)) => Passenger { arrival, datagram, ..told },
            _ => panic!("{told:?} of {record:?}"),
        };
        assert_eq!(format!("{told:?}"), format!("{read:?}"));
        assert_eq!(capture_notes(&record), Notes::NONE, "{record:?}");
        true
    }

    #[test]
    fn a_glance_tells_what_reading_tells() {
        let (mut frames, mut told) = (0, 0);
        let mut random = 1_u32;
        for path in all_captures() {
            let Ok(mut capture) = Capture::open(&path, Options::default()) else { continue };
            for _ in 0..3_000 {
                let Ok(Next::Frame(frame)) = capture.next() else { break };
                frames += 1;
                told += u32::from(agree(&frame));
                // And with one octet of its headers another, and cut short.
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let mut bytes = frame.bytes.to_vec();
                if let Some(octet) = bytes.get_mut(random as usize >> 8 & 0x7f) {
                    *octet ^= 1 << (random >> 29);
                }
                agree(&Frame { bytes: &bytes, ..frame });
                bytes.truncate(random as usize >> 16 & 0x7f);
                agree(&Frame { bytes: &bytes, ..frame });
            }
        }
        assert!(told > frames / 10, "a tenth at least is told at a glance: {told} of {frames}");
    }
}
