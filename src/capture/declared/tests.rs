use super::*;
use crate::wire::Timestamp;
use crate::wire::declared::acme;

const EXAMPLE: &str = r#"
[protocol.acme]
over = "tcp"
ports = [9000]
endian = "big"
header = 14
length = { field = "len", counts = "body" }
max = 1048576
match = [{ at = 0, hex = "AC4D" }]
body = "text"
fields = [
  { name = "magic", at = 0, type = "bytes", size = 2 },
  { name = "type",  at = 2, type = "u8", enum = { 1 = "hello", 2 = "get", 3 = "reply" } },
  { name = "flags", at = 3, type = "u8", bits = { 0 = "more", 1 = "err" } },
  { name = "id",    at = 4, type = "u32" },
  { name = "len",   at = 8, type = "u32" },
  { name = "sum",   at = 12, type = "u16" } ]
summary = "{type} id={id} {len}B"
pair = { key = "id", request = "type in [1,2]", response = "type == 3" }
checksum = { field = "sum", kind = "inet16", over = "message" }
"#;

/// Cuts pieces, each by a packet of its own: what is told, a line each.
fn cut(of: &Definition, mut cutter: Cutter, pieces: &[&[u8]]) -> Vec<String> {
    let mut told = Vec::new();
    let mut tell = |cut: Cut<'_>| told.push(line(of, cut));
    let mut at = 0;
    for (n, bytes) in (1..).zip(pieces) {
        if bytes.is_empty() {
            // A hole of ten octets.
            cutter.hole(of, at, 10, &mut tell);
            at += 10;
            continue;
        }
        cutter.push(of, Piece { at, n, time: Timestamp(n), bytes }, &mut tell);
        at += bytes.len() as u64;
    }
    cutter.end(of, &mut tell);
    told
}

fn line(of: &Definition, cut: Cut<'_>) -> String {
    match cut {
        Cut::Message(message) => {
            let mut line = format!("{} ", message.at).into_bytes();
            of.write_summary(&mut line, message.header, message.body);
            let right = if message.right == Some(false) { " wrong sum" } else { "" };
            let line = String::from_utf8_lossy(&line).into_owned();
            format!("{line} {}{right} {:?}", String::from_utf8_lossy(message.body), message.carriers.numbers)
        }
        Cut::Lost(lost) => format!("{} lost {} {}", lost.at, lost.len, lost.why.name()),
    }
}

fn get(id: i64, body: &[u8]) -> Vec<u8> {
    acme().octets(Some("get"), &[("id", id)], body).expect("a message")
}

#[test]
fn the_example_reads_as_it_is_meant() {
    assert_eq!(parse(EXAMPLE).expect("no mistake"), [acme()]);
}

