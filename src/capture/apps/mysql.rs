//! MySQL and MariaDB: the greeting, the login, commands and how they went.

use super::{Act, Said, Step, text};
use crate::capture::track::Role;

/// A message that is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// The server greets.
    Greeting {
        /// Its version, in its own words.
        version: String,
    },
    /// The client asks for TLS.
    AsksTls,
    /// The client logs in.
    Login {
        /// As whom.
        user: String,
    },
    /// A command of the client.
    Command {
        /// `query`, `ping`, ...
        name: &'static str,
        /// The statement, or what else follows.
        argument: String,
    },
    /// It went well.
    Ok,
    /// Rows will follow, of so many columns.
    Columns(u8),
    /// It went wrong.
    Error {
        /// 1045, 1064, ...
        code: u16,
        /// In words.
        text: String,
    },
}

impl Message {
    pub(super) const fn act(&self) -> Act {
        match self {
            Self::Login { .. } => Act::Asks,
            Self::Command { name, .. } => {
                if matches!(name.as_bytes(), b"quit") {
                    Act::Tells
                } else {
                    Act::Asks
                }
            }
            Self::Ok | Self::Columns(_) | Self::Error { .. } => Act::Answers,
            Self::Greeting { .. } | Self::AsksTls => Act::Tells,
        }
    }

    pub(super) fn cost(&self) -> usize {
        match self {
            Self::Greeting { version: text }
            | Self::Login { user: text }
            | Self::Command { argument: text, .. }
            | Self::Error { text, .. } => text.len(),
            Self::AsksTls | Self::Ok | Self::Columns(_) => 0,
        }
    }
}

/// Octets of a text that are kept; of a packet that are looked at.
const TEXT: usize = 512;
const LOOK: usize = 1024;

/// Listens to MySQL.
#[derive(Debug, Default)]
pub(super) struct Ear {
    logged_in: bool,
    /// The client waits for the answer to its login, or to a command.
    waits: bool,
}

/// The capability by which a client asks for TLS.
const CLIENT_SSL: u32 = 1 << 11;

impl Ear {
    pub(super) fn step(&mut self, from: Role, octets: &[u8]) -> Step {
        let Some(head) = octets.get(..4) else { return Step::Short };
        let len = u32::from_le_bytes([head[0], head[1], head[2], 0]);
        let sequence = head[3];
        let whole = u64::from(len) + 4;
        let need = (len as usize + 4).min(LOOK);
        let Some(body) = octets.get(4..need) else { return Step::Short };
        let said = match from {
            Role::Server => self.server(sequence, body),
            Role::Client if !self.logged_in => match login(len, body) {
                None => return Step::Over,
                Some(Message::AsksTls) => return Step::ThenTls(whole, vec![Said::Mysql(Message::AsksTls)]),
                Some(login) => {
                    self.logged_in = true;
                    self.waits = true;
                    Some(login)
                }
            },
            // What the login needs beside: a secret.
            Role::Client if sequence > 0 => None,
            Role::Client => command(body).inspect(|_| self.waits = true),
        };
        Step::Message(whole, said.map(Said::Mysql).into_iter().collect())
    }

    fn server(&mut self, sequence: u8, body: &[u8]) -> Option<Message> {
        let (kind, rest) = body.split_first()?;
        if sequence == 0 && *kind == 10 {
            let version = rest.split(|octet| *octet == 0).next().unwrap_or_default();
            return Some(Message::Greeting { version: text(version, TEXT) });
        }
        let error = || {
            let code = u16::from_le_bytes([*rest.first()?, *rest.get(1)?]);
            let words = rest.get(2..)?;
            // A mark and five letters of SQLSTATE stand before the words.
            let words = if words.first() == Some(&b'#') { words.get(6..).unwrap_or_default() } else { words };
            Some(Message::Error { code, text: text(words, TEXT) })
        };
        if !self.waits {
            return (*kind == 0xff && sequence == 0).then(error).flatten();
        }
        let said = match kind {
            0xff => error()?,
            // The login goes on in another way.
            0xfe | 0x01 if !self.logged_in || sequence > 1 => return None,
            0x00 | 0xfe => Message::Ok,
            columns => Message::Columns(*columns),
        };
        self.waits = false;
        Some(said)
    }
}

