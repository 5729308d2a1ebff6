//! DNS messages (RFC 1035), as they stand in a datagram or behind their length on a stream.
//!
//! Nothing is copied: a message, its records and its names are views of its octets. Names are
//! followed through their pointers, which may only lead back, so that none takes long.

pub mod kind;
mod name;
mod said;

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

pub use kind::rcode_name;
pub use name::Name;
use name::escape;
pub use said::{Answer, Digest};
pub(super) use said::{Ear, begins, speaker};

/// The class of the Internet.
pub const INTERNET: u16 = 1;

/// A DNS message whose header is there.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    octets: &'a [u8],
    /// What ties an answer to its question.
    pub id: u16,
    /// Whether it answers.
    pub response: bool,
    /// What is asked for: 0 a query, 4 a notification, 5 an update.
    pub opcode: u8,
    /// The answer comes from a server that is responsible for the name.
    pub authoritative: bool,
    /// The answer did not fit and was cut.
    pub truncated: bool,
    /// The client asks the server to ask on.
    pub recursion_desired: bool,
    /// The server would.
    pub recursion_available: bool,
    /// How it went: 0 well, 3 no such name, 5 refused; without the extension of EDNS.
    pub rcode: u8,
    /// Questions, answers, authorities, additional records: as many as the header promises.
    pub counts: [u16; 4],
}

impl<'a> Message<'a> {
    /// Reads the header; `None` where it is not all there.
    pub fn read(octets: &'a [u8]) -> Option<Self> {
        let header = octets.first_chunk::<12>()?;
        let word = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let (upper, lower) = (header[2], header[3]);
        Some(Self {
            octets,
            id: word(0),
            response: upper & 0x80 != 0,
            opcode: upper >> 3 & 0xf,
            authoritative: upper & 4 != 0,
            truncated: upper & 2 != 0,
            recursion_desired: upper & 1 != 0,
            recursion_available: lower & 0x80 != 0,
            rcode: lower & 0xf,
            counts: [word(4), word(6), word(8), word(10)],
        })
    }

    /// Whether the octets are a DNS message beyond reasonable doubt: a known opcode, a question
    /// or an answer, and every record where it should be, up to the last octet or to where a cut
    /// was told.
    pub fn is_sound(&self) -> bool {
        let [questions, answers, ..] = self.counts;
        let known = matches!(self.opcode, 0 | 2 | 4 | 5 | 6);
        let plausible = if self.response { questions <= 1 || answers > 0 } else { questions > 0 && self.rcode == 0 };
        if !known || !plausible || self.counts == [0; 4] && self.rcode == 0 {
            return false;
        }
        let mut records = self.records();
        self.walk(&mut records) && records.at == self.octets.len()
    }

    /// Whether every record is there that the header promises, or a cut is told; what follows them
    /// does not matter. Enough where it is known that this is DNS.
    pub fn is_whole(&self) -> bool {
        self.walk(&mut self.records()) || self.truncated && self.question().is_some()
    }

    fn walk(&self, records: &mut Records<'_>) -> bool {
        let promised: usize = self.counts[1..].iter().map(|count| usize::from(*count)).sum();
        let whole = records.by_ref().count() == promised;
        records.well && whole
    }

    /// The questions, as far as they can be read.
    pub fn questions(&self) -> Questions<'a> {
        Questions { octets: self.octets, at: 12, left: self.counts[0] }
    }

    /// The first question: in practice the only one.
    pub fn question(&self) -> Option<Question<'a>> {
        self.questions().next()
    }

    /// The records of all sections, as far as they can be read.
    pub fn records(&self) -> Records<'a> {
        let mut questions = self.questions();
        let well = questions.by_ref().count() == usize::from(self.counts[0]);
        let [_, answers, authorities, additional] = self.counts;
        let left = if well { [answers, authorities, additional] } else { [0; 3] };
        Records { octets: self.octets, at: questions.at, left, well }
    }

    /// The records that answer the question.
    pub fn answers(&self) -> impl Iterator<Item = Resource<'a>> {
        self.records().take_while(|record| record.section == Section::Answer)
    }

    /// How it went, with the upper bits that EDNS adds (RFC 6891, section 6.1.3).
    pub fn extended_rcode(&self) -> u16 {
        let upper = self.records().find(|record| record.kind == kind::OPT).map_or(0, |record| record.ttl >> 24);
        (upper as u16) << 4 | u16::from(self.rcode)
    }
}

