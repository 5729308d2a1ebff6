//! TLS (RFC 8446, RFC 5246): what can be read of a handshake, up to where it is encrypted.

use std::borrow::Cow;

use tls_parser::{
    TlsExtension, TlsMessageHandshake, parse_tls_extension, parse_tls_handshake_client_hello,
    parse_tls_handshake_msg_certificate, parse_tls_handshake_server_hello,
};

use super::ja4::{Offer, ja4};
use super::talk::{Mark, Talk};
use super::{Act, App, Confidence, Evidence, Said, Step, certificate, text};
use crate::capture::track::Role;

pub use super::certificate::Certificate;

/// What is told of a handshake.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// What the client offers.
    ClientHello(Box<ClientHello>),
    /// What the server has chosen.
    ServerHello(ServerHello),
    /// Who the server says it is; the client, where it was asked for that.
    Certificate(Box<Certificate>),
    /// One side complains, or takes its leave.
    Alert {
        /// It is over.
        fatal: bool,
        /// What it is about, by its number (RFC 8446 §6).
        code: u8,
    },
    /// What this side says from here on is encrypted.
    Sealed,
    /// The first data of the application from this side.
    Data,
}

/// What a client offers.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ClientHello {
    /// The highest version, as its number on the wire: 0x0304 for 1.3.
    pub version: u16,
    /// The server it wants, where it says so (SNI).
    pub server_name: Option<String>,
    /// What it could speak within (ALPN), what it likes best first.
    pub alpn: Vec<String>,
    /// Its fingerprint.
    pub ja4: String,
}

/// What a server has chosen.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ServerHello {
    /// The version, as its number on the wire.
    pub version: u16,
    /// The cipher suite, by its number.
    pub cipher: u16,
    /// What is spoken within, where that is said before encryption begins (up to TLS 1.2).
    pub alpn: Option<String>,
    /// It asks for another ClientHello (RFC 8446 §4.1.4).
    pub retry: bool,
}

/// What carries a handshake.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Carrier {
    /// The records of TLS, over TCP.
    Tcp,
    /// QUIC.
    Quic,
}

impl Message {
    pub(super) const fn act(&self) -> Act {
        match self {
            Self::ClientHello(_) => Act::Asks,
            Self::ServerHello(_) => Act::Answers,
            Self::Certificate(_) | Self::Alert { .. } | Self::Sealed | Self::Data => Act::Tells,
        }
    }

    pub(super) fn cost(&self) -> usize {
        match self {
            Self::ClientHello(hello) => {
                let name = hello.server_name.as_ref().map_or(0, String::len);
                let alpn: usize = hello.alpn.iter().map(|name| name.len() + size_of::<String>()).sum();
                size_of::<ClientHello>() + name + alpn + hello.ja4.len()
            }
            Self::ServerHello(hello) => hello.alpn.as_ref().map_or(0, String::len),
            Self::Certificate(certificate) => size_of::<Certificate>() + certificate.cost(),
            Self::Alert { .. } | Self::Sealed | Self::Data => 0,
        }
    }
}

/// The name of a version by its number: `1.3`, `SSL 3.0`.
pub fn version(number: u16) -> Cow<'static, str> {
    Cow::Borrowed(match number {
        0x0304 => "1.3",
        0x0303 => "1.2",
        0x0302 => "1.1",
        0x0301 => "1.0",
        0x0300 => "SSL 3.0",
        0x0002 => "SSL 2.0",
        0x7f00..=0x7fff => return Cow::Owned(format!("1.3 draft {}", number & 0xff)),
        _ => return Cow::Owned(format!("{number:#06x}")),
    })
}

/// What an alert is about (RFC 8446 §6, RFC 5246 §7.2).
pub const fn alert(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "close notify",
        10 => "unexpected message",
        20 => "bad record MAC",
        21 => "decryption failed",
        22 => "record overflow",
        40 => "handshake failure",
        41 => "no certificate",
        42 => "bad certificate",
        43 => "unsupported certificate",
        44 => "certificate revoked",
        45 => "certificate expired",
        46 => "certificate unknown",
        47 => "illegal parameter",
        48 => "unknown CA",
        49 => "access denied",
        50 => "decode error",
        51 => "decrypt error",
        70 => "protocol version",
        71 => "insufficient security",
        80 => "internal error",
        86 => "inappropriate fallback",
        90 => "user canceled",
        100 => "no renegotiation",
        109 => "missing extension",
        110 => "unsupported extension",
        112 => "unrecognized name",
        113 => "bad certificate status response",
        115 => "unknown PSK identity",
        116 => "certificate required",
        120 => "no application protocol",
        _ => return None,
    })
}

