//! What two ends have said so far, as far as later lines of a script count on it.

use std::collections::BTreeMap;
use std::fmt;

use super::Speaker;
use super::pattern::{Name, Number, OptionPattern, OptionsPattern, Pattern, Value};
use crate::wire::notation::{Origin, Quoted};
use crate::wire::options::kind;
use crate::wire::{Flags, OptionList, Segment, Seq, Window};

/// The segment size that a sender offers where a script leaves it open: an Ethernet's 1,500 octets,
/// less two headers of 20.
const USUAL_MSS: u16 = 1460;

/// The books of a conversation: from where each end counts, how far it has come, and what has
/// been learnt by name.
#[derive(Clone, Debug, Default)]
pub(in crate::craft) struct Books {
    client: Ledger,
    server: Ledger,
    names: BTreeMap<Name, Learnt>,
}

/// How far one end has come.
#[derive(Clone, Copy, Debug, Default)]
struct Ledger {
    /// From what its numbers count; unknown until its SYN was heard.
    isn: Option<Seq>,
    /// The number after everything it has said.
    next: Option<Seq>,
    /// The number up to which nothing is missing of what it has said.
    whole: Option<Seq>,
    /// Its last TSval.
    ts_val: Option<u32>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Learnt {
    Number(u32),
    Octets(Vec<u8>),
}

/// A segment with nothing open in it.
#[derive(Clone, Debug)]
pub(in crate::craft) struct Resolved {
    pub(in crate::craft) segment: Segment,
    pub(in crate::craft) options: OptionList,
    pub(in crate::craft) payload: Vec<u8>,
}

/// A segment that was heard, whole.
#[derive(Clone, Copy, Debug)]
pub(in crate::craft) struct Heard<'a> {
    pub(in crate::craft) segment: &'a Segment,
    pub(in crate::craft) options: &'a OptionList,
    pub(in crate::craft) payload: &'a [u8],
}

/// A field that is not as the script wants it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// Which field.
    pub field: &'static str,
    /// What the script has there.
    pub wanted: String,
    /// What was heard.
    pub got: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: wanted {}, got {}", self.field, self.wanted, self.got)
    }
}

/// Why a segment cannot be said as it is written.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unresolved {
    /// A name that nothing before it has taught.
    #[error("nothing has been learnt by the name `{0}` when this is to be said")]
    Name(Name),
    /// Something has no one right value.
    #[error("what is to be said needs {0}: `...` stands for that only in what is expected")]
    Open(&'static str),
    /// The options take more than a TCP header has room for.
    #[error("no room: a TCP header has 40 octets for options")]
    NoRoom,
}

impl Books {
    /// Has `speaker` count from `isn`.
    pub(in crate::craft) fn begin(&mut self, speaker: Speaker, isn: Option<Seq>) {
        *self.ledger_mut(speaker) = Ledger { isn, ..Ledger::default() };
    }

    /// The segment that `speaker` says by `pattern`. Where it has a TSval open, that is `clock`.
    pub(in crate::craft) fn resolve(
        &self,
        speaker: Speaker,
        pattern: &Pattern,
        clock: u32,
    ) -> Result<Resolved, Unresolved> {
        let (own, peer) = (self.ledger(speaker), self.ledger(!speaker));
        let isn = own.isn.unwrap_or_default();
        let of_message = pattern.message.as_ref().map(|_| Flags::PSH | Flags::ACK);
        let flags = pattern.flags.or(of_message).ok_or(Unresolved::Open("flags"))?;
        let seq = self.number(pattern.seq, own.isn, own.next)?;
        let ack = pattern.ack.map_or(Ok(Seq(0)), |ack| self.number(ack, peer.isn, peer.whole))?;
        let len = match (pattern.len, &pattern.data) {
            (Some(len), _) => len,
            (None, Some(data)) => data.len() as u32,
            (None, None) => return Err(Unresolved::Open("a length")),
        };
        let window = pattern.window.unwrap_or(Window(u16::MAX));
        let urgent = pattern.urgent.unwrap_or(0);
        let options = match &pattern.options {
            Some(options) => self.options(options, peer, clock)?,
            None => OptionList::EMPTY,
        };
        let segment = Segment { seq, ack, flags, window, urgent, len, options: options.meaning() };
        let payload = match &pattern.data {
            Some(data) => data.clone(),
            None => letters(speaker, segment.data_seq().offset_from(isn + 1), len),
        };
        Ok(Resolved { segment, options, payload })
    }

