//! How the program ends when something ends it: a full disk, a closed pipe, a file that changes while
//! it is read, a signal. What it has written by then is whole, and its exit code says what happened.
#![cfg(target_os = "linux")]

#[path = "common/harmless.rs"]
mod harmless;

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use harmless::{assert_harmless, assert_json};
use synfin::capture::file::{Capture, CaptureWriter, Format, Options};
use synfin::capture::{Link, Next, OwnedFrame, Source};
use synfin::craft::{Spec, emit};
use synfin::wire::{Endpoint, Flags, OptionList, Segment, Seq, Timestamp};

/// Octets of each packet's payload.
const PAYLOAD: usize = 400;

/// So many packets of one connection: more than fit into the pipes and buffers on their way.
const PACKETS: u32 = 20_000;

#[test]
fn a_full_disk_is_told_and_is_failure() {
    let capture = long_capture("full-disk.pcap", PACKETS);
    for call in ["read", "read -T json", "read -vv -X", "conns", "conns -T json", "explain"] {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let ran = command(call).arg(&capture).stdout(full).output().expect("the program was built");
        assert_eq!(ran.status.code(), Some(1), "{call}: {}", stderr(&ran));
        assert!(stderr(&ran).contains("synfin: cannot write") && stderr(&ran).contains("No space left"), "{call}");
        assert_eq!(stderr(&ran).lines().filter(|line| line.starts_with("synfin:")).count(), 1, "{call}");
    }
}

#[test]
fn a_capture_that_is_written_to_a_full_disk_is_told_and_is_failure() {
    let capture = long_capture("full-disk-w.pcap", PACKETS);
    for call in ["read -w /dev/full", "annotate -o /dev/full"] {
        let ran = command(call).arg(&capture).output().expect("the program was built");
        assert_eq!(ran.status.code(), Some(1), "{call}: {}", stderr(&ran));
        assert!(stderr(&ran).contains("/dev/full"), "{call}: {}", stderr(&ran));
        assert!(stderr(&ran).contains("No space left"), "{call}: {}", stderr(&ran));
    }
}

/// The size limit of a process stands for a disk that fills up in the middle.
#[test]
fn of_a_capture_that_a_disk_has_no_room_for_all_that_fits_can_be_read() {
    let capture = long_capture("no-room.pcap", PACKETS);
    for (name, call) in
        [("no-room.w.pcapng", "read -w"), ("no-room.w.pcap", "read -w"), ("no-room.a.pcapng", "annotate -o")]
    {
        let written = folder().join(name);
        let limited =
            format!("ulimit -f 2048; trap '' XFSZ; exec {} {call} \"$1\" \"$2\"", env!("CARGO_BIN_EXE_synfin"));
        let ran = Command::new("sh")
            .args(["-c", &limited, "sh"])
            .args([&written, &capture])
            .output()
            .expect("there is a shell");
        assert_eq!(ran.status.code(), Some(1), "{name}: {}", stderr(&ran));
        assert!(stderr(&ran).contains("cannot write"), "{name}: {}", stderr(&ran));
        let (frames, damages) = read(&written);
        assert!(frames > 500 && frames < PACKETS as usize, "{name}: {frames}");
        assert!(damages <= 1, "{name}: {damages}");
        fs::remove_file(written).expect("it was made here");
    }
}

#[test]
fn a_reader_that_hangs_up_is_no_failure() {
    let capture = long_capture("hangs-up.pcap", PACKETS);
    for call in ["read", "read -T json", "read -T fields -e frame.number", "conns -T json", "explain", "read -w -"] {
        let mut child = start(command(call).arg(&capture));
        let mut first = [0; 10];
        let mut out = child.stdout.take().expect("a pipe");
        let _ = out.read(&mut first);
        drop(out);
        let ran = wait(child);
        assert_eq!(ran.status.code(), Some(0), "{call}: {}", stderr(&ran));
        assert!(!stderr(&ran).contains("synfin:"), "{call}: {}", stderr(&ran));
    }
}

#[test]
fn what_cannot_be_read_is_named_once_and_is_failure() {
    for call in ["read", "conns", "explain", "annotate -o /dev/null"] {
        let ran = command(call).arg(folder()).output().expect("the program was built");
        assert_eq!(ran.status.code(), Some(1), "{call}");
        let missing = folder().join("there-is-no-such-file.pcap");
        let ran = command(call).arg(missing).output().expect("the program was built");
        assert_eq!(ran.status.code(), Some(1), "{call}");
        assert_eq!(stderr(&ran).matches("cannot open").count(), 1, "{call}: {}", stderr(&ran));
    }
    // A directory that is opened is one thing; the memory of a process fails in the middle of a read.
    let ran = command("read /proc/self/mem").output().expect("the program was built");
    assert_eq!(ran.status.code(), Some(1));
    assert!(stderr(&ran).contains("cannot read /proc/self/mem"), "{}", stderr(&ran));
}

