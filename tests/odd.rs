//! Odd and damaged capture files: how many packets can be read, and how it ends.

mod files;

use std::fs;

use files::build::{
    ORDERS, Order, START, block, enhanced, interface, option, packet, pcap_header, plain_header, plain_pcap,
    plain_pcapng, plain_record, record, section, simple,
};
use files::{frames, open, read, read_bytes, shared};
use synfin::capture::file::{Capture, Options};
use synfin::capture::{DamageKind, Link, SourceError};
use synfin::wire::Timestamp;

const SECOND: u64 = 1_000_000_000;
const T0: u64 = START as u64 * SECOND;

#[test]
fn every_odd_file_ends_as_expected() {
    let Some(folder) = shared("the odd files").map(|shared| shared.join("odd")) else { return };
    let expected = fs::read_to_string(folder.join("expected.tsv")).expect("the list is there");
    for row in expected.lines().skip(1) {
        let [name, packets, then] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let opened = Capture::open(folder.join(name), Options::default());
        if then.starts_with("not a capture") {
            assert!(matches!(opened, Err(SourceError::NotACapture { .. })), "{name}");
            continue;
        }
        let (frames, damages) = read(&mut opened.unwrap_or_else(|error| panic!("{error}")));
        assert_eq!(frames.len().to_string(), packets, "{name}: {damages:?}");
        let kinds: Vec<_> = damages.iter().map(|damage| damage.kind).collect();
        match then.split(':').next() {
            Some("end") => assert_eq!(kinds, [], "{name}"),
            Some("damaged") => assert_eq!(kinds, [DamageKind::Corrupt], "{name}"),
            Some("cut short") => assert_eq!(kinds, [DamageKind::CutShort], "{name}"),
            _ => panic!("{row}"),
        }
    }
}

/// The packets column counts what tshark counts; where it has no answer, it is empty.
#[test]
fn real_captures_have_the_packets_others_count() {
    let Some(folder) = shared("the real captures").map(|shared| shared.join("real")) else { return };
    let manifest = fs::read_to_string(folder.join("MANIFEST.tsv")).expect("the list is there");
    let mut compared = 0;
    for row in manifest.lines().skip(1) {
        let columns: Vec<_> = row.split('\t').collect();
        let (name, format, packets) = (columns[0], columns[6], columns[8]);
        let opened = Capture::open(folder.join(name), Options::default());
        if !format.starts_with("pcap") {
            assert!(matches!(opened, Err(SourceError::NotACapture { .. })), "{name}");
            continue;
        }
        let (frames, damages) = read(&mut opened.unwrap_or_else(|error| panic!("{error}")));
        let Ok(packets) = packets.parse::<usize>() else { continue };
        // tshark counts custom blocks as packets too.
        let packets = packets - blocks(format, "CB") - blocks(format, "CBnc");
        assert_eq!(frames.len(), packets, "{name}, {format}: {damages:?}");
        compared += 1;
    }
    assert!(compared > 1_800, "only {compared} files were compared");
}

/// How many blocks of a kind the manifest counts in a file: `... blocks=SHB:1,IDB:1,EPB:6`.
fn blocks(format: &str, kind: &str) -> usize {
    let (_, blocks) = format.split_once("blocks=").unwrap_or_default();
    blocks
        .split(',')
        .filter_map(|block| block.split_once(':'))
        .filter(|&(of, _)| of == kind)
        .map(|(_, count)| count.parse::<usize>().expect("a count"))
        .sum()
}

#[test]
fn a_pcap_reads_the_same_in_either_byte_order_and_resolution() {
    for order in ORDERS {
        for (magic, unit) in [(0xa1b2_c3d4, 1_000), (0xa1b2_3c4d, 1)] {
            let mut file = pcap_header(order, magic, (2, 4), 65_535, 113);
            file.extend(record(order, (START, 5_000 / unit), (60, 1_500), &packet(0)));
            let [frame] = &frames(&file)[..] else { panic!("one packet") };
            assert_eq!((frame.time, frame.wire_len, frame.link), (Timestamp(T0 + 5_000), 1_500, Link::Sll));
            assert_eq!((&frame.bytes, frame.interface, &frame.comment), (&packet(0), 0, &None));
        }
    }
}

#[test]
fn a_modified_pcap_has_eight_more_octets_before_each_packet() {
    for order in ORDERS {
        let mut file = pcap_header(order, 0xa1b2_cd34, (2, 4), 65_535, 1);
        for n in 0..3 {
            let bytes = packet(n);
            let with_device = [&[0xee; 8], &bytes[..]].concat();
            let len = bytes.len() as u32;
            file.extend(record(order, (START, n), (len, len), &with_device));
        }
        let read: Vec<_> = frames(&file).into_iter().map(|frame| frame.bytes).collect();
        assert_eq!(read, [packet(0), packet(1), packet(2)]);
    }
}

