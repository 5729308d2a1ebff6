use std::fmt;
use std::ops::Range;

/// Why a filter cannot be used: what is wrong, where, and what could be meant.
///
/// Shown as the sentence, the expression with a caret under the place, and a suggestion:
///
/// ```
/// use synfin::capture::filter::Filter;
///
/// let error = Filter::parse("tcp prot 80").expect_err("there is no such word");
/// assert_eq!(
///     error.to_string(),
///     "'prot' is not a word of the filter language\n  \
///      tcp prot 80\n      \
///      ^^^^\n  \
///      is it 'port'?"
/// );
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FilterError {
    /// The expression.
    text: String,
    /// Which octets of it are meant.
    span: Range<usize>,
    what: String,
    hint: Option<String>,
}

/// A complaint about a place in an expression that is known elsewhere.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Complaint {
    pub(super) span: Range<usize>,
    pub(super) what: String,
    pub(super) hint: Option<String>,
}

impl Complaint {
    pub(super) fn new(span: &Range<usize>, what: impl Into<String>) -> Self {
        Self { span: span.clone(), what: what.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn about(self, text: &str) -> FilterError {
        FilterError { text: text.to_owned(), span: self.span, what: self.what, hint: self.hint }
    }
}

impl FilterError {
    /// The expression that cannot be used.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Which octets of the expression are meant.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// What is wrong there: a clause without a full stop.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What could be meant, or done.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl std::error::Error for FilterError {}

/// How much of a long expression is shown on either side of the place.
const AROUND: usize = 60;

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if !self.text.is_empty() {
            let (shown, before, marked) = self.excerpt();
            write!(f, "\n  {shown}\n  {:before$}{}", "", "^".repeat(marked))?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  {hint}"),
            None => Ok(()),
        }
    }
}

impl FilterError {
    /// What is shown of the expression, how many columns stand before the place, and how many it has.
    fn excerpt(&self) -> (String, usize, usize) {
        // A character is a column, and what would move the cursor is shown as a dot.
        let column = |octet: usize| self.text.char_indices().take_while(|(at, _)| *at < octet).count();
        let (start, end) = (column(self.span.start), column(self.span.end));
        let from = if start > 2 * AROUND { start - AROUND } else { 0 };
        let to = end.min(start + AROUND) + AROUND;
        let total = self.text.chars().count();
        let shown: String = self.text.chars().skip(from).take(to - from).map(harmless).collect();
        let (left, right) = (if from > 0 { "..." } else { "" }, if to < total { "..." } else { "" });
        let marked = (end.min(to).max(start + 1)) - start;
        (format!("{left}{shown}{right}"), left.len() + start - from, marked)
    }
}

fn harmless(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => ' ',
        c if c.is_control() => '.',
        c => c,
    }
}
