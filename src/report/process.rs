//! Which processes of this machine own the ends of a connection. Files do not tell; whoever
//! captures live can ask.

use super::digits::Digits as _;
use super::json::of;
use super::object::{Object, key};
use super::paint::{self, Ink, Paint};
use crate::capture::track::{Ends, Role};
use crate::capture::{Conn, Observation, Packet};

/// A process of this machine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// What it calls itself, which may be anything.
    pub name: String,
}

/// The processes at both ends of a connection, as far as they are of this machine and known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Owners<'a> {
    /// Who they are.
    pub ends: Ends<Option<&'a Process>>,
    /// Whether one of them was not known before.
    pub news: bool,
}

/// Finds out who owns the ends of connections, while they last.
pub trait Processes {
    /// The owners of the ends of `conn`, which `packet` belongs to: asked with every packet.
    fn of(&mut self, packet: &Packet<'_>, seen: &Observation, conn: &Conn) -> Owners<'_>;

    /// The owners as they are known by now.
    fn known(&mut self, conn: &Conn) -> Ends<Option<&Process>>;

    /// The connection has ended and will not be asked for again.
    fn forget(&mut self, conn: &Conn);
}

impl Owners<'_> {
    /// Appends a line that names those that are known.
    pub(super) fn write_text(&self, out: &mut Vec<u8>, paint: Paint) {
        let inks = [Ink::Client, Ink::Server];
        let mut between = "      ";
        for (role, ink) in Role::BOTH.into_iter().zip(inks) {
            let Some(Process { pid, name }) = self.ends.of(role) else { continue };
            out.text(between);
            paint.text(ink, out, role.name());
            out.text(" is ");
            paint::escape(out, name.as_bytes());
            out.text(", pid ");
            out.dec(u64::from(*pid));
            between = "; ";
        }
        out.push(b'\n');
    }
}

/// Adds the member `process`, where there is somebody to name.
pub(super) fn write_json(object: &mut Object<'_>, ends: Ends<Option<&Process>>) {
    if Role::BOTH.iter().all(|role| ends.of(*role).is_none()) {
        return;
    }
    object.object(key!("process"), |object| {
        for role in Role::BOTH {
            let Some(Process { pid, name }) = ends.of(role) else { continue };
            object.object(of(role), |object| {
                object.number(key!("pid"), u64::from(*pid));
                object.string(key!("name"), name);
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_are_escaped() {
        let [client, server] = ["cu\u{1b}rl", "nginx \"w\""].map(|name| Process { pid: 7, name: name.to_owned() });
        let ends = Ends { client: Some(&client), server: Some(&server) };
        let mut out = Vec::new();
        Owners { ends, news: true }.write_text(&mut out, Paint::default());
        assert_eq!(out, b"      client is cu\\u{1b}rl, pid 7; server is nginx \"w\", pid 7\n");
        out.clear();
        let mut object = Object::begin(&mut out);
        write_json(&mut object, ends);
        object.end();
        let json = String::from_utf8(out).expect("text");
        assert!(json.contains(r#""process":{"client":{"pid":7,"name":"cu\u001brl"},"server":"#), "{json}");
        assert!(json.contains(r#"nginx \"w\""#), "{json}");
    }

    #[test]
    fn nothing_is_said_of_nobody() {
        let mut out = Vec::new();
        let mut object = Object::begin(&mut out);
        write_json(&mut object, Ends::default());
        object.end();
        assert_eq!(out, b"{}");
    }
}
