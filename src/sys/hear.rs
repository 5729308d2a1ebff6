//! Hearing what arrives on an interface, packet by packet: enough for a conversation.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::Duration;

use super::check;
use super::send::{bind_to_link, set};
use crate::wire::Timestamp;

/// Room for the longest packet there is: IPv6's payload and header. On `lo` they do come so long.
const LONGEST: usize = 65_535 + 40;
/// Octets of packets that may wait in the kernel, as far as it grants them.
const QUEUE: libc::c_int = 4 << 20;

/// Hears the IP packets of one version that arrive on one interface: those that come from outside,
/// and on `lo` those that this host sends to itself, each once.
#[derive(Debug)]
pub struct Ear {
    socket: OwnedFd,
    packet: Vec<u8>,
    v6: bool,
}

/// A packet that was heard.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// When the kernel saw it.
    pub time: Timestamp,
    /// Its octets from the IP header on.
    pub packet: &'a [u8],
}

/// Room for the one control message that is asked for, a time, aligned as the kernel wants it.
#[repr(align(8))]
struct Control([u8; 64]);

impl Ear {
    /// An ear on the interface with this number, for packets with this ethertype.
    pub(crate) fn open(interface: u32, ethertype: u16) -> io::Result<Self> {
        // Cooked: the kernel takes the link header off. Without a protocol nothing is heard before
        // `bind` names the interface.
        // SAFETY: takes three numbers and touches no memory of ours.
        let fd = check(unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) })?;
        // SAFETY: the descriptor was made in the line above and belongs to nobody else.
        let socket = unsafe { <OwnedFd as std::os::fd::FromRawFd>::from_raw_fd(fd) };
        set(&socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)?;
        // Whoever may is given more than the limit for all.
        if set(&socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, QUEUE).is_err() {
            let _ = set(&socket, libc::SOL_SOCKET, libc::SO_RCVBUF, QUEUE);
        }
        bind_to_link(&socket, interface, ethertype)?;
        Ok(Self { socket, packet: vec![0; LONGEST], v6: ethertype == libc::ETH_P_IPV6 as u16 })
    }

    /// Hears only TCP segments for this port from now on: whatever else passes wakes nobody.
    ///
    /// # Errors
    ///
    /// When the kernel does not take the filter.
    pub fn only_for_port(&self, port: u16) -> io::Result<()> {
        self.only_with_port(port, 2)
    }

    /// Hears only TCP segments from this port from now on.
    ///
    /// # Errors
    ///
    /// When the kernel does not take the filter.
    pub fn only_from_port(&self, port: u16) -> io::Result<()> {
        self.only_with_port(port, 0)
    }

    /// Octets that wait here until they are heard, as the kernel counts: with what it needs itself.
    /// What comes beyond them is lost.
    ///
    /// # Errors
    ///
    /// When the kernel does not say.
    pub fn room(&self) -> io::Result<u32> {
        super::tcp::number(&self.socket, libc::SOL_SOCKET, libc::SO_RCVBUF).map(libc::c_int::unsigned_abs)
    }

    /// Hears only TCP segments with this port at this place of their header.
    fn only_with_port(&self, port: u16, at: u32) -> io::Result<()> {
        let jump = |code: u32, k: u32, jt: u8, jf: u8| libc::sock_filter { code: code as u16, jt, jf, k };
        let load = |code: u32, k: u32| jump(code, k, 0, 0);
        let tcp = libc::IPPROTO_TCP as u32;
        let (byte, half) = (libc::BPF_LD | libc::BPF_B | libc::BPF_ABS, libc::BPF_LD | libc::BPF_H);
        let equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
        let leave = libc::BPF_RET | libc::BPF_K;
        // What comes begins with its IP header. Fragments but the first have no port, and segments
        // behind extension headers of IPv6 are none of a plain host's.
        let mut v4 = [
            load(byte, 9),
            jump(equal, tcp, 0, 4),
            load(libc::BPF_LDX | libc::BPF_B | libc::BPF_MSH, 0),
            load(half | libc::BPF_IND, at),
            jump(equal, u32::from(port), 0, 1),
            load(leave, u32::MAX),
            load(leave, 0),
        ];
        let mut v6 = [
            load(byte, 6),
            jump(equal, tcp, 0, 3),
            load(half | libc::BPF_ABS, 40 + at),
            jump(equal, u32::from(port), 0, 1),
            load(leave, u32::MAX),
            load(leave, 0),
        ];
        let program: &mut [libc::sock_filter] = if self.v6 { &mut v6 } else { &mut v4 };
        let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
        // The kernel copies the program that this points to within the call.
        super::tcp::set(&self.socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, program)
    }

    /// The next packet; `None` where none has come within `timeout`.
    ///
    /// # Errors
    ///
    /// When the interface goes down, or away.
    pub fn hear(&mut self, timeout: Duration) -> io::Result<Option<Heard<'_>>> {
        let mut got = self.take()?;
        if got.is_none() && self.wait(timeout)? {
            got = self.take()?;
        }
        Ok(got.map(|(len, time)| Heard { time, packet: self.packet.get(..len).unwrap_or_default() }))
    }

    /// Takes a packet that is there: its length and time.
    fn take(&mut self) -> io::Result<Option<(usize, Timestamp)>> {
        let mut part = libc::iovec { iov_base: self.packet.as_mut_ptr().cast(), iov_len: self.packet.len() };
        let mut control = Control([0; 64]);
        // SAFETY: all of it are numbers and pointers, for which zero is a value: none.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.0.as_mut_ptr().cast();
        message.msg_controllen = control.0.len() as _;
        // SAFETY: `part` and `control` point to as many writable octets as they say; all outlive
        // the call.
        let got = unsafe { libc::recvmsg(self.socket.as_raw_fd(), &raw mut message, libc::MSG_DONTWAIT) };
        match usize::try_from(got) {
            Ok(len) => Ok(Some((len, time_of(&message)))),
            Err(_) => match io::Error::last_os_error() {
                error if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Waits for a packet; tells whether one has come.
    fn wait(&self, timeout: Duration) -> io::Result<bool> {
        let mut wanted = libc::pollfd { fd: self.socket.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let timeout = libc::timespec {
            tv_sec: timeout.as_secs().min(i32::MAX as u64) as libc::time_t,
            tv_nsec: timeout.subsec_nanos() as libc::c_long,
        };
        // SAFETY: one descriptor, as said, and a time; both outlive the call. No signal mask.
        let ready = unsafe { libc::ppoll(&raw mut wanted, 1, &raw const timeout, std::ptr::null()) };
        match check(ready) {
            Ok(ready) => Ok(ready > 0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The time among a message's control messages.
fn time_of(message: &libc::msghdr) -> Timestamp {
    // SAFETY: `message` is as `recvmsg` left it, its control octets still there.
    let mut control = unsafe { libc::CMSG_FIRSTHDR(message) };
    while !control.is_null() {
        // SAFETY: not null, so it points to a whole header within the control octets.
        let header = unsafe { *control };
        if (header.cmsg_level, header.cmsg_type) == (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) {
            // SAFETY: a message of this kind carries a `timespec`, aligned or not.
            let at = unsafe { libc::CMSG_DATA(control).cast::<libc::timespec>().read_unaligned() };
            return Timestamp(at.tv_sec as u64 * 1_000_000_000 + at.tv_nsec as u64);
        }
        // SAFETY: as for the first; `control` is one of its headers.
        control = unsafe { libc::CMSG_NXTHDR(message, control) };
    }
    Timestamp(0)
}
