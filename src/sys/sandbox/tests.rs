//! What was given up does not come back, so each test here runs itself again and gives up there.

use std::fs::File;
use std::io::Write as _;
use std::net::UdpSocket;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::Command;

use super::*;
use crate::sys::check;

#[test]
fn what_is_open_works_on_and_nothing_else_opens() {
    alone("what_is_open_works_on_and_nothing_else_opens", || {
        let folder = Folder::new("closed");
        let mut file = File::create(folder.0.join("before")).expect("a file");
        let (here, there) = UnixDatagram::pair().expect("two sockets");
        let user = User::NOBODY.can_be_taken_on().then_some(User::NOBODY);
        let confined = Confinement { user, writes_into: &[] }.enter().expect("rights to give up");
        assert!(confined.calls);

        file.write_all(b"still written").expect("it was open");
        here.send(b"hello").expect("it was open");
        assert_eq!(there.recv(&mut [0; 8]).expect("it was open"), 5);
        let thread = std::thread::spawn(|| UdpSocket::bind(("127.0.0.1", 0)).expect_err("threads are no way out"));
        refused(&thread.join().expect("threads can be had"));

        refused(&File::open("/etc/hostname").expect_err("no file opens"));
        refused(&File::create(folder.0.join("after")).expect_err("no file is made"));
        refused(&UdpSocket::bind(("127.0.0.1", 0)).expect_err("no socket is made"));
        refused(&Command::new("/bin/true").status().expect_err("nothing is executed"));
        refused(&raw_socket().expect_err("no capability is left"));
        if let Some(user) = user {
            assert_eq!(User::own(), user);
        }
    });
}

#[test]
fn new_files_are_made_where_they_shall_be_and_nowhere_else() {
    alone("new_files_are_made_where_they_shall_be_and_nowhere_else", || {
        let (inside, outside) = (Folder::new("inside"), Folder::new("outside"));
        let confined = Confinement { user: None, writes_into: &[&inside.0] }.enter().expect("rights to give up");
        let (first, second) = (inside.0.join("first"), inside.0.join("second"));
        File::create(&first).expect("it is made here").write_all(b"rotated").expect("it is ours");
        std::fs::rename(&first, &second).expect("it is renamed here");
        std::fs::remove_file(&second).expect("it is removed here");
        refused(&UdpSocket::bind(("127.0.0.1", 0)).expect_err("no socket is made"));
        if confined.files {
            for path in [outside.0.join("file"), PathBuf::from("/etc/hostname")] {
                let error = File::options().write(true).create(true).truncate(false).open(path).expect_err("not here");
                assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
            }
            let error = File::open("/etc/passwd").expect_err("nothing is read");
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        }
    });
}

#[test]
fn an_onlooker_reads_and_does_nothing_else() {
    alone("an_onlooker_reads_and_does_nothing_else", || {
        let folder = Folder::new("closed");
        only_look_on().expect("rights to give up");
        assert!(!std::fs::read("/proc/self/comm").expect("it is read").is_empty());
        assert!(std::fs::read_dir("/proc/self/fd").expect("it is listed").count() > 2);
        refused(&File::create(folder.0.join("after")).expect_err("no file is made"));
        refused(&File::options().append(true).open("/dev/null").expect_err("no file is written"));
        refused(&UdpSocket::bind(("127.0.0.1", 0)).expect_err("no socket is made"));
        refused(&Command::new("/bin/true").status().expect_err("nothing is executed"));
    });
}

/// Asserts that the kernel refused for want of permission.
#[track_caller]
fn refused(error: &io::Error) {
    assert_eq!(error.raw_os_error(), Some(libc::EPERM), "{error}");
}

fn raw_socket() -> io::Result<OwnedFd> {
    // SAFETY: takes numbers and touches no memory of ours.
    let socket = check(unsafe { libc::socket(libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_TCP) })?;
    // SAFETY: the descriptor was made in the line above and belongs to nobody else.
    let socket = unsafe { OwnedFd::from_raw_fd(socket) };
    assert!(socket.as_raw_fd() >= 0);
    Ok(socket)
}

/// A folder that everybody may write into.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;

        let path = std::env::temp_dir().join(format!("synfin-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o777)).expect("it is ours");
        Self(path)
    }
}

/// Runs `test` in a process of its own, and cleans up after it, which it cannot.
#[track_caller]
fn alone(name: &str, test: impl FnOnce()) {
    if std::env::var_os("SYNFIN_CONFINED").is_some() {
        return test();
    }
    let mut again = Command::new("/proc/self/exe");
    again.args(["--exact", &format!("sys::sandbox::tests::{name}"), "--nocapture"]).env("SYNFIN_CONFINED", "1");
    let ran = again.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn();
    let ran = ran.expect("this program runs");
    let id = ran.id();
    let ran = ran.wait_with_output().expect("it ends");
    for name in ["closed", "inside", "outside"] {
        let _ = std::fs::remove_dir_all(std::env::temp_dir().join(format!("synfin-{name}-{id}")));
    }
    let said = [ran.stdout, ran.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}