#[test]
fn what_is_added_to_a_file_while_it_is_read_is_read() {
    let capture = long_capture("grows.pcap", PACKETS);
    let mut child = start(command("read -T json").arg(&capture));
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut first = String::new();
    out.read_line(&mut first).expect("text");
    // The pipe is full now, and most of the file has not been read.
    let more = fs::read(long_capture("grows-by.pcap", 100)).expect("it was written");
    OpenOptions::new().append(true).open(&capture).and_then(|mut file| file.write_all(&more[24..])).expect("writable");
    let mut rest = Vec::new();
    out.read_to_end(&mut rest).expect("text");
    assert_eq!(wait(child).status.code(), Some(0));
    assert_json("the records", &rest);
    assert_eq!(1 + lines(&rest), PACKETS as usize + 100);
}

#[test]
fn of_a_file_that_shrinks_while_it_is_read_what_is_left_is_read() {
    let capture = long_capture("shrinks.pcap", PACKETS);
    let mut child = start(command("read -T json").arg(&capture));
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    out.read_line(&mut String::new()).expect("text");
    let len = 24 + 10_000 * (16 + 40 + PAYLOAD as u64) - 7;
    File::options().write(true).open(&capture).and_then(|file| file.set_len(len)).expect("writable");
    let mut rest = Vec::new();
    out.read_to_end(&mut rest).expect("text");
    let ran = wait(child);
    assert_eq!(ran.status.code(), Some(1));
    assert!(stderr(&ran).contains("cut short at byte"), "{}", stderr(&ran));
    assert_json("the records", &rest);
    assert_eq!(1 + lines(&rest), 9_999);
}

#[test]
fn a_signal_ends_the_reading_between_two_packets_and_is_told() {
    let capture = long_capture("signals.pcap", PACKETS);
    for (signal, name, code) in [("INT", "SIGINT", 130), ("TERM", "SIGTERM", 143)] {
        for call in ["read -T json", "read -T json --summary", "read", "read -T fields -e frame.number"] {
            let mut child = start(command(call).arg(&capture));
            let mut out = child.stdout.take().expect("a pipe");
            let mut written = vec![0; 100];
            out.read_exact(&mut written).expect("text");
            // It waits for us to read on, now or soon; and hears of it when it writes again.
            kill(signal, &child);
            std::thread::sleep(Duration::from_millis(50));
            out.read_to_end(&mut written).expect("text");
            let ran = wait(child);
            assert_eq!(ran.status.code(), Some(code), "{call}: {}", stderr(&ran));
            assert!(stderr(&ran).contains(&format!("synfin: stopped by {name} after packet ")), "{}", stderr(&ran));
            assert_eq!(written.last(), Some(&b'\n'), "{call} ends in the middle of a line");
            if call.contains("json") {
                assert_json(call, &written);
            }
            let after =
                stderr(&ran).split("after packet ").nth(1).and_then(|rest| rest.split(':').next()?.parse().ok());
            let packets: usize = after.expect("a number");
            assert!(packets < PACKETS as usize, "{call}: it had come to its end");
            if call == "read -T json" {
                assert_eq!(lines(&written), packets);
            }
        }
    }
}

#[test]
fn a_signal_ends_a_wait_for_input_and_what_was_read_is_told() {
    let capture = fs::read(long_capture("waits.pcap", 10)).expect("it was written");
    for (call, said) in [("read -T json -", 10), ("conns -T json -", 1), ("conns -", 2), ("read -c 100 -T json -", 10)]
    {
        let mut child = start(command(call).stdin(Stdio::piped()));
        let mut input = child.stdin.take().expect("a pipe");
        // A piece of the next record comes too.
        input.write_all(&capture).and_then(|()| input.write_all(&[7; 9])).expect("it reads");
        input.flush().expect("it reads");
        wait_for_sleep(&child);
        kill("TERM", &child);
        let ran = wait(child);
        drop(input);
        assert_eq!(ran.status.code(), Some(143), "{call}: {}", stderr(&ran));
        assert_eq!(lines(&ran.stdout), said, "{call}: {:?}", ran.stdout);
        assert!(stderr(&ran).contains("stopped by SIGTERM after packet 10:"), "{}", stderr(&ran));
        assert!(!stderr(&ran).contains("cut short"), "{}", stderr(&ran));
    }
}

#[test]
fn a_signal_leaves_a_capture_that_can_be_read() {
    let records = fs::read(long_capture("signal-w.pcap", 1_000)).expect("it was written");
    for (name, call) in
        [("signal.w.pcapng", "read -w"), ("signal.w.pcap", "read -w"), ("signal.a.pcapng", "annotate -o")]
    {
        let written = folder().join(name);
        let mut child = start(command(call).arg(&written).arg("-").stdin(Stdio::piped()));
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(&records).expect("it reads");
        wait_for_sleep(&child);
        kill("INT", &child);
        let ran = wait(child);
        drop(input);
        assert_eq!(ran.status.code(), Some(130), "{name}: {}", stderr(&ran));
        assert_eq!(read(&written), (1_000, 0), "{name}");
        fs::remove_file(written).expect("it was made here");
    }
}

