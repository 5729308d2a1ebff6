//! Nothing on a packet's way asks for memory, once the connections that it belongs to are known:
//! source, decoder, tracker and every sink that writes a line per packet.
//!
//! Each shipped capture is played once as it is, then again and again without what opens and closes
//! connections, later every time. At first that is to warm up: a connection that has seen a thing for
//! the tenth time may have a letter more in its history. Then the allocations of this thread are
//! counted.

#![allow(unsafe_code)] // An allocator is unsafe by its nature; this one counts and hands on.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};

use synfin::capture::file::{Captures, Options};
use synfin::capture::stream::{Above, Event, Interest, Streams};
use synfin::capture::{
    Body, Checksums, Conn, MemorySource, Next, Observation, OwnedFrame, Packet, Reading, Record, Sink, Source,
    SourceError, Tracker, decode_into, pump,
};
use synfin::report::conns::{Choice, Columns, Conns, Field, Format, Order};
use synfin::report::fields::{self, Fields, Layout as FieldLayout};
use synfin::report::json::Json;
use synfin::report::line::Style;
use synfin::report::paint::Paint;
use synfin::report::tables::{Column, Packets};
use synfin::report::text::{Listing, Text};
use synfin::wire::{Flags, Timestamp};

#[test]
fn the_tracker_alone_allocates_nothing() {
    nothing_is_allocated(|| Nothing);
}

#[test]
fn conns_allocates_nothing_for_a_packet() {
    let table = || Format::Table { width: 0, ellipsis: "…", paint: Paint::default(), columns: Columns::default() };
    nothing_is_allocated(|| conns(table()));
}

#[test]
fn the_line_of_a_connection_allocates_nothing() {
    let layouts = [Ok(FieldLayout::default()), FieldLayout::csv(&["quote=d"]), FieldLayout::tsv::<&str>(&[])];
    let fields = layouts.map(|layout| Format::Fields(Field::all(), layout.expect("settings that exist")));
    for format in fields.into_iter().chain([Format::Json, Format::Zeek]) {
        let mut twice = Twice { conns: conns(format), lines: 0, counted: 0 };
        for path in captures() {
            let mut source = Captures::open([path], Options::default()).expect("shipped with the project");
            pump(&mut source, Checksums::Verify, &mut Tracker::default(), &mut twice).expect("captures are whole");
        }
        assert!(twice.lines > 100, "only {} lines", twice.lines);
        assert_eq!(twice.counted, 0);
    }
}

/// Has every connection told twice, and counts the second time.
struct Twice {
    conns: Conns<io::Sink>,
    lines: u64,
    counted: u64,
}

impl Sink for Twice {
    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.conns.ended(conn)?;
        let before = allocations();
        self.conns.ended(conn)?;
        self.counted += allocations() - before;
        self.lines += 1;
        Ok(())
    }
}

fn conns(format: Format) -> Conns<io::Sink> {
    let choice = Choice {
        format,
        order: Order::Id,
        reverse: false,
        top: None,
        protocol: None,
        summary: true,
        apps: false,
        names: false,
    };
    Conns::new(io::sink(), choice)
}

#[test]
fn a_listing_allocates_nothing() {
    let style = Style { verbose: 2, link_header: true, ..Style::default() };
    for listing in [Listing::default(), Listing { style, number: true, summary: true, ..Listing::default() }] {
        nothing_is_allocated(|| Text::new(listing, leaked_sink()));
    }
}

#[test]
fn records_allocate_nothing() {
    nothing_is_allocated(|| Json::new(true, leaked_sink()));
}

#[test]
fn fields_allocate_nothing() {
    let names: Vec<_> = fields::names().collect();
    nothing_is_allocated(|| Fields::new(&names, FieldLayout::default(), leaked_sink()).expect("fields that exist"));
}

#[test]
fn the_row_of_a_packet_allocates_nothing() {
    for layout in [FieldLayout::csv(&["quote=d"]), FieldLayout::tsv::<&str>(&[])] {
        let layout = layout.expect("settings that exist");
        nothing_is_allocated(|| Packets::new(Column::all().to_vec(), layout, leaked_sink()));
    }
}

/// A thousand segments in order, and every tenth repeated: from the hundredth on.
#[test]
fn a_stream_in_order_is_handed_on_without_an_allocation() {
    let script: String = (0..1_000)
        .map(|n| {
            let (from, to) = (n * 100 + 1, n * 100 + 101);
            let line = format!("> P. {from}:{to}(100) ack 1\n");
            line.repeat(1 + usize::from(n % 10 == 0)) + &format!("< . 1:1(0) ack {to}\n")
        })
        .collect();
    let opening = "> S 0:0(0) <mss 1460>\n< S. 0:0(0) ack 1 <mss 1460>\n> . 1:1(0) ack 1\n";
    let script: synfin::craft::Script = format!("{opening}{script}").parse().expect("a script");
    let shots = script.frames().expect("frames").into_iter();
    let mut source: MemorySource =
        shots.map(|shot| OwnedFrame::new(shot.time, synfin::capture::Link::Ethernet, shot.bytes)).collect();
    let mut sink = Joint::default();
    pump(&mut source, Checksums::Ignore, &mut Tracker::default(), &mut sink).expect("a source in memory");
    assert_eq!((sink.heard.octets, sink.counted), (100_000, 0));
}

/// Hands packets to streams, and counts what that allocates.
#[derive(Default)]
struct Joint {
    streams: Streams,
    heard: Heard,
    counted: u64,
}