#[test]
fn before_version_2_3_the_length_on_the_wire_comes_first() {
    for (minor, lengths) in [(2, (1_500, 60)), (3, (1_500, 60)), (3, (60, 1_500)), (4, (60, 1_500))] {
        let mut file = pcap_header(Order::Little, 0xa1b2_c3d4, (2, minor), 65_535, 1);
        file.extend(record(Order::Little, (START, 0), lengths, &packet(0)));
        let [frame] = &frames(&file)[..] else { panic!("one packet") };
        assert_eq!((frame.bytes.len(), frame.wire_len), (60, 1_500), "2.{minor}");
    }
}

#[test]
fn what_a_pcap_gets_wrong_in_passing_is_taken_as_it_stands() {
    let order = Order::Little;
    // No snap length; a link type that tells of a frame check sequence.
    let mut file = pcap_header(order, 0xa1b2_c3d4, (2, 4), 0, 0x1400_0001);
    // More octets captured than sent; two million microseconds in a second; nothing at all.
    file.extend(record(order, (START, 0), (60, 40), &packet(0)));
    file.extend(record(order, (START, 2_000_001), (60, 60), &packet(0)));
    file.extend(record(order, (0, 0), (0, 0), &[]));
    let frames = frames(&file);
    assert!(frames.iter().all(|frame| frame.link == Link::Ethernet));
    assert_eq!((frames[0].bytes.len(), frames[0].wire_len), (60, 40));
    assert_eq!(frames[1].time, Timestamp(T0 + 2 * SECOND + 1_000));
    assert_eq!((frames[2].time, frames[2].bytes.len()), (Timestamp(0), 0));
    assert_eq!(frames.len(), 3);
}

#[test]
fn a_header_alone_is_a_capture_without_packets() {
    assert_eq!(frames(&plain_header()), []);
    assert_eq!(frames(&section(Order::Big)), []);
}

#[test]
fn what_is_no_capture_is_said_with_what_it_looks_like() {
    for (bytes, said) in [
        (&b""[..], "it is empty"),
        (b"\xd4\xc3", "it has 2 bytes"),
        (b"\x7fELF and so on", "begins with the bytes 7f 45 4c 46"),
        (b"snoop\0\0\0", "a snoop capture: convert it"),
        (b"PK\x03\x04....", "a zip archive: unpack it"),
        (b"\n\r\r\nA text, twelve octets long", "without the byte-order magic"),
        (b"\x1f\x8b\x08\0garbage garbage", "the gzip stream is broken: "),
    ] {
        let Err(error) = open(bytes, false) else { panic!("{said}") };
        assert!(matches!(error, SourceError::NotACapture { .. }), "{error:?}");
        assert!(
            error.to_string().starts_with("test is not a capture: ") && error.to_string().contains(said),
            "{error}"
        );
    }
}

#[test]
fn a_cut_tail_keeps_what_came_before() {
    for file in [plain_pcap(10), plain_pcapng(10)] {
        let last = 16 + packet(9).len() as u64;
        let last = if file[0] == 0x0a { last.next_multiple_of(4) + 16 } else { last };
        let (frames, damages) = read_bytes(&file[..file.len() - 13]);
        let [damage] = &damages[..] else { panic!("{damages:?}") };
        assert_eq!(frames.len(), 9);
        assert_eq!(
            (damage.offset, damage.kind, damage.skipped),
            (file.len() as u64 - last, DamageKind::CutShort, None)
        );
        let told = format!("{last} bytes, and only {} of them", last - 13);
        assert!(damage.what.contains(&told), "{damage}");
    }
}

#[test]
fn a_header_that_is_cut_is_damage_at_the_beginning() {
    for file in [&plain_header()[..23], &section(Order::Little)[..11]] {
        let (frames, damages) = read_bytes(file);
        assert_eq!(frames, []);
        assert_eq!(
            damages.iter().map(|damage| (damage.offset, damage.kind)).collect::<Vec<_>>(),
            [(0, DamageKind::CutShort)]
        );
    }
}

#[test]
fn a_record_that_claims_too_much_is_damage_where_it_begins() {
    let mut file = plain_pcap(5);
    let offset = file.len() as u64;
    file.extend(record(Order::Little, (START, 0), (262_145, 262_145), &packet(5)));
    file.extend(plain_record(6));
    let (frames, damages) = read_bytes(&file);
    assert_eq!(frames.len(), 5);
    let [damage] = &damages[..] else { panic!("{damages:?}") };
    assert_eq!((damage.offset, damage.kind, damage.skipped), (offset, DamageKind::Corrupt, None));
    assert_eq!(
        damage.to_string(),
        format!(
            "test: damaged at byte {offset}: a record that claims 262145 captured bytes, where 262144 are the most there can be"
        )
    );
}

