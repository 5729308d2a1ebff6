//! `synfin craft`: what it shows, what it writes, what it sends, and what it does not.
#![cfg(all(feature = "cli", feature = "live", target_os = "linux"))]

mod common;

use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use common::space;

#[test]
fn a_line_and_the_options_that_mean_the_same_make_the_same_packet() {
    let line = craft(&["10.0.0.1:40000 > 10.0.0.2:80 S 5:5(0) win 1024 <mss 1460,sackOK> {id 7}", "-x", "-t"]);
    let options = craft(&[
        "--src=10.0.0.1",
        "--dst=10.0.0.2",
        "--src-port=40000",
        "--dst-port=80",
        "--flags=S",
        "--seq=5",
        "--win=1024",
        "--options=mss 1460,sackOK",
        "--id=7",
        "-x",
        "-t",
    ]);
    assert_eq!(stdout(&line), stdout(&options));
    assert!(stdout(&line).contains("Flags [S], cksum 0x") && stdout(&line).contains("(correct), seq 5, win 1024"));
    assert!(stdout(&line).contains("\t0x0000:  4500 0030 0007 4000 4006 26bf 0a00 0001\n"), "{}", stdout(&line));
    assert!(stdout(&line).contains("open.1  client asks to open: step 1 of 3"));
}

#[test]
fn every_kind_of_packet_is_told_for_what_it_is() {
    for (call, told) in [
        (&["--udp", "--dst=::1", "--data=hello"][..], "IP6 ::1.40000 > ::1.80: UDP, length 5"),
        (&["--icmp"], "IP 127.0.0.1 > 127.0.0.1: ICMP echo request, id 0, seq 0, length 8"),
        (&["--icmp", "--dst=::1", "--echo-id=7"], "ICMP6, echo request, id 7, seq 0, length 8"),
        (&["--icmp=3/1", "--data-hex=4500"], "ICMP"),
        (&["--arp", "--src=10.0.0.1", "--dst=10.0.0.2"], "ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28"),
        (&["--arp=reply", "--src=10.0.0.1", "--dst=10.0.0.2"], "ARP, Reply 10.0.0.1 is-at 02:00:00:00:00:01"),
        (&["--protocol=47", "--data-hex=00000800"], "GRE, length 4"),
        (&["--vlan=100,7", "-e"], "vlan 100, p 0, 802.1Q, vlan 7, p 0, IPv4, 127.0.0.1.40000"),
        (&["10.0.0.2:80 > 10.0.0.1:1 icmp 3/1 about 0:0(0)"], "ICMP host 10.0.0.2 unreachable"),
        (&["> udp (20)"], "UDP, length 20"),
    ] {
        let ran = craft(&[call, &["-q"]].concat());
        assert!(stdout(&ran).contains(told), "{call:?}: {}{}", stdout(&ran), stderr(&ran));
    }
}

#[test]
fn what_is_asked_to_be_wrong_is_shown_to_be() {
    for (call, told) in [
        ("--bad-checksum", "cksum 0x08f7 (incorrect)"),
        ("--wrong=checksum=0xdead", "cksum 0xdead (incorrect)"),
        ("--wrong=ip-checksum=0xbad", "bad cksum bad"),
        ("--wrong=data-offset=3", "tcp"),
        ("--wrong=ip-len=10", "[malformed ipv4]"),
        ("--wrong=version=5", "[malformed"),
    ] {
        let ran = craft(&[call, "--src=127.0.0.1", "--seq=4711", "--win=64240"]);
        assert!(stdout(&ran).contains(told), "{call}: {}", stdout(&ran));
    }
}

#[test]
fn ranges_go_round_and_say_how_many_packets_there_are() {
    let ran = craft(&[
        "--src-port=40000..40002",
        "--seq=0..3000/1500",
        "-T",
        "fields",
        "-e",
        "tcp.srcport",
        "-e",
        "tcp.seq_raw",
    ]);
    assert_eq!(stdout(&ran), "40000\t0\n40001\t1500\n40002\t3000\n");
    let ran = craft(&[
        "--dst=10.0.0.1..10.0.0.2",
        "--src=10.0.0.9",
        "-c",
        "3",
        "-T",
        "fields",
        "-e",
        "ip.dst",
        "-e",
        "tcp.checksum.status",
    ]);
    assert_eq!(stdout(&ran), "10.0.0.1\t1\n10.0.0.2\t1\n10.0.0.1\t1\n");
    let ran = craft(&["--src-port=1..60000", "-T", "fields", "-e", "tcp.srcport"]);
    assert_eq!(stdout(&ran).lines().count(), 1_000);
}

