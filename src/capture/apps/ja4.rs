//! JA4: what a TLS client offers, as a short text that stays the same for the same program.
//!
//! The fingerprint of clients alone, which FoxIO has published under the BSD 3-Clause licence.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::tls::Carrier;

/// What the fingerprint is made of, in the order of the ClientHello.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Offer<'a> {
    /// The highest version offered.
    pub(super) version: u16,
    /// Whether it names a server.
    pub(super) names: bool,
    pub(super) ciphers: &'a [u16],
    /// The types of the extensions.
    pub(super) extensions: &'a [u16],
    pub(super) signatures: &'a [u16],
    /// The first protocol of ALPN.
    pub(super) alpn: Option<&'a [u8]>,
}

const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;

/// The fingerprint, 36 characters.
pub(super) fn ja4(carrier: Carrier, offer: Offer<'_>) -> String {
    let mut ciphers = without_grease(offer.ciphers);
    let mut extensions = without_grease(offer.extensions);
    let mut print = String::with_capacity(36);
    print.push(match carrier {
        Carrier::Tcp => 't',
        Carrier::Quic => 'q',
    });
    print.push_str(match offer.version {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        _ => "00",
    });
    print.push(if offer.names { 'd' } else { 'i' });
    let _ = write!(print, "{:02}{:02}", ciphers.len().min(99), extensions.len().min(99));
    print.extend(ends(offer.alpn.unwrap_or_default()));
    ciphers.sort_unstable();
    extensions.retain(|kind| !matches!(*kind, SERVER_NAME | ALPN));
    extensions.sort_unstable();
    let mut last = list(&extensions);
    let signatures = without_grease(offer.signatures);
    if !signatures.is_empty() {
        last.push('_');
        last.push_str(&list(&signatures));
    }
    // Without any there is nothing to digest.
    let extensions = if offer.extensions.is_empty() { String::new() } else { last };
    let _ = write!(print, "_{}_{}", digest(&list(&ciphers)), digest(&extensions));
    print
}

/// Values that clients make up to keep servers tolerant are left out (RFC 8701).
fn without_grease(values: &[u16]) -> Vec<u16> {
    values.iter().copied().filter(|value| value & 0x0f0f != 0x0a0a || value >> 8 != value & 0xff).collect()
}

/// `002f,0035`.
fn list(values: &[u16]) -> String {
    let mut text = String::with_capacity(values.len() * 5);
    for (at, value) in values.iter().enumerate() {
        let _ = write!(text, "{}{value:04x}", if at > 0 { "," } else { "" });
    }
    text
}

/// The first and the last character of a name; of octets that are none, of their hexadecimal digits.
fn ends(name: &[u8]) -> [char; 2] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let (Some(first), Some(last)) = (name.first(), name.last()) else { return ['0', '0'] };
    let [first, last] = if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        [*first, *last]
    } else {
        [HEX[usize::from(first >> 4)], HEX[usize::from(last & 15)]]
    };
    [char::from(first), char::from(last)]
}

/// The first twelve digits of the SHA-256; zeros of nothing.
fn digest(text: &str) -> String {
    if text.is_empty() {
        return "0".repeat(12);
    }
    let digest = Sha256::digest(text);
    digest.iter().take(6).fold(String::with_capacity(12), |mut digits, octet| {
        let _ = write!(digits, "{octet:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of the method's description.
    #[test]
    fn the_published_example_has_its_published_fingerprint() {
        let ciphers = [
            0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c,
            0x009d, 0x002f, 0x0035,
        ];
        let extensions = [
            0xcaca, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b,
            0xff01, 0x000b, 0x000a, 0x0015,
        ];
        let signatures = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
        let offer = Offer {
            version: 0x0304,
            names: true,
            ciphers: &ciphers,
            extensions: &extensions,
            signatures: &signatures,
            alpn: Some(b"h2"),
        };
        assert_eq!(ja4(Carrier::Tcp, offer), "t13d1516h2_8daaf6152771_e5627efa2ab1");
    }

    #[test]
    fn an_offer_of_nothing_has_zeros() {
        assert_eq!(ja4(Carrier::Quic, Offer::default()), "q00i000000_000000000000_000000000000");
        assert_eq!(ends(b"\xab\xcd"), ['a', 'd']);
        assert_eq!(ends(b"h"), ['h', 'h']);
    }

    #[test]
    fn made_up_values_are_known() {
        assert_eq!(without_grease(&[0x0a0a, 0xfafa, 0x0a1a, 0x1301, 0x0a0b]), [0x0a1a, 0x1301, 0x0a0b]);
    }
}
