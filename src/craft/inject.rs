//! Sending: packets and frames onto the wire, each judged by the [`Policy`] before it goes.

use std::io;
use std::net::IpAddr;

use super::peek::{self, Peek};
use super::policy::{Goal, Policy, Reach, Refusal, Way};
use crate::sys::interfaces::{Interface, interfaces};
use crate::sys::netns;
use crate::sys::route::{self, Route, RouteKind};
use crate::sys::send::{RawIp, RawLink};

pub use crate::sys::hear::{Ear, Heard};

/// Pairs of addresses whose judgement is remembered.
const REMEMBERED: usize = 256;

/// Why a packet was not sent.
#[derive(Debug, thiserror::Error)]
pub enum InjectError {
    /// The policy is against it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It does not say where it would go.
    #[error("what does not begin with a whole IP header cannot be judged, and is not sent")]
    NotJudged,
    /// The kernel does not give us what sending takes.
    #[error("cannot {doing}")]
    Denied {
        /// What was being done.
        doing: &'static str,
        /// What it says.
        #[source]
        error: io::Error,
    },
    /// There is no interface of that name.
    #[error("there is no interface {name}")]
    NoInterface {
        /// Its name.
        name: String,
    },
    /// The kernel did not take the packet.
    #[error("the kernel did not send it")]
    Send(#[source] io::Error),
}

/// Whether this process is in a network namespace apart from the machine's whose interfaces all
/// lead back into it, so that nothing it sends can get out.
pub fn is_private() -> bool {
    let leads_out = |interface: &Interface| interface.up && reach(interface) == Reach::Outside;
    netns::is_private() && interfaces().is_ok_and(|all| !all.iter().any(leads_out))
}

/// The source address that the kernel would choose for packets to `to`.
///
/// # Errors
///
/// When there is no way there.
pub fn source_for(to: IpAddr) -> Result<IpAddr, InjectError> {
    route_to(to)?.source.ok_or_else(|| Refusal::NoRoute { to }.into())
}

/// Sends IP packets, header and all, by the kernel's own routes.
///
/// On `lo` this is the way that reaches the kernel's stack. In IPv4 headers the kernel fills in
/// total length and checksum, whatever stands there.
#[derive(Debug)]
pub struct Injector {
    policy: Policy,
    private: bool,
    v4: Option<RawIp>,
    v6: Option<RawIp>,
    /// Pairs that may be sent from and to, and the interface between them; the last one first.
    judged: Vec<(IpAddr, IpAddr, u32)>,
}

impl Injector {
    /// Sends what `policy` allows. Sockets are opened when the first packet of their family goes,
    /// or by [`Injector::open`].
    pub fn new(policy: Policy) -> Self {
        Self { policy, private: is_private(), v4: None, v6: None, judged: Vec::new() }
    }

    /// Opens the sockets for packets between `from` and `to` before the first is sent: for a
    /// process that will then give its rights up.
    ///
    /// # Errors
    ///
    /// When the policy is against such packets, or the kernel against such sockets.
    pub fn open(&mut self, from: IpAddr, to: IpAddr) -> Result<(), InjectError> {
        self.judge(from, to)?;
        self.socket(to).map(drop)
    }

    /// Tells whether a packet would be sent, and sends nothing.
    ///
    /// # Errors
    ///
    /// When the policy is against it.
    pub fn check(&mut self, packet: &[u8]) -> Result<(), InjectError> {
        self.judge_packet(packet).map(drop)
    }

    /// Sends a packet, which begins with its IP header.
    ///
    /// # Errors
    ///
    /// When the policy is against it, or the kernel.
    pub fn send(&mut self, packet: &[u8]) -> Result<(), InjectError> {
        let (to, interface) = self.judge_packet(packet)?;
        self.socket(to)?.send(packet, to, interface).map_err(InjectError::Send)
    }

    /// Octets that a packet to `to` may have on the first part of its way.
    ///
    /// # Errors
    ///
    /// When there is no such way.
    pub fn mtu(&self, to: IpAddr) -> Result<u32, InjectError> {
        let found = route_to(to)?;
        Ok(interface(|interface| interface.index == found.interface)?.map_or(1500, |interface| interface.mtu))
    }

    /// An ear on the interface by which packets to `to` leave: there its answers arrive.
    ///
    /// # Errors
    ///
    /// When there is no such way, or the kernel does not let us hear.
    pub fn ear(&self, to: IpAddr) -> Result<Ear, InjectError> {
        let found = route_to(to)?;
        ear_on(found.interface, to)
    }

