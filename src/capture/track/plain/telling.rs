//! What is told of a plain connection most often, without the [`Conn`](super::Conn) that it is.

use std::net::Ipv4Addr;

use super::places::Plains;
use super::{CLIENT, Is, Plain, SERVER};
use crate::capture::track::observation::{ConnId, Ends};
use crate::capture::track::standing::{Role, Standing};
use crate::capture::track::textbook::Chapter;
use crate::capture::track::verdict::{Close, Open};
use crate::wire::{Endpoint, Side, Span};

impl Plain {
    /// Its handle.
    pub(in crate::capture::track) const fn id(&self) -> ConnId {
        self.id
    }

    /// What tells how it opened and closed, by whom, where its ends stand, and its history.
    #[inline]
    pub(in crate::capture::track) fn kind(&self) -> u64 {
        const SAID: u16 = Is::ServerFirst as u16 | Is::Close23 as u16;
        const { assert!(SAID <= 0xf && Chapter::Over as u8 <= 0xf) };
        let [first, second, third, fourth, fifth] = self.letters;
        let said = (self.is & SAID) as u8 | (self.chapter as u8) << 4;
        u64::from_le_bytes([said, first, second, third, fourth, fifth, 0, 0])
    }

    pub(in crate::capture::track) fn open(&self) -> Open {
        if self.has_come_to(Chapter::Opened) { Open::Normal } else { Open::HalfOpen }
    }

    pub(in crate::capture::track) fn close(&self) -> Close {
        match self.chapter {
            Chapter::Answered => Close::CaptureEnd,
            Chapter::Other | Chapter::Opened | Chapter::Calm => Close::OpenAtEnd,
            Chapter::Closing => Close::FinUnanswered,
            Chapter::HalfClosed => Close::HalfClosed,
            Chapter::BothClosed | Chapter::Over if self.says(Is::Close23) => Close::Fin3,
            Chapter::BothClosed | Chapter::Over => Close::Fin4,
        }
    }

    pub(in crate::capture::track) fn closed_by(&self) -> Option<Role> {
        let first = if self.first() == CLIENT { Role::Client } else { Role::Server };
        self.has_come_to(Chapter::Closing).then_some(first)
    }

    pub(in crate::capture::track) fn standings(&self) -> Ends<Standing> {
        Ends { client: self.standing(CLIENT), server: self.standing(SERVER) }
    }

    #[inline]
    pub(in crate::capture::track) fn packets(&self, role: Role) -> u64 {
        self.ends[number(role)].packets.into()
    }

    #[inline]
    pub(in crate::capture::track) fn payload_bytes_of(&self, role: Role) -> u64 {
        self.payload_bytes()[number(role)].into()
    }

    #[inline]
    pub(in crate::capture::track) fn rtt_server(&self) -> Span {
        Span(self.synack_ns.into())
    }

    #[inline]
    pub(in crate::capture::track) fn rtt_client(&self) -> Option<Span> {
        self.has_come_to(Chapter::Opened).then_some(Span(self.step3_ns.into()))
    }

    #[inline]
    pub(in crate::capture::track) fn duration(&self) -> Span {
        self.end() - self.start
    }

    /// Address and port of an end, over IPv4.
    #[inline]
    pub(in crate::capture::track) fn endpoint_v4(&self, role: Role) -> Option<(Ipv4Addr, u16)> {
        let side = self.side(role) as usize;
        (!self.says(Is::Wide)).then_some((Ipv4Addr::from_octets(self.addrs[side]), self.ports[side]))
    }

    /// The port of an end.
    #[inline]
    pub(in crate::capture::track) fn port(&self, role: Role) -> u16 {
        self.ports[self.side(role) as usize]
    }

    #[inline]
    fn side(&self, role: Role) -> Side {
        if role == Role::Client { self.client() } else { !self.client() }
    }
}

impl Plains {
    /// Address and port of an end of `plain`.
    pub(in crate::capture::track) fn endpoint(&self, plain: &Plain, role: Role) -> Endpoint {
        self.key_of(plain).endpoint(plain.side(role))
    }
}

const fn number(role: Role) -> usize {
    match role {
        Role::Client => CLIENT,
        Role::Server => SERVER,
    }
}
