//! In which network namespace this thread is: the machine's, or one that somebody made.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _};
use std::os::linux::fs::MetadataExt as _;

use super::check;

const HERE: &str = "/proc/thread-self/ns/net";
/// What every process without a user namespace of its own has for `ns/user` (linux/proc_ns.h).
const INITIAL_USER_NAMESPACE: u64 = 0xefff_fffd;
/// How far back parents are asked.
const MOST_PARENTS: usize = 100;
/// `_IO(0xb7, 1)`: the user namespace that a namespace belongs to (ioctl_ns(2)).
const NS_GET_USERNS: libc::Ioctl = 0xb701;

/// Whether this thread has a network namespace of its own: apart from that of a process that it
/// comes from, up to the first of the machine (in a container: of the container). In doubt it has
/// not.
pub(crate) fn is_private() -> bool {
    let Ok(here) = fs::metadata(HERE) else { return false };
    let elsewhere = |pid: u32| fs::metadata(format!("/proc/{pid}/ns/net")).is_ok_and(|net| !same(&here, &net));
    let parents = std::iter::successors(Some(std::process::id()), |pid| parent(*pid));
    // Of some, the namespace is not for us to see. Then one is private still if it belongs to the
    // user namespace that we are in, and that is not the machine's.
    parents.take(MOST_PARENTS).any(elsewhere) || is_unseen() && is_of_own_user_namespace().unwrap_or(false)
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Behind the name, which may hold anything: state, parent.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok().filter(|pid| *pid != 0)
}

/// Whether the namespace of the first process is hidden from us.
fn is_unseen() -> bool {
    fs::metadata("/proc/1/ns/net").is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

fn is_of_own_user_namespace() -> io::Result<bool> {
    let net = File::open(HERE)?;
    // SAFETY: takes two numbers and touches no memory of ours.
    let owner = check(unsafe { libc::ioctl(net.as_raw_fd(), NS_GET_USERNS) })?;
    // SAFETY: the descriptor was made in the line above and belongs to nobody else.
    let owner = unsafe { File::from_raw_fd(owner) }.metadata()?;
    let ours = fs::metadata("/proc/thread-self/ns/user")?;
    Ok(same(&owner, &ours) && ours.st_ino() != INITIAL_USER_NAMESPACE)
}

fn same(one: &Metadata, other: &Metadata) -> bool {
    (one.st_dev(), one.st_ino()) == (other.st_dev(), other.st_ino())
}
