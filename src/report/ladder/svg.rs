//! The ladder as a drawing: SVG, complete in itself, for light and dark surroundings.
//!
//! Lifelines are bars coloured by the state their end is in: full where that is proven, paler where
//! it is expected or assumed.

use std::fmt::Write as _;

use super::{Fold, Ladder, Nature, Pace, Row, Rung, known, seconds};
use crate::capture::track::{Basis, Role, Standing, State};
use crate::report::human;
use crate::report::look::{Glyphs, Look};
use crate::report::paint::Paint;
use crate::wire::Span;

/// The looks of a ladder, for a page that has some in it.
pub const STYLE: &str = include_str!("ladder.css");

/// Widths and places, in pixels.
const WIDTH: f64 = 1000.0;
const NUMBER: f64 = 52.0;
const TIME: f64 = 62.0;
const CLIENT: f64 = 268.0;
const SERVER: f64 = 712.0;
const BAR: f64 = 7.0;
const MARGIN: f64 = 14.0;
/// What a row takes.
const ROW: f64 = 34.0;
const ROW_FACTS: f64 = 46.0;
const ROW_ASIDE: f64 = 34.0;
const HEADING: f64 = 54.0;
/// An arrow falls by this much on its way.
const FALL: f64 = 7.0;
/// Pixels that a letter of a label takes, about.
const LETTER: f64 = 6.5;
/// Letters that have room beside a lifeline, and at the right edge.
const FACTS_MOST: usize = 42;
const REMARK_MOST: usize = 30;
/// To scale, a wait takes at most this much.
const WAIT_MOST: f64 = 220.0;

/// A ladder and what stands over it.
#[derive(Clone, Debug)]
pub struct Titled {
    /// One line.
    pub title: String,
    /// More of them.
    pub caption: Vec<String>,
    /// What is drawn.
    pub ladder: Ladder,
}

/// A document with one drawing below the other, and `remarks` at the end.
pub fn document(drawings: &[Titled], remarks: &[String], pace: Pace) -> String {
    let mut body = String::new();
    let mut y = MARGIN;
    for Titled { title, caption, ladder } in drawings {
        y += 14.0;
        text(&mut body, MARGIN, y, "title", title);
        for line in caption {
            y += 17.0;
            text(&mut body, MARGIN, y, "dim", line);
        }
        y += 14.0;
        let (drawing, height) = drawn(ladder, pace);
        let _ = writeln!(body, "<g transform=\"translate(0 {y:.1})\">\n{drawing}</g>");
        y += height + 2.0 * MARGIN;
    }
    for remark in remarks {
        y += 17.0;
        text(&mut body, MARGIN, y, "dim", remark);
    }
    let height = y + MARGIN;
    let titles: Vec<String> = drawings.iter().map(|drawing| escaped(&drawing.title)).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ladder\" viewBox=\"0 0 {WIDTH} {height:.0}\" \
         width=\"{WIDTH}\" height=\"{height:.0}\" role=\"img\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n\
         <rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n{body}</svg>\n",
        titles.join("; ")
    )
}

/// An element for a page that has [`STYLE`] itself.
pub fn element(ladder: &Ladder, pace: Pace) -> String {
    let (body, height) = drawn(ladder, pace);
    format!(
        "<svg class=\"ladder\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" \
         aria-label=\"Ladder of connection {}\">\n{body}</svg>\n",
        ladder.id.0
    )
}

fn drawn(ladder: &Ladder, pace: Pace) -> (String, f64) {
    let glyphs = Look { width: 0, ascii: false, paint: Paint { on: false } }.glyphs();
    let mut drawing = Drawing { ladder, glyphs, body: String::new(), y: HEADING };
    let scale = match pace {
        Pace::Even => 0.0,
        Pace::ToScale => {
            let rows = ladder.rows.len() as f64;
            (rows * ROW * 1.5).clamp(300.0, 3000.0) / (ladder.duration.0.max(1) as f64)
        }
    };
    let mut bars = Bars::new(ladder);
    let mut last: Option<Span> = None;
    for row in &ladder.rows {
        let (begins, ends) = match row {
            Row::Rung(rung) => (rung.at, rung.at),
            Row::Fold(fold) => fold.at,
            Row::Pause(_) => {
                // To scale, the room itself shows it; the row says how long it was.
                drawing.row(row);
                continue;
            }
        };
        let wait = last.map_or(0, |last| (begins.0 - last.0).max(0));
        drawing.y += (wait as f64 * scale).min(WAIT_MOST);
        last = Some(ends);
        if let Row::Rung(rung) = row {
            bars.moved(rung, drawing.y);
        }
        drawing.row(row);
    }
    let height = drawing.y + 8.0;
    let bars = bars.drawn(height);
    let heading = drawing.heading();
    (format!("{heading}{bars}{}", drawing.body), height + 4.0)
}

