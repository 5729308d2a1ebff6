//! Complete connections per second on loopback, from the SYN to the last ACK with a request and an
//! answer: played from a script through raw sockets, and opened with the kernel's own sockets,
//! against the same server, in turns.
//!
//! `cargo bench --bench connections [-- CONNECTIONS ROUNDS]` (2,000 and 7 where left out). In a
//! network namespace of its own, so that nobody else is on this loopback and root is not needed.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use synfin::capture::{Aside, Body, Checksums, Frame, Link, Packet, Record, decode};
use synfin::craft::player::{Action, Incoming, Manner, Outgoing, Player};
use synfin::craft::script::Speaker;
use synfin::craft::{Ear, Guard, Injector, Policy, Script, emit};
use synfin::wire::{Endpoint, OptionList, Seq, Timestamp};

/// Set in the process that is inside the namespace.
const INSIDE: &str = "SYNFIN_BENCH_INSIDE";

/// Addresses of the server, in turn: no connection begins where another has ended a moment ago.
const SERVERS: u8 = 100;

/// Four segments of ours, and as many as the kernel likes.
const SCRIPT: &str = r#"
    > S  0:0(0) <mss 1460>
    < S. 0:0(0) ack 1
    > P. 1:6(5) ack 1 "hello"
    < P. 1:6(5) ack 6 "HELLO"
    > F. 6:6(0) ack 6
    < F. 6:6(0) ack 7
    > .  7:7(0) ack 7
"#;

fn main() {
    if std::env::var_os(INSIDE).is_none() {
        return go_inside();
    }
    let numbers: Vec<usize> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let connections = numbers.first().copied().unwrap_or(2_000).clamp(1, 20_000);
    let rounds = numbers.get(1).copied().unwrap_or(7).clamp(1, 100);
    let servers = serve();
    let mut troupe = Troupe::assemble(&servers);
    let (mut rates, mut costs): ([Vec<f64>; 2], [Vec<f64>; 2]) = Default::default();
    for _ in 0..rounds {
        for way in 0..2 {
            let (start, worked) = (Instant::now(), worked());
            for server in servers.iter().cycle().take(connections) {
                if way == 0 { troupe.play(*server) } else { open(*server) }
            }
            rates[way].push(connections as f64 / start.elapsed().as_secs_f64());
            costs[way].push((self::worked() - worked) * 1e6 / connections as f64);
        }
    }
    let middle = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let [rate, cost] = [&mut rates, &mut costs].map(|all| all.each_mut().map(middle));
    for (at, name) in ["played", "kernel sockets"].into_iter().enumerate() {
        let best = rates[at].last().copied().unwrap_or_default();
        let (rate, cost) = (rate[at], cost[at]);
        println!(
            "{name:<14} {rate:>7.0} connections/s ({best:>6.0} at best), {cost:>6.1} us of its processor for each"
        );
    }
    println!("played : kernel sockets = {:.2} in connections/s, {:.2} in time", rate[0] / rate[1], cost[0] / cost[1]);
}

/// Seconds that this thread has had a processor.
fn worked() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or_default() / 1e9
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

/// A server that reads five octets, answers with five and closes when its client does; gives all
/// the addresses at which it does so.
fn serve() -> Vec<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port is free");
    let port = listener.local_addr().expect("bound").port();
    thread::spawn(move || {
        let mut octets = [0; 5];
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            if stream.read_exact(&mut octets).is_ok() {
                let _ = stream.write_all(b"HELLO");
                let _ = stream.read(&mut octets);
            }
        }
    });
    (2..2 + SERVERS).map(|host| (Ipv4Addr::new(127, 0, 0, host), port).into()).collect()
}

/// A connection with the kernel's own sockets.
fn open(server: SocketAddr) {
    let mut octets = [0; 5];
    let mut stream = TcpStream::connect(server).expect("the server takes it");
    stream.write_all(b"hello").expect("open");
    stream.read_exact(&mut octets).expect("an answer");
    stream.shutdown(Shutdown::Write).expect("open");
    assert_eq!((stream.read(&mut octets).expect("an end"), &octets), (0, b"HELLO"));
}

