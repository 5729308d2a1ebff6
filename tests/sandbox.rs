//! What a live run gives up, and that it works on without it.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::thread;
use std::time::Duration;

use common::space::{self, Running, Way};

/// The program under test.
const SYNFIN: &str = env!("CARGO_BIN_EXE_synfin");

#[test]
fn a_live_run_keeps_no_right_and_sees_on() {
    space::inside(|| {
        if !space::has(&["ping"]) {
            return;
        }
        let sniff = listening("sniff -i lo -c 4");
        let status = status(&sniff);
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            assert_eq!(status[set], "0000000000000000", "{set}");
        }
        // One filter of system calls, and no way to gain anything by starting a program.
        assert_eq!((&*status["Seccomp"], &*status["NoNewPrivs"]), ("2", "1"));
        let user = match space::came_by() {
            Way::Root => "65534",
            Way::Sudo => &std::env::var("SUDO_UID").expect("sudo says who called"),
            // There is nobody else in a user's namespace.
            Way::User => "0",
        };
        assert!(status["Uid"].split_whitespace().all(|id| id == user), "{}", status["Uid"]);
        space::run("ping -c 2 -i 0.2 127.0.0.1");
        let said = sniff.output_within(10);
        let told = String::from_utf8(said.stdout).expect("text");
        assert!(said.status.success() && told.matches("ICMP echo request").count() == 2, "{told}");
    });
}

#[test]
fn files_that_follow_each_other_are_made_without_rights() {
    space::inside(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("rotated-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        // In a user's namespace there is nobody else it could belong to.
        let user = if space::came_by() == Way::User { 0 } else { 1000 };
        chown(&folder, Some(user), Some(user)).expect("it is ours to give away");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("it is ours");
        let sniff = listening(&format!("sniff -i lo -w {}/ring.pcap -C 4k -W 3", folder.display()));
        let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket");
        for _ in 0..100 {
            socket.send_to(&[0; 400], ("127.0.0.1", 9)).expect("it is sent");
        }
        thread::sleep(Duration::from_millis(200));
        sniff.signal("INT");
        let said = sniff.output_within(10);
        let files: Vec<_> = fs::read_dir(&folder).expect("a folder").map(|file| file.expect("a file")).collect();
        let owners: BTreeSet<u32> = files.iter().map(|file| file.metadata().expect("it is there").uid()).collect();
        let outcome = (said.status.code(), files.len(), owners.into_iter().collect::<Vec<_>>());
        fs::remove_dir_all(&folder).expect("it is ours");
        assert_eq!(outcome, (Some(0), 3, vec![user]), "{}", String::from_utf8_lossy(&said.stderr));
    });
}

#[test]
fn without_the_sandbox_rights_are_kept() {
    space::inside(|| {
        let sniff = listening("sniff -i lo --no-sandbox");
        let status = status(&sniff);
        assert_eq!((&*status["Seccomp"], &*status["NoNewPrivs"]), ("0", "0"));
        assert_ne!(status["CapEff"], "0000000000000000");
        sniff.signal("INT");
        assert!(sniff.output_within(10).status.success());
    });
}

/// A live run that has begun to listen, and has given up what it gives up.
#[track_caller]
fn listening(arguments: &str) -> Running {
    let running = space::start_listening(SYNFIN, arguments);
    // What it gives up, it gives up before it waits for packets.
    let waits = || fs::read_to_string(format!("/proc/{}/wchan", running.id())).is_ok_and(|call| call.contains("poll"));
    space::until(Duration::from_secs(2), || waits() || status(&running)["Seccomp"] == "2");
    running
}

/// What `/proc` tells of a process.
fn status(running: &Running) -> BTreeMap<String, String> {
    let text = fs::read_to_string(format!("/proc/{}/status", running.id())).expect("it runs");
    text.lines().filter_map(|line| line.split_once(":\t")).map(|(key, value)| (key.into(), value.into())).collect()
}
