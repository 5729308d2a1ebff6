//! The figure: two lifelines, an arrow for each packet, and where it leaves both ends.

use super::look::{Glyphs, Look};
use super::scene::{Scene, step_title, title};
use super::tale::{Fold, Item, Said, Step};
use crate::capture::track::{Note, Role};
use crate::report::human;
use crate::report::paint::Ink;
use crate::wire::{Flags, Span};

/// Room for the longest state with its mark, `ESTABLISHED?`.
const STATE: usize = 12;
/// The arrow needs this much to be one.
const ARROW_LEAST: usize = 24;
/// And looks best with no more than this.
const ARROW_MOST: usize = 64;
/// Room for notes, where there is any.
const NOTES_LEAST: usize = 24;

/// The lines of the figure.
pub(super) fn ladder(scene: &Scene<'_>) -> Vec<String> {
    let ladder = Ladder::new(scene);
    let mut lines = ladder.heading();
    for item in &scene.tale.items {
        match item {
            Item::Step(step) => lines.push(ladder.rung(step)),
            Item::Fold(fold) => lines.push(ladder.folded(fold)),
        }
    }
    lines
}

struct Ladder<'a> {
    scene: &'a Scene<'a>,
    /// Widths of its columns.
    number: usize,
    time: usize,
    state: usize,
    arrow: usize,
    notes: usize,
}

impl<'a> Ladder<'a> {
    fn new(scene: &'a Scene<'a>) -> Self {
        let number = scene.conn.last_n.to_string().len() + 1;
        let time = seconds(scene.conn.duration()).len();
        let states = scene.steps().any(|step| step.segment().is_some());
        let state = if states { STATE } else { 0 };
        // Number, time, state, lifeline, arrow, lifeline, state: a space or two between each.
        let frame = number + 2 + time + 2 + state + 1 + 2 + 1 + state;
        let room = scene.look.page().saturating_sub(frame);
        let (arrow, notes) = if room >= ARROW_LEAST + 12 + 2 + NOTES_LEAST {
            let arrow = (room - 2 - NOTES_LEAST).min(ARROW_MOST);
            (arrow, room - 2 - arrow)
        } else {
            (room.clamp(ARROW_LEAST, ARROW_MOST), 0)
        };
        Self { scene, number, time, state, arrow, notes }
    }

