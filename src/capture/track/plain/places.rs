use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Is, Plain, Turn};
use crate::capture::arrival::Arrival;
use crate::capture::findings::Event;
use crate::capture::track::Tracker;
use crate::capture::track::chunks::Chunks;
use crate::capture::track::conn::Conn;
use crate::capture::track::notes::Notes;
use crate::capture::track::observation::ConnId;
use crate::capture::track::slab::{Found, Slot};
use crate::wire::{FlowKey, Segment, flow};

/// The plain connections that are being kept, in places that are used again.
#[derive(Debug, Default)]
pub(in crate::capture::track) struct Plains {
    places: Chunks<Option<Plain>>,
    free: Vec<u32>,
    /// IPv6 endpoints, lower first: wider than there is room for in a [`Plain`].
    wide: Vec<[Ipv6Addr; 2]>,
    wide_free: Vec<u32>,
}

impl Plains {
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
    pub(in crate::capture::track) fn get(&self, place: u32) -> Option<&Plain> {
        self.places.get(place as usize)?.as_ref()
    }

    /// The room for the one at `place`.
    #[inline]
    pub(in crate::capture::track) fn place(&self, place: u32) -> Option<&Option<Plain>> {
        self.places.get(place as usize)
    }

    /// The one at `place`, to be changed.
    #[inline]
    pub(in crate::capture::track) fn get_mut(&mut self, place: u32) -> Option<&mut Plain> {
        self.places.get_mut(place as usize)?.as_mut()
    }

    /// Keeps `plain`, which is between the endpoints of `key`; returns where.
    pub(in crate::capture::track) fn add(&mut self, mut plain: Plain, key: &FlowKey) -> u32 {
        match key {
            FlowKey::V4(pair) => (plain.addrs, plain.ports) = (pair.addrs.map(|addr| addr.octets()), pair.ports),
            FlowKey::V6(pair) => {
                plain.set(Is::Wide, true);
                (plain.addrs, plain.ports) = ([self.widen(pair.addrs).to_ne_bytes(), [0; 4]], pair.ports);
            }
        }
        let Some(place) = self.free.pop() else {
            self.places.push(Some(plain));
            return self.places.len() as u32 - 1;
        };
        if let Some(free) = self.places.get_mut(place as usize) {
            *free = Some(plain);
        }
        place
    }

    fn widen(&mut self, addrs: [Ipv6Addr; 2]) -> u32 {
        let Some(at) = self.wide_free.pop() else {
            self.wide.push(addrs);
            return self.wide.len() as u32 - 1;
        };
        if let Some(free) = self.wide.get_mut(at as usize) {
            *free = addrs;
        }
        at
    }

    /// Takes out the one at `place`, and makes the connection of it that it is.
    pub(in crate::capture::track) fn take_out(&mut self, place: u32) -> Option<Conn> {
        let conn = self.conn(place)?;
        let plain = self.places.get_mut(place as usize)?.take()?;
        self.free.push(place);
        if plain.says(Is::Wide) {
            self.wide_free.push(plain.wide());
        }
        Some(conn)
    }

    /// The connection that the one at `place` is.
    pub(in crate::capture::track) fn conn(&self, place: u32) -> Option<Conn> {
        let plain = self.get(place)?;
        Some(plain.conn(self.key_of(plain)))
    }

