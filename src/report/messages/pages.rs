use std::collections::HashMap;
use std::io::{self, Write};

use super::{Hearing, text};
use crate::capture::declared::{Told, What};
use crate::capture::track::ConnId;
use crate::capture::{Conn, Observation, Packet};
use crate::report::look::Look;
use crate::report::paint::Ink;

/// The messages of connections that are told at their ends.
#[derive(Debug)]
pub(in crate::report) struct Pages {
    hearing: Hearing,
    pages: HashMap<ConnId, Page>,
}

/// What is told of one connection.
#[derive(Debug, Default)]
struct Page {
    lines: Vec<Vec<u8>>,
    /// How many more there would be.
    more: u64,
}

/// The most lines that are told of a connection.
const MOST: usize = 60;

/// The most connections whose messages are remembered at once.
const MOST_PAGES: usize = 10_000;

/// Columns for the packets of a message.
const PACKETS: usize = 14;

impl Pages {
    pub(in crate::report) fn new(hearing: Hearing) -> Self {
        Self { hearing, pages: HashMap::new() }
    }

    /// Hears a packet.
    pub(in crate::report) fn packet(&mut self, packet: &Packet<'_>, seen: &Observation, conn: &Conn, look: Look) {
        let Self { hearing, pages } = self;
        hearing.packet(packet, Some((seen, conn)), &mut |told| note(pages, told, look));
    }

    /// Writes what is known of a connection that has ended, if it is anything.
    pub(in crate::report) fn tell(&mut self, out: &mut dyn Write, conn: &Conn, look: Look) -> io::Result<()> {
        let Self { hearing, pages } = self;
        let account = hearing.ended(conn, &mut |told| note(pages, told, look));
        let page = pages.remove(&conn.id).unwrap_or_default();
        let Some(spoken) = hearing.account(account) else { return Ok(()) };
        writeln!(out, "\n{}\n", look.dye(Ink::Bold, "The messages"))?;
        writeln!(out, "  {}", spoken.sentence())?;
        for line in &page.lines {
            out.write_all(line)?;
        }
        if page.more > 0 {
            writeln!(out, "   {} more", page.more)?;
        }
        Ok(())
    }

    /// Forgets a connection that is not told.
    pub(in crate::report) fn forget(&mut self, conn: &Conn) {
        self.hearing.ended(conn, &mut |_| ());
        self.pages.remove(&conn.id);
    }
}

fn note(pages: &mut HashMap<ConnId, Page>, told: &Told<'_>, look: Look) {
    if pages.len() >= MOST_PAGES && !pages.contains_key(&told.conn.id) {
        return;
    }
    let page = pages.entry(told.conn.id).or_default();
    if page.lines.len() == MOST {
        page.more += 1;
        return;
    }
    let packets = match &told.what {
        What::Message(message, ..) => match message.carriers.first() {
            Some(first) if first != message.carriers.last => format!("#{first} to #{}", message.carriers.last),
            _ => format!("#{}", message.carriers.last),
        },
        What::Lost(_) => String::new(),
    };
    let from = look.dye(Look::ink(told.from), told.from.name());
    let mut line = format!("   {packets:PACKETS$} {from}  ").into_bytes();
    text::line(&mut line, told, look.paint, text::Packets::Elsewhere);
    line.push(b'\n');
    page.lines.push(line);
}
