use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;

use super::schedule::{Due, Entry, Schedule};
use crate::capture::{Body, Checksums, Direction, Next, Packet, Source, SourceError, decode};
use crate::cli::perform::turn::{Turn, frame};
use crate::cli::permit::advise;
use crate::craft::inject::{is_private, source_for};
use crate::craft::replay::{Actor, Conduct, Deed, Heard};
use crate::craft::{Ear, Guard, InjectError, Injector, Policy, emit};
use crate::sys::now;
use crate::wire::recording::Recording;
use crate::wire::{Endpoint, Flags, OptionList, Segment, Seq, Span, Timestamp};

/// The longest that nothing is looked at but the network: signals want an ear too.
const GLANCE: Duration = Duration::from_millis(100);

/// Octets of headers that a segment has at most before its options.
const HEADERS: u32 = 60;

/// Packets that are heard one after the other before anyone answers: their acknowledgments go as one.
const AT_ONCE: usize = 32;

/// What a wait in the kernel may take longer than asked for.
const OVERSLEEP: Span = Span::from_micros(50);

/// Where recorded connections are performed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// As clients of this server.
    To { server: Endpoint, from: Option<IpAddr> },
    /// As servers at this address.
    At(Endpoint),
    /// As clients with the addresses and ports they had, of servers where those were: in a network
    /// namespace in which every address is here.
    AsRecorded { v4: bool },
}

impl Place {
    /// Where `recordings` were.
    pub(super) fn as_recorded(recordings: &[Recording]) -> anyhow::Result<Self> {
        let mut families = recordings.iter().map(|recording| recording.client.endpoint.addr.is_ipv4());
        let v4 = families.next().unwrap_or(true);
        if families.any(|other| other != v4) {
            anyhow::bail!("some connections are of IPv4 and some of IPv6: choose with the filter 'ip' or 'ip6'");
        }
        Ok(Self::AsRecorded { v4 })
    }
}

/// Recorded connections, the wires they hang on, and whoever is at the other end: as a source, all
/// segments of both ends as they go.
pub(super) struct Stage {
    place: Place,
    /// Whence clients speak; where servers listen.
    local: Endpoint,
    injector: Injector,
    ear: Ear,
    /// Of a server's port, on which nobody else is to answer.
    _guard: Option<Guard>,
    conduct: Conduct,
    schedule: Schedule,
    cast: Vec<Option<Box<Playing>>>,
    free: Vec<usize>,
    by_ends: HashMap<(u16, Endpoint), usize>,
    /// Who has something to do now.
    ready: VecDeque<usize>,
    /// Who has, when.
    timers: BinaryHeap<Reverse<(Timestamp, usize, u32)>>,
    over: VecDeque<Played>,
    stop: Arc<AtomicBool>,
    heard_in_a_row: usize,
    /// The packet that goes by.
    packet: Vec<u8>,
    last: Timestamp,
    /// When to stop, whatever goes on.
    deadline: Option<Timestamp>,
    /// Clients that came when there was nothing left to perform for them.
    pub(super) turned_away: u64,
}

/// A connection that is performed.
struct Playing {
    entry: Entry,
    actor: Actor,
    local: Endpoint,
    remote: Endpoint,
    /// Keeps the kernel from answering for a client; goes with it.
    _guard: Option<Guard>,
    is_ready: bool,
    /// Counts the timers that were set: only the last one counts.
    timer: u32,
    /// Whether it was reported as over.
    told: bool,
}

/// A connection that is over.
pub(super) struct Played {
    /// What was performed.
    pub(super) entry: Entry,
    /// How.
    pub(super) actor: Actor,
    /// Where the performed end was.
    pub(super) local: Endpoint,
    /// Where the other was.
    pub(super) remote: Endpoint,
}

