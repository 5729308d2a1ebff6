//! Messages of protocols that a user declares, cut from streams and datagrams.
//!
//! [`parse()`] reads definitions from TOML. [`Messages`] listens to conversations ([`Above`]):
//!
//! - **Which.** Those at a port of a declared protocol speak it. Of others the first octets are
//!   looked at, where a protocol has a magic of two octets or more: what begins with a header is
//!   taken for it.
//! - **Cutting.** `cutter` is pushed the octets of one side as they come, and says which messages
//!   they complete and which octets are in none: a header that is none, a hole, a capture that begins
//!   or ends within a message. After that it finds the next message.
//! - **Pairing.** `pair` finds the request of a response, by key or by turn, and what time it took.
//!
//! Memory is bounded: of a message that comes in pieces no more is kept than its header and
//! [`Limits::body`] octets, of octets that may be the beginning of one 64 KiB, and of all together
//! about [`Limits::total`].

mod cutter;
mod pair;
mod parse;
mod told;
mod trial;

use std::collections::HashMap;

use super::stream::{Above, Event, Interest};
use super::track::{Conn, ConnId, Role};
use crate::wire::declared::{Definition, Over};
use crate::wire::{Protocol, Span};
pub use cutter::{Cutter, Piece};
use pair::Pairs;
pub use pair::{Asked, Part};
pub use parse::{DeclarationError, MOST, parse};
pub use told::{Carriers, Cut, Lost, Message, Why};
use trial::{Trial, Verdict};

/// How much memory messages may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Octets of a body that are kept and shown.
    pub body: usize,
    /// Octets over all conversations together.
    pub total: usize,
}

impl Default for Limits {
    /// 4 KiB of a body, 64 MiB in all.
    fn default() -> Self {
        Self { body: 4096, total: 64 << 20 }
    }
}

/// Something that is told of a conversation.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The protocol that it speaks.
    pub of: &'a Definition,
    /// The conversation.
    pub conn: &'a Conn,
    /// Who sent it.
    pub from: Role,
    /// What it is.
    pub what: What<'a>,
}

/// What is told.
#[derive(Clone, Copy, Debug)]
pub enum What<'a> {
    /// A message, its number among those of its conversation from 0 on, and what it answers.
    Message(Message<'a>, u64, Part),
    /// Octets that are in no message.
    Lost(Lost),
}

/// What the messages of a conversation come to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Account {
    /// Which of the protocols, by its place.
    pub protocol: usize,
    /// Its port says so; else its first octets do.
    pub by_port: bool,
    /// Messages of the client, and of the server.
    pub messages: [u64; 2],
    /// Octets that are in no message, of either.
    pub lost: [u64; 2],
    /// Messages whose checksum is wrong.
    pub wrong_sums: u64,
    /// Requests.
    pub requests: u64,
    /// Requests that were answered.
    pub answered: u64,
    /// The shortest time to an answer, the longest, and all of them together.
    pub waited: Option<[Span; 3]>,
}

/// A conversation that is heard.
#[derive(Debug)]
enum Talk {
    /// It may speak one of several protocols.
    Trial(Trial),
    /// It speaks one.
    Speaks(Box<Speaking>),
}

#[derive(Debug)]
struct Speaking {
    account: Account,
    cutters: [Cutter; 2],
    pairs: Pairs,
    /// Messages so far.
    count: u64,
}

/// The conversations that speak declared protocols.
#[derive(Debug, Default)]
pub struct Messages {
    known: Vec<Definition>,
    limits: Limits,
    talks: HashMap<ConnId, Talk>,
    held: usize,
    /// Messages, of all protocols together.
    count: u64,
}

/// Those, and who is told of their messages.
pub struct Listening<'a> {
    messages: &'a mut Messages,
    tell: &'a mut dyn FnMut(&Told<'_>),
}

/// Octets of a magic without which only a port is believed.
const MAGIC: usize = 2;

impl Messages {
    /// Of these protocols.
    pub fn new(known: Vec<Definition>, limits: Limits) -> Self {
        Self { known, limits, ..Self::default() }
    }

    /// The protocols.
    pub fn known(&self) -> &[Definition] {
        &self.known
    }

    /// How many messages were told.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Octets that are held now.
    pub fn held(&self) -> usize {
        self.held
    }

