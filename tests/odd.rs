//! Odd and damaged capture files: how many packets can be read, and how it ends.

mod files;

use std::fs;

use files::{read, shared};
use synfin::capture::file::{Capture, Options};
use synfin::capture::{DamageKind, SourceError};

#[test]
fn every_odd_file_ends_as_expected() {
    let Some(folder) = shared("the odd files").map(|shared| shared.join("odd")) else { return };
    let expected = fs::read_to_string(folder.join("expected.tsv")).expect("the list is there");
    for row in expected.lines().skip(1) {
        let [name, packets, then] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let opened = Capture::open(folder.join(name), Options::default());
        if then.starts_with("not a capture") {
            assert!(matches!(opened, Err(SourceError::NotACapture { .. })), "{name}");
            continue;
        }
        let (frames, damages) = read(&mut opened.unwrap_or_else(|error| panic!("{error}")));
        assert_eq!(frames.len().to_string(), packets, "{name}: {damages:?}");
        let kinds: Vec<_> = damages.iter().map(|damage| damage.kind).collect();
        match then.split(':').next() {
            Some("end") => assert_eq!(kinds, [], "{name}"),
            Some("damaged") => assert_eq!(kinds, [DamageKind::Corrupt], "{name}"),
            Some("cut short") => assert_eq!(kinds, [DamageKind::CutShort], "{name}"),
            _ => panic!("{row}"),
        }
    }
}

/// The packets column counts what tshark counts; where it has no answer, it is empty.
#[test]
fn real_captures_have_the_packets_others_count() {
    let Some(folder) = shared("the real captures").map(|shared| shared.join("real")) else { return };
    let manifest = fs::read_to_string(folder.join("MANIFEST.tsv")).expect("the list is there");
    let mut compared = 0;
    for row in manifest.lines().skip(1) {
        let columns: Vec<_> = row.split('\t').collect();
        let (name, format, packets) = (columns[0], columns[6], columns[8]);
        let opened = Capture::open(folder.join(name), Options::default());
        if !format.starts_with("pcap") {
            assert!(matches!(opened, Err(SourceError::NotACapture { .. })), "{name}");
            continue;
        }
        let (frames, damages) = read(&mut opened.unwrap_or_else(|error| panic!("{error}")));
        let Ok(packets) = packets.parse::<usize>() else { continue };
        // tshark counts custom blocks as packets too.
        let packets = packets - blocks(format, "CB") - blocks(format, "CBnc");
        assert_eq!(frames.len(), packets, "{name}, {format}: {damages:?}");
        compared += 1;
    }
    assert!(compared > 1_800, "only {compared} files were compared");
}

/// How many blocks of a kind the manifest counts in a file: `... blocks=SHB:1,IDB:1,EPB:6`.
fn blocks(format: &str, kind: &str) -> usize {
    let (_, blocks) = format.split_once("blocks=").unwrap_or_default();
    blocks
        .split(',')
        .filter_map(|block| block.split_once(':'))
        .filter(|&(of, _)| of == kind)
        .map(|(_, count)| count.parse::<usize>().expect("a count"))
        .sum()
}
