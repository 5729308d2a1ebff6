//! A JSON object per line: the records of a program's reader.
//!
//! Written by hand, member by member in a fixed order: a packet record is almost all numbers and
//! fixed words, and is written without allocating.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::apps;
use super::clock::Utc;
use super::digits::Digits as _;
use super::finding;
use super::line::flags;
use super::messages::{self, Hearing};
use super::object::{Key, Object, key};
use super::process::{self, Owners, Process, Processes};
use super::totals::Totals;
use crate::capture::apps::names::Names;
use crate::capture::apps::{Limits, Listener, Saying};
use crate::capture::attempt::Attempts;
use crate::capture::findings::Finding;
use crate::capture::track::{Ends, Role, Standing};
use crate::capture::{
    Arp, Aside, Body, Conn, Direction, Ether, Icmp, Ip, Link, Observation, Packet, Quoted, Sink, Summary, Tcp, Udp,
};
use crate::wire::options::{self, Item, kind};
use crate::wire::{Options, Protocol};

/// The version of the records; changes when the meaning of a member does.
pub const SCHEMA: u64 = 1;

/// Writes a record per packet.
pub struct Json<'a> {
    out: &'a mut dyn Write,
    utc: Utc,
    totals: Option<Totals>,
    processes: Option<Box<dyn Processes>>,
    hearing: Option<Hearing>,
    listener: Option<Box<Listener>>,
    attempts: Option<Box<Attempts>>,
    line: Vec<u8>,
}

impl<'a> Json<'a> {
    /// Records to `out`, the last of them the totals where they are wanted.
    pub fn new(summary: bool, out: &'a mut dyn Write) -> Self {
        let totals = summary.then(Totals::default);
        let (utc, line) = (Utc::default(), Vec::with_capacity(1024));
        Self { out, utc, totals, processes: None, hearing: None, listener: None, attempts: None, line }
    }

    /// The same, telling whose the ends of connections are.
    #[must_use]
    pub fn with_processes(mut self, processes: Option<Box<dyn Processes>>) -> Self {
        self.processes = processes;
        self
    }

    /// The same, telling what packets say to the application, where that is wanted.
    #[must_use]
    pub fn with_apps(mut self, wanted: bool) -> Self {
        self.listener = wanted.then(|| Box::new(Listener::new(Limits::default()).with_news()));
        self
    }

    /// The same, with the names that answers in the input have given addresses so far, where that is
    /// wanted.
    #[must_use]
    pub fn with_names(mut self, wanted: bool) -> Self {
        self.attempts = wanted.then(Box::default);
        self
    }

    /// The same, with a record for each message of a declared protocol, behind the packet that
    /// completes it.
    #[must_use]
    pub fn with_messages(mut self, hearing: Option<Hearing>) -> Self {
        self.hearing = hearing;
        self
    }
}

impl Sink for Json<'_> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        if let Some(totals) = &mut self.totals {
            totals.packet(packet);
        }
        self.line.clear();
        let Owners { ends, .. } = match (&mut self.processes, told) {
            (Some(processes), Some((seen, conn))) => processes.of(packet, seen, conn),
            _ => Owners::default(),
        };
        let mut said = Vec::new();
        if let Some(listener) = &mut self.listener {
            listener.packet(packet, told);
            said.extend(listener.news());
        }
        if let Some(attempts) = &mut self.attempts {
            attempts.packet(packet, told);
        }
        let names = self.attempts.as_deref().map(Attempts::names);
        write_packet(&mut self.line, packet, told, ends, &said, names, &mut self.utc);
        let Self { hearing, line, utc, .. } = self;
        if let Some(hearing) = hearing {
            hearing.packet(packet, told, &mut |told| messages::write_json(line, told, Some(packet.n), utc));
        }
        self.out.write_all(&self.line)
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        if let Some(totals) = &mut self.totals {
            totals.ended(conn);
        }
        if let Some(processes) = &mut self.processes {
            processes.forget(conn);
        }
        if let Some(listener) = &mut self.listener {
            listener.ended(conn);
        }
        if let Some(attempts) = &mut self.attempts {
            attempts.ended(conn);
        }
        let Some(hearing) = &mut self.hearing else { return Ok(()) };
        let utc = &mut self.utc;
        messages::through(&mut self.line, self.out, |line| {
            hearing.ended(conn, &mut |told| messages::write_json(line, told, None, utc));
        })
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.line.clear();
        finding::json(&mut self.line, finding, &mut self.utc);
        self.out.write_all(&self.line)
    }

    fn idle(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        match &self.totals {
            Some(totals) => totals.write_json(summary, self.out),
            None => Ok(()),
        }
    }
}

