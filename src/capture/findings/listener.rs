//! One listener: who asks it, how it answers, and how many it holds half-open.

use std::net::IpAddr;

use super::finding::{Finding, Kind, Numbers, Phase};
use super::sketch::{self, Sketch};
use crate::wire::{Endpoint, Span, Timestamp};

/// Slots of the ring of moments; with [`SLOT`] a little more than Linux waits for step three.
const SLOTS: usize = 256;

/// How long a slot lasts.
const SLOT: u64 = 250_000_000;

/// Slots in which verdicts look for what is going on: five seconds.
const RECENT: u64 = 20;

/// Slots in which an answer may still be on its way.
const GRACE: u64 = 2;

/// Asked for, and not completed, that are many.
const MANY: u64 = 128;

/// That many, unanswered, are more than clients that mean it ask for.
const TOO_MANY: u64 = 1024;

/// That many from so few are impatience.
const IMPATIENT: u64 = 64;

/// A slot whose connections are those that were asked for in it.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    asked: u32,
    waiting: u32,
    held: u32,
    done: u32,
}

/// What is known of a listener.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    pub(super) at: Endpoint,
    ring: [Slot; SLOTS],
    /// The slot of the latest event, counted from 1970.
    now: u64,
    waiting: u64,
    held: u64,
    peak: u64,
    total: Numbers,
    /// Answers to a SYN that offered what a cookie has no room for; and those that took nothing of it.
    comparable: u64,
    stripped: u64,
    backlog: Option<u64>,
    sources: Sketch<1024>,
    /// The first few of them, exactly.
    few: [Option<IpAddr>; 4],
    /// When it was first asked since it was calm, when something was last asked or answered again,
    /// and when it was last noteworthy.
    since: Option<Timestamp>,
    stirred: Timestamp,
    noted: Timestamp,
    /// First of the answers that nobody asked for, and who went on speaking after one.
    unasked_since: Option<Timestamp>,
    went_on: u64,
    pub(super) open: Option<Ongoing>,
}

/// A finding that lasts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ongoing {
    pub(super) id: u32,
    pub(super) kind: Kind,
    pub(super) start: Timestamp,
    /// How large it was when it was last told of.
    told: u64,
    cookies: bool,
    saturated: bool,
}

impl Listener {
    pub(super) fn new(at: Endpoint, time: Timestamp) -> Self {
        Self {
            at,
            ring: [Slot::default(); SLOTS],
            now: time.0 / SLOT,
            waiting: 0,
            held: 0,
            peak: 0,
            total: Numbers::default(),
            comparable: 0,
            stripped: 0,
            backlog: None,
            sources: Sketch::default(),
            few: [None; 4],
            since: None,
            stirred: Timestamp(0),
            noted: Timestamp(0),
            unasked_since: None,
            went_on: 0,
            open: None,
        }
    }

    /// How much would be forgotten with it.
    pub(super) fn worth(&self) -> (bool, u64, u64) {
        (self.open.is_some(), self.waiting + self.held + self.total.answered.min(64), self.now)
    }

    /// Moves on to `time`: what is too old to be held still is not.
    fn advance(&mut self, time: Timestamp) {
        let slot = time.0 / SLOT;
        for at in self.now + 1..=slot.min(self.now + SLOTS as u64) {
            let old = std::mem::take(&mut self.ring[at as usize % SLOTS]);
            self.waiting -= u64::from(old.waiting);
            self.held -= u64::from(old.held);
        }
        self.now = self.now.max(slot);
    }

    /// The slot of what was asked for at `asked`, if that is not too long ago.
    fn slot(&mut self, asked: Option<Timestamp>) -> Option<&mut Slot> {
        let slot = asked?.0 / SLOT;
        (slot <= self.now && self.now - slot < SLOTS as u64).then(|| &mut self.ring[slot as usize % SLOTS])
    }

    pub(super) fn asked(&mut self, by: IpAddr, time: Timestamp) {
        self.advance(time);
        self.since.get_or_insert(time);
        self.total.asked += 1;
        self.waiting += 1;
        let slot = &mut self.ring[self.now as usize % SLOTS];
        slot.asked += 1;
        slot.waiting += 1;
        self.meet(by);
    }

    fn meet(&mut self, source: IpAddr) {
        self.sources.add(sketch::hash(source, 0));
        if self.few[3].is_none()
            && !self.few.contains(&Some(source))
            && let Some(free) = self.few.iter_mut().find(|one| one.is_none())
        {
            *free = Some(source);
        }
    }

    pub(super) fn asked_again(&mut self, time: Timestamp) {
        self.advance(time);
        self.total.asked_again += 1;
        self.stirred = time;
    }

