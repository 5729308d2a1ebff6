//! Recorded connections replayed against peers of the real kernel, in a namespace of the test's own:
//! such as answer as recorded, otherwise, or not at all, over ways that lose packets.

mod common;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Output;
use std::thread;
use std::time::{Duration, Instant};

use common::space;
use synfin::capture::file::{CaptureWriter, Format};
use synfin::capture::{Aside, Frame, Link};
use synfin::craft::Script;

/// A client that asks twice on one connection, and closes.
const TALK: &str = r#"
    > S  0:0(0) win 64240 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>
    < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,TS val 9 ecr 1,nop,wscale 7>
    > .  1:1(0) ack 1 win 502
    > P. 1:8(7) ack 1 win 502 "first?\n"
    < P. 1:9(8) ack 8 win 509 "an echo\n"
    > P. 8:16(8) ack 9 win 502 "second?\n"
    < P. 9:20(11) ack 16 win 509 "and more..\n"
    > F. 16:16(0) ack 20 win 502
    < F. 20:20(0) ack 17 win 509
    > .  17:17(0) ack 21 win 502
"#;

/// What its server says, with what it hears before each.
const ANSWERS: [(&[u8], &[u8]); 2] = [(b"first?\n", b"an echo\n"), (b"second?\n", b"and more..\n")];

#[test]
fn a_server_that_says_the_same_is_equal() {
    space::inside(|| {
        for host in ["127.0.0.1", "::1"] {
            let server = serve(host, |stream| answer(stream, &ANSWERS));
            let (code, said) = replay(&recorded("talk", TALK), &format!("--to {server}"));
            assert!(code == 0 && said.contains("1 of 1 connection equal"), "{said}");
            assert!(said.contains("end: client FIN, server FIN, as recorded"), "{said}");
        }
    });
}

#[test]
fn a_server_that_answers_differently_is_told_with_the_place_and_both_sides() {
    space::inside(|| {
        let answers: [(&[u8], &[u8]); 2] = [(b"first?\n", b"an ECHO\n"), ANSWERS[1]];
        let server = serve("127.0.0.1", move |stream| answer(stream, &answers));
        let file = recorded("differs", TALK);
        let (code, said) = replay(&file, &format!("--to {server}"));
        assert_eq!(code, 1, "{said}");
        for told in ["first difference at octet 3", "recorded  an echo\\n", "came      an ECHO\\n", "15 of them alike"]
        {
            assert!(said.contains(told), "{told}:\n{said}");
        }
        let (code, said) = replay(&file, &format!("--to {server} --ignore 3..7"));
        assert!(code == 0 && said.contains("4 masked"), "{said}");
        let (code, said) = replay(&file, &format!("--to {server} -T json"));
        assert!(code == 1 && said.contains("\"outcome\":\"differs\"") && said.contains("\"recorded_at\":3"), "{said}");
    });
}

#[test]
fn an_answer_of_another_length_does_not_stop_the_replay() {
    space::inside(|| {
        for (first, told) in
            [(&b"no\n"[..], "14 B came and 19 B were recorded"), (&b"a long, long echo\n"[..], "29 B came and")]
        {
            let answers: [(&[u8], &[u8]); 2] = [(b"first?\n", first), ANSWERS[1]];
            let server = serve("127.0.0.1", move |stream| answer(stream, &answers));
            let start = Instant::now();
            let (code, said) = replay(&recorded("length", TALK), &format!("--to {server}"));
            assert!(code == 1 && said.contains(told) && said.contains("sent 15 B, all acknowledged"), "{said}");
            assert!(said.contains("end: client FIN, server FIN, as recorded"), "{said}");
            assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        }
    });
}

