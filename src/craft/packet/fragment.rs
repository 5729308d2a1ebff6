//! Cutting IP packets into fragments.

use super::proto;
use super::sum::Sum;

/// Why a packet cannot be cut.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FragmentError {
    /// It is not a whole IP packet.
    #[error("only whole IP packets can be cut into fragments")]
    NotIp,
    /// No piece of it would fit.
    #[error("an MTU of {mtu} has no room for a header of {header} octets and eight more")]
    NoRoom {
        /// The MTU.
        mtu: usize,
        /// The headers that every fragment has.
        header: usize,
    },
}

/// Cuts an IP packet into fragments of at most `mtu` octets, headers included, with `id` for their
/// identification (IPv4 has its lower 16 bits). A packet that fits is left as it is.
///
/// # Errors
///
/// When it is no IP packet, or not even eight octets would fit in a fragment.
pub fn fragment(packet: &[u8], mtu: usize, id: u32) -> Result<Vec<Vec<u8>>, FragmentError> {
    if packet.len() <= mtu {
        return Ok(vec![packet.to_vec()]);
    }
    match packet.first().map(|first| first >> 4) {
        Some(4) => v4(packet, mtu, id),
        Some(6) => v6(packet, mtu, id),
        _ => Err(FragmentError::NotIp),
    }
}

/// RFC 791 §3.2.
fn v4(packet: &[u8], mtu: usize, id: u32) -> Result<Vec<Vec<u8>>, FragmentError> {
    let first = *packet.first().ok_or(FragmentError::NotIp)?;
    let (header, payload) = packet.split_at_checked(usize::from(first & 0x0f) * 4).ok_or(FragmentError::NotIp)?;
    if header.len() < 20 {
        return Err(FragmentError::NotIp);
    }
    let room = room(mtu, header.len())?;
    let later = later_header(header);
    let mut pieces = Vec::new();
    for (at, piece) in payload.chunks(room).enumerate() {
        let mut fragment = if at == 0 { header.to_vec() } else { later.clone() };
        let last = (at + 1) * room >= payload.len();
        let place = (at * room / 8) as u16 & 0x1fff | u16::from(!last) << 13;
        let len = (fragment.len() + piece.len()) as u16;
        fragment[2..4].copy_from_slice(&len.to_be_bytes());
        fragment[4..6].copy_from_slice(&(id as u16).to_be_bytes());
        fragment[6..8].copy_from_slice(&place.to_be_bytes());
        fragment[10..12].fill(0);
        let sum = Sum::default().octets(&fragment).checksum();
        fragment[10..12].copy_from_slice(&sum.to_be_bytes());
        fragment.extend(piece);
        pieces.push(fragment);
    }
    Ok(pieces)
}

/// The header of the fragments after the first: of the options, those whose first bit says so.
fn later_header(header: &[u8]) -> Vec<u8> {
    let mut later = header[..20].to_vec();
    let mut options = &header[20..];
    while let &[kind, ref rest @ ..] = options {
        let len = match (kind, rest.first()) {
            (0, _) => break,
            (1, _) => 1,
            (_, Some(len)) if *len >= 2 => usize::from(*len),
            _ => break,
        };
        let Some((option, after)) = options.split_at_checked(len) else { break };
        if kind & 0x80 != 0 {
            later.extend(option);
        }
        options = after;
    }
    later.resize(later.len().next_multiple_of(4), 0);
    later[0] = 4 << 4 | (later.len() / 4) as u8;
    later
}

/// RFC 8200 §4.5: the headers that routers read stay in front of every fragment.
fn v6(packet: &[u8], mtu: usize, id: u32) -> Result<Vec<Vec<u8>>, FragmentError> {
    const FIXED: usize = 40;
    const FRAGMENT_HEADER: usize = 8;
    let (mut end, mut next_at) = (FIXED, 6);
    while let (Some(proto::HOP_BY_HOP | proto::ROUTING), Some(units)) =
        (packet.get(next_at).copied(), packet.get(end + 1))
    {
        next_at = end;
        end += (usize::from(*units) + 1) * 8;
    }
    let (headers, payload) = packet.split_at_checked(end).ok_or(FragmentError::NotIp)?;
    let next = *headers.get(next_at).ok_or(FragmentError::NotIp)?;
    let room = room(mtu, headers.len() + FRAGMENT_HEADER)?;
    let mut pieces = Vec::new();
    for (at, piece) in payload.chunks(room).enumerate() {
        let last = (at + 1) * room >= payload.len();
        let place = ((at * room / 8) as u16) << 3 | u16::from(!last);
        let mut fragment = headers.to_vec();
        fragment[next_at] = proto::FRAGMENT;
        fragment.extend([next, 0]);
        fragment.extend(place.to_be_bytes());
        fragment.extend(id.to_be_bytes());
        fragment.extend(piece);
        let len = (fragment.len() - FIXED) as u16;
        fragment[4..6].copy_from_slice(&len.to_be_bytes());
        pieces.push(fragment);
    }
    Ok(pieces)
}

/// Octets of payload in all fragments but the last: a multiple of eight.
fn room(mtu: usize, header: usize) -> Result<usize, FragmentError> {
    match mtu.saturating_sub(header) / 8 * 8 {
        0 => Err(FragmentError::NoRoom { mtu, header }),
        room => Ok(room),
    }
}
