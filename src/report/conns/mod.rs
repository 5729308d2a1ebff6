//! A line per connection: a table for people; JSON, chosen fields, CSV, TSV, Parquet, Zeek's `conn.log`
//! and the Elastic Common Schema for programs.
//!
//! Without an order of its own to keep, a format that needs no widths is written as connections
//! end, and a table in parts of so many rows: each in order, in columns that are wide enough for it
//! and all before it. Else lines are held, formatted already, until the input ends.

mod board;
mod columns;
mod community;
mod ecs;
mod fields;
mod follow;
mod format;
mod lines;
mod pen;
mod record;
mod row;
mod zeek;

use std::cmp::Reverse;
use std::io::{self, Write};

use crate::capture::apps::names::Names;
use crate::capture::apps::{Limits, Listener, Talk};
use crate::capture::attempt::Attempts;
use crate::capture::findings::Finding;
use crate::capture::track::{ByTheBook, Datagrams, Ends, Role, Unanswered};
use crate::capture::{Conn, Observation, Packet, Sink, Summary};
use crate::report::clock::{Clock, Precision, TimeStyle, Utc};
use crate::report::digits::Digits as _;
use crate::report::finding::{self, Findings};
use crate::report::human;
use crate::report::messages::{Hearing, Spoken};
use crate::report::process::{Process, Processes};
use crate::report::table::{Fit, Table};
#[cfg(feature = "parquet")]
use crate::report::tables::Parquet;
use crate::report::totals::Totals;
use crate::wire::{Protocol, Timestamp};
pub use board::Board;
pub use columns::Columns;
pub use fields::Field;
pub use follow::Follow;
use follow::Running;
pub use format::Format;
use lines::Lines;
use row::Kind;

/// What to sort by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Order {
    /// The order of first packets.
    Id,
    /// Time of the first packet.
    Start,
    /// Time from first packet to last.
    Duration,
    /// Packets, both ways.
    Packets,
    /// Octets of payload, both ways.
    Bytes,
    /// Round trip of the handshake.
    Rtt,
    /// From the first SYN to step three.
    Setup,
    /// Segments that repeated payload.
    Retransmits,
    /// Segments that offered no window.
    ZeroWindows,
    /// Octets that are not in the capture.
    Missed,
}

/// Which connections, in which order, and how.
#[derive(Clone, Debug)]
pub struct Choice {
    /// How to write them.
    pub format: Format,
    /// In which order: what can be large, the largest first.
    pub order: Order,
    /// The other way round.
    pub reverse: bool,
    /// Only so many, in that order.
    pub top: Option<usize>,
    /// Only those of this protocol.
    pub protocol: Option<Protocol>,
    /// Whether numbers over all of them follow.
    pub summary: bool,
    /// Whether what runs on them is found out, and told.
    pub apps: bool,
    /// Whether addresses are told by the names that answers in the input give them.
    pub names: bool,
}

impl Choice {
    /// Whether they stand in the order in which they come, as good as.
    fn is_in_order(&self) -> bool {
        self.order == Order::Id && !self.reverse && self.top.is_none()
    }

    /// Whether they stand in a table in which nothing is left out, cut or moved.
    fn has_lines(&self) -> bool {
        matches!(&self.format, Format::Table { width: 0, columns, .. } if columns.are_in_order()) && self.is_in_order()
    }

    /// Whether they stand in a table.
    fn is_table(&self) -> bool {
        matches!(self.format, Format::Table { .. })
    }
}

/// What is known of a connection beside itself.
#[derive(Clone, Copy, Debug, Default)]
struct Beside<'a> {
    /// Whose its ends are.
    owners: Ends<Option<&'a Process>>,
    /// What was spoken there of declared protocols.
    spoken: Option<Spoken<'a>>,
    /// What was heard on it.
    talk: Option<&'a Talk>,
    /// Whether anybody listened.
    apps: bool,
    /// The names of addresses, where they are wanted.
    names: Option<&'a Names>,
}

impl Beside<'_> {
    /// Whether there is nothing that its row would tell.
    fn is_nothing(&self) -> bool {
        let Self { owners: Ends { client, server }, spoken, talk, apps: _, names } = self;
        client.is_none() && server.is_none() && spoken.is_none() && talk.is_none() && names.is_none()
    }
}

/// Rows of a table that are held until their widths are known.
const PART: usize = 1 << 16;

