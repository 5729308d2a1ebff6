//! The interfaces of this network namespace, as the kernel lists them.

use std::io;
use std::net::IpAddr;
use std::path::Path;

use super::netlink::{self, Message, Netlink, u32_at};

/// From linux/if_link.h.
const IFLA_CARRIER: u16 = 33;
const IFLA_LINK_NETNSID: u16 = 37;

/// One interface and what is set on it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Interface {
    /// The kernel's number for it.
    pub(crate) index: u32,
    /// Its name.
    pub(crate) name: String,
    /// Whether it was switched on.
    pub(crate) up: bool,
    /// Whether it can carry packets now.
    pub(crate) running: bool,
    /// Whether it ends in this machine.
    pub(crate) loopback: bool,
    /// Whether its link is radio.
    pub(crate) wireless: bool,
    /// Whether there is somebody at the other end of the wire; `None` where there is no telling.
    pub(crate) carrier: Option<bool>,
    /// Its Ethernet address.
    pub(crate) mac: Option<[u8; 6]>,
    /// What it is where it is made of software: `veth`, `dummy`, `bridge`...
    pub(crate) kind: String,
    /// The other end of a `veth`, where that is in this namespace too.
    pub(crate) peer: Option<u32>,
    /// Octets that an IP packet on it may have.
    pub(crate) mtu: u32,
    /// Its addresses and the bits of their networks.
    pub(crate) addresses: Vec<(IpAddr, u8)>,
}

/// All interfaces, in the order of their numbers.
///
/// # Errors
///
/// When the kernel does not answer.
pub(crate) fn interfaces() -> io::Result<Vec<Interface>> {
    let mut route = Netlink::open(libc::NETLINK_ROUTE)?;
    let mut all = Vec::new();
    route.list(Message::new(libc::RTM_GETLINK, 0, &[0; 16]), |_, body| all.extend(interface(body)))?;
    all.sort_by_key(|interface: &Interface| interface.index);
    route.list(Message::new(libc::RTM_GETADDR, 0, &[0; 8]), |_, body| {
        let Some((index, address)) = address(body) else { return };
        if let Some(interface) = all.iter_mut().find(|interface| interface.index == index) {
            interface.addresses.push(address);
        }
    })?;
    Ok(all)
}

/// Lists this machine's addresses, and once open needs no further rights for it.
#[derive(Debug)]
pub(crate) struct Addresses {
    route: Netlink,
}

impl Addresses {
    /// A line to the kernel.
    ///
    /// # Errors
    ///
    /// When there is no room for a socket.
    pub(crate) fn open() -> io::Result<Self> {
        Ok(Self { route: Netlink::open(libc::NETLINK_ROUTE)? })
    }

    /// The addresses of all interfaces now.
    ///
    /// # Errors
    ///
    /// When the kernel does not answer.
    pub(crate) fn list(&mut self) -> io::Result<Vec<IpAddr>> {
        let mut all = Vec::new();
        self.route.list(Message::new(libc::RTM_GETADDR, 0, &[0; 8]), |_, body| {
            all.extend(address(body).map(|(_, (addr, _))| addr));
        })?;
        Ok(all)
    }
}

/// What a message of kind `RTM_NEWLINK` tells: `struct ifinfomsg`, then attributes.
fn interface(body: &[u8]) -> Option<Interface> {
    let mut interface = Interface { index: u32_at(body, 4)?, ..Interface::default() };
    let flags = u32_at(body, 8)?.cast_signed();
    let (mut link, mut elsewhere) = (None, false);
    interface.up = flags & libc::IFF_UP != 0;
    interface.running = flags & libc::IFF_RUNNING != 0;
    interface.loopback = flags & libc::IFF_LOOPBACK != 0;
    for (kind, value) in netlink::attributes(body.get(16..)?) {
        match kind {
            libc::IFLA_IFNAME => interface.name = text(value),
            libc::IFLA_ADDRESS => interface.mac = value.try_into().ok(),
            libc::IFLA_MTU => interface.mtu = u32_at(value, 0)?,
            libc::IFLA_LINK => link = u32_at(value, 0),
            IFLA_LINK_NETNSID => elsewhere = true,
            libc::IFLA_LINKINFO => {
                let kind = netlink::attributes(value).find(|(kind, _)| *kind == libc::IFLA_INFO_KIND);
                interface.kind = kind.map(|(_, name)| text(name)).unwrap_or_default();
            }
            IFLA_CARRIER => interface.carrier = value.first().map(|carrier| *carrier != 0),
            _ => {}
        }
    }
    interface.peer = link.filter(|_| interface.kind == "veth" && !elsewhere);
    let folder = Path::new("/sys/class/net").join(&interface.name);
    interface.wireless = folder.join("wireless").exists() || folder.join("phy80211").exists();
    Some(interface)
}

/// A name as the kernel gives it: it ends in a zero.
fn text(value: &[u8]) -> String {
    let name = value.split(|octet| *octet == 0).next().unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

/// What a message of kind `RTM_NEWADDR` tells: `struct ifaddrmsg`, then attributes.
fn address(body: &[u8]) -> Option<(u32, (IpAddr, u8))> {
    let family = libc::c_int::from(*body.first()?);
    let (prefix, index) = (*body.get(1)?, u32_at(body, 4)?);
    let value = |wanted| netlink::attributes(body.get(8..)?).find(|(kind, _)| *kind == wanted).map(|(_, value)| value);
    // On a link between two, the second is the other one's.
    let octets = value(libc::IFA_LOCAL).or_else(|| value(libc::IFA_ADDRESS))?;
    let addr = match family {
        libc::AF_INET => IpAddr::from(<[u8; 4]>::try_from(octets).ok()?),
        libc::AF_INET6 => IpAddr::from(<[u8; 16]>::try_from(octets).ok()?),
        _ => return None,
    };
    Some((index, (addr, prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_there_with_its_address() {
        let all = interfaces().expect("a list");
        let lo = all.iter().find(|interface| interface.loopback).expect("every namespace has one");
        assert_eq!((lo.index, &*lo.name, lo.wireless), (1, "lo", false));
        assert!(!lo.up || lo.addresses.iter().any(|(addr, prefix)| addr.is_loopback() && *prefix == 8), "{lo:?}");
    }

    #[test]
    fn octets_that_are_no_interface_are_left_out() {
        assert_eq!(interface(&[0; 8]), None);
        assert_eq!(address(&[2, 8, 0, 0, 1, 0, 0, 0, 5, 0, 2, 0, 9]), None);
        assert_eq!(interface(&[0; 16]), Some(Interface::default()));
    }
}
