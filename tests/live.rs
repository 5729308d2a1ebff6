//! Listening to interfaces: in a network namespace made for each test, to the traffic of real
//! programs, with tcpdump beside it.
//!
//! What is needed for that is in `common::space`; where it is missing a test says so, and with `CI`
//! set it fails.

#![cfg(target_os = "linux")]

mod common;

use std::collections::HashSet;
use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use common::space::{self, Running};
use synfin::capture::live::{Account, Live, Setup, Ways};
use synfin::capture::{Direction, Link, Next, OwnedFrame, Source};

const SYNFIN: &str = env!("CARGO_BIN_EXE_synfin");

#[test]
fn what_sniff_says_is_what_read_says_of_tcpdumps_capture() {
    if !space::has(&["tcpdump", "curl", "python3"]) {
        return;
    }
    space::inside(|| {
        for interface in ["lo", "any"] {
            let theirs = file(&format!("theirs-{interface}.pcap"));
            let tcpdump = tcpdump(interface, &theirs);
            let text = sniff(&format!("-i {interface} -t -S --no-processes"));
            let json = sniff(&format!("-i {interface} -T json"));
            let _server = web_server();
            for _ in 0..3 {
                space::run("curl -sS -o /dev/null http://127.0.0.1:8000/");
            }
            space::run("curl -sS -o /dev/null -g http://[::1]:8000/");
            refused();
            let (text, json) = (stopped(text), stopped(json));
            tcpdump_stopped(tcpdump);
            let read = |options: &str| stdout(&synfin(&format!("read {options} {}", theirs.display())));
            let said = stdout(&text);
            assert!(said.contains("close.4") && said.contains("open.refused"), "{said}");
            assert_eq!(said, read("-t -S"), "{interface}");
            assert_eq!(without_times(&stdout(&json)), without_times(&read("-T json")), "{interface}");
            let conns = read("--summary").lines().filter(|line| line.contains("conversations")).count();
            assert_eq!(conns, 1);
            assert!(stderr(&text).ends_with("5 connections seen\n"), "{}", stderr(&text));
        }
    });
}

#[test]
fn what_is_kept_reads_as_it_was_said_at_the_time() {
    if !space::has(&["curl", "python3"]) {
        return;
    }
    space::inside(|| {
        for name in ["kept.pcapng", "kept.pcap"] {
            let kept = file(name);
            let sniff = sniff(&format!("-i lo -w {} --print --no-processes", kept.display()));
            let _server = web_server();
            space::run("curl -sS -o /dev/null http://127.0.0.1:8000/");
            let ran = stopped(sniff);
            assert!(stdout(&ran).contains("open.3"));
            assert_eq!(stdout(&ran), stdout(&synfin(&format!("read {}", kept.display()))), "{name}");
            let pcapng = fs::read(&kept).expect("it was written").starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]);
            assert_eq!(pcapng, name == "kept.pcapng");
        }
    });
}

#[test]
fn comments_written_as_packets_pass_are_those_that_come_later() {
    if !space::has(&["curl", "python3"]) {
        return;
    }
    space::inside(|| {
        let (kept, again) = (file("annotated.pcapng"), file("annotated-again.pcapng"));
        let sniff = sniff(&format!("-i lo -w {} --annotate", kept.display()));
        let _server = web_server();
        space::run("curl -sS -o /dev/null http://127.0.0.1:8000/");
        let ran = stopped(sniff);
        assert!(stdout(&ran).is_empty() && stderr(&ran).ends_with("1 connection seen\n"), "{}", stderr(&ran));
        synfin(&format!("annotate {} -o {}", kept.display(), again.display()));
        let (once, twice) = (fs::read(&kept).expect("it was written"), fs::read(&again).expect("it was written"));
        assert!(once == twice, "the same comments, octet for octet");
        let said = String::from_utf8_lossy(&once).into_owned();
        assert!(said.contains("synfin: step=3 ") && said.contains("synfin: close_step=1 "));
    });
}

#[test]
fn a_stop_right_after_the_last_packet_loses_none() {
    space::inside(|| {
        for how in ["-T json", "-w"] {
            let kept = file("tail.pcapng");
            let sniff = match how {
                "-w" => sniff(&format!("-i lo -w {}", kept.display())),
                _ => sniff(&format!("-i lo {how}")),
            };
            send(1_000, 100);
            thread::sleep(Duration::from_millis(50));
            let ran = stopped(sniff);
            let told = stderr(&ran);
            for line in ["1000 packets captured", "1000 packets received by filter", "0 packets dropped by kernel"] {
                assert!(told.lines().any(|told| told == line), "{how}: {told}");
            }
            let lines = match how {
                "-w" => stdout(&synfin(&format!("read -q {}", kept.display()))),
                _ => stdout(&ran),
            };
            assert_eq!(lines.lines().filter(|line| line.contains("127.0.0.1")).count(), 1_000, "{how}");
        }
    });
}

