//! One attempt from the question for a name to the first octet of the answer, and the time that each
//! part of it took.

use super::tale::Tale;
use crate::capture::apps::dns::{kind, rcode_name};
use crate::capture::apps::{Mark, Said, Talk, http, quic, tls};
use crate::capture::attempt::{Answer, Asked, Course, Exchange, Lookup, Neighbour, Prelude};
use crate::capture::track::{Open, Role};
use crate::capture::{Conn, Observation, Packet};
use crate::report::{human, paint};
use crate::wire::{Protocol, Span};

/// A lookup that ended so much before the connection began is no part of the same attempt.
const TOGETHER: Span = Span::from_secs(5);
/// A pause between two parts that is worth a word, in nanoseconds.
const PAUSE_NS: i64 = 2_000_000;

/// What an attempt is told from: what came before the connection, and when what was said at its
/// beginning.
#[derive(Debug, Default)]
pub(super) struct Beginning {
    pub(super) prelude: Option<Box<Prelude>>,
    pub(super) course: Course,
}

impl Beginning {
    /// Takes in a packet of the connection.
    pub(super) fn take(&mut self, packet: &Packet<'_>, seen: &Observation, prelude: Option<Box<Prelude>>) {
        self.course.take(packet, seen);
        self.prelude = self.prelude.take().or(prelude);
    }
}

/// What runs on the connection, as far as the attempt needs it.
#[derive(Debug, Default)]
struct Above {
    /// The name that the client asked for within the connection.
    name: Option<String>,
    /// The version of TLS or QUIC.
    version: Option<String>,
    /// The version of TLS is 1.3 or later: a server may send tickets.
    tickets: bool,
    /// The first hello of the client.
    hello: Option<Mark>,
    /// The end of what can be seen of the handshake of TLS.
    sealed: Option<Mark>,
    /// The first data of the client's application.
    data: Option<Mark>,
    /// Who broke the handshake off, and why.
    alert: Option<(Role, u8)>,
}

/// An attempt as it is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Attempt {
    /// In one sentence.
    pub(super) line: String,
    /// Its parts, in order.
    pub(super) parts: Vec<Part>,
}

impl Attempt {
    /// What it came to, and then its parts.
    pub(super) fn sentences(&self) -> Vec<String> {
        std::iter::once(self.line.clone()).chain(self.parts.iter().map(Part::sentence)).collect()
    }
}

/// A part of an attempt.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Part {
    /// What it is called.
    pub(super) name: &'static str,
    /// How long it took; `None` where it was not seen, or has no end.
    pub(super) took: Option<Span>,
    /// From which packet to which.
    pub(super) frames: Option<(u64, u64)>,
    /// What happened.
    pub(super) text: String,
}

impl Part {
    /// How long it took: `20.7 ms`, or `-`.
    pub(super) fn span(&self) -> String {
        self.took.map_or_else(|| "-".to_owned(), human::span)
    }

    /// Its packets: `#3 to #6`; empty where it has none.
    pub(super) fn packets(&self) -> String {
        match self.frames {
            None => String::new(),
            Some((first, last)) if first == last => format!("#{first}"),
            Some((first, last)) => format!("#{first} to #{last}"),
        }
    }

    /// All of it in one line.
    pub(super) fn sentence(&self) -> String {
        let packets = self.packets();
        let packets = if packets.is_empty() { packets } else { format!(" ({packets})") };
        let took = self.took.map_or_else(String::new, |took| format!(" {}", human::span(took)));
        format!("{}{took}{packets}: {}", self.name, self.text)
    }
}

/// Tells the attempt that made `conn`; `None` where there is nothing beside the connection itself.
pub(super) fn attempt(conn: &Conn, tale: &Tale) -> Option<Attempt> {
    let Beginning { prelude, course } = &tale.beginning;
    let above = &Above::of(tale.talk.as_ref());
    let name = above.name.as_deref();
    let lookup = prelude.as_ref().and_then(|prelude| prelude.lookup(name));
    let neighbour = prelude.as_ref().and_then(|prelude| prelude.neighbour);
    // Where the capture has no beginning, TLS alone is no attempt.
    let has_hello = above.hello.is_some() && (course.syn.is_some() || conn.protocol() != Protocol::Tcp);
    if lookup.is_none() && neighbour.is_none() && !has_hello {
        return None;
    }
    let mut teller = Teller { conn, parts: Vec::new(), clauses: Vec::new(), began: None, ended: None, between: None };
    match (lookup, name) {
        (Some(lookup), _) => teller.name(lookup),
        (None, Some(name)) => teller.part("name", None, None, unseen_name(prelude.as_deref(), name)),
        (None, None) => {}
    }
    teller.neighbour(neighbour.as_ref());
    teller.handshake(course);
    teller.security(course, above);
    teller.answer(course, above);
    teller.whole(above.hello.is_some())
}

