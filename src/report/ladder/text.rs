//! The ladder in characters, as wide as asked for; and two of them side by side.

use super::{Fold, Ladder, Nature, Pace, Row, Rung, known, seconds, short_name};
use crate::capture::track::{Role, Standing};
use crate::report::human;
use crate::report::look::{Glyphs, Look};
use crate::report::paint::Ink;
use crate::wire::Span;

/// Room for the longest state with its mark, `ESTABLISHED?`.
const STATE: usize = 12;
/// And for its short form, `FIN-W1?`.
const STATE_SHORT: usize = 7;
/// The arrow needs this much to be one.
const ARROW_LEAST: usize = 24;
/// This much where there is no more.
const ARROW_BARE: usize = 12;
/// And looks best with no more than this.
const ARROW_MOST: usize = 64;
/// Room for notes, where there is any.
const NOTES_LEAST: usize = 24;
/// Between two ladders.
const GUTTER: usize = 4;
/// To scale, a wait takes at most so many lines.
const WAIT_MOST: i64 = 12;

/// How a text ladder is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Width, characters, colours.
    pub look: Look,
    /// What room time takes.
    pub pace: Pace,
    /// Whether what both ends learn stands in it.
    pub facts: bool,
}

/// The lines of the figure.
pub fn lines(ladder: &Ladder, manner: Manner) -> Vec<String> {
    let painter = Painter::new(ladder, manner, manner.look.page(), true);
    let mut lines = painter.heading();
    let mut waits = Waits::new(ladder, manner.pace);
    for row in &ladder.rows {
        if let Row::Rung(rung) = row {
            lines.extend((0..waits.lines_before(rung.at)).map(|_| painter.blank()));
        }
        match row {
            Row::Rung(rung) => lines.extend(painter.rung(rung)),
            Row::Fold(fold) => lines.push(painter.fold(fold)),
            Row::Pause(span) => lines.push(painter.pause(*span)),
        }
    }
    lines
}

/// The lines of two ladders, left and right, row by row: what stands on the same line need not be
/// the same packet. Each has half of the look's width.
pub fn beside(left: &Ladder, right: &Ladder, manner: Manner) -> Vec<String> {
    let width = manner.look.page().saturating_sub(GUTTER) / 2;
    let half = |ladder: &Ladder| {
        let painter = Painter::new(ladder, manner, width, false);
        let mut rows = vec![painter.heading()];
        rows.extend(ladder.rows.iter().map(|row| match row {
            Row::Rung(rung) => painter.rung(rung),
            Row::Fold(fold) => vec![painter.fold(fold)],
            Row::Pause(span) => vec![painter.pause(*span)],
        }));
        rows
    };
    let (left, right) = (half(left), half(right));
    let none = Vec::new();
    let mut lines = Vec::new();
    for row in 0..left.len().max(right.len()) {
        let (left, right) = (left.get(row).unwrap_or(&none), right.get(row).unwrap_or(&none));
        for line in 0..left.len().max(right.len()) {
            let text = |half: &Vec<String>| half.get(line).cloned().unwrap_or_default();
            let (left, right) = (text(left), text(right));
            let room = (width + GUTTER).saturating_sub(visible(&left));
            lines.push(format!("{left}{}{right}", " ".repeat(room)).trim_end().to_owned());
        }
    }
    lines
}

/// How many lines of waiting stand before a row, where time is to scale.
struct Waits {
    unit: i64,
    last: Option<Span>,
}

impl Waits {
    fn new(ladder: &Ladder, pace: Pace) -> Self {
        let rungs = ladder.rungs().count() as i64;
        let unit = match pace {
            Pace::Even => i64::MAX,
            Pace::ToScale => (ladder.duration.0 / (2 * rungs + 8).min(60)).max(1),
        };
        Self { unit, last: None }
    }

    fn lines_before(&mut self, at: Span) -> i64 {
        let last = self.last.replace(at).unwrap_or(at);
        ((at.0 - last.0) / self.unit).clamp(0, WAIT_MOST)
    }
}

struct Painter<'a> {
    ladder: &'a Ladder,
    manner: Manner,
    /// Widths of its columns.
    number: usize,
    time: usize,
    state: usize,
    arrow: usize,
    notes: usize,
}

