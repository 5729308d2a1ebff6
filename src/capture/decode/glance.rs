//! A glance at a frame that is still to come.

use crate::capture::frame::Link;
use crate::wire::{Endpoint, FlowKey, Protocol, Vlans};

/// The conversation of a frame of the commonest shape: untagged Ethernet, IP without options or
/// extensions, TCP or UDP. What it says is what [`decode`](super::decode) will say.
pub(in crate::capture) fn glance(link: Link, bytes: &[u8]) -> Option<FlowKey> {
    if link != Link::Ethernet {
        return None;
    }
    let (head, packet) = bytes.split_first_chunk::<14>()?;
    match [head[12], head[13]] {
        [0x08, 0x00] => {
            let (ip, rest) = packet.split_first_chunk::<20>()?;
            let whole = [ip[6] & 0x3f, ip[7]] == [0, 0];
            let protocol = protocol(ip[9]).filter(|_| ip[0] == 0x45 && whole)?;
            let [src, dst] = [[ip[12], ip[13], ip[14], ip[15]], [ip[16], ip[17], ip[18], ip[19]]];
            key(src, dst, protocol, rest)
        }
        [0x86, 0xdd] => {
            let (ip, rest) = packet.split_first_chunk::<40>()?;
            let protocol = protocol(ip[6]).filter(|_| ip[0] >> 4 == 6)?;
            let (src, dst) = (ip[8..24].first_chunk::<16>()?, ip[24..40].first_chunk::<16>()?);
            key(*src, *dst, protocol, rest)
        }
        _ => None,
    }
}

fn protocol(number: u8) -> Option<Protocol> {
    match number {
        super::proto::TCP => Some(Protocol::Tcp),
        super::proto::UDP => Some(Protocol::Udp),
        _ => None,
    }
}

fn key<A: Into<std::net::IpAddr>>(src: A, dst: A, protocol: Protocol, rest: &[u8]) -> Option<FlowKey> {
    let &[a, b, c, d] = rest.first_chunk()?;
    let src = Endpoint { addr: src.into(), port: u16::from_be_bytes([a, b]) };
    let dst = Endpoint { addr: dst.into(), port: u16::from_be_bytes([c, d]) };
    Some(FlowKey::of(src, dst, protocol, &Vlans::default()).0)
}
