//! QUIC: packets with a long header (RFC 9000, section 17.2), in version 2 (RFC 9369) and as far as
//! all versions have them (RFC 8999); and the TLS hello in the frames of Initial packets.

use super::{Act, Confidence, Said, Step, initial, tls};
use crate::capture::track::Role;

/// The longest connection id that is read; versions to come may have up to 255 octets.
const LONGEST_ID: usize = 20;
/// The most octets of a TLS hello that are put together.
const LONGEST_HELLO: usize = 16 << 10;
/// The most separate stretches of a hello that are kept until the gaps between them are filled.
const STRETCHES: usize = 32;

/// A packet with a long header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Long<'a> {
    /// The version; 0 where versions are negotiated.
    pub version: u32,
    /// What kind of packet it is, where the version is known.
    pub kind: Kind,
    /// The id of the connection at its receiver.
    pub to: &'a [u8],
    /// The id of the connection at its sender.
    pub from: &'a [u8],
    /// The packet from its first octet to its end; as far as it is there.
    pub packet: &'a [u8],
    /// Where the (protected) packet number begins; 0 where there is none.
    pub number_at: usize,
    /// What the datagram has behind this packet.
    pub rest: &'a [u8],
}

/// Kinds of long packets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// The first of a connection: its TLS hello, under keys that everybody can derive.
    Initial,
    /// Data before the handshake is done.
    ZeroRtt,
    /// The rest of the handshake.
    Handshake,
    /// The server wants to see the client's address proven.
    Retry,
    /// The server tells its versions.
    Negotiation,
    /// Of a version that is not known here.
    Unknown,
}

impl Kind {
    /// Its name in the records.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::ZeroRtt => "0rtt",
            Self::Handshake => "handshake",
            Self::Retry => "retry",
            Self::Negotiation => "version_negotiation",
            Self::Unknown => "unknown",
        }
    }
}

/// Reads the long packet at the front of a datagram; `None` where there is none.
pub fn read(datagram: &[u8]) -> Option<Long<'_>> {
    let mut reader = Reader { octets: datagram, at: 0 };
    let first = reader.take(1)?[0];
    if first & 0x80 == 0 {
        return None;
    }
    let version = u32::from_be_bytes(*reader.take(4)?.first_chunk()?);
    let to = reader.id()?;
    let from = reader.id()?;
    let known = initial::Version::of(version);
    let kind = match (version, known) {
        (0, _) => Kind::Negotiation,
        (_, None) => Kind::Unknown,
        (_, Some(_)) if first & 0x40 == 0 => return None,
        (_, Some(version)) => version.kind(first >> 4 & 3),
    };
    let whole = Long { version, kind, to, from, packet: datagram, number_at: 0, rest: &[] };
    match kind {
        Kind::Initial | Kind::ZeroRtt | Kind::Handshake => {
            if kind == Kind::Initial {
                let token = reader.number()?;
                reader.take(usize::try_from(token).ok()?)?;
            }
            let length = usize::try_from(reader.number()?).ok()?;
            let number_at = reader.at;
            let end = number_at.checked_add(length)?;
            let (packet, rest) = datagram.split_at(end.min(datagram.len()));
            Some(Long { packet, number_at, rest, ..whole })
        }
        // These have no length: they go on to the end of the datagram.
        Kind::Retry | Kind::Negotiation | Kind::Unknown => Some(whole),
    }
}

/// The long packets of a datagram, one behind the other.
pub fn packets(datagram: &[u8]) -> impl Iterator<Item = Long<'_>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let packet = read(rest)?;
        rest = packet.rest;
        Some(packet)
    })
}

/// The versions that a server tells where versions are negotiated.
pub fn offered<'a>(packet: &Long<'a>) -> impl Iterator<Item = u32> + use<'a> {
    let skip = if packet.kind == Kind::Negotiation { 7 + packet.to.len() + packet.from.len() } else { usize::MAX };
    let versions = packet.packet.get(skip..).unwrap_or_default().as_chunks::<4>().0;
    versions.iter().map(|octets| u32::from_be_bytes(*octets))
}

