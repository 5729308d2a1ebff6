use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::Context as _;

use super::choose::Choose;
use super::following::Following;
use super::input::tell_legend;
use super::listen::{Heard, Listen};
use super::output::Output;
use super::processes::Lookup;
use super::protocols::Protocols;
use super::record::{Annotating, Record, Recorder};
use super::sandbox::Sandbox;
use super::show::Show;
use super::signals::Signals;
use crate::capture::filter::Filter;
use crate::capture::findings::Finding;
use crate::capture::tee::{Keeper as _, Tee};
use crate::capture::track::Timers;
use crate::capture::{self, Conn, Next, Observation, Packet, PumpError, Sink, Source, Summary, Tracker};
use crate::report::both::Both;
use crate::sys::sandbox::User;

/// What passes an interface, a line per packet, with what it meant for its connection
///
/// The same lines and records as `read` writes, as the packets pass. Ctrl-C ends it, when all that
/// the kernel had taken by then is written; what it had no room for is counted. SIGUSR1 asks for
/// the counts in between.
#[derive(Debug, clap::Args)]
pub(super) struct Sniff {
    /// Only the packets that a filter chooses, in the language of tcpdump (tcp port 80)
    ///
    /// The kernel does the choosing, before connections are followed: what the filter leaves out was
    /// never seen.
    #[arg(value_name = "FILTER", help_heading = None)]
    words: Vec<OsString>,

    /// Stop after N packets
    #[arg(short = 'c', long, value_name = "N", help_heading = "Input")]
    count: Option<u64>,

    #[command(flatten)]
    listen: Listen,

    #[command(flatten)]
    choose: Choose,

    #[command(flatten)]
    record: Record,

    #[command(flatten)]
    following: Following,

    #[command(flatten)]
    protocols: Protocols,

    #[command(flatten)]
    show: Show,

    #[command(flatten)]
    lookup: Lookup,

    #[command(flatten)]
    sandbox: Sandbox,
}

impl Sniff {
    /// How connections are followed.
    pub(super) fn following(&self) -> &Following {
        &self.following
    }

