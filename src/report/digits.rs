//! Digits by hand: a listing is mostly numbers, and `format!` takes three times as long for them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::short::Short;
use crate::wire::Endpoint;

/// Appends text and numbers to a line.
pub trait Digits {
    /// `text` as it is.
    fn text(&mut self, text: &str);

    /// The same, of a text that is short as a rule.
    fn word(&mut self, word: &str);

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

/// `00` to `ff`.
const HEX_PAIRS: [[u8; 2]; 256] = {
    let mut pairs = [[0; 2]; 256];
    let mut at = 0;
    while at < pairs.len() {
        pairs[at] = [HEX[at >> 4], HEX[at & 15]];
        at += 1;
    }
    pairs
};

/// `00` to `99`.
pub(super) const PAIRS: [[u8; 2]; 100] = {
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
    fn word(&mut self, word: &str) {
        match short(word.as_bytes()) {
            Some(text) => append(self, &text.to_le_bytes(), word.len()),
            None => self.text(word),
        }
    }

    #[inline]
    fn dec(&mut self, value: u64) {
        match value {
            0..10 => self.push(b'0' + value as u8),
            _ => window(self, |place| put(place, value)),
        }
    }

    #[inline]
    fn dec_wide(&mut self, value: u64, width: usize) {
        wide(self, value, width);
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
            self.extend_from_slice(&HEX_PAIRS[usize::from(*octet)]);
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
            IpAddr::V4(addr) => endpoint_v4(self, addr, b':', endpoint.port),
            IpAddr::V6(addr) => endpoint_v6(self, addr, endpoint.port),
        }
    }

    fn mac(&mut self, addr: [u8; 6]) {
        let mut text = [b':'; 17];
        for (place, octet) in text.chunks_mut(3).zip(addr) {
            [place[0], place[1]] = HEX_PAIRS[usize::from(octet)];
        }
        self.extend_from_slice(&text);
    }
}

/// Room for a number, and then some: whole words are written.
pub(super) const ROOM: usize = 24;

/// Puts `value` in decimal where `place` begins, and tells how long that is.
pub(super) fn put(place: &mut [u8; ROOM], value: u64) -> usize {
    match value {
        0..10 => {
            place[0] = b'0' + value as u8;
            1
        }
        10..100 => {
            place[..2].copy_from_slice(&PAIRS[value as usize]);
            2
        }
        100..10_000 => {
            let ([a, b], [c, d]) = (PAIRS[value as usize / 100 % 100], PAIRS[value as usize % 100]);
            let zeros = usize::from(value < 1_000);
            place[..4].copy_from_slice(&(u32::from_le_bytes([a, b, c, d]) >> (8 * zeros)).to_le_bytes());
            4 - zeros
        }
        10_000..EIGHT => {
            let digits = eight(value);
            // The first digits are the lowest octets.
            let zeros = (digits.trailing_zeros() / 8).min(7);
            place[..8].copy_from_slice(&((digits | ZEROS) >> (8 * zeros)).to_le_bytes());
            8 - zeros as usize
        }
        EIGHT..SIXTEEN => {
            let digits = eight(value / EIGHT);
            let zeros = (digits.trailing_zeros() / 8).min(7);
            place[..8].copy_from_slice(&((digits | ZEROS) >> (8 * zeros)).to_le_bytes());
            let rest = 8 - zeros as usize;
            place[rest..rest + 8].copy_from_slice(&(eight(value % EIGHT) | ZEROS).to_le_bytes());
            rest + 8
        }
        _ => put_twenty(place, value),
    }
}

/// Puts a `value` of more than sixteen digits.
fn put_twenty(place: &mut [u8; ROOM], value: u64) -> usize {
    let ([a, b], [c, d]) = (PAIRS[(value / SIXTEEN) as usize / 100 % 100], PAIRS[(value / SIXTEEN) as usize % 100]);
    let first = u32::from_le_bytes([a, b, c, d]);
    let zeros = ((first ^ ZEROS as u32).trailing_zeros() as usize / 8).min(3);
    place[..4].copy_from_slice(&(first >> (8 * zeros)).to_le_bytes());
    let rest = 4 - zeros;
    place[rest..rest + 16].copy_from_slice(&sixteen(value % SIXTEEN / EIGHT, value % EIGHT).to_le_bytes());
    rest + 16
}

