use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use super::following::Following;
use super::listen::{Heard, Listen};
use super::output::Output;
use super::processes::Lookup;
use super::sandbox::Sandbox;
use super::show::Show;
use super::signals::Signals;
use crate::capture::track::Timers;
use crate::capture::{self, Conn, Observation, Packet, PumpError, Sink, Summary};

/// What passes an interface, a line per packet, with what it meant for its connection
///
/// The same lines and records as `read` writes, as the packets pass. Ctrl-C ends it, when all that
/// the kernel had taken by then is written; what it had no room for is counted. SIGUSR1 asks for
/// the counts in between.
#[derive(Debug, clap::Args)]
pub(super) struct Sniff {
    #[command(flatten)]
    listen: Listen,

    #[command(flatten)]
    following: Following,

    #[command(flatten)]
    show: Show,

    #[command(flatten)]
    lookup: Lookup,

    #[command(flatten)]
    sandbox: Sandbox,
}

impl Sniff {
    /// Listens until it is told to stop.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<Summary> {
        if self.show.lists_fields() {
            Show::list_fields(out)?;
            return Ok(Summary::default());
        }
        let signals = Signals::taken()?;
        let screen = io::stdout().is_terminal();
        if self.show.is_line_buffered() {
            out.flush_every_write();
        }
        // While there are rights to start it with.
        let processes = self.lookup.begin();
        let mut heard = self.listen.open(Vec::new(), &signals, false)?;
        heard.announce(self.listen.snaplen());
        if self.show.is_text() && screen && !self.show.is_quiet() {
            let _ = writeln!(io::stderr(), "marks: ! proven   ? expected, if the packet arrives   ~ assumed");
        }
        let told = self.show.write(out, processes, |sink| self.follow(&mut heard, sink));
        out.flush()?;
        heard.conclude(told.as_ref().ok().map(|summary| summary.conns));
        told
    }

    fn follow(&self, heard: &mut Heard, sink: &mut dyn Sink) -> anyhow::Result<Summary> {
        // Everything is open; nothing has been looked at.
        self.sandbox.enter(&[])?;
        let conns = heard.conns();
        let mut counted = Counted { sink, conns: &conns };
        let mut tracker = self.following.tracker(Some(Timers::default()));
        capture::pump(heard, self.following.reading(), &mut tracker, &mut counted).map_err(|error| match error {
            PumpError::Source(error) => error.into(),
            PumpError::Sink(_) => error.into(),
        })
    }
}

/// Counts connections for those who ask in between.
struct Counted<'a> {
    sink: &'a mut dyn Sink,
    conns: &'a AtomicU64,
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

    fn idle(&mut self) -> io::Result<()> {
        self.sink.idle()
    }

    fn full(&self) -> bool {
        self.sink.full()
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        self.sink.finish(summary)
    }
}