impl<'a> Painter<'a> {
    /// A painter that fits into `page` columns: where they are few, the time goes, then states are
    /// shortened.
    fn new(ladder: &'a Ladder, manner: Manner, page: usize, notes: bool) -> Self {
        let number = ladder.last_n.to_string().len() + 1;
        let time = seconds(ladder.duration).len();
        let state = if ladder.stateful { STATE } else { 0 };
        let short = state.min(STATE_SHORT);
        // Number, time, state, lifeline, arrow, lifeline, state: a space or two between each.
        let frame = |time: usize, state: usize| number + 2 + time + 2 + state + 1 + 2 + 1 + state;
        let choices = [(time, state), (0, state), (time, short), (0, short)];
        let fitting = choices.into_iter().find(|(time, state)| frame(*time, *state) + ARROW_LEAST <= page);
        let (time, state) = fitting.unwrap_or((0, short));
        let room = page.saturating_sub(frame(time, state));
        let (arrow, notes) = if notes && room >= ARROW_LEAST + 12 + 2 + NOTES_LEAST {
            let arrow = (room - 2 - NOTES_LEAST).min(ARROW_MOST);
            (arrow, room - 2 - arrow)
        } else {
            (room.clamp(ARROW_BARE, ARROW_MOST), 0)
        };
        Self { ladder, manner, number, time, state, arrow, notes }
    }

