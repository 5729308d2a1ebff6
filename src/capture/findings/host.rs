use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::wire::{FlowKey, Side};

/// An address in whole words: it is copied right after it was made, and a processor waits where it reads a
/// word that has just been written in parts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Host {
    pub(super) high: u64,
    pub(super) low: u64,
    /// 4 or 6.
    version: u64,
}

/// A host and a port, in the same way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Socket {
    pub(super) host: Host,
    port: u64,
}

impl Host {
    /// No host: all zeros.
    pub(super) const NONE: Self = Self::v4(Ipv4Addr::UNSPECIFIED);

    const fn v4(addr: Ipv4Addr) -> Self {
        Self { high: 4, low: addr.to_bits() as u64, version: 4 }
    }

    const fn v6(addr: Ipv6Addr) -> Self {
        Self { high: (addr.to_bits() >> 64) as u64, low: addr.to_bits() as u64, version: 6 }
    }

    /// Its address.
    pub(super) fn addr(self) -> IpAddr {
        if self.version == 4 {
            Ipv4Addr::from_bits(self.low as u32).into()
        } else {
            Ipv6Addr::from_bits(u128::from(self.high) << 64 | u128::from(self.low)).into()
        }
    }
}

impl From<IpAddr> for Host {
    fn from(addr: IpAddr) -> Self {
        match addr {
            IpAddr::V4(addr) => Self::v4(addr),
            IpAddr::V6(addr) => Self::v6(addr),
        }
    }
}

impl Socket {
    /// The end of `key` that is on `side`.
    #[inline]
    pub(super) fn of(key: &FlowKey, side: Side) -> Self {
        let host = match key {
            FlowKey::V4(pair) => Host::v4(pair.addrs[side as usize]),
            FlowKey::V6(pair) => Host::v6(pair.addrs[side as usize]),
        };
        Self { host, port: key.port(side).into() }
    }

    pub(super) fn port(self) -> u16 {
        self.port as u16
    }
}
