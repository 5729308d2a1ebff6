//! Chosen fields of a connection, by name: Wireshark's names where it has the field, and for
//! everything the path in the JSON record, with or without `synfin.` in front.

use super::community;
use crate::capture::Conn;
use crate::capture::track::{Counts, Exchange, Fact, Offer, Role};
use crate::report::digits::Digits as _;
use crate::report::fields::Layout;
use crate::wire::{Protocol, Span};

/// A field that has been asked for and exists.
#[derive(Clone, Debug)]
pub struct Field {
    name: String,
    read: Read,
    family: Family,
}

/// Which connections have a field at all.
#[derive(Clone, Copy, Debug)]
enum Family {
    All,
    Protocol(Protocol),
    IpVersion(u8),
}

/// How a field's value is read.
#[derive(Clone, Copy, Debug)]
enum Read {
    /// Of the connection.
    One(fn(&Conn, &mut Cell<'_>)),
    /// Of one of its ends.
    End(fn(&Conn, Role, &mut Cell<'_>), Role),
}

/// A path in the record, and how its value is read: at once, or for each of `.client` and
/// `.server`.
enum Path {
    One(&'static str, fn(&Conn, &mut Cell<'_>)),
    Each(&'static str, fn(&Conn, Role, &mut Cell<'_>)),
}

/// A value being written at the end of a line.
struct Cell<'a> {
    text: &'a mut Vec<u8>,
    /// Where it begins.
    start: usize,
    /// Stands between the items of a list.
    between: u8,
}

use Path::{Each, One};

/// Every path of the record, in its order.
const PATHS: &[Path] = &[
    One("id", |conn, cell| cell.text.dec(conn.id.0.into())),
    One("proto", |conn, cell| cell.text.text(conn.protocol().name())),
    One("ip_version", |conn, cell| cell.text.dec(conn.key.ip_version().into())),
    One("vlan", |conn, cell| conn.vlans.ids().iter().for_each(|id| cell.item(|text| text.dec((*id).into())))),
    One("client.addr", |conn, cell| cell.text.ip(conn.endpoint(Role::Client).addr)),
    One("client.port", |conn, cell| port(conn, Role::Client, cell)),
    One("server.addr", |conn, cell| cell.text.ip(conn.endpoint(Role::Server).addr)),
    One("server.port", |conn, cell| port(conn, Role::Server, cell)),
    One("role_basis", |conn, cell| cell.text.text(conn.role_basis.name())),
    One("incarnation", |conn, cell| cell.text.dec(conn.incarnation.into())),
    One("first_n", |conn, cell| cell.text.dec(conn.first_n)),
    One("last_n", |conn, cell| cell.text.dec(conn.last_n)),
    One("start_ns", |conn, cell| cell.text.dec(conn.start.0)),
    One("end_ns", |conn, cell| cell.text.dec(conn.end.0)),
    One("open", |conn, cell| cell.text.text(conn.open().name())),
    One("close", |conn, cell| cell.text.text(conn.close().name())),
    One("closed_by", |conn, cell| cell.text.text(conn.closed_by().map_or("", Role::name))),
    One("syn_validated", |conn, cell| cell.tcp(conn, |text| text.text(truth(conn.syn_validated())))),
    One("ack_validated", |conn, cell| cell.tcp(conn, |text| text.text(truth(conn.ack_validated())))),
    Each("state", state),
    One("history", |conn, cell| cell.text.extend(conn.history_letters())),
    One("conn_state", |conn, cell| cell.text.text(conn.zeek_state())),
    One("completeness", |conn, cell| cell.tcp(conn, |text| text.dec(conn.completeness().into()))),
    One("stream", |conn, cell| cell.text.dec(conn.stream.into())),
    Each("packets", |conn, role, cell| cell.text.dec(counts(conn, role).packets)),
    Each("payload_bytes", |conn, role, cell| cell.text.dec(counts(conn, role).payload_bytes)),
    Each("unique_bytes", |conn, role, cell| cell.tcp(conn, |text| text.dec(counts(conn, role).unique_bytes))),
    Each("ip_bytes", |conn, role, cell| cell.text.dec(counts(conn, role).ip_bytes)),
    Each("retransmits", |conn, role, cell| cell.tcp(conn, |text| text.dec(counts(conn, role).retransmits.into()))),
    Each("dup_acks", |conn, role, cell| cell.tcp(conn, |text| text.dec(counts(conn, role).dup_acks.into()))),
    Each("zero_windows", |conn, role, cell| cell.tcp(conn, |text| text.dec(counts(conn, role).zero_windows.into()))),
    Each("resets", |conn, role, cell| cell.tcp(conn, |text| text.dec(counts(conn, role).resets.into()))),
    Each("missed_bytes", |conn, role, cell| cell.tcp(conn, |text| text.dec(counts(conn, role).missed_bytes))),
    Each("mss", |conn, role, cell| cell.number(offer(conn, role).and_then(|offer| offer.mss))),
    Each("wscale", |conn, role, cell| cell.number(offer(conn, role).and_then(|offer| offer.wscale))),
    One("sack_ok", |conn, cell| agreed(conn, |offer| offer.sack_ok, cell)),
    One("ts_ok", |conn, cell| agreed(conn, |offer| offer.ts_ok, cell)),
    One("rtt_server_ns", |conn, cell| cell.span(conn.timing().rtt_server)),
    One("rtt_client_ns", |conn, cell| cell.span(conn.timing().rtt_client)),
    One("irtt_ns", |conn, cell| cell.span(conn.timing().irtt())),
    One("setup_ns", |conn, cell| cell.span(conn.timing().setup)),
    One("syn_wait_ns", |conn, cell| cell.span(conn.timing().syn_wait())),
    One("exchange", |conn, cell| cell.text.text(conn.exchange().map_or("", Exchange::name))),
    One("reply_ns", |conn, cell| cell.span(conn.reply_time())),
    Each("facts", facts),
    One("community_id", |conn, cell| community::write(cell.text, conn)),
];

/// Names that stand for a path.
const SYNONYMS: &[(&str, &str)] = &[
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
    ("synfin.zeek_state", "conn_state"),
    ("synfin.client.state", "state.client"),
    ("synfin.server.state", "state.server"),
];

impl Field {
    /// The field called `name`; `None` where there is none.
    pub fn find(name: &str) -> Option<Self> {
        let synonym = SYNONYMS.iter().find(|(known, _)| *known == name).map(|(_, path)| *path);
        let wanted = synonym.unwrap_or_else(|| name.strip_prefix("synfin.").unwrap_or(name));
        let read = paths().find(|(path, _)| path == wanted)?.1;
        Some(Self { family: Family::of(name), name: name.to_owned(), read })
    }

