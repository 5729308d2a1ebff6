//! JSON by hand: objects and arrays that put their own commas.

use super::digits::Digits as _;
use crate::capture::Checksum;

/// The name of a member as it stands between another member and text, `,"seq":"`: one piece is
/// appended faster than four. Made by [`key!`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Key(&'static str);

impl Key {
    /// Of a comma, the name in quotes, a colon and the quote that begins a text.
    pub(super) const fn of(text: &'static str) -> Self {
        Self(text)
    }

    /// What is needed of it.
    #[inline]
    fn part(self, comma: bool, quote: bool) -> &'static str {
        let (start, end) = (usize::from(!comma), self.0.len() - usize::from(!quote));
        self.0.get(start..end).unwrap_or_default()
    }
}

/// The [`Key`] of a plain name.
macro_rules! key {
    ($name:literal) => {
        $crate::report::object::Key::of(concat!(",\"", $name, "\":\""))
    };
}
pub(super) use key;

/// A JSON object being written; puts the commas.
pub(super) struct Object<'a> {
    out: &'a mut Vec<u8>,
    any: bool,
}

impl<'a> Object<'a> {
    /// Begins an object at the end of `out`.
    #[inline]
    pub(super) fn begin(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, any: false }
    }

    /// Ends it.
    #[inline]
    pub(super) fn end(self) {
        self.out.push(b'}');
    }

    /// A member's name.
    #[inline]
    fn name(&mut self, key: Key) -> &mut Vec<u8> {
        self.out.text(key.part(self.any, false));
        self.any = true;
        self.out
    }

    /// A number under a plain name that is found at run time.
    pub(super) fn count(&mut self, name: &str, value: u64) {
        self.named(name, |out| out.dec(value));
    }

    /// Whatever `write` writes, under a plain name that is found at run time.
    pub(super) fn named(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        if self.any {
            self.out.push(b',');
        }
        self.any = true;
        self.out.push(b'"');
        self.out.text(name);
        self.out.text("\":");
        write(self.out);
    }

    /// A string that may hold anything, under such a name.
    pub(super) fn string_named(&mut self, name: &str, text: &str) {
        self.named(name, |out| string(out, text));
    }

    /// A number.
    #[inline]
    pub(super) fn number(&mut self, key: Key, value: u64) {
        self.name(key).dec(value);
    }

    /// A number that may be negative.
    #[inline]
    pub(super) fn signed(&mut self, key: Key, value: i64) {
        let out = self.name(key);
        if value < 0 {
            out.push(b'-');
        }
        out.dec(value.unsigned_abs());
    }

    /// `true` or `false`.
    #[inline]
    pub(super) fn flag(&mut self, key: Key, value: bool) {
        self.name(key).text(if value { "true" } else { "false" });
    }

    /// `true`, `false` or `null`.
    #[inline]
    pub(super) fn verdict(&mut self, key: Key, checksum: Checksum) {
        self.name(key).text(match checksum.verdict() {
            Some(true) => "true",
            Some(false) => "false",
            None => "null",
        });
    }

    /// `null`.
    #[inline]
    pub(super) fn null(&mut self, key: Key) {
        self.name(key).text("null");
    }

    /// A string without anything to escape.
    #[inline]
    pub(super) fn word(&mut self, key: Key, word: &str) {
        self.quoted(key, |out| out.text(word));
    }

    /// A string that `write` writes, without anything to escape.
    #[inline]
    pub(super) fn quoted(&mut self, key: Key, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.text(key.part(self.any, true));
        self.any = true;
        write(self.out);
        self.out.push(b'"');
    }

    /// A string that may hold anything.
    #[inline]
    pub(super) fn string(&mut self, key: Key, text: &str) {
        string(self.name(key), text);
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
    }

    /// An array.
    #[inline]
    pub(super) fn array(&mut self, key: Key, write: impl FnOnce(&mut Array<'_>)) {
        let out = self.name(key);
        out.push(b'[');
        write(&mut Array { out: &mut *out, any: false });
        out.push(b']');
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

/// A JSON array being written; puts the commas.
pub(super) struct Array<'a> {
    out: &'a mut Vec<u8>,
    any: bool,
}

impl Array<'_> {
    #[inline]
    fn next(&mut self) -> &mut Vec<u8> {
        if self.any {
            self.out.push(b',');
        }
        self.any = true;
        self.out
    }

    /// A number.
    #[inline]
    pub(super) fn number(&mut self, value: u64) {
        self.next().dec(value);
    }

    /// An array of numbers.
    #[inline]
    pub(super) fn numbers(&mut self, values: impl IntoIterator<Item = u64>) {
        let out = self.next();
        out.push(b'[');
        let mut array = Array { out: &mut *out, any: false };
        values.into_iter().for_each(|value| array.number(value));
        out.push(b']');
    }

    /// A string without anything to escape.
    #[inline]
    pub(super) fn word(&mut self, word: &str) {
        self.quoted(|out| out.text(word));
    }

    /// A string that may hold anything.
    pub(super) fn string(&mut self, text: &str) {
        let out = self.next();
        let start = out.len();
        // Neither a string nor a vector can fail here; should one, the element is null.
        if serde_json::to_writer(&mut *out, text).is_err() {
            out.truncate(start);
            out.text("null");
        }
    }

    /// A string that `write` writes, without anything to escape.
    #[inline]
    pub(super) fn quoted(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let out = self.next();
        out.push(b'"');
        write(out);
        out.push(b'"');
    }

    /// An object.
    #[inline]
    pub(super) fn object(&mut self, write: impl FnOnce(&mut Object<'_>)) {
        let mut object = Object::begin(self.next());
        write(&mut object);
        object.end();
    }
}