#[test]
fn a_larger_snap_length_allows_larger_packets() {
    let len = 300_000;
    let mut file = pcap_header(Order::Little, 0xa1b2_c3d4, (2, 4), len, 1);
    file.extend(record(Order::Little, (START, 0), (len, len), &vec![1; len as usize]));
    file.extend(plain_record(1));
    assert_eq!(frames(&file).iter().map(|frame| frame.bytes.len()).collect::<Vec<_>>(), [300_000, packet(1).len()]);
}

#[test]
fn interfaces_have_their_own_clocks_and_links() {
    let order = Order::Big;
    let (resolution, offset) = (9, 14);
    let clocks: [(Vec<u8>, u64, u64); 8] = [
        (vec![], 1_500_000, 1_500_000_000),
        (option(order, resolution, &[9]), 1_500_000_000, 1_500_000_000),
        (option(order, resolution, &[0]), 3, 3_000_000_000),
        (option(order, resolution, &[12]), 1_500_000_000_999, 1_500_000_000),
        (option(order, resolution, &[0x80 | 0x0a]), 1_536, 1_500_000_000),
        (option(order, resolution, &[0x80 | 0x3f]), 1 << 62, 500_000_000),
        (option(order, offset, &order.u64(7)), 1_500_000, 8_500_000_000),
        ([option(order, 2, b"lo"), option(order, offset, &order.u64(-1_i64 as u64))].concat(), 1_500_000, 500_000_000),
    ];
    let mut file = section(order);
    for (number, (options, ..)) in clocks.iter().enumerate() {
        file.extend(interface(order, [1, 101][number % 2], 0, options));
    }
    for (number, &(_, ticks, _)) in clocks.iter().enumerate().rev() {
        file.extend(enhanced(order, number as u32, ticks, &packet(number as u32), &[]));
    }
    let frames = frames(&file);
    assert_eq!(frames.len(), clocks.len());
    for frame in frames {
        let number = frame.interface as usize;
        assert_eq!(frame.time, Timestamp(clocks[number].2), "interface {number}");
        assert_eq!(frame.link, [Link::Ethernet, Link::Raw][number % 2]);
        assert_eq!(frame.bytes, packet(frame.interface));
    }
}

#[test]
fn a_clock_out_of_range_stops_at_its_end() {
    let order = Order::Little;
    let mut file = section(order);
    for resolution in [0, 127, 0x80, 0xff] {
        file.extend(interface(order, 1, 0, &option(order, 9, &[resolution])));
    }
    for number in 0..4 {
        file.extend(enhanced(order, number, u64::MAX - 1, &packet(0), &[]));
    }
    let times: Vec<_> = frames(&file).iter().map(|frame| frame.time.0).collect();
    assert_eq!(times, [u64::MAX, 0, u64::MAX, 0]);
}

#[test]
fn each_section_has_its_byte_order_and_its_interfaces() {
    let mut file = Vec::new();
    for order in ORDERS {
        file.extend(section(order));
        file.extend(interface(order, 1, 0, &[]));
        file.extend(interface(order, 113, 0, &[]));
        file.extend(enhanced(order, 1, 0, &packet(1), &[]));
        file.extend(enhanced(order, 0, 0, &packet(0), &[]));
    }
    let frames = frames(&file);
    let told: Vec<_> = frames.iter().map(|frame| (frame.interface, frame.link, frame.bytes.clone())).collect();
    let (ethernet, sll) = (Link::Ethernet, Link::Sll);
    assert_eq!(told, [(1, sll, packet(1)), (0, ethernet, packet(0)), (3, sll, packet(1)), (2, ethernet, packet(0))]);
}

#[test]
fn a_simple_packet_has_no_padding_and_the_time_before_it() {
    let order = Order::Little;
    let file = [
        section(order),
        interface(order, 1, 61, &[]),
        enhanced(order, 0, 1_000_000, &packet(0), &[]),
        simple(order, 59, &[5; 59]),
        simple(order, 1_500, &[6; 61]),
    ];
    let told: Vec<_> =
        frames(&file.concat()).into_iter().map(|frame| (frame.time.0, frame.wire_len, frame.bytes)).collect();
    assert_eq!(told, [(SECOND, 60, packet(0)), (SECOND, 59, vec![5; 59]), (SECOND, 1_500, vec![6; 61])]);
}