impl Above {
    fn of(talk: Option<&Talk>) -> Self {
        let Some(talk) = talk else { return Self::default() };
        let mut above = Self {
            hello: talk.milestones.client_hello,
            sealed: talk.milestones.tls_done,
            data: talk.milestones.data.client,
            ..Self::default()
        };
        for saying in &talk.sayings {
            match &saying.said {
                Said::Tls(tls::Message::ClientHello(hello)) => {
                    above.name = above.name.or_else(|| hello.server_name.clone());
                }
                Said::Tls(tls::Message::ServerHello(hello)) => {
                    above.version = Some(tls::version(hello.version).into_owned());
                    above.tickets = hello.version >= 0x0304;
                }
                Said::Tls(tls::Message::Alert { fatal: true, code }) => {
                    above.alert = above.alert.or(Some((saying.from, *code)));
                }
                Said::Quic(message) if message.version != 0 => {
                    above.version = Some(quic::version_name(message.version));
                }
                Said::Http(http::Message::Request(request)) => {
                    let host = request.host.as_deref().map(without_port);
                    above.name = above.name.or_else(|| host.map(str::to_owned));
                }
                _ => {}
            }
        }
        above.name = above.name.filter(|name| name.parse::<std::net::IpAddr>().is_err());
        above
    }
}

/// `shop.example` of `shop.example:8080`.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') && port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host.trim_start_matches('[').trim_end_matches(']'),
    }
}

struct Teller<'a> {
    conn: &'a Conn,
    parts: Vec<Part>,
    /// `name 20.7 ms`, ...
    clauses: Vec<String>,
    /// The first packet of the attempt and the last that was told.
    began: Option<Mark>,
    ended: Option<Mark>,
    /// Connections that were made with the same lookup before, until the next pause is told.
    between: Option<String>,
}

