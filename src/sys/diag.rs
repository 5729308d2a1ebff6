//! Which socket of this machine a conversation belongs to: the kernel's own answer, for one pair
//! of endpoints at a time (sock_diag(7)), in a few microseconds.

use std::io;
use std::net::IpAddr;

use super::netlink::{Message, Netlink, u32_at};
use crate::wire::{Endpoint, Protocol};

/// Asks for sockets. Once open, it needs no further rights.
#[derive(Debug)]
pub(crate) struct Diag {
    kernel: Netlink,
}

/// A socket of this machine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Socket {
    /// Its number among all open files of its kind. The processes that have it open know it by
    /// that.
    pub(crate) inode: u32,
    /// Whose it is.
    pub(crate) uid: u32,
    /// Whether it takes in all that comes for its port and not this conversation alone.
    pub(crate) serves_anyone: bool,
}

/// `struct inet_diag_msg`: where in the answer something stands.
const STATE: usize = 1;
const REMOTE_PORT: usize = 6;
const UID: usize = 64;
const INODE: usize = 68;

/// A TCP socket's state that waits for connections.
const LISTEN: u8 = 10;

impl Diag {
    /// A line to the kernel.
    ///
    /// # Errors
    ///
    /// When the kernel was built without it.
    pub(crate) fn open() -> io::Result<Self> {
        Ok(Self { kernel: Netlink::open(libc::NETLINK_SOCK_DIAG)? })
    }

    /// The socket at `local` that talks to `remote`, or would if a packet came from there; `None`
    /// where there is none, or it has been closed and waits for its end without an owner.
    ///
    /// # Errors
    ///
    /// When the kernel does not answer.
    pub(crate) fn socket(
        &mut self,
        protocol: Protocol,
        local: Endpoint,
        remote: Endpoint,
    ) -> io::Result<Option<Socket>> {
        let Some(question) = question(protocol, local, remote) else { return Ok(None) };
        let mut found = None;
        match self.kernel.ask(question, |_, body| found = socket(protocol, body)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            answered => answered.map(|()| found),
        }
    }
}

/// `struct inet_diag_req_v2`.
fn question(protocol: Protocol, local: Endpoint, remote: Endpoint) -> Option<Message> {
    /// From linux/sock_diag.h.
    const SOCK_DIAG_BY_FAMILY: u16 = 20;

    // For UDP the kernel takes the two ends the other way round: as in a packet that comes in.
    let (number, source, destination) = match protocol {
        Protocol::Tcp => (libc::IPPROTO_TCP, local, remote),
        Protocol::Udp => (libc::IPPROTO_UDP, remote, local),
        Protocol::Icmp => return None,
    };
    let family = if local.addr.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let mut body = [0; 56];
    body[0] = family as u8;
    body[1] = number as u8;
    // Sockets in any state.
    body[4..8].fill(0xff);
    body[8..10].copy_from_slice(&source.port.to_be_bytes());
    body[10..12].copy_from_slice(&destination.port.to_be_bytes());
    body[12..28].copy_from_slice(&octets(source.addr));
    body[28..44].copy_from_slice(&octets(destination.addr));
    // On any interface, and whatever its cookie.
    body[48..].fill(0xff);
    Some(Message::new(SOCK_DIAG_BY_FAMILY, 0, &body))
}

fn socket(protocol: Protocol, body: &[u8]) -> Option<Socket> {
    let serves_anyone = match protocol {
        Protocol::Tcp => *body.get(STATE)? == LISTEN,
        Protocol::Udp | Protocol::Icmp => body.get(REMOTE_PORT..REMOTE_PORT + 2)? == [0, 0],
    };
    let inode = u32_at(body, INODE).filter(|inode| *inode != 0)?;
    Some(Socket { inode, uid: u32_at(body, UID)?, serves_anyone })
}

fn octets(addr: IpAddr) -> [u8; 16] {
    match addr {
        IpAddr::V6(addr) => addr.octets(),
        IpAddr::V4(addr) => {
            let mut octets = [0; 16];
            octets[..4].copy_from_slice(&addr.octets());
            octets
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
    use std::os::fd::AsRawFd;

    use super::*;

    fn endpoint(address: SocketAddr) -> Endpoint {
        Endpoint { addr: address.ip(), port: address.port() }
    }

    fn inode(socket: &impl AsRawFd) -> u32 {
        let about = fs::metadata(format!("/proc/self/fd/{}", socket.as_raw_fd())).expect("it is open");
        std::os::unix::fs::MetadataExt::ino(&about) as u32
    }

    #[test]
    fn both_ends_of_a_connection_are_found_and_what_listens_before() {
        let mut diag = Diag::open().expect("a line to the kernel");
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(server) = TcpListener::bind(address) else { continue };
            let at = endpoint(server.local_addr().expect("an address"));
            let nobody = Endpoint { addr: at.addr, port: 1 };
            let found = diag.socket(Protocol::Tcp, at, nobody).expect("an answer").expect("it listens");
            assert_eq!((found.inode, found.serves_anyone), (inode(&server), true));

            let client = TcpStream::connect((at.addr, at.port)).expect("a connection");
            let from = endpoint(client.local_addr().expect("an address"));
            let (accepted, _) = server.accept().expect("it came");
            let found = diag.socket(Protocol::Tcp, from, at).expect("an answer").expect("it is open");
            assert_eq!((found.inode, found.serves_anyone), (inode(&client), false));
            let found = diag.socket(Protocol::Tcp, at, from).expect("an answer").expect("it is open");
            assert_eq!((found.inode, found.serves_anyone), (inode(&accepted), false));

            drop((client, accepted, server));
            assert_eq!(diag.socket(Protocol::Tcp, from, at).expect("an answer"), None);
        }
    }

    #[test]
    fn a_udp_socket_is_found_from_its_own_end() {
        let mut diag = Diag::open().expect("a line to the kernel");
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let (Ok(client), Ok(server)) = (UdpSocket::bind(address), UdpSocket::bind(address)) else { continue };
            let (from, at) = [&client, &server].map(|socket| endpoint(socket.local_addr().expect("an address"))).into();
            client.connect((at.addr, at.port)).expect("a peer");
            let found = diag.socket(Protocol::Udp, from, at).expect("an answer");
            let Some(found) = found else {
                eprintln!("not run: this kernel does not tell of UDP sockets");
                return;
            };
            assert_eq!((found.inode, found.serves_anyone), (inode(&client), false));
            let found = diag.socket(Protocol::Udp, at, from).expect("an answer").expect("it is open");
            assert_eq!((found.inode, found.serves_anyone), (inode(&server), true));
        }
    }

    #[test]
    fn what_the_kernel_does_not_know_is_nobodys() {
        let mut diag = Diag::open().expect("a line to the kernel");
        let far = Endpoint { addr: "192.0.2.1".parse().expect("an address"), port: 9 };
        assert_eq!(diag.socket(Protocol::Tcp, far, far).expect("an answer"), None);
        assert_eq!(diag.socket(Protocol::Icmp, far, far).expect("an answer"), None);
        assert_eq!(socket(Protocol::Tcp, &[0; 20]), None);
    }
}
