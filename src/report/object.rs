//! JSON by hand: objects and arrays that put their own commas.

use super::digits::Digits as _;
use crate::capture::Checksum;

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

    /// A member with a plain name.
    #[inline]
    fn name(&mut self, name: &str) -> &mut Vec<u8> {
        if self.any {
            self.out.push(b',');
        }
        self.any = true;
        self.out.push(b'"');
        self.out.text(name);
        self.out.text("\":");
        self.out
    }

    /// A number.
    #[inline]
    pub(super) fn number(&mut self, name: &str, value: u64) {
        self.name(name).dec(value);
    }

    /// A number that may be negative.
    #[inline]
    pub(super) fn signed(&mut self, name: &str, value: i64) {
        let out = self.name(name);
        if value < 0 {
            out.push(b'-');
        }
        out.dec(value.unsigned_abs());
    }

    /// `true` or `false`.
    #[inline]
    pub(super) fn flag(&mut self, name: &str, value: bool) {
        self.name(name).text(if value { "true" } else { "false" });
    }

    /// `true`, `false` or `null`.
    #[inline]
    pub(super) fn verdict(&mut self, name: &str, checksum: Checksum) {
        self.name(name).text(match checksum.verdict() {
            Some(true) => "true",
            Some(false) => "false",
            None => "null",
        });
    }

    /// A string without anything to escape.
    #[inline]
    pub(super) fn word(&mut self, name: &str, word: &str) {
        self.quoted(name, |out| out.text(word));
    }

    /// A string that `write` writes, without anything to escape.
    #[inline]
    pub(super) fn quoted(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let out = self.name(name);
        out.push(b'"');
        write(out);
        out.push(b'"');
    }

    /// A string that may hold anything.
    #[inline]
    pub(super) fn string(&mut self, name: &str, text: &str) {
        let out = self.name(name);
        let start = out.len();
        // Neither a string nor a vector can fail here; should one, the member is null.
        if serde_json::to_writer(&mut *out, text).is_err() {
            out.truncate(start);
            out.text("null");
        }
    }

    /// An array of numbers.
    #[inline]
    pub(super) fn numbers(&mut self, name: &str, values: impl IntoIterator<Item = u64>) {
        self.array(name, |array| values.into_iter().for_each(|value| array.number(value)));
    }

    /// An object within.
    #[inline]
    pub(super) fn object(&mut self, name: &str, write: impl FnOnce(&mut Object<'_>)) {
        let mut object = Object::begin(self.name(name));
        write(&mut object);
        object.end();
    }

    /// An array.
    #[inline]
    pub(super) fn array(&mut self, name: &str, write: impl FnOnce(&mut Array<'_>)) {
        let out = self.name(name);
        out.push(b'[');
        write(&mut Array { out: &mut *out, any: false });
        out.push(b']');
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
