//! What is kept of a DNS message, and the ear that hears them.

use super::{Message, cut, kind, rcode_name};
use crate::capture::apps::{Act, Said, Step};
use crate::capture::track::Role;

/// Records of an answer that are kept.
const ANSWERS: usize = 16;
/// Octets of one of them, as it is written.
const TEXT: usize = 256;

/// A question or an answer, as far as it is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Digest {
    /// What ties the two together.
    pub id: u16,
    /// Whether it is an answer.
    pub response: bool,
    /// What is asked for: 0 a query.
    pub opcode: u8,
    /// How it went, with the bits of EDNS; see [`rcode_name`].
    pub rcode: u16,
    /// The server is responsible for the name.
    pub authoritative: bool,
    /// The answer did not fit.
    pub truncated: bool,
    /// There is a question; in an answer it is repeated as a rule.
    pub asked: bool,
    /// The name in question, escaped; that of the first record where there is no question.
    pub name: String,
    /// The type of record in question (see [`kind`]).
    pub kind: u16,
    /// How many records answer.
    pub count: u16,
    /// The first of them.
    pub answers: Vec<Answer>,
}

/// A record that answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// Whose it is, escaped.
    pub owner: String,
    /// Its type.
    pub kind: u16,
    /// For how many seconds it may be kept.
    pub ttl: u32,
    /// What it says, escaped.
    pub text: String,
}

impl Digest {
    /// What to keep of a message; `None` where it asks and answers nothing.
    pub fn of(message: &Message<'_>) -> Option<Self> {
        let answers: Vec<Answer> = message.answers().take(ANSWERS).map(|record| Answer::of(&record)).collect();
        let (name, kind) = match (message.question(), answers.first()) {
            (Some(question), _) => (question.name.to_string(), question.kind),
            (None, Some(answer)) => (answer.owner.clone(), answer.kind),
            (None, None) => return None,
        };
        Some(Self {
            id: message.id,
            response: message.response,
            opcode: message.opcode,
            rcode: message.extended_rcode(),
            authoritative: message.authoritative,
            truncated: message.truncated,
            asked: message.counts[0] > 0,
            name,
            kind,
            count: message.counts[1],
            answers,
        })
    }

    /// The type of record in question, as it is written: `AAAA`, `TYPE65280`.
    pub fn kind_name(&self) -> String {
        kind_name(self.kind)
    }

    /// How it went: `NXDOMAIN`, `RCODE23`.
    pub fn outcome(&self) -> String {
        rcode_name(self.rcode).map_or_else(|| format!("RCODE{}", self.rcode), str::to_owned)
    }

    pub(in crate::capture::apps) fn act(&self) -> Act {
        if self.response { Act::Answers } else { Act::Asks }
    }

    /// The same for a question and its answer.
    pub(in crate::capture::apps) fn key(&self) -> u64 {
        // FNV-1a: a collision needs the same id, too.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for octet in self.name.bytes().map(|octet| octet.to_ascii_lowercase()).chain(self.kind.to_be_bytes()) {
            hash = (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
        }
        hash << 16 | u64::from(self.id)
    }

    pub(in crate::capture::apps) fn cost(&self) -> usize {
        let answers = self.answers.iter().map(|answer| size_of::<Answer>() + answer.owner.len() + answer.text.len());
        self.name.len() + answers.sum::<usize>()
    }
}

impl Answer {
    fn of(record: &super::Resource<'_>) -> Self {
        let mut text = record.data.to_string();
        if text.len() > TEXT {
            text.truncate(text.floor_char_boundary(TEXT));
            text.push('…');
        }
        Self { owner: record.owner.to_string(), kind: record.kind, ttl: record.ttl, text }
    }

    /// Its type, as it is written.
    pub fn kind_name(&self) -> String {
        kind_name(self.kind)
    }
}

fn kind_name(number: u16) -> String {
    kind::name(number).map_or_else(|| format!("TYPE{number}"), str::to_owned)
}

