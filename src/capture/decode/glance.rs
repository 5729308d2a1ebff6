//! A glance at a frame: what a short look at the commonest shapes tells, and nothing of all others.
//!
//! What it tells is what [`decode`](super::decode) would: a test holds the two against each other.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::proto;
use crate::capture::arrival::{Arrival, Passenger, Place};
use crate::capture::frame::{Frame, Link};
use crate::capture::record::{Checksum, Udp};
use crate::wire::{Flags, FlowKey, Options, Protocol, Segment, Seq, Vlans, Window};

/// Octets of the headers that are looked at: of Ethernet and a VLAN tag, of IP and TCP without options, and
/// of UDP.
const ETHER: usize = 14;
const TAG: usize = 4;
const IPV4: usize = 20;
const IPV6: usize = 40;
const TCP: usize = 20;
const UDP: usize = 8;

/// What an Ethernet frame announces.
const IS_IPV4: u16 = 0x0800;
const IS_IPV6: u16 = 0x86dd;
const IS_TAGGED: u16 = 0x8100;

/// The code point that says a packet met congestion (RFC 3168 §5).
const CE: u8 = 3;

/// Reads the segment or datagram in frame `n` into `passenger`, which may have held another, if a glance
/// can tell everything of it: Ethernet with one VLAN tag at most, IP without options or extensions,
/// captured whole, and nothing that says more of the capture or the path than of the conversation.
/// Tells which of the two it is.
#[inline(always)]
#[expect(clippy::inline_always, reason = "on the way of every packet")]
pub(in crate::capture) fn glance(n: u64, frame: &Frame<'_>, passenger: &mut Passenger) -> Option<Protocol> {
    let (head, packet) = ethernet(frame.link, frame.bytes)?;
    let ethertype = ethertype(head);
    if ethertype == IS_TAGGED {
        return read_tagged(n, frame, passenger);
    }
    let protocol = passenger.read(ethertype, packet, 0)?;
    passenger.is_seen(n, frame, head, Vlans::default());
    Some(protocol)
}

/// Reads a frame with a VLAN tag.
#[cold]
#[inline(never)]
fn read_tagged(n: u64, frame: &Frame<'_>, passenger: &mut Passenger) -> Option<Protocol> {
    let (mut head, tagged) = frame.bytes.split_first_chunk::<ETHER>().map(|(head, tagged)| (*head, tagged))?;
    let (&[v0, v1, t0, t1], packet) = tagged.split_first_chunk::<TAG>()?;
    let mut vlans = Vlans::default();
    vlans.push(u16::from_be_bytes([v0, v1]));
    head[12..].copy_from_slice(&[t0, t1]);
    let protocol = passenger.read(ethertype(&head), packet, vlans.zone())?;
    passenger.is_seen(n, frame, &head, vlans);
    Some(protocol)
}

impl Passenger {
    /// Reads an IP packet.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every packet")]
    fn read(&mut self, ethertype: u16, packet: &[u8], zone: u32) -> Option<Protocol> {
        let (tcp, behind) = match ethertype {
            IS_IPV4 => {
                let (ip, rest) = packet.split_first_chunk::<IPV4>()?;
                match ip[9] {
                    proto::TCP => self.arrival.read_v4(ip, rest, Protocol::Tcp, zone)?,
                    proto::UDP => return self.read_datagram(ethertype, packet, zone),
                    _ => return None,
                }
            }
            IS_IPV6 => {
                let (ip, rest) = packet.split_first_chunk::<IPV6>()?;
                match ip[6] {
                    proto::TCP => self.arrival.read_v6(ip, rest, Protocol::Tcp, zone)?,
                    proto::UDP => return self.read_datagram(ethertype, packet, zone),
                    _ => return None,
                }
            }
            _ => return None,
        };
        self.read_segment(tcp, behind)?;
        Some(Protocol::Tcp)
    }

    /// Takes down what is not of the packet itself.
    #[inline]
    fn is_seen(&mut self, n: u64, frame: &Frame<'_>, head: &[u8; ETHER], vlans: Vlans) {
        let arrival = &mut self.arrival;
        (arrival.n, arrival.time, arrival.cut, arrival.vlans) = (n, frame.time, false, vlans);
        arrival.place = Place::new(frame.interface, head);
    }

    /// Reads a segment: its fixed header and what is behind that.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every packet")]
    fn read_segment(&mut self, tcp: &[u8; TCP], behind: &[u8]) -> Option<()> {
        // Less than the fixed header's length is more than there can be.
        let options_len = usize::from(tcp[12] >> 4 << 2).wrapping_sub(TCP);
        let (options, payload) = behind.split_at_checked(options_len)?;
        self.segment = Segment {
            seq: Seq(u32::from_be_bytes([tcp[4], tcp[5], tcp[6], tcp[7]])),
            ack: Seq(u32::from_be_bytes([tcp[8], tcp[9], tcp[10], tcp[11]])),
            flags: Flags(u16::from_be_bytes([tcp[12], tcp[13]]) & 0x0fff),
            window: Window(u16::from_be_bytes([tcp[14], tcp[15]])),
            urgent: u16::from_be_bytes([tcp[18], tcp[19]]),
            len: payload.len() as u32,
            options: Options::default(),
        };
        if !options.is_empty() {
            self.segment.options.read(options);
        }
        self.checksum = u16::from_be_bytes([tcp[16], tcp[17]]);
        Some(())
    }

