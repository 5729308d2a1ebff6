//! Definitions as people write them, in TOML: the door of toml for protocols.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::wire::declared::{
    Body, Checksum, Condition, Counts, Covers, Definition, Endian, Field, Flaw, Length, Magic, Over, Pair, Place, Sum,
    Summary, Type,
};
use crate::wire::notation::{Fault, Marked};

/// Octets that a file of definitions may have.
pub const MOST: usize = 1 << 20;

/// The most octets of a message where a definition does not say.
const USUAL_MAX: u64 = 1 << 20;

/// Where a file is no definition of protocols.
///
/// Prints with the line, the column and a caret under the word:
///
/// ```text
/// line 9, column 26: 'u12' is no type; expected u8, u16, ... u64, i8, ... i64, bytes or text
///       { name = "id", at = 4, type = "u12" },
///                                     ^^^^^
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeclarationError {
    /// The line, from 1.
    pub line: usize,
    /// Where in the line, and what is wrong.
    pub fault: Fault,
    /// The line as it stands there.
    pub text: String,
}

impl fmt::Display for DeclarationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Marked { line: self.line, fault: &self.fault, text: &self.text }.fmt(f)
    }
}

impl std::error::Error for DeclarationError {}

/// Reads the protocols that a file declares, in the order of their names.
///
/// # Errors
///
/// The first place where it is none, and what would be right there.
pub fn parse(text: &str) -> Result<Vec<Definition>, DeclarationError> {
    declared(text).map_err(|mistake| mistake.shown(text))
}

/// Something that cannot be meant so, by its octets in the file.
struct Mistake {
    at: Range<usize>,
    what: String,
}

type Outcome<T> = Result<T, Mistake>;
type Key<'i> = Spanned<Cow<'i, str>>;
type Item<'i> = Spanned<DeValue<'i>>;

impl Mistake {
    fn shown(self, text: &str) -> DeclarationError {
        let mut at = self.at.start.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let line = text[start..].split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let within = (at - start).min(line.len());
        let end = (self.at.end.max(at) - start).min(line.len());
        let len = line.get(within..end).map_or(1, |word| word.chars().count()).max(1);
        DeclarationError {
            line: text[..at].matches('\n').count() + 1,
            fault: Fault { at: within, len, what: self.what },
            text: line.to_owned(),
        }
    }
}

fn wrong<T>(at: Range<usize>, what: impl Into<String>) -> Outcome<T> {
    Err(Mistake { at, what: what.into() })
}

fn declared(text: &str) -> Outcome<Vec<Definition>> {
    if text.len() > MOST {
        return wrong(0..1, format!("a file of protocols has {MOST} octets at most"));
    }
    let file = DeTable::parse(text).map_err(|error| Mistake {
        at: error.span().unwrap_or(0..1),
        what: error.message().trim_end().replace('\n', ", "),
    })?;
    let mut definitions = Vec::new();
    for (key, value) in file.get_ref() {
        if key.get_ref() != "protocol" {
            return wrong(key.span(), format!("'{}' is nothing here; expected [protocol.NAME]", key.get_ref()));
        }
        for (name, value) in table(value, "[protocol.NAME]")? {
            definitions.push(definition(text, name, value)?);
        }
    }
    if definitions.is_empty() {
        return wrong(0..1, "no protocol is declared here; expected [protocol.NAME]");
    }
    Ok(definitions)
}

/// A table of which every key is known.
struct Keys<'t, 'i> {
    table: &'t DeTable<'i>,
    span: Range<usize>,
}

impl<'t, 'i> Keys<'t, 'i> {
    fn of(value: &'t Item<'i>, what: &str, known: &[&str]) -> Outcome<Self> {
        let table = table(value, what)?;
        for (key, _) in table {
            if !known.contains(&key.get_ref().as_ref()) {
                let what = format!("'{}' is nothing here; expected one of {}", key.get_ref(), known.join(", "));
                return wrong(key.span(), what);
            }
        }
        Ok(Self { table, span: value.span() })
    }

    fn find(&self, name: &str) -> Option<&'t Item<'i>> {
        self.table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value)
    }

    fn need(&self, name: &str, example: &str) -> Outcome<&'t Item<'i>> {
        match self.find(name) {
            Some(value) => Ok(value),
            None => wrong(self.span.clone(), format!("'{name}' is missing, as in `{name} = {example}`")),
        }
    }

    fn word(&self, name: &str) -> Outcome<Option<(&'t str, Range<usize>)>> {
        self.find(name).map(|value| Ok((word(value)?, value.span()))).transpose()
    }

    /// A number that is there, and in range.
    fn number<N: TryFrom<i64>>(&self, name: &str, what: &str) -> Outcome<Option<N>> {
        self.find(name).map(|value| number(value, what)).transpose()
    }
}

