use super::field::full;
use super::{BODY, Definition, Field, Type};

/// Something in a definition that cannot be meant so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Flaw {
    /// Where in the definition.
    pub place: Place,
    /// What is wrong, and what would be right.
    pub what: String,
}

/// A place in a definition, by the keys of its file. Where a key is not given in the file, what
/// holds it is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// The protocol itself: its name.
    Name,
    /// A key of the protocol.
    Key(&'static str),
    /// A key of a table of the protocol: `length.field`.
    Within(&'static str, &'static str),
    /// A key of an item of a list of the protocol: `fields[3].at`.
    Item(&'static str, usize, &'static str),
}

/// The most octets that a header may have.
const MOST_HEADER: usize = 4096;

/// The most that names of protocols, fields, values and bits may have.
const LONGEST: usize = 40;

/// Words that begin something else where messages are written.
const TAKEN: [&str; 9] = ["ack", "again", "icmp", "none", "nothing", "tcp", "udp", "urg", "win"];

impl Definition {
    /// Makes sure that the definition is one that messages can be cut and written by.
    ///
    /// # Errors
    ///
    /// The first thing that cannot be meant so.
    pub fn check(&self) -> Result<(), Flaw> {
        if !is_name(&self.name) || self.name.len() < 2 || TAKEN.contains(&self.name.as_str()) {
            let what = format!("'{}' is no name for a protocol: two small letters at least, digits and _", self.name);
            return flaw(Place::Name, what);
        }
        if self.header == 0 || self.header > MOST_HEADER {
            return flaw(Place::Key("header"), format!("a header has 1 to {MOST_HEADER} octets"));
        }
        if self.ports.is_empty() && self.magic.is_empty() {
            let what = "without ports and without `match` no conversation would ever be recognised; say one of them";
            return flaw(Place::Name, what);
        }
        if self.max < self.header as u64 {
            return flaw(Place::Key("max"), format!("a message has at least its header of {} octets", self.header));
        }
        for (at, magic) in self.magic.iter().enumerate() {
            if magic.octets.is_empty() || magic.at.saturating_add(magic.octets.len()) > self.header {
                let what = format!("expected octets that lie within the header of {}", self.header);
                return flaw(Place::Item("match", at, "hex"), what);
            }
        }
        for place in 0..self.fields.len() {
            self.check_field(place)?;
        }
        if let Some(length) = self.length {
            if !matches!(self.fields.get(length.field), Some(Field { kind: Type::Unsigned(_), .. })) {
                return flaw(Place::Within("length", "field"), "a length is an unsigned number: u8 to u64");
            }
            if length.unit == 0 {
                return flaw(Place::Within("length", "unit"), "a unit has at least one octet");
            }
        }
        if let Some(kind) = self.kind
            && self.fields.get(kind).is_none_or(|field| field.names.is_empty())
        {
            return flaw(Place::Key("kind"), "the field that names messages needs an `enum`");
        }
        if let Some(checksum) = self.checksum {
            let size = checksum.sum.size();
            let fits = |field: &Field| field.kind == Type::Unsigned(size as u8) && field.mask.is_none();
            if !self.fields.get(checksum.field).is_some_and(fits) {
                let what = format!("{} wants a field of type u{}", checksum.sum.name(), size * 8);
                return flaw(Place::Within("checksum", "field"), what);
            }
            if self.length.is_some_and(|length| length.field == checksum.field) {
                return flaw(Place::Within("checksum", "field"), "this field is the length already");
            }
        }
        let key = self.pair.as_ref().and_then(|pair| pair.key);
        if key.is_some_and(|key| self.fields.get(key).is_none_or(|field| field.kind.size() > 16)) {
            return flaw(Place::Within("pair", "key"), "a key has 16 octets at most");
        }
        Ok(())
    }

    fn check_field(&self, place: usize) -> Result<(), Flaw> {
        let Some(field) = self.fields.get(place) else { return Ok(()) };
        let at = |key| Place::Item("fields", place, key);
        let earlier = self.fields.get(..place).unwrap_or_default();
        if !is_name(&field.name) || field.name == BODY {
            return flaw(at("name"), format!("'{}' is no name for a field: small letters, digits and _", field.name));
        }
        if earlier.iter().any(|other| other.name == field.name) {
            return flaw(at("name"), format!("there is a field '{}' already", field.name));
        }
        let size = field.kind.size();
        if size == 0 || field.kind.is_number() && size > 8 {
            return flaw(at("size"), "a field has at least one octet");
        }
        if field.end() > self.header {
            let what = format!("the field ends at {}, behind the header of {} octets", field.end(), self.header);
            return flaw(at("at"), what);
        }
        if let Some(mask) = field.mask {
            let ones = mask >> field.shift();
            if mask == 0 || mask & !full(size as u32) != 0 || ones & ones.wrapping_add(1) != 0 {
                return flaw(at("mask"), format!("a mask is a row of ones within the {} bits of the field", size * 8));
            }
            if !matches!(field.kind, Type::Unsigned(_)) {
                return flaw(at("mask"), "only an unsigned number can have a mask");
            }
        }
        if let Some(other) = earlier.iter().find(|other| overlaps(other, field)) {
            let what = format!("the field lies on top of '{}'; masks can share octets between fields", other.name);
            return flaw(at("at"), what);
        }
        self.check_names(place, field)
    }