impl Teller<'_> {
    fn part(&mut self, name: &'static str, took: Option<Span>, frames: Option<(u64, u64)>, text: String) {
        self.parts.push(Part { name, took, frames, text });
    }

    /// A part from one packet to another, with its pause before it where that is worth a word.
    fn stretch(&mut self, name: &'static str, from: Mark, to: Mark, text: String) -> Span {
        self.pause(from);
        let took = to.time - from.time;
        self.part(name, Some(took), Some((from.n, to.n)), text);
        self.began.get_or_insert(from);
        self.ended = Some(to);
        took
    }

    fn pause(&mut self, until: Mark) {
        let Some(since) = self.ended else { return };
        let between = self.between.take();
        let took = until.time - since.time;
        if took.0 >= PAUSE_NS {
            let text = match between {
                Some(others) => format!("until the client went on; in between it tried {others}."),
                None => "until the client went on.".to_owned(),
            };
            self.part("pause", Some(took), Some((since.n, until.n)), text);
            self.clauses.push(format!("pause {}", human::span(took)));
        }
    }

    fn name(&mut self, lookup: &Lookup) {
        let Some((first, last)) = lookup.began().zip(lookup.ended()) else { return };
        let text = asked(lookup);
        let fresh = self.conn.start - last.time < TOGETHER;
        if let (Some(used), false) = (lookup.used, fresh && lookup.uses.is_empty()) {
            let others: Vec<String> = lookup.uses.iter().take(3).map(|id| id.0.to_string()).collect();
            let noun = if others.len() == 1 { "connection" } else { "connections" };
            let before = human::span(self.conn.start - last.time);
            let made = format!("{text} That was {before} before, and made for {noun} {}.", listed(&others));
            if self.conn.start - used < TOGETHER && fresh {
                // The next address of the same lookup, or the same once more.
                let took = self.stretch("name", first, last, text);
                self.between = Some(format!("{noun} {}", listed(&others)));
                self.clauses.push(format!("name {}", human::span(took)));
            } else {
                self.part("name", None, Some((first.n, last.n)), made);
            }
        } else if fresh {
            let took = self.stretch("name", first, last, text);
            self.clauses.push(format!("name {}", human::span(took)));
        } else {
            let before = human::span(self.conn.start - last.time);
            self.part("name", None, Some((first.n, last.n)), format!("{text} That was {before} before."));
        }
    }

    fn neighbour(&mut self, neighbour: Option<&Neighbour>) {
        let Some(neighbour) = neighbour else { return };
        let Neighbour { target, asked, times, answer, .. } = *neighbour;
        let whose = if self.conn.endpoint(Role::Server).addr == target { "" } else { ", the way there," };
        let again = if times > 1 { format!(" Asked {times} times.") } else { String::new() };
        let name = if target.is_ipv4() { "ARP" } else { "neighbour" };
        if let Some((at, link)) = answer {
            let took = self.stretch(name, asked, at, format!("{target}{whose} is at {}.{again}", mac(link)));
            self.clauses.push(format!("{name} {}", human::span(took)));
        } else {
            self.part(
                name,
                None,
                Some((asked.n, asked.n)),
                format!("nobody says that {target}{whose} is there.{again}"),
            );
        }
    }

    fn handshake(&mut self, course: &Course) {
        let Some(syn) = course.syn else {
            if self.conn.protocol() == Protocol::Tcp {
                self.part("handshake", None, None, "not in the capture, or not all of it.".to_owned());
            }
            return;
        };
        let Some(step3) = course.step3 else { return self.no_handshake(syn, course) };
        let text = match (course.repeats, self.conn.timing().irtt()) {
            (0, _) => "SYN, SYN/ACK, ACK.".to_owned(),
            (1, Some(way)) => format!("one of its segments was repeated; a round trip takes {}.", human::span(way)),
            (repeats, way) => {
                let way = way.map_or_else(String::new, |way| format!("; a round trip takes {}", human::span(way)));
                format!("its segments were repeated {repeats} times{way}.")
            }
        };
        let took = self.stretch("handshake", syn, step3, text);
        self.clauses.push(format!("handshake {}", human::span(took)));
    }

    /// It came to nothing.
    fn no_handshake(&mut self, syn: Mark, course: &Course) {
        if self.conn.open() == Open::Refused {
            let end = Mark { n: self.conn.last_n, time: self.conn.end };
            let took = self.stretch("handshake", syn, end, "refused.".to_owned());
            return self.clauses.push(format!("refused after {}", human::span(took)));
        }
        self.pause(syn);
        self.began.get_or_insert(syn);
        let (text, clause) = match self.conn.open() {
            Open::Unreachable => ("answered by an ICMP error.", "unreachable"),
            _ if course.synack.is_some() => ("never ended by the client.", "half a handshake"),
            _ => ("never answered.", "no answer"),
        };
        self.part("handshake", None, Some((syn.n, course.synack.map_or(syn.n, |mark| mark.n))), text.to_owned());
        self.clauses.push(clause.to_owned());
    }

    fn security(&mut self, course: &Course, above: &Above) {
        let Some(hello) = above.hello else { return };
        let label = if self.conn.protocol() == Protocol::Tcp { "TLS" } else { "QUIC" };
        let what = above.version.as_ref().map_or_else(
            || "no answer that tells its version".to_owned(),
            |version| if label == "TLS" { format!("version {version}") } else { version.clone() },
        );
        let mut name = above.name.as_ref().map_or_else(String::new, |name| format!(", for {}", plain(name)));
        if let Some((role, code)) = above.alert {
            let why = tls::alert(code).map_or_else(|| format!("alert {code}"), str::to_owned);
            name.push_str(&format!("; the {} broke it off: {why}", role.name()));
        }
        // The client's hello, and what ends the handshake as far as that can be seen; of QUIC the
        // server's first word.
        let end = if self.conn.protocol() == Protocol::Tcp { above.sealed } else { course.first(Role::Server) };
        if let Some(end) = end.filter(|end| end.n >= hello.n) {
            let took = self.stretch(label, hello, end, format!("{what}{name}."));
            self.clauses.push(format!("{label} {}", human::span(took)));
        } else {
            self.pause(hello);
            self.began.get_or_insert(hello);
            self.part(label, None, Some((hello.n, hello.n)), format!("{what}{name}; it did not come to an end."));
        }
    }

    fn answer(&mut self, course: &Course, above: &Above) {
        if self.conn.protocol() != Protocol::Tcp {
            return;
        }
        let way = self.conn.timing().rtt_server.filter(|way| way.0 >= 0);
        let since = match (above.hello, above.data) {
            (None, _) => course.data.first().map(|data| data.at),
            (Some(_), data) => data,
        };
        let Some(since) = since else { return };
        let greets = above.hello.is_none() && course.data.first().is_some_and(|data| data.from == Role::Server);
        if greets {
            if let Some(step3) = course.step3 {
                let took = self.stretch("greeting", step3, since, "the server speaks first.".to_owned());
                self.clauses.push(format!("greeting {}", human::span(took)));
            }
            return;
        }
        let tickets = way.filter(|_| above.tickets).map(|way| way.0);
        let Some(Exchange { asked, answered, passed }) = course.exchange(since.n, tickets) else {
            let last = course.data.iter().rev().find(|data| data.from == Role::Client && data.at.n >= since.n);
            if let Some(last) = last {
                self.pause(last.at);
                self.part("answer", None, Some((last.at.n, last.at.n)), "none was seen.".to_owned());
            }
            return;
        };
        let wait = answered.time - asked.time;
        let thought = way.map(|way| Span((wait.0 - way.0).max(0)));
        let mut text = match (way, thought) {
            (Some(way), Some(thought)) => {
                format!(
                    "the way there and back takes {}, so the server thought {}.",
                    human::span(way),
                    human::span(thought)
                )
            }
            _ => "how long the way takes was not seen.".to_owned(),
        };
        if let (Some(first), Some(last)) = (passed.first(), passed.last()) {
            let frames = if first == last { format!("#{first}") } else { format!("#{first} to #{last}") };
            let noun = if first == last { "a session ticket" } else { "session tickets" };
            text.push_str(&format!(" {frames} came at once, and then nothing for a while: taken for {noun}."));
        }
        if passed.is_empty() && above.tickets {
            text.push_str(" The first of it may be a session ticket, which looks the same from outside.");
        }
        self.stretch("answer", asked, answered, text);
        self.clauses.push(match thought {
            Some(thought) => format!("server thought {}", human::span(thought)),
            None => format!("answer {}", human::span(wait)),
        });
    }

    fn whole(self, secure: bool) -> Option<Attempt> {
        let Self { conn, parts, clauses, began, ended, .. } = self;
        if parts.is_empty() {
            return None;
        }
        let whole = began.zip(ended).map(|(began, ended)| human::span(ended.time - began.time));
        let line = match (whole, clauses.is_empty()) {
            (Some(_), false) if conn.protocol() != Protocol::Tcp && !secure => {
                format!("Before it: {}.", clauses.join(", "))
            }
            (Some(whole), false) => format!("The attempt, {whole} in all: {}.", clauses.join(", ")),
            _ => "The attempt, as far as it was seen:".to_owned(),
        };
        Some(Attempt { line, parts })
    }
}

