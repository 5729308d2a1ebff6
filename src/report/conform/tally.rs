//! What a comparison found: how often both said the same, and where they did not.

use std::collections::BTreeMap;

/// Who else was asked.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Peer {
    /// Wireshark's `tshark`.
    Tshark,
    /// Zeek, by the baselines of its own tests.
    ZeekTests,
    /// Zeek, run over every capture.
    Zeek,
    /// Suricata, by what its own tests assert.
    Suricata,
    /// tcptrace.
    Tcptrace,
    /// Arkime, by its own tests.
    Arkime,
    /// nDPI, by its own tests.
    Ndpi,
    /// The pkts library, by its own tests.
    Pkts,
}

impl Peer {
    /// The name to print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tshark => "tshark",
            Self::ZeekTests => "zeek-tests",
            Self::Zeek => "zeek",
            Self::Suricata => "suricata",
            Self::Tcptrace => "tcptrace",
            Self::Arkime => "arkime",
            Self::Ndpi => "ndpi",
            Self::Pkts => "pkts",
        }
    }
}

/// A class of differences that is understood: a name, and a sentence that says why both may stand.
#[derive(Debug, Eq, PartialEq)]
pub struct Rule {
    /// Short and stable.
    pub name: &'static str,
    /// Why the answers differ, and who is right.
    pub why: &'static str,
}

/// One difference: where, and what was said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// The capture, and in it the frame or the connection.
    pub place: String,
    /// What the peer says.
    pub theirs: String,
    /// What synfin says.
    pub ours: String,
}

/// How one field fared.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Same answer.
    pub equal: u64,
    /// Another answer, and no rule says why.
    pub different: u64,
    /// Another answer, by the rule that says why.
    pub explained: BTreeMap<&'static str, u64>,
}

impl Line {
    /// Other answers that a rule explains.
    pub fn explained(&self) -> u64 {
        self.explained.values().sum()
    }

    /// All comparisons.
    pub fn total(&self) -> u64 {
        self.equal + self.different + self.explained()
    }
}

/// Examples kept of each kind of difference.
const EXAMPLES: usize = 3;

/// The outcome of a comparison.
#[derive(Debug, Default)]
pub struct Tally {
    lines: BTreeMap<(Peer, &'static str), Line>,
    examples: BTreeMap<(Peer, &'static str, Option<&'static str>), Vec<Difference>>,
    rules: BTreeMap<&'static str, &'static str>,
    /// Examples kept of each kind of unexplained difference.
    pub keep: usize,
}

impl Tally {
    /// An empty tally that keeps up to `keep` unexplained differences of each field.
    pub fn new(keep: usize) -> Self {
        Self { keep, ..Self::default() }
    }

    /// Counts two answers that are the same.
    pub(super) fn agree(&mut self, (peer, field): (Peer, &'static str)) {
        self.lines.entry((peer, field)).or_default().equal += 1;
    }

    /// Counts a comparison. `told` is asked only where the answers differ: what each said, and
    /// which rule explains that.
    pub(super) fn judge(
        &mut self,
        (peer, field): (Peer, &'static str),
        same: bool,
        told: impl FnOnce() -> (Difference, Option<&'static Rule>),
    ) {
        let line = self.lines.entry((peer, field)).or_default();
        if same {
            line.equal += 1;
            return;
        }
        let (difference, rule) = told();
        match rule {
            Some(rule) => {
                *line.explained.entry(rule.name).or_default() += 1;
                self.rules.insert(rule.name, rule.why);
            }
            None => line.different += 1,
        }
        let examples = self.examples.entry((peer, field, rule.map(|rule| rule.name))).or_default();
        if examples.len() < if rule.is_some() { EXAMPLES } else { self.keep } {
            examples.push(difference);
        }
    }

    /// Adds what another comparison found; `verdict` explains all of its unexplained differences.
    pub(super) fn add(&mut self, other: Self, verdict: Option<&'static Rule>) {
        for (key, line) in other.lines {
            let sum = self.lines.entry(key).or_default();
            sum.equal += line.equal;
            for (rule, times) in line.explained {
                *sum.explained.entry(rule).or_default() += times;
            }
            match verdict {
                Some(rule) if line.different > 0 => *sum.explained.entry(rule.name).or_default() += line.different,
                _ => sum.different += line.different,
            }
        }
        for ((peer, field, rule), examples) in other.examples {
            let rule = rule.or(verdict.map(|rule| rule.name));
            let kept = self.examples.entry((peer, field, rule)).or_default();
            let room = if rule.is_some() { EXAMPLES } else { self.keep }.saturating_sub(kept.len());
            kept.extend(examples.into_iter().take(room));
        }
        self.rules.extend(other.rules);
        self.rules.extend(verdict.map(|rule| (rule.name, rule.why)));
    }

    /// Whether `rule` was needed.
    pub(super) fn needed(&self, rule: &Rule) -> bool {
        self.rules.contains_key(rule.name)
    }

    /// Every field compared, by peer.
    pub fn lines(&self) -> impl Iterator<Item = (Peer, &'static str, &Line)> {
        self.lines.iter().map(|((peer, field), line)| (*peer, *field, line))
    }

    /// The differences that no rule explains; of each field the first few.
    pub fn unexplained(&self) -> impl Iterator<Item = (Peer, &'static str, &Difference)> {
        self.examples
            .iter()
            .filter(|((_, _, rule), _)| rule.is_none())
            .flat_map(|((peer, field, _), examples)| examples.iter().map(|example| (*peer, *field, example)))
    }

    /// The rules that were needed, with their sentences.
    pub fn rules(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.rules.iter().map(|(name, why)| (*name, *why))
    }

    /// What `rule` explained: each field of each peer, how often, and an example.
    pub fn under<'a>(
        &'a self,
        rule: &'a str,
    ) -> impl Iterator<Item = (Peer, &'static str, u64, Option<&'a Difference>)> {
        self.lines.iter().filter_map(move |((peer, field), line)| {
            let (name, times) = line.explained.get_key_value(rule)?;
            let example = self.examples.get(&(*peer, *field, Some(*name))).and_then(|examples| examples.first());
            Some((*peer, *field, *times, example))
        })
    }

    /// How many differences no rule explains.
    pub fn different(&self) -> u64 {
        self.lines.values().map(|line| line.different).sum()
    }

    /// Equal, different and explained, together.
    pub fn sums(&self) -> [u64; 3] {
        self.lines.values().fold([0; 3], |[equal, different, explained], line| {
            [equal + line.equal, different + line.different, explained + line.explained()]
        })
    }
}
