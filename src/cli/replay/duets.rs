//! Both ends of recorded connections without a peer: as a source of frames, in the order of their
//! times.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::rewrite::{Rewrite, rewritten};
use crate::capture::{Aside, Frame, Link, Next, Source, SourceError};
use crate::craft::emit::{self, Spec, emit};
use crate::craft::replay::{Conduct, Duet, Masks, Passage};
use crate::sys::now;
use crate::wire::recording::{End, Recording};
use crate::wire::{Endpoint, Span, Timestamp};

/// The longest that nobody looks whether to stop.
const GLANCE: Duration = Duration::from_millis(100);

/// All connections, each performed by both of its ends.
pub(super) struct Duets {
    waiting: BinaryHeap<Reverse<(Timestamp, usize)>>,
    playing: Vec<Playing>,
    conduct: Conduct,
    link: emit::Link,
    /// By how much later than recorded everything goes onto an interface.
    later: Option<Span>,
    live: bool,
    stop: Arc<AtomicBool>,
    packet: Vec<u8>,
    pub(super) counts: Counts,
    /// What could not be built.
    failure: Option<String>,
}

/// How it went.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) conns: u64,
    pub(super) segments: u64,
    /// Connections whose both ends heard what was recorded.
    pub(super) equal: u64,
}

struct Playing {
    recording: Arc<Recording>,
    /// Where its client and its server are now.
    ends: [Endpoint; 2],
    duet: Option<Box<Duet>>,
    /// What goes by next.
    next: Option<Passage>,
}

impl Duets {
    /// To be seen with the recorded times.
    pub(super) fn new(
        recordings: Vec<Recording>,
        rewrites: &[Rewrite],
        conduct: Conduct,
        link: emit::Link,
        stop: Arc<AtomicBool>,
    ) -> Self {
        let mut waiting = BinaryHeap::new();
        let mut playing = Vec::new();
        for (at, recording) in recordings.into_iter().enumerate() {
            waiting.push(Reverse((recording.began, at)));
            let ends = End::BOTH.map(|end| rewritten(rewrites, recording.end(end).endpoint));
            playing.push(Playing { recording: Arc::new(recording), ends, duet: None, next: None });
        }
        let (later, live, packet, counts, failure) = (None, false, Vec::new(), Counts::default(), None);
        Self { waiting, playing, conduct, link, later, live, stop, packet, counts, failure }
    }

    /// The same, each when its time has come, counted from when this is first asked.
    pub(super) fn live(self) -> Self {
        Self { live: true, ..self }
    }

    /// The next packet of anyone, and its time.
    fn advance(&mut self) -> Result<Option<Timestamp>, String> {
        while let Some(Reverse((time, at))) = self.waiting.pop() {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let Some(playing) = self.playing.get_mut(at) else { continue };
            let duet = playing.duet.get_or_insert_with(|| Box::new(Duet::new(&playing.recording, self.conduct)));
            let passage = playing.next.take();
            playing.next = duet.next();
            if let Some(next) = &playing.next {
                // What is said at one time by several goes by in turn.
                self.waiting.push(Reverse((next.at.max(time), at)));
            } else {
                self.counts.conns += 1;
                let equal = |end| duet.actor(end).comparison(&Masks::NONE).is_equal();
                self.counts.equal += u64::from(End::BOTH.into_iter().all(equal));
                playing.duet = None;
            }
            let Some(passage) = passage else { continue };
            let [client, server] = playing.ends;
            let (from, to) = if passage.by == End::Client { (client, server) } else { (server, client) };
            let spec = Spec {
                link: self.link,
                payload: &passage.octets,
                ..Spec::tcp(from, to, &passage.segment, &passage.options)
            };
            self.packet.clear();
            emit(&spec, &mut self.packet).map_err(|error| {
                format!("cannot build a segment of connection {}: {error}", playing.recording.number)
            })?;
            self.counts.segments += 1;
            return Ok(Some(passage.at));
        }
        Ok(None)
    }

    /// Waits until it is time, and gives the time by the clock.
    fn wait_for(&mut self, time: Timestamp) -> Timestamp {
        let later = *self.later.get_or_insert_with(|| time.until(now()));
        let due = time + later;
        loop {
            let rest = now().until(due);
            if rest.0 <= 0 || self.stop.load(Ordering::Relaxed) {
                return due;
            }
            thread::sleep(Duration::from_nanos(rest.0.unsigned_abs()).min(GLANCE));
        }
    }

    /// What could not be built, if anything.
    pub(super) fn failure(&mut self) -> Option<String> {
        self.failure.take()
    }
}

impl Source for Duets {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        let time = match self.advance() {
            Ok(Some(time)) => time,
            Ok(None) => return Ok(Next::End),
            Err(what) => {
                self.failure = Some(what);
                return Ok(Next::End);
            }
        };
        let time = if self.live { self.wait_for(time) } else { time };
        let link = match self.link {
            emit::Link::Raw => Link::Raw,
            emit::Link::Ethernet { .. } => Link::Ethernet,
        };
        let bytes = self.packet.as_slice();
        let wire_len = bytes.len() as u32;
        Ok(Next::Frame(Frame { time, wire_len, link, interface: 0, bytes, comment: None, aside: Aside::NONE }))
    }
}
