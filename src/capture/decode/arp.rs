//! ARP for IPv4 over Ethernet (RFC 826).

use crate::capture::record::{Arp, Layer, Skip};

const ETHERTYPE: u16 = 0x0806;
const ETHERNET: u16 = 1;

/// Reads a packet. Other hardware, and other protocols than IPv4, are not followed.
pub(super) fn read(packet: &[u8]) -> Result<Arp, Skip> {
    let &[h0, h1, p0, p1, mac_len, ip_len, o0, o1] = packet.first_chunk().ok_or(Skip::Truncated(Layer::Arp))?;
    let hardware = u16::from_be_bytes([h0, h1]);
    match (p0, p1, mac_len, ip_len) {
        (0x08, 0x00, 6, 4) => {}
        (0x08, 0x00, ..) if hardware == ETHERNET => return Err(Skip::Malformed(Layer::Arp)),
        _ => return Err(Skip::NotIp(ETHERTYPE)),
    }
    let rest = packet.get(8..).unwrap_or_default();
    let (&sender_mac, rest) = rest.split_first_chunk().ok_or(Skip::Truncated(Layer::Arp))?;
    let (&sender_ip, rest) = rest.split_first_chunk::<4>().ok_or(Skip::Truncated(Layer::Arp))?;
    let (&target_mac, rest) = rest.split_first_chunk().ok_or(Skip::Truncated(Layer::Arp))?;
    let &target_ip = rest.first_chunk::<4>().ok_or(Skip::Truncated(Layer::Arp))?;
    Ok(Arp {
        op: u16::from_be_bytes([o0, o1]),
        sender_mac,
        sender_ip: sender_ip.into(),
        target_mac,
        target_ip: target_ip.into(),
    })
}
