//! Wireshark's numbers for streams, and how complete it finds them.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::packets::claims_too_much;
use super::rules;
use super::table::{Column, Row, Table};
use super::tally::{Difference, Peer, Rule, Tally};
use crate::capture::{Body, Observation, Packet, Tracker};

/// The streams of a capture, theirs and ours.
pub(super) struct Streams {
    tcp: Numbers,
    udp: Numbers,
    protocols: Column,
    dst: Column,
    /// Whether a control connection tells of others to come.
    announces: bool,
}

/// The stream numbers of one protocol.
struct Numbers {
    name: &'static str,
    column: Column,
    /// Frame, their number, ours.
    both: Vec<(u64, u32, u32)>,
    /// Their streams with frames that we do not read as this protocol.
    foreign: HashSet<u32>,
    /// Their streams with frames whose IP header claims more than the frame had.
    short: HashSet<u32>,
}

impl Streams {
    pub(super) fn new(table: &Table) -> Self {
        let numbers = |name| Numbers {
            name,
            column: table.column(name),
            both: Vec::new(),
            foreign: HashSet::new(),
            short: HashSet::new(),
        };
        let protocols = table.column("frame.protocols");
        Self {
            tcp: numbers("tcp.stream"),
            udp: numbers("udp.stream"),
            protocols,
            dst: table.column("ip.dst"),
            announces: false,
        }
    }

    /// Takes down which stream a frame is in.
    pub(super) fn packet(&mut self, packet: &Packet<'_>, told: Option<&Observation>, row: &Row<'_>) {
        let (tcp, udp) = match packet.record.body {
            Body::Tcp(_) => (told, None),
            Body::Udp(_) => (None, told),
            Body::Icmp(_) | Body::Arp(_) | Body::Skip(_) => (None, None),
        };
        // A packet whose destination tshark reads otherwise is in a stream of its own.
        let readdressed =
            packet.record.ip.is_some_and(|ip| ip.version() == 4 && row.get(self.dst).parse() != Ok(ip.dst));
        let [tcp, udp] = [tcp, udp].map(|told| told.filter(|_| !readdressed));
        let protocols = row.get(self.protocols);
        self.announces |= [":ftp", ":h225", ":h245"].iter().any(|control| protocols.contains(control));
        if claims_too_much(packet.record)
            && let Some(theirs) = row.number(self.tcp.column)
        {
            self.tcp.short.insert(theirs as u32);
        }
        self.tcp.frame(packet.n, tcp.map(|told| told.stream), row);
        self.udp.frame(packet.n, udp.map(|told| told.stream), row);
    }

    /// Compares the numbers of all frames, and the completeness of all streams.
    pub(super) fn compare(self, capture: &str, table: Option<&Table>, tracker: &Tracker, tally: &mut Tally) {
        self.tcp.compare(capture, tally);
        self.udp.compare(capture, tally);
        if let Some(table) = table {
            self.completeness(capture, table, tracker, tally);
        }
    }

    fn completeness(&self, capture: &str, table: &Table, tracker: &Tracker, tally: &mut Tally) {
        let number_of: HashMap<u32, u32> = self.tcp.both.iter().map(|(_, theirs, ours)| (*theirs, *ours)).collect();
        let [stream, context, value, forth, back] =
            ["tcp.stream", "ctx", "completeness", "pkts_ab", "pkts_ba"].map(|name| table.column(name));
        for row in table.rows() {
            let (Some(stream), Some(theirs)) = (row.number(stream), row.number(value)) else { continue };
            let stream = stream as u32;
            if row.get(context) != "direct" {
                continue;
            }
            let known = number_of.get(&stream).map(|number| tracker.completeness(*number));
            let same = known.is_some_and(|ours| u64::from(ours) == theirs);
            tally.judge((Peer::Tshark, "tcp.completeness"), same, || {
                let place = format!("{capture} stream {stream}");
                let ours = known.map_or_else(|| "no such stream".to_owned(), |ours| ours.to_string());
                let packets = row.number(forth).unwrap_or(0) + row.number(back).unwrap_or(0);
                let rule = if self.tcp.foreign.contains(&stream) {
                    Some(&rules::OTHER_FRAMES)
                } else if self.tcp.short.contains(&stream) {
                    Some(&rules::SHORT_FRAME)
                } else if packets == 1 && theirs == 0 {
                    Some(&rules::SINGLE)
                } else if self.announces && known.map(u64::from) == Some(theirs | 1) {
                    Some(&rules::ANNOUNCED)
                } else {
                    None
                };
                (Difference { place, theirs: theirs.to_string(), ours }, rule)
            });
        }
    }
}

impl Numbers {
    fn frame(&mut self, n: u64, ours: Option<u32>, row: &Row<'_>) {
        let Some(theirs) = row.number(self.column) else { return };
        let theirs = theirs as u32;
        match ours {
            Some(ours) => self.both.push((n, theirs, ours)),
            None => _ = self.foreign.insert(theirs),
        }
    }

    fn compare(&self, capture: &str, tally: &mut Tally) {
        let pairs: BTreeSet<(u32, u32)> = self.both.iter().map(|(_, theirs, ours)| (*theirs, *ours)).collect();
        let mut partners: HashMap<(bool, u32), u32> = HashMap::new();
        for (theirs, ours) in &pairs {
            *partners.entry((true, *theirs)).or_default() += 1;
            *partners.entry((false, *ours)).or_default() += 1;
        }
        for (n, theirs, ours) in &self.both {
            tally.judge((Peer::Tshark, self.name), theirs == ours, || {
                let one_to_one = partners[&(true, *theirs)] == 1 && partners[&(false, *ours)] == 1;
                let rule: Option<&Rule> = if one_to_one && theirs > ours {
                    Some(&rules::RENUMBERED)
                } else if self.name == "udp.stream" && theirs > ours {
                    Some(&rules::OWN_CONVERSATIONS)
                } else {
                    self.foreign.contains(theirs).then_some(&rules::OTHER_FRAMES)
                };
                let place = format!("{capture} frame {n}");
                (Difference { place, theirs: theirs.to_string(), ours: ours.to_string() }, rule)
            });
        }
    }
}
