//! Zeek's log of connections.

use std::collections::HashMap;

use super::conns::Conns;
use super::rules;
use super::table::{Column, Row, Table};
use super::tally::{Difference, Peer, Rule, Tally};
use crate::capture::Conn;
use crate::capture::track::{Counts, Role};
use crate::wire::{Endpoint, Protocol};

/// The columns of a log.
struct Columns {
    capture: Column,
    checksums: Column,
    orig: [Column; 2],
    resp: [Column; 2],
    proto: Column,
    state: Column,
    history: Column,
    bytes: [Column; 2],
    packets: [Column; 2],
    ip_bytes: [Column; 2],
    parents: Column,
    start: Column,
}

/// A pair of endpoints, the lower first.
type Pair = (Protocol, Endpoint, Endpoint);

/// Compares the lines of `table` that are about `capture` (all, where the table names none) with
/// what was seen.
pub(super) fn compare(peer: Peer, capture: &str, table: &Table, seen: &Conns, tally: &mut Tally) {
    let columns = Columns::of(table);
    let mut theirs: HashMap<Pair, Vec<Row<'_>>> = HashMap::new();
    for row in table.rows() {
        let about = row.get(columns.capture);
        if !about.is_empty() && about != capture {
            continue;
        }
        if let Some(pair) = columns.pair(&row) {
            theirs.entry(pair).or_default().push(row);
        }
    }
    let mut ours: HashMap<Pair, Vec<&Conn>> = HashMap::new();
    for conn in seen.all() {
        ours.entry(ordered(conn.protocol(), conn.endpoint(Role::Client), conn.endpoint(Role::Server)))
            .or_default()
            .push(conn);
    }
    let mut pairs: Vec<_> = theirs.into_iter().collect();
    pairs.sort_by_key(|(pair, _)| *pair);
    for (pair, mut rows) in pairs {
        rows.sort_by(|a, b| time(a.get(columns.start)).total_cmp(&time(b.get(columns.start))));
        let conns = ours.get(&pair).map(Vec::as_slice).unwrap_or_default();
        let (protocol, a, b) = pair;
        let place = format!("{capture} {} {a} - {b}", protocol.name());
        let tunnelled = rows.iter().any(|row| !matches!(row.get(columns.parents), "" | "-"));
        tally.judge((peer, "connections"), rows.len() == conns.len(), || {
            let rule = if tunnelled {
                Some(&rules::INNER)
            } else if conns.is_empty() {
                seen.unread()
            } else if rows.len() > conns.len() {
                Some(&rules::ZEEK_TIMERS)
            } else {
                Some(&rules::ZEEK_MERGES)
            };
            let said = |count: usize| format!("{count} connections");
            (Difference { place: place.clone(), theirs: said(rows.len()), ours: said(conns.len()) }, rule)
        });
        if rows.len() == conns.len() && !tunnelled {
            for (row, conn) in rows.iter().zip(conns) {
                let line = Line { peer, columns: &columns, row, conn, seen, place: &place };
                line.compare(tally);
            }
        }
    }
}

/// A connection being compared.
struct Line<'a> {
    peer: Peer,
    columns: &'a Columns,
    row: &'a Row<'a>,
    conn: &'a Conn,
    seen: &'a Conns,
    place: &'a str,
}

