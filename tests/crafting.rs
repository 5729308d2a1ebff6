//! Packets of all kinds from scratch: what was said is what our decoder reads, and others find
//! nothing wrong with it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use synfin::capture::file::{CaptureWriter, Format};
use synfin::capture::{self, Body, Checksum, Checksums, OwnedFrame, Record, decode};
use synfin::craft::{
    Arp, Ethernet, Extension, Icmp, Ipv4, Ipv6, Layer, Packet, Spot, Tcp, Template, Udp, Vlan, fragment, quote,
};
use synfin::wire::{Flags, OptionList, Seq, Timestamp, Window};

proptest! {
    #[test]
    fn every_pile_of_headers_reads_as_it_was_said(pile in pile()) {
        let bytes = built(&pile);
        let record = read(&bytes);
        let mut offset = 0;
        for layer in &pile.layers {
            match layer {
                Layer::Ethernet(said) => {
                    let heard = record.ether.expect("an Ethernet header");
                    prop_assert_eq!((heard.src, heard.dst), (said.src, Some(said.dst)));
                    offset += 14;
                }
                Layer::Vlan(said) => {
                    prop_assert!(record.vlans.ids().contains(&said.id));
                    offset += 4;
                }
                Layer::Arp(said) => {
                    let Body::Arp(heard) = record.body else { panic!("{:?}", record.body) };
                    prop_assert_eq!((heard.op, heard.sender_mac, heard.sender_ip), (said.op, said.sender_mac, said.sender_ip));
                    prop_assert_eq!((heard.target_mac, heard.target_ip), (said.target_mac, said.target_ip));
                }
                Layer::Ipv4(said) => {
                    let heard = record.ip.expect("an IP header");
                    prop_assert_eq!((heard.src, heard.dst), (said.src.into(), said.dst.into()));
                    prop_assert_eq!((heard.ttl, heard.tos, heard.id), (said.ttl, said.tos, said.id.into()));
                    prop_assert_eq!((heard.df, heard.mf, heard.frag_offset), (said.df, false, 0));
                    prop_assert_eq!(heard.checksum_ok, Checksum::Good);
                    prop_assert_eq!(heard.len as usize, bytes.len() - offset);
                    prop_assert_eq!(usize::from(heard.hdr_len), 20 + said.options.len().next_multiple_of(4));
                }
                Layer::Ipv6(said) => {
                    let heard = record.ip.expect("an IP header");
                    prop_assert_eq!((heard.src, heard.dst), (said.src.into(), said.dst.into()));
                    prop_assert_eq!((heard.ttl, heard.tos), (said.hop_limit, said.traffic_class));
                    prop_assert_eq!(heard.len as usize, bytes.len() - offset);
                    prop_assert_eq!(
                        u32::from_be_bytes([bytes[offset], bytes[offset + 1], bytes[offset + 2], bytes[offset + 3]]) & 0xf_ffff,
                        said.flow_label
                    );
                }
                Layer::Tcp(said) => {
                    let Body::Tcp(heard) = record.body else { panic!("{:?}", record.body) };
                    prop_assert_eq!((heard.src_port, heard.dst_port), (said.src_port, said.dst_port));
                    let segment = heard.segment;
                    prop_assert_eq!((segment.seq, segment.ack, segment.flags), (said.seq, said.ack, said.flags));
                    prop_assert_eq!((segment.window, segment.urgent), (said.window, said.urgent));
                    prop_assert_eq!(segment.options, said.options.meaning());
                    prop_assert_eq!(segment.len as usize, payload_of(&pile).len());
                    prop_assert_eq!(heard.checksum_ok, Checksum::Good);
                }
                Layer::Udp(said) => {
                    let Body::Udp(heard) = record.body else { panic!("{:?}", record.body) };
                    prop_assert_eq!((heard.src_port, heard.dst_port), (said.src_port, said.dst_port));
                    prop_assert_eq!((heard.payload_len as usize, heard.fault), (payload_of(&pile).len(), None));
                    prop_assert_eq!(heard.checksum_ok, Checksum::Good);
                }
                Layer::Icmp(said) => {
                    let Body::Icmp(heard) = record.body else { panic!("{:?}", record.body) };
                    prop_assert_eq!((heard.kind, heard.code), (said.kind, said.code));
                    prop_assert_eq!(heard.echo_id, Some((said.word >> 16) as u16));
                    prop_assert_eq!(heard.checksum_ok, Checksum::Good);
                }
                Layer::Extension(_) | Layer::Fragment(_) | Layer::Payload(_) => {}
            }
        }
    }

    #[test]
    fn a_template_says_what_building_anew_would(pile in pile(), value: u32, addrs: (u32, u128), spot in spot()) {
        let mut template = Template::new(&pile).expect("it fits");
        if let Some(place) = template.place(spot) {
            let v4 = pile.layers.iter().any(|layer| matches!(layer, Layer::Ipv4(_)));
            let addr: IpAddr = if v4 { Ipv4Addr::from(addrs.0).into() } else { Ipv6Addr::from(addrs.1).into() };
            match spot {
                Spot::SrcAddr | Spot::DstAddr => template.set_addr(place, addr),
                _ => template.set(place, value),
            }
            let mut anew = pile.clone();
            anew.layers.iter_mut().for_each(|layer| say(layer, spot, value, addr));
            let anew = built(&anew);
            // The two zeros of ones' complement may stand for each other.
            let same = template.octets() == anew
                || read(template.octets()).body_checksum() == Some(Checksum::Good)
                    && template.octets().iter().zip(&anew).filter(|(a, b)| a != b).all(|(a, b)| (*a ^ *b) == 0xff);
            prop_assert!(same, "{:?} {:?}", spot, place);
        }
    }

    #[test]
    fn fragments_put_together_are_the_packet(pile in pile(), mtu in 96usize..400, id: u32) {
        let whole = Packet { layers: without_link(&pile) };
        prop_assume!(!whole.layers.is_empty());
        let whole = built(&whole);
        let Ok(pieces) = fragment(&whole, mtu, id) else { return Ok(()) };
        prop_assert!(pieces.iter().all(|piece| piece.len() <= mtu));
        let frames = pieces.into_iter().map(|piece| OwnedFrame::new(Timestamp(0), capture::Link::Raw, piece));
        let mut last = Last(None);
        let mut source: capture::MemorySource = frames.collect();
        capture::pump(&mut source, Checksums::Verify, &mut capture::Tracker::default(), &mut last).expect("memory");
        let (heard, whole) = (last.0.expect("a packet"), read_raw(&whole));
        prop_assert_eq!(heard.body_checksum(), whole.body_checksum());
        prop_assert_eq!(format!("{:?}", heard.endpoints()), format!("{:?}", whole.endpoints()));
    }
}

