//! A connection that goes by the book, in as little room as it can be told from.
//!
//! Of a connection that opened in three steps and in which nothing was lost, repeated or out of order
//! since, most of what a [`Conn`] has room for is known without being kept: its states, and what
//! each side has learnt, follow from the [`Chapter`] it has come to, its octets seen from where it
//! began and where it is. What remains takes 256 octets, four cache lines, where a [`Conn`] takes
//! thirteen: and memory is what small connections wait for (`benches/peers.py -w w2`).
//!
//! So where nobody asks what a packet meant, a SYN and its answer become a [`Plain`], and the
//! [`Conn`] is made of it when there is more to say: when a segment leaves the book, or when it is
//! told. That is the same [`Conn`] as it would have been from the first: a test holds the two against
//! each other.

mod places;
mod telling;
mod unfold;

pub(super) use places::Plains;

use super::ConnId;
use super::expiry::Worth;
use super::half::{Latest, smoothed};
use super::notes::{Note, Notes};
use super::segments::WILD;
use super::slim::Moment;
use super::textbook::{self, Chapter, Question, Step};
use crate::capture::arrival::Arrival;
use crate::capture::findings::Event;
use crate::wire::options::Present;
use crate::wire::{Flags, Segment, Seq, Side, Timestamp};

/// Such a connection. Its endpoints are kept beside it ([`Plains`]) where they are too wide for it.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Plain {
    ends: [End; 2],
    /// Number and time of the SYN's frame.
    first_n: u64,
    start: Timestamp,
    /// When the first request ended, and when its answer began.
    asked: Moment,
    answered: Moment,
    /// IPv4: both addresses, lower endpoint first. IPv6: where they are kept.
    addrs: [[u8; 4]; 2],
    ports: [u16; 2],
    id: ConnId,
    stream: u32,
    /// Frames from the SYN to the SYN/ACK, and to step three.
    synack_after: u32,
    step3_after: u32,
    /// Nanoseconds from the SYN to the SYN/ACK, and from there to step three.
    synack_ns: u32,
    step3_ns: u32,
    syn_ts_val: u32,
    /// What Zeek's history tells behind `ShA`, in order; 0 where it tells no more.
    letters: [u8; 5],
    /// Bits of `Is`.
    is: u16,
    chapter: Chapter,
}

const _: () = assert!(size_of::<Option<Plain>>() == 256);

/// Yes or no, bit by bit.
#[derive(Clone, Copy)]
#[repr(u16)]
enum Is {
    /// The client is side B.
    ClientB = 1,
    Wide = 1 << 1,
    /// The server closed first.
    ServerFirst = 1 << 2,
    /// The second FIN acknowledged the first.
    Close23 = 1 << 3,
    /// Both ends offered timestamps; a window scale.
    Stamped = 1 << 4,
    Scaled = 1 << 5,
    ChecksumBad = 1 << 6,
    ChecksumOffload = 1 << 7,
    EcnCe = 1 << 8,
    ClockBackwards = 1 << 9,
    /// The first FIN came with octets.
    Close1Data = 1 << 10,
}

/// What the capture may say of a packet that goes by the book.
const NOTES: [(Is, Note); 4] = [
    (Is::ChecksumBad, Note::ChecksumBad),
    (Is::ChecksumOffload, Note::ChecksumOffload),
    (Is::EcnCe, Note::EcnCe),
    (Is::ClockBackwards, Note::ClockBackwards),
];

/// What a segment was to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Turn {
    /// The next octets, or the next acknowledgement.
    Next,
    /// A step of the opening or the close.
    Step(Step),
}

/// What a segment that fits was held against.
struct Fit {
    /// Who sent it.
    from: usize,
    /// Frames after the SYN.
    after: u32,
    /// What its sender has sent with it.
    ip_bytes: u32,
    /// How much more it acknowledges than was before.
    ahead: i32,
    /// Where the window ends that it offers.
    edge: Seq,
    /// It neither fills the window of its receiver nor takes back anything of its sender's.
    moves_on: bool,
}