    /// Listens until it is told to stop.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<Summary> {
        if self.show.lists_fields() {
            self.show.list_fields(out)?;
            return Ok(Summary::default());
        }
        let filter = self.choose.filter(&self.words)?;
        let signals = Signals::taken()?;
        if self.choose.prints() {
            let link = self.listen.open(None, None, &signals, true)?.link();
            let program = filter.map_or_else(|| Filter::parse(""), Ok)?.kernel_program(link)?;
            self.choose.print_program(&program.keeping(self.listen.snaplen()), out)?;
            return Ok(Summary::default());
        }
        let screen = io::stdout().is_terminal();
        if self.show.is_line_buffered() {
            out.flush_every_write();
        }
        if let Some(threads) = self.record.threads() {
            return self.keep_in_threads(filter.as_ref(), threads, &signals);
        }
        let lists = self.record.lists();
        let follows = lists || self.record.annotates();
        // While there are rights to start it with.
        let processes = if lists { self.lookup.begin() } else { None };
        let mut heard = self.listen.open(filter, self.count, &signals, !lists)?;
        let mut recorder = self.record.begin(heard.interface(), self.heir()?)?;
        heard.announce(self.listen.snaplen());
        if lists && self.show.is_text() && screen && !self.show.is_quiet() {
            tell_legend();
        }
        let conns = heard.conns();
        let outcome = match &mut recorder {
            None => self.show.write(out, processes, &self.protocols, |sink| self.follow(&mut heard, &conns, sink)),
            Some(recorder) if self.record.annotates() => {
                let mut writes = Annotating::new(recorder);
                if lists {
                    self.show.write(out, processes, &self.protocols, |sink| {
                        self.follow(&mut heard, &conns, &mut Both::new(&mut writes, sink))
                    })
                } else {
                    self.follow(&mut heard, &conns, &mut writes)
                }
            }
            Some(recorder) if lists => {
                let mut tee = Tee::new(&mut heard, recorder);
                self.show.write(out, processes, &self.protocols, |sink| self.follow(&mut tee, &conns, sink))
            }
            Some(recorder) => self.enter_sandbox().and_then(|()| keep(&mut heard, recorder)),
        };
        let account = heard.count();
        let written = recorder.map_or(Ok(()), |recorder| recorder.finish(account));
        let written = written.context("cannot write what was captured");
        // The account is told whatever failed.
        let flushed = out.flush().context("cannot write");
        heard.conclude(outcome.as_ref().ok().filter(|_| follows).map(|summary| summary.conns));
        written?;
        flushed?;
        outcome
    }

    /// Keeps packets in as many files as there are threads.
    fn keep_in_threads(&self, filter: Option<&Filter>, threads: u16, signals: &Signals) -> anyhow::Result<Summary> {
        let mut all = self.listen.open_all(filter, signals, threads)?;
        let mut recorders = Vec::new();
        for (number, heard) in (0..).zip(&all) {
            recorders.extend(self.record.begin_thread(heard.interface(), number, self.heir()?)?);
        }
        if let Some(first) = all.first() {
            first.announce(self.listen.snaplen());
        }
        self.enter_sandbox()?;
        let stop = signals.stop();
        let outcomes: Vec<anyhow::Result<()>> = thread::scope(|scope| {
            let keepers: Vec<_> = all
                .iter_mut()
                .zip(recorders)
                .map(|(heard, mut recorder)| {
                    scope.spawn(|| {
                        let kept = keep(heard, &mut recorder).map(drop);
                        // One that fails, or has all its files, ends the others.
                        stop.store(true, Ordering::Relaxed);
                        kept.and(recorder.finish(heard.count()).context("cannot write what was captured"))
                    })
                })
                .collect();
            keepers.into_iter().map(|keeper| keeper.join().expect("a keeper does not panic")).collect()
        });
        for heard in &mut all {
            heard.count();
        }
        if let Some(first) = all.first_mut() {
            first.conclude(None);
        }
        outcomes.into_iter().collect::<anyhow::Result<Vec<()>>>().map(|_| Summary::default())
    }

    /// Whose the files are that are made before rights are given up.
    fn heir(&self) -> anyhow::Result<Option<User>> {
        self.sandbox.heir(self.record.folder().as_slice())
    }

    /// Gives up what is not needed any more: everything is open, and nothing was looked at.
    fn enter_sandbox(&self) -> anyhow::Result<()> {
        self.sandbox.enter(self.record.folder().as_slice())
    }

    fn follow(&self, source: &mut dyn Source, conns: &AtomicU64, sink: &mut dyn Sink) -> anyhow::Result<Summary> {
        self.enter_sandbox()?;
        let mut counted = Counted { sink, conns };
        let mut tracker = self.following.tracker(Some(Timers::default()));
        capture::pump(source, self.following.reading(), &mut tracker, &mut counted).map_err(|error| match error {
            PumpError::Source(error) => error.into(),
            PumpError::Sink(_) => error.into(),
        })
    }
}

/// Keeps packets and looks at none.
fn keep(heard: &mut Heard, recorder: &mut Recorder) -> anyhow::Result<Summary> {
    while !recorder.is_full() {
        match heard.next()? {
            Next::Frame(frame) => recorder.keep(&frame),
            Next::Idle(_) => recorder.idle(),
            Next::LeftOut | Next::Damage(_) => Ok(()),
            Next::End => break,
        }
        .context("cannot write what was captured")?;
    }
    Ok(Summary::default())
}

/// Counts connections for those who ask in between.
pub(super) struct Counted<'a> {
    pub(super) sink: &'a mut dyn Sink,
    pub(super) conns: &'a AtomicU64,
}

impl Sink for Counted<'_> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        if let Some((_, conn)) = told {
            // Connections are numbered from 0 in the order they begin.
            self.conns.fetch_max(u64::from(conn.id.0) + 1, Ordering::Relaxed);
        }
        self.sink.packet(packet, told)
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.sink.ended(conn)
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.sink.finding(finding)
    }

    fn idle(&mut self) -> io::Result<()> {
        self.sink.idle()
    }

    fn survey(&mut self, tracker: &Tracker) -> io::Result<()> {
        self.sink.survey(tracker)
    }

    fn full(&self) -> bool {
        self.sink.full()
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        self.sink.finish(summary)
    }
}
