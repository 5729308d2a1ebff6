use super::{Assignment, BODY, Definition, Field, Given, Magic, Type, Wording};

/// A message that was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Written {
    /// Its octets.
    pub octets: Vec<u8>,
    /// Which bits of them the words speak of: the magic, the kind and the fields that were named;
    /// where a body was, the length and all of it too.
    pub meant: Vec<u8>,
    /// Whether a body was named, so that the message is meant as a whole.
    pub whole: bool,
}

/// Why a message cannot be written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unwritable {
    /// Which of what was given is wrong; `None` is the name of the message, or the message as a whole.
    pub nth: Option<usize>,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl Written {
    /// Whether `payload` begins with a message of which all is true that the words say; where they
    /// speak of the body, it is that message and nothing else.
    pub fn fits(&self, payload: &[u8]) -> bool {
        let alike = self.octets.iter().zip(&self.meant).zip(payload);
        let has_room = if self.whole { payload.len() == self.octets.len() } else { payload.len() >= self.meant.len() };
        has_room && alike.into_iter().all(|((octet, meant), got)| octet & meant == got & meant)
    }
}

impl Definition {
    /// The octets of a message: what it is called, fields by name, and a body. What is not given is
    /// right: the length and the checksum follow from the rest, other fields are 0.
    ///
    /// # Errors
    ///
    /// Where there is no such field or message, or a value has no room.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let text = "[protocol.note]\nports = [7000]\nheader = 2\nlength = { field = 'len' }\n\
    ///             fields = [{ name = 'id', at = 0, type = 'u8' }, { name = 'len', at = 1, type = 'u8' }]";
    /// let note = &synfin::capture::declared::parse(text)?[0];
    /// assert_eq!(note.octets(None, &[("id", 7)], b"hello").map_err(|wrong| wrong.what)?, b"\x07\x05hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn octets(&self, kind: Option<&str>, numbers: &[(&str, i64)], body: &[u8]) -> Result<Vec<u8>, Unwritable> {
        let numbers = numbers
            .iter()
            .map(|(name, number)| Assignment { name: (*name).to_owned(), given: Given::Word(number.to_string()) });
        let body = Assignment { name: BODY.to_owned(), given: Given::Text(body.to_vec()) };
        let given = numbers.chain([body]).collect();
        self.write(&Wording { protocol: self.name.clone(), kind: kind.map(str::to_owned), given })
            .map(|written| written.octets)
    }

    /// Writes a message.
    ///
    /// # Errors
    ///
    /// Where there is no such field or message, or a value has no room.
    pub fn write(&self, wording: &Wording) -> Result<Written, Unwritable> {
        let mut draft = Draft { of: self, octets: vec![0; self.header], meant: vec![0; self.header] };
        for Magic { at, octets } in &self.magic {
            draft.stamp(*at, octets);
        }
        if let Some(kind) = &wording.kind {
            draft.put_kind(kind)?;
        }
        let mut body = None;
        for (nth, Assignment { name, given }) in wording.given.iter().enumerate() {
            let wrong = |what| Unwritable { nth: Some(nth), what };
            if wording.given.iter().take(nth).any(|other| other.name == *name) {
                return Err(wrong(format!("`{name}` is said twice")));
            }
            if name == BODY {
                body = Some(octets_of(given, None).map_err(wrong)?);
            } else {
                draft.put(name, given).map_err(wrong)?;
            }
        }
        let is_said = |field: &Field| wording.given.iter().any(|given| given.name == field.name);
        let size = self.header as u64 + body.as_ref().map_or(0, Vec::len) as u64;
        if let Some(field) = self.length.and_then(|length| self.fields.get(length.field))
            && !is_said(field)
        {
            draft.put_length(field, size, body.is_some())?;
        } else if self.length.is_none() && size > self.header as u64 {
            return Err(whole("messages of this protocol have no body: no `length` says how long it is".to_owned()));
        }
        if let Some(field) = self.checksum.and_then(|checksum| self.fields.get(checksum.field))
            && !is_said(field)
        {
            let mut running = self.begin_sum(&draft.octets);
            self.add_to_sum(&mut running, body.as_deref().unwrap_or_default());
            if let Some(running) = running {
                field.write(&mut draft.octets, i128::from(running.finish()));
            }
        }
        let Draft { mut octets, mut meant, .. } = draft;
        let whole = body.is_some();
        if let Some(body) = body {
            meant.resize(meant.len() + body.len(), 0xff);
            octets.extend(body);
        }
        Ok(Written { octets, meant, whole })
    }
}

