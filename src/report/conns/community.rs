//! Community ID version 1: one name for a flow in every tool that knows it, and the digest that it
//! is made of.

use std::net::IpAddr;

use crate::capture::Conn;
use crate::capture::track::Role;
use crate::report::digits::Digits as _;
use crate::wire::{Endpoint, Protocol};

/// Appends the id with seed 0; nothing for ICMP other than echo, whose type the connection does not
/// keep.
pub(super) fn write(out: &mut Vec<u8>, conn: &Conn) {
    let [client, server] = Role::BOTH.map(|role| conn.endpoint(role));
    match conn.protocol() {
        Protocol::Tcp => of(out, client, server, 6),
        Protocol::Udp => of(out, client, server, 17),
        // An echo has its message types for ports: request from the client, reply from the server.
        Protocol::Icmp if is_known(conn) => {
            let (proto, request, reply) = if client.addr.is_ipv4() { (1, 8, 0) } else { (58, 128, 129) };
            of(out, Endpoint { port: request, ..client }, Endpoint { port: reply, ..server }, proto);
        }
        Protocol::Icmp => {}
    }
}

/// Whether `conn` has an id.
pub(super) fn is_known(conn: &Conn) -> bool {
    conn.protocol() != Protocol::Icmp || conn.endpoint(Role::Client).port != 0
}

/// The flow is laid out behind the output, and gives way to its digest.
fn of(out: &mut Vec<u8>, a: Endpoint, b: Endpoint, proto: u8) {
    // The order is that of the addresses as octets; both have as many.
    let (low, high) = if (a.addr, a.port) < (b.addr, b.port) { (a, b) } else { (b, a) };
    let start = out.len();
    out.extend([0, 0]);
    for addr in [low.addr, high.addr] {
        match addr {
            IpAddr::V4(addr) => out.extend(addr.octets()),
            IpAddr::V6(addr) => out.extend(addr.octets()),
        }
    }
    out.extend([proto, 0]);
    out.extend(low.port.to_be_bytes());
    out.extend(high.port.to_be_bytes());
    let digest = sha1(out.get(start..).unwrap_or_default());
    out.truncate(start);
    out.text("1:");
    base64(out, &digest);
}

/// The SHA-1 digest of `message` (RFC 3174): here a name, not a protection.
pub(super) fn sha1(message: &[u8]) -> [u8; 20] {
    let mut state: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    let (blocks, rest) = message.as_chunks::<64>();
    for block in blocks {
        mix(&mut state, block);
    }

    // A one, zeros, and the length in bits at the end of the last block: in one or in two.
    let mut last = [0; 64];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    if rest.len() >= 56 {
        mix(&mut state, &last);
        last = [0; 64];
    }
    last[56..].copy_from_slice(&(message.len() as u64 * 8).to_be_bytes());
    mix(&mut state, &last);

    let mut digest = [0; 20];
    for (octets, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *octets = word.to_be_bytes();
    }
    digest
}

/// Mixes a block into the state (RFC 3174 §6.1).
fn mix(state: &mut [u32; 5], block: &[u8; 64]) {
    let mut words = [0; 80];
    for (word, octets) in words.iter_mut().zip(block.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*octets);
    }
    for t in 16..80 {
        words[t] = (words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16]).rotate_left(1);
    }
    let mut mixed = *state;
    let [first, second, third, fourth] = [0, 1, 2, 3].map(|quarter| &words[20 * quarter..][..20]);
    turn(&mut mixed, first, 0x5a82_7999, |b, c, d| d ^ b & (c ^ d));
    turn(&mut mixed, second, 0x6ed9_eba1, |b, c, d| b ^ c ^ d);
    turn(&mut mixed, third, 0x8f1b_bcdc, |b, c, d| b & c | d & (b | c));
    turn(&mut mixed, fourth, 0xca62_c1d6, |b, c, d| b ^ c ^ d);
    for (total, part) in state.iter_mut().zip(mixed) {
        *total = total.wrapping_add(part);
    }
}

/// Twenty of the eighty turns, which have a constant and a function in common.
#[inline]
#[expect(clippy::many_single_char_names, reason = "the RFC's")]
fn turn(mixed: &mut [u32; 5], words: &[u32], constant: u32, function: impl Fn(u32, u32, u32) -> u32) {
    for word in words {
        let [a, b, c, d, e] = *mixed;
        let sum = a.rotate_left(5).wrapping_add(function(b, c, d)).wrapping_add(e);
        *mixed = [sum.wrapping_add(*word).wrapping_add(constant), a, b.rotate_left(30), c, d];
    }
}

/// Appends `octets` in base 64 (RFC 4648 section 4).
fn base64(out: &mut Vec<u8>, octets: &[u8]) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for group in octets.chunks(3) {
        let [a, b, c] = [0, 1, 2].map(|at| u32::from(group.get(at).copied().unwrap_or(0)));
        let bits = a << 16 | b << 8 | c;
        let letter = |at: usize| if at <= group.len() { LETTERS[(bits >> (18 - 6 * at) & 63) as usize] } else { b'=' };
        out.extend_from_slice(&[0, 1, 2, 3].map(letter));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = b"left alone: ".to_vec();
        write(&mut out);
        String::from_utf8(out).unwrap().strip_prefix("left alone: ").unwrap().to_owned()
    }

    fn hex(digest: [u8; 20]) -> String {
        digest.iter().fold(String::new(), |hex, octet| format!("{hex}{octet:02x}"))
    }

    fn at(addr: &str, port: u16) -> Endpoint {
        Endpoint { addr: addr.parse().unwrap(), port }
    }

    #[test]
    fn digests_are_those_of_rfc_3174() {
        assert_eq!(hex(sha1(b"abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(
            hex(sha1(b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        );
        assert_eq!(hex(sha1(b"")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(hex(sha1(&vec![b'a'; 1_000_000])), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    }

    #[test]
    fn base64_pads_as_rfc_4648_says() {
        for (octets, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(written(|out| base64(out, octets.as_bytes())), text);
        }
    }

    /// The flows of the specification's own baseline (corelight/community-id-spec, seed 0), as far as
    /// they are of protocols that are followed and of message types that answer each other.
    #[test]
    fn ids_are_those_of_the_published_baseline() {
        for (proto, saddr, sport, daddr, dport, id) in [
            (6, "128.232.110.120", 34855, "66.35.250.204", 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
            (
                6,
                "2001:470:e5bf:dead:4957:2174:e82c:4887",
                63943,
                "2607:f8b0:400c:c03::1a",
                25,
                "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
            ),
            (17, "192.168.1.52", 54585, "8.8.8.8", 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
            (1, "192.168.0.89", 8, "192.168.0.1", 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
            (58, "3ffe:507:0:1:200:86ff:fe05:80da", 128, "3ffe:501:0:1001::2", 129, "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="),
            (58, "fe80::200:86ff:fe05:80da", 135, "fe80::260:97ff:fe07:69ea", 136, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="),
            (58, "fe80::260:97ff:fe07:69ea", 135, "fe80::200:86ff:fe05:80da", 136, "1:zavyT/cezQr1fmImYCwYnMXbgck="),
            (58, "fe80::200:86ff:fe05:80da", 133, "ff02::2", 134, "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0="),
            (58, "fe80::260:97ff:fe07:69ea", 134, "ff02::1", 133, "1:pkvHqCL88/tg1k4cPigmZXUtL00="),
        ] {
            let (a, b) = (at(saddr, sport), at(daddr, dport));
            assert_eq!(written(|out| of(out, a, b, proto)), id);
            assert_eq!(written(|out| of(out, b, a, proto)), id);
        }
    }
}
