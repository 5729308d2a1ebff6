//! Streams: what each end of a conversation said, in order, for who asks.
//!
//! TCP carries a stream and the capture shows segments: early, late, twice, overlapping, cut, or not
//! at all. [`Streams`] puts each side's octets in order and hands them on to an [`Above`], at once
//! and without a copy where they come in order, which is nearly always.
//!
//! - **Order.** What comes early is kept until the octets before it come. Nothing else is kept.
//! - **Overlap.** The octets that the capture showed first count. A later copy adds only what was
//!   not seen yet, whatever it says of the rest. Stacks differ in what they keep of copies that
//!   differ; honest copies are alike.
//! - **Holes.** Octets that do not come are given up, and told as a [`Hole`], when the other end has
//!   acknowledged past them and octets from behind them are there; when there is no room left for
//!   what waits behind them; and at the end. What the snap length cut off is told in its place.
//! - **Beginning.** Offset 0 is the octet after the SYN, where its number is known; else the first
//!   octet seen, and what comes later from before it is not told.
//! - **End.** A FIN in its place, a RST that took effect, or the end of what is known. After it
//!   nothing more of that side is told.
//! - **Not taken**: copies by the capture itself, segments with a checksum that was verified and is
//!   wrong, keep-alive probes, octets in a RST, and numbers a gigabyte off, unless the other end waits
//!   for just these.
//!
//! A UDP datagram is handed on as it is, one event each; of ICMP there is nothing.
//!
//! Memory is bounded for each side and in all ([`Limits`]). For a conversation that nobody wants
//! there is a mark in a table and no more.

mod both;
mod early;
mod lane;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::pump::Packet;
use super::record::{Body, Tcp, Udp};
use super::track::{Conn, ConnId, Note, Observation, Role};
use crate::wire::{Flags, Protocol, Side, Timestamp};
pub use both::Both;
use early::Room;
use lane::{Lane, Teller};

/// Something that one side of a conversation said, did not get to say, or how it ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event<'a> {
    /// Octets, next in order.
    Octets(Octets<'a>),
    /// Octets that are not there: those after them come next.
    Hole(Hole),
    /// Nothing more comes from this side.
    End(End),
}

impl Event<'_> {
    /// Whose stream it is about.
    pub const fn from(&self) -> Role {
        match self {
            Self::Octets(octets) => octets.from,
            Self::Hole(hole) => hole.from,
            Self::End(end) => end.from,
        }
    }
}

/// Octets of one side's stream, as one packet carried them; or one datagram.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Octets<'a> {
    /// Who said them.
    pub from: Role,
    /// Offset of the first in this side's stream, in octets.
    pub at: u64,
    /// Number of the packet that carried them.
    pub n: u64,
    /// Its time.
    pub time: Timestamp,
    /// Themselves; never none.
    pub bytes: &'a [u8],
}

/// A stretch of one side's stream that the capture does not have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hole {
    /// Whose.
    pub from: Role,
    /// Offset of the first octet in this side's stream.
    pub at: u64,
    /// How many octets; never none.
    pub len: u64,
    /// Number of the packet at which it was given up.
    pub n: u64,
    /// Its time.
    pub time: Timestamp,
    /// Why the octets are not there.
    pub why: Missing,
}

/// Why octets are not there.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Missing {
    /// The packets that carried them are not in the capture.
    NotCaptured,
    /// The snap length cut them off.
    Cut,
    /// They may come yet, but there is no room for what waits behind them.
    NoRoom,
}

impl Missing {
    /// The name in the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotCaptured => "not_captured",
            Self::Cut => "cut",
            Self::NoRoom => "no_room",
        }
    }
}

/// The end of one side's stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct End {
    /// Whose.
    pub from: Role,
    /// How many octets it had, holes included.
    pub at: u64,
    /// Number of the packet that told it.
    pub n: u64,
    /// Its time.
    pub time: Timestamp,
    /// What ended it.
    pub how: Ending,
}

/// What ended a stream.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Ending {
    /// Its FIN: it is whole, but for the holes that were told.
    Fin,
    /// A RST, its own or the other side's.
    Reset,
    /// The capture ends.
    CaptureEnd,
    /// The conversation was given up: it was silent too long, or its room was needed.
    GivenUp,
}

impl Ending {
    /// The name in the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fin => "fin",
            Self::Reset => "reset",
            Self::CaptureEnd => "capture_end",
            Self::GivenUp => "given_up",
        }
    }
}

