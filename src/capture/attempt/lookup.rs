//! Lookups of names: what a client asked about one name, what it was told, and how long that took.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use crate::capture::apps::Mark;
use crate::capture::apps::dns::{self, Data, Message, kind};
use crate::capture::track::{ConnId, Role};
use crate::wire::{Span, Timestamp};

/// Questions about one name (for its addresses of both families, say) that are kept.
const QUESTIONS: usize = 4;
/// Addresses of one name that are kept.
const ADDRESSES: usize = 16;
/// Lookups that gave one client one address, of which the latest are kept.
const NAMES_OF_ONE: usize = 4;
/// Connections that were made with a lookup, of which the first are kept.
const USES: usize = 8;
/// A question that is repeated so much later is another lookup, and one for another type of record.
const PAUSE: Span = Span::from_secs(30);
const BESIDE: Span = Span::from_secs(1);

/// What one client asked about one name.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// Who asked.
    pub client: IpAddr,
    /// Who was asked, at first.
    pub server: IpAddr,
    /// The name, escaped, in small letters.
    pub name: String,
    /// What was asked for, in order.
    pub asked: Vec<Asked>,
    /// The addresses that it was told.
    pub addresses: Vec<IpAddr>,
    /// The connections that it made to one of them before, in order; the first few.
    pub uses: Vec<ConnId>,
    /// When the last of those was made.
    pub used: Option<Timestamp>,
}

/// A question about the name.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The type of record.
    pub kind: u16,
    /// When it was asked first.
    pub first: Mark,
    /// When it was asked last.
    pub last: Mark,
    /// How often, repeats included.
    pub times: u32,
    /// What was answered.
    pub answer: Option<Answer>,
    id: u16,
}

/// What was answered.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The packet that brought the (end of the) answer.
    pub at: Mark,
    /// How it went: 0 well, 3 no such name, ...
    pub rcode: u16,
    /// Addresses in it.
    pub addresses: u32,
    /// It was cut short; what follows over TCP is part of the lookup.
    pub truncated: bool,
}

impl Lookup {
    /// When the first question left.
    pub fn began(&self) -> Option<Mark> {
        self.asked.first().map(|asked| asked.first)
    }

    /// When the last answer came, of those that did.
    pub fn ended(&self) -> Option<Mark> {
        self.asked.iter().filter_map(|asked| asked.answer).map(|answer| answer.at).max_by_key(|at| at.n)
    }

    /// From the first question to the last answer.
    pub fn took(&self) -> Option<Span> {
        Some(self.ended()?.time - self.began()?.time)
    }

    /// Whether every question has its answer.
    pub fn is_answered(&self) -> bool {
        self.asked.iter().all(|asked| asked.answer.is_some_and(|answer| !answer.truncated))
    }

    /// Questions that were asked again.
    pub fn repeats(&self) -> u32 {
        self.asked.iter().map(|asked| asked.times - 1).sum()
    }
}

/// The lookups that are remembered.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    limit: usize,
    /// In order of their numbers, which count on from `first`.
    kept: VecDeque<Lookup>,
    first: u64,
    /// The latest of a client about a name.
    by_name: HashMap<(IpAddr, String), u64>,
    /// Those that gave a client an address, the latest last.
    by_address: HashMap<(IpAddr, IpAddr), Vec<u64>>,
}

impl Lookups {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Takes in a message between `client` and `server`.
    pub(super) fn hear(&mut self, client: IpAddr, server: IpAddr, from: Role, at: Mark, message: &Message<'_>) {
        let Some(question) = message.question().filter(|question| question.class & 0x7fff == dns::INTERNET) else {
            return;
        };
        if message.opcode != 0 || message.response == (from == Role::Client) {
            return;
        }
        let name = question.name.to_string().to_ascii_lowercase();
        if message.response {
            self.answer(client, name, question.kind, at, message);
        } else if matches!(question.kind, kind::A | kind::AAAA) {
            self.ask(client, server, name, question.kind, at, message.id);
        }
    }

    /// The lookups that gave `client` the address `server`, the latest first, before it made the
    /// connection `conn`, which is noted with them.
    pub(super) fn used(&mut self, client: IpAddr, server: IpAddr, conn: ConnId, time: Timestamp) -> Vec<Lookup> {
        let Some(numbers) = self.by_address.get(&(client, server)) else { return Vec::new() };
        let mut found = Vec::new();
        for number in numbers.clone().into_iter().rev() {
            let Some(lookup) = self.of(number) else { continue };
            found.push(lookup.clone());
            if lookup.uses.len() < USES {
                lookup.uses.push(conn);
            }
            lookup.used = Some(time);
        }
        found
    }

