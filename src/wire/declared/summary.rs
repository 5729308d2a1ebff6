use std::io::Write as _;

use super::{BODY, Definition, Field, Value};
use crate::wire::notation::Fault;

/// A message in one line: text with fields in it, `{type} id={id}`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// What it is made of.
    pub pieces: Vec<Piece>,
}

/// A piece of a [`Summary`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Piece {
    /// As it is.
    Text(String),
    /// What the field at a place says.
    Field(usize),
    /// How the body begins.
    Body,
}

/// Octets of a body that a line shows.
const SHOWN: usize = 40;

impl Summary {
    /// Reads a summary of these fields. A brace that is none stands twice.
    ///
    /// # Errors
    ///
    /// Where a brace has no other, or what is between them is no field.
    pub fn parse(text: &str, fields: &[Field]) -> Result<Self, Fault> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            let here = text.len() - from.len();
            let brace = &from[..1];
            if from[1..].starts_with(brace) {
                plain.push_str(brace);
                rest = &from[2..];
                continue;
            }
            let fault = |len: usize, what: String| Fault { at: here, len, what };
            if brace == "}" {
                return Err(fault(1, "no `{` is before it; a brace that is none stands twice: `}}`".to_owned()));
            }
            let Some(end) = from.find('}') else {
                return Err(fault(1, "expected a `}` behind it; a brace that is none stands twice: `{{`".to_owned()));
            };
            let name = from[1..end].trim();
            let piece = match fields.iter().position(|field| field.name == name) {
                Some(place) => Piece::Field(place),
                None if name == BODY => Piece::Body,
                None => {
                    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).chain([BODY]).collect();
                    return Err(fault(end + 1, format!("expected one of {}", names.join(", "))));
                }
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(piece);
            rest = &from[end + 1..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self { pieces })
    }

    /// What a protocol has that says none: the name of the message, or its number, and all fields
    /// that are not the same in all messages.
    pub fn usual(kind: Option<usize>, fields: &[Field], left_out: impl Fn(usize) -> bool) -> Self {
        let mut pieces: Vec<Piece> = kind.map(Piece::Field).into_iter().collect();
        for (place, field) in fields.iter().enumerate().filter(|(place, _)| Some(*place) != kind && !left_out(*place)) {
            let gap = if pieces.is_empty() { "" } else { " " };
            pieces.push(Piece::Text(format!("{gap}{}=", field.name)));
            pieces.push(Piece::Field(place));
        }
        Self { pieces }
    }
}

impl Definition {
    /// Appends a message in one line, without spaces at its end. Nothing is escaped: what came from
    /// the network is as it came.
    pub fn write_summary(&self, out: &mut Vec<u8>, header: &[u8], body: &[u8]) {
        let start = out.len();
        for piece in &self.summary.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Field(place) => self.write_value(out, header, *place),
                Piece::Body => {
                    let shown = &body[..body.len().min(SHOWN)];
                    match self.body {
                        super::Body::Text => out.extend_from_slice(shown),
                        super::Body::Bytes => hex(out, shown),
                    }
                    if shown.len() < body.len() {
                        out.extend_from_slice("…".as_bytes());
                    }
                }
            }
        }
        let len = out.get(start..).unwrap_or_default().trim_ascii_end().len();
        out.truncate(start + len);
    }

    /// Appends what the field at `place` says: the name of the value or of its bits where it has one.
    pub fn write_value(&self, out: &mut Vec<u8>, header: &[u8], place: usize) {
        let (Some(field), Some(value)) = (self.fields.get(place), self.value(header, place)) else { return };
        // Writing to a vector cannot fail.
        let _ = match value {
            Value::Bytes(octets) => {
                hex(out, octets);
                Ok(())
            }
            Value::Text(text) => {
                out.extend_from_slice(text);
                Ok(())
            }
            Value::Unsigned(_) | Value::Signed(_) => {
                let number = value.number().unwrap_or_default();
                match field.name_of(number) {
                    Some(name) => write!(out, "{name}"),
                    None if !field.bits.is_empty() => {
                        let mut names: Vec<String> = field.bits_of(number).map(str::to_owned).collect();
                        let rest = field.nameless_bits(number);
                        if rest != 0 || names.is_empty() {
                            names.push(if rest == 0 { "0".to_owned() } else { format!("{rest:#x}") });
                        }
                        write!(out, "{}", names.join("|"))
                    }
                    None => write!(out, "{number}"),
                }
            }
        };
    }
}

fn hex(out: &mut Vec<u8>, octets: &[u8]) {
    for octet in octets {
        // Writing to a vector cannot fail.
        let _ = write!(out, "{octet:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::super::acme;
    use super::*;

    fn line(text: &str, header: &[u8], body: &[u8]) -> String {
        let mut acme = acme();
        acme.summary = Summary::parse(text, &acme.fields).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        let mut out = Vec::new();
        acme.write_summary(&mut out, header, body);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn values_are_called_by_their_names() {
        let header = [0xac, 0x4d, 2, 0x83, 0, 0, 0, 7, 0, 0, 0, 5, 0, 0];
        assert_eq!(line("{type} id={id} {len}B", &header, b""), "get id=7 5B");
        assert_eq!(line("{{{flags}}} {magic}", &header, b""), "{more|err|0x80} ac4d");
        assert_eq!(line("{body}!", &header, b"hello"), "hello!");
        assert_eq!(line("{body}", &header, &[b'x'; 41]), "x".repeat(40) + "…");
        assert_eq!(line("{type} {flags}", &[0, 0, 9, 0], b""), "9 0");
        assert_eq!(line("{id}", &[], b""), "");
    }

    #[test]
    fn braces_that_do_not_match_are_told() {
        let fields = acme().fields;
        for (text, at, what) in [
            ("id={id", 3, "expected a `}`"),
            ("id}", 2, "no `{`"),
            ("{type} {foo}", 7, "expected one of magic, type, flags, id, len, sum, body"),
        ] {
            let fault = Summary::parse(text, &fields).expect_err(text);
            assert!(fault.at == at && fault.what.starts_with(what), "{text}: {fault}");
        }
    }
}
