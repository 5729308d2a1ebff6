//! What runs there, by the first octets of a side.

use super::ear::Ear;
use super::line::{self, Line};
use super::{
    Confidence, dhcp, dns, ftp, http, http2, mqtt, mysql, ntp, postgres, quic, redis, signature, smtp, ssh, tls,
};
use crate::capture::Conn;
use crate::capture::track::Role;

/// What the first octets of a side tell.
#[derive(Debug)]
pub(super) enum Guess {
    /// Nothing yet: a few more will.
    Wait,
    /// A protocol that is listened to.
    Is {
        ear: Ear,
        /// Which of the connection's ends asks, by what was said.
        asker: Role,
        confidence: Confidence,
    },
    /// A protocol that is known by name alone.
    Named { name: &'static str, confidence: Confidence },
    /// Nothing that is known.
    Unknown,
}

/// Octets that are waited for at most before a side counts as unknown.
const MOST: usize = 8 << 10;

/// Finds out what `from` speaks, by the first of its octets and those of the other side that nobody
/// has understood; `datagram` where these are all of one.
pub(super) fn guess(conn: &Conn, from: Role, octets: &[u8], other: &[u8], datagram: bool) -> Guess {
    if datagram {
        return of_datagram(conn, from, octets);
    }
    let mut waits = false;
    for candidate in CANDIDATES {
        match (candidate.begins)(octets) {
            Some(true) => {
                let asker = match (candidate.role)(octets) {
                    Some(Role::Client) => from,
                    Some(Role::Server) => !from,
                    None => Role::Client,
                };
                return Guess::Is { ear: (candidate.ear)(), asker, confidence: candidate.confidence };
            }
            Some(false) => {}
            None => waits = true,
        }
    }
    match greeting(conn, octets, other) {
        Greeting::Is { ear, role, confidence } => {
            let asker = if role == Role::Client { from } else { !from };
            return Guess::Is { ear, asker, confidence };
        }
        Greeting::Wait => waits = true,
        Greeting::Not => {}
    }
    if let Some((name, confidence)) = signature::stream(conn, from, octets) {
        return Guess::Named { name, confidence };
    }
    if (waits || signature::may_follow(octets)) && octets.len() < MOST { Guess::Wait } else { Guess::Unknown }
}

/// Finds out what `from` speaks in a datagram.
fn of_datagram(conn: &Conn, from: Role, octets: &[u8]) -> Guess {
    let is = |ear, role, confidence| {
        let asker = if role == Role::Client { from } else { !from };
        Guess::Is { ear, asker, confidence }
    };
    let role = |server| if server { Role::Server } else { Role::Client };
    if dns::begins(octets, true) == Some(true) {
        return is(Ear::Dns(dns::Ear { datagrams: true }), dns::speaker(octets, true), Confidence::Medium);
    }
    if let Some((role, confidence)) = quic::guess(from, octets) {
        return is(Ear::Quic(Box::default()), role, confidence);
    }
    if let Some(server) = dhcp::guess(octets) {
        return is(Ear::Dhcp, role(server), Confidence::High);
    }
    let by_port = |port| Role::BOTH.iter().any(|role| conn.endpoint(*role).port == port);
    if let Some(server) = ntp::guess(octets).filter(|_| by_port(123)) {
        return is(Ear::Ntp, role(server), Confidence::Medium);
    }
    match signature::datagram(conn, from, octets) {
        Some((name, confidence)) => Guess::Named { name, confidence },
        None => Guess::Unknown,
    }
}

/// A protocol that is known by how one of its sides begins.
struct Candidate {
    /// Whether it begins here; `None` where that takes more octets to tell.
    begins: fn(&[u8]) -> Option<bool>,
    ear: fn() -> Ear,
    /// Who begins so; `None` where both do.
    role: fn(&[u8]) -> Option<Role>,
    confidence: Confidence,
}

const fn candidate(begins: fn(&[u8]) -> Option<bool>, ear: fn() -> Ear, role: fn(&[u8]) -> Option<Role>) -> Candidate {
    Candidate { begins, ear, role, confidence: Confidence::High }
}

const CLIENT: fn(&[u8]) -> Option<Role> = |_| Some(Role::Client);
const SERVER: fn(&[u8]) -> Option<Role> = |_| Some(Role::Server);

const CANDIDATES: &[Candidate] = &[
    candidate(|octets| prefix(octets, http2::PREFACE), || Ear::Http2(http2::Ear), CLIENT),
    candidate(http::begins_request, || Ear::Http(http::Ear::default()), CLIENT),
    candidate(http::begins_response, || Ear::Http(http::Ear::default()), SERVER),
    candidate(tls::begins, || Ear::Tls(Box::default()), |octets| Some(tls::speaker(octets))),
    candidate(|octets| prefix(octets, b"SSH-"), || Ear::Ssh(ssh::Ear::default()), |_| None),
    Candidate {
        confidence: Confidence::Medium,
        ..candidate(redis::begins_command, || Ear::Redis(redis::Ear::default()), CLIENT)
    },
    candidate(postgres::begins, || Ear::Postgres(postgres::Ear::default()), CLIENT),
    candidate(mysql::begins, || Ear::Mysql(mysql::Ear::default()), SERVER),
    candidate(mqtt::begins, || Ear::Mqtt(mqtt::Ear::default()), CLIENT),
    candidate(
        |octets| dns::begins(octets, false),
        || Ear::Dns(dns::Ear { datagrams: false }),
        |octets| Some(dns::speaker(octets, false)),
    ),
];

/// Whether `octets` begin with `known`.
fn prefix(octets: &[u8], known: &[u8]) -> Option<bool> {
    if octets.len() < known.len() && known.starts_with(octets) { None } else { Some(octets.starts_with(known)) }
}

/// What a greeting in three digits, or the command that answers it, tells.
enum Greeting {
    /// There is more to come.
    Wait,
    Is {
        ear: Ear,
        role: Role,
        confidence: Confidence,
    },
    Not,
}

/// FTP and SMTP, whose servers greet alike: the words of the greeting tell, or the port, or the first
/// command.
fn greeting(conn: &Conn, octets: &[u8], other: &[u8]) -> Greeting {
    let is = |ear, role, confidence| Greeting::Is { ear, role, confidence };
    let ftp = || Ear::Ftp(ftp::Ear::default());
    let smtp = || Ear::Smtp(smtp::Ear::default());
    let port = conn.endpoint(Role::Server).port;
    match line::reply(octets) {
        Line::Is((code, _), len) => {
            let whole = octets.get(..len as usize).unwrap_or_default().to_ascii_lowercase();
            let says = |word: &[u8]| whole.windows(word.len()).any(|words| words == word);
            match code {
                220 | 421 | 554 if says(b"smtp") => is(smtp(), Role::Server, Confidence::Medium),
                120 | 220 | 421 | 530 if says(b"ftp") => is(ftp(), Role::Server, Confidence::Medium),
                220 | 421 | 554 if matches!(port, 25 | 465 | 587 | 2525) => {
                    is(smtp(), Role::Server, Confidence::Medium)
                }
                120 | 220 | 421 if matches!(port, 21 | 990 | 2121) => is(ftp(), Role::Server, Confidence::Medium),
                220 if says(b"mail") => is(smtp(), Role::Server, Confidence::Medium),
                220 => Greeting::Wait,
                _ => Greeting::Not,
            }
        }
        Line::Short if octets.len() < 4 && octets.iter().all(u8::is_ascii_digit) => Greeting::Wait,
        Line::Short if octets.starts_with(b"220") => Greeting::Wait,
        Line::Short | Line::Not => match line::command(octets) {
            Line::Is((verb, _), _) if matches!(&*verb, "EHLO" | "HELO" | "LHLO") => {
                is(smtp(), Role::Client, Confidence::High)
            }
            Line::Is((verb, _), _)
                if matches!(&*verb, "USER" | "AUTH" | "FEAT" | "SYST" | "HOST" | "CLNT" | "OPTS")
                    && (other.starts_with(b"220") || port == 21) =>
            {
                is(ftp(), Role::Client, Confidence::Medium)
            }
            Line::Short if octets.len() < 64 && octets.first().is_none_or(u8::is_ascii_alphabetic) => Greeting::Wait,
            Line::Is(..) | Line::Short | Line::Not => Greeting::Not,
        },
    }
}
