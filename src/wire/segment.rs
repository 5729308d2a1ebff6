use super::{Flags, Options, Seq, Window};

/// A TCP segment as the state machine sees it: the header's meaning and how much data follows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Segment {
    /// Sequence number of the first octet, or of the SYN.
    pub seq: Seq,
    /// The acknowledgment field as sent; means something only with [`Flags::ACK`], see
    /// [`Segment::acked`].
    pub ack: Seq,
    /// The twelve flag bits.
    pub flags: Flags,
    /// The window field, unscaled.
    pub window: Window,
    /// The urgent pointer as sent.
    pub urgent: u16,
    /// Octets of payload, by the lengths the IP header claims.
    pub len: u32,
    /// The options that carry meaning for the connection.
    pub options: Options,
}

impl Segment {
    /// The acknowledgment number, where the ACK flag makes it one.
    pub fn acked(&self) -> Option<Seq> {
        self.flags.contains(Flags::ACK).then_some(self.ack)
    }

    /// How much sequence space the segment occupies: payload, and one each for SYN and FIN
    /// (SEG.LEN of RFC 9293 §3.3.1).
    pub fn span(&self) -> u32 {
        self.len + u32::from(self.flags.contains(Flags::SYN)) + u32::from(self.flags.contains(Flags::FIN))
    }

    /// The sequence number after everything in the segment.
    pub fn end(&self) -> Seq {
        self.seq + self.span()
    }

    /// The sequence number of the first payload octet.
    pub fn data_seq(&self) -> Seq {
        self.seq + u32::from(self.flags.contains(Flags::SYN))
    }

    /// The sequence number that the FIN occupies, if there is one.
    pub fn fin_seq(&self) -> Option<Seq> {
        self.flags.contains(Flags::FIN).then(|| self.data_seq() + self.len)
    }
}
