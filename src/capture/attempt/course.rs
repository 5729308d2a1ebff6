//! What was said when, at the beginning of a conversation: enough to tell the parts of an attempt.

use crate::capture::apps::Mark;
use crate::capture::record::Body;
use crate::capture::track::{Note, Role};
use crate::capture::{Observation, Packet};

/// Packets with data that are kept.
const KEPT: usize = 96;

/// The beginning of a conversation: its handshake, and the first packets with data.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// The first SYN, and how often it was repeated.
    pub syn: Option<Mark>,
    /// The SYN/ACK that was answered, as far as that can be told: the last before step three.
    pub synack: Option<Mark>,
    /// Step three.
    pub step3: Option<Mark>,
    /// SYNs and SYN/ACKs that were repeats.
    pub repeats: u32,
    /// Packets with data that was new, in order; the first ones.
    pub data: Vec<Data>,
}

/// A packet with data that was new.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Data {
    /// The packet.
    pub at: Mark,
    /// Who sent it.
    pub from: Role,
    /// Octets of data on the wire.
    pub len: u32,
}

impl Course {
    /// Takes in a packet of the conversation.
    pub fn take(&mut self, packet: &Packet<'_>, seen: &Observation) {
        let at = Mark { n: packet.n, time: packet.record.time };
        let has = |note| seen.notes.contains(note);
        if has(Note::CaptureDuplicate) {
            return;
        }
        if has(Note::Open1) {
            self.syn.get_or_insert(at);
        }
        if self.step3.is_none() && (has(Note::Open2) || has(Note::SynackRetransmit)) {
            self.synack = Some(at);
        }
        self.repeats += u32::from(has(Note::SynRetransmit) || has(Note::SynackRetransmit));
        if has(Note::Open3) || has(Note::Open3Data) || has(Note::Open3Fin) {
            self.step3.get_or_insert(at);
        }
        let len = match &packet.record.body {
            Body::Tcp(tcp) => tcp.segment.len,
            Body::Udp(udp) => udp.payload_len,
            Body::Icmp(_) | Body::Arp(_) | Body::Skip(_) => 0,
        };
        let new = !has(Note::Retransmit) && !has(Note::Keepalive);
        if len > 0 && new && self.data.len() < KEPT {
            self.data.push(Data { at, from: seen.from, len });
        }
    }

    /// The first packet with data from `role`.
    pub fn first(&self, role: Role) -> Option<Mark> {
        self.data.iter().find(|data| data.from == role).map(|data| data.at)
    }

    /// What was asked first and when the answer began: the last data of the client before the
    /// server speaks, from packet `since` on. Without `tickets` the first data of the server count;
    /// else a burst that comes about as soon as a round trip allows and is followed by a longer
    /// silence while the client says (next to) nothing is passed over, and told.
    pub fn exchange(&self, since: u64, tickets: Option<i64>) -> Option<Exchange> {
        let mut rest = self.data.iter().filter(|data| data.at.n >= since).peekable();
        let mut asked = None;
        while let Some(data) = rest.next_if(|data| data.from == Role::Client) {
            asked = Some(data.at);
        }
        let asked = asked?;
        let server: Vec<&Data> = rest.clone().filter(|data| data.from == Role::Server).collect();
        let first = server.first()?.at;
        let Some(round_trip) = tickets else {
            return Some(Exchange { asked, answered: first, passed: Vec::new() });
        };
        // Where the burst ends, and whether the client asked for what follows it.
        let burst = server.windows(2).position(|pair| pair[1].at.time - pair[0].at.time > pause(round_trip));
        let at_once = (first.time - asked.time).0 <= round_trip + round_trip / 2 + TICKETS_WITHIN;
        let next = burst.and_then(|last| server.get(last + 1)).filter(|_| at_once);
        let Some((last, next)) = burst.zip(next) else {
            return Some(Exchange { asked, answered: first, passed: Vec::new() });
        };
        let between = rest.filter(|data| data.from == Role::Client && data.at.n < next.at.n);
        if between.map(|data| data.len).sum::<u32>() > ACKNOWLEDGES {
            return Some(Exchange { asked, answered: first, passed: Vec::new() });
        }
        let passed = server.iter().take(last + 1).map(|data| data.at.n).collect();
        Some(Exchange { asked, answered: next.at, passed })
    }
}

/// Nanoseconds beyond one and a half round trips within which tickets come.
const TICKETS_WITHIN: i64 = 3_000_000;
/// Octets that a client says without asking: that it has the settings of HTTP/2, under TLS.
const ACKNOWLEDGES: u32 = 100;

/// A silence after which what comes is of another burst.
fn pause(round_trip: i64) -> crate::wire::Span {
    crate::wire::Span((round_trip * 2).max(20_000_000))
}

/// The first question and its answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Exchange {
    /// The last packet of the question.
    pub asked: Mark,
    /// The first of the answer.
    pub answered: Mark,
    /// Packets in between that were taken for something else: tickets of TLS 1.3, settings.
    pub passed: Vec<u64>,
}
