//! What writing costs: numbers and addresses, a packet as text and as JSON, a connection in every
//! format. Packets and connections are those of a shipped capture.
//!
//! `cargo bench --bench print`

use std::hint::black_box;
use std::io;
use std::net::IpAddr;
use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput};
use synfin::capture::file::{Captures, Options};
use synfin::capture::{Checksums, Conn, MemorySource, Next, OwnedFrame, Sink, Source, Summary, Tracker, pump};
use synfin::report::conns::{Choice, Columns, Conns, Field, Format, Order};
use synfin::report::digits::Digits as _;
use synfin::report::fields::Layout;
use synfin::report::json::Json;
use synfin::report::paint::Paint;
use synfin::report::text::{Listing, Text};

/// Many short connections, some of every kind of packet.
const CAPTURE: &str = "many-connections.pcap";

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    digits(&mut criterion);
    packets(&mut criterion);
    conns(&mut criterion);
    criterion.final_summary();
}

fn digits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("digits");
    let mut out = Vec::with_capacity(64);
    for value in [7, 64_240, 4_294_967_295, 1_790_000_000_123_456_789] {
        group.bench_function(value.to_string(), |b| {
            b.iter(|| {
                out.clear();
                out.dec(black_box(value));
                black_box(out.len())
            });
        });
    }
    for addr in ["10.1.22.133", "2001:db8::100:20:3"] {
        let addr: IpAddr = addr.parse().expect("an address");
        group.bench_function(addr.to_string(), |b| {
            b.iter(|| {
                out.clear();
                out.ip(black_box(addr));
                black_box(out.len())
            });
        });
    }
    group.finish();
}

/// A packet with all that is done for it; what stays when nothing is written is the first.
fn packets(criterion: &mut Criterion) {
    let frames = frames();
    let mut group = criterion.benchmark_group("packet");
    group.throughput(Throughput::Elements(frames.len() as u64));
    let mut bench = |name: &str, sink: &mut dyn Sink| {
        group.bench_function(name, |b| {
            b.iter_batched(
                || (MemorySource::new(frames.clone()), Tracker::default()),
                |(mut source, mut tracker)| {
                    pump(&mut source, Checksums::Ignore, &mut tracker, sink).expect("nothing can fail");
                    (source, tracker)
                },
                BatchSize::LargeInput,
            );
        });
    };
    let (mut text, mut json) = (io::sink(), io::sink());
    bench("nothing", &mut Nothing);
    bench("text", &mut Text::new(Listing::default(), &mut text));
    bench("json", &mut Json::new(false, &mut json));
    group.finish();
}

struct Nothing;

impl Sink for Nothing {}

/// The line of a connection; of a table it is held, and written at the end.
fn conns(criterion: &mut Criterion) {
    let mut kept = Keep::default();
    let mut source = MemorySource::new(frames());
    pump(&mut source, Checksums::Ignore, &mut Tracker::default(), &mut kept).expect("nothing can fail");
    let formats = [
        ("table", Format::Table { width: 0, ellipsis: "…", paint: Paint::default(), columns: Columns::default() }),
        ("json", Format::Json),
        ("zeek", Format::Zeek),
        ("csv", Format::Fields(Field::all(), Layout::csv::<&str>(&[]).expect("no settings"))),
    ];
    let mut group = criterion.benchmark_group("conn");
    group.throughput(Throughput::Elements(kept.conns.len() as u64));
    for (name, format) in formats {
        group.bench_function(name, |b| {
            b.iter(|| {
                let format = format.clone();
                let choice = Choice {
                    format,
                    order: Order::Id,
                    reverse: false,
                    top: None,
                    protocol: None,
                    summary: false,
                    apps: false,
                    names: false,
                };
                let mut conns = Conns::new(io::sink(), choice);
                for conn in &kept.conns {
                    conns.ended(black_box(conn)).expect("a sink takes everything");
                }
                conns.finish(&kept.summary).expect("a sink takes everything");
            });
        });
    }
    group.finish();
}

/// Keeps the connections.
#[derive(Default)]
struct Keep {
    conns: Vec<Conn>,
    summary: Summary,
}

impl Sink for Keep {
    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.conns.push(conn.clone());
        Ok(())
    }
}

fn frames() -> Vec<OwnedFrame> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(CAPTURE);
    let mut capture = Captures::open([path], Options::default()).expect("shipped with the project");
    let mut frames = Vec::new();
    while let Next::Frame(frame) = capture.next().expect("a file that can be read") {
        frames.push(OwnedFrame::from(&frame));
    }
    frames
}
