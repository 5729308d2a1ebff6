//! What stderr is told, outside text made safe to look at.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::Path;

use crate::report::paint;

/// Says something on stderr: one line, or several where it has line feeds. Names of files and
/// interfaces may be in it; what a terminal would act on is written as an escape.
pub fn say(what: impl Display) {
    let mut text = Vec::new();
    for line in what.to_string().split('\n') {
        paint::escape(&mut text, line.as_bytes());
        text.push(b'\n');
    }
    // With a closed stderr there is nobody left to tell.
    let _ = io::stderr().write_all(&text);
}

/// The name of a file, in one line.
pub(super) fn shown(path: &Path) -> String {
    let mut name = Vec::new();
    paint::escape(&mut name, path.as_os_str().as_encoded_bytes());
    String::from_utf8_lossy(&name).into_owned()
}
