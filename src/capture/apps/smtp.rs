//! SMTP (RFC 5321): the dialogue; mails are passed over.

use super::ftp::skip_line;
use super::line::{self, Line as Found};
use super::{Act, Said, Step};
use crate::capture::track::Role;

/// A line of the dialogue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Line {
    /// Of the client. Secrets behind `AUTH` are not kept.
    Command {
        /// `EHLO`, `MAIL`, ...
        verb: String,
        /// What follows it.
        argument: String,
    },
    /// Of the server.
    Reply {
        /// 220, 250, ...
        code: u16,
        /// What follows it, in its last line.
        text: String,
    },
}

impl Line {
    pub(super) const fn act(&self) -> Act {
        match self {
            Self::Command { .. } => Act::Asks,
            // It wants to hear more before it answers.
            Self::Reply { code: 334 | 354, .. } => Act::Puts,
            Self::Reply { .. } => Act::Answers,
        }
    }

    pub(super) fn cost(&self) -> usize {
        match self {
            Self::Command { verb, argument } => verb.len() + argument.len(),
            Self::Reply { text, .. } => text.len(),
        }
    }
}

/// Listens to SMTP.
#[derive(Debug, Default)]
pub(super) struct Ear {
    mode: Mode,
    /// TLS was asked for.
    starttls: bool,
}

/// What the client is saying.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Mode {
    #[default]
    Commands,
    /// A mail, up to a line of one dot.
    Mail,
    /// The same, in the middle of a line.
    MailMidline,
    /// Answers to what the server asks of who wants to be known.
    Secrets,
}

impl Ear {
    pub(super) fn step(&mut self, from: Role, octets: &[u8]) -> Step {
        match (from, self.mode) {
            (Role::Server, _) => self.reply(octets),
            (Role::Client, Mode::Mail | Mode::MailMidline) => self.mail(octets),
            (Role::Client, Mode::Secrets) => skip_line(octets),
            (Role::Client, Mode::Commands) => self.command(octets),
        }
    }

    fn command(&mut self, octets: &[u8]) -> Step {
        let ((verb, mut argument), len) = match line::command(octets) {
            Found::Short => return Step::Short,
            Found::Not => return skip_line(octets),
            Found::Is(command, len) => (command, len),
        };
        let mut follows = 0;
        match &*verb {
            "STARTTLS" => self.starttls = true,
            // RFC 3030: so many octets follow at once.
            "BDAT" => follows = argument.split(' ').next().and_then(|size| size.parse().ok()).unwrap_or(0),
            "AUTH" => {
                if let Some((mechanism, _)) = argument.split_once(' ') {
                    argument = format!("{mechanism} ***");
                }
            }
            _ => {}
        }
        Step::Message(len.saturating_add(follows), vec![Said::Smtp(Line::Command { verb, argument })])
    }

    fn reply(&mut self, octets: &[u8]) -> Step {
        let ((code, text), len) = match line::reply(octets) {
            Found::Short => return Step::Short,
            Found::Not => return skip_line(octets),
            Found::Is(reply, len) => (reply, len),
        };
        match code {
            // Commands may come in heaps (RFC 2920): which of them is answered does not matter for this.
            354 => self.mode = Mode::Mail,
            334 => self.mode = Mode::Secrets,
            _ if self.mode == Mode::Secrets => self.mode = Mode::Commands,
            _ => {}
        }
        let said = vec![Said::Smtp(Line::Reply { code, text })];
        if self.starttls && code == 220 { Step::ThenTls(len, said) } else { Step::Message(len, said) }
    }

    /// Passes over a line of a mail, or what is there of it.
    fn mail(&mut self, octets: &[u8]) -> Step {
        let Some(end) = octets.iter().position(|octet| *octet == b'\n') else {
            if octets.len() <= 2 {
                return Step::Short;
            }
            self.mode = Mode::MailMidline;
            return Step::Message(octets.len() as u64, Vec::new());
        };
        let line = octets.get(..end).unwrap_or_default();
        let ends = self.mode == Mode::Mail && matches!(line, b"." | b".\r");
        self.mode = if ends { Mode::Commands } else { Mode::Mail };
        Step::Message(end as u64 + 1, Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(ear: &mut Ear, from: Role, mut octets: &[u8]) -> Vec<String> {
        let mut told = Vec::new();
        while !octets.is_empty() {
            let (len, said) = match ear.step(from, octets) {
                Step::Message(len, said) => (len, said),
                Step::ThenTls(len, said) => {
                    told.push("tls".to_owned());
                    (len, said)
                }
                _ => break,
            };
            told.extend(said.into_iter().map(|said| match said {
                Said::Smtp(Line::Command { verb, argument }) => format!("{verb} {argument}"),
                Said::Smtp(Line::Reply { code, text }) => format!("{code} {text}"),
                other => panic!("{other:?}"),
            }));
            octets = octets.get(len as usize..).unwrap_or_default();
        }
        told
    }

    #[test]
    fn a_mail_is_no_commands() {
        let mut ear = Ear::default();
        say(&mut ear, Role::Client, b"DATA\r\n");
        say(&mut ear, Role::Server, b"354 go on\r\n");
        assert_eq!(say(&mut ear, Role::Client, b"QUIT\r\n..\r\nlong li"), [""; 0]);
        assert_eq!(say(&mut ear, Role::Client, b"ne\r\n.\r\nQUIT\r\n"), ["QUIT "]);
    }

    #[test]
    fn a_mail_begins_where_the_server_agrees_however_many_commands_came_before() {
        let mut ear = Ear::default();
        say(&mut ear, Role::Client, b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n");
        say(&mut ear, Role::Server, b"250 ok\r\n250 ok\r\n354 go on\r\n");
        assert_eq!(say(&mut ear, Role::Client, b"FOR you\r\n.\r\nQUIT\r\n"), ["QUIT "]);
    }

    #[test]
    fn secrets_are_not_kept() {
        let mut ear = Ear::default();
        assert_eq!(say(&mut ear, Role::Client, b"AUTH PLAIN AGEAYg==\r\n"), ["AUTH PLAIN ***"]);
        assert_eq!(say(&mut ear, Role::Server, b"334 VXNlcm5hbWU6\r\n"), ["334 VXNlcm5hbWU6"]);
        assert_eq!(say(&mut ear, Role::Client, b"c2VjcmV0\r\n"), [""; 0]);
        assert_eq!(say(&mut ear, Role::Server, b"235 ok\r\n"), ["235 ok"]);
        assert_eq!(say(&mut ear, Role::Client, b"QUIT\r\n"), ["QUIT "]);
    }

    #[test]
    fn tls_begins_where_the_server_agrees() {
        let mut ear = Ear::default();
        say(&mut ear, Role::Client, b"STARTTLS\r\n");
        assert_eq!(say(&mut ear, Role::Server, b"220 go on\r\n"), ["tls", "220 go on"]);
    }
}
