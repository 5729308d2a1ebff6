use std::collections::VecDeque;
use std::path::PathBuf;

use super::input::Progress;
use super::reader::{Capture, Options, Step};
use super::watch::{Unwatched, Watch};
use crate::capture::frame::{Frame, Lent, Link, Next, Source, SourceError};

/// Several files in the order given, read as one capture.
///
/// Each numbers its interfaces on its own: files that a capture was split into show the same ones. Damage in one is told, and reading goes on with
/// the next; a file that can't be opened, or is no capture, ends the whole.
pub struct Captures {
    current: Capture,
    rest: VecDeque<PathBuf>,
    options: Options,
    progress: Progress,
}

impl Captures {
    /// Opens the first of the files; the others when their turn comes. `-` is standard input, as
    /// is no file at all.
    ///
    /// # Errors
    ///
    /// When the first file can't be opened or read, or is no capture.
    pub fn open(inputs: impl IntoIterator<Item = impl Into<PathBuf>>, options: Options) -> Result<Self, SourceError> {
        let mut rest: VecDeque<PathBuf> = inputs.into_iter().map(Into::into).collect();
        if rest.is_empty() {
            rest.push_back(PathBuf::from("-"));
        }
        let progress = Progress::of(rest.iter().map(PathBuf::as_path));
        let first = rest.pop_front().unwrap_or_default();
        let current = Capture::open_as_part(&first, options, progress.clone())?;
        Ok(Self { current, rest, options, progress })
    }

    /// Goes to the next packet, damage, or the end of the last file.
    pub(super) fn step(&mut self, watch: &mut impl Watch) -> Result<Step, SourceError> {
        loop {
            let step = self.current.step(watch)?;
            if !matches!(step, Step::End) {
                return Ok(step);
            }
            let Some(path) = self.rest.pop_front().filter(|_| !self.progress.is_stopped()) else {
                return Ok(step);
            };
            match Capture::open_as_part(&path, self.options, self.progress.clone()) {
                Ok(next) => self.current = next,
                Err(error) => {
                    self.rest.clear();
                    return Err(error);
                }
            }
        }
    }

    /// The file that is being read.
    pub(super) fn current(&self) -> &Capture {
        &self.current
    }

    /// How many files are still to be read after it.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// How far the reading has come, over all files.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }
}

impl Source for Captures {
    #[inline]
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        if let Some(found) = self.current.at_hand() {
            return Ok(self.current.frame(&found));
        }
        let step = self.step(&mut Unwatched)?;
        Ok(self.current.next_of(step))
    }

    fn peek(&self, most: usize, show: &mut dyn FnMut(Link, &[u8])) {
        self.current.peek(most, show);
    }

    fn lend(&mut self, take: &mut dyn FnMut(&Frame<'_>) -> Lent) {
        self.current.lend(take);
    }
}
