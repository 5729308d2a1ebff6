//! ICMP (RFC 792) and ICMPv6 (RFC 4443).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::checksum::Sum;
use super::{Part, proto};
use crate::capture::record::{Body, Checksum, Checksums, Icmp, Layer, Quoted, Skip};

const HDR_LEN: u32 = 8;

mod v4 {
    pub(super) const ECHO_REPLY: u8 = 0;
    pub(super) const UNREACHABLE: u8 = 3;
    pub(super) const SOURCE_QUENCH: u8 = 4;
    pub(super) const REDIRECT: u8 = 5;
    pub(super) const ECHO: u8 = 8;
    pub(super) const TIME_EXCEEDED: u8 = 11;
    pub(super) const PARAMETER_PROBLEM: u8 = 12;
    /// Code of `UNREACHABLE`; RFC 1191 §4 puts the next hop's MTU in its last two octets.
    pub(super) const FRAGMENTATION_NEEDED: u8 = 4;
}

mod v6 {
    pub(super) const UNREACHABLE: u8 = 1;
    pub(super) const PACKET_TOO_BIG: u8 = 2;
    pub(super) const TIME_EXCEEDED: u8 = 3;
    pub(super) const PARAMETER_PROBLEM: u8 = 4;
    pub(super) const ECHO: u8 = 128;
    pub(super) const ECHO_REPLY: u8 = 129;
}

/// Reads an ICMP message.
pub(super) fn read_v4(part: &Part<'_>, checksums: Checksums, body: &mut Body) -> Result<(), Skip> {
    let mut icmp = header(part, 4)?;
    let rest = second_word(part);
    match (icmp.kind, rest) {
        (v4::ECHO | v4::ECHO_REPLY, Some([i0, i1, s0, s1])) => {
            icmp.echo_id = Some(u16::from_be_bytes([i0, i1]));
            icmp.echo_seq = u16::from_be_bytes([s0, s1]);
        }
        (v4::UNREACHABLE, Some([_, _, m0, m1])) if icmp.code == v4::FRAGMENTATION_NEEDED => {
            icmp.mtu = u16::from_be_bytes([m0, m1]).into();
        }
        _ => {}
    }
    if let v4::UNREACHABLE | v4::SOURCE_QUENCH | v4::REDIRECT | v4::TIME_EXCEEDED | v4::PARAMETER_PROBLEM = icmp.kind {
        icmp.quoted = part.bytes.get(8..).and_then(quoted);
    }
    if checksums == Checksums::Verify && !part.is_cut() {
        icmp.checksum_ok = Sum::default().octets(part.bytes).verdict();
    }
    *body = Body::Icmp(icmp);
    Ok(())
}

/// Reads an ICMPv6 message.
pub(super) fn read_v6(part: &Part<'_>, checksums: Checksums, body: &mut Body) -> Result<(), Skip> {
    let mut icmp = header(part, 6)?;
    let rest = second_word(part);
    match (icmp.kind, rest) {
        (v6::ECHO | v6::ECHO_REPLY, Some([i0, i1, s0, s1])) => {
            icmp.echo_id = Some(u16::from_be_bytes([i0, i1]));
            icmp.echo_seq = u16::from_be_bytes([s0, s1]);
        }
        (v6::PACKET_TOO_BIG, Some(mtu)) => icmp.mtu = u32::from_be_bytes(mtu),
        _ => {}
    }
    if let v6::UNREACHABLE | v6::PACKET_TOO_BIG | v6::TIME_EXCEEDED | v6::PARAMETER_PROBLEM = icmp.kind {
        icmp.quoted = part.bytes.get(8..).and_then(quoted);
    }
    if checksums == Checksums::Verify {
        icmp.checksum_ok = part.verify(part.len, icmp.checksum);
    }
    *body = Body::Icmp(icmp);
    Ok(())
}

/// Type, code and checksum: all that every message has.
fn header(part: &Part<'_>, version: u8) -> Result<Icmp, Skip> {
    let Some(&[kind, code, c0, c1]) = part.bytes.first_chunk() else {
        return Err(part.too_short(4, Layer::Icmp));
    };
    Ok(Icmp {
        version,
        kind,
        code,
        offset: part.offset,
        checksum: u16::from_be_bytes([c0, c1]),
        checksum_ok: Checksum::Unverified,
        echo_id: None,
        echo_seq: 0,
        mtu: 0,
        payload_len: part.len.saturating_sub(HDR_LEN),
        quoted: None,
    })
}

fn second_word(part: &Part<'_>) -> Option<[u8; 4]> {
    part.bytes.get(4..)?.first_chunk().copied()
}

/// The packet that an error is about; `None` where it quotes less than a fixed IP header.
fn quoted(packet: &[u8]) -> Option<Quoted> {
    match packet.first()? >> 4 {
        4 => quoted_v4(packet),
        6 => quoted_v6(packet),
        _ => None,
    }
}

fn quoted_v4(packet: &[u8]) -> Option<Quoted> {
    let head: &[u8; 20] = packet.first_chunk()?;
    let hdr_len = usize::from(head[0] & 0x0f) * 4;
    if hdr_len < head.len() {
        return None;
    }
    let src = Ipv4Addr::new(head[12], head[13], head[14], head[15]);
    let dst = Ipv4Addr::new(head[16], head[17], head[18], head[19]);
    let frag_offset = u16::from_be_bytes([head[6], head[7]]) & 0x1fff;
    let transport = packet.get(hdr_len..).filter(|_| frag_offset == 0).unwrap_or_default();
    Some(with_transport(Quoted { src: src.into(), dst: dst.into(), proto: head[9], ports: None, seq: None }, transport))
}

fn quoted_v6(packet: &[u8]) -> Option<Quoted> {
    let (head, mut rest) = packet.split_first_chunk::<40>()?;
    let (addresses, _) = head[8..].as_chunks::<16>();
    let &[src, dst] = addresses else { return None };
    let mut next = head[6];
    loop {
        let len = match (next, rest) {
            (proto::HOP_BY_HOP | proto::ROUTING | proto::DESTINATION, &[_, units, ..]) => (usize::from(units) + 1) * 8,
            (proto::AUTHENTICATION, &[_, words, ..]) => (usize::from(words) + 2) * 4,
            // Only the first fragment has the transport header.
            (proto::FRAGMENT, &[_, _, p0, p1, ..]) if u16::from_be_bytes([p0, p1]) & 0xfff8 == 0 => 8,
            _ => break,
        };
        let Some((extension, after)) = rest.split_at_checked(len) else { break };
        next = extension[0];
        rest = after;
    }
    let [src, dst] = [src, dst].map(Ipv6Addr::from);
    Some(with_transport(Quoted { src: src.into(), dst: dst.into(), proto: next, ports: None, seq: None }, rest))
}

fn with_transport(mut quoted: Quoted, bytes: &[u8]) -> Quoted {
    if let (proto::TCP | proto::UDP | proto::UDP_LITE | proto::SCTP | proto::DCCP, Some(&[s0, s1, d0, d1])) =
        (quoted.proto, bytes.first_chunk())
    {
        quoted.ports = Some((u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1])));
    }
    if let (proto::TCP, Some(seq)) = (quoted.proto, bytes.get(4..).and_then(<[u8]>::first_chunk)) {
        quoted.seq = Some(u32::from_be_bytes(*seq));
    }
    quoted
}