    /// A listener that tells `tell` what it hears.
    pub fn listening<'a>(&'a mut self, tell: &'a mut dyn FnMut(&Told<'_>)) -> Listening<'a> {
        Listening { messages: self, tell }
    }

    /// What the messages of a conversation come to so far.
    pub fn account(&self, conn: ConnId) -> Option<Account> {
        match self.talks.get(&conn)? {
            Talk::Trial(_) => None,
            Talk::Speaks(speaking) => Some(speaking.account),
        }
    }

    /// Forgets a conversation that has ended, and says what its messages came to.
    pub fn take(&mut self, conn: ConnId) -> Option<Account> {
        let talk = self.talks.remove(&conn)?;
        self.held = self.held.saturating_sub(talk.held());
        match talk {
            Talk::Trial(_) => None,
            Talk::Speaks(speaking) => Some(speaking.account),
        }
    }

    fn begin(&self, conn: &Conn) -> Option<Talk> {
        let carrier = match conn.protocol() {
            Protocol::Tcp => Over::Tcp,
            Protocol::Udp => Over::Udp,
            Protocol::Icmp => return None,
        };
        let places = |wanted: &dyn Fn(&Definition) -> bool| -> Vec<usize> {
            let known = self.known.iter().enumerate();
            known.filter(|(_, of)| of.over == carrier && wanted(of)).map(|(place, _)| place).collect()
        };
        let by_port = Role::BOTH.map(|role| places(&|of| of.ports.contains(&conn.endpoint(role).port)));
        let [client, server] = by_port;
        let by_port = if server.is_empty() { client } else { server };
        // Where a SYN was seen, and in every datagram, the first octet begins a message.
        let whole = Role::BOTH.map(|role| carrier == Over::Udp || conn.half(role).offer.is_some());
        if let [place] = by_port.as_slice() {
            return Some(self.speaks(*place, true, whole));
        }
        if let Some(first) = by_port.first() {
            return Some(Talk::Trial(Trial::new(by_port.clone(), Some(*first), whole)));
        }
        let strong = places(&|of| of.magic.iter().map(|magic| magic.octets.len()).sum::<usize>() >= MAGIC);
        (!strong.is_empty()).then(|| Talk::Trial(Trial::new(strong, None, whole)))
    }

    fn speaks(&self, protocol: usize, by_port: bool, whole: [bool; 2]) -> Talk {
        let keep = if self.held < self.limits.total { self.limits.body } else { 0 };
        let cutters = whole.map(|whole| if whole { Cutter::new(keep) } else { Cutter::astray(keep) });
        let account = Account { protocol, by_port, ..Account::default() };
        Talk::Speaks(Box::new(Speaking { account, cutters, pairs: Pairs::default(), count: 0 }))
    }
}

impl Talk {
    fn held(&self) -> usize {
        match self {
            Self::Trial(trial) => trial.held(),
            Self::Speaks(speaking) => speaking.cutters.iter().map(Cutter::held).sum(),
        }
    }
}

impl Above for Listening<'_> {
    fn wants(&mut self, conn: &Conn) -> bool {
        let Some(talk) = self.messages.begin(conn) else { return false };
        self.messages.talks.insert(conn.id, talk);
        true
    }

    fn hear(&mut self, conn: &Conn, event: &Event<'_>) -> Interest {
        let Listening { messages, tell } = self;
        let Some(mut talk) = messages.talks.remove(&conn.id) else { return Interest::Enough };
        let before = talk.held();
        let interest = match &mut talk {
            Talk::Trial(trial) => match try_out(trial, &messages.known, event) {
                Verdict::Wait => Interest::More,
                Verdict::Not => Interest::Enough,
                Verdict::Speaks(place) => {
                    let whole = Role::BOTH.map(|role| trial.is_whole(role));
                    let speaks = messages.speaks(place, trial.fallback.is_some(), whole);
                    let trial = std::mem::replace(&mut talk, speaks);
                    if let (Talk::Trial(trial), Talk::Speaks(speaking)) = (trial, &mut talk)
                        && let Some(of) = messages.known.get(place)
                    {
                        trial.replay(|from, piece| messages.count += speaking.push(of, conn, from, piece, *tell));
                    }
                    Interest::More
                }
            },
            Talk::Speaks(speaking) => match messages.known.get(speaking.account.protocol) {
                Some(of) => {
                    messages.count += speaking.hear(of, conn, event, *tell);
                    Interest::More
                }
                None => Interest::Enough,
            },
        };
        let over = matches!(&talk, Talk::Trial(trial) if trial.is_over());
        messages.held = (messages.held + if over { 0 } else { talk.held() }).saturating_sub(before);
        if over {
            return Interest::Enough;
        }
        let crowded = messages.held > messages.limits.total;
        if let (true, Talk::Speaks(speaking)) = (crowded, &mut talk) {
            speaking.cutters.iter_mut().for_each(|cutter| cutter.keep(0));
        }
        messages.talks.insert(conn.id, talk);
        interest
    }
}

