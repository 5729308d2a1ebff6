//! The ladder of a connection: two lifelines, and a rung for each packet that has something to
//! tell.
//!
//! One model, several painters. [`Ladder`] is what is drawn: who stands at the ends, and rows in
//! order of the capture: rungs, folds of many packets, pauses. The story builds it
//! (`report::story`); [`text`], [`rfc`], [`mermaid`] and [`svg`] draw it, and the page of a report
//! draws the same rows by script. [`text::beside`] draws two next to each other.

pub mod mermaid;
pub mod rfc;
mod shorten;
pub mod svg;
pub mod text;

use super::human;
use super::look::Glyphs;
use crate::capture::Conn;
use crate::capture::track::{Basis, ConnId, Ends, Fact, Facts, Note, Notes, Role, Standing, State};
use crate::wire::{Flags, Span};

/// What is drawn of one connection.
#[derive(Clone, Debug)]
pub struct Ladder {
    /// Which connection.
    pub id: ConnId,
    /// Whether its ends have states (TCP), or it is an exchange of messages.
    pub stateful: bool,
    /// Who stands at the ends: address and port, with the service where it has a known one.
    pub names: Ends<String>,
    /// Where each end was found.
    pub start: Ends<Standing>,
    /// From its first packet to its last.
    pub duration: Span,
    /// The largest frame number in it.
    pub last_n: u64,
    /// What is drawn, downwards.
    pub rows: Vec<Row>,
}

/// One line of a ladder.
#[derive(Clone, Debug)]
pub enum Row {
    /// A packet.
    Rung(Box<Rung>),
    /// Packets of which only numbers are left.
    Fold(Box<Fold>),
    /// Nothing, for so long.
    Pause(Span),
}

/// One packet.
#[derive(Clone, Debug)]
pub struct Rung {
    /// Frame number.
    pub n: u64,
    /// Since the connection's first packet.
    pub at: Span,
    /// Who sent it.
    pub from: Role,
    /// What stands on the arrow.
    pub said: Said,
    /// Where it leaves both ends.
    pub after: Ends<Standing>,
    /// Which ends moved, or are believed for another reason than before.
    pub moved: Ends<bool>,
    /// What both ends learn from it.
    pub learnt: Ends<Facts>,
    /// What it meant.
    pub notes: Notes,
    /// The frame it repeats, answers or doubles.
    pub about: Option<u64>,
    /// Whether a later packet shows that it was lost behind the capture point.
    pub lost: bool,
    /// The same in words; empty unless words were asked for.
    pub words: Vec<String>,
}

/// What a packet says, in the pieces that an arrow is labelled with.
#[derive(Clone, Debug)]
pub struct Said {
    /// `SYN/ACK`, `UDP`, `ICMP port unreachable`.
    pub name: String,
    /// What should not be overlooked: ` (again)`; may be empty.
    pub tag: &'static str,
    /// The flags, for a segment.
    pub flags: Option<Flags>,
    /// Its sequence number, counted from its sender's first.
    pub seq: Option<String>,
    /// Its acknowledgement, counted from its receiver's first.
    pub ack: Option<String>,
    /// Octets of payload.
    pub len: u32,
    /// The window field, where it tells something: on a SYN, and where it is 0.
    pub window: Option<u16>,
    /// Options worth a look: `mss 1460`, `wscale 7`, `sack 524:1048`.
    pub options: Vec<String>,
    /// Anything else: `from 10.0.0.1`.
    pub more: Option<String>,
}

/// Many packets.
#[derive(Clone, Debug)]
pub struct Fold {
    /// First and last frame number.
    pub frames: (u64, u64),
    /// From when to when, since the connection's first packet.
    pub at: (Span, Span),
    /// What each end sent.
    pub sent: Ends<Sent>,
    /// What they meant, with how often.
    pub notes: Vec<(Note, u64)>,
    /// Those that were lost behind the capture point, as a later packet shows.
    pub lost: Vec<u64>,
}

/// What one end sent within a fold.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sent {
    /// Packets with payload.
    pub data: u64,
    /// Octets of payload.
    pub octets: u64,
    /// Packets without.
    pub empty: u64,
}

/// What room time takes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Pace {
    /// A row after the other.
    #[default]
    Even,
    /// The longer the wait, the more room. What would take more than a page is marked as cut.
    ToScale,
}

