//! The story of a connection: who asked whom, every step with what it taught both ends, how it
//! ended, and what went wrong; with a figure.
//!
//! One pass over the input: [`Explain`] is a sink that remembers the telling packets of each chosen
//! connection (the `tale`) and counts the rest (its `tally`). When a connection has ended, the
//! narrators look at what is left: `verdict` and `cause` sum up, `ladder` draws, and `tell` goes
//! through the steps with the sentences of `words`, the answers of `lecture` and the `grid` of what
//! each end knows.

mod cause;
mod grid;
mod ladder;
mod lecture;
mod look;
mod scene;
mod tale;
mod tally;
mod tell;
mod verdict;
mod words;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};

use crate::capture::track::ConnId;
use crate::capture::track::Note;
use crate::capture::{Conn, Observation, Packet, Sink, Summary};
use crate::report::human;
pub use look::Look;
use tale::Tale;

/// What to tell.
#[derive(Clone, Debug)]
pub struct Choice {
    /// These connections; all where empty.
    pub conns: Vec<u32>,
    /// Of all connections, at most so many (the first); 0 is no limit.
    pub limit: u32,
    /// Only those in which something went wrong.
    pub failed: bool,
    /// Which parts of the story.
    pub parts: Parts,
}

/// The parts of a story.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Parts {
    /// Heading, figure and steps.
    All,
    /// Heading and figure.
    Figure,
    /// Heading and steps.
    Steps,
    /// Heading alone.
    Heading,
}

/// So many connections are remembered at once.
const REMEMBERED: usize = 100_000;

/// Tells the stories of connections.
pub struct Explain<W> {
    out: W,
    look: Look,
    choice: Choice,
    tales: BTreeMap<u32, Tale>,
    /// Connections that were not looked at, since too many would have to be remembered.
    passed_over: u32,
    /// Connections that are worth telling, and those told.
    due: u32,
    told: u32,
    lectured: HashSet<lecture::Topic>,
    seen: u32,
}

impl<W: Write> Explain<W> {
    /// A sink that writes to `out`.
    pub fn new(out: W, look: Look, choice: Choice) -> Self {
        Self {
            out,
            look,
            choice,
            tales: BTreeMap::new(),
            passed_over: 0,
            due: 0,
            told: 0,
            lectured: HashSet::new(),
            seen: 0,
        }
    }

    /// The chosen connections that the input does not have.
    pub fn missing(&self) -> Vec<u32> {
        self.choice.conns.iter().copied().filter(|id| *id >= self.seen).collect()
    }

    /// How many connections the input has.
    pub fn seen(&self) -> u32 {
        self.seen
    }

    /// The SYN that began `conn` was taken for a part of an older connection until the answer came.
    fn move_syn(&mut self, conn: &Conn) {
        let older = self.tales.range_mut(..conn.id.0).rev();
        let Some(syn) = older.take(64).find_map(|(_, tale)| tale.give_up(conn.first_n)) else {
            return;
        };
        self.tales.entry(conn.id.0).or_default().take_over(*syn);
    }

    /// Whether a connection may have to be told.
    fn wants(&self, id: ConnId) -> bool {
        if !self.choice.conns.is_empty() {
            return self.choice.conns.contains(&id.0);
        }
        self.choice.limit == 0 || self.choice.failed || id.0 < self.choice.limit
    }
}

impl<W: Write> Sink for Explain<W> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        if let Some((observation, conn)) = told
            && self.wants(conn.id)
        {
            let full = self.tales.len() >= REMEMBERED;
            if observation.notes.contains(Note::ReuseLive) {
                self.move_syn(conn);
            }
            match self.tales.entry(conn.id.0) {
                Entry::Vacant(_) if full => self.passed_over += u32::from(conn.first_n == packet.n),
                entry => entry.or_default().add(packet.n, packet.record, observation, conn),
            }
        }
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.seen = self.seen.max(conn.id.0 + 1);
        let Some(tale) = self.tales.remove(&conn.id.0) else {
            return Ok(());
        };
        if self.choice.failed && !tell::failed(conn, &tale, self.look) {
            return Ok(());
        }
        self.due += 1;
        if self.choice.conns.is_empty() && self.choice.limit > 0 && self.told >= self.choice.limit {
            return Ok(());
        }
        if self.told > 0 {
            writeln!(self.out)?;
        }
        self.told += 1;
        tell::tell(&mut self.out, conn, &tale, self.look, self.choice.parts, &mut self.lectured)
    }

    fn finish(&mut self, _summary: &Summary) -> io::Result<()> {
        let due = if self.choice.failed { self.due } else { self.seen };
        if self.choice.failed && due == 0 {
            let conns = human::plural(self.seen.into(), "connection");
            writeln!(self.out, "{conns}, and nothing went wrong or took long.")?;
        }
        if self.choice.conns.is_empty() && self.told < due {
            let rest = human::plural((due - self.told).into(), "more connection");
            writeln!(self.out, "\n{rest} not told: choose with --conn N, or --limit 0 for all.")?;
        }
        if self.passed_over > 0 {
            writeln!(
                self.out,
                "\n{} connections were not looked at: more than {REMEMBERED} are too many to remember at once.",
                self.passed_over
            )?;
        }
        self.out.flush()
    }
}
