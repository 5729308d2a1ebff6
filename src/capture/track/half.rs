use super::facts::{Fact, Facts};
use super::standing::{Basis, Standing};
use crate::wire::{Seq, WindowScale};

/// One end of a connection, as far as a passive observer can know it.
///
/// Its own sequence space is described by three numbers (RFC 9293 §3.3.1, seen from outside):
/// `[iss, una)` has been acknowledged by the peer, `[una, nxt)` is on its way.
#[derive(Clone, Debug, Default)]
pub struct Half {
    /// Its state, and how we know.
    pub standing: Standing,
    /// What it knows.
    pub facts: Facts,
    /// What the SYN said, if it was seen.
    pub offer: Option<Offer>,
    /// Initial sequence number: seen, or inferred from what the peer acknowledged.
    pub iss: Option<Seq>,
    /// The sequence number after the last it sent.
    pub nxt: Seq,
    /// The highest acknowledgement it received, where it received one.
    pub una: Option<Seq>,
    /// The sequence number of its FIN.
    pub fin: Option<Seq>,
    /// The window field of its last segment, as sent.
    pub window: u16,
    /// What it sent.
    pub counts: Counts,
    pub(super) taught: [u32; 7],
}

/// What a SYN or SYN/ACK offers.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Offer {
    /// Largest segment it wants to receive, in octets.
    pub mss: Option<u16>,
    /// Shift count for the windows it will send, as sent.
    pub wscale: Option<u8>,
    /// Whether it can use selective acknowledgements.
    pub sack_ok: bool,
    /// Whether it can use timestamps.
    pub ts_ok: bool,
}

impl Offer {
    /// The shift count that has to be used (0 where none was offered).
    pub fn scale(&self) -> WindowScale {
        WindowScale::clamped(self.wscale.unwrap_or(0))
    }
}

/// What one end sent, by number.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Packets, capture duplicates left out.
    pub packets: u64,
    /// Octets of payload, repeats included.
    pub payload_bytes: u64,
    /// Octets of payload, each counted once.
    pub unique_bytes: u64,
    /// Octets of IP packets.
    pub ip_bytes: u64,
    /// Segments that repeated payload.
    pub retransmits: u32,
    /// Duplicate acknowledgements.
    pub dup_acks: u32,
    /// Segments that offered no window.
    pub zero_windows: u32,
    /// Segments with RST.
    pub resets: u32,
    /// Octets that were acknowledged and are not in the capture.
    pub missed_bytes: u64,
}

impl Half {
    /// The basis on which `fact` is known, and how many frames after the connection's first the
    /// packet came that taught it.
    pub fn taught(&self, fact: Fact) -> Option<(Basis, u32)> {
        Some((self.facts.basis(fact)?, self.taught[fact as usize]))
    }
}
