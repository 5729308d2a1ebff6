//! Octets of headers, sums of them, and comparisons.
//!
//! A comparison of octets asks first whether the packet has the header at all. libpcap asks that for
//! the left operand of a sum only, and so it is here.

use std::ops::Range;

use super::link::ethertype;
use super::{Lower, Lowered};
use crate::capture::filter::error::Complaint;
use crate::capture::filter::tree::{Compare, Proto, Sum};
use crate::capture::filter::value::{Cond, Id, Op, Rel, Width};

/// A number, and what has to hold for it to make sense.
struct Operand {
    value: Id,
    given: Option<Cond>,
}

impl Lower<'_> {
    pub(super) fn compare(&mut self, a: &Sum, how: Compare, b: &Sum) -> Lowered {
        let a = self.sum(a)?;
        let b = self.sum(b)?;
        let (rel, holds) = match how {
            Compare::Eq => (Rel::Eq, true),
            Compare::Ne => (Rel::Eq, false),
            Compare::Gt => (Rel::Gt, true),
            Compare::Le => (Rel::Gt, false),
            Compare::Ge => (Rel::Ge, true),
            Compare::Lt => (Rel::Ge, false),
        };
        let asked = self.values.ask(rel, a.value, b.value);
        let asked = if holds { asked } else { !asked };
        Ok(match (a.given, b.given) {
            (None, None) => asked,
            (Some(given), None) | (None, Some(given)) => given.and(asked),
            (Some(one), Some(other)) => one.and(other).and(asked),
        })
    }

    fn sum(&mut self, sum: &Sum) -> Result<Operand, Complaint> {
        Ok(match sum {
            Sum::Number(number) => Operand { value: self.values.number(*number), given: None },
            Sum::Len => Operand { value: self.view.len(self.values), given: None },
            Sum::Negative(inner) => {
                let inner = self.sum(inner)?;
                let zero = self.values.number(0);
                // Nothing is divided.
                let value = self.values.calc(Op::Sub, zero, inner.value).unwrap_or(zero);
                Operand { value, given: inner.given }
            }
            Sum::Calc { op, a, b, span: sign } => {
                let left = self.sum(a)?;
                let right = self.sum(b)?;
                if let (Op::Shl | Op::Shr, Sum::Number(32..)) = (op, &**b) {
                    return Err(Complaint::new(sign, "a number has only 32 bits to shift by"));
                }
                if let Op::Shl | Op::Shr = op
                    && self.view.kernel
                    && self.values.constant(right.value).is_none()
                {
                    let what = "the kernel shifts by the lower five bits of a number only";
                    return Err(Complaint::new(sign, what).hint("shift by a constant"));
                }
                let value = self
                    .values
                    .calc(*op, left.value, right.value)
                    .ok_or_else(|| Complaint::new(sign, "this divides by zero"))?;
                Operand { value, given: left.given }
            }
            Sum::Octets { proto, at, width, span } => self.octets(*proto, at, *width, span)?,
        })
    }

    /// `proto[at:width]`.
    fn octets(&mut self, proto: Proto, at: &Sum, width: u32, span: &Range<usize>) -> Result<Operand, Complaint> {
        let at = self.sum(at)?;
        let width = match width {
            1 => Width::Byte,
            2 => Width::Half,
            4 => Width::Word,
            _ => return Err(Complaint::new(span, "1, 2 or 4 octets make a number")),
        };
        let (value, given) = match proto {
            Proto::Link => (self.load(width, Some(at.value), self.place.header, span)?, at.given),
            Proto::Ip
            | Proto::Ip6
            | Proto::Arp
            | Proto::Rarp
            | Proto::Atalk
            | Proto::Decnet
            | Proto::Sca
            | Proto::Lat
            | Proto::Moprc
            | Proto::Mopdl => {
                let is = self.proto(proto, span)?;
                (self.load(width, Some(at.value), self.place.network_header(), span)?, Some(also(at.given, is)))
            }
            Proto::Tcp
            | Proto::Udp
            | Proto::Sctp
            | Proto::Icmp
            | Proto::Igmp
            | Proto::Igrp
            | Proto::Pim
            | Proto::Vrrp
            | Proto::Carp => {
                let ip = self.ethertype(ethertype::IPV4, span)?;
                let is = self.proto(proto, span)?;
                let first = self.first_fragment(span)?;
                let ip = match at.given {
                    Some(given) => ip.and(given),
                    None => ip,
                };
                let len = self.v4_header_len(span)?;
                let at = self.values.plus(len, at.value);
                (self.load(width, Some(at), self.place.network_header(), span)?, Some(ip.and(is).and(first)))
            }
            // Behind the fixed header alone: extension headers are not stepped over.
            Proto::Icmp6 => {
                let is = self.ethertype(ethertype::IPV6, span)?;
                let is = also(at.given, is);
                let carried = self.network_is(Width::Byte, 6, 58, span)?;
                let begin = self.place.network_header().wrapping_add(40);
                (self.load(width, Some(at.value), begin, span)?, Some(is.and(carried)))
            }
            Proto::Ah
            | Proto::Esp
            | Proto::Aarp
            | Proto::Iso
            | Proto::Esis
            | Proto::Isis
            | Proto::L1
            | Proto::L2
            | Proto::Iih
            | Proto::Lsp
            | Proto::Snp
            | Proto::Csnp
            | Proto::Psnp
            | Proto::Clnp
            | Proto::Stp
            | Proto::Ipx
            | Proto::Netbeui => {
                let what = format!("there is no telling where the header of '{}' begins", proto.word());
                return Err(Complaint::new(span, what).hint("'ether', 'ip' and 'ip6' have octets too"));
            }
        };
        Ok(Operand { value, given })
    }
}

/// What was given before, and this.
fn also(given: Option<Cond>, more: Cond) -> Cond {
    match given {
        Some(given) => given.and(more),
        None => more,
    }
}
