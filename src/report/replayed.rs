//! How a replayed connection went: what came beside what was recorded, and how both ends behaved.

use std::io::{self, Write};

use super::digits::Digits as _;
use super::human;
use super::json::SCHEMA;
use super::object::{Object, key};
use super::paint::{self, Ink, Paint};
use crate::wire::recording::End;
use crate::wire::{Endpoint, Span};

/// A replayed connection, in the words of whoever replayed it.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// Its number in the capture.
    pub conn: u32,
    /// How many times it was performed before.
    pub round: u32,
    /// Which end was performed.
    pub role: End,
    /// Client and server, live.
    pub live: (Endpoint, Endpoint),
    /// Client and server, as recorded.
    pub recorded: (Endpoint, Endpoint),
    /// How it ended: `played`, `reset`, `refused`, `unanswered`, `silent` or `stopped`.
    pub ending: &'static str,
    /// Whether it ended as recorded.
    pub ends_as_recorded: bool,
    /// Octets of the performed end, and how many of them were acknowledged.
    pub sent: (u64, u64),
    /// What came.
    pub came: Came,
    /// How the other end behaved: now, and in the recording.
    pub peer: [Behaviour; 2],
    /// How the performed end did.
    pub own: [Behaviour; 2],
    /// FINs and RSTs in their order: now, and in the recording.
    pub ends: [Vec<(End, &'static str)>; 2],
    /// From the first segment to both greetings, now and in the recording.
    pub opening: [Option<Span>; 2],
    /// From the first segment to the other end's first octet.
    pub first_octet: [Option<Span>; 2],
    /// From the first segment to the end.
    pub duration: [Option<Span>; 2],
    /// The smoothed round trip.
    pub round_trip: Option<Span>,
    /// Timeouts, losses told of by acknowledgments, questions to closed windows.
    pub losses: [u32; 3],
    /// Times that an answer had another length than recorded, and the replay went on all the same.
    pub other_lengths: u32,
}

/// What came of the other end, beside what was recorded.
#[derive(Clone, Debug, Default)]
pub struct Came {
    /// Octets in the recording.
    pub recorded: u64,
    /// Octets that came.
    pub came: u64,
    /// Octets that are alike in the same place.
    pub alike: u64,
    /// Octets that a mask hides.
    pub masked: u64,
    /// `equal`, `differs`, `missing` or `extra`.
    pub outcome: &'static str,
    /// Where the first difference is, in the recording and in what came, and what stands before it
    /// in both, and there in either.
    pub difference: Option<Difference>,
}

/// A first difference.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// Its offset in the recording.
    pub recorded_at: u64,
    /// Its offset in what came.
    pub came_at: u64,
    /// What both have before it.
    pub before: Vec<u8>,
    /// What was recorded.
    pub recorded: Vec<u8>,
    /// What came.
    pub came: Vec<u8>,
}

/// How an end behaved.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Behaviour {
    /// The options of its SYN, in the notation of transcripts.
    pub options: String,
    /// Segments, those with octets, and those that were said before.
    pub segments: u32,
    /// Segments with octets.
    pub data_segments: u32,
    /// Segments that were said before.
    pub repeats: u32,
    /// The most octets in one.
    pub largest: u32,
    /// Its least and its largest window in octets.
    pub windows: Option<(u32, u32)>,
}

/// All of them together.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ReplayTotals {
    /// Connections that were performed.
    pub performed: u64,
    /// Those in which every octet came as recorded, and every octet arrived.
    pub equal: u64,
    /// Connections of living clients for which there was no recording left.
    pub turned_away: u64,
    /// Octets that came.
    pub octets: u64,
    /// From the first segment to the last end.
    pub took: Span,
}

impl Replayed {
    /// Whether every octet came as recorded, every octet arrived, and it ended as recorded.
    pub fn is_equal(&self) -> bool {
        self.came.outcome == "equal" && self.sent.0 == self.sent.1 && self.ends_as_recorded
    }

    /// Writes it for eyes.
    ///
    /// # Errors
    ///
    /// When the output can't be written.
    pub fn write_text(&self, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
        let mut text = Vec::new();
        self.heading(paint, &mut text);
        self.octets(paint, &mut text);
        self.behaviour(&mut text);
        out.write_all(&text)
    }

    fn heading(&self, paint: Paint, out: &mut Vec<u8>) {
        let equal = self.is_equal();
        let ink = if equal { Ink::Good } else { Ink::Bad };
        paint.text(ink, out, if equal { "equal    " } else { "different" });
        let round = if self.round > 0 { format!(" (round {})", self.round + 1) } else { String::new() };
        line(
            out,
            &format!(
                "  connection {}{round}: {} → {}, its {} performed",
                self.conn, self.live.0, self.live.1, self.role
            ),
        );
    }

