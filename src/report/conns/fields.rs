//! Chosen fields of a connection, by name: Wireshark's names where it has the field, and
//! `synfin.` before the path in the JSON record for everything.

use serde_json::Value;

use super::record::ConnRecord;
use crate::capture::Conn;
use crate::report::digits::Digits as _;
use crate::report::fields::Layout;
use crate::wire::Protocol;

/// Wireshark's names, and the path in the record.
const WIRESHARK: &[(&str, &str)] = &[
    ("frame.time_epoch", "start_ns"),
    ("ip.version", "ip_version"),
    ("ip.src", "client.addr"),
    ("ip.dst", "server.addr"),
    ("ipv6.src", "client.addr"),
    ("ipv6.dst", "server.addr"),
    ("vlan.id", "vlan"),
    ("tcp.srcport", "client.port"),
    ("tcp.dstport", "server.port"),
    ("tcp.stream", "stream"),
    ("tcp.completeness", "completeness"),
    ("udp.srcport", "client.port"),
    ("udp.dstport", "server.port"),
    ("udp.stream", "stream"),
    ("communityid", "community_id"),
];

/// Names of the `synfin.` family that differ from their path.
const SYNONYMS: &[(&str, &str)] = &[
    ("synfin.zeek_state", "conn_state"),
    ("synfin.client", "client.addr"),
    ("synfin.server", "server.addr"),
    ("synfin.client_state", "state.client"),
    ("synfin.server_state", "state.server"),
];

/// Every path of the record, `*` for each of `client` and `server`.
const PATHS: &[&str] = &[
    "id",
    "proto",
    "ip_version",
    "vlan",
    "client.addr",
    "client.port",
    "server.addr",
    "server.port",
    "role_basis",
    "incarnation",
    "first_n",
    "last_n",
    "start_ns",
    "end_ns",
    "open",
    "close",
    "closed_by",
    "syn_validated",
    "ack_validated",
    "state.*",
    "history",
    "conn_state",
    "completeness",
    "stream",
    "packets.*",
    "payload_bytes.*",
    "unique_bytes.*",
    "ip_bytes.*",
    "retransmits.*",
    "dup_acks.*",
    "zero_windows.*",
    "resets.*",
    "missed_bytes.*",
    "mss.*",
    "wscale.*",
    "sack_ok",
    "ts_ok",
    "rtt_server_ns",
    "rtt_client_ns",
    "irtt_ns",
    "setup_ns",
    "syn_wait_ns",
    "facts.*",
    "community_id",
];

/// A field that has been asked for and exists.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Field {
    name: String,
    path: String,
}

impl Field {
    /// The field called `name`; `None` where there is none.
    pub fn find(name: &str) -> Option<Self> {
        let known = WIRESHARK.iter().chain(SYNONYMS).find(|(known, _)| *known == name);
        let path = match known {
            Some((_, path)) => (*path).to_owned(),
            None => paths().find(|path| name.strip_prefix("synfin.").unwrap_or(name) == path)?,
        };
        Some(Self { name: name.to_owned(), path })
    }

    /// Every field of the record, in its order.
    pub fn all() -> Vec<Self> {
        paths().map(|path| Self { name: path.clone(), path }).collect()
    }

    /// The names there are.
    pub fn names() -> Vec<String> {
        let known = WIRESHARK.iter().chain(SYNONYMS).map(|(name, _)| (*name).to_owned());
        known.chain(paths().map(|path| format!("synfin.{path}"))).collect()
    }
}

/// Appends the line of names.
pub(super) fn names(out: &mut Vec<u8>, fields: &[Field], layout: Layout) {
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            out.push(layout.separator);
        }
        out.text(&field.name);
    }
    out.push(b'\n');
}

/// Appends the values of `fields` for `conn`, as tshark writes them; nothing where a field does
/// not apply.
pub(super) fn line(out: &mut Vec<u8>, conn: &Conn, fields: &[Field], layout: Layout) {
    write(out, conn, fields, layout, |out, value| {
        let quote = layout.quote.filter(|_| !value.is_empty());
        out.extend(quote);
        out.text(value);
        out.extend(quote);
    });
}

/// Appends the values of `fields` for `conn`, in quotes where a value could be misread.
pub(super) fn csv(out: &mut Vec<u8>, conn: &Conn, fields: &[Field], layout: Layout) {
    let special = [layout.separator, b'"', b'\n', b'\r'];
    write(out, conn, fields, layout, |out, value| {
        if layout.quote.is_none() && !value.bytes().any(|octet| special.contains(&octet)) {
            return out.text(value);
        }
        out.push(b'"');
        out.text(&value.replace('"', "\"\""));
        out.push(b'"');
    });
}

fn write(out: &mut Vec<u8>, conn: &Conn, fields: &[Field], layout: Layout, put: impl Fn(&mut Vec<u8>, &str)) {
    let record = serde_json::to_value(ConnRecord::of(conn)).unwrap_or(Value::Null);
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            out.push(layout.separator);
        }
        if applies(&field.name, conn) {
            put(out, &value(&record, field, char::from(layout.aggregator)));
        }
    }
    out.push(b'\n');
}

/// Whether a field of this family exists for `conn` at all.
fn applies(name: &str, conn: &Conn) -> bool {
    match name.split('.').next() {
        Some("tcp") => conn.protocol() == Protocol::Tcp,
        Some("udp") => conn.protocol() == Protocol::Udp,
        Some("ip") => name == "ip.version" || conn.key.ip_version() == 4,
        Some("ipv6") => conn.key.ip_version() == 6,
        _ => true,
    }
}

fn value(record: &Value, field: &Field, between: char) -> String {
    let found = field.path.split('.').try_fold(record, |value, key| value.get(key)).unwrap_or(&Value::Null);
    if field.name == "frame.time_epoch" {
        let ns = found.as_u64().unwrap_or(0);
        return format!("{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000);
    }
    written(found, between)
}

fn written(value: &Value, between: char) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| written(item, between)).collect();
            items.join(between.encode_utf8(&mut [0; 4]))
        }
        // Facts: the letter, its basis, the packet: `a!2,b!2`.
        Value::Object(facts) => {
            let facts = facts.iter().map(|(letter, fact)| {
                let part = |key| fact.get(key).map(|part| written(part, between)).unwrap_or_default();
                format!("{letter}{}{}", part("basis"), part("n"))
            });
            facts.collect::<Vec<_>>().join(between.encode_utf8(&mut [0; 4]))
        }
    }
}

fn paths() -> impl Iterator<Item = String> {
    PATHS.iter().flat_map(|path| match path.strip_suffix(".*") {
        Some(stem) => vec![format!("{stem}.client"), format!("{stem}.server")],
        None => vec![(*path).to_owned()],
    })
}
