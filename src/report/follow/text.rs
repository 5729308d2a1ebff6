//! A conversation on a page: who speaks, when, and what; what is missing in its place.

use super::letters::Letters;
use super::{Choice, Form, hex, name};
use crate::capture::Conn;
use crate::capture::stream::{End, Ending, Event, Hole, Missing, Octets};
use crate::capture::track::{ConnId, Role};
use crate::report::clock::Clock;
use crate::report::digits::Digits as _;
use crate::report::human::plural;
use crate::report::paint::Ink;
use crate::wire::{Protocol, Timestamp};

/// Where the writing has come to.
#[derive(Debug)]
pub(super) struct Page {
    clock: Clock,
    /// How many conversations were begun: headings say which, where there are several.
    begun: u32,
    /// Who speaks.
    turn: Option<(ConnId, Role)>,
    letters: Letters,
    /// The last line has no end yet.
    open: bool,
    /// Nothing was written yet.
    fresh: bool,
}

impl Page {
    /// An empty one.
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, begun: 0, turn: None, letters: Letters::default(), open: false, fresh: true }
    }

    /// Appends who talks with whom.
    pub(super) fn heading(&mut self, out: &mut Vec<u8>, conn: &Conn, choice: &Choice) {
        self.begun = self.begun.saturating_add(1);
        self.turn = None;
        self.paragraph(out);
        choice.paint.with(Ink::Bold, out, |out| name(out, conn));
        out.push(b'\n');
    }

    /// Appends an event.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, conn: &Conn, event: &Event<'_>, choice: &Choice) {
        match event {
            Event::Octets(octets) => self.octets(out, conn, octets, choice),
            Event::Hole(hole) => self.hole(out, conn, hole, choice),
            Event::End(end) => self.end(out, conn, end, choice),
        }
    }

    fn octets(&mut self, out: &mut Vec<u8>, conn: &Conn, octets: &Octets<'_>, choice: &Choice) {
        let Octets { from, at, n, time, bytes } = *octets;
        let turn = Some((conn.id, from));
        if self.turn != turn || choice.verbose || conn.protocol() == Protocol::Udp {
            let place = choice.verbose.then_some((at, bytes.len() as u64));
            self.speaker(out, conn, from, (n, time), place, choice);
        }
        self.turn = turn;
        let Self { letters, open, .. } = self;
        choice.paint.with(ink(from), out, |out| {
            if choice.form == Form::Hex {
                let indent = if from == Role::Client { 0 } else { 4 };
                return hex::write(out, at, bytes, indent);
            }
            let before = out.len();
            letters.write(out, bytes, choice.ascii);
            *open = out.get(before..).and_then(<[u8]>::last).map_or(*open, |last| *last != b'\n');
        });
    }

    /// Who speaks now, and in which packet that began.
    fn speaker(
        &mut self,
        out: &mut Vec<u8>,
        conn: &Conn,
        from: Role,
        (n, time): (u64, Timestamp),
        place: Option<(u64, u64)>,
        choice: &Choice,
    ) {
        self.paragraph(out);
        let (clock, shared) = (&mut self.clock, self.begun > 1);
        choice.paint.with(ink(from), out, |out| {
            out.text(if from == Role::Client { "> " } else { "< " });
            if shared {
                out.text("conn ");
                out.dec(u64::from(conn.id.0));
                out.push(b' ');
            }
            out.text(from.name());
            out.push(b' ');
            clock.write(out, time);
            out.push(b'#');
            out.dec(n);
            if let Some((at, len)) = place {
                out.text(" octets ");
                out.dec(at);
                out.text("..");
                out.dec(at + len);
            }
        });
        out.push(b'\n');
    }

    fn hole(&mut self, out: &mut Vec<u8>, conn: &Conn, hole: &Hole, choice: &Choice) {
        self.line(out);
        let why = match hole.why {
            Missing::NotCaptured => "not in the capture",
            Missing::Cut => "cut off by the snap length",
            Missing::NoRoom => "not come yet, and no room to wait for them",
        };
        self.note(out, conn, hole.from, Ink::Bad, choice, |out| {
            out.text(&plural(hole.len, "octet"));
            out.text(" missing here, ");
            out.text(why);
        });
    }

    fn end(&mut self, out: &mut Vec<u8>, conn: &Conn, end: &End, choice: &Choice) {
        if conn.protocol() == Protocol::Udp {
            return;
        }
        if self.turn.is_some() {
            self.paragraph(out);
        }
        let how = match end.how {
            Ending::Fin => "FIN",
            Ending::Reset => "reset",
            Ending::CaptureEnd => "the capture ends",
            Ending::GivenUp => "given up",
        };
        self.note(out, conn, end.from, Ink::Dim, choice, |out| {
            out.text(how);
            out.text(" after ");
            out.text(&plural(end.at, "octet"));
            out.text(" #");
            out.dec(end.n);
        });
        self.turn = None;
    }

    /// A line in brackets that says of whom it is.
    fn note(
        &mut self,
        out: &mut Vec<u8>,
        conn: &Conn,
        from: Role,
        ink: Ink,
        choice: &Choice,
        what: impl FnOnce(&mut Vec<u8>),
    ) {
        let shared = self.begun > 1;
        choice.paint.with(ink, out, |out| {
            out.push(b'[');
            if shared {
                out.text("conn ");
                out.dec(u64::from(conn.id.0));
                out.push(b' ');
            }
            out.text(from.name());
            out.text(": ");
            what(out);
            out.push(b']');
        });
        out.push(b'\n');
        self.fresh = false;
    }

    /// Lines about what was said.
    pub(super) fn aside(&mut self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        self.line(out);
        write(out);
        self.fresh = false;
    }

    /// Ends the line that is being written.
    fn line(&mut self, out: &mut Vec<u8>) {
        let before = out.len();
        self.letters.finish(out);
        if self.open || out.len() > before {
            out.push(b'\n');
        }
        self.open = false;
    }

    /// Ends the line, and leaves one empty.
    fn paragraph(&mut self, out: &mut Vec<u8>) {
        self.line(out);
        if !std::mem::take(&mut self.fresh) {
            out.push(b'\n');
        }
    }
}

const fn ink(role: Role) -> Ink {
    match role {
        Role::Client => Ink::Client,
        Role::Server => Ink::Server,
    }
}
