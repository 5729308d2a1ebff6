//! A ladder of no more than so many rows: what has least to tell is folded first.

use super::{Fold, Ladder, Nature, Row, Rung, Sent};
use crate::capture::track::{Ends, Note, Role};
use crate::wire::Span;

/// How much a row has to tell, least first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Interest {
    /// Data or an ACK, like many others.
    Plain,
    /// It has a note, or is a silence.
    Noted,
    /// Something was lost, said again, or stopped.
    Trouble,
    /// An end moved or learnt something.
    Vital,
}

/// Folds may not be folded away.
const LEVELS: [Interest; 4] = [Interest::Plain, Interest::Noted, Interest::Trouble, Interest::Vital];

/// So many rows at the beginning and at the end stay as long as others can go.
const ENDS: usize = 8;

impl Ladder {
    /// The same with at most `most` rows (at least three): of what is equally worth telling, the
    /// middle goes.
    #[must_use]
    pub fn shortened(mut self, most: usize) -> Self {
        let most = most.max(3);
        for level in LEVELS {
            if self.rows.len() <= most {
                break;
            }
            let last = self.rows.len().saturating_sub(ENDS);
            // In the end everything may go.
            let goes = |at: &usize| match self.rows.get(*at).and_then(interest) {
                Some(interest) => level == Interest::Vital || interest == level && (ENDS..last).contains(at),
                None => false,
            };
            let foldable: Vec<usize> = (0..self.rows.len()).filter(goes).collect();
            // The more of them are kept, the more rows there are.
            let (mut kept, mut over) = (0, foldable.len());
            while kept < over {
                let half = (kept + over).div_ceil(2);
                if folded(&self.rows, middle(&foldable, half)).len() <= most { kept = half } else { over = half - 1 }
            }
            self.rows = folded(&self.rows, middle(&foldable, kept));
        }
        self
    }
}

/// What is left of `all` when `kept` of them are kept, half at each end.
fn middle(all: &[usize], kept: usize) -> &[usize] {
    let first = kept.div_ceil(2);
    all.get(first..all.len() - (kept - first)).unwrap_or_default()
}

/// `None` for what cannot be folded any more.
fn interest(row: &Row) -> Option<Interest> {
    Some(match row {
        Row::Fold(_) => return None,
        Row::Pause(_) => Interest::Noted,
        Row::Rung(rung) => of_rung(rung),
    })
}

fn of_rung(rung: &Rung) -> Interest {
    let learns = Role::BOTH.iter().any(|role| rung.learnt.of(*role).iter().next().is_some());
    let moves = rung.moved.client || rung.moved.server;
    if learns || moves || matches!(rung.nature(), Nature::Opens | Nature::Closes | Nature::Breaks) {
        Interest::Vital
    } else if rung.lost || rung.nature() == Nature::Again || rung.notes.contains(Note::WinZero) || rung.behind_a_gap() {
        Interest::Trouble
    } else if rung.notes.is_empty() {
        Interest::Plain
    } else {
        Interest::Noted
    }
}

/// The rows with those at the indices `away` (ascending) folded, and folds that meet made one.
fn folded(rows: &[Row], away: &[usize]) -> Vec<Row> {
    let mut away = away.iter().peekable();
    let mut left: Vec<Row> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let goes = away.next_if_eq(&&at).is_some();
        let fold = match row {
            Row::Pause(_) if goes => continue,
            Row::Rung(rung) if goes => of_one(rung),
            Row::Fold(fold) => (**fold).clone(),
            Row::Rung(_) | Row::Pause(_) => {
                left.push(row.clone());
                continue;
            }
        };
        match left.last_mut() {
            Some(Row::Fold(last)) => last.append(&fold),
            _ => left.push(Row::Fold(Box::new(fold))),
        }
    }
    left
}

fn of_one(rung: &Rung) -> Fold {
    let sent = match rung.said.len {
        0 => Sent { empty: 1, ..Sent::default() },
        len => Sent { data: 1, octets: u64::from(len), empty: 0 },
    };
    let sent = match rung.from {
        Role::Client => Ends { client: sent, server: Sent::default() },
        Role::Server => Ends { client: Sent::default(), server: sent },
    };
    let at: (Span, Span) = (rung.at, rung.at);
    let notes = rung.notes.iter().map(|note| (note, 1)).collect();
    Fold { frames: (rung.n, rung.n), at, sent, notes, lost: if rung.lost { vec![rung.n] } else { Vec::new() } }
}
