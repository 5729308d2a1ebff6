//! The columns of a packet: the members of its JSON record, by their paths and in their order.

use std::cell::RefCell;
use std::io::Write as _;

use super::{Cell, Kind};
use crate::capture::track::{Ends, Role, Standing};
use crate::capture::{Arp, Body, Conn, Direction, Ether, Icmp, Ip, Observation, Packet, Quoted, Tcp, Udp, UdpFault};
use crate::report::clock::Utc;
use crate::report::digits::Digits as _;
use crate::report::json::{cookie, is_other};
use crate::report::line::flags;
use crate::report::process::Process;
use crate::wire::Protocol;
use crate::wire::options::{self, Item};

/// A column of a table of packets.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The path of the member in the JSON record.
    pub name: &'static str,
    /// What its cells hold.
    pub kind: Kind,
    pub(super) read: fn(&Row<'_>, &mut Cell<'_>),
}

/// What a cell is read from.
pub(super) struct Row<'a> {
    pub(super) packet: &'a Packet<'a>,
    pub(super) told: Option<(&'a Observation, &'a Conn)>,
    pub(super) owners: Ends<Option<&'a Process>>,
    pub(super) utc: &'a RefCell<Utc>,
}

impl Column {
    /// Every column, in the order of the record.
    pub fn all() -> &'static [Self] {
        COLUMNS
    }

    /// The column called `name`.
    pub fn find(name: &str) -> Option<Self> {
        COLUMNS.iter().find(|column| column.name == name).copied()
    }
}

const fn number(name: &'static str, read: fn(&Row<'_>, &mut Cell<'_>)) -> Column {
    Column { name, kind: Kind::Number, read }
}

const fn truth(name: &'static str, read: fn(&Row<'_>, &mut Cell<'_>)) -> Column {
    Column { name, kind: Kind::Truth, read }
}

const fn text(name: &'static str, read: fn(&Row<'_>, &mut Cell<'_>)) -> Column {
    Column { name, kind: Kind::Text, read }
}

const fn texts(name: &'static str, read: fn(&Row<'_>, &mut Cell<'_>)) -> Column {
    Column { name, kind: Kind::Texts, read }
}

