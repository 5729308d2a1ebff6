use std::fmt;

use super::conn::Conn;
use super::expiry::Ended;
use super::half::Half;
use super::notes::Note;
use super::standing::Role;
use crate::wire::Protocol;

/// How a connection opened.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Open {
    /// SYN, SYN/ACK, ACK.
    Normal,
    /// The same, the third carrying data.
    DataOn3rd,
    /// Both ends asked at once.
    Simultaneous,
    /// The server turned the handshake round.
    Split,
    /// Fast open: the SYN's data was taken.
    TfoAccepted,
    /// Fast open: the SYN's data was left.
    TfoIgnored,
    /// The capture lacks the SYN.
    MissingSyn,
    /// The capture lacks the SYN/ACK.
    MissingSynack,
    /// The capture lacks step three.
    MissingAck,
    /// A RST answered the SYN.
    Refused,
    /// An ICMP error answered the SYN.
    Unreachable,
    /// Nothing answered the SYN.
    NoAnswer,
    /// The server waits for step three.
    HalfOpen,
    /// The client reset the server's offer.
    RejectedByClient,
    /// A SYN/ACK and nothing else.
    SynackOnly,
    /// The capture began later.
    Midstream,
    /// A new attempt with a new ISN took its place before any answer.
    Superseded,
    /// Flags that no stack sends: a probe, not an opening.
    Probe,
    /// Not TCP: the first datagram was answered.
    Answered,
    /// Not TCP: nothing came back.
    Unanswered,
}

impl Open {
    /// The name in the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::DataOn3rd => "data_on_3rd",
            Self::Simultaneous => "simultaneous",
            Self::Split => "split",
            Self::TfoAccepted => "tfo_accepted",
            Self::TfoIgnored => "tfo_ignored",
            Self::MissingSyn => "missing_syn",
            Self::MissingSynack => "missing_synack",
            Self::MissingAck => "missing_ack",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::NoAnswer => "no_answer",
            Self::HalfOpen => "half_open",
            Self::RejectedByClient => "rejected_by_client",
            Self::SynackOnly => "synack_only",
            Self::Midstream => "midstream",
            Self::Superseded => "superseded",
            Self::Probe => "probe",
            Self::Answered => "answered",
            Self::Unanswered => "unanswered",
        }
    }
}

/// How a connection closed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Close {
    /// FIN, ACK, FIN, ACK.
    Fin4,
    /// FIN, FIN/ACK, ACK.
    Fin3,
    /// The FINs crossed.
    FinSimultaneous,
    /// One end closed; the other goes on.
    HalfClosed,
    /// A FIN that nothing answered.
    FinUnanswered,
    /// A RST.
    Reset,
    /// A FIN, then a RST from the same end.
    FinThenReset,
    /// Still open when the capture ended.
    OpenAtEnd,
    /// Silence for longer than the timer allows.
    Timeout,
    /// A new connection took its place.
    Superseded,
    /// Its close was not seen, and a new connection took its place.
    LostClose,
    /// Given up to keep within the memory bound.
    Evicted,
    /// The capture ended while it was still opening.
    CaptureEnd,
}

