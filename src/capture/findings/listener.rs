//! One listener: who asks it, how it answers, and how many it holds half-open.

use super::crowd::Crowd;
use super::finding::{Finding, Kind, Numbers, Phase};
use super::host::{Host, Socket};
use super::moments::{MOMENT, Moment, Moments};
use super::places::Next;
use crate::wire::{Span, Timestamp};

/// Asked for, and not completed, that are many.
const MANY: u64 = 128;

/// That many, unanswered, are more than clients that mean it ask for.
const TOO_MANY: u64 = 1024;

/// That many from so few are impatience.
const IMPATIENT: u64 = 64;

/// Fewer than so many are what is lost everywhere.
const USUAL: u64 = 32;

/// Without a repeat for so long, it is calm.
const CALM: Span = Span::from_secs(5);

/// What is known of a listener.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) at: Socket,
    /// The last look that it knows of.
    looked: u64,
    moments: Moments,
    peak: u64,
    total: Total,
    /// Answers to a SYN that offered what a cookie has no room for; and those that took nothing of it.
    comparable: u64,
    stripped: u64,
    backlog: Option<u64>,
    sources: Crowd,
    /// When it was first asked since it was calm, when something was last asked or answered again,
    /// and when it was last noteworthy.
    since: Option<Timestamp>,
    stirred: Timestamp,
    noted: Timestamp,
    /// First of the answers that nobody asked for, and who went on speaking after one.
    unasked_since: Option<Timestamp>,
    went_on: u64,
    open: Option<Ongoing>,
}

/// What was counted since it was calm, as in [`Numbers`].
#[derive(Clone, Copy, Debug, Default)]
struct Total {
    asked: u64,
    asked_again: u64,
    answered: u64,
    answered_again: u64,
    untaken: u64,
    completed: u64,
    refused: u64,
    rejected: u64,
}

/// A finding that lasts.
#[derive(Clone, Copy, Debug)]
struct Ongoing {
    id: u32,
    kind: Kind,
    start: Timestamp,
    /// How large it was when it was last told of.
    told: u64,
    cookies: bool,
    saturated: bool,
}

impl Listener {
    /// One that is met at `time`, the last look having been that of number `looked`.
    pub(super) fn new(at: Socket, looked: u64, time: Timestamp) -> Self {
        let mut new = Self {
            at,
            looked,
            moments: Moments::default(),
            peak: 0,
            total: Total::default(),
            comparable: 0,
            stripped: 0,
            backlog: None,
            sources: Crowd::default(),
            since: None,
            stirred: Timestamp(0),
            noted: Timestamp(0),
            unasked_since: None,
            went_on: 0,
            open: None,
        };
        new.moments.begin(time);
        new
    }

    /// Becomes the one at `at`, as a [new](Self::new) one, in the memory that it has.
    pub(super) fn become_new(&mut self, at: Socket, looked: u64, time: Timestamp) {
        (self.at, self.looked) = (at, looked);
        self.moments.begin(time);
        self.begin();
        self.open = None;
    }

    /// Counts anew from here on, but for what waits.
    fn begin(&mut self) {
        self.peak = self.moments.held();
        self.total = Total::default();
        (self.comparable, self.stripped, self.backlog) = (0, 0, None);
        self.sources.begin();
        (self.since, self.stirred, self.noted) = (None, Timestamp(0), Timestamp(0));
        (self.unasked_since, self.went_on) = (None, 0);
    }

    /// Whether nothing can come of it before more happens here, and it would be found calm: then it
    /// [catches up](Self::catch_up) with looks when it is needed.
    pub(super) fn sleeps(&self, time: Timestamp) -> bool {
        self.moments.lost() < USUAL
            && self.total.asked_again == 0
            && self.total.answered_again == 0
            && time - Timestamp(0) > CALM
            && self.unasked_since.is_none()
            && self.open.is_none()
    }

    /// Has been found calm by every look up to that of number `looked`, if it slept.
    #[inline]
    pub(super) fn catch_up(&mut self, looked: u64) {
        if self.looked != looked {
            self.looked = looked;
            self.moments.advance(looked);
            self.begin();
        }
    }

    /// How much would be forgotten with it.
    pub(super) fn worth(&self) -> (bool, u64) {
        let waiting = self.moments.waiting() + self.moments.held();
        (self.open.is_some(), waiting + self.total.answered.min(64))
    }

    /// Whether it may be forgotten.
    pub(super) const fn may_go(&self) -> bool {
        self.open.is_none()
    }

    /// Moves on to `time`: what is too old to be held still is not.
    fn advance(&mut self, time: Timestamp) {
        self.moments.advance(time.0 / MOMENT);
    }

