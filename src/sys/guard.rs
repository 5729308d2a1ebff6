//! Keeping the kernel quiet about a port whose TCP is played by us.
//!
//! To the kernel a segment for a port without a socket is a mistake of its sender, answered with a
//! RST (RFC 9293 §3.10.7.1): that ends every crafted connection at its second segment. A guard is a
//! listening socket on the port that takes nothing: its IP_MINTTL (IPV6_MINHOPCOUNT) of 255 has the
//! kernel drop what arrives with less, after it has found the socket and before it would answer.
//! That takes no privilege, no filter and no rule for the whole machine, and it goes with the
//! process.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

use super::check;
use super::tcp::{set, with_sockaddr};

/// The hop count that no packet of a usual host has when it arrives: they begin with 64, 128 or 255
/// and a guard on this host sees those of its own with 64.
const NEARLY_NEVER: libc::c_int = 255;

/// From linux/in6.h; libc does not have it for every target.
const IPV6_MINHOPCOUNT: libc::c_int = 73;
/// From asm-generic/socket.h.
const SO_LOCK_FILTER: libc::c_int = 44;

/// A port on which the kernel says nothing, as long as this lives.
#[derive(Debug)]
pub struct Guard {
    /// Held, never asked: closing it gives the port back.
    _socket: OwnedFd,
    at: SocketAddr,
}

/// Why a port cannot be guarded.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// Something listens there, or a connection still uses it.
    #[error("port {port} of {addr} is in use: a program listens there, or has just ended; choose another, or stop it")]
    InUse {
        /// The address.
        addr: IpAddr,
        /// The port.
        port: u16,
    },
    /// The port is one for which rights are needed.
    #[error("port {port} is below those that everyone may use: choose one from 1024 on, or run this as root")]
    Reserved {
        /// The port.
        port: u16,
    },
    /// The address is not of this host.
    #[error("{addr} is no address of this host: name one that is")]
    Elsewhere {
        /// The address.
        addr: IpAddr,
    },
    /// The kernel refuses something else.
    #[error("cannot {doing}: {error}")]
    Denied {
        /// What was being done.
        doing: &'static str,
        /// What it says.
        error: io::Error,
    },
}

impl Guard {
    /// Guards `port` of `addr`; 0 is any port that is free, the unspecified address all addresses.
    ///
    /// With `foreign`, the address need not be one of this host (in a namespace of one's own whose
    /// routes make all addresses local).
    ///
    /// # Errors
    ///
    /// When the port is in use, or not ours to use.
    pub fn new(addr: IpAddr, port: u16, foreign: bool) -> Result<Self, GuardError> {
        let at = SocketAddr::new(addr, port);
        let (domain, level, min_hops, free_bind) = match addr {
            IpAddr::V4(_) => (libc::AF_INET, libc::IPPROTO_IP, libc::IP_MINTTL, libc::IP_FREEBIND),
            IpAddr::V6(_) => (libc::AF_INET6, libc::IPPROTO_IPV6, IPV6_MINHOPCOUNT, libc::IPV6_FREEBIND),
        };
        let denied = |doing| move |error| GuardError::Denied { doing, error };
        let socket = stream(domain).map_err(denied("open a socket to guard a port with"))?;
        // Past connections of this port, in TIME-WAIT, are no reason to refuse it.
        set(&socket, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1).map_err(denied("share a port with the past"))?;
        if domain == libc::AF_INET6 {
            set(&socket, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 1).map_err(denied("leave IPv4 out"))?;
        }
        // Before there is a port: there is no moment at which the kernel would answer on it.
        set(&socket, level, min_hops, NEARLY_NEVER).map_err(denied("have the kernel drop what comes to a guard"))?;
        // A second layer, for a peer that sends with 255; newer kernels grant it to root alone.
        let _ = drop_all(&socket);
        if foreign {
            set(&socket, level, free_bind, 1).map_err(denied("bind to an address of somebody else"))?;
        }
        let bound = with_sockaddr(at, |at, len| {
            // SAFETY: the kernel reads `len` octets from `at`, which is that long.
            check(unsafe { libc::bind(socket.as_raw_fd(), at, len) })
        });
        bound.map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => GuardError::InUse { addr, port },
            io::ErrorKind::AddrNotAvailable => GuardError::Elsewhere { addr },
            io::ErrorKind::PermissionDenied => GuardError::Reserved { port },
            _ => GuardError::Denied { doing: "bind a guard", error },
        })?;
        let at = SocketAddr::new(addr, port_of(&socket).map_err(denied("ask which port a guard has"))?);
        // SAFETY: takes two numbers and touches no memory of ours.
        check(unsafe { libc::listen(socket.as_raw_fd(), 1) }).map_err(|error| match error.kind() {
            // Two may bind with SO_REUSEADDR; only one may listen.
            io::ErrorKind::AddrInUse => GuardError::InUse { addr, port: at.port() },
            _ => GuardError::Denied { doing: "have a guard listen", error },
        })?;
        Ok(Self { _socket: socket, at })
    }

    /// Where it stands guard.
    pub const fn at(&self) -> SocketAddr {
        self.at
    }
}

