//! What a packet meant for its connection: the lines under its line.
//!
//! The first says which step it is and where both ends stand; one more for each end that has learnt
//! something. An ordinary data segment has none.

use super::digits::Digits as _;
use super::line::Style;
use super::paint::{Ink, Paint};
use super::steps;
use crate::capture::track::{Basis, Note, Notes, Role, Standing};
use crate::capture::{Body, Conn, Observation, Packet};
use crate::wire::{Flags, Protocol};

/// Where the states begin, if the words leave room.
const STATES_AT: usize = 62;
/// Where the server's begin: behind `client ESTABLISHED? -> ESTABLISHED!`.
const SERVER_AT: usize = 37;

/// Appends the annotation of a packet: whole lines, indented, or nothing.
pub fn write(out: &mut Vec<u8>, packet: &Packet<'_>, seen: &Observation, conn: &Conn, style: Style) {
    let learnt = seen.knew != seen.know;
    let tcp = conn.protocol() == Protocol::Tcp;
    let verbose = style.verbose > 0 && tcp;
    if seen.notes.is_empty() && !learnt && !seen.moved() && !verbose {
        return;
    }
    let begins = conn.first_n == packet.n && !style.quiet;
    let start = out.len();
    out.text("    ");
    let mut unseen = 0;
    if (begins && !tcp) || verbose {
        unseen += style.paint.unseen(Ink::Dim, out, |out| {
            out.text("conn ");
            out.dec(u64::from(conn.id.0));
            out.text(": ");
        });
    }
    let mut notes = in_order(seen.notes);
    if style.quiet {
        unseen += ids(out, &mut notes, style.paint);
    } else if let Some(main) = notes.next() {
        unseen += named(out, main, seen, conn, style.paint);
        which(out, seen);
    }
    if tcp && (seen.moved() || learnt || verbose) {
        let width = out.len() - start - unseen;
        pad(out, width, STATES_AT);
        states(out, seen, style.paint);
    }
    end_line(out, start);
    if style.quiet {
        return;
    }
    for note in notes {
        out.text("      ");
        named(out, note, seen, conn, style.paint);
        out.push(b'\n');
    }
    if !tcp {
        return;
    }
    if begins {
        out.text("      conn ");
        out.dec(u64::from(conn.id.0));
        out.text(", server ");
        steps::port(out, conn.endpoint(Role::Server).port);
        out.push(b'\n');
    }
    if verbose {
        offer(out, packet, seen.from);
    }
    for role in Role::BOTH {
        knowledge(out, seen, role, style.paint);
    }
}

/// The notes worth telling: what the packet did before how it came, and the narrowest of a family.
pub(super) fn in_order(notes: Notes) -> impl Iterator<Item = Note> {
    let (mut first, mut last) = (Notes::NONE, Notes::NONE);
    for note in notes.iter().filter(|note| !is_told_by_another(*note, notes)) {
        if is_of_the_way(note) { &mut last } else { &mut first }.add(note);
    }
    first.iter().chain(last.iter())
}

/// Whether a note is about how the packet came rather than what it did.
const fn is_of_the_way(note: Note) -> bool {
    matches!(note, Note::Fragment | Note::Truncated | Note::ChecksumBad | Note::ChecksumOffload | Note::ClockBackwards)
}

/// Whether a narrower note of the same family stands beside it: `retransmit` says nothing that
/// `retransmit.rto` does not.
fn is_told_by_another(note: Note, notes: Notes) -> bool {
    let narrower = |other: Note| other.id().strip_prefix(note.id()).is_some_and(|rest| rest.starts_with('.'));
    notes.iter().any(narrower)
}

/// The ids alone. Returns how many octets of it take no room on the screen.
fn ids(out: &mut Vec<u8>, notes: impl Iterator<Item = Note>, paint: Paint) -> usize {
    let mut unseen = 0;
    for (at, note) in notes.enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        unseen += paint.unseen(Ink::Bold, out, |out| out.text(note.id()));
    }
    unseen
}

