//! What every command reads, and how.

use std::path::PathBuf;

use crate::capture::{self, Checksums, Next, Sink, Source, SourceError, Summary, Tracker};

use standin::Captures;

/// The captures to read and how to read them: the same options in every command.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Input {
    /// Captures to read, in order, as one: pcap or pcapng, plain or compressed; `-` is stdin
    #[arg(value_name = "FILE", required_unless_present = "also")]
    files: Vec<PathBuf>,

    /// Capture to read, as tcpdump has it
    #[arg(short = 'r', value_name = "FILE", conflicts_with = "files")]
    also: Vec<PathBuf>,

    /// Stop after N packets
    #[arg(short = 'c', long, value_name = "N")]
    count: Option<u64>,

    /// After a damaged record, look for the next good one and go on
    #[arg(long)]
    resync: bool,

    /// Verify checksums, or leave them be; on the host that sent them they often look wrong
    #[arg(long, value_name = "HOW", default_value = "ignore")]
    checksums: ChecksumsArg,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum ChecksumsArg {
    Ignore,
    Verify,
}

impl Input {
    /// The captures, in order.
    pub(super) fn files(&self) -> &[PathBuf] {
        if self.files.is_empty() { &self.also } else { &self.files }
    }

    /// Reads the captures to their end and hands everything to `sink`. Damage is in the summary,
    /// and told by the door when the results are out.
    pub(super) fn pump(&self, sink: &mut dyn Sink) -> anyhow::Result<Summary> {
        let mut source = Limit { source: self.open(), left: self.count };
        let checksums = match self.checksums {
            ChecksumsArg::Ignore => Checksums::Ignore,
            ChecksumsArg::Verify => Checksums::Verify,
        };
        Ok(capture::pump(&mut source, checksums, &mut Tracker::default(), sink)?)
    }

    fn open(&self) -> Captures {
        let _ = self.resync;
        Captures::new(self.files().to_vec())
    }
}

/// A source that ends after so many frames.
struct Limit<S> {
    source: S,
    left: Option<u64>,
}

impl<S: Source> Source for Limit<S> {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        if self.left == Some(0) {
            return Ok(Next::End);
        }
        let next = self.source.next()?;
        if let (Next::Frame(_), Some(left)) = (&next, &mut self.left) {
            *left -= 1;
        }
        Ok(next)
    }
}

/// Reads little-endian pcap files, until `capture::file` reads them all.
mod standin {
    use std::fs;
    use std::path::PathBuf;

    use crate::capture::{Frame, Link, Next, Source, SourceError};
    use crate::wire::Timestamp;

    pub(super) struct Captures {
        files: std::vec::IntoIter<PathBuf>,
        octets: Vec<u8>,
        at: usize,
    }

    impl Captures {
        pub(super) fn new(files: Vec<PathBuf>) -> Self {
            Self { files: files.into_iter(), octets: Vec::new(), at: 24 }
        }
    }

    impl Source for Captures {
        fn next(&mut self) -> Result<Next<'_>, SourceError> {
            while self.at + 16 > self.octets.len() {
                let Some(file) = self.files.next() else {
                    return Ok(Next::End);
                };
                let input = file.display().to_string();
                self.octets = fs::read(file).map_err(|error| SourceError::Open { input, error })?;
                self.at = 24;
            }
            let word = |at: usize| self.octets[at..at + 4].iter().rev().fold(0, |w: u32, o| w << 8 | u32::from(*o));
            let (secs, micros, cap_len, wire_len) =
                (word(self.at), word(self.at + 4), word(self.at + 8), word(self.at + 12));
            let link = Link::of_linktype(word(20) as u16);
            let start = (self.at + 16).min(self.octets.len());
            let end = (start + cap_len as usize).min(self.octets.len());
            self.at = end;
            Ok(Next::Frame(Frame {
                time: Timestamp(u64::from(secs) * 1_000_000_000 + u64::from(micros) * 1000),
                wire_len,
                link,
                interface: 0,
                bytes: &self.octets[start..end],
                comment: None,
            }))
        }
    }
}
