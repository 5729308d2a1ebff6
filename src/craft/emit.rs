//! A segment in words, out as octets.
//!
//! A [`Spec`] describes the usual packet, one transport in one IP header; what is more, or more
//! unusual, is a [`Packet`](super::Packet). Both are right unless a field is asked to be wrong.

use std::net::IpAddr;

pub use super::packet::{EmitError, Field};

use super::packet::{self, Ethernet, Icmp, Ipv4, Ipv6, Layer, Tcp, Udp, Vlan};
use crate::wire::{Endpoint, OptionList, Segment, Vlans};

/// One packet, described.
#[derive(Clone, Copy, Debug)]
pub struct Spec<'a> {
    /// What the frame begins with.
    pub link: Link,
    /// What the IP header says beside the addresses.
    pub ip: Ip,
    /// Sender.
    pub from: Endpoint,
    /// Receiver; an address of the same family.
    pub to: Endpoint,
    /// The header after IP's.
    pub transport: Transport<'a>,
    /// The transport's checksum.
    pub checksum: Field<u16>,
    /// What follows the transport header.
    pub payload: &'a [u8],
}

impl<'a> Spec<'a> {
    /// A TCP segment without payload in an IP packet, right in everything.
    pub fn tcp(from: Endpoint, to: Endpoint, segment: &'a Segment, options: &'a OptionList) -> Self {
        Self {
            link: Link::Raw,
            ip: Ip::default(),
            from,
            to,
            transport: Transport::Tcp { segment, options, data_offset: Field::Right },
            checksum: Field::Right,
            payload: &[],
        }
    }
}

/// What a crafted frame begins with.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Link {
    /// The IP header at once.
    #[default]
    Raw,
    /// An Ethernet header, with as many VLAN tags as wanted.
    Ethernet {
        /// Sender.
        src: [u8; 6],
        /// Receiver.
        dst: [u8; 6],
        /// VLAN ids, outermost first; all tags are 802.1Q's 0x8100.
        vlans: Vlans,
    },
}

/// The fields of an IP header that are a sender's choice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ip {
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// DSCP (upper six bits) and ECN (lower two).
    pub tos: u8,
    /// Identification (IPv4 only).
    pub id: u16,
    /// Don't fragment (IPv4 only).
    pub df: bool,
    /// IPv4 total length, IPv6 payload length.
    pub len: Field<u16>,
    /// Header checksum (IPv4 only).
    pub checksum: Field<u16>,
}

impl Default for Ip {
    fn default() -> Self {
        Self { ttl: 64, tos: 0, id: 0, df: true, len: Field::Right, checksum: Field::Right }
    }
}

/// The header after IP's.
#[derive(Clone, Copy, Debug)]
pub enum Transport<'a> {
    /// TCP. The segment's `len` and `options` are not read: the payload and the list say.
    Tcp {
        /// Numbers, flags and window.
        segment: &'a Segment,
        /// The options, padded with end-of-list to a whole word.
        options: &'a OptionList,
        /// Length of the header in words of four octets, 0 to 15.
        data_offset: Field<u8>,
    },
    /// UDP.
    Udp {
        /// Octets of header and data.
        len: Field<u16>,
    },
    /// ICMP over IPv4, ICMPv6 over IPv6. The ports of the endpoints are not read.
    Icmp {
        /// Message type.
        kind: u8,
        /// Code within the type.
        code: u8,
        /// The second word: identifier and number of an echo, the MTU of a "too big", or 0.
        word: u32,
    },
}

/// Appends the packet to `out`.
///
/// # Errors
///
/// When the packet cannot be built; `out` is then as it was.
pub fn emit(spec: &Spec<'_>, out: &mut Vec<u8>) -> Result<(), EmitError> {
    let mut layers = Vec::with_capacity(4);
    if let Link::Ethernet { src, dst, vlans } = spec.link {
        layers.push(Ethernet::new(src, dst).into());
        layers.extend(vlans.ids().iter().map(|id| Layer::from(Vlan::new(*id))));
    }
    layers.push(spec.ip_header()?);
    layers.push(spec.transport_header());
    packet::write(&layers, spec.payload, out)
}

