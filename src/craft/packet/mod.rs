//! A packet as a pile of headers, written down in the order of the wire.
//!
//! Layers are piled with `/`. Each is a struct whose fields may be set one by one; what follows
//! from the layers around it (lengths, checksums, the number of the next protocol) is a [`Field`]
//! that is right unless it is asked to be wrong. What depends on a wrong field is then right *for
//! it*, so that a packet has exactly the faults it was given.
//!
//! ```
//! use synfin::craft::{Ethernet, Field, Ipv4, Tcp, Vlan};
//! use synfin::wire::{Flags, Seq};
//!
//! let (ours, theirs) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
//! let syn = Ethernet::new(ours, theirs)
//!     / Vlan::new(100)
//!     / Ipv4 { ttl: 3, ..Ipv4::new([10, 0, 0, 1].into(), [10, 0, 0, 2].into()) }
//!     / Tcp { seq: Seq(4711), options: "mss 1460,sackOK".parse()?, ..Tcp::new(40_000, 80, Flags::SYN) };
//! assert_eq!(syn.build()?.len(), 14 + 4 + 20 + 28);
//!
//! let broken = Ipv4::new([10, 0, 0, 1].into(), [10, 0, 0, 2].into())
//!     / Tcp { checksum: Field::Wrong(0xdead), ..Tcp::new(40_000, 80, Flags::ACK) }
//!     / "hello";
//! assert_eq!(broken.build()?[36..38], [0xde, 0xad]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The pile may be any: IP within IP, an ICMP error that quotes another packet ([`quote`]), a
//! payload of its own protocol, no transport at all.

mod fragment;
mod icmp;
pub(super) mod ipv4;
mod ipv6;
mod link;
pub(super) mod sum;
mod tcp;
#[cfg(test)]
mod tests;
mod udp;

use std::net::IpAddr;
use std::ops::Div;

pub use fragment::{FragmentError, fragment};
pub use icmp::{Icmp, quote};
pub use ipv4::Ipv4;
pub use ipv6::{Extension, Fragment, Ipv6};
pub use link::{Arp, Ethernet, Vlan};
pub use tcp::Tcp;
pub use udp::Udp;

use sum::Sum;

/// Numbers of protocols, by IANA.
pub(super) mod proto {
    pub(in crate::craft) const HOP_BY_HOP: u8 = 0;
    pub(in crate::craft) const ICMP: u8 = 1;
    pub(in crate::craft) const IPV4: u8 = 4;
    pub(in crate::craft) const TCP: u8 = 6;
    pub(in crate::craft) const UDP: u8 = 17;
    pub(in crate::craft) const IPV6: u8 = 41;
    pub(in crate::craft) const ROUTING: u8 = 43;
    pub(in crate::craft) const FRAGMENT: u8 = 44;
    pub(in crate::craft) const ICMPV6: u8 = 58;
    pub(in crate::craft) const NO_NEXT: u8 = 59;
    pub(in crate::craft) const DESTINATION: u8 = 60;
}

/// The value of a header field.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Field<T> {
    /// As the standard has it, computed.
    #[default]
    Right,
    /// This, whatever would be right.
    Wrong(T),
}

impl<T> Field<T> {
    /// The value to send, given the right one.
    pub fn or(self, right: T) -> T {
        match self {
            Self::Right => right,
            Self::Wrong(value) => value,
        }
    }
}

/// Why a packet cannot be built, not even wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EmitError {
    /// One address is IPv4, the other IPv6.
    #[error("{from} and {to} are addresses of different families")]
    Families {
        /// Sender.
        from: IpAddr,
        /// Receiver.
        to: IpAddr,
    },
    /// A header would have to say a length that it cannot say.
    #[error("{octets} octets do not fit in {header}, which ends at {most}")]
    TooLong {
        /// The header.
        header: &'static str,
        /// How long it would be.
        octets: usize,
        /// How long it can be.
        most: usize,
    },
}

