use std::sync::Arc;

use super::account::{Account, Close};
use super::came::Came;
use super::greeting::{self, Agreed};
use super::inflow::Inflow;
use super::outflow::{Outflow, Piece, Resent};
use super::rtt::Rtt;
use super::{Comparison, Conduct, Masks, Outcome, Part, compare};
use crate::craft::emit::Spec;
use crate::wire::options::kind;
use crate::wire::recording::{Act, End, Greeting};
use crate::wire::{Endpoint, Flags, OptionList, Options, Segment, Seq, Span, Timestamp, Window};

/// The time to live that packets leave with.
const TTL: u8 = 64;

/// The segment size of an end that names none (RFC 9293 §3.7.1).
const DEFAULT_MSS: u16 = 536;

/// One end of a recorded connection, performed.
#[derive(Clone, Debug)]
pub struct Actor {
    pub(super) part: Arc<Part>,
    pub(super) conduct: Conduct,
    pub(super) phase: Phase,
    pub(super) agreed: Agreed,
    pub(super) out: Outflow,
    pub(super) inflow: Inflow,
    pub(super) came: Came,
    /// The other end's initial sequence number.
    pub(super) irs: Seq,
    /// The timestamp to send back (TS.Recent of RFC 7323).
    pub(super) recent: u32,
    /// The acknowledgment number that was sent last.
    pub(super) last_acked: Seq,
    /// Acknowledgments that have to go out, one segment each.
    pub(super) acks_due: u32,
    /// Whether the third step of the handshake is still to be said, which then goes alone.
    pub(super) owes_third_step: bool,
    /// A reset to send, with this sequence number and, where it has one, acknowledgment.
    pub(super) stray: Option<(Seq, Option<Seq>)>,
    /// The next cue, and since when it waits.
    pub(super) cue: usize,
    pub(super) cue_since: Timestamp,
    /// When what it waits for was there.
    pub(super) met_at: Option<Timestamp>,
    /// How much longer the other end's stream is than recorded, as far as it has come.
    pub(super) slip: i64,
    /// What had come when the cue before was done.
    pub(super) burst_from: u64,
    /// When something new was heard last, and whether it was pushed.
    pub(super) heard_at: Timestamp,
    pub(super) pushed: bool,
    /// When the connection got on last: something new was heard, acknowledged, or done.
    pub(super) progress: Timestamp,
    /// When a greeting is said again, and how often that was done.
    greeting_due: Option<Timestamp>,
    greeting_rtt: Rtt,
    pub(super) linger: Timestamp,
    pub(super) account: Account,
    pub(super) ending: Option<Ending>,
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// A client that has said nothing.
    Idle,
    /// A server to which nobody has come.
    Listening,
    /// A client whose SYN is not answered (SYN-SENT).
    Asking,
    /// A server whose SYN/ACK is not acknowledged (SYN-RECEIVED).
    Answering,
    /// The connection is open, or closing.
    Open,
    /// It is over; repeats are still answered for a while.
    Over,
}

/// How a replay ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// Both ends have said all they had to say.
    Played,
    /// The other end broke the connection off.
    Reset,
    /// The other end refused the connection.
    Refused,
    /// The other end never answered the request for a connection.
    Unanswered,
    /// The other end fell silent where the recorded one went on, or acknowledged no more.
    Silent,
    /// The replay was stopped from outside.
    Stopped,
}

/// What an actor does now.
#[derive(Clone, Debug)]
pub enum Deed<'a> {
    /// Sends this; poll again.
    Send(Said<'a>),
    /// Nothing before this time, unless something is heard.
    Wait(Timestamp),
    /// Nothing more.
    Done,
}

/// A segment to send.
#[derive(Clone, Debug)]
pub struct Said<'a> {
    /// Numbers, flags and window.
    pub segment: Segment,
    /// The options, octet for octet.
    pub options: OptionList,
    /// The octets of data.
    pub octets: &'a [u8],
    /// Whether it was said before.
    pub again: bool,
}

