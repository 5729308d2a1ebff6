//! A table of connections keeps a bounded number of rows.

use etherparse::PacketBuilder;
use synfin::capture::{Checksums, Link, MemorySource, OwnedFrame, Tracker, pump};
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
    let choice =
        Choice { format, order, reverse: false, top: None, protocol: None, summary: false, apps: false, names: false };
    let mut source = MemorySource::new(frames.collect::<Vec<_>>());
    pump(&mut source, Checksums::Ignore, &mut Tracker::default(), &mut Conns::new(&mut out, choice))
        .expect("nothing can fail");
    String::from_utf8(out).expect("a table is text")
}
