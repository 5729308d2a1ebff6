//! A recorded connection written down as a script: it reads back, it plays into the frames of the
//! same connection, and a real peer finds nothing wrong with it.

use std::path::{Path, PathBuf};

use synfin::capture::file::{Captures, Options};
use synfin::capture::recording::{Chosen, Limits, Recorder};
use synfin::capture::{Checksums, Link, MemorySource, OwnedFrame, Source, Tracker, pump};
use synfin::craft::Script;
use synfin::craft::script::{Speaker, Transcription};
use synfin::wire::recording::{End, Recording};

#[test]
fn every_shipped_connection_is_written_down_and_read_back() {
    let all = round_trips(&Path::new(env!("CARGO_MANIFEST_DIR")).join("captures"));
    assert!(all > 40, "only {all} connections");
}

#[test]
fn every_foreign_connection_is_written_down_and_read_back() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    if !shared.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", shared.display());
        eprintln!("not run: there are no captures in {}", shared.display());
        return;
    }
    let all = round_trips(&shared);
    assert!(all > 500, "only {all} connections");
}

/// Writes every complete connection down, reads that back, and records what it plays into; returns
/// how many there were.
fn round_trips(folder: &Path) -> u32 {
    let mut all = 0;
    for path in files_under(folder) {
        let Ok(mut captures) = Captures::open(std::slice::from_ref(&path), Options::default()) else { continue };
        for recording in recorded(&mut captures).into_iter().filter(Recording::is_complete) {
            let plays = if all % 2 == 0 { Speaker::Client } else { Speaker::Server };
            goes_round(&path, &recording, plays);
            all += 1;
        }
    }
    all
}

fn goes_round(path: &Path, recording: &Recording, plays: Speaker) {
    let place = format!("connection {} of {}", recording.number, path.display());
    let script = Script::transcribe(recording, Transcription { plays, times: true });
    let text = script.to_string();
    let read: Script = text.parse().unwrap_or_else(|error| panic!("{place}: {error}"));
    assert_eq!(read.to_string(), text, "{place}");
    let shots = read.frames().unwrap_or_else(|error| panic!("{place}: {error}"));
    let frames = shots.into_iter().map(|shot| OwnedFrame::new(shot.time, Link::Ethernet, shot.bytes)).collect();
    let mut again = recorded(&mut MemorySource::new(frames));
    assert_eq!(again.len(), 1, "{place}:\n{text:.2000}");
    let again = again.remove(0);
    for end in End::BOTH {
        let (before, after) = (recording.end(end), again.end(end));
        assert!(before.stream == after.stream, "{place}: the {end} says something else\n{text:.2000}");
        let ends = (before.endpoint, before.fin, before.reset);
        assert_eq!(ends, (after.endpoint, after.fin, after.reset), "{place}: the {end}\n{text:.2000}");
    }
}

fn recorded(source: &mut dyn Source) -> Vec<Recording> {
    let mut recorder = Recorder::new(Chosen::default(), Limits::default());
    // Damage is the business of other tests.
    let _ = pump(source, Checksums::Ignore, &mut Tracker::default(), &mut recorder);
    recorder.into_recordings()
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let is_capture = |ending| path.extension().is_some_and(|found| found == ending);
            if path.is_dir() {
                folders.push(path);
            } else if ["pcap", "pcapng", "cap", "trace"].into_iter().any(is_capture) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
