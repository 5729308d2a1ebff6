//! What the findings are told of packets: those that open, refuse, close or probe, and no others.

use super::conn::Conn;
use super::notes::{Note, Notes};
use super::standing::Role;
use crate::capture::findings::{Event, Findings};
use crate::wire::{Flags, Side, Timestamp};

/// A packet without any of these says nothing of what goes on around it.
const TELLING: Notes = Notes::of(&[
    Note::Open1,
    Note::SynRetransmit,
    Note::Open2,
    Note::SynackRetransmit,
    Note::Open3,
    Note::Open3Data,
    Note::Open3Fin,
    Note::OpenConfirmed,
    Note::OpenRefused,
    Note::OpenUnreachable,
    Note::OpenRejectedByClient,
    Note::OpenSynackOnly,
    Note::Midstream,
    Note::FlagsNull,
    Note::FlagsXmas,
    Note::FlagsFinNoack,
    Note::ProbeClosedPort,
    Note::Close1,
    Note::ResetAbortLive,
    Note::ResetAbortNoSocket,
    Note::UdpRequest,
    Note::UdpReply,
    Note::UdpRefused,
]);

/// Tells the findings of a packet from `side` that `conn` took in, and that had `notes`.
#[inline]
pub(super) fn tell(findings: &mut Findings, conn: &Conn, side: Side, flags: Flags, notes: Notes, time: Timestamp) {
    if notes.overlaps(TELLING) {
        tell_more(findings, conn, side, flags, notes, time);
    }
}

#[inline(never)]
fn tell_more(findings: &mut Findings, conn: &Conn, side: Side, flags: Flags, notes: Notes, time: Timestamp) {
    let Some(event) = event(conn, side, flags, notes) else { return };
    let odd = matches!(event, Event::Odd(_));
    let refused = matches!(event, Event::OddRefused);
    let unasked = matches!(event, Event::Unasked) && !notes.contains(Note::OpenSynackOnly);
    let client = match (odd, unasked || refused) {
        (true, _) => side,
        (_, true) => !side,
        _ => conn.client,
    };
    findings.take(event, &conn.key, client, conn.life.times.first_syn.get(), time);
}

fn event(conn: &Conn, side: Side, flags: Flags, notes: Notes) -> Option<Event> {
    let has = |note| notes.contains(note);
    let said_nothing = || conn.halves.iter().all(|half| half.sent.payload_bytes == 0);
    Some(if has(Note::Open1) {
        Event::Asked
    } else if has(Note::SynRetransmit) {
        Event::AskedAgain
    } else if has(Note::Open2) {
        Event::Answered(takes_nothing_up(conn))
    } else if has(Note::SynackRetransmit) {
        Event::AnsweredAgain(!conn.life.saw_step3())
    } else if has(Note::Open3) || has(Note::Open3Data) || has(Note::Open3Fin) {
        if conn.life.has(Note::OpenSynackOnly) { Event::WentOn } else { Event::Completed }
    } else if has(Note::OpenRefused) || has(Note::OpenUnreachable) {
        Event::Refused
    } else if has(Note::OpenRejectedByClient) {
        Event::Rejected
    } else if has(Note::OpenSynackOnly) {
        Event::Unasked
    } else if has(Note::OpenConfirmed) && conn.life.has(Note::OpenSynackOnly) {
        Event::WentOn
    } else if has(Note::Midstream) && flags.contains(Flags::RST) {
        Event::Unasked
    } else if has(Note::FlagsFinNoack) && conn.first_n == conn.last_n {
        Event::Odd(0)
    } else if has(Note::FlagsNull) {
        Event::Odd(1)
    } else if has(Note::FlagsXmas) {
        Event::Odd(2)
    } else if has(Note::ProbeClosedPort) {
        Event::OddRefused
    } else if (has(Note::Close1) || has(Note::ResetAbortLive) || has(Note::ResetAbortNoSocket))
        && conn.role(side) == Role::Client
        && conn.life.saw_step3()
        && said_nothing()
    {
        Event::Empty
    } else if has(Note::UdpRequest) {
        Event::Datagram
    } else if has(Note::UdpReply) {
        Event::DatagramAnswered
    } else if has(Note::UdpRefused) {
        Event::DatagramRefused
    } else {
        return None;
    })
}

/// Whether the SYN/ACK takes up nothing of what the SYN offered and a cookie has no room for;
/// `None` where it offered none of that, or timestamps, in which a cookie hides it.
fn takes_nothing_up(conn: &Conn) -> Option<bool> {
    let (asked, given) = (conn.half(Role::Client).offer?, conn.half(Role::Server).offer?);
    let comparable = asked.wscale.is_some() && asked.sack_ok && !asked.ts_ok;
    comparable.then_some(given.wscale.is_none() && !given.sack_ok)
}
