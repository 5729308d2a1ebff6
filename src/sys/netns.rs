//! In which network namespace this thread is: the machine's, or one that somebody made.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _};
use std::os::linux::fs::MetadataExt as _;

use super::check;

const HERE: &str = "/proc/thread-self/ns/net";
/// What every process without a user namespace of its own has for `ns/user` (linux/proc_ns.h).
const INITIAL_USER_NAMESPACE: u64 = 0xefff_fffd;
/// `_IO(0xb7, 1)`: the user namespace that a namespace belongs to (ioctl_ns(2)).
const NS_GET_USERNS: libc::Ioctl = 0xb701;

/// Whether this thread has a network namespace apart from the one that the machine (in a
/// container: the container) was started with. In doubt it has not.
pub(crate) fn is_private() -> bool {
    let Ok(here) = fs::metadata(HERE) else { return false };
    match fs::metadata("/proc/1/ns/net") {
        Ok(first) => !same(&here, &first),
        // Not for us to see. Then a namespace is a private one if it belongs to the user namespace
        // that we are in, and that is not the machine's.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => is_of_own_user_namespace().unwrap_or(false),
        Err(_) => false,
    }
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
