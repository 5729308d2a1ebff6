//! UDP and ICMP: conversations without a state machine of their own.

use super::intake::Meant;
use super::notes::{Note, Notes};
use super::observation::Observation;
use super::standing::{RoleBasis, State};
use super::{Conn, Taken, Tracker, roles, watch};
use crate::capture::arrival::Arrival;
use crate::capture::record::{Icmp, Quoted, Udp, UdpFault};
use crate::wire::{Endpoint, Flags, FlowKey, Protocol, Seq, Side, Span};

impl Tracker {
    pub(super) fn datagram(&mut self, arrival: &Arrival, udp: &Udp, mut notes: Notes) -> Taken {
        match udp.fault {
            Some(UdpFault::Surplus(_)) => notes.add(Note::UdpSurplus),
            Some(UdpFault::TooShort | UdpFault::TooLong | UdpFault::Zero) => notes.add(Note::UdpBadLength),
            Some(UdpFault::NoChecksum) | None => {}
        }
        let slot = self.find(&arrival.key).unwrap_or_else(|| {
            let mut conn = self.conn_of(arrival);
            assign(&mut conn, arrival, udp.src_port, udp.dst_port);
            self.add(conn)
        });
        let conn = self.conns.at_mut(slot);
        let meant = conn.datagram(arrival, udp.payload_len, notes);
        watch::tell(&mut self.findings, conn, arrival.side, Flags::default(), meant.notes, self.clock);
        Taken { slot, stream: conn.stream, meant }
    }

    pub(super) fn message(&mut self, arrival: &Arrival, icmp: &Icmp, notes: Notes) -> Observation {
        if let Some(quoted) = &icmp.quoted
            && let Some(observation) = self.icmp_error(arrival, icmp, quoted, notes)
        {
            return observation;
        }
        // A host that asks itself has the same address on both ends: the answer shows which is which.
        let answers_itself = is_reply(icmp) && arrival.key.endpoint(Side::A) == arrival.key.endpoint(Side::B);
        let arrival = &Arrival { side: if answers_itself { Side::B } else { arrival.side }, ..*arrival };
        let slot = self.find(&arrival.key).unwrap_or_else(|| {
            let mut conn = self.conn_of(arrival);
            if is_reply(icmp) {
                conn.client = !arrival.side;
            }
            self.add(conn)
        });
        let conn = self.conns.at_mut(slot);
        let meant = conn.datagram(arrival, icmp.payload_len, notes);
        conn.told(meant, arrival.side, slot, conn.stream)
    }

    /// A conversation that was not met before.
    fn conn_of(&mut self, arrival: &Arrival) -> Conn {
        let pair = self.pair(arrival.key);
        Conn::new(self.conns.next_id(), arrival, pair, self.shark.stream(pair))
    }

    /// Ties an ICMP error to the conversation whose packet it quotes.
    fn icmp_error(&mut self, arrival: &Arrival, icmp: &Icmp, quoted: &Quoted, mut notes: Notes) -> Option<Observation> {
        let protocol = match quoted.proto {
            6 => Protocol::Tcp,
            17 => Protocol::Udp,
            _ => return None,
        };
        let (src_port, dst_port) = quoted.ports?;
        let src = Endpoint { addr: quoted.src, port: src_port };
        let dst = Endpoint { addr: quoted.dst, port: dst_port };
        let (key, side) = FlowKey::of(src, dst, protocol, &arrival.vlans);
        // Wireshark numbers quoted streams too, where the quote has a header's worth of octets.
        if (protocol == Protocol::Udp || icmp.payload_len >= 40) && self.last_of_pair(key).is_none() {
            self.shark.quoted(key);
        }
        let slot = self.find(&key)?;
        let conn = self.conns.at_mut(slot);
        notes.add(Note::IcmpError);
        let [quoted_half, other] = conn.facing(side);
        let hard = is_hard(icmp);
        if protocol == Protocol::Udp {
            if is_port_unreachable(icmp) {
                notes.add(Note::UdpRefused);
            }
        } else if !quoted.seq.is_some_and(|seq| was_sent(quoted_half, Seq(seq))) {
            notes.add(Note::IcmpUnverified);
        } else if quoted_half.is(State::SynSent) && !other.spoke && is_unreachable(icmp) {
            notes.add(Note::OpenUnreachable);
        }
        let unreachable = notes.contains(Note::OpenUnreachable);
        // A datagram has no number of its own; an error comes soon after the one it is about.
        let sent = quoted_half.frame_of(Seq(quoted.seq.unwrap_or(0)));
        let about = sent.filter(|_| !notes.contains(Note::IcmpUnverified)).map(|after| conn.first_n + u64::from(after));
        let meant = conn.unmoved(notes);
        watch::tell(&mut self.findings, conn, side, Flags::default(), notes, self.clock);
        conn.last_n = arrival.n;
        conn.end = conn.end.max(arrival.time);
        if unreachable && hard {
            conn.halves[side as usize].standing = super::Standing::assumed(State::Closed);
        }
        Some(Observation { about, ..conn.told(meant, !side, slot, conn.stream) })
    }
}

