//! What goes on around many connections: floods, overload, back-scatter, scans, impatience.
//!
//! One connection cannot tell. So the tracker hands over what opens and closes (`Event`), and
//! here it is counted by listener (`listener`) and by source (`source`), in tables of a fixed
//! size: some 3 MiB, however many there are. Verdicts are looked for as the capture's own clock goes
//! on, four times a second, and come as statements that something [begins, changes or
//! ends](Phase).
//!
//! Who is flooded is told from who is merely slow by what both ends do. The sources of a flood leave
//! the server in SYN_RCVD and never come back; clients that mean it ask again, or have their step
//! three ignored; the host that is flooded elsewhere answers us, who never asked.

mod finding;
mod listener;
mod sketch;
mod source;

use std::collections::VecDeque;
use std::net::IpAddr;

use crate::wire::{Endpoint, Timestamp};
pub use finding::{Finding, Kind, Method, Numbers, Phase};
use listener::Listener;
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

/// Listeners watched at once, and sources; both in sets of [`WAYS`].
const LISTENERS: usize = 256;
const SOURCES: usize = 4096;
const WAYS: usize = 4;

/// Hashes of sources that asked once: the second time they are watched.
const DOORS: usize = 1 << 14;

/// Statements that wait to be asked for.
const NEWS: usize = 1024;

/// How often verdicts are looked for, in nanoseconds; of sources every so many times.
const LOOK: u64 = 250_000_000;
const SELDOM: u64 = 4;

/// Watches listeners and sources.
#[derive(Debug, Default)]
pub(super) struct Findings {
    listeners: Vec<Option<Box<Listener>>>,
    sources: Vec<Option<Box<Source>>>,
    doors: Vec<u16>,
    looked: u64,
    fresh: u32,
    news: VecDeque<Finding>,
}

impl Findings {
    /// Takes in that `event` happened at `time`; the client had asked at `asked`, as far as is known.
    pub(super) fn take(
        &mut self,
        event: Event,
        [client, server]: [Endpoint; 2],
        asked: Option<Timestamp>,
        time: Timestamp,
    ) {
        if self.doors.is_empty() {
            self.doors.resize(DOORS, 0);
            self.listeners.resize(LISTENERS, None);
            self.sources.resize(SOURCES, None);
        }
        self.take_listener(event, [client, server], asked, time);
        self.take_source(event, [client, server], time);
        self.look(time);
    }

    fn take_listener(
        &mut self,
        event: Event,
        [client, server]: [Endpoint; 2],
        asked: Option<Timestamp>,
        time: Timestamp,
    ) {
        if matches!(
            event,
            Event::Odd(_)
                | Event::OddRefused
                | Event::Empty
                | Event::Datagram
                | Event::DatagramAnswered
                | Event::DatagramRefused
        ) {
            return;
        }
        let Some(listener) = self.listener(server, matches!(event, Event::Asked | Event::Unasked), time) else {
            return;
        };
        match event {
            Event::Asked => listener.asked(client.addr, time),
            Event::AskedAgain => listener.asked_again(time),
            Event::Answered(stripped) => listener.answered(asked, stripped, time),
            Event::AnsweredAgain(taken) => listener.answered_again(taken, time),
            Event::Completed => listener.completed(asked, time),
            Event::Refused => listener.refused(asked, time),
            Event::Rejected => listener.rejected(asked, time),
            Event::Unasked => listener.unasked(client.addr, time),
            Event::WentOn => listener.went_on(),
            Event::Odd(_)
            | Event::OddRefused
            | Event::Empty
            | Event::Datagram
            | Event::DatagramAnswered
            | Event::DatagramRefused => {}
        }
    }

