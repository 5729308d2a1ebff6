use super::Definition;

/// What the header says of the octets of the message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Checksum {
    /// Place of the field that holds it; it counts as zeros.
    pub field: usize,
    /// How it is reckoned.
    pub sum: Sum,
    /// Over which octets.
    pub over: Covers,
}

/// Which octets a checksum is reckoned over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Covers {
    /// Header and body.
    Message,
    /// The header.
    Header,
    /// The body.
    Body,
}

/// How a checksum is reckoned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sum {
    /// That of the Internet (RFC 1071): the ones' complement of the sum of 16-bit words.
    Inet16,
    /// All octets added, the lowest eight bits of it.
    Sum8,
    /// All octets, exclusive or.
    Xor8,
    /// CRC-16/CCITT-FALSE: polynomial 0x1021, from 0xffff.
    Crc16Ccitt,
    /// CRC-16/MODBUS: polynomial 0x8005 reflected, from 0xffff.
    Crc16Modbus,
    /// That of Ethernet, gzip and PNG.
    Crc32,
    /// Castagnoli's, of SCTP and iSCSI (RFC 9260 appendix A).
    Crc32c,
    /// That of zlib (RFC 1950).
    Adler32,
}

impl Sum {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Inet16,
        Self::Sum8,
        Self::Xor8,
        Self::Crc16Ccitt,
        Self::Crc16Modbus,
        Self::Crc32,
        Self::Crc32c,
        Self::Adler32,
    ];

    /// Its name in a definition.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inet16 => "inet16",
            Self::Sum8 => "sum8",
            Self::Xor8 => "xor8",
            Self::Crc16Ccitt => "crc16-ccitt",
            Self::Crc16Modbus => "crc16-modbus",
            Self::Crc32 => "crc32",
            Self::Crc32c => "crc32c",
            Self::Adler32 => "adler32",
        }
    }

    /// Octets that it has.
    pub const fn size(self) -> usize {
        match self {
            Self::Sum8 | Self::Xor8 => 1,
            Self::Inet16 | Self::Crc16Ccitt | Self::Crc16Modbus => 2,
            Self::Crc32 | Self::Crc32c | Self::Adler32 => 4,
        }
    }

    /// The checksum of `octets`.
    pub fn of(self, octets: &[u8]) -> u32 {
        let mut running = Running::new(self);
        running.add(octets);
        running.finish()
    }
}

/// A checksum being reckoned, over octets that come in pieces.
#[derive(Clone, Copy, Debug)]
pub struct Running {
    sum: Sum,
    state: u32,
    /// The first octet of a word whose second has not come (RFC 1071).
    half: Option<u8>,
}

impl Running {
    /// Over nothing yet.
    pub const fn new(sum: Sum) -> Self {
        let state = match sum {
            Sum::Inet16 | Sum::Sum8 | Sum::Xor8 => 0,
            Sum::Crc16Ccitt | Sum::Crc16Modbus => 0xffff,
            Sum::Crc32 | Sum::Crc32c => u32::MAX,
            Sum::Adler32 => 1,
        };
        Self { sum, state, half: None }
    }

    /// Adds octets.
    pub fn add(&mut self, octets: &[u8]) {
        match self.sum {
            Sum::Inet16 => self.add_words(octets),
            Sum::Sum8 => self.state = octets.iter().fold(self.state, |sum, octet| sum.wrapping_add(u32::from(*octet))),
            Sum::Xor8 => self.state = octets.iter().fold(self.state, |sum, octet| sum ^ u32::from(*octet)),
            Sum::Crc16Ccitt => {
                self.state = octets.iter().fold(self.state, |sum, octet| {
                    (sum << 8 & 0xffff) ^ CCITT[((sum >> 8 ^ u32::from(*octet)) & 0xff) as usize]
                });
            }
            Sum::Crc16Modbus => self.state = reflected(&MODBUS, self.state, octets),
            Sum::Crc32 => self.state = reflected(&ETHERNET, self.state, octets),
            Sum::Crc32c => self.state = reflected(&CASTAGNOLI, self.state, octets),
            Sum::Adler32 => {
                let (mut a, mut b) = (self.state & 0xffff, self.state >> 16);
                for octet in octets {
                    a = (a + u32::from(*octet)) % 65_521;
                    b = (b + a) % 65_521;
                }
                self.state = b << 16 | a;
            }
        }
    }

