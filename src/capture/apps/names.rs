//! Names learnt from the answers of name servers: by which name an address was looked up.
//!
//! The table is bounded: when it is full, what was learnt first is forgotten first. Whoever can put
//! an answer into the capture can put a name there; a name is a help for eyes, not a proof.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use super::dns::{self, Data, Message, Section};

/// The longest name that is kept, in octets as it is written.
const LONGEST: usize = 1024;

/// How much is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Addresses with a name.
    pub names: usize,
    /// Octets of names in all.
    pub octets: usize,
}

impl Default for Limits {
    /// 65,536 names, 4 MiB.
    fn default() -> Self {
        Self { names: 1 << 16, octets: 4 << 20 }
    }
}

/// Addresses and their names.
#[derive(Debug, Default)]
pub struct Names {
    limits: Limits,
    known: HashMap<IpAddr, Known>,
    /// Addresses in the order in which they were learnt, with the number of the lesson.
    order: VecDeque<(IpAddr, u64)>,
    octets: usize,
    lessons: u64,
    forgotten: u64,
}

#[derive(Debug)]
struct Known {
    name: Box<str>,
    basis: Basis,
    lesson: u64,
}

/// How a name came to an address, the weakest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Basis {
    /// It was given along with another answer.
    Along,
    /// The address was asked for its name.
    Reverse,
    /// The name was asked for its address.
    Asked,
}

impl Names {
    /// A table that keeps within `limits`.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The name of an address, as it was asked for last.
    pub fn get(&self, addr: IpAddr) -> Option<&str> {
        self.known.get(&addr).map(|known| &*known.name)
    }

    /// How many addresses have a name.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// How many names had to be forgotten for want of room.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Learns what an answer says. A name that stands for another one counts for its addresses.
    pub fn learn(&mut self, message: &Message<'_>) {
        if !message.response || message.rcode != 0 || message.opcode != 0 {
            return;
        }
        let asked = message.question().filter(|question| question.class & 0x7fff == dns::INTERNET);
        let mut meant = asked.map(|question| question.name);
        for record in message.records() {
            if record.class & 0x7fff != dns::INTERNET {
                continue;
            }
            let is_meant = record.section == Section::Answer && meant.is_some_and(|name| name.is_same(&record.owner));
            let addr: IpAddr = match record.data {
                Data::Cname(name) if is_meant => {
                    meant = Some(name);
                    continue;
                }
                Data::Ptr(name) => {
                    if let Some(addr) = record.owner.reversed() {
                        self.note(addr, name.to_string(), Basis::Reverse);
                    }
                    continue;
                }
                Data::A(addr) => addr.into(),
                Data::Aaaa(addr) => addr.into(),
                _ => continue,
            };
            match asked {
                Some(question) if is_meant => self.note(addr, question.name.to_string(), Basis::Asked),
                _ => self.note(addr, record.owner.to_string(), Basis::Along),
            }
        }
    }