    /// Takes down that `speaker` has said `segment`.
    pub(in crate::craft) fn take_down(&mut self, speaker: Speaker, segment: &Segment) {
        let ledger = self.ledger_mut(speaker);
        if segment.flags.contains(Flags::SYN) && ledger.isn.is_none() {
            ledger.isn = Some(segment.seq);
        }
        if segment.flags.contains(Flags::RST) {
            return;
        }
        let begins = ledger.next.is_none() || segment.flags.contains(Flags::SYN) && ledger.isn == Some(segment.seq);
        let end = segment.end();
        ledger.next = Some(ledger.next.map_or(end, |next| next.latest(end)));
        ledger.whole = match ledger.whole {
            Some(whole) if segment.seq.after(whole) => Some(whole),
            Some(whole) => Some(whole.latest(end)),
            None if begins => Some(end),
            None => None,
        };
        if let Some((val, _)) = segment.options.timestamps() {
            ledger.ts_val = Some(val);
        }
    }

    /// From what `speaker` counts, where that is known.
    pub(in crate::craft) fn isn(&self, speaker: Speaker) -> Option<Seq> {
        self.ledger(speaker).isn
    }

    /// Whether `speaker` has said all of `segment` before.
    pub(in crate::craft) fn is_known(&self, speaker: Speaker, segment: &Segment) -> bool {
        self.ledger(speaker).next.is_some_and(|next| !segment.end().after(next))
    }

    /// Whether something is missing of what `speaker` has said before `segment`.
    pub(in crate::craft) fn is_ahead(&self, speaker: Speaker, segment: &Segment) -> bool {
        self.ledger(speaker).whole.is_none_or(|whole| segment.seq.after(whole))
    }

    /// Holds what `speaker` has said against `pattern`: every field that differs. Where none does,
    /// the names in it are learnt.
    pub(in crate::craft) fn hold(&mut self, speaker: Speaker, pattern: &Pattern, heard: Heard<'_>) -> Vec<Difference> {
        let mut learnt = Vec::new();
        let mut differences = Vec::new();
        let mut differ = |field, wanted: String, got: String| differences.push(Difference { field, wanted, got });
        let segment = heard.segment;
        let said = self.written(speaker, heard);

        if let Some(flags) = pattern.flags.filter(|flags| *flags != segment.flags) {
            differ("flags", flags.to_string(), segment.flags.to_string());
        }
        if !self.fits(pattern.seq, self.ledger(speaker), segment.seq, &mut learnt) {
            differ("sequence number", pattern.seq.to_string(), said.seq.to_string());
        }
        if let Some(len) = pattern.len.filter(|len| *len != segment.len) {
            differ("length", len.to_string(), segment.len.to_string());
        }
        if let Some(name) = pattern.end {
            let end = segment.seq + segment.len;
            if !self.fits(Number::Named(name, 0), self.ledger(speaker), end, &mut learnt) {
                differ("end", name.to_string(), relative(end, self.ledger(speaker).isn).to_string());
            }
        }
        if let Some(ack) = pattern.ack {
            if !segment.flags.contains(Flags::ACK) && ack != Number::Any {
                differ("acknowledgment", ack.to_string(), "none".to_owned());
            } else if !self.fits(ack, self.ledger(!speaker), segment.ack, &mut learnt) {
                differ("acknowledgment", ack.to_string(), said.ack.map_or_else(String::new, |ack| ack.to_string()));
            }
        }
        if let Some(window) = pattern.window.filter(|window| *window != segment.window) {
            differ("window", window.0.to_string(), segment.window.0.to_string());
        }
        if let Some(urgent) = pattern.urgent.filter(|urgent| *urgent != segment.urgent) {
            differ("urgent pointer", urgent.to_string(), segment.urgent.to_string());
        }
        if let Some(options) = &pattern.options
            && !self.options_fit(options, heard.options, self.ledger(!speaker), &mut learnt)
        {
            let got = said.options.as_ref().map(OptionsPattern::to_string).unwrap_or_default();
            differ("options", format!("<{options}>"), format!("<{got}>"));
        }
        if let Some(message) = &pattern.message {
            if !message.written.fits(heard.payload) {
                differ("message", message.wording.to_string(), message.told(heard.payload));
            }
        } else if let Some(data) = &pattern.data {
            let fits = if pattern.len.is_some() { heard.payload == data } else { heard.payload.starts_with(data) };
            if !fits {
                let shown = heard.payload.get(..data.len()).unwrap_or(heard.payload);
                differ("payload", Quoted(data).to_string(), Quoted(shown).to_string());
            }
        }
        if differences.is_empty() {
            self.names.extend(learnt);
        }
        differences
    }

