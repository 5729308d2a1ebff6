use std::fmt;

/// A field of a header.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Field {
    /// What it is called.
    pub name: String,
    /// Where it begins in the header.
    pub at: usize,
    /// What stands there.
    pub kind: Type,
    /// Which octet of a number comes first.
    pub endian: Endian,
    /// The bits of an unsigned number that are meant, shifted down; `None` is all.
    pub mask: Option<u64>,
    /// What values are called.
    pub names: Vec<(i64, String)>,
    /// What bits are called, counted from the lowest.
    pub bits: Vec<(u8, String)>,
}

/// What stands in a field.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Type {
    /// A number of so many octets, 1 to 8.
    Unsigned(u8),
    /// The same in two's complement.
    Signed(u8),
    /// So many octets.
    Bytes(usize),
    /// Text in so many octets, filled up with zeros.
    Text(usize),
}

/// Which octet of a number comes first.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Endian {
    /// The highest: network byte order.
    #[default]
    Big,
    /// The lowest.
    Little,
}

/// What a field says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Value<'a> {
    /// A number.
    Unsigned(u64),
    /// A number that may be negative.
    Signed(i64),
    /// Octets.
    Bytes(&'a [u8]),
    /// Text, without the zeros that fill it up. Whether it is UTF-8 was not asked.
    Text(&'a [u8]),
}

impl Type {
    /// Octets that it takes.
    pub const fn size(self) -> usize {
        match self {
            Self::Unsigned(octets) | Self::Signed(octets) => octets as usize,
            Self::Bytes(octets) | Self::Text(octets) => octets,
        }
    }

    /// Whether it is a number.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Unsigned(_) | Self::Signed(_))
    }
}

/// As the file has it: `u16`, `i32`, `bytes`, `text`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(octets) => write!(f, "u{}", u32::from(*octets) * 8),
            Self::Signed(octets) => write!(f, "i{}", u32::from(*octets) * 8),
            Self::Bytes(_) => f.write_str("bytes"),
            Self::Text(_) => f.write_str("text"),
        }
    }
}

impl Value<'_> {
    /// The number, if it is one.
    pub const fn number(self) -> Option<i128> {
        match self {
            Self::Unsigned(value) => Some(value as i128),
            Self::Signed(value) => Some(value as i128),
            Self::Bytes(_) | Self::Text(_) => None,
        }
    }
}

impl Field {
    /// A field without anything more to it.
    pub fn new(name: &str, at: usize, kind: Type) -> Self {
        Self { name: name.to_owned(), at, kind, endian: Endian::Big, mask: None, names: Vec::new(), bits: Vec::new() }
    }

    /// Where it ends in the header.
    pub fn end(&self) -> usize {
        self.at.saturating_add(self.kind.size())
    }

    /// What it says in `header`; `None` where that is too short.
    pub fn read<'a>(&self, header: &'a [u8]) -> Option<Value<'a>> {
        let octets = header.get(self.at..self.end())?;
        Some(match self.kind {
            Type::Unsigned(_) => {
                let whole = self.gathered(octets);
                let mask = self.mask.unwrap_or(u64::MAX);
                Value::Unsigned((whole & mask) >> self.shift())
            }
            Type::Signed(size) => {
                let unused = 64u32.saturating_sub(u32::from(size) * 8).min(63);
                Value::Signed(((self.gathered(octets) << unused) as i64) >> unused)
            }
            Type::Bytes(_) => Value::Bytes(octets),
            Type::Text(_) => {
                let len = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
                Value::Text(&octets[..len])
            }
        })
    }

    /// Writes a number into `header`; `false` where it does not fit.
    pub fn write(&self, header: &mut [u8], number: i128) -> bool {
        let (at, end, size) = (self.at, self.end(), self.kind.size() as u32);
        let Some(place) = header.get_mut(at..end) else { return false };
        let whole = match self.kind {
            Type::Unsigned(_) => {
                let Ok(value) = u64::try_from(number) else { return false };
                let full = full(size);
                let mask = self.mask.unwrap_or(full) & full;
                let room = mask >> self.shift();
                if value & !room != 0 {
                    return false;
                }
                (self.gathered(place) & !mask) | (value << self.shift())
            }
            Type::Signed(_) => {
                let half = 1i128 << (size * 8 - 1).min(63);
                if number < -half || number >= half {
                    return false;
                }
                number as u64
            }
            Type::Bytes(_) | Type::Text(_) => return false,
        };
        let octets = whole.to_be_bytes();
        place.copy_from_slice(octets.get(8 - size.min(8) as usize..).unwrap_or_default());
        if self.endian == Endian::Little {
            place.reverse();
        }
        true
    }

    /// What `value` is called.
    pub fn name_of(&self, value: i128) -> Option<&str> {
        self.names.iter().find(|(number, _)| i128::from(*number) == value).map(|(_, name)| name.as_str())
    }

    /// The value that is called `name`.
    pub fn value_named(&self, name: &str) -> Option<i64> {
        self.names.iter().find(|(_, known)| known == name).map(|(number, _)| *number)
    }

    /// The bits of `value` that are set and have a name.
    pub fn bits_of(&self, value: i128) -> impl Iterator<Item = &str> {
        self.bits.iter().filter(move |(bit, _)| value >> bit & 1 == 1).map(|(_, name)| name.as_str())
    }

    /// The bits of `value` that are set and have no name.
    pub fn nameless_bits(&self, value: i128) -> i128 {
        self.bits.iter().fold(value, |rest, (bit, _)| rest & !(1 << bit))
    }

    /// How far the mask lies above the lowest bit.
    pub fn shift(&self) -> u32 {
        self.mask.map_or(0, u64::trailing_zeros).min(63)
    }

    fn gathered(&self, octets: &[u8]) -> u64 {
        let add = |whole: u64, octet: &u8| whole << 8 | u64::from(*octet);
        match self.endian {
            Endian::Big => octets.iter().fold(0, add),
            Endian::Little => octets.iter().rev().fold(0, add),
        }
    }
}

