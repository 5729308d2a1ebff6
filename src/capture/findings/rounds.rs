//! When sources that sleep were settled last: by the first look that comes more than [`GRACE`] after
//! the one that settled them before.

use crate::wire::{Span, Timestamp};

/// How long an answer may be on its way.
pub(super) const GRACE: Span = Span::from_secs(1);

/// The looks, as far as sleepers need them.
///
/// Two looks with another between them are more than a second apart, since each is the first of a
/// second of the clock. So sleepers were settled by the last look or by the one before it, and need
/// no more than two rounds; where one look settles both, they are one from then on.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// The last look of each that settled.
    last: [Timestamp; 2],
    /// How often both became one.
    merged: u32,
}

/// Who was settled by one look, and so is by others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    which: usize,
    merged: u32,
}

impl Rounds {
    /// There is a look at `time`.
    pub(super) fn look(&mut self, time: Timestamp) {
        for last in &mut self.last {
            if time - *last > GRACE {
                *last = time;
            }
        }
        self.merged += u32::from(self.last == [time; 2]);
    }

    /// The round of who was settled just now, by the look at `time`.
    pub(super) fn join(&mut self, time: Timestamp) -> Round {
        let which = usize::from(self.last[0] != time);
        self.last[which] = time;
        Round { which, merged: self.merged }
    }

    /// The look that settled those of `round` last.
    pub(super) fn of(&self, round: Round) -> Timestamp {
        self.last[if round.merged == self.merged { round.which } else { 0 }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleepers_know_when_they_would_have_been_settled() {
        for seed in 1..200_u64 {
            let mut random = seed;
            let mut below = |most: u64| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (random >> 33) % most
            };
            let mut rounds = Rounds::default();
            // Each with the time that looks would have written down, and its round.
            let mut sleepers: Vec<(Timestamp, Round)> = Vec::new();
            let mut second = 1_790_000_000;
            for _ in 0..60 {
                second += if below(8) == 0 { 1 + below(4) } else { 1 };
                let tenths = if seed % 3 == 0 { 3 } else { below(10) };
                let time = Timestamp(second * 1_000_000_000 + tenths * 100_000_000);
                rounds.look(time);
                for (settled, _) in &mut sleepers {
                    if time - *settled > GRACE {
                        *settled = time;
                    }
                }
                if below(3) > 0 {
                    sleepers.push((time, rounds.join(time)));
                }
                for (settled, round) in &sleepers {
                    assert_eq!(rounds.of(*round), *settled);
                }
            }
        }
    }
}
