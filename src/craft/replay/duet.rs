use std::collections::VecDeque;
use std::sync::Arc;

use super::{Actor, Conduct, Deed, Heard, Part};
use crate::wire::recording::{End, Recording};
use crate::wire::{OptionList, Segment, Span, Timestamp};

/// Both ends of a recording, performed against each other over a wire in memory: nothing is lost,
/// and time is only counted.
///
/// As an iterator, all segments of both ends as they go.
#[derive(Clone, Debug)]
pub struct Duet {
    actors: [Actor; 2],
    /// What is on its way, and when it comes.
    wire: VecDeque<(Timestamp, Passage)>,
    now: Timestamp,
}

/// A segment on its way from one end to the other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Passage {
    /// When it was sent.
    pub at: Timestamp,
    /// Who sent it.
    pub by: End,
    /// Numbers, flags and window.
    pub segment: Segment,
    /// The options, octet for octet.
    pub options: OptionList,
    /// The octets of data.
    pub octets: Vec<u8>,
}

/// How long a segment is on its way.
const WAY: Span = Span::from_micros(1);

/// The time to live that is heard at the other end.
const TTL: u8 = 64;

impl Duet {
    /// Both ends of `recording`, from when it began; with its own sequence numbers.
    pub fn new(recording: &Arc<Recording>, conduct: Conduct) -> Self {
        let actor = |role| {
            let conduct = Conduct { isn: recording.end(role).iss, ..conduct };
            Actor::new(Arc::new(Part::new(Arc::clone(recording), role)), conduct)
        };
        Self { actors: End::BOTH.map(actor), wire: VecDeque::new(), now: recording.began }
    }

    /// One of the two, to ask how it went.
    pub fn actor(&self, end: End) -> &Actor {
        &self.actors[end as usize]
    }

    /// Has everyone hear what has come by now.
    fn deliver(&mut self) {
        while self.wire.front().is_some_and(|(at, _)| *at <= self.now)
            && let Some((_, passage)) = self.wire.pop_front()
        {
            let Passage { segment, options, octets, by, .. } = &passage;
            let heard = Heard { segment, options: options.octets(), octets, ttl: TTL };
            self.actors[!*by as usize].hear(heard, self.now);
        }
    }
}

impl Iterator for Duet {
    type Item = Passage;

    fn next(&mut self) -> Option<Passage> {
        loop {
            self.deliver();
            let mut wake: Option<Timestamp> = self.wire.front().map(|(at, _)| *at);
            for (actor, by) in self.actors.iter_mut().zip(End::BOTH) {
                // Who is over may wait to answer repeats; here none will come.
                let is_over = actor.ending().is_some();
                match actor.poll(self.now) {
                    Deed::Send(said) => {
                        let octets = said.octets.to_vec();
                        let passage =
                            Passage { at: self.now, by, segment: said.segment, options: said.options, octets };
                        self.wire.push_back((self.now + WAY, passage.clone()));
                        return Some(passage);
                    }
                    Deed::Wait(until) if !is_over => wake = Some(wake.map_or(until, |wake| wake.min(until))),
                    Deed::Wait(_) | Deed::Done => {}
                }
            }
            self.now = self.now.max(wake?);
        }
    }
}
