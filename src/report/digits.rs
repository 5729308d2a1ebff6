//! Digits by hand: a listing is mostly numbers, and `format!` takes three times as long for them.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};

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

    /// A link address in colon-separated hexadecimal.
    fn mac(&mut self, addr: [u8; 6]);
}

const HEX: &[u8; 16] = b"0123456789abcdef";

impl Digits for Vec<u8> {
    fn text(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }

    fn dec(&mut self, value: u64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = value;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.extend_from_slice(&digits[at..]);
    }

    fn dec_wide(&mut self, value: u64, width: usize) {
        let mut digits = [b'0'; 20];
        let width = width.min(digits.len());
        let mut at = digits.len();
        let mut rest = value;
        while rest > 0 {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        self.extend_from_slice(&digits[at.min(digits.len() - width)..]);
    }

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
            // Writing to a vector cannot fail.
            IpAddr::V6(addr) => _ = write!(self, "{addr}"),
        }
    }

    fn mac(&mut self, addr: [u8; 6]) {
        for (at, octet) in addr.into_iter().enumerate() {
            if at > 0 {
                self.push(b':');
            }
            self.hex(u64::from(octet), 2);
        }
    }
}

fn ipv4(out: &mut Vec<u8>, addr: Ipv4Addr) {
    for (at, octet) in addr.octets().into_iter().enumerate() {
        if at > 0 {
            out.push(b'.');
        }
        if octet >= 100 {
            out.push(b'0' + octet / 100);
        }
        if octet >= 10 {
            out.push(b'0' + octet / 10 % 10);
        }
        out.push(b'0' + octet % 10);
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
        for value in [0, 7, 10, 99, 100, 65_535, 4_294_967_295, u64::MAX] {
            assert_eq!(written(|out| out.dec(value)), value.to_string());
            assert_eq!(written(|out| out.dec_wide(value, 6)), format!("{value:06}"));
            assert_eq!(written(|out| out.hex_short(value)), format!("{value:x}"));
            assert_eq!(written(|out| out.hex(value, 16)), format!("{value:016x}"));
        }
        assert_eq!(written(|out| out.hex_octets(&[0, 0xab])), "00ab");
    }

    #[test]
    fn addresses_read_as_std_writes_them() {
        for addr in ["0.0.0.0", "10.1.22.133", "255.255.255.255", "2001:db8::1", "::ffff:1.2.3.4", "::"] {
            let addr: IpAddr = addr.parse().expect("an address");
            assert_eq!(written(|out| out.ip(addr)), addr.to_string());
        }
        assert_eq!(written(|out| out.mac([2, 0, 0, 0, 0xab, 1])), "02:00:00:00:ab:01");
    }
}
