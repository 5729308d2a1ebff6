//! MQTT 3.1, 3.1.1 and 5: who connects, what is published and subscribed to; payloads are passed
//! over.

use super::{Act, Said, Step, text};
use crate::capture::track::Role;

/// A control packet that is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Packet {
    /// The client connects.
    Connect {
        /// The level of the protocol: 3, 4 (3.1.1) or 5.
        level: u8,
        /// What it calls itself.
        client: String,
    },
    /// The server answers that.
    Connack {
        /// 0, or why it may not.
        code: u8,
    },
    /// Something is published.
    Publish {
        /// About what.
        topic: String,
    },
    /// The client wants to hear of something.
    Subscribe {
        /// About what: its first filter.
        topic: String,
    },
    /// The server agrees, or not.
    Suback,
    /// The client leaves, or either does (MQTT 5).
    Disconnect,
}

impl Packet {
    pub(super) const fn act(&self) -> Act {
        match self {
            Self::Connect { .. } | Self::Subscribe { .. } => Act::Asks,
            Self::Connack { .. } | Self::Suback => Act::Answers,
            Self::Publish { .. } | Self::Disconnect => Act::Tells,
        }
    }

    pub(super) fn cost(&self) -> usize {
        match self {
            Self::Connect { client: text, .. } | Self::Publish { topic: text } | Self::Subscribe { topic: text } => {
                text.len()
            }
            Self::Connack { .. } | Self::Suback | Self::Disconnect => 0,
        }
    }
}

/// Octets of a packet that are looked at, and of a text that are kept.
const LOOK: usize = 1024;
const TEXT: usize = 256;

/// Listens to MQTT.
#[derive(Debug, Default)]
pub(super) struct Ear {
    /// The level that the client speaks.
    level: u8,
}

impl Ear {
    pub(super) fn step(&mut self, _from: Role, octets: &[u8]) -> Step {
        let (kind, start, len) = match fixed_header(octets) {
            Head::Short => return Step::Short,
            Head::Not => return Step::Over,
            Head::Is { kind, start, len } => (kind, start, len),
        };
        if kind == 0 {
            return Step::Over;
        }
        let told = matches!(kind >> 4, 1 | 2 | 3 | 8 | 9 | 14);
        let seen = octets.get(start..).unwrap_or_default();
        if told && seen.len() < len.min(LOOK) {
            return Step::Short;
        }
        let body = seen.get(..len.min(seen.len())).unwrap_or_default();
        let said = if told { self.packet(kind, body) } else { None };
        Step::Message((start + len) as u64, said.map(Said::Mqtt).into_iter().collect())
    }

    fn packet(&mut self, kind: u8, body: &[u8]) -> Option<Packet> {
        Some(match kind >> 4 {
            1 => {
                let (name, rest) = string(body)?;
                let level = *rest.first()?;
                let mut rest = rest.get(4..)?;
                if !matches!(name, b"MQTT" | b"MQIsdp") {
                    return None;
                }
                if level >= 5 {
                    rest = after_properties(rest)?;
                }
                self.level = level;
                Packet::Connect { level, client: text(string(rest)?.0, TEXT) }
            }
            2 => Packet::Connack { code: *body.get(1)? },
            3 => Packet::Publish { topic: text(string(body)?.0, TEXT) },
            8 => {
                let rest = body.get(2..)?;
                let rest = if self.level >= 5 { after_properties(rest)? } else { rest };
                Packet::Subscribe { topic: text(string(rest)?.0, TEXT) }
            }
            9 => Packet::Suback,
            _ => Packet::Disconnect,
        })
    }
}

/// What stands in front of every packet.
enum Head {
    Short,
    Not,
    Is { kind: u8, start: usize, len: usize },
}

fn fixed_header(octets: &[u8]) -> Head {
    let Some((kind, rest)) = octets.split_first() else { return Head::Short };
    match varint(rest) {
        Some((len, size)) => Head::Is { kind: *kind, start: 1 + size, len },
        None if rest.len() < 4 => Head::Short,
        None => Head::Not,
    }
}

/// Seven bits an octet, the lowest first, four octets at most; and how many they are.
fn varint(octets: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0;
    for (at, octet) in octets.iter().take(4).enumerate() {
        value |= usize::from(octet & 0x7f) << (7 * at);
        if octet & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}

/// A string with its length in front, and what follows.
fn string(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = usize::from(u16::from_be_bytes([*octets.first()?, *octets.get(1)?]));
    Some((octets.get(2..2 + len)?, octets.get(2 + len..)?))
}

fn after_properties(octets: &[u8]) -> Option<&[u8]> {
    let (len, size) = varint(octets)?;
    octets.get(size + len..)
}

/// Whether a client connects here; `None` where that takes more octets to tell.
pub(super) fn begins(octets: &[u8]) -> Option<bool> {
    if octets.first().is_some_and(|kind| *kind != 0x10) {
        return Some(false);
    }
    let Head::Is { start, len, .. } = fixed_header(octets) else {
        return if octets.len() < 5 { None } else { Some(false) };
    };
    let name = octets.get(start..).unwrap_or_default();
    let fits = |known: &[u8]| known.starts_with(name.get(..known.len().min(name.len())).unwrap_or_default());
    match (fits(b"\0\x04MQTT"), fits(b"\0\x06MQIsdp")) {
        _ if len < 10 => Some(false),
        (true, _) if name.len() >= 6 => Some(true),
        (_, true) if name.len() >= 8 => Some(true),
        (false, false) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_connects_and_what_about_is_told() {
        let mut ear = Ear::default();
        let connect = b"\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04anna";
        assert_eq!(
            (begins(connect), begins(&connect[..3]), begins(b"\x10\x10\0\x05")),
            (Some(true), None, Some(false))
        );
        let Step::Message(18, said) = ear.step(Role::Client, connect) else { panic!("a packet") };
        assert_eq!(said, [Said::Mqtt(Packet::Connect { level: 4, client: "anna".into() })]);
        let Step::Message(8, said) = ear.step(Role::Client, b"\x30\x06\0\x03a/bx") else { panic!("a packet") };
        assert_eq!(said, [Said::Mqtt(Packet::Publish { topic: "a/b".into() })]);
        assert!(matches!(ear.step(Role::Client, b"\x30\xff\xff\xff\xff\xff"), Step::Over));
        assert!(matches!(ear.step(Role::Server, b"\x20"), Step::Short));
    }
}