    /// What `speaker` has said, as a script would write it.
    pub(in crate::craft) fn written(&self, speaker: Speaker, heard: Heard<'_>) -> Pattern {
        let Heard { segment, options, .. } = heard;
        let (own, peer) = (self.ledger(speaker), self.ledger(!speaker));
        // A reset from where there is no connection counts from nothing.
        let literal = segment.flags.contains(Flags::RST) && segment.seq == Seq(0);
        let ack = relative(segment.ack, peer.isn);
        let items = Self::relative_options(options, peer);
        Pattern {
            flags: Some(segment.flags),
            seq: relative(segment.seq, own.isn.filter(|_| !literal)),
            end: None,
            len: Some(segment.len),
            ack: segment.flags.contains(Flags::ACK).then_some(ack),
            window: Some(segment.window),
            urgent: (segment.urgent != 0).then_some(segment.urgent),
            options: (!items.is_empty()).then_some(OptionsPattern { items, more: false }),
            data: None,
            message: None,
        }
    }

    fn relative_options(options: &OptionList, peer: &Ledger) -> Vec<OptionPattern> {
        let origin = peer.isn.unwrap_or_default();
        let counted = options.counted_from(Seq(0) - origin.0);
        let one = |option| OptionPattern::Exactly(OptionList::from_octets(option).unwrap_or_default());
        counted.each().map(one).collect()
    }

    /// The value of a number that is to be sent.
    fn number(&self, number: Number, isn: Option<Seq>, next: Option<Seq>) -> Result<Seq, Unresolved> {
        match number {
            Number::At(origin, seq) => Ok(origin.on_the_wire(seq, isn.unwrap_or_default())),
            Number::Any => Ok(next.or(isn).unwrap_or_default()),
            Number::Named(name, more) => match self.names.get(&name) {
                Some(Learnt::Number(value)) => Ok(Seq(value.wrapping_add_signed(more))),
                _ => Err(Unresolved::Name(name)),
            },
        }
    }

    /// Whether a number that was heard is what a script has; a new name is learnt.
    fn fits(&self, number: Number, ledger: &Ledger, got: Seq, learnt: &mut Vec<(Name, Learnt)>) -> bool {
        match number {
            Number::Any => true,
            Number::At(Origin::Zero, seq) => seq == got,
            Number::At(Origin::Isn, seq) => ledger.isn.is_none_or(|isn| isn + seq.0 == got),
            Number::Named(name, more) => self.name_fits(name, got.0.wrapping_add_signed(-more), learnt),
        }
    }

    fn name_fits(&self, name: Name, got: u32, learnt: &mut Vec<(Name, Learnt)>) -> bool {
        let before = learnt.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
        let got = Learnt::Number(got);
        if let Some(known) = before.or_else(|| self.names.get(&name)) {
            return *known == got;
        }
        learnt.push((name, got));
        true
    }

