//! What tshark and we read in the same frame, field by field.

use super::fields::{CHECKSUMS, FIELDS, Field, Layer, Value, View};
use super::rules;
use super::table::{Column, Row, Table};
use super::tally::{Difference, Peer, Rule, Tally};
use crate::capture::{Body, Packet, Record, Skip, Tcp};

/// What a frame carries, as far as a plain packet parser follows it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Tcp,
    Udp,
    Icmp,
    Arp,
    Other,
}

/// The columns of the packet table, and those of the table of checksums.
pub(super) struct Packets {
    protocols: Column,
    ip_layers: Column,
    fields: Vec<(&'static Field, Column)>,
    checksums: Vec<(&'static Field, Column)>,
    vlans: Column,
    sack: [Column; 2],
    time: Column,
    short: Column,
    malformed: Column,
    frag: [Column; 4],
}

impl Packets {
    pub(super) fn new(table: &Table, checksums: Option<&Table>) -> Self {
        let columns = |fields: &'static [Field], table: &Table| {
            fields.iter().map(|field| (field, table.column(field.name))).collect()
        };
        Self {
            protocols: table.column("frame.protocols"),
            ip_layers: table.column("ip_layers"),
            fields: columns(FIELDS, table),
            checksums: checksums.map(|table| columns(CHECKSUMS, table)).unwrap_or_default(),
            vlans: table.column("vlan.id"),
            sack: ["tcp.options.sack_le", "tcp.options.sack_re"].map(|name| table.column(name)),
            time: table.column("frame.time_epoch"),
            short: table.column("short"),
            malformed: table.column("malformed"),
            frag: ["ip.flags", "ip.frag_offset", "ipv6.fraghdr.offset", "ipv6.fraghdr.more"]
                .map(|name| table.column(name)),
        }
    }

    /// Compares one frame.
    pub(super) fn compare(
        &self,
        capture: &str,
        packet: &Packet<'_>,
        row: &Row<'_>,
        checksums: Option<&Row<'_>>,
        tally: &mut Tally,
    ) {
        let record = packet.record;
        let frame = Frame { of: self, capture, packet, row };
        let view = View {
            packet,
            ip: record.ip.as_ref(),
            tcp: if let Body::Tcp(tcp) = &record.body { Some(tcp) } else { None },
            udp: if let Body::Udp(udp) = &record.body { Some(udp) } else { None },
        };
        let theirs = kind_of(row.get(self.protocols));
        let ours = match record.body {
            Body::Tcp(_) => Kind::Tcp,
            Body::Udp(_) => Kind::Udp,
            Body::Icmp(_) => Kind::Icmp,
            Body::Arp(_) => Kind::Arp,
            Body::Skip(_) => Kind::Other,
        };
        tally.judge((Peer::Tshark, "decoded"), ours == theirs, || {
            let said = match record.body {
                Body::Skip(skip) => skip.to_string(),
                _ => format!("{ours:?}").to_lowercase(),
            };
            (frame.difference(row.get(self.protocols), &said), frame.why_not_decoded(theirs))
        });
        frame.time(tally);
        let same_layer = |layer| match layer {
            Layer::Frame | Layer::Ethernet => true,
            Layer::Ipv4 => view.ip.is_some_and(|ip| ip.version() == 4),
            Layer::Ipv6 => view.ip.is_some_and(|ip| ip.version() == 6),
            Layer::Tcp => ours == Kind::Tcp && theirs == Kind::Tcp,
            Layer::Udp => ours == Kind::Udp && theirs == Kind::Udp,
            Layer::Icmp => ours == Kind::Icmp && theirs == Kind::Icmp,
            Layer::Arp => ours == Kind::Arp && theirs == Kind::Arp,
        };
        for (field, column) in &self.fields {
            if same_layer(field.layer) {
                frame.field(field, row.get(*column), (field.ours)(&view), tally);
            }
        }
        if let Some(checksums) = checksums {
            for (field, column) in &self.checksums {
                if same_layer(field.layer) {
                    frame.field(field, checksums.get(*column), (field.ours)(&view), tally);
                }
            }
        }
        frame.vlans(tally);
        if let Some(tcp) = view.tcp
            && theirs == Kind::Tcp
        {
            frame.sack(tcp, tally);
        }
    }
}

/// A frame being compared.
struct Frame<'a> {
    of: &'a Packets,
    capture: &'a str,
    packet: &'a Packet<'a>,
    row: &'a Row<'a>,
}