/// `shop.example asked of 10.9.0.53: 10.9.0.2 after 20.5 ms, no IPv6 address after 20.7 ms.`
fn asked(lookup: &Lookup) -> String {
    let answers: Vec<String> = lookup.asked.iter().map(|asked| answer(lookup, asked)).collect();
    let repeats = match lookup.repeats() {
        0 => String::new(),
        1 => " One question was repeated.".to_owned(),
        repeats => format!(" {repeats} questions were repeated."),
    };
    format!("{} was asked for {}: {}.{repeats}", lookup.server, lookup.name, answers.join(", "))
}

fn answer(lookup: &Lookup, asked: &Asked) -> String {
    let family = if asked.kind == kind::AAAA { "IPv6" } else { "IPv4" };
    let Some(Answer { at, rcode, addresses, .. }) = asked.answer else {
        return format!("no answer for {family}");
    };
    let after = human::span(at.time - asked.first.time);
    let wanted = |addr: &&std::net::IpAddr| addr.is_ipv6() == (asked.kind == kind::AAAA);
    let told: Vec<String> = lookup.addresses.iter().filter(wanted).map(ToString::to_string).collect();
    match (rcode, addresses) {
        (0, 0) => format!("no {family} address after {after}"),
        (0, _) if told.len() > 3 => format!("{} {family} addresses after {after}", told.len()),
        (0, _) => format!("{} after {after}", listed(&told)),
        (3, _) => format!("no such name ({family}) after {after}"),
        _ => format!("{} ({family}) after {after}", rcode_name(rcode).unwrap_or("an unknown error")),
    }
}

/// Why there is no lookup of a name that is known from within the connection.
fn unseen_name(prelude: Option<&Prelude>, name: &str) -> String {
    let other = prelude.and_then(|prelude| prelude.lookups.first());
    match other {
        Some(other) => format!(
            "the client names {}; this capture has no lookup of that in clear, but one of {} with the same address.",
            plain(name),
            other.name
        ),
        None => format!("the client names {}; this capture has no lookup of that in clear.", plain(name)),
    }
}

/// `a, b and c`.
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// Text from the network, safe to look at.
fn plain(text: &str) -> String {
    let mut safe = Vec::with_capacity(text.len());
    paint::escape(&mut safe, text.as_bytes());
    String::from_utf8_lossy(&safe).into_owned()
}

fn mac(octets: [u8; 6]) -> String {
    octets.map(|octet| format!("{octet:02x}")).join(":")
}
