use super::early::{Early, Piece, Room, Stretch};
use super::{Above, End, Ending, Event, Hole, Interest, Missing, Octets};
use crate::capture::track::{Conn, Half, Role};
use crate::wire::{Seq, Timestamp};

/// One side's stream: how far it was told, and what came too early to be told.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// Offset of the next octet to be told.
    at: u64,
    /// Its sequence number.
    next: Seq,
    /// What the other side acknowledged last.
    heard: Option<Seq>,
    /// The number of some octet was seen.
    begun: bool,
    /// Nothing more is told.
    over: bool,
    /// Its RST ended it.
    reset: bool,
    early: Option<Box<Early>>,
    fin: Option<Fin>,
}

/// Where the stream ends, by its own FIN.
#[derive(Clone, Copy, Debug)]
struct Fin {
    at: u64,
    n: u64,
    time: Timestamp,
}

/// Whom to tell, of what, and which packet is the occasion.
pub(super) struct Teller<'a> {
    pub(super) conn: &'a Conn,
    pub(super) from: Role,
    pub(super) n: u64,
    pub(super) time: Timestamp,
    pub(super) above: &'a mut dyn Above,
}

impl Teller<'_> {
    fn octets(&mut self, at: u64, n: u64, time: Timestamp, bytes: &[u8]) -> Interest {
        self.above.hear(self.conn, &Event::Octets(Octets { from: self.from, at, n, time, bytes }))
    }

    fn hole(&mut self, at: u64, len: u64, n: u64, time: Timestamp, why: Missing) -> Interest {
        self.above.hear(self.conn, &Event::Hole(Hole { from: self.from, at, len, n, time, why }))
    }

    fn end(&mut self, at: u64, n: u64, time: Timestamp, how: Ending) {
        self.above.hear(self.conn, &Event::End(End { from: self.from, at, n, time, how }));
    }
}

/// How far a number may lie from the next; no loss explains a gigabyte.
const WILD: u32 = 1 << 30;

impl Lane {
    /// Whether nothing more is told of it.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Whether a RST of this side was the end.
    pub(super) fn was_reset(&self) -> bool {
        self.reset
    }

    /// The first number of it that is seen is `first`; `half` may know where the stream begins.
    #[inline]
    pub(super) fn begin(&mut self, first: Seq, half: &Half) {
        if self.begun {
            return;
        }
        self.begun = true;
        let after_syn = half.iss().map(|iss| iss + 1);
        let near = after_syn.filter(|begin| first.offset_from(*begin).unsigned_abs() < WILD);
        self.next = near.unwrap_or(first);
    }

    /// Takes in a segment's octets: `len` from the number `first` on, of which `bytes` were captured.
    pub(super) fn put(&mut self, first: Seq, len: u64, bytes: &[u8], room: &mut Room<'_>, teller: &mut Teller<'_>) {
        if self.over {
            return;
        }
        let mut ahead = first.offset_from(self.next);
        if ahead.unsigned_abs() >= WILD {
            if self.heard != Some(first) {
                return;
            }
            // The other side waits for just these: what is missing was said.
            let to = self.at + u64::from(first.0.wrapping_sub(self.next.0));
            self.give_up_before(to, room, teller);
            if self.at < to && !self.over {
                self.give_up(to, Missing::NotCaptured, room, teller);
            }
            ahead = first.offset_from(self.next);
        }
        let last = self.fin.map_or(u64::MAX, |fin| fin.at);
        let stretch = Stretch { at: 0, len, bytes };
        let stretch = match u64::try_from(ahead) {
            Ok(ahead) => Stretch { at: self.at + ahead, ..stretch },
            // What was told already is told no more.
            Err(_) => Stretch { at: self.at, ..stretch.part(u64::from(ahead.unsigned_abs()), len) },
        };
        let stretch = stretch.part(0, last);
        while stretch.len > 0 && !self.over {
            if stretch.at <= self.at {
                return self.go_on(stretch.part(self.at, u64::MAX), room, teller);
            }
            let early = self.early.get_or_insert_default();
            if early.keep(stretch, teller.n, teller.time, room) {
                return;
            }
            let to = early.first().map_or(stretch.at, |first| first.min(stretch.at));
            self.give_up(to, Missing::NoRoom, room, teller);
        }
    }

    /// Hands on a datagram.
    pub(super) fn pass(&mut self, len: u64, bytes: &[u8], room: &mut Room<'_>, teller: &mut Teller<'_>) {
        if !self.over {
            self.tell(Stretch { at: self.at, len, bytes }, teller.n, teller.time, room, teller);
        }
    }

    /// The other side has everything before the number `ack`.
    #[inline]
    pub(super) fn acknowledged(&mut self, ack: Seq, room: &mut Room<'_>, teller: &mut Teller<'_>) {
        self.heard = Some(ack);
        if self.early.is_none() && self.fin.is_none() {
            return;
        }
        let ahead = ack.offset_from(self.next);
        if ahead > 0 && ahead.unsigned_abs() < WILD {
            self.give_up_before(self.at + u64::from(ahead.unsigned_abs()), room, teller);
        }
    }

