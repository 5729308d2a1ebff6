//! Protocols that a user declares: messages of a fixed header, which says how long the message is,
//! and a body.
//!
//! TCP carries octets and knows no messages: two that are sent arrive glued together, one arrives in
//! pieces. A [`Definition`] says where a message ends and what stands in its header. The same value
//! cuts ([`Definition::measure`], [`Definition::value`]) and writes ([`Definition::octets`]), so that
//! what is written is cut as it was meant. Every method is total: a header that is too short has no
//! values, whatever the definition says of it.

mod check;
mod condition;
mod field;
mod length;
mod sum;
mod summary;
mod words;
mod write;

pub use check::{Flaw, Place};
pub use condition::{Comparison, Condition};
pub use field::{Endian, Field, Type, Value};
pub use length::{Counts, Implausible, Length};
pub use sum::{Checksum, Covers, Running, Sum};
pub use summary::{Piece, Summary};
pub use words::{Assignment, Given, Wording};
pub use write::{Unwritable, Written};

/// The name that stands for the body wherever fields are named.
pub const BODY: &str = "body";

/// A declared protocol.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Definition {
    /// What it is called.
    pub name: String,
    /// What carries it.
    pub over: Over,
    /// The ports of its servers.
    pub ports: Vec<u16>,
    /// Octets of its header.
    pub header: usize,
    /// What says how long a message is; without it, messages are headers and nothing else.
    pub length: Option<Length>,
    /// The most octets that a message has, its header included.
    pub max: u64,
    /// What stands in every header.
    pub magic: Vec<Magic>,
    /// What stands in the header, in the order in which it is told.
    pub fields: Vec<Field>,
    /// The field whose value names the message.
    pub kind: Option<usize>,
    /// How the body is shown.
    pub body: Body,
    /// A message in one line.
    pub summary: Summary,
    /// How requests find their responses.
    pub pair: Option<Pair>,
    /// What the header says of the octets of the message.
    pub checksum: Option<Checksum>,
}

/// What carries the messages.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Over {
    /// A stream, in which messages follow each other.
    #[default]
    Tcp,
    /// Datagrams, each of which holds whole messages.
    Udp,
}

/// Octets that stand in every header.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Magic {
    /// Where they begin.
    pub at: usize,
    /// What they are.
    pub octets: Vec<u8>,
}

/// How the body is shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Body {
    /// In hexadecimal.
    #[default]
    Bytes,
    /// As text.
    Text,
}

/// How requests find their responses.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Pair {
    /// The field that a response has from its request; without it, responses come in order.
    pub key: Option<usize>,
    /// Which messages ask; without it, all of the client.
    pub request: Option<Condition>,
    /// Which messages answer; without it, all of the server.
    pub response: Option<Condition>,
}

impl Definition {
    /// The field that is called `name`, and its place among them.
    pub fn field(&self, name: &str) -> Option<(usize, &Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name == name)
    }

    /// What the field at `place` says in `header`.
    pub fn value<'a>(&self, header: &'a [u8], place: usize) -> Option<Value<'a>> {
        self.fields.get(place)?.read(header)
    }

    /// The number of the field at `place` in `header`, if it is one.
    pub fn number(&self, header: &[u8], place: usize) -> Option<i128> {
        self.value(header, place)?.number()
    }

    /// What a message with this header is called, where its kind has a name.
    pub fn kind_of(&self, header: &[u8]) -> Option<&str> {
        let place = self.kind?;
        self.fields.get(place)?.name_of(self.number(header, place)?)
    }

    /// Whether the magic stands in `header`, as far as that goes: with none, it always does.
    pub fn has_magic(&self, header: &[u8]) -> bool {
        self.magic.iter().all(|magic| {
            let there = header.get(magic.at..).unwrap_or_default();
            let len = there.len().min(magic.octets.len());
            there[..len] == magic.octets[..len]
        })
    }
}

/// A definition for tests: the one that `docs/protocols.md` begins with.
#[cfg(test)]
pub(crate) fn acme() -> Definition {
    let number = |name: &str, at, octets| Field::new(name, at, Type::Unsigned(octets));
    let fields = vec![
        Field::new("magic", 0, Type::Bytes(2)),
        Field {
            names: vec![(1, "hello".to_owned()), (2, "get".to_owned()), (3, "reply".to_owned())],
            ..number("type", 2, 1)
        },
        Field { bits: vec![(0, "more".to_owned()), (1, "err".to_owned())], ..number("flags", 3, 1) },
        number("id", 4, 4),
        number("len", 8, 4),
        number("sum", 12, 2),
    ];
    let condition = |text| Condition::parse(text, &fields).expect("a condition");
    Definition {
        name: "acme".to_owned(),
        over: Over::Tcp,
        ports: vec![9000],
        header: 14,
        length: Some(Length { field: 4, counts: Counts::Body, add: 0, unit: 1 }),
        max: 1 << 20,
        magic: vec![Magic { at: 0, octets: vec![0xac, 0x4d] }],
        kind: Some(1),
        body: Body::Text,
        summary: Summary::parse("{type} id={id} {len}B", &fields).expect("a summary"),
        pair: Some(Pair {
            key: Some(3),
            request: Some(condition("type in [1,2]")),
            response: Some(condition("type == 3")),
        }),
        checksum: Some(Checksum { field: 5, sum: Sum::Inet16, over: Covers::Message }),
        fields,
    }
}