fn definition(text: &str, name: &Key<'_>, value: &Item<'_>) -> Outcome<Definition> {
    const KEYS: [&str; 13] = [
        "over", "ports", "endian", "header", "length", "max", "match", "fields", "kind", "body", "summary", "pair",
        "checksum",
    ];
    let keys = Keys::of(value, "[protocol.NAME]", &KEYS)?;
    let endian = one_of(&keys, "endian", &ENDIANS)?.unwrap_or_default();
    let fields = fields(keys.need("fields", "[{ name = \"id\", at = 0, type = \"u32\" }]")?, endian)?;
    let place = |keys: &Keys<'_, '_>, name: &str| -> Outcome<Option<usize>> {
        let Some((word, at)) = keys.word(name)? else { return Ok(None) };
        match fields.iter().position(|field| field.name == word) {
            Some(place) => Ok(Some(place)),
            None => wrong(at, format!("there is no field '{word}'; there is {}", names(&fields))),
        }
    };
    let length = keys.find("length").map(|value| {
        let keys = Keys::of(value, "{ field = \"len\", counts = \"body\" }", &["field", "counts", "add", "unit"])?;
        keys.need("field", "\"len\"")?;
        Ok(Length {
            field: place(&keys, "field")?.unwrap_or_default(),
            counts: one_of(&keys, "counts", &COUNTS)?.unwrap_or(Counts::Body),
            add: keys.number("add", "a number of octets")?.unwrap_or(0),
            unit: keys.number("unit", "a number of octets")?.unwrap_or(1),
        })
    });
    let pair = keys.find("pair").map(|value| {
        let keys = Keys::of(
            value,
            "{ key = \"id\", request = \"...\", response = \"...\" }",
            &["key", "request", "response"],
        )?;
        let condition = |name| {
            let Some((condition, at)) = keys.word(name)? else { return Ok(None) };
            let read = Condition::parse(condition, &fields);
            read.map(Some).map_err(|fault| inside(text, at, condition, fault))
        };
        Ok(Pair { key: place(&keys, "key")?, request: condition("request")?, response: condition("response")? })
    });
    let checksum = keys.find("checksum").map(|value| {
        let keys = Keys::of(value, "{ field = \"sum\", kind = \"crc32\" }", &["field", "kind", "over"])?;
        keys.need("field", "\"sum\"")?;
        keys.need("kind", "\"crc32\"")?;
        let sums = Sum::ALL.map(|sum| (sum.name(), sum));
        Ok(Checksum {
            field: place(&keys, "field")?.unwrap_or_default(),
            sum: one_of(&keys, "kind", &sums)?.unwrap_or(Sum::Inet16),
            over: one_of(&keys, "over", &COVERS)?.unwrap_or(Covers::Message),
        })
    });
    let (length, pair, checksum) = (length.transpose()?, pair.transpose()?, checksum.transpose()?);
    let named = |field: &Field| !field.names.is_empty();
    let kind = place(&keys, "kind")?.or_else(|| fields.iter().position(named));
    let magic: Vec<Magic> = keys.find("match").map(magic).transpose()?.unwrap_or_default();
    let summary = match keys.word("summary")? {
        Some((summary, at)) => Summary::parse(summary, &fields).map_err(|fault| inside(text, at, summary, fault))?,
        None => Summary::usual(kind, &fields, |place| {
            let covered = |field: &Field| {
                magic.iter().any(|magic| magic.at <= field.at && field.at < magic.at + magic.octets.len())
            };
            checksum.is_some_and(|checksum| checksum.field == place) || fields.get(place).is_some_and(covered)
        }),
    };
    let name_at = name.span();
    let definition = Definition {
        name: name.get_ref().to_string(),
        over: one_of(&keys, "over", &OVER)?.unwrap_or_default(),
        ports: keys.find("ports").map(ports).transpose()?.unwrap_or_default(),
        header: number(keys.need("header", "14")?, "a number of octets")?,
        length,
        max: keys.number("max", "a number of octets")?.unwrap_or(USUAL_MAX),
        magic,
        kind,
        body: one_of(&keys, "body", &BODIES)?.unwrap_or_default(),
        summary,
        pair,
        checksum,
        fields,
    };
    definition.check().map_err(|flaw| place_of(flaw, &keys, name_at))?;
    Ok(definition)
}

