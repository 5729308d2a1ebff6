//! The time in front of a line, in tcpdump's six ways: the door of jiff.

use std::io::Write as _;

use jiff::tz::TimeZone;

use super::digits::{self, Digits as _};
use crate::wire::Timestamp;

/// How to tell when a packet was captured.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TimeStyle {
    /// `16:33:00.123456`, local time.
    #[default]
    TimeOfDay,
    /// Not at all.
    None,
    /// `1000.123456`, seconds since the epoch.
    Epoch,
    /// ` 00:00:00.000123`, since the line before.
    SincePrevious,
    /// `2026-11-22 16:33:00.123456`, local time.
    DateTime,
    /// ` 00:00:01.000123`, since the first line.
    SinceFirst,
}

/// How many digits a second has.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Precision {
    /// Six, and nine from the first time on that needs them.
    #[default]
    AsCaptured,
    /// Six.
    Micro,
    /// Nine.
    Nano,
}

/// Writes times, one after the other.
#[derive(Clone, Debug)]
pub struct Clock {
    style: TimeStyle,
    nano: Option<bool>,
    nano_seen: bool,
    first: Option<Timestamp>,
    previous: Option<Timestamp>,
    seconds: Seconds,
}

impl Clock {
    /// A clock for the time zone of this machine (`TZ`, else the system's).
    pub fn local(style: TimeStyle, precision: Precision) -> Self {
        let local = matches!(style, TimeStyle::TimeOfDay | TimeStyle::DateTime);
        Self::in_zone(style, precision, if local { TimeZone::system() } else { TimeZone::UTC })
    }

    fn in_zone(style: TimeStyle, precision: Precision, zone: TimeZone) -> Self {
        let format = if style == TimeStyle::DateTime { "%Y-%m-%d %H:%M:%S" } else { "%H:%M:%S" };
        let nano = match precision {
            Precision::AsCaptured => None,
            Precision::Micro => Some(false),
            Precision::Nano => Some(true),
        };
        Self { style, nano, nano_seen: false, first: None, previous: None, seconds: Seconds::new(format, zone) }
    }

    /// Appends the time of a packet and a space; nothing where no time is wanted.
    pub fn write(&mut self, out: &mut Vec<u8>, time: Timestamp) {
        self.nano_seen |= !time.0.is_multiple_of(1000);
        let nano = self.nano.unwrap_or(self.nano_seen);
        // Intervals are between the times as told.
        let time = if nano { time } else { Timestamp(time.0 / 1000 * 1000) };
        let (seconds, nanos) = time.parts();
        match self.style {
            TimeStyle::None => return,
            TimeStyle::TimeOfDay | TimeStyle::DateTime => {
                self.seconds.write(out, seconds);
                fraction(out, nanos, nano);
            }
            TimeStyle::Epoch => {
                out.dec(seconds);
                fraction(out, nanos, nano);
            }
            TimeStyle::SincePrevious => interval(out, self.previous.replace(time).unwrap_or(time), time, nano),
            TimeStyle::SinceFirst => interval(out, *self.first.get_or_insert(time), time, nano),
        }
        out.push(b' ');
    }
}

/// Writes RFC 3339 times in UTC: `2026-11-22T16:33:00.123456789Z`.
#[derive(Clone, Debug)]
pub struct Utc(Seconds);

impl Default for Utc {
    fn default() -> Self {
        Self(Seconds::new("%Y-%m-%dT%H:%M:%S", TimeZone::UTC))
    }
}

impl Utc {
    /// Appends `time`, always with nine digits.
    pub fn write(&mut self, out: &mut Vec<u8>, time: Timestamp) {
        let (seconds, nanos) = time.parts();
        self.0.write(out, seconds);
        fraction(out, nanos, true);
        out.push(b'Z');
    }
}

/// Writes times as Wireshark's `frame.time` has them: `Nov 22, 2026 16:33:00.123456789 UTC`.
#[derive(Clone, Debug)]
pub struct Long {
    before: Seconds,
    zone: Seconds,
}

impl Default for Long {
    fn default() -> Self {
        let zone = TimeZone::system();
        Self { before: Seconds::new("%b %e, %Y %H:%M:%S", zone.clone()), zone: Seconds::new(" %Z", zone) }
    }
}

impl Long {
    /// Appends `time`.
    pub fn write(&mut self, out: &mut Vec<u8>, time: Timestamp) {
        let (seconds, nanos) = time.parts();
        self.before.write(out, seconds);
        fraction(out, nanos, true);
        self.zone.write(out, seconds);
    }
}

/// Names with a date in them, made from a template for `strftime(3)`, in local time.
#[derive(Clone, Debug)]
pub struct Dated {
    template: String,
    zone: TimeZone,
}

impl Dated {
    /// Names by `template`.
    ///
    /// # Errors
    ///
    /// A sentence, when the template has a conversion that does not exist.
    pub fn new(template: &str) -> Result<Self, String> {
        let dated = Self { template: template.to_owned(), zone: TimeZone::system() };
        dated.try_at(Timestamp(0)).map(|_| dated.clone())
    }

    /// The name at `time`.
    pub fn at(&self, time: Timestamp) -> String {
        self.try_at(time).unwrap_or_else(|_| self.template.clone())
    }

