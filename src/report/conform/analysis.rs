//! Wireshark's `tcp.analysis` flags, and our notes that mean the same.

use super::conns::Told;
use super::rules;
use super::table::{Column, Row, Table};
use super::tally::{Difference, Peer, Rule, Tally};
use crate::capture::track::{Note, Role};
use crate::capture::{Body, Conn, Observation, Packet};
use crate::wire::{Flags, Segment};

/// A flag of Wireshark's and the notes that mean the same.
struct Flag {
    name: &'static str,
    /// The columns that count as this flag.
    columns: &'static [&'static str],
    notes: &'static [Note],
}

/// The columns of the flags.
pub(super) struct Analysis {
    flags: Vec<(&'static Flag, Vec<Column>)>,
}

impl Analysis {
    pub(super) fn new(table: &Table) -> Self {
        let columns = |flag: &Flag| flag.columns.iter().map(|name| table.column(name)).collect();
        Self { flags: FLAGS.iter().map(|flag| (flag, columns(flag))).collect() }
    }

    /// Compares the flags of one segment; where neither has one there is nothing to compare.
    pub(super) fn packet(
        &self,
        capture: &str,
        packet: &Packet<'_>,
        (observation, conn): (&Observation, &Conn),
        told: Told,
        row: &Row<'_>,
        tally: &mut Tally,
    ) {
        let Body::Tcp(tcp) = &packet.record.body else { return };
        let seen = Seen { observation, conn, told, segment: &tcp.segment };
        let flagged = |columns: &[Column]| columns.iter().any(|column| !row.get(*column).is_empty());
        if observation.notes.contains(Note::CaptureDuplicate) {
            if self.flags.iter().any(|(_, columns)| flagged(columns)) {
                tally.judge((Peer::Tshark, "tcp.analysis of a copy"), false, || {
                    let place = format!("{capture} frame {}", packet.n);
                    let said = Difference { place, theirs: "flags".to_owned(), ours: observation.notes.to_string() };
                    (said, Some(&rules::DUPLICATES))
                });
            }
            return;
        }
        for (flag, columns) in &self.flags {
            let (theirs, ours) = (flagged(columns), observation.notes.intersects(flag.notes));
            if !theirs && !ours {
                continue;
            }
            tally.judge((Peer::Tshark, flag.name), theirs && ours, || {
                let theirs: Vec<_> = self
                    .flags
                    .iter()
                    .filter(|(_, columns)| flagged(columns))
                    .map(|(flag, _)| flag.name.trim_start_matches(PREFIX))
                    .collect();
                let place = format!("{capture} frame {}", packet.n);
                let said = Difference { place, theirs: theirs.join(", "), ours: observation.notes.to_string() };
                (said, why(flag, &theirs, &seen))
            });
        }
    }
}

/// The rule that explains why only one of the two has `flag`.
fn why(flag: &Flag, theirs: &[&str], seen: &Seen<'_>) -> Option<&'static Rule> {
    let notes = seen.observation.notes;
    let life = seen.conn.notes();
    let said = |names: &[&str]| theirs.iter().any(|name| names.contains(name));
    let options = &seen.segment.options;
    if seen.told.claims_too_much {
        return Some(&rules::SHORT_FRAME);
    }
    if seen.segment.flags.contains(Flags::SYN) && said(&["reused_ports"])
        || seen.observation.stream != seen.conn.stream
        || life.intersects(REUSED)
        || seen.told.jumped
    {
        return Some(&rules::OTHER_BOUNDS);
    }
    if notes.intersects(Note::ODD_FLAGS) || notes.contains(Note::Unexpected) || life.contains(Note::FlagsFinNoack) {
        return Some(&rules::ODD_FLAGS);
    }
    match flag.name.trim_start_matches(PREFIX) {
        "retransmission" | "fast_retransmission" | "spurious_retransmission" | "out_of_order"
            if said(&[REPEAT]) && notes.intersects(REPEATS) =>
        {
            Some(&rules::KIND_OF_REPEAT)
        }
        "zero_window_probe" | "zero_window_probe_ack" if life.intersects(RESETS) => Some(&rules::AFTER_RESET),
        "zero_window_probe" if said(&["keep_alive"]) => Some(&rules::KEEP_ALIVE),
        "zero_window_probe_ack" if notes.contains(Note::WinProbeAck) => Some(&rules::KEEP_ALIVE),
        REPEAT | "retransmission" | "fast_retransmission" | "spurious_retransmission" | "out_of_order" => {
            Some(&rules::COVERAGE)
        }
        "duplicate_ack" | "window_update" if !options.sack().is_empty() => Some(&rules::DUPLICATE_ACK),
        "duplicate_ack" => Some(&rules::DUPLICATE_ACK),
        "window_update" if notes.intersects(&[Note::OpenConfirmed, Note::Open3]) => Some(&rules::FIRST_WINDOW),
        "window_update" => Some(&rules::WINDOW_UPDATE),
        "keep_alive" | "keep_alive_ack" => Some(&rules::KEEP_ALIVE),
        "lost_segment" if life.intersects(RESETS) => Some(&rules::AFTER_RESET),
        "lost_segment" | "ack_lost_segment" if life.intersects(MISSING) || seen.is_one_sided() => {
            Some(&rules::MISSING_OCTETS)
        }
        "ack_lost_segment" if said(&["ack_lost_segment"]) => Some(&rules::ACK_OF_SEEN),
        "window_full" if seen.segment.flags.contains(Flags::FIN) => Some(&rules::FULL_WITH_FIN),
        _ => None,
    }
}

/// One segment, and all that is known of it.
struct Seen<'a> {
    observation: &'a Observation,
    conn: &'a Conn,
    told: Told,
    segment: &'a Segment,
}

impl Seen<'_> {
    /// Whether only one end was heard.
    fn is_one_sided(&self) -> bool {
        Role::BOTH.iter().any(|role| self.conn.half(*role).counts().packets == 0)
    }
}

