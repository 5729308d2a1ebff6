use std::io::Write as _;

use super::following::Following;
use super::input::Input;
use super::output::Output;
use super::recordings::{tell_gaps, the_one};
use crate::capture::Summary;
use crate::craft::Script;
use crate::craft::script::{Speaker, Transcription};

/// A recorded connection as a script for `play`, ready to be edited
///
/// Both ends' octets are written down in the segments they came in, without repeats. The end that is
/// going to be played has everything it needs to be said; the other is held to its octets, not to
/// its windows and options. What the capture lacks stands on top.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output", after_help = EXAMPLES)]
pub(super) struct ScriptOf {
    /// Write connection N, as `conns` numbers them; needed where there is more than one
    #[arg(long, value_name = "N")]
    conn: Option<u32>,

    /// Which end is going to be played
    #[arg(long, value_name = "END", default_value = "client")]
    plays: End,

    /// Leave out the recorded times: every step as soon as it can be
    #[arg(long)]
    fast: bool,

    #[command(flatten)]
    input: Input,
}

const EXAMPLES: &str = "\
Examples:
  synfin script web.pcap --conn 3 > web.tcp       edit it, and
  synfin play web.tcp --to 127.0.0.1:8080         play its client";

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum End {
    Client,
    Server,
}

impl ScriptOf {
    /// How connections are followed.
    pub(super) fn following(&self) -> &Following {
        self.input.following()
    }

    /// Reads the captures and writes the script.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<Summary> {
        if self.input.prints_filter(out)? {
            return Ok(Summary::default());
        }
        let (recording, summary) = the_one(&self.input, self.conn)?;
        tell_gaps(&recording);
        let plays = match self.plays {
            End::Client => Speaker::Client,
            End::Server => Speaker::Server,
        };
        write!(out, "{}", Script::transcribe(&recording, Transcription { plays, times: !self.fast }))?;
        Ok(summary)
    }
}
