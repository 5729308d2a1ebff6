//! Ports of TCP, UDP and SCTP.

use std::ops::{Range, RangeInclusive};

use super::host::sides;
use super::link::ethertype;
use super::{Lower, Lowered};
use crate::capture::filter::error::Complaint;
use crate::capture::filter::names::{Over, service};
use crate::capture::filter::tree::{Dir, Kind, Named, Proto, Qualifiers};
use crate::capture::filter::value::{Rel, Width};
use crate::capture::filter::words::near;

const TCP: u32 = 6;
const UDP: u32 = 17;
const SCTP: u32 = 132;

/// What the place of a port is counted from.
#[derive(Clone, Copy)]
enum Behind {
    V4,
    V6,
}

impl Lower<'_> {
    pub(super) fn port(&mut self, qualifiers: Qualifiers, named: &Named, span: &Range<usize>) -> Lowered {
        let word = qualifiers.kind.map_or("port", Kind::word);
        let asked = match qualifiers.proto {
            None => Over::Any,
            Some(Proto::Tcp) => Over::Tcp,
            Some(Proto::Udp) => Over::Udp,
            Some(Proto::Sctp) => Over::Sctp,
            Some(other) => {
                let what = format!("'{}' has no ports", other.word());
                return Err(Complaint::new(span, what).hint("'tcp', 'udp' and 'sctp' have"));
            }
        };
        let (ports, over) = match named {
            Named::Number(number) => match u16::try_from(*number) {
                Ok(port) => (port..=port, Over::Any),
                Err(_) => return Err(Complaint::new(span, format!("{number} is no port: they end at 65535"))),
            },
            Named::Name(name) if qualifiers.kind == Some(Kind::PortRange) => range(name, span)?,
            Named::Name(name) => {
                let (port, over) = service(name).ok_or_else(|| no_service(name, span))?;
                (port..=port, over)
            }
            Named::V4 { .. } | Named::V4Net { .. } | Named::V6 { .. } | Named::Mac(_) => {
                return Err(Complaint::new(span, format!("this is an address, and no {word}")));
            }
        };
        let over = both(asked, over).ok_or_else(|| wrong_transport(named, asked, over, span))?;
        let v6 = self.ports_over(Behind::V6, &ports, over, qualifiers.dir, span)?;
        Ok(v6.or(self.ports_over(Behind::V4, &ports, over, qualifiers.dir, span)?))
    }

    fn ports_over(
        &mut self,
        behind: Behind,
        ports: &RangeInclusive<u16>,
        over: Over,
        dir: Dir,
        span: &Range<usize>,
    ) -> Lowered {
        let ip = match behind {
            Behind::V4 => ethertype::IPV4,
            Behind::V6 => ethertype::IPV6,
        };
        let ip = self.ethertype(ip, span)?;
        let mut one = |proto| self.ports_of(behind, ports, proto, dir, span);
        let any = match over {
            Over::Tcp => one(TCP)?,
            Over::Udp => one(UDP)?,
            Over::Sctp => one(SCTP)?,
            Over::Any => {
                let tcp_or_udp = one(TCP)?.or(one(UDP)?);
                one(SCTP)?.or(tcp_or_udp)
            }
        };
        Ok(ip.and(any))
    }

    fn ports_of(
        &mut self,
        behind: Behind,
        ports: &RangeInclusive<u16>,
        proto: u32,
        dir: Dir,
        span: &Range<usize>,
    ) -> Lowered {
        let carried = match behind {
            // Only the first fragment has ports.
            Behind::V4 => self.network_is(Width::Byte, 9, proto, span)?.and(self.first_fragment(span)?),
            Behind::V6 => self.network_is(Width::Byte, 6, proto, span)?,
        };
        Ok(carried.and(sides(dir, [0, 2], |offset| self.port_at(behind, offset, ports, span))?))
    }

    fn port_at(&mut self, behind: Behind, offset: u32, ports: &RangeInclusive<u16>, span: &Range<usize>) -> Lowered {
        let value = match behind {
            Behind::V4 => self.behind_v4(Width::Half, offset, span)?,
            Behind::V6 => self.network(Width::Half, 40 + offset, span)?,
        };
        let (least, most) = (u32::from(*ports.start()), u32::from(*ports.end()));
        if least == most {
            return Ok(self.values.ask_number(Rel::Eq, value, least));
        }
        let not_less = self.values.ask_number(Rel::Ge, value, least);
        Ok(not_less.and(!self.values.ask_number(Rel::Gt, value, most)))
    }

    /// Whether an IPv4 packet begins its datagram.
    pub(super) fn first_fragment(&mut self, span: &Range<usize>) -> Lowered {
        let place = self.network(Width::Half, 6, span)?;
        Ok(!self.values.ask_number(Rel::Set, place, 0x1fff))
    }
}

/// `1000-2000`, or the names of services in place of numbers.
fn range(text: &str, span: &Range<usize>) -> Result<(RangeInclusive<u16>, Over), Complaint> {
    let end = |text: &str| {
        if text.is_empty() || !text.bytes().all(|octet| octet.is_ascii_digit()) {
            return service(text).ok_or_else(|| no_service(text, span));
        }
        match text.parse() {
            Ok(port) => Ok((port, Over::Any)),
            Err(_) => Err(Complaint::new(span, format!("{text} is no port: they end at 65535"))),
        }
    };
    let Some((from, to)) = text.split_once('-') else {
        return Err(
            Complaint::new(span, format!("'{text}' is no range of ports")).hint("write two with a '-' between them")
        );
    };
    let ((from, over), (to, other)) = (end(from)?, end(to)?);
    let over = if over == other { over } else { Over::Any };
    Ok((from.min(to)..=from.max(to), over))
}

/// What both allow.
fn both(asked: Over, found: Over) -> Option<Over> {
    match (asked, found) {
        (one, other) if one == other => Some(one),
        (one, Over::Any) => Some(one),
        (Over::Any, other) => Some(other),
        _ => None,
    }
}

fn wrong_transport(named: &Named, asked: Over, found: Over, span: &Range<usize>) -> Complaint {
    let word = |over| match over {
        Over::Tcp => "TCP",
        Over::Udp => "UDP",
        Over::Sctp => "SCTP",
        Over::Any => "anything",
    };
    let name = if let Named::Name(name) = named { name } else { "this" };
    Complaint::new(span, format!("'{name}' is found over {}, not over {}", word(found), word(asked)))
        .hint("write the port as a number")
}

fn no_service(name: &str, span: &Range<usize>) -> Complaint {
    let complaint = Complaint::new(span, format!("'{name}' is no service that synfin knows"));
    match near(name) {
        Some(word) => complaint.hint(format!("write the port as a number; or is it '{word}'?")),
        None => complaint.hint("write the port as a number"),
    }
}
