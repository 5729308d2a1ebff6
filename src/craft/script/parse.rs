use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::parse_pattern::{bare_message, data, message, pattern};
use super::play::Scene;
use super::{
    About, Act, Call, Data, Extras, IcmpError, Line, Medium, Saying, Script, Setting, Speaker, Step, When, date,
};
use crate::wire::declared::{Definition, Over, Wording};
use crate::wire::notation::{Fault, Marked, Reader, range};
use crate::wire::{Endpoint, Seq, Span, Vlans};

/// The most payload that a step may have: what an IPv4 packet holds behind the longest headers.
const MAX_PAYLOAD: u32 = 65_535 - 60 - 60;

/// The most octets a program is asked to write at once.
const MAX_WRITE: u32 = 1 << 20;

/// Where a script leaves the notation.
///
/// Prints with the line and a caret under the word:
///
/// ```text
/// line 3, column 8: 10 octets from there end at 11 (SYN and FIN are not counted)
///     > P. 1:10(10) ack 1
///            ^^
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScriptError {
    /// The line, from 1.
    pub line: usize,
    /// Where in the line, and what is wrong.
    pub fault: Fault,
    /// The line as it stands there.
    pub text: String,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, fault, text } = self;
        Marked { line: *line, fault, text }.fmt(f)
    }
}

impl std::error::Error for ScriptError {}

impl FromStr for Script {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        Self::read(text, &[])
    }
}

impl Script {
    /// Reads a script in which messages of declared protocols may stand: `> acme.get id=7`.
    ///
    /// # Errors
    ///
    /// The first line that leaves the notation.
    pub fn read(text: &str, known: &[Definition]) -> Result<Self, ScriptError> {
        let mut scene = Scene::default();
        let mut lines = Vec::new();
        for (at, text) in text.lines().enumerate() {
            let fail = |fault| ScriptError { line: at + 1, fault, text: text.to_owned() };
            let parsed = line(text, known).map_err(fail)?;
            match &parsed {
                Line::Set(setting) => scene.set(setting),
                Line::Step(_) if !scene.is_one_family() => {
                    let what = "client and server have addresses of different families here";
                    return Err(fail(Fault { at: 0, len: text.chars().count(), what: what.to_owned() }));
                }
                Line::Step(Step { act: Act::Again, .. }) if !lines.iter().any(|line| matches!(line, Line::Step(_))) => {
                    return Err(fail(Reader::new(text).fault("there is no frame yet to show again")));
                }
                _ => {}
            }
            lines.push(parsed);
        }
        Ok(Self { lines })
    }
}

fn line(text: &str, known: &[Definition]) -> Result<Line, Fault> {
    let bare = text.trim();
    if bare.is_empty() {
        return Ok(Line::Blank);
    }
    if bare.starts_with("//") || bare.starts_with('#') {
        return Ok(Line::Comment(bare.to_owned()));
    }
    if bare.starts_with('=') {
        return Ok(Line::Claim(bare.to_owned()));
    }
    let mut reader = Reader::new(text);
    let line = if reader.eat('@') {
        let speaker = speaker(&mut reader).ok_or_else(|| reader.fault("expected `client` or `server`"))?;
        Line::Call(speaker, call(&mut reader, known)?)
    } else if bare.starts_with(['+', '-', '*', '<', '>']) || bare == "again" {
        Line::Step(step(&mut reader, known)?)
    } else {
        Line::Set(setting(&mut reader)?)
    };
    reader.end()?;
    Ok(line)
}

fn setting(reader: &mut Reader<'_>) -> Result<Setting, Fault> {
    let start = reader.mark();
    match reader.word() {
        "at" => {
            let time = reader.mark();
            let moment = date::parse(reader.long_word());
            moment.map(Setting::At).ok_or_else(|| reader.fault_since(time, "expected a time like 2026-01-01T00:00:00Z"))
        }
        "link" => match (reader.eat_word("ethernet"), reader.eat_word("raw")) {
            (true, _) => Ok(Setting::Link(Medium::Ethernet)),
            (_, true) => Ok(Setting::Link(Medium::Raw)),
            _ => Err(reader.fault("expected `ethernet` or `raw`")),
        },
        "client" => Ok(Setting::Endpoint(Speaker::Client, endpoint(reader)?)),
        "server" => Ok(Setting::Endpoint(Speaker::Server, endpoint(reader)?)),
        "isn" => {
            let speaker = speaker(reader).ok_or_else(|| reader.fault("expected `client` or `server`"))?;
            Ok(Setting::Isn(speaker, Seq(reader.integer("an initial sequence number of 32 bits")?)))
        }
        "ttl" => Ok(Setting::Ttl(speaker(reader), reader.integer("a time to live of 0 to 255")?)),
        "vlan" => Ok(Setting::Vlan(speaker(reader), vlans(reader)?)),
        "next" => reader.expect_word("connection").map(|()| Setting::NextConnection),
        "patience" => Ok(Setting::Patience(seconds(reader)?)),
        "strict" => Ok(Setting::Strict(!reader.eat_word("off"))),
        "resend" if reader.eat_word("off") => Ok(Setting::Resend(None)),
        "resend" => Ok(Setting::Resend(Some(seconds(reader)?))),
        _ => {
            let what = "expected a packet (`>`, `<`, `again`), a program's deed (`@`), or one of: at, client, isn, link, \
                        next, patience, resend, server, strict, ttl, vlan";
            Err(reader.fault_since(start, what))
        }
    }
}