#[test]
fn a_server_that_resets_is_told() {
    space::inside(|| {
        // A socket that is closed with octets unread resets its connection.
        let server = serve("127.0.0.1", |stream| {
            let _ = stream.peek(&mut [0; 1]);
        });
        let (code, said) = replay(&recorded("resets", TALK), &format!("--to {server}"));
        assert!(code == 1 && said.contains("the other end broke the connection off\n"), "{said}");
        assert!(said.contains("end: server RST (recorded client FIN, server FIN)"), "{said}");
    });
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    space::inside(|| {
        let server = serve("127.0.0.1", |mut stream| {
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let start = Instant::now();
        let file = recorded("silent", TALK);
        let (code, said) = replay(&file, &format!("--to {server} --patience 500ms"));
        assert!(code == 1 && said.contains("the other end fell silent: given up"), "{said}");
        assert!(said.contains("0 B came of 19 B: 19 are missing at the end"), "{said}");
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());

        let (code, said) = replay(&file, "--to 127.0.0.1:9");
        assert!(code == 1 && said.contains("the other end refused the connection"), "{said}");
    });
}

#[test]
fn what_is_lost_in_either_direction_is_made_up_for() {
    space::inside(|| {
        if !space::has(&["nft"]) {
            return;
        }
        let server = serve("127.0.0.1", |stream| answer(stream, &[(&letters(30_000), &letters(90_000))]));
        let port = server.port();
        for rule in [
            "add table inet lossy",
            "add chain inet lossy out { type filter hook output priority 0 ; }",
            &format!("add rule inet lossy out tcp dport {port} numgen inc mod 5 2 drop"),
            &format!("add rule inet lossy out tcp sport {port} numgen inc mod 5 3 drop"),
        ] {
            space::run(&format!("nft {rule}"));
        }
        let file = recorded("lossy", &long_talk(30_000, 90_000));
        let (code, said) = replay(&file, &format!("--to {server} --patience 20s --mss 1000"));
        assert!(code == 0 && said.contains("90.0 kB came, all as recorded"), "{said}");
        assert!(said.contains(" timeouts, "), "nothing was lost: {said}");
    });
}

#[test]
fn a_recorded_server_answers_real_clients() {
    space::inside(|| {
        let file = recorded("serve", TALK);
        let arguments = format!("replay {} --serve 127.0.0.1:7000 --loop 3", file.display());
        let serving = space::start(env!("CARGO_BIN_EXE_synfin"), &arguments);
        space::wait_for_listener(7000);
        for (ask, again) in [("first?\n", "second?\n"), ("first?\n", "second?\n"), ("another question\n", "second?\n")]
        {
            let mut stream = TcpStream::connect("127.0.0.1:7000").expect("it is served");
            stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket");
            let mut came = [0; 8];
            stream.write_all(ask.as_bytes()).expect("open");
            stream.read_exact(&mut came).expect("an answer");
            assert_eq!(&came, b"an echo\n");
            stream.write_all(again.as_bytes()).expect("open");
            stream.shutdown(Shutdown::Write).expect("open");
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).expect("an end");
            assert_eq!(rest, b"and more..\n");
        }
        let ran = serving.output_within(20);
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.code() == Some(1) && said.contains("2 of 3 connections equal"), "{said}");
        assert!(said.contains("first difference at octet 0"), "{said}");
    });
}

#[test]
fn many_connections_are_replayed_and_kept_as_they_went() {
    space::inside(|| {
        let server = serve("127.0.0.1", |stream| answer(stream, &ANSWERS));
        let kept = scratch("kept.pcapng");
        let file = recorded("many", TALK);
        let (code, said) = replay(&file, &format!("--to {server} --loop 50 -q -w {}", kept.display()));
        assert!(code == 0 && said.starts_with("50 of 50 connections equal"), "{said}");
        let conns =
            space::run(&format!("{} conns -T csv -e synfin.close {}", env!("CARGO_BIN_EXE_synfin"), kept.display()));
        let conns = String::from_utf8_lossy(&conns.stdout).into_owned();
        assert_eq!(conns.lines().filter(|line| line.starts_with("fin")).count(), 50, "{conns}");
    });
}

