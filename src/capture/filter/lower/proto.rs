//! Protocols, by their words or by number.

use std::ops::Range;

use super::link::{ethertype, sap};
use super::{Lower, Lowered};
use crate::capture::filter::error::Complaint;
use crate::capture::filter::tree::Proto;
use crate::capture::filter::value::{Cond, Follow, Rel, Width};

/// A fragment header of IPv6.
const FRAGMENT: u32 = 44;

const ESIS: u32 = 130;
const ISIS: u32 = 131;
const CLNP: u32 = 129;

impl Lower<'_> {
    /// Whether the packet is of this protocol.
    pub(super) fn proto(&mut self, proto: Proto, span: &Range<usize>) -> Lowered {
        let (below, number) = match proto {
            Proto::Link => {
                return Err(Complaint::new(span, "every frame has a link header")
                    .hint("'ether' goes with 'host', 'proto', 'broadcast', 'multicast' or '[...]'"));
            }
            Proto::Ip => return self.ethertype(ethertype::IPV4, span),
            Proto::Ip6 => return self.ethertype(ethertype::IPV6, span),
            Proto::Arp => return self.ethertype(ethertype::ARP, span),
            Proto::Rarp => return self.ethertype(ethertype::RARP, span),
            Proto::Atalk => return self.ethertype(ethertype::ATALK, span),
            Proto::Aarp => return self.ethertype(ethertype::AARP, span),
            Proto::Decnet => return self.ethertype(ethertype::DECNET, span),
            Proto::Lat => return self.ethertype(ethertype::LAT, span),
            Proto::Sca => return self.ethertype(ethertype::SCA, span),
            Proto::Moprc => return self.ethertype(ethertype::MOPRC, span),
            Proto::Mopdl => return self.ethertype(ethertype::MOPDL, span),
            Proto::Iso => return self.ethertype(sap::ISO, span),
            Proto::Stp => return self.ethertype(sap::STP, span),
            Proto::Ipx => return self.ethertype(sap::IPX, span),
            Proto::Netbeui => return self.ethertype(sap::NETBEUI, span),
            Proto::Tcp => (None, 6),
            Proto::Udp => (None, 17),
            Proto::Sctp => (None, 132),
            Proto::Pim => (None, 103),
            Proto::Ah => (None, 51),
            Proto::Esp => (None, 50),
            Proto::Icmp => (Some(Proto::Ip), 1),
            Proto::Igmp => (Some(Proto::Ip), 2),
            Proto::Igrp => (Some(Proto::Ip), 9),
            Proto::Vrrp | Proto::Carp => (Some(Proto::Ip), 112),
            Proto::Icmp6 => (Some(Proto::Ip6), 58),
            Proto::Esis => (Some(Proto::Iso), ESIS),
            Proto::Isis => (Some(Proto::Iso), ISIS),
            Proto::Clnp => (Some(Proto::Iso), CLNP),
            Proto::L1 => return self.any_isis(&[26, 24, 18, 15, 17], span),
            Proto::L2 => return self.any_isis(&[27, 25, 20, 16, 17], span),
            Proto::Iih => return self.any_isis(&[17, 15, 16], span),
            Proto::Lsp => return self.any_isis(&[18, 20], span),
            Proto::Snp => return self.any_isis(&[27, 26, 24, 25], span),
            Proto::Csnp => return self.any_isis(&[24, 25], span),
            Proto::Psnp => return self.any_isis(&[26, 27], span),
        };
        self.numbered(below, number, span)
    }

    /// Whether what `below` carries has this number.
    pub(super) fn numbered(&mut self, below: Option<Proto>, number: u32, span: &Range<usize>) -> Lowered {
        match below {
            None => {
                let v4 = self.numbered(Some(Proto::Ip), number, span)?;
                Ok(v4.or(self.numbered(Some(Proto::Ip6), number, span)?))
            }
            Some(Proto::Link) => self.ethertype(number, span),
            Some(Proto::Ip) => {
                let ip = self.ethertype(ethertype::IPV4, span)?;
                Ok(ip.and(self.network_is(Width::Byte, 9, number, span)?))
            }
            // In the fixed header, or in a fragment header behind it.
            Some(Proto::Ip6) => {
                let ip = self.ethertype(ethertype::IPV6, span)?;
                let fragment = self.network_is(Width::Byte, 6, FRAGMENT, span)?;
                let behind = fragment.and(self.network_is(Width::Byte, 40, number, span)?);
                Ok(ip.and(self.network_is(Width::Byte, 6, number, span)?.or(behind)))
            }
            Some(Proto::Iso) => self.osi(number, span),
            Some(Proto::Isis) => {
                let isis = self.osi(ISIS, span)?;
                Ok(isis.and(self.after_llc_is(4, number, span)?))
            }
            Some(other) => {
                let what = format!("'{}' carries no protocols by number", other.word());
                Err(Complaint::new(span, what)
                    .hint("there are 'ether proto', 'ip proto', 'ip6 proto', and 'proto' for the last two"))
            }
        }
    }

    fn osi(&mut self, number: u32, span: &Range<usize>) -> Lowered {
        let iso = self.ethertype(sap::ISO, span)?;
        let offset = u32::from(self.place.layer == super::link::Layer::CiscoHdlc);
        Ok(iso.and(self.after_llc_is(offset, number, span)?))
    }

    fn after_llc_is(&mut self, offset: u32, number: u32, span: &Range<usize>) -> Lowered {
        let begin = self.place.payload.wrapping_add(self.place.network_after_llc);
        let value = self.load(Width::Byte, None, begin.wrapping_add(offset), span)?;
        Ok(self.values.ask_number(Rel::Eq, value, number))
    }

    fn any_isis(&mut self, kinds: &[u32], span: &Range<usize>) -> Lowered {
        let mut any = Cond::Known(false);
        for kind in kinds {
            any = any.or(self.numbered(Some(Proto::Isis), *kind, span)?);
        }
        Ok(any)
    }

    /// Whether a header of this protocol is in the chain that begins with IP's.
    pub(super) fn chain(&mut self, below: Option<Proto>, proto: u32, span: &Range<usize>) -> Lowered {
        let (carried, first, offset, v6) = match below {
            None => {
                let v4 = self.chain(Some(Proto::Ip), proto, span)?;
                return Ok(v4.or(self.chain(Some(Proto::Ip6), proto, span)?));
            }
            Some(Proto::Ip) => {
                let carried = self.ethertype(ethertype::IPV4, span)?;
                (carried, self.network(Width::Byte, 9, span)?, self.v4_header_len(span)?, false)
            }
            Some(Proto::Ip6) => {
                let carried = self.ethertype(ethertype::IPV6, span)?;
                (carried, self.network(Width::Byte, 6, span)?, self.values.number(40), true)
            }
            Some(other) => {
                let what = format!("'{}' has no chain of headers", other.word());
                return Err(Complaint::new(span, what).hint("'ip' and 'ip6' have"));
            }
        };
        if matches!(carried, Cond::Known(false)) {
            return Ok(carried);
        }
        // Where the headers begin, as the program will find them.
        let begin = self.network(Width::Byte, 0, span)?;
        let crate::capture::filter::value::Value::Load { k: base, .. } = self.values.value(begin) else {
            return Err(Complaint::new(span, "there is no way to follow headers here"));
        };
        let number = self.walks;
        self.walks += 1;
        Ok(carried.and(Cond::Follow(Follow { proto, v6, first, offset, base, number })))
    }
}
