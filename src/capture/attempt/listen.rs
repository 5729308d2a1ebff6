//! Hears DNS: datagrams one by one, and messages cut off streams.

use std::collections::HashMap;

use crate::capture::apps::Mark;
use crate::capture::apps::dns::{self, Message};
use crate::capture::stream::{Event, Interest, Octets};
use crate::capture::track::{Conn, ConnId, Role};
use crate::wire::Protocol;

/// The ports of DNS, of its multicast kind and of LLMNR.
pub(super) const PORTS: [u16; 3] = [53, 5353, 5355];
/// Datagrams of one side that are looked at before it is taken for something else.
const TRIES: u8 = 2;
/// Octets of one side of a stream that wait for the rest of their message: the longest there is.
const WAITING: usize = 2 + 0xffff;
/// Octets that wait in all.
const WAITING_IN_ALL: usize = 8 << 20;

/// Hears conversations with name servers.
#[derive(Debug, Default)]
pub(super) struct Listener {
    limit: usize,
    heard: HashMap<ConnId, [Side; 2]>,
    waiting: usize,
}

/// One side of such a conversation.
#[derive(Debug, Default)]
struct Side {
    /// Octets of a message that is not all there.
    waiting: Vec<u8>,
    /// Datagrams that were not DNS, where none was.
    strange: u8,
    /// It has said something that was.
    known: bool,
    over: bool,
}

impl Listener {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    pub(super) fn wants(&mut self, conn: &Conn) -> bool {
        let by_port = Role::BOTH.iter().any(|role| PORTS.contains(&conn.endpoint(*role).port));
        let wanted = match conn.protocol() {
            Protocol::Udp => true,
            Protocol::Tcp => by_port,
            Protocol::Icmp => false,
        };
        // A conversation on the port of DNS is worth more than one that may be DNS.
        let room = self.heard.len() < if by_port { self.limit } else { self.limit / 2 };
        if wanted && room {
            self.heard.insert(conn.id, Default::default());
        }
        wanted && room
    }

    /// Hands the messages that are whole now to `tell`.
    pub(super) fn hear(
        &mut self,
        conn: &Conn,
        event: &Event<'_>,
        tell: &mut dyn FnMut(Role, Mark, &Message<'_>),
    ) -> Interest {
        let Some(sides) = self.heard.get_mut(&conn.id) else { return Interest::Enough };
        let role = event.from();
        let side = &mut sides[role as usize];
        self.waiting -= side.waiting.len();
        match event {
            Event::Octets(octets) if conn.protocol() == Protocol::Udp => {
                let by_port = Role::BOTH.iter().any(|role| PORTS.contains(&conn.endpoint(*role).port));
                side.datagram(octets, by_port, tell);
            }
            Event::Octets(octets) => side.stream(octets, tell),
            // Where the next message begins is not known any more.
            Event::Hole(_) if conn.protocol() == Protocol::Udp => {}
            Event::Hole(_) | Event::End(_) => side.close(),
        }
        self.waiting += side.waiting.len();
        if self.waiting > WAITING_IN_ALL {
            self.waiting -= side.waiting.len();
            side.close();
        }
        let over = side.over;
        if sides.iter().all(|side| side.over) {
            self.heard.remove(&conn.id);
        }
        if over { Interest::Enough } else { Interest::More }
    }
}

impl Side {
    fn datagram(&mut self, octets: &Octets<'_>, by_port: bool, tell: &mut dyn FnMut(Role, Mark, &Message<'_>)) {
        let holds = if self.known || by_port { Message::is_whole } else { Message::is_sound };
        match Message::read(octets.bytes).filter(holds) {
            Some(message) => {
                self.known = true;
                tell(octets.from, Mark { n: octets.n, time: octets.time }, &message);
            }
            None if self.known => {}
            None => {
                self.strange += 1;
                self.over = self.strange >= TRIES;
            }
        }
    }

    fn stream(&mut self, octets: &Octets<'_>, tell: &mut dyn FnMut(Role, Mark, &Message<'_>)) {
        let mark = Mark { n: octets.n, time: octets.time };
        let joined;
        let mut rest = if self.waiting.is_empty() {
            octets.bytes
        } else {
            self.waiting.extend_from_slice(octets.bytes);
            joined = std::mem::take(&mut self.waiting);
            &joined
        };
        while let Some((octets_of_one, behind)) = dns::cut(rest) {
            let Some(message) = Message::read(octets_of_one).filter(Message::is_whole) else {
                // Not DNS, or not from where a message begins.
                return self.close();
            };
            tell(octets.from, mark, &message);
            rest = behind;
        }
        if rest.len() > WAITING {
            return self.close();
        }
        self.waiting = rest.to_vec();
    }

    fn close(&mut self) {
        self.waiting = Vec::new();
        self.over = true;
    }
}
