use std::fmt;
use std::ops::Not;

/// The states of RFC 9293 §3.3.2, which belong to one endpoint.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum State {
    /// No connection at all.
    #[default]
    Closed,
    /// Waiting for a SYN.
    Listen,
    /// SYN sent, waiting for one back.
    SynSent,
    /// SYN received and sent, waiting for its acknowledgement.
    SynRcvd,
    /// Open: data flows.
    Established,
    /// FIN sent, waiting for its acknowledgement or a FIN.
    FinWait1,
    /// Own FIN acknowledged, waiting for the peer's.
    FinWait2,
    /// The peer has closed, this end has not.
    CloseWait,
    /// Both FINs crossed, waiting for the acknowledgement of ours.
    Closing,
    /// Closed second, waiting for the last acknowledgement.
    LastAck,
    /// Waiting long enough that the peer has its acknowledgement.
    TimeWait,
}

impl State {
    /// The RFC's name, spelt with underscores.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::Listen => "LISTEN",
            Self::SynSent => "SYN_SENT",
            Self::SynRcvd => "SYN_RCVD",
            Self::Established => "ESTABLISHED",
            Self::FinWait1 => "FIN_WAIT_1",
            Self::FinWait2 => "FIN_WAIT_2",
            Self::CloseWait => "CLOSE_WAIT",
            Self::Closing => "CLOSING",
            Self::LastAck => "LAST_ACK",
            Self::TimeWait => "TIME_WAIT",
        }
    }

    /// Whether both sequence numbers are known to this end (RFC 9293 §3.5.1: ESTABLISHED and
    /// all that follow it).
    pub const fn is_synchronized(self) -> bool {
        !matches!(self, Self::Closed | Self::Listen | Self::SynSent | Self::SynRcvd)
    }
}

/// Why we believe something of an endpoint that we only watch from outside.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Basis {
    /// `~`: supposed, for want of better: the capture began later, or shows no sign of it.
    #[default]
    Assumed,
    /// `?`: true if the last segment on its way to it arrives.
    Expected,
    /// `!`: deduced from something it sent.
    Proven,
}

impl Basis {
    /// `~`, `?` or `!`.
    pub const fn mark(self) -> char {
        match self {
            Self::Assumed => '~',
            Self::Expected => '?',
            Self::Proven => '!',
        }
    }
}

/// Where an endpoint stands, and how we know.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Standing {
    /// Its state.
    pub state: State,
    /// The basis for believing so.
    pub basis: Basis,
}

impl Standing {
    /// `state!`
    pub const fn proven(state: State) -> Self {
        Self { state, basis: Basis::Proven }
    }

    /// `state?`
    pub const fn expected(state: State) -> Self {
        Self { state, basis: Basis::Expected }
    }

    /// `state~`
    pub const fn assumed(state: State) -> Self {
        Self { state, basis: Basis::Assumed }
    }
}

/// `SYN_SENT!`, `ESTABLISHED?`, `LISTEN~`.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.state.name(), self.basis.mark())
    }
}

/// Who an end is in the conversation: the one who asked, or the one who was asked.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Role {
    /// Opened the connection, or is taken to have.
    Client,
    /// Was opened to.
    Server,
}

impl Role {
    /// Both, client first.
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    /// `client` or `server`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

impl Not for Role {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// How the client was told from the server, weakest first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RoleBasis {
    /// It spoke first, and nothing better is known.
    FirstSender,
    /// The server has the lower port.
    LowerPort,
    /// Only the server's port is a known service.
    ServicePort,
    /// It received a SYN/ACK.
    Synack,
    /// It sent a SYN with a fast open cookie.
    Tfo,
    /// It sent the SYN.
    Syn,
}

impl RoleBasis {
    /// The name in the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstSender => "first_sender",
            Self::LowerPort => "lower_port",
            Self::ServicePort => "service_port",
            Self::Synack => "synack",
            Self::Tfo => "tfo",
            Self::Syn => "syn",
        }
    }
}
