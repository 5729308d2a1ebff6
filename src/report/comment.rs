//! What a packet meant as a comment beside it, for programs that show captures: one line of
//! `key=value`, described in `docs/annotations.md`.

use std::io;

use super::annotate::in_order;
use super::digits::Digits as _;
use super::steps;
use crate::capture::file::Margin;
use crate::capture::track::{Note, Notes, Role};
use crate::capture::{Body, Conn, Observation, Packet, Sink};
use crate::wire::Protocol;

/// What every comment of ours begins with, and no other should.
pub const MARK: &str = "synfin: ";

/// Appends the comment of a packet.
///
/// Every word of it is our own: no text from the network is in it.
pub fn write(out: &mut Vec<u8>, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) {
    out.text(MARK);
    let mut line = Line { out, any: false };
    match told {
        Some((seen, conn)) => meaning(&mut line, seen, conn),
        None => line.pair("skip", |out| skip(out, packet)),
    }
}

/// Leaves a comment beside every packet.
#[derive(Debug)]
pub struct Comments {
    margin: Margin,
}

impl Comments {
    /// Comments to be left in `margin`.
    pub const fn new(margin: Margin) -> Self {
        Self { margin }
    }
}

impl Sink for Comments {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        self.margin.note(|out| write(out, packet, told));
        Ok(())
    }
}

/// Keeps every packet as it is.
#[derive(Debug)]
pub struct Kept {
    margin: Margin,
}

impl Kept {
    /// Packets to be kept by `margin`.
    pub const fn new(margin: Margin) -> Self {
        Self { margin }
    }
}

impl Sink for Kept {
    fn packet(&mut self, _: &Packet<'_>, _: Option<(&Observation, &Conn)>) -> io::Result<()> {
        self.margin.keep();
        Ok(())
    }
}

fn meaning(line: &mut Line<'_>, seen: &Observation, conn: &Conn) {
    for (key, steps) in [("step", opening(seen.notes)), ("close_step", closing(seen.notes))] {
        if !steps.is_empty() {
            line.pair(key, |out| out.text(steps));
        }
    }
    if !seen.notes.is_empty() {
        line.pair("notes", |out| list(out, seen.notes.iter().map(Note::id)));
    }
    if seen.nth > 0 {
        line.pair("nth", |out| out.dec(u64::from(seen.nth)));
    }
    if let Some(about) = seen.about {
        line.pair("about", |out| out.dec(about));
    }
    line.pair("from", |out| out.text(seen.from.name()));
    if conn.protocol() == Protocol::Tcp {
        states(line, seen);
    }
    line.pair("conn", |out| out.dec(u64::from(conn.id.0)));
    if !seen.notes.is_empty() {
        line.pair("text", |out| words(out, seen, conn));
    }
}

fn states(line: &mut Line<'_>, seen: &Observation) {
    let standing = |out: &mut Vec<u8>, standing: crate::capture::track::Standing| {
        out.text(standing.state.name());
        out.push(standing.basis.mark() as u8);
    };
    for role in Role::BOTH {
        line.pair(role.name(), |out| standing(out, *seen.after.of(role)));
    }
    for (role, key) in [(Role::Client, "client.before"), (Role::Server, "server.before")] {
        let before = *seen.before.of(role);
        if before != *seen.after.of(role) {
            line.pair(key, |out| standing(out, before));
        }
    }
    for (role, key) in [(Role::Client, "client.facts"), (Role::Server, "server.facts")] {
        if seen.learnt(role).next().is_none() {
            continue;
        }
        line.pair(key, |out| {
            for (at, (fact, basis)) in seen.learnt(role).enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                out.extend([fact.letter() as u8, basis.mark() as u8]);
            }
        });
    }
}

/// The notes in words, the one that matters most first.
fn words(out: &mut Vec<u8>, seen: &Observation, conn: &Conn) {
    for (at, note) in in_order(seen.notes).enumerate() {
        if at > 0 {
            out.text("; ");
        }
        steps::write(out, note, seen, conn);
    }
}

/// Which step of the opening it is.
fn opening(notes: Notes) -> &'static str {
    let is = |any: &[Note]| notes.intersects(any);
    if is(&[Note::Open1]) {
        "1"
    } else if is(&[Note::Open2]) {
        "2"
    } else if is(&[Note::Open3, Note::Open3Data, Note::Open3Fin, Note::Open3Repeat]) {
        "3"
    } else {
        ""
    }
}

/// Which steps of the close it is: one segment can be two.
fn closing(notes: Notes) -> &'static str {
    let is = |any: &[Note]| notes.intersects(any);
    if is(&[Note::Close1, Note::Close1Data]) {
        "1"
    } else if is(&[Note::Close23]) {
        "2,3"
    } else if is(&[Note::Close2]) {
        "2"
    } else if is(&[Note::Close3]) {
        "3"
    } else if is(&[Note::Close4, Note::Close4Repeat]) {
        "4"
    } else {
        ""
    }
}

fn skip(out: &mut Vec<u8>, packet: &Packet<'_>) {
    use std::io::Write as _;

    match packet.record.body {
        // Writing to a vector cannot fail.
        Body::Skip(skip) => _ = write!(out, "{skip}"),
        Body::Arp(_) => out.text("arp"),
        Body::Tcp(_) | Body::Udp(_) | Body::Icmp(_) => out.text("no_connection"),
    }
}

fn list<'a>(out: &mut Vec<u8>, words: impl Iterator<Item = &'a str>) {
    for (at, word) in words.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.text(word);
    }
}

/// A line being written.
struct Line<'a> {
    out: &'a mut Vec<u8>,
    any: bool,
}

impl Line<'_> {
    fn pair(&mut self, key: &str, value: impl FnOnce(&mut Vec<u8>)) {
        if self.any {
            self.out.push(b' ');
        }
        self.any = true;
        self.out.text(key);
        self.out.push(b'=');
        value(self.out);
    }
}
