//! Both ends of every complete connection there is in a capture, performed against each other: each
//! hears, octet for octet, what was recorded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use synfin::capture::file::{Captures, Options};
use synfin::capture::recording::{Chosen, Limits, Recorder};
use synfin::capture::{Checksums, Tracker, pump};
use synfin::craft::replay::{Conduct, Duet, Masks, Outcome};
use synfin::wire::Seq;
use synfin::wire::recording::{End, Gap, Recording};

#[test]
fn every_complete_connection_of_a_shipped_capture_is_heard_as_it_was_recorded() {
    let tally = perform_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("captures"));
    tally.tell();
    assert!(tally.performed > 40, "only {} connections", tally.performed);
}

#[test]
fn every_complete_connection_of_a_foreign_capture_is_heard_as_it_was_recorded() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    if !shared.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", shared.display());
        eprintln!("not run: there are no captures in {}", shared.display());
        return;
    }
    let tally = perform_all(&shared);
    tally.tell();
    assert!(tally.performed > 500, "only {} connections", tally.performed);
}

/// How many of how many, and why the rest not.
#[derive(Default)]
struct Tally {
    all: u32,
    performed: u32,
    octets: u64,
    lacking: BTreeMap<&'static str, u32>,
    wrong: Vec<String>,
}

impl Tally {
    fn tell(&self) {
        println!("{} of {} connections are complete; {} octets", self.performed, self.all, self.octets);
        for (why, count) in &self.lacking {
            println!("{count:6} are not: {why}");
        }
        let wrong = self.wrong.len();
        assert!(wrong == 0, "{wrong} are heard otherwise:\n{}", self.wrong[..wrong.min(40)].join("\n"));
    }
}

fn perform_all(folder: &Path) -> Tally {
    let mut tally = Tally::default();
    for path in files_under(folder) {
        for recording in recorded(&path) {
            tally.all += 1;
            if recording.is_complete() {
                tally.performed += 1;
                tally.octets += (recording.client.stream.len() + recording.server.stream.len()) as u64;
                let place = format!("{} {}", path.display(), recording.number);
                tally.wrong.extend(perform(recording).into_iter().map(|what| format!("{place}: {what}")));
            } else {
                *tally.lacking.entry(lack(&recording)).or_default() += 1;
            }
        }
    }
    tally
}

/// Performs both ends, and tells what either heard otherwise.
fn perform(recording: Recording) -> Vec<String> {
    let recording = Arc::new(recording);
    let mut duet = Duet::new(&recording, Conduct::new(Seq(0)));
    let passages = duet.by_ref().take(2_000_000).count();
    let mut wrong = Vec::new();
    for end in End::BOTH {
        let heard = duet.actor(end).comparison(&Masks::NONE);
        // What came too late for a reset need not arrive.
        let was_heard = recording.end(!end).acked;
        let cut_off = recording.client.reset || recording.server.reset;
        let fine = match heard.outcome {
            Outcome::Equal => true,
            Outcome::Missing { at, .. } => cut_off && at + 1 >= was_heard,
            Outcome::Differs(_) | Outcome::Extra { .. } => false,
        };
        if !fine {
            let ending = duet.actor(end).ending();
            wrong.push(format!("the {end} heard {:?}, {ending:?} after {passages} segments", heard.outcome));
        }
    }
    wrong
}

/// The gravest thing that a recording lacks.
fn lack(recording: &Recording) -> &'static str {
    let has = |found: fn(&Gap) -> bool| recording.gaps.iter().any(found);
    if has(|gap| matches!(gap, Gap::NoHandshake { .. })) {
        "a SYN or SYN/ACK was not captured"
    } else if has(|gap| matches!(gap, Gap::Cut { .. })) {
        "the snap length cut octets off"
    } else if has(|gap| matches!(gap, Gap::Hole { .. })) {
        "octets were not captured"
    } else if has(|gap| matches!(gap, Gap::TooLong { .. })) {
        "it is too long"
    } else if has(|gap| matches!(gap, Gap::Conflict { .. })) {
        "octets were sent twice and not alike"
    } else if recording.server.manner.segments == 0 {
        "nobody answered the SYN"
    } else {
        "the capture ends before it does"
    }
}

/// All recordings of a capture, as far as it can be read.
fn recorded(path: &Path) -> Vec<Recording> {
    let mut recorder = Recorder::new(Chosen::default(), Limits::default());
    let Ok(mut captures) = Captures::open(&[path.to_owned()], Options::default()) else {
        return Vec::new();
    };
    // Damage is the business of other tests.
    let _ = pump(&mut captures, Checksums::Ignore, &mut Tracker::default(), &mut recorder);
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
