use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use anyhow::Context as _;

use crate::capture::file::{CaptureWriter, Format};
use crate::capture::{Conn, Link, Observation, Packet, Sink};
use crate::report::comment;

/// Writes the live segments to a file, in a pcapng with what each meant beside it.
pub(super) struct Kept {
    writer: CaptureWriter<BufWriter<File>>,
    annotates: bool,
    note: Vec<u8>,
}

impl Kept {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let annotates = path.extension().is_none_or(|extension| extension != "pcap");
        let format = if annotates { Format::Pcapng } else { Format::PcapNanoseconds };
        let failed = || format!("cannot write {}", path.display());
        let file = File::create(path).with_context(failed)?;
        let writer = CaptureWriter::new(BufWriter::new(file), format, Link::Raw).with_context(failed)?;
        Ok(Self { writer, annotates, note: Vec::new() })
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        self.writer.finish().map(drop).context("cannot write the live segments")
    }
}

impl Sink for Kept {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        if !self.annotates {
            return self.writer.write(&packet.frame);
        }
        self.note.clear();
        comment::write(&mut self.note, packet, told);
        self.writer.write_noted(&packet.frame, Some(&self.note))
    }
}