fn stream(domain: libc::c_int) -> io::Result<OwnedFd> {
    // SAFETY: takes three numbers and touches no memory of ours.
    let fd = check(unsafe { libc::socket(domain, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, libc::IPPROTO_TCP) })?;
    // SAFETY: the descriptor was made in the line above and belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Has a filter drop everything, for good.
fn drop_all(socket: &OwnedFd) -> io::Result<()> {
    // BPF_RET | BPF_K: keep no octet.
    let mut nothing = [libc::sock_filter { code: 0x06, jt: 0, jf: 0, k: 0 }];
    let program = libc::sock_fprog { len: 1, filter: nothing.as_mut_ptr() };
    // What the program points to outlives the call.
    set(socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, program)?;
    set(socket, libc::SOL_SOCKET, SO_LOCK_FILTER, 1)
}

fn port_of(socket: &OwnedFd) -> io::Result<u16> {
    // SAFETY: numbers, for which zero is a value.
    let mut at: libc::sockaddr_in6 = unsafe { std::mem::zeroed() };
    let mut len = size_of_val(&at) as libc::socklen_t;
    // SAFETY: the kernel writes at most `len` octets to `at`, which is that long and, of the two
    // families, the longer.
    check(unsafe { libc::getsockname(socket.as_raw_fd(), (&raw mut at).cast(), &raw mut len) })?;
    // The port stands at the same place in both.
    Ok(u16::from_be(at.sin6_port))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};
    use std::time::Duration;

    use super::*;

    const HOSTS: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

    #[test]
    fn nobody_is_answered_on_a_guarded_port() {
        for host in HOSTS {
            let guard = Guard::new(host, 0, false).expect("a port is free");
            let met = TcpStream::connect_timeout(&guard.at(), Duration::from_millis(200));
            assert_eq!(met.expect_err("nobody is there").kind(), io::ErrorKind::TimedOut, "{host}");
            let at = guard.at();
            drop(guard);
            let met = TcpStream::connect_timeout(&at, Duration::from_millis(200));
            assert_eq!(met.expect_err("nobody is there").kind(), io::ErrorKind::ConnectionRefused, "{host}");
        }
    }

    #[test]
    fn a_port_on_which_somebody_listens_is_refused() {
        for host in HOSTS {
            let listener = TcpListener::bind((host, 0)).expect("a port is free");
            let port = listener.local_addr().expect("bound").port();
            let everywhere: IpAddr =
                if host.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
            for addr in [host, everywhere] {
                let refused = Guard::new(addr, port, false).expect_err("it is in use");
                assert!(matches!(refused, GuardError::InUse { .. }), "{refused}");
            }
        }
    }

    #[test]
    fn two_guards_do_not_share_a_port() {
        let guard = Guard::new(HOSTS[0], 0, false).expect("a port is free");
        let again = Guard::new(HOSTS[0], guard.at().port(), false);
        assert!(matches!(again, Err(GuardError::InUse { .. })));
    }

    #[test]
    fn an_address_of_somebody_else_is_refused() {
        let addr: IpAddr = "192.0.2.1".parse().expect("an address");
        assert!(matches!(Guard::new(addr, 0, false), Err(GuardError::Elsewhere { .. })));
    }
}
