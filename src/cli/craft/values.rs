//! Values that change from packet to packet: `40000`, `40000..40100`, `0..100000/1460`.

use std::net::IpAddr;
use std::str::FromStr;

/// Numbers in order, both ends included; after the last comes the first again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Numbers {
    first: u32,
    step: u32,
    len: u64,
}

impl Numbers {
    /// The first of them.
    pub(super) const fn first(self) -> u32 {
        self.first
    }

    /// How many there are.
    pub(super) const fn len(self) -> u64 {
        self.len
    }

    /// The number of packet `n`, counted from 0.
    pub(super) const fn at(self, n: u64) -> u32 {
        self.first.wrapping_add((n % self.len) as u32 * self.step)
    }

    fn last(self) -> u32 {
        self.at(self.len - 1)
    }
}

impl FromStr for Numbers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (range, step) = text.split_once('/').map_or((text, "1"), |(range, step)| (range, step));
        let (first, last) = range.split_once("..").unwrap_or((range, range));
        let (first, last, step) = (number(first)?, number(last)?, number(step)?);
        if last < first || step == 0 {
            return Err(
                "a range begins with its lower end and has steps of 1 or more: 40000..40100, 0..9000/1500".into()
            );
        }
        Ok(Self { first, step, len: u64::from((last - first) / step) + 1 })
    }
}

/// Reads numbers of which none is greater than `most`.
pub(super) fn up_to(most: u32) -> impl Fn(&str) -> Result<Numbers, String> + Clone + Send + Sync + 'static {
    move |text| {
        let numbers: Numbers = text.parse()?;
        if numbers.last() > most { Err(format!("{most} is the most there is room for")) } else { Ok(numbers) }
    }
}

/// A number, decimal or with `0x`.
pub(super) fn number(text: &str) -> Result<u32, String> {
    let read = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    read.map_err(|_| format!("'{text}' is no number of 32 bits"))
}

/// Addresses in order: `10.0.0.1`, `10.0.0.1..10.0.0.9`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Addresses {
    first: IpAddr,
    len: u64,
}

impl Addresses {
    /// The first of them.
    pub(super) const fn first(self) -> IpAddr {
        self.first
    }

    /// How many there are.
    pub(super) const fn len(self) -> u64 {
        self.len
    }

    /// The address of packet `n`, counted from 0.
    pub(super) fn at(self, n: u64) -> IpAddr {
        let n = n % self.len;
        match self.first {
            IpAddr::V4(first) => IpAddr::V4((first.to_bits().wrapping_add(n as u32)).into()),
            IpAddr::V6(first) => IpAddr::V6((first.to_bits().wrapping_add(u128::from(n))).into()),
        }
    }
}

impl FromStr for Addresses {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = |text: &str| text.parse::<IpAddr>().map_err(|_| format!("'{text}' is no IP address"));
        let (first, last) = match text.split_once("..") {
            Some((first, last)) => (address(first)?, address(last)?),
            None => (address(text)?, address(text)?),
        };
        let more = match (first, last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => last.to_bits().checked_sub(first.to_bits()).map(u64::from),
            (IpAddr::V6(first), IpAddr::V6(last)) => {
                last.to_bits().checked_sub(first.to_bits()).and_then(|more| u64::try_from(more).ok())
            }
            _ => None,
        };
        let len = more.and_then(|more| more.checked_add(1));
        len.map(|len| Self { first, len }).ok_or_else(|| "a range begins with its lower end: 10.0.0.1..10.0.0.9".into())
    }
}

/// An Ethernet address: `02:00:00:00:00:01`.
pub(super) fn mac(text: &str) -> Result<[u8; 6], String> {
    let octets: Option<Vec<u8>> =
        text.split([':', '-']).map(|part| u8::from_str_radix(part, 16).ok().filter(|_| part.len() <= 2)).collect();
    octets
        .and_then(|octets| octets.try_into().ok())
        .ok_or_else(|| format!("'{text}' is no Ethernet address, as in 02:00:00:00:00:01"))
}

/// Octets in hexadecimal, with or without spaces and colons between them.
pub(super) fn hex(text: &str) -> Result<Octets, String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | ':' | '\n')).collect();
    let octet = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let octets: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(octet).collect();
    octets.map(Octets).ok_or_else(|| "two hexadecimal digits are wanted for each octet".to_owned())
}

/// Octets: to clap, a `Vec` would be several values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Octets(pub(super) Vec<u8>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_round() {
        let ports: Numbers = "40000..40002".parse().expect("a range");
        assert_eq!((0..4).map(|n| ports.at(n)).collect::<Vec<_>>(), [40_000, 40_001, 40_002, 40_000]);
        let steps: Numbers = "0..3000/1460".parse().expect("a range");
        assert_eq!((steps.len(), steps.at(2), steps.last()), (3, 2920, 2920));
        assert_eq!("0x10".parse().map(Numbers::first), Ok(16));
        assert_eq!("0..4294967295".parse::<Numbers>().expect("all there are").len(), 1 << 32);
        for wrong in ["", "5..4", "1..5/0", "..", "x", "4294967296"] {
            assert!(wrong.parse::<Numbers>().is_err(), "{wrong}");
        }
        assert!(up_to(255)("0..256").is_err() && up_to(255)("0..255").is_ok());
    }

    #[test]
    fn addresses_go_round() {
        let hosts: Addresses = "10.0.0.254..10.0.1.1".parse().expect("a range");
        let all: Vec<String> = (0..5).map(|n| hosts.at(n).to_string()).collect();
        assert_eq!(all, ["10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1", "10.0.0.254"]);
        let hosts: Addresses = "2001:db8::1..2001:db8::3".parse().expect("a range");
        assert_eq!((hosts.len(), hosts.at(2).to_string().as_str()), (3, "2001:db8::3"));
        for wrong in ["10.0.0.2..10.0.0.1", "10.0.0.1..::1", "10.0.0", "::..ffff::"] {
            assert!(wrong.parse::<Addresses>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn octets_are_read_as_people_write_them() {
        assert_eq!(hex("de ad:beef").map(|octets| octets.0), Ok(vec![0xde, 0xad, 0xbe, 0xef]));
        assert!(hex("abc").is_err() && hex("zz").is_err());
        assert_eq!(mac("02:0:00:00:00:1f"), Ok([2, 0, 0, 0, 0, 0x1f]));
        assert!(mac("02:00:00:00:00").is_err() && mac("02:00:00:00:00:100").is_err());
    }
}
