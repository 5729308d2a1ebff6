//! The connections of the moment, written again and again.

use std::cell::Cell;
use std::io::{self, Write};
use std::rc::Rc;

use super::{Beside, Choice, Conns};
use crate::capture::attempt::Attempts;
use crate::capture::track::{Ended, Ends};
use crate::capture::{Conn, Observation, Packet, Sink, Summary, Tracker};
use crate::report::clock::{Clock, Precision, TimeStyle};
use crate::report::digits::Digits as _;
use crate::report::process::Processes;
use crate::wire::Timestamp;

/// Writes all connections that are being followed whenever that is due: a snapshot in the format
/// chosen; as a table under a line that tells the time, on a screen over the one before.
pub struct Board<W> {
    out: W,
    choice: Choice,
    /// Whether what was written last is overwritten.
    screen: bool,
    /// Set by whoever knows the time.
    due: Rc<Cell<bool>>,
    processes: Option<Box<dyn Processes>>,
    clock: Clock,
    text: Vec<u8>,
    /// What is left over at the end.
    last: Conns<Vec<u8>>,
    now: Timestamp,
}

/// Moves the cursor to the top left corner.
const HOME: &str = "\x1b[H";
/// Clears from the cursor to the end of the screen.
const CLEAR: &str = "\x1b[J";

impl<W: Write> Board<W> {
    /// A sink that writes to `out` when `due` becomes true; `screen` where that is a terminal.
    pub fn new(
        out: W,
        choice: Choice,
        screen: bool,
        due: Rc<Cell<bool>>,
        processes: Option<Box<dyn Processes>>,
    ) -> Self {
        let last = Conns::new(Vec::new(), choice.clone());
        let clock = Clock::local(TimeStyle::DateTime, Precision::Micro);
        Self { out, choice, screen, due, processes, clock, text: Vec::new(), last, now: Timestamp(0) }
    }

    /// Writes the line above a table.
    fn head(&mut self, followed: usize, begun: u64) {
        if !self.choice.is_table() {
            return;
        }
        if self.screen {
            self.text.text(HOME);
            self.text.text(CLEAR);
        }
        self.clock.write(&mut self.text, self.now);
        self.text.dec(followed as u64);
        self.text.text(if followed == 1 { " connection, " } else { " connections, " });
        self.text.dec(begun);
        self.text.text(" since the start\n");
    }

    /// Writes what has been put together.
    fn show(&mut self) -> io::Result<()> {
        if self.choice.is_table() && !self.screen {
            self.text.push(b'\n');
        }
        self.out.write_all(&self.text)?;
        self.text.clear();
        self.out.flush()
    }
}

impl<W: Write> Sink for Board<W> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        self.now = self.now.max(packet.record.time);
        self.last.packet(packet, told)?;
        if let (Some(processes), Some((seen, conn))) = (&mut self.processes, told) {
            processes.of(packet, seen, conn);
        }
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        let talk = self.last.listener.as_mut().and_then(|listener| listener.ended(conn));
        let owners = match &mut self.processes {
            Some(processes) => processes.known(conn),
            None => Ends::default(),
        };
        match conn.ended() {
            // It was there long enough.
            Some(Ended::Timeout | Ended::Evicted) => {}
            None => {
                let attempts = self.last.attempts.take();
                let names = attempts.as_deref().map(Attempts::names);
                let (apps, talk) = (self.choice.apps, talk.as_ref());
                let told = self.last.tell(conn, Beside { owners, spoken: None, talk, apps, names });
                self.last.attempts = attempts;
                told?;
            }
        }
        if let Some(processes) = &mut self.processes {
            processes.forget(conn);
        }
        if let Some(attempts) = &mut self.last.attempts {
            attempts.ended(conn);
        }
        Ok(())
    }

    fn survey(&mut self, tracker: &Tracker) -> io::Result<()> {
        if !self.due.take() {
            return Ok(());
        }
        self.now = self.now.max(tracker.now());
        let conns = tracker.conns();
        self.head(conns.len(), tracker.begun());
        let mut moment = Conns::new(&mut self.text, self.choice.clone());
        for conn in conns {
            let owners = match &mut self.processes {
                Some(processes) => processes.known(&conn),
                None => Ends::default(),
            };
            let talk = self.last.listener.as_ref().and_then(|listener| listener.talk(&conn));
            let names = self.last.attempts.as_deref().map(Attempts::names);
            moment.tell(&conn, Beside { owners, spoken: None, talk, apps: self.choice.apps, names })?;
        }
        moment.finish(&Summary::default())?;
        self.show()
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        let left = self.last.held();
        self.last.finish(summary)?;
        self.head(left, summary.conns);
        self.text.append(&mut self.last.out);
        self.show()
    }
}
