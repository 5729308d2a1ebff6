use super::buffer::Buffer;
use super::fault::{Fault, Found};
use super::order::Order;
use super::resync::{Claim, Layout, Likely, RECORD_MAX};
use crate::capture::frame::{Aside, Frame, Lent, Link};
use crate::wire::Timestamp;

/// Octets of the file header.
pub(super) const HEADER: usize = 24;

/// Octets of a record header that every kind of pcap has.
const RECORD: usize = 16;

/// The largest packet libpcap makes; more is damage, unless the file header says otherwise.
const PACKET_MAX: u32 = 256 << 10;

/// The largest packet that is believed, whatever the file header says.
const SNAPLEN_MAX: u32 = 16 << 20;

/// A file of records, each with 16 octets in front: seconds, fraction, octets captured, octets on
/// the wire.
#[derive(Debug)]
pub(super) struct Pcap {
    order: Order,
    /// Nanoseconds in one unit of the fraction.
    unit: u64,
    lengths: Lengths,
    /// Octets of a record header: 16, or 24 in modified pcap.
    header: usize,
    packet_max: u32,
    /// Whether a header of zeros is a record without octets or a hole in the file.
    zeros: Zeros,
    link: Link,
    /// Link type and snap length as the file header has them.
    network: u32,
    snaplen: u32,
}

/// What the header of a file says of all its packets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Head {
    /// The link type as it stands there.
    pub(super) linktype: u16,
    /// Octets of the frame check sequence at the end of each packet, where the header tells.
    pub(super) fcs: Option<u8>,
    /// Octets kept of each packet.
    pub(super) snaplen: u32,
    /// Nanoseconds in the unit of its times.
    pub(super) unit: u64,
}

/// What a record header of nothing but zeros is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Zeros {
    /// A packet of which nothing was kept: some tools blank packets out like this.
    Packet,
    /// A stretch that never reached the disk.
    Damage,
}

/// Which of a record's lengths comes first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Lengths {
    /// The captured one.
    CapturedFirst,
    /// The one on the wire, before version 2.3.
    WireFirst,
    /// The smaller one was captured: version 2.3 was written both ways.
    SmallerCaptured,
}

#[derive(Clone, Copy, Debug)]
struct Header {
    seconds: u32,
    fraction: u32,
    cap_len: u32,
    wire_len: u32,
}

/// Whether `magic`, the first four octets of a file, begins a pcap.
pub(super) fn is_pcap(magic: [u8; 4]) -> bool {
    kind(magic).is_some()
}

/// Byte order, nanoseconds per unit and length of a record header.
fn kind(magic: [u8; 4]) -> Option<(Order, u64, usize)> {
    let of = |value| match value {
        0xa1b2_c3d4 => Some((1_000, RECORD)),
        0xa1b2_3c4d => Some((1, RECORD)),
        // Alexey Kuznetsov's libpcap added interface, protocol and packet type to each record.
        0xa1b2_cd34 => Some((1_000, RECORD + 8)),
        _ => None,
    };
    if let Some((unit, header)) = of(u32::from_le_bytes(magic)) {
        return Some((Order::Little, unit, header));
    }
    of(u32::from_be_bytes(magic)).map(|(unit, header)| (Order::Big, unit, header))
}

impl Pcap {
    /// Reads a file header.
    pub(super) fn new(header: &[u8; HEADER], zeros: Zeros) -> Option<Self> {
        let (order, unit, record) = kind([header[0], header[1], header[2], header[3]])?;
        let snaplen = order.u32(header, 16);
        // The upper half of the link type tells of frame check sequences at the end of packets.
        let network = order.u32(header, 20);
        let link = Link::of_linktype(network as u16);
        let lengths = match (order.u16(header, 4), order.u16(header, 6)) {
            (2, 0..=2) => Lengths::WireFirst,
            (2, 3) => Lengths::SmallerCaptured,
            _ => Lengths::CapturedFirst,
        };
        let packet_max = snaplen.clamp(PACKET_MAX, SNAPLEN_MAX);
        Some(Self { order, unit, lengths, header: record, packet_max, zeros, link, network, snaplen })
    }

    /// What the header of the file says.
    pub(super) fn head(&self) -> Head {
        const FCS_KNOWN: u32 = 1 << 26;
        // It is counted in pairs of octets.
        let fcs = (self.network & FCS_KNOWN != 0).then_some((self.network >> 28) as u8 * 2);
        Head { linktype: self.network as u16, fcs, snaplen: self.snaplen, unit: self.unit }
    }

    /// The next packet, where all of it is at hand: nearly always.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "halves the time of a small packet")]
    pub(super) fn at_hand(&self, buffer: &mut Buffer) -> Option<Found> {
        let rest = buffer.rest();
        let header = rest.first_chunk::<RECORD>()?;
        let packet = self.header(header);
        let len = packet.cap_len as usize;
        if rest.len() < self.header + len || !self.is_possible(header, packet) {
            return None;
        }
        let found = Found {
            time: self.time(packet),
            wire_len: packet.wire_len,
            link: self.link,
            interface: 0,
            bytes: buffer.place(self.header, len),
            comment: None,
        };
        buffer.advance(self.header + len);
        Some(found)
    }

