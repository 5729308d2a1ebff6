//! HTTP/1 (RFC 9112): the heads of requests and responses; bodies are passed over.

use std::collections::VecDeque;

use httparse::{Header, ParserConfig, Status};

use super::{Act, Said, Step, text};
use crate::capture::track::Role;

/// The head of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// What a client asks for.
    Request(Request),
    /// What a server answers.
    Response(Response),
}

/// The head of a request.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// What it is about, as it stands in the request line.
    pub target: String,
    /// The minor version: 0 or 1.
    pub minor: u8,
    /// Whose.
    pub host: Option<String>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// Octets of the body, where the head says so.
    pub length: Option<u64>,
}

/// The head of a response.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Response {
    /// The minor version: 0 or 1.
    pub minor: u8,
    /// 200, 404, ...
    pub status: u16,
    /// The phrase behind it.
    pub reason: String,
    /// What the server calls itself.
    pub server: Option<String>,
    /// The media type of the body.
    pub content_type: Option<String>,
    /// Octets of the body, where the head says so.
    pub length: Option<u64>,
}

impl Message {
    pub(super) const fn act(&self) -> Act {
        match self {
            Self::Request(_) => Act::Asks,
            Self::Response(Response { status: 100 | 102..200, .. }) => Act::Puts,
            Self::Response(_) => Act::Answers,
        }
    }

    pub(super) fn cost(&self) -> usize {
        let len = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        match self {
            Self::Request(Request { method, target, host, user_agent, .. }) => {
                method.len() + target.len() + len(host) + len(user_agent)
            }
            Self::Response(Response { reason, server, content_type, .. }) => {
                reason.len() + len(server) + len(content_type)
            }
        }
    }
}

/// Octets of a target that are kept, and of other texts.
const TARGET: usize = 2048;
const TEXT: usize = 256;
/// Header fields of one head.
const FIELDS: usize = 128;
/// Octets of a line of a chunk.
const CHUNK_LINE: usize = 1024;
/// Requests whose answers are out.
const PIPELINED: usize = 256;

/// Listens to HTTP/1.
#[derive(Debug, Default)]
pub(super) struct Ear {
    /// What the requests whose responses are out mean for the bodies of those.
    asked: VecDeque<Bodies>,
    /// Where both sides stand.
    at: [At; 2],
}

/// What the method of a request says of the response's body.
#[derive(Clone, Copy, Debug, Default)]
enum Bodies {
    /// There is one, as the response says.
    #[default]
    AsSaid,
    /// There is none: HEAD.
    None,
    /// What follows is no HTTP any more, if the response agrees: CONNECT.
    Tunnel,
}

/// Where in a message a side is.
#[derive(Clone, Copy, Debug, Default)]
enum At {
    #[default]
    Head,
    ChunkSize,
    Trailer,
    /// A body that ends with the connection.
    LastBody,
}

/// How a head is followed.
enum Framing {
    Octets(u64),
    Chunks,
    ToTheEnd,
}

impl Ear {
    pub(super) fn step(&mut self, from: Role, octets: &[u8]) -> Step {
        match self.at[from as usize] {
            At::Head => self.head(from, octets),
            At::ChunkSize => self.chunk(from, octets),
            At::Trailer => self.trailer(from, octets),
            At::LastBody => Step::Over,
        }
    }

    /// Where a message begins in the first octets of a packet.
    pub(super) fn resume(&mut self, from: Role, octets: &[u8]) -> Option<usize> {
        let begins = match from {
            Role::Client => begins_request(octets) == Some(true),
            Role::Server => begins_response(octets) == Some(true),
        };
        if !begins {
            return None;
        }
        self.at[from as usize] = At::Head;
        // Which requests were answered in the meantime is not known.
        self.asked.clear();
        Some(0)
    }

