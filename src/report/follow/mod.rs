//! What both ends of a conversation said, for people, for programs, and as it was.

mod hex;
mod json;
mod letters;
mod text;

use std::fmt;
use std::io::{self, Write};

use super::clock::{Clock, Precision, TimeStyle, Utc};
use super::digits::Digits as _;
use super::messages::{self, Hearing};
use super::paint::Paint;
use crate::capture::declared::Told;
use crate::capture::stream::{Above, Event, Hole, Interest, Streams};
use crate::capture::track::{Ends, Role};
use crate::capture::{Conn, Observation, Packet, Sink};
use crate::wire::Protocol;
use text::Page;

/// What is followed, and how it is told.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The conversations; all where none is named.
    pub chosen: Vec<Chosen>,
    /// One side alone.
    pub from: Option<Role>,
    /// In which form.
    pub form: Form,
    /// A heading for every packet, with its place in the stream.
    pub verbose: bool,
    /// Dots in the place of letters outside ASCII.
    pub ascii: bool,
    /// How headings tell the time.
    pub time: TimeStyle,
    /// How exactly.
    pub precision: Precision,
    /// The colours of both sides.
    pub paint: Paint,
}

/// A conversation that is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Chosen {
    /// By its number.
    Conn(u32),
    /// By the number of Wireshark's `tcp.stream` or `udp.stream`.
    Stream(Protocol, u32),
}

impl Chosen {
    fn is(self, conn: &Conn) -> bool {
        match self {
            Self::Conn(number) => conn.id.0 == number,
            Self::Stream(protocol, number) => conn.protocol() == protocol && conn.stream == number,
        }
    }
}

/// `connection 3`, `tcp stream 3`.
impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conn(number) => write!(f, "connection {number}"),
            Self::Stream(protocol, number) => write!(f, "{} stream {number}", protocol.name()),
        }
    }
}

/// In which form a conversation is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Letters, and dots in the place of what is none.
    Text,
    /// Hexadecimal beside letters, with offsets.
    Hex,
    /// The octets and nothing else.
    Raw {
        /// Zeros in the place of what is missing, so that offsets hold.
        zeros: bool,
    },
    /// A JSON object for each event.
    Json,
}

/// Writes what was said as it becomes known.
pub struct Follow<'a> {
    out: &'a mut dyn Write,
    streams: Streams,
    ear: Ear,
    hearing: Option<Hearing>,
    seen: u32,
}

/// Listens, and has it written down.
struct Ear {
    choice: Choice,
    page: Page,
    utc: Utc,
    lines: Vec<u8>,
    /// What is chosen and was seen, and what of it was heard.
    found: Vec<Found>,
    lacks: Ends<Lack>,
    /// Somebody said something.
    any: bool,
}

/// What became of something chosen.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    /// It is there.
    seen: bool,
    /// It said something.
    heard: bool,
    /// Both of its sides have ended, or those that are told.
    ended: [bool; 2],
}

/// What is missing in one side's stream.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Lack {
    /// How many octets.
    pub octets: u64,
    /// In how many places.
    pub places: u64,
    /// Offset of the first.
    pub first: u64,
}

impl<'a> Follow<'a> {
    /// What `choice` says, to `out`.
    pub fn new(out: &'a mut dyn Write, choice: Choice) -> Self {
        let clock = Clock::local(choice.time, choice.precision);
        let ear = Ear {
            found: vec![Found::default(); choice.chosen.len()],
            page: Page::new(clock),
            utc: Utc::default(),
            lines: Vec::with_capacity(4096),
            lacks: Ends::default(),
            any: false,
            choice,
        };
        Self { out, streams: Streams::default(), ear, hearing: None, seen: 0 }
    }

    /// The same, telling the messages of declared protocols behind the octets that complete them.
    #[must_use]
    pub fn with_messages(mut self, hearing: Option<Hearing>) -> Self {
        self.hearing = hearing;
        self
    }

    /// How many conversations the input has, as far as it was read.
    pub fn seen(&self) -> u32 {
        self.seen
    }

    /// Whether nothing was said that is followed.
    pub fn is_silent(&self) -> bool {
        !self.ear.any
    }

    /// What was chosen and is not there.
    pub fn missing(&self) -> Vec<Chosen> {
        self.chosen(|found| !found.seen)
    }

    /// What was chosen, is there, and said nothing.
    pub fn silent(&self) -> Vec<Chosen> {
        self.chosen(|found| found.seen && !found.heard)
    }

    fn chosen(&self, which: impl Fn(&Found) -> bool) -> Vec<Chosen> {
        let both = self.ear.choice.chosen.iter().zip(&self.ear.found);
        both.filter(|(_, found)| which(found)).map(|(chosen, _)| *chosen).collect()
    }

    /// A conversation went by.
    fn see(&mut self, conn: &Conn) {
        self.seen = self.seen.max(conn.id.0.saturating_add(1));
        self.ear.found_of(conn, |found| found.seen = true);
    }