impl Said<'_> {
    /// The packet, as it goes `from` one end `to` the other.
    pub fn spec(&self, from: Endpoint, to: Endpoint) -> Spec<'_> {
        Spec { payload: self.octets, ..Spec::tcp(from, to, &self.segment, &self.options) }
    }
}

/// What to say, before it is put into words.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line {
    /// The SYN or SYN/ACK.
    Greeting { again: bool },
    /// Octets, or a FIN.
    Piece(Piece),
    /// An acknowledgment alone.
    Ack,
    /// A reset of this connection.
    Reset,
    /// A reset of something else.
    Stray(Seq, Option<Seq>),
}

impl Actor {
    /// An actor that has said nothing yet.
    pub fn new(part: Arc<Part>, conduct: Conduct) -> Self {
        let rtt = Rtt::new(conduct.first_timeout, conduct.least_timeout);
        let phase = match part.role {
            End::Client => Phase::Idle,
            End::Server => Phase::Listening,
        };
        Self {
            part,
            conduct,
            phase,
            agreed: Agreed::default(),
            out: Outflow::new(1, 0, rtt.clone()),
            inflow: Inflow::default(),
            came: Came::default(),
            irs: Seq(0),
            recent: 0,
            last_acked: Seq(0),
            acks_due: 0,
            owes_third_step: false,
            stray: None,
            cue: 0,
            cue_since: Timestamp(0),
            met_at: None,
            slip: 0,
            burst_from: 0,
            heard_at: Timestamp(0),
            pushed: false,
            progress: Timestamp(0),
            greeting_due: None,
            greeting_rtt: rtt,
            linger: Timestamp(0),
            account: Account::default(),
            ending: None,
        }
    }

