//! A table of connections keeps a bounded number of rows.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use etherparse::PacketBuilder;
use synfin::capture::file::{Capture, Options};
use synfin::capture::findings::Finding;
use synfin::capture::track::{Limits, Timers};
use synfin::capture::{
    Checksums, Conn, Link, MemorySource, Observation, OwnedFrame, Packet, Sink, Source, Summary, Tracker, pump,
};
use synfin::report::conns::{Choice, Columns, Conns, Format, Order};
use synfin::report::paint::Paint;
use synfin::wire::Timestamp;

/// More than are held at once.
const CONNS: u32 = 70_000;

#[test]
fn a_long_table_is_written_in_parts_under_one_header() {
    let text = table(Order::Id, false);
    let lines: Vec<_> = text.lines().collect();
    let headers: Vec<_> = lines.iter().filter(|line| line.contains("CLIENT")).collect();
    assert_eq!(headers.len(), 1, "{headers:#?}");
    assert_eq!(lines.len(), CONNS as usize + 1);
    let numbers = lines[1..].iter().map(|line| line.split_whitespace().next().and_then(|n| n.parse::<u32>().ok()));
    assert!(numbers.eq((0..CONNS).map(Some)), "every row once and in order");
}

#[test]
fn a_column_that_tells_something_only_later_has_a_header_of_its_own() {
    let text = table(Order::Id, true);
    let headers: Vec<_> = text.lines().filter(|line| line.contains("CLIENT")).collect();
    assert_eq!(headers.len(), 2);
    assert!(!headers[0].contains("PROTO") && headers[1].contains("PROTO"), "{headers:?}");
}

#[test]
fn in_another_order_all_rows_stand_under_one_header() {
    let text = table(Order::Start, true);
    assert_eq!(text.lines().filter(|line| line.contains("PROTO")).count(), 1);
    assert_eq!(text.lines().count(), CONNS as usize + 1);
}

#[test]
fn the_first_of_many_are_those_that_stand_first_among_all() {
    let frames: Vec<_> =
        (0..CONNS).map(|n| syn(n, &mut |below| u64::from(n.wrapping_mul(2_654_435_761)) % below)).collect();
    for order in [Order::Id, Order::Start, Order::Duration] {
        for reverse in [false, true] {
            let ids = |top| {
                let columns = Columns::chosen(&["id", "client"]);
                let format = Format::Table { width: 0, ellipsis: "…", paint: Paint::default(), columns };
                let choice = Choice { reverse, top, ..choice(format, order) };
                let mut out = Vec::new();
                let mut source = MemorySource::new(frames.clone());
                pump(&mut source, Checksums::Ignore, &mut Tracker::default(), &mut Conns::new(&mut out, choice))
                    .expect("nothing can fail");
                let text = String::from_utf8(out).expect("a table is text");
                let words = text.lines().skip(1).filter_map(|line| line.split_whitespace().next().map(str::to_owned));
                words.take(20).collect::<Vec<_>>()
            };
            assert_eq!(ids(Some(20)), ids(None), "{order:?}, reversed: {reverse}");
        }
    }
}

/// A SYN from each of many clients; where `mixed`, the last speaks UDP.
fn table(order: Order, mixed: bool) -> String {
    let frames = (0..CONNS).map(|n| {
        let ip = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4((0x0a00_0000 + n).to_be_bytes(), [192, 0, 2, 1], 64);
        let mut bytes = Vec::new();
        if mixed && n == CONNS - 1 {
            ip.udp(40_000, 443).write(&mut bytes, &[]).expect("a buffer in memory");
        } else {
            ip.tcp(40_000, 443, n, 64_240).syn().write(&mut bytes, &[]).expect("a buffer in memory");
        }
        OwnedFrame::new(Timestamp(u64::from(n) * 1_000), Link::Ethernet, bytes)
    });
    let mut out = Vec::new();
    let format = Format::Table { width: 0, ellipsis: "…", paint: Paint::default(), columns: Columns::default() };
    let choice = choice(format, order);
    let mut source = MemorySource::new(frames.collect::<Vec<_>>());
    pump(&mut source, Checksums::Ignore, &mut Tracker::default(), &mut Conns::new(&mut out, choice))
        .expect("nothing can fail");
    String::from_utf8(out).expect("a table is text")
}

fn choice(format: Format, order: Order) -> Choice {
    Choice { format, order, reverse: false, top: None, protocol: None, summary: false, apps: false, names: false }
}

/// Asks for every connection whole, whatever there is of it.
struct Whole<S>(S);

impl<S: Sink> Sink for Whole<S> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        self.0.packet(packet, told)
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.0.ended(conn)
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.0.finding(finding)
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        self.0.finish(summary)
    }
}

