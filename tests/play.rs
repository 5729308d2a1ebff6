//! Scripts performed against the real kernel, in a network namespace of the test's own.

mod common;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use common::space::{self, not_run};
use synfin::capture::file::{Captures, Options};
use synfin::capture::{Body, Checksums, Next, Source as _, decode};
use synfin::craft::script::Speaker;
use synfin::craft::stock::{SCENES, Scene};
use synfin::wire::Flags;

/// Takes a minute; a scene like it takes four seconds.
const LONG: &str = "abandoned-63-seconds";

/// Every scene, as every end that it can be played as, over IPv4 and IPv6.
#[test]
fn every_scene_holds_against_the_kernel() {
    space::inside(|| {
        let scenes = SCENES.iter().filter(|scene| scene.name != LONG);
        let plays: Vec<String> = scenes.flat_map(plays).collect();
        assert!(plays.len() > 40, "only {} plays", plays.len());
        let wrong = all_that_fail(&plays);
        assert!(wrong.is_empty(), "{wrong}");
    });
}

#[test]
fn hosts_do_what_the_standards_ask_of_them() {
    space::inside(|| {
        let scripts = scripts();
        assert!(scripts.len() >= 20, "only {} scripts", scripts.len());
        let plays = scripts.iter().flat_map(|path| ["", " -6"].map(|family| format!("{}{family}", path.display())));
        let wrong = all_that_fail(&plays.collect::<Vec<_>>());
        assert!(wrong.is_empty(), "{wrong}");
    });
}

#[test]
fn what_a_host_does_not_do_fails() {
    space::inside(|| {
        for (script, was, is, told) in [
            ("keep-alive-is-answered", "< .  1:1(0) ack 1", "< .  1:1(0) ack 2", "acknowledgment: wanted 2, got 1"),
            ("wrong-checksum-is-dropped", "{sum 1}", "", "line 4"),
            (
                "octets-sent-twice-are-told-by-a-d-sack",
                "sack 1:6",
                "sack 1:7",
                "wanted <nop,nop,sack 1:7>, got <nop,nop,sack 1:6>",
            ),
            ("segment-without-ack-is-dropped", "+0.3 < nothing", "< . 1:1(0) ack 6", "2.00"),
        ] {
            let text = fs::read_to_string(root().join(format!("tests/wire/{script}.tcp"))).expect("it is there");
            assert!(text.contains(was), "{script}");
            let path = scratch(&format!("{script}.tcp"));
            fs::write(&path, text.replace(was, is)).expect("a scratch folder");
            let ran = demo(&path.display().to_string());
            assert!(ran.status.code() == Some(1) && said(&ran).contains(told), "{script}:\n{}", said(&ran));
        }
    });
}

/// What the wire shows of the whole play, its end and the time after it: only resets of the script.
#[test]
fn no_reset_goes_out_that_was_not_written() {
    space::inside(|| {
        if !space::has(&["tcpdump"]) {
            return;
        }
        let quiet =
            |scene: &&Scene| scene.name != LONG && !scene.text.contains("\n< R") && !scene.text.contains("\n> R");
        let plays: Vec<String> = SCENES.iter().filter(quiet).flat_map(plays).collect();
        assert!(plays.len() > 20, "only {} plays", plays.len());
        let (capture, seen) = captured(|| {
            let wrong = all_that_fail(&plays);
            assert!(wrong.is_empty(), "{wrong}");
        });
        assert!(seen > 100, "only {seen} segments were seen");
        let resets = resets(&capture);
        assert_eq!(resets, 0, "see {}", capture.display());

        // A reset that is written does go out, and it alone.
        let (capture, _) = captured(|| assert!(demo("reset").status.success()));
        assert_eq!(self::resets(&capture), 1, "see {}", capture.display());
    });
}

#[test]
fn guards_and_sockets_go_with_the_process() {
    space::inside(|| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("bound").port();
        let before = sockets();
        for signal in ["KILL", "INT"] {
            let play = space::start(env!("CARGO_BIN_EXE_synfin"), &format!("play {LONG} --to 127.0.0.1:{port}"));
            let there = || sockets() != before;
            assert!(space::until(Duration::from_secs(10), there), "it holds a guard, a raw and a packet socket");
            play.signal(signal);
            let ran = play.output_within(10);
            assert!(!ran.status.success(), "{signal}");
            assert!(space::until(Duration::from_secs(2), || sockets() == before), "{signal} left {:?}", sockets());
        }
        let ran = synfin("demo refused --here");
        assert!(ran.status.success(), "{}", said(&ran));
        assert_eq!(sockets(), before);
    });
}

