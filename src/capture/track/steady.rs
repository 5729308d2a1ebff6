//! The segment that most segments are: the next octets, or the next acknowledgement, between two
//! ends that are open and ask for nothing. Octets may be missing before: it neither brings nor
//! acknowledges them.
//!
//! It could take the way of every other segment, `Conn::segment`, and nothing would come out
//! differently: a test holds the two ways against each other. It is taken apart because nearly all
//! questions of that way have one answer here, and asking them takes most of the time of a large
//! capture.

use super::conn::Conn;
use super::facts::Fact;
use super::half::{Half, Mark, Probe};
use super::intake::{Meant, facing};
use super::life::Life;
use super::notes::Notes;
use super::segments;
use super::shark::Shark;
use super::standing::{Basis, State};
use super::textbook::Chapter;
use super::zeek;
use crate::capture::arrival::Arrival;
use crate::wire::{Flags, Segment, Seq, options::Present};

impl Conn {
    /// Whether both ends are open beyond doubt, and nothing is asked or closing: what has to hold before a
    /// segment can be such a one, and holds after it.
    pub(super) fn is_calm(&self) -> bool {
        let [a, b] = &self.halves;
        let life = &self.life;
        is_calm(a, b)
            && is_calm(b, a)
            && zeek::is_calm(&a.zeek, &b.zeek)
            && self.may_stay_numbered()
            && life.reset_by.is_none()
            && life.doubtful.is_none()
            && life.parked.is_none()
    }

    /// Whether, where that holds, nothing is missing either, and nobody waits for what was lost: then it may be
    /// closed as in the book.
    pub(super) fn misses_nothing(&self) -> bool {
        let [a, b] = &self.halves;
        let whole = |half: &Half| half.coverage.is_whole() && half.rare().dup_run == 0;
        whole(a) && whole(b) && zeek::are_open(&a.zeek, &b.zeek)
    }

    /// Takes in a segment, if it is such a one.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every packet")]
    pub(super) fn steady(
        &mut self,
        arrival: &Arrival,
        segment: &Segment,
        notes: Notes,
        shark: &Shark,
    ) -> Option<Meant> {
        if self.chapter != Chapter::Calm || arrival.cut || !self.adds_nothing(segment) || !shark.has_numbered(self) {
            return None;
        }
        let [sender, receiver] = facing(&mut self.halves, arrival.side);
        let edge = segments::edge(segment, sender, receiver);
        let steady = is_steady(edge, segment, sender, receiver);
        #[cfg(test)]
        let steady = tests::may_be_short(steady);
        if !steady {
            return None;
        }
        let after = arrival.after(self.first_n);
        go_on(edge, segment, sender, receiver, &mut self.life, arrival, after);
        if let Some(rare) = sender.rare_if_any() {
            rare.dup_run = 0;
        }
        zeek::go_on(segment, arrival.side, &mut sender.zeek, &mut self.history);
        self.count_packet(arrival, segment.len);
        Some(self.unmoved(notes))
    }
}

fn is_calm(half: &Half, peer: &Half) -> bool {
    let knows = |fact| half.facts.basis(fact) == Some(Basis::Proven);
    half.is_proven(State::Established)
        && knows(Fact::Receives)
        && knows(Fact::Sends)
        && (half.iss().is_none() || knows(Fact::IssKnown))
        && (peer.iss().is_none() || knows(Fact::KnowsIss))
        && half.fin().is_none()
        && half.window != 0
        && half.probe == Probe::None
        && half.mark(Mark::Proof).is_none()
        && half.rare().repeated_to.is_none()
        && half.spoke
        && half.una().is_some()
        && half.coverage.base().is_some()
        && half.iss().is_none_or(|iss| !half.nxt().before(iss))
}

/// Whether a segment between two calm ends brings nothing but the next octets or the next
/// acknowledgement.
#[inline]
fn is_steady(edge: Seq, segment: &Segment, sender: &Half, receiver: &Half) -> bool {
    (segment.flags == Flags::ACK || segment.flags == Flags::ACK | Flags::PSH)
        && segment.window.0 != 0
        && segment.seq == sender.nxt()
        && acknowledges_what_was_sent(segment, receiver)
        && has_the_usual_options(segment, sender, receiver)
        && moves_the_edge_on(edge, segment, sender, receiver)
        && zeek::is_steady(segment, &sender.zeek)
}