/// `open.1  client asks to open: step 1 of 3`. Returns what takes no room on the screen.
fn named(out: &mut Vec<u8>, note: Note, seen: &Observation, conn: &Conn, paint: Paint) -> usize {
    let unseen = paint.unseen(Ink::Bold, out, |out| out.text(note.id()));
    out.text("  ");
    steps::write(out, note, seen, conn);
    unseen
}

/// Which repeat it is, and of which frame.
fn which(out: &mut Vec<u8>, seen: &Observation) {
    if seen.nth > 0 {
        out.text(", #");
        out.dec(u64::from(seen.nth));
    }
    if let Some(about) = seen.about {
        out.text(" (see packet ");
        out.dec(about);
        out.push(b')');
    }
}

/// `client SYN_SENT! -> ESTABLISHED?   server SYN_RCVD!`.
fn states(out: &mut Vec<u8>, seen: &Observation, paint: Paint) {
    let start = out.len();
    let unseen = moves(out, Role::Client, seen, paint);
    let width = out.len() - start - unseen;
    pad(out, width, SERVER_AT);
    moves(out, Role::Server, seen, paint);
}

fn moves(out: &mut Vec<u8>, role: Role, seen: &Observation, paint: Paint) -> usize {
    let (before, after) = (*seen.before.of(role), *seen.after.of(role));
    out.text(role.name());
    out.push(b' ');
    let mut unseen = 0;
    if before != after {
        unseen += standing(out, before, paint);
        out.text(" -> ");
    }
    unseen + standing(out, after, paint)
}

fn standing(out: &mut Vec<u8>, standing: Standing, paint: Paint) -> usize {
    out.word(standing.state.name());
    mark(out, standing.basis, paint)
}

fn mark(out: &mut Vec<u8>, basis: Basis, paint: Paint) -> usize {
    let ink = match basis {
        Basis::Proven => Ink::Good,
        Basis::Expected => Ink::Warn,
        Basis::Assumed => Ink::Dim,
    };
    paint.unseen(ink, out, |out| out.push(basis.mark() as u8))
}

/// What a SYN offers, in words: `client offers: segments of up to 1460 octets, ...`.
fn offer(out: &mut Vec<u8>, packet: &Packet<'_>, from: Role) {
    let Body::Tcp(tcp) = packet.record.body else { return };
    if !tcp.segment.flags.contains(Flags::SYN) {
        return;
    }
    let options = &tcp.segment.options;
    out.text("      ");
    out.text(from.name());
    out.text(" offers: segments of up to ");
    // RFC 9293 §3.7.1: what holds where nothing is said.
    let unsaid = if packet.record.ip.is_some_and(|ip| ip.version() == 6) { 1220 } else { 536 };
    out.dec(u64::from(options.mss().unwrap_or(unsaid)));
    out.text(" octets");
    if let Some(scale) = options.effective_scale() {
        out.text(", windows times ");
        out.dec(1 << scale.count());
    }
    if options.sack_permitted() {
        out.text(", selective acknowledgements");
    }
    if options.timestamps().is_some() {
        out.text(", timestamps");
    }
    out.push(b'\n');
}

/// `server now knows: it can receive?, the client's ISN?`, on a line of its own.
fn knowledge(out: &mut Vec<u8>, seen: &Observation, role: Role, paint: Paint) {
    let start = out.len();
    for (fact, basis) in seen.learnt(role) {
        if out.len() == start {
            out.text("      ");
            out.text(role.name());
            out.text(" now knows: ");
        } else {
            out.text(", ");
        }
        steps::write_fact(out, fact, !role);
        mark(out, basis, paint);
    }
    if out.len() > start {
        out.push(b'\n');
    }
}

/// Spaces up to column `at`, two at least.
fn pad(out: &mut Vec<u8>, width: usize, at: usize) {
    let spaces = at.saturating_sub(width).max(2);
    out.resize(out.len() + spaces, b' ');
}

/// Ends the line that began at `start`; takes it back where it says nothing.
fn end_line(out: &mut Vec<u8>, start: usize) {
    let text = out.get(start..).unwrap_or_default().trim_ascii_end().len();
    out.truncate(start + text);
    if text > 0 {
        out.push(b'\n');
    }
}
