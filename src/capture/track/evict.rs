//! Connections are given up: when their timers have run out, or for want of room.

use super::expiry::{Ended, Timers, Worth};
use super::slab::Slot;
use super::{Departed, Tracker};
use crate::wire::{Span, Timestamp};

/// How long a connection is left alone before its timer is looked at again: it may have been reset,
/// and then has less time left.
pub(super) const LOOK: Span = Span::from_secs(10);

/// Places looked at to find the connection that is least worth its room.
const CANDIDATES: u32 = 16;

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
        let places = self.conns.places();
        let mut best = None;
        for _ in 0..places.min(CANDIDATES) {
            let slot = Slot(self.hand % places);
            self.hand = (self.hand + 1) % places;
            let Some(conn) = self.followed(slot).filter(|_| slot != fresh) else { continue };
            let worth = (Worth::of(conn), conn.end);
            if best.is_none_or(|(least, _)| worth < least) {
                best = Some((worth, slot));
            }
            // Of a flood one is as good as another, and the hand comes to the oldest first.
            if worth.0 <= Worth::SynSent {
                break;
            }
        }
        match best {
            Some(((worth, _), slot)) if bare == 0 || worth < Worth::SynSent => self.depart(slot, Ended::Evicted),
            _ => self.evict_embryo(),
        }
    }

    fn evict_embryo(&mut self) {
        if let Some(place) = self.conns.embryos.least(self.conns.next_id()) {
            self.depart_embryo(place, Ended::Evicted);
        }
    }

    fn depart_embryo(&mut self, place: u32, why: Ended) {
        if let Some(mut conn) = self.conns.take_embryo(place) {
            conn.life.ended = Some(why);
            self.departed.push_back(Departed::Embryo(Box::new(conn)));
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
