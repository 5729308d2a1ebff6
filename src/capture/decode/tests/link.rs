//! What stands before the network header.

use super::*;

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
    let wifi: [u8; 24] = [8, 2, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 0, 0];
    let snap: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
    let cases: [(Link, &[u8], &[u8]); 26] = [
        (Link::Other(10), &join(&[&[0x50], &MACS, &snap]), &four),
        (Link::Other(104), &[0x0f, 0x00, 0x86, 0xdd], &six),
        (Link::Other(105), &join(&[&wifi, &snap]), &four),
        (Link::Other(127), &join(&[&[0, 0, 8, 0, 0, 0, 0, 0], &wifi, &snap]), &four),
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
fn arp_is_read_for_ethernet_only() {
    let request = [0, 1, 8, 0, 6, 4, 0, 1, 1, 1, 1, 1, 1, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2];
    let record = read(Link::Ethernet, &ethernet(0x0806, &request));
    let Body::Arp(arp) = record.body else { panic!("{:?}", record.body) };
    assert_eq!((arp.op, arp.sender_ip.octets(), arp.target_ip.octets()), (1, [10, 0, 0, 1], [10, 0, 0, 2]));
    let infiniband = [0, 32, 8, 0, 20, 4, 0, 1];
    assert_eq!(skip(&read(Link::Ethernet, &ethernet(0x0806, &infiniband))), Skip::NotIp(0x0806));
}

#[test]
fn what_is_not_ip_is_named() {
    let named = |link, bytes: &[u8]| skip(&read(link, bytes));
    assert_eq!(named(Link::Ethernet, &ethernet(0x88cc, &[0; 40])), Skip::NotIp(0x88cc));
    assert_eq!(named(Link::Ethernet, &ethernet(0x8863, &[0x11, 9, 0, 0, 0, 0])), Skip::NotIp(0x8863));
    assert_eq!(named(Link::Ethernet, &ethernet(0x8864, &[0x11, 9, 0, 0, 0, 0])), Skip::NotIp(0x8864));
    assert_eq!(named(Link::Ethernet, &ethernet(0x0806, &[0, 32, 8, 0, 20, 4, 0, 1])), Skip::NotIp(0x0806));
    assert_eq!(named(Link::Sll, &[0, 0, 3, 0x3a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16]), Skip::NotIp(16));
    assert_eq!(named(Link::Ppp, &[0xff, 0x03, 0xc0, 0x21, 1, 1]), Skip::NotIp(0xc021));
    assert_eq!(named(Link::Null, &[7, 0, 0, 0, 0x45]), Skip::NotIp(7));
    assert_eq!(named(Link::Other(105), &[0; 64]), Skip::Link(105));
}

#[test]
fn a_link_header_that_is_cut_is_truncated() {
    let whole = join(&[&MACS, &[0x81, 0, 0, 7, 0x88, 0x64, 0x11, 0, 0, 1, 0, 42, 0x00, 0x21], &v4(6, &syn(&[], b""))]);
    for cut in 0..26 {
        assert_eq!(skip(&read_cut(Link::Ethernet, &whole[..cut], whole.len())), Skip::Truncated(Layer::Link), "{cut}");
    }
    assert_eq!(skip(&read_cut(Link::Ethernet, &whole[..26], whole.len())), Skip::Truncated(Layer::Ipv4));
    for (link, len) in [(Link::Sll, 15), (Link::Sll2, 19), (Link::Null, 3), (Link::Pppoe, 5), (Link::Ppp, 0)] {
        assert_eq!(skip(&read(link, &vec![0; len])), Skip::Truncated(Layer::Link), "{link}");
    }
}

#[test]
fn frames_in_frames_lead_to_the_inner_packet() {
    let inner = join(&[&[9; 12], &[0x81, 0, 0, 42, 8, 0], &v4(6, &syn(&[], b""))]);
    let fabric_path = ethernet(0x8903, &join(&[&[0, 1], &inner]));
    let backbone = ethernet(0x88e7, &join(&[&[0, 0, 0, 1], &inner]));
    let pseudowire = ethernet(0x8847, &join(&[&[0, 0, 0x21, 64], &[0; 4], &inner]));
    for frame in [fabric_path, backbone, pseudowire] {
        let record = read(Link::Ethernet, &frame);
        assert_eq!((tcp(&record).src_port, record.vlans.ids()), (1024, &[42][..]));
        assert_eq!(record.ether.map(|ether| (ether.src[5], ether.ethertype)), Some((0xaa, 0x0800)));
    }
}

#[test]
fn tags_that_are_no_vlans_are_stepped_over() {
    let packet = v4(6, &syn(&[], b""));
    for (ethertype, tag) in [(0x8926, [0, 1, 0, 2, 8, 0]), (0xf1c1, [0, 0, 0, 9, 8, 0])] {
        let record = read(Link::Ethernet, &ethernet(ethertype, &join(&[&tag, &packet])));
        assert_eq!((tcp(&record).src_port, record.vlans.count()), (1024, 0));
    }
}

#[test]
fn labels_over_neither_ip_nor_ethernet_are_not_ip() {
    for below in [&[0; 40][..], &[0x50; 40]] {
        let record = read(Link::Ethernet, &ethernet(0x8847, &join(&[&[0, 0, 1, 64], below])));
        assert_eq!(skip(&record), Skip::NotIp(0x8847));
    }
}

#[test]
fn the_version_in_the_packet_decides() {
    assert_eq!(tcp(&read(Link::Ethernet, &ethernet(0x0800, &v6(6, &syn(&[], b""))))).dst_port, 80);
    assert_eq!(tcp(&read(Link::Ethernet, &ethernet(0x86dd, &v4(6, &syn(&[], b""))))).dst_port, 80);
    assert_eq!(skip(&read(Link::Ethernet, &ethernet(0x0800, &[0x50; 40]))), Skip::Malformed(Layer::Ipv4));
    assert_eq!(skip(&read(Link::Ethernet, &ethernet(0x86dd, &[0x50; 40]))), Skip::Malformed(Layer::Ipv6));
}

#[test]
fn a_cooked_frame_tells_its_sender_where_it_has_one() {
    let packet = v4(6, &syn(&[], b""));
    let header = |len| [0, 0, 0, 1, 0, len, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0];
    let ether = read(Link::Sll, &join(&[&header(6), &packet])).ether;
    assert_eq!(ether.map(|ether| (ether.src, ether.dst, ether.ethertype)), Some(([1, 2, 3, 4, 5, 6], None, 0x0800)));
    assert_eq!(read(Link::Sll, &join(&[&header(0), &packet])).ether, None);
}

#[test]
fn an_arp_packet_that_lies_about_ethernet_is_malformed() {
    let odd = [0, 1, 8, 0, 8, 4, 0, 1];
    assert_eq!(skip(&read(Link::Ethernet, &ethernet(0x0806, &odd))), Skip::Malformed(Layer::Arp));
    let cut = [0, 1, 8, 0, 6, 4, 0, 1, 1, 1];
    assert_eq!(skip(&read_cut(Link::Ethernet, &ethernet(0x0806, &cut), 60)), Skip::Truncated(Layer::Arp));
}
