use super::pattern::{Name, Number, OptionPattern, OptionsPattern, Pattern, Spoken, Value};
use crate::wire::declared::{Definition, Wording};
use crate::wire::notation::{self, Fault, Origin, Reader};
use crate::wire::options::kind;
use crate::wire::{Flags, OptionList, Window};

/// What stands for anything.
const OPEN: &str = "...";

/// Reads one segment of a script: flags, numbers, window, options, payload.
pub(super) fn pattern(reader: &mut Reader<'_>, known: &[Definition]) -> Result<Pattern, Fault> {
    let flags = if reader.eat_word(OPEN) { None } else { Some(notation::flags(reader)?) };
    let (seq, end, len) = range(reader)?;
    let mut pattern = Pattern {
        flags,
        seq,
        end,
        len,
        ack: None,
        window: None,
        urgent: None,
        options: None,
        data: None,
        message: None,
    };
    let before_ack = reader.mark();
    if reader.eat_word("ack") {
        pattern.ack = Some(number(reader)?);
    } else if flags.is_some_and(|flags| flags.contains(Flags::ACK)) {
        return Err(reader.fault_since(before_ack, "the flags say ACK: expected `ack` and a number, or `ack ...`"));
    }
    if reader.eat_word("win") && !reader.eat_word(OPEN) {
        pattern.window = Some(Window(reader.integer("a window of 0 to 65535")?));
    }
    if reader.eat_word("urg") {
        pattern.urgent = Some(reader.integer("an urgent pointer of 0 to 65535")?);
    }
    if reader.eat('<') {
        pattern.options = Some(options(reader)?);
    }
    if reader.rest().trim_start().starts_with('"') {
        pattern.data = Some(data(reader, pattern.len)?);
    } else if !reader.is_done() && Wording::begins(reader, known) {
        let start = reader.mark();
        let spoken = message(reader, known)?;
        let octets = spoken.written.octets.clone();
        if pattern.len.is_some_and(|len| len as usize != octets.len()) {
            let what = format!("the message has {} octets; write that length, or `...`", octets.len());
            return Err(reader.fault_since(start, what));
        }
        (pattern.data, pattern.message) = (Some(octets), Some(Box::new(spoken)));
    }
    Ok(pattern)
}

/// Reads a segment that is a message and nothing more: what else there is of it is whatever is right.
pub(super) fn bare_message(spoken: Spoken) -> Pattern {
    Pattern {
        flags: None,
        seq: Number::Any,
        end: None,
        len: None,
        ack: Some(Number::Any),
        window: None,
        urgent: None,
        options: None,
        data: Some(spoken.written.octets.clone()),
        message: Some(Box::new(spoken)),
    }
}

/// Reads a message of a declared protocol.
pub(super) fn message(reader: &mut Reader<'_>, known: &[Definition]) -> Result<Spoken, Fault> {
    let (wording, written, of) = Wording::read(reader, known)?;
    Ok(Spoken { of: of.clone(), wording, written })
}

/// Reads `seq:end(len)`, any of them open or named.
fn range(reader: &mut Reader<'_>) -> Result<(Number, Option<Name>, Option<u32>), Fault> {
    let seq = number(reader)?;
    reader.expect(':')?;
    let before_end = reader.mark();
    let end = number(reader)?;
    let after_end = reader.mark();
    reader.expect('(')?;
    let len: Option<u32> = if reader.eat_word(OPEN) { None } else { Some(reader.integer("a length in octets")?) };
    reader.expect(')')?;

    let fault = |what: String| Err(reader.fault_between(before_end, after_end, what));
    let name = match (seq, end) {
        (_, Number::Any) => None,
        (Number::Named(from, more), Number::Named(to, plus)) if from == to => match len {
            Some(len) if more.wrapping_add(len as i32) == plus => None,
            Some(len) => {
                return fault(format!("{len} octets from there end at {from}{:+}", more.wrapping_add(len as i32)));
            }
            None => return fault("the end of an open length is `...`, or a name for it".to_owned()),
        },
        (_, Number::Named(name, 0)) => Some(name),
        (_, Number::Named(..)) => return fault("a name for the end has nothing added".to_owned()),
        (Number::At(origin, seq), Number::At(_, end)) => match len {
            Some(len) if seq + len == end => None,
            Some(len) => {
                let right = seq + len;
                let right = if origin == Origin::Isn { i64::from(right.0 as i32) } else { i64::from(right.0) };
                return fault(format!("{len} octets from there end at {right} (SYN and FIN are not counted)"));
            }
            None => return fault("the end of an open length is `...`, or a name for it".to_owned()),
        },
        (Number::Named(..) | Number::Any, Number::At(..)) => {
            return fault("where the start is open or named, so is the end: `...`, or a name for it".to_owned());
        }
    };
    Ok((seq, name, len))
}

