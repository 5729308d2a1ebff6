use std::io::{self, Write};

use super::words::{endpoint, option_kinds};
use crate::capture::compare::{Alone, Change, Collected, Compared, Comparison, Foreign, Sight, Times, Way, What};
use crate::capture::track::{Ends, Role};
use crate::report::digits::Digits as _;
use crate::report::json::{SCHEMA, of};
use crate::report::line::flags;
use crate::report::object::{Array, Key, Object, key};
use crate::wire::{Flags, Span};

/// Writes what two captures say of each other: a record of both, one for each connection that is in
/// both, and one for each that is in one.
///
/// # Errors
///
/// When `out` can't be written.
pub fn write(out: &mut dyn Write, comparison: &Comparison, captures: Ends<&Collected>) -> io::Result<()> {
    let mut text = Vec::new();
    record(&mut text, "comparison", |object| whole(object, comparison, captures));
    for conn in &comparison.conns {
        record(&mut text, "compared", |object| compared(object, conn));
        out.write_all(&text)?;
        text.clear();
    }
    for role in Role::BOTH {
        for each in comparison.alone.of(role) {
            record(&mut text, "alone", |object| alone(object, each, role));
        }
    }
    out.write_all(&text)
}

fn record(out: &mut Vec<u8>, kind: &str, write: impl FnOnce(&mut Object<'_>)) {
    let mut object = Object::begin(out);
    object.number(key!("schema"), SCHEMA);
    object.word(key!("type"), kind);
    write(&mut object);
    object.end();
    out.push(b'\n');
}

fn whole(object: &mut Object<'_>, comparison: &Comparison, captures: Ends<&Collected>) {
    for role in Role::BOTH {
        let capture = captures.of(role);
        object.object(of(role), |object| {
            object.number(key!("packets"), capture.packets);
            object.number(key!("connections"), capture.talks.len() as u64);
            object.number(key!("left_out"), capture.left_out);
            object.flag(key!("doubled"), capture.is_doubled());
        });
    }
    object.number(key!("connections"), comparison.conns.len() as u64);
    match &comparison.clocks {
        None => object.null(key!("clocks")),
        Some(clocks) => object.object(key!("clocks"), |object| {
            object.number(key!("at_ns"), clocks.at.0);
            object.signed(key!("offset_ns"), clocks.offset_ns);
            match clocks.uncertainty_ns {
                Some(ns) => object.number(key!("uncertainty_ns"), ns),
                None => object.null(key!("uncertainty_ns")),
            }
            object.signed(key!("drift_ppb"), clocks.drift_ppb);
            if let Some((least, most)) = clocks.drift_range_ppb {
                object.signed(key!("drift_least_ppb"), least);
                object.signed(key!("drift_most_ppb"), most);
            }
            object.numbers(key!("samples"), [clocks.samples.0 as u64, clocks.samples.1 as u64]);
            object.flag(key!("consistent"), clocks.consistent);
        }),
    }
    object.flag(key!("swapped"), comparison.swapped);
    for (key, way) in [(key!("there"), &comparison.there), (key!("back"), &comparison.back)] {
        if let Some(each) = way {
            object.object(key, |object| times(object, each));
        }
    }
}

fn compared(object: &mut Object<'_>, conn: &Compared) {
    object.object(key!("at_client"), |object| {
        object.number(key!("conn"), u64::from(conn.ids.client.0));
        ends(object, &conn.near);
    });
    object.object(key!("at_server"), |object| {
        object.number(key!("conn"), u64::from(conn.ids.server.0));
        ends(object, &conn.far);
    });
    object.array(key!("evidence"), |array| conn.evidence.iter().for_each(|each| array.word(each.name())));
    object.flag(key!("clean"), conn.is_clean());
    if let Some(handshake) = &conn.handshake {
        object.object(key!("handshake"), |object| {
            object.signed(key!("there_ns"), handshake.there.0);
            object.signed(key!("server_ns"), handshake.server.0);
            object.signed(key!("back_ns"), handshake.back.0);
            if let Some(Span(ns)) = handshake.client {
                object.signed(key!("client_ns"), ns);
            }
            object.signed(key!("round_trip_ns"), handshake.round_trip().0);
        });
    }
    object.object(key!("there"), |object| way(object, &conn.there));
    object.object(key!("back"), |object| way(object, &conn.back));
}

fn way(object: &mut Object<'_>, way: &Way) {
    object.number(key!("sent"), way.sent);
    object.number(key!("arrived"), way.arrived);
    object.number(key!("recut"), way.recut);
    object.number(key!("came"), way.came);
    object.number(key!("outside"), way.outside);
    if let Some(each) = &way.times {
        object.object(key!("one_way"), |object| times(object, each));
    }
    if let Some(hops) = way.hops {
        object.signed(key!("hops"), i64::from(hops));
    }
    list(object, key!("lost"), &way.lost, |object, lost| {
        segment(object, &lost.sight);
        object.number(key!("octets"), u64::from(lost.octets));
    });
    list(object, key!("duplicated"), &way.duplicated, |object, copy| {
        segment(object, &copy.sight);
        object.number(key!("of"), copy.of);
    });
    list(object, key!("reordered"), &way.reordered, |object, late| {
        segment(object, &late.sight);
        object.number(key!("sent_n"), late.sent);
        object.number(key!("by"), late.by);
    });
    list(object, key!("foreign"), &way.foreign, |object, each| {
        let Foreign { sight, usual_ttl, goes_on } = each;
        segment(object, sight);
        object.number(key!("ttl"), u64::from(sight.ttl));
        if let Some(ttl) = usual_ttl {
            object.number(key!("usual_ttl"), u64::from(*ttl));
        }
        object.flag(key!("sender_goes_on"), *goes_on);
        object.flag(key!("forged_reset"), each.is_forged_reset());
    });
    list(object, key!("changes"), &way.changes, change);
}

fn list<T>(object: &mut Object<'_>, key: Key, all: &[T], write: impl Fn(&mut Object<'_>, &T)) {
    if all.is_empty() {
        return;
    }
    let each = |array: &mut Array<'_>| all.iter().for_each(|each| array.object(|object| write(object, each)));
    object.array(key, each);
}

