use proptest::prelude::*;

use super::*;

/// An Ethernet frame with IPv4 and the first octets of TCP.
fn tcp(src: [u8; 4], dst: [u8; 4], ports: (u16, u16), flags: u8) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00];
    frame.extend([0x45, 0, 0, 40, 0, 7, 0x40, 0, 64, 6, 0, 0]);
    frame.extend(src.into_iter().chain(dst));
    frame.extend(ports.0.to_be_bytes().into_iter().chain(ports.1.to_be_bytes()));
    frame.extend([0; 8].into_iter().chain([0x50, flags, 0, 0, 0, 0, 0, 0]));
    frame
}

/// From 10.0.0.1, port 40000, to 10.0.0.2, port 80: a SYN.
fn syn() -> Vec<u8> {
    tcp([10, 0, 0, 1], [10, 0, 0, 2], (40_000, 80), 0x02)
}

fn chooses(text: &str, frame: &[u8]) -> bool {
    let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let program = filter.program(Link::Ethernet).unwrap_or_else(|error| panic!("{error}"));
    program.run(frame, frame.len() as u32) > 0
}

#[track_caller]
fn refused(text: &str) -> FilterError {
    match Filter::parse(text) {
        Err(error) => error,
        Ok(filter) => filter.program(Link::Ethernet).expect_err(text),
    }
}

#[test]
fn what_is_asked_for_is_chosen_and_nothing_else() {
    for (text, chosen) in [
        ("", true),
        ("tcp", true),
        ("udp", false),
        ("host 10.0.0.1", true),
        ("src host 10.0.0.2", false),
        ("src or dst host 10.0.0.2", true),
        ("src and dst net 10", true),
        ("net 10.0.0.0/30", true),
        ("port http", true),
        ("tcp dst port 80", true),
        ("tcp src port 80", false),
        ("portrange 39000-41000", true),
        ("tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn", true),
        ("tcp[tcpflags] & tcp-fin != 0", false),
        ("ether src 02:00:00:00:00:01", true),
        ("ip[8] > 63 and len < 100", true),
        ("less 53", false),
        ("greater 54", true),
        ("vlan", false),
    ] {
        assert_eq!(chooses(text, &syn()), chosen, "{text}");
    }
}

#[test]
fn and_and_or_bind_alike_from_left_to_right() {
    // Not (port 22 or (port 80 and host 10.9.9.9)).
    assert!(!chooses("port 22 or port 80 and host 10.9.9.9", &syn()));
    assert!(chooses("port 80 or (port 22 and host 10.9.9.9)", &syn()));
    assert!(!chooses("port 80 or port 22 and host 10.9.9.9", &syn()));
    assert!(!chooses("not tcp or udp", &syn()) && chooses("not (tcp and udp)", &syn()));
}

#[test]
fn an_address_takes_the_qualifiers_of_the_one_before() {
    assert!(chooses("port 22 or 80", &syn()));
    assert!(chooses("dst host 10.0.0.9 or 10.0.0.2", &syn()) && !chooses("dst host 10.0.0.9 or 10.0.0.1", &syn()));
    assert!(chooses("host (10.0.0.9 or 10.0.0.1)", &syn()));
    assert!(chooses("tcp port 22 or (udp) or 80", &syn()), "parentheses give them back");
    assert_eq!(refused("port 22 or tcp or 80").what(), "nothing says what this is");
}

#[test]
fn operators_bind_as_in_libpcaps_grammar() {
    assert!(chooses("1 + 2 * 3 = 7", &syn()) && chooses("8 - 4 - 2 = 2", &syn()));
    // What follows `%` is all its own.
    assert!(chooses("7 % 4 + 1 = 2", &syn()) && chooses("-7 % 4 = 0xfffffffd", &syn()));
}

#[test]
fn an_operand_that_stands_on_both_sides_is_loaded_again_where_it_was_written_over() {
    assert!(chooses("tcp[0:2] > 0 and tcp[0:2] - (tcp[0:2] ^ ip[6:2]) = 0xffffc000", &syn()));
    assert!(chooses("tcp[2:2] = 80 and tcp[2:2] - (tcp[2:2] * ip[8] - len) = 80 - (80 * 64 - 54)", &syn()));
}

#[test]
fn a_tag_moves_what_follows_it() {
    let mut frame = syn();
    frame.splice(12..12, [0x81, 0x00, 0x00, 0x0a]);
    assert!(chooses("vlan 10 and tcp port 80", &frame) && !chooses("tcp", &frame));
    assert!(!chooses("vlan 11", &frame) && chooses("vlan and ip", &frame));
}

