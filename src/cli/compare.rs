use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::following::Following;
use super::output::Output;
use super::progress::watched;
use crate::capture::compare::{Collected, compare};
use crate::capture::file::{Captures, Options};
use crate::capture::track::Ends;
use crate::capture::{self, Summary};
use crate::report::compare::{Told, write_json, write_text};

/// Two captures of one conversation: what one side sent and the other never saw
///
/// Connections are found again across address translation, by their sequence numbers, timestamps and
/// data. The clocks of both captures are brought together, as far as packets that went there and back
/// allow; so every segment has a time for its one way. What was lost, doubled, overtaken, changed or
/// made up on the way is told for each direction of each connection.
#[derive(Debug, clap::Args)]
#[command(
    next_help_heading = "Output",
    after_help = "\
Examples:
  synfin compare client.pcap server.pcap            in words
  synfin compare -T json client.pcap server.pcap    an object for both, and one per connection"
)]
pub(super) struct Compare {
    /// The capture taken at the client, or nearer to it
    #[arg(value_name = "CLIENT")]
    client: PathBuf,

    /// The capture taken at the server, or nearer to it
    #[arg(value_name = "SERVER")]
    server: PathBuf,

    /// What to write
    #[arg(short = 'T', value_name = "FORM", default_value = "text")]
    form: Form,

    /// Tell too of the connections to which nothing happened, however many there are
    #[arg(long)]
    all: bool,

    /// After a damaged record, look for the next good one and go on
    #[arg(long, help_heading = "Input")]
    resync: bool,

    #[command(flatten)]
    following: Following,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Form {
    /// Words
    Text,
    /// An object per line
    Json,
}

impl Compare {
    /// How connections are followed.
    pub(super) fn following(&self) -> &Following {
        &self.following
    }

    /// Reads both captures and says what they say of each other.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<Summary> {
        let (near, mut summary) = self.collect(&self.client)?;
        let (far, other) = self.collect(&self.server)?;
        summary.damage.extend(other.damage);
        for (kind, count) in other.findings {
            *summary.findings.entry(kind).or_default() += count;
        }
        let comparison = compare(&near, &far);
        let captures = Ends { client: &near, server: &far };
        match self.form {
            Form::Text => write_text(out, &comparison, captures, Told { all: self.all }),
            Form::Json => write_json(out, &comparison, captures),
        }
        .context("cannot write")?;
        Ok(summary)
    }

    fn collect(&self, path: &Path) -> anyhow::Result<(Collected, Summary)> {
        let captures = Captures::open([path], Options { resync: self.resync })?;
        let progress = captures.progress();
        let mut source = watched(captures, progress, true);
        let mut collected = Collected::default();
        let mut tracker = self.following.tracker(None);
        let summary = capture::pump(&mut *source, self.following.reading(), &mut tracker, &mut collected)?;
        Ok((collected, summary))
    }
}
