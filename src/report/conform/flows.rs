//! What other tools count between two endpoints, each way, over a whole capture: however they
//! divide it into connections.

use std::collections::{BTreeMap, HashMap};

use super::rules;
use super::table::{Column, Row, Table};
use super::tally::{Difference, Peer, Rule, Tally};
use crate::capture::{Body, Link, Packet, Skip};
use crate::wire::{Endpoint, Flags, Protocol};

/// From whom to whom.
type Way = (Protocol, Endpoint, Endpoint);

/// What went one way.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Sum {
    packets: u64,
    wire_octets: u64,
    payload: u64,
    resets: u64,
    /// Some of it was cut, came in fragments, or claims more than its frame had.
    odd: bool,
    /// Some of it has more before the IP header than an address and a type.
    wrapped: bool,
}

/// What went between all endpoints.
#[derive(Debug, Default)]
pub(super) struct Sums {
    ways: HashMap<Way, Sum>,
    /// Whether there are packets whose headers are broken or cut.
    broken: bool,
}

impl Sums {
    /// Takes in a packet.
    pub(super) fn packet(&mut self, packet: &Packet<'_>) {
        let record = packet.record;
        let Some((src, dst, protocol)) = record.endpoints() else {
            self.broken |= matches!(record.body, Body::Skip(Skip::Malformed(_) | Skip::Truncated(_) | Skip::Fragment));
            return;
        };
        let sum = self.ways.entry((protocol, src, dst)).or_default();
        sum.packets += 1;
        sum.wire_octets += u64::from(record.wire_len);
        let unusual = record.ip.is_some_and(|ip| ip.len == 0 || ip.version() == 6 && ip.hdr_len > 40);
        sum.odd |= super::packets::claims_too_much(record) || record.fragments.is_some() || unusual;
        sum.odd |= record.cap_len < record.wire_len;
        let plain = if record.link == Link::Ethernet { 14 } else { 20 };
        sum.wrapped |= record.vlans.count() > 0 || record.net_offset > plain;
        match &record.body {
            Body::Tcp(tcp) => {
                sum.payload += u64::from(tcp.segment.len);
                sum.resets += u64::from(tcp.segment.flags.contains(Flags::RST));
                sum.odd |= tcp.truncated;
            }
            Body::Udp(udp) => {
                sum.payload += u64::from(udp.payload_len);
                sum.odd |= udp.truncated || udp.fault.is_some();
            }
            Body::Icmp(_) | Body::Arp(_) | Body::Skip(_) => {}
        }
    }

    fn of(&self, way: &Way) -> Sum {
        self.ways.get(way).copied().unwrap_or_default()
    }
}

/// A table of one line per flow, and where it has what.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) peer: Peer,
    /// Column of the capture's name, where the table is about several.
    pub(super) capture: &'static str,
    pub(super) protocol: &'static str,
    /// Address and port of the one end, and of the other.
    pub(super) ends: [[&'static str; 2]; 2],
    /// Fields to compare.
    pub(super) fields: &'static [Counted],
}

/// A field to compare: what it is called, the columns each way, our number.
type Counted = (&'static str, [&'static str; 2], fn(&Sum) -> u64);

/// The tables that are read so.
pub(super) const ARKIME: Layout = Layout {
    peer: Peer::Arkime,
    capture: "capture",
    protocol: "ip_proto",
    ends: [["src_ip", "src_port"], ["dst_ip", "dst_port"]],
    fields: &[
        ("packets each way", ["src_pkts", "dst_pkts"], |sum| sum.packets),
        ("frame octets each way", ["src_bytes", "dst_bytes"], |sum| sum.wire_octets),
        ("payload each way", ["client_payload", "server_payload"], |sum| sum.payload),
    ],
};
pub(super) const NDPI: Layout = Layout {
    peer: Peer::Ndpi,
    capture: "capture",
    protocol: "l4",
    ends: [["src_ip", "src_port"], ["dst_ip", "dst_port"]],
    fields: &[
        ("packets each way", ["src_pkts", "dst_pkts"], |sum| sum.packets),
        ("frame octets each way", ["src_bytes", "dst_bytes"], |sum| sum.wire_octets),
    ],
};
pub(super) const SURICATA: Layout = Layout {
    peer: Peer::Suricata,
    capture: "capture",
    protocol: "proto",
    ends: [["src_ip", "src_port"], ["dest_ip", "dest_port"]],
    fields: &[
        ("packets each way", ["flow.pkts_toserver", "flow.pkts_toclient"], |sum| sum.packets),
        ("frame octets each way", ["flow.bytes_toserver", "flow.bytes_toclient"], |sum| sum.wire_octets),
    ],
};
pub(super) const TCPTRACE: Layout = Layout {
    peer: Peer::Tcptrace,
    capture: "",
    protocol: "",
    ends: [["host_a", "port_a"], ["host_b", "port_b"]],
    fields: &[
        ("packets each way", ["total_packets_a2b", "total_packets_b2a"], |sum| sum.packets),
        ("payload each way", ["actual_data_bytes_a2b", "actual_data_bytes_b2a"], |sum| sum.payload),
        ("resets each way", ["resets_sent_a2b", "resets_sent_b2a"], |sum| sum.resets),
    ],
};

