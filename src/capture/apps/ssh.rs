//! SSH (RFC 4253 §4.2): the versions that both sides begin with. What follows is packets, soon
//! encrypted.

use super::{Said, Step, text};
use crate::capture::track::Role;

/// The line in which a side says what it speaks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Version {
    /// The whole of it, as in `SSH-2.0-OpenSSH_9.2p1 Debian-2`.
    pub text: String,
}

impl Version {
    /// The version of the protocol: `2.0`.
    pub fn protocol(&self) -> &str {
        self.text.split('-').nth(1).unwrap_or_default()
    }

    /// The program, and what it says of itself.
    pub fn software(&self) -> &str {
        self.text.splitn(3, '-').nth(2).unwrap_or_default()
    }
}

/// The most octets of the line, its end included.
const LINE: usize = 255;
/// Lines that a server may put before its version.
const BEFORE: u8 = 32;

/// Listens to SSH.
#[derive(Debug, Default)]
pub(super) struct Ear {
    said: [bool; 2],
    before: u8,
}

impl Ear {
    pub(super) fn step(&mut self, from: Role, octets: &[u8]) -> Step {
        if self.said[from as usize] {
            return Step::Over;
        }
        let Some(end) = octets.iter().position(|octet| *octet == b'\n') else {
            return if octets.len() > LINE { Step::Over } else { Step::Short };
        };
        let line = octets.get(..end).unwrap_or_default();
        let len = end as u64 + 1;
        if line.starts_with(b"SSH-") {
            self.said[from as usize] = true;
            let text = text(line.trim_ascii_end(), LINE);
            return Step::Message(len, vec![Said::Ssh(Version { text })]);
        }
        self.before += 1;
        if self.before > BEFORE { Step::Over } else { Step::Message(len, Vec::new()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_taken_apart() {
        let octets = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\nrest";
        let Step::Message(40, said) = Ear::default().step(Role::Server, octets) else { panic!("a version") };
        let [Said::Ssh(version)] = &said[..] else { panic!("{said:?}") };
        assert_eq!((version.protocol(), version.software()), ("2.0", "OpenSSH_9.2p1 Debian-2+deb12u3"));
    }

    #[test]
    fn nothing_is_told_of_what_follows() {
        let mut ear = Ear::default();
        assert!(matches!(ear.step(Role::Client, b"SSH-2.0-x\r\n"), Step::Message(11, _)));
        assert!(matches!(ear.step(Role::Client, b"\0\0\x05"), Step::Over));
        assert!(matches!(ear.step(Role::Server, b"SSH-2"), Step::Short));
    }
}
