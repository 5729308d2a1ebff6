//! The columns of the connection table.

use crate::capture::Conn;
use crate::capture::track::{Close, Role};
use crate::report::human;
use crate::report::table::{Align, Column};
use crate::wire::{Protocol, Span, ports};

const fn column(title: &'static str, align: Align, rank: u8) -> Column {
    Column { title, align, rank, shrink: None, dull: "" }
}

/// In order from left to right; the rank says what goes first where room is short.
pub(super) const COLUMNS: &[Column] = &[
    column("#", Align::Right, 0),
    Column { dull: "tcp", ..column("PROTO", Align::Left, 0) },
    Column { shrink: Some(21), ..column("CLIENT", Align::Left, 0) },
    Column { shrink: Some(21), ..column("SERVER", Align::Left, 0) },
    Column { dull: "-", ..column("SERVICE", Align::Left, 5) },
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
];

/// The cells of `conn`, one for each column.
pub(super) fn cells(conn: &Conn) -> Vec<String> {
    let tcp = conn.protocol() == Protocol::Tcp;
    let [client, server] = Role::BOTH.map(|role| conn.endpoint(role));
    let [from_client, from_server] = Role::BOTH.map(|role| conn.half(role).counts);
    let name = |endpoint: crate::wire::Endpoint| match conn.protocol() {
        Protocol::Icmp => endpoint.addr.to_string(),
        Protocol::Tcp | Protocol::Udp => endpoint.to_string(),
    };
    let service = match conn.protocol() {
        Protocol::Icmp => None,
        Protocol::Tcp | Protocol::Udp => ports::service(server.port),
    };
    let dash = || "-".to_owned();
    let state = |role| if tcp { conn.half(role).standing.to_string() } else { dash() };
    let timing = conn.timing();
    let span = |span: Option<Span>| span.map_or_else(dash, human::span);
    let close = match conn.close() {
        Close::CaptureEnd => dash(),
        _ if !tcp => dash(),
        close => close.name().to_owned(),
    };
    vec![
        conn.id.0.to_string(),
        conn.protocol().name().to_owned(),
        name(client),
        name(server),
        service.unwrap_or("-").to_owned(),
        conn.open().name().to_owned(),
        close,
        conn.closed_by().map_or("-", Role::name).to_owned(),
        state(Role::Client),
        state(Role::Server),
        conn.history(),
        human::brief(from_client.packets),
        human::brief(from_server.packets),
        human::brief(from_client.payload_bytes),
        human::brief(from_server.payload_bytes),
        (from_client.retransmits + from_server.retransmits).to_string(),
        span(timing.rtt_server.or(conn.reply_time())),
        span(timing.rtt_client),
        human::span(conn.duration()),
    ]
}