/// The application that a protocol of ALPN is, by the names of [`App`].
pub fn application(alpn: &str) -> Option<&'static str> {
    Some(match alpn {
        "http/1.1" | "http/1.0" | "http/0.9" | "h2" | "spdy/3.1" | "spdy/3" | "spdy/2" => "https",
        "h3" => "http3",
        "imap" => "imaps",
        "pop3" => "pop3s",
        "ftp" => "ftps",
        "mqtt" => "mqtts",
        "dot" => "dns-over-tls",
        "doq" => "dns-over-quic",
        "postgresql" => "postgresql",
        "xmpp-client" | "xmpp-server" => "xmpp",
        "acme-tls/1" => "acme",
        _ if alpn.starts_with("h3-") => "http3",
        _ => return None,
    })
}

/// What a message means for the whole of the conversation.
pub(super) fn note(talk: &mut Talk, message: &Message, from: Role, at: Mark) {
    let milestones = &mut talk.milestones;
    match message {
        Message::ClientHello(hello) => {
            milestones.client_hello.get_or_insert(at);
            let mut names = hello.alpn.iter().map(|alpn| application(alpn));
            // What both would do is what it is, whichever is chosen.
            if let Some(Some(name)) = names.next()
                && names.all(|other| other == Some(name))
            {
                rename(talk, name, Confidence::Medium);
            }
        }
        Message::ServerHello(hello) => {
            milestones.server_hello = Some(at);
            if let Some(name) = hello.alpn.as_deref().and_then(application) {
                rename(talk, name, Confidence::High);
            }
        }
        Message::Sealed => milestones.tls_done = Some(at),
        Message::Data => {
            let data = match from {
                Role::Client => &mut milestones.data.client,
                Role::Server => &mut milestones.data.server,
            };
            data.get_or_insert(at);
        }
        Message::Certificate(_) | Message::Alert { .. } => {}
    }
}

/// The application within is known by ALPN, unless what led to TLS was an application already.
fn rename(talk: &mut Talk, name: &'static str, confidence: Confidence) {
    if let Some(app) = &mut talk.app
        && (matches!(&*app.name, "tls" | "quic") || app.evidence == Evidence::Alpn)
    {
        *app = App { name: Cow::Borrowed(name), evidence: Evidence::Alpn, confidence };
    }
}

/// Octets of a record's header, and the most it can carry (RFC 5246 §6.2.3).
const HEADER: usize = 5;
const RECORD: usize = (1 << 14) + 2048;
/// The most octets of handshake messages that wait for their end.
const WAITING: usize = 48 << 10;
/// Octets of a text that are kept, and how many there are of them.
const TEXT: usize = 255;
const NAMES: usize = 16;
const TLS_1_3: u16 = 0x0304;
/// Types of handshake messages.
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;

/// Listens to TLS.
#[derive(Debug, Default)]
pub(super) struct Ear {
    sides: [Side; 2],
    /// The version that the server has chosen.
    chosen: Option<u16>,
}

#[derive(Debug, Default)]
struct Side {
    /// Handshake messages that are not whole.
    waiting: Vec<u8>,
    sealed: bool,
    data: bool,
}

