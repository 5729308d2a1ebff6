//! Which process holds a socket, as `/proc/PID/fd` tells.
//!
//! That takes many milliseconds on a busy machine, so it is done for sockets that are not known
//! yet only, and seldom.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// The least time between two looks at all processes.
pub(crate) const PAUSE: Duration = Duration::from_millis(250);

/// The holders of sockets, as far as they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Holders {
    /// By the socket's inode, as of the last look at all processes.
    known: HashMap<u32, u32>,
    /// The process that was found last for each user: the next socket is often its too.
    last: HashMap<u32, u32>,
    looked: Option<Instant>,
}

impl Holders {
    /// The process that holds the socket `inode` of user `uid`, if this process may know; when
    /// several do, the oldest of them. `now` only ever goes on.
    ///
    /// Looks at all processes at most every [`PAUSE`]; `Err` is how long to wait until it may.
    pub(crate) fn of(&mut self, inode: u32, uid: u32, now: Instant) -> Result<Option<u32>, Duration> {
        if let Some(pid) = self.known.get(&inode) {
            return Ok(Some(*pid));
        }
        if let Some(pid) = self.last.get(&uid).copied().filter(|pid| holds(*pid, inode)) {
            self.known.insert(inode, pid);
            return Ok(Some(pid));
        }
        let next = self.looked.map_or(now, |looked| looked + PAUSE);
        if next > now {
            return Err(next - now);
        }
        self.looked = Some(now);
        self.known = all();
        let found = self.known.get(&inode).copied();
        if let Some(pid) = found {
            self.last.insert(uid, pid);
        }
        Ok(found)
    }
}

/// What a process calls itself: at most 15 octets, and any octets at all.
///
/// # Errors
///
/// When it is gone.
pub(crate) fn name(pid: u32) -> io::Result<Vec<u8>> {
    let mut name = fs::read(format!("/proc/{pid}/comm"))?;
    if name.last() == Some(&b'\n') {
        name.pop();
    }
    Ok(name)
}

/// The oldest holder of every socket that may be seen.
fn all() -> HashMap<u32, u32> {
    let mut holders = HashMap::new();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids: Vec<u32> = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    for pid in pids {
        sockets(pid, |inode| {
            holders.entry(inode).or_insert(pid);
            false
        });
    }
    holders
}

fn holds(pid: u32, inode: u32) -> bool {
    sockets(pid, |held| held == inode)
}

/// Hands on the inode of every socket that a process holds, until `enough`; tells whether it was.
fn sockets(pid: u32, enough: impl FnMut(u32) -> bool) -> bool {
    // Most processes are not ours to look into; that is no error.
    let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    files.filter_map(|file| inode(&fs::read_link(file.path()).ok()?)).any(enough)
}

/// The inode in `socket:[inode]`.
fn inode(link: &Path) -> Option<u32> {
    let digits = link.as_os_str().as_bytes().strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd as _;

    use super::*;

    fn of(socket: &UdpSocket) -> u32 {
        let link = fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).expect("it is open");
        inode(&link).expect("it is a socket")
    }

    #[test]
    fn a_sockets_holder_is_found_and_its_next_socket_without_a_second_look() {
        let first = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket");
        let mut holders = Holders::default();
        let now = Instant::now();
        assert_eq!(holders.of(of(&first), 0, now), Ok(Some(std::process::id())));
        let second = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket");
        assert_eq!(holders.of(of(&second), 0, now), Ok(Some(std::process::id())));
        assert!(!name(std::process::id()).expect("we are here").is_empty());
    }

    #[test]
    fn all_processes_are_not_looked_at_again_at_once() {
        let mut holders = Holders::default();
        let now = Instant::now();
        assert_eq!(holders.of(u32::MAX, 1, now), Ok(None));
        assert_eq!(holders.of(u32::MAX, 1, now), Err(PAUSE));
        assert_eq!(holders.of(u32::MAX, 1, now + PAUSE), Ok(None));
    }

    #[test]
    fn only_sockets_have_such_names() {
        assert_eq!(inode(Path::new("socket:[123]")), Some(123));
        for other in ["pipe:[123]", "/dev/null", "socket:[]", "socket:[-1]"] {
            assert_eq!(inode(Path::new(other)), None);
        }
    }
}
