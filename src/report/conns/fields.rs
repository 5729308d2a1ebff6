//! Chosen fields of a connection, by name: Wireshark's names where it has the field, and for
//! everything the path in the JSON record, with or without `synfin.` in front.

use super::community;
use crate::capture::Conn;
use crate::capture::track::{Counts, Ends, Exchange, Fact, Offer, Role};
use crate::report::digits::Digits as _;
use crate::report::fields::{Form, Layout};
use crate::report::process::Process;
use crate::report::tables::{Cell, Kind, quote};
use crate::wire::Protocol;

/// A field that has been asked for and exists.
#[derive(Clone, Debug)]
pub struct Field {
    name: String,
    kind: Kind,
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
    /// Of the process at one of them.
    Process(fn(&Process, &mut Cell<'_>), Role),
}

/// A path in the record, and how its value is read: at once, or for each of `.client` and
/// `.server`.
enum Path {
    One(&'static str, Kind, fn(&Conn, &mut Cell<'_>)),
    Each(&'static str, Kind, fn(&Conn, Role, &mut Cell<'_>)),
    Owner(&'static str, Kind, Role, fn(&Process, &mut Cell<'_>)),
}

use Kind::{Number, Numbers, Text, Texts, Truth};
use Path::{Each, One, Owner};

/// Every path of the record, in its order.
const PATHS: &[Path] = &[
    One("id", Number, |conn, cell| cell.dec(conn.id.0)),
    One("proto", Text, |conn, cell| cell.word(conn.protocol().name())),
    One("ip_version", Number, |conn, cell| cell.dec(conn.key.ip_version())),
    One("vlan", Numbers, |conn, cell| conn.vlans.ids().iter().for_each(|id| cell.item(|text| text.dec((*id).into())))),
    One("client.addr", Text, |conn, cell| cell.text.ip(conn.endpoint(Role::Client).addr)),
    One("client.port", Number, |conn, cell| port(conn, Role::Client, cell)),
    One("server.addr", Text, |conn, cell| cell.text.ip(conn.endpoint(Role::Server).addr)),
    One("server.port", Number, |conn, cell| port(conn, Role::Server, cell)),
    One("role_basis", Text, |conn, cell| cell.word(conn.role_basis.name())),
    One("incarnation", Number, |conn, cell| cell.dec(conn.incarnation)),
    One("first_n", Number, |conn, cell| cell.dec(conn.first_n)),
    One("last_n", Number, |conn, cell| cell.dec(conn.last_n)),
    One("start_ns", Number, |conn, cell| cell.dec(conn.start.0)),
    One("end_ns", Number, |conn, cell| cell.dec(conn.end.0)),
    One("open", Text, |conn, cell| cell.word(conn.open().name())),
    One("close", Text, |conn, cell| cell.word(conn.close().name())),
    One("closed_by", Text, |conn, cell| cell.word(conn.closed_by().map_or("", Role::name))),
    One("syn_validated", Truth, |conn, cell| tcp(conn, cell, |cell| cell.truth(conn.syn_validated()))),
    One("ack_validated", Truth, |conn, cell| tcp(conn, cell, |cell| cell.truth(conn.ack_validated()))),
    Each("state", Text, state),
    One("history", Text, |conn, cell| cell.text.extend(conn.history_letters())),
    One("conn_state", Text, |conn, cell| cell.word(conn.zeek_state())),
    One("completeness", Number, |conn, cell| tcp(conn, cell, |cell| cell.dec(conn.completeness()))),
    One("stream", Number, |conn, cell| cell.dec(conn.stream)),
    Each("packets", Number, |conn, role, cell| cell.dec(counts(conn, role).packets)),
    Each("payload_bytes", Number, |conn, role, cell| cell.dec(counts(conn, role).payload_bytes)),
    Each("unique_bytes", Number, |conn, role, cell| tcp(conn, cell, |cell| cell.dec(counts(conn, role).unique_bytes))),
    Each("ip_bytes", Number, |conn, role, cell| cell.dec(counts(conn, role).ip_bytes)),
    Each("retransmits", Number, |conn, role, cell| tcp(conn, cell, |cell| cell.dec(counts(conn, role).retransmits))),
    Each("dup_acks", Number, |conn, role, cell| tcp(conn, cell, |cell| cell.dec(counts(conn, role).dup_acks))),
    Each("zero_windows", Number, |conn, role, cell| tcp(conn, cell, |cell| cell.dec(counts(conn, role).zero_windows))),
    Each("resets", Number, |conn, role, cell| tcp(conn, cell, |cell| cell.dec(counts(conn, role).resets))),
    Each("missed_bytes", Number, |conn, role, cell| tcp(conn, cell, |cell| cell.dec(counts(conn, role).missed_bytes))),
    Each("mss", Number, |conn, role, cell| cell.number(offer(conn, role).and_then(|offer| offer.mss))),
    Each("wscale", Number, |conn, role, cell| cell.number(offer(conn, role).and_then(|offer| offer.wscale))),
    One("sack_ok", Truth, |conn, cell| agreed(conn, |offer| offer.sack_ok, cell)),
    One("ts_ok", Truth, |conn, cell| agreed(conn, |offer| offer.ts_ok, cell)),
    One("rtt_server_ns", Number, |conn, cell| cell.span(conn.timing().rtt_server)),
    One("rtt_client_ns", Number, |conn, cell| cell.span(conn.timing().rtt_client)),
    One("irtt_ns", Number, |conn, cell| cell.span(conn.timing().irtt())),
    One("setup_ns", Number, |conn, cell| cell.span(conn.timing().setup)),
    One("syn_wait_ns", Number, |conn, cell| cell.span(conn.timing().syn_wait())),
    One("exchange", Text, |conn, cell| cell.word(conn.exchange().map_or("", Exchange::name))),
    One("reply_ns", Number, |conn, cell| cell.span(conn.reply_time())),
    Each("facts", Texts, facts),
    Owner("process.client.pid", Number, Role::Client, |process, cell| cell.dec(process.pid)),
    Owner("process.client.name", Text, Role::Client, |process, cell| cell.outside(&process.name)),
    Owner("process.server.pid", Number, Role::Server, |process, cell| cell.dec(process.pid)),
    Owner("process.server.name", Text, Role::Server, |process, cell| cell.outside(&process.name)),
    One("community_id", Text, |conn, cell| community::write(cell.text, conn)),
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
        let (_, kind, read) = paths().find(|(path, ..)| path == wanted)?;
        Some(Self { family: Family::of(name), name: name.to_owned(), kind, read })
    }

    /// Every field of the record, in its order.
    pub fn all() -> Vec<Self> {
        paths().map(|(name, kind, read)| Self { family: Family::of(&name), name, kind, read }).collect()
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its cells hold.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Writes its value for `conn`; nothing where it has none.
    pub(super) fn write(&self, conn: &Conn, owners: Ends<Option<&Process>>, cell: &mut Cell<'_>) {
        if !self.family.has(conn) {
            return;
        }
        match self.read {
            Read::One(read) => read(conn, cell),
            Read::End(read, role) => read(conn, role, cell),
            Read::Process(read, role) => {
                if let Some(process) = owners.of(role) {
                    read(process, cell);
                }
            }
        }
    }

    /// The names there are.
    pub fn names() -> Vec<String> {
        let synonyms = SYNONYMS.iter().map(|(name, _)| (*name).to_owned());
        synonyms.chain(paths().map(|(path, ..)| format!("synfin.{path}"))).collect()
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

/// Appends the values of `fields` for `conn`; nothing where a field does not apply.
pub(super) fn line(out: &mut Vec<u8>, conn: &Conn, owners: Ends<Option<&Process>>, fields: &[Field], layout: Layout) {
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            out.push(layout.separator);
        }
        let start = out.len();
        field.write(conn, owners, &mut Cell::begin(out, layout.aggregator));
        match layout.form {
            Form::Plain => {
                if let (Some(quote), true) = (layout.quote, out.len() > start) {
                    out.insert(start, quote);
                    out.push(quote);
                }
            }
            Form::Quoted => quote::csv(out, start, layout),
            Form::Tabs => quote::tsv(out, start),
        }
    }
    out.push(b'\n');
}

