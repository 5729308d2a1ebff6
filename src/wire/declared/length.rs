use super::Definition;

/// What says how long a message is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Length {
    /// Place of the field that says it.
    pub field: usize,
    /// What it counts.
    pub counts: Counts,
    /// Octets that are to be added to what it says.
    pub add: i64,
    /// Octets that one of what it says stands for.
    pub unit: u32,
}

/// What a length counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Counts {
    /// What is behind the header.
    Body,
    /// The whole message.
    Message,
    /// What is behind the field.
    FromField,
}

/// Why octets are no header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Implausible {
    /// The magic is not there.
    NoMagic,
    /// The message would end within its own header.
    TooShort,
    /// The message would be longer than the most that one has.
    TooLong,
}

impl Implausible {
    /// Its name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoMagic => "no_magic",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
        }
    }
}

impl Definition {
    /// Octets of the message that begins with `header`.
    ///
    /// # Errors
    ///
    /// Why it is no header; so is one that is too short to tell.
    pub fn measure(&self, header: &[u8]) -> Result<u64, Implausible> {
        if !self.has_magic(header) {
            return Err(Implausible::NoMagic);
        }
        let least = self.header as i128;
        let size = match self.length {
            None => least,
            Some(length) => {
                let said = self.number(header, length.field).ok_or(Implausible::TooShort)?;
                said * i128::from(length.unit) + i128::from(length.add) + self.uncounted(length)
            }
        };
        match u64::try_from(size) {
            Ok(size) if size > self.max => Err(Implausible::TooLong),
            Ok(size) if i128::from(size) >= least => Ok(size),
            Err(_) if size > least => Err(Implausible::TooLong),
            Ok(_) | Err(_) => Err(Implausible::TooShort),
        }
    }

    /// What the length of a message of so many octets says; `None` where it cannot say that.
    pub fn length_of(&self, size: u64) -> Option<i128> {
        let length = self.length?;
        let counted = i128::from(size) - self.uncounted(length) - i128::from(length.add);
        let unit = i128::from(length.unit);
        (counted >= 0 && unit > 0 && counted % unit == 0).then(|| counted / unit)
    }

    /// Octets of a message that its length leaves out.
    pub fn uncounted(&self, length: Length) -> i128 {
        match length.counts {
            Counts::Body => self.header as i128,
            Counts::Message => 0,
            Counts::FromField => self.fields.get(length.field).map_or(0, |field| field.end() as i128),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::acme;
    use super::*;

    fn header(len: u32) -> Vec<u8> {
        [&[0xac, 0x4d, 2, 0, 0, 0, 0, 7][..], &len.to_be_bytes(), &[0, 0]].concat()
    }

    #[test]
    fn a_length_counts_what_it_is_said_to_count() {
        let mut acme = acme();
        for (counts, add, unit, size) in [
            (Counts::Body, 0, 1, 34),
            (Counts::Message, 0, 1, 20),
            (Counts::FromField, 0, 1, 32),
            (Counts::Message, 4, 1, 24),
            (Counts::Body, -4, 1, 30),
            (Counts::Message, 0, 4, 80),
        ] {
            acme.length = Some(Length { field: 4, counts, add, unit });
            assert_eq!(acme.measure(&header(20)), Ok(size), "{counts:?} {add} {unit}");
            assert_eq!(acme.length_of(size), Some(20));
        }
        assert_eq!(acme.length_of(81), None);
    }

    #[test]
    fn what_cannot_be_a_message_is_told_why() {
        let mut acme = acme();
        assert_eq!(acme.measure(&header(1 << 20)), Err(Implausible::TooLong));
        assert_eq!(acme.measure(&header((1 << 20) - 14)), Ok(1 << 20));
        assert_eq!(acme.measure(&[0xac, 0x4e]), Err(Implausible::NoMagic));
        assert_eq!(acme.measure(&[0xac, 0x4d]), Err(Implausible::TooShort));
        acme.length = Some(Length { field: 4, counts: Counts::Message, add: 0, unit: 1 });
        assert_eq!(acme.measure(&header(13)), Err(Implausible::TooShort));
        acme.length = None;
        assert_eq!(acme.measure(&header(13)), Ok(14));
    }
}