    fn head(&mut self, from: Role, octets: &[u8]) -> Step {
        // RFC 9112 §2.2: an empty line before a request is passed over.
        let empty = octets.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
        if empty > 0 {
            return Step::Message(empty as u64, Vec::new());
        }
        let parsed = match from {
            Role::Client => request(octets),
            Role::Server => response(octets),
        };
        let (head, fields, message) = match parsed {
            Parsed::Short => return Step::Short,
            Parsed::Not => return Step::Over,
            Parsed::Head(head, fields, message) => (head as u64, fields, message),
        };
        let framing = match &message {
            Message::Request(request) => {
                if self.asked.len() < PIPELINED {
                    self.asked.push_back(match &*request.method {
                        "HEAD" => Bodies::None,
                        "CONNECT" => Bodies::Tunnel,
                        _ => Bodies::AsSaid,
                    });
                }
                fields.framing(0)
            }
            Message::Response(Response { status: 101, .. }) => {
                return Step::ThenOther(head, vec![Said::Http(message)]);
            }
            Message::Response(Response { status: 100..200, .. }) => Framing::Octets(0),
            Message::Response(Response { status, .. }) => match self.asked.pop_front().unwrap_or_default() {
                Bodies::Tunnel if (200..300).contains(status) => {
                    return Step::ThenOther(head, vec![Said::Http(message)]);
                }
                Bodies::None => Framing::Octets(0),
                _ if matches!(status, 204 | 304) => Framing::Octets(0),
                Bodies::AsSaid | Bodies::Tunnel => fields.framing(u64::MAX),
            },
        };
        let body = match framing {
            Framing::Octets(octets) => octets,
            Framing::Chunks => {
                self.at[from as usize] = At::ChunkSize;
                0
            }
            Framing::ToTheEnd => {
                self.at[from as usize] = At::LastBody;
                0
            }
        };
        Step::Message(head.saturating_add(body), vec![Said::Http(message)])
    }

    fn chunk(&mut self, from: Role, octets: &[u8]) -> Step {
        let Some(line) = line(octets) else {
            return if octets.len() > CHUNK_LINE { Step::Over } else { Step::Short };
        };
        match httparse::parse_chunk_size(octets.get(..line).unwrap_or_default()) {
            Ok(Status::Complete((start, 0))) => {
                self.at[from as usize] = At::Trailer;
                Step::Message(start as u64, Vec::new())
            }
            // Behind it stands another end of line.
            Ok(Status::Complete((start, size))) => {
                Step::Message((start as u64).saturating_add(size).saturating_add(2), Vec::new())
            }
            Ok(Status::Partial) | Err(_) => Step::Over,
        }
    }

    fn trailer(&mut self, from: Role, octets: &[u8]) -> Step {
        let Some(end) = line(octets) else {
            return if octets.len() > CHUNK_LINE { Step::Over } else { Step::Short };
        };
        if end <= 2 {
            self.at[from as usize] = At::Head;
        }
        Step::Message(end as u64, Vec::new())
    }
}

/// Octets of the first line, its end included.
fn line(octets: &[u8]) -> Option<usize> {
    octets.iter().position(|octet| *octet == b'\n').map(|at| at + 1)
}

/// What a head was found to be.
enum Parsed {
    Short,
    Not,
    Head(usize, Fields, Message),
}

/// What the header fields say of the body.
#[derive(Debug, Default)]
struct Fields {
    length: Option<u64>,
    chunked: bool,
}

impl Fields {
    fn of(headers: &[Header<'_>]) -> Self {
        let chunked =
            value(headers, "transfer-encoding").is_some_and(|value| value.to_ascii_lowercase().ends_with(b"chunked"));
        let length = value(headers, "content-length").and_then(|value| std::str::from_utf8(value).ok());
        // A list of the same number is what proxies have made of several fields (RFC 9112 §6.3).
        let length = length.and_then(|value| value.split(',').next()?.trim().parse().ok());
        Self { length, chunked }
    }

    /// How the body is told from what follows it; `usual` octets where nothing says so, `u64::MAX`
    /// for one that ends with the connection.
    fn framing(&self, usual: u64) -> Framing {
        match (self.chunked, self.length) {
            (true, _) => Framing::Chunks,
            (false, Some(length)) => Framing::Octets(length),
            (false, None) if usual == u64::MAX => Framing::ToTheEnd,
            (false, None) => Framing::Octets(usual),
        }
    }
}

/// The value of the first field of that name.
fn value<'a>(headers: &[Header<'a>], name: &str) -> Option<&'a [u8]> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