#[test]
fn any_signal_to_stop_leaves_a_whole_capture_and_an_account() {
    space::inside(|| {
        for signal in ["INT", "TERM", "HUP"] {
            let kept = file("signal.pcapng");
            let sniff = sniff(&format!("-i lo -w {}", kept.display()));
            send(500, 100);
            sniff.signal(signal);
            let ran = sniff.output_within(20);
            assert_eq!(ran.status.code(), Some(0), "{signal}: {}", stderr(&ran));
            assert!(stderr(&ran).contains("500 packets captured"), "{signal}: {}", stderr(&ran));
            let read = synfin(&format!("read -q {}", kept.display()));
            let packets = stdout(&read).lines().filter(|line| line.contains("127.0.0.1")).count();
            assert_eq!((read.status.code(), packets), (Some(0), 500), "{signal}");
        }
    });
}

#[test]
fn a_disk_that_is_full_ends_the_listening_and_is_told() {
    space::inside(|| {
        let ran = space::start(SYNFIN, "sniff -i lo -w /dev/full").output_within(20);
        assert_eq!(ran.status.code(), Some(1), "{}", stderr(&ran));
        assert!(stderr(&ran).contains("No space left on device"), "{}", stderr(&ran));

        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let mut command = Command::new(SYNFIN);
        command.args(["sniff", "-i", "lo", "-l"]).stdin(Stdio::null()).stdout(full).stderr(Stdio::piped());
        let running = listening(Running::of(command.spawn().expect("it was built")), 1);
        send(10, 100);
        let ran = running.output_within(20);
        assert_eq!(ran.status.code(), Some(1), "{}", stderr(&ran));
        assert!(stderr(&ran).contains("No space left on device"), "{}", stderr(&ran));
        assert!(stderr(&ran).contains("packets received by filter"), "{}", stderr(&ran));
    });
}

#[test]
fn what_was_accepted_was_delivered_or_dropped() {
    space::inside(|| {
        // One that does not read while more comes than its ring holds.
        let (mut live, stop) = listen(Setup { buffer: 512 << 10, ..Setup::new("lo") });
        send(2_000, 1_000);
        thread::sleep(Duration::from_millis(100));
        stop.store(true, Ordering::Relaxed);
        let frames = all(&mut live);
        let Account { passed, delivered, dropped } = live.account();
        assert_eq!((passed, delivered), (2_000, frames.len() as u64));
        assert!(dropped > 500 && delivered > 100, "{delivered} delivered, {dropped} dropped");
        assert_eq!(passed, delivered + dropped);
    });
}

#[test]
fn drops_are_told_as_they_happen() {
    space::inside(|| {
        let sniff = sniff("-i lo -B 512 -q");
        sniff.signal("STOP");
        send(2_000, 1_000);
        sniff.signal("CONT");
        thread::sleep(Duration::from_secs(1));
        let ran = stopped(sniff);
        let told = stderr(&ran);
        assert!(told.contains("synfin: the kernel dropped"), "{told}");
        let count = |what: &str| -> u64 {
            let line = told.lines().find(|line| line.ends_with(what)).unwrap_or_else(|| panic!("{told}"));
            line.split(' ').next().and_then(|count| count.parse().ok()).expect("a count")
        };
        let (captured, received) = (count("packets captured"), count("packets received by filter"));
        assert_eq!((received, received - captured), (2_000, count("packets dropped by kernel")));
    });
}

#[test]
fn a_signal_asks_for_the_account() {
    space::inside(|| {
        let sniff = sniff("-i lo");
        send(10, 10);
        thread::sleep(Duration::from_secs(1));
        sniff.signal("USR1");
        thread::sleep(Duration::from_secs(1));
        let told = stderr(&stopped(sniff));
        let line = "synfin: 10 packets captured, 10 packets received by filter, 0 packets dropped by kernel, 1 connection seen";
        assert!(told.lines().any(|told| told == line), "{told}");
    });
}

