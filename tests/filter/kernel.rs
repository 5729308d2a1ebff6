//! The programs for the kernel: on the frame as the kernel shows it, the verdict of the file's program
//! on the frame as it will be captured; and taken by the kernel that runs here.

use std::io::Write as _;
use std::process::{Command, Stdio};

use synfin::capture::Link;
use synfin::capture::filter::{Filter, Program};

use super::oracle::run;
use super::packets::made_up;
use super::random::{Random, expression};

/// Loads that the kernel answers itself (`linux/filter.h`).
const BASE: u32 = 0xffff_f000;
const PROTOCOL: u32 = BASE;
const PACKET_TYPE: u32 = BASE + 4;
const INTERFACE: u32 = BASE + 8;
const HARDWARE: u32 = BASE + 28;
const VLAN_TAG: u32 = BASE + 44;
const VLAN_TAG_PRESENT: u32 = BASE + 48;
const VLAN_PROTOCOL: u32 = BASE + 60;

#[test]
fn a_tag_that_the_kernel_took_off_is_seen_where_it_was() {
    let mut random = Random::new(11);
    let packets: Vec<_> = (0..600).map(|_| made_up(&mut random, 1)).collect();
    let tagged = |bytes: &[u8]| bytes.len() >= 18 && matches!(bytes[12..14], [0x81, 0x00] | [0x88, 0xa8]);
    assert!(packets.iter().filter(|packet| tagged(&packet.bytes)).count() > 100);
    let (mut compared, mut programs_for_files, mut programs_for_kernels) = (0, 0, 0);
    for text in expressions(&mut random, 600) {
        let Some((file, kernel)) = programs(&text, Link::Ethernet) else { continue };
        // Nobody but chance asks for a place in the tag that depends on the packet.
        programs_for_files += 1;
        let Some(kernel) = kernel else { continue };
        programs_for_kernels += 1;
        for packet in &packets {
            let whole = file.run(&packet.bytes, packet.wire_len) > 0;
            let bytes = &packet.bytes;
            let seen = if tagged(bytes) {
                let [tpid, tci] = [12, 14].map(|at| u16::from_be_bytes([bytes[at], bytes[at + 1]]));
                let stripped = [&bytes[..12], &bytes[16..]].concat();
                run(&kernel, &stripped, packet.wire_len - 4, |place| match place {
                    VLAN_TAG_PRESENT => Some(1),
                    VLAN_TAG => Some(tci.into()),
                    VLAN_PROTOCOL => Some(tpid.into()),
                    _ => None,
                })
            } else {
                run(&kernel, bytes, packet.wire_len, |place| (place == VLAN_TAG_PRESENT).then_some(0))
            };
            assert_eq!(whole, seen.is_some_and(|kept| kept > 0), "{text} on {:02x?}", packet.bytes);
            compared += 1;
        }
    }
    assert!(compared > 100_000, "only {compared} pairs were compared");
    let few = 10 * (programs_for_files - programs_for_kernels);
    assert!(few < programs_for_files, "{programs_for_kernels} of {programs_for_files} are programs for the kernel");
}

#[test]
fn a_cooked_header_that_is_not_written_yet_is_seen_too() {
    let mut random = Random::new(12);
    let packets: Vec<_> = (0..400).map(|_| made_up(&mut random, 276)).filter(|it| it.bytes.len() >= 20).collect();
    let mut compared = 0;
    for text in expressions(&mut random, 500) {
        let Some((file, Some(kernel))) = programs(&text, Link::Sll2) else { continue };
        for packet in &packets {
            let header = &packet.bytes[..20];
            let half = |at: usize| u32::from(u16::from_be_bytes([header[at], header[at + 1]]));
            let seen = run(&kernel, &packet.bytes[20..], packet.wire_len - 20, |place| match place {
                PROTOCOL => Some(half(0)),
                INTERFACE => Some(half(4) << 16 | half(6)),
                HARDWARE => Some(half(8)),
                PACKET_TYPE => Some(header[10].into()),
                _ => None,
            });
            let whole = file.run(&packet.bytes, packet.wire_len) > 0;
            assert_eq!(whole, seen.is_some_and(|kept| kept > 0), "{text} on {:02x?}", packet.bytes);
            compared += 1;
        }
    }
    assert!(compared > 50_000, "only {compared} pairs were compared");
}

