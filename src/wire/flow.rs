//! Flows: two endpoints, and what makes two packets part of one conversation.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Not;

/// One end of a flow: an address and a port (0 where the protocol has none).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Endpoint {
    /// IPv4 or IPv6 address.
    pub addr: IpAddr,
    /// Port, or for ICMP echo the identifier.
    pub port: u16,
}

/// `10.0.0.1:80`, `[2001:db8::1]:80`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.addr {
            IpAddr::V4(addr) => write!(f, "{addr}:{}", self.port),
            IpAddr::V6(addr) => write!(f, "[{addr}]:{}", self.port),
        }
    }
}

/// One of the two ends of a flow, by the order of their addresses. Which of them is the client
/// is a separate question, answered by what they say.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Side {
    /// The end with the lower address and port.
    A,
    /// The end with the higher address and port.
    B,
}

impl Not for Side {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// The protocols whose conversations are followed.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Protocol {
    /// TCP, IP protocol 6.
    Tcp,
    /// UDP, IP protocol 17.
    Udp,
    /// ICMP for IPv4, or ICMPv6.
    Icmp,
}

impl Protocol {
    /// `tcp`, `udp` or `icmp`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
        }
    }
}

/// The VLAN ids of a frame, outermost first. Keeps the outermost four; counts them all.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Vlans {
    count: u8,
    ids: [u16; 4],
}

impl Vlans {
    /// Adds the next inner tag, given its 12-bit id.
    pub fn push(&mut self, id: u16) {
        if let Some(slot) = self.ids.get_mut(usize::from(self.count)) {
            *slot = id & 0x0fff;
        }
        self.count = self.count.saturating_add(1);
    }

    /// The ids that were kept, outermost first.
    pub fn ids(&self) -> &[u16] {
        &self.ids[..usize::from(self.count.min(4))]
    }

    /// How many tags the frame carried, kept or not.
    pub const fn count(&self) -> u8 {
        self.count
    }

    /// The tags as part of a flow's identity: the two outermost ids that are not 0, since id 0
    /// is a priority tag and names no VLAN (IEEE 802.1Q).
    #[inline]
    pub fn zone(&self) -> u32 {
        if self.count == 0 {
            return 0;
        }
        self.ids().iter().filter(|id| **id != 0).take(2).fold(0, |zone, id| zone << 12 | u32::from(*id))
    }
}

/// What makes two packets belong to one conversation, whichever way they travel.
///
/// The lower endpoint comes first, so both directions have the same key; [`FlowKey::of`] tells
/// from which [`Side`] a packet came. IPv4 keys stay small: memory is what a tracker waits for.
#[derive(Clone, Copy, Debug)]
pub enum FlowKey {
    /// 16 octets.
    V4(Pair<Ipv4Addr>),
    /// 40 octets.
    V6(Pair<Ipv6Addr>),
}

/// Two endpoints in order, and where they meet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pair<A> {
    /// Lower and higher address (compared together with their ports).
    pub addrs: [A; 2],
    /// Their ports, in the same order.
    pub ports: [u16; 2],
    /// VLAN zone in the upper 24 bits, protocol in the lower 8.
    pub zone: u32,
}

impl<A> Pair<A> {
    /// Ports and zone in one word; not in the order in which they lie in memory, where they have just been
    /// written one by one: to read them together, a processor would have to wait until that is done.
    #[inline]
    fn rest(&self) -> u64 {
        let [a, b] = self.ports;
        (u64::from(a) | u64::from(b) << 16) << 32 | u64::from(self.zone)
    }
}

impl Pair<Ipv4Addr> {
    /// Both addresses in one word.
    #[inline]
    fn addrs(&self) -> u64 {
        let [a, b] = self.addrs.map(|addr| u64::from(u32::from_ne_bytes(addr.octets())));
        a | b << 32
    }
}

impl Pair<Ipv6Addr> {
    #[inline]
    fn addrs(&self) -> [u128; 2] {
        self.addrs.map(|addr| u128::from_ne_bytes(addr.octets()))
    }
}

/// In as few words as there can be: keys are compared for every packet.
impl PartialEq for FlowKey {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::V4(own), Self::V4(other)) => own.addrs() == other.addrs() && own.rest() == other.rest(),
            (Self::V6(own), Self::V6(other)) => own.rest() == other.rest() && own.addrs() == other.addrs(),
            (Self::V4(_), Self::V6(_)) | (Self::V6(_), Self::V4(_)) => false,
        }
    }
}

impl Eq for FlowKey {}

/// And so are hashes computed.
impl Hash for FlowKey {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::V4(pair) => state.write_u128(u128::from(pair.addrs()) << 64 | u128::from(pair.rest())),
            Self::V6(pair) => {
                let [a, b] = pair.addrs();
                state.write_u128(a);
                state.write_u128(b);
                state.write_u64(pair.rest());
            }
        }
    }
}

