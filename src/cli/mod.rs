//! The door of the program: arguments in, an exit code out.
//!
//! One file per command: its words (a `clap::Args`), then its deed, `run`, which is handed its
//! output and gives back what it read. What all commands share is in `input`.

mod annotate;
mod apps;
mod args;
mod call;
mod check;
mod choose;
mod compare;
mod config;
mod conns;
mod craft;
#[cfg(all(feature = "live", target_os = "linux"))]
mod demo;
mod examples;
mod explain;
mod follow;
mod following;
mod input;
#[cfg(all(feature = "live", target_os = "linux"))]
mod interfaces;
mod keep;
#[cfg(all(feature = "live", target_os = "linux"))]
mod listen;
mod look;
mod output;
mod pages;
#[cfg(all(feature = "live", target_os = "linux"))]
mod perform;
#[cfg(all(feature = "live", target_os = "linux"))]
mod permit;
#[cfg(all(feature = "live", target_os = "linux"))]
mod play;
#[cfg(all(feature = "live", target_os = "linux"))]
mod processes;
mod progress;
mod proto;
mod protocols;
mod read;
#[cfg(all(feature = "live", target_os = "linux"))]
mod record;
mod recordings;
#[cfg(all(feature = "live", target_os = "linux"))]
mod replay;
mod report;
#[cfg(all(feature = "live", target_os = "linux"))]
mod sandbox;
mod say;
mod script;
mod show;
#[cfg(unix)]
mod signals;
#[cfg(all(feature = "live", target_os = "linux"))]
mod sniff;
#[cfg(all(feature = "live", target_os = "linux"))]
mod watch;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use clap::error::ErrorKind;

use crate::capture::Summary;
use output::Output;
pub use say::say;

/// Tells the life of every TCP connection in a capture: which step of the handshake or close each
/// packet is, where it leaves both ends, and what each of them has learnt.
#[derive(Debug, Parser)]
#[command(
    name = "synfin",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = args::EXAMPLES
)]
struct Cli {
    /// Colour the output: always, never, or auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or
    /// TERM=dumb say otherwise
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    color: args::Color,

    /// Leave the configuration file alone
    #[arg(long, global = true)]
    no_config: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Read(read::Read),
    #[cfg(all(feature = "live", target_os = "linux"))]
    Sniff(sniff::Sniff),
    Conns(conns::Conns),
    Explain(explain::Explain),
    Follow(follow::Follow),
    Report(report::Report),
    Check(check::Check),
    Annotate(annotate::Annotate),
    Compare(compare::Compare),
    Script(script::ScriptOf),
    Craft(Box<craft::Craft>),
    Proto(proto::Proto),
    #[cfg(all(feature = "live", target_os = "linux"))]
    Play(play::Play),
    #[cfg(all(feature = "live", target_os = "linux"))]
    Replay(Box<replay::Replay>),
    #[cfg(all(feature = "live", target_os = "linux"))]
    Demo(demo::Demo),
    #[cfg(all(feature = "live", target_os = "linux"))]
    Interfaces(interfaces::Interfaces),
    #[cfg(all(feature = "live", target_os = "linux"))]
    #[command(name = processes::COMMAND, hide = true)]
    SocketHolders(processes::Holders),
    #[command(hide = true)]
    Man(pages::Man),
    #[command(hide = true)]
    Completions(pages::Completions),
}

impl Command {
    /// How connections are followed, where they are.
    fn following(&self) -> Option<&following::Following> {
        match self {
            Self::Read(read) => Some(read.following()),
            #[cfg(all(feature = "live", target_os = "linux"))]
            Self::Sniff(sniff) => Some(sniff.following()),
            Self::Conns(conns) => Some(conns.following()),
            Self::Explain(explain) => Some(explain.following()),
            Self::Follow(follow) => Some(follow.following()),
            Self::Annotate(annotate) => Some(annotate.following()),
            Self::Compare(compare) => Some(compare.following()),
            Self::Script(script) => Some(script.following()),
            Self::Report(report) => Some(report.following()),
            _ => None,
        }
    }
}

