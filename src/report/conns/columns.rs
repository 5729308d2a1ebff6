//! The columns of the connection table.

use std::ops::Range;

use super::Beside;
use super::pen::Pen;
use super::row::Row;
use crate::capture::Conn;
use crate::capture::apps::{self, Evidence, Talk};
use crate::capture::track::{Ends, Role, Unanswered};
use crate::report::apps as report;
use crate::report::digits::Digits as _;
use crate::report::process::Process;
use crate::report::short::Short;
use crate::report::table::{Align, Cells, Column, Table, cells};
use crate::wire::{FlowKey, Protocol, ports};

const fn column(title: &'static str, align: Align, rank: u8) -> Column {
    Column { title, align, rank, shrink: None, dull: "" }
}

/// Those of every table.
const COMMON_COLUMNS: usize = 21;

/// In order from left to right, the last only where somebody listens; the rank says what goes first
/// where room is short.
pub(super) const COLUMNS: &[Column] = &[
    column("#", Align::Right, 0),
    Column { dull: "tcp", ..column("PROTO", Align::Left, 0) },
    Column { shrink: Some(21), ..column("CLIENT", Align::Left, 0) },
    Column { shrink: Some(21), ..column("SERVER", Align::Left, 0) },
    Column { dull: "-", ..column("SERVICE", Align::Left, 5) },
    Column { dull: "-", shrink: Some(15), ..column("PROCESSES", Align::Left, 4) },
    Column { dull: "-", ..column("MESSAGES", Align::Left, 2) },
    column("OPEN", Align::Left, 0),
    Column { dull: "-", ..column("CLOSE", Align::Left, 0) },
    Column { dull: "-", ..column("BY", Align::Left, 2) },
    Column { dull: "-", ..column("CLIENT STATE", Align::Left, 9) },
    Column { dull: "-", ..column("SERVER STATE", Align::Left, 9) },
    Column { dull: "", ..column("HISTORY", Align::Left, 7) },
    column("PKTS>", Align::Right, 6),
    column("<PKTS", Align::Right, 6),
    column("BYTES>", Align::Right, 3),
    column("<BYTES", Align::Right, 3),
    Column { dull: "0", ..column("REXMT", Align::Right, 8) },
    Column { dull: "-", ..column("RTT SRV", Align::Right, 4) },
    Column { dull: "-", ..column("RTT CLI", Align::Right, 4) },
    column("DURATION", Align::Right, 1),
    Column { dull: "-", shrink: Some(24), ..column("APP", Align::Left, 2) },
];

/// What each column is called by those who choose.
const NAMES: [&str; 22] = [
    "id",
    "proto",
    "client",
    "server",
    "service",
    "processes",
    "messages",
    "open",
    "close",
    "by",
    "client-state",
    "server-state",
    "history",
    "client-packets",
    "server-packets",
    "client-bytes",
    "server-bytes",
    "retransmits",
    "rtt-server",
    "rtt-client",
    "duration",
    "app",
];

const _: () = assert!(NAMES.len() == COLUMNS.len());

/// Which columns a table has. Unless they are chosen, those that say the same in every row are left
/// out.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Columns {
    chosen: Vec<usize>,
    all: bool,
    apps: bool,
}

impl Columns {
    /// The names there are.
    pub const fn names() -> &'static [&'static str] {
        &NAMES
    }

    /// Every column.
    pub fn all() -> Self {
        Self { chosen: Vec::new(), all: true, apps: false }
    }

    /// Those of these names, in this order; all that tell something where there are none.
    pub fn chosen<S: AsRef<str>>(names: &[S]) -> Self {
        let number = |name: &S| NAMES.iter().position(|known| *known == name.as_ref());
        let chosen: Vec<usize> = names.iter().filter_map(number).collect();
        Self { all: !chosen.is_empty(), apps: chosen.contains(&COMMON_COLUMNS), chosen }
    }

    /// The same, and what runs on connections.
    #[must_use]
    pub fn with_apps(self) -> Self {
        Self { apps: true, ..self }
    }

    /// Whether somebody has to listen.
    pub fn wants_apps(&self) -> bool {
        self.apps
    }

    /// How many cells a row has before some are chosen.
    pub(super) fn cells(&self) -> usize {
        if self.apps { COLUMNS.len() } else { COMMON_COLUMNS }
    }

    /// A table of them.
    pub(super) fn table(&self) -> Table {
        let table = if self.chosen.is_empty() {
            Table::new(COLUMNS.get(..self.cells()).unwrap_or(COLUMNS))
        } else {
            let columns = self.chosen.iter().filter_map(|number| COLUMNS.get(*number).copied());
            Table::new(columns.collect::<Vec<_>>())
        };
        if self.all { table.with_all() } else { table }
    }

    /// Whether each is there once, in its own order.
    pub(super) const fn are_in_order(&self) -> bool {
        self.chosen.is_empty()
    }

    /// Makes of the row of all columns that begins at `start` one of those that were chosen.
    pub(super) fn choose(&self, rows: &mut Vec<u8>, start: usize) {
        if self.chosen.is_empty() {
            return;
        }
        let row = rows.split_off(start);
        let all: Vec<&[u8]> =
            cells(&row, self.cells()).map(|(text, len)| text.get(..len).unwrap_or_default()).collect();
        let mut cells = Cells::begin(rows, self.chosen.len());
        for number in &self.chosen {
            cells.cell(|out| out.extend_from_slice(all.get(*number).copied().unwrap_or_default()));
        }
    }
}