/// Writes a line per connection.
pub struct Conns<W> {
    out: W,
    choice: Choice,
    held: Vec<Held>,
    /// What is behind this will not be among the first.
    last: Option<(Reverse<i64>, u32)>,
    /// The lines that are held, one after the other: of a table the cells.
    text: Vec<u8>,
    /// Those of a table that are written at once as they will stand.
    lines: Option<Lines>,
    line: Vec<u8>,
    utc: Utc,
    table: Table,
    /// How the columns of the table stand where it has been written so far.
    written: Option<Fit>,
    totals: Totals,
    findings: Findings,
    #[cfg(feature = "parquet")]
    file: Option<Parquet>,
    processes: Option<Box<dyn Processes>>,
    hearing: Option<Hearing>,
    /// Hears what runs on them, where that is wanted.
    listener: Option<Box<Listener>>,
    /// Learns names, where they are wanted.
    attempts: Option<Box<Attempts>>,
    /// The table that is written row by row, where that is wanted.
    running: Option<Running>,
    first: Option<Timestamp>,
    begun: bool,
    /// Whether connections are told by their rows alone, once it is known.
    rows_alone: Option<bool>,
}

/// A line that waits for its place.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Held {
    value: Reverse<i64>,
    /// The connection's: the older first.
    id: u32,
    /// Its length, and where it begins in the text of all.
    len: u32,
    start: usize,
}

impl<W: Write> Conns<W> {
    /// A sink that writes to `out`.
    pub fn new(out: W, choice: Choice) -> Self {
        Self {
            #[cfg(feature = "parquet")]
            file: choice.format.file(),
            table: choice.format.table(),
            lines: choice.has_lines().then(Lines::default),
            listener: choice.apps.then(|| Box::new(Listener::new(Limits::default()))),
            attempts: choice.names.then(Box::default),
            out,
            choice,
            held: Vec::new(),
            last: None,
            text: Vec::new(),
            line: Vec::new(),
            utc: Utc::default(),
            written: None,
            totals: Totals::default(),
            findings: Findings::default(),
            processes: None,
            hearing: None,
            running: None,
            first: None,
            begun: false,
            rows_alone: None,
        }
    }

    /// The same, telling whose the ends of connections are.
    #[must_use]
    pub fn with_processes(mut self, processes: Option<Box<dyn Processes>>) -> Self {
        self.processes = processes;
        self
    }

    /// The same, telling what the messages of declared protocols come to.
    #[must_use]
    pub fn with_messages(mut self, hearing: Option<Hearing>) -> Self {
        self.hearing = hearing;
        self
    }

    /// Whether more is to be known of a connection than itself.
    fn listens(&self) -> bool {
        let Self { processes, hearing, listener, attempts, .. } = self;
        processes.is_some() || hearing.is_some() || listener.is_some() || attempts.is_some()
    }

    /// Whether a connection is told by its row of a table of lines and nothing else.
    #[inline]
    fn tells_rows_alone(&mut self) -> bool {
        if self.rows_alone.is_none() {
            // What runs there is told by the port too.
            let apps = matches!(&self.choice.format, Format::Table { columns, .. } if columns.wants_apps());
            let more = apps || self.choice.summary || self.choice.protocol.is_some() || self.running.is_some();
            self.rows_alone = Some(!more && !self.listens() && self.lines.is_some());
        }
        self.rows_alone == Some(true)
    }

    fn streams(&self) -> bool {
        self.choice.is_in_order() && (!self.choice.is_table() || self.running.is_some())
    }

    fn begin(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        self.line.clear();
        match &self.choice.format {
            Format::Zeek => zeek::head(&mut self.line, self.first.unwrap_or_default()),
            Format::Fields(fields, layout) => {
                if layout.bom {
                    self.line.text("\u{feff}");
                }
                if layout.header {
                    fields::names(&mut self.line, fields, *layout);
                }
            }
            #[cfg(feature = "parquet")]
            Format::Parquet(_) => {}
            Format::Table { .. } | Format::Json | Format::Ecs => {}
        }
        self.out.write_all(&self.line)
    }

    /// Asks no more whose `conn` is, and what runs there.
    fn forget(&mut self, conn: &Conn) {
        if let Some(processes) = &mut self.processes {
            processes.forget(conn);
        }
        if let Some(listener) = &mut self.listener {
            listener.ended(conn);
        }
        if let Some(attempts) = &mut self.attempts {
            attempts.ended(conn);
        }
    }

