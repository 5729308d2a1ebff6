use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::capture::{Aside, Checksum, Ether, Frame, Icmp, Ip, Link, Quoted, Udp, UdpFault};
use crate::wire::{Timestamp, Vlans};

fn line(ip: Option<Ip>, body: Body) -> String {
    line_with(ip, body, Style::default())
}

#[track_caller]
fn line_with(ip: Option<Ip>, body: Body, style: Style) -> String {
    let record = Record {
        time: Timestamp(0),
        wire_len: 74,
        cap_len: 74,
        link: Link::Ethernet,
        net_offset: 14,
        fragments: None,
        interface: 0,
        ether: Some(Ether { src: [2, 0, 0, 0, 0, 1], dst: Some([2, 0, 0, 0, 0, 2]), ethertype: 0x0800 }),
        vlans: Vlans::default(),
        ip,
        body,
    };
    let frame = Frame {
        time: record.time,
        wire_len: 74,
        link: record.link,
        interface: 0,
        bytes: &[0; 74],
        comment: None,
        aside: Aside::NONE,
    };
    let packet = Packet { n: 1, frame, record: &record, datagram: &[0; 60] };
    let mut out = Vec::new();
    write(&mut out, &packet, None, Origins::default(), style, None);
    String::from_utf8(out).expect("a line is ASCII")
}

fn addr(last: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, last).into()
}

fn ip(proto: u8) -> Ip {
    Ip {
        src: addr(1),
        dst: addr(2),
        proto,
        ttl: 64,
        tos: 0,
        id: 7,
        len: 60,
        hdr_len: 20,
        df: false,
        mf: false,
        frag_offset: 0,
        checksum: Some(0),
        checksum_ok: Checksum::Unverified,
    }
}

fn udp(fault: Option<UdpFault>) -> Body {
    Body::Udp(Udp {
        src_port: 5000,
        dst_port: 53,
        len: 40,
        payload_len: 32,
        offset: 20,
        checksum: 0x1234,
        checksum_ok: Checksum::Unverified,
        fault,
        truncated: false,
    })
}

fn icmp(kind: u8, code: u8) -> Icmp {
    Icmp {
        version: 4,
        kind,
        code,
        offset: 20,
        checksum: 0,
        checksum_ok: Checksum::Unverified,
        echo_id: None,
        echo_seq: 0,
        mtu: 1400,
        payload_len: 28,
        quoted: Some(Quoted { src: addr(2), dst: addr(9), proto: 17, ports: Some((53, 5000)), seq: None }),
    }
}

#[test]
fn a_datagram_tells_what_is_wrong_with_its_eight_octets() {
    let told = |fault| line(Some(ip(17)), udp(Some(fault)));
    assert_eq!(line(Some(ip(17)), udp(None)), "IP 10.0.0.1.5000 > 10.0.0.2.53: UDP, length 32");
    assert!(told(UdpFault::TooShort).ends_with(" [length field 40: less than the header's own 8 octets]"));
    assert!(told(UdpFault::Surplus(4)).ends_with(" [length field 40: 4 octets of the IP payload lie behind it]"));
    assert!(told(UdpFault::TooLong).ends_with(" [length field 40: more than the 40 octets the IP packet has]"));
    assert!(told(UdpFault::Zero).ends_with(" [length field 0: only an IPv6 jumbogram may say so]"));
    assert!(told(UdpFault::NoChecksum).ends_with(" [no checksum: over IPv6 there must be one]"));
}

#[test]
fn an_icmp_error_tells_what_it_is_about() {
    for (kind, code, told) in [
        (3, 0, "net 10.0.0.9 unreachable"),
        (3, 1, "host 10.0.0.9 unreachable"),
        (3, 2, "10.0.0.9 protocol 17 unreachable"),
        (3, 3, "10.0.0.9 udp port 5000 unreachable"),
        (3, 4, "10.0.0.9 unreachable - need to frag (mtu 1400)"),
        (3, 13, "host 10.0.0.9 unreachable - admin prohibited filter"),
        (5, 1, "redirect 10.0.0.9 to host 0.0.0.0"),
        (11, 0, "time exceeded in-transit"),
        (11, 1, "ip reassembly time exceeded"),
    ] {
        let expected = format!("IP 10.0.0.1 > 10.0.0.2: ICMP {told}, length 36");
        assert_eq!(line(Some(ip(1)), Body::Icmp(icmp(kind, code))), expected);
    }
}

#[test]
fn with_v_an_icmp_error_quotes_the_packet() {
    let told = line_with(Some(ip(1)), Body::Icmp(icmp(3, 3)), Style { verbose: 1, ..Style::default() });
    assert!(told.ends_with("unreachable, length 36\n\tabout 10.0.0.2.53 > 10.0.0.9.5000: UDP"), "{told}");
}

#[test]
fn arp_asks_and_answers() {
    let arp = |op, target_mac| {
        line(
            None,
            Body::Arp(Arp {
                op,
                sender_mac: [2, 0, 0, 0, 0, 1],
                sender_ip: Ipv4Addr::new(10, 0, 0, 1),
                target_mac,
                target_ip: Ipv4Addr::new(10, 0, 0, 2),
            }),
        )
    };
    assert_eq!(arp(1, [0; 6]), "ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 60");
    assert_eq!(arp(1, [2; 6]), "ARP, Request who-has 10.0.0.2 (02:02:02:02:02:02) tell 10.0.0.1, length 60");
    assert_eq!(arp(2, [2; 6]), "ARP, Reply 10.0.0.1 is-at 02:00:00:00:00:01, length 60");
}

#[test]
fn what_is_not_followed_says_why() {
    for (ip, skip, told) in [
        (None, Skip::NotIp(0x88cc), "ethertype LLDP (0x88cc), length 60: not IP, not followed"),
        (None, Skip::NotIp(0x4242), "ethertype Unknown (0x4242), length 60: not IP, not followed"),
        (None, Skip::NotIp(0x0042), "LLC, dsap 0x00, ssap 0x42, length 60: not IP, not followed"),
        (None, Skip::Link(147), "link type 147, length 74: not decoded"),
        (None, Skip::Truncated(Layer::Link), "[|link] the capture ends inside the link header"),
        (Some(ip(47)), Skip::Proto(47), "IP 10.0.0.1 > 10.0.0.2: GRE, length 40: not followed"),
        (Some(ip(253)), Skip::Proto(253), "IP 10.0.0.1 > 10.0.0.2: ip-proto-253, length 40: not followed"),
        (
            Some(ip(6)),
            Skip::Truncated(Layer::Tcp),
            "IP 10.0.0.1 > 10.0.0.2: [|tcp] the capture ends inside the TCP header",
        ),
        (
            Some(ip(6)),
            Skip::Malformed(Layer::Tcp),
            "IP 10.0.0.1 > 10.0.0.2: [malformed tcp] the TCP header contradicts itself",
        ),
        (
            Some(Ip { mf: true, ..ip(17) }),
            Skip::Fragment,
            "IP 10.0.0.1 > 10.0.0.2: UDP fragment, id 7, offset 0, length 40, more to come",
        ),
    ] {
        assert_eq!(line(ip, Body::Skip(skip)), told);
    }
}