/// One header of a packet, or what follows the last.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Layer {
    /// An Ethernet header.
    Ethernet(Ethernet),
    /// A VLAN tag.
    Vlan(Vlan),
    /// An ARP packet.
    Arp(Arp),
    /// An IPv4 header.
    Ipv4(Ipv4),
    /// An IPv6 header.
    Ipv6(Ipv6),
    /// An extension header of IPv6.
    Extension(Extension),
    /// The fragment header of IPv6.
    Fragment(Fragment),
    /// A TCP header.
    Tcp(Tcp),
    /// A UDP header.
    Udp(Udp),
    /// An ICMP or ICMPv6 header: which, the IP header before it says.
    Icmp(Icmp),
    /// Octets as they are.
    Payload(Vec<u8>),
}

/// A packet, layer by layer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Packet {
    /// The layers, outermost first.
    pub layers: Vec<Layer>,
}

impl Packet {
    /// The octets of the packet.
    ///
    /// # Errors
    ///
    /// When a length does not fit in its field and was not asked to be wrong.
    pub fn build(&self) -> Result<Vec<u8>, EmitError> {
        let mut out = Vec::with_capacity(self.layers.iter().map(Layer::len).sum());
        write(&self.layers, &[], &mut out)?;
        Ok(out)
    }
}

/// Appends the octets of `layers`, and of `payload` behind them, to `out`; on an error `out` is as
/// it was.
pub(super) fn write(layers: &[Layer], payload: &[u8], out: &mut Vec<u8>) -> Result<(), EmitError> {
    let before = out.len();
    let done = put_all(layers, payload, out);
    if done.is_err() {
        out.truncate(before);
    }
    done
}

fn put_all(layers: &[Layer], payload: &[u8], out: &mut Vec<u8>) -> Result<(), EmitError> {
    for (at, layer) in layers.iter().enumerate() {
        layer.put(layers.get(at + 1), out)?;
    }
    let mut start = out.len();
    out.extend_from_slice(payload);
    // Innermost first: a checksum covers the finished octets behind it.
    for (at, layer) in layers.iter().enumerate().rev() {
        start -= layer.len();
        layer.finish(&layers[..at], &mut out[start..])?;
    }
    Ok(())
}

impl Layer {
    /// Appends the header, with zeros for lengths and checksums.
    fn put(&self, next: Option<&Self>, out: &mut Vec<u8>) -> Result<(), EmitError> {
        match self {
            Self::Ethernet(header) => header.put(next, out),
            Self::Vlan(tag) => tag.put(next, out),
            Self::Arp(packet) => packet.put(out),
            Self::Ipv4(header) => return header.put(next, out),
            Self::Ipv6(header) => header.put(next, out),
            Self::Extension(header) => return header.put(next, out),
            Self::Fragment(header) => header.put(next, out),
            Self::Tcp(header) => header.put(out),
            Self::Udp(header) => header.put(out),
            Self::Icmp(header) => header.put(out),
            Self::Payload(octets) => out.extend_from_slice(octets),
        }
        Ok(())
    }

    /// Fills in what follows from the octets behind: `octets` begins with this header and ends with
    /// the packet.
    fn finish(&self, before: &[Self], octets: &mut [u8]) -> Result<(), EmitError> {
        match self {
            Self::Ipv4(header) => header.finish(octets),
            Self::Ipv6(header) => header.finish(octets),
            Self::Udp(header) => header.finish(pseudo_header(before, proto::UDP, octets.len()), octets),
            Self::Tcp(header) => {
                header.finish(pseudo_header(before, proto::TCP, octets.len()), octets);
                Ok(())
            }
            Self::Icmp(header) => {
                let in_v6 = before.iter().rev().find_map(Self::is_ip) == Some(true);
                let len = octets.len();
                let sum = if in_v6 { pseudo_header(before, proto::ICMPV6, len) } else { Sum::default() };
                header.finish(sum, octets);
                Ok(())
            }
            Self::Ethernet(_)
            | Self::Vlan(_)
            | Self::Arp(_)
            | Self::Extension(_)
            | Self::Fragment(_)
            | Self::Payload(_) => Ok(()),
        }
    }

