//! The fields that tshark and we both have.

use std::net::IpAddr;

use super::table::number;
use crate::capture::{Body, Checksum, Ip, Packet, Tcp, Udp};

/// A value both can write.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Number(u64),
    Addr(IpAddr),
    Mac([u8; 6]),
    Octets(&'a [u8]),
    Word(&'static str),
}

pub(super) type Ours = for<'a> fn(&View<'a>) -> Option<Value<'a>>;

/// Our side of a frame.
pub(super) struct View<'a> {
    pub(super) packet: &'a Packet<'a>,
    pub(super) ip: Option<&'a Ip>,
    pub(super) tcp: Option<&'a Tcp>,
    pub(super) udp: Option<&'a Udp>,
}

/// A field of tshark's and where we have it; compared where both have the layer.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) layer: Layer,
    pub(super) ours: Ours,
}

#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Layer {
    Frame,
    Ethernet,
    Arp,
    Ipv4,
    Ipv6,
    Tcp,
    Udp,
    Icmp,
}

impl Value<'_> {
    pub(super) fn is(&self, theirs: &str) -> bool {
        match self {
            Self::Number(ours) => number(theirs) == Some(*ours),
            Self::Addr(ours) => theirs.parse() == Ok(*ours),
            Self::Mac(ours) => {
                let mut octets = theirs.split(':').map(|octet| u8::from_str_radix(octet, 16).ok());
                ours.iter().all(|ours| octets.next() == Some(Some(*ours))) && octets.next().is_none()
            }
            Self::Octets(ours) => {
                theirs.len() == 2 * ours.len()
                    && theirs.as_bytes().chunks(2).zip(*ours).all(|(hex, ours)| {
                        str::from_utf8(hex).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()) == Some(*ours)
                    })
            }
            Self::Word(ours) => theirs == *ours,
        }
    }

    pub(super) fn told(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Addr(addr) => addr.to_string(),
            Self::Mac(octets) => octets.map(|octet| format!("{octet:02x}")).join(":"),
            Self::Octets(octets) => octets.iter().fold(String::new(), |text, octet| text + &format!("{octet:02x}")),
            Self::Word(word) => word.to_owned(),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what the tables ask for")]
fn num(value: impl Into<u64>) -> Option<Value<'static>> {
    Some(Value::Number(value.into()))
}

#[expect(clippy::unnecessary_wraps, reason = "what the tables ask for")]
fn word(checksum: Checksum) -> Option<Value<'static>> {
    Some(Value::Word(match checksum {
        Checksum::Good => "good",
        Checksum::Bad | Checksum::Unfinished => "bad",
        Checksum::Unverified => "unverified",
        Checksum::Absent => "not-present",
    }))
}

macro_rules! fields {
    ($($layer:ident { $($name:literal = $ours:expr,)* })*) => {
        &[$($(Field { name: $name, layer: Layer::$layer, ours: $ours },)*)*]
    };
}