    fn check_names(&self, place: usize, field: &Field) -> Result<(), Flaw> {
        let at = |key| Place::Item("fields", place, key);
        if !field.names.is_empty() && !field.kind.is_number() {
            return flaw(at("enum"), "only numbers have an `enum`");
        }
        for (nth, (value, name)) in field.names.iter().enumerate() {
            if !is_name(name) {
                return flaw(at("enum"), format!("'{name}' is no name for a value: small letters, digits and _"));
            }
            if field.names.iter().take(nth).any(|(_, other)| other == name) {
                return flaw(at("enum"), format!("two values have the name '{name}'"));
            }
            if !field.write(&mut vec![0; self.header], i128::from(*value)) {
                return flaw(at("enum"), format!("{value} does not fit into the field"));
            }
        }
        if !field.bits.is_empty() && !matches!(field.kind, Type::Unsigned(_)) {
            return flaw(at("bits"), "only an unsigned number has `bits`");
        }
        let width = (field.mask.unwrap_or(full(field.kind.size() as u32)) >> field.shift()).count_ones();
        for (nth, (bit, name)) in field.bits.iter().enumerate() {
            if u32::from(*bit) >= width {
                return flaw(at("bits"), format!("the field has bits 0 to {}", width.saturating_sub(1)));
            }
            if !is_name(name) {
                return flaw(at("bits"), format!("'{name}' is no name for a bit: small letters, digits and _"));
            }
            if field.bits.iter().take(nth).any(|(_, other)| other == name) {
                return flaw(at("bits"), format!("two bits have the name '{name}'"));
            }
        }
        Ok(())
    }
}

/// Whether two fields have a bit in common.
fn overlaps(one: &Field, other: &Field) -> bool {
    if one.end() <= other.at || other.end() <= one.at {
        return false;
    }
    match (one.mask, other.mask) {
        (Some(a), Some(b)) => {
            let alike = (one.at, one.kind, one.endian) == (other.at, other.kind, other.endian);
            !alike || a & b != 0
        }
        _ => true,
    }
}

/// A small letter, then small letters, digits and `_`.
fn is_name(text: &str) -> bool {
    let word = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_';
    text.len() <= LONGEST && text.bytes().next().is_some_and(|c| c.is_ascii_lowercase()) && text.bytes().all(word)
}

fn flaw(place: Place, what: impl Into<String>) -> Result<(), Flaw> {
    Err(Flaw { place, what: what.into() })
}

#[cfg(test)]
mod tests {
    use super::super::{Endian, Length, acme};
    use super::*;

    #[track_caller]
    fn flawed(change: impl FnOnce(&mut Definition), place: Place, what: &str) {
        let mut acme = acme();
        change(&mut acme);
        let flaw = acme.check().expect_err("a flaw");
        assert!(flaw.place == place && flaw.what.contains(what), "{flaw:?}");
    }

    #[test]
    fn the_example_has_no_flaw() {
        assert_eq!(acme().check(), Ok(()));
    }

    #[test]
    fn what_cannot_be_meant_is_told_with_its_place() {
        let field = |nth, key| Place::Item("fields", nth, key);
        flawed(|acme| acme.name = "Acme".to_owned(), Place::Name, "no name for a protocol");
        flawed(|acme| acme.name = "udp".to_owned(), Place::Name, "no name for a protocol");
        flawed(|acme| acme.header = 13, field(5, "at"), "the field ends at 14, behind the header of 13");
        flawed(|acme| acme.max = 13, Place::Key("max"), "at least its header of 14");
        flawed(|acme| acme.magic[0].at = 13, Place::Item("match", 0, "hex"), "within the header of 14");
        flawed(|acme| acme.fields[2].at = 2, field(2, "at"), "on top of 'type'");
        flawed(|acme| acme.fields[3].name = "type".to_owned(), field(3, "name"), "a field 'type' already");
        flawed(|acme| acme.fields[3].name = BODY.to_owned(), field(3, "name"), "no name for a field");
        flawed(|acme| acme.fields[1].names[0].0 = 256, field(1, "enum"), "256 does not fit");
        flawed(|acme| acme.fields[1].names[1].1 = "hello".to_owned(), field(1, "enum"), "two values");
        flawed(|acme| acme.fields[2].bits[0].0 = 8, field(2, "bits"), "bits 0 to 7");
        flawed(|acme| acme.fields[2].mask = Some(0b101), field(2, "mask"), "a row of ones");
        flawed(|acme| acme.kind = Some(3), Place::Key("kind"), "needs an `enum`");
        let length = |field, unit| Length { field, unit, ..acme().length.expect("a length") };
        flawed(|acme| acme.length = Some(length(0, 1)), Place::Within("length", "field"), "an unsigned number");
        flawed(|acme| acme.length = Some(length(4, 0)), Place::Within("length", "unit"), "at least one octet");
        flawed(|acme| acme.fields[5].kind = Type::Unsigned(1), Place::Within("checksum", "field"), "type u16");
        flawed(
            |acme| {
                acme.magic.clear();
                acme.ports.clear();
            },
            Place::Name,
            "ever be recognised",
        );
    }

    #[test]
    fn masks_share_octets_where_they_lie_alike() {
        let mut acme = acme();
        let high = Field { mask: Some(0xf0), bits: Vec::new(), ..acme.fields[2].clone() };
        acme.fields[2] = Field { mask: Some(0x0f), ..acme.fields[2].clone() };
        acme.fields.push(Field { name: "version".to_owned(), ..high });
        assert_eq!(acme.check(), Ok(()));
        let mut other = acme.clone();
        other.fields[6].endian = Endian::Little;
        assert!(other.check().is_err());
        acme.fields[6].mask = Some(0x18);
        assert!(acme.check().is_err());
    }
}
