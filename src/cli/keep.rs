//! Writing what is read to a capture, with what it meant or without.

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::error::ErrorKind;

use super::input::{Begun, Input, Talk};
use super::usage;
use crate::capture::file::{CaptureWriter, Format, Rewriter};
use crate::capture::{Conn, Link, Observation, Packet, Sink, SourceError, Summary};
use crate::report::both::Both;
use crate::report::comment::{Comments, Kept, MARK};

/// Where to write the packets that are read.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Files")]
pub(super) struct Keep {
    /// Write the packets to a file, and list none of them (but see --print); `-` is stdout
    ///
    /// A pcapng, in which everything stands as it was read, what synfin does not know included; a
    /// pcap where the name ends in `.pcap`.
    #[arg(short = 'w', value_name = "FILE")]
    write: Option<PathBuf>,

    /// Write beside each packet what it meant, as a comment that Wireshark shows
    #[arg(long, requires = "write")]
    annotate: bool,

    /// List the packets although they are written
    #[arg(long = "print", requires = "write")]
    list: bool,
}

impl Keep {
    /// Whether packets are listed.
    pub(super) fn lists(&self) -> bool {
        self.write.is_none() || self.list
    }

    /// Reads all of `input`, writes what is to be written and hands everything to `sink`.
    pub(super) fn pump(&self, input: &Input, talk: Talk, sink: &mut dyn Sink) -> anyhow::Result<Summary> {
        let Some(path) = self.write.as_deref() else { return input.pump_and_tell(talk, sink) };
        if self.list && path == Path::new("-") {
            let message = "'-w -' and '--print' are two outputs on stdout: name a file";
            return Err(usage(ErrorKind::ArgumentConflict, message).into());
        }
        if self.annotate {
            return annotate(input, path, talk, sink);
        }
        if is_pcap(path) {
            write_pcap(input, path, talk, sink)
        } else {
            rewrite(input, path, Beside::Nothing, talk, sink)
        }
    }
}

/// Reads all of `input` and writes it to a pcapng at `path`, with what each packet meant beside it.
pub(super) fn annotate(input: &Input, path: &Path, talk: Talk, sink: &mut dyn Sink) -> anyhow::Result<Summary> {
    refuse_pcap(path)?;
    rewrite(input, path, Beside::Comments, talk, sink)
}

/// Says why a pcap can't have comments, where one is asked for.
pub(super) fn refuse_pcap(path: &Path) -> anyhow::Result<()> {
    if !is_pcap(path) {
        return Ok(());
    }
    let (path, other) = (path.display(), path.with_extension("pcapng"));
    let message = format!(
        "a pcap has no room for comments beside its packets, so {path} can't be annotated; a pcapng has, and Wireshark \
         and tcpdump read it as well: {}",
        other.display()
    );
    Err(usage(ErrorKind::InvalidValue, message).into())
}

/// A sink that lets everything go by.
pub(super) struct Nothing;

impl Sink for Nothing {}

/// What is written beside each packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Beside {
    Nothing,
    Comments,
}

fn rewrite(input: &Input, path: &Path, beside: Beside, talk: Talk, sink: &mut dyn Sink) -> anyhow::Result<Summary> {
    let Begun { captures, filter } = input.begin()?;
    let output = create(input, path)?;
    let progress = captures.progress();
    let mut rewriter = Rewriter::new(captures, output, MARK.as_bytes());
    let margin = rewriter.margin();
    let mut writes: Box<dyn Sink> = match beside {
        Beside::Nothing => Box::new(Kept::new(margin)),
        Beside::Comments => Box::new(Comments::new(margin)),
    };
    let outcome = input.pump_from(&mut rewriter, progress, filter, talk, &mut Both::new(&mut *writes, sink));
    let outcome = outcome.map_err(|error| match error.downcast() {
        Ok(SourceError::Keep(error)) => anyhow::Error::from(error).context(cannot_write(path)),
        Ok(other) => other.into(),
        Err(error) => error,
    });
    let written = rewriter.finish().map(drop).with_context(|| cannot_write(path));
    // What made the reading end is told first: it may be that nothing more could be written.
    let summary = outcome?;
    written?;
    Ok(summary)
}

fn write_pcap(input: &Input, path: &Path, talk: Talk, sink: &mut dyn Sink) -> anyhow::Result<Summary> {
    let Begun { captures, filter } = input.begin()?;
    let output = create(input, path)?;
    let progress = captures.progress();
    let mut pcap = Pcap { output: Some(output), writer: None };
    let summary = input.pump_from(captures, progress, filter, talk, &mut Both::new(&mut pcap, sink));
    let written = pcap.end(Link::Ethernet).with_context(|| cannot_write(path));
    let summary = summary?;
    written?;
    Ok(summary)
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

/// Writes packets to a pcap, whose link type is that of the first.
struct Pcap {
    output: Option<Box<dyn Write>>,
    writer: Option<CaptureWriter<Box<dyn Write>>>,
}

impl Pcap {
    fn begin(&mut self, link: Link) -> io::Result<()> {
        if let Some(output) = self.output.take() {
            self.writer = Some(CaptureWriter::new(output, Format::PcapNanoseconds, link)?);
        }
        Ok(())
    }

    /// Ends the file; `link` is for one without packets.
    fn end(&mut self, link: Link) -> io::Result<()> {
        self.begin(link)?;
        self.writer.as_mut().map_or(Ok(()), CaptureWriter::flush)
    }
}

impl Sink for Pcap {
    fn packet(&mut self, packet: &Packet<'_>, _: Option<(&Observation, &Conn)>) -> io::Result<()> {
        self.begin(packet.frame.link)?;
        self.writer.as_mut().map_or(Ok(()), |writer| writer.write(&packet.frame))
    }
}

fn is_pcap(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pcap"))
}

/// Begins the file to write, unless it is one of those that are read.
fn create(input: &Input, path: &Path) -> anyhow::Result<Box<dyn Write>> {
    if path == Path::new("-") {
        if io::stdout().is_terminal() {
            return Err(anyhow!("standard output is a terminal: send it to a file or a pipe, or name a file"));
        }
        return Ok(Box::new(io::stdout()));
    }
    if input.files().iter().any(|read| are_one(read, path)) {
        return Err(anyhow!("{} is being read and can't be written at once; name another file", path.display()));
    }
    let file = File::create(path).with_context(|| cannot_write(path))?;
    Ok(Box::new(file))
}

/// Whether two names lead to one file.
#[cfg(unix)]
fn are_one(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let identity = |path: &Path| fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|at| (at.dev(), at.ino()));
    identity(one).is_some() && identity(one) == identity(other)
}

/// Whether two names lead to one file.
#[cfg(not(unix))]
fn are_one(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).is_ok_and(|one| fs::canonicalize(other).is_ok_and(|other| one == other))
}
