//! What two captures of one conversation say of each other.

mod files;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use files::{read, shared};
use synfin::capture::compare::{Collected, Compared, Comparison, Evidence, What, compare};
use synfin::capture::file::{Captures, Options};
use synfin::capture::track::Ends;
use synfin::capture::{Checksums, MemorySource, OwnedFrame, Reading, Tracker, pump};
use synfin::report::compare::{Told, write_json, write_text};
use synfin::wire::Span;

const READING: Reading = Reading { checksums: Checksums::Ignore, reassemble: true };

/// Pairs that are recorded: the name of the capture at the client, and of that at the server.
fn pairs() -> Vec<(String, PathBuf, PathBuf)> {
    let mut pairs = Vec::new();
    for folder in ["captures", "tests/pairs"] {
        for entry in fs::read_dir(root().join(folder)).expect("the folder is there") {
            let server = entry.expect("an entry").path();
            let file = server.file_name().expect("a name").to_string_lossy().into_owned();
            let Some(name) = file.strip_suffix("-at-server.pcap") else { continue };
            let client = [format!("{name}.pcap"), format!("{name}-at-client.pcap")];
            let client = client.iter().map(|file| server.with_file_name(file)).find(|path| path.is_file());
            pairs.push((name.to_owned(), client.expect("the other one of the pair"), server));
        }
    }
    pairs.sort();
    pairs
}

fn frames(path: &Path) -> Vec<OwnedFrame> {
    read(&mut Captures::open([path], Options::default()).unwrap_or_else(|error| panic!("{error}"))).0
}

fn collected(frames: Vec<OwnedFrame>) -> Collected {
    let mut collected = Collected::default();
    pump(&mut MemorySource::new(frames), READING, &mut Tracker::default(), &mut collected).expect("memory");
    collected
}

fn compared(name: &str, change: impl FnOnce(&mut Vec<OwnedFrame>, &mut Vec<OwnedFrame>)) -> Comparison {
    let (_, client, server) = pairs().into_iter().find(|pair| pair.0 == name).expect("a recorded pair");
    let (mut near, mut far) = (frames(&client), frames(&server));
    change(&mut near, &mut far);
    compare(&collected(near), &collected(far))
}

/// Both forms of every pair, word for word; `UPDATE_GOLDEN=1` writes them anew.
#[test]
fn every_pair_is_told_as_before() {
    let pairs = pairs();
    assert!(pairs.len() >= 8, "only {} pairs were found", pairs.len());
    for (name, client, server) in pairs {
        let (near, far) = (collected(frames(&client)), collected(frames(&server)));
        let comparison = compare(&near, &far);
        let captures = Ends { client: &near, server: &far };
        let mut told = Vec::new();
        write_text(&mut told, &comparison, captures, Told::default()).expect("memory");
        told.push(b'\n');
        write_json(&mut told, &comparison, captures).expect("memory");
        let told = String::from_utf8(told).expect("text");
        let golden = root().join("tests/pairs").join(format!("{name}.txt"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, told).expect("the folder can be written");
        } else {
            assert_eq!(fs::read_to_string(&golden).unwrap_or_default(), told, "{}", golden.display());
        }
        let printed = synfin(&["compare", &text(&client), &text(&server)]);
        assert!(printed.status.success() && printed.stderr.is_empty());
        let golden = fs::read_to_string(&golden).unwrap_or_default();
        assert!(golden.starts_with(&*String::from_utf8_lossy(&printed.stdout)), "{name}");
    }
}

#[test]
fn what_one_side_sent_and_the_other_never_saw_is_lost() {
    let comparison = compared("loss-and-retransmit", |_, _| {});
    let [conn] = &comparison.conns[..] else { panic!("one connection") };
    assert_eq!((conn.back.sent, conn.back.arrived, conn.there.lost.len()), (36, 32, 0));
    let lost: Vec<u64> = conn.back.lost.iter().map(|lost| lost.sight.n).collect();
    assert_eq!(lost, [11, 31, 34, 47]);
    assert!(conn.back.foreign.is_empty() && conn.back.reordered.is_empty());
}

