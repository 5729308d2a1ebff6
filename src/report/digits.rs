//! Digits by hand: a listing is mostly numbers, and `format!` takes three times as long for them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::wire::Endpoint;

/// Appends text and numbers to a line.
pub trait Digits {
    /// `text` as it is.
    fn text(&mut self, text: &str);

    /// `value` in decimal.
    fn dec(&mut self, value: u64);

    /// `value` in decimal, with zeros in front up to `width` digits.
    fn dec_wide(&mut self, value: u64, width: usize);

    /// The lower `width` digits of `value` in hexadecimal, with zeros in front.
    fn hex(&mut self, value: u64, width: usize);

    /// `value` in hexadecimal, without zeros in front.
    fn hex_short(&mut self, value: u64);

    /// Every octet as two hexadecimal digits.
    fn hex_octets(&mut self, octets: &[u8]);

    /// An address as RFC 5952 and custom write it.
    fn ip(&mut self, addr: IpAddr);

    /// An address and a port: `10.0.0.1:80`, `[2001:db8::1]:80`.
    fn endpoint(&mut self, endpoint: Endpoint);

    /// A link address in colon-separated hexadecimal.
    fn mac(&mut self, addr: [u8; 6]);
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// As many digits as the largest number has.
const DIGITS: usize = 20;

/// `00` to `99`, one after the other.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut at = 0;
    while at < pairs.len() {
        pairs[at] = [b'0' + (at / 10) as u8, b'0' + (at % 10) as u8];
        at += 1;
    }
    pairs
};

impl Digits for Vec<u8> {
    #[inline]
    fn text(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }

    #[inline]
    fn dec(&mut self, value: u64) {
        if value < 10 {
            self.push(b'0' + value as u8);
        } else {
            long(self, value, 0);
        }
    }

    #[inline]
    fn dec_wide(&mut self, value: u64, width: usize) {
        long(self, value, width);
    }

    #[inline]
    fn hex(&mut self, value: u64, width: usize) {
        for digit in (0..width.min(16)).rev() {
            self.push(HEX[(value >> (4 * digit) & 15) as usize]);
        }
    }

    fn hex_short(&mut self, value: u64) {
        self.hex(value, (64 - value.leading_zeros() as usize).div_ceil(4).max(1));
    }

    fn hex_octets(&mut self, octets: &[u8]) {
        for octet in octets {
            self.hex(u64::from(*octet), 2);
        }
    }

    fn ip(&mut self, addr: IpAddr) {
        match addr {
            IpAddr::V4(addr) => ipv4(self, addr),
            IpAddr::V6(addr) => ipv6(self, addr),
        }
    }

    fn endpoint(&mut self, endpoint: Endpoint) {
        match endpoint.addr {
            IpAddr::V4(addr) => ipv4(self, addr),
            IpAddr::V6(addr) => {
                self.push(b'[');
                ipv6(self, addr);
                self.push(b']');
            }
        }
        self.push(b':');
        self.dec(u64::from(endpoint.port));
    }

    fn mac(&mut self, addr: [u8; 6]) {
        let mut text = [b':'; 17];
        for (place, octet) in text.chunks_mut(3).zip(addr) {
            place[0] = HEX[usize::from(octet >> 4)];
            place[1] = HEX[usize::from(octet & 15)];
        }
        self.extend_from_slice(&text);
    }
}

/// Appends `value` in two digits or more, with zeros in front up to `width`.
///
/// The digits are made from the last to the first. They go out as an array whose length the
/// compiler knows, and what is too much of it is taken back: that spares a call that copies a few
/// octets, which takes longer than making them.
fn long(out: &mut Vec<u8>, value: u64, width: usize) {
    let mut digits = [b'0'; 2 * DIGITS];
    let mut at = DIGITS;
    let mut rest = value;
    while rest >= 100 {
        at -= 2;
        [digits[at], digits[at + 1]] = PAIRS[(rest % 100) as usize];
        rest /= 100;
    }
    [digits[at - 2], digits[at - 1]] = PAIRS[rest as usize];
    at -= if rest < 10 { 1 } else { 2 };
    at = at.min(DIGITS - width.min(DIGITS));
    append(out, &digits, at, DIGITS - at);
}

/// Appends `len` octets of `text`, at most [`DIGITS`], from `at` on.
#[inline]
fn append(out: &mut Vec<u8>, text: &[u8; 2 * DIGITS], at: usize, len: usize) {
    let end = out.len() + len;
    if let Some(piece) = text.get(at..).and_then(<[u8]>::first_chunk::<DIGITS>) {
        out.extend_from_slice(piece);
        out.truncate(end);
    }
}

