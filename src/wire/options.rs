//! TCP options (RFC 9293 §3.2): a walker over every kind, and the ones that matter as a value.

use super::{Seq, WindowScale};

/// Option kinds by their IANA numbers.
pub mod kind {
    #![allow(missing_docs)]
    pub const END: u8 = 0;
    pub const NOP: u8 = 1;
    pub const MSS: u8 = 2;
    pub const WINDOW_SCALE: u8 = 3;
    pub const SACK_PERMITTED: u8 = 4;
    pub const SACK: u8 = 5;
    pub const TIMESTAMPS: u8 = 8;
    pub const MD5: u8 = 19;
    pub const AUTHENTICATION: u8 = 29;
    pub const MPTCP: u8 = 30;
    pub const FAST_OPEN: u8 = 34;
    pub const EXPERIMENT_1: u8 = 253;
    pub const EXPERIMENT_2: u8 = 254;
}

/// The experiment id of fast open before it had a kind of its own (RFC 7413 §4.1.1).
pub const FAST_OPEN_EXPERIMENT: [u8; 2] = [0xf9, 0x89];

/// One option as it stands in the header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Item<'a> {
    /// No-operation, kind 1.
    Nop,
    /// A kind with its data (kind and length octets left off).
    Kind(u8, &'a [u8]),
    /// The list goes on but cannot be read: a length below 2 or past the end. What is left.
    Broken(&'a [u8]),
}

/// Walks an option list. Stops at end-of-list, at the end of `bytes`, or after `Item::Broken`.
///
/// Unknown kinds are items like any other: TFO is not allowed to hide SACK-permitted behind it.
pub fn walk(bytes: &[u8]) -> impl Iterator<Item = Item<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (item, next) = match rest {
            [] | [kind::END, ..] => return None,
            [kind::NOP, next @ ..] => (Item::Nop, next),
            [kind, len, ..] if *len >= 2 && usize::from(*len) <= rest.len() => {
                let (option, next) = rest.split_at(usize::from(*len));
                (Item::Kind(*kind, &option[2..]), next)
            }
            broken => (Item::Broken(broken), &[][..]),
        };
        rest = next;
        Some(item)
    })
}

/// Which options a header carries.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Present(pub u16);

#[allow(missing_docs)]
impl Present {
    pub const MSS: Self = Self(1);
    pub const WINDOW_SCALE: Self = Self(1 << 1);
    pub const SACK_PERMITTED: Self = Self(1 << 2);
    pub const SACK: Self = Self(1 << 3);
    pub const TIMESTAMPS: Self = Self(1 << 4);
    pub const FAST_OPEN: Self = Self(1 << 5);
    pub const MPTCP: Self = Self(1 << 6);
    pub const MD5: Self = Self(1 << 7);
    pub const AUTHENTICATION: Self = Self(1 << 8);
    pub const OTHER: Self = Self(1 << 9);
    /// The list is broken, or a known kind has a wrong length.
    pub const MALFORMED: Self = Self(1 << 10);
    /// The header was captured only in part: options may be missing here.
    pub const TRUNCATED: Self = Self(1 << 11);

    /// Whether every option of `all` is there.
    pub const fn contains(self, all: Self) -> bool {
        self.0 & all.0 == all.0
    }

    fn add(&mut self, one: Self) {
        self.0 |= one.0;
    }
}

/// The options of one segment as a value. What only a printer wants (an unknown kind's octets, a
/// fast open cookie) is read from the header itself with [`walk`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Options {
    /// Which of the fields below mean anything.
    pub present: Present,
    mss: u16,
    window_scale: u8,
    fast_open_len: u8,
    mptcp_subtype: u8,
    sack_count: u8,
    timestamps: (u32, u32),
    sack: [(Seq, Seq); 4],
}

