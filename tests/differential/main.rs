//! The decoder held against two others, etherparse and pnet, on packets of every make and on
//! broken copies of them. A difference is a fault, or its reason stands in `excuses`.

mod excuses;
mod packets;
mod seen;

use etherparse::{LaxSlicedPacket, PacketBuilder, SlicedPacket};
use proptest::prelude::*;
use synfin::capture::{Aside, Body, Checksum, Checksums, Frame, Link, Packet, Record, Skip, Tcp, Udp, decode};
use synfin::wire::Timestamp;

use packets::{any_link, packet, wound};
use seen::Seen;

/// What `decode` says of an Ethernet frame that was `wire_len` octets long.
fn read(bytes: &[u8], wire_len: usize) -> Record {
    read_as(Link::Ethernet, bytes, wire_len, Checksums::Ignore)
}

fn read_as(link: Link, bytes: &[u8], wire_len: usize, checksums: Checksums) -> Record {
    decode(&frame(link, bytes, wire_len), checksums)
}

fn frame(link: Link, bytes: &[u8], wire_len: usize) -> Frame<'_> {
    Frame {
        time: Timestamp(0),
        wire_len: wire_len as u32,
        link,
        interface: 0,
        bytes,
        comment: None,
        aside: Aside::NONE,
    }
}

/// Record and frame as a sink gets them.
fn packet_of<'a>(record: &'a Record, frame: Frame<'a>) -> Packet<'a> {
    let datagram = frame.bytes.get(usize::from(record.net_offset)..).unwrap_or_default();
    Packet { n: 1, frame, record, datagram }
}

fn seen_by_us(bytes: &[u8]) -> Seen {
    Seen::by_us(&packet_of(&read(bytes, bytes.len()), frame(Link::Ethernet, bytes, bytes.len())))
}