#[test]
fn a_port_on_which_somebody_listens_is_refused() {
    space::inside(|| {
        for at in ["127.0.0.1:7777", "[::1]:7777"] {
            let _listener = TcpListener::bind(at).expect("the port is free");
            let ran = synfin(&format!("play refused --listen {at}"));
            assert_eq!(ran.status.code(), Some(1));
            assert!(said(&ran).contains("port 7777 of") && said(&ran).contains("is in use"), "{}", said(&ran));
        }
    });
}

#[test]
fn a_client_is_played_against_somebody_elses_server() {
    space::inside(|| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let to = listener.local_addr().expect("bound");
        let server = thread::spawn(move || {
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().expect("somebody comes");
                let mut asked = [0; 5];
                stream.read_exact(&mut asked).expect("a request");
                stream.write_all(&asked.map(|octet| octet.to_ascii_uppercase())).expect("an answer");
                let _ = stream.read(&mut asked);
            }
        });
        let recording = scratch("played.pcapng");
        let ran = synfin(&format!("play close-by-client --to {to} -w {}", recording.display()));
        assert!(ran.status.success(), "{}", said(&ran));
        for told in ["// Step 1. The client asks", "Flags [S]", "open.3", "close.1", "\nheld: all 5 expectations"] {
            assert!(said(&ran).contains(told), "{told}:\n{}", said(&ran));
        }
        let read = synfin(&format!("read -v {}", recording.display()));
        assert!(said(&read).contains("comment: Step 3. Only now does the server know it too."), "{}", said(&read));

        let ran = synfin(&format!("play close-by-client -T json --to {to}"));
        let records = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(records.lines().all(|line| line.starts_with("{\"schema\":1,") && line.ends_with('}')), "{records}");
        let last = "{\"schema\":1,\"type\":\"played\",\"held\":true,\"expectations\":5}";
        assert_eq!(records.lines().last(), Some(last));
        server.join().expect("the server is through");
    });
}

#[test]
fn a_server_is_played_for_somebody_elses_client() {
    space::inside(|| {
        for at in ["127.0.0.1:7778", "[::1]:7778"] {
            let to: SocketAddr = at.parse().expect("an address");
            let play = space::start(
                env!("CARGO_BIN_EXE_synfin"),
                &format!("play close-by-client --patience 20 --listen {at}"),
            );
            space::wait_for_listener(to.port());
            let mut stream = TcpStream::connect(to).expect("the player answers");
            stream.write_all(b"hello").expect("it takes data");
            let mut answer = [0; 5];
            stream.read_exact(&mut answer).expect("and gives some");
            assert_eq!(&answer, b"HELLO");
            drop(stream);
            let ran = play.output_within(20);
            assert!(ran.status.success(), "{}", said(&ran));
        }
    });
}

#[test]
fn messages_of_a_declared_protocol_are_said_and_expected() {
    space::inside(|| {
        let program = std::env::current_exe().expect("this test is a file");
        let program = program.parent().and_then(Path::parent).expect("target/debug/deps").join("examples/acme");
        let declared = format!("--proto {}", root().join("examples/acme/acme.toml").display());
        let script = root().join("examples/acme/ask.tcp");

        let server = space::start(&program, "serve 127.0.0.1:9000");
        space::wait_for_listener(9000);
        let ran = synfin(&format!("play {declared} {} --to 127.0.0.1:9000", script.display()));
        assert!(ran.status.success(), "{}", said(&ran));
        for told in ["acme 0  hello id=1", "acme 3  reply id=2 4 boxes, answers acme 2 in ", "held: all 3 expectations"]
        {
            assert!(said(&ran).contains(told), "{told}:\n{}", said(&ran));
        }
        server.output_within(10);

        let other = scratch("acme-error.tcp");
        let text = fs::read_to_string(&script).expect("the script is there");
        fs::write(&other, text.replace("< acme.reply id=2", "< acme.reply id=2 flags=err")).expect("a scratch folder");
        let server = space::start(&program, "serve 127.0.0.1:9001");
        space::wait_for_listener(9001);
        let ran = synfin(&format!("play {declared} {} --to 127.0.0.1:9001", other.display()));
        let told = "message: wanted acme.reply id=2 flags=err, got acme reply id=2 4 boxes";
        assert!(ran.status.code() == Some(1) && said(&ran).contains(told), "{}", said(&ran));
        server.output_within(10);
    });
}

