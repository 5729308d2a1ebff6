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

/// How a value is kept apart from what stands around it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// As it is, in quotes where the layout has them: tshark's fields.
    Plain,
    /// In quotes where it could be misread: comma-separated values (RFC 4180).
    Quoted,
    /// With `\\t`, `\\n`, `\\r` and `\\\\` for what could be: tab-separated values.
    Tabs,
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
    /// What happens to a value that holds one of those.
    pub form: Form,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            header: false,
            bom: false,
            separator: b'\t',
            occurrence: Occurrence::All,
            aggregator: b',',
            quote: None,
            form: Form::Plain,
        }
    }
}

impl Layout {
    /// Reads settings such as `header=y`, `separator=/t`, `quote=d`.
    ///
    /// # Errors
    ///
    /// A sentence, when a setting is none of tshark's.
    pub fn parse<S: AsRef<str>>(settings: &[S]) -> Result<Self, String> {
        Self::default().set(settings)
    }

    /// Comma-separated values under a header, and a space in lists, unless the settings say
    /// otherwise.
    ///
    /// # Errors
    ///
    /// As for [`Layout::parse`].
    pub fn csv<S: AsRef<str>>(settings: &[S]) -> Result<Self, String> {
        let csv = Self { header: true, separator: b',', aggregator: b' ', form: Form::Quoted, ..Self::default() };
        csv.set(settings)
    }

    /// Tab-separated values under a header, and a comma in lists, unless the settings say otherwise.
    ///
    /// # Errors
    ///
    /// As for [`Layout::parse`]; and a sentence, where they ask for another separator or for quotes.
    pub fn tsv<S: AsRef<str>>(settings: &[S]) -> Result<Self, String> {
        let tsv = Self { header: true, form: Form::Tabs, ..Self::default() }.set(settings)?;
        if tsv.separator != b'\t' || tsv.quote.is_some() {
            return Err(
                "tab-separated values have tabs between them and no quotes; '-T csv' can have others".to_owned()
            );
        }
        Ok(tsv)
    }

    fn set<S: AsRef<str>>(mut self, settings: &[S]) -> Result<Self, String> {
        let layout = &mut self;
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
        Ok(self)
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
                form: Form::Plain,
            })
        );
        for wrong in ["header=maybe", "separator=", "quote", "escape=y"] {
            assert!(Layout::parse(&[wrong]).is_err_and(|error| error.contains(wrong)), "{wrong}");
        }
    }

    #[test]
    fn separated_values_stand_under_a_header_unless_they_shall_not() {
        let csv = Layout::csv(&["separator=;"]);
        assert!(csv.is_ok_and(|csv| csv.header && (csv.separator, csv.aggregator) == (b';', b' ')));
        assert!(Layout::csv(&["header=n"]).is_ok_and(|csv| !csv.header && csv.separator == b','));
        assert!(
            Layout::tsv::<&str>(&[]).is_ok_and(|tsv| tsv.header && (tsv.separator, tsv.aggregator) == (b'\t', b','))
        );
        assert!(Layout::tsv(&["separator=,"]).is_err_and(|error| error.contains("-T csv")));
        assert!(Layout::tsv(&["quote=d"]).is_err());
    }
}