/// What kind of arrow a packet is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Nature {
    /// Asks or answers for a connection.
    Opens,
    /// Carries data, or an acknowledgement.
    Talks,
    /// Carries a FIN.
    Closes,
    /// Says what was said before.
    Again,
    /// Ends it by force, or tells of a failure.
    Breaks,
    /// The capture shows it a second time.
    Copy,
}

/// A pause from here on is worth a row.
pub const PAUSE: Span = Span::from_secs(1);

/// The notes of packets that say again what was said.
const AGAIN: &[Note] = &[Note::Retransmit, Note::SynRetransmit, Note::SynackRetransmit, Note::FinRetransmit];

impl Ladder {
    /// A ladder without rows, of `conn` whose ends are called `names`.
    pub(super) fn of(conn: &Conn, names: Ends<String>, start: Ends<Standing>, stateful: bool) -> Self {
        let last_n = conn.last_n;
        Self { id: conn.id, stateful, names, start, duration: conn.duration(), last_n, rows: Vec::new() }
    }

    /// The packets that are drawn.
    pub fn rungs(&self) -> impl Iterator<Item = &Rung> {
        self.rows.iter().filter_map(|row| match row {
            Row::Rung(rung) => Some(&**rung),
            Row::Fold(_) | Row::Pause(_) => None,
        })
    }
}

impl Rung {
    /// What kind of arrow it is.
    pub fn nature(&self) -> Nature {
        let flags = self.said.flags.unwrap_or_default();
        if self.notes.contains(Note::CaptureDuplicate) {
            Nature::Copy
        } else if flags.contains(Flags::RST) || self.notes.intersects(&[Note::IcmpError, Note::UdpRefused]) {
            Nature::Breaks
        } else if self.notes.intersects(AGAIN) {
            Nature::Again
        } else if flags.contains(Flags::SYN) {
            Nature::Opens
        } else if flags.contains(Flags::FIN) {
            Nature::Closes
        } else {
            Nature::Talks
        }
    }

    /// Whether something before it is missing here: lost before it came by.
    pub fn behind_a_gap(&self) -> bool {
        self.notes.contains(Note::SeqAhead)
    }

    /// The notes worth a remark, by their ids, and the frame they speak of.
    pub fn remarks(&self) -> String {
        let repeats = self.about.map_or_else(String::new, |n| format!(" of #{n}"));
        let kinds = self.notes.iter().filter(|note| note.id().starts_with("retransmit.")).count();
        let told = self.notes.iter().filter(|note| kinds == 0 || *note != Note::Retransmit);
        let mut words: Vec<String> = told.map(|note| note.id().to_owned()).collect();
        if let Some(first) = words.first_mut() {
            first.push_str(&repeats);
        }
        words.join(" ")
    }
}

impl Said {
    /// What may stand on the arrow, the fullest first.
    pub fn labels(&self) -> Vec<String> {
        let Self { tag, .. } = self;
        let part = |name: &str, value: &Option<String>| match value {
            Some(value) => format!(" {name} {value}"),
            None => String::new(),
        };
        let name = format!("{}{tag}", self.name);
        let ack = part("ack", &self.ack);
        let numbers = part("seq", &self.seq) + &ack;
        let len = if self.len > 0 { format!(" len {}", self.len) } else { String::new() };
        let window = self.window.map_or_else(String::new, |window| format!(" win {window}"));
        let more = self.more.as_ref().map_or_else(String::new, |more| format!(" {more}"));
        let mut labels = Vec::with_capacity(8);
        let full = format!("{name}{numbers}{len}{more}");
        for kept in (0..=self.options.len()).rev() {
            let options = self.options.get(..kept).unwrap_or_default();
            let gap = if options.is_empty() { "" } else { " " };
            labels.push(format!("{full}{window}{gap}{}", options.join(" ")));
        }
        labels.extend([full, format!("{name}{ack}{len}"), format!("{name}{len}"), name]);
        labels.dedup();
        labels
    }

    /// The fullest label of at most `room` characters; else as much of the shortest.
    pub fn label(&self, room: usize) -> String {
        let labels = self.labels();
        let fits = labels.iter().find(|label| label.chars().count() <= room);
        fits.or(labels.last()).map_or_else(String::new, |label| label.chars().take(room).collect())
    }
}

