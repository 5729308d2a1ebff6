//! A conversation as a text: what each end says, when, and between which addresses.
//!
//! The notation is that of `wire::notation` with a time and a direction before each segment;
//! `docs/transcripts.md` describes it whole. Setting lines hold from where they stand.

mod books;
mod date;
mod parse;
mod parse_pattern;
pub mod pattern;
mod play;
mod print;
mod print_pattern;
mod transcribe;

use std::net::IpAddr;

pub(in crate::craft) use books::{Books, Heard};
pub use books::{Difference, Unresolved};
pub use parse::ScriptError;
pub use pattern::{Name, Number, OptionPattern, OptionsPattern, Pattern, Spoken, Value};
pub use play::{FramesError, Shot, StepError};
pub use transcribe::Transcription;

use crate::wire::notation::Origin;
use crate::wire::{Endpoint, Seq, Span, Timestamp, Vlans};

/// A script: its lines in order. The first is line 1 of its text.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Script {
    /// One for each line of text.
    pub lines: Vec<Line>,
}

/// One line of a script.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Line {
    /// Nothing.
    Blank,
    /// For the reader: begins with `//` or `#`.
    Comment(String),
    /// What ought to be true here: begins with `=`. The script only carries it.
    Claim(String),
    /// Changes the scene for the lines that follow.
    Set(Setting),
    /// `@ server accept`: what the program of one end does now.
    Call(Speaker, Call),
    /// A packet.
    Step(Step),
}

/// What the program at one end asks of its host's TCP. The other end's player does not see it, but
/// what comes of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Call {
    /// `accept`: takes a connection from the listening socket.
    Accept,
    /// `connect`: opens a connection to the other end.
    Connect,
    /// `read 10`: takes so many octets, waiting for them.
    Read(u32),
    /// `read end`: takes what comes until the other end says no more.
    ReadToEnd,
    /// `write 10`, `write "text"`: gives octets to send.
    Write(Data),
    /// `shutdown`: says that there is no more to send, and goes on reading.
    Shutdown,
    /// `close`: is done with the connection.
    Close,
    /// `abort`: closes it with a reset (a linger time of 0).
    Abort,
    /// `stop`: stops listening.
    Stop,
    /// `buffer 4096`: has so much room for what comes in, on the next connection.
    Buffer(u32),
    /// `retries 1`: repeats a SYN or a SYN/ACK so many times before it gives up.
    Retries(u8),
    /// `fastopen`: takes data on a SYN that brings a cookie (RFC 7413).
    FastOpen,
}

/// What a program gives to send.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Data {
    /// So many letters, as the payload of steps has them.
    Letters(u32),
    /// This.
    Text(Vec<u8>),
    /// `acme.reply id=7`: a message of a declared protocol.
    Message(Box<Spoken>),
}

/// A change of the scene.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Setting {
    /// `at 2026-01-01T00:00:00Z`: the time now.
    At(Timestamp),
    /// `link ethernet`, `link raw`.
    Link(Medium),
    /// `client 10.0.0.1:40000`, `server [2001:db8::2]:80`.
    Endpoint(Speaker, Endpoint),
    /// `isn client 4294967290`: what the numbers of that end count from.
    Isn(Speaker, Seq),
    /// `ttl 50`, `ttl server 50`: of one end's packets, or of both.
    Ttl(Option<Speaker>, u8),
    /// `vlan 10 20`, `vlan server 30`: tags of one end's frames, or of both; none without ids.
    Vlan(Option<Speaker>, Vlans),
    /// `next connection`: another one begins, from the client's next port, with new numbers.
    NextConnection,
    /// `patience 5`: how long to wait for a packet where a step does not say.
    Patience(Span),
    /// `strict`, `strict off`: whether every packet that is heard has to be expected.
    Strict(bool),
    /// `resend 0.2`, `resend off`: after how long without an answer the last words are said again.
    Resend(Option<Span>),
}

/// One of the two ends of the conversation, by the role it was given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Speaker {
    /// Its packets begin with `>`.
    Client,
    /// Its packets begin with `<`.
    Server,
}

impl std::ops::Not for Speaker {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// What the frames of a script begin with.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Medium {
    /// An Ethernet header.
    #[default]
    Ethernet,
    /// An IP header.
    Raw,
}

/// A packet of a script.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// When, counted from the step before it.
    pub when: When,
    /// What comes by.
    pub act: Act,
}

/// When a step comes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum When {
    /// Nothing is written.
    Unsaid,
    /// `+0.02`: so long after the step before. Not held against a packet that is expected.
    After(Span),
    /// `+0.9~+1.3`: not earlier and not later.
    Between(Span, Span),
    /// `*`: at any time, however long it takes.
    Any,
}

impl When {
    /// How long a step takes where a script does not say, when it is played into frames.
    pub const USUAL: Span = Span::from_millis(10);

    /// How long the step takes when it is played into frames.
    pub const fn span(self) -> Span {
        match self {
            Self::Unsaid | Self::Any => Self::USUAL,
            Self::After(span) | Self::Between(span, _) => span,
        }
    }
}

/// What comes by in a step.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Act {
    /// An end says something.
    Say(Speaker, Saying, Extras),
    /// `< nothing`: an end says nothing for as long as the step takes.
    Silence(Speaker),
    /// `again`: the frame before this one once more, octet for octet.
    Again,
}

/// What an end says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Saying {
    /// A TCP segment.
    Tcp(Pattern),
    /// `udp (len)`: a datagram with that many octets of data.
    Udp(u16),
    /// `acme.get id=7`: a datagram with a message of a declared protocol.
    Message(Box<Spoken>),
    /// An ICMP error about something the other end has said.
    Icmp(IcmpError),
}

/// `icmp 3/1 about 0:0(0) mtu 1400 from 192.0.2.1`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IcmpError {
    /// Message type.
    pub kind: u8,
    /// Code within the type.
    pub code: u8,
    /// What it quotes.
    pub about: About,
    /// The MTU it tells, or 0.
    pub mtu: u16,
    /// Who sends it, where that is not the end that speaks.
    pub from: Option<IpAddr>,
}

/// What an ICMP error quotes, as far as the first eight octets after the IP header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum About {
    /// A TCP segment of the other end: sequence number, what that counts from, length.
    Tcp(Seq, Origin, u32),
    /// A UDP datagram of the other end, by its octets of data.
    Udp(u16),
}

/// `{ttl 50, id 7, tos 2, sum 57005}`: fields of one packet that differ from the scene's.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Extras {
    /// Time to live.
    pub ttl: Option<u8>,
    /// IPv4 identification.
    pub id: Option<u16>,
    /// DSCP and ECN.
    pub tos: Option<u8>,
    /// A transport checksum in place of the right one.
    pub sum: Option<u16>,
}

#[cfg(test)]
mod tests;
