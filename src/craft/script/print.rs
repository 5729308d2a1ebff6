use std::fmt;

use super::date::{Fraction, Utc};

use super::{About, Act, Call, Data, Extras, IcmpError, Line, Medium, Saying, Script, Setting, Speaker, Step, When};
use crate::wire::notation::{Origin, Quoted};
use crate::wire::{Seq, Span, Vlans};

/// One line each; what was left out is left out.
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
            Self::Call(speaker, call) => write!(f, "@ {speaker} {call}"),
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
            Self::NextConnection => f.write_str("next connection"),
            Self::Patience(span) => write!(f, "patience {}", Seconds(*span)),
            Self::Strict(true) => f.write_str("strict"),
            Self::Strict(false) => f.write_str("strict off"),
            Self::Resend(Some(span)) => write!(f, "resend {}", Seconds(*span)),
            Self::Resend(None) => f.write_str("resend off"),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept => f.write_str("accept"),
            Self::Connect => f.write_str("connect"),
            Self::Read(octets) => write!(f, "read {octets}"),
            Self::ReadToEnd => f.write_str("read end"),
            Self::Write(Data::Letters(octets)) => write!(f, "write {octets}"),
            Self::Write(Data::Text(text)) => write!(f, "write {}", Quoted(text)),
            Self::Write(Data::Message(message)) => write!(f, "write {}", message.wording),
            Self::Shutdown => f.write_str("shutdown"),
            Self::Close => f.write_str("close"),
            Self::Abort => f.write_str("abort"),
            Self::Stop => f.write_str("stop"),
            Self::Buffer(octets) => write!(f, "buffer {octets}"),
            Self::Retries(times) => write!(f, "retries {times}"),
            Self::FastOpen => f.write_str("fastopen"),
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
        self.when.fmt(f)?;
        match &self.act {
            Act::Again => f.write_str("again"),
            Act::Silence(speaker) => write!(f, "{} nothing", speaker.sign()),
            Act::Say(speaker, saying, extras) => write!(f, "{} {saying}{extras}", speaker.sign()),
        }
    }
}

/// With a space after it, where there is anything.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = |span: Span| if span.0 < 0 { "" } else { "+" };
        match *self {
            Self::Unsaid => Ok(()),
            Self::After(span) => write!(f, "{}{} ", sign(span), Seconds(span)),
            Self::Between(from, to) => write!(f, "+{}~+{} ", Seconds(from), Seconds(to)),
            Self::Any => f.write_str("* "),
        }
    }
}

/// A stretch of time as its seconds.
struct Seconds(Span);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Span(ns) = self.0;
        let (sign, ns) = (if ns < 0 { "-" } else { "" }, ns.unsigned_abs());
        write!(f, "{sign}{}{}", ns / 1_000_000_000, Fraction((ns % 1_000_000_000) as u32))
    }
}

impl Speaker {
    /// What its packets begin with.
    pub const fn sign(self) -> char {
        match self {
            Self::Client => '>',
            Self::Server => '<',
        }
    }
}

impl fmt::Display for Saying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(pattern) => pattern.fmt(f),
            Self::Udp(len) => write!(f, "udp ({len})"),
            Self::Message(message) => message.wording.fmt(f),
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