/// The name of a version: `v1`, `v2`, `draft-29`; that of Google's by its letters.
pub fn version_name(version: u32) -> String {
    let letters = version.to_be_bytes();
    match version {
        0 => "negotiation".to_owned(),
        1 => "v1".to_owned(),
        0x6b33_43cf => "v2".to_owned(),
        0xff00_0000..=0xff00_00ff => format!("draft-{}", version & 0xff),
        _ if letters.iter().all(u8::is_ascii_alphanumeric) => {
            letters.iter().map(|letter| char::from(*letter)).collect()
        }
        _ => format!("{version:#010x}"),
    }
}

/// The stretches of the TLS handshake in the frames of an opened Initial packet: where in the
/// handshake each begins, and its octets. Ends at a frame that has no business there.
pub fn crypto(frames: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let mut reader = Reader { octets: frames, at: 0 };
    std::iter::from_fn(move || {
        loop {
            match reader.number()? {
                // Padding and pings.
                0 | 1 => {}
                kind @ (2 | 3) => reader.pass_ack(kind == 3)?,
                6 => {
                    let at = reader.number()?;
                    let length = reader.number()?;
                    return Some((at, reader.take(usize::try_from(length).ok()?)?));
                }
                _ => return None,
            }
        }
    })
}

struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.octets.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// A connection id behind its length.
    fn id(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.take(1)?[0]);
        (length <= LONGEST_ID).then(|| self.take(length)).flatten()
    }

    /// A number of variable length (RFC 9000, section 16).
    fn number(&mut self) -> Option<u64> {
        let first = *self.octets.get(self.at)?;
        let octets = self.take(1 << (first >> 6))?;
        let number = octets.iter().fold(0, |number, octet| number << 8 | u64::from(*octet));
        Some(number & ((1 << (8 * octets.len() - 2)) - 1))
    }

    fn pass_ack(&mut self, counts_marks: bool) -> Option<()> {
        let [_largest, _delay, ranges] = [self.number()?, self.number()?, self.number()?];
        // Each takes an octet at least: there are no more of them than octets.
        let numbers = ranges.checked_mul(2)?.checked_add(1 + if counts_marks { 3 } else { 0 })?;
        for _ in 0..numbers {
            self.number()?;
        }
        Some(())
    }
}

/// The TLS hello of a client, put together from the Initial packets it comes in.
#[derive(Debug, Default)]
pub struct Hello {
    keys: Option<initial::Keys>,
    octets: Vec<u8>,
    /// The stretches of it that are there, in order and apart from each other.
    there: Vec<(usize, usize)>,
}

impl Hello {
    /// Takes a packet that the client sent; `false` where it is no Initial that opens under the
    /// keys of its connection: cut, altered, or of a connection whose beginning is not there.
    pub fn take(&mut self, packet: &Long<'_>) -> bool {
        if packet.kind != Kind::Initial {
            return false;
        }
        let opened = self.keys.as_ref().and_then(|keys| keys.open(packet)).or_else(|| {
            // The first packet, or the first after a Retry: the keys come of the id it is sent to.
            let keys = initial::Keys::client(packet.version, packet.to)?;
            let opened = keys.open(packet)?;
            self.keys = Some(keys);
            Some(opened)
        });
        let Some(frames) = opened else {
            return false;
        };
        for (at, octets) in crypto(&frames) {
            self.put(at, octets);
        }
        true
    }

    /// The hello from its first octet on, as far as it goes without a gap.
    pub fn begun(&self) -> &[u8] {
        let end = self.there.first().map_or(0, |&(from, to)| if from == 0 { to } else { 0 });
        self.octets.get(..end).unwrap_or_default()
    }