    fn take_source(&mut self, event: Event, [client, server]: [Endpoint; 2], time: Timestamp) {
        let tries = matches!(event, Event::Asked | Event::Odd(_) | Event::Datagram);
        let Some(source) = self.source(client.addr, server, tries, time) else { return };
        match event {
            Event::Asked => source.asked(server, time),
            Event::Odd(which) => source.tries_odd(server, which, time),
            Event::Datagram => source.tries_udp(server, time),
            Event::Answered(_) => source.answered(),
            Event::Completed => source.completed(),
            Event::Refused | Event::OddRefused => source.refused(),
            Event::Rejected => source.rejected(),
            Event::Empty => source.closed_empty(),
            Event::DatagramAnswered => source.udp_answered(false),
            Event::DatagramRefused => source.udp_answered(true),
            Event::AskedAgain | Event::AnsweredAgain(_) | Event::Unasked | Event::WentOn => {}
        }
    }

    /// The listener at `at`: one that is watched, or that takes the place of the one in its set of
    /// which least would be forgotten.
    fn listener(&mut self, at: Endpoint, new: bool, time: Timestamp) -> Option<&mut Listener> {
        let set = sketch::hash(at.addr, at.port) as usize % (LISTENERS / WAYS) * WAYS;
        let places = self.listeners.get_mut(set..set + WAYS)?;
        if let Some(known) = places.iter().position(|place| place.as_ref().is_some_and(|listener| listener.at == at)) {
            return places[known].as_deref_mut();
        }
        if !new {
            return None;
        }
        let place = places.iter_mut().min_by_key(|place| place.as_ref().map(|listener| listener.worth()))?;
        if place.as_ref().is_some_and(|listener| listener.open.is_some()) {
            return None;
        }
        match place {
            Some(listener) => **listener = Listener::new(at, time),
            None => *place = Some(Box::new(Listener::new(at, time))),
        }
        place.as_deref_mut()
    }

    /// The source at `addr`, in the same way; but who asks for the first time is only remembered.
    fn source(&mut self, addr: IpAddr, to: Endpoint, new: bool, time: Timestamp) -> Option<&mut Source> {
        let hash = sketch::hash(addr, 0);
        let set = hash as usize % (SOURCES / WAYS) * WAYS;
        let places = self.sources.get_mut(set..set + WAYS)?;
        if let Some(known) = places.iter().position(|place| place.as_ref().is_some_and(|source| source.addr == addr)) {
            return places[known].as_deref_mut();
        }
        let door = self.doors.get_mut((hash >> 32) as usize % DOORS).filter(|_| new)?;
        let mark = (hash >> 48) as u16 | 1;
        if std::mem::replace(door, mark) != mark {
            return None;
        }
        let place = places.iter_mut().min_by_key(|place| place.as_ref().map(|source| source.worth()))?;
        if place.as_ref().is_some_and(|source| source.open.is_some()) {
            return None;
        }
        match place {
            Some(source) => **source = Source::new(addr, to, time),
            None => *place = Some(Box::new(Source::new(addr, to, time))),
        }
        place.as_deref_mut()
    }

    /// It is `time`: looks for verdicts, if that was not done a moment ago.
    pub(super) fn look(&mut self, time: Timestamp) {
        let at = time.0 / LOOK;
        if at <= self.looked {
            return;
        }
        let sources_too = at / SELDOM > self.looked / SELDOM;
        self.looked = at;
        let Self { listeners, sources, fresh, news, .. } = self;
        let mut tell = |finding| keep(news, finding);
        for listener in listeners.iter_mut().flatten() {
            listener.judge(time, fresh, &mut tell);
        }
        if sources_too {
            for source in sources.iter_mut().flatten() {
                source.judge(time, fresh, &mut tell);
            }
        }
    }

    /// The input ended at `time`, and all that goes on with it.
    pub(super) fn finish(&mut self, time: Timestamp) {
        let Self { listeners, sources, fresh, news, .. } = self;
        let mut tell = |finding| keep(news, finding);
        for listener in listeners.iter_mut().flatten() {
            listener.judge(time, fresh, &mut tell);
            listener.finish(time, &mut tell);
        }
        for source in sources.iter_mut().flatten() {
            source.judge(time, fresh, &mut tell);
            source.finish(time, &mut tell);
        }
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
