//! Connections of an interface: each as it ends, or all as they are.

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::ChildStdout;
use std::thread;
use std::time::{Duration, Instant};

use common::space::{self, Running};

/// The program under test.
const SYNFIN: &str = env!("CARGO_BIN_EXE_synfin");

#[test]
fn a_row_is_written_when_its_connection_closes() {
    space::inside(|| {
        let (watch, mut rows) = watching("conns -i lo");
        let server = TcpListener::bind(("127.0.0.1", 9000)).expect("it is free");
        let _lasting = connection(&server);
        drop(connection(&server));
        let head = row(&mut rows);
        assert!(head.contains("CLIENT") && head.contains("PROCESSES"), "{head}");
        let closed = row(&mut rows);
        assert!(closed.contains("127.0.0.1:9000") && closed.contains("fin"), "{closed}");
        TcpStream::connect(("127.0.0.1", 9001)).expect_err("nobody listens");
        let refused = row(&mut rows);
        assert!(refused.contains("127.0.0.1:9001") && refused.contains("refused"), "{refused}");
        // What has not ended is told when the run does.
        let rest = stopped(watch, rows);
        assert!(rest.contains("open_at_end") && !rest.contains("refused"), "{rest}");
    });
}

#[test]
fn programs_get_a_line_as_soon_as_people() {
    space::inside(|| {
        let (watch, mut lines) = watching("conns -i lo -T json");
        let server = TcpListener::bind(("127.0.0.1", 9000)).expect("it is free");
        drop(connection(&server));
        let line = row(&mut lines);
        assert!(line.starts_with("{\"schema\":1,\"type\":\"connection\",\"id\":0,"), "{line}");
        assert!(line.contains(&format!("\"pid\":{}", std::process::id())), "{line}");
        assert_eq!(stopped(watch, lines), "", "a connection is told once");
    });
}

#[test]
fn all_connections_are_shown_again_and_again() {
    space::inside(|| {
        let (watch, mut rows) = watching("conns -i lo --every 200ms");
        let server = TcpListener::bind(("127.0.0.1", 9000)).expect("it is free");
        let _lasting = connection(&server);
        let mut times = BTreeSet::new();
        let mut shown = 0;
        while shown < 3 {
            let row = row(&mut rows);
            times.extend(row.ends_with("1 connection, 1 since the start\n").then(|| row.clone()));
            shown += usize::from(row.contains("127.0.0.1:9000"));
        }
        assert_eq!(times.len(), 3, "{times:?}");
        assert!(stopped(watch, rows).contains("1 connection, 1 since the start"));
    });
}

#[test]
fn an_interface_and_a_file_are_one_too_many() {
    for (call, told) in [
        ("conns -i lo -r captures/ping.pcap", "two inputs"),
        ("conns -i lo --sort bytes", "--every"),
        ("conns --every 5s captures/ping.pcap", "--interface"),
    ] {
        let ran = space::start(SYNFIN, call).output_within(10);
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.code() == Some(2) && said.contains(told), "{call}: {said}");
    }
}

#[test]
#[ignore = "waits for the timer of a datagram without answer: 30 s and more"]
fn timers_run_on_a_quiet_wire() {
    space::inside(|| {
        let (watch, mut rows) = watching("conns -i lo -T json");
        let _server = UdpSocket::bind(("127.0.0.1", 9000)).expect("it is free");
        let client = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket");
        client.send_to(b"hello?", ("127.0.0.1", 9000)).expect("it is sent");
        let start = Instant::now();
        let line = row(&mut rows);
        assert!(line.contains("\"udp\"") && start.elapsed() > Duration::from_secs(29), "{line}");
        assert_eq!(stopped(watch, rows), "");
    });
}

/// A connection that has said something both ways.
fn connection(server: &TcpListener) -> (TcpStream, TcpStream) {
    let address = server.local_addr().expect("an address");
    let mut client = TcpStream::connect(address).expect("it listens");
    let mut accepted = server.accept().expect("it came").0;
    // For longer than it takes to find out whose it is, on a machine that is busy.
    for _ in 0..4 {
        client.write_all(b"hello").expect("it is open");
        accepted.read_exact(&mut [0; 5]).expect("it came");
        thread::sleep(Duration::from_millis(300));
    }
    (client, accepted)
}

/// A live run that has begun to listen, and what it writes.
#[track_caller]
fn watching(arguments: &str) -> (Running, BufReader<ChildStdout>) {
    let mut running = space::start_listening(SYNFIN, arguments);
    let written = BufReader::new(running.stdout.take().expect("it is piped"));
    (running, written)
}

#[track_caller]
fn row(rows: &mut BufReader<ChildStdout>) -> String {
    let mut row = String::new();
    assert!(rows.read_line(&mut row).expect("text") > 0, "it ended before it wrote that");
    row
}

/// What it writes from now to its end.
#[track_caller]
fn stopped(running: Running, mut rows: BufReader<ChildStdout>) -> String {
    running.signal("INT");
    let mut rest = String::new();
    rows.read_to_string(&mut rest).expect("text");
    assert!(running.output_within(10).status.success());
    rest
}
