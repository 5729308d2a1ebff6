use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::following::Following;
use super::input::Input;
use super::output::Output;
use crate::capture::Summary;
use crate::report::html::{Choice, Report as Page};

/// A page on a capture, complete in itself, for whoever has a browser
///
/// The capture at a glance, what happened when, how long the handshakes took, and every connection in
/// a list that can be sorted and searched: failures and slow ones first, each with its cause. Each
/// has a page of its own with its ladder, its states, and plots of sequence numbers, windows and
/// round trips. The page loads nothing, and works from a file.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Report {
    /// The page to write; `-` is stdout
    #[arg(short = 'o', long, value_name = "FILE")]
    output: PathBuf,

    /// List at most N connections: failures and slow ones first, of every kind some
    #[arg(long, value_name = "N", default_value_t = 4_000)]
    list: usize,

    /// Leave N kilobytes for the details of connections, in the same order
    #[arg(long, value_name = "N", default_value_t = 500)]
    details: usize,

    /// Leave out the first words that each end said
    #[arg(long)]
    no_payload: bool,

    #[command(flatten)]
    input: Input,
}

impl Report {
    /// How connections are followed.
    pub(super) fn following(&self) -> &Following {
        self.input.following()
    }

    /// Reads the captures and writes the page.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<Summary> {
        if self.input.prints_filter(out)? {
            return Ok(Summary::default());
        }
        let choice = Choice {
            sources: self.input.names(),
            listed: self.list,
            details: self.details.saturating_mul(1_000),
            payload: !self.no_payload,
        };
        if self.output == Path::new("-") {
            return self.input.pump(&mut Page::new(out, choice));
        }
        // The page is written when all has been read: no page comes to be where nothing could be.
        let mut page = Vec::new();
        let outcome = self.input.pump(&mut Page::new(&mut page, choice));
        if !page.is_empty() {
            let cannot = || format!("cannot write {}", self.output.display());
            let mut file = BufWriter::new(File::create(&self.output).with_context(cannot)?);
            file.write_all(&page).and_then(|()| file.flush()).with_context(cannot)?;
        }
        outcome
    }
}
