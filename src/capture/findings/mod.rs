//! What goes on around many connections: floods, overload, back-scatter, scans, impatience.
//!
//! One connection cannot tell. So the tracker hands over what opens and closes (`Event`), and
//! here it is counted by listener (`listener`) and by source (`source`), in tables of a fixed
//! size: at most some 3 MiB, however many there are. Verdicts are looked for as the capture's own
//! clock goes on, four times a second, and come as statements that something [begins, changes or
//! ends](Phase).
//!
//! Where nothing is wrong, that costs next to nothing: a listener keeps the few moments in which it
//! was asked (`moments`) and the few who asked (`crowd`), and grows with what happens to it; and who
//! is calm sleeps (`places`): no look wakes it, and what looks would have changed is made up for
//! when it is needed, so that it says what it would have said.
//!
//! Who is flooded is told from who is merely slow by what both ends do. The sources of a flood leave
//! the server in SYN_RCVD and never come back; clients that mean it ask again, or have their step
//! three ignored; the host that is flooded elsewhere answers us, who never asked.

mod crowd;
mod finding;
mod host;
mod listener;
mod moments;
mod places;
mod rounds;
mod sketch;
mod source;

use std::collections::VecDeque;

use crate::wire::{FlowKey, Side, Timestamp};
pub use finding::{Finding, Kind, Method, Numbers, Phase};
use host::{Host, Socket};
use listener::Listener;
use places::Places;
use rounds::Rounds;
use source::Source;

/// Something that opens, refuses or probes, between a client and a server.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// The first SYN of a connection.
    Asked,
    /// The same SYN again.
    AskedAgain,
    /// The SYN/ACK; whether it lacks all that the SYN offered and a cookie has no room for, where
    /// the SYN offered such.
    Answered(Option<bool>),
    /// The same SYN/ACK again; whether it had its step three before.
    AnsweredAgain(bool),
    /// Step three.
    Completed,
    /// A RST or an ICMP error instead of a SYN/ACK.
    Refused,
    /// A RST instead of step three.
    Rejected,
    /// A SYN/ACK or RST to who never asked.
    Unasked,
    /// Who had answered unasked goes on, so it was asked after all.
    WentOn,
    /// Flags that no stack sends: FIN, none, FIN PSH URG.
    Odd(usize),
    /// A RST in answer to those.
    OddRefused,
    /// A connection is closed in which nobody has said anything.
    Empty,
    /// The first datagram of a conversation; its answer; its refusal.
    Datagram,
    DatagramAnswered,
    DatagramRefused,
}

/// Listeners watched at once, and sources.
const LISTENERS: usize = 256;
const SOURCES: usize = 4096;

/// Hashes of sources that asked once: the second time they are watched.
const DOORS: usize = 1 << 14;

/// Statements that wait to be asked for.
const NEWS: usize = 1024;

/// How often verdicts are looked for, in nanoseconds; of sources every so many times.
const LOOK: u64 = moments::MOMENT;
const SELDOM: u64 = 4;

/// Watches listeners and sources.
#[derive(Debug, Default)]
pub(super) struct Findings {
    listeners: Places<Listener>,
    sources: Places<Source>,
    doors: Vec<u16>,
    looked: u64,
    rounds: Rounds,
    fresh: u32,
    news: VecDeque<Finding>,
    /// The server that was spoken of last: often that of the next event too.
    latest: Option<Server>,
}

/// A client and a server.
#[derive(Clone, Copy)]
struct Ends {
    client: Host,
    /// By what it is known.
    client_hash: u64,
    server: Server,
}

/// A server, the [stem](sketch::stem) of its address, and by what it is known.
#[derive(Clone, Copy, Debug)]
struct Server {
    at: Socket,
    stem: u64,
    hash: u64,
}

impl Server {
    fn of(at: Socket) -> Self {
        let stem = sketch::stem(at.host);
        Self { at, stem, hash: sketch::with_port(stem, at.port()) }
    }
}

impl Findings {
    /// Takes in that `event` happened at `time` between the ends of `key`; the client, who is on that side, had
    /// asked at `asked`, as far as is known.
    pub(super) fn take(
        &mut self,
        event: Event,
        key: &FlowKey,
        client: Side,
        asked: Option<Timestamp>,
        time: Timestamp,
    ) {
        if self.doors.is_empty() {
            self.doors.resize(DOORS, 0);
            self.listeners.make(LISTENERS);
            self.sources.make(SOURCES);
        }
        let (server, client) = (Socket::of(key, !client), Socket::of(key, client).host);
        let server = match self.latest {
            Some(latest) if latest.at == server => latest,
            _ => *self.latest.insert(Server::of(server)),
        };
        let ends = Ends { client, client_hash: sketch::with_port(sketch::stem(client), 0), server };
        self.take_listener(event, &ends, asked, time);
        self.take_source(event, &ends, time);
        self.look(time);
    }