    fn glyphs(&self) -> &'static Glyphs {
        self.scene.glyphs()
    }

    /// Who stands where, and in which state each was found.
    fn heading(&self) -> Vec<String> {
        let margin = " ".repeat(self.number + 2 + self.time + 2);
        let names = Role::BOTH.map(|role| match role {
            Role::Client => format!("client {}", self.scene.name(role)),
            Role::Server => format!("server {}", self.scene.name(role)),
        });
        let span = self.state + 1 + 1 + self.arrow + 1 + 1 + self.state;
        let lengths = names.each_ref().map(|name| name.chars().count());
        let client = self.scene.look.dye(Look::ink(Role::Client), &names[0]);
        let server = self.scene.look.dye(Look::ink(Role::Server), &names[1]);
        let mut lines = if lengths[0] + 2 + lengths[1] <= span {
            vec![format!("{margin}{client}{}{server}", " ".repeat(span - lengths[0] - lengths[1]))]
        } else {
            vec![
                format!("{margin}{client}"),
                format!("{margin}{}{server}", " ".repeat(span.saturating_sub(lengths[1]))),
            ]
        };
        let first = self.scene.steps().next();
        if let Some(first) = first.filter(|_| self.state > 0) {
            let before = [Role::Client, Role::Server].map(|role| first.before[self.scene.conn.side(role) as usize]);
            lines.push(self.line("", "", &before[0].to_string(), &" ".repeat(self.arrow), &before[1].to_string(), ""));
        }
        lines
    }

    /// One packet.
    fn rung(&self, step: &Step) -> String {
        let conn = self.scene.conn;
        let states = Role::BOTH.map(|role| {
            let side = conn.side(role) as usize;
            if step.before[side] == step.after[side] { String::new() } else { step.after[side].to_string() }
        });
        let number = format!("#{}", step.n);
        let time = seconds(self.scene.since_start(step.time));
        self.line(&number, &time, &states[0], &self.arrow(step), &states[1], &Self::remarks(step))
    }

    /// Many packets.
    fn folded(&self, fold: &Fold) -> String {
        let glyphs = self.glyphs();
        let mut parts = Vec::new();
        for role in Role::BOTH {
            let sent = fold.sent[self.scene.conn.side(role) as usize];
            let data = match sent.data {
                0 => human::plural(sent.empty, "ACK"),
                data => format!("{}, {}", human::plural(data, "segment"), human::octets(sent.octets)),
            };
            if sent.data + sent.empty > 0 {
                parts.push(match role {
                    Role::Client => format!("{data} {}", glyphs.to),
                    Role::Server => format!("{} {data}", if glyphs.to == "→" { "←" } else { "<-" }),
                });
            }
        }
        let text = format!(" {} {} ", glyphs.dots, parts.join("  "));
        let text: String = text.chars().take(self.arrow).collect();
        let arrow = format!("{text:^width$}", width = self.arrow);
        let remarks: Vec<String> = fold.notes.iter().map(|(note, count)| format!("{count} {}", note.id())).collect();
        let arrow = self.scene.look.dye(Ink::Dim, &arrow);
        self.line(glyphs.dots, "", "", &arrow, "", &remarks.join(" "))
    }

    fn line(&self, number: &str, time: &str, left: &str, arrow: &str, right: &str, notes: &str) -> String {
        let Self { number: n, time: t, state, .. } = *self;
        let life = self.glyphs().life;
        let look = self.scene.look;
        let number = look.dye(Ink::Dim, &format!("{number:>n$}  {time:>t$}"));
        let left = look.dye(Ink::Client, &format!("{left:>state$}"));
        let mut right = format!("{right:<state$}");
        let mut notes = fitting(notes, self.notes);
        if notes.is_empty() {
            right.truncate(right.trim_end().len());
        } else {
            notes = format!("  {}", look.dye(Ink::Dim, &notes));
        }
        let line = format!("{number}  {left} {life}{arrow}{life} {}{notes}", look.dye(Ink::Server, &right));
        line.trim_end().to_owned()
    }

    /// `──── SYN seq 0 ────▶` in as many characters as there are.
    fn arrow(&self, step: &Step) -> String {
        let glyphs = self.glyphs();
        let role = step.role(self.scene.conn);
        let copy = step.notes.contains(Note::CaptureDuplicate);
        let shaft = if copy { glyphs.copy } else { glyphs.line };
        let head = match (step.lost, role) {
            (true, _) => glyphs.lost,
            (false, Role::Client) => glyphs.head_right,
            (false, Role::Server) => glyphs.head_left,
        };
        // A shaft of two at each end, the head, a space on both sides of the label.
        let room = self.arrow.saturating_sub(2 + 2 + 1 + 2);
        let labels = self.labels(step);
        let label = labels.iter().find(|label| label.chars().count() <= room);
        let label: String =
            label.or(labels.last()).map_or_else(String::new, |label| label.chars().take(room).collect());
        let shafts = self.arrow.saturating_sub(label.chars().count() + 2 + 1);
        let (before, after) = (shafts / 2, shafts - shafts / 2);
        let stretch = |count: usize| shaft.to_string().repeat(count);
        let ink = Self::ink(step);
        let label = self.scene.look.dye(ink, &label);
        match role {
            Role::Client => format!("{} {label} {}{head}", stretch(before), stretch(after)),
            Role::Server => format!("{head}{} {label} {}", stretch(after), stretch(before)),
        }
    }

    fn ink(step: &Step) -> Ink {
        if step.lost
            || step.notes.intersects(&[
                Note::Retransmit,
                Note::SynRetransmit,
                Note::SynackRetransmit,
                Note::FinRetransmit,
            ])
        {
            return Ink::Warn;
        }
        match step.segment() {
            Some(segment) if segment.flags.contains(Flags::RST) => Ink::Bad,
            Some(_) => Ink::Bold,
            None => match step.said {
                Said::Icmp(icmp, _) if icmp.quoted.is_some() => Ink::Bad,
                _ => Ink::Bold,
            },
        }
    }

    /// What may stand on the arrow, the fullest first.
    fn labels(&self, step: &Step) -> Vec<String> {
        let name = step_title(step);
        match &step.said {
            Said::Tcp(segment) => {
                let seq = self.scene.relative(segment.seq, step.from);
                let ack = segment.acked().map(|ack| format!(" ack {}", self.scene.relative(ack, !step.from)));
                let ack = ack.unwrap_or_default();
                let len = if segment.len > 0 { format!(" len {}", segment.len) } else { String::new() };
                let name = title(segment) + tag(step, self.scene);
                let full = format!("{name} seq {seq}{ack}{len}");
                let mut labels = vec![full.clone(), format!("{name}{ack}{len}"), format!("{name}{len}"), name];
                if segment.flags.contains(Flags::SYN) {
                    let mut options = String::new();
                    if let Some(mss) = segment.options.mss() {
                        options.push_str(&format!(" mss {mss}"));
                    }
                    if let Some(scale) = segment.options.window_scale() {
                        options.push_str(&format!(" wscale {scale}"));
                    }
                    let window = format!(" win {}", segment.window.0);
                    labels.insert(0, format!("{full}{options}"));
                    labels.insert(0, format!("{full}{window}{options}"));
                } else if segment.window.0 == 0 && !segment.flags.contains(Flags::RST) {
                    labels.insert(0, format!("{full} win 0"));
                }
                labels
            }
            Said::Udp(len) => vec![format!("{name} len {len}"), name],
            Said::Icmp(icmp, source) => {
                let echo = match icmp.echo_id {
                    Some(_) => format!("{name} seq {}", icmp.echo_seq),
                    None => format!("{name} from {source}"),
                };
                vec![echo, name]
            }
        }
    }

    /// What the notes column says: the ids, since the sentences stand below.
    fn remarks(step: &Step) -> String {
        let repeats = step.about.map_or_else(String::new, |n| format!(" of #{n}"));
        let kinds = step.notes.iter().filter(|note| note.id().starts_with("retransmit.")).count();
        let told = step.notes.iter().filter(|note| kinds == 0 || *note != Note::Retransmit);
        let mut words: Vec<String> = told.map(|note| note.id().to_owned()).collect();
        if let Some(first) = words.first_mut() {
            first.push_str(&repeats);
        }
        words.join(" ")
    }
}

