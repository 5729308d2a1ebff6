//! A table that fits: it drops and shortens columns until it is no wider than it may be.

use std::borrow::Cow;
use std::io::{self, Write};

use super::digits::{Digits as _, append};
use super::paint::{Ink, Paint};

/// Between columns.
const GAP: usize = 2;

/// Octets of lines that are written at once.
const PORTION: usize = 1 << 15;

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// What the header says.
    pub title: &'static str,
    /// To which side its cells are flush.
    pub align: Align,
    /// When room is short, the column of the highest rank is dropped first; rank 0 stays.
    pub rank: u8,
    /// May be shortened in the middle to this many characters.
    pub shrink: Option<usize>,
    /// A column in which every cell reads like this is left out.
    pub dull: &'static str,
}

/// Flush left or flush right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// The cells of a row, being written: a length for each, then their text, which is ASCII.
///
/// A table of a million rows is one piece of memory.
#[derive(Debug)]
pub struct Cells<'a> {
    out: &'a mut Vec<u8>,
    /// Where the length of the next cell goes.
    next: usize,
    /// Where the text begins.
    text: usize,
}

/// How wide the columns of a table have to be, and which of them tell something.
#[derive(Debug)]
pub struct Table {
    columns: Cow<'static, [Column]>,
    rows: u64,
    widths: Vec<u8>,
    /// Of each column, whether it has told nothing so far.
    dull: Vec<bool>,
}

/// The columns of a table that are shown, and where.
#[derive(Clone, Debug)]
pub struct Fit {
    columns: Cow<'static, [Column]>,
    shown: Vec<Option<Shown>>,
    room: usize,
}

/// Where a column is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Shown {
    /// Its place in a line.
    pub(super) at: usize,
    pub(super) width: usize,
    pub(super) align: Align,
}

impl<'a> Cells<'a> {
    /// Begins a row of `count` cells at the end of `out`.
    pub fn begin(out: &'a mut Vec<u8>, count: usize) -> Self {
        let next = out.len();
        match count {
            0..=WORDS => append(out, &[0; WORDS], count),
            _ => out.resize(next + count, 0),
        }
        Self { next, text: next + count, out }
    }

    /// The next cell, which `write` writes. It is cut after 255 octets; one too many is left out.
    #[inline]
    pub fn cell(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.out.len();
        write(self.out);
        if let Ok(len) = u8::try_from(self.out.len() - start)
            && let Some(place) = self.out.get_mut(..self.text).and_then(|lengths| lengths.get_mut(self.next))
        {
            *place = len;
        } else {
            self.cut(start);
        }
        self.next += 1;
    }

    /// The cell that begins at `start` is too long, or one too many.
    #[cold]
    fn cut(&mut self, start: usize) {
        match self.out.get_mut(..self.text).and_then(|lengths| lengths.get_mut(self.next)) {
            Some(place) => {
                *place = u8::MAX;
                self.out.truncate(start + usize::from(u8::MAX));
            }
            None => self.out.truncate(start),
        }
    }

    /// The next cell, a word.
    #[inline]
    pub fn word(&mut self, word: &str) {
        self.cell(|out| out.word(word));
    }
}

/// The cells of a row of `count`: each the text from there on, and how long it is itself. What is not
/// there is empty.
pub(super) fn cells(row: &[u8], count: usize) -> impl Iterator<Item = (&[u8], usize)> {
    let (lengths, mut rest) = row.split_at_checked(count).unwrap_or_default();
    lengths.iter().map(move |len| {
        let cell = (rest, usize::from(*len).min(rest.len()));
        rest = rest.get(cell.1..).unwrap_or_default();
        cell
    })
}

impl Table {
    /// An empty table.
    pub fn new(columns: impl Into<Cow<'static, [Column]>>) -> Self {
        let columns = columns.into();
        let widths = columns.iter().map(|column| column.title.len() as u8).collect();
        Self { dull: vec![true; columns.len()], columns, rows: 0, widths }
    }

    /// The same, with columns that say the same everywhere.
    #[must_use]
    pub fn with_all(mut self) -> Self {
        self.dull.fill(false);
        self
    }