#[test]
fn an_error_quotes_the_packet_that_it_is_about() {
    let (host, router, server) =
        (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 254), Ipv4Addr::new(192, 0, 2, 1));
    let tcp = Tcp { seq: Seq(4711), ..Tcp::new(40_000, 80, Flags::SYN) };
    let sent = built(&(Ipv4::new(host, server) / tcp));
    let told = built(&(Ipv4::new(router, host) / Icmp { word: 1400, ..Icmp::new(3, 4) } / quote(&sent)));
    let Body::Icmp(icmp) = read_raw(&told).body else { panic!("not ICMP") };
    let quoted = icmp.quoted.expect("a quote");
    assert_eq!(
        (quoted.src, quoted.dst, quoted.ports, quoted.seq),
        (host.into(), server.into(), Some((40_000, 80)), Some(4711))
    );
    assert_eq!((icmp.mtu, icmp.checksum_ok), (1400, Checksum::Good));

    let long = built(&(Ipv4::new(host, server) / vec![0; 2000]));
    assert_eq!(quote(&long).len() + 20 + 8, 576);
}

#[test]
fn tshark_finds_nothing_wrong_with_right_packets() {
    if !is_there("tshark", &["--version"]) {
        return;
    }
    let capture = write_piles("crafted-for-tshark.pcap");
    let checks = ["-oip.check_checksum:TRUE", "-otcp.check_checksum:TRUE", "-oudp.check_checksum:TRUE"];
    let ran = Command::new("tshark")
        .args(checks)
        .args(["-n", "-r", &capture.0, "-Y"])
        .arg(
            "_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || \
             icmp.checksum.status == 0 || icmpv6.checksum.status == 0",
        )
        .output()
        .expect("tshark starts");
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && told.is_empty(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    let counted = Command::new("tshark").args(["-n", "-r", &capture.0, "-T", "fields", "-e", "frame.number"]).output();
    let counted = String::from_utf8(counted.expect("it starts").stdout).expect("numbers");
    assert_eq!(counted.lines().count(), capture.1);
}

#[test]
fn scapy_builds_the_same_octets_from_what_it_reads() {
    // Where several Pythons are installed, Debian's is the one that has Debian's Scapy.
    let has_scapy = |python: &&str| runs(python, &["-c", "import scapy.all"]);
    let Some(python) = ["python3", "/usr/bin/python3"].into_iter().find(has_scapy) else {
        is_there("python3", &["-c", "import scapy.all"]);
        return;
    };
    let capture = write_piles("crafted-for-scapy.pcap");
    // Without its checksums and lengths, Scapy has to find the same ones.
    let script = "
import sys
from scapy.all import IP, IPv6, TCP, UDP, ICMP, rdpcap
wrong = 0
for number, packet in enumerate(rdpcap(sys.argv[1])):
    octets = bytes(packet)
    for layer in (IP, TCP, UDP, ICMP):
        if layer in packet:
            for field in ('chksum', 'len', 'ihl', 'dataofs'):
                if hasattr(packet[layer], field):
                    delattr(packet[layer], field)
    if IPv6 in packet:
        del packet[IPv6].plen
    if bytes(packet) != octets:
        print(number, octets.hex(), bytes(packet).hex())
";
    let ran = Command::new(python).args(["-c", script, &capture.0]).output().expect("python3 starts");
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && told.is_empty(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
}

/// The record that came last.
struct Last(Option<Record>);

impl capture::Sink for Last {
    fn packet(
        &mut self,
        packet: &capture::Packet<'_>,
        _: Option<(&capture::Observation, &capture::Conn)>,
    ) -> std::io::Result<()> {
        self.0 = Some(*packet.record);
        Ok(())
    }
}

trait BodyChecksum {
    fn body_checksum(&self) -> Option<Checksum>;
}

impl BodyChecksum for Record {
    fn body_checksum(&self) -> Option<Checksum> {
        match self.body {
            Body::Tcp(tcp) => Some(tcp.checksum_ok),
            Body::Udp(udp) => Some(udp.checksum_ok),
            Body::Icmp(icmp) => Some(icmp.checksum_ok),
            Body::Arp(_) | Body::Skip(_) => None,
        }
    }
}

fn built(packet: &Packet) -> Vec<u8> {
    packet.build().expect("it fits")
}

fn read(frame: &[u8]) -> Record {
    decode(&OwnedFrame::new(Timestamp(0), capture::Link::Ethernet, frame.to_vec()).as_frame(), Checksums::Verify)
}

fn read_raw(packet: &[u8]) -> Record {
    decode(&OwnedFrame::new(Timestamp(0), capture::Link::Raw, packet.to_vec()).as_frame(), Checksums::Verify)
}

fn payload_of(pile: &Packet) -> &[u8] {
    match pile.layers.last() {
        Some(Layer::Payload(octets)) => octets,
        _ => &[],
    }
}

fn without_link(pile: &Packet) -> Vec<Layer> {
    let is_link = |layer: &&Layer| matches!(layer, Layer::Ethernet(_) | Layer::Vlan(_) | Layer::Arp(_));
    pile.layers.iter().skip_while(is_link).cloned().collect()
}

/// Changes a field of a header, as the template does in place.
fn say(layer: &mut Layer, spot: Spot, value: u32, addr: IpAddr) {
    match (layer, spot, addr) {
        (Layer::Ipv4(ip), Spot::SrcAddr, IpAddr::V4(addr)) => ip.src = addr,
        (Layer::Ipv4(ip), Spot::DstAddr, IpAddr::V4(addr)) => ip.dst = addr,
        (Layer::Ipv6(ip), Spot::SrcAddr, IpAddr::V6(addr)) => ip.src = addr,
        (Layer::Ipv6(ip), Spot::DstAddr, IpAddr::V6(addr)) => ip.dst = addr,
        (Layer::Ipv4(ip), Spot::Ttl, _) => ip.ttl = value as u8,
        (Layer::Ipv6(ip), Spot::Ttl, _) => ip.hop_limit = value as u8,
        (Layer::Ipv4(ip), Spot::Id, _) => ip.id = value as u16,
        (Layer::Tcp(tcp), Spot::SrcPort, _) => tcp.src_port = value as u16,
        (Layer::Udp(udp), Spot::SrcPort, _) => udp.src_port = value as u16,
        (Layer::Tcp(tcp), Spot::DstPort, _) => tcp.dst_port = value as u16,
        (Layer::Udp(udp), Spot::DstPort, _) => udp.dst_port = value as u16,
        (Layer::Tcp(tcp), Spot::Seq, _) => tcp.seq = Seq(value),
        (Layer::Tcp(tcp), Spot::Ack, _) => tcp.ack = Seq(value),
        (Layer::Tcp(tcp), Spot::Window, _) => tcp.window = Window(value as u16),
        (Layer::Icmp(icmp), Spot::EchoId, _) => icmp.word = value << 16 | icmp.word & 0xffff,
        (Layer::Icmp(icmp), Spot::EchoSeq, _) => icmp.word = icmp.word & 0xffff_0000 | value & 0xffff,
        _ => {}
    }
}

/// Whether a program runs; says so where it does not, and with `CI` set fails.
#[track_caller]
fn is_there(program: &str, args: &[&str]) -> bool {
    let there = runs(program, args);
    if !there {
        assert!(std::env::var_os("CI").is_none(), "`{program} {}` has to run here", args.join(" "));
        eprintln!("not run, since `{program} {}` fails: what it thinks of crafted packets", args.join(" "));
    }
    there
}

fn runs(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|ran| ran.status.success())
}

/// A capture of piles as the properties above have them, and how many they are.
fn write_piles(name: &str) -> (String, usize) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).to_string_lossy().into_owned();
    let file = std::fs::File::create(&path).expect("a scratch file");
    let mut writer = CaptureWriter::new(file, Format::Pcap, capture::Link::Ethernet).expect("a header");
    let mut runner = TestRunner::deterministic();
    let count = 300;
    for at in 0..count {
        let mut pile = pile().new_tree(&mut runner).expect("a pile").current();
        // What random octets would mean to an application is not asked.
        for layer in &mut pile.layers {
            match layer {
                Layer::Tcp(tcp) => (tcp.src_port, tcp.dst_port) = (50_001, 50_002),
                Layer::Udp(udp) => (udp.src_port, udp.dst_port) = (50_001, 50_002),
                Layer::Payload(octets) => octets.fill(b'x'),
                _ => {}
            }
        }
        let frame = OwnedFrame::new(Timestamp(at * 1_000_000), capture::Link::Ethernet, built(&pile));
        writer.write(&frame.as_frame()).expect("a frame");
    }
    writer.finish().expect("the end");
    (path, count as usize)
}

