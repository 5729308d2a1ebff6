//! A segment in words, out as octets: the door of etherparse, outwards.
//!
//! Everything is right unless a field is asked to be wrong; what depends on a wrong field is
//! then right *for it* (a header checksum covers the wrong length it stands beside), so that a
//! packet has exactly the faults it was given.

use std::net::IpAddr;

use etherparse::checksum::Sum16BitWords;
use etherparse::{
    EtherType, Ethernet2Header, IpDscp, IpEcn, IpNumber, Ipv4Header, Ipv6FlowLabel, Ipv6Header, SingleVlanHeader,
    VlanId, VlanPcp,
};

use crate::wire::{Endpoint, OptionList, Segment, Vlans};

/// The twelve bits beside the data offset, reserved ones included.
const FLAG_BITS: u16 = 0x0fff;

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

/// Why a packet cannot be built, not even wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EmitError {
    /// One address is IPv4, the other IPv6.
    #[error("{from} and {to} are addresses of different families")]
    Families {
        /// Sender.
        from: Endpoint,
        /// Receiver.
        to: Endpoint,
    },
    /// The packet would be longer than an IP header can say.
    #[error("{octets} octets do not fit in an IP packet, which ends at 65535")]
    TooLong {
        /// How long it would be.
        octets: usize,
    },
}

/// Appends the packet to `out`.
///
/// # Errors
///
/// When the packet cannot be built; `out` is then as it was.
pub fn emit(spec: &Spec<'_>, out: &mut Vec<u8>) -> Result<(), EmitError> {
    let mut transport = spec.transport.header(spec.from.port, spec.to.port, spec.payload.len());
    let len = transport.len() + spec.payload.len();
    if len > usize::from(u16::MAX) - Ipv4Header::MIN_LEN {
        return Err(EmitError::TooLong { octets: len });
    }
    let ip = spec.ip.header(spec, len as u16)?;
    let at = spec.transport.checksum_at();
    let sum = spec.checksum.or(spec.right_checksum(&transport, len as u16));
    transport[at..at + 2].copy_from_slice(&sum.to_be_bytes());

    spec.link.write(spec.from.addr, out);
    out.extend(ip);
    out.extend(transport);
    out.extend(spec.payload);
    Ok(())
}

impl Spec<'_> {
    /// The sum over pseudo header (RFC 9293 §3.1, RFC 8200 §8.1), transport header and payload.
    fn right_checksum(&self, transport: &[u8], len: u16) -> u16 {
        let mut sum = Sum16BitWords::new().add_slice(transport).add_slice(self.payload);
        let plain_icmp = matches!((self.transport, self.from.addr), (Transport::Icmp { .. }, IpAddr::V4(_)));
        if !plain_icmp {
            sum = match (self.from.addr, self.to.addr) {
                (IpAddr::V4(from), IpAddr::V4(to)) => sum.add_4bytes(from.octets()).add_4bytes(to.octets()),
                (from, to) => sum.add_16bytes(octets16(from)).add_16bytes(octets16(to)),
            };
            sum = sum.add_2bytes(u16::from(self.protocol().0).to_be_bytes()).add_2bytes(len.to_be_bytes());
        }
        match self.transport {
            // A UDP checksum of 0 means that there is none (RFC 768).
            Transport::Udp { .. } => sum.to_ones_complement_with_no_zero().to_be(),
            Transport::Tcp { .. } | Transport::Icmp { .. } => sum.ones_complement().to_be(),
        }
    }

    fn protocol(&self) -> IpNumber {
        match (self.transport, self.from.addr) {
            (Transport::Tcp { .. }, _) => IpNumber::TCP,
            (Transport::Udp { .. }, _) => IpNumber::UDP,
            (Transport::Icmp { .. }, IpAddr::V4(_)) => IpNumber::ICMP,
            (Transport::Icmp { .. }, IpAddr::V6(_)) => IpNumber::IPV6_ICMP,
        }
    }
}

