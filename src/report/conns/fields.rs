//! Chosen fields of a connection, by name: Wireshark's names where it has the field, and for
//! everything the path in the JSON record, with or without `synfin.` in front.

use super::{Beside, community};
use crate::capture::Conn;
use crate::capture::apps::{self, Confidence, Evidence, Talk, tls};
use crate::capture::track::{Counts, Exchange, Fact, Offer, Role};
use crate::report::apps::Summary;
use crate::report::digits::Digits as _;
use crate::report::fields::{Form, Layout};
use crate::report::paint;
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
    /// Of what runs on it.
    App(ReadApp),
    /// Of what was heard there.
    Talk(ReadTalk),
    /// Of the process at one of them.
    Process(fn(&Process, &mut Cell<'_>), Role),
}

/// A path in the record, and how its value is read: at once, or for each of `.client` and
/// `.server`.
enum Path {
    App(&'static str, Kind, ReadApp),
    Talk(&'static str, Kind, ReadTalk),
    One(&'static str, Kind, fn(&Conn, &mut Cell<'_>)),
    Each(&'static str, Kind, fn(&Conn, Role, &mut Cell<'_>)),
    Owner(&'static str, Kind, Role, fn(&Process, &mut Cell<'_>)),
}

use Kind::{Number, Numbers, Text, Texts, Truth};
use Path::{App, Each, One, Owner, Talk as Heard};

/// Reads what runs on a connection, and what of that was heard.
type ReadApp = fn(&Conn, Option<&Talk>, &mut Cell<'_>);
type ReadTalk = fn(&Summary<'_>, &Talk, &mut Cell<'_>);

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
    App("app.name", Text, |conn, talk, cell| {
        if let Some(app) = Talk::app_of(talk, conn) {
            cell.outside(&app.name);
        }
    }),
    App("app.evidence", Text, |conn, talk, cell| {
        cell.word(app(conn, talk).map_or("", |(evidence, _)| evidence.name()));
    }),
    App("app.confidence", Text, |conn, talk, cell| {
        cell.word(app(conn, talk).map_or("", |(_, confidence)| confidence.name()));
    }),
    App("app.port", Text, |conn, talk, cell| cell.word(apps::port(conn, talk).map_or("", |port| port.service))),
    App("app.disagrees", Truth, |conn, talk, cell| {
        if let Some(port) = apps::port(conn, talk) {
            cell.truth(port.disagrees);
        }
    }),
    Heard("app.tls.server_name", Text, |told, _, cell| {
        maybe(told.hello.and_then(|hello| hello.server_name.as_deref()), cell);
    }),
    Heard("app.tls.offered", Text, |told, _, cell| {
        cell.word(&told.hello.map(|hello| tls::version(hello.version)).unwrap_or_default());
    }),
    Heard("app.tls.alpn", Texts, |told, _, cell| {
        for alpn in told.hello.iter().flat_map(|hello| &hello.alpn) {
            cell.item(|text| paint::escape(text, alpn.as_bytes()));
        }
    }),
    Heard("app.tls.ja4", Text, |told, _, cell| cell.word(told.hello.map_or("", |hello| &hello.ja4))),
    Heard("app.tls.version", Text, |told, _, cell| {
        cell.word(&told.chosen.map(|chosen| tls::version(chosen.version)).unwrap_or_default());
    }),
    Heard("app.tls.certificate.subject", Text, |told, _, cell| {
        maybe(told.certificate.and_then(|certificate| certificate.subject.as_deref()), cell);
    }),
    Heard("app.host", Text, |told, _, cell| maybe(told.request.and_then(|request| request.host.as_deref()), cell)),
    Heard("app.user_agent", Text, |told, _, cell| {
        maybe(told.request.and_then(|request| request.user_agent.as_deref()), cell);
    }),
    Heard("app.user", Text, |told, _, cell| maybe(told.user, cell)),
    Heard("app.server", Text, |told, _, cell| maybe(told.server, cell)),
    Heard("app.ssh.client", Text, |told, _, cell| maybe(told.ssh[0].map(|version| &*version.text), cell)),
    Heard("app.ssh.server", Text, |told, _, cell| maybe(told.ssh[1].map(|version| &*version.text), cell)),
    Heard("app.asked", Number, |_, talk, cell| cell.dec(talk.asked)),
    Heard("app.answered", Number, |_, talk, cell| cell.dec(talk.answered)),
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

    /// Every field of the record, in its order, but those of what runs on a connection.
    pub fn all() -> Vec<Self> {
        Self::all_with_apps().into_iter().filter(|field| !field.is_of_app()).collect()
    }

    /// Every field of the record, in its order.
    pub fn all_with_apps() -> Vec<Self> {
        paths().map(|(name, kind, read)| Self { family: Family::of(&name), name, kind, read }).collect()
    }

    /// Whether somebody has to listen for it to be known.
    pub fn is_of_app(&self) -> bool {
        matches!(self.read, Read::App(_) | Read::Talk(_))
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
    pub(super) fn write(&self, conn: &Conn, beside: Beside<'_>, cell: &mut Cell<'_>) {
        if !self.family.has(conn) {
            return;
        }
        match self.read {
            Read::One(read) => read(conn, cell),
            Read::End(read, role) => read(conn, role, cell),
            Read::App(read) => read(conn, beside.talk, cell),
            Read::Talk(read) => {
                if let Some(talk) = beside.talk {
                    read(&Summary::of(talk), talk, cell);
                }
            }
            Read::Process(read, role) => {
                if let Some(process) = beside.owners.of(role) {
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
pub(super) fn line(out: &mut Vec<u8>, conn: &Conn, beside: Beside<'_>, fields: &[Field], layout: Layout) {
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            out.push(layout.separator);
        }
        let start = out.len();
        field.write(conn, beside, &mut Cell::begin(out, layout.aggregator));
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

/// Why something is said to run there, and how firmly.
fn app(conn: &Conn, talk: Option<&Talk>) -> Option<(Evidence, Confidence)> {
    Talk::app_of(talk, conn).map(|app| (app.evidence, app.confidence))
}

/// Text from outside, if there is any.
fn maybe(text: Option<&str>, cell: &mut Cell<'_>) {
    if let Some(text) = text {
        cell.outside(text);
    }
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
        App(name, kind, read) => vec![(name.to_owned(), kind, Read::App(read))],
        Heard(name, kind, read) => vec![(name.to_owned(), kind, Read::Talk(read))],
        Owner(name, kind, role, read) => vec![(name.to_owned(), kind, Read::Process(read, role))],
    })
}
