//! Sending octets as they are: IP packets, and whole frames on one interface.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

use super::check;

/// The most frames that one call sends.
const BATCH: usize = 64;

/// A raw socket for IP packets of one version, headers included.
///
/// In IPv4 headers the kernel fills in the total length and the checksum whatever stands there,
/// and identification and source where they are 0 (raw(7)). In IPv6 headers it changes nothing.
#[derive(Debug)]
pub(crate) struct RawIp {
    socket: OwnedFd,
}

impl RawIp {
    /// A socket for IPv4 packets.
    pub(crate) fn v4() -> io::Result<Self> {
        Self::open(libc::AF_INET)
    }

    /// A socket for IPv6 packets.
    pub(crate) fn v6() -> io::Result<Self> {
        Self::open(libc::AF_INET6)
    }

    /// `IPPROTO_RAW` sends only, and has the header come from us in both versions.
    fn open(family: libc::c_int) -> io::Result<Self> {
        Ok(Self { socket: socket(family, libc::IPPROTO_RAW)? })
    }

    /// Lets packets go to broadcast addresses.
    pub(crate) fn allow_broadcast(&self) -> io::Result<()> {
        set(&self.socket, libc::SOL_SOCKET, libc::SO_BROADCAST, 1)
    }

    /// Sends a packet towards `to`; `interface` is looked at for link-local addresses of IPv6.
    pub(crate) fn send(&self, packet: &[u8], to: IpAddr, interface: u32) -> io::Result<()> {
        match to {
            IpAddr::V4(to) => {
                let to = libc::sockaddr_in {
                    sin_family: libc::AF_INET as u16,
                    sin_port: 0,
                    sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(to.octets()) },
                    sin_zero: [0; 8],
                };
                send_to(&self.socket, packet, &to)
            }
            IpAddr::V6(to) => {
                let to = libc::sockaddr_in6 {
                    sin6_family: libc::AF_INET6 as u16,
                    sin6_port: 0,
                    sin6_flowinfo: 0,
                    sin6_addr: libc::in6_addr { s6_addr: to.octets() },
                    sin6_scope_id: if to.is_unicast_link_local() || to.is_multicast() { interface } else { 0 },
                };
                send_to(&self.socket, packet, &to)
            }
        }
    }
}

/// A socket that puts whole frames on one interface, and hears none.
#[derive(Debug)]
pub(crate) struct RawLink {
    socket: OwnedFd,
}

impl RawLink {
    /// A socket on the interface with this number. With `bypass`, frames go to the driver at once,
    /// not through the queueing discipline.
    pub(crate) fn open(interface: u32, bypass: bool) -> io::Result<Self> {
        let socket = socket(libc::AF_PACKET, 0)?;
        if bypass {
            // A matter of speed alone, and Linux 3.14 or later has it.
            let _ = set(&socket, libc::SOL_PACKET, libc::PACKET_QDISC_BYPASS, 1);
        }
        bind_to_link(&socket, interface, 0)?;
        Ok(Self { socket })
    }

    /// Sends a frame.
    pub(crate) fn send(&self, frame: &[u8]) -> io::Result<()> {
        // SAFETY: the kernel reads `frame.len()` octets from a slice that long.
        let sent = unsafe { libc::send(self.socket.as_raw_fd(), frame.as_ptr().cast(), frame.len(), 0) };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Sends the first frames of `frames`, each `len` octets long, in one call; tells how many went.
    pub(crate) fn send_batch(&self, frames: &[u8], len: usize) -> io::Result<usize> {
        let mut parts = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; BATCH];
        let mut count = 0;
        for (part, frame) in parts.iter_mut().zip(frames.chunks_exact(len.max(1))) {
            // The kernel only reads through this pointer: the call below sends.
            *part = libc::iovec { iov_base: frame.as_ptr().cast_mut().cast(), iov_len: frame.len() };
            count += 1;
        }
        let mut messages = parts.each_mut().map(|part| libc::mmsghdr { msg_hdr: message(part), msg_len: 0 });
        // SAFETY: the first `count` (at most `BATCH`) messages have one part each, which points to
        // `len` octets of `frames`; parts, messages and `frames` outlive the call.
        let sent = check(unsafe { libc::sendmmsg(self.socket.as_raw_fd(), messages.as_mut_ptr(), count, 0) })?;
        Ok(sent as usize)
    }
}

/// A message of one part, for a socket that knows where it goes.
fn message(part: &mut libc::iovec) -> libc::msghdr {
    // SAFETY: all of it are numbers and pointers, for which zero is a value: none.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = part;
    message.msg_iovlen = 1;
    message
}

/// A new raw socket, closed when this process runs another program.
pub(super) fn socket(family: libc::c_int, protocol: libc::c_int) -> io::Result<OwnedFd> {
    // SAFETY: takes three numbers and touches no memory of ours.
    let fd = check(unsafe { libc::socket(family, libc::SOCK_RAW | libc::SOCK_CLOEXEC, protocol) })?;
    // SAFETY: the descriptor was made in the line above and belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Sets an option that is a number.
pub(super) fn set(socket: &OwnedFd, level: libc::c_int, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
    let len = size_of_val(&value) as libc::socklen_t;
    // SAFETY: the kernel reads `len` octets from `value`, which is that long.
    let done = unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const value).cast(), len) };
    check(done).map(drop)
}

/// Binds a packet socket to an interface, for packets of `protocol` (an ethertype; 0 is none).
pub(super) fn bind_to_link(socket: &OwnedFd, interface: u32, protocol: u16) -> io::Result<()> {
    let at = libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: protocol.to_be(),
        sll_ifindex: interface as i32,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    let len = size_of_val(&at) as libc::socklen_t;
    // SAFETY: the kernel reads `len` octets from `at`, which is that long.
    check(unsafe { libc::bind(socket.as_raw_fd(), (&raw const at).cast(), len) }).map(drop)
}

fn send_to<A>(socket: &OwnedFd, packet: &[u8], to: &A) -> io::Result<()> {
    let len = size_of::<A>() as libc::socklen_t;
    // SAFETY: the kernel reads `packet.len()` octets from a slice that long, and `len` from an
    // address that long.
    let sent = unsafe {
        libc::sendto(
            socket.as_raw_fd(),
            packet.as_ptr().cast(),
            packet.len(),
            0,
            std::ptr::from_ref(to).cast::<libc::sockaddr>(),
            len,
        )
    };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
