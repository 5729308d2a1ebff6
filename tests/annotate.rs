//! What writing comments into a capture leaves as it was, what it adds, and who can read it.

mod files;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use files::build::{ORDERS, Order, block, enhanced, interface, option, pcap_header, record, section, simple};
use files::{read, read_bytes, shared};
use synfin::capture::file::{CaptureWriter, Captures, Format, Options, Received, Rewriter};
use synfin::capture::{Aside, Checksums, Direction, Link, OwnedFrame, Reading, Tracker, pump};
use synfin::report::comment::{Comments, MARK};
use synfin::report::json::Json;
use synfin::wire::Timestamp;

const COMMENT: u16 = 1;
const FLAGS: u16 = 2;
/// An option nobody has defined yet.
const UNKNOWN: u16 = 0x7123;

const READING: Reading = Reading { checksums: Checksums::Ignore, reassemble: true };

/// The blocks of a pcapng in memory: byte order, type, octets.
fn blocks(file: &[u8]) -> Vec<(Order, u32, &[u8])> {
    let (mut rest, mut order, mut blocks) = (file, Order::Little, Vec::new());
    while !rest.is_empty() {
        if rest[..4] == [0x0a, 0x0d, 0x0d, 0x0a] {
            order = if rest[8] == 0x4d { Order::Little } else { Order::Big };
        }
        let field = |at: usize| {
            let octets = [rest[at], rest[at + 1], rest[at + 2], rest[at + 3]];
            if order == Order::Little { u32::from_le_bytes(octets) } else { u32::from_be_bytes(octets) }
        };
        let (block, after) = rest.split_at(field(4) as usize);
        assert_eq!(block[4..8], block[block.len() - 4..], "both lengths of a block are the same");
        blocks.push((order, field(0), block));
        rest = after;
    }
    blocks
}

/// The frames of a handshake, a request, and a close.
fn talk() -> Vec<OwnedFrame> {
    let path = root().join("captures/http-get.pcap");
    read(&mut Captures::open([path], Options::default()).expect("it is shipped")).0
}

/// A section with everything that a pcapng can have around its packets.
fn rich(order: Order, frames: &[OwnedFrame]) -> Vec<u8> {
    let comment = |text: &str| option(order, COMMENT, text.as_bytes());
    let end = option(order, 0, &[]);
    let nano = [option(order, 2, b"far0"), option(order, 9, &[9]), end.clone()].concat();
    let time = |n: u64| 1_700_000_000_000_000 + n * 1_000;
    let bytes = |n: usize| &*frames[n].bytes;
    let two = [
        comment("first of theirs"),
        option(order, FLAGS, &order.u32(1)),
        comment("second, not UTF-8: \u{7f}"),
        option(order, UNKNOWN, b"odd"),
        option(order, 2988, &[0, 0, 0x12, 0x34, 7]),
        end.clone(),
    ]
    .concat();
    let obsolete = {
        let mut body = [order.u16(1), order.u16(3)].concat();
        let ticks = time(2) * 1_000;
        for field in [(ticks >> 32) as u32, ticks as u32, bytes(2).len() as u32, bytes(2).len() as u32] {
            body.extend(order.u32(field));
        }
        body.extend(bytes(2));
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend([comment("on an obsolete block"), end.clone()].concat());
        block(order, 2, &body)
    };
    [
        section(order),
        interface(order, 1, 0, &[option(order, 2, b"near0"), end.clone()].concat()),
        interface(order, 1, 262_144, &nano),
        block(
            order,
            4,
            &[order.u16(1), order.u16(8), [10, 9], [0, 1], [b'a', b'.'], [b'x', 0], [0, 0], [0, 0]].concat(),
        ),
        block(order, 10, &[&order.u32(0x544c_534b)[..], &order.u32(6), b"SECRET"].concat()),
        enhanced(order, 0, time(0), bytes(0), &two),
        block(order, 0xbad, &[&order.u32(4711)[..], b"theirs alone"].concat()),
        enhanced(order, 1, time(1) * 1_000, bytes(1), &[]),
        block(order, 0x0123_4567, b"a block of a later time"),
        obsolete,
        simple(order, bytes(3).len() as u32, bytes(3)),
        enhanced(order, 0, time(5), bytes(4), &comment("options without an end")),
        block(
            order,
            5,
            &[&order.u32(0)[..], &order.u32(0), &order.u32(7), &option(order, 4, &order.u64(99)), &end].concat(),
        ),
    ]
    .concat()
}

