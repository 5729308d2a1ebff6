//! A network namespace of our own: interfaces, addresses, routes and ports that nobody else has,
//! and that vanish with the process.
//!
//! An ordinary user gets one inside a user namespace, where it is root and the rest of the machine
//! is out of reach; root gets one at once. Everything in it is set up over netlink, so no program
//! is needed for it.

use std::fs;
use std::io;
use std::net::IpAddr;

use super::check;
use super::netlink::{Message, Netlink};

/// The loopback interface has this number in every network namespace.
const LOOPBACK: u32 = 1;

/// What a network namespace of our own has beside a loopback that is up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Space {
    /// Octets that an IP packet on `lo` may have; the kernel's own 65,536 where `None`.
    pub(crate) loopback_mtu: Option<u32>,
    /// Whether every address there is belongs to this machine, so that both ends of any recorded
    /// conversation can be played on `lo` as they were. (A socket binds to such an address of IPv6
    /// only with `IPV6_FREEBIND`.)
    pub(crate) every_address_is_local: bool,
    /// Addresses of `lo` beside its own.
    pub(crate) addresses: Vec<Address>,
    /// Pairs of interfaces of which one receives what the other sends.
    pub(crate) veths: Vec<Veth>,
}

/// An address and the octets of its network, in bits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Address {
    /// The address.
    pub(crate) addr: IpAddr,
    /// Bits of it that all on the same link have in common.
    pub(crate) prefix: u8,
}

/// Two Ethernet interfaces that are each other's wire.
#[derive(Clone, Debug)]
pub(crate) struct Veth {
    /// The names of both, of at most 15 octets.
    pub(crate) names: [String; 2],
    /// The addresses of both.
    pub(crate) addresses: [Vec<Address>; 2],
    /// Octets that an IP packet on them may have; the kernel's own 1,500 where `None`.
    pub(crate) mtu: Option<u32>,
}

/// Why there is no namespace.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing}: {error}{}", advice.as_ref().map(|advice| format!("; {advice}")).unwrap_or_default())]
pub(crate) struct SpaceError {
    doing: &'static str,
    error: io::Error,
    advice: Option<String>,
}

impl Space {
    /// Moves this process into a namespace made for it. It stays there.
    ///
    /// To be called while the process has one thread: the kernel moves nobody else.
    ///
    /// # Errors
    ///
    /// When this machine does not let its users have namespaces, with the setting that forbids it.
    pub(crate) fn enter(&self) -> Result<(), SpaceError> {
        leave_the_old()?;
        let mut route = Netlink::open(libc::NETLINK_ROUTE).map_err(failed("talk to the new namespace's network"))?;
        self.furnish(&mut route).map_err(failed("set up the new namespace's network"))
    }

    fn furnish(&self, route: &mut Netlink) -> io::Result<()> {
        route.order(brought_up(LOOPBACK, self.loopback_mtu))?;
        for address in &self.addresses {
            route.order(addressed(LOOPBACK, *address))?;
        }
        if self.every_address_is_local {
            route.order(all_local(libc::AF_INET))?;
            match route.order(all_local(libc::AF_INET6)) {
                // A kernel without IPv6 has nothing to play it on.
                Err(error) if error.raw_os_error() == Some(libc::EAFNOSUPPORT) => {}
                done => done?,
            }
        }
        for (veth, number) in self.veths.iter().zip((LOOPBACK + 1..).step_by(2)) {
            let numbers = [number, number + 1];
            route.order(paired(veth, numbers))?;
            for (number, addresses) in numbers.into_iter().zip(&veth.addresses) {
                route.order(brought_up(number, veth.mtu))?;
                for address in addresses {
                    route.order(addressed(number, *address))?;
                }
            }
        }
        Ok(())
    }
}

/// Leaves the network namespace this process was born into, as root directly, as anyone else
/// through a user namespace.
fn leave_the_old() -> Result<(), SpaceError> {
    if unshare(libc::CLONE_NEWNET).is_ok() {
        return Ok(());
    }
    // SAFETY: both ask for a number and always succeed.
    let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
    let doing = "make a network namespace of our own";
    unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET).map_err(forbidden(doing))?;
    // A program with file capabilities (`setcap`) does not own its /proc/self until it says that
    // nothing in its memory is secret.
    // SAFETY: takes numbers and touches no memory of ours.
    check(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) }).map_err(failed("own /proc/self"))?;
    for (file, text) in [
        ("/proc/self/setgroups", "deny".to_owned()),
        ("/proc/self/uid_map", format!("0 {user} 1")),
        ("/proc/self/gid_map", format!("0 {group} 1")),
    ] {
        fs::write(file, text).map_err(forbidden("become root in a user namespace of our own"))?;
    }
    Ok(())
}

