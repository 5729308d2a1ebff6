//! What the page shows, as JSON: short names and plain arrays, since there may be thousands of
//! them. `report.js` reads them in the same order.

use std::collections::HashMap;

use super::trace::{Kind, Lane};
use super::{Detail, Listed, Report, Seen, clean, grade_of, role_code, state_code};
use crate::capture::track::{Facts, Role, Standing};
use crate::capture::{Conn, Summary};
use crate::report::digits::Digits as _;
use crate::report::finding::sentence;
use crate::report::human;
use crate::report::ladder::{Fold, Nature, Row, Rung};
use crate::report::story::utc;
use crate::wire::{Protocol, Span, Timestamp, ports};

/// Beyond so many octets of causes, the list has a word for each instead of a sentence.
const TOLD: usize = 200_000;

/// Appends all that the page shows. No `<` is in it: a script block ends where the first `</` is.
pub(super) fn page<W>(out: &mut Vec<u8>, report: &Report<W>, summary: &Summary) {
    let start = out.len();
    let totals = &report.totals;
    let begin = totals.ends.map_or_else(Timestamp::default, |(first, _)| first);
    let mut names = Names::default();
    let rows = rows(report, begin, &mut names);
    object(out, |json| {
        json.member("schema").dec(1);
        json.texts("sources", report.choice.sources.iter().map(|source| clean(source.as_bytes())));
        json.text("from", &totals.ends.map_or_else(String::new, |(first, _)| utc(first)));
        json.text("to", &totals.ends.map_or_else(String::new, |(_, last)| utc(last)));
        json.number("span", us(totals.ends.map_or(Span(0), |(first, last)| last - first)));
        json.number("frames", summary.frames as i64);
        json.number("octets", summary.wire_octets as i64);
        json.number("conns", summary.conns as i64);
        json.number("copies", summary.duplicates as i64);
        json.number("leftOut", summary.left_out as i64);
        let arp = (summary.arp > 0).then(|| ("arp".to_owned(), summary.arp));
        let skipped = summary.skipped.iter().map(|(skip, count)| (skip.to_string(), *count));
        json.counts("skipped", arp.into_iter().chain(skipped));
        json.texts("damage", summary.damage.iter().map(|damage| clean(damage.to_string().as_bytes())));
        json.counts("protocols", totals.protocols.iter().map(|(name, count)| ((*name).to_owned(), *count)));
        let tcp = totals.opens.iter().filter(|((protocol, _), _)| *protocol == "tcp");
        json.counts("opens", tcp.map(|((_, open), count)| ((*open).to_owned(), *count)));
        json.counts("closes", totals.closes.iter().map(|(name, count)| ((*name).to_owned(), *count)));
        timeline(json, report);
        json.numbers("trips", totals.trips.counts.iter().map(|count| *count as i64));
        json.array("topics", |out| {
            list(out, &totals.topics, |out, ((grade, topic), count)| {
                array(out, |out| {
                    out.dec(u64::from(*grade));
                    string(out, topic);
                    next(out).dec(*count);
                });
            });
        });
        json.number("listedOut", report.listed.left_out as i64);
        json.number("detailsOut", report.details.left_out as i64);
        json.number("untold", totals.untold as i64);
        json.texts("names", names.list.iter().cloned());
        json.member("rows").extend_from_slice(&rows);
        json.array("findings", |out| {
            list(out, report.findings.all(), |out, finding| {
                array(out, |out| {
                    string(out, &sentence(finding, &mut |out, time| out.text(&utc(time))));
                    signed(next(out), us(finding.start - begin));
                    signed(next(out), finding.end.map_or(-1, |end| us(end - begin)));
                });
            });
        });
        let mut details: Vec<&(u32, Vec<u8>)> = report.details.things().collect();
        details.sort_by_key(|(id, _)| *id);
        let out = json.member("details");
        out.push(b'{');
        for (at, (id, detail)) in details.into_iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            out.push(b'"');
            out.dec(u64::from(*id));
            out.text("\":");
            out.extend_from_slice(detail);
        }
        out.push(b'}');
    });
    // Only strings have it, so this changes nothing but how it is written.
    let json = String::from_utf8_lossy(out.get(start..).unwrap_or_default()).replace('<', "\\u003c");
    out.truncate(start);
    out.text(&json);
}