/// Writes `file` anew with comments; what is written twice must not change.
fn annotate(name: &str, file: &[u8]) -> Vec<u8> {
    let path = write_file(name, file);
    let once = annotate_files(&[path]);
    let again = annotate_files(&[write_file(&format!("{name}.again"), &once)]);
    assert!(once == again, "{name}: annotated twice, it changes");
    once
}

fn annotate_files(paths: &[PathBuf]) -> Vec<u8> {
    let captures = Captures::open(paths, Options::default()).unwrap_or_else(|error| panic!("{error}"));
    let mut rewriter = Rewriter::new(captures, Vec::new(), MARK.as_bytes());
    let mut comments = Comments::new(rewriter.margin());
    pump(&mut rewriter, READING, &mut Tracker::default(), &mut comments).expect("memory");
    rewriter.finish().expect("memory")
}

fn write_file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("annotate-{}-{name}", std::process::id()));
    fs::write(&path, bytes).expect("a place for temporary files");
    path
}

/// The options of a packet block: code and value.
fn options(order: Order, kind: u32, block: &[u8]) -> Vec<(u16, Vec<u8>)> {
    assert!(kind == 6 || kind == 2, "a simple packet block has no options");
    let u16_at = |at: usize| {
        let octets = [block[at], block[at + 1]];
        if order == Order::Little { u16::from_le_bytes(octets) } else { u16::from_be_bytes(octets) }
    };
    let captured = block[20..24].try_into().expect("four");
    let captured = if order == Order::Little { u32::from_le_bytes(captured) } else { u32::from_be_bytes(captured) };
    let mut at = 28 + (captured as usize).next_multiple_of(4);
    let mut found = Vec::new();
    while at + 4 < block.len() {
        let len = usize::from(u16_at(at + 2));
        found.push((u16_at(at), block[at + 4..at + 4 + len].to_vec()));
        at += 4 + len.next_multiple_of(4);
    }
    found
}

fn is_ours((code, value): &(u16, Vec<u8>)) -> bool {
    *code == COMMENT && value.starts_with(MARK.as_bytes())
}

#[test]
fn everything_that_was_there_stays_and_one_comment_comes_to_each_packet() {
    let frames = talk();
    for order in ORDERS {
        let other = if order == Order::Little { Order::Big } else { Order::Little };
        let file = [rich(order, &frames), rich(other, &frames[5..])].concat();
        let annotated = annotate("rich.pcapng", &file);
        let (before, after) = (blocks(&file), blocks(&annotated));
        assert_eq!(before.len(), after.len());
        let mut packets = 0;
        for ((order, kind, was), (_, kind_now, is)) in before.into_iter().zip(after) {
            if !matches!(kind, 2 | 3 | 6) {
                assert_eq!((kind, was), (kind_now, is));
                continue;
            }
            packets += 1;
            let now = options(order, kind_now, is);
            assert_eq!(now.iter().filter(|option| is_ours(option)).count(), 1, "packet {packets}");
            if kind == 3 {
                assert_eq!(kind_now, 6);
                continue;
            }
            let mut theirs = now.clone();
            theirs.retain(|option| !is_ours(option));
            let old = options(order, kind, was);
            if old.is_empty() {
                assert_eq!(theirs, [(0, vec![])]);
            } else {
                assert_eq!(theirs, old, "packet {packets}");
            }
            let fixed = was.len() - 4 - old.iter().map(|(_, value)| 4 + value.len().next_multiple_of(4)).sum::<usize>();
            assert_eq!((kind, &was[8..fixed]), (kind_now, &is[8..fixed]), "packet {packets}");
        }
        assert_eq!(packets, 10);
        assert_eq!(read_bytes(&file).0.len(), read_bytes(&annotated).0.len());
        for (was, is) in read_bytes(&file).0.iter().zip(&read_bytes(&annotated).0) {
            assert_eq!((was.time, was.wire_len, &was.bytes, was.link), (is.time, is.wire_len, &is.bytes, is.link));
            assert_eq!(was.interface, is.interface);
        }
    }
}

