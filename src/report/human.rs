//! Numbers and prose as people read them.

use std::io::Write as _;

use super::digits::{self, Digits as _};
use super::short::{Short, three};
use crate::wire::Span;

/// A stretch of time in the unit that suits it, three figures or so: `0.350 ms`, `22.1 ms`,
/// `1.20 s`, `5 min 12 s`, `3 h 04 min`.
pub fn span(span: Span) -> String {
    written(|out| write_span(out, span))
}

/// Appends what [`span`] says.
pub fn write_span(out: &mut Vec<u8>, span: Span) {
    if let Some(short) = short_span(span) {
        return digits::append(out, &short.octets(), short.len());
    }
    write_any_span(out, span);
}

const MILLI: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

/// The same of any span, those that are common among them.
fn write_any_span(out: &mut Vec<u8>, span: Span) {
    if span.0 < 0 {
        out.push(b'-');
    }
    let ns = span.0.unsigned_abs();
    // The limits lie where rounding would reach the next unit.
    match ns {
        0 => out.text("0 ms"),
        1..1_000 => decimal::<MILLI, 4>(out, ns, " ms"),
        1_000..999_500 => decimal::<MILLI, 3>(out, ns, " ms"),
        999_500..9_995_000 => decimal::<MILLI, 2>(out, ns, " ms"),
        9_995_000..99_950_000 => decimal::<MILLI, 1>(out, ns, " ms"),
        99_950_000..999_500_000 => decimal::<MILLI, 0>(out, ns, " ms"),
        999_500_000..9_995_000_000 => decimal::<SECOND, 2>(out, ns, " s"),
        9_995_000_000..119_950_000_000 => decimal::<SECOND, 1>(out, ns, " s"),
        _ => {
            let s = ns / SECOND + u64::from(ns % SECOND >= SECOND / 2);
            let (min, hours, days) = (s / 60, s / 3600, s / 86_400);
            let (large, unit, small, rest) = match days {
                0 if hours == 0 => (min, " min ", s % 60, " s"),
                0 => (hours, " h ", min % 60, " min"),
                _ => (days, " d ", hours % 24, " h"),
            };
            out.dec(large);
            out.text(unit);
            out.dec_wide(small, 2);
            out.text(rest);
        }
    }
}

/// What [`span`] says, of those that are common: they are told by three digits.
#[inline]
pub(super) fn short_span(span: Span) -> Option<Short> {
    const MS: u64 = u32::from_le_bytes(*b" ms\0") as u64;
    const S: u64 = u16::from_le_bytes(*b" s") as u64;
    // The first octet is the lowest.
    const ZERO: u64 = u16::from_le_bytes(*b"0.") as u64;
    const POINT: u64 = b'.' as u64;

    let ns = span.0.cast_unsigned();
    match ns {
        0 => Short::eight(u64::from(b'0') | MS << 8, 4),
        1_000..999_500 => Short::eight(ZERO | steps::<MILLI, 1_000>(ns) << 16 | MS << 40, 8),
        999_500..9_995_000 => {
            let digits = steps::<MILLI, 10_000>(ns);
            Short::eight(digits & 0xff | POINT << 8 | (digits & !0xff) << 8 | MS << 32, 7)
        }
        9_995_000..99_950_000 => {
            let digits = steps::<MILLI, 100_000>(ns);
            Short::eight(digits & 0xffff | POINT << 16 | (digits & !0xffff) << 8 | MS << 32, 7)
        }
        99_950_000..999_500_000 => Short::eight(steps::<MILLI, 1_000_000>(ns) | MS << 24, 6),
        999_500_000..9_995_000_000 => {
            let digits = steps::<SECOND, 10_000_000>(ns);
            Short::eight(digits & 0xff | POINT << 8 | (digits & !0xff) << 8 | S << 32, 6)
        }
        9_995_000_000..99_950_000_000 => {
            let digits = steps::<SECOND, 100_000_000>(ns);
            Short::eight(digits & 0xffff | POINT << 16 | (digits & !0xffff) << 8 | S << 32, 6)
        }
        _ => None,
    }
}

/// The three digits of how often there is a `STEP` in `value`, in units of `UNIT`.
#[inline]
fn steps<const UNIT: u64, const STEP: u64>(value: u64) -> u64 {
    let (steps, rest) = ((value + STEP / 2) / STEP, (value + STEP / 2) % STEP);
    three(if rest == 0 { steps - u64::from(!half_goes_up(value, UNIT, steps - 1)) } else { steps })
}

/// Whether a `value`, `steps` and exactly a half, is rounded up where it is told in units of `unit`: that is
/// the floating point number's to say, which seldom is a half exactly.
#[inline(never)]
fn half_goes_up(value: u64, unit: u64, steps: u64) -> bool {
    let bits = (value as f64 / unit as f64).to_bits();
    // What it is: a number of 53 bits, so many places behind the point. All values are below 2 to the 37th,
    // and not below a millionth of a unit.
    let (number, places) = (bits & ((1 << 52) - 1) | 1 << 52, 1075_u64.saturating_sub(bits >> 52));
    let told = u128::from(number) * u128::from(unit);
    let exact = u128::from(value).checked_shl(places as u32).unwrap_or_default();
    // A half exactly goes to the even one.
    told > exact || told == exact && !steps.is_multiple_of(2)
}