pub(super) const FIELDS: &[Field] = fields! {
    Frame {
        "frame.len" = |view| num(view.packet.record.wire_len),
        "frame.cap_len" = |view| num(view.packet.record.cap_len),
    }
    Ethernet {
        "eth.src" = |view| view.packet.record.ether.filter(|ether| ether.dst.is_some()).map(|ether| Value::Mac(ether.src)),
        "eth.dst" = |view| view.packet.record.ether.and_then(|ether| ether.dst).map(Value::Mac),
    }
    Arp {
        "arp.opcode" = |view| if let Body::Arp(arp) = view.packet.record.body { num(arp.op) } else { None },
    }
    Ipv4 {
        "ip.src" = |view| view.ip.map(|ip| Value::Addr(ip.src)),
        "ip.dst" = |view| view.ip.map(|ip| Value::Addr(ip.dst)),
        "ip.proto" = |view| num(view.ip?.proto),
        "ip.ttl" = |view| num(view.ip?.ttl),
        "ip.id" = |view| num(view.ip?.id),
        "ip.hdr_len" = |view| num(view.ip?.hdr_len),
        "ip.dsfield" = |view| num(view.ip?.tos),
        "ip.len" = |view| num(view.ip?.len),
        "ip.frag_offset" = |view| num(view.ip?.frag_offset / 8),
        "ip.checksum" = |view| num(view.ip?.checksum?),
    }
    Ipv6 {
        "ipv6.src" = |view| view.ip.map(|ip| Value::Addr(ip.src)),
        "ipv6.dst" = |view| view.ip.map(|ip| Value::Addr(ip.dst)),
        "ipv6.hlim" = |view| num(view.ip?.ttl),
        "ipv6.tclass" = |view| num(view.ip?.tos),
        "ipv6.plen" = |view| num(view.ip?.len.checked_sub(40)?),
    }
    Icmp {
        "icmp.type" = |view| if let Body::Icmp(icmp) = view.packet.record.body && icmp.version == 4 { num(icmp.kind) } else { None },
        "icmp.code" = |view| if let Body::Icmp(icmp) = view.packet.record.body && icmp.version == 4 { num(icmp.code) } else { None },
        "icmpv6.type" = |view| if let Body::Icmp(icmp) = view.packet.record.body && icmp.version == 6 { num(icmp.kind) } else { None },
        "icmpv6.code" = |view| if let Body::Icmp(icmp) = view.packet.record.body && icmp.version == 6 { num(icmp.code) } else { None },
    }
    Tcp {
        "tcp.srcport" = |view| num(view.tcp?.src_port),
        "tcp.dstport" = |view| num(view.tcp?.dst_port),
        "tcp.seq_raw" = |view| num(view.tcp?.segment.seq.0),
        "tcp.ack_raw" = |view| num(view.tcp?.segment.ack.0),
        "tcp.flags" = |view| num(view.tcp?.segment.flags.0),
        "tcp.window_size_value" = |view| num(view.tcp?.segment.window.0),
        "tcp.hdr_len" = |view| num(view.tcp?.hdr_len),
        "tcp.len" = |view| num(view.tcp?.segment.len),
        "tcp.checksum" = |view| num(view.tcp?.checksum),
        "tcp.urgent_pointer" = |view| num(view.tcp?.segment.urgent),
        "tcp.options" = |view| Some(view.packet.tcp_options()).filter(|options| !options.is_empty()).map(Value::Octets),
        "tcp.options.mss_val" = |view| num(view.tcp?.segment.options.mss()?),
        "tcp.options.wscale.shift" = |view| num(view.tcp?.segment.options.window_scale()?),
        "tcp.options.timestamp.tsval" = |view| num(view.tcp?.segment.options.timestamps()?.0),
        "tcp.options.timestamp.tsecr" = |view| num(view.tcp?.segment.options.timestamps()?.1),
        "tcp.options.mptcp.subtype" = |view| num(view.tcp?.segment.options.mptcp()?),
    }
    Udp {
        "udp.srcport" = |view| num(view.udp?.src_port),
        "udp.dstport" = |view| num(view.udp?.dst_port),
        "udp.length" = |view| num(view.udp?.len),
        "udp.checksum" = |view| num(view.udp?.checksum),
    }
};

pub(super) const CHECKSUMS: &[Field] = fields! {
    Ipv4 {
        "ip.checksum.status" = |view| word(view.ip?.checksum_ok),
    }
    Tcp {
        "tcp.checksum.status" = |view| word(view.tcp?.checksum_ok),
    }
    Udp {
        "udp.checksum.status" = |view| word(view.udp?.checksum_ok),
    }
    Icmp {
        "icmp.checksum.status" = |view| if let Body::Icmp(icmp) = view.packet.record.body && icmp.version == 4 { word(icmp.checksum_ok) } else { None },
        "icmpv6.checksum.status" = |view| if let Body::Icmp(icmp) = view.packet.record.body && icmp.version == 6 { word(icmp.checksum_ok) } else { None },
    }
};