impl Transport<'_> {
    /// The header with a checksum of 0.
    fn header(&self, src_port: u16, dst_port: u16, payload: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(60);
        match self {
            Self::Tcp { segment, options, data_offset } => {
                let words = data_offset.or(5 + options.octets().len().div_ceil(4) as u8);
                out.extend(src_port.to_be_bytes());
                out.extend(dst_port.to_be_bytes());
                out.extend(segment.seq.0.to_be_bytes());
                out.extend(segment.ack.0.to_be_bytes());
                out.extend((u16::from(words) << 12 | segment.flags.0 & FLAG_BITS).to_be_bytes());
                out.extend(segment.window.0.to_be_bytes());
                out.extend([0, 0]);
                out.extend(segment.urgent.to_be_bytes());
                out.extend(options.octets());
                out.resize(out.len().next_multiple_of(4), 0);
            }
            Self::Udp { len } => {
                out.extend(src_port.to_be_bytes());
                out.extend(dst_port.to_be_bytes());
                out.extend(len.or(8u16.saturating_add(payload.min(usize::from(u16::MAX)) as u16)).to_be_bytes());
                out.extend([0, 0]);
            }
            Self::Icmp { kind, code, word } => {
                out.extend([*kind, *code, 0, 0]);
                out.extend(word.to_be_bytes());
            }
        }
        out
    }

    /// Where in that header the checksum stands.
    const fn checksum_at(&self) -> usize {
        match self {
            Self::Tcp { .. } => 16,
            Self::Udp { .. } => 6,
            Self::Icmp { .. } => 2,
        }
    }
}

impl Ip {
    fn header(&self, spec: &Spec<'_>, payload: u16) -> Result<Vec<u8>, EmitError> {
        match (spec.from.addr, spec.to.addr) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let mut header = Ipv4Header {
                    dscp: IpDscp::try_new(self.tos >> 2).expect("six bits"),
                    ecn: IpEcn::try_new(self.tos & 3).expect("two bits"),
                    total_len: self.len.or(payload + Ipv4Header::MIN_LEN_U16),
                    identification: self.id,
                    dont_fragment: self.df,
                    time_to_live: self.ttl,
                    protocol: spec.protocol(),
                    source: from.octets(),
                    destination: to.octets(),
                    ..Ipv4Header::default()
                };
                header.header_checksum = self.checksum.or(header.calc_header_checksum());
                Ok(header.to_bytes().to_vec())
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                let header = Ipv6Header {
                    traffic_class: self.tos,
                    flow_label: Ipv6FlowLabel::ZERO,
                    payload_length: self.len.or(payload),
                    next_header: spec.protocol(),
                    hop_limit: self.ttl,
                    source: from.octets(),
                    destination: to.octets(),
                };
                Ok(header.to_bytes().to_vec())
            }
            _ => Err(EmitError::Families { from: spec.from, to: spec.to }),
        }
    }
}

impl Link {
    fn write(&self, family: IpAddr, out: &mut Vec<u8>) {
        let Self::Ethernet { src, dst, vlans } = self else {
            return;
        };
        let network = if family.is_ipv4() { EtherType::IPV4 } else { EtherType::IPV6 };
        let tag = EtherType::VLAN_TAGGED_FRAME;
        let first = if vlans.ids().is_empty() { network } else { tag };
        out.extend(Ethernet2Header { source: *src, destination: *dst, ether_type: first }.to_bytes());
        for (at, id) in vlans.ids().iter().enumerate() {
            let header = SingleVlanHeader {
                pcp: VlanPcp::ZERO,
                drop_eligible_indicator: false,
                vlan_id: VlanId::try_new(*id).expect("twelve bits"),
                ether_type: if at + 1 == vlans.ids().len() { network } else { tag },
            };
            out.extend(header.to_bytes());
        }
    }
}

fn octets16(addr: IpAddr) -> [u8; 16] {
    match addr {
        IpAddr::V4(addr) => addr.to_ipv6_mapped().octets(),
        IpAddr::V6(addr) => addr.octets(),
    }
}

#[cfg(test)]
mod tests {
    use etherparse::{SlicedPacket, TransportSlice};

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