impl Stage {
    /// Opens all sockets; nothing is said yet.
    pub(super) fn set(
        place: Place,
        schedule: Schedule,
        conduct: Conduct,
        policy: Policy,
        stop: Arc<AtomicBool>,
        deadline: Option<Timestamp>,
    ) -> anyhow::Result<Self> {
        let mut injector = Injector::new(policy);
        let (local, towards) = match place {
            Place::To { server, from } => {
                let from = from.map_or_else(|| source_for(server.addr), Ok).map_err(advise)?;
                (Endpoint { addr: from, port: 0 }, server.addr)
            }
            Place::At(at) => (at, at.addr),
            Place::AsRecorded { v4 } => {
                let here: IpAddr = if v4 { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
                (Endpoint { addr: here, port: 0 }, here)
            }
        };
        injector.open(local.addr, towards).map_err(advise)?;
        let (ear, guard) = match place {
            Place::To { server, .. } => {
                let ear = injector.ear(towards).map_err(advise)?;
                ear.only_from_port(server.port).context("cannot choose what to hear")?;
                (ear, None)
            }
            Place::At(at) => {
                let guard = Guard::new(at.addr, at.port, is_private())?;
                let ethertype = if at.addr.is_ipv4() { 0x0800 } else { 0x86dd };
                // On all interfaces: nobody knows whence a client will come.
                let ear = Ear::open(0, ethertype).context("cannot open a packet socket")?;
                ear.only_for_port(guard.at().port()).context("cannot choose what to hear")?;
                (ear, Some(guard))
            }
            Place::AsRecorded { v4 } => {
                let ethertype = if v4 { 0x0800 } else { 0x86dd };
                (Ear::open(0, ethertype).context("cannot open a packet socket")?, None)
            }
        };
        let local = guard.as_ref().map_or(local, |guard| Endpoint { addr: local.addr, port: guard.at().port() });
        // What all may have on its way to us together has to find room; the kernel counts at least
        // twice the octets.
        let room = ear.room().unwrap_or(256 << 10) / 2 / schedule.most_at_once().max(1);
        let window = conduct.window.min(room.clamp(8 << 10, 1 << 20));
        let mtu = injector.mtu(towards).unwrap_or(1500);
        let most = u16::try_from(mtu.saturating_sub(HEADERS)).unwrap_or(u16::MAX - HEADERS as u16);
        Ok(Self {
            place,
            local,
            injector,
            ear,
            _guard: guard,
            conduct: Conduct { window, most, ..conduct },
            schedule,
            cast: Vec::new(),
            free: Vec::new(),
            by_ends: HashMap::new(),
            ready: VecDeque::new(),
            timers: BinaryHeap::new(),
            over: VecDeque::new(),
            stop,
            heard_in_a_row: 0,
            packet: Vec::new(),
            last: Timestamp(0),
            deadline,
            turned_away: 0,
        })
    }

    /// Where servers listen, or whence clients speak.
    pub(super) fn local(&self) -> Endpoint {
        self.local
    }

    /// The next connection that is over, in the order in which they ended.
    pub(super) fn take_played(&mut self) -> Option<Played> {
        self.over.pop_front()
    }

    /// Goes on until something is to be shown.
    pub(super) fn turn(&mut self) -> anyhow::Result<Turn> {
        loop {
            if self.stop.load(Ordering::Relaxed) || self.deadline.is_some_and(|at| now() >= at) {
                return self.wind_up();
            }
            if self.heard_in_a_row < AT_ONCE
                && let Some(time) = self.hear(Duration::ZERO)?
            {
                self.heard_in_a_row += 1;
                return Ok(Turn::Frame(time, Direction::In));
            }
            self.heard_in_a_row = 0;
            if let Some(at) = self.ready.pop_front() {
                if let Some(time) = self.perform(at)? {
                    return Ok(Turn::Frame(time, Direction::Out));
                }
                if !self.over.is_empty() {
                    return Ok(Turn::Idle);
                }
                continue;
            }
            let now = now();
            let wake = self.wake(now);
            if !self.ready.is_empty() {
                continue;
            }
            let begun = self.begin(now)?;
            if !self.ready.is_empty() {
                continue;
            }
            let waits_for_clients = matches!(self.place, Place::At(_)) && !self.schedule.is_empty();
            let next = [wake, begun].into_iter().flatten().min();
            if next.is_none() && !waits_for_clients {
                return Ok(Turn::Over);
            }
            let rest = next.map_or(Span::from_secs(1), |next| Span(now.until(next).0 - OVERSLEEP.0));
            let rest = Duration::from_nanos(u64::try_from(rest.0).unwrap_or(0)).min(GLANCE);
            if let Some(time) = self.hear(rest)? {
                self.heard_in_a_row = 1;
                return Ok(Turn::Frame(time, Direction::In));
            }
            if rest >= GLANCE {
                return Ok(Turn::Idle);
            }
        }
    }

    /// Lets one actor act; the time where it has sent something, which is then the packet.
    fn perform(&mut self, at: usize) -> anyhow::Result<Option<Timestamp>> {
        let now = now();
        let Some(playing) = self.cast.get_mut(at).and_then(Option::as_mut) else { return Ok(None) };
        playing.is_ready = false;
        let sent = match playing.actor.poll(now) {
            Deed::Send(said) => {
                self.packet.clear();
                emit(&said.spec(playing.local, playing.remote), &mut self.packet).context("cannot build a segment")?;
                playing.is_ready = true;
                self.ready.push_front(at);
                match self.injector.send(&self.packet) {
                    Ok(()) => Some(now),
                    // As if it were lost: it will be said again.
                    Err(error) if is_passing(&error) => None,
                    Err(error) => return Err(advise(error).context("cannot send a segment")),
                }
            }
            Deed::Wait(until) => {
                playing.timer = playing.timer.wrapping_add(1);
                self.timers.push(Reverse((until, at, playing.timer)));
                None
            }
            Deed::Done => {
                self.leave(at);
                return Ok(None);
            }
        };
        self.report(at);
        Ok(sent)
    }

    /// Tells of a connection that is over, though it may still answer repeats.
    fn report(&mut self, at: usize) {
        let Some(playing) = self.cast.get_mut(at).and_then(Option::as_mut) else { return };
        if playing.actor.ending().is_some() && !playing.told {
            playing.told = true;
            self.schedule.ended(&playing.entry);
            let Playing { entry, actor, local, remote, .. } = &**playing;
            self.over.push_back(Played { entry: entry.clone(), actor: actor.clone(), local: *local, remote: *remote });
        }
    }

    fn leave(&mut self, at: usize) {
        self.report(at);
        if let Some(playing) = self.cast.get_mut(at).and_then(Option::take) {
            self.by_ends.remove(&(playing.local.port, playing.remote));
            self.free.push(at);
        }
    }

    /// Has everyone act whose time has come; the next time of anyone.
    fn wake(&mut self, now: Timestamp) -> Option<Timestamp> {
        while let Some(Reverse((until, at, timer))) = self.timers.peek().copied() {
            let playing = self.cast.get_mut(at).and_then(Option::as_mut).filter(|playing| playing.timer == timer);
            match playing {
                Some(_) if until > now => return Some(until),
                Some(playing) => {
                    self.timers.pop();
                    if !std::mem::replace(&mut playing.is_ready, true) {
                        self.ready.push_back(at);
                    }
                }
                None => _ = self.timers.pop(),
            }
        }
        None
    }

    /// Begins the connections whose time has come; the time of the next where that is known.
    fn begin(&mut self, now: Timestamp) -> anyhow::Result<Option<Timestamp>> {
        if matches!(self.place, Place::At(_)) {
            return Ok(None);
        }
        match self.schedule.next(now) {
            Due::Now(entry) => {
                // One after the other: what the first has to say need not wait for the last.
                let recording = entry.part.recording();
                let (from, to) = match self.place {
                    Place::To { server, .. } => (self.local, server),
                    Place::At(_) | Place::AsRecorded { .. } => (recording.client.endpoint, recording.server.endpoint),
                };
                let guard = Guard::new(from.addr, from.port, is_private())?;
                let local = Endpoint { addr: from.addr, port: guard.at().port() };
                self.enter(entry, local, to, Some(guard), now);
                Ok(None)
            }
            Due::At(at) => Ok(Some(at)),
            Due::Later => Ok(None),
        }
    }

    fn enter(
        &mut self,
        entry: Entry,
        local: Endpoint,
        remote: Endpoint,
        guard: Option<Guard>,
        now: Timestamp,
    ) -> usize {
        // RFC 9293 §3.4.1: a clock of 4 us.
        let isn = Seq((now.0 / 4_000) as u32);
        let actor = Actor::new(Arc::clone(&entry.part), Conduct { isn, ..self.conduct });
        let playing = Playing { entry, actor, local, remote, _guard: guard, is_ready: true, timer: 0, told: false };
        let at = self.free.pop().unwrap_or_else(|| {
            self.cast.push(None);
            self.cast.len() - 1
        });
        self.cast[at] = Some(Box::new(playing));
        self.by_ends.insert((local.port, remote), at);
        self.ready.push_back(at);
        at
    }

    /// Hears the next segment for anyone here, for at most so long; it is then the packet.
    fn hear(&mut self, at_most: Duration) -> anyhow::Result<Option<Timestamp>> {
        let mut at_most = at_most;
        while let Some(heard) = self.ear.hear(at_most).context("cannot hear what comes")? {
            at_most = Duration::ZERO;
            let time = heard.time;
            let record = decode(&frame(time, heard.packet, Direction::In), Checksums::Ignore);
            let (Some(ip), Body::Tcp(tcp)) = (record.ip, record.body) else { continue };
            let remote = Endpoint { addr: ip.src, port: tcp.src_port };
            let local = Endpoint { addr: ip.dst, port: tcp.dst_port };
            self.packet.clear();
            self.packet.extend_from_slice(heard.packet);
            let known = self.by_ends.get(&(local.port, remote)).copied();
            let Some(at) = known.map_or_else(|| self.receive(local, remote, &tcp.segment), |at| Ok(Some(at)))? else {
                continue;
            };
            let Some(playing) = self.cast.get_mut(at).and_then(Option::as_mut) else { continue };
            if playing.local.addr != local.addr {
                continue;
            }
            let packet = Packet {
                n: 0,
                frame: frame(time, &self.packet, Direction::In),
                record: &record,
                datagram: &self.packet,
            };
            let (segment, options, octets) = (&tcp.segment, packet.tcp_options(), packet.payload());
            playing.actor.hear(Heard { segment, options, octets, ttl: ip.ttl }, time);
            if !std::mem::replace(&mut playing.is_ready, true) {
                self.ready.push_back(at);
            }
            return Ok(Some(time));
        }
        Ok(None)
    }

    /// Somebody has come who is not known: where servers are performed, a client may.
    fn receive(&mut self, local: Endpoint, remote: Endpoint, segment: &Segment) -> anyhow::Result<Option<usize>> {
        let ours = self.local.addr.is_unspecified() || local.addr == self.local.addr;
        if !matches!(self.place, Place::At(_)) || !segment.flags.is_syn() || !ours {
            return Ok(None);
        }
        let Some(entry) = self.schedule.next_for_a_client() else {
            self.turned_away += 1;
            self.refuse(local, remote, segment)?;
            return Ok(None);
        };
        Ok(Some(self.enter(entry, local, remote, None, now())))
    }

    /// Tells a client that nobody is there for it (RFC 9293 §3.10.7.1).
    fn refuse(&mut self, local: Endpoint, remote: Endpoint, syn: &Segment) -> anyhow::Result<()> {
        let segment = Segment { ack: syn.end(), flags: Flags::RST | Flags::ACK, ..Segment::default() };
        let options = OptionList::EMPTY;
        let mut packet = Vec::new();
        emit(&crate::craft::Spec::tcp(local, remote, &segment, &options), &mut packet)
            .context("cannot build a reset")?;
        self.injector.send(&packet).map_err(advise)
    }

    /// Ends everything that still goes on.
    fn wind_up(&mut self) -> anyhow::Result<Turn> {
        let now = now();
        self.schedule.drop_the_rest();
        for at in 0..self.cast.len() {
            if let Some(playing) = self.cast[at].as_mut() {
                playing.actor.stop(now);
                while let Deed::Send(said) = playing.actor.poll(now) {
                    self.packet.clear();
                    emit(&said.spec(playing.local, playing.remote), &mut self.packet)
                        .context("cannot build a reset")?;
                    let _ = self.injector.send(&self.packet);
                }
                self.leave(at);
            }
        }
        Ok(Turn::Over)
    }
}

impl Source for Stage {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        let turn = self.turn();
        Turn::said(turn, &self.packet, &mut self.last, "the replay")
    }
}

/// Whether the kernel only has no room at this moment, or a rule of this machine drops the packet.
fn is_passing(error: &InjectError) -> bool {
    use io::ErrorKind::{PermissionDenied, WouldBlock};
    match error {
        InjectError::Send(error) => {
            matches!(error.kind(), WouldBlock | PermissionDenied) || error.raw_os_error() == Some(ENOBUFS)
        }
        _ => false,
    }
}

/// No buffer space available: the queue of an interface is full.
const ENOBUFS: i32 = 105;
