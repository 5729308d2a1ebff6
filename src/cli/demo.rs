use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::error::ErrorKind;

use super::look::Width;
use super::output::Output;
use super::perform::margin::Margin;
use super::perform::program::Program;
use super::perform::stage::{Place, Stage};
use super::perform::{end, fresh_isn, plainly, tell_complaints};
use super::play::{Recorder, list, script_text};
use super::protocols::Protocols;
use super::signals::Signals;
use super::usage;
use crate::capture::tee::{Keeper, Tee};
use crate::capture::{self, Checksums, Frame, MemorySource, OwnedFrame, Sink, Tracker};
use crate::craft::player::Manner;
use crate::craft::script::Speaker;
use crate::craft::{Policy, Script};
use crate::report::lesson::Lesson;
use crate::report::paint::Paint;
use crate::report::story::{Choice, Explain, Look};
use crate::sys::route::{RouteKind, route_to};
use crate::sys::space::{Address, Space};
use crate::wire::Seq;

/// A connection of one's own, performed and explained: no argument, no root, no set-up
///
/// A real listening socket of this kernel on one side, segments built from scratch on the other, in
/// a network namespace that vanishes with the program. What happened is then told as `explain` tells
/// it: every step, what each end knows after it, and what would be missing without it.
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// A stock scene (--list), or a script to read
    #[arg(value_name = "SCENE|SCRIPT", default_value = "close-by-client")]
    scene: PathBuf,

    /// One segment at a time, on Enter, with its header drawn and the state diagram
    #[arg(long)]
    step: bool,

    /// List the stock scenes, and do nothing
    #[arg(long, conflicts_with = "step")]
    list: bool,

    /// Which end is built from scratch: client or server [default: what the scene is made for]
    #[arg(long, value_name = "END")]
    craft: Option<End>,

    /// Stay where this is called, on its loopback: to look on with another program
    #[arg(long)]
    here: bool,

    /// Over IPv6
    #[arg(short = '6', long)]
    ipv6: bool,

    /// Record the segments of both ends; a name in .pcapng keeps the script's comments with them
    #[arg(short = 'w', value_name = "FILE")]
    write: Option<PathBuf>,

    #[command(flatten)]
    protocols: Protocols,

    #[command(flatten)]
    width: Width,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum End {
    Client,
    Server,
}

/// Where both ends live in a namespace of one's own: addresses for documentation.
const HOMES: [[IpAddr; 2]; 2] = [
    [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2))],
    [
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2)),
    ],
];

/// The port of the server there.
const PORT: u16 = 80;

/// The stage's surroundings.
struct Setting {
    client: IpAddr,
    server: SocketAddr,
    /// Where it is, if not in a namespace of our own.
    instead: Option<String>,
}

impl Demo {
    /// Performs and explains. To be called while the program has one thread.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<ExitCode> {
        if self.list {
            list(out)?;
            return Ok(ExitCode::SUCCESS);
        }
        let (text, scene) = script_text(&self.scene)?;
        let script: Script = Script::read(&text, &self.protocols.known()?)
            .map_err(|error| anyhow!("{} cannot be read as a script\n{error}", self.scene.display()))?;
        let usual = scene.and_then(|scene| scene.roles.first().copied()).unwrap_or(Speaker::Client);
        let role = self.craft.map_or(usual, |end| match end {
            End::Client => Speaker::Client,
            End::Server => Speaker::Server,
        });
        if let Some(scene) = scene.filter(|scene| !scene.roles.contains(&role)) {
            let what = format!("'{}' is only played with a real {role}: leave out '--craft {role}'", scene.name);
            return Err(usage(ErrorKind::ArgumentConflict, what).into());
        }
        let setting = self.enter()?;
        let signals = Signals::taken()?;
        let margin = Margin::default();
        let (place, program) = match role {
            Speaker::Client => {
                let listener = TcpListener::bind(setting.server)
                    .with_context(|| format!("cannot listen on {} for the demonstration", setting.server))?;
                let server = listener.local_addr().context("cannot ask where the server listens")?;
                (Place::To { server, from: Some(setting.client) }, Program::server(listener))
            }
            Speaker::Server => (Place::At(setting.server), Program::client(setting.client)),
        };
        let manner = Manner::new(Seq(fresh_isn()));
        let stage = Stage::set(&script, place, manner, Policy::default(), program, margin.clone(), signals.stop())
            .map_err(|error| match &setting.instead {
                Some(home) if !self.here => anyhow!("{error:#}\n{home}"),
                _ => error,
            })?;
        let about = scene.map_or(String::new(), |scene| format!("{}\n", scene.about()));
        let where_to = introduction(role, &stage, place, setting.instead.as_deref());
        write!(out, "{about}{where_to}\n\n")?;
        out.flush()?;

