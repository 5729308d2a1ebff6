//! Sending, tried on the kernel: what is allowed arrives, and what is not stays.
//!
//! Each test but one runs in a network namespace of its own.
#![cfg(all(feature = "live", target_os = "linux"))]

mod common;

use std::net::{IpAddr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};

use common::space;
use synfin::capture::{self, Body, Checksums, OwnedFrame, Record, decode};
use synfin::craft::{
    Ear, Field, InjectError, Injector, Ip, Ipv4, Link, LinkInjector, Network, Policy, Refusal, Spec, Transport, Udp,
    emit,
};
use synfin::wire::{Endpoint, Flags, OptionList, Segment, Seq, Timestamp, Vlans, Window};

const LONG_ENOUGH: Duration = Duration::from_secs(5);

#[test]
fn a_crafted_datagram_reaches_a_socket_of_the_kernel() {
    space::inside(|| {
        for host in ["127.0.0.1", "::1"] {
            let host: IpAddr = host.parse().expect("an address");
            let server = UdpSocket::bind((host, 0)).expect("a port");
            server.set_read_timeout(Some(LONG_ENOUGH)).expect("a timeout");
            let port = server.local_addr().expect("bound").port();
            let (from, to) = (at(host, 40_000), at(host, port));
            let packet = built(&Spec { payload: b"hello", ..udp(from, to) });
            Injector::new(Policy::default()).send(&packet).expect("loopback is allowed");
            let mut data = [0; 16];
            let (len, peer) = server.recv_from(&mut data).expect("it came");
            assert_eq!((&data[..len], peer.port()), (&b"hello"[..], 40_000));
        }
    });
}

#[test]
fn a_crafted_syn_is_answered_and_the_answer_heard() {
    space::inside(|| {
        for host in ["127.0.0.1", "::1"] {
            let host: IpAddr = host.parse().expect("an address");
            let server = TcpListener::bind((host, 0)).expect("a port");
            let port = server.local_addr().expect("bound").port();
            let (from, to) = (at(host, 40_000), at(host, port));
            let syn = Segment { seq: Seq(4711), flags: Flags::SYN, window: Window(1024), ..Segment::default() };
            let mut injector = Injector::new(Policy::default());
            let mut ear = injector.ear(host).expect("an ear");
            injector.send(&built(&Spec::tcp(from, to, &syn, &OptionList::EMPTY))).expect("loopback is allowed");
            let answer = await_packet(&mut ear, |record| record.endpoints().is_some_and(|(src, ..)| src == to));
            let Body::Tcp(tcp) = answer.body else { panic!("{:?}", answer.body) };
            assert!(tcp.segment.flags.is_syn_ack() && tcp.segment.ack == Seq(4712), "{:?}", tcp.segment);
            assert!(answer.time > Timestamp(1_600_000_000_000_000_000), "{:?}", answer.time);
        }
    });
}

#[test]
fn a_crafted_echo_is_answered() {
    space::inside(|| {
        for (host, kind) in [("127.0.0.1", 8), ("::1", 128)] {
            let host: IpAddr = host.parse().expect("an address");
            let here = at(host, 0);
            let transport = Transport::Icmp { kind, code: 0, word: 0x1234_0001 };
            let packet = built(&Spec { transport, payload: b"ping", ..udp(here, here) });
            let mut injector = Injector::new(Policy::default());
            let mut ear = injector.ear(host).expect("an ear");
            injector.send(&packet).expect("loopback is allowed");
            let reply = if kind == 8 { 0 } else { 129 };
            let answer = await_packet(&mut ear, |record| matches!(record.body, Body::Icmp(icmp) if icmp.kind == reply));
            let Body::Icmp(icmp) = answer.body else { panic!("{:?}", answer.body) };
            assert_eq!((icmp.echo_id, icmp.echo_seq, icmp.payload_len), (Some(0x1234), 1, 4));
        }
    });
}

