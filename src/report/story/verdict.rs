//! A connection in one sentence.

use super::scene::icmp_name;
use super::tale::{Said, Tale};
use crate::capture::Conn;
use crate::capture::track::{Close, Open, Role, RoleBasis};
use crate::report::human;
use crate::wire::{Protocol, Span};

/// How it opened, what it carried, how it closed.
pub(super) fn verdict(conn: &Conn, tale: &Tale) -> String {
    if conn.protocol() != Protocol::Tcp {
        return exchange(conn, tale);
    }
    let mut clauses = vec![opening(conn.open()).to_owned()];
    let failed = is_failed(conn);
    let [up, down] = Role::BOTH.map(|role| conn.half(role).counts().unique_bytes);
    match (up, down) {
        (0, 0) if failed => {}
        (0, 0) => clauses.push("carried no data".to_owned()),
        (up, 0) => clauses.push(format!("carried {} to the server", human::octets(up))),
        (0, down) => clauses.push(format!("carried {} to the client", human::octets(down))),
        (up, down) => {
            clauses.push(format!("carried {} to the server and {} back", human::octets(up), human::octets(down)));
        }
    }
    if !failed {
        clauses.extend(closing(conn));
    }
    joined(&clauses)
}

/// Whether it never came to be a connection.
pub(super) fn is_failed(conn: &Conn) -> bool {
    matches!(
        conn.open(),
        Open::Refused
            | Open::Unreachable
            | Open::NoAnswer
            | Open::HalfOpen
            | Open::RejectedByClient
            | Open::SynackOnly
            | Open::Superseded
            | Open::Probe
    )
}

/// How long the handshake took and where; `None` where the capture does not tell.
pub(super) fn round_trip(conn: &Conn) -> Option<String> {
    let timing = conn.timing();
    let part = |span: Span, role: Role| format!("{} to the {}", human::span(span), role.name());
    let parts = match (timing.rtt_server, timing.rtt_client) {
        (Some(server), Some(client)) => {
            format!("{} and back, {}", part(server, Role::Server), part(client, Role::Client))
        }
        (Some(server), None) => part(server, Role::Server),
        (None, Some(client)) => part(client, Role::Client),
        (None, None) => return None,
    };
    let vantage = match (timing.rtt_server, timing.rtt_client) {
        (Some(server), Some(client)) if server.0 > client.0.saturating_mul(4) => " (captured near the client)",
        (Some(server), Some(client)) if client.0 > server.0.saturating_mul(4) => " (captured near the server)",
        _ => "",
    };
    let ambiguous = if timing.ambiguous { "; after a repeat it is not certain which copy was answered" } else { "" };
    let total = timing.irtt().map_or_else(String::new, |irtt| format!(" {}", human::span(irtt)));
    Some(format!("Round trip{total}: {parts} and back{vantage}{ambiguous}."))
}

/// How the client was told from the server.
pub(super) fn who(conn: &Conn) -> Option<&'static str> {
    match conn.role_basis {
        RoleBasis::Synack => Some("who is the client is known from the SYN/ACK it received"),
        RoleBasis::ServicePort => Some("who is the client is a guess: the other end has a well-known port"),
        RoleBasis::LowerPort => Some("who is the client is a guess: the other end has the lower port"),
        RoleBasis::FirstSender if conn.protocol() == Protocol::Tcp => {
            Some("who is the client is a guess: it spoke first in this capture")
        }
        RoleBasis::Syn | RoleBasis::Tfo | RoleBasis::FirstSender => None,
    }
}

fn opening(open: Open) -> &'static str {
    match open {
        Open::Normal => "It opened in three steps",
        Open::DataOn3rd => "It opened in three steps, the third with data",
        Open::Simultaneous => "It was opened from both ends at once",
        Open::Split => "It was opened by a split handshake, the server asking back instead of answering",
        Open::TfoAccepted => "It opened with data on the SYN (fast open)",
        Open::TfoIgnored => "It opened in three steps, the data on the SYN not taken",
        Open::MissingSyn => "It opened before our eyes but for the SYN, which is not in the capture",
        Open::MissingSynack => "It opened, its SYN/ACK not in the capture",
        Open::MissingAck => "It opened, step three not in the capture",
        Open::Refused => "It was refused",
        Open::Unreachable => "It could not reach the server",
        Open::NoAnswer => "It was never answered",
        Open::HalfOpen => "It stayed half open, the server waiting for step three",
        Open::RejectedByClient => "The client took back what it had asked, or had never asked",
        Open::SynackOnly => "A SYN/ACK, and nothing of what belongs to it",
        Open::Midstream => "It was open before the capture began",
        Open::Superseded => "A new attempt took its place before any answer came",
        Open::Probe => "No connection, but a probe with flags that no stack sends",
        Open::Answered => "A question and an answer",
        Open::Unanswered => "A question without an answer",
    }
}

fn closing(conn: &Conn) -> Option<String> {
    let by = conn.closed_by().map_or("one end", Role::name);
    let by = if by == "one end" { by.to_owned() } else { format!("the {by}") };
    Some(match conn.close() {
        Close::Fin4 => format!("closed in four steps, {by} first"),
        Close::Fin3 => format!("closed in three segments, {by} first"),
        Close::FinSimultaneous => "was closed from both ends at once".to_owned(),
        Close::HalfClosed => format!("was closed by {by} only"),
        Close::FinUnanswered => format!("was closed by {by}, which got no answer"),
        Close::Reset => format!("was reset by {by}"),
        Close::FinThenReset => format!("was closed, then reset, by {by}"),
        Close::OpenAtEnd => "was still open when the capture ended".to_owned(),
        Close::Timeout => "fell silent".to_owned(),
        Close::Superseded => "gave way to a new connection of the same endpoints".to_owned(),
        Close::LostClose => "closed out of sight".to_owned(),
        Close::Evicted => "was dropped from memory before its end".to_owned(),
        Close::CaptureEnd => return None,
    })
}

/// A conversation that has no connection.
fn exchange(conn: &Conn, tale: &Tale) -> String {
    let spoken = |role: Role| {
        let counts = &conn.half(role).counts();
        let noun = match tale.first_of(conn.side(role)).map(|step| &step.said) {
            Some(Said::Icmp(icmp, _)) => icmp_name(icmp.version, icmp.kind, icmp.code),
            _ => "datagram".to_owned(),
        };
        let count = match counts.packets {
            1 => format!("one {noun}"),
            packets => format!("{} times {noun}", human::count(packets)),
        };
        format!("{count} ({})", human::octets(counts.payload_bytes))
    };
    let mut asked = spoken(Role::Client);
    asked.get_mut(..1).map(str::make_ascii_uppercase).unwrap_or_default();
    if conn.half(Role::Server).counts().packets > 0 {
        return format!("{asked} there, {} back.", spoken(Role::Server));
    }
    match tale.tally.icmp.first() {
        Some(mark) => format!("{asked} there, and an ICMP error for an answer (#{}).", mark.n),
        None => format!("{asked} there, and no answer in this capture."),
    }
}

/// `a, b and c.`
fn joined(clauses: &[String]) -> String {
    match clauses {
        [] => String::new(),
        [one] => format!("{one}."),
        [most @ .., last] => format!("{} and {last}.", most.join(", ")),
    }
}