/// Takes the messages off a stream of DNS over TCP (RFC 1035, section 4.2.2): the first whole
/// message and what follows it. `None` while it is not all there.
pub fn cut(stream: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = stream.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The name.
    pub name: Name<'a>,
    /// The type of record (see [`kind`]).
    pub kind: u16,
    /// The class: 1 is the Internet. In multicast DNS the top bit asks for a unicast answer.
    pub class: u16,
}

/// The questions of a message.
#[derive(Clone, Debug)]
pub struct Questions<'a> {
    octets: &'a [u8],
    at: usize,
    left: u16,
}

impl<'a> Iterator for Questions<'a> {
    type Item = Question<'a>;

    fn next(&mut self) -> Option<Question<'a>> {
        self.left = self.left.checked_sub(1)?;
        let (name, at) = Name::read(self.octets, self.at)?;
        let [k1, k2, c1, c2] = *self.octets.get(at..)?.first_chunk::<4>()?;
        self.at = at + 4;
        Some(Question { name, kind: u16::from_be_bytes([k1, k2]), class: u16::from_be_bytes([c1, c2]) })
    }
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Section {
    /// It answers.
    Answer,
    /// It says who is responsible.
    Authority,
    /// It is given along.
    Additional,
}

/// A resource record.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// Where it stands.
    pub section: Section,
    /// Whose it is.
    pub owner: Name<'a>,
    /// Its type (see [`kind`]).
    pub kind: u16,
    /// Its class; for EDNS the size of datagrams that the sender takes.
    pub class: u16,
    /// For how many seconds it may be kept; for EDNS flags.
    pub ttl: u32,
    /// What it says.
    pub data: Data<'a>,
}

