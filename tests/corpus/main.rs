//! What the fuzzer runs, on what it has found so far: every file of a target's corpus, under
//! `fuzz/corpus`, goes through the target's own check. So does every capture at hand, in whatever way a
//! target can read it.

mod apps;
mod datagrams;
mod declared;
mod decode;
mod defrag;
mod files;
mod filter;
mod finds;
#[path = "../common/harmless.rs"]
mod harmless;
mod octets;
mod report;
mod script;
mod stream;
mod track;
mod words;

use std::fs;
use std::panic::RefUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use synfin::capture::file::{Capture, Options};
use synfin::capture::{Body, Checksums, Frame, Next, Source};

#[test]
fn the_decoder_holds_on_its_corpus() {
    run("decode", decode::check);
}

#[test]
fn datagrams_hold_on_their_corpus() {
    run("datagrams", datagrams::check);
}

#[test]
fn filters_hold_on_their_corpus() {
    run("filter", filter::check);
}

#[test]
fn the_readers_of_files_hold_on_their_corpus() {
    run("files", files::check);
}

#[test]
fn what_unpacks_holds_on_its_corpus() {
    run("unpack", files::check_packed);
}

#[test]
fn the_tracker_holds_on_its_corpus() {
    run("track", track::check);
}

#[test]
fn streams_hold_on_their_corpus() {
    run("stream", stream::check);
}

#[test]
fn defragmentation_holds_on_its_corpus() {
    run("defrag", defrag::check);
}

#[test]
fn transcripts_hold_on_their_corpus() {
    run("script", script::check);
}

#[test]
fn options_and_notation_hold_on_their_corpus() {
    run("words", words::check);
}

#[test]
fn the_ears_of_applications_hold_on_their_corpus() {
    run("apps", apps::check);
}

#[test]
fn declared_protocols_hold_on_their_corpus() {
    run("declared", declared::check);
}

#[test]
fn every_writer_holds_on_its_corpus() {
    run("report", report::check);
}

fn run(target: &str, check: fn(&[u8])) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("fuzz/corpus").join(target);
    let Ok(files) = fs::read_dir(&folder) else {
        eprintln!("not run: no corpus at {}", folder.display());
        return;
    };
    let mut count = 0;
    for file in files {
        let path = file.expect("a readable folder").path();
        holds(&path, &fs::read(&path).expect("a readable file"), check);
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}

/// Files larger than this are read by other tests.
const LARGEST: u64 = 256 << 10;

/// All writers are tried on files up to this; on larger ones the frames are decoded alone.
const WRITTEN: u64 = 8 << 10;

/// Hundreds of them once crashed other programs.
#[test]
fn every_capture_at_hand_holds() {
    let files = captures();
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((path, len)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    holds(path, &fs::read(path).expect("a readable file"), |input| {
                        files::check(input);
                        check_frames(input);
                        if *len <= WRITTEN {
                            report::check(input);
                        }
                    });
                }
            });
        }
    });
}

/// Has the decoder look at each frame of a capture, on the link it was captured on, and the readers of
/// datagrams at what it carries.
fn check_frames(input: &[u8]) {
    let Ok(mut capture) = Capture::from_reader("it", std::io::Cursor::new(input.to_vec()), Options { resync: true })
    else {
        return;
    };
    while let Next::Frame(frame) = capture.next().expect("memory can be read") {
        decode::check_frame(&frame);
        if let Some(octets) = payload(&frame) {
            datagrams::check(octets);
        }
    }
}

/// What a frame of UDP carries; fragments apart.
fn payload<'a>(frame: &Frame<'a>) -> Option<&'a [u8]> {
    let record = synfin::capture::decode(frame, Checksums::Ignore);
    let Body::Udp(udp) = record.body else { return None };
    frame.bytes.get(usize::from(record.net_offset) + usize::from(udp.offset) + 8..)
}

/// The captures of the project, and those of others where they are at hand.
fn captures() -> Vec<(PathBuf, u64)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("captures"), &mut files);
    assert!(files.len() > 20, "the project ships captures");
    let shared = root.join("../shared/captures");
    if shared.is_dir() {
        collect(&shared, &mut files);
        assert!(files.len() > 1_500, "only {} captures", files.len());
    } else {
        assert!(std::env::var_os("CI").is_none(), "{} is needed and is not there", shared.display());
        eprintln!("not run: the captures of others ({} is not there)", shared.display());
    }
    files
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, u64)>) {
    for entry in folder.read_dir().expect("a readable folder").flatten() {
        let (path, len) = (entry.path(), entry.metadata().map_or(0, |meta| meta.len()));
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "oracle") {
                collect(&path, files);
            }
        } else if len <= LARGEST {
            files.push((path, len));
        }
    }
}

fn holds(path: &Path, input: &[u8], check: impl Fn(&[u8]) + RefUnwindSafe) {
    let held = std::panic::catch_unwind(|| check(input));
    assert!(held.is_ok(), "{} fails", path.display());
}
