use std::cell::Cell;

use super::super::Tracker;
use super::super::plain::tests::holds;
use super::super::steady::tests::all_captures;
use crate::capture::arrival::Passenger;
use crate::wire::{FlowKey, Protocol};

thread_local! {
    /// How many datagrams were taken in where they take little room, and how many were not.
    static TAKEN: Cell<[u32; 2]> = const { Cell::new([0; 2]) };
}

/// Takes down that a datagram was taken in, or was not.
pub(super) fn took(taken: bool) {
    let mut counts = TAKEN.get();
    counts[usize::from(!taken)] += 1;
    TAKEN.set(counts);
}

#[test]
fn a_conversation_in_little_room_is_what_it_would_have_been() {
    TAKEN.set([0; _]);
    for path in all_captures() {
        holds(&path, 0);
        if path.metadata().is_ok_and(|file| file.len() < 50_000) {
            (1..4).for_each(|seed| holds(&path, seed));
        }
    }
    let [taken, left] = TAKEN.get();
    assert!(taken > 1_000 && left > 50, "{taken} taken in, {left} left");
}

#[test]
fn a_tag_that_names_no_vlan_is_told() {
    let mut passenger = Passenger::default();
    let arrival = &mut passenger.arrival;
    (arrival.key, arrival.side) =
        FlowKey::of_v4([[10, 0, 0, 1].into(), [10, 0, 0, 2].into()], 1 << 16 | 2, Protocol::Udp, 0);
    arrival.vlans.push(0);
    let mut tracker = Tracker::default();
    tracker.take(&passenger);
    let tags: Vec<_> = tracker.conns().map(|conn| conn.vlans.count()).collect();
    assert_eq!(tags, [1]);
}
