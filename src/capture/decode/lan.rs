//! Local networks other than Ethernet, as far as they lead to IP by LLC: FDDI, and IEEE 802.11 as
//! monitor mode captures it. Their addresses are not Ethernet's, and are left alone.

use super::link::{CUT, Found, llc};
use crate::capture::record::{Record, Skip};

/// LINKTYPE_ numbers.
pub(super) mod linktype {
    pub(in super::super) const FDDI: u16 = 10;
    pub(in super::super) const CISCO_HDLC: u16 = 104;
    pub(in super::super) const IEEE802_11: u16 = 105;
    pub(in super::super) const RADIOTAP: u16 = 127;
}

/// Frame control, destination, source (ANSI X3.139); then LLC.
pub(super) fn fddi(bytes: &[u8], record: &mut Record) -> Found {
    match bytes.first() {
        Some(control) if control & 0xf0 == 0x50 => llc(bytes, 13, record),
        // Tokens, beacons and the like.
        Some(_) => Err(Skip::Link(linktype::FDDI)),
        None => Err(CUT),
    }
}

/// A radiotap header, which says its own length; then 802.11.
pub(super) fn radiotap(bytes: &[u8], record: &mut Record) -> Found {
    let &[_, _, low, high] = bytes.first_chunk().ok_or(CUT)?;
    wireless(bytes, usize::from(u16::from_le_bytes([low, high])), record)
}

/// Frame control, duration, three or four addresses (IEEE 802.11 §9.2.3); then LLC, in data frames
/// that are not encrypted.
pub(super) fn wireless(bytes: &[u8], start: usize, record: &mut Record) -> Found {
    let &[kind, flags] = bytes.get(start..).and_then(<[u8]>::first_chunk).ok_or(CUT)?;
    let is_data = kind & 0x0c == 0x08;
    let is_empty = kind & 0x40 != 0;
    let is_encrypted = flags & 0x40 != 0;
    if !is_data || is_empty || is_encrypted {
        return Err(Skip::Link(linktype::IEEE802_11));
    }
    // Through the distribution system both ways: a fourth address.
    let fourth = if flags & 3 == 3 { 6 } else { 0 };
    let has_qos = kind & 0x80 != 0;
    let qos = match (has_qos, flags & 0x80 != 0) {
        (false, _) => 0,
        (true, false) => 2,
        // With an HT control field.
        (true, true) => 6,
    };
    llc(bytes, start + 24 + fourth + qos, record)
}
