use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use clap::ArgAction;
use clap::error::ErrorKind;

use super::output::Output;
use super::perform::margin::{Beside, Margin, Shared};
use super::perform::program::Program;
use super::perform::stage::{Place, Stage};
use super::perform::{end, tell_complaints};
use super::protocols::Protocols;
use super::signals::Signals;
use super::usage;
use crate::capture::file::{CaptureWriter, Format};
use crate::capture::tee::{Keeper, Tee};
use crate::capture::{self, Checksums, Frame, Link, Sink, Tracker};
use crate::craft::player::Manner;
use crate::craft::script::Speaker;
use crate::craft::stock::{SCENES, Scene};
use crate::craft::{Network, Policy, Script};
use crate::report::json::Json;
use crate::report::line::Style;
use crate::report::paint::Paint;
use crate::report::text::{Listing, Text};
use crate::wire::{Seq, Span};

/// Performs one end of a script against a real host, and says whether all went as written
///
/// The segments of the end that is played are built from scratch; whoever is at the other end is
/// real. Every segment is shown as `read` shows it. The first that is not as the script expects it
/// ends the play: what was wanted is shown beside what came, and the exit code is 1. Nothing leaves
/// this machine unless --allow-remote names where it may go.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Play {
    /// A script to read, or the name of a stock scene (--list)
    #[arg(value_name = "SCRIPT|SCENE", required_unless_present = "list")]
    script: Option<PathBuf>,

    /// Play the client, against a server at this address
    #[arg(long, value_name = "ADDR:PORT", conflicts_with = "listen")]
    to: Option<SocketAddr>,

    /// Play the server on this port, of 127.0.0.1 unless an address is named
    #[arg(long, value_name = "[ADDR:]PORT", value_parser = place)]
    listen: Option<SocketAddr>,

    /// The address to speak from [default: the one that the route is for]
    #[arg(long, value_name = "ADDR", requires = "to")]
    from: Option<IpAddr>,

    /// Print the script, and do nothing
    #[arg(long, conflicts_with_all = ["to", "listen"])]
    print: bool,

    /// List the stock scenes, and do nothing
    #[arg(long, conflicts_with_all = ["to", "listen", "script"])]
    list: bool,

    /// Wait so long for a packet where the script does not say
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    patience: Span,

    /// Let nothing pass that is not expected, repeats and bare acknowledgments included
    #[arg(long)]
    strict: bool,

    /// Say the last words again when no answer comes for so long
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    resend: Option<Span>,

    /// Count from this initial sequence number [default: one that is fresh]
    #[arg(long, value_name = "N")]
    isn: Option<u32>,

    /// Let packets go to this network beyond this machine; may be repeated
    #[arg(long, value_name = "CIDR")]
    allow_remote: Vec<Network>,

    /// Record the segments of both ends; a name in .pcapng keeps the script's comments with them
    #[arg(short = 'w', value_name = "FILE", help_heading = "Output")]
    write: Option<PathBuf>,

    /// What to write: text, or json (an object per line, the last of them the verdict)
    #[arg(short = 'T', value_name = "FORM", default_value = "text", help_heading = "Output")]
    form: Form,

    #[command(flatten)]
    protocols: Protocols,

    /// Tell more of each packet
    #[arg(short = 'v', action = ArgAction::Count, help_heading = "Output")]
    verbose: u8,

    /// Tell less of each packet
    #[arg(short = 'q', help_heading = "Output")]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  synfin play --print half-close > mine.tcp       a script to begin with
  synfin play mine.tcp --to 127.0.0.1:8080        play its client
  synfin play refused --listen 8080               play a server that refuses; then `nc 127.0.0.1 8080`
  synfin play --list                              the stock scenes";

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Form {
    Text,
    Json,
}

