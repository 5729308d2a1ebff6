//! Connections that others have announced.

use std::collections::{HashMap, VecDeque};

use super::ftp::Announcement;
use crate::capture::Conn;
use crate::capture::track::{ConnId, Role};
use crate::wire::{Endpoint, Protocol};

/// How many are waited for.
const MOST: usize = 4096;

/// Who is expected to be opened to, and by whose word.
#[derive(Debug, Default)]
pub(super) struct Announced {
    expected: HashMap<Endpoint, (ConnId, u64)>,
    /// The same, the oldest first.
    order: VecDeque<Endpoint>,
}

impl Announced {
    /// `from` has announced a connection, in packet `n` of `control`.
    pub(super) fn expect(&mut self, control: &Conn, said: Announcement, n: u64) {
        // Which address counts is told by what comes: the one that was said, or that of who said it
        // where an address was translated on the way.
        let own = control.endpoint(said.listens).addr;
        let addrs = [Some(own), said.addr.filter(|addr| *addr != own)];
        for addr in addrs.into_iter().flatten() {
            let endpoint = Endpoint { addr, port: said.port };
            if self.order.len() >= MOST
                && let Some(oldest) = self.order.pop_front()
            {
                self.expected.remove(&oldest);
            }
            if self.expected.insert(endpoint, (control.id, n)).is_none() {
                self.order.push_back(endpoint);
            }
        }
    }

    /// Whether `conn` was announced: by which connection, in which packet.
    pub(super) fn claim(&mut self, conn: &Conn) -> Option<(ConnId, u64)> {
        if self.expected.is_empty() || conn.protocol() != Protocol::Tcp {
            return None;
        }
        let ends = [conn.endpoint(Role::Server), conn.endpoint(Role::Client)];
        let endpoint = ends.into_iter().find(|endpoint| self.expected.contains_key(endpoint))?;
        let said = self.expected.remove(&endpoint).filter(|(control, _)| *control != conn.id)?;
        self.order.retain(|known| *known != endpoint);
        Some(said)
    }
}