    fn take_listener(&mut self, event: Event, ends: &Ends, asked: Option<Timestamp>, time: Timestamp) {
        let Ends { client, client_hash, .. } = *ends;
        let new = match event {
            Event::Asked | Event::Unasked => true,
            Event::AskedAgain
            | Event::Answered(_)
            | Event::AnsweredAgain(_)
            | Event::Completed
            | Event::Refused
            | Event::Rejected
            | Event::WentOn => false,
            Event::Odd(_)
            | Event::OddRefused
            | Event::Empty
            | Event::Datagram
            | Event::DatagramAnswered
            | Event::DatagramRefused => return,
        };
        let Some(place) = self.listener(ends, new, time) else { return };
        let Some(listener) = self.listeners.at(place) else { return };
        listener.catch_up(self.looked);
        match event {
            Event::Asked => listener.asked(client, client_hash, time),
            Event::AskedAgain => listener.asked_again(time),
            Event::Answered(stripped) => listener.answered(asked, stripped, time),
            Event::AnsweredAgain(taken) => listener.answered_again(taken, time),
            Event::Completed => listener.completed(asked, time),
            Event::Refused => listener.refused(asked, time),
            Event::Rejected => listener.rejected(asked, time),
            Event::Unasked => listener.unasked(client, client_hash, time),
            Event::WentOn => listener.went_on(),
            Event::Odd(_)
            | Event::OddRefused
            | Event::Empty
            | Event::Datagram
            | Event::DatagramAnswered
            | Event::DatagramRefused => {}
        }
        if !listener.sleeps(time) {
            self.listeners.wake(place);
        }
    }

    fn take_source(&mut self, event: Event, ends: &Ends, time: Timestamp) {
        let Server { at: server, stem, .. } = ends.server;
        let new = match event {
            Event::Asked | Event::Odd(_) | Event::Datagram => true,
            Event::Answered(_)
            | Event::Completed
            | Event::Refused
            | Event::OddRefused
            | Event::Rejected
            | Event::Empty
            | Event::DatagramAnswered
            | Event::DatagramRefused => false,
            Event::AskedAgain | Event::AnsweredAgain(_) | Event::Unasked | Event::WentOn => return,
        };
        let Some(place) = self.source(ends, new, time) else { return };
        let Some(source) = self.sources.at(place) else { return };
        source.wake(&self.rounds);
        match event {
            Event::Asked => source.asked(server, stem, time),
            Event::Odd(which) => source.tries_odd(server, stem, which, time),
            Event::Datagram => source.tries_udp(server, stem, time),
            Event::Answered(_) => source.answered(),
            Event::Completed => source.completed(),
            Event::Refused | Event::OddRefused => source.refused(),
            Event::Rejected => source.rejected(),
            Event::Empty => source.closed_empty(),
            Event::DatagramAnswered => source.udp_answered(false),
            Event::DatagramRefused => source.udp_answered(true),
            Event::AskedAgain | Event::AnsweredAgain(_) | Event::Unasked | Event::WentOn => {}
        }
        self.sources.wake(place);
    }

    /// Where the listener is kept: one that is watched, or a `new` one, in the place of the one of
    /// which least would be forgotten.
    fn listener(&mut self, ends: &Ends, new: bool, time: Timestamp) -> Option<usize> {
        let (Server { at, hash, .. }, looked) = (ends.server, self.looked);
        if let Some(known) = self.listeners.find(hash, |listener| listener.at == at) {
            return Some(known);
        }
        if !new {
            return None;
        }
        let place = self.listeners.least(hash, |listener| {
            listener.catch_up(looked);
            listener.worth()
        })?;
        if !self.listeners.at(place).is_none_or(|listener| listener.may_go()) {
            return None;
        }
        let begin = || Listener::new(at, looked, time);
        self.listeners.put(place, hash, begin, |listener| listener.become_new(at, looked, time));
        Some(place)
    }

    /// The source, in the same way; but who asks for the first time is only remembered.
    fn source(&mut self, ends: &Ends, new: bool, time: Timestamp) -> Option<usize> {
        let (host, to, hash) = (ends.client, ends.server.at, ends.client_hash);
        if let Some(known) = self.sources.find(hash, |source| source.host == host) {
            return Some(known);
        }
        if !new {
            return None;
        }
        let door = self.doors.get_mut((hash >> 32) as usize % DOORS)?;
        let mark = (hash >> 48) as u16 | 1;
        if std::mem::replace(door, mark) != mark {
            return None;
        }
        let place = self.sources.least(hash, |source| source.worth())?;
        if !self.sources.at(place).is_none_or(|source| source.may_go()) {
            return None;
        }
        self.sources.put(
            place,
            hash,
            || Source::new(host, to.host, time),
            |source| *source = Source::new(host, to.host, time),
        );
        Some(place)
    }

