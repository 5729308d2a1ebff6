use std::collections::HashMap;

use super::chunks::Chunks;
use super::conn::Conn;
use super::embryo::{Embryo, Embryos};
use super::notes::Notes;
use super::observation::ConnId;
use super::plain::{Plain, Plains};
use super::table::Table;
use super::talk::{Talk, Talks};
use crate::capture::arrival::Arrival;
use crate::capture::wish;
use crate::wire::{FlowKey, Segment};

/// Where a connection is kept.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Slot(pub(super) u32);

impl Slot {
    /// The connection of a bare SYN, which has no place of its own until there is more of it.
    pub(super) const PASSING: Self = Self(u32::MAX);
}

/// What the index knows of a pair of endpoints.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Found {
    /// Their connection.
    Conn(Slot),
    /// One that went by the book so far, and its place.
    Plain(u32),
    /// A bare SYN, and its place.
    Embryo(u32),
    /// A conversation of datagrams, and its place.
    Talk(u32),
}

/// Marks a place in the index as that of a bare SYN.
const EMBRYO: u32 = 1 << 31;

/// Marks a place in the index as that of a plain connection.
const PLAIN: u32 = 1 << 30;

/// Marks a place in the index as that of a conversation of datagrams.
const TALK: u32 = 1 << 29;

impl Found {
    /// What the index says with `place`.
    #[inline]
    pub(super) fn at(place: u32) -> Self {
        if place & PLAIN != 0 {
            Self::Plain(place & !PLAIN)
        } else if place & EMBRYO != 0 {
            Self::Embryo(place & !EMBRYO)
        } else if place & TALK != 0 {
            Self::Talk(place & !TALK)
        } else {
            Self::Conn(Slot(place))
        }
    }

    /// What the index has to say of it.
    #[inline]
    pub(super) fn place(self) -> u32 {
        match self {
            Self::Conn(slot) => slot.0,
            Self::Plain(place) => place | PLAIN,
            Self::Embryo(place) => place | EMBRYO,
            Self::Talk(place) => place | TALK,
        }
    }
}

/// The connections that are being followed, in places that are used again, and the index from
/// their endpoints to them.
#[derive(Debug, Default)]
pub(super) struct Slab {
    places: Chunks<Option<Conn>>,
    /// Connections that went by the book so far.
    pub(super) plains: Plains,
    /// Connections of which there is only a SYN.
    pub(super) embryos: Embryos,
    /// Conversations of datagrams of which there is no more to say.
    pub(super) talks: Talks,
    free: Vec<Slot>,
    table: Table,
    /// Keys of another VLAN under which a connection's other direction travels, and whose they are.
    aliases: HashMap<FlowKey, Slot>,
    aliased: HashMap<Slot, FlowKey>,
    begun: u32,
}

impl Slab {
    /// The handle of the next connection.
    pub(super) fn next_id(&self) -> ConnId {
        ConnId(self.begun)
    }

