//! The check of the `track` target: a few ends that say whatever comes to mind, but mostly what fits.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::octets::Octets;
use synfin::capture::track::{Basis, Limits, Role, Timers};
use synfin::capture::{
    Body, Checksums, Conn, Link, Next, Observation, OwnedFrame, Record, Sink, Source, SourceError, Tracker, decode,
    pump,
};
use synfin::craft::Field;
use synfin::craft::emit::{self, Spec, Transport, emit};
use synfin::wire::{Endpoint, Flags, OptionList, Segment, Seq, Timestamp, Window};

/// Packets that are looked at, at most.
const MOST: usize = 300;

/// Connections that speak at once.
const CONNS: usize = 4;

/// Reads an input as a play: what each packet is, an octet; what is odd about it, two more. It is shown
/// to a tracker as it is, and with other addresses, numbers and days, which changes nothing; nor does
/// it that nobody asks what the packets meant.
pub(crate) fn check(input: &[u8]) {
    let plain = Scene { mirrored: false, base: 0x4000_0000, day: 0 };
    let Performed { said, literal, frames, limits } = perform(input, plain);
    if limits.conns == Limits::default().conns {
        let asked = pumped(&frames, limits, true);
        compare("packets that nobody asks for", &asked, &pumped(&frames, limits, false));
    }
    compare("mirrored addresses", &said, &perform(input, Scene { mirrored: true, ..plain }).said);
    compare("another day", &said, &perform(input, Scene { day: 1, ..plain }).said);
    let shifted = perform(input, Scene { base: 0xffff_fff0, ..plain });
    if !(literal || shifted.literal) {
        compare("shifted numbers", &said, &shifted.said);
    }
}

fn compare(what: &str, one: &[String], other: &[String]) {
    assert_eq!(one.len(), other.len(), "{what} make a difference");
    for (at, (one, other)) in (1..).zip(one.iter().zip(other)) {
        assert_eq!(one, other, "{what} make a difference to {at} of what is said");
    }
}

/// What changes nothing.
#[derive(Clone, Copy)]
struct Scene {
    mirrored: bool,
    base: u32,
    day: u64,
}

/// One end of a connection, as far as a sender knows.
#[derive(Clone, Copy, Default)]
struct End {
    nxt: Seq,
    window: u16,
}

/// What comes of a play.
struct Performed {
    /// What the tracker says of each packet and each connection.
    said: Vec<String>,
    /// Whether a number was a literal 0, which means something of its own.
    literal: bool,
    /// The packets, in Ethernet, and how the tracker kept within its bounds.
    frames: Vec<OwnedFrame>,
    limits: Limits,
}

/// Plays the input.
fn perform(input: &[u8], scene: Scene) -> Performed {
    let mut octets = Octets(input);
    let how = octets.u8();
    #[allow(clippy::needless_update)]
    let limits = Limits {
        conns: if how & 1 != 0 { 1 + u32::from(how >> 6) } else { Limits::default().conns },
        timers: (how & 2 != 0).then(Timers::default),
        ..Limits::default()
    };
    let mut tracker = Tracker::new(limits);
    let mut ends = [[End::default(); 2]; CONNS];
    for (number, pair) in ends.iter_mut().enumerate() {
        for (side, end) in pair.iter_mut().enumerate() {
            end.nxt = Seq(scene.base) + (number * 2 + side) as u32 * 0x0101_0000;
            end.window = 1_000;
        }
    }
    let mut time = 1_000_000_000 + scene.day * 86_400_000_000_000;
    let (mut said, mut literal, mut frames) = (Vec::new(), false, Vec::new());
    let mut last = Vec::new();
    let mut given_up = 0;
    for n in 1..=MOST as u64 {
        if octets.is_empty() {
            break;
        }
        let (what, odd) = (octets.u8(), octets.u8());
        let (conn, side) = (usize::from(what >> 5 & 3), usize::from(what >> 4 & 1));
        time += match odd >> 6 {
            0 => 1_000_000,
            1 => 10_000_000,
            2 => 1_300_000_000,
            _ => 40_000_000_000,
        };
        let bytes = if what & 15 == 15 && !last.is_empty() {
            time -= if odd & 1 != 0 { 999_000 } else { 0 };
            std::mem::take(&mut last)
        } else {
            packet(&mut octets, what & 15, odd & 63, &mut ends[conn], side, conn, scene)
        };
        let ethertype: [u8; 2] = if bytes.first().is_some_and(|first| first >> 4 == 6) { [0x86, 0xdd] } else { [8, 0] };
        let ethernet = [&[2; 12], &ethertype[..], &bytes].concat();
        frames.push(OwnedFrame::new(Timestamp(time), Link::Ethernet, ethernet));
        let frame = OwnedFrame::new(Timestamp(time), Link::Raw, bytes);
        let record = decode(&frame.as_frame(), Checksums::Verify);
        literal |= is_literal(&record);
        last = frame.bytes;
        let seen = tracker.observe(n, &record);
        said.push(seen.map_or(String::new(), packet_words));
        if let Some(seen) = seen {
            check_seen(&tracker, &seen, n);
        }
        while let Some(conn) = tracker.departed() {
            assert!(conn.ended().is_some());
            given_up += 1;
            said.push(conn_words(&conn));
        }
        assert!(tracker.conns().len() <= limits.conns as usize, "more connections than may be followed");
        assert!(given_up + tracker.conns().len() as u64 <= tracker.begun());
    }
    tracker.settle();
    said.extend(tracker.conns().map(|conn| conn_words(&conn)));
    Performed { said, literal, frames, limits }
}

