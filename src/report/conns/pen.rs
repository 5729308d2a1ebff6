//! How the cells of a row are written, whoever keeps them.

use crate::capture::track::Standing;
use crate::report::digits::{Digits as _, Short, append};
use crate::report::human;
use crate::report::table::Cells;
use crate::wire::{Endpoint, Span};

/// Takes down the cells of a row, one after the other.
pub(super) trait Pen {
    /// The next cell, of a few octets.
    fn short(&mut self, cell: Short);

    /// The next cell, of any length; it is cut after 255 octets.
    fn text(&mut self, write: impl FnOnce(&mut Vec<u8>));

    /// An address and a port.
    fn endpoint(&mut self, endpoint: Endpoint);

    /// A `-`.
    #[inline]
    fn dash(&mut self) {
        self.short(Short::DASH);
    }

    #[inline]
    fn word(&mut self, word: &str) {
        match Short::of(word.as_bytes()) {
            Some(short) => self.short(short),
            None => self.text(|out| out.text(word)),
        }
    }

    #[inline]
    fn number(&mut self, number: u64) {
        match Short::dec(number) {
            Some(short) => self.short(short),
            None => self.text(|out| out.dec(number)),
        }
    }

    /// A number in few digits.
    #[inline]
    fn brief(&mut self, number: u64) {
        match number {
            0..100_000 => self.number(number),
            _ => self.text(|out| human::write_brief(out, number)),
        }
    }

    #[inline]
    fn span(&mut self, span: Span) {
        match human::short_span(span) {
            Some(short) => self.short(short),
            None => self.text(|out| human::write_span(out, span)),
        }
    }

    /// `ESTABLISHED!`
    #[inline]
    fn standing(&mut self, standing: Standing) {
        let mark = standing.basis.mark() as u8;
        match Short::of(standing.state.name().as_bytes()) {
            Some(name) if name.len < 16 => self.short(name.then(mark)),
            _ => self.text(|out| {
                out.text(standing.state.name());
                out.push(mark);
            }),
        }
    }

    /// Letters that are few as a rule.
    #[inline]
    fn letters(&mut self, letters: impl Iterator<Item = u8>) {
        let mut letters = letters.fuse();
        let mut few = [0; 16];
        let mut len = 0;
        for (place, letter) in few.iter_mut().zip(&mut letters) {
            *place = letter;
            len += 1;
        }
        match letters.next() {
            None => self.short(Short { text: u128::from_le_bytes(few), len }),
            Some(more) => self.text(|out| {
                out.extend_from_slice(&few);
                out.push(more);
                out.extend(letters);
            }),
        }
    }
}

impl Pen for Cells<'_> {
    fn short(&mut self, cell: Short) {
        self.cell(|out| append(out, &cell.text.to_le_bytes(), cell.len));
    }

    fn text(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.cell(write);
    }

    fn endpoint(&mut self, endpoint: Endpoint) {
        self.cell(|out| out.endpoint(endpoint));
    }
}
