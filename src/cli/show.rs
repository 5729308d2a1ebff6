//! How packets are written: the options that every command with a line per packet shares.

use std::io::Write as _;

use clap::ArgAction;
use clap::error::ErrorKind;

use super::apps::Apps;
#[cfg(not(feature = "parquet"))]
use super::output::NO_PARQUET;
use super::output::Output;
#[cfg(feature = "parquet")]
use super::output::no_terminal;
use super::protocols::Protocols;
use super::usage;
use crate::capture::{Sink, Summary};
use crate::report::clock::{Precision, TimeStyle};
use crate::report::fields::{self, Fields, Layout};
use crate::report::hexdump::{Dump, Form};
use crate::report::json::Json;
use crate::report::line::Style;
use crate::report::paint::Paint;
use crate::report::process::Processes;
#[cfg(feature = "parquet")]
use crate::report::tables::PacketParquet;
use crate::report::tables::{Column, Packets};
use crate::report::text::{Listing, Text};

/// What to write of each packet.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Show {
    /// What to write: text, json (an object per line), csv, tsv or parquet (a row per packet, its
    /// columns those of json), or fields (those named with -e)
    #[arg(short = 'T', value_name = "FORM", default_value = "text", value_parser = written)]
    written: Written,

    /// Show the link header; with -T fields, csv and tsv, `-e NAME` names a field to write (`-e help`
    /// lists them)
    #[arg(short = 'e', overrides_with = "link_header")]
    link_header: bool,

    /// A field to write with -T fields, csv or tsv
    #[arg(long = "field", value_name = "NAME", hide = true)]
    fields: Vec<String>,

    /// How to write fields: header=y, separator=/t, occurrence=f|l|a, aggregator=/s, quote=d|s|n
    #[arg(short = 'E', value_name = "HOW")]
    layout: Vec<String>,

    /// Tell more: IP headers, checksums, comments, states (-v), empty segments' numbers (-vv)
    #[arg(short = 'v', action = ArgAction::Count)]
    verbose: u8,

    /// Tell less: addresses and lengths, steps and states without words
    #[arg(short = 'q')]
    quiet: bool,

    /// Sequence numbers as sent, not counted from each side's first
    #[arg(short = 'S')]
    absolute: bool,

    /// The time: not at all (-t), in seconds (-tt), since the last packet (-ttt), with its date
    /// (-tttt), since the first packet (-ttttt)
    #[arg(short = 't', action = ArgAction::Count)]
    time: u8,

    /// Nanoseconds in every time
    #[arg(long)]
    nano: bool,

    /// Microseconds in every time
    #[arg(long, conflicts_with = "nano")]
    micro: bool,

    /// Number the packets
    #[arg(short = '#', long)]
    number: bool,

    /// Show the packet in hexadecimal; twice, with its link header
    #[arg(short = 'x', action = ArgAction::Count)]
    hex: u8,

    /// Show the packet in hexadecimal and ASCII; twice, with its link header
    #[arg(short = 'X', action = ArgAction::Count)]
    hex_ascii: u8,

    /// Show the packet in ASCII; twice, with its link header
    #[arg(short = 'A', action = ArgAction::Count)]
    ascii: u8,

    /// End with what the whole run came to
    #[arg(long)]
    summary: bool,

    /// Let every line be seen as soon as it is written
    #[arg(short = 'l')]
    line_buffered: bool,

    #[command(flatten)]
    apps: Apps,

    /// Call addresses by the names that answers of name servers in the input have given them so far
    /// (text and JSON)
    #[arg(long)]
    names: bool,

    /// Look up no names: nothing ever is, but hands are used to it
    #[arg(short = 'n', overrides_with = "numeric")]
    numeric: bool,
}

/// The forms of output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Written {
    Text,
    Json,
    Fields,
    Csv,
    Tsv,
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Written {
    /// Whether fields can be chosen.
    fn has_fields(self) -> bool {
        match self {
            Self::Fields | Self::Csv | Self::Tsv => true,
            #[cfg(feature = "parquet")]
            Self::Parquet => true,
            Self::Text | Self::Json => false,
        }
    }
}

impl Show {
    /// The same, with the headers and the octets of each packet where nothing else is asked for.
    pub(super) fn in_full(&self) -> Self {
        let mut show = self.clone();
        if !show.quiet {
            show.verbose = show.verbose.max(1);
            let dumps = show.hex + show.hex_ascii + show.ascii > 0;
            show.hex_ascii = if dumps { show.hex_ascii } else { 1 };
        }
        show
    }

    /// Whether lines for eyes are written.
    pub(super) fn is_text(&self) -> bool {
        self.written == Written::Text
    }

    /// Whether the listing says little.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether every line shall be seen at once.
    pub(super) fn is_line_buffered(&self) -> bool {
        self.line_buffered
    }

    /// Whether all that is asked for is which fields there are.
    pub(super) fn lists_fields(&self) -> bool {
        self.written.has_fields() && self.fields.iter().any(|name| name == "help")
    }

    /// Writes what fields there are, a line each.
    pub(super) fn list_fields(&self, out: &mut Output) -> anyhow::Result<()> {
        let names: Vec<&str> = match self.written {
            Written::Fields => fields::names().collect(),
            _ => Column::all().iter().map(|column| column.name).collect(),
        };
        for name in names {
            writeln!(out, "{name}")?;
        }
        Ok(())
    }