/// Eight times as many cases as usual (PROPTEST_CASES, or 256).
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig { cases: default.cases * 8, failure_persistence: None, ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn etherparse_reads_the_same(bytes in packet()) {
        let sliced = SlicedPacket::from_ethernet(&bytes).expect("a sound packet");
        prop_assert_eq!(seen_by_us(&bytes), Seen::by_etherparse(&sliced));
    }

    #[test]
    fn pnet_reads_the_same(bytes in packet()) {
        prop_assert_eq!(seen_by_us(&bytes), Seen::by_pnet(&bytes));
    }

    #[test]
    fn a_broken_packet_is_read_as_etherparse_reads_it_or_there_is_a_reason(bytes in packet(), wound in wound()) {
        let bytes = wound.inflict(bytes);
        let Ok(lax) = LaxSlicedPacket::from_ethernet(&bytes) else {
            prop_assert!(matches!(read(&bytes, bytes.len()).body, Body::Skip(Skip::Truncated(_))));
            return Ok(());
        };
        let record = read(&bytes, bytes.len());
        let packet = packet_of(&record, frame(Link::Ethernet, &bytes, bytes.len()));
        let (ours, theirs) = (Seen::by_us(&packet), Seen::by_lax_etherparse(&lax));
        if let Err(part) = excuses::judge(&packet, &ours, &theirs) {
            let stop = &lax.stop_err;
            prop_assert!(false, "no reason in the {part}:\n{ours:?}\n{theirs:?}\n{record:?}\n{stop:?}");
        }
    }

    #[test]
    fn a_cut_never_makes_another_packet(bytes in packet(), cut in any::<prop::sample::Index>()) {
        check_cut(&bytes, cut.index(bytes.len() + 1));
    }

    #[test]
    fn any_octets_on_any_link_make_a_record(link in any_link(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_whole(link, &bytes);
    }

    #[test]
    fn a_wounded_packet_on_any_link_makes_a_record(link in any_link(), bytes in packet(), wound in wound()) {
        check_whole(link, &wound.inflict(bytes)[14..]);
    }

    #[test]
    fn checksums_written_by_etherparse_are_right_until_a_bit_flips(
        six in any::<bool>(),
        tcp in any::<bool>(),
        payload in prop::collection::vec(any::<u8>(), 0..60),
        bit in any::<prop::sample::Index>(),
    ) {
        let mut bytes = written(six, tcp, &payload);
        prop_assert_eq!(transport_checksum(&bytes), Checksum::Good);
        // Any bit of the payload: those of a header may change what the header is.
        if !payload.is_empty() {
            let at = bytes.len() - payload.len() + bit.index(payload.len());
            bytes[at] ^= 1 << (at % 8);
            prop_assert_eq!(transport_checksum(&bytes), wrong(&bytes, six, tcp));
        }
    }
}

#[test]
fn a_checksum_that_is_by_chance_that_of_the_addresses_is_told_as_unfinished() {
    let payload = [225, 46, 148, 214, 129, 189, 60, 160, 150, 114, 183, 201, 108, 254, 236, 49, 4];
    let mut bytes = written(true, true, &payload);
    assert_eq!(transport_checksum(&bytes), Checksum::Good);
    let at = bytes.len() - payload.len();
    bytes[at] ^= 1 << (at % 8);
    assert_eq!((transport_checksum(&bytes), wrong(&bytes, true, true)), (Checksum::Unfinished, Checksum::Unfinished));
}

/// What a checksum is that is not right: unfinished where it is the sum of the pseudo-header, as a sender leaves
/// it to its card (RFC 9293, section 3.1; RFC 8200, section 8.1). One in 65,536 is that by chance.
fn wrong(bytes: &[u8], six: bool, tcp: bool) -> Checksum {
    let (addrs, transport) = if six { (22..54, 54) } else { (26..34, 34) };
    let words = |bytes: &[u8]| bytes.chunks(2).map(|word| u32::from(word[0]) << 8 | u32::from(word[1])).sum::<u32>();
    let protocol = if tcp { 6 } else { 17 };
    let sum = words(&bytes[addrs]) + protocol + (bytes.len() - transport) as u32;
    let sum = (sum & 0xffff) + (sum >> 16);
    let at = transport + if tcp { 16 } else { 6 };
    let is_pseudo = words(&bytes[at..at + 2]) == (sum & 0xffff) + (sum >> 16);
    if is_pseudo { Checksum::Unfinished } else { Checksum::Bad }
}

/// Compares a packet with its first octets: they tell less, never otherwise.
fn check_cut(bytes: &[u8], cut: usize) {
    let (whole, part) = (read(bytes, bytes.len()), read(&bytes[..cut], bytes.len()));
    match (whole.body, part.body) {
        (Body::Tcp(a), Body::Tcp(b)) => {
            assert_eq!((a.src_port, a.dst_port, a.hdr_len, a.offset), (b.src_port, b.dst_port, b.hdr_len, b.offset));
            let said = |tcp: Tcp| (tcp.segment.seq, tcp.segment.ack, tcp.segment.flags, tcp.segment.len);
            assert_eq!(said(a), said(b));
            let header = usize::from(whole.net_offset) + usize::from(a.offset) + usize::from(a.hdr_len);
            assert_eq!(b.truncated, cut < header + a.segment.len as usize);
            assert_eq!(b.segment.options.truncated(), cut < header);
        }
        (Body::Udp(a), Body::Udp(b)) => {
            let said = |udp: Udp| (udp.src_port, udp.dst_port, udp.len, udp.payload_len, udp.fault);
            assert_eq!(said(a), said(b));
        }
        (Body::Icmp(a), Body::Icmp(b)) => {
            assert_eq!((a.kind, a.code, a.payload_len), (b.kind, b.code, b.payload_len));
        }
        (Body::Arp(a), Body::Arp(b)) => assert_eq!(a, b),
        (_, Body::Skip(Skip::Truncated(_))) => {}
        (Body::Skip(a), Body::Skip(b)) => assert_eq!(a, b),
        (whole, part) => panic!("{whole:?} became {part:?}"),
    }
    if let (Some(a), Some(b)) = (whole.ip, part.ip) {
        assert_eq!((a.src, a.dst, a.ttl, a.len), (b.src, b.dst, b.ttl, b.len));
    }
}

/// Reads octets in every way and asks for all that can be asked.
fn check_whole(link: Link, bytes: &[u8]) {
    for checksums in [Checksums::Ignore, Checksums::Verify] {
        let record = read_as(link, bytes, bytes.len(), checksums);
        let packet = packet_of(&record, frame(link, bytes, bytes.len()));
        let _ = (packet.payload(), packet.tcp_options(), record.endpoints());
        assert!(usize::from(record.net_offset) <= bytes.len());
    }
}

fn written(six: bool, tcp: bool, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let link = PacketBuilder::ethernet2([2; 6], [4; 6]);
    let ip = if six { link.ipv6([0xfd; 16], [0xfe; 16], 64) } else { link.ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64) };
    let written =
        if tcp { ip.tcp(1, 2, 3, 4).write(&mut bytes, payload) } else { ip.udp(1, 2).write(&mut bytes, payload) };
    written.expect("a buffer in memory");
    bytes
}

fn transport_checksum(bytes: &[u8]) -> Checksum {
    let record = read_as(Link::Ethernet, bytes, bytes.len(), Checksums::Verify);
    match record.body {
        Body::Tcp(tcp) => tcp.checksum_ok,
        Body::Udp(udp) => udp.checksum_ok,
        body => panic!("{body:?}"),
    }
}