#[test]
fn what_people_type_is_a_program_for_every_interface() {
    for text in [
        "",
        "tcp",
        "tcp port 443",
        "host 10.0.0.1 and not port 22",
        "icmp6 or arp",
        "tcp[13] & 2 != 0",
        "vlan 7 and udp",
        "net 10.0.0.0/8",
        "ip6 proto 58",
        "portrange 1-1023",
        "greater 100",
        "inbound",
        "ip[6:2] & 0x1fff = 0",
    ] {
        let filter = Filter::parse(text).expect(text);
        let links: &[Link] =
            if text.contains("vlan") { &[Link::Ethernet] } else { &[Link::Ethernet, Link::Sll, Link::Sll2, Link::Raw] };
        for link in links {
            filter.kernel_program(*link).unwrap_or_else(|error| panic!("{link}: {error}"));
        }
    }
}

/// Python attaches the programs to a socket: the kernel checks them as it does for a packet socket.
#[test]
fn the_kernel_takes_every_program() {
    let attach = r"
import ctypes, socket, struct, sys
heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number, line in enumerate(sys.stdin):
    words = [int(word) for word in line.split()]
    program = b''.join(struct.pack('HBBI', *words[at:at + 4]) for at in range(0, len(words), 4))
    octets = ctypes.create_string_buffer(program)
    try:
        heard.setsockopt(socket.SOL_SOCKET, 26, struct.pack('HL', len(words) // 4, ctypes.addressof(octets)))
    except OSError as error:
        print(number, error)
";
    let Ok(mut python) = Command::new("python3")
        .args(["-c", attach])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
    else {
        assert!(std::env::var_os("CI").is_none(), "python3 is needed here, and is not installed");
        eprintln!("python3 is not installed: the kernel was not asked about filters");
        return;
    };
    let mut random = Random::new(13);
    let mut texts = expressions(&mut random, 1500);
    // Long enough for jumps of their own.
    texts.extend((2..6).map(|length| {
        let hosts: Vec<String> = (1..length * 30).map(|host| format!("tcp port {host}")).collect();
        hosts.join(" or ")
    }));
    let mut lines = Vec::new();
    let mut asked = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let link = [Link::Ethernet, Link::Sll2, Link::Raw, Link::Sll][number % 4];
        let Ok(program) = Filter::parse(text).and_then(|filter| filter.kernel_program(link)) else { continue };
        let words: Vec<String> = numbers(&program).iter().flatten().map(u32::to_string).collect();
        lines.push(words.join(" "));
        asked.push(text);
    }
    assert!(asked.len() > 700, "only {} programs", asked.len());
    python.stdin.take().expect("piped").write_all(lines.join("\n").as_bytes()).expect("it reads");
    let ran = python.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&ran.stdout);
    let refused: Vec<String> = said
        .lines()
        .filter_map(|line| Some(format!("{line}: {}", asked.get(line.split(' ').next()?.parse::<usize>().ok()?)?)))
        .collect();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert!(refused.is_empty(), "{refused:#?}");
}

fn expressions(random: &mut Random, count: usize) -> Vec<String> {
    (0..count).map(|_| expression(random)).collect()
}

/// The program for files, where there is one, and the one for the kernel, where there is one too.
fn programs(text: &str, link: Link) -> Option<(Program, Option<Vec<[u32; 4]>>)> {
    let filter = Filter::parse(text).ok()?;
    let file = filter.program(link).ok()?;
    Some((file, filter.kernel_program(link).ok().map(|program| numbers(&program))))
}

fn numbers(program: &Program) -> Vec<[u32; 4]> {
    let instructions = program.instructions().iter();
    instructions.map(|one| [one.code.into(), one.jt.into(), one.jf.into(), one.k]).collect()
}
