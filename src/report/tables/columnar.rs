//! Parquet files: the door of the crate.
//!
//! A dot in a column's name is a step into a group, as it is into an object of the JSON records: what
//! asks for `tcp.seq` of one asks for it of the other. Groups and lists are always there, a list
//! perhaps empty; a value may be null. Rows are held until there are enough for a row group, then
//! encoded, compressed and written: what that takes of memory does not grow with the file.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::{Cell, Kind};

/// Rows of a row group.
const GROUP_ROWS: usize = 1 << 16;

/// Octets of cells that end a row group before it has so many rows.
const GROUP_OCTETS: usize = 64 << 20;

/// Stands between the items of a list in a cell, and between cells: no value holds them.
const ITEM: u8 = 0x1f;
const CELL: u8 = 0x1e;

/// Puts a Parquet file together, row by row.
pub(in crate::report) struct Parquet {
    /// Writes to memory, which is handed on after every row group. `None` before the first of them
    /// and behind the end.
    file: Option<SerializedFileWriter<Vec<u8>>>,
    /// What the file holds rows of.
    what: &'static str,
    columns: Vec<Column>,
    /// The columns in the order of the file, in which those of a group stand together.
    order: Vec<usize>,
    rows: usize,
    octets: usize,
}

/// A column, and those of its cells that have not been written yet.
struct Column {
    name: String,
    kind: Kind,
    values: Values,
    /// For every cell that holds nothing 0, for every value 1.
    definition: Vec<i16>,
    /// Of a list: for every value that is not the first of its cell 1, else 0.
    repetition: Vec<i16>,
}

enum Values {
    Numbers(Vec<i64>),
    Truths(Vec<bool>),
    /// One after the other, and where each ends.
    Texts(Vec<u8>, Vec<usize>),
}

impl Parquet {
    /// A file of such columns; `what` its rows are.
    pub(in crate::report) fn new(what: &'static str, columns: impl IntoIterator<Item = (String, Kind)>) -> Self {
        let columns: Vec<Column> = columns.into_iter().map(|(name, kind)| Column::new(name, kind)).collect();
        let mut order = Vec::with_capacity(columns.len());
        arrange(&columns, &(0..columns.len()).collect::<Vec<_>>(), 0, &mut order);
        Self { file: None, what, columns, order, rows: 0, octets: 0 }
    }

    /// Appends the cell that `write` writes, in front of which other cells of its row may stand.
    pub(in crate::report) fn cell(row: &mut Vec<u8>, is_first: bool, write: impl FnOnce(&mut Cell<'_>)) {
        if !is_first {
            row.push(CELL);
        }
        write(&mut Cell::begin(row, ITEM).counting_time());
    }

    /// Takes a row in, made of such cells, and writes what is due.
    pub(in crate::report) fn row(&mut self, row: &[u8], out: &mut dyn Write) -> io::Result<()> {
        for (column, cell) in self.columns.iter_mut().zip(row.split(|octet| *octet == CELL)) {
            column.take(cell);
        }
        self.octets += row.len();
        self.rows += 1;
        if self.rows == GROUP_ROWS || self.octets >= GROUP_OCTETS { self.write_group(out) } else { Ok(()) }
    }

    /// Writes the rows that are left, and the end of the file.
    pub(in crate::report) fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.write_group(out)?;
        let Some(mut file) = self.file.take() else {
            return Ok(());
        };
        file.finish()?;
        out.write_all(file.inner())
    }

    /// Writes the rows that are held.
    fn write_group(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(begin(self.what, &self.columns, &self.order)?),
        };
        if self.rows > 0 {
            let mut group = file.next_row_group()?;
            for at in &self.order {
                let mut writer = group.next_column()?.ok_or_else(|| io::Error::other("a column is missing"))?;
                if let Some(column) = self.columns.get_mut(*at) {
                    column.write(writer.untyped())?;
                }
                writer.close()?;
            }
            group.close()?;
        }
        (self.rows, self.octets) = (0, 0);
        file.flush()?;
        out.write_all(file.inner())?;
        file.inner_mut().clear();
        Ok(())
    }
}

