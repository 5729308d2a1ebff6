use std::cell::Cell;
use std::path::Path;

use super::super::steady::tests::{Way, all_captures, told};
use super::super::{ConnId, Limits, Tracker};
use super::{Chapter, Turn};
use crate::capture::arrival::Passenger;
use crate::capture::file::{Capture, Options};
use crate::capture::{Checksums, Next, Source as _, decode};

thread_local! {
    /// How often a plain connection went on from each chapter, and how often it left the book there.
    pub(super) static WENT_ON: Cell<[u32; Chapter::Over as usize + 1]> = const { Cell::new([0; _]) };
    pub(super) static LEFT: Cell<[u32; Chapter::Over as usize + 1]> = const { Cell::new([0; _]) };
}

/// Takes down that a segment was taken in, or was not.
pub(super) fn took(chapter: Chapter, turn: Option<Turn>) -> Option<Turn> {
    let counts = if turn.is_some() { &WENT_ON } else { &LEFT };
    let mut count = counts.get();
    count[chapter as usize] += 1;
    counts.set(count);
    turn
}

/// Checks that the connections of a capture are the same whether or not they were kept in as little room as can
/// be.
pub(in super::super) fn holds(path: &Path, seed: u64) {
    let connections = |way| told(path, way, seed).into_iter().filter(|line| line.starts_with("Conn {"));
    let (plain, long) = (connections(Way::Unasked), connections(Way::Long));
    let (plain, long): (Vec<_>, Vec<_>) = (plain.collect(), long.collect());
    assert_eq!(plain.len(), long.len(), "{}, seed {seed}", path.display());
    for (plain, long) in plain.iter().zip(&long) {
        assert_eq!(plain, long, "{}, seed {seed}", path.display());
    }
}

#[test]
fn what_was_kept_plain_is_what_it_would_have_been() {
    WENT_ON.set([0; _]);
    for path in all_captures() {
        holds(&path, 0);
    }
    assert!(WENT_ON.get()[1..6].iter().all(|went| *went > 100), "every chapter, often: {:?}", WENT_ON.get());
}

#[test]
fn what_leaves_the_book_anywhere_is_what_it_would_have_been() {
    LEFT.set([0; _]);
    let mut seed = 1;
    for path in all_captures() {
        if path.metadata().is_ok_and(|file| file.len() < 200_000) {
            for _ in 0..12 {
                seed += 1;
                holds(&path, seed);
            }
        }
    }
    assert!(LEFT.get()[1..].iter().all(|left| *left > 20), "every chapter, often: {:?}", LEFT.get());
}

#[test]
fn where_there_is_no_room_each_is_told_once() {
    let mut plain = 0;
    for path in all_captures() {
        let mut tracker = Tracker::new(Limits { conns: 4, timers: None });
        let Ok(mut capture) = Capture::open(&path, Options::default()) else { continue };
        let (mut n, mut told) = (0, Vec::new());
        while let Ok(Next::Frame(frame)) = capture.next()
            && n < 20_000
        {
            n += 1;
            let record = decode(&frame, Checksums::Ignore);
            match Passenger::of(n, &record) {
                Some(passenger) => tracker.take(&passenger),
                None => drop(tracker.observe(n, &record)),
            }
            plain = plain.max(tracker.conns.plains.len());
            told.extend(std::iter::from_fn(|| tracker.departed()).map(|conn| conn.id));
        }
        assert!(tracker.conns().len() <= 4, "{}", path.display());
        told.extend(tracker.conns().map(|conn| conn.id));
        told.sort_unstable();
        assert!(told.into_iter().eq((0..tracker.begun() as u32).map(ConnId)), "{}", path.display());
    }
    assert_eq!(plain, 4, "there were some, and they were given up");
}