    /// Every field of the record, in its order.
    pub fn all() -> Vec<Self> {
        paths().map(|(name, read)| Self { family: Family::of(&name), name, read }).collect()
    }

    /// The names there are.
    pub fn names() -> Vec<String> {
        let synonyms = SYNONYMS.iter().map(|(name, _)| (*name).to_owned());
        synonyms.chain(paths().map(|(path, _)| format!("synfin.{path}"))).collect()
    }
}

impl Family {
    /// By the name of a field.
    fn of(name: &str) -> Self {
        match name.split('.').next() {
            _ if name == "ip.version" => Self::All,
            Some("tcp") => Self::Protocol(Protocol::Tcp),
            Some("udp") => Self::Protocol(Protocol::Udp),
            Some("ip") => Self::IpVersion(4),
            Some("ipv6") => Self::IpVersion(6),
            _ => Self::All,
        }
    }

    fn has(self, conn: &Conn) -> bool {
        match self {
            Self::All => true,
            Self::Protocol(protocol) => conn.protocol() == protocol,
            Self::IpVersion(version) => conn.key.ip_version() == version,
        }
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
    write(out, conn, fields, layout, |out, start| {
        if let (Some(quote), true) = (layout.quote, out.len() > start) {
            out.insert(start, quote);
            out.push(quote);
        }
    });
}

/// Appends the values of `fields` for `conn`, in quotes where a value could be misread (RFC 4180).
pub(super) fn csv(out: &mut Vec<u8>, conn: &Conn, fields: &[Field], layout: Layout) {
    let special = [layout.separator, b'"', b'\n', b'\r'];
    write(out, conn, fields, layout, |out, start| {
        let value = out.get(start..).unwrap_or_default();
        if layout.quote.is_none() && !value.iter().any(|octet| special.contains(octet)) {
            return;
        }
        let value = value.to_vec();
        out.truncate(start);
        out.push(b'"');
        for octet in value {
            if octet == b'"' {
                out.push(b'"');
            }
            out.push(octet);
        }
        out.push(b'"');
    });
}

/// Appends the values of `fields`; `quote` is shown each where it stands at the end.
fn write(out: &mut Vec<u8>, conn: &Conn, fields: &[Field], layout: Layout, quote: impl Fn(&mut Vec<u8>, usize)) {
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            out.push(layout.separator);
        }
        if field.family.has(conn) {
            let start = out.len();
            let mut cell = Cell { start, text: out, between: layout.aggregator };
            match field.read {
                Read::One(read) => read(conn, &mut cell),
                Read::End(read, role) => read(conn, role, &mut cell),
            }
            quote(out, start);
        }
    }
    out.push(b'\n');
}

