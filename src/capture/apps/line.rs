//! Lines, as FTP and SMTP speak them: commands, and replies of three digits (RFC 959 §4.2,
//! RFC 5321 §4.2).

use super::text;

/// The most octets of a line that are waited for.
const LINE: usize = 4096;
/// Octets of it that are kept.
const TEXT: usize = 512;
/// Lines of one reply.
const LINES: usize = 256;

/// What a line was found to be.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Line<T> {
    /// Its end has not come.
    Short,
    /// It is none.
    Not,
    /// This, of so many octets.
    Is(T, u64),
}

/// Octets of the first line, its end included, and the line without it.
pub(super) fn first(octets: &[u8]) -> Line<&[u8]> {
    match octets.iter().take(LINE).position(|octet| *octet == b'\n') {
        Some(end) => {
            let line = octets.get(..end).unwrap_or_default();
            Line::Is(line.strip_suffix(b"\r").unwrap_or(line), end as u64 + 1)
        }
        None if octets.len() >= LINE => Line::Not,
        None => Line::Short,
    }
}

/// A command: its verb in capitals, and what follows it.
pub(super) fn command(octets: &[u8]) -> Line<(String, String)> {
    let (line, len) = match first(octets) {
        Line::Is(line, len) => (line, len),
        Line::Short => return Line::Short,
        Line::Not => return Line::Not,
    };
    // FTP aborts with the interrupt of telnet in front (RFC 959 §4.1.3).
    let line = line.iter().position(u8::is_ascii_alphabetic).and_then(|at| line.get(at..)).unwrap_or_default();
    let verb = line.iter().take_while(|octet| octet.is_ascii_alphabetic()).count();
    let (verb, rest) = line.split_at(verb);
    let ends = rest.is_empty() || rest.starts_with(b" ");
    if !ends || !(3..=12).contains(&verb.len()) {
        return Line::Not;
    }
    let argument = rest.strip_prefix(b" ").unwrap_or_default();
    Line::Is((text(verb, TEXT).to_ascii_uppercase(), text(argument, TEXT)), len)
}

/// A reply with all of its lines: its number, and the text of the last line.
pub(super) fn reply(octets: &[u8]) -> Line<(u16, String)> {
    let mut begun = 0;
    let mut number = None;
    for _ in 0..LINES {
        let (line, len) = match first(octets.get(begun..).unwrap_or_default()) {
            Line::Is(line, len) => (line, len as usize),
            Line::Short => return Line::Short,
            Line::Not => return Line::Not,
        };
        begun += len;
        let digits = line.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit));
        let code = digits.map(|digits| digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0')));
        match (code, line.get(3), number) {
            (Some(code), None | Some(b' '), None) => return Line::Is((code, last(line)), begun as u64),
            (Some(code), None | Some(b' '), Some(number)) if code == number => {
                return Line::Is((code, last(line)), begun as u64);
            }
            (Some(code), Some(b'-'), None) => number = Some(code),
            (_, _, None) => return Line::Not,
            (_, _, Some(_)) => {}
        }
    }
    Line::Not
}

fn last(line: &[u8]) -> String {
    text(line.get(4..).unwrap_or_default(), TEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_a_verb_and_what_follows() {
        assert_eq!(command(b"user anna\r\nPASS"), Line::Is(("USER".into(), "anna".into()), 11));
        assert_eq!(command(b"QUIT\n"), Line::Is(("QUIT".into(), String::new()), 5));
        assert_eq!(command(b"\xff\xf4\xffABOR\r\n"), Line::Is(("ABOR".into(), String::new()), 9));
        assert_eq!(command(b"LIS"), Line::Short);
        assert_eq!(command(b"<html>\r\n"), Line::Not);
    }

    #[test]
    fn a_reply_ends_with_the_line_that_repeats_its_number() {
        let octets = b"211-Features:\r\n EPRT\r\n 211 no\r\n211 End\r\n220";
        assert_eq!(reply(octets), Line::Is((211, "End".into()), 40));
        assert_eq!(reply(b"230 \r\n"), Line::Is((230, String::new()), 6));
        assert_eq!(reply(b"220-Hello\r\n"), Line::Short);
        assert_eq!(reply(b"hello\r\n"), Line::Not);
    }
}
