//! The story of a connection: who asked whom, every step with what it taught both ends, how it
//! ended, and what went wrong; with a figure.
//!
//! One pass over the input: [`Explain`] is a sink that remembers the telling packets of each chosen
//! connection (the `tale`) and counts the rest (its `tally`). When a connection has ended, the
//! narrators look at what is left: `verdict` and `cause` sum up, `ladder` draws, and `tell` goes
//! through the steps with the sentences of `words`, the answers of `lecture` and the `grid` of what
//! each end knows.

mod account;
mod attempt;
mod cause;
mod grid;
mod ladder;
mod lecture;
mod said;
mod scene;
mod sheet;
mod tale;
mod tales;
mod tally;
mod tell;
mod verdict;
mod words;

use std::collections::HashSet;
use std::io::{self, Write};

use crate::capture::apps::{Limits, Listener};
use crate::capture::attempt::Attempts;
use crate::capture::track::{ConnId, Role};
use crate::capture::{Conn, Observation, Packet, Sink, Summary};
use crate::report::human;
use crate::report::ladder::{Ladder, Pace, svg};
pub use crate::report::look::Look;
use crate::report::messages::{Hearing, Pages};
pub(super) use account::{Account, account, ladder as ladder_of};
pub(super) use cause::Grade;
pub(super) use ladder::Words;
pub(super) use sheet::utc;
pub(super) use tale::Tale;
use tales::REMEMBERED;
pub(super) use tales::Tales;

/// What to tell: by default all of every connection, as text.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// These connections; all where empty.
    pub conns: Vec<u32>,
    /// Of all connections, at most so many (the first); 0 is no limit.
    pub limit: u32,
    /// Only those in which something went wrong.
    pub failed: bool,
    /// Which parts of the story.
    pub parts: Parts,
    /// In which form.
    pub form: Form,
    /// What room time takes in the figure.
    pub pace: Pace,
    /// Whether what runs on connections is found out, and told.
    pub apps: bool,
    /// Whether addresses are told by the names that they were looked up by.
    pub names: bool,
}

/// The forms of a story.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Form {
    /// Text, with a ladder in characters.
    #[default]
    Text,
    /// The same, the ladder as the figures of RFC 9293.
    Rfc,
    /// Markdown, with the ladder as a Mermaid diagram.
    Mermaid,
    /// One drawing, of all ladders.
    Svg,
    /// A page that needs nothing else.
    Html,
}

/// The parts of a story.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Parts {
    /// Heading, figure and steps.
    #[default]
    All,
    /// Heading and figure.
    Figure,
    /// Heading and steps.
    Steps,
    /// Heading alone.
    Heading,
}

/// Tells the stories of connections.
pub struct Explain<W> {
    out: W,
    look: Look,
    choice: Choice,
    tales: Tales,
    /// Remembers what came before connections.
    attempts: Attempts,
    pages: Option<Pages>,
    /// Hears what runs on them, where that is wanted.
    listener: Option<Box<Listener>>,
    /// Connections that are worth telling, and those told.
    due: u32,
    told: u32,
    lectured: HashSet<lecture::Topic>,
    seen: u32,
    drawings: Vec<svg::Titled>,
}

impl<W: Write> Explain<W> {
    /// A sink that writes to `out`.
    pub fn new(out: W, look: Look, choice: Choice) -> Self {
        Self {
            out,
            look,
            listener: choice.apps.then(|| Box::new(Listener::new(Limits::default()))),
            choice,
            tales: Tales::default(),
            attempts: Attempts::default(),
            pages: None,
            due: 0,
            told: 0,
            lectured: HashSet::new(),
            seen: 0,
            drawings: Vec::new(),
        }
    }

    /// The same, telling the messages of declared protocols (in text).
    #[must_use]
    pub fn with_messages(mut self, hearing: Option<Hearing>) -> Self {
        let is_text = matches!(self.choice.form, Form::Text | Form::Rfc) && self.choice.parts != Parts::Heading;
        self.pages = hearing.filter(|_| is_text).map(Pages::new);
        self
    }

    /// The chosen connections that the input does not have.
    pub fn missing(&self) -> Vec<u32> {
        self.choice.conns.iter().copied().filter(|id| *id >= self.seen).collect()
    }

    /// How many connections the input has.
    pub fn seen(&self) -> u32 {
        self.seen
    }

