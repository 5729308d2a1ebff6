//! What was asked for when: moments of a quarter of a second, as long as Linux waits for step three.

use std::collections::VecDeque;

use crate::wire::Timestamp;

/// How long a moment lasts, in nanoseconds.
pub(super) const MOMENT: u64 = 250_000_000;

/// Moments that are kept: a little more than Linux waits for step three.
const KEPT: u64 = 256;

/// Moments in which verdicts look for what is going on: five seconds.
const RECENT: u64 = 20;

/// Moments in which an answer may still be on its way.
const GRACE: u64 = 2;

/// A moment whose connections are those that were asked for in it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moment {
    /// Counted from 1970.
    at: u64,
    pub(super) asked: u32,
    pub(super) waiting: u32,
    pub(super) held: u32,
    pub(super) done: u32,
}

/// The moments of a listener in which it was asked; where it was not, nothing is kept.
#[derive(Debug, Default)]
pub(super) struct Moments {
    /// The latest.
    now: u64,
    /// The oldest first, and nothing that is as good as a moment without anything.
    kept: VecDeque<Moment>,
    waiting: u64,
    held: u64,
    lost: u64,
}

impl Moments {
    /// None yet, at `time`.
    pub(super) fn begin(&mut self, time: Timestamp) {
        self.kept.clear();
        (self.now, self.waiting, self.held, self.lost) = (time.0 / MOMENT, 0, 0, 0);
    }

    /// Asked for, and without an answer.
    pub(super) const fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Answered, and without step three.
    pub(super) const fn held(&self) -> u64 {
        self.held
    }

    /// Asked for and not completed, as far as it still matters: no sum over some of the moments is
    /// larger.
    pub(super) const fn lost(&self) -> u64 {
        self.lost
    }

    /// Moves on to the moment `now`, if that is later: what is too old to be held still is not.
    #[inline]
    pub(super) fn advance(&mut self, now: u64) {
        if now > self.now {
            self.now = now;
            self.forget();
        }
    }

    fn forget(&mut self) {
        while let Some(oldest) = self.kept.front()
            && (oldest.at + KEPT <= self.now || oldest.is_spent() && oldest.at + GRACE + RECENT <= self.now)
        {
            self.waiting -= u64::from(oldest.waiting);
            self.held -= u64::from(oldest.held);
            self.lost -= u64::from(oldest.lost());
            self.kept.pop_front();
        }
    }

    /// Something is asked for now.
    pub(super) fn ask(&mut self) {
        self.waiting += 1;
        self.lost += 1;
        match self.kept.back_mut() {
            Some(moment) if moment.at == self.now => {
                moment.asked += 1;
                moment.waiting += 1;
            }
            _ => self.kept.push_back(Moment { at: self.now, asked: 1, waiting: 1, held: 0, done: 0 }),
        }
    }

    /// The moment at which something was asked for, unless that is too long ago.
    #[inline]
    fn of(&mut self, asked: Option<Timestamp>) -> Option<&mut Moment> {
        let at = asked?.0 / MOMENT;
        self.kept.iter_mut().rev().find(|moment| moment.at <= at).filter(|moment| moment.at == at)
    }

    /// What was asked for then is answered.
    pub(super) fn answer(&mut self, asked: Option<Timestamp>) {
        if let Some(moment) = self.of(asked)
            && moment.waiting > 0
        {
            moment.waiting -= 1;
            moment.held += 1;
            self.waiting -= 1;
            self.held += 1;
        }
    }

    /// What was asked for then waits no more; `done` where it was completed.
    pub(super) fn settle(&mut self, asked: Option<Timestamp>, done: bool) {
        let Some(moment) = self.of(asked) else { return };
        let (held, waiting) = (moment.held > 0, moment.held == 0 && moment.waiting > 0);
        moment.held -= u32::from(held);
        moment.waiting -= u32::from(waiting);
        let done = done && (held || waiting);
        moment.done += u32::from(done);
        self.held -= u64::from(held);
        self.waiting -= u64::from(waiting);
        self.lost -= u64::from(done);
    }

    /// The recent moments summed up, those left out in which answers may still be on their way.
    pub(super) fn recent(&self) -> Moment {
        let moments = self.back().skip_while(|moment| moment.at + GRACE > self.now);
        let moments = moments.take_while(|moment| moment.at + GRACE + RECENT > self.now);
        moments.fold(Moment::default(), |sum, moment| Moment {
            at: 0,
            asked: sum.asked + moment.asked,
            waiting: sum.waiting + moment.waiting,
            held: sum.held + moment.held,
            done: sum.done + moment.done,
        })
    }

    /// Asked for in the latest moments, which are not recent yet, and not completed.
    pub(super) fn young(&self) -> u32 {
        self.back().take_while(|moment| moment.at + GRACE > self.now).map(Moment::lost).sum()
    }

    /// Held for longer than so many moments.
    pub(super) fn held_before(&self, moments: u64) -> u64 {
        let young = self.back().take_while(|moment| moment.at + moments > self.now);
        self.held.saturating_sub(young.map(|moment| u64::from(moment.held)).sum())
    }

    /// When that began which goes on now: the oldest moment since which most is in vain, without a
    /// moment between in which nothing is.
    pub(super) fn in_vain_since(&self) -> Option<Timestamp> {
        let mut next = self.now.checked_sub(GRACE)?;
        let mut since = None;
        for moment in self.back().skip_while(|moment| moment.at + GRACE > self.now) {
            if moment.at != next || moment.is_good() {
                break;
            }
            since = Some(Timestamp(moment.at * MOMENT));
            next = next.wrapping_sub(1);
        }
        since
    }

    fn back(&self) -> impl Iterator<Item = &Moment> {
        self.kept.iter().rev()
    }
}

impl Moment {
    /// Asked for, and not completed.
    pub(super) const fn lost(&self) -> u32 {
        self.asked - self.done
    }

    /// Whether most of it was completed.
    const fn is_good(&self) -> bool {
        self.asked <= 2 * self.done
    }

    /// Whether nothing more can be learnt from it once it is not recent.
    const fn is_spent(&self) -> bool {
        self.waiting == 0 && self.held == 0 && self.is_good()
    }
}
