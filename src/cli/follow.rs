use std::io::{self, IsTerminal as _};

use anyhow::bail;
use clap::ArgAction;
use clap::error::ErrorKind;

use super::following::Following;
use super::input::Input;
use super::look::utf8_locale;
use super::output::Output;
use super::protocols::Protocols;
use super::say::say;
use super::show::{precision, time_style};
use super::usage;
use crate::capture::Summary;
use crate::capture::track::Role;
use crate::report::follow::{Choice, Chosen, Follow as Writer, Form, Lack};
use crate::report::human::plural;
use crate::report::paint::Paint;
use crate::wire::Protocol;

/// What both ends of a conversation said
///
/// The streams of both sides are put in order, each octet once, and written as they come: whoever
/// speaks is named with the time and the packet that began it. What is missing is said in its place.
/// Of octets that were sent twice and differ, those that were seen first count.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Follow {
    /// Follow conversation N, as `conns` numbers them; may be repeated [default: all]
    #[arg(long = "conn", value_name = "N")]
    conns: Vec<u32>,

    /// Follow what Wireshark gives this number as its tcp.stream (`3`) or udp.stream (`udp:3`); may be
    /// repeated
    #[arg(long = "stream", value_name = "N", value_parser = stream, conflicts_with = "conns")]
    streams: Vec<(Protocol, u32)>,

    /// One side alone
    #[arg(long = "from", value_name = "SIDE")]
    side: Option<Side>,

    /// In which form
    #[arg(short = 'T', value_name = "FORMAT", default_value = "text")]
    format: FormatArg,

    /// With -T raw, zeros in the place of what is missing, so that offsets hold
    #[arg(long)]
    zeros: bool,

    /// A heading for every packet, with its place in the stream, not for every turn
    #[arg(short = 'v')]
    verbose: bool,

    /// The time: not at all (-t), in seconds (-tt), since the last heading (-ttt), with its date
    /// (-tttt), since the first (-ttttt)
    #[arg(short = 't', action = ArgAction::Count)]
    time: u8,

    /// Nanoseconds in every time
    #[arg(long)]
    nano: bool,

    /// Microseconds in every time
    #[arg(long, conflicts_with = "nano")]
    micro: bool,

    /// Keep to ASCII [default: where the locale is not UTF-8]
    #[arg(long)]
    ascii: bool,

    #[command(flatten)]
    protocols: Protocols,

    #[command(flatten)]
    input: Input,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Side {
    Client,
    Server,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum FormatArg {
    /// Text; dots stand for what is no letter
    #[value(alias = "ascii")]
    Text,
    /// Hexadecimal beside ASCII, with offsets in each side's stream
    Hex,
    /// The octets as they are, of one conversation
    Raw,
    /// A JSON object for each event
    Json,
}

impl Follow {
    /// How connections are followed.
    pub(super) fn following(&self) -> &Following {
        self.input.following()
    }

    /// Reads the captures.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<Summary> {
        if self.input.prints_filter(out)? {
            return Ok(Summary::default());
        }
        self.agrees()?;
        let choice = Choice {
            chosen: self.chosen(),
            from: self.side.map(|side| match side {
                Side::Client => Role::Client,
                Side::Server => Role::Server,
            }),
            form: match self.format {
                FormatArg::Text => Form::Text,
                FormatArg::Hex => Form::Hex,
                FormatArg::Raw => Form::Raw { zeros: self.zeros },
                FormatArg::Json => Form::Json,
            },
            verbose: self.verbose,
            ascii: self.ascii || !utf8_locale(),
            time: time_style(self.time),
            precision: precision(self.nano, self.micro),
            paint: Paint { on: out.color() },
        };
        let hearing = if self.format == FormatArg::Raw { None } else { self.protocols.hearing()? };
        let mut writer = Writer::new(out, choice).with_messages(hearing);
        let summary = self.input.pump(&mut writer)?;
        if let Some(missing) = writer.missing().first() {
            match writer.seen() {
                0 => bail!("there is no {missing}: the input has no connections"),
                1 => bail!("there is no {missing}: the input has one connection, number 0"),
                seen => bail!("there is no {missing}: the input has {seen} connections, numbers 0 to {}", seen - 1),
            }
        }
        for silent in writer.silent() {
            say(format_args!("synfin: {silent} carried no octets"));
        }
        if writer.is_silent() && self.chosen().is_empty() {
            say(format_args!("synfin: no conversation carried octets"));
        }
        if self.format == FormatArg::Raw {
            for role in Role::BOTH {
                self.tell_lack(role, writer.lack(role));
            }
        }
        Ok(summary)
    }

    /// Whether the options go together.
    fn agrees(&self) -> Result<(), clap::Error> {
        if self.zeros && self.format != FormatArg::Raw {
            return Err(usage(
                ErrorKind::ArgumentConflict,
                "'--zeros' is for '-T raw': the other forms say what is missing",
            ));
        }
        if self.format != FormatArg::Raw {
            return Ok(());
        }
        if self.protocols.are_named() {
            let message = "'--proto' tells messages with '-T text', '-T hex' and '-T json'";
            return Err(usage(ErrorKind::ArgumentConflict, message));
        }
        if self.chosen().len() != 1 {
            let message = "'-T raw' writes the octets of one conversation and nothing between: say which, as in \
                           '--conn 0'; `synfin conns` numbers them";
            return Err(usage(ErrorKind::MissingRequiredArgument, message));
        }
        if io::stdout().is_terminal() {
            let message = "raw octets can steer a terminal: send them to a file, as in '-T raw --conn 0 ... > octets', or \
                           have them shown by '-T hex'";
            return Err(usage(ErrorKind::InvalidValue, message));
        }
        Ok(())
    }

    /// What is named.
    fn chosen(&self) -> Vec<Chosen> {
        let conns = self.conns.iter().map(|conn| Chosen::Conn(*conn));
        let streams = self.streams.iter().map(|(protocol, number)| Chosen::Stream(*protocol, *number));
        conns.chain(streams).collect()
    }

    /// Says on stderr what raw octets cannot.
    fn tell_lack(&self, role: Role, lack: Lack) {
        if lack.places == 0 {
            return;
        }
        let (octets, role) = (plural(lack.octets, "octet"), role.name());
        let instead = if self.zeros { "zeros stand for them" } else { "they are left out" };
        say(format_args!(
            "synfin: {octets} of the {role} {} missing, the first at offset {}: {instead}",
            if lack.octets == 1 { "is" } else { "are" },
            lack.first
        ));
    }
}

/// `3`, `tcp:3` or `udp:3`.
fn stream(text: &str) -> Result<(Protocol, u32), String> {
    let (protocol, number) = match text.split_once(':') {
        None => (Protocol::Tcp, text),
        Some(("tcp", number)) => (Protocol::Tcp, number),
        Some(("udp", number)) => (Protocol::Udp, number),
        Some((other, _)) => return Err(format!("'{other}' has no streams; expected tcp or udp, as in 'udp:3'")),
    };
    let number = number.parse().map_err(|_| format!("'{number}' is no number of a stream"))?;
    Ok((protocol, number))
}
