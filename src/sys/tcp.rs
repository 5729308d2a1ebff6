//! What the standard library does not let a program ask of its TCP sockets.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd as _, FromRawFd as _, OwnedFd};

use super::check;

/// How a connection behaves, to be said before it is opened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wishes {
    /// Octets of room for what comes in.
    pub(crate) buffer: Option<u32>,
    /// How often a SYN or a SYN/ACK is repeated.
    pub(crate) retries: Option<u8>,
    /// Whether data on a SYN is taken from one who brings a cookie.
    pub(crate) fast_open: bool,
}

impl Wishes {
    /// Tells them to a socket that listens, or will connect.
    pub(crate) fn tell(&self, socket: &impl AsFd) -> io::Result<()> {
        if let Some(octets) = self.buffer {
            set(socket, libc::SOL_SOCKET, libc::SO_RCVBUF, octets as libc::c_int)?;
        }
        if let Some(times) = self.retries {
            set(socket, libc::IPPROTO_TCP, libc::TCP_SYNCNT, libc::c_int::from(times))?;
        }
        if self.fast_open {
            // So many may wait that have not shown yet that their address is their own.
            set(socket, libc::IPPROTO_TCP, libc::TCP_FASTOPEN, 16)?;
        }
        Ok(())
    }
}

/// Has the socket be closed with a reset.
pub(crate) fn reset_on_close(socket: &impl AsFd) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_LINGER, libc::linger { l_onoff: 1, l_linger: 0 })
}

/// Opens a connection with these wishes, from any port of `from` where that is said. Returns when
/// it is open, or has failed.
pub(crate) fn connect(from: Option<IpAddr>, to: SocketAddr, wishes: Wishes) -> io::Result<TcpStream> {
    let domain = if to.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    // SAFETY: takes three numbers and touches no memory of ours.
    let fd = check(unsafe { libc::socket(domain, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, libc::IPPROTO_TCP) })?;
    // SAFETY: the descriptor was made in the line above and belongs to nobody else.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    wishes.tell(&socket)?;
    if let Some(from) = from {
        with_sockaddr(SocketAddr::new(from, 0), |at, len| {
            // SAFETY: the kernel reads `len` octets from `at`, which is that long.
            check(unsafe { libc::bind(socket.as_raw_fd(), at, len) })
        })?;
    }
    with_sockaddr(to, |to, len| {
        // SAFETY: the kernel reads `len` octets from `to`, which is that long.
        check(unsafe { libc::connect(socket.as_raw_fd(), to, len) })
    })?;
    Ok(socket.into())
}

/// An option that is a number.
pub(super) fn number(socket: &impl AsFd, level: libc::c_int, option: libc::c_int) -> io::Result<libc::c_int> {
    let mut value: libc::c_int = 0;
    let mut len = size_of_val(&value) as libc::socklen_t;
    let (fd, to) = (socket.as_fd().as_raw_fd(), (&raw mut value).cast());
    // SAFETY: the kernel writes at most `len` octets to `value`, which is that long.
    check(unsafe { libc::getsockopt(fd, level, option, to, &raw mut len) })?;
    Ok(value)
}

/// Lends `call` an address as the kernel has it, and its length.
pub(super) fn with_sockaddr<T>(addr: SocketAddr, call: impl FnOnce(*const libc::sockaddr, libc::socklen_t) -> T) -> T {
    match addr {
        SocketAddr::V4(addr) => {
            let addr = libc::sockaddr_in {
                sin_family: libc::AF_INET as u16,
                sin_port: addr.port().to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(addr.ip().octets()) },
                sin_zero: [0; 8],
            };
            call((&raw const addr).cast(), size_of_val(&addr) as libc::socklen_t)
        }
        SocketAddr::V6(addr) => {
            let addr = libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as u16,
                sin6_port: addr.port().to_be(),
                sin6_flowinfo: 0,
                sin6_addr: libc::in6_addr { s6_addr: addr.ip().octets() },
                sin6_scope_id: addr.scope_id(),
            };
            call((&raw const addr).cast(), size_of_val(&addr) as libc::socklen_t)
        }
    }
}

/// Sets an option.
pub(super) fn set<T: Copy>(socket: &impl AsFd, level: libc::c_int, option: libc::c_int, value: T) -> io::Result<()> {
    let len = size_of::<T>() as libc::socklen_t;
    // SAFETY: the kernel reads `len` octets from `value`, which is that long.
    let done = unsafe { libc::setsockopt(socket.as_fd().as_raw_fd(), level, option, (&raw const value).cast(), len) };
    check(done).map(drop)
}
