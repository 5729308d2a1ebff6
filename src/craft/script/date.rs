use std::fmt;

use crate::wire::Timestamp;

const DAY: u64 = 86_400;
const SECOND: u64 = 1_000_000_000;

/// Reads `2026-01-01T00:00:00Z`, with up to nine digits after the second's point.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = fields(date, '-')?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = fields(clock, ':')?;
    let dated = (1970..2500).contains(&year) && (1..=12).contains(&month) && hour < 24 && minute < 60 && second < 60;
    if !dated || !(1..=month_days(year, month)).contains(&day) {
        return None;
    }
    let days =
        (1970..year).map(year_days).sum::<u64>() + (1..month).map(|m| month_days(year, m)).sum::<u64>() + day - 1;
    let seconds = days * DAY + hour * 3600 + minute * 60 + second;
    Some(Timestamp(seconds * SECOND + nanos(fraction)?))
}

/// A moment in the form that [`parse`] reads.
pub(super) struct Utc(pub(super) Timestamp);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, ns) = self.0.parts();
        let (mut days, clock) = (seconds / DAY, seconds % DAY);
        let mut year = 1970;
        while days >= year_days(year) {
            days -= year_days(year);
            year += 1;
        }
        let mut month = 1;
        while days >= month_days(year, month) {
            days -= month_days(year, month);
            month += 1;
        }
        write!(f, "{year:04}-{month:02}-{:02}T", days + 1)?;
        write!(f, "{:02}:{:02}:{:02}{}Z", clock / 3600, clock / 60 % 60, clock % 60, Fraction(ns))
    }
}

/// Nanoseconds as what follows a second: a point and the digits that matter, or nothing.
pub(super) struct Fraction(pub(super) u32);

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return Ok(());
        }
        let digits = format!("{:09}", self.0);
        write!(f, ".{}", digits.trim_end_matches('0'))
    }
}

/// The nanoseconds that the digits after a point stand for; at most nine digits.
pub(super) fn nanos(digits: &str) -> Option<u64> {
    let right = (1..=9).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    right.then(|| format!("{digits:0<9}").parse().ok())?
}

fn fields(text: &str, between: char) -> Option<[u64; 3]> {
    let mut parts = text.split(between).map(|part| part.parse().ok());
    let fields = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(fields)
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn year_days(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

const fn month_days(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_comes_back_from_its_nanoseconds() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2026-01-01T00:00:00Z", 1_767_225_600),
            ("2100-03-01T12:00:00Z", 4_107_585_600),
        ] {
            assert_eq!(parse(text), Some(Timestamp(seconds * SECOND)), "{text}");
            assert_eq!(Utc(Timestamp(seconds * SECOND)).to_string(), text);
        }
        assert_eq!(Utc(Timestamp(1_500_000_000)).to_string(), "1970-01-01T00:00:01.5Z");
        assert_eq!(parse("1970-01-01T00:00:01.5Z"), Some(Timestamp(1_500_000_000)));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
