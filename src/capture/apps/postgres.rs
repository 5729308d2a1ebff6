//! PostgreSQL, version 3 of its protocol: the start, statements and how they went.

use super::{Act, Said, Step, text};
use crate::capture::track::Role;

/// A message that is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// The client asks for TLS.
    AsksTls,
    /// The server agrees to it, or not.
    Tls(bool),
    /// The client begins.
    Startup {
        /// As whom.
        user: String,
        /// With which database.
        database: Option<String>,
    },
    /// The server lets it in.
    Welcome,
    /// The server's own words about itself.
    ServerVersion(String),
    /// A statement of the client.
    Query(String),
    /// A statement is done: its tag, as in `SELECT 3`.
    Complete(String),
    /// Something went wrong.
    Error {
        /// Five letters of SQLSTATE.
        code: String,
        /// In words.
        text: String,
    },
    /// The client leaves.
    Terminate,
}

impl Message {
    pub(super) const fn act(&self) -> Act {
        match self {
            Self::AsksTls | Self::Startup { .. } | Self::Query(_) => Act::Asks,
            Self::Tls(_) | Self::Welcome | Self::Complete(_) | Self::Error { .. } => Act::Answers,
            Self::ServerVersion(_) | Self::Terminate => Act::Tells,
        }
    }

    pub(super) fn cost(&self) -> usize {
        match self {
            Self::Startup { user, database } => user.len() + database.as_ref().map_or(0, String::len),
            Self::ServerVersion(text) | Self::Query(text) | Self::Complete(text) => text.len(),
            Self::Error { code, text } => code.len() + text.len(),
            Self::AsksTls | Self::Tls(_) | Self::Welcome | Self::Terminate => 0,
        }
    }
}

/// Octets of a text that are kept; of a message that are looked at.
const TEXT: usize = 512;
const LOOK: usize = 1024;

const SSL_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;
const CANCEL_REQUEST: u32 = 80_877_102;
const VERSION_3: u32 = 3 << 16;

/// Listens to PostgreSQL.
#[derive(Debug, Default)]
pub(super) struct Ear {
    /// The client has begun.
    started: bool,
    /// Requests for encryption that are not answered: one octet each.
    asked: u8,
}

impl Ear {
    pub(super) fn step(&mut self, from: Role, octets: &[u8]) -> Step {
        match from {
            Role::Client if !self.started => self.start(octets),
            Role::Server if self.asked > 0 => self.agreed(octets),
            Role::Client | Role::Server => typed(from, octets),
        }
    }

    fn start(&mut self, octets: &[u8]) -> Step {
        let Some((len, version)) = word(octets, 0).zip(word(octets, 4)) else { return Step::Short };
        match (len, version) {
            (8, SSL_REQUEST | GSS_REQUEST) => {
                self.asked = self.asked.saturating_add(1);
                Step::Message(8, vec![Said::Postgres(Message::AsksTls)])
            }
            (16.., CANCEL_REQUEST) => Step::Over,
            (9..=10_000, _) if version >> 16 == 3 => {
                let Some(parameters) = octets.get(8..len as usize) else { return Step::Short };
                self.started = true;
                let mut words = parameters.split(|octet| *octet == 0);
                let mut said = (String::new(), None);
                while let (Some(name), Some(value)) = (words.next(), words.next()) {
                    match name {
                        b"user" => said.0 = text(value, TEXT),
                        b"database" => said.1 = Some(text(value, TEXT)),
                        _ => {}
                    }
                }
                let (user, database) = said;
                Step::Message(u64::from(len), vec![Said::Postgres(Message::Startup { user, database })])
            }
            _ => Step::Over,
        }
    }

    fn agreed(&mut self, octets: &[u8]) -> Step {
        self.asked -= 1;
        match octets.first() {
            Some(b'S') => Step::ThenTls(1, vec![Said::Postgres(Message::Tls(true))]),
            Some(b'N') => Step::Message(1, vec![Said::Postgres(Message::Tls(false))]),
            _ => Step::Over,
        }
    }
}