/// One end of it: the numbers that its next segment is held against, and what is counted.
#[derive(Clone, Copy, Debug)]
struct End {
    last: Timestamp,
    fresh: Moment,
    timed_since: Moment,
    latest: [Latest; 2],
    iss: Seq,
    nxt: Seq,
    una: Seq,
    edge: Seq,
    ts_val: u32,
    /// The octet being timed, where one is.
    timed: Seq,
    srtt_ns: u32,
    packets: u32,
    ip_bytes: u32,
    mss: u16,
    window: u16,
    ip_id: u16,
    ttl: (u8, u8),
    /// As sent, [`NO_SCALE`] where none was.
    wscale: u8,
    is_timed: bool,
    /// Bits, as below.
    said: u8,
}

const NO_SCALE: u8 = u8::MAX;

/// Bits of what an end offered, and of what Zeek's history tells of it so far.
const SACK_OK: u8 = 1;
const TS_OK: u8 = 1 << 1;
const TOLD_ACK: u8 = 1 << 2;
const TOLD_DATA: u8 = 1 << 3;
const TOLD_FIN: u8 = 1 << 4;

const CLIENT: usize = 0;
const SERVER: usize = 1;

impl Plain {
    /// What a SYN and the SYN/ACK that answers it become, if both are as in the book.
    pub(super) fn of(question: &Question, arrival: &Arrival, segment: &Segment, notes: Notes) -> Option<Self> {
        let Question { id, stream, arrival: first, segment: syn, notes: noted } = question;
        if !textbook::asks(syn) || !textbook::answers(question, arrival, segment) {
            return None;
        }
        let lapse = u32::try_from((arrival.time - first.time).0).ok()?;
        let mut client = End::of(syn, first, 0)?;
        let mut server = End::of(segment, arrival, arrival.after(first.n))?;
        client.acknowledged(segment.ack, arrival.time);
        client.una = segment.ack;
        server.edge = segment.ack + u32::from(segment.window.0);
        let mut plain = Self {
            ends: [client, server],
            first_n: first.n,
            start: first.time,
            asked: Moment::default(),
            answered: Moment::default(),
            addrs: [[0; 4]; 2],
            ports: [0; 2],
            id: *id,
            stream: *stream,
            synack_after: arrival.after(first.n),
            step3_after: 0,
            synack_ns: lapse,
            step3_ns: 0,
            syn_ts_val: client.ts_val,
            letters: [0; 5],
            chapter: Chapter::Answered,
            is: 0,
        };
        plain.set(Is::ClientB, first.side == Side::B);
        plain.set(Is::Stamped, client.said & server.said & TS_OK != 0);
        plain.set(Is::Scaled, client.wscale != NO_SCALE && server.wscale != NO_SCALE);
        plain.add_notes(notes | *noted);
        Some(plain)
    }

    /// Takes in a segment, if it is what comes next in the book; tells what it was.
    #[inline]
    pub(super) fn take(&mut self, arrival: &Arrival, segment: &Segment, notes: Notes) -> Option<Turn> {
        #[cfg(test)]
        let chapter = self.chapter;
        let turn = self.turn(arrival, segment, notes);
        #[cfg(test)]
        let turn = tests::took(chapter, turn);
        turn
    }

    #[inline]
    fn turn(&mut self, arrival: &Arrival, segment: &Segment, notes: Notes) -> Option<Turn> {
        if self.chapter != Chapter::Calm || !is_plain(segment) {
            return self.step(arrival, segment, notes).map(Turn::Step);
        }
        let fit = self.fit(arrival, segment)?;
        // Not the same again with nothing else.
        if !fit.moves_on || segment.len == 0 && fit.ahead == 0 {
            return None;
        }
        self.go_on(&fit, arrival, segment, notes);
        Some(Turn::Next)
    }