        let recorder = self.write.as_deref().map(|path| Recorder::open(path, margin)).transpose()?;
        let mut tee = Tee::new(stage, Memory { frames: Vec::new(), recorder });
        capture::pump(&mut tee, Checksums::Ignore, &mut Tracker::default(), &mut Nothing).map_err(plainly)?;
        let (stage, Memory { frames, recorder }) = tee.into_parts();
        if let Some(recorder) = recorder {
            recorder.finish()?;
        }
        let paint = Paint { on: out.color() };
        self.show(frames, paint, out)?;
        tell_complaints(&stage.complaints());
        writeln!(out)?;
        let code = end(stage.verdict(), stage.held(), false, paint, out)?;
        self.advise(out)?;
        Ok(code)
    }

    /// Goes where nobody is disturbed.
    fn enter(&self) -> anyhow::Result<Setting> {
        let at_home = |instead| {
            let host: IpAddr = if self.ipv6 { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() };
            Ok(Setting { client: host, server: SocketAddr::new(host, 0), instead: Some(instead) })
        };
        if self.here {
            return at_home("Both live on the loopback of this machine.".to_owned());
        }
        let [client, server] = HOMES[usize::from(self.ipv6)];
        let prefix = if self.ipv6 { 128 } else { 32 };
        let addresses = [client, server].map(|addr| Address { addr, prefix }).to_vec();
        let space = Space { loopback_mtu: Some(1500), addresses, ..Space::default() };
        match space.enter() {
            Ok(()) => {
                settle(server);
                Ok(Setting { client, server: SocketAddr::new(server, PORT), instead: None })
            }
            Err(error) => at_home(format!(
                "Both live on the loopback of this machine, since a namespace of their own could not be had:\n{error}"
            )),
        }
    }

    fn show(&self, frames: Vec<OwnedFrame>, paint: Paint, out: &mut Output) -> anyhow::Result<()> {
        let mut source = MemorySource::new(frames);
        if self.step {
            let mut lesson = Lesson::new(out, paint, |out: &mut dyn Write| {
                write!(out, "-- Enter ")?;
                out.flush()?;
                let mut line = String::new();
                let read = io::stdin().lock().read_line(&mut line)?;
                // A terminal shows the Enter by itself.
                if read == 0 || !io::stdin().is_terminal() { writeln!(out, "\n") } else { writeln!(out) }
            });
            pump(&mut source, &mut lesson)
        } else {
            let look = Look { width: self.width.of(out), ascii: self.width.ascii(), paint };
            pump(&mut source, &mut Explain::new(out, look, Choice { apps: true, ..Choice::default() }))
        }
    }

    /// Where to go from here.
    fn advise(&self, out: &mut Output) -> io::Result<()> {
        let scene = self.scene.display();
        writeln!(out)?;
        if !self.step {
            writeln!(out, "synfin demo --step {scene}     the same, one segment at a time")?;
        }
        writeln!(out, "synfin play --print {scene}    its script, to edit and play")?;
        writeln!(out, "synfin demo --list     the other scenes")
    }
}

/// Waits until the kernel takes a new address of IPv6 for its own, which it does in the background.
fn settle(addr: IpAddr) {
    let local = || route_to(addr).is_ok_and(|route| route.kind == RouteKind::Local);
    for _ in 0..1000 {
        if local() {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Who is real, who is not, and where they are.
fn introduction(role: Speaker, stage: &Stage, place: Place, instead: Option<&str>) -> String {
    let played = stage.local();
    let ends = match place {
        Place::To { server, .. } => format!(
            "The server at {server} is real: a listening socket of this kernel. The {role} at {played} is not: every\n\
             segment it sends is built from scratch, and the kernel is kept from answering in its place."
        ),
        Place::At(_) => format!(
            "The client is real: a program of this kernel that connects. The {role} at {played} is not: every\n\
             segment it sends is built from scratch, and the kernel is kept from answering in its place."
        ),
    };
    let home = instead.unwrap_or("Both live in a network namespace that was made for this and is gone after it.");
    format!("{ends}\n{home}")
}

fn pump(source: &mut MemorySource, sink: &mut dyn Sink) -> anyhow::Result<()> {
    capture::pump(source, Checksums::Ignore, &mut Tracker::default(), sink).map(drop).map_err(plainly)
}

/// Keeps what is performed, to be told when it is over: the peer's timers do not wait for a reader.
struct Memory {
    frames: Vec<OwnedFrame>,
    recorder: Option<Recorder>,
}

impl Keeper for Memory {
    fn keep(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.frames.push(OwnedFrame::from(frame));
        self.recorder.keep(frame)
    }
}

struct Nothing;

impl Sink for Nothing {}
