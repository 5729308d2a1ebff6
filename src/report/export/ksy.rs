//! A specification for Kaitai Struct, of one side's stream.
//!
//! Kaitai reads what is whole from its beginning: it looks for no next message where a header is none.

use std::fmt::Write as _;

use crate::wire::declared::{Body, Counts, Definition, Endian, Field, Length, Magic, Over, Type};

/// The specification of a protocol.
pub fn ksy(of: &Definition) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut out, of);
    out
}

fn write(out: &mut String, of: &Definition) -> std::fmt::Result {
    let name = &of.name;
    let what = match of.over {
        Over::Tcp => "one side's stream of TCP",
        Over::Udp => "a datagram of UDP",
    };
    writeln!(out, "# {name}, for Kaitai Struct: written by `synfin proto export ksy`. It reads {what}.")?;
    writeln!(out, "meta:\n  id: {name}\n  endian: be\n  bit-endian: be")?;
    writeln!(out, "seq:\n  - id: messages\n    type: message\n    repeat: eos\ntypes:\n  message:\n    seq:")?;
    writeln!(out, "      - id: header\n        type: header\n        size: {}", of.header)?;
    if let Some(size) = body_size(of) {
        writeln!(out, "      - id: body\n        size: {size}")?;
        if of.body == Body::Text {
            writeln!(out, "        type: str\n        encoding: UTF-8")?;
        }
    }
    writeln!(out, "  header:\n    seq:")?;
    let mut slots: Vec<&Field> = of.fields.iter().collect();
    slots.sort_by_key(|field| field.at);
    slots.dedup_by_key(|field| field.at);
    let mut at = 0;
    for field in slots {
        if field.at > at {
            writeln!(out, "      - size: {}", field.at - at)?;
        }
        slot(out, of, field)?;
        at = field.end();
    }
    instances(out, of)?;
    enums(out, of)
}

/// Octets of a body, as Kaitai reckons them.
fn body_size(of: &Definition) -> Option<String> {
    let length = of.length?;
    let Length { counts, add, unit, .. } = length;
    let more = i128::from(add) + of.uncounted(length) - of.header as i128;
    debug_assert!(counts != Counts::Body || more == i128::from(add), "a length of the body leaves out the header");
    let field = of.fields.get(length.field)?;
    let said = if unit == 1 { format!("header.{}", field.name) } else { format!("header.{} * {unit}", field.name) };
    Some(match more {
        0 => said,
        1.. => format!("{said} + {more}"),
        _ => format!("{said} - {}", -more),
    })
}

/// What stands at a place of the header: a field, or what several fields share by their masks.
fn slot(out: &mut String, of: &Definition, field: &Field) -> std::fmt::Result {
    if let Type::Unsigned(octets @ 5..=7) | Type::Signed(octets @ 5..=7) = field.kind {
        return halves(out, field, octets);
    }
    writeln!(out, "      - id: {}", id(field))?;
    match field.kind {
        Type::Bytes(size) => match of.magic.iter().find(|magic| covers(magic, field)) {
            Some(magic) => {
                let from = field.at - magic.at;
                let octets = magic.octets.get(from..from + size).unwrap_or_default();
                writeln!(out, "        contents: {}", listed(octets))
            }
            None => writeln!(out, "        size: {size}"),
        },
        Type::Text(size) => {
            writeln!(out, "        type: str\n        size: {size}\n        pad-right: 0\n        encoding: UTF-8")
        }
        Type::Unsigned(octets) | Type::Signed(octets) => {
            let little = field.endian == Endian::Little;
            let sign = if matches!(field.kind, Type::Signed(_)) { 's' } else { 'u' };
            let kind = match octets {
                1 => format!("{sign}1"),
                2 | 4 | 8 => format!("{sign}{octets}{}", if little { "le" } else { "" }),
                _ => format!("b{}{}", u32::from(octets) * 8, if little { "le" } else { "" }),
            };
            writeln!(out, "        type: {kind}")?;
            if !field.names.is_empty() && id(field) == field.name {
                writeln!(out, "        enum: {}_names", field.name)?;
            }
            Ok(())
        }
    }
}

