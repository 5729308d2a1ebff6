//! The configuration file: colours, and what options are when they are not given.
//!
//! It can say how things look and how much is remembered, and nothing else: no option that names a
//! file, sends, runs a program or keeps a right can stand in it. So it is harmless to read.

mod find;
mod parse;

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Command;

use crate::report::paint::Palette;

/// What a configuration file says.
#[derive(Debug)]
pub(super) struct Config {
    /// Where it is.
    pub(super) path: PathBuf,
    /// What colours stand for what.
    pub(super) palette: Palette,
    /// What options are.
    pub(super) options: Vec<Preset>,
}

/// An option as the file has it.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Preset {
    /// Of this command; of all, where it is empty.
    pub(super) command: String,
    /// What the grammar calls it.
    pub(super) id: String,
    /// As words of a command line.
    pub(super) words: Vec<String>,
}

/// The options that can be set, by their long name or their letter.
const SETTABLE: &[&str] = &[
    "ascii",
    "checksums",
    "columns",
    "e",
    "failed",
    "l",
    "limit",
    "max-connections",
    "micro",
    "n",
    "nano",
    "no-defrag",
    "number",
    "proto",
    "q",
    "resync",
    "reverse",
    "S",
    "show",
    "sort",
    "summary",
    "t",
    "timers",
    "top",
    "v",
    "wide",
    "width",
];

/// The files of the folder in which protocols are declared, unless it shall be left out.
pub(super) fn protocols(left_out: bool) -> Vec<PathBuf> {
    if left_out { Vec::new() } else { find::protocols() }
}

/// Reads the configuration, unless it shall be left out; `None` where there is none.
///
/// # Errors
///
/// Where the file has a mistake: its place, and what was expected.
pub(super) fn read(left_out: bool, grammar: &Command) -> anyhow::Result<Option<Config>> {
    let Some((path, text)) = (if left_out { None } else { find::find()? }) else {
        return Ok(None);
    };
    match parse::parse(&text, grammar) {
        Ok((palette, options)) => Ok(Some(Config { path, palette, options })),
        Err(mistake) => {
            let (line, column) = mistake.place(&text);
            let (file, what) = (path.display(), mistake.what);
            Err(anyhow!("{file}:{line}:{column}: {what} ('--no-config' leaves the file out)"))
        }
    }
}