#[test]
fn names_of_files_reach_the_terminal_as_text() {
    let name = "\u{1b}]0;owned\u{7}\u{1b}[31m\n\u{202e}x.pcap";
    let path = folder().join(name);
    let mut capture = fs::read(long_capture("names.pcap", 3)).expect("it was written");
    fs::write(&path, &capture).expect("a writable folder");
    let said = |call: &str| {
        let ran = command(call).arg(&path).output().expect("the program was built");
        assert_harmless(call, &ran.stdout);
        assert_harmless(call, &ran.stderr);
        String::from_utf8_lossy(&ran.stderr).into_owned()
    };
    assert!(said("read").contains("reading from file "));
    assert!(said("conns").is_empty());
    assert!(said("read --no-such-option").contains("unexpected"));
    capture.truncate(capture.len() - 3);
    fs::write(&path, &capture).expect("a writable folder");
    for call in ["read", "conns", "explain", "annotate -o /dev/null", "read -T json"] {
        assert!(said(call).contains("cut short at byte"), "{call}");
    }
    fs::write(&path, "no capture").expect("a writable folder");
    for call in ["read", "conns", "explain", "annotate -o /dev/null"] {
        assert!(said(call).contains("is not a capture"), "{call}");
    }
    fs::remove_file(&path).expect("it was made here");
    assert!(said("read").contains("cannot open"));
}

/// A capture of one connection that goes on and on.
fn long_capture(name: &str, packets: u32) -> PathBuf {
    let path = folder().join(name);
    let file = File::create(&path).expect("a writable folder");
    let mut writer = CaptureWriter::new(file, Format::Pcap, Link::Raw).expect("a header");
    let payload = [b'x'; PAYLOAD];
    let end = |host, port| Endpoint { addr: [10, 0, 0, host].into(), port };
    for n in 0..packets {
        let segment =
            Segment { seq: Seq(1 + n * PAYLOAD as u32), ack: Seq(1), flags: Flags::ACK, ..Segment::default() };
        let spec = Spec { payload: &payload, ..Spec::tcp(end(1, 40_000), end(2, 80), &segment, &OptionList::EMPTY) };
        let mut bytes = Vec::new();
        emit(&spec, &mut bytes).expect("one family");
        let frame = OwnedFrame::new(Timestamp(u64::from(n) * 1_000_000), Link::Raw, bytes);
        writer.write(&frame.as_frame()).expect("a frame");
    }
    writer.finish().expect("a writable folder");
    path
}

/// How many frames a capture has, and how many damaged places.
fn read(path: &Path) -> (usize, usize) {
    let mut capture = Capture::open(path, Options::default()).unwrap_or_else(|error| panic!("{error}"));
    let (mut frames, mut damages) = (0, 0);
    loop {
        match capture.next().expect("a file on a good disk") {
            Next::Frame(_) => frames += 1,
            Next::Damage(_) => damages += 1,
            Next::End => return (frames, damages),
            Next::Idle(_) | Next::LeftOut => {}
        }
    }
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("endings");
    fs::create_dir_all(&folder).expect("a writable folder");
    folder
}

fn command(call: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synfin"));
    command.args(call.split(' ')).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program was built")
}

/// Waits for the program to end, for twenty seconds at most.
fn wait(mut child: Child) -> Output {
    let since = Instant::now();
    while child.try_wait().expect("a child of ours").is_none() {
        if since.elapsed() > Duration::from_secs(20) {
            let _ = child.kill();
            let ran = child.wait_with_output().expect("a child of ours");
            panic!("it does not end ({:?}): {}", ran.status.signal(), stderr(&ran));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().expect("a child of ours")
}

/// Waits until the program has used up its input and waits for more: it sleeps, and has slept before.
fn wait_for_sleep(child: &Child) {
    let since = Instant::now();
    let mut asleep = 0;
    while asleep < 20 {
        assert!(since.elapsed() < Duration::from_secs(20), "it does not come to rest");
        std::thread::sleep(Duration::from_millis(10));
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("it runs");
        let sleeps = stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'));
        asleep = if sleeps { asleep + 1 } else { 0 };
    }
}

/// How many lines end in a text.
fn lines(text: &[u8]) -> usize {
    text.split(|octet| *octet == b'\n').count() - 1
}

fn kill(signal: &str, child: &Child) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args([&format!("-{signal}"), &id]).status().expect("there is `kill`");
    assert!(sent.success());
}

fn stderr(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stderr).into_owned()
}