/// Appends the record of a packet, and a newline.
fn write_packet(
    out: &mut Vec<u8>,
    packet: &Packet<'_>,
    told: Option<(&Observation, &Conn)>,
    owners: Ends<Option<&Process>>,
    said: &[Saying],
    names: Option<&Names>,
    utc: &mut Utc,
) {
    let record = packet.record;
    let mut object = Object::begin(out);
    object.number(key!("schema"), SCHEMA);
    object.word(key!("type"), "packet");
    object.number(key!("n"), packet.n);
    object.number(key!("t_ns"), record.time.0);
    object.quoted(key!("time"), |out| utc.write(out, record.time));
    object.number(key!("len"), u64::from(record.wire_len));
    object.number(key!("caplen"), u64::from(record.cap_len));
    link(&mut object, record.link);
    aside(&mut object, packet.frame.aside);
    if let Some(ether) = &record.ether {
        object.object(key!("eth"), |object| eth(object, ether));
    }
    if record.vlans.count() > 0 {
        object.numbers(key!("vlan"), record.vlans.ids().iter().map(|id| u64::from(*id)));
    }
    if let Some(header) = &record.ip {
        object.object(key!("ip"), |object| ip(object, header, names));
    }
    match &record.body {
        Body::Tcp(segment) => object.object(key!("tcp"), |object| tcp(object, segment, packet.tcp_options())),
        Body::Udp(datagram) => object.object(key!("udp"), |object| udp(object, datagram)),
        Body::Icmp(message) => object.object(key!("icmp"), |object| icmp(object, message)),
        Body::Arp(message) => object.object(key!("arp"), |object| arp(object, message)),
        Body::Skip(_) => {}
    }
    if let Some((seen, conn)) = told {
        observation(&mut object, seen, conn);
        process::write_json(&mut object, owners);
    }
    if !said.is_empty() {
        object.array(key!("said"), |array| said.iter().for_each(|saying| apps::said_json(array, saying)));
    }
    match &record.body {
        // Writing to a vector cannot fail.
        Body::Skip(skip) => object.quoted(key!("skip"), |out| _ = write!(out, "{skip}")),
        Body::Arp(_) => object.word(key!("skip"), "arp"),
        Body::Tcp(_) | Body::Udp(_) | Body::Icmp(_) => {}
    }
    object.end();
    out.push(b'\n');
}

/// Appends the record of a whole run, and a newline.
pub(super) fn write_summary(
    out: &mut Vec<u8>,
    summary: &Summary,
    opens: &BTreeMap<&'static str, u64>,
    closes: &BTreeMap<&'static str, u64>,
    elapsed_ns: i64,
) {
    let mut object = Object::begin(out);
    object.number(key!("schema"), SCHEMA);
    object.word(key!("type"), "summary");
    object.number(key!("frames"), summary.frames);
    object.number(key!("wire_octets"), summary.wire_octets);
    object.object(key!("skipped"), |object| {
        if summary.arp > 0 {
            object.number(key!("arp"), summary.arp);
        }
        for (skip, count) in &summary.skipped {
            object.count(&skip.to_string(), *count);
        }
    });
    object.number(key!("connections"), summary.conns);
    for (key, counts) in [(key!("open"), opens), (key!("close"), closes)] {
        object.object(key, |object| counts.iter().for_each(|(name, count)| object.count(name, *count)));
    }
    object.object(key!("findings"), |object| {
        summary.findings.iter().for_each(|(kind, count)| object.count(kind.name(), *count));
    });
    object.number(key!("duplicates"), summary.duplicates);
    object.array(key!("damage"), |array| {
        for damage in &summary.damage {
            array.object(|object| {
                object.string(key!("input"), &damage.input);
                object.number(key!("offset"), damage.offset);
                object.string(key!("what"), &damage.what);
                if let Some(skipped) = damage.skipped {
                    object.number(key!("skipped"), skipped);
                }
            });
        }
    });
    object.signed(key!("elapsed_ns"), elapsed_ns);
    object.end();
    out.push(b'\n');
}

fn link(object: &mut Object<'_>, link: Link) {
    match link {
        Link::Ethernet => object.word(key!("link"), "ethernet"),
        // Writing to a vector cannot fail.
        other => object.quoted(key!("link"), |out| _ = write!(out, "{other}")),
    }
}

/// What the capturing host knew beside: of files mostly nothing.
fn aside(object: &mut Object<'_>, aside: Aside) {
    match aside.direction {
        None => {}
        Some(Direction::In) => object.word(key!("direction"), "in"),
        Some(Direction::Out) => object.word(key!("direction"), "out"),
    }
    if let Some(size) = aside.segment_size {
        object.number(key!("segment_size"), u64::from(size.get()));
    }
}