struct Drawing<'a> {
    ladder: &'a Ladder,
    glyphs: &'static Glyphs,
    body: String,
    /// Where the next row begins.
    y: f64,
}

impl Drawing<'_> {
    fn heading(&self) -> String {
        let mut out = String::new();
        for (role, x) in [(Role::Client, CLIENT), (Role::Server, SERVER)] {
            text(&mut out, x, 14.0, "end mid", role.name());
            text(&mut out, x, 30.0, "dim mid", self.ladder.names.of(role));
            if self.ladder.stateful {
                state(&mut out, role, 49.0, *self.ladder.start.of(role));
            }
        }
        out
    }

    fn row(&mut self, row: &Row) {
        match row {
            Row::Rung(rung) => self.rung(rung),
            Row::Fold(fold) => self.fold(fold),
            Row::Pause(span) => self.pause(*span),
        }
    }

    fn rung(&mut self, rung: &Rung) {
        let facts = Role::BOTH.map(|role| known(*rung.learnt.of(role), self.glyphs));
        let tall = facts.iter().any(|facts| !facts[0].is_empty());
        // The arrow leaves in the middle of an ordinary row.
        let y = self.y + 21.0;
        let nature = match rung.nature() {
            Nature::Opens => "opens",
            Nature::Talks => "talks",
            Nature::Closes => "closes",
            Nature::Again => "again",
            Nature::Breaks => "breaks",
            Nature::Copy => "copy",
        };
        let out = &mut self.body;
        let _ = writeln!(out, "<g class=\"{nature}\">");
        let told = if rung.words.is_empty() { rung.remarks() } else { rung.words.join(" ") };
        let _ = writeln!(out, "<title>{}</title>", escaped(&format!("#{} {} s: {told}", rung.n, seconds(rung.at))));
        text(out, NUMBER, y, "dim small right", &format!("#{}", rung.n));
        text(out, TIME, y, "dim small", &seconds(rung.at));
        arrow(out, rung, y);
        let room = ((SERVER - CLIENT - 4.0 * BAR) / LETTER) as usize;
        text(out, f64::midpoint(CLIENT, SERVER), y - 4.0, "label mid", &rung.said.label(room));
        for role in Role::BOTH {
            let arrives = if role == rung.from { y + 1.0 } else { y + FALL };
            if self.ladder.stateful && *rung.moved.of(role) {
                state(out, role, arrives, *rung.after.of(role));
            }
        }
        if tall {
            for (role, [full, brief]) in Role::BOTH.into_iter().zip(facts) {
                let (x, class) = match role {
                    Role::Client => (CLIENT - 2.0 * BAR, "dim small right"),
                    Role::Server => (SERVER + 2.0 * BAR, "dim small"),
                };
                let told = if full.chars().count() <= FACTS_MOST { full } else { brief };
                if !told.is_empty() {
                    text(out, x, if role == rung.from { y + 15.0 } else { y + FALL + 13.0 }, class, &told);
                }
            }
        }
        if rung.nature() == Nature::Again || rung.lost {
            let remark = if rung.lost { "lost behind the capture point".to_owned() } else { rung.remarks() };
            let short = human::wrap(&remark, REMARK_MOST).into_iter().next().unwrap_or_default();
            text(out, WIDTH - MARGIN, y, "dim small right", &short);
        }
        out.push_str("</g>\n");
        self.y += if tall { ROW_FACTS } else { ROW };
    }

    fn fold(&mut self, fold: &Fold) {
        let middle = self.y + 20.0;
        let out = &mut self.body;
        let (left, right) = (CLIENT + 2.0 * BAR, SERVER - 2.0 * BAR);
        let (first, last) = fold.frames;
        let _ = writeln!(out, "<g><title>{}</title>", escaped(&format!("#{first} to #{last}")));
        let _ = writeln!(
            out,
            "<path class=\"rule\" d=\"M{left:.1} {:.1}H{right:.1}M{left:.1} {:.1}H{right:.1}\"/>",
            middle - 13.0,
            middle + 7.0
        );
        let told = format!("{} {} {}", self.glyphs.dots, fold.told(self.glyphs), self.glyphs.dots);
        text(out, f64::midpoint(CLIENT, SERVER), middle, "dim mid", &told);
        text(out, TIME, middle, "dim small", &seconds(fold.at.0));
        out.push_str("</g>\n");
        self.y += ROW_ASIDE;
    }

    fn pause(&mut self, span: Span) {
        let middle = self.y + 20.0;
        let out = &mut self.body;
        for x in [CLIENT, SERVER] {
            let _ = writeln!(
                out,
                "<path class=\"paper\" d=\"M{:.1} {:.1}h{:.1}v10h-{:.1}z\"/><path class=\"lull\" d=\"M{:.1} {:.1}l{w:.1} -6m-{w:.1} 12l{w:.1} -6\"/>",
                x - BAR,
                middle - 9.0,
                2.0 * BAR,
                2.0 * BAR,
                x - BAR,
                middle - 3.0,
                w = 2.0 * BAR
            );
        }
        text(out, f64::midpoint(CLIENT, SERVER), middle, "dim mid", &format!("{} of silence", human::span(span)));
        self.y += ROW_ASIDE;
    }
}