fn spot() -> impl Strategy<Value = Spot> {
    prop::sample::select(vec![
        Spot::SrcAddr,
        Spot::DstAddr,
        Spot::Ttl,
        Spot::Id,
        Spot::SrcPort,
        Spot::DstPort,
        Spot::Seq,
        Spot::Ack,
        Spot::Window,
        Spot::EchoId,
        Spot::EchoSeq,
    ])
}

/// An Ethernet frame of any kind that is as the standards have it.
fn pile() -> impl Strategy<Value = Packet> {
    let network = prop_oneof![
        2 => (ipv4(), transport(false), payload()).prop_map(|(ip, transport, payload)| vec![ip, transport, payload]),
        2 => (ipv6(), transport(true), payload()).prop_map(|(mut ip, transport, payload)| {
            ip.extend([transport, payload]);
            ip
        }),
        1 => arp().prop_map(|arp| vec![arp]),
    ];
    let tags = prop::collection::vec((0u16..4096, 0u8..8, prop::sample::select(vec![0x8100u16, 0x88a8])), 0..3);
    (any::<([u8; 6], [u8; 6])>(), tags, network).prop_map(|((src, dst), tags, network)| {
        // The first octet of a sender's address says nothing of a group.
        let src = [src[0] & !1, src[1], src[2], src[3], src[4], src[5]];
        let mut layers = vec![Ethernet::new(src, dst).into()];
        layers.extend(
            tags.iter()
                .map(|(id, priority, tpid)| Layer::from(Vlan { priority: *priority, tpid: *tpid, ..Vlan::new(*id) })),
        );
        layers.extend(network);
        Packet { layers }
    })
}

