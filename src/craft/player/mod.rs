//! Plays one end of a script against whoever speaks at the other: what to say, what to wait for,
//! and whether it came. No socket, no clock: [`Player::poll`] is told the time and says what to do,
//! [`Player::hear`] is told what the other end has said.
//!
//! Time is kept by what the other end did: a delay in the script counts from the step before it,
//! whenever that came. What is heard and not expected fails the script, except for what any TCP may
//! say on the side (a repeat, an acknowledgment without data); after `strict`, that too.
//!
//! ```
//! use synfin::craft::script::Speaker;
//! use synfin::craft::player::{Action, Manner, Player};
//! use synfin::wire::{Seq, Timestamp};
//!
//! let script = "> S 0:0(0)\n< S. 0:0(0) ack 1".parse()?;
//! let mut player = Player::new(&script, Speaker::Client, Manner::new(Seq(4711)))?;
//! let Action::Send(syn) = player.poll(Timestamp(0)) else { panic!("the first step is ours") };
//! assert_eq!(syn.segment.seq, Seq(4711));
//! assert!(matches!(player.poll(Timestamp(0)), Action::Wait(_)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod judge;
mod rehearse;
mod verdict;

use std::collections::VecDeque;
use std::sync::Arc;

use super::emit::{Field, Ip, Link, Spec, Transport};
use super::script::{Act, Books, Call, Extras, Line, Pattern, Saying, Script, Setting, Speaker, Step, When};
use crate::wire::{Endpoint, OptionList, Segment, Seq, Span, Timestamp};
pub use rehearse::Unplayable;
pub use verdict::{Failure, Got, Verdict};

/// How long to wait for a packet where neither the script nor its player says.
const PATIENCE: Span = Span::from_secs(2);

/// The wait before the last words are said again doubles so often.
const MOST_DOUBLINGS: u32 = 3;

/// For how many first waits a player that has come to the end still answers repeats: its TIME-WAIT.
const LINGER: i64 = 60;

/// How a player behaves where the script does not say.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// The first initial sequence number; that of each connection after it is higher.
    pub isn: Seq,
    /// How long to wait for an expected packet.
    pub patience: Span,
    /// Whether everything that is heard has to be expected.
    pub strict: bool,
    /// After how long without an answer to say the last words again, if at all.
    pub resend: Option<Span>,
}

impl Manner {
    /// Two seconds of patience, neither strict nor repeating itself.
    pub const fn new(isn: Seq) -> Self {
        Self { isn, patience: PATIENCE, strict: false, resend: None }
    }
}

/// What is to be done now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// Send this, and poll again.
    Send(Outgoing),
    /// Have the program of the other end do this, where it is ours to command; and poll again.
    Call(Call),
    /// A comment of the script comes by: show it, and poll again.
    Remark(String),
    /// Another connection begins: take another port (client) or forget whom we spoke with (server),
    /// and poll again.
    Reconnect,
    /// Nothing to do before this time, unless something is heard.
    Wait(Timestamp),
    /// The play is over.
    Done(Verdict),
}

/// A segment to send.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outgoing {
    /// Numbers, flags and window.
    pub segment: Segment,
    /// The options, octet for octet.
    pub options: OptionList,
    /// What follows the header.
    pub payload: Vec<u8>,
    /// Fields of the IP header and the checksum, where the script says them.
    pub extras: Extras,
    /// The line of the script that says it, counted from 1.
    pub line: usize,
    /// Whether it is said again since no answer came.
    pub again: bool,
}

impl Outgoing {
    /// The packet, as it goes `from` one end `to` the other.
    pub fn spec(&self, from: Endpoint, to: Endpoint) -> Spec<'_> {
        let transport = Transport::Tcp { segment: &self.segment, options: &self.options, data_offset: Field::Right };
        let usual = Ip::default();
        let ip = Ip {
            ttl: self.extras.ttl.unwrap_or(usual.ttl),
            tos: self.extras.tos.unwrap_or(usual.tos),
            id: self.extras.id.unwrap_or(usual.id),
            ..usual
        };
        let checksum = self.extras.sum.map_or(Field::Right, Field::Wrong);
        Spec { link: Link::Raw, ip, from, to, transport, checksum, payload: &self.payload }
    }
}

