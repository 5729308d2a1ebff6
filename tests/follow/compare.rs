//! Ours beside tshark's.

use std::collections::BTreeSet;
use std::path::Path;

use super::streams::{self, Told};
use super::tshark::{self, Followed};

/// What came of comparing a stream.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// Octet for octet the same, holes in the same places.
    Equal,
    /// The snap length cut it: tshark joins what is left, we say what is missing.
    Cut,
    /// tshark has one stream where we have several connections, or the other way round.
    Split,
    /// tshark has no stream of these ends: it is inside something that we do not look into.
    NotThere,
    /// Anything else.
    Differs(String),
}

impl Verdict {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Cut => "cut",
            Self::Split => "split",
            Self::NotThere => "not there",
            Self::Differs(_) => "differs",
        }
    }

    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Equal => "",
            Self::Cut => "cut by the snap length",
            Self::Split => "several connections in one of Wireshark's streams",
            Self::NotThere => "no such stream in Wireshark",
            Self::Differs(_) => "unexplained",
        }
    }
}

/// A stream's number; whether a connection in it is complete; what came of it; and what client and
/// server said, by tshark.
pub(crate) type Judged = (u32, bool, Verdict, Option<[Vec<u8>; 2]>);

/// Compares every stream of a capture that carried octets.
pub(crate) fn judge(file: &Path) -> Vec<Judged> {
    let told: Vec<Told> = streams::of(file).into_iter().filter(Told::has_octets).collect();
    let numbers: BTreeSet<u32> = told.iter().flat_map(|told| told.numbers.iter().copied()).collect();
    let Some(most) = numbers.last() else { return Vec::new() };
    // tshark numbers connections inside others too.
    let asked: Vec<u32> = (0..most + 8).collect();
    let all = tshark::follow(file, &asked).expect("tshark is there");
    let of_number = |number: u32| {
        let ours: Vec<&Told> = told.iter().filter(|told| told.numbers.contains(&number)).collect();
        let complete = ours.iter().any(|told| told.is_complete());
        let [only] = ours[..] else { return (number, complete, Verdict::Split, None) };
        if only.numbers.len() != 1 {
            return (number, complete, Verdict::Split, None);
        }
        let same_ends = |theirs: &&Followed| only.ends.iter().all(|end| theirs.nodes.contains(end));
        let theirs = all.get(&number).filter(same_ends).or_else(|| all.values().find(same_ends));
        let Some(theirs) = theirs else { return (number, complete, Verdict::NotThere, None) };
        let mut theirs_said = theirs.said.clone();
        if theirs.nodes[0] != only.ends[0] {
            theirs_said.swap(0, 1);
        }
        (number, complete, compare(only, &theirs_said), Some(theirs_said))
    };
    numbers.iter().map(|number| of_number(*number)).collect()
}

fn compare(ours: &Told, theirs: &[Vec<u8>; 2]) -> Verdict {
    if ours.said == *theirs {
        return Verdict::Equal;
    }
    if ours.cut {
        return Verdict::Cut;
    }
    let sides =
        ["client", "server"].into_iter().zip(ours.said.iter().zip(theirs)).filter(|(_, (ours, theirs))| ours != theirs);
    let told = sides.map(|(side, (ours, theirs))| {
        let at =
            ours.iter().zip(theirs).position(|(ours, theirs)| ours != theirs).unwrap_or(ours.len().min(theirs.len()));
        format!("{side} at {at} of {} and {}", ours.len(), theirs.len())
    });
    Verdict::Differs(format!("{} [{}]", told.collect::<Vec<_>>().join(", "), ours.notes))
}