fn whole(what: String) -> Unwritable {
    Unwritable { nth: None, what }
}

/// A header being written.
struct Draft<'a> {
    of: &'a Definition,
    octets: Vec<u8>,
    meant: Vec<u8>,
}

impl Draft<'_> {
    fn stamp(&mut self, at: usize, octets: &[u8]) {
        let end = at.saturating_add(octets.len());
        if let (Some(place), Some(meant)) = (self.octets.get_mut(at..end), self.meant.get_mut(at..end)) {
            place.copy_from_slice(octets);
            meant.fill(0xff);
        }
    }

    fn put_kind(&mut self, kind: &str) -> Result<(), Unwritable> {
        let Some(field) = self.of.kind.and_then(|place| self.of.fields.get(place)) else {
            return Err(whole(format!("messages of {} have no names: no field has an `enum`", self.of.name)));
        };
        if let Some(value) = field.value_named(kind) {
            return self.put_number(field, i128::from(value)).map_err(whole);
        }
        let names: Vec<&str> = field.names.iter().map(|(_, name)| name.as_str()).collect();
        Err(whole(format!("{} has no message `{kind}`; it has {}", self.of.name, names.join(", "))))
    }

    fn put_length(&mut self, field: &Field, size: u64, is_meant: bool) -> Result<(), Unwritable> {
        let of = self.of;
        if size > of.max {
            return Err(whole(format!("a message of {size} octets: {} has {} at most (`max`)", of.name, of.max)));
        }
        let says = of.length_of(size).filter(|says| field.write(&mut self.octets, *says));
        if says.is_none() {
            return Err(whole(format!("`{}` cannot say a message of {size} octets", field.name)));
        }
        if is_meant {
            self.mean(field);
        }
        Ok(())
    }

    fn put(&mut self, name: &str, given: &Given) -> Result<(), String> {
        let Some((_, field)) = self.of.field(name) else {
            let names: Vec<&str> = self.of.fields.iter().map(|field| field.name.as_str()).chain([BODY]).collect();
            return Err(format!("{} has no field `{name}`; it has {}", self.of.name, names.join(", ")));
        };
        if field.kind.is_number() {
            return self.put_number(field, number_of(field, given)?);
        }
        let size = field.kind.size();
        let mut octets = octets_of(given, Some(field))?;
        if octets.len() > size || octets.len() < size && !matches!(field.kind, Type::Text(_)) {
            return Err(format!("`{name}` has {size} octets, not {}", octets.len()));
        }
        octets.resize(size, 0);
        self.stamp(field.at, &octets);
        Ok(())
    }

    fn put_number(&mut self, field: &Field, number: i128) -> Result<(), String> {
        if !field.write(&mut self.octets, number) {
            return Err(format!("{number} does not fit into `{}`, which is {}", field.name, field.kind));
        }
        self.mean(field);
        Ok(())
    }

    fn mean(&mut self, field: &Field) {
        let mut bits = vec![0; self.octets.len()];
        let all = field.mask.map_or(0, |mask| mask >> field.shift());
        if field.mask.is_some() && field.write(&mut bits, i128::from(all)) {
            self.meant.iter_mut().zip(bits).for_each(|(meant, bits)| *meant |= bits);
        } else if let Some(meant) = self.meant.get_mut(field.at..field.end()) {
            meant.fill(0xff);
        }
    }
}

fn number_of(field: &Field, given: &Given) -> Result<i128, String> {
    let expected = || {
        let names = field.names.iter().map(|(_, name)| name.as_str());
        let bits = field.bits.iter().map(|(_, name)| name.as_str());
        let names: Vec<&str> = names.chain(bits).collect();
        let or = if names.is_empty() { String::new() } else { format!(", or one of {}", names.join(", ")) };
        format!("`{}` is {}: expected a number{or}", field.name, field.kind)
    };
    let Given::Word(word) = given else { return Err(expected()) };
    if let Some(value) = number(word) {
        return Ok(value);
    }
    if let Some(value) = field.value_named(word) {
        return Ok(i128::from(value));
    }
    let bit = |name: &str| {
        let known = field.bits.iter().find(|(_, known)| known == name).map(|(bit, _)| 1i128 << bit);
        known.or_else(|| number(name))
    };
    word.split('|').try_fold(0, |bits, name| bit(name).map(|bit| bits | bit)).ok_or_else(expected)
}

