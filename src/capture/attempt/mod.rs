//! What came before a connection: the lookup of its server's name, and of its link address.
//!
//! A program that connects asks a name server first, its host then asks the network who has the
//! address, and only then there is a SYN. These are other conversations, or none at all; here they
//! are remembered until the connection comes, and handed out with it as its [`Prelude`].
//!
//! [`Attempts`] hears what name servers are asked and answer, over UDP wherever it is beyond doubt
//! DNS, over TCP on the ports of DNS. It learns the [`Names`] of addresses by the way. All of it is
//! bounded: what is old is forgotten for what is new.

mod course;
mod listen;
mod lookup;
mod neighbour;

use super::apps::names::{self, Names};
use super::record::Body;
use super::stream::{Above, Event, Interest, Streams};
use super::track::{Conn, Role};
use super::{Observation, Packet};
pub use course::{Course, Data, Exchange};
use listen::Listener;
use lookup::Lookups;
pub use lookup::{Answer, Asked, Lookup};
pub use neighbour::Neighbour;
use neighbour::Neighbours;

/// How much is remembered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Lookups of names.
    pub lookups: usize,
    /// Addresses that were asked for on the link.
    pub neighbours: usize,
    /// Conversations with name servers that are heard at once.
    pub conns: usize,
    /// Names of addresses.
    pub names: names::Limits,
}

impl Default for Limits {
    /// 4,096 lookups, as many addresses on the link, 16,384 conversations.
    fn default() -> Self {
        Self { lookups: 4096, neighbours: 4096, conns: 1 << 14, names: names::Limits::default() }
    }
}

/// Remembers what may come to be the beginning of a connection.
#[derive(Debug)]
pub struct Attempts {
    streams: Streams,
    desk: Desk,
    neighbours: Neighbours,
}

/// What is known of names.
#[derive(Debug)]
struct Desk {
    names: Names,
    lookups: Lookups,
    listener: Listener,
}

impl Default for Attempts {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

/// What came before a connection.
#[derive(Clone, Debug, Default)]
pub struct Prelude {
    /// Lookups of its client that gave the server's address, the latest first: several, where
    /// several names have that address.
    pub lookups: Vec<Lookup>,
    /// What the client's host asked on the link for the server's address, or for the router's.
    pub neighbour: Option<Neighbour>,
}

impl Attempts {
    /// Remembers no more than `limits` say.
    pub fn new(limits: Limits) -> Self {
        let desk = Desk {
            names: Names::new(limits.names),
            lookups: Lookups::new(limits.lookups),
            listener: Listener::new(limits.conns),
        };
        Self { streams: Streams::default(), desk, neighbours: Neighbours::new(limits.neighbours) }
    }

    /// Takes in a packet; who calls this has to see all packets. With the first of a connection the
    /// answer is what came before it, where anything did.
    pub fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> Option<Box<Prelude>> {
        if let Body::Arp(_) | Body::Icmp(_) = packet.record.body {
            self.neighbours.take(packet);
        }
        let (seen, conn) = told?;
        self.streams.take(packet, seen, conn, &mut self.desk);
        let ip = packet.record.ip.as_ref()?;
        if conn.first_n != packet.n || seen.from != Role::Client {
            return None;
        }
        // A name server is asked for names, not for its own sake.
        let lookups = match conn.endpoint(Role::Server).port {
            port if listen::PORTS.contains(&port) => Vec::new(),
            _ => self.desk.lookups.used(ip.src, ip.dst, conn.id, packet.record.time),
        };
        let neighbour = self.neighbours.before(packet, ip.src, ip.dst);
        (!lookups.is_empty() || neighbour.is_some()).then(|| Box::new(Prelude { lookups, neighbour }))
    }

    /// A conversation will change no more.
    pub fn ended(&mut self, conn: &Conn) {
        self.streams.ended(conn, &mut self.desk);
    }

    /// The names of addresses learnt so far.
    pub fn names(&self) -> &Names {
        &self.desk.names
    }
}

impl Above for Desk {
    fn wants(&mut self, conn: &Conn) -> bool {
        self.listener.wants(conn)
    }

    fn hear(&mut self, conn: &Conn, event: &Event<'_>) -> Interest {
        let Self { names, lookups, listener } = self;
        listener.hear(conn, event, &mut |from, at, message| {
            let [client, server] = Role::BOTH.map(|role| conn.endpoint(role).addr);
            names.learn(message);
            lookups.hear(client, server, from, at, message);
        })
    }
}

impl Prelude {
    /// The lookup that the connection was made with: of `name`, where it is known which name it was
    /// made for; else the latest.
    pub fn lookup(&self, name: Option<&str>) -> Option<&Lookup> {
        match name {
            Some(name) => {
                self.lookups.iter().find(|lookup| lookup.name.eq_ignore_ascii_case(name.trim_end_matches('.')))
            }
            None => self.lookups.first(),
        }
    }
}