impl Fold {
    /// What each end sent: `812 segments, 1.14 MB →  405 ACKs ←`, client first.
    pub fn told(&self, glyphs: &Glyphs) -> String {
        let mut parts = Vec::new();
        for role in Role::BOTH {
            let Some(sent) = self.sent.of(role).told() else {
                continue;
            };
            parts.push(match role {
                Role::Client => format!("{sent} {}", glyphs.to),
                Role::Server => format!("{} {sent}", glyphs.back),
            });
        }
        match &*self.lost {
            [] => {}
            [one] => parts.push(format!("({} #{one} lost)", glyphs.lost)),
            lost => parts.push(format!("({} {} of them lost)", glyphs.lost, lost.len())),
        }
        parts.join("  ")
    }

    /// Adds what `other`, which comes after it, has.
    pub(super) fn append(&mut self, other: &Self) {
        self.frames.1 = other.frames.1;
        self.lost.extend_from_slice(&other.lost);
        self.at.1 = other.at.1;
        self.sent.client.add(other.sent.client);
        self.sent.server.add(other.sent.server);
        for (note, count) in &other.notes {
            match self.notes.iter_mut().find(|(known, _)| known == note) {
                Some((_, sum)) => *sum += count,
                None => self.notes.push((*note, *count)),
            }
        }
    }

    /// How many packets it stands for.
    pub fn packets(&self) -> u64 {
        let of = |sent: Sent| sent.data + sent.empty;
        of(self.sent.client) + of(self.sent.server)
    }
}

impl Sent {
    /// `812 data segments, 1.14 MB`, `405 ACKs`; `None` where nothing was sent.
    pub fn told(self) -> Option<String> {
        match (self.data, self.empty) {
            (0, 0) => None,
            (0, empty) => Some(human::plural(empty, "ACK")),
            (data, _) => Some(format!("{}, {}", human::plural(data, "data segment"), human::octets(self.octets))),
        }
    }

    fn add(&mut self, other: Self) {
        self.data += other.data;
        self.octets += other.octets;
        self.empty += other.empty;
    }
}

/// What `facts` say, in words: the fuller form, then one for narrow places. Nothing where they say
/// nothing that a reader asks for.
pub fn known(facts: Facts, glyphs: &Glyphs) -> [String; 2] {
    let (mut full, mut brief) = (Vec::new(), Vec::new());
    for (basis, sign) in
        [(Basis::Proven, glyphs.proven), (Basis::Expected, glyphs.expected), (Basis::Assumed, glyphs.assumed)]
    {
        let has = |fact| facts.basis(fact) == Some(basis);
        let mut say = |long: &str, short: &str| {
            full.push(format!("{sign} {long}"));
            brief.push(format!("{sign} {short}"));
        };
        match (has(Fact::Receives), has(Fact::Sends)) {
            (true, true) => say("I can send and receive, my peer too", "send, receive"),
            (true, false) => say("I can receive, my peer can send", "receive"),
            (false, true) => say("I can send, my peer can receive", "send"),
            (false, false) => {}
        }
        if has(Fact::PeerDone) {
            say("my peer will send no more", "peer done");
        }
        if has(Fact::AllDelivered) {
            say("all I sent has arrived", "all arrived");
        }
        if has(Fact::Dead) {
            say("it is over", "over");
        }
    }
    [full.join("; "), brief.join("; ")]
}

/// A name of `state` for narrow places.
pub(super) const fn short_name(state: State) -> &'static str {
    match state {
        State::Closed => "CLOSED",
        State::Listen => "LISTEN",
        State::SynSent => "SYN-S",
        State::SynRcvd => "SYN-R",
        State::Established => "ESTAB",
        State::FinWait1 => "FIN-W1",
        State::FinWait2 => "FIN-W2",
        State::CloseWait => "CLO-W",
        State::Closing => "CLOSNG",
        State::LastAck => "LAST-A",
        State::TimeWait => "TIME-W",
    }
}

/// Seconds with six decimals.
pub(super) fn seconds(span: Span) -> String {
    let us = span.0 / 1000;
    let sign = if us < 0 { "-" } else { "" };
    let us = us.unsigned_abs();
    format!("{sign}{}.{:06}", us / 1_000_000, us % 1_000_000)
}
