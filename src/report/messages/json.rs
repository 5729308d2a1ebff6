use crate::capture::declared::{Lost, Message, Part, Told, What};
use crate::report::clock::Utc;
use crate::report::digits::Digits as _;
use crate::report::json::SCHEMA;
use crate::report::object::{Object, key};
use crate::wire::declared::{Body, Definition, Value};

/// Appends the record of a message, or of octets that are in none, and a newline. `n` is the packet
/// at which it was told, where there is one.
pub(in crate::report) fn write(out: &mut Vec<u8>, told: &Told<'_>, n: Option<u64>, utc: &mut Utc) {
    match &told.what {
        What::Message(heard, number, part) => message(out, told, heard, *number, *part, utc),
        What::Lost(stretch) => lost(out, told, stretch, n),
    }
}

fn message(out: &mut Vec<u8>, told: &Told<'_>, message: &Message<'_>, number: u64, part: Part, utc: &mut Utc) {
    let of = told.of;
    let mut object = Object::begin(out);
    object.number(key!("schema"), SCHEMA);
    object.word(key!("type"), "message");
    object.word(key!("protocol"), &of.name);
    object.number(key!("conn"), told.conn.id.0.into());
    object.word(key!("from"), told.from.name());
    object.number(key!("message"), number);
    object.number(key!("n"), message.carriers.last);
    object.numbers(key!("packets"), message.carriers.numbers.iter().copied());
    if message.carriers.more > 0 {
        object.number(key!("packets_left_out"), message.carriers.more);
    }
    object.number(key!("t_ns"), message.begun.0);
    object.quoted(key!("time"), |out| utc.write(out, message.begun));
    object.number(key!("end_ns"), message.done.0);
    object.number(key!("offset"), message.at);
    object.number(key!("len"), message.size);
    if let Some(kind) = of.kind_of(message.header) {
        object.word(key!("kind"), kind);
    }
    object.object(key!("fields"), |object| fields(object, of, message.header));
    object.object(key!("names"), |object| names(object, of, message.header));
    if message.body_len() > 0 {
        match of.body {
            Body::Text => object.string(key!("body"), &String::from_utf8_lossy(message.body)),
            Body::Bytes => object.quoted(key!("body"), |out| out.hex_octets(message.body)),
        }
        if message.is_cut() {
            object.flag(key!("body_cut"), true);
        }
    }
    if let Some(right) = message.right {
        object.flag(key!("checksum_ok"), right);
    }
    match part {
        Part::Neither => {}
        Part::Request => object.word(key!("part"), "request"),
        Part::Response(asked) => {
            object.word(key!("part"), "response");
            match asked {
                Some(asked) => {
                    object.number(key!("request"), asked.number);
                    object.signed(key!("response_ns"), asked.waited.0);
                }
                None => object.null(key!("request")),
            }
        }
    }
    let mut summary = Vec::new();
    of.write_summary(&mut summary, message.header, message.body);
    object.string(key!("summary"), &String::from_utf8_lossy(&summary));
    object.end();
    out.push(b'\n');
}

/// Every field by its name: numbers as numbers, octets in hexadecimal, text as text.
fn fields(object: &mut Object<'_>, of: &Definition, header: &[u8]) {
    for (place, field) in of.fields.iter().enumerate() {
        match of.value(header, place) {
            None => {}
            Some(Value::Unsigned(value)) => object.count(&field.name, value),
            Some(Value::Signed(value)) => object.named(&field.name, |out| {
                if value < 0 {
                    out.push(b'-');
                }
                out.dec(value.unsigned_abs());
            }),
            Some(Value::Bytes(octets)) => object.named(&field.name, |out| {
                out.push(b'"');
                out.hex_octets(octets);
                out.push(b'"');
            }),
            Some(Value::Text(text)) => object.string_named(&field.name, &String::from_utf8_lossy(text)),
        }
    }
}

/// What values and bits are called, where they have names.
fn names(object: &mut Object<'_>, of: &Definition, header: &[u8]) {
    for (place, field) in of.fields.iter().enumerate() {
        let Some(number) = of.number(header, place) else { continue };
        if let Some(name) = field.name_of(number) {
            object.string_named(&field.name, name);
        } else if !field.bits.is_empty() {
            object.named(&field.name, |out| {
                out.push(b'[');
                for (nth, name) in field.bits_of(number).enumerate() {
                    out.text(if nth > 0 { ",\"" } else { "\"" });
                    out.text(name);
                    out.push(b'"');
                }
                out.push(b']');
            });
        }
    }
}

fn lost(out: &mut Vec<u8>, told: &Told<'_>, lost: &Lost, n: Option<u64>) {
    let mut object = Object::begin(out);
    object.number(key!("schema"), SCHEMA);
    object.word(key!("type"), "no_message");
    object.word(key!("protocol"), &told.of.name);
    object.number(key!("conn"), told.conn.id.0.into());
    object.word(key!("from"), told.from.name());
    if let Some(n) = n {
        object.number(key!("n"), n);
    }
    object.number(key!("offset"), lost.at);
    object.number(key!("len"), lost.len);
    object.word(key!("why"), lost.why.name());
    object.flag(key!("found"), lost.found);
    object.end();
    out.push(b'\n');
}