    /// The hello, once it is whole: a handshake message of TLS with its header.
    pub fn whole(&self) -> Option<&[u8]> {
        let begun = self.begun();
        let [1, l1, l2, l3] = *begun.first_chunk::<4>()? else {
            return None;
        };
        begun.get(..4 + u32::from_be_bytes([0, l1, l2, l3]) as usize)
    }

    #[cfg(test)]
    pub(super) fn set_keys(&mut self, keys: initial::Keys) {
        self.keys = Some(keys);
    }

    fn put(&mut self, at: u64, octets: &[u8]) {
        let Ok(from) = usize::try_from(at) else { return };
        let to = from.saturating_add(octets.len());
        if octets.is_empty() || to > LONGEST_HELLO || self.there.len() >= STRETCHES {
            return;
        }
        if self.octets.len() < to {
            self.octets.resize(to, 0);
        }
        if let Some(place) = self.octets.get_mut(from..to) {
            place.copy_from_slice(octets);
        }
        self.there.push((from, to));
        self.there.sort_unstable();
        self.there.dedup_by(|later, earlier| {
            let joined = later.0 <= earlier.1;
            earlier.1 = if joined { earlier.1.max(later.1) } else { earlier.1 };
            joined
        });
    }
}

/// The first of what a side says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// The version; 0 where versions are negotiated.
    pub version: u32,
    /// What kind of packet it is.
    pub kind: Kind,
    /// The versions that the server would speak, where they are negotiated; the first ones.
    pub offered: Vec<u32>,
    /// Whether the server speaks.
    pub reply: bool,
}

impl Message {
    pub(super) const fn act(&self) -> Act {
        if self.reply { Act::Answers } else { Act::Asks }
    }

    pub(super) fn cost(&self) -> usize {
        size_of::<Self>() + self.offered.len() * size_of::<u32>()
    }
}

/// Versions of a negotiation that are kept.
const OFFERED: usize = 16;
/// Datagrams of the client in which its hello is looked for.
const DATAGRAMS: u8 = 16;

/// Listens to QUIC.
#[derive(Debug, Default)]
pub(super) struct Ear {
    hello: Hello,
    told: [bool; 2],
    datagrams: u8,
}

impl Ear {
    /// Hears a datagram.
    pub(super) fn step(&mut self, from: Role, octets: &[u8]) -> Step {
        let mut said = Vec::new();
        let told = std::mem::replace(&mut self.told[from as usize], true);
        if let (false, Some(long)) = (told, read(octets)) {
            let offered = offered(&long).take(OFFERED).collect();
            let message = Message { version: long.version, kind: long.kind, offered, reply: from == Role::Server };
            said.push(Said::Quic(Box::new(message)));
        }
        if from == Role::Server {
            return if said.is_empty() { Step::Over } else { Step::Message(octets.len() as u64, said) };
        }
        self.datagrams += 1;
        if self.datagrams > DATAGRAMS {
            return Step::Over;
        }
        for packet in packets(octets) {
            self.hello.take(&packet);
        }
        if let Some(hello) = self.hello.whole() {
            let body = hello.get(4..).unwrap_or_default();
            let hello = tls::client_hello(body, tls::Carrier::Quic);
            said.extend(hello.map(|hello| Said::Tls(tls::Message::ClientHello(Box::new(hello)))));
            // There is nothing more that can be read.
            self.datagrams = DATAGRAMS;
            self.hello = Hello::default();
        }
        Step::Message(octets.len() as u64, said)
    }
}

