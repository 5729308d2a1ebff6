//! The check of the `datagrams` target: DNS, DHCP, NTP and QUIC read from any octets; what is learnt of
//! names stays within bounds; a cut takes nothing from what stands before it.

use synfin::capture::apps::dns::{self, Message};
use synfin::capture::apps::names::{Limits, Names};
use synfin::capture::apps::{dhcp, ntp, quic};

/// Addresses whose names are kept at most, and octets of names.
const ROOM: Limits = Limits { names: 3, octets: 300 };

/// Reads an input as each of them.
pub(crate) fn check(input: &[u8]) {
    message(input);
    let mut stream = input;
    while let Some((one, rest)) = dns::cut(stream) {
        message(one);
        stream = rest;
    }
    if let Some(dhcp) = dhcp::read(input) {
        assert!(input.len() >= 236);
        assert!(dhcp.reply == (input[0] == 2));
    }
    if let Some(ntp) = ntp::read(input) {
        assert!((1..=4).contains(&ntp.version));
        shows(&ntp.reference.to_string());
        assert!(ntp.sent.since(ntp.sent) == 0);
        let _ = (ntp.origin.unix_ns(), ntp.received.since(ntp.origin));
    }
    packets(input);
    let carried: usize = quic::crypto(input).map(|(_, octets)| octets.len()).sum();
    assert!(carried <= input.len(), "frames carry no more than there is");
}

fn message(octets: &[u8]) {
    let Some(message) = Message::read(octets) else { return };
    for question in message.questions() {
        name(&question.name);
    }
    let mut count = 0;
    for record in message.records() {
        name(&record.owner);
        shows(&record.data.to_string());
        count += 1;
    }
    assert!(count <= octets.len() / 11, "a record takes eleven octets at least");
    assert!(message.answers().count() <= count);
    let _ = message.extended_rcode();
    if message.is_sound() {
        let cut = octets.get(..octets.len() - 1).and_then(Message::read);
        assert!(cut.is_none_or(|cut| !cut.is_sound()), "the last octet is needed");
        assert!(cut.is_none_or(|cut| cut.records().count() + 1 >= count), "a cut takes the last record alone");
    }
    let mut names = Names::new(ROOM);
    names.learn(&message);
    names.learn(&message);
    assert!(names.len() <= ROOM.names);
}

fn name(name: &dns::Name<'_>) {
    let labels: Vec<&[u8]> = name.labels().collect();
    assert!(labels.iter().map(|label| label.len() + 1).sum::<usize>() < 255);
    assert!(labels.iter().all(|label| (1..=63).contains(&label.len())));
    shows(&name.to_string());
    assert!(name.is_same(name));
    let _ = name.reversed();
}

fn packets(input: &[u8]) {
    let mut hello = quic::Hello::default();
    let mut left = input.len();
    for packet in quic::packets(input) {
        assert!(packet.rest.len() < left, "each packet takes something");
        left = packet.rest.len();
        assert!(packet.to.len() <= 20 && packet.from.len() <= 20);
        assert!(quic::offered(&packet).count() <= packet.packet.len() / 4);
        shows(&quic::version_name(packet.version));
        hello.take(&packet);
    }
    assert!(hello.whole().is_none_or(|whole| hello.begun().starts_with(whole)));
}

/// What is shown is plain.
fn shows(text: &str) {
    assert!(text.bytes().all(|octet| (0x20..=0x7e).contains(&octet)), "{text:?}");
}
