//! Being ready for packets that are still to come.
//!
//! Where there are many connections, a packet's is never in the processor's caches, and waiting
//! for it takes longer than all that is then done with it. The memory can bring many at once, but
//! only if they are asked for together. So the pump shows the tracker the next packets, a few
//! dozen at a time: it has the index brought where it tells of them, then looks all their places up
//! in it, and has their connections brought. That changes nothing but the time: with 100,000
//! connections a packet takes half as long (`benches/peers.py -w w2`), and it is not done where the
//! caches hold them all, or all that have packets at the time.

use super::Tracker;
use super::plain::Plain;
use super::slab::Found;
use super::talk::Talk;
use crate::wire::FlowKey;

/// Packets shown at a time: enough for the memory to be busy, few enough to still be in the caches
/// when they come.
pub(in crate::capture) const SHOWN: usize = 32;

/// So many connections fit into the caches of today's processors.
const CACHED: usize = 1 << 12;

/// A connection that had a packet so few packets ago is still in the caches.
const NEAR: u64 = 1 << 13;

/// Where the connections of nearly all packets are near, only one batch in so many is shown. And only
/// in one of so many is it asked whether they are: that waits for them.
const SELDOM: u32 = 32;

/// What is to be brought for the next packets.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// By what they are found in the index.
    foreseen: Vec<u32>,
    /// Batches to let pass before the next one is looked at.
    pause: u32,
    /// Batches to be made ready before it is asked again whether that is of use.
    sure: u32,
}

impl Tracker {
    /// Whether being ready for the next packets is worth its while.
    pub(in crate::capture) fn looks_ahead(&mut self) -> bool {
        let pause = &mut self.ahead.pause;
        let pauses = *pause > 0;
        *pause = pause.saturating_sub(1);
        !pauses && self.conns.len() > CACHED
    }

    /// Asks for the place in the index of a packet of `key` that is going to come.
    #[inline]
    pub(in crate::capture) fn foresee(&mut self, key: &FlowKey) {
        let tag = self.conns.tag(key);
        self.conns.foresee(tag);
        self.ahead.foreseen.push(tag);
    }

    /// Asks for the connections that were foreseen; packet `n` is the next.
    pub(in crate::capture) fn make_ready(&mut self, n: u64) {
        let foreseen = std::mem::take(&mut self.ahead.foreseen);
        self.make_ready_for(foreseen.iter().copied(), n);
        self.ahead.foreseen = foreseen;
        self.ahead.foreseen.clear();
    }

    /// Asks for the connections of packets that are found by `tags`; packet `n` is the first of them.
    pub(in crate::capture) fn make_ready_for(&mut self, tags: impl Iterator<Item = u32> + Clone, n: u64) {
        let Self { ahead, conns, .. } = self;
        for tag in tags.clone() {
            conns.fetch_ahead(conns.guess(tag));
        }
        if ahead.sure > 0 {
            ahead.sure -= 1;
            return;
        }
        let last = |tag| match conns.guess(tag)? {
            Found::Conn(slot) => conns.get(slot).map(|conn| conn.last_n),
            Found::Plain(place) => conns.plains.get(place).map(Plain::last_n),
            Found::Talk(place) => conns.talks.get(place).map(Talk::last_n),
            Found::Embryo(_) => None,
        };
        let (mut near, mut all) = (0, 0);
        for tag in tags {
            all += 1;
            near += u32::from(last(tag).is_some_and(|last| n - n.min(last) <= NEAR));
        }
        let of_use = near * 4 <= all * 3;
        *(if of_use { &mut ahead.sure } else { &mut ahead.pause }) = SELDOM;
    }
}
