//! Octets in hexadecimal beside letters, with their offset in the stream.

use crate::report::digits::Digits as _;

/// Octets in a row.
const ROW: usize = 16;

/// Appends rows of `octets`, the first of which has the offset `at`, each behind `indent` spaces.
pub(super) fn write(out: &mut Vec<u8>, at: u64, octets: &[u8], indent: usize) {
    for (start, row) in (at..).step_by(ROW).zip(octets.chunks(ROW)) {
        out.resize(out.len() + indent, b' ');
        out.hex(start, if start > u64::from(u32::MAX) { 12 } else { 8 });
        out.push(b' ');
        for place in 0..ROW {
            if place % 8 == 0 {
                out.push(b' ');
            }
            match row.get(place) {
                Some(octet) => {
                    out.hex(u64::from(*octet), 2);
                    out.push(b' ');
                }
                None => out.text("   "),
            }
        }
        out.push(b' ');
        out.extend(row.iter().map(|octet| if matches!(octet, b' '..=b'~') { *octet } else { b'.' }));
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_count_on_from_the_offset_of_the_first_octet() {
        let mut out = Vec::new();
        write(&mut out, 5, b"GET / HTTP/1.0\r\n\x1b[", 4);
        assert_eq!(
            String::from_utf8(out).expect("ASCII"),
            "    00000005  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 30 0d 0a  GET / HTTP/1.0..\n    \
                 00000015  1b 5b                                             .[\n"
        );
    }
}