impl Options {
    /// Reads an option list. Never fails: what is broken is marked [`Present::MALFORMED`], what
    /// stands before it is kept.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut options = Self::default();
        options.read(bytes);
        options
    }

    /// The options of a SYN of which no more is known than these; what is not `present` means
    /// nothing.
    pub(crate) fn of_syn(present: Present, mss: u16, window_scale: u8, ts_val: u32) -> Self {
        Self { present, mss, window_scale, timestamps: (ts_val, 0), ..Self::default() }
    }

    /// Adds the options of a list to those known, as [`Options::parse`] does.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every packet")]
    pub fn read(&mut self, bytes: &[u8]) {
        // The layout almost every data segment has: NOP NOP timestamps.
        if let &[n0, n1, kind, len, a, b, c, d, e, f, g, h] = bytes
            && [n0, n1, kind, len] == [kind::NOP, kind::NOP, kind::TIMESTAMPS, 10]
        {
            self.present.add(Present::TIMESTAMPS);
            self.timestamps = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
        } else {
            self.read_each(bytes);
        }
    }

    fn read_each(&mut self, bytes: &[u8]) {
        for item in walk(bytes) {
            match item {
                Item::Nop => {}
                Item::Kind(kind, data) => self.take(kind, data),
                Item::Broken(_) => self.present.add(Present::MALFORMED),
            }
        }
    }

    /// Adds the options of a list of which only the first octets were captured: what ends at the
    /// cut is not broken for that.
    pub fn read_cut(&mut self, bytes: &[u8]) {
        self.present.add(Present::TRUNCATED);
        for item in walk(bytes) {
            match item {
                Item::Kind(kind, data) => self.take(kind, data),
                Item::Broken([_, 0 | 1, ..]) => self.present.add(Present::MALFORMED),
                Item::Nop | Item::Broken(_) => {}
            }
        }
    }

    fn take(&mut self, kind: u8, data: &[u8]) {
        let present = match (kind, data) {
            (kind::MSS, &[a, b]) => {
                self.mss = u16::from_be_bytes([a, b]);
                Present::MSS
            }
            (kind::WINDOW_SCALE, &[shift]) => {
                self.window_scale = shift;
                Present::WINDOW_SCALE
            }
            (kind::SACK_PERMITTED, []) => Present::SACK_PERMITTED,
            (kind::SACK, blocks) if !blocks.is_empty() && blocks.len() % 8 == 0 => {
                for (slot, block) in self.sack.iter_mut().zip(blocks.chunks_exact(8)) {
                    let (left, right) = block.split_at(4);
                    *slot = (Seq(be32(left)), Seq(be32(right)));
                }
                self.sack_count = (blocks.len() / 8).min(4) as u8;
                Present::SACK
            }
            (kind::TIMESTAMPS, data) if data.len() == 8 => {
                self.timestamps = (be32(&data[..4]), be32(&data[4..]));
                Present::TIMESTAMPS
            }
            (kind::FAST_OPEN, cookie) => {
                self.fast_open_len = cookie.len() as u8;
                Present::FAST_OPEN
            }
            (kind::EXPERIMENT_2, data) if data.starts_with(&FAST_OPEN_EXPERIMENT) => {
                self.fast_open_len = (data.len() - 2) as u8;
                Present::FAST_OPEN
            }
            (kind::MPTCP, data) if !data.is_empty() => {
                self.mptcp_subtype = data[0] >> 4;
                Present::MPTCP
            }
            (kind::MD5, data) if data.len() == 16 => Present::MD5,
            (kind::AUTHENTICATION, data) if data.len() >= 2 => Present::AUTHENTICATION,
            (
                kind::MSS
                | kind::WINDOW_SCALE
                | kind::SACK_PERMITTED
                | kind::SACK
                | kind::TIMESTAMPS
                | kind::MPTCP
                | kind::MD5
                | kind::AUTHENTICATION,
                _,
            ) => Present::MALFORMED,
            _ => Present::OTHER,
        };
        self.present.add(present);
    }

    /// Maximum segment size in octets.
    pub const fn mss(&self) -> Option<u16> {
        if self.present.contains(Present::MSS) { Some(self.mss) } else { None }
    }

    /// Window scale as sent; more than 14 is a fault of the sender, see [`WindowScale::clamped`].
    pub const fn window_scale(&self) -> Option<u8> {
        if self.present.contains(Present::WINDOW_SCALE) { Some(self.window_scale) } else { None }
    }

    /// Window scale as it has to be used.
    pub fn effective_scale(&self) -> Option<WindowScale> {
        self.window_scale().map(WindowScale::clamped)
    }

    /// Whether SACK is offered.
    pub const fn sack_permitted(&self) -> bool {
        self.present.contains(Present::SACK_PERMITTED)
    }

    /// TSval and TSecr (RFC 7323 §3.2).
    pub const fn timestamps(&self) -> Option<(u32, u32)> {
        if self.present.contains(Present::TIMESTAMPS) { Some(self.timestamps) } else { None }
    }

    /// SACK blocks as left and right edge, at most four; the first may be a D-SACK (RFC 2883).
    pub fn sack(&self) -> &[(Seq, Seq)] {
        &self.sack[..usize::from(self.sack_count)]
    }

    /// Moves every SACK block by `octets` around the circle: the same segment in a sequence space
    /// that begins elsewhere.
    pub fn shift_sack(&mut self, octets: u32) {
        for (left, right) in &mut self.sack {
            *left += octets;
            *right += octets;
        }
    }

    /// Octets of the fast open cookie; 0 is a request for one (RFC 7413 §4.1.1).
    pub const fn fast_open(&self) -> Option<u8> {
        if self.present.contains(Present::FAST_OPEN) { Some(self.fast_open_len) } else { None }
    }

    /// Subtype of the last MPTCP option (RFC 8684 §3).
    pub const fn mptcp(&self) -> Option<u8> {
        if self.present.contains(Present::MPTCP) { Some(self.mptcp_subtype) } else { None }
    }

    /// Whether the header was cut before its options ended: what is missing may have been there.
    pub const fn truncated(&self) -> bool {
        self.present.contains(Present::TRUNCATED)
    }

    /// Whether the list was broken or a known kind had a wrong length.
    pub const fn malformed(&self) -> bool {
        self.present.contains(Present::MALFORMED)
    }
}

