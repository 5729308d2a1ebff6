//! Netlink: questions and orders to the kernel as messages, and its answers.
//!
//! A message is a header of 16 octets, a body that its kind defines, and attributes; all in the
//! byte order of the machine, every part padded to four octets (netlink(7), rtnetlink(7)).

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::check;

const HEADER: usize = 16;
const ATTRIBUTE: usize = 4;

/// A netlink socket. It stays usable when the right to open new sockets is given up.
#[derive(Debug)]
pub(crate) struct Netlink {
    socket: OwnedFd,
    sequence: u32,
    answer: Vec<u8>,
}

/// A message to the kernel, its header still without length and number.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    octets: Vec<u8>,
}

impl Netlink {
    /// A socket for one of netlink's protocols: `NETLINK_ROUTE`, `NETLINK_SOCK_DIAG`.
    ///
    /// # Errors
    ///
    /// When the kernel has no such protocol or no room for a socket.
    pub(crate) fn open(protocol: libc::c_int) -> io::Result<Self> {
        // SAFETY: takes three numbers and touches no memory of ours.
        let socket = check(unsafe { libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, protocol) })?;
        // SAFETY: the descriptor was made in the line above and belongs to nobody else.
        let socket = unsafe { OwnedFd::from_raw_fd(socket) };
        Ok(Self { socket, sequence: 0, answer: vec![0; 32 * 1024] })
    }

    /// Gives an order and waits for the word that it was carried out.
    ///
    /// # Errors
    ///
    /// What the kernel has against it.
    pub(crate) fn order(&mut self, message: Message) -> io::Result<()> {
        self.exchange(message, libc::NLM_F_ACK, |_, _| {})
    }

    /// Asks for one thing, and hands the answer's kind and body on.
    ///
    /// # Errors
    ///
    /// What the kernel has against it; `NotFound` where it knows no such thing.
    pub(crate) fn ask(&mut self, message: Message, answer: impl FnMut(u16, &[u8])) -> io::Result<()> {
        self.exchange(message, 0, answer)
    }

    /// Asks for all there is of a kind, and hands each on.
    ///
    /// # Errors
    ///
    /// What the kernel has against it.
    pub(crate) fn list(&mut self, message: Message, each: impl FnMut(u16, &[u8])) -> io::Result<()> {
        self.exchange(message, libc::NLM_F_DUMP, each)
    }

    fn exchange(
        &mut self,
        mut message: Message,
        flags: libc::c_int,
        mut each: impl FnMut(u16, &[u8]),
    ) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        message.complete(flags as u16, self.sequence);
        self.send(&message.octets)?;
        loop {
            let len = self.receive()?;
            let mut rest = &self.answer[..len];
            while let Some((header, body, after)) = split(rest) {
                rest = after;
                if header.sequence != self.sequence {
                    continue;
                }
                match libc::c_int::from(header.kind) {
                    libc::NLMSG_DONE => return Ok(()),
                    libc::NLMSG_ERROR => return verdict(body),
                    _ => each(header.kind, body),
                }
                let more = header.flags & libc::NLM_F_MULTI as u16 != 0;
                if !more && flags & libc::NLM_F_ACK == 0 {
                    return Ok(());
                }
            }
        }
    }

    fn send(&self, octets: &[u8]) -> io::Result<()> {
        // SAFETY: the kernel reads `octets.len()` octets from a slice that long.
        let sent = unsafe { libc::send(self.socket.as_raw_fd(), octets.as_ptr().cast(), octets.len(), 0) };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    fn receive(&mut self) -> io::Result<usize> {
        let room = &mut self.answer;
        loop {
            // SAFETY: the kernel writes at most `room.len()` octets into a buffer that long.
            let len = unsafe { libc::recv(self.socket.as_raw_fd(), room.as_mut_ptr().cast(), room.len(), 0) };
            if let Ok(len) = usize::try_from(len) {
                return Ok(len.min(room.len()));
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }
}

impl Message {
    /// A message of a kind (`RTM_NEWLINK`, ...), with what its kind demands at the head of its body.
    pub(crate) fn new(kind: u16, flags: libc::c_int, body: &[u8]) -> Self {
        let mut octets = vec![0; HEADER];
        octets[4..6].copy_from_slice(&kind.to_ne_bytes());
        octets[6..8].copy_from_slice(&((flags | libc::NLM_F_REQUEST) as u16).to_ne_bytes());
        octets.extend_from_slice(body);
        pad(&mut octets);
        Self { octets }
    }

    /// The same with one attribute more.
    pub(crate) fn with(self, kind: u16, value: &[u8]) -> Self {
        self.with_nested(kind, |message| message.with_octets(value))
    }

    /// The same with an attribute that `fill` puts together: octets, then attributes.
    pub(crate) fn with_nested(mut self, kind: u16, fill: impl FnOnce(Self) -> Self) -> Self {
        let start = self.octets.len();
        self.octets.extend_from_slice(&[0, 0]);
        self.octets.extend_from_slice(&kind.to_ne_bytes());
        self = fill(self);
        let len = (self.octets.len() - start) as u16;
        self.octets[start..start + 2].copy_from_slice(&len.to_ne_bytes());
        pad(&mut self.octets);
        self
    }

    /// The same with octets that are no attribute; nested ones may follow a multiple of four.
    pub(crate) fn with_octets(mut self, octets: &[u8]) -> Self {
        self.octets.extend_from_slice(octets);
        self
    }

    fn complete(&mut self, flags: u16, sequence: u32) {
        let len = self.octets.len() as u32;
        self.octets[..4].copy_from_slice(&len.to_ne_bytes());
        let all = u16::from_ne_bytes([self.octets[6], self.octets[7]]) | flags;
        self.octets[6..8].copy_from_slice(&all.to_ne_bytes());
        self.octets[8..12].copy_from_slice(&sequence.to_ne_bytes());
    }
}

/// The attributes in `octets`, kind and value, as far as they hold together.
pub(crate) fn attributes(octets: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let len = usize::from(u16_at(rest, 0)?);
        let kind = u16_at(rest, 2)?;
        let value = rest.get(ATTRIBUTE..len)?;
        rest = rest.get(padded(len)..).unwrap_or_default();
        // The two topmost bits say how the value is made, not what it is.
        Some((kind & 0x3fff, value))
    })
}