    pub(super) fn answered(&mut self, asked: Option<Timestamp>, stripped: Option<bool>, time: Timestamp) {
        self.advance(time);
        self.total.answered += 1;
        self.comparable += u64::from(stripped.is_some());
        self.stripped += u64::from(stripped == Some(true));
        let Some(slot) = self.slot(asked) else { return };
        if slot.waiting > 0 {
            slot.waiting -= 1;
            slot.held += 1;
            self.waiting -= 1;
            self.held += 1;
            self.peak = self.peak.max(self.held);
        }
    }

    pub(super) fn answered_again(&mut self, taken: bool, time: Timestamp) {
        self.advance(time);
        self.total.answered_again += 1;
        self.total.untaken += u64::from(!taken);
        self.stirred = time;
    }

    pub(super) fn completed(&mut self, asked: Option<Timestamp>, time: Timestamp) {
        self.advance(time);
        self.total.completed += 1;
        if self.settle(asked)
            && let Some(slot) = self.slot(asked)
        {
            slot.done += 1;
        }
    }

    pub(super) fn refused(&mut self, asked: Option<Timestamp>, time: Timestamp) {
        self.advance(time);
        self.total.refused += 1;
        self.settle(asked);
    }

    pub(super) fn rejected(&mut self, asked: Option<Timestamp>, time: Timestamp) {
        self.advance(time);
        self.total.rejected += 1;
        self.settle(asked);
    }

    /// What was asked for then waits no more.
    fn settle(&mut self, asked: Option<Timestamp>) -> bool {
        let Some(slot) = self.slot(asked) else { return false };
        let (held, waiting) = (slot.held > 0, slot.waiting > 0);
        if held {
            slot.held -= 1;
            self.held -= 1;
        } else if waiting {
            slot.waiting -= 1;
            self.waiting -= 1;
        }
        held || waiting
    }

    pub(super) fn unasked(&mut self, receiver: IpAddr, time: Timestamp) {
        self.advance(time);
        self.unasked_since.get_or_insert(time);
        self.total.answered += 1;
        self.noted = time;
        self.meet(receiver);
    }

    pub(super) fn went_on(&mut self) {
        self.went_on += 1;
    }

    /// The recent slots, those in which answers may still be on their way left out, summed up.
    fn recent(&self) -> Slot {
        let slots = (GRACE..GRACE + RECENT).filter_map(|back| self.now.checked_sub(back));
        slots.map(|at| self.ring[at as usize % SLOTS]).fold(Slot::default(), |sum, slot| Slot {
            asked: sum.asked + slot.asked,
            waiting: sum.waiting + slot.waiting,
            held: sum.held + slot.held,
            done: sum.done + slot.done,
        })
    }

    /// What is going on here.
    fn verdict(&self, recent: Slot, time: Timestamp) -> Option<Kind> {
        let (asked, done) = (u64::from(recent.asked), u64::from(recent.done));
        let lost = u64::from(recent.waiting) + u64::from(recent.held);
        let sources = self.few.iter().flatten().count();
        if let Some(since) = self.unasked_since
            && self.total.asked * 4 < self.total.answered
            && self.total.answered >= 32
            && sources == 4
            && time - since >= Span::from_secs(1)
            && self.went_on * 5 < self.total.answered
        {
            return Some(Kind::Backscatter);
        }
        let lasts = self.since.map_or(Span(0), |since| time - since);
        if sources < 4 {
            return (asked - done >= IMPATIENT).then_some(Kind::ImpatientClient);
        }
        let mean_it = self.total.asked_again * 4 >= lost && self.total.asked_again >= 16;
        let untaken = self.total.untaken >= 16 && self.total.untaken * 4 >= self.total.completed;
        if untaken || mean_it && recent.waiting >= 16 && recent.waiting > recent.held && done * 2 < asked {
            return Some(Kind::Overload);
        }
        if lost < MANY || done * 5 >= asked {
            return None;
        }
        // Honest clients of a silent server would repeat what they ask; that takes a while to see.
        let certain = recent.held * 2 >= recent.waiting || lost >= TOO_MANY || lasts >= Span::from_millis(3500);
        certain.then_some(Kind::SynFlood)
    }

    /// Signs that it answers with cookies: it repeats no answer, or takes up nothing that a cookie
    /// has no room for.
    fn bakes_cookies(&self) -> bool {
        let old = self.held.saturating_sub((0..8).map(|back| self.held_back(back)).sum());
        let silent = old >= 64 && self.total.answered_again == 0;
        silent || self.comparable >= 16 && self.stripped * 10 >= self.comparable * 9
    }

    fn held_back(&self, back: u64) -> u64 {
        self.now.checked_sub(back).map_or(0, |at| u64::from(self.ring[at as usize % SLOTS].held))
    }

