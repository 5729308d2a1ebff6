//! Short texts that stay in registers: most cells of a table are no longer.

use std::num::NonZero;

use super::digits::{EIGHT, PAIRS, ZEROS, eight, short};

/// A text of at most fifteen octets: they are the lower ones, the first lowest, the rest of them 0;
/// above them stands how many there are, and one more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Short(NonZero<u128>);

/// Most octets of such a text.
const MOST: usize = 15;

impl Short {
    /// A `-`.
    pub(super) const DASH: Self = Self(NonZero::new(2 << 120 | b'-' as u128).expect("a bit"));

    /// The first `len` octets of `text`, of which the others are 0; `None` where they are too many.
    #[inline]
    pub(super) const fn new(text: u128, len: usize) -> Option<Self> {
        if len > MOST {
            return None;
        }
        match NonZero::new(text | (len as u128 + 1) << 120) {
            Some(short) => Some(Self(short)),
            None => None,
        }
    }

    /// `text`, unless it is too long.
    #[inline]
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        Self::new(short(text)?, text.len())
    }

    /// `word` and a `mark` behind it; to be known before the program runs.
    pub(super) const fn constant(word: &str, mark: Option<u8>) -> Option<Self> {
        let word = word.as_bytes();
        let mut text = 0;
        let mut len = 0;
        while len < word.len() && len <= MOST {
            text |= (word[len] as u128) << (8 * len);
            len += 1;
        }
        if let Some(mark) = mark {
            text |= (mark as u128) << (8 * (len % 16));
            len += 1;
        }
        Self::new(text, len)
    }

    /// `value` in decimal, unless it has more than eight digits.
    #[inline]
    pub(super) fn dec(value: u64) -> Option<Self> {
        match value {
            0..10 => Self::eight(u64::from(b'0') + value, 1),
            10..100 => Self::eight(pair(value), 2),
            100..1_000 => Self::eight((pair(value / 100) | pair(value % 100) << 16) >> 8, 3),
            1_000..10_000 => Self::eight(pair(value / 100) | pair(value % 100) << 16, 4),
            10_000..100_000 => {
                let (first, rest) = (value / 10_000, value % 10_000);
                Self::eight((u64::from(b'0') + first) | pair(rest / 100) << 8 | pair(rest % 100) << 24, 5)
            }
            100_000..EIGHT => {
                let digits = eight(value);
                // The first digits are the lowest octets.
                let zeros = (digits.trailing_zeros() / 8).min(7);
                Self::eight((digits | ZEROS) >> (8 * zeros), 8 - zeros as usize)
            }
            _ => None,
        }
    }

    /// The first `len` of eight octets.
    #[inline]
    pub(super) fn eight(text: u64, len: usize) -> Option<Self> {
        Self::new(text.into(), len)
    }

    /// A number that no other text has.
    #[inline]
    pub(super) const fn number(self) -> u128 {
        self.0.get()
    }

    /// How many octets it has.
    #[inline]
    pub(super) const fn len(self) -> usize {
        (self.0.get() >> 120) as usize - 1
    }

    /// They, and others behind them.
    #[inline]
    pub(super) const fn octets(self) -> [u8; 16] {
        self.0.get().to_le_bytes()
    }
}

/// The two digits of a `value` below 100.
#[inline]
fn pair(value: u64) -> u64 {
    u16::from_le_bytes(PAIRS[value as usize % 100]).into()
}

/// `000` to `999`, the first digit lowest.
static THREES: [u32; 1000] = {
    let mut threes = [0; 1000];
    let mut at = 0;
    while at < threes.len() {
        let [b, c] = PAIRS[at % 100];
        threes[at] = u32::from_le_bytes([b'0' + (at / 100) as u8, b, c, 0]);
        at += 1;
    }
    threes
};

/// The three digits of a `value` below 1,000, the first one lowest.
#[inline]
pub(super) fn three(value: u64) -> u64 {
    THREES.get(value as usize).copied().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(short: Short) -> String {
        String::from_utf8_lossy(&short.octets()[..short.len()]).into_owned()
    }

    #[test]
    fn texts_of_up_to_fifteen_octets_are_kept_and_no_others() {
        for len in 0..40 {
            let word: String = ('a'..='z').cycle().take(len).collect();
            let marked = format!("{word}!");
            let fits = |len: usize| len <= MOST;
            assert_eq!(Short::of(word.as_bytes()).map(read), fits(len).then(|| word.clone()));
            assert_eq!(Short::constant(&word, None), Short::of(word.as_bytes()));
            assert_eq!(Short::constant(&word, Some(b'!')), Short::of(marked.as_bytes()).filter(|_| fits(len + 1)));
        }
        assert_eq!(Some(Short::DASH), Short::of(b"-"));
    }

    #[test]
    fn numbers_read_as_format_would_write_them() {
        let near_powers = (0..20).map(|power| 10_u64.pow(power)).flat_map(|power| [power - 1, power, power + 1]);
        for value in near_powers.chain([0, 12, 345, 6_789, 65_535, 7_654_321]) {
            assert_eq!(Short::dec(value).map(read), (value < EIGHT).then(|| value.to_string()));
        }
        for value in 0..1_000 {
            assert_eq!(three(value).to_le_bytes()[..4], *format!("{value:03}\0").as_bytes());
        }
    }
}
