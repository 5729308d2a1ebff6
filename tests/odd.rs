//! Odd and damaged capture files: how many packets can be read, and how it ends.

use std::fs;
use std::path::{Path, PathBuf};

use synfin::capture::file::{Capture, Options};
use synfin::capture::{Damage, DamageKind, Next, OwnedFrame, Source, SourceError};

/// The folder of captures that is not shipped with the project.
fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is needed and is not there", folder.display());
    eprintln!("not run: {} is not there", folder.display());
    None
}

/// All that a capture has.
fn read(mut capture: Capture) -> (Vec<OwnedFrame>, Vec<Damage>) {
    let (mut frames, mut damages) = (Vec::new(), Vec::new());
    loop {
        match capture.next().expect("a file on a good disk") {
            Next::Frame(frame) => frames.push(OwnedFrame::from(&frame)),
            Next::Damage(damage) => damages.push(damage),
            Next::Idle(_) => unreachable!("a file is never idle"),
            Next::End => return (frames, damages),
        }
    }
}

#[test]
fn every_odd_file_ends_as_expected() {
    let Some(folder) = shared().map(|shared| shared.join("odd")) else { return };
    let expected = fs::read_to_string(folder.join("expected.tsv")).expect("the list is there");
    for row in expected.lines().skip(1) {
        let [name, packets, then] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let opened = Capture::open(folder.join(name), Options::default());
        if then.starts_with("not a capture") {
            assert!(matches!(opened, Err(SourceError::NotACapture { .. })), "{name}");
            continue;
        }
        let (frames, damages) = read(opened.unwrap_or_else(|error| panic!("{error}")));
        assert_eq!(frames.len().to_string(), packets, "{name}: {damages:?}");
        let kinds: Vec<_> = damages.iter().map(|damage| damage.kind).collect();
        match then.split(':').next() {
            Some("end") => assert_eq!(kinds, [], "{name}"),
            Some("damaged") => assert_eq!(kinds, [DamageKind::Corrupt], "{name}"),
            Some("cut short") => assert_eq!(kinds, [DamageKind::CutShort], "{name}"),
            _ => panic!("{row}"),
        }
        for damage in damages {
            eprintln!("{damage}");
        }
    }
}
