//! Where a packet would go: the kernel's routes.

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

/// Octets of `struct rtmsg`.
const RTMSG: usize = 12;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_leads_back_to_this_host_by_lo() {
        for addr in ["127.0.0.1", "127.9.8.7", "::1"] {
            let addr: IpAddr = addr.parse().expect("an address");
            let route = route_to(addr).expect("every host knows loopback");
            assert_eq!((route.kind, route.gateway), (RouteKind::Local, false), "{addr}");
            assert_eq!(route.interface, 1, "{addr}: lo is the first interface everywhere");
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
}
