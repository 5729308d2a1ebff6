//! The Internet checksum (RFC 1071).

use std::net::IpAddr;

use crate::capture::record::Checksum;

/// A one's complement sum of 16-bit words, not yet folded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum(u64);

impl Sum {
    /// The address part of a pseudo-header (RFC 9293 §3.1, RFC 8200 §8.1).
    pub(super) fn of_addresses(src: IpAddr, dst: IpAddr) -> Self {
        Self::default().address(src).address(dst)
    }

    fn address(self, addr: IpAddr) -> Self {
        match addr {
            IpAddr::V4(addr) => self.octets(&addr.octets()),
            IpAddr::V6(addr) => self.octets(&addr.octets()),
        }
    }

    /// The rest of a pseudo-header: protocol and length of the upper layer.
    pub(super) fn upper(self, proto: u8, len: u32) -> Self {
        Self(self.0 + u64::from(proto) + u64::from(len))
    }

    /// Adds octets; an odd last one counts as if a zero followed. Room for 2³² words.
    pub(super) fn octets(self, bytes: &[u8]) -> Self {
        // Two words at a time, in the machine's own byte order: in this arithmetic 2¹⁶ is 1, and
        // swapping the octets of every word swaps those of the sum (RFC 1071 §1 and §2).
        let (pairs, rest) = bytes.as_chunks::<4>();
        let whole: u64 = pairs.iter().map(|pair| u64::from(u32::from_ne_bytes(*pair))).sum();
        let last = match *rest {
            [a] => [a, 0, 0, 0],
            [a, b] => [a, b, 0, 0],
            [a, b, c] => [a, b, c, 0],
            _ => [0; 4],
        };
        self.add(u16::from_be(fold(whole + u64::from(u32::from_ne_bytes(last)))))
    }

    fn add(self, word: u16) -> Self {
        Self(self.0 + u64::from(word))
    }

    /// Whether a checksum field holds this sum as it is, without complement: what a sender writes
    /// that leaves the rest to its network card.
    pub(super) fn is_all_of(self, checksum: u16) -> bool {
        fold(self.0) == checksum
    }

    /// Whether the sum, checksum field included, is that of undamaged octets.
    pub(super) fn verdict(self) -> Checksum {
        if fold(self.0) == 0xffff { Checksum::Good } else { Checksum::Bad }
    }
}

/// Adds what does not fit in 16 bits at the other end, until it does.
fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1071_adds_up() {
        let sum = Sum::default().octets(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
        assert_eq!(fold(sum.0), 0xddf2);
    }

    #[test]
    fn an_odd_octet_is_the_upper_half_of_its_word() {
        assert_eq!(fold(Sum::default().octets(&[0, 0, 0, 0, 0x12]).0), 0x1200);
        assert_eq!(fold(Sum::default().octets(&[0x12, 0x34, 0x56]).0), 0x6834);
    }

    #[test]
    fn nothing_but_zeros_is_not_a_right_checksum() {
        assert_eq!(Sum::default().octets(&[0; 8]).verdict(), Checksum::Bad);
        assert_eq!(Sum::default().octets(&[0xff; 2]).verdict(), Checksum::Good);
    }
}
