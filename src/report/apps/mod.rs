//! What is said above TCP: in words, in columns, and as an object of the records.

mod json;
mod summary;
mod words;

pub(super) use json::{said as said_json, write as write_json};
pub(super) use summary::{Summary, brief};
pub(super) use words::{line, said};