    /// Takes in a row that is going to be written: all of them, before the first is. What stands
    /// behind it does not matter.
    pub fn measure(&mut self, row: &[u8]) {
        let (lengths, text) = row.split_at_checked(self.columns.len()).unwrap_or_default();
        for (width, len) in self.widths.iter_mut().zip(lengths) {
            *width = (*width).max(*len);
        }
        let mut start = 0;
        for ((column, len), dull) in self.columns.iter().zip(lengths).zip(&mut self.dull) {
            let end = start + usize::from(*len);
            if *dull {
                let said = column.dull.as_bytes();
                // A call to compare a few octets takes longer than this does.
                let same = |cell: &[u8]| cell.len() == said.len() && cell.iter().zip(said).all(|(a, b)| a == b);
                *dull = text.get(start..end).is_some_and(same);
            }
            start = end;
        }
        self.rows += 1;
    }

    /// Writes the `rows`, in at most `width` columns of a terminal, 0 being no limit, and above them a
    /// header, unless what stands `above` has the same. What is too long is shortened around
    /// `ellipsis`. Gives back how the columns stand.
    ///
    /// # Errors
    ///
    /// When `out` cannot be written.
    pub fn write<'r>(
        &self,
        rows: impl IntoIterator<Item = &'r [u8]>,
        out: &mut dyn Write,
        above: Option<&Fit>,
        width: usize,
        ellipsis: &str,
        paint: Paint,
    ) -> io::Result<Fit> {
        let fit = self.fitted(width);
        let mut line = Vec::new();
        if !above.is_some_and(|above| above.looks_like(&fit)) {
            fit.head(&mut line, ellipsis, paint);
            out.write_all(&line)?;
        }
        line.clear();
        for row in rows {
            fit.row(&mut line, row, ellipsis);
            if line.len() >= PORTION {
                out.write_all(&line)?;
                line.clear();
            }
        }
        out.write_all(&line)?;
        Ok(fit)
    }

    /// The columns as they fit `width` for the rows measured so far; 0 is no limit.
    pub fn fitted(&self, width: usize) -> Fit {
        let mut at = 0;
        let shown = self.fit(width).into_iter().zip(&*self.columns).map(|(width, column)| {
            let shown = Shown { at, width: width?, align: column.align };
            at += shown.width + GAP;
            Some(shown)
        });
        let shown: Vec<_> = shown.collect();
        Fit { columns: self.columns.clone(), room: room(&shown), shown }
    }

    /// The width of each column, `None` where it is left out.
    fn fit(&self, limit: usize) -> Vec<Option<usize>> {
        let natural = self.widths.iter().zip(&self.dull);
        let natural = natural.map(|(width, dull)| (self.rows == 0 || !dull).then_some(usize::from(*width)));
        let mut shown: Vec<Option<usize>> = natural.collect();
        if limit == 0 || total(&shown) <= limit {
            return shown;
        }
        for (width, column) in shown.iter_mut().zip(&*self.columns) {
            if let (Some(width), Some(least)) = (width, column.shrink) {
                *width = (*width).min(least);
            }
        }
        while total(&shown) > limit {
            let ranks = self.columns.iter().zip(&shown).enumerate();
            let droppable = ranks.filter(|(_, (column, width))| width.is_some() && column.rank > 0);
            let Some((at, _)) = droppable.max_by_key(|(_, (column, _))| column.rank) else {
                break;
            };
            shown[at] = None;
        }
        // What is left over goes back to the shortened, one character at a time.
        loop {
            let grown = shown.iter_mut().zip(&self.widths).filter_map(|(width, full)| {
                let width = width.as_mut()?;
                (*width < usize::from(*full)).then_some(width)
            });
            let Some(narrowest) = grown.min_by_key(|width| **width) else {
                break;
            };
            *narrowest += 1;
            if total(&shown) > limit {
                break;
            }
        }
        while total(&shown) > limit {
            let shrinkable = shown.iter_mut().zip(&*self.columns).filter(|(_, column)| column.shrink.is_some());
            let Some(widest) = shrinkable.filter_map(|(width, _)| width.as_mut()).max_by_key(|width| **width) else {
                break;
            };
            if *widest <= 8 {
                break;
            }
            *widest -= 1;
        }
        shown
    }
}

