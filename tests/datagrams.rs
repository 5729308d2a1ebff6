//! What real programs say in DNS, DHCP, NTP and QUIC, as it is heard in the shipped captures.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Command;

use synfin::capture::apps::{Apps, Confidence, Said, Saying, Talk, tls};
use synfin::capture::file::{Captures, Options};
use synfin::capture::stream::Streams;
use synfin::capture::{Checksums, Conn, Observation, Packet, Sink, Tracker, pump};

#[test]
fn questions_to_a_name_server_are_answered_with_records() {
    let talks = hear("dns.pcap");
    let told: Vec<String> = talks.values().flat_map(|talk| talk.sayings.iter().map(dns)).collect();
    assert_eq!(
        told,
        [
            "A shop.example?",
            "A shop.example: NOERROR A 10.9.0.2",
            "AAAA shop.example?",
            "AAAA shop.example: NOERROR AAAA fd00:9::2",
            "A www.shop.example?",
            "A www.shop.example?",
            "A www.shop.example: NOERROR CNAME shop.example, A 10.9.0.2",
            "MX shop.example?",
            "MX shop.example: NOERROR MX 10 mail.shop.example",
            "TXT shop.example?",
            "TXT shop.example: NOERROR TXT \"v=story \\\"quoted\\\"\"",
            "SRV _story._tcp.shop.example?",
            "SRV _story._tcp.shop.example: NOERROR SRV 5 10 7000 shop.example",
            "PTR 2.0.9.10.in-addr.arpa?",
            "PTR 2.0.9.10.in-addr.arpa: NOERROR PTR shop.example",
            "A none.shop.example?",
            "A none.shop.example: NXDOMAIN ",
            "CAA shop.example?",
            "CAA shop.example: NOERROR ",
            "A other.test?",
            "A other.test: REFUSED ",
        ]
    );
    // Each is asked from a port of its own, and the one that was lost from another the second time.
    let asked: Vec<(u32, u32)> = talks.values().map(|talk| (talk.asked, talk.answered)).collect();
    assert_eq!(asked.iter().filter(|counts| **counts == (1, 1)).count(), 10);
    assert_eq!(asked.iter().filter(|counts| **counts == (1, 0)).count(), 1);
    let took = talks.values().filter_map(|talk| talk.slowest).map(|(_, took)| took.as_secs_f64());
    assert!(took.into_iter().all(|took| (0.02..0.03).contains(&took)));
}

#[test]
fn a_question_that_is_repeated_is_asked_once() {
    let talks = hear("name-repeated.pcap");
    let talk = &talks[&0];
    assert_eq!((talk.said, talk.asked, talk.answered), (6, 2, 2));
    let (_, took) = talk.slowest.expect("an answer");
    assert!((1.0..1.1).contains(&took.as_secs_f64()));
}

#[test]
fn an_answer_that_was_cut_is_had_over_tcp() {
    let talks = hear("dns-tcp.pcap");
    let counts: Vec<(u16, usize, bool)> = talks
        .values()
        .flat_map(|talk| &talk.sayings)
        .filter_map(|saying| match &saying.said {
            Said::Dns(digest) if digest.response => Some((digest.count, digest.answers.len(), digest.truncated)),
            _ => None,
        })
        .collect();
    assert_eq!(counts, [(4, 4, true), (8, 8, false), (8, 8, false), (1, 1, false)]);
    let last = talks.values().last().expect("three conversations");
    assert_eq!((last.asked, last.answered), (2, 2));
}