fn call(reader: &mut Reader<'_>, known: &[Definition]) -> Result<Call, Fault> {
    let start = reader.mark();
    Ok(match reader.word() {
        "accept" => Call::Accept,
        "connect" => Call::Connect,
        "read" if reader.eat_word("end") => Call::ReadToEnd,
        "read" => Call::Read(reader.integer("a number of octets, or `end`")?),
        "write" if reader.rest().trim_start().starts_with('"') => {
            reader.mark();
            Call::Write(Data::Text(data(reader, None)?))
        }
        "write" if Wording::begins(reader, known) => Call::Write(Data::Message(Box::new(message(reader, known)?))),
        "write" => {
            let start = reader.mark();
            let len = reader.integer("a number of octets, or a text")?;
            if len > MAX_WRITE {
                return Err(reader.fault_since(start, format!("at most {MAX_WRITE} octets are written at once")));
            }
            Call::Write(Data::Letters(len))
        }
        "shutdown" => Call::Shutdown,
        "close" => Call::Close,
        "abort" => Call::Abort,
        "stop" => Call::Stop,
        "buffer" => Call::Buffer(reader.integer("a number of octets")?),
        "retries" => Call::Retries(reader.integer("how many times, 0 to 255")?),
        "fastopen" => Call::FastOpen,
        _ => {
            let what = "expected one of: abort, accept, buffer, close, connect, fastopen, read, retries, shutdown, stop, write";
            return Err(reader.fault_since(start, what));
        }
    })
}

fn speaker(reader: &mut Reader<'_>) -> Option<Speaker> {
    if reader.eat_word("client") {
        return Some(Speaker::Client);
    }
    reader.eat_word("server").then_some(Speaker::Server)
}

fn endpoint(reader: &mut Reader<'_>) -> Result<Endpoint, Fault> {
    let start = reader.mark();
    let parsed = reader.long_word().parse::<SocketAddr>();
    let what = "expected an address with a port: 10.0.0.1:40000 or [2001:db8::1]:40000";
    parsed.map(|addr| Endpoint { addr: addr.ip(), port: addr.port() }).map_err(|_| reader.fault_since(start, what))
}

fn vlans(reader: &mut Reader<'_>) -> Result<Vlans, Fault> {
    let mut vlans = Vlans::default();
    while !reader.is_done() {
        let start = reader.mark();
        let id: u16 = reader.integer("a VLAN id of 0 to 4095")?;
        if id > 4095 || vlans.count() == 4 {
            return Err(reader.fault_since(start, "expected up to four VLAN ids of 0 to 4095"));
        }
        vlans.push(id);
    }
    Ok(vlans)
}

fn step(reader: &mut Reader<'_>, known: &[Definition]) -> Result<Step, Fault> {
    let when = when(reader)?;
    if reader.eat_word("again") {
        return Ok(Step { when, act: Act::Again });
    }
    let speaker = match (reader.eat('>'), reader.eat('<')) {
        (true, _) => Speaker::Client,
        (_, true) => Speaker::Server,
        _ => return Err(reader.fault("expected `>` (the client speaks), `<` (the server), or `again`")),
    };
    if reader.eat_word("nothing") {
        return Ok(Step { when, act: Act::Silence(speaker) });
    }
    let start = reader.mark();
    let saying = saying(reader, known)?;
    let len = match &saying {
        Saying::Tcp(pattern) => pattern.len.unwrap_or(pattern.data.as_ref().map_or(0, Vec::len) as u32),
        Saying::Udp(len) => u32::from(*len),
        Saying::Message(message) => message.written.octets.len() as u32,
        Saying::Icmp(_) => 0,
    };
    if len > MAX_PAYLOAD {
        let what = format!("no IP packet holds that much: {MAX_PAYLOAD} octets of payload at most");
        return Err(reader.fault_since(start, what));
    }
    let extras = if reader.eat('{') { extras(reader)? } else { Extras::default() };
    Ok(Step { when, act: Act::Say(speaker, saying, extras) })
}

