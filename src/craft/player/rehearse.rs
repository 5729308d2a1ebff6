use std::collections::BTreeSet;

use crate::craft::script::{
    Act, Extras, Line, Name, OptionPattern, Pattern, Saying, Script, Speaker, Step, Unresolved,
};
use crate::wire::options::kind;

/// Why a script cannot be performed, though it can be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line} cannot be performed: {what}\n    {text}")]
pub struct Unplayable {
    /// The line, counted from 1.
    pub line: usize,
    /// What stands in the way.
    pub what: String,
    /// The line as it prints.
    pub text: String,
}

/// Goes through all lines before the first is played: a play does not break off half-way for
/// something that could have been known.
pub(super) fn rehearse(script: &Script, role: Speaker) -> Result<(), Unplayable> {
    let mut known = BTreeSet::new();
    for (at, line) in script.lines.iter().enumerate() {
        if let Line::Step(step) = line {
            check(step, role, &mut known).map_err(|what| Unplayable { line: at + 1, what, text: line.to_string() })?;
        }
    }
    Ok(())
}

fn check(step: &Step, role: Speaker, known: &mut BTreeSet<Name>) -> Result<(), String> {
    match &step.act {
        Act::Say(speaker, Saying::Tcp(pattern), _) if *speaker == role => sayable(pattern, known),
        Act::Say(_, Saying::Tcp(pattern), Extras { id: None, sum: None, .. }) => {
            known.extend(pattern.names());
            Ok(())
        }
        Act::Say(_, Saying::Tcp(_), _) => Err("an identification or a checksum can be sent, not expected".to_owned()),
        Act::Silence(_) => Ok(()),
        Act::Say(..) => Err("only TCP segments are performed".to_owned()),
        Act::Again => {
            Err("`again` shows a frame twice in a capture; to say something twice, write it twice".to_owned())
        }
    }
}

fn sayable(pattern: &Pattern, known: &BTreeSet<Name>) -> Result<(), String> {
    let valueless = |item: &OptionPattern| matches!(item, OptionPattern::AnyOf(option) if *option != kind::MSS);
    let open = if pattern.flags.is_none() && pattern.message.is_none() {
        Some(Unresolved::Open("flags"))
    } else if pattern.len.is_none() && pattern.data.is_none() {
        Some(Unresolved::Open("a length"))
    } else if pattern.options.iter().any(|options| options.items.iter().any(valueless)) {
        Some(Unresolved::Open("the value of its option"))
    } else {
        pattern
            .names()
            .filter(|name| Some(*name) != pattern.end)
            .find(|name| !known.contains(name))
            .map(Unresolved::Name)
    };
    open.map_or(Ok(()), |open| Err(open.to_string()))
}