impl Spec<'_> {
    fn ip_header(&self) -> Result<Layer, EmitError> {
        let Ip { ttl, tos, id, df, len, checksum } = self.ip;
        match (self.from.addr, self.to.addr) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                Ok(Ipv4 { ttl, tos, id, df, total_len: len, checksum, ..Ipv4::new(src, dst) }.into())
            }
            (IpAddr::V6(src), IpAddr::V6(dst)) => {
                Ok(Ipv6 { traffic_class: tos, hop_limit: ttl, payload_len: len, ..Ipv6::new(src, dst) }.into())
            }
            (from, to) => Err(EmitError::Families { from, to }),
        }
    }

    fn transport_header(&self) -> Layer {
        let (src_port, dst_port, checksum) = (self.from.port, self.to.port, self.checksum);
        match self.transport {
            Transport::Tcp { segment, options, data_offset } => {
                Tcp { data_offset, checksum, ..Tcp::of(src_port, dst_port, segment, *options) }.into()
            }
            Transport::Udp { len } => Udp { src_port, dst_port, len, checksum }.into(),
            Transport::Icmp { kind, code, word } => Icmp { kind, code, word, checksum }.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use etherparse::{Ipv4Header, SlicedPacket, TransportSlice};

    use super::*;

    fn at(text: &str) -> Endpoint {
        let addr: std::net::SocketAddr = text.parse().expect("an address");
        Endpoint { addr: addr.ip(), port: addr.port() }
    }

    fn built(change: impl FnOnce(&mut Spec<'_>)) -> Vec<u8> {
        let written: crate::wire::notation::Written = "S 7:7(0) win 512 <mss 1460,nop>".parse().expect("valid");
        let mut spec = Spec {
            link: Link::Raw,
            ip: Ip::default(),
            from: at("10.0.0.1:40000"),
            to: at("10.0.0.2:80"),
            transport: Transport::Tcp {
                segment: &written.segment,
                options: &written.options,
                data_offset: Field::Right,
            },
            checksum: Field::Right,
            payload: b"hello",
        };
        change(&mut spec);
        let mut out = Vec::new();
        emit(&spec, &mut out).expect("can be built");
        out
    }

    /// The right transport checksum of an IP packet, by etherparse's own sums.
    fn sums(packet: &[u8]) -> (u16, u16) {
        let sliced = SlicedPacket::from_ip(packet).expect("a whole packet");
        let (Some(net), Some(TransportSlice::Tcp(tcp))) = (&sliced.net, &sliced.transport) else {
            panic!("not TCP");
        };
        let right = match net {
            etherparse::NetSlice::Ipv4(ip) => {
                tcp.to_header().calc_checksum_ipv4(&ip.header().to_header(), tcp.payload()).expect("short")
            }
            etherparse::NetSlice::Ipv6(ip) => {
                tcp.to_header().calc_checksum_ipv6(&ip.header().to_header(), tcp.payload()).expect("short")
            }
            etherparse::NetSlice::Arp(_) => panic!("not IP"),
        };
        (tcp.checksum(), right)
    }

    #[test]
    fn what_is_not_asked_to_be_wrong_is_right() {
        for packet in [
            built(|_| ()),
            built(|spec| (spec.from, spec.to) = (at("[2001:db8::1]:40000"), at("[2001:db8::2]:80"))),
            built(|spec| spec.payload = b"odd"),
        ] {
            let (sent, right) = sums(&packet);
            assert_eq!(sent, right);
        }
        let header = Ipv4Header::from_slice(&built(|_| ())).expect("a header").0;
        assert_eq!(header.header_checksum, header.calc_header_checksum());
    }

    #[test]
    fn a_wrong_field_is_the_only_fault() {
        let (sent, right) = sums(&built(|spec| spec.checksum = Field::Wrong(0xdead)));
        assert_eq!(sent, 0xdead);
        assert_ne!(sent, right);

        let short = built(|spec| spec.ip.len = Field::Wrong(21));
        let header = Ipv4Header::from_slice(&short).expect("a header").0;
        assert_eq!((header.total_len, header.header_checksum), (21, header.calc_header_checksum()));

        let offset = built(|spec| {
            if let Transport::Tcp { data_offset, .. } = &mut spec.transport {
                *data_offset = Field::Wrong(3);
            }
        });
        assert_eq!(offset[32] >> 4, 3);
    }

    #[test]
    fn vlan_tags_stand_outermost_first() {
        let mut vlans = Vlans::default();
        vlans.push(100);
        vlans.push(7);
        let frame = built(|spec| spec.link = Link::Ethernet { src: [2; 6], dst: [4; 6], vlans });
        assert_eq!(&frame[12..22], [0x81, 0, 0, 100, 0x81, 0, 0, 7, 8, 0]);
    }

    #[test]
    fn families_do_not_mix_and_a_packet_ends_at_65535() {
        let spec = Spec {
            link: Link::Raw,
            ip: Ip::default(),
            from: at("10.0.0.1:1"),
            to: at("[::1]:2"),
            transport: Transport::Udp { len: Field::Right },
            checksum: Field::Right,
            payload: &[],
        };
        let mut out = vec![1];
        assert!(matches!(emit(&spec, &mut out), Err(EmitError::Families { .. })));
        let long = vec![0; 65_536];
        let spec = Spec { to: at("10.0.0.2:2"), payload: &long, ..spec };
        assert!(matches!(emit(&spec, &mut out), Err(EmitError::TooLong { .. })));
        assert_eq!(out, [1]);
    }
}
