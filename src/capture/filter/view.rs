//! Where a program finds the octets of a frame.
//!
//! In a file they stand where they were on the wire. The kernel shows a socket's filter less: it
//! has taken the outer VLAN tag off, and a cooked socket has no link header at all; what it took is
//! there in loads of their own. A view turns places in the frame, as the capture will have it, into
//! what there is to load.

use super::value::{Id, Op, Value, Values, Width};

/// Loads that the kernel answers from what it knows of a packet (`linux/filter.h`).
pub(super) mod known {
    const BASE: u32 = 0xffff_f000;
    pub(in super::super) const PROTOCOL: u32 = BASE;
    pub(in super::super) const PACKET_TYPE: u32 = BASE + 4;
    pub(in super::super) const INTERFACE: u32 = BASE + 8;
    pub(in super::super) const HARDWARE: u32 = BASE + 28;
    pub(in super::super) const VLAN_TAG: u32 = BASE + 44;
    pub(in super::super) const VLAN_TAG_PRESENT: u32 = BASE + 48;
    pub(in super::super) const VLAN_PROTOCOL: u32 = BASE + 60;
    /// What the last can be: the kernel takes off no other tags.
    pub(in super::super) const TAG_TYPES: [u32; 2] = [0x8100, 0x88a8];
}

/// Octets of a VLAN tag.
const TAG_LEN: u32 = 4;

/// How frames are seen.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct View {
    /// Whether the kernel is asked, at the moment a frame comes.
    pub(super) kernel: bool,
    /// Where the tag belongs that the kernel has taken off.
    pub(super) tag: Option<u32>,
    /// The cooked header that the kernel has not written yet.
    pub(super) cooked: Option<Cooked>,
}

/// The headers of Linux cooked capture.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cooked {
    V1,
    V2,
}

impl Cooked {
    const fn len(self) -> u32 {
        match self {
            Self::V1 => 16,
            Self::V2 => 20,
        }
    }

    /// The load that answers for a field of the header.
    const fn field(self, width: Width, k: u32) -> Option<u32> {
        Some(match (self, width, k) {
            (Self::V1, Width::Half, 0) | (Self::V2, Width::Byte, 10) => known::PACKET_TYPE,
            (Self::V1, Width::Half, 2) | (Self::V2, Width::Half, 8) => known::HARDWARE,
            (Self::V1, Width::Half, 14) | (Self::V2, Width::Half, 0) => known::PROTOCOL,
            (Self::V2, Width::Word, 4) => known::INTERFACE,
            _ => return None,
        })
    }
}

impl View {
    /// The octets at `k` plus `at`; `None` where the kernel has no way to load them.
    pub(super) fn load(self, values: &mut Values, width: Width, at: Option<Id>, k: u32) -> Option<Id> {
        // What is constant of the place has to be known before it is moved.
        let load = values.load(width, at, k);
        let Value::Load { at, k, .. } = values.value(load) else { return Some(load) };
        let end = k.saturating_add(width.octets());
        match self.tag {
            None => self.untagged(values, width, at, k),
            Some(tag) if at.is_none() && end <= tag => self.untagged(values, width, at, k),
            Some(tag) if k >= tag + TAG_LEN => self.untagged(values, width, at, k - TAG_LEN),
            Some(tag) if at.is_none() => self.across(values, width, k, tag),
            Some(_) => None,
        }
    }

    /// The octets of the frame without the tag.
    fn untagged(self, values: &mut Values, width: Width, at: Option<Id>, k: u32) -> Option<Id> {
        match self.cooked {
            None => Some(values.load(width, at, k)),
            Some(cooked) if k >= cooked.len() => Some(values.load(width, at, k - cooked.len())),
            Some(cooked) if at.is_none() => cooked.field(width, k).map(|k| values.load(width, None, k)),
            Some(_) => None,
        }
    }

    /// A load that takes octets of the tag: its type, its value, or parts of them with what stands
    /// beside.
    fn across(self, values: &mut Values, width: Width, k: u32, tag: u32) -> Option<Id> {
        if width == Width::Half && (k == tag || k == tag + 2) {
            let what = if k == tag { known::VLAN_PROTOCOL } else { known::VLAN_TAG };
            return Some(values.load(Width::Half, None, what));
        }
        if width == Width::Byte {
            let half = self.across(values, Width::Half, tag + (k - tag) / 2 * 2, tag)?;
            return Some(if (k - tag).is_multiple_of(2) {
                let eight = values.number(8);
                values.calc(Op::Shr, half, eight)?
            } else {
                values.masked(half, 0xff)
            });
        }
        // Halves, if the tag is cut where they meet, and else octet by octet.
        let part = if width == Width::Word && k % 2 == tag % 2 { Width::Half } else { Width::Byte };
        let mut whole = values.number(0);
        for place in (k..k + width.octets()).step_by(part.octets() as usize) {
            let octets = self.load(values, part, None, place)?;
            let bits = values.number(8 * part.octets());
            let moved = values.calc(Op::Shl, whole, bits)?;
            whole = values.calc(Op::Or, moved, octets)?;
        }
        Some(whole)
    }

    /// Octets of the frame on the wire.
    pub(super) fn len(self, values: &mut Values) -> Id {
        let taken = self.tag.map_or(0, |_| TAG_LEN) + self.cooked.map_or(0, Cooked::len);
        let (len, taken) = (values.len(), values.number(taken));
        values.plus(len, taken)
    }
}