#[test]
fn an_older_comment_of_ours_gives_way_to_the_new_one_where_it_stands() {
    let frames = talk();
    for order in ORDERS {
        let comment = |text: &str| option(order, COMMENT, text.as_bytes());
        let written = [
            comment("theirs"),
            comment("synfin: notes=of.an.older.time"),
            option(order, FLAGS, &order.u32(2)),
            comment("synfin: and=another"),
            comment("about synfin: not of it"),
        ]
        .concat();
        let head = [section(order), interface(order, 1, 0, &[])].concat();
        let file = [head, enhanced(order, 0, 1, &frames[0].bytes, &written)].concat();
        let annotated = annotate("older.pcapng", &file);
        let (_, kind, packet) = blocks(&annotated)[2];
        let found = options(order, kind, packet);
        let codes: Vec<u16> = found.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, [COMMENT, COMMENT, FLAGS, COMMENT]);
        assert_eq!(found[0].1, b"theirs");
        assert!(found[1].1.starts_with(b"synfin: step=1 notes=open.1 "));
        assert_eq!(found[3].1, b"about synfin: not of it");
    }
}

#[test]
fn options_that_make_no_sense_stay_behind_the_comment() {
    let frames = talk();
    let broken = [&option(Order::Little, COMMENT, b"good")[..], &[9, 0, 0xff, 0x7f, 1, 2, 3, 4]].concat();
    let head = [section(Order::Little), interface(Order::Little, 1, 0, &[])].concat();
    let file = [head, enhanced(Order::Little, 0, 1, &frames[0].bytes, &broken)].concat();
    let annotated = annotate("broken-options.pcapng", &file);
    let (_, _, packet) = blocks(&annotated)[2];
    assert_eq!(packet[packet.len() - 12..packet.len() - 4], broken[broken.len() - 8..]);
    assert!(packet.windows(8).any(|octets| octets == MARK.as_bytes()));
}

#[test]
fn a_section_that_tells_its_length_tells_none_after_it_has_grown() {
    let frames = talk();
    let mut file = rich(Order::Big, &frames);
    let length = file.len() as u64 - 28;
    file[16..24].copy_from_slice(&length.to_be_bytes());
    assert_eq!(annotate("length.pcapng", &file)[16..24], [0xff; 8]);
}

#[test]
fn a_pcap_of_any_kind_becomes_a_pcapng_with_times_as_fine_as_they_were() {
    let frames = talk();
    for order in ORDERS {
        for (magic, resolution, fraction) in [(0xa1b2_c3d4, 6, 123_456), (0xa1b2_3c4d, 9, 123_456_789)] {
            let mut file = pcap_header(order, magic, (2, 4), 65_535, 1);
            for (n, frame) in (0..).zip(&frames) {
                let len = frame.bytes.len() as u32;
                file.extend(record(order, (1_700_000_000 + n, fraction), (len, len + 7), &frame.bytes));
            }
            let annotated = annotate("any.pcap", &file);
            let about = blocks(&annotated)[1].2;
            assert_eq!((&about[8..10], &about[12..16]), (&[1, 0][..], &[0xff, 0xff, 0, 0][..]));
            assert_eq!(about[16..21], [9, 0, 1, 0, resolution]);
            let without_comments = |file: &[u8]| {
                let (mut frames, damages) = read_bytes(file);
                assert_eq!(damages, []);
                for frame in &mut frames {
                    frame.comment = None;
                }
                frames
            };
            assert_eq!(without_comments(&file), without_comments(&annotated));
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(&file).expect("memory");
            assert_eq!(annotate("any.pcap.gz", &packed.finish().expect("memory")), annotated);
        }
    }
}

#[test]
fn an_empty_pcap_becomes_a_pcapng_that_describes_its_interface() {
    let annotated = annotate("empty.pcap", &pcap_header(Order::Big, 0xa1b2_c3d4, (2, 4), 96, 113));
    assert_eq!(blocks(&annotated).iter().map(|block| block.1).collect::<Vec<_>>(), [0x0a0d_0d0a, 1]);
    assert_eq!(blocks(&annotated)[1].2[8..10], [113, 0]);
}

