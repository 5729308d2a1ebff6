//! Frame in, record out.
//!
//! One downhill walk: `link` finds the network header, `ipv4` or `ipv6` its payload, and `tcp`,
//! `udp`, `icmp` or `arp` read the rest. Each takes the octets that the layer below left it,
//! writes what it reads into its part of the record, and goes on or says why not with a [`Skip`].
//! Nothing here allocates, and no octets make it panic: fixed headers are read as arrays, whose
//! constant indices the compiler checks, and all else through `get` and slice patterns.
//!
//! Lengths are the headers' own. What stands behind them is padding; what they promise and the
//! capture lacks was cut by the snap length, and is told as `truncated`.

mod arp;
mod checksum;
mod glance;
mod icmp;
mod ipv4;
mod ipv6;
mod lan;
mod link;
mod tcp;
mod udp;

use super::frame::Frame;
use super::record::{Body, Checksum, Checksums, Layer, Record, Skip};
use crate::wire::Vlans;
use checksum::Sum;
pub(super) use glance::{glance, glance_key};
use link::Network;

/// Protocol numbers by IANA.
mod proto {
    pub(super) const HOP_BY_HOP: u8 = 0;
    pub(super) const ICMP: u8 = 1;
    pub(super) const TCP: u8 = 6;
    pub(super) const UDP: u8 = 17;
    pub(super) const DCCP: u8 = 33;
    pub(super) const ROUTING: u8 = 43;
    pub(super) const FRAGMENT: u8 = 44;
    pub(super) const AUTHENTICATION: u8 = 51;
    pub(super) const ICMPV6: u8 = 58;
    pub(super) const DESTINATION: u8 = 60;
    pub(super) const SCTP: u8 = 132;
    pub(super) const UDP_LITE: u8 = 136;
}

/// Reads a frame. Total: whatever the octets are, there is a record.
pub fn decode(frame: &Frame<'_>, checksums: Checksums) -> Record {
    let mut record = Record::default();
    decode_into(frame, checksums, &mut record);
    record
}

/// Reads a frame into a record that may have held another, which saves moving it.
pub fn decode_into(frame: &Frame<'_>, checksums: Checksums, record: &mut Record) {
    record.time = frame.time;
    record.wire_len = frame.wire_len;
    record.cap_len = frame.bytes.len() as u32;
    record.link = frame.link;
    record.net_offset = 0;
    record.interface = frame.interface;
    record.ether = None;
    record.vlans = Vlans::default();
    record.ip = None;
    record.fragments = None;
    if let Err(skip) = walk(frame, checksums, record) {
        record.body = Body::Skip(skip);
    }
    if frame.aside.unfinished && checksums == Checksums::Verify {
        leave_unfinished(&mut record.body);
    }
}

/// Takes the word of the capturing host for a checksum that it has left to its network card.
fn leave_unfinished(body: &mut Body) {
    match body {
        Body::Tcp(tcp) => tcp.checksum_ok = Checksum::Unfinished,
        Body::Udp(udp) => udp.checksum_ok = Checksum::Unfinished,
        Body::Icmp(_) | Body::Arp(_) | Body::Skip(_) => {}
    }
}

/// Goes down through the layers, filling in the record on the way.
fn walk(frame: &Frame<'_>, checksums: Checksums, record: &mut Record) -> Result<(), Skip> {
    let (link_len, network) = link::read(frame.link, frame.bytes, record)?;
    record.net_offset = u16::try_from(link_len).map_err(|_| Skip::Malformed(Layer::Link))?;
    let rest = frame.bytes.get(link_len..).unwrap_or_default();
    match network {
        Network::Ip(announced) => {
            // Some writers give a length on the wire below what they captured.
            let on_wire = frame.bytes.len().max(frame.wire_len as usize).saturating_sub(link_len);
            packet(rest, on_wire, announced, checksums, record)
        }
        Network::Arp => {
            record.body = Body::Arp(arp::read(rest)?);
            Ok(())
        }
    }
}

/// Reads an IP packet that took `on_wire` octets. Its own version decides, whatever was
/// `announced`: headers are rewritten, tunnels are mixed, and what is inside can still be told.
#[inline]
fn packet(
    packet: &[u8],
    on_wire: usize,
    announced: Layer,
    checksums: Checksums,
    record: &mut Record,
) -> Result<(), Skip> {
    match packet.first().map(|first| first >> 4) {
        Some(4) => {
            let part = ipv4::read(packet, on_wire, checksums, &mut record.ip)?;
            match part.proto {
                proto::TCP => tcp::read(&part, checksums, &mut record.body),
                proto::UDP => udp::read(&part, 4, checksums, &mut record.body),
                proto::ICMP => icmp::read_v4(&part, checksums, &mut record.body),
                other => Err(Skip::Proto(other)),
            }
        }
        Some(6) => {
            let part = ipv6::read(packet, on_wire, checksums, &mut record.ip)?;
            match part.proto {
                proto::TCP => tcp::read(&part, checksums, &mut record.body),
                proto::UDP => udp::read(&part, 6, checksums, &mut record.body),
                proto::ICMPV6 => icmp::read_v6(&part, checksums, &mut record.body),
                other => Err(Skip::Proto(other)),
            }
        }
        Some(_) => Err(Skip::Malformed(announced)),
        None => Err(Skip::Truncated(announced)),
    }
}

/// What the network layer leaves to the transport.
#[derive(Clone, Copy, Debug)]
struct Part<'a> {
    /// The transport's protocol number.
    proto: u8,
    /// Where it begins, in octets from the start of the IP packet.
    offset: u16,
    /// How many octets there are by the IP header; more than `bytes` where the capture was cut.
    len: u32,
    /// The captured octets, without what follows the packet's own end.
    bytes: &'a [u8],
    /// The sum of the addresses in the pseudo-header; `None` where the final destination is not
    /// known, or nobody asked.
    addresses: Option<Sum>,
}

impl Part<'_> {
    /// Whether octets are missing that the IP header speaks of.
    fn is_cut(&self) -> bool {
        self.bytes.len() < self.len as usize
    }

    /// Why a header of at least `octets` octets can't be read: the packet ends, or the capture.
    fn too_short(&self, octets: u32, layer: Layer) -> Skip {
        if self.len < octets { Skip::Malformed(layer) } else { Skip::Truncated(layer) }
    }

    /// Verifies `checksum`, which stands in the first `len` octets, over those and the pseudo-header. Kept out of the
    /// way of those who don't ask.
    #[inline(never)]
    fn verify(&self, len: u32, checksum: u16) -> Checksum {
        let (Some(addresses), Some(octets)) = (self.addresses, self.bytes.get(..len as usize)) else {
            return Checksum::Unverified;
        };
        let pseudo = addresses.upper(self.proto, len);
        match pseudo.octets(octets).verdict() {
            Checksum::Bad if pseudo.is_all_of(checksum) => Checksum::Unfinished,
            verdict => verdict,
        }
    }
}

#[cfg(test)]
mod tests;
