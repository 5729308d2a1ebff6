//! What runs on a port: told from the first octets of both sides, with the evidence for it and how
//! far that goes.
//!
//! [`Apps`] hears a conversation as [`stream`](super::stream) hands it on. The first octets of either
//! side are held against what each protocol begins with (`guess`); from then on the ear of that
//! protocol (a file each: `http`, `tls`, ...) cuts what is said into messages and keeps what can be
//! told of them ([`Said`]). What was heard of a conversation is its [`Talk`].
//!
//! An ear is a total function over a slice: it says how many octets the message before it has, and
//! what it said, or that it wants more octets first (`Step`). Nothing is kept of a message but that:
//! a body is skipped, and what is encrypted is not looked at. All of it is bounded: what waits for its
//! end, what is kept of a conversation, and what is kept of all of them ([`Limits`]).

mod announced;
mod certificate;
pub mod dhcp;
pub mod dns;
mod ear;
pub mod ftp;
mod guess;
mod hear;
pub mod http;
mod http2;
mod initial;
mod ja4;
mod line;
mod listener;
pub mod mqtt;
pub mod mysql;
pub mod names;
pub mod ntp;
pub mod postgres;
pub mod quic;
pub mod redis;
mod said;
mod signature;
pub mod smtp;
pub mod ssh;
mod talk;
pub mod tls;
mod usual;

use std::borrow::Cow;

pub use hear::{Apps, Limits};
pub use listener::Listener;
pub use said::{Act, Said};
pub use talk::{Mark, Milestones, Question, Saying, Talk};
pub use usual::{Port, port};

/// What runs on a connection, why that is believed, and how firmly.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct App {
    /// Its name: `http`, `tls`, `https`, `ssh`, ...; that of a declared protocol is its user's.
    pub name: Cow<'static, str>,
    /// What it is told from.
    pub evidence: Evidence,
    /// How firmly.
    pub confidence: Confidence,
}

/// What an application is told from, the weakest first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Evidence {
    /// The port alone.
    Port,
    /// The name that the server's address was looked up by.
    Name,
    /// Another connection said that this one would come: a data connection of FTP.
    Announced,
    /// What TLS says of what it carries (ALPN).
    Alpn,
    /// What was said.
    Payload,
    /// A user has declared the protocol, and messages of it were found.
    Declared,
}

impl Evidence {
    /// The word in the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Port => "port",
            Self::Name => "name",
            Self::Announced => "announced",
            Self::Alpn => "alpn",
            Self::Payload => "payload",
            Self::Declared => "declared",
        }
    }
}

/// How firmly something is believed.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Confidence {
    /// It is usual: nothing that was said speaks for it.
    Low,
    /// One side said what fits, and little else does.
    Medium,
    /// Both sides said what fits, or one what nothing else begins with.
    High,
}

impl Confidence {
    /// The word in the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What the ear of a protocol makes of the octets before it.
#[derive(Debug)]
pub(crate) enum Step {
    /// A message that is not all there: it wants to see these again, with more behind them.
    Short,
    /// A message of so many octets (there may be fewer: the rest is skipped as it comes), and what of
    /// it is worth telling.
    Message(u64, Vec<Said>),
    /// The same; what follows it, on both sides, is TLS.
    ThenTls(u64, Vec<Said>),
    /// The same; what follows it, on both sides, is another protocol that is to be guessed anew.
    ThenOther(u64, Vec<Said>),
    /// Nothing that can be told will come from this side any more.
    Over,
}

/// Text from outside, of at most `most` octets of it.
pub(crate) fn text(octets: &[u8], most: usize) -> String {
    String::from_utf8_lossy(octets.get(..most).unwrap_or(octets)).into_owned()
}
