//! Other addresses in the place of the recorded ones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use crate::cli::perform::stage::endpoint;
use crate::wire::Endpoint;

/// `OLD=NEW`: an address, an address with a port, or a network for another of the same size.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Rewrite {
    Endpoint { old: Endpoint, new: Endpoint },
    Network { old: IpAddr, new: IpAddr, prefix: u32 },
}

impl Rewrite {
    /// What becomes of `at`, if this is about it.
    fn applied(&self, at: Endpoint) -> Option<Endpoint> {
        match *self {
            Self::Endpoint { old, new } => (old == at).then_some(new),
            Self::Network { old, new, prefix } => {
                let addr = match (at.addr, old, new) {
                    (IpAddr::V4(at), IpAddr::V4(old), IpAddr::V4(new)) => {
                        let host = u32::MAX.checked_shr(prefix).unwrap_or(0);
                        let inside = (at.to_bits() ^ old.to_bits()) & !host == 0;
                        inside.then(|| Ipv4Addr::from_bits(new.to_bits() & !host | at.to_bits() & host).into())
                    }
                    (IpAddr::V6(at), IpAddr::V6(old), IpAddr::V6(new)) => {
                        let host = u128::MAX.checked_shr(prefix).unwrap_or(0);
                        let inside = (at.to_bits() ^ old.to_bits()) & !host == 0;
                        inside.then(|| Ipv6Addr::from_bits(new.to_bits() & !host | at.to_bits() & host).into())
                    }
                    _ => None,
                };
                addr.map(|addr| Endpoint { addr, ..at })
            }
        }
    }
}

/// What becomes of `at`: the first of `rewrites` that is about it counts.
pub(super) fn rewritten(rewrites: &[Rewrite], at: Endpoint) -> Endpoint {
    rewrites.iter().find_map(|rewrite| rewrite.applied(at)).unwrap_or(at)
}

impl FromStr for Rewrite {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || {
            "expected OLD=NEW, both an address, an address with a port, or networks of one size: 10.0.0.0/8=127.0.0.0/8"
                .to_owned()
        };
        let (old, new) = text.split_once('=').ok_or_else(bad)?;
        if let (Ok(old), Ok(new)) = (old.parse::<SocketAddr>(), new.parse::<SocketAddr>()) {
            if old.is_ipv4() != new.is_ipv4() {
                return Err(bad());
            }
            return Ok(Self::Endpoint { old: endpoint(old), new: endpoint(new) });
        }
        let network = |text: &str| -> Option<(IpAddr, u32)> {
            let (addr, prefix) = text.split_once('/').map_or((text, None), |(addr, prefix)| (addr, Some(prefix)));
            let addr: IpAddr = addr.parse().ok()?;
            let bits = if addr.is_ipv4() { 32 } else { 128 };
            let prefix = prefix.map_or(Some(bits), |prefix| prefix.parse().ok())?;
            (prefix <= bits).then_some((addr, prefix))
        };
        match (network(old), network(new)) {
            (Some((old, prefix)), Some((new, same))) if prefix == same && old.is_ipv4() == new.is_ipv4() => {
                Ok(Self::Network { old, new, prefix })
            }
            _ => Err(bad()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Endpoint {
        endpoint(text.parse().expect("an endpoint"))
    }

    #[test]
    fn an_address_a_port_or_a_network_takes_the_place_of_another() {
        let rewrites: Vec<Rewrite> =
            ["10.0.0.2:80=10.0.0.3:8080", "10.0.0.0/8=127.1.0.0/8", "2001:db8::/32=fd00::/32", "192.0.2.1=192.0.2.9"]
                .iter()
                .map(|text| text.parse().expect("a rewrite"))
                .collect();
        for (old, new) in [
            ("10.0.0.2:80", "10.0.0.3:8080"),
            ("10.0.0.2:81", "127.0.0.2:81"),
            ("[2001:db8::7]:1", "[fd00::7]:1"),
            ("192.0.2.1:5", "192.0.2.9:5"),
            ("192.0.2.2:5", "192.0.2.2:5"),
        ] {
            assert_eq!(rewritten(&rewrites, at(old)), at(new), "{old}");
        }
    }

    #[test]
    fn what_cannot_take_the_place_is_refused() {
        for text in
            ["10.0.0.1", "10.0.0.1=::1", "10.0.0.0/8=11.0.0.0/9", "10.0.0.1=x", "10.0.0.1:1=[::1]:1", "1/40=2/40"]
        {
            assert!(text.parse::<Rewrite>().is_err(), "{text}");
        }
    }
}
