//! A packet's octets, exactly as tcpdump's `-x`, `-X` and `-A` show them.

use super::digits::Digits as _;

/// In which form octets are shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Hexadecimal.
    Hex,
    /// Hexadecimal and ASCII.
    HexAscii,
    /// ASCII alone.
    Ascii,
}

/// What to show after a packet's line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Dump {
    /// In which form.
    pub form: Form,
    /// Whether from the link header on, or from the network header on.
    pub link_header: bool,
}

/// Appends `octets`, in lines that end in a newline.
pub fn write(out: &mut Vec<u8>, octets: &[u8], form: Form) {
    match form {
        Form::Hex => hex(out, octets, false),
        Form::HexAscii => hex(out, octets, true),
        Form::Ascii => ascii(out, octets),
    }
}

const COLUMNS: usize = "4500 0034 0001 4000 4006 26c0 0a00 0001 ".len();

fn hex(out: &mut Vec<u8>, octets: &[u8], with_ascii: bool) {
    for (at, row) in octets.chunks(16).enumerate() {
        out.text("\t0x");
        let offset = at as u64 * 16;
        out.hex(offset, if offset > 0xffff { 8 } else { 4 });
        out.text(":  ");
        let start = out.len();
        for (at, word) in row.chunks(2).enumerate() {
            if at > 0 {
                out.push(b' ');
            }
            out.hex_octets(word);
        }
        if with_ascii {
            out.resize(start + COLUMNS, b' ');
            out.push(b' ');
            out.extend(row.iter().map(|octet| if octet.is_ascii_graphic() { *octet } else { b'.' }));
        }
        out.push(b'\n');
    }
}

/// Letters, spaces, tabs and line ends as they are, a CR before an LF left out, the rest as dots.
fn ascii(out: &mut Vec<u8>, octets: &[u8]) {
    for (at, octet) in octets.iter().enumerate() {
        match octet {
            b'\r' if octets.get(at + 1) == Some(&b'\n') => {}
            b' ' | b'\t' | b'\n' => out.push(*octet),
            octet if octet.is_ascii_graphic() => out.push(*octet),
            _ => out.push(b'.'),
        }
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dumped(octets: &[u8], form: Form) -> String {
        let mut out = Vec::new();
        write(&mut out, octets, form);
        String::from_utf8(out).expect("a dump is ASCII")
    }

    #[test]
    fn hex_and_ascii_stand_in_columns() {
        let octets = b"GET / HTTP/1.0\r\n\r\n\x1b";
        assert_eq!(
            dumped(octets, Form::HexAscii),
            "\t0x0000:  4745 5420 2f20 4854 5450 2f31 2e30 0d0a  GET./.HTTP/1.0..\n\
             \t0x0010:  0d0a 1b                                  ...\n"
        );
        assert_eq!(
            dumped(octets, Form::Hex),
            "\t0x0000:  4745 5420 2f20 4854 5450 2f31 2e30 0d0a\n\t0x0010:  0d0a 1b\n"
        );
    }

    #[test]
    fn ascii_keeps_lines_and_nothing_that_steers_a_terminal() {
        assert_eq!(dumped(b"a\tb\r\nc\r\x1b[31m", Form::Ascii), "a\tb\nc..[31m\n");
    }

    #[test]
    fn nothing_shows_nothing() {
        assert_eq!(dumped(b"", Form::HexAscii), "");
    }
}
