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
use crate::wire::{Endpoint, Flags, FlowKey, Segment, Seq, Side, Timestamp};

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
    addrs: [u32; 2],
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
    chapter: Chapter,
    /// Bits of `Is`.
    is: u16,
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
    offers: u8,
}

const NO_SCALE: u8 = u8::MAX;

/// Bits of what an end offers.
const SACK_OK: u8 = 1;
const TS_OK: u8 = 2;

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
            addrs: [0; 2],
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
        plain.set(Is::Stamped, client.offers & server.offers & TS_OK != 0);
        plain.set(Is::Scaled, client.wscale != NO_SCALE && server.wscale != NO_SCALE);
        plain.add_notes(notes | *noted);
        Some(plain)
    }

    /// Takes in a segment, if it is what comes next in the book; tells what it was.
    #[inline]
    pub(super) fn take(&mut self, arrival: &Arrival, segment: &Segment, notes: Notes) -> Option<Turn> {
        #[cfg(test)]
        let chapter = self.chapter;
        let turn = self.take_next(arrival, segment, notes);
        #[cfg(test)]
        let turn = tests::took(chapter, turn);
        turn
    }

    #[inline]
    fn take_next(&mut self, arrival: &Arrival, segment: &Segment, notes: Notes) -> Option<Turn> {
        let from = usize::from(arrival.side != self.client());
        let after = arrival.after(self.first_n);
        let (turn, edge) = self.turn(from, arrival, segment)?;
        let ip_bytes = self.ends[from].ip_bytes.checked_add(arrival.ip_bytes)?;
        if after == u32::MAX || !self.goes_on(turn, from, after, arrival.time) {
            return None;
        }
        if !notes.is_empty() {
            self.add_notes(notes);
        }
        let now = arrival.time;
        let fin = segment.flags.contains(Flags::FIN);
        self.write(from, fin, segment.len);
        if segment.len > 0 {
            self.time_answer(from, now);
        }
        let [sender, receiver] = facing(&mut self.ends, from);
        let end = segment.end();
        sender.nxt = end;
        if segment.len > 0 {
            sender.fresh = now.into();
        }
        if end != segment.seq && !sender.is_timed {
            (sender.timed, sender.is_timed, sender.timed_since) = (end, true, now.into());
        }
        receiver.acknowledged(segment.ack, now);
        receiver.una = segment.ack;
        sender.edge = edge;
        sender.window = segment.window.0;
        if let Some((val, _)) = segment.options.timestamps() {
            sender.ts_val = val;
        }
        sender.passed(segment, arrival, after);
        sender.ip_bytes = ip_bytes;
        sender.packets += 1;
        Some(turn)
    }

    /// What the next segment is, if it is what comes next; and where its sender's window ends then.
    #[inline]
    fn turn(&self, from: usize, arrival: &Arrival, segment: &Segment) -> Option<(Turn, Seq)> {
        let [sender, receiver] =
            if from == CLIENT { [&self.ends[0], &self.ends[1]] } else { [&self.ends[1], &self.ends[0]] };
        let stamps = if self.says(Is::Stamped) { Present::TIMESTAMPS } else { Present::default() };
        let older = segment.options.timestamps().is_some_and(|(val, _)| Seq(val).before(Seq(sender.ts_val)));
        let in_order = arrival.time >= sender.last && arrival.time >= receiver.last;
        if segment.seq != sender.nxt
            || segment.window.0 == 0
            || segment.options.present != stamps
            || older
            || !in_order
            || arrival.cut
            || u16::try_from(arrival.ip_id).is_err()
        {
            return None;
        }
        let shift = if self.says(Is::Scaled) { sender.wscale } else { 0 };
        let edge = segment.ack + (u32::from(segment.window.0) << shift);
        // Neither less than before, nor what was not seen.
        let ahead = if self.chapter == Chapter::Answered { 1 } else { segment.ack.offset_from(receiver.una) };
        if !(0..=WILD).contains(&ahead) || segment.ack.after(receiver.nxt) {
            return None;
        }
        let empty = segment.len == 0;
        let plain = segment.flags == Flags::ACK || segment.flags == Flags::ACK | Flags::PSH;
        // It neither fills the window offered nor takes anything back of its own.
        let fills = !empty && segment.end() == receiver.edge;
        let on = !fills && !edge.before(sender.edge);
        // Not the same again with nothing else.
        let new = !empty || ahead > 0;
        if self.chapter == Chapter::Calm && plain {
            return (on && new).then_some((Turn::Next, edge));
        }
        let bare = segment.flags == Flags::ACK && empty;
        let fin = empty && segment.flags.0 & !Flags::PSH.0 == (Flags::ACK | Flags::FIN).0;
        let all = segment.ack == receiver.nxt;
        let asks = from == CLIENT;
        let first = asks != self.says(Is::ServerFirst);
        let step = match self.chapter {
            Chapter::Answered if asks && bare && all => return Some((Turn::Step(Step::Open3), edge)),
            Chapter::Opened if asks && plain && !empty && all && on => Step::Octets,
            // Past what step three carried, which proves that it came.
            Chapter::Opened if !asks && (bare || plain && !empty) && on && new => {
                let proves = !segment.ack.before(receiver.iss + 2);
                proves.then_some(Step::Confirm)?
            }
            Chapter::Calm if fin => Step::Close1,
            Chapter::Closing if !first && all && fin => Step::Close23,
            Chapter::Closing if !first && all && bare => Step::Close2,
            Chapter::HalfClosed if !first && all && fin => Step::Close3,
            Chapter::BothClosed if first && all && bare => Step::Close4,
            _ => return None,
        };
        Some((Turn::Step(step), sender.edge.latest(edge)))
    }

    /// Goes on to the chapter that the next segment begins; not if that takes too long to be kept here.
    #[inline]
    fn goes_on(&mut self, turn: Turn, from: usize, after: u32, now: Timestamp) -> bool {
        let Turn::Step(step) = turn else { return true };
        match step {
            Step::Open3 => {
                let Ok(lapse) = u32::try_from((now - self.synack_time()).0) else { return false };
                (self.step3_after, self.step3_ns) = (after, lapse);
            }
            Step::Close1 => self.set(Is::ServerFirst, from == SERVER),
            Step::Close23 => self.set(Is::Close23, true),
            _ => {}
        }
        self.chapter = step.leads_to();
        true
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

    /// Writes what Zeek's history tells of a segment, the first time of each side.
    #[inline]
    fn write(&mut self, from: usize, fin: bool, len: u32) {
        let letter = if fin {
            b'f'
        } else if len > 0 {
            b'd'
        } else {
            b'a'
        };
        let letter = if from == CLIENT { letter.to_ascii_uppercase() } else { letter };
        if letter == b'A' {
            // Step three.
            return;
        }
        for place in &mut self.letters {
            if *place == letter {
                return;
            }
            if *place == 0 {
                *place = letter;
                return;
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
        let comparable = asked.wscale != NO_SCALE && asked.offers == SACK_OK;
        Event::Answered(comparable.then_some(given.wscale == NO_SCALE && given.offers & SACK_OK == 0))
    }

    /// Its client and its server, of the endpoints of `key`.
    pub(super) fn ends_of(&self, key: &FlowKey) -> [Endpoint; 2] {
        [self.client(), !self.client()].map(|side| key.endpoint(side))
    }

    /// When it began.
    pub(super) fn start(&self) -> Timestamp {
        self.start
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
            offers: bit(options.sack_permitted(), SACK_OK) | bit(options.timestamps().is_some(), TS_OK),
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

/// The sender, and the end it speaks to.
#[inline]
fn facing(ends: &mut [End; 2], from: usize) -> [&mut End; 2] {
    let [client, server] = ends;
    if from == CLIENT { [client, server] } else { [server, client] }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::path::Path;

    use super::super::steady::tests::{Way, all_captures, told};
    use super::{Chapter, Turn};

    thread_local! {
        /// How often a plain connection went on from each chapter, and how often it left the book there.
        pub(super) static WENT_ON: Cell<[u32; Chapter::Over as usize + 1]> = const { Cell::new([0; _]) };
        pub(super) static LEFT: Cell<[u32; Chapter::Over as usize + 1]> = const { Cell::new([0; _]) };
    }

    /// Takes down that a segment was taken in, or was not.
    pub(super) fn took(chapter: Chapter, turn: Option<Turn>) -> Option<Turn> {
        let counts = if turn.is_some() { &WENT_ON } else { &LEFT };
        let mut count = counts.get();
        count[chapter as usize] += 1;
        counts.set(count);
        turn
    }

    fn holds(path: &Path, seed: u64) {
        let connections = |way| told(path, way, seed).into_iter().filter(|line| line.starts_with("Conn {"));
        let (plain, long) = (connections(Way::Unasked), connections(Way::Long));
        let (plain, long): (Vec<_>, Vec<_>) = (plain.collect(), long.collect());
        assert_eq!(plain.len(), long.len(), "{}, seed {seed}", path.display());
        for (plain, long) in plain.iter().zip(&long) {
            assert_eq!(plain, long, "{}, seed {seed}", path.display());
        }
    }

    #[test]
    fn what_was_kept_plain_is_what_it_would_have_been() {
        WENT_ON.set([0; _]);
        for path in all_captures() {
            holds(&path, 0);
        }
        assert!(WENT_ON.get()[1..6].iter().all(|went| *went > 100), "every chapter, often: {:?}", WENT_ON.get());
    }

    #[test]
    fn what_leaves_the_book_anywhere_is_what_it_would_have_been() {
        LEFT.set([0; _]);
        let mut seed = 1;
        for path in all_captures() {
            if path.metadata().is_ok_and(|file| file.len() < 200_000) {
                for _ in 0..12 {
                    seed += 1;
                    holds(&path, seed);
                }
            }
        }
        assert!(LEFT.get()[1..].iter().all(|left| *left > 20), "every chapter, often: {:?}", LEFT.get());
    }
}
