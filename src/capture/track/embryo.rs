//! A SYN that waits for its answer, in as little room as it can be told from.
//!
//! A bare SYN says little, and in a flood there are millions that nobody will ever answer. So what
//! it says is kept in 64 octets, and the connection is made from them when there is more to say of
//! it: when a second packet of its endpoints comes, or when it is told. That is the same [`Conn`]
//! as it would have been from the first, since it is made by passing the same segment again.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU8;

use super::chunks::Chunks;
use super::conn::Conn;
use super::notes::{Note, Notes};
use super::observation::ConnId;
use super::roles;
use super::shark::Pair;
use super::standing::Role;
use super::textbook::{self, Question};
use crate::capture::arrival::{Arrival, Place};
use crate::wire::options::Present;
use crate::wire::{Flags, FlowKey, Options, Segment, Seq, Side, Timestamp, Vlans, Window, flow};

/// What a bare SYN said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Embryo {
    time: Timestamp,
    /// IPv4: both addresses, lower endpoint first, the IP identification, and what the key is found
    /// by. IPv6: the sender's address, and where the receiver's is kept.
    addrs: [u32; 5],
    ports: [u16; 2],
    iss: Seq,
    ts_val: u32,
    id: ConnId,
    stream: u32,
    /// The number of its frame: 32 bits, and eight above.
    n: u32,
    n_high: u8,
    ttl: u8,
    ip_bytes: u8,
    /// The lower eight flags of its header; SYN is one of them.
    flags: NonZeroU8,
    window: Window,
    mss: u16,
    /// Bits of `Said`, and the window scale in the lowest four.
    said: u16,
}

const _: () = assert!(size_of::<Option<Embryo>>() <= 64);

/// Yes or no, bit by bit.
#[derive(Clone, Copy)]
#[repr(u16)]
enum Said {
    Mss = 1 << 4,
    WindowScale = 1 << 5,
    SackPermitted = 1 << 6,
    Timestamps = 1 << 7,
    OtherOption = 1 << 8,
    FromB = 1 << 9,
    Wide = 1 << 10,
    /// A number in the acknowledgement field, which means nothing.
    StrayAck = 1 << 11,
    ChecksumBad = 1 << 12,
    ChecksumOffload = 1 << 13,
    EcnCe = 1 << 14,
    ClockBackwards = 1 << 15,
}

const OPTIONS: [(Said, Present); 5] = [
    (Said::Mss, Present::MSS),
    (Said::WindowScale, Present::WINDOW_SCALE),
    (Said::SackPermitted, Present::SACK_PERMITTED),
    (Said::Timestamps, Present::TIMESTAMPS),
    (Said::OtherOption, Present::OTHER),
];

const NOTES: [(Said, Note); 4] = [
    (Said::ChecksumBad, Note::ChecksumBad),
    (Said::ChecksumOffload, Note::ChecksumOffload),
    (Said::EcnCe, Note::EcnCe),
    (Said::ClockBackwards, Note::ClockBackwards),
];

const SYN: NonZeroU8 = NonZeroU8::new(Flags::SYN.0 as u8).expect("a bit");

/// Places beside which the one to give up is looked for.
const CANDIDATES: u32 = 8;

/// Counts of embryos by destination, a power of two; destinations may share one.
const TALLIES: usize = 1 << 14;

/// The bare SYNs that are being kept, and how many there are of each destination.
#[derive(Debug, Default)]
pub(super) struct Embryos {
    places: Chunks<Option<Embryo>>,
    free: Vec<u32>,
    /// IPv6 destinations, each once.
    targets: Targets,
    tallies: Vec<u32>,
    /// Where the search for one to give up goes on.
    hand: u32,
    /// Where the search for those whose time is up goes on.
    sweep: u32,
}

impl Embryo {
    /// Whether all that a first segment says fits here; `notes` are of the capture.
    pub(super) fn holds(arrival: &Arrival, segment: &Segment, notes: Notes) -> bool {
        let foreign = Flags::ACK | Flags::FIN | Flags::RST;
        let known = OPTIONS.iter().fold(0, |known, (_, present)| known | present.0);
        segment.flags.contains(Flags::SYN)
            && !segment.flags.intersects(foreign)
            && segment.flags.0 <= 0xff
            && segment.len == 0
            && !arrival.cut
            && segment.options.present.0 & !known == 0
            && segment.options.window_scale().is_none_or(|shift| shift < 16)
            && arrival.vlans.count() == 0
            && arrival.ip_bytes <= 0xff
            && arrival.n >> 40 == 0
            && (arrival.key.ip_version() == 4 || arrival.ip_id == 0)
            && fits(notes)
    }

