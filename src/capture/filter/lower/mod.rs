//! The tree into questions about octets, for one link type.
//!
//! Read from left to right, as libpcap does: `vlan`, `mpls` and `pppoes` move where the following
//! conditions look, whatever joins them, `not` and parentheses included.

mod host;
mod link;
mod octets;
mod port;
mod proto;
mod tags;

use std::ops::Range;

use super::error::Complaint;
use super::tree::{Item, Kind, Named, Proto, Qualifiers, Row, What};
use super::value::{Cond, Id, Op, Rel, Values, Width};
use super::view::{View, known};
use crate::capture::frame::Link;
use link::Layer;

/// What the row asks of frames on `link`, seen through `view`.
pub(super) fn lower(values: &mut Values, row: &Row, link: Link, view: View) -> Result<Cond, Complaint> {
    let Some(layer) = Layer::of(link) else {
        let span = row.span();
        let what = format!("synfin has no filters for link type {link}");
        return Err(Complaint::new(&span, what).hint("read the capture without a filter"));
    };
    Lower { values, view, place: Place::of(layer), walks: 0 }.row(row)
}

impl Row {
    /// From its first octet to its last.
    pub(super) fn span(&self) -> Range<usize> {
        let end = self.rest.last().map_or(self.first.span.end, |(_, item)| item.span.end);
        self.first.span.start..end
    }
}

/// Where the headers are that conditions look at. Changed by those that go into a tunnel.
#[derive(Clone, Copy, Debug)]
struct Place {
    layer: Layer,
    /// Where the link header begins.
    header: u32,
    /// Where its type field is.
    ethertype: u32,
    /// Where what follows it begins.
    payload: u32,
    /// From there to the network header, and to one that follows an LLC header without SNAP.
    network: u32,
    network_after_llc: u32,
    /// MPLS labels so far.
    labels: u32,
}

struct Lower<'a> {
    values: &'a mut Values,
    view: View,
    place: Place,
    walks: u32,
}

type Lowered = Result<Cond, Complaint>;

impl Lower<'_> {
    fn row(&mut self, row: &Row) -> Lowered {
        let mut cond = self.item(&row.first)?;
        for (join, item) in &row.rest {
            let next = self.item(item)?;
            cond = cond.join(*join, next);
        }
        Ok(cond)
    }

    fn item(&mut self, item: &Item) -> Lowered {
        let cond = self.what(&item.what, &item.span)?;
        Ok(if item.negated { !cond } else { cond })
    }

    fn what(&mut self, what: &What, span: &Range<usize>) -> Lowered {
        match what {
            What::Group(row) => self.row(row),
            What::Proto(proto) => self.proto(*proto, span),
            What::Matches(qualifiers, named) => self.matches(*qualifiers, named, span),
            What::Compare(a, how, b) => self.compare(a, *how, b),
            What::Broadcast(proto) => self.broadcast(*proto, span),
            What::Multicast(proto) => self.multicast(*proto, span),
            What::Less(most) => {
                let len = self.view.len(self.values);
                Ok(!self.values.ask_number(Rel::Gt, len, *most))
            }
            What::Greater(least) => {
                let len = self.view.len(self.values);
                Ok(self.values.ask_number(Rel::Ge, len, *least))
            }
            What::Inbound => Ok(!self.outbound(span)?),
            What::Outbound => self.outbound(span),
            What::Interface(number) => self.interface(*number, span),
            What::Vlan(id) => self.vlan(*id, span),
            What::Mpls(label) => self.mpls(*label, span),
            What::PppoeDiscovery => self.ethertype(link::ethertype::PPPOE_DISCOVERY, span),
            What::PppoeSession(id) => self.pppoe_session(*id, span),
            What::Llc(frame) => self.llc(*frame, span),
        }
    }

    fn matches(&mut self, qualifiers: Qualifiers, named: &Named, span: &Range<usize>) -> Lowered {
        match qualifiers.kind {
            None | Some(Kind::Host | Kind::Net) => self.host(qualifiers, named, span),
            Some(Kind::Port | Kind::PortRange) => self.port(qualifiers, named, span),
            Some(Kind::Proto) => {
                let number = protocol_number(qualifiers.proto, named, span)?;
                self.numbered(qualifiers.proto, number, span)
            }
            Some(Kind::ProtoChain) => {
                let number = protocol_number(qualifiers.proto, named, span)?;
                self.chain(qualifiers.proto, number, span)
            }
        }
    }

    /// Whether this host sent the packet.
    fn outbound(&mut self, span: &Range<usize>) -> Lowered {
        const OUTGOING: u32 = 4;
        let at = match self.place.layer {
            Layer::Sll => (Width::Half, 0),
            Layer::Sll2 => (Width::Byte, 10),
            _ if self.view.kernel => {
                let kind = self.values.load(Width::Half, None, known::PACKET_TYPE);
                return Ok(self.values.ask_number(Rel::Eq, kind, OUTGOING));
            }
            _ => {
                return Err(Complaint::new(
                    span,
                    format!("a capture of {} does not say which way a packet went", self.place.layer),
                )
                .hint("cooked captures do, as from '-i any'; or name the host: 'src host 192.0.2.1'"));
            }
        };
        self.header_is(at.0, at.1, OUTGOING, span)
    }

    fn interface(&mut self, number: u32, span: &Range<usize>) -> Lowered {
        if self.place.layer == Layer::Sll2 {
            return self.header_is(Width::Word, 4, number, span);
        }
        if self.view.kernel {
            let interface = self.values.load(Width::Word, None, known::INTERFACE);
            return Ok(self.values.ask_number(Rel::Eq, interface, number));
        }
        Err(Complaint::new(
            span,
            format!("a capture of {} does not say on which interface a packet was", self.place.layer),
        ))
    }
}

