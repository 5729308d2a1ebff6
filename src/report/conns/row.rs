//! A connection as its row tells it, in whatever form it is kept.

use std::net::Ipv4Addr;

use crate::capture::Conn;
use crate::capture::track::{ByTheBook, ConnId, Datagrams, Role};
use crate::report::short::Short;
use crate::wire::{Endpoint, FlowKey, Protocol, Span, ports};

/// What the row of a connection tells, beside what those of its [`Kind`] have in common.
pub(super) trait Row {
    fn id(&self) -> ConnId;
    fn protocol(&self) -> Protocol;
    fn endpoint(&self, role: Role) -> Endpoint;
    /// The same over IPv4.
    fn endpoint_v4(&self, role: Role) -> Option<(Ipv4Addr, u16)>;
    fn packets(&self, role: Role) -> u64;
    fn payload_bytes(&self, role: Role) -> u64;
    fn retransmits(&self) -> u64;
    fn rtt_server(&self) -> Option<Span>;
    fn rtt_client(&self) -> Option<Span>;
    fn duration(&self) -> Span;
}

/// What tells the words of a row: service, how the connection opened and closed, by whom, where its
/// ends stand, and its history.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Kind {
    letters: [u64; 2],
    /// The server's port in the lowest 16 bits, and in the highest one what the others are of.
    rest: u64,
}

const BY_THE_BOOK: u64 = 1 << 63;
const DATAGRAMS: u64 = 1 << 62;

impl Kind {
    /// That of a connection that went by the book.
    #[inline]
    pub(super) fn by_the_book(conn: &ByTheBook<'_>) -> Self {
        Self { letters: [conn.kind(), 0], rest: BY_THE_BOOK | u64::from(conn.port(Role::Server)) }
    }

    /// That of a conversation of datagrams.
    #[inline]
    pub(super) fn of_datagrams(talk: &Datagrams<'_>) -> Self {
        let spoke = Role::BOTH.map(|role| (talk.packets(role) > 0).into());
        Self { letters: spoke, rest: DATAGRAMS | u64::from(talk.port(Role::Server)) }
    }

    /// That of any other, if it has few letters and ports.
    pub(super) fn of(conn: &Conn) -> Option<Self> {
        let (letters, len) = conn.few_history_letters()?;
        let standing = |role| {
            let standing = conn.half(role).standing;
            (standing.state as u64) << 4 | standing.basis as u64
        };
        let by = conn.closed_by().map_or(0, |role| 1 + role as u64);
        let words = [
            conn.protocol() as u64,
            by,
            conn.open() as u64,
            conn.close() as u64,
            standing(Role::Client),
            standing(Role::Server),
        ];
        let [protocol, by, open, close, client, server] = words;
        let words = protocol << 4 | by << 2 | open << 8 | close << 16 | client << 24 | server << 32;
        let port = conn.key.port(conn.side(Role::Server));
        let letters = Short::new(letters, len).filter(|_| conn.protocol() != Protocol::Icmp)?.number();
        Some(Self { letters: [letters as u64, (letters >> 64) as u64], rest: words << 16 | u64::from(port) })
    }

    /// The same, where the port has no service that of all others that have none.
    pub(super) fn known(self) -> Self {
        let port = self.rest as u16;
        if ports::service(port).is_some() { self } else { Self { rest: self.rest & !0xffff, ..self } }
    }

    /// Where it is to be remembered in a list of `len`.
    #[inline]
    pub(super) const fn place(self, len: usize) -> usize {
        const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
        let [low, high] = self.letters;
        let mixed = (low.rotate_left(24) ^ high.rotate_left(48) ^ self.rest).wrapping_mul(MIX);
        (mixed >> 32) as usize % len
    }
}

impl Row for ByTheBook<'_> {
    #[inline]
    fn id(&self) -> ConnId {
        self.id()
    }

    #[inline]
    fn protocol(&self) -> Protocol {
        Protocol::Tcp
    }

    fn endpoint(&self, role: Role) -> Endpoint {
        self.endpoint(role)
    }

    #[inline]
    fn endpoint_v4(&self, role: Role) -> Option<(Ipv4Addr, u16)> {
        self.endpoint_v4(role)
    }

    #[inline]
    fn packets(&self, role: Role) -> u64 {
        self.packets(role)
    }

    #[inline]
    fn payload_bytes(&self, role: Role) -> u64 {
        self.payload_bytes(role)
    }

    #[inline]
    fn retransmits(&self) -> u64 {
        0
    }

    #[inline]
    fn rtt_server(&self) -> Option<Span> {
        Some(self.rtt_server())
    }

    #[inline]
    fn rtt_client(&self) -> Option<Span> {
        self.rtt_client()
    }

    #[inline]
    fn duration(&self) -> Span {
        self.duration()
    }
}

impl Row for Datagrams<'_> {
    #[inline]
    fn id(&self) -> ConnId {
        self.id()
    }

    #[inline]
    fn protocol(&self) -> Protocol {
        Protocol::Udp
    }

    fn endpoint(&self, role: Role) -> Endpoint {
        self.endpoint(role)
    }

    #[inline]
    fn endpoint_v4(&self, role: Role) -> Option<(Ipv4Addr, u16)> {
        self.endpoint_v4(role)
    }

    #[inline]
    fn packets(&self, role: Role) -> u64 {
        self.packets(role)
    }

    #[inline]
    fn payload_bytes(&self, role: Role) -> u64 {
        self.payload_bytes(role)
    }

    #[inline]
    fn retransmits(&self) -> u64 {
        0
    }

    #[inline]
    fn rtt_server(&self) -> Option<Span> {
        self.reply_time()
    }

    #[inline]
    fn rtt_client(&self) -> Option<Span> {
        None
    }

    #[inline]
    fn duration(&self) -> Span {
        self.duration()
    }
}

impl Row for Conn {
    #[inline]
    fn id(&self) -> ConnId {
        self.id
    }

    #[inline]
    fn protocol(&self) -> Protocol {
        self.protocol()
    }

    fn endpoint(&self, role: Role) -> Endpoint {
        self.endpoint(role)
    }

    #[inline]
    fn endpoint_v4(&self, role: Role) -> Option<(Ipv4Addr, u16)> {
        let at = self.side(role) as usize;
        match &self.key {
            FlowKey::V4(pair) => Some((pair.addrs[at], pair.ports[at])),
            FlowKey::V6(_) => None,
        }
    }

    #[inline]
    fn packets(&self, role: Role) -> u64 {
        self.half(role).counts().packets
    }

    #[inline]
    fn payload_bytes(&self, role: Role) -> u64 {
        self.half(role).counts().payload_bytes
    }

    #[inline]
    fn retransmits(&self) -> u64 {
        let [client, server] = Role::BOTH.map(|role| self.half(role).counts().retransmits);
        (client + server).into()
    }

    #[inline]
    fn rtt_server(&self) -> Option<Span> {
        self.timing().rtt_server.or_else(|| self.reply_time())
    }

    #[inline]
    fn rtt_client(&self) -> Option<Span> {
        self.timing().rtt_client
    }

    #[inline]
    fn duration(&self) -> Span {
        self.duration()
    }
}
