//! A conversation of datagrams, in as little room as it can be told from.
//!
//! UDP has no states and no numbers: what there is to say of a conversation is who asked, when, how
//! much either end sent, and when the first answer came. That takes 128 octets, two cache lines, where
//! a [`Conn`] takes thirteen.
//!
//! So where nobody asks what a packet meant, a datagram that begins a conversation makes a [`Talk`],
//! and the [`Conn`] is made of it when there is more to say: when an ICMP error comes, a datagram that
//! breaks a rule, another VLAN; or when it is told. That is the same [`Conn`] as it would have been from the
//! first: a test holds the two against each other.

mod places;
mod telling;

pub(super) use places::Talks;

use super::conn::Conn;
use super::datagram::server_speaks;
use super::half::{Half, Latest, NO_FRAME, Sent};
use super::life::{Life, Times};
use super::notes::{Note, Notes};
use super::observation::ConnId;
use super::shark::Pair;
use super::slim::Moment;
use super::standing::RoleBasis;
use super::textbook::Chapter;
use super::zeek::History;
use crate::capture::arrival::Arrival;
use crate::wire::{FlowKey, Seq, Side, Timestamp, Vlans};

/// Such a conversation.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Talk {
    /// What was said from each side.
    said: [Said; 2],
    /// Number and time of its first frame.
    first_n: u64,
    start: Timestamp,
    /// The latest time of its frames.
    end: Timestamp,
    /// When the first answer came.
    answered: Moment,
    key: FlowKey,
    id: ConnId,
    stream: u32,
    /// Who spoke first.
    first: Side,
    /// Bits of `Is`.
    is: u8,
}

const _: () = assert!(size_of::<Option<Talk>>() == 128);

/// What an end said.
#[derive(Clone, Copy, Debug)]
struct Said {
    packets: u32,
    payload_bytes: u32,
    ip_bytes: u32,
    /// Its last two frames, counted from the first of the conversation.
    latest: [u32; 2],
}

/// Yes or no, bit by bit.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Is {
    /// Who spoke first serves, as its port tells.
    ServerFirst = 1,
    /// More was asked before the first answer came.
    Ambiguous = 1 << 1,
    ClockBackwards = 1 << 2,
}

/// What a datagram was to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Turn {
    /// The first that came back.
    Answer,
    /// One more.
    Next,
}

/// What the capture may say of a datagram here.
const BACKWARDS: Notes = Notes::of(&[Note::ClockBackwards]);

impl Talk {
    /// The conversation that a datagram begins.
    fn begun(id: ConnId, stream: u32, arrival: &Arrival, payload_len: u32, notes: Notes) -> Self {
        let nothing = Said { packets: 0, payload_bytes: 0, ip_bytes: 0, latest: [NO_FRAME; 2] };
        let mut talk = Self {
            said: [nothing; 2],
            first_n: arrival.n,
            start: arrival.time,
            end: arrival.time,
            answered: Moment::default(),
            key: arrival.key,
            id,
            stream,
            first: arrival.side,
            is: 0,
        };
        talk.set(Is::ServerFirst, server_speaks(arrival.key.port(arrival.side), arrival.key.port(!arrival.side)));
        talk.goes_on(arrival, payload_len, notes);
        talk
    }

    /// Whether it can tell of these `notes`.
    fn can_tell(notes: Notes) -> bool {
        notes.is_empty() || notes == BACKWARDS
    }

    /// Takes in a datagram, if there is no more to say of it; tells what it was.
    #[inline]
    fn take(&mut self, arrival: &Arrival, payload_len: u32, notes: Notes) -> Option<Turn> {
        let [mine, theirs] = [arrival.side, !arrival.side].map(|side| self.said[side as usize].packets);
        if !self.goes_on(arrival, payload_len, notes) {
            return None;
        }
        if mine == 0 {
            self.answered = arrival.time.into();
            return Some(Turn::Answer);
        }
        self.set(Is::Ambiguous, theirs == 0);
        Some(Turn::Next)
    }

