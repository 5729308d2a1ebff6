use std::net::Ipv4Addr;

use super::sum::Sum;
use super::{EmitError, Field, Layer};

/// Octets of a header without options.
const FIXED: usize = 20;
/// Octets of options that there is room for.
const MOST_OPTIONS: usize = 40;
/// Options that list the rest of the way: loose and strict source route.
const SOURCE_ROUTES: [u8; 2] = [131, 137];

/// An IPv4 header (RFC 791).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ipv4 {
    /// Source address.
    pub src: Ipv4Addr,
    /// Destination address.
    pub dst: Ipv4Addr,
    /// DSCP (upper six bits) and ECN (lower two).
    pub tos: u8,
    /// Identification.
    pub id: u16,
    /// The bit beside the two flags, which has to be 0.
    pub reserved: bool,
    /// Don't fragment.
    pub df: bool,
    /// More fragments.
    pub mf: bool,
    /// Place in the datagram, in units of eight octets; 13 bits.
    pub fragment_offset: u16,
    /// Time to live.
    pub ttl: u8,
    /// What follows.
    pub protocol: Field<u8>,
    /// Options, padded with end-of-list to a whole word.
    pub options: Vec<u8>,
    /// 4, in four bits.
    pub version: Field<u8>,
    /// Length of the header in words of four octets, four bits.
    pub header_len: Field<u8>,
    /// Octets of header and payload.
    pub total_len: Field<u16>,
    /// Checksum of the header.
    pub checksum: Field<u16>,
}

impl Ipv4 {
    /// A header of a packet that may not be fragmented, with a time to live of 64.
    pub fn new(src: Ipv4Addr, dst: Ipv4Addr) -> Self {
        Self {
            src,
            dst,
            tos: 0,
            id: 0,
            reserved: false,
            df: true,
            mf: false,
            fragment_offset: 0,
            ttl: 64,
            protocol: Field::Right,
            options: Vec::new(),
            version: Field::Right,
            header_len: Field::Right,
            total_len: Field::Right,
            checksum: Field::Right,
        }
    }

    pub(super) fn len(&self) -> usize {
        FIXED + self.options.len().next_multiple_of(4)
    }

    pub(super) fn put(&self, next: Option<&Layer>, out: &mut Vec<u8>) -> Result<(), EmitError> {
        if self.options.len() > MOST_OPTIONS {
            return Err(EmitError::TooLong {
                header: "the options of an IPv4 header",
                octets: self.options.len(),
                most: MOST_OPTIONS,
            });
        }
        let end = out.len() + self.len();
        let words = self.header_len.or((self.len() / 4) as u8);
        let place = u16::from(self.reserved) << 15
            | u16::from(self.df) << 14
            | u16::from(self.mf) << 13
            | self.fragment_offset & 0x1fff;
        let mut fixed = [0; FIXED];
        fixed[0] = self.version.or(4) << 4 | words & 0x0f;
        fixed[1] = self.tos;
        fixed[4..6].copy_from_slice(&self.id.to_be_bytes());
        fixed[6..8].copy_from_slice(&place.to_be_bytes());
        fixed[8] = self.ttl;
        fixed[9] = self.protocol.or(next.map_or(0, |next| next.protocol(false)));
        fixed[12..16].copy_from_slice(&self.src.octets());
        fixed[16..].copy_from_slice(&self.dst.octets());
        out.extend_from_slice(&fixed);
        out.extend_from_slice(&self.options);
        out.resize(end, 0);
        Ok(())
    }

    pub(super) fn finish(&self, octets: &mut [u8]) -> Result<(), EmitError> {
        let len = match (self.total_len, u16::try_from(octets.len())) {
            (Field::Wrong(len), _) | (Field::Right, Ok(len)) => len,
            (Field::Right, Err(_)) => {
                return Err(EmitError::TooLong { header: "an IPv4 packet", octets: octets.len(), most: 65_535 });
            }
        };
        let header = &mut octets[..self.len()];
        header[2..4].copy_from_slice(&len.to_be_bytes());
        let sum = self.checksum.or(Sum::default().octets(header).checksum());
        header[10..12].copy_from_slice(&sum.to_be_bytes());
        Ok(())
    }

    /// The addresses of the pseudo header; the destination is where a source route ends.
    pub(super) fn pseudo_header(&self) -> Sum {
        let dst = last_hop(&self.options).unwrap_or(self.dst);
        Sum::default().octets(&self.src.octets()).octets(&dst.octets())
    }
}

/// The destination that a source route still has to reach (RFC 791 §3.1): its last address, as
/// long as the pointer stands within the list.
pub(in crate::craft) fn last_hop(mut options: &[u8]) -> Option<Ipv4Addr> {
    loop {
        match options {
            [1, rest @ ..] => options = rest,
            &[kind, len, pointer, ref data @ ..] if SOURCE_ROUTES.contains(&kind) => {
                let route = data.get(..usize::from(len).checked_sub(3)?)?;
                return route.last_chunk().filter(|_| pointer < len).map(|last| Ipv4Addr::from(*last));
            }
            &[kind, len, ..] if kind != 0 && len >= 2 => options = options.get(usize::from(len)..)?,
            _ => return None,
        }
    }
}
