use std::fmt;

use crate::craft::script::{Difference, Line, Unresolved};
use crate::wire::Span;

/// How a play ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Everything came as expected.
    Held {
        /// How many expectations there were.
        expectations: usize,
    },
    /// This did not.
    Failed(Box<Failure>),
}

impl Verdict {
    /// Whether every expectation held.
    pub const fn held(&self) -> bool {
        matches!(self, Self::Held { .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { expectations: 1 } => f.write_str("held: what was expected came"),
            Self::Held { expectations } => write!(f, "held: all {expectations} expectations"),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

/// An expectation that did not hold, and what came instead.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// The line of the script, counted from 1.
    pub line: usize,
    /// What it wants, as it prints.
    pub wanted: String,
    /// From when to when, where the script says.
    pub within: Option<(Span, Span)>,
    /// What came.
    pub got: Got,
}

/// What came in place of what was expected.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Got {
    /// Nothing.
    Nothing {
        /// For how long.
        waited: Span,
        /// What was heard and let pass, as a script would write it.
        passed_over: Vec<String>,
    },
    /// Another segment, or one where there should be none.
    Other {
        /// It, as a script would write it.
        text: String,
        /// The fields that differ.
        differences: Vec<Difference>,
        /// How long after the step before.
        after: Span,
    },
    /// The right one, too early or too late.
    AtAnotherTime {
        /// It, as a script would write it.
        text: String,
        /// How long after the step before.
        after: Span,
    },
    /// It was the player's own turn, and it had not learnt what to say.
    Unsaid(Unresolved),
}

impl Failure {
    pub(super) fn new(line: usize, wanted: Option<&Line>, within: Option<(Span, Span)>, got: Got) -> Self {
        Self { line, wanted: wanted.map(Line::to_string).unwrap_or_default(), within, got }
    }

    pub(super) fn unsaid(line: usize, wanted: &Line, error: &Unresolved) -> Self {
        Self::new(line, Some(wanted), None, Got::Unsaid(error.clone()))
    }

    pub(super) fn after_the_end(line: usize, text: String) -> Self {
        let got = Got::Other { text, differences: Vec::new(), after: Span(0) };
        Self { line, wanted: "nothing more: the script ends here, and it is strict".to_owned(), within: None, got }
    }
}

/// Several lines: which line, what differs, and wanted beside got.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, wanted, within, got } = self;
        write!(f, "failed: line {line}")?;
        match got {
            Got::Nothing { waited, .. } => write!(f, ", {} s without it", Rounded(*waited))?,
            Got::Other { differences, .. } => {
                for (at, difference) in differences.iter().enumerate() {
                    write!(f, "{} {difference}", if at == 0 { "," } else { ";" })?;
                }
            }
            Got::AtAnotherTime { after, .. } => {
                let early = within.is_some_and(|(from, _)| *after < from);
                write!(f, ", it came too {}: after {} s", if early { "early" } else { "late" }, Rounded(*after))?;
            }
            Got::Unsaid(error) => write!(f, ", {error}")?,
        }
        write!(f, "\n    wanted  {wanted}\n    got     ")?;
        match got {
            Got::Nothing { passed_over, .. } => {
                f.write_str("nothing")?;
                passed_over.iter().try_for_each(|text| write!(f, "\n    passed  {text}"))
            }
            Got::Other { text, .. } | Got::AtAnotherTime { text, .. } => f.write_str(text),
            Got::Unsaid(_) => f.write_str("never came to it"),
        }
    }
}

/// Seconds to the millisecond.
struct Rounded(Span);

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0.as_secs_f64())
    }
}
