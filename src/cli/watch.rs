//! Connections of an interface: as they end, or as they are at the moment.

use std::cell::Cell;
use std::io::{self, IsTerminal as _};
use std::rc::Rc;
use std::time::{Duration, Instant};

use clap::error::ErrorKind;

use super::following::Following;
use super::listen::{Listen, duration};
use super::output::Output;
use super::processes::Lookup;
use super::sandbox::Sandbox;
use super::signals::Signals;
use super::sniff::Counted;
use super::usage;
use crate::capture::filter::Filter;
use crate::capture::track::Timers;
use crate::capture::{self, Next, PumpError, Sink, Source, SourceError, Summary};
use crate::report::conns::{Board, Choice, Follow, Order};
use crate::report::messages::Hearing;
use crate::wire::Timestamp;

/// An interface to watch, and how.
#[derive(Debug, clap::Args)]
pub(super) struct Watch {
    /// Of an interface: write all connections of the moment, again and again with this long in
    /// between (seconds, or with a unit: 500ms, 5s, 1m), and not each as it ends
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "interface", help_heading = "Output")]
    every: Option<Duration>,

    #[command(flatten)]
    listen: Listen,

    #[command(flatten)]
    lookup: Lookup,

    #[command(flatten)]
    sandbox: Sandbox,
}

/// The shortest time between two looks.
const SHORTEST: Duration = Duration::from_millis(100);

impl Watch {
    /// Whether it is an interface that is asked for.
    pub(super) fn is_asked_for(&self) -> bool {
        self.listen.is_asked_for()
    }

    /// Whether all connections are written again and again.
    pub(super) fn repeats(&self) -> bool {
        self.every.is_some()
    }

    /// Watches until it is told to stop, or for `count` packets.
    pub(super) fn run(
        &self,
        choice: Choice,
        filter: Option<Filter>,
        following: &Following,
        count: Option<u64>,
        hearing: Option<Hearing>,
        out: &mut Output,
    ) -> anyhow::Result<Summary> {
        let in_order = choice.order == Order::Id && !choice.reverse && choice.top.is_none();
        if self.every.is_none() && !in_order {
            let message = "'--sort', '--reverse' and '--top' want all connections at once: '--every TIME'";
            return Err(usage(ErrorKind::ArgumentConflict, message).into());
        }
        let signals = Signals::taken()?;
        // While there are rights to start it with.
        let processes = self.lookup.begin();
        let mut heard = self.listen.open(filter, count, &signals, false)?;
        heard.announce(self.listen.snaplen());
        let conns = heard.conns();
        let mut paced = Paced::new(&mut heard, self.every.map(|every| every.max(SHORTEST)));
        let mut sink: Box<dyn Sink + '_> = if self.every.is_some() {
            let choice = for_screen(choice, out.height());
            let screen = io::stdout().is_terminal();
            Box::new(Board::new(&mut *out, choice, screen, paced.due(), processes))
        } else {
            Box::new(Follow::new(&mut *out, choice, processes, hearing))
        };
        // Everything is open; nothing has been looked at.
        self.sandbox.enter(&[])?;
        let mut counted = Counted { sink: &mut *sink, conns: &conns };
        let mut tracker = following.tracker(Some(Timers::default()));
        let outcome = capture::pump(&mut paced, following.reading(), &mut tracker, &mut counted);
        drop(sink);
        heard.conclude(outcome.as_ref().ok().map(|summary| summary.conns));
        outcome.map_err(|error| match error {
            PumpError::Source(error) => error.into(),
            PumpError::Sink(_) => error.into(),
        })
    }
}

/// What a screen has room for: the newest, unless another order was asked for.
fn for_screen(choice: Choice, height: Option<usize>) -> Choice {
    /// The line that tells the time, the header, and where the cursor stands.
    const OTHERS: usize = 3;
    let room = height.map(|height| height.saturating_sub(OTHERS).max(1));
    let top = match (choice.top, room) {
        (Some(top), Some(room)) => Some(top.min(room)),
        (top, room) => top.or(room),
    };
    Choice { top, reverse: choice.reverse != (choice.order == Order::Id), ..choice }
}

/// A source that is idle at least every so often, however much there is to read.
struct Paced<'a> {
    source: &'a mut dyn Source,
    every: Option<Duration>,
    next: Instant,
    due: Rc<Cell<bool>>,
    /// Frames until the clock is looked at.
    frames: u32,
    /// The latest time that the source told.
    time: Timestamp,
}

/// How many frames pass between two looks at the clock.
const BETWEEN_LOOKS: u32 = 256;

impl<'a> Paced<'a> {
    fn new(source: &'a mut dyn Source, every: Option<Duration>) -> Self {
        let next = Instant::now() + every.unwrap_or_default();
        Self { source, every, next, due: Rc::default(), frames: BETWEEN_LOOKS, time: Timestamp(0) }
    }

    /// What becomes true when the time has come.
    fn due(&self) -> Rc<Cell<bool>> {
        Rc::clone(&self.due)
    }

    fn look(&mut self) -> bool {
        self.frames = BETWEEN_LOOKS;
        let now = Instant::now();
        let Some(every) = self.every.filter(|_| now >= self.next) else { return false };
        // After a pause it is not made up for.
        self.next = (self.next + every).max(now + every / 2);
        self.due.set(true);
        true
    }
}

impl Source for Paced<'_> {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        if self.frames == 0 && self.look() {
            return Ok(Next::Idle(self.time));
        }
        self.frames = self.frames.saturating_sub(1);
        let next = self.source.next()?;
        match &next {
            Next::Frame(frame) => self.time = frame.time,
            // There is time to look.
            Next::Idle(now) => (self.time, self.frames) = (*now, 0),
            Next::LeftOut | Next::Damage(_) | Next::End => {}
        }
        Ok(next)
    }
}
