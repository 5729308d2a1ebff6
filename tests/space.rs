//! The room in which tests have a network of their own.

mod common;

use std::fs;
use std::net::{TcpListener, TcpStream};

use common::space;

/// The program under test.
const SYNFIN: &str = env!("CARGO_BIN_EXE_synfin");

#[test]
fn a_test_inside_has_a_loopback_and_nothing_else() {
    space::inside(|| {
        let interfaces = fs::read_to_string("/proc/net/dev").expect("the list of interfaces");
        let carried = interfaces.lines().skip(2).filter(|line| !line.trim_start().starts_with("lo:"));
        assert!(carried.clone().all(|line| !line.contains("eth")), "{interfaces}");
        let server = TcpListener::bind(("127.0.0.1", 80)).expect("port 80 is free, and ours to take");
        TcpStream::connect(("127.0.0.1", 80)).expect("lo is up");
        drop(server);
    });
}

#[test]
fn what_runs_beside_a_test_ends_with_it() {
    space::inside(|| {
        let started = space::start("sleep", "100");
        let id = started.id();
        drop(started);
        assert!(!fs::exists(format!("/proc/{id}/fd")).expect("a folder or none"));
        let ended = space::start("sh", "-c echo").output_within(10);
        assert!(ended.status.success());
    });
}

#[test]
fn a_failure_inside_is_a_failure() {
    let ran = std::panic::catch_unwind(|| space::inside(|| assert_eq!(1, 2, "told outside")));
    if std::env::var_os("SYNFIN_TEST_INSIDE").is_some() {
        // Inside, the failure has to go on its way out.
        std::panic::resume_unwind(ran.expect_err("it fails"));
    }
    if let Err(told) = ran {
        let told = told.downcast_ref::<String>().expect("a message");
        assert!(told.contains("told outside"), "{told}");
    } else {
        space::not_run("inside cannot be reached");
    }
}

#[test]
fn interfaces_are_listed_with_state_and_addresses() {
    space::inside(|| {
        space::run("ip link add left type veth peer name right");
        space::run("ip addr add 10.7.0.1/24 dev left");
        space::run("ip addr add 2001:db8::7/64 dev left nodad");
        space::run("ip link set left up");
        let listed = space::run(&format!("{SYNFIN} -D"));
        let listed = String::from_utf8(listed.stdout).expect("text");
        let mut lines = listed.lines();
        assert_eq!(lines.next(), Some("1.any (all interfaces at once) [Up, Running]"), "{listed}");
        assert_eq!(lines.next(), Some("2.lo [Up, Running, Loopback] 127.0.0.1/8, ::1/128"), "{listed}");
        let left = lines.next().expect("a third interface");
        assert_eq!(left, "3.left [Up, Disconnected] 10.7.0.1/24, 2001:db8::7/64", "{listed}");
        assert!(listed.contains(".right [none]\n"), "{listed}");
    });
}
