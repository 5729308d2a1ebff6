//! The check of the `stream` target: two ends whose octets say by themselves where they belong.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use super::octets::Octets;
use synfin::capture::stream::{Above, Both, Event, Interest, Limits, Streams};
use synfin::capture::track::{ConnId, Tracker};
use synfin::capture::{Checksums, Conn, Link, OwnedFrame, Packet, decode};
use synfin::craft::Field;
use synfin::craft::emit::{self, Spec, Transport, emit};
use synfin::wire::{Endpoint, Flags, OptionList, Segment, Seq, Timestamp, Window};

/// Packets that are looked at, at most.
const MOST: usize = 400;

/// Reads an input as a conversation: four octets for each packet, which mostly fits. Whatever it is,
/// what is told goes on without a gap, stands where it was said, and takes no more room than it may.
pub(crate) fn check(input: &[u8]) {
    let mut octets = Octets(input);
    let how = octets.u8();
    let limits = Limits { side: usize::from(how) << 5, total: usize::from(how) << 6 };
    let mut tracker = Tracker::default();
    let mut streams = Streams::new(limits);
    let whole = Listener::default();
    let mut above = Both::new(whole, Listener { patience: Some(u32::from(octets.u8())), ..Listener::default() });
    let mut next = [Seq(0xffff_ff00), Seq(0x7fff_ff00)];
    let mut last = Vec::new();
    for n in 1..=MOST as u64 {
        if octets.is_empty() {
            break;
        }
        let (what, odd) = (octets.u8(), octets.u8());
        let bytes = if what & 15 == 15 && !last.is_empty() {
            std::mem::take(&mut last)
        } else {
            packet(&mut octets, what & 15, odd, usize::from(what >> 4 & 1), &mut next)
        };
        let mut frame = OwnedFrame::new(Timestamp(1_000_000_000 + n * 3_000_000), Link::Raw, bytes);
        last.clone_from(&frame.bytes);
        if what & 0x20 != 0 {
            // A snap length.
            frame.bytes.truncate(40 + usize::from(odd));
        }
        let record = decode(&frame.as_frame(), Checksums::Ignore);
        let Some(seen) = tracker.observe(n, &record) else { continue };
        let conn = tracker.conn(&seen).expect("what is spoken of is followed");
        let frame = frame.as_frame();
        let packet = Packet { n, frame, record: &record, datagram: frame.bytes };
        streams.take(&packet, &seen, conn, &mut above);
        assert!(streams.held() <= limits.total, "{} octets are held, more than {}", streams.held(), limits.total);
    }
    tracker.settle();
    for conn in tracker.conns() {
        streams.ended(&conn, &mut above);
    }
    assert_eq!(streams.held(), 0, "something is kept of what has ended");
    for side in above.one.sides.values() {
        assert!(side.ended, "a side that was heard has no end");
    }
}

fn packet(octets: &mut Octets<'_>, what: u8, odd: u8, side: usize, next: &mut [Seq; 2]) -> Vec<u8> {
    let ends =
        [(1, 40_000), (2, 80)].map(|(host, port)| Endpoint { addr: IpAddr::V4(Ipv4Addr::new(10, 0, 0, host)), port });
    let (from, to) = (ends[side], ends[1 - side]);
    let (own, peer) = (next[side], next[1 - side]);
    let mut segment = Segment { seq: own, ack: peer, flags: Flags::ACK, window: Window(9_000), ..Segment::default() };
    let mut len = 0;
    match what {
        0 => (segment.flags, segment.ack) = (Flags::SYN, Seq(0)),
        1 => segment.flags = Flags::SYN | Flags::ACK,
        2 => {}
        3..=5 => len = usize::from(odd) + 1,
        // Again, or across; and early.
        6 | 7 => {
            segment.seq = own + 0_u32.wrapping_sub(u32::from(octets.u8()));
            len = usize::from(odd);
        }
        8 | 9 => {
            segment.seq = own + u32::from(octets.u8());
            len = usize::from(odd);
        }
        10 => segment.flags = Flags::FIN | Flags::ACK,
        11 => {
            segment.flags = Flags::RST | Flags::ACK;
            len = usize::from(odd & 3);
        }
        12 => segment.ack = peer + octets.near() as u32,
        // Anything at all.
        13 => {
            segment.flags = Flags(octets.u16() & 0x1ff);
            segment.seq = own + (u32::from(octets.u8()) << 24);
            segment.ack = peer + (u32::from(octets.u8()) << 24);
            len = usize::from(odd);
        }
        _ => {
            let payload = vec![odd; usize::from(odd)];
            let transport = Transport::Udp { len: Field::Right };
            return built(&Spec { transport, payload: &payload, ..Spec::tcp(from, to, &segment, &OptionList::EMPTY) });
        }
    }
    let taken = segment.flags.contains(Flags::SYN) as u32 + segment.flags.contains(Flags::FIN) as u32 + len as u32;
    if what < 12 && (segment.seq + taken).after(own) {
        next[side] = segment.seq + taken;
    }
    // Each octet is the lowest of its number, so its place can be told from it.
    let first = segment.seq + u32::from(segment.flags.contains(Flags::SYN));
    let payload: Vec<u8> = (0..len as u32).map(|at| (first + at).0 as u8).collect();
    built(&Spec { payload: &payload, ..Spec::tcp(from, to, &segment, &OptionList::EMPTY) })
}

fn built(spec: &Spec<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let ip = emit::Ip { id: 7, ..emit::Ip::default() };
    emit(&Spec { ip, ..*spec }, &mut bytes).expect("what is described here can be built");
    bytes
}

/// Holds what it hears against what it heard.
#[derive(Default)]
struct Listener {
    sides: HashMap<(ConnId, usize), Side>,
    asked: HashMap<ConnId, u32>,
    /// How many events of a side it wants to hear; all where there is no number.
    patience: Option<u32>,
}

#[derive(Default)]
struct Side {
    next: u64,
    events: u32,
    /// What has to be added to an offset for the lowest eight bits of its octet.
    base: Option<u8>,
    ended: bool,
}

impl Above for Listener {
    fn wants(&mut self, conn: &Conn) -> bool {
        let asked = self.asked.entry(conn.id).or_default();
        *asked += 1;
        assert_eq!(*asked, 1, "asked again about {:?}", conn.id);
        true
    }

    fn hear(&mut self, conn: &Conn, event: &Event<'_>) -> Interest {
        assert!(self.asked.contains_key(&conn.id));
        let side = self.sides.entry((conn.id, conn.side(event.from()) as usize)).or_default();
        assert!(!side.ended, "something after the end of {:?}", conn.id);
        assert!(self.patience.is_none_or(|most| side.events <= most), "something after enough");
        side.events += 1;
        let (at, len) = match event {
            Event::Octets(octets) => {
                let is_tcp = conn.protocol() == synfin::wire::Protocol::Tcp;
                for (at, octet) in (octets.at..).zip(octets.bytes).filter(|_| is_tcp) {
                    let base = octet.wrapping_sub(at as u8);
                    assert_eq!(*side.base.get_or_insert(base), base, "octet {at} of {:?} is not its own", event.from());
                }
                (octets.at, octets.bytes.len() as u64)
            }
            Event::Hole(hole) => (hole.at, hole.len),
            Event::End(end) => {
                side.ended = true;
                (end.at, 0)
            }
        };
        assert_eq!(at, side.next, "something is left out");
        assert!(len > 0 || side.ended, "an event about nothing");
        side.next += len;
        if self.patience.is_some_and(|most| side.events > most) { Interest::Enough } else { Interest::More }
    }
}
