use std::io::{self, Write};

use super::words::{change, endpoint, foreign, line, lost, segment};
use crate::capture::compare::{Alone, Clocks, Collected, Compared, Comparison, Evidence, Handshake, Times, Way};
use crate::capture::track::{Ends, Role};
use crate::report::human::{plural, span};
use crate::wire::Span;

/// How much is told.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Told {
    /// Connections too to which nothing happened, however many there are.
    pub all: bool,
}

/// Up to so many connections to which nothing happened are told one by one.
const FEW: usize = 10;

/// The most lines of a kind for one direction.
const LINES: usize = 10;

/// Writes what two captures say of each other, in words.
///
/// # Errors
///
/// When `out` can't be written.
pub fn write(out: &mut dyn Write, comparison: &Comparison, captures: Ends<&Collected>, told: Told) -> io::Result<()> {
    let mut text = Vec::new();
    head(&mut text, comparison, captures);
    let clean = comparison.conns.iter().filter(|conn| conn.is_clean()).count();
    let shows_clean = told.all || clean <= FEW;
    for conn in comparison.conns.iter().filter(|conn| shows_clean || !conn.is_clean()) {
        connection(&mut text, conn);
        // A capture has as many connections as it likes, and the text of each goes out at once.
        out.write_all(&text)?;
        text.clear();
    }
    if !shows_clean {
        line(&mut text, 0, "");
        let clean = plural(clean as u64, "connection");
        line(&mut text, 0, &format!("{clean} more came through as they were sent (--all tells of them)"));
    }
    alone(&mut text, &comparison.alone.client, Role::Client, told);
    alone(&mut text, &comparison.alone.server, Role::Server, told);
    out.write_all(&text)
}

fn head(out: &mut Vec<u8>, comparison: &Comparison, captures: Ends<&Collected>) {
    for role in Role::BOTH {
        let capture = captures.of(role);
        let mut said = format!(
            "at the {}: {}, {}",
            role.name(),
            plural(capture.packets, "packet"),
            plural(capture.talks.len() as u64, "TCP connection")
        );
        if capture.is_doubled() {
            said += "; it shows packets twice, and the copies are left out";
        }
        if capture.left_out > 0 {
            said += &format!("; {} too many to be compared", plural(capture.left_out, "segment"));
        }
        line(out, 0, &said);
    }
    line(out, 0, &format!("in both: {}", plural(comparison.conns.len() as u64, "connection")));
    match &comparison.clocks {
        None => line(out, 0, "clocks: nothing is in both captures that would tell"),
        Some(clocks) => line(out, 0, &clock(clocks)),
    }
    if comparison.swapped {
        line(out, 0, "everything fits if the captures are the other way round: is the second the client's?");
    } else if comparison.clocks.is_some_and(|clocks| !clocks.consistent) {
        line(out, 0, "no offset fits all packets: a clock was set meanwhile, and the times below are worth little");
    }
    for (name, times) in [("there", &comparison.there), ("back", &comparison.back)] {
        if let Some(times) = times {
            line(out, 0, &format!("one way {name}: {}", duration(times)));
        }
    }
}

fn clock(clocks: &Clocks) -> String {
    let offset = span(Span(clocks.offset_ns.abs()));
    let offset = match clocks.offset_ns {
        0 => "the two show the same".to_owned(),
        1.. => format!("the server's is {offset} ahead"),
        _ => format!("the server's is {offset} behind"),
    };
    let uncertainty = match clocks.uncertainty_ns {
        Some(ns) => format!("give or take {}", span(Span(ns as i64))),
        None => "if the fastest packet needed no time: packets went one way only".to_owned(),
    };
    let ppm = |ppb: i64| format!("{:.1}", ppb as f64 / 1000.0);
    let drift = match clocks.drift_range_ppb {
        None => String::new(),
        // Beyond that, no clock is worth the name: the captures are too short to tell.
        Some((..=-500_000, 500_000..)) => "; too short to tell whether they run alike".to_owned(),
        Some((least, most)) if clocks.drift_ppb == 0 => {
            format!("; they may run alike (drift between {} and {} ppm)", ppm(least), ppm(most))
        }
        Some((least, most)) => {
            format!("; it gains {} ppm (between {} and {})", ppm(clocks.drift_ppb), ppm(least), ppm(most))
        }
    };
    format!("clocks: {offset}, {uncertainty}{drift}")
}

