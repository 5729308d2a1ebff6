//! Two captures of the same conversations, held against each other: in words and as records.

mod json;
mod text;
mod words;

pub use json::write as write_json;
pub use text::{Told, write as write_text};
