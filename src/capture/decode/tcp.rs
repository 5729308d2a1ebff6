//! TCP (RFC 9293 §3.1).

use super::Part;
use crate::capture::record::{Body, Checksum, Checksums, Layer, Skip, Tcp};
use crate::wire::{Flags, Options, Segment, Seq, Window};

const FIXED_LEN: usize = 20;

/// Reads a segment. A header that the capture cuts within its options is still a segment.
#[inline]
pub(super) fn read(part: &Part<'_>, checksums: Checksums, body: &mut Body) -> Result<(), Skip> {
    let Some((head, rest)) = part.bytes.split_first_chunk::<FIXED_LEN>() else {
        return Err(part.too_short(FIXED_LEN as u32, Layer::Tcp));
    };
    let hdr_len = head[12] >> 4 << 2;
    // A receiver drops such a segment, and so it means nothing to a connection.
    if usize::from(hdr_len) < FIXED_LEN || u32::from(hdr_len) > part.len {
        return Err(Skip::Malformed(Layer::Tcp));
    }
    *body = Body::Tcp(Tcp {
        src_port: u16::from_be_bytes([head[0], head[1]]),
        dst_port: u16::from_be_bytes([head[2], head[3]]),
        segment: Segment {
            seq: Seq(u32::from_be_bytes([head[4], head[5], head[6], head[7]])),
            ack: Seq(u32::from_be_bytes([head[8], head[9], head[10], head[11]])),
            flags: Flags(u16::from_be_bytes([head[12] & 0x0f, head[13]])),
            window: Window(u16::from_be_bytes([head[14], head[15]])),
            urgent: u16::from_be_bytes([head[18], head[19]]),
            len: part.len - u32::from(hdr_len),
            options: Options::default(),
        },
        hdr_len,
        offset: part.offset,
        checksum: u16::from_be_bytes([head[16], head[17]]),
        checksum_ok: match checksums {
            Checksums::Ignore => Checksum::Unverified,
            Checksums::Verify => part.verify(part.len, u16::from_be_bytes([head[16], head[17]])),
        },
        truncated: part.is_cut(),
    });
    // Read in place: a list moved after it was read costs as much as reading it.
    if let Body::Tcp(Tcp { segment: Segment { options, .. }, .. }) = body
        && usize::from(hdr_len) > FIXED_LEN
    {
        match rest.get(..usize::from(hdr_len) - FIXED_LEN) {
            Some(list) => options.read(list),
            None => options.read_cut(rest),
        }
    }
    Ok(())
}