#[test]
fn a_quiet_interface_is_idle_and_a_packet_on_lo_is_one() {
    space::inside(|| {
        let (mut live, stop) = listen(Setup::new("lo"));
        assert!(matches!(live.next(), Ok(Next::Idle(_))));
        send(20, 10);
        thread::sleep(Duration::from_millis(50));
        stop.store(true, Ordering::Relaxed);
        let frames = all(&mut live);
        assert_eq!(frames.len(), 20);
        assert!(frames.iter().all(|frame| frame.link == Link::Ethernet && frame.aside.direction.is_none()));
        assert!(frames.iter().all(|frame| frame.aside.unfinished), "the kernel leaves checksums on lo undone");
        assert!(frames.is_sorted_by_key(|frame| frame.time), "in order");
        let datagrams: HashSet<_> = frames.iter().map(|frame| frame.bytes.clone()).collect();
        assert_eq!(datagrams.len(), 20);
        for _ in 0..3 {
            assert!(matches!(live.next(), Ok(Next::End)), "the end stays the end");
        }
    });
}

#[test]
fn each_way_has_its_own_packets() {
    if !space::has(&["ping", "nsenter"]) {
        return;
    }
    space::inside(|| {
        let _far = wire();
        let counted = |ways| {
            let (mut live, stop) = listen(Setup { ways, ..Setup::new("v0") });
            pings(3);
            thread::sleep(Duration::from_millis(50));
            stop.store(true, Ordering::Relaxed);
            let echoes: Vec<_> = all(&mut live).into_iter().filter(is_icmp).collect();
            let out = echoes.iter().filter(|frame| frame.aside.direction == Some(Direction::Out)).count();
            (echoes.len() - out, out)
        };
        assert_eq!(counted(Ways::Both), (3, 3));
        assert_eq!(counted(Ways::In), (3, 0));
        assert_eq!(counted(Ways::Out), (0, 3));
    });
}

#[test]
fn the_kernel_lets_pass_what_the_filter_chooses() {
    if !space::has(&["tcpdump", "curl", "python3"]) {
        return;
    }
    space::inside(|| {
        for (interface, filter) in [("lo", "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0"), ("any", "tcp and src port 8000")]
        {
            let theirs = file("filtered.pcap");
            let tcpdump = tcpdump(interface, &theirs);
            let sniff = sniff(&format!("-i {interface} -t --no-processes {filter}"));
            let _server = web_server();
            space::run("curl -sS -o /dev/null http://127.0.0.1:8000/");
            send(5, 10);
            let ran = stopped(sniff);
            tcpdump_stopped(tcpdump);
            let read = stdout(&synfin(&format!("read -t {} {filter}", theirs.display())));
            assert!(stdout(&ran).contains("Flags [F.]"), "{}", stdout(&ran));
            assert_eq!(stdout(&ran), read, "{interface}");
            let count = read.lines().filter(|line| line.starts_with("IP ") || line.contains(" IP ")).count();
            assert!(stderr(&ran).contains(&format!("\n{count} packets received by filter\n")), "{}", stderr(&ran));
        }
    });
}

