//! Link layers: where their fields are, and how each says what it carries.

use std::fmt;
use std::ops::Range;

use super::{Lower, Lowered, Place};
use crate::capture::filter::error::Complaint;
use crate::capture::filter::tree::{LlcFrame, Proto};
use crate::capture::filter::value::{Cond, Rel, Width};
use crate::capture::frame::Link;

/// The link layers that filters know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Layer {
    Ethernet,
    Raw,
    Sll,
    Sll2,
    Null,
    Loop,
    Ppp,
    Pppoe,
    /// PPP inside PPPoE inside something else.
    InnerPpp,
    CiscoHdlc,
    Fddi,
}

impl Layer {
    pub(super) const fn of(link: Link) -> Option<Self> {
        const FDDI: u16 = 10;
        const CISCO_HDLC: u16 = 104;
        Some(match link {
            Link::Ethernet => Self::Ethernet,
            Link::Raw => Self::Raw,
            Link::Sll => Self::Sll,
            Link::Sll2 => Self::Sll2,
            Link::Null => Self::Null,
            Link::Loop => Self::Loop,
            Link::Ppp => Self::Ppp,
            Link::Pppoe => Self::Pppoe,
            Link::Other(CISCO_HDLC) => Self::CiscoHdlc,
            Link::Other(FDDI) => Self::Fddi,
            Link::Other(_) => return None,
        })
    }
}

/// As people call it.
impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ethernet => "Ethernet",
            Self::Raw => "raw IP",
            Self::Sll => "Linux cooked frames",
            Self::Sll2 => "Linux cooked frames (v2)",
            Self::Null | Self::Loop => "BSD loopback frames",
            Self::Ppp | Self::InnerPpp => "PPP",
            Self::Pppoe => "PPPoE",
            Self::CiscoHdlc => "Cisco HDLC",
            Self::Fddi => "FDDI",
        })
    }
}

impl Place {
    /// Where a frame's headers are before any tunnel is entered.
    pub(super) const fn of(layer: Layer) -> Self {
        let (ethertype, payload, network, network_after_llc) = match layer {
            Layer::Ethernet => (12, 14, 0, 3),
            Layer::Raw => (0, 0, 0, 0),
            Layer::Sll => (14, 16, 0, 0),
            Layer::Sll2 => (0, 20, 0, 0),
            Layer::Null | Layer::Loop => (0, 4, 0, 0),
            Layer::Ppp | Layer::CiscoHdlc => (2, 4, 0, 0),
            Layer::Pppoe => (6, 8, 0, 0),
            Layer::InnerPpp => (0, 2, 0, 0),
            Layer::Fddi => (13, 13, 8, 3),
        };
        Self { layer, header: 0, ethertype, payload, network, network_after_llc, labels: 0 }
    }
}

pub(super) mod ethertype {
    pub(in super::super) const IPV4: u32 = 0x0800;
    pub(in super::super) const ARP: u32 = 0x0806;
    pub(in super::super) const RARP: u32 = 0x8035;
    pub(in super::super) const IPV6: u32 = 0x86dd;
    pub(in super::super) const ATALK: u32 = 0x809b;
    pub(in super::super) const AARP: u32 = 0x80f3;
    pub(in super::super) const IPX: u32 = 0x8137;
    pub(in super::super) const XNS: u32 = 0x0600;
    pub(in super::super) const DECNET: u32 = 0x6003;
    pub(in super::super) const LAT: u32 = 0x6004;
    pub(in super::super) const SCA: u32 = 0x6007;
    pub(in super::super) const MOPDL: u32 = 0x6001;
    pub(in super::super) const MOPRC: u32 = 0x6002;
    pub(in super::super) const MPLS: u32 = 0x8847;
    pub(in super::super) const PPPOE_DISCOVERY: u32 = 0x8863;
    pub(in super::super) const PPPOE_SESSION: u32 = 0x8864;
    pub(in super::super) const VLAN_TAGS: [u32; 3] = [0x8100, 0x88a8, 0x9100];
}

/// Service access points of IEEE 802.2: they stand where an ethertype may, and are smaller.
pub(super) mod sap {
    pub(in super::super) const STP: u32 = 0x42;
    pub(in super::super) const IP: u32 = 0x06;
    pub(in super::super) const IPX: u32 = 0xe0;
    pub(in super::super) const NETBEUI: u32 = 0xf0;
    pub(in super::super) const ISO: u32 = 0xfe;
}