impl Frame<'_> {
    fn difference(&self, theirs: &str, ours: &str) -> Difference {
        Difference {
            place: format!("{} frame {}", self.capture, self.packet.n),
            theirs: theirs.to_owned(),
            ours: ours.to_owned(),
        }
    }

    fn field(&self, field: &'static Field, theirs: &str, ours: Option<Value<'_>>, tally: &mut Tally) {
        let same = match &ours {
            _ if theirs.is_empty() && ours.is_none() => return,
            // What a header cut short still shows is a matter of taste.
            None => false,
            Some(value) => value.is(theirs),
        };
        tally.judge((Peer::Tshark, field.name), same, || {
            let said = ours.map_or_else(|| "nothing".to_owned(), Value::told);
            (self.difference(if theirs.is_empty() { "nothing" } else { theirs }, &said), self.why(field, theirs, ours))
        });
    }

    fn time(&self, tally: &mut Tally) {
        let theirs = self.row.get(self.of.time);
        let (seconds, nanos) = self.packet.record.time.parts();
        let (whole, fraction) = theirs.split_once('.').unwrap_or((theirs, "0"));
        let same = whole.parse() == Ok(seconds) && fraction.parse() == Ok(nanos);
        tally.judge((Peer::Tshark, "frame.time_epoch"), same, || {
            (self.difference(theirs, &format!("{seconds}.{nanos:09}")), rules::of_time(theirs, self.packet.record.time))
        });
    }

    fn vlans(&self, tally: &mut Tally) {
        let theirs = self.row.get(self.of.vlans);
        let vlans = &self.packet.record.vlans;
        if theirs.is_empty() && vlans.count() == 0 {
            return;
        }
        let ids = theirs.split(',').filter(|id| !id.is_empty()).map(|id| id.parse().ok());
        let same = ids.eq(vlans.ids().iter().map(|id| Some(*id)));
        tally.judge((Peer::Tshark, "vlan.id"), same, || {
            let mut ours = vlans.ids().iter().map(u16::to_string);
            let fewer = theirs.split(',').filter(|id| !id.is_empty()).all(|id| ours.any(|ours| ours == id));
            let inner = self.row.number(self.of.ip_layers).is_some_and(|layers| layers > 1)
                || matches!(self.packet.record.body, Body::Skip(_));
            let rule = if fewer { Some(&rules::S_TAG) } else { inner.then_some(&rules::INNER) };
            (self.difference(theirs, &format!("{:?}", vlans.ids())), rule)
        });
    }

    fn sack(&self, tcp: &Tcp, tally: &mut Tally) {
        let edges = |at: usize| {
            let list = self.row.get(self.of.sack[at]);
            list.split(',').filter(|edge| !edge.is_empty()).map(|edge| edge.parse::<u32>().ok())
        };
        let ours = tcp.segment.options.sack();
        if edges(0).next().is_none() && ours.is_empty() {
            return;
        }
        let same = edges(0).eq(ours.iter().map(|(left, _)| Some(left.0)))
            && edges(1).eq(ours.iter().map(|(_, right)| Some(right.0)));
        tally.judge((Peer::Tshark, "tcp.options.sack"), same, || {
            let theirs = format!("{} / {}", self.row.get(self.of.sack[0]), self.row.get(self.of.sack[1]));
            let options = &tcp.segment.options;
            let rule = if options.truncated() {
                Some(&rules::CUT)
            } else {
                options.malformed().then_some(&rules::BROKEN_OPTIONS)
            };
            (self.difference(&theirs, &format!("{ours:?}")), rule)
        });
    }

    /// Whether tshark saw one piece of a datagram here.
    fn is_fragment(&self) -> bool {
        let [flags, offset, offset6, more6] = self.of.frag.map(|column| self.row.number(column).unwrap_or(0));
        flags & 1 != 0
            || offset != 0
            || offset6 != 0
            || more6 != 0
            || self.row.get(self.of.frag[3]).eq_ignore_ascii_case("true")
            || self.packet.record.ip.is_some_and(|ip| ip.is_fragment())
    }

    fn why_not_decoded(&self, theirs: Kind) -> Option<&'static Rule> {
        let protocols = self.row.get(self.of.protocols);
        match self.packet.record.body {
            Body::Skip(Skip::Fragment) => Some(&rules::FRAGMENT),
            Body::Skip(Skip::Link(_)) => Some(&rules::LINK),
            Body::Skip(Skip::Malformed(_)) if theirs != Kind::Other => Some(&rules::MALFORMED),
            Body::Skip(Skip::Truncated(_)) if theirs != Kind::Other => Some(&rules::CUT),
            Body::Skip(Skip::NotIp(0x88e5)) => Some(&rules::MACSEC),
            Body::Skip(Skip::NotIp(0x0806)) => Some(&rules::ARP_SIZES),
            _ if protocols.contains(":ip:ipv6:") || protocols.contains(":ipv6:ip:") => Some(&rules::IP_VERSION),
            Body::Skip(Skip::NotIp(0x8035)) if theirs == Kind::Arp => Some(&rules::RARP),
            _ if self.is_fragment() => Some(&rules::FRAGMENT),
            _ if theirs == Kind::Other && !self.row.get(self.of.malformed).is_empty() => Some(&rules::GIVES_UP),
            _ if protocols.is_empty() => Some(&rules::GIVES_UP),
            _ => None,
        }
    }

    fn why(&self, field: &Field, theirs: &str, ours: Option<Value<'_>>) -> Option<&'static Rule> {
        let record = self.packet.record;
        let cut = record.cap_len < record.wire_len;
        let short = claims_too_much(record);
        let protocols = self.row.get(self.of.protocols);
        match (field.name, &record.body, ours) {
            ("ip.len", _, Some(Value::Number(0))) => Some(&rules::OFFLOAD),
            ("ip.proto" | "ip.hdr_len", ..) if theirs == "51" || protocols.contains(":ah") => {
                Some(&rules::AUTHENTICATION)
            }
            ("frame.len", _, Some(Value::Number(0x8000_0000..))) if theirs == "2147483647" => Some(&rules::LONG_FRAME),
            ("frame.len" | "frame.cap_len", ..) => Some(&rules::FILE_VARIANT),
            ("ip.dst", ..) if record.ip.is_some_and(|ip| ip.hdr_len > 20) => Some(&rules::SOURCE_ROUTE),
            (name, ..) if name.ends_with(".checksum.status") && record.fragments.is_some() => {
                Some(&rules::PUT_TOGETHER)
            }
            ("ipv6.plen", ..) if theirs == "0" => Some(&rules::JUMBO),
            ("tcp.options.mptcp.subtype", _, Some(_)) if !theirs.is_empty() => Some(&rules::TWO_OF_A_KIND),
            (_, Body::Tcp(tcp), None) if field.layer == Layer::Tcp && tcp.segment.options.truncated() => {
                Some(&rules::CUT)
            }
            ("eth.src" | "eth.dst", ..) if protocols.matches("eth:").count() > 1 || ours.is_none() => {
                Some(&rules::FRAME_IN_FRAME)
            }
            _ if protocols.contains("cfp") => Some(&rules::FRAME_IN_FRAME),
            ("tcp.len" | "tcp.checksum.status", ..) if protocols.contains("pppoes") => Some(&rules::SHORT_FRAME),
            (_, Body::Tcp(_) | Body::Udp(_) | Body::Icmp(_), _) if short => Some(&rules::SHORT_FRAME),
            (_, Body::Tcp(tcp), _) if field.layer == Layer::Tcp && tcp.segment.options.malformed() => {
                Some(&rules::BROKEN_OPTIONS)
            }
            _ if cut && !self.row.get(self.of.short).is_empty() => Some(&rules::CUT),
            _ if theirs.is_empty() && !self.row.get(self.of.malformed).is_empty() => Some(&rules::GIVES_UP),
            (_, Body::Skip(_), _) if theirs.is_empty() => Some(&rules::GIVES_UP),
            _ => None,
        }
    }
}

/// Whether the IP header claims more octets than the frame had.
pub(super) fn claims_too_much(record: &Record) -> bool {
    let room = record.wire_len.max(record.cap_len).saturating_sub(record.net_offset.into());
    record.ip.is_some_and(|ip| ip.len > room)
}

/// What the first transport of a frame is, where it stands in the outermost IP packet and the
/// outermost frame.
fn kind_of(protocols: &str) -> Kind {
    let mut ips = 0;
    for token in protocols.split(':') {
        let kind = match token {
            "ip" | "ipv6" => {
                ips += 1;
                continue;
            }
            "gre" | "gtp" | "l2tp" | "erspan" | "vxlan" | "geneve" | "teredo" | "capwap.data" => return Kind::Other,
            "tcp" => Kind::Tcp,
            "udp" => Kind::Udp,
            "icmp" | "icmpv6" => Kind::Icmp,
            "arp" => Kind::Arp,
            _ => continue,
        };
        return if ips > 1 || (ips == 0 && kind != Kind::Arp) { Kind::Other } else { kind };
    }
    Kind::Other
}
