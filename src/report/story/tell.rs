//! Puts the parts of a story together.

use std::collections::HashSet;
use std::io::{self, Write};

use super::Parts;
use super::attempt::{self, Attempt};
use super::cause::{self, Cause, Grade};
use super::grid::{self, Learnt, Questions};
use super::ladder::{self, Words};
use super::lecture::{self, Topic};
use super::scene::{Scene, step_title};
use super::tale::{Fold, Item, Said, Step, Tale};
use super::{said, sheet, verdict, words};
use crate::capture::Conn;
use crate::capture::track::{Fact, Note, Role, State};
use crate::report::human;
use crate::report::ladder::{Pace, rfc, text};
use crate::report::look::Look;
use crate::report::paint::Ink;
use crate::wire::{Flags, Side};

/// Where the text of a step begins.
const INDENT: usize = 7;

/// Of what many packets said that are told as one, so much is told.
const SAID_IN_A_FOLD: usize = 12;

/// Characters of a line that tells a part of an attempt, at least.
const LEAST_PART: usize = 30;

/// How the figure is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figure {
    /// As those of RFC 9293.
    pub(super) rfc: bool,
    /// What room time takes.
    pub(super) pace: Pace,
}

/// Writes the story of `conn`. Lectures on topics in `lectured` are left out; those held are added.
pub(super) fn tell(
    out: &mut dyn Write,
    conn: &Conn,
    tale: &Tale,
    look: Look,
    parts: Parts,
    figure: Figure,
    lectured: &mut HashSet<Topic>,
) -> io::Result<()> {
    let scene = Scene::new(conn, tale, look);
    let mut teller = Teller { out, scene: &scene, lectured, learnt: Learnt::default() };
    teller.heading()?;
    if matches!(parts, Parts::All | Parts::Figure) {
        writeln!(teller.out)?;
        // What each end learns stands below the steps, where those are told.
        let facts = parts == Parts::Figure;
        let ladder = ladder::ladder(&scene, Words::Without);
        let lines = if figure.rfc {
            rfc::lines(&ladder, look)
        } else {
            text::lines(&ladder, text::Manner { look, pace: figure.pace, facts })
        };
        for line in lines {
            writeln!(teller.out, "{line}")?;
        }
    }
    if matches!(parts, Parts::All | Parts::Steps) {
        teller.steps()?;
    }
    Ok(())
}

/// Whether something went wrong with `conn`.
pub(super) fn failed(conn: &Conn, tale: &Tale, look: Look) -> bool {
    let scene = Scene::new(conn, tale, look);
    cause::causes(&scene).iter().any(|cause| cause.grade != Grade::Unseen)
}

/// A part of a connection's life.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    Opening,
    Data,
    Close,
}

struct Teller<'a> {
    out: &'a mut dyn Write,
    scene: &'a Scene<'a>,
    lectured: &'a mut HashSet<Topic>,
    learnt: Learnt,
}