fn login(len: u32, body: &[u8]) -> Option<Message> {
    let capabilities = u32::from_le_bytes(body.get(..4)?.try_into().ok()?);
    // With version 4.1 of the protocol; the older form has shorter fields.
    let modern = capabilities & 1 << 9 != 0;
    if modern && len == 32 && capabilities & CLIENT_SSL != 0 {
        return Some(Message::AsksTls);
    }
    let user = body.get(if modern { 32 } else { 5 }..)?;
    let user = user.split(|octet| *octet == 0).next().unwrap_or_default();
    Some(Message::Login { user: text(user, TEXT) })
}

fn command(body: &[u8]) -> Option<Message> {
    let (kind, rest) = body.split_first()?;
    let (name, told) = match kind {
        1 => ("quit", false),
        2 => ("use", true),
        3 => ("query", true),
        4 => ("fields", false),
        9 => ("statistics", false),
        14 => ("ping", false),
        22 => ("prepare", true),
        23 => ("execute", false),
        // Closing a statement, and sending it a long value, get no answer.
        24 | 25 => return None,
        _ => ("command", false),
    };
    let argument = if told { text(rest, TEXT) } else { String::new() };
    Some(Message::Command { name, argument })
}

/// Whether a server greets here; `None` where that takes more octets to tell.
pub(super) fn begins(octets: &[u8]) -> Option<bool> {
    let Some(head) = octets.get(..5) else {
        let fits = octets.get(2).is_none_or(|octet| *octet == 0) && octets.get(3).is_none_or(|octet| *octet == 0);
        return if fits && octets.first().is_some_and(|len| *len > 20) { None } else { Some(false) };
    };
    let len = u32::from_le_bytes([head[0], head[1], head[2], 0]);
    if !(20..512).contains(&len) || head[3] != 0 || head[4] != 10 {
        return Some(false);
    }
    let version = octets.get(5..).unwrap_or_default();
    let end = version.iter().position(|octet| *octet == 0);
    let version = version.get(..end.unwrap_or(version.len())).unwrap_or_default();
    let fits = version.iter().all(u8::is_ascii_graphic) && version.first().is_none_or(u8::is_ascii_digit);
    match end {
        None if fits && octets.len() < 64 => None,
        _ => Some(fits && !version.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREETING: &[u8] =
        b"\x2d\0\0\0\x0a8.0.36\0\x08\0\0\0abcdefgh\0\xff\xf7\x21\x02\0\xff\xc1\x15\0\0\0\0\0\0\0\0\0\0ij\0";

    fn one(ear: &mut Ear, from: Role, octets: &[u8]) -> Vec<Said> {
        match ear.step(from, octets) {
            Step::Message(_, said) | Step::ThenTls(_, said) => said,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_session_is_greeted_logs_in_and_asks() {
        let mut ear = Ear::default();
        assert_eq!(begins(GREETING), Some(true));
        assert_eq!(begins(&GREETING[..4]), None);
        let padded = [GREETING, &[0; 16]].concat();
        assert_eq!(one(&mut ear, Role::Server, &padded), [Said::Mysql(Message::Greeting { version: "8.0.36".into() })]);
        let mut login = vec![0x28, 0, 0, 1, 0x00, 0x02, 0, 0];
        login.extend([0; 28]);
        login.extend(b"anna\0\0\0\0");
        assert_eq!(one(&mut ear, Role::Client, &login), [Said::Mysql(Message::Login { user: "anna".into() })]);
        assert_eq!(one(&mut ear, Role::Server, b"\x07\0\0\x02\0\0\0\x02\0\0\0"), [Said::Mysql(Message::Ok)]);
        let query = Message::Command { name: "query", argument: "select 1".into() };
        assert_eq!(one(&mut ear, Role::Client, b"\x09\0\0\0\x03select 1"), [Said::Mysql(query)]);
        assert_eq!(one(&mut ear, Role::Server, b"\x01\0\0\x01\x01"), [Said::Mysql(Message::Columns(1))]);
        assert_eq!(one(&mut ear, Role::Server, b"\x01\0\0\x02\x01"), []);
        let quit = Message::Command { name: "quit", argument: String::new() };
        assert_eq!(one(&mut ear, Role::Client, b"\x01\0\0\0\x01"), [Said::Mysql(quit)]);
    }
}