impl Line<'_> {
    fn compare(&self, tally: &mut Tally) {
        let Self { columns, row, conn, .. } = self;
        let client = conn.endpoint(Role::Client);
        let orig = endpoint(row, columns.orig);
        let straight = orig == Some(client);
        self.judge("originator", row.get(columns.orig[0]), &client.to_string(), straight, Some(&rules::ROLES), tally);

        let [client, server] = [Role::Client, Role::Server].map(|role| conn.half(role).counts);
        let ends = if straight { [client, server] } else { [server, client] };
        let counted = self.why_counted();
        for (field, columns, value) in [
            ("packets", columns.packets, (|counts: &Counts| counts.packets) as fn(&Counts) -> u64),
            ("ip_bytes", columns.ip_bytes, |counts| counts.ip_bytes),
        ] {
            for (column, counts) in columns.into_iter().zip(&ends) {
                self.number(field, column, value(counts), counted, tally);
            }
        }
        for (column, counts) in columns.bytes.into_iter().zip(&ends) {
            let size = counts.unique_bytes + counts.missed_bytes;
            self.number("bytes", column, size, self.why_sized(), tally);
        }
        if conn.protocol() != Protocol::Tcp {
            let state = conn.zeek_state();
            if straight && !row.get(columns.state).is_empty() {
                self.judge("conn_state (udp)", row.get(columns.state), state, row.get(columns.state) == state, None, tally);
            }
            return;
        }
        let (state, history) = (conn.zeek_state(), conn.history());
        let theirs = row.get(columns.state);
        let why = if straight { self.why_told(&history) } else { Some(&rules::ROLES) };
        if !theirs.is_empty() {
            self.judge("conn_state", theirs, state, theirs == state, why, tally);
        }
        let theirs = row.get(columns.history);
        if !theirs.is_empty() {
            self.judge("history", theirs, &history, theirs == history, why, tally);
        }
    }

    fn number(&self, field: &'static str, column: Column, ours: u64, why: Option<&'static Rule>, tally: &mut Tally) {
        let theirs = self.row.get(column);
        // Zeek leaves sizes unset where a connection took no time.
        if !matches!(theirs, "" | "-") {
            self.judge(field, theirs, &ours.to_string(), theirs.parse() == Ok(ours), why, tally);
        }
    }

    fn judge(
        &self,
        field: &'static str,
        theirs: &str,
        ours: &str,
        same: bool,
        why: Option<&'static Rule>,
        tally: &mut Tally,
    ) {
        tally.judge((self.peer, field), same, || {
            let (theirs, ours) = (theirs.to_owned(), ours.to_owned());
            (Difference { place: self.place.to_owned(), theirs, ours }, why)
        });
    }

    /// Whether Zeek drops what its sender's checksum makes worthless.
    fn drops(&self) -> bool {
        self.row.get(self.columns.checksums) == "on"
    }

    fn why_counted(&self) -> Option<&'static Rule> {
        let told = self.seen.of(self.conn);
        if self.drops() && told.bad_checksums {
            Some(&rules::ZEEK_CHECKSUMS)
        } else if told.duplicates > 0 {
            Some(&rules::DUPLICATES)
        } else if self.row.get(self.columns.history).starts_with('^') {
            Some(&rules::ZEEK_FLIP)
        } else {
            None
        }
    }

    fn why_sized(&self) -> Option<&'static Rule> {
        self.why_counted()
    }

    fn why_told(&self, _history: &str) -> Option<&'static Rule> {
        self.why_counted()
    }
}

impl Columns {
    fn of(table: &Table) -> Self {
        let column = |name| table.column(name);
        Self {
            capture: column("capture"),
            checksums: column("checksum_check"),
            orig: ["id.orig_h", "id.orig_p"].map(column),
            resp: ["id.resp_h", "id.resp_p"].map(column),
            proto: column("proto"),
            state: column("conn_state"),
            history: column("history"),
            bytes: ["orig_bytes", "resp_bytes"].map(column),
            packets: ["orig_pkts", "resp_pkts"].map(column),
            ip_bytes: ["orig_ip_bytes", "resp_ip_bytes"].map(column),
            parents: column("tunnel_parents"),
            start: column("ts"),
        }
    }

    fn pair(&self, row: &Row<'_>) -> Option<Pair> {
        let protocol = match row.get(self.proto) {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return None,
        };
        Some(ordered(protocol, endpoint(row, self.orig)?, endpoint(row, self.resp)?))
    }
}

fn endpoint(row: &Row<'_>, [addr, port]: [Column; 2]) -> Option<Endpoint> {
    Some(Endpoint { addr: row.get(addr).parse().ok()?, port: row.get(port).parse().ok()? })
}

fn ordered(protocol: Protocol, a: Endpoint, b: Endpoint) -> Pair {
    if a <= b { (protocol, a, b) } else { (protocol, b, a) }
}

fn time(text: &str) -> f64 {
    text.parse().unwrap_or(0.0)
}