fn timeline<W>(json: &mut Json<'_>, report: &Report<W>) {
    let timeline = &report.totals.timeline;
    let bins = &timeline.bins;
    json.number("bin", timeline.width / 1000);
    // The first stretch may begin before the first packet.
    let first = report.totals.ends.map_or(Span(0), |(first, _)| first - timeline.start.unwrap_or(first));
    json.number("lead", us(first));
    json.numbers("opened", bins.iter().map(|bin| bin.opened as i64));
    json.numbers("closed", bins.iter().map(|bin| bin.closed as i64));
    json.numbers("reset", bins.iter().map(|bin| bin.reset as i64));
    json.numbers("failed", bins.iter().map(|bin| bin.failed as i64));
    let waiting = bins.iter().scan(0, |waiting, bin| {
        *waiting += bin.waiting;
        Some((*waiting).max(0))
    });
    json.numbers("waiting", waiting);
}

/// Words that many lines have in common, by number.
#[derive(Default)]
struct Names {
    list: Vec<String>,
    known: HashMap<String, usize>,
}

impl Names {
    fn number(&mut self, name: String) -> u64 {
        let next = self.list.len();
        let number = *self.known.entry(name).or_insert_with_key(|name| {
            self.list.push(name.clone());
            next
        });
        number as u64
    }
}

/// The lines of the list, as an array.
fn rows<W>(report: &Report<W>, begin: Timestamp, names: &mut Names) -> Vec<u8> {
    let mut listed: Vec<&Listed> = report.listed.things().collect();
    listed.sort_by_key(|listed| listed.conn.id);
    let mut told = 0;
    let mut out = Vec::new();
    array(&mut out, |out| {
        for listed in listed {
            let Listed { conn, grade, topic, told: sentence } = listed;
            told += sentence.len();
            next(out);
            array(out, |out| {
                row(out, conn, begin, names);
                next(out).dec(u64::from(*grade));
                next(out).dec(names.number((*topic).to_owned()));
                string(out, if told <= TOLD { sentence } else { "" });
            });
        }
    });
    out
}

fn row(out: &mut Vec<u8>, conn: &Conn, begin: Timestamp, names: &mut Names) {
    let numbers = |out: &mut Vec<u8>, numbers: &[i64]| numbers.iter().for_each(|number| signed(next(out), *number));
    numbers(out, &[i64::from(conn.id.0)]);
    next(out).dec(names.number(conn.protocol().name().to_owned()));
    for role in Role::BOTH {
        let endpoint = conn.endpoint(role);
        next(out).dec(names.number(endpoint.addr.to_string()));
        next(out).dec(u64::from(endpoint.port));
    }
    let service = match conn.protocol() {
        Protocol::Icmp => None,
        Protocol::Tcp | Protocol::Udp => ports::service(conn.endpoint(Role::Server).port),
    };
    next(out).dec(names.number(service.unwrap_or_default().to_owned()));
    next(out).dec(names.number(conn.open().name().to_owned()));
    next(out).dec(names.number(if conn.protocol() == Protocol::Tcp { conn.close().name() } else { "" }.to_owned()));
    numbers(out, &[conn.closed_by().map_or(-1, |role| i64::from(role_code(role)))]);
    numbers(out, &[us(conn.start - begin), us(conn.duration())]);
    let counts = Role::BOTH.map(|role| conn.half(role).counts());
    let timing = conn.timing();
    let time = |span: Option<Span>| span.map_or(-1, us);
    let [client, server] = counts;
    numbers(
        out,
        &[
            client.packets as i64,
            server.packets as i64,
            client.unique_bytes as i64,
            server.unique_bytes as i64,
            time(timing.irtt().or(timing.rtt_server).or(conn.reply_time())),
            time(timing.setup),
            i64::from(client.retransmits + server.retransmits),
        ],
    );
}

/// Appends what the page of one connection tells.
pub(super) fn detail(out: &mut Vec<u8>, detail: &Detail<'_>) {
    let Detail { conn, account, ladder, trace, seen } = detail;
    object(out, |json| {
        json.text("start", &utc(conn.start));
        json.text("verdict", account.verdict.as_deref().unwrap_or_default());
        json.text("trip", account.round_trip.as_deref().unwrap_or_default());
        json.text("who", account.who.unwrap_or_default());
        json.text("runs", account.runs.as_deref().unwrap_or_default());
        json.text("disagrees", account.disagrees.as_deref().unwrap_or_default());
        json.array("causes", |out| {
            list(out, &account.causes, |out, cause| {
                array(out, |out| {
                    out.dec(u64::from(grade_of(cause.grade)));
                    string(out, cause.topic);
                    string(out, &cause.text);
                });
            });
        });
        json.texts("ends", [ladder.names.client.clone(), ladder.names.server.clone()]);
        json.numbers(
            "begin",
            if ladder.stateful { vec![code(ladder.start.client), code(ladder.start.server)] } else { Vec::new() },
        );
        json.array("ladder", |out| list(out, &ladder.rows, |out, row| array(out, |out| rung_or_fold(out, row))));
        json.array("lanes", |out| list(out, &trace.lanes, |out, lane| array(out, |out| marks(out, lane))));
        json.array("counts", |out| list(out, &Role::BOTH, |out, role| array(out, |out| counts(out, conn, *role))));
        words(json, seen);
        json.array("comments", |out| {
            list(out, &seen.comments, |out, (n, comment)| {
                array(out, |out| {
                    out.dec(*n);
                    string(out, &clean(comment));
                });
            });
        });
        json.text("history", &conn.history());
    });
}