const ENDIANS: [(&str, Endian); 2] = [("big", Endian::Big), ("little", Endian::Little)];
const OVER: [(&str, Over); 2] = [("tcp", Over::Tcp), ("udp", Over::Udp)];
const BODIES: [(&str, Body); 2] = [("bytes", Body::Bytes), ("text", Body::Text)];
const COUNTS: [(&str, Counts); 3] =
    [("body", Counts::Body), ("message", Counts::Message), ("from_field", Counts::FromField)];
const COVERS: [(&str, Covers); 3] = [("message", Covers::Message), ("header", Covers::Header), ("body", Covers::Body)];

fn fields(value: &Item<'_>, endian: Endian) -> Outcome<Vec<Field>> {
    let mut fields: Vec<Field> = Vec::new();
    for value in array(value, "a list of fields")? {
        const KEYS: [&str; 8] = ["name", "at", "type", "size", "endian", "mask", "enum", "bits"];
        let keys = Keys::of(value, "{ name = \"id\", at = 0, type = \"u32\" }", &KEYS)?;
        let name = word(keys.need("name", "\"id\"")?)?;
        let kind = kind(&keys)?;
        let behind = fields.last().map_or(0, Field::end);
        let mut field = Field::new(name, keys.number("at", "a number of octets")?.unwrap_or(behind), kind);
        field.endian = one_of(&keys, "endian", &ENDIANS)?.unwrap_or(endian);
        field.mask = keys.number("mask", "a number of ones in a row, as in 0xf0")?;
        if let Some(value) = keys.find("enum") {
            for (key, name) in table(value, "{ 1 = \"hello\", 2 = \"get\" }")? {
                field.names.push((key_number(key)?, word(name)?.to_owned()));
            }
            field.names.sort_unstable();
        }
        if let Some(value) = keys.find("bits") {
            for (key, name) in table(value, "{ 0 = \"more\", 1 = \"err\" }")? {
                let Ok(bit) = key_number(key)?.try_into() else {
                    return wrong(key.span(), "expected the number of a bit, the lowest is 0");
                };
                field.bits.push((bit, word(name)?.to_owned()));
            }
            field.bits.sort_unstable();
        }
        fields.push(field);
    }
    Ok(fields)
}

fn kind(keys: &Keys<'_, '_>) -> Outcome<Type> {
    let value = keys.need("type", "\"u32\"")?;
    let name = word(value)?;
    let size = keys.number::<usize>("size", "a number of octets")?;
    if let "bytes" | "text" = name {
        let Some(size) = size else {
            return wrong(keys.span.clone(), format!("'size' is missing: how many octets the {name} are"));
        };
        return Ok(if name == "bytes" { Type::Bytes(size) } else { Type::Text(size) });
    }
    let bits: Option<u8> = name.get(1..).and_then(|bits| bits.parse().ok());
    let octets = bits.filter(|bits| bits % 8 == 0 && (8..=64).contains(bits)).map(|bits| bits / 8);
    let kind = match (name.as_bytes().first(), octets) {
        (Some(b'u'), Some(octets)) => Type::Unsigned(octets),
        (Some(b'i'), Some(octets)) => Type::Signed(octets),
        _ => {
            let what = format!("'{name}' is no type; expected u8, u16, u24, ... u64, i8, ... i64, bytes or text");
            return wrong(value.span(), what);
        }
    };
    match keys.find("size") {
        Some(value) => wrong(value.span(), format!("{name} has its size by its name; bytes and text have one")),
        None => Ok(kind),
    }
}

fn magic(value: &Item<'_>) -> Outcome<Vec<Magic>> {
    let one = |value: &Item<'_>| {
        let keys = Keys::of(value, "{ at = 0, hex = \"AC4D\" }", &["at", "hex", "text"])?;
        let at = keys.number("at", "a number of octets")?.unwrap_or(0);
        let octets = match (keys.word("hex")?, keys.word("text")?) {
            (Some((hex, span)), None) => octets(hex, span)?,
            (None, Some((text, _))) => text.as_bytes().to_vec(),
            _ => return wrong(keys.span.clone(), "expected octets: `hex = \"AC4D\"` or `text = \"ACME\"`"),
        };
        Ok(Magic { at, octets })
    };
    match value.get_ref().as_array() {
        Some(list) => list.iter().map(one).collect(),
        None => one(value).map(|magic| vec![magic]),
    }
}

