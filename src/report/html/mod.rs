//! The report: a capture on one page that needs nothing else.
//!
//! [`Report`] is a sink. What is counted over all is small (`timeline`, `spread`); what is told of
//! single connections has so much room and no more (`shelf`), failures and the slow ones first, and
//! what found no room is said on the page. The page has all of it as JSON in a block of its own
//! (`data`), and a script of ours draws it on demand.

mod data;
mod shelf;
mod spread;
mod timeline;
mod trace;

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use super::comment::MARK;
use super::finding::Findings;
use super::ladder::{Ladder, svg};
use super::paint::escape;
use super::story::{Account, Grade, Tales, Words, account, ladder_of};
use crate::capture::apps::{Limits, Listener};
use crate::capture::findings::Finding;
use crate::capture::track::{Close, Open, Role, State};
use crate::capture::{Conn, Observation, Packet, Sink, Summary};
use crate::wire::{Protocol, Timestamp};
use shelf::Shelf;
use spread::Spread;
use timeline::Timeline;
use trace::Trace;

/// The page without what it shows.
const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");
const BODY: &str = include_str!("report.html");
/// The hash of [`SCRIPT`], the only one that a browser may run on the page; a test compares.
const SCRIPT_HASH: &str = include_str!("report.js.sha256");

/// All traces together have so many marks.
const MARKS: usize = 3_000_000;
/// A ladder on the page has at most so many rows, and a trace so many marks of a kind.
const ROWS: usize = 160;
const MARKS_SHOWN: usize = 400;
/// The details of the smallest connection take about so many octets.
const DETAIL_LEAST: usize = 600;
/// Of the first octets of each end so many are shown.
const FIRST_OCTETS: usize = 120;
/// Of the comments that others left at the packets of a connection, so many are shown, so long.
const COMMENTS: usize = 8;
const COMMENT_OCTETS: usize = 300;

/// What a report has room for.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What the captures are called.
    pub sources: Vec<String>,
    /// Connections that the list has.
    pub listed: usize,
    /// Octets for the details of connections.
    pub details: usize,
    /// Whether the first words of each end are shown.
    pub payload: bool,
}

impl Default for Choice {
    fn default() -> Self {
        Self { sources: Vec::new(), listed: 4_000, details: 500_000, payload: true }
    }
}

/// Makes the report.
pub struct Report<W> {
    out: W,
    choice: Choice,
    tales: Tales,
    /// Hears what runs on connections, unless nothing of what they carry may be shown.
    listener: Option<Box<Listener>>,
    traces: HashMap<u32, Seen>,
    marks: usize,
    totals: Totals,
    findings: Findings,
    listed: Shelf<Listed>,
    details: Shelf<(u32, Vec<u8>)>,
}

/// What is kept of a connection beside its tale.
#[derive(Clone, Debug, Default)]
struct Seen {
    trace: Trace,
    /// The first octets of each end, client first.
    first: [Option<Box<[u8]>>; 2],
    /// Frame numbers and comments of others.
    comments: Vec<(u64, Vec<u8>)>,
}

/// What is counted over all.
#[derive(Clone, Debug, Default)]
struct Totals {
    /// The earliest and the latest time of a packet.
    ends: Option<(Timestamp, Timestamp)>,
    opens: BTreeMap<(&'static str, &'static str), u64>,
    closes: BTreeMap<&'static str, u64>,
    topics: BTreeMap<(u8, &'static str), u64>,
    protocols: BTreeMap<&'static str, u64>,
    timeline: Timeline,
    trips: Spread,
    untold: u64,
}

/// A line of the list.
#[derive(Clone, Debug)]
struct Listed {
    conn: Conn,
    grade: u8,
    topic: &'static str,
    told: String,
}

impl<W: Write> Report<W> {
    /// A sink that writes the page to `out` at the end of the input.
    pub fn new(out: W, choice: Choice) -> Self {
        let (listed, details) = (Shelf::new(choice.listed, 0), Shelf::new(choice.details, DETAIL_LEAST));
        Self {
            out,
            listener: choice.payload.then(|| Box::new(Listener::new(Limits::default()))),
            choice,
            tales: Tales::default(),
            traces: HashMap::new(),
            marks: 0,
            totals: Totals::default(),
            findings: Findings::default(),
            listed,
            details,
        }
    }

