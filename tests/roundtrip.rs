//! What is said is what is seen: emitting and decoding are mirror images, and so are printing and
//! reading the notation of transcripts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pnet_packet::{Packet as _, ipv4, ipv6, tcp};
use proptest::prelude::*;

use synfin::capture::{self, Aside, Body, Checksums, Frame, decode};
use synfin::craft::{Field, Ip, Link, Script, Spec, Transport, emit};
use synfin::wire::notation::{Origin, Written};
use synfin::wire::{Endpoint, Flags, OptionList, Segment, Seq, Timestamp, Vlans, Window};

proptest! {
    #[test]
    fn a_segment_that_is_emitted_decodes_to_itself(said in written(), packet in packet(), payload in payload()) {
        let segment = Segment { len: payload.len() as u32, ..said.segment };
        let bytes = built(&packet, tcp_of(&segment, &said.options), &payload);
        let record = decode(&frame(&packet, &bytes), Checksums::Verify);

        let Body::Tcp(tcp) = record.body else {
            return Err(TestCaseError::fail(format!("{:?}", record.body)));
        };
        prop_assert_eq!(tcp.segment, segment);
        prop_assert_eq!(tcp.checksum_ok, capture::Checksum::Good);
        prop_assert!(!tcp.truncated);
        let (from, to, _) = record.endpoints().expect("TCP has endpoints");
        prop_assert_eq!((from, to), (packet.from, packet.to));
        prop_assert_eq!(record.vlans, packet.vlans);
        let ip = record.ip.expect("an IP packet");
        prop_assert_eq!((ip.ttl, ip.tos), (packet.ip.ttl, packet.ip.tos));
    }

    #[test]
    fn a_second_opinion_finds_the_same_checksum_and_fields(said in written(), packet in packet(), payload in payload()) {
        let bytes = built(&Scene { ethernet: false, ..packet }, tcp_of(&said.segment, &said.options), &payload);
        let (header, right) = match (packet.from.addr, packet.to.addr) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let ip = ipv4::Ipv4Packet::new(&bytes).expect("long enough");
                prop_assert_eq!(ip.get_checksum(), ipv4::checksum(&ip));
                let tcp = tcp::TcpPacket::new(&bytes[20..]).expect("long enough");
                (tcp.get_checksum(), tcp::ipv4_checksum(&tcp, &from, &to))
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                let ip = ipv6::Ipv6Packet::new(&bytes).expect("long enough");
                prop_assert_eq!(usize::from(ip.get_payload_length()), bytes.len() - 40);
                let tcp = tcp::TcpPacket::new(&bytes[40..]).expect("long enough");
                prop_assert_eq!(tcp.payload(), payload.as_slice());
                (tcp.get_checksum(), tcp::ipv6_checksum(&tcp, &from, &to))
            }
            _ => unreachable!("both ends are of one family"),
        };
        prop_assert_eq!(header, right);
    }

    #[test]
    fn a_datagram_that_is_emitted_decodes_to_itself(packet in packet(), payload in payload()) {
        let bytes = built(&packet, Transport::Udp { len: Field::Right }, &payload);
        let Body::Udp(udp) = decode(&frame(&packet, &bytes), Checksums::Verify).body else {
            return Err(TestCaseError::fail("not UDP"));
        };
        prop_assert_eq!((udp.src_port, udp.dst_port), (packet.from.port, packet.to.port));
        prop_assert_eq!((udp.payload_len as usize, udp.fault), (payload.len(), None));
        prop_assert_eq!(udp.checksum_ok, capture::Checksum::Good);
    }

    #[test]
    fn a_wrong_checksum_is_seen_to_be_wrong(said in written(), packet in packet(), sum: u16) {
        let right = built(&packet, tcp_of(&said.segment, &said.options), b"");
        let spec = Spec { checksum: Field::Wrong(sum), ..packet.spec(tcp_of(&said.segment, &said.options), b"") };
        let mut wrong = Vec::new();
        emit(&spec, &mut wrong).expect("can be built");
        let Body::Tcp(tcp) = decode(&frame(&packet, &wrong), Checksums::Verify).body else {
            return Err(TestCaseError::fail("not TCP"));
        };
        // 0 and 0xffff are the same number in ones' complement: either may be said for the other.
        let same = wrong == right || tcp.checksum == 0 || tcp.checksum == u16::MAX;
        prop_assert!(same || tcp.checksum_ok == capture::Checksum::Bad);
    }

    #[test]
    fn every_option_list_has_a_text_that_gives_it_back(octets in prop::collection::vec(any::<u8>(), 0..=40)) {
        let list = OptionList::from_octets(&octets).expect("forty fit");
        let text = list.to_string();
        prop_assert!(octets.is_empty() || text.parse() == Ok(list), "{}", text);
    }

    #[test]
    fn every_segment_has_a_text_that_gives_it_back(said in written()) {
        let text = said.segment.to_string();
        prop_assert_eq!(text.parse::<Segment>(), Ok(said.segment), "{}", text);
    }

    #[test]
    fn every_line_of_a_transcript_gives_itself_back(said in written()) {
        let text = said.to_string();
        prop_assert_eq!(text.parse::<Written>(), Ok(said), "{}", text);
    }

    #[test]
    fn a_meaning_survives_its_shortest_option_list(octets in prop::collection::vec(any::<u8>(), 0..=40)) {
        let meaning = OptionList::from_octets(&octets).expect("forty fit").meaning();
        prop_assert_eq!(OptionList::from(&meaning).meaning(), meaning);
    }

    #[test]
    fn no_text_makes_the_reader_of_scripts_panic(text in "\\PC{0,80}", line in "[-+<> SFRP.U0-9:()!ackwinurg,<>{}mstoTSvl]{0,60}") {
        let _ = text.parse::<Script>().map_err(|error| error.to_string());
        let _ = line.parse::<Script>().map_err(|error| error.to_string());
    }

    /// Lines put together from the words of a script, of which some are in the notation.
    #[test]
    fn a_script_that_can_be_read_is_read_again_from_what_it_prints(words in prop::collection::vec(word(), 1..12)) {
        let text = words.join(" ").replace(" :", ":").replace(": ", ":").replace(" (", "(");
        if let Ok(script) = text.parse::<Script>() {
            let printed = script.to_string();
            prop_assert_eq!(printed.parse::<Script>(), Ok(script), "{} -> {}", text, printed);
        }
    }

    #[test]
    fn a_step_with_anything_open_gives_itself_back(text in step()) {
        let script: Script = text.parse().map_err(|error| TestCaseError::fail(format!("{error}")))?;
        let printed = script.to_string();
        prop_assert_eq!(printed.parse::<Script>(), Ok(script), "{} -> {}", text, printed);
    }
}

