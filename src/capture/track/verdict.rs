use std::fmt;

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
    /// It never opened: nothing to close.
    NeverOpened,
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
            Self::NeverOpened => "capture_end",
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
