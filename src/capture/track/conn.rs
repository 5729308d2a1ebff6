use super::datagram::Exchange;
use super::expiry::Ended;
use super::facts::Fact;
use super::half::Half;
use super::life::Life;
use super::notes::Notes;
use super::shark::Pair;
use super::standing::{Basis, Role, RoleBasis, State};
use super::textbook::Chapter;
use super::verdict::{self, Close, Open};
use super::zeek::{self, History};
use super::{ConnId, Ends, Standing};
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
    /// `tcp.completeness` as far as it was seen.
    pub(super) completeness: u8,
    /// Where the pair of endpoints is kept for Wireshark's numbers.
    pub(super) pair: Pair,
    pub(super) halves: [Half; 2],
    pub(super) life: Life,
    pub(super) history: History,
    pub(super) flipped: bool,
    /// Both ends are open beyond doubt, and nothing is asked, missing or closing.
    pub(super) chapter: Chapter,
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
    /// From the last octet of the first request to the first of its answer, less the round trip to
    /// the server: what the server needed to think.
    pub server_think: Option<Span>,
    /// A repeat makes it impossible to say which SYN, or which SYN/ACK, was answered (Karn).
    pub ambiguous: bool,
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

    /// Where both ends stand.
    pub fn standing(&self) -> Ends<Standing> {
        Ends { client: self.half(Role::Client).standing, server: self.half(Role::Server).standing }
    }

    /// TCP, UDP or ICMP.
    pub fn protocol(&self) -> Protocol {
        self.key.protocol()
    }

    /// Every note that any of its packets had.
    pub fn notes(&self) -> Notes {
        self.life.seen
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
        verdict::open(self)
    }

    /// How it closed.
    pub fn close(&self) -> Close {
        verdict::close(self)
    }

    /// Who closed it, or closed it first.
    pub fn closed_by(&self) -> Option<Role> {
        verdict::closed_by(self)
    }

    /// Why it was given up before the input ended, if it was.
    pub fn ended(&self) -> Option<Ended> {
        self.life.ended
    }

    /// Whether the SYN/ACK acknowledged what the SYN sent, by numbers.
    pub fn syn_validated(&self) -> bool {
        self.life.syn_validated
    }

    /// Whether step three acknowledged what the SYN/ACK sent, by numbers.
    pub fn ack_validated(&self) -> bool {
        self.life.ack_validated
    }

    /// The handshake's times.
    pub fn timing(&self) -> Timing {
        let times = &self.life.times;
        let setup = times.first_syn.get().zip(times.step3.get()).map(|(first, last)| last - first);
        let answer = times.asked.get().zip(times.answered.get()).map(|(asked, answered)| answered - asked);
        let think = answer.zip(times.rtt_server_ns).map(|(answer, rtt)| Span((answer.0 - rtt).max(0)));
        Timing {
            server_think: think.filter(|_| answer.is_some_and(|span| span >= Span(0))),
            rtt_server: times.rtt_server_ns.map(Span),
            rtt_client: times.rtt_client_ns.map(Span),
            setup: setup.filter(|span| *span >= Span(0)),
            ambiguous: times.ambiguous,
        }
    }

    /// How far a UDP or ICMP conversation has come; `None` for TCP.
    pub fn exchange(&self) -> Option<Exchange> {
        Exchange::of(self)
    }

    /// From the first datagram to the first that came back, where no repeat makes it uncertain
    /// which one that answers; `None` for TCP.
    pub fn reply_time(&self) -> Option<Span> {
        let times = &self.life.times;
        let certain = self.protocol() != Protocol::Tcp && !times.ambiguous;
        let (asked, answered) = times.asked.get().zip(times.answered.get()).filter(|_| certain)?;
        Some(answered - asked).filter(|span| *span >= Span(0))
    }

    /// Zeek's history letters, upper case for the client; `^` in front where the roles were the
    /// other way round at first.
    pub fn history(&self) -> String {
        self.history_letters().map(char::from).collect()
    }

    /// The same, letter by letter and without allocating; all are ASCII.
    pub fn history_letters(&self) -> impl Iterator<Item = u8> {
        let spoke = |role| self.half(role).sent.packets > 0;
        let begins_hs = || self.history.told(self.client).take(2).eq(*b"hS");
        let (front, instead_of) = match self.protocol() {
            Protocol::Udp if spoke(Role::Client) && spoke(Role::Server) => ("Dd", 0),
            Protocol::Udp if spoke(Role::Client) => ("D", 0),
            Protocol::Udp if spoke(Role::Server) => ("d", 0),
            Protocol::Udp => ("", 0),
            _ if !self.flipped => ("", 0),
            // The SYN came after its answer, and put the roles right.
            _ if begins_hs() => ("Hs^", 2),
            _ => ("^", 0),
        };
        front.bytes().chain(self.history.told(self.client).skip(instead_of))
    }

    /// The same of most connections, all letters at once: the first is the lowest octet, and told is
    /// how many there are.
    #[inline]
    pub(crate) fn few_history_letters(&self) -> Option<(u128, usize)> {
        if self.flipped {
            return None;
        }
        let (letters, len) = self.history.told_at_once(self.client)?;
        if self.protocol() != Protocol::Udp {
            return Some((letters, len));
        }
        let spoke = Role::BOTH.map(|role| self.half(role).sent.packets > 0);
        let (front, count) = match spoke {
            [true, true] => (u16::from_le_bytes(*b"Dd").into(), 2),
            [true, false] => (b'D'.into(), 1),
            [false, true] => (b'd'.into(), 1),
            [false, false] => (0, 0),
        };
        (len <= 16 - count).then_some((letters << (8 * count) | front, len + count))
    }

    /// Zeek's `conn_state`.
    pub fn zeek_state(&self) -> &'static str {
        let (client, server) = (self.half(Role::Client), self.half(Role::Server));
        if self.protocol() == Protocol::Icmp {
            return "OTH";
        }
        if self.protocol() != Protocol::Tcp {
            return match (client.sent.packets > 0, server.sent.packets > 0) {
                (true, true) => "SF",
                (true, false) => "S0",
                (false, true) => "SHR",
                (false, false) => "OTH",
            };
        }
        let nothing = client.sent.payload_bytes == 0 && server.sent.payload_bytes == 0;
        zeek::conn_state(&client.zeek, &server.zeek, nothing, self.history_letters())
    }

    /// Wireshark's `tcp.completeness`, the final value.
    pub fn completeness(&self) -> u8 {
        self.completeness
    }

    /// Who sent a RST that took effect: an exact one, or one in the window after which nobody spoke.
    pub(super) fn reset_by(&self) -> Option<Side> {
        self.life.reset_by.or(self.life.doubtful)
    }

    /// Whether both ends have closed and nothing more is expected of them.
    pub(super) fn is_over(&self) -> bool {
        let [a, b] = &self.halves;
        a.standing.state == State::Closed && b.standing.state == State::Closed
            || a.fin_acked() && b.fin_acked()
            || self.reset_by().is_some()
    }
}
