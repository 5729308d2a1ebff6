//! One connection as the narrators see it: who is who, and what the numbers count from.

use super::tale::{Item, Said, Step, Tale};
use crate::capture::Conn;
use crate::capture::track::Role;
use crate::report::look::{Glyphs, Look};
use crate::wire::{Flags, Protocol, Segment, Seq, Side, Span, Timestamp, ports};

/// Sequence numbers farther than this from where a side began belong to another connection and
/// are shown raw.
const SAME_SPACE: u32 = 1 << 30;

/// What every narrator needs.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) conn: &'a Conn,
    pub(super) tale: &'a Tale,
    pub(super) look: Look,
    /// Where each side's counting begins, by its ISN or by what was first seen.
    bases: [Option<Base>; 2],
}

#[derive(Clone, Copy)]
enum Base {
    Iss(Seq),
    Seen(Seq),
}

impl<'a> Scene<'a> {
    pub(super) fn new(conn: &'a Conn, tale: &'a Tale, look: Look) -> Self {
        let bases = [Side::A, Side::B].map(|side| match conn.half(conn.role(side)).iss() {
            Some(iss) => Some(Base::Iss(iss)),
            None => first_seq(tale, side).map(Base::Seen),
        });
        Self { conn, tale, look, bases }
    }

    pub(super) fn glyphs(&self) -> &'static Glyphs {
        self.look.glyphs()
    }

    /// `text` in the characters that the look allows.
    pub(super) fn plain_text(&self, text: &str) -> String {
        if !self.look.ascii {
            return text.to_owned();
        }
        text.replace(['“', '”'], "\"").replace('…', "...").replace('→', "->")
    }

    /// The shown packets, folds left out.
    pub(super) fn steps(&self) -> impl DoubleEndedIterator<Item = &'a Step> + use<'a> {
        self.tale.items.iter().filter_map(|item| match item {
            Item::Step(step) => Some(&**step),
            Item::Fold(_) => None,
        })
    }

    /// Whether the end that `step` goes to had closed its window.
    pub(super) fn window_closed(&self, step: &Step) -> bool {
        let before = self.steps().rev().find(|other| other.n < step.n && other.from != step.from);
        let segment = before.and_then(Step::segment);
        segment.is_some_and(|segment| segment.window.0 == 0 && !segment.flags.contains(Flags::RST))
    }

    /// Time since the connection's first packet.
    pub(super) fn since_start(&self, time: Timestamp) -> Span {
        time - self.conn.start
    }

    /// Address and port, with the service where that end has a known one.
    pub(super) fn name(&self, role: Role) -> String {
        let endpoint = self.conn.endpoint(role);
        let name = self.tale.names[role as usize].as_deref();
        let host = || name.map_or_else(|| endpoint.addr.to_string(), str::to_owned);
        let text = || name.map_or_else(|| endpoint.to_string(), |name| format!("{name}:{}", endpoint.port));
        match (self.conn.protocol(), role) {
            (Protocol::Icmp, _) => host(),
            (_, Role::Server) => match ports::service(endpoint.port) {
                Some(service) => format!("{} ({service})", text()),
                None => text(),
            },
            (_, Role::Client) => text(),
        }
    }

    /// `seq`, sent or acknowledged of `side`, counted from that side's initial sequence number.
    pub(super) fn relative(&self, seq: Seq, side: Side) -> String {
        let offset = match self.bases[side as usize] {
            // Nothing of this connection lies before its ISN.
            Some(Base::Iss(iss)) => Some(seq.offset_from(iss)).filter(|offset| *offset >= 0),
            Some(Base::Seen(first)) => Some(seq.offset_from(first)),
            None => return seq.to_string(),
        };
        match offset {
            Some(offset) if offset.unsigned_abs() < SAME_SPACE => offset.to_string(),
            _ => format!("{seq} (raw)"),
        }
    }
}