/// Compares what `table` counts in `capture` with what was seen.
pub(super) fn compare(layout: &Layout, capture: &str, table: &Table, sums: &Sums, tally: &mut Tally) {
    let column = |name: &&str| table.column(name);
    let [name, protocol, grade, count] = [layout.capture, layout.protocol, "grade", "count"].map(|name| column(&name));
    let ends = layout.ends.map(|end| end.map(|name| column(&name)));
    let fields: Vec<_> =
        layout.fields.iter().map(|(field, ways, ours)| (*field, ways.map(|name| column(&name)), *ours)).collect();

    // Theirs, by way and field; a way that some line does not count is left out.
    let mut theirs: BTreeMap<Way, Vec<Option<u64>>> = BTreeMap::new();
    for row in table.rows() {
        let about = row.get(name);
        if !about.is_empty() && about != capture || !matches!(row.get(grade), "" | "simple") || row.get(count) == "0" {
            continue;
        }
        let protocol = match row.get(protocol) {
            "" if layout.protocol.is_empty() => Protocol::Tcp,
            "6" | "TCP" => Protocol::Tcp,
            "17" | "UDP" => Protocol::Udp,
            _ => continue,
        };
        let [Some(a), Some(b)] = ends.map(|end| endpoint(&row, end)) else { continue };
        for (at, way) in [(protocol, a, b), (protocol, b, a)].into_iter().enumerate() {
            let sum = theirs.entry(way).or_insert_with(|| vec![Some(0); fields.len()]);
            for (sum, (_, ways, _)) in sum.iter_mut().zip(&fields) {
                // Several of Suricata's tests assert the same flow.
                let add = if layout.peer == Peer::Suricata { u64::max } else { |sum, more| sum + more };
                *sum = sum.zip(row.number(ways[at])).map(|(sum, more)| add(sum, more));
            }
        }
    }
    for (way, theirs) in theirs {
        let (protocol, src, dst) = way;
        let (ours, back) = (sums.of(&way), sums.of(&(protocol, dst, src)));
        if ours.packets + back.packets == 0 {
            continue;
        }
        for ((field, _, value), theirs) in fields.iter().zip(theirs) {
            let Some(theirs) = theirs else { continue };
            tally.judge((layout.peer, field), theirs == value(&ours), || {
                let place = format!("{capture} {} {src} > {dst}", protocol.name());
                let said = Difference { place, theirs: theirs.to_string(), ours: value(&ours).to_string() };
                (said, why(layout.peer, field, theirs, value(&ours), [ours, back], sums.broken))
            });
        }
    }
}

fn why(
    peer: Peer,
    field: &str,
    theirs: u64,
    ours: u64,
    [there, back]: [Sum; 2],
    broken: bool,
) -> Option<&'static Rule> {
    if there.odd || back.odd {
        Some(&rules::CUT_OTHERWISE)
    } else if there.wrapped || back.wrapped {
        Some(&rules::ENCAPSULATED)
    } else if peer == Peer::Suricata && theirs > ours {
        Some(&rules::ICMP_IN_FLOW)
    } else if broken && theirs > ours {
        Some(&rules::MALFORMED)
    } else if peer == Peer::Arkime && field.starts_with("payload") && theirs < ours {
        Some(&rules::PUT_IN_ORDER)
    } else {
        None
    }
}

fn endpoint(row: &Row<'_>, [addr, port]: [Column; 2]) -> Option<Endpoint> {
    Some(Endpoint { addr: row.get(addr).parse().ok()?, port: row.get(port).parse().ok()? })
}