#[test]
fn a_capture_holds_what_was_shown_and_is_the_same_each_time() {
    let calls = |name: &str| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let path = path.to_str().expect("a path in UTF-8").to_owned();
        let ran = craft(&["--icmp", "--data-len=3000", "--fragment=1500", "--count=2", "-q", "-w", &path]);
        (stdout(&ran), path)
    };
    let (told, path) = calls("crafted-pings.pcap");
    assert_eq!(told.matches("ICMP fragment").count(), 4);
    let read = run(&["read", "-q", &path]);
    assert_eq!(stdout(&read), told);
    let octets = std::fs::read(&path).expect("it is there");
    assert_eq!(octets, std::fs::read(calls("crafted-pings-again.pcap").1).expect("it is there"));
    let piped = craft(&["--icmp", "--data-len=3000", "--fragment=1500", "--count=2", "-w", "-"]);
    assert_eq!(piped.stdout, octets);
}

#[test]
fn a_call_that_cannot_be_meant_so_says_why() {
    for (call, told) in [
        (&["--udp", "--flags=S"][..], "'--flags' has no place in this packet"),
        (&["--icmp", "--seq=1..5"], "'--seq' has no place in this packet"),
        (&["S 0:0(0)", "--tos=3"], "the packet is written out already: '--tos' has no place beside it"),
        (&["S 0:0(1)"], "1 octets from there end at 1"),
        (&["--src=10.0.0.1", "--dst=::1"], "addresses of different families"),
        (&["--id=1", "--dst=::1"], "'--id' has no place in IPv6"),
        (&["--wrong=udp-len=3"], "this packet has no udp-len"),
        (&["--wrong=colour=3"], "the fields are version, "),
        (&["--ttl=256"], "255 is the most there is room for"),
        (&["--src-port=9..3"], "a range begins with its lower end"),
        (&["--protocol=47", "--bad-checksum"], "no checksum to make wrong"),
        (&["--rate=0"], "invalid value '0'"),
        (&["--ethernet", "--send"], "which one does `-i IF` say"),
        (&["--arp", "--src=::1"], "ARP is for IPv4"),
    ] {
        let ran = craft(call);
        assert_eq!(ran.status.code(), Some(2), "{call:?}: {}", stderr(&ran));
        assert!(stderr(&ran).contains(told), "{call:?}: {}", stderr(&ran));
    }
}

#[test]
fn what_may_not_be_sent_is_refused_with_what_to_do() {
    space::inside(|| {
        space::lead_out();
        for (call, told) in [
            (
                &["--dst=192.0.2.7"][..],
                "192.0.2.7 is not this machine: packets to it would leave by near; if they are to, say so: --allow-remote 192.0.2.7",
            ),
            (
                &["--dst=192.0.2.7", "--src=192.0.2.1", "--allow-remote=192.0.2.0/24"],
                "192.0.2.1 is not an address of this host",
            ),
            (
                &["--dst=127.255.255.255"],
                "127.255.255.255 is a broadcast or multicast address; if all of them are to get it, say so: --allow-broadcast",
            ),
            (&["--arp", "--dst=10.7.0.2", "-i", "near"], "ff:ff:ff:ff:ff:ff is a broadcast or multicast address"),
            (&["--dst=2001:db8::1", "--src=::1"], "there is no route to 2001:db8::1"),
            (&["-i", "nope"], "there is no interface nope"),
        ] {
            for way in ["--send", "--dry-run"] {
                let ran = craft(&[call, &[way, "-q"]].concat());
                assert_eq!(ran.status.code(), Some(1), "{call:?}: {}", stderr(&ran));
                assert!(stderr(&ran).contains(told), "{call:?}: {}", stderr(&ran));
            }
        }
        let allowed = craft(&["--dst=192.0.2.7", "--allow-remote=192.0.2.0/24", "--dry-run", "-q"]);
        assert_eq!(stderr(&allowed), "1 packet would be sent, 40 octets; nothing was\n");
    });
}

#[test]
fn bounds_are_those_of_the_machine_outside_a_namespace() {
    // Refused before anything is opened: needs no privilege, and no namespace.
    for (call, told) in [
        ("--rate=20000", "20000 packets a second are more than the 10000"),
        ("--count=2000000", "2000000 packets are more than the 1000000"),
        ("--max-time=2h", "7200 seconds are more than the 3600"),
    ] {
        let ran = craft(&[call, "--send", "-q"]);
        assert!(ran.status.code() == Some(1) && stderr(&ran).contains(told), "{call}: {}", stderr(&ran));
    }
}

#[test]
fn what_is_sent_is_received_and_counted() {
    space::inside(|| {
        let server = UdpSocket::bind("127.0.0.1:9000").expect("a port of our own");
        server.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
        let ran = craft(&["--udp", "--dst-port=9000", "--data=hi", "--src-port=40000..40009", "--send", "-q"]);
        assert!(stderr(&ran).starts_with("10 packets sent, 300 octets, in 0.0"), "{}", stderr(&ran));
        assert_eq!(stdout(&ran).matches("UDP, length 2").count(), 10);
        for port in 40_000..40_010 {
            let mut data = [0; 8];
            let (len, peer) = server.recv_from(&mut data).expect("it came");
            assert_eq!((&data[..len], peer.port()), (&b"hi"[..], port));
        }
        // Not so with a wrong checksum, or after a dry run.
        craft(&["--udp", "--dst-port=9000", "--data=hi", "--bad-checksum", "--send", "-q"]);
        craft(&["--udp", "--dst-port=9000", "--data=hi", "--dry-run", "-q"]);
        server.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
        server.recv_from(&mut [0; 8]).expect_err("nothing came");
    });
}

