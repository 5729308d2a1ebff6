//! The pages that `synfin follow` writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use synfin::capture::Link;
use synfin::capture::OwnedFrame;
use synfin::capture::file::{CaptureWriter, Format};
use synfin::craft::Script;

/// What goes wrong in a conversation: octets early, again, missing, cut, and such as steer terminals.
const TROUBLED: &str = r#"
at 2026-01-01T00:00:00Z
> S  0:0(0) <mss 1460,sackOK>
< S. 0:0(0) ack 1 <mss 1460,sackOK>
> .  1:1(0) ack 1
> P. 1:7(6) ack 1 "HELO \xc3"
> P. 12:14(2) ack 1 "\r\n"
> P. 7:12(5) ack 1 "\xa9 you"
< .  1:1(0) ack 14
< P. 1:9(8) ack 14 "250 \x1b[31"
< P. 19:27(8) ack 14 "the rest"
> .  14:14(0) ack 27
> P. 14:24(10) ack 27 "0123456789"
> P. 14:24(10) ack 27 "0123456789"
< P. 27:28(1) ack 24 "\n"
> R. 24:24(0) ack 28
next connection
> S  0:0(0)
< S. 0:0(0) ack 1
> .  1:1(0) ack 1
> P. 1:6(5) ack 1 "again"
"#;

#[test]
fn conversations_are_shown_as_before() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    assert!(!update || std::env::var_os("CI").is_none(), "UPDATE_GOLDEN would hide every change");
    let troubled = written("troubled.pcap");
    let troubled = troubled.to_str().expect("a path in letters");
    let mut wrong = Vec::new();
    for (name, words) in [
        ("troubled", vec![troubled]),
        ("troubled-one-side", vec![troubled, "--conn", "0", "--from", "server", "-v", "-ttttt"]),
        ("troubled-hex", vec![troubled, "--conn", "0", "-T", "hex", "-t", "--ascii"]),
        ("troubled-json", vec![troubled, "-T", "json"]),
        ("troubled-colours", vec![troubled, "--color", "always", "-tt"]),
        ("http", vec!["captures/http-keep-alive.pcap", "-tttt"]),
        ("messages", vec!["captures/acme.pcap", "--proto", "examples/acme/acme.toml", "-T", "hex"]),
        ("udp", vec!["captures/icmp-port-unreachable.pcap", "-T", "hex", "-v"]),
    ] {
        let shown = follow(&words);
        assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
        let page = super::root().join("tests/follow/shown").join(format!("{name}.txt"));
        if update {
            fs::write(&page, &shown.stdout).expect("the folder can be written");
        }
        if fs::read(&page).unwrap_or_default() != shown.stdout {
            wrong.push(format!("synfin follow {}\n{}", words.join(" "), String::from_utf8_lossy(&shown.stdout)));
        }
    }
    assert!(wrong.is_empty(), "if that is right, UPDATE_GOLDEN=1 cargo test --test follow:\n{}", wrong.join("\n"));
}

#[test]
fn raw_octets_are_one_side_alone_and_what_is_missing_is_said_on_stderr() {
    let troubled = written("troubled-raw.pcap");
    let troubled = troubled.to_str().expect("a path in letters");
    let raw = ["-T", "raw", "--conn", "0", "--from"];
    let client = follow(&[&[troubled][..], &raw, &["client"]].concat());
    assert_eq!(client.stdout, "HELO é you\r\n0123456789".as_bytes());
    assert_eq!(String::from_utf8_lossy(&client.stderr), "");
    let server = follow(&[&[troubled][..], &raw, &["server"]].concat());
    assert_eq!(server.stdout, b"250 \x1b[31the rest\n");
    let said = String::from_utf8_lossy(&server.stderr).into_owned();
    assert_eq!(said, "synfin: 10 octets of the server are missing, the first at offset 8: they are left out\n");
    let zeros = follow(&[&[troubled][..], &raw, &["server", "--zeros"]].concat());
    assert_eq!(zeros.stdout, b"250 \x1b[31\0\0\0\0\0\0\0\0\0\0the rest\n");
}

#[test]
fn who_asks_for_what_is_not_there_is_told() {
    let troubled = written("troubled-asked.pcap");
    let troubled = troubled.to_str().expect("a path in letters");
    let said = |words: &[&str]| {
        let ran = follow(&[&[troubled], words].concat());
        (ran.status.code(), String::from_utf8_lossy(&ran.stderr).into_owned())
    };
    let (code, missing) = said(&["--conn", "7"]);
    assert_eq!(
        (code, &*missing),
        (Some(1), "synfin: there is no connection 7: the input has 2 connections, numbers 0 to 1\n")
    );
    let (code, unsaid) = said(&["-T", "raw"]);
    assert!(code == Some(2) && unsaid.contains("--conn 0"), "{unsaid}");
    let (code, zeros) = said(&["--zeros"]);
    assert!(code == Some(2) && zeros.contains("-T raw"), "{zeros}");
    let (code, missing) = said(&["--stream", "udp:0"]);
    assert_eq!(
        (code, &*missing),
        (Some(1), "synfin: there is no udp stream 0: the input has 2 connections, numbers 0 to 1\n")
    );
    let (code, silent) = said(&["--conn", "1", "tcp[tcpflags] & tcp-push = 0"]);
    assert_eq!((code, &*silent), (Some(0), "synfin: connection 1 carried no octets\n"));
    let (code, nothing) = said(&["tcp[tcpflags] & tcp-push = 0"]);
    assert_eq!((code, &*nothing), (Some(0), "synfin: no conversation carried octets\n"));
}

#[test]
fn tsharks_words_follow_the_same_stream() {
    let troubled = written("troubled-tshark.pcap");
    let troubled = troubled.to_str().expect("a path in letters");
    let mut command = Command::new(env!("CARGO_BIN_EXE_synfin"));
    command.args(["-n", "-r", troubled, "-q", "-z", "follow,tcp,hex,1"]).envs([("TZ", "UTC"), ("LC_ALL", "C.UTF-8")]);
    let ran = command.output().expect("the program is there");
    assert_eq!(ran.stdout, follow(&[troubled, "--conn", "1", "-T", "hex"]).stdout);
    assert!(!ran.stdout.is_empty());
}

fn follow(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synfin"));
    command.arg("follow").args(words).current_dir(super::root());
    command.envs([("TZ", "UTC"), ("LC_ALL", "C.UTF-8")]).env_remove("CLICOLOR_FORCE").arg("--no-config");
    command.output().expect("the program is there")
}

/// The troubled conversation as a capture whose snap length cuts one packet.
fn written(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let script: Script = TROUBLED.parse().unwrap_or_else(|error| panic!("{error}"));
    let file = fs::File::create(&path).expect("the folder can be written");
    let mut writer = CaptureWriter::new(file, Format::Pcap, Link::Ethernet).expect("a header");
    for shot in script.frames().unwrap_or_else(|error| panic!("{error}")) {
        writer.write(&OwnedFrame::new(shot.time, Link::Ethernet, shot.bytes).as_frame()).expect("a packet");
    }
    writer.flush().expect("the rest");
    path
}
