//! Stories for other places than a terminal: Markdown, a drawing, a page.

use std::io::{self, Write};

use super::account::{self, Account};
use super::cause::Grade;
use super::ladder::Words;
use super::tale::Tale;
use super::{Choice, Parts};
use crate::capture::Conn;
use crate::capture::track::Role;
use crate::report::clock::Utc;
use crate::report::human;
use crate::report::ladder::svg::{self, Titled, escaped};
use crate::report::ladder::{Ladder, Row, Rung, mermaid};
use crate::wire::Timestamp;

/// The looks of the page.
const STYLE: &str = include_str!("sheet.css");

/// Writes `conn` in Markdown, its ladder as a Mermaid diagram. It is the `nth` story, from 1.
pub(super) fn markdown(out: &mut dyn Write, nth: u32, conn: &Conn, tale: &Tale, parts: Parts) -> io::Result<()> {
    let ladder = account::ladder(conn, tale, words(parts));
    if nth > 1 {
        writeln!(out)?;
    }
    writeln!(out, "## {}\n", markdown_text(&title(conn, &ladder)))?;
    writeln!(out, "{}", markdown_text(&when(conn)))?;
    for (_, line) in prose(&account::account(conn, tale)) {
        writeln!(out, "\n{}", markdown_text(&line))?;
    }
    if matches!(parts, Parts::All | Parts::Figure) {
        writeln!(out, "\n```mermaid\n{}```", mermaid::diagram(&ladder))?;
    }
    if matches!(parts, Parts::All | Parts::Steps) && ladder.rungs().any(|rung| !rung.words.is_empty()) {
        writeln!(out)?;
        for rung in ladder.rungs().filter(|rung| !rung.words.is_empty()) {
            let (from, name) = (rung.from.name(), &rung.said.name);
            // A number behind a hash is a link to an issue elsewhere.
            writeln!(out, "- **{}** {from}, {name}: {}", rung.n, markdown_text(&rung.words.join(" ")))?;
        }
    }
    Ok(())
}

/// `conn` as a drawing under its title.
pub(super) fn drawing(conn: &Conn, tale: &Tale) -> Titled {
    let ladder = account::ladder(conn, tale, Words::With);
    let lines =
        std::iter::once(when(conn)).chain(prose(&account::account(conn, tale)).into_iter().map(|(_, line)| line));
    let caption = lines.flat_map(|line| human::wrap(&line, 150)).collect();
    Titled { title: title(conn, &ladder), caption, ladder }
}

/// Writes `conn` as a part of a page, and the beginning of the page before the first.
pub(super) fn section(out: &mut dyn Write, nth: u32, conn: &Conn, tale: &Tale, choice: &Choice) -> io::Result<()> {
    if nth == 1 {
        begin_page(out)?;
    }
    let ladder = account::ladder(conn, tale, Words::With);
    writeln!(out, "<article id=\"c{}\">\n<h1>{}</h1>", conn.id.0, escaped(&title(conn, &ladder)))?;
    writeln!(out, "<p class=\"dim\">{}</p>", escaped(&when(conn)))?;
    for (class, line) in prose(&account::account(conn, tale)) {
        writeln!(out, "<p class=\"{class}\">{}</p>", escaped(&line))?;
    }
    if matches!(choice.parts, Parts::All | Parts::Figure) {
        writeln!(out, "<div class=\"figure\">\n{}</div>", svg::element(&ladder, choice.pace))?;
    }
    if matches!(choice.parts, Parts::All | Parts::Steps) {
        writeln!(out, "<dl>")?;
        for row in &ladder.rows {
            match row {
                Row::Rung(rung) if !rung.words.is_empty() => step(out, rung)?,
                Row::Rung(_) | Row::Fold(_) | Row::Pause(_) => {}
            }
        }
        writeln!(out, "</dl>")?;
    }
    writeln!(out, "</article>")
}

/// Ends the page on which `told` stories are.
pub(super) fn end_page(out: &mut dyn Write, told: u32, remarks: &[String]) -> io::Result<()> {
    if told == 0 {
        begin_page(out)?;
    }
    for remark in remarks {
        writeln!(out, "<p class=\"dim\">{}</p>", escaped(remark))?;
    }
    writeln!(out, "</main>\n</body>\n</html>")
}

fn begin_page(out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>synfin explain</title>\n\
         <style>\n{STYLE}{}</style>\n</head>\n<body>\n<main>",
        svg::STYLE
    )
}

fn step(out: &mut dyn Write, rung: &Rung) -> io::Result<()> {
    let label = escaped(&format!("#{} {}", rung.n, rung.from.name()));
    let (name, words) = (escaped(&rung.said.name), escaped(&rung.words.join(" ")));
    writeln!(out, "<dt>{label} <b>{name}</b></dt><dd>{words}</dd>")
}

fn words(parts: Parts) -> Words {
    match parts {
        Parts::All | Parts::Steps => Words::With,
        Parts::Figure | Parts::Heading => Words::Without,
    }
}

/// `Connection 0: 10.9.0.1:46290 → 10.9.0.2:80 (http), TCP`.
fn title(conn: &Conn, ladder: &Ladder) -> String {
    let protocol = conn.protocol().name().to_uppercase();
    format!("Connection {}: {} → {}, {protocol}", conn.id.0, ladder.names.client, ladder.names.server)
}

fn when(conn: &Conn) -> String {
    let packets: u64 = Role::BOTH.iter().map(|role| conn.half(*role).counts().packets).sum();
    let span = human::span(conn.duration());
    format!(
        "{}, {span}, {} (frames {} to {})",
        utc(conn.start),
        human::plural(packets, "packet"),
        conn.first_n,
        conn.last_n
    )
}

/// What the story says above the figure, each line with how bad it is.
fn prose(account: &Account) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    lines.extend(account.who.map(|who| ("dim", format!("Note: {who}."))));
    lines.extend(account.verdict.iter().map(|verdict| ("", verdict.clone())));
    lines.extend(account.round_trip.iter().map(|round_trip| ("dim", round_trip.clone())));
    lines.extend(account.runs.iter().map(|runs| ("", runs.clone())));
    lines.extend(account.disagrees.iter().map(|disagrees| ("slow", disagrees.clone())));
    lines.extend(account.attempt.iter().map(|line| ("", line.clone())));
    lines.extend(account.causes.iter().map(|cause| {
        let class = match cause.grade {
            Grade::Failed => "failed",
            Grade::Slow => "slow",
            Grade::Unseen => "dim",
        };
        (class, cause.text.clone())
    }));
    lines
}

/// `2026-11-22 16:33:00.123456 UTC`.
pub(in crate::report) fn utc(time: Timestamp) -> String {
    let mut text = Vec::new();
    Utc::default().write(&mut text, time);
    let text = String::from_utf8_lossy(&text).replace('T', " ");
    let text = text.trim_end_matches('Z');
    format!("{} UTC", text.strip_suffix("000").unwrap_or(text))
}

/// Text that Markdown leaves as it is; a number behind a hash would link to an issue.
fn markdown_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '#' => escaped.push_str("&#35;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => escaped.extend(['\\', letter]),
            _ if letter.is_control() => escaped.push(' '),
            _ => escaped.push(letter),
        }
    }
    escaped
}
