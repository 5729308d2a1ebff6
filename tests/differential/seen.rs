//! What a decoder sees in a frame, in terms that all of them have.

use std::net::IpAddr;

use etherparse::{
    Icmpv4Slice, Icmpv6Slice, LaxNetSlice, LaxSlicedPacket, NetSlice, SlicedPacket, TcpSlice, TransportSlice, UdpSlice,
};
use pnet_packet::Packet as _;
use pnet_packet::arp::ArpPacket;
use pnet_packet::ethernet::{EtherType, EtherTypes, EthernetPacket};
use pnet_packet::ip::{IpNextHeaderProtocol, IpNextHeaderProtocols};
use pnet_packet::ipv4::Ipv4Packet;
use pnet_packet::ipv6::{FragmentPacket, Ipv6Packet};
use pnet_packet::tcp::TcpPacket;
use pnet_packet::udp::UdpPacket;
use pnet_packet::vlan::VlanPacket;
use synfin::capture::{Body, Packet};

/// A frame.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Seen {
    pub(crate) vlans: Vec<u16>,
    pub(crate) net: Option<Net>,
    pub(crate) transport: Option<Transport>,
}

/// A network header.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Net {
    Ip { src: IpAddr, dst: IpAddr, proto: u8, ttl: u8, tos: u8, len: u32, v4: Option<V4> },
    Arp { op: u16, sender: ([u8; 6], [u8; 4]), target: ([u8; 6], [u8; 4]) },
}

/// What only IPv4 has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct V4 {
    pub(crate) id: u16,
    pub(crate) df: bool,
    pub(crate) mf: bool,
    pub(crate) frag_offset: u16,
    pub(crate) checksum: u16,
}

/// A transport header and its payload.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Transport {
    Tcp { ports: (u16, u16), numbers: (u32, u32), flags: u16, rest: [u16; 3], options: Vec<u8>, payload: Vec<u8> },
    Udp { ports: (u16, u16), len: u16, checksum: u16, payload: Vec<u8> },
    Icmp { version: u8, kind: u8, code: u8, checksum: u16, payload: Vec<u8> },
}

impl Seen {
    /// By `decode`.
    pub(crate) fn by_us(packet: &Packet<'_>) -> Self {
        let record = packet.record;
        let ip = record.ip.map(|ip| Net::Ip {
            src: ip.src,
            dst: ip.dst,
            proto: ip.proto,
            ttl: ip.ttl,
            tos: ip.tos,
            len: ip.len,
            v4: ip.checksum.map(|checksum| V4 {
                id: ip.id as u16,
                df: ip.df,
                mf: ip.mf,
                frag_offset: ip.frag_offset,
                checksum,
            }),
        });
        let arp = match record.body {
            Body::Arp(arp) => Some(Net::Arp {
                op: arp.op,
                sender: (arp.sender_mac, arp.sender_ip.octets()),
                target: (arp.target_mac, arp.target_ip.octets()),
            }),
            _ => None,
        };
        let payload = packet.payload().to_vec();
        let transport = match record.body {
            Body::Tcp(tcp) => Some(Transport::Tcp {
                ports: (tcp.src_port, tcp.dst_port),
                numbers: (tcp.segment.seq.0, tcp.segment.ack.0),
                flags: tcp.segment.flags.0,
                rest: [tcp.segment.window.0, tcp.checksum, tcp.segment.urgent],
                options: packet.tcp_options().to_vec(),
                payload,
            }),
            Body::Udp(udp) => Some(Transport::Udp {
                ports: (udp.src_port, udp.dst_port),
                len: udp.len,
                checksum: udp.checksum,
                payload,
            }),
            Body::Icmp(icmp) => Some(Transport::Icmp {
                version: icmp.version,
                kind: icmp.kind,
                code: icmp.code,
                checksum: icmp.checksum,
                payload,
            }),
            Body::Arp(_) | Body::Skip(_) => None,
        };
        Self { vlans: record.vlans.ids().to_vec(), net: ip.or(arp), transport }
    }

    /// By etherparse, which takes sound packets only.
    pub(crate) fn by_etherparse(sliced: &SlicedPacket<'_>) -> Self {
        let net = match &sliced.net {
            Some(NetSlice::Ipv4(v4)) => Some(etherparse_v4(&v4.header(), v4.payload_ip_number().0)),
            Some(NetSlice::Ipv6(v6)) => Some(etherparse_v6(&v6.header(), v6.payload().ip_number.0)),
            Some(NetSlice::Arp(arp)) => etherparse_arp(arp),
            None => None,
        };
        let vlans = sliced.vlan_ids().iter().map(|id| id.value()).collect();
        Self { vlans, net, transport: sliced.transport.as_ref().and_then(etherparse_transport) }
    }

