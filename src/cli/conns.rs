#[cfg(feature = "parquet")]
use std::collections::HashSet;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;

use super::apps::Apps;
use super::following::Following;
use super::input::Input;
use super::look::Width;
#[cfg(not(feature = "parquet"))]
use super::output::NO_PARQUET;
use super::output::Output;
#[cfg(feature = "parquet")]
use super::output::no_terminal;
use super::protocols;
use super::usage;
#[cfg(all(feature = "live", target_os = "linux"))]
use super::watch::Watch;
use crate::capture::Summary;
use crate::report::conns::{Choice, Columns, Conns as Writer, Field, Format, Order};
use crate::report::fields::Layout;
use crate::report::messages::Hearing;
use crate::report::paint::Paint;
use crate::wire::Protocol;

/// A line per connection: who, how it opened, how it closed
///
/// The table fits the terminal: columns that say the same in every row are left out, and where room is
/// still short, more go: first the states of both ends, then REXMT, HISTORY, the packets, SERVICE,
/// PROCESSES and round trips, the octets, BY and APP, and DURATION last; then addresses are shortened. --wide
/// shows everything. `>` and
/// `<` count what went from client to server and back; RTT SRV and RTT CLI are the two parts of
/// the handshake's round trip, from the capture point to the server and to the client. UDP
/// conversations and ICMP exchanges have rows as well.
///
/// With --apps the column APP tells what runs there, by the first octets of both sides, and with whom:
/// `https example.com`. A `!` stands where the port says otherwise, a `?` where nothing but the port
/// says so.
///
/// Of an interface (-i), a row is written as soon as its connection is over: closed, reset, or
/// silent for too long. With --every, all connections of the moment are written again and again.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
#[cfg_attr(
    all(feature = "live", target_os = "linux"),
    command(mut_arg("words", |words| words.required_unless_present("interface")))
)]
pub(super) struct Conns {
    /// How to write them
    #[arg(short = 'T', value_name = "FORMAT", default_value = "table")]
    format: FormatArg,

    /// A field to write, with -T fields; may be repeated (`-e help` lists them)
    #[arg(short = 'e', long = "field", value_name = "FIELD")]
    fields: Vec<String>,

    /// How to write fields: header=y, separator=/t, aggregator=/s, quote=d|s|n
    #[arg(short = 'E', value_name = "HOW")]
    layout: Vec<String>,

    /// Sort by this; the largest first, for what can be large
    #[arg(long, value_name = "KEY", default_value = "id")]
    sort: Sort,

    /// Sort the other way round
    #[arg(long)]
    reverse: bool,

    /// Write only the first N
    #[arg(long, value_name = "N")]
    top: Option<usize>,

    /// Only this protocol (tcp, udp, icmp, or all); or know the protocols that a file declares (TOML;
    /// `synfin help proto`), and count their messages; may be repeated
    #[arg(long, value_name = "PROTOCOL|FILE", value_parser = clap::value_parser!(Proto))]
    proto: Vec<Proto>,

    /// Numbers over all connections at the end (table and JSON)
    #[arg(long)]
    summary: bool,

    /// These columns of the table, in this order
    #[arg(long, value_name = "COLUMN", value_delimiter = ',', value_parser = PossibleValuesParser::new(Columns::names()))]
    columns: Vec<String>,

    /// All columns of the table in full, also those that say the same in every row
    #[arg(long, conflicts_with = "width")]
    wide: bool,

    #[command(flatten)]
    apps: Apps,

    /// Call addresses by the names that answers of name servers in the input give them (table and JSON)
    #[arg(long)]
    names: bool,

    #[command(flatten)]
    width: Width,

    #[cfg(all(feature = "live", target_os = "linux"))]
    #[command(flatten)]
    watch: Watch,

    #[command(flatten)]
    input: Input,
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
    /// Tab-separated values: the same
    Tsv,
    /// A Parquet file: the same, where synfin was built with it
    Parquet,
    /// Zeek's conn.log
    Zeek,
    /// An object of the Elastic Common Schema per line
    Ecs,
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

/// What `--proto` names.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Proto {
    /// Only connections of this protocol; `None` is all.
    Only(Option<Protocol>),
    /// A file that declares protocols.
    Declared(PathBuf),
}

impl From<OsString> for Proto {
    fn from(word: OsString) -> Self {
        match word.to_str() {
            Some("tcp") => Self::Only(Some(Protocol::Tcp)),
            Some("udp") => Self::Only(Some(Protocol::Udp)),
            Some("icmp") => Self::Only(Some(Protocol::Icmp)),
            Some("all") => Self::Only(None),
            _ => Self::Declared(PathBuf::from(word)),
        }
    }
}

impl Conns {
    /// How connections are followed.
    pub(super) fn following(&self) -> &Following {
        self.input.following()
    }