    fn says(&self, what: Said) -> bool {
        self.said & what as u16 != 0
    }

    pub(super) fn side(&self) -> Side {
        if self.says(Said::FromB) { Side::B } else { Side::A }
    }

    /// Its handle.
    pub(super) const fn id(&self) -> ConnId {
        self.id
    }

    /// Whether it says nothing but what any SYN says.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        const ODD: u16 = Said::StrayAck as u16
            | Said::ChecksumBad as u16
            | Said::ChecksumOffload as u16
            | Said::EcnCe as u16
            | Said::ClockBackwards as u16;
        self.flags == SYN && self.said & ODD == 0 && self.window != Window(0)
    }

    /// Address and port of who sent it, or of who it was sent to, over IPv4.
    #[inline]
    pub(super) fn endpoint_v4(&self, role: Role) -> Option<(Ipv4Addr, u16)> {
        let ([a, b, ..], [a_port, b_port]) = (self.addrs, self.ports);
        let second = self.says(Said::FromB) == (role == Role::Client);
        let (addr, port) = if second { (b, b_port) } else { (a, a_port) };
        (!self.says(Said::Wide)).then_some((Ipv4Addr::from_bits(addr), port))
    }

    /// What its key is found by, where there is room to remember it.
    #[inline]
    pub(super) fn tag(&self) -> Option<u32> {
        (!self.says(Said::Wide)).then_some(self.addrs[3])
    }

    fn segment(&self) -> Segment {
        let present = OPTIONS.iter().filter(|(said, _)| self.says(*said));
        let present = Present(present.fold(0, |all, (_, present)| all | present.0));
        Segment {
            seq: self.iss,
            ack: Seq(u32::from(self.says(Said::StrayAck))),
            flags: Flags(self.flags.get().into()),
            window: self.window,
            urgent: 0,
            len: 0,
            options: Options::of_syn(present, self.mss, (self.said & 15) as u8, self.ts_val),
        }
    }
}

impl Embryos {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// The one at `place`, if there is one.
    pub(super) fn get(&self, place: u32) -> Option<&Embryo> {
        self.places.get(place as usize)?.as_ref()
    }

    /// The room for the one at `place`.
    pub(super) fn place(&self, place: u32) -> Option<&Option<Embryo>> {
        self.places.get(place as usize)
    }

    /// Keeps what the first segment of connection `id` says, which [fits](Embryo::holds), and whose key
    /// is found by `tag`; returns where.
    pub(super) fn add(
        &mut self,
        id: ConnId,
        stream: u32,
        arrival: &Arrival,
        segment: &Segment,
        notes: Notes,
        tag: u32,
    ) -> u32 {
        let options = &segment.options;
        let bit = |is: bool, said: Said| if is { said as u16 } else { 0 };
        let said = u16::from(options.window_scale().unwrap_or(0) & 15)
            | OPTIONS.iter().fold(0, |all, (said, one)| all | bit(options.present.contains(*one), *said))
            | NOTES.iter().fold(0, |all, (said, note)| all | bit(notes.contains(*note), *said))
            | bit(arrival.side == Side::B, Said::FromB)
            | bit(arrival.key.ip_version() == 6, Said::Wide)
            | bit(segment.ack != Seq(0), Said::StrayAck);
        let (addrs, ports) = match arrival.key {
            FlowKey::V4(pair) => {
                ([pair.addrs[0].to_bits(), pair.addrs[1].to_bits(), arrival.ip_id, tag, 0], pair.ports)
            }
            FlowKey::V6(pair) => {
                let [a, b, c, d] = words(pair.addrs[arrival.side as usize]);
                ([a, b, c, d, self.targets.enter(pair.addrs[!arrival.side as usize])], pair.ports)
            }
        };
        let embryo = Embryo {
            time: arrival.time,
            addrs,
            ports,
            iss: segment.seq,
            ts_val: options.timestamps().map_or(0, |(val, _)| val),
            id,
            stream,
            n: arrival.n as u32,
            n_high: (arrival.n >> 32) as u8,
            ttl: arrival.ttl,
            ip_bytes: arrival.ip_bytes as u8,
            flags: NonZeroU8::new(segment.flags.0 as u8).unwrap_or(SYN),
            window: segment.window,
            mss: options.mss().unwrap_or(0),
            said,
        };
        self.tallies.resize(TALLIES, 0);
        self.tallies[tally(&embryo)] += 1;
        let Some(place) = self.free.pop() else {
            self.places.push(Some(embryo));
            return self.places.len() as u32 - 1;
        };
        if let Some(free) = self.places.get_mut(place as usize) {
            *free = Some(embryo);
        }
        place
    }

