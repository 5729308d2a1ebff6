use super::Field;
use super::sum::Sum;

/// The most octets of a packet that an ICMP error quotes (RFC 1812 §4.3.2.3).
const QUOTED_V4: usize = 576 - 20 - 8;
/// The same for ICMPv6: the error has to fit in the smallest MTU (RFC 4443 §3.1).
const QUOTED_V6: usize = 1280 - 40 - 8;

/// An ICMP header (RFC 792) or, behind IPv6, an ICMPv6 header (RFC 4443).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Icmp {
    /// Message type.
    pub kind: u8,
    /// Code within the type.
    pub code: u8,
    /// The second word: identifier and number of an echo, the MTU of a "too big", or 0.
    pub word: u32,
    /// Checksum.
    pub checksum: Field<u16>,
}

impl Icmp {
    /// A message whose second word is 0.
    pub fn new(kind: u8, code: u8) -> Self {
        Self { kind, code, word: 0, checksum: Field::Right }
    }

    /// An echo request of ICMP: identifier and number.
    pub fn echo(id: u16, seq: u16) -> Self {
        Self { word: u32::from(id) << 16 | u32::from(seq), ..Self::new(8, 0) }
    }

    /// An echo request of ICMPv6.
    pub fn echo_v6(id: u16, seq: u16) -> Self {
        Self { kind: 128, ..Self::echo(id, seq) }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.extend([self.kind, self.code, 0, 0]);
        out.extend(self.word.to_be_bytes());
    }

    pub(super) fn finish(&self, pseudo_header: Sum, octets: &mut [u8]) {
        let sum = self.checksum.or(pseudo_header.octets(octets).checksum());
        octets[2..4].copy_from_slice(&sum.to_be_bytes());
    }
}

/// What an ICMP error says of the packet that it is about: as much of its beginning as fits.
///
/// ```
/// use synfin::craft::{Icmp, Ipv4, Udp, quote};
///
/// let (host, router, server) = ([10, 0, 0, 1], [10, 0, 0, 254], [192, 0, 2, 1]);
/// let sent = (Ipv4::new(host.into(), server.into()) / Udp::new(40_000, 53) / "?").build()?;
/// let unreachable = Ipv4::new(router.into(), host.into()) / Icmp::new(3, 1) / quote(&sent);
/// assert_eq!(unreachable.build()?.len(), 20 + 8 + sent.len());
/// # Ok::<(), synfin::craft::EmitError>(())
/// ```
pub fn quote(packet: &[u8]) -> &[u8] {
    let most = if packet.first().is_some_and(|first| first >> 4 == 6) { QUOTED_V6 } else { QUOTED_V4 };
    packet.get(..most).unwrap_or(packet)
}
