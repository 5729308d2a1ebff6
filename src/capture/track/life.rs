use super::expiry::Ended;
use super::notes::{Note, Notes};
use super::pass::At;
use super::slim::Moment;
use crate::wire::{Segment, Seq, Side, Timestamp};

/// What happened in a connection as a whole: the part of the record that belongs to neither end.
#[derive(Clone, Debug, Default)]
pub(super) struct Life {
    /// Every note any of its packets had.
    pub(super) seen: Notes,
    /// A SYN met a SYN.
    pub(super) crossed: bool,
    /// The server acknowledged the SYN without a SYN of its own.
    pub(super) split_ack: bool,
    /// What an older connection's end acknowledged when it met the SYN.
    pub(super) challenge: Option<Seq>,
    /// Who sent the first FIN.
    pub(super) first_fin: Option<Side>,
    /// Who sent a RST that took effect.
    pub(super) reset_by: Option<Side>,
    /// Who sent a RST that lies in the window but is not exact: the other end's next segment tells.
    pub(super) doubtful: Option<Side>,
    /// The handshake's times.
    pub(super) times: Times,
    /// The SYN/ACK acknowledged what the SYN sent; step three what the SYN/ACK sent.
    pub(super) syn_validated: bool,
    pub(super) ack_validated: bool,
    /// Why it was given up before the input ended.
    pub(super) ended: Option<Ended>,
    /// A later connection took its place.
    pub(super) replaced: bool,
    /// A SYN on a living connection, until the other end has said what it thinks of it.
    pub(super) parked: Option<Box<Parked>>,
}

/// When the steps of the handshake came by.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    pub(super) first_syn: Moment,
    pub(super) last_syn: Moment,
    pub(super) last_syn_ts_val: Option<u32>,
    pub(super) last_synack: Moment,
    pub(super) step3: Moment,
    pub(super) rtt_server_ns: Option<i64>,
    pub(super) rtt_client_ns: Option<i64>,
    /// The last data of who asked before any came back, and the first that came back.
    pub(super) asked: Moment,
    pub(super) answered: Moment,
    /// A repeat makes it impossible to say which SYN, or which SYN/ACK, was answered.
    pub(super) ambiguous: bool,
}

/// A SYN that waits for its verdict.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parked {
    pub(super) side: Side,
    pub(super) segment: Segment,
    pub(super) n: u64,
    pub(super) time: Timestamp,
    pub(super) arrived: At,
}

impl Life {
    pub(super) fn has(&self, note: Note) -> bool {
        self.seen.contains(note)
    }

    /// Whether step three was seen in any of its forms.
    pub(super) fn saw_step3(&self) -> bool {
        self.seen.intersects(&[Note::Open3, Note::Open3Data, Note::Open3Fin])
    }
}
