//! What came before a connection, and when: held against the shipped captures.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Command;

use synfin::capture::attempt::{Attempts, Course, Limits, Lookup, Prelude};
use synfin::capture::file::{Captures, Options};
use synfin::capture::track::Role;
use synfin::capture::{Checksums, Conn, Observation, Packet, Sink, Tracker, pump};

#[test]
fn a_connection_comes_with_the_lookup_and_the_question_on_the_link_before_it() {
    let heard = hear("https-by-name.pcap");
    let prelude = heard.preludes.get(&1).expect("something came before the connection");
    let lookup = prelude.lookup(Some("Shop.Example.")).expect("its name was looked up");
    assert_eq!(told(lookup), "shop.example of 10.9.0.53: 1 #3 #5 1 address, 28 #4 #6 0 addresses");
    assert_eq!((lookup.uses.len(), lookup.repeats(), lookup.is_answered()), (0, 0, true));
    let neighbour = prelude.neighbour.expect("its address was asked for");
    assert_eq!((neighbour.asked.n, neighbour.answer.expect("an answer").0.n), (7, 8));
    assert!(prelude.lookup(Some("other.example")).is_none());

    let course = &heard.courses[&1];
    let marks = [course.syn, course.synack, course.step3].map(|mark| mark.expect("a handshake").n);
    assert_eq!(marks, [9, 10, 11]);
    assert_eq!(course.first(Role::Client).expect("a hello").n, 12);
    // From the request on; the tickets of TLS 1.3 are no answer.
    let exchange = course.exchange(17, Some(20_300_000)).expect("an answer");
    assert_eq!((exchange.asked.n, exchange.answered.n, exchange.passed), (17, 22, vec![19, 20]));
    let exchange = course.exchange(17, None).expect("an answer");
    assert_eq!((exchange.asked.n, exchange.answered.n), (17, 19));
}

#[test]
fn the_name_server_is_found_on_the_link_first() {
    let heard = hear("https-by-name.pcap");
    let neighbour = heard.preludes[&0].neighbour.expect("the name server's address was asked for");
    assert_eq!((neighbour.target.to_string().as_str(), neighbour.asked.n), ("10.9.0.53", 1));
}

#[test]
fn a_question_that_had_to_be_repeated_is_one_lookup() {
    let heard = hear("name-repeated.pcap");
    let lookup = &heard.preludes[&1].lookups[0];
    assert_eq!(told(lookup), "shop.example of 10.9.0.2: 1 #1 #5 1 address, 28 #2 #6 0 addresses");
    assert_eq!(lookup.repeats(), 2);
    let took = lookup.took().expect("an answer").as_secs_f64();
    assert!((1.0..1.1).contains(&took), "{took}");
}

#[test]
fn a_second_attempt_knows_the_first() {
    let heard = hear("second-address.pcap");
    let first = &heard.preludes[&1].lookups[0];
    assert!(first.uses.is_empty());
    let second = &heard.preludes[&2].lookups[0];
    assert_eq!(second.uses.iter().map(|id| id.0).collect::<Vec<_>>(), [1]);
    assert_eq!(second.addresses.len(), 2);
}

#[test]
fn a_lookup_over_tcp_is_one_too() {
    let heard = hear("dns-tcp.pcap");
    let names: Vec<_> = heard.attempts.names().get("10.9.0.2".parse().expect("an address")).into_iter().collect();
    assert_eq!(names, ["shop.example"]);
}

#[test]
fn who_asks_a_name_server_has_not_looked_it_up() {
    assert!(hear("dns.pcap").preludes.values().all(|prelude| prelude.lookups.is_empty()));
}

#[test]
fn neighbour_discovery_is_to_ipv6_what_arp_is_to_ipv4() {
    let heard = hear("ipv6.pcapng");
    let neighbour = heard.preludes.values().find_map(|prelude| prelude.neighbour).expect("a question on the link");
    assert_eq!(neighbour.target.to_string(), "fd00:9::2");
    assert!(neighbour.took().is_some());
}