    /// Lends the packets that are at hand, up to the first that is refused.
    pub(super) fn lend(&self, buffer: &mut Buffer, take: &mut dyn FnMut(&Frame<'_>) -> Lent) {
        let all = buffer.rest();
        let mut rest = all;
        let (time, link) = (Timestamp::default(), self.link);
        let mut frame = Frame { time, wire_len: 0, link, interface: 0, bytes: &[], comment: None, aside: Aside::NONE };
        while let Some(header) = rest.first_chunk::<RECORD>() {
            let packet = self.header(header);
            let whole = self.header.saturating_add(packet.cap_len as usize);
            let Some((record, after)) = rest.split_at_checked(whole) else { break };
            if !self.is_possible(header, packet) {
                break;
            }
            (frame.time, frame.wire_len) = (self.time(packet), packet.wire_len);
            frame.bytes = record.get(self.header..).unwrap_or_default();
            let lent = take(&frame);
            if lent != Lent::Refused {
                rest = after;
            }
            if lent != Lent::Taken {
                break;
            }
        }
        let used = all.len() - rest.len();
        buffer.advance(used);
    }

    /// Shows the packets that are at hand.
    pub(super) fn peek(&self, buffer: &Buffer, most: usize, show: &mut dyn FnMut(Link, &[u8])) {
        let mut rest = buffer.rest();
        for _ in 0..most {
            let Some(header) = rest.first_chunk::<RECORD>() else { return };
            let whole = self.header.saturating_add(self.header(header).cap_len as usize);
            let Some((record, after)) = rest.split_at_checked(whole) else { return };
            show(self.link, &record[self.header..]);
            rest = after;
        }
    }

    /// The next packet, `None` at the end of the input.
    pub(super) fn step(&mut self, buffer: &mut Buffer) -> Result<Option<Found>, Fault> {
        loop {
            if let Some(found) = self.at_hand(buffer) {
                return Ok(Some(found));
            }
            let Some(header) = buffer.rest().first_chunk::<RECORD>() else {
                if buffer.fill(RECORD) {
                    continue;
                }
                return match buffer.rest() {
                    [] => Ok(None),
                    _ => Err(Fault::cut(buffer, "a record header", self.header)),
                };
            };
            let packet = self.header(header);
            if !self.is_possible(header, packet) {
                return Err(self.refuse(buffer, packet));
            }
            let whole = self.header + packet.cap_len as usize;
            if !buffer.fill(whole) {
                return Err(Fault::cut(buffer, "a record", whole));
            }
        }
    }

    #[inline]
    fn header(&self, header: &[u8; RECORD]) -> Header {
        let [seconds, fraction, first, second] = self.order.four_u32(header);
        let swap = match self.lengths {
            Lengths::CapturedFirst => false,
            Lengths::WireFirst => true,
            Lengths::SmallerCaptured => first > second,
        };
        let (cap_len, wire_len) = if swap { (second, first) } else { (first, second) };
        Header { seconds, fraction, cap_len, wire_len }
    }

    #[inline]
    fn is_possible(&self, header: &[u8; RECORD], packet: Header) -> bool {
        packet.cap_len <= self.packet_max && (self.zeros == Zeros::Packet || *header != [0; RECORD])
    }

    /// The time of a record. A fraction of a second or more, which some writers make, carries over.
    #[inline]
    fn time(&self, header: Header) -> Timestamp {
        Timestamp(u64::from(header.seconds) * 1_000_000_000 + u64::from(header.fraction) * self.unit)
    }

    #[cold]
    fn refuse(&self, buffer: &Buffer, header: Header) -> Fault {
        let Header { cap_len, .. } = header;
        let what = if cap_len == 0 {
            "a record header of nothing but zeros".to_owned()
        } else {
            format!(
                "a record that claims {cap_len} captured bytes, where {} are the most there can be",
                self.packet_max
            )
        };
        Fault::corrupt(buffer, what)
    }
}

impl Layout for Pcap {
    /// Stricter than [`Pcap::step`]: what would pass there as odd is here no sign of a record.
    fn likely(&self, bytes: &[u8]) -> Likely {
        let Some(header) = bytes.first_chunk::<RECORD>() else {
            return Likely::Short(RECORD);
        };
        let packet = self.header(header);
        let lengths = 1..=self.packet_max.min(RECORD_MAX as u32);
        let fraction_max = 1_000_000_000 / self.unit;
        if !lengths.contains(&packet.cap_len)
            || packet.wire_len < packet.cap_len
            || packet.wire_len > SNAPLEN_MAX
            || u64::from(packet.fraction) >= fraction_max
        {
            return Likely::No;
        }
        Likely::Record { len: self.header + packet.cap_len as usize, time: Some(self.time(packet)) }
    }

    fn claimed(&self, bytes: &[u8]) -> Option<Claim> {
        let header = bytes.first_chunk::<RECORD>()?;
        let packet = self.header(header);
        let len = self.header + packet.cap_len as usize;
        self.is_possible(header, packet).then(|| Claim { len, time: self.time(packet) })
    }
}
