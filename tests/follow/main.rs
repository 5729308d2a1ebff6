//! What both ends said: octet for octet as tshark follows it, and as it is shown.
//!
//! tshark's own streams of every complete connection in the captures of other projects stand in
//! `tshark.tsv`, as lengths and sums, so that all of them are compared on every run;
//! `UPDATE_GOLDEN=1 cargo test --test follow -- --ignored` asks the tshark of this machine again.
//! `UPDATE_GOLDEN=1 cargo test --test follow` writes the pages in `shown` anew.

mod compare;
mod shown;
mod streams;
mod tshark;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use compare::{Verdict, judge};

/// Connections that differ, and why that is right.
const EXCUSED: &[(&str, u32, &str)] = &[
    ("real/ndpi/heuristic_tcp_ack_payload.pcap", 0, AFTER_THE_END),
    ("real/ndpi/heuristic_tcp_ack_payload.pcap", 3, AFTER_THE_END),
    ("real/suricata-verify/transform-base64-7296__input.pcap", 3, NONSENSE),
    (
        "real/tcpdump/of10_s4810.pcap",
        0,
        "OpenFlow carries whole frames, and tshark then takes their sender for that of the segment",
    ),
    (
        "real/zeek/pppoe-over-qinq.pcap",
        0,
        "the IP length of an empty ACK covers six octets of padding that the PPPoE length leaves out",
    ),
];

const AFTER_THE_END: &str = "tshark counts octets past the FIN, and in a RST";

const NONSENSE: &str = "a header of nonsense, with SYN, FIN and RST, moves what tshark waits for";

/// A complete connection, as tshark followed it.
struct Recorded {
    file: String,
    stream: u32,
    /// Length and sum of what client and server said.
    said: [(usize, u64); 2],
    excused: bool,
}

