use super::{Definition, Field};
use crate::wire::notation::{Fault, Reader};

/// A question about the header of a message: `type in [1, 2]`, `flags.more and not id == 0`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Condition {
    /// The field at a place, compared with a number.
    Compared(usize, Comparison, i64),
    /// The field at a place is one of these.
    OneOf(usize, Vec<i64>),
    /// That bit of the field at a place is set.
    Bit(usize, u8),
    /// Not so.
    Not(Box<Self>),
    /// All of these.
    All(Vec<Self>),
    /// Any of these.
    Any(Vec<Self>),
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// How deep parentheses and `not` may stand in each other.
const DEEPEST: u32 = 32;

impl Condition {
    /// Reads a condition about these fields.
    ///
    /// # Errors
    ///
    /// Where it is none.
    pub fn parse(text: &str, fields: &[Field]) -> Result<Self, Fault> {
        let mut reader = Reader::new(text);
        let condition = any(&mut reader, fields, 0)?;
        if reader.is_done() { Ok(condition) } else { Err(reader.fault("expected `and`, `or` or the end")) }
    }
}

impl Comparison {
    /// All of them, the longer signs first.
    const ALL: [Self; 6] = [Self::Equal, Self::Unequal, Self::AtMost, Self::AtLeast, Self::Less, Self::Greater];

    /// Its sign.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }

    const fn holds(self, left: i128, right: i128) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Unequal => left != right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

impl Definition {
    /// Whether `condition` holds for a message with this header.
    pub fn meets(&self, condition: &Condition, header: &[u8]) -> bool {
        let number = |place: &usize| self.number(header, *place);
        match condition {
            Condition::Compared(place, comparison, value) => {
                number(place).is_some_and(|number| comparison.holds(number, i128::from(*value)))
            }
            Condition::OneOf(place, values) => {
                number(place).is_some_and(|number| values.iter().any(|value| i128::from(*value) == number))
            }
            Condition::Bit(place, bit) => number(place).is_some_and(|number| number >> bit & 1 == 1),
            Condition::Not(condition) => !self.meets(condition, header),
            Condition::All(conditions) => conditions.iter().all(|condition| self.meets(condition, header)),
            Condition::Any(conditions) => conditions.iter().any(|condition| self.meets(condition, header)),
        }
    }
}

fn any(reader: &mut Reader<'_>, fields: &[Field], depth: u32) -> Result<Condition, Fault> {
    joined(reader, "or", Condition::Any, |reader| {
        joined(reader, "and", Condition::All, |reader| single(reader, fields, depth))
    })
}

/// One condition, or several with a word between them.
fn joined(
    reader: &mut Reader<'_>,
    word: &str,
    join: impl FnOnce(Vec<Condition>) -> Condition,
    mut read: impl FnMut(&mut Reader<'_>) -> Result<Condition, Fault>,
) -> Result<Condition, Fault> {
    let first = read(reader)?;
    if !reader.eat_word(word) {
        return Ok(first);
    }
    let mut all = vec![first, read(reader)?];
    while reader.eat_word(word) {
        all.push(read(reader)?);
    }
    Ok(join(all))
}

fn single(reader: &mut Reader<'_>, fields: &[Field], depth: u32) -> Result<Condition, Fault> {
    if depth > DEEPEST {
        return Err(reader.fault(format!("parentheses and `not` stand in each other at most {DEEPEST} deep")));
    }
    if reader.eat_word("not") {
        return single(reader, fields, depth + 1).map(|condition| Condition::Not(Box::new(condition)));
    }
    if reader.eat('(') {
        let condition = any(reader, fields, depth + 1)?;
        reader.expect(')')?;
        return Ok(condition);
    }
    let start = reader.mark();
    // `type==3` needs no spaces.
    let rest = reader.rest();
    let len = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
    let word = &rest[..len];
    reader.skip(len);
    let (name, bit) = word.split_once('.').map_or((word, None), |(name, bit)| (name, Some(bit)));
    let known = fields.iter().enumerate().find(|(_, field)| field.name == name && field.kind.is_number());
    let Some((place, field)) = known else {
        let names: Vec<&str> = fields.iter().filter(|f| f.kind.is_number()).map(|f| f.name.as_str()).collect();
        return Err(reader.fault_since(start, format!("expected a field that is a number: {}", names.join(", "))));
    };
    if let Some(bit) = bit {
        let found = field.bits.iter().find(|(_, known)| known == bit);
        return found
            .map(|(bit, _)| Condition::Bit(place, *bit))
            .ok_or_else(|| reader.fault_since(start, format!("`{name}` has no bit of the name `{bit}`")));
    }
    if reader.eat_word("in") {
        return one_of(reader, place, field);
    }
    reader.mark();
    let Some(comparison) = Comparison::ALL.into_iter().find(|sign| reader.rest().starts_with(sign.sign())) else {
        return Err(reader.fault("expected one of ==, !=, <, <=, >, >=, or `in [...]`"));
    };
    reader.skip(comparison.sign().len());
    Ok(Condition::Compared(place, comparison, value(reader, field)?))
}

fn one_of(reader: &mut Reader<'_>, place: usize, field: &Field) -> Result<Condition, Fault> {
    reader.expect('[')?;
    let mut values = vec![value(reader, field)?];
    while reader.eat(',') {
        values.push(value(reader, field)?);
    }
    reader.expect(']')?;
    Ok(Condition::OneOf(place, values))
}

/// A number, or what one of the field's is called.
fn value(reader: &mut Reader<'_>, field: &Field) -> Result<i64, Fault> {
    let start = reader.mark();
    let word = reader.word();
    let number = match word.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    };
    number.or_else(|| field.value_named(word)).ok_or_else(|| {
        reader.fault_since(start, format!("expected a number, or the name of a value of `{}`", field.name))
    })
}

#[cfg(test)]
mod tests {
    use super::super::acme;
    use super::*;

