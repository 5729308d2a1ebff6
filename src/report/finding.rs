//! What goes on around many connections, in a sentence with its numbers and as a record.

use std::io::{self, Write};
use std::net::IpAddr;

use super::clock::{Clock, Precision, TimeStyle, Utc};
use super::json::SCHEMA;
use super::object::{Object, key};
use super::paint::{Ink, Paint};
use crate::capture::findings::{Finding, Kind, Method, Phase};
use crate::wire::{Endpoint, Timestamp};

/// Findings kept for the end at most.
const KEPT: usize = 256;

/// The findings of a run, each as it was told of last.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    kept: Vec<Finding>,
}

impl Findings {
    /// Takes in a statement; it takes the place of what was said of the same thing before.
    pub fn take(&mut self, finding: &Finding) {
        if let Some(kept) = self.kept.iter_mut().find(|kept| kept.id == finding.id) {
            *kept = *finding;
        } else if self.kept.len() < KEPT {
            self.kept.push(*finding);
        }
    }

    /// What was taken in, in order of its beginning.
    pub fn all(&self) -> &[Finding] {
        &self.kept
    }

    /// Writes a sentence for each.
    ///
    /// # Errors
    ///
    /// When `out` can't be written.
    pub fn write_text(&self, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
        let mut clock = Clock::local(TimeStyle::TimeOfDay, Precision::AsCaptured);
        let mut line = Vec::new();
        for finding in &self.kept {
            line.clear();
            text(&mut line, finding, &mut clock, paint);
            out.write_all(&line)?;
        }
        Ok(())
    }
}

/// Appends the line for eyes, with a newline.
pub(super) fn text(out: &mut Vec<u8>, finding: &Finding, clock: &mut Clock, paint: Paint) {
    let ink = if finding.phase == Phase::Ends { Ink::Warn } else { Ink::Bad };
    let words = sentence(finding, &mut |out, time| clock.write(out, time));
    paint.with(ink, out, |out| {
        let lead = match finding.phase {
            Phase::Begins => "!! ",
            Phase::Changes => "!  ",
            Phase::Ends => "-- ",
        };
        out.extend_from_slice(lead.as_bytes());
        out.extend_from_slice(words.as_bytes());
    });
    out.push(b'\n');
}

/// Appends the record, with a newline.
pub(super) fn json(out: &mut Vec<u8>, finding: &Finding, utc: &mut Utc) {
    let numbers = &finding.numbers;
    let mut object = Object::begin(out);
    object.number(key!("schema"), SCHEMA);
    object.word(key!("type"), "finding");
    object.word(key!("kind"), finding.kind.name());
    object.word(key!("phase"), finding.phase.name());
    object.number(key!("finding"), finding.id.into());
    object.number(key!("start_ns"), finding.start.0);
    object.number(key!("time_ns"), finding.time.0);
    match finding.end {
        Some(end) => object.number(key!("end_ns"), end.0),
        None => object.null(key!("end_ns")),
    }
    match finding.target {
        Some((addr, Some(port))) => object.string(key!("target"), &Endpoint { addr, port }.to_string()),
        Some((addr, None)) => object.string(key!("target"), &addr.to_string()),
        None => object.null(key!("target")),
    }
    match finding.source {
        Some(addr) => object.string(key!("source"), &addr.to_string()),
        None => object.null(key!("source")),
    }
    object.number(key!("sources"), numbers.sources);
    if let Some(method) = finding.method {
        object.word(key!("method"), method.name());
        object.number(key!("hosts"), numbers.hosts);
        object.number(key!("ports"), numbers.ports);
    }
    object.number(key!("asked"), numbers.asked);
    object.number(key!("asked_again"), numbers.asked_again);
    object.number(key!("answered"), numbers.answered);
    object.number(key!("answered_again"), numbers.answered_again);
    object.number(key!("completed"), numbers.completed);
    object.number(key!("refused"), numbers.refused);
    object.number(key!("rejected"), numbers.rejected);
    object.number(key!("untaken"), numbers.untaken);
    object.number(key!("half_open"), numbers.half_open);
    object.number(key!("half_open_peak"), numbers.half_open_peak);
    object.number(key!("unanswered"), numbers.unanswered);
    object.number(key!("through"), numbers.through);
    object.number(key!("through_of"), numbers.through_of);
    match finding.backlog {
        Some(backlog) => object.number(key!("backlog"), backlog),
        None => object.null(key!("backlog")),
    }
    object.flag(key!("cookies"), finding.cookies);
    object.string(key!("text"), &sentence(finding, &mut |out, time| utc.write(out, time)));
    object.end();
    out.push(b'\n');
}