fn be32(octets: &[u8]) -> u32 {
    octets.iter().take(4).fold(0, |value, octet| value << 8 | u32::from(*octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMESTAMPS: [u8; 10] = [8, 10, 0, 0, 0, 7, 0, 0, 0, 9];

    #[test]
    fn an_opening_list_is_read_whole() {
        let list = [&[2, 4, 5, 180, 4, 2][..], &TIMESTAMPS, &[1, 3, 3, 7]].concat();
        let options = Options::parse(&list);
        assert_eq!((options.mss(), options.window_scale(), options.timestamps()), (Some(1460), Some(7), Some((7, 9))));
        assert!(options.sack_permitted() && !options.malformed() && !options.truncated());
    }

    #[test]
    fn an_unknown_kind_hides_nothing_behind_it() {
        let options = Options::parse(&[254, 4, 1, 2, 34, 2, 77, 3, 9, 4, 2]);
        assert!(options.sack_permitted() && options.present.contains(Present::OTHER));
        assert_eq!((options.fast_open(), options.malformed()), (Some(0), false));
    }

    #[test]
    fn the_short_way_for_timestamps_is_the_long_way() {
        let short = [&[1, 1][..], &TIMESTAMPS].concat();
        let long = [&TIMESTAMPS[..], &[1, 1]].concat();
        assert_eq!(Options::parse(&short), Options::parse(&long));
    }

    #[test]
    fn the_end_of_the_list_is_the_end() {
        assert_eq!(Options::parse(&[0, 2, 4, 5, 180]), Options::default());
    }

    #[test]
    fn a_broken_list_keeps_what_stands_before() {
        for broken in [&[5, 1][..], &[5, 0], &[5, 9, 0, 0], &[5]] {
            let options = Options::parse(&[&[4, 2], broken].concat());
            assert!(options.sack_permitted() && options.malformed() && options.sack().is_empty(), "{broken:?}");
        }
    }

    #[test]
    fn a_known_kind_of_a_wrong_length_is_malformed_and_means_nothing() {
        let wrong: [&[u8]; 6] = [&[2, 3, 5], &[3, 2], &[4, 3, 1], &[5, 6, 1, 2, 3, 4], &[8, 4, 1, 2], &[19, 4, 1, 2]];
        for list in wrong {
            let options = Options::parse(list);
            assert_eq!(options.present, Present::MALFORMED, "{list:?}");
        }
    }

    #[test]
    fn a_cut_list_is_not_broken_where_it_was_cut() {
        let list = [&[4, 2][..], &TIMESTAMPS].concat();
        for cut in 2..list.len() {
            let mut options = Options::default();
            options.read_cut(&list[..cut]);
            assert!(options.sack_permitted() && options.truncated() && !options.malformed(), "{cut}");
            assert_eq!(options.timestamps(), None);
        }
        let mut options = Options::default();
        options.read_cut(&[4, 2, 8, 1]);
        assert!(options.malformed());
    }

    #[test]
    fn four_blocks_of_sack_fit() {
        let blocks: Vec<u8> = (0..32).collect();
        let options = Options::parse(&[&[5, 34][..], &blocks].concat());
        assert_eq!(options.sack().len(), 4);
        assert_eq!(options.sack()[3], (Seq(0x1819_1a1b), Seq(0x1c1d_1e1f)));
    }

    #[test]
    fn a_fast_open_cookie_may_come_as_an_experiment() {
        assert_eq!(Options::parse(&[254, 8, 0xf9, 0x89, 1, 2, 3, 4]).fast_open(), Some(4));
        assert_eq!(Options::parse(&[34, 10, 1, 2, 3, 4, 5, 6, 7, 8]).fast_open(), Some(8));
    }

    #[test]
    fn walking_gives_every_octet_once_until_the_end() {
        let list = [1, 2, 4, 5, 180, 253, 3, 9, 30, 4, 0x12, 0, 8, 200];
        let items: Vec<Item<'_>> = walk(&list).collect();
        assert_eq!(items.len(), 5);
        assert_eq!(items[3], Item::Kind(kind::MPTCP, &[0x12, 0]));
        assert_eq!(items[4], Item::Broken(&[8, 200]));
    }
}