#[test]
fn a_copy_made_on_the_way_is_told_from_a_repeat() {
    let comparison = compared("duplicated", |_, _| {});
    let conn = &comparison.conns[0];
    let copies = |way: &synfin::capture::compare::Way| {
        way.duplicated.iter().map(|copy| (copy.sight.n, copy.of)).collect::<Vec<_>>()
    };
    assert_eq!((copies(&conn.there), copies(&conn.back)), (vec![(3, 1)], vec![(14, 11)]));
}

#[test]
fn clocks_days_apart_that_drift_change_nothing_that_is_told() {
    let straight = compared("loss-and-retransmit", |_, _| {});
    let three_days = 3 * 86_400_000_000_000_i64;
    for (offset, ppm) in [(three_days, 0), (-three_days, 0), (1, 0), (three_days, 40)] {
        let bent = compared("loss-and-retransmit", |_, far| {
            let start = far[0].time;
            for frame in far {
                frame.time = frame.time + Span(offset + (frame.time - start).0 * ppm / 1_000_000);
            }
        });
        let (clocks, before) = (bent.clocks.expect("packets of both"), straight.clocks.expect("packets of both"));
        assert!((clocks.offset_ns - before.offset_ns - offset).abs() < 1_000_000, "{clocks:?}");
        assert!(clocks.consistent && !bent.swapped);
        let (one, other) = (&bent.conns[0], &straight.conns[0]);
        assert_eq!(one.back.lost.len(), other.back.lost.len());
        let least = |way: &synfin::capture::compare::Way| way.times.expect("segments came").least.0;
        assert!((least(&one.there) - least(&other.there)).abs() < 1_000_000);
    }
}

#[test]
fn captures_in_the_wrong_order_are_recognised() {
    let comparison = compared("loss-and-retransmit", std::mem::swap);
    assert!(comparison.swapped && comparison.clocks.is_some_and(|clocks| !clocks.consistent));
}

#[test]
fn a_connection_is_found_again_behind_address_translation() {
    let comparison = compared("nat", |_, _| {});
    let [conn] = &comparison.conns[..] else { panic!("one connection") };
    assert_ne!(conn.near.client, conn.far.client);
    assert!(!conn.evidence.contains(&Evidence::Endpoints) && conn.evidence.contains(&Evidence::ClientIsn));
    for way in [&conn.there, &conn.back] {
        assert_eq!((way.lost.len(), way.foreign.len(), way.hops), (0, 0, Some(1)));
        assert!(way.changes.iter().any(|change| change.what == What::Mss(1460, 1200)));
    }
    assert!(conn.there.changes.iter().any(|change| change.what == What::Source(conn.near.client, conn.far.client)));
    assert!(conn.back.changes.iter().any(|change| change.what == What::Destination(conn.far.client, conn.near.client)));
}

#[test]
fn resets_that_neither_end_sent_are_told_as_such() {
    let comparison = compared("reset", |_, _| {});
    let conn = &comparison.conns[0];
    for way in [&conn.there, &conn.back] {
        let [forged] = &way.foreign[..] else { panic!("one that nobody sent: {:?}", way.foreign) };
        assert!(forged.is_forged_reset() && forged.usual_ttl == Some(63) && forged.sight.ttl == 99);
    }
}

/// Offsets in a frame of these captures: behind Ethernet and an IPv4 header without options.
const TCP: usize = 34;

