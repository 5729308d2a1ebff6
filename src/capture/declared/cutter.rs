//! One side's stream cut into messages: a machine that is pushed octets as they come.
//!
//! - **In step**, a message begins where the last one ended. One that lies whole in what is pushed is
//!   lent out from there, without a copy. Of one that comes in pieces the header is kept, and as much
//!   of the body as is wanted; the rest is counted and summed up as it passes.
//! - **Astray**, where a header is none, behind a hole and in the middle of a stream, it looks for the
//!   next place where a message may begin: where the magic stands (anywhere), or where a segment
//!   begins, if there is no magic. It believes the place if a second header follows the message where
//!   it ends (magic only), or if messages from there on end exactly where a segment does.
//! - What was passed over is told, as one stretch.

use super::told::{Carriers, Cut, Lost, Message, Why};
use crate::wire::Timestamp;
use crate::wire::declared::{Definition, Implausible, Running};

/// Octets that a place is looked at before it is believed, or dropped, without more proof.
const PATIENCE: usize = 64 << 10;

/// Room that is not given back between messages.
const SPARE: usize = 512;

/// The most pieces that are told apart while looking; later ones count as the last of them.
const MOST_MARKS: usize = 1024;

/// Since the first octet of what is held.
const HERE: u64 = u64::MAX;

/// Octets that one packet carried, next in the stream.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// Offset of the first in the stream.
    pub at: u64,
    /// Number of the packet.
    pub n: u64,
    /// Its time.
    pub time: Timestamp,
    /// The octets.
    pub bytes: &'a [u8],
}

/// Cuts one side's stream.
#[derive(Clone, Debug)]
pub struct Cutter {
    /// Octets of a body that are kept where it comes in pieces, and shown of any.
    keep: usize,
    /// Where messages are looked for, from which offset on, and why.
    astray: Option<(u64, Why)>,
    /// Of the message that has begun: its header, and what is kept of its body. Astray: octets that
    /// may be its beginning.
    held: Vec<u8>,
    /// Astray: which packets carried what is held.
    marks: Vec<Mark>,
    begun: Begun,
    carriers: Carriers,
    /// Offset of the next octet.
    next: u64,
}

/// The message that has begun.
#[derive(Clone, Copy, Debug, Default)]
struct Begun {
    /// Where in the stream.
    at: u64,
    /// Its octets; 0 while its header is not whole.
    size: u64,
    /// How many of them have come.
    have: u64,
    /// The checksum so far.
    sum: Option<Running>,
    /// When the first of it came.
    time: Timestamp,
}

/// From which offset on a packet carried the octets.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: u64,
    n: u64,
    time: Timestamp,
}

/// Whether a message begins at a place.
enum Belief {
    Yes,
    No,
    /// More has to come before that can be said.
    Wait,
}

impl Cutter {
    /// At the beginning of a stream, keeping so many octets of a body.
    pub fn new(keep: usize) -> Self {
        Self {
            keep,
            astray: None,
            held: Vec::new(),
            marks: Vec::new(),
            begun: Begun::default(),
            carriers: Carriers::default(),
            next: 0,
        }
    }

    /// In the middle of a stream.
    pub fn astray(keep: usize) -> Self {
        Self { astray: Some((0, Why::MidStream)), ..Self::new(keep) }
    }

    /// Octets that it holds.
    pub fn held(&self) -> usize {
        self.held.capacity()
    }

    /// Keeps no more of bodies than so many octets from now on.
    pub fn keep(&mut self, octets: usize) {
        self.keep = octets;
    }