    /// It is `time`: looks for verdicts, if that was not done a moment ago.
    #[inline]
    pub(super) fn look(&mut self, time: Timestamp) {
        if time.0 >= (self.looked + 1).saturating_mul(LOOK) {
            self.look_around(time);
        }
    }

    #[inline(never)]
    fn look_around(&mut self, time: Timestamp) {
        let at = time.0 / LOOK;
        let sources_too = at / SELDOM > self.looked / SELDOM;
        self.looked = at;
        let Self { listeners, sources, rounds, fresh, news, .. } = self;
        let mut tell = |finding| keep(news, finding);
        listeners.look(|listener| listener.judge(at, time, fresh, &mut tell));
        if sources_too {
            rounds.look(time);
            sources.look(|source| source.judge(rounds, time, fresh, &mut tell));
        }
    }

    /// The input ended at `time`, and all that goes on with it.
    pub(super) fn finish(&mut self, time: Timestamp) {
        let Self { listeners, sources, looked, rounds, fresh, news, .. } = self;
        let mut tell = |finding| keep(news, finding);
        listeners.look(|listener| {
            let next = listener.judge(*looked, time, fresh, &mut tell);
            listener.finish(time, &mut tell);
            next
        });
        rounds.look(time);
        sources.look(|source| {
            let next = source.judge(rounds, time, fresh, &mut tell);
            source.finish(time, &mut tell);
            next
        });
    }

    /// Whether there is a statement that was not asked for yet.
    #[inline]
    pub(super) fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    /// The next statement that was not asked for yet.
    pub(super) fn next(&mut self) -> Option<Finding> {
        self.news.pop_front()
    }
}

fn keep(news: &mut VecDeque<Finding>, finding: Finding) {
    if news.len() == NEWS {
        news.pop_front();
    }
    news.push_back(finding);
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::wire::{Endpoint, Protocol, Vlans};

    /// Numbers that look random, the same every time.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, most: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % most
        }
    }

    fn event(numbers: &mut Numbers, trouble: u64) -> Event {
        match (trouble, numbers.below(10)) {
            (0, 6) => Event::Answered(Some(true)),
            (1, 4 | 5) => Event::Answered(None),
            (1, 6..9) => Event::Completed,
            (1, 9) => Event::Empty,
            (2, 0..8) => Event::Unasked,
            (2, 8) => Event::WentOn,
            (3, 0..5) => Event::Odd(numbers.below(3) as usize),
            (3, 5..8) => Event::Datagram,
            (3, 8) => Event::DatagramRefused,
            (4, 0..5) => Event::AnsweredAgain(numbers.below(4) == 0),
            (4, 5 | 6) => Event::AskedAgain,
            (_, 8) => Event::Refused,
            _ => Event::Asked,
        }
    }

    #[test]
    fn who_sleeps_says_what_it_would_have_said_awake() {
        let mut told = 0;
        for seed in 0..100 {
            let mut numbers = Numbers(seed);
            let (mut asleep, mut awake) = (Findings::default(), Findings::default());
            let [clients, servers] = [1, 2].map(|_| [1, 5, 60, 5000][numbers.below(4) as usize]);
            let step = [20_000, 1_000_000, 50_000_000][numbers.below(3) as usize];
            let (mut now, mut trouble, mut asked) = (1_790_000_000_000_000_000, 0, VecDeque::new());
            for n in 0..3000 {
                if n % 400 == 0 {
                    trouble = numbers.below(6);
                    now += [0, 1, 3, 7, 62, 70][numbers.below(6) as usize] * 1_000_000_000;
                }
                now += numbers.below(step);
                let event = event(&mut numbers, trouble);
                let addr = |net, host: u64| IpAddr::from([net, 0, (host >> 8) as u8, host as u8]);
                let client = Endpoint { addr: addr(10, numbers.below(clients)), port: 4000 };
                let server = Endpoint { addr: addr(192, numbers.below(servers)), port: numbers.below(servers) as u16 };
                let (key, side) = FlowKey::of(client, server, Protocol::Tcp, &Vlans::default());
                let mut talk = (key, side, now);
                match event {
                    Event::Asked => asked.push_back(talk),
                    Event::Answered(_) => talk = *asked.back().unwrap_or(&talk),
                    Event::Completed | Event::Refused | Event::Empty => talk = asked.pop_front().unwrap_or(talk),
                    _ => {}
                }
                awake.listeners.wake_all();
                awake.sources.wake_all();
                for findings in [&mut asleep, &mut awake] {
                    findings.take(event, &talk.0, talk.1, Some(Timestamp(talk.2)), Timestamp(now));
                }
            }
            awake.listeners.wake_all();
            awake.sources.wake_all();
            asleep.finish(Timestamp(now));
            awake.finish(Timestamp(now));
            assert_eq!(asleep.news, awake.news, "seed {seed}");
            told += asleep.news.len();
        }
        assert!(told > 300, "there was something to tell: {told}");
    }
}
