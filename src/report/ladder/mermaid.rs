//! The ladder as a Mermaid sequence diagram, which code hosts draw inside Markdown.

use super::{Ladder, Nature, Row, Rung, known, seconds};
use crate::capture::track::Role;
use crate::report::human;
use crate::report::look::{Glyphs, Look};
use crate::report::paint::Paint;

/// Mermaid draws nothing of a text longer than 50,000 characters.
const MOST: usize = 48_000;

/// The diagram, its lines ended. A ladder too long for Mermaid is shortened, which shows in its
/// folds.
pub fn diagram(ladder: &Ladder) -> String {
    let mut rows = ladder.rows.len();
    let mut text = drawn(ladder);
    while text.len() > MOST && rows > 3 {
        rows = rows * 3 / 4;
        text = drawn(&ladder.clone().shortened(rows));
    }
    text
}

fn drawn(ladder: &Ladder) -> String {
    let glyphs = Look { width: 0, ascii: false, paint: Paint { on: false } }.glyphs();
    let mut text = String::from("sequenceDiagram\n");
    text += &format!("    participant C as client {}\n", escaped(&ladder.names.client));
    text += &format!("    participant S as server {}\n", escaped(&ladder.names.server));
    if ladder.stateful {
        text += &format!("    Note left of C: {}\n    Note right of S: {}\n", ladder.start.client, ladder.start.server);
    }
    for row in &ladder.rows {
        match row {
            Row::Rung(rung) => write_rung(&mut text, ladder, rung, glyphs),
            Row::Fold(fold) => over(&mut text, &format!("{} {} {}", glyphs.dots, fold.told(glyphs), glyphs.dots)),
            Row::Pause(span) => over(&mut text, &format!("{} {}", glyphs.dots, human::span(*span))),
        }
    }
    text
}

fn over(text: &mut String, note: &str) {
    *text += &format!("    Note over C,S: {}\n", escaped(note));
}

fn write_rung(text: &mut String, ladder: &Ladder, rung: &Rung, glyphs: &Glyphs) {
    let [from, to] = match rung.from {
        Role::Client => ["C", "S"],
        Role::Server => ["S", "C"],
    };
    let repeated = matches!(rung.nature(), Nature::Again | Nature::Copy);
    let arrow = match (rung.lost, repeated) {
        (false, false) => "->>",
        (false, true) => "-->>",
        (true, false) => "-x",
        (true, true) => "--x",
    };
    let lost = if rung.lost { " (lost)" } else { "" };
    let label = rung.said.label(usize::MAX);
    let repeats = rung.about.filter(|_| repeated).map_or_else(String::new, |n| format!(" of [{n}]"));
    *text += &format!(
        "    {from}{arrow}{to}: [{}] {} s<br/>{}\n",
        rung.n,
        seconds(rung.at),
        escaped(&(label + &repeats + lost))
    );
    for (role, place) in [(Role::Client, "left of C"), (Role::Server, "right of S")] {
        let mut lines = Vec::new();
        if ladder.stateful && *rung.moved.of(role) {
            lines.push(rung.after.of(role).to_string());
        }
        lines.extend(
            known(*rung.learnt.of(role), glyphs).first().filter(|text| !text.is_empty()).map(|text| escaped(text)),
        );
        if !lines.is_empty() {
            *text += &format!("    Note {place}: {}\n", lines.join("<br/>"));
        }
    }
}

/// Text without what Mermaid would take for its own: `#` and `;` begin and end its entities and
/// statements, and angle brackets are HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '#' => escaped.push_str("#35;"),
            ';' => escaped.push_str("#59;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '&' => escaped.push_str("#amp;"),
            _ if letter.is_control() => escaped.push(' '),
            _ => escaped.push(letter),
        }
    }
    escaped
}
