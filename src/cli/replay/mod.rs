//! `replay`: recorded connections, performed again against living peers.

mod duets;
mod kept;
mod rewrite;
mod schedule;
mod setting;
mod stage;
mod tell;

use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use clap::error::ErrorKind;

use super::input::Input;
use super::keep::Nothing;
use super::listen::duration;
use super::output::Output;
use super::perform::stage::endpoint;
use super::perform::turn::Turn;
use super::permit::Permit;
use super::signals::Signals;
use super::{tell_damage, usage};
use crate::capture::recording::{Chosen, Limits, Recorder};
use crate::capture::{self, Checksums, Sink, Tracker};
use crate::craft::inject::is_private;
use crate::craft::replay::{Conduct, Mask, Masks, Part, Speed};
use crate::report::both::Both;
use crate::report::line::Style;
use crate::report::paint::Paint;
use crate::report::text::{Listing, Text};
use crate::sys::now;
use crate::wire::recording::{End, Recording};
use crate::wire::{Seq, Span};
use kept::Kept;
use schedule::Schedule;
use setting::Setting;
use stage::{Place, Stage};
use tell::Teller;

/// The most connections that one call performs outside a network namespace of one's own.
const MOST: u64 = 1_000_000;

/// Performs recorded connections again, against a living peer, and compares what it says
///
/// One end of each recorded connection is performed with segments built from scratch: its octets in
/// their order, not when they were sent but when as much of the other end was heard as then. Numbers,
/// timestamps, windows and segments follow the living peer, and what is lost is said again. Every
/// octet that comes is compared with the recording; the exit code is 1 where one differs.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, next_help_heading = "Output")]
pub(super) struct Replay {
    /// Perform the recorded clients, against a server at this address
    #[arg(long, value_name = "ADDR:PORT", conflicts_with = "serve", help_heading = "Replay")]
    to: Option<SocketAddr>,

    /// Perform the recorded servers at this address, for real clients, each the next recording
    #[arg(long, value_name = "ADDR:PORT", help_heading = "Replay")]
    serve: Option<SocketAddr>,

    /// Perform connection N, as `conns` numbers them; may be repeated
    #[arg(long = "conn", value_name = "N", help_heading = "Replay")]
    conns: Vec<u32>,

    /// Perform all connections of the capture
    #[arg(long, conflicts_with = "conns", help_heading = "Replay")]
    all: bool,

    /// The address to speak from [default: the one that the route is for]
    #[arg(long = "from", value_name = "ADDR", requires = "to", help_heading = "Replay")]
    speak_from: Option<IpAddr>,

    /// When to go on, once the peer has said what was recorded: at once (fast), after the recorded
    /// time (recorded), or N times as soon (xN) [default: fast; with --stage, recorded]
    #[arg(long, value_name = "PACE", value_parser = pace, help_heading = "Replay")]
    pace: Option<Speed>,

    /// Perform at most N connections at once; those that overlapped when they were recorded do
    #[arg(long, value_name = "N", default_value_t = 256, help_heading = "Replay")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=4096))]
    concurrency: u32,

    /// Perform everything N times
    #[arg(long = "loop", value_name = "N", default_value_t = 1, help_heading = "Replay")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,

    /// Give a connection up in which the peer says nothing for so long, beside the time that it took
    /// when it was recorded
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = duration, help_heading = "Replay")]
    patience: Duration,

    /// Stop after this time, whatever goes on
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration, help_heading = "Replay")]
    max_time: Duration,

    /// Ask for segments of at most N octets, instead of as many as recorded
    #[arg(long, value_name = "N", help_heading = "Replay")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    mss: Option<u16>,

    /// Perform connections that were not recorded whole, too, as far as they go
    #[arg(long, help_heading = "Replay")]
    allow_gaps: bool,

    /// What may differ: a regular expression or a range of octets (8..16), of both directions or,
    /// behind `client:` or `server:`, of one; may be repeated
    #[arg(long, value_name = "MASK", help_heading = "Replay")]
    ignore: Vec<Mask>,

    /// Record the live segments of both ends: a pcapng with what each meant beside it, or a pcap where
    /// the name ends in .pcap
    #[arg(short = 'w', value_name = "FILE")]
    write: Option<PathBuf>,

    /// Show what both ends did, recorded and live, side by side
    #[arg(long)]
    diff: bool,

    /// What to write: text, or json (an object per connection, and one for all)
    #[arg(short = 'T', value_name = "FORM", default_value = "text")]
    form: Form,

    /// Show the segments, too, with what they mean
    #[arg(short = 'v')]
    verbose: bool,

    /// Tell only of connections in which something differs
    #[arg(short = 'q')]
    quiet: bool,

    #[command(flatten)]
    permit: Permit,

    #[command(flatten)]
    input: Input,

    // What follows `--` comes after what the input names.
    #[command(flatten)]
    setting: Setting,
}

