use crate::capture::arrival::Passenger;
use crate::capture::record::Udp;
use crate::wire::{Protocol, Segment, Span};

/// How many packets back a copy may lie.
const REACH: usize = 16;

/// Packets that are read before the first of them is taken in.
const READ: usize = 32;

/// Recognises packets that the capture shows twice: at two interfaces, before and after a bridge,
/// or on `lo` as sent and as received.
///
/// A copy equals its original in addresses, ports, numbers, flags, length, checksum and TSval,
/// and moreover was captured at once, or bears the same identification, or was seen a moment
/// later elsewhere. A retransmission is a new IP packet: it has another identification, and a
/// later TSval.
///
/// What is kept of a packet is what was read of it: it is read into the place where it is kept, and taken
/// from there into its conversation, so that nothing has to be moved.
#[derive(Debug)]
pub(in crate::capture) struct Twice {
    /// A few bits of what each of the latest packets says: hardly any has to be compared with one.
    marks: [u16; REACH],
    /// The latest packets, and behind them those that were read.
    places: [Passenger; PLACES],
    /// By what the index finds those that were read.
    tags: [u32; PLACES],
    /// How many were taken in, and how many more were read.
    count: usize,
    read: usize,
}

/// A power of two, and so many that those that are read are not written over the latest.
const PLACES: usize = 64;

const _: () = assert!(REACH + READ <= PLACES && PLACES.is_power_of_two());

impl Default for Twice {
    fn default() -> Self {
        Self { marks: [0; REACH], places: [Passenger::default(); PLACES], tags: [0; PLACES], count: 0, read: 0 }
    }
}

/// Where the packet is kept that is taken in next: looked up once.
#[derive(Clone, Copy)]
pub(in crate::capture) struct Seat(usize);

impl Twice {
    /// The place for a packet that is read next: what is there is of no use.
    #[inline]
    pub(super) fn free(&mut self) -> &mut Passenger {
        &mut self.places[(self.count + self.read) % PLACES]
    }

    /// It has been read, and is found by `tag`; tells whether there is room for another.
    #[inline]
    pub(super) fn sits(&mut self, tag: u32) -> bool {
        self.tags[(self.count + self.read) % PLACES] = tag;
        self.read += 1;
        self.read < READ
    }

    /// By what those are found that were read, in their order.
    #[inline]
    pub(in crate::capture) fn tags(&self) -> impl Iterator<Item = u32> + Clone {
        (self.count..self.count + self.read).map(|at| self.tags[at % PLACES])
    }

    /// The first of those that were read, which has to be [taken](Self::take) before others are read.
    #[inline]
    pub(in crate::capture) fn first(&self) -> Option<Seat> {
        (self.read > 0).then_some(Seat(self.count % PLACES))
    }

    /// What was read there, and by what it is found.
    #[inline]
    pub(super) fn at(&self, Seat(at): Seat) -> (&Passenger, u32) {
        (&self.places[at], self.tags[at])
    }

    /// Takes the packet that was read there and bears a mark; or tells the number of the packet of which it
    /// is a copy.
    #[inline]
    pub(super) fn take(&mut self, Seat(at): Seat, mark: u16) -> Result<&Passenger, u64> {
        self.read -= 1;
        // Without a way out in between, so that it is done in a few wide steps.
        let met = self.marks.iter().fold(0, |met, earlier| met | u16::from(*earlier == mark)) != 0;
        if met && let Some(original) = self.drop_copy(at) {
            return Err(original);
        }
        self.marks[self.count % REACH] = mark;
        self.count += 1;
        Ok(&self.places[at])
    }

    /// Does not keep what was read there, if it is a copy: who was read behind it moves up.
    #[cold]
    fn drop_copy(&mut self, at: usize) -> Option<u64> {
        let original = self.original_of(at)?;
        for at in self.count..self.count + self.read {
            self.places[at % PLACES] = self.places[(at + 1) % PLACES];
            self.tags[at % PLACES] = self.tags[(at + 1) % PLACES];
        }
        Some(original)
    }

    fn original_of(&self, at: usize) -> Option<u64> {
        let print = &self.places[at];
        let oldest = self.count.saturating_sub(REACH);
        let earlier = || (oldest..self.count).map(|count| &self.places[count % PLACES]);
        let original = earlier().find(|original| is_copy(print, original, || counts_ids(print, earlier())))?;
        Some(original.arrival.n)
    }
}

/// Bits that copies of a segment have in common, and few others share.
#[inline]
pub(super) fn mark_of_segment(ip_id: u32, segment: &Segment, checksum: u16) -> u16 {
    let numbers = u64::from(segment.seq.0) << 32 | u64::from(segment.ack.0);
    mark(numbers ^ u64::from(checksum) << 40, ip_id)
}

/// The same of a datagram.
#[inline]
pub(super) fn mark_of_datagram(ip_id: u32, datagram: &Udp) -> u16 {
    mark(u64::from(datagram.checksum) << 32 | u64::from(datagram.len), ip_id)
}

/// The same of a packet of any kind.
pub(super) fn mark_of(passenger: &Passenger) -> u16 {
    let Passenger { arrival, segment, checksum, datagram, message } = passenger;
    match arrival.key.protocol() {
        Protocol::Tcp => mark_of_segment(arrival.ip_id, segment, *checksum),
        Protocol::Udp => mark_of_datagram(arrival.ip_id, datagram),
        Protocol::Icmp => mark(message[0], arrival.ip_id),
    }
}

#[inline]
fn mark(said: u64, ip_id: u32) -> u16 {
    ((said ^ u64::from(ip_id) << 7).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as u16
}

fn is_copy(print: &Passenger, earlier: &Passenger, counts_ids: impl Fn() -> bool) -> bool {
    let (own, other) = (&print.arrival, &earlier.arrival);
    if !says_the_same(print, earlier) || own.ip_id != other.ip_id {
        return false;
    }
    let gap = Span((own.time - other.time).0.abs());
    gap <= Span::from_micros(200)
        || (!own.is_met_with(other) && gap <= Span::from_millis(5))
        || (gap <= Span::from_millis(100) && counts_ids())
}

/// Whether its sender numbers its packets, so that the same identification means the same one: of the
/// `earlier` ones.
fn counts_ids<'a>(print: &Passenger, earlier: impl Iterator<Item = &'a Passenger>) -> bool {
    let ip_id = print.arrival.ip_id;
    let mut others = earlier.filter(|earlier| source(earlier) == source(print) && !says_the_same(print, earlier));
    ip_id != 0 && !others.any(|earlier| earlier.arrival.ip_id == ip_id)
}

/// Whether the same is said, as far as it tells two packets apart, by whom to whom, whatever the VLAN.
fn says_the_same(print: &Passenger, other: &Passenger) -> bool {
    let (own, theirs) = (&print.arrival, &other.arrival);
    let from_whom = own.side == theirs.side && own.key.without_vlans() == theirs.key.without_vlans();
    from_whom
        && match own.key.protocol() {
            Protocol::Tcp => {
                let said = |said: &Passenger| {
                    let Segment { seq, ack, flags, window, len, options, .. } = said.segment;
                    (seq, ack, flags, window, len, options.timestamps().map(|(val, _)| val), said.checksum)
                };
                said(print) == said(other)
            }
            Protocol::Udp => {
                let said = |said: &Passenger| (said.datagram.len, said.datagram.checksum);
                said(print) == said(other)
            }
            Protocol::Icmp => print.message == other.message,
        }
}

fn source(print: &Passenger) -> std::net::IpAddr {
    print.arrival.key.endpoint(print.arrival.side).addr
}