    fn octets(&self, paint: Paint, out: &mut Vec<u8>) {
        let (recorded, delivered) = self.sent;
        let sent = if recorded == delivered {
            format!("sent {}, all acknowledged", human::octets(recorded))
        } else {
            format!("sent {} of {}", human::octets(delivered), human::octets(recorded))
        };
        let Came { recorded, came, alike, masked, .. } = self.came;
        let mut heard = match self.came.outcome {
            "equal" => format!("{} came, all as recorded", human::octets(came)),
            "missing" => format!(
                "{} came of {}: {} are missing at the end",
                human::octets(came),
                human::octets(recorded),
                count(recorded - came.min(recorded))
            ),
            "extra" => format!("{} came, {} more than recorded", human::octets(came), count(came - recorded.min(came))),
            _ => format!(
                "{} came and {} were recorded, {} of them alike",
                human::octets(came),
                human::octets(recorded),
                count(alike)
            ),
        };
        if masked > 0 {
            heard.push_str(&format!(", {} masked", count(masked)));
        }
        line(out, &format!("  {sent}; {heard}"));
        if let Some(difference) = &self.came.difference {
            let place = if difference.recorded_at == difference.came_at {
                format!("at octet {}", difference.recorded_at)
            } else {
                format!("at octet {} of the recording, {} of what came", difference.recorded_at, difference.came_at)
            };
            line(out, &format!("  first difference {place}"));
            for (what, octets, ink) in
                [("recorded", &difference.recorded, Ink::Good), ("came    ", &difference.came, Ink::Bad)]
            {
                out.text(&format!("    {what}  "));
                paint.with(Ink::Dim, out, |out| paint::escape(out, &difference.before));
                paint.with(ink, out, |out| paint::escape(out, octets));
                out.push(b'\n');
            }
        }
        let ending = match self.ending {
            "played" if self.ends_as_recorded => return,
            "played" => "both ends closed, but not as recorded",
            "reset" => "the other end broke the connection off",
            "refused" => "the other end refused the connection",
            "unanswered" => "nobody answered",
            "silent" => "the other end fell silent: given up",
            _ => "stopped before its end",
        };
        let as_recorded = if self.ends_as_recorded { ", as recorded" } else { "" };
        line(out, &format!("  {ending}{as_recorded}"));
    }

    fn behaviour(&self, out: &mut Vec<u8>) {
        let pair = |spans: [Option<Span>; 2]| {
            let [live, recorded] = spans.map(|span| span.map_or("never".to_owned(), human::span));
            format!("{live} (recorded {recorded})")
        };
        line(
            out,
            &format!(
                "  opened in {}, first octet after {}, over in {}",
                pair(self.opening),
                pair(self.first_octet),
                pair(self.duration)
            ),
        );
        let [now, then] = &self.peer;
        if now.options == then.options {
            line(out, &format!("  options of the {}: {}, as recorded", !self.role, named(&now.options)));
        } else {
            line(
                out,
                &format!(
                    "  options of the {}: {} (recorded {})",
                    !self.role,
                    named(&now.options),
                    named(&then.options)
                ),
            );
        }
        for (role, [now, then]) in [(self.role, &self.own), (!self.role, &self.peer)] {
            let traffic = |behaviour: &Behaviour| {
                let windows = behaviour.windows.map_or(String::new(), |(least, most)| {
                    format!(", windows {} to {}", count(least.into()), count(most.into()))
                });
                format!(
                    "{} segments, {} with data, the largest {}, {} again{windows}",
                    behaviour.segments,
                    behaviour.data_segments,
                    count(behaviour.largest.into()),
                    behaviour.repeats
                )
            };
            line(out, &format!("  {role}: {} (recorded: {})", traffic(now), traffic(then)));
        }
        let [timeouts, told, probes] = self.losses;
        if timeouts + told + probes + self.other_lengths > 0 {
            line(
                out,
                &format!(
                    "  {timeouts} timeouts, {told} losses told by acknowledgments, {probes} probes of a closed window, {} answers of another length",
                    self.other_lengths
                ),
            );
        }
        if let Some(round_trip) = self.round_trip {
            line(out, &format!("  round trip {}", human::span(round_trip)));
        }
        let [now, then] = self.ends.each_ref().map(|ends| order(ends));
        if now == then {
            line(out, &format!("  end: {now}, as recorded"));
        } else {
            line(out, &format!("  end: {now} (recorded {then})"));
        }
    }