fn octets(hex: &str, at: Range<usize>) -> Outcome<Vec<u8>> {
    let digits: Vec<u8> = hex.bytes().filter(|c| !c.is_ascii_whitespace()).collect();
    let octet =
        |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok();
    let octets: Option<Vec<u8>> = digits.chunks(2).map(octet).collect();
    octets.map_or_else(|| wrong(at, "expected octets in hexadecimal, two digits each"), Ok)
}

fn ports(value: &Item<'_>) -> Outcome<Vec<u16>> {
    let one = |value: &Item<'_>| match number::<u16>(value, "a port, 1 to 65535")? {
        0 => wrong(value.span(), "expected a port, 1 to 65535"),
        port => Ok(port),
    };
    array(value, "a list of ports")?.iter().map(one).collect()
}

fn one_of<T: Copy>(keys: &Keys<'_, '_>, name: &str, values: &[(&str, T)]) -> Outcome<Option<T>> {
    let Some((word, at)) = keys.word(name)? else { return Ok(None) };
    if let Some((_, value)) = values.iter().find(|(known, _)| *known == word) {
        return Ok(Some(*value));
    }
    let known: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
    wrong(at, format!("'{word}' is no value of '{name}'; expected one of {}", known.join(", ")))
}

fn table<'t, 'i>(value: &'t Item<'i>, what: &str) -> Outcome<&'t DeTable<'i>> {
    value.get_ref().as_table().map_or_else(|| expected(value, what), Ok)
}

fn array<'t, 'i>(value: &'t Item<'i>, what: &str) -> Outcome<&'t [Item<'i>]> {
    match value.get_ref().as_array() {
        Some(list) => Ok(list),
        None => expected(value, what),
    }
}

fn word<'t>(value: &'t Item<'_>) -> Outcome<&'t str> {
    value.get_ref().as_str().map_or_else(|| expected(value, "text in quotes"), Ok)
}

fn number<N: TryFrom<i64>>(value: &Item<'_>, what: &str) -> Outcome<N> {
    let Some(integer) = value.get_ref().as_integer() else { return expected(value, what) };
    let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
    number.and_then(|number| number.try_into().ok()).map_or_else(|| wrong(value.span(), format!("expected {what}")), Ok)
}

/// The number that a key is.
fn key_number(key: &Key<'_>) -> Outcome<i64> {
    let text: &str = key.get_ref();
    let number = match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    number.or_else(|_| wrong(key.span(), format!("'{text}' is no number; expected as in `1 = \"hello\"`")))
}

fn expected<T>(value: &Item<'_>, what: &str) -> Outcome<T> {
    let kind = match value.get_ref() {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    wrong(value.span(), format!("this is {kind}; expected {what}"))
}

/// A fault within a text of the file: under the word itself, where the text stands there as it is.
fn inside(file: &str, span: Range<usize>, text: &str, fault: Fault) -> Mistake {
    let start = span.start + 1;
    if file.get(start..start + text.len()) == Some(text) {
        return Mistake { at: start + fault.at..start + fault.at + fault.len, what: fault.what };
    }
    Mistake { at: span, what: fault.what }
}

fn names(fields: &[Field]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    names.join(", ")
}

/// Where a flaw lies in the file.
fn place_of(flaw: Flaw, keys: &Keys<'_, '_>, name: Range<usize>) -> Mistake {
    let within = |value: &Item<'_>, key: &str| {
        let found = value.get_ref().as_table().and_then(|table| table.iter().find(|(known, _)| known.get_ref() == key));
        found.map_or_else(|| value.span(), |(_, value)| value.span())
    };
    let at = match flaw.place {
        Place::Name => None,
        Place::Key(key) => keys.find(key).map(Spanned::span),
        Place::Within(table, key) => keys.find(table).map(|value| within(value, key)),
        Place::Item(list, nth, key) => keys.find(list).map(|value| match value.get_ref().as_array() {
            Some(list) => list.get(nth).map_or_else(|| value.span(), |value| within(value, key)),
            None => within(value, key),
        }),
    };
    Mistake { at: at.unwrap_or(name), what: flaw.what }
}
