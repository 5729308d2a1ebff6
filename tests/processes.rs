//! Whose the ends of live connections are.

mod common;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use common::space::{self, Running};

/// The program under test.
const SYNFIN: &str = env!("CARGO_BIN_EXE_synfin");

#[test]
fn both_ends_on_loopback_have_their_process() {
    space::inside(|| {
        if !space::has(&["python3"]) {
            return;
        }
        let server = space::start("python3", "-m http.server 8000 --bind 127.0.0.1");
        space::wait_for_listener(8000);
        let sniff = listening("sniff -i lo -T json");
        ask(8000);
        let told = stopped(sniff);
        let (client, server) = (std::process::id(), server.id());
        let named = |role: &str, pid: u32| format!("\"{role}\":{{\"pid\":{pid},\"name\":\"");
        let (client, server) = (named("client", client), named("server", server));
        let both = |line: &&str| line.contains(&client) && line.contains(&server);
        let line = told.lines().find(both).unwrap_or_else(|| panic!("{told}"));
        assert!(line.contains("\"name\":\"python3"), "{line}");
    });
}

#[test]
fn a_listing_names_processes_once() {
    space::inside(|| {
        let server = TcpListener::bind(("127.0.0.1", 9000)).expect("it is free");
        let sniff = listening("sniff -i lo");
        let client = TcpStream::connect(("127.0.0.1", 9000)).expect("it listens");
        let (mut accepted, _) = server.accept().expect("it came");
        for _ in 0..WORDS {
            accepted.write_all(b"hello").expect("it is open");
            thread::sleep(PAUSE);
        }
        drop((client, accepted));
        let told = stopped(sniff);
        // Both at once, or on a machine that is busy one after the other.
        let lines: Vec<_> = told.lines().filter(|line| line.contains(" is ") && line.contains(", pid ")).collect();
        let last = lines.last().unwrap_or_else(|| panic!("{told}"));
        assert!(lines.len() <= 2, "{lines:?}");
        assert_eq!(last.matches(&format!(", pid {}", std::process::id())).count(), 2, "{last}");
        assert!(last.starts_with("      client is ") && last.contains("; server is "), "{last}");
    });
}

#[test]
fn connections_of_udp_and_ipv6_have_processes_too() {
    space::inside(|| {
        let server = UdpSocket::bind(("::1", 9000)).expect("it is free");
        let sniff = listening("sniff -i lo -T json");
        let client = UdpSocket::bind(("::1", 0)).expect("a socket");
        for _ in 0..WORDS {
            client.send_to(b"hello", ("::1", 9000)).expect("it is there");
            thread::sleep(PAUSE);
        }
        drop(server);
        let told = stopped(sniff);
        let id = format!("\"pid\":{}", std::process::id());
        assert!(told.lines().any(|line| line.contains("\"udp\"") && line.matches(&id).count() == 2), "{told}");
    });
}

#[test]
fn nobody_is_looked_for_who_was_not_asked_for() {
    space::inside(|| {
        let server = TcpListener::bind(("127.0.0.1", 9000)).expect("it is free");
        let sniff = listening("sniff -i lo -T json --no-processes");
        let _client = TcpStream::connect(("127.0.0.1", 9000)).expect("it listens");
        let told = stopped(sniff);
        assert!(told.contains("\"tcp\"") && !told.contains("\"process\""), "{told}");
        drop(server);
    });
}

#[test]
fn who_looks_for_them_can_do_nothing_else_and_ends_with_the_run() {
    space::inside(|| {
        let sniff = listening("sniff -i lo");
        let id = sniff.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).expect("this kernel tells");
        let helper: u32 = children.trim().parse().expect("there is one");
        let status = |key: &str| {
            let text = fs::read_to_string(format!("/proc/{helper}/status")).unwrap_or_default();
            text.lines().find_map(|line| Some(line.strip_prefix(key)?.trim().to_owned()))
        };
        assert!(space::until(Duration::from_secs(5), || status("Seccomp:").as_deref() == Some("2")));
        // CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE.
        assert_eq!(status("CapEff:").as_deref(), Some("0000000000080004"));
        assert_eq!(status("CapPrm:").as_deref(), Some("0000000000080004"));
        assert_eq!(status("CapBnd:").as_deref(), Some("0000000000000000"));
        stopped(sniff);
        // Nobody has to wait for it: what is left is at most its name.
        let gone = || status("State:").is_none_or(|state| state.starts_with('Z'));
        assert!(space::until(Duration::from_secs(5), gone));
    });
}

/// How much is said, so that an answer that comes late, as on a busy machine, comes early enough.
const WORDS: usize = 5;
/// What is left between words: longer than the look at all processes waits for the next.
const PAUSE: Duration = Duration::from_millis(300);

/// Fetches a page, in no hurry.
#[track_caller]
fn ask(port: u16) {
    let mut client = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    for word in ["GET ", "/ ", "HTTP/1.0", "\r\n", "\r\n"] {
        client.write_all(word.as_bytes()).expect("it is open");
        thread::sleep(PAUSE);
    }
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).expect("it answers");
    assert!(answer.starts_with(b"HTTP/1.0 200"));
}

/// A live run that has begun to listen.
#[track_caller]
fn listening(arguments: &str) -> Running {
    space::start_listening(SYNFIN, arguments)
}

/// What a live run says in all, when it is told to stop.
#[track_caller]
fn stopped(running: Running) -> String {
    thread::sleep(Duration::from_millis(200));
    running.signal("INT");
    let said = running.output_within(10);
    assert!(said.status.success(), "{:?}", said.status);
    String::from_utf8(said.stdout).expect("text")
}
