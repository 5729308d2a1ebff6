//! One source: what it tries, and how little of it it gets.

use super::finding::{Finding, Kind, Method, Numbers, Phase};
use super::host::{Host, Socket};
use super::places::Next;
use super::rounds::{GRACE, Round, Rounds};
use super::sketch::{self, Sketch};
use crate::wire::{Span, Timestamp};

/// Targets tried in vain that make a scan.
const MANY: u64 = 25;

/// Hosts, or ports, that are still a few.
const FEW: u64 = 5;

/// Silence after which a scan is over, and after which a source is met anew.
const OVER: Span = Span::from_secs(60);
const FORGOTTEN: Span = Span::from_secs(900);

/// What a source has been seen to do. What is looked at to know it, and what it is worth, comes first: in one
/// line of the caches, for four are looked at to find the one that is forgotten for another.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Source {
    pub(super) host: Host,
    last: Timestamp,
    /// What it tried, by whatever means.
    tried: u64,
    open: Option<(u32, Kind, u64)>,
    first: Timestamp,
    /// A target, and whether there was another host.
    target: Host,
    others: bool,
    total: Total,
    /// Of what it asked for, how much so long ago that an answer would have come; and when that was.
    settled: u64,
    settled_at: Timestamp,
    asked_then: u64,
    /// Where it sleeps, by which looks it goes on being settled.
    round: Option<Round>,
    /// Connections that it completed and closed without a word.
    empty: u64,
    /// Segments with flags that no stack sends: FIN, none, FIN PSH URG.
    odd: [u64; 3],
    udp: [u64; 3],
    hosts: Sketch<64>,
    ports: Sketch<64>,
}

/// What was counted, as in [`Numbers`].
#[derive(Clone, Copy, Debug, Default)]
struct Total {
    asked: u64,
    answered: u64,
    completed: u64,
    refused: u64,
    rejected: u64,
}

impl Source {
    pub(super) fn new(host: Host, to: Host, time: Timestamp) -> Self {
        Self {
            host,
            last: time,
            tried: 0,
            open: None,
            first: time,
            target: to,
            others: false,
            total: Total::default(),
            settled: 0,
            settled_at: time,
            asked_then: 0,
            round: None,
            empty: 0,
            odd: [0; 3],
            udp: [0; 3],
            hosts: Sketch::default(),
            ports: Sketch::default(),
        }
    }

    /// How much would be forgotten with it.
    pub(super) fn worth(&self) -> (bool, u64, Timestamp) {
        (self.open.is_some(), self.tried.min(1 << 16), self.last)
    }

    /// Whether it may be forgotten.
    pub(super) const fn may_go(&self) -> bool {
        self.open.is_none()
    }

    /// Is no longer asleep: it was settled by looks in the meantime, which changed nothing else.
    #[inline]
    pub(super) fn wake(&mut self, rounds: &Rounds) {
        if let Some(round) = self.round.take() {
            self.settled_at = rounds.of(round);
        }
    }

    /// Tries `to`, of whose address this is the stem.
    fn tries(&mut self, to: Socket, stem: u64, time: Timestamp) {
        if self.open.is_none() && time - self.last > FORGOTTEN {
            *self = Self::new(self.host, to.host, time);
        }
        self.last = self.last.max(time);
        self.tried += 1;
        self.others |= to.host != self.target;
        self.hosts.add(sketch::with_port(stem, 0));
        self.ports.add(sketch::with_port(sketch::stem(Host::NONE), to.port()));
    }

    pub(super) fn asked(&mut self, to: Socket, stem: u64, time: Timestamp) {
        self.tries(to, stem, time);
        self.settle(time);
        self.total.asked += 1;
    }

    /// What was asked for before the last look, and that was a while ago, should have its answer.
    fn settle(&mut self, time: Timestamp) {
        if time - self.settled_at > GRACE {
            (self.settled, self.settled_at, self.asked_then) = (self.asked_then, time, self.total.asked);
        }
    }

    pub(super) fn tries_odd(&mut self, to: Socket, stem: u64, which: usize, time: Timestamp) {
        self.tries(to, stem, time);
        self.odd[which] += 1;
    }

    pub(super) fn tries_udp(&mut self, to: Socket, stem: u64, time: Timestamp) {
        self.tries(to, stem, time);
        self.udp[0] += 1;
    }

    pub(super) fn udp_answered(&mut self, refused: bool) {
        self.udp[1 + usize::from(refused)] += 1;
    }

    pub(super) fn completed(&mut self) {
        self.total.completed += 1;
    }

    pub(super) fn answered(&mut self) {
        self.total.answered += 1;
    }

    pub(super) fn refused(&mut self) {
        self.total.refused += 1;
    }

    pub(super) fn rejected(&mut self) {
        self.total.rejected += 1;
    }

    pub(super) fn closed_empty(&mut self) {
        self.empty += 1;
    }

    /// Asked for so long ago that an answer would have come, and none has.
    fn silent(&self) -> u64 {
        self.settled.saturating_sub(self.total.answered.max(self.total.completed) + self.total.refused)
    }