/// The arrow of a packet that leaves at `y`: to the other end, or to a cross on the way.
fn arrow(out: &mut String, rung: &Rung, y: f64) {
    let (start, end) = match rung.from {
        Role::Client => (CLIENT + BAR, SERVER - BAR),
        Role::Server => (SERVER - BAR, CLIENT + BAR),
    };
    let direction = (end - start).signum();
    let (x, bottom) = if rung.lost { (start + (end - start) * 0.8, y + FALL * 0.8) } else { (end, y + FALL) };
    let tip = if rung.lost { x } else { x - direction * 8.0 };
    let _ = writeln!(out, "<path class=\"shaft\" d=\"M{start:.1} {y:.1}L{tip:.1} {bottom:.1}\"/>");
    if rung.lost {
        cross(out, x, bottom);
    } else {
        let back = x - direction * 10.0;
        let _ = writeln!(
            out,
            "<path class=\"head\" d=\"M{x:.1} {bottom:.1}L{back:.1} {:.1}L{back:.1} {:.1}z\"/>",
            bottom - 4.5,
            bottom + 4.0
        );
    }
    if rung.behind_a_gap() {
        // What is missing left before this, and was lost before it came by the capture point.
        let (stub, high) = (start + direction * 46.0, y - 12.0);
        let _ = writeln!(out, "<path class=\"gone\" d=\"M{start:.1} {:.1}L{stub:.1} {high:.1}\"/>", high - 1.0);
        cross(out, stub, high);
    }
}

fn cross(out: &mut String, x: f64, y: f64) {
    let _ = writeln!(out, "<path class=\"cross\" d=\"M{:.1} {:.1}l9 9m0 -9l-9 9\"/>", x - 4.5, y - 4.5);
}

/// A state beside the lifeline of `role`.
fn state(out: &mut String, role: Role, y: f64, standing: Standing) {
    let (x, class) = match role {
        Role::Client => (CLIENT - 2.0 * BAR, "state right"),
        Role::Server => (SERVER + 2.0 * BAR, "state"),
    };
    text(out, x, y, class, &standing.to_string());
}

/// The lifelines, in pieces.
struct Bars {
    pieces: [Vec<(f64, Option<Standing>)>; 2],
}

impl Bars {
    fn new(ladder: &Ladder) -> Self {
        let begin = |role| (36.0, ladder.stateful.then_some(*ladder.start.of(role)));
        Self { pieces: Role::BOTH.map(|role| vec![begin(role)]) }
    }

    fn moved(&mut self, rung: &Rung, y: f64) {
        for (role, pieces) in Role::BOTH.into_iter().zip(&mut self.pieces) {
            if *rung.moved.of(role) {
                let fall = if role == rung.from { 0.0 } else { FALL };
                pieces.push((y + 21.0 + fall, Some(*rung.after.of(role))));
            }
        }
    }

    fn drawn(&self, bottom: f64) -> String {
        let mut out = String::new();
        for (pieces, x) in self.pieces.iter().zip([CLIENT, SERVER]) {
            let ends = pieces.iter().skip(1).map(|(y, _)| *y).chain([bottom]);
            for ((y, standing), end) in pieces.iter().zip(ends) {
                let class = match standing {
                    None => "was-none".to_owned(),
                    Some(standing) => format!("{}{}", phase(standing.state), doubt(standing.basis)),
                };
                let _ = writeln!(
                    out,
                    "<rect class=\"{class}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{BAR}\" height=\"{:.1}\"/>",
                    x - BAR / 2.0,
                    (end - y).max(0.0)
                );
            }
        }
        out
    }
}

/// The part of a connection's life that `state` belongs to.
const fn phase(state: State) -> &'static str {
    match state {
        State::Closed | State::Listen => "was-closed",
        State::SynSent | State::SynRcvd => "was-opening",
        State::Established => "was-established",
        State::FinWait1 | State::FinWait2 | State::CloseWait | State::Closing | State::LastAck | State::TimeWait => {
            "was-closing"
        }
    }
}

const fn doubt(basis: Basis) -> &'static str {
    match basis {
        Basis::Proven => "",
        Basis::Expected => " expected",
        Basis::Assumed => " assumed",
    }
}

fn text(out: &mut String, x: f64, y: f64, class: &str, text: &str) {
    let _ = writeln!(out, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(text));
}

/// Text as it has to stand in XML and HTML, whatever it holds.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // XML 1.0 has no way to write these.
            _ if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            _ => escaped.push(letter),
        }
    }
    escaped
}
