use std::io::{self, IsTerminal as _};

use super::following::Following;
use super::input::{Input, Talk};
use super::keep::{Keep, Nothing};
use super::output::Output;
use super::protocols::Protocols;
use super::show::Show;
use crate::capture::Summary;

/// A line per packet, with what it meant for its connection
///
/// Each packet is a line in tcpdump's shape. Under it stands what it was: which step of the
/// handshake or the close, where it leaves both ends, and what each of them knows now. A mark says
/// how sure that is: `!` proven by what that end sent, `?` expected if the packet arrives, `~`
/// assumed for want of better.
#[derive(Debug, clap::Args)]
pub(super) struct Read {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    keep: Keep,

    #[command(flatten)]
    protocols: Protocols,

    #[command(flatten)]
    show: Show,
}

impl Read {
    /// How connections are followed.
    pub(super) fn following(&self) -> &Following {
        self.input.following()
    }

    /// Reads the captures and writes every packet.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<Summary> {
        if self.show.lists_fields() {
            self.show.list_fields(out)?;
            return Ok(Summary::default());
        }
        if self.input.prints_filter(out)? {
            return Ok(Summary::default());
        }
        if !self.keep.lists() {
            let talk = Talk { banner: true, legend: false, progress: true };
            return self.keep.pump(&self.input, talk, &mut Nothing);
        }
        let screen = io::stdout().is_terminal();
        let text = self.show.is_text();
        let talk = Talk { banner: text, legend: text && screen && !self.show.is_quiet(), progress: !screen };
        if self.show.is_line_buffered() || (screen && self.input.reads_stdin()) {
            out.flush_every_write();
        }
        self.show.write(out, None, &self.protocols, |sink| self.keep.pump(&self.input, talk, sink))
    }
}
