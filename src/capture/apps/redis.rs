//! Redis (RESP 2 and 3): commands and replies; values are passed over.

use super::{Act, Said, Step, text};
use crate::capture::track::Role;

/// A command, or a reply to one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// Of the client.
    Command {
        /// `GET`, `HSET`, ..., in capitals.
        name: String,
        /// Its first argument: the key, as a rule. That of `AUTH` and `HELLO` is not kept.
        key: Option<String>,
        /// How many arguments it has.
        arguments: u64,
    },
    /// Of the server.
    Reply(Reply),
}

/// What a server replies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reply {
    /// `OK` and its like.
    Status(String),
    /// What went wrong.
    Error(String),
    /// A number.
    Number(i64),
    /// A value of so many octets.
    Value(u64),
    /// So many elements.
    Several(u64),
    /// Nothing.
    Null,
    /// Something that RESP 3 knows beside those, by its sign.
    Other(char),
    /// Something that was not asked for (RESP 3), of so many elements.
    Push(u64),
}

impl Message {
    pub(super) const fn act(&self) -> Act {
        match self {
            Self::Command { .. } => Act::Asks,
            Self::Reply(Reply::Push(_)) => Act::Tells,
            Self::Reply(_) => Act::Answers,
        }
    }

    pub(super) fn cost(&self) -> usize {
        match self {
            Self::Command { name, key, .. } => name.len() + key.as_ref().map_or(0, String::len),
            Self::Reply(Reply::Status(text) | Reply::Error(text)) => text.len(),
            Self::Reply(_) => 0,
        }
    }
}

/// Octets of a line that are waited for, and of a text that are kept.
const LINE: usize = 4096;
const TEXT: usize = 256;

/// Listens to Redis.
#[derive(Debug, Default)]
pub(super) struct Ear {
    /// Elements of an array that are passed over.
    due: [u64; 2],
}

impl Ear {
    pub(super) fn step(&mut self, from: Role, octets: &[u8]) -> Step {
        if self.due[from as usize] > 0 {
            return self.pass_over(from, octets);
        }
        match from {
            Role::Client => self.command(octets),
            Role::Server => self.reply(octets),
        }
    }

    fn command(&mut self, octets: &[u8]) -> Step {
        let Some((line, end)) = line(octets) else { return short(octets) };
        let Some((b'*', count)) = line.split_first() else {
            return inline(line, end);
        };
        let Some(count @ 1..) = number(count).and_then(|count| u64::try_from(count).ok()) else {
            return Step::Message(end as u64, Vec::new());
        };
        let mut rest = end;
        let mut words = [None, None];
        for word in words.iter_mut().take(count as usize) {
            match bulk(octets.get(rest..).unwrap_or_default()) {
                Bulk::Short => return short(octets),
                Bulk::Not => return Step::Over,
                // A long key is told by its beginning, and passed over.
                Bulk::Is { start, len, whole } => {
                    let from = rest + start;
                    let seen = octets.get(from..).unwrap_or_default();
                    if seen.len() < len.min(TEXT) || whole > u64::MAX / 4 {
                        return short(octets);
                    }
                    *word = Some(text(seen.get(..len.min(TEXT)).unwrap_or_default(), TEXT));
                    rest = usize::try_from(rest as u64 + whole).unwrap_or(usize::MAX);
                }
            }
        }
        let [name, key] = words;
        self.due[Role::Client as usize] = count.saturating_sub(2);
        let name = name.unwrap_or_default().to_ascii_uppercase();
        let secret = matches!(&*name, "AUTH" | "HELLO");
        let key = key.map(|key| if secret { "***".to_owned() } else { key });
        Step::Message(rest as u64, vec![Said::Redis(Message::Command { name, key, arguments: count - 1 })])
    }

    fn reply(&mut self, octets: &[u8]) -> Step {
        let Some((line, end)) = line(octets) else { return short(octets) };
        let Some((sign, rest)) = line.split_first() else { return Step::Over };
        let size = number(rest);
        let count = || size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        let mut len = end as u64;
        let reply = match sign {
            b'+' => Reply::Status(text(rest, TEXT)),
            b'-' => Reply::Error(text(rest, TEXT)),
            b':' => match size {
                Some(number) => Reply::Number(number),
                None => return Step::Over,
            },
            b'$' | b'*' if size == Some(-1) => Reply::Null,
            b'_' => Reply::Null,
            b'$' | b'=' | b'!' if size.is_some() => {
                len = len.saturating_add(count()).saturating_add(2);
                Reply::Value(count())
            }
            b'*' | b'~' | b'%' | b'>' | b'|' if size.is_some() => {
                let elements = if matches!(sign, b'%' | b'|') { count().saturating_mul(2) } else { count() };
                self.due[Role::Server as usize] = elements;
                match sign {
                    b'>' => Reply::Push(count()),
                    // Attributes stand before the reply that they are of.
                    b'|' => return Step::Message(len, Vec::new()),
                    _ => Reply::Several(count()),
                }
            }
            b'#' | b',' | b'(' => Reply::Other(char::from(*sign)),
            _ => return Step::Over,
        };
        Step::Message(len, vec![Said::Redis(Message::Reply(reply))])
    }

