//! Captures of floods, scans and other trouble, made the same every time and written to a file:
//! nothing of this is ever sent.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

/// What a capture is of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Story {
    /// A SYN each from as many sources; the listener answers until its backlog is full. Honest
    /// clients in between.
    Flood,
    /// The same honest clients, without it.
    Honest,
    /// The same flood on a listener that answers all of it with cookies.
    Cookies,
    /// Honest clients of a listener that accepts too slowly.
    Overload,
    /// SYN/ACKs and resets of a host that is flooded elsewhere, under our addresses.
    Backscatter,
    /// One source tries the ports of a host: a SYN each, a RST where one answers.
    PortScan,
    /// The same with whole connections.
    ConnectScan,
    /// The same with a FIN alone, with no flags, with FIN PSH URG.
    FinScan,
    NullScan,
    XmasScan,
    /// The same with datagrams, which ICMP refuses.
    UdpScan,
    /// One source tries one port of many hosts, of which few answer.
    HostScan,
    /// One client asks a closed port again and again.
    Impatient,
}

impl Story {
    pub(crate) const ALL: [(&'static str, Self); 13] = [
        ("flood", Self::Flood),
        ("honest", Self::Honest),
        ("cookies", Self::Cookies),
        ("overload", Self::Overload),
        ("backscatter", Self::Backscatter),
        ("port-scan", Self::PortScan),
        ("connect-scan", Self::ConnectScan),
        ("fin-scan", Self::FinScan),
        ("null-scan", Self::NullScan),
        ("xmas-scan", Self::XmasScan),
        ("udp-scan", Self::UdpScan),
        ("host-scan", Self::HostScan),
        ("impatient", Self::Impatient),
    ];
}

/// How large.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// SYNs of a flood, targets of a scan, clients of an overload.
    pub(crate) many: u32,
    /// From the first to the last, in nanoseconds.
    pub(crate) lasts: u64,
    /// Honest clients in between.
    pub(crate) honest: u32,
}

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const PSH: u8 = 8;
const ACK: u8 = 16;
const URG: u8 = 32;

/// 2026-01-01T00:00:00Z.
const EPOCH: u64 = 1_767_225_600_000_000_000;
const MILLI: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

const VICTIM: End = (0xc633_6401, 80);
const OTHER: End = (0xc633_6402, 443);
const SCANNER: u32 = 0xcb00_7107;

/// Half-open connections that the flooded listener holds.
const BACKLOG: u32 = 1024;

type End = (u32, u16);

/// A packet to come.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Coming {
    time: u64,
    /// Of those of one moment, the one that was thought of first.
    order: u64,
    from: End,
    to: End,
    flags: u8,
    seq: u32,
    ack: u32,
    len: u16,
    kind: u8,
}

const TCP: u8 = 0;
const TCP_OPTIONS: u8 = 1;
const UDP: u8 = 2;
const UNREACHABLE: u8 = 3;

struct Maker<'a> {
    out: &'a mut dyn Write,
    coming: BinaryHeap<Reverse<Coming>>,
    order: u64,
    packets: u64,
    frame: Vec<u8>,
}

/// Writes a pcap of `story`; returns how many packets it has.
pub(crate) fn write(story: Story, size: Size, out: &mut dyn Write) -> io::Result<u64> {
    let head: [u32; 6] = [0xa1b2_3c4d, 4 << 16 | 2, 0, 0, 262_144, 1];
    for word in head {
        out.write_all(&word.to_le_bytes())?;
    }
    let mut maker = Maker { out, coming: BinaryHeap::new(), order: 0, packets: 0, frame: Vec::new() };
    maker.honest(size);
    let step = size.lasts / u64::from(size.many.max(1));
    for n in 0..size.many {
        let time = EPOCH + u64::from(n) * step;
        maker.until(time)?;
        maker.trouble(story, n, time);
    }
    maker.until(u64::MAX)?;
    maker.out.flush()?;
    Ok(maker.packets)
}