fn word() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        ">",
        "<",
        "@",
        "*",
        "...",
        ".",
        "P.",
        "S",
        "nothing",
        "1",
        ":",
        "(",
        ")",
        "(...)",
        "1:6(5)",
        "...:...(...)",
        "end",
        "ack",
        "win",
        "urg",
        "<",
        "mss",
        "TS",
        "val",
        "ecr",
        "FO",
        "client",
        "server",
        "accept",
        "read",
        "write",
        "strict",
        "resend",
        "patience",
        "0.2",
        "+0.1",
        "+0.1~+2",
        "next",
        "connection",
        "\"a\\x00\"",
        "{",
        "ttl",
        "}",
        ",",
        "again",
    ];
    prop::sample::select(WORDS).prop_map(str::to_owned)
}

/// One step, every part of it written, open or named.
fn step() -> impl Strategy<Value = String> {
    let one_of = |parts: &'static [&'static str]| prop::sample::select(parts);
    let numbers = prop_oneof![
        (any::<i32>(), 0u32..9).prop_map(|(seq, len)| format!("{seq}:{}({len})", seq.wrapping_add(len as i32))),
        (any::<u32>(), 0u32..9).prop_map(|(seq, len)| format!("!{seq}:{}({len})", seq.wrapping_add(len))),
        (0u32..9).prop_map(|len| format!("x9_:x9_+{len}({len})")),
        one_of(&["...:...(...)", "...:end(3)", "1:...(...)", "a:b(...)", "a-1:...(7)"]).prop_map(str::to_owned),
    ];
    let options = one_of(&[
        "",
        "<>",
        "<...>",
        "<mss ...>",
        "<nop,TS val t ecr ...,FO c>",
        "<sack 1:5,kind 9 ...,...>",
        "<FO 0a0b>",
    ]);
    (
        one_of(&["", "+0.25 ", "+0~+1.5 ", "* "]),
        one_of(&[">", "<"]),
        one_of(&["...", "S", "P.", ".", "none"]),
        numbers,
        one_of(&["ack 1", "ack ...", "ack end+7", "ack !9"]),
        one_of(&["", "win 7", "win ..."]),
        options,
        one_of(&["", "{ttl 3, tos 1}"]),
    )
        .prop_map(|(when, from, flags, numbers, ack, win, options, extras)| {
            format!("{when}{from} {flags} {numbers} {ack} {win} {options} {extras}")
        })
}

