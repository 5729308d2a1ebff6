//! Community ID version 1: one name for a flow in every tool that knows it, and the digest that it
//! is made of.

use std::net::IpAddr;

use crate::capture::Conn;
use crate::capture::track::Role;
use crate::wire::{Endpoint, Protocol};

/// The id with seed 0; `None` for ICMP other than echo, whose type the connection does not keep.
pub(super) fn id(conn: &Conn) -> Option<String> {
    let [client, server] = Role::BOTH.map(|role| conn.endpoint(role));
    Some(match conn.protocol() {
        Protocol::Tcp => of(client, server, 6),
        Protocol::Udp => of(client, server, 17),
        Protocol::Icmp => {
            if client.port == 0 {
                return None;
            }
            // An echo has its message types for ports: request from the client, reply from the
            // server.
            let (proto, request, reply) = if client.addr.is_ipv4() { (1, 8, 0) } else { (58, 128, 129) };
            of(Endpoint { port: request, ..client }, Endpoint { port: reply, ..server }, proto)
        }
    })
}

fn of(a: Endpoint, b: Endpoint, proto: u8) -> String {
    let (low, high) = if (octets(a.addr), a.port) < (octets(b.addr), b.port) { (a, b) } else { (b, a) };
    let mut flow = vec![0, 0];
    flow.extend(octets(low.addr));
    flow.extend(octets(high.addr));
    flow.extend([proto, 0]);
    flow.extend(low.port.to_be_bytes());
    flow.extend(high.port.to_be_bytes());
    format!("1:{}", base64(&sha1(&flow)))
}

fn octets(addr: IpAddr) -> Vec<u8> {
    match addr {
        IpAddr::V4(addr) => addr.octets().to_vec(),
        IpAddr::V6(addr) => addr.octets().to_vec(),
    }
}

/// The SHA-1 digest of `message` (RFC 3174): here a name, not a protection.
#[expect(clippy::many_single_char_names, reason = "the RFC's")]
pub(super) fn sha1(message: &[u8]) -> [u8; 20] {
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend((message.len() as u64 * 8).to_be_bytes());

    let mut state: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in padded.chunks_exact(64) {
        let mut words = [0; 80];
        for (word, octets) in words.iter_mut().zip(block.chunks_exact(4)) {
            *word = octets.iter().fold(0, |word: u32, octet| word << 8 | u32::from(*octet));
        }
        for t in 16..80 {
            words[t] = (words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16]).rotate_left(1);
        }
        let mut mix = state;
        for (t, word) in words.into_iter().enumerate() {
            let [a, b, c, d, e] = mix;
            let (mixed, constant) = match t {
                0..20 => (b & c | !b & d, 0x5a82_7999),
                20..40 => (b ^ c ^ d, 0x6ed9_eba1),
                40..60 => (b & c | b & d | c & d, 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6),
            };
            let sum = a.rotate_left(5).wrapping_add(mixed).wrapping_add(e).wrapping_add(word).wrapping_add(constant);
            mix = [sum, a, b.rotate_left(30), c, d];
        }
        for (total, part) in state.iter_mut().zip(mix) {
            *total = total.wrapping_add(part);
        }
    }
    let mut digest = [0; 20];
    for (octets, word) in digest.chunks_exact_mut(4).zip(state) {
        octets.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

/// `octets` in base 64 (RFC 4648 section 4).
fn base64(octets: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    let mut text = String::with_capacity(octets.len().div_ceil(3) * 4);
    for group in octets.chunks(3) {
        let bits = (0..3).fold(0, |bits: u32, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let six = (bits >> (18 - 6 * at) & 63) as usize;
            text.push(if at <= group.len() { LETTERS[six] as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }

    #[test]
    fn base64_pads_as_rfc_4648_says() {
        for (octets, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(octets.as_bytes()), text);
        }
    }

    #[test]
    fn both_directions_have_the_id_that_other_tools_give() {
        let (a, b) = (at("128.232.110.120", 34855), at("66.35.250.204", 80));
        assert_eq!(of(a, b, 6), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
        assert_eq!(of(b, a, 6), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
        let (a, b) = (at("192.168.1.52", 54585), at("8.8.8.8", 53));
        assert_eq!(of(a, b, 17), "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
        let (a, b) = (at("192.168.0.89", 8), at("192.168.0.1", 0));
        assert_eq!(of(a, b, 1), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
    }
}
