//! A process beside this one that says who holds a socket.
//!
//! To see other users' processes takes rights that nothing which reads packets should have. So
//! this program is started once more, before it gives its own rights up. The other one keeps those
//! few, never sees a packet, is asked with two numbers, answers with a number and a name, and ends
//! when nobody is left to ask.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::report::process::Process;
use crate::sys::holders::{self, Holder};
use crate::sys::sandbox;

pub(super) use crate::sys::holders::PAUSE;

/// The command under which this program is its own helper.
pub(in crate::cli) const COMMAND: &str = "socket-holders";

/// A question: the socket's inode, its user.
const QUESTION: usize = 8;
/// An answer: the socket's inode, the process or 0, its name up to a zero.
const ANSWER: usize = 24;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_millis(25);
/// Of how much time one part is spent waiting, at most.
const SHARE: i64 = 10;
/// The most that can be waited at once, in nanoseconds.
const MOST_CREDIT: i64 = nanos(PATIENCE);

/// Who holds which socket: asks on standard input, answers there too.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(in crate::cli) struct Holders {}

impl Holders {
    /// Answers until nobody asks any more.
    #[allow(clippy::unused_self)]
    pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
        let line = io::stdin().as_fd().try_clone_to_owned().context("cannot take standard input")?;
        sandbox::only_look_on().context("cannot give up the rights that are not needed")?;
        answer_all(&mut UnixStream::from(line));
        Ok(())
    }
}

/// Answers questions from `line` on `line`, until it ends.
fn answer_all(line: &mut (impl Read + Write)) {
    let mut holders = holders::Holders::default();
    let mut question = [0; QUESTION];
    while line.read_exact(&mut question).is_ok() {
        let [inode, uid] = [0, 4].map(|at| number(&question, at));
        let holder = loop {
            match holders.of(inode, uid, Instant::now()) {
                Ok(holder) => break holder,
                Err(pause) => std::thread::sleep(pause),
            }
        };
        let mut answer = [0; ANSWER];
        answer[..4].copy_from_slice(&inode.to_ne_bytes());
        if let Some(Holder { pid, name }) = holder {
            answer[4..8].copy_from_slice(&pid.to_ne_bytes());
            let len = name.len().min(ANSWER - 8);
            answer[8..8 + len].copy_from_slice(&name[..len]);
        }
        if line.write_all(&answer).is_err() {
            return;
        }
    }
}

/// This process's end of the line.
pub(super) struct Helper {
    line: UnixStream,
    /// Octets of an answer that has not come whole.
    heard: Vec<u8>,
    /// How long may still be waited, in nanoseconds (less than nothing where it took longer), and
    /// as of when.
    credit: i64,
    counted: Instant,
}

impl Helper {
    /// Starts it.
    pub(super) fn start() -> io::Result<Self> {
        let (line, other) = UnixStream::pair()?;
        line.set_read_timeout(Some(PATIENCE))?;
        line.set_write_timeout(Some(Duration::from_millis(1)))?;
        let other = OwnedFd::from(other);
        Command::new("/proc/self/exe")
            .arg0("synfin")
            .arg(COMMAND)
            .stdin(Stdio::from(other))
            .stdout(Stdio::null())
            // Ctrl-C is for the one who captures.
            .process_group(0)
            .current_dir("/")
            .spawn()?;
        Ok(Self { line, heard: Vec::new(), credit: MOST_CREDIT, counted: Instant::now() })
    }

    /// Asks who holds a socket.
    pub(super) fn ask(&mut self, inode: u32, uid: u32) {
        let mut question = [0; QUESTION];
        question[..4].copy_from_slice(&inode.to_ne_bytes());
        question[4..].copy_from_slice(&uid.to_ne_bytes());
        // Where the line is full or dead the question stays without answer.
        let _ = self.line.write(&question);
    }

    /// Hands on answers until `enough`, or none comes soon, or too much time was spent on that
    /// already.
    pub(super) fn hear(&mut self, now: Instant, mut enough: impl FnMut(u32, Option<Process>) -> bool) {
        self.credit = (self.credit + nanos(now - self.counted) / SHARE).min(MOST_CREDIT);
        self.counted = now;
        while self.credit >= MOST_CREDIT / 5 {
            let start = Instant::now();
            let mut room = [0; ANSWER * 16];
            let heard = self.line.read(&mut room);
            self.credit -= nanos(start.elapsed());
            let Ok(len @ 1..) = heard else { return };
            self.heard.extend_from_slice(&room[..len.min(room.len())]);
            let whole = self.heard.len() / ANSWER * ANSWER;
            let mut done = false;
            for answer in self.heard[..whole].chunks_exact(ANSWER) {
                done |= enough(number(answer, 0), process(answer));
            }
            self.heard.drain(..whole);
            if done {
                return;
            }
        }
    }
}

const fn nanos(time: Duration) -> i64 {
    time.as_nanos() as i64
}

/// The process that an answer names.
fn process(answer: &[u8]) -> Option<Process> {
    let pid = number(answer, 4);
    let name = answer.get(8..)?.split(|octet| *octet == 0).next()?;
    (pid != 0).then(|| Process { pid, name: String::from_utf8_lossy(name).into_owned() })
}

/// The four octets at `at`; 0 where there are none.
fn number(octets: &[u8], at: usize) -> u32 {
    octets.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |octets| u32::from_ne_bytes(*octets))
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd as _;
    use std::thread;

    use super::*;

    #[test]
    fn the_holder_of_a_socket_is_named_and_nobody_for_none() {
        let (line, mut other) = UnixStream::pair().expect("a line");
        let answers = thread::spawn(move || answer_all(&mut other));
        line.set_read_timeout(Some(Duration::from_secs(5))).expect("a patient line");
        let mut helper = Helper { line, heard: Vec::new(), credit: MOST_CREDIT, counted: Instant::now() };
        let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket");
        let link = std::fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).expect("it is open");
        let inode = link.to_str().and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
        for (inode, holder) in [(inode.expect("a socket"), Some(std::process::id())), (u32::MAX, None)] {
            helper.ask(inode, 0);
            let mut found = None;
            helper.credit = MOST_CREDIT;
            helper.hear(Instant::now(), |about, process| {
                found = process.map(|process| process.pid);
                about == inode
            });
            assert_eq!(found, holder);
        }
        drop(helper);
        answers.join().expect("it ends with the line");
    }

    #[test]
    fn answers_are_read_however_they_are_cut() {
        let (line, mut other) = UnixStream::pair().expect("a line");
        line.set_read_timeout(Some(Duration::from_millis(5))).expect("a patient line");
        let mut helper = Helper { line, heard: Vec::new(), credit: MOST_CREDIT, counted: Instant::now() };
        let mut answer = [0; ANSWER];
        answer[..4].copy_from_slice(&7u32.to_ne_bytes());
        answer[4..8].copy_from_slice(&8u32.to_ne_bytes());
        answer[8..12].copy_from_slice(b"curl");
        let mut found = Vec::new();
        for piece in [&answer[..5], &answer[5..], &answer[..]] {
            other.write_all(piece).expect("there is room");
            helper.credit = MOST_CREDIT;
            helper.hear(Instant::now(), |inode, process| {
                found.push((inode, process.expect("a process").name));
                true
            });
        }
        assert_eq!(found, [(7, "curl".to_owned()), (7, "curl".to_owned())]);
    }
}
