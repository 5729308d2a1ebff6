//! IPv6 and its extension headers (RFC 8200).

use std::net::{IpAddr, Ipv6Addr};

use super::checksum::Sum;
use super::{Part, proto};
use crate::capture::record::{Checksum, Checksums, Ip, Layer, Skip};

const HDR_LEN: usize = 40;
/// The option that carries the length of a jumbogram (RFC 2675 §2).
const JUMBO_PAYLOAD: u8 = 0xc2;
/// The option that carries a mobile node's address at home (RFC 6275 §6.3).
const HOME_ADDRESS: u8 = 0xc9;
const PAD_1: u8 = 0;

/// Reads a packet whose version is known to be 6 and that took `on_wire` octets, padding included.
#[inline]
pub(super) fn read<'a>(
    packet: &'a [u8],
    on_wire: usize,
    checksums: Checksums,
    ip: &mut Option<Ip>,
) -> Result<Part<'a>, Skip> {
    let (head, payload) = packet.split_first_chunk::<HDR_LEN>().ok_or(Skip::Truncated(Layer::Ipv6))?;
    let payload_len = u16::from_be_bytes([head[4], head[5]]);
    let proto = head[6];
    let (src, dst) = (address(head, 8), address(head, 24));
    let ip = ip.insert(Ip {
        src,
        dst,
        proto,
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
    });

    let mut len = u32::from(payload_len);
    if payload_len == 0 && on_wire > HDR_LEN && needs_payload(proto) {
        // A jumbogram, or left to the network card.
        let jumbo = if proto == proto::HOP_BY_HOP { jumbo_payload(payload) } else { None };
        ip.len = jumbo.map_or(0, |len| len.saturating_add(HDR_LEN as u32));
        len = jumbo.unwrap_or((on_wire - HDR_LEN) as u32);
    }
    let bytes = &payload[..payload.len().min(len as usize)];
    let mut part = Part { proto, offset: HDR_LEN as u16, len, bytes, addresses: None };
    if is_extension(proto) {
        return extended(part, checksums, ip);
    }
    if checksums == Checksums::Verify {
        part.addresses = Some(Sum::of_addresses(ip.src, ip.dst));
    }
    Ok(part)
}

#[inline]
fn address(head: &[u8; HDR_LEN], at: usize) -> IpAddr {
    let mut octets = [0; 16];
    octets.copy_from_slice(&head[at..at + 16]);
    IpAddr::V6(octets.into())
}

/// Whether a payload of no octets makes no sense.
fn needs_payload(proto: u8) -> bool {
    matches!(proto, proto::TCP | proto::UDP | proto::ICMPV6) || is_extension(proto)
}

fn is_extension(proto: u8) -> bool {
    matches!(proto, proto::HOP_BY_HOP | proto::ROUTING | proto::FRAGMENT | proto::AUTHENTICATION | proto::DESTINATION)
}

/// Steps over extension headers.
fn extended<'a>(mut part: Part<'a>, checksums: Checksums, ip: &mut Ip) -> Result<Part<'a>, Skip> {
    // The addresses that count for the transport, should they not stand in the fixed header.
    let mut sender = ip.src;
    let mut last_hop = Some(ip.dst);
    while is_extension(part.proto) {
        let len = match (part.proto, part.bytes) {
            (proto::FRAGMENT, _) => 8,
            (proto::AUTHENTICATION, &[_, words, ..]) => (u16::from(words) + 2) * 4,
            (_, &[_, units, ..]) => (u16::from(units) + 1) * 8,
            _ => 8,
        };
        let Some((extension, rest)) = part.bytes.split_at_checked(usize::from(len)) else {
            return Err(part.too_short(u32::from(len), Layer::Ipv6));
        };
        match (part.proto, extension) {
            (proto::FRAGMENT, &[_, _, p0, p1, i0, i1, i2, i3, ..]) => {
                ip.frag_offset = u16::from_be_bytes([p0, p1]) & 0xfff8;
                ip.mf = p1 & 1 != 0;
                ip.id = u32::from_be_bytes([i0, i1, i2, i3]);
            }
            (proto::ROUTING, routing) if checksums == Checksums::Verify => last_hop = routed(routing, last_hop),
            (proto::DESTINATION, options) if checksums == Checksums::Verify => {
                if let Some(home) = option(options, HOME_ADDRESS).and_then(<[u8]>::first_chunk::<16>) {
                    sender = Ipv6Addr::from(*home).into();
                }
            }
            _ => {}
        }
        part.proto = extension[0];
        // Ends the walk after 64 KiB of headers.
        part.offset = part.offset.checked_add(len).ok_or(Skip::Malformed(Layer::Ipv6))?;
        part.len -= u32::from(len);
        part.bytes = rest;
        ip.proto = part.proto;
        ip.hdr_len = part.offset;
        if ip.is_fragment() {
            return Err(Skip::Fragment);
        }
    }
    if checksums == Checksums::Verify {
        part.addresses = last_hop.map(|last| Sum::of_addresses(sender, last));
    }
    Ok(part)
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
fn routed(routing: &[u8], dst: Option<IpAddr>) -> Option<IpAddr> {
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
    last.map(|octets| Ipv6Addr::from(*octets).into())
}
