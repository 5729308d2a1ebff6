//! Where a packet would go: the kernel's routes, and its interfaces.

use std::ffi::CString;
use std::io;
use std::net::IpAddr;

use super::netlink::{Message, Netlink, attributes, u32_at};

/// The way that the kernel would send packets to an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Route {
    /// What kind of destination it is.
    pub kind: RouteKind,
    /// Index of the interface they leave by.
    pub interface: u32,
    /// The source address that the kernel would choose.
    pub source: Option<IpAddr>,
    /// Whether a router stands between.
    pub gateway: bool,
}

/// What a route leads to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RouteKind {
    /// This host itself.
    Local,
    /// One other host.
    Unicast,
    /// All hosts on a link.
    Broadcast,
    /// A group of hosts.
    Multicast,
    /// Nowhere: unreachable, prohibited, thrown away.
    Nowhere,
}

/// A network interface.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Interface {
    /// Its number.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Whether it is up.
    pub up: bool,
    /// Whether what is sent comes back to this host.
    pub loopback: bool,
    /// Its kind where it is made of software: `veth`, `dummy`, `bridge`...
    pub kind: String,
    /// The interface at the other end of a `veth`, if that is in the same namespace.
    pub peer: Option<u32>,
    /// Its Ethernet address.
    pub mac: Option<[u8; 6]>,
}

/// Octets of `struct rtmsg` and `struct ifinfomsg`.
const RTMSG: usize = 12;
const IFINFOMSG: usize = 16;

/// Asks which way packets to `addr` go.
///
/// # Errors
///
/// When there is none, or the kernel does not say.
pub(crate) fn route_to(addr: IpAddr) -> io::Result<Route> {
    let (family, bits) = (family(addr), octets(addr));
    let mut question = vec![0; RTMSG];
    question[0] = family;
    question[1] = (bits.len() * 8) as u8;
    let question = Message::new(libc::RTM_GETROUTE, 0, &question).with(libc::RTA_DST, &bits);
    let mut found = None;
    Netlink::open(libc::NETLINK_ROUTE)?.ask(question, |kind, body| {
        if kind == libc::RTM_NEWROUTE {
            found = found.or(route(body));
        }
    })?;
    found.ok_or_else(|| io::ErrorKind::HostUnreachable.into())
}

fn route(body: &[u8]) -> Option<Route> {
    let kind = match *body.get(7)? {
        libc::RTN_LOCAL => RouteKind::Local,
        libc::RTN_UNICAST => RouteKind::Unicast,
        libc::RTN_BROADCAST | libc::RTN_ANYCAST => RouteKind::Broadcast,
        libc::RTN_MULTICAST => RouteKind::Multicast,
        _ => RouteKind::Nowhere,
    };
    let mut route = Route { kind, interface: 0, source: None, gateway: false };
    for (kind, value) in attributes(body.get(RTMSG..)?) {
        match kind {
            libc::RTA_OIF => route.interface = u32_at(value, 0)?,
            libc::RTA_PREFSRC => route.source = address(value),
            libc::RTA_GATEWAY | libc::RTA_VIA => route.gateway = true,
            _ => {}
        }
    }
    Some(route)
}

/// The interface with this number.
///
/// # Errors
///
/// When there is none, or the kernel does not say.
pub(crate) fn interface(index: u32) -> io::Result<Interface> {
    let mut question = vec![0; IFINFOMSG];
    question[4..8].copy_from_slice(&index.to_ne_bytes());
    let mut found = None;
    Netlink::open(libc::NETLINK_ROUTE)?.ask(Message::new(libc::RTM_GETLINK, 0, &question), |kind, body| {
        if kind == libc::RTM_NEWLINK {
            found = link(body);
        }
    })?;
    found.ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// The interface of this name.
///
/// # Errors
///
/// When there is none, or the kernel does not say.
pub(crate) fn interface_named(name: &str) -> io::Result<Interface> {
    let name = CString::new(name).map_err(|_| io::ErrorKind::NotFound)?;
    // SAFETY: `name` ends in a zero, and outlives the call.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(io::Error::last_os_error()),
        index => interface(index),
    }
}

