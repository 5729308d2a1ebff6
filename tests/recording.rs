//! What is recorded of a connection: the streams of both ends, what each did after having heard
//! what, and what the capture lacks.

use std::path::{Path, PathBuf};

use synfin::capture::file::{Captures, Options};
use synfin::capture::recording::{Chosen, Limits, Recorder};
use synfin::capture::track::Tracker;
use synfin::capture::{Checksums, Link, MemorySource, OwnedFrame, pump};
use synfin::craft::Script;
use synfin::wire::recording::{Act, End, Gap, Recording};

const OPENING: &str = "
    > S  0:0(0) <mss 1460,sackOK,nop,wscale 7>
    < S. 0:0(0) ack 1 win 1000 <mss 1400>
    > .  1:1(0) ack 1
";

#[test]
fn both_streams_are_recorded_with_what_each_end_had_heard() {
    let recording = record(
        "> P. 1:6(5) ack 1 \"GET /\"
         < .  1:1(0) ack 6
         < P. 1:4(3) ack 6 \"200\"
         < F. 4:4(0) ack 6
         > .  6:6(0) ack 5
         > F. 6:6(0) ack 5
         < .  5:5(0) ack 7",
    );
    assert_eq!((&recording.client.stream[..], &recording.server.stream[..]), (&b"GET /"[..], &b"200"[..]));
    assert!(recording.is_complete(), "{:?}", recording.gaps);
    assert_eq!(
        deeds(&recording),
        ["> S 0", "< S. 0", "> 0..5 P 0", "< 0..3 P 5", "< F 5", "> F 4"],
        "{:?}",
        recording.steps
    );
    let greeting = recording.client.greeting.expect("a SYN");
    assert!(greeting.options.to_string().starts_with("mss 1460,sackOK,nop,wscale 7"));
    assert_eq!(recording.server.greeting.expect("a SYN/ACK").window.0, 1000);
    assert_eq!((recording.client.acked, recording.server.acked), (6, 4));
    assert_eq!(recording.steps.last().expect("steps").at_ns, 80_000_000);
}

#[test]
fn repeats_add_nothing_and_what_was_overtaken_is_put_in_its_place() {
    let recording = record(
        "> P. 1:4(3) ack 1 \"abc\"
         > P. 7:10(3) ack 1 \"ghi\"
         > P. 3:8(5) ack 1 \"cdefg\"
         > P. 1:4(3) ack 1 \"abc\"
         < .  1:1(0) ack 10
         > R. 10:10(0) ack 1",
    );
    assert_eq!(recording.client.stream, b"abcdefghi");
    // The octets that came late were sent before those behind them.
    assert_eq!(deeds(&recording)[2..], ["> 0..3 P 0", "> 3..6 P 0", "> 6..9 P 0", "> R 0"]);
    assert_eq!(recording.steps[3].at_ns, recording.steps[4].at_ns);
    assert!(recording.is_complete(), "{:?}", recording.gaps);
    assert_eq!(recording.client.manner.repeats, 2);
}

#[test]
fn of_octets_that_differ_the_first_copy_is_kept() {
    let recording = record(
        "> P. 1:5(4) ack 1 \"abcd\"
         > P. 3:7(4) ack 1 \"XYef\"
         < .  1:1(0) ack 7
         > R. 7:7(0) ack 1",
    );
    assert_eq!(recording.client.stream, b"abcdef");
    assert_eq!(recording.gaps, [Gap::Conflict { of: End::Client, at: 2 }]);
}

#[test]
fn a_hole_is_told_and_stands_as_zeros() {
    let recording = record(
        "> P. 1:4(3) ack 1 \"abc\"
         > P. 6:9(3) ack 1 \"fgh\"
         < .  1:1(0) ack 9
         > F. 9:9(0) ack 1
         < F. 1:1(0) ack 10
         > .  10:10(0) ack 2",
    );
    assert_eq!(recording.client.stream, b"abc\0\0fgh");
    assert_eq!(recording.gaps, [Gap::Hole { of: End::Client, from: 3, to: 5 }]);
    assert!(recording.has_holes());
    holds_together(&recording);
}

