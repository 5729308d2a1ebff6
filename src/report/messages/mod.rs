//! The messages of declared protocols, as they are told: a line, a record, an account of a
//! conversation.

mod account;
mod json;
mod pages;
mod text;

use std::io;

use crate::capture::declared::{Account, Messages, Told};
use crate::capture::stream::Streams;
use crate::capture::{Conn, Observation, Packet};
use crate::wire::declared::Definition;
pub(super) use account::Spoken;
pub(super) use json::write as write_json;
pub(super) use pages::Pages;
pub(super) use text::{told_at as write_text, write_behind};

/// Hears messages for a sink.
#[derive(Debug, Default)]
pub struct Hearing {
    streams: Streams,
    messages: Messages,
}

impl Hearing {
    /// Of these messages.
    pub fn new(messages: Messages) -> Self {
        Self { streams: Streams::default(), messages }
    }

    /// The protocols that are heard.
    pub fn known(&self) -> &[Definition] {
        self.messages.known()
    }

    /// Hears a packet; what it completes is told.
    pub(super) fn packet(
        &mut self,
        packet: &Packet<'_>,
        told: Option<(&Observation, &Conn)>,
        tell: &mut dyn FnMut(&Told<'_>),
    ) {
        if let Some((seen, conn)) = told {
            self.streams.take(packet, seen, conn, &mut self.messages.listening(tell));
        }
    }

    /// A conversation has ended: what is left of it is told, and what it came to.
    pub(super) fn ended(&mut self, conn: &Conn, tell: &mut dyn FnMut(&Told<'_>)) -> Option<Account> {
        self.streams.ended(conn, &mut self.messages.listening(tell));
        self.messages.take(conn.id)
    }

    /// The same, for who wants to know what it came to only.
    pub(super) fn spoken(&mut self, conn: &Conn) -> Option<Spoken<'_>> {
        let account = self.ended(conn, &mut |_| ());
        self.account(account)
    }

    /// What a conversation came to, with the protocol that it spoke.
    fn account(&self, account: Option<Account>) -> Option<Spoken<'_>> {
        let account = account?;
        let of = self.messages.known().get(account.protocol)?;
        Some(Spoken { of, account })
    }
}

/// Has `write` append lines of text, and writes them.
pub(super) fn through(
    lines: &mut Vec<u8>,
    out: &mut dyn io::Write,
    write: impl FnOnce(&mut Vec<u8>),
) -> io::Result<()> {
    lines.clear();
    write(lines);
    if lines.is_empty() { Ok(()) } else { out.write_all(lines) }
}