/// A number of 5 to 7 octets, as two: not every reader knows how to take more than 32 bits at once.
fn halves(out: &mut String, field: &Field, octets: u8) -> std::fmt::Result {
    let le = if field.endian == Endian::Little { "le" } else { "" };
    let raw = id(field);
    let high = match octets {
        5 => "u1".to_owned(),
        6 => format!("u2{le}"),
        _ => format!("b24{le}"),
    };
    let high = format!("      - id: {raw}_high\n        type: {high}\n");
    let low = format!("      - id: {raw}_low\n        type: u4{le}\n");
    match field.endian {
        Endian::Big => write!(out, "{high}{low}"),
        Endian::Little => write!(out, "{low}{high}"),
    }
}

/// What a field is called where it is read: one that is reckoned from it has the name itself.
fn id(field: &Field) -> String {
    match (field.mask, field.kind) {
        (Some(_), _) | (None, Type::Signed(3 | 5..=7) | Type::Unsigned(5..=7)) => format!("octets_{}", field.at),
        _ => field.name.clone(),
    }
}

fn instances(out: &mut String, of: &Definition) -> std::fmt::Result {
    let mut text = String::new();
    for field in &of.fields {
        let (name, mut raw) = (&field.name, id(field));
        if matches!(field.kind, Type::Unsigned(5..=7) | Type::Signed(5..=7)) {
            raw = format!("({raw}_high * 4294967296 + {raw}_low)");
        }
        match (field.mask, field.kind) {
            (Some(mask), _) => {
                let shifted = if field.shift() > 0 {
                    format!("({raw} & {mask:#x}) >> {}", field.shift())
                } else {
                    format!("{raw} & {mask:#x}")
                };
                writeln!(text, "      {name}:\n        value: {shifted}")?;
                if !field.names.is_empty() {
                    writeln!(text, "        enum: {name}_names")?;
                }
            }
            (None, Type::Signed(octets)) if raw != *name => {
                let half = 1u64 << (u32::from(octets) * 8 - 1);
                writeln!(
                    text,
                    "      {name}:\n        value: '{raw} >= {half} ? {raw} - {} : {raw}'",
                    u128::from(half) * 2
                )?;
            }
            (None, Type::Unsigned(_)) if raw != *name => writeln!(text, "      {name}:\n        value: {raw}")?,
            _ => {}
        }
        let number = if field.names.is_empty() { name.clone() } else { format!("{name}.to_i") };
        for (bit, flag) in &field.bits {
            writeln!(text, "      {name}_{flag}:\n        value: ({number} & {:#x}) != 0", 1u64 << (*bit).min(63))?;
        }
    }
    for (nth, magic) in of.magic.iter().enumerate() {
        if !of.fields.iter().any(|field| matches!(field.kind, Type::Bytes(_)) && covers(magic, field)) {
            writeln!(
                text,
                "      magic_{nth}:\n        pos: {}\n        contents: {}",
                magic.at,
                listed(&magic.octets)
            )?;
        }
    }
    if text.is_empty() { Ok(()) } else { write!(out, "    instances:\n{text}") }
}

fn enums(out: &mut String, of: &Definition) -> std::fmt::Result {
    let named: Vec<&Field> = of.fields.iter().filter(|field| !field.names.is_empty()).collect();
    if !named.is_empty() {
        writeln!(out, "enums:")?;
    }
    for field in named {
        writeln!(out, "  {}_names:", field.name)?;
        for (value, name) in &field.names {
            writeln!(out, "    {value}: {name}")?;
        }
    }
    Ok(())
}

/// Whether the octets of a field are part of a magic.
fn covers(magic: &Magic, field: &Field) -> bool {
    magic.at <= field.at && field.end() <= magic.at + magic.octets.len()
}

fn listed(octets: &[u8]) -> String {
    let octets: Vec<String> = octets.iter().map(|octet| format!("{octet:#04x}")).collect();
    format!("[{}]", octets.join(", "))
}