fn connection(out: &mut Vec<u8>, conn: &Compared) {
    let Compared { ids, near, far, .. } = conn;
    line(out, 0, "");
    let ends = |ends: &Ends<_>| format!("{} \u{2192} {}", endpoint(ends.client), endpoint(ends.server));
    let seen = if near == far { ends(near) } else { format!("{}, at the server {}", ends(near), ends(far)) };
    line(out, 0, &format!("{seen}: connection {} at the client, {} at the server", ids.client.0, ids.server.0));
    let evidence: Vec<&str> = conn.evidence.iter().map(|each| by(*each)).collect();
    line(out, 1, &format!("known by {}", evidence.join(", ")));
    if let Some(handshake) = &conn.handshake {
        line(out, 1, &opening(handshake));
    }
    way(out, &conn.there, Role::Client);
    way(out, &conn.back, Role::Server);
}

const fn by(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Endpoints => "its addresses and ports",
        Evidence::ClientIsn => "the client's ISN",
        Evidence::ServerIsn => "the server's ISN",
        Evidence::SynTimestamp => "the timestamp of its SYN",
        Evidence::ClientPayload => "the client's first data",
        Evidence::ServerPayload => "the server's first data",
        Evidence::Numbers => "the numbers of its segments",
    }
}

fn opening(handshake: &Handshake) -> String {
    let Handshake { there, server, back, client } = *handshake;
    let client = client.map_or(String::new(), |client| format!(", {} in the client", span(client)));
    format!(
        "opening: SYN {} there, {} in the server, SYN/ACK {} back{client}; round trip {}",
        span(there),
        span(server),
        span(back),
        span(handshake.round_trip())
    )
}

fn way(out: &mut Vec<u8>, way: &Way, from: Role) {
    let mut said = format!("{} to {}: {} sent, {} arrived", from.name(), (!from).name(), way.sent, way.arrived);
    for (count, what) in [
        (way.recut, "cut anew"),
        (way.lost.len() as u64, "lost"),
        (way.duplicated.len() as u64, "doubled"),
        (way.reordered.len() as u64, "overtaken"),
        (way.foreign.len() as u64, "not sent"),
        (way.outside, "before the other capture's first packet or after its last"),
    ] {
        if count > 0 {
            said += &format!(", {count} {what}");
        }
    }
    if let Some(times) = &way.times {
        said += &format!("; {}", duration(times));
    }
    match way.hops {
        None | Some(0) => {}
        Some(hops @ 1..) => said += &format!("; {}", plural(u64::from(hops.unsigned_abs()), "hop")),
        Some(_) => said += "; the TTL grows on the way",
    }
    line(out, 1, &said);
    some(out, way.lost.iter().map(lost));
    some(
        out,
        way.duplicated.iter().map(|copy| format!("doubled: {}, a copy of #{} sent", segment(&copy.sight), copy.of)),
    );
    some(
        out,
        way.reordered.iter().map(|late| {
            let by = plural(late.by, "segment");
            format!("overtaken by {by} sent later: {}, sent as #{}", segment(&late.sight), late.sent)
        }),
    );
    some(out, way.foreign.iter().map(|each| foreign(each, from)));
    some(out, way.changes.iter().map(|each| format!("changed: {}", change(each))));
}

/// Writes the first of some lines, and how many there are more.
fn some(out: &mut Vec<u8>, lines: impl ExactSizeIterator<Item = String>) {
    let more = lines.len().saturating_sub(LINES);
    for each in lines.take(LINES) {
        line(out, 2, &each);
    }
    if more > 0 {
        line(out, 2, &format!("... and {more} more (-T json has all)"));
    }
}

fn duration(times: &Times) -> String {
    let Times { least, median, most, .. } = *times;
    format!("{} ({} to {})", span(median), span(least), span(most))
}

fn alone(out: &mut Vec<u8>, alone: &[Alone], role: Role, told: Told) {
    if alone.is_empty() {
        return;
    }
    line(out, 0, "");
    line(out, 0, &format!("at the {} alone: {}", role.name(), plural(alone.len() as u64, "connection")));
    let shown = if told.all { alone.len() } else { LINES };
    for each in alone.iter().take(shown) {
        let Alone { id, ends, segments } = each;
        let (client, server) = (endpoint(ends.client), endpoint(ends.server));
        line(out, 1, &format!("connection {}: {client} \u{2192} {server}, {}", id.0, plural(*segments, "segment")));
    }
    if alone.len() > shown {
        line(out, 1, &format!("... and {} more (--all lists them)", alone.len() - shown));
    }
}