    /// Where a packet goes, and by which interface, if it may be sent.
    fn judge_packet(&mut self, packet: &[u8]) -> Result<(IpAddr, u32), InjectError> {
        let Peek { from, to, routed } = peek::packet(packet).ok_or(InjectError::NotJudged)?;
        if routed && !self.private {
            return Err(Refusal::Routed { to }.into());
        }
        self.judge(from, to).map(|interface| (to, interface))
    }

    /// The interface between two addresses, if packets between them may be sent.
    fn judge(&mut self, from: IpAddr, to: IpAddr) -> Result<u32, InjectError> {
        if let Some(at) = self.judged.iter().position(|(f, t, _)| (*f, *t) == (from, to)) {
            self.judged.swap(0, at);
            return Ok(self.judged[0].2);
        }
        let found = route_to(to)?;
        let interface = interface(|interface| interface.index == found.interface)?.unwrap_or_default();
        self.policy.judge(&way(from, to, &found, &interface, self.private))?;
        self.judged.truncate(REMEMBERED - 1);
        self.judged.insert(0, (from, to, interface.index));
        Ok(interface.index)
    }

    fn socket(&mut self, to: IpAddr) -> Result<&RawIp, InjectError> {
        let slot = if to.is_ipv4() { &mut self.v4 } else { &mut self.v6 };
        if let Some(socket) = slot {
            return Ok(socket);
        }
        let opened = if to.is_ipv4() { RawIp::v4() } else { RawIp::v6() }.map_err(denied("open a raw socket"))?;
        if self.policy.groups {
            opened.allow_broadcast().map_err(denied("ask to send broadcasts"))?;
        }
        Ok(slot.insert(opened))
    }
}

/// Puts whole Ethernet frames on one interface, past the kernel's routes and, if wanted, its queues.
#[derive(Debug)]
pub struct LinkInjector {
    policy: Policy,
    private: bool,
    interface: Interface,
    reach: Reach,
    bypass: bool,
    socket: Option<RawLink>,
    /// The pair of addresses that was judged last.
    judged: Option<(IpAddr, IpAddr)>,
}

impl LinkInjector {
    /// Sends what `policy` allows on the interface of this name. With `bypass`, frames do not wait
    /// in the kernel's queue, which is faster; a full interface then loses them. The socket is
    /// opened when the first frame goes.
    ///
    /// # Errors
    ///
    /// When there is no such interface.
    pub fn new(policy: Policy, name: &str, bypass: bool) -> Result<Self, InjectError> {
        let interface =
            interface(|one| one.name == name)?.ok_or_else(|| InjectError::NoInterface { name: name.to_owned() })?;
        let reach = reach(&interface);
        Ok(Self { policy, private: is_private(), interface, reach, bypass, socket: None, judged: None })
    }

    /// The Ethernet address of the interface, if it has one.
    pub fn mac(&self) -> Option<[u8; 6]> {
        self.interface.mac
    }

    /// The Ethernet address of whoever is at the other end, where there is one only and it is known:
    /// the interface itself on `lo`, the peer of a pair.
    pub fn neighbor_mac(&self) -> Option<[u8; 6]> {
        let peer = if self.interface.loopback { Some(self.interface.index) } else { self.interface.peer };
        interface(|one| Some(one.index) == peer).ok().flatten().and_then(|peer| peer.mac)
    }

    /// Tells whether a frame would be sent, and sends nothing.
    ///
    /// # Errors
    ///
    /// When the policy is against it.
    pub fn check(&mut self, frame: &[u8]) -> Result<(), InjectError> {
        self.judge(frame)
    }

    /// Sends a frame.
    ///
    /// # Errors
    ///
    /// When the policy is against it, or the kernel.
    pub fn send(&mut self, frame: &[u8]) -> Result<(), InjectError> {
        self.judge(frame)?;
        self.socket()?.send(frame).map_err(InjectError::Send)
    }

    /// Sends the first of `frames`, each `len` octets long, in one call: as many as it takes, at
    /// most 64. Tells how many went.
    ///
    /// # Errors
    ///
    /// When the policy is against one of them, or the kernel against the first.
    pub fn send_batch(&mut self, frames: &[u8], len: usize) -> Result<usize, InjectError> {
        for frame in frames.chunks_exact(len.max(1)) {
            self.judge(frame)?;
        }
        self.socket()?.send_batch(frames, len).map_err(InjectError::Send)
    }

