//! Questions on the link: who has this address? ARP (RFC 826), and neighbour discovery for IPv6 (RFC 4861).

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};

use crate::capture::Packet;
use crate::capture::apps::Mark;
use crate::capture::record::Body;
use crate::wire::Span;

/// A question so much later than the last is another one.
const PAUSE: Span = Span::from_secs(10);
/// What was asked longer before a connection is no part of it.
const OLD: Span = Span::from_secs(5);

/// A question for the link address of a host, and its answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Neighbour {
    /// Who asked.
    pub client: IpAddr,
    /// Whose address was asked for.
    pub target: IpAddr,
    /// When it was asked first.
    pub asked: Mark,
    /// How often.
    pub times: u32,
    /// When the answer came, and the address it gave.
    pub answer: Option<(Mark, [u8; 6])>,
}

impl Neighbour {
    /// From the first question to the answer.
    pub fn took(&self) -> Option<Span> {
        Some(self.answer?.0.time - self.asked.time)
    }
}

/// The questions that are remembered.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    limit: usize,
    /// By who asked for whom.
    asked: HashMap<(IpAddr, IpAddr), Neighbour>,
    order: VecDeque<(IpAddr, IpAddr)>,
    /// Who asked last for a host with this link address.
    by_link: HashMap<(IpAddr, [u8; 6]), IpAddr>,
}

impl Neighbours {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Takes in a packet that may ask or answer.
    pub(super) fn take(&mut self, packet: &Packet<'_>) {
        let at = Mark { n: packet.n, time: packet.record.time };
        match packet.record.body {
            Body::Arp(arp) => {
                let [sender, target] = [arp.sender_ip, arp.target_ip].map(IpAddr::from);
                match arp.op {
                    // A host that tells its own address, or looks if anybody has it, asks nobody.
                    1 if sender != target && !arp.sender_ip.is_unspecified() => self.ask(sender, target, at),
                    2 => self.answer(target, sender, arp.sender_mac, at),
                    _ => {}
                }
            }
            Body::Icmp(icmp) if icmp.version == 6 && matches!(icmp.kind, 135 | 136) => {
                let Some(ip) = &packet.record.ip else { return };
                let payload = packet.payload();
                let Some(target) = payload.first_chunk::<16>().map(|octets| IpAddr::from(Ipv6Addr::from(*octets)))
                else {
                    return;
                };
                if icmp.kind == 135 {
                    if !ip.src.is_unspecified() {
                        self.ask(ip.src, target, at);
                    }
                } else if let Some(link) = link_option(payload.get(16..).unwrap_or_default(), 2) {
                    self.answer(ip.dst, target, link, at);
                }
            }
            _ => {}
        }
    }

    /// What `client` asked on the link to send `packet` to `server`: for the server's own address,
    /// or for that of the router that has the packet's link address. Handed out once.
    pub(super) fn before(&mut self, packet: &Packet<'_>, client: IpAddr, server: IpAddr) -> Option<Neighbour> {
        let router = packet.record.ether.and_then(|ether| self.by_link.get(&(client, ether.dst?)).copied());
        let found = [Some(server), router].into_iter().flatten().find_map(|target| {
            let neighbour = self.asked.get(&(client, target))?;
            let last = neighbour.answer.map_or(neighbour.asked, |(at, _)| at);
            (packet.record.time - last.time < OLD).then_some((client, target))
        })?;
        self.asked.remove(&found)
    }

    fn ask(&mut self, client: IpAddr, target: IpAddr, at: Mark) {
        let key = (client, target);
        if let Some(before) = self.asked.get_mut(&key) {
            if before.answer.is_none() && at.time - before.asked.time < PAUSE {
                before.times += 1;
                return;
            }
        } else {
            self.order.push_back(key);
        }
        self.asked.insert(key, Neighbour { client, target, asked: at, times: 1, answer: None });
        while self.order.len() > self.limit {
            if let Some(old) = self.order.pop_front() {
                self.asked.remove(&old);
            }
        }
    }

    fn answer(&mut self, client: IpAddr, target: IpAddr, link: [u8; 6], at: Mark) {
        let Some(asked) = self.asked.get_mut(&(client, target)).filter(|asked| asked.answer.is_none()) else { return };
        asked.answer = Some((at, link));
        if self.by_link.len() >= self.limit {
            self.by_link.clear();
        }
        self.by_link.insert((client, link), target);
    }
}

/// The link address in the option of this type.
fn link_option(mut options: &[u8], kind: u8) -> Option<[u8; 6]> {
    loop {
        let [found, eights] = *options.first_chunk::<2>()?;
        let option = options.get(..usize::from(eights) * 8).filter(|option| !option.is_empty())?;
        if found == kind {
            return option.get(2..)?.first_chunk().copied();
        }
        options = options.get(option.len()..)?;
    }
}
