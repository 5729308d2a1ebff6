//! A new SYN on a pair of endpoints that is known: the same connection, or another one?

use super::conn::Conn;
use super::notes::Note;
use super::standing::State;
use crate::wire::{Flags, Segment, Side, Span, Timestamp};

/// How long after a connection ended a copy of its own SYN may still come by.
const LATE: Span = Span::from_secs(1);

/// What a segment is to the connection its endpoints had last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fate {
    /// It belongs to it.
    Same,
    /// It begins another.
    New(Option<Note>),
    /// A SYN on a living connection: the other end's answer will tell.
    Park,
    /// The answer to a parked SYN: it began another.
    Commit,
    /// The other end does not know the parked SYN's connection: it still holds the old one.
    Challenge,
    /// The end that asked anew clears the old connection away.
    Clear,
    /// The parked SYN was a stray.
    Stray,
}

/// The fate of `segment`, sent from `side`.
pub(super) fn fate(conn: &Conn, side: Side, segment: &Segment, time: Timestamp) -> Fate {
    if let Some(fate) = parked_fate(conn, side, segment) {
        return fate;
    }
    let [sender, receiver] = conn.facing(side);
    let flags = segment.flags;
    if flags.intersects(Flags::FIN | Flags::RST) {
        return Fate::Same;
    }
    if flags.is_syn_ack() {
        let fits =
            sender.iss() == Some(segment.seq) || receiver.iss().is_some_and(|iss| segment.ack.offset_from(iss) == 1);
        return if conn.is_over() && !fits { Fate::New(Some(Note::ReuseAfterClose)) } else { Fate::Same };
    }
    if !flags.is_syn() || !conn.has_begun() {
        return Fate::Same;
    }
    if sender.iss() == Some(segment.seq) {
        // A stack may begin again with the number it began with; a late copy comes at once.
        let again = sender.opened && conn.reset_by().is_some() && time - conn.end > LATE;
        return if again { Fate::New(Some(Note::ReuseAfterClose)) } else { Fate::Same };
    }
    let crossing = receiver.syns > 0 && receiver.is(State::SynSent) && sender.iss().is_none();
    if crossing && !conn.is_over() {
        return Fate::Same;
    }
    if conn.halves.iter().all(|half| half.fin().is_some()) {
        return Fate::New(Some(Note::ReuseTimeWait));
    }
    if conn.is_over() {
        return Fate::New(Some(Note::ReuseAfterClose));
    }
    let unanswered = !receiver.spoke && receiver.syns == 0;
    if unanswered && !sender.spoke {
        return Fate::New(Some(Note::ReuseSynSent));
    }
    Fate::Park
}

fn parked_fate(conn: &Conn, side: Side, segment: &Segment) -> Option<Fate> {
    let parked = conn.life.parked.as_ref()?;
    let flags = segment.flags;
    if side == parked.side {
        let cleared = conn.life.has(Note::HalfopenCleared) && conn.is_over();
        return Some(match (flags.is_syn() && segment.seq == parked.segment.seq, flags.contains(Flags::RST)) {
            (true, _) if cleared => Fate::New(Some(Note::ReuseAfterClose)),
            (true, _) => Fate::Park,
            (false, true) if conn.life.challenge == Some(segment.seq) => Fate::Clear,
            (false, _) => Fate::Stray,
        });
    }
    let ack = segment.acked().map(|ack| ack.offset_from(parked.segment.seq));
    Some(match ack {
        Some(ahead) if flags.is_syn_ack() && ahead >= 1 && ahead as u32 <= parked.segment.span() => Fate::Commit,
        Some(1) if flags.contains(Flags::RST) => Fate::Commit,
        Some(_) if !flags.intersects(Flags::SYN | Flags::RST) => Fate::Challenge,
        _ => Fate::Stray,
    })
}