/// A number in decimal, or in hexadecimal behind `0x`.
fn number(word: &str) -> Option<i128> {
    match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(i128::from),
        None => word.parse::<i64>().ok().map(i128::from).or_else(|| word.parse::<u64>().ok().map(i128::from)),
    }
}

/// What is given as octets: for `field`, or for the body.
fn octets_of(given: &Given, field: Option<&Field>) -> Result<Vec<u8>, String> {
    match given {
        Given::Text(text) => Ok(text.clone()),
        Given::Letters(letters) => Ok((b'a'..=b'z').cycle().take(*letters as usize).collect()),
        Given::Word(word) if matches!(field, Some(Field { kind: Type::Text(_), .. })) => Ok(word.clone().into_bytes()),
        Given::Word(word) => {
            let octet = |at| word.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
            let octets: Option<Vec<u8>> = (0..word.len()).step_by(2).map(octet).collect();
            octets.ok_or_else(|| "expected a text in quotes, or octets in hexadecimal, two digits each".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::acme;
    use super::*;
    use crate::wire::notation::{Fault, Reader};

    fn written(text: &str) -> Result<(Wording, Written), Fault> {
        let known = [acme()];
        let mut reader = Reader::new(text);
        Wording::read(&mut reader, &known).map(|(wording, written, _)| (wording, written))
    }

    #[test]
    fn what_is_not_said_is_right() {
        let (wording, message) = written("acme.get id=7 body=\"hello\"").expect("a message");
        let header = &message.octets[..14];
        assert_eq!(&header[..12], [0xac, 0x4d, 2, 0, 0, 0, 0, 7, 0, 0, 0, 5]);
        assert_eq!(&message.octets[14..], b"hello");
        assert_eq!(acme().measure(header), Ok(19));
        let mut running = acme().begin_sum(header);
        acme().add_to_sum(&mut running, b"hello");
        assert_eq!(acme().is_right(running, header), Some(true));
        assert_eq!(wording.to_string(), "acme.get id=7 body=\"hello\"");
    }

    #[test]
    fn what_is_said_is_done_even_if_it_is_wrong() {
        let (_, message) = written("acme flags=more|err|0x80 len=99 sum=0 body=0a0b").expect("a message");
        assert_eq!(message.octets, [0xac, 0x4d, 0, 0x83, 0, 0, 0, 0, 0, 0, 0, 99, 0, 0, 10, 11]);
        let (_, letters) = written("acme.hello body=(27)").expect("a message");
        assert_eq!(&letters.octets[14..], b"abcdefghijklmnopqrstuvwxyza");
    }

    #[test]
    fn what_is_expected_may_have_anything_where_nothing_is_said() {
        let (_, any) = written("acme.reply id=7").expect("a message");
        let (_, reply) = written("acme.reply id=7 flags=err body=\"gone\"").expect("a message");
        let (_, other) = written("acme.reply id=8").expect("a message");
        assert!(any.fits(&reply.octets) && reply.fits(&reply.octets));
        assert!(!any.fits(&other.octets) && !reply.fits(&any.octets) && !any.fits(&reply.octets[..13]));
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        for (text, under, what) in [
            ("acme.put id=7", "acme.put", "acme has no message `put`; it has hello, get, reply"),
            ("acne.get id=7", "acne", "no protocol `acne` is declared here; there is acme"),
            ("acme.get key=7", "key=7", "acme has no field `key`; it has magic, type, flags, id, len, sum, body"),
            ("acme.get id=seven", "id=seven", "`id` is u32: expected a number"),
            ("acme.get id=4294967296", "id=4294967296", "4294967296 does not fit into `id`, which is u32"),
            ("acme.get id=1 id=2", "id=2", "`id` is said twice"),
            ("acme.get magic=ac", "magic=ac", "`magic` has 2 octets, not 1"),
            ("acme.get id 7", "id", "expected a field and its value"),
            ("acme.get body=xyz", "body=xyz", "expected a text in quotes, or octets"),
            ("acme.get body=(2000000)", "acme.get", "a message of 2000014 octets: acme has 1048576 at most"),
        ] {
            let fault = written(text).expect_err(text);
            assert_eq!((&text[fault.at..fault.at + fault.len], fault.what.get(..what.len())), (under, Some(what)));
        }
    }
}