#[test]
fn a_load_behind_the_end_refuses_the_packet() {
    let cut = &syn()[..30];
    assert!(chooses("ip", cut) && !chooses("port 80", cut) && !chooses("not port 80", cut));
    assert!(!chooses("tcp[0:4] = tcp[0:4]", cut), "even where its answer is known");
}

#[test]
fn mistakes_are_shown_where_they_are() {
    for (text, marked, what, hint) in [
        ("tcp prot 80", "prot", "'prot' is not a word of the filter language", "is it 'port'?"),
        ("host 10.0.0.300", "10.0.0.300", "'10.0.0.300' is not an IPv4 address", ""),
        ("net 10.0.0.1/8", "10.0.0.1/8", "the address has bits outside the mask", "the network is 10.0.0.0/8"),
        ("10.0.0.1", "10.0.0.1", "nothing says what this is", "write 'host', 'net', 'port' or the like before it"),
        (
            "ip proto tcp",
            "tcp",
            "'tcp' is a word of the language here, not the name of a protocol",
            r"write \tcp (in a shell, quote it)",
        ),
        ("tcp and", "", "a condition has to follow 'and'", ""),
        ("(tcp", "(", "this parenthesis is not closed", "add ')'"),
        ("tcp)", ")", "this parenthesis was not opened", ""),
        ("tcp[13:3] = 1", "tcp[13:3]", "1, 2 or 4 octets make a number", ""),
        ("ip[0] / 0 = 1", "/", "this divides by zero", ""),
        ("port 65536", "port 65536", "65536 is no port: they end at 65535", ""),
        ("udp port ssh", "udp port ssh", "'ssh' is found over TCP, not over UDP", "write the port as a number"),
        ("vlan 4096", "vlan 4096", "4096 is no VLAN: they end at 4095", ""),
        (
            "tcp host 10.0.0.1",
            "tcp host 10.0.0.1",
            "'tcp' has no IPv4 addresses",
            "'ip', 'arp' and 'rarp' have; 'tcp and host ...' joins the two",
        ),
        (
            "tcp[12-4] = 1",
            "12-4",
            "'12-4' is one word, because '-' can be part of a name",
            "put spaces around '-' to subtract",
        ),
        ("010 = 8 and 08 = 8", "08", "'08' begins with 0, so it is octal, and has a digit that is not", "try 8"),
        ("tcp § udp", "§", "'§' is no part of the filter language", ""),
        (
            "inbound",
            "inbound",
            "a capture of Ethernet does not say which way a packet went",
            "cooked captures do, as from '-i any'; or name the host: 'src host 192.0.2.1'",
        ),
    ] {
        let error = refused(text);
        assert_eq!((error.what(), error.hint().unwrap_or_default()), (what, hint), "{text}");
        assert_eq!(&text[error.span()], marked, "{text}");
    }
}

#[test]
fn a_mistake_in_a_long_expression_is_shown_with_what_is_around_it() {
    let text = format!("{} or prot 80", vec!["tcp port 80"; 40].join(" or "));
    let shown = refused(&text).to_string();
    let lines: Vec<&str> = shown.lines().collect();
    let caret = lines[2].find('^').expect("a caret");
    assert!(lines[1].starts_with("  ...") && lines[1].len() < 160, "{shown}");
    assert_eq!(&lines[1][caret..caret + 4], "prot", "{shown}");
}

#[test]
fn a_filter_too_long_for_the_kernel_is_refused() {
    let hosts: Vec<String> = (0..3000).map(|number| format!("host 10.0.{}.{}", number / 250, number % 250)).collect();
    let error = refused(&hosts.join(" or "));
    assert!(error.what().contains("more than 4096 instructions"), "{error}");
    let nested = format!("{}tcp{}", "(".repeat(101), ")".repeat(101));
    assert!(refused(&nested).what().contains("nested"), "as deep as no stack should be asked for");
    assert!(refused(&format!("1{} = 1", "+1".repeat(300))).what().contains("256 operators"));
}

#[test]
fn jumps_that_are_too_far_are_made_in_two() {
    let ports: Vec<String> = (1..=120).map(|port| format!("(tcp dst port {port} and ip[8] != {port})")).collect();
    let text = ports.join(" or ");
    let program = Filter::parse(&text).and_then(|filter| filter.program(Link::Ethernet)).expect("it fits");
    assert!(program.instructions().iter().any(|one| one.code == program::code::JA), "this one has far jumps");
    let frame = syn();
    assert!(program.run(&frame, 54) > 0);
}

