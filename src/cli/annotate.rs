use std::path::PathBuf;

use super::following::Following;
use super::input::{Input, Talk};
use super::keep::{self, Nothing};
use super::output::Output;
use crate::capture::Summary;

/// A capture with what every packet meant written beside it, for Wireshark and its kin
///
/// Each packet keeps its octets, its time, its interface and every comment it had, and what synfin
/// does not know stays as it is; one comment of ours comes to it, in the place of an older one. It
/// says which step it is, where it leaves both ends and what they have learnt. Wireshark shows it
/// without a plug-in; with examples/wireshark/synfin.lua its words become fields to filter by.
#[derive(Debug, clap::Args)]
#[command(
    next_help_heading = "Output",
    after_help = "\
Examples:
  synfin annotate in.pcap -o out.pcapng            every packet with what it meant
  synfin annotate in.pcap -o out.pcapng port 443   those that a filter chooses
  tshark -r out.pcapng -Y 'frame.comment contains \"step=3\"'"
)]
pub(super) struct Annotate {
    /// The pcapng to write; `-` is stdout
    #[arg(short = 'o', long, value_name = "FILE")]
    output: PathBuf,

    #[command(flatten)]
    input: Input,
}

impl Annotate {
    /// How connections are followed.
    pub(super) fn following(&self) -> &Following {
        self.input.following()
    }

    /// Reads the captures and writes them anew.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<Summary> {
        if self.input.prints_filter(out)? {
            return Ok(Summary::default());
        }
        let talk = Talk { banner: false, legend: false, progress: true };
        keep::annotate(&self.input, &self.output, talk, &mut Nothing)
    }
}