impl Ear {
    pub(super) fn step(&mut self, from: Role, octets: &[u8]) -> Step {
        let Some(header) = octets.get(..HEADER) else {
            return if octets.first().is_none_or(|kind| (20..=24).contains(kind)) { Step::Short } else { Step::Over };
        };
        let (kind, len) = (header[0], usize::from(u16::from_be_bytes([header[3], header[4]])));
        if !(20..=24).contains(&kind) || header[1] != 3 || len > RECORD {
            return Step::Over;
        }
        let whole = (HEADER + len) as u64;
        let (chosen, is_1_3) = (self.chosen.is_some(), self.is_1_3());
        let [own, other] = self.sides(from);
        match kind {
            22 if !own.sealed => {
                let Some(record) = octets.get(HEADER..HEADER + len) else { return Step::Short };
                if own.waiting.len() + record.len() > WAITING {
                    return Step::Over;
                }
                own.waiting.extend_from_slice(record);
                Step::Message(whole, self.handshake(from))
            }
            20 if !own.sealed && chosen && !is_1_3 => self.seal(from, whole),
            21 if !own.sealed && len == 2 => {
                let Some(body) = octets.get(HEADER..HEADER + 2) else { return Step::Short };
                Step::Message(whole, vec![Said::Tls(Message::Alert { fatal: body[0] == 2, code: body[1] })])
            }
            // From TLS 1.3 on the rest of the handshake looks like data.
            23 if !own.sealed => self.seal(from, whole),
            23 if !other.sealed => Step::Message(whole, Vec::new()),
            // What a server says before it was asked is a ticket, or the rest of its handshake.
            23 if !own.data && (from == Role::Client || other.data || !is_1_3) => {
                own.data = true;
                Step::Message(whole, vec![Said::Tls(Message::Data)])
            }
            23 if own.data => Step::Over,
            _ => Step::Message(whole, Vec::new()),
        }
    }

    /// Where a record begins in the first octets of a packet.
    pub(super) fn resume(&mut self, from: Role, octets: &[u8]) -> Option<usize> {
        let header = octets.get(..HEADER)?;
        let len = usize::from(u16::from_be_bytes([header[3], header[4]]));
        let begins = (20..=23).contains(&header[0]) && header[1] == 3 && header[2] <= 4 && (1..=RECORD).contains(&len);
        let [own, _] = self.sides(from);
        own.waiting.clear();
        begins.then_some(0)
    }

    /// Octets of handshake messages that wait for their end.
    pub(super) fn held(&self) -> usize {
        self.sides.iter().map(|side| side.waiting.len()).sum()
    }

    fn sides(&mut self, from: Role) -> [&mut Side; 2] {
        let [client, server] = &mut self.sides;
        match from {
            Role::Client => [client, server],
            Role::Server => [server, client],
        }
    }

    fn is_1_3(&self) -> bool {
        self.chosen.is_some_and(|chosen| chosen >= TLS_1_3)
    }

    fn seal(&mut self, from: Role, whole: u64) -> Step {
        let [own, _] = self.sides(from);
        own.sealed = true;
        own.waiting = Vec::new();
        Step::Message(whole, vec![Said::Tls(Message::Sealed)])
    }

    /// Takes the messages that are whole.
    fn handshake(&mut self, from: Role) -> Vec<Said> {
        let [own, _] = self.sides(from);
        let mut messages = std::mem::take(&mut own.waiting);
        let mut said = Vec::new();
        let mut taken = 0;
        while let Some([kind, a, b, c]) = messages.get(taken..taken + 4) {
            let len = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            let Some(body) = messages.get(taken + 4..taken + 4 + len) else { break };
            said.extend(match *kind {
                CLIENT_HELLO => client_hello(body, Carrier::Tcp).map(|hello| Message::ClientHello(Box::new(hello))),
                SERVER_HELLO => server_hello(body).map(Message::ServerHello),
                CERTIFICATE if self.chosen.is_none_or(|chosen| chosen < TLS_1_3) => {
                    certificates(body).map(|certificate| Message::Certificate(Box::new(certificate)))
                }
                _ => None,
            });
            if let Some(Message::ServerHello(hello)) = said.last() {
                self.chosen = Some(hello.version);
            }
            taken += 4 + len;
        }
        messages.drain(..taken);
        let [own, _] = self.sides(from);
        own.waiting = messages;
        said.into_iter().map(Said::Tls).collect()
    }
}

