use super::coverage::Coverage;
use super::facts::{Fact, Facts};
use super::segments::WILD;
use super::slim::{Marks, Moment};
use super::standing::{Basis, Standing, State};
use super::zeek;
use crate::wire::{Seq, Span, Timestamp, WindowScale};

/// One end of a connection, as far as a passive observer can know it.
///
/// Its own sequence space is described by three numbers (RFC 9293 §3.3.1, seen from outside):
/// `[iss, una)` has been acknowledged by the peer, `[una, nxt)` is on its way.
#[derive(Clone, Debug, Default)]
pub struct Half {
    /// Its state, and how we know.
    pub standing: Standing,
    /// What it knows.
    pub facts: Facts,
    /// The window field of its last segment, as sent.
    pub window: u16,
    /// What the SYN said, if it was seen.
    pub offer: Option<Offer>,

    /// The numbers it may have.
    pub(super) marks: Marks<{ Mark::COUNT }>,
    /// Sequence numbers it was seen to send.
    pub(super) coverage: Coverage,
    /// What it sent.
    pub(super) sent: Sent,
    /// What hardly any end has.
    pub(super) rare: Option<Box<Rare>>,
    /// Which frames taught it its facts, counted from the connection's first.
    pub(super) taught: [u32; 7],
    /// What it sent has proven that the opening is done for it.
    pub(super) opened: bool,
    /// Whether it sent anything but a SYN yet; how many SYN, SYN/ACK and FIN.
    pub(super) spoke: bool,
    pub(super) syns: u16,
    pub(super) synacks: u16,
    pub(super) fins: u16,
    /// Its FIN lies behind a hole and has not reached the peer's state.
    pub(super) fin_waits: bool,
    /// Its FIN's segment, or a later one, acknowledged the peer's FIN.
    pub(super) acked_peer_fin: bool,
    /// What its last segment asked for, if it was a probe.
    pub(super) probe: Probe,
    /// When it last sent something.
    pub(super) last: Moment,
    /// When it last sent new octets.
    pub(super) fresh: Moment,
    /// Since when an octet is being timed (Karn: dropped when it is sent again).
    pub(super) timed_since: Moment,
    /// Its last two segments: the number each began with, and its frame, counted from the
    /// connection's first. An ICMP error quotes one of them.
    pub(super) latest: [Latest; 2],
    /// Identification of its last IPv4 packet.
    pub(super) ip_id: u32,
    /// Lowest and highest TTL it was seen with.
    pub(super) ttl: Option<(u8, u8)>,
    /// Smoothed round trip to the peer and back, in nanoseconds, from this side's octets to their
    /// acknowledgement; 0 while unknown.
    pub(super) srtt_ns: u32,
    /// The end as Zeek would see it.
    pub(super) zeek: zeek::End,
}

/// The numbers that an end may have.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mark {
    /// Its initial sequence number: seen, or inferred from what the peer acknowledged.
    Iss,
    /// The highest acknowledgement it received.
    Una,
    /// Its FIN.
    Fin,
    /// The right edge of the window it advertised.
    Edge,
    /// The peer's octet whose acknowledgement by this end would prove its `?` facts: only who got
    /// the segment that carries it can acknowledge it.
    Proof,
    /// Its last TSval.
    TsVal,
    /// The octet being timed.
    Timed,
}

impl Mark {
    const COUNT: usize = Self::Timed as usize + 1;
}

/// What every end sends, by number.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    pub(super) packets: u64,
    pub(super) payload_bytes: u64,
    pub(super) unique_bytes: u64,
    pub(super) ip_bytes: u64,
}

/// What hardly any end has.
#[derive(Clone, Debug, Default)]
pub(super) struct Rare {
    /// The end of the octets it sent again, until they are acknowledged, where more had followed.
    pub(super) repeated_to: Option<Seq>,
    /// The number of its last RST.
    pub(super) last_rst: Option<Seq>,
    /// Where it stood before a RST moved it.
    pub(super) before_reset: State,
    /// Duplicate acknowledgements it sent in a row.
    pub(super) dup_run: u32,
    pub(super) retransmits: u32,
    pub(super) dup_acks: u32,
    pub(super) zero_windows: u32,
    pub(super) resets: u32,
    pub(super) missed_bytes: u64,
}

static NOTHING_RARE: Rare = Rare {
    repeated_to: None,
    last_rst: None,
    before_reset: State::Closed,
    dup_run: 0,
    retransmits: 0,
    dup_acks: 0,
    zero_windows: 0,
    resets: 0,
    missed_bytes: 0,
};