    /// Looks at what is going on; tells where something began, changed or ended. `fresh` is the
    /// number of a new finding.
    pub(super) fn judge(&mut self, time: Timestamp, fresh: &mut u32, tell: &mut impl FnMut(Finding)) {
        self.advance(time);
        let recent = self.recent();
        let verdict = self.verdict(recent, time);
        if verdict.is_some() && verdict != Some(Kind::Backscatter) {
            self.noted = time;
        }
        let answers = u64::from(recent.asked - recent.waiting);
        if self.held >= MANY && answers * 2 < u64::from(recent.asked) && self.backlog.is_none() {
            self.backlog = Some(self.peak);
        }
        if let Some(open) = self.open {
            let other = verdict.is_some_and(|kind| kind != open.kind && kind != Kind::ImpatientClient);
            if other || time - self.noted > Span::from_secs(5) {
                self.open = None;
                tell(self.finding(open, Phase::Ends, time, Some(self.noted.min(time))));
            } else {
                return self.go_on(open, time, tell);
            }
        }
        let Some(kind) = verdict else { return self.calm_down(recent, time) };
        let start = self.unasked_since.filter(|_| kind == Kind::Backscatter).unwrap_or_else(|| self.start(time));
        let open = Ongoing {
            id: *fresh,
            kind,
            start,
            told: self.size(),
            cookies: self.bakes_cookies(),
            saturated: self.backlog.is_some(),
        };
        *fresh += 1;
        self.open = Some(open);
        tell(self.finding(open, Phase::Begins, time, None));
    }

    /// Where nothing is asked for in vain, what is counted from here on is of what begins here.
    fn calm_down(&mut self, recent: Slot, time: Timestamp) {
        const CALM: Span = Span::from_secs(5);
        let young = (0..GRACE).filter_map(|back| self.now.checked_sub(back));
        let lost = |slot: Slot| slot.asked - slot.done;
        let young: u32 = young.map(|at| lost(self.ring[at as usize % SLOTS])).sum();
        let calm = lost(recent) < 32 && u64::from(young) < IMPATIENT && time - self.stirred > CALM;
        if calm && self.unasked_since.is_none_or(|_| time - self.noted > Span::from_secs(60)) {
            let Self { at, ring, now, waiting, held, .. } = *self;
            *self = Self { ring, now, waiting, held, peak: held, ..Self::new(at, time) };
        }
    }

    /// When that began which goes on now: the oldest moment since which most is in vain.
    fn start(&self, time: Timestamp) -> Timestamp {
        let vain = |slot: Slot| slot.asked > 2 * slot.done;
        let slots = (0..SLOTS as u64).map_while(|back| self.now.checked_sub(back));
        let first = slots.skip(GRACE as usize).take_while(|at| vain(self.ring[*at as usize % SLOTS])).last();
        let since = self.since.unwrap_or(time);
        first.map_or(since, |slot| since.max(Timestamp(slot * SLOT)))
    }

    /// Tells of what lasts when it has doubled, or shows something new.
    fn go_on(&mut self, open: Ongoing, time: Timestamp, tell: &mut impl FnMut(Finding)) {
        let (cookies, saturated) = (open.cookies || self.bakes_cookies(), self.backlog.is_some());
        if self.size() >= open.told * 2 || cookies != open.cookies || saturated != open.saturated {
            let open = Ongoing { told: self.size(), cookies, saturated, ..open };
            self.open = Some(open);
            tell(self.finding(open, Phase::Changes, time, None));
        }
    }

    fn size(&self) -> u64 {
        self.total.asked + self.total.answered + self.total.untaken
    }

    /// The input has ended, and it with it.
    pub(super) fn finish(&mut self, time: Timestamp, tell: &mut impl FnMut(Finding)) {
        self.advance(time);
        if let Some(open) = self.open.take() {
            let over = time - self.noted > Span::from_secs(5);
            tell(self.finding(open, Phase::Ends, time, over.then_some(self.noted)));
        }
    }

    fn finding(&self, open: Ongoing, phase: Phase, time: Timestamp, end: Option<Timestamp>) -> Finding {
        let recent = self.recent();
        let source = self.few[0].filter(|_| open.kind == Kind::ImpatientClient && self.few[1].is_none());
        Finding {
            id: open.id,
            kind: open.kind,
            phase,
            start: open.start,
            time,
            end,
            target: Some((self.at.addr, Some(self.at.port))),
            source,
            method: None,
            backlog: self.backlog,
            cookies: open.cookies || self.bakes_cookies(),
            numbers: Numbers {
                half_open: self.held,
                half_open_peak: self.peak,
                unanswered: self.waiting,
                through: recent.done.into(),
                through_of: recent.asked.into(),
                sources: if self.few[3].is_none() {
                    self.few.iter().flatten().count() as u64
                } else {
                    self.sources.count().clamp(4, self.total.asked.max(self.total.answered).max(4))
                },
                ..self.total
            },
        }
    }
}
