use std::collections::HashMap;

use super::chunks::Chunks;
use super::conn::Conn;
use super::observation::ConnId;
use super::table::Table;
use crate::wire::FlowKey;

/// Where a connection is kept.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Slot(pub(super) u32);

/// The connections that are being followed, in places that are used again, and the index from
/// their endpoints to them.
#[derive(Debug, Default)]
pub(super) struct Slab {
    places: Chunks<Option<Conn>>,
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
        self.places.len() - self.free.len()
    }

    /// Places in use or used before.
    pub(super) fn places(&self) -> u32 {
        self.places.len() as u32
    }

    /// The latest connection of these endpoints.
    pub(super) fn find(&self, key: &FlowKey) -> Option<Slot> {
        let place = self.table.find(key, |at| key_at(&self.places, at) == key).map(Slot);
        place.or_else(|| if self.aliases.is_empty() { None } else { self.aliases.get(key).copied() })
    }

    /// Where the latest connection of these endpoints is, if it is followed at all; only a look at
    /// it tells.
    pub(super) fn guess(&self, key: &FlowKey) -> Option<Slot> {
        self.table.find(key, |_| true).map(Slot)
    }

    /// Adds a connection; from now on its endpoints lead to it.
    pub(super) fn add(&mut self, conn: Conn) -> Slot {
        let key = conn.key;
        self.begun = self.begun.saturating_add(1);
        let slot = if let Some(slot) = self.free.pop() {
            *self.place(slot) = Some(conn);
            slot
        } else {
            self.places.push(Some(conn));
            Slot(self.places.len() as u32 - 1)
        };
        let places = &self.places;
        self.table.replace(&key, slot.0, |at| *key_at(places, at) == key);
        slot
    }

    /// Has a key of another VLAN lead to the connection in `slot` too.
    pub(super) fn alias(&mut self, key: FlowKey, slot: Slot) {
        self.aliases.insert(key, slot);
        self.aliased.insert(slot, key);
    }

    /// From now on no endpoints lead to the connection in `slot`, which stays until it is released.
    pub(super) fn unlink(&mut self, slot: Slot) {
        let Some(key) = self.get(slot).map(|conn| conn.key) else { return };
        if self.find(&key) == Some(slot) {
            let places = &self.places;
            self.table.remove(&key, |at| *key_at(places, at) == key);
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
    pub(super) fn iter(&self) -> impl Iterator<Item = &Conn> {
        self.places.iter().flatten()
    }
}

/// The key of a place that the table knows, which is therefore in use.
fn key_at(places: &Chunks<Option<Conn>>, at: u32) -> &FlowKey {
    let conn = places.get(at as usize).and_then(Option::as_ref);
    &conn.expect("the table leads to places in use").key
}
