//! Cells made safe to stand beside others. Nothing here asks for memory beyond the row's own.

use crate::report::fields::Layout;

/// Puts the cell that begins at `start` in quotes where it could be misread (RFC 4180 section 2), or
/// where the layout always has them.
pub(in crate::report) fn csv(row: &mut Vec<u8>, start: usize, layout: Layout) {
    let cell = row.get(start..).unwrap_or_default();
    let special = |octet: &u8| *octet == layout.separator || matches!(octet, b'"' | b'\n' | b'\r');
    if (layout.quote.is_none() || cell.is_empty()) && !cell.iter().any(special) {
        return;
    }
    spread(row, start, |octet| (octet == b'"').then_some((b'"', b'"')));
    row.insert(start, b'"');
    row.push(b'"');
}

/// Escapes what would end the cell that begins at `start`: `\t`, `\n`, `\r`, and `\\` for the
/// backslash. There are no quotes in tab-separated values.
pub(in crate::report) fn tsv(row: &mut Vec<u8>, start: usize) {
    spread(row, start, |octet| {
        let letter = match octet {
            b'\t' => b't',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\\' => b'\\',
            _ => return None,
        };
        Some((b'\\', letter))
    });
}

/// Puts two octets where `pair` has some for one, from `start` on.
fn spread(row: &mut Vec<u8>, start: usize, pair: impl Fn(u8) -> Option<(u8, u8)>) {
    let more = row.iter().skip(start).filter(|octet| pair(**octet).is_some()).count();
    if more == 0 {
        return;
    }
    let end = row.len();
    row.resize(end + more, 0);
    // From behind: every octet goes to where it stays, which is never before where it stood.
    let mut to = row.len();
    for at in (start..end).rev() {
        let octet = row[at];
        if let Some((first, second)) = pair(octet) {
            to -= 2;
            row[to] = first;
            row[to + 1] = second;
        } else {
            to -= 1;
            row[to] = octet;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(cell: &str, layout: Layout) -> String {
        let mut row = b"\"left\" alone,".to_vec();
        let start = row.len();
        row.extend_from_slice(cell.as_bytes());
        csv(&mut row, start, layout);
        String::from_utf8(row).unwrap().strip_prefix("\"left\" alone,").unwrap().to_owned()
    }

    #[test]
    fn a_cell_is_quoted_as_rfc_4180_says_and_no_more_than_that() {
        let layout = Layout { separator: b',', ..Layout::default() };
        for (cell, written) in [
            ("", ""),
            ("plain", "plain"),
            ("two words", "two words"),
            ("a,b", "\"a,b\""),
            ("say \"so\"", "\"say \"\"so\"\"\""),
            ("\"", "\"\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("a;b", "a;b"),
        ] {
            assert_eq!(quoted(cell, layout), written);
        }
        assert_eq!(quoted("a;b", Layout { separator: b';', ..layout }), "\"a;b\"");
        let always = Layout { quote: Some(b'"'), ..layout };
        assert_eq!((quoted("plain", always), quoted("", always)), ("\"plain\"".to_owned(), String::new()));
    }

    #[test]
    fn a_tab_cannot_end_a_cell_of_tab_separated_values() {
        let mut row = b"a\tb".to_vec();
        row.extend(b"c\td\\e\nf\r");
        tsv(&mut row, 3);
        assert_eq!(row, b"a\tbc\\td\\\\e\\nf\\r");
    }
}