impl Conn {
    fn datagram(&mut self, arrival: &Arrival, payload_len: u32, mut notes: Notes) -> Meant {
        let mine = self.halves[arrival.side as usize].sent.packets;
        let theirs = self.halves[!arrival.side as usize].sent.packets;
        if self.protocol() == Protocol::Udp {
            match (mine, theirs) {
                (0, 0) => notes.add(Note::UdpRequest),
                (0, _) => notes.add(Note::UdpReply),
                _ => {}
            }
        }
        self.time_exchange(arrival, mine, theirs);
        let meant = self.unmoved(notes);
        self.count_packet(arrival, payload_len);
        let sent = &mut self.halves[arrival.side as usize].sent;
        sent.unique_bytes += u64::from(payload_len);
        let after = arrival.after(self.first_n);
        self.halves[arrival.side as usize].note_frame(Seq(0), after);
        meant
    }

    /// Times the first answer. After a repeat nobody can say which datagram it answers.
    fn time_exchange(&mut self, arrival: &Arrival, mine: u64, theirs: u64) {
        let (now, times) = (arrival.time, &mut self.life.times);
        if theirs == 0 {
            if times.asked.get().is_none() {
                times.asked = now.into();
            }
            times.ambiguous |= mine > 0;
        } else if mine == 0 {
            times.answered = now.into();
        }
    }
}

/// How far a conversation without connections has come (the states of Linux's conntrack).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Exchange {
    /// Only one end has spoken.
    Request,
    /// Both have.
    Replied,
    /// Both have, and go on for more than two seconds.
    Stream,
}

impl Exchange {
    /// The name in the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Replied => "replied",
            Self::Stream => "stream",
        }
    }

    /// How far `conn` has come; TCP has states of its own.
    pub(super) fn of(conn: &Conn) -> Option<Self> {
        if conn.protocol() == Protocol::Tcp {
            return None;
        }
        let packets = conn.halves.each_ref().map(|half| half.sent.packets);
        Some(match packets {
            [0, _] | [_, 0] => Self::Request,
            [a, b] if a.min(b) > 1 && conn.duration() > Span::from_secs(2) => Self::Stream,
            _ => Self::Replied,
        })
    }
}

/// Whether `seq` lies in what this end has sent and the other not yet acknowledged (RFC 5927 §4.1).
fn was_sent(half: &super::Half, seq: Seq) -> bool {
    let first = half.una().or(half.coverage.base());
    first.is_some_and(|first| seq.within(first, half.nxt()))
}

/// Whether a datagram is a server's, as its ports tell.
pub(super) fn server_speaks(src_port: u16, dst_port: u16) -> bool {
    roles::serves(src_port) && !roles::serves(dst_port)
}

fn assign(conn: &mut Conn, arrival: &Arrival, src_port: u16, dst_port: u16) {
    if server_speaks(src_port, dst_port) {
        conn.client = !arrival.side;
        conn.role_basis = RoleBasis::ServicePort;
    }
}

fn is_reply(icmp: &Icmp) -> bool {
    matches!((icmp.version, icmp.kind), (4, 0 | 14 | 16 | 18) | (6, 129))
}

fn is_port_unreachable(icmp: &Icmp) -> bool {
    matches!((icmp.version, icmp.kind, icmp.code), (4, 3, 3) | (6, 1, 4))
}

fn is_unreachable(icmp: &Icmp) -> bool {
    matches!((icmp.version, icmp.kind), (4, 3 | 11) | (6, 1 | 3))
}

/// Errors that end an opening at once (RFC 9293 §3.9.2.2; RFC 5461).
fn is_hard(icmp: &Icmp) -> bool {
    matches!((icmp.version, icmp.kind, icmp.code), (4, 3, 2 | 3 | 9 | 10 | 13) | (6, 1, 1 | 4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::frame::Aside;
    use crate::capture::record::Record;
    use crate::capture::{Checksums, Frame, Link, decode};
    use crate::wire::Timestamp;

    fn echo(kind: u8) -> Record {
        let mut packet = vec![0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, 1, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1];
        packet.extend([kind, 0, 0, 0, 0x12, 0x34, 0, 1]);
        let time = Timestamp(u64::from(8 - kind) * 1_000_000);
        let frame = Frame {
            time,
            wire_len: packet.len() as u32,
            link: Link::Raw,
            interface: 0,
            bytes: &packet,
            comment: None,
            aside: Aside::NONE,
        };
        decode(&frame, Checksums::Ignore)
    }

    #[test]
    fn a_host_that_pings_itself_is_answered() {
        let mut tracker = Tracker::default();
        for (n, kind) in [(1, 8), (2, 0)] {
            assert!(tracker.observe(n, &echo(kind)).is_some());
        }
        let conns: Vec<_> = tracker.conns().collect();
        assert_eq!(conns.len(), 1);
        assert_eq!(conns[0].exchange(), Some(Exchange::Replied));
    }
}