#[test]
fn every_complete_connection_of_others_is_told_as_tshark_followed_it() {
    let Some(folder) = shared() else { return };
    let mut by_file = BTreeMap::<String, Vec<Recorded>>::new();
    for line in fs::read_to_string(record()).expect("the record is there").lines().skip(1) {
        let recorded = Recorded::parse(line).unwrap_or_else(|| panic!("cannot read `{line}`"));
        by_file.entry(recorded.file.clone()).or_default().push(recorded);
    }
    let by_file: Vec<_> = by_file.into_iter().collect();
    let wrong = Mutex::new(Vec::new());
    let (equal, excused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    each(&by_file, |(file, recorded)| {
        let told = streams::of(&folder.join(file));
        for recorded in recorded {
            let ours = told.iter().find(|told| told.is_complete() && told.numbers.contains(&recorded.stream));
            let same = ours.is_some_and(|ours| [0, 1].map(|at| sum(&ours.said[at])) == recorded.said);
            if recorded.excused {
                excused.fetch_add(1, Ordering::Relaxed);
            } else {
                equal.fetch_add(usize::from(same), Ordering::Relaxed);
            }
            if same == recorded.excused {
                wrong.lock().expect("no panic").push(format!("{file} stream {}", recorded.stream));
            }
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    assert!(wrong.is_empty(), "not as recorded: {wrong:#?}");
    let (equal, excused) = (equal.into_inner(), excused.into_inner());
    eprintln!("{equal} complete connections are told as tshark follows them, {excused} differ with a reason");
    assert!(equal > 1_000, "only {equal} connections were compared");
}

#[test]
fn every_shipped_capture_is_told_as_the_tshark_of_this_machine_follows_it() {
    if !tshark::is_there() {
        assert!(std::env::var_os("CI").is_none(), "tshark is needed and is not there");
        eprintln!("not run: what tshark makes of the streams of the shipped captures (it is not installed)");
        return;
    }
    let report = compare_all(&root().join("captures"), "captures");
    assert!(report.wrong.is_empty(), "{:#?}", report.wrong);
    assert!(report.tally[&("complete", "equal")] > 50, "{:?}", report.tally);
}

#[test]
#[ignore = "asks tshark about every capture at hand: minutes"]
fn every_connection_at_hand_is_told_as_the_tshark_of_this_machine_follows_it() {
    let folder = shared().expect("the captures of others");
    let report = compare_all(&folder, "");
    eprintln!("{:#?}\n{}", report.tally, report.differ.join("\n"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let mut lines = report.recorded;
        lines.sort();
        let text = format!("file\tstream\tclient\tserver\tdiffers\n{}\n", lines.join("\n"));
        fs::write(record(), text).expect("the folder can be written");
    }
    assert!(report.wrong.is_empty(), "{:#?}", report.wrong);
}

/// What came of asking tshark.
#[derive(Default)]
struct Report {
    /// Streams, by whether one of their connections is complete, and by what came of them.
    tally: BTreeMap<(&'static str, &'static str), usize>,
    /// Those that differ.
    differ: Vec<String>,
    /// Complete ones that differ without a reason.
    wrong: Vec<String>,
    /// Complete ones, for the record.
    recorded: Vec<String>,
}

/// Asks tshark about every capture in a folder, whose files are known by their path below it behind
/// `prefix`.
fn compare_all(folder: &Path, prefix: &str) -> Report {
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.sort();
    let report = Mutex::new(Report::default());
    each(&files, |file| {
        let name = Path::new(prefix).join(file.strip_prefix(folder).expect("below the folder")).display().to_string();
        for (stream, complete, verdict, theirs) in judge(file) {
            let mut report = report.lock().expect("no panic");
            let whether = if complete { "complete" } else { "incomplete" };
            let excuse = EXCUSED.iter().find(|(file, number, _)| (*file, *number) == (&name, stream));
            let differs = match (&verdict, excuse) {
                (Verdict::Equal, _) => "",
                (_, Some((.., why))) => why,
                (verdict, None) => verdict.reason(),
            };
            let kind =
                if matches!(verdict, Verdict::Differs(_)) && excuse.is_some() { "excused" } else { verdict.kind() };
            *report.tally.entry((whether, kind)).or_default() += 1;
            if verdict != Verdict::Equal {
                report.differ.push(format!("{whether}: {name} stream {stream}: {verdict:?} {differs}"));
            }
            if complete && kind == "differs" {
                report.wrong.push(format!("{name} stream {stream}: {verdict:?}"));
            }
            if let Some(theirs) = theirs.filter(|_| complete) {
                let [client, server] = theirs.map(|said| sum(&said)).map(|(len, sum)| format!("{len}:{sum:016x}"));
                report.recorded.push(format!("{name}\t{stream}\t{client}\t{server}\t{differs}"));
            }
        }
    });
    report.into_inner().expect("no panic")
}

impl Recorded {
    fn parse(line: &str) -> Option<Self> {
        let mut cells = line.split('\t');
        let mut next = || cells.next();
        let (file, stream, client, server, differs) = (next()?, next()?, next()?, next()?, next()?);
        let said = |cell: &str| {
            let (len, sum) = cell.split_once(':')?;
            Some((len.parse().ok()?, u64::from_str_radix(sum, 16).ok()?))
        };
        let said = [said(client)?, said(server)?];
        Some(Self { file: file.to_owned(), stream: stream.parse().ok()?, said, excused: !differs.is_empty() })
    }
}

/// Length and FNV-1a sum.
fn sum(octets: &[u8]) -> (usize, u64) {
    let mix = |sum: u64, octet: &u8| (sum ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3);
    (octets.len(), octets.iter().fold(0xcbf2_9ce4_8422_2325, mix))
}

/// Has `work` done for each of `all`, on all cores.
fn each<T: Sync>(all: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(one);
                }
            });
        }
    });
}

fn record() -> PathBuf {
    root().join("tests/follow/tshark.tsv")
}

/// The captures of others; `None`, said aloud, where they are not at hand.
fn shared() -> Option<PathBuf> {
    let folder = root().join("../shared/captures");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is needed and is not there", folder.display());
    eprintln!("not run: the captures of others ({} is not there)", folder.display());
    None
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().expect("a readable folder").flatten() {
        let path = entry.path();
        if !path.is_dir() {
            files.push(path);
        } else if path.file_name().is_some_and(|name| name != "oracle") {
            collect(&path, files);
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
