//! The notation of transcripts: one segment as tcpdump and packetdrill spell it.
//!
//! ```text
//! S 0:0(0) win 65535 <mss 1460,sackOK,nop,wscale 7>
//! P. 1:11(10) ack 1 win 65535
//! R. !0:0(0) ack 1 win 0
//! ```
//!
//! Flags, `seq:end(len)`, then as needed `ack N`, `win N` (65535 where left out), `urg N`, and the
//! options. `end` is `seq + len`: SYN and FIN are not counted in it. A number behind `!` is the
//! field as it stands on the wire; other numbers count from their speaker's initial sequence
//! number, and may be negative.

mod marked;
mod quoted;
mod reader;

use std::fmt;

pub use marked::Marked;
pub use quoted::{Quoted, quoted};
pub use reader::{Fault, Reader};

use super::{Flags, OptionList, Segment, Seq, Window, options::kind};

/// A segment as a transcript writes it: what its numbers count from is not yet known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Written {
    /// The segment with its numbers as written. Its options are those of the list below.
    pub segment: Segment,
    /// The option list, octet for octet; SACK edges count from the ISN of the peer.
    pub options: OptionList,
    /// What the sequence number counts from.
    pub seq: Origin,
    /// What the acknowledgment number counts from.
    pub ack: Origin,
}

/// What a number in a transcript counts from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// The initial sequence number of the end whose octets it counts.
    Isn,
    /// Nothing: it is the field as sent, marked `!`.
    Zero,
}

impl Written {
    /// The segment with the numbers of the wire, and its options, given the sender's and the
    /// receiver's initial sequence numbers.
    pub fn sent(&self, sender: Seq, receiver: Seq) -> (Segment, OptionList) {
        let options = self.options.counted_from(receiver);
        let segment = Segment {
            seq: self.seq.on_the_wire(self.segment.seq, sender),
            ack: self.ack.on_the_wire(self.segment.ack, receiver),
            options: options.meaning(),
            ..self.segment
        };
        (segment, options)
    }
}

impl Origin {
    /// The number that stands in the header for the one that is `written`, given the initial
    /// sequence number of the end whose octets it counts.
    pub fn on_the_wire(self, written: Seq, isn: Seq) -> Seq {
        match self {
            Self::Isn => isn + written.0,
            Self::Zero => written,
        }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |origin, Seq(value)| match origin {
            Origin::Isn => (value as i32).to_string(),
            Origin::Zero => format!("!{value}"),
        };
        let Self { segment, options, seq, ack } = self;
        let end = match seq {
            Origin::Isn => number(Origin::Isn, segment.seq + segment.len),
            Origin::Zero => (segment.seq + segment.len).to_string(),
        };
        write!(f, "{} {}:{end}({})", segment.flags, number(*seq, segment.seq), segment.len)?;
        let silent = *ack == Origin::Zero && segment.ack == Seq(0) && !segment.flags.contains(Flags::ACK);
        if !silent {
            write!(f, " ack {}", number(*ack, segment.ack))?;
        }
        write_rest(f, segment, options)
    }
}

impl std::str::FromStr for Written {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        whole(text, written)
    }
}

/// With the numbers of the wire, unsigned. Options are written in the shortest list that has
/// their meaning, see [`OptionList`].
impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}:{}({})", self.flags, self.seq, self.seq + self.len, self.len)?;
        if self.flags.contains(Flags::ACK) || self.ack != Seq(0) {
            write!(f, " ack {}", self.ack)?;
        }
        write_rest(f, self, &OptionList::from(&self.options))
    }
}

impl std::str::FromStr for Segment {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        whole(text, written).map(|written| written.segment)
    }
}

fn write_rest(f: &mut fmt::Formatter<'_>, segment: &Segment, options: &OptionList) -> fmt::Result {
    write!(f, " win {}", segment.window.0)?;
    if segment.urgent != 0 {
        write!(f, " urg {}", segment.urgent)?;
    }
    if !options.is_empty() {
        write!(f, " <{options}>")?;
    }
    Ok(())
}