/// The addresses and headers around a segment.
#[derive(Clone, Copy, Debug)]
struct Scene {
    from: Endpoint,
    to: Endpoint,
    ip: Ip,
    ethernet: bool,
    vlans: Vlans,
}

impl Scene {
    fn spec<'a>(&self, transport: Transport<'a>, payload: &'a [u8]) -> Spec<'a> {
        let link = if self.ethernet {
            Link::Ethernet { src: [2, 0, 0, 0, 0, 1], dst: [2, 0, 0, 0, 0, 2], vlans: self.vlans }
        } else {
            Link::Raw
        };
        Spec { link, ip: self.ip, from: self.from, to: self.to, transport, checksum: Field::Right, payload }
    }
}

fn tcp_of<'a>(segment: &'a Segment, options: &'a OptionList) -> Transport<'a> {
    Transport::Tcp { segment, options, data_offset: Field::Right }
}

fn built(scene: &Scene, transport: Transport<'_>, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    emit(&scene.spec(transport, payload), &mut bytes).expect("short, and of one family");
    bytes
}

fn frame<'a>(scene: &Scene, bytes: &'a [u8]) -> Frame<'a> {
    let link = if scene.ethernet { capture::Link::Ethernet } else { capture::Link::Raw };
    Frame {
        time: Timestamp(0),
        wire_len: bytes.len() as u32,
        link,
        interface: 0,
        bytes,
        comment: None,
        aside: Aside::NONE,
    }
}

prop_compose! {
    /// Any segment without payload. Options fill whole words, as they do on the wire: padding
    /// would otherwise complete an option that is cut short.
    fn written()(
        seq: u32, ack: u32, flags in 0u16..0x200, window: u16, urgent: u16, len in 0u32..2000,
        options in prop_oneof![options(), Just(Vec::new())], literal: (bool, bool),
    ) -> Written {
        let options = OptionList::from_octets(&options).expect("forty fit");
        let origin = |literal| if literal { Origin::Zero } else { Origin::Isn };
        let flags = Flags(flags);
        let segment = Segment {
            seq: Seq(seq), ack: Seq(ack), flags, window: Window(window), urgent, len, options: options.meaning(),
        };
        Written { segment, options, seq: origin(literal.0), ack: origin(literal.1) }
    }
}

/// Lists as hosts send them, and lists of arbitrary octets.
fn options() -> impl Strategy<Value = Vec<u8>> {
    let usual = prop::sample::select(vec![
        &[2, 4, 5, 0xb4][..],
        &[1, 3, 3, 7],
        &[1, 1, 4, 2],
        &[1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2],
        &[1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 9],
        &[34, 6, 1, 2, 3, 4, 1, 1],
        &[30, 4, 0x20, 1],
    ]);
    let usual = prop::collection::vec(usual, 0..4)
        .prop_map(|options| options.concat())
        .prop_filter("fits", |list| list.len() <= 40);
    let odd = prop::collection::vec(any::<u8>(), 0..=40).prop_map(|mut octets| {
        octets.truncate(octets.len() / 4 * 4);
        octets
    });
    prop_oneof![usual, odd]
}

prop_compose! {
    fn packet()(
        addrs in prop_oneof![
            any::<(u32, u32)>().prop_map(|(a, b)| (IpAddr::V4(Ipv4Addr::from_bits(a)), IpAddr::V4(Ipv4Addr::from_bits(b)))),
            any::<(u128, u128)>().prop_map(|(a, b)| (IpAddr::V6(Ipv6Addr::from_bits(a)), IpAddr::V6(Ipv6Addr::from_bits(b)))),
        ],
        ports: (u16, u16), ttl: u8, tos: u8, id: u16, ethernet: bool, tags in prop::collection::vec(0u16..4096, 0..3),
    ) -> Scene {
        let mut vlans = Vlans::default();
        tags.iter().filter(|_| ethernet).for_each(|id| vlans.push(*id));
        Scene {
            from: Endpoint { addr: addrs.0, port: ports.0 },
            to: Endpoint { addr: addrs.1, port: ports.1 },
            ip: Ip { ttl, tos, id, ..Ip::default() },
            ethernet,
            vlans,
        }
    }
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..300)
}
