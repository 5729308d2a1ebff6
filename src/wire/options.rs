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

    /// Adds the options of a list to those known, as [`Options::parse`] does.
    #[inline]
    pub fn read(&mut self, bytes: &[u8]) {
        // The layout almost every data segment has: NOP NOP timestamps.
        if let &[1, 1, 8, 10, a, b, c, d, e, f, g, h] = bytes {
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
