//! The tracker: what every packet meant for its connection.

mod conn;
mod facts;
mod half;
mod notes;
mod observation;
mod standing;
mod verdict;

pub use conn::{Conn, Timing};
pub use facts::{Fact, Facts};
pub use half::{Counts, Half, Offer};
pub use notes::{Note, Notes};
pub use observation::{ConnId, Ends, Observation};
pub use standing::{Basis, Role, RoleBasis, Standing, State};
pub use verdict::{Close, Open};

use super::record::Record;

/// Follows every conversation of a capture.
#[derive(Debug, Default)]
pub struct Tracker {
    conns: Vec<Conn>,
}

impl Tracker {
    /// Takes in packet number `n`; tells what it meant, where it belongs to a conversation.
    pub fn observe(&mut self, n: u64, record: &Record) -> Option<Observation> {
        let _ = (n, record, &mut self.conns);
        None
    }

    /// The connection `id`.
    ///
    /// # Panics
    ///
    /// If `id` is another tracker's.
    pub fn conn(&self, id: ConnId) -> &Conn {
        &self.conns[id.0 as usize]
    }

    /// All connections, in order of first packet.
    pub fn conns(&self) -> std::slice::Iter<'_, Conn> {
        self.conns.iter()
    }
}