/// What a listener wants of one side of a conversation from now on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Interest {
    /// To hear more.
    More,
    /// Nothing: this side is told no more, its end neither, and nothing is kept for it.
    Enough,
}

/// Listens to streams.
pub trait Above {
    /// Whether it wants to hear a conversation; asked once, when it first carries octets.
    fn wants(&mut self, conn: &Conn) -> bool;

    /// Hears what one side said, and tells if it wants to hear more of that side.
    ///
    /// The offsets of one side's events leave nothing out and never go back.
    fn hear(&mut self, conn: &Conn, event: &Event<'_>) -> Interest;
}

/// Nobody listens.
impl<A: Above> Above for Option<A> {
    fn wants(&mut self, conn: &Conn) -> bool {
        self.as_mut().is_some_and(|above| above.wants(conn))
    }

    fn hear(&mut self, conn: &Conn, event: &Event<'_>) -> Interest {
        self.as_mut().map_or(Interest::Enough, |above| above.hear(conn, event))
    }
}

impl<A: Above + ?Sized> Above for &mut A {
    fn wants(&mut self, conn: &Conn) -> bool {
        (**self).wants(conn)
    }

    fn hear(&mut self, conn: &Conn, event: &Event<'_>) -> Interest {
        (**self).hear(conn, event)
    }
}

/// How much is kept of what came early.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Octets for one side of one conversation.
    pub side: usize,
    /// Octets in all.
    pub total: usize,
}

impl Default for Limits {
    /// Four mebibytes for a side, which is more than a window in common use; 64 in all.
    fn default() -> Self {
        Self { side: 4 << 20, total: 64 << 20 }
    }
}

/// The streams of all conversations that somebody listens to.
///
/// A [`Sink`](super::Sink) owns one and hands it every packet it gets with an observation, and every
/// connection that ended; while it does, it has to answer yes to
/// [`Sink::wants_packets`](super::Sink::wants_packets).
#[derive(Debug, Default)]
pub struct Streams {
    limits: Limits,
    conns: HashMap<ConnId, Entry, BuildHasherDefault<InOrder>>,
    /// Octets kept of what came early, over all conversations.
    held: usize,
}

/// A conversation that has carried octets.
#[derive(Debug)]
enum Entry {
    /// Nobody listens, or listens any more.
    Unheard,
    /// Both of its sides.
    Heard(Box<[Lane; 2]>),
}

/// Segments that say nothing to the stream: the other end never had them, or not as they are.
const NO_STREAM: &[Note] = &[
    Note::CaptureDuplicate,
    Note::ChecksumBad,
    Note::HalfopenChallenge,
    Note::HalfopenCleared,
    Note::Keepalive,
    Note::ReuseParked,
    Note::SynLate,
];

/// Resets that were taken.
const RESET: &[Note] = &[
    Note::OpenRejectedByClient,
    Note::ResetAbortLive,
    Note::ResetAbortNoSocket,
    Note::ResetAfterClose,
    Note::ResetFinThenRst,
    Note::ResetHalfOpen,
    Note::ResetIdle,
    Note::ResetInHandshake,
];

/// Resets that are likely somebody else's.
const NO_RESET: &[Note] = &[Note::RstSuspect, Note::ResetBackscatter];

impl Streams {
    /// Streams that keep within `limits`.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes in a packet, and tells `above` what it lets be told.
    #[inline]
    pub fn take(&mut self, packet: &Packet<'_>, seen: &Observation, conn: &Conn, above: &mut dyn Above) {
        match &packet.record.body {
            Body::Tcp(tcp) => self.segment(packet, tcp, seen, conn, above),
            Body::Udp(udp) => self.datagram(packet, udp, seen, conn, above),
            Body::Icmp(_) | Body::Arp(_) | Body::Skip(_) => {}
        }
    }

    /// A conversation will change no more: tells `above` what is left, and how each side ended.
    pub fn ended(&mut self, conn: &Conn, above: &mut dyn Above) {
        let Some(Entry::Heard(mut lanes)) = self.conns.remove(&conn.id) else { return };
        let reset = lanes.iter().any(Lane::was_reset);
        for from in Role::BOTH {
            let how = match conn.ended() {
                _ if reset => Ending::Reset,
                None => Ending::CaptureEnd,
                Some(_) => Ending::GivenUp,
            };
            let mut teller = Teller { conn, from, n: conn.last_n, time: conn.end, above };
            let lane = &mut lanes[conn.side(from) as usize];
            lane.stop(how, false, &mut Room { held: &mut self.held, limits: self.limits }, &mut teller);
        }
    }