    pub(super) fn asked(&mut self, by: Host, hash: u64, time: Timestamp) {
        self.advance(time);
        self.since.get_or_insert(time);
        self.total.asked += 1;
        self.moments.ask();
        self.sources.meet(by, hash);
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
        self.moments.answer(asked);
        self.peak = self.peak.max(self.moments.held());
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
        self.moments.settle(asked, true);
    }

    pub(super) fn refused(&mut self, asked: Option<Timestamp>, time: Timestamp) {
        self.advance(time);
        self.total.refused += 1;
        self.moments.settle(asked, false);
    }

    pub(super) fn rejected(&mut self, asked: Option<Timestamp>, time: Timestamp) {
        self.advance(time);
        self.total.rejected += 1;
        self.moments.settle(asked, false);
    }

    pub(super) fn unasked(&mut self, receiver: Host, hash: u64, time: Timestamp) {
        self.advance(time);
        self.unasked_since.get_or_insert(time);
        self.total.answered += 1;
        self.noted = time;
        self.sources.meet(receiver, hash);
    }

    pub(super) fn went_on(&mut self) {
        self.went_on += 1;
    }

    /// What is going on here.
    fn verdict(&self, recent: Moment, time: Timestamp) -> Option<Kind> {
        let (asked, done) = (u64::from(recent.asked), u64::from(recent.done));
        let lost = u64::from(recent.waiting) + u64::from(recent.held);
        if let Some(since) = self.unasked_since
            && self.total.asked * 4 < self.total.answered
            && self.total.answered >= 32
            && self.sources.are_many()
            && time - since >= Span::from_secs(1)
            && self.went_on * 5 < self.total.answered
        {
            return Some(Kind::Backscatter);
        }
        let lasts = self.since.map_or(Span(0), |since| time - since);
        if !self.sources.are_many() {
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
        let silent = self.moments.held_before(8) >= 64 && self.total.answered_again == 0;
        silent || self.comparable >= 16 && self.stripped * 10 >= self.comparable * 9
    }

    /// Looks at what is going on; tells where something began, changed or ended. `fresh` is the
    /// number of a new finding.
    pub(super) fn judge(
        &mut self,
        looked: u64,
        time: Timestamp,
        fresh: &mut u32,
        tell: &mut impl FnMut(Finding),
    ) -> Next {
        self.looked = looked;
        self.advance(time);
        self.look(time, fresh, tell);
        if self.sleeps(time) { Next::Sleep } else { Next::Stay }
    }

    fn look(&mut self, time: Timestamp, fresh: &mut u32, tell: &mut impl FnMut(Finding)) {
        let recent = self.moments.recent();
        let verdict = self.verdict(recent, time);
        if verdict.is_some() && verdict != Some(Kind::Backscatter) {
            self.noted = time;
        }
        let answers = u64::from(recent.asked - recent.waiting);
        if self.moments.held() >= MANY && answers * 2 < u64::from(recent.asked) && self.backlog.is_none() {
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
    fn calm_down(&mut self, recent: Moment, time: Timestamp) {
        let lost = u64::from(recent.lost());
        let calm = lost < USUAL && u64::from(self.moments.young()) < IMPATIENT && time - self.stirred > CALM;
        if calm && self.unasked_since.is_none_or(|_| time - self.noted > Span::from_secs(60)) {
            self.begin();
        }
    }

    /// When that began which goes on now: the oldest moment since which most is in vain.
    fn start(&self, time: Timestamp) -> Timestamp {
        let since = self.since.unwrap_or(time);
        self.moments.in_vain_since().map_or(since, |first| since.max(first))
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
        let recent = self.moments.recent();
        let source = match self.sources.first() {
            [source] if open.kind == Kind::ImpatientClient => Some(source.addr()),
            _ => None,
        };
        let total = self.total;
        Finding {
            id: open.id,
            kind: open.kind,
            phase,
            start: open.start,
            time,
            end,
            target: Some((self.at.host.addr(), Some(self.at.port()))),
            source,
            method: None,
            backlog: self.backlog,
            cookies: open.cookies || self.bakes_cookies(),
            numbers: Numbers {
                asked: total.asked,
                asked_again: total.asked_again,
                answered: total.answered,
                answered_again: total.answered_again,
                untaken: total.untaken,
                completed: total.completed,
                refused: total.refused,
                rejected: total.rejected,
                half_open: self.moments.held(),
                half_open_peak: self.peak,
                unanswered: self.moments.waiting(),
                through: recent.done.into(),
                through_of: recent.asked.into(),
                sources: if self.sources.are_many() {
                    self.sources.count().clamp(4, total.asked.max(total.answered).max(4))
                } else {
                    self.sources.first().len() as u64
                },
                hosts: 0,
                ports: 0,
            },
        }
    }
}