impl Maker<'_> {
    fn add(&mut self, time: u64, from: End, to: End, flags: u8, [seq, ack]: [u32; 2], len: u16) {
        self.kind(time, from, to, flags, [seq, ack], len, TCP);
    }

    #[allow(clippy::too_many_arguments)]
    fn kind(&mut self, time: u64, from: End, to: End, flags: u8, [seq, ack]: [u32; 2], len: u16, kind: u8) {
        self.order += 1;
        self.coming.push(Reverse(Coming { time, order: self.order, from, to, flags, seq, ack, len, kind }));
    }

    /// Clients that mean it: a quarter of the listener that is in trouble, a quarter of another port
    /// there, the others of another host.
    fn honest(&mut self, size: Size) {
        for n in 0..size.honest {
            let time = EPOCH + size.lasts / u64::from(size.honest) * u64::from(n) + 17_000;
            let server = [VICTIM, OTHER, (VICTIM.0, 8080), OTHER][n as usize % 4];
            self.conversation(time, (0x0a01_0000 + n, 40_000 + (n % 20_000) as u16), server, 200);
        }
    }

    /// A whole conversation: handshake, question, answer, close.
    fn conversation(&mut self, start: u64, client: End, server: End, len: u16) {
        let (seq, ack) = (mixed(client.0), mixed(server.0 ^ client.0));
        let mut at = start;
        let mut say = |maker: &mut Self, from_client: bool, flags, numbers: [u32; 2], len| {
            let (from, to) = if from_client { (client, server) } else { (server, client) };
            maker.kind(at, from, to, flags, numbers, len, if flags & SYN != 0 { TCP_OPTIONS } else { TCP });
            at += 3 * MILLI;
        };
        let (len32, one) = (u32::from(len), 1);
        say(self, true, SYN, [seq, 0], 0);
        say(self, false, SYN | ACK, [ack, seq + one], 0);
        say(self, true, ACK, [seq + 1, ack + 1], 0);
        let (mut mine, mut theirs) = (seq + 1, ack + 1);
        if len > 0 {
            say(self, true, PSH | ACK, [mine, theirs], len);
            mine += len32;
            say(self, false, PSH | ACK, [theirs, mine], len * 4);
            theirs += len32 * 4;
            say(self, true, ACK, [mine, theirs], 0);
        }
        say(self, true, FIN | ACK, [mine, theirs], 0);
        say(self, false, FIN | ACK, [theirs, mine + 1], 0);
        say(self, true, ACK, [mine + 1, theirs + 1], 0);
    }

    /// What happens `n`th.
    fn trouble(&mut self, story: Story, n: u32, time: u64) {
        let port = 1024 + (mixed(n) % 60_000) as u16;
        let seq = mixed(n ^ 0x5eed);
        let scanner = (SCANNER, 50_000 + (n % 10_000) as u16);
        match story {
            Story::Honest => {}
            Story::Flood | Story::Cookies => {
                // As many addresses as there are SYNs: a walk through all, in no visible order.
                let source = (0x1000_0000 | n.wrapping_mul(0x0934_1b5d) & 0x0fff_ffff, port);
                self.add(time, source, VICTIM, SYN, [seq, 0], 0);
                let cookies = story == Story::Cookies;
                if cookies || n < BACKLOG {
                    let ours = mixed(n ^ 0xbac0);
                    self.add(time + 200_000, VICTIM, source, SYN | ACK, [ours, seq.wrapping_add(1)], 0);
                    for wait in [1, 3] {
                        if !cookies {
                            self.add(
                                time + wait * SECOND + 200_000,
                                VICTIM,
                                source,
                                SYN | ACK,
                                [ours, seq.wrapping_add(1)],
                                0,
                            );
                        }
                    }
                }
            }
            Story::Overload => {
                // Three in four are not accepted: their step three is passed over, and asked for again.
                let client = (0x0a02_0000 + n, port);
                if n.is_multiple_of(4) {
                    return self.conversation(time, client, VICTIM, 50);
                }
                let ours = mixed(n ^ 0xfeed);
                self.kind(time, client, VICTIM, SYN, [seq, 0], 0, TCP_OPTIONS);
                for wait in [0, 1, 3] {
                    let at = time + wait * SECOND + 500_000;
                    self.kind(at, VICTIM, client, SYN | ACK, [ours, seq.wrapping_add(1)], 0, TCP_OPTIONS);
                    self.add(at + 500_000, client, VICTIM, ACK, [seq.wrapping_add(1), ours.wrapping_add(1)], 0);
                }
            }
            Story::Backscatter => {
                let us = (0x0a03_0000 | mixed(n) & 0xffff, port);
                let ours = mixed(n ^ 0xbac5);
                self.add(time, VICTIM, us, SYN | ACK, [ours, seq], 0);
                if n.is_multiple_of(3) {
                    self.add(time + SECOND, VICTIM, us, SYN | ACK, [ours, seq], 0);
                } else if n % 3 == 1 {
                    self.add(time + 100_000, us, VICTIM, RST, [seq, 0], 0);
                }
            }
            Story::PortScan | Story::ConnectScan => {
                let target = (VICTIM.0, 1 + (n % 60_000) as u16);
                if !target.1.is_multiple_of(50) {
                    self.add(time, scanner, target, SYN, [seq, 0], 0);
                    self.add(time + 300_000, target, scanner, RST | ACK, [0, seq.wrapping_add(1)], 0);
                } else if story == Story::ConnectScan {
                    self.conversation(time, scanner, target, 0);
                } else {
                    let ours = mixed(n ^ 0x0fe2);
                    self.add(time, scanner, target, SYN, [seq, 0], 0);
                    self.add(time + 300_000, target, scanner, SYN | ACK, [ours, seq.wrapping_add(1)], 0);
                    self.add(time + 600_000, scanner, target, RST, [seq.wrapping_add(1), 0], 0);
                }
            }
            Story::FinScan | Story::NullScan | Story::XmasScan => {
                let target = (VICTIM.0, 1 + (n % 60_000) as u16);
                let (flags, span) = match story {
                    Story::FinScan => (FIN, 1),
                    Story::XmasScan => (FIN | PSH | URG, 1),
                    _ => (0, 0),
                };
                self.add(time, scanner, target, flags, [seq, 0], 0);
                if !target.1.is_multiple_of(50) {
                    self.add(time + 300_000, target, scanner, RST | ACK, [0, seq.wrapping_add(span)], 0);
                }
            }
            Story::UdpScan => {
                let target = (VICTIM.0, 1 + (n % 60_000) as u16);
                self.kind(time, scanner, target, 0, [0, 0], 4, UDP);
                if !target.1.is_multiple_of(50) {
                    self.kind(time + 300_000, target, scanner, 0, [0, 0], 4, UNREACHABLE);
                }
            }
            Story::HostScan => {
                let target = (0xc612_0000 | mixed(n) & 0xffff, 22);
                self.add(time, scanner, target, SYN, [seq, 0], 0);
                if n.is_multiple_of(20) {
                    self.add(time + 300_000, target, scanner, RST | ACK, [0, seq.wrapping_add(1)], 0);
                }
            }
            Story::Impatient => {
                let client = (0x0a04_0001, 30_000 + (n % 30_000) as u16);
                self.kind(time, client, (VICTIM.0, 5432), SYN, [seq, 0], 0, TCP_OPTIONS);
                self.add(time + 300_000, (VICTIM.0, 5432), client, RST | ACK, [0, seq.wrapping_add(1)], 0);
            }
        }
    }

    /// Writes what comes before `time`.
    fn until(&mut self, time: u64) -> io::Result<()> {
        while self.coming.peek().is_some_and(|Reverse(next)| next.time <= time) {
            let Some(Reverse(packet)) = self.coming.pop() else { break };
            self.packet(&packet)?;
        }
        Ok(())
    }

    fn packet(&mut self, packet: &Coming) -> io::Result<()> {
        let mut body = Vec::with_capacity(60);
        match packet.kind {
            UDP => udp(&mut body, packet.from, packet.to, packet.len),
            UNREACHABLE => {
                let mut quote = Vec::new();
                udp(&mut quote, packet.to, packet.from, packet.len);
                body.extend([3, 3, 0, 0, 0, 0, 0, 0]);
                ipv4(&mut body, packet.to.0, packet.from.0, 17, quote.len());
                body.extend(quote);
            }
            kind => tcp(&mut body, packet, kind == TCP_OPTIONS),
        }
        let proto = match packet.kind {
            UDP => 17,
            UNREACHABLE => 1,
            _ => 6,
        };
        self.frame.clear();
        self.frame.extend([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]);
        ipv4(&mut self.frame, packet.from.0, packet.to.0, proto, body.len());
        self.frame.extend(body);
        let len = self.frame.len() as u32;
        for word in [(packet.time / SECOND) as u32, (packet.time % SECOND) as u32, len, len] {
            self.out.write_all(&word.to_le_bytes())?;
        }
        self.packets += 1;
        self.out.write_all(&self.frame)
    }
}

