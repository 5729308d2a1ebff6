//! The state diagram of RFC 9293 §3.3.2, with both ends in it.

use std::io::Write as _;

use super::super::paint::{Ink, Paint};
use crate::capture::Observation;
use crate::capture::track::{Role, State};

/// The diagram. A state stands behind `__`, the label of an edge behind `%` and the edge's letter:
/// room for two marks.
const DIAGRAM: [&str; 19] = [
    r"                                  __CLOSED",
    r"                  %apassive OPEN /        \ %bactive OPEN, snd SYN",
    r"                                v          v",
    r"                         __LISTEN         __SYN_SENT",
    r"   %crcv SYN, snd SYN+ACK  |    %drcv SYN,    |  %ercv SYN+ACK,",
    r"                           v      snd SYN+ACK |    snd ACK",
    r"                      __SYN_RCVD <------------+",
    r"          %frcv ACK of SYN  \                 |",
    r"                             v                v",
    r"                              __ESTABLISHED",
    r"             %gCLOSE, snd FIN  /          \ %hrcv FIN, snd ACK",
    r"                              v            v",
    r"                    __FIN_WAIT_1            __CLOSE_WAIT",
    r" %ircv ACK of FIN  /      |     \ %jrcv FIN,      | %mCLOSE,",
    r"                  v       |%o    v  snd ACK       v   snd FIN",
    r"       __FIN_WAIT_2       |  __CLOSING         __LAST_ACK",
    r"   %krcv FIN,      \      |     / %lrcv ACK       | %nrcv ACK of FIN",
    r"     snd ACK        v     v    v    of FIN        v",
    r"                     __TIME_WAIT               __CLOSED",
];

/// Draws the diagram with C where the client stands and S where the server does, and at the edges
/// that took them there; and says below what those edges are.
pub(super) fn draw(page: &mut Vec<u8>, seen: &Observation, paint: Paint) {
    for (number, line) in DIAGRAM.iter().enumerate() {
        let last = number + 1 == DIAGRAM.len();
        let mut rest = *line;
        while let Some((at, slot)) = next_slot(rest) {
            let (before, after) = rest.split_at(at);
            page.extend_from_slice(before.as_bytes());
            let label = after.get(2..).unwrap_or_default();
            let name = word(label);
            let here = |role: Role| {
                let (before, after) = (seen.before.of(role).state, seen.after.of(role).state);
                match slot {
                    // Who has closed stands at the end, who has not begun at the beginning.
                    Slot::State if name == State::Closed.name() => {
                        after == State::Closed && last == (before != State::Closed)
                    }
                    Slot::State => after.name() == name,
                    Slot::Edge(letter) => before != after && edge(before, after).0 == letter,
                }
            };
            mark(page, here(Role::Client), here(Role::Server), paint, if slot == Slot::State { name } else { "" });
            rest = if slot == Slot::State { label.get(name.len()..).unwrap_or_default() } else { label };
        }
        page.extend_from_slice(rest.as_bytes());
        page.push(b'\n');
    }
    page.push(b'\n');
    for role in Role::BOTH {
        let (before, after) = (seen.before.of(role), seen.after.of(role));
        if before.state == after.state {
            let _ = writeln!(page, "    {}: {after}", role.name());
        } else {
            let _ = writeln!(page, "    {}: {before} -> {after}: {}", role.name(), edge(before.state, after.state).1);
        }
    }
}

/// A place for marks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Slot {
    State,
    Edge(char),
}

/// Where the next place for marks is, and what it is.
fn next_slot(line: &str) -> Option<(usize, Slot)> {
    let at = line.find("__").into_iter().chain(line.find('%')).min()?;
    let mut letters = line.get(at..)?.chars();
    match (letters.next()?, letters.next()?) {
        ('%', letter) => Some((at, Slot::Edge(letter))),
        _ => Some((at, Slot::State)),
    }
}

fn word(text: &str) -> &str {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default()
}

fn mark(page: &mut Vec<u8>, client: bool, server: bool, paint: Paint, name: &str) {
    let (marks, ink) = match (client, server) {
        (true, false) => ("C ", Ink::Client),
        (false, true) => ("S ", Ink::Server),
        (true, true) => ("CS", Ink::Bold),
        (false, false) => {
            let _ = write!(page, "  {name}");
            return;
        }
    };
    paint.with(ink, page, |page| {
        let _ = write!(page, "{marks}{name}");
    });
}

/// What takes an end from one state to the other: the letter of the edge, and what the end hears or
/// is asked and does then.
const fn edge(before: State, after: State) -> (char, &'static str) {
    use State::{
        CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynRcvd, SynSent, TimeWait,
    };
    match (before, after) {
        (Closed, Listen) => ('a', "passive OPEN"),
        (Closed | Listen, SynSent) => ('b', "active OPEN, snd SYN"),
        (Closed | Listen, SynRcvd) => ('c', "rcv SYN, snd SYN+ACK"),
        (SynSent, SynRcvd) => ('d', "rcv SYN, snd SYN+ACK"),
        (SynSent, Established) => ('e', "rcv SYN+ACK, snd ACK"),
        (SynRcvd, Established) => ('f', "rcv ACK of SYN"),
        (SynRcvd | Established, FinWait1) => ('g', "CLOSE, snd FIN"),
        (SynRcvd | Established, CloseWait) => ('h', "rcv FIN, snd ACK"),
        (FinWait1, FinWait2) => ('i', "rcv ACK of FIN"),
        (FinWait1, Closing) => ('j', "rcv FIN, snd ACK"),
        (FinWait2, TimeWait) => ('k', "rcv FIN, snd ACK"),
        (Closing, TimeWait) => ('l', "rcv ACK of FIN"),
        (CloseWait, LastAck) => ('m', "CLOSE, snd FIN"),
        (LastAck, Closed) => ('n', "rcv ACK of FIN"),
        (FinWait1, TimeWait) => ('o', "rcv FIN and ACK of FIN, snd ACK"),
        (Established, LastAck) => (' ', "rcv FIN, CLOSE, snd FIN+ACK"),
        (TimeWait, Closed) => (' ', "2 MSL have passed"),
        (_, Closed) => (' ', "RST"),
        _ => (' ', "by way of what was not seen"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_stands_in_the_diagram() {
        use State::{
            CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynRcvd, SynSent, TimeWait,
        };
        let all =
            [Closed, Listen, SynSent, SynRcvd, Established, FinWait1, FinWait2, CloseWait, Closing, LastAck, TimeWait];
        for state in all {
            let slot = format!("__{}", state.name());
            assert!(DIAGRAM.iter().any(|line| line.contains(&slot)), "{}", state.name());
        }
    }

    #[test]
    fn the_edges_of_an_ordinary_life_are_drawn() {
        use State::{CloseWait, Closed, Established, FinWait1, FinWait2, LastAck, Listen, SynRcvd, SynSent, TimeWait};
        let lives = [
            &[Closed, SynSent, Established, FinWait1, FinWait2, TimeWait][..],
            &[Listen, SynRcvd, Established, CloseWait, LastAck, Closed],
        ];
        for pair in lives.iter().flat_map(|life| life.windows(2)) {
            let slot = format!("%{}", edge(pair[0], pair[1]).0);
            assert!(DIAGRAM.iter().any(|line| line.contains(&slot)), "{pair:?}");
        }
    }
}