/// Appends `value` in units of `UNIT`, rounded to so many `DIGITS` behind the point, and what the
/// unit is called. Constants, since dividing by them is multiplying.
#[inline]
fn decimal<const UNIT: u64, const DIGITS: u32>(out: &mut Vec<u8>, value: u64, name: &str) {
    let step = const { UNIT / 10_u64.pow(DIGITS) };
    let (steps, rest) = (value / step, value % step);
    let up = 2 * rest > step || 2 * rest == step && half_goes_up(value, UNIT, steps);
    let steps = steps + u64::from(up);
    match DIGITS {
        0 => out.dec(steps),
        _ => digits::with_point(out, steps, DIGITS),
    }
    out.text(name);
}

/// Octets with a decimal prefix: `78 B`, `1.23 kB`, `45.6 MB`.
pub fn octets(octets: u64) -> String {
    match octets {
        0..1_000 => format!("{octets} B"),
        _ => written(|out| scaled(out, octets, " ")) + "B",
    }
}

/// A number with its thousands set apart: `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Appends a number for a narrow column: exact below 100,000, then `123k`, `4.56M`.
pub fn write_brief(out: &mut Vec<u8>, number: u64) {
    match number {
        0..100_000 => out.dec(number),
        _ => scaled(out, number, ""),
    }
}

/// `1 packet`, `2 packets`; adds an `s`.
pub fn plural(number: u64, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", count(number))
}

fn scaled(out: &mut Vec<u8>, number: u64, gap: &str) {
    const PREFIXES: [char; 6] = ['k', 'M', 'G', 'T', 'P', 'E'];
    let mut value = number as f64 / 1e3;
    let mut prefix = 0;
    // 999.5 would print as 1000.
    while value >= 999.5 && prefix + 1 < PREFIXES.len() {
        value /= 1e3;
        prefix += 1;
    }
    let digits = match value {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    // Writing to a vector cannot fail.
    let _ = write!(out, "{value:.digits$}{gap}{}", PREFIXES[prefix]);
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Breaks `text` at spaces into lines of at most `width` characters (a longer word stands
/// alone).
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let word_length = word.chars().count();
        if length > 0 && length + 1 + word_length > width {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += word_length;
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_keeps_three_figures_or_so() {
        for (ns, text) in [
            (0, "0 ms"),
            (350, "0.0003 ms"),
            (350_000, "0.350 ms"),
            (22_149_000, "22.1 ms"),
            (999_600_000, "1.00 s"),
            (1_204_000_000, "1.20 s"),
            (75_320_000_000, "75.3 s"),
            (312_000_000_000, "5 min 12 s"),
            (11_040_000_000_000, "3 h 04 min"),
            (183_600_000_000_000, "2 d 03 h"),
            (-1_500_000, "-1.50 ms"),
        ] {
            assert_eq!(span(Span(ns)), text);
        }
    }

    #[test]
    fn a_span_is_rounded_as_the_number_with_a_point_would_be() {
        let steps = [1, 3, 7, 50, 333, 500, 1_000, 2_500, 5_000, 50_000, 500_000, 5_000_000, 123_456_789];
        for ns in steps.into_iter().flat_map(|step| (1..2_000).map(move |times| times * step)) {
            let (ms, s) = (ns as f64 / 1e6, ns as f64 / 1e9);
            let expected = match ns {
                1..1_000 => format!("{ms:.4} ms"),
                1_000..999_500 => format!("{ms:.3} ms"),
                999_500..9_995_000 => format!("{ms:.2} ms"),
                9_995_000..99_950_000 => format!("{ms:.1} ms"),
                99_950_000..999_500_000 => format!("{ms:.0} ms"),
                999_500_000..9_995_000_000 => format!("{s:.2} s"),
                9_995_000_000..119_950_000_000 => format!("{s:.1} s"),
                _ => continue,
            };
            assert_eq!(span(Span(ns)), expected, "{ns}");
        }
    }

    #[test]
    fn octets_and_counts_read_well() {
        assert_eq!(octets(999), "999 B");
        assert_eq!(octets(1_234), "1.23 kB");
        assert_eq!(octets(999_999), "1.00 MB");
        assert_eq!(octets(45_600_000), "45.6 MB");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(123), "123");
        assert_eq!(written(|out| write_brief(out, 99_999)), "99999");
        assert_eq!(written(|out| write_brief(out, 4_560_000)), "4.56M");
        assert_eq!(plural(1, "packet"), "1 packet");
        assert_eq!(plural(0, "packet"), "0 packets");
    }

    #[test]
    fn prose_breaks_at_spaces_only() {
        assert_eq!(wrap("a bb ccc dddd", 6), ["a bb", "ccc", "dddd"]);
        assert_eq!(wrap("incomprehensible a", 5), ["incomprehensible", "a"]);
        assert!(wrap("", 5).is_empty());
    }
}