impl Cell<'_> {
    /// Appends an item of a list.
    fn item(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.text.len() > self.start {
            self.text.push(self.between);
        }
        write(self.text);
    }

    /// Appends what only TCP has.
    fn tcp(&mut self, conn: &Conn, write: impl FnOnce(&mut Vec<u8>)) {
        if conn.protocol() == Protocol::Tcp {
            write(self.text);
        }
    }

    fn number<N: Into<u64>>(&mut self, number: Option<N>) {
        if let Some(number) = number {
            self.text.dec(number.into());
        }
    }

    fn span(&mut self, span: Option<Span>) {
        if let Some(Span(ns)) = span {
            if ns < 0 {
                self.text.push(b'-');
            }
            self.text.dec(ns.unsigned_abs());
        }
    }
}

fn counts(conn: &Conn, role: Role) -> Counts {
    conn.half(role).counts()
}

fn offer(conn: &Conn, role: Role) -> Option<Offer> {
    conn.half(role).offer
}

fn state(conn: &Conn, role: Role, cell: &mut Cell<'_>) {
    let standing = conn.half(role).standing;
    cell.tcp(conn, |text| {
        text.text(standing.state.name());
        text.push(standing.basis.mark() as u8);
    });
}

fn port(conn: &Conn, role: Role, cell: &mut Cell<'_>) {
    if conn.protocol() != Protocol::Icmp {
        cell.text.dec(conn.endpoint(role).port.into());
    }
}

fn agreed(conn: &Conn, offered: fn(&Offer) -> bool, cell: &mut Cell<'_>) {
    if let (Some(client), Some(server)) = (offer(conn, Role::Client), offer(conn, Role::Server)) {
        cell.text.text(truth(offered(&client) && offered(&server)));
    }
}

/// `a!2`: the letter, its basis, the packet that taught it.
fn facts(conn: &Conn, role: Role, cell: &mut Cell<'_>) {
    for fact in Fact::ALL {
        if let Some((basis, n)) = conn.taught(role, fact).filter(|_| conn.protocol() == Protocol::Tcp) {
            cell.item(|text| {
                text.extend([fact.letter() as u8, basis.mark() as u8]);
                text.dec(n);
            });
        }
    }
}

const fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// The paths with their roles.
fn paths() -> impl Iterator<Item = (String, Read)> {
    PATHS.iter().flat_map(|path| match *path {
        One(name, read) => vec![(name.to_owned(), Read::One(read))],
        Each(name, read) => Role::BOTH.map(|role| (format!("{name}.{}", role.name()), Read::End(read, role))).to_vec(),
    })
}