fn first_seq(tale: &Tale, side: Side) -> Option<Seq> {
    let steps = tale.items.iter().filter_map(|item| match item {
        Item::Step(step) => Some(step),
        Item::Fold(_) => None,
    });
    let mut acked = None;
    for step in steps {
        let Some(segment) = step.segment() else {
            continue;
        };
        if segment.flags.contains(Flags::RST) {
            continue;
        }
        if step.from == side {
            return Some(segment.seq - 1);
        }
        acked = acked.or(segment.acked());
    }
    acked.map(|seq| seq - 1)
}

/// What a packet is called: `SYN`, `SYN/ACK`, `ACK`, `FIN/ACK`, `RST`.
pub(super) fn title(segment: &Segment) -> String {
    const NAMES: [(Flags, &str); 9] = [
        (Flags::SYN, "SYN"),
        (Flags::FIN, "FIN"),
        (Flags::RST, "RST"),
        (Flags::PSH, "PSH"),
        (Flags::URG, "URG"),
        (Flags::ECE, "ECE"),
        (Flags::CWR, "CWR"),
        (Flags::AE, "AE"),
        (Flags::ACK, "ACK"),
    ];
    let names: Vec<&str> =
        NAMES.iter().filter(|(flag, _)| segment.flags.contains(*flag)).map(|(_, name)| *name).collect();
    if names.is_empty() { "no flags".to_owned() } else { names.join("/") }
}

/// What a SYN offers: `MSS 1460, window scale 7, SACK, timestamps`.
pub(super) fn offers(segment: &Segment) -> Vec<String> {
    let options = &segment.options;
    let mut offers = Vec::new();
    if let Some(mss) = options.mss() {
        offers.push(format!("MSS {mss}"));
    }
    if let Some(scale) = options.window_scale() {
        offers.push(format!("window scale {scale}"));
    }
    if options.sack_permitted() {
        offers.push("SACK".to_owned());
    }
    if options.timestamps().is_some() {
        offers.push("timestamps".to_owned());
    }
    if options.fast_open().is_some() {
        offers.push("fast open".to_owned());
    }
    if options.mptcp().is_some() {
        offers.push("multipath".to_owned());
    }
    offers
}

/// The name of an ICMP message.
pub(super) fn icmp_name(version: u8, kind: u8, code: u8) -> String {
    let name = match (version, kind, code) {
        (4, 0, _) | (6, 129, _) => "echo reply",
        (4, 8, _) | (6, 128, _) => "echo request",
        (4, 3, 0) => "network unreachable",
        (4, 3, 1) => "host unreachable",
        (4, 3, 2) => "protocol unreachable",
        (4, 3, 3) | (6, 1, 4) => "port unreachable",
        (4, 3, 4) => "fragmentation needed",
        (4, 3, 9 | 10 | 13) | (6, 1, 1) => "administratively prohibited",
        (4, 3, _) | (6, 1, 2) => "destination unreachable",
        (6, 1, 0) => "no route to destination",
        (6, 1, 3) => "address unreachable",
        (6, 1, 5) => "source address failed policy",
        (6, 1, 6) => "route rejected",
        (4, 5, _) | (6, 137, _) => "redirect",
        (4, 11, 0) | (6, 3, 0) => "time to live exceeded",
        (4, 11, 1) | (6, 3, 1) => "reassembly time exceeded",
        (4, 12, _) | (6, 4, _) => "parameter problem",
        (6, 2, _) => "packet too big",
        (6, 133, _) => "router solicitation",
        (6, 134, _) => "router advertisement",
        (6, 135, _) => "neighbour solicitation",
        (6, 136, _) => "neighbour advertisement",
        (6, 143, _) => "multicast listener report",
        _ => return format!("type {kind} code {code}"),
    };
    name.to_owned()
}

/// The name of what `step` carried.
pub(super) fn step_title(step: &Step) -> String {
    match &step.said {
        Said::Tcp(segment) => title(segment),
        Said::Udp(_) => "UDP".to_owned(),
        Said::Icmp(icmp, _) => format!("ICMP {}", icmp_name(icmp.version, icmp.kind, icmp.code)),
    }
}
