//! A test has threads, and the kernel moves a process of one thread only: so each test here runs
//! itself again, and enters on the way, between fork and exec.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::*;

/// `nobody`, on every Linux.
const NOBODY: u32 = 65534;

#[test]
fn every_address_is_local_in_a_space_where_it_shall_be() {
    let space = Space { loopback_mtu: Some(1500), every_address_is_local: true, ..Space::default() };
    inside(&space, "every_address_is_local_in_a_space_where_it_shall_be", || {
        let server = TcpListener::bind(("192.0.2.80", 80)).expect("port 80 of any address is ours");
        let client = TcpStream::connect(("192.0.2.80", 80)).expect("it can be reached");
        let (accepted, _) = server.accept().expect("it came");
        assert_eq!(accepted.peer_addr().expect("a peer"), client.local_addr().expect("an address"));
    });
}

#[test]
fn a_space_has_the_interfaces_and_addresses_asked_for() {
    let near = Address { addr: Ipv4Addr::new(10, 7, 0, 1).into(), prefix: 24 };
    let far = Address { addr: "2001:db8::2".parse::<Ipv6Addr>().expect("an address").into(), prefix: 64 };
    let extra = Address { addr: Ipv4Addr::new(198, 51, 100, 7).into(), prefix: 32 };
    let veth =
        Veth { names: ["left", "right"].map(str::to_owned), addresses: [vec![near], vec![far]], mtu: Some(1400) };
    let space = Space { addresses: vec![extra], veths: vec![veth], ..Space::default() };
    inside(&space, "a_space_has_the_interfaces_and_addresses_asked_for", || {
        for address in [near, far, extra] {
            UdpSocket::bind((address.addr, 0)).unwrap_or_else(|error| panic!("{address:?}: {error}"));
        }
        UdpSocket::bind(("10.7.0.2", 0)).expect_err("nobody gave us that one");
        let interfaces = fs::read_to_string("/proc/net/dev").expect("the list of interfaces");
        assert!(interfaces.contains("left:") && interfaces.contains("right:"), "{interfaces}");
        assert!(!interfaces.contains("eth0:"), "these are not ours alone: {interfaces}");
    });
}

#[test]
fn the_advice_names_the_setting_that_forbids_it() {
    let refused = io::Error::from_raw_os_error(libc::EPERM);
    let setting =
        |name: &'static str, value: &'static str| move |asked: &str| (asked == name).then(|| value.to_owned());
    for (told, name, value) in [
        ("user.max_user_namespaces=", "/proc/sys/user/max_user_namespaces", "0\n"),
        ("kernel.unprivileged_userns_clone=1", "/proc/sys/kernel/unprivileged_userns_clone", "0\n"),
        (
            "kernel.apparmor_restrict_unprivileged_userns=0",
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            "1\n",
        ),
        ("container", "/proc/sys/kernel/unprivileged_userns_clone", "1\n"),
    ] {
        let advice = advice(&refused, setting(name, value));
        assert!(advice.contains(told), "{advice}");
    }
    let threads = advice(&io::Error::from_raw_os_error(libc::EINVAL), |_| None);
    assert!(threads.contains("threads"), "{threads}");
}

/// Runs `test` in a process of its own inside `space`; as root twice, the second time as nobody.
#[track_caller]
fn inside(space: &Space, name: &str, test: impl FnOnce()) {
    if std::env::var_os("SYNFIN_INSIDE").is_some() {
        return test();
    }
    // SAFETY: asks for a number and always succeeds.
    let root = unsafe { libc::geteuid() } == 0;
    for user in [None, Some(NOBODY)].into_iter().take(1 + usize::from(root)) {
        let mut again = Command::new("/proc/self/exe");
        again.args(["--exact", &format!("sys::space::tests::{name}"), "--nocapture"]);
        again.env("SYNFIN_INSIDE", "1").current_dir("/");
        if let Some(nobody) = user {
            again.uid(nobody).gid(nobody);
        }
        let space = space.clone();
        let enter = move || space.enter().map_err(|SpaceError { error, .. }| error);
        // SAFETY: between fork and exec there is one thread, and no other held a lock that `enter`
        // needs: it opens files and sockets and allocates, which the C library allows there.
        unsafe { again.pre_exec(enter) };
        match again.output() {
            Err(error) if std::env::var_os("CI").is_none() => {
                eprintln!("not run: {name}, since this machine lets {user:?} have no namespace: {error}");
                return;
            }
            ran => {
                let ran = ran.expect("a namespace can be had");
                let said = [ran.stdout, ran.stderr].concat();
                let said = String::from_utf8_lossy(&said);
                assert!(ran.status.success() && said.contains("1 passed"), "as {user:?}: {said}");
            }
        }
    }
}