fn ipv4() -> impl Strategy<Value = Layer> {
    // No operation, record route, router alert, end.
    let options = prop::sample::select(vec![
        vec![],
        vec![1, 1, 1, 1],
        vec![7, 7, 4, 0, 0, 0, 0],
        vec![148, 4, 0, 0],
        vec![1, 148, 4, 0, 0],
    ]);
    (any::<(u32, u32, u8, u16, bool)>(), 1u8.., options).prop_map(|((src, dst, tos, id, df), ttl, options)| {
        Ipv4 { tos, id, df, ttl, options, ..Ipv4::new(src.into(), dst.into()) }.into()
    })
}

fn ipv6() -> impl Strategy<Value = Vec<Layer>> {
    let extensions = prop::sample::select(vec![
        vec![],
        vec![Extension::hop_by_hop(&[5, 2, 0, 0])],
        vec![Extension::hop_by_hop(&[]), Extension::destination(&[1, 3, 0, 0, 0])],
        vec![Extension::destination(&[1, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
    ]);
    (any::<(u128, u128, u8)>(), 0u32..1 << 20, 1u8.., extensions).prop_map(
        |((src, dst, traffic_class), flow_label, hop_limit, extensions)| {
            let ip = Ipv6 { traffic_class, flow_label, hop_limit, ..Ipv6::new(src.into(), dst.into()) };
            let mut layers = vec![ip.into()];
            layers.extend(extensions.into_iter().map(Layer::from));
            layers
        },
    )
}

fn transport(in_v6: bool) -> impl Strategy<Value = Layer> {
    let options = prop::sample::select(vec![
        "nop",
        "mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7",
        "nop,nop,TS val 7 ecr 9",
        "nop,nop,sack 1:5 9:13",
        "FO 0a0b0c0d,nop,nop",
        "kind 253 0102",
    ]);
    let tcp = (any::<(u16, u16, u32, u32, u16, u16)>(), 0u16..0x200, options).prop_map(
        |((src_port, dst_port, seq, ack, window, urgent), flags, options)| {
            let options: OptionList = options.parse().expect("in the notation");
            let (seq, ack, window) = (Seq(seq), Seq(ack), Window(window));
            Tcp { seq, ack, window, urgent, options, ..Tcp::new(src_port, dst_port, Flags(flags)) }.into()
        },
    );
    let udp = (0u16.., 0u16..).prop_map(|(src_port, dst_port)| Udp::new(src_port, dst_port).into());
    let icmp = (0u16.., 0u16..)
        .prop_map(move |(id, seq)| if in_v6 { Icmp::echo_v6(id, seq) } else { Icmp::echo(id, seq) }.into());
    prop_oneof![tcp, udp, icmp]
}

fn arp() -> impl Strategy<Value = Layer> {
    any::<([u8; 6], u32, [u8; 6], u32, bool)>().prop_map(|(sender_mac, sender_ip, target_mac, target_ip, asks)| {
        if asks {
            Arp::request(sender_mac, sender_ip.into(), target_ip.into()).into()
        } else {
            Arp::reply(sender_mac, sender_ip.into(), target_mac, target_ip.into()).into()
        }
    })
}

fn payload() -> impl Strategy<Value = Layer> {
    prop::collection::vec(any::<u8>(), 0..300).prop_map(Layer::Payload)
}
