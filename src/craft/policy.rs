//! What may be sent, where to, as whom, and how much of it: the one place that decides.
//!
//! Nothing leaves this machine unless a network is named to which it may. The way that a packet
//! would take is looked up, never guessed from its address: an address that looks local and is
//! routed elsewhere is remote. [`Injector`](super::Injector) and
//! [`LinkInjector`](super::LinkInjector) ask here before they send.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

/// What may be sent; by default to this machine alone.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Policy {
    /// Networks beyond this machine that may be sent to.
    pub remote: Vec<Network>,
    /// Whether broadcast and multicast addresses may be sent to, where their network may.
    pub groups: bool,
}

/// The way of a packet, as the kernel tells it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Way {
    /// The source address that it claims.
    pub from: IpAddr,
    /// Whether that is an address of this host.
    pub from_is_ours: bool,
    /// Its destination.
    pub to: IpAddr,
    /// What kind of destination that is.
    pub goal: Goal,
    /// The name of the interface that it would leave by.
    pub interface: String,
    /// Where that interface leads.
    pub reach: Reach,
    /// Whether this process is in a network namespace of its own that has no way out.
    pub private: bool,
}

/// What a destination is, by the kernel's routes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Goal {
    /// This host.
    Here,
    /// Another host on the same link.
    Neighbor,
    /// A host behind a router.
    Beyond,
    /// All hosts on a link, or a group of hosts.
    Group,
    /// Nobody: there is no route.
    Nowhere,
}

/// Where an interface leads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reach {
    /// Back to this host.
    Loopback,
    /// To another interface in the same namespace, or nowhere at all.
    Inside,
    /// Elsewhere, for all we know.
    Outside,
}

/// Why something is not sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The packet would leave this machine or namespace.
    #[error("{to} is not this machine: packets to it would leave by {interface}")]
    Remote {
        /// Its destination.
        to: IpAddr,
        /// The interface.
        interface: String,
    },
    /// The frame would go out by another interface than the routes say.
    #[error("packets to {to} do not leave by {interface} but by {routed}")]
    OtherWay {
        /// Its destination.
        to: IpAddr,
        /// The interface that was asked for.
        interface: String,
        /// The interface of the route.
        routed: String,
    },
    /// The destination is more than one host.
    #[error("{to} is a broadcast or multicast address")]
    Group {
        /// The address: IP or Ethernet.
        to: String,
    },
    /// The source is an address of somebody else.
    #[error(
        "{from} is not an address of this host: outside a closed network namespace of one's own, packets from it would be forged"
    )]
    Forged {
        /// The source.
        from: IpAddr,
    },
    /// The frame claims the Ethernet address of somebody else.
    #[error(
        "{from} is not the address of this interface: outside a closed network namespace of one's own, frames from it would be forged"
    )]
    ForgedMac {
        /// The sender.
        from: String,
    },
    /// The packet lists hops to take from its destination on.
    #[error(
        "the packet carries a route that leads on from {to}, and goes nowhere outside a closed network namespace of one's own"
    )]
    Routed {
        /// Its destination.
        to: IpAddr,
    },
    /// There is no way to the destination.
    #[error("there is no route to {to}")]
    NoRoute {
        /// The destination.
        to: IpAddr,
    },
    /// More, or faster, than is allowed outside a namespace of one's own.
    #[error("{asked} {what} are more than the {most} that are sent outside a closed network namespace of one's own")]
    TooMuch {
        /// What was asked for.
        asked: u64,
        /// Of what.
        what: &'static str,
        /// The most there may be.
        most: u64,
    },
}

impl Policy {
    /// Decides about a packet.
    ///
    /// # Errors
    ///
    /// Why it is not sent.
    pub fn judge(&self, way: &Way) -> Result<(), Refusal> {
        let closed = way.is_closed();
        if way.goal == Goal::Nowhere {
            return Err(Refusal::NoRoute { to: way.to });
        }
        if !self.groups && (way.goal == Goal::Group || is_group(way.to)) {
            return Err(Refusal::Group { to: way.to.to_string() });
        }
        if !closed && !self.remote.iter().any(|network| network.contains(way.to)) {
            return Err(Refusal::Remote { to: way.to, interface: way.interface.clone() });
        }
        let may_claim = way.from_is_ours || (closed && way.private);
        if !may_claim {
            return Err(Refusal::Forged { from: way.from });
        }
        Ok(())
    }

    /// Decides about the receiver of an Ethernet frame.
    ///
    /// # Errors
    ///
    /// When it is a group.
    pub fn judge_mac(&self, to: [u8; 6]) -> Result<(), Refusal> {
        if to[0] & 1 == 0 || self.groups {
            return Ok(());
        }
        Err(Refusal::Group { to: written(to) })
    }
}

