//! How fields stand in a line: tshark's `-E`.

/// Which of a field's values to write, where a packet has several.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Occurrence {
    /// The first.
    First,
    /// The last.
    Last,
    /// All.
    All,
}

/// How fields stand in a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Layout {
    /// Whether the names stand above.
    pub header: bool,
    /// Whether the output begins with a byte order mark.
    pub bom: bool,
    /// What stands between fields.
    pub separator: u8,
    /// Which values to write.
    pub occurrence: Occurrence,
    /// What stands between the values of one field.
    pub aggregator: u8,
    /// What stands around a field.
    pub quote: Option<u8>,
}

impl Default for Layout {
    fn default() -> Self {
        Self { header: false, bom: false, separator: b'\t', occurrence: Occurrence::All, aggregator: b',', quote: None }
    }
}

impl Layout {
    /// Reads settings such as `header=y`, `separator=/t`, `quote=d`.
    ///
    /// # Errors
    ///
    /// A sentence, when a setting is none of tshark's.
    pub fn parse<S: AsRef<str>>(settings: &[S]) -> Result<Self, String> {
        let mut layout = Self::default();
        for setting in settings.iter().map(AsRef::as_ref) {
            let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
            let known = match name {
                "header" => yes(value).map(|yes| layout.header = yes),
                "bom" => yes(value).map(|yes| layout.bom = yes),
                "separator" => character(value).map(|separator| layout.separator = separator),
                "aggregator" => character(value).map(|aggregator| layout.aggregator = aggregator),
                "occurrence" => match value {
                    "f" => Some(Occurrence::First),
                    "l" => Some(Occurrence::Last),
                    "a" => Some(Occurrence::All),
                    _ => None,
                }
                .map(|occurrence| layout.occurrence = occurrence),
                "quote" => match value {
                    "d" => Some(Some(b'"')),
                    "s" => Some(Some(b'\'')),
                    "n" => Some(None),
                    _ => None,
                }
                .map(|quote| layout.quote = quote),
                _ => None,
            };
            known.ok_or_else(|| {
                format!(
                    "'-E {setting}' is none of header=y|n, separator=/t|/s|CHAR, occurrence=f|l|a, \
                     aggregator=,|/s|CHAR, quote=d|s|n, bom=y|n"
                )
            })?;
        }
        Ok(layout)
    }
}

fn yes(value: &str) -> Option<bool> {
    match value {
        "y" => Some(true),
        "n" => Some(false),
        _ => None,
    }
}

/// A single character, `/t` for a tab, `/s` for a space.
fn character(value: &str) -> Option<u8> {
    match value.as_bytes() {
        b"/t" => Some(b'\t'),
        b"/s" => Some(b' '),
        [character] => Some(*character),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_tsharks() {
        let layout = Layout::parse(&["header=y", "separator=|", "occurrence=f", "aggregator=/s", "quote=d"]);
        assert_eq!(
            layout,
            Ok(Layout {
                header: true,
                bom: false,
                separator: b'|',
                occurrence: Occurrence::First,
                aggregator: b' ',
                quote: Some(b'"'),
            })
        );
        for wrong in ["header=maybe", "separator=", "quote", "escape=y"] {
            assert!(Layout::parse(&[wrong]).is_err_and(|error| error.contains(wrong)), "{wrong}");
        }
    }
}
