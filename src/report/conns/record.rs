//! A connection as a JSON object: `type: "connection"`.

use super::{Beside, community};
use crate::capture::Conn;
use crate::capture::apps::names::Names;
use crate::capture::track::{Counts, Exchange, Fact, Half, Role};
use crate::report::apps;
use crate::report::digits::Digits as _;
use crate::report::json::{SCHEMA, of};
use crate::report::object::{Key, Object, key};
use crate::report::process;
use crate::wire::{Protocol, Span};

/// Appends the record of `conn`, and a newline. Members stand in the order of the documentation;
/// one that does not apply is left out, one that was looked for and not found is null.
pub(super) fn write(out: &mut Vec<u8>, conn: &Conn, beside: Beside<'_>) {
    let tcp = conn.protocol() == Protocol::Tcp;
    let mut object = Object::begin(out);
    object.number(key!("schema"), SCHEMA);
    object.word(key!("type"), "connection");
    object.number(key!("id"), conn.id.0.into());
    object.word(key!("proto"), conn.protocol().name());
    object.number(key!("ip_version"), conn.key.ip_version().into());
    if conn.vlans.count() > 0 {
        object.numbers(key!("vlan"), conn.vlans.ids().iter().map(|id| u64::from(*id)));
    }
    for role in Role::BOTH {
        object.object(of(role), |object| host(object, conn, role, beside.names));
    }
    object.word(key!("role_basis"), conn.role_basis.name());
    object.number(key!("incarnation"), conn.incarnation.into());
    object.number(key!("first_n"), conn.first_n);
    object.number(key!("last_n"), conn.last_n);
    object.number(key!("start_ns"), conn.start.0);
    object.number(key!("end_ns"), conn.end.0);
    object.word(key!("open"), conn.open().name());
    object.word(key!("close"), conn.close().name());
    if let Some(role) = conn.closed_by() {
        object.word(key!("closed_by"), role.name());
    }
    if tcp {
        object.flag(key!("syn_validated"), conn.syn_validated());
        object.flag(key!("ack_validated"), conn.ack_validated());
        each(&mut object, key!("state"), |object, role| {
            let standing = conn.half(role).standing;
            object.quoted(of(role), |out| {
                out.text(standing.state.name());
                out.push(standing.basis.mark() as u8);
            });
        });
    }
    let mut letters = conn.history_letters().peekable();
    if letters.peek().is_some() {
        object.quoted(key!("history"), |out| out.extend(letters));
    }
    object.word(key!("conn_state"), conn.zeek_state());
    if tcp {
        object.number(key!("completeness"), conn.completeness().into());
    }
    object.number(key!("stream"), conn.stream.into());
    counts(&mut object, conn, key!("packets"), |counts| counts.packets);
    counts(&mut object, conn, key!("payload_bytes"), |counts| counts.payload_bytes);
    if tcp {
        counts(&mut object, conn, key!("unique_bytes"), |counts| counts.unique_bytes);
    }
    counts(&mut object, conn, key!("ip_bytes"), |counts| counts.ip_bytes);
    if tcp {
        segments(&mut object, conn);
    }
    if let Some(exchange) = conn.exchange() {
        object.word(key!("exchange"), Exchange::name(exchange));
    }
    if let Some(reply) = conn.reply_time() {
        object.signed(key!("reply_ns"), reply.0);
    }
    if tcp {
        each(&mut object, key!("facts"), |object, role| {
            object.object(of(role), |object| facts(object, conn, role));
        });
    }
    if let Some(spoken) = beside.spoken {
        spoken.write_json(&mut object);
    }
    if beside.apps {
        apps::write_json(&mut object, conn, beside.talk);
    }
    process::write_json(&mut object, beside.owners);
    if community::is_known(conn) {
        object.quoted(key!("community_id"), |out| community::write(out, conn));
    }
    object.end();
    out.push(b'\n');
}