impl Sink for Joint {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        let before = allocations();
        if let Some((seen, conn)) = told {
            self.streams.take(packet, seen, conn, &mut self.heard);
        }
        self.counted += if packet.n > 100 { allocations() - before } else { 0 };
        Ok(())
    }
}

/// Counts the octets that it hears.
#[derive(Default)]
struct Heard {
    octets: u64,
}

impl Above for Heard {
    fn wants(&mut self, _: &Conn) -> bool {
        true
    }

    fn hear(&mut self, _: &Conn, event: &Event<'_>) -> Interest {
        if let Event::Octets(octets) = event {
            self.octets += octets.bytes.len() as u64;
        }
        Interest::More
    }
}

#[test]
fn the_count_sees_an_allocation() {
    struct Wasteful;

    impl Sink for Wasteful {
        fn packet(&mut self, packet: &Packet<'_>, _told: Option<(&Observation, &Conn)>) -> io::Result<()> {
            std::hint::black_box(packet.frame.bytes.to_vec());
            Ok(())
        }
    }

    let mut source = Repeated::of(&captures()[0]);
    pump(&mut source, Checksums::Verify, &mut Tracker::default(), &mut Wasteful).expect("a source in memory");
    assert_eq!(source.counted, source.packets);
}

/// Plays every capture to a sink of its own.
#[track_caller]
fn nothing_is_allocated<S: Sink>(sink: impl Fn() -> S) {
    let mut packets = 0;
    let mut wrong = Vec::new();
    for path in captures() {
        let mut source = Repeated::of(&path);
        let reading = Reading::from(Checksums::Verify);
        pump(&mut source, reading, &mut Tracker::default(), &mut sink()).expect("a source in memory");
        packets += source.packets;
        if source.counted > 0 {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            wrong.push(format!("{name}: {} in {} packets", source.counted, source.packets));
        }
    }
    assert!(packets > 10_000, "only {packets} packets");
    assert!(wrong.is_empty(), "allocations:\n{}", wrong.join("\n"));
}

/// Rounds that are played before anything is counted, and while it is.
const WARM: u64 = 40;
const COUNTED: u64 = 20;

/// A capture once as it is, then over and over what lies between opening and closing.
struct Repeated {
    whole: Vec<OwnedFrame>,
    between: Vec<OwnedFrame>,
    /// What every round is later than the one before.
    step: u64,
    round: u64,
    at: usize,
    before: u64,
    /// Allocations in the rounds that count, and packets.
    counted: u64,
    packets: u64,
}

impl Repeated {
    fn of(path: &Path) -> Self {
        let mut captures = Captures::open([path], Options::default()).expect("shipped with the project");
        let mut whole = Vec::new();
        while let Ok(Next::Frame(frame)) = captures.next() {
            whole.push(OwnedFrame::from(&frame));
        }
        let between = whole.iter().filter(|frame| lies_between(frame)).cloned().collect();
        let times = || whole.iter().map(|frame| frame.time.0);
        // Half a second off the rhythm of the seconds, so that the calendar is asked as well.
        let step = times().max().unwrap_or(0) - times().min().unwrap_or(0) + 500_000_000;
        Self { whole, between, step, round: 0, at: 0, before: 0, counted: 0, packets: 0 }
    }

    fn begin_round(&mut self) {
        self.at = 0;
        self.round += 1;
        if self.round == WARM {
            self.before = allocations();
        } else if self.round == WARM + COUNTED {
            self.counted = allocations() - self.before;
            self.packets = COUNTED * self.between.len() as u64;
        }
    }
}

/// Whether a frame neither opens nor closes a connection, nor is a piece of a datagram: those are put
/// together in memory of their own.
fn lies_between(frame: &OwnedFrame) -> bool {
    let mut record = Record::default();
    decode_into(&frame.as_frame(), Checksums::Ignore, &mut record);
    let is_fragment = record.ip.is_some_and(|ip| ip.is_fragment());
    match record.body {
        _ if is_fragment => false,
        Body::Tcp(tcp) => !tcp.segment.flags.intersects(Flags::SYN | Flags::FIN | Flags::RST),
        _ => true,
    }
}

impl Source for Repeated {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        let len = if self.round == 0 { self.whole.len() } else { self.between.len() };
        if self.at == len {
            self.begin_round();
        }
        let frames = if self.round == 0 { &self.whole } else { &self.between };
        if self.round == WARM + COUNTED || frames.is_empty() {
            return Ok(Next::End);
        }
        let mut frame = frames[self.at].as_frame();
        frame.time = Timestamp(frame.time.0 + self.round * self.step);
        self.at += 1;
        Ok(Next::Frame(frame))
    }
}

struct Nothing;

impl Sink for Nothing {}

/// A sink that lives as long as any writer wants it to.
fn leaked_sink() -> &'static mut io::Sink {
    Box::leak(Box::new(io::sink()))
}

fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let entries = folder.read_dir().expect("captures that are shipped with the project");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry of the folder").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "pcap" || kind == "pcapng"));
    paths.sort();
    paths
}

/// The system's allocator, and how often each thread has asked it for memory.
struct Counting;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

fn allocations() -> u64 {
    ASKED.with(Cell::get)
}

fn count() {
    // A thread that is on its way out counts no more.
    let _ = ASKED.try_with(|asked| asked.set(asked.get() + 1));
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call goes to the system's allocator with what it was called with; counting touches
// no memory of the heap.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller promised.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as the caller promised.
        unsafe { System.realloc(memory, layout, size) }
    }
}
