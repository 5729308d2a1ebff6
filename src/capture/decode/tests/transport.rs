//! TCP, UDP, ICMP and their checksums.

use super::*;
use crate::capture::record::Icmp;

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

/// Writes the checksum that makes a transport right for these addresses.
fn sealed(mut transport: Vec<u8>, at: usize, proto: u8, addresses: &[&[u8]]) -> Vec<u8> {
    let len = transport.len() as u32;
    let pseudo = join(&[&addresses.concat(), &len.to_be_bytes(), &[0, proto]]);
    let sum = !folded(&join(&[&pseudo, &transport, &[0][..transport.len() % 2]]));
    transport[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    transport
}

const A: [u8; 4] = [10, 0, 0, 1];
const B: [u8; 4] = [10, 0, 0, 2];

fn fd(last: u8) -> [u8; 16] {
    [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]
}

#[test]
fn a_segment_is_verified_with_its_pseudo_header() {
    let verdict = |packet: &[u8]| tcp(&read(Link::Raw, packet)).checksum_ok;
    let mut packet = v4(6, &sealed(syn(&[], b"odd"), 16, 6, &[&A, &B]));
    assert_eq!(verdict(&packet), Checksum::Good);
    *packet.last_mut().expect("octets") ^= 1;
    assert_eq!(verdict(&packet), Checksum::Bad);
    assert_eq!(verdict(&v6(6, &sealed(syn(&[], b"even"), 16, 6, &[&fd(1), &fd(2)]))), Checksum::Good);
    let packet = v4(6, &sealed(syn(&[], b"even"), 16, 6, &[&A, &B]));
    assert_eq!(tcp(&read_cut(Link::Raw, &packet[..42], 44)).checksum_ok, Checksum::Unverified);
}

#[test]
fn the_final_destination_of_a_route_counts_for_the_checksum() {
    let verdict = |packet: &[u8]| tcp(&read(Link::Raw, packet)).checksum_ok;
    let to_nine = sealed(syn(&[], b""), 16, 6, &[&A, &[9, 9, 9, 9]]);
    let underway = [1, 131, 11, 4, 8, 8, 8, 8, 9, 9, 9, 9];
    assert_eq!(verdict(&v4_with(6, &underway, &to_nine)), Checksum::Good);
    let arrived = [1, 131, 11, 12, 8, 8, 8, 8, 9, 9, 9, 9];
    assert_eq!(verdict(&v4_with(6, &arrived, &to_nine)), Checksum::Bad);

    let segment = sealed(syn(&[], b""), 16, 6, &[&fd(1), &fd(9)]);
    let route = |kind, left, list: [[u8; 16]; 2]| join(&[&[6, 4, kind, left, 0, 0, 0, 0], &list.concat(), &segment]);
    assert_eq!(verdict(&v6(43, &route(0, 1, [fd(8), fd(9)]))), Checksum::Good);
    assert_eq!(verdict(&v6(43, &route(4, 1, [fd(9), fd(8)]))), Checksum::Good);
    assert_eq!(verdict(&v6(43, &route(0, 0, [fd(8), fd(9)]))), Checksum::Bad);
    assert_eq!(verdict(&v6(43, &route(3, 1, [fd(8), fd(9)]))), Checksum::Unverified);
}

#[test]
fn a_mobile_node_is_at_home_for_the_checksum() {
    let segment = sealed(syn(&[], b""), 16, 6, &[&fd(7), &fd(2)]);
    let home = join(&[&[6, 2, 1, 2, 0, 0, 0xc9, 16], &fd(7), &segment]);
    assert_eq!(tcp(&read(Link::Raw, &v6(60, &home))).checksum_ok, Checksum::Good);
}

#[test]
fn udp_may_go_without_a_checksum_over_ipv4_only() {
    let verdict = |packet: &[u8]| udp(&read(Link::Raw, packet)).checksum_ok;
    let datagram = [0, 1, 0, 2, 0, 11, 0, 0, 1, 2, 3];
    assert_eq!(verdict(&v4(17, &datagram)), Checksum::Absent);
    assert_eq!(verdict(&v4(17, &sealed(datagram.to_vec(), 6, 17, &[&A, &B]))), Checksum::Good);
    assert_eq!(verdict(&v6(17, &datagram)), Checksum::Bad);
    // The octets after the datagram's own length are not part of the sum.
    let surplus = join(&[&sealed(datagram.to_vec(), 6, 17, &[&A, &B]), &[9; 5]]);
    assert_eq!(verdict(&v4(17, &surplus)), Checksum::Good);
}

#[test]
fn a_datagram_of_length_zero_is_a_jumbogram_or_wrong() {
    let datagram = join(&[&[0, 1, 0, 2, 0, 0, 1, 1], &vec![5; 66_000]]);
    let mut packet = v6(0, &join(&[&[17, 0, 0xc2, 4, 0, 1, 1, 0xe0], &datagram]));
    packet[4..6].fill(0);
    let udp = udp(&read(Link::Raw, &packet));
    assert_eq!((udp.fault, udp.payload_len), (None, 66_000));
}

#[test]
fn a_transport_header_needs_room() {
    for (proto, len, layer) in [(6, 19, Layer::Tcp), (17, 7, Layer::Udp), (1, 3, Layer::Icmp)] {
        let packet = v4(proto, &vec![0; len]);
        assert_eq!(skip(&read(Link::Raw, &packet)), Skip::Malformed(layer));
        let packet = v4(proto, &[0x50; 40]);
        assert_eq!(skip(&read_cut(Link::Raw, &packet[..20 + len], packet.len())), Skip::Truncated(layer));
    }
    assert_eq!(skip(&read(Link::Raw, &v4(58, &[0; 8]))), Skip::Proto(58));
    assert_eq!(skip(&read(Link::Raw, &v6(1, &[0; 8]))), Skip::Proto(1));
}

#[track_caller]
fn icmp(record: &Record) -> Icmp {
    let Body::Icmp(icmp) = record.body else { panic!("no ICMP: {:?}", record.body) };
    icmp
}

#[test]
fn an_echo_has_its_identifier_for_a_port() {
    let mut echo = vec![8, 0, 0, 0, 0, 77, 0, 3, 1, 2, 3];
    let sum = !folded(&echo);
    echo[2..4].copy_from_slice(&sum.to_be_bytes());
    let record = read(Link::Raw, &v4(1, &echo));
    let icmp4 = icmp(&record);
    assert_eq!((icmp4.echo_id, icmp4.echo_seq, icmp4.payload_len), (Some(77), 3, 3));
    assert_eq!(icmp4.checksum_ok, Checksum::Good);
    assert_eq!(record.endpoints().map(|(src, dst, _)| (src.port, dst.port)), Some((77, 77)));

    let reply = sealed(vec![129, 0, 0, 0, 0, 78, 0, 4], 2, 58, &[&fd(1), &fd(2)]);
    let icmp6 = icmp(&read(Link::Raw, &v6(58, &reply)));
    assert_eq!((icmp6.version, icmp6.echo_id, icmp6.checksum_ok), (6, Some(78), Checksum::Good));
}

#[test]
fn a_quote_tells_as_much_as_it_holds() {
    let of = |quote: &[u8]| icmp(&read(Link::Raw, &v4(1, &join(&[&[11, 0, 0, 0, 0, 0, 0, 0], quote])))).quoted;
    let packet = v4_with(6, &[1; 4], &syn(&[], b""));
    assert_eq!(of(&packet[..19]), None);
    assert_eq!(of(&packet[..24]).map(|q| (q.proto, q.ports, q.seq)), Some((6, None, None)));
    assert_eq!(of(&packet[..28]).map(|q| (q.ports, q.seq)), Some((Some((1024, 80)), None)));
    assert_eq!(of(&packet[..32]).map(|q| (q.ports, q.seq)), Some((Some((1024, 80)), Some(1000))));
    let mut later = packet.clone();
    later[7] = 1;
    assert_eq!(of(&later).map(|q| (q.ports, q.seq)), Some((None, None)));
    assert_eq!(of(&v4(47, &[1; 8])).map(|q| (q.proto, q.ports)), Some((47, None)));
}

#[test]
fn what_asks_quotes_nothing() {
    let echo = join(&[&[8, 0, 0, 0, 0, 0, 0, 0], &v4(6, &syn(&[], b""))]);
    assert_eq!(icmp(&read(Link::Raw, &v4(1, &echo))).quoted, None);
}

#[test]
fn a_checksum_left_to_the_network_card_is_told_from_a_wrong_one() {
    // As a host captures its own SYN: the field holds the sum of the pseudo-header alone.
    let mut packet = vec![0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    let pseudo = 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 6 + 20_u16;
    packet.extend([0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff]);
    packet.extend(pseudo.to_be_bytes());
    packet.extend([0, 0]);
    let verdict = |packet: &[u8]| match read(Link::Raw, packet).body {
        Body::Tcp(tcp) => tcp.checksum_ok,
        other => panic!("{other:?}"),
    };
    assert_eq!(verdict(&packet), Checksum::Unfinished);
    packet[37] ^= 1;
    assert_eq!(verdict(&packet), Checksum::Bad);
}

#[test]
fn the_capturing_host_is_believed_about_a_checksum_it_left_to_its_card() {
    let segment = [0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x02, 0, 0, 0x12, 0x34, 0, 0];
    let packet = v4(6, &segment);
    let aside = Aside { unfinished: true, ..Aside::NONE };
    let frame = Frame { aside, ..frame(Link::Raw, &packet) };
    let state = |checksums| match decode(&frame, checksums).body {
        Body::Tcp(tcp) => tcp.checksum_ok,
        other => panic!("{other:?}"),
    };
    assert_eq!(state(Checksums::Verify), Checksum::Unfinished);
    assert_eq!(state(Checksums::Ignore), Checksum::Unverified);
}
