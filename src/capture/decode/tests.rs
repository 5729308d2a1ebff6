//! Whole frames, by hand.

use super::*;
use crate::capture::frame::Link;
use crate::capture::record::{Layer, Tcp, Udp, UdpFault};
use crate::wire::{Flags, Timestamp};

const MACS: [u8; 12] = [2, 0, 0, 0, 0, 0xbb, 2, 0, 0, 0, 0, 0xaa];

fn read(link: Link, bytes: &[u8]) -> Record {
    read_cut(link, bytes, bytes.len())
}

fn read_cut(link: Link, bytes: &[u8], wire_len: usize) -> Record {
    let wire_len = wire_len as u32;
    let frame = Frame { time: Timestamp(0), wire_len, link, interface: 0, bytes, comment: None };
    decode(&frame, Checksums::Verify)
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// 10.0.0.1 to 10.0.0.2, carrying `payload`, with a right header checksum.
fn v4(proto: u8, payload: &[u8]) -> Vec<u8> {
    v4_with(proto, &[], payload)
}

fn v4_with(proto: u8, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let words = 5 + options.len() as u8 / 4;
    let total = (usize::from(words) * 4 + payload.len()) as u16;
    let mut packet = vec![0x40 | words, 0, 0, 0, 0x12, 0x34, 0x40, 0, 64, proto, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    packet[2..4].copy_from_slice(&total.to_be_bytes());
    packet.extend(options);
    let sum = folded(&packet);
    packet[10..12].copy_from_slice(&(!sum).to_be_bytes());
    packet.extend(payload);
    packet
}

/// fd00::1 to fd00::2, carrying `payload`.
fn v6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0, 0, 0, next, 64];
    packet[4..6].copy_from_slice(&(payload.len() as u16).to_be_bytes());
    for last in [1, 2] {
        packet.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
    }
    packet.extend(payload);
    packet
}