/// A segment that an ICMP error may come to quote.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latest {
    pub(super) seq: Seq,
    /// Frames after the connection's first.
    pub(super) after: u32,
}

/// Stands for no frame, being further off than is counted.
pub(super) const NO_FRAME: u32 = u32::MAX;

impl Default for Latest {
    fn default() -> Self {
        Self { seq: Seq(0), after: NO_FRAME }
    }
}

/// What a bare segment of an end asks for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Probe {
    #[default]
    None,
    /// Are you still there?
    Keepalive,
    /// Is your window still closed?
    Window,
}

/// What a SYN or SYN/ACK offers.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Offer {
    /// Largest segment it wants to receive, in octets.
    pub mss: Option<u16>,
    /// Shift count for the windows it will send, as sent.
    pub wscale: Option<u8>,
    /// Whether it can use selective acknowledgements.
    pub sack_ok: bool,
    /// Whether it can use timestamps.
    pub ts_ok: bool,
}

impl Offer {
    /// The shift count that has to be used (0 where none was offered).
    pub fn scale(&self) -> WindowScale {
        WindowScale::clamped(self.wscale.unwrap_or(0))
    }
}

/// What one end sent, by number.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Packets, capture duplicates left out.
    pub packets: u64,
    /// Octets of payload, repeats included.
    pub payload_bytes: u64,
    /// Octets of payload, each counted once.
    pub unique_bytes: u64,
    /// Octets of IP packets.
    pub ip_bytes: u64,
    /// Segments that repeated payload.
    pub retransmits: u32,
    /// Duplicate acknowledgements.
    pub dup_acks: u32,
    /// Segments that offered no window.
    pub zero_windows: u32,
    /// Segments with RST.
    pub resets: u32,
    /// Octets that were acknowledged and are not in the capture.
    pub missed_bytes: u64,
}

impl Half {
    /// The initial sequence number: seen, or inferred from what the peer acknowledged.
    #[inline]
    pub fn iss(&self) -> Option<Seq> {
        self.mark(Mark::Iss)
    }

    /// The sequence number after the last it sent.
    #[inline]
    pub fn nxt(&self) -> Seq {
        self.coverage.reach()
    }

    /// The highest acknowledgement it received, where it received one.
    #[inline]
    pub fn una(&self) -> Option<Seq> {
        self.mark(Mark::Una)
    }

    /// The sequence number of its FIN.
    #[inline]
    pub fn fin(&self) -> Option<Seq> {
        self.mark(Mark::Fin)
    }

    /// What it sent, by number.
    pub fn counts(&self) -> Counts {
        let Sent { packets, payload_bytes, unique_bytes, ip_bytes } = self.sent;
        let &Rare { retransmits, dup_acks, zero_windows, resets, missed_bytes, .. } = self.rare();
        Counts {
            packets,
            payload_bytes,
            unique_bytes,
            ip_bytes,
            retransmits,
            dup_acks,
            zero_windows,
            resets,
            missed_bytes,
        }
    }

    /// The basis on which `fact` is known, and how many frames after the connection's first the
    /// packet came that taught it.
    pub fn taught(&self, fact: Fact) -> Option<(Basis, u32)> {
        Some((self.facts.basis(fact)?, self.taught[fact as usize]))
    }

    /// Whether the peer was seen to acknowledge this end's FIN.
    pub fn fin_acked(&self) -> bool {
        matches!((self.fin(), self.una()), (Some(fin), Some(una)) if una.after(fin))
    }

    #[inline]
    pub(super) fn mark(&self, mark: Mark) -> Option<Seq> {
        self.marks.get(mark as usize)
    }

    #[inline]
    pub(super) fn put(&mut self, mark: Mark, seq: Option<Seq>) {
        self.marks.put(mark as usize, seq);
    }

    /// What hardly any end has.
    #[inline]
    pub(super) fn rare(&self) -> &Rare {
        self.rare.as_deref().unwrap_or(&NOTHING_RARE)
    }

    /// The same, to be changed: from now on this end has it.
    pub(super) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// The same, if there is something to change.
    #[inline]
    pub(super) fn rare_if_any(&mut self) -> Option<&mut Rare> {
        self.rare.as_deref_mut()
    }

    /// Whether `ack`, sent by the peer, acknowledges this end's FIN.
    pub(super) fn fin_covered_by(&self, ack: Seq) -> bool {
        self.fin().is_some_and(|fin| ack.after(fin))
    }

