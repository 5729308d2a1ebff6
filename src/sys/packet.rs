//! Packet sockets (packet(7)): frames of an interface as they pass it.

use std::ffi::CString;
use std::io;
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd as _, OwnedFd};
use std::time::Duration;

use super::check;
use super::ring::{Ring, Shape};

/// One instruction of classic BPF, as the kernel takes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Op {
    pub(crate) code: u16,
    pub(crate) jt: u8,
    pub(crate) jf: u8,
    pub(crate) k: u32,
}

/// What the frames of a socket begin with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Begin {
    /// The link header.
    Link,
    /// The network header; what the link's said stands beside the frame.
    Network,
}

/// What a kernel counted since it was asked last.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counts {
    /// Frames that passed the filter, dropped ones among them.
    pub(crate) passed: u64,
    /// Frames for which there was no room.
    pub(crate) dropped: u64,
}

/// What is known of an interface by its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Interface {
    /// Its number.
    pub(crate) index: u32,
    /// Its hardware type, an `ARPHRD_` number.
    pub(crate) hardware: u16,
    /// Whether what it sends comes back to it.
    pub(crate) loopback: bool,
    /// Whether it is up.
    pub(crate) up: bool,
}

/// What waiting for a socket ended with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Wake {
    /// There is something to read.
    Ready,
    /// The time is over, or a signal came.
    Nothing,
    /// The interface went down, or away.
    Down,
}

/// A packet socket.
#[derive(Debug)]
pub(crate) struct PacketSocket {
    fd: OwnedFd,
}

impl PacketSocket {
    /// A socket that receives nothing until it is bound.
    pub(crate) fn open(begin: Begin) -> io::Result<Self> {
        let kind = match begin {
            Begin::Link => libc::SOCK_RAW,
            Begin::Network => libc::SOCK_DGRAM,
        };
        // SAFETY: takes no pointers.
        let fd = check(unsafe { libc::socket(libc::AF_PACKET, kind | libc::SOCK_CLOEXEC, 0) })?;
        // SAFETY: `fd` was opened just now, and nobody else has it.
        Ok(Self { fd: unsafe { OwnedFd::from_raw_fd(fd) } })
    }

    /// What the kernel knows of the interface `name`.
    pub(crate) fn interface(&self, name: &str) -> io::Result<Interface> {
        let mut request = named(name)?;
        self.ask(libc::SIOCGIFINDEX, &mut request)?;
        // SAFETY: this request fills in this member.
        let index = unsafe { request.ifr_ifru.ifru_ifindex }.cast_unsigned();
        self.ask(libc::SIOCGIFFLAGS, &mut request)?;
        // SAFETY: this request fills in this member.
        let flags = libc::c_int::from(unsafe { request.ifr_ifru.ifru_flags });
        self.ask(libc::SIOCGIFHWADDR, &mut request)?;
        // SAFETY: this request fills in this member.
        let hardware = unsafe { request.ifr_ifru.ifru_hwaddr }.sa_family;
        let loopback = flags & libc::IFF_LOOPBACK != 0;
        Ok(Interface { index, hardware, loopback, up: flags & libc::IFF_UP != 0 })
    }

    fn ask(&self, request: libc::Ioctl, about: &mut libc::ifreq) -> io::Result<()> {
        // SAFETY: `about` is what these requests read and write, and outlives the call.
        check(unsafe { libc::ioctl(self.fd.as_raw_fd(), request, std::ptr::from_mut(about)) }).map(drop)
    }

    /// Has only those frames pass that `program` lets pass, from now on.
    pub(crate) fn filter(&self, program: &[Op]) -> io::Result<()> {
        let mut program: Vec<libc::sock_filter> =
            program.iter().map(|&Op { code, jt, jf, k }| libc::sock_filter { code, jt, jf, k }).collect();
        let len = u16::try_from(program.len()).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
        let whole = libc::sock_fprog { len, filter: program.as_mut_ptr() };
        // The kernel copies what `whole` points at before the call returns.
        self.set(libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &whole)
    }

    /// Leaves out what this host sends. Linux 4.20 and later.
    pub(crate) fn ignore_outgoing(&self) -> io::Result<()> {
        self.set(libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, &1)
    }

    /// Has every frame of a ring come with a [`super::ring::Offload`]; to be asked for before the
    /// ring, and only of frames with a link header.
    pub(crate) fn tell_offload(&self) -> io::Result<()> {
        self.set(libc::SOL_PACKET, libc::PACKET_VNET_HDR, &1)
    }