/// Loads, counted from one header or another.
impl Lower<'_> {
    fn load(&mut self, width: Width, at: Option<Id>, k: u32, span: &Range<usize>) -> Result<Id, Complaint> {
        match self.view.load(self.values, width, at, k) {
            Some(value) => Ok(value),
            // A frame with a tag is no IP packet at once: what is asked of one may never be asked.
            None if self.view.tag.is_some() => Ok(self.values.nowhere()),
            None => Err(not_shown(span)),
        }
    }

    /// From the link header on.
    fn header(&mut self, width: Width, offset: u32, span: &Range<usize>) -> Result<Id, Complaint> {
        self.load(width, None, self.place.header.wrapping_add(offset), span)
    }

    /// From the network header on.
    fn network(&mut self, width: Width, offset: u32, span: &Range<usize>) -> Result<Id, Complaint> {
        self.load(width, None, self.place.network_header().wrapping_add(offset), span)
    }

    /// From behind the IPv4 header on, however long it is.
    fn behind_v4(&mut self, width: Width, offset: u32, span: &Range<usize>) -> Result<Id, Complaint> {
        let len = self.v4_header_len(span)?;
        self.load(width, Some(len), self.place.network_header().wrapping_add(offset), span)
    }

    fn v4_header_len(&mut self, span: &Range<usize>) -> Result<Id, Complaint> {
        let first = self.network(Width::Byte, 0, span)?;
        let words = self.values.masked(first, 0xf);
        let two = self.values.number(2);
        // Nothing is divided.
        Ok(self.values.calc(Op::Shl, words, two).unwrap_or(words))
    }

    fn header_is(&mut self, width: Width, offset: u32, number: u32, span: &Range<usize>) -> Lowered {
        let value = self.header(width, offset, span)?;
        Ok(self.values.ask_number(Rel::Eq, value, number))
    }

    fn network_is(&mut self, width: Width, offset: u32, number: u32, span: &Range<usize>) -> Lowered {
        let value = self.network(width, offset, span)?;
        Ok(self.values.ask_number(Rel::Eq, value, number))
    }

    /// Whether the bits of the network header under the mask are these.
    fn network_has(&mut self, width: Width, offset: u32, bits: u32, mask: u32, span: &Range<usize>) -> Lowered {
        let value = self.network(width, offset, span)?;
        let masked = self.values.masked(value, mask);
        Ok(self.values.ask_number(Rel::Eq, masked, bits))
    }
}

/// Something that the kernel does not show to a filter.
pub(super) fn not_shown(span: &Range<usize>) -> Complaint {
    Complaint::new(span, "the kernel cannot look at this place in the link header of a live capture")
        .hint("capture without it, and filter the file")
}

impl Place {
    const fn network_header(self) -> u32 {
        self.payload.wrapping_add(self.network)
    }
}

fn protocol_number(below: Option<Proto>, named: &Named, span: &Range<usize>) -> Result<u32, Complaint> {
    match named {
        Named::Number(number) => Ok(*number),
        Named::Name(name) => super::names::protocol(name, below).ok_or_else(|| {
            let layer = below.map_or("", Proto::word);
            let what = if layer.is_empty() {
                format!("'{name}' is not the name of a protocol over IP")
            } else {
                format!("'{name}' is not the name of a protocol over {layer}")
            };
            Complaint::new(span, what).hint("its number does as well")
        }),
        Named::V4 { .. } | Named::V4Net { .. } | Named::V6 { .. } | Named::Mac(_) => {
            Err(Complaint::new(span, "this is an address, and no protocol"))
        }
    }
}