    /// The option list that is to be sent.
    fn options(&self, pattern: &OptionsPattern, peer: &Ledger, clock: u32) -> Result<OptionList, Unresolved> {
        let mut list = OptionList::EMPTY;
        for item in &pattern.items {
            match item {
                OptionPattern::Exactly(option) => {
                    list.extend(option.counted_from(peer.isn.unwrap_or_default()).octets())
                }
                OptionPattern::AnyOf(kind::MSS) => list.push(kind::MSS, &USUAL_MSS.to_be_bytes()),
                OptionPattern::AnyOf(_) => return Err(Unresolved::Open("the value of its option")),
                OptionPattern::Timestamps(val, ecr) => {
                    let val = self.value(*val, clock)?;
                    let ecr = self.value(*ecr, peer.ts_val.unwrap_or(0))?;
                    list.push(kind::TIMESTAMPS, &(u64::from(val) << 32 | u64::from(ecr)).to_be_bytes())
                }
                OptionPattern::Cookie(name) => match self.names.get(name) {
                    Some(Learnt::Octets(cookie)) => list.push(kind::FAST_OPEN, cookie),
                    _ => return Err(Unresolved::Name(*name)),
                },
            }
            .map_err(|_| Unresolved::NoRoom)?;
        }
        Ok(list)
    }

    fn value(&self, value: Value, right: u32) -> Result<u32, Unresolved> {
        match value {
            Value::Is(value) => Ok(value),
            Value::Any => Ok(right),
            Value::Named(name) => match self.names.get(&name) {
                Some(Learnt::Number(value)) => Ok(*value),
                _ => Err(Unresolved::Name(name)),
            },
        }
    }

    fn options_fit(
        &self,
        pattern: &OptionsPattern,
        heard: &OptionList,
        peer: &Ledger,
        learnt: &mut Vec<(Name, Learnt)>,
    ) -> bool {
        let wanted = |item: &OptionPattern, got: &[u8], learnt: &mut _| self.option_fits(item, got, peer, learnt);
        if pattern.more {
            return pattern.items.iter().all(|item| heard.each().any(|got| wanted(item, got, learnt)));
        }
        let mut got: Vec<&[u8]> = heard.each().collect();
        // What fills the header up to a whole word is not told.
        while got.len() > pattern.items.len() && got.last() == Some(&&[kind::END][..]) {
            got.pop();
        }
        got.len() == pattern.items.len() && pattern.items.iter().zip(got).all(|(item, got)| wanted(item, got, learnt))
    }

    fn option_fits(&self, item: &OptionPattern, got: &[u8], peer: &Ledger, learnt: &mut Vec<(Name, Learnt)>) -> bool {
        match (item, got) {
            (OptionPattern::Exactly(option), got) => option.counted_from(peer.isn.unwrap_or_default()).octets() == got,
            (OptionPattern::AnyOf(kind), [got, _, ..]) => kind == got,
            (OptionPattern::Timestamps(val, ecr), [kind::TIMESTAMPS, 10, times @ ..]) => {
                let mut fits = |value, got: u32| match value {
                    Value::Is(value) => value == got,
                    Value::Any => true,
                    Value::Named(name) => self.name_fits(name, got, learnt),
                };
                let mut times =
                    times.chunks_exact(4).map(|octets| octets.iter().fold(0, |all, one| all << 8 | u32::from(*one)));
                let mut next = |value| times.next().is_some_and(|got| fits(value, got));
                next(*val) && next(*ecr)
            }
            (OptionPattern::Cookie(name), [kind::FAST_OPEN, _, cookie @ ..]) => {
                let got = Learnt::Octets(cookie.to_vec());
                if let Some(known) = self.names.get(name) {
                    return *known == got;
                }
                learnt.push((*name, got));
                !cookie.is_empty()
            }
            _ => false,
        }
    }

    fn ledger(&self, speaker: Speaker) -> &Ledger {
        match speaker {
            Speaker::Client => &self.client,
            Speaker::Server => &self.server,
        }
    }

    fn ledger_mut(&mut self, speaker: Speaker) -> &mut Ledger {
        match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        }
    }
}

/// Payload by its place in the stream: the octet after the SYN is the first letter of the alphabet.
pub(super) fn letters(speaker: Speaker, place: i32, len: u32) -> Vec<u8> {
    let first = match speaker {
        Speaker::Client => b'a',
        Speaker::Server => b'A',
    };
    (0..len as i32).map(|at| first + place.wrapping_add(at).rem_euclid(26) as u8).collect()
}

fn relative(seq: Seq, isn: Option<Seq>) -> Number {
    match isn {
        Some(isn) => Number::At(Origin::Isn, seq - isn.0),
        None => Number::At(Origin::Zero, seq),
    }
}
