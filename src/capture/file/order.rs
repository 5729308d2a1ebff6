/// The byte order of a file or of a pcapng section.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Order {
    Little,
    Big,
}

/// Fields at a place; 0 where `bytes` does not reach: who reads has checked the length.
impl Order {
    #[inline]
    pub(super) fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let field = octets(bytes, at);
        match self {
            Self::Little => u16::from_le_bytes(field),
            Self::Big => u16::from_be_bytes(field),
        }
    }

    #[inline]
    pub(super) fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let field = octets(bytes, at);
        match self {
            Self::Little => u32::from_le_bytes(field),
            Self::Big => u32::from_be_bytes(field),
        }
    }

    /// Four fields in a row, at less than the cost of four.
    #[inline]
    pub(super) fn four_u32(self, bytes: &[u8; 16]) -> [u32; 4] {
        let field = |at| u32::from_le_bytes(octets(bytes, at));
        let fields = [field(0), field(4), field(8), field(12)];
        match self {
            Self::Little => fields,
            Self::Big => fields.map(u32::swap_bytes),
        }
    }

    /// The octets of a field.
    pub(super) fn of_u16(self, value: u16) -> [u8; 2] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    /// The octets of a field.
    pub(super) fn of_u32(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    #[inline]
    pub(super) fn u64(self, bytes: &[u8], at: usize) -> u64 {
        let field = octets(bytes, at);
        match self {
            Self::Little => u64::from_le_bytes(field),
            Self::Big => u64::from_be_bytes(field),
        }
    }
}

#[inline]
fn octets<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
}
