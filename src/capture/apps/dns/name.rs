//! Domain names (RFC 1035, section 3.1), followed through their pointers.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest name, in octets on the wire.
const LONGEST_NAME: usize = 255;

/// A domain name, as it stands in a message.
#[derive(Clone, Copy)]
pub struct Name<'a> {
    octets: &'a [u8],
    at: usize,
}

impl<'a> Name<'a> {
    /// The name at `at`, and where reading goes on behind it.
    pub(super) fn read(octets: &'a [u8], at: usize) -> Option<(Self, usize)> {
        let (mut cursor, mut limit) = (at, at);
        let (mut end, mut length) = (None, 1);
        loop {
            match step(octets, cursor)? {
                Step::End => return Some((Self { octets, at }, end.unwrap_or(cursor + 1))),
                Step::Label(label) => {
                    length += 1 + label.len();
                    cursor += 1 + label.len();
                }
                Step::To(target) => {
                    end.get_or_insert(cursor + 2);
                    // Each pointer leads before where the last one led: it comes to an end.
                    if target >= limit {
                        return None;
                    }
                    (cursor, limit) = (target, target);
                }
            }
            if length > LONGEST_NAME {
                return None;
            }
        }
    }

    /// Its labels, the most special one first.
    pub fn labels(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let Self { octets, mut at } = *self;
        std::iter::from_fn(move || {
            loop {
                match step(octets, at)? {
                    Step::End => return None,
                    Step::Label(label) => {
                        at += 1 + label.len();
                        return Some(label);
                    }
                    Step::To(target) => at = target,
                }
            }
        })
    }

    /// Whether both are the same name; case does not count (RFC 4343).
    pub fn is_same(&self, other: &Name<'_>) -> bool {
        let (mut ours, mut theirs) = (self.labels(), other.labels());
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some(one), Some(other)) if one.eq_ignore_ascii_case(other) => {}
                _ => return false,
            }
        }
    }

    /// The address that a name under `in-addr.arpa` or `ip6.arpa` stands for.
    pub fn reversed(&self) -> Option<IpAddr> {
        let labels: Vec<&[u8]> = self.labels().take(35).collect();
        let digits = |label: &[u8], radix| {
            let text = std::str::from_utf8(label).ok().filter(|text| text.len() <= 3 && !text.starts_with('+'))?;
            u8::from_str_radix(text, radix).ok()
        };
        let (own, zone) = labels.split_at_checked(labels.len().checked_sub(2)?)?;
        let in_zone =
            |first: &str| zone[0].eq_ignore_ascii_case(first.as_bytes()) && zone[1].eq_ignore_ascii_case(b"arpa");
        if in_zone("in-addr") && own.len() == 4 {
            let mut octets = [0; 4];
            for (octet, label) in octets.iter_mut().zip(own.iter().rev()) {
                *octet = digits(label, 10)?;
            }
            Some(Ipv4Addr::from(octets).into())
        } else if in_zone("ip6") && own.len() == 32 {
            let mut number = 0u128;
            for label in own.iter().rev() {
                number = number << 4 | u128::from(digits(label, 16).filter(|digit| *digit < 16)?);
            }
            Some(Ipv6Addr::from(number).into())
        } else {
            None
        }
    }
}

enum Step<'a> {
    End,
    Label(&'a [u8]),
    To(usize),
}

fn step(octets: &[u8], at: usize) -> Option<Step<'_>> {
    let first = *octets.get(at)?;
    match first {
        0 => Some(Step::End),
        1..=63 => octets.get(at + 1..at + 1 + usize::from(first)).map(Step::Label),
        192.. => octets.get(at + 1).map(|lower| Step::To(usize::from(first & 0x3f) << 8 | usize::from(*lower))),
        _ => None,
    }
}

/// The name as it is written: `shop.example`, without a dot at the end; `.` for the root. What a
/// terminal should not get is escaped as in RFC 1035, section 5.1.
impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        for label in self.labels() {
            f.write_str(gap)?;
            escape(f, label, b".")?;
            gap = ".";
        }
        if gap.is_empty() { f.write_str(".") } else { Ok(()) }
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Writes text as zone files have it: what is special, or no plain letter, is escaped.
pub(super) fn escape(f: &mut fmt::Formatter<'_>, text: &[u8], special: &[u8]) -> fmt::Result {
    for octet in text {
        match octet {
            b'\\' => f.write_str("\\\\")?,
            octet if special.contains(octet) => write!(f, "\\{}", char::from(*octet))?,
            0x20..=0x7e => write!(f, "{}", char::from(*octet))?,
            octet => write!(f, "\\{octet:03}")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_pointers_upon_pointers_is_no_longer_than_names_are() {
        // Sixty labels of sixty octets, each behind a pointer to the one before.
        let mut octets = vec![0; 12];
        let mut before = None;
        for _ in 0..60 {
            let here = octets.len();
            octets.push(60);
            octets.extend([b'a'; 60]);
            match before {
                None => octets.push(0),
                Some(at) => octets.extend([0xc0 | (at >> 8) as u8, at as u8]),
            }
            before = Some(here);
        }
        let longest =
            (12..octets.len()).filter_map(|at| Name::read(&octets, at)).map(|(name, _)| name.labels().count());
        assert_eq!(longest.max(), Some(4));
    }

    #[test]
    fn a_name_for_an_address_is_read_backwards() {
        let name = |text: &str| {
            let mut octets: Vec<u8> = Vec::new();
            for label in text.split('.') {
                octets.push(label.len() as u8);
                octets.extend(label.as_bytes());
            }
            octets.push(0);
            octets
        };
        let of = |text: &str| Name::read(&name(text), 0).expect("a name").0.reversed().map(|addr| addr.to_string());
        assert_eq!(of("2.0.9.10.in-addr.arpa").as_deref(), Some("10.9.0.2"));
        let v6 = "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.9.0.0.0.0.0.d.f.ip6.arpa";
        assert_eq!(of(v6).as_deref(), Some("fd00:9::2"));
        assert_eq!(of("9.10.in-addr.arpa"), None);
        assert_eq!(of("2.0.9.300.in-addr.arpa"), None);
        assert_eq!(of("arpa"), None);
    }
}