/// What the reader of the figure should not overlook.
fn tag(step: &Step, scene: &Scene<'_>) -> &'static str {
    const TAGS: &[(&[Note], &str)] = &[
        (&[Note::CaptureDuplicate], " (copy)"),
        (&[Note::SynRetransmit, Note::SynackRetransmit, Note::FinRetransmit, Note::Retransmit], " (again)"),
        (&[Note::Keepalive], " (keep-alive)"),
        (&[Note::KeepaliveAck], " (still there)"),
        (&[Note::WinProbe], " (probe)"),
        (&[Note::Dupack], " (dup)"),
        (&[Note::Reorder], " (late)"),
        (&[Note::RstBlind], " (blind)"),
    ];
    if step.notes.contains(Note::Keepalive) && scene.window_closed(step) {
        return " (probe)";
    }
    TAGS.iter().find(|(notes, _)| step.notes.intersects(notes)).map_or("", |(_, tag)| tag)
}

/// As many whole words of `text` as `width` has room for.
fn fitting(text: &str, width: usize) -> String {
    human::wrap(text, width).into_iter().next().filter(|line| line.len() <= width).unwrap_or_default()
}

/// Seconds with six decimals.
fn seconds(span: Span) -> String {
    let us = span.0 / 1000;
    let sign = if us < 0 { "-" } else { "" };
    let us = us.unsigned_abs();
    format!("{sign}{}.{:06}", us / 1_000_000, us % 1_000_000)
}
