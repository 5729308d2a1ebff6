use std::fmt;

use super::date::{Fraction, Utc};
use super::{About, Act, Extras, IcmpError, Line, Medium, Saying, Script, Setting, Speaker, Step};
use crate::wire::notation::Origin;
use crate::wire::{Seq, Span, Vlans};

/// One line each; every step with its time and window, so that what was left out is told.
impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => Ok(()),
            Self::Comment(text) | Self::Claim(text) => f.write_str(text),
            Self::Set(setting) => setting.fmt(f),
            Self::Step(step) => step.fmt(f),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one_end = |end: &Option<Speaker>| end.map_or(String::new(), |end| format!(" {end}"));
        match self {
            Self::At(time) => write!(f, "at {}", Utc(*time)),
            Self::Link(Medium::Ethernet) => f.write_str("link ethernet"),
            Self::Link(Medium::Raw) => f.write_str("link raw"),
            Self::Endpoint(speaker, endpoint) => write!(f, "{speaker} {endpoint}"),
            Self::Isn(speaker, isn) => write!(f, "isn {speaker} {isn}"),
            Self::Ttl(end, ttl) => write!(f, "ttl{} {ttl}", one_end(end)),
            Self::Vlan(end, vlans) => write!(f, "vlan{}{}", one_end(end), Ids(vlans)),
        }
    }
}

impl fmt::Display for Speaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Span(ns) = self.after;
        let (sign, ns) = (if ns < 0 { '-' } else { '+' }, ns.unsigned_abs());
        write!(f, "{sign}{}{}", ns / 1_000_000_000, Fraction((ns % 1_000_000_000) as u32))?;
        match self.act {
            Act::Again => f.write_str(" again"),
            Act::Say(Speaker::Client, saying, extras) => write!(f, " > {saying}{extras}"),
            Act::Say(Speaker::Server, saying, extras) => write!(f, " < {saying}{extras}"),
        }
    }
}

impl fmt::Display for Saying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(written) => written.fmt(f),
            Self::Udp(len) => write!(f, "udp ({len})"),
            Self::Icmp(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for IcmpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "icmp {}/{} about ", self.kind, self.code)?;
        match self.about {
            About::Tcp(Seq(seq), Origin::Isn, len) => {
                write!(f, "{}:{}({len})", seq as i32, seq.wrapping_add(len) as i32)?;
            }
            About::Tcp(seq, Origin::Zero, len) => write!(f, "!{seq}:{}({len})", seq + len)?,
            About::Udp(len) => write!(f, "udp ({len})")?,
        }
        if self.mtu != 0 {
            write!(f, " mtu {}", self.mtu)?;
        }
        self.from.map_or(Ok(()), |addr| write!(f, " from {addr}"))
    }
}

impl fmt::Display for Extras {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wide = |value: Option<u8>| value.map(u16::from);
        let fields = [("ttl", wide(self.ttl)), ("id", self.id), ("tos", wide(self.tos)), ("sum", self.sum)];
        let set: Vec<String> =
            fields.iter().filter_map(|(name, value)| value.map(|value| format!("{name} {value}"))).collect();
        if set.is_empty() { Ok(()) } else { write!(f, " {{{}}}", set.join(", ")) }
    }
}

struct Ids<'a>(&'a Vlans);

impl fmt::Display for Ids<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.ids().iter().try_for_each(|id| write!(f, " {id}"))
    }
}