/// A row as there are many, and as wide: a table that begins without its rows has room for it.
pub(super) const COMMON: &[&str] = &[
    "1000",
    "tcp",
    "192.168.100.100:50000",
    "192.168.100.100:50000",
    "-",
    "-",
    "-",
    "missing_syn",
    "fin_then_reset",
    "client",
    "CLOSE_WAIT?",
    "TIME_WAIT!",
    "ShADadFf",
    "100",
    "100",
    "100.0K",
    "100.0K",
    "0",
    "100.0ms",
    "100.0ms",
    "100.0ms",
    "https example.com",
];

/// Appends the row of `conn`, a cell for each column.
pub(super) fn write(out: &mut Vec<u8>, conn: &Conn, beside: Beside<'_>, columns: &Columns) {
    put(&mut Cells::begin(out, columns.cells()), conn, beside, columns);
}

/// Puts the cells of the row of `conn` where `pen` has them.
#[inline]
pub(super) fn put(pen: &mut impl Pen, conn: &Conn, beside: Beside<'_>, columns: &Columns) {
    let protocol = conn.protocol();
    let tcp = protocol == Protocol::Tcp;
    let [client, server] = Role::BOTH.map(|role| conn.half(role));
    pen.number(conn.id.0.into());
    put_protocol(pen, protocol);
    put_endpoint(pen, conn, Role::Client, beside);
    put_endpoint(pen, conn, Role::Server, beside);
    put_service(pen, service(conn));
    match beside.owners {
        Ends { client: None, server: None } => pen.dash(),
        owners => pen.text(|out| processes(out, owners)),
    }
    match beside.spoken {
        Some(spoken) => pen.text(|out| spoken.write_cell(out)),
        None => pen.dash(),
    }
    pen.open(conn.open());
    if tcp {
        pen.close(conn.close());
    } else {
        pen.dash();
    }
    put_role(pen, conn.closed_by());
    if tcp {
        pen.standing(client.standing);
        pen.standing(server.standing);
    } else {
        pen.dash();
        pen.dash();
    }
    pen.history(conn);
    put_back(pen, conn);
    if columns.apps {
        pen.text(|out| app(out, conn, beside.talk));
    }
}

#[inline]
fn put_protocol(pen: &mut impl Pen, protocol: Protocol) {
    match (protocol, const { Short::constant(Protocol::Tcp.name(), None) }) {
        (Protocol::Tcp, Some(tcp)) => pen.short(tcp),
        _ => pen.word(protocol.name()),
    }
}

#[inline]
fn put_endpoint(pen: &mut impl Pen, conn: &Conn, role: Role, beside: Beside<'_>) {
    if let (None, Protocol::Tcp | Protocol::Udp) = (beside.names, conn.protocol()) {
        let at = conn.side(role) as usize;
        return match &conn.key {
            FlowKey::V4(pair) => pen.endpoint_v4(pair.addrs[at], pair.ports[at]),
            FlowKey::V6(pair) => pen.endpoint_v6(pair.addrs[at], pair.ports[at]),
        };
    }
    put_named(pen, conn, role, beside);
}

#[inline(never)]
fn put_named(pen: &mut impl Pen, conn: &Conn, role: Role, beside: Beside<'_>) {
    let endpoint = conn.endpoint(role);
    let name = beside.names.and_then(|names| names.get(endpoint.addr));
    match (conn.protocol(), name) {
        (Protocol::Icmp, Some(name)) => pen.text(|out| out.text(name)),
        (Protocol::Icmp, None) => pen.text(|out| out.ip(endpoint.addr)),
        (Protocol::Tcp | Protocol::Udp, Some(name)) => pen.text(|out| {
            out.text(name);
            out.push(b':');
            out.dec(endpoint.port.into());
        }),
        (Protocol::Tcp | Protocol::Udp, None) => pen.endpoint(endpoint),
    }
}