#[test]
fn what_a_middlebox_changes_is_named() {
    let comparison = compared("nat", |_, far| {
        for frame in far.iter_mut() {
            let from_server = frame.bytes[TCP + 1] == 0x90;
            let syn = frame.bytes[TCP + 13] & 2 != 0;
            let bytes = &mut frame.bytes;
            if from_server {
                let ack = u32::from_be_bytes(bytes[TCP + 8..TCP + 12].try_into().expect("four"));
                bytes[TCP + 8..TCP + 12].copy_from_slice(&ack.wrapping_add(0x8000_0100).to_be_bytes());
                let last = bytes.len() - 1;
                if bytes.len() > TCP + 40 {
                    bytes[last] ^= 1; // data
                }
                bytes[TCP + 14..TCP + 16].copy_from_slice(&7_u16.to_be_bytes());
            } else {
                // Sequence numbers of the client are moved by 2^31 and a bit, and with them what is acknowledged.
                let seq = u32::from_be_bytes(bytes[TCP + 4..TCP + 8].try_into().expect("four"));
                bytes[TCP + 4..TCP + 8].copy_from_slice(&seq.wrapping_add(0x8000_0100).to_be_bytes());
                bytes[15] |= 3; // ECN: congestion met
                if syn {
                    bytes[TCP + 24..TCP + 26].fill(1); // SACK permitted is covered by two NOPs
                }
            }
        }
    });
    let conn = &comparison.conns[0];
    let names =
        |way: &synfin::capture::compare::Way| way.changes.iter().map(|change| change.what.name()).collect::<Vec<_>>();
    assert_eq!(names(&conn.there), ["source", "mss", "options_removed", "ecn", "sequence_numbers"]);
    assert_eq!(names(&conn.back), ["destination", "mss", "window", "payload"]);
    assert_eq!((conn.there.lost.len(), conn.back.lost.len(), conn.there.foreign.len()), (0, 0, 0));
    let by = conn.there.changes.iter().find(|change| change.what.name() == "sequence_numbers");
    assert_eq!(by.map(|change| change.what), Some(What::Sequence(0x8000_0100)));
    let removed = conn.there.changes.iter().find(|change| change.what.name() == "options_removed");
    assert_eq!(removed.map(|change| change.what), Some(What::OptionsRemoved(1 << 4)));
}

#[test]
fn overtaken_segments_are_counted_with_what_overtook_them() {
    let comparison = compared("nat", |far, _| {
        // The last two that the server sent data in.
        let is_data = |frame: &OwnedFrame| frame.bytes[TCP] == 0x1f && frame.bytes.len() > 200;
        let [.., one, other] = (0..far.len()).filter(|at| is_data(&far[*at])).collect::<Vec<_>>()[..] else { panic!() };
        let (first, second) = (far[one].bytes.clone(), far[other].bytes.clone());
        (far[one].bytes, far[other].bytes) = (second, first);
        (far[one].wire_len, far[other].wire_len) = (far[other].wire_len, far[one].wire_len);
    });
    let conn = &comparison.conns[0];
    let late: Vec<(u64, u64)> = [&conn.there, &conn.back]
        .into_iter()
        .flat_map(|way| way.reordered.iter().map(|late| (late.sight.n, late.by)))
        .collect();
    assert_eq!(late.len(), 1, "{late:?}");
    assert!(conn.there.lost.is_empty() && conn.back.lost.is_empty());
}

#[test]
fn what_was_cut_up_on_the_way_has_come_all_the_same() {
    // At the client, the two halves of each answer came put together, as offloading does it.
    let comparison = compared("nat", |near, _| {
        let is_data = |frame: &OwnedFrame| frame.bytes[TCP] == 0x1f && frame.bytes.len() > 200;
        let data: Vec<usize> = (0..near.len()).filter(|at| is_data(&near[*at])).collect();
        assert!(data.len() == 12, "{data:?}");
        for two in data.chunks(2).rev() {
            let second = near.remove(two[1]);
            let merged = &mut near[two[0]];
            merged.bytes.extend(&second.bytes[TCP + 32..]);
            merged.wire_len = merged.bytes.len() as u32;
            let len = merged.bytes.len() as u16 - 14;
            merged.bytes[16..18].copy_from_slice(&len.to_be_bytes());
        }
    });
    let conn = &comparison.conns[0];
    assert!(conn.back.recut > 0 && conn.back.lost.is_empty() && conn.back.foreign.is_empty(), "{:?}", conn.back);
}