    /// Writes the line of `conn`, or holds it until its place is known.
    fn tell(&mut self, conn: &Conn, beside: Beside<'_>) -> io::Result<()> {
        if self.choice.protocol.is_some_and(|protocol| protocol != conn.protocol()) {
            return Ok(());
        }
        if self.choice.summary {
            self.totals.ended(conn);
        }
        if self.streams() {
            self.begin()?;
            self.line.clear();
            match (&mut self.running, &self.choice.format) {
                (Some(running), Format::Table { width, ellipsis, paint, columns }) => {
                    running.write(&mut self.line, conn, beside, columns, *width, ellipsis, *paint);
                }
                (_, format) => format.write(&mut self.line, conn, beside, &mut self.utc),
            }
            #[cfg(feature = "parquet")]
            if let Some(file) = &mut self.file {
                return file.row(&self.line, &mut self.out);
            }
            return self.out.write_all(&self.line);
        }
        if let (Some(lines), Format::Table { columns, .. }) = (&mut self.lines, &self.choice.format) {
            lines.add(&mut self.table, conn, beside, columns);
            return self.write_part();
        }
        let (value, id, start) = (self.value(conn), conn.id.0, self.text.len());
        if self.last.is_some_and(|last| (value, id) > last) {
            return Ok(());
        }
        self.choice.format.write(&mut self.text, conn, beside, &mut self.utc);
        let len = (self.text.len() - start) as u32;
        self.held.push(Held { value, id, len, start });
        // Seldom enough that forgetting costs less than writing does.
        if self.choice.top.is_some_and(|top| self.held.len() / 2 > top.max(2048)) {
            self.sort();
        }
        if self.held.len() == PART && self.choice.is_in_order() {
            self.write_held()?;
        }
        Ok(())
    }

    /// Writes the line of `conn`, the first of its kind.
    fn ended_first(&mut self, conn: &Conn, kind: Kind) -> io::Result<()> {
        self.ended(conn)?;
        if let Some(lines) = &mut self.lines {
            lines.remember_kind(kind);
        }
        Ok(())
    }

    /// How many lines are held.
    fn held(&self) -> usize {
        self.lines.as_ref().map_or(self.held.len(), Lines::len)
    }

    /// Writes the lines of a table that are held, where there are enough.
    fn write_part(&mut self) -> io::Result<()> {
        if self.held() == PART { self.write_held() } else { Ok(()) }
    }

    /// Writes what is held, in order.
    fn write_held(&mut self) -> io::Result<()> {
        if let (Some(lines), Format::Table { paint, .. }) = (&mut self.lines, &self.choice.format) {
            self.written = lines.write_to(&mut self.out, self.written.take(), *paint)?;
            return Ok(());
        }
        self.sort();
        let rows = || self.held.iter().map(|held| held.of(&self.text));
        match &self.choice.format {
            Format::Table { width, ellipsis, paint, .. } if !self.held.is_empty() => {
                // A row says itself where it ends, and is moved faster where more stands behind it.
                let rows = || self.held.iter().map(|held| self.text.get(held.start..).unwrap_or_default());
                rows().for_each(|row| self.table.measure(row));
                let above = self.written.as_ref();
                self.written = Some(self.table.write(rows(), &mut self.out, above, *width, ellipsis, *paint)?);
            }
            Format::Table { .. } => {}
            #[cfg(feature = "parquet")]
            Format::Parquet(_) => {
                if let Some(file) = &mut self.file {
                    rows().try_for_each(|row| file.row(row, &mut self.out))?;
                }
            }
            Format::Json | Format::Fields(..) | Format::Zeek | Format::Ecs => {
                rows().try_for_each(|line| self.out.write_all(line))?;
            }
        }
        self.held.clear();
        self.text.clear();
        Ok(())
    }

    fn value(&self, conn: &Conn) -> Reverse<i64> {
        let both = |what: fn(&crate::capture::track::Counts) -> u64| {
            Role::BOTH.iter().map(|role| what(&conn.half(*role).counts())).sum::<u64>() as i64
        };
        let value = match self.choice.order {
            Order::Id => -i64::from(conn.id.0),
            Order::Start => -(conn.start.0 as i64),
            Order::Duration => conn.duration().0,
            Order::Packets => both(|counts| counts.packets),
            Order::Bytes => both(|counts| counts.payload_bytes),
            Order::Rtt => {
                conn.timing().irtt().or(conn.timing().rtt_server).or(conn.reply_time()).map_or(-1, |span| span.0)
            }
            Order::Setup => conn.timing().setup.map_or(-1, |span| span.0),
            Order::Retransmits => both(|counts| counts.retransmits.into()),
            Order::ZeroWindows => both(|counts| counts.zero_windows.into()),
            Order::Missed => both(|counts| counts.missed_bytes),
        };
        Reverse(if self.choice.reverse { -value } else { value })
    }

    /// Sorts the lines, and forgets those that will not be among the first.
    fn sort(&mut self) {
        self.held.sort_unstable();
        let Some(top) = self.choice.top.filter(|top| *top < self.held.len()) else {
            return;
        };
        self.held.truncate(top);
        self.last = self.held.last().map(|held| (held.value, held.id));
        let mut text = Vec::new();
        for held in &mut self.held {
            let start = text.len();
            text.extend_from_slice(held.of(&self.text));
            held.start = start;
        }
        self.text = text;
    }
}

impl Held {
    fn of<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        text.get(self.start..).and_then(|rest| rest.get(..self.len as usize)).unwrap_or_default()
    }
}