    /// Tried in vain, or for nothing, of how many tries, by what.
    fn vain(&self) -> (u64, u64, Method) {
        let odd: u64 = self.odd.iter().sum();
        let tcp = self.total.refused + self.total.rejected + self.empty + self.silent();
        let udp = self.udp[2].max(self.udp[0].saturating_sub(self.udp[1]));
        if odd > 0 && odd >= tcp && odd >= udp {
            let most = (0..3).max_by_key(|at| self.odd[*at]).unwrap_or(0);
            return (odd, odd, [Method::Fin, Method::Null, Method::Xmas][most]);
        }
        if udp > tcp {
            return (udp, self.udp[0], Method::Udp);
        }
        let tries = (self.settled.max(tcp)).max(self.total.refused + self.total.answered);
        (tcp, tries, if self.empty > self.total.rejected { Method::Connect } else { Method::Syn })
    }

    fn verdict(&self) -> Option<Kind> {
        let (vain, tries, method) = self.vain();
        if vain < MANY || vain * 4 < tries * 3 {
            return None;
        }
        let (hosts, ports) = (self.hosts(), self.ports.count());
        if hosts.max(ports) < MANY * 4 / 5 {
            return None;
        }
        match (hosts <= FEW, ports <= FEW) {
            (true, false) => Some(Kind::PortScan),
            (false, true) => Some(Kind::HostScan),
            (true, true) => None,
            // Who exchanges files with strangers looks like that.
            (false, false) if method == Method::Udp => None,
            (false, false) => Some(Kind::BlockScan),
        }
    }

    fn hosts(&self) -> u64 {
        if self.others { self.hosts.count().max(2) } else { 1 }
    }

    /// Looks at what it does; tells where something began, changed or ended.
    pub(super) fn judge(
        &mut self,
        rounds: &mut Rounds,
        time: Timestamp,
        fresh: &mut u32,
        tell: &mut impl FnMut(Finding),
    ) -> Next {
        self.wake(rounds);
        self.settle(time);
        self.look(time, fresh, tell);
        if !self.sleeps(time) {
            return Next::Stay;
        }
        self.round = Some(rounds.join(time));
        Next::Sleep
    }

    /// Whether nothing can come of it before it does more. It was settled just now, and all of it.
    fn sleeps(&self, time: Timestamp) -> bool {
        self.settled_at == time
            && [self.settled, self.asked_then] == [self.total.asked; 2]
            && self.open.is_none()
            && self.verdict().is_none()
    }

    fn look(&mut self, time: Timestamp, fresh: &mut u32, tell: &mut impl FnMut(Finding)) {
        let size = self.worth().1;
        match (self.open, self.verdict()) {
            (Some((id, kind, _)), _) if time - self.last > OVER => {
                tell(self.finding(id, kind, Phase::Ends, time, Some(self.last)));
                *self = Self::new(self.host, self.target, time);
            }
            (Some((id, kind, told)), verdict) if size >= told * 2 || verdict.is_some_and(|now| now != kind) => {
                let kind = verdict.unwrap_or(kind);
                self.open = Some((id, kind, size));
                tell(self.finding(id, kind, Phase::Changes, time, None));
            }
            (None, Some(kind)) => {
                let id = *fresh;
                *fresh += 1;
                self.open = Some((id, kind, size));
                tell(self.finding(id, kind, Phase::Begins, time, None));
            }
            _ => {}
        }
    }

    /// The input has ended, and it with it.
    pub(super) fn finish(&mut self, time: Timestamp, tell: &mut impl FnMut(Finding)) {
        if let Some((id, kind, _)) = self.open.take() {
            let kind = self.verdict().unwrap_or(kind);
            let over = time - self.last > OVER;
            tell(self.finding(id, kind, Phase::Ends, time, over.then_some(self.last)));
        }
    }

    fn finding(&self, id: u32, kind: Kind, phase: Phase, time: Timestamp, end: Option<Timestamp>) -> Finding {
        let (_, tries, method) = self.vain();
        let [_, answered, refused] = self.udp;
        let tried = self.worth().1.max(1);
        let Total { asked, answered: had, completed, refused: not, rejected } = self.total;
        let numbers = Numbers {
            asked,
            answered: had,
            completed,
            refused: not,
            rejected,
            sources: 1,
            hosts: self.hosts().min(tried),
            ports: self.ports.count().clamp(1, tried),
            ..Numbers::default()
        };
        let numbers = match method {
            Method::Udp => Numbers { asked: self.udp[0], answered, refused, ..numbers },
            Method::Fin | Method::Null | Method::Xmas => Numbers { asked: tries, ..numbers },
            Method::Syn | Method::Connect => numbers,
        };
        Finding {
            id,
            kind,
            phase,
            start: self.first,
            time,
            end,
            target: (!self.others).then(|| (self.target.addr(), None)),
            source: Some(self.host.addr()),
            method: Some(method),
            backlog: None,
            cookies: false,
            numbers,
        }
    }
}