/// What it takes to play a connection.
struct Troupe {
    player: Player,
    injector: Injector,
    ear: Ear,
    guard: Guard,
    octets: Vec<u8>,
}

impl Troupe {
    fn assemble(servers: &[SocketAddr]) -> Self {
        let script: Script = SCRIPT.parse().expect("a script");
        let player = Player::new(&script, Speaker::Client, Manner::new(Seq(4711))).expect("playable");
        let mut injector = Injector::new(Policy::default());
        let home = IpAddr::V4(Ipv4Addr::LOCALHOST);
        for server in servers {
            injector.open(home, server.ip()).expect("root of this namespace");
        }
        let ear = injector.ear(home).expect("root of this namespace");
        let guard = Guard::new(home, 0, false).expect("a port is free");
        ear.only_for_port(guard.at().port()).expect("a filter");
        Self { player, injector, ear, guard, octets: Vec::new() }
    }

    fn play(&mut self, server: SocketAddr) {
        let ends = Ends { ours: endpoint(self.guard.at()), theirs: endpoint(server) };
        perform(self.player.clone(), ends, &mut self.injector, &mut self.ear, &mut self.octets)
            .unwrap_or_else(|failure| panic!("with {server}: {failure}"));
    }
}

#[derive(Clone, Copy)]
struct Ends {
    ours: Endpoint,
    theirs: Endpoint,
}

fn perform(
    mut player: Player,
    ends: Ends,
    injector: &mut Injector,
    ear: &mut Ear,
    octets: &mut Vec<u8>,
) -> Result<(), String> {
    let start = Instant::now();
    let now = || Timestamp(start.elapsed().as_nanos() as u64);
    loop {
        match player.poll(now()) {
            Action::Send(outgoing) => send(&outgoing, ends, injector, octets),
            Action::Wait(until) => {
                let patience = Duration::from_nanos(until.0.saturating_sub(now().0));
                if let Some(heard) = ear.hear(patience).expect("lo stays up")
                    && let Some(incoming) = incoming(heard.packet, ends)
                {
                    player.hear(incoming, now());
                }
            }
            Action::Done(verdict) if verdict.held() => return Ok(()),
            Action::Done(verdict) => return Err(verdict.to_string()),
            Action::Call(_) | Action::Remark(_) | Action::Reconnect => {}
        }
    }
}

fn send(outgoing: &Outgoing, ends: Ends, injector: &mut Injector, octets: &mut Vec<u8>) {
    octets.clear();
    emit(&outgoing.spec(ends.ours, ends.theirs), octets).expect("a packet");
    injector.send(octets).expect("loopback takes it");
}

fn incoming(datagram: &[u8], ends: Ends) -> Option<Incoming> {
    let frame = Frame {
        time: Timestamp(0),
        wire_len: datagram.len() as u32,
        link: Link::Raw,
        interface: 0,
        bytes: datagram,
        comment: None,
        aside: Aside::NONE,
    };
    let record: Record = decode(&frame, Checksums::Ignore);
    let (Some(ip), Body::Tcp(tcp)) = (record.ip, record.body) else {
        return None;
    };
    let from = Endpoint { addr: ip.src, port: tcp.src_port };
    if (from, tcp.dst_port) != (ends.theirs, ends.ours.port) {
        return None;
    }
    let packet = Packet { n: 0, frame, record: &record, datagram };
    let options = OptionList::from_octets(packet.tcp_options()).unwrap_or_default();
    Some(Incoming { segment: tcp.segment, options, payload: packet.payload().to_vec(), ttl: ip.ttl, tos: ip.tos })
}

fn endpoint(at: SocketAddr) -> Endpoint {
    Endpoint { addr: at.ip(), port: at.port() }
}
