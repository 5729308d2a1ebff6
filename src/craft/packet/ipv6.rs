use std::net::Ipv6Addr;

use super::{EmitError, Field, Layer, proto};

/// An IPv6 header (RFC 8200 §3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ipv6 {
    /// Source address.
    pub src: Ipv6Addr,
    /// Destination address.
    pub dst: Ipv6Addr,
    /// DSCP (upper six bits) and ECN (lower two).
    pub traffic_class: u8,
    /// Flow label, 20 bits.
    pub flow_label: u32,
    /// Hop limit.
    pub hop_limit: u8,
    /// What follows.
    pub next_header: Field<u8>,
    /// 6, in four bits.
    pub version: Field<u8>,
    /// Octets that follow, extension headers included.
    pub payload_len: Field<u16>,
}

impl Ipv6 {
    /// A header with a hop limit of 64.
    pub fn new(src: Ipv6Addr, dst: Ipv6Addr) -> Self {
        Self {
            src,
            dst,
            traffic_class: 0,
            flow_label: 0,
            hop_limit: 64,
            next_header: Field::Right,
            version: Field::Right,
            payload_len: Field::Right,
        }
    }

    pub(super) fn put(&self, next: Option<&Layer>, out: &mut Vec<u8>) {
        let first =
            u32::from(self.version.or(6)) << 28 | u32::from(self.traffic_class) << 20 | self.flow_label & 0x000f_ffff;
        out.extend(first.to_be_bytes());
        out.extend([0, 0, self.next_header.or(next_header(next)), self.hop_limit]);
        out.extend(self.src.octets());
        out.extend(self.dst.octets());
    }

    pub(super) fn finish(&self, octets: &mut [u8]) -> Result<(), EmitError> {
        let payload = octets.len() - 40;
        let len = match (self.payload_len, u16::try_from(payload)) {
            (Field::Wrong(len), _) | (Field::Right, Ok(len)) => len,
            (Field::Right, Err(_)) => {
                return Err(EmitError::TooLong { header: "an IPv6 packet", octets: payload, most: 65_535 });
            }
        };
        octets[4..6].copy_from_slice(&len.to_be_bytes());
        Ok(())
    }
}

/// An extension header of IPv6 (RFC 8200 §4): options, or a route.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Extension {
    /// Its own number, which the header before it says: 0 hop-by-hop options, 60 destination
    /// options, 43 routing.
    pub kind: u8,
    /// What follows.
    pub next_header: Field<u8>,
    /// Its length in units of eight octets, without the first.
    pub len: Field<u8>,
    /// What follows these two octets, padded to a whole unit: options with the option for that, a
    /// route with zeros.
    pub data: Vec<u8>,
}

impl Extension {
    /// Options that every router looks at, each with its type and length.
    pub fn hop_by_hop(options: &[u8]) -> Self {
        Self { kind: proto::HOP_BY_HOP, next_header: Field::Right, len: Field::Right, data: options.to_vec() }
    }

    /// Options for the destination.
    pub fn destination(options: &[u8]) -> Self {
        Self { kind: proto::DESTINATION, ..Self::hop_by_hop(options) }
    }

    /// A route: its type, how many of its segments are still to be visited, and their addresses.
    pub fn routing(kind: u8, segments_left: u8, addresses: &[Ipv6Addr]) -> Self {
        let mut data = vec![kind, segments_left, 0, 0, 0, 0];
        data.extend(addresses.iter().flat_map(Ipv6Addr::octets));
        Self { kind: proto::ROUTING, ..Self::hop_by_hop(&data) }
    }

    pub(super) fn len(&self) -> usize {
        (2 + self.data.len()).next_multiple_of(8)
    }

    pub(super) fn put(&self, next: Option<&Layer>, out: &mut Vec<u8>) -> Result<(), EmitError> {
        let units = self.len() / 8 - 1;
        let len = match (self.len, u8::try_from(units)) {
            (Field::Wrong(len), _) | (Field::Right, Ok(len)) => len,
            (Field::Right, Err(_)) => {
                return Err(EmitError::TooLong { header: "an extension header", octets: self.len(), most: 2_048 });
            }
        };
        out.extend([self.next_header.or(next_header(next)), len]);
        out.extend(&self.data);
        let padding = self.len() - 2 - self.data.len();
        match (self.kind, padding) {
            (_, 0) => {}
            (proto::HOP_BY_HOP | proto::DESTINATION, 1) => out.push(0),
            (proto::HOP_BY_HOP | proto::DESTINATION, more) => {
                out.extend([1, (more - 2) as u8]);
                out.resize(out.len() + more - 2, 0);
            }
            (_, more) => out.resize(out.len() + more, 0),
        }
        Ok(())
    }

    /// Where a packet with this route is bound for in the end, if it is one that is not done.
    pub(in crate::craft) fn last_hop(&self) -> Option<Ipv6Addr> {
        let (proto::ROUTING, &[kind, segments_left, _, _, _, _, ref list @ ..]) = (self.kind, self.data.as_slice())
        else {
            return None;
        };
        let addresses = list.as_chunks::<16>().0;
        let last = match (segments_left, kind) {
            (1.., 0 | 2) => addresses.last(),
            // Segment routing lists its segments backwards (RFC 8754 §2).
            (1.., 4) => addresses.first(),
            _ => None,
        };
        last.map(|octets| Ipv6Addr::from(*octets))
    }
}

/// The fragment header of IPv6 (RFC 8200 §4.5).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fragment {
    /// What all pieces of a packet share.
    pub id: u32,
    /// Place in the packet, in units of eight octets; 13 bits.
    pub offset: u16,
    /// Whether more pieces follow.
    pub more: bool,
    /// What follows, in the whole packet.
    pub next_header: Field<u8>,
}

impl Fragment {
    /// A piece at a place, in units of eight octets.
    pub fn new(id: u32, offset: u16, more: bool) -> Self {
        Self { id, offset, more, next_header: Field::Right }
    }

    pub(super) fn put(&self, next: Option<&Layer>, out: &mut Vec<u8>) {
        out.extend([self.next_header.or(next_header(next)), 0]);
        out.extend((self.offset << 3 | u16::from(self.more)).to_be_bytes());
        out.extend(self.id.to_be_bytes());
    }
}

fn next_header(next: Option<&Layer>) -> u8 {
    next.map_or(proto::NO_NEXT, |next| next.protocol(true))
}