/// Whether a datagram begins a conversation in QUIC, and who speaks.
pub(super) fn guess(from: Role, octets: &[u8]) -> Option<(Role, Confidence)> {
    let long = read(octets)?;
    let keys = || initial::Keys::client(long.version, long.to)?.open(&long);
    match long.kind {
        // It opens under the keys of a client: no chance does that.
        Kind::Initial if keys().is_some() => Some((Role::Client, Confidence::High)),
        Kind::Initial | Kind::Handshake | Kind::ZeroRtt if long.packet.len() > long.number_at + 20 => {
            Some((from, Confidence::Medium))
        }
        Kind::Retry => Some((Role::Server, Confidence::Medium)),
        Kind::Negotiation => {
            let known = offered(&long).any(|version| initial::Version::of(version).is_some());
            known.then_some((Role::Server, Confidence::Medium))
        }
        // A version of Google's, by its letters.
        Kind::Unknown if matches!(long.version.to_be_bytes(), [b'Q' | b'T', b'0', b'0'..=b'9', b'0'..=b'9']) => {
            Some((from, Confidence::Medium))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_lengths_that_their_first_bits_say() {
        // RFC 9000, appendix A.1.
        let cases: [(&[u8], u64); 5] = [
            (&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c], 151_288_809_941_952_652),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0x7b, 0xbd], 15_293),
            (&[0x25], 37),
            (&[0x40, 0x25], 37),
        ];
        for (octets, number) in cases {
            assert_eq!(Reader { octets, at: 0 }.number(), Some(number));
            assert_eq!(Reader { octets: &octets[..octets.len() - 1], at: 0 }.number(), None);
        }
    }

    #[test]
    fn the_versions_that_a_server_offers_are_told() {
        let datagram =
            [&[0x80, 0, 0, 0, 0, 1, 7, 2, 8, 9][..], &[0, 0, 0, 1], &[0x6b, 0x33, 0x43, 0xcf], &[1]].concat();
        let packet = read(&datagram).expect("a long packet");
        assert_eq!((packet.kind, packet.to, packet.from), (Kind::Negotiation, &[7][..], &[8, 9][..]));
        let names: Vec<String> = offered(&packet).map(version_name).collect();
        assert_eq!(names, ["v1", "v2"]);
        assert_eq!(version_name(0x5130_3530), "Q050");
        assert_eq!(version_name(0xff00_001d), "draft-29");
        assert_eq!(version_name(0xfafa_fafa), "0xfafafafa");
    }

    #[test]
    fn a_hello_is_put_together_in_whatever_order_it_comes() {
        let hello: Vec<u8> = [1, 0, 0, 26].into_iter().chain(0..26).collect();
        let mut orders = vec![vec![(0, 30)], vec![(10, 30), (0, 10)], vec![(20, 30), (0, 12), (5, 22)]];
        orders.push((0..30).rev().map(|at| (at, at + 1)).collect());
        for order in orders {
            let mut put = Hello::default();
            for (from, to) in &order {
                assert_eq!(put.whole(), None, "{order:?}");
                put.put(*from as u64, &hello[*from..*to]);
            }
            assert_eq!(put.whole(), Some(&hello[..]), "{order:?}");
        }
    }

    #[test]
    fn a_hello_takes_limited_room() {
        let mut hello = Hello::default();
        hello.put(u64::MAX, b"a");
        hello.put(1 << 20, b"a");
        hello.put(LONGEST_HELLO as u64, b"a");
        assert_eq!(hello.octets.len(), 0);
        for at in 0..1000 {
            hello.put(at * 2, b"a");
        }
        assert_eq!(hello.there.len(), STRETCHES);
        assert_eq!(hello.begun(), b"a");
    }

    #[test]
    fn frames_are_passed_over_to_those_that_carry_the_handshake() {
        let frames = b"\0\0\x01\x02\x05\0\x01\x02\0\0\x06\0\x02hi\x03\x05\0\0\x02\0\0\0\x06\x02\x01!\x1c\x06\0\x01?";
        let told: Vec<_> = crypto(frames).collect();
        assert_eq!(told, [(0, &b"hi"[..]), (2, &b"!"[..])]);
        assert_eq!(crypto(b"\x02\x05\0\xff\xff\xff\xff\xff\xff\xff\xff").count(), 0);
    }
}
