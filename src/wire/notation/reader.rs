use std::fmt;

/// A place in a line of text, and what stands there. Spaces between words do not count.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// At the beginning of `text`.
    pub const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Where the next word begins, in octets.
    pub fn mark(&mut self) -> usize {
        self.at += self.rest().len() - self.rest().trim_start().len();
        self.at
    }

    /// What has not been read.
    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Takes the next word: up to a space or a sign of punctuation. Empty at either.
    pub fn word(&mut self) -> &'a str {
        self.mark();
        let rest = self.rest();
        let len = rest.find(|c: char| c.is_whitespace() || ",:()<>[]{}!".contains(c)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    /// Takes the next word without regard to punctuation: up to a space.
    pub fn long_word(&mut self) -> &'a str {
        self.mark();
        let rest = self.rest();
        let len = rest.find(char::is_whitespace).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    /// Takes the next `octets` octets, whatever they are; at most what is left.
    pub fn skip(&mut self, octets: usize) {
        let to = self.at.saturating_add(octets).min(self.text.len());
        if self.text.is_char_boundary(to) {
            self.at = to;
        }
    }

    /// Takes `sign` if it comes next.
    pub fn eat(&mut self, sign: char) -> bool {
        self.mark();
        let next = self.rest().starts_with(sign);
        self.at += if next { sign.len_utf8() } else { 0 };
        next
    }

    /// Takes `word` if it comes next.
    pub fn eat_word(&mut self, word: &str) -> bool {
        let mut ahead = self.clone();
        let next = ahead.word() == word;
        if next {
            *self = ahead;
        }
        next
    }

    /// Takes `sign`.
    ///
    /// # Errors
    ///
    /// When something else comes next.
    pub fn expect(&mut self, sign: char) -> Result<(), Fault> {
        if self.eat(sign) { Ok(()) } else { Err(self.fault(format!("expected `{sign}`"))) }
    }

    /// Takes `word`.
    ///
    /// # Errors
    ///
    /// When something else comes next.
    pub fn expect_word(&mut self, word: &str) -> Result<(), Fault> {
        if self.eat_word(word) { Ok(()) } else { Err(self.fault(format!("expected `{word}`"))) }
    }

    /// Takes a whole number.
    ///
    /// # Errors
    ///
    /// When what comes next is no number, or too large for its field; `what` names it.
    pub fn integer<N: std::str::FromStr>(&mut self, what: &str) -> Result<N, Fault> {
        let start = self.mark();
        self.word().parse().map_err(|_| self.fault_since(start, format!("expected {what}")))
    }

    /// Takes an even number of hexadecimal digits, or nothing where the next word is none.
    ///
    /// # Errors
    ///
    /// When the digits are odd, or no digits.
    pub fn hex(&mut self) -> Result<Vec<u8>, Fault> {
        let start = self.mark();
        let word = self.word();
        let octet = |at| u8::from_str_radix(word.get(at..at + 2)?, 16).ok();
        let octets: Option<Vec<u8>> = (0..word.len()).step_by(2).map(octet).collect();
        octets.ok_or_else(|| self.fault_since(start, "expected octets in hexadecimal, two digits each"))
    }

    /// Whether nothing is left.
    pub fn is_done(&mut self) -> bool {
        self.mark() == self.text.len()
    }

    /// Makes sure that nothing is left.
    ///
    /// # Errors
    ///
    /// When something is.
    pub fn end(&mut self) -> Result<(), Fault> {
        if self.is_done() { Ok(()) } else { Err(self.fault("expected the end of the line")) }
    }

    /// A fault at the next word.
    pub fn fault(&self, what: impl Into<String>) -> Fault {
        let mut ahead = self.clone();
        let start = ahead.mark();
        ahead.word();
        ahead.fault_since(start, what)
    }

    /// A fault from `start` to here.
    pub fn fault_since(&self, start: usize, what: impl Into<String>) -> Fault {
        self.fault_between(start, self.at, what)
    }

    /// A fault from `start` to `end`.
    pub fn fault_between(&self, start: usize, end: usize, what: impl Into<String>) -> Fault {
        let width = self.text.get(start..end).map_or(0, |text| text.chars().count());
        Fault { at: start, len: width.max(1), what: what.into() }
    }

    pub(super) fn at_number(&mut self) -> bool {
        self.mark();
        self.rest().starts_with(|c: char| c.is_ascii_digit() || c == '!' || c == '-')
    }
}

/// Where a text leaves the notation, and what would have been right.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// Octets before the fault.
    pub at: usize,
    /// Octets the fault is long, at least 1.
    pub len: usize,
    /// What is wrong, and what was expected.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.at + 1, self.what)
    }
}

impl std::error::Error for Fault {}
