use super::{Talk, Turn};
use crate::capture::arrival::Arrival;
use crate::capture::findings::Event;
use crate::capture::record::Udp;
use crate::capture::track::Tracker;
use crate::capture::track::chunks::Chunks;
use crate::capture::track::conn::Conn;
use crate::capture::track::notes::Notes;
use crate::capture::track::observation::ConnId;
use crate::capture::track::slab::{Found, Slot};
use crate::wire::{FlowKey, Protocol};

/// The conversations of datagrams that are being kept, in places that are used again.
#[derive(Debug, Default)]
pub(in crate::capture::track) struct Talks {
    places: Chunks<Option<Talk>>,
    free: Vec<u32>,
}

impl Talks {
    /// How many there are.
    pub(in crate::capture::track) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Places in use or used before.
    pub(in crate::capture::track) fn places(&self) -> u32 {
        self.places.len() as u32
    }

    /// The one at `place`, if there is one.
    #[inline]
    pub(in crate::capture::track) fn get(&self, place: u32) -> Option<&Talk> {
        self.places.get(place as usize)?.as_ref()
    }

    /// The room for the one at `place`.
    #[inline]
    pub(in crate::capture::track) fn place(&self, place: u32) -> Option<&Option<Talk>> {
        self.places.get(place as usize)
    }

    /// The one at `place`, to be changed.
    #[inline]
    fn get_mut(&mut self, place: u32) -> Option<&mut Talk> {
        self.places.get_mut(place as usize)?.as_mut()
    }

    /// Keeps `talk`; returns where.
    pub(in crate::capture::track) fn add(&mut self, talk: Talk) -> u32 {
        let Some(place) = self.free.pop() else {
            self.places.push(Some(talk));
            return self.places.len() as u32 - 1;
        };
        if let Some(free) = self.places.get_mut(place as usize) {
            *free = Some(talk);
        }
        place
    }

    /// Takes out the one at `place`, and makes the conversation of it that it is.
    pub(in crate::capture::track) fn take_out(&mut self, place: u32) -> Option<Conn> {
        let talk = self.places.get_mut(place as usize)?.take()?;
        self.free.push(place);
        Some(talk.conn())
    }

    /// The conversation that the one at `place`, which is in use, is.
    pub(in crate::capture::track) fn at(&self, place: u32) -> Conn {
        self.get(place).expect("a place that was just found is in use").conn()
    }

    /// The conversation that `talk` is, written over the last that was `made`.
    pub(in crate::capture::track) fn written<'c>(talk: &Talk, made: &'c mut Option<Box<Conn>>) -> &'c Conn {
        match made {
            Some(conn) => {
                talk.write(conn);
                conn
            }
            None => made.insert(Box::new(talk.conn())),
        }
    }

    /// Where they are kept, and whose they are.
    pub(in crate::capture::track) fn iter(&self) -> impl Iterator<Item = (ConnId, u32)> {
        (0..).zip(self.places.iter()).filter_map(|(place, talk)| Some((talk.as_ref()?.id, place)))
    }
}

impl Talk {
    /// Its endpoints.
    #[inline]
    pub(in crate::capture::track) fn key(&self) -> &FlowKey {
        &self.key
    }
}

impl Tracker {
    /// Takes in a datagram, found by `tag`, of which nobody asks what it meant.
    #[inline(never)]
    pub(in crate::capture::track) fn take_datagram(&mut self, tag: u32, arrival: &Arrival, udp: &Udp, notes: Notes) {
        let taken = match self.conns.find_by(tag, &arrival.key) {
            _ if udp.fault.is_some() => false,
            Some(Found::Talk(place)) => self.goes_on_talking(place, arrival, udp.payload_len, notes),
            None => self.begin_talk(tag, arrival, udp.payload_len, notes),
            Some(_) => false,
        };
        #[cfg(test)]
        super::tests::took(taken);
        if !taken {
            self.datagram(arrival, udp, notes);
        }
    }

    #[inline]
    fn goes_on_talking(&mut self, place: u32, arrival: &Arrival, payload_len: u32, notes: Notes) -> bool {
        let Some(talk) = self.conns.talks.get_mut(place) else { return false };
        let Some(turn) = talk.take(arrival, payload_len, notes) else { return false };
        if turn == Turn::Answer {
            self.findings.take(Event::DatagramAnswered, &talk.key, talk.client(), None, self.clock);
        }
        true
    }

    /// A datagram begins a conversation, if that can be kept so.
    fn begin_talk(&mut self, tag: u32, arrival: &Arrival, payload_len: u32, notes: Notes) -> bool {
        // Whoever is silent for too long is looked for among the others.
        let small = self.limits.timers.is_none() && arrival.vlans.count() == 0 && Talk::can_tell(notes);
        if !small || self.shark.known(arrival.key).is_some() {
            return false;
        }
        let pair = self.shark.fresh(Protocol::Udp);
        let talk = Talk::begun(self.conns.next_id(), self.shark.stream(pair), arrival, payload_len, notes);
        if self.conns.len() - self.leaving >= self.limits.conns.max(1) as usize {
            self.evict(Slot::PASSING);
        }
        self.findings.take(Event::Datagram, &talk.key, talk.client(), None, self.clock);
        self.conns.add_talk(tag, talk);
        true
    }
}
