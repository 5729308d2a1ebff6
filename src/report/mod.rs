//! Telling: one writer per file.

pub mod clock;
pub mod digits;
pub mod hexdump;
pub mod line;
pub mod paint;
