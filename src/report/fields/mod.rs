//! Chosen fields, a line per packet: tshark's `-T fields` with Wireshark's names.

mod conversation;
mod layout;
mod table;
mod value;

use std::io::{self, Write};

use super::clock::Long;
use crate::capture::{Conn, Observation, Packet, Sink};
use crate::wire::Timestamp;

pub use layout::{Form, Layout};

use conversation::Conversations;
use table::Field;
use value::Values;

/// Every field there is.
pub fn names() -> impl Iterator<Item = &'static str> {
    table::all().map(|field| field.name)
}

/// Writes the chosen fields of every packet.
pub struct Fields<'a> {
    out: &'a mut dyn Write,
    chosen: Vec<&'static Field>,
    layout: Layout,
    memory: Memory,
    line: Vec<u8>,
    begun: bool,
}

/// What a field can be read from.
struct Row<'a> {
    packet: &'a Packet<'a>,
    told: Option<(&'a Observation, &'a Conn)>,
    memory: &'a Memory,
}

/// What is kept from packet to packet.
#[derive(Debug, Default)]
struct Memory {
    first: Option<Timestamp>,
    previous: Option<Timestamp>,
    conversations: Conversations,
    calendar: Option<std::cell::RefCell<Long>>,
}

impl<'a> Fields<'a> {
    /// The fields `names`, laid out as `layout` says, to `out`.
    ///
    /// # Errors
    ///
    /// A sentence, when there is no such field: names it and the nearest that there is.
    pub fn new<S: AsRef<str>>(names: &[S], layout: Layout, out: &'a mut dyn Write) -> Result<Self, String> {
        let chosen = names.iter().map(|name| table::find(name.as_ref())).collect::<Result<Vec<_>, _>>()?;
        let calendar = chosen.iter().any(|field| field.name == "frame.time").then(Default::default);
        let memory = Memory { calendar, ..Memory::default() };
        Ok(Self { out, chosen, layout, memory, line: Vec::with_capacity(512), begun: false })
    }

    /// The line of names, where it is wanted.
    fn begin(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        if self.layout.bom {
            self.out.write_all("\u{feff}".as_bytes())?;
        }
        if !self.layout.header {
            return Ok(());
        }
        for (at, field) in self.chosen.iter().enumerate() {
            if at > 0 {
                self.out.write_all(&[self.layout.separator])?;
            }
            self.out.write_all(field.name.as_bytes())?;
        }
        self.out.write_all(b"\n")
    }
}

impl Sink for Fields<'_> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        self.begin()?;
        let Self { chosen, layout, memory, line, out, .. } = self;
        memory.first.get_or_insert(packet.record.time);
        if let Some((seen, conn)) = told {
            memory.conversations.enter(packet, seen, conn);
        }
        let row = Row { packet, told, memory };
        line.clear();
        for (at, field) in chosen.iter().enumerate() {
            if at > 0 {
                line.push(layout.separator);
            }
            let mut values = Values::begin(line, layout);
            (field.read)(&row, &mut values);
            values.end();
        }
        line.push(b'\n');
        memory.previous = Some(packet.record.time);
        if let Some((_, conn)) = told {
            memory.conversations.leave(packet, conn);
        }
        out.write_all(line)
    }

    fn idle(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self, _summary: &crate::capture::Summary) -> io::Result<()> {
        self.begin()
    }
}