/// Reads the body of a ClientHello; `None` where it is none. With an extension that is broken, those
/// before it count.
pub(crate) fn client_hello(body: &[u8], carrier: Carrier) -> Option<ClientHello> {
    let (_, hello) = parse_tls_handshake_client_hello(body).ok()?;
    let mut told = ClientHello { version: hello.version.0, ..ClientHello::default() };
    let ciphers: Vec<u16> = hello.ciphers.iter().map(|cipher| cipher.0).collect();
    let mut kinds = Vec::new();
    let mut signatures = Vec::new();
    let mut first_alpn = None;
    let mut names = false;
    for (kind, extension) in Extensions(hello.ext.unwrap_or_default()) {
        kinds.push(kind);
        names |= kind == 0;
        match parse_tls_extension(extension) {
            Ok((_, TlsExtension::SNI(list))) if told.server_name.is_none() => {
                told.server_name = list.first().map(|(_, name)| text(name, TEXT));
            }
            Ok((_, TlsExtension::ALPN(list))) => {
                first_alpn = list.first().copied();
                told.alpn = list.iter().take(NAMES).map(|name| text(name, TEXT)).collect();
            }
            Ok((_, TlsExtension::SupportedVersions(list))) => {
                let known = list.iter().map(|version| version.0).filter(|version| (0x0300..=0x0304).contains(version));
                told.version = known.max().unwrap_or(told.version);
            }
            Ok((_, TlsExtension::SignatureAlgorithms(list))) => signatures = list,
            _ => {}
        }
    }
    let offer = Offer {
        version: told.version,
        names,
        ciphers: &ciphers,
        extensions: &kinds,
        signatures: &signatures,
        alpn: first_alpn,
    };
    told.ja4 = ja4(carrier, offer);
    Some(told)
}

/// What stands in the random of a ServerHello that asks for another ClientHello: the SHA-256 of
/// `HelloRetryRequest`.
const RETRY: [u8; 8] = [0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11];

/// Reads the body of a ServerHello; `None` where it is none.
pub(crate) fn server_hello(body: &[u8]) -> Option<ServerHello> {
    let (_, hello) = parse_tls_handshake_server_hello(body).ok()?;
    let mut told = ServerHello {
        version: hello.version.0,
        cipher: hello.cipher.0,
        alpn: None,
        retry: hello.random.starts_with(&RETRY),
    };
    for (_, extension) in Extensions(hello.ext.unwrap_or_default()) {
        match parse_tls_extension(extension) {
            Ok((_, TlsExtension::ALPN(list))) => told.alpn = list.first().map(|name| text(name, TEXT)),
            Ok((_, TlsExtension::SupportedVersions(list))) => {
                told.version = list.first().map_or(told.version, |version| version.0);
            }
            _ => {}
        }
    }
    Some(told)
}

/// Who the first of a chain of certificates is for.
fn certificates(body: &[u8]) -> Option<Certificate> {
    let Ok((_, TlsMessageHandshake::Certificate(chain))) = parse_tls_handshake_msg_certificate(body) else {
        return None;
    };
    let mut told = certificate::read(chain.cert_chain.first()?.data)?;
    told.chain = chain.cert_chain.len() as u32;
    Some(told)
}

/// Extensions one by one: their type, and the whole of each.
struct Extensions<'a>(&'a [u8]);

impl<'a> Iterator for Extensions<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let head = self.0.get(..4)?;
        let len = 4 + usize::from(u16::from_be_bytes([head[2], head[3]]));
        let (extension, rest) = (self.0.get(..len)?, self.0.get(len..)?);
        self.0 = rest;
        Some((u16::from_be_bytes([head[0], head[1]]), extension))
    }
}

/// Whether a handshake begins here, whoever's; `None` where that takes more octets to tell.
pub(super) fn begins(octets: &[u8]) -> Option<bool> {
    let expected: [fn(u8) -> bool; 3] = [|kind| kind == 22, |major| major == 3, |minor| minor <= 4];
    if !octets.iter().zip(expected).all(|(octet, fits)| fits(*octet)) {
        return Some(false);
    }
    let header = octets.get(..6)?;
    let len = usize::from(u16::from_be_bytes([header[3], header[4]]));
    Some((1..=RECORD).contains(&len) && matches!(header[5], CLIENT_HELLO | SERVER_HELLO))
}