/// Appends what `write` puts where a window of so many octets begins, whose length it tells. To make
/// room once, and to write what is of known length into it, is quicker than to append piece by piece.
#[inline]
pub(super) fn window<const N: usize>(out: &mut Vec<u8>, write: impl FnOnce(&mut [u8; N]) -> usize) {
    let start = out.len();
    out.extend_from_slice(&[0; N]);
    let len = out.last_chunk_mut().map_or(0, write);
    out.truncate(start + len);
}

/// One more than eight digits can tell, and than sixteen can.
pub(super) const EIGHT: u64 = 100_000_000;
const SIXTEEN: u64 = EIGHT * EIGHT;

/// Appends `value`, with zeros in front up to `width` digits.
fn wide(out: &mut Vec<u8>, value: u64, width: usize) {
    if value >= EIGHT || width > 8 {
        wide(out, value / EIGHT, width.saturating_sub(8));
        return append(out, &(eight(value % EIGHT) | ZEROS).to_le_bytes(), 8);
    }
    let digits = eight(value);
    let zeros = digits.trailing_zeros() / 8;
    let spare = zeros.min(8 - width.clamp(1, 8) as u32);
    append(out, &((digits | ZEROS) >> (8 * spare)).to_le_bytes(), 8 - spare as usize);
}

/// Appends a point and six digits.
pub(super) fn micros(out: &mut Vec<u8>, value: u32) {
    let digits = (eight(u64::from(value)) | ZEROS) >> 8;
    append(out, &(digits & !0xff | u64::from(b'.')).to_le_bytes(), 7);
}

/// Appends a point and nine digits.
pub(super) fn nanos(out: &mut Vec<u8>, value: u32) {
    let value = u64::from(value);
    let digits = sixteen(value / EIGHT, value % EIGHT) >> (8 * 6);
    append(out, &(digits & !0xff | u128::from(b'.')).to_le_bytes(), 10);
}

/// Appends `value`, of at most eight digits, with a point before the last `places` of them, of which
/// there are four at most; one digit at least stands before it.
pub(super) fn with_point(out: &mut Vec<u8>, value: u64, places: u32) {
    let digits = eight(value);
    let zeros = (digits.trailing_zeros() / 8).min(7 - places);
    let (text, len) = ((digits | ZEROS) >> (8 * zeros), 8 - zeros);
    let before = 8 * (len - places);
    let (front, back) = (u128::from(text) & ((1 << before) - 1), u128::from(text) >> before);
    let pointed = front | u128::from(b'.') << before | back << (before + 8);
    append(out, &pointed.to_le_bytes(), len as usize + 1);
}

/// The sixteen digits of two numbers of eight.
fn sixteen(front: u64, back: u64) -> u128 {
    u128::from(eight(front) | ZEROS) | u128::from(eight(back) | ZEROS) << 64
}

/// Eight times `0`.
pub(super) const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The eight digits of `value`, one to an octet, the first digit lowest: all halves are divided at
/// once, by multiplying with what is nearly an inverse. Exact for what has no more digits.
#[inline]
pub(super) fn eight(value: u64) -> u64 {
    // Two numbers of four digits, then four of two, then eight of one.
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let twos = hundreds | (fours - 100 * hundreds) << 16;
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | (twos - 10 * tens) << 8
}

/// Appends the first `len` octets of `text`. All of it goes out, since the compiler knows its length,
/// and what is too much is taken back: that spares a call to copy a few octets, which takes longer
/// than making them.
#[inline]
pub(super) fn append<const N: usize>(out: &mut Vec<u8>, text: &[u8; N], len: usize) {
    let end = out.len() + len;
    out.extend_from_slice(text);
    out.truncate(end);
}

