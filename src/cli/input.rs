//! What every command reads, and how.

use std::io::{self, IsTerminal, Write as _};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::error::ErrorKind;

use super::following::Following;
use super::progress::Watched;
use crate::capture::file::{Captures, Options};
use crate::capture::track::Timers;
use crate::capture::{self, Next, PumpError, Sink, Source, SourceError, Summary};
use crate::report::line::describe_link;

/// The captures to read and how to read them: the same options in every command.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Input {
    /// Captures to read, in order, as one: pcap or pcapng, plain or compressed; `-` is stdin
    #[arg(value_name = "FILE", required_unless_present = "also", help_heading = None)]
    files: Vec<PathBuf>,

    /// Capture to read, for hands that know tcpdump
    #[arg(short = 'r', value_name = "FILE", help_heading = "Input")]
    also: Vec<PathBuf>,

    /// Stop after N packets
    #[arg(short = 'c', long, value_name = "N", help_heading = "Input")]
    count: Option<u64>,

    /// After a damaged record, look for the next good one and go on
    #[arg(long, help_heading = "Input")]
    resync: bool,

    /// Give up connections after a silence too long for their state, as a live capture has to
    #[arg(long, help_heading = "Input")]
    timers: bool,

    #[command(flatten)]
    following: Following,
}

/// What stderr is told of the reading.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Talk {
    /// What is read, and its link type, as tcpdump says it.
    pub banner: bool,
    /// What the marks behind states and facts mean.
    pub legend: bool,
    /// A bar, where it takes long.
    pub progress: bool,
}

impl Input {
    /// Reads the captures to their end and hands everything to `sink`. Damage is in the summary,
    /// and told by the door when the results are out.
    pub(super) fn pump(&self, sink: &mut dyn Sink) -> anyhow::Result<Summary> {
        self.pump_and_tell(Talk { banner: false, legend: false, progress: true }, sink)
    }

    /// The same, telling of it what `talk` says.
    pub(super) fn pump_and_tell(&self, talk: Talk, sink: &mut dyn Sink) -> anyhow::Result<Summary> {
        let files = self.files()?;
        if files.iter().any(|file| is_stdin(file)) && io::stdin().is_terminal() {
            return Err(anyhow!("standard input is a terminal: pipe a capture into it, or name a file"));
        }
        let captures = Captures::open(files, Options { resync: self.resync }).map_err(advise)?;
        let watched = Watched::new(captures, talk.progress);
        let mut source = Limited {
            source: watched,
            left: self.count,
            banner: talk.banner.then(|| name(files)),
            legend: talk.legend,
        };
        let timers = self.timers.then(Timers::default);
        let mut tracker = self.following.tracker(timers);
        capture::pump(&mut source, self.following.reading(), &mut tracker, sink).map_err(|error| match error {
            PumpError::Source(error) => advise(error),
            PumpError::Sink(_) => error.into(),
        })
    }

    /// Whether something is read from standard input.
    pub(super) fn reads_stdin(&self) -> bool {
        self.files.iter().chain(&self.also).any(|file| is_stdin(file))
    }

    /// The captures, in order.
    fn files(&self) -> Result<&[PathBuf], clap::Error> {
        match (&*self.files, &*self.also) {
            ([], also) => Ok(also),
            (files, []) => Ok(files),
            ([first, ..], _) => Err(super::usage(
                ErrorKind::ArgumentConflict,
                format!(
                    "'{}' after '-r FILE' would be a filter expression, and synfin does not read those; to read \
                     several captures, leave out the '-r'",
                    first.display()
                ),
            )),
        }
    }
}

fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

fn name(files: &[PathBuf]) -> String {
    let names: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
    format!("{} {}", if names.len() == 1 { "file" } else { "files" }, names.join(", "))
}

/// An input error, and what can be done about it.
fn advise(error: SourceError) -> anyhow::Error {
    let kind = match &error {
        SourceError::Open { error, .. } => Some(error.kind()),
        SourceError::Read { .. }
        | SourceError::Gone { .. }
        | SourceError::Filter(_)
        | SourceError::Keep(_)
        | SourceError::NotACapture { .. } => None,
    };
    let advice = match kind {
        Some(io::ErrorKind::NotFound) => "is the path right? `-` reads standard input",
        Some(io::ErrorKind::PermissionDenied) => "ask its owner for the right to read it, or try sudo",
        Some(io::ErrorKind::IsADirectory) => "name the captures in it",
        _ => return error.into(),
    };
    anyhow!("{error}; {advice}")
}

/// A source that ends after so many frames, and says what it reads when the first one comes.
struct Limited<S> {
    source: S,
    left: Option<u64>,
    banner: Option<String>,
    legend: bool,
}

impl<S: Source> Source for Limited<S> {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        if self.left == Some(0) {
            return Ok(Next::End);
        }
        let next = self.source.next()?;
        if let (Next::End, Some(files)) = (&next, &self.banner) {
            let _ = writeln!(io::stderr(), "reading from {files}: it holds no packets");
        }
        if let Next::Frame(frame) = &next {
            if let Some(left) = &mut self.left {
                *left -= 1;
            }
            if let Some(files) = self.banner.take() {
                // With a closed stderr there is nobody left to tell.
                let _ = writeln!(io::stderr(), "reading from {files}, link-type {}", describe_link(frame.link));
                if self.legend {
                    let _ = writeln!(io::stderr(), "marks: ! proven   ? expected, if the packet arrives   ~ assumed");
                }
            }
        }
        Ok(next)
    }
}