#[test]
fn fragments_are_put_together_by_the_kernel() {
    space::inside(|| {
        for (bind, dst) in [("127.0.0.1:9000", "127.0.0.1"), ("[::1]:9000", "::1")] {
            let server = UdpSocket::bind(bind).expect("a port of our own");
            server.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
            let dst = format!("--dst={dst}");
            let ran = craft(&["--udp", &dst, "--dst-port=9000", "--data-len=4000", "--fragment=1280", "--send", "-q"]);
            assert_eq!(ran.status.code(), Some(0), "{}", stderr(&ran));
            let mut data = [0; 5000];
            let (len, _) = server.recv_from(&mut data).expect("it came whole");
            assert_eq!((len, data[0], data[3_999]), (4_000, b'a', b'v'));
        }
    });
}

#[test]
fn crafted_syns_are_taken_in_by_the_kernel() {
    space::inside(|| {
        space::run("ip link add near type veth peer name far");
        space::run("ip addr add 10.7.0.1/24 dev near");
        space::run("ip link set near up");
        space::run("ip link set far up");
        let _server = TcpListener::bind("10.7.0.1:80").expect("the address of near");
        let ran = craft(&[
            "-i",
            "far",
            "--src=10.7.0.2..10.7.0.51",
            "--dst=10.7.0.1",
            "--send",
            "--silent",
            "--rate=1000000",
        ]);
        assert!(stderr(&ran).starts_with("50 packets sent, 2700 octets"), "{}", stderr(&ran));
        let all = space::until(Duration::from_secs(5), || segments_taken_in() >= 50);
        assert!(all, "only {} SYNs were taken in", segments_taken_in());
    });
}

#[test]
fn answers_are_shown_with_what_they_mean() {
    space::inside(|| {
        let _server = TcpListener::bind("127.0.0.1:9000").expect("a port of our own");
        let ran = craft(&["--dst-port=9000", "--options=mss 1460", "--send", "--answers=2s", "-q"]);
        let told = stdout(&ran);
        assert!(told.contains("127.0.0.1.9000 > 127.0.0.1.40000: tcp 0\n    open.2"), "{told}{}", stderr(&ran));
        assert!(stderr(&ran).starts_with("1 packet sent, 44 octets; "), "{}", stderr(&ran));

        for (dst, answer) in [("127.0.0.1", "ICMP 127.0.0.1 udp port 9001 unreachable"), ("::1", "unreachable port")] {
            let ran = craft(&["--udp", &format!("--dst={dst}"), "--dst-port=9001", "--send", "--answers=1s", "-q"]);
            assert!(stdout(&ran).contains(answer), "{}", stdout(&ran));
            assert_eq!(
                stderr(&ran),
                format!("1 packet sent, {} octets; 1 came back\n", if dst == "::1" { 48 } else { 28 })
            );
        }
        let ran = craft(&["--icmp", "--echo-id=7", "--count=3", "--rate=100", "--send", "--answers=1s", "-q"]);
        assert_eq!(stdout(&ran).matches("ICMP echo reply, id 7").count(), 3, "{}", stdout(&ran));
    });
}

#[test]
fn time_bounds_what_is_sent() {
    space::inside(|| {
        let start = Instant::now();
        let ran = craft(&["--udp", "--count=100", "--rate=10", "--max-time=300ms", "--send", "-q"]);
        assert!(start.elapsed() < Duration::from_secs(5) && ran.status.code() == Some(1));
        assert!(stderr(&ran).contains(" of 100 packets were not sent; `--max-time`"), "{}", stderr(&ran));
    });
}

/// TCP segments that came in, by the kernel's count.
fn segments_taken_in() -> u64 {
    let text = std::fs::read_to_string("/proc/net/snmp").expect("the kernel's counters");
    let mut lines = text.lines().filter(|line| line.starts_with("Tcp:"));
    let (names, values) = (lines.next().expect("names"), lines.next().expect("values"));
    let at = names.split(' ').position(|word| word == "InSegs").expect("the counter");
    values.split(' ').nth(at).and_then(|value| value.parse().ok()).expect("a number")
}

fn craft(args: &[&str]) -> Output {
    run(&[&["craft"], args].concat())
}

fn run(args: &[&str]) -> Output {
    let mut synfin = Command::new(env!("CARGO_BIN_EXE_synfin"));
    synfin.current_dir(env!("CARGO_MANIFEST_DIR")).env("TZ", "UTC").env_remove("CLICOLOR_FORCE").args(args);
    synfin.output().expect("it starts")
}

fn stdout(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

fn stderr(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stderr).into_owned()
}