fn eth(object: &mut Object<'_>, ether: &Ether) {
    object.quoted(key!("src"), |out| out.mac(ether.src));
    if let Some(dst) = ether.dst {
        object.quoted(key!("dst"), |out| out.mac(dst));
    }
    object.number(key!("type"), u64::from(ether.ethertype));
}

fn ip(object: &mut Object<'_>, ip: &Ip, names: Option<&Names>) {
    object.number(key!("version"), u64::from(ip.version()));
    object.quoted(key!("src"), |out| out.ip(ip.src));
    object.quoted(key!("dst"), |out| out.ip(ip.dst));
    for (key, addr) in [(key!("src_name"), ip.src), (key!("dst_name"), ip.dst)] {
        if let Some(name) = names.and_then(|names| names.get(addr)) {
            object.string(key, name);
        }
    }
    object.number(key!("proto"), u64::from(ip.proto));
    object.number(key!("ttl"), u64::from(ip.ttl));
    if ip.version() == 4 || ip.is_fragment() {
        object.number(key!("id"), u64::from(ip.id));
    }
    object.number(key!("len"), u64::from(ip.len));
    object.number(key!("hdr_len"), u64::from(ip.hdr_len));
    object.number(key!("dscp"), u64::from(ip.dscp()));
    object.number(key!("ecn"), u64::from(ip.ecn()));
    if ip.version() == 4 {
        object.flag(key!("df"), ip.df);
    }
    if ip.version() == 4 || ip.is_fragment() {
        object.flag(key!("mf"), ip.mf);
        object.number(key!("frag_offset"), u64::from(ip.frag_offset));
    }
    if let Some(checksum) = ip.checksum {
        object.number(key!("checksum"), u64::from(checksum));
    }
    object.verdict(key!("checksum_ok"), ip.checksum_ok);
}

fn tcp(object: &mut Object<'_>, tcp: &Tcp, list: &[u8]) {
    let segment = &tcp.segment;
    object.number(key!("src_port"), u64::from(tcp.src_port));
    object.number(key!("dst_port"), u64::from(tcp.dst_port));
    object.number(key!("seq"), u64::from(segment.seq.0));
    object.number(key!("ack"), u64::from(segment.ack.0));
    object.quoted(key!("flags"), |out| flags(out, segment.flags));
    object.number(key!("flag_bits"), u64::from(segment.flags.0));
    object.number(key!("window"), u64::from(segment.window.0));
    object.number(key!("urgent"), u64::from(segment.urgent));
    object.number(key!("hdr_len"), u64::from(tcp.hdr_len));
    object.number(key!("payload_len"), u64::from(segment.len));
    object.number(key!("checksum"), u64::from(tcp.checksum));
    object.verdict(key!("checksum_ok"), tcp.checksum_ok);
    if tcp.hdr_len > 20 {
        object.object(key!("options"), |object| tcp_options(object, &segment.options, list));
    }
}

fn tcp_options(object: &mut Object<'_>, options: &Options, list: &[u8]) {
    if let Some(mss) = options.mss() {
        object.number(key!("mss"), u64::from(mss));
    }
    if let Some(shift) = options.window_scale() {
        object.number(key!("wscale"), u64::from(shift));
    }
    if options.sack_permitted() {
        object.flag(key!("sack_ok"), true);
    }
    if let Some((val, ecr)) = options.timestamps() {
        object.numbers(key!("ts"), [u64::from(val), u64::from(ecr)]);
    }
    if !options.sack().is_empty() {
        object.array(key!("sack"), |array| {
            for (left, right) in options.sack() {
                array.numbers([u64::from(left.0), u64::from(right.0)]);
            }
        });
    }
    if options.fast_open().is_some() {
        object.quoted(key!("tfo"), |out| out.hex_octets(cookie(list)));
    }
    if let Some(subtype) = options.mptcp() {
        object.number(key!("mptcp"), u64::from(subtype));
    }
    if options::walk(list).any(is_other) {
        object.array(key!("other"), |array| {
            for item in options::walk(list).filter(|item| is_other(*item)) {
                let Item::Kind(kind, data) = item else { continue };
                array.object(|object| {
                    object.number(key!("kind"), u64::from(kind));
                    object.quoted(key!("hex"), |out| out.hex_octets(data));
                });
            }
        });
    }
    if options.malformed() {
        object.flag(key!("malformed"), true);
    }
}

/// Whether an option has no member of its own.
pub(super) fn is_other(item: Item<'_>) -> bool {
    match item {
        Item::Kind(kind::EXPERIMENT_2, data) => !data.starts_with(&options::FAST_OPEN_EXPERIMENT),
        Item::Kind(kind, _) => !matches!(
            kind,
            kind::MSS
                | kind::WINDOW_SCALE
                | kind::SACK_PERMITTED
                | kind::SACK
                | kind::TIMESTAMPS
                | kind::FAST_OPEN
                | kind::MPTCP
        ),
        Item::Nop | Item::Broken(_) => false,
    }
}