#[test]
fn nothing_is_asked_or_loaded_twice() {
    let count = |text: &str| {
        let program = Filter::parse(text).and_then(|filter| filter.program(Link::Ethernet)).expect("a filter");
        program.instructions().len()
    };
    assert_eq!(count("tcp and tcp and ip or ip6 and tcp"), count("tcp"));
    assert_eq!(count("ip and ip6"), 1, "no packet is both");
    let hosts =
        |most: u32| count(&(1..=most).map(|host| format!("host 10.0.0.{host}")).collect::<Vec<_>>().join(" or "));
    // For each more a question about source and destination, of IP, ARP and RARP: and no loads.
    assert_eq!(hosts(20) - hosts(10), 10 * 2 * 2);
}

#[test]
fn a_program_keeps_as_much_as_it_is_told() {
    let program = Filter::parse("tcp").and_then(|filter| filter.program(Link::Ethernet)).expect("a filter");
    assert_eq!(program.run(&syn(), 54), program::WHOLE);
    assert_eq!(program.keeping(96).run(&syn(), 54), 96);
    assert!(!program.refuses_all() && program.keeping(0).refuses_all());
}

#[test]
fn programs_that_would_not_be_safe_are_refused() {
    let one = |code, jt, jf, k| Instruction { code, jt, jf, k };
    let end = one(0x06, 0, 0, 0);
    for (instructions, why) in [
        (vec![], Unsound::Length(0)),
        (vec![end; 4097], Unsound::Length(4097)),
        (vec![one(0x15, 1, 0, 0), end], Unsound::Jump(0)),
        (vec![one(0x05, 0, 0, u32::MAX), end], Unsound::Jump(0)),
        (vec![one(0x28, 0, 0, 12)], Unsound::End),
        (vec![one(0x60, 0, 0, 3), end], Unsound::Memory(0)),
        (vec![one(0x02, 0, 0, 16), end], Unsound::Instruction(0)),
        (vec![one(0x34, 0, 0, 0), end], Unsound::Instruction(0)),
        (vec![one(0x64, 0, 0, 32), end], Unsound::Instruction(0)),
        (vec![one(0xffff, 0, 0, 0), end], Unsound::Instruction(0)),
        // Written on one way only.
        (vec![one(0x15, 0, 1, 0), one(0x02, 0, 0, 1), one(0x60, 0, 0, 1), end], Unsound::Memory(2)),
    ] {
        assert_eq!(Program::new(instructions), Err(why));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_panics(text in ".{0,60}") {
        let _ = Filter::parse(&text);
    }

    #[test]
    fn no_row_of_words_panics_and_what_is_compiled_is_sound(words in proptest::collection::vec(word(), 0..14)) {
        let text = words.join(" ");
        if let Ok(filter) = Filter::parse(&text) {
            for link in LINKS {
                for compiled in [filter.program(link), filter.kernel_program(link)] {
                    if let Err(error) = compiled {
                        prop_assert!(!error.what().contains("instruction "), "{error}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_program_on_any_packet_panics_or_runs_for_ever(
        numbers in proptest::collection::vec((0_u16..0x100, 0_u8..4, 0_u8..4, prop_oneof![0_u32..64, any::<u32>()]), 1..30),
        packet in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let mut instructions: Vec<Instruction> =
            numbers.into_iter().map(|(code, jt, jf, k)| Instruction { code, jt, jf, k }).collect();
        instructions.retain(|one| Program::new(vec![*one, *one, Instruction { code: 6, jt: 0, jf: 0, k: 1 }]).is_ok());
        instructions.extend([Instruction { code: 0x16, jt: 0, jf: 0, k: 0 }; 4]);
        if let Ok(program) = Program::new(instructions) {
            program.run(&packet, packet.len() as u32);
        }
    }
}

/// Words of the language, signs, and things that may follow them.
fn word() -> impl Strategy<Value = String> {
    let words = [
        "tcp",
        "udp",
        "ip",
        "ip6",
        "icmp6",
        "ether",
        "arp",
        "host",
        "net",
        "port",
        "portrange",
        "proto",
        "protochain",
        "src",
        "dst",
        "and",
        "or",
        "not",
        "vlan",
        "mpls",
        "pppoes",
        "len",
        "less",
        "greater",
        "broadcast",
        "multicast",
        "inbound",
        "10.0.0.1",
        "10.0.0.0/8",
        "::1",
        "2001:db8::/32",
        "02:00:00:00:00:01",
        "80",
        "0x1f",
        "http",
        r"\tcp",
        "1-9",
        "(",
        ")",
        "[",
        "]",
        ":",
        "=",
        "!=",
        ">",
        "<=",
        "+",
        "-",
        "*",
        "/",
        "%",
        "&",
        "|",
        "^",
        "<<",
        "!",
        "tcp[13]",
        "ip[0:2]",
        "llc",
        "isis",
        "mask",
        "ifindex",
    ];
    proptest::sample::select(words.to_vec()).prop_map(str::to_owned)
}
