use super::*;
use crate::wire::Flags;

fn v4() -> Ipv4 {
    Ipv4::new([10, 0, 0, 1].into(), [10, 0, 0, 2].into())
}

fn v6() -> Ipv6 {
    let [near, far] = ["2001:db8::1", "2001:db8::2"].map(|addr| addr.parse().expect("an address"));
    Ipv6::new(near, far)
}

#[track_caller]
fn built(packet: &Packet) -> Vec<u8> {
    packet.build().expect("it fits")
}

#[test]
fn each_header_announces_the_next() {
    let frame = built(
        &(Ethernet::new([1; 6], [2; 6])
            / Vlan { tpid: 0x88a8, ..Vlan::new(100) }
            / Vlan { priority: 5, drop_eligible: true, ..Vlan::new(7) }
            / v6()
            / Extension::hop_by_hop(&[5, 2, 0, 0])
            / Fragment::new(9, 0, false)
            / Udp::new(1, 2)),
    );
    assert_eq!(&frame[12..14], [0x88, 0xa8]);
    assert_eq!(&frame[14..18], [0, 100, 0x81, 0]);
    assert_eq!(&frame[18..22], [0xb0, 7, 0x86, 0xdd]);
    let ip = &frame[22..];
    assert_eq!((&ip[4..7], &ip[40..48]), (&[0, 24, 0][..], &[44, 0, 5, 2, 0, 0, 1, 0][..]));
    assert_eq!(&ip[48..56], [17, 0, 0, 0, 0, 0, 0, 9]);
    assert_eq!(built(&(v4() / v4() / Icmp::echo(1, 1)))[9], proto::IPV4);
    assert_eq!(built(&(v6() / Icmp::echo_v6(1, 1)))[6], proto::ICMPV6);
    assert_eq!(built(&v6().into())[6], proto::NO_NEXT);
}

#[test]
fn a_wrong_field_stays_alone() {
    let right = built(&(v4() / Tcp::new(1, 2, Flags::SYN)));
    let wrong = |packet: Packet| {
        let wrong = built(&packet);
        (0..right.len()).filter(|at| wrong[*at] != right[*at]).collect::<Vec<_>>()
    };
    assert_eq!(wrong(v4() / Tcp { checksum: Field::Wrong(0), ..Tcp::new(1, 2, Flags::SYN) }), [36, 37]);
    assert_eq!(wrong(Ipv4 { checksum: Field::Wrong(0), ..v4() } / Tcp::new(1, 2, Flags::SYN)), [10, 11]);
    // What covers the wrong field is right for it.
    assert_eq!(wrong(Ipv4 { version: Field::Wrong(5), ..v4() } / Tcp::new(1, 2, Flags::SYN)), [0, 10]);
    assert_eq!(wrong(Ipv4 { header_len: Field::Wrong(6), ..v4() } / Tcp::new(1, 2, Flags::SYN)), [0, 10]);
    assert_eq!(wrong(v4() / Tcp { data_offset: Field::Wrong(4), ..Tcp::new(1, 2, Flags::SYN) }), [32, 36]);
    assert_eq!(wrong(Ipv4 { protocol: Field::Wrong(7), ..v4() } / Tcp::new(1, 2, Flags::SYN)), [9, 11]);
}

#[test]
fn what_does_not_fit_is_an_error_unless_its_length_is_asked_to_be_wrong() {
    let long = vec![0; 65_536];
    let told = (v4() / Udp::new(1, 2) / long.clone()).build().expect_err("too long").to_string();
    assert_eq!(told, "65544 octets do not fit in a UDP datagram, which ends at 65535");
    assert!((v4() / long.clone()).build().is_err() && (v6() / long.clone()).build().is_err());
    assert!((Ipv4 { total_len: Field::Wrong(20), ..v4() } / long.clone()).build().is_ok());
    assert!((Ipv4 { options: vec![1; 41], ..v4() } / "").build().is_err());
    assert!((v6() / Extension::destination(&long[..2047])).build().is_err());
    let mut out = vec![7];
    assert!(write(&[v4().into()], &long, &mut out).is_err());
    assert_eq!(out, [7]);
}

#[test]
fn options_are_padded_to_whole_words_and_units() {
    let packet = built(&(Ipv4 { options: vec![7, 3, 4], ..v4() } / Udp::new(1, 2)));
    assert_eq!((packet[0], &packet[20..24], packet.len()), (0x46, &[7, 3, 4, 0][..], 32));
    let extension = |data: &[u8]| built(&(v6() / Extension::destination(data)))[40..].to_vec();
    assert_eq!(extension(&[]), [59, 0, 1, 4, 0, 0, 0, 0]);
    assert_eq!(extension(&[5, 2, 0, 0, 0]), [59, 0, 5, 2, 0, 0, 0, 0]);
    assert_eq!(extension(&[5, 4, 0, 0, 0, 0]), [59, 0, 5, 4, 0, 0, 0, 0]);
    assert_eq!(extension(&[5, 5, 0, 0, 0, 0, 0]).len(), 16);
}

#[test]
fn fragments_carry_the_packet_between_them() {
    let payload: Vec<u8> = (0..100).collect();
    // A record route, which stays in the first, and a security option, which all have.
    let options = [vec![7, 3, 4, 1], vec![130, 4, 9, 9]].concat();
    let whole = built(&(Ipv4 { options, ..v4() } / Udp::new(1, 2) / payload.clone()));
    let pieces = fragment(&whole, 68, 0x1234_5678).expect("it can be cut");
    assert_eq!(pieces.iter().map(Vec::len).collect::<Vec<_>>(), [68, 64, 52]);
    let place = |piece: &Vec<u8>| u16::from_be_bytes([piece[6], piece[7]]);
    assert_eq!(pieces.iter().map(place).collect::<Vec<_>>(), [0x2000, 0x2000 | 5, 10]);
    assert!(pieces.iter().all(|piece| piece[4..6] == [0x56, 0x78]));
    assert_eq!((pieces[0][0], &pieces[1][20..24]), (0x47, &[130, 4, 9, 9][..]));
    let carried: Vec<u8> = pieces.iter().flat_map(|piece| piece[usize::from(piece[0] & 15) * 4..].to_vec()).collect();
    assert_eq!(carried, whole[28..]);

    let whole = built(&(v6() / Extension::hop_by_hop(&[]) / Udp::new(1, 2) / payload));
    let pieces = fragment(&whole, 104, 7).expect("it can be cut");
    assert_eq!(pieces.len(), 3);
    let carried: Vec<u8> = pieces.iter().flat_map(|piece| piece[56..].to_vec()).collect();
    assert_eq!(carried, whole[48..]);
    assert_eq!((pieces[1][6], pieces[1][40], &pieces[1][48..56]), (0, 44, &[17, 0, 0, 49, 0, 0, 0, 7][..]));
}

#[test]
fn what_cannot_be_cut_is_told() {
    let packet = built(&(v4() / vec![0; 100]));
    assert_eq!(fragment(&packet, 200, 1).expect("it fits"), std::slice::from_ref(&packet));
    assert_eq!(fragment(&packet, 27, 1), Err(FragmentError::NoRoom { mtu: 27, header: 20 }));
    assert_eq!(fragment(&[0; 100], 50, 1), Err(FragmentError::NotIp));
    assert_eq!(fragment(&[0x41; 100], 50, 1), Err(FragmentError::NotIp));
    assert_eq!(fragment(&[0x4f; 59], 50, 1), Err(FragmentError::NotIp));
    assert!(fragment(&[0x60; 50], 45, 1).is_err());
    assert_eq!(fragment(&[], 0, 1), Ok(vec![vec![]]));
}
