use std::borrow::Cow;

/// The most octets that are kept of a stream from its first difference on.
const MOST: usize = 64 << 20;

/// What came: as long as it is as recorded, only how far; from the first difference on, the octets.
#[derive(Clone, Debug, Default)]
pub(super) struct Came {
    equal: usize,
    rest: Vec<u8>,
    /// Octets behind those.
    left_out: u64,
    last: [u8; 4],
}

impl Came {
    /// Takes the next octets, held against the recorded stream.
    pub(super) fn take(&mut self, octets: &[u8], recorded: &[u8]) {
        let newest = octets.last_chunk().copied();
        self.last = newest.unwrap_or_else(|| octets.iter().fold(self.last, |[_, b, c, d], next| [b, c, d, *next]));
        let mut octets = octets;
        if self.rest.is_empty() && self.left_out == 0 {
            let expected = recorded.get(self.equal..).unwrap_or_default();
            let common = if expected.starts_with(octets) {
                octets.len()
            } else {
                octets.iter().zip(expected).take_while(|(a, b)| a == b).count()
            };
            self.equal += common;
            octets = octets.get(common..).unwrap_or_default();
        }
        let room = MOST - self.rest.len();
        let (kept, left_out) = octets.split_at(room.min(octets.len()));
        self.rest.extend_from_slice(kept);
        self.left_out += left_out.len() as u64;
    }

    /// Whether all that came is as recorded.
    pub(super) const fn is_as_recorded(&self) -> bool {
        self.rest.is_empty()
    }

    /// Whether the last octets that came are the last ones of `recorded`.
    pub(super) fn ends_like(&self, recorded: &[u8]) -> bool {
        recorded.len() >= self.last.len() && recorded.ends_with(&self.last)
    }

    /// All octets that came, as far as they are kept.
    pub(super) fn octets<'a>(&self, recorded: &'a [u8]) -> Cow<'a, [u8]> {
        let equal = recorded.get(..self.equal).unwrap_or_default();
        if self.rest.is_empty() { Cow::Borrowed(equal) } else { Cow::Owned([equal, &self.rest].concat()) }
    }

    /// Octets that came and are not kept.
    pub(super) const fn left_out(&self) -> u64 {
        self.left_out
    }
}