#[test]
fn vlan_tags_stand_where_they_stood_on_the_wire() {
    if !space::has(&["tcpdump", "ping", "nsenter"]) {
        return;
    }
    space::inside(|| {
        let far = wire();
        let script = file("tagged.py");
        fs::write(&script, TAGGED).expect("a place for temporary files");
        let theirs = file("vlan.pcap");
        let tcpdump = tcpdump("v0", &theirs);
        let one = sniff("-i v0 -t -e");
        let any = sniff("-i any -T json -Q in");
        far.run(&format!("python3 {}", script.display()));
        let (one, any) = (datagrams(&stdout(&stopped(one))), stdout(&stopped(any)));
        tcpdump_stopped(tcpdump);
        assert_eq!(one.lines().filter(|line| line.contains("vlan 100")).count(), 2, "{one}");
        assert_eq!(one, datagrams(&stdout(&synfin(&format!("read -t -e {}", theirs.display())))));
        // Of a frame with two tags, the kernel does not say on all interfaces at once what the second was.
        assert_eq!(
            any.lines().filter(|line| line.contains(r#""vlan":[100]"#) && line.contains("udp")).count(),
            1,
            "{any}"
        );
    });
}

/// Sends a datagram from 10.8.0.2 to 10.8.0.1 in an Ethernet frame with a tag of VLAN 100, and in
/// one with a service tag before that.
const TAGGED: &str = "\
import socket
socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
socket.bind(('v1', 0))
for tags in '81000064', '88a800c881000064':
    socket.send(bytes.fromhex('020000000001' '02000000000a' + tags + '0800'
        '45000020000040004011a6cd0a0800020a080001' '03e803e8000c000061626364'))
";

#[test]
fn a_frame_that_stands_for_many_segments_says_so() {
    if !space::has(&["curl", "python3"]) {
        return;
    }
    space::inside(|| {
        space::run("ip link set lo mtu 1500");
        let sniff = sniff("-i lo -T json --checksums verify");
        let _server = web_server();
        space::run("curl -sS -o /dev/null http://127.0.0.1:8000/Cargo.lock");
        let ran = stopped(sniff);
        let mut large = 0;
        for line in stdout(&ran).lines() {
            let record: serde_json::Value = serde_json::from_str(line).expect("a record");
            let payload = record["tcp"]["payload_len"].as_u64().unwrap_or_default();
            assert_eq!(record["tcp"]["checksum_ok"], false, "left to the card: {line}");
            assert!(!line.contains("checksum.bad"), "{line}");
            match record["segment_size"].as_u64() {
                Some(size) => assert!(size == 1_448 && payload > size, "{line}"),
                None => assert!(payload <= 1_448, "{line}"),
            }
            large += u32::from(record["segment_size"].is_u64());
        }
        assert!(large > 0, "{}", stdout(&ran));
    });
}

#[test]
fn files_follow_each_other_and_hold_every_packet() {
    space::inside(|| {
        let folder = file("rotated");
        fs::create_dir_all(&folder).expect("a place for temporary files");
        // Whoever runs this, the files are written by somebody with no rights.
        space::run(&format!("chmod 777 {}", folder.display()));
        let sniff = sniff(&format!("-i lo -w {}/x.pcap -C 20k", folder.display()));
        send(500, 100);
        let ran = stopped(sniff);
        assert!(stderr(&ran).contains("500 packets captured"), "{}", stderr(&ran));
        let mut files: Vec<_> =
            fs::read_dir(&folder).expect("it is there").map(|it| it.expect("a file").path()).collect();
        files.sort();
        assert!(files.len() > 3 && files[0].ends_with("x.pcap") && files[1].ends_with("x.pcap1"), "{files:?}");
        let packets: usize = files
            .iter()
            .map(|file| {
                let size = fs::metadata(file).expect("it is there").len();
                assert!(size < (20 << 10) + 200, "{} has {size} octets", file.display());
                stdout(&synfin(&format!("read -q {}", file.display())))
                    .lines()
                    .filter(|it| it.contains("127.0.0.1"))
                    .count()
            })
            .sum();
        assert_eq!(packets, 500);
    });
}

#[test]
fn threads_write_a_file_each_and_lose_nothing_between_them() {
    space::inside(|| {
        let kept = file("threads.pcapng");
        let sniff = space::start(SYNFIN, &format!("sniff -i lo -w {} --threads 2", kept.display()));
        let sniff = listening(sniff, 2);
        for _ in 0..32 {
            send(5, 10);
        }
        let ran = stopped(sniff);
        for line in ["160 packets captured", "160 packets received by filter", "0 packets dropped by kernel"] {
            assert!(stderr(&ran).lines().any(|told| told == line), "{}", stderr(&ran));
        }
        let of = |thread: u32| {
            let file = kept.with_file_name(format!("live-{}-threads-{thread}.pcapng", std::process::id()));
            stdout(&synfin(&format!("read -q {}", file.display())))
                .lines()
                .filter(|line| line.contains("UDP, length"))
                .count()
        };
        assert!(of(0) + of(1) == 160 && of(0) > 0 && of(1) > 0, "{} and {}", of(0), of(1));
    });
}

#[test]
fn a_file_that_is_being_written_can_be_read() {
    space::inside(|| {
        let kept = file("growing.pcapng");
        let sniff = sniff(&format!("-i lo -w {}", kept.display()));
        for sent in [10, 20] {
            send(10, 100);
            thread::sleep(Duration::from_secs(1));
            let read = synfin(&format!("read -q {}", kept.display()));
            assert!(read.status.success(), "{}", stderr(&read));
            assert_eq!(stdout(&read).lines().filter(|line| line.contains("127.0.0.1")).count(), sent);
        }
        drop(sniff);
    });
}

#[test]
fn an_interface_that_goes_away_ends_the_capture_with_what_was_seen() {
    if !space::has(&["ping", "nsenter"]) {
        return;
    }
    space::inside(|| {
        let _far = wire();
        let sniff = sniff("-i v0");
        pings(2);
        space::run("ip link set v0 down");
        thread::sleep(Duration::from_secs(1));
        space::run("ip link del v0");
        let ran = sniff.output_within(10);
        let told = stderr(&ran);
        assert_eq!(ran.status.code(), Some(1));
        assert!(told.contains("synfin: v0 went down; listening on"), "{told}");
        assert!(told.ends_with("synfin: the interface v0 has gone away\n"), "{told}");
        assert_eq!(stdout(&ran).lines().filter(|line| line.contains("ICMP echo")).count(), 4, "{}", stdout(&ran));
    });
}

#[test]
fn what_cannot_be_listened_to_is_told_with_what_to_do() {
    space::inside(|| {
        let _far = wire();
        space::run("ip link set v0 down");
        for (interface, told) in [
            ("nowhere0", "synfin: there is no interface 'nowhere0'; `synfin sniff -D` lists those there are\n"),
            ("v0", "synfin: the interface v0 is down; `ip link set v0 up` brings it up\n"),
        ] {
            let ran = synfin(&format!("sniff -i {interface}"));
            assert_eq!((ran.status.code(), stderr(&ran).as_str()), (Some(1), told));
        }
    });
}

#[test]
fn without_the_right_to_listen_the_way_to_get_it_is_told() {
    if !space::has(&["setpriv"]) {
        return;
    }
    space::inside(|| {
        let ran = Command::new("setpriv")
            .args(["--bounding-set=-net_raw", "--inh-caps=-net_raw", SYNFIN, "sniff", "-i", "lo"])
            .stdin(Stdio::null())
            .output()
            .expect("it is there");
        assert_eq!(ran.status.code(), Some(1));
        let told = stderr(&ran);
        assert!(
            told.starts_with("synfin: lo: You don't have permission to perform this capture on that device (socket: "),
            "{told}"
        );
        assert!(told.ends_with(&format!("  sudo setcap cap_net_raw+ep {SYNFIN}\n")), "{told}");
    });
}

#[test]
fn listeners_of_a_group_share_the_conversations_among_them() {
    space::inside(|| {
        let (mut one, stop) = listen(Setup { group: Some(7), ..Setup::new("lo") });
        let (mut other, _) = listen(Setup { group: Some(7), stop: Arc::clone(&stop), ..Setup::new("lo") });
        for _ in 0..32 {
            send(5, 10);
        }
        thread::sleep(Duration::from_millis(50));
        stop.store(true, Ordering::Relaxed);
        let (one, other) = (all(&mut one), all(&mut other));
        assert_eq!(one.len() + other.len(), 32 * 5);
        assert!(!one.is_empty() && !other.is_empty(), "{} and {}", one.len(), other.len());
        let ports =
            |frames: &[OwnedFrame]| frames.iter().map(|frame| frame.bytes[34..36].to_vec()).collect::<HashSet<_>>();
        assert!(ports(&one).is_disjoint(&ports(&other)), "a conversation went to both");
    });
}

/// A capture in this process, and what stops it.
fn listen(setup: Setup) -> (Live, Arc<AtomicBool>) {
    let stop = Arc::clone(&setup.stop);
    (Live::open(setup).expect("the right to listen"), stop)
}

/// All frames to the end.
fn all(live: &mut Live) -> Vec<OwnedFrame> {
    let mut frames = Vec::new();
    loop {
        match live.next().expect("an interface") {
            Next::Frame(frame) => frames.push(OwnedFrame::from(&frame)),
            Next::Idle(_) | Next::LeftOut => {}
            Next::Damage(damage) => panic!("{damage}"),
            Next::End => return frames,
        }
    }
}

/// Datagrams on the loopback, from one socket to another, each with its number; nobody answers.
fn send(count: u32, octets: usize) {
    let to = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let from = UdpSocket::bind("127.0.0.1:0").expect("a port");
    from.connect(to.local_addr().expect("it is bound")).expect("an address");
    let mut payload = vec![0; octets];
    for n in 0..count {
        payload[..4].copy_from_slice(&n.to_be_bytes());
        from.send(&payload).expect("room in the loopback");
    }
}

/// The other end of a wire: a namespace in a namespace, which goes with the process that holds it.
struct Far(Running);

impl Far {
    fn run(&self, line: &str) -> Output {
        space::run(&format!("nsenter --target {} --net {line}", self.0.id()))
    }
}

/// `v0` here with 10.7.0.1, and its other end `v1` far away with 10.7.0.2.
fn wire() -> Far {
    let far = Far(space::start("unshare", "--net sleep 100"));
    let own = fs::read_link("/proc/self/ns/net").expect("it has one");
    let theirs = format!("/proc/{}/ns/net", far.0.id());
    let moved = || fs::read_link(&theirs).is_ok_and(|theirs| theirs != own);
    assert!(space::until(Duration::from_secs(5), moved), "no second namespace");
    space::run(&format!("ip link add v0 address 02:00:00:00:00:01 type veth peer name v1 netns {}", far.0.id()));
    space::run("ip address add 10.7.0.1/24 dev v0");
    space::run("ip link set v0 up");
    far.run("ip address add 10.7.0.2/24 dev v1");
    far.run("ip link set v1 up");
    far
}

fn pings(count: u32) {
    space::run(&format!("ping -c {count} -i 0.01 10.7.0.2"));
}

fn is_icmp(frame: &OwnedFrame) -> bool {
    frame.bytes.get(12..14) == Some(&[8, 0]) && frame.bytes.get(23) == Some(&1)
}

/// The lines of datagrams.
fn datagrams(text: &str) -> String {
    text.lines().filter(|line| line.contains(" UDP, ")).flat_map(|line| [line, "\n"]).collect()
}

/// A program that listens, once it does.
fn sniff(options: &str) -> Running {
    listening(space::start(SYNFIN, &format!("sniff {options}")), 1)
}

/// tcpdump, once it listens.
fn tcpdump(interface: &str, to: &Path) -> Running {
    let root = if space::came_by() == space::Way::User { "-Z root" } else { "" };
    // It becomes another user before it opens the file.
    let root = if space::came_by() == space::Way::Root { "-Z root" } else { root };
    listening(space::start("tcpdump", &format!("-i {interface} -U -w {} {root}", to.display())), 1)
}

/// Waits until so many of its sockets receive.
fn listening(running: Running, count: usize) -> Running {
    let held = format!("/proc/{}/fd", running.id());
    let there = || {
        let sockets = packet_sockets();
        fs::read_dir(&held).is_ok_and(|fds| {
            let receives = |fd: &fs::DirEntry| {
                let to = fs::read_link(fd.path()).unwrap_or_default();
                sockets.iter().any(|inode| to.as_os_str() == format!("socket:[{inode}]").as_str())
            };
            fds.flatten().filter(receives).count() >= count
        })
    };
    assert!(space::until(Duration::from_secs(10), there), "it does not listen");
    // A last look at whether it stays.
    thread::sleep(Duration::from_millis(50));
    running
}

/// The inodes of the packet sockets here that receive.
fn packet_sockets() -> Vec<String> {
    let table = fs::read_to_string("/proc/net/packet").unwrap_or_default();
    let rows = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.get(3) == Some(&"0003")).filter_map(|row| Some((*row.last()?).to_owned())).collect()
}

/// Stops it as a user does, and gives back what it said.
fn stopped(running: Running) -> Output {
    running.signal("INT");
    let ran = running.output_within(20);
    assert!(ran.status.success(), "{}", stderr(&ran));
    ran
}

/// tcpdump loses the tail of a capture when it is stopped: it gets time to see it.
fn tcpdump_stopped(tcpdump: Running) {
    thread::sleep(Duration::from_millis(1_500));
    stopped(tcpdump);
}

fn web_server() -> Running {
    let server = space::start("python3", "-m http.server 8000 --bind ::");
    space::wait_for_listener(8000);
    server
}

/// A connection to a port where nobody listens.
fn refused() {
    let refused = std::net::TcpStream::connect("127.0.0.1:1").expect_err("nobody is there");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

/// Records without what cannot be the same of two captures, or is known only at the time.
fn without_times(records: &str) -> Vec<serde_json::Value> {
    let record = |line| {
        let mut record: serde_json::Value = serde_json::from_str(line).expect("a record");
        let members = record.as_object_mut().expect("an object");
        for member in ["t_ns", "time", "direction", "segment_size", "process"] {
            members.remove(member);
        }
        record
    };
    records.lines().map(record).collect()
}

fn synfin(call: &str) -> Output {
    let mut command = Command::new(SYNFIN);
    command.args(call.split_whitespace()).stdin(Stdio::null()).output().expect("the program is there")
}

fn stdout(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

fn stderr(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stderr).into_owned()
}

/// A file of this test run.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("live-{}-{name}", std::process::id()))
}