/// Who says the first message of octets with which a handshake [begins].
pub(super) fn speaker(octets: &[u8]) -> Role {
    if octets.get(HEADER) == Some(&SERVER_HELLO) { Role::Server } else { Role::Client }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ClientHello with these extensions.
    fn hello(extensions: &[u8]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend([0, 0, 4, 0x13, 0x01, 0xc0, 0x2f, 1, 0]);
        body.extend((extensions.len() as u16).to_be_bytes());
        body.extend_from_slice(extensions);
        body
    }

    const NAME: &[u8] = b"\0\0\0\x0a\0\x08\0\0\x05a.org";
    const TWO: &[u8] = b"\0\x10\0\x0e\0\x0c\x02h2\x08http/1.1";
    const VERSIONS: &[u8] = b"\0\x2b\0\x05\x04\x1a\x1a\x03\x04";

    fn record(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut record = vec![kind, 3, 1];
        record.extend((body.len() as u16).to_be_bytes());
        record.extend_from_slice(body);
        record
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut message = vec![kind];
        message.extend(&(body.len() as u32).to_be_bytes()[1..]);
        message.extend_from_slice(body);
        message
    }

    #[test]
    fn a_hello_names_its_server_and_what_it_speaks() {
        let told = client_hello(&hello(&[NAME, TWO, VERSIONS].concat()), Carrier::Tcp).expect("a hello");
        assert_eq!(told.server_name.as_deref(), Some("a.org"));
        assert_eq!(told.alpn, ["h2", "http/1.1"]);
        assert_eq!(told.version, TLS_1_3);
        assert!(told.ja4.starts_with("t13d0203h2_"), "{}", told.ja4);
    }

    #[test]
    fn a_broken_extension_takes_nothing_from_those_before_it() {
        let told = client_hello(&hello(&[NAME, b"\0\x10\xff\xff"].concat()), Carrier::Tcp).expect("a hello");
        assert_eq!(told.server_name.as_deref(), Some("a.org"));
        assert_eq!(client_hello(b"\x03\x03", Carrier::Tcp), None);
    }

    #[test]
    fn a_hello_over_several_records_is_one() {
        let whole = message(1, &hello(NAME));
        let (a, b) = whole.split_at(20);
        let mut ear = Ear::default();
        assert!(matches!(ear.step(Role::Client, &record(22, a)), Step::Message(25, said) if said.is_empty()));
        let Step::Message(_, said) = ear.step(Role::Client, &record(22, b)) else { panic!("a record") };
        assert!(matches!(&said[..], [Said::Tls(Message::ClientHello(_))]), "{said:?}");
    }

    #[test]
    fn data_begins_behind_both_handshakes() {
        let mut ear = Ear::default();
        let mut server = vec![3, 3];
        server.extend([1; 32]);
        server.extend([0, 0x13, 0x01, 0, 0, 6, 0, 0x2b, 0, 2, 3, 4]);
        let mut told = Vec::new();
        let mut say = |from, record: Vec<u8>| match ear.step(from, &record) {
            Step::Message(len, said) => {
                assert_eq!(len, record.len() as u64);
                told.push(said.len());
            }
            _ => told.push(9),
        };
        say(Role::Client, record(22, &message(1, &hello(VERSIONS))));
        say(Role::Server, record(22, &message(2, &server)));
        say(Role::Server, record(20, &[1]));
        // The rest of the server's handshake, the client's Finished, a ticket, the question, the answer.
        say(Role::Server, record(23, &[0; 100]));
        say(Role::Server, record(23, &[0; 100]));
        say(Role::Client, record(20, &[1]));
        say(Role::Client, record(23, &[0; 53]));
        say(Role::Server, record(23, &[0; 250]));
        say(Role::Client, record(23, &[0; 90]));
        say(Role::Server, record(23, &[0; 900]));
        say(Role::Server, record(23, &[0; 900]));
        assert_eq!(told, [1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 9]);
    }

    #[test]
    fn what_begins_otherwise_is_not_taken_for_a_handshake() {
        assert_eq!(begins(b"\x16\x03\x01\x02\0\x01"), Some(true));
        assert_eq!(begins(b"\x16\x03\x03\0\x7a\x02"), Some(true));
        assert_eq!(speaker(b"\x16\x03\x03\0\x7a\x02"), Role::Server);
        assert_eq!(begins(b"\x16\x03"), None);
        assert_eq!(begins(b"\x16\x04"), Some(false));
        assert_eq!(begins(b"\x16\x03\x01\xff\xff\x01"), Some(false));
    }
}