    fn try_at(&self, time: Timestamp) -> Result<String, String> {
        let (seconds, _) = time.parts();
        let time = jiff::Timestamp::from_second(seconds as i64).map_err(|error| error.to_string())?;
        let time = time.to_zoned(self.zone.clone());
        jiff::fmt::strtime::format(&self.template, &time).map_err(|error| error.to_string())
    }
}

/// Formats whole seconds, and remembers the last: packets come many to the second.
#[derive(Clone, Debug)]
struct Seconds {
    format: &'static str,
    zone: TimeZone,
    last: Option<u64>,
    /// The text, and how long it is; behind it is room for all of it to be copied in one piece.
    text: Vec<u8>,
    len: usize,
}

/// As long as the text of a second is, or longer.
const USUAL: usize = 24;

impl Seconds {
    fn new(format: &'static str, zone: TimeZone) -> Self {
        Self { format, zone, last: None, text: Vec::new(), len: 0 }
    }

    #[inline]
    fn write(&mut self, out: &mut Vec<u8>, seconds: u64) {
        if self.last != Some(seconds) {
            self.make(seconds);
        }
        match self.text.first_chunk::<USUAL>() {
            Some(text) if self.len <= USUAL => digits::append(out, text, self.len),
            _ => out.extend_from_slice(self.text.get(..self.len).unwrap_or_default()),
        }
    }

    fn make(&mut self, seconds: u64) {
        self.last = Some(seconds);
        self.text.clear();
        // Nanoseconds in 64 bits end in the year 2554, and jiff's calendar goes to 9999.
        if let Ok(time) = jiff::Timestamp::from_second(seconds as i64) {
            let time = time.to_zoned(self.zone.clone());
            let _ = write!(self.text, "{}", time.strftime(self.format));
        }
        self.len = self.text.len();
        self.text.resize(self.len.max(USUAL), 0);
    }
}

fn interval(out: &mut Vec<u8>, from: Timestamp, to: Timestamp, nano: bool) {
    out.push(if to < from { b'-' } else { b' ' });
    let (seconds, nanos) = Timestamp(to.0.abs_diff(from.0)).parts();
    out.dec_wide(seconds / 3600, 2);
    out.push(b':');
    out.dec_wide(seconds / 60 % 60, 2);
    out.push(b':');
    out.dec_wide(seconds % 60, 2);
    fraction(out, nanos, nano);
}

fn fraction(out: &mut Vec<u8>, nanos: u32, nano: bool) {
    if nano { digits::nanos(out, nanos) } else { digits::micros(out, nanos / 1000) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(style: TimeStyle, precision: Precision, times: &[u64]) -> String {
        let mut clock = Clock::in_zone(style, precision, TimeZone::UTC);
        let mut out = Vec::new();
        for time in times {
            clock.write(&mut out, Timestamp(*time));
            out.push(b'|');
        }
        String::from_utf8(out).expect("times are ASCII")
    }

    #[test]
    fn every_style_reads_as_tcpdump_writes_it() {
        let back = &[1_000_000_000_000, 999_990_000_000, 1_000_005_000_000];
        for (style, expected) in [
            (TimeStyle::TimeOfDay, "00:16:40.000000 |00:16:39.990000 |00:16:40.005000 |"),
            (TimeStyle::None, "|||"),
            (TimeStyle::Epoch, "1000.000000 |999.990000 |1000.005000 |"),
            (TimeStyle::SincePrevious, " 00:00:00.000000 |-00:00:00.010000 | 00:00:00.015000 |"),
            (
                TimeStyle::DateTime,
                "1970-01-01 00:16:40.000000 |1970-01-01 00:16:39.990000 |1970-01-01 00:16:40.005000 |",
            ),
            (TimeStyle::SinceFirst, " 00:00:00.000000 |-00:00:00.010000 | 00:00:00.005000 |"),
        ] {
            assert_eq!(lines(style, Precision::AsCaptured, back), expected);
        }
    }

    #[test]
    fn nanoseconds_are_told_once_the_capture_has_them() {
        let times = &[1_000_000, 1_000_001, 2_000_000];
        assert_eq!(lines(TimeStyle::Epoch, Precision::AsCaptured, times), "0.001000 |0.001000001 |0.002000000 |");
        assert_eq!(lines(TimeStyle::Epoch, Precision::Micro, times), "0.001000 |0.001000 |0.002000 |");
        assert_eq!(lines(TimeStyle::Epoch, Precision::Nano, &[5]), "0.000000005 |");
    }

    #[test]
    fn a_name_has_the_date_in_it() {
        let mut dated = Dated::new("trace-%Y%m%d_%H%M%S.pcap").expect("a good template");
        dated.zone = TimeZone::UTC;
        assert_eq!(dated.at(Timestamp(1_000_000_000_000_000_000)), "trace-20010909_014640.pcap");
        assert!(Dated::new("trace-%!.pcap").is_err());
    }

    #[test]
    fn the_last_moment_has_a_date_too() {
        let mut out = Vec::new();
        Utc::default().write(&mut out, Timestamp(u64::MAX));
        assert_eq!(out, b"2554-07-21T23:34:33.709551615Z");
    }
}