#[test]
fn octets_that_were_acknowledged_and_never_seen_are_a_hole_at_the_end() {
    let recording = record(
        "> P. 1:4(3) ack 1 \"abc\"
         < .  1:1(0) ack 9
         < R. 1:1(0) ack 9",
    );
    assert_eq!(recording.gaps, [Gap::Hole { of: End::Client, from: 3, to: 8 }]);
    holds_together(&recording);
}

#[test]
fn a_fin_behind_a_hole_ends_the_stream_there() {
    let recording = record(
        "> P. 1:4(3) ack 1 \"abc\"
         > F. 8:8(0) ack 1
         < F. 1:1(0) ack 9
         > .  9:9(0) ack 2",
    );
    assert_eq!(recording.client.stream, b"abc\0\0\0\0");
    assert_eq!(recording.gaps, [Gap::Hole { of: End::Client, from: 3, to: 7 }]);
    holds_together(&recording);
}

#[test]
fn what_the_snap_length_cut_off_is_told_as_that() {
    let script = format!("{OPENING} > P. 1:101(100) ack 1\n < . 1:1(0) ack 101\n < R. 1:1(0) ack 101");
    let cut = |frame: &mut OwnedFrame| frame.bytes.truncate(80);
    let recording = only(record_all(&script, cut, Limits::default()));
    // 14 octets of Ethernet, 20 of IPv4, 20 of TCP: 26 of the payload are there.
    assert_eq!(recording.gaps, [Gap::Cut { of: End::Client, from: 26, to: 100 }]);
    assert_eq!(recording.client.stream.len(), 100);
    assert!(recording.client.stream.starts_with(b"abcdef") && recording.client.stream.ends_with(&[0; 74]));
    holds_together(&recording);
}

#[test]
fn a_capture_that_begins_later_lacks_its_handshake() {
    let script = "
        > P. 1:4(3) ack 1 \"abc\"
        < P. 1:4(3) ack 4 \"xyz\"
        > F. 4:4(0) ack 4
        < F. 4:4(0) ack 5
        > .  5:5(0) ack 5
    ";
    let recording = only(record_all(script, |_| {}, Limits::default()));
    let lacks = [Gap::NoHandshake { of: End::Client }, Gap::NoHandshake { of: End::Server }];
    assert_eq!(recording.gaps, lacks);
    assert_eq!((&recording.client.stream[..], &recording.server.stream[..]), (&b"abc"[..], &b"xyz"[..]));
    holds_together(&recording);
}

#[test]
fn without_a_syn_an_octet_before_the_first_is_no_hole() {
    let script = "
        > P. 4:7(3) ack 1 \"def\"
        > P. 1:4(3) ack 1 \"abc\"
        < .  1:1(0) ack 7
    ";
    let recording = only(record_all(script, |_| {}, Limits::default()));
    assert_eq!(recording.client.stream, b"abcdef");
    holds_together(&recording);
}

#[test]
fn frames_larger_than_a_segment_can_be_are_told() {
    let recording = record(
        "> P. 1:4001(4000) ack 1
         < . 1:1(0) ack 4001
         < R. 1:1(0) ack 4001",
    );
    assert_eq!(recording.gaps, [Gap::Oversized { of: End::Client, frames: 1, largest: 4000 }]);
    assert!(recording.is_complete());
}

#[test]
fn a_connection_that_is_open_at_the_end_lacks_its_end() {
    let recording = record("> P. 1:4(3) ack 1 \"abc\"\n < . 1:1(0) ack 4\n < F. 1:1(0) ack 4");
    assert_eq!(recording.gaps, [Gap::NoEnd { of: End::Client }]);
    assert!(!recording.has_holes());
}