    /// Takes out the one at `place`. What it asked for is known until it is [forgotten](Self::forget).
    pub(super) fn take_out(&mut self, place: u32) -> Option<Embryo> {
        let embryo = self.places.get_mut(place as usize).and_then(Option::take)?;
        self.free.push(place);
        let count = &mut self.tallies[tally(&embryo)];
        *count = count.saturating_sub(1);
        Some(embryo)
    }

    /// Nobody will ask any more for what `embryo`, which was taken out, asked for.
    pub(super) fn forget(&mut self, embryo: &Embryo) {
        if embryo.says(Said::Wide) {
            self.targets.leave(embryo.addrs[4]);
        }
    }

    /// The connection that the one at `place`, which is in use, began.
    pub(super) fn at(&self, place: u32) -> Conn {
        self.conn_of(self.get(place).expect("a place that was just found is in use"))
    }

    /// The connection that `embryo` began.
    pub(super) fn conn_of(&self, embryo: &Embryo) -> Conn {
        let question = self.question(embryo);
        if let Some(conn) = textbook::asked(&question) {
            return conn;
        }
        let Question { id, stream, arrival, segment, notes } = question;
        let pair = Pair::begun(stream, arrival.side, segment.seq);
        let mut conn = Conn::new(id, &arrival, pair, stream);
        roles::assign(&mut conn, arrival.side, segment.flags);
        conn.begins_stream();
        conn.segment(&arrival, &segment, notes);
        conn
    }

    /// What `embryo` said, and when.
    pub(super) fn question(&self, embryo: &Embryo) -> Question {
        let side = embryo.side();
        let notes = NOTES
            .iter()
            .filter(|(said, _)| embryo.says(*said))
            .fold(Notes::NONE, |all, (_, note)| all | (*note).into());
        let arrival = Arrival {
            n: u64::from(embryo.n_high) << 32 | u64::from(embryo.n),
            time: embryo.time,
            key: self.key_of(embryo),
            side,
            ip_bytes: embryo.ip_bytes.into(),
            ip_id: if embryo.says(Said::Wide) { 0 } else { embryo.addrs[2] },
            ttl: embryo.ttl,
            cut: false,
            vlans: Vlans::default(),
            place: Place::default(),
        };
        Question { id: embryo.id, stream: embryo.stream, arrival, segment: embryo.segment(), notes }
    }

    /// Whether the one at `place` has this key.
    #[inline]
    pub(super) fn has_key(&self, place: u32, key: &FlowKey) -> bool {
        self.get(place).is_some_and(|embryo| match key {
            FlowKey::V4(pair) => {
                !embryo.says(Said::Wide)
                    && [embryo.addrs[0], embryo.addrs[1]] == pair.addrs.map(Ipv4Addr::to_bits)
                    && embryo.ports == pair.ports
                    && pair.zone == 0
            }
            FlowKey::V6(_) => embryo.says(Said::Wide) && self.key_of(embryo) == *key,
        })
    }

    /// The endpoints of `embryo`.
    pub(super) fn key_of(&self, embryo: &Embryo) -> FlowKey {
        let [addrs @ .., target] = embryo.addrs;
        if !embryo.says(Said::Wide) {
            let [a, b, ..] = addrs.map(Ipv4Addr::from);
            return FlowKey::V4(flow::Pair { addrs: [a, b], ports: embryo.ports, zone: 0 });
        }
        let src = Ipv6Addr::from(addrs.into_iter().fold(0, |addr, word| addr << 32 | u128::from(word)));
        let dst = self.targets.at(target);
        let addrs = if embryo.side() == Side::A { [src, dst] } else { [dst, src] };
        FlowKey::V6(flow::Pair { addrs, ports: embryo.ports, zone: 0 })
    }

    /// Where the one is kept that is least worth its room: of the next places the first whose
    /// destination has the most. So a flood does not displace what others wait for, and of a flood
    /// the oldest go first; one of the latest quarter only where there is no other. `next` is the
    /// number of the next connection.
    pub(super) fn least(&mut self, next: ConnId) -> Option<u32> {
        let places = self.places.len() as u32;
        let (all, mut best) = (self.len() as u32, None);
        let mut looked = 0;
        for _ in 0..places {
            let place = if self.hand < places { self.hand } else { 0 };
            self.hand = place + 1;
            let Some(embryo) = self.get(place) else { continue };
            let young = next.0.saturating_sub(embryo.id.0) < all / 4;
            let count = if young { 0 } else { self.tallies[tally(embryo)] };
            if best.is_none_or(|(most, _)| count > most) {
                best = Some((count, place));
            }
            looked += 1;
            if count > all / 2 || looked == CANDIDATES {
                break;
            }
        }
        best.map(|(_, place)| place)
    }

