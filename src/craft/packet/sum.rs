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
    /// Puts a word in the place of another. Room for 2¹⁵ of them.
    #[inline]
    pub(in crate::craft) fn swap(&mut self, word: &mut [u8; 2], new: [u8; 2]) {
        self.0 += u32::from(!u16::from_be_bytes(*word)) + u32::from(u16::from_be_bytes(new));
        *word = new;
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
        let mut change = Change::default();
        let mut word = [0x55, 0x55];
        change.swap(&mut word, [0x32, 0x85]);
        assert_eq!((change.of(0xdd2f), word), (0x0000, [0x32, 0x85]));
    }

    #[test]
    fn changed_words_change_the_sum_as_summing_anew_does() {
        let mut octets: Vec<u8> = (0..40).collect();
        let before = Sum::default().octets(&octets).checksum();
        let mut change = Change::default();
        for word in octets.as_chunks_mut().0.iter_mut().skip(3) {
            change.swap(word, [0xbe, 0xef]);
        }
        assert_eq!(change.of(before), Sum::default().octets(&octets).checksum());
    }
}
