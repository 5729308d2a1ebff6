//! Recorded connections replayed against a server of the kernel's, beside the same done with the
//! kernel's own sockets, in turns and against the same server: small HTTP connections per second, and
//! the throughput of a download of 100 MB.
//!
//! `cargo bench --bench replay [-- CONNECTIONS ROUNDS]` (3,000 and 5 where left out). In a network
//! namespace of its own, so that nobody else is on this loopback and root is not needed.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Instant;

use synfin::capture::file::{CaptureWriter, Format};
use synfin::capture::{Aside, Frame, Link};
use synfin::craft::{Spec, emit};
use synfin::wire::{Endpoint, Flags, OptionList, Segment, Seq, Timestamp, Window};

/// Set in the process that is inside the namespace.
const INSIDE: &str = "SYNFIN_BENCH_INSIDE";

const BIG: usize = 100_000_000;
const SMALL: usize = 240;
const OFFER: &str = "mss 1460,sackOK,nop,wscale 7";
const REQUESTS: [&str; 2] = ["GET /small HTTP/1.1\r\nHost: bench\r\n\r\n", "GET /big HTTP/1.1\r\nHost: bench\r\n\r\n"];

fn main() {
    if std::env::var_os(INSIDE).is_none() {
        return go_inside();
    }
    let numbers: Vec<usize> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let connections = numbers.first().copied().unwrap_or(3_000).clamp(1, 50_000);
    let rounds = numbers.get(1).copied().unwrap_or(5).clamp(1, 50);
    let server = serve();
    let files = [("small", REQUESTS[0], SMALL), ("big", REQUESTS[1], BIG)].map(|(name, request, octets)| {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-replay-{name}.pcap"));
        record(&path, request.as_bytes(), octets);
        path
    });
    let mut seconds: [[Vec<f64>; 2]; 2] = Default::default();
    for _ in 0..rounds {
        seconds[0][0].push(replay(&files[0], server, connections));
        let start = Instant::now();
        for _ in 0..connections {
            fetch(server, REQUESTS[0], SMALL);
        }
        seconds[0][1].push(start.elapsed().as_secs_f64());
        seconds[1][0].push(replay(&files[1], server, 1));
        let start = Instant::now();
        fetch(server, REQUESTS[1], BIG);
        seconds[1][1].push(start.elapsed().as_secs_f64());
    }
    let middle = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let [small, big] = seconds.each_mut().map(|ways| ways.each_mut().map(middle));
    let rate = small.map(|seconds| connections as f64 / seconds);
    let flow = big.map(|seconds| BIG as f64 / seconds / 1e6);
    println!(
        "small connections: replayed {:.0}/s, kernel sockets {:.0}/s, ratio {:.2}",
        rate[0],
        rate[1],
        rate[0] / rate[1]
    );
    println!(
        "100 MB download: replayed {:.0} MB/s, kernel sockets {:.0} MB/s, ratio {:.2}",
        flow[0],
        flow[1],
        flow[0] / flow[1]
    );
    for file in files {
        let _ = std::fs::remove_file(file);
    }
}

/// Calls this program again, where nobody is disturbed.
fn go_inside() {
    let root = std::fs::read_to_string("/proc/self/status").is_ok_and(|status| status.contains("\nUid:\t0\t"));
    let way: &[&str] = if root { &["--net"] } else { &["--user", "--map-root-user", "--net"] };
    let again = std::env::current_exe().expect("this program has a path");
    let ran = Command::new("unshare")
        .args(way)
        .args(["sh", "-c", "ip link set lo up && exec \"$@\"", "sh"])
        .arg(again)
        .args(std::env::args().skip(1))
        .env(INSIDE, "")
        .status();
    assert!(ran.is_ok_and(|ran| ran.success()), "a network namespace cannot be had, or the run in it failed");
}