/// A plain second way to add up, octet by octet.
fn folded(bytes: &[u8]) -> u16 {
    let mut sum = 0u32;
    for (at, octet) in bytes.iter().enumerate() {
        sum += u32::from(*octet) << (8 * (1 - at % 2));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// From port 1024 to 80: sequence 1000, SYN.
fn syn(options: &[u8], payload: &[u8]) -> Vec<u8> {
    let words = 5 + options.len() as u8 / 4;
    let head = [4, 0, 0, 80, 0, 0, 3, 0xe8, 0, 0, 0, 0, words << 4, 2, 0xfa, 0xf0, 0, 0, 0, 0];
    join(&[&head, options, payload])
}

fn ethernet(ethertype: u16, packet: &[u8]) -> Vec<u8> {
    join(&[&MACS, &ethertype.to_be_bytes(), packet])
}

#[track_caller]
fn tcp(record: &Record) -> Tcp {
    let Body::Tcp(tcp) = record.body else { panic!("no TCP: {:?}", record.body) };
    tcp
}

#[track_caller]
fn udp(record: &Record) -> Udp {
    let Body::Udp(udp) = record.body else { panic!("no UDP: {:?}", record.body) };
    udp
}

#[track_caller]
fn skip(record: &Record) -> Skip {
    let Body::Skip(skip) = record.body else { panic!("not skipped: {:?}", record.body) };
    skip
}

#[test]
fn a_syn_in_ethernet_is_read_whole() {
    let record = read(Link::Ethernet, &ethernet(0x0800, &v4(6, &syn(&[2, 4, 5, 180], b""))));
    let tcp = tcp(&record);
    assert_eq!((tcp.src_port, tcp.dst_port, tcp.hdr_len, tcp.offset), (1024, 80, 24, 20));
    assert_eq!((tcp.segment.seq.0, tcp.segment.flags, tcp.segment.window.0), (1000, Flags::SYN, 0xfaf0));
    assert_eq!((tcp.segment.options.mss(), tcp.segment.len, tcp.truncated), (Some(1460), 0, false));
    assert_eq!(record.net_offset, 14);
    assert_eq!(record.ip.map(|ip| (ip.df, ip.id, ip.len, ip.checksum_ok)), Some((true, 0x1234, 44, Checksum::Good)));
}

#[test]
fn padding_is_no_payload() {
    let record = read(Link::Ethernet, &join(&[&ethernet(0x0800, &v4(6, &syn(&[], b"ab"))), &[0; 4]]));
    assert_eq!(tcp(&record).segment.len, 2);
}

#[test]
fn a_payload_cut_by_the_snap_length_keeps_its_length() {
    let whole = ethernet(0x0800, &v4(6, &syn(&[], &[7; 100])));
    let tcp = tcp(&read_cut(Link::Ethernet, &whole[..60], whole.len()));
    assert_eq!((tcp.segment.len, tcp.truncated, tcp.checksum_ok), (100, true, Checksum::Unverified));
}

#[test]
fn a_header_cut_in_its_options_is_still_a_segment() {
    let whole = ethernet(0x0800, &v4(6, &syn(&[2, 4, 5, 180, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], b"")));
    let tcp = tcp(&read_cut(Link::Ethernet, &whole[..62], whole.len()));
    let options = tcp.segment.options;
    assert_eq!((options.mss(), options.timestamps(), options.malformed()), (Some(1460), None, false));
    assert!(options.truncated() && tcp.truncated);
    assert_eq!((tcp.hdr_len, tcp.segment.len), (36, 0));
}

#[test]
fn tags_of_every_kind_are_peeled_off() {
    let packet = v4(17, &[0, 53, 0, 53, 0, 8, 0, 0]);
    let tags = [0x81, 0, 0x20, 1, 0x88, 0xa8, 0, 2, 0x91, 0, 0, 3, 0x08, 0];
    let record = read(Link::Ethernet, &join(&[&MACS, &tags, &packet]));
    assert_eq!(record.vlans.ids(), [1, 2, 3]);
    assert_eq!(record.ether.map(|ether| ether.ethertype), Some(0x0800));
    assert_eq!(udp(&record).checksum_ok, Checksum::Absent);
}

#[test]
fn every_link_leads_to_the_same_packet() {
    let (four, six) = (v4(6, &syn(&[], b"")), v6(6, &syn(&[], b"")));
    let cases: [(Link, &[u8], &[u8]); 22] = [
        (Link::Raw, &[], &four),
        (Link::Raw, &[], &six),
        (Link::Null, &[2, 0, 0, 0], &four),
        (Link::Null, &[0, 0, 0, 2], &four),
        (Link::Null, &[24, 0, 0, 0], &six),
        (Link::Null, &[0, 0, 0, 28], &six),
        (Link::Null, &[30, 0, 0, 0], &six),
        (Link::Loop, &[0, 0, 0, 2], &four),
        (Link::Loop, &[0, 0, 0, 24], &six),
        (Link::Sll, &[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x08, 0x00], &four),
        (Link::Sll, &[0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x86, 0xdd], &six),
        (Link::Sll, &[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x81, 0x00, 0, 5, 0x08, 0x00], &four),
        (Link::Sll2, &[0x08, 0x00, 0, 0, 0, 0, 0, 3, 0, 1, 4, 6, 1, 2, 3, 4, 5, 6, 0, 0], &four),
        (Link::Ppp, &[0x00, 0x21], &four),
        (Link::Ppp, &[0x21], &four),
        (Link::Ppp, &[0xff, 0x03, 0x00, 0x57], &six),
        (Link::Ppp, &[0xff, 0x03, 0x57], &six),
        (Link::Ppp, &[0x01, 0x03, 0x00, 0x21], &four),
        (Link::Ppp, &[0x0f, 0x00, 0x08, 0x00], &four),
        (Link::Pppoe, &[0x11, 0, 0, 1, 0, 42, 0x00, 0x21], &four),
        (Link::Ethernet, &join(&[&MACS, &[0x88, 0x64, 0x11, 0, 0, 1, 0, 42, 0x00, 0x57]]), &six),
        (Link::Ethernet, &join(&[&MACS, &[0x88, 0x47, 0, 0, 0x10, 64, 0, 0, 0x21, 64]]), &four),
    ];
    for (link, before, packet) in cases {
        let record = read(link, &join(&[before, packet]));
        assert_eq!(tcp(&record).src_port, 1024, "{link} {before:x?}");
        assert_eq!(usize::from(record.net_offset), before.len(), "{link} {before:x?}");
    }
}

#[test]
fn ieee_802_3_leads_to_ip_by_snap() {
    let packet = v4(6, &syn(&[], b""));
    let snap = [&[0, 48][..], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat();
    let record = read(Link::Ethernet, &join(&[&MACS, &snap, &packet]));
    assert_eq!(tcp(&record).dst_port, 80);
    let record = read(Link::Ethernet, &join(&[&MACS, &[0, 38, 0x42, 0x42, 3, 0, 0]]));
    assert_eq!(skip(&record), Skip::NotIp(0x4242));
}

#[test]
fn fragments_keep_their_ip_header() {
    let mut packet = v4(6, &syn(&[], b""));
    packet[6] = 0x20;
    let record = read(Link::Raw, &packet);
    assert_eq!(skip(&record), Skip::Fragment);
    assert!(record.ip.is_some_and(|ip| ip.mf && ip.proto == 6));
}

#[test]
fn an_atomic_fragment_is_a_packet() {
    let payload = join(&[&[6, 0, 0, 0, 0, 0, 0, 9], &syn(&[], b"")]);
    let record = read(Link::Raw, &v6(44, &payload));
    assert_eq!(tcp(&record).offset, 48);
    assert_eq!(record.ip.map(|ip| (ip.id, ip.hdr_len, ip.proto)), Some((9, 48, 6)));
}

#[test]
fn extension_headers_are_walked_through() {
    let hop_by_hop = [43, 0, 1, 4, 0, 0, 0, 0];
    let routing = [60, 0, 99, 0, 0, 0, 0, 0];
    let destination = [51, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let authentication = [6, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
    let payload = join(&[&hop_by_hop, &routing, &destination, &authentication, &syn(&[], b"xyz")]);
    let record = read(Link::Raw, &v6(0, &payload));
    assert_eq!((tcp(&record).offset, tcp(&record).segment.len), (40 + 8 + 8 + 16 + 12, 3));
}

#[test]
fn a_length_of_zero_is_the_length_of_the_frame() {
    let mut packet = v4(6, &syn(&[], b"hello"));
    packet[2..4].fill(0);
    let record = read(Link::Raw, &packet);
    assert_eq!((tcp(&record).segment.len, record.ip.map(|ip| ip.len)), (5, Some(0)));

    let mut packet = v6(6, &syn(&[], b"hello"));
    packet[4..6].fill(0);
    let record = read(Link::Raw, &packet);
    assert_eq!((tcp(&record).segment.len, record.ip.map(|ip| ip.len)), (5, Some(0)));
}

#[test]
fn a_jumbogram_has_its_length_in_an_option() {
    let option = [6, 0, 0xc2, 4, 0, 1, 0x11, 0x70];
    let mut packet = v6(0, &join(&[&option, &syn(&[], &vec![1; 69_972])]));
    packet[4..6].fill(0);
    let record = read(Link::Raw, &packet);
    assert_eq!((tcp(&record).segment.len, record.ip.map(|ip| ip.len)), (69_972, Some(70_040)));
}

#[test]
fn udp_lengths_are_judged() {
    let case = |len: u8, payload: &[u8]| {
        let udp = udp(&read(Link::Raw, &v4(17, &join(&[&[0, 1, 0, 2, 0, len, 0, 0], payload]))));
        (udp.fault, udp.payload_len)
    };
    assert_eq!(case(11, b"abc"), (None, 3));
    assert_eq!(case(9, b"abc"), (Some(UdpFault::Surplus(2)), 1));
    assert_eq!(case(20, b"abc"), (Some(UdpFault::TooLong), 3));
    assert_eq!(case(7, b"abc"), (Some(UdpFault::TooShort), 0));
    assert_eq!(case(0, b"abc"), (Some(UdpFault::Zero), 3));
    let six = read(Link::Raw, &v6(17, &[0, 1, 0, 2, 0, 8, 0, 0]));
    assert_eq!((udp(&six).fault, udp(&six).checksum_ok), (Some(UdpFault::NoChecksum), Checksum::Bad));
}

#[test]
fn an_error_quotes_the_packet_it_is_about() {
    let quote = v4(6, &syn(&[], b""));
    let record = read(Link::Raw, &v4(1, &join(&[&[3, 4, 0, 0, 0, 0, 0x05, 0x78], &quote[..28]])));
    let Body::Icmp(icmp) = record.body else { panic!("{:?}", record.body) };
    let quoted = icmp.quoted.expect("a quote");
    assert_eq!((icmp.mtu, quoted.proto, quoted.ports, quoted.seq), (1400, 6, Some((1024, 80)), Some(1000)));

    let quote = v6(0, &join(&[&[6, 0, 1, 4, 0, 0, 0, 0], &syn(&[], b"")]));
    let record = read(Link::Raw, &v6(58, &join(&[&[2, 0, 0, 0, 0, 0, 0x05, 0], &quote])));
    let Body::Icmp(icmp) = record.body else { panic!("{:?}", record.body) };
    let quoted = icmp.quoted.expect("a quote");
    assert_eq!((icmp.mtu, quoted.proto, quoted.ports, quoted.seq), (1280, 6, Some((1024, 80)), Some(1000)));
}

#[test]
fn headers_that_contradict_themselves_are_malformed() {
    let mut short = syn(&[], b"");
    short[12] = 0x40;
    assert_eq!(skip(&read(Link::Raw, &v4(6, &short))), Skip::Malformed(Layer::Tcp));
    short[12] = 0x60;
    assert_eq!(skip(&read(Link::Raw, &v4(6, &short))), Skip::Malformed(Layer::Tcp));
    let mut packet = v4(6, &syn(&[], b""));
    packet[3] = 19;
    assert_eq!(skip(&read(Link::Raw, &packet)), Skip::Malformed(Layer::Ipv4));
    packet[0] = 0x44;
    assert_eq!(skip(&read(Link::Raw, &packet)), Skip::Malformed(Layer::Ipv4));
}

#[test]
fn arp_is_read_for_ethernet_only() {
    let request = [0, 1, 8, 0, 6, 4, 0, 1, 1, 1, 1, 1, 1, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2];
    let record = read(Link::Ethernet, &ethernet(0x0806, &request));
    let Body::Arp(arp) = record.body else { panic!("{:?}", record.body) };
    assert_eq!((arp.op, arp.sender_ip.octets(), arp.target_ip.octets()), (1, [10, 0, 0, 1], [10, 0, 0, 2]));
    let infiniband = [0, 32, 8, 0, 20, 4, 0, 1];
    assert_eq!(skip(&read(Link::Ethernet, &ethernet(0x0806, &infiniband))), Skip::NotIp(0x0806));
}
