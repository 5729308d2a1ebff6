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

/// What changed words change in the checksum over them (RFC 1624 §3: `!(!sum + !old + new)`).
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::craft) struct Change(u32);

impl Change {
    /// What putting the words of `new` in the place of those of `old` changes: up to 2¹⁵ words.
    #[inline]
    pub(in crate::craft) fn between<const N: usize>(old: &[u8; N], new: &[u8; N]) -> Self {
        let pairs = old.as_chunks().0.iter().zip(new.as_chunks().0);
        Self(pairs.map(|(old, new)| u32::from(!u16::from_be_bytes(*old)) + u32::from(u16::from_be_bytes(*new))).sum())
    }

    /// The checksum after the change.
    #[inline]
    pub(in crate::craft) fn of(self, checksum: u16) -> u16 {
        let sum = u32::from(!checksum) + self.0;
        let sum = (sum & 0xffff) + (sum >> 16);
        !(((sum & 0xffff) + (sum >> 16)) as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1624_comes_out() {
        assert_eq!(Change::between(&[0x55, 0x55], &[0x32, 0x85]).of(0xdd2f), 0x0000);
    }

    #[test]
    fn changed_words_change_the_sum_as_summing_anew_does() {
        let before: [u8; 40] = std::array::from_fn(|at| at as u8);
        let after: [u8; 40] = std::array::from_fn(|at| if at < 6 { at as u8 } else { 0xbe });
        let sum = |octets: &[u8]| Sum::default().octets(octets).checksum();
        assert_eq!(Change::between(&before, &after).of(sum(&before)), sum(&after));
    }
}