/// A text of at most sixteen octets, the first lowest; what is beyond it is no part of it.
#[inline]
pub(super) fn short(text: &[u8]) -> Option<u128> {
    let len = text.len();
    Some(match (text.first_chunk(), text.last_chunk(), text.first_chunk(), text.last_chunk()) {
        // The last eight stand over what they share with the first.
        (Some(first), Some(last), ..) if len <= 16 => {
            u128::from(u64::from_le_bytes(*first)) | (u128::from(u64::from_le_bytes(*last)) << 64) >> (8 * (16 - len))
        }
        (None, None, Some(first), Some(last)) => (u64::from(u32::from_le_bytes(*first))
            | (u64::from(u32::from_le_bytes(*last)) << 32) >> (8 * (8 - len)))
            .into(),
        (None, None, None, None) => match *text {
            [] => 0,
            [a] => a.into(),
            [a, b] => u16::from_le_bytes([a, b]).into(),
            [a, b, c, ..] => u32::from_le_bytes([a, b, c, 0]).into(),
        },
        _ => return None,
    })
}

/// An octet in decimal with a point behind it, the first digit lowest, and above four octets how long
/// that is.
const OCTETS: [u64; 256] = {
    let mut octets = [0; 256];
    let mut octet = 0;
    while octet < octets.len() {
        let mut power = if octet >= 100 { 100 } else { 10 };
        if octet < 10 {
            power = 1;
        }
        let (mut text, mut len) = (0, 0);
        while power > 0 {
            text |= (b'0' as u64 + (octet / power % 10) as u64) << (8 * len);
            len += 1;
            power /= 10;
        }
        octets[octet] = text | (b'.' as u64) << (8 * len) | (len + 1) << 32;
        octet += 1;
    }
    octets
};

fn ipv4(out: &mut Vec<u8>, addr: Ipv4Addr) {
    window(out, |place| put_ipv4(place, addr) - 1);
}

/// Appends an address and a port with `between` between them.
pub(super) fn endpoint_v4(out: &mut Vec<u8>, addr: Ipv4Addr, between: u8, port: u16) {
    window(out, |place| put_endpoint_v4(place, addr, between, port));
}

/// Room for an address and a port, which take no more than 47 octets, and for what is written behind
/// them: 16 octets wherever that is below 64.
pub(super) const ENDPOINT: usize = 80;

/// Puts an address and a port with `between` between them where `place` begins, and tells how long
/// that is.
#[inline]
pub(super) fn put_endpoint_v4(place: &mut [u8; ENDPOINT], addr: Ipv4Addr, between: u8, port: u16) -> usize {
    let (front, _) = place.split_first_chunk_mut().expect("it is larger");
    let end = put_ipv4(front, addr);
    place[(end - 1) % 16] = between;
    let Some(digits) = Short::dec(port.into()) else { return end };
    place[end % 32..end % 32 + 16].copy_from_slice(&digits.octets());
    end + digits.len()
}

/// Puts an address and a point where `place` begins, and tells how long that is: sixteen octets at
/// most.
#[inline]
fn put_ipv4(place: &mut [u8; ROOM], addr: Ipv4Addr) -> usize {
    let mut end = 0;
    for octet in addr.octets() {
        let digits = OCTETS[usize::from(octet)];
        place[end % 16..end % 16 + 4].copy_from_slice(&(digits as u32).to_le_bytes());
        end += (digits >> 32) as usize;
    }
    end
}

fn ipv6(out: &mut Vec<u8>, addr: Ipv6Addr) {
    window(out, |place| put_ipv6(place, 0, addr));
}

/// Appends an address in brackets and a port.
pub(super) fn endpoint_v6(out: &mut Vec<u8>, addr: Ipv6Addr, port: u16) {
    window(out, |place| put_endpoint_v6(place, addr, port));
}

/// Puts an address in brackets and a port where `place` begins, and tells how long that is.
pub(super) fn put_endpoint_v6(place: &mut [u8; ENDPOINT], addr: Ipv6Addr, port: u16) -> usize {
    place[0] = b'[';
    let end = put_ipv6(place, 1, addr);
    put_few(place, end, u16::from_le_bytes(*b"]:").into());
    let Some(digits) = Short::dec(port.into()) else { return end };
    place[(end + 2) % 64..(end + 2) % 64 + 16].copy_from_slice(&digits.octets());
    end + 2 + digits.len()
}