#[test]
fn before_one_capture_begins_and_after_it_ends_nothing_is_lost() {
    let comparison = compared("nat", |_, far| {
        far.drain(..8);
        far.truncate(12);
    });
    let conn = &comparison.conns[0];
    assert!(conn.there.outside > 0 && conn.there.lost.is_empty(), "{:?}", conn.there);
    assert!(conn.there.foreign.is_empty() && conn.back.foreign.is_empty());
    assert!(!conn.evidence.contains(&Evidence::ClientIsn));
}

#[test]
fn captures_of_different_things_have_nothing_in_common() {
    let near = collected(frames(&root().join("captures/http-get.pcap")));
    let far = collected(frames(&root().join("captures/ssh-session.pcap")));
    let comparison = compare(&near, &far);
    assert!(comparison.conns.is_empty() && comparison.clocks.is_none());
    assert_eq!((comparison.alone.client.len(), comparison.alone.server.len()), (1, 1));
}

#[test]
fn the_opening_is_split_between_the_network_and_both_ends() {
    let comparison = compared("loss-and-retransmit", |_, _| {});
    let handshake = comparison.conns[0].handshake.expect("it was seen");
    let near = |span: Span, ms: i64| (span.0 - ms * 1_000_000).abs() < 1_000_000;
    assert!(near(handshake.there, 10) && near(handshake.back, 10) && near(handshake.server, 0), "{handshake:?}");
    assert!(handshake.client.is_some_and(|client| near(client, 0)) && near(handshake.round_trip(), 20));
}

#[test]
fn a_damaged_capture_is_compared_as_far_as_it_goes_and_the_damage_told() {
    let (_, client, server) = pairs().into_iter().find(|pair| pair.0 == "nat").expect("recorded");
    let cut = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("compare-{}-cut.pcap", std::process::id()));
    let whole = fs::read(&client).expect("it is there");
    fs::write(&cut, &whole[..whole.len() - 10]).expect("a place for temporary files");
    let ran = synfin(&["compare", &text(&cut), &text(&server)]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ran.stdout).contains("in both: 1 connection"));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("cut short"));
}

/// Whatever `read` accepts can be compared; with itself it is the same.
#[test]
fn every_capture_is_like_itself() {
    let mut captures = Vec::new();
    collect(&root().join("captures"), &mut captures);
    if let Some(shared) = shared("comparing captures that are not shipped") {
        collect(&shared, &mut captures);
    }
    let mut tried = 0;
    for path in captures {
        let Ok(mut source) = Captures::open([&path], Options::default()) else { continue };
        let mut one = Collected::default();
        pump(&mut source, READING, &mut Tracker::default(), &mut one).expect("memory");
        tried += 1;
        let comparison = compare(&one, &one);
        let told = format!("{}: {:?}", path.display(), comparison.conns.iter().find(|conn| !conn.is_clean()));
        assert!(comparison.conns.iter().all(Compared::is_clean), "{told}");
        assert!(comparison.clocks.is_none_or(|clocks| clocks.offset_ns == 0 && clocks.consistent), "{told}");
        assert_eq!(comparison.conns.len(), one.talks.len(), "{}", path.display());
        let mut out = Vec::new();
        let both = Ends { client: &one, server: &one };
        write_text(&mut out, &comparison, both, Told { all: true }).expect("memory");
        write_json(&mut out, &comparison, both).expect("memory");
    }
    assert!(tried > 50, "only {tried} captures were found");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().expect("a readable folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
    files.sort();
}

fn synfin(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_synfin")).args(args).output().expect("it starts")
}

fn text(path: &Path) -> String {
    path.to_str().expect("a name in UTF-8").to_owned()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