/// A message with its type in front.
fn typed(from: Role, octets: &[u8]) -> Step {
    let Some((kind, len)) = octets.first().zip(word(octets, 1)) else { return Step::Short };
    let known = match from {
        Role::Client => b"BCDEFHPQSXcdfp".contains(kind),
        Role::Server => b"123ACDEGHIKNRSTVWZcdnstv".contains(kind),
    };
    if !known || len < 4 {
        return Step::Over;
    }
    let whole = u64::from(len) + 1;
    let told = matches!((from, kind), (Role::Client, b'Q' | b'P' | b'X') | (Role::Server, b'C' | b'E' | b'R' | b'S'));
    if !told {
        return Step::Message(whole, Vec::new());
    }
    let need = usize::try_from(whole).unwrap_or(usize::MAX).min(LOOK);
    let Some(body) = octets.get(5..need) else { return Step::Short };
    let mut strings = body.split(|octet| *octet == 0).map(|string| text(string, TEXT));
    let mut next = || strings.next().unwrap_or_default();
    let said = match (from, kind) {
        (Role::Client, b'Q') => Some(Message::Query(next())),
        (Role::Client, b'P') => Some(Message::Query({
            // The name of the prepared statement stands first.
            next();
            next()
        })),
        (Role::Client, _) => Some(Message::Terminate),
        (Role::Server, b'C') => Some(Message::Complete(next())),
        (Role::Server, b'E') => {
            let (mut code, mut said) = (String::new(), String::new());
            for field in body.split(|octet| *octet == 0) {
                match field.split_first() {
                    Some((b'C', rest)) => code = text(rest, 5),
                    Some((b'M', rest)) => said = text(rest, TEXT),
                    _ => {}
                }
            }
            Some(Message::Error { code, text: said })
        }
        (Role::Server, b'R') => (body.starts_with(&[0; 4])).then_some(Message::Welcome),
        (Role::Server, _) => (next() == "server_version").then(|| Message::ServerVersion(next())),
    };
    Step::Message(whole, said.map(Said::Postgres).into_iter().collect())
}

fn word(octets: &[u8], at: usize) -> Option<u32> {
    octets.get(at..at + 4).and_then(|word| word.try_into().ok()).map(u32::from_be_bytes)
}

/// Whether a client begins here; `None` where that takes more octets to tell.
pub(super) fn begins(octets: &[u8]) -> Option<bool> {
    let Some((len, version)) = word(octets, 0).zip(word(octets, 4)) else {
        return if octets.iter().take(2).all(|octet| *octet == 0) { None } else { Some(false) };
    };
    match (len, version) {
        (8, SSL_REQUEST | GSS_REQUEST) | (16, CANCEL_REQUEST) => Some(true),
        (9..=10_000, _) if version >> 16 == VERSION_3 >> 16 => {
            let parameters = octets.get(8..).unwrap_or_default();
            let seen = &parameters[..parameters.len().min(4)];
            // Names and values: letters, then a zero.
            Some(seen.iter().all(|octet| octet.is_ascii_lowercase() || *octet == b'_') || seen == b"\0")
        }
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_begins_asks_and_ends() {
        let mut ear = Ear::default();
        let start = b"\0\0\0\x1b\0\x03\0\0user\0anna\0database\0d\0\0";
        let start = [&(start.len() as u32).to_be_bytes()[..], &start[4..]].concat();
        assert_eq!(begins(&start), Some(true));
        let Step::Message(_, said) = ear.step(Role::Client, &start) else { panic!("a start") };
        let begun = Message::Startup { user: "anna".into(), database: Some("d".into()) };
        assert_eq!(said, [Said::Postgres(begun)]);
        let Step::Message(13, said) = ear.step(Role::Client, b"Q\0\0\0\x0cselect;\0") else { panic!("a query") };
        assert_eq!(said, [Said::Postgres(Message::Query("select;".into()))]);
        let error = b"E\0\0\0\x14SERROR\0C42601\0Mno\0\0";
        let error = [&b"E"[..], &(error.len() as u32 - 1).to_be_bytes(), &error[5..]].concat();
        let Step::Message(_, said) = ear.step(Role::Server, &error) else { panic!("an error") };
        assert_eq!(said, [Said::Postgres(Message::Error { code: "42601".into(), text: "no".into() })]);
    }

    #[test]
    fn tls_follows_one_letter() {
        let mut ear = Ear::default();
        assert!(matches!(ear.step(Role::Client, b"\0\0\0\x08\x04\xd2\x16\x2f"), Step::Message(8, _)));
        assert!(matches!(ear.step(Role::Server, b"S"), Step::ThenTls(1, _)));
    }
}
