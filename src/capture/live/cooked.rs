//! Linux cooked capture: a header that stands for those of many links (LINKTYPE_LINUX_SLL and
//! LINKTYPE_LINUX_SLL2).

use super::Cooked;
use crate::sys::ring::From;

/// Writes the header, and behind it a VLAN tag that was taken out, before the network header at
/// `start`. Where it begins, and how many octets it has.
pub(super) fn put_header(
    kind: Cooked,
    room: &mut [u8],
    start: usize,
    from: &From,
    tag: Option<(u16, u16)>,
) -> (usize, u32) {
    let mut header = [0; 24];
    let len = match kind {
        Cooked::Sll => 16,
        Cooked::Sll2 => 20,
    };
    let outer = tag.map_or(from.protocol, |(_, protocol)| protocol);
    match kind {
        Cooked::Sll => {
            header[..2].copy_from_slice(&u16::from(from.kind).to_be_bytes());
            header[2..4].copy_from_slice(&from.hardware.to_be_bytes());
            header[4..6].copy_from_slice(&u16::from(from.address_len).to_be_bytes());
            header[6..14].copy_from_slice(&from.address);
            header[14..16].copy_from_slice(&outer.to_be_bytes());
        }
        Cooked::Sll2 => {
            header[..2].copy_from_slice(&outer.to_be_bytes());
            header[4..8].copy_from_slice(&from.interface.to_be_bytes());
            header[8..10].copy_from_slice(&from.hardware.to_be_bytes());
            header[10] = from.kind;
            header[11] = from.address_len;
            header[12..20].copy_from_slice(&from.address);
        }
    }
    let mut whole = len;
    if let Some((tag, _)) = tag {
        header[len..len + 2].copy_from_slice(&tag.to_be_bytes());
        header[len + 2..len + 4].copy_from_slice(&from.protocol.to_be_bytes());
        whole += 4;
    }
    match start.checked_sub(whole).and_then(|begin| Some((begin, room.get_mut(begin..start)?))) {
        Some((begin, place)) => {
            place.copy_from_slice(&header[..whole]);
            (begin, whole as u32)
        }
        None => (start, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: From = From {
        protocol: 0x0800,
        interface: 7,
        hardware: 1,
        kind: 4,
        address_len: 6,
        address: [2, 0, 0, 0, 0, 0xaa, 0, 0],
    };

    #[test]
    fn the_first_kind_has_its_protocol_last() {
        let mut room = [0xff; 20];
        assert_eq!(put_header(Cooked::Sll, &mut room, 18, &FROM, None), (2, 16));
        assert_eq!(room[2..18], [0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 0xaa, 0, 0, 8, 0]);
        assert_eq!((room[1], room[18]), (0xff, 0xff));
    }

    #[test]
    fn the_second_kind_has_its_protocol_first_and_a_tag_behind() {
        let mut room = [0xff; 26];
        assert_eq!(put_header(Cooked::Sll2, &mut room, 24, &FROM, Some((100, 0x8100))), (0, 24));
        assert_eq!(room[..24], [0x81, 0, 0, 0, 0, 0, 0, 7, 0, 1, 4, 6, 2, 0, 0, 0, 0, 0xaa, 0, 0, 0, 100, 8, 0]);
    }
}
