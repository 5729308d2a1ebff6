//! Runs every program in `examples/` on a shipped capture, as its first comment says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn handshakes_are_counted() {
    let capture = captured("http-get.pcap");
    assert_eq!(run("count_handshakes", &[&capture]), "1 asked, 1 answered, 1 done\n");
}

#[test]
fn connections_that_never_opened_say_why() {
    let told = run("failed_connections", &[&captured("refused.pcap"), &captured("no-answer.pcap")]);
    assert!(told.contains("nobody listens there\n") && told.contains("nothing came back\n"), "{told}");
    assert_eq!(run("failed_connections", &[&captured("http-get.pcap")]), "");
}

#[test]
fn a_crafted_syn_is_a_capture_that_can_be_read() {
    let path = scratch("crafted-syn.pcap");
    assert_eq!(run("craft_syn", &[&path]), "");
    assert_eq!(run("count_handshakes", &[&path]), "1 asked, 0 answered, 0 done\n");
}

#[test]
fn a_transcript_becomes_a_capture() {
    let script = root().join("tests/transcripts/open-and-close-in-four.tcp");
    let path = scratch("played-transcript.pcap");
    assert_eq!(run("play_transcript", &[&script, &path]), "");
    assert_eq!(run("count_handshakes", &[&path]), "1 asked, 1 answered, 1 done\n");
}

#[test]
fn the_shipped_floods_and_scans_are_made_again_as_they_are() {
    let stories = [
        ("syn-flood", ["flood", "150", "3", "4"]),
        ("port-scan", ["port-scan", "60", "3", "2"]),
        ("back-scatter", ["backscatter", "100", "3", "2"]),
    ];
    for (name, [story, many, seconds, honest]) in stories {
        let path = scratch(&format!("{name}.pcap"));
        let [story, many, seconds, honest] = [story, many, seconds, honest].map(Path::new);
        assert_eq!(run("make_flood", &[story, &path, many, seconds, honest]), "");
        let shipped = fs::read(captured(&format!("{name}.pcap"))).expect("a shipped capture");
        assert!(fs::read(&path).expect("what was written") == shipped, "{name}.pcap is another");
    }
}

#[test]
fn every_example_is_short_and_is_run_here() {
    let here = fs::read_to_string(root().join("tests/examples.rs")).expect("this file");
    for entry in fs::read_dir(root().join("examples")).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        // What other programs read has its tests with what is written for them.
        if path.is_dir() {
            continue;
        }
        let lines = fs::read_to_string(&path).expect("text").lines().count();
        assert!(lines <= 40, "{} has {lines} lines", path.display());
        let name = path.file_stem().expect("a name").to_string_lossy();
        assert!(here.contains(&format!("run(\"{name}\"")), "{name} is run by no test");
    }
}

/// Runs an example, which has to succeed; gives what it printed.
#[track_caller]
fn run(example: &str, args: &[&Path]) -> String {
    let output = Command::new(program(example)).args(args).output().expect("it starts");
    assert!(output.status.success(), "{example}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// The program of an example, which `cargo test` builds beside this test.
fn program(example: &str) -> PathBuf {
    let test = std::env::current_exe().expect("this test is a file");
    let profile = test.parent().and_then(Path::parent).expect("target/debug/deps");
    let program = profile.join("examples").join(example);
    assert!(
        program.exists(),
        "{} is not built: `cargo test` builds it, or `cargo build --examples`",
        program.display()
    );
    program
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn captured(name: &str) -> PathBuf {
    root().join("captures").join(name)
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}
