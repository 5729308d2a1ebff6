//! IPv6 and its extension headers (RFC 8200).

use std::net::Ipv6Addr;

use super::checksum::Sum;
use super::{Ipv, Part, proto};
use crate::capture::record::{Checksum, Checksums, Ip, Layer, Skip};

const HDR_LEN: usize = 40;
/// The option that carries the length of a jumbogram (RFC 2675 §2).
const JUMBO_PAYLOAD: u8 = 0xc2;
/// The option that carries a mobile node's address at home (RFC 6275 §6.3).
const HOME_ADDRESS: u8 = 0xc9;
const PAD_1: u8 = 0;

/// Reads a packet whose version is known to be 6 and that took `on_wire` octets, padding included.
pub(super) fn read(packet: &[u8], on_wire: usize, checksums: Checksums) -> Ipv<'_> {
    let (head, _) = packet.split_first_chunk::<HDR_LEN>().ok_or(Skip::Truncated(Layer::Ipv6))?;
    let payload_len = u16::from_be_bytes([head[4], head[5]]);
    let (src, dst) = (address(head, 8), address(head, 24));
    let mut ip = Ip {
        src: src.into(),
        dst: dst.into(),
        proto: head[6],
        ttl: head[7],
        tos: head[0] << 4 | head[1] >> 4,
        id: 0,
        len: u32::from(payload_len) + HDR_LEN as u32,
        hdr_len: HDR_LEN as u16,
        df: false,
        mf: false,
        frag_offset: 0,
        checksum: None,
        checksum_ok: Checksum::Absent,
    };

    let mut len = HDR_LEN + usize::from(payload_len);
    if payload_len == 0 && ip.proto != proto::NO_NEXT_HEADER && on_wire > HDR_LEN {
        // A jumbogram, or left to the network card.
        let jumbo = if ip.proto == proto::HOP_BY_HOP { jumbo_payload(&packet[HDR_LEN..]) } else { None };
        ip.len = jumbo.map_or(0, |len| len.saturating_add(HDR_LEN as u32));
        len = if ip.len == 0 { on_wire } else { ip.len as usize };
    }
    let whole = &packet[..packet.len().min(len)];

    // The addresses that count for the transport, should they not stand in the fixed header.
    let mut sender = src;
    let mut last_hop = Some(dst);
    let mut bytes = &whole[HDR_LEN..];
    loop {
        let extension_len = match (ip.proto, bytes) {
            (proto::HOP_BY_HOP | proto::ROUTING | proto::DESTINATION, &[_, units, ..]) => (usize::from(units) + 1) * 8,
            (proto::AUTHENTICATION, &[_, words, ..]) => (usize::from(words) + 2) * 4,
            (proto::FRAGMENT, _) => 8,
            (proto::HOP_BY_HOP | proto::ROUTING | proto::DESTINATION | proto::AUTHENTICATION, _) => 2,
            _ => break,
        };
        let Some((extension, rest)) = bytes.split_at_checked(extension_len) else {
            let promised = len - usize::from(ip.hdr_len);
            let skip = if extension_len > promised { Skip::Malformed } else { Skip::Truncated };
            return Ok((ip, Err(skip(Layer::Ipv6))));
        };
        // Ends the walk after 64 KiB of headers.
        let Some(hdr_len) = ip.hdr_len.checked_add(extension_len as u16) else {
            return Ok((ip, Err(Skip::Malformed(Layer::Ipv6))));
        };
        match (ip.proto, extension) {
            (proto::FRAGMENT, &[_, _, p0, p1, i0, i1, i2, i3, ..]) => {
                ip.frag_offset = u16::from_be_bytes([p0, p1]) & 0xfff8;
                ip.mf = p1 & 1 != 0;
                ip.id = u32::from_be_bytes([i0, i1, i2, i3]);
            }
            (proto::ROUTING, routing) if checksums == Checksums::Verify => last_hop = routed(routing, last_hop),
            (proto::DESTINATION, options) if checksums == Checksums::Verify => {
                if let Some(home) = option(options, HOME_ADDRESS).and_then(<[u8]>::first_chunk::<16>) {
                    sender = Ipv6Addr::from(*home);
                }
            }
            _ => {}
        }
        ip.proto = extension[0];
        ip.hdr_len = hdr_len;
        bytes = rest;
        if ip.is_fragment() {
            return Ok((ip, Err(Skip::Fragment)));
        }
    }

    let addresses = match checksums {
        Checksums::Ignore => None,
        Checksums::Verify => last_hop.map(|last| Sum::of_addresses(sender.into(), last.into())),
    };
    let len = (len - usize::from(ip.hdr_len)) as u32;
    Ok((ip, Ok(Part { bytes, len, offset: ip.hdr_len, addresses })))
}

fn address(head: &[u8; HDR_LEN], at: usize) -> Ipv6Addr {
    let mut octets = [0; 16];
    octets.copy_from_slice(&head[at..at + 16]);
    octets.into()
}

/// The data of the first option of `kind` in a header of options (RFC 8200 §4.2).
fn option(header: &[u8], kind: u8) -> Option<&[u8]> {
    let mut options = header.get(2..)?;
    loop {
        options = match options {
            [PAD_1, rest @ ..] => rest,
            [found, len, rest @ ..] => {
                let (data, rest) = rest.split_at_checked(usize::from(*len))?;
                if *found == kind {
                    return Some(data);
                }
                rest
            }
            _ => return None,
        };
    }
}

/// The length in the jumbo payload option of the hop-by-hop header that `payload` begins with.
fn jumbo_payload(payload: &[u8]) -> Option<u32> {
    let units = *payload.get(1)?;
    let header = payload.get(..(usize::from(units) + 1) * 8)?;
    let len = option(header, JUMBO_PAYLOAD)?;
    Some(u32::from_be_bytes(len.try_into().ok()?))
}

/// Where a packet with this routing header is bound for in the end, if not for `dst`; `None`
/// where the list cannot be read.
fn routed(routing: &[u8], dst: Option<Ipv6Addr>) -> Option<Ipv6Addr> {
    let &[_, _, kind, segments_left, _, _, _, _, ref list @ ..] = routing else { return None };
    let addresses = list.as_chunks::<16>().0;
    let last = match (segments_left, kind) {
        (0, _) => return dst,
        // Source route (RFC 5095 has abolished it) and mobile home address (RFC 6275 §6.4).
        (_, 0 | 2) => addresses.last(),
        // Segment routing lists its segments backwards (RFC 8754 §2).
        (_, 4) => addresses.first(),
        _ => None,
    };
    last.map(|octets| Ipv6Addr::from(*octets))
}
