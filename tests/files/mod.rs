//! What the tests of capture files share.

use std::path::{Path, PathBuf};

use synfin::capture::{Damage, Next, OwnedFrame, Source};

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

/// All that a source has.
pub(crate) fn read(source: &mut dyn Source) -> (Vec<OwnedFrame>, Vec<Damage>) {
    let (mut frames, mut damages) = (Vec::new(), Vec::new());
    loop {
        match source.next().expect("a source that can be read") {
            Next::Frame(frame) => frames.push(OwnedFrame::from(&frame)),
            Next::Damage(damage) => damages.push(damage),
            Next::Idle(_) => panic!("a source of finished captures is never idle"),
            Next::End => return (frames, damages),
        }
    }
}