#[test]
fn a_play_that_goes_wrong_says_what_was_wanted_beside_what_came() {
    space::inside(|| {
        let ran = synfin("play close-by-client --to 127.0.0.1:9");
        assert_eq!(ran.status.code(), Some(1));
        let wanted = "failed: line 6, flags: wanted S., got R.; options: wanted <mss ...,...>, got <>\n    \
                      wanted  < S. 0:0(0) ack 1 <mss ...,...>\n    \
                      got     < R. !0:0(0) ack 1 win 0\n";
        assert!(said(&ran).contains(wanted), "{}", said(&ran));
        let ran = synfin("play close-by-client -T json --to 127.0.0.1:9");
        assert_eq!(ran.status.code(), Some(1));
        let record = "\"type\":\"played\",\"held\":false,\"expectations\":0,\"line\":6,";
        assert!(said(&ran).contains(record), "{}", said(&ran));
    });
}

/// An address for documentation: wherever the route there leads, it leads away, or nowhere.
#[test]
fn nothing_leaves_this_machine_unasked() {
    let ran = synfin("play refused --to 203.0.113.9:80");
    assert_eq!(ran.status.code(), Some(1));
    let said = said(&ran);
    let away = "203.0.113.9 is not this machine";
    assert!(
        said.contains(away) && said.contains("--allow-remote 203.0.113.9/32") || said.contains("no route"),
        "{said}"
    );
}

/// As a newcomer calls it: as anybody, without anything.
#[test]
fn the_demonstration_needs_nothing() {
    let ran = synfin("demo --width 100");
    let said = said(&ran);
    if said.contains("could not be had") {
        return not_run("a namespace of one's own cannot be had here");
    }
    assert!(ran.status.success(), "{said}");
    for told in [
        "The server at 192.0.2.2:80 is real",
        "Both live in a network namespace that was made for this",
        "It opened in three steps, carried 5 B to the server and 5 B back and closed in four steps",
        "Why are two steps not enough?",
        "held: all 5 expectations",
        "synfin demo --step close-by-client",
    ] {
        assert!(said.contains(told), "{told}:\n{said}");
    }
}

#[test]
fn a_lesson_has_a_page_for_each_segment() {
    let ran = synfin("demo --step refused");
    let said = said(&ran);
    if said.contains("could not be had") {
        return not_run("a namespace of one's own cannot be had here");
    }
    assert!(ran.status.success(), "{said}");
    for told in [
        "    |   6   | 0000  |0|0|0|0|0|0|1|0|                               |\n",
        "    |      Destination Port 80      |\n",
        "passive OPEN /        \\ C active OPEN, snd SYN\n",
        "   S rcv SYN, snd SYN+ACK  |",
        "    client: SYN_SENT! -> CLOSED?: RST\n",
    ] {
        assert!(said.contains(told), "{told}:\n{said}");
    }
    assert_eq!(said.matches("\n-- Enter ").count(), 2, "{said}");
}

#[test]
fn scenes_are_listed_and_printed_to_be_edited() {
    let listed = synfin("play --list");
    for scene in SCENES {
        let line = format!("{}  ", scene.name);
        assert!(said(&listed).lines().any(|found| found.starts_with(&line) && found.ends_with(scene.about())));
        let printed = synfin(&format!("play --print {}", scene.name));
        assert_eq!(String::from_utf8_lossy(&printed.stdout), scene.text);
    }
}

#[test]
fn a_wrong_call_says_what_would_be_right() {
    for (call, code, told) in [
        ("play refused", 2, "'--to ADDR:PORT' plays the client"),
        ("play nosuch --to 127.0.0.1:1", 1, "nor one of the scenes"),
        ("play simultaneous-open --to 127.0.0.1:1", 2, "use '--listen PORT'"),
        ("play refused --listen x", 2, "expected a port"),
        ("play refused --to 127.0.0.1:1 --patience 0", 2, "expected a number of seconds"),
        ("demo simultaneous-open --craft client", 2, "only played with a real client"),
        ("demo nosuch", 1, "nor one of the scenes"),
    ] {
        let ran = synfin(call);
        assert_eq!(ran.status.code(), Some(code), "{call}: {}", said(&ran));
        assert!(said(&ran).contains(told), "{call}: {}", said(&ran));
    }
}