    /// The peer acknowledged everything below `ack`. A wild number moves nothing, and is no.
    #[inline]
    pub(super) fn acknowledged(&mut self, ack: Seq, now: Timestamp) -> bool {
        if let (Some(octet), Some(since)) = (self.mark(Mark::Timed), self.timed_since.get())
            && !ack.before(octet)
        {
            self.put(Mark::Timed, None);
            self.smooth(now - since);
        }
        let una = self.una();
        if una.is_some_and(|una| ack.offset_from(una).unsigned_abs() > WILD as u32) {
            return false;
        }
        self.put(Mark::Una, Some(una.map_or(ack, |una| una.latest(ack))));
        true
    }

    /// Times the octet before `end`, if none is being timed.
    #[inline]
    pub(super) fn time(&mut self, end: Seq, now: Timestamp) {
        if self.mark(Mark::Timed).is_none() {
            self.put(Mark::Timed, Some(end));
            self.timed_since = now.into();
        }
    }

    /// Takes down where and when its segment came by.
    #[inline]
    pub(super) fn passed(&mut self, seq: Seq, after: u32, now: Timestamp, ip_id: u32, ttl: u8) {
        self.note_frame(seq, after);
        self.ip_id = ip_id;
        self.last = self.last.get().map_or(now, |last| last.max(now)).into();
        self.ttl = Some(self.ttl.map_or((ttl, ttl), |(low, high)| (low.min(ttl), high.max(ttl))));
    }

    /// Takes down a segment that an ICMP error may come to quote.
    #[inline]
    pub(super) fn note_frame(&mut self, seq: Seq, after: u32) {
        self.latest = [Latest { seq, after }, self.latest[0]];
    }

    /// The frame of the segment that began with `seq`, if it was one of the last.
    pub(super) fn frame_of(&self, seq: Seq) -> Option<u32> {
        self.latest.iter().find(|sent| sent.seq == seq && sent.after != NO_FRAME).map(|sent| sent.after)
    }

    /// It has sent something that only an end in this state sends.
    pub(super) fn prove(&mut self, state: State) {
        self.standing = Standing::proven(state);
    }

    /// It will be in this state if what is on its way arrives.
    pub(super) fn expect(&mut self, state: State) {
        self.standing = Standing::expected(state);
    }

    /// A packet is on its way that teaches it `fact`; `after` frames from the connection's first.
    pub(super) fn teach(&mut self, fact: Fact, after: u32) {
        if self.facts.basis(fact).is_none_or(|basis| basis < Basis::Expected) {
            self.facts.set(fact, Some(Basis::Expected));
            self.taught[fact as usize] = after;
        }
    }

    /// What it sent shows that it knows `fact`.
    pub(super) fn prove_fact(&mut self, fact: Fact, after: u32) {
        if self.facts.basis(fact).is_none_or(|basis| basis < Basis::Expected) {
            self.taught[fact as usize] = after;
        }
        self.facts.set(fact, Some(Basis::Proven));
    }

    /// What it sent shows that the packets that were to teach it did arrive.
    pub(super) fn prove_expected(&mut self) {
        self.facts = self.facts.proven();
    }

    /// What had died is opened again.
    pub(super) fn revive(&mut self) {
        if self.facts.basis(Fact::Dead) != Some(Basis::Proven) {
            self.facts.set(Fact::Dead, None);
        }
    }

    /// What it sent shows that the packets that were to teach it did not arrive.
    pub(super) fn unlearn_expected(&mut self) {
        for (fact, basis) in self.facts.iter() {
            if basis == Basis::Expected {
                self.facts.set(fact, None);
            }
        }
        self.put(Mark::Proof, None);
    }

    /// Takes in a sample of the round trip from this side's octets to their acknowledgement.
    pub(super) fn smooth(&mut self, sample: Span) {
        self.srtt_ns = smoothed(self.srtt_ns, sample);
    }
}

/// A smoothed round trip in nanoseconds, 0 while it is unknown, after another `sample` (RFC 6298 §2).
/// A clock that went backwards gives none.
#[inline]
pub(super) fn smoothed(srtt_ns: u32, sample: Span) -> u32 {
    match u32::try_from(sample.0) {
        Ok(sample) if srtt_ns == 0 => sample.max(1),
        Ok(sample) => (srtt_ns / 8 * 7 + sample / 8).max(1),
        Err(_) => srtt_ns,
    }
}