    /// By etherparse, as far as it gets.
    pub(crate) fn by_lax_etherparse(sliced: &LaxSlicedPacket<'_>) -> Self {
        let net = match &sliced.net {
            Some(LaxNetSlice::Ipv4(v4)) => Some(etherparse_v4(&v4.header(), v4.payload_ip_number().0)),
            Some(LaxNetSlice::Ipv6(v6)) => Some(etherparse_v6(&v6.header(), v6.payload().ip_number.0)),
            Some(LaxNetSlice::Arp(arp)) => etherparse_arp(arp),
            None => None,
        };
        let vlans = sliced.vlan_ids().iter().map(|id| id.value()).collect();
        Self { vlans, net, transport: sliced.transport.as_ref().and_then(etherparse_transport) }
    }

    /// By pnet's views, chained.
    pub(crate) fn by_pnet(bytes: &[u8]) -> Self {
        let ethernet = EthernetPacket::new(bytes).expect("a sound frame");
        let (mut kind, mut rest) = (ethernet.get_ethertype(), ethernet.payload().to_vec());
        let mut vlans = Vec::new();
        while [EtherTypes::Vlan, EtherTypes::PBridge, EtherTypes::QinQ, EtherType(0x9100)].contains(&kind) {
            let tag = VlanPacket::new(&rest).expect("a sound tag");
            vlans.push(tag.get_vlan_identifier());
            (kind, rest) = (tag.get_ethertype(), tag.payload().to_vec());
        }
        let (net, transport) = match kind {
            EtherTypes::Ipv4 => pnet_v4(&Ipv4Packet::new(&rest).expect("a sound packet")),
            EtherTypes::Ipv6 => pnet_v6(&Ipv6Packet::new(&rest).expect("a sound packet")),
            _ => (pnet_arp(&ArpPacket::new(&rest).expect("a sound packet")), None),
        };
        Self { vlans, net: Some(net), transport }
    }
}

fn etherparse_v4(header: &etherparse::Ipv4HeaderSlice<'_>, proto: u8) -> Net {
    Net::Ip {
        src: header.source_addr().into(),
        dst: header.destination_addr().into(),
        proto,
        ttl: header.ttl(),
        tos: header.slice()[1],
        len: header.total_len().into(),
        v4: Some(V4 {
            id: header.identification(),
            df: header.dont_fragment(),
            mf: header.more_fragments(),
            frag_offset: header.fragments_offset().value() * 8,
            checksum: header.header_checksum(),
        }),
    }
}

fn etherparse_v6(header: &etherparse::Ipv6HeaderSlice<'_>, proto: u8) -> Net {
    Net::Ip {
        src: header.source_addr().into(),
        dst: header.destination_addr().into(),
        proto,
        ttl: header.hop_limit(),
        tos: header.traffic_class(),
        len: u32::from(header.payload_length()) + 40,
        v4: None,
    }
}

fn etherparse_arp(arp: &etherparse::ArpPacketSlice<'_>) -> Option<Net> {
    let arp = etherparse::ArpEthIpv4Packet::try_from(arp.to_packet()).ok()?;
    Some(Net::Arp {
        op: arp.operation.0,
        sender: (arp.sender_mac, arp.sender_ipv4),
        target: (arp.target_mac, arp.target_ipv4),
    })
}

fn etherparse_transport(transport: &TransportSlice<'_>) -> Option<Transport> {
    let tcp = |tcp: &TcpSlice<'_>| Transport::Tcp {
        ports: (tcp.source_port(), tcp.destination_port()),
        numbers: (tcp.sequence_number(), tcp.acknowledgment_number()),
        flags: u16::from_be_bytes([tcp.slice()[12] & 0x0f, tcp.slice()[13]]),
        rest: [tcp.window_size(), tcp.checksum(), tcp.urgent_pointer()],
        options: tcp.options().to_vec(),
        payload: tcp.payload().to_vec(),
    };
    let udp = |udp: &UdpSlice<'_>| Transport::Udp {
        ports: (udp.source_port(), udp.destination_port()),
        len: udp.length(),
        checksum: udp.checksum(),
        payload: udp.payload().to_vec(),
    };
    // Both decoders give as payload what follows eight octets, whatever the type.
    let icmp4 = |icmp: &Icmpv4Slice<'_>| icmp_of(4, icmp.slice());
    let icmp6 = |icmp: &Icmpv6Slice<'_>| icmp_of(6, icmp.slice());
    match transport {
        TransportSlice::Tcp(slice) => Some(tcp(slice)),
        TransportSlice::Udp(slice) => Some(udp(slice)),
        TransportSlice::Icmpv4(slice) => Some(icmp4(slice)),
        TransportSlice::Icmpv6(slice) => Some(icmp6(slice)),
        TransportSlice::Igmp(_) => None,
    }
}