/// Reads `text` to its end with `read`.
///
/// # Errors
///
/// As `read`, and when something is left over.
pub fn whole<'a, T>(text: &'a str, read: fn(&mut Reader<'a>) -> Result<T, Fault>) -> Result<T, Fault> {
    let mut reader = Reader::new(text);
    let value = read(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Reads one segment: flags, numbers, window, options.
///
/// # Errors
///
/// Where the text leaves the notation, or contradicts itself.
pub fn written(reader: &mut Reader<'_>) -> Result<Written, Fault> {
    let flags = flags(reader)?;
    let (seq, seq_origin, len) = range(reader)?;
    let mut line = Written {
        segment: Segment { seq, flags, len, window: Window(u16::MAX), ..Segment::default() },
        options: OptionList::default(),
        seq: seq_origin,
        ack: Origin::Zero,
    };
    let before_ack = reader.mark();
    if reader.eat_word("ack") {
        (line.segment.ack, line.ack) = number(reader)?;
    } else if flags.contains(Flags::ACK) {
        return Err(reader.fault_since(before_ack, "the flags say ACK: expected `ack` and a number"));
    }
    if reader.eat_word("win") {
        line.segment.window = Window(reader.integer("a window of 0 to 65535")?);
    }
    if reader.eat_word("urg") {
        line.segment.urgent = reader.integer("an urgent pointer of 0 to 65535")?;
    }
    if reader.eat('<') {
        line.options = option_list(reader)?;
        reader.expect('>')?;
    }
    line.segment.options = line.options.meaning();
    Ok(line)
}

/// Reads `seq:end(len)`: the first number, what it counts from, and the length.
///
/// # Errors
///
/// When `end` is not `seq + len`, or the text is something else.
pub fn range(reader: &mut Reader<'_>) -> Result<(Seq, Origin, u32), Fault> {
    let (seq, origin) = number(reader)?;
    reader.expect(':')?;
    let before_end = reader.mark();
    let (end, _) = number(reader)?;
    let after_end = reader.mark();
    reader.expect('(')?;
    let len: u32 = reader.integer("a length in octets")?;
    reader.expect(')')?;
    if seq + len != end {
        let right = seq + len;
        let right = if origin == Origin::Isn { i64::from(right.0 as i32) } else { i64::from(right.0) };
        return Err(reader.fault_between(
            before_end,
            after_end,
            format!("{len} octets from there end at {right} (SYN and FIN are not counted)"),
        ));
    }
    Ok((seq, origin, len))
}

/// Reads the options between `<` and `>`.
///
/// # Errors
///
/// Where the text leaves the notation, and where a TCP header has no more room.
pub fn option_list(reader: &mut Reader<'_>) -> Result<OptionList, Fault> {
    let mut list = OptionList::default();
    loop {
        option(reader, &mut list)?;
        if !reader.eat(',') {
            return Ok(list);
        }
    }
}

/// Reads one option and adds it to `list`.
///
/// # Errors
///
/// Where the text leaves the notation, and where a TCP header has no more room.
pub fn option(reader: &mut Reader<'_>, list: &mut OptionList) -> Result<(), Fault> {
    let start = reader.mark();
    let name = reader.word();
    let added = match name {
        "mss" => list.push(kind::MSS, &reader.integer::<u16>("a segment size")?.to_be_bytes()),
        "sackOK" => list.push(kind::SACK_PERMITTED, &[]),
        "nop" => list.extend(&[kind::NOP]),
        "eol" => list.extend(&[kind::END]),
        "wscale" => list.push(kind::WINDOW_SCALE, &[reader.integer("a shift count")?]),
        "TS" => list.push(kind::TIMESTAMPS, &timestamps(reader)?),
        "sack" => list.push(kind::SACK, &edges(reader)?),
        "FO" => list.push(kind::FAST_OPEN, &reader.hex()?),
        "FOEXP" => list.push(kind::EXPERIMENT_2, &[&super::options::FAST_OPEN_EXPERIMENT[..], &reader.hex()?].concat()),
        "kind" => list.push(reader.integer("an option kind")?, &reader.hex()?),
        "raw" => list.extend(&reader.hex()?),
        _ => {
            let what = "expected an option: mss, sackOK, TS, nop, wscale, sack, FO, FOEXP, eol, kind or raw";
            return Err(reader.fault_since(start, what));
        }
    };
    added.map_err(|_| reader.fault_since(start, "no room: a TCP header has 40 octets for options"))
}

/// Reads flags: letters as tcpdump prints them, or `none`.
///
/// # Errors
///
/// When the next word is something else.
pub fn flags(reader: &mut Reader<'_>) -> Result<Flags, Fault> {
    let start = reader.mark();
    let word = reader.word();
    let wrong = "expected flags: letters of `FSRP.UEWe`, or `none`";
    match word {
        "none" => Ok(Flags::default()),
        "" => Err(reader.fault_since(start, wrong)),
        letters => letters
            .chars()
            .try_fold(Flags::default(), |flags, letter| Flags::from_letter(letter).map(|flag| flags | flag))
            .ok_or_else(|| reader.fault_since(start, wrong)),
    }
}

/// Reads a sequence number: `17`, `-1`, or `!4711`.
///
/// # Errors
///
/// When the next word is none, or has more than 32 bits.
pub fn number(reader: &mut Reader<'_>) -> Result<(Seq, Origin), Fault> {
    let origin = if reader.eat('!') { Origin::Zero } else { Origin::Isn };
    let start = reader.mark();
    let value: i64 = reader.integer("a sequence number")?;
    let known = i64::from(i32::MIN)..=i64::from(u32::MAX);
    if !known.contains(&value) {
        return Err(reader.fault_since(start, "sequence numbers have 32 bits"));
    }
    Ok((Seq(value as u32), origin))
}

fn timestamps(reader: &mut Reader<'_>) -> Result<[u8; 8], Fault> {
    reader.expect_word("val")?;
    let val: u32 = reader.integer("a TSval")?;
    reader.expect_word("ecr")?;
    let ecr: u32 = reader.integer("a TSecr")?;
    Ok((u64::from(val) << 32 | u64::from(ecr)).to_be_bytes())
}

fn edges(reader: &mut Reader<'_>) -> Result<Vec<u8>, Fault> {
    let mut octets = Vec::new();
    while octets.is_empty() || reader.at_number() {
        let (left, _) = number(reader)?;
        reader.expect(':')?;
        let (right, _) = number(reader)?;
        octets.extend(left.0.to_be_bytes());
        octets.extend(right.0.to_be_bytes());
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn round_trip(text: &str) -> Written {
        let written: Written = text.parse().unwrap_or_else(|fault| panic!("{text}: {fault}"));
        assert_eq!(written.to_string(), text);
        written
    }

    #[track_caller]
    fn fault(text: &str, under: &str) -> String {
        let fault = text.parse::<Written>().expect_err("not in the notation");
        assert_eq!(&text[fault.at..(fault.at + fault.len).min(text.len())], under, "{fault}");
        fault.what
    }

    #[test]
    fn what_a_transcript_says_comes_back_word_for_word() {
        round_trip("S 0:0(0) win 65535 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>");
        round_trip("S. 0:0(0) ack 1 win 1024");
        round_trip("P. 1:11(10) ack 1 win 65535 <nop,nop,sack 1:5 9:13>");
        round_trip(". -1:-1(0) ack 1 win 0");
        round_trip("FP.U 1:1(0) ack 1 win 1 urg 9");
        round_trip("R. !0:0(0) ack !4711 win 0");
        round_trip("none 7:7(0) win 65535");
        round_trip("S 0:0(0) ack 0 win 65535");
    }

    #[test]
    fn numbers_count_from_the_isn_of_the_end_whose_octets_they_count() {
        let (segment, _) = round_trip("P. 1:11(10) ack 5 win 1 <sack 1:5>").sent(Seq(u32::MAX), Seq(100));
        assert_eq!((segment.seq, segment.ack, segment.end()), (Seq(0), Seq(105), Seq(10)));
        assert_eq!(segment.options.sack(), [(Seq(101), Seq(105))]);
        let (reset, _) = round_trip("R. !0:0(0) ack 1 win 0").sent(Seq(7), Seq(100));
        assert_eq!((reset.seq, reset.ack), (Seq(0), Seq(101)));
    }

    #[test]
    fn a_segment_without_ack_has_a_literal_zero_there() {
        let (syn, _) = round_trip("S 0:0(0) win 1").sent(Seq(7), Seq(100));
        assert_eq!(syn.ack, Seq(0));
    }

    #[test]
    fn a_fault_points_at_the_word_that_is_wrong() {
        assert!(fault("X 0:0(0)", "X").starts_with("expected flags"));
        assert_eq!(fault("P. 1:10(10) ack 1", "10"), "10 octets from there end at 11 (SYN and FIN are not counted)");
        assert!(fault("S. 0:0(0) win 1", "w").starts_with("the flags say ACK"));
        assert!(fault("S 0:0(0) <mss 70000>", "70000").starts_with("expected a segment size"));
        assert!(fault("S 0:0(0) <foo>", "foo").starts_with("expected an option"));
        assert_eq!(fault("S 0:0(0) win 1 <nop", ""), "expected `>`");
        assert_eq!(fault("S 0:0(0) wind 1", "wind"), "expected the end of the line");
        assert!(fault("S 0:0(0) <raw 0>", "0").starts_with("expected octets"));
        assert!(fault("S 4294967296:0(0)", "4294967296").starts_with("sequence numbers"));
    }
}