#[test]
fn two_that_are_sent_arrive_glued_together_and_one_in_pieces() {
    let acme = acme();
    let stream = [get(1, b"one"), get(2, b""), get(3, b"three")].concat();
    let whole = cut(&acme, Cutter::new(100), &[&stream]);
    assert_eq!(whole, ["0 get id=1 3B one [1]", "17 get id=2 0B  [1]", "31 get id=3 5B three [1]"]);
    let halves = cut(&acme, Cutter::new(100), &[&stream[..20], &stream[20..40], &stream[40..]]);
    assert_eq!(halves, ["0 get id=1 3B one [1]", "17 get id=2 0B  [1, 2]", "31 get id=3 5B three [2, 3]"]);
    let octets: Vec<&[u8]> = stream.chunks(1).collect();
    let single = cut(&acme, Cutter::new(100), &octets);
    let texts = |told: &[String]| -> Vec<String> {
        told.iter().map(|line| line.split(" [").next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(texts(&single), texts(&whole));
}

#[test]
fn a_stream_that_loses_step_finds_the_next_message() {
    let acme = acme();
    let mut wrong = get(2, b"xx");
    wrong[0] = 0;
    let stream = [get(1, b"one"), wrong, get(3, b"three"), get(4, b"")].concat();
    let told = cut(&acme, Cutter::new(100), &[&stream]);
    assert_eq!(
        told,
        ["0 get id=1 3B one [1]", "17 lost 16 no_magic", "33 get id=3 5B three [1]", "52 get id=4 0B  [1]"]
    );
    // The same in pieces that cut the wrong header and the next good one.
    let told = cut(&acme, Cutter::new(100), &[&stream[..25], &stream[25..40], &stream[40..]]);
    assert_eq!(told[1..], ["17 lost 16 no_magic", "33 get id=3 5B three [2, 3]", "52 get id=4 0B  [3]"]);
}

#[test]
fn a_length_that_cannot_be_is_no_header() {
    let acme = acme();
    let mut wrong = get(2, b"");
    wrong[8] = 0xff;
    let told = cut(&acme, Cutter::new(100), &[&wrong, &get(3, b"three"), &get(4, b"")]);
    assert_eq!(told, ["0 lost 14 too_long", "14 get id=3 5B three [2]", "33 get id=4 0B  [3]"]);
}

#[test]
fn behind_a_hole_the_next_message_counts() {
    let acme = acme();
    let cut_off = &get(2, &[b'x'; 20])[..18];
    let tail = [b"yyyyyy", &get(3, b"three")[..]].concat();
    let told = cut(&acme, Cutter::new(100), &[&get(1, b"one"), cut_off, b"", &tail, &get(4, b"")]);
    assert_eq!(told, ["0 get id=1 3B one [1]", "17 lost 34 hole", "51 get id=3 5B three [4]", "70 get id=4 0B  [5]"]);
}

#[test]
fn the_middle_of_a_stream_begins_at_a_message_that_another_follows() {
    let acme = acme();
    // The body holds what looks like a header, and what it would lead to is none.
    let decoy = get(9, b"");
    let first = get(1, &[&decoy[..], &[b'z'; 30]].concat());
    let stream = [first, get(2, b"two"), get(3, b"three")].concat();
    let told = cut(&acme, Cutter::astray(100), &[&stream[7..]]);
    assert_eq!(told, ["0 lost 51 midstream", "51 get id=2 3B two [1]", "68 get id=3 5B three [1]"]);
}

#[test]
fn a_segment_that_ends_where_its_message_does_needs_no_other_to_follow() {
    let told = cut(&acme(), Cutter::astray(100), &[&get(1, b"one")]);
    assert_eq!(told, ["0 get id=1 3B one [1]"]);
}

#[test]
fn without_a_magic_segments_say_where_messages_begin() {
    let mut acme = acme();
    acme.magic.clear();
    let mut wrong = get(2, b"");
    wrong[8] = 0xff;
    let told = cut(&acme, Cutter::new(100), &[&get(1, b"one"), &wrong, &get(3, b"three")]);
    assert_eq!(told, ["0 get id=1 3B one [1]", "17 lost 14 too_long", "31 get id=3 5B three [3]"]);
}

#[test]
fn the_end_of_the_stream_cuts_a_message_short() {
    let acme = acme();
    let message = get(1, b"one");
    for len in 1..message.len() {
        let told = cut(&acme, Cutter::new(100), &[&message[..len]]);
        assert_eq!(told, [format!("0 lost {len} cut_short")]);
    }
}

#[test]
fn of_a_long_body_no_more_is_kept_than_is_asked_for_and_its_sum_is_right() {
    let acme = acme();
    let message = get(1, &[b'x'; 1000]);
    for pieces in [message.chunks(2000).collect::<Vec<_>>(), message.chunks(100).collect()] {
        let mut cutter = Cutter::new(10);
        let mut seen = 0;
        let mut at = 0;
        for bytes in pieces {
            cutter.push(&acme, Piece { at, n: 1, time: Timestamp(0), bytes }, &mut |cut| {
                let Cut::Message(message) = cut else { panic!("{cut:?}") };
                assert_eq!((message.body, message.body_len(), message.right), (&[b'x'; 10][..], 1000, Some(true)));
                assert!(message.is_cut());
                seen += 1;
            });
            at += bytes.len() as u64;
            assert!(cutter.held() <= SPARE_AND_MORE);
        }
        assert_eq!(seen, 1);
    }
}

const SPARE_AND_MORE: usize = 1024;

#[test]
fn a_wrong_checksum_is_told() {
    let mut message = get(1, b"one");
    message[14] ^= 1;
    assert_eq!(cut(&acme(), Cutter::new(100), &[&message]), ["0 get id=1 3B nne wrong sum [1]"]);
}

#[test]
fn noise_is_passed_over_in_little_memory() {
    let acme = acme();
    let noise: Vec<u8> = (0..200_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut cutter = Cutter::new(100);
    let (mut at, mut lost) = (0, 0);
    let mut told = |cut: Cut<'_>| {
        if let Cut::Lost(stretch) = cut {
            lost += stretch.len;
        }
    };
    for bytes in noise.chunks(1460) {
        cutter.push(&acme, Piece { at, n: 1, time: Timestamp(0), bytes }, &mut told);
        at += bytes.len() as u64;
        assert!(cutter.held() <= 2 * (PATIENCE + 1460));
    }
    cutter.end(&acme, &mut told);
    assert_eq!(lost, 200_000);
}

const PATIENCE: usize = 64 << 10;

#[test]
fn mistakes_are_told_with_line_column_and_a_caret() {
    for (from, to, under, told) in [
        ("over = \"tcp\"", "over = \"sctp\"", "\"sctp\"", "'sctp' is no value of 'over'; expected one of tcp, udp"),
        ("ports = [9000]", "ports = [90000]", "90000", "expected a port, 1 to 65535"),
        ("ports = [9000]", "port = [9000]", "port", "'port' is nothing here; expected one of over, ports, endian,"),
        ("header = 14", "headr = 14", "headr", "'headr' is nothing here"),
        ("header = 14", "", "[protocol.acme]", "'header' is missing, as in `header = 14`"),
        ("header = 14", "header = 13", "12", "the field ends at 14, behind the header of 13 octets"),
        (
            "field = \"len\", counts",
            "field = \"size\", counts",
            "\"size\"",
            "there is no field 'size'; there is magic,",
        ),
        ("counts = \"body\"", "counts = \"all\"", "\"all\"", "'all' is no value of 'counts'"),
        ("AC4D", "AC4", "\"AC4\"", "expected octets in hexadecimal"),
        ("size = 2 }", "comment = 2 }", "comment", "'comment' is nothing here"),
        (", size = 2 }", " }", "{ name = \"magic\"", "'size' is missing: how many octets the bytes are"),
        ("4, type = \"u32\"", "4, type = \"u12\"", "\"u12\"", "'u12' is no type"),
        ("{ 1 = \"hello\"", "{ one = \"hello\"", "one", "'one' is no number"),
        ("1 = \"err\"", "8 = \"err\"", "{ 0 = \"more\", 8 = \"err\" }", "the field has bits 0 to 7"),
        ("{type} id={id}", "{type} id={nr}", "{nr}", "expected one of magic, type, flags, id, len, sum, body"),
        ("type in [1,2]", "kind in [1,2]", "kind", "expected a field that is a number"),
        ("type == 3", "type = 3", "=", "expected one of ==, !=, <, <=, >, >=, or `in [...]`"),
        ("kind = \"inet16\"", "kind = \"md5\"", "\"md5\"", "'md5' is no value of 'kind'; expected one of inet16, sum8"),
        ("kind = \"inet16\"", "kind = \"crc32\"", "\"sum\"", "crc32 wants a field of type u32"),
        ("[protocol.acme]", "[protocl.acme]", "protocl", "'protocl' is nothing here; expected [protocol.NAME]"),
        ("[protocol.acme]", "[protocol.Acme]", "Acme", "'Acme' is no name for a protocol"),
        ("max = 1048576", "max = \"1M\"", "\"1M\"", "this is text; expected a number of octets"),
        ("over = \"tcp\"", "over = tcp", "tcp", ""),
    ] {
        let text = EXAMPLE.replacen(from, to, 1);
        let error = parse(&text).expect_err(to);
        let there = error.text.get(error.fault.at..error.fault.at + error.fault.len).unwrap_or_default();
        assert!(there.starts_with(under) && error.fault.what.starts_with(told), "{to}: under {there}\n{error}");
    }
    assert!(parse("").is_err() && parse("[protocol]").is_err());
    let error = parse(&EXAMPLE.replacen("\"tcp\"", "\"sctp\"", 1)).expect_err("sctp");
    let told = "line 3, column 8: 'sctp' is no value of 'over'; expected one of tcp, udp\n    over = \"sctp\"\n           ^^^^^^";
    assert_eq!(error.to_string(), told);
}

#[test]
fn a_field_without_a_place_lies_behind_the_one_before() {
    let text = "[protocol.tiny]\nports = [1]\nheader = 4\nendian = 'little'\nfields = [\n\
                { name = 'a', type = 'u8' }, { name = 'b', type = 'u16' }, { name = 'c', type = 'u8', mask = 0xf0 }, \
                { name = 'd', at = 3, type = 'u8', mask = 0x0f }]";
    let tiny = &parse(text).expect("no mistake")[0];
    assert_eq!(tiny.fields.iter().map(|field| field.at).collect::<Vec<_>>(), [0, 1, 3, 3]);
    let octets = tiny.octets(None, &[("a", 1), ("b", 2), ("c", 3), ("d", 4)], b"").expect("a message");
    assert_eq!(octets, [1, 2, 0, 0x34]);
    let mut line = Vec::new();
    tiny.write_summary(&mut line, &octets, b"");
    assert_eq!(line, b"a=1 b=2 c=3 d=4");
}