impl Teller<'_> {
    /// What the attempt was made of, a line for each part.
    fn attempt(&mut self, attempt: &Attempt) -> io::Result<()> {
        self.prose(2, &attempt.line)?;
        let wide =
            |text: fn(&attempt::Part) -> String| attempt.parts.iter().map(|part| text(part).chars().count()).max();
        let names = wide(|part| part.name.to_owned()).unwrap_or(0);
        let spans = wide(attempt::Part::span).unwrap_or(0);
        let frames = wide(attempt::Part::packets).unwrap_or(0);
        for part in &attempt.parts {
            let (span, packets) = (part.span(), part.packets());
            let head = format!("{:<names$}  {span:>spans$}  {packets:<frames$}  ", part.name);
            let indent = 4 + head.chars().count();
            let text = self.scene.plain_text(&part.text);
            let room = self.scene.look.prose().saturating_sub(indent).max(LEAST_PART);
            for (at, line) in human::wrap(&text, room).iter().enumerate() {
                match at {
                    0 => writeln!(self.out, "    {head}{line}")?,
                    _ => writeln!(self.out, "{:indent$}{line}", "")?,
                }
            }
        }
        Ok(())
    }

    /// Who asked whom, when, how long, and how it went.
    fn heading(&mut self) -> io::Result<()> {
        let Scene { conn, tale, look, .. } = *self.scene;
        let [client, server] = Role::BOTH.map(|role| look.dye(Look::ink(role), &self.scene.name(role)));
        let title = look.dye(Ink::Bold, &format!("Connection {}", conn.id.0));
        let protocol = conn.protocol().name().to_uppercase();
        let again = match conn.incarnation {
            0 => String::new(),
            nth => format!(", use {} of these endpoints", nth + 1),
        };
        let vlan: Vec<String> = conn.vlans.ids().iter().map(u16::to_string).collect();
        let vlan = if vlan.is_empty() { String::new() } else { format!(", VLAN {}", vlan.join(" in ")) };
        writeln!(self.out, "{title}: {client} {} {server}, {protocol}{vlan}{again}", self.scene.glyphs().to)?;

        let [sent, back] = Role::BOTH.map(|role| conn.half(role).counts().packets);
        let total = sent + back;
        self.prose(
            2,
            &format!(
                "{}, {}, {} ({}), {} there and {} back",
                sheet::utc(conn.start),
                human::span(conn.duration()),
                human::plural(total, "packet"),
                if conn.first_n == conn.last_n {
                    format!("#{}", conn.first_n)
                } else {
                    format!("#{} to #{}", conn.first_n, conn.last_n)
                },
                human::count(sent),
                human::count(back)
            ),
        )?;
        if let Some(who) = verdict::who(conn) {
            self.prose(2, &format!("Note: {who}."))?;
        }
        let causes = cause::causes(self.scene);
        let told = verdict::is_failed(conn) && causes.iter().any(|cause| cause.grade == Grade::Failed);
        if !told {
            self.prose(2, &verdict::verdict(conn, tale))?;
        }
        if let Some(round_trip) = verdict::round_trip(conn) {
            self.prose(2, &round_trip)?;
        }
        if let Some(runs) = said::runs(conn, tale) {
            self.prose(2, &runs)?;
        }
        if let Some(disagrees) = said::disagrees(conn, tale) {
            self.inked(2, Ink::Warn, &disagrees)?;
        }
        if let Some(attempt) = attempt::attempt(conn, tale) {
            self.attempt(&attempt)?;
        }
        for Cause { grade, text, .. } in causes {
            let ink = match grade {
                Grade::Failed => Ink::Bad,
                Grade::Slow => Ink::Warn,
                Grade::Unseen => Ink::Dim,
            };
            self.inked(2, ink, &text)?;
        }
        Ok(())
    }

    /// The steps one by one, under the part of the connection's life they belong to.
    fn steps(&mut self) -> io::Result<()> {
        let mut part = None;
        let mut bare = false;
        for item in &self.scene.tale.items {
            let now = match item {
                Item::Step(step) => self.part(step, part),
                Item::Fold(_) => part,
            };
            if now != part {
                part = now;
                self.title(part)?;
                bare = false;
            }
            // Lines without a text of their own stand close together.
            let was_bare = std::mem::replace(&mut bare, self.is_bare(item));
            if !(was_bare && bare) {
                writeln!(self.out)?;
            }
            match item {
                Item::Step(step) => self.step(step)?,
                Item::Fold(fold) => self.fold(fold)?,
            }
        }
        Ok(())
    }

    /// Whether nothing but one line will stand for `item`.
    fn is_bare(&self, item: &Item) -> bool {
        match item {
            Item::Fold(_) => true,
            Item::Step(step) => {
                step.notes.contains(Note::CaptureDuplicate)
                    || words::sentences(step, self.scene).is_empty()
                        && !step.moved()
                        && said::by(self.scene.tale, step.n, step.n).next().is_none()
            }
        }
    }

    /// The part that `step` belongs to, when `part` was the one before.
    fn part(&self, step: &Step, part: Option<Part>) -> Option<Part> {
        let segment = step.segment()?;
        let opened = self.scene.conn.notes().intersects(&[Note::Open1, Note::OpenSynackOnly]);
        let third = step.knew.iter().all(|facts| facts.basis(Fact::Sends).is_some());
        let open = step.before.iter().all(|standing| standing.state == State::Established);
        let ends = match segment.flags {
            flags if flags.contains(Flags::RST) => !step.notes.intersects(&[Note::RstBlind, Note::RstChallenged]),
            flags => flags.contains(Flags::FIN),
        };
        let closes = ends && (open || part == Some(Part::Data));
        match part {
            Some(Part::Close) => part,
            _ if closes => Some(Part::Close),
            Some(Part::Data) => part,
            _ if !opened || third && open => Some(Part::Data),
            _ => Some(Part::Opening),
        }
    }

    fn title(&mut self, part: Option<Part>) -> io::Result<()> {
        let title = match part {
            None => return Ok(()),
            Some(Part::Opening) => "The opening",
            Some(Part::Data) => "The talk",
            Some(Part::Close) => "The end",
        };
        writeln!(self.out, "\n{}", self.scene.look.dye(Ink::Bold, title))
    }

    fn step(&mut self, step: &Step) -> io::Result<()> {
        let Scene { conn, look, .. } = *self.scene;
        self.learnt.add(step);
        let role = step.role(conn);
        let [x, y] = [role, !role].map(|role| look.dye(Look::ink(role), role.name()));
        let title = look.dye(Ink::Bold, &step_title(step));
        let after = human::span(self.scene.since_start(step.time));
        writeln!(
            self.out,
            "{:>5}  {x} {} {y}  {title}{}  {}",
            format!("#{}", step.n),
            self.scene.glyphs().to,
            match step.about.filter(|_| step.notes.contains(Note::CaptureDuplicate)) {
                Some(n) => format!("  #{n} captured a second time"),
                None => self.numbers(step),
            },
            look.dye(Ink::Dim, &format!("+{after}"))
        )?;
        if step.notes.contains(Note::CaptureDuplicate) {
            return Ok(());
        }
        self.prose(INDENT, &words::sentences(step, self.scene).join(" "))?;
        for saying in said::by(self.scene.tale, step.n, step.n) {
            self.prose(INDENT, &said::sentence(saying))?;
        }
        if let Some(lesson) = words::lesson(step, self.scene) {
            self.prose(INDENT, &lesson)?;
        }
        if step.segment().is_some() && (step.moved() || step.knew != step.know) {
            for line in self.learnt.grid(step, questions(step), self.scene) {
                writeln!(self.out, "{:INDENT$}{line}", "")?;
            }
            if self.lectured.insert(Topic::Legend) {
                self.inked(INDENT, Ink::Dim, &grid::legend(self.scene))?;
            }
        }
        for lecture in lecture::lectures(step, self.scene) {
            if self.lectured.insert(lecture.topic) {
                let text = format!("{} {}", lecture.question, lecture.answer);
                self.aside(&text, lecture.question.len())?;
            }
        }
        Ok(())
    }

    /// Sequence numbers and length, as they stand in the packet.
    fn numbers(&self, step: &Step) -> String {
        match step.said {
            Said::Tcp(segment) => {
                let mut text = format!("  seq {}", self.scene.relative(segment.seq, step.from));
                if let Some(ack) = segment.acked() {
                    text.push_str(&format!(", ack {}", self.scene.relative(ack, !step.from)));
                }
                if segment.len > 0 {
                    text.push_str(&format!(", {} of data", human::octets(u64::from(segment.len))));
                }
                text
            }
            Said::Udp(len) => format!("  {} of data", human::octets(u64::from(len))),
            Said::Icmp(icmp, _) => match icmp.echo_id {
                Some(id) => format!("  id {id}, seq {}", icmp.echo_seq),
                None => String::new(),
            },
        }
    }

    fn fold(&mut self, fold: &Fold) -> io::Result<()> {
        let mut parts = Vec::new();
        for role in Role::BOTH {
            let sent = fold.sent[self.scene.conn.side(role) as usize];
            let direction = format!("{} {} {}", role.name(), self.scene.glyphs().to, (!role).name());
            if sent.data > 0 {
                let octets = human::octets(sent.octets);
                parts.push(format!("{}, {octets} {direction}", human::plural(sent.data, "data packet")));
            }
            if sent.empty > 0 {
                parts.push(format!("{} {direction}", human::plural(sent.empty, "empty ACK")));
            }
        }
        let notes: Vec<String> = fold.notes.iter().map(|(note, count)| format!("{count} {}", note.id())).collect();
        let notes = if notes.is_empty() { String::new() } else { format!("; among them {}", notes.join(", ")) };
        let text = format!(
            "{} #{} to #{}, {}: {}{notes}.",
            self.scene.glyphs().dots,
            fold.frames.0,
            fold.frames.1,
            human::span(fold.times.1 - fold.times.0),
            parts.join("; ")
        );
        self.inked(4, Ink::Dim, &text)?;
        let mut said = said::by(self.scene.tale, fold.frames.0, fold.frames.1);
        for saying in said.by_ref().take(SAID_IN_A_FOLD) {
            self.prose(INDENT, &format!("#{}: {}", saying.at.n, said::sentence(saying)))?;
        }
        match said.count() {
            0 => Ok(()),
            more => self.inked(INDENT, Ink::Dim, &format!("{more} more were said.")),
        }
    }

    fn prose(&mut self, indent: usize, text: &str) -> io::Result<()> {
        for line in human::wrap(&self.scene.plain_text(text), self.scene.look.prose() - indent) {
            writeln!(self.out, "{:indent$}{line}", "")?;
        }
        Ok(())
    }

    fn inked(&mut self, indent: usize, ink: Ink, text: &str) -> io::Result<()> {
        for line in human::wrap(&self.scene.plain_text(text), self.scene.look.prose() - indent) {
            writeln!(self.out, "{:indent$}{}", "", self.scene.look.dye(ink, &line))?;
        }
        Ok(())
    }

    /// A lecture: its first `question` characters stand out.
    fn aside(&mut self, text: &str, question: usize) -> io::Result<()> {
        let look = self.scene.look;
        let mut left = question;
        for line in human::wrap(&self.scene.plain_text(text), look.prose() - INDENT - 2) {
            let bold: String = line.chars().take(left).collect();
            let plain: String = line.chars().skip(left).collect();
            left = left.saturating_sub(line.chars().count() + 1);
            let bar = look.dye(Ink::Dim, &self.scene.glyphs().life.to_string());
            let bold = if bold.is_empty() { bold } else { look.dye(Ink::Bold, &bold) };
            writeln!(self.out, "{:INDENT$}{bar} {bold}{plain}", "")?;
        }
        Ok(())
    }
}

/// What a learner asks at this point of a connection's life.
fn questions(step: &Step) -> Questions {
    let knows = |fact| [Side::A, Side::B].iter().any(|side| step.know[*side as usize].basis(fact).is_some());
    let reset = step.segment().is_some_and(|segment| segment.flags.contains(Flags::RST));
    let over = step.after.iter().any(|standing| standing.state == State::Closed);
    if knows(Fact::Dead) && (reset || over) {
        Questions::Reset
    } else if knows(Fact::PeerDone) || knows(Fact::AllDelivered) {
        Questions::Closing
    } else {
        Questions::Opening
    }
}
