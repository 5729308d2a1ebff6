//! What is kept of a connection until its story is told: the telling packets one by one, the rest
//! folded into numbers, so that a transfer of a million segments costs no more than a short one.

use std::collections::VecDeque;
use std::net::IpAddr;

use super::attempt::Beginning;
use super::tally::Tally;
use crate::capture::apps::Talk;
use crate::capture::track::{Basis, Fact, Facts, Note, Notes, Role, Standing, State};
use crate::capture::{Body, Conn, Icmp, Observation, Record};
use crate::report::ladder::PAUSE;
use crate::wire::{Segment, Seq, Side, Timestamp};

/// A run of packets without news is shown whole up to this length.
const RUN_SHOWN: usize = 8;
/// Of a longer run, so many at its beginning and its end are shown.
const RUN_ENDS: usize = 2;
/// So many packets with small news (a retransmission, a closed window) are shown one by one.
const NOTABLE_SHOWN: u32 = 60;
/// So many packets that follow a silence are shown one by one.
const PAUSES_SHOWN: u32 = 30;
/// Of the lost packets of a fold, so many are named.
const LOST_NAMED: usize = 100;
/// Among so many segments with data the one is looked for that another repeats.
const RECENT: usize = 256;
/// So many packets of any kind are kept.
const KEPT: usize = 10_000;

/// One connection, as it is remembered.
#[derive(Debug, Default)]
pub(in crate::report) struct Tale {
    /// Packets and folds, in order.
    pub(super) items: Vec<Item>,
    /// What is counted over all of them.
    pub(super) tally: Tally,
    run: usize,
    notable: u32,
    pauses: u32,
    last: Option<Timestamp>,
    /// What was heard above it; known when it has ended.
    pub(super) talk: Option<Talk>,
    /// What came before it, and when what was said first.
    pub(super) beginning: Beginning,
    /// The names of client and server, where addresses are told by name.
    pub(super) names: [Option<Box<str>>; 2],
    /// Frame and first sequence number of data that was new, by side.
    recent: [VecDeque<(u64, Seq)>; 2],
}

impl Tale {
    /// The same, with what was heard above it.
    pub(in crate::report) fn with_talk(self, talk: Option<Talk>) -> Self {
        Self { talk, ..self }
    }
}

/// A packet, or many.
#[derive(Debug)]
pub(super) enum Item {
    /// Shown by itself.
    Step(Box<Step>),
    /// Shown as one line.
    Fold(Box<Fold>),
}

/// One packet and what it meant.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Frame number.
    pub(super) n: u64,
    /// Capture time.
    pub(super) time: Timestamp,
    /// Who sent it (for an ICMP error: towards whose peer it went).
    pub(super) from: Side,
    /// What it carried.
    pub(super) said: Said,
    /// What it meant.
    pub(super) notes: Notes,
    /// Which repeat it is.
    pub(super) nth: u32,
    /// The frame it repeats, answers or doubles.
    pub(super) about: Option<u64>,
    /// Where both ends stood, by side.
    pub(super) before: [Standing; 2],
    /// Where both ends stand, by side.
    pub(super) after: [Standing; 2],
    /// What both ends knew, by side.
    pub(super) knew: [Facts; 2],
    /// What both ends know, by side.
    pub(super) know: [Facts; 2],
    /// Whether a later packet shows that it never arrived.
    pub(super) lost: bool,
}

/// The body of a packet, as far as the story needs it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Said {
    /// A segment.
    Tcp(Segment),
    /// A datagram of so many octets.
    Udp(u32),
    /// A message, and who wrote it.
    Icmp(Icmp, IpAddr),
}

/// Packets of which only numbers are left.
#[derive(Debug)]
pub(super) struct Fold {
    /// First and last frame number.
    pub(super) frames: (u64, u64),
    /// First and last time.
    pub(super) times: (Timestamp, Timestamp),
    /// By side.
    pub(super) sent: [Sent; 2],
    /// What they meant, with how often; what is not worth telling left out.
    pub(super) notes: Vec<(Note, u64)>,
    /// Those that never arrived, as later packets show; the first few.
    pub(super) lost: Vec<u64>,
}

/// What one side sent within a fold.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    /// Packets with payload.
    pub(super) data: u64,
    /// Octets of payload.
    pub(super) octets: u64,
    /// Packets without.
    pub(super) empty: u64,
}