/// What only TCP has.
fn tcp(conn: &Conn, cell: &mut Cell<'_>, write: impl FnOnce(&mut Cell<'_>)) {
    if conn.protocol() == Protocol::Tcp {
        write(cell);
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
    tcp(conn, cell, |cell| {
        cell.word(standing.state.name());
        cell.text.push(standing.basis.mark() as u8);
    });
}

fn port(conn: &Conn, role: Role, cell: &mut Cell<'_>) {
    if conn.protocol() != Protocol::Icmp {
        cell.dec(conn.endpoint(role).port);
    }
}

fn agreed(conn: &Conn, offered: fn(&Offer) -> bool, cell: &mut Cell<'_>) {
    if let (Some(client), Some(server)) = (offer(conn, Role::Client), offer(conn, Role::Server)) {
        cell.truth(offered(&client) && offered(&server));
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

/// The paths with their roles.
fn paths() -> impl Iterator<Item = (String, Kind, Read)> {
    PATHS.iter().flat_map(|path| match *path {
        One(name, kind, read) => vec![(name.to_owned(), kind, Read::One(read))],
        Each(name, kind, read) => {
            Role::BOTH.map(|role| (format!("{name}.{}", role.name()), kind, Read::End(read, role))).to_vec()
        }
        Owner(name, kind, role, read) => vec![(name.to_owned(), kind, Read::Process(read, role))],
    })
}