/// What is told of the connections of `frames`, where packets are asked for or not.
fn pumped(frames: &[OwnedFrame], limits: Limits, asks: bool) -> Vec<String> {
    let mut told = Connections { asks, told: Vec::new() };
    let mut source = Frames(frames.iter());
    pump(&mut source, Checksums::Ignore, &mut Tracker::new(limits), &mut told).expect("nothing here fails");
    told.told
}

struct Frames<'a>(std::slice::Iter<'a, OwnedFrame>);

impl Source for Frames<'_> {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        Ok(self.0.next().map_or(Next::End, |frame| Next::Frame(frame.as_frame())))
    }
}

/// Hears of connections.
struct Connections {
    asks: bool,
    told: Vec<String>,
}

impl Sink for Connections {
    fn wants_packets(&self) -> bool {
        self.asks
    }

    fn ended(&mut self, conn: &Conn) -> std::io::Result<()> {
        self.told.push(format!("{} {:?}", conn_words(conn), conn.notes()));
        Ok(())
    }
}

fn packet(
    octets: &mut Octets<'_>,
    what: u8,
    odd: u8,
    ends: &mut [End; 2],
    side: usize,
    conn: usize,
    scene: Scene,
) -> Vec<u8> {
    let (from, to) = (endpoint(conn, side, scene), endpoint(conn, 1 - side, scene));
    let (own, peer) = (ends[side], ends[1 - side]);
    let ack = Flags::ACK;
    let mut segment =
        Segment { seq: own.nxt, ack: peer.nxt, flags: ack, window: Window(own.window), ..Segment::default() };
    let mut options = OptionList::EMPTY;
    let mut len = 0;
    match what {
        0 => {
            segment.flags = Flags::SYN;
            segment.ack = Seq(0);
            options = opening(odd);
        }
        1 => {
            segment.flags = Flags::SYN | ack;
            options = opening(odd);
        }
        2 => {}
        3 => {
            segment.flags = ack | Flags::PSH;
            len = 1 + usize::from(odd) * 23;
        }
        4 => {
            segment.flags = ack | Flags::FIN;
            len = usize::from(odd & 1) * 10;
        }
        5 => {
            segment.flags = if odd & 1 == 0 { Flags::RST } else { Flags::RST | ack };
            segment.ack = if odd & 1 == 0 { Seq(0) } else { segment.ack };
        }
        // Said again, whole or in part; and from the time before.
        6 => {
            segment.seq = own.nxt + 0_u32.wrapping_sub(u32::from(octets.u8()));
            len = usize::from(odd) * 4;
        }
        // Something is missing before it.
        7 => {
            segment.seq = own.nxt + u32::from(octets.u8());
            len = usize::from(odd) + 1;
        }
        // A probe of an idle connection, or of a closed window.
        8 => {
            segment.seq = own.nxt + u32::MAX;
            len = usize::from(odd & 1);
        }
        9 => {
            ends[side].window = if odd & 1 == 0 { 0 } else { u16::from(odd) << 8 };
            segment.window = Window(ends[side].window);
        }
        10 => {
            let left = peer.nxt + 10;
            let edges = [left.0.to_be_bytes(), (left + u32::from(odd)).0.to_be_bytes()].concat();
            options = OptionList::from_octets(&[&[1, 1, 5, 10], &edges[..]].concat()).expect("it fits");
            segment.ack = peer.nxt + 0_u32.wrapping_sub(u32::from(odd & 7));
        }
        // Anything at all.
        11 => {
            segment.flags = Flags(octets.u16() & 0x1ff);
            segment.seq = own.nxt + octets.near() as u32;
            // Without ACK the field counts from nothing.
            let base = if segment.flags.contains(ack) { peer.nxt } else { Seq(0) };
            segment.ack = base + octets.near() as u32;
            segment.window = Window(octets.u16());
            segment.urgent = u16::from(octets.u8());
            // Whole words, so that nothing is added that could be taken for the end of a SACK block.
            let mut list = octets.take(usize::from(odd & 31)).to_vec();
            list.resize(list.len().next_multiple_of(4), 0);
            let list = OptionList::from_octets(&list).expect("it fits");
            options = list.counted_from(peer.nxt);
            len = usize::from(odd >> 5) * 100;
        }
        // Another connection of the same pair.
        12 => {
            let base = own.nxt + (u32::from(octets.u8()) << 16) + 1;
            ends[side].nxt = base;
            segment = Segment { seq: base, ack: Seq(0), flags: Flags::SYN, ..segment };
            options = opening(odd);
        }
        13 => return icmp(from, to, peer.nxt + octets.near() as u32, odd),
        _ => {
            let payload = vec![odd; usize::from(odd)];
            let transport = Transport::Udp { len: Field::Right };
            return built(&Spec { transport, payload: &payload, ..Spec::tcp(from, to, &segment, &options) });
        }
    }
    let taken =
        len as u32 + u32::from(segment.flags.contains(Flags::SYN)) + u32::from(segment.flags.contains(Flags::FIN));
    let goes_on = what < 8 && (segment.seq + taken).after(own.nxt);
    if what < 5 || what == 12 || goes_on {
        ends[side].nxt = segment.seq + taken;
    }
    let payload = vec![b'x'; len];
    built(&Spec { payload: &payload, ..Spec::tcp(from, to, &segment, &options) })
}

