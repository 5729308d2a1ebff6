//! The honest comparison: what other tools said of the same packets, and what synfin says.
//!
//! The others' answers are tables, recorded once (or made on the spot by [`tshark`]). Every field
//! is judged the same way: equal, or different by a [`Rule`] that has a name and a reason, or
//! different and nobody knows why, which is a fault until it is understood.

mod conns;
mod fields;
mod packets;
mod print;
mod rules;
mod streams;
mod table;
mod tally;
pub mod tshark;
mod zeek;

use std::io;
use std::path::{Path, PathBuf};

use crate::capture::file::{Capture, Options};
use crate::capture::{Checksums, Conn, Observation, Packet, PumpError, Sink, SourceError, Summary, Tracker, pump};
use conns::Conns;
use packets::Packets;
use table::{Row, Table};

pub use tally::{Difference, Line, Peer, Rule, Tally};

/// Why a comparison could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The capture cannot be read.
    #[error(transparent)]
    Capture(#[from] SourceError),
    /// The other tool's answers cannot be read, or made.
    #[error("{0}")]
    Answers(#[from] io::Error),
}

impl From<PumpError> for CompareError {
    fn from(error: PumpError) -> Self {
        match error {
            PumpError::Source(error) => Self::Capture(error),
            PumpError::Sink(error) => Self::Answers(error),
        }
    }
}

/// A folder of captures and of what other tools said of them.
#[derive(Debug, Default)]
pub struct Answers {
    folder: PathBuf,
    captures: Vec<String>,
    zeek_tests: Option<Table>,
}

impl Answers {
    /// Finds the captures of `folder` for which it holds answers.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let oracle = folder.join("oracle");
        let mut captures = Vec::new();
        for source in std::fs::read_dir(&oracle)? {
            let source = source?.path();
            if !source.is_dir() {
                continue;
            }
            for answer in std::fs::read_dir(&source)? {
                let answer = answer?.path();
                if let Some(name) = answer.strip_prefix(&oracle).ok().and_then(Path::to_str)
                    && let Some(name) = name.strip_suffix(".packets.tsv.gz")
                    && !name.ends_with(".nodefrag")
                {
                    captures.push(name.to_owned());
                }
            }
        }
        captures.sort();
        let zeek_tests = Table::read(&folder.join("zeek-conn/conn.tsv"))?;
        Ok(Self { folder: folder.to_owned(), captures, zeek_tests })
    }

    /// The captures, by their path below the folder.
    pub fn captures(&self) -> &[String] {
        &self.captures
    }

    /// Compares one of the captures with everything that is known of it.
    ///
    /// # Errors
    ///
    /// When the capture or an answer cannot be read.
    pub fn compare(&self, capture: &str, tally: &mut Tally) -> Result<(), CompareError> {
        self.recorded(capture)?.compare(&self.folder.join(capture), capture, self, tally)
    }

    fn recorded(&self, capture: &str) -> io::Result<Recorded> {
        let answer = |ending: &str| Table::read(&self.folder.join("oracle").join(format!("{capture}.{ending}")));
        let packets = answer("packets.tsv.gz")?.unwrap_or_default();
        let streams = answer("streams.tsv")?;
        Ok(Recorded { packets, streams, checksums: answer("checksums.tsv.gz")?, zeek: answer("zeek-conn.tsv")? })
    }
}

/// What other tools said of one capture.
#[derive(Debug, Default)]
struct Recorded {
    packets: Table,
    streams: Option<Table>,
    checksums: Option<Table>,
    zeek: Option<Table>,
}

impl Recorded {
    fn compare(&self, path: &Path, name: &str, all: &Answers, tally: &mut Tally) -> Result<(), CompareError> {
        let mut own = Tally::new(tally.keep);
        self.compare_all(path, name, all, &mut own)?;
        // Readers that take the octets of a file for other records agree on nothing after that.
        let verdict = own.needed(&rules::FILE_VARIANT).then_some(&rules::FILE_VARIANT);
        tally.add(own, verdict);
        Ok(())
    }

    fn compare_all(&self, path: &Path, name: &str, all: &Answers, tally: &mut Tally) -> Result<(), CompareError> {
        let Self { packets, streams, checksums, zeek } = self;
        let mut source = match Capture::open(path, Options::default()) {
            Ok(source) => source,
            // Snoop, ERF and the like.
            Err(error @ SourceError::NotACapture { .. }) => {
                tally.judge((Peer::Tshark, "files"), false, || {
                    let said =
                        Difference { place: name.to_owned(), theirs: "reads it".to_owned(), ours: error.to_string() };
                    (said, Some(&rules::FILE_FORMAT))
                });
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        tally.agree((Peer::Tshark, "files"));
        let mut tracker = Tracker::default();
        // What is no packet of an interface, like a custom block, has a row but no encapsulation.
        let encapsulation = packets.column("frame.encap_type");
        let is_packet: Vec<bool> = packets.rows().map(|row| !row.get(encapsulation).is_empty()).collect();
        let mut beside = Beside {
            name,
            fields: Packets::new(packets, checksums.as_ref()),
            cap_len: packets.column("frame.cap_len"),
            streams: streams::Streams::new(packets),
            conns: Conns::default(),
            rows: only(&is_packet, packets),
            checksums: checksums.as_ref().map(|table| only(&is_packet, table)),
            tally,
        };
        pump(&mut source, Checksums::Verify, &mut tracker, &mut beside)?;
        let Beside { streams: seen, conns, tally, .. } = beside;
        seen.compare(name, streams.as_ref(), &tracker, tally);
        if let Some(table) = &all.zeek_tests {
            zeek::compare(Peer::ZeekTests, name, table, &conns, tally);
        }
        if let Some(table) = zeek {
            zeek::compare(Peer::Zeek, name, table, &conns, tally);
        }
        Ok(())
    }
}

/// The rows of `table` that stand beside a packet.
fn only<'a>(is_packet: &'a [bool], table: &'a Table) -> Rows<'a> {
    Box::new(table.rows().zip(is_packet).filter(|(_, is_packet)| **is_packet).map(|(row, _)| row))
}

type Rows<'a> = Box<dyn Iterator<Item = Row<'a>> + 'a>;

/// Reads the answers beside the capture, packet by packet.
struct Beside<'a> {
    name: &'a str,
    fields: Packets,
    cap_len: table::Column,
    streams: streams::Streams,
    conns: Conns,
    rows: Rows<'a>,
    checksums: Option<Rows<'a>>,
    tally: &'a mut Tally,
}

impl Sink for Beside<'_> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        self.conns.packet(packet, told.map(|(told, _)| told));
        let row = self.rows.next();
        let checksums = self.checksums.as_mut().and_then(Iterator::next);
        self.tally.judge((Peer::Tshark, "frames"), row.is_some(), || {
            let place = format!("{} frame {}", self.name, packet.n);
            (Difference { place, theirs: "ends".to_owned(), ours: "goes on".to_owned() }, None)
        });
        let Some(row) = row else { return Ok(()) };
        self.fields.compare(self.name, packet, &row, checksums.as_ref(), self.tally);
        self.streams.packet(packet, told.map(|(told, _)| told), &row);
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.conns.ended(conn);
        Ok(())
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        for row in self.rows.by_ref() {
            self.tally.judge((Peer::Tshark, "frames"), false, || {
                let place = format!("{} after frame {}", self.name, summary.frames);
                let rule = (!summary.damage.is_empty() && row.get(self.cap_len) == "0").then_some(&rules::ZEROS);
                (Difference { place, theirs: "goes on".to_owned(), ours: "ends".to_owned() }, rule)
            });
        }
        Ok(())
    }
}