/// An octet in decimal and how many digits that are, flush left.
const OCTETS: [([u8; 3], u8); 256] = {
    let mut octets = [([b'0'; 3], 1); 256];
    let mut at = 0;
    while at < octets.len() {
        let [hundreds, tens, ones] = [at / 100, at / 10 % 10, at % 10];
        octets[at] = match at {
            0..10 => ([b'0' + ones as u8, 0, 0], 1),
            10..100 => ([b'0' + tens as u8, b'0' + ones as u8, 0], 2),
            _ => ([b'0' + hundreds as u8, b'0' + tens as u8, b'0' + ones as u8], 3),
        };
        at += 1;
    }
    octets
};

fn ipv4(out: &mut Vec<u8>, addr: Ipv4Addr) {
    let mut text = [b'.'; 2 * DIGITS];
    let mut at = 0;
    for octet in addr.octets() {
        let (digits, len) = OCTETS[usize::from(octet)];
        // Four octets take sixteen characters at most.
        [text[at], text[at + 1], text[at + 2]] = digits;
        at += usize::from(len);
        text[at] = b'.';
        at += 1;
    }
    append(out, &text, 0, at - 1);
}

/// RFC 5952 §4: no leading zeros, lower case, the longest run of zero groups left out, the first of
/// several, and none for a single group; a mapped IPv4 address in its own notation (§5).
fn ipv6(out: &mut Vec<u8>, addr: Ipv6Addr) {
    if let Some(mapped) = addr.to_ipv4_mapped() {
        out.text("::ffff:");
        return ipv4(out, mapped);
    }
    let groups = addr.segments();
    let (mut start, mut len) = (0, 0);
    let mut run = 0;
    for (at, group) in groups.into_iter().enumerate() {
        run = if group == 0 { run + 1 } else { 0 };
        if run > len.max(1) {
            (start, len) = (at + 1 - run, run);
        }
    }
    let mut at = 0;
    while at < groups.len() {
        if len > 0 && at == start {
            out.text("::");
            at += len;
            continue;
        }
        if at > 0 && at != start + len {
            out.push(b':');
        }
        out.hex_short(u64::from(groups[at]));
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("digits are ASCII")
    }

    #[test]
    fn numbers_read_as_format_would_write_them() {
        let near_powers = (0..20).map(|power| 10_u64.pow(power)).flat_map(|power| [power - 1, power, power + 1]);
        for value in near_powers.chain([65_535, 4_294_967_295, u64::MAX]) {
            assert_eq!(written(|out| out.dec(value)), value.to_string());
            for width in [0, 1, 2, 6, 9, 20] {
                assert_eq!(written(|out| out.dec_wide(value, width)), format!("{value:0width$}"));
            }
            assert_eq!(written(|out| out.hex_short(value)), format!("{value:x}"));
            assert_eq!(written(|out| out.hex(value, 16)), format!("{value:016x}"));
        }
        assert_eq!(written(|out| out.hex_octets(&[0, 0xab])), "00ab");
    }

    #[test]
    fn addresses_read_as_std_writes_them() {
        for octet in 0..=255 {
            let addr = Ipv4Addr::new(octet, 0, 255 - octet, octet / 2);
            assert_eq!(written(|out| out.ip(addr.into())), addr.to_string());
        }
        // Every pattern of groups that are zero, one digit or four digits long.
        for pattern in 0..3_u32.pow(8) {
            let groups: [u16; 8] =
                std::array::from_fn(|at| [0, 0xd, 0xabcd][(pattern / 3_u32.pow(at as u32) % 3) as usize]);
            let addr = Ipv6Addr::from(groups);
            assert_eq!(written(|out| out.ip(addr.into())), addr.to_string());
        }
        for addr in ["::ffff:1.2.3.4", "::1.2.3.4", "2001:db8::100:20:3", "::", "::1"] {
            let addr: IpAddr = addr.parse().expect("an address");
            assert_eq!(written(|out| out.ip(addr)), addr.to_string());
            let endpoint = Endpoint { addr, port: 80 };
            assert_eq!(written(|out| out.endpoint(endpoint)), endpoint.to_string());
        }
        assert_eq!(written(|out| out.mac([2, 0, 0, 0, 0xab, 1])), "02:00:00:00:ab:01");
    }
}
