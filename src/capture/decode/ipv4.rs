//! IPv4 (RFC 791).

use std::net::Ipv4Addr;

use super::checksum::Sum;
use super::{Part, proto};
use crate::capture::record::{Checksum, Checksums, Ip, Layer, Skip};

/// Options that list the rest of the way: loose and strict source route.
const SOURCE_ROUTES: [u8; 2] = [131, 137];

/// Reads a packet whose version is known to be 4 and that took `on_wire` octets, padding included.
#[inline]
pub(super) fn read<'a>(
    packet: &'a [u8],
    on_wire: usize,
    checksums: Checksums,
    ip: &mut Option<Ip>,
) -> Result<Part<'a>, Skip> {
    if packet.first().is_some_and(|first| first & 0x0f < 5) {
        return Err(Skip::Malformed(Layer::Ipv4));
    }
    let head: &[u8; 20] = packet.first_chunk().ok_or(Skip::Truncated(Layer::Ipv4))?;
    let hdr_len = u16::from(head[0] & 0x0f) * 4;
    let total_len = u16::from_be_bytes([head[2], head[3]]);
    let place = u16::from_be_bytes([head[6], head[7]]);
    let proto = head[9];
    let src = Ipv4Addr::new(head[12], head[13], head[14], head[15]);
    let dst = Ipv4Addr::new(head[16], head[17], head[18], head[19]);
    let ip = ip.insert(Ip {
        src: src.into(),
        dst: dst.into(),
        proto,
        ttl: head[8],
        tos: head[1],
        id: u16::from_be_bytes([head[4], head[5]]).into(),
        len: total_len.into(),
        hdr_len,
        df: place & 0x4000 != 0,
        mf: place & 0x2000 != 0,
        frag_offset: (place & 0x1fff) * 8,
        checksum: Some(u16::from_be_bytes([head[10], head[11]])),
        checksum_ok: Checksum::Unverified,
    });

    let len = match total_len {
        // Left to the network card, or too much for 16 bits.
        0 => on_wire,
        claimed => usize::from(claimed),
    };
    let whole = &packet[..packet.len().min(len)];
    let Some((header, bytes)) = whole.split_at_checked(usize::from(hdr_len)) else {
        let skip = if len < usize::from(hdr_len) { Skip::Malformed } else { Skip::Truncated };
        return Err(skip(Layer::Ipv4));
    };
    let mut addresses = None;
    if checksums == Checksums::Verify {
        ip.checksum_ok = Sum::default().octets(header).verdict();
        addresses = Some(Sum::of_addresses(src.into(), last_hop(&header[20..]).unwrap_or(dst).into()));
    }
    // More fragments, or not the first one.
    if place & 0x3fff != 0 {
        return Err(Skip::Fragment);
    }

    let mut part = Part { proto, offset: hdr_len, len: len as u32 - u32::from(hdr_len), bytes, addresses };
    if proto == proto::AUTHENTICATION {
        authenticated(&mut part);
        ip.proto = part.proto;
        ip.hdr_len = part.offset;
    }
    Ok(part)
}

/// Steps over an authentication header (RFC 4302 §2), if it is all here.
fn authenticated(part: &mut Part<'_>) {
    if let &[next, words, ..] = part.bytes
        && let len = (u16::from(words) + 2) * 4
        && let Some(rest) = part.bytes.get(usize::from(len)..)
    {
        part.proto = next;
        part.offset += len;
        part.len -= u32::from(len);
        part.bytes = rest;
    }
}

/// The destination that a source route still has to reach (RFC 791 §3.1): its last address, as
/// long as the pointer stands within the list.
fn last_hop(mut options: &[u8]) -> Option<Ipv4Addr> {
    loop {
        match options {
            [1, rest @ ..] => options = rest,
            [0, ..] => return None,
            &[kind, len, pointer, ref data @ ..] if SOURCE_ROUTES.contains(&kind) => {
                let route = data.get(..usize::from(len).checked_sub(3)?)?;
                return if pointer < len { route.last_chunk().map(|last| Ipv4Addr::from(*last)) } else { None };
            }
            &[_, len, ..] if len >= 2 => options = options.get(usize::from(len)..)?,
            _ => return None,
        }
    }
}