/// All bits of so many octets.
pub(super) const fn full(octets: u32) -> u64 {
    match octets {
        0 => 0,
        1..8 => (1 << (octets * 8)) - 1,
        _ => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_either_order_and_with_their_sign() {
        let header = [0xff, 0xfe, 0x01];
        let big = Field::new("n", 0, Type::Unsigned(3));
        let little = Field { endian: Endian::Little, ..big.clone() };
        assert_eq!(big.read(&header), Some(Value::Unsigned(0x00ff_fe01)));
        assert_eq!(little.read(&header), Some(Value::Unsigned(0x0001_feff)));
        assert_eq!(Field::new("n", 0, Type::Signed(2)).read(&header), Some(Value::Signed(-2)));
        assert_eq!(Field::new("n", 1, Type::Unsigned(3)).read(&header), None);
    }

    #[test]
    fn what_is_written_is_read_back() {
        for (kind, numbers) in [
            (Type::Unsigned(1), vec![0, 255]),
            (Type::Unsigned(3), vec![0, 0x0012_3456]),
            (Type::Unsigned(8), vec![0, i128::from(u64::MAX)]),
            (Type::Signed(1), vec![-128, 127]),
            (Type::Signed(8), vec![i128::from(i64::MIN), i128::from(i64::MAX)]),
        ] {
            for endian in [Endian::Big, Endian::Little] {
                let field = Field { endian, ..Field::new("n", 1, kind) };
                for number in &numbers {
                    let mut header = [0; 9];
                    assert!(field.write(&mut header, *number), "{kind} {number}");
                    assert_eq!(field.read(&header).and_then(Value::number), Some(*number));
                }
                let room = 1i128 << (kind.size() * 8);
                assert!(!field.write(&mut [0; 9], room), "{kind} holds {room}");
            }
        }
    }

    #[test]
    fn a_mask_takes_its_bits_and_leaves_the_others() {
        let low = Field { mask: Some(0x0f), ..Field::new("low", 0, Type::Unsigned(1)) };
        let high = Field { mask: Some(0xf0), ..Field::new("high", 0, Type::Unsigned(1)) };
        let mut header = [0];
        assert!(low.write(&mut header, 5) && high.write(&mut header, 9));
        assert_eq!(header, [0x95]);
        assert_eq!((low.read(&header), high.read(&header)), (Some(Value::Unsigned(5)), Some(Value::Unsigned(9))));
        assert!(!high.write(&mut header, 16));
    }

    #[test]
    fn text_loses_the_zeros_that_fill_it_up() {
        let field = Field::new("t", 0, Type::Text(4));
        assert_eq!(field.read(b"ab\0\0"), Some(Value::Text(b"ab")));
        assert_eq!(field.read(b"\0\0\0\0"), Some(Value::Text(b"")));
    }
}
