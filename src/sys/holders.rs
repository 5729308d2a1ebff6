//! Which process holds a socket, as `/proc/PID/fd` tells.
//!
//! That takes many milliseconds on a busy machine, so it is done for sockets that are not known
//! yet only, and seldom.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// The least time between two looks at all processes.
pub(crate) const PAUSE: Duration = Duration::from_millis(250);

/// How many processes of a user are asked before all are.
const RECENT: usize = 8;

/// The holders of sockets, as far as they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Holders {
    /// By the socket's inode, as of the last look at all processes.
    known: HashMap<u32, u32>,
    /// The processes that were found last for each user: the next socket is often theirs too.
    recent: HashMap<u32, VecDeque<u32>>,
    looked: Option<Instant>,
}

/// A process that has a socket open.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Holder {
    /// Its number.
    pub(crate) pid: u32,
    /// What it calls itself: at most 15 octets, and any octets at all.
    pub(crate) name: Vec<u8>,
}

impl Holders {
    /// The process that holds the socket `inode` of user `uid`, if this process may know; when
    /// several do, the oldest of them. `now` only ever goes on.
    ///
    /// Looks at all processes at most every [`PAUSE`]; `Err` is how long to wait until it may.
    pub(crate) fn of(&mut self, inode: u32, uid: u32, now: Instant) -> Result<Option<Holder>, Duration> {
        if let Some(pid) = self.known.get(&inode) {
            return Ok(Holder::at(*pid));
        }
        let mut recent = self.recent.get(&uid).into_iter().flatten();
        if let Some(pid) = recent.find(|pid| holds(**pid, inode)).copied() {
            self.known.insert(inode, pid);
            self.remember(uid, pid);
            return Ok(Holder::at(pid));
        }
        let next = self.looked.map_or(now, |looked| looked + PAUSE);
        if next > now {
            return Err(next - now);
        }
        self.looked = Some(now);
        let holder = self.look(inode);
        if let Some(holder) = &holder {
            self.remember(uid, holder.pid);
        }
        Ok(holder)
    }

    fn remember(&mut self, uid: u32, pid: u32) {
        let recent = self.recent.entry(uid).or_default();
        recent.retain(|other| *other != pid);
        recent.truncate(RECENT - 1);
        recent.push_front(pid);
    }

    /// Looks at all processes that may be seen, and learns who holds which socket; tells who holds
    /// this one. The youngest are looked at first, since they may be gone the soonest.
    fn look(&mut self, wanted: u32) -> Option<Holder> {
        let mut found = None;
        self.known.clear();
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let mut pids: Vec<u32> = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        pids.sort_unstable();
        for pid in pids.into_iter().rev() {
            sockets(pid, |inode| {
                self.known.insert(inode, pid);
                if inode == wanted {
                    found = Holder::at(pid).or(found.take());
                }
                false
            });
        }
        found
    }
}

impl Holder {
    /// The process `pid`, unless it is gone.
    fn at(pid: u32) -> Option<Self> {
        let mut name = fs::read(format!("/proc/{pid}/comm")).ok()?;
        if name.last() == Some(&b'\n') {
            name.pop();
        }
        Some(Self { pid, name })
    }
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
        let holder = holders.of(of(&first), 0, now).expect("a first look").expect("it is ours");
        assert_eq!(holder.pid, std::process::id());
        assert!(!holder.name.is_empty());
        let second = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket");
        assert_eq!(holders.of(of(&second), 0, now), Ok(Some(holder)));
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
