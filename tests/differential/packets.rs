//! Sound packets of every make, written octet by octet after the RFCs, and ways to break them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use synfin::capture::Link;

use crate::excuses::{TIMESTAMP, TIMESTAMP_REPLY};

/// An Ethernet frame: tags, a network header, a transport, and perhaps padding.
pub(crate) fn packet() -> impl Strategy<Value = Vec<u8>> {
    let tag = (prop_oneof![Just(0x8100_u16), Just(0x88a8), Just(0x9100)], any::<u16>());
    let network = prop_oneof![4 => v4(), 4 => v6(), 1 => arp()];
    (any::<[u8; 12]>(), vec(tag, 0..=3), network, vec(any::<u8>(), 0..20)).prop_map(
        |(macs, tags, (ethertype, packet), padding)| {
            let mut bytes = macs.to_vec();
            for (kind, tag) in tags {
                bytes.extend(kind.to_be_bytes());
                bytes.extend(tag.to_be_bytes());
            }
            bytes.extend(ethertype.to_be_bytes());
            bytes.extend(packet);
            bytes.extend(padding);
            bytes
        },
    )
}

/// Any of the link types that are read, and one that is not.
pub(crate) fn any_link() -> impl Strategy<Value = Link> {
    prop::sample::select(vec![
        Link::Ethernet,
        Link::Raw,
        Link::Sll,
        Link::Sll2,
        Link::Null,
        Link::Loop,
        Link::Ppp,
        Link::Pppoe,
        Link::Other(127),
    ])
}

/// Octets to change, most of them in the headers, and how much to cut off.
#[derive(Clone, Debug)]
pub(crate) struct Wound {
    changes: Vec<(Index, u8)>,
    cut: Option<Index>,
}

/// Any wound.
pub(crate) fn wound() -> impl Strategy<Value = Wound> {
    (vec((any::<Index>(), 1..=255_u8), 0..4), prop::option::weighted(0.3, any::<Index>()))
        .prop_map(|(changes, cut)| Wound { changes, cut })
}

impl Wound {
    /// Breaks a packet; its Ethernet addresses are left alone, as nobody reads meaning into them.
    pub(crate) fn inflict(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for (at, change) in &self.changes {
            let reach = bytes.len().min(100) - 12;
            bytes[12 + at.index(reach)] ^= change;
        }
        if let Some(cut) = &self.cut {
            bytes.truncate(14 + cut.index(bytes.len() - 13));
        }
        bytes
    }
}

/// RFC 791 §3.1, with any options.
fn v4() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let options = vec(any::<[u8; 4]>(), 0..=10).prop_map(|words| words.concat());
    let fields = (any::<u8>(), any::<u16>(), any::<bool>(), any::<u8>(), any::<u16>(), any::<[u8; 8]>());
    (fields, options, transport(1)).prop_map(|((tos, id, df, ttl, checksum, addrs), options, (proto, payload))| {
        let words = 5 + options.len() / 4;
        let total = (words * 4 + payload.len()) as u16;
        let mut packet = vec![0x40 | words as u8, tos];
        packet.extend(total.to_be_bytes());
        packet.extend(id.to_be_bytes());
        packet.extend([u8::from(df) << 6, 0, ttl, proto]);
        packet.extend(checksum.to_be_bytes());
        packet.extend(addrs);
        packet.extend(options);
        packet.extend(payload);
        (0x0800, packet)
    })
}