    /// Passes over an element of an array, and takes the elements within it for due.
    fn pass_over(&mut self, from: Role, octets: &[u8]) -> Step {
        let due = &mut self.due[from as usize];
        let Some((line, end)) = line(octets) else { return short(octets) };
        let Some((sign, rest)) = line.split_first() else { return Step::Over };
        let count = number(rest).and_then(|count| u64::try_from(count).ok());
        *due -= 1;
        match (sign, count) {
            (b'$' | b'=' | b'!', Some(count)) => {
                Step::Message((end as u64).saturating_add(count).saturating_add(2), Vec::new())
            }
            (b'*' | b'~' | b'>', Some(count)) => {
                *due = due.saturating_add(count);
                Step::Message(end as u64, Vec::new())
            }
            (b'%' | b'|', Some(count)) => {
                *due = due.saturating_add(count.saturating_mul(2));
                Step::Message(end as u64, Vec::new())
            }
            (b'+' | b'-' | b':' | b'$' | b'*' | b'_' | b'#' | b',' | b'(', _) => Step::Message(end as u64, Vec::new()),
            _ => Step::Over,
        }
    }
}

/// A command as people type it.
fn inline(line: &[u8], end: usize) -> Step {
    let mut words = line.split(|octet| *octet == b' ').filter(|word| !word.is_empty());
    let Some(name) = words.next() else { return Step::Message(end as u64, Vec::new()) };
    if !name.iter().all(u8::is_ascii_alphabetic) {
        return Step::Over;
    }
    let name = text(name, TEXT).to_ascii_uppercase();
    let secret = matches!(&*name, "AUTH" | "HELLO");
    let key = words.next().map(|key| if secret { "***".to_owned() } else { text(key, TEXT) });
    let arguments = u64::from(key.is_some()) + words.count() as u64;
    Step::Message(end as u64, vec![Said::Redis(Message::Command { name, key, arguments })])
}

/// A string with its length in front.
enum Bulk {
    Short,
    Not,
    Is {
        /// Where its octets begin.
        start: usize,
        /// How many they are.
        len: usize,
        /// Octets of all of it.
        whole: u64,
    },
}

fn bulk(octets: &[u8]) -> Bulk {
    let Some((line, start)) = line(octets) else {
        return if octets.len() > 32 { Bulk::Not } else { Bulk::Short };
    };
    let size = line.strip_prefix(b"$").and_then(number).and_then(|size| u64::try_from(size).ok());
    match size {
        Some(size) => Bulk::Is {
            start,
            len: usize::try_from(size).unwrap_or(usize::MAX),
            whole: (start as u64).saturating_add(size).saturating_add(2),
        },
        None => Bulk::Not,
    }
}

/// The first line without its end, and its octets with it.
fn line(octets: &[u8]) -> Option<(&[u8], usize)> {
    let end = octets.iter().take(LINE).position(|octet| *octet == b'\n')?;
    let line = octets.get(..end)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), end + 1))
}

fn short(octets: &[u8]) -> Step {
    if octets.len() >= LINE { Step::Over } else { Step::Short }
}

fn number(digits: &[u8]) -> Option<i64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Whether a command begins here; `None` where that takes more octets to tell.
pub(super) fn begins_command(octets: &[u8]) -> Option<bool> {
    if octets.first() != Some(&b'*') {
        return Some(false);
    }
    let Some((count, end)) = line(octets) else {
        return if octets.len() < 16 { None } else { Some(false) };
    };
    if !count.get(1..).is_some_and(|count| !count.is_empty() && count.iter().all(u8::is_ascii_digit)) {
        return Some(false);
    }
    octets.get(end).map(|sign| *sign == b'$')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(ear: &mut Ear, from: Role, mut octets: &[u8]) -> Vec<Message> {
        let mut messages = Vec::new();
        while !octets.is_empty() {
            let Step::Message(len, said) = ear.step(from, octets) else { break };
            messages.extend(said.into_iter().filter_map(|said| match said {
                Said::Redis(message) => Some(message),
                _ => None,
            }));
            octets = octets.get(len as usize..).unwrap_or_default();
        }
        messages
    }

    fn command(name: &str, key: Option<&str>, arguments: u64) -> Message {
        Message::Command { name: name.into(), key: key.map(Into::into), arguments }
    }

    #[test]
    fn commands_are_told_by_name_and_key() {
        let octets = b"*3\r\n$3\r\nset\r\n$1\r\na\r\n$4\r\n*1\r\n\r\n*1\r\n$4\r\nPING\r\nget b\r\n*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n";
        let mut ear = Ear::default();
        let expected = [
            command("SET", Some("a"), 2),
            command("PING", None, 0),
            command("GET", Some("b"), 1),
            command("AUTH", Some("***"), 1),
        ];
        assert_eq!(heard(&mut ear, Role::Client, octets), expected);
    }

    #[test]
    fn replies_are_told_and_their_values_passed_over() {
        let octets =
            b"+OK\r\n$-1\r\n$5\r\n+no\r\n\r\n*2\r\n*1\r\n:1\r\n$1\r\nx\r\n-ERR no\r\n:-3\r\n%1\r\n+a\r\n#t\r\n_\r\n";
        let expected = [
            Reply::Status("OK".into()),
            Reply::Null,
            Reply::Value(5),
            Reply::Several(2),
            Reply::Error("ERR no".into()),
            Reply::Number(-3),
            Reply::Several(1),
            Reply::Null,
        ];
        assert_eq!(heard(&mut Ear::default(), Role::Server, octets), expected.map(Message::Reply));
    }

    #[test]
    fn absurd_lengths_end_nothing_but_the_hearing() {
        for octets in
            [&b"*2\r\n$9223372036854775807\r\n"[..], b"*9223372036854775807\r\n$1\r\na\r\n$1\r\nb\r\n", b"$-5\r\n"]
        {
            for from in Role::BOTH {
                heard(&mut Ear::default(), from, octets);
            }
        }
    }
}
