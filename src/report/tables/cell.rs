use crate::capture::Checksum;
use crate::report::clock::Utc;
use crate::report::digits::Digits as _;
use crate::report::paint;
use crate::wire::{Span, Timestamp};

/// A value being written at the end of a row.
pub(in crate::report) struct Cell<'a> {
    pub(in crate::report) text: &'a mut Vec<u8>,
    /// Where it begins.
    start: usize,
    /// Stands between the items of a list.
    between: u8,
    /// Whether moments are nanoseconds since 1970, and not dates.
    counts_time: bool,
}

impl<'a> Cell<'a> {
    /// Begins a cell at the end of `text`; its lists have `between` in between.
    pub(in crate::report) fn begin(text: &'a mut Vec<u8>, between: u8) -> Self {
        Self { start: text.len(), text, between, counts_time: false }
    }

    /// The same, with moments in nanoseconds since 1970.
    #[cfg(feature = "parquet")]
    pub(in crate::report) fn counting_time(self) -> Self {
        Self { counts_time: true, ..self }
    }

    /// Appends an item of a list.
    pub(in crate::report) fn item(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.text.len() > self.start {
            self.text.push(self.between);
        }
        write(self.text);
    }

    /// Writes a word.
    pub(in crate::report) fn word(&mut self, word: &str) {
        self.text.text(word);
    }

    /// Writes a number.
    pub(in crate::report) fn dec(&mut self, number: impl Into<u64>) {
        self.text.dec(number.into());
    }

    /// Writes a number, where there is one.
    pub(in crate::report) fn number<N: Into<u64>>(&mut self, number: Option<N>) {
        if let Some(number) = number {
            self.text.dec(number.into());
        }
    }

    /// Writes nanoseconds, where there are any.
    pub(in crate::report) fn span(&mut self, span: Option<Span>) {
        if let Some(Span(ns)) = span {
            if ns < 0 {
                self.text.push(b'-');
            }
            self.text.dec(ns.unsigned_abs());
        }
    }

    /// Writes `true` or `false`.
    pub(in crate::report) fn truth(&mut self, truth: bool) {
        self.text.text(if truth { "true" } else { "false" });
    }

    /// Writes `true`, or nothing.
    pub(in crate::report) fn flag(&mut self, flag: bool) {
        if flag {
            self.truth(true);
        }
    }

    /// Writes what verifying a checksum said, where it did.
    pub(in crate::report) fn verdict(&mut self, checksum: Checksum) {
        if let Some(verdict) = checksum.verdict() {
            self.truth(verdict);
        }
    }

    /// Writes text from outside, harmless to look at.
    pub(in crate::report) fn outside(&mut self, text: &str) {
        paint::escape(self.text, text.as_bytes());
    }

    /// Writes a moment.
    pub(in crate::report) fn time(&mut self, time: Timestamp, utc: &mut Utc) {
        if self.counts_time {
            self.text.dec(time.0);
        } else {
            utc.write(self.text, time);
        }
    }
}
