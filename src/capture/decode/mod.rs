//! Frame in, record out.
//!
//! One downhill walk: `link` finds the network header, `ipv4` or `ipv6` its payload, and `tcp`,
//! `udp`, `icmp` or `arp` read the rest. Each takes the octets that the layer below left it and
//! either goes on or says why not with a [`Skip`]. Nothing here allocates, and no octets make it
//! panic: fixed headers are read as arrays, whose constant indices the compiler checks, and all
//! else through `get` and slice patterns.
//!
//! Lengths are the headers' own. What stands behind them is padding; what they promise and the
//! capture lacks was cut by the snap length, and is told as `truncated`.

mod arp;
mod checksum;
mod icmp;
mod ipv4;
mod ipv6;
mod link;
mod tcp;
mod udp;

use super::frame::Frame;
use super::record::{Body, Checksum, Checksums, Ip, Record, Skip};
use checksum::Sum;
use link::Network;

/// Protocol numbers by IANA.
mod proto {
    pub(super) const HOP_BY_HOP: u8 = 0;
    pub(super) const ICMP: u8 = 1;
    pub(super) const TCP: u8 = 6;
    pub(super) const UDP: u8 = 17;
    pub(super) const ROUTING: u8 = 43;
    pub(super) const FRAGMENT: u8 = 44;
    pub(super) const AUTHENTICATION: u8 = 51;
    pub(super) const ICMPV6: u8 = 58;
    pub(super) const NO_NEXT_HEADER: u8 = 59;
    pub(super) const DESTINATION: u8 = 60;
    pub(super) const UDP_LITE: u8 = 136;
    pub(super) const SCTP: u8 = 132;
    pub(super) const DCCP: u8 = 33;
}

/// Reads a frame. Total: whatever the octets are, there is a record.
pub fn decode(frame: &Frame<'_>, checksums: Checksums) -> Record {
    let link = link::read(frame.link, frame.bytes);
    let packet = frame.bytes.get(link.len..).unwrap_or_default();
    // Some writers give a length on the wire below what they captured.
    let on_wire = frame.bytes.len().max(frame.wire_len as usize).saturating_sub(link.len);

    let (ip, body) = match link.network {
        Network::Ip(layer) => match packet.first().map(|first| first >> 4) {
            Some(4) => onward(ipv4::read(packet, on_wire, checksums), checksums),
            Some(6) => onward(ipv6::read(packet, on_wire, checksums), checksums),
            Some(_) => (None, Body::Skip(Skip::Malformed(layer))),
            None => (None, Body::Skip(Skip::Truncated(layer))),
        },
        Network::Arp => (None, arp::read(packet).map_or_else(Body::Skip, Body::Arp)),
        Network::Other(skip) => (None, Body::Skip(skip)),
    };
    Record {
        time: frame.time,
        wire_len: frame.wire_len,
        cap_len: frame.bytes.len() as u32,
        link: frame.link,
        net_offset: u16::try_from(link.len).unwrap_or(u16::MAX),
        interface: frame.interface,
        ether: link.ether,
        vlans: link.vlans,
        ip,
        body,
    }
}

/// What a network layer makes of its octets: no header, a header alone, or both header and
/// payload.
type Ipv<'a> = Result<(Ip, Result<Part<'a>, Skip>), Skip>;

fn onward(network: Ipv<'_>, checksums: Checksums) -> (Option<Ip>, Body) {
    match network {
        Ok((ip, Ok(part))) => (Some(ip), transport(&ip, &part, checksums)),
        Ok((ip, Err(skip))) => (Some(ip), Body::Skip(skip)),
        Err(skip) => (None, Body::Skip(skip)),
    }
}

fn transport(ip: &Ip, part: &Part<'_>, checksums: Checksums) -> Body {
    match (ip.proto, ip.version()) {
        (proto::TCP, _) => tcp::read(part, checksums).map_or_else(Body::Skip, Body::Tcp),
        (proto::UDP, version) => udp::read(part, version, checksums).map_or_else(Body::Skip, Body::Udp),
        (proto::ICMP, 4) => icmp::read_v4(part, checksums).map_or_else(Body::Skip, Body::Icmp),
        (proto::ICMPV6, 6) => icmp::read_v6(part, checksums).map_or_else(Body::Skip, Body::Icmp),
        (other, _) => Body::Skip(Skip::Proto(other)),
    }
}

/// What the network layer leaves to the transport.
#[derive(Clone, Copy, Debug)]
struct Part<'a> {
    /// The captured octets, without what follows the packet's own end.
    bytes: &'a [u8],
    /// How many there are by the IP header; more than `bytes` where the capture was cut.
    len: u32,
    /// Where they begin, in octets from the start of the IP packet.
    offset: u16,
    /// The sum of the addresses in the pseudo-header; `None` where the final destination is not
    /// known, or nobody asked.
    addresses: Option<Sum>,
}

impl Part<'_> {
    /// Whether octets are missing that the IP header speaks of.
    fn is_cut(&self) -> bool {
        self.bytes.len() < self.len as usize
    }

    /// Verifies the checksum over the first `len` octets and the pseudo-header of `proto`.
    fn verify(&self, proto: u8, len: u32) -> Checksum {
        match (self.addresses, self.bytes.get(..len as usize)) {
            (Some(addresses), Some(octets)) => addresses.upper(proto, len).octets(octets).verdict(),
            _ => Checksum::Unverified,
        }
    }
}

#[cfg(test)]
mod tests;
