//! DNS, as both tools read it: fields of a message, in the same words.

use crate::capture::apps::dns::{Answer, Digest, kind};
use crate::wire::Span;

/// What is asked of tshark. The names in the comparison are these, where they are told by it so.
pub(super) const FIELDS: &[&str] = &[
    "dns.id",
    "dns.flags.response",
    "dns.flags.rcode",
    "dns.qry.name",
    "dns.qry.type",
    "dns.count.answers",
    "dns.count.auth_rr",
    "dns.count.add_rr",
    "dns.resp.name",
    "dns.resp.type",
    "dns.a",
    "dns.aaaa",
    "dns.cname",
    "dns.ptr.domain_name",
    "dns.mx.mail_exchange",
    "dns.srv.target",
    "dns.time",
    "_ws.malformed",
];

/// Types of records, and the field that has what they say.
const SAID: &[(u16, &str)] = &[
    (kind::A, "dns.a"),
    (kind::AAAA, "dns.aaaa"),
    (kind::CNAME, "dns.cname"),
    (kind::PTR, "dns.ptr.domain_name"),
    (kind::MX, "dns.mx.mail_exchange"),
    (kind::SRV, "dns.srv.target"),
];

/// The opcode of updates, whose sections tshark calls otherwise (RFC 2136).
const UPDATE: u8 = 5;

/// Records of an answer that are compared: as many as are kept of each.
const RECORDS: usize = 16;

/// The values of a message, as it was heard.
pub(super) fn heard(digest: &Digest, took: Option<Span>, add: &mut dyn FnMut(&'static str, String)) {
    if digest.opcode == UPDATE {
        return;
    }
    add("dns.id", format!("{:#06x}", digest.id));
    if digest.response {
        add("dns.flags.rcode", (digest.rcode & 0xf).to_string());
        add("dns.count.answers", digest.count.to_string());
    }
    if digest.asked {
        add("dns.qry.name", digest.name.clone());
        add("dns.qry.type", digest.kind.to_string());
    }
    for Answer { owner, kind, text, .. } in &digest.answers {
        // The owner of such a record is told in its parts there.
        if *kind != kind::SRV {
            add("dns.resp.name", owner.clone());
        }
        add("dns.resp.type", kind.to_string());
        if let Some((_, field)) = SAID.iter().find(|(known, _)| known == kind) {
            // Preferences and ports stand before the name.
            let before = match *kind {
                kind::MX => 1,
                kind::SRV => 3,
                _ => 0,
            };
            add(field, text.splitn(before + 1, ' ').last().unwrap_or_default().to_owned());
        }
    }
    if let Some(took) = took {
        add("dns.time", seconds(took));
    }
}

/// The values of a packet with one message, as tshark lists them; of more messages nothing, as it
/// cannot be said which value is whose. Returns whether that is clear.
pub(super) fn listed<'a>(list: &dyn Fn(&str) -> Vec<&'a str>, add: &mut dyn FnMut(&'static str, &'a str)) -> bool {
    let one = |field: &str| list(field).first().copied().unwrap_or_default();
    let update = list("dns.count.answers").is_empty();
    if list("dns.id").len() != 1 || update {
        return list("dns.id").len() < 2;
    }
    add("dns.id", one("dns.id"));
    let count = one("dns.count.answers");
    if matches!(one("dns.flags.response"), "1" | "True") {
        add("dns.flags.rcode", one("dns.flags.rcode"));
        add("dns.count.answers", count);
    }
    add("dns.qry.name", root(one("dns.qry.name")));
    add("dns.qry.type", one("dns.qry.type"));
    // The records of all sections stand in one list, those that answer first.
    let answers = count.parse().unwrap_or(0).min(RECORDS);
    let kinds = list("dns.resp.type");
    let named = kinds.iter().take(answers).filter(|known| **known != kind::SRV.to_string()).count();
    list("dns.resp.name").iter().take(named).for_each(|name| add("dns.resp.name", root(name)));
    kinds.iter().take(answers).for_each(|kind| add("dns.resp.type", kind));
    for (kind, field) in SAID {
        let among = kinds.iter().take(answers).filter(|known| **known == kind.to_string()).count();
        list(field).iter().take(among).for_each(|value| add(field, root(value)));
    }
    add("dns.time", one("dns.time"));
    let counts = ["dns.count.answers", "dns.count.auth_rr", "dns.count.add_rr"];
    let promised: usize = counts.iter().filter_map(|field| one(field).parse::<usize>().ok()).sum();
    kinds.len() == promised && list("_ws.malformed").is_empty()
}

/// Nanoseconds as tshark writes seconds.
fn seconds(span: Span) -> String {
    let ns = span.0.unsigned_abs();
    format!("{}{}.{:09}", if span.0 < 0 { "-" } else { "" }, ns / 1_000_000_000, ns % 1_000_000_000)
}

/// What an escaped name stands for.
pub(super) fn unescaped(name: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let number = behind.get(..3).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        let (octet, length) = match (first, number) {
            (b'\\', Some(number)) => (Some(number), 3),
            (b'\\', None) => (behind.first().copied(), 1),
            _ => (Some(*first), 0),
        };
        octets.extend(octet);
        rest = behind.get(length..).unwrap_or_default();
    }
    octets
}

fn root(name: &str) -> &str {
    if name == "<Root>" { "." } else { name }
}
