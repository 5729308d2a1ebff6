//! A conversation as a text: what each end says, when, and between which addresses.
//!
//! The notation is that of `wire::notation` with a time and a direction before each segment;
//! `docs/transcripts.md` describes it whole. Setting lines hold from where they stand.

mod date;
mod parse;
mod play;
mod print;

use std::net::IpAddr;

pub use parse::ScriptError;
pub use play::Shot;

use crate::wire::notation::{Origin, Written};
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
    /// A packet.
    Step(Step),
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
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Step {
    /// How long after the step before it.
    pub after: Span,
    /// What comes by.
    pub act: Act,
}

impl Step {
    /// How long a step takes where a script does not say.
    pub const USUAL: Span = Span::from_millis(10);
}

/// What comes by in a step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Act {
    /// An end says something.
    Say(Speaker, Saying, Extras),
    /// `again`: the frame before this one once more, octet for octet.
    Again,
}

/// What an end says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Saying {
    /// A TCP segment.
    Tcp(Written),
    /// `udp (len)`: a datagram with that many octets of data.
    Udp(u16),
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