/// The two octets at `at`, in the byte order of the machine.
pub(crate) fn u16_at(octets: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*octets.get(at..)?.first_chunk()?))
}

/// The four octets at `at`, in the byte order of the machine.
pub(crate) fn u32_at(octets: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*octets.get(at..)?.first_chunk()?))
}

struct Header {
    kind: u16,
    flags: u16,
    sequence: u32,
}

/// The first message of an answer: its header, its body, and what comes after it.
fn split(octets: &[u8]) -> Option<(Header, &[u8], &[u8])> {
    let len = u32_at(octets, 0)? as usize;
    let header = Header { kind: u16_at(octets, 4)?, flags: u16_at(octets, 6)?, sequence: u32_at(octets, 8)? };
    let body = octets.get(HEADER..len)?;
    Some((header, body, octets.get(padded(len)..).unwrap_or_default()))
}

/// The error that a message of kind `NLMSG_ERROR` carries; none where it says that all went well.
fn verdict(body: &[u8]) -> io::Result<()> {
    match u32_at(body, 0).map(u32::cast_signed) {
        Some(0) => Ok(()),
        Some(error) => Err(io::Error::from_raw_os_error(-error)),
        None => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn pad(octets: &mut Vec<u8>) {
    octets.resize(padded(octets.len()), 0);
}

fn padded(len: usize) -> usize {
    len.next_multiple_of(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_attributes_are_read_as_they_were_written() {
        let message = Message::new(16, 0, &[7; 16]).with(3, b"lo").with_nested(18, |link| {
            link.with(1, b"veth").with_nested(2, |data| data.with_octets(&[1; 4]).with(9, b"x"))
        });
        let all: Vec<_> = attributes(&message.octets[HEADER + 16..]).collect();
        assert_eq!(all[0], (3, &b"lo"[..]));
        let inner: Vec<_> = attributes(all[1].1).collect();
        assert_eq!(inner[0], (1, &b"veth"[..]));
        assert_eq!(attributes(&inner[1].1[4..]).collect::<Vec<_>>(), [(9, &b"x"[..])]);
        assert_eq!(message.octets.len() % 4, 0);
    }

    #[test]
    fn octets_that_are_no_attributes_end_the_walk() {
        for octets in [&[][..], &[1], &[0, 0, 0, 0], &[200, 0, 1, 0, 5], &[3, 0, 1, 0]] {
            assert_eq!(attributes(octets).count(), 0, "{octets:?}");
        }
    }

    #[test]
    fn the_kernel_lists_its_interfaces_and_refuses_nonsense() {
        let mut route = Netlink::open(libc::NETLINK_ROUTE).expect("a socket");
        let mut links = 0;
        route.list(Message::new(libc::RTM_GETLINK, 0, &[0; 16]), |_, _| links += 1).expect("a list");
        assert!(links > 0);
        route.order(Message::new(libc::RTM_GETLINK, 0, &[255; 16])).expect_err("there is no such interface");
        links = 0;
        route.list(Message::new(libc::RTM_GETLINK, 0, &[0; 16]), |_, _| links += 1).expect("a list, after an error");
        assert!(links > 0);
    }
}
