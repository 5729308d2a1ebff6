//! A connection as an object of the Elastic Common Schema. `docs/ecs.md` says which member is what.

use super::zeek::uid;
use super::{Beside, community};
use crate::capture::Conn;
use crate::capture::track::{Close, Open, Role};
use crate::report::apps;
use crate::report::clock::Utc;
use crate::report::digits::Digits as _;
use crate::report::json::of;
use crate::report::object::{Key, Object, key};
use crate::wire::{Protocol, Span};

/// The version of the schema.
const VERSION: &str = "8.17.0";

/// Appends the object of `conn`, and a newline.
pub(super) fn write(out: &mut Vec<u8>, conn: &Conn, beside: Beside<'_>, utc: &mut Utc) {
    let mut object = Object::begin(out);
    object.quoted(key!("@timestamp"), |out| utc.write(out, conn.start));
    object.object(key!("ecs"), |ecs| ecs.word(key!("version"), VERSION));
    object.object(key!("event"), |object| event(object, conn, utc));
    object.object(key!("network"), |object| network(object, conn, beside));
    // What opened the connection is its source, and its client.
    for (ends, role) in [
        (key!("source"), Role::Client),
        (key!("destination"), Role::Server),
        (key!("client"), Role::Client),
        (key!("server"), Role::Server),
    ] {
        object.object(ends, |object| end(object, conn, role));
    }
    object.object(key!("related"), |related| {
        related.array(key!("ip"), |array| {
            for role in Role::BOTH {
                array.quoted(|out| out.ip(conn.endpoint(role).addr));
            }
        });
    });
    // The schema has one process for an event: the one that asked, if it is of this machine.
    if let Some(process) = beside.owners.client.or(beside.owners.server) {
        object.object(key!("process"), |object| {
            object.number(key!("pid"), process.pid.into());
            object.string(key!("name"), &process.name);
        });
    }
    object.object(key!("observer"), |observer| {
        observer.word(key!("product"), "synfin");
        observer.word(key!("type"), "sniffer");
        observer.word(key!("version"), env!("CARGO_PKG_VERSION"));
    });
    object.object(key!("synfin"), |object| {
        own(object, conn);
        if beside.apps {
            apps::write_json(object, conn, beside.talk);
        }
    });
    object.end();
    out.push(b'\n');
}

fn event(object: &mut Object<'_>, conn: &Conn, utc: &mut Utc) {
    object.quoted(key!("id"), |out| uid(out, conn));
    object.word(key!("kind"), "event");
    object.array(key!("category"), |array| array.word("network"));
    object.array(key!("type"), |array| {
        array.word("connection");
        if saw_start(conn) {
            array.word("start");
        }
        if saw_end(conn) {
            array.word("end");
        }
    });
    object.word(key!("action"), "network_flow");
    object.word(key!("outcome"), outcome(conn.open()));
    object.word(key!("module"), "synfin");
    object.word(key!("dataset"), "synfin.connection");
    object.quoted(key!("start"), |out| utc.write(out, conn.start));
    object.quoted(key!("end"), |out| utc.write(out, conn.end));
    object.number(key!("duration"), conn.duration().0.max(0) as u64);
}

fn network(object: &mut Object<'_>, conn: &Conn, beside: Beside<'_>) {
    let version = conn.key.ip_version();
    let (transport, number) = match (conn.protocol(), version) {
        (Protocol::Tcp, _) => ("tcp", "6"),
        (Protocol::Udp, _) => ("udp", "17"),
        (Protocol::Icmp, 4) => ("icmp", "1"),
        (Protocol::Icmp, _) => ("ipv6-icmp", "58"),
    };
    object.word(key!("type"), if version == 4 { "ipv4" } else { "ipv6" });
    object.word(key!("transport"), transport);
    object.word(key!("iana_number"), number);
    // The name of what was heard, never that of the port alone.
    if let Some(app) = beside.talk.and_then(|talk| talk.app.as_ref()) {
        object.string(key!("protocol"), &app.name);
    }
    if community::is_known(conn) {
        object.quoted(key!("community_id"), |out| community::write(out, conn));
    }
    let [client, server] = Role::BOTH.map(|role| conn.half(role).counts());
    object.number(key!("bytes"), client.ip_bytes + server.ip_bytes);
    object.number(key!("packets"), client.packets + server.packets);
    // Outermost first; the schema has room for two.
    let mut vlans = conn.vlans.ids().iter();
    if let Some(outer) = vlans.next() {
        vlan(object, *outer);
    }
    if let Some(inner) = vlans.next() {
        object.object(key!("inner"), |object| vlan(object, *inner));
    }
}

fn vlan(object: &mut Object<'_>, id: u16) {
    object.object(key!("vlan"), |vlan| vlan.quoted(key!("id"), |out| out.dec(id.into())));
}

