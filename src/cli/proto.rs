//! Declared protocols themselves: is a declaration sound, how does one begin, what is it for others.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};

use super::output::Output;
use super::protocols;
use crate::report::export;
use crate::wire::declared::{Counts, Definition, Over};

/// Declare a protocol of one's own, check the declaration, or make it another program's
///
/// A protocol whose messages are a header of fixed length, which says how long the message is, and a
/// body, is declared in a few lines of TOML; docs/protocols.md describes them. With --proto FILE the
/// messages are told by read, conns, explain, follow and sniff, and made by craft and play. What is
/// declared in ~/.config/synfin/protocols/*.toml is always known.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
pub(super) struct Proto {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// Say what is declared in files, or the first mistake in each
    Check {
        /// Files that declare protocols
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Print a declaration to begin with
    New {
        /// What the protocol is called: small letters, digits and _
        #[arg(value_name = "NAME", default_value = "acme")]
        name: String,
    },
    /// Print the protocol for another program
    Export {
        /// For which program
        #[arg(value_name = "FORM")]
        form: Form,
        /// The file that declares it
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Which protocol of the file, where it declares several
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Form {
    /// A dissector for Wireshark and tshark
    Lua,
    /// A specification for Kaitai Struct
    Ksy,
}

impl Proto {
    /// Does what is asked; whether all that was checked is sound.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<bool> {
        match &self.deed {
            Deed::Check { files } => check(files, out),
            Deed::New { name } => begin(name, out).map(|()| true),
            Deed::Export { form, file, name } => {
                let known = protocols::read(file)?;
                let of = chosen(&known, name.as_deref()).with_context(|| format!("which of {}?", file.display()))?;
                let text = match form {
                    Form::Lua => export::lua(of),
                    Form::Ksy => export::ksy(of),
                };
                out.write_all(text.as_bytes()).context("cannot write")?;
                Ok(true)
            }
        }
    }
}

fn check(files: &[PathBuf], out: &mut Output) -> anyhow::Result<bool> {
    let mut sound = true;
    for file in files {
        match protocols::read(file) {
            Ok(known) => {
                for of in &known {
                    writeln!(out, "{}: {}", file.display(), described(of)).context("cannot write")?;
                }
            }
            Err(error) => {
                out.flush().context("cannot write")?;
                super::say(format_args!("synfin: {error:#}"));
                sound = false;
            }
        }
    }
    Ok(sound)
}

/// What a protocol is, in a line.
fn described(of: &Definition) -> String {
    let carrier = match of.over {
        Over::Tcp => "TCP",
        Over::Udp => "UDP",
    };
    let ports: Vec<String> = of.ports.iter().map(u16::to_string).collect();
    let ports = match ports.as_slice() {
        [] => "on any port".to_owned(),
        [port] => format!("port {port}"),
        ports => format!("ports {}", ports.join(", ")),
    };
    let body = match of.length.and_then(|length| Some((length, of.fields.get(length.field)?))) {
        None => "no body".to_owned(),
        Some((length, field)) => {
            let counts = match length.counts {
                Counts::Body => "the body",
                Counts::Message => "the message",
                Counts::FromField => "what is behind it",
            };
            format!("'{}' counts {counts}", field.name)
        }
    };
    let magic =
        if of.magic.is_empty() { ", no magic: a stream that loses step goes on where a segment begins" } else { "" };
    format!(
        "{} over {carrier}, {ports}: a header of {} octets with {} fields, {body}{magic}",
        of.name,
        of.header,
        of.fields.len()
    )
}

fn begin(name: &str, out: &mut Output) -> anyhow::Result<()> {
    let text = TEMPLATE.replace("acme", name);
    // What cannot be its name is told as the reader of files tells it.
    crate::capture::declared::parse(&text)
        .map_err(|error| anyhow!("'{name}' cannot be its name: {}", error.fault.what))?;
    out.write_all(text.as_bytes()).context("cannot write")
}

/// The declaration that the documentation explains line by line.
const TEMPLATE: &str = include_str!("../../examples/acme/acme.toml");

fn chosen<'a>(known: &'a [Definition], name: Option<&str>) -> anyhow::Result<&'a Definition> {
    let names = || known.iter().map(|of| of.name.as_str()).collect::<Vec<_>>().join(", ");
    match (known, name) {
        ([only], None) => Ok(only),
        (_, None) => Err(anyhow!("it declares {}: name one behind the file", names())),
        (_, Some(name)) => {
            known.iter().find(|of| of.name == name).ok_or_else(|| anyhow!("it declares no {name}, but {}", names()))
        }
    }
}
