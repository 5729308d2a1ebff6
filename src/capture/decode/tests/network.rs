//! IPv4 and IPv6.

use super::*;

#[test]
fn padding_is_no_payload() {
    let record = read(Link::Ethernet, &join(&[&ethernet(0x0800, &v4(6, &syn(&[], b"ab"))), &[0; 4]]));
    assert_eq!(tcp(&record).segment.len, 2);
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
fn a_header_checksum_is_verified_on_request() {
    let mut packet = v4(253, b"");
    let verdict = |packet: &[u8]| read(Link::Raw, packet).ip.map(|ip| ip.checksum_ok);
    assert_eq!(verdict(&packet), Some(Checksum::Good));
    packet[8] -= 1;
    assert_eq!(verdict(&packet), Some(Checksum::Bad));
    let frame = Frame { wire_len: 20, ..frame(Link::Raw, &packet) };
    assert_eq!(decode(&frame, Checksums::Ignore).ip.map(|ip| ip.checksum_ok), Some(Checksum::Unverified));
    assert_eq!(read(Link::Raw, &v6(253, b"")).ip.map(|ip| ip.checksum_ok), Some(Checksum::Absent));
}

#[test]
fn addresses_are_kept_where_the_options_are_cut() {
    let packet = v4_with(6, &[1; 12], &syn(&[], b""));
    let record = read_cut(Link::Raw, &packet[..24], packet.len());
    assert_eq!(skip(&record), Skip::Truncated(Layer::Ipv4));
    assert_eq!(record.ip.map(|ip| (ip.hdr_len, ip.src)), Some((32, [10, 0, 0, 1].into())));
}

#[test]
fn options_come_before_the_payload() {
    let record = read(Link::Raw, &v4_with(6, &[7, 7, 4, 0, 0, 0, 0, 0], &syn(&[], b"ab")));
    assert_eq!((tcp(&record).offset, tcp(&record).segment.len), (28, 2));
}

#[test]
fn a_frame_said_to_be_shorter_than_it_is_counts_whole() {
    let mut packet = v4(6, &syn(&[], b"hello"));
    packet[2..4].fill(0);
    assert_eq!(tcp(&read_cut(Link::Raw, &packet, 10)).segment.len, 5);
}

#[test]
fn more_than_the_frame_holds_was_cut_off() {
    let mut packet = v4(6, &syn(&[], b"hello"));
    packet[2..4].copy_from_slice(&1040_u16.to_be_bytes());
    let tcp = tcp(&read(Link::Raw, &packet));
    assert_eq!((tcp.segment.len, tcp.truncated, tcp.checksum_ok), (1000, true, Checksum::Unverified));
}

#[test]
fn a_payload_length_of_zero_can_be_true() {
    let record = read(Link::Raw, &join(&[&v6(59, b""), &[0; 6]]));
    assert_eq!((skip(&record), record.ip.map(|ip| ip.len)), (Skip::Proto(59), Some(40)));
}

#[test]
fn an_extension_header_past_the_payload_is_malformed_and_past_the_capture_truncated() {
    let packet = v6(60, &[6, 1, 1, 4, 0, 0, 0, 0]);
    assert_eq!(skip(&read(Link::Raw, &packet)), Skip::Malformed(Layer::Ipv6));
    let packet = v6(60, &join(&[&[6, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &syn(&[], b"")]));
    let record = read_cut(Link::Raw, &packet[..50], packet.len());
    assert_eq!((skip(&record), record.ip.map(|ip| ip.hdr_len)), (Skip::Truncated(Layer::Ipv6), Some(40)));
}

#[test]
fn a_chain_of_extension_headers_ends() {
    let chain = [60, 255].into_iter().chain([0; 2046]).collect::<Vec<u8>>().repeat(40);
    let mut packet = v6(0, &join(&[&[60, 0, 0xc2, 4, 0, 1, 0x40, 8], &chain]));
    packet[4..6].fill(0);
    assert_eq!(skip(&read(Link::Raw, &packet)), Skip::Malformed(Layer::Ipv6));
}

#[test]
fn authentication_in_ipv4_is_stepped_over() {
    let header = [6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3];
    let record = read(Link::Raw, &v4(51, &join(&[&header, &syn(&[], b"")])));
    assert_eq!((tcp(&record).offset, record.ip.map(|ip| (ip.proto, ip.hdr_len))), (44, Some((6, 44))));
    assert_eq!(skip(&read(Link::Raw, &v4(51, &header[..20]))), Skip::Proto(51));
}

#[test]
fn a_later_fragment_is_not_taken_for_a_header() {
    let mut packet = v4(6, &syn(&[], b""));
    packet[7] = 3;
    let record = read(Link::Raw, &packet);
    assert_eq!((skip(&record), record.ip.map(|ip| (ip.frag_offset, ip.mf))), (Skip::Fragment, Some((24, false))));

    let payload = join(&[&[60, 0, 0, 0xd9, 0, 0, 0, 7], &[60; 16]]);
    let record = read(Link::Raw, &v6(44, &payload));
    let ip = record.ip.expect("a header");
    assert_eq!((skip(&record), ip.frag_offset, ip.mf, ip.id), (Skip::Fragment, 0xd8, true, 7));
    assert_eq!((ip.proto, ip.hdr_len), (60, 48));
}
