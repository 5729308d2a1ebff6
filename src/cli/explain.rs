use anyhow::bail;
use clap::error::ErrorKind;

use super::following::Following;
use super::input::Input;
use super::look::Width;
use super::output::Output;
use super::protocols::Protocols;
use super::usage;
use crate::capture::Summary;
use crate::report::flood::Flood;
use crate::report::ladder::Pace;
use crate::report::paint::Paint;
use crate::report::story::{Choice, Explain as Writer, Form, Look, Parts};

/// The story of a connection, step by step
///
/// Who asked whom and how it went; a ladder of its packets with the states of both ends; then every
/// telling packet with what it taught each end, why the steps are what they are, and what would
/// have been otherwise. What went wrong is said first, with the packets that show it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Explain {
    /// Tell of connection N, as `conns` numbers them; may be repeated
    #[arg(long = "conn", value_name = "N")]
    conns: Vec<u32>,

    /// Tell of at most N connections where none is chosen; 0 is all
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: u32,

    /// Tell only of connections in which something went wrong or took long
    #[arg(long)]
    failed: bool,

    /// Tell of SYN floods instead: what one does to a server, why, and what the numbers of this
    /// capture say of it
    #[arg(long, conflicts_with_all = ["conns", "failed"])]
    flood: bool,

    /// Which parts of the story
    #[arg(long, value_name = "PART", default_value = "all")]
    show: Show,

    /// In which form
    #[arg(short = 'T', value_name = "FORMAT", default_value = "text")]
    format: FormatArg,

    /// What room time takes in the ladder
    #[arg(long, value_name = "TIME", default_value = "even")]
    time: Time,

    /// Leave out what runs on connections and what was said there
    #[arg(long)]
    no_apps: bool,

    #[command(flatten)]
    protocols: Protocols,

    /// Call addresses by the names that answers of name servers in the input give them
    #[arg(long)]
    names: bool,

    #[command(flatten)]
    width: Width,

    #[command(flatten)]
    input: Input,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Show {
    /// Heading, ladder and steps
    All,
    /// The ladder diagram under the heading
    Ladder,
    /// The steps under the heading
    Steps,
    /// The heading alone
    Verdict,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum FormatArg {
    /// Text, with a ladder in characters
    Text,
    /// Text, with the ladder as the figures of RFC 9293
    Rfc,
    /// Markdown, with the ladder as a Mermaid diagram
    Mermaid,
    /// One SVG drawing, a ladder below the other
    Svg,
    /// A page with drawn ladders, complete in itself
    Html,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Time {
    /// A row after the other
    Even,
    /// The longer the wait, the more room (text, svg and html)
    Scale,
}

impl Explain {
    /// How connections are followed.
    pub(super) fn following(&self) -> &Following {
        self.input.following()
    }

    /// Reads the captures.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<Summary> {
        if self.input.prints_filter(out)? {
            return Ok(Summary::default());
        }
        if self.flood {
            let width = self.width.of(out);
            return self.input.pump(&mut Flood::new(out, width));
        }
        let look = Look { width: self.width.of(out), ascii: self.width.ascii(), paint: Paint { on: out.color() } };
        if self.time == Time::Scale && matches!(self.format, FormatArg::Rfc | FormatArg::Mermaid) {
            let message = "'--time scale' is for '-T text', '-T svg' and '-T html': the other forms know rows only";
            return Err(usage(ErrorKind::ArgumentConflict, message).into());
        }
        let choice = Choice {
            conns: self.conns.clone(),
            limit: self.limit,
            failed: self.failed,
            parts: match self.show {
                Show::All => Parts::All,
                Show::Ladder => Parts::Figure,
                Show::Steps => Parts::Steps,
                Show::Verdict => Parts::Heading,
            },
            form: match self.format {
                FormatArg::Text => Form::Text,
                FormatArg::Rfc => Form::Rfc,
                FormatArg::Mermaid => Form::Mermaid,
                FormatArg::Svg => Form::Svg,
                FormatArg::Html => Form::Html,
            },
            apps: !self.no_apps,
            names: self.names,
            pace: match self.time {
                Time::Even => Pace::Even,
                Time::Scale => Pace::ToScale,
            },
        };
        let mut writer = Writer::new(out, look, choice).with_messages(self.protocols.hearing()?);
        let summary = self.input.pump(&mut writer)?;
        if let Some(missing) = writer.missing().first() {
            match writer.seen() {
                0 => bail!("there is no connection {missing}: the input has none"),
                1 => bail!("there is no connection {missing}: the input has one, number 0"),
                seen => bail!("there is no connection {missing}: the input has {seen}, numbers 0 to {}", seen - 1),
            }
        }
        Ok(summary)
    }
}