/// Says what `finding` is, with its numbers; `time` writes a moment.
pub fn sentence(finding: &Finding, time: &mut dyn FnMut(&mut Vec<u8>, Timestamp)) -> String {
    let mut when = |at| {
        let mut text = Vec::new();
        time(&mut text, at);
        String::from_utf8_lossy(&text).trim_end().to_owned()
    };
    let span = match (finding.phase, finding.end) {
        (Phase::Begins | Phase::Changes, _) => format!("since {}", when(finding.start)),
        (Phase::Ends, Some(end)) => format!("from {} to {}", when(finding.start), when(end)),
        (Phase::Ends, None) => format!("since {}, to the end of the capture", when(finding.start)),
    };
    let target = match finding.target {
        Some((addr, Some(port))) => Endpoint { addr, port }.to_string(),
        Some((addr, None)) => addr.to_string(),
        None => "many hosts".to_owned(),
    };
    match finding.kind {
        Kind::SynFlood => flood(finding, &target, &span),
        Kind::Overload => overload(finding, &target, &span),
        Kind::Backscatter => format!(
            "back-scatter of {target}, {span}: {} answers to {} that nobody here has asked for; it is flooded elsewhere \
             in their names",
            grouped(finding.numbers.answered),
            counted(finding.numbers.sources, "address", "addresses"),
        ),
        Kind::PortScan | Kind::HostScan | Kind::BlockScan => scan(finding, &target, &span),
        Kind::ImpatientClient => impatience(finding, &target, &span),
    }
}

fn flood(finding: &Finding, target: &str, span: &str) -> String {
    let n = &finding.numbers;
    let about = if n.sources > 4 { "some " } else { "" };
    let mut text = format!(
        "SYN flood on {target}, {span}: {} SYNs from {about}{}, {} answered, {} completed",
        grouped(n.asked),
        counted(n.sources, "source", "sources"),
        grouped(n.answered),
        grouped(n.completed),
    );
    if n.half_open_peak > 0 && finding.cookies {
        let left = grouped(n.half_open);
        text +=
            &format!("; {left} are left half-open, and it answers with SYN cookies, it seems: it holds none of them");
    } else if n.half_open_peak > 0 {
        text += &format!("; it holds {} half-open", grouped(n.half_open));
        if n.half_open_peak > n.half_open {
            text += &format!(" and held up to {}", grouped(n.half_open_peak));
        }
        match finding.backlog {
            Some(backlog) => {
                let share = (n.half_open * 100).checked_div(backlog).unwrap_or(0);
                text += &format!(", {share}% of a backlog of about {}", grouped(backlog));
            }
            None => text += ", and its backlog is not full yet",
        }
    } else {
        text += &format!("; {} wait for an answer", grouped(n.unanswered));
    }
    text + &through(finding)
}

/// What still gets through.
fn through(finding: &Finding) -> String {
    let n = &finding.numbers;
    if n.through_of == 0 {
        return String::new();
    }
    if n.through == 0 {
        return "; nothing gets through".to_owned();
    }
    let of = grouped(n.through_of);
    format!("; of the last {of} asked for, {} still got through", grouped(n.through))
}

fn overload(finding: &Finding, target: &str, span: &str) -> String {
    let n = &finding.numbers;
    let mut text = format!(
        "overload of {target}, {span}: its clients mean it, {} asked and {} asked again",
        grouped(n.asked),
        grouped(n.asked_again),
    );
    if n.untaken > 0 {
        text += &format!(
            ", and {} times it repeated its SYN/ACK although step three had come: its accept queue is full",
            grouped(n.untaken)
        );
        return text;
    }
    text += &format!(", and {} wait for an answer", grouped(n.unanswered));
    text + &through(finding)
}

fn scan(finding: &Finding, target: &str, span: &str) -> String {
    let n = &finding.numbers;
    let source = finding.source.map_or_else(|| "somebody".to_owned(), |addr: IpAddr| addr.to_string());
    let how = match finding.method {
        Some(Method::Syn) | None => "SYN",
        Some(Method::Connect) => "connect",
        Some(Method::Fin) => "FIN",
        Some(Method::Null) => "NULL",
        Some(Method::Xmas) => "XMAS",
        Some(Method::Udp) => "UDP",
    };
    let ports = counted(n.ports, "port", "ports");
    let hosts = counted(n.hosts, "host", "hosts");
    let some = if n.ports.max(n.hosts) > 10 { "some " } else { "" };
    let what = match (finding.kind, finding.target) {
        (Kind::PortScan, Some(_)) => format!("{some}{ports} of {target}"),
        (Kind::HostScan, _) => format!("{some}{hosts} on {ports}"),
        _ => format!("{some}{ports} of {hosts}"),
    };
    let shape = match finding.kind {
        Kind::PortScan => "vertical",
        Kind::HostScan => "horizontal",
        _ => "of a block",
    };
    let open = match finding.method {
        Some(Method::Syn) => n.rejected,
        Some(Method::Connect) => n.completed,
        Some(Method::Udp) => n.answered,
        _ => 0,
    };
    let mut text = format!("{how} scan by {source} ({shape}), {span}: {what} in {} tries", grouped(n.asked));
    text += &format!(", {} refused", grouped(n.refused));
    if open > 0 {
        text += &format!(", {} open", grouped(open));
    }
    text
}

fn impatience(finding: &Finding, target: &str, span: &str) -> String {
    let n = &finding.numbers;
    let who = match finding.source {
        Some(addr) => format!("impatient client {addr}"),
        None => format!("{} impatient clients", n.sources),
    };
    format!(
        "{who}, {span}: {} SYNs to {target} and {} repeats, {} answered, {} refused, {} completed",
        grouped(n.asked),
        grouped(n.asked_again),
        grouped(n.answered),
        grouped(n.refused),
        grouped(n.completed),
    )
}

fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {many}", grouped(count)) }
}

/// `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
