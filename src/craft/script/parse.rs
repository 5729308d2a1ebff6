use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::play::Scene;
use super::{About, Act, Extras, IcmpError, Line, Medium, Saying, Script, Setting, Speaker, Step, date};
use crate::wire::notation::{Fault, Reader, range, written};
use crate::wire::{Endpoint, Seq, Span, Vlans};

/// The most payload that a step may have: what an IPv4 packet holds behind the longest headers.
const MAX_PAYLOAD: u32 = 65_535 - 60 - 60;

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
        let before = text.get(..fault.at).unwrap_or(text);
        // A tab stays a tab, so that the caret stands under what it means.
        let indent: String = before.chars().map(|c| if c == '\t' { c } else { ' ' }).collect();
        writeln!(f, "line {line}, column {}: {}", before.chars().count() + 1, fault.what)?;
        writeln!(f, "    {text}")?;
        write!(f, "    {indent}{}", "^".repeat(fault.len))
    }
}

impl std::error::Error for ScriptError {}

impl FromStr for Script {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        let mut scene = Scene::default();
        let mut lines = Vec::new();
        for (at, text) in text.lines().enumerate() {
            let fail = |fault| ScriptError { line: at + 1, fault, text: text.to_owned() };
            let parsed = line(text).map_err(fail)?;
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

fn line(text: &str) -> Result<Line, Fault> {
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
    let line = if bare.starts_with(['+', '-', '<', '>']) || bare == "again" {
        Line::Step(step(&mut reader)?)
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
        _ => {
            let what = "expected a packet (`>`, `<`, `again`), or one of: at, link, client, server, isn, ttl, vlan";
            Err(reader.fault_since(start, what))
        }
    }
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

fn step(reader: &mut Reader<'_>) -> Result<Step, Fault> {
    let after = delay(reader)?.unwrap_or(Step::USUAL);
    if reader.eat_word("again") {
        return Ok(Step { after, act: Act::Again });
    }
    let speaker = match (reader.eat('>'), reader.eat('<')) {
        (true, _) => Speaker::Client,
        (_, true) => Speaker::Server,
        _ => return Err(reader.fault("expected `>` (the client speaks), `<` (the server), or `again`")),
    };
    let start = reader.mark();
    let saying = saying(reader)?;
    let len = match saying {
        Saying::Tcp(written) => written.segment.len,
        Saying::Udp(len) => u32::from(len),
        Saying::Icmp(_) => 0,
    };
    if len > MAX_PAYLOAD {
        let what = format!("no IP packet holds that much: {MAX_PAYLOAD} octets of payload at most");
        return Err(reader.fault_since(start, what));
    }
    let extras = if reader.eat('{') { extras(reader)? } else { Extras::default() };
    Ok(Step { after, act: Act::Say(speaker, saying, extras) })
}

/// `+0.01`, `-2`: seconds since the step before, or nothing.
fn delay(reader: &mut Reader<'_>) -> Result<Option<Span>, Fault> {
    if !reader.rest().trim_start().starts_with(['+', '-']) {
        return Ok(None);
    }
    let start = reader.mark();
    let word = reader.word();
    let (sign, digits) = match word.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, word.strip_prefix('+').unwrap_or(word)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let whole = if whole.is_empty() { "0" } else { whole };
    let seconds = whole.parse::<u32>().ok().filter(|_| !whole.starts_with('+'));
    match (seconds, date::nanos(fraction)) {
        (Some(seconds), Some(nanos)) => Ok(Some(Span(sign * (i64::from(seconds) * 1_000_000_000 + nanos as i64)))),
        _ => Err(reader.fault_since(start, "expected seconds since the step before: `+0.01`")),
    }
}

fn saying(reader: &mut Reader<'_>) -> Result<Saying, Fault> {
    if reader.eat_word("udp") {
        return Ok(Saying::Udp(udp_len(reader)?));
    }
    if reader.eat_word("icmp") {
        return Ok(Saying::Icmp(icmp(reader)?));
    }
    Ok(Saying::Tcp(written(reader)?))
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