/// A segment that the other end has sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Incoming {
    /// The segment.
    pub segment: Segment,
    /// Its options, octet for octet.
    pub options: OptionList,
    /// What followed its header.
    pub payload: Vec<u8>,
    /// Time to live as it came in.
    pub ttl: u8,
    /// DSCP and ECN as they came in.
    pub tos: u8,
}

/// Plays one end of a script.
#[derive(Clone, Debug)]
pub struct Player {
    lines: Arc<[Line]>,
    /// The line that comes next.
    at: usize,
    role: Speaker,
    manner: Manner,
    books: Books,
    /// When the step before the next one was done; the first step begins when it is first polled.
    since: Option<Timestamp>,
    /// What was heard, and when, and has not been looked at.
    inbox: VecDeque<(Incoming, Timestamp)>,
    /// What was heard while the present step was waited for and let pass.
    passed_over: Vec<String>,
    /// What was said since the other end was last heard with what was expected.
    last_words: Vec<Outgoing>,
    /// Whether the last step that was done was the other end's.
    answered: bool,
    /// When the last words are said again, and how often they have been.
    resend_at: Option<Timestamp>,
    resent: u32,
    /// What is on its way to be said again.
    outbox: VecDeque<Outgoing>,
    held: usize,
    verdict: Option<Verdict>,
}

/// How far a line of the script has come.
enum Turn {
    /// It is done, with this left to do.
    Over(Option<Action>),
    /// It is not: this comes first.
    Not(Action),
}

impl Player {
    /// A player of `role`'s end of `script`.
    ///
    /// # Errors
    ///
    /// When a line cannot be performed: it is about something else than TCP segments, or leaves
    /// open what is to be sent.
    pub fn new(script: &Script, role: Speaker, manner: Manner) -> Result<Self, Unplayable> {
        rehearse::rehearse(script, role)?;
        let mut player = Self {
            lines: script.lines.as_slice().into(),
            at: 0,
            role,
            manner,
            books: Books::default(),
            since: None,
            inbox: VecDeque::new(),
            passed_over: Vec::new(),
            last_words: Vec::new(),
            answered: true,
            resend_at: None,
            resent: 0,
            outbox: VecDeque::new(),
            held: 0,
            verdict: None,
        };
        player.books.begin(role, Some(manner.isn));
        Ok(player)
    }

    /// What to do at the time `now`, which never goes back.
    pub fn poll(&mut self, now: Timestamp) -> Action {
        loop {
            let since = *self.since.get_or_insert(now);
            if let Some(verdict) = &self.verdict {
                return Action::Done(verdict.clone());
            }
            if let Some(again) = self.outbox.pop_front() {
                return Action::Send(again);
            }
            let lines = Arc::clone(&self.lines);
            let Some(line) = lines.get(self.at) else {
                return self.end(now);
            };
            let turn = match line {
                Line::Blank | Line::Claim(_) => Turn::Over(None),
                Line::Comment(text) => Turn::Over(Some(Action::Remark(text.clone()))),
                Line::Set(setting) => Turn::Over(self.set(setting)),
                Line::Call(speaker, call) => Turn::Over((*speaker != self.role).then(|| Action::Call(call.clone()))),
                Line::Step(Step { when, act }) => self.step(*when, act, since, now),
            };
            match turn {
                Turn::Not(action) => return action,
                Turn::Over(None) => self.at += 1,
                Turn::Over(Some(action)) => {
                    self.at += 1;
                    return action;
                }
            }
        }
    }

    /// Takes in what the other end has said at the time `now`.
    pub fn hear(&mut self, heard: Incoming, now: Timestamp) {
        self.inbox.push_back((heard, now));
    }

    /// The line of the script that comes next, counted from 1.
    pub fn line(&self) -> usize {
        self.at + 1
    }

    /// How many expectations have held so far.
    pub fn held(&self) -> usize {
        self.held
    }