impl<W: Write> Sink for Conns<W> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        if self.choice.summary {
            self.totals.packet(packet);
        }
        if let (Some(processes), Some((seen, conn))) = (&mut self.processes, told) {
            processes.of(packet, seen, conn);
        }
        if let Some(hearing) = &mut self.hearing {
            hearing.packet(packet, told, &mut |_| ());
        }
        if let Some(listener) = &mut self.listener {
            listener.packet(packet, told);
        }
        if let Some(attempts) = &mut self.attempts {
            attempts.packet(packet, told);
        }
        self.first.get_or_insert(packet.record.time);
        Ok(())
    }

    fn wants_packets(&self) -> bool {
        self.first.is_none() || self.choice.summary || self.listens()
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        if !self.listens() {
            return self.tell(conn, Beside { apps: self.choice.apps, ..Beside::default() });
        }
        let (mut processes, mut hearing) = (self.processes.take(), self.hearing.take());
        let owners = processes.as_mut().map_or_else(Ends::default, |processes| processes.known(conn));
        let spoken = hearing.as_mut().and_then(|hearing| hearing.spoken(conn));
        let talk = self.listener.as_mut().and_then(|listener| listener.ended(conn));
        let attempts = self.attempts.take();
        let names = attempts.as_deref().map(Attempts::names);
        let told = self.tell(conn, Beside { owners, spoken, talk: talk.as_ref(), apps: self.choice.apps, names });
        self.attempts = attempts;
        (self.processes, self.hearing) = (processes, hearing);
        self.forget(conn);
        told
    }

    fn unanswered(&mut self, syn: &Unanswered<'_>) -> io::Result<()> {
        if !self.tells_rows_alone() || !syn.is_plain() {
            return self.ended(&syn.conn());
        }
        if self.lines.as_mut().is_some_and(|lines| lines.add_like(syn)) {
            return self.write_part();
        }
        self.ended(&syn.conn())?;
        if let Some(lines) = &mut self.lines {
            lines.remember(syn);
        }
        Ok(())
    }

    fn by_the_book(&mut self, plain: &mut ByTheBook<'_>) -> io::Result<()> {
        if !self.tells_rows_alone() {
            return self.ended(plain.conn());
        }
        let kind = Kind::by_the_book(plain);
        if self.lines.as_mut().is_some_and(|lines| lines.add_of_kind(plain, kind)) {
            return self.write_part();
        }
        self.ended_first(plain.conn(), kind)
    }

    fn datagrams(&mut self, talk: &mut Datagrams<'_>) -> io::Result<()> {
        if !self.tells_rows_alone() {
            return self.ended(talk.conn());
        }
        let kind = Kind::of_datagrams(talk);
        if self.lines.as_mut().is_some_and(|lines| lines.add_of_kind(talk, kind)) {
            return self.write_part();
        }
        self.ended_first(talk.conn(), kind)
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.line.clear();
        match &self.choice.format {
            Format::Table { paint, .. } if self.running.is_some() => {
                let mut clock = Clock::local(TimeStyle::TimeOfDay, Precision::AsCaptured);
                finding::text(&mut self.line, finding, &mut clock, *paint);
                self.out.write_all(&self.line)
            }
            Format::Json if self.choice.summary => {
                finding::json(&mut self.line, finding, &mut Utc::default());
                self.out.write_all(&self.line)
            }
            Format::Table { .. } => {
                self.findings.take(finding);
                Ok(())
            }
            #[cfg(feature = "parquet")]
            Format::Parquet(_) => Ok(()),
            Format::Json | Format::Fields(..) | Format::Zeek | Format::Ecs => Ok(()),
        }
    }

    fn idle(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self, read: &Summary) -> io::Result<()> {
        self.begin()?;
        self.write_held()?;
        self.line.clear();
        if let Format::Table { paint, .. } = &self.choice.format
            && !self.findings.all().is_empty()
        {
            writeln!(self.out)?;
            self.findings.write_text(*paint, &mut self.out)?;
        }
        let deaf = self.listener.as_ref().map_or(0, |listener| listener.passed_over());
        if deaf > 0 && self.choice.is_table() {
            writeln!(
                self.out,
                "{} were not listened to: there were too many at once",
                human::plural(deaf, "connection")
            )?;
        }
        match &self.choice.format {
            Format::Table { .. } if self.choice.summary => {
                writeln!(self.out)?;
                self.totals.write_text(read, &mut self.out)?;
            }
            Format::Json if self.choice.summary => self.totals.write_json(read, &mut self.out)?,
            Format::Zeek => zeek::tail(&mut self.line, read.last),
            #[cfg(feature = "parquet")]
            Format::Parquet(_) => {
                if let Some(file) = &mut self.file {
                    file.finish(&mut self.out)?;
                }
            }
            Format::Table { .. } | Format::Json | Format::Fields(..) | Format::Ecs => {}
        }
        self.out.write_all(&self.line)?;
        self.out.flush()
    }
}
