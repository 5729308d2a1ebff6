use std::fmt;

use super::Definition;
use crate::wire::notation::{Fault, Quoted, Reader, quoted};

/// A message in words: `acme.get id=7 body="hello"`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wording {
    /// The protocol.
    pub protocol: String,
    /// What the message is called, where that is said.
    pub kind: Option<String>,
    /// What is said of its fields and its body.
    pub given: Vec<Assignment>,
}

/// `id=7`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Assignment {
    /// The field; or [`BODY`](super::BODY).
    pub name: String,
    /// What it is to be.
    pub given: Given,
}

/// What a field or a body is to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Given {
    /// A number, the name of a value, names of bits with `|` between them, or octets in hexadecimal:
    /// whatever the field takes.
    Word(String),
    /// Between quotes.
    Text(Vec<u8>),
    /// `(1000)`: so many letters.
    Letters(u32),
}

/// The most letters that a body is filled with.
const MOST_LETTERS: u32 = 16 << 20;

impl Wording {
    /// Whether a message begins here: the name of a protocol, alone or with a `.` behind it. What is
    /// not declared counts where it has the form `name.kind`.
    pub fn begins(reader: &Reader<'_>, known: &[Definition]) -> bool {
        let mut reader = reader.clone();
        let word = reader.word();
        let (name, kind) = word.split_once('.').map_or((word, None), |(name, kind)| (name, Some(kind)));
        let has_letters = |text: &str| text.len() > 1 && text.bytes().next().is_some_and(|c| c.is_ascii_lowercase());
        known.iter().any(|definition| definition.name == name) || has_letters(name) && kind.is_some_and(has_letters)
    }

    /// Reads a message of one of these protocols, to the end of the text or to a `{`, and writes it.
    ///
    /// # Errors
    ///
    /// Where it is none, or says what the protocol has no room for.
    pub fn read<'d>(
        reader: &mut Reader<'_>,
        known: &'d [Definition],
    ) -> Result<(Self, super::Written, &'d Definition), Fault> {
        let start = reader.mark();
        let word = reader.word();
        let (name, kind) = word.split_once('.').map_or((word, None), |(name, kind)| (name, Some(kind)));
        let Some(definition) = known.iter().find(|definition| definition.name == name) else {
            let names: Vec<&str> = known.iter().map(|definition| definition.name.as_str()).collect();
            let what = match names.as_slice() {
                [] => format!("no protocol `{name}` is declared here: '--proto FILE.toml' declares one"),
                names => format!("no protocol `{name}` is declared here; there is {}", names.join(", ")),
            };
            return Err(reader.fault_between(start, start + name.len(), what));
        };
        let mut wording = Self { protocol: name.to_owned(), kind: kind.map(str::to_owned), given: Vec::new() };
        let mut places = Vec::new();
        let kind_at = (start, start + word.len());
        while !reader.is_done() && !reader.rest().starts_with('{') {
            let from = reader.mark();
            wording.given.push(assignment(reader)?);
            places.push((from, from + reader_at(reader, from)));
        }
        let written = definition.write(&wording).map_err(|wrong| {
            let (from, to) = wrong.nth.and_then(|nth| places.get(nth).copied()).unwrap_or(kind_at);
            reader.fault_between(from, to, wrong.what)
        })?;
        Ok((wording, written, definition))
    }
}

/// Octets from `from` to where `reader` stands.
fn reader_at(reader: &mut Reader<'_>, from: usize) -> usize {
    let gap = reader.rest().len() - reader.rest().trim_start().len();
    reader.mark() - gap - from
}

fn assignment(reader: &mut Reader<'_>) -> Result<Assignment, Fault> {
    let start = reader.mark();
    let rest = reader.rest();
    let len = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
    if len == 0 || !rest[len..].starts_with('=') {
        reader.word();
        return Err(reader.fault_since(start, "expected a field and its value, as in `id=7` or `body=\"text\"`"));
    }
    let name = rest[..len].to_owned();
    reader.skip(len + 1);
    let rest = reader.rest();
    let given = if rest.starts_with('"') {
        Given::Text(quoted(reader)?)
    } else if rest.starts_with('(') {
        reader.expect('(')?;
        let from = reader.mark();
        let letters = reader.integer("a length in octets")?;
        if letters > MOST_LETTERS {
            return Err(reader.fault_since(from, format!("at most {MOST_LETTERS} octets are written at once")));
        }
        reader.expect(')')?;
        Given::Letters(letters)
    } else {
        let len = rest.find(|c: char| c.is_whitespace() || c == '{').unwrap_or(rest.len());
        let word = rest[..len].to_owned();
        reader.skip(len);
        Given::Word(word)
    };
    Ok(Assignment { name, given })
}

impl fmt::Display for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.protocol)?;
        if let Some(kind) = &self.kind {
            write!(f, ".{kind}")?;
        }
        for Assignment { name, given } in &self.given {
            match given {
                Given::Word(word) => write!(f, " {name}={word}")?,
                Given::Text(text) => write!(f, " {name}={}", Quoted(text))?,
                Given::Letters(letters) => write!(f, " {name}=({letters})")?,
            }
        }
        Ok(())
    }
}
