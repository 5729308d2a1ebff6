//! A stream as letters: what is none is a dot, and nothing can steer a terminal.

use std::borrow::Cow;

use crate::report::paint;

/// Writes one side's octets as they come, in whatever pieces: a letter may be cut in two.
#[derive(Debug, Default)]
pub(super) struct Letters {
    /// The beginning of a letter, or a CR that may belong to the end of a line.
    waits: Vec<u8>,
}

impl Letters {
    /// Appends `octets`, but for a beginning of a letter at their end.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, octets: &[u8], ascii: bool) {
        let octets: Cow<'_, [u8]> = if self.waits.is_empty() {
            octets.into()
        } else {
            self.waits.extend_from_slice(octets);
            std::mem::take(&mut self.waits).into()
        };
        let whole = octets.len() - unfinished(&octets);
        let (whole, begun) = octets.split_at(whole);
        write(out, whole, ascii);
        self.waits.extend_from_slice(begun);
    }

    /// Nothing more comes to what was begun.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        out.resize(out.len() + self.waits.len(), b'.');
        self.waits.clear();
    }
}

/// How many octets at the end may become something with those that follow.
fn unfinished(octets: &[u8]) -> usize {
    if octets.ends_with(b"\r") {
        return 1;
    }
    let from = octets.len().saturating_sub(3);
    (from..octets.len())
        .find(|at| {
            let tail = octets.get(*at..).unwrap_or_default();
            std::str::from_utf8(tail).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        })
        .map_or(0, |at| octets.len() - at)
}

fn write(out: &mut Vec<u8>, octets: &[u8], ascii: bool) {
    for chunk in octets.utf8_chunks() {
        let mut letters = chunk.valid().chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\n' | '\t' => out.push(letter as u8),
                '\r' if letters.peek() == Some(&'\n') => {}
                letter if letter.is_ascii() || ascii => {
                    out.push(if matches!(letter, ' '..='~') { letter as u8 } else { b'.' });
                }
                letter if paint::is_harmless(letter) => {
                    out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                }
                _ => out.push(b'.'),
            }
        }
        out.resize(out.len() + chunk.invalid().len(), b'.');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(pieces: &[&[u8]], ascii: bool) -> String {
        let (mut out, mut letters) = (Vec::new(), Letters::default());
        for piece in pieces {
            letters.write(&mut out, piece, ascii);
        }
        letters.finish(&mut out);
        String::from_utf8(out).expect("it is made of letters")
    }

    #[test]
    fn lines_stay_and_what_is_no_letter_is_a_dot() {
        assert_eq!(written(&[b"GET /\r\n\r\n\x00\x1b[31m\xff\ta\rb"], false), "GET /\n\n..[31m.\ta.b");
    }

    #[test]
    fn a_letter_cut_in_two_is_one_letter() {
        let text = "naïve – 漢字 🦀\r\n";
        for cut in 0..text.len() {
            let (one, other) = text.as_bytes().split_at(cut);
            assert_eq!(written(&[one, other], false), "naïve – 漢字 🦀\n", "cut at {cut}");
        }
        let octet_by_octet: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(written(&octet_by_octet, false), "naïve – 漢字 🦀\n");
    }

    #[test]
    fn what_never_becomes_a_letter_is_dots() {
        assert_eq!(written(&[b"a\xf0\x9f", b"b\xe6"], false), "a..b.");
        assert_eq!(written(&[b"a\r"], false), "a.");
    }

    #[test]
    fn letters_outside_ascii_and_those_that_turn_the_reading_are_dots() {
        assert_eq!(written(&["é\u{202e}x".as_bytes()], false), "é.x");
        assert_eq!(written(&["é\u{202e}x".as_bytes()], true), "..x");
    }
}
