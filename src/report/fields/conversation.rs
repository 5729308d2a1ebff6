//! What Wireshark's fields need to know of a conversation's earlier packets.

use crate::capture::track::Role;
use crate::capture::{Body, Conn, Observation, Packet};
use crate::wire::{Flags, Seq, Timestamp};

/// Every conversation by its number.
#[derive(Debug, Default)]
pub(super) struct Conversations(Vec<Conversation>);

/// One conversation so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Conversation {
    /// What the relative numbers of client and server count from: the first sequence number seen of
    /// each, made to be 1 where it was no SYN's.
    origins: [Option<Seq>; 2],
    /// When its last packet came.
    pub(super) previous: Option<Timestamp>,
    /// `tcp.completeness` before this packet: what Wireshark tells when it reads once.
    pub(super) completeness: u8,
}

impl Conversation {
    /// What the sequence numbers of `role` count from.
    pub(super) fn origin(&self, role: Role) -> Option<Seq> {
        self.origins[role as usize]
    }
}

impl Conversations {
    /// Takes in a packet before its line is written.
    pub(super) fn enter(&mut self, packet: &Packet<'_>, seen: &Observation, conn: &Conn) {
        let at = conn.id.0 as usize;
        if self.0.len() <= at {
            self.0.resize(at + 1, Conversation::default());
        }
        let (Some(conversation), Body::Tcp(tcp)) = (self.0.get_mut(at), packet.record.body) else {
            return;
        };
        let segment = tcp.segment;
        let [sender, receiver] = [seen.from, !seen.from].map(|role| role as usize);
        if segment.flags.contains(Flags::SYN) {
            conversation.origins[sender] = Some(segment.seq);
        }
        conversation.origins[sender].get_or_insert(segment.seq - 1);
        if let Some(ack) = segment.acked() {
            conversation.origins[receiver].get_or_insert(ack - 1);
        }
    }

    /// Takes in the same packet after its line is written.
    pub(super) fn leave(&mut self, packet: &Packet<'_>, conn: &Conn) {
        if let Some(conversation) = self.0.get_mut(conn.id.0 as usize) {
            conversation.previous = Some(packet.record.time);
            conversation.completeness = conn.completeness();
        }
    }

    /// The conversation `conn`.
    pub(super) fn of(&self, conn: &Conn) -> Conversation {
        self.0.get(conn.id.0 as usize).copied().unwrap_or_default()
    }
}