const COLUMNS: &[Column] = &[
    number("n", |row, cell| cell.dec(row.packet.n)),
    number("t_ns", |row, cell| cell.dec(row.packet.record.time.0)),
    Column {
        name: "time",
        kind: Kind::Time,
        read: |row, cell| cell.time(row.packet.record.time, &mut row.utc.borrow_mut()),
    },
    number("len", |row, cell| cell.dec(row.packet.record.wire_len)),
    number("caplen", |row, cell| cell.dec(row.packet.record.cap_len)),
    // Writing to a vector cannot fail.
    text("link", |row, cell| _ = write!(cell.text, "{}", row.packet.record.link)),
    text("direction", |row, cell| match row.packet.frame.aside.direction {
        None => {}
        Some(Direction::In) => cell.word("in"),
        Some(Direction::Out) => cell.word("out"),
    }),
    number("segment_size", |row, cell| cell.number(row.packet.frame.aside.segment_size.map(u16::from))),
    text("eth.src", |row, cell| row.ether(|ether| cell.text.mac(ether.src))),
    text("eth.dst", |row, cell| row.ether(|ether| ether.dst.into_iter().for_each(|dst| cell.text.mac(dst)))),
    number("eth.type", |row, cell| row.ether(|ether| cell.dec(ether.ethertype))),
    Column {
        name: "vlan",
        kind: Kind::Numbers,
        read: |row, cell| {
            row.packet.record.vlans.ids().iter().for_each(|id| cell.item(|text| text.dec((*id).into())));
        },
    },
    number("ip.version", |row, cell| row.ip(|ip| cell.dec(ip.version()))),
    text("ip.src", |row, cell| row.ip(|ip| cell.text.ip(ip.src))),
    text("ip.dst", |row, cell| row.ip(|ip| cell.text.ip(ip.dst))),
    number("ip.proto", |row, cell| row.ip(|ip| cell.dec(ip.proto))),
    number("ip.ttl", |row, cell| row.ip(|ip| cell.dec(ip.ttl))),
    number("ip.id", |row, cell| row.fragmentable(|ip| cell.dec(ip.id))),
    number("ip.len", |row, cell| row.ip(|ip| cell.dec(ip.len))),
    number("ip.hdr_len", |row, cell| row.ip(|ip| cell.dec(ip.hdr_len))),
    number("ip.dscp", |row, cell| row.ip(|ip| cell.dec(ip.dscp()))),
    number("ip.ecn", |row, cell| row.ip(|ip| cell.dec(ip.ecn()))),
    truth("ip.df", |row, cell| {
        if let Some(ip) = row.packet.record.ip.filter(|ip| ip.version() == 4) {
            cell.truth(ip.df);
        }
    }),
    truth("ip.mf", |row, cell| row.fragmentable(|ip| cell.truth(ip.mf))),
    number("ip.frag_offset", |row, cell| row.fragmentable(|ip| cell.dec(ip.frag_offset))),
    number("ip.checksum", |row, cell| row.ip(|ip| cell.number(ip.checksum))),
    truth("ip.checksum_ok", |row, cell| row.ip(|ip| cell.verdict(ip.checksum_ok))),
    number("tcp.src_port", |row, cell| row.tcp(|tcp| cell.dec(tcp.src_port))),
    number("tcp.dst_port", |row, cell| row.tcp(|tcp| cell.dec(tcp.dst_port))),
    number("tcp.seq", |row, cell| row.tcp(|tcp| cell.dec(tcp.segment.seq.0))),
    number("tcp.ack", |row, cell| row.tcp(|tcp| cell.dec(tcp.segment.ack.0))),
    text("tcp.flags", |row, cell| row.tcp(|tcp| flags(cell.text, tcp.segment.flags))),
    number("tcp.flag_bits", |row, cell| row.tcp(|tcp| cell.dec(tcp.segment.flags.0))),
    number("tcp.window", |row, cell| row.tcp(|tcp| cell.dec(tcp.segment.window.0))),
    number("tcp.urgent", |row, cell| row.tcp(|tcp| cell.dec(tcp.segment.urgent))),
    number("tcp.hdr_len", |row, cell| row.tcp(|tcp| cell.dec(tcp.hdr_len))),
    number("tcp.payload_len", |row, cell| row.tcp(|tcp| cell.dec(tcp.segment.len))),
    number("tcp.checksum", |row, cell| row.tcp(|tcp| cell.dec(tcp.checksum))),
    truth("tcp.checksum_ok", |row, cell| row.tcp(|tcp| cell.verdict(tcp.checksum_ok))),
    number("tcp.options.mss", |row, cell| row.tcp(|tcp| cell.number(tcp.segment.options.mss()))),
    number("tcp.options.wscale", |row, cell| row.tcp(|tcp| cell.number(tcp.segment.options.window_scale()))),
    truth("tcp.options.sack_ok", |row, cell| {
        row.tcp(|tcp| cell.flag(tcp.segment.options.sack_permitted()));
    }),
    Column {
        name: "tcp.options.ts",
        kind: Kind::Numbers,
        read: |row, cell| {
            row.tcp(|tcp| {
                let stamps = tcp.segment.options.timestamps().map(|(val, ecr)| [val, ecr]);
                stamps.into_iter().flatten().for_each(|stamp| cell.item(|text| text.dec(stamp.into())));
            });
        },
    },
    // The edges of each block, as they were sent.
    texts("tcp.options.sack", |row, cell| {
        row.tcp(|tcp| {
            for (left, right) in tcp.segment.options.sack() {
                cell.item(|text| {
                    text.dec(left.0.into());
                    text.push(b'-');
                    text.dec(right.0.into());
                });
            }
        });
    }),
    text("tcp.options.tfo", |row, cell| {
        row.tcp(|tcp| {
            if tcp.segment.options.fast_open().is_some() {
                cell.text.hex_octets(cookie(row.packet.tcp_options()));
            }
        });
    }),
    number("tcp.options.mptcp", |row, cell| row.tcp(|tcp| cell.number(tcp.segment.options.mptcp()))),
    // The kind, and the data in hexadecimal.
    texts("tcp.options.other", |row, cell| {
        row.tcp(|_| {
            for option in options::walk(row.packet.tcp_options()).filter(|item| is_other(*item)) {
                let Item::Kind(kind, data) = option else { continue };
                cell.item(|text| {
                    text.dec(kind.into());
                    text.push(b':');
                    text.hex_octets(data);
                });
            }
        });
    }),
    truth("tcp.options.malformed", |row, cell| {
        row.tcp(|tcp| cell.flag(tcp.segment.options.malformed()));
    }),
    number("udp.src_port", |row, cell| row.udp(|udp| cell.dec(udp.src_port))),
    number("udp.dst_port", |row, cell| row.udp(|udp| cell.dec(udp.dst_port))),
    number("udp.len", |row, cell| row.udp(|udp| cell.dec(udp.len))),
    number("udp.payload_len", |row, cell| row.udp(|udp| cell.dec(udp.payload_len))),
    number("udp.checksum", |row, cell| row.udp(|udp| cell.dec(udp.checksum))),
    truth("udp.checksum_ok", |row, cell| row.udp(|udp| cell.verdict(udp.checksum_ok))),
    texts("udp.notes", |row, cell| {
        row.udp(|udp| udp.fault.map(UdpFault::id).into_iter().for_each(|id| cell.item(|text| text.text(id))));
    }),
    number("icmp.version", |row, cell| row.icmp(|icmp| cell.dec(icmp.version))),
    number("icmp.type", |row, cell| row.icmp(|icmp| cell.dec(icmp.kind))),
    number("icmp.code", |row, cell| row.icmp(|icmp| cell.dec(icmp.code))),
    number("icmp.id", |row, cell| row.icmp(|icmp| cell.number(icmp.echo_id))),
    number("icmp.seq", |row, cell| row.icmp(|icmp| cell.number(icmp.echo_id.map(|_| icmp.echo_seq)))),
    number("icmp.mtu", |row, cell| row.icmp(|icmp| cell.number((icmp.mtu > 0).then_some(icmp.mtu)))),
    text("icmp.quoted.src", |row, cell| row.quoted(|quoted| cell.text.ip(quoted.src))),
    text("icmp.quoted.dst", |row, cell| row.quoted(|quoted| cell.text.ip(quoted.dst))),
    number("icmp.quoted.proto", |row, cell| row.quoted(|quoted| cell.dec(quoted.proto))),
    number("icmp.quoted.src_port", |row, cell| row.quoted(|quoted| cell.number(quoted.ports.map(|(src, _)| src)))),
    number("icmp.quoted.dst_port", |row, cell| row.quoted(|quoted| cell.number(quoted.ports.map(|(_, dst)| dst)))),
    number("icmp.quoted.seq", |row, cell| row.quoted(|quoted| cell.number(quoted.seq))),
    number("arp.op", |row, cell| row.arp(|arp| cell.dec(arp.op))),
    text("arp.sender_mac", |row, cell| row.arp(|arp| cell.text.mac(arp.sender_mac))),
    text("arp.sender_ip", |row, cell| row.arp(|arp| cell.text.ip(arp.sender_ip.into()))),
    text("arp.target_mac", |row, cell| row.arp(|arp| cell.text.mac(arp.target_mac))),
    text("arp.target_ip", |row, cell| row.arp(|arp| cell.text.ip(arp.target_ip.into()))),
    number("conn", |row, cell| row.seen(|seen| cell.dec(seen.conn.0))),
    text("from", |row, cell| row.seen(|seen| cell.word(seen.from.name()))),
    text("before.client", |row, cell| row.standing(Role::Client, |seen| &seen.before, cell)),
    text("before.server", |row, cell| row.standing(Role::Server, |seen| &seen.before, cell)),
    text("after.client", |row, cell| row.standing(Role::Client, |seen| &seen.after, cell)),
    text("after.server", |row, cell| row.standing(Role::Server, |seen| &seen.after, cell)),
    texts("notes", |row, cell| {
        row.seen(|seen| seen.notes.iter().for_each(|note| cell.item(|text| text.text(note.id()))));
    }),
    texts("facts.client", |row, cell| row.learnt(Role::Client, cell)),
    texts("facts.server", |row, cell| row.learnt(Role::Server, cell)),
    number("process.client.pid", |row, cell| row.owner(Role::Client, |process| cell.dec(process.pid))),
    text("process.client.name", |row, cell| row.owner(Role::Client, |process| cell.outside(&process.name))),
    number("process.server.pid", |row, cell| row.owner(Role::Server, |process| cell.dec(process.pid))),
    text("process.server.name", |row, cell| row.owner(Role::Server, |process| cell.outside(&process.name))),
    text("skip", |row, cell| match row.packet.record.body {
        // As above.
        Body::Skip(skip) => _ = write!(cell.text, "{skip}"),
        Body::Arp(_) => cell.word("arp"),
        Body::Tcp(_) | Body::Udp(_) | Body::Icmp(_) => {}
    }),
];

