//! Declarations, and streams cut by them.

use synfin::capture::declared::{Cut, Cutter, Piece, parse};
use synfin::wire::Timestamp;
use synfin::wire::declared::Definition;

/// What is before the first octet 0 is a declaration, what is behind it the lengths of segments up to the
/// next 0, and the rest a stream. A declaration that is none leaves the example's.
pub(crate) fn check(input: &[u8]) {
    let mut parts = input.splitn(3, |octet| *octet == 0);
    let text = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let lengths = parts.next().unwrap_or_default();
    let stream = parts.next().unwrap_or(input);
    let known = match parse(&text) {
        Ok(known) => known,
        Err(error) => {
            assert!(error.to_string().contains('^'), "a mistake has a place: {error}");
            parse(include_str!("../../examples/acme/acme.toml")).expect("no mistake")
        }
    };
    for of in &known {
        assert_eq!(of.check(), Ok(()), "what was read has no flaw");
        let (whole, in_step) = cut(of, stream, &[]);
        let (pieces, _) = cut(of, stream, lengths);
        // In step the segments make no difference; where step is lost, they help to find it again.
        assert_eq!(whole.get(..in_step), pieces.get(..in_step), "{}", of.name);
        // What reads a header can write one.
        if let Ok(octets) = of.octets(None, &[], b"") {
            assert!(of.measure(&octets) == Ok(octets.len() as u64) || of.max < octets.len() as u64);
        }
    }
}

/// The messages of a stream by their places and sizes, and how many there are before the first octet that is
/// in none. Every octet is in one, or lost.
fn cut(of: &Definition, stream: &[u8], lengths: &[u8]) -> (Vec<(u64, u64)>, usize) {
    let mut cutter = Cutter::new(64);
    let (mut messages, mut in_step, mut to) = (Vec::new(), None, 0);
    let mut tell = |cut: Cut<'_>| {
        let (at, len) = match cut {
            Cut::Message(message) => {
                messages.push((message.at, message.size));
                let mut line = Vec::new();
                of.write_summary(&mut line, message.header, message.body);
                assert!(message.body.len() <= 64);
                (message.at, message.size)
            }
            Cut::Lost(lost) => {
                in_step.get_or_insert(messages.len());
                (lost.at, lost.len)
            }
        };
        assert!(at == to && len > 0, "{at} follows {to}");
        to = at + len;
    };
    let mut at = 0;
    for n in 0.. {
        let Some(rest) = stream.get(at..).filter(|rest| !rest.is_empty()) else { break };
        let len = lengths.get(n).map_or(rest.len(), |len| usize::from(*len)).clamp(1, rest.len());
        cutter.push(of, Piece { at: at as u64, n: n as u64, time: Timestamp(0), bytes: &rest[..len] }, &mut tell);
        assert!(cutter.held() <= (256 << 10) + 2 * len);
        at += len;
    }
    cutter.end(of, &mut tell);
    assert_eq!(to, stream.len() as u64, "an octet is in no message and not lost");
    let in_step = in_step.unwrap_or(messages.len());
    (messages, in_step)
}
