//! The records `octets`, `hole` and `end`.

use crate::capture::Conn;
use crate::capture::stream::{End, Event, Hole, Octets};
use crate::capture::track::Role;
use crate::report::clock::Utc;
use crate::report::digits::Digits as _;
use crate::report::json::SCHEMA;
use crate::report::object::{Object, key};
use crate::wire::Timestamp;

/// Appends the record of an event, and a newline.
pub(super) fn write(out: &mut Vec<u8>, conn: &Conn, event: &Event<'_>, utc: &mut Utc) {
    let mut object = Object::begin(out);
    match *event {
        Event::Octets(Octets { from, at, n, time, bytes }) => {
            head(&mut object, "octets", conn, n, time, utc);
            place(&mut object, from, at);
            object.number(key!("len"), bytes.len() as u64);
            match std::str::from_utf8(bytes).ok().filter(|text| is_text(text)) {
                Some(text) => object.string(key!("text"), text),
                None => object.quoted(key!("hex"), |out| out.hex_octets(bytes)),
            }
        }
        Event::Hole(Hole { from, at, len, n, time, why }) => {
            head(&mut object, "hole", conn, n, time, utc);
            place(&mut object, from, at);
            object.number(key!("len"), len);
            object.word(key!("why"), why.name());
        }
        Event::End(End { from, at, n, time, how }) => {
            head(&mut object, "end", conn, n, time, utc);
            place(&mut object, from, at);
            object.word(key!("how"), how.name());
        }
    }
    object.end();
    out.push(b'\n');
}

fn head(object: &mut Object<'_>, kind: &str, conn: &Conn, n: u64, time: Timestamp, utc: &mut Utc) {
    object.number(key!("schema"), SCHEMA);
    object.word(key!("type"), kind);
    object.number(key!("conn"), u64::from(conn.id.0));
    object.number(key!("n"), n);
    object.number(key!("t_ns"), time.0);
    object.quoted(key!("time"), |out| utc.write(out, time));
}

fn place(object: &mut Object<'_>, from: Role, at: u64) {
    object.word(key!("from"), from.name());
    object.number(key!("at"), at);
}

/// Whether it is lines of letters and nothing else.
fn is_text(text: &str) -> bool {
    text.chars().all(|letter| !letter.is_control() || matches!(letter, '\n' | '\r' | '\t'))
}