    /// Takes in a segment, if it is the next step of the opening or the close.
    #[inline(never)]
    fn step(&mut self, arrival: &Arrival, segment: &Segment, notes: Notes) -> Option<Step> {
        let mut fit = self.fit(arrival, segment)?;
        let step = self.next_step(&fit, segment)?;
        match step {
            Step::Open3 => {
                self.step3_ns = u32::try_from((arrival.time - self.synack_time()).0).ok()?;
                self.step3_after = fit.after;
                self.ends[CLIENT].said |= TOLD_ACK;
            }
            Step::Close1 => {
                self.set(Is::ServerFirst, fit.from == SERVER);
                self.set(Is::Close1Data, segment.len > 0);
            }
            Step::Close23 => self.set(Is::Close23, true),
            _ => {}
        }
        if step != Step::Open3 {
            fit.edge = self.ends[fit.from].edge.latest(fit.edge);
        }
        self.chapter = step.leads_to();
        self.go_on(&fit, arrival, segment, notes);
        Some(step)
    }

    /// What a segment is held against, if it comes right after what its sender sent before, and
    /// acknowledges neither less than before nor what was not seen.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of nearly every packet")]
    fn fit(&self, arrival: &Arrival, segment: &Segment) -> Option<Fit> {
        let from = usize::from(arrival.side != self.client());
        let [client, server] = &self.ends;
        let [sender, receiver] = if from == CLIENT { [client, server] } else { [server, client] };
        let stamps = if self.says(Is::Stamped) { Present::TIMESTAMPS } else { Present::default() };
        let older = segment.options.timestamps().is_some_and(|(val, _)| Seq(val).before(Seq(sender.ts_val)));
        let ahead = if self.chapter == Chapter::Answered { 1 } else { segment.ack.offset_from(receiver.una) };
        let fits = segment.seq == sender.nxt
            && segment.window.0 != 0
            && segment.options.present == stamps
            && !older
            && (0..=WILD).contains(&ahead)
            && !segment.ack.after(receiver.nxt)
            && arrival.time >= sender.last.max(receiver.last)
            && !arrival.cut
            && u16::try_from(arrival.ip_id).is_ok();
        let (after, ip_bytes) = (arrival.after(self.first_n), sender.ip_bytes.checked_add(arrival.ip_bytes)?);
        if !fits || after == u32::MAX {
            return None;
        }
        let shift = if self.says(Is::Scaled) { sender.wscale } else { 0 };
        let edge = segment.ack + (u32::from(segment.window.0) << shift);
        let fills = segment.len > 0 && segment.end() == receiver.edge;
        let moves_on = !fills && !edge.before(sender.edge);
        Some(Fit { from, after, ip_bytes, ahead, edge, moves_on })
    }

    /// The step that a segment is which fits.
    fn next_step(&self, fit: &Fit, segment: &Segment) -> Option<Step> {
        let [sender, receiver] = if fit.from == CLIENT { [CLIENT, SERVER] } else { [SERVER, CLIENT] };
        let receiver = &self.ends[receiver];
        let asks = sender == CLIENT;
        let first = asks != self.says(Is::ServerFirst);
        let bare = segment.flags == Flags::ACK && segment.len == 0;
        let octets = is_plain(segment) && segment.len > 0;
        let fin = segment.flags.0 & !Flags::PSH.0 == (Flags::ACK | Flags::FIN).0 && (segment.len == 0 || fit.moves_on);
        let all = segment.ack == receiver.nxt;
        // Past the octet after step three: so that has come.
        let proves = !segment.ack.before(receiver.iss + 2) && fit.ahead > 0;
        match self.chapter {
            Chapter::Answered if asks && bare && all => Some(Step::Open3),
            Chapter::Opened if asks && octets && all && fit.moves_on => Some(Step::Octets),
            // A server that speaks first is open too.
            Chapter::Opened if !asks && (octets || bare && proves) && fit.moves_on => Some(Step::Confirm),
            Chapter::Calm if fin => Some(Step::Close1),
            Chapter::Closing if !first && all && fin => Some(Step::Close23),
            Chapter::Closing if !first && all && bare => Some(Step::Close2),
            Chapter::HalfClosed if !first && all && fin => Some(Step::Close3),
            Chapter::BothClosed if first && all && bare => Some(Step::Close4),
            _ => None,
        }
    }

