//! Tables of other tools' answers: tab-separated, the first line names the columns.

use std::io::{self, Read};
use std::path::Path;

use crate::capture::file;

/// A table in memory.
#[derive(Debug, Default)]
pub(super) struct Table {
    text: String,
    separator: char,
}

/// A column of a table; of none, where the table lacks it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Column(Option<usize>);

/// One line of a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Row<'a> {
    cells: Vec<&'a str>,
}

impl Table {
    /// Reads a table, compressed or not; `None` where there is no such file.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        let mut octets = Vec::new();
        match file::unpacked(path) {
            Ok(mut input) => input.read_to_end(&mut octets)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(Self::of(String::from_utf8_lossy(&octets).into_owned(), '\t')))
    }

    /// A table of `text` whose cells end at `separator`.
    pub(super) fn of(text: String, separator: char) -> Self {
        Self { text, separator }
    }

    /// The same, its cells separated by commas.
    pub(super) fn of_commas(self) -> Self {
        Self { separator: ',', ..self }
    }

    /// The column called `name`.
    pub(super) fn column(&self, name: &str) -> Column {
        let head = self.text.lines().next().unwrap_or_default();
        Column(head.split(self.separator).position(|cell| cell == name))
    }

    /// The lines after the first.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.text.lines().skip(1).map(|line| Row { cells: line.split(self.separator).collect() })
    }
}

impl<'a> Row<'a> {
    /// The cell in `column`, empty where there is none.
    pub(super) fn get(&self, column: Column) -> &'a str {
        column.0.and_then(|at| self.cells.get(at)).copied().unwrap_or_default()
    }

    /// The number in `column`, written decimal or, behind `0x`, hexadecimal.
    pub(super) fn number(&self, column: Column) -> Option<u64> {
        number(self.get(column))
    }
}

/// A number as tshark writes it.
pub(super) fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_found_by_its_name_and_a_missing_one_is_empty() {
        let table = Table::of("a\tb\n1\t0x10\n2\n".to_owned(), '\t');
        let (b, c) = (table.column("b"), table.column("c"));
        let rows: Vec<_> = table.rows().map(|row| (row.number(b), row.get(c))).collect();
        assert_eq!(rows, [(Some(16), ""), (None, "")]);
    }
}
