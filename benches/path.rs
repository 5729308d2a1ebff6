//! The whole path of a packet: a source in memory, the decoder, the tracker, and a sink that does
//! nothing. Throughput is in packets.
//!
//! `cargo bench --bench path`

use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput};
use synfin::capture::file::{Captures, Options};
use synfin::capture::{Checksums, MemorySource, Next, OwnedFrame, Sink, Source, Tracker, pump};

/// Traffic of different kinds, and a shipped capture of each.
const CAPTURES: [(&str, &str); 3] = [
    ("many short connections", "many-connections.pcap"),
    ("one that loses segments", "loss-and-retransmit.pcap"),
    ("one GET", "http-get.pcap"),
];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("path");
    for (name, capture) in CAPTURES {
        let frames = frames_of(capture);
        group.throughput(Throughput::Elements(frames.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || (MemorySource::new(frames.clone()), Tracker::default()),
                |(mut source, mut tracker)| {
                    pump(&mut source, Checksums::Ignore, &mut tracker, &mut Nothing).expect("nothing can fail");
                    (source, tracker)
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
    criterion.final_summary();
}

struct Nothing;

impl Sink for Nothing {}

fn frames_of(capture: &str) -> Vec<OwnedFrame> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(capture);
    let mut capture = Captures::open([path], Options::default()).expect("shipped with the project");
    let mut frames = Vec::new();
    while let Next::Frame(frame) = capture.next().expect("a file that can be read") {
        frames.push(OwnedFrame::from(&frame));
    }
    frames
}