    /// Takes down the numbers that such a segment moves.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of nearly every packet")]
    fn go_on(&mut self, fit: &Fit, arrival: &Arrival, segment: &Segment, notes: Notes) {
        let (now, end) = (arrival.time, segment.end());
        if !notes.is_empty() {
            self.add_notes(notes);
        }
        if segment.len > 0 {
            self.time_answer(fit.from, now);
        }
        let letter = if segment.flags.contains(Flags::FIN) {
            b'f'
        } else if segment.len > 0 {
            b'd'
        } else {
            b'a'
        };
        self.tell(fit.from, letter);
        let [sender, receiver] = facing(&mut self.ends, fit.from);
        if segment.len > 0 {
            sender.fresh = now.into();
        }
        if end != segment.seq && !sender.is_timed {
            (sender.timed, sender.is_timed, sender.timed_since) = (end, true, now.into());
        }
        receiver.acknowledged(segment.ack, now);
        receiver.una = segment.ack;
        sender.nxt = end;
        sender.edge = fit.edge;
        sender.window = segment.window.0;
        if let Some((val, _)) = segment.options.timestamps() {
            sender.ts_val = val;
        }
        sender.passed(segment, arrival, fit.after);
        sender.ip_bytes = fit.ip_bytes;
        sender.packets += 1;
    }

    fn time_answer(&mut self, from: usize, now: Timestamp) {
        if self.answered.get().is_some() {
            return;
        }
        if from == CLIENT {
            self.asked = now.into();
        } else if self.asked.get().is_some() {
            self.answered = now.into();
        }
    }

    /// Writes a letter of Zeek's history, the first time of each side.
    #[inline]
    fn tell(&mut self, from: usize, letter: u8) {
        let bit = match letter {
            b'a' => TOLD_ACK,
            b'd' => TOLD_DATA,
            _ => TOLD_FIN,
        };
        let end = &mut self.ends[from];
        if end.said & bit == 0 {
            end.said |= bit;
            if let Some(place) = self.letters.iter_mut().find(|place| **place == 0) {
                *place = if from == CLIENT { letter.to_ascii_uppercase() } else { letter };
            }
        }
    }

    /// What the findings have to be told of a segment that was taken in, if anything.
    pub(super) fn event(&self, turn: Turn, side: Side) -> Option<Event> {
        match turn {
            Turn::Step(Step::Open3) => Some(Event::Completed),
            Turn::Step(Step::Close1) if side == self.client() && self.payload_bytes() == [0, 0] => Some(Event::Empty),
            _ => None,
        }
    }

    /// What the findings have to be told of the SYN/ACK.
    pub(super) fn answer(&self) -> Event {
        let [asked, given] = &self.ends;
        let comparable = asked.wscale != NO_SCALE && asked.said & (SACK_OK | TS_OK) == SACK_OK;
        Event::Answered(comparable.then_some(given.wscale == NO_SCALE && given.said & SACK_OK == 0))
    }

    /// Time of its latest frame.
    pub(super) fn end(&self) -> Timestamp {
        let [client, server] = &self.ends;
        client.last.max(server.last)
    }

    /// Number of its last frame.
    pub(super) fn last_n(&self) -> u64 {
        let [client, server] = self.ends.map(|end| end.latest[0].after);
        self.first_n + u64::from(client.max(server))
    }

    /// How far it has come, as far as keeping it goes.
    pub(super) fn worth(&self) -> Worth {
        match self.chapter {
            Chapter::Answered => Worth::SynRcvd,
            Chapter::Other | Chapter::Opened | Chapter::Calm => Worth::Established,
            Chapter::Closing | Chapter::HalfClosed => Worth::HalfClosed,
            Chapter::BothClosed => Worth::Closing,
            Chapter::Over => Worth::TimeWait,
        }
    }

