//! Colour, and text from outside made safe to look at.

use std::sync::OnceLock;

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
    /// Every one, and what the configuration calls it.
    pub const ALL: [(Self, &str); 7] = [
        (Self::Dim, "dim"),
        (Self::Bold, "bold"),
        (Self::Client, "client"),
        (Self::Server, "server"),
        (Self::Good, "good"),
        (Self::Warn, "warn"),
        (Self::Bad, "bad"),
    ];

    fn code(self) -> &'static str {
        match DYED.get().and_then(|palette| palette.0[self as usize].as_deref()) {
            Some(code) => code,
            None => self.usual(),
        }
    }

    const fn usual(self) -> &'static str {
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

/// The colours that a program has chosen once and for all.
static DYED: OnceLock<Palette> = OnceLock::new();

/// Has every ink show as `palette` says from now on. The first call counts.
pub fn dye(palette: Palette) {
    // A second is for nothing.
    let _ = DYED.set(palette);
}

/// How inks show.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Palette([Option<String>; Ink::ALL.len()]);

/// Why a colour could not be set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NoColour {
    /// Whether it is the role that is unknown, and not the colour.
    pub is_of_the_role: bool,
    /// What is wrong, and what was expected.
    pub what: String,
}

impl Palette {
    /// Has the ink that is called `role` show in `colour`: words such as `bright blue`, `bold red`,
    /// `underline`, or a number from 0 to 255; `plain` is none.
    ///
    /// # Errors
    ///
    /// Where there is no such role or no such colour.
    pub fn set(&mut self, role: &str, colour: &str) -> Result<(), NoColour> {
        let Some((ink, _)) = Ink::ALL.into_iter().find(|(_, name)| *name == role) else {
            let roles = Ink::ALL.map(|(_, name)| name).join(", ");
            return Err(NoColour {
                is_of_the_role: true,
                what: format!("'{role}' has no colour; expected one of {roles}"),
            });
        };
        let mut codes = Vec::new();
        let mut bright = 0;
        for word in colour.split_whitespace() {
            let number = COLOURS.iter().position(|name| *name == word);
            match (word, number, ATTRIBUTES.iter().find(|(name, _)| *name == word)) {
                ("bright", ..) => bright = 60,
                ("plain", ..) => codes.push("0".to_owned()),
                (_, Some(number), _) => codes.push((30 + number + std::mem::take(&mut bright)).to_string()),
                (_, _, Some((_, code))) => codes.push((*code).to_owned()),
                _ if word.parse::<u8>().is_ok() => codes.push(format!("38;5;{word}")),
                _ => {
                    let (colours, attributes) = (COLOURS.join(", "), ATTRIBUTES.map(|(name, _)| name).join(", "));
                    return Err(NoColour {
                        is_of_the_role: false,
                        what: format!(
                            "'{word}' is no colour; expected {colours}, with 'bright' in front or without, {attributes}, \
                             plain, or a number from 0 to 255"
                        ),
                    });
                }
            }
        }
        if let Some(slot) = self.0.get_mut(ink as usize) {
            *slot = Some(format!("\x1b[{}m", codes.join(";")));
        }
        Ok(())
    }
}

const COLOURS: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

const ATTRIBUTES: [(&str, &str); 5] =
    [("bold", "1"), ("dim", "2"), ("italic", "3"), ("underline", "4"), ("reverse", "7")];

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

    /// Writes what the colours stand for, each in its own.
    pub fn legend(self, out: &mut Vec<u8>) {
        out.text("colours:");
        for (ink, what) in [
            (Ink::Client, "client"),
            (Ink::Server, "server"),
            (Ink::Good, "begins, proven"),
            (Ink::Warn, "ends, expected"),
            (Ink::Bad, "failed"),
        ] {
            out.text("  ");
            self.text(ink, out, what);
        }
        out.push(b'\n');
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
pub(super) fn is_harmless(letter: char) -> bool {
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
    fn colours_are_said_in_words() {
        let mut palette = Palette::default();
        for (colour, code) in [
            ("cyan", "\x1b[36m"),
            ("bright blue", "\x1b[94m"),
            ("bold red", "\x1b[1;31m"),
            ("208 underline", "\x1b[38;5;208;4m"),
            ("plain", "\x1b[0m"),
        ] {
            palette.set("server", colour).unwrap();
            assert_eq!(palette.0[Ink::Server as usize].as_deref(), Some(code));
        }
        assert!(palette.set("server", "256").is_err_and(|error| !error.is_of_the_role));
        assert!(palette.set("sever", "red").is_err_and(|error| error.is_of_the_role));
    }

    #[test]
    fn without_colour_nothing_is_added() {
        let mut out = Vec::new();
        Paint { on: false }.text(Ink::Bad, &mut out, "x");
        Paint { on: true }.text(Ink::Bad, &mut out, "y");
        assert_eq!(out, b"x\x1b[31my\x1b[0m");
    }
}