/// The table of what `open` reads, in each of two ways that have to say the same.
fn both_ways<S: Source>(open: impl Fn() -> Option<S>, limits: Limits, columns: &Columns) -> [String; 2] {
    // Rows are written at once where they stand only where there is no width that they have to keep to.
    [(0, false), (50_000, true)].map(|(width, whole)| {
        let format = Format::Table { width, ellipsis: "…", paint: Paint::default(), columns: columns.clone() };
        let mut out = Vec::new();
        let Some(mut source) = open() else { return String::new() };
        let (mut tracker, conns) = (Tracker::new(limits), Conns::new(&mut out, choice(format, Order::Id)));
        let mut sink: Box<dyn Sink> = if whole { Box::new(Whole(conns)) } else { Box::new(conns) };
        let _ = pump(&mut source, Checksums::Ignore, &mut tracker, &mut *sink);
        drop(sink);
        String::from_utf8(out).expect("a table is text")
    })
}

/// Fails where they do not; tells how many rows there are.
fn compare<S: Source>(name: &str, open: impl Fn() -> Option<S>, limits: Limits, columns: &Columns) -> usize {
    let [at_once, measured] = both_ways(open, limits, columns);
    for (at, (at_once, measured)) in at_once.lines().zip(measured.lines()).enumerate() {
        assert_eq!(at_once, measured, "{name}: line {at}, {limits:?}");
    }
    assert_eq!(at_once.len(), measured.len(), "{name}");
    at_once.lines().count()
}

#[test]
fn a_row_that_is_written_at_once_is_the_row_that_was_measured() {
    let mut rows = 0;
    for path in captures() {
        let open = || Capture::open(&path, Options::default()).ok();
        let name = path.display().to_string();
        for (conns, timers, columns) in [
            (1 << 20, None, Columns::default()),
            (5, Some(Timers::default()), Columns::all()),
            (1, None, Columns::default().with_apps()),
        ] {
            rows += compare(&name, open, Limits { conns, timers }, &columns);
        }
    }
    assert!(rows > 10_000, "there are connections in the captures: {rows}");
}

#[test]
fn the_row_of_a_syn_without_answer_is_that_of_its_connection_whatever_it_says() {
    let mut random = 1_u64;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let frames: Vec<_> = (0..CONNS).map(|n| syn(n, &mut next)).collect();
    for (conns, timers) in [(1 << 20, None), (1000, None), (1 << 20, Some(Timers::default()))] {
        let open = || Some(MemorySource::new(frames.clone()));
        let rows = compare("SYNs", open, Limits { conns, timers }, &Columns::default());
        assert!(rows as u32 > CONNS / 2);
    }
}

/// A SYN that is odd in one way or another, or in none.
fn syn(n: u32, next: &mut impl FnMut(u64) -> u64) -> OwnedFrame {
    let mut once_in = |times: u64| next(times) == 0;
    let v6 = once_in(4);
    let mut options = Vec::new();
    let kinds: [&[u8]; 6] = [
        &[2, 4, 5, 0xb4],
        &[1, 3, 3, 7],
        &[1, 3, 3, 15],
        &[4, 2, 1, 1],
        &[8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1],
        &[254, 4, 1, 2],
    ];
    for (kind, times) in kinds.into_iter().zip([1, 2, 30, 2, 2, 30]) {
        if once_in(times) {
            options.extend_from_slice(kind);
        }
    }
    let window = if once_in(20) { 0 } else { 64_240_u16 };
    let ack = u32::from(once_in(20));
    let urgent = u16::from(once_in(30));
    let flags = if once_in(10) { 2 | (n as u8 & !1) } else { 2 };
    let server = if once_in(8) { n as u8 } else { 1 };
    let port = if once_in(8) { n as u16 | 1 } else { 443 };
    let backwards = if once_in(20) { 5_000_000 } else { 0 };
    let mut bytes =
        if v6 { vec![0x60, 0, 0, 0, 0, 0, 6, 64] } else { vec![0x45, 0, 0, 0, n as u8, 0, 0, 0, 64, 6, 0, 0] };
    let len = 20 + options.len() as u16;
    if v6 {
        bytes[4..6].copy_from_slice(&len.to_be_bytes());
        bytes.extend((0x2001_0db8_u128 << 96 | u128::from(n)).to_be_bytes());
        bytes.extend((0x2001_0db8_u128 << 96 | 1 << 40 | u128::from(server)).to_be_bytes());
    } else {
        bytes[2..4].copy_from_slice(&(20 + len).to_be_bytes());
        bytes.extend((0x0a00_0000 + n * 77).to_be_bytes());
        bytes.extend([192, 0, 2, server]);
    }
    bytes.extend((40_000 + (n % 20_000) as u16).to_be_bytes());
    bytes.extend(port.to_be_bytes());
    bytes.extend(n.to_be_bytes());
    bytes.extend(ack.to_be_bytes());
    bytes.extend([(5 + options.len() as u8 / 4) << 4, flags]);
    bytes.extend(window.to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend(urgent.to_be_bytes());
    bytes.extend(options);
    OwnedFrame::new(Timestamp(10_000_000 + u64::from(n) * 4_000_000 - backwards), Link::Raw, bytes)
}

/// Every capture at hand.
fn captures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("captures"), root.join("../shared/captures")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "pcap" || ext == "pcapng") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 50, "captures to read");
    found
}
