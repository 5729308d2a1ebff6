//! Who is client and who is server, and what a connection is taken for when it is met first.

use super::conn::Conn;
use super::notes::Note;
use super::pass::odd_flags;
use super::standing::{Role, RoleBasis, Standing, State};
use crate::wire::{Flags, Segment, Side, ports};

/// Assigns the roles of a new connection whose first segment came from `from`.
pub(super) fn assign(conn: &mut Conn, from: Side, flags: Flags) {
    let (src_port, dst_port) = (conn.key.port(from), conn.key.port(!from));
    let sender_serves = serves(src_port);
    let receiver_serves = serves(dst_port);
    let (client, basis) = if flags.is_syn() {
        (from, RoleBasis::Syn)
    } else if flags.is_syn_ack() {
        (!from, RoleBasis::Synack)
    } else if sender_serves != receiver_serves {
        (if sender_serves { !from } else { from }, RoleBasis::ServicePort)
    } else if src_port != dst_port {
        (if src_port < dst_port { !from } else { from }, RoleBasis::LowerPort)
    } else {
        (from, RoleBasis::FirstSender)
    };
    conn.client = client;
    conn.role_basis = basis;
    conn.flipped = client != from;
}

/// Whether a service is known to be found on `port`.
pub(super) fn serves(port: u16) -> bool {
    port < 1024 || ports::service(port).is_some()
}

/// Sets where both ends stood before the first segment that says something of the connection.
/// Returns the note that tells so.
pub(super) fn enter(conn: &mut Conn, from: Side, segment: &Segment) -> Option<Note> {
    if conn.has_begun() {
        return None;
    }
    let flags = segment.flags;
    let fresh = conn.life.seen.is_empty();
    let opening = flags.contains(Flags::SYN) || odd_flags(segment).is_some();
    if opening || !fresh && flags.contains(Flags::RST) {
        if fresh {
            conn.halves[conn.side(Role::Client) as usize].standing = Standing::assumed(State::Closed);
            conn.halves[conn.side(Role::Server) as usize].standing = Standing::assumed(State::Listen);
        }
        return (!opening).then(|| probe_answer(conn, from, segment)).flatten();
    }
    for half in &mut conn.halves {
        half.standing = Standing::assumed(State::Established);
    }
    Some(Note::Midstream)
}

/// A RST that answers a probe says that the port is closed.
fn probe_answer(conn: &Conn, from: Side, segment: &Segment) -> Option<Note> {
    let [_, prober] = conn.facing(from);
    (prober.sent.packets > 0 && segment.flags.contains(Flags::RST)).then_some(Note::ProbeClosedPort)
}
