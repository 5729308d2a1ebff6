//! What relative sequence numbers count from.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::capture::track::{ConnId, Role};
use crate::capture::{Body, Conn, Observation, Packet};
use crate::wire::{Flags, Seq};

/// Where each side's counting begins; 0 tells numbers as they were sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Origins {
    /// For the sender's sequence numbers.
    pub seq: Seq,
    /// For its peer's, and so for acknowledgments.
    pub ack: Seq,
}

/// Finds what a packet's numbers count from, as tcpdump does: from the initial sequence numbers, in
/// segments with ACK and without SYN.
///
/// A connection's first numbers are told as they were sent. Where no SYN was seen, they are what
/// counting begins with, in tcpdump's way: the first segment's octets count from 0, and what it
/// acknowledges ends before 1.
#[derive(Clone, Debug, Default)]
pub struct Counting {
    without_syn: HashMap<ConnId, Firsts>,
}

/// The origins that had to be made up for want of a SYN.
#[derive(Clone, Copy, Debug)]
struct Firsts {
    client: Seq,
    server: Seq,
}

impl Counting {
    /// What the numbers of a packet count from.
    pub fn of(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> Origins {
        let (Body::Tcp(tcp), Some((seen, conn))) = (packet.record.body, told) else {
            return Origins::default();
        };
        let segment = tcp.segment;
        if segment.flags.contains(Flags::SYN) || !segment.flags.contains(Flags::ACK) {
            return Origins::default();
        }
        let known = (conn.half(seen.from).iss(), conn.half(!seen.from).iss());
        if let (Some(seq), Some(ack)) = known {
            return Origins { seq, ack };
        }
        match self.without_syn.entry(conn.id) {
            Entry::Occupied(firsts) => {
                let Firsts { client, server } = *firsts.get();
                let (own, peer) = if seen.from == Role::Client { (client, server) } else { (server, client) };
                Origins { seq: known.0.unwrap_or(own), ack: known.1.unwrap_or(peer) }
            }
            Entry::Vacant(slot) => {
                let (own, peer) = (segment.seq, segment.ack - 1);
                let (client, server) = if seen.from == Role::Client { (own, peer) } else { (peer, own) };
                slot.insert(Firsts { client, server });
                Origins::default()
            }
        }
    }
}