    /// Has `pass` hand all packets to the writer that these options ask for.
    pub(super) fn write(
        &self,
        out: &mut Output,
        processes: Option<Box<dyn Processes>>,
        protocols: &Protocols,
        pass: impl FnOnce(&mut dyn Sink) -> anyhow::Result<Summary>,
    ) -> anyhow::Result<Summary> {
        let asked = !self.fields.is_empty() || !self.layout.is_empty();
        if asked && !self.written.has_fields() {
            let message = "'--field' and '-E' want '-T fields', 'csv' or 'tsv'";
            return Err(usage(ErrorKind::ArgumentConflict, message).into());
        }
        if protocols.are_named() && self.written.has_fields() {
            let message = "'--proto' tells messages with '-T text' and '-T json'";
            return Err(usage(ErrorKind::ArgumentConflict, message).into());
        }
        if self.apps.or(false) && !matches!(self.written, Written::Text | Written::Json) {
            let message =
                "'--apps' wants '-T text' or 'json'; of connections, `synfin conns -T csv --apps` has columns for it";
            return Err(usage(ErrorKind::ArgumentConflict, message).into());
        }
        if self.names && !matches!(self.written, Written::Text | Written::Json) {
            let message = "'--names' wants '-T text' or 'json': the other forms have addresses in their columns";
            return Err(usage(ErrorKind::ArgumentConflict, message).into());
        }
        let invalid = |error| usage(ErrorKind::InvalidValue, error);
        match self.written {
            Written::Text => {
                let text = Text::new(self.listing(out), out).with_processes(processes).with_apps(self.apps.or(false));
                pass(&mut text.with_names(self.names).with_messages(protocols.hearing()?))
            }
            Written::Json => {
                let json = Json::new(self.summary, out).with_processes(processes).with_apps(self.apps.or(false));
                pass(&mut json.with_names(self.names).with_messages(protocols.hearing()?))
            }
            Written::Fields => {
                let layout = Layout::parse(&self.layout).map_err(invalid)?;
                if self.fields.is_empty() {
                    let example = "'-T fields' writes the fields that '-e' names, as in '-T fields -e ip.src -e tcp.srcport'; \
                                   '-e help' lists them";
                    return Err(usage(ErrorKind::MissingRequiredArgument, example).into());
                }
                pass(&mut Fields::new(&self.fields, layout, out).map_err(invalid)?)
            }
            Written::Csv | Written::Tsv => {
                let layout = if self.written == Written::Csv { Layout::csv } else { Layout::tsv };
                let layout = layout(&self.layout).map_err(invalid)?;
                pass(&mut Packets::new(self.columns()?, layout, out).with_processes(processes))
            }
            #[cfg(feature = "parquet")]
            Written::Parquet => {
                no_terminal()?;
                if !self.layout.is_empty() {
                    return Err(usage(ErrorKind::ArgumentConflict, "'-E' says how to write text").into());
                }
                pass(&mut PacketParquet::new(&self.columns()?, out).with_processes(processes))
            }
        }
    }

    /// The columns that are named; all where none is.
    fn columns(&self) -> Result<Vec<Column>, clap::Error> {
        let find = |name: &String| {
            Column::find(name).ok_or_else(|| {
                let elsewhere = fields::names().any(|known| known == name);
                let advice = if elsewhere { "; '-T fields' has it" } else { "" };
                let message = format!("there is no column '{name}' of a packet{advice}; '-e help' lists them");
                usage(ErrorKind::InvalidValue, message)
            })
        };
        if self.fields.is_empty() { Ok(Column::all().to_vec()) } else { self.fields.iter().map(find).collect() }
    }

    fn listing(&self, out: &Output) -> Listing {
        let style = Style {
            verbose: self.verbose,
            quiet: self.quiet,
            link_header: self.link_header,
            paint: Paint { on: out.color() },
        };
        let time = time_style(self.time);
        let precision = precision(self.nano, self.micro);
        let dump = [(self.hex_ascii, Form::HexAscii), (self.hex, Form::Hex), (self.ascii, Form::Ascii)]
            .into_iter()
            .find(|(times, _)| *times > 0)
            .map(|(times, form)| Dump { form, link_header: times > 1 });
        Listing { style, absolute: self.absolute, time, precision, number: self.number, dump, summary: self.summary }
    }
}

/// How exactly times are told: as `--nano` or `--micro` ask, or as they were captured.
pub(super) const fn precision(nano: bool, micro: bool) -> Precision {
    match (nano, micro) {
        (true, _) => Precision::Nano,
        (_, true) => Precision::Micro,
        _ => Precision::AsCaptured,
    }
}

/// How so many `-t` tell the time.
pub(super) const fn time_style(times: u8) -> TimeStyle {
    match times {
        0 => TimeStyle::TimeOfDay,
        1 => TimeStyle::None,
        2 => TimeStyle::Epoch,
        3 => TimeStyle::SincePrevious,
        4 => TimeStyle::DateTime,
        _ => TimeStyle::SinceFirst,
    }
}

/// The form that `-T` names; of tshark's others, why not.
fn written(name: &str) -> Result<Written, String> {
    Ok(match name {
        "text" => Written::Text,
        "json" => Written::Json,
        "fields" => Written::Fields,
        "csv" => Written::Csv,
        "tsv" => Written::Tsv,
        #[cfg(feature = "parquet")]
        "parquet" => Written::Parquet,
        #[cfg(not(feature = "parquet"))]
        "parquet" => return Err(NO_PARQUET.to_owned()),
        "ek" | "jsonraw" => return Err("synfin's `json` is an object per line already".to_owned()),
        "pdml" | "ps" | "psml" | "tabs" => {
            return Err(format!("synfin does not write {name}; it writes text, json, csv, tsv and fields"));
        }
        _ => return Err("there are text, json, csv, tsv and fields".to_owned()),
    })
}