/// What ends say when they open: some, all or none of the usual.
fn opening(odd: u8) -> OptionList {
    let mut list = OptionList::EMPTY;
    let usual: [(u8, &[u8]); 5] =
        [(2, &[5, 0xb4]), (4, &[]), (8, &[0, 0, 0, 9, 0, 0, 0, 0]), (3, &[7]), (34, &[1, 2, 3, 4])];
    for (bit, (kind, data)) in usual.iter().enumerate() {
        if odd >> bit & 1 != 0 {
            list.push(*kind, data).expect("all of them fit");
        }
    }
    list
}

/// An ICMP error about something that the other end has said.
fn icmp(from: Endpoint, to: Endpoint, seq: Seq, odd: u8) -> Vec<u8> {
    let quoted = Segment { seq, flags: Flags::ACK, ..Segment::default() };
    let quoted = built(&Spec::tcp(to, from, &quoted, &OptionList::EMPTY));
    let (kind, code) = match (odd & 3, from.addr) {
        (0, IpAddr::V4(_)) => (3, odd >> 2),
        (0, IpAddr::V6(_)) => (1, odd >> 2),
        (1, IpAddr::V4(_)) => (11, 0),
        (1, IpAddr::V6(_)) => (2, 0),
        _ => (8, odd),
    };
    let transport = Transport::Icmp { kind, code, word: u32::from(odd) };
    let nothing = Segment::default();
    built(&Spec { transport, payload: &quoted, ..Spec::tcp(from, to, &nothing, &OptionList::EMPTY) })
}

fn built(spec: &Spec<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let ip = emit::Ip { id: 7, ..emit::Ip::default() };
    emit(&Spec { ip, ..*spec }, &mut bytes).expect("what is described here can be built");
    bytes
}

fn endpoint(conn: usize, side: usize, scene: Scene) -> Endpoint {
    let port = [40_000, 80][side] + conn as u16 / 2;
    let addr = if conn.is_multiple_of(2) {
        let bits = Ipv4Addr::new(10, 0, 0, 1 + side as u8).to_bits();
        IpAddr::V4((if scene.mirrored { !bits } else { bits }).into())
    } else {
        let bits = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1 + side as u16).to_bits();
        IpAddr::V6((if scene.mirrored { !bits } else { bits }).into())
    };
    Endpoint { addr, port }
}

/// Whether a number is a literal 0 where one might be counted from somewhere.
fn is_literal(record: &Record) -> bool {
    match record.body {
        Body::Tcp(tcp) => {
            tcp.segment.seq == Seq(0) || tcp.segment.ack == Seq(0) && tcp.segment.flags.contains(Flags::ACK)
        }
        _ => false,
    }
}

fn check_seen(tracker: &Tracker, seen: &Observation, n: u64) {
    let conn = tracker.conn(seen).expect("what is spoken of is followed");
    assert_eq!(conn.id, seen.conn);
    assert!(conn.first_n <= n);
    for role in Role::BOTH {
        for (fact, basis) in seen.knew.of(role).iter() {
            let still = seen.know.of(role).basis(fact);
            assert!(basis != Basis::Proven || still == Some(Basis::Proven), "packet {n}: {role:?} forgot {fact:?}");
        }
    }
}

fn packet_words(seen: Observation) -> String {
    let Observation { conn, from, notes, before, after, know, nth, about, .. } = seen;
    format!("{conn:?} {from:?} {notes} {before:?} {after:?} {know:?} {nth} {about:?}")
}

fn conn_words(conn: &Conn) -> String {
    let ends = Role::BOTH.map(|role| {
        let half = conn.half(role);
        format!("{} {:?} {:?} {:?}", half.standing, half.facts, half.counts(), half.offer)
    });
    format!(
        "{:?} {} {} {:?} {} {} {:?} {:?} {ends:?}",
        conn.id,
        conn.open(),
        conn.close(),
        conn.closed_by(),
        conn.history(),
        conn.zeek_state(),
        conn.timing(),
        conn.duration(),
    )
}