const PREFIX: &str = "tcp.analysis.";
const REPEAT: &str = "any repeat or late segment";
const REPEATS: &[Note] = &[
    Note::Retransmit,
    Note::SynRetransmit,
    Note::SynackRetransmit,
    Note::SynLate,
    Note::SynackLate,
    Note::FinRetransmit,
    Note::Reorder,
    Note::HoleFill,
    Note::PathLost,
    Note::CaptureReordered,
];
const REUSED: &[Note] =
    &[Note::ReuseAfterClose, Note::ReuseTimeWait, Note::ReuseSynSent, Note::ReuseLive, Note::ReuseParked];
const RESETS: &[Note] = &[Note::ResetAbortLive, Note::ResetAbortNoSocket, Note::ResetFinThenRst, Note::ResetAfterClose];
const MISSING: &[Note] =
    &[Note::SeqAhead, Note::AckUnseen, Note::CaptureLost, Note::CaptureLostSynack, Note::Midstream];

macro_rules! flags {
    ($($name:literal = [$($column:literal),*] [$($note:ident),*],)*) => {
        &[$(Flag {
            name: concat!("tcp.analysis.", $name),
            columns: &[$(concat!("tcp.analysis.", $column)),*],
            notes: &[$(Note::$note),*],
        },)*]
    };
}

const FLAGS: &[Flag] = flags! {
    "any repeat or late segment" =
        ["retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order"]
        [Retransmit, SynRetransmit, SynackRetransmit, SynLate, SynackLate, FinRetransmit, Reorder, HoleFill, PathLost, CaptureReordered],
    "retransmission" = ["retransmission"] [Retransmit, SynRetransmit, SynackRetransmit, SynLate, SynackLate, FinRetransmit],
    "fast_retransmission" = ["fast_retransmission"] [RetransmitFast],
    "spurious_retransmission" = ["spurious_retransmission"] [RetransmitSpurious],
    "out_of_order" = ["out_of_order"] [Reorder, HoleFill],
    "duplicate_ack" = ["duplicate_ack"] [Dupack],
    "lost_segment" = ["lost_segment"] [SeqAhead],
    "ack_lost_segment" = ["ack_lost_segment"] [AckUnseen],
    "zero_window" = ["zero_window"] [WinZero],
    "zero_window_probe" = ["zero_window_probe"] [WinProbe],
    "zero_window_probe_ack" = ["zero_window_probe_ack"] [WinProbeAck],
    "window_full" = ["window_full"] [WinFull],
    "window_update" = ["window_update"] [WinUpdate],
    "keep_alive" = ["keep_alive"] [Keepalive],
    "keep_alive_ack" = ["keep_alive_ack"] [KeepaliveAck],
    "reused_ports" = ["reused_ports"] [ReuseTimeWait, ReuseAfterClose, ReuseSynSent, ReuseLive, ReuseParked],
};