    /// The checksum of all that was added.
    pub fn finish(mut self) -> u32 {
        match self.sum {
            Sum::Inet16 => {
                if let Some(half) = self.half.take() {
                    self.add_word(u16::from_be_bytes([half, 0]));
                }
                !self.state & 0xffff
            }
            Sum::Sum8 | Sum::Xor8 => self.state & 0xff,
            Sum::Crc16Ccitt | Sum::Crc16Modbus | Sum::Adler32 => self.state,
            Sum::Crc32 | Sum::Crc32c => !self.state,
        }
    }

    fn add_words(&mut self, mut octets: &[u8]) {
        if let (Some(half), Some((first, rest))) = (self.half, octets.split_first()) {
            self.half = None;
            self.add_word(u16::from_be_bytes([half, *first]));
            octets = rest;
        }
        let mut words = octets.chunks_exact(2);
        for word in &mut words {
            if let [high, low] = word {
                self.add_word(u16::from_be_bytes([*high, *low]));
            }
        }
        if let [last] = words.remainder() {
            self.half = Some(*last);
        }
    }

    fn add_word(&mut self, word: u16) {
        let sum = self.state + u32::from(word);
        self.state = (sum & 0xffff) + (sum >> 16);
    }
}

impl Definition {
    /// Begins to reckon the checksum of a message with this header, if the protocol has one.
    pub fn begin_sum(&self, header: &[u8]) -> Option<Running> {
        let checksum = self.checksum?;
        let mut running = Running::new(checksum.sum);
        if checksum.over != Covers::Body {
            let field = self.fields.get(checksum.field)?;
            let (at, end) = (field.at.min(header.len()), field.end().min(header.len()));
            running.add(&header[..at]);
            running.add(&[0; 8][..(end - at).min(8)]);
            running.add(&header[end..]);
        }
        Some(running)
    }

    /// Goes on with the checksum over octets of the body.
    pub fn add_to_sum(&self, running: &mut Option<Running>, body: &[u8]) {
        if let (Some(running), Some(checksum)) = (running, self.checksum)
            && checksum.over != Covers::Header
        {
            running.add(body);
        }
    }

    /// Whether the checksum in `header` is the one that was reckoned.
    pub fn is_right(&self, running: Option<Running>, header: &[u8]) -> Option<bool> {
        let said = self.number(header, self.checksum?.field)?;
        Some(i128::from(running?.finish()) == said)
    }
}

const CCITT: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut sum = (at as u32) << 8;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 };
            bit += 1;
        }
        table[at] = sum & 0xffff;
        at += 1;
    }
    table
};
const MODBUS: [u32; 256] = table(0xa001);
const ETHERNET: [u32; 256] = table(0xedb8_8320);
const CASTAGNOLI: [u32; 256] = table(0x82f6_3b78);

/// The table of a polynomial whose bits are reflected.
const fn table(polynomial: u32) -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut sum = at as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 0 { sum >> 1 } else { sum >> 1 ^ polynomial };
            bit += 1;
        }
        table[at] = sum;
        at += 1;
    }
    table
}

fn reflected(table: &[u32; 256], state: u32, octets: &[u8]) -> u32 {
    octets.iter().fold(state, |sum, octet| sum >> 8 ^ table[((sum ^ u32::from(*octet)) & 0xff) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of the catalogue of CRC algorithms, of RFC 1071 and of RFC 1950's own code.
    #[test]
    fn every_sum_has_its_check_value() {
        let digits = b"123456789";
        for (sum, value) in [
            (Sum::Crc16Ccitt, 0x29b1),
            (Sum::Crc16Modbus, 0x4b37),
            (Sum::Crc32, 0xcbf4_3926),
            (Sum::Crc32c, 0xe306_9283),
            (Sum::Adler32, 0x091e_01de),
            (Sum::Sum8, 0xdd),
            (Sum::Xor8, 0x31),
        ] {
            assert_eq!(sum.of(digits), value, "{}", sum.name());
        }
        // RFC 1071 §3's example.
        assert_eq!(Sum::Inet16.of(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), 0x220d);
    }

    #[test]
    fn pieces_come_to_the_same_as_the_whole() {
        let octets: Vec<u8> = (0..=255).collect();
        for sum in Sum::ALL {
            for step in 1..7 {
                let mut running = Running::new(sum);
                octets.chunks(step).for_each(|piece| running.add(piece));
                assert_eq!(running.finish(), sum.of(&octets), "{} by {step}", sum.name());
            }
        }
    }
}
