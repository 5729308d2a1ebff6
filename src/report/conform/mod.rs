//! The honest comparison: what other tools said of the same packets, and what synfin says.
//!
//! The others' answers are tables, recorded once (or made on the spot by [`tshark`]). Every field
//! is judged the same way: equal, or different by a [`Rule`] that has a name and a reason, or
//! different and nobody knows why, which is a fault until it is understood.

mod analysis;
mod apps;
mod conns;
mod dns;
mod fields;
mod flows;
mod packets;
mod print;
mod rules;
mod streams;
mod suricata;
mod table;
mod tally;
pub mod tshark;
mod zeek;

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::capture::file::{self, Capture, Options};
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
    flows: Vec<(flows::Layout, Table)>,
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
        let mut flows = Vec::new();
        for (layout, name) in [
            (flows::ARKIME, "arkime-session/sessions.tsv"),
            (flows::NDPI, "ndpi-flow/flows.tsv"),
            (flows::SURICATA, "suricata-flow/flows.tsv"),
        ] {
            flows.extend(Table::read(&folder.join(name))?.map(|table| (layout, table)));
        }
        Ok(Self { folder: folder.to_owned(), captures, zeek_tests, flows })
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
        Ok(Recorded {
            packets,
            streams,
            checksums: answer("checksums.tsv.gz")?,
            zeek: answer("zeek-conn.tsv")?,
            tcptrace: answer("tcptrace.csv")?.map(Table::of_commas),
            apps: answer("apps.tsv.gz")?,
        })
    }
}

/// What other tools said of one capture.
#[derive(Debug, Default)]
struct Recorded {
    packets: Table,
    streams: Option<Table>,
    checksums: Option<Table>,
    zeek: Option<Table>,
    tcptrace: Option<Table>,
    apps: Option<Table>,
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
        let Self { packets, streams, checksums, zeek, tcptrace, apps } = self;
        let mut source = match Capture::open(path, Options::default()) {
            Ok(source) => source,
            // Snoop, ERF and the like.
            Err(SourceError::NotACapture { what, .. }) => {
                tally.judge((Peer::Tshark, "files"), false, || {
                    let said = Difference { place: name.to_owned(), theirs: "reads it".to_owned(), ours: what };
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
            analysis: analysis::Analysis::new(packets),
            cap_len: packets.column("frame.cap_len"),
            streams: streams::Streams::new(packets),
            sums: flows::Sums::default(),
            heard: apps::Heard::default(),
            conns: Conns::new(snap_len(path)),
            rows: only(&is_packet, packets),
            checksums: checksums.as_ref().map(|table| only(&is_packet, table)),
            tally,
        };
        pump(&mut source, Checksums::Verify, &mut tracker, &mut beside)?;
        let Beside { streams: seen, conns, sums, heard, tally, .. } = beside;
        seen.compare(name, streams.as_ref(), &tracker, tally);
        if let Some(table) = &all.zeek_tests {
            zeek::compare(Peer::ZeekTests, name, table, &conns, tally);
        }
        if let Some(table) = zeek {
            zeek::compare(Peer::Zeek, name, table, &conns, tally);
        }
        for (layout, table) in &all.flows {
            flows::compare(layout, name, table, &sums, tally);
            if layout.peer == Peer::Ndpi {
                heard.compare_names(name, table, tally);
            }
            if layout.peer == Peer::Suricata {
                suricata::compare(name, table, &conns, tally);
            }
        }
        if let Some(table) = apps {
            heard.compare(name, table, tally);
        }
        if let Some(table) = tcptrace {
            flows::compare(&flows::TCPTRACE, name, table, &sums, tally);
        }
        Ok(())
    }
}

/// The snap length in the header of a pcap file.
fn snap_len(path: &Path) -> u32 {
    let mut header = [0; 20];
    let read = file::unpacked(path).and_then(|mut input| input.read_exact(&mut header));
    let [.., a, b, c, d] = header;
    match (read, header) {
        (Ok(()), [0xd4, 0xc3, 0xb2, 0xa1, ..] | [0x4d, 0x3c, 0xb2, 0xa1, ..]) => u32::from_le_bytes([a, b, c, d]),
        (Ok(()), [0xa1, 0xb2, 0xc3, 0xd4, ..] | [0xa1, 0xb2, 0x3c, 0x4d, ..]) => u32::from_be_bytes([a, b, c, d]),
        _ => u32::MAX,
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
    analysis: analysis::Analysis,
    cap_len: table::Column,
    streams: streams::Streams,
    conns: Conns,
    sums: flows::Sums,
    heard: apps::Heard,
    rows: Rows<'a>,
    checksums: Option<Rows<'a>>,
    tally: &'a mut Tally,
}

impl Sink for Beside<'_> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        self.sums.packet(packet);
        self.heard.packet(packet, told)?;
        self.conns.packet(packet, told.map(|(told, _)| told));
        let row = self.rows.next();
        let checksums = self.checksums.as_mut().and_then(Iterator::next);
        self.tally.judge((Peer::Tshark, "frames"), row.is_some(), || {
            let place = format!("{} frame {}", self.name, packet.n);
            (Difference { place, theirs: "ends".to_owned(), ours: "goes on".to_owned() }, None)
        });
        let Some(row) = row else { return Ok(()) };
        self.fields.compare(self.name, packet, &row, checksums.as_ref(), self.tally);
        if let Some((seen, conn)) = told {
            self.analysis.packet(self.name, packet, (seen, conn), self.conns.of(conn), &row, self.tally);
        }
        self.streams.packet(packet, told.map(|(told, _)| told), &row);
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.conns.ended(conn);
        self.heard.ended(conn)
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
