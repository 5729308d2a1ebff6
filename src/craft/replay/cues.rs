use crate::wire::Span;
use crate::wire::recording::{Act, End, Recording};

/// What one end of a recording does, and what each of it waits for: its part in the play.
#[derive(Clone, Debug, Default)]
pub(super) struct Cues {
    pub(super) all: Vec<Cue>,
    /// What the other end did last: how long after the last of these cues.
    pub(super) end_after: Span,
    /// Whether it asked for the connection, or answered being asked.
    pub(super) greets: bool,
    /// The same of the other end.
    pub(super) is_greeted: bool,
    /// Whether its FIN went with its last octets.
    pub(super) fin_joined: bool,
}

/// Something an end does once the connection is open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Cue {
    pub(super) act: Act,
    /// What it has heard of the other end before: octets, the FIN counted as one.
    pub(super) heard: u64,
    /// The most that the other end can have said by then without hearing this.
    pub(super) said: u64,
    /// How long after hearing that, and after the cue before, it did so.
    pub(super) delay: Span,
    /// How long the other end took to say it.
    pub(super) waited: Span,
}

impl Cues {
    /// The part of `role`.
    pub(super) fn of(recording: &Recording, role: End) -> Self {
        let mut cues = Self::default();
        let mut theirs = recording.steps_of(!role).peekable();
        // Octets that this end has said, and that end: by what it says without hearing more.
        let (mut ours, mut said) = (0, 0);
        // When the last was done, and when what it waits for was heard.
        let greetings = recording.steps.iter().filter(|step| is_greeting(step.act));
        let (mut before, mut heard, mut heard_at) = (greetings.map(|step| step.at_ns).max().unwrap_or(0), 0, 0);
        let mut listened = recording.steps_of(!role).filter(|step| !is_greeting(step.act)).peekable();
        for step in recording.steps_of(role) {
            if is_greeting(step.act) {
                cues.greets = true;
                continue;
            }
            while let Some(their) = theirs.next_if(|their| their.heard <= ours) {
                said = extent(their.act, said);
            }
            while heard < step.heard
                && let Some(their) = listened.next()
            {
                heard = extent(their.act, heard);
                heard_at = their.at_ns;
            }
            let from = before.max(heard_at).min(step.at_ns);
            cues.all.push(Cue {
                act: step.act,
                heard: step.heard,
                said: said.max(step.heard),
                delay: span(step.at_ns - from),
                waited: span(from.saturating_sub(before)),
            });
            if step.act == Act::Fin {
                cues.fin_joined = step.at_ns == before && ours > 0;
            }
            ours = extent(step.act, ours);
            before = step.at_ns;
        }
        cues.is_greeted = recording.steps_of(!role).any(|step| is_greeting(step.act));
        let last = recording.steps_of(!role).map(|step| step.at_ns).max().unwrap_or(0);
        cues.end_after = span(last.saturating_sub(before));
        cues
    }
}

const fn is_greeting(act: Act) -> bool {
    matches!(act, Act::Syn | Act::SynAck)
}

/// How far a stream reaches behind an act, and how far it did before.
const fn extent(act: Act, before: u64) -> u64 {
    match act {
        Act::Data { to, .. } => to,
        Act::Fin => before + 1,
        Act::Syn | Act::SynAck | Act::Reset => before,
    }
}

fn span(ns: u64) -> Span {
    Span(i64::try_from(ns).unwrap_or(i64::MAX))
}