/// Listens to DNS.
#[derive(Debug)]
pub(in crate::capture::apps) struct Ear {
    /// Whether messages come in datagrams; else each stands behind its length.
    pub(in crate::capture::apps) datagrams: bool,
}

impl Ear {
    pub(in crate::capture::apps) fn step(&mut self, _from: Role, octets: &[u8]) -> Step {
        let (message, len) = if self.datagrams {
            (octets, octets.len())
        } else {
            match cut(octets) {
                Some((message, rest)) => (message, octets.len() - rest.len()),
                None => return Step::Short,
            }
        };
        let said = Message::read(message).filter(Message::is_whole).and_then(|message| Digest::of(&message));
        Step::Message(len as u64, said.map(|said| Said::Dns(Box::new(said))).into_iter().collect())
    }
}

/// Whether the octets are DNS: a datagram, or the beginning of a stream. `None` where more of the
/// stream is needed to tell.
pub(in crate::capture::apps) fn begins(octets: &[u8], datagram: bool) -> Option<bool> {
    if let Some(message) = first(octets, datagram) {
        return Some(message.is_sound());
    }
    // Behind the length an id, flags as a question has them, and one question.
    let plausible = match octets {
        [_, _, _, _, upper, lower, 0, 1, ..] => upper & 0x78 == 0 && lower & 0x4f == 0,
        begun => begun.len() < 8,
    };
    if plausible && !datagram && cut(octets).is_none() { None } else { Some(false) }
}

/// Who says what DNS begins with.
pub(in crate::capture::apps) fn speaker(octets: &[u8], datagram: bool) -> Role {
    match first(octets, datagram) {
        Some(Message { response: true, .. }) => Role::Server,
        _ => Role::Client,
    }
}

fn first(octets: &[u8], datagram: bool) -> Option<Message<'_>> {
    Message::read(if datagram { octets } else { cut(octets)?.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: &[u8] = b"\0\x1e\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x04shop\x07example\0\0\x1c\0\x01";

    fn digest(octets: &[u8]) -> Digest {
        Digest::of(&Message::read(octets).expect("a header")).expect("a question")
    }

    #[test]
    fn a_stream_is_dns_once_a_whole_message_is_there() {
        for len in 0..QUESTION.len() {
            assert_eq!(begins(&QUESTION[..len], false), None, "{len}");
        }
        assert_eq!((begins(QUESTION, false), speaker(QUESTION, false)), (Some(true), Role::Client));
        assert_eq!(begins(&QUESTION[2..], true), Some(true));
        assert_eq!(begins(&QUESTION[2..9], true), Some(false));
        assert_eq!(begins(b"GET / HTTP/1.1\r\n", false), Some(false));
        assert_eq!(begins(b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03", false), Some(false));
    }

    #[test]
    fn a_question_and_its_answer_have_the_same_key_and_others_have_not() {
        let question = digest(&QUESTION[2..]);
        assert_eq!((question.kind_name(), question.name.as_str()), ("AAAA".to_owned(), "shop.example"));
        let mut octets = QUESTION[2..].to_vec();
        octets[2] = 0x81;
        octets[3] = 0x83;
        octets[13] = b'S';
        let answer = digest(&octets);
        assert_eq!((answer.key(), answer.outcome()), (question.key(), "NXDOMAIN".to_owned()));
        octets[1] ^= 1;
        assert_ne!(digest(&octets).key(), question.key());
    }

    #[test]
    fn messages_are_heard_one_by_one() {
        let stream = [QUESTION, QUESTION, &QUESTION[..7]].concat();
        let mut ear = Ear { datagrams: false };
        let mut rest = &stream[..];
        let mut heard = 0;
        while let Step::Message(len, said) = ear.step(Role::Client, rest) {
            heard += said.len();
            rest = &rest[len as usize..];
        }
        assert_eq!((heard, rest.len()), (2, 7));
    }
}
