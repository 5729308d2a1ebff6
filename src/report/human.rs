//! Numbers and prose as people read them.

use crate::wire::Span;

/// A stretch of time in the unit that suits it, three figures or so: `0.350 ms`, `22.1 ms`,
/// `1.20 s`, `5 min 12 s`, `3 h 04 min`.
pub fn span(span: Span) -> String {
    let sign = if span.0 < 0 { "-" } else { "" };
    let ns = span.0.unsigned_abs();
    let (ms, s) = (ns as f64 / 1e6, ns as f64 / 1e9);
    // The limits lie where rounding would reach the next unit.
    match ns {
        0 => "0 ms".to_owned(),
        1..1_000 => format!("{sign}{ms:.4} ms"),
        1_000..999_500 => format!("{sign}{ms:.3} ms"),
        999_500..9_995_000 => format!("{sign}{ms:.2} ms"),
        9_995_000..99_950_000 => format!("{sign}{ms:.1} ms"),
        99_950_000..999_500_000 => format!("{sign}{ms:.0} ms"),
        999_500_000..9_995_000_000 => format!("{sign}{s:.2} s"),
        9_995_000_000..119_950_000_000 => format!("{sign}{s:.1} s"),
        _ => {
            let s = (ns + 500_000_000) / 1_000_000_000;
            let (min, hours, days) = (s / 60, s / 3600, s / 86_400);
            match days {
                0 if hours == 0 => format!("{sign}{min} min {:02} s", s % 60),
                0 => format!("{sign}{hours} h {:02} min", min % 60),
                _ => format!("{sign}{days} d {:02} h", hours % 24),
            }
        }
    }
}

/// Octets with a decimal prefix: `78 B`, `1.23 kB`, `45.6 MB`.
pub fn octets(octets: u64) -> String {
    match octets {
        0..1_000 => format!("{octets} B"),
        _ => scaled(octets, " ") + "B",
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

/// A number for a narrow column: exact below 100,000, then `123k`, `4.56M`.
pub fn brief(number: u64) -> String {
    match number {
        0..100_000 => number.to_string(),
        _ => scaled(number, ""),
    }
}

/// `1 packet`, `2 packets`; adds an `s`.
pub fn plural(number: u64, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", count(number))
}

fn scaled(number: u64, gap: &str) -> String {
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
    format!("{value:.digits$}{gap}{}", PREFIXES[prefix])
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
    fn octets_and_counts_read_well() {
        assert_eq!(octets(999), "999 B");
        assert_eq!(octets(1_234), "1.23 kB");
        assert_eq!(octets(999_999), "1.00 MB");
        assert_eq!(octets(45_600_000), "45.6 MB");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(123), "123");
        assert_eq!(brief(99_999), "99999");
        assert_eq!(brief(4_560_000), "4.56M");
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