    /// Octets of the header.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Ethernet(_) => 14,
            Self::Vlan(_) => 4,
            Self::Arp(_) => 28,
            Self::Ipv4(header) => header.len(),
            Self::Ipv6(_) => 40,
            Self::Extension(header) => header.len(),
            Self::Tcp(header) => header.len(),
            Self::Fragment(_) | Self::Udp(_) | Self::Icmp(_) => 8,
            Self::Payload(octets) => octets.len(),
        }
    }

    /// The ethertype that announces this layer; for octets of no known kind, that of IEEE's local
    /// experiments.
    fn ethertype(&self) -> u16 {
        match self {
            Self::Vlan(tag) => tag.tpid,
            Self::Arp(_) => 0x0806,
            Self::Ipv4(_) => 0x0800,
            Self::Ipv6(_) => 0x86dd,
            Self::Ethernet(_)
            | Self::Extension(_)
            | Self::Fragment(_)
            | Self::Tcp(_)
            | Self::Udp(_)
            | Self::Icmp(_)
            | Self::Payload(_) => 0x88b5,
        }
    }

    /// The protocol number that announces this layer in a header of IPv4 or IPv6.
    fn protocol(&self, in_v6: bool) -> u8 {
        match self {
            Self::Ipv4(_) => proto::IPV4,
            Self::Ipv6(_) => proto::IPV6,
            Self::Extension(header) => header.kind,
            Self::Fragment(_) => proto::FRAGMENT,
            Self::Tcp(_) => proto::TCP,
            Self::Udp(_) => proto::UDP,
            Self::Icmp(_) if in_v6 => proto::ICMPV6,
            Self::Icmp(_) => proto::ICMP,
            Self::Ethernet(_) | Self::Vlan(_) | Self::Arp(_) | Self::Payload(_) => 253,
        }
    }

    /// Whether this is an IP header, and of IPv6.
    fn is_ip(&self) -> Option<bool> {
        match self {
            Self::Ipv4(_) => Some(false),
            Self::Ipv6(_) => Some(true),
            _ => None,
        }
    }
}

/// The sum over the pseudo header of a transport behind `before` (RFC 9293 §3.1, RFC 8200 §8.1).
fn pseudo_header(before: &[Layer], protocol: u8, len: usize) -> Sum {
    let mut last_hop = None;
    for layer in before.iter().rev() {
        match layer {
            Layer::Ipv4(header) => return header.pseudo_header().upper(protocol, len),
            Layer::Ipv6(header) => {
                return Sum::default()
                    .octets(&header.src.octets())
                    .octets(&last_hop.unwrap_or(header.dst).octets())
                    .upper(protocol, len);
            }
            Layer::Extension(header) => last_hop = header.last_hop().or(last_hop),
            _ => {}
        }
    }
    Sum::default()
}

impl<L: Into<Layer>> From<L> for Packet {
    fn from(layer: L) -> Self {
        let mut layers = Vec::with_capacity(4);
        layers.push(layer.into());
        Self { layers }
    }
}

impl<L: Into<Layer>> Div<L> for Packet {
    type Output = Self;

    fn div(mut self, layer: L) -> Self {
        self.layers.push(layer.into());
        self
    }
}

macro_rules! layers {
    ($($layer:ident),*) => {$(
        impl From<$layer> for Layer {
            fn from(layer: $layer) -> Self {
                Self::$layer(layer)
            }
        }

        impl<L: Into<Layer>> Div<L> for $layer {
            type Output = Packet;

            fn div(self, layer: L) -> Packet {
                Packet::from(self) / layer
            }
        }
    )*};
}

layers!(Ethernet, Vlan, Arp, Ipv4, Ipv6, Extension, Fragment, Tcp, Udp, Icmp);

impl From<Vec<u8>> for Layer {
    fn from(octets: Vec<u8>) -> Self {
        Self::Payload(octets)
    }
}

impl From<&[u8]> for Layer {
    fn from(octets: &[u8]) -> Self {
        Self::Payload(octets.to_vec())
    }
}

impl From<&str> for Layer {
    fn from(text: &str) -> Self {
        Self::Payload(text.as_bytes().to_vec())
    }
}