    /// Keeps what a plot needs of a packet, as long as there is room.
    fn keep(&mut self, packet: &Packet<'_>, observation: &Observation, conn: &Conn) {
        if self.marks >= MARKS && !self.traces.contains_key(&conn.id.0) {
            return;
        }
        let seen = self.traces.entry(conn.id.0).or_default();
        let before = seen.trace.marks();
        seen.trace.add(packet, observation, conn);
        self.marks = (self.marks + seen.trace.marks()).saturating_sub(before);
        let payload = packet.payload();
        let first = &mut seen.first[observation.from as usize];
        if self.choice.payload && first.is_none() && !payload.is_empty() {
            *first = Some(payload.get(..FIRST_OCTETS).unwrap_or(payload).into());
        }
        let comment = packet.frame.comment.filter(|comment| !comment.starts_with(MARK.as_bytes()));
        if let Some(comment) = comment.filter(|_| seen.comments.len() < COMMENTS) {
            seen.comments.push((packet.n, comment.get(..COMMENT_OCTETS).unwrap_or(comment).to_vec()));
        }
    }
}

impl<W: Write> Sink for Report<W> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        let time = packet.record.time;
        self.totals.timeline.begin(time);
        let ends = self.totals.ends.map_or((time, time), |(first, last)| (first.min(time), last.max(time)));
        self.totals.ends = Some(ends);
        if let Some(listener) = &mut self.listener {
            listener.packet(packet, told);
        }
        if let Some((observation, conn)) = told {
            self.tales.add(packet, observation, conn);
            self.keep(packet, observation, conn);
        }
        Ok(())
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        let talk = self.listener.as_mut().and_then(|listener| listener.ended(conn));
        let tale = self.tales.take(conn.id).map(|tale| tale.with_talk(talk));
        let seen = self.traces.remove(&conn.id.0).unwrap_or_default();
        self.marks = self.marks.saturating_sub(seen.trace.marks());
        let account = tale.as_ref().map(|tale| account(conn, tale));
        let worst = account.as_ref().and_then(|account| account.causes.first());
        let (grade, topic) = match (&account, worst) {
            (Some(_), None) => FINE,
            (Some(_), Some(cause)) => (grade_of(cause.grade), cause.topic),
            (None, _) => judged(conn),
        };
        self.totals.add(conn, grade, topic);
        if let Some(rank) = self.listed.rank(topic, grade, conn.id.0) {
            let told = worst.map(|cause| cause.text.clone()).unwrap_or_default();
            self.listed.put(rank, 1, Listed { conn: conn.clone(), grade, topic, told });
        }
        let (Some(tale), Some(account)) = (tale, account) else {
            self.totals.untold += 1;
            return Ok(());
        };
        if let Some(rank) = self.details.rank(topic, grade, conn.id.0) {
            let ladder = ladder_of(conn, &tale, Words::With).shortened(ROWS);
            let trace = seen.trace.clone().coarsened(MARKS_SHOWN);
            let mut text = Vec::new();
            data::detail(&mut text, &Detail { conn, account, ladder, trace, seen: &seen });
            self.details.put(rank, text.len(), (conn.id.0, text));
        }
        Ok(())
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.findings.take(finding);
        Ok(())
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        let title = match &*self.choice.sources {
            [] => "a capture".to_owned(),
            [one] => clean(one.as_bytes()),
            [first, rest @ ..] => format!("{} and {} more", clean(first.as_bytes()), rest.len()),
        };
        let mut json = Vec::new();
        data::page(&mut json, self, summary);
        writeln!(
            self.out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-{}'; \
             style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"generator\" content=\"synfin {}\">\n<title>{} · synfin report</title>\n<style>\n{STYLE}{}</style>\n</head>",
            SCRIPT_HASH.trim(),
            env!("CARGO_PKG_VERSION"),
            svg::escaped(&title),
            svg::STYLE
        )?;
        let (conns, failed) = (summary.conns, self.totals.of_grade(0));
        let unscripted = format!("{conns} connections, {failed} of them failed.");
        self.out.write_all(BODY.replace("{unscripted}", &unscripted).as_bytes())?;
        self.out.write_all(b"<script type=\"application/json\" id=\"data\">")?;
        self.out.write_all(&json)?;
        writeln!(self.out, "</script>\n<script>{SCRIPT}</script>\n</body>\n</html>")?;
        self.out.flush()
    }
}

/// What the page of a connection tells.
struct Detail<'a> {
    conn: &'a Conn,
    account: Account,
    ladder: Ladder,
    trace: Trace,
    seen: &'a Seen,
}

impl Totals {
    fn add(&mut self, conn: &Conn, grade: u8, topic: &'static str) {
        let protocol = conn.protocol().name();
        *self.protocols.entry(protocol).or_default() += 1;
        *self.opens.entry((protocol, conn.open().name())).or_default() += 1;
        if conn.protocol() == Protocol::Tcp {
            *self.closes.entry(conn.close().name()).or_default() += 1;
            let timing = conn.timing();
            if let Some(trip) = timing.irtt().or(timing.rtt_server).filter(|_| !timing.ambiguous) {
                self.trips.add(trip);
            }
        }
        *self.topics.entry((grade, topic)).or_default() += 1;
        self.timeline.add(conn);
    }

    /// How many connections are so bad.
    fn of_grade(&self, grade: u8) -> u64 {
        self.topics.iter().filter(|((of, _), _)| *of == grade).map(|(_, count)| count).sum()
    }
}

/// How bad it is for a connection of which nothing went wrong, and the kind of that.
const FINE: (u8, &str) = (3, "");

/// The same for a connection whose packets were not remembered: by what the tracker knows of it.
fn judged(conn: &Conn) -> (u8, &'static str) {
    let again = Role::BOTH.iter().any(|role| conn.half(*role).counts().retransmits > 0);
    if has_not_opened(conn) {
        (0, "not opened")
    } else if matches!(conn.close(), Close::Reset | Close::FinThenReset) {
        (0, "reset")
    } else if again {
        (1, "loss")
    } else {
        FINE
    }
}

/// Whether somebody asked for a connection and did not get it.
fn has_not_opened(conn: &Conn) -> bool {
    matches!(conn.open(), Open::Refused | Open::Unreachable | Open::NoAnswer | Open::HalfOpen | Open::RejectedByClient)
}

const fn grade_of(grade: Grade) -> u8 {
    match grade {
        Grade::Failed => 0,
        Grade::Slow => 1,
        Grade::Unseen => 2,
    }
}

/// The place of a state in the list that the script has.
const fn state_code(state: State) -> u8 {
    state as u8
}

/// Text from outside, with what would steer or hide written out.
fn clean(text: &[u8]) -> String {
    let mut out = Vec::new();
    escape(&mut out, text);
    String::from_utf8_lossy(&out).into_owned()
}

/// Who sent it, as the script counts.
const fn role_code(role: Role) -> u8 {
    role as u8
}