/// `+0.01`, `-2`, `+0.9~+1.3`, `*`, or nothing.
fn when(reader: &mut Reader<'_>) -> Result<When, Fault> {
    if reader.eat('*') {
        return Ok(When::Any);
    }
    if !reader.rest().trim_start().starts_with(['+', '-']) {
        return Ok(When::Unsaid);
    }
    let start = reader.mark();
    let word = reader.word();
    let wrong = "expected seconds since the step before: `+0.01`, or from when to when: `+0.9~+1.3`";
    let when = match word.split_once('~') {
        None => span(word).map(When::After),
        Some((from, to)) => span(from)
            .zip(span(to))
            .filter(|(from, to)| Span(0) <= *from && from <= to)
            .map(|(a, b)| When::Between(a, b)),
    };
    when.ok_or_else(|| reader.fault_since(start, wrong))
}

/// A positive number of seconds.
fn seconds(reader: &mut Reader<'_>) -> Result<Span, Fault> {
    let start = reader.mark();
    let word = reader.word();
    let known = span(word).filter(|span| *span > Span(0));
    known.ok_or_else(|| reader.fault_since(start, "expected a number of seconds, more than none: `0.2`"))
}

/// `+0.01`, `-2`, `1.3`: seconds.
fn span(word: &str) -> Option<Span> {
    let (sign, digits) = match word.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, word.strip_prefix('+').unwrap_or(word)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let whole = if whole.is_empty() { "0" } else { whole };
    let seconds = whole.parse::<u32>().ok().filter(|_| !whole.starts_with('+'))?;
    Some(Span(sign * (i64::from(seconds) * 1_000_000_000 + date::nanos(fraction)? as i64)))
}

fn saying(reader: &mut Reader<'_>, known: &[Definition]) -> Result<Saying, Fault> {
    if reader.eat_word("udp") {
        return Ok(Saying::Udp(udp_len(reader)?));
    }
    if reader.eat_word("icmp") {
        return Ok(Saying::Icmp(icmp(reader)?));
    }
    if Wording::begins(reader, known) {
        let spoken = message(reader, known)?;
        return Ok(match spoken.of.over {
            Over::Tcp => Saying::Tcp(bare_message(spoken)),
            Over::Udp => Saying::Message(Box::new(spoken)),
        });
    }
    Ok(Saying::Tcp(pattern(reader, known)?))
}

fn udp_len(reader: &mut Reader<'_>) -> Result<u16, Fault> {
    reader.expect('(')?;
    let len = reader.integer("a length in octets")?;
    reader.expect(')')?;
    Ok(len)
}

fn icmp(reader: &mut Reader<'_>) -> Result<IcmpError, Fault> {
    let start = reader.mark();
    let numbers = reader.word().split_once('/').and_then(|(kind, code)| Some((kind.parse().ok()?, code.parse().ok()?)));
    let (kind, code) = numbers.ok_or_else(|| reader.fault_since(start, "expected type and code: `3/1`"))?;
    reader.expect_word("about")?;
    let about = if reader.eat_word("udp") {
        About::Udp(udp_len(reader)?)
    } else {
        let (seq, origin, len) = range(reader)?;
        About::Tcp(seq, origin, len)
    };
    let mtu = if reader.eat_word("mtu") { reader.integer("an MTU of 0 to 65535")? } else { 0 };
    let from = if reader.eat_word("from") { Some(address(reader)?) } else { None };
    Ok(IcmpError { kind, code, about, mtu, from })
}

fn address(reader: &mut Reader<'_>) -> Result<IpAddr, Fault> {
    let start = reader.mark();
    reader.long_word().parse().map_err(|_| reader.fault_since(start, "expected an IP address"))
}

/// After `{`: `ttl 50, id 7}`.
fn extras(reader: &mut Reader<'_>) -> Result<Extras, Fault> {
    let mut extras = Extras::default();
    loop {
        let start = reader.mark();
        match reader.word() {
            "ttl" => extras.ttl = Some(reader.integer("a time to live of 0 to 255")?),
            "id" => extras.id = Some(reader.integer("an identification of 0 to 65535")?),
            "tos" => extras.tos = Some(reader.integer("an octet, 0 to 255")?),
            "sum" => extras.sum = Some(reader.integer("a checksum of 0 to 65535")?),
            _ => return Err(reader.fault_since(start, "expected one of: ttl, id, tos, sum")),
        }
        if !reader.eat(',') {
            reader.expect('}')?;
            return Ok(extras);
        }
    }
}