#[test]
fn several_captures_become_sections_of_one() {
    let capture = |name: &str| root().join("captures").join(name);
    let all = [capture("http-get.pcap"), capture("two-interfaces.pcapng"), capture("ping.pcap")];
    let annotated = annotate_files(&all);
    let sections = blocks(&annotated).iter().filter(|block| block.1 == 0x0a0d_0d0a).count();
    let packets: usize =
        all.iter().map(|path| read(&mut Captures::open([path], Options::default()).expect("shipped")).0.len()).sum();
    assert_eq!((sections, read_bytes(&annotated).0.len()), (3, packets));
}

#[test]
fn of_a_damaged_capture_what_was_read_is_written_and_the_damage_told() {
    let frames = talk();
    let whole = rich(Order::Little, &frames);
    let path = write_file("whole.pcapng", &whole);
    let input = write_file("cut.pcapng", &[]);
    let output = write_file("cut-annotated.pcapng", b"to be replaced");
    let ends: Vec<usize> = blocks(&whole)
        .iter()
        .scan(0, |end, block| {
            *end += block.2.len();
            Some(*end)
        })
        .collect();
    // In the middle of each block but the first.
    for (n, end) in ends.iter().enumerate().skip(1) {
        fs::write(&input, &whole[..end - 5]).expect("a place for temporary files");
        let ran = synfin(&["annotate", &text(&input), "-o", &text(&output)]);
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(!ran.status.success() && told.contains("cut short at byte"), "{told}");
        let written = fs::read(&output).expect("it was written");
        assert_eq!(blocks(&written).len(), n, "whole blocks alone");
        assert_eq!(read_bytes(&written).1, []);
    }
    let ran = synfin(&["annotate", &text(&path), "-o", &text(&output)]);
    assert!(ran.status.success() && ran.stderr.is_empty());
}

#[test]
fn a_pcap_is_refused_with_the_reason_and_the_other_offered() {
    let input = root().join("captures/http-get.pcap");
    let ran = synfin(&["annotate", &text(&input), "-o", "/nowhere/x.pcap"]);
    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(2), "{told}");
    assert!(told.contains("no room for comments") && told.contains("/nowhere/x.pcapng"), "{told}");
    let ran = synfin(&["read", &text(&input), "--annotate", "-w", "/nowhere/x.pcap"]);
    assert_eq!(ran.status.code(), Some(2));
}

#[test]
fn a_capture_is_never_written_over_while_it_is_read() {
    let path = write_file("itself.pcapng", &rich(Order::Little, &talk()));
    let before = fs::read(&path).expect("it is there");
    let ran = synfin(&["annotate", &text(&path), "-o", &text(&path)]);
    assert_eq!(ran.status.code(), Some(1));
    assert_eq!(fs::read(&path).expect("it is there"), before);
}

#[test]
fn read_writes_what_a_filter_chooses_and_leaves_the_rest_of_the_file_alone() {
    let file = rich(Order::Big, &talk());
    let input = text(&write_file("chosen.pcapng", &file));
    let all = synfin(&["read", &input, "-w", "-"]);
    assert!(all.status.success() && all.stdout == file, "octet for octet");
    let chosen = synfin(&["read", &input, "-w", "-", "tcp[tcpflags] & tcp-syn != 0"]).stdout;
    let kinds = |file: &[u8]| blocks(file).iter().map(|block| block.1).collect::<Vec<_>>();
    assert_eq!(kinds(&chosen), [0x0a0d_0d0a, 1, 1, 4, 10, 6, 0xbad, 6, 0x0123_4567, 5]);
    let annotated = synfin(&["read", &input, "--annotate", "-w", "-"]).stdout;
    assert_eq!(annotated, synfin(&["annotate", &input, "-o", "-"]).stdout);
    let output = text(&write_file("chosen.pcap", b""));
    assert!(synfin(&["read", &input, "-w", &output, "-c", "3"]).status.success());
    assert_eq!(read_bytes(&fs::read(&output).expect("it was written")).0.len(), 3);
}

