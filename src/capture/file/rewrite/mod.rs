mod block;

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use self::block::Plain;
use super::fault::Found;
use super::order::Order;
use super::pcap;
use super::pcapng::kind;
use super::reader::Step;
use super::series::Captures;
use super::watch::{RawPacket, Watch};
use super::write;
use crate::capture::frame::{Link, Next, Source, SourceError};

/// Octets to gather before they are written out.
const FULL: usize = 256 << 10;

/// Captures that are written anew while they are read, to a pcapng: octet for octet, but for the
/// notes that are left beside their packets.
///
/// A block that holds no packet goes over as it stands, known or not, in the byte order it has; so
/// does a packet's, its options and other people's comments included. A packet goes out when the next
/// is asked for, so that whoever looked at it could say by its [`Margin`] whether it is kept, and what
/// is written beside it. Four things change:
///
/// - a comment that begins with the writer's mark was left by a former run: the new one takes its place;
/// - a simple packet block, which has no room for a comment, becomes an enhanced one, with the time
///   that reading gives it: that of the packet before;
/// - a section that tells its length tells none, since it has another now;
/// - a pcap becomes a section of its own, in which times keep their resolution.
///
/// Only whole blocks are written, and only what was found good: of damaged captures comes a pcapng in
/// order, with all that was read.
pub struct Rewriter<W: Write> {
    captures: Captures,
    copy: Copy<W>,
    margin: Margin,
    /// The packet that was handed out and is not written yet.
    pending: Option<Found>,
    /// How many files were left when the section of the last pcap was begun.
    section_of: Option<usize>,
}

/// What is written beside the packet that was handed out last.
///
/// Whoever follows the packets has one; the [`Rewriter`] that hands them out has the other end.
#[derive(Clone, Debug, Default)]
pub struct Margin(Rc<RefCell<Beside>>);

#[derive(Debug, Default)]
struct Beside {
    kept: bool,
    note: Vec<u8>,
}

impl Margin {
    /// Keeps the packet as it is.
    pub fn keep(&self) {
        self.0.borrow_mut().kept = true;
    }

    /// Keeps the packet, with what `write` writes as a comment of one line.
    pub fn note(&self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut beside = self.0.borrow_mut();
        beside.kept = true;
        beside.note.clear();
        write(&mut beside.note);
        // The length of an option is told in sixteen bits.
        beside.note.truncate(usize::from(u16::MAX));
    }
}

impl<W: Write> Rewriter<W> {
    /// Writes `captures` to `output` as they are read. Comments that begin with `mark` are those of a
    /// former run.
    pub fn new(captures: Captures, output: W, mark: &'static [u8]) -> Self {
        let copy = Copy { output, mark, gathered: Vec::new(), any: false, raw: None, failure: None };
        Self { captures, copy, margin: Margin::default(), pending: None, section_of: None }
    }

    /// Where notes are left.
    pub fn margin(&self) -> Margin {
        self.margin.clone()
    }

    /// The captures that are read.
    pub fn captures(&self) -> &Captures {
        &self.captures
    }

    /// Ends the file, which has a section at least, and gives the output back.
    ///
    /// # Errors
    ///
    /// When the output can't be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.settle()?;
        if !self.copy.any {
            let head = self.captures.current().pcap_head();
            self.copy.begin_section(head)?;
        }
        self.copy.write_out();
        self.copy.take_failure()?;
        self.copy.output.flush()?;
        Ok(self.copy.output)
    }

    /// Writes the packet that was handed out last, if somebody kept it.
    fn settle(&mut self) -> io::Result<()> {
        let Some(found) = self.pending.take() else { return Ok(()) };
        let capture = self.captures.current();
        let mut beside = self.margin.0.borrow_mut();
        let raw = self.copy.raw.take();
        if beside.kept {
            let copy = &mut self.copy;
            let data = capture.octets(found.bytes);
            let (out, note) = (&mut copy.gathered, &*beside.note);
            if let Some(RawPacket { order, block, ticks }) = raw {
                let plain = Plain { ticks, wire_len: found.wire_len, data };
                block::put(out, order, capture.octets(block), plain, note, copy.mark);
            } else {
                let unit = capture.pcap_head().map_or(1, |head| head.unit);
                let plain = Plain { ticks: found.time.0 / unit, wire_len: found.wire_len, data };
                block::put_enhanced(out, Order::Little, plain, note);
            }
            copy.write_if_full();
        }
        beside.kept = false;
        beside.note.clear();
        self.copy.take_failure()
    }

    /// Begins a section for the packets of a pcap, if theirs was not begun yet.
    fn begin_pcap(&mut self) -> io::Result<()> {
        let left = self.captures.left();
        let Some(head) = self.captures.current().pcap_head().filter(|_| self.section_of != Some(left)) else {
            return Ok(());
        };
        self.section_of = Some(left);
        self.copy.begin_section(Some(head))
    }
}

impl<W: Write> Source for Rewriter<W> {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        self.settle().map_err(SourceError::Keep)?;
        let step = self.captures.step(&mut self.copy)?;
        self.copy.take_failure().map_err(SourceError::Keep)?;
        if let Step::Frame(found) = &step {
            self.begin_pcap().map_err(SourceError::Keep)?;
            self.pending = Some(*found);
        }
        Ok(self.captures.current().next_of(step))
    }

    fn peek(&self, most: usize, show: &mut dyn FnMut(Link, &[u8])) {
        self.captures.peek(most, show);
    }
}

/// The way out.
struct Copy<W> {
    output: W,
    mark: &'static [u8],
    /// Whole blocks that were not written out yet.
    gathered: Vec<u8>,
    /// Whether there was any.
    any: bool,
    /// The block of the packet found last.
    raw: Option<RawPacket>,
    /// Why the output can't be written.
    failure: Option<io::Error>,
}

impl<W: Write> Watch for Copy<W> {
    const WHOLE: bool = true;

    fn block(&mut self, order: Order, block: &[u8]) {
        const LENGTH_AT: usize = 16;
        let begin = self.gathered.len();
        self.gathered.extend_from_slice(block);
        self.any = true;
        if order.u32(block, 0) == kind::SECTION
            && let Some(length) = self.gathered.get_mut(begin + LENGTH_AT..begin + LENGTH_AT + 8)
        {
            length.fill(0xff);
        }
        self.write_if_full();
    }

    fn packet(&mut self, raw: RawPacket) {
        self.raw = Some(raw);
    }
}

impl<W: Write> Copy<W> {
    /// A section of our own, with the interface of a pcap where there is one.
    fn begin_section(&mut self, head: Option<pcap::Head>) -> io::Result<()> {
        self.any = true;
        self.gathered.extend(write::section()?);
        if let Some(head) = head {
            self.gathered.extend(write::interface_of_pcap(head)?);
        }
        Ok(())
    }

    fn write_if_full(&mut self) {
        if self.gathered.len() >= FULL {
            self.write_out();
        }
    }

    fn write_out(&mut self) {
        if self.failure.is_none() {
            self.failure = self.output.write_all(&self.gathered).err();
        }
        self.gathered.clear();
    }

    fn take_failure(&mut self) -> io::Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }
}
