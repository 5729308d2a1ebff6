//! Telling: one writer per file.

pub mod clock;
pub mod conns;
pub mod digits;
pub mod hexdump;
pub mod human;
pub mod line;
pub mod paint;
pub mod story;
pub mod table;
