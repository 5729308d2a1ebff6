//! The ladder as the figures of RFC 9293 draw it: both states on every line, the segment between
//! them in angle brackets.

use super::{Ladder, Row, Rung};
use crate::capture::track::{Ends, Role, Standing, State};
use crate::report::human;
use crate::report::look::{Glyphs, Look};
use crate::wire::Flags;

/// Room for the longest name, `SYN-RECEIVED`.
const STATE: usize = 12;

/// The control bits that the RFC names, in the order it lists them.
const CTL: [(Flags, &str); 8] = [
    (Flags::SYN, "SYN"),
    (Flags::FIN, "FIN"),
    (Flags::RST, "RST"),
    (Flags::PSH, "PSH"),
    (Flags::URG, "URG"),
    (Flags::ECE, "ECE"),
    (Flags::CWR, "CWR"),
    (Flags::ACK, "ACK"),
];

/// The lines of the figure. It says what the ends are believed to be in, and not for what reason;
/// ` (lost)` stands where a segment never arrived.
pub fn lines(ladder: &Ladder, look: Look) -> Vec<String> {
    // The figures of the standard are in ASCII.
    let glyphs = Look { ascii: true, ..look }.glyphs();
    let (client, server) = ("TCP Peer A", "TCP Peer B");
    let rungs: Vec<String> = ladder.rungs().map(written).collect();
    let lane = rungs.iter().map(String::len).max().unwrap_or_default().max(24);
    let number = ladder.rows.len().max(1).to_string().len() + 2;
    let mut lines = vec![
        format!("{:number$}{client:<STATE$} {:gap$} {server}", "", "", gap = lane + 8),
        format!("{:number$}{} {} {}", "", ladder.names.client, glyphs.to, ladder.names.server),
    ];
    let mut nth = 0;
    let mut next = || {
        nth += 1;
        format!("{:<number$}", format!("{nth}."))
    };
    if ladder.stateful {
        let [left, right] = names(ladder.start);
        lines.extend([String::new(), format!("{}{left:<STATE$} {:gap$} {right}", next(), "", gap = lane + 8)]);
    }
    for row in &ladder.rows {
        lines.push(String::new());
        lines.push(match row {
            Row::Rung(rung) => line(&next(), rung, lane, ladder.stateful),
            Row::Fold(fold) => aside(number, &fold.told(glyphs), glyphs),
            Row::Pause(span) => aside(number, &human::span(*span), glyphs),
        });
    }
    lines
}

fn aside(number: usize, text: &str, glyphs: &Glyphs) -> String {
    format!("{:indent$}{dots} {text} {dots}", "", indent = number + STATE + 1, dots = glyphs.dots)
}

/// `2.  SYN-SENT     --> <SEQ=0><CTL=SYN>  --> SYN-RECEIVED`
fn line(number: &str, rung: &Rung, lane: usize, stateful: bool) -> String {
    let [left, right] = if stateful { names(rung.after) } else { [""; 2] };
    let arrow = match rung.from {
        Role::Client => "-->",
        Role::Server => "<--",
    };
    // What was lost left its sender, and came nowhere.
    let [near_client, near_server] = match (rung.lost, rung.from) {
        (false, _) => [arrow; 2],
        (true, Role::Client) => [arrow, "..."],
        (true, Role::Server) => ["...", arrow],
    };
    let text = format!("{number}{left:<STATE$} {near_client} {:<lane$} {near_server} {right}", written(rung));
    text.trim_end().to_owned()
}

/// `<SEQ=0><ACK=1><CTL=ACK><DATA=72>`
fn written(rung: &Rung) -> String {
    let said = &rung.said;
    let Some(flags) = said.flags else {
        return format!("<{}>", said.labels().first().map_or("", String::as_str));
    };
    let field = |name: &str, value: Option<String>| value.map_or_else(String::new, |value| format!("<{name}={value}>"));
    let names: Vec<&str> = CTL.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, name)| *name).collect();
    let seq = field("SEQ", said.seq.clone());
    let ack = field("ACK", said.ack.clone());
    let data = field("DATA", (said.len > 0).then(|| said.len.to_string()));
    let control = field("CTL", (!names.is_empty()).then(|| names.join(",")));
    let lost = if rung.lost { " (lost)" } else { "" };
    format!("{seq}{ack}{control}{data}{lost}")
}

/// The states as the RFC spells them.
fn names(at: Ends<Standing>) -> [&'static str; 2] {
    [at.client, at.server].map(|standing| match standing.state {
        State::Closed => "CLOSED",
        State::Listen => "LISTEN",
        State::SynSent => "SYN-SENT",
        State::SynRcvd => "SYN-RECEIVED",
        State::Established => "ESTABLISHED",
        State::FinWait1 => "FIN-WAIT-1",
        State::FinWait2 => "FIN-WAIT-2",
        State::CloseWait => "CLOSE-WAIT",
        State::Closing => "CLOSING",
        State::LastAck => "LAST-ACK",
        State::TimeWait => "TIME-WAIT",
    })
}