const EXAMPLES: &str = "\
Examples:
  synfin replay web.pcap --to 127.0.0.1:8080                   the recorded client against a server
  synfin replay web.pcap --to 127.0.0.1:8080 --ignore 'Date: .*\\r'
  synfin replay web.pcap --conn 3 --serve 127.0.0.1:8080       the recorded server, for curl
  synfin replay web.pcap --all --to [::1]:80 --pace x10        everything, ten times as fast";

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Form {
    Text,
    Json,
}

impl Replay {
    /// Replays, and gives the exit code: 0 when every octet was as recorded.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<ExitCode> {
        if self.input.prints_filter(out)? {
            return Ok(ExitCode::SUCCESS);
        }
        if self.setting.stage {
            return self.stage(out);
        }
        let (place, role) = self.place()?;
        self.setting.enter()?;
        let (recordings, damage) = self.recordings()?;
        let place = if self.setting.original { Place::as_recorded(&recordings)? } else { place };
        let stop = Signals::taken()?.stop();
        let _server = self.setting.start(&recordings, &stop)?;
        let masks = Masks::of(&self.ignore, !role);
        let parts = recordings.into_iter().map(|recording| Part::new(Arc::new(recording), role));
        let schedule = Schedule::new(parts, self.rounds, self.pace.unwrap_or(Speed::Fast), self.concurrency as usize);
        if schedule.len() > MOST && !is_private() {
            let what =
                format!("{} connections are more than {MOST} outside a network namespace of one's own", schedule.len());
            return Err(usage(ErrorKind::ValueValidation, what).into());
        }
        let conduct = self.conduct(Speed::Fast);
        let deadline = Some(now() + span(self.max_time));
        let stage = Stage::set(place, schedule, conduct, self.permit.policy(), stop, deadline)?;
        let _ = match place {
            Place::To { server, .. } => {
                writeln!(io::stderr(), "replaying as client, {} to {server}", stage.local().addr)
            }
            Place::At(_) => writeln!(io::stderr(), "replaying as server on {}", stage.local()),
            Place::AsRecorded { .. } => writeln!(io::stderr(), "replaying as client, with the recorded addresses"),
        };
        let teller = Teller::new(masks, self.form == Form::Json, self.quiet, self.diff, Paint { on: out.color() });
        let code = self.perform(stage, teller, out)?;
        out.flush()?;
        Ok(if damage == ExitCode::SUCCESS { code } else { damage })
    }

    /// Performs, and tells of each connection when it is over, or of all at the end where segments
    /// are shown or kept.
    fn perform(&self, mut stage: Stage, mut teller: Teller, out: &mut Output) -> anyhow::Result<ExitCode> {
        if !self.verbose && self.write.is_none() {
            loop {
                let turn = stage.turn();
                while let Some(played) = stage.take_played() {
                    teller.tell(&played, out)?;
                }
                if matches!(turn?, Turn::Over) {
                    return teller.conclude(stage.turned_away, out);
                }
            }
        }
        let mut kept = self.write.as_deref().map(Kept::open).transpose()?;
        let style = Style { verbose: 0, quiet: false, link_header: false, paint: Paint { on: out.color() } };
        let mut shown: Box<dyn Sink + '_> = if self.verbose && self.form == Form::Text {
            Box::new(Text::new(Listing { style, ..Listing::default() }, &mut *out))
        } else {
            Box::new(Nothing)
        };
        let went = match &mut kept {
            Some(kept) => pump(&mut stage, &mut Both::new(kept, &mut *shown)),
            None => pump(&mut stage, &mut *shown),
        };
        drop(shown);
        kept.map_or(Ok(()), Kept::finish)?;
        while let Some(played) = stage.take_played() {
            teller.tell(&played, out)?;
        }
        went?;
        teller.conclude(stage.turned_away, out)
    }

    /// Performs both ends, without a peer.
    fn stage(&self, out: &mut Output) -> anyhow::Result<ExitCode> {
        let (recordings, damage) = self.recordings()?;
        let stop = Signals::taken()?.stop();
        let conduct = self.conduct(Speed::Recorded);
        let style = Style { verbose: 0, quiet: false, link_header: false, paint: Paint { on: out.color() } };
        let mut shown = Text::new(Listing { style, ..Listing::default() }, &mut *out);
        let sink: &mut dyn Sink = if self.verbose { &mut shown } else { &mut Nothing };
        let equal = self.setting.perform(recordings, conduct, self.write.as_deref(), &self.permit, stop, sink)?;
        out.flush()?;
        Ok(if equal { damage } else { ExitCode::FAILURE })
    }

    /// How the recorded end behaves, at the pace that is `usual` where none is asked for.
    fn conduct(&self, usual: Speed) -> Conduct {
        Conduct {
            speed: self.pace.unwrap_or(usual),
            window: 1 << 20,
            mss: self.mss,
            patience: span(self.patience),
            clock: super::perform::fresh_isn(),
            keeps_acts: self.diff,
            ..Conduct::new(Seq(0))
        }
    }

    fn place(&self) -> anyhow::Result<(Place, End)> {
        if self.setting.original {
            return Ok((Place::AsRecorded { v4: true }, End::Client));
        }
        match (self.to, self.serve) {
            (Some(server), _) => Ok((Place::To { server: endpoint(server), from: self.speak_from }, End::Client)),
            (None, Some(at)) => Ok((Place::At(endpoint(at)), End::Server)),
            (None, None) => {
                let what = "say against whom: '--to ADDR:PORT' performs the recorded clients, '--serve ADDR:PORT' the \
                            servers, '--stage' both, '--original' the clients with their own addresses";
                Err(usage(ErrorKind::MissingRequiredArgument, what).into())
            }
        }
    }

    /// The connections to perform, with what they lack said on stderr; and whether the capture was
    /// read to its end.
    fn recordings(&self) -> anyhow::Result<(Vec<Recording>, ExitCode)> {
        let mut recorder = Recorder::new(Chosen(self.conns.clone()), Limits::default());
        let summary = self.input.pump(&mut recorder)?;
        let damage = tell_damage(&summary);
        let (seen, left_out) = (recorder.seen(), recorder.left_out());
        let mut recordings = recorder.into_recordings();
        if let Some(missing) =
            self.conns.iter().find(|number| !recordings.iter().any(|recording| recording.number == **number))
        {
            return Err(anyhow!(
                "there is no TCP connection {missing} here: the capture has {seen} conversations, from 0 on, which `synfin \
                 conns` lists"
            ));
        }
        match recordings.len() {
            0 => return Err(anyhow!("there is no TCP connection to replay")),
            1 => {}
            _ if self.all || !self.conns.is_empty() => {}
            many => {
                let what = format!(
                    "there are {many} TCP connections: choose some with '--conn N' or a filter, or perform '--all'"
                );
                return Err(usage(ErrorKind::MissingRequiredArgument, what).into());
            }
        }
        let mut err = io::stderr();
        if left_out > 0 {
            let _ = writeln!(err, "synfin: {left_out} packets were left out for want of memory");
        }
        let before = recordings.len();
        recordings.retain(|recording| {
            for gap in &recording.gaps {
                let _ = writeln!(err, "connection {}: {gap}", recording.number);
            }
            let goes = self.allow_gaps || !recording.has_holes();
            if !goes {
                let _ = writeln!(
                    err,
                    "connection {} is left out; --allow-gaps performs what there is of it",
                    recording.number
                );
            }
            goes
        });
        if recordings.is_empty() {
            let which = if before == 1 { "it was" } else { "none of them was" };
            return Err(anyhow!("nothing to replay: {which} recorded whole; --allow-gaps performs what there is"));
        }
        Ok((recordings, damage))
    }
}

fn pump(source: &mut dyn capture::Source, sink: &mut dyn Sink) -> anyhow::Result<()> {
    capture::pump(source, Checksums::Ignore, &mut Tracker::default(), sink).map(drop).map_err(super::perform::plainly)
}

fn span(duration: Duration) -> Span {
    Span(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
}

/// `fast`, `recorded`, `x10`.
fn pace(text: &str) -> Result<Speed, String> {
    match text {
        "fast" => Ok(Speed::Fast),
        "recorded" => Ok(Speed::Recorded),
        _ => match text.strip_prefix('x').and_then(|times| times.parse().ok()) {
            Some(times) if times > 0.0 && times < 1e6 => Ok(Speed::Times(times)),
            _ => Err("expected 'fast', 'recorded', or how many times as fast as recorded: 'x10'".to_owned()),
        },
    }
}
