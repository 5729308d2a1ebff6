//! A table that fits: it drops and shortens columns until it is no wider than it may be.

use std::io::{self, Write};

use super::paint::{Ink, Paint};

/// Between columns.
const GAP: usize = 2;
/// Between the cells of a stored row.
const SEAM: char = '\u{1f}';

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

/// The cells of a line, in one piece of memory.
#[derive(Clone, Debug)]
pub struct Row(Box<str>);

/// Rows, and how wide they are.
#[derive(Debug)]
pub struct Table {
    columns: &'static [Column],
    rows: Vec<Row>,
    widths: Vec<usize>,
    dull: Vec<bool>,
}

impl Row {
    /// A row of `cells`, one for each column.
    pub fn of(cells: &[String]) -> Self {
        Self(cells.join(SEAM.encode_utf8(&mut [0; 4])).into())
    }

    fn cells(&self) -> impl Iterator<Item = &str> {
        self.0.split(SEAM)
    }
}

impl Table {
    /// An empty table.
    pub fn new(columns: &'static [Column]) -> Self {
        let widths = columns.iter().map(|column| column.title.chars().count()).collect();
        Self { columns, rows: Vec::new(), widths, dull: vec![true; columns.len()] }
    }

    /// Adds a row; cells it lacks are empty.
    pub fn push(&mut self, row: Row) {
        let facts = self.columns.iter().zip(self.widths.iter_mut()).zip(self.dull.iter_mut());
        for (cell, ((column, width), dull)) in row.cells().zip(facts) {
            *width = (*width).max(cell.chars().count());
            *dull &= cell == column.dull;
        }
        self.rows.push(row);
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes a header and the rows, in at most `width` columns of a terminal; 0 is no limit. What
    /// is too long is shortened around `ellipsis`.
    ///
    /// # Errors
    ///
    /// When `out` cannot be written.
    pub fn write(&self, out: &mut dyn Write, width: usize, ellipsis: &str, paint: Paint) -> io::Result<()> {
        let shown = self.fit(width);
        let titles = self.columns.iter().map(|column| column.title);
        let mut line = Vec::new();
        paint.text(Ink::Bold, &mut line, &self.line(&shown, titles, ellipsis));
        line.push(b'\n');
        out.write_all(&line)?;
        for row in &self.rows {
            writeln!(out, "{}", self.line(&shown, row.cells(), ellipsis))?;
        }
        Ok(())
    }

    /// The width of each column, `None` where it is left out.
    fn fit(&self, limit: usize) -> Vec<Option<usize>> {
        let natural = || {
            self.widths.iter().zip(&self.dull).map(|(width, dull)| (!dull || self.rows.is_empty()).then_some(*width))
        };
        let mut shown: Vec<Option<usize>> = natural().collect();
        if limit == 0 || total(&shown) <= limit {
            return shown;
        }
        for (width, column) in shown.iter_mut().zip(self.columns) {
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
                (*width < *full).then_some(width)
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
            let shrinkable = shown.iter_mut().zip(self.columns).filter(|(_, column)| column.shrink.is_some());
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

    fn line<'a>(&self, shown: &[Option<usize>], cells: impl Iterator<Item = &'a str>, ellipsis: &str) -> String {
        let mut line = String::new();
        for ((column, width), cell) in self.columns.iter().zip(shown).zip(cells) {
            let Some(width) = *width else {
                continue;
            };
            if !line.is_empty() {
                line.extend([' '; GAP]);
            }
            let cell = shorten(cell, width, ellipsis);
            match column.align {
                Align::Left => line.push_str(&format!("{cell:<width$}")),
                Align::Right => line.push_str(&format!("{cell:>width$}")),
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

fn total(shown: &[Option<usize>]) -> usize {
    let widths: Vec<usize> = shown.iter().flatten().copied().collect();
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// `cell` in at most `width` characters: what is too much is taken from its middle, since the
/// port of an endpoint stands at its end.
fn shorten(cell: &str, width: usize, ellipsis: &str) -> String {
    let length = cell.chars().count();
    if length <= width {
        return cell.to_owned();
    }
    let room = width.saturating_sub(ellipsis.chars().count());
    let (head, tail) = (room / 2, room - room / 2);
    let start: String = cell.chars().take(head).collect();
    let end: String = cell.chars().skip(length - tail).collect();
    format!("{start}{ellipsis}{end}")
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

    fn written(width: usize, rows: &[[&str; 5]]) -> String {
        let mut table = Table::new(COLUMNS);
        for row in rows {
            table.push(Row::of(&row.map(str::to_owned)));
        }
        let mut out = Vec::new();
        table.write(&mut out, width, "…", Paint::default()).unwrap();
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
