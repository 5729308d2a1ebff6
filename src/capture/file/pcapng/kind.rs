//! Block types, from the registry of the pcapng specification.

use std::borrow::Cow;

pub(in super::super) const SECTION: u32 = 0x0a0d_0d0a;
pub(super) const INTERFACE: u32 = 1;
pub(in super::super) const PACKET: u32 = 2;
pub(in super::super) const SIMPLE_PACKET: u32 = 3;
pub(super) const NAMES: u32 = 4;
pub(super) const STATISTICS: u32 = 5;
pub(in super::super) const ENHANCED_PACKET: u32 = 6;
pub(super) const JOURNAL: u32 = 9;
pub(super) const SECRETS: u32 = 10;
pub(super) const CUSTOM: u32 = 0x0000_0bad;
pub(super) const CUSTOM_NO_COPY: u32 = 0x4000_0bad;

/// The largest block that is read: one of the largest packet there can be in a pcap has room.
pub(in super::super) const READ_MAX: usize = 17 << 20;

/// The largest block that is stepped over.
const SKIP_MAX: usize = 64 << 20;

/// Whether blocks of this type are read, and not stepped over.
#[inline]
pub(super) fn is_read(kind: u32) -> bool {
    matches!(kind, ENHANCED_PACKET | PACKET | SIMPLE_PACKET | INTERFACE | SECTION)
}

/// The most octets a block of this type may have.
#[inline]
pub(super) fn max_len(kind: u32) -> usize {
    if is_read(kind) { READ_MAX } else { SKIP_MAX }
}

/// Whether the specification knows this block type: what it does not is no sign of a block.
pub(super) fn is_known(kind: u32) -> bool {
    is_read(kind) || matches!(kind, NAMES | STATISTICS | JOURNAL | SECRETS | CUSTOM | CUSTOM_NO_COPY)
}

/// What a block of this type is called.
#[cold]
pub(super) fn name(kind: u32) -> Cow<'static, str> {
    Cow::Borrowed(match kind {
        SECTION => "a section header block",
        INTERFACE => "an interface description block",
        PACKET => "a packet block",
        SIMPLE_PACKET => "a simple packet block",
        NAMES => "a name resolution block",
        STATISTICS => "an interface statistics block",
        ENHANCED_PACKET => "an enhanced packet block",
        JOURNAL => "a systemd journal block",
        SECRETS => "a decryption secrets block",
        CUSTOM | CUSTOM_NO_COPY => "a custom block",
        _ => return Cow::Owned(format!("a block of unknown type {kind:#x}")),
    })
}
