//! Tables for other programs: a row per packet or per connection, a column per field of the JSON
//! records, under the same names.
//!
//! What a column says is written once, as text, into a `Cell`; its [`Kind`] says what that text is.
//! CSV and TSV take the text as it stands, Parquet makes numbers, truths and lists of it.

mod cell;
#[cfg(feature = "parquet")]
mod columnar;
mod packets;
pub(in crate::report) mod quote;
mod rows;

pub(in crate::report) use cell::Cell;
#[cfg(feature = "parquet")]
pub(in crate::report) use columnar::Parquet;
pub use packets::Column;
#[cfg(feature = "parquet")]
pub use rows::PacketParquet;
pub use rows::Packets;

/// What the cells of a column hold. A cell without a value is empty.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A whole number.
    Number,
    /// `true` or `false`.
    Truth,
    /// A word.
    Text,
    /// A moment.
    Time,
    /// Whole numbers.
    Numbers,
    /// Words.
    Texts,
}