#[test]
fn a_frame_reaches_the_other_end_of_a_pair() {
    space::inside(|| {
        space::run("ip link add near type veth peer name far");
        space::run("ip addr add 10.7.0.1/24 dev near");
        space::run("ip link set near up");
        space::run("ip link set far up");

        let server = UdpSocket::bind("10.7.0.1:9000").expect("the address of near");
        server.set_read_timeout(Some(LONG_ENOUGH)).expect("a timeout");
        // Its source is nobody's, which is allowed in a namespace that has no way out.
        let (from, to) = (at(addr("10.7.0.99"), 40_000), at(addr("10.7.0.1"), 9000));
        let near =
            LinkInjector::new(Policy::default(), "near", false).expect("near is there").mac().expect("a veth has one");
        let mut injector = LinkInjector::new(Policy::default(), "far", true).expect("far is there");
        let link = Link::Ethernet { src: [2, 0, 0, 0, 0, 99], dst: near, vlans: Vlans::default() };
        let frame = built(&Spec { link, payload: b"over the wire", ..udp(from, to) });
        injector.send(&frame).expect("far leads to near");
        let both = [frame.clone(), frame.clone()].concat();
        assert_eq!(injector.send_batch(&both, frame.len()).expect("far leads to near"), 2);
        let mut data = [0; 64];
        for _ in 0..3 {
            let (len, peer) = server.recv_from(&mut data).expect("it came");
            assert_eq!((&data[..len], peer.to_string().as_str()), (&b"over the wire"[..], "10.7.0.99:40000"));
        }

        let everybody = Link::Ethernet { src: [2, 0, 0, 0, 0, 99], dst: [0xff; 6], vlans: Vlans::default() };
        let frame = built(&Spec { link: everybody, ..udp(from, to) });
        let refused = injector.send(&frame).expect_err("broadcast");
        assert!(matches!(refused, InjectError::Refused(Refusal::Group { .. })), "{refused}");
        let nonsense = injector.send(&[0; 60]).expect_err("neither IP nor ARP");
        assert!(matches!(nonsense, InjectError::NotJudged), "{nonsense}");
    });
}

#[test]
fn what_would_leave_is_refused_and_what_is_named_may() {
    space::inside(|| {
        space::lead_out();

        let send =
            |policy: Policy, from, to| Injector::new(policy).send(&built(&udp(at(addr(from), 1), at(addr(to), 2))));
        let refusal = |policy, from, to| match send(policy, from, to) {
            Err(InjectError::Refused(refusal)) => refusal,
            other => panic!("{from} to {to}: {other:?}"),
        };
        send(Policy::default(), "10.7.0.1", "10.7.0.77").expect("the pair leads nowhere else");
        let far = refusal(Policy::default(), "10.7.0.1", "192.0.2.7");
        assert_eq!(far, Refusal::Remote { to: addr("192.0.2.7"), interface: "near".to_owned() });
        let named: Network = "192.0.2.0/24".parse().expect("a network");
        let policy = Policy { remote: vec![named], groups: false };
        send(policy.clone(), "10.7.0.1", "192.0.2.7").expect("it was named");
        let forged = refusal(policy.clone(), "10.7.0.9", "192.0.2.7");
        assert_eq!(forged, Refusal::Forged { from: addr("10.7.0.9") });
        assert!(matches!(refusal(policy.clone(), "10.7.0.1", "224.0.0.1"), Refusal::Group { .. }));
        assert!(matches!(refusal(policy, "10.7.0.1", "10.7.0.255"), Refusal::Group { .. }));

        // The same address by another way is another matter.
        space::run("ip link add name bridge0 type bridge");
        space::run("ip link set bridge0 up");
        space::run("ip addr add 10.8.0.1/24 dev bridge0");
        let bridged = refusal(Policy::default(), "10.8.0.1", "10.8.0.7");
        assert_eq!(bridged, Refusal::Remote { to: addr("10.8.0.7"), interface: "bridge0".to_owned() });
        // With a way out, sources are no longer free, nor are senders of frames, nor routes in packets.
        assert_eq!(refusal(Policy::default(), "192.0.2.9", "127.0.0.1"), Refusal::Forged { from: addr("192.0.2.9") });
        let mut frames = LinkInjector::new(Policy::default(), "near", false).expect("near is there");
        let link = Link::Ethernet { src: [2; 6], dst: [4; 6], vlans: Vlans::default() };
        let forged = frames.send(&built(&Spec { link, ..udp(at(addr("10.7.0.1"), 1), at(addr("10.7.0.2"), 2)) }));
        assert!(matches!(forged, Err(InjectError::Refused(Refusal::ForgedMac { .. }))), "{forged:?}");
        let here = std::net::Ipv4Addr::LOCALHOST;
        let routed = Ipv4 { options: vec![131, 7, 4, 192, 0, 2, 1], ..Ipv4::new(here, here) } / Udp::new(1, 2);
        let routed = Injector::new(Policy::default()).send(&routed.build().expect("it fits"));
        assert!(matches!(routed, Err(InjectError::Refused(Refusal::Routed { .. }))), "{routed:?}");
    });
}