fn told(headers: &[Header<'_>], name: &str) -> Option<String> {
    value(headers, name).map(|value| text(value, TEXT))
}

/// Leniently: what is told is what was sent.
fn config() -> ParserConfig {
    let mut config = ParserConfig::default();
    config
        .allow_multiple_spaces_in_request_line_delimiters(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_space_before_first_header_name(true)
        .ignore_invalid_headers_in_requests(true)
        .ignore_invalid_headers_in_responses(true);
    config
}

/// The head of a request at the beginning of `octets`.
fn request(octets: &[u8]) -> Parsed {
    let mut headers = [httparse::EMPTY_HEADER; FIELDS];
    let mut head = httparse::Request::new(&mut headers);
    let len = match config().parse_request(&mut head, octets) {
        Ok(Status::Complete(len)) => len,
        Ok(Status::Partial) => return Parsed::Short,
        Err(_) => return Parsed::Not,
    };
    let fields = Fields::of(head.headers);
    let request = Request {
        method: text(head.method.unwrap_or_default().as_bytes(), TEXT),
        target: text(head.path.unwrap_or_default().as_bytes(), TARGET),
        minor: head.version.unwrap_or_default(),
        host: told(head.headers, "host"),
        user_agent: told(head.headers, "user-agent"),
        length: fields.length,
    };
    Parsed::Head(len, fields, Message::Request(request))
}

/// The head of a response at the beginning of `octets`.
fn response(octets: &[u8]) -> Parsed {
    let mut headers = [httparse::EMPTY_HEADER; FIELDS];
    let mut head = httparse::Response::new(&mut headers);
    let len = match config().parse_response(&mut head, octets) {
        Ok(Status::Complete(len)) => len,
        Ok(Status::Partial) => return Parsed::Short,
        Err(_) => return Parsed::Not,
    };
    let fields = Fields::of(head.headers);
    let response = Response {
        minor: head.version.unwrap_or_default(),
        status: head.code.unwrap_or_default(),
        reason: text(head.reason.unwrap_or_default().as_bytes(), TEXT),
        server: told(head.headers, "server"),
        content_type: told(head.headers, "content-type"),
        length: fields.length,
    };
    Parsed::Head(len, fields, Message::Response(response))
}

/// Methods that are known by themselves.
const METHODS: [&[u8]; 12] = [
    b"GET ",
    b"POST ",
    b"HEAD ",
    b"PUT ",
    b"DELETE ",
    b"OPTIONS ",
    b"CONNECT ",
    b"PATCH ",
    b"TRACE ",
    b"PROPFIND ",
    b"REPORT ",
    b"MKCOL ",
];

/// Octets of a request line that are waited for.
const REQUEST_LINE: usize = 8 << 10;

/// Whether a request begins here; `None` where that takes more octets to tell.
pub(super) fn begins_request(octets: &[u8]) -> Option<bool> {
    let method = octets.iter().take_while(|octet| octet.is_ascii_uppercase() || matches!(octet, b'-' | b'_')).count();
    let known = METHODS.iter().any(|method| octets.starts_with(method));
    match octets.get(method) {
        None => return if octets.len() <= 20 { None } else { Some(false) },
        Some(b' ') if (2..=20).contains(&method) => {}
        Some(_) => return Some(false),
    }
    let Some(end) = line(octets) else {
        let printable = octets.iter().all(|octet| !octet.is_ascii_control() || *octet == b'\t');
        return if octets.len() < REQUEST_LINE && printable { None } else { Some(false) };
    };
    let request = octets.get(..end).unwrap_or_default().trim_ascii_end();
    let version = request.len().checked_sub(9).and_then(|at| request.get(at..)).unwrap_or_default();
    Some(version.starts_with(b" HTTP/1.") && (known || request.is_ascii()))
}

/// Whether a response begins here; `None` where that takes more octets to tell.
pub(super) fn begins_response(octets: &[u8]) -> Option<bool> {
    match octets.get(..9) {
        None => b"HTTP/1.".starts_with(octets.get(..7).unwrap_or(octets)).then_some(()).map_or(Some(false), |()| None),
        Some(start) => Some(start.starts_with(b"HTTP/1.") && start[7].is_ascii_digit() && start[8] == b' '),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a side says in one piece, message by message.
    fn heard(ear: &mut Ear, from: Role, mut octets: &[u8]) -> Vec<Message> {
        let mut messages = Vec::new();
        while !octets.is_empty() {
            let Step::Message(len, said) = ear.step(from, octets) else { break };
            messages.extend(said.into_iter().map(|said| match said {
                Said::Http(message) => message,
                other => panic!("{other:?}"),
            }));
            octets = octets.get(len as usize..).unwrap_or_default();
        }
        messages
    }

    #[test]
    fn requests_one_behind_the_other_are_told_apart_by_their_bodies() {
        let mut ear = Ear::default();
        let messages = heard(
            &mut ear,
            Role::Client,
            b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbodyGET /b HTTP/1.0\r\n\r\n",
        );
        let told: Vec<_> = messages
            .iter()
            .map(|message| match message {
                Message::Request(request) => {
                    (&*request.method, &*request.target, request.minor, request.host.as_deref())
                }
                Message::Response(_) => panic!("a response"),
            })
            .collect();
        assert_eq!(told, [("POST", "/a", 1, Some("x")), ("GET", "/b", 0, None)]);
    }

    #[test]
    fn chunks_end_where_the_trailer_does() {
        let mut ear = Ear::default();
        heard(&mut ear, Role::Client, b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n");
        let octets = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5;x=y\r\nHTTP/\r\n0\r\nA: b\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        let status: Vec<u16> = heard(&mut ear, Role::Server, octets)
            .iter()
            .map(|message| match message {
                Message::Response(response) => response.status,
                Message::Request(_) => 0,
            })
            .collect();
        assert_eq!(status, [200, 404]);
    }

    #[test]
    fn the_answer_to_head_has_no_body_whatever_it_says() {
        let mut ear = Ear::default();
        heard(&mut ear, Role::Client, b"HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n");
        let octets =
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n";
        assert_eq!(heard(&mut ear, Role::Server, octets).len(), 2);
    }

    #[test]
    fn a_head_in_pieces_waits_for_its_end() {
        let mut ear = Ear::default();
        assert!(matches!(ear.step(Role::Client, b"GET / HTTP/1.1\r\nHost: exa"), Step::Short));
        assert!(matches!(ear.step(Role::Client, b"\x00\x01\x02"), Step::Over));
    }

    #[test]
    fn what_begins_like_a_request_is_told_from_its_kin_by_the_version() {
        assert_eq!(begins_request(b"GET / HTTP/1.1\r\n"), Some(true));
        assert_eq!(begins_request(b"M-SEARCH * HTTP/1.1\r\n"), Some(true));
        assert_eq!(begins_request(b"OPTIONS sip:a@b SIP/2.0\r\n"), Some(false));
        assert_eq!(begins_request(b"GE"), None);
        assert_eq!(begins_request(b"GET /a/very/long"), None);
        assert_eq!(begins_request(b"EHLO example.com\r\n"), Some(false));
        assert_eq!(begins_response(b"HTTP/1.1 200 OK"), Some(true));
        assert_eq!(begins_response(b"HTT"), None);
        assert_eq!(begins_response(b"220 x"), Some(false));
    }
}