#[test]
fn a_refused_connection_is_whole() {
    let script = "> S 0:0(0) <mss 1460>\n < R. !0:0(0) ack 1";
    let recording = only(record_all(script, |_| {}, Limits::default()));
    assert!(recording.is_complete(), "{:?}", recording.gaps);
    assert_eq!(deeds(&recording), ["> S 0", "< R 0"]);
}

#[test]
fn a_keep_alive_and_a_blind_reset_are_nothing_that_was_said() {
    let recording = record(
        "> P. 1:4(3) ack 1 \"abc\"
         < . 1:1(0) ack 4
         +10 > . 3:4(1) ack 1 \"Z\"
         < . 1:1(0) ack 4
         > R 200000000:200000000(0)
         > F. 4:4(0) ack 1
         < F. 1:1(0) ack 5
         > . 5:5(0) ack 2",
    );
    assert!(recording.is_complete(), "{:?}", recording.gaps);
    assert!(!recording.client.reset);
    assert_eq!(recording.client.stream, b"abc");
}

#[test]
fn an_end_waits_for_what_it_had_heard_when_it_spoke() {
    // The capture shows the answer before the question.
    let recording = record(
        "< P. 1:4(3) ack 4 \"200\"
         > P. 1:4(3) ack 1 \"GET\"
         > R. 4:4(0) ack 4",
    );
    assert_eq!(deeds(&recording)[2..], ["> 0..3 P 0", "< 0..3 P 3", "> R 3"]);
    holds_together(&recording);
}

#[test]
fn memory_has_a_bound_over_all_recordings() {
    let script = format!("{OPENING} > P. 1:1001(1000) ack 1\n > P. 1001:2001(1000) ack 1\n < . 1:1(0) ack 2001");
    let recording = only(record_all(&script, |_| {}, Limits { octets: 3000 }));
    assert_eq!(recording.client.stream.len(), 1000);
    assert!(recording.gaps.contains(&Gap::TooLong { of: End::Client, kept: 1000 }), "{:?}", recording.gaps);
    holds_together(&recording);

    let next = "next connection\n".to_owned() + OPENING;
    let script = format!("{OPENING}{next}{next}{next}");
    assert_eq!(record_all(&script, |_| {}, Limits { octets: 2048 }).len(), 2);
}

#[test]
fn a_hole_of_a_gigabyte_takes_no_memory() {
    let script = format!("{OPENING} > P. 1:4(3) ack 1\n > P. 1000000000:1000000003(3) ack 1\n < . 1:1(0) ack 4");
    let recording = only(record_all(&script, |_| {}, Limits::default()));
    assert_eq!(recording.client.stream, b"abc");
    holds_together(&recording);
}

#[test]
fn only_what_is_chosen_is_recorded() {
    let script = format!("{OPENING}next connection\n{OPENING}next connection\n{OPENING}");
    let mut recorder = Recorder::new(Chosen(vec![1]), Limits::default());
    let mut source = MemorySource::new(frames(&script));
    pump(&mut source, Checksums::Ignore, &mut Tracker::default(), &mut recorder).expect("a run");
    assert_eq!(recorder.seen(), 3);
    let numbers: Vec<u32> = recorder.into_recordings().iter().map(|recording| recording.number).collect();
    assert_eq!(numbers, [1]);
}

#[test]
fn every_recording_of_a_shipped_capture_holds_together() {
    let captures = files_under(Path::new(env!("CARGO_MANIFEST_DIR")).join("captures"));
    let (mut all, mut complete) = (0, 0);
    for path in captures {
        for recording in recordings_in(&path) {
            holds_together(&recording);
            all += 1;
            complete += u32::from(recording.is_complete());
        }
    }
    println!("{complete} of {all} connections are complete");
    assert!(complete > 40 && all > complete);
}

#[test]
fn every_recording_of_a_foreign_capture_holds_together() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    if !shared.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", shared.display());
        eprintln!("not run: there are no captures in {}", shared.display());
        return;
    }
    let mut all = 0;
    for path in files_under(shared) {
        for recording in recordings_in(&path) {
            println!("{}", path.display());
            holds_together(&recording);
            all += 1;
        }
    }
    assert!(all > 1000, "{all}");
}

