//! What happened on the way, in words.

use std::net::SocketAddr;

use crate::capture::compare::{Change, Foreign, Lost, Sight, What};
use crate::capture::track::Role;
use crate::report::digits::Digits as _;
use crate::report::human::plural;
use crate::report::line::flags;
use crate::wire::{Endpoint, Flags};

/// `#5 Flags [P.], seq 1:21, length 20`; numbers count from the first of the direction.
pub(super) fn segment(sight: &Sight) -> String {
    let mut letters = Vec::new();
    flags(&mut letters, sight.flags);
    let letters = String::from_utf8_lossy(&letters).into_owned();
    let (n, seq, len) = (sight.n, sight.offset(), sight.len);
    let numbers = if len > 0 { format!("{seq}:{}", seq + i64::from(len)) } else { seq.to_string() };
    format!("#{n} Flags [{letters}], seq {numbers}, length {len}")
}

/// What was sent and did not come.
pub(super) fn lost(lost: &Lost) -> String {
    let part = match lost.octets {
        octets if octets < lost.sight.len => format!(", {octets} of its octets"),
        _ => String::new(),
    };
    format!("lost: {}{part}", segment(&lost.sight))
}

/// What came and was not sent, and the reasons to doubt its sender.
pub(super) fn foreign(foreign: &Foreign, from: Role) -> String {
    let sender = from.name();
    let mut doubts = Vec::new();
    if let Some(usual) = foreign.usual_ttl {
        doubts.push(format!("its TTL is {} where the {sender}'s others have {usual}", foreign.sight.ttl));
    }
    if foreign.goes_on {
        doubts.push(format!("the {sender} goes on sending"));
    }
    let doubts = if doubts.is_empty() { String::new() } else { format!(": {}", doubts.join(", ")) };
    let segment = segment(&foreign.sight);
    if foreign.is_forged_reset() {
        return format!("a RST that the {sender} did not send: {segment}{doubts}");
    }
    format!("not sent, as far as the {sender}'s capture shows (made on the way, or missed there): {segment}{doubts}")
}

/// What was changed, and in how many segments.
pub(super) fn change(change: &Change) -> String {
    let Change { what, count, first: (sent, came) } = *change;
    let what = match what {
        What::Source(was, is) => format!("source {} became {}", endpoint(was), endpoint(is)),
        What::Destination(was, is) => format!("destination {} became {}", endpoint(was), endpoint(is)),
        What::Sequence(by) => format!("sequence numbers moved by {by}"),
        What::Timestamps(by) => format!("timestamps moved by {by}"),
        What::Mss(was, is) => format!("MSS {was} became {is}"),
        What::WindowScale(was, is) => format!("window scale {was} became {is}"),
        What::OptionsRemoved(kinds) => format!("options taken out: {}", options(kinds)),
        What::OptionsAdded(kinds) => format!("options put in: {}", options(kinds)),
        What::Window(was, is) => format!("window {was} became {is}"),
        What::Flags(was, is) => format!("flags [{}] became [{}]", letters(was), letters(is)),
        What::Payload => "other octets of data".to_owned(),
        What::Ttl(was, is) => format!("TTL {was} became {is}"),
        What::Dscp(was, is) => format!("DSCP {was} became {is}"),
        What::Ecn(was, is) => format!("ECN {was} became {is}"),
        What::IpId(was, is) => format!("IP identification {was} became {is}"),
    };
    let segments = if count == 1 { "1 segment".to_owned() } else { format!("{}, the first", plural(count, "segment")) };
    format!("{what} (in {segments} #{sent} \u{2192} #{came})")
}

/// The names of option kinds, a bit each.
pub(super) fn options(kinds: u64) -> String {
    let names: Vec<String> = option_kinds(kinds).map(option).collect();
    names.join(", ")
}

/// The kinds whose bits are set.
pub(super) fn option_kinds(kinds: u64) -> impl Iterator<Item = u8> {
    (0..64).filter(move |kind| kinds >> kind & 1 != 0)
}

fn option(kind: u8) -> String {
    match kind {
        2 => "MSS".to_owned(),
        3 => "window scale".to_owned(),
        4 => "SACK permitted".to_owned(),
        5 => "SACK".to_owned(),
        8 => "timestamps".to_owned(),
        19 => "MD5 signature".to_owned(),
        29 => "authentication".to_owned(),
        30 => "multipath".to_owned(),
        34 => "fast open".to_owned(),
        63 => "a kind of 63 or more".to_owned(),
        kind => format!("kind {kind}"),
    }
}

fn letters(bits: Flags) -> String {
    let mut letters = Vec::new();
    flags(&mut letters, bits);
    String::from_utf8_lossy(&letters).into_owned()
}

/// `10.9.0.1:80`, `[2001:db8::1]:80`.
pub(super) fn endpoint(endpoint: Endpoint) -> String {
    SocketAddr::new(endpoint.addr, endpoint.port).to_string()
}

/// Appends a line at this depth.
pub(super) fn line(out: &mut Vec<u8>, depth: usize, text: &str) {
    out.resize(out.len() + 2 * depth, b' ');
    out.text(text);
    out.push(b'\n');
}
