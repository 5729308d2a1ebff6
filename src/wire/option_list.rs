use std::fmt;

use super::options::{self, FAST_OPEN_EXPERIMENT, Item, Options, Present, kind};
use super::{Seq, notation};

/// A TCP option list octet for octet, in the order it is sent: what [`Options`] is the meaning of.
///
/// Prints and parses in transcript notation (`mss 1460,sackOK,nop,wscale 7`); every list of up to
/// 40 octets has a text, and that text is read back as the same octets.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct OptionList {
    len: u8,
    octets: [u8; Self::MAX],
}

/// The list would not fit in a TCP header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NoRoom;

impl OptionList {
    /// The most octets a TCP header has room for (RFC 9293 §3.1: a data offset of 15).
    pub const MAX: usize = 40;

    /// No options.
    pub const EMPTY: Self = Self { len: 0, octets: [0; Self::MAX] };

    /// The list with these octets.
    ///
    /// # Errors
    ///
    /// When there are more than 40.
    pub fn from_octets(octets: &[u8]) -> Result<Self, NoRoom> {
        let mut list = Self::EMPTY;
        list.extend(octets)?;
        Ok(list)
    }

    /// Adds an option with its length octet.
    ///
    /// # Errors
    ///
    /// When there is no room for it; the list is then as it was.
    pub fn push(&mut self, kind: u8, data: &[u8]) -> Result<(), NoRoom> {
        let mut longer = *self;
        longer.extend(&[kind, data.len().saturating_add(2).min(255) as u8])?;
        longer.extend(data)?;
        *self = longer;
        Ok(())
    }

    /// Adds octets as they are.
    ///
    /// # Errors
    ///
    /// When there is no room for them; the list is then as it was.
    pub fn extend(&mut self, octets: &[u8]) -> Result<(), NoRoom> {
        let start = usize::from(self.len);
        let slot = self.octets.get_mut(start..start + octets.len()).ok_or(NoRoom)?;
        slot.copy_from_slice(octets);
        self.len += octets.len() as u8;
        Ok(())
    }

    /// The octets as sent, without the padding that fills the header up to a whole word.
    pub fn octets(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }

    /// The options one by one, each with its kind and length. End-of-list is an option of one
    /// octet here, and so is each octet of padding behind it; what cannot be read is one to the end.
    pub fn each(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.octets();
        std::iter::from_fn(move || {
            let (option, next) = split(rest)?;
            rest = next;
            Some(option)
        })
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What the list means.
    pub fn meaning(&self) -> Options {
        Options::parse(self.octets())
    }

    /// The same list with every SACK edge counted from `origin` instead of from 0.
    #[must_use]
    pub fn counted_from(mut self, origin: Seq) -> Self {
        let mut rest = &mut self.octets[..usize::from(self.len)];
        while let Some((option, _)) = split(rest) {
            let (option, next) = rest.split_at_mut(option.len());
            if let [kind::SACK, _, edges @ ..] = option {
                for edge in edges.chunks_exact_mut(4) {
                    let shifted = Seq(be32(edge)) + origin.0;
                    edge.copy_from_slice(&shifted.0.to_be_bytes());
                }
            }
            rest = next;
        }
        self
    }
}

/// The shortest list with this meaning, in the order Linux sends. What [`Options`] only counts (a
/// cookie's octets, the data of unknown kinds) becomes zeros; what does not fit is left off.
impl From<&Options> for OptionList {
    fn from(options: &Options) -> Self {
        let mut list = Self::default();
        let mut push = |kind, data: &[u8]| {
            let _ = list.push(kind, data);
        };
        if let Some(mss) = options.mss() {
            push(kind::MSS, &mss.to_be_bytes());
        }
        if options.sack_permitted() {
            push(kind::SACK_PERMITTED, &[]);
        }
        if let Some((val, ecr)) = options.timestamps() {
            push(kind::TIMESTAMPS, &[val.to_be_bytes(), ecr.to_be_bytes()].concat());
        }
        if let Some(shift) = options.window_scale() {
            push(kind::WINDOW_SCALE, &[shift]);
        }
        if !options.sack().is_empty() {
            let edges: Vec<u8> = options
                .sack()
                .iter()
                .flat_map(|(left, right)| [left.0.to_be_bytes(), right.0.to_be_bytes()].concat())
                .collect();
            push(kind::SACK, &edges);
        }
        if let Some(len) = options.fast_open() {
            push(kind::FAST_OPEN, &[0; 255][..usize::from(len)]);
        }
        if let Some(subtype) = options.mptcp() {
            push(kind::MPTCP, &[subtype << 4]);
        }
        for (present, kind, len) in [
            (Present::MD5, kind::MD5, 16),
            (Present::AUTHENTICATION, kind::AUTHENTICATION, 2),
            (Present::OTHER, kind::EXPERIMENT_1, 0),
        ] {
            if options.present.contains(present) {
                push(kind, &[0; 16][..len]);
            }
        }
        if options.malformed() {
            let _ = list.extend(&[u8::MAX]);
        }
        list
    }
}

impl Default for OptionList {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// As between `<` and `>` in a transcript.
impl fmt::Display for OptionList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.octets();
        let mut comma = "";
        while let Some((option, next)) = split(rest) {
            f.write_str(comma)?;
            comma = ",";
            match options::walk(option).next() {
                None => f.write_str("eol")?,
                Some(Item::Nop) => f.write_str("nop")?,
                Some(Item::Kind(kind, data)) => write_kind(f, kind, data)?,
                Some(Item::Broken(octets)) => write!(f, "raw {}", Hex(octets))?,
            }
            rest = next;
        }
        Ok(())
    }
}