    /// The connection that `plain` is, written over the last that was `made`: most of what it has room for
    /// is the same.
    pub(in crate::capture::track) fn written<'c>(&self, plain: &Plain, made: &'c mut Option<Box<Conn>>) -> &'c Conn {
        let key = self.key_of(plain);
        match made {
            Some(conn) => {
                plain.write(key, conn);
                conn
            }
            None => made.insert(Box::new(plain.conn(key))),
        }
    }

    /// The connection that the one at `place`, which is in use, is.
    pub(in crate::capture::track) fn at(&self, place: u32) -> Conn {
        self.conn(place).expect("a place that was just found is in use")
    }

    /// Whether the one at `place` has this key.
    #[inline]
    pub(in crate::capture::track) fn has_key(&self, place: u32, key: &FlowKey) -> bool {
        self.get(place).is_some_and(|plain| match key {
            FlowKey::V4(pair) => {
                plain.addrs == pair.addrs.map(|addr| addr.octets())
                    && plain.ports == pair.ports
                    && !plain.says(Is::Wide)
                    && pair.zone == 0
            }
            FlowKey::V6(_) => self.has_wide_key(plain, key),
        })
    }

    #[inline(never)]
    fn has_wide_key(&self, plain: &Plain, key: &FlowKey) -> bool {
        plain.says(Is::Wide) && self.key_of(plain) == *key
    }

    /// The endpoints of `plain`.
    pub(in crate::capture::track) fn key_of(&self, plain: &Plain) -> FlowKey {
        let ports = plain.ports;
        if plain.says(Is::Wide) {
            let addrs = self.wide.get(plain.wide() as usize).copied();
            let addrs = addrs.unwrap_or([Ipv6Addr::UNSPECIFIED; 2]);
            return FlowKey::V6(flow::Pair { addrs, ports, zone: 0 });
        }
        FlowKey::V4(flow::Pair { addrs: plain.addrs.map(Ipv4Addr::from_octets), ports, zone: 0 })
    }

    /// Where they are kept, and whose they are.
    pub(in crate::capture::track) fn iter(&self) -> impl Iterator<Item = (ConnId, u32)> {
        (0..).zip(self.places.iter()).filter_map(|(place, plain)| Some((plain.as_ref()?.id, place)))
    }
}

impl Tracker {
    /// Takes in a segment of the connection that was found, by `tag`, if that is a plain one, or becomes one,
    /// and still is.
    #[inline]
    pub(in crate::capture::track) fn goes_by_the_book(
        &mut self,
        tag: u32,
        found: Found,
        arrival: &Arrival,
        segment: &Segment,
        notes: Notes,
    ) -> bool {
        match found {
            Found::Plain(place) => {
                let Some(plain) = self.conns.plains.get_mut(place) else { return false };
                let Some(turn) = plain.take(arrival, segment, notes) else { return false };
                if turn != Turn::Next
                    && let Some(event) = plain.event(turn, arrival.side)
                {
                    self.tell_plain(event, place, &arrival.key);
                }
                true
            }
            Found::Embryo(place) => self.become_plain(place, tag, arrival, segment, notes),
            Found::Conn(_) | Found::Talk(_) => false,
        }
    }

    /// The bare SYN at `place` becomes a plain connection, if the segment is its answer.
    #[inline(never)]
    fn become_plain(&mut self, place: u32, tag: u32, arrival: &Arrival, segment: &Segment, notes: Notes) -> bool {
        // Whoever is silent for too long is looked for among the others.
        let embryo = self.conns.embryos.get(place).filter(|_| self.limits.timers.is_none());
        let question = embryo.map(|embryo| self.conns.embryos.question(embryo));
        let Some(plain) = question.and_then(|question| Plain::of(&question, arrival, segment, notes)) else {
            return false;
        };
        let event = plain.answer();
        let place = self.conns.grow_plain(place, plain, tag, &arrival.key);
        self.tell_plain(event, place, &arrival.key);
        true
    }

    /// Tells the findings what happened to the plain connection at `place`.
    #[inline(never)]
    fn tell_plain(&mut self, event: Event, place: u32, key: &FlowKey) {
        let Some(plain) = self.conns.plains.get(place) else { return };
        self.findings.take(event, key, plain.client(), Some(plain.start), self.clock);
    }

    /// The plain connection at `place` becomes one like others: there is more to say of it.
    pub(in crate::capture::track) fn unfold(&mut self, place: u32) -> Option<Slot> {
        if let Some(plain) = self.conns.plains.get(place) {
            let (stream, completeness) = plain.streamed();
            self.shark.add(stream, completeness);
        }
        self.conns.unfold(place)
    }
}
