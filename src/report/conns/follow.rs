//! Connections as they end: for live runs, in which the input's end is far.

use std::collections::HashSet;
use std::io::{self, Write};

use super::columns::{self, Columns};
use super::{Beside, Choice, Conns, Format};
use crate::capture::findings::Finding;
use crate::capture::track::{Close, ConnId, Role, State};
use crate::capture::{Conn, Observation, Packet, Sink, Summary, Tracker};
use crate::report::messages::Hearing;
use crate::report::paint::Paint;
use crate::report::process::Processes;
use crate::report::table::{Cells, Fit, Table};

/// Writes a line per connection as soon as it is over: closed, reset, or given up by its timer. At
/// the end, those that were not over follow.
pub struct Follow<W> {
    conns: Conns<W>,
    /// Those that were told and are followed still.
    told: HashSet<ConnId>,
}

impl<W: Write> Follow<W> {
    /// A sink that writes to `out`.
    pub fn new(out: W, choice: Choice, processes: Option<Box<dyn Processes>>, hearing: Option<Hearing>) -> Self {
        let running = match &choice.format {
            Format::Table { columns, .. } => Running::new(columns),
            _ => Running::new(&Columns::default()),
        };
        let mut conns = Conns::new(out, choice).with_processes(processes).with_messages(hearing);
        conns.running = Some(running);
        Self { conns, told: HashSet::new() }
    }
}

impl<W: Write> Sink for Follow<W> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        self.conns.packet(packet, told)?;
        match told {
            Some((seen, conn)) if seen.moved() && is_over(conn) && self.told.insert(conn.id) => self.conns.ended(conn),
            _ => Ok(()),
        }
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        if !self.told.remove(&conn.id) {
            return self.conns.ended(conn);
        }
        // What came of it after it was told brought its processes to mind again.
        self.conns.forget(conn);
        Ok(())
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.conns.finding(finding)
    }

    fn idle(&mut self) -> io::Result<()> {
        self.conns.idle()
    }

    fn survey(&mut self, tracker: &Tracker) -> io::Result<()> {
        self.conns.survey(tracker)
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        self.conns.finish(summary)
    }
}

/// Whether nothing but repeats can follow: both ends have closed and know it, or one gave it up.
fn is_over(conn: &Conn) -> bool {
    let done = |role| matches!(conn.half(role).standing.state, State::TimeWait | State::Closed);
    match conn.close() {
        Close::Reset | Close::FinThenReset => true,
        Close::Fin4 | Close::Fin3 | Close::FinSimultaneous => Role::BOTH.into_iter().all(done),
        _ => false,
    }
}

/// A table whose rows are written before the next is known. When one does not fit the columns so
/// far, the header stands again above it.
pub(super) struct Running {
    table: Table,
    fit: Option<Fit>,
    row: Vec<u8>,
}

impl Running {
    fn new(columns: &Columns) -> Self {
        let mut table = columns.table();
        let mut row = Vec::new();
        let mut cells = Cells::begin(&mut row, columns.cells());
        for cell in columns::COMMON.iter().take(columns.cells()) {
            cells.word(cell);
        }
        columns.choose(&mut row, 0);
        table.measure(&row);
        Self { table, fit: None, row }
    }

    #[expect(clippy::too_many_arguments, reason = "a row, and how it is shown")]
    pub(super) fn write(
        &mut self,
        out: &mut Vec<u8>,
        conn: &Conn,
        beside: Beside<'_>,
        columns: &Columns,
        width: usize,
        ellipsis: &str,
        paint: Paint,
    ) {
        self.row.clear();
        columns::write(&mut self.row, conn, beside, columns);
        columns.choose(&mut self.row, 0);
        self.table.measure(&self.row);
        let fit = self.table.fitted(width);
        let known = self.fit.as_ref().is_some_and(|known| known.looks_like(&fit));
        let fit = self.fit.insert(fit);
        if !known {
            fit.head(out, ellipsis, paint);
        }
        fit.row(out, &self.row, ellipsis);
    }
}
