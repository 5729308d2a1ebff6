//! A lesson: one segment at a time, its header drawn field by field, and where both ends stand in
//! the state diagram.

mod diagram;
mod header;

use std::io::{self, Write};

use super::annotate;
use super::line::{self, Counting, Style};
use super::paint::{Ink, Paint};
use crate::capture::{Conn, Observation, Packet, Sink};

/// Writes a page for each segment, and asks for leave before the next.
pub struct Lesson<W, T> {
    out: W,
    paint: Paint,
    counting: Counting,
    turn: T,
    page: Vec<u8>,
}

impl<W: Write, T: FnMut(&mut dyn Write) -> io::Result<()>> Lesson<W, T> {
    /// A lesson to `out`; `turn` is called after each page, and returns when the next is wanted.
    pub fn new(out: W, paint: Paint, turn: T) -> Self {
        Self { out, paint, counting: Counting::default(), turn, page: Vec::new() }
    }
}

impl<W: Write, T: FnMut(&mut dyn Write) -> io::Result<()>> Sink for Lesson<W, T> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        let Self { page, paint, counting, .. } = self;
        let style = Style { paint: *paint, ..Style::default() };
        page.clear();
        paint.with(Ink::Bold, page, |page| {
            let _ = write!(page, "Segment {}  ", packet.n);
        });
        let origins = counting.of(packet, told);
        line::write(page, packet, told, origins, style, None);
        page.push(b'\n');
        if let Some((seen, conn)) = told {
            annotate::write(page, packet, seen, conn, style);
        }
        page.push(b'\n');
        header::draw(page, packet, told);
        if let Some((seen, _)) = told {
            page.push(b'\n');
            diagram::draw(page, seen, *paint);
        }
        page.push(b'\n');
        self.out.write_all(page)?;
        (self.turn)(&mut self.out)
    }
}