    /// Writes it as a record, on a line of its own.
    ///
    /// # Errors
    ///
    /// When the output can't be written.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut line = Vec::new();
        let mut object = Object::begin(&mut line);
        object.number(key!("schema"), SCHEMA);
        object.word(key!("type"), "replayed");
        object.number(key!("id"), self.conn.into());
        object.number(key!("round"), self.round.into());
        object.word(key!("performed"), self.role.name());
        object.flag(key!("equal"), self.is_equal());
        for (key, (client, server)) in [(key!("live"), self.live), (key!("recorded"), self.recorded)] {
            object.object(key, |object| {
                object.string(key!("client"), &client.to_string());
                object.string(key!("server"), &server.to_string());
            });
        }
        object.word(key!("ending"), self.ending);
        object.flag(key!("ends_as_recorded"), self.ends_as_recorded);
        object.object(key!("sent"), |object| {
            object.number(key!("recorded"), self.sent.0);
            object.number(key!("acknowledged"), self.sent.1);
        });
        object.object(key!("came"), |object| self.came.write(object));
        for (key, behaviours) in [(key!("peer"), &self.peer), (key!("own"), &self.own)] {
            object.object(key, |object| {
                object.object(key!("live"), |object| behaviours[0].write(object));
                object.object(key!("recorded"), |object| behaviours[1].write(object));
            });
        }
        for (key, ends) in [(key!("ends"), &self.ends[0]), (key!("ends_recorded"), &self.ends[1])] {
            object.array(key, |array| {
                for (end, how) in ends {
                    array.quoted(|out| out.text(&format!("{end}_{how}")));
                }
            });
        }
        for (keys, spans) in [
            ([key!("opening_ns"), key!("opening_recorded_ns")], self.opening),
            ([key!("first_octet_ns"), key!("first_octet_recorded_ns")], self.first_octet),
            ([key!("duration_ns"), key!("duration_recorded_ns")], self.duration),
            ([key!("rtt_ns"), key!("rtt_recorded_ns")], [self.round_trip, None]),
        ] {
            for (key, span) in keys.into_iter().zip(spans) {
                if let Some(span) = span {
                    object.signed(key, span.0);
                }
            }
        }
        let [timeouts, told, probes] = self.losses.map(u64::from);
        object.number(key!("timeouts"), timeouts);
        object.number(key!("losses_told"), told);
        object.number(key!("window_probes"), probes);
        object.number(key!("other_lengths"), self.other_lengths.into());
        object.end();
        line.push(b'\n');
        out.write_all(&line)
    }
}

impl Came {
    fn write(&self, object: &mut Object<'_>) {
        object.word(key!("outcome"), self.outcome);
        object.number(key!("recorded"), self.recorded);
        object.number(key!("came"), self.came);
        object.number(key!("alike"), self.alike);
        object.number(key!("masked"), self.masked);
        if let Some(difference) = &self.difference {
            object.object(key!("difference"), |object| {
                object.number(key!("recorded_at"), difference.recorded_at);
                object.number(key!("came_at"), difference.came_at);
                object.quoted(key!("before_hex"), |out| hex(out, &difference.before));
                object.quoted(key!("recorded_hex"), |out| hex(out, &difference.recorded));
                object.quoted(key!("came_hex"), |out| hex(out, &difference.came));
            });
        }
    }
}

impl Behaviour {
    fn write(&self, object: &mut Object<'_>) {
        object.string(key!("options"), &self.options);
        object.number(key!("segments"), self.segments.into());
        object.number(key!("data_segments"), self.data_segments.into());
        object.number(key!("repeats"), self.repeats.into());
        object.number(key!("largest"), self.largest.into());
        if let Some((least, most)) = self.windows {
            object.numbers(key!("windows"), [least.into(), most.into()]);
        }
    }
}

impl ReplayTotals {
    /// Writes it for eyes, on a line.
    ///
    /// # Errors
    ///
    /// When the output can't be written.
    pub fn write_text(&self, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
        let mut text = Vec::new();
        let ink = if self.equal == self.performed { Ink::Good } else { Ink::Bad };
        let rate = self.performed as f64 / self.took.as_secs_f64().max(1e-9);
        paint.text(
            ink,
            &mut text,
            &format!("{} of {} equal", count(self.equal), human::plural(self.performed, "connection")),
        );
        text.text(&format!(
            ", {} came, in {} ({rate:.0} connections/s)",
            human::octets(self.octets),
            human::span(self.took)
        ));
        if self.turned_away > 0 {
            text.text(&format!(
                "; {} turned away, with no recording left for them",
                human::plural(self.turned_away, "client")
            ));
        }
        text.push(b'\n');
        out.write_all(&text)
    }

    /// Writes it as a record, on a line of its own.
    ///
    /// # Errors
    ///
    /// When the output can't be written.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut line = Vec::new();
        let mut object = Object::begin(&mut line);
        object.number(key!("schema"), SCHEMA);
        object.word(key!("type"), "replay_totals");
        object.number(key!("performed"), self.performed);
        object.number(key!("equal"), self.equal);
        object.number(key!("turned_away"), self.turned_away);
        object.number(key!("octets"), self.octets);
        object.signed(key!("took_ns"), self.took.0);
        object.end();
        line.push(b'\n');
        out.write_all(&line)
    }
}

fn line(out: &mut Vec<u8>, text: &str) {
    out.text(text);
    out.push(b'\n');
}

fn count(number: u64) -> String {
    human::count(number)
}

fn hex(out: &mut Vec<u8>, octets: &[u8]) {
    for octet in octets {
        out.hex(u64::from(*octet), 2);
    }
}

fn named(options: &str) -> &str {
    if options.is_empty() { "none" } else { options }
}

fn order(ends: &[(End, &'static str)]) -> String {
    let named: Vec<String> = ends.iter().map(|(end, how)| format!("{end} {}", how.to_uppercase())).collect();
    if named.is_empty() { "none seen".to_owned() } else { named.join(", ") }
}