fn number(reader: &mut Reader<'_>) -> Result<Number, Fault> {
    if reader.eat_word(OPEN) {
        return Ok(Number::Any);
    }
    let start = reader.mark();
    let mut ahead = reader.clone();
    let word = ahead.word();
    if !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return notation::number(reader).map(|(value, origin)| Number::At(origin, value));
    }
    *reader = ahead;
    let (name, more) = match word.find(['+', '-']) {
        Some(at) => (&word[..at], word[at..].parse().ok()),
        None => (word, Some(0)),
    };
    match (Name::new(name), more) {
        (Some(name), Some(more)) => Ok(Number::Named(name, more)),
        _ => Err(reader.fault_since(start, "expected a number, `...`, or a name in small letters: `end`, `end+1`")),
    }
}

/// After `<`, up to and with `>`.
fn options(reader: &mut Reader<'_>) -> Result<OptionsPattern, Fault> {
    let mut pattern = OptionsPattern::default();
    // How much room the options take whose octets are written.
    let mut fixed = OptionList::EMPTY;
    if reader.eat('>') {
        return Ok(pattern);
    }
    loop {
        let start = reader.mark();
        if reader.eat_word(OPEN) {
            pattern.more = true;
            reader.expect('>')?;
            return Ok(pattern);
        }
        match option(reader, &mut fixed)? {
            // `raw` may hold several: what is heard is held against them one by one.
            OptionPattern::Exactly(list) => pattern.items.extend(list.each().map(exactly)),
            item => pattern.items.push(item),
        }
        if pattern.items.len() > OptionList::MAX {
            return Err(reader.fault_since(start, "no room: a TCP header has 40 octets for options"));
        }
        if !reader.eat(',') {
            reader.expect('>')?;
            return Ok(pattern);
        }
    }
}

fn exactly(octets: &[u8]) -> OptionPattern {
    OptionPattern::Exactly(OptionList::from_octets(octets).unwrap_or_default())
}

fn option(reader: &mut Reader<'_>, fixed: &mut OptionList) -> Result<OptionPattern, Fault> {
    let mut ahead = reader.clone();
    match ahead.word() {
        "TS" => {
            ahead.expect_word("val")?;
            let val = value(&mut ahead, "a TSval")?;
            ahead.expect_word("ecr")?;
            let ecr = value(&mut ahead, "a TSecr")?;
            if !matches!((val, ecr), (Value::Is(_), Value::Is(_))) {
                *reader = ahead;
                return Ok(OptionPattern::Timestamps(val, ecr));
            }
        }
        name @ ("mss" | "wscale" | "sack" | "FO") if ahead.eat_word(OPEN) => {
            *reader = ahead;
            return Ok(OptionPattern::AnyOf(match name {
                "mss" => kind::MSS,
                "wscale" => kind::WINDOW_SCALE,
                "sack" => kind::SACK,
                _ => kind::FAST_OPEN,
            }));
        }
        "FO" => {
            let word = ahead.word();
            let hexadecimal = word.len().is_multiple_of(2) && word.bytes().all(|c| c.is_ascii_hexdigit());
            if let (Some(name), false) = (Name::new(word), hexadecimal) {
                *reader = ahead;
                return Ok(OptionPattern::Cookie(name));
            }
        }
        "kind" => {
            if let (Ok(kind), true) = (ahead.integer("an option kind"), ahead.eat_word(OPEN)) {
                *reader = ahead;
                return Ok(OptionPattern::AnyOf(kind));
            }
        }
        _ => {}
    }
    let before = fixed.octets().len();
    notation::option(reader, fixed)?;
    let octets = fixed.octets().get(before..).unwrap_or_default();
    Ok(exactly(octets))
}

fn value(reader: &mut Reader<'_>, what: &str) -> Result<Value, Fault> {
    if reader.eat_word(OPEN) {
        return Ok(Value::Any);
    }
    let mut ahead = reader.clone();
    if let Some(name) = Name::new(ahead.word()) {
        *reader = ahead;
        return Ok(Value::Named(name));
    }
    reader.integer(what).map(Value::Is)
}

/// A payload as text, of `len` octets where that is said.
pub(super) fn data(reader: &mut Reader<'_>, len: Option<u32>) -> Result<Vec<u8>, Fault> {
    let start = reader.mark();
    let octets = notation::quoted(reader)?;
    if len.is_some_and(|len| len as usize != octets.len()) {
        let what = format!("the text has {} octets; write that length, or `...`", octets.len());
        return Err(reader.fault_since(start, what));
    }
    Ok(octets)
}
