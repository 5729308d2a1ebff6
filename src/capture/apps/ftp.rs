//! FTP (RFC 959, RFC 2428): the control dialogue, and the data connections it announces.

use std::net::{IpAddr, Ipv4Addr};

use super::line::{self, Line as Found};
use super::{Act, Said, Step};
use crate::capture::track::Role;

/// A line of the control dialogue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Line {
    /// Of the client. What follows `PASS` is not kept.
    Command {
        /// `USER`, `RETR`, ...
        verb: String,
        /// What follows it.
        argument: String,
    },
    /// Of the server.
    Reply {
        /// 220, 227, ...
        code: u16,
        /// What follows it, in its last line.
        text: String,
    },
}

/// A data connection that will come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Announcement {
    /// Who will listen.
    pub listens: Role,
    /// At which address; at its own where that is not said.
    pub addr: Option<IpAddr>,
    /// On which port.
    pub port: u16,
}

impl Line {
    pub(super) const fn act(&self) -> Act {
        match self {
            Self::Command { .. } => Act::Asks,
            Self::Reply { code: 100..200, .. } => Act::Puts,
            Self::Reply { .. } => Act::Answers,
        }
    }

    pub(super) fn cost(&self) -> usize {
        match self {
            Self::Command { verb, argument } => verb.len() + argument.len(),
            Self::Reply { text, .. } => text.len(),
        }
    }

    /// The data connection that this line announces.
    pub fn announces(&self) -> Option<Announcement> {
        match self {
            Self::Command { verb, argument } if verb == "PORT" => six(argument, Role::Client),
            Self::Command { verb, argument } if verb == "EPRT" => extended(argument, Role::Client),
            Self::Reply { code: 227, text } => six(text, Role::Server),
            Self::Reply { code: 229, text } => {
                let start = text.find('(')? + 1;
                extended(text.get(start..)?.split(')').next()?, Role::Server)
            }
            Self::Command { .. } | Self::Reply { .. } => None,
        }
    }
}

/// `h1,h2,h3,h4,p1,p2`, with or without words around it.
fn six(text: &str, listens: Role) -> Option<Announcement> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let list = text.get(start..)?.split(|c: char| !c.is_ascii_digit() && c != ',').next()?;
    let mut numbers = list.split(',').map(|number| number.parse::<u8>().ok());
    let mut next = || numbers.next().flatten();
    let addr = Ipv4Addr::new(next()?, next()?, next()?, next()?);
    let port = u16::from_be_bytes([next()?, next()?]);
    Some(Announcement { listens, addr: Some(addr.into()).filter(|_| !addr.is_unspecified()), port })
}

/// `|1|132.235.1.2|6275|`, `|||6446|`: whatever stands first stands between.
fn extended(text: &str, listens: Role) -> Option<Announcement> {
    let mut parts = text.split(text.chars().next()?).skip(1);
    let (_, addr, port) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Announcement { listens, addr: addr.parse().ok(), port: port.parse().ok()? })
}

/// Listens to a control dialogue.
#[derive(Debug, Default)]
pub(super) struct Ear {
    /// TLS was asked for.
    auth: bool,
}

impl Ear {
    pub(super) fn step(&mut self, from: Role, octets: &[u8]) -> Step {
        match from {
            Role::Client => match line::command(octets) {
                Found::Short => Step::Short,
                Found::Not => skip_line(octets),
                Found::Is((verb, argument), len) => {
                    self.auth |= verb == "AUTH" && argument.to_ascii_uppercase().starts_with("TLS");
                    let argument = if verb == "PASS" { "***".to_owned() } else { argument };
                    Step::Message(len, vec![Said::Ftp(Line::Command { verb, argument })])
                }
            },
            Role::Server => match line::reply(octets) {
                Found::Short => Step::Short,
                Found::Not => skip_line(octets),
                Found::Is((code, text), len) => {
                    let said = vec![Said::Ftp(Line::Reply { code, text })];
                    if self.auth && code == 234 { Step::ThenTls(len, said) } else { Step::Message(len, said) }
                }
            },
        }
    }
}

/// Passes over what is not understood, to the end of the line.
pub(super) fn skip_line(octets: &[u8]) -> Step {
    match line::first(octets) {
        Found::Is(_, len) => Step::Message(len, Vec::new()),
        Found::Short => Step::Short,
        Found::Not => Step::Over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16, text: &str) -> Option<Announcement> {
        Line::Reply { code, text: text.into() }.announces()
    }

    #[test]
    fn what_is_announced_is_read_in_every_form() {
        let server = |addr: Option<&str>, port| {
            Some(Announcement { listens: Role::Server, addr: addr.and_then(|addr| addr.parse().ok()), port })
        };
        assert_eq!(reply(227, "Entering Passive Mode (10,0,0,2,156,64)."), server(Some("10.0.0.2"), 40000));
        assert_eq!(reply(227, "Entering Passive Mode. 10,0,0,2,0,80"), server(Some("10.0.0.2"), 80));
        assert_eq!(reply(227, "=0,0,0,0,156,64"), server(None, 40000));
        assert_eq!(reply(229, "Entering Extended Passive Mode (|||6446|)"), server(None, 6446));
        assert_eq!(reply(227, "Entering Passive Mode (10,0,0,2,300,64)."), None);
        assert_eq!(reply(229, "(((("), None);
        let command = |verb: &str, argument: &str| {
            Line::Command { verb: verb.into(), argument: argument.into() }
                .announces()
                .map(|found| (found.addr, found.port))
        };
        assert_eq!(command("PORT", "10,0,0,1,4,1"), Some(("10.0.0.1".parse().ok(), 1025)));
        assert_eq!(command("EPRT", "|2|2001:db8::1|1025|"), Some(("2001:db8::1".parse().ok(), 1025)));
        assert_eq!(command("RETR", "10,0,0,1,4,1"), None);
    }

    #[test]
    fn a_password_is_not_kept() {
        let Step::Message(_, said) = Ear::default().step(Role::Client, b"PASS secret\r\n") else { panic!("a line") };
        assert_eq!(said, [Said::Ftp(Line::Command { verb: "PASS".into(), argument: "***".into() })]);
    }
}