impl FlowKey {
    /// The key of a packet from `src` to `dst`, and the side it came from.
    ///
    /// Endpoints of different IP versions never meet in one packet; should they be given, the
    /// IPv4 one is written as an IPv4-mapped IPv6 address.
    #[inline]
    pub fn of(src: Endpoint, dst: Endpoint, protocol: Protocol, vlans: &Vlans) -> (Self, Side) {
        let zone = vlans.zone();
        let ports = u32::from(src.port) << 16 | u32::from(dst.port);
        match (src.addr, dst.addr) {
            (IpAddr::V4(a), IpAddr::V4(b)) => Self::of_v4([a, b], ports, protocol, zone),
            (a, b) => Self::of_v6([mapped(a), mapped(b)], ports, protocol, zone),
        }
    }

    /// The same for IPv4, as it stands in the headers: source and destination, the ports of both in one word,
    /// and the [zone](Vlans::zone) of the VLANs.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every packet")]
    pub fn of_v4([src, dst]: [Ipv4Addr; 2], ports: u32, protocol: Protocol, zone: u32) -> (Self, Side) {
        // Turned and not chosen: which way a packet goes is nothing that a processor could foresee.
        let addrs = u64::from(src.to_bits()) << 32 | u64::from(dst.to_bits());
        let (addrs_back, ports_back) = (addrs.rotate_left(32), ports.rotate_left(16));
        let swapped = (addrs, ports) > (addrs_back, ports_back);
        let addrs = if swapped { addrs_back } else { addrs };
        let ports = if swapped { ports_back } else { ports };
        let pair = Pair {
            addrs: [(addrs >> 32) as u32, addrs as u32].map(Ipv4Addr::from_bits),
            ports: [(ports >> 16) as u16, ports as u16],
            zone: zone << 8 | protocol as u32,
        };
        (Self::V4(pair), if swapped { Side::B } else { Side::A })
    }

    /// The same for IPv6.
    #[inline]
    pub fn of_v6([src, dst]: [Ipv6Addr; 2], ports: u32, protocol: Protocol, zone: u32) -> (Self, Side) {
        let ports_back = ports.rotate_left(16);
        let swapped = (src.to_bits(), ports) > (dst.to_bits(), ports_back);
        let (addrs, ports) = if swapped { ([dst, src], ports_back) } else { ([src, dst], ports) };
        let pair = Pair { addrs, ports: [(ports >> 16) as u16, ports as u16], zone: zone << 8 | protocol as u32 };
        (Self::V6(pair), if swapped { Side::B } else { Side::A })
    }

    /// The endpoint on `side`.
    pub fn endpoint(&self, side: Side) -> Endpoint {
        let at = side as usize;
        match self {
            Self::V4(pair) => Endpoint { addr: pair.addrs[at].into(), port: pair.ports[at] },
            Self::V6(pair) => Endpoint { addr: pair.addrs[at].into(), port: pair.ports[at] },
        }
    }

    /// The port of the endpoint on `side`.
    #[inline]
    pub const fn port(&self, side: Side) -> u16 {
        let (Self::V4(Pair { ports, .. }) | Self::V6(Pair { ports, .. })) = self;
        ports[side as usize]
    }

    /// The same pair of endpoints without regard to VLANs.
    #[must_use]
    pub fn without_vlans(self) -> Self {
        match self {
            Self::V4(pair) => Self::V4(Pair { zone: pair.zone & 0xff, ..pair }),
            Self::V6(pair) => Self::V6(Pair { zone: pair.zone & 0xff, ..pair }),
        }
    }

    /// Whether its packets carry VLAN tags that name a VLAN.
    pub const fn is_tagged(&self) -> bool {
        let (Self::V4(Pair { zone, .. }) | Self::V6(Pair { zone, .. })) = self;
        *zone > 0xff
    }

    /// The protocol both ends speak.
    pub fn protocol(&self) -> Protocol {
        let (Self::V4(Pair { zone, .. }) | Self::V6(Pair { zone, .. })) = self;
        match zone & 0xff {
            0 => Protocol::Tcp,
            1 => Protocol::Udp,
            _ => Protocol::Icmp,
        }
    }

    /// 4 or 6.
    pub const fn ip_version(&self) -> u8 {
        match self {
            Self::V4(_) => 4,
            Self::V6(_) => 6,
        }
    }
}

fn mapped(addr: IpAddr) -> Ipv6Addr {
    match addr {
        IpAddr::V4(addr) => addr.to_ipv6_mapped(),
        IpAddr::V6(addr) => addr,
    }
}