fn try_out(trial: &mut Trial, known: &[Definition], event: &Event<'_>) -> Verdict {
    match event {
        Event::Octets(octets) => {
            let piece = Piece { at: octets.at, n: octets.n, time: octets.time, bytes: octets.bytes };
            trial.hear(known, octets.from, piece)
        }
        Event::Hole(_) | Event::End(_) => {
            trial.end(event.from());
            trial.fallback.filter(|_| matches!(event, Event::Hole(_))).map_or(Verdict::Not, Verdict::Speaks)
        }
    }
}

impl Speaking {
    /// Takes in what one side said; says how many messages that completed.
    fn hear(&mut self, of: &Definition, conn: &Conn, event: &Event<'_>, tell: &mut dyn FnMut(&Told<'_>)) -> u64 {
        match event {
            Event::Octets(octets) => {
                let piece = Piece { at: octets.at, n: octets.n, time: octets.time, bytes: octets.bytes };
                self.push(of, conn, octets.from, piece, tell)
            }
            Event::Hole(hole) => self.work(of, conn, hole.from, tell, |cutter, tell| {
                cutter.hole(of, hole.at, hole.len, tell);
                if of.over == Over::Udp {
                    cutter.end(of, tell);
                }
            }),
            Event::End(end) => self.work(of, conn, end.from, tell, |cutter, tell| cutter.end(of, tell)),
        }
    }

    fn push(
        &mut self,
        of: &Definition,
        conn: &Conn,
        from: Role,
        piece: Piece<'_>,
        tell: &mut dyn FnMut(&Told<'_>),
    ) -> u64 {
        self.work(of, conn, from, tell, |cutter, tell| {
            cutter.push(of, piece, tell);
            // A datagram holds whole messages.
            if of.over == Over::Udp {
                cutter.end(of, tell);
            }
        })
    }

    /// Has one side's cutter work, and tells what comes of it.
    fn work(
        &mut self,
        of: &Definition,
        conn: &Conn,
        from: Role,
        tell: &mut dyn FnMut(&Told<'_>),
        work: impl FnOnce(&mut Cutter, &mut dyn FnMut(Cut<'_>)),
    ) -> u64 {
        let Self { account, cutters, pairs, count } = self;
        let before = *count;
        let side = from as usize;
        work(&mut cutters[side], &mut |cut| {
            let what = match cut {
                Cut::Message(message) => {
                    let number = *count;
                    *count += 1;
                    let part = pairs.take(of, from, number, &message);
                    account.add(side, &message, part);
                    What::Message(message, number, part)
                }
                Cut::Lost(lost) => {
                    account.lost[side] += lost.len;
                    What::Lost(lost)
                }
            };
            tell(&Told { of, conn, from, what });
        });
        *count - before
    }
}

impl Account {
    fn add(&mut self, side: usize, message: &Message<'_>, part: Part) {
        self.messages[side] += 1;
        self.wrong_sums += u64::from(message.right == Some(false));
        match part {
            Part::Neither | Part::Response(None) => {}
            Part::Request => self.requests += 1,
            Part::Response(Some(Asked { waited, .. })) => {
                self.answered += 1;
                let [least, most, all] = self.waited.unwrap_or([waited, waited, Span(0)]);
                self.waited = Some([least.min(waited), most.max(waited), Span(all.0.saturating_add(waited.0))]);
            }
        }
    }
}

#[cfg(test)]
mod tests;
