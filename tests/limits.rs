//! The tracker within its bounds: what is given up, why, and that it is told.

use std::net::Ipv4Addr;

use synfin::capture::track::{Close, Ended, Limits, Open, Timers};
use synfin::capture::{Aside, Checksums, Conn, Frame, Link, Tracker, decode};
use synfin::craft::{Spec, emit};
use synfin::wire::{Endpoint, Flags, OptionList, Segment, Seq, Timestamp, Window};

const SECOND: u64 = 1_000_000_000;

fn client(number: u32) -> Endpoint {
    Endpoint { addr: Ipv4Addr::from(0x0a00_0000 + number).into(), port: 40_000 }
}

fn server() -> Endpoint {
    Endpoint { addr: Ipv4Addr::new(192, 0, 2, 1).into(), port: 80 }
}

/// Shows the tracker a segment.
fn show(tracker: &mut Tracker, n: u64, at: u64, [from, to]: [Endpoint; 2], flags: Flags, [seq, ack]: [u32; 2]) {
    let segment = Segment { seq: Seq(seq), ack: Seq(ack), flags, window: Window(1000), ..Segment::default() };
    let mut bytes = Vec::new();
    emit(&Spec::tcp(from, to, &segment, &OptionList::default()), &mut bytes).expect("one family");
    let wire_len = bytes.len() as u32;
    let frame = Frame {
        time: Timestamp(at),
        wire_len,
        link: Link::Raw,
        interface: 0,
        bytes: &bytes,
        comment: None,
        aside: Aside::NONE,
    };
    tracker.observe(n, &decode(&frame, Checksums::Ignore));
}

fn departed(tracker: &mut Tracker) -> Vec<Conn> {
    std::iter::from_fn(|| tracker.departed()).collect()
}

fn with_timers() -> Tracker {
    Tracker::new(Limits { timers: Some(Timers::default()), ..Limits::default() })
}

#[test]
fn an_unanswered_syn_is_given_up_after_its_timer() {
    let mut tracker = with_timers();
    show(&mut tracker, 1, SECOND, [client(1), server()], Flags::SYN, [100, 0]);
    show(&mut tracker, 2, 100 * SECOND, [client(2), server()], Flags::SYN, [100, 0]);
    assert_eq!(departed(&mut tracker).len(), 0, "it may still be answered");
    tracker.tick(Timestamp(135 * SECOND));
    let gone = departed(&mut tracker);
    assert_eq!(gone.len(), 1);
    assert_eq!((gone[0].first_n, gone[0].ended()), (1, Some(Ended::Timeout)));
    assert_eq!((gone[0].open(), gone[0].close()), (Open::NoAnswer, Close::Timeout));
    assert_eq!(tracker.conns().len(), 1);
}

#[test]
fn who_speaks_on_is_kept() {
    let mut tracker = with_timers();
    for minute in 1..10 {
        show(&mut tracker, minute, minute * 60 * SECOND, [client(1), server()], Flags::SYN, [100, 0]);
    }
    assert_eq!(departed(&mut tracker).len(), 0);
    assert_eq!(tracker.conns().len(), 1);
}

#[test]
fn a_jump_of_the_clock_gives_nobody_up() {
    let mut tracker = with_timers();
    show(&mut tracker, 1, SECOND, [client(1), server()], Flags::SYN, [100, 0]);
    show(&mut tracker, 2, 2 * 86_400 * SECOND, [client(2), server()], Flags::SYN, [100, 0]);
    assert_eq!(departed(&mut tracker).len(), 0);
}

#[test]
fn without_timers_a_connection_may_sleep_for_days() {
    let mut tracker = Tracker::default();
    show(&mut tracker, 1, SECOND, [client(1), server()], Flags::SYN, [100, 0]);
    show(&mut tracker, 2, 90_000 * SECOND, [server(), client(1)], Flags::SYN | Flags::ACK, [500, 101]);
    assert_eq!(tracker.begun(), 1);
    assert_eq!(tracker.conns().next().expect("one").open(), Open::HalfOpen);
}

#[test]
fn a_flood_is_held_within_the_limit_and_every_eviction_is_told() {
    let mut tracker = Tracker::new(Limits { conns: 100, timers: None });
    let open = client(0);
    show(&mut tracker, 1, SECOND, [open, server()], Flags::SYN, [100, 0]);
    show(&mut tracker, 2, SECOND, [server(), open], Flags::SYN | Flags::ACK, [500, 101]);
    show(&mut tracker, 3, SECOND, [open, server()], Flags::ACK, [101, 501]);
    let mut gone = Vec::new();
    for number in 1..=5_000 {
        show(&mut tracker, 3 + u64::from(number), 2 * SECOND, [client(number), server()], Flags::SYN, [number, 0]);
        gone.extend(departed(&mut tracker));
    }
    assert_eq!(tracker.conns().len(), 100);
    assert_eq!(tracker.begun(), 5_001);
    assert_eq!(gone.len(), 5_001 - 100);
    assert!(gone.iter().all(|conn| conn.ended() == Some(Ended::Evicted) && conn.close() == Close::Evicted));
    let honest = tracker.conns().find(|conn| conn.first_n == 1).expect("the open connection outlives the flood");
    assert_eq!(honest.open(), Open::Normal);
}