    fn client(&self) -> Side {
        if self.says(Is::ClientB) { Side::B } else { Side::A }
    }

    fn synack_time(&self) -> Timestamp {
        Timestamp(self.start.0 + u64::from(self.synack_ns))
    }

    /// Octets of payload, of the client and of the server: between the SYN and the FIN.
    fn payload_bytes(&self) -> [u32; 2] {
        [CLIENT, SERVER]
            .map(|role| self.ends[role].nxt.offset_from(self.ends[role].iss + 1) as u32 - u32::from(self.fin(role)))
    }

    /// Whether an end has sent its FIN.
    fn fin(&self, role: usize) -> bool {
        let first = (role == CLIENT) != self.says(Is::ServerFirst);
        self.chapter >= if first { Chapter::Closing } else { Chapter::BothClosed }
    }

    fn add_notes(&mut self, notes: Notes) {
        for (is, note) in NOTES {
            self.is |= if notes.contains(note) { is as u16 } else { 0 };
        }
    }

    /// Where its addresses are kept, if they are IPv6's.
    fn wide(&self) -> u32 {
        u32::from_ne_bytes(self.addrs[0])
    }

    fn says(&self, what: Is) -> bool {
        self.is & what as u16 != 0
    }

    fn set(&mut self, what: Is, is: bool) {
        self.is = self.is & !(what as u16) | if is { what as u16 } else { 0 };
    }
}

impl End {
    /// The end that said `segment`, a SYN or the answer to one, which is as in the book.
    fn of(segment: &Segment, arrival: &Arrival, after: u32) -> Option<Self> {
        let options = &segment.options;
        let bit = |is: bool, bit: u8| if is { bit } else { 0 };
        let mut end = Self {
            last: arrival.time,
            fresh: Moment::default(),
            timed_since: arrival.time.into(),
            latest: [Latest::default(); 2],
            iss: segment.seq,
            nxt: segment.end(),
            una: segment.end(),
            edge: segment.end(),
            ts_val: options.timestamps().map_or(0, |(val, _)| val),
            timed: segment.end(),
            srtt_ns: 0,
            packets: 1,
            ip_bytes: arrival.ip_bytes,
            mss: options.mss()?,
            window: segment.window.0,
            ip_id: 0,
            ttl: (arrival.ttl, arrival.ttl),
            wscale: options.window_scale().unwrap_or(NO_SCALE),
            is_timed: true,
            said: bit(options.sack_permitted(), SACK_OK) | bit(options.timestamps().is_some(), TS_OK),
        };
        let fits = after != u32::MAX && u16::try_from(arrival.ip_id).is_ok();
        end.passed(segment, arrival, after);
        fits.then_some(end)
    }

    /// The peer acknowledged everything below `ack`.
    #[inline]
    fn acknowledged(&mut self, ack: Seq, now: Timestamp) {
        if self.is_timed && !ack.before(self.timed) {
            self.is_timed = false;
            if let Some(since) = self.timed_since.get() {
                self.srtt_ns = smoothed(self.srtt_ns, now - since);
            }
        }
    }

    /// Takes down where and when its segment came by.
    #[inline]
    fn passed(&mut self, segment: &Segment, arrival: &Arrival, after: u32) {
        self.latest = [Latest { seq: segment.seq, after }, self.latest[0]];
        self.ip_id = arrival.ip_id as u16;
        self.last = arrival.time;
        self.ttl = (self.ttl.0.min(arrival.ttl), self.ttl.1.max(arrival.ttl));
    }
}

/// Octets or an acknowledgement, and nothing that opens or closes.
#[inline]
fn is_plain(segment: &Segment) -> bool {
    segment.flags == Flags::ACK || segment.flags == Flags::ACK | Flags::PSH
}

/// The sender, and the end it speaks to.
#[inline]
fn facing(ends: &mut [End; 2], from: usize) -> [&mut End; 2] {
    let [client, server] = ends;
    if from == CLIENT { [client, server] } else { [server, client] }
}

#[cfg(test)]
pub(super) mod tests;