impl Row<'_> {
    fn ether(&self, write: impl FnOnce(&Ether)) {
        if let Some(ether) = &self.packet.record.ether {
            write(ether);
        }
    }

    fn ip(&self, write: impl FnOnce(&Ip)) {
        if let Some(ip) = &self.packet.record.ip {
            write(ip);
        }
    }

    /// What every IPv4 header says of fragments, and an IPv6 header only of one.
    fn fragmentable(&self, write: impl FnOnce(&Ip)) {
        if let Some(ip) = self.packet.record.ip.as_ref().filter(|ip| ip.version() == 4 || ip.is_fragment()) {
            write(ip);
        }
    }

    fn tcp(&self, write: impl FnOnce(&Tcp)) {
        if let Body::Tcp(tcp) = &self.packet.record.body {
            write(tcp);
        }
    }

    fn udp(&self, write: impl FnOnce(&Udp)) {
        if let Body::Udp(udp) = &self.packet.record.body {
            write(udp);
        }
    }

    fn icmp(&self, write: impl FnOnce(&Icmp)) {
        if let Body::Icmp(icmp) = &self.packet.record.body {
            write(icmp);
        }
    }

    fn quoted(&self, write: impl FnOnce(&Quoted)) {
        self.icmp(|icmp| {
            if let Some(quoted) = &icmp.quoted {
                write(quoted);
            }
        });
    }

    fn arp(&self, write: impl FnOnce(&Arp)) {
        if let Body::Arp(arp) = &self.packet.record.body {
            write(arp);
        }
    }

    fn seen(&self, write: impl FnOnce(&Observation)) {
        if let Some((seen, _)) = self.told {
            write(seen);
        }
    }

    /// What only TCP's conversations have.
    fn tcp_seen(&self) -> Option<&Observation> {
        self.told.filter(|(_, conn)| conn.protocol() == Protocol::Tcp).map(|(seen, _)| seen)
    }

    fn standing(&self, role: Role, ends: fn(&Observation) -> &Ends<Standing>, cell: &mut Cell<'_>) {
        if let Some(seen) = self.tcp_seen() {
            let standing = ends(seen).of(role);
            cell.word(standing.state.name());
            cell.text.push(standing.basis.mark() as u8);
        }
    }

    /// What became known with this packet: letters with the reason to believe it.
    fn learnt(&self, role: Role, cell: &mut Cell<'_>) {
        for (fact, basis) in self.tcp_seen().into_iter().flat_map(|seen| seen.learnt(role)) {
            cell.item(|text| text.extend([fact.letter() as u8, basis.mark() as u8]));
        }
    }

    fn owner(&self, role: Role, write: impl FnOnce(&Process)) {
        if let Some(process) = self.owners.of(role) {
            write(process);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_there_once_and_can_be_found() {
        for (at, column) in COLUMNS.iter().enumerate() {
            assert_eq!(COLUMNS.iter().position(|other| other.name == column.name), Some(at), "{}", column.name);
            assert_eq!(Column::find(column.name).map(|found| found.name), Some(column.name));
        }
        assert!(Column::find("frame.number").is_none());
    }
}
