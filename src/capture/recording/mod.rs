//! What both ends of a connection said, taken from a capture: to be performed again, or written
//! down.
//!
//! [`Recorder`] is a [`Sink`]: the tracker says which packets belong to a connection
//! and which of them mean nothing for it; `assembly` puts each end's octets in order, `draft`
//! notes when each was said and what its sender had heard by then, and `finish` makes a
//! [`Recording`] of that.
//!
//! - Octets are kept as they were first seen. A retransmission, whole or in part, adds only what
//!   was not seen before; where it differs, that is told ([`Gap::Conflict`]).
//! - A segment that comes late in the capture was sent before those behind it in the stream, so it
//!   takes their time.
//! - Memory is bounded over all recordings ([`Limits`]); what goes beyond is told
//!   ([`Gap::TooLong`]).
//!
//! [`Gap::Conflict`]: crate::wire::recording::Gap::Conflict
//! [`Gap::TooLong`]: crate::wire::recording::Gap::TooLong

mod assembly;
mod draft;
mod finish;

use std::collections::HashMap;
use std::io;

use super::pump::{Packet, Sink};
use super::record::Body;
use super::track::{Conn, ConnId, Observation};
use crate::wire::Protocol;
use crate::wire::recording::Recording;
use draft::Draft;

/// Which connections are recorded, by their numbers; all of TCP where none is given.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Chosen(pub Vec<u32>);

/// How much memory recordings may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Octets over all recordings together.
    pub octets: u64,
}

impl Default for Limits {
    /// A gibibyte.
    fn default() -> Self {
        Self { octets: 1 << 30 }
    }
}

/// Records connections as they pass.
#[derive(Debug, Default)]
pub struct Recorder {
    chosen: Chosen,
    limits: Limits,
    drafts: HashMap<ConnId, Draft>,
    recordings: Vec<Recording>,
    held: u64,
    seen: u32,
    left_out: u64,
}

/// What a recording takes beside its octets, for bounds on memory.
const RECORDING: u64 = 1024;

impl Recorder {
    /// A recorder of the chosen connections.
    pub fn new(chosen: Chosen, limits: Limits) -> Self {
        Self { chosen, limits, ..Self::default() }
    }

    /// How many conversations went by, chosen or not, of any protocol.
    pub fn seen(&self) -> u32 {
        self.seen
    }

    /// How many packets of connections were left out for want of room.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The recordings, in the order of their numbers.
    pub fn into_recordings(mut self) -> Vec<Recording> {
        self.recordings.sort_by_key(|recording| recording.number);
        self.recordings
    }

    fn wants(&self, conn: &Conn) -> bool {
        conn.protocol() == Protocol::Tcp && (self.chosen.0.is_empty() || self.chosen.0.contains(&conn.id.0))
    }
}

impl Sink for Recorder {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        let (Some((observation, conn)), Body::Tcp(tcp)) = (told, packet.record.body) else {
            return Ok(());
        };
        self.seen = self.seen.max(conn.id.0.saturating_add(1));
        if !self.wants(conn) {
            return Ok(());
        }
        let room = self.limits.octets.saturating_sub(self.held);
        if room < RECORDING && !self.drafts.contains_key(&conn.id) {
            self.left_out += 1;
            return Ok(());
        }
        let draft = self.drafts.entry(conn.id).or_insert_with(|| {
            self.held += RECORDING;
            Draft::new(packet.record.time)
        });
        let before = draft.held();
        draft.take(packet, &tcp, observation, conn, room);
        self.held = self.held - before + draft.held();
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.seen = self.seen.max(conn.id.0.saturating_add(1));
        if let Some(draft) = self.drafts.remove(&conn.id) {
            let room = self.limits.octets.saturating_sub(self.held);
            let (recording, zeros) = finish::finish(draft, conn, room);
            self.held += zeros;
            self.recordings.push(recording);
        }
        Ok(())
    }
}
