//! The tales of the connections that have not ended yet.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::tale::Tale;
use crate::capture::track::{ConnId, Note};
use crate::capture::{Conn, Observation, Packet};

/// So many connections are remembered at once.
pub(in crate::report) const REMEMBERED: usize = 100_000;

/// What is remembered, by connection.
#[derive(Debug, Default)]
pub(in crate::report) struct Tales {
    tales: BTreeMap<u32, Tale>,
    /// Connections that were not looked at, since too many would have to be remembered.
    pub(in crate::report) passed_over: u32,
}

impl Tales {
    /// Takes in one packet of `conn`.
    pub(in crate::report) fn add(&mut self, packet: &Packet<'_>, observation: &Observation, conn: &Conn) {
        let full = self.tales.len() >= REMEMBERED;
        if observation.notes.contains(Note::ReuseLive) {
            self.move_syn(conn);
        }
        match self.tales.entry(conn.id.0) {
            Entry::Vacant(_) if full => self.passed_over += u32::from(conn.first_n == packet.n),
            entry => entry.or_default().add(packet.n, packet.record, observation, conn),
        }
    }

    /// What is remembered of a connection so far.
    pub(super) fn of(&mut self, id: ConnId) -> Option<&mut Tale> {
        self.tales.get_mut(&id.0)
    }

    /// Hands out what is remembered of a connection that has ended.
    pub(in crate::report) fn take(&mut self, id: ConnId) -> Option<Tale> {
        self.tales.remove(&id.0)
    }

    /// The SYN that began `conn` was taken for a part of an older connection until the answer came.
    fn move_syn(&mut self, conn: &Conn) {
        let older = self.tales.range_mut(..conn.id.0).rev();
        let Some(syn) = older.take(64).find_map(|(_, tale)| tale.give_up(conn.first_n)) else {
            return;
        };
        self.tales.entry(conn.id.0).or_default().take_over(*syn);
    }
}
