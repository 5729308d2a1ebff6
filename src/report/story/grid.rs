//! What each end knows by now, as a table of two rows: the four questions of the opening, or the
//! two of the close.

use super::scene::Scene;
use super::tale::Step;
use crate::capture::track::{Basis, Fact, Facts, Role, Standing, State};
use crate::report::paint::Ink;
use crate::wire::Side;

/// A page from this width on has room for the questions in full.
const ROOMY: usize = 90;

/// The questions asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Questions {
    /// Can I send, can I receive, can my peer send, can my peer receive? Two facts, each read
    /// twice: what I receive my peer can send, and what my peer receives I can send.
    Opening,
    /// Will my peer send more, and has it all I sent?
    Closing,
    /// Do I know that it is over?
    Reset,
}

impl Questions {
    const fn columns(self, page: usize) -> &'static [(&'static str, Fact)] {
        match self {
            Self::Opening if page < ROOMY => &[
                ("I send", Fact::Sends),
                ("I receive", Fact::Receives),
                ("peer sends", Fact::Receives),
                ("peer receives", Fact::Sends),
            ],
            Self::Opening => &[
                ("I can send", Fact::Sends),
                ("I can receive", Fact::Receives),
                ("peer can send", Fact::Receives),
                ("peer can receive", Fact::Sends),
            ],
            Self::Closing => &[("peer sends no more", Fact::PeerDone), ("peer has all I sent", Fact::AllDelivered)],
            Self::Reset => &[("I know that it is over", Fact::Dead)],
        }
    }
}

/// Which packet taught what, up to now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Learnt {
    since: [[u64; Fact::ALL.len()]; 2],
}

impl Learnt {
    /// Takes in the next packet.
    pub(super) fn add(&mut self, step: &Step) {
        for side in [Side::A, Side::B] {
            for fact in step.learnt(side) {
                self.since[side as usize][fact as usize] = step.n;
            }
        }
    }

    /// The grid after `step`: a line of titles, then one for each end.
    pub(super) fn grid(&self, step: &Step, questions: Questions, scene: &Scene<'_>) -> [String; 3] {
        let columns = questions.columns(scene.look.grid());
        let mut titles = format!("{:8}{:14}", "", "state");
        for (title, _) in columns {
            titles.push_str(&format!("  {title}"));
        }
        let row = |role: Role| {
            let side = scene.conn.side(role);
            let standing = step.after[side as usize].to_string();
            let moved = step.before[side as usize] != step.after[side as usize];
            let name = scene.look.dye(crate::report::look::Look::ink(role), &format!("{:8}", role.name()));
            let standing = format!("{standing:14}");
            let mut line = name + &if moved { scene.look.dye(Ink::Bold, &standing) } else { standing };
            for (title, fact) in columns {
                let width = title.len();
                // Who says that it is over knows it.
                let says_so = *fact == Fact::Dead && step.after[side as usize] == Standing::proven(State::Closed);
                let (ink, cell) = if says_so && step.know[side as usize].basis(*fact).is_none() {
                    (Ink::Good, format!("{} says so", scene.glyphs().proven))
                } else {
                    self.cell(step.know[side as usize], side, *fact, scene)
                };
                line.push_str("  ");
                line.push_str(&scene.look.dye(ink, &format!("{cell:<width$}")));
            }
            line.trim_end().to_owned()
        };
        [scene.look.dye(Ink::Dim, titles.trim_end()), row(Role::Client), row(Role::Server)]
    }

    fn cell(&self, know: Facts, side: Side, fact: Fact, scene: &Scene<'_>) -> (Ink, String) {
        let glyphs = scene.glyphs();
        match know.basis(fact) {
            None => (Ink::Dim, glyphs.unknown.to_string()),
            Some(Basis::Assumed) => (Ink::Dim, "~".to_owned()),
            Some(Basis::Expected) => (Ink::Warn, "?".to_owned()),
            Some(Basis::Proven) => {
                (Ink::Good, format!("{} #{}", glyphs.proven, self.since[side as usize][fact as usize]))
            }
        }
    }
}

/// What the signs of the grid mean.
pub(super) fn legend(scene: &Scene<'_>) -> String {
    let glyphs = scene.glyphs();
    format!(
        "({} #n: proven, by packet n. ?: true once this packet arrives. ~: assumed. {}: not known. Behind a state: \
         ! proven, ? expected, ~ assumed.)",
        glyphs.proven, glyphs.unknown
    )
}
