//! What every command reads, and how.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, IsTerminal, Write as _};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use anyhow::anyhow;
#[cfg(all(feature = "live", target_os = "linux"))]
use clap::error::ErrorKind;

use super::choose::Choose;
use super::following::Following;
use super::output::Output;
use super::progress::watched;
use super::say::{say, shown};
#[cfg(unix)]
use super::signals::Signals;
use crate::capture::file::{Captures, Options, Progress};
use crate::capture::filter::{Filter, Filtered};
use crate::capture::track::Timers;
use crate::capture::{self, Frame, Lent, Link, Next, PumpError, Sink, Source, SourceError, Summary};
use crate::report::line::describe_link;
use crate::report::paint::Paint;

/// The captures to read and how to read them: the same options in every command.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Input {
    /// Captures to read, in order, as one (pcap or pcapng, plain or compressed; `-` is stdin); then,
    /// if not all packets are wanted, a filter in the language of tcpdump
    ///
    /// The first word that names no file begins the filter; after -r FILE all words are filter. It
    /// chooses packets before connections are followed: what it leaves out was never seen. Fragments
    /// are chosen one by one, before they are put together.
    #[arg(value_name = "FILE|FILTER", required_unless_present_any = ["also", "print"], help_heading = None)]
    words: Vec<OsString>,

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

    #[command(flatten)]
    choose: Choose,
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

/// Captures about to be read, and what is to be chosen of them.
pub(super) struct Begun {
    pub(super) captures: Captures,
    pub(super) filter: Option<Filter>,
}

impl Input {
    /// Reads the captures to their end and hands everything to `sink`. Damage is in the summary,
    /// and told by the door when the results are out.
    pub(super) fn pump(&self, sink: &mut dyn Sink) -> anyhow::Result<Summary> {
        self.pump_and_tell(Talk { banner: false, legend: false, progress: true }, sink)
    }

    /// The same, telling of it what `talk` says.
    pub(super) fn pump_and_tell(&self, talk: Talk, sink: &mut dyn Sink) -> anyhow::Result<Summary> {
        let Begun { captures, filter } = self.begin()?;
        let progress = captures.progress();
        self.pump_from(captures, progress, filter, talk, sink)
    }

    /// Understands the filter and opens the captures.
    pub(super) fn begin(&self) -> anyhow::Result<Begun> {
        let (files, words) = self.parts();
        let filter = self.choose.filter(words)?;
        if files.iter().any(|file| is_stdin(file)) && io::stdin().is_terminal() {
            return Err(anyhow!("standard input is a terminal: pipe a capture into it, or name a file"));
        }
        let captures =
            Captures::open(&files, Options { resync: self.resync }).map_err(|error| self.without_a_file(error))?;
        Ok(Begun { captures, filter })
    }

    /// Reads what was begun to its end, from whatever carries it.
    pub(super) fn pump_from<S: Source>(
        &self,
        carrier: S,
        progress: Progress,
        filter: Option<Filter>,
        talk: Talk,
        sink: &mut dyn Sink,
    ) -> anyhow::Result<Summary> {
        // What is not asked for stands in no packet's way.
        let stop = progress.stop();
        let mut source: Box<dyn Source + '_> = watched(carrier, progress, talk.progress);
        if talk.banner {
            source = Box::new(Announced { source, banner: Some(name(&self.files())), legend: talk.legend });
        }
        if let Some(filter) = filter {
            source = Box::new(Filtered::new(source, filter));
        }
        if let Some(left) = self.count {
            source = Box::new(Limited { source, left });
        }
        #[cfg(unix)]
        let signals = Signals::taken_for_reading(stop)?;
        let timers = self.timers.then(Timers::default);
        let mut tracker = self.following.tracker(timers);
        let outcome = capture::pump(&mut *source, self.following.reading(), &mut tracker, sink);
        #[cfg(unix)]
        signals.note();
        outcome.map_err(|error| match error {
            PumpError::Source(error) => advise(error),
            PumpError::Sink(_) => error.into(),
        })
    }

    /// How connections are followed.
    pub(super) fn following(&self) -> &Following {
        &self.following
    }