fn counts(out: &mut Vec<u8>, conn: &Conn, role: Role) {
    let half = conn.half(role);
    let counts = half.counts();
    for number in [counts.packets, counts.payload_bytes, counts.unique_bytes, counts.ip_bytes, counts.missed_bytes] {
        next(out).dec(number);
    }
    for number in [counts.retransmits, counts.dup_acks, counts.zero_windows, counts.resets] {
        next(out).dec(u64::from(number));
    }
    let offer = half.offer;
    signed(next(out), offer.and_then(|offer| offer.mss).map_or(-1, i64::from));
    signed(next(out), offer.and_then(|offer| offer.wscale).map_or(-1, i64::from));
}

/// The first words of each end.
fn words(json: &mut Json<'_>, seen: &Seen) {
    json.texts("words", seen.first.iter().map(|first| first.as_deref().map_or_else(String::new, first_words)));
}

/// A first line where it is text; else what its octets are.
fn first_words(octets: &[u8]) -> String {
    let line = octets.split(|octet| matches!(octet, b'\r' | b'\n')).next().unwrap_or_default();
    let text = line.iter().filter(|octet| (0x20..0x7f).contains(*octet) || **octet >= 0x80 || **octet == b'\t').count();
    if !line.is_empty() && text == line.len() && std::str::from_utf8(line).is_ok() {
        return format!("“{}”", clean(line));
    }
    let shown: Vec<String> = octets.iter().take(16).map(|octet| format!("{octet:02x}")).collect();
    format!("octets {}{}", shown.join(" "), if octets.len() > 16 { " …" } else { "" })
}

fn rung_or_fold(out: &mut Vec<u8>, row: &Row) {
    match row {
        Row::Rung(rung) => write_rung(out, rung),
        Row::Fold(fold) => write_fold(out, fold),
        Row::Pause(span) => {
            out.dec(2);
            string(out, &human::span(*span));
        }
    }
}

fn write_rung(out: &mut Vec<u8>, rung: &Rung) {
    let nature = match rung.nature() {
        Nature::Opens => 0,
        Nature::Talks => 1,
        Nature::Closes => 2,
        Nature::Again => 3,
        Nature::Breaks => 4,
        Nature::Copy => 5,
    };
    out.dec(0);
    next(out).dec(rung.n);
    signed(next(out), us(rung.at));
    next(out).dec(u64::from(role_code(rung.from)));
    next(out).dec(nature);
    next(out).dec(u64::from(rung.lost) | u64::from(rung.behind_a_gap()) << 1);
    string(out, &rung.said.label(66));
    for role in Role::BOTH {
        let moved = *rung.moved.of(role);
        signed(next(out), if moved { code(*rung.after.of(role)) } else { -1 });
        string(out, &letters(*rung.learnt.of(role)));
    }
    string(out, &rung.remarks());
    string(out, &rung.words.join(" "));
}

fn write_fold(out: &mut Vec<u8>, fold: &Fold) {
    out.dec(1);
    next(out).dec(fold.frames.0);
    next(out).dec(fold.frames.1);
    signed(next(out), us(fold.at.0));
    signed(next(out), us(fold.at.1));
    for role in Role::BOTH {
        string(out, &fold.sent.of(role).told().unwrap_or_default());
    }
    next(out).dec(fold.lost.len() as u64);
    let notes: Vec<String> = fold.notes.iter().map(|(note, count)| format!("{count} {}", note.id())).collect();
    string(out, &notes.join(", "));
}

/// `a!b?`: the letters of what was learnt, each with its basis.
fn letters(facts: Facts) -> String {
    facts.iter().flat_map(|(fact, basis)| [fact.letter(), basis.mark()]).collect()
}

/// A state and its basis in one number.
fn code(standing: Standing) -> i64 {
    i64::from(state_code(standing.state)) * 3 + standing.basis as i64
}

