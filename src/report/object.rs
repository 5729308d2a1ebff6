//! JSON by hand: objects and arrays that put their own commas.

use super::digits::{self, Digits as _, ROOM};
use crate::capture::Checksum;

/// The name of a member as it stands before text, `"seq":"`: one piece is appended faster than four.
/// Made by [`key!`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Key(&'static str);

impl Key {
    /// Of the name in quotes, a colon and the quote that begins a text.
    pub(super) const fn of(text: &'static str) -> Self {
        Self(text)
    }

    /// The same without that quote.
    #[inline]
    fn plain(self) -> &'static str {
        self.0.get(..self.0.len() - 1).unwrap_or_default()
    }
}

/// The [`Key`] of a plain name.
macro_rules! key {
    ($name:literal) => {
        $crate::report::object::Key::of(concat!("\"", $name, "\":\""))
    };
}
pub(super) use key;

/// A JSON object being written; puts the commas: one behind each member, so that what a member looks
/// like does not depend on where it stands. The last makes room for the brace.
pub(super) struct Object<'a> {
    out: &'a mut Vec<u8>,
}

/// Octets that a name and a number, or a name and `false`, take at most where they are written in one
/// piece.
const PIECE: usize = 48;
const NAME: usize = PIECE - ROOM;

impl<'a> Object<'a> {
    /// Begins an object at the end of `out`.
    #[inline]
    pub(super) fn begin(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out }
    }

    /// Ends it.
    #[inline]
    pub(super) fn end(self) {
        close(self.out, b'}');
    }

    /// A member's name.
    #[inline]
    fn name(&mut self, key: Key) -> &mut Vec<u8> {
        self.out.text(key.plain());
        self.out
    }

    /// A member whose value `put` puts where its place begins.
    #[inline]
    fn piece(&mut self, key: Key, put: impl FnOnce(&mut [u8; ROOM]) -> usize) {
        let name = key.plain().as_bytes();
        if name.len() > NAME {
            self.out.extend_from_slice(name);
            digits::window(self.out, |place| put(place));
            return self.out.push(b',');
        }
        digits::window(self.out, |place: &mut [u8; PIECE]| {
            let (front, back) = place.split_at_mut(name.len());
            front.copy_from_slice(name);
            let len = back.first_chunk_mut().map_or(0, put);
            if let Some(comma) = back.get_mut(len) {
                *comma = b',';
            }
            name.len() + len + 1
        });
    }

    /// A number under a plain name that is found at run time.
    pub(super) fn count(&mut self, name: &str, value: u64) {
        self.named(name, |out| out.dec(value));
    }

    /// Whatever `write` writes, under a plain name that is found at run time.
    pub(super) fn named(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(b'"');
        self.out.text(name);
        self.out.text("\":");
        write(self.out);
        self.out.push(b',');
    }

    /// A string that may hold anything, under such a name.
    pub(super) fn string_named(&mut self, name: &str, text: &str) {
        self.named(name, |out| string(out, text));
    }

    /// A number.
    #[inline]
    pub(super) fn number(&mut self, key: Key, value: u64) {
        self.piece(key, |place| digits::put(place, value));
    }

    /// A number that may be negative.
    #[inline]
    pub(super) fn signed(&mut self, key: Key, value: i64) {
        let out = self.name(key);
        if value < 0 {
            out.push(b'-');
        }
        out.dec(value.unsigned_abs());
        out.push(b',');
    }

    /// `true` or `false`.
    #[inline]
    pub(super) fn flag(&mut self, key: Key, value: bool) {
        self.piece(key, |place| {
            place[..8].copy_from_slice(if value { b"true    " } else { b"false   " });
            5 - usize::from(value)
        });
    }

    /// `true`, `false` or `null`.
    #[inline]
    pub(super) fn verdict(&mut self, key: Key, checksum: Checksum) {
        match checksum.verdict() {
            Some(value) => self.flag(key, value),
            None => self.null(key),
        }
    }

    /// `null`.
    #[inline]
    pub(super) fn null(&mut self, key: Key) {
        self.name(key).text("null,");
    }

    /// A string without anything to escape.
    #[inline]
    pub(super) fn word(&mut self, key: Key, word: &str) {
        self.quoted(key, |out| out.word(word));
    }

    /// A string that `write` writes, without anything to escape.
    #[inline]
    pub(super) fn quoted(&mut self, key: Key, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.text(key.0);
        write(self.out);
        self.out.text("\",");
    }

    /// A string that may hold anything.
    #[inline]
    pub(super) fn string(&mut self, key: Key, text: &str) {
        string(self.name(key), text);
        self.out.push(b',');
    }

    /// An array of numbers.
    #[inline]
    pub(super) fn numbers(&mut self, key: Key, values: impl IntoIterator<Item = u64>) {
        self.array(key, |array| values.into_iter().for_each(|value| array.number(value)));
    }

    /// An object within.
    #[inline]
    pub(super) fn object(&mut self, key: Key, write: impl FnOnce(&mut Object<'_>)) {
        let mut object = Object::begin(self.name(key));
        write(&mut object);
        object.end();
        self.out.push(b',');
    }

    /// An array.
    #[inline]
    pub(super) fn array(&mut self, key: Key, write: impl FnOnce(&mut Array<'_>)) {
        let out = self.name(key);
        out.push(b'[');
        write(&mut Array { out: &mut *out });
        close(out, b']');
        out.push(b',');
    }
}

/// Appends a string in quotes.
fn string(out: &mut Vec<u8>, text: &str) {
    let start = out.len();
    // Neither a string nor a vector can fail here; should one, the member is null.
    if serde_json::to_writer(&mut *out, text).is_err() {
        out.truncate(start);
        out.text("null");
    }
}

/// Ends what has a comma behind each of its parts, if it has any.
#[inline]
fn close(out: &mut Vec<u8>, end: u8) {
    match out.last_mut() {
        Some(last) if *last == b',' => *last = end,
        _ => out.push(end),
    }
}

/// A JSON array being written; puts the commas, in the same way.
pub(super) struct Array<'a> {
    out: &'a mut Vec<u8>,
}

impl Array<'_> {
    /// A number.
    #[inline]
    pub(super) fn number(&mut self, value: u64) {
        self.out.dec(value);
        self.out.push(b',');
    }

    /// An array of numbers.
    #[inline]
    pub(super) fn numbers(&mut self, values: impl IntoIterator<Item = u64>) {
        self.out.push(b'[');
        let mut array = Array { out: &mut *self.out };
        values.into_iter().for_each(|value| array.number(value));
        close(self.out, b']');
        self.out.push(b',');
    }

    /// A string without anything to escape.
    #[inline]
    pub(super) fn word(&mut self, word: &str) {
        self.quoted(|out| out.word(word));
    }

    /// A string that may hold anything.
    pub(super) fn string(&mut self, text: &str) {
        string(self.out, text);
        self.out.push(b',');
    }

    /// A string that `write` writes, without anything to escape.
    #[inline]
    pub(super) fn quoted(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(b'"');
        write(self.out);
        self.out.text("\",");
    }

    /// An object.
    #[inline]
    pub(super) fn object(&mut self, write: impl FnOnce(&mut Object<'_>)) {
        let mut object = Object::begin(self.out);
        write(&mut object);
        object.end();
        self.out.push(b',');
    }
}