    fn socket(&mut self) -> Result<&RawLink, InjectError> {
        let slot = &mut self.socket;
        if let Some(socket) = slot {
            return Ok(socket);
        }
        let opened = RawLink::open(self.interface.index, self.bypass).map_err(denied("open a packet socket"))?;
        Ok(slot.insert(opened))
    }

    /// An ear on this interface, for packets of the family of `to`.
    ///
    /// # Errors
    ///
    /// When the kernel does not let us hear.
    pub fn ear(&self, to: IpAddr) -> Result<Ear, InjectError> {
        ear_on(self.interface.index, to)
    }

    fn judge(&mut self, frame: &[u8]) -> Result<(), InjectError> {
        let (peek::Macs { dst, src, sender }, Peek { from, to, routed }) =
            peek::frame(frame).ok_or(InjectError::NotJudged)?;
        self.policy.judge_mac(dst)?;
        if !self.private {
            if let Some(forged) = [Some(src), sender].into_iter().flatten().find(|mac| Some(*mac) != self.interface.mac)
            {
                return Err(Refusal::forged_mac(forged).into());
            }
            if routed {
                return Err(Refusal::Routed { to }.into());
            }
        }
        if self.judged == Some((from, to)) {
            return Ok(());
        }
        self.judge_way(from, to)?;
        self.judged = Some((from, to));
        Ok(())
    }

    fn judge_way(&self, from: IpAddr, to: IpAddr) -> Result<(), InjectError> {
        if self.private && self.reach == Reach::Inside {
            return Ok(self.policy.judge(&self.way(from, true, to, Goal::Neighbor))?);
        }
        let found = route_to(to)?;
        if found.interface != self.interface.index {
            let routed = interface(|interface| interface.index == found.interface)?.unwrap_or_default();
            return Err(Refusal::OtherWay { to, interface: self.interface.name.clone(), routed: routed.name }.into());
        }
        Ok(self.policy.judge(&self.way(from, is_ours(from), to, goal(&found)))?)
    }

    fn way(&self, from: IpAddr, from_is_ours: bool, to: IpAddr, goal: Goal) -> Way {
        Way {
            from,
            from_is_ours,
            to,
            goal,
            interface: self.interface.name.clone(),
            reach: self.reach,
            private: self.private,
        }
    }
}

fn way(from: IpAddr, to: IpAddr, found: &Route, interface: &Interface, private: bool) -> Way {
    Way {
        from,
        from_is_ours: is_ours(from),
        to,
        goal: goal(found),
        interface: interface.name.clone(),
        reach: reach(interface),
        private,
    }
}

fn goal(found: &Route) -> Goal {
    match found.kind {
        RouteKind::Local => Goal::Here,
        RouteKind::Unicast if found.gateway => Goal::Beyond,
        RouteKind::Unicast => Goal::Neighbor,
        RouteKind::Broadcast | RouteKind::Multicast => Goal::Group,
        RouteKind::Nowhere => Goal::Nowhere,
    }
}

fn reach(interface: &Interface) -> Reach {
    match interface {
        Interface { loopback: true, .. } => Reach::Loopback,
        Interface { peer: Some(_), .. } => Reach::Inside,
        Interface { kind, .. } if kind == "dummy" => Reach::Inside,
        _ => Reach::Outside,
    }
}

/// Whether packets to an address would stay on this host, which is what makes it ours.
fn is_ours(addr: IpAddr) -> bool {
    route::route_to(addr).is_ok_and(|route| route.kind == RouteKind::Local)
}

fn route_to(to: IpAddr) -> Result<Route, InjectError> {
    match route::route_to(to) {
        Ok(found) => Ok(found),
        Err(error) if matches!(error.kind(), io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => {
            Err(Refusal::NoRoute { to }.into())
        }
        Err(error) => Err(denied("ask for a route")(error)),
    }
}

fn interface(wanted: impl Fn(&Interface) -> bool) -> Result<Option<Interface>, InjectError> {
    let all = interfaces().map_err(denied("ask for the interfaces"))?;
    Ok(all.into_iter().find(wanted))
}

fn ear_on(interface: u32, to: IpAddr) -> Result<Ear, InjectError> {
    let ethertype = if to.is_ipv4() { 0x0800 } else { 0x86dd };
    Ear::open(interface, ethertype).map_err(denied("open a packet socket"))
}

fn denied(doing: &'static str) -> impl Fn(io::Error) -> InjectError {
    move |error| InjectError::Denied { doing, error }
}