    /// Goes on looking for those that were begun before `time`, through a part of all places.
    pub(super) fn older_than(&mut self, time: Timestamp) -> Vec<u32> {
        let places = self.places.len() as u32;
        let part = places.min(places / 8 + 4096);
        let from = self.sweep.min(places);
        self.sweep = if places == 0 { 0 } else { (from + part) % places };
        let next = (from..from + part).map(|place| place % places);
        next.filter(|place| self.get(*place).is_some_and(|embryo| embryo.time < time)).collect()
    }

    /// Where they are kept, and whose they are.
    pub(super) fn iter(&self) -> impl Iterator<Item = (ConnId, u32)> {
        (0..).zip(self.places.iter()).filter_map(|(place, embryo)| Some((embryo.as_ref()?.id, place)))
    }
}

/// Whether there are no notes but those that have a bit.
fn fits(mut notes: Notes) -> bool {
    for (_, note) in NOTES {
        notes.remove(note);
    }
    notes.is_empty()
}

/// Which tally counts those that ask the same destination. A sender chooses what it asks for, but
/// all that it can do by that is to have its own SYNs given up sooner.
fn tally(embryo: &Embryo) -> usize {
    let addr = if embryo.says(Said::Wide) { embryo.addrs[4] } else { embryo.addrs[!embryo.side() as usize] };
    (u64::from(addr).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 50) as usize % TALLIES
}

fn words(addr: Ipv6Addr) -> [u32; 4] {
    let bits = u128::from(addr);
    [96, 64, 32, 0].map(|shift| (bits >> shift) as u32)
}

/// Addresses that are kept once, however many ask for them.
#[derive(Debug, Default)]
struct Targets {
    index: HashMap<Ipv6Addr, u32>,
    kept: Vec<(Ipv6Addr, u32)>,
    free: Vec<u32>,
}

impl Targets {
    fn enter(&mut self, addr: Ipv6Addr) -> u32 {
        let Self { index, kept, free } = self;
        let at = *index.entry(addr).or_insert_with(|| {
            free.pop().unwrap_or_else(|| {
                kept.push((addr, 0));
                kept.len() as u32 - 1
            })
        });
        if let Some(target) = kept.get_mut(at as usize) {
            *target = (addr, target.1 + 1);
        }
        at
    }

    fn leave(&mut self, at: u32) {
        let Some((addr, users)) = self.kept.get_mut(at as usize) else { return };
        *users -= 1;
        if *users == 0 {
            self.index.remove(addr);
            self.free.push(at);
        }
    }

