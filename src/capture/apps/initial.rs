//! The keys of QUIC's Initial packets: they come of an id that stands in the first of them, so that
//! everybody who sees that can open all (RFC 9001, section 5; RFC 9369, section 3.3). Opening one
//! proves that it is whole and that it is QUIC.

use ring::aead::{self, quic};
use ring::hkdf;

use super::quic::{Kind, Long};

/// The longest packet that is opened: the longest there can be.
const LONGEST: usize = 1 << 16;

/// What versions differ in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Version {
    /// The drafts 23 to 28.
    Draft23,
    /// The drafts 29 to 32.
    Draft29,
    /// Version 1, and the last drafts of it.
    V1,
    /// Version 2.
    V2,
}

impl Version {
    pub(super) const fn of(version: u32) -> Option<Self> {
        match version {
            0xff00_0017..=0xff00_001c => Some(Self::Draft23),
            0xff00_001d..=0xff00_0020 => Some(Self::Draft29),
            1 | 0xff00_0021 | 0xff00_0022 => Some(Self::V1),
            0x6b33_43cf => Some(Self::V2),
            _ => None,
        }
    }

    /// What the two bits of a long header's type mean.
    pub(super) const fn kind(self, bits: u8) -> Kind {
        let bits = if matches!(self, Self::V2) { bits.wrapping_sub(1) & 3 } else { bits };
        match bits {
            0 => Kind::Initial,
            1 => Kind::ZeroRtt,
            2 => Kind::Handshake,
            _ => Kind::Retry,
        }
    }

    const fn salt(self) -> &'static [u8; 20] {
        match self {
            Self::Draft23 => b"\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02",
            Self::Draft29 => b"\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99",
            Self::V1 => b"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a",
            Self::V2 => b"\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9",
        }
    }

    /// The labels of key, nonce and header protection.
    const fn labels(self) -> [&'static [u8]; 3] {
        match self {
            Self::V2 => [b"tls13 quicv2 key", b"tls13 quicv2 iv", b"tls13 quicv2 hp"],
            _ => [b"tls13 quic key", b"tls13 quic iv", b"tls13 quic hp"],
        }
    }
}

/// The keys of one end of a connection for its Initial packets.
pub(super) struct Keys {
    payload: aead::LessSafeKey,
    nonce: [u8; aead::NONCE_LEN],
    header: quic::HeaderProtectionKey,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// Those of the client that sent its first Initial to the id `first`. `None` where the version
    /// is not known.
    pub(super) fn client(version: u32, first: &[u8]) -> Option<Self> {
        Self::derive(Version::of(version)?, first, b"tls13 client in")
    }

    /// Those of the server that it was sent to.
    #[cfg(test)]
    fn server(version: u32, first: &[u8]) -> Option<Self> {
        Self::derive(Version::of(version)?, first, b"tls13 server in")
    }

    fn derive(version: Version, first: &[u8], end: &[u8]) -> Option<Self> {
        let common = hkdf::Salt::new(hkdf::HKDF_SHA256, version.salt()).extract(first);
        let secret = hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, &expand::<32>(&common, end)?);
        let [key, nonce, header] = version.labels();
        let payload = aead::UnboundKey::new(&aead::AES_128_GCM, &expand::<16>(&secret, key)?).ok()?;
        Some(Self {
            payload: aead::LessSafeKey::new(payload),
            nonce: expand(&secret, nonce)?,
            header: quic::HeaderProtectionKey::new(&quic::AES_128, &expand::<16>(&secret, header)?).ok()?,
        })
    }

    /// The frames of a packet; `None` where it is cut, or not sealed under these keys.
    pub(super) fn open(&self, packet: &Long<'_>) -> Option<Vec<u8>> {
        let at = packet.number_at;
        let octets = packet.packet;
        if at == 0 || octets.len() > LONGEST {
            return None;
        }
        // The sample begins where the payload would if the number had four octets.
        let mask = self.header.new_mask(octets.get(at + 4..at + 20)?).ok()?;
        let mut octets = octets.to_vec();
        octets[0] ^= mask[0] & 0x0f;
        let number_len = usize::from(octets[0] & 3) + 1;
        let mut number = 0;
        for (octet, mask) in octets[at..at + number_len].iter_mut().zip(&mask[1..]) {
            *octet ^= mask;
            number = number << 8 | u64::from(*octet);
        }
        let mut nonce = self.nonce;
        for (octet, number) in nonce[4..].iter_mut().zip(number.to_be_bytes()) {
            *octet ^= number;
        }
        let (header, payload) = octets.split_at_mut(at + number_len);
        let nonce = aead::Nonce::assume_unique_for_key(nonce);
        let frames = self.payload.open_in_place(nonce, aead::Aad::from(&*header), payload).ok()?;
        Some(frames.to_vec())
    }
}

