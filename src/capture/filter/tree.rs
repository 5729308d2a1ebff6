//! What an expression says: its syntax tree. Every part knows which octets of the text it was.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::value::{Join, Op};

/// Items joined from left to right: `and` and `or` bind alike.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Row {
    pub(super) first: Box<Item>,
    pub(super) rest: Vec<(Join, Item)>,
}

/// One condition, or its opposite.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Item {
    pub(super) negated: bool,
    pub(super) what: What,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum What {
    /// A row in parentheses.
    Group(Row),
    /// A protocol by itself.
    Proto(Proto),
    /// Something with an address, a port or a protocol number.
    Matches(Qualifiers, Named),
    Compare(Sum, Compare, Sum),
    Broadcast(Option<Proto>),
    Multicast(Option<Proto>),
    /// At most so many octets.
    Less(u32),
    /// At least so many octets.
    Greater(u32),
    Inbound,
    Outbound,
    Interface(u32),
    Vlan(Option<u32>),
    Mpls(Option<u32>),
    PppoeDiscovery,
    PppoeSession(Option<u32>),
    Llc(Option<LlcFrame>),
}

/// What stands before an address, and holds for the next ones too until others do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Qualifiers {
    pub(super) proto: Option<Proto>,
    pub(super) dir: Dir,
    pub(super) kind: Option<Kind>,
}

/// Which of two addresses or ports is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Dir {
    Src,
    Dst,
    Either,
    Both,
}

/// What an address is taken for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Host,
    Net,
    Port,
    PortRange,
    Proto,
    ProtoChain,
}

impl Kind {
    /// The word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Net => "net",
            Self::Port => "port",
            Self::PortRange => "portrange",
            Self::Proto => "proto",
            Self::ProtoChain => "protochain",
        }
    }
}

/// What stands behind qualifiers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Named {
    Number(u32),
    /// An IPv4 address, or as many leading octets of one as were written.
    V4 {
        addr: Ipv4Addr,
        octets: u32,
    },
    /// An IPv4 network with its mask.
    V4Net {
        addr: Ipv4Addr,
        mask: Ipv4Addr,
    },
    /// An IPv6 address or network, with the length of its prefix.
    V6 {
        addr: Ipv6Addr,
        prefix: u32,
    },
    Mac([u8; 6]),
    /// A word that is no keyword.
    Name(String),
}

/// How two sums are compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Compare {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

/// A number, worked out for each packet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Sum {
    Number(u32),
    Len,
    /// Octets of a protocol's header: `proto[at:width]`.
    Octets {
        proto: Proto,
        at: Box<Sum>,
        width: u32,
        span: Range<usize>,
    },
    Negative(Box<Sum>),
    Calc {
        op: Op,
        a: Box<Sum>,
        b: Box<Sum>,
        span: Range<usize>,
    },
}

/// The kinds of IEEE 802.2 frames.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LlcFrame {
    Information,
    Supervisory,
    Unnumbered,
    /// One supervisory frame, by its control field.
    Supervising(u32),
    /// One unnumbered frame, by its control field.
    Command(u32),
}

/// The kinds by their names.
pub(super) const LLC_FRAMES: &[(&str, LlcFrame)] = &[
    ("i", LlcFrame::Information),
    ("s", LlcFrame::Supervisory),
    ("u", LlcFrame::Unnumbered),
    ("rr", LlcFrame::Supervising(0x01)),
    ("rnr", LlcFrame::Supervising(0x05)),
    ("rej", LlcFrame::Supervising(0x09)),
    ("ui", LlcFrame::Command(0x03)),
    ("ua", LlcFrame::Command(0x63)),
    ("disc", LlcFrame::Command(0x43)),
    ("dm", LlcFrame::Command(0x0f)),
    ("sabme", LlcFrame::Command(0x6f)),
    ("test", LlcFrame::Command(0xe3)),
    ("xid", LlcFrame::Command(0xaf)),
    ("frmr", LlcFrame::Command(0x87)),
];

macro_rules! protos {
    ($($name:ident $($word:literal)+,)+) => {
        /// The protocols that have words of their own.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub(super) enum Proto {
            $($name,)+
        }

        /// The words, each with its protocol; the plainest word of several comes first.
        const PROTOS: &[(&str, Proto)] = &[$($(($word, Proto::$name),)+)+];
    };
}

protos! {
    Link "ether" "link" "fddi" "tr" "wlan" "ppp" "slip",
    Ip "ip",
    Ip6 "ip6",
    Arp "arp",
    Rarp "rarp",
    Tcp "tcp",
    Udp "udp",
    Sctp "sctp",
    Icmp "icmp",
    Icmp6 "icmp6",
    Igmp "igmp",
    Igrp "igrp",
    Pim "pim",
    Vrrp "vrrp",
    Carp "carp",
    Ah "ah",
    Esp "esp",
    Atalk "atalk",
    Aarp "aarp",
    Decnet "decnet",
    Lat "lat",
    Sca "sca",
    Moprc "moprc",
    Mopdl "mopdl",
    Iso "iso",
    Esis "esis" "es-is",
    Isis "isis" "is-is",
    L1 "l1",
    L2 "l2",
    Iih "iih",
    Lsp "lsp",
    Snp "snp",
    Csnp "csnp",
    Psnp "psnp",
    Clnp "clnp",
    Stp "stp",
    Ipx "ipx",
    Netbeui "netbeui",
}

impl Proto {
    /// The protocol that the word is for.
    pub(super) fn named(word: &str) -> Option<Self> {
        PROTOS.iter().find(|(name, _)| *name == word).map(|(_, proto)| *proto)
    }

    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        PROTOS.iter().find(|(_, proto)| *proto == self).map_or("", |(name, _)| name)
    }

    /// All words.
    pub(super) fn words() -> impl Iterator<Item = &'static str> {
        PROTOS.iter().map(|(name, _)| *name)
    }
}