/// What a recording promises, whatever it was made from.
#[track_caller]
fn holds_together(recording: &Recording) {
    let told = |what: &str| {
        let Recording { number, steps, gaps, .. } = recording;
        let (steps, all) = (&steps[..steps.len().min(20)], steps.len());
        format!("{what} in connection {number}: {steps:?}, {all} steps, {gaps:?}")
    };
    let mut last_ns = 0;
    let mut said = [0, 0];
    let mut heard = [0, 0];
    for step in &recording.steps {
        assert!(step.at_ns >= last_ns, "{}", told("time goes back"));
        last_ns = step.at_ns;
        let (own, peer) = (step.by as usize, !step.by as usize);
        assert!(step.heard <= said[peer], "{}", told("something is heard before it is said"));
        assert!(step.heard >= heard[own], "{}", told("something is unheard"));
        heard[own] = step.heard;
        match step.act {
            Act::Data { from, to, .. } => {
                assert!(from == said[own] && to > from, "{}", told("a stream has a hole"));
                said[own] = to;
            }
            Act::Fin => said[own] += 1,
            Act::Syn | Act::SynAck | Act::Reset => {}
        }
    }
    for end in End::BOTH {
        let recorded = recording.end(end);
        assert_eq!(said[end as usize], recorded.extent(), "{}", told("a stream ends elsewhere"));
        assert!(recorded.acked <= recorded.extent(), "{}", told("more is acknowledged than was said"));
    }
}

/// What both ends did, in short: who, what, and what he had heard.
fn deeds(recording: &Recording) -> Vec<String> {
    let deed = |step: &synfin::wire::recording::Step| {
        let who = if step.by == End::Client { '>' } else { '<' };
        let what = match step.act {
            Act::Syn => "S".to_owned(),
            Act::SynAck => "S.".to_owned(),
            Act::Data { from, to, push } => format!("{from}..{to}{}", if push { " P" } else { "" }),
            Act::Fin => "F".to_owned(),
            Act::Reset => "R".to_owned(),
        };
        format!("{who} {what} {}", step.heard)
    };
    recording.steps.iter().map(deed).collect()
}

#[track_caller]
fn record(after_the_opening: &str) -> Recording {
    only(record_all(&format!("{OPENING}{after_the_opening}"), |_| {}, Limits::default()))
}

#[track_caller]
fn only(mut all: Vec<Recording>) -> Recording {
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn record_all(script: &str, cut: impl FnMut(&mut OwnedFrame), limits: Limits) -> Vec<Recording> {
    let mut frames = frames(script);
    frames.iter_mut().for_each(cut);
    let mut recorder = Recorder::new(Chosen::default(), limits);
    pump(&mut MemorySource::new(frames), Checksums::Ignore, &mut Tracker::default(), &mut recorder).expect("a run");
    recorder.into_recordings()
}

fn frames(script: &str) -> Vec<OwnedFrame> {
    let script: Script = script.parse().unwrap_or_else(|error| panic!("{error}"));
    let shots = script.frames().unwrap_or_else(|error| panic!("{error}"));
    shots.into_iter().map(|shot| OwnedFrame::new(shot.time, Link::Ethernet, shot.bytes)).collect()
}

/// All recordings of a capture, as far as it can be read.
fn recordings_in(path: &Path) -> Vec<Recording> {
    let mut recorder = Recorder::new(Chosen::default(), Limits::default());
    let Ok(mut captures) = Captures::open(&[path.to_owned()], Options::default()) else {
        return Vec::new();
    };
    // Damage is the business of other tests.
    let _ = pump(&mut captures, Checksums::Ignore, &mut Tracker::default(), &mut recorder);
    recorder.into_recordings()
}

fn files_under(folder: PathBuf) -> Vec<PathBuf> {
    let mut folders = vec![folder];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|ending| ["pcap", "pcapng", "cap", "trace"].iter().any(|e| ending == *e))
            {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