fn ipv4(out: &mut Vec<u8>, from: u32, to: u32, proto: u8, len: usize) {
    let start = out.len();
    out.extend([0x45, 0]);
    out.extend(((20 + len) as u16).to_be_bytes());
    out.extend([0, 0, 0x40, 0, 64, proto, 0, 0]);
    out.extend(from.to_be_bytes());
    out.extend(to.to_be_bytes());
    let sum: u32 = out[start..].chunks(2).map(|two| u32::from(u16::from_be_bytes([two[0], two[1]]))).sum();
    let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
    out[start + 10..start + 12].copy_from_slice(&sum.to_be_bytes());
}

fn udp(out: &mut Vec<u8>, from: End, to: End, len: u16) {
    out.extend(from.1.to_be_bytes());
    out.extend(to.1.to_be_bytes());
    out.extend((8 + len).to_be_bytes());
    out.extend([0, 0]);
    out.extend(std::iter::repeat_n(b'?', len.into()));
}

fn tcp(out: &mut Vec<u8>, packet: &Coming, options: bool) {
    out.extend(packet.from.1.to_be_bytes());
    out.extend(packet.to.1.to_be_bytes());
    out.extend(packet.seq.to_be_bytes());
    out.extend(packet.ack.to_be_bytes());
    out.extend([if options { 0x80 } else { 0x50 }, packet.flags, 0xfa, 0xf0, 0, 0, 0, 0]);
    if options {
        // MSS 1460, SACK permitted, window scale 7.
        out.extend([2, 4, 5, 0xb4, 4, 2, 1, 3, 3, 7, 1, 1]);
    }
    out.extend(std::iter::repeat_n(b'x', packet.len.into()));
}

/// A number that looks like any other, for `n`.
fn mixed(n: u32) -> u32 {
    let n = (n ^ n >> 16).wrapping_mul(0x7feb_352d);
    let n = (n ^ n >> 15).wrapping_mul(0x846c_a68b);
    n ^ n >> 16
}