/// RFC 8200 §3, with extension headers in any order but hop-by-hop first.
fn v6() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let hop_by_hop = prop::option::weighted(0.2, units());
    let extension = prop_oneof![
        units().prop_map(|body| (60, body)),
        units().prop_map(|body| (43, body)),
        any::<[u8; 6]>().prop_map(|body| (44, atomic(body))),
        any::<[u8; 10]>().prop_map(|body| (51, [&[1][..], &body].concat())),
    ];
    let fields = (any::<u8>(), any::<[u8; 3]>(), any::<u8>(), any::<[u8; 32]>());
    (fields, hop_by_hop, vec(extension, 0..3), transport(58)).prop_map(
        |((class, flow, hop_limit, addrs), first, others, (proto, transport))| {
            let extensions: Vec<(u8, Vec<u8>)> = first.map(|body| (0, body)).into_iter().chain(others).collect();
            let kinds: Vec<u8> = extensions.iter().map(|(kind, _)| *kind).chain([proto]).collect();
            let mut payload = Vec::new();
            for ((_, body), next) in extensions.iter().zip(&kinds[1..]) {
                payload.push(*next);
                payload.extend(body);
            }
            payload.extend(transport);
            let mut packet = vec![0x60 | class >> 4, class << 4 | flow[0] & 15, flow[1], flow[2]];
            packet.extend((payload.len() as u16).to_be_bytes());
            packet.extend([kinds[0], hop_limit]);
            packet.extend(addrs);
            packet.extend(payload);
            (0x86dd, packet)
        },
    )
}

/// An extension header of any content, its next header left off.
fn units() -> impl Strategy<Value = Vec<u8>> {
    (0..3_u8).prop_flat_map(|units| {
        vec(any::<u8>(), 6 + usize::from(units) * 8).prop_map(move |rest| [&[units][..], &rest].concat())
    })
}

/// A fragment header of a datagram in one piece, its next header left off.
fn atomic(mut body: [u8; 6]) -> Vec<u8> {
    body[0] = 0;
    body[1] &= 0b110;
    [&[0][..], &body].concat()
}

/// A protocol number and a payload that is right for it; `icmp` is the number ICMP has here.
fn transport(icmp: u8) -> impl Strategy<Value = (u8, Vec<u8>)> {
    prop_oneof![
        4 => tcp().prop_map(|bytes| (6, bytes)),
        2 => udp().prop_map(|bytes| (17, bytes)),
        1 => icmp_message().prop_map(move |bytes| (icmp, bytes)),
        1 => vec(any::<u8>(), 0..20).prop_map(|bytes| (253, bytes)),
    ]
}

/// RFC 9293 §3.1: any fields, options that make a list or not, any payload.
fn tcp() -> impl Strategy<Value = Vec<u8>> {
    let options = vec(any::<[u8; 4]>(), 0..=10).prop_map(|words| words.concat());
    (any::<[u8; 20]>(), options, vec(any::<u8>(), 0..60)).prop_map(|(mut head, options, payload)| {
        head[12] = (5 + options.len() as u8 / 4) << 4 | head[12] & 15;
        [&head[..], &options, &payload].concat()
    })
}

/// RFC 768, of the length it says.
fn udp() -> impl Strategy<Value = Vec<u8>> {
    (any::<[u8; 4]>(), any::<[u8; 2]>(), vec(any::<u8>(), 0..60)).prop_map(|(ports, checksum, payload)| {
        let len = (8 + payload.len() as u16).to_be_bytes();
        [&ports[..], &len, &checksum, &payload].concat()
    })
}

/// RFC 792 and RFC 4443: any type but those whose length etherparse has a mind about.
fn icmp_message() -> impl Strategy<Value = Vec<u8>> {
    let other = |kind: &u8| ![TIMESTAMP, TIMESTAMP_REPLY].contains(kind);
    (any::<u8>().prop_filter("no timestamps", other), vec(any::<u8>(), 7..80))
        .prop_map(|(kind, rest)| [&[kind][..], &rest].concat())
}

/// RFC 826, for IPv4 over Ethernet.
fn arp() -> impl Strategy<Value = (u16, Vec<u8>)> {
    (any::<u16>(), any::<[u8; 20]>())
        .prop_map(|(op, addresses)| (0x0806, [&[0, 1, 8, 0, 6, 4][..], &op.to_be_bytes(), &addresses].concat()))
}
