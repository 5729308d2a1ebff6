//! TCP (RFC 9293 §3.1).

use super::{Part, proto};
use crate::capture::record::{Checksum, Checksums, Layer, Skip, Tcp};
use crate::wire::{Flags, Options, Segment, Seq, Window};

const FIXED_LEN: usize = 20;

/// Reads a segment. A header that the capture cuts within its options is still a segment.
pub(super) fn read(part: &Part<'_>, checksums: Checksums) -> Result<Tcp, Skip> {
    let Some((head, rest)) = part.bytes.split_first_chunk::<FIXED_LEN>() else {
        let skip = if part.len < FIXED_LEN as u32 { Skip::Malformed } else { Skip::Truncated };
        return Err(skip(Layer::Tcp));
    };
    let hdr_len = usize::from(head[12] >> 4) * 4;
    // A receiver drops such a segment, and so it means nothing to a connection.
    if hdr_len < FIXED_LEN || hdr_len > part.len as usize {
        return Err(Skip::Malformed(Layer::Tcp));
    }

    let options = match rest.get(..hdr_len - FIXED_LEN) {
        Some([]) => Options::default(),
        Some(list) => Options::parse(list),
        None => Options::parse_cut(rest),
    };
    let segment = Segment {
        seq: Seq(u32::from_be_bytes([head[4], head[5], head[6], head[7]])),
        ack: Seq(u32::from_be_bytes([head[8], head[9], head[10], head[11]])),
        flags: Flags(u16::from_be_bytes([head[12] & 0x0f, head[13]])),
        window: Window(u16::from_be_bytes([head[14], head[15]])),
        urgent: u16::from_be_bytes([head[18], head[19]]),
        len: part.len - hdr_len as u32,
        options,
    };
    let checksum_ok = match checksums {
        Checksums::Ignore => Checksum::Unverified,
        Checksums::Verify => part.verify(proto::TCP, part.len),
    };
    Ok(Tcp {
        src_port: u16::from_be_bytes([head[0], head[1]]),
        dst_port: u16::from_be_bytes([head[2], head[3]]),
        segment,
        hdr_len: hdr_len as u8,
        offset: part.offset,
        checksum: u16::from_be_bytes([head[16], head[17]]),
        checksum_ok,
        truncated: part.is_cut(),
    })
}