impl Fit {
    /// The columns, and where each is shown.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&Column, Option<Shown>)> {
        self.columns.iter().zip(self.shown.iter().copied())
    }

    /// Octets of a line that shows all its cells in full.
    pub(super) const fn room(&self) -> usize {
        self.room
    }

    /// Whether lines of both stand under the same header.
    pub fn looks_like(&self, other: &Self) -> bool {
        self.shown == other.shown
    }

    /// Appends the header.
    pub fn head(&self, out: &mut Vec<u8>, ellipsis: &str, paint: Paint) {
        paint.with(Ink::Bold, out, |out| {
            let titles = self.columns.iter().map(|column| (column.title.as_bytes(), column.title.len()));
            write_line(out, &self.shown, titles, ellipsis);
        });
        out.push(b'\n');
    }

    /// Appends a row.
    pub fn row(&self, out: &mut Vec<u8>, row: &[u8], ellipsis: &str) {
        let start = out.len();
        if let Some(len) = self.plain_row(out, row) {
            out.truncate(start + len);
        } else {
            out.truncate(start);
            write_line(out, &self.shown, cells(row, self.columns.len()), ellipsis);
        }
        out.push(b'\n');
    }

    /// Appends a row of which no cell has to be shortened, and more; tells how long it is.
    fn plain_row(&self, out: &mut Vec<u8>, row: &[u8]) -> Option<usize> {
        let start = out.len();
        out.resize(start + self.room + WORDS + WORD, b' ');
        let line = out.get_mut(start..)?;
        let (lengths, text) = row.split_at_checked(self.columns.len())?;
        let (mut next, mut end) = (0, 0);
        for (shown, len) in self.shown.iter().zip(lengths) {
            let (from, len) = (next, usize::from(*len));
            next += len;
            let Some(Shown { at, width, align }) = *shown else {
                continue;
            };
            let left = width.checked_sub(len)?;
            let at = if align == Align::Right { at + left } else { at };
            place(line.get_mut(at..)?, text.get(from..)?, len);
            end = at + len;
        }
        Some(line.get(..end)?.trim_ascii_end().len())
    }
}

/// Appends the cells that are shown, each in its place; the spaces at the end are left off.
fn write_line<'c>(
    line: &mut Vec<u8>,
    shown: &[Option<Shown>],
    cells: impl Iterator<Item = (&'c [u8], usize)>,
    ellipsis: &str,
) {
    let start = line.len();
    line.resize(start + room(shown), b' ');
    // An ellipsis may take more octets than it takes room.
    let mut shift = start;
    for (shown, (text, len)) in shown.iter().zip(cells) {
        let Some(Shown { at, width, align }) = *shown else {
            continue;
        };
        let at = at + shift;
        let text = text.get(..len).unwrap_or_default();
        if len <= width {
            let at = if align == Align::Right { at + width - len } else { at };
            if let Some(to) = line.get_mut(at..at + len) {
                to.copy_from_slice(text);
            }
        } else {
            let short = shorten(text, width, ellipsis);
            shift += short.len().saturating_sub(width);
            line.splice(at..at + width, short);
        }
    }
    let text = line.get(start..).unwrap_or_default().trim_ascii_end().len();
    line.truncate(start + text);
}

/// Octets of a line that shows all its cells in full.
fn room(shown: &[Option<Shown>]) -> usize {
    shown.iter().rev().find_map(|shown| shown.map(|Shown { at, width, .. }| at + width)).unwrap_or(0)
}

/// Octets that are moved at once, and those that are where they are more.
const WORD: usize = 16;
const WORDS: usize = 2 * WORD;

