//! What it costs to have every stream put together: the whole path of a file with somebody who listens
//! to all of it, beside the same without; and beside `tshark -q -z follow,tcp,raw,0`, where there is a
//! tshark. Medians of pairs of runs, with the least and the greatest ratio.
//!
//! `cargo bench --bench stream -- [PAIRS] FILE...`; without a file, a shipped capture.

use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use synfin::capture::file::{Captures, Options};
use synfin::capture::stream::{Above, Event, Interest, Streams};
use synfin::capture::{Checksums, Conn, Observation, Packet, Sink, Tracker, pump};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let pairs = words.first().and_then(|word| word.parse().ok()).unwrap_or(7);
    let mut files: Vec<PathBuf> = words.iter().filter(|word| word.parse::<u32>().is_err()).map(PathBuf::from).collect();
    if files.is_empty() {
        files.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/many-connections.pcap"));
    }
    for file in files {
        compare(&file, pairs);
    }
}

fn compare(file: &Path, pairs: u32) {
    let mut heard = Heard::default();
    let (mut off, mut on, mut tshark) = (Vec::new(), Vec::new(), Vec::new());
    run(file, &mut Off); // into the page cache
    for _ in 0..pairs {
        off.push(run(file, &mut Off));
        let mut sink = On::default();
        on.push(run(file, &mut sink));
        heard = sink.heard;
    }
    for _ in 0..pairs.min(3) {
        tshark.extend(follow(file));
    }
    println!("{}: {} octets in {} pieces, {} in holes", file.display(), heard.octets, heard.pieces, heard.missing);
    let ratios = |one: &[Duration], other: &[Duration]| {
        let mut ratios: Vec<f64> =
            one.iter().zip(other).map(|(one, other)| one.as_secs_f64() / other.as_secs_f64()).collect();
        ratios.sort_by(f64::total_cmp);
        format!("{:.2} ({:.2} to {:.2})", ratios[ratios.len() / 2], ratios[0], ratios[ratios.len() - 1])
    };
    println!("  off {:?}, on {:?}: ratio {}", median(&off), median(&on), ratios(&on, &off));
    if tshark.is_empty() {
        println!("  tshark is not there: apt install tshark");
    } else {
        println!("  tshark {:?}: ratio {}", median(&tshark), ratios(&on[..tshark.len()], &tshark));
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[times.len() / 2]
}

fn run(file: &Path, sink: &mut dyn Sink) -> Duration {
    let began = Instant::now();
    let mut captures = Captures::open([file], Options::default()).expect("a capture");
    let summary = pump(&mut captures, Checksums::Ignore, &mut Tracker::default(), sink);
    black_box(summary.expect("a capture that can be read"));
    began.elapsed()
}

fn follow(file: &Path) -> Option<Duration> {
    let began = Instant::now();
    let mut command = Command::new("tshark");
    command.args(["-n", "-q", "-z", "follow,tcp,raw,0", "-r"]).arg(file).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().ok().filter(std::process::ExitStatus::success).map(|_| began.elapsed())
}

/// Has every packet decoded and tracked, and nothing more.
struct Off;

impl Sink for Off {}

/// Has every stream put together.
#[derive(Default)]
struct On {
    streams: Streams,
    heard: Heard,
}

impl Sink for On {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        if let Some((seen, conn)) = told {
            self.streams.take(packet, seen, conn, &mut self.heard);
        }
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.streams.ended(conn, &mut self.heard);
        Ok(())
    }
}

/// Counts what it hears, and looks at one octet of each piece.
#[derive(Default)]
struct Heard {
    octets: u64,
    pieces: u64,
    missing: u64,
    mixed: u8,
}

impl Above for Heard {
    fn wants(&mut self, _: &Conn) -> bool {
        true
    }

    fn hear(&mut self, _: &Conn, event: &Event<'_>) -> Interest {
        match event {
            Event::Octets(octets) => {
                self.octets += octets.bytes.len() as u64;
                self.pieces += 1;
                self.mixed ^= octets.bytes.first().copied().unwrap_or(0);
            }
            Event::Hole(hole) => self.missing += hole.len,
            Event::End(_) => {}
        }
        Interest::More
    }
}
