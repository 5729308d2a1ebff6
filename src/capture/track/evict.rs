//! Connections are given up: when their timers have run out, or for want of room.

use super::Tracker;
use super::conn::Conn;
use super::expiry::{Ended, Timers, Worth};
use super::slab::{Found, Slot};
use super::told::Departed;
use crate::wire::{Span, Timestamp};

/// How long a connection is left alone before its timer is looked at again: it may have been reset,
/// and then has less time left.
pub(super) const LOOK: Span = Span::from_secs(10);

/// Places looked at to find the connection that is least worth its room.
const CANDIDATES: u32 = 16;

/// Places of the index that are asked for together: waiting for each took a third of the time of a flood
/// (`perf record`, ten million SYNs of `benches/peers.py`, W3).
const AHEAD: u32 = 16;

impl Tracker {
    pub(super) fn expire(&mut self, timers: Timers) {
        let Some(due) = self.wheel.advance(self.clock) else { return };
        let since = Timestamp(self.clock.0.saturating_sub(timers.syn_sent.0.max(0) as u64));
        for place in self.conns.embryos.older_than(since) {
            self.depart_embryo(place, Ended::Timeout);
        }
        for place in due {
            let slot = Slot(place);
            let Some(conn) = self.followed(slot) else { continue };
            let deadline = conn.end + timers.patience(conn);
            if deadline < self.clock {
                self.depart(slot, Ended::Timeout);
            } else {
                self.wheel.file(place, deadline.min(self.clock + LOOK));
            }
        }
    }

    /// Makes room for the connection in `fresh`: of the next places, the one least worth its room
    /// goes, and of equals the one that was silent longest. Where most are no more than a SYN, one
    /// of those.
    pub(super) fn evict(&mut self, fresh: Slot) {
        let bare = self.conns.embryos.len();
        if bare > self.conns.len() / 2 {
            return self.evict_embryo();
        }
        // The places of connections, behind them those of plain ones, and of conversations of datagrams.
        let (slots, plains) = (self.conns.places(), self.conns.plains.places());
        let all = slots + plains + self.conns.talks.places();
        let mut best = None;
        for _ in 0..all.min(CANDIDATES) {
            let at = self.hand % all;
            self.hand = (at + 1) % all;
            let (worth, found) = if let Some(place) = at.checked_sub(slots + plains) {
                let Some(talk) = self.conns.talks.get(place) else { continue };
                ((Worth::Datagrams, talk.end()), Found::Talk(place))
            } else if let Some(place) = at.checked_sub(slots) {
                let Some(plain) = self.conns.plains.get(place) else { continue };
                ((plain.worth(), plain.end()), Found::Plain(place))
            } else {
                let slot = Slot(at);
                let Some(conn) = self.followed(slot).filter(|_| slot != fresh) else { continue };
                ((Worth::of(conn), conn.end), Found::Conn(slot))
            };
            if best.is_none_or(|(least, _)| worth < least) {
                best = Some((worth, found));
            }
            // Of a flood one is as good as another, and the hand comes to the oldest first.
            if worth.0 <= Worth::SynSent {
                break;
            }
        }
        match best {
            Some(((worth, _), found)) if bare == 0 || worth < Worth::SynSent => match found {
                Found::Conn(slot) => self.depart(slot, Ended::Evicted),
                Found::Plain(place) => {
                    let conn = self.conns.take_plain(place);
                    self.depart_made(conn, Ended::Evicted);
                }
                Found::Embryo(place) => self.depart_embryo(place, Ended::Evicted),
                Found::Talk(place) => {
                    let conn = self.conns.take_talk(place);
                    self.depart_made(conn, Ended::Evicted);
                }
            },
            _ => self.evict_embryo(),
        }
    }

    fn evict_embryo(&mut self) {
        let Some(place) = self.conns.embryos.least(self.conns.next_id()) else { return };
        // The index is large and its places are far apart, but the hand goes from one to the next: what
        // it comes to later is asked for now.
        if place.is_multiple_of(AHEAD) {
            for next in place + AHEAD..place + 2 * AHEAD {
                self.conns.fetch_to_remove(next, next + AHEAD);
            }
        }
        self.depart_embryo(place, Ended::Evicted);
    }

    fn depart_embryo(&mut self, place: u32, why: Ended) {
        if let Some(embryo) = self.conns.take_embryo(place) {
            self.departed.push_back(Departed::Embryo(embryo, why));
        }
    }

    /// One that was made to be told of.
    fn depart_made(&mut self, conn: Option<Conn>, why: Ended) {
        if let Some(mut conn) = conn {
            conn.life.ended = Some(why);
            self.departed.push_back(Departed::Made(Box::new(conn)));
        }
    }

    fn depart(&mut self, slot: Slot, why: Ended) {
        self.conns.unlink(slot);
        let conn = self.conns.at_mut(slot);
        conn.life.ended = Some(why);
        self.shark.settle(conn);
        self.shark.leave(conn.pair);
        self.departed.push_back(Departed::Conn(slot));
        self.leaving += 1;
    }
}