    /// The tale with the names that its ends were looked up by, where those are wanted.
    fn named(&self, conn: &Conn, mut tale: Tale) -> Tale {
        let name = |role| self.attempts.names().get(conn.endpoint(role).addr).map(Box::from);
        tale.names = if self.choice.names { Role::BOTH.map(name) } else { [None, None] };
        tale
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
        if let Some(listener) = &mut self.listener {
            listener.packet(packet, told);
        }
        let prelude = self.attempts.packet(packet, told);
        if let Some((observation, conn)) = told
            && self.wants(conn.id)
        {
            self.tales.add(packet, observation, conn);
            if let Some(tale) = self.tales.of(conn.id).filter(|_| self.choice.apps) {
                tale.beginning.take(packet, observation, prelude);
            }
            if let Some(pages) = &mut self.pages {
                pages.packet(packet, observation, conn, self.look);
            }
        }
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.seen = self.seen.max(conn.id.0 + 1);
        self.attempts.ended(conn);
        let told = self.told;
        let talk = self.listener.as_mut().and_then(|listener| listener.ended(conn));
        let tale = self.tales.take(conn.id);
        if let Some(tale) = tale.map(|tale| self.named(conn, tale.with_talk(talk)))
            && self.is_due(conn, &tale)
        {
            self.told += 1;
            self.tell(conn, &tale)?;
        }
        match &mut self.pages {
            Some(pages) if self.told > told => pages.tell(&mut self.out, conn, self.look),
            Some(pages) => {
                pages.forget(conn);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn finish(&mut self, _summary: &Summary) -> io::Result<()> {
        let remarks = self.remarks();
        match self.choice.form {
            Form::Text | Form::Rfc => {
                // The first remark of all needs no distance from what is not there.
                for (at, remark) in remarks.iter().enumerate() {
                    let gap = if at > 0 || self.told > 0 { "\n" } else { "" };
                    writeln!(self.out, "{gap}{remark}")?;
                }
            }
            Form::Mermaid => {
                for remark in remarks {
                    writeln!(self.out, "\n{remark}")?;
                }
            }
            Form::Svg => self.out.write_all(svg::document(&self.drawings, &remarks, self.choice.pace).as_bytes())?,
            Form::Html => sheet::end_page(&mut self.out, self.told, &remarks)?,
        }
        self.out.flush()
    }
}

impl<W: Write> Explain<W> {
    /// Whether a connection is one to tell of; those that are worth it are counted.
    fn is_due(&mut self, conn: &Conn, tale: &Tale) -> bool {
        if self.choice.failed && !tell::failed(conn, tale, self.look) {
            return false;
        }
        self.due += 1;
        !self.choice.conns.is_empty() || self.choice.limit == 0 || self.told < self.choice.limit
    }

    fn tell(&mut self, conn: &Conn, tale: &Tale) -> io::Result<()> {
        let Self { out, look, choice, told, .. } = self;
        match choice.form {
            Form::Text | Form::Rfc => {
                if *told > 1 {
                    writeln!(out)?;
                }
                let rfc = choice.form == Form::Rfc;
                let figure = tell::Figure { rfc, pace: choice.pace };
                tell::tell(out, conn, tale, *look, choice.parts, figure, &mut self.lectured)
            }
            Form::Mermaid => sheet::markdown(out, *told, conn, tale, choice.parts),
            Form::Html => sheet::section(out, *told, conn, tale, choice),
            Form::Svg => {
                self.drawings.push(sheet::drawing(conn, tale));
                Ok(())
            }
        }
    }

    /// What is to be said of the connections that were not told.
    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let due = if self.choice.failed { self.due } else { self.seen };
        if self.choice.failed && due == 0 {
            let conns = human::plural(self.seen.into(), "connection");
            remarks.push(format!("{conns}, and nothing went wrong or took long."));
        }
        if self.choice.conns.is_empty() && self.told < due {
            let rest = human::plural((due - self.told).into(), "more connection");
            remarks.push(format!("{rest} not told: choose with --conn N, or --limit 0 for all."));
        }
        let passed_over = self.tales.passed_over;
        if passed_over > 0 {
            remarks.push(format!(
                "{passed_over} connections were not looked at: more than {REMEMBERED} are too many to remember at once."
            ));
        }
        remarks
    }
}

/// Keeps the ladders of the chosen connections, for who draws them otherwise: two next to each
/// other, say ([`text::beside`](crate::report::ladder::text::beside)).
pub struct Ladders {
    choice: Vec<u32>,
    tales: Tales,
    /// Those of the connections that have ended, in that order.
    pub drawn: Vec<Ladder>,
}

impl Ladders {
    /// A sink that keeps the ladders of `conns`; of all where that is empty.
    pub fn new(conns: Vec<u32>) -> Self {
        Self { choice: conns, tales: Tales::default(), drawn: Vec::new() }
    }
}

impl Sink for Ladders {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        if let Some((observation, conn)) = told
            && (self.choice.is_empty() || self.choice.contains(&conn.id.0))
        {
            self.tales.add(packet, observation, conn);
        }
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        if let Some(tale) = self.tales.take(conn.id) {
            self.drawn.push(account::ladder(conn, &tale, Words::Without));
        }
        Ok(())
    }
}
