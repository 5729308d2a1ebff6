use std::path::PathBuf;

use anyhow::{Context as _, bail};

use super::output::Output;
use crate::report::conform::{Answers, Tally, tshark};

/// Holds synfin's answers against those of other tools
///
/// Reads captures, and beside them what another tool says of every packet and connection; prints,
/// for each field, how often both say the same, how often they differ for a reason that is
/// understood, and how often nobody knows why. Ends with 1 where there is a difference of the last
/// kind.
#[derive(Debug, clap::Args)]
#[command(
    next_help_heading = "Output",
    after_help = "\
Examples:
  synfin check --against tshark capture.pcap    asks the tshark of this machine
  synfin check --answers DIR                    reads answers recorded in DIR/oracle"
)]
pub(super) struct Check {
    /// Captures to ask about
    #[arg(value_name = "FILE", requires = "against")]
    files: Vec<PathBuf>,

    /// Ask this tool, which has to be installed
    #[arg(long, value_name = "TOOL", requires = "files")]
    against: Option<Peer>,

    /// Compare with the recorded answers in this folder
    #[arg(long, value_name = "DIR", conflicts_with = "against", required_unless_present = "against")]
    answers: Option<PathBuf>,

    /// Compare what runs above TCP alone
    #[arg(long, requires = "against")]
    apps: bool,

    /// Only captures whose name contains this text
    #[arg(long, value_name = "TEXT", requires = "answers")]
    only: Option<String>,

    /// A line per capture as well
    #[arg(short = 'v', long)]
    verbose: bool,

    /// Show up to N unexplained differences of each field
    #[arg(long, value_name = "N", default_value_t = 5)]
    examples: usize,

    /// How to write the outcome
    #[arg(short = 'T', value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Peer {
    /// Wireshark on the command line
    Tshark,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Format {
    /// A table, and what the differences are
    Text,
    /// The same in Markdown, with examples
    Markdown,
}

impl Check {
    /// Compares; returns whether every difference is explained.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<bool> {
        let mut tally = Tally::new(self.examples);
        match (&self.answers, self.against) {
            (Some(folder), _) => self.with_answers(folder, &mut tally, out)?,
            (None, Some(Peer::Tshark)) => self.with_tshark(&mut tally, out)?,
            (None, None) => bail!("nothing to compare with: say --answers DIR or --against tshark"),
        }
        match self.format {
            Format::Text => tally.write_text(out)?,
            Format::Markdown => tally.write_markdown(out)?,
        }
        Ok(tally.different() == 0)
    }

    fn with_answers(&self, folder: &std::path::Path, tally: &mut Tally, out: &mut Output) -> anyhow::Result<()> {
        let answers = Answers::open(folder).with_context(|| {
            format!("{} holds no recorded answers: they are expected in its folder `oracle`", folder.display())
        })?;
        for capture in answers.captures() {
            if self.only.as_ref().is_some_and(|only| !capture.contains(only)) {
                continue;
            }
            let before = tally.sums();
            answers.compare(capture, tally).with_context(|| format!("cannot compare {capture}"))?;
            self.tell(capture, before, tally, out)?;
        }
        Ok(())
    }

    fn with_tshark(&self, tally: &mut Tally, out: &mut Output) -> anyhow::Result<()> {
        for file in &self.files {
            let before = tally.sums();
            let compare = if self.apps { tshark::compare_apps } else { tshark::compare };
            compare(file, tally).with_context(|| format!("cannot compare {}", file.display()))?;
            self.tell(&file.display().to_string(), before, tally, out)?;
        }
        Ok(())
    }

    /// Says how one capture fared.
    fn tell(&self, name: &str, before: [u64; 3], tally: &Tally, out: &mut Output) -> anyhow::Result<()> {
        use std::io::Write as _;

        if self.verbose {
            let [equal, different, explained] = [0, 1, 2].map(|at| tally.sums()[at] - before[at]);
            writeln!(out, "{name}: {equal} equal, {explained} explained, {different} different")?;
        }
        Ok(())
    }
}