    /// How many connections are being followed.
    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len() + self.plains.len() + self.embryos.len() + self.talks.len()
    }

    /// Places in use or used before.
    pub(super) fn places(&self) -> u32 {
        self.places.len() as u32
    }

    /// Nothing will be looked for any more: gives back the room of the index.
    pub(super) fn forget_index(&mut self) {
        self.table = Table::default();
        self.aliases.clear();
    }

    /// The latest connection of these endpoints.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every packet")]
    pub(super) fn find(&self, key: &FlowKey) -> Option<Found> {
        self.find_by(self.tag(key), key)
    }

    /// What a pair of endpoints is found by.
    #[inline]
    pub(super) fn tag(&self, key: &FlowKey) -> u32 {
        self.table.tag(key)
    }

    /// The latest connection of these endpoints, which are found by `tag`.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every packet")]
    pub(super) fn find_by(&self, tag: u32, key: &FlowKey) -> Option<Found> {
        match self.table.first(tag) {
            Some(first) if self.has_key(first, key) => Some(Found::at(first)),
            _ if self.table.lacks(tag) && self.aliases.is_empty() => None,
            _ => self.find_behind(tag, key),
        }
    }

    #[inline(never)]
    fn find_behind(&self, tag: u32, key: &FlowKey) -> Option<Found> {
        match self.table.find(tag, |at| self.has_key(at, key)) {
            Some(place) => Some(Found::at(place)),
            None if self.aliases.is_empty() => None,
            None => self.aliases.get(key).copied().map(Found::Conn),
        }
    }

    /// Where the latest connection is of endpoints that were foreseen, if it is followed at all; only a
    /// look at it tells.
    #[inline]
    pub(super) fn guess(&self, tag: u32) -> Option<Found> {
        self.table.guess(tag).map(Found::at)
    }

    /// Asks for the memory that tells where the latest connection of endpoints is that are found by `tag`.
    #[inline]
    pub(super) fn foresee(&self, tag: u32) {
        self.table.fetch_ahead(tag);
    }

    /// Asks for the memory of what was found, which will be needed soon.
    #[inline]
    pub(super) fn fetch_ahead(&self, found: Option<Found>) {
        match found {
            // Not even a look at whether there is one: that would wait for it.
            Some(Found::Conn(slot)) => self.places.get(slot.0 as usize).map(wish::fetch_ahead),
            Some(Found::Plain(place)) => self.plains.place(place).map(wish::fetch_ahead),
            Some(Found::Embryo(place)) => self.embryos.place(place).map(wish::fetch_ahead),
            Some(Found::Talk(place)) => self.talks.place(place).map(wish::fetch_ahead),
            None => None,
        };
    }

    /// Whether the place `at`, which the table knows and which is therefore in use, has this key.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every packet")]
    fn has_key(&self, at: u32, key: &FlowKey) -> bool {
        match Found::at(at) {
            Found::Plain(place) => self.plains.has_key(place, key),
            Found::Embryo(place) => self.embryos.has_key(place, key),
            Found::Talk(place) => self.talks.get(place).is_some_and(|talk| talk.key() == key),
            Found::Conn(slot) => self.get(slot).is_some_and(|conn| conn.key == *key),
        }
    }

    /// Adds a connection; from now on its endpoints lead to it.
    pub(super) fn add(&mut self, conn: Conn) -> Slot {
        self.begun = self.begun.saturating_add(1);
        self.put(conn)
    }

    /// Keeps a bare SYN that begins a connection, whose endpoints are found by `tag`.
    pub(super) fn add_embryo(&mut self, tag: u32, stream: u32, arrival: &Arrival, segment: &Segment, notes: Notes) {
        let place = self.embryos.add(self.next_id(), stream, arrival, segment, notes, tag);
        self.begun = self.begun.saturating_add(1);
        self.table.insert(tag, place | EMBRYO);
    }

    /// Keeps a conversation of datagrams that begins, whose endpoints are found by `tag`.
    pub(super) fn add_talk(&mut self, tag: u32, talk: Talk) {
        let place = self.talks.add(talk);
        self.begun = self.begun.saturating_add(1);
        self.table.insert(tag, place | TALK);
    }

    /// Puts the conversation that the one of datagrams at `place` is in its place.
    pub(super) fn unfold_talk(&mut self, place: u32) -> Option<Slot> {
        let conn = self.talks.take_out(place)?;
        let key = conn.key;
        let slot = self.keep(conn);
        self.table.replace(self.table.tag(&key), place | TALK, slot.0);
        Some(slot)
    }

    /// Takes out the conversation of datagrams at `place`.
    pub(super) fn take_talk(&mut self, place: u32) -> Option<Conn> {
        let conn = self.talks.take_out(place)?;
        self.table.remove(self.table.tag(&conn.key), place | TALK);
        Some(conn)
    }

    /// Puts the connection that the bare SYN at `place` has become in its place.
    pub(super) fn grow(&mut self, place: u32, conn: Conn) -> Slot {
        let key = conn.key;
        let slot = self.keep(conn);
        self.table.replace(self.table.tag(&key), place | EMBRYO, slot.0);
        self.forget_embryo(place);
        slot
    }

    /// Puts the plain connection that the bare SYN at `place` has become in its place; returns where.
    pub(super) fn grow_plain(&mut self, place: u32, plain: Plain, tag: u32, key: &FlowKey) -> u32 {
        let plain = self.plains.add(plain, key);
        self.table.replace(tag, place | EMBRYO, plain | PLAIN);
        self.forget_embryo(place);
        plain
    }

    /// Puts the connection that the plain one at `place` is in its place.
    pub(super) fn unfold(&mut self, place: u32) -> Option<Slot> {
        let conn = self.plains.take_out(place)?;
        let key = conn.key;
        let slot = self.keep(conn);
        self.table.replace(self.table.tag(&key), place | PLAIN, slot.0);
        Some(slot)
    }

    /// Takes out the plain connection at `place`.
    pub(super) fn take_plain(&mut self, place: u32) -> Option<Conn> {
        let conn = self.plains.take_out(place)?;
        self.table.remove(self.table.tag(&conn.key), place | PLAIN);
        Some(conn)
    }

    /// Asks for the memory that is needed to take out the bare SYN at `place`, where its own is at hand; and
    /// for that of the one at `later`.
    #[inline]
    pub(super) fn fetch_to_remove(&self, place: u32, later: u32) {
        if let Some(embryo) = self.embryos.get(place) {
            self.table.fetch_to_remove(self.embryo_tag(embryo));
        }
        self.embryos.place(later).map(wish::fetch_ahead);
    }

    /// Takes out the bare SYN at `place`, which has to be [forgotten](Embryos::forget).
    pub(super) fn take_embryo(&mut self, place: u32) -> Option<Embryo> {
        let tag = self.embryo_tag(self.embryos.get(place)?);
        self.table.remove(tag, place | EMBRYO);
        self.embryos.take_out(place)
    }

    /// What a bare SYN is found by.
    #[inline]
    fn embryo_tag(&self, embryo: &Embryo) -> u32 {
        embryo.tag().unwrap_or_else(|| self.table.tag(&self.embryos.key_of(embryo)))
    }

    /// Takes out the bare SYN at `place`, to which no endpoints lead.
    fn forget_embryo(&mut self, place: u32) {
        if let Some(embryo) = self.embryos.take_out(place) {
            self.embryos.forget(&embryo);
        }
    }

    fn put(&mut self, conn: Conn) -> Slot {
        let key = conn.key;
        let slot = self.keep(conn);
        let tag = self.table.tag(&key);
        match self.table.find(tag, |at| self.has_key(at, &key)) {
            Some(old) => self.table.replace(tag, old, slot.0),
            None => self.table.insert(tag, slot.0),
        }
        slot
    }

    fn keep(&mut self, conn: Conn) -> Slot {
        if let Some(slot) = self.free.pop() {
            *self.place(slot) = Some(conn);
            return slot;
        }
        self.places.push(Some(conn));
        Slot(self.places.len() as u32 - 1)
    }

    /// Has a key of another VLAN lead to the connection in `slot` too.
    pub(super) fn alias(&mut self, key: FlowKey, slot: Slot) {
        self.aliases.insert(key, slot);
        self.aliased.insert(slot, key);
    }

    /// From now on no endpoints lead to the connection in `slot`, which stays until it is released.
    pub(super) fn unlink(&mut self, slot: Slot) {
        let Some(key) = self.get(slot).map(|conn| conn.key) else { return };
        if self.find(&key) == Some(Found::Conn(slot)) {
            self.table.remove(self.table.tag(&key), slot.0);
        }
        if let Some(alias) = self.aliased.remove(&slot) {
            self.aliases.remove(&alias);
        }
    }

    /// Takes out a connection to which no endpoints lead.
    pub(super) fn release(&mut self, slot: Slot) -> Option<Conn> {
        self.free.push(slot);
        self.place(slot).take()
    }

    /// The connection in `slot`, if there is one.
    pub(super) fn get(&self, slot: Slot) -> Option<&Conn> {
        self.places.get(slot.0 as usize)?.as_ref()
    }

    /// The connection in `slot`, which is in use.
    pub(super) fn at(&self, slot: Slot) -> &Conn {
        self.get(slot).expect("a slot that was just found is in use")
    }

    /// The connection in `slot`, which is in use.
    pub(super) fn at_mut(&mut self, slot: Slot) -> &mut Conn {
        self.place(slot).as_mut().expect("a slot that was just found is in use")
    }

    #[inline]
    fn place(&mut self, slot: Slot) -> &mut Option<Conn> {
        self.places.get_mut(slot.0 as usize).expect("slots are those of places")
    }

    /// The connections that are being followed, to be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Conn> {
        self.places.iter_mut().flatten()
    }

    /// The connections that are being followed.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Slot, &Conn)> {
        (0..).zip(self.places.iter()).filter_map(|(place, conn)| Some((Slot(place), conn.as_ref()?)))
    }
}