    /// The captures that are read, as they were named.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.parts().0
    }

    /// What of these options counts for an interface: all words are filter then.
    #[cfg(all(feature = "live", target_os = "linux"))]
    pub(super) fn of_interface(&self) -> anyhow::Result<(&Following, Option<u64>, Option<Filter>)> {
        if let Some(file) = self.also.first() {
            let message = format!("'-r {}' and '-i' are two inputs; one of them is enough", file.display());
            return Err(super::usage(ErrorKind::ArgumentConflict, message).into());
        }
        Ok((&self.following, self.count, self.choose.filter(&self.words)?))
    }

    /// What the captures are called.
    pub(super) fn names(&self) -> Vec<String> {
        self.parts().0.iter().map(|file| file.display().to_string()).collect()
    }

    /// Whether something is read from standard input.
    pub(super) fn reads_stdin(&self) -> bool {
        self.parts().0.iter().any(|file| is_stdin(file))
    }

    /// Prints the filter's program, if that was asked for: for the link type of the first packet, or
    /// for Ethernet where there is no capture.
    pub(super) fn prints_filter(&self, out: &mut Output) -> anyhow::Result<bool> {
        if !self.choose.prints() {
            return Ok(false);
        }
        let (files, words) = self.parts();
        let filter = self.choose.filter(words)?;
        let mut link = Link::Ethernet;
        if !files.is_empty() {
            let mut captures = Captures::open(&files, Options { resync: self.resync }).map_err(advise)?;
            if let Next::Frame(frame) = captures.next().map_err(advise)? {
                link = frame.link;
            }
        }
        self.choose.print(filter.as_ref(), link, out)?;
        Ok(true)
    }

    /// An input error; where a filter stands in the place of the captures, that.
    fn without_a_file(&self, error: SourceError) -> anyhow::Error {
        let words = self.words.join(OsStr::new(" "));
        match error {
            SourceError::Open { error, .. }
                if error.kind() == io::ErrorKind::NotFound
                    && self.also.is_empty()
                    && words.to_str().is_some_and(|words| Filter::parse(words).is_ok()) =>
            {
                let words = words.display();
                anyhow!("'{words}' is a filter, and there is no capture before it: name one, or '-' for standard input")
            }
            error => advise(error),
        }
    }

    /// The captures, in order, and the words of the filter: those from the first on that names no
    /// file. A word that begins the list is a file, whether it is there or not.
    fn parts(&self) -> (Vec<PathBuf>, &[OsString]) {
        let words = &*self.words;
        let files = if !self.also.is_empty() {
            0
        } else if self.choose.is_in_file() {
            words.len()
        } else {
            // `src` is a word of filters, and many a folder is called that.
            let names = |word: &OsString| word == "-" || fs::metadata(word).is_ok_and(|found| !found.is_dir());
            let first = usize::from(!self.choose.prints() && !words.is_empty());
            words.iter().skip(first).position(|word| !names(word)).map_or(words.len(), |at| at + first)
        };
        let (files, filter) = words.split_at(files);
        (self.also.iter().cloned().chain(files.iter().map(PathBuf::from)).collect(), filter)
    }
}

fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

fn name(files: &[PathBuf]) -> String {
    let names: Vec<_> = files.iter().map(|file| shown(file)).collect();
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

/// Says on stderr what marks and colours mean: what colours say, marks and words say as well.
pub(super) fn tell_legend() {
    let mut legend = b"marks: ! proven   ? expected, if the packet arrives   ~ assumed\n".to_vec();
    if AutoStream::choice(&io::stdout()) != ColorChoice::Never {
        let on = AutoStream::choice(&io::stderr()) != ColorChoice::Never;
        Paint { on }.legend(&mut legend);
    }
    // With a closed stderr there is nobody left to tell.
    let _ = io::stderr().write_all(&legend);
}

/// A source that says what it reads when the first frame comes.
struct Announced<S> {
    source: S,
    banner: Option<String>,
    legend: bool,
}

impl<S: Source> Source for Announced<S> {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        if self.banner.is_none() {
            return self.source.next();
        }
        let next = self.source.next()?;
        match &next {
            Next::Frame(frame) => {
                let files = self.banner.take().unwrap_or_default();
                say(format_args!("reading from {files}, link-type {}", describe_link(frame.link)));
                if self.legend {
                    tell_legend();
                }
            }
            Next::End => {
                let files = self.banner.take().unwrap_or_default();
                say(format_args!("reading from {files}: it holds no packets"));
            }
            Next::Idle(_) | Next::LeftOut | Next::Damage(_) => {}
        }
        Ok(next)
    }

    fn peek(&self, most: usize, show: &mut dyn FnMut(Link, &[u8])) {
        self.source.peek(most, show);
    }

    fn lend(&mut self, take: &mut dyn FnMut(&Frame<'_>) -> Lent) {
        if self.banner.is_none() {
            self.source.lend(take);
        }
    }
}

/// A source that ends after so many frames.
struct Limited<S> {
    source: S,
    left: u64,
}

impl<S: Source> Source for Limited<S> {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        if self.left == 0 {
            return Ok(Next::End);
        }
        let next = self.source.next()?;
        self.left -= u64::from(matches!(next, Next::Frame(_)));
        Ok(next)
    }
}
