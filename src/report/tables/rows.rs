use std::cell::RefCell;
use std::io::{self, Write};

use super::packets::{Column, Row};
use super::{Cell, quote};
use crate::capture::{Conn, Observation, Packet, Sink, Summary};
use crate::report::clock::Utc;
use crate::report::digits::Digits as _;
use crate::report::fields::{Form, Layout};
use crate::report::process::{Owners, Processes};

/// Writes a row per packet, its cells separated as a layout says.
pub struct Packets<'a> {
    out: &'a mut dyn Write,
    columns: Vec<Column>,
    layout: Layout,
    shared: Shared,
    line: Vec<u8>,
    begun: bool,
}

/// What rows need beside their packets.
struct Shared {
    utc: RefCell<Utc>,
    processes: Option<Box<dyn Processes>>,
}

impl<'a> Packets<'a> {
    /// These columns to `out`.
    pub fn new(columns: Vec<Column>, layout: Layout, out: &'a mut dyn Write) -> Self {
        let shared = Shared { utc: RefCell::default(), processes: None };
        Self { out, columns, layout, shared, line: Vec::with_capacity(1024), begun: false }
    }

    /// The same, telling whose the ends of connections are.
    #[must_use]
    pub fn with_processes(mut self, processes: Option<Box<dyn Processes>>) -> Self {
        self.shared.processes = processes;
        self
    }

    fn begin(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        self.line.clear();
        if self.layout.bom {
            self.line.text("\u{feff}");
        }
        if self.layout.header {
            for (at, column) in self.columns.iter().enumerate() {
                if at > 0 {
                    self.line.push(self.layout.separator);
                }
                self.line.text(column.name);
            }
            self.line.push(b'\n');
        }
        self.out.write_all(&self.line)
    }
}

impl Shared {
    /// Has `write` write the row of `packet`.
    fn row(
        &mut self,
        packet: &Packet<'_>,
        told: Option<(&Observation, &Conn)>,
        write: impl FnOnce(&Row<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let Owners { ends, .. } = match (&mut self.processes, told) {
            (Some(processes), Some((seen, conn))) => processes.of(packet, seen, conn),
            _ => Owners::default(),
        };
        write(&Row { packet, told, owners: ends, utc: &self.utc })
    }

    fn forget(&mut self, conn: &Conn) {
        if let Some(processes) = &mut self.processes {
            processes.forget(conn);
        }
    }
}

impl Sink for Packets<'_> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        self.begin()?;
        let Self { out, columns, layout, shared, line, .. } = self;
        line.clear();
        shared.row(packet, told, |row| {
            for (at, column) in columns.iter().enumerate() {
                if at > 0 {
                    line.push(layout.separator);
                }
                let start = line.len();
                (column.read)(row, &mut Cell::begin(line, layout.aggregator));
                match layout.form {
                    Form::Tabs => quote::tsv(line, start),
                    Form::Plain | Form::Quoted => quote::csv(line, start, *layout),
                }
            }
            line.push(b'\n');
            out.write_all(line)
        })
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.shared.forget(conn);
        Ok(())
    }

    fn idle(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self, _summary: &Summary) -> io::Result<()> {
        self.begin()
    }
}

/// Writes a Parquet file with a row per packet.
#[cfg(feature = "parquet")]
pub struct PacketParquet<'a> {
    out: &'a mut dyn Write,
    file: super::Parquet,
    columns: Vec<Column>,
    shared: Shared,
    line: Vec<u8>,
}

#[cfg(feature = "parquet")]
impl<'a> PacketParquet<'a> {
    /// These columns to `out`, each once.
    pub fn new(columns: &[Column], out: &'a mut dyn Write) -> Self {
        let first = |(at, column): &(usize, &Column)| !columns.iter().take(*at).any(|other| other.name == column.name);
        let columns: Vec<Column> = columns.iter().enumerate().filter(first).map(|(_, column)| *column).collect();
        let file = super::Parquet::new("packet", columns.iter().map(|column| (column.name.to_owned(), column.kind)));
        Self { out, file, columns, shared: Shared { utc: RefCell::default(), processes: None }, line: Vec::new() }
    }

    /// The same, telling whose the ends of connections are.
    #[must_use]
    pub fn with_processes(mut self, processes: Option<Box<dyn Processes>>) -> Self {
        self.shared.processes = processes;
        self
    }
}

#[cfg(feature = "parquet")]
impl Sink for PacketParquet<'_> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        let Self { out, file, columns, shared, line } = self;
        line.clear();
        shared.row(packet, told, |row| {
            for (at, column) in columns.iter().enumerate() {
                super::Parquet::cell(line, at == 0, |cell| (column.read)(row, cell));
            }
            file.row(line, out)
        })
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.shared.forget(conn);
        Ok(())
    }

    fn finish(&mut self, _summary: &Summary) -> io::Result<()> {
        self.file.finish(self.out)
    }
}