#[test]
fn what_a_recording_lacks_is_said_before_anything_is_sent() {
    space::inside(|| {
        let without_handshake = lines(4..);
        let file = recorded("midstream", &format!("isn client 1000\nisn server 2000\n{without_handshake}"));
        let ran = synfin(&format!("replay {} --to 127.0.0.1:9", file.display()));
        let told = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.code() == Some(1) && told.contains("the client's SYN was not captured"), "{told}");
        assert!(told.contains("--allow-gaps"), "{told}");

        let server = serve("127.0.0.1", |stream| answer(stream, &ANSWERS));
        let (code, said) = replay(&file, &format!("--to {server} --allow-gaps"));
        assert!(code == 0 && said.contains("19 B came, all as recorded"), "{said}");
    });
}

/// A server that has `talk` with everyone who comes.
fn serve(host: &str, talk: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((host, 0)).expect("a port is free");
    let at = listener.local_addr().expect("bound");
    thread::spawn(move || {
        for stream in listener.incoming() {
            talk(stream.expect("a connection"));
        }
    });
    at
}

/// Answers what it hears, and closes when the client does.
fn answer(mut stream: TcpStream, answers: &[(&[u8], &[u8])]) {
    for (asked, answer) in answers {
        let mut heard = vec![0; asked.len()];
        if stream.read_exact(&mut heard).is_err() || heard != *asked {
            return;
        }
        let _ = stream.write_all(answer);
    }
    let _ = stream.read_to_end(&mut Vec::new());
}

/// What a script says where it only names a length: letters, for each segment from the beginning.
fn letters(octets: usize) -> Vec<u8> {
    (0..octets).map(|at| b'a' + (at % 1000 % 26) as u8).collect()
}

/// Some lines of the talk.
fn lines(range: impl std::slice::SliceIndex<[&'static str], Output = [&'static str]>) -> String {
    let all: Vec<&str> = TALK.lines().collect();
    all[range].join("\n") + "\n"
}

/// A client that says so much, and a server that answers so much, in segments of 1,000 octets.
fn long_talk(client: usize, server: usize) -> String {
    let text = |octets: std::ops::Range<usize>| String::from_utf8(letters(1000)[octets].to_vec()).expect("letters");
    let mut talk = lines(..4);
    for from in (0..client).step_by(1000) {
        talk += &format!("> P. {}:{}(1000) ack 1 win 502 \"{}\"\n", from + 1, from + 1001, text(0..1000));
    }
    let ack = client + 1;
    talk += &format!("< . 1:1(0) ack {ack} win 509\n");
    for from in (0..server).step_by(1000) {
        talk += &format!("< P. {}:{}(1000) ack {ack} win 509 \"{}\"\n", from + 1, from + 1001, text(0..1000));
    }
    let end = server + 1;
    talk += &format!(
        "> F. {ack}:{ack}(0) ack {end} win 502\n< F. {end}:{end}(0) ack {} win 509\n> . {}:{}(0) ack {} win 502\n",
        ack + 1,
        ack + 1,
        ack + 1,
        end + 1
    );
    talk
}

/// A capture of the script.
fn recorded(name: &str, script: &str) -> PathBuf {
    let script: Script = script.parse().unwrap_or_else(|error| panic!("{error}"));
    let path = scratch(&format!("{name}.pcapng"));
    let file = File::create(&path).expect("a scratch folder");
    let mut writer = CaptureWriter::new(file, Format::Pcapng, Link::Ethernet).expect("it can be written");
    for shot in script.frames().expect("a script") {
        let frame = Frame {
            time: shot.time,
            wire_len: shot.bytes.len() as u32,
            link: Link::Ethernet,
            interface: 0,
            bytes: &shot.bytes,
            comment: None,
            aside: Aside::NONE,
        };
        writer.write(&frame).expect("it can be written");
    }
    writer.finish().expect("it can be written");
    path
}

fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("replay-{}-{name}", std::process::id()))
}

/// Replays a capture; the exit code and what was told of it.
fn replay(file: &std::path::Path, arguments: &str) -> (i32, String) {
    let ran = synfin(&format!("replay {} {arguments}", file.display()));
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let Some(code) = ran.status.code() else { panic!("{ran:?}") };
    assert!(!said.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));
    (code, said)
}

fn synfin(arguments: &str) -> Output {
    space::start(env!("CARGO_BIN_EXE_synfin"), arguments).output_within(60)
}