    /// Octets that are kept now of what came early, over all conversations.
    pub fn held(&self) -> usize {
        self.held
    }

    fn segment(&mut self, packet: &Packet<'_>, tcp: &Tcp, seen: &Observation, conn: &Conn, above: &mut dyn Above) {
        let segment = &tcp.segment;
        let carries = segment.len > 0 && !segment.flags.contains(Flags::RST);
        let counts = || !seen.notes.intersects(NO_STREAM);
        let mut room = Room { held: &mut self.held, limits: self.limits };
        let entry = match self.conns.get_mut(&conn.id) {
            Some(entry) => entry,
            None if carries && counts() => {
                let entry = begin(conn, seen.from, packet, &mut room, above);
                self.conns.entry(conn.id).or_insert(entry)
            }
            None => return,
        };
        let Entry::Heard(lanes) = entry else { return };
        if !counts() {
            return;
        }
        let side = conn.side(seen.from);
        let mut teller = Teller { conn, from: !seen.from, n: packet.n, time: packet.record.time, above };
        let [lane, other] = facing(lanes, side);
        let is_reset = segment.flags.contains(Flags::RST);
        if is_reset && (!seen.notes.intersects(RESET) || seen.notes.intersects(NO_RESET)) {
            return;
        }
        if let Some(ack) = segment.acked() {
            other.acknowledged(ack, &mut room, &mut teller);
        }
        teller.from = seen.from;
        if is_reset {
            lane.stop(Ending::Reset, true, &mut room, &mut teller);
        }
        if carries {
            let (first, len) = (segment.data_seq(), u64::from(segment.len));
            lane.begin(first, conn.half(seen.from));
            lane.put(first, len, packet.payload(), &mut room, &mut teller);
        }
        // It may have come before the first octets.
        if let Some(fin) = segment.fin_seq().or_else(|| conn.half(seen.from).fin()) {
            lane.begin(fin, conn.half(seen.from));
            lane.fin(fin, &mut room, &mut teller);
        }
        if lanes.iter().all(Lane::is_over) {
            *entry = Entry::Unheard;
        }
    }

    fn datagram(&mut self, packet: &Packet<'_>, udp: &Udp, seen: &Observation, conn: &Conn, above: &mut dyn Above) {
        if udp.payload_len == 0 || conn.protocol() != Protocol::Udp || seen.notes.intersects(NO_STREAM) {
            return;
        }
        let mut room = Room { held: &mut self.held, limits: self.limits };
        let entry = self.conns.entry(conn.id).or_insert_with(|| begin(conn, seen.from, packet, &mut room, above));
        let Entry::Heard(lanes) = entry else { return };
        let mut teller = Teller { conn, from: seen.from, n: packet.n, time: packet.record.time, above };
        let lane = &mut lanes[conn.side(seen.from) as usize];
        lane.pass(u64::from(udp.payload_len), packet.payload(), &mut room, &mut teller);
        if lanes.iter().all(Lane::is_over) {
            *entry = Entry::Unheard;
        }
    }
}

/// The conversation carries its first octets, from `from`.
fn begin(conn: &Conn, from: Role, packet: &Packet<'_>, room: &mut Room<'_>, above: &mut dyn Above) -> Entry {
    if !above.wants(conn) {
        return Entry::Unheard;
    }
    let mut lanes = Box::new([Lane::default(), Lane::default()]);
    // The other side may have closed before anything was said.
    if let Some(fin) = conn.half(!from).fin() {
        let mut teller = Teller { conn, from: !from, n: packet.n, time: packet.record.time, above };
        let lane = &mut lanes[conn.side(!from) as usize];
        lane.begin(fin, conn.half(!from));
        lane.fin(fin, room, &mut teller);
    }
    Entry::Heard(lanes)
}

/// The lane of `side`, and the other.
fn facing(lanes: &mut [Lane; 2], side: Side) -> [&mut Lane; 2] {
    let [a, b] = lanes;
    match side {
        Side::A => [a, b],
        Side::B => [b, a],
    }
}

/// Spreads numbers that were given out one after the other over a table.
#[derive(Debug, Default)]
struct InOrder(u64);

impl Hasher for InOrder {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.write_u32(u32::from(*octet));
        }
    }

    fn write_u32(&mut self, number: u32) {
        // 2⁶⁴ divided by the golden ratio: neighbours come to lie far apart.
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