    /// Reads a datagram that breaks no rule.
    #[inline(never)]
    fn read_datagram(&mut self, ethertype: u16, packet: &[u8], zone: u32) -> Option<Protocol> {
        let (&[s0, s1, d0, d1, l0, l1, c0, c1], payload) = if ethertype == IS_IPV4 {
            let (ip, rest) = packet.split_first_chunk::<IPV4>()?;
            self.arrival.read_v4(ip, rest, Protocol::Udp, zone)?
        } else {
            let (ip, rest) = packet.split_first_chunk::<IPV6>()?;
            self.arrival.read_v6(ip, rest, Protocol::Udp, zone)?
        };
        let len = u16::from_be_bytes([l0, l1]);
        let checksum = u16::from_be_bytes([c0, c1]);
        let narrow = ethertype == IS_IPV4;
        if usize::from(len) != UDP + payload.len() || (checksum == 0 && !narrow) {
            return None;
        }
        self.datagram = Udp {
            src_port: u16::from_be_bytes([s0, s1]),
            dst_port: u16::from_be_bytes([d0, d1]),
            len,
            payload_len: payload.len() as u32,
            offset: if narrow { IPV4 } else { IPV6 } as u16,
            checksum,
            checksum_ok: if checksum == 0 { Checksum::Absent } else { Checksum::Unverified },
            fault: None,
            truncated: false,
        };
        Some(Protocol::Udp)
    }
}

/// A header that begins with two ports, and what is behind it.
type Part<'a, const HEADER: usize> = (&'a [u8; HEADER], &'a [u8]);

impl Arrival {
    /// Reads an IPv4 header before `rest`; returns the header of `protocol`, and all that is behind that.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every packet")]
    fn read_v4<'a, const HEADER: usize>(
        &mut self,
        ip: &[u8; IPV4],
        rest: &'a [u8],
        protocol: Protocol,
        zone: u32,
    ) -> Option<Part<'a, HEADER>> {
        let len = u16::from_be_bytes([ip[2], ip[3]]);
        if !is_plain_v4(ip) || ip[1] & 3 == CE {
            return None;
        }
        // Less than the header's own length is more than there can be.
        let part = rest.get(..usize::from(len).wrapping_sub(IPV4))?;
        let (header, behind) = part.split_first_chunk()?;
        (self.key, self.side) = FlowKey::of_v4(v4(ip), ports(header)?, protocol, zone);
        self.ip_bytes = len.into();
        self.ip_id = u16::from_be_bytes([ip[4], ip[5]]).into();
        self.ttl = ip[8];
        Some((header, behind))
    }

    /// The same for IPv6.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every packet")]
    fn read_v6<'a, const HEADER: usize>(
        &mut self,
        ip: &[u8; IPV6],
        rest: &'a [u8],
        protocol: Protocol,
        zone: u32,
    ) -> Option<Part<'a, HEADER>> {
        let len = u16::from_be_bytes([ip[4], ip[5]]);
        if ip[0] >> 4 != 6 || ip[1] >> 4 & 3 == CE {
            return None;
        }
        let (header, behind) = rest.get(..usize::from(len))?.split_first_chunk()?;
        (self.key, self.side) = FlowKey::of_v6(v6(ip), ports(header)?, protocol, zone);
        self.ip_bytes = u32::from(len) + IPV6 as u32;
        self.ip_id = 0;
        self.ttl = ip[7];
        Some((header, behind))
    }
}

/// The conversation of a frame, TCP or UDP, if a glance can tell.
pub(in crate::capture) fn glance_key(link: Link, bytes: &[u8]) -> Option<FlowKey> {
    let (head, packet) = ethernet(link, bytes)?;
    let (key, _) = match ethertype(head) {
        IS_IPV4 => {
            let (ip, rest) = packet.split_first_chunk::<IPV4>()?;
            let protocol = protocol(ip[9]).filter(|_| is_plain_v4(ip))?;
            FlowKey::of_v4(v4(ip), ports(rest)?, protocol, 0)
        }
        IS_IPV6 => {
            let (ip, rest) = packet.split_first_chunk::<IPV6>()?;
            let protocol = protocol(ip[6]).filter(|_| ip[0] >> 4 == 6)?;
            FlowKey::of_v6(v6(ip), ports(rest)?, protocol, 0)
        }
        _ => return None,
    };
    Some(key)
}

#[inline]
fn ethernet(link: Link, bytes: &[u8]) -> Option<(&[u8; ETHER], &[u8])> {
    if matches!(link, Link::Ethernet) { bytes.split_first_chunk() } else { None }
}

#[inline]
fn ethertype(head: &[u8; ETHER]) -> u16 {
    u16::from_be_bytes([head[12], head[13]])
}

#[inline]
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

/// The addresses of both ends.
#[inline]
fn v4(ip: &[u8; IPV4]) -> [Ipv4Addr; 2] {
    let both = u64::from_be_bytes([ip[12], ip[13], ip[14], ip[15], ip[16], ip[17], ip[18], ip[19]]);
    [(both >> 32) as u32, both as u32].map(Ipv4Addr::from_bits)
}

#[inline]
fn v6(ip: &[u8; IPV6]) -> [Ipv6Addr; 2] {
    let (mut src, mut dst) = ([0; 16], [0; 16]);
    src.copy_from_slice(&ip[8..24]);
    dst.copy_from_slice(&ip[24..40]);
    [src.into(), dst.into()]
}

/// The ports of both ends, with which the header behind that of IP begins.
#[inline]
fn ports(part: &[u8]) -> Option<u32> {
    part.first_chunk().copied().map(u32::from_be_bytes)
}