#[test]
fn what_the_host_knew_of_a_packet_and_of_the_interface_is_written_too() {
    let frame = talk().remove(0);
    let mut writer =
        CaptureWriter::of_interface(Vec::new(), Format::Pcapng, Link::Ethernet, Some("far0")).expect("memory");
    let mut seen = frame.clone();
    let ways = [(None, false, 0), (Some(Direction::In), false, 1), (Some(Direction::Out), true, 2 | 1 << 9)];
    for (direction, unfinished, _) in ways {
        seen.aside = Aside { direction, unfinished, segment_size: None };
        writer.write_noted(&seen.as_frame(), Some(b"a note")).expect("memory");
    }
    writer.write_statistics(Timestamp(1 << 33), Received { received: 12, dropped: 3 }).expect("memory");
    let file = writer.finish().expect("memory");
    let found = blocks(&file);
    assert_eq!(found.iter().map(|block| block.1).collect::<Vec<_>>(), [0x0a0d_0d0a, 1, 6, 6, 6, 5]);
    assert!(found[1].2.windows(8).any(|octets| octets == [2, 0, 4, 0, b'f', b'a', b'r', b'0']));
    for ((_, _, flags), (order, kind, block)) in ways.into_iter().zip(&found[2..5]) {
        let options = options(*order, *kind, block);
        let written = options
            .iter()
            .find(|(code, _)| *code == FLAGS)
            .map_or(0, |(_, value)| value[0] as u32 | u32::from(value[1]) << 8);
        assert_eq!((written, &options[options.len() - 2].1[..]), (flags, &b"a note"[..]));
    }
    let statistics = found[5].2;
    assert_eq!(statistics[8..20], [0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!((statistics[24], statistics[36]), (12, 3));
}

/// The comments of three captures, word for word; `UPDATE_GOLDEN=1` writes them anew.
#[test]
fn comments_say_what_they_said() {
    for name in ["http-get.pcap", "loss-and-retransmit.pcap", "arp-then-tcp.pcap"] {
        let annotated = annotate_files(&[root().join("captures").join(name)]);
        let mut said = String::new();
        for frame in read_bytes(&annotated).0 {
            let comment = frame.comment.expect("every packet has one");
            said += &String::from_utf8(comment).expect("a comment is UTF-8");
            said.push('\n');
        }
        let golden = root().join("tests/annotations").join(format!("{name}.txt"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, said).expect("the folder can be written");
        } else {
            assert_eq!(fs::read_to_string(&golden).unwrap_or_default(), said, "{}", golden.display());
        }
    }
}

/// Whatever `read` accepts is annotated, tells the same afterwards, and changes no more.
#[test]
fn no_capture_that_is_read_is_refused() {
    let mut captures = Vec::new();
    collect(&root().join("captures"), &mut captures);
    if let Some(shared) = shared("annotating captures that are not shipped") {
        collect(&shared, &mut captures);
    }
    let mut tried = 0;
    for path in captures {
        if Captures::open([&path], Options::default()).is_err() {
            continue;
        }
        tried += 1;
        let once = annotate_files(std::slice::from_ref(&path));
        let copy = write_file("of-all.pcapng", &once);
        assert!(records(&path) == records(&copy), "{} tells something else when annotated", path.display());
        assert!(annotate_files(&[copy]) == once, "{} changes when annotated twice", path.display());
    }
    assert!(tried > 50, "only {tried} captures were found");
}

fn records(path: &Path) -> Vec<u8> {
    let mut out = Vec::new();
    let mut captures = Captures::open([path], Options::default()).expect("it was opened before");
    pump(&mut captures, READING, &mut Tracker::default(), &mut Json::new(false, &mut out)).expect("memory");
    out
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().expect("a readable folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
    files.sort();
}

fn synfin(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_synfin")).args(args).output().expect("it starts")
}

fn text(path: &Path) -> String {
    path.to_str().expect("a name in UTF-8").to_owned()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What tshark and the Lua file that is shipped make of it.
mod tshark {
    use super::*;

    /// What tshark says of a capture; `None`, said aloud, where it is not installed.
    fn tshark(capture: &Path, args: &[&str]) -> Option<String> {
        let lua = root().join("examples/wireshark/synfin.lua");
        let script = format!("lua_script:{}", text(&lua));
        let ran = Command::new("tshark").args(["-n", "-X", &script, "-r"]).arg(capture).args(args).output();
        let Ok(ran) = ran else {
            assert!(std::env::var_os("CI").is_none(), "tshark is needed and is not there");
            eprintln!("not run: what tshark makes of comments (it is not installed)");
            return None;
        };
        let told = String::from_utf8_lossy(&ran.stderr);
        let worry = told.lines().find(|line| !line.starts_with("Running as user"));
        assert!(ran.status.success() && worry.is_none(), "{told}");
        Some(String::from_utf8(ran.stdout).expect("text"))
    }

    #[test]
    fn comments_are_fields_to_filter_by() {
        let annotated = annotate_files(&[root().join("captures/http-get.pcap")]);
        let path = write_file("for-tshark.pcapng", &annotated);
        let numbers = |filter: &str| {
            tshark(&path, &["-Y", filter, "-T", "fields", "-e", "frame.number"]).map(|text| text.replace('\n', " "))
        };
        let Some(third) = numbers("synfin.step == 3") else { return };
        assert_eq!(third, "3 ");
        for (filter, frames) in [
            ("synfin.close_step == 2", "9 "),
            ("synfin.client.state == \"FIN_WAIT_1\"", "8 "),
            ("synfin.server.basis == \"expected\" && synfin.server.moved == 1", "1 3 8 11 "),
            ("synfin.note == \"open.confirmed\"", "5 "),
            ("synfin.client.fact == \"a!\"", "3 "),
            ("synfin.server.before == \"LAST_ACK\"", "11 "),
            ("synfin.conn == 0 && synfin.from == \"server\" && synfin.text", "2 5 9 10 "),
            ("frame.comment contains \"client=TIME_WAIT\"", "10 11 "),
            ("_ws.lua.error", ""),
        ] {
            assert_eq!(numbers(filter).as_deref(), Some(frames), "{filter}");
        }
    }

    #[test]
    fn comments_stand_in_expert_info_and_in_columns() {
        let annotated = annotate_files(&[root().join("captures/loss-and-retransmit.pcap")]);
        let path = write_file("for-columns.pcapng", &annotated);
        let Some(expert) = tshark(&path, &["-q", "-z", "expert"]) else { return };
        for line in ["Comment              Frame  synfin: step=1 notes=open.1", "SYNFIN  open.1: client asks to open"] {
            assert!(expert.contains(line), "{line}\n{expert}");
        }
        let format = "gui.column.format:\"N\",\"%m\",\"S\",\"%Cus:synfin.client.state:0:R\"";
        let columns = tshark(&path, &["-o", format, "-c", "3"]).unwrap_or_default();
        let words: Vec<&str> = columns.split_whitespace().collect();
        assert_eq!(words, ["1", "SYN_SENT", "2", "ESTABLISHED", "3", "ESTABLISHED"]);
        let info = tshark(&path, &["-o", "synfin.info:TRUE", "-c", "1"]).unwrap_or_default();
        assert!(info.contains("[open.1 SYN_SENT! SYN_RCVD?] "), "{info}");
    }

    /// Both byte orders, several sections, several interfaces, every kind of packet block.
    #[test]
    fn everything_else_is_for_tshark_as_it_was() {
        let frames = talk();
        let file = [rich(Order::Little, &frames), rich(Order::Big, &frames[5..])].concat();
        let before = write_file("before.pcapng", &file);
        let after = write_file("after.pcapng", &annotate("tshark.pcapng", &file));
        let names =
            ["frame.number", "frame.interface_id", "frame.interface_name", "frame.len", "ip.src", "tcp.seq_raw"];
        let fields: Vec<&str> = names.iter().flat_map(|name| ["-e", name]).collect();
        let args = [&["-T", "fields"], &*fields].concat();
        let Some(were) = tshark(&before, &args) else { return };
        assert_eq!(tshark(&after, &args).as_deref(), Some(&*were));
        // tshark counts custom blocks as packets too: the second of each section.
        assert_eq!(were.lines().count(), 12);
        // A simple packet block has no time; all others keep theirs.
        let args = ["-T", "fields", "-e", "frame.number", "-e", "frame.time_epoch", "-Y", "!(frame.number in {5, 11})"];
        assert_eq!(tshark(&after, &args), tshark(&before, &args));
        let said = tshark(&after, &["-T", "fields", "-E", "aggregator=|", "-e", "frame.comment"]).unwrap_or_default();
        let first = said.lines().next().unwrap_or_default();
        assert!(first.starts_with("first of theirs|second, not UTF-8: \u{7f}|synfin: step=1 "), "{first}");
        let ours: Vec<usize> = said.lines().map(|line| line.matches("synfin: ").count()).collect();
        assert_eq!(ours, [1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1]);
    }
}