fn unshare(what: libc::c_int) -> io::Result<()> {
    // SAFETY: takes a number and touches no memory of ours.
    check(unsafe { libc::unshare(what) }).map(drop)
}

/// The order that brings an interface up.
fn brought_up(number: u32, mtu: Option<u32>) -> Message {
    let up = libc::IFF_UP as u32;
    let order = Message::new(libc::RTM_NEWLINK, 0, &interface(number, up, up));
    match mtu {
        Some(mtu) => order.with(libc::IFLA_MTU, &mtu.to_ne_bytes()),
        None => order,
    }
}

/// The order that makes a pair of interfaces.
fn paired(veth: &Veth, numbers: [u32; 2]) -> Message {
    /// From linux/veth.h.
    const VETH_INFO_PEER: u16 = 1;
    let [name, peer] = veth.names.each_ref().map(|name| [name.as_bytes(), &[0]].concat());
    Message::new(libc::RTM_NEWLINK, libc::NLM_F_CREATE | libc::NLM_F_EXCL, &interface(numbers[0], 0, 0))
        .with(libc::IFLA_IFNAME, &name)
        .with_nested(libc::IFLA_LINKINFO, |link| {
            link.with(libc::IFLA_INFO_KIND, b"veth").with_nested(libc::IFLA_INFO_DATA, |data| {
                data.with_nested(VETH_INFO_PEER, |other| {
                    other.with_octets(&interface(numbers[1], 0, 0)).with(libc::IFLA_IFNAME, &peer)
                })
            })
        })
}

/// The order that gives an interface an address, for use at once: IPv6 is not to ask around first
/// whether somebody else has it.
fn addressed(number: u32, Address { addr, prefix }: Address) -> Message {
    let (family, octets) = match addr {
        IpAddr::V4(addr) => (libc::AF_INET, addr.octets().to_vec()),
        IpAddr::V6(addr) => (libc::AF_INET6, addr.octets().to_vec()),
    };
    let mut body = [family as u8, prefix, libc::IFA_F_NODAD as u8, libc::RT_SCOPE_UNIVERSE, 0, 0, 0, 0];
    body[4..].copy_from_slice(&number.to_ne_bytes());
    Message::new(libc::RTM_NEWADDR, libc::NLM_F_CREATE | libc::NLM_F_EXCL, &body)
        .with(libc::IFA_LOCAL, &octets)
        .with(libc::IFA_ADDRESS, &octets)
}

/// The order by which every address of a family is taken for the machine's own:
/// `ip route add local default dev lo`.
fn all_local(family: libc::c_int) -> Message {
    let (table, by, scope, kind) = (libc::RT_TABLE_LOCAL, libc::RTPROT_BOOT, libc::RT_SCOPE_HOST, libc::RTN_LOCAL);
    let body = [family as u8, 0, 0, 0, table, by, scope, kind, 0, 0, 0, 0];
    Message::new(libc::RTM_NEWROUTE, libc::NLM_F_CREATE | libc::NLM_F_EXCL, &body)
        .with(libc::RTA_OIF, &LOOPBACK.to_ne_bytes())
}

/// `struct ifinfomsg`: an interface by its number, and which of its flags shall be what.
fn interface(number: u32, flags: u32, change: u32) -> [u8; 16] {
    let mut body = [0; 16];
    body[4..8].copy_from_slice(&number.to_ne_bytes());
    body[8..12].copy_from_slice(&flags.to_ne_bytes());
    body[12..].copy_from_slice(&change.to_ne_bytes());
    body
}

fn failed(doing: &'static str) -> impl Fn(io::Error) -> SpaceError {
    move |error| SpaceError { doing, error, advice: None }
}

fn forbidden(doing: &'static str) -> impl Fn(io::Error) -> SpaceError {
    move |error| {
        let advice = Some(advice(&error, |setting| fs::read_to_string(setting).ok()));
        SpaceError { doing, error, advice }
    }
}

/// What stands in the way, as the machine's settings tell, and what to do about it.
fn advice(error: &io::Error, read: impl Fn(&str) -> Option<String>) -> String {
    let is = |setting: &str, value: &str| read(setting).is_some_and(|text| text.trim() == value);
    if error.raw_os_error() == Some(libc::EINVAL) {
        return "this process has several threads already, or a kernel without namespaces".to_owned();
    }
    let setting = if is("/proc/sys/user/max_user_namespaces", "0") {
        "user.max_user_namespaces=15000"
    } else if is("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        "kernel.unprivileged_userns_clone=1"
    } else if is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
        "kernel.apparmor_restrict_unprivileged_userns=0"
    } else {
        return "something forbids user namespaces here, often a container's seccomp profile: run it as root, or \
                outside the container"
            .to_owned();
    };
    format!("allow it with `sudo sysctl -w {setting}`, or run this as root")
}

#[cfg(test)]
mod tests;