    /// Its FIN has the number `seq`.
    pub(super) fn fin(&mut self, seq: Seq, room: &mut Room<'_>, teller: &mut Teller<'_>) {
        let ahead = seq.offset_from(self.next);
        if self.over || self.fin.is_some() || !(0..WILD as i32).contains(&ahead) {
            return;
        }
        self.fin = Some(Fin { at: self.at + u64::from(ahead.unsigned_abs()), n: teller.n, time: teller.time });
        self.land(room, teller);
    }

    /// Nothing more will come: tells what is left of it, and that it ended so, if its FIN does not
    /// say otherwise.
    pub(super) fn stop(&mut self, how: Ending, own_reset: bool, room: &mut Room<'_>, teller: &mut Teller<'_>) {
        self.reset |= own_reset;
        if self.over {
            return;
        }
        self.give_up_before(u64::MAX, room, teller);
        self.tell_tail(room, teller);
        if !self.over {
            self.end(how, teller.n, teller.time, teller);
        }
    }

    /// What the other side acknowledged last of it was never seen.
    fn tell_tail(&mut self, room: &mut Room<'_>, teller: &mut Teller<'_>) {
        let half = teller.conn.half(teller.from);
        if let Some(iss) = half.iss() {
            self.begin(iss + 1, half);
        }
        let Some(una) = half.una().filter(|_| self.begun && !self.over) else { return };
        let ahead = una.offset_from(self.next);
        // One number alone is that of a FIN.
        if ahead > 1 && ahead.unsigned_abs() < WILD {
            self.give_up(self.at + u64::from(ahead.unsigned_abs()), Missing::NotCaptured, room, teller);
        }
    }

    /// Tells the next octets, of which those that came early were seen first.
    fn go_on(&mut self, stretch: Stretch<'_>, room: &mut Room<'_>, teller: &mut Teller<'_>) {
        while self.at < stretch.end() && !self.over {
            match self.first_early() {
                Some(first) if first <= self.at => self.tell_early(room, teller),
                first => {
                    let part = stretch.part(self.at, first.unwrap_or(u64::MAX));
                    self.tell(part, teller.n, teller.time, room, teller);
                }
            }
        }
        self.land(room, teller);
    }

    /// Tells what came early and is next by now, and the end if it is reached.
    #[inline]
    fn land(&mut self, room: &mut Room<'_>, teller: &mut Teller<'_>) {
        while !self.over {
            if let Some(fin) = self.fin.filter(|fin| fin.at <= self.at) {
                self.forget(room);
                return self.end(Ending::Fin, fin.n, fin.time, teller);
            }
            if self.first_early().is_none_or(|first| first > self.at) {
                return;
            }
            self.tell_early(room, teller);
        }
    }

    /// Gives up every hole before `to` behind which something is known.
    fn give_up_before(&mut self, to: u64, room: &mut Room<'_>, teller: &mut Teller<'_>) {
        while !self.over {
            let fin = self.fin.map(|fin| fin.at);
            let known = [self.first_early(), fin].into_iter().flatten().min();
            let Some(known) = known.filter(|known| *known < to) else { return };
            self.give_up(known, Missing::NotCaptured, room, teller);
        }
    }

    /// Gives up the octets before `to`, and goes on there.
    fn give_up(&mut self, to: u64, why: Missing, room: &mut Room<'_>, teller: &mut Teller<'_>) {
        let (at, len) = (self.at, to - self.at);
        self.advance(len);
        let interest = teller.hole(at, len, teller.n, teller.time, why);
        self.heed(interest, room);
        self.land(room, teller);
    }

    fn tell_early(&mut self, room: &mut Room<'_>, teller: &mut Teller<'_>) {
        let Some((at, piece)) = self.early.as_mut().and_then(|early| early.take_first(room)) else { return };
        if self.first_early().is_none() {
            self.early = None;
        }
        let len = piece.len();
        let Piece { n, time, bytes, .. } = piece;
        let last = self.fin.map_or(u64::MAX, |fin| fin.at);
        self.tell(Stretch { at, len, bytes: &bytes }.part(self.at, last), n, time, room, teller);
    }

    /// Tells a stretch that is next.
    fn tell(&mut self, stretch: Stretch<'_>, n: u64, time: Timestamp, room: &mut Room<'_>, teller: &mut Teller<'_>) {
        let Stretch { at, len, bytes } = stretch;
        self.advance(len);
        if !bytes.is_empty() {
            let interest = teller.octets(at, n, time, bytes);
            self.heed(interest, room);
        }
        if stretch.cut() > 0 && !self.over {
            let interest = teller.hole(at + bytes.len() as u64, stretch.cut(), n, time, Missing::Cut);
            self.heed(interest, room);
        }
    }

    fn end(&mut self, how: Ending, n: u64, time: Timestamp, teller: &mut Teller<'_>) {
        self.over = true;
        teller.end(self.at, n, time, how);
    }

    fn heed(&mut self, interest: Interest, room: &mut Room<'_>) {
        if interest == Interest::Enough {
            self.over = true;
            self.forget(room);
        }
    }

    fn forget(&mut self, room: &mut Room<'_>) {
        if let Some(mut early) = self.early.take() {
            early.clear(room);
        }
    }

    fn advance(&mut self, len: u64) {
        self.at += len;
        self.next += len as u32;
    }

    #[inline]
    fn first_early(&self) -> Option<u64> {
        self.early.as_ref().and_then(|early| early.first())
    }
}
