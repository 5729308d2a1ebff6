//! A glance at a frame: what a short look at the commonest shapes tells, and nothing of all others.
//!
//! What it tells is what [`decode`](super::decode) would: a test holds the two against each other.

use super::proto;
use crate::capture::arrival::{Passenger, Place};
use crate::capture::frame::{Frame, Link};
use crate::wire::{Flags, FlowKey, Options, Protocol, Segment, Seq, Vlans, Window};

/// Octets of the headers that are looked at: of Ethernet, IP and TCP without options.
const ETHER: usize = 14;
const IPV4: usize = 20;
const IPV6: usize = 40;
const TCP: usize = 20;

/// The code point that says a packet met congestion (RFC 3168 §5).
const CE: u8 = 3;

/// Reads the segment in frame `n` into `passenger`, which may have held another, if a glance can tell
/// everything of it: untagged Ethernet, IP without options or extensions, captured whole, and
/// nothing that says more of the capture or the path than of the connection.
#[inline]
pub(in crate::capture) fn glance(n: u64, frame: &Frame<'_>, passenger: &mut Passenger) -> bool {
    read(n, frame, passenger).is_some()
}

#[inline]
fn read(n: u64, frame: &Frame<'_>, Passenger { arrival, segment, checksum }: &mut Passenger) -> Option<()> {
    let (head, packet) = ethernet(frame.link, frame.bytes)?;
    let tcp = match [head[12], head[13]] {
        [0x08, 0x00] => {
            let (ip, rest) = packet.split_first_chunk::<IPV4>()?;
            let ip_len = u16::from_be_bytes([ip[2], ip[3]]);
            if ip[9] != proto::TCP || !is_plain_v4(ip) || ip[1] & 3 == CE {
                return None;
            }
            let tcp = read_tcp(rest, usize::from(ip_len).checked_sub(IPV4)?, segment)?;
            let (src, dst) = v4(ip, tcp);
            (arrival.key, arrival.side) = FlowKey::of_v4(src, dst, Protocol::Tcp);
            arrival.ip_bytes = ip_len.into();
            arrival.ip_id = u16::from_be_bytes([ip[4], ip[5]]).into();
            arrival.ttl = ip[8];
            tcp
        }
        [0x86, 0xdd] => {
            let (ip, rest) = packet.split_first_chunk::<IPV6>()?;
            let payload_len = u16::from_be_bytes([ip[4], ip[5]]);
            if ip[6] != proto::TCP || ip[0] >> 4 != 6 || ip[1] >> 4 & 3 == CE {
                return None;
            }
            let tcp = read_tcp(rest, payload_len.into(), segment)?;
            let (src, dst) = v6(ip, tcp);
            (arrival.key, arrival.side) = FlowKey::of_v6(src, dst, Protocol::Tcp);
            arrival.ip_bytes = u32::from(payload_len) + IPV6 as u32;
            arrival.ip_id = 0;
            arrival.ttl = ip[7];
            tcp
        }
        _ => return None,
    };
    *checksum = u16::from_be_bytes([tcp[16], tcp[17]]);
    (arrival.n, arrival.time) = (n, frame.time);
    (arrival.cut, arrival.vlans) = (false, Vlans::default());
    arrival.place = Place::new(frame.interface, arrival.ttl).with_ether(*head);
    Some(())
}

/// The conversation of a frame, TCP or UDP, if a glance can tell.
pub(in crate::capture) fn glance_key(link: Link, bytes: &[u8]) -> Option<FlowKey> {
    let (head, packet) = ethernet(link, bytes)?;
    let (key, _) = match [head[12], head[13]] {
        [0x08, 0x00] => {
            let (ip, rest) = packet.split_first_chunk::<IPV4>()?;
            let protocol = protocol(ip[9]).filter(|_| is_plain_v4(ip))?;
            let (src, dst) = v4(ip, rest.first_chunk::<4>()?);
            FlowKey::of_v4(src, dst, protocol)
        }
        [0x86, 0xdd] => {
            let (ip, rest) = packet.split_first_chunk::<IPV6>()?;
            let protocol = protocol(ip[6]).filter(|_| ip[0] >> 4 == 6)?;
            let (src, dst) = v6(ip, rest.first_chunk::<4>()?);
            FlowKey::of_v6(src, dst, protocol)
        }
        _ => return None,
    };
    Some(key)
}

#[inline]
fn ethernet(link: Link, bytes: &[u8]) -> Option<(&[u8; ETHER], &[u8])> {
    if link == Link::Ethernet { bytes.split_first_chunk() } else { None }
}

fn protocol(number: u8) -> Option<Protocol> {
    match number {
        proto::TCP => Some(Protocol::Tcp),
        proto::UDP => Some(Protocol::Udp),
        _ => None,
    }
}

/// Version 4, no options, not a fragment.
#[inline]
fn is_plain_v4(ip: &[u8; IPV4]) -> bool {
    ip[0] == 0x45 && [ip[6] & 0x3f, ip[7]] == [0, 0]
}

/// Addresses and ports of both ends: of a header, and what begins behind it with the ports.
#[inline]
fn v4<const N: usize>(ip: &[u8; IPV4], rest: &[u8; N]) -> ((std::net::Ipv4Addr, u16), (std::net::Ipv4Addr, u16)) {
    let [src, dst] = [[ip[12], ip[13], ip[14], ip[15]], [ip[16], ip[17], ip[18], ip[19]]];
    let [from, to] = ports(rest);
    ((src.into(), from), (dst.into(), to))
}

#[inline]
fn v6<const N: usize>(ip: &[u8; IPV6], rest: &[u8; N]) -> ((std::net::Ipv6Addr, u16), (std::net::Ipv6Addr, u16)) {
    let (mut src, mut dst) = ([0; 16], [0; 16]);
    src.copy_from_slice(&ip[8..24]);
    dst.copy_from_slice(&ip[24..40]);
    let [from, to] = ports(rest);
    ((src.into(), from), (dst.into(), to))
}

#[inline]
fn ports<const N: usize>(rest: &[u8; N]) -> [u16; 2] {
    const { assert!(N >= 4) };
    [u16::from_be_bytes([rest[0], rest[1]]), u16::from_be_bytes([rest[2], rest[3]])]
}

/// Reads a segment that takes `ip_payload` octets, all of which have to be there; returns its fixed
/// header.
#[inline]
fn read_tcp<'a>(rest: &'a [u8], ip_payload: usize, segment: &mut Segment) -> Option<&'a [u8; TCP]> {
    let (tcp, behind) = rest.get(..ip_payload)?.split_first_chunk::<TCP>()?;
    let options_len = usize::from(tcp[12] >> 4 << 2).checked_sub(TCP)?;
    let (options, payload) = behind.split_at_checked(options_len)?;
    *segment = Segment {
        seq: Seq(u32::from_be_bytes([tcp[4], tcp[5], tcp[6], tcp[7]])),
        ack: Seq(u32::from_be_bytes([tcp[8], tcp[9], tcp[10], tcp[11]])),
        flags: Flags(u16::from_be_bytes([tcp[12] & 0x0f, tcp[13]])),
        window: Window(u16::from_be_bytes([tcp[14], tcp[15]])),
        urgent: u16::from_be_bytes([tcp[18], tcp[19]]),
        len: payload.len() as u32,
        options: Options::default(),
    };
    if !options.is_empty() {
        segment.options.read(options);
    }
    Some(tcp)
}