#[test]
fn what_is_remembered_is_bounded() {
    let none = Limits { lookups: 1, neighbours: 1, conns: 1, ..Limits::default() };
    for name in ["https-by-name.pcap", "dns.pcap", "second-address.pcap"] {
        hear_within(name, none);
    }
    let heard = hear_within("https-by-name.pcap", Limits { lookups: 0, neighbours: 0, conns: 0, ..Limits::default() });
    assert!(heard.preludes.is_empty());
}

/// `name of server: kind #asked #answered n addresses, ...`.
fn told(lookup: &Lookup) -> String {
    let asked = lookup.asked.iter().map(|asked| {
        let answer = asked.answer.expect("an answer");
        let noun = if answer.addresses == 1 { "address" } else { "addresses" };
        format!("{} #{} #{} {} {noun}", asked.kind, asked.first.n, answer.at.n, answer.addresses)
    });
    format!("{} of {}: {}", lookup.name, lookup.server, asked.collect::<Vec<_>>().join(", "))
}

#[derive(Default)]
struct Hearer {
    attempts: Attempts,
    preludes: BTreeMap<u32, Prelude>,
    courses: BTreeMap<u32, Course>,
}

impl Sink for Hearer {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        if let (Some(prelude), Some((_, conn))) = (self.attempts.packet(packet, told), told) {
            self.preludes.insert(conn.id.0, *prelude);
        }
        if let Some((seen, conn)) = told {
            self.courses.entry(conn.id.0).or_default().take(packet, seen);
        }
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.attempts.ended(conn);
        Ok(())
    }
}

fn hear(name: &str) -> Hearer {
    hear_within(name, Limits::default())
}

fn hear_within(name: &str, limits: Limits) -> Hearer {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name);
    let mut source = Captures::open([path], Options::default()).expect("it is shipped");
    let mut hearer = Hearer { attempts: Attempts::new(limits), ..Hearer::default() };
    pump(&mut source, Checksums::Ignore, &mut Tracker::default(), &mut hearer).expect("it can be read");
    hearer
}

#[test]
fn addresses_are_told_by_name_where_that_is_wanted() {
    let run = |words: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_synfin"));
        command.args(words.split(' ')).current_dir(env!("CARGO_MANIFEST_DIR"));
        String::from_utf8(command.output().expect("it runs").stdout).expect("text")
    };
    let listing = run("read --names captures/https-by-name.pcap");
    let (before, after) = listing.split_once("is-at 02:00:0a:09:00:02, length 28\n").expect("an answer on the link");
    assert!(!before.contains("shop.example"), "it is not learnt yet");
    assert!(after.contains(" > shop.example.443: Flags [S]"), "{after}");
    assert!(!run("read captures/https-by-name.pcap").contains("shop.example.443"));
    let records = run("read -T json --names captures/https-by-name.pcap");
    assert!(records.contains("\"dst_name\":\"shop.example\""));
    assert!(run("conns --names captures/https-by-name.pcap").contains(" shop.example:443 "));
    assert!(
        run("conns -T json --names captures/https-by-name.pcap").contains("\"port\":443,\"name\":\"shop.example\"}")
    );
    assert!(run("explain --names captures/https-by-name.pcap").contains("server shop.example:443 (https)"));
}

#[test]
fn the_parts_of_an_attempt_are_told_with_the_time_each_took() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/https-by-name.explain.txt");
    let told = std::fs::read_to_string(golden).expect("a listing");
    let line = "The attempt, 310 ms in all: name 20.7 ms, ARP 20.2 ms, handshake 20.3 ms, pause 2.89 ms, TLS 23.4 ms, \
                server thought 202 ms.";
    assert!(told.split_whitespace().collect::<Vec<_>>().join(" ").contains(line), "{told}");
}