    fn note(&mut self, addr: IpAddr, name: String, basis: Basis) {
        let unnamed = addr.is_unspecified() || addr.is_multicast() || name.is_empty() || name == ".";
        if unnamed || name.len() > LONGEST || self.known.get(&addr).is_some_and(|known| known.basis > basis) {
            return;
        }
        self.lessons += 1;
        let lesson = self.lessons;
        self.octets += name.len();
        let known = Known { name: name.into_boxed_str(), basis, lesson };
        if let Some(before) = self.known.insert(addr, known) {
            self.octets -= before.name.len();
        }
        self.order.push_back((addr, lesson));
        while self.known.len() > self.limits.names || self.octets > self.limits.octets {
            let Some((addr, lesson)) = self.order.pop_front() else { break };
            if self.known.get(&addr).is_some_and(|known| known.lesson == lesson)
                && let Some(known) = self.known.remove(&addr)
            {
                self.octets -= known.name.len();
                self.forgotten += 1;
            }
        }
        // Addresses that were learnt again stand in the order more than once.
        if self.order.len() > 2 * self.known.len() + 64 {
            let known = &self.known;
            self.order.retain(|(addr, lesson)| known.get(addr).is_some_and(|known| known.lesson == *lesson));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Vec<u8> {
        let mut octets: Vec<u8> = Vec::new();
        for label in text.split('.') {
            octets.push(label.len() as u8);
            octets.extend(label.as_bytes());
        }
        octets.push(0);
        octets
    }

    /// An answer to `question` (of type A) with records: owner, type, data.
    fn answer(question: &str, records: &[(&str, u16, Vec<u8>)]) -> Vec<u8> {
        let mut octets = vec![0, 7, 0x80, 0, 0, 1, 0, records.len() as u8, 0, 0, 0, 0];
        octets.extend(name(question));
        octets.extend([0, 1, 0, 1]);
        for (owner, kind, data) in records {
            octets.extend(name(owner));
            octets.extend(kind.to_be_bytes());
            octets.extend([0, 1, 0, 0, 0, 60]);
            octets.extend((data.len() as u16).to_be_bytes());
            octets.extend(data);
        }
        octets
    }

    fn learn(names: &mut Names, octets: &[u8]) {
        let message = Message::read(octets).expect("a header");
        assert!(message.is_sound());
        names.learn(&message);
    }

    fn of(names: &Names, addr: &str) -> Option<String> {
        names.get(addr.parse().expect("an address")).map(str::to_owned)
    }

    #[test]
    fn an_address_has_the_name_that_was_asked_for() {
        let mut names = Names::default();
        let records = [
            ("www.shop.example", 5, name("Shop.example")),
            ("shop.EXAMPLE", 1, vec![10, 9, 0, 2]),
            ("mail.shop.example", 1, vec![10, 9, 0, 3]),
        ];
        learn(&mut names, &answer("www.shop.example", &records));
        assert_eq!(of(&names, "10.9.0.2").as_deref(), Some("www.shop.example"));
        assert_eq!(of(&names, "10.9.0.3").as_deref(), Some("mail.shop.example"), "given along");
        learn(&mut names, &answer("mail.example", &[("mail.example", 1, vec![10, 9, 0, 3])]));
        assert_eq!(of(&names, "10.9.0.3").as_deref(), Some("mail.example"), "asked for counts more");
        learn(&mut names, &answer("x.example", &[("mail.shop.example", 1, vec![10, 9, 0, 3])]));
        assert_eq!(of(&names, "10.9.0.3").as_deref(), Some("mail.example"));
    }

    #[test]
    fn an_address_that_was_asked_for_its_name_has_it() {
        let mut names = Names::default();
        learn(&mut names, &answer("2.0.9.10.in-addr.arpa", &[("2.0.9.10.in-addr.arpa", 12, name("shop.example"))]));
        assert_eq!(of(&names, "10.9.0.2").as_deref(), Some("shop.example"));
    }

    #[test]
    fn nothing_is_learnt_from_questions_and_failures_and_for_nobody() {
        let mut names = Names::default();
        let mut octets = answer("shop.example", &[("shop.example", 1, vec![10, 9, 0, 2])]);
        octets[2] = 0;
        names.learn(&Message::read(&octets).expect("a header"));
        octets[2..4].copy_from_slice(&[0x80, 3]);
        names.learn(&Message::read(&octets).expect("a header"));
        for nobody in [[0, 0, 0, 0], [224, 0, 0, 251]] {
            learn(&mut names, &answer("shop.example", &[("shop.example", 1, nobody.to_vec())]));
        }
        assert!(names.is_empty());
    }

    #[test]
    fn a_full_table_forgets_what_it_learnt_first() {
        let mut names = Names::new(Limits { names: 3, octets: 100 });
        for last in [1, 2, 3, 1, 4] {
            learn(&mut names, &answer("shop.example", &[("shop.example", 1, vec![10, 9, 0, last])]));
        }
        assert_eq!((names.len(), names.forgotten()), (3, 1));
        assert_eq!(of(&names, "10.9.0.2"), None);
        assert!(of(&names, "10.9.0.1").is_some());
        let long = format!("{}.{}", "a".repeat(60), "b".repeat(30));
        learn(&mut names, &answer(&long, &[(&long, 1, vec![10, 9, 0, 5])]));
        assert_eq!(names.len(), 1, "so many octets have no room beside others");
        for _ in 0..1000 {
            learn(&mut names, &answer("shop.example", &[("shop.example", 1, vec![10, 9, 0, 1])]));
        }
        assert!(names.order.len() < 100, "learning the same again takes no room");
    }
}
