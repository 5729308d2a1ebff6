use std::fmt;

use super::Fault;

/// A fault with the line it is in, and a caret under the word:
///
/// ```text
/// line 3, column 8: 10 octets from there end at 11 (SYN and FIN are not counted)
///     > P. 1:10(10) ack 1
///            ^^
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Marked<'a> {
    /// The line, from 1.
    pub line: usize,
    /// Where in the line, and what is wrong.
    pub fault: &'a Fault,
    /// The line as it stands there.
    pub text: &'a str,
}

impl fmt::Display for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, fault, text } = self;
        let before = text.get(..fault.at).unwrap_or(text);
        // A tab stays a tab, so that the caret stands under what it means.
        let indent: String = before.chars().map(|c| if c == '\t' { c } else { ' ' }).collect();
        writeln!(f, "line {line}, column {}: {}", before.chars().count() + 1, fault.what)?;
        writeln!(f, "    {text}")?;
        write!(f, "    {indent}{}", "^".repeat(fault.len))
    }
}