fn segment(object: &mut Object<'_>, sight: &Sight) {
    object.number(key!("n"), sight.n);
    object.number(key!("t_ns"), sight.time.0);
    object.quoted(key!("flags"), |out| flags(out, sight.flags));
    object.number(key!("seq"), u64::from(sight.seq.0));
    object.signed(key!("offset"), sight.offset());
    object.number(key!("payload_len"), u64::from(sight.len));
}

fn change(object: &mut Object<'_>, change: &Change) {
    let (was, is) = (key!("sent"), key!("came"));
    object.word(key!("what"), change.what.name());
    let mut numbers = |sent: u64, came: u64| {
        object.number(was, sent);
        object.number(is, came);
    };
    match change.what {
        What::Mss(sent, came) | What::Window(sent, came) => numbers(sent.into(), came.into()),
        What::WindowScale(sent, came) | What::Ttl(sent, came) | What::Dscp(sent, came) | What::Ecn(sent, came) => {
            numbers(sent.into(), came.into());
        }
        What::IpId(sent, came) => numbers(sent.into(), came.into()),
        What::Source(sent, came) | What::Destination(sent, came) => {
            object.word(was, &endpoint(sent));
            object.word(is, &endpoint(came));
        }
        What::Flags(sent, came) => {
            for (key, bits) in [(was, sent), (is, came)] {
                object.quoted(key, |out: &mut Vec<u8>| letters(out, bits));
            }
        }
        What::Sequence(by) | What::Timestamps(by) => object.number(key!("by"), by.into()),
        What::OptionsRemoved(kinds) | What::OptionsAdded(kinds) => {
            object.numbers(key!("kinds"), option_kinds(kinds).map(u64::from));
        }
        What::Payload => {}
    }
    object.number(key!("count"), change.count);
    object.numbers(key!("first"), [change.first.0, change.first.1]);
}

fn letters(out: &mut Vec<u8>, bits: Flags) {
    flags(out, bits);
}

fn alone(object: &mut Object<'_>, each: &Alone, role: Role) {
    object.word(key!("seen_at"), role.name());
    object.number(key!("conn"), u64::from(each.id.0));
    ends(object, &each.ends);
    object.number(key!("segments"), each.segments);
}

fn ends(object: &mut Object<'_>, ends: &Ends<crate::wire::Endpoint>) {
    for role in Role::BOTH {
        object.object(of(role), |object| {
            let end = ends.of(role);
            object.quoted(key!("addr"), |out| out.ip(end.addr));
            object.number(key!("port"), u64::from(end.port));
        });
    }
}

fn times(object: &mut Object<'_>, times: &Times) {
    object.signed(key!("least_ns"), times.least.0);
    object.signed(key!("median_ns"), times.median.0);
    object.signed(key!("most_ns"), times.most.0);
    object.number(key!("count"), times.count);
}
