use anyhow::bail;

use super::input::Input;
use super::look::Width;
use super::output::Output;
use crate::capture::Summary;
use crate::report::conns::{Choice, Conns as Writer, Field, Format, Order, Quote, Separation};
use crate::wire::Protocol;

/// A line per connection: who, how it opened, how it closed
#[derive(Debug, clap::Args)]
pub(super) struct Conns {
    #[command(flatten)]
    input: Input,

    /// How to write them
    #[arg(short = 'T', value_name = "FORMAT", default_value = "table")]
    format: FormatArg,

    /// A field to write, with -T fields; may be repeated (`-e help` lists them)
    #[arg(short = 'e', long = "field", value_name = "FIELD")]
    fields: Vec<String>,

    /// How fields stand beside each other: header=y, separator=, (or /t, /s), quote=d (or s, n)
    #[arg(short = 'E', value_name = "OPTION=VALUE")]
    separation: Vec<String>,

    /// Sort by this; the largest first, for what can be large
    #[arg(long, value_name = "KEY", default_value = "id")]
    sort: Sort,

    /// Sort the other way round
    #[arg(long)]
    reverse: bool,

    /// Write only the first N
    #[arg(long, value_name = "N")]
    top: Option<usize>,

    /// Only this protocol
    #[arg(long, value_name = "PROTOCOL", default_value = "all")]
    proto: Proto,

    /// Numbers over all connections at the end (table and JSON)
    #[arg(long)]
    summary: bool,

    #[command(flatten)]
    width: Width,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum FormatArg {
    /// A table that fits the terminal
    #[value(alias = "text")]
    Table,
    /// A JSON object per line
    #[value(alias = "ek")]
    Json,
    /// The fields named with -e
    Fields,
    /// Comma-separated values: the fields named with -e, or all
    Csv,
    /// Zeek's conn.log
    Zeek,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Sort {
    Id,
    Start,
    Duration,
    Packets,
    Bytes,
    Rtt,
    Setup,
    Retransmits,
    ZeroWindows,
    Missed,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Proto {
    Tcp,
    Udp,
    Icmp,
    All,
}

impl Conns {
    /// Reads the captures.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<Summary> {
        if self.fields.iter().any(|name| name == "help") {
            return help(out);
        }
        let choice = Choice {
            format: self.format(out)?,
            order: self.sort.into(),
            reverse: self.reverse,
            top: self.top,
            protocol: match self.proto {
                Proto::Tcp => Some(Protocol::Tcp),
                Proto::Udp => Some(Protocol::Udp),
                Proto::Icmp => Some(Protocol::Icmp),
                Proto::All => None,
            },
            summary: self.summary,
        };
        self.input.pump(&mut Writer::new(out, choice))
    }

    fn format(&self, out: &Output) -> anyhow::Result<Format> {
        let tabs = Separation { header: false, separator: '\t', quote: Quote::No };
        let commas = Separation { header: true, separator: ',', quote: Quote::WhereNeeded };
        Ok(match self.format {
            FormatArg::Table => {
                Format::Table { width: self.width.of(out), ellipsis: if self.width.ascii() { ".." } else { "…" } }
            }
            FormatArg::Json => Format::Json,
            FormatArg::Zeek => Format::Zeek,
            FormatArg::Fields if self.fields.is_empty() => {
                bail!("-T fields needs -e FIELD; `-e help` lists the fields")
            }
            FormatArg::Csv if self.fields.is_empty() => Format::Fields(Field::all(), self.separation(commas)?),
            FormatArg::Fields => Format::Fields(self.chosen()?, self.separation(tabs)?),
            FormatArg::Csv => Format::Fields(self.chosen()?, self.separation(commas)?),
        })
    }

    fn chosen(&self) -> anyhow::Result<Vec<Field>> {
        let find = |name: &String| match Field::find(name) {
            Some(field) => Ok(field),
            None => bail!("no field is called {name}{}; `-e help` lists the fields", meant(name)),
        };
        self.fields.iter().map(find).collect()
    }

    fn separation(&self, mut how: Separation) -> anyhow::Result<Separation> {
        for option in &self.separation {
            match option.split_once('=') {
                Some(("header", "y")) => how.header = true,
                Some(("header", "n")) => how.header = false,
                Some(("separator", "/t")) => how.separator = '\t',
                Some(("separator", "/s")) => how.separator = ' ',
                Some(("separator", one)) if one.chars().count() == 1 => {
                    how.separator = one.chars().next().unwrap_or('\t');
                }
                Some(("quote", "d")) => how.quote = Quote::Double,
                Some(("quote", "s")) => how.quote = Quote::Single,
                Some(("quote", "n")) => how.quote = Quote::No,
                _ => bail!("-E {option} is none of header=y|n, separator=/t|/s|CHARACTER, quote=d|s|n"),
            }
        }
        Ok(how)
    }
}

impl From<Sort> for Order {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Id => Self::Id,
            Sort::Start => Self::Start,
            Sort::Duration => Self::Duration,
            Sort::Packets => Self::Packets,
            Sort::Bytes => Self::Bytes,
            Sort::Rtt => Self::Rtt,
            Sort::Setup => Self::Setup,
            Sort::Retransmits => Self::Retransmits,
            Sort::ZeroWindows => Self::ZeroWindows,
            Sort::Missed => Self::Missed,
        }
    }
}

/// Writes the names of all fields.
fn help(out: &mut Output) -> anyhow::Result<Summary> {
    use std::io::Write as _;

    for name in Field::names() {
        writeln!(out, "{name}")?;
    }
    Ok(Summary::default())
}

/// ` (did you mean synfin.open?)`, where a name ends like what was asked for.
fn meant(asked: &str) -> String {
    let last = asked.rsplit('.').next().unwrap_or(asked);
    let near = Field::names().into_iter().find(|name| name.split('.').any(|part| part == last) || name.contains(asked));
    near.map_or_else(String::new, |name| format!(" (did you mean {name}?)"))
}
