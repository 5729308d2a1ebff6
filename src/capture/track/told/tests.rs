use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use super::super::steady::tests::all_captures;
use super::super::textbook::Chapter;
use super::super::{Counts, Limits, Tracker};
use super::*;
use crate::capture::arrival::Passenger;
use crate::capture::file::{Capture, Options};
use crate::capture::{Checksums, Next, Source as _, decode};

#[test]
fn what_is_told_without_its_connection_is_what_that_says() {
    let mut seen = Seen::default();
    for path in all_captures() {
        let mut tracker = Tracker::new(Limits::default());
        let Ok(mut capture) = Capture::open(&path, Options::default()) else { continue };
        let (mut n, mut begun) = (0, 0);
        while let Ok(Next::Frame(frame)) = capture.next()
            && n < 20_000
        {
            n += 1;
            let record = decode(&frame, Checksums::Ignore);
            match Passenger::of(n, &record) {
                Some(passenger) => tracker.take(&passenger),
                None => drop(tracker.observe(n, &record)),
            }
            // In every chapter, and not only where it ended.
            if tracker.begun() != begun || n.is_multiple_of(37) {
                begun = tracker.begun();
                seen.compare_all(&tracker);
            }
        }
        seen.compare_all(&tracker);
    }
    let chapters: BTreeSet<u64> = seen.kinds.keys().map(|kind| kind >> 4 & 0xf).collect();
    assert_eq!(chapters.len(), Chapter::Over as usize, "every chapter");
    assert!(seen.talks > 1_000 && seen.answered > 1_000, "{} of {}", seen.answered, seen.talks);
}

/// What there was to compare.
#[derive(Default)]
struct Seen {
    /// What those of a kind had in common.
    kinds: BTreeMap<u64, String>,
    talks: u32,
    answered: u32,
}

/// What is told of an end of either.
type End = (Endpoint, Option<(Ipv4Addr, u16)>, u16, u64, u64);

impl Seen {
    fn compare_all(&mut self, tracker: &Tracker) {
        let _: Result<(), ()> = tracker.tell_followed(|told| {
            match told {
                Told::ByTheBook(plain) => self.compare_by_the_book(plain),
                Told::Datagrams(talk) => self.compare_datagrams(talk),
                Told::Conn(_) | Told::Unanswered(_) => {}
            }
            Ok(())
        });
    }

    fn compare_by_the_book(&mut self, mut plain: ByTheBook<'_>) {
        let end = |role| {
            let (endpoint, v4, port) = (plain.endpoint(role), plain.endpoint_v4(role), plain.port(role));
            (endpoint, v4, port, plain.packets(role), plain.payload_bytes(role))
        };
        let ends = Role::BOTH.map(end);
        let words = (plain.open(), plain.close(), plain.closed_by(), plain.standing());
        let times = (Some(plain.rtt_server()), plain.rtt_client(), plain.duration());
        let (id, kind) = (plain.id(), plain.kind());
        let conn = plain.conn();
        assert_eq!(ends, Role::BOTH.map(|role| end_of(conn, role)));
        assert_eq!(words, (conn.open(), conn.close(), conn.closed_by(), conn.standing()));
        assert_eq!(times, (conn.timing().rtt_server, conn.timing().rtt_client, conn.duration()));
        assert_eq!(id, conn.id);
        assert!(kind < 1 << 48);
        let words = format!("{words:?} {}", conn.history());
        assert_eq!(*self.kinds.entry(kind).or_insert_with(|| words.clone()), words);
    }

    fn compare_datagrams(&mut self, mut talk: Datagrams<'_>) {
        let end = |role| {
            let (endpoint, v4, port) = (talk.endpoint(role), talk.endpoint_v4(role), talk.port(role));
            (endpoint, v4, port, talk.packets(role), talk.payload_bytes(role))
        };
        let ends = Role::BOTH.map(end);
        let (id, times) = (talk.id(), (talk.reply_time(), talk.duration()));
        let conn = talk.conn();
        assert_eq!(ends, Role::BOTH.map(|role| end_of(conn, role)));
        assert_eq!(times, (conn.reply_time(), conn.duration()));
        assert_eq!((conn.timing().rtt_server, conn.timing().rtt_client), (None, None));
        assert_eq!((id, conn.closed_by(), conn.ended()), (conn.id, None, None));
        let (open, history) = match ends.map(|(.., packets, _)| packets > 0) {
            [true, true] => (Open::Answered, "Dd"),
            [true, false] => (Open::Unanswered, "D"),
            [false, true] => (Open::Unanswered, "d"),
            [false, false] => unreachable!("somebody spoke"),
        };
        assert_eq!((conn.open(), &*conn.history()), (open, history));
        self.talks += 1;
        self.answered += u32::from(open == Open::Answered);
    }
}

fn end_of(conn: &Conn, role: Role) -> End {
    let Counts { packets, payload_bytes, unique_bytes, retransmits, .. } = conn.half(role).counts();
    assert_eq!((payload_bytes, retransmits), (unique_bytes, 0));
    let endpoint = conn.endpoint(role);
    let v4 = match endpoint.addr {
        IpAddr::V4(addr) => Some((addr, endpoint.port)),
        IpAddr::V6(_) => None,
    };
    (endpoint, v4, endpoint.port, packets, payload_bytes)
}