fn end(object: &mut Object<'_>, conn: &Conn, role: Role) {
    let (endpoint, counts) = (conn.endpoint(role), conn.half(role).counts());
    object.quoted(key!("address"), |out| out.ip(endpoint.addr));
    object.quoted(key!("ip"), |out| out.ip(endpoint.addr));
    if conn.protocol() != Protocol::Icmp {
        object.number(key!("port"), endpoint.port.into());
    }
    object.number(key!("bytes"), counts.ip_bytes);
    object.number(key!("packets"), counts.packets);
}

/// What the schema has no place for, by the names of the JSON record.
fn own(object: &mut Object<'_>, conn: &Conn) {
    let tcp = conn.protocol() == Protocol::Tcp;
    object.number(key!("id"), conn.id.0.into());
    object.word(key!("role_basis"), conn.role_basis.name());
    object.number(key!("incarnation"), conn.incarnation.into());
    object.number(key!("first_n"), conn.first_n);
    object.number(key!("last_n"), conn.last_n);
    object.word(key!("open"), conn.open().name());
    object.word(key!("close"), conn.close().name());
    if let Some(role) = conn.closed_by() {
        object.word(key!("closed_by"), role.name());
    }
    object.word(key!("conn_state"), conn.zeek_state());
    let mut letters = conn.history_letters().peekable();
    if letters.peek().is_some() {
        object.quoted(key!("history"), |out| out.extend(letters));
    }
    each(object, key!("payload_bytes"), |object, role| {
        object.number(of(role), conn.half(role).counts().payload_bytes);
    });
    if let Some(reply) = conn.reply_time() {
        object.signed(key!("reply_ns"), reply.0);
    }
    if !tcp {
        return;
    }
    object.number(key!("completeness"), conn.completeness().into());
    each(object, key!("state"), |object, role| {
        let standing = conn.half(role).standing;
        object.quoted(of(role), |out| {
            out.text(standing.state.name());
            out.push(standing.basis.mark() as u8);
        });
    });
    each(object, key!("retransmits"), |object, role| {
        object.number(of(role), conn.half(role).counts().retransmits.into());
    });
    each(object, key!("missed_bytes"), |object, role| {
        object.number(of(role), conn.half(role).counts().missed_bytes);
    });
    let timing = conn.timing();
    let spans = [
        (key!("rtt_server_ns"), timing.rtt_server),
        (key!("rtt_client_ns"), timing.rtt_client),
        (key!("irtt_ns"), timing.irtt()),
        (key!("setup_ns"), timing.setup),
    ];
    for (key, Span(ns)) in spans.into_iter().filter_map(|(key, span)| Some((key, span?))) {
        object.signed(key, ns);
    }
}

fn each(object: &mut Object<'_>, key: Key, write: impl Fn(&mut Object<'_>, Role)) {
    object.object(key, |object| Role::BOTH.into_iter().for_each(|role| write(object, role)));
}

/// Whether the capture has what began it.
fn saw_start(conn: &Conn) -> bool {
    match conn.open() {
        Open::Normal
        | Open::DataOn3rd
        | Open::Simultaneous
        | Open::Split
        | Open::TfoAccepted
        | Open::TfoIgnored
        | Open::MissingSynack
        | Open::MissingAck
        | Open::Refused
        | Open::Unreachable
        | Open::NoAnswer
        | Open::HalfOpen
        | Open::RejectedByClient
        | Open::Superseded => true,
        Open::MissingSyn | Open::SynackOnly | Open::Midstream | Open::Probe | Open::Answered | Open::Unanswered => {
            false
        }
    }
}

/// Whether the capture has what ended it.
fn saw_end(conn: &Conn) -> bool {
    match conn.close() {
        Close::Fin4 | Close::Fin3 | Close::FinSimultaneous | Close::Reset | Close::FinThenReset => true,
        Close::HalfClosed
        | Close::FinUnanswered
        | Close::OpenAtEnd
        | Close::Timeout
        | Close::Superseded
        | Close::LostClose
        | Close::Evicted
        | Close::CaptureEnd => false,
    }
}

/// Whether both ends came to speak.
fn outcome(open: Open) -> &'static str {
    match open {
        Open::Normal
        | Open::DataOn3rd
        | Open::Simultaneous
        | Open::Split
        | Open::TfoAccepted
        | Open::TfoIgnored
        | Open::MissingSyn
        | Open::MissingSynack
        | Open::MissingAck
        | Open::Midstream
        | Open::Answered => "success",
        Open::Refused | Open::Unreachable | Open::NoAnswer | Open::RejectedByClient => "failure",
        Open::HalfOpen | Open::SynackOnly | Open::Superseded | Open::Probe | Open::Unanswered => "unknown",
    }
}
