//! When a connection is given up: after a silence too long for its state, or for want of room.

use super::conn::Conn;
use super::half::Half;
use super::standing::{Role, State};
use crate::wire::{Protocol, Span, Timestamp};

/// How long a silent conversation is kept, by what it was doing.
///
/// Offline none of this applies unless asked for: a capture may hold a connection that slept for a
/// day, and it is still one connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timers {
    /// A SYN without answer (Linux gives up after 127 s).
    pub syn_sent: Span,
    /// A SYN/ACK without step three (Linux gives up after 63 s).
    pub syn_rcvd: Span,
    /// Open and idle.
    pub established: Span,
    /// Open and idle, on a port where people type.
    pub interactive: Span,
    /// One end has closed.
    pub half_closed: Span,
    /// Both ends have closed, one waits for an acknowledgement.
    pub closing: Span,
    /// Closed; long enough for late copies.
    pub time_wait: Span,
    /// Reset or refused.
    pub reset: Span,
    /// Begun before the capture, and only one end was heard.
    pub one_sided: Span,
    /// UDP without a reply.
    pub udp_unreplied: Span,
    /// UDP with one.
    pub udp_replied: Span,
    /// ICMP.
    pub icmp: Span,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            syn_sent: Span::from_secs(130),
            syn_rcvd: Span::from_secs(70),
            established: Span::from_secs(3600),
            interactive: Span::from_secs(4 * 3600),
            half_closed: Span::from_secs(600),
            closing: Span::from_secs(120),
            time_wait: Span::from_secs(60),
            reset: Span::from_secs(10),
            one_sided: Span::from_secs(300),
            udp_unreplied: Span::from_secs(30),
            udp_replied: Span::from_secs(120),
            icmp: Span::from_secs(30),
        }
    }
}

/// Why a connection's record was closed before the input ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Ended {
    /// It was silent for longer than its timer allows.
    Timeout,
    /// Its room was needed.
    Evicted,
}

/// How far a conversation has come, as far as keeping it goes. In order: the first are the least
/// worth their room.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Worth {
    /// Another connection has taken its place.
    Replaced,
    /// Both ends have closed.
    TimeWait,
    /// A SYN without answer.
    SynSent,
    /// A SYN/ACK without step three.
    SynRcvd,
    /// Mid-stream, and only one end was heard.
    OneSided,
    /// A conversation without a state.
    Datagrams,
    /// Reset or refused.
    Reset,
    /// Both have sent a FIN; one is not acknowledged.
    Closing,
    /// One end has closed.
    HalfClosed,
    /// Open.
    Established,
}

impl Worth {
    pub(super) fn of(conn: &Conn) -> Self {
        let [a, b] = &conn.halves;
        if conn.life.replaced {
            return Self::Replaced;
        }
        if conn.protocol() != Protocol::Tcp {
            return Self::Datagrams;
        }
        if conn.reset_by().is_some() {
            return Self::Reset;
        }
        let heard = |half: &Half| half.sent.packets > 0;
        match (a.fin().is_some(), b.fin().is_some()) {
            (true, true) if a.fin_acked() && b.fin_acked() => Self::TimeWait,
            (true, true) => Self::Closing,
            (true, false) | (false, true) => Self::HalfClosed,
            (false, false) if a.is(State::SynSent) || b.is(State::SynSent) => Self::SynSent,
            (false, false) if a.is(State::SynRcvd) || b.is(State::SynRcvd) => Self::SynRcvd,
            (false, false) if heard(a) && heard(b) => Self::Established,
            (false, false) => Self::OneSided,
        }
    }
}

impl Timers {
    /// How long `conn` may be silent.
    pub(super) fn patience(&self, conn: &Conn) -> Span {
        match Worth::of(conn) {
            Worth::Replaced | Worth::Reset => self.reset,
            Worth::TimeWait => self.time_wait,
            Worth::SynSent => self.syn_sent,
            Worth::SynRcvd => self.syn_rcvd,
            Worth::OneSided => self.one_sided,
            Worth::Closing => self.closing,
            Worth::HalfClosed => self.half_closed,
            Worth::Established if is_interactive(conn.endpoint(Role::Server).port) => self.interactive,
            Worth::Established => self.established,
            Worth::Datagrams if conn.protocol() == Protocol::Icmp => self.icmp,
            Worth::Datagrams if conn.halves.iter().all(|half| half.sent.packets > 0) => self.udp_replied,
            Worth::Datagrams => self.udp_unreplied,
        }
    }
}

/// ftp, ssh, telnet, rlogin: where people type, and think in between.
fn is_interactive(port: u16) -> bool {
    matches!(port, 21 | 22 | 23 | 513)
}

/// A wheel of seconds. Every connection's place is filed once, under the second in which it may be due;
/// packets don't touch it. When that second comes up, whoever spoke since is filed anew.
#[derive(Debug)]
pub(super) struct Wheel {
    buckets: Vec<Vec<u32>>,
    /// The places that are filed: none is twice, however many connections come and go there.
    filed: Vec<bool>,
    /// The second up to which everything was looked at.
    at: Option<u64>,
}

/// Buckets of the wheel, a power of two; deadlines further off are looked at once a turn.
const TURN: u64 = 1024;

/// A jump of the clock that says more of the capture than of the time: nothing is given up for it.
const JUMP: u64 = 86_400;

impl Default for Wheel {
    fn default() -> Self {
        Self { buckets: vec![Vec::new(); TURN as usize], filed: Vec::new(), at: None }
    }
}

impl Wheel {
    /// Files the connection in `slot` under the second after `deadline`.
    pub(super) fn file(&mut self, slot: u32, deadline: Timestamp) {
        let at = slot as usize;
        if at >= self.filed.len() {
            self.filed.resize(at + 1, false);
        }
        // Whoever was there before is filed still: the place will be looked at soon enough.
        if std::mem::replace(&mut self.filed[at], true) {
            return;
        }
        let second = deadline.parts().0 + 1;
        let soonest = self.at.map_or(second, |at| second.max(at + 1));
        self.buckets[(soonest % TURN) as usize].push(slot);
    }

    /// Moves on to `now`; returns the slots whose second came up. `None` while it is still the same
    /// second, and for a jump.
    pub(super) fn advance(&mut self, now: Timestamp) -> Option<Vec<u32>> {
        let now = now.parts().0;
        let from = self.at.unwrap_or(now);
        if now <= from && self.at.is_some() {
            return None;
        }
        self.at = Some(now);
        if now - from > JUMP {
            return None;
        }
        let turns = (now - from).min(TURN);
        let came_up = (now + 1 - turns..=now).map(|second| (second % TURN) as usize);
        let due: Vec<u32> = came_up.flat_map(|at| std::mem::take(&mut self.buckets[at])).collect();
        for slot in &due {
            self.filed[*slot as usize] = false;
        }
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_where_connections_come_and_go_is_filed_once() {
        let mut wheel = Wheel::default();
        let at = |second: u64| Timestamp(second * 1_000_000_000);
        wheel.advance(at(0));
        for _ in 0..1000 {
            wheel.file(3, at(5));
        }
        assert_eq!(wheel.advance(at(20)), Some(vec![3]));
        wheel.file(3, at(25));
        assert_eq!(wheel.advance(at(40)), Some(vec![3]));
    }
}
