//! The Internet checksum (RFC 1071): the door of etherparse, outwards.

use etherparse::checksum::Sum16BitWords;

/// A one's complement sum of 16-bit words.
#[derive(Clone, Debug, Default)]
pub(in crate::craft) struct Sum(Sum16BitWords);

impl Sum {
    /// Adds octets; an odd last one counts as if a zero followed.
    pub(in crate::craft) fn octets(self, octets: &[u8]) -> Self {
        Self(self.0.add_slice(octets))
    }

    /// The rest of a pseudo header: protocol and length of the upper layer.
    pub(in crate::craft) fn upper(mut self, protocol: u8, len: usize) -> Self {
        Self(self.0.add_4bytes((len as u32).to_be_bytes()).add_2bytes([0, protocol]))
    }

    /// The checksum field that makes all add up.
    pub(in crate::craft) fn checksum(&self) -> u16 {
        self.0.ones_complement().to_be()
    }

    /// The same where a 0 would say that there is none (UDP, RFC 768).
    pub(in crate::craft) fn checksum_not_zero(&self) -> u16 {
        self.0.to_ones_complement_with_no_zero().to_be()
    }
}

/// The checksum after a word under it has changed (RFC 1624 §3): `!(!sum + !old + new)`.
pub(in crate::craft) fn changed(checksum: u16, old: u16, new: u16) -> u16 {
    let sum = u32::from(!checksum) + u32::from(!old) + u32::from(new);
    let sum = (sum & 0xffff) + (sum >> 16);
    !(((sum & 0xffff) + (sum >> 16)) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1624_comes_out() {
        assert_eq!(changed(0xdd2f, 0x5555, 0x3285), 0x0000);
    }

    #[test]
    fn a_changed_word_changes_the_sum_as_summing_anew_does() {
        let mut octets: Vec<u8> = (0..40).collect();
        let before = Sum::default().octets(&octets).checksum();
        octets[10..12].copy_from_slice(&0xbeefu16.to_be_bytes());
        assert_eq!(changed(before, 0x0a0b, 0xbeef), Sum::default().octets(&octets).checksum());
    }
}
