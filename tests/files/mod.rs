//! What the tests of capture files share.
#![allow(dead_code, reason = "each test uses a part")]

pub(crate) mod build;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use synfin::capture::file::{Capture, Options};
use synfin::capture::{Damage, Next, OwnedFrame, Source, SourceError};

/// The folder of captures that is not shipped with the project. Without it a test says what it
/// did not run and returns; where `CI` is set, it fails.
pub(crate) fn shared(what: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is needed and is not there", folder.display());
    eprintln!("not run: {what} ({} is not there)", folder.display());
    None
}

/// Opens a capture file that is in memory.
pub(crate) fn open(bytes: &[u8], resync: bool) -> Result<Capture, SourceError> {
    Capture::from_reader("test", Cursor::new(bytes.to_vec()), Options { resync })
}

/// All that a capture file in memory has; the first failure of a test is its caller's.
#[track_caller]
pub(crate) fn read_bytes(bytes: &[u8]) -> (Vec<OwnedFrame>, Vec<Damage>) {
    read(&mut open(bytes, false).unwrap_or_else(|error| panic!("{error}")))
}

/// As [`read_bytes`], going on after damage.
#[track_caller]
pub(crate) fn read_bytes_resync(bytes: &[u8]) -> (Vec<OwnedFrame>, Vec<Damage>) {
    read(&mut open(bytes, true).unwrap_or_else(|error| panic!("{error}")))
}

/// The frames of a capture file without damage.
#[track_caller]
pub(crate) fn frames(bytes: &[u8]) -> Vec<OwnedFrame> {
    let (frames, damages) = read_bytes(bytes);
    assert_eq!(damages, []);
    frames
}

/// All that a source has.
#[track_caller]
pub(crate) fn read(source: &mut dyn Source) -> (Vec<OwnedFrame>, Vec<Damage>) {
    let (mut frames, mut damages) = (Vec::new(), Vec::new());
    loop {
        match source.next().expect("a source that can be read") {
            Next::Frame(frame) => frames.push(OwnedFrame::from(&frame)),
            Next::Damage(damage) => damages.push(damage),
            Next::Idle(_) | Next::LeftOut => panic!("a source of finished captures is never idle, and has no filter"),
            Next::End => return (frames, damages),
        }
    }
}
