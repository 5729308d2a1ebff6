//! What every output has to be, whatever came in: nothing that a terminal acts on, and no JSON that a
//! reader trips over.

/// Fails where `output` has something that a terminal does not simply show: control characters other
/// than the ends of lines and tabs, escape sequences, what turns the direction of reading or takes no
/// room, or octets that are no UTF-8.
#[track_caller]
pub(crate) fn assert_harmless(what: &str, output: &[u8]) {
    let text = match std::str::from_utf8(output) {
        Ok(text) => text,
        Err(error) => panic!("{what} is no UTF-8: {error}, after {:?}", around(output, error.valid_up_to())),
    };
    if let Some((at, letter)) = text.char_indices().find(|(_, letter)| acts(*letter)) {
        panic!("{what} has {letter:?} at octet {at}, in {:?}", around(output, at));
    }
}

/// Fails where `output` is not a JSON object per line, or has in it what a terminal does not simply show.
#[track_caller]
pub(crate) fn assert_json(what: &str, output: &[u8]) {
    assert_harmless(what, output);
    for (n, line) in (1..).zip(output.split_inclusive(|octet| *octet == b'\n')) {
        assert_eq!(line.last(), Some(&b'\n'), "line {n} of {what} is cut: {:?}", String::from_utf8_lossy(line));
        if let Err(error) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(line) {
            panic!("line {n} of {what} is no object: {error}: {}", String::from_utf8_lossy(line));
        }
    }
}

/// Whether a terminal or a reader's eye does more with `letter` than see it.
fn acts(letter: char) -> bool {
    match letter {
        '\n' | '\t' => false,
        '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => true,
        _ => letter.is_control(),
    }
}

/// What stands at an octet of an output, and a little before and after it.
fn around(output: &[u8], at: usize) -> String {
    let part = &output[at.saturating_sub(60)..output.len().min(at + 20)];
    String::from_utf8_lossy(part).into_owned()
}