    fn ask(&mut self, client: IpAddr, server: IpAddr, name: String, kind: u16, at: Mark, id: u16) {
        let key = (client, name);
        let current = self.by_name.get(&key).copied().and_then(|number| self.of(number));
        if let Some(lookup) = current.filter(|lookup| lookup.takes(kind, at, id)) {
            if let Some(asked) = lookup.asked.iter_mut().find(|asked| asked.kind == kind) {
                asked.times += 1;
                (asked.last, asked.id) = (at, id);
            } else if lookup.asked.len() < QUESTIONS {
                lookup.asked.push(Asked::new(kind, at, id));
            }
            return;
        }
        if self.kept.len() >= self.limit {
            self.forget();
        }
        let lookup = Lookup {
            client,
            server,
            name: key.1.clone(),
            asked: vec![Asked::new(kind, at, id)],
            addresses: Vec::new(),
            uses: Vec::new(),
            used: None,
        };
        let number = self.first + self.kept.len() as u64;
        self.kept.push_back(lookup);
        self.by_name.insert(key, number);
    }

    fn answer(&mut self, client: IpAddr, name: String, kind: u16, at: Mark, message: &Message<'_>) {
        let Some(&number) = self.by_name.get(&(client, name)) else { return };
        let Some(lookup) = self.of(number) else { return };
        let Some(asked) = lookup.asked.iter_mut().find(|asked| asked.kind == kind && asked.id == message.id) else {
            return;
        };
        if asked.answer.is_some_and(|answer| !answer.truncated) {
            return;
        }
        let addresses = message.answers().filter_map(|record| match record.data {
            Data::A(addr) => Some(IpAddr::from(addr)),
            Data::Aaaa(addr) => Some(IpAddr::from(addr)),
            _ => None,
        });
        let told: Vec<IpAddr> = addresses.take(ADDRESSES).collect();
        let (rcode, addresses) = (message.extended_rcode(), told.len() as u32);
        asked.answer = Some(Answer { at, rcode, addresses, truncated: message.truncated });
        let mut new = Vec::new();
        for addr in told {
            if lookup.addresses.len() < ADDRESSES && !lookup.addresses.contains(&addr) {
                lookup.addresses.push(addr);
                new.push(addr);
            }
        }
        for addr in new {
            let numbers = self.by_address.entry((client, addr)).or_default();
            if numbers.len() >= NAMES_OF_ONE {
                numbers.remove(0);
            }
            numbers.push(number);
        }
    }

    fn of(&mut self, number: u64) -> Option<&mut Lookup> {
        self.kept.get_mut(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// Forgets the oldest.
    fn forget(&mut self) {
        let Some(lookup) = self.kept.pop_front() else { return };
        let number = self.first;
        self.first += 1;
        let by_name = (lookup.client, lookup.name);
        if self.by_name.get(&by_name) == Some(&number) {
            self.by_name.remove(&by_name);
        }
        for addr in lookup.addresses {
            let key = (lookup.client, addr);
            if let Some(numbers) = self.by_address.get_mut(&key) {
                numbers.retain(|kept| *kept != number);
                if numbers.is_empty() {
                    self.by_address.remove(&key);
                }
            }
        }
    }
}

impl Lookup {
    /// Whether a question belongs to this lookup: nothing was made of it yet, and it is a repeat, or
    /// is asked beside the others.
    fn takes(&self, kind: u16, at: Mark, id: u16) -> bool {
        let Some(last) = self.asked.iter().map(|asked| asked.last.time).max() else { return false };
        let since = at.time - last;
        let again = match self.asked.iter().find(|asked| asked.kind == kind) {
            None => since < BESIDE,
            Some(Asked { answer: None, .. }) => since < PAUSE,
            // The same question once more over TCP, as its answer was cut.
            Some(Asked { answer: Some(answer), id: before, .. }) => answer.truncated || *before == id,
        };
        again && self.uses.is_empty()
    }
}

impl Asked {
    fn new(kind: u16, at: Mark, id: u16) -> Self {
        Self { kind, first: at, last: at, times: 1, answer: None, id }
    }
}
