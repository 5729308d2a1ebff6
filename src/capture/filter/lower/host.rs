//! Addresses: of hosts, of networks, of network cards.

use std::ops::Range;

use super::link::ethertype;
use super::{Lower, Lowered};
use crate::capture::filter::error::Complaint;
use crate::capture::filter::tree::{Dir, Kind, Named, Proto, Qualifiers};
use crate::capture::filter::value::{Rel, Width};

/// An IPv4 address under a mask.
#[derive(Clone, Copy)]
struct V4 {
    addr: u32,
    mask: u32,
}

/// The same for IPv6.
#[derive(Clone, Copy)]
struct V6 {
    addr: u128,
    mask: u128,
}

impl Lower<'_> {
    pub(super) fn host(&mut self, qualifiers: Qualifiers, named: &Named, span: &Range<usize>) -> Lowered {
        let Qualifiers { proto, dir, kind } = qualifiers;
        match *named {
            Named::V4 { addr, octets } => {
                let mask = u32::MAX.checked_shl(32 - 8 * octets).unwrap_or(0);
                self.v4(proto, dir, V4 { addr: addr.to_bits(), mask }, span)
            }
            Named::V4Net { addr, mask } => self.v4(proto, dir, V4 { addr: addr.to_bits(), mask: mask.to_bits() }, span),
            Named::Number(number) => {
                let (mut addr, mut mask) = (number, u32::MAX);
                // A network's number is written without the zeros behind it: 10 is 10.0.0.0/8.
                while kind == Some(Kind::Net) && addr != 0 && addr >> 24 == 0 {
                    (addr, mask) = (addr << 8, mask << 8);
                }
                self.v4(proto, dir, V4 { addr, mask }, span)
            }
            Named::V6 { addr, prefix } => {
                let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
                self.v6(proto, dir, V6 { addr: addr.to_bits(), mask }, span)
            }
            Named::Mac(mac) => self.mac(qualifiers, mac, span),
            Named::Name(ref name) => Err(no_names(name, kind, span)),
        }
    }

    fn v4(&mut self, proto: Option<Proto>, dir: Dir, addr: V4, span: &Range<usize>) -> Lowered {
        match proto {
            None => {
                let ip = self.v4(Some(Proto::Ip), dir, addr, span)?;
                if self.place.labels > 0 {
                    return Ok(ip);
                }
                let arp = self.v4(Some(Proto::Arp), dir, addr, span)?;
                Ok(ip.or(arp).or(self.v4(Some(Proto::Rarp), dir, addr, span)?))
            }
            Some(Proto::Ip) => self.v4_at(ethertype::IPV4, [12, 16], dir, addr, span),
            Some(Proto::Arp) => self.v4_at(ethertype::ARP, [14, 24], dir, addr, span),
            Some(Proto::Rarp) => self.v4_at(ethertype::RARP, [14, 24], dir, addr, span),
            Some(Proto::Decnet) => Err(Complaint::new(span, "synfin knows no DECnet addresses")),
            Some(other) => {
                let what = format!("'{}' has no IPv4 addresses", other.word());
                Err(Complaint::new(span, what).hint("'ip', 'arp' and 'rarp' have; 'tcp and host ...' joins the two"))
            }
        }
    }

    fn v4_at(&mut self, proto: u32, [src, dst]: [u32; 2], dir: Dir, addr: V4, span: &Range<usize>) -> Lowered {
        let at = |offset: u32| {
            let carried = self.ethertype(proto, span)?;
            let value = self.network(Width::Word, offset, span)?;
            let masked = self.values.masked(value, addr.mask);
            Ok(carried.and(self.values.ask_number(Rel::Eq, masked, addr.addr)))
        };
        sides(dir, [src, dst], at)
    }

    fn v6(&mut self, proto: Option<Proto>, dir: Dir, addr: V6, span: &Range<usize>) -> Lowered {
        match proto {
            None | Some(Proto::Ip6) => {}
            Some(other) => {
                let what = format!("'{}' has no IPv6 addresses", other.word());
                return Err(Complaint::new(span, what).hint("'ip6' has; 'tcp and host ...' joins the two"));
            }
        }
        sides(dir, [8, 24], |offset| self.v6_at(offset, addr, span))
    }

    fn v6_at(&mut self, offset: u32, V6 { addr, mask }: V6, span: &Range<usize>) -> Lowered {
        let mut cond = self.ethertype(ethertype::IPV6, span)?;
        for word in 0..4 {
            let part = |bits: u128| (bits >> (32 * (3 - word))) as u32;
            cond = cond.and(self.network_has(Width::Word, offset + 4 * word, part(addr), part(mask), span)?);
        }
        Ok(cond)
    }

    fn mac(&mut self, qualifiers: Qualifiers, mac: [u8; 6], span: &Range<usize>) -> Lowered {
        if qualifiers.proto != Some(Proto::Link) || !matches!(qualifiers.kind, None | Some(Kind::Host)) {
            return Err(Complaint::new(span, "this is a hardware address").hint("write 'ether host' before it"));
        }
        let Some([dst, src]) = self.macs() else {
            let what = format!("{} has no hardware addresses that a filter could compare", self.place.layer);
            return Err(Complaint::new(span, what));
        };
        sides(qualifiers.dir, [src, dst], |offset| self.mac_is(offset, mac, span))
    }
}

/// What is asked of one side, the other, either or both, which differ in where they stand.
pub(super) fn sides(dir: Dir, [src, dst]: [u32; 2], mut at: impl FnMut(u32) -> Lowered) -> Lowered {
    match dir {
        Dir::Src => at(src),
        Dir::Dst => at(dst),
        Dir::Either => Ok(at(src)?.or(at(dst)?)),
        Dir::Both => Ok(at(src)?.and(at(dst)?)),
    }
}

fn no_names(name: &str, kind: Option<Kind>, span: &Range<usize>) -> Complaint {
    let what = if kind == Some(Kind::Net) { "network" } else { "host" };
    let complaint = Complaint::new(span, format!("'{name}' is no address, and synfin looks up no names"));
    complaint.hint(format!("give the {what}'s address"))
}
