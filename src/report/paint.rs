//! Colour, and text from outside made safe to look at.

use super::digits::Digits as _;

/// What a colour stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ink {
    /// What the eye may skip.
    Dim,
    /// What the eye should find.
    Bold,
    /// The client, or the first of two.
    Client,
    /// The server, or the second of two.
    Server,
    /// Something begins or is proven.
    Good,
    /// Something ends, or is only expected.
    Warn,
    /// Something failed.
    Bad,
}

impl Ink {
    const fn code(self) -> &'static str {
        match self {
            Self::Dim => "\x1b[2m",
            Self::Bold => "\x1b[1m",
            Self::Client => "\x1b[36m",
            Self::Server => "\x1b[35m",
            Self::Good => "\x1b[32m",
            Self::Warn => "\x1b[33m",
            Self::Bad => "\x1b[31m",
        }
    }
}

/// Ends any colour.
const END: &str = "\x1b[0m";

/// Puts colour codes in, or leaves them out.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Paint {
    /// Whether there is colour at all.
    pub on: bool,
}

impl Paint {
    /// Writes what `write` writes in the colour of `ink`.
    pub fn with(self, ink: Ink, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.on {
            return write(out);
        }
        out.text(ink.code());
        write(out);
        out.text(END);
    }

    /// The same; returns how many octets of it take no room on the screen.
    pub fn unseen(self, ink: Ink, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> usize {
        self.with(ink, out, write);
        if self.on { ink.code().len() + END.len() } else { 0 }
    }

    /// Writes `text` in the colour of `ink`.
    pub fn text(self, ink: Ink, out: &mut Vec<u8>, text: &str) {
        self.with(ink, out, |out| out.text(text));
    }
}

/// Appends text from outside so that it cannot move the cursor, change colours or turn the reading
/// direction: what would is written as an escape, and so is what is not UTF-8.
pub fn escape(out: &mut Vec<u8>, text: &[u8]) {
    for chunk in text.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if is_harmless(letter) {
                out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                out.extend(letter.escape_default().map(|escaped| escaped as u8));
            }
        }
        for octet in chunk.invalid() {
            out.text("\\x");
            out.hex(u64::from(*octet), 2);
        }
    }
}

/// Whether a terminal shows `letter` as a letter and does nothing else.
fn is_harmless(letter: char) -> bool {
    !letter.is_control()
        && !matches!(letter,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &[u8]) -> String {
        let mut out = Vec::new();
        escape(&mut out, text);
        String::from_utf8(out).expect("escaped text is UTF-8")
    }

    #[test]
    fn text_from_outside_cannot_steer_the_terminal() {
        assert_eq!(escaped(b"plain \xc3\xa9"), "plain é");
        assert_eq!(escaped(b"\x1b[31mred\x07"), "\\u{1b}[31mred\\u{7}");
        assert_eq!(escaped("a\u{202e}b".as_bytes()), "a\\u{202e}b");
        assert_eq!(escaped(b"two\nlines\t"), "two\\nlines\\t");
        assert_eq!(escaped(b"half \xc3"), "half \\xc3");
        assert_eq!(escaped("\u{9b}31m".as_bytes()), "\\u{9b}31m");
    }

    #[test]
    fn without_colour_nothing_is_added() {
        let mut out = Vec::new();
        Paint { on: false }.text(Ink::Bad, &mut out, "x");
        Paint { on: true }.text(Ink::Bad, &mut out, "y");
        assert_eq!(out, b"x\x1b[31my\x1b[0m");
    }
}