impl Close {
    /// The name in the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fin4 => "fin4",
            Self::Fin3 => "fin3",
            Self::FinSimultaneous => "fin_simultaneous",
            Self::HalfClosed => "half_closed",
            Self::FinUnanswered => "fin_unanswered",
            Self::Reset => "reset",
            Self::FinThenReset => "fin_then_reset",
            Self::OpenAtEnd => "open_at_end",
            Self::Timeout => "timeout",
            Self::Superseded => "superseded",
            Self::LostClose => "lost_close",
            Self::Evicted => "evicted",
            Self::CaptureEnd => "capture_end",
        }
    }
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How `conn` opened, from what was noted of its packets.
pub(super) fn open(conn: &Conn) -> Open {
    if conn.protocol() != Protocol::Tcp {
        let answered = Role::BOTH.into_iter().all(|role| conn.half(role).sent.packets > 0);
        return if answered {
            Open::Answered
        } else if conn.life.has(Note::UdpRefused) {
            Open::Refused
        } else if conn.life.has(Note::IcmpError) {
            Open::Unreachable
        } else {
            Open::Unanswered
        };
    }
    let has = |note| conn.life.has(note);
    let asked = has(Note::Open1) || has(Note::CaptureReordered);
    let step3 = conn.life.saw_step3();
    if has(Note::OpenSplit) {
        Open::Split
    } else if has(Note::OpenSimultaneous) {
        Open::Simultaneous
    } else if has(Note::OpenRefused) && !has(Note::Open2) {
        Open::Refused
    } else if has(Note::OpenUnreachable) && !has(Note::Open2) {
        Open::Unreachable
    } else if has(Note::OpenRejectedByClient) {
        Open::RejectedByClient
    } else if has(Note::OpenSynackOnly) && !asked {
        if step3 { Open::MissingSyn } else { Open::SynackOnly }
    } else if !asked {
        if conn.notes().intersects(Note::ODD_FLAGS) && !has(Note::Midstream) { Open::Probe } else { Open::Midstream }
    } else if has(Note::CaptureLostSynack) && conn.half(Role::Server).offer.is_none() {
        Open::MissingSynack
    } else if has(Note::CaptureLostStep3) && !step3 {
        Open::MissingAck
    } else if !conn.life.syn_validated {
        if conn.life.replaced { Open::Superseded } else { Open::NoAnswer }
    } else if has(Note::TfoAccepted) || has(Note::TfoPartial) {
        Open::TfoAccepted
    } else if has(Note::TfoIgnored) {
        Open::TfoIgnored
    } else if !step3 {
        Open::HalfOpen
    } else if has(Note::Open3Data) {
        Open::DataOn3rd
    } else {
        Open::Normal
    }
}

/// How `conn` closed.
pub(super) fn close(conn: &Conn) -> Close {
    let has = |note| conn.life.has(note);
    if conn.protocol() != Protocol::Tcp {
        return Close::CaptureEnd;
    }
    let fins = fins(conn);
    if is_reset(conn, fins) {
        return if has(Note::ResetFinThenRst) { Close::FinThenReset } else { Close::Reset };
    }
    match fins {
        2 if has(Note::CloseSimultaneous) => Close::FinSimultaneous,
        2 if has(Note::Close23) => Close::Fin3,
        2 => Close::Fin4,
        1 if conn.halves.iter().any(Half::fin_acked) => Close::HalfClosed,
        1 => Close::FinUnanswered,
        _ if conn.life.replaced => {
            if conn.life.syn_validated || has(Note::Midstream) {
                Close::LostClose
            } else {
                Close::Superseded
            }
        }
        _ if conn.life.ended == Some(Ended::Timeout) => Close::Timeout,
        _ if conn.life.ended == Some(Ended::Evicted) => Close::Evicted,
        _ if conn.halves.iter().all(|half| half.standing.state.is_synchronized()) => Close::OpenAtEnd,
        _ => Close::CaptureEnd,
    }
}

/// How many of both ends have sent a FIN.
fn fins(conn: &Conn) -> usize {
    conn.halves.iter().filter(|half| half.fin().is_some()).count()
}

/// Whether a RST ended `conn`, where there are so many FINs.
fn is_reset(conn: &Conn, fins: usize) -> bool {
    conn.reset_by().is_some() && fins < 2
}

/// Who closed `conn`: the sender of the RST that ended it, or of the first FIN.
pub(super) fn closed_by(conn: &Conn) -> Option<Role> {
    let reset = conn.protocol() == Protocol::Tcp && is_reset(conn, fins(conn));
    let side = if reset { conn.reset_by() } else { conn.life.first_fin };
    side.map(|side| conn.role(side))
}