    fn set(&mut self, setting: &Setting) -> Option<Action> {
        match setting {
            Setting::Isn(speaker, isn) => self.books.begin(*speaker, Some(*isn)),
            Setting::Patience(span) => self.manner.patience = *span,
            Setting::Strict(strict) => self.manner.strict = *strict,
            Setting::Resend(after) => self.manner.resend = *after,
            Setting::NextConnection => {
                // Beyond anything the last connection has used: a SYN that its TIME-WAIT takes for new.
                self.manner.isn += 1 << 24;
                self.books.begin(self.role, Some(self.manner.isn));
                self.books.begin(!self.role, None);
                self.last_words.clear();
                self.inbox.clear();
                return Some(Action::Reconnect);
            }
            // Where the ends are is for whoever carries the segments.
            Setting::At(_) | Setting::Link(_) | Setting::Endpoint(..) | Setting::Ttl(..) | Setting::Vlan(..) => {}
        }
        None
    }

    /// Does a step, or says what to do first.
    fn step(&mut self, when: When, act: &Act, since: Timestamp, now: Timestamp) -> Turn {
        let due = since + delay(when);
        match act {
            Act::Say(speaker, Saying::Tcp(_), _) | Act::Silence(speaker) if *speaker == self.role && now < due => {
                Turn::Not(Action::Wait(due))
            }
            Act::Say(speaker, Saying::Tcp(pattern), extras) if *speaker == self.role => {
                Turn::Over(Some(self.say(pattern, *extras, now)))
            }
            Act::Say(_, Saying::Tcp(pattern), extras) => self.expect(when, pattern, *extras, since, now),
            Act::Silence(speaker) if *speaker == self.role => {
                self.since = Some(now);
                Turn::Over(None)
            }
            Act::Silence(_) => self.expect_nothing(when, since, now),
            // The rehearsal lets none of these pass.
            Act::Say(_, Saying::Udp(_) | Saying::Message(_) | Saying::Icmp(_), _) | Act::Again => Turn::Over(None),
        }
    }

    fn say(&mut self, pattern: &Pattern, extras: Extras, now: Timestamp) -> Action {
        let clock = (now.0 / 1_000_000) as u32;
        let said = match self.books.resolve(self.role, pattern, clock) {
            Ok(said) => said,
            // A name whose line was passed over: the rehearsal cannot know of that.
            Err(error) => {
                let failure = Failure::unsaid(self.at + 1, &self.lines[self.at], &error);
                self.verdict = Some(Verdict::Failed(Box::new(failure)));
                return Action::Done(self.verdict.clone().unwrap_or(Verdict::Held { expectations: 0 }));
            }
        };
        self.books.take_down(self.role, &said.segment);
        let line = self.at + 1;
        let outgoing = Outgoing {
            segment: said.segment,
            options: said.options,
            payload: said.payload,
            extras,
            line,
            again: false,
        };
        if std::mem::take(&mut self.answered) {
            self.last_words.clear();
        }
        self.last_words.push(outgoing.clone());
        self.resent = 0;
        self.resend_at = self.manner.resend.map(|after| now + after);
        self.since = Some(now);
        Action::Send(outgoing)
    }

    /// After the last line: over at once, or, for one who repeats himself on request, when there has
    /// been time for such a request.
    fn end(&mut self, now: Timestamp) -> Action {
        if let Some(after) = self.manner.resend.filter(|_| !self.last_words.is_empty()) {
            if self.answers_repeats() {
                self.since = Some(now);
            }
            if let Some(again) = self.outbox.pop_front() {
                return Action::Send(again);
            }
            let over = self.since.unwrap_or(now) + Span(after.0 * LINGER);
            if now < over {
                return Action::Wait(over);
            }
        }
        if let Some(failure) = self.unexpected_at_the_end() {
            self.verdict = Some(Verdict::Failed(Box::new(failure)));
        }
        Action::Done(self.verdict.get_or_insert(Verdict::Held { expectations: self.held }).clone())
    }
}

/// How long to wait before a step of one's own.
fn delay(when: When) -> Span {
    match when {
        When::Unsaid | When::Any => Span(0),
        When::After(span) | When::Between(span, _) => span.max(Span(0)),
    }
}

#[cfg(test)]
mod tests;
