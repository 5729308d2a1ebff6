//! The check of the `apps` target: what is said on a conversation does not hang on how it was cut
//! into segments, and what is kept of it has bounds.

use std::io;

use super::octets::Octets;
use synfin::capture::apps::{App, Apps, Said, Talk};
use synfin::capture::stream::Streams;
use synfin::capture::track::Role;
use synfin::capture::{Checksums, Conn, Link, MemorySource, Observation, OwnedFrame, Packet, Sink, Tracker, pump};
use synfin::wire::Timestamp;

/// Ports whose services differ in what they begin with; the last is of none.
const PORTS: [u16; 10] = [80, 443, 22, 21, 25, 6379, 5432, 3306, 1883, 40000];

/// Reads an input as a conversation: its port and how finely it is cut the second time, then turns, a
/// side and a length of two octets in front of each.
pub(crate) fn check(input: &[u8]) {
    let mut octets = Octets(input);
    let port = PORTS[usize::from(octets.u8()) % PORTS.len()];
    let finely = usize::from(octets.u8() % 32) + 1;
    let mut turns = Vec::new();
    while !octets.is_empty() && turns.len() < 64 {
        let head = octets.u16();
        let from = if head & 0x8000 == 0 { Role::Client } else { Role::Server };
        turns.push((from, octets.take(usize::from(head & 0x0fff))));
    }
    let whole = heard(port, &turns, usize::MAX);
    let cut = heard(port, &turns, finely);
    assert_eq!(whole.said, cut.said, "cut into pieces of {finely}");
    assert_eq!(whole.app, cut.app, "cut into pieces of {finely}");
    assert_eq!((whole.asked, whole.answered), (cut.asked, cut.answered), "cut into pieces of {finely}");
}

/// What a conversation was heard to say.
#[derive(Debug, Default)]
struct Heard {
    said: Vec<(Role, Said)>,
    app: Option<App>,
    asked: u32,
    answered: u32,
}

fn heard(port: u16, turns: &[(Role, &[u8])], piece: usize) -> Heard {
    let mut frames = Vec::new();
    let mut next = [1000_u32, 5000];
    let mut frame = |from: Role, next: &mut [u32; 2], flags, octets: &[u8]| {
        let [own, other] = if from == Role::Client { [0, 1] } else { [1, 0] };
        frames.push(segment(port, from, (next[own], next[other]), flags, octets, frames.len() as u64));
        next[own] = next[own].wrapping_add(octets.len() as u32 + u32::from(flags & SYN != 0));
    };
    frame(Role::Client, &mut next, SYN, &[]);
    frame(Role::Server, &mut next, SYN | ACK, &[]);
    frame(Role::Client, &mut next, ACK, &[]);
    for (from, octets) in turns {
        for octets in octets.chunks(piece.min(1 << 14)) {
            frame(*from, &mut next, ACK, octets);
        }
    }
    let mut sink = Listening::default();
    let mut source = MemorySource::new(frames);
    let summary = pump(&mut source, Checksums::Ignore, &mut Tracker::default(), &mut sink);
    assert!(summary.is_ok_and(|summary| summary.conns == 1));
    sink.heard
}

/// Listens as a sink does.
#[derive(Debug, Default)]
struct Listening {
    streams: Streams,
    apps: Apps,
    heard: Heard,
}

impl Sink for Listening {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        let (seen, conn) = told.expect("all of them belong to one conversation");
        self.streams.take(packet, seen, conn, &mut self.apps);
        // What waits is no more than a side may have, in front of the ear and in it.
        assert!(self.apps.held() <= (2 * (24 + 48) + 16) << 10);
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.streams.ended(conn, &mut self.apps);
        let Talk { app, sayings, asked, answered, said, .. } = self.apps.take(conn).unwrap_or_default();
        assert_eq!(self.apps.held(), 0, "all of it is let go");
        assert!(sayings.len() <= 128 && sayings.len() as u32 <= said && answered <= asked);
        for saying in &sayings {
            assert!(saying.answers.is_none_or(|question| question.index < said && question.at.n <= saying.at.n));
        }
        let said = sayings.into_iter().map(|saying| (saying.from, saying.said)).collect();
        self.heard = Heard { said, app, asked, answered };
        Ok(())
    }
}

const SYN: u8 = 2;
const ACK: u8 = 16;

/// A frame of raw IPv4 with a segment in it.
fn segment(port: u16, from: Role, (seq, ack): (u32, u32), flags: u8, octets: &[u8], n: u64) -> OwnedFrame {
    let mut packet = vec![0x45, 0];
    packet.extend((40 + octets.len() as u16).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 6, 0, 0]);
    let (client, server) = ([10, 0, 0, 1], [10, 0, 0, 2]);
    let (src, dst) = if from == Role::Client { (client, server) } else { (server, client) };
    packet.extend(src);
    packet.extend(dst);
    let (src, dst) = if from == Role::Client { (50000, port) } else { (port, 50000) };
    packet.extend(u16::to_be_bytes(src));
    packet.extend(u16::to_be_bytes(dst));
    packet.extend(seq.to_be_bytes());
    packet.extend(if flags & ACK != 0 { ack } else { 0 }.to_be_bytes());
    packet.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    packet.extend_from_slice(octets);
    OwnedFrame::new(Timestamp(1_000_000 * (n + 1)), Link::Raw, packet)
}
