//! What a line looks like.

use super::columns::{self, Columns};
use super::fields::{self, Field};
use super::{Beside, ecs, record, zeek};
use crate::capture::Conn;
use crate::report::clock::Utc;
use crate::report::fields::Layout;
use crate::report::paint::Paint;
use crate::report::table::Table;
#[cfg(feature = "parquet")]
use crate::report::tables::Parquet;

/// What a line looks like.
#[derive(Clone, Debug)]
pub enum Format {
    /// A table.
    Table {
        /// At most so many columns; 0 is no limit.
        width: usize,
        /// `…`, or `..` where only ASCII is wanted.
        ellipsis: &'static str,
        /// Colours, or none.
        paint: Paint,
        /// Which columns.
        columns: Columns,
    },
    /// A JSON object.
    Json,
    /// These fields, separated: tshark's lines, CSV or TSV, as the layout says.
    Fields(Vec<Field>, Layout),
    /// These fields, each once, as a Parquet file.
    #[cfg(feature = "parquet")]
    Parquet(Vec<Field>),
    /// Zeek's `conn.log`.
    Zeek,
    /// An object of the Elastic Common Schema.
    Ecs,
}

impl Format {
    /// Appends the line of `conn`; of a table its cells.
    pub(super) fn write(&self, out: &mut Vec<u8>, conn: &Conn, beside: Beside<'_>, utc: &mut Utc) {
        match self {
            Self::Table { columns, .. } => {
                let start = out.len();
                columns::write(out, conn, beside, columns);
                columns.choose(out, start);
            }
            Self::Json => record::write(out, conn, beside),
            Self::Fields(fields, layout) => fields::line(out, conn, beside, fields, *layout),
            #[cfg(feature = "parquet")]
            Self::Parquet(fields) => {
                for (at, field) in fields.iter().enumerate() {
                    Parquet::cell(out, at == 0, |cell| field.write(conn, beside, cell));
                }
            }
            Self::Zeek => zeek::line(out, conn, beside.talk),
            Self::Ecs => ecs::write(out, conn, beside, utc),
        }
    }

    /// A table of its columns, without rows so far.
    pub(super) fn table(&self) -> Table {
        match self {
            Self::Table { columns, .. } => columns.table(),
            _ => Table::new(columns::COLUMNS),
        }
    }

    /// The file of columns that lines are put into.
    #[cfg(feature = "parquet")]
    pub(super) fn file(&self) -> Option<Parquet> {
        match self {
            Self::Parquet(fields) => {
                Some(Parquet::new("connection", fields.iter().map(|field| (field.name().to_owned(), field.kind()))))
            }
            Self::Table { .. } | Self::Json | Self::Fields(..) | Self::Zeek | Self::Ecs => None,
        }
    }
}
