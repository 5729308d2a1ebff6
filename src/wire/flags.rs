use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// The twelve flag bits of a TCP header, as sent: four reserved or AE bits and the eight of
/// RFC 9293 §3.1 (CWR and ECE by RFC 3168, AE by RFC 9768).
///
/// Prints in tcpdump's letters: `S`, `S.`, `P.`, `F.`, `R`, `.`, or `none`.
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
pub struct Flags(pub u16);

impl Flags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x001);
    /// Synchronize sequence numbers.
    pub const SYN: Self = Self(0x002);
    /// Reset the connection.
    pub const RST: Self = Self(0x004);
    /// Push function.
    pub const PSH: Self = Self(0x008);
    /// The acknowledgment field is significant.
    pub const ACK: Self = Self(0x010);
    /// The urgent pointer is significant.
    pub const URG: Self = Self(0x020);
    /// ECN echo.
    pub const ECE: Self = Self(0x040);
    /// Congestion window reduced.
    pub const CWR: Self = Self(0x080);
    /// Accurate ECN (formerly NS).
    pub const AE: Self = Self(0x100);

    const LETTERS: [(Self, char); 9] = [
        (Self::FIN, 'F'),
        (Self::SYN, 'S'),
        (Self::RST, 'R'),
        (Self::PSH, 'P'),
        (Self::ACK, '.'),
        (Self::URG, 'U'),
        (Self::ECE, 'E'),
        (Self::CWR, 'W'),
        (Self::AE, 'e'),
    ];

    /// Whether every flag of `all` is set.
    pub const fn contains(self, all: Self) -> bool {
        self.0 & all.0 == all.0
    }

    /// Whether at least one flag of `any` is set.
    pub const fn intersects(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }

    /// SYN without ACK: the first step of a handshake.
    pub const fn is_syn(self) -> bool {
        self.contains(Self::SYN) && !self.contains(Self::ACK)
    }

    /// SYN with ACK: the second step of a handshake.
    pub const fn is_syn_ack(self) -> bool {
        self.contains(Self(Self::SYN.0 | Self::ACK.0))
    }

    /// The flag tcpdump writes with `letter`.
    pub fn from_letter(letter: char) -> Option<Self> {
        Self::LETTERS.iter().find(|(_, l)| *l == letter).map(|(flag, _)| *flag)
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;

        let mut any = false;
        for (flag, letter) in Self::LETTERS {
            if self.contains(flag) {
                f.write_char(letter)?;
                any = true;
            }
        }
        if any { Ok(()) } else { f.write_str("none") }
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}
