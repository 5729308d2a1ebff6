use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::io;

use crate::capture::track::{ConnId, Note, Role};
use crate::capture::{Body, Conn, Ip, Observation, Packet, Sink, Tcp};
use crate::wire::options::{self, Item};
use crate::wire::{Endpoint, Flags, FlowKey, Seq, Side, Timestamp};

/// The most segments that are remembered of a capture, about a gigabyte of them.
const MOST: u64 = 8_000_000;

/// One segment as one capture saw it.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    /// Its frame number.
    pub n: u64,
    /// When it came by.
    pub time: Timestamp,
    /// Octets from the first sequence number of its direction in this capture, without wrap.
    pub(super) place: i64,
    /// The sequence number as sent.
    pub seq: Seq,
    /// The acknowledgment number as sent.
    pub ack: Seq,
    /// Its flags.
    pub flags: Flags,
    /// Octets of payload.
    pub len: u32,
    /// The window field as sent.
    pub window: u16,
    /// Timestamps: value and echo.
    pub stamps: Option<(u32, u32)>,
    /// Largest segment it offers to receive.
    pub mss: Option<u16>,
    /// The window scale it offers.
    pub wscale: Option<u8>,
    /// Which kinds of options it has, a bit each; those above 63 share the last.
    pub(super) kinds: u64,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// DSCP and ECN.
    pub tos: u8,
    /// IPv4 identification.
    pub(super) ip_id: u32,
    /// A hash of the payload, as far as it was captured.
    pub(super) payload: u64,
    /// Octets of payload captured.
    pub(super) captured: u32,
    /// The capture shows it twice, and this is the second.
    pub(super) copy: bool,
}

impl Sight {
    /// Octets from the first sequence number of its direction in this capture, across the wrap.
    pub fn offset(&self) -> i64 {
        self.place
    }

    /// SYN, FIN and RST of its flags: what takes sequence space or ends it.
    pub(super) fn control(&self) -> u16 {
        self.flags.0 & (Flags::SYN | Flags::FIN | Flags::RST).0
    }

    /// Whether it is nothing but an acknowledgement.
    pub(super) fn is_bare(&self) -> bool {
        self.len == 0 && self.control() == 0
    }

    /// The hash of a payload that was captured whole; `None` where there is none, or it was cut.
    pub(super) fn whole_payload(&self) -> Option<u64> {
        (self.len > 0 && self.captured == self.len).then_some(self.payload)
    }
}

/// A connection as one capture saw it.
#[derive(Clone, Debug)]
pub struct Talk {
    /// Its number in this capture.
    pub id: ConnId,
    /// Its endpoints, by role.
    key: FlowKey,
    client: Side,
    /// Its segments by the side that sent them, in the order of the capture.
    sights: [Vec<Sight>; 2],
}

impl Talk {
    /// Address and port of an end, as this capture saw them.
    pub fn endpoint(&self, role: Role) -> Endpoint {
        self.key.endpoint(self.side(role))
    }

    /// What an end sent, in the order of the capture.
    pub fn from(&self, role: Role) -> &[Sight] {
        &self.sights[self.side(role) as usize]
    }

    /// How many segments there are.
    pub fn len(&self) -> usize {
        self.sights.iter().map(Vec::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Leaves out what the capture shows twice.
    pub(super) fn forget_copies(&mut self) {
        for sights in &mut self.sights {
            sights.retain(|sight| !sight.copy);
        }
    }

    fn side(&self, role: Role) -> Side {
        if role == Role::Client { self.client } else { !self.client }
    }
}

/// What one capture saw of TCP, segment by segment.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// Its connections, in order of first packet.
    pub talks: Vec<Talk>,
    /// Packets in it, those of other protocols too.
    pub packets: u64,
    /// Segments that were too many to be remembered.
    pub left_out: u64,
    /// When its first and its last packet came by.
    pub begun: Option<Timestamp>,
    /// When its last packet came by.
    pub ended: Option<Timestamp>,
    segments: u64,
    copies: u64,
    places: HashMap<ConnId, usize>,
}

impl Collected {
    /// Whether it shows so many packets twice that it must be the capture that doubles them, and not
    /// the network.
    pub fn is_doubled(&self) -> bool {
        self.copies * 4 > self.segments
    }
}

impl Sink for Collected {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        let time = packet.record.time;
        self.packets += 1;
        self.begun = Some(self.begun.map_or(time, |begun| begun.min(time)));
        self.ended = Some(self.ended.map_or(time, |ended| ended.max(time)));
        let (Body::Tcp(tcp), Some(ip), Some((seen, conn))) = (&packet.record.body, &packet.record.ip, told) else {
            return Ok(());
        };
        if self.segments == MOST {
            self.left_out += 1;
            return Ok(());
        }
        self.segments += 1;
        let copy = seen.notes.contains(Note::CaptureDuplicate);
        self.copies += u64::from(copy);
        let at = *self.places.entry(conn.id).or_insert_with(|| {
            self.talks.push(Talk { id: conn.id, key: conn.key, client: conn.client, sights: [Vec::new(), Vec::new()] });
            self.talks.len() - 1
        });
        let Some(talk) = self.talks.get_mut(at) else { return Ok(()) };
        talk.client = conn.client;
        let from_a = Endpoint { addr: ip.src, port: tcp.src_port } == talk.key.endpoint(Side::A);
        let side = if from_a { Side::A } else { Side::B };
        let sights = &mut talk.sights[side as usize];
        let place = sights.last().map_or(0, |last| last.place + i64::from(tcp.segment.seq.offset_from(last.seq)));
        sights.push(sight(packet, tcp, ip, place, copy));
        Ok(())
    }
}

fn sight(packet: &Packet<'_>, tcp: &Tcp, ip: &Ip, place: i64, copy: bool) -> Sight {
    let segment = &tcp.segment;
    let payload = packet.payload();
    let mut hash = DefaultHasher::new();
    hash.write(payload);
    let kinds = options::walk(packet.tcp_options()).fold(0, |kinds, item| match item {
        Item::Kind(kind, _) => kinds | 1 << kind.min(63),
        Item::Nop | Item::Broken(_) => kinds,
    });
    Sight {
        n: packet.n,
        time: packet.record.time,
        place,
        seq: segment.seq,
        ack: segment.ack,
        flags: segment.flags,
        len: segment.len,
        window: segment.window.0,
        stamps: segment.options.timestamps(),
        mss: segment.options.mss(),
        wscale: segment.options.window_scale(),
        kinds,
        ttl: ip.ttl,
        tos: ip.tos,
        ip_id: ip.id,
        payload: hash.finish(),
        captured: payload.len() as u32,
        copy,
    }
}