#[inline]
fn put_service(pen: &mut impl Pen, service: Option<&str>) {
    match service {
        Some(service) => pen.word(service),
        None => pen.dash(),
    }
}

#[inline]
fn put_role(pen: &mut impl Pen, role: Option<Role>) {
    let known = match role {
        Some(Role::Client) => const { Short::constant(Role::Client.name(), None) },
        Some(Role::Server) => const { Short::constant(Role::Server.name(), None) },
        None => None,
    };
    pen.short(known.unwrap_or(Short::DASH));
}

/// Columns that a SYN without answer differs in from others: its number and who asks; and where it
/// asks another, that and the service there.
pub(super) const ASKER: usize = 3;
pub(super) const ASKED: usize = 5;

/// Puts so many columns of a SYN without answer.
#[inline]
pub(super) fn put_asked<P: Pen>(pen: &mut P, syn: &Unanswered<'_>, count: usize) {
    let put_endpoint = |pen: &mut P, role| match syn.endpoint_v4(role) {
        Some((addr, port)) => pen.endpoint_v4(addr, port),
        None => pen.endpoint(syn.endpoint(role)),
    };
    pen.number(syn.id().0.into());
    put_protocol(pen, Protocol::Tcp);
    put_endpoint(pen, Role::Client);
    if count > ASKER {
        put_endpoint(pen, Role::Server);
        put_service(pen, ports::service(syn.endpoint(Role::Server).port));
    }
}

/// Columns that are alike in rows of one [`Kind`](super::row::Kind).
pub(super) const ALIKE: Range<usize> = 4..13;

/// Puts the cells before those.
#[inline]
pub(super) fn put_front(pen: &mut impl Pen, row: &impl Row) {
    pen.number(row.id().0.into());
    put_protocol(pen, row.protocol());
    for role in Role::BOTH {
        match row.endpoint_v4(role) {
            Some((addr, port)) => pen.endpoint_v4(addr, port),
            None => pen.endpoint(row.endpoint(role)),
        }
    }
}

/// Puts the cells behind them.
#[inline]
pub(super) fn put_back(pen: &mut impl Pen, row: &impl Row) {
    pen.brief(row.packets(Role::Client));
    pen.brief(row.packets(Role::Server));
    pen.brief(row.payload_bytes(Role::Client));
    pen.brief(row.payload_bytes(Role::Server));
    pen.number(row.retransmits());
    pen.span(row.rtt_server());
    pen.span(row.rtt_client());
    pen.span(Some(row.duration()));
}

/// `https example.com`, `ssh OpenSSH_9.2p1`; with a mark where the port says otherwise: `ssh! ...`, and
/// where nothing but the port says so: `http?`.
fn app(out: &mut Vec<u8>, conn: &Conn, talk: Option<&Talk>) {
    let disagrees = apps::port(conn, talk).is_some_and(|port| port.disagrees);
    let Some(app) = Talk::app_of(talk, conn) else {
        return out.text(if disagrees { "unknown!" } else { "-" });
    };
    ascii(out, &app.name);
    if disagrees {
        out.push(b'!');
    }
    if app.evidence == Evidence::Port {
        out.push(b'?');
    }
    let brief = talk.map(report::brief).unwrap_or_default();
    if !brief.is_empty() {
        out.push(b' ');
        ascii(out, &brief);
    }
}

/// A table's cells are ASCII.
fn ascii(out: &mut Vec<u8>, text: &str) {
    out.extend(text.bytes().map(|octet| if matches!(octet, b' '..=b'~') { octet } else { b'?' }));
}

/// `curl > nginx`, a `-` for who is not known.
fn processes(out: &mut Vec<u8>, owners: Ends<Option<&Process>>) {
    let name = |out: &mut Vec<u8>, owner: Option<&Process>| match owner {
        Some(process) => ascii(out, &process.name),
        None => out.push(b'-'),
    };
    name(out, owners.client);
    if owners.client.is_some() || owners.server.is_some() {
        out.text(" > ");
        name(out, owners.server);
    }
}

fn service(conn: &Conn) -> Option<&'static str> {
    match conn.protocol() {
        Protocol::Icmp => None,
        Protocol::Tcp | Protocol::Udp => ports::service(conn.endpoint(Role::Server).port),
    }
}