    /// What to do at this time.
    pub fn poll(&mut self, now: Timestamp) -> Deed<'_> {
        if let Some((seq, ack)) = self.stray.take() {
            return Deed::Send(self.words(Line::Stray(seq, ack), now));
        }
        if self.phase == Phase::Idle {
            self.phase = Phase::Asking;
            self.begin(now);
        }
        let turn = match self.phase {
            Phase::Idle | Phase::Listening => Turn::Wait(now + Span::from_secs(3600)),
            Phase::Asking | Phase::Answering => self.greet(now),
            Phase::Open => self.converse(now),
            Phase::Over => self.linger(now),
        };
        match turn {
            Turn::Say(line) => Deed::Send(self.words(line, now)),
            Turn::Wait(until) => Deed::Wait(until),
            Turn::Done => Deed::Done,
        }
    }

    /// How it ended; none as long as it goes on.
    pub const fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// Ends it at once: an open connection with a reset.
    pub fn stop(&mut self, now: Timestamp) {
        if self.phase != Phase::Over {
            if matches!(self.phase, Phase::Open | Phase::Answering) {
                self.stray = Some((self.seq(self.out.nxt()), None));
            }
            self.over(Ending::Stopped, now);
        }
    }

    /// How it has gone so far.
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// What it performs.
    pub fn part(&self) -> &Part {
        &self.part
    }

    /// What came, beside what was recorded of the other end.
    pub fn comparison(&self, masks: &Masks) -> Comparison {
        let recorded = &self.part.recording.end(!self.part.role).stream;
        let mut comparison = compare(recorded, &self.came.octets(recorded), masks);
        let left_out = self.came.left_out();
        if left_out > 0 {
            comparison.came += left_out;
            if comparison.outcome == Outcome::Equal {
                comparison.outcome = Outcome::Extra { at: comparison.came - left_out, octets: left_out };
            }
        }
        comparison
    }

    /// All octets that came, as far as they are kept (64 MiB from the first that was not recorded).
    pub fn came(&self) -> std::borrow::Cow<'_, [u8]> {
        self.came.octets(&self.part.recording.end(!self.part.role).stream)
    }

    /// Octets of the recorded stream that the other end has acknowledged.
    pub fn delivered(&self) -> u64 {
        self.out.acknowledged()
    }

    /// Notes when it began.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.account.began.get_or_insert(now);
        self.progress = now;
        self.heard_at = now;
    }

    /// The other end's greeting is known: the connection is open.
    pub(super) fn open(&mut self, now: Timestamp) {
        self.phase = Phase::Open;
        self.account.opened = Some(now);
        self.cue_since = now;
        self.heard_at = now;
        self.progress = now;
    }

    /// What both greetings come to.
    pub(super) fn agree(&mut self, theirs: &Options, window: Window) {
        let ours = self.account.greeted.map_or_else(Options::default, |greeting| greeting.options.meaning());
        self.agreed = Agreed::of(&ours, theirs, DEFAULT_MSS);
        let overhead = if self.agreed.timestamps { 12 } else { 0 };
        let mss = self.agreed.mss.min(u32::from(self.conduct.most)).saturating_sub(overhead).max(1);
        // The window of a SYN is never scaled (RFC 7323 §2.2).
        self.out = Outflow::new(mss, u32::from(window.0), self.greeting_rtt.clone());
    }

    pub(super) fn over(&mut self, ending: Ending, now: Timestamp) {
        self.phase = Phase::Over;
        self.ending = Some(ending);
        self.account.ended = Some(now);
        self.account.round_trip = self.out.round_trip();
        // Greetings that were said again are none of the stream's.
        self.account.resent = Resent { segments: self.account.sent.repeats, ..self.out.resent };
        // Where something was lost, the last acknowledgment may be, too.
        let troubled = self.conduct.always_lingers
            || self.account.sent.repeats > 0
            || self.account.heard.repeats > 0
            || self.account.early > 0;
        let peer_may_ask = ending == Ending::Played && self.inflow.is_finished();
        self.linger = if troubled && peer_may_ask { now + self.conduct.linger } else { now };
    }

    /// Asks for the connection, or answers being asked; again, when nothing comes.
    fn greet(&mut self, now: Timestamp) -> Turn {
        let gives_up = self.progress + self.conduct.patience;
        let again = match self.greeting_due {
            Some(_) if now >= gives_up => {
                self.over(Ending::Unanswered, now);
                return Turn::Done;
            }
            Some(due) if now < due => return Turn::Wait(due.min(gives_up)),
            Some(_) => {
                self.greeting_rtt.back_off();
                true
            }
            None => false,
        };
        self.greeting_due = Some(now + self.greeting_rtt.timeout());
        Turn::Say(Line::Greeting { again })
    }

    /// Has the greeting said again at once: it was asked for again.
    pub(super) fn greet_again(&mut self, now: Timestamp) {
        if let Some(due) = &mut self.greeting_due {
            *due = now;
        }
    }

    /// After the end: answers repeats.
    pub(super) fn linger(&mut self, now: Timestamp) -> Turn {
        if self.acks_due > 0 {
            self.acks_due = 0;
            return Turn::Say(Line::Ack);
        }
        if now < self.linger { Turn::Wait(self.linger) } else { Turn::Done }
    }

    /// The sequence number of an offset in the own stream.
    pub(super) fn seq(&self, offset: u64) -> Seq {
        // Whole turns of the circle make no difference.
        self.conduct.isn + 1 + (offset as u32)
    }

    /// What is said next to the other end, as its acknowledgment number.
    pub(super) fn acknowledgment(&self) -> Seq {
        self.irs + 1 + (self.inflow.nxt() as u32)
    }

    fn words(&mut self, line: Line, now: Timestamp) -> Said<'_> {
        let mut said = Segment { ack: self.acknowledgment(), flags: Flags::ACK, ..Segment::default() };
        said.window = Window(u16::try_from(self.conduct.window >> self.agreed.ours.count()).unwrap_or(u16::MAX));
        said.seq = self.seq(self.out.nxt());
        let mut options = OptionList::EMPTY;
        let (mut range, mut repeats) = (0..0, false);
        match line {
            Line::Greeting { again } => {
                repeats = again;
                options = self.greeting(&mut said, now);
            }
            Line::Piece(piece) => {
                said.seq = self.seq(piece.from);
                range = piece.from..piece.to;
                repeats = piece.again;
                if piece.push {
                    said.flags |= Flags::PSH;
                }
                if piece.fin {
                    said.flags |= Flags::FIN;
                    self.account.ends(self.part.role, Close::Fin);
                }
                self.account.first_sent.get_or_insert(now);
                self.acks_due = 0;
            }
            Line::Ack => {}
            Line::Reset => {
                said.flags |= Flags::RST;
                self.account.ends(self.part.role, Close::Reset);
            }
            Line::Stray(seq, ack) => {
                (said.seq, said.ack, said.window) = (seq, ack.unwrap_or_default(), Window(0));
                said.flags = if ack.is_some() { Flags::RST | Flags::ACK } else { Flags::RST };
            }
        }
        if matches!(line, Line::Piece(_) | Line::Ack) {
            self.last_acked = said.ack;
            self.put_options(&mut options, range.is_empty(), now);
        }
        if self.conduct.keeps_acts {
            self.note(line, now);
        }
        let own = self.part.recording.end(self.part.role);
        let octets = own.octets(range.start, range.end);
        said.len = octets.len() as u32;
        said.options = options.meaning();
        self.account.sent.count(said.len, repeats);
        Said { segment: said, options, octets, again: repeats }
    }

    /// Notes what this end does.
    fn note(&mut self, line: Line, now: Timestamp) {
        let (role, heard) = (self.part.role, self.inflow.nxt());
        let mut did = |act| self.account.did(role, act, heard, now);
        match line {
            Line::Greeting { .. } if role == End::Client => did(Act::Syn),
            Line::Greeting { .. } => did(Act::SynAck),
            Line::Piece(Piece { from, to, fin, push, .. }) => {
                if to > from {
                    did(Act::Data { from, to, push });
                }
                if fin {
                    did(Act::Fin);
                }
            }
            Line::Reset | Line::Stray(..) => did(Act::Reset),
            Line::Ack => {}
        }
    }

    /// The greeting's segment, and its options.
    fn greeting(&mut self, said: &mut Segment, now: Timestamp) -> OptionList {
        let asked = self.account.was_greeted.map(|greeting| greeting.options.meaning());
        let recorded = self.part.recording.end(self.part.role).greeting.as_ref();
        let times = (self.timestamp(now), self.recent);
        let options = greeting::options(recorded, &self.conduct, asked.as_ref(), times);
        said.seq = self.conduct.isn;
        said.window = greeting::window(recorded, &self.conduct);
        said.flags = Flags::SYN;
        if asked.is_some() {
            said.flags = Flags::SYN | Flags::ACK;
            self.last_acked = said.ack;
        } else {
            said.ack = Seq(0);
        }
        self.account.greeted = Some(Greeting { flags: said.flags, window: said.window, options, ttl: TTL });
        options
    }

    /// Timestamps, and what has come early.
    fn put_options(&self, options: &mut OptionList, is_bare: bool, now: Timestamp) {
        let mut put = |kind: u8, data: &[u8]| {
            // There is room: both together have 40 octets at most.
            let _ = options.extend(&[kind::NOP, kind::NOP]).and_then(|()| options.push(kind, data));
        };
        if self.agreed.timestamps {
            put(kind::TIMESTAMPS, &[self.timestamp(now).to_be_bytes(), self.recent.to_be_bytes()].concat());
        }
        if self.agreed.sack && is_bare && self.inflow.has_hole() {
            let blocks = self.inflow.blocks(if self.agreed.timestamps { 3 } else { 4 });
            let edge = |offset: u64| (self.irs + 1 + (offset as u32)).0.to_be_bytes();
            let edges: Vec<u8> = blocks.iter().flat_map(|(from, to)| [edge(*from), edge(*to)].concat()).collect();
            if !edges.is_empty() {
                put(kind::SACK, &edges);
            }
        }
    }

    /// What the clock of timestamps shows.
    fn timestamp(&self, now: Timestamp) -> u32 {
        self.conduct.clock.wrapping_add((now.0 / 1_000_000) as u32)
    }
}

/// What an actor decides.
#[derive(Clone, Copy, Debug)]
pub(super) enum Turn {
    Say(Line),
    Wait(Timestamp),
    Done,
}
