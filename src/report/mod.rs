//! Telling: one writer per file.

pub mod annotate;
pub mod both;
pub mod clock;
pub mod comment;
pub mod compare;
pub mod conform;
pub mod conns;
pub mod digits;
pub mod fields;
pub mod hexdump;
pub mod html;
pub mod human;
pub mod json;
pub mod ladder;
pub mod lesson;
pub mod line;
pub mod look;
mod object;
pub mod paint;
pub mod played;
pub mod process;
pub mod replayed;
pub mod steps;
pub mod story;
pub mod table;
pub mod text;
pub mod totals;
