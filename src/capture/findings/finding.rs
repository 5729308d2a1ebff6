use std::net::IpAddr;

use crate::wire::Timestamp;

/// What is going on around many connections.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// Many sources ask a listener and leave what it answers unanswered.
    SynFlood,
    /// A listener does not keep up with clients that mean it.
    Overload,
    /// A host answers what nobody here has asked: it is flooded elsewhere, under our addresses.
    Backscatter,
    /// A source tries many ports of a few hosts.
    PortScan,
    /// A source tries a few ports of many hosts.
    HostScan,
    /// A source tries many ports of many hosts.
    BlockScan,
    /// A client or two ask the same listener again and again.
    ImpatientClient,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::SynFlood,
        Self::Overload,
        Self::Backscatter,
        Self::PortScan,
        Self::HostScan,
        Self::BlockScan,
        Self::ImpatientClient,
    ];

    /// The name in the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SynFlood => "syn_flood",
            Self::Overload => "overload",
            Self::Backscatter => "backscatter",
            Self::PortScan => "port_scan",
            Self::HostScan => "host_scan",
            Self::BlockScan => "block_scan",
            Self::ImpatientClient => "impatient_client",
        }
    }

    /// Whether it is one of the scans.
    pub const fn is_scan(self) -> bool {
        matches!(self, Self::PortScan | Self::HostScan | Self::BlockScan)
    }
}

/// Where a finding stands.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Phase {
    /// It was noticed.
    Begins,
    /// It has grown, or shows something new.
    Changes,
    /// It is over, or the capture is.
    Ends,
}

impl Phase {
    /// The name in the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begins => "begins",
            Self::Changes => "changes",
            Self::Ends => "ends",
        }
    }
}

/// By what a scan tries its targets.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Method {
    /// A SYN, and a RST where one answers.
    Syn,
    /// Whole connections that carry nothing.
    Connect,
    /// A FIN alone.
    Fin,
    /// No flags at all.
    Null,
    /// FIN, PSH and URG.
    Xmas,
    /// Datagrams.
    Udp,
}

impl Method {
    /// The name in the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Syn => "syn",
            Self::Connect => "connect",
            Self::Fin => "fin",
            Self::Null => "null",
            Self::Xmas => "xmas",
            Self::Udp => "udp",
        }
    }
}

/// The numbers a finding rests on, counted since it is watched: from its start on, as good as.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Numbers {
    /// First SYNs; of a UDP scan, conversations begun.
    pub asked: u64,
    /// SYNs that were repeated.
    pub asked_again: u64,
    /// SYN/ACKs, each once; of back-scatter those that nobody asked for, RSTs included.
    pub answered: u64,
    /// SYN/ACKs that were repeated.
    pub answered_again: u64,
    /// SYN/ACKs that were repeated although step three had come by: the server could not take it.
    pub untaken: u64,
    /// Handshakes completed.
    pub completed: u64,
    /// Refused, by RST or ICMP.
    pub refused: u64,
    /// Answers that the client reset.
    pub rejected: u64,
    /// Connections waiting for step three now.
    pub half_open: u64,
    /// The most that ever did at once.
    pub half_open_peak: u64,
    /// SYNs waiting for an answer now.
    pub unanswered: u64,
    /// Handshakes completed of those asked for in the last five seconds.
    pub through: u64,
    /// How many were asked for in that time.
    pub through_of: u64,
    /// Different sources, about; of back-scatter, who is answered.
    pub sources: u64,
    /// Different hosts that a scan tries, about.
    pub hosts: u64,
    /// Different ports that a scan tries, about.
    pub ports: u64,
}

/// One statement about something that goes on: that it begins, has changed, or ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding {
    /// The same for all statements about one thing.
    pub id: u32,
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub phase: Phase,
    /// When it began.
    pub start: Timestamp,
    /// When this was noticed.
    pub time: Timestamp,
    /// When it was over; `None` while it lasts, and where the capture ended before it.
    pub end: Option<Timestamp>,
    /// Who is asked: of a scan the host, if there is one. Of back-scatter, who answers.
    pub target: Option<(IpAddr, Option<u16>)>,
    /// Who asks, if there is one.
    pub source: Option<IpAddr>,
    /// How a scan goes about it.
    pub method: Option<Method>,
    /// What the listener can hold, about: as much as it held when it began to answer less.
    pub backlog: Option<u64>,
    /// Signs that the listener answers with SYN cookies, and so holds nothing.
    pub cookies: bool,
    /// What it rests on.
    pub numbers: Numbers,
}
