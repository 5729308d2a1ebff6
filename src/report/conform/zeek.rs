//! Zeek's log of connections.

use std::collections::HashMap;

use super::conns::Conns;
use super::rules;
use super::table::{Column, Row, Table};
use super::tally::{Difference, Peer, Rule, Tally};
use crate::capture::Conn;
use crate::capture::track::{Counts, Note, Role};
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
        let pairs = pairs_of(&columns, &rows, conns, seen);
        for _ in &pairs {
            tally.agree((peer, "connections"));
        }
        let (more, fewer) = (rows.len() - pairs.len(), conns.len() - pairs.len());
        for _ in 0..more.max(fewer) {
            tally.judge((peer, "connections"), false, || {
                let rule = if tunnelled {
                    Some(&rules::INNER)
                } else if conns.is_empty() {
                    seen.unread()
                } else if rows.is_empty() {
                    None
                } else {
                    Some(&rules::ZEEK_TIMERS)
                };
                let said = |count: usize| format!("{count} connections");
                (Difference { place: place.clone(), theirs: said(rows.len()), ours: said(conns.len()) }, rule)
            });
        }
        for (row, conn) in pairs {
            Line { peer, columns: &columns, row, conn, seen, place: &place }.compare(tally);
        }
    }
}

/// The lines and connections that tell of the same packets. Where a pair of endpoints has more than
/// one of either, they must begin at the same time, where that is known, and have as many packets.
fn pairs_of<'a>(
    columns: &Columns,
    rows: &'a [Row<'a>],
    conns: &[&'a Conn],
    seen: &Conns,
) -> Vec<(&'a Row<'a>, &'a Conn)> {
    if let ([row], [conn]) = (rows, conns) {
        return vec![(row, conn)];
    }
    let mut left = conns.to_vec();
    let mut pairs = Vec::new();
    for row in rows {
        let packets: u64 = columns.packets.iter().filter_map(|column| row.number(*column)).sum();
        let start = row.get(columns.start);
        let same = |conn: &&Conn| {
            let [client, server] = [Role::Client, Role::Server].map(|role| conn.half(role).counts().packets);
            let began = (time(start) - conn.start.0 as f64 / 1e9).abs() < 1e-5;
            (start.is_empty() || began) && client + server + seen.of(conn).duplicates == packets
        };
        if let Some(at) = left.iter().position(same) {
            pairs.push((row, left.remove(at)));
        }
    }
    pairs
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
        let straight = orig == Some(canonical(client));
        self.judge("originator", row.get(columns.orig[0]), &client.to_string(), straight, Some(&rules::ROLES), tally);

        let [client, server] = [Role::Client, Role::Server].map(|role| conn.half(role).counts());
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
                self.judge(
                    "conn_state (udp)",
                    row.get(columns.state),
                    state,
                    row.get(columns.state) == state,
                    None,
                    tally,
                );
            }
            return;
        }
        let (state, history) = (conn.zeek_state(), conn.history());
        let theirs = row.get(columns.state);
        let why = self.why_told();
        if !theirs.is_empty() {
            // With the roles the other way round, the same story has another name.
            let turned = !straight
                && (turned_state(theirs) == state
                    || ["RSTRH", "OTH"] == [state, theirs]
                    || ["OTH", "RSTRH"] == [state, theirs]);
            let why = if turned { Some(&rules::ROLES) } else { why };
            self.judge("conn_state", theirs, state, straight && theirs == state, why, tally);
        }
        let theirs = row.get(columns.history);
        if !theirs.is_empty() {
            let turned = !straight && turned_history(theirs) == history.trim_start_matches('^');
            let why = if turned { Some(&rules::ROLES) } else { why };
            self.judge("history", theirs, &history, straight && theirs == history, why, tally);
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
        } else if self.row.get(self.columns.history).contains('^') {
            Some(&rules::ZEEK_FLIP)
        } else if told.cut {
            Some(&rules::ZEEK_CUT)
        } else if told.offload {
            Some(&rules::OFFLOAD)
        } else if told.extended {
            Some(&rules::ZEEK_EXTENSIONS)
        } else if told.fragments {
            Some(&rules::ZEEK_FRAGMENTS)
        } else {
            None
        }
    }

    fn why_sized(&self) -> Option<&'static Rule> {
        const MISSING: &[Note] = &[
            Note::Midstream,
            Note::SeqAhead,
            Note::AckUnseen,
            Note::CaptureLost,
            Note::FlagsFinNoack,
            Note::FlagsNull,
            Note::RstBlind,
            Note::ResetAbortLive,
            Note::ResetInHandshake,
            Note::DataAfterFin,
            Note::RetransmitPartial,
            Note::RetransmitSpurious,
            Note::AckOld,
            Note::Unexpected,
        ];
        let missing = self.conn.notes().intersects(MISSING);
        self.why_told().or_else(|| missing.then_some(&rules::ZEEK_SIZES))
    }

    fn why_told(&self) -> Option<&'static Rule> {
        let scales = [Role::Client, Role::Server].map(|role| self.conn.half(role).offer.and_then(|offer| offer.wscale));
        if let Some(rule) = self.why_counted() {
            Some(rule)
        } else if scales.iter().flatten().any(|scale| *scale > 14) {
            Some(&rules::ZEEK_SCALE)
        } else if ['f', 'F'].iter().any(|fin| self.row.get(self.columns.history).matches(*fin).count() > 1) {
            Some(&rules::ZEEK_FINS)
        } else if self.row.get(self.columns.history).contains(['x', 'X']) {
            Some(&rules::ZEEK_LIMIT)
        } else if self.seen.of(self.conn).jumped {
            Some(&rules::ZEEK_JUMP)
        } else {
            None
        }
    }
}

/// The history of the same packets with the roles the other way round.
fn turned_history(history: &str) -> String {
    let turn = |letter: char| {
        if letter.is_ascii_uppercase() { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() }
    };
    history.trim_start_matches('^').chars().map(turn).collect()
}

/// The state of the same packets with the roles the other way round.
fn turned_state(state: &str) -> &str {
    match state {
        "S2" => "S3",
        "S3" => "S2",
        "SH" => "SHR",
        "SHR" => "SH",
        "RSTO" => "RSTR",
        "RSTR" => "RSTO",
        same => same,
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
    Some(canonical(Endpoint { addr: row.get(addr).parse().ok()?, port: row.get(port).parse().ok()? }))
}

/// IPv4-mapped IPv6 addresses are IPv4 addresses to Zeek.
fn canonical(endpoint: Endpoint) -> Endpoint {
    Endpoint { addr: endpoint.addr.to_canonical(), ..endpoint }
}

fn ordered(protocol: Protocol, a: Endpoint, b: Endpoint) -> Pair {
    let [a, b] = [canonical(a), canonical(b)];
    if a <= b { (protocol, a, b) } else { (protocol, b, a) }
}

fn time(text: &str) -> f64 {
    text.parse().unwrap_or(0.0)
}