/// Times and numbers as differences from those before: most are small then.
fn marks(out: &mut Vec<u8>, lane: &Lane) {
    let mut last = [0; 2];
    array(out, |out| {
        for mark in &lane.sent {
            let kind = match mark.kind {
                Kind::Data => 0,
                Kind::Again => 1,
                Kind::Syn => 2,
                Kind::Fin => 3,
                Kind::Reset => 4,
            };
            let (begins, ends) = (us(mark.at.0), us(mark.at.1));
            for number in
                [begins - last[0], ends - begins, mark.octets.0 - last[1], mark.octets.1 - mark.octets.0, kind]
            {
                signed(next(out), number);
            }
            last = [ends, mark.octets.1];
        }
    });
    let mut last = [0; 2];
    next(out);
    array(out, |out| {
        for ack in &lane.acks {
            let at = us(ack.at);
            for number in [at - last[0], ack.to - last[1], i64::from(ack.window)] {
                signed(next(out), number);
            }
            last = [at, ack.to];
        }
    });
    let mut last = 0;
    next(out);
    array(out, |out| {
        for (at, trip) in &lane.trips {
            signed(next(out), us(*at) - last);
            signed(next(out), us(*trip));
            last = us(*at);
        }
    });
    next(out).dec(u64::from(lane.coarse));
}

const fn us(span: Span) -> i64 {
    span.0 / 1000
}

/// A JSON object being written.
struct Json<'a> {
    out: &'a mut Vec<u8>,
}

fn object(out: &mut Vec<u8>, write: impl FnOnce(&mut Json<'_>)) {
    out.push(b'{');
    write(&mut Json { out });
    out.push(b'}');
}

impl Json<'_> {
    /// A member's name; its value is written behind.
    fn member(&mut self, name: &str) -> &mut Vec<u8> {
        string(self.out, name);
        self.out.push(b':');
        self.out
    }

    fn number(&mut self, name: &str, number: i64) {
        signed(self.member(name), number);
    }

    fn text(&mut self, name: &str, value: &str) {
        string(self.member(name), value);
    }

    fn array(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        array(self.member(name), write);
    }

    fn texts(&mut self, name: &str, values: impl IntoIterator<Item = String>) {
        self.array(name, |out| values.into_iter().for_each(|value| string(out, &value)));
    }

    fn numbers(&mut self, name: &str, values: impl IntoIterator<Item = i64>) {
        self.array(name, |out| values.into_iter().for_each(|value| signed(next(out), value)));
    }

    fn counts(&mut self, name: &str, values: impl IntoIterator<Item = (String, u64)>) {
        self.array(name, |out| {
            for (name, count) in values {
                next(out);
                array(out, |out| {
                    string(out, &name);
                    next(out).dec(count);
                });
            }
        });
    }
}

fn array(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'[');
    write(out);
    out.push(b']');
}

fn list<T>(out: &mut Vec<u8>, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Vec<u8>, T)) {
    for item in items {
        write(next(out), item);
    }
}

/// `out` with a comma where one is due: not behind what opens, nor behind another comma.
fn next(out: &mut Vec<u8>) -> &mut Vec<u8> {
    if !matches!(out.last(), None | Some(b'[' | b'{' | b',' | b':')) {
        out.push(b',');
    }
    out
}

/// A string that may hold anything, behind a comma where one is due.
fn string(out: &mut Vec<u8>, text: &str) {
    let out = next(out);
    let start = out.len();
    // Neither a string nor a vector can fail here; should one, there is nothing to tell.
    if serde_json::to_writer(&mut *out, text).is_err() {
        out.truncate(start);
        out.text("\"\"");
    }
}

fn signed(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    out.dec(number.unsigned_abs());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_stand_between_values_and_nowhere_else() {
        let mut out = Vec::new();
        object(&mut out, |json| {
            json.text("a", "[,");
            json.numbers("b", [1, -2]);
            json.array("c", |out| {
                list(out, [[1, 2], [3, 4]], |out, pair| {
                    array(out, |out| list(out, pair, Vec::dec));
                });
            });
            json.counts("d", [("x".to_owned(), 1)]);
        });
        assert_eq!(String::from_utf8_lossy(&out), r#"{"a":"[,","b":[1,-2],"c":[[1,2],[3,4]],"d":[["x",1]]}"#);
    }

    #[test]
    fn first_words_are_text_only_where_all_of_it_is() {
        assert_eq!(first_words(b"GET / HTTP/1.1\r\nHost: x\r\n"), "“GET / HTTP/1.1”");
        assert_eq!(first_words(b"<script>alert(1)</script>"), "“<script>alert(1)</script>”");
        assert_eq!(first_words(&[0x16, 3, 1]), "octets 16 03 01");
        assert_eq!(first_words("a\u{202e}b".as_bytes()), "“a\\u{202e}b”");
    }
}
