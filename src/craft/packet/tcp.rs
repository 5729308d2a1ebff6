use super::Field;
use super::sum::Sum;
use crate::wire::{Flags, OptionList, Segment, Seq, Window};

/// The twelve bits beside the data offset, reserved ones included.
const FLAG_BITS: u16 = 0x0fff;

/// A TCP header (RFC 9293 §3.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tcp {
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// Sequence number.
    pub seq: Seq,
    /// Acknowledgment number; sent as it is, with or without the flag.
    pub ack: Seq,
    /// The twelve flag bits.
    pub flags: Flags,
    /// Window, unscaled.
    pub window: Window,
    /// Urgent pointer.
    pub urgent: u16,
    /// Options, padded with end-of-list to a whole word.
    pub options: OptionList,
    /// Length of the header in words of four octets, four bits.
    pub data_offset: Field<u8>,
    /// Checksum.
    pub checksum: Field<u16>,
}

impl Tcp {
    /// A header with numbers of 0 and a full window.
    pub fn new(src_port: u16, dst_port: u16, flags: Flags) -> Self {
        let segment = Segment { flags, window: Window(u16::MAX), ..Segment::default() };
        Self::of(src_port, dst_port, &segment, OptionList::EMPTY)
    }

    /// The header of a segment; its `len` and `options` are not read: the payload and the list say.
    pub fn of(src_port: u16, dst_port: u16, segment: &Segment, options: OptionList) -> Self {
        Self {
            src_port,
            dst_port,
            seq: segment.seq,
            ack: segment.ack,
            flags: segment.flags,
            window: segment.window,
            urgent: segment.urgent,
            options,
            data_offset: Field::Right,
            checksum: Field::Right,
        }
    }

    pub(super) fn len(&self) -> usize {
        20 + self.options.octets().len().next_multiple_of(4)
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let end = out.len() + self.len();
        let words = self.data_offset.or((self.len() / 4) as u8);
        let mut fixed = [0; 20];
        fixed[..2].copy_from_slice(&self.src_port.to_be_bytes());
        fixed[2..4].copy_from_slice(&self.dst_port.to_be_bytes());
        fixed[4..8].copy_from_slice(&self.seq.0.to_be_bytes());
        fixed[8..12].copy_from_slice(&self.ack.0.to_be_bytes());
        fixed[12..14].copy_from_slice(&(u16::from(words) << 12 | self.flags.0 & FLAG_BITS).to_be_bytes());
        fixed[14..16].copy_from_slice(&self.window.0.to_be_bytes());
        fixed[18..].copy_from_slice(&self.urgent.to_be_bytes());
        out.extend_from_slice(&fixed);
        out.extend_from_slice(self.options.octets());
        out.resize(end, 0);
    }

    pub(super) fn finish(&self, pseudo_header: Sum, octets: &mut [u8]) {
        let sum = self.checksum.or(pseudo_header.octets(octets).checksum());
        octets[16..18].copy_from_slice(&sum.to_be_bytes());
    }
}