fn icmp_of(version: u8, slice: &[u8]) -> Transport {
    Transport::Icmp {
        version,
        kind: slice[0],
        code: slice[1],
        checksum: u16::from_be_bytes([slice[2], slice[3]]),
        payload: slice.get(8..).unwrap_or_default().to_vec(),
    }
}

fn pnet_v4(ip: &Ipv4Packet<'_>) -> (Net, Option<Transport>) {
    let net = Net::Ip {
        src: ip.get_source().into(),
        dst: ip.get_destination().into(),
        proto: ip.get_next_level_protocol().0,
        ttl: ip.get_ttl(),
        tos: ip.get_dscp() << 2 | ip.get_ecn(),
        len: ip.get_total_length().into(),
        v4: Some(V4 {
            id: ip.get_identification(),
            df: ip.get_flags() & 0b010 != 0,
            mf: ip.get_flags() & 0b001 != 0,
            frag_offset: ip.get_fragment_offset() * 8,
            checksum: ip.get_checksum(),
        }),
    };
    (net, pnet_transport(ip.get_next_level_protocol(), ip.payload()))
}

fn pnet_v6(ip: &Ipv6Packet<'_>) -> (Net, Option<Transport>) {
    let (mut proto, mut rest) = (ip.get_next_header(), ip.payload());
    // pnet has a view for fragment headers only; the other three begin alike.
    loop {
        let (next, len) = match proto {
            IpNextHeaderProtocols::Ipv6Frag => {
                (FragmentPacket::new(rest).expect("a sound header").get_next_header(), 8)
            }
            IpNextHeaderProtocols::Hopopt | IpNextHeaderProtocols::Ipv6Route | IpNextHeaderProtocols::Ipv6Opts => {
                (IpNextHeaderProtocol(rest[0]), 8 + 8 * usize::from(rest[1]))
            }
            IpNextHeaderProtocols::Ah => (IpNextHeaderProtocol(rest[0]), 8 + 4 * usize::from(rest[1])),
            _ => break,
        };
        (proto, rest) = (next, &rest[len..]);
    }
    let net = Net::Ip {
        src: ip.get_source().into(),
        dst: ip.get_destination().into(),
        proto: proto.0,
        ttl: ip.get_hop_limit(),
        tos: ip.get_traffic_class(),
        len: u32::from(ip.get_payload_length()) + 40,
        v4: None,
    };
    (net, pnet_transport(proto, rest))
}

fn pnet_transport(proto: IpNextHeaderProtocol, bytes: &[u8]) -> Option<Transport> {
    match proto {
        IpNextHeaderProtocols::Tcp => {
            let tcp = TcpPacket::new(bytes)?;
            Some(Transport::Tcp {
                ports: (tcp.get_source(), tcp.get_destination()),
                numbers: (tcp.get_sequence(), tcp.get_acknowledgement()),
                flags: u16::from(tcp.get_reserved()) << 8 | u16::from(tcp.get_flags()),
                rest: [tcp.get_window(), tcp.get_checksum(), tcp.get_urgent_ptr()],
                options: tcp.get_options_raw().to_vec(),
                payload: tcp.payload().to_vec(),
            })
        }
        IpNextHeaderProtocols::Udp => {
            let udp = UdpPacket::new(bytes)?;
            Some(Transport::Udp {
                ports: (udp.get_source(), udp.get_destination()),
                len: udp.get_length(),
                checksum: udp.get_checksum(),
                payload: udp.payload().to_vec(),
            })
        }
        IpNextHeaderProtocols::Icmp => Some(icmp_of(4, bytes)),
        IpNextHeaderProtocols::Icmpv6 => Some(icmp_of(6, bytes)),
        _ => None,
    }
}

fn pnet_arp(arp: &ArpPacket<'_>) -> Net {
    Net::Arp {
        op: arp.get_operation().0,
        sender: (arp.get_sender_hw_addr().octets(), arp.get_sender_proto_addr().octets()),
        target: (arp.get_target_hw_addr().octets(), arp.get_target_proto_addr().octets()),
    }
}