/// A server that answers as recorded, and closes when its client does.
fn serve() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let at = listener.local_addr().expect("bound");
    let (small, big) = (answer(SMALL), answer(BIG));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = [0; 256];
            let Ok(octets) = stream.read(&mut request) else { continue };
            let is_small = request[..octets] == *REQUESTS[0].as_bytes();
            let _ = stream.write_all(if is_small { &small } else { &big });
            let _ = stream.read(&mut request);
        }
    });
    at
}

fn answer(octets: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {octets}\r\n\r\n");
    let body = (0..octets - head.len()).map(|at| (at / 253 + at * 7) as u8);
    head.bytes().chain(body).collect()
}

/// The same with the kernel's own sockets.
fn fetch(server: SocketAddr, request: &str, octets: usize) {
    let mut stream = TcpStream::connect(server).expect("the server takes it");
    stream.write_all(request.as_bytes()).expect("open");
    let mut buffer = vec![0; 256 << 10];
    let mut left = octets;
    while left > 0 {
        let got = stream.read(&mut buffer).expect("open");
        assert!(got > 0, "it ended early");
        left -= got;
    }
    stream.shutdown(Shutdown::Write).expect("open");
    assert_eq!(stream.read(&mut buffer).expect("an end"), 0);
}

/// Has the program replay a capture; the seconds from the first segment to the last end.
fn replay(file: &Path, server: SocketAddr, times: usize) -> f64 {
    let ran = Command::new(env!("CARGO_BIN_EXE_synfin"))
        .args(["replay", "-q", "-T", "json", "--loop", &times.to_string(), "--to", &server.to_string()])
        .arg(file)
        .output()
        .expect("the program is there");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "not equal: {said}{}", String::from_utf8_lossy(&ran.stderr));
    let took = said.rsplit("\"took_ns\":").next().and_then(|rest| rest.trim_end().strip_suffix('}'));
    took.and_then(|ns| ns.parse::<f64>().ok()).expect("a time") / 1e9
}

/// A capture in which a client asks and is answered with so many octets.
fn record(path: &Path, request: &[u8], octets: usize) {
    let file = BufWriter::new(File::create(path).expect("a scratch folder"));
    let mut writer = CaptureWriter::new(file, Format::PcapNanoseconds, Link::Raw).expect("it can be written");
    let ends = [("10.0.0.1", 40_000), ("10.0.0.2", 80)]
        .map(|(addr, port)| Endpoint { addr: addr.parse().expect("an address"), port });
    let mut time = 1_000_000_000_000_000_000;
    let mut bytes = Vec::new();
    let mut say = |from: usize, flags: Flags, seq: usize, ack: usize, options: &str, payload: &[u8]| {
        let (seq, ack) = (Seq(seq as u32), Seq(ack as u32));
        let segment = Segment { seq, ack, flags, window: Window(64_000), ..Segment::default() };
        let options: OptionList = options.parse().expect("options");
        bytes.clear();
        emit(&Spec { payload, ..Spec::tcp(ends[from], ends[1 - from], &segment, &options) }, &mut bytes)
            .expect("a packet");
        time += 1_000;
        let frame = Frame {
            time: Timestamp(time),
            wire_len: bytes.len() as u32,
            link: Link::Raw,
            interface: 0,
            bytes: &bytes,
            comment: None,
            aside: Aside::NONE,
        };
        writer.write(&frame).expect("it can be written");
    };
    let (ack, push, fin) = (Flags::ACK, Flags::PSH | Flags::ACK, Flags::FIN | Flags::ACK);
    say(0, Flags::SYN, 0, 0, OFFER, &[]);
    say(1, Flags::SYN | Flags::ACK, 0, 1, OFFER, &[]);
    say(0, ack, 1, 1, "", &[]);
    say(0, push, 1, 1, "", request);
    let (asked, answered) = (1 + request.len(), 1 + octets);
    for (at, piece) in answer(octets).chunks(1448).enumerate() {
        say(1, push, 1 + at * 1448, asked, "", piece);
    }
    say(0, fin, asked, answered, "", &[]);
    say(1, fin, answered, asked + 1, "", &[]);
    say(0, ack, asked + 1, answered + 1, "", &[]);
    writer.finish().expect("it can be written");
}
