use std::fmt;

use super::{Fault, Reader};

/// Reads a text between quotes: `"GET / HTTP/1.0\r\n"`, with `\r \n \t \0 \\ \"` and `\x0a`.
///
/// # Errors
///
/// Where it has no end, and where `\` stands before something else.
pub fn quoted(reader: &mut Reader<'_>) -> Result<Vec<u8>, Fault> {
    let start = reader.mark();
    reader.expect('"')?;
    let text = reader.rest();
    let mut octets = Vec::new();
    let mut chars = text.char_indices();
    let fault = |reader: &Reader<'_>, what: &str| Err(reader.fault_between(start, start + 1 + text.len(), what));
    let end = loop {
        match chars.next() {
            None => return fault(reader, "the text has no end: expected `\"`"),
            Some((at, '"')) => break at,
            Some((_, '\\')) => {
                let octet = match chars.next().map(|(_, c)| c) {
                    Some('r') => Some(b'\r'),
                    Some('n') => Some(b'\n'),
                    Some('t') => Some(b'\t'),
                    Some('0') => Some(0),
                    Some('\\') => Some(b'\\'),
                    Some('"') => Some(b'"'),
                    Some('x') => {
                        let digit = |c: Option<(usize, char)>| c.and_then(|(_, c)| c.to_digit(16));
                        digit(chars.next()).zip(digit(chars.next())).map(|(high, low)| (high << 4 | low) as u8)
                    }
                    _ => None,
                };
                let Some(octet) = octet else {
                    return fault(reader, "after `\\` comes one of r, n, t, 0, \\, \", or x and two digits");
                };
                octets.push(octet);
            }
            Some((_, c)) => octets.extend(c.encode_utf8(&mut [0; 4]).bytes()),
        }
    };
    reader.skip(end + 1);
    Ok(octets)
}

/// Octets as a text between quotes, everything but plain ASCII behind a `\`.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for octet in self.0 {
            match octet {
                b'\r' => f.write_str("\\r")?,
                b'\n' => f.write_str("\\n")?,
                b'\t' => f.write_str("\\t")?,
                b'\\' => f.write_str("\\\\")?,
                b'"' => f.write_str("\\\"")?,
                b' '..=b'~' => write!(f, "{}", char::from(*octet))?,
                octet => write!(f, "\\x{octet:02x}")?,
            }
        }
        f.write_str("\"")
    }
}