/// The calls of `demo` that play a scene in all its ways.
fn plays(scene: &Scene) -> Vec<String> {
    let roles = scene.roles.iter().map(|role| match role {
        Speaker::Client => "client",
        Speaker::Server => "server",
    });
    roles.flat_map(|role| ["", " -6"].map(|family| format!("{} --craft {role}{family}", scene.name))).collect()
}

/// Plays them, a few at a time; tells what went wrong.
fn all_that_fail(plays: &[String]) -> String {
    let left = Mutex::new(plays.iter());
    let wrong = Mutex::new(String::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(play) = left.lock().expect("no player fails").next() else {
                        return;
                    };
                    let ran = demo(play);
                    if !ran.status.success() {
                        let mut wrong = wrong.lock().expect("no player fails");
                        *wrong += &format!("\n== demo {play}: {}\n{}", ran.status, said(&ran));
                    }
                }
            });
        }
    });
    wrong.into_inner().expect("no player fails")
}

/// A demonstration where the test is.
fn demo(play: &str) -> Output {
    synfin(&format!("demo --here {play}"))
}

#[track_caller]
fn synfin(call: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synfin"));
    command.args(call.split_whitespace()).current_dir(root()).env("LC_ALL", "C.UTF-8").env_remove("NO_COLOR");
    command.stdin(std::process::Stdio::null()).output().expect("it was built")
}

fn said(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr)
}

/// What tcpdump sees on `lo` while `play` goes on, and how many TCP segments that is.
fn captured(play: impl FnOnce()) -> (PathBuf, usize) {
    let path = scratch("wire.pcap");
    // Like an anchor at both ends: what is captured before and after is there too.
    let call = format!("-i lo -U --immediate-mode -s 128 -w {} tcp", path.display());
    let as_root = if space::came_by() == space::Way::Root { "" } else { "-Z root " };
    let tcpdump = space::start("tcpdump", &format!("{as_root}{call}"));
    let begun = || fs::metadata(&path).is_ok_and(|file| file.len() >= 24);
    assert!(space::until(Duration::from_secs(10), begun), "tcpdump does not begin");
    thread::sleep(Duration::from_millis(200));
    play();
    thread::sleep(Duration::from_millis(500));
    tcpdump.signal("INT");
    let _ = tcpdump.output_within(10);
    let seen = flags(&path).len();
    (path, seen)
}

fn resets(capture: &Path) -> usize {
    flags(capture).iter().filter(|flags| flags.contains(Flags::RST)).count()
}

/// The flags of every segment.
fn flags(capture: &Path) -> Vec<Flags> {
    let mut source = Captures::open([capture], Options::default()).expect("a capture");
    let mut flags = Vec::new();
    loop {
        match source.next().expect("readable") {
            Next::Frame(frame) => {
                if let Body::Tcp(tcp) = decode(&frame, Checksums::Ignore).body {
                    flags.push(tcp.segment.flags);
                }
            }
            Next::End => return flags,
            _ => {}
        }
    }
}

/// How many sockets of the kinds that a player has there are in this namespace: listening, raw,
/// packet.
fn sockets() -> [usize; 3] {
    let lines = |table: &str| fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
    let listening = ["tcp", "tcp6"].map(|table| lines(table).lines().filter(|line| line.contains(" 0A ")).count());
    let raw = ["raw", "raw6"].map(|table| lines(table).lines().count());
    [listening.iter().sum(), raw.iter().sum(), lines("packet").lines().count()]
}

fn scripts() -> Vec<PathBuf> {
    let folder = fs::read_dir(root().join("tests/wire")).expect("the folder is there");
    let mut paths: Vec<_> = folder.map(|entry| entry.expect("readable").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "tcp"));
    paths.sort();
    paths
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("play");
    fs::create_dir_all(&folder).expect("a scratch folder");
    folder.join(format!("{}-{name}", std::process::id()))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
