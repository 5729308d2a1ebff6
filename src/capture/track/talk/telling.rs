//! What is told of such a conversation most often, without the [`Conn`](super::Conn) that it is.

use std::net::Ipv4Addr;

use super::{Is, Talk};
use crate::capture::track::observation::ConnId;
use crate::capture::track::standing::Role;
use crate::wire::{FlowKey, Side, Span};

impl Talk {
    /// Its handle.
    pub(in crate::capture::track) const fn id(&self) -> ConnId {
        self.id
    }

    #[inline]
    pub(in crate::capture::track) fn packets(&self, role: Role) -> u64 {
        self.said[self.side(role) as usize].packets.into()
    }

    #[inline]
    pub(in crate::capture::track) fn payload_bytes(&self, role: Role) -> u64 {
        self.said[self.side(role) as usize].payload_bytes.into()
    }

    /// From the first datagram to the first that came back, where it is certain which one that answers.
    #[inline]
    pub(in crate::capture::track) fn reply_time(&self) -> Option<Span> {
        let answered = self.answered.get().filter(|_| !self.says(Is::Ambiguous))?;
        Some(answered - self.start).filter(|span| *span >= Span(0))
    }

    #[inline]
    pub(in crate::capture::track) fn duration(&self) -> Span {
        self.end - self.start
    }

    /// Address and port of an end, over IPv4.
    #[inline]
    pub(in crate::capture::track) fn endpoint_v4(&self, role: Role) -> Option<(Ipv4Addr, u16)> {
        let at = self.side(role) as usize;
        match &self.key {
            FlowKey::V4(pair) => Some((pair.addrs[at], pair.ports[at])),
            FlowKey::V6(_) => None,
        }
    }

    /// The side of an end.
    #[inline]
    pub(in crate::capture::track) fn side(&self, role: Role) -> Side {
        if role == Role::Client { self.client() } else { !self.client() }
    }
}