    fn header(kind: u8, flags: u8, id: u8) -> Vec<u8> {
        vec![0xac, 0x4d, kind, flags, 0, 0, 0, id, 0, 0, 0, 0, 0, 0]
    }

    #[test]
    fn conditions_hold_as_they_read() {
        let acme = acme();
        for (text, holds) in [
            ("type == 2", true),
            ("type==get", true),
            ("type in [1,2]", true),
            ("type in [hello, reply]", false),
            ("type != get", false),
            ("flags.more", true),
            ("flags.err or flags.more", true),
            ("not flags.err and id >= 7", true),
            ("not (flags.more and id < 0x08)", false),
            ("id > 7 or type == reply and flags.more", false),
        ] {
            let condition = Condition::parse(text, &acme.fields).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert_eq!(acme.meets(&condition, &header(2, 1, 7)), holds, "{text}");
            assert!(!acme.meets(&Condition::Compared(3, Comparison::AtLeast, 0), &[]), "no header, no values");
        }
    }

    #[test]
    fn a_fault_points_at_the_word_that_is_wrong() {
        let acme = acme();
        for (text, under, what) in [
            ("kind == 1", "kind", "expected a field that is a number: type, flags, id, len, sum"),
            ("type = 1", "= 1", "expected one of =="),
            ("type == put", "put", "expected a number, or the name of a value of `type`"),
            ("type == 1 and", "", "expected a field"),
            ("flags.urgent", "flags.urgent", "`flags` has no bit of the name `urgent`"),
            ("type == 1 2", "2", "expected `and`, `or` or the end"),
            ("(type == 1", "", "expected `)`"),
        ] {
            let fault = Condition::parse(text, &acme.fields).expect_err(text);
            assert!(fault.what.starts_with(what), "{text}: {fault}");
            assert!(text[fault.at..].starts_with(under.split(' ').next().unwrap_or_default()), "{text}: {fault}");
        }
        let deep = "not ".repeat(1000) + "type == 1";
        assert!(Condition::parse(&deep, &acme.fields).is_err());
    }
}