#[test]
fn the_obsolete_packet_block_is_read() {
    let order = Order::Big;
    let mut body: Vec<u8> = [order.u16(0), order.u16(9)].concat();
    for field in [0, 1_000_000, 3, 60] {
        body.extend(order.u32(field));
    }
    body.extend(b"abc\0");
    body.extend(option(order, 1, b"old"));
    let file = [section(order), interface(order, 1, 0, &[]), block(order, 2, &body)].concat();
    let [frame] = &frames(&file)[..] else { panic!("one packet") };
    assert_eq!((frame.time, frame.wire_len, &frame.bytes[..]), (Timestamp(SECOND), 60, &b"abc"[..]));
    assert_eq!(frame.comment.as_deref(), Some(&b"old"[..]));
}

#[test]
fn the_first_comment_comes_as_it_stands() {
    let order = Order::Little;
    let (comment, flags, end) = (1, 2, 0);
    let cases: [(Vec<u8>, Option<&[u8]>); 6] = [
        (vec![], None),
        (option(order, comment, b"one"), Some(b"one")),
        (
            [option(order, flags, &[0; 4]), option(order, comment, b"\xff\xfe"), option(order, comment, b"two")]
                .concat(),
            Some(b"\xff\xfe"),
        ),
        ([option(order, end, b""), option(order, comment, b"after the end")].concat(), None),
        ([&order.u16(comment)[..], &order.u16(500), b"cut "].concat(), None),
        (option(order, comment, b""), Some(b"")),
    ];
    for (options, expected) in cases {
        let file = [section(order), interface(order, 1, 0, &[]), enhanced(order, 0, 0, &packet(1), &options)].concat();
        let [frame] = &frames(&file)[..] else { panic!("one packet") };
        assert_eq!(frame.comment.as_deref(), expected);
        assert_eq!(frame.bytes, packet(1));
    }
}

#[test]
fn blocks_of_no_interest_are_stepped_over() {
    let order = Order::Little;
    let mut file = plain_pcapng(2);
    for (kind, len) in [(10, 0), (5, 40), (0x0bad, 300_001), (0xdead_beef, 3 << 20)] {
        file.extend(block(order, kind, &vec![0x55; len]));
        file.extend(enhanced(order, 0, 0, &packet(7), &[]));
    }
    assert_eq!(frames(&file).len(), 6);
}

#[test]
fn a_block_that_cannot_be_true_is_damage_where_it_begins() {
    let order = Order::Little;
    let mut bad_trailer = enhanced(order, 0, 0, &packet(0), &[]);
    *bad_trailer.last_mut().expect("not empty") ^= 1;
    let mut unknown_bad_trailer = block(order, 0xdead_beef, &vec![0; 300_000]);
    *unknown_bad_trailer.last_mut().expect("not empty") ^= 1;
    let mut overfull = enhanced(order, 0, 0, &packet(0), &[]);
    overfull[20..24].copy_from_slice(&order.u32(1 << 31));
    for (bad, said) in [
        (bad_trailer, "gives its length as 92 in front and"),
        (unknown_bad_trailer, "gives its length as 300012 in front and"),
        (overfull, "a packet of 2147483648 bytes in a block with room for 60"),
        (enhanced(order, 1, 0, &packet(0), &[]), "a packet of interface 1, where 1 are described"),
        (block(order, 6, &[0; 8]), "too short for its kind"),
        (block(order, 1, &[0; 4]), "too short for its kind"),
        ([order.u32(6), order.u32(8), order.u32(8)].concat(), "that claims 8 bytes"),
        ([order.u32(6), order.u32(33), order.u32(33)].concat(), "that claims 33 bytes"),
        ([order.u32(6), order.u32(1 << 31), order.u32(0)].concat(), "that claims 2147483648 bytes"),
        ([order.u32(99), order.u32(1 << 31), order.u32(0)].concat(), "unknown type 0x63 that claims 2147483648 bytes"),
        (block(order, 0x0a0d_0d0a, b"no byte order magic."), "without its byte-order magic"),
    ] {
        let mut file = plain_pcapng(3);
        let offset = file.len() as u64;
        file.extend(bad);
        file.extend(enhanced(order, 0, 0, &packet(4), &[]));
        let (frames, damages) = read_bytes(&file);
        assert_eq!(frames.len(), 3, "{said}");
        let [damage] = &damages[..] else { panic!("{said}: {damages:?}") };
        assert_eq!((damage.offset, damage.kind), (offset, DamageKind::Corrupt), "{damage}");
        assert!(damage.what.contains(said), "{damage}");
    }
}
