//! The values of one field in one line.

use super::layout::{Layout, Occurrence};
use crate::report::digits::Digits as _;

/// Takes a field's values, none or many, and writes those that the layout asks for.
pub(super) struct Values<'a> {
    out: &'a mut Vec<u8>,
    layout: &'a Layout,
    start: usize,
    count: u32,
}

impl<'a> Values<'a> {
    /// Begins a field at the end of `out`.
    pub(super) fn begin(out: &'a mut Vec<u8>, layout: &'a Layout) -> Self {
        out.extend(layout.quote);
        Self { start: out.len(), out, layout, count: 0 }
    }

    /// Ends it; a field without values stays empty, without quotes.
    pub(super) fn end(self) {
        if self.count > 0 {
            self.out.extend(self.layout.quote);
        } else {
            self.out.truncate(self.start - usize::from(self.layout.quote.is_some()));
        }
    }

    /// The next value, which `write` writes.
    pub(super) fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        match (self.layout.occurrence, self.count) {
            (Occurrence::First, 1..) => return,
            (Occurrence::Last, _) => self.out.truncate(self.start),
            (Occurrence::All, 1..) => self.out.push(self.layout.aggregator),
            (Occurrence::First | Occurrence::All, 0) => {}
        }
        self.count += 1;
        write(self.out);
    }

    /// A decimal number.
    pub(super) fn dec(&mut self, value: impl Into<u64>) {
        self.write(|out| out.dec(value.into()));
    }

    /// A decimal number that may be negative.
    pub(super) fn signed(&mut self, value: i64) {
        self.write(|out| {
            if value < 0 {
                out.push(b'-');
            }
            out.dec(value.unsigned_abs());
        });
    }

    /// `0x` and `width` hexadecimal digits.
    pub(super) fn hex(&mut self, value: impl Into<u64>, width: usize) {
        self.write(|out| {
            out.text("0x");
            out.hex(value.into(), width);
        });
    }

    /// 1 or 0.
    pub(super) fn flag(&mut self, value: bool) {
        self.dec(u64::from(value));
    }

    /// A word of our own.
    pub(super) fn text(&mut self, value: &str) {
        self.write(|out| out.text(value));
    }

    /// Seconds with nine digits behind the point.
    pub(super) fn seconds(&mut self, nanoseconds: i64) {
        self.write(|out| {
            if nanoseconds < 0 {
                out.push(b'-');
            }
            let value = nanoseconds.unsigned_abs();
            out.dec(value / 1_000_000_000);
            out.push(b'.');
            out.dec_wide(value % 1_000_000_000, 9);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(layout: Layout, values: &[u64]) -> String {
        let mut out = Vec::new();
        let mut field = Values::begin(&mut out, &layout);
        for value in values {
            field.dec(*value);
        }
        field.end();
        String::from_utf8(out).expect("numbers are ASCII")
    }

    #[test]
    fn occurrence_chooses_among_values() {
        let of = |occurrence| Layout { occurrence, quote: Some(b'"'), ..Layout::default() };
        assert_eq!(field(of(Occurrence::All), &[80, 443]), "\"80,443\"");
        assert_eq!(field(of(Occurrence::First), &[80, 443]), "\"80\"");
        assert_eq!(field(of(Occurrence::Last), &[80, 443]), "\"443\"");
        assert_eq!(field(of(Occurrence::All), &[]), "");
    }
}
