//! Floods and scans: is each told for what it is, in time and with its numbers, and are honest
//! connections the same as without it.

#[path = "common/floods.rs"]
mod floods;

use std::collections::HashMap;
use std::io;

use floods::{Size, Story};
use synfin::capture::file::{Capture, Options};
use synfin::capture::findings::{Finding, Kind, Method, Phase};
use synfin::capture::track::{Ended, Limits, Role};
use synfin::capture::{Checksums, Conn, Sink, Summary, Tracker, pump};
use synfin::wire::Span;

const SECOND: u64 = 1_000_000_000;

const SMALL: Size = Size { many: 4000, lasts: 4 * SECOND, honest: 200 };

/// What a run told.
#[derive(Default)]
struct Told {
    findings: Vec<Finding>,
    /// Connections in which both ends spoke, by endpoints: all that is said of them but frame numbers.
    honest: HashMap<String, String>,
    conns: u64,
    evicted: u64,
}

impl Sink for Told {
    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.conns += 1;
        self.evicted += u64::from(conn.ended() == Some(Ended::Evicted));
        let (client, server) = (conn.half(Role::Client), conn.half(Role::Server));
        if client.counts().packets > 2 && server.counts().packets > 0 {
            let name = format!("{} {}", conn.endpoint(Role::Client), conn.endpoint(Role::Server));
            let words = format!(
                "{} {} {} {} {:?} {:?} {:?}",
                conn.open(),
                conn.close(),
                conn.history(),
                conn.zeek_state(),
                conn.timing(),
                client.counts(),
                server.counts()
            );
            assert_eq!(self.honest.insert(name, words), None);
        }
        Ok(())
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.findings.push(*finding);
        Ok(())
    }
}

fn told(story: Story, size: Size, conns: u32) -> (Told, Summary) {
    let mut bytes = Vec::new();
    floods::write(story, size, &mut bytes).expect("a buffer in memory");
    let mut capture = Capture::from_reader("made", io::Cursor::new(bytes), Options::default()).expect("a pcap");
    let mut told = Told::default();
    let mut tracker = Tracker::new(Limits { conns, timers: None });
    let summary = pump(&mut capture, Checksums::Ignore, &mut tracker, &mut told).expect("nothing can fail");
    (told, summary)
}

fn kinds(told: &Told) -> Vec<(Kind, Option<Method>)> {
    let begun = told.findings.iter().filter(|finding| finding.phase == Phase::Begins);
    begun.map(|finding| (finding.kind, finding.method)).collect()
}

#[test]
fn each_trouble_is_told_for_what_it_is_and_for_nothing_else() {
    let expected = [
        (Story::Flood, Kind::SynFlood, None),
        (Story::Cookies, Kind::SynFlood, None),
        (Story::Overload, Kind::Overload, None),
        (Story::Backscatter, Kind::Backscatter, None),
        (Story::PortScan, Kind::PortScan, Some(Method::Syn)),
        (Story::ConnectScan, Kind::PortScan, Some(Method::Connect)),
        (Story::FinScan, Kind::PortScan, Some(Method::Fin)),
        (Story::NullScan, Kind::PortScan, Some(Method::Null)),
        (Story::XmasScan, Kind::PortScan, Some(Method::Xmas)),
        (Story::UdpScan, Kind::PortScan, Some(Method::Udp)),
        (Story::HostScan, Kind::HostScan, Some(Method::Syn)),
        (Story::Impatient, Kind::ImpatientClient, None),
    ];
    for (story, kind, method) in expected {
        let (told, summary) = told(story, SMALL, 1 << 20);
        assert_eq!(kinds(&told).len(), 1, "{story:?}: {:?}", kinds(&told));
        assert_eq!((kinds(&told)[0].0, summary.findings.get(&kind)), (kind, Some(&1)), "{story:?}");
        let last = told.findings.last().expect("one");
        assert_eq!((last.phase, last.method), (Phase::Ends, method), "{story:?}");
    }
}

#[test]
fn honest_clients_are_no_trouble() {
    let (told, summary) = told(Story::Honest, Size { honest: 5000, ..SMALL }, 1 << 20);
    assert_eq!((told.findings.len(), summary.findings.len(), told.conns), (0, 0, 5000));
}

#[test]
fn a_flood_is_named_within_a_second_with_who_since_when_and_how_many() {
    let (told, _) = told(Story::Flood, Size { many: 60_000, lasts: 3 * SECOND, honest: 200 }, 1 << 20);
    let first = told.findings.first().expect("a flood");
    assert_eq!((first.kind, first.phase), (Kind::SynFlood, Phase::Begins));
    assert!(first.time - first.start <= Span::from_secs(1), "named after {:?}", first.time - first.start);
    let last = told.findings.last().expect("its end");
    let numbers = last.numbers;
    assert_eq!((last.id, last.phase, last.cookies), (first.id, Phase::Ends, false));
    assert!(numbers.asked.abs_diff(60_050) < 10, "{numbers:?}");
    assert!(numbers.sources.abs_diff(60_000) < 6_000, "{numbers:?}");
    assert!(numbers.half_open_peak.abs_diff(1024) < 10 && last.backlog.is_some_and(|most| most.abs_diff(1024) < 10));
    assert!(numbers.completed.abs_diff(50) < 5 && numbers.through > 0, "what still gets through: {numbers:?}");
    assert!(told.findings.len() < 20, "it is not told of again and again: {}", told.findings.len());
}

#[test]
fn a_flood_that_is_over_is_told_to_be_over_and_when() {
    let (told, _) = told(Story::Flood, Size { many: 4000, lasts: 2 * SECOND, honest: 0 }, 1 << 20);
    let ends = told.findings.iter().find(|finding| finding.phase == Phase::Ends).expect("its end");
    // The repeats of the SYN/ACKs end two seconds later.
    assert!(ends.time - ends.start < Span::from_secs(8), "{ends:?}");
}

#[test]
fn honest_connections_come_out_as_without_the_flood_and_nothing_is_lost_in_silence() {
    let size = Size { many: 60_000, lasts: 6 * SECOND, honest: 400 };
    let (alone, _) = told(Story::Honest, size, 1 << 20);
    assert_eq!(alone.honest.len(), 400);
    for most in [1 << 20, 20_000] {
        let (told, summary) = told(Story::Flood, size, most);
        assert_eq!((told.conns, summary.conns), (60_400, 60_400), "every connection has a row");
        assert_eq!(told.evicted, 60_400_u64.saturating_sub(most.into()));
        for (name, words) in &alone.honest {
            assert_eq!(told.honest.get(name), Some(words), "{name}");
        }
    }
}

#[test]
fn cookies_are_seen_by_what_the_server_does_not_repeat() {
    let (told, _) = told(Story::Cookies, Size { lasts: 8 * SECOND, ..SMALL }, 1 << 20);
    let last = told.findings.last().expect("a flood");
    assert!(last.cookies && last.backlog.is_none());
}

#[test]
fn a_story_is_the_same_every_time_it_is_written() {
    for (name, story) in Story::ALL {
        let write = || {
            let mut bytes = Vec::new();
            let packets = floods::write(story, Size { many: 300, ..SMALL }, &mut bytes).expect("a buffer in memory");
            (packets, bytes)
        };
        let (one, other) = (write(), write());
        assert!(one.0 > 0, "{name}");
        assert_eq!(one, other, "{name}");
    }
}
