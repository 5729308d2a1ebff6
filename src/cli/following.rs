//! How connections are followed, whatever the packets come from.

use crate::capture::findings::Kind;
use crate::capture::track::{Limits, Timers};
use crate::capture::{Checksums, Reading, Summary, Tracker};

/// What is looked at in a packet, and how much is remembered.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Input")]
pub(super) struct Following {
    /// Whether checksums are looked at: the host that sent a packet often captures it with a
    /// checksum that is still to be filled in
    #[arg(long, value_name = "HOW", default_value = "ignore", help_heading = "Input")]
    checksums: Verify,

    /// Leave datagrams that came in fragments in their pieces
    #[arg(long, help_heading = "Input")]
    no_defrag: bool,

    /// Follow at most N connections at once; with more, the least worth its room is given up, and
    /// told as evicted
    #[arg(long, value_name = "N", default_value_t = Limits::default().conns, help_heading = "Input")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: u32,

    /// Fail where one of these was found; `scan` is any of the scans
    #[arg(long, value_name = "FINDING,...", value_delimiter = ',', help_heading = "Input")]
    fail_on: Vec<Alarm>,
}

/// What may be found, as scripts name it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Alarm {
    SynFlood,
    Overload,
    Backscatter,
    Scan,
    PortScan,
    HostScan,
    BlockScan,
    ImpatientClient,
    Any,
}

impl Alarm {
    fn is_for(self, kind: Kind) -> bool {
        match self {
            Self::SynFlood => kind == Kind::SynFlood,
            Self::Overload => kind == Kind::Overload,
            Self::Backscatter => kind == Kind::Backscatter,
            Self::Scan => kind.is_scan(),
            Self::PortScan => kind == Kind::PortScan,
            Self::HostScan => kind == Kind::HostScan,
            Self::BlockScan => kind == Kind::BlockScan,
            Self::ImpatientClient => kind == Kind::ImpatientClient,
            Self::Any => true,
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Verify {
    Ignore,
    Verify,
}

impl Following {
    /// What packets are read as.
    pub(super) fn reading(&self) -> Reading {
        let checksums = match self.checksums {
            Verify::Ignore => Checksums::Ignore,
            Verify::Verify => Checksums::Verify,
        };
        Reading { checksums, reassemble: !self.no_defrag }
    }

    /// What was found of that on which to fail, in words; `None` where it was nothing.
    pub(super) fn alarm(&self, summary: &Summary) -> Option<String> {
        let found = summary.findings.iter().filter(|(kind, _)| self.fail_on.iter().any(|alarm| alarm.is_for(**kind)));
        let words: Vec<_> = found.map(|(kind, count)| format!("{count} {}", kind.name().replace('_', "-"))).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// A tracker that gives connections up as `timers` say.
    pub(super) fn tracker(&self, timers: Option<Timers>) -> Tracker {
        Tracker::new(Limits { conns: self.max_connections, timers })
    }
}