impl fmt::Debug for OptionList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{self}>")
    }
}

impl std::str::FromStr for OptionList {
    type Err = notation::Fault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().is_empty() {
            return Ok(Self::EMPTY);
        }
        notation::whole(text, notation::option_list)
    }
}

/// Splits off the first option with all its octets. Nothing gets lost: end-of-list is an option
/// of one octet, and what cannot be read is one option to the end.
fn split(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = match options::walk(octets).next() {
        None if octets.is_empty() => return None,
        None | Some(Item::Nop) => 1,
        Some(Item::Kind(_, data)) => data.len() + 2,
        Some(Item::Broken(rest)) => rest.len(),
    };
    Some(octets.split_at(len))
}

fn write_kind(f: &mut fmt::Formatter<'_>, kind: u8, data: &[u8]) -> fmt::Result {
    match (kind, data) {
        (kind::MSS, &[a, b]) => write!(f, "mss {}", u16::from_be_bytes([a, b])),
        (kind::WINDOW_SCALE, [shift]) => write!(f, "wscale {shift}"),
        (kind::SACK_PERMITTED, []) => f.write_str("sackOK"),
        (kind::SACK, edges) if !edges.is_empty() && edges.len() % 8 == 0 => {
            f.write_str("sack")?;
            edges.chunks_exact(8).try_for_each(|block| write!(f, " {}:{}", be32(&block[..4]), be32(&block[4..])))
        }
        (kind::TIMESTAMPS, times) if times.len() == 8 => {
            write!(f, "TS val {} ecr {}", be32(&times[..4]), be32(&times[4..]))
        }
        (kind::FAST_OPEN, []) => f.write_str("FO"),
        (kind::FAST_OPEN, cookie) => write!(f, "FO {}", Hex(cookie)),
        (kind::EXPERIMENT_2, data) if data == FAST_OPEN_EXPERIMENT => f.write_str("FOEXP"),
        (kind::EXPERIMENT_2, data) if data.starts_with(&FAST_OPEN_EXPERIMENT) => write!(f, "FOEXP {}", Hex(&data[2..])),
        (kind, []) => write!(f, "kind {kind}"),
        (kind, data) => write!(f, "kind {kind} {}", Hex(data)),
    }
}

/// Octets as lower-case hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

fn be32(octets: &[u8]) -> u32 {
    octets.iter().take(4).fold(0, |value, octet| value << 8 | u32::from(*octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn round_trip(text: &str, octets: &[u8]) {
        let list: OptionList = text.parse().expect("the text is in the notation");
        assert_eq!(list.octets(), octets, "{text}");
        assert_eq!(list.to_string(), text);
    }

    #[test]
    fn every_option_has_a_text_and_comes_back_from_it() {
        round_trip("mss 1460", &[2, 4, 5, 0xb4]);
        round_trip("nop,wscale 7", &[1, 3, 3, 7]);
        round_trip("nop,nop,TS val 1 ecr 4294967295", &[1, 1, 8, 10, 0, 0, 0, 1, 255, 255, 255, 255]);
        round_trip("sackOK,eol,eol", &[4, 2, 0, 0]);
        round_trip("sack 1:5", &[5, 10, 0, 0, 0, 1, 0, 0, 0, 5]);
        round_trip("FO", &[34, 2]);
        round_trip("FO 0a0b", &[34, 4, 10, 11]);
        round_trip("FOEXP,nop", &[254, 4, 0xf9, 0x89, 1]);
        round_trip("kind 2 01", &[2, 3, 1]);
        round_trip("kind 253", &[253, 2]);
        round_trip("raw 0201", &[2, 1]);
        round_trip("", &[]);
    }

    #[test]
    fn only_sack_edges_are_counted_from_somewhere() {
        let list: OptionList = "TS val 1 ecr 1,sack 1:5".parse().expect("valid");
        assert_eq!(list.counted_from(Seq(u32::MAX)).to_string(), "TS val 1 ecr 1,sack 0:4");
    }

    #[test]
    fn forty_octets_fit_and_no_more() {
        assert!(OptionList::from_octets(&[1; 40]).is_ok());
        assert_eq!(OptionList::from_octets(&[1; 41]), Err(NoRoom));
        let mut list = OptionList::from_octets(&[1; 38]).expect("38 fit");
        assert_eq!(list.push(kind::WINDOW_SCALE, &[7]), Err(NoRoom));
        assert_eq!(list.octets().len(), 38);
    }
}