    /// Takes in octets, and tells what they complete.
    pub fn push(&mut self, of: &Definition, piece: Piece<'_>, tell: &mut dyn FnMut(Cut<'_>)) {
        if piece.at > self.next {
            self.hole(of, self.next, piece.at - self.next, tell);
        }
        self.next = piece.at + piece.bytes.len() as u64;
        let mark = Mark { at: piece.at, n: piece.n, time: piece.time };
        let rest = match self.astray {
            Some(_) => piece.bytes,
            None => match self.walk(of, piece.at, piece.bytes, &[mark], tell) {
                Ok(()) => return,
                Err(Astray { from, why }) => {
                    self.lose_step(why, mark);
                    piece.bytes.get(from..).unwrap_or_default()
                }
            },
        };
        if self.marks.len() < MOST_MARKS {
            self.marks.push(Mark { at: self.next - rest.len() as u64, ..mark });
        }
        self.held.extend_from_slice(rest);
        self.look(of, false, tell);
    }

    /// Octets are not there: what follows is behind them.
    pub fn hole(&mut self, of: &Definition, at: u64, len: u64, tell: &mut dyn FnMut(Cut<'_>)) {
        self.look(of, true, tell);
        let since = match self.astray {
            Some((since, why)) => (since, why),
            None if self.begun.have > 0 => (self.begun.at, Why::Hole),
            None => (at, Why::Hole),
        };
        self.forget();
        self.astray = Some(since);
        self.next = at + len;
    }

    /// Nothing more comes: tells what was not completed. The next push begins a new stream.
    pub fn end(&mut self, of: &Definition, tell: &mut dyn FnMut(Cut<'_>)) {
        self.look(of, true, tell);
        let lost = match self.astray {
            Some((since, why)) => Some((since, why)),
            None => (self.begun.have > 0).then_some((self.begun.at, Why::CutShort)),
        };
        if let Some((since, why)) = lost {
            tell_lost(since, self.next, why, false, tell);
        }
        self.forget();
        self.astray = None;
    }

    /// Cuts octets that follow in step. Stops where a header is none: there, in `bytes`, it went astray;
    /// what it had of that header before stays held.
    fn walk(
        &mut self,
        of: &Definition,
        mut at: u64,
        bytes: &[u8],
        marks: &[Mark],
        tell: &mut dyn FnMut(Cut<'_>),
    ) -> Result<(), Astray> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let from = bytes.len() - rest.len();
            let astray = |why| Astray { from, why: Why::Implausible(why) };
            if self.begun.have == 0 {
                self.carriers.clear();
                if let Some(header) = rest.get(..of.header) {
                    let size = of.measure(header).map_err(astray)?;
                    if let Some((message, later)) =
                        usize::try_from(size).ok().and_then(|size| rest.split_at_checked(size))
                    {
                        self.lend(of, at, message, marks, tell);
                        (at, rest) = (at + size, later);
                        continue;
                    }
                }
                let time = marks.iter().rfind(|mark| mark.at <= at).map(|mark| mark.time).unwrap_or_default();
                self.begun = Begun { at, time, ..Begun::default() };
            }
            let missing = if self.begun.size == 0 { of.header as u64 } else { self.begun.size } - self.begun.have;
            let (new, later) = rest.split_at(rest.len().min(usize::try_from(missing).unwrap_or(usize::MAX)));
            if self.begun.size == 0 {
                self.held.extend_from_slice(new);
                if !of.has_magic(&self.held) {
                    self.held.truncate(self.held.len() - new.len());
                    return Err(astray(Implausible::NoMagic));
                }
            } else {
                let room = (of.header + self.keep).saturating_sub(self.held.len());
                self.held.extend_from_slice(&new[..new.len().min(room)]);
                of.add_to_sum(&mut self.begun.sum, new);
            }
            self.begun.have += new.len() as u64;
            self.carry(at, at + new.len() as u64, marks);
            if self.begun.size == 0 && self.held.len() == of.header {
                match of.measure(&self.held) {
                    Ok(size) => {
                        self.begun.size = size;
                        self.begun.sum = of.begin_sum(&self.held);
                    }
                    Err(why) => {
                        self.held.truncate(self.held.len() - new.len());
                        return Err(astray(why));
                    }
                }
            }
            if self.begun.size > 0 && self.begun.have == self.begun.size {
                self.hand_over(of, tell);
            }
            (at, rest) = (at + new.len() as u64, later);
        }
        Ok(())
    }

    /// Tells a message that lies whole in what was pushed.
    fn lend(&mut self, of: &Definition, at: u64, message: &[u8], marks: &[Mark], tell: &mut dyn FnMut(Cut<'_>)) {
        let (header, body) = message.split_at(of.header.min(message.len()));
        let mut sum = of.begin_sum(header);
        of.add_to_sum(&mut sum, body);
        self.carry(at, at + message.len() as u64, marks);
        let begun = marks.iter().rfind(|mark| mark.at <= at).map_or(self.carriers.time, |mark| mark.time);
        tell(Cut::Message(Message {
            at,
            header,
            body: &body[..body.len().min(self.keep)],
            size: message.len() as u64,
            carriers: &self.carriers,
            begun,
            done: self.carriers.time,
            right: of.is_right(sum, header),
        }));
    }

    /// Tells the message that has come in pieces.
    fn hand_over(&mut self, of: &Definition, tell: &mut dyn FnMut(Cut<'_>)) {
        let (header, body) = self.held.split_at(of.header.min(self.held.len()));
        tell(Cut::Message(Message {
            at: self.begun.at,
            header,
            body,
            size: self.begun.size,
            carriers: &self.carriers,
            begun: self.begun.time,
            done: self.carriers.time,
            right: of.is_right(self.begun.sum, header),
        }));
        self.forget();
    }

    /// Notes who carried the octets from one offset to another.
    fn carry(&mut self, from: u64, to: u64, marks: &[Mark]) {
        for (nth, mark) in marks.iter().enumerate() {
            let end = marks.get(nth + 1).map_or(u64::MAX, |next| next.at);
            if mark.at < to && end > from {
                self.carriers.add(mark.n, mark.time);
            }
        }
    }

    fn forget(&mut self) {
        self.begun = Begun::default();
        self.held.clear();
        self.held.shrink_to(SPARE);
        self.marks.clear();
        self.carriers.clear();
    }

    /// Goes from step to looking: what is held of a header stays, to be looked at.
    fn lose_step(&mut self, why: Why, now: Mark) {
        let since = if self.held.is_empty() { None } else { Some(self.begun.at) };
        let before = since.map(|at| Mark { at, n: self.carriers.first().unwrap_or(now.n), time: self.begun.time });
        // What is pushed now begins where the walk stopped.
        self.marks.clear();
        self.marks.extend(before);
        self.astray = Some((since.unwrap_or(HERE), why));
        self.begun = Begun::default();
        self.carriers.clear();
    }

    /// Looks through what is held for a place where a message begins, and goes on from there; with
    /// `last`, nothing more will come that could confirm one.
    fn look(&mut self, of: &Definition, last: bool, tell: &mut dyn FnMut(Cut<'_>)) {
        let Some((since, why)) = self.astray else { return };
        let (mut held, mut marks) = (std::mem::take(&mut self.held), std::mem::take(&mut self.marks));
        let base = self.next - held.len() as u64;
        // What made it lose step begins no message.
        let (mut since, mut why) = (if since == HERE { base } else { since }, why);
        let mut from = usize::from(since == base && why.is_implausible());
        loop {
            let keep_from = match find(of, &held, from, base, &marks, last) {
                Found::At(place) => {
                    let at = base + place as u64;
                    tell_lost(since, at, why, true, tell);
                    self.astray = None;
                    match self.walk(of, at, held.get(place..).unwrap_or_default(), &marks, tell) {
                        Ok(()) => return,
                        Err(astray) => {
                            // It begins in what is looked through, so nothing of it is held.
                            let at = place + astray.from;
                            self.forget();
                            (since, why, from) = (base + at as u64, astray.why, at + 1);
                            continue;
                        }
                    }
                }
                Found::Perhaps(place) => place,
                Found::Nowhere => held.len(),
            };
            self.astray = Some((since, why));
            held.drain(..keep_from);
            let first = base + keep_from as u64;
            let passed = marks.iter().rposition(|mark| mark.at <= first).unwrap_or(0);
            marks.drain(..passed);
            if held.is_empty() {
                marks.clear();
            }
            (self.held, self.marks) = (held, marks);
            return;
        }
    }
}

fn tell_lost(from: u64, to: u64, why: Why, found: bool, tell: &mut dyn FnMut(Cut<'_>)) {
    if to > from {
        tell(Cut::Lost(Lost { at: from, len: to - from, why, found }));
    }
}

/// A header that is none.
struct Astray {
    /// Where it, or what was pushed of it, begins in that.
    from: usize,
    why: Why,
}

enum Found {
    At(usize),
    /// Nowhere before this, where more has to come.
    Perhaps(usize),
    Nowhere,
}

/// The first place from `from` on where a message begins.
fn find(of: &Definition, held: &[u8], from: usize, base: u64, marks: &[Mark], last: bool) -> Found {
    let mut from = from;
    while let Some(place) = next_place(of, held, from, base, marks) {
        let rest = held.get(place..).unwrap_or_default();
        match believe(of, rest, last) {
            Belief::Yes => return Found::At(place),
            Belief::Wait if !last && rest.len() <= PATIENCE => return Found::Perhaps(place),
            // So long a message: only its magic speaks for it.
            Belief::Wait if !last && !of.magic.is_empty() => return Found::At(place),
            Belief::Wait | Belief::No => from = place + 1,
        }
    }
    Found::Nowhere
}

/// The next place that is worth a look.
fn next_place(of: &Definition, held: &[u8], from: usize, base: u64, marks: &[Mark]) -> Option<usize> {
    let Some(magic) = of.magic.first() else {
        let starts = marks.iter().map(|mark| usize::try_from(mark.at.saturating_sub(base)).unwrap_or(usize::MAX));
        return starts.filter(|start| (from..held.len()).contains(start)).min();
    };
    let first = magic.octets.first()?;
    let mut at = from;
    while at < held.len() {
        let Some(there) = held.get(at + magic.at..) else { return Some(at) };
        let Some(skip) = there.iter().position(|octet| octet == first) else {
            // The magic of a message may be still to come.
            let tail = held.len().saturating_sub(magic.at).max(at);
            return (tail < held.len()).then_some(tail);
        };
        at += skip;
        if of.has_magic(held.get(at..)?) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Whether `rest` begins with a message; with `last`, what is there is all there will be.
fn believe(of: &Definition, rest: &[u8], last: bool) -> Belief {
    let mut at = 0usize;
    loop {
        let here = rest.get(at..).unwrap_or_default();
        if here.is_empty() {
            return if at > rest.len() { Belief::Wait } else { Belief::Yes };
        }
        let Some(header) = here.get(..of.header) else {
            return if of.has_magic(here) && !last { Belief::Wait } else { Belief::No };
        };
        let Ok(size) = of.measure(header) else { return Belief::No };
        if at > 0 && !of.magic.is_empty() {
            return Belief::Yes;
        }
        at = at.saturating_add(usize::try_from(size).unwrap_or(usize::MAX));
    }
}

/// Whether octets are of a protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Recognition {
    Yes,
    No,
    Wait,
}

/// Whether a stream that begins with `octets` speaks the protocol; if it is not `whole`, they are of
/// its middle.
pub(super) fn recognise(of: &Definition, octets: &[u8], whole: bool) -> Recognition {
    if whole {
        return match octets.get(..of.header) {
            Some(header) if of.measure(header).is_ok() => Recognition::Yes,
            None if of.has_magic(octets) => Recognition::Wait,
            Some(_) | None => Recognition::No,
        };
    }
    match find(of, octets, 0, 0, &[Mark { at: 0, n: 0, time: Timestamp(0) }], false) {
        Found::At(_) => Recognition::Yes,
        Found::Perhaps(_) | Found::Nowhere => Recognition::Wait,
    }
}
