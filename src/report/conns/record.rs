//! A connection as a JSON object: `type: "connection"`.

use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::community;
use crate::capture::Conn;
use crate::capture::track::{Counts, Exchange, Fact, Half, Role};
use crate::wire::{Endpoint, Protocol, Span};

/// The record. Fields stand in the order of the documentation; one that does not apply is left
/// out, one that was looked for and not found is null.
#[derive(Debug, Serialize)]
pub struct ConnRecord {
    schema: u32,
    #[serde(rename = "type")]
    kind: &'static str,
    id: u32,
    proto: &'static str,
    ip_version: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vlan: Vec<u16>,
    client: Host,
    server: Host,
    role_basis: &'static str,
    incarnation: u32,
    first_n: u64,
    last_n: u64,
    start_ns: u64,
    end_ns: u64,
    open: &'static str,
    close: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    syn_validated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ack_validated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<Each<String>>,
    #[serde(skip_serializing_if = "String::is_empty")]
    history: String,
    conn_state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    completeness: Option<u8>,
    stream: u32,
    packets: Each<u64>,
    payload_bytes: Each<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unique_bytes: Option<Each<u64>>,
    ip_bytes: Each<u64>,
    #[serde(flatten)]
    tcp: Option<TcpPart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_ns: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<Each<Known>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    community_id: Option<String>,
}

/// What only TCP has.
#[derive(Debug, Serialize)]
struct TcpPart {
    retransmits: Each<u32>,
    dup_acks: Each<u32>,
    zero_windows: Each<u32>,
    resets: Each<u32>,
    missed_bytes: Each<u64>,
    mss: Each<Option<u16>>,
    wscale: Each<Option<u8>>,
    sack_ok: Option<bool>,
    ts_ok: Option<bool>,
    rtt_server_ns: Option<i64>,
    rtt_client_ns: Option<i64>,
    irtt_ns: Option<i64>,
    setup_ns: Option<i64>,
    syn_wait_ns: Option<i64>,
}

#[derive(Debug, Serialize)]
struct Host {
    addr: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
}

/// One of a thing for each role.
#[derive(Debug, Serialize)]
struct Each<T> {
    client: T,
    server: T,
}

impl<T> Each<T> {
    fn of(conn: &Conn, what: impl Fn(&Half) -> T) -> Self {
        Self { client: what(conn.half(Role::Client)), server: what(conn.half(Role::Server)) }
    }
}

/// Facts by their letters, in the order in which life teaches them.
#[derive(Debug)]
struct Known(Vec<(char, Taught)>);

impl Serialize for Known {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(letter, taught)| (letter, taught)))
    }
}

#[derive(Debug, Serialize)]
struct Taught {
    basis: char,
    n: u64,
}

impl ConnRecord {
    /// The record of `conn`.
    pub fn of(conn: &Conn) -> Self {
        let tcp = conn.protocol() == Protocol::Tcp;
        let count = |what: fn(&Counts) -> u64| Each::of(conn, |half| what(&half.counts));
        Self {
            schema: 1,
            kind: "connection",
            id: conn.id.0,
            proto: conn.protocol().name(),
            ip_version: conn.key.ip_version(),
            vlan: conn.vlans.ids().to_vec(),
            client: host(conn.endpoint(Role::Client), conn.protocol()),
            server: host(conn.endpoint(Role::Server), conn.protocol()),
            role_basis: conn.role_basis.name(),
            incarnation: conn.incarnation,
            first_n: conn.first_n,
            last_n: conn.last_n,
            start_ns: conn.start.0,
            end_ns: conn.end.0,
            open: conn.open().name(),
            close: conn.close().name(),
            closed_by: conn.closed_by().map(Role::name),
            syn_validated: tcp.then(|| conn.syn_validated()),
            ack_validated: tcp.then(|| conn.ack_validated()),
            state: tcp.then(|| Each::of(conn, |half| half.standing.to_string())),
            history: conn.history(),
            conn_state: conn.zeek_state(),
            completeness: tcp.then(|| conn.completeness()),
            stream: conn.stream,
            packets: count(|counts| counts.packets),
            payload_bytes: count(|counts| counts.payload_bytes),
            unique_bytes: tcp.then(|| count(|counts| counts.unique_bytes)),
            ip_bytes: count(|counts| counts.ip_bytes),
            tcp: tcp.then(|| tcp_part(conn)),
            exchange: conn.exchange().map(Exchange::name),
            reply_ns: conn.reply_time().map(|span| span.0),
            facts: tcp.then(|| facts(conn)),
            community_id: community::id(conn),
        }
    }
}

fn host(endpoint: Endpoint, protocol: Protocol) -> Host {
    Host { addr: endpoint.addr, port: (protocol != Protocol::Icmp).then_some(endpoint.port) }
}

fn tcp_part(conn: &Conn) -> TcpPart {
    let count = |what: fn(&Counts) -> u32| Each::of(conn, |half| what(&half.counts));
    let offers = [Role::Client, Role::Server].map(|role| conn.half(role).offer);
    let agreed = match offers {
        [Some(client), Some(server)] => (Some(client.sack_ok && server.sack_ok), Some(client.ts_ok && server.ts_ok)),
        _ => (None, None),
    };
    let timing = conn.timing();
    let ns = |span: Option<Span>| span.map(|span| span.0);
    TcpPart {
        retransmits: count(|counts| counts.retransmits),
        dup_acks: count(|counts| counts.dup_acks),
        zero_windows: count(|counts| counts.zero_windows),
        resets: count(|counts| counts.resets),
        missed_bytes: Each::of(conn, |half| half.counts.missed_bytes),
        mss: Each::of(conn, |half| half.offer?.mss),
        wscale: Each::of(conn, |half| half.offer?.wscale),
        sack_ok: agreed.0,
        ts_ok: agreed.1,
        rtt_server_ns: ns(timing.rtt_server),
        rtt_client_ns: ns(timing.rtt_client),
        irtt_ns: ns(timing.irtt()),
        setup_ns: ns(timing.setup),
        syn_wait_ns: ns(timing.syn_wait()),
    }
}

fn facts(conn: &Conn) -> Each<Known> {
    let of = |role: Role| {
        let taught = Fact::ALL.into_iter().filter_map(|fact| {
            let (basis, n) = conn.taught(role, fact)?;
            Some((fact.letter(), Taught { basis: basis.mark(), n }))
        });
        Known(taught.collect())
    };
    Each { client: of(Role::Client), server: of(Role::Server) }
}