    /// Reads the captures.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<Summary> {
        if self.fields.iter().any(|name| name == "help") {
            return help(out);
        }
        if self.input.prints_filter(out)? {
            return Ok(Summary::default());
        }
        let choice = Choice {
            format: self.format(out)?,
            order: self.sort.into(),
            reverse: self.reverse,
            top: self.top,
            protocol: self
                .proto
                .iter()
                .rev()
                .find_map(|proto| match proto {
                    Proto::Only(protocol) => Some(*protocol),
                    Proto::Declared(_) => None,
                })
                .flatten(),
            summary: self.summary,
            apps: self.listens()?,
            names: self.names,
        };
        #[cfg(all(feature = "live", target_os = "linux"))]
        if self.watch.is_asked_for() {
            let (following, count, filter) = self.input.of_interface()?;
            return self.watch.run(choice, filter, following, count, self.hearing()?, out);
        }
        self.input.pump(&mut Writer::new(out, choice).with_messages(self.hearing()?))
    }

    /// Who hears the messages of declared protocols, if any are.
    fn hearing(&self) -> anyhow::Result<Option<Hearing>> {
        let files = self.proto.iter().filter_map(|proto| match proto {
            Proto::Only(_) => None,
            Proto::Declared(file) => Some(file.clone()),
        });
        let files: Vec<PathBuf> = files.collect();
        if !files.is_empty() && !matches!(self.format, FormatArg::Table | FormatArg::Json) {
            let message = "what '--proto FILE' declares is told with '-T table' and '-T json'";
            return Err(usage(ErrorKind::ArgumentConflict, message).into());
        }
        #[cfg(all(feature = "live", target_os = "linux"))]
        if !files.is_empty() && self.watch.repeats() {
            let message = "what '--proto FILE' declares is told as connections end, not '--every' time";
            return Err(usage(ErrorKind::ArgumentConflict, message).into());
        }
        protocols::known(&files).map(protocols::hearing)
    }

    fn format(&self, out: &Output) -> anyhow::Result<Format> {
        self.agrees()?;
        let invalid = |error| usage(ErrorKind::InvalidValue, error);
        Ok(match self.format {
            FormatArg::Table => Format::Table {
                width: if self.wide { 0 } else { self.width.of(out) },
                ellipsis: if self.width.ascii() { ".." } else { "…" },
                paint: Paint { on: out.color() },
                columns: {
                    let all = self.wide && self.columns.is_empty();
                    let columns = if all { Columns::all() } else { Columns::chosen(&self.columns) };
                    if self.listens()? { columns.with_apps() } else { columns }
                },
            },
            FormatArg::Json => Format::Json,
            FormatArg::Zeek => Format::Zeek,
            FormatArg::Ecs => Format::Ecs,
            #[cfg(not(feature = "parquet"))]
            FormatArg::Parquet => return Err(usage(ErrorKind::InvalidValue, NO_PARQUET).into()),
            #[cfg(feature = "parquet")]
            FormatArg::Parquet => {
                no_terminal()?;
                let mut fields = self.chosen()?;
                let mut names = HashSet::new();
                fields.retain(|field| names.insert(field.name().to_owned()));
                Format::Parquet(fields)
            }
            FormatArg::Fields if self.fields.is_empty() => {
                let example = "'-T fields' writes the fields that '-e' names, as in '-T fields -e tcp.stream -e \
                               synfin.open'; '-e help' lists them";
                return Err(usage(ErrorKind::MissingRequiredArgument, example).into());
            }
            FormatArg::Fields => Format::Fields(self.chosen()?, Layout::parse(&self.layout).map_err(invalid)?),
            FormatArg::Csv => Format::Fields(self.chosen()?, Layout::csv(&self.layout).map_err(invalid)?),
            FormatArg::Tsv => Format::Fields(self.chosen()?, Layout::tsv(&self.layout).map_err(invalid)?),
        })
    }

    /// Whether the options go together.
    fn agrees(&self) -> Result<(), clap::Error> {
        if self.names && !matches!(self.format, FormatArg::Table | FormatArg::Json) {
            let message = "'--names' wants '-T table' or 'json': the other forms have addresses in their columns";
            return Err(usage(ErrorKind::ArgumentConflict, message));
        }
        let (fields, layout) = match self.format {
            FormatArg::Fields | FormatArg::Csv | FormatArg::Tsv => (true, true),
            FormatArg::Parquet => (true, false),
            FormatArg::Table | FormatArg::Json | FormatArg::Zeek | FormatArg::Ecs => (false, false),
        };
        if !fields && !self.fields.is_empty() || !layout && !self.layout.is_empty() {
            return Err(usage(ErrorKind::ArgumentConflict, "'-e' and '-E' want '-T fields', 'csv' or 'tsv'"));
        }
        #[cfg(all(feature = "parquet", feature = "live", target_os = "linux"))]
        if self.format == FormatArg::Parquet && self.watch.repeats() {
            return Err(usage(
                ErrorKind::ArgumentConflict,
                "'-T parquet' is one file: it cannot be written '--every' time",
            ));
        }
        Ok(())
    }

    /// Whether what is said on connections is listened to.
    fn listens(&self) -> Result<bool, clap::Error> {
        Ok(match self.format {
            FormatArg::Json | FormatArg::Zeek | FormatArg::Ecs => self.apps.or(true),
            FormatArg::Table => self.apps.or(Columns::chosen(&self.columns).wants_apps()),
            FormatArg::Fields | FormatArg::Csv | FormatArg::Tsv | FormatArg::Parquet => {
                self.apps.or(!self.fields.is_empty() && self.chosen()?.iter().any(Field::is_of_app))
            }
        })
    }

    /// The fields that are named; all of the record where none is.
    fn chosen(&self) -> Result<Vec<Field>, clap::Error> {
        let find = |name: &String| {
            Field::find(name).ok_or_else(|| {
                let message =
                    format!("there is no field '{name}' of a connection{}; '-e help' lists them", meant(name));
                usage(ErrorKind::InvalidValue, message)
            })
        };
        let all = if self.apps.or(false) { Field::all_with_apps } else { Field::all };
        if self.fields.is_empty() { Ok(all()) } else { self.fields.iter().map(find).collect() }
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

/// `; is it 'synfin.open'?`, where a name ends like what was asked for.
fn meant(asked: &str) -> String {
    let last = asked.rsplit('.').next().unwrap_or(asked);
    let near = Field::names().into_iter().find(|name| name.split('.').any(|part| part == last) || name.contains(asked));
    near.map_or_else(String::new, |name| format!("; is it '{name}'?"))
}