fn host(object: &mut Object<'_>, conn: &Conn, role: Role, names: Option<&Names>) {
    let endpoint = conn.endpoint(role);
    object.quoted(key!("addr"), |out| out.ip(endpoint.addr));
    if conn.protocol() != Protocol::Icmp {
        object.number(key!("port"), endpoint.port.into());
    }
    if let Some(name) = names.and_then(|names| names.get(endpoint.addr)) {
        object.string(key!("name"), name);
    }
}

/// What only TCP has.
fn segments(object: &mut Object<'_>, conn: &Conn) {
    counts(object, conn, key!("retransmits"), |counts| counts.retransmits.into());
    counts(object, conn, key!("dup_acks"), |counts| counts.dup_acks.into());
    counts(object, conn, key!("zero_windows"), |counts| counts.zero_windows.into());
    counts(object, conn, key!("resets"), |counts| counts.resets.into());
    counts(object, conn, key!("missed_bytes"), |counts| counts.missed_bytes);
    offers(object, conn, key!("mss"), |half| half.offer?.mss.map(u64::from));
    offers(object, conn, key!("wscale"), |half| half.offer?.wscale.map(u64::from));
    let both = conn.half(Role::Client).offer.zip(conn.half(Role::Server).offer);
    known(object, key!("sack_ok"), both.map(|(client, server)| client.sack_ok && server.sack_ok), Object::flag);
    known(object, key!("ts_ok"), both.map(|(client, server)| client.ts_ok && server.ts_ok), Object::flag);
    let timing = conn.timing();
    let spans = [
        (key!("rtt_server_ns"), timing.rtt_server),
        (key!("rtt_client_ns"), timing.rtt_client),
        (key!("irtt_ns"), timing.irtt()),
        (key!("setup_ns"), timing.setup),
        (key!("syn_wait_ns"), timing.syn_wait()),
    ];
    for (key, span) in spans {
        known(object, key, span.map(|Span(ns)| ns), Object::signed);
    }
}

/// Facts by their letters, in the order in which life teaches them.
fn facts(object: &mut Object<'_>, conn: &Conn, role: Role) {
    for fact in Fact::ALL {
        let Some((basis, n)) = conn.taught(role, fact) else {
            continue;
        };
        object.object(letter(fact), |object| {
            object.quoted(key!("basis"), |out| out.push(basis.mark() as u8));
            object.number(key!("n"), n);
        });
    }
}

const fn letter(fact: Fact) -> Key {
    match fact {
        Fact::Receives => key!("a"),
        Fact::Sends => key!("b"),
        Fact::KnowsIss => key!("i"),
        Fact::IssKnown => key!("j"),
        Fact::PeerDone => key!("f"),
        Fact::AllDelivered => key!("g"),
        Fact::Dead => key!("d"),
    }
}

/// A member of members for both roles.
fn each(object: &mut Object<'_>, key: Key, write: impl Fn(&mut Object<'_>, Role)) {
    object.object(key, |object| Role::BOTH.into_iter().for_each(|role| write(object, role)));
}

fn counts(object: &mut Object<'_>, conn: &Conn, key: Key, count: fn(&Counts) -> u64) {
    each(object, key, |object, role| object.number(of(role), count(&conn.half(role).counts())));
}

fn offers(object: &mut Object<'_>, conn: &Conn, key: Key, offer: fn(&Half) -> Option<u64>) {
    each(object, key, |object, role| known(object, of(role), offer(conn.half(role)), Object::number));
}

/// A value, or null.
fn known<'a, T>(object: &mut Object<'a>, key: Key, value: Option<T>, write: fn(&mut Object<'a>, Key, T)) {
    match value {
        Some(value) => write(object, key, value),
        None => object.null(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_has_the_letter_it_has_everywhere() {
        for fact in Fact::ALL {
            let mut out = Vec::new();
            let mut object = Object::begin(&mut out);
            object.null(letter(fact));
            object.end();
            assert_eq!(out, format!("{{\"{}\":null}}", fact.letter()).into_bytes());
        }
    }
}
