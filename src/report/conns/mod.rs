//! A line per connection: a table for people, JSON, chosen fields, CSV and Zeek's `conn.log` for
//! programs.
//!
//! Without an order of its own to keep, a format that needs no widths is written as connections
//! end; else their lines are held, formatted already, until the input ends.

mod columns;
mod community;
mod fields;
mod record;
mod zeek;

use std::cmp::Reverse;
use std::io::{self, Write};

use crate::capture::track::Role;
use crate::capture::{Conn, Observation, Packet, Sink, Summary};
use crate::report::digits::Digits as _;
use crate::report::fields::Layout;
use crate::report::paint::Paint;
use crate::report::table::{Row, Table};
use crate::report::totals::Totals;
use crate::wire::{Protocol, Timestamp};
pub use fields::Field;
pub use record::ConnRecord;

/// What a line looks like.
#[derive(Clone, Debug)]
pub enum Format {
    /// A table.
    Table {
        /// At most so many columns; 0 is no limit.
        width: usize,
        /// `…`, or `..` where only ASCII is wanted.
        ellipsis: &'static str,
        /// Colours, or none.
        paint: Paint,
    },
    /// A JSON object.
    Json,
    /// These fields.
    Fields(Vec<Field>, Layout),
    /// These fields, as RFC 4180 has comma-separated values: quoted where they need it.
    Csv(Vec<Field>, Layout),
    /// Zeek's `conn.log`.
    Zeek,
}

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
}

/// Writes a line per connection.
pub struct Conns<W> {
    out: W,
    choice: Choice,
    held: Vec<Held>,
    line: Vec<u8>,
    totals: Totals,
    first: Option<Timestamp>,
    last: Timestamp,
    begun: bool,
}

/// A line that waits for its place.
struct Held {
    key: Key,
    text: Text,
}

/// Sorts by value, then by age.
type Key = (Reverse<i64>, u32);

enum Text {
    Row(Row),
    Line(Box<[u8]>),
}

impl<W: Write> Conns<W> {
    /// A sink that writes to `out`.
    pub fn new(out: W, choice: Choice) -> Self {
        Self {
            out,
            choice,
            held: Vec::new(),
            line: Vec::new(),
            totals: Totals::default(),
            first: None,
            last: Timestamp(0),
            begun: false,
        }
    }

    fn streams(&self) -> bool {
        let Choice { format, order, reverse, top, .. } = &self.choice;
        !matches!(format, Format::Table { .. }) && *order == Order::Id && !reverse && top.is_none()
    }

    fn begin(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        self.line.clear();
        match &self.choice.format {
            Format::Zeek => zeek::head(&mut self.line, self.first.unwrap_or_default()),
            Format::Fields(fields, layout) | Format::Csv(fields, layout) => {
                if layout.bom {
                    self.line.text("\u{feff}");
                }
                if layout.header {
                    fields::names(&mut self.line, fields, *layout);
                }
            }
            Format::Table { .. } | Format::Json => {}
        }
        self.out.write_all(&self.line)
    }

    /// Puts the line of `conn` into `self.line`.
    fn write_line(&mut self, conn: &Conn) {
        self.line.clear();
        match &self.choice.format {
            Format::Table { .. } => {}
            Format::Json => {
                // Numbers, names and addresses: there is nothing in it that JSON cannot say.
                let _ = serde_json::to_writer(&mut self.line, &ConnRecord::of(conn));
                self.line.push(b'\n');
            }
            Format::Fields(fields, layout) => fields::line(&mut self.line, conn, fields, *layout),
            Format::Csv(fields, layout) => fields::csv(&mut self.line, conn, fields, *layout),
            Format::Zeek => zeek::line(&mut self.line, conn),
        }
    }

    fn key(&self, conn: &Conn) -> Key {
        let both = |what: fn(&crate::capture::track::Counts) -> u64| {
            Role::BOTH.iter().map(|role| what(&conn.half(*role).counts)).sum::<u64>() as i64
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
        (Reverse(if self.choice.reverse { -value } else { value }), conn.id.0)
    }

    /// Forgets the lines that will not be among the first.
    fn trim(&mut self, slack: usize) {
        let Some(top) = self.choice.top else {
            return;
        };
        if self.held.len() > top.saturating_add(slack) {
            self.held.sort_unstable_by_key(|held| held.key);
            self.held.truncate(top);
        }
    }
}

impl<W: Write> Sink for Conns<W> {
    fn packet(&mut self, packet: &Packet<'_>, _told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        self.totals.packet(packet);
        self.first.get_or_insert(packet.record.time);
        self.last = self.last.max(packet.record.time);
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        if self.choice.protocol.is_some_and(|protocol| protocol != conn.protocol()) {
            return Ok(());
        }
        self.totals.ended(conn);
        if self.streams() {
            self.begin()?;
            self.write_line(conn);
            return self.out.write_all(&self.line);
        }
        let text = if matches!(self.choice.format, Format::Table { .. }) {
            Text::Row(Row::of(&columns::cells(conn)))
        } else {
            self.write_line(conn);
            Text::Line(self.line.as_slice().into())
        };
        self.held.push(Held { key: self.key(conn), text });
        self.trim(4096);
        Ok(())
    }

    fn finish(&mut self, read: &Summary) -> io::Result<()> {
        self.begin()?;
        self.held.sort_unstable_by_key(|held| held.key);
        self.trim(0);
        let mut table = Table::new(columns::COLUMNS);
        for held in self.held.drain(..) {
            match held.text {
                Text::Row(row) => table.push(row),
                Text::Line(line) => self.out.write_all(&line)?,
            }
        }
        self.line.clear();
        match &self.choice.format {
            Format::Table { width, ellipsis, paint } => {
                if !table.is_empty() {
                    table.write(&mut self.out, *width, ellipsis, *paint)?;
                }
                if self.choice.summary {
                    writeln!(self.out)?;
                    self.totals.write_text(read, &mut self.out)?;
                }
            }
            Format::Json if self.choice.summary => self.totals.write_json(read, &mut self.out)?,
            Format::Zeek => zeek::tail(&mut self.line, self.last),
            Format::Json | Format::Fields(..) | Format::Csv(..) => {}
        }
        self.out.write_all(&self.line)?;
        self.out.flush()
    }
}
