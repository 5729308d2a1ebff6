//! The state of a TCP session, as Suricata's tests assert it.

use super::conns::Conns;
use super::table::Table;
use super::tally::{Difference, Peer, Tally};
use crate::capture::Conn;
use crate::capture::track::{Role, State};
use crate::wire::{Endpoint, Protocol};

/// Compares the states that `table` has for flows of `capture`.
pub(super) fn compare(capture: &str, table: &Table, seen: &Conns, tally: &mut Tally) {
    let [name, grade, count, src, src_port, dst, dst_port, state] =
        ["capture", "grade", "count", "src_ip", "src_port", "dest_ip", "dest_port", "tcp.state"]
            .map(|name| table.column(name));
    for row in table.rows() {
        let theirs = row.get(state);
        if row.get(name) != capture || row.get(grade) != "simple" || row.get(count) == "0" || theirs.is_empty() {
            continue;
        }
        let end = |addr, port| Some(Endpoint { addr: row.get(addr).parse().ok()?, port: row.get(port).parse().ok()? });
        let (Some(src), Some(dst)) = (end(src, src_port), end(dst, dst_port)) else { continue };
        let ends = |conn: &&Conn| {
            let [client, server] = Role::BOTH.map(|role| conn.endpoint(role));
            conn.protocol() == Protocol::Tcp && ((client, server) == (src, dst) || (client, server) == (dst, src))
        };
        let Some(conn) = seen.all().filter(ends).last() else { continue };
        let ours = state_of(conn);
        tally.judge((Peer::Suricata, "tcp.state"), theirs == ours, || {
            let place = format!("{capture} {src} - {dst}");
            (Difference { place, theirs: theirs.to_owned(), ours: ours.to_owned() }, None)
        });
    }
}

/// The one state Suricata has for both ends.
fn state_of(conn: &Conn) -> &'static str {
    let [client, server] = Role::BOTH.map(|role| conn.half(role).standing.state);
    match (client, server) {
        (State::Closed | State::TimeWait, _) | (_, State::Closed | State::TimeWait) => "closed",
        (State::SynSent, _) => "syn_sent",
        (_, State::SynRcvd) => "syn_recv",
        (State::Closing, _) | (_, State::Closing) => "closing",
        (State::LastAck, _) | (_, State::LastAck) => "last_ack",
        (State::FinWait2, _) | (_, State::FinWait2) => "fin_wait2",
        (State::FinWait1, _) | (_, State::FinWait1) => "fin_wait1",
        (State::Established, State::Established) => "established",
        _ => "none",
    }
}