    fn glyphs(&self) -> &'static Glyphs {
        self.manner.look.glyphs()
    }

    /// Who stands where, and in which state each was found.
    fn heading(&self) -> Vec<String> {
        let look = self.manner.look;
        let margin = " ".repeat(self.number + 2 + self.time + 2);
        let client = format!("client {}", self.ladder.names.client);
        let server = format!("server {}", self.ladder.names.server);
        let span = self.state + 1 + 1 + self.arrow + 1 + 1 + self.state;
        let lengths = [&client, &server].map(|name| name.chars().count());
        let [client, server] =
            [(Role::Client, client), (Role::Server, server)].map(|(role, name)| look.dye(Look::ink(role), &name));
        let mut lines = if lengths[0] + 2 + lengths[1] <= span {
            vec![format!("{margin}{client}{}{server}", " ".repeat(span - lengths[0] - lengths[1]))]
        } else {
            vec![
                format!("{margin}{client}"),
                format!("{margin}{}{server}", " ".repeat(span.saturating_sub(lengths[1]))),
            ]
        };
        if self.ladder.stateful && !self.ladder.rows.is_empty() {
            let start = self.ladder.start;
            let lane = " ".repeat(self.arrow);
            lines.push(self.line("", "", &self.standing(start.client), &lane, &self.standing(start.server), ""));
        }
        lines
    }

    fn standing(&self, standing: Standing) -> String {
        match self.state {
            STATE => standing.to_string(),
            _ => format!("{}{}", short_name(standing.state), standing.basis.mark()),
        }
    }

    /// One packet, and what was learnt from it.
    fn rung(&self, rung: &Rung) -> Vec<String> {
        let [left, right] = Role::BOTH.map(|role| {
            if self.ladder.stateful && *rung.moved.of(role) {
                self.standing(*rung.after.of(role))
            } else {
                String::new()
            }
        });
        let number = format!("#{}", rung.n);
        let mut lines = vec![self.line(&number, &seconds(rung.at), &left, &self.arrow(rung), &right, &rung.remarks())];
        if self.manner.facts {
            lines.extend(self.facts(rung).iter().map(|lane| self.line("", "", "", lane, "", "")));
        }
        lines
    }

    /// What each end knows by now, at its own lifeline.
    fn facts(&self, rung: &Rung) -> Vec<String> {
        let [client, server] = Role::BOTH.map(|role| known(*rung.learnt.of(role), self.glyphs()));
        let room = self.arrow.saturating_sub(2 + 2);
        let length = |text: &str| text.chars().count();
        let choices =
            [[&client[0], &server[0]], [&client[1], &server[0]], [&client[0], &server[1]], [&client[1], &server[1]]];
        match choices.into_iter().find(|[a, b]| length(a) + length(b) <= room) {
            Some([client, server]) if client.is_empty() && server.is_empty() => Vec::new(),
            Some([client, server]) => vec![self.at_ends(client, server)],
            None => {
                let wrapped = |text: &str| human::wrap(text, self.arrow.saturating_sub(2));
                let client = wrapped(&client[1]).into_iter().map(|line| self.at_ends(&line, ""));
                client.chain(wrapped(&server[1]).into_iter().map(|line| self.at_ends("", &line))).collect()
            }
        }
    }

    /// A lane with a text at each lifeline.
    fn at_ends(&self, client: &str, server: &str) -> String {
        let gap = self.arrow.saturating_sub(2 + client.chars().count() + server.chars().count());
        let look = self.manner.look;
        format!(" {}{}{} ", look.dye(Ink::Dim, client), " ".repeat(gap), look.dye(Ink::Dim, server))
    }

    /// Many packets.
    fn fold(&self, fold: &Fold) -> String {
        let dots = self.glyphs().dots;
        let remarks: Vec<String> = fold.notes.iter().map(|(note, count)| format!("{count} {}", note.id())).collect();
        self.aside(dots, &format!("{dots} {}", fold.told(self.glyphs())), &remarks.join(" "))
    }

    /// A silence.
    fn pause(&self, span: Span) -> String {
        let wait = self.glyphs().wait;
        self.aside("", &format!("{wait} {} {wait}", human::span(span)), "")
    }

    fn aside(&self, number: &str, text: &str, remarks: &str) -> String {
        let text: String = format!(" {text} ").chars().take(self.arrow).collect();
        let lane = self.manner.look.dye(Ink::Dim, &format!("{text:^width$}", width = self.arrow));
        self.line(number, "", "", &lane, "", remarks)
    }

    fn blank(&self) -> String {
        self.line("", "", "", &" ".repeat(self.arrow), "", "")
    }

    fn line(&self, number: &str, time: &str, left: &str, lane: &str, right: &str, notes: &str) -> String {
        let Self { number: n, time: t, state, .. } = *self;
        let life = self.glyphs().life;
        let look = self.manner.look;
        let time = if t == 0 { "" } else { time };
        let number = look.dye(Ink::Dim, &format!("{number:>n$}  {time:>t$}"));
        let left = look.dye(Ink::Client, &format!("{left:>state$}"));
        let mut right = format!("{right:<state$}");
        let mut notes = fitting(notes, self.notes);
        if notes.is_empty() {
            right.truncate(right.trim_end().len());
        } else {
            notes = format!("  {}", look.dye(Ink::Dim, &notes));
        }
        let line = format!("{number}  {left} {life}{lane}{life} {}{notes}", look.dye(Ink::Server, &right));
        line.trim_end().to_owned()
    }

    /// `──── SYN seq 0 ────▶` in as many characters as there are.
    fn arrow(&self, rung: &Rung) -> String {
        let glyphs = self.glyphs();
        let shaft = if rung.nature() == Nature::Copy { glyphs.copy } else { glyphs.line };
        let head = match (rung.lost, rung.from) {
            (true, _) => glyphs.lost,
            (false, Role::Client) => glyphs.head_right,
            (false, Role::Server) => glyphs.head_left,
        };
        // A shaft of two at each end, the head, a space on both sides of the label.
        let room = self.arrow.saturating_sub(2 + 2 + 1 + 2);
        let label = rung.said.label(room);
        let shafts = self.arrow.saturating_sub(label.chars().count() + 2 + 1);
        let (before, after) = (shafts / 2, shafts - shafts / 2);
        let stretch = |count: usize| shaft.to_string().repeat(count);
        let label = self.manner.look.dye(ink(rung), &label);
        match rung.from {
            Role::Client => format!("{} {label} {}{head}", stretch(before), stretch(after)),
            Role::Server => format!("{head}{} {label} {}", stretch(after), stretch(before)),
        }
    }
}

fn ink(rung: &Rung) -> Ink {
    match rung.nature() {
        _ if rung.lost => Ink::Warn,
        Nature::Again => Ink::Warn,
        Nature::Breaks => Ink::Bad,
        Nature::Opens | Nature::Talks | Nature::Closes | Nature::Copy => Ink::Bold,
    }
}

/// As many whole words of `text` as `width` has room for.
fn fitting(text: &str, width: usize) -> String {
    human::wrap(text, width).into_iter().next().filter(|line| line.len() <= width).unwrap_or_default()
}

/// Characters of `text` that take room on a terminal: colour codes take none.
fn visible(text: &str) -> usize {
    let mut codes = false;
    text.chars()
        .filter(|letter| {
            let code = codes || *letter == '\x1b';
            codes = code && *letter != 'm';
            !code
        })
        .count()
}

/// What the signs of a ladder mean.
pub fn legend(look: Look) -> String {
    let Glyphs { proven, expected, .. } = look.glyphs();
    format!(
        "{proven} proven, {expected} true once this packet arrives. Behind a state: ! proven, ? expected, ~ assumed."
    )
}
