//! How stories and ladders look: how wide, in which characters, in which colours.

use crate::capture::track::Role;
use crate::report::paint::{Ink, Paint};

/// Of a page whose width nobody knows.
const PAGE: usize = 100;
/// A grid needs this much.
const LEAST: usize = 76;
/// Lines of prose longer than this tire the eye, however wide the terminal.
const PROSE: usize = 100;
/// And shorter ones do not flow.
const PROSE_LEAST: usize = 32;

/// The looks of a story.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Columns; 0 where nobody knows.
    pub width: usize,
    /// Whether to keep to ASCII.
    pub ascii: bool,
    /// Colours, or none.
    pub paint: Paint,
}

/// The characters that a figure is drawn with.
#[derive(Clone, Copy, Debug)]
pub struct Glyphs {
    pub(super) line: char,
    pub(super) copy: char,
    pub(super) life: char,
    pub(super) head_right: char,
    pub(super) head_left: char,
    pub(super) lost: char,
    pub(super) dots: &'static str,
    pub(super) unknown: char,
    pub(super) proven: char,
    pub(super) to: &'static str,
    pub(super) back: &'static str,
    pub(super) expected: char,
    pub(super) assumed: char,
    pub(super) wait: char,
}

const UNICODE: Glyphs = Glyphs {
    line: '─',
    copy: '╌',
    life: '│',
    head_right: '▶',
    head_left: '◀',
    lost: '╳',
    dots: "…",
    unknown: '·',
    proven: '✓',
    to: "→",
    back: "←",
    expected: '?',
    assumed: '~',
    wait: '┊',
};

const ASCII: Glyphs = Glyphs {
    line: '-',
    copy: '.',
    life: '|',
    head_right: '>',
    head_left: '<',
    lost: 'X',
    dots: "...",
    unknown: '.',
    proven: '!',
    to: "->",
    back: "<-",
    expected: '?',
    assumed: '~',
    wait: ':',
};

impl Look {
    /// Columns of the page.
    pub(super) fn page(&self) -> usize {
        if self.width == 0 { PAGE } else { self.width }
    }

    /// Columns of a page that has room for a grid.
    pub(super) fn grid(&self) -> usize {
        self.page().max(LEAST)
    }

    /// Columns of prose.
    pub(super) fn prose(&self) -> usize {
        self.page().clamp(PROSE_LEAST, PROSE)
    }

    /// What it is drawn with.
    pub fn glyphs(&self) -> &'static Glyphs {
        if self.ascii { &ASCII } else { &UNICODE }
    }

    /// `text` in the colour of `ink`.
    pub(super) fn dye(&self, ink: Ink, text: &str) -> String {
        if text.trim().is_empty() {
            return text.to_owned();
        }
        let mut out = Vec::with_capacity(text.len() + 8);
        self.paint.text(ink, &mut out, text);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// The colour of `role`.
    pub(super) fn ink(role: Role) -> Ink {
        match role {
            Role::Client => Ink::Client,
            Role::Server => Ink::Server,
        }
    }
}