/// Neither less than before, nor what was not seen or is missing; and not the same again with nothing else.
#[inline]
pub(super) fn acknowledges_what_was_sent(segment: &Segment, receiver: &Half) -> bool {
    let ack = segment.ack;
    let ahead = receiver.una().map_or(-1, |una| ack.offset_from(una));
    let least = i32::from(segment.len == 0);
    (least..=segments::WILD).contains(&ahead) && !ack.after(receiver.nxt()) && receiver.coverage.whole_below(ack)
}

/// No options, or the timestamps that were agreed on, and not older than the last.
#[inline]
pub(super) fn has_the_usual_options(segment: &Segment, sender: &Half, receiver: &Half) -> bool {
    let options = &segment.options;
    let agreed = sender.offer.zip(receiver.offer).map(|(own, peer)| own.ts_ok && peer.ts_ok);
    match (agreed, options.timestamps()) {
        (Some(true), None) | (Some(false), Some(_)) => false,
        (_, None) => options.present == Present::default(),
        (_, Some((val, _))) => {
            options.present == Present::TIMESTAMPS && sender.mark(Mark::TsVal).is_none_or(|last| !Seq(val).before(last))
        }
    }
}

/// It neither fills the window that its receiver offered nor takes anything back of the one that its
/// sender did, which now ends at `edge`.
#[inline]
pub(super) fn moves_the_edge_on(edge: Seq, segment: &Segment, sender: &Half, receiver: &Half) -> bool {
    let fills = segment.len > 0 && receiver.offer.is_some() && receiver.mark(Mark::Edge) == Some(segment.end());
    !fills && sender.mark(Mark::Edge).is_none_or(|old| !edge.before(old))
}