/// Does what `args` (the program's name first) ask for.
///
/// # Errors
///
/// A `clap::Error` where the call was wrong or asked for help; else what failed, outermost first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> anyhow::Result<ExitCode> {
    let cli = call::understood(args)?;
    let mut out = Output::stdout(cli.color);
    let outcome = match &cli.command {
        #[cfg(all(feature = "live", target_os = "linux"))]
        Command::Interfaces(interfaces) => {
            interfaces.run(&mut out)?;
            out.flush().context("cannot write")?;
            return Ok(ExitCode::SUCCESS);
        }
        #[cfg(all(feature = "live", target_os = "linux"))]
        Command::SocketHolders(holders) => return holders.run().map(|()| ExitCode::SUCCESS),
        Command::Man(man) => {
            man.run(call::grammar(), &mut out)?;
            out.flush().context("cannot write")?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Completions(completions) => {
            completions.run(call::grammar(), &mut out).context("cannot write")?;
            out.flush().context("cannot write")?;
            return Ok(ExitCode::SUCCESS);
        }
        #[cfg(all(feature = "live", target_os = "linux"))]
        Command::Play(play) => {
            let code = play.run(&mut out);
            out.flush().context("cannot write")?;
            return code;
        }
        #[cfg(all(feature = "live", target_os = "linux"))]
        Command::Replay(replay) => {
            let code = replay.run(&mut out);
            out.flush().context("cannot write")?;
            return code;
        }
        #[cfg(all(feature = "live", target_os = "linux"))]
        Command::Demo(demo) => {
            let code = demo.run(&mut out);
            out.flush().context("cannot write")?;
            return code;
        }
        Command::Read(read) => read.run(&mut out),
        #[cfg(all(feature = "live", target_os = "linux"))]
        Command::Sniff(sniff) => sniff.run(&mut out),
        Command::Conns(conns) => conns.run(&mut out),
        Command::Explain(explain) => explain.run(&mut out),
        Command::Follow(follow) => follow.run(&mut out),
        Command::Report(report) => report.run(&mut out),
        Command::Annotate(annotate) => annotate.run(&mut out),
        Command::Compare(compare) => compare.run(&mut out),
        Command::Script(script) => script.run(&mut out),
        Command::Craft(craft) => craft.run(&mut out),
        Command::Proto(proto) => {
            let sound = proto.run(&mut out);
            out.flush().context("cannot write")?;
            return Ok(if sound? { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Check(check) => {
            let agrees = check.run(&mut out);
            out.flush()?;
            return Ok(if agrees? { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    };
    // What was read before a failure is shown before the failure.
    out.flush().context("cannot write")?;
    let summary = outcome?;
    let alarm = cli.command.following().and_then(|following| following.alarm(&summary));
    if let Some(found) = &alarm {
        say(format_args!("synfin: found {found}"));
    }
    let code = tell_damage(&summary);
    #[cfg(unix)]
    if let Some(stop) = signals::ended() {
        say(format_args!(
            "synfin: stopped by {stop} after packet {}: what is written is complete up to there",
            summary.frames
        ));
        return Ok(stop.code());
    }
    Ok(if alarm.is_some() { ExitCode::FAILURE } else { code })
}

/// A call that cannot be meant so: ends the program with 2.
fn usage(kind: ErrorKind, message: impl std::fmt::Display) -> clap::Error {
    clap::Error::raw(kind, format!("{message}\n\nFor more information, try '--help'.\n"))
}

/// Says on stderr which stretches of the input could not be read: after the results, one line each.
fn tell_damage(summary: &Summary) -> ExitCode {
    for damage in &summary.damage {
        say(format_args!("synfin: {damage}"));
    }
    if summary.damage.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