/// HKDF-Expand-Label of TLS 1.3 (RFC 8446, section 7.1), without a context.
fn expand<const N: usize>(secret: &hkdf::Prk, label: &[u8]) -> Option<[u8; N]> {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut out = [0; N];
    let info = [&(N as u16).to_be_bytes()[..], &[label.len() as u8], label, &[0]];
    secret.expand(&info, Length(N)).ok()?.fill(&mut out).ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::super::quic::{Hello, crypto, read};
    use super::*;

    /// The id in the examples of RFC 9001, appendix A, and RFC 9369, appendix A.
    const ID: &str = "8394c8f03e515708";
    /// The frame with a client's hello that both examples begin with.
    const CLIENT_FRAME: &str = "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c \
        00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504 \
        616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748 \
        002b0003020304000d0010000e0403050306030203080408050806002d00020101001c00024001003900320408ffffffffffffffff0504 \
        8000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff";
    /// What the server's examples say.
    const SERVER_FRAMES: &str = "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b \
        9a045a1200130100002e00330024001d00209d3c940d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b0002 \
        0304";
    const SERVER_V1: &str = "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c6979755478 \
        0bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cd \
        d93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee";
    const SERVER_V2: &str = "dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698baeea26b91eb761d9b89237bbf87 \
        263017915358230035f7fd3945d88965cf17f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2c984c707f0 \
        a0812d8cd5a6881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca84bed8521e2e140";

    fn octets(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| digit as u8).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    /// Seals a packet of a client: a header that ends in a number of four octets, which is 2.
    fn sealed(version: u32, header: &str, frames: &[u8]) -> Vec<u8> {
        let keys = Keys::client(version, &octets(ID)).expect("a known version");
        let (header, mut payload) = (octets(header), frames.to_vec());
        let mut nonce = keys.nonce;
        nonce[11] ^= 2;
        let nonce = aead::Nonce::assume_unique_for_key(nonce);
        keys.payload.seal_in_place_append_tag(nonce, aead::Aad::from(&header), &mut payload).expect("sealed");
        let at = header.len() - 4;
        let mut packet = [header, payload].concat();
        let mask = keys.header.new_mask(&packet[at + 4..at + 20]).expect("a mask");
        packet[0] ^= mask[0] & 0x0f;
        packet[at..at + 4].iter_mut().zip(&mask[1..]).for_each(|(octet, mask)| *octet ^= mask);
        packet
    }

    /// The examples of RFC 9001 (A.2) and RFC 9369 (A.2): a header as it is and protected, then how
    /// the packet goes on, and how it ends.
    const CLIENTS: [(u32, &str, &str, &str); 2] = [
        (
            1,
            "c300000001088394c8f03e5157080000449e00000002",
            "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11",
            "e221af44860018ab0856972e194cd934",
        ),
        (
            0x6b33_43cf,
            "d36b3343cf088394c8f03e5157080000449e00000002",
            "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485",
            "a18b2faa745b6fe189cf772a9f84cbfc",
        ),
    ];

    #[test]
    fn the_clients_of_both_rfcs_are_understood() {
        for (version, header, begins, ends) in CLIENTS {
            let mut frames = octets(CLIENT_FRAME);
            frames.resize(1162, 0);
            let packet = sealed(version, header, &frames);
            assert!(packet.starts_with(&octets(begins)) && packet.ends_with(&octets(ends)), "{version:#x}");

            let long = read(&packet).expect("a long packet");
            assert_eq!((long.version, long.kind, long.to), (version, Kind::Initial, &*octets(ID)));
            assert_eq!(Keys::client(version, long.to).expect("keys").open(&long), Some(frames));
            let mut hello = Hello::default();
            assert!(hello.take(&long));
            let whole = hello.whole().expect("a hello");
            assert!(whole.windows(11).any(|name| name == b"example.com"));
        }
    }

    #[test]
    fn the_servers_of_both_rfcs_are_understood() {
        for (version, packet) in [(1, SERVER_V1), (0x6b33_43cf, SERVER_V2)] {
            let packet = octets(packet);
            let long = read(&packet).expect("a long packet");
            assert_eq!((long.kind, long.from), (Kind::Initial, &*octets("f067a5502a4262b5")));
            let frames = Keys::server(version, &octets(ID)).and_then(|keys| keys.open(&long)).expect("opened");
            assert_eq!(frames, octets(SERVER_FRAMES));
            let told: Vec<_> = crypto(&frames).map(|(at, octets)| (at, octets.len(), octets[0])).collect();
            assert_eq!(told, [(0, 90, 2)], "a ServerHello");
        }
    }

    #[test]
    fn what_is_cut_or_altered_stays_shut() {
        let mut packet = octets(SERVER_V1);
        let keys = Keys::server(1, &octets(ID)).expect("keys");
        for len in 0..packet.len() {
            assert!(read(&packet[..len]).is_none_or(|long| keys.open(&long).is_none()), "{len}");
        }
        for at in 0..packet.len() {
            packet[at] ^= 1;
            assert!(read(&packet).is_none_or(|long| keys.open(&long).is_none()), "{at}");
            packet[at] ^= 1;
        }
    }

    #[test]
    fn after_a_retry_the_keys_come_of_the_new_id() {
        let (version, header, ..) = CLIENTS[0];
        let mut frames = octets(CLIENT_FRAME);
        frames.resize(1162, 0);
        let mut hello = Hello::default();
        let other = Keys::client(1, b"another").expect("keys");
        hello.set_keys(other);
        assert!(hello.take(&read(&sealed(version, header, &frames)).expect("a long packet")));
        assert!(hello.whole().is_some());
    }
}
