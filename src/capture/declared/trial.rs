use super::cutter::{Piece, Recognition, recognise};
use crate::capture::track::Role;
use crate::wire::Timestamp;
use crate::wire::declared::Definition;

/// A conversation of which it is not known yet whether it speaks a declared protocol: the first
/// octets of both sides.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    /// The protocols that it may speak, by their places.
    pub(super) candidates: Vec<usize>,
    /// Which it is taken to speak, should none be recognised.
    pub(super) fallback: Option<usize>,
    sides: [Side; 2],
}

/// The first octets of one side.
#[derive(Clone, Debug, Default)]
struct Side {
    /// Whether its stream is seen from its beginning.
    whole: bool,
    octets: Vec<u8>,
    /// The packets that carried them: offset of the first octet, number, time.
    marks: Vec<(u64, u64, Timestamp)>,
    over: bool,
}

/// Octets of the middle of a stream in which a message is looked for.
const LOOKED_AT: usize = 4096;

/// What a trial comes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// That protocol.
    Speaks(usize),
    /// This side speaks none of them.
    Not,
    /// More has to be heard.
    Wait,
}

impl Trial {
    pub(super) fn new(candidates: Vec<usize>, fallback: Option<usize>, whole: [bool; 2]) -> Self {
        Self { candidates, fallback, sides: whole.map(|whole| Side { whole, ..Side::default() }) }
    }

    /// Octets that it holds.
    pub(super) fn held(&self) -> usize {
        self.sides.iter().map(|side| side.octets.len()).sum()
    }

    /// Whether the stream of one side is seen from its beginning.
    pub(super) fn is_whole(&self, role: Role) -> bool {
        self.sides[role as usize].whole
    }

    /// Whether neither side can be recognised any more.
    pub(super) fn is_over(&self) -> bool {
        self.sides.iter().all(|side| side.over)
    }

    /// Hears octets of one side.
    pub(super) fn hear(&mut self, known: &[Definition], from: Role, piece: Piece<'_>) -> Verdict {
        let Self { candidates, fallback, sides } = self;
        let side = &mut sides[from as usize];
        side.octets.extend_from_slice(piece.bytes);
        side.marks.push((piece.at, piece.n, piece.time));
        let mut waits = false;
        for place in candidates.iter() {
            let Some(of) = known.get(*place) else { continue };
            match recognise(of, &side.octets, side.whole) {
                Recognition::Yes => return Verdict::Speaks(*place),
                Recognition::Wait => waits = true,
                Recognition::No => {}
            }
        }
        if waits && side.octets.len() < LOOKED_AT {
            return Verdict::Wait;
        }
        if let Some(place) = fallback {
            return Verdict::Speaks(*place);
        }
        side.over = true;
        (side.octets, side.marks) = (Vec::new(), Vec::new());
        Verdict::Not
    }

    /// Nothing that could be recognised will come from one side.
    pub(super) fn end(&mut self, from: Role) {
        self.sides[from as usize].over = true;
    }

    /// Everything that was heard, side by side: who spoke first comes first.
    pub(super) fn replay(&self, mut hear: impl FnMut(Role, Piece<'_>)) {
        let first = |role: &Role| self.sides[*role as usize].marks.first().map_or(u64::MAX, |(_, n, _)| *n);
        let mut roles = Role::BOTH;
        roles.sort_by_key(first);
        for role in roles {
            let side = &self.sides[role as usize];
            let Some((base, ..)) = side.marks.first().copied() else { continue };
            for (nth, (at, n, time)) in side.marks.iter().enumerate() {
                let place = |at: u64| usize::try_from(at - base).unwrap_or(usize::MAX).min(side.octets.len());
                let end = side.marks.get(nth + 1).map_or(side.octets.len(), |(next, ..)| place(*next));
                let bytes = side.octets.get(place(*at)..end).unwrap_or_default();
                hear(role, Piece { at: *at, n: *n, time: *time, bytes });
            }
        }
    }
}
