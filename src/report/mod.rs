//! Telling: one writer per file.

pub mod annotate;
pub mod clock;
pub mod digits;
pub mod fields;
pub mod hexdump;
pub mod json;
pub mod line;
pub mod paint;
pub mod steps;
pub mod text;
pub mod totals;