#[test]
fn an_address_is_asked_for_and_given() {
    let told: Vec<String> = hear("dhcp.pcap")
        .values()
        .flat_map(|talk| talk.sayings.clone())
        .map(|saying| match saying.said {
            Said::Dhcp(dhcp) => {
                let kind = dhcp.kind.expect("a kind").id();
                let address = dhcp.address.map_or_else(|| "-".to_owned(), |address| address.to_string());
                format!("{kind} {address} {:?} {:?}", dhcp.lease, dhcp.host_name)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let first = &told[0];
    assert_eq!(first, "discover - None Some(\"cups\")");
    assert_eq!(told.len(), 4);
    assert!(told[1].starts_with("request 10.9.0.10"), "{told:?}");
    assert!(told[2].starts_with("offer 10.9.0.10") && told[2].contains("Some(3600)"), "{told:?}");
    assert!(told[3].starts_with("ack 10.9.0.10"), "{told:?}");
}

#[test]
fn the_time_is_asked_for_and_told() {
    let talks = hear("ntp.pcap");
    let answered = talks.values().flat_map(|talk| &talk.sayings).filter_map(Saying::took).count();
    assert_eq!((talks.len(), answered), (3, 3), "each question from a port of its own");
    let talk = &talks[&0];
    let Said::Ntp(ntp) = &talk.sayings[1].said else { panic!("{:?}", talk.sayings[1]) };
    // Both clocks are the same, so what the server says is when the packet came.
    let told = ntp.received.unix_ns().expect("a time") as f64;
    assert!((told - talk.sayings[1].at.time.0 as f64).abs() < 1e9);
    assert_eq!(ntp.stratum, 5);
}

#[test]
fn the_hello_in_quic_is_read_in_both_versions_and_over_two_packets() {
    for (file, version, protocols) in
        [("quic.pcap", 1, 1), ("quic-v2.pcap", 0x6b33_43cf, 1), ("quic-long-hello.pcap", 1, 61)]
    {
        let talk = &hear(file)[&0];
        let app = talk.app.as_ref().expect("it is told");
        assert_eq!((&*app.name, app.confidence), ("quic", Confidence::High), "{file}");
        let versions = talk.sayings.iter().filter_map(|saying| match &saying.said {
            Said::Quic(message) => Some(message.version),
            _ => None,
        });
        assert_eq!(versions.collect::<Vec<_>>(), [version, version], "{file}");
        let hello = talk.first(|said| match said {
            Said::Tls(tls::Message::ClientHello(hello)) => Some(hello),
            _ => None,
        });
        let hello = hello.expect("a hello");
        assert_eq!(hello.server_name.as_deref(), Some("shop.example"), "{file}");
        assert_eq!(hello.alpn.first().map(String::as_str), Some("cups"));
        assert!(hello.alpn.len() <= protocols && hello.ja4.starts_with("q13d"), "{file}: {hello:?}");
        let (_, took) = talk.slowest.expect("the server answers");
        assert!((0.02..0.05).contains(&took.as_secs_f64()), "{file}: {took:?}");
    }
}

fn dns(saying: &Saying) -> String {
    let Said::Dns(digest) = &saying.said else { panic!("{saying:?}") };
    let (kind, name) = (digest.kind_name(), &digest.name);
    if !digest.response {
        return format!("{kind} {name}?");
    }
    let answers = digest.answers.iter().map(|answer| format!("{} {}", answer.kind_name(), answer.text));
    format!("{kind} {name}: {} {}", digest.outcome(), answers.collect::<Vec<_>>().join(", "))
}

#[derive(Default)]
struct Hearer {
    apps: Apps,
    streams: Streams,
    talks: BTreeMap<u32, Talk>,
}

impl Sink for Hearer {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        if let Some((seen, conn)) = told {
            self.streams.take(packet, seen, conn, &mut self.apps);
        }
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.streams.ended(conn, &mut self.apps);
        self.talks.extend(self.apps.take(conn).map(|talk| (conn.id.0, talk)));
        Ok(())
    }
}

fn hear(name: &str) -> BTreeMap<u32, Talk> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name);
    let mut source = Captures::open([path], Options::default()).expect("it is shipped");
    let mut hearer = Hearer::default();
    pump(&mut source, Checksums::Ignore, &mut Tracker::default(), &mut hearer).expect("it can be read");
    hearer.talks
}

#[test]
fn tshark_reads_the_same_in_every_field_of_dns() {
    if !Command::new("tshark").arg("--version").output().is_ok_and(|ran| ran.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "tshark is needed and is not there");
        return eprintln!("not run: tshark is not there to compare with");
    }
    let mut check = Command::new(env!("CARGO_BIN_EXE_synfin"));
    check.args(["check", "--against", "tshark", "--apps"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    for name in ["dns", "dns-tcp", "https-by-name", "name-not-found", "name-repeated", "second-address"] {
        check.arg(format!("captures/{name}.pcap"));
    }
    let ran = check.output().expect("it runs");
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{told}");
    let fields: Vec<Vec<&str>> = told
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|words| words.get(1).is_some_and(|field| field.starts_with("dns.")))
        .collect();
    assert!(fields.len() >= 13, "{told}");
    let equal: u32 = fields.iter().filter_map(|words| words.get(2)?.parse::<u32>().ok()).sum();
    assert!(equal > 250, "{told}");
}