impl Tale {
    /// Takes in one packet of this connection.
    pub(super) fn add(&mut self, n: u64, record: &Record, told: &Observation, conn: &Conn) {
        let Some(mut step) = Step::of(n, record, told, conn) else {
            return;
        };
        self.find_original(&mut step);
        self.tally.add(&step);
        self.mark_lost(&step);
        let silence = self.last.replace(step.time).map(|last| step.time - last);
        let after_pause = silence.is_some_and(|silence| silence >= PAUSE) && self.pauses < PAUSES_SHOWN;
        self.pauses += u32::from(after_pause);
        match step.weight() {
            Weight::Plain if after_pause && self.items.len() < KEPT => {
                self.items.push(Item::Step(Box::new(step)));
                self.run = self.items.len();
            }
            Weight::Vital if self.items.len() < KEPT => {
                self.items.push(Item::Step(Box::new(step)));
                self.run = self.items.len();
            }
            Weight::Notable if self.notable < NOTABLE_SHOWN => {
                self.notable += 1;
                self.items.push(Item::Step(Box::new(step)));
                self.run = self.items.len();
            }
            _ => self.add_plain(step),
        }
    }

    /// Hands out the packet of frame `n`, if it is among the last.
    pub(super) fn give_up(&mut self, n: u64) -> Option<Box<Step>> {
        let at = self.items.iter().rposition(|item| matches!(item, Item::Step(step) if step.n == n))?;
        self.run -= usize::from(at < self.run);
        match self.items.remove(at) {
            Item::Step(step) => Some(step),
            Item::Fold(_) => None,
        }
    }

    /// Takes in a packet that another connection gave up: it began this one.
    pub(super) fn take_over(&mut self, mut step: Step) {
        step.notes = [Note::Open1, Note::ReuseLive].into_iter().collect();
        let [from, to] = [step.from as usize, !step.from as usize];
        step.before[from] = Standing::assumed(State::Closed);
        step.before[to] = Standing::assumed(State::Listen);
        step.after[from] = Standing::proven(State::SynSent);
        step.after[to] = Standing::expected(State::SynRcvd);
        (step.knew, step.know) = Default::default();
        for fact in [Fact::Receives, Fact::KnowsIss] {
            step.know[to].set(fact, Some(Basis::Expected));
        }
        self.tally.add(&step);
        self.items.push(Item::Step(Box::new(step)));
        self.run = self.items.len();
    }

    /// The first shown packet of `side` that is about the conversation and not an error within it.
    pub(super) fn first_of(&self, side: Side) -> Option<&Step> {
        self.items.iter().find_map(|item| match item {
            Item::Step(step) if step.from == side && !step.notes.contains(Note::IcmpError) => Some(&**step),
            _ => None,
        })
    }

    /// Adds a packet without news to the current run of such, whose middle is folded.
    fn add_plain(&mut self, step: Step) {
        self.items.push(Item::Step(Box::new(step)));
        let run = self.items.len() - self.run;
        let fold_at = self.run + RUN_ENDS;
        let surplus = match self.items.get_mut(fold_at) {
            Some(Item::Fold(_)) => 1,
            Some(item @ Item::Step(_)) if run > RUN_SHOWN => {
                item.fold();
                run - 2 * RUN_ENDS - 1
            }
            _ => 0,
        };
        for _ in 0..surplus {
            if let Item::Step(next) = self.items.remove(fold_at + 1)
                && let Some(Item::Fold(fold)) = self.items.get_mut(fold_at)
            {
                fold.absorb(&next);
            }
        }
    }

    /// Has a step that repeats data say whose, and remembers those that are the first to carry
    /// theirs.
    fn find_original(&mut self, step: &mut Step) {
        let Some(seq) = step.segment().filter(|segment| segment.len > 0).map(Segment::data_seq) else {
            return;
        };
        let recent = &mut self.recent[step.from as usize];
        if step.notes.contains(Note::Retransmit) {
            let original = recent.iter().rev().find(|(_, first)| *first == seq);
            step.about = step.about.or(original.map(|(n, _)| *n));
        } else {
            if recent.len() >= RECENT {
                recent.pop_front();
            }
            recent.push_back((step.n, seq));
        }
    }

    /// Marks the packet that `step` shows to have been lost behind the capture point.
    fn mark_lost(&mut self, step: &Step) {
        let Some(about) = step.about.filter(|_| step.notes.contains(Note::PathLostBeyond)) else {
            return;
        };
        let holds = |item: &&mut Item| match item {
            Item::Step(step) => step.n == about,
            Item::Fold(fold) => (fold.frames.0..=fold.frames.1).contains(&about),
        };
        match self.items.iter_mut().rev().find(holds) {
            Some(Item::Step(step)) => step.lost = true,
            Some(Item::Fold(fold)) if fold.lost.len() < LOST_NAMED => fold.lost.push(about),
            Some(Item::Fold(_)) | None => {}
        }
    }
}

