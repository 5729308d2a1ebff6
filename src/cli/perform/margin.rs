use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use super::program::Program;
use crate::capture::{Conn, Observation, Packet, Sink, Summary};
use crate::cli::output::Output;
use crate::craft::script::{Call, Speaker};
use crate::report::paint::{self, Ink, Paint};

/// What stands beside the packets: the script's comments, and what programs are asked to do.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Margin(Rc<RefCell<Written>>);

#[derive(Debug, Default)]
struct Written {
    /// Lines that are not shown yet.
    lines: Vec<String>,
    /// Comments since the last packet.
    intent: Vec<String>,
}

impl Margin {
    pub(super) fn remark(&self, comment: &str) {
        let mut written = self.0.borrow_mut();
        written.lines.push(comment.to_owned());
        written.intent.push(comment.trim_start_matches(['/', '#']).trim().to_owned());
    }

    pub(super) fn call(&self, speaker: Speaker, call: &Call, program: &Program) {
        let mut line = format!("@ {speaker} {call}");
        if program.is_foreign() {
            line.push_str("   (for the program there to do)");
        }
        self.0.borrow_mut().lines.push(line);
    }

    /// The comments since this was last asked, as one text.
    pub(in crate::cli) fn take_intent(&self) -> Option<String> {
        let intent = std::mem::take(&mut self.0.borrow_mut().intent);
        (!intent.is_empty()).then(|| intent.join(" "))
    }

    fn write(&self, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
        let mut text = Vec::new();
        for line in self.0.borrow_mut().lines.drain(..) {
            paint.with(Ink::Dim, &mut text, |text| paint::escape(text, line.as_bytes()));
            text.push(b'\n');
        }
        out.write_all(&text)
    }
}

/// Shows the margin between the packets that another sink writes, all of it as it happens.
pub(in crate::cli) struct Beside<'a, S> {
    pub(in crate::cli) sink: S,
    pub(in crate::cli) margin: Margin,
    pub(in crate::cli) out: Shared<'a>,
    pub(in crate::cli) paint: Paint,
}

impl<S: Sink> Sink for Beside<'_, S> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        self.margin.write(&mut self.out, self.paint)?;
        self.sink.packet(packet, told)?;
        self.out.flush()
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.sink.ended(conn)
    }

    fn idle(&mut self) -> io::Result<()> {
        self.margin.write(&mut self.out, self.paint)?;
        self.sink.idle()
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        self.margin.write(&mut self.out, self.paint)?;
        self.sink.finish(summary)
    }
}

/// An output that two write to, in turns.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Shared<'a>(pub(in crate::cli) &'a RefCell<&'a mut Output>);

impl Write for Shared<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.borrow_mut().flush()
    }
}