impl Play {
    /// Plays, and gives the exit code: 0 when every expectation held.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<ExitCode> {
        if self.list {
            list(out)?;
            return Ok(ExitCode::SUCCESS);
        }
        let path = self.script.as_deref().unwrap_or(Path::new("-"));
        let (text, scene) = script_text(path)?;
        let script: Script = Script::read(&text, &self.protocols.known()?)
            .map_err(|error| anyhow!("{} cannot be read as a script\n{error}", path.display()))?;
        if self.print {
            out.write_all(text.as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        let place = self.place(scene)?;
        self.perform(&script, place, out)
    }

    fn perform(&self, script: &Script, place: Place, out: &mut Output) -> anyhow::Result<ExitCode> {
        let signals = Signals::taken()?;
        let margin = Margin::default();
        let policy = Policy { remote: self.allow_remote.clone(), groups: false };
        let manner =
            Manner { patience: self.patience, strict: self.strict, resend: self.resend, ..Manner::new(self.isn()) };
        let stage = Stage::set(script, place, manner, policy, Program::foreign(), margin.clone(), signals.stop())?;
        match place {
            Place::To { server, .. } => {
                let _ = writeln!(io::stderr(), "playing the client, {} to {server}", stage.local());
            }
            Place::At(_) => {
                let _ = writeln!(io::stderr(), "playing the server on {}", stage.local());
            }
        }
        let recorder = self.write.as_deref().map(|path| Recorder::open(path, margin.clone())).transpose()?;
        let mut tee = Tee::new(stage, recorder);
        let paint = Paint { on: out.color() };
        let style = Style { verbose: self.verbose, quiet: self.quiet, link_header: false, paint };
        let out = RefCell::new(out);
        let mut shared = Shared(&out);
        let (mut to_packets, to_margin) = (shared, shared);
        let told = match self.form {
            Form::Text => {
                let sink = Text::new(Listing { style, ..Listing::default() }, &mut to_packets);
                let sink = sink.with_messages(self.protocols.hearing()?);
                pump(&mut tee, &mut Beside { sink, margin, out: to_margin, paint })
            }
            Form::Json => {
                pump(&mut tee, &mut Json::new(false, &mut to_packets).with_messages(self.protocols.hearing()?))
            }
        };
        let (stage, recorder) = tee.into_parts();
        if let Some(recorder) = recorder {
            recorder.finish()?;
        }
        told?;
        tell_complaints(&stage.complaints());
        end(stage.verdict(), stage.held(), self.form == Form::Json, paint, &mut shared)
    }

    fn place(&self, scene: Option<&Scene>) -> anyhow::Result<Place> {
        let place = match (self.to, self.listen) {
            (Some(server), _) => Place::To { server, from: self.from },
            (_, Some(at)) => Place::At(at),
            (None, None) => {
                let what = "say against whom: '--to ADDR:PORT' plays the client, '--listen PORT' the server; \
                            `synfin demo` needs nobody";
                return Err(usage(ErrorKind::MissingRequiredArgument, what).into());
            }
        };
        if let Some(scene) = scene.filter(|scene| !scene.roles.contains(&place.role())) {
            let (is, other) = match place.role() {
                Speaker::Client => ("client", "server: use '--listen PORT'"),
                Speaker::Server => ("server", "client: use '--to ADDR:PORT'"),
            };
            let name = scene.name;
            let what = format!("no real peer of a {is} does its part in '{name}', which can be played as {other}");
            return Err(usage(ErrorKind::ArgumentConflict, what).into());
        }
        Ok(place)
    }

    fn isn(&self) -> Seq {
        Seq(self.isn.unwrap_or_else(super::perform::fresh_isn))
    }
}

/// The text of a script, and the scene where it is one.
pub(super) fn script_text(path: &Path) -> anyhow::Result<(String, Option<&'static Scene>)> {
    if let Some(scene) = path.to_str().and_then(Scene::named) {
        return Ok((scene.text.to_owned(), Some(scene)));
    }
    let text = if path == Path::new("-") { io::read_to_string(io::stdin()) } else { fs::read_to_string(path) };
    let text = text.with_context(|| {
        format!(
            "cannot read the script {}: it is no file, nor one of the scenes that `synfin play --list` names",
            path.display()
        )
    })?;
    Ok((text, None))
}

/// Lists the scenes.
pub(super) fn list(out: &mut Output) -> io::Result<()> {
    let width = SCENES.iter().map(|scene| scene.name.len()).max().unwrap_or(0);
    for scene in SCENES {
        writeln!(out, "{:width$}  {}", scene.name, scene.about())?;
    }
    Ok(())
}

fn pump(source: &mut dyn capture::Source, sink: &mut dyn Sink) -> anyhow::Result<()> {
    capture::pump(source, Checksums::Ignore, &mut Tracker::default(), sink).map(drop).map_err(super::perform::plainly)
}

/// Writes what passes to a file.
pub(super) struct Recorder {
    writer: CaptureWriter<BufWriter<File>>,
    margin: Margin,
}

impl Recorder {
    pub(super) fn open(path: &Path, margin: Margin) -> anyhow::Result<Self> {
        let format = if path.extension().is_some_and(|extension| extension == "pcapng") {
            Format::Pcapng
        } else {
            Format::PcapNanoseconds
        };
        let failed = || format!("cannot write {}", path.display());
        let file = File::create(path).with_context(failed)?;
        let writer = CaptureWriter::new(BufWriter::new(file), format, Link::Raw).with_context(failed)?;
        Ok(Self { writer, margin })
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        self.writer.finish().map(drop).context("cannot write the recording")
    }
}

impl Keeper for Recorder {
    fn keep(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        let intent = self.margin.take_intent();
        self.writer.write_noted(frame, intent.as_deref().map(str::as_bytes))
    }
}

/// `8080`, `127.0.0.1:8080`, `[::1]:8080`.
fn place(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    text.parse().map_err(|_| "expected a port, or an address with a port: 8080, [::1]:8080".to_owned())
}

fn seconds(text: &str) -> Result<Span, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds < 86_400.0 => Ok(Span((seconds * 1e9) as i64)),
        _ => Err("expected a number of seconds, more than none and at most a day".to_owned()),
    }
}
