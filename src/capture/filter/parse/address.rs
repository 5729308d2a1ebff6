//! What stands behind qualifiers: addresses, ports, protocols, and lists of them.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::{Element, Parser, is_word};
use crate::capture::filter::error::Complaint;
use crate::capture::filter::lex::Token;
use crate::capture::filter::tree::{Item, Kind, Named, Qualifiers, What};

impl Parser {
    /// An address, several of them in parentheses, or not that.
    pub(super) fn address(&mut self, qualifiers: Qualifiers) -> Result<Item, Complaint> {
        let start = self.start();
        let negated = self.negated();
        if let Some(number) = self.number() {
            let what = What::Matches(qualifiers, Named::Number(number));
            return Ok(Item { negated, ..self.item(what, start) });
        }
        let item = if self.sees_sign("(") {
            match self.group(Some(qualifiers))? {
                Element::Bare(item) => item,
                Element::Term(item, _) => return Err(Complaint::new(&item.span, "addresses have to stand here")),
                Element::Sum(_) => return Err(Complaint::new(&self.since(start), "addresses have to stand here")),
            }
        } else {
            self.named(qualifiers)?
        };
        Ok(Item { negated: item.negated != negated, span: self.since(start), ..item })
    }

    /// One address or name.
    pub(super) fn named(&mut self, qualifiers: Qualifiers) -> Result<Item, Complaint> {
        let start = self.start();
        let span = self.span();
        let kind = qualifiers.kind;
        let named = match self.next() {
            Token::V4(text) => self.v4(&text, &span, kind)?,
            Token::V6(addr) => {
                let prefix = if self.takes_sign("/") { self.plain_number("/")? } else { 128 };
                v6(addr, prefix, &self.since(start), kind)?
            }
            Token::Mac(mac) => Named::Mac(mac),
            Token::Name(name) => Named::Name(name),
            _ => {
                self.at -= 1;
                return Err(self.no_address(kind));
            }
        };
        Ok(self.item(What::Matches(qualifiers, named), start))
    }

    fn no_address(&self, kind: Option<Kind>) -> Complaint {
        let wanted = match kind {
            None | Some(Kind::Host) => "an address has to stand here",
            Some(Kind::Net) => "a network has to stand here",
            Some(Kind::Port) => "a port has to stand here",
            Some(Kind::PortRange) => "a range of ports, such as 1000-2000, has to stand here",
            Some(Kind::Proto | Kind::ProtoChain) => "a protocol has to stand here",
        };
        let complaint = Complaint::new(&self.span(), wanted);
        match (kind, self.keyword_as_name()) {
            (Some(Kind::Proto | Kind::ProtoChain), Some(word)) if is_word(&word) => Complaint::new(
                &self.span(),
                format!("'{word}' is a word of the language here, not the name of a protocol"),
            )
            .hint(format!("write \\{word} (in a shell, quote it)")),
            _ => complaint,
        }
    }

    /// An IPv4 address, alone, with the length of a prefix, or with a mask.
    fn v4(&mut self, text: &str, span: &Range<usize>, kind: Option<Kind>) -> Result<Named, Complaint> {
        let start = span.start;
        let (addr, octets) = dotted(text, span)?;
        let mask = if self.takes_sign("/") {
            let prefix = self.plain_number("/")?;
            if prefix > 32 {
                return Err(Complaint::new(&self.since(start), "an IPv4 address has only 32 bits"));
            }
            Ipv4Addr::from_bits(u32::MAX.checked_shl(32 - prefix).unwrap_or(0))
        } else if self.takes("mask") {
            let span = self.span();
            let Token::V4(mask) = self.token().clone() else {
                return Err(Complaint::new(&span, "a mask such as 255.255.255.0 has to stand here"));
            };
            self.at += 1;
            dotted(&mask, &span)?.0
        } else {
            return match kind {
                None | Some(Kind::Host | Kind::Net) => Ok(Named::V4 { addr, octets }),
                Some(other) => Err(Complaint::new(span, format!("'{}' does not go with an address", other.word()))),
            };
        };
        let span = self.since(start);
        if addr.to_bits() & !mask.to_bits() != 0 {
            let right = Ipv4Addr::from_bits(addr.to_bits() & mask.to_bits());
            return Err(Complaint::new(&span, "the address has bits outside the mask")
                .hint(format!("the network is {right}{}", suffix(mask))));
        }
        if kind != Some(Kind::Net) {
            return Err(Complaint::new(&span, "this is a network").hint("write 'net' before it"));
        }
        Ok(Named::V4Net { addr, mask })
    }
}

/// `/24`, or ` mask ...` where the ones are not all in front.
fn suffix(mask: Ipv4Addr) -> String {
    let bits = mask.to_bits();
    if bits.leading_ones() + bits.trailing_zeros() >= 32 {
        format!("/{}", bits.leading_ones())
    } else {
        format!(" mask {mask}")
    }
}

fn v6(addr: Ipv6Addr, prefix: u32, span: &Range<usize>, kind: Option<Kind>) -> Result<Named, Complaint> {
    if prefix > 128 {
        return Err(Complaint::new(span, "an IPv6 address has only 128 bits"));
    }
    let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
    if addr.to_bits() & !mask != 0 {
        let right = Ipv6Addr::from_bits(addr.to_bits() & mask);
        return Err(Complaint::new(span, "the address has bits outside the prefix")
            .hint(format!("the network is {right}/{prefix}")));
    }
    match kind {
        Some(Kind::Net) => Ok(Named::V6 { addr, prefix }),
        None | Some(Kind::Host) if prefix == 128 => Ok(Named::V6 { addr, prefix }),
        None | Some(Kind::Host) => Err(Complaint::new(span, "this is a network").hint("write 'net' before it")),
        Some(other) => Err(Complaint::new(span, format!("'{}' does not go with an address", other.word()))),
    }
}

/// The octets that were written, from the left, and how many.
fn dotted(text: &str, span: &Range<usize>) -> Result<(Ipv4Addr, u32), Complaint> {
    let mut octets = [0; 4];
    let mut count = 0;
    for part in text.split('.') {
        // Decimal, whatever it begins with.
        let (Some(octet), Ok(value)) = (octets.get_mut(count), part.parse()) else {
            return Err(Complaint::new(span, format!("'{text}' is not an IPv4 address")));
        };
        *octet = value;
        count += 1;
    }
    Ok((Ipv4Addr::from(octets), count as u32))
}