/// What a record says.
#[derive(Clone, Copy, Debug)]
pub enum Data<'a> {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// The name that is meant instead.
    Cname(Name<'a>),
    /// A name server.
    Ns(Name<'a>),
    /// The name of an address.
    Ptr(Name<'a>),
    /// A mail server, with its preference.
    Mx(u16, Name<'a>),
    /// Where a service runs: priority, weight, port, host (RFC 2782).
    Srv(u16, u16, u16, Name<'a>),
    /// Words, each behind its length.
    Txt(&'a [u8]),
    /// Anything else, or one of the above that contradicts itself.
    Other(&'a [u8]),
}

/// The records of a message.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    octets: &'a [u8],
    at: usize,
    left: [u16; 3],
    /// Nothing that was met contradicts itself.
    well: bool,
}

impl<'a> Records<'a> {
    fn read(&mut self, section: Section) -> Option<Resource<'a>> {
        let (owner, at) = Name::read(self.octets, self.at)?;
        let [k1, k2, c1, c2, t1, t2, t3, t4, l1, l2] = *self.octets.get(at..)?.first_chunk::<10>()?;
        let (kind, start) = (u16::from_be_bytes([k1, k2]), at + 10);
        let end = start + usize::from(u16::from_be_bytes([l1, l2]));
        let data = Data::read(self.octets.get(..end)?, start, kind);
        self.at = end;
        Some(Resource {
            section,
            owner,
            kind,
            class: u16::from_be_bytes([c1, c2]),
            ttl: u32::from_be_bytes([t1, t2, t3, t4]),
            data,
        })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Resource<'a>;

    fn next(&mut self) -> Option<Resource<'a>> {
        let sections = [Section::Answer, Section::Authority, Section::Additional];
        let (left, section) = self.left.iter_mut().zip(sections).find(|(left, _)| **left > 0)?;
        *left -= 1;
        let record = self.read(section);
        if record.is_none() {
            self.well = false;
            self.left = [0; 3];
        }
        record
    }
}

impl<'a> Data<'a> {
    /// `octets` end where the record does; its data begin at `start`.
    fn read(octets: &'a [u8], start: usize, kind: u16) -> Self {
        let data = octets.get(start..).unwrap_or_default();
        // A name has to end where the record does.
        let name = |skip: usize| Name::read(octets, start + skip).filter(|(_, end)| *end == octets.len());
        let word = |at: usize| data.get(at..at + 2).map_or(0, |word| u16::from_be_bytes([word[0], word[1]]));
        match kind {
            kind::A => <[u8; 4]>::try_from(data).map_or(Self::Other(data), |octets| Self::A(octets.into())),
            kind::AAAA => <[u8; 16]>::try_from(data).map_or(Self::Other(data), |octets| Self::Aaaa(octets.into())),
            kind::CNAME => name(0).map_or(Self::Other(data), |(name, _)| Self::Cname(name)),
            kind::NS => name(0).map_or(Self::Other(data), |(name, _)| Self::Ns(name)),
            kind::PTR => name(0).map_or(Self::Other(data), |(name, _)| Self::Ptr(name)),
            kind::MX => name(2).map_or(Self::Other(data), |(name, _)| Self::Mx(word(0), name)),
            kind::SRV => name(6).map_or(Self::Other(data), |(name, _)| Self::Srv(word(0), word(2), word(4), name)),
            kind::TXT => Self::Txt(data),
            _ => Self::Other(data),
        }
    }
}

/// What it says as text: an address, a name, words in quotes; of others only how long they are.
impl fmt::Display for Data<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::A(addr) => write!(f, "{addr}"),
            Self::Aaaa(addr) => write!(f, "{addr}"),
            Self::Cname(name) | Self::Ns(name) | Self::Ptr(name) => write!(f, "{name}"),
            Self::Mx(preference, name) => write!(f, "{preference} {name}"),
            Self::Srv(priority, weight, port, name) => write!(f, "{priority} {weight} {port} {name}"),
            Self::Txt(words) => {
                let mut rest = *words;
                let mut gap = "";
                while let Some((&length, tail)) = rest.split_first() {
                    let (word, tail) = tail.split_at(usize::from(length).min(tail.len()));
                    write!(f, "{gap}\"")?;
                    escape(f, word, b"\"")?;
                    f.write_str("\"")?;
                    (rest, gap) = (tail, " ");
                }
                Ok(())
            }
            Self::Other(octets) => write!(f, "{} octets", octets.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `www.shop.example A`, answered by a CNAME and an address that point back.
    const ANSWER: &[u8] = b"\xa7\x8f\x85\x80\0\x01\0\x02\0\0\0\0\x03www\x04shop\x07example\0\0\x01\0\x01\
        \xc0\x0c\0\x05\0\x01\0\0\x01\x2c\0\x02\xc0\x10\xc0\x10\0\x01\0\x01\0\0\x01\x2c\0\x04\x0a\x09\0\x02";

    #[test]
    fn an_answer_is_read_through_its_pointers() {
        let message = Message::read(ANSWER).expect("a header");
        assert!(message.response && message.is_sound());
        assert_eq!(message.question().expect("a question").name.to_string(), "www.shop.example");
        let told: Vec<String> =
            message.answers().map(|record| format!("{} {} {}", record.owner, record.ttl, record.data)).collect();
        assert_eq!(told, ["www.shop.example 300 shop.example", "shop.example 300 10.9.0.2"]);
    }

    #[test]
    fn every_cut_is_unsound_and_keeps_what_came_before() {
        for len in 12..ANSWER.len() {
            let message = Message::read(&ANSWER[..len]).expect("a header");
            assert!(!message.is_sound(), "{len}");
            assert!(message.records().count() < 2);
        }
        let message = Message::read(&ANSWER[..ANSWER.len() - 1]).expect("a header");
        assert_eq!(message.answers().count(), 1);
    }

    #[test]
    fn a_pointer_that_leads_on_or_to_itself_is_no_name() {
        for pointer in [[0xc0, 12], [0xc0, 14], [0xff, 0xff]] {
            let mut octets = ANSWER[..12].to_vec();
            octets.extend(pointer);
            octets.extend([0, 1, 0, 1]);
            assert!(Message::read(&octets).expect("a header").question().is_none(), "{pointer:?}");
        }
    }

    #[test]
    fn what_a_terminal_should_not_get_is_escaped() {
        let octets = b"\x04a.\\b\x03\x1b[2\0";
        let (name, _) = Name::read(octets, 0).expect("a name");
        assert_eq!(name.to_string(), "a\\.\\\\b.\\027[2");
        assert_eq!(Data::Txt(b"\x03a\"b\x09short").to_string(), "\"a\\\"b\" \"short\"");
    }

    #[test]
    fn messages_are_taken_off_a_stream_one_by_one() {
        let stream = b"\0\x02ab\0\x01c\0\x03de";
        let (first, rest) = cut(stream).expect("a message");
        let (second, rest) = cut(rest).expect("a message");
        assert_eq!((first, second), (&b"ab"[..], &b"c"[..]));
        assert!(cut(rest).is_none());
    }
}
