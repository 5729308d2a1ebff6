use crate::capture::arrival::Passenger;
use crate::capture::record::Udp;
use crate::wire::{Protocol, Segment, Span};

/// How many packets back a copy may lie.
const REACH: usize = 16;

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
    /// A few bits of what each of them says: hardly any packet has to be compared with one.
    marks: [u16; REACH],
    /// The latest packets, and the one that comes; twice as many as are compared, so that one count tells
    /// the places of both.
    recent: [Passenger; 2 * REACH],
    /// How many have come.
    count: usize,
}

impl Default for Twice {
    fn default() -> Self {
        Self { marks: [0; REACH], recent: [Passenger::default(); 2 * REACH], count: 0 }
    }
}

/// Where a packet is kept: a place in the list of those, so that it is looked up once.
#[derive(Clone, Copy)]
pub(super) struct Seat(usize);

impl Twice {
    /// Where the packet that comes is kept.
    #[inline]
    pub(super) fn seat(&self) -> Seat {
        Seat(self.count % (2 * REACH))
    }

    /// What is kept there.
    #[inline]
    pub(super) fn at(&mut self, Seat(at): Seat) -> &mut Passenger {
        &mut self.recent[at]
    }

    /// Takes in the packet that has come and bears a mark; or tells the number of the packet of which it is
    /// a copy.
    #[inline]
    pub(super) fn take(&mut self, Seat(at): Seat, mark: u16) -> Result<&Passenger, u64> {
        // Without a way out in between, so that it is done in a few wide steps.
        let met = self.marks.iter().fold(0, |met, earlier| met | u16::from(*earlier == mark)) != 0;
        if met && let Some(original) = self.original_of(at) {
            return Err(original);
        }
        self.marks[self.count % REACH] = mark;
        self.count += 1;
        Ok(&self.recent[at])
    }

    #[cold]
    fn original_of(&self, at: usize) -> Option<u64> {
        let print = &self.recent[at];
        let oldest = self.count.saturating_sub(REACH);
        let earlier = || (oldest..self.count).map(|count| &self.recent[count % (2 * REACH)]);
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
