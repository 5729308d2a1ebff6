use super::sum::Sum;
use super::{EmitError, Field};

/// A UDP header (RFC 768).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Udp {
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// Octets of header and data.
    pub len: Field<u16>,
    /// Checksum; 0 says that there is none.
    pub checksum: Field<u16>,
}

impl Udp {
    /// A header from one port to another.
    pub fn new(src_port: u16, dst_port: u16) -> Self {
        Self { src_port, dst_port, len: Field::Right, checksum: Field::Right }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.src_port.to_be_bytes());
        out.extend(self.dst_port.to_be_bytes());
        out.extend([0; 4]);
    }

    pub(super) fn finish(&self, pseudo_header: Sum, octets: &mut [u8]) -> Result<(), EmitError> {
        let len = match (self.len, u16::try_from(octets.len())) {
            (Field::Wrong(len), _) | (Field::Right, Ok(len)) => len,
            (Field::Right, Err(_)) => {
                return Err(EmitError::TooLong { header: "a UDP datagram", octets: octets.len(), most: 65_535 });
            }
        };
        octets[4..6].copy_from_slice(&len.to_be_bytes());
        let sum = self.checksum.or(pseudo_header.octets(octets).checksum_not_zero());
        octets[6..8].copy_from_slice(&sum.to_be_bytes());
        Ok(())
    }
}