impl Item {
    /// Keeps only the numbers of a step.
    fn fold(&mut self) {
        if let Self::Step(step) = self {
            let mut fold = Fold {
                frames: (step.n, step.n),
                times: (step.time, step.time),
                sent: [Sent::default(); 2],
                notes: Vec::new(),
                lost: Vec::new(),
            };
            fold.absorb(step);
            *self = Self::Fold(Box::new(fold));
        }
    }
}

impl Fold {
    fn absorb(&mut self, step: &Step) {
        self.frames.1 = step.n;
        self.times.1 = step.time;
        if step.lost && self.lost.len() < LOST_NAMED {
            self.lost.push(step.n);
        }
        let sent = &mut self.sent[step.from as usize];
        match step.len() {
            0 => sent.empty += 1,
            len => {
                sent.data += 1;
                sent.octets += u64::from(len);
            }
        }
        for note in step.notes.iter().filter(|note| !DULL.contains(note)) {
            match self.notes.iter_mut().find(|(known, _)| *known == note) {
                Some((_, count)) => *count += 1,
                None => self.notes.push((note, 1)),
            }
        }
    }
}

/// How much a packet has to tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Weight {
    /// Data, or an acknowledgement of it.
    Plain,
    /// Something was lost, repeated, stopped.
    Notable,
    /// An end moved or learnt something.
    Vital,
}

/// Notes that are the ordinary course of things.
const DULL: &[Note] = &[
    Note::WinUpdate,
    Note::Truncated,
    Note::ChecksumOffload,
    Note::EcnSetup,
    Note::EcnAgreed,
    Note::OptTsMissing,
    Note::Fragment,
];

/// The last note of the groups that tell of openings, closes, resets and reuse: those before it
/// in [`Note::ALL`] are vital.
const LAST_VITAL: Note = Note::RolesFlipped;

impl Step {
    fn of(n: u64, record: &Record, told: &Observation, conn: &Conn) -> Option<Self> {
        let said = match record.body {
            Body::Tcp(tcp) => Said::Tcp(tcp.segment),
            Body::Udp(udp) => Said::Udp(udp.payload_len),
            Body::Icmp(icmp) => Said::Icmp(icmp, record.ip?.src),
            Body::Arp(_) | Body::Skip(_) => return None,
        };
        let sides = [conn.role(Side::A), conn.role(Side::B)];
        Some(Self {
            n,
            time: record.time,
            from: conn.side(told.from),
            said,
            notes: told.notes,
            nth: told.nth,
            about: told.about,
            before: sides.map(|role| *told.before.of(role)),
            after: sides.map(|role| *told.after.of(role)),
            knew: sides.map(|role| *told.knew.of(role)),
            know: sides.map(|role| *told.know.of(role)),
            lost: false,
        })
    }

    fn weight(&self) -> Weight {
        let vital = self.before != self.after
            || self.knew != self.know
            || self.notes.iter().any(|note| {
                note <= LAST_VITAL
                    || matches!(
                        note,
                        Note::IcmpError | Note::UdpRequest | Note::UdpReply | Note::UdpRefused | Note::Unexpected
                    )
            });
        if vital {
            Weight::Vital
        } else if self.notes.iter().any(|note| !DULL.contains(&note)) {
            Weight::Notable
        } else {
            Weight::Plain
        }
    }

    /// Octets of payload.
    pub(super) fn len(&self) -> u32 {
        match self.said {
            Said::Tcp(segment) => segment.len,
            Said::Udp(len) => len,
            Said::Icmp(icmp, _) => icmp.payload_len,
        }
    }

    /// The segment, where it is one.
    pub(super) fn segment(&self) -> Option<&Segment> {
        match &self.said {
            Said::Tcp(segment) => Some(segment),
            Said::Udp(_) | Said::Icmp(..) => None,
        }
    }

    /// Who sent it, in `conn` as it is understood now.
    pub(super) fn role(&self, conn: &Conn) -> Role {
        conn.role(self.from)
    }

    /// Whether an end changed its state or the basis for it.
    pub(super) fn moved(&self) -> bool {
        self.before != self.after
    }

    /// What the end on `side` learnt.
    pub(super) fn learnt(&self, side: Side) -> impl Iterator<Item = Fact> {
        self.know[side as usize].since(self.knew[side as usize]).map(|(fact, _)| fact)
    }
}