/// A file with no row so far.
fn begin(what: &str, columns: &[Column], order: &[usize]) -> Result<SerializedFileWriter<Vec<u8>>> {
    let mut schema = format!("message {what} {{\n");
    declare(columns, order, 0, &mut schema);
    schema += "}";
    let properties = WriterProperties::builder()
        .set_created_by(concat!("synfin ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    SerializedFileWriter::new(Vec::new(), Arc::new(parse_message_type(&schema)?), Arc::new(properties))
}

/// Appends `some` of the columns to `order`: as they come, but those of one group together. `depth`
/// steps of their names are the same.
fn arrange(columns: &[Column], some: &[usize], depth: usize, order: &mut Vec<usize>) {
    let step = |at: &usize| columns.get(*at).and_then(|column| column.step(depth));
    for (position, at) in some.iter().enumerate() {
        match step(at) {
            None => {}
            Some((_, true)) => order.push(*at),
            Some((group, false)) => {
                let same = |other: &usize| step(other) == Some((group, false));
                if !some.iter().take(position).any(same) {
                    let within: Vec<usize> = some.iter().copied().filter(same).collect();
                    arrange(columns, &within, depth + 1, order);
                }
            }
        }
    }
}

/// Appends the declarations of columns that stand together, below `depth` groups.
fn declare(columns: &[Column], order: &[usize], depth: usize, schema: &mut String) {
    let mut rest = order;
    while let Some((first, others)) = rest.split_first() {
        let Some((column, (step, leaf))) = columns.get(*first).and_then(|c| Some((c, c.step(depth)?))) else { return };
        if leaf {
            *schema += &column.declaration(step);
            rest = others;
            continue;
        }
        let same = |at: &usize| columns.get(*at).and_then(|column| column.step(depth)) == Some((step, false));
        let len = rest.iter().take_while(|at| same(at)).count();
        let (group, after) = rest.split_at(len);
        *schema += &format!("required group {step} {{\n");
        declare(columns, group, depth + 1, schema);
        *schema += "}\n";
        rest = after;
    }
}

impl Column {
    fn new(name: String, kind: Kind) -> Self {
        let values = match kind {
            Kind::Number | Kind::Time | Kind::Numbers => Values::Numbers(Vec::new()),
            Kind::Truth => Values::Truths(Vec::new()),
            Kind::Text | Kind::Texts => Values::Texts(Vec::new(), Vec::new()),
        };
        Self { name, kind, values, definition: Vec::new(), repetition: Vec::new() }
    }

    /// The step of its name below `depth` others, and whether it is the last.
    fn step(&self, depth: usize) -> Option<(&str, bool)> {
        let mut steps = self.name.split('.').skip(depth);
        let step = steps.next()?;
        Some((step, steps.next().is_none()))
    }

    fn is_list(&self) -> bool {
        matches!(self.kind, Kind::Numbers | Kind::Texts)
    }

    fn declaration(&self, step: &str) -> String {
        let list =
            |item: &str| format!("required group {step} (LIST) {{ repeated group list {{ required {item}; }} }}\n");
        match self.kind {
            Kind::Number => format!("optional int64 {step};\n"),
            Kind::Time => format!("optional int64 {step} (TIMESTAMP(NANOS,true));\n"),
            Kind::Truth => format!("optional boolean {step};\n"),
            Kind::Text => format!("optional binary {step} (STRING);\n"),
            Kind::Numbers => list("int64 element"),
            Kind::Texts => list("binary element (STRING)"),
        }
    }

    /// Takes a cell in.
    fn take(&mut self, cell: &[u8]) {
        if cell.is_empty() {
            self.definition.push(0);
            if self.is_list() {
                self.repetition.push(0);
            }
        } else if self.is_list() {
            for (at, item) in cell.split(|octet| *octet == ITEM).enumerate() {
                self.values.push(item);
                self.definition.push(1);
                self.repetition.push(i16::from(at > 0));
            }
        } else {
            self.values.push(cell);
            self.definition.push(1);
        }
    }

    /// Writes the cells that are held, and forgets them.
    fn write(&mut self, writer: &mut ColumnWriter<'_>) -> Result<()> {
        let definition = Some(&*self.definition);
        let repetition = self.is_list().then_some(&*self.repetition);
        match (&mut self.values, writer) {
            (Values::Numbers(numbers), ColumnWriter::Int64ColumnWriter(writer)) => {
                writer.write_batch(numbers, definition, repetition)?;
                numbers.clear();
            }
            (Values::Truths(truths), ColumnWriter::BoolColumnWriter(writer)) => {
                writer.write_batch(truths, definition, repetition)?;
                truths.clear();
            }
            (Values::Texts(text, ends), ColumnWriter::ByteArrayColumnWriter(writer)) => {
                let all = ByteArray::from(std::mem::take(text));
                let starts = std::iter::once(&0).chain(&*ends);
                let texts: Vec<ByteArray> =
                    starts.zip(&*ends).map(|(start, end)| all.slice(*start, end - start)).collect();
                writer.write_batch(&texts, definition, repetition)?;
                ends.clear();
            }
            _ => return Err(ParquetError::General(format!("{} is of another type", self.name))),
        }
        self.definition.clear();
        self.repetition.clear();
        Ok(())
    }
}

impl Values {
    fn push(&mut self, text: &[u8]) {
        match self {
            Self::Numbers(numbers) => numbers.push(number(text)),
            Self::Truths(truths) => truths.push(text == b"true"),
            Self::Texts(texts, ends) => {
                texts.extend_from_slice(text);
                ends.push(texts.len());
            }
        }
    }
}

/// The number that decimal digits say; the nearest there is, where they say too much.
fn number(text: &[u8]) -> i64 {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let value = digits
        .iter()
        .fold(0i64, |value, digit| value.saturating_mul(10).saturating_add(i64::from(digit.wrapping_sub(b'0'))));
    if negative { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &[&str]) -> Vec<Column> {
        names.iter().map(|name| Column::new((*name).to_owned(), Kind::Number)).collect()
    }

    #[test]
    fn columns_of_one_group_stand_together() {
        let columns = columns(&["n", "tcp.seq", "ip.src", "tcp.options.mss", "tcp.ack", "ip.dst", "len"]);
        let mut order = Vec::new();
        arrange(&columns, &[0, 1, 2, 3, 4, 5, 6], 0, &mut order);
        assert_eq!(order, [0, 1, 3, 4, 2, 5, 6]);
        let mut schema = String::new();
        declare(&columns, &order, 0, &mut schema);
        let said: Vec<&str> = schema.split_whitespace().filter(|word| word.len() > 1).collect();
        assert_eq!(
            said.join(" "),
            "optional int64 n; required group tcp optional int64 seq; required group options optional int64 mss; \
             optional int64 ack; required group ip optional int64 src; optional int64 dst; optional int64 len;"
        );
    }

    #[test]
    fn numbers_are_read_as_they_were_written() {
        for (text, value) in
            [("0", 0), ("-17", -17), ("9223372036854775807", i64::MAX), ("18446744073709551615", i64::MAX)]
        {
            assert_eq!(number(text.as_bytes()), value);
        }
    }

    #[test]
    fn a_file_begins_and_ends_as_parquet_even_without_rows() {
        for rows in [0u32, 3] {
            let columns = [("n".to_owned(), Kind::Number), ("notes".to_owned(), Kind::Texts)];
            let (mut file, mut out) = (Parquet::new("packet", columns), Vec::new());
            for n in 0..rows {
                let mut row = Vec::new();
                Parquet::cell(&mut row, true, |cell| cell.dec(n));
                Parquet::cell(&mut row, false, |cell| (0..n).for_each(|_| cell.item(|text| text.push(b'x'))));
                file.row(&row, &mut out).unwrap();
            }
            file.finish(&mut out).unwrap();
            assert!(out.starts_with(b"PAR1") && out.ends_with(b"PAR1"), "{} octets", out.len());
        }
    }
}