#[test]
fn an_address_that_looks_local_is_refused_where_its_route_leaves() {
    space::inside(|| {
        space::run("ip link add name bridge0 type bridge");
        space::run("ip link set bridge0 up");
        space::run("ip addr add 10.8.0.1/24 dev bridge0");
        space::run("ip rule add pref 1 table 77");
        space::run("ip rule del pref 0");
        space::run("ip route add 127.5.0.0/16 dev bridge0 table 77");
        space::run("ip rule add pref 2 table local");

        let packet = built(&udp(at(addr("127.0.0.1"), 1), at(addr("127.5.0.1"), 2)));
        let refused = Injector::new(Policy::default()).send(&packet).expect_err("it would leave by bridge0");
        let InjectError::Refused(Refusal::Remote { interface, .. }) = refused else { panic!("{refused}") };
        assert_eq!(interface, "bridge0");
        let packet = built(&udp(at(addr("127.0.0.1"), 1), at(addr("127.0.0.1"), 2)));
        Injector::new(Policy::default()).send(&packet).expect("this one stays");
    });
}

#[test]
fn on_the_machine_itself_sources_are_its_own() {
    // Needs no namespace and no privilege: what is refused never gets to a socket.
    let forged = built(&udp(at(addr("192.0.2.9"), 1), at(addr("127.0.0.1"), 2)));
    let refused = Injector::new(Policy::default()).send(&forged).expect_err("not our address");
    assert!(matches!(refused, InjectError::Refused(Refusal::Forged { .. })), "{refused}");
    let cut = Injector::new(Policy::default()).send(&forged[..19]).expect_err("no whole header");
    assert!(matches!(cut, InjectError::NotJudged), "{cut}");
}

fn addr(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn at(addr: IpAddr, port: u16) -> Endpoint {
    Endpoint { addr, port }
}

fn udp(from: Endpoint, to: Endpoint) -> Spec<'static> {
    Spec {
        link: Link::Raw,
        ip: Ip::default(),
        from,
        to,
        transport: Transport::Udp { len: Field::Right },
        checksum: Field::Right,
        payload: &[],
    }
}

fn built(spec: &Spec<'_>) -> Vec<u8> {
    let mut packet = Vec::new();
    emit(spec, &mut packet).expect("it can be built");
    packet
}

/// The first packet that is `wanted` among those that come.
#[track_caller]
fn await_packet(ear: &mut Ear, wanted: impl Fn(&Record) -> bool) -> Record {
    let start = Instant::now();
    while start.elapsed() < LONG_ENOUGH {
        let Some(heard) = ear.hear(Duration::from_millis(100)).expect("the interface is up") else { continue };
        let frame = OwnedFrame::new(heard.time, capture::Link::Raw, heard.packet.to_vec());
        let record = decode(&frame.as_frame(), Checksums::Ignore);
        if wanted(&record) {
            return record;
        }
    }
    panic!("no answer");
}