fn link(body: &[u8]) -> Option<Interface> {
    let flags = u32_at(body, 8)?;
    let mut found = Interface {
        index: u32_at(body, 4)?,
        up: flags & libc::IFF_UP as u32 != 0,
        loopback: flags & libc::IFF_LOOPBACK as u32 != 0,
        ..Interface::default()
    };
    let mut elsewhere = false;
    for (kind, value) in attributes(body.get(IFINFOMSG..)?) {
        match kind {
            libc::IFLA_IFNAME => found.name = text(value),
            libc::IFLA_ADDRESS => found.mac = value.try_into().ok(),
            libc::IFLA_LINK => found.peer = u32_at(value, 0),
            libc::IFLA_LINK_NETNSID => elsewhere = true,
            libc::IFLA_LINKINFO => {
                let kind = attributes(value).find(|(kind, _)| *kind == libc::IFLA_INFO_KIND);
                found.kind = kind.map(|(_, name)| text(name)).unwrap_or_default();
            }
            _ => {}
        }
    }
    if elsewhere || found.kind != "veth" {
        found.peer = None;
    }
    Some(found)
}

/// All interfaces that are up.
///
/// # Errors
///
/// When the kernel does not say.
pub(crate) fn interfaces() -> io::Result<Vec<Interface>> {
    let mut all = Vec::new();
    Netlink::open(libc::NETLINK_ROUTE)?.list(Message::new(libc::RTM_GETLINK, 0, &[0; IFINFOMSG]), |_, body| {
        all.extend(link(body).filter(|interface| interface.up));
    })?;
    Ok(all)
}

fn family(addr: IpAddr) -> u8 {
    if addr.is_ipv4() { libc::AF_INET as u8 } else { libc::AF_INET6 as u8 }
}

fn octets(addr: IpAddr) -> Vec<u8> {
    match addr {
        IpAddr::V4(addr) => addr.octets().to_vec(),
        IpAddr::V6(addr) => addr.octets().to_vec(),
    }
}

fn address(value: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(value).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(value).map(IpAddr::from)).ok()
}

/// A name as the kernel gives it: it ends in a zero.
fn text(value: &[u8]) -> String {
    let name = value.split(|octet| *octet == 0).next().unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_leads_back_to_this_host_by_lo() {
        for addr in ["127.0.0.1", "127.9.8.7", "::1"] {
            let addr: IpAddr = addr.parse().expect("an address");
            let route = route_to(addr).expect("every host knows loopback");
            assert_eq!((route.kind, route.gateway), (RouteKind::Local, false), "{addr}");
            let lo = interface(route.interface).expect("it is there");
            assert!(lo.loopback && lo.name == "lo" && lo.peer.is_none(), "{lo:?}");
        }
        let route = route_to("127.0.0.1".parse().expect("an address")).expect("known");
        assert_eq!(route.source, Some("127.0.0.1".parse().expect("an address")));
    }

    #[test]
    fn groups_are_told_from_hosts() {
        let kind = |addr: &str| route_to(addr.parse().expect("an address")).map(|route| route.kind);
        assert_eq!(kind("127.255.255.255").expect("known"), RouteKind::Broadcast);
        // Where there is no way out of this machine there is none to a group either.
        if let Ok(kind) = kind("224.0.0.1") {
            assert_eq!(kind, RouteKind::Multicast);
        }
    }

    #[test]
    fn an_interface_is_found_by_its_name_and_among_all() {
        let lo = interface_named("lo").expect("every host has it");
        assert!(interfaces().expect("the kernel says").contains(&lo), "{lo:?}");
        assert!(interface_named("no-such-if").is_err() && interface_named("a\0b").is_err());
    }
}