#[cfg(all(feature = "live", target_os = "linux"))]
impl Refusal {
    /// The refusal of a frame from a sender that is not its own.
    pub(super) fn forged_mac(from: [u8; 6]) -> Self {
        Self::ForgedMac { from: written(from) }
    }
}

fn written(mac: [u8; 6]) -> String {
    mac.map(|octet| format!("{octet:02x}")).join(":")
}

impl Way {
    /// Whether it ends on this machine, or in the namespace that it begins in: at an address of
    /// this host, or on an interface that leads nowhere else in a private namespace.
    pub fn is_closed(&self) -> bool {
        match self.reach {
            Reach::Loopback => matches!(self.goal, Goal::Here | Goal::Group),
            Reach::Inside => self.private && self.goal != Goal::Beyond,
            Reach::Outside => false,
        }
    }
}

/// Whether an address means more than one host, whatever the routes say.
fn is_group(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(addr) => addr.is_broadcast() || addr.is_multicast(),
        IpAddr::V6(addr) => addr.is_multicast(),
    }
}

/// How much is sent at most.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bounds {
    /// Packets.
    pub count: u64,
    /// Packets a second.
    pub rate: u64,
    /// From the first to the last.
    pub time: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { count: 1_000, rate: 1_000, time: Duration::from_secs(30) }
    }
}

impl Bounds {
    /// The most packets outside a private namespace, however they are asked for.
    pub const MOST_COUNT: u64 = 1_000_000;
    /// The most packets a second there.
    pub const MOST_RATE: u64 = 10_000;
    /// The most seconds there.
    pub const MOST_SECONDS: u64 = 3_600;

    /// Decides whether that much may be sent.
    ///
    /// # Errors
    ///
    /// When it is too much for where this process is.
    pub fn judge(&self, private: bool) -> Result<(), Refusal> {
        if private {
            return Ok(());
        }
        for (asked, what, most) in [
            (self.count, "packets", Self::MOST_COUNT),
            (self.rate, "packets a second", Self::MOST_RATE),
            (self.time.as_secs(), "seconds", Self::MOST_SECONDS),
        ] {
            if asked > most {
                return Err(Refusal::TooMuch { asked, what, most });
            }
        }
        Ok(())
    }
}

/// The addresses that begin with the same bits: `192.0.2.0/24`, `2001:db8::/32`; one address
/// alone is a network of one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    addr: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether an address belongs to it.
    pub fn contains(&self, addr: IpAddr) -> bool {
        let same = match (self.addr, addr) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => (ours.to_bits() ^ theirs.to_bits()).leading_zeros(),
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => (ours.to_bits() ^ theirs.to_bits()).leading_zeros(),
            _ => return false,
        };
        same >= u32::from(self.prefix)
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (addr, prefix) = match text.split_once('/') {
            Some((addr, prefix)) => (addr, Some(prefix)),
            None => (text, None),
        };
        let addr: IpAddr = addr.parse().map_err(|_| NotANetwork)?;
        let bits = if addr.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits), str::parse).map_err(|_| NotANetwork)?;
        if prefix > bits {
            return Err(NotANetwork);
        }
        Ok(Self { addr, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addr, self.prefix)
    }
}

