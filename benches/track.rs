//! What a packet costs the tracker, by how many connections are open at once: with many it waits for
//! memory.
//!
//! `cargo bench --bench track`

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};

use criterion::{Criterion, Throughput};
use etherparse::PacketBuilder;
use synfin::capture::track::Limits;
use synfin::capture::{Aside, Body, Checksums, Frame, Link, Record, Tracker, decode};
use synfin::wire::{Flags, Seq, Timestamp};

/// Octets in every segment with data.
const LEN: u32 = 100;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("track");
    group.throughput(Throughput::Elements(1));
    for (name, flows) in [("1_flow", 1), ("1k_flows", 1_000), ("100k_flows", 100_000), ("1M_flows", 1_000_000)] {
        let mut busy = Busy::new(flows);
        group.bench_function(name, |b| b.iter(|| busy.send()));
    }
    let mut traffic = Traffic::new(10_000);
    let mut flow = 0;
    group.bench_function("opening", |b| {
        b.iter(|| {
            flow += 1;
            traffic.open(flow);
        });
    });
    group.finish();
    criterion.final_summary();
}

/// Connections that all are open.
struct Busy {
    traffic: Traffic,
    /// Octets that each client has sent.
    sent: Vec<u32>,
    flow: usize,
}

impl Busy {
    fn new(flows: u32) -> Self {
        let mut traffic = Traffic::new(flows);
        for flow in 0..flows {
            traffic.open(flow);
        }
        Self { traffic, sent: vec![0; flows as usize], flow: 0 }
    }

    /// A segment with data from a client, now on one connection and then on another far from it.
    fn send(&mut self) {
        // A step without a common divisor with any of the numbers of flows visits all of them.
        self.flow = (self.flow + 387_420_489) % self.sent.len();
        let seq = &mut self.sent[self.flow];
        self.traffic.send(self.flow as u32, Side::Client, Flags::PSH | Flags::ACK, seq.wrapping_add(1), 1, LEN);
        *seq = seq.wrapping_add(LEN);
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Side {
    Client,
    Server,
}

/// A tracker, and packets on their way to it.
struct Traffic {
    tracker: Tracker,
    record: Record,
    n: u64,
}

impl Traffic {
    /// For at most so many connections at once.
    fn new(conns: u32) -> Self {
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([10, 0, 0, 1], [192, 0, 2, 1], 64)
            .tcp(40_000, 443, 0, 64_240)
            .write(&mut bytes, &[])
            .expect("a buffer in memory");
        let frame = Frame {
            time: Timestamp(0),
            wire_len: bytes.len() as u32,
            link: Link::Ethernet,
            interface: 0,
            bytes: &bytes,
            comment: None,
            aside: Aside::NONE,
        };
        let record = decode(&frame, Checksums::Ignore);
        Self { tracker: Tracker::new(Limits { conns, timers: None }), record, n: 0 }
    }

    fn open(&mut self, flow: u32) {
        self.send(flow, Side::Client, Flags::SYN, 0, 0, 0);
        self.send(flow, Side::Server, Flags::SYN | Flags::ACK, 0, 1, 0);
        self.send(flow, Side::Client, Flags::ACK, 1, 1, 0);
    }

    fn send(&mut self, flow: u32, from: Side, flags: Flags, seq: u32, ack: u32, len: u32) {
        let (client, server) =
            (IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + flow)), Ipv4Addr::new(192, 0, 2, 1).into());
        let is_client = from == Side::Client;
        if let Some(ip) = &mut self.record.ip {
            (ip.src, ip.dst) = if is_client { (client, server) } else { (server, client) };
        }
        if let Body::Tcp(tcp) = &mut self.record.body {
            (tcp.src_port, tcp.dst_port) = if is_client { (40_000, 443) } else { (443, 40_000) };
            (tcp.segment.seq, tcp.segment.ack, tcp.segment.flags) = (Seq(seq), Seq(ack), flags);
            tcp.segment.len = len;
        }
        self.n += 1;
        self.record.time = Timestamp(self.n * 1_000);
        black_box(self.tracker.observe(self.n, &self.record));
        while self.tracker.departed().is_some() {}
    }
}
