use super::ConnId;
use super::facts::Fact;
use super::half::Half;
use super::standing::{Basis, Role, RoleBasis};
use super::verdict::{Close, Open};
use crate::wire::{Endpoint, FlowKey, Protocol, Side, Span, Timestamp, Vlans};

/// One conversation between two endpoints: a TCP connection, a UDP exchange, an ICMP exchange.
///
/// Holds what was seen; what can be derived from that (how it opened and closed, the labels of
/// other tools) is computed when asked for.
#[derive(Clone, Debug)]
pub struct Conn {
    /// Its handle, counted from 0 in order of first packet.
    pub id: ConnId,
    /// The pair of endpoints.
    pub key: FlowKey,
    /// VLAN tags of its first packet.
    pub vlans: Vlans,
    /// Which use of the same pair of endpoints this is, from 0.
    pub incarnation: u32,
    /// Which side asked.
    pub client: Side,
    /// How we know.
    pub role_basis: RoleBasis,
    /// Number of its first frame.
    pub first_n: u64,
    /// Number of its last frame.
    pub last_n: u64,
    /// Time of its first frame.
    pub start: Timestamp,
    /// Time of its last frame (the latest, where the clock went backwards).
    pub end: Timestamp,
    /// The number Wireshark would give the stream (`tcp.stream`, `udp.stream`).
    pub stream: u32,
    pub(super) halves: [Half; 2],
}

/// The handshake's times: each `None` where the capture does not tell.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Timing {
    /// From the SYN to the SYN/ACK that answers it: the capture point to the server and back.
    pub rtt_server: Option<Span>,
    /// From that SYN/ACK to step three: the capture point to the client and back.
    pub rtt_client: Option<Span>,
    /// From the first SYN to step three.
    pub setup: Option<Span>,
}

impl Timing {
    /// Both parts of the handshake round trip together.
    pub fn irtt(&self) -> Option<Span> {
        Some(Span(self.rtt_server?.0 + self.rtt_client?.0))
    }

    /// How much longer the setup took than its round trip: the cost of lost SYNs.
    pub fn syn_wait(&self) -> Option<Span> {
        Some(Span(self.setup?.0 - self.irtt()?.0))
    }
}

impl Conn {
    /// Who sits on `side`.
    pub fn role(&self, side: Side) -> Role {
        if side == self.client { Role::Client } else { Role::Server }
    }

    /// The side of `role`.
    pub fn side(&self, role: Role) -> Side {
        match role {
            Role::Client => self.client,
            Role::Server => !self.client,
        }
    }

    /// Address and port of `role`.
    pub fn endpoint(&self, role: Role) -> Endpoint {
        self.key.endpoint(self.side(role))
    }

    /// What is known of `role`.
    pub fn half(&self, role: Role) -> &Half {
        &self.halves[self.side(role) as usize]
    }

    /// TCP, UDP or ICMP.
    pub fn protocol(&self) -> Protocol {
        self.key.protocol()
    }

    /// The packet that taught `role` this fact, and on what basis it is known.
    pub fn taught(&self, role: Role, fact: Fact) -> Option<(Basis, u64)> {
        self.half(role).taught(fact).map(|(basis, after)| (basis, self.first_n + u64::from(after)))
    }

    /// From its first packet to its last.
    pub fn duration(&self) -> Span {
        self.end - self.start
    }

    /// How it opened.
    pub fn open(&self) -> Open {
        Open::Midstream
    }

    /// How it closed.
    pub fn close(&self) -> Close {
        Close::OpenAtEnd
    }

    /// Who closed it, or closed it first.
    pub fn closed_by(&self) -> Option<Role> {
        None
    }

    /// Whether the SYN/ACK acknowledged exactly what the SYN sent.
    pub fn syn_validated(&self) -> bool {
        false
    }

    /// Whether step three acknowledged what the SYN/ACK sent, by numbers.
    pub fn ack_validated(&self) -> bool {
        false
    }

    /// The handshake's times.
    pub fn timing(&self) -> Timing {
        Timing::default()
    }

    /// Zeek's history letters, upper case for the client.
    pub fn history(&self) -> String {
        String::new()
    }

    /// Zeek's `conn_state`.
    pub fn zeek_state(&self) -> &'static str {
        "OTH"
    }

    /// Wireshark's `tcp.completeness`, the final value.
    pub fn completeness(&self) -> u8 {
        0
    }
}
