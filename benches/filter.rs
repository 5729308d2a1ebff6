//! What a filter costs a packet, beside libpcap on the same packets; and what it costs to compile.
//!
//! `cargo bench --bench filter`. libpcap's side is a few lines of C (`benches/libpcap/filter.c`), built
//! with `cc` when libpcap's headers are there (`apt-get install libpcap-dev`); without, it is left out
//! and said so.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use criterion::Criterion;
use synfin::capture::file::{Capture, Options};
use synfin::capture::filter::{Filter, Program};
use synfin::capture::{Link, Next, Source as _};

/// Filters such as people type.
const FILTERS: &[&str] = &[
    "tcp",
    "tcp port 443",
    "host 10.9.0.1 and tcp port 80",
    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
    "not (port 22 or port 53)",
    "net 10.0.0.0/8 and portrange 1000-9000",
    "ip6 and udp",
    "host 192.0.2.1 or host 192.0.2.2 or host 192.0.2.3 or host 192.0.2.4 or host 192.0.2.5",
    "((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0",
];

/// Captures on Ethernet, with TCP, UDP, ICMP and IPv6 in them.
const CAPTURES: &[&str] = &[
    "many-connections.pcap",
    "http-get.pcap",
    "big-segments-lost.pcap",
    "ping-ipv6.pcap",
    "ssh-session.pcap",
    "fragments.pcap",
];

struct Octets {
    bytes: Vec<u8>,
    wire_len: u32,
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let files: Vec<PathBuf> =
        CAPTURES.iter().map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name)).collect();
    let packets: Vec<Octets> = files.iter().flat_map(|file| octets_of(file)).collect();
    side_by_side(&files, &packets);
    each(&mut criterion, &packets);
    criterion.final_summary();
}

fn each(criterion: &mut Criterion, packets: &[Octets]) {
    let mut group = criterion.benchmark_group("filter");
    for text in FILTERS {
        let program = program(text);
        group.throughput(criterion::Throughput::Elements(packets.len() as u64));
        group.bench_function(format!("run/{text}"), |bencher| bencher.iter(|| chosen(&program, packets)));
    }
    group.throughput(criterion::Throughput::Elements(1));
    for text in [FILTERS[1], FILTERS[7]] {
        group.bench_function(format!("compile/{text}"), |bencher| bencher.iter(|| program(black_box(text))));
    }
    group.finish();
}

fn program(text: &str) -> Program {
    Filter::parse(text).and_then(|filter| filter.program(Link::Ethernet)).expect("a filter")
}

fn chosen(program: &Program, packets: &[Octets]) -> usize {
    packets.iter().filter(|packet| program.run(black_box(&packet.bytes), packet.wire_len) > 0).count()
}

/// The best of several rounds on either side, in one table.
fn side_by_side(files: &[PathBuf], packets: &[Octets]) {
    let Some(theirs) = built() else {
        println!("libpcap is left out: `apt-get install libpcap-dev`");
        return;
    };
    println!("{} packets; ns a packet, best of 200 rounds over all\n", packets.len());
    println!("{:>8} {:>8} {:>6}  filter", "synfin", "libpcap", "ratio");
    for text in FILTERS {
        let program = program(text);
        let mut best = Duration::MAX;
        for _ in 0..200 {
            let start = Instant::now();
            black_box(chosen(&program, packets));
            best = best.min(start.elapsed());
        }
        let our = best.as_secs_f64() * 1e9 / packets.len() as f64;
        let ran = Command::new(&theirs).arg(text).args(files).output().expect("it runs");
        let said = String::from_utf8_lossy(&ran.stdout);
        let Some((their, count)) = said.trim().split_once(' ') else {
            panic!("{}", String::from_utf8_lossy(&ran.stderr))
        };
        let their: f64 = their.parse().expect("nanoseconds");
        assert_eq!(chosen(&program, packets).to_string(), count, "{text}: the same packets are chosen");
        println!("{our:>8.2} {their:>8.2} {:>6.2}  {text}", our / their);
    }
    println!();
}

/// The program that measures libpcap, if it can be built.
fn built() -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/libpcap/filter.c");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libpcap-filter");
    let ran = Command::new("cc").args(["-O2", "-o"]).arg(&program).arg(source).arg("-lpcap").output().ok()?;
    ran.status.success().then_some(program)
}

fn octets_of(file: &Path) -> Vec<Octets> {
    let mut capture = Capture::open(file, Options::default()).expect("a capture");
    let mut packets = Vec::new();
    while let Next::Frame(frame) = capture.next().expect("a frame") {
        assert_eq!(frame.link, Link::Ethernet, "{}", file.display());
        packets.push(Octets { bytes: frame.bytes.to_vec(), wire_len: frame.wire_len });
    }
    packets
}