/// Puts the first `len` octets of `text` where spaces stand, and only spaces behind. Whole words are
/// moved where there are some, with spaces over what is too much: most cells are short, and a call to
/// copy one takes longer.
#[inline]
fn place(to: &mut [u8], text: &[u8], len: usize) {
    match (text.first_chunk::<WORDS>(), to.first_chunk_mut::<{ WORDS + WORD }>()) {
        (Some(from), Some(to)) if len <= WORDS => {
            if len <= WORD {
                to[..WORD].copy_from_slice(&from[..WORD]);
            } else {
                to[..WORDS].copy_from_slice(from);
            }
            to[len..len + WORD].copy_from_slice(&[b' '; WORD]);
        }
        _ => {
            if let (Some(to), Some(from)) = (to.get_mut(..len), text.get(..len)) {
                to.copy_from_slice(from);
            }
        }
    }
}

fn total(shown: &[Option<usize>]) -> usize {
    let widths: Vec<usize> = shown.iter().flatten().copied().collect();
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// `cell` in `width` characters: what is too much is taken from its middle, since the port of an
/// endpoint stands at its end.
fn shorten(cell: &[u8], width: usize, ellipsis: &str) -> Vec<u8> {
    let room = width.saturating_sub(ellipsis.chars().count());
    let (head, tail) = (room / 2, room - room / 2);
    let (start, end) = (cell.get(..head), cell.get(cell.len().saturating_sub(tail)..));
    [start.unwrap_or_default(), ellipsis.as_bytes(), end.unwrap_or_default()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column { title: "#", align: Align::Right, rank: 0, shrink: None, dull: "" },
        Column { title: "KIND", align: Align::Left, rank: 0, shrink: None, dull: "tcp" },
        Column { title: "CLIENT", align: Align::Left, rank: 0, shrink: Some(9), dull: "" },
        Column { title: "BYTES", align: Align::Right, rank: 1, shrink: None, dull: "" },
        Column { title: "EXTRA", align: Align::Left, rank: 2, shrink: None, dull: "" },
    ];

    fn row_of(words: &[&str]) -> Vec<u8> {
        let mut row = Vec::new();
        let mut cells = Cells::begin(&mut row, COLUMNS.len());
        for word in words {
            cells.word(word);
        }
        row
    }

    fn written(width: usize, rows: &[[&str; 5]]) -> String {
        let mut table = Table::new(COLUMNS);
        let rows: Vec<_> = rows.iter().map(|row| row_of(row)).collect();
        for row in &rows {
            table.measure(row);
        }
        let mut out = Vec::new();
        table.write(rows.iter().map(Vec::as_slice), &mut out, None, width, "…", Paint::default()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn without_a_limit_every_column_is_as_wide_as_its_widest_cell() {
        let text = written(0, &[["1", "tcp", "10.0.0.1:40000", "7", "x"], ["10", "udp", "10.0.0.2:5", "12345", "yy"]]);
        assert_eq!(
            text,
            " #  KIND  CLIENT          BYTES  EXTRA
 1  tcp   10.0.0.1:40000      7  x
10  udp   10.0.0.2:5      12345  yy
"
        );
    }

    #[test]
    fn cells_too_many_or_too_long_do_no_harm() {
        let long = "x".repeat(300);
        let row = row_of(&["1", "tcp", &long, "7", "x", "more"]);
        assert_eq!(cells(&row, 5).map(|(_, len)| len).collect::<Vec<_>>(), [1, 3, 255, 1, 1]);
        assert_eq!(cells(&row_of(&["1"]), 5).map(|(_, len)| len).collect::<Vec<_>>(), [1, 0, 0, 0, 0]);
        assert_eq!(cells(&[9, 9], 5).count(), 0);
    }

    #[test]
    fn a_column_that_says_the_same_everywhere_is_left_out() {
        let text = written(0, &[["1", "tcp", "a", "7", "x"], ["2", "tcp", "b", "8", "y"]]);
        assert!(!text.contains("KIND"));
    }

    #[test]
    fn what_does_not_fit_goes_by_rank_and_then_from_the_middle() {
        let row = ["1", "tcp", "[2001:db8::1234]:40000", "7", "x"];
        assert_eq!(written(30, &[row]), "#  CLIENT         BYTES  EXTRA\n1  [2001:…:40000      7  x\n");
        assert_eq!(written(20, &[row]), "#  CLIENT      BYTES\n1  [200…40000      7\n");
        assert_eq!(written(15, &[row]), "#  CLIENT\n1  [2001…:40000\n");
    }
}