/// A text is no network.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected an address and how many of its bits count: 192.0.2.0/24, 2001:db8::/32")]
pub struct NotANetwork;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// From this host to itself.
    fn home() -> Way {
        Way {
            from: at("127.0.0.1"),
            from_is_ours: true,
            to: at("127.0.0.1"),
            goal: Goal::Here,
            interface: "lo".to_owned(),
            reach: Reach::Loopback,
            private: false,
        }
    }

    fn away() -> Way {
        Way {
            from: at("192.0.2.1"),
            to: at("192.0.2.7"),
            goal: Goal::Neighbor,
            interface: "eth0".to_owned(),
            reach: Reach::Outside,
            ..home()
        }
    }

    fn allowing(networks: &[&str]) -> Policy {
        let remote = networks.iter().map(|text| text.parse().expect("a network")).collect();
        Policy { remote, groups: false }
    }

    #[test]
    fn this_machine_may_always_be_sent_to_and_others_only_where_it_is_said() {
        assert_eq!(Policy::default().judge(&home()), Ok(()));
        let remote = Refusal::Remote { to: at("192.0.2.7"), interface: "eth0".to_owned() };
        assert_eq!(Policy::default().judge(&away()), Err(remote.clone()));
        assert_eq!(allowing(&["192.0.2.0/24"]).judge(&away()), Ok(()));
        assert_eq!(allowing(&["198.51.100.0/24", "2001:db8::/32"]).judge(&away()), Err(remote));
    }

    #[test]
    fn an_address_that_looks_local_is_remote_where_its_route_leaves() {
        let odd = Way { goal: Goal::Beyond, interface: "eth0".to_owned(), reach: Reach::Outside, ..home() };
        assert!(matches!(Policy::default().judge(&odd), Err(Refusal::Remote { .. })));
        let odd = Way { goal: Goal::Neighbor, ..home() };
        assert!(matches!(Policy::default().judge(&odd), Err(Refusal::Remote { .. })));
    }

    #[test]
    fn a_pair_inside_a_namespace_is_closed_only_where_the_namespace_is_ours() {
        let inside = Way { reach: Reach::Inside, interface: "veth0".to_owned(), private: true, ..away() };
        assert_eq!(Policy::default().judge(&inside), Ok(()));
        for open in [Way { private: false, ..inside.clone() }, Way { goal: Goal::Beyond, ..inside }] {
            assert!(matches!(Policy::default().judge(&open), Err(Refusal::Remote { .. })), "{open:?}");
        }
    }

    #[test]
    fn only_in_a_namespace_of_ones_own_is_a_source_free() {
        let forged = Way { from: at("198.51.100.9"), from_is_ours: false, ..home() };
        assert_eq!(Policy::default().judge(&forged), Err(Refusal::Forged { from: at("198.51.100.9") }));
        assert_eq!(Policy::default().judge(&Way { private: true, ..forged }), Ok(()));
        let out = Way { from_is_ours: false, private: true, ..away() };
        assert!(matches!(allowing(&["0.0.0.0/0"]).judge(&out), Err(Refusal::Forged { .. })));
    }

    #[test]
    fn groups_want_a_word_of_their_own() {
        let everybody = Way { to: at("127.255.255.255"), goal: Goal::Group, ..home() };
        assert!(matches!(Policy::default().judge(&everybody), Err(Refusal::Group { .. })));
        let groups = Policy { groups: true, ..Policy::default() };
        assert_eq!(groups.judge(&everybody), Ok(()));
        for to in ["255.255.255.255", "224.0.0.1", "ff02::1"] {
            let way = Way { to: at(to), ..away() };
            assert!(matches!(allowing(&["0.0.0.0/0", "::/0"]).judge(&way), Err(Refusal::Group { .. })), "{to}");
            assert!(matches!(groups.judge(&way), Err(Refusal::Remote { .. })), "{to}");
        }
        assert_eq!(Policy::default().judge_mac([2, 0, 0, 0, 0, 1]), Ok(()));
        let told = Policy::default().judge_mac([0xff; 6]).expect_err("everybody").to_string();
        assert_eq!(told, "ff:ff:ff:ff:ff:ff is a broadcast or multicast address");
        assert_eq!(groups.judge_mac([0xff; 6]), Ok(()));
    }

    #[test]
    fn fast_and_much_is_for_namespaces_of_ones_own() {
        assert_eq!(Bounds::default().judge(false), Ok(()));
        let fast = Bounds { rate: 1_000_000, ..Bounds::default() };
        assert!(matches!(fast.judge(false), Err(Refusal::TooMuch { most: Bounds::MOST_RATE, .. })));
        assert_eq!(fast.judge(true), Ok(()));
        let much = Bounds { count: 10_000_000, ..Bounds::default() };
        assert!(matches!(much.judge(false), Err(Refusal::TooMuch { what: "packets", .. })));
        let long = Bounds { time: Duration::from_hours(2), ..Bounds::default() };
        assert!(matches!(long.judge(false), Err(Refusal::TooMuch { what: "seconds", .. })));
    }

    #[test]
    fn networks_are_read_and_hold_what_begins_alike() {
        let network = |text: &str| text.parse::<Network>();
        assert!(network("10.0.0.0/8").expect("valid").contains(at("10.255.0.1")));
        assert!(!network("10.0.0.0/8").expect("valid").contains(at("11.0.0.0")));
        assert!(!network("0.0.0.0/0").expect("valid").contains(at("::1")));
        assert!(network("::/0").expect("valid").contains(at("2001:db8::1")));
        assert!(network("192.0.2.7").expect("valid").contains(at("192.0.2.7")));
        assert_eq!(network("192.0.2.7").expect("valid").to_string(), "192.0.2.7/32");
        for wrong in ["", "10.0.0.0/33", "::/129", "10/8", "10.0.0.0/-1", "all"] {
            assert_eq!(network(wrong), Err(NotANetwork), "{wrong}");
        }
    }
}
