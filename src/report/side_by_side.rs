//! What both ends of a connection did, twice, side by side: as it was recorded, and as it went again.

use std::io::{self, Write};

use super::digits::Digits as _;
use super::paint::{Ink, Paint};
use crate::wire::Span;
use crate::wire::recording::{Act, End, Step};

/// Columns of one side.
const SIDE: usize = 46;

/// How far ahead the counterpart of a step is looked for.
const AHEAD: usize = 64;

/// Writes both, a row for each step that both have, or one of them.
///
/// # Errors
///
/// When the output can't be written.
pub fn write(recorded: &[Step], live: &[Step], paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let mut text = Vec::new();
    text.text("    recorded");
    pad(&mut text, 4 + SIDE - 12);
    text.text("   live\n");
    for (then, now) in rows(recorded, live) {
        let ink = match (then, now) {
            (Some(_), Some(_)) => None,
            (Some(_), None) => Some(Ink::Warn),
            _ => Some(Ink::Bad),
        };
        let mut line = Vec::new();
        line.text("  ");
        side(&mut line, then);
        line.text(match (then, now) {
            (Some(_), Some(_)) => " │ ",
            (Some(_), None) => " ◀ ",
            _ => " ▶ ",
        });
        side(&mut line, now);
        while line.last() == Some(&b' ') {
            line.pop();
        }
        match ink {
            Some(ink) => paint.with(ink, &mut text, |text| text.extend_from_slice(&line)),
            None => text.extend_from_slice(&line),
        }
        text.push(b'\n');
    }
    out.write_all(&text)
}

/// The steps of both, those that are each other's counterparts in one row.
fn rows<'a>(recorded: &'a [Step], live: &'a [Step]) -> Vec<(Option<&'a Step>, Option<&'a Step>)> {
    let mut rows = Vec::with_capacity(recorded.len().max(live.len()));
    let (mut then, mut now) = (recorded, live);
    loop {
        match (then, now) {
            ([], []) => return rows,
            ([first, rest @ ..], []) => {
                rows.push((Some(first), None));
                then = rest;
            }
            ([], [first, rest @ ..]) => {
                rows.push((None, Some(first)));
                now = rest;
            }
            ([a, rest_a @ ..], [b, rest_b @ ..]) => {
                let ahead =
                    |steps: &[Step], wanted: &Step| steps.iter().take(AHEAD).position(|step| alike(step, wanted));
                let (in_now, in_then) = (ahead(now, a), ahead(then, b));
                match (in_now, in_then) {
                    (Some(0), _) => {
                        rows.push((Some(a), Some(b)));
                        (then, now) = (rest_a, rest_b);
                    }
                    // The nearer counterpart first; without one, the recorded step stands alone.
                    (Some(far), Some(near)) if near < far => {
                        rows.push((Some(a), None));
                        then = rest_a;
                    }
                    (Some(_), _) => {
                        rows.push((None, Some(b)));
                        now = rest_b;
                    }
                    (None, _) => {
                        rows.push((Some(a), None));
                        then = rest_a;
                    }
                }
            }
        }
    }
}

/// Whether two steps are the same but for their time and what was heard before.
fn alike(a: &Step, b: &Step) -> bool {
    let ends = |act: Act| match act {
        Act::Data { from, to, .. } => Some((from, to)),
        Act::Syn | Act::SynAck | Act::Fin | Act::Reset => None,
    };
    a.by == b.by && std::mem::discriminant(&a.act) == std::mem::discriminant(&b.act) && ends(a.act) == ends(b.act)
}

/// Writes a step, as wide as a side is.
fn side(out: &mut Vec<u8>, step: Option<&Step>) {
    let text = step.map(words).unwrap_or_default();
    out.text(&text);
    pad(out, SIDE.saturating_sub(text.chars().count()));
}

fn words(step: &Step) -> String {
    let time = Span(i64::try_from(step.at_ns).unwrap_or(i64::MAX)).as_secs_f64();
    let arrow = match step.by {
        End::Client => "──▶",
        End::Server => "◀──",
    };
    let act = match step.act {
        Act::Syn => "SYN".to_owned(),
        Act::SynAck => "SYN/ACK".to_owned(),
        Act::Data { from, to, push } => format!("{}octets {from}..{to}", if push { "PSH " } else { "" }),
        Act::Fin => "FIN".to_owned(),
        Act::Reset => "RST".to_owned(),
    };
    format!("{time:>10.6} {arrow} {act}")
}

fn pad(out: &mut Vec<u8>, columns: usize) {
    out.extend(std::iter::repeat_n(b' ', columns));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(by: End, act: Act) -> Step {
        Step { at_ns: 1_500_000, by, act, heard: 0 }
    }

    #[test]
    fn counterparts_stand_in_one_row_and_others_alone() {
        let data = |from, to| Act::Data { from, to, push: true };
        let recorded = [step(End::Client, Act::Syn), step(End::Client, data(0, 9)), step(End::Server, Act::Fin)];
        let live = [step(End::Client, Act::Syn), step(End::Client, data(0, 5)), step(End::Server, Act::Fin)];
        let mut out = Vec::new();
        write(&recorded, &live, Paint::default(), &mut out).expect("memory takes everything");
        let text = String::from_utf8(out).expect("text");
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[1], ["0.001500", "──▶", "SYN", "│", "0.001500", "──▶", "SYN"], "{text}");
        assert_eq!(rows[2], ["0.001500", "──▶", "PSH", "octets", "0..9", "◀"], "{text}");
        assert_eq!(rows[3], ["▶", "0.001500", "──▶", "PSH", "octets", "0..5"], "{text}");
        assert_eq!(rows[4], ["0.001500", "◀──", "FIN", "│", "0.001500", "◀──", "FIN"], "{text}");
    }
}
