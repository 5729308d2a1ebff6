//! Which packets a command is about: the words of a filter, or a file with them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ArgAction;
use clap::error::ErrorKind;

use super::output::Output;
use super::usage;
use crate::capture::Link;
use crate::capture::filter::{Filter, FilterError, Listing, Program};

/// A filter from a file, and what to do with a filter beside filtering.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Filter")]
pub(super) struct Choose {
    /// Read the filter from FILE
    #[arg(short = 'F', value_name = "FILE", help_heading = "Filter")]
    from: Option<PathBuf>,

    /// Print the filter's program and stop: for people (-d), as C (-dd), as numbers (-ddd)
    #[arg(short = 'd', action = ArgAction::Count, help_heading = "Filter")]
    print: u8,
}

impl Choose {
    /// Whether the program is asked for, and nothing else.
    pub(super) fn prints(&self) -> bool {
        self.print > 0
    }

    /// Whether the filter is in a file.
    pub(super) fn is_in_file(&self) -> bool {
        self.from.is_some()
    }

    /// The filter that these words are, or that the file holds; nothing where there is neither.
    pub(super) fn filter(&self, words: &[OsString]) -> anyhow::Result<Option<Filter>> {
        let text = match (&self.from, words) {
            (None, []) => return Ok(None),
            (None, words) => words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" "),
            (Some(file), []) => fs::read_to_string(file)
                .map_err(|error| anyhow::anyhow!("cannot read the filter in {}: {error}", file.display()))?,
            (Some(_), [first, ..]) => {
                let what = format!("'{}' begins a filter, and '-F' names another; there can be one", first.display());
                return Err(usage(ErrorKind::ArgumentConflict, what).into());
            }
        };
        let filter = Filter::parse(text.trim_end()).map_err(|error| refused(&error, words))?;
        Ok(Some(filter))
    }

    /// Prints the program that `filter` is on `link`.
    pub(super) fn print(&self, filter: Option<&Filter>, link: Link, out: &mut Output) -> anyhow::Result<()> {
        let everything = Filter::parse("")?;
        self.print_program(&filter.unwrap_or(&everything).program(link)?, out)
    }

    /// Prints a program.
    pub(super) fn print_program(&self, program: &Program, out: &mut Output) -> anyhow::Result<()> {
        use std::io::Write as _;

        let form = match self.print {
            1 => Listing::Words,
            2 => Listing::C,
            _ => Listing::Numbers,
        };
        write!(out, "{}", program.listing(form))?;
        Ok(())
    }
}

/// A filter that cannot be read: a wrong call. Where its first word looks like a file, that is what it
/// was probably meant to be.
fn refused(error: &FilterError, words: &[OsString]) -> clap::Error {
    let what = match words.first().filter(|word| looks_like_a_file(word)) {
        Some(word) => {
            let word = word.display();
            format!(
                "there is no file '{word}'; is the path right? What follows the captures is a filter, and that is none"
            )
        }
        None => error.to_string(),
    };
    usage(ErrorKind::ValueValidation, what)
}

fn looks_like_a_file(word: &OsString) -> bool {
    const ENDINGS: [&str; 8] = ["pcap", "pcapng", "cap", "ntar", "gz", "zst", "lz4", "dmp"];
    let path = Path::new(word);
    let ending = path.extension().and_then(|ending| ending.to_str());
    path.components().count() > 1 || ending.is_some_and(|ending| ENDINGS.contains(&ending))
}