    /// What is missing in what was told of `role`.
    pub fn lack(&self, role: Role) -> Lack {
        *self.ear.lacks.of(role)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.ear.lines.is_empty() {
            return Ok(());
        }
        let written = self.out.write_all(&self.ear.lines);
        self.ear.lines.clear();
        written
    }
}

impl Sink for Follow<'_> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        let Some((seen, conn)) = told else { return Ok(()) };
        self.see(conn);
        self.streams.take(packet, seen, conn, &mut self.ear);
        if let Some(hearing) = &mut self.hearing {
            hearing.packet(packet, told, &mut |told| self.ear.message(told, Some(packet.n)));
        }
        self.flush()
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.see(conn);
        self.streams.ended(conn, &mut self.ear);
        if let Some(hearing) = &mut self.hearing {
            hearing.ended(conn, &mut |told| self.ear.message(told, None));
        }
        self.flush()
    }

    fn full(&self) -> bool {
        // One of Wireshark's streams may have another connection in it.
        let named = |chosen: &Chosen| matches!(chosen, Chosen::Conn(_));
        let Ear { found, choice, .. } = &self.ear;
        !found.is_empty() && found.iter().all(|found| found.ended == [true; 2]) && choice.chosen.iter().all(named)
    }
}

impl Above for Ear {
    fn wants(&mut self, conn: &Conn) -> bool {
        let mut wanted = self.found.is_empty();
        self.found_of(conn, |found| (found.heard, wanted) = (true, true));
        if !wanted {
            return false;
        }
        self.any = true;
        match self.choice.form {
            Form::Text | Form::Hex => self.page.heading(&mut self.lines, conn, &self.choice),
            Form::Raw { .. } | Form::Json => {}
        }
        true
    }

    fn hear(&mut self, conn: &Conn, event: &Event<'_>) -> Interest {
        let from = event.from();
        let told = self.choice.from.is_none_or(|role| role == from);
        if !told || matches!(event, Event::End(_)) {
            self.found_of(conn, |found| found.ended[from as usize] = true);
        }
        if !told {
            return Interest::Enough;
        }
        if let Event::Hole(hole) = event {
            self.miss(hole);
        }
        match self.choice.form {
            Form::Text | Form::Hex => self.page.write(&mut self.lines, conn, event, &self.choice),
            Form::Raw { zeros } => raw(&mut self.lines, event, zeros),
            Form::Json => json::write(&mut self.lines, conn, event, &mut self.utc),
        }
        Interest::More
    }
}

impl Ear {
    /// A message, complete with packet `n` or with the end.
    fn message(&mut self, told: &Told<'_>, n: Option<u64>) {
        let Choice { chosen, from, form, paint, .. } = &self.choice;
        let is_chosen = chosen.is_empty() || chosen.iter().any(|chosen| chosen.is(told.conn));
        if !is_chosen || from.is_some_and(|role| role != told.from) {
            return;
        }
        match (form, n) {
            (Form::Text | Form::Hex, Some(_)) => {
                self.page.aside(&mut self.lines, |out| messages::write_text(out, told, *paint));
            }
            (Form::Text | Form::Hex, None) => {
                self.page.aside(&mut self.lines, |out| messages::write_behind(out, told, *paint));
            }
            (Form::Json, n) => messages::write_json(&mut self.lines, told, n, &mut self.utc),
            (Form::Raw { .. }, _) => {}
        }
    }

    /// Has `change` change what is known of what is chosen, where `conn` is of it.
    fn found_of(&mut self, conn: &Conn, mut change: impl FnMut(&mut Found)) {
        let both = self.choice.chosen.iter().zip(&mut self.found);
        both.filter(|(chosen, _)| chosen.is(conn)).for_each(|(_, found)| change(found));
    }

    fn miss(&mut self, hole: &Hole) {
        let lack = match hole.from {
            Role::Client => &mut self.lacks.client,
            Role::Server => &mut self.lacks.server,
        };
        if lack.places == 0 {
            lack.first = hole.at;
        }
        lack.places += 1;
        lack.octets += hole.len;
    }
}

fn raw(out: &mut Vec<u8>, event: &Event<'_>, zeros: bool) {
    match event {
        Event::Octets(octets) => out.extend_from_slice(octets.bytes),
        Event::Hole(hole) if zeros => out.resize(out.len() + usize::try_from(hole.len).unwrap_or(0), 0),
        Event::Hole(_) | Event::End(_) => {}
    }
}

/// Appends `conn 0: 10.0.0.1:40000 > 10.0.0.2:80, tcp`.
fn name(out: &mut Vec<u8>, conn: &Conn) {
    out.text("conn ");
    out.dec(u64::from(conn.id.0));
    out.text(": ");
    out.endpoint(conn.endpoint(Role::Client));
    out.text(" > ");
    out.endpoint(conn.endpoint(Role::Server));
    out.text(match conn.protocol() {
        Protocol::Tcp => ", tcp",
        Protocol::Udp => ", udp",
        Protocol::Icmp => ", icmp",
    });
}