mod ppp {
    pub(super) const IPV4: u32 = 0x0021;
    pub(super) const OSI: u32 = 0x0023;
    pub(super) const XNS: u32 = 0x0025;
    pub(super) const DECNET: u32 = 0x0027;
    pub(super) const APPLETALK: u32 = 0x0029;
    pub(super) const IPX: u32 = 0x002b;
    pub(super) const BRIDGE: u32 = 0x0031;
    pub(super) const IPV6: u32 = 0x0057;
}

/// The largest value that is a length and not a type (IEEE 802.3 §3.2.6).
const MAX_LENGTH: u32 = 1500;
/// What the protocol field of a cooked header holds over IEEE 802.3 without LLC, and over LLC.
const COOKED_802_3: u32 = 1;
const COOKED_LLC: u32 = 4;
/// The organisation whose codes in SNAP are ethertypes, and AppleTalk's own.
const ETHERNET_ORGANISATION: u32 = 0;
const APPLE: u32 = 0x08_0007;

impl Lower<'_> {
    /// Whether the link layer carries the protocol: an ethertype, or a service access point.
    pub(super) fn ethertype(&mut self, proto: u32, span: &Range<usize>) -> Lowered {
        if self.place.labels > 0 {
            return self.below_labels(proto, span);
        }
        match self.place.layer {
            Layer::Ethernet => self.on_ethernet(proto, span),
            Layer::CiscoHdlc if proto == sap::ISO => self.type_is(sap::ISO << 8 | sap::ISO, span),
            Layer::CiscoHdlc | Layer::Sll2 => self.type_is(proto, span),
            Layer::Fddi => self.in_llc(proto, span),
            Layer::Sll => self.on_cooked(proto, span),
            Layer::Ppp | Layer::Pppoe | Layer::InnerPpp => self.type_is(ppp_protocol(proto), span),
            Layer::Raw => match proto {
                ethertype::IPV4 => self.network_has_version(4, span),
                ethertype::IPV6 => self.network_has_version(6, span),
                _ => Ok(Cond::Known(false)),
            },
            Layer::Null | Layer::Loop => match proto {
                ethertype::IPV4 => self.family(2, span),
                // NetBSD and OpenBSD, FreeBSD, Darwin.
                ethertype::IPV6 => Ok(self.family(24, span)?.or(self.family(28, span)?).or(self.family(30, span)?)),
                _ => Ok(Cond::Known(false)),
            },
        }
    }

    pub(super) fn type_is(&mut self, proto: u32, span: &Range<usize>) -> Lowered {
        let value = self.load(Width::Half, None, self.place.ethertype, span)?;
        Ok(self.values.ask_number(Rel::Eq, value, proto))
    }

    /// Whether the type field holds a length, so that LLC follows.
    fn is_length(&mut self, span: &Range<usize>) -> Lowered {
        let value = self.load(Width::Half, None, self.place.ethertype, span)?;
        Ok(!self.values.ask_number(Rel::Gt, value, MAX_LENGTH))
    }

    fn llc_is(&mut self, width: Width, offset: u32, number: u32, span: &Range<usize>) -> Lowered {
        let value = self.load(width, None, self.place.payload.wrapping_add(offset), span)?;
        Ok(self.values.ask_number(Rel::Eq, value, number))
    }

    /// Whether LLC and SNAP say that it is this.
    fn snap(&mut self, organisation: u32, proto: u32, span: &Range<usize>) -> Lowered {
        let low = (organisation & 0xffff) << 16 | proto;
        let high = 0xaaaa_0300 | organisation >> 16;
        Ok(self.llc_is(Width::Word, 4, low, span)?.and(self.llc_is(Width::Word, 0, high, span)?))
    }

    fn on_ethernet(&mut self, proto: u32, span: &Range<usize>) -> Lowered {
        Ok(match proto {
            sap::ISO | sap::IP | sap::NETBEUI => {
                self.is_length(span)?.and(self.llc_is(Width::Half, 0, proto << 8 | proto, span)?)
            }
            // By its type, without LLC, with LLC alone, and with SNAP.
            sap::IPX => {
                let snap = self.snap(ETHERNET_ORGANISATION, ethertype::IPX, span)?;
                let llc = self.llc_is(Width::Byte, 0, sap::IPX, span)?.or(self.llc_is(Width::Half, 0, 0xffff, span)?);
                let either = self.is_length(span)?.and(snap.or(llc));
                self.type_is(ethertype::IPX, span)?.or(either)
            }
            ethertype::ATALK | ethertype::AARP => {
                let organisation = if proto == ethertype::ATALK { APPLE } else { ETHERNET_ORGANISATION };
                let snap = self.is_length(span)?.and(self.snap(organisation, proto, span)?);
                self.type_is(proto, span)?.or(snap)
            }
            0..=MAX_LENGTH => self.is_length(span)?.and(self.llc_is(Width::Byte, 0, proto, span)?),
            _ => self.type_is(proto, span)?,
        })
    }

    fn on_cooked(&mut self, proto: u32, span: &Range<usize>) -> Lowered {
        let llc = self.type_is(COOKED_LLC, span)?;
        Ok(match proto {
            sap::ISO | sap::IP | sap::NETBEUI => llc.and(self.llc_is(Width::Half, 0, proto << 8 | proto, span)?),
            sap::IPX => {
                let snap = self.snap(ETHERNET_ORGANISATION, ethertype::IPX, span)?;
                let in_llc = llc.and(self.llc_is(Width::Byte, 0, sap::IPX, span)?.or(snap));
                let rest = self.type_is(COOKED_802_3, span)?.or(in_llc);
                self.type_is(ethertype::IPX, span)?.or(rest)
            }
            ethertype::ATALK | ethertype::AARP => {
                let organisation = if proto == ethertype::ATALK { APPLE } else { ETHERNET_ORGANISATION };
                let snap = llc.and(self.snap(organisation, proto, span)?);
                self.type_is(proto, span)?.or(snap)
            }
            0..=MAX_LENGTH => llc.and(self.llc_is(Width::Byte, 0, proto, span)?),
            _ => self.type_is(proto, span)?,
        })
    }

    /// Where every frame has LLC. An ethertype is looked for where SNAP has it, as libpcap does,
    /// without asking whether there is SNAP.
    fn in_llc(&mut self, proto: u32, span: &Range<usize>) -> Lowered {
        match proto {
            sap::ISO | sap::IP | sap::NETBEUI => self.llc_is(Width::Half, 0, proto << 8 | proto, span),
            ethertype::ATALK => self.snap(APPLE, proto, span),
            0..=MAX_LENGTH => self.llc_is(Width::Byte, 0, proto, span),
            _ => self.llc_is(Width::Half, 6, proto, span),
        }
    }

    fn network_has_version(&mut self, version: u32, span: &Range<usize>) -> Lowered {
        self.network_has(Width::Byte, 0, version << 4, 0xf0, span)
    }

    /// The address family of a loopback frame. With NULL it is in the byte order of the host that
    /// captured, which the frame does not tell: either is taken.
    fn family(&mut self, family: u32, span: &Range<usize>) -> Lowered {
        let found = self.header_is(Width::Word, 0, family, span)?;
        if self.place.layer == Layer::Loop {
            return Ok(found);
        }
        Ok(self.header_is(Width::Word, 0, family.swap_bytes(), span)?.or(found))
    }

    /// What is below a stack of labels is told by nothing but its own first bits.
    fn below_labels(&mut self, proto: u32, span: &Range<usize>) -> Lowered {
        let version = match proto {
            ethertype::IPV4 => 4,
            ethertype::IPV6 => 6,
            _ => return Err(Complaint::new(span, "below an MPLS label there are only IP and IPv6")),
        };
        let bottom = self.network_has(Width::Byte, 2u32.wrapping_neg(), 1, 1, span)?;
        Ok(bottom.and(self.network_has_version(version, span)?))
    }

    /// Whether there is LLC, and a certain frame of it.
    pub(super) fn llc(&mut self, frame: Option<LlcFrame>, span: &Range<usize>) -> Lowered {
        let any = match self.place.layer {
            // Novell's frames without LLC begin with ones.
            Layer::Ethernet => self.is_length(span)?.and(!self.llc_is(Width::Half, 0, 0xffff, span)?),
            Layer::Fddi => Cond::Known(true),
            other => return Err(Complaint::new(span, format!("there is no LLC on {other}"))),
        };
        let Some(frame) = frame else { return Ok(any) };
        let control = self.load(Width::Byte, None, self.place.payload.wrapping_add(2), span)?;
        let (mask, bits) = match frame {
            LlcFrame::Information => {
                let clear = !self.values.ask_number(Rel::Set, control, 1);
                return Ok(any.and(clear));
            }
            LlcFrame::Supervisory => (0x03, 0x01),
            LlcFrame::Unnumbered => (0x03, 0x03),
            LlcFrame::Supervising(bits) => (0x0f, bits),
            LlcFrame::Command(bits) => (0xef, bits),
        };
        let masked = self.values.masked(control, mask);
        Ok(any.and(self.values.ask_number(Rel::Eq, masked, bits)))
    }

    /// Whether the six octets of a hardware address at `offset` are these; the last ones first.
    pub(super) fn mac_is(&mut self, offset: u32, mac: [u8; 6], span: &Range<usize>) -> Lowered {
        let bits = mac.iter().fold(0_u64, |bits, octet| bits << 8 | u64::from(*octet));
        let low = self.header_is(Width::Word, offset + 2, bits as u32, span)?;
        let high = self.header_is(Width::Half, offset, (bits >> 32) as u32, span)?;
        Ok(low.and(high))
    }

    /// Where the hardware addresses are: destination and source.
    pub(super) fn macs(&self) -> Option<[u32; 2]> {
        match self.place.layer {
            Layer::Ethernet => Some([0, 6]),
            Layer::Fddi => Some([1, 7]),
            _ => None,
        }
    }

    pub(super) fn broadcast(&mut self, proto: Option<Proto>, span: &Range<usize>) -> Lowered {
        match proto {
            None | Some(Proto::Link) => match self.macs() {
                Some([dst, _]) => self.mac_is(dst, [0xff; 6], span),
                None => Err(Complaint::new(span, format!("{} has no broadcasts", self.place.layer))),
            },
            // The network's own mask is not known: only the addresses that mean everyone everywhere.
            Some(Proto::Ip) => {
                let ip = self.ethertype(ethertype::IPV4, span)?;
                let none = self.network_is(Width::Word, 16, 0, span)?;
                let all = self.network_is(Width::Word, 16, u32::MAX, span)?;
                Ok(ip.and(none.or(all)))
            }
            Some(other) => Err(Complaint::new(span, format!("'{}' has no broadcasts", other.word()))
                .hint("there are 'ether broadcast' and 'ip broadcast'")),
        }
    }

    pub(super) fn multicast(&mut self, proto: Option<Proto>, span: &Range<usize>) -> Lowered {
        match proto {
            None | Some(Proto::Link) => match self.macs() {
                Some([dst, _]) => {
                    let first = self.header(Width::Byte, dst, span)?;
                    Ok(self.values.ask_number(Rel::Set, first, 1))
                }
                None => Err(Complaint::new(span, format!("{} has no multicasts", self.place.layer))
                    .hint("there are 'ip multicast' and 'ip6 multicast'")),
            },
            Some(Proto::Ip) => {
                let ip = self.ethertype(ethertype::IPV4, span)?;
                let first = self.network(Width::Byte, 16, span)?;
                Ok(ip.and(self.values.ask_number(Rel::Ge, first, 224)))
            }
            Some(Proto::Ip6) => {
                let ip = self.ethertype(ethertype::IPV6, span)?;
                Ok(ip.and(self.network_is(Width::Byte, 24, 255, span)?))
            }
            Some(other) => Err(Complaint::new(span, format!("'{}' has no multicasts", other.word()))
                .hint("there are 'ether multicast', 'ip multicast' and 'ip6 multicast'")),
        }
    }
}

/// PPP's number for what Ethernet has another for (RFC 1661 §2, and the IANA registry).
fn ppp_protocol(proto: u32) -> u32 {
    match proto {
        ethertype::IPV4 => ppp::IPV4,
        ethertype::IPV6 => ppp::IPV6,
        ethertype::DECNET => ppp::DECNET,
        ethertype::ATALK => ppp::APPLETALK,
        ethertype::XNS => ppp::XNS,
        sap::ISO => ppp::OSI,
        sap::STP => ppp::BRIDGE,
        sap::IPX => ppp::IPX,
        other => other,
    }
}