/// RFC 5952 §4: no leading zeros, lower case, the longest run of zero groups left out, the first of
/// several, and none for a single group; a mapped IPv4 address in its own notation (§5). Puts the address
/// at `start` of `place`, and tells where it ends.
fn put_ipv6(place: &mut [u8; ENDPOINT], start: usize, addr: Ipv6Addr) -> usize {
    if let Some(mapped) = addr.to_ipv4_mapped() {
        put_few(place, start, u64::from_le_bytes(*b"::ffff:\0"));
        let rest = place.get_mut(start + 7..).and_then(|rest| rest.first_chunk_mut());
        return start + 6 + rest.map_or(0, |rest| put_ipv4(rest, mapped));
    }
    let groups = addr.segments();
    let zeros = (0..).zip(groups).fold(0, |zeros, (at, group)| zeros | usize::from(group == 0) << at);
    let (run, after) = RUNS[zeros % RUNS.len()];
    let end = put_groups(place, start, groups.get(..run.into()).unwrap_or_default());
    // Each group brings a colon with it, and those that are left out another.
    if run == after {
        return end - 1;
    }
    place[end % 64] = b':';
    place[(end + 1) % 64] = b':';
    let end = if run == 0 { end + 2 } else { end + 1 };
    match groups.get(after.into()..) {
        None | Some([]) => end,
        Some(rest) => put_groups(place, end, rest) - 1,
    }
}

/// Puts groups with a colon behind each.
#[inline]
fn put_groups(place: &mut [u8; ENDPOINT], start: usize, groups: &[u16]) -> usize {
    groups.iter().fold(start, |end, value| {
        let (digits, count) = group(*value);
        put_few(place, end, digits | u64::from(b':') << (8 * count));
        end + count + 1
    })
}

/// Puts eight octets at `at`, which is below 64.
#[inline]
fn put_few(place: &mut [u8; ENDPOINT], at: usize, octets: u64) {
    place[at % 64..at % 64 + 8].copy_from_slice(&octets.to_le_bytes());
}

/// Of groups of which those are zero whose bits are set, where the longest run of them begins, and
/// where it is over; eight and eight where there is none of two.
const RUNS: [(u8, u8); 256] = {
    let mut runs = [(8, 8); 256];
    let mut zeros = 0;
    while zeros < runs.len() {
        let (mut at, mut run, mut longest) = (0, 0, 1);
        while at < 8 {
            run = if zeros >> at & 1 == 1 { run + 1 } else { 0 };
            at += 1;
            if run > longest {
                longest = run;
                runs[zeros] = (at - run, at);
            }
        }
        zeros += 1;
    }
    runs
};

/// The digits of `value` in hexadecimal, without zeros in front, and how many.
#[inline]
fn group(value: u16) -> (u64, usize) {
    let [high, low] = value.to_be_bytes().map(|octet| u16::from_le_bytes(HEX_PAIRS[usize::from(octet)]));
    let zeros = (value.leading_zeros() / 4).min(3);
    let digits = (u32::from(high) | u32::from(low) << 16) >> (8 * zeros);
    (digits.into(), 4 - zeros as usize)
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
        for value in [0, 1, 12, 999_999, 123_456_789, 999_999_999] {
            assert_eq!(written(|out| nanos(out, value)), format!(".{value:09}"));
            assert_eq!(written(|out| micros(out, value / 1000)), format!(".{:06}", value / 1000));
        }
        for value in [0, 1, 12, 123, 1234, 999_999, 99_999_999] {
            assert_eq!(written(|out| with_point(out, value, 1)), format!("{}.{}", value / 10, value % 10));
            assert_eq!(written(|out| with_point(out, value, 3)), format!("{}.{:03}", value / 1000, value % 1000));
        }
    }

    #[test]
    fn words_of_every_length_are_appended_whole() {
        for len in 0..40 {
            let word: String = ('a'..='z').cycle().take(len).collect();
            assert_eq!(written(|out| out.word(&word)), word);
        }
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