    /// Counts a datagram, if there is no more to say of it and room for its numbers.
    #[inline]
    fn goes_on(&mut self, arrival: &Arrival, payload_len: u32, notes: Notes) -> bool {
        let said = &mut self.said[arrival.side as usize];
        let after = arrival.after(self.first_n);
        let payload_bytes = said.payload_bytes.checked_add(payload_len);
        let (Some(payload_bytes), Some(ip_bytes)) = (payload_bytes, said.ip_bytes.checked_add(arrival.ip_bytes)) else {
            return false;
        };
        if after == NO_FRAME || !Self::can_tell(notes) {
            return false;
        }
        *said = Said { packets: said.packets + 1, payload_bytes, ip_bytes, latest: [after, said.latest[0]] };
        self.end = self.end.max(arrival.time);
        if !notes.is_empty() {
            self.set(Is::ClockBackwards, true);
        }
        true
    }

    fn client(&self) -> Side {
        if self.says(Is::ServerFirst) { !self.first } else { self.first }
    }

    /// The latest time of its frames.
    pub(super) fn end(&self) -> Timestamp {
        self.end
    }

    /// Number of its last frame.
    pub(super) fn last_n(&self) -> u64 {
        let last = self.said.iter().map(|said| said.latest[0]).filter(|after| *after != NO_FRAME);
        self.first_n + u64::from(last.max().unwrap_or(0))
    }

    /// The conversation that this is.
    fn conn(&self) -> Conn {
        let mut conn = Conn {
            id: self.id,
            key: self.key,
            vlans: Vlans::default(),
            incarnation: 0,
            client: Side::A,
            role_basis: RoleBasis::FirstSender,
            first_n: 0,
            last_n: 0,
            start: self.start,
            end: self.end,
            stream: 0,
            completeness: 0,
            pair: Pair::unnumbered(self.stream),
            halves: [Half::default(), Half::default()],
            life: Life::default(),
            history: History::default(),
            flipped: false,
            chapter: Chapter::Other,
        };
        self.write(&mut conn);
        conn
    }

    /// The same, written over another that was made of one: all that they may differ in.
    fn write(&self, conn: &mut Conn) {
        (conn.id, conn.key, conn.stream, conn.pair) = (self.id, self.key, self.stream, Pair::unnumbered(self.stream));
        let server_first = self.says(Is::ServerFirst);
        conn.client = self.client();
        conn.role_basis = if server_first { RoleBasis::ServicePort } else { RoleBasis::FirstSender };
        (conn.first_n, conn.last_n) = (self.first_n, self.last_n());
        (conn.start, conn.end) = (self.start, self.end);
        for (half, said) in conn.halves.iter_mut().zip(&self.said) {
            let payload_bytes = said.payload_bytes.into();
            half.sent = Sent {
                packets: said.packets.into(),
                payload_bytes,
                unique_bytes: payload_bytes,
                ip_bytes: said.ip_bytes.into(),
            };
            half.latest = said.latest.map(|after| Latest { seq: Seq(0), after });
        }
        let answered = self.said.iter().all(|said| said.packets > 0);
        conn.life.seen = if answered { const { Notes::of(&[Note::UdpRequest, Note::UdpReply]) } } else { REQUEST };
        if self.says(Is::ClockBackwards) {
            conn.life.seen |= BACKWARDS;
        }
        conn.life.times = Times {
            asked: self.start.into(),
            answered: self.answered,
            ambiguous: self.says(Is::Ambiguous),
            ..Times::default()
        };
    }

    fn says(&self, what: Is) -> bool {
        self.is & what as u8 != 0
    }

    fn set(&mut self, what: Is, is: bool) {
        self.is |= if is { what as u8 } else { 0 };
    }
}

const REQUEST: Notes = Notes::of(&[Note::UdpRequest]);

#[cfg(test)]
mod tests;