    fn at(&self, at: u32) -> Ipv6Addr {
        self.kept.get(at as usize).map_or(Ipv6Addr::UNSPECIFIED, |(addr, _)| *addr)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;
    use std::path::Path;

    use super::super::slab::Slot;
    use super::super::steady::tests::all_captures;
    use super::super::{Limits, Observation, Tracker};
    use super::*;
    use crate::capture::file::{Capture, Options};
    use crate::capture::{Checksums, Link, Next, OwnedFrame, Source as _, decode};

    thread_local! {
        /// Whether every connection is a large one from the first; and how many were not.
        static LARGE: Cell<bool> = const { Cell::new(false) };
        static SMALL: Cell<u64> = const { Cell::new(0) };
    }

    /// Whether a connection may begin as a small one.
    pub(in super::super) fn may_be_small(small: bool) -> bool {
        let small = small && !LARGE.get();
        SMALL.set(SMALL.get() + u64::from(small));
        small
    }

    /// What a tracker within `limits` says of a capture's packets and connections.
    fn told(path: &Path, limits: Limits, large: bool) -> (Vec<String>, Vec<String>) {
        LARGE.set(large);
        let mut tracker = Tracker::new(limits);
        let (mut packets, mut conns) = (Vec::new(), Vec::new());
        let Ok(mut capture) = Capture::open(path, Options::default()) else { return (packets, conns) };
        while let Ok(Next::Frame(frame)) = capture.next()
            && packets.len() < 50_000
        {
            let record = decode(&frame, Checksums::Verify);
            let seen = tracker.observe(packets.len() as u64 + 1, &record);
            let conn = seen.as_ref().map(|seen| format!("{:?}", tracker.conn(seen).map(Conn::history)));
            let seen = seen.map(|seen| Observation { slot: Slot(0), ..seen });
            packets.push(format!("{seen:?} {conn:?}"));
            conns.extend(std::iter::from_fn(|| tracker.departed()).map(|conn| format!("{conn:?}")));
        }
        tracker.settle();
        conns.extend(tracker.conns().map(|conn| format!("{:?}", &*conn)));
        LARGE.set(false);
        (packets, conns)
    }

    #[test]
    fn what_was_kept_small_is_what_it_would_have_been() {
        SMALL.set(0);
        for path in all_captures() {
            let (small, large) = (told(&path, Limits::default(), false), told(&path, Limits::default(), true));
            for (at, (small, large)) in small.0.iter().zip(&large.0).enumerate() {
                assert_eq!(small, large, "{}: packet {}", path.display(), at + 1);
            }
            assert_eq!(small.1, large.1, "{}", path.display());
        }
        assert!(SMALL.get() > 1000, "there are SYNs in the captures: {}", SMALL.get());
    }

    /// Shows the tracker a SYN to a port of the destination of that number.
    fn ask(tracker: &mut Tracker, n: u32, wide: bool, victim: u8) {
        let mut bytes = vec![if wide { 0x60 } else { 0x45 }, 0, 0, 0];
        let addrs = [(10_u8, n), (192, u32::from(victim))];
        if wide {
            bytes.extend([0, 20, 6, 64]);
            bytes.extend(addrs.iter().flat_map(|(net, low)| (u128::from(*net) << 96 | u128::from(*low)).to_be_bytes()));
        } else {
            bytes[3] = 40;
            bytes.extend([0, 0, 0, 0, 64, 6, 0, 0]);
            bytes.extend(addrs.iter().flat_map(|(net, low)| (u32::from(*net) << 24 | low).to_be_bytes()));
        }
        bytes.extend([0x0f, 0xa0, 0, 80]);
        bytes.extend(n.to_be_bytes());
        bytes.extend([0, 0, 0, 0, 0x50, 2, 2, 0, 0, 0, 0, 0]);
        let frame = OwnedFrame::new(Timestamp(u64::from(n) * 1000), Link::Raw, bytes);
        tracker.observe(n.into(), &decode(&frame.as_frame(), Checksums::Ignore));
    }

    #[test]
    fn a_flood_on_one_does_not_displace_who_asks_another() {
        for wide in [false, true] {
            let mut tracker = Tracker::new(Limits { conns: 1000, timers: None });
            for n in 0..20_000 {
                ask(&mut tracker, n, wide, if n % 100 == 0 && n < 10_000 { 2 } else { 1 });
            }
            let gone: Vec<_> = std::iter::from_fn(|| tracker.departed()).collect();
            assert_eq!((gone.len(), tracker.conns().len()), (19_000, 1000));
            let others = tracker.conns().filter(|conn| conn.first_n % 100 == 0 && conn.first_n < 10_000).count();
            assert_eq!(others, 100, "of the other destination every one is still waited for");
            assert!(gone.is_sorted_by_key(|conn| conn.id), "the oldest goes first");
        }
    }

    #[test]
    fn the_youngest_is_not_given_up_for_where_it_stands() {
        let mut tracker = Tracker::new(Limits { conns: 1000, timers: None });
        for n in 0..1000 {
            ask(&mut tracker, n, false, 1);
        }
        // The place of the first is free again, and the next takes it.
        let place = tracker.conns.embryos.iter().find(|(id, _)| id.0 == 0).map(|(_, place)| place).expect("kept");
        tracker.conns.take_embryo(place);
        for n in 1000..1010 {
            ask(&mut tracker, n, false, 1);
        }
        let gone: Vec<_> = std::iter::from_fn(|| tracker.departed()).map(|conn| conn.id.0).collect();
        assert_eq!(gone, (1..10).collect::<Vec<_>>());
    }

    #[test]
    fn addresses_of_destinations_are_forgotten_with_the_last_that_asks_for_them() {
        let mut tracker = Tracker::new(Limits { conns: 10, timers: None });
        for n in 0..1000 {
            ask(&mut tracker, n, true, (n % 256) as u8);
            while tracker.departed().is_some() {}
        }
        let targets = &tracker.conns.embryos.targets;
        assert_eq!((targets.index.len(), targets.kept.len() - targets.free.len()), (10, 10));
        assert!(targets.kept.len() <= 11);
    }
}
