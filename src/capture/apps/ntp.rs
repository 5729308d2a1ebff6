//! NTP messages (RFC 5905, section 7.3), versions 1 to 4.

use std::fmt;
use std::net::Ipv4Addr;

use super::{Act, Said, Step};

/// Seconds from 1900, where NTP begins to count, to 1970.
const TO_1970: u64 = 2_208_988_800;

/// An NTP message, as far as it tells who asks whom for the time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ntp {
    /// Whether a leap second is near: 0 no, 1 added, 2 left out, 3 the clock is not set.
    pub leap: u8,
    /// Version of the protocol.
    pub version: u8,
    /// Who speaks.
    pub mode: Mode,
    /// Hops from a reference clock: 0 is no time at all (see `reference`), 16 not set.
    pub stratum: u8,
    /// What the clock is set by.
    pub reference: Reference,
    /// When the clock was set.
    pub set: Stamp,
    /// In an answer: when the question was sent, by the client's clock. It ties the two together.
    pub origin: Stamp,
    /// When the question came, by the server's clock.
    pub received: Stamp,
    /// When this was sent, by the sender's clock.
    pub sent: Stamp,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// A peer that sets and is set.
    Symmetric,
    /// A client asks.
    Client,
    /// A server answers.
    Server,
    /// A server tells everybody.
    Broadcast,
}

impl Mode {
    /// Its name in the records.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Symmetric => "symmetric",
            Self::Client => "client",
            Self::Server => "server",
            Self::Broadcast => "broadcast",
        }
    }
}

/// A moment by somebody's clock: seconds since 1900 above, their fraction below; 0 is none.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Stamp(pub u64);

impl Stamp {
    /// Nanoseconds since 1970; `None` for none and before. Reads what lies before 1968 as the era
    /// that begins in 2036.
    pub fn unix_ns(self) -> Option<u64> {
        let (seconds, fraction) = (self.0 >> 32, self.0 & 0xffff_ffff);
        let seconds = if seconds < 1 << 31 { seconds + (1 << 32) } else { seconds };
        let since = seconds.checked_sub(TO_1970).filter(|_| self.0 != 0)?;
        Some(since * 1_000_000_000 + ((fraction * 1_000_000_000) >> 32))
    }

    /// Nanoseconds from an earlier stamp to this one; negative where it is later.
    pub fn since(self, earlier: Self) -> i128 {
        (i128::from(self.0.wrapping_sub(earlier.0) as i64) * 1_000_000_000) >> 32
    }
}

/// What a clock is set by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reference {
    /// A reference clock by its name (`GPS`), or with stratum 0 why there is no time (`RATE`).
    Name([u8; 4]),
    /// A server by its IPv4 address, or by a digest of its IPv6 address.
    Server([u8; 4]),
}

/// The name, or the four octets as an address; what a terminal should not get is left out.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => {
                let mut letters = name.iter().filter(|octet| octet.is_ascii_graphic());
                letters.try_for_each(|octet| write!(f, "{}", char::from(*octet)))
            }
            Self::Server(octets) => write!(f, "{}", Ipv4Addr::from(*octets)),
        }
    }
}

/// Reads a message; `None` where it is cut, of another version, or for control (modes 6 and 7).
pub fn read(octets: &[u8]) -> Option<Ntp> {
    let fixed = octets.first_chunk::<48>()?;
    let [leap, version, mode] = [fixed[0] >> 6, fixed[0] >> 3 & 7, fixed[0] & 7];
    let mode = match mode {
        // The first version had no modes: who asks speaks from another port than who answers.
        1 | 2 => Mode::Symmetric,
        3 => Mode::Client,
        4 => Mode::Server,
        5 => Mode::Broadcast,
        _ => return None,
    };
    let stratum = fixed[1];
    let stamp = |at: usize| Stamp(fixed[at..].first_chunk().map_or(0, |octets| u64::from_be_bytes(*octets)));
    let id = [fixed[12], fixed[13], fixed[14], fixed[15]];
    (1..=4).contains(&version).then(|| Ntp {
        leap,
        version,
        mode,
        stratum,
        reference: if stratum < 2 { Reference::Name(id) } else { Reference::Server(id) },
        set: stamp(16),
        origin: stamp(24),
        received: stamp(32),
        sent: stamp(40),
    })
}

impl Ntp {
    pub(super) const fn act(&self) -> Act {
        match self.mode {
            Mode::Client => Act::Asks,
            Mode::Server => Act::Answers,
            Mode::Symmetric | Mode::Broadcast => Act::Tells,
        }
    }

    /// The same for a question and its answer, which repeats when that was sent.
    pub(super) const fn key(&self) -> u64 {
        match self.mode {
            Mode::Server => self.origin.0,
            Mode::Client | Mode::Symmetric | Mode::Broadcast => self.sent.0,
        }
    }
}

/// Hears a datagram.
pub(super) fn hear(octets: &[u8]) -> Step {
    Step::Message(octets.len() as u64, read(octets).map(|ntp| Said::Ntp(Box::new(ntp))).into_iter().collect())
}

/// Whether a datagram on the port of NTP is NTP, and speaks for a server.
pub(super) fn guess(octets: &[u8]) -> Option<bool> {
    let ntp = read(octets).filter(|ntp| ntp.stratum <= 16 && (ntp.version >= 3 || octets.len() == 48))?;
    Some(matches!(ntp.mode, Mode::Server | Mode::Broadcast))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second lasts so much.
    const SECOND: u64 = 1 << 32;

    fn answer() -> [u8; 48] {
        let mut octets = [0; 48];
        octets[..2].copy_from_slice(&[0x24, 1]);
        octets[12..16].copy_from_slice(b"GPS\0");
        for (at, stamp) in
            [(24, TO_1970 * SECOND), (32, (TO_1970 + 2) * SECOND), (40, (TO_1970 + 2) * SECOND + SECOND / 4)]
        {
            octets[at..at + 8].copy_from_slice(&stamp.to_be_bytes());
        }
        octets
    }

    #[test]
    fn an_answer_says_when_it_was_asked_and_what_its_clock_is_set_by() {
        let ntp = read(&answer()).expect("a message");
        assert_eq!((ntp.version, ntp.mode, ntp.stratum, ntp.leap), (4, Mode::Server, 1, 0));
        assert_eq!(ntp.reference.to_string(), "GPS");
        assert_eq!(ntp.origin.unix_ns(), Some(0));
        assert_eq!(ntp.sent.unix_ns(), Some(2_250_000_000));
        assert_eq!(ntp.sent.since(ntp.received), 250_000_000);
        assert_eq!(ntp.received.since(ntp.sent), -250_000_000);
        assert_eq!(ntp.set.unix_ns(), None);
    }

    #[test]
    fn a_server_further_off_is_set_by_an_address() {
        let mut octets = answer();
        octets[1] = 2;
        assert_eq!(read(&octets).expect("a message").reference.to_string(), "71.80.83.0");
    }

    #[test]
    fn the_era_that_begins_in_2036_is_known() {
        assert_eq!(Stamp(SECOND).unix_ns(), Some(((1 << 32) + 1 - TO_1970) * 1_000_000_000));
    }

    #[test]
    fn what_is_cut_or_for_control_is_not_read() {
        assert!(read(&answer()[..47]).is_none());
        for first in [0x26, 0x27, 0x20, 0x2c] {
            let mut octets = answer();
            octets[0] = first;
            assert!(read(&octets).is_none(), "{first:#x}");
        }
    }
}