/// Takes down the numbers that such a segment moves.
#[inline]
pub(super) fn go_on(
    edge: Seq,
    segment: &Segment,
    sender: &mut Half,
    receiver: &mut Half,
    life: &mut Life,
    arrival: &Arrival,
    after: u32,
) {
    let now = arrival.time;
    if segment.len > 0 {
        sender.coverage.go_on(segment.len);
        sender.sent.unique_bytes += u64::from(segment.len);
        sender.fresh = now.into();
        sender.time(segment.end(), now);
        segments::time_answer(sender, receiver, &mut life.times, now);
    }
    receiver.acknowledged(segment.ack, now);
    sender.put(Mark::Edge, Some(edge));
    sender.window = segment.window.0;
    if let Some((val, _)) = segment.options.timestamps() {
        sender.put(Mark::TsVal, Some(Seq(val)));
    }
    sender.passed(segment.seq, after, now, arrival.ip_id, arrival.ttl);
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;
    use std::fs;
    use std::io::{self, Write as _};
    use std::path::{Path, PathBuf};

    use crate::capture::arrival::{Arrival, Passenger};
    use crate::capture::file::{Capture, Options};
    use crate::capture::record::{Body, Record};
    use crate::capture::track::{Conn, Limits, Told, Tracker, arrival};
    use crate::capture::{Checksums, Next, Source as _, decode};
    use crate::wire::{Segment, Seq, Timestamp};

    thread_local! {
        /// Whether every segment takes the long way; and how many have taken the short one.
        pub(in super::super) static LONG_WAY: Cell<bool> = const { Cell::new(false) };
        static SHORT: Cell<u64> = const { Cell::new(0) };
    }

    /// Whether a segment may take the short way.
    pub(in super::super) fn may_be_short(steady: bool) -> bool {
        let short = steady && !LONG_WAY.get();
        SHORT.set(SHORT.get() + u64::from(short));
        short
    }

    /// Which way segments take.
    #[derive(Clone, Copy, Eq, PartialEq)]
    pub(in super::super) enum Way {
        Short,
        Long,
        /// Where nobody asks what they meant; now and then somebody does.
        Unasked,
    }

    /// What a tracker says of a capture's packets and connections; at most 50,000 packets. Unless
    /// `seed` is 0, a tenth of its segments have one of their numbers changed a little, as it says.
    pub(in super::super) fn told(path: &Path, way: Way, seed: u64) -> Vec<String> {
        LONG_WAY.set(way == Way::Long);
        let mut tracker = Tracker::new(Limits::default());
        let mut told = Vec::new();
        let mut random = seed;
        let Ok(mut capture) = Capture::open(path, Options::default()) else { return told };
        while let Ok(Next::Frame(frame)) = capture.next()
            && told.len() < 50_000
        {
            let mut record = decode(&frame, Checksums::Ignore);
            if seed != 0 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                match &mut record.body {
                    Body::Tcp(tcp) => change(&mut record.time, &mut tcp.segment, random >> 32),
                    Body::Udp(_) => change(&mut record.time, &mut Segment::default(), random >> 32),
                    Body::Icmp(_) | Body::Arp(_) | Body::Skip(_) => {}
                }
            }
            let n = told.len() as u64 + 1;
            if let Some(passenger) = Passenger::of(n, &record).filter(|_| way == Way::Unasked && !n.is_multiple_of(61))
            {
                tracker.take(&passenger);
                told.push(String::new());
            } else {
                told.push(format!("{:?}", tracker.observe(n, &record)));
            }
        }
        tracker.settle();
        let mut tell = |conn: &Conn| told.push(format!("{conn:?}"));
        let _: Result<(), ()> = tracker.tell_followed(|one| {
            match one {
                Told::Conn(conn) => tell(conn),
                Told::Unanswered(syn) => tell(&syn.conn()),
                Told::ByTheBook(mut plain) => tell(plain.conn()),
                Told::Datagrams(mut talk) => tell(talk.conn()),
            }
            Ok(())
        });
        LONG_WAY.set(false);
        told
    }

    impl Passenger {
        /// The segment or datagram of a packet of which a glance could have told all there is to tell.
        pub(in super::super) fn of(n: u64, record: &Record) -> Option<Self> {
            let mut passenger = Self::default();
            match &record.body {
                Body::Tcp(tcp) => (passenger.segment, passenger.checksum) = (tcp.segment, tcp.checksum),
                Body::Udp(udp) if udp.fault.is_none() => passenger.datagram = *udp,
                _ => return None,
            }
            let arrival = Arrival::of(n, record)?;
            let tells = arrival.vlans.count() == 0 && !arrival.cut && arrival::capture_notes(record).is_empty();
            tells.then_some(Self { arrival, ..passenger })
        }
    }

    fn change(time: &mut Timestamp, segment: &mut Segment, random: u64) {
        let by = (random >> 8) as u32 % 5;
        match random % 160 {
            0 => segment.seq += by,
            1 => segment.seq = segment.seq - by,
            2 => segment.ack += by,
            3 => segment.ack = segment.ack - by,
            4 => segment.window.0 = 0,
            5 => segment.window.0 = segment.window.0.wrapping_sub(by as u16),
            6 => segment.flags.0 ^= 1 << (by + 4),
            7 => segment.flags.0 ^= 1 << by,
            8 => segment.len = by,
            9 => time.0 = time.0.saturating_sub(1 << (by * 8)),
            10 => segment.options = crate::wire::Options::default(),
            11 => time.0 = time.0.saturating_add(1 << (by * 10)),
            12 => segment.urgent = 1,
            13 => segment.options = crate::wire::Options::parse(&[1, 1, 8, 10, 0, 0, 0, by as u8, 0, 0, 0, 0]),
            14 => segment.options = crate::wire::Options::parse(&[2, 4, 5, 180, 3, 3, 10 + 3 * by as u8, 0]),
            15 => segment.ack = Seq(0),
            _ => {}
        }
    }

    fn captures(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                captures(&path, found);
            } else if path.extension().is_some_and(|ext| ext == "pcap" || ext == "pcapng" || ext == "cap") {
                found.push(path);
            }
        }
    }

    /// Every capture at hand.
    pub(in super::super) fn all_captures() -> Vec<PathBuf> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let shared = root.join("../shared/captures");
        if !shared.is_dir() {
            let _ = writeln!(io::stderr(), "not run on the shared captures: {} is not there", shared.display());
            assert!(std::env::var_os("CI").is_none(), "CI has the shared captures");
        }
        let mut found = Vec::new();
        captures(&root.join("captures"), &mut found);
        captures(&shared, &mut found);
        assert!(found.len() > 50, "captures to read");
        found
    }

    #[test]
    fn the_short_way_leads_where_the_long_way_leads() {
        let mut packets = 0;
        SHORT.set(0);
        for path in all_captures() {
            let (short, long) = (told(&path, Way::Short, 0), told(&path, Way::Long, 0));
            packets += short.len();
            for (at, (short, long)) in short.iter().zip(&long).enumerate() {
                assert_eq!(short, long, "{}: line {at}", path.display());
            }
        }
        assert!(SHORT.get() > packets as u64 / 5, "a fifth at least takes the short way: {} of {packets}", SHORT.get());
    }
}