    /// A ring of blocks that the kernel fills with frames. To be made before the socket is bound.
    pub(crate) fn ring(&self, shape: Shape, offload: bool) -> io::Result<Ring> {
        self.set(libc::SOL_PACKET, libc::PACKET_VERSION, &(libc::tpacket_versions::TPACKET_V3 as libc::c_int))?;
        let frame_size = 2048;
        let request = libc::tpacket_req3 {
            tp_block_size: shape.block,
            tp_block_nr: shape.blocks,
            tp_frame_size: frame_size,
            tp_frame_nr: shape.block / frame_size * shape.blocks,
            tp_retire_blk_tov: shape.retire_ms,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        self.set(libc::SOL_PACKET, libc::PACKET_RX_RING, &request)?;
        Ring::map(&self.fd, shape, offload)
    }

    /// Begins to receive: from the interface of this number, or from all of them with 0.
    pub(crate) fn bind(&self, interface: u32) -> io::Result<()> {
        // SAFETY: all octets zero are a value of this plain structure.
        let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
        address.sll_ifindex = interface.cast_signed();
        let len = size_of_val(&address) as libc::socklen_t;
        // SAFETY: `address` is of the family it names, `len` octets long, and outlives the call.
        check(unsafe { libc::bind(self.fd.as_raw_fd(), (&raw const address).cast(), len) }).map(drop)
    }

    /// Has the interface hand over what is for others too, as long as this socket lives.
    pub(crate) fn promiscuous(&self, interface: u32) -> io::Result<()> {
        let request = libc::packet_mreq {
            mr_ifindex: interface.cast_signed(),
            mr_type: libc::PACKET_MR_PROMISC as u16,
            mr_alen: 0,
            mr_address: [0; 8],
        };
        self.set(libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &request)
    }

    /// Shares the frames with all sockets of `group`: both directions of a conversation go to the
    /// same one. To be asked for after binding.
    pub(crate) fn share(&self, group: u16) -> io::Result<()> {
        self.set(libc::SOL_PACKET, libc::PACKET_FANOUT, &(u32::from(group) | libc::PACKET_FANOUT_HASH << 16))
    }

    /// What the kernel counted since this was asked last.
    pub(crate) fn counts(&self) -> io::Result<Counts> {
        let mut counts = libc::tpacket_stats_v3 { tp_packets: 0, tp_drops: 0, tp_freeze_q_cnt: 0 };
        self.read(libc::SOL_PACKET, libc::PACKET_STATISTICS, &mut counts)?;
        Ok(Counts { passed: counts.tp_packets.into(), dropped: counts.tp_drops.into() })
    }

    /// Waits until there is something to read, at most for `time`.
    pub(crate) fn wait(&self, time: Duration) -> io::Result<Wake> {
        let mut poll = libc::pollfd { fd: self.fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let time = time.as_millis().min(60_000) as libc::c_int;
        // SAFETY: `poll` is one such structure, and outlives the call.
        let ready = match check(unsafe { libc::poll(&raw mut poll, 1, time) }) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(Wake::Nothing),
            ready => ready?,
        };
        if ready > 0 && poll.revents & libc::POLLERR != 0 {
            return match self.take_error()? {
                0 => Ok(Wake::Nothing),
                libc::ENETDOWN => Ok(Wake::Down),
                other => Err(io::Error::from_raw_os_error(other)),
            };
        }
        Ok(if ready > 0 { Wake::Ready } else { Wake::Nothing })
    }

    /// Whether the interface that it was bound to is still there.
    pub(crate) fn is_bound(&self) -> io::Result<bool> {
        // SAFETY: all octets zero are a value of this plain structure.
        let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
        let mut len = size_of_val(&address) as libc::socklen_t;
        let to = (&raw mut address).cast();
        // SAFETY: the kernel writes at most `len` octets to `address`, which has as many.
        check(unsafe { libc::getsockname(self.fd.as_raw_fd(), to, &raw mut len) })?;
        Ok(address.sll_ifindex >= 0)
    }

    fn take_error(&self) -> io::Result<libc::c_int> {
        let mut error: libc::c_int = 0;
        self.read(libc::SOL_SOCKET, libc::SO_ERROR, &mut error)?;
        Ok(error)
    }

    fn set<T>(&self, level: libc::c_int, option: libc::c_int, value: &T) -> io::Result<()> {
        let len = size_of::<T>() as libc::socklen_t;
        // SAFETY: `value` is `len` octets of plain data, and outlives the call.
        check(unsafe { libc::setsockopt(self.fd.as_raw_fd(), level, option, std::ptr::from_ref(value).cast(), len) })
            .map(drop)
    }

    /// Only for `T` that any octets are a value of.
    fn read<T: Copy>(&self, level: libc::c_int, option: libc::c_int, value: &mut T) -> io::Result<()> {
        let mut len = size_of::<T>() as libc::socklen_t;
        let to = std::ptr::from_mut(value).cast();
        // SAFETY: the kernel writes at most `len` octets to `value`, which is plain data of that length.
        check(unsafe { libc::getsockopt(self.fd.as_raw_fd(), level, option, to, &raw mut len) }).map(drop)
    }
}

/// A question about the interface `name`.
fn named(name: &str) -> io::Result<libc::ifreq> {
    let no_such = || io::Error::from_raw_os_error(libc::ENODEV);
    let name = CString::new(name).map_err(|_| no_such())?;
    let name = name.as_bytes_with_nul();
    // SAFETY: all octets zero are a value of this plain structure.
    let mut request: libc::ifreq = unsafe { mem::zeroed() };
    let room = request.ifr_name.get_mut(..name.len()).ok_or_else(no_such)?;
    for (to, from) in room.iter_mut().zip(name) {
        *to = from.cast_signed();
    }
    Ok(request)
}
