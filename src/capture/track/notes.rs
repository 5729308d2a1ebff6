use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// Declares [`Note`], its ids and the list of all.
macro_rules! notes {
    ($($(#[$doc:meta])* $name:ident = $id:literal,)*) => {
        /// One thing a segment can mean for its connection. Ids are lower case, dotted, and
        /// stable; a consumer may match a family by its prefix.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[repr(u8)]
        pub enum Note {
            $($(#[$doc])* $name,)*
        }

        impl Note {
            /// Every note, in the order they are told.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable id.
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)*
                }
            }
        }
    };
}

notes! {
    // The opening.
    /// Step one: a SYN asks.
    Open1 = "open.1",
    /// Step two: SYN and ACK in one segment answer and ask back.
    Open2 = "open.2",
    /// Step three: the ACK that tells the server its answer arrived.
    Open3 = "open.3",
    /// Step three, carrying data.
    Open3Data = "open.3+data",
    /// Step three, carrying a FIN.
    Open3Fin = "open.3+fin",
    /// Step three again, after the server had repeated step two.
    Open3Repeat = "open.3.repeat",
    /// The first segment that proves step three arrived.
    OpenConfirmed = "open.confirmed",
    /// A RST answers the SYN: nobody listens.
    OpenRefused = "open.refused",
    /// An ICMP error answers the SYN.
    OpenUnreachable = "open.unreachable",
    /// The client resets what the server offered.
    OpenRejectedByClient = "open.rejected_by_client",
    /// A SYN answers a SYN: simultaneous or split, not yet decided.
    OpenCrossed = "open.crossed",
    /// Both ends opened at once (RFC 9293 figure 7).
    OpenSimultaneous = "open.simultaneous",
    /// The server turned the handshake round and made the client answer.
    OpenSplit = "open.split",
    /// The server acknowledged the SYN and sent its own in a second segment.
    OpenSplitAck = "open.split_ack",
    /// A SYN/ACK whose SYN was not seen.
    OpenSynackOnly = "open.synack_only",

    // Repeats in the opening.
    /// The same SYN again.
    SynRetransmit = "syn.retransmit",
    /// A SYN of this very connection, after it had opened.
    SynLate = "syn.late",
    /// The same SYN/ACK again.
    SynackRetransmit = "synack.retransmit",
    /// An old copy of the SYN/ACK, after the opening was proven.
    SynackLate = "synack.late",

    // Fast open (RFC 7413).
    /// The SYN asks for a cookie.
    TfoRequest = "tfo.request",
    /// The SYN carries a cookie and data.
    TfoData = "tfo.data",
    /// The SYN/ACK acknowledges the SYN's data.
    TfoAccepted = "tfo.accepted",
    /// The SYN/ACK acknowledges the SYN only.
    TfoIgnored = "tfo.ignored",
    /// The SYN/ACK acknowledges some of the SYN's data.
    TfoPartial = "tfo.partial",
    /// Data on a SYN without a cookie.
    SynDataWithoutTfo = "syn.data_without_tfo",

    // Half-open discovery (RFC 9293 §3.5.1).
    /// An ACK from an older connection answers the SYN.
    HalfopenChallenge = "halfopen.challenge",
    /// The RST that clears the older connection away.
    HalfopenCleared = "halfopen.cleared",

    // Mid-stream.
    /// The connection was open before the capture began.
    Midstream = "midstream",
    /// An end of it has proven to be there.
    MidstreamPromoted = "midstream.promoted",

    // The close.
    /// The first FIN.
    Close1 = "close.1",
    /// The first FIN, with data.
    Close1Data = "close.1+data",
    /// The first ACK of the first FIN.
    Close2 = "close.2",
    /// ACK and FIN in one: a close of three segments.
    Close23 = "close.2+3",
    /// The second FIN.
    Close3 = "close.3",
    /// The ACK of the second FIN.
    Close4 = "close.4",
    /// That ACK again, after the FIN was repeated.
    Close4Repeat = "close.4.repeat",
    /// A FIN that crosses the other's.
    CloseSimultaneous = "close.simultaneous",
    /// The acknowledgement of a crossed FIN.
    CloseSimultaneousAck = "close.simultaneous.ack",
    /// Data from the end that has not closed to the one that has.
    HalfcloseData = "halfclose.data",
    /// The same FIN again.
    FinRetransmit = "fin.retransmit",
    /// A FIN behind octets that were not seen.
    FinBeyondGap = "fin.beyond_gap",
    /// A FIN before the opening was done.
    FinBeforeHandshake = "fin.before_handshake",
    /// Octets past the sender's own FIN.
    DataAfterFin = "data.after_fin",

    // Resets.
    /// A living socket was aborted.
    ResetAbortLive = "reset.abort_live",
    /// No socket was there (any more).
    ResetAbortNoSocket = "reset.abort_no_socket",
    /// The sender had closed, and met data it can no longer take.
    ResetFinThenRst = "reset.fin_then_rst",
    /// Both ends had closed: harmless.
    ResetAfterClose = "reset.after_close",
    /// The sender knows nothing of this connection: it restarted, or dropped it in silence.
    ResetHalfOpen = "reset.half_open",
    /// After a long silence.
    ResetIdle = "reset.idle",
    /// During the handshake.
    ResetInHandshake = "reset.in_handshake",
    /// The answer of a host whose address somebody forged.
    ResetBackscatter = "reset.backscatter",
    /// Outside the window: without effect.
    RstBlind = "rst.blind",
    /// In the window but not exact: answered by a challenge ACK (RFC 5961 §3).
    RstChallenged = "rst.challenged",
    /// There are reasons to doubt who sent it.
    RstSuspect = "rst.suspect",
    /// ... whoever it came from goes on sending.
    RstSuspectSpeaksOn = "rst.suspect.speaks_on",
    /// ... it came another way: its TTL is none its sender had.
    RstSuspectTtl = "rst.suspect.ttl",
    /// ... it has none of the forms that RFC 9293 §3.5.2 gives a RST.
    RstSuspectForm = "rst.suspect.form",
    /// ... it is one of several with growing numbers, which together cover a window.
    RstSuspectSeries = "rst.suspect.series",

    // The same pair of endpoints again.
    /// A new connection where the old one was in TIME_WAIT.
    ReuseTimeWait = "reuse.time_wait",
    /// A new connection where the old one had ended.
    ReuseAfterClose = "reuse.after_close",
    /// A new attempt with a new ISN, the old one unanswered.
    ReuseSynSent = "reuse.syn_sent",
    /// A new connection where the old one was still open for one end.
    ReuseLive = "reuse.live",
    /// A SYN on a living connection: wait and see.
    ReuseParked = "reuse.parked",
    /// Client and server were the other way round.
    RolesFlipped = "roles.flipped",

    // Segments.
    /// Octets that were sent before.
    Retransmit = "retransmit",
    /// ... after a timeout.
    RetransmitRto = "retransmit.rto",
    /// ... because duplicate ACKs asked for it.
    RetransmitFast = "retransmit.fast",
    /// ... as a tail loss probe (RFC 8985 §7).
    RetransmitTlp = "retransmit.tlp",
    /// ... needlessly: they had arrived.
    RetransmitSpurious = "retransmit.spurious",
    /// ... in part; the rest is new.
    RetransmitPartial = "retransmit.partial",
    /// Octets that were overtaken on the way.
    Reorder = "reorder",
    /// Fills a hole: overtaken or sent again, undecidable.
    HoleFill = "hole_fill",
    /// Starts past what was seen: something before it is missing here.
    SeqAhead = "seq.ahead",
    /// The same ACK again while data is outstanding.
    Dupack = "dupack",
    /// A SACK block tells of octets received twice (RFC 2883).
    Dsack = "dsack",
    /// An ACK below one sent before.
    AckOld = "ack.old",
    /// An ACK of octets that were not seen.
    AckUnseen = "ack.unseen",
    /// A probe of an idle connection.
    Keepalive = "keepalive",
    /// Its answer.
    KeepaliveAck = "keepalive.ack",
    /// The sender can take no more.
    WinZero = "win.zero",
    /// One octet into a closed window.
    WinProbe = "win.probe",
    /// Its answer.
    WinProbeAck = "win.probe_ack",
    /// Nothing new but the window.
    WinUpdate = "win.update",
    /// The segment fills the window to its edge.
    WinFull = "win.full",
    /// The right edge moved left.
    WinShrunk = "win.shrunk",
    /// A timestamp older than the last (RFC 7323 §5).
    PawsFail = "paws.fail",
    /// Data before the opening was done.
    DataBeforeOpen = "data.before_open",

    // Flags that no stack sends.
    /// SYN and FIN.
    FlagsSynfin = "flags.SYNFIN",
    /// SYN and RST.
    FlagsSynrst = "flags.SYNRST",
    /// None at all.
    FlagsNull = "flags.NULL",
    /// FIN, PSH and URG without ACK.
    FlagsXmas = "flags.XMAS",
    /// FIN without ACK.
    FlagsFinNoack = "flags.FIN_noACK",
    /// Data without ACK.
    FlagsDataNoack = "flags.DATA_noACK",
    /// An acknowledgment number without ACK.
    FlagsAckNoflag = "flags.ack_without_ACK",
    /// A RST answers a probe: the port is closed.
    ProbeClosedPort = "probe.closed_port",

    // Options, ECN, urgent data.
    /// The option list is broken, or an option has a wrong length.
    OptMalformed = "opt.malformed",
    /// A window scale above 14 (RFC 7323 §2.3).
    OptWscaleOver14 = "opt.wscale_over_14",
    /// A SYN without MSS.
    OptMssAbsent = "opt.mss_absent",
    /// MSS outside a SYN.
    OptMssOutsideSyn = "opt.mss_outside_syn",
    /// Timestamps were agreed and are not there.
    OptTsMissing = "opt.ts_missing",
    /// Timestamps were not agreed and are there.
    OptTsUnexpected = "opt.ts_unexpected",
    /// The SYN offers ECN (RFC 3168 §6.1.1).
    EcnSetup = "ecn.setup",
    /// The SYN/ACK accepts ECN.
    EcnAgreed = "ecn.agreed",
    /// The packet met congestion on its way.
    EcnCe = "ecn.ce",
    /// The receiver says so to the sender.
    EcnEcho = "ecn.echo",
    /// The sender has slowed down.
    EcnCwr = "ecn.cwr",
    /// Urgent data.
    Urg = "urg",

    // The capture itself.
    /// The capture shows one packet twice.
    CaptureDuplicate = "capture.duplicate",
    /// The capture shows packets in the wrong order.
    CaptureReordered = "capture.reordered",
    /// Octets that were acknowledged are not in the capture.
    CaptureLost = "capture.lost",
    /// The SYN/ACK is not in the capture.
    CaptureLostSynack = "capture.lost.synack",
    /// Step three is not in the capture.
    CaptureLostStep3 = "capture.lost.step3",
    /// Lost before it came by here, and sent again.
    PathLost = "path.lost",
    /// Lost after it had come by here.
    PathLostBeyond = "path.lost.beyond",
    /// The capture's clock went backwards.
    ClockBackwards = "clock.backwards",
    /// A wrong checksum.
    ChecksumBad = "checksum.bad",
    /// A checksum left to the network card.
    ChecksumOffload = "checksum.offload",
    /// Cut by the snap length.
    Truncated = "truncated",
    /// Came in fragments.
    Fragment = "fragment",
    /// Some of its fragments overlapped.
    FragmentOverlap = "fragment.overlap",

    // ICMP and UDP.
    /// An ICMP error about this connection.
    IcmpError = "icmp.error",
    /// An ICMP error whose quoted sequence number does not fit (RFC 5927 §4).
    IcmpUnverified = "icmp.unverified",
    /// The first datagram of a conversation.
    UdpRequest = "udp.request",
    /// The first datagram back.
    UdpReply = "udp.reply",
    /// Nobody listens on that port.
    UdpRefused = "udp.refused",
    /// The UDP length ends before the IP payload does.
    UdpSurplus = "udp.surplus",
    /// The UDP length breaks a rule.
    UdpBadLength = "udp.bad_length",

    /// Nothing that RFC 9293 foresees here.
    Unexpected = "unexpected",
}

impl Note {
    /// Combinations of flags that no stack sends.
    pub const ODD_FLAGS: &[Self] = &[
        Self::FlagsSynfin,
        Self::FlagsSynrst,
        Self::FlagsNull,
        Self::FlagsXmas,
        Self::FlagsFinNoack,
        Self::FlagsDataNoack,
    ];
}

/// A set of notes: a segment can repeat a FIN and close the connection at once.
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
pub struct Notes(u128);

const _: () = assert!(Note::ALL.len() <= 128);

impl Notes {
    /// No notes.
    pub const NONE: Self = Self(0);

    /// These notes.
    pub(super) const fn of(notes: &[Note]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < notes.len() {
            bits |= 1 << notes[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    /// The same, and another.
    pub(super) const fn and(self, note: Note) -> Self {
        Self(self.0 | 1 << note as u8)
    }

    /// The same, but for one.
    pub(super) const fn without(self, note: Note) -> Self {
        Self(self.0 & !(1 << note as u8))
    }

    /// Whether some are among both.
    #[inline]
    pub(super) const fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Adds a note.
    pub fn add(&mut self, note: Note) {
        self.0 |= 1 << note as u8;
    }

    /// Takes a note away.
    pub fn remove(&mut self, note: Note) {
        self.0 &= !(1 << note as u8);
    }

    /// Whether `note` is among them.
    pub const fn contains(self, note: Note) -> bool {
        self.0 & 1 << note as u8 != 0
    }

    /// Whether one of `notes` is among them.
    pub fn intersects(self, notes: &[Note]) -> bool {
        notes.iter().any(|note| self.contains(*note))
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The notes in the order of [`Note::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Note> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let at = rest.trailing_zeros() as usize;
            rest &= rest.wrapping_sub(1);
            Note::ALL.get(at).copied()
        })
    }
}

impl BitOr for Notes {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Notes {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl From<Note> for Notes {
    fn from(note: Note) -> Self {
        Self(1 << note as u8)
    }
}

impl FromIterator<Note> for Notes {
    fn from_iter<I: IntoIterator<Item = Note>>(notes: I) -> Self {
        notes.into_iter().fold(Self::NONE, |set, note| set | note.into())
    }
}

/// The ids, separated by spaces.
impl fmt::Display for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, note) in self.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(note.id())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_tells_its_notes_in_order() {
        let notes: Notes = [Note::Close4, Note::Open1, Note::Unexpected].into_iter().collect();
        assert_eq!(notes.to_string(), "open.1 close.4 unexpected");
        assert!(notes.contains(Note::Close4) && !notes.contains(Note::Close3));
        assert_eq!(Notes::NONE.iter().count(), 0);
    }
}