/// The fast open cookie of an option list; empty where one is asked for.
pub(super) fn cookie(list: &[u8]) -> &[u8] {
    options::walk(list)
        .find_map(|item| match item {
            Item::Kind(kind::FAST_OPEN, cookie) => Some(cookie),
            Item::Kind(kind::EXPERIMENT_2, data) => data.strip_prefix(&options::FAST_OPEN_EXPERIMENT),
            _ => None,
        })
        .unwrap_or_default()
}

fn udp(object: &mut Object<'_>, udp: &Udp) {
    object.number(key!("src_port"), u64::from(udp.src_port));
    object.number(key!("dst_port"), u64::from(udp.dst_port));
    object.number(key!("len"), u64::from(udp.len));
    object.number(key!("payload_len"), u64::from(udp.payload_len));
    object.number(key!("checksum"), u64::from(udp.checksum));
    object.verdict(key!("checksum_ok"), udp.checksum_ok);
    if let Some(fault) = udp.fault {
        object.array(key!("notes"), |array| {
            array.word(fault.id());
        });
    }
}

fn icmp(object: &mut Object<'_>, icmp: &Icmp) {
    object.number(key!("version"), u64::from(icmp.version));
    object.number(key!("type"), u64::from(icmp.kind));
    object.number(key!("code"), u64::from(icmp.code));
    if let Some(id) = icmp.echo_id {
        object.number(key!("id"), u64::from(id));
        object.number(key!("seq"), u64::from(icmp.echo_seq));
    }
    if icmp.mtu > 0 {
        object.number(key!("mtu"), u64::from(icmp.mtu));
    }
    if let Some(Quoted { src, dst, proto, ports, seq }) = icmp.quoted {
        object.object(key!("quoted"), |object| {
            object.quoted(key!("src"), |out| out.ip(src));
            object.quoted(key!("dst"), |out| out.ip(dst));
            object.number(key!("proto"), u64::from(proto));
            if let Some((src_port, dst_port)) = ports {
                object.number(key!("src_port"), u64::from(src_port));
                object.number(key!("dst_port"), u64::from(dst_port));
            }
            if let Some(seq) = seq {
                object.number(key!("seq"), u64::from(seq));
            }
        });
    }
}

fn arp(object: &mut Object<'_>, arp: &Arp) {
    object.number(key!("op"), u64::from(arp.op));
    object.quoted(key!("sender_mac"), |out| out.mac(arp.sender_mac));
    object.quoted(key!("sender_ip"), |out| out.ip(arp.sender_ip.into()));
    object.quoted(key!("target_mac"), |out| out.mac(arp.target_mac));
    object.quoted(key!("target_ip"), |out| out.ip(arp.target_ip.into()));
}

/// What the packet meant for its connection. States and facts are TCP's.
fn observation(object: &mut Object<'_>, seen: &Observation, conn: &Conn) {
    object.number(key!("conn"), u64::from(seen.conn.0));
    object.word(key!("from"), seen.from.name());
    let tcp = conn.protocol() == Protocol::Tcp;
    if tcp {
        object.object(key!("before"), |object| ends(object, seen.before));
        object.object(key!("after"), |object| ends(object, seen.after));
    }
    object.array(key!("notes"), |array| seen.notes.iter().for_each(|note| array.word(note.id())));
    if tcp && seen.knew != seen.know {
        learnt(object, seen);
    }
}

/// What both ends have learnt; nothing, where all that changed is less than what they knew.
fn learnt(object: &mut Object<'_>, seen: &Observation) {
    if Role::BOTH.into_iter().all(|role| seen.learnt(role).next().is_none()) {
        return;
    }
    object.object(key!("facts"), |object| {
        for role in Role::BOTH {
            if seen.learnt(role).next().is_none() {
                continue;
            }
            object.array(of(role), |array| {
                for (fact, basis) in seen.learnt(role) {
                    array.quoted(|out| out.extend([fact.letter() as u8, basis.mark() as u8]));
                }
            });
        }
    });
}

fn ends(object: &mut Object<'_>, ends: Ends<Standing>) {
    for role in Role::BOTH {
        let standing = ends.of(role);
        object.quoted(of(role), |out| {
            out.word(standing.state.name());
            out.push(standing.basis.mark() as u8);
        });
    }
}

/// The member that is about `role`.
pub(super) const fn of(role: Role) -> Key {
    match role {
        Role::Client => key!("client"),
        Role::Server => key!("server"),
    }
}
