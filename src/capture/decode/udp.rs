//! UDP (RFC 768, RFC 8200 §8.1).

use super::Part;
use crate::capture::record::{Body, Checksum, Checksums, Layer, Skip, Udp, UdpFault};

const HDR_LEN: u32 = 8;

/// Reads a datagram in an IP packet of `version`. A length that breaks the rules is a fault of
/// the datagram, not a reason to leave it out.
#[inline]
pub(super) fn read(part: &Part<'_>, version: u8, checksums: Checksums, body: &mut Body) -> Result<(), Skip> {
    let Some(&[s0, s1, d0, d1, l0, l1, c0, c1]) = part.bytes.first_chunk() else {
        return Err(part.too_short(HDR_LEN, Layer::Udp));
    };
    let len = u16::from_be_bytes([l0, l1]);
    let checksum = u16::from_be_bytes([c0, c1]);

    // What the datagram takes of the IP payload, and what is wrong with that.
    let (taken, fault) = match u32::from(len) {
        // A jumbogram has more than the field can tell (RFC 2675 §4).
        0 if version == 6 && part.len > u32::from(u16::MAX) => (part.len, None),
        0 => (part.len, Some(UdpFault::Zero)),
        1..HDR_LEN => (HDR_LEN, Some(UdpFault::TooShort)),
        claimed if claimed > part.len => (part.len, Some(UdpFault::TooLong)),
        claimed if claimed < part.len => (claimed, Some(UdpFault::Surplus((part.len - claimed) as u16))),
        claimed => (claimed, None),
    };
    let no_checksum = (version == 6 && checksum == 0).then_some(UdpFault::NoChecksum);
    let length_is_right = matches!(fault, None | Some(UdpFault::Surplus(_)));
    let checksum_ok = match (version, checksum, checksums) {
        (4, 0, _) => Checksum::Absent,
        (_, _, Checksums::Ignore) => Checksum::Unverified,
        (_, 0, _) => Checksum::Bad,
        _ if length_is_right => part.verify(taken, checksum),
        _ => Checksum::Unverified,
    };
    *body = Body::Udp(Udp {
        src_port: u16::from_be_bytes([s0, s1]),
        dst_port: u16::from_be_bytes([d0, d1]),
        len,
        payload_len: taken - HDR_LEN,
        offset: part.offset,
        checksum,
        checksum_ok,
        fault: fault.or(no_checksum),
        truncated: part.bytes.len() < taken as usize,
    });
    Ok(())
}
