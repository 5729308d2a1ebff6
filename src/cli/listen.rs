//! An interface as an input: its options, and what stderr is told while it is listened to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::anyhow;

use super::interfaces::numbered;
use super::record::Interface;
use super::say::say;
use super::signals::Signals;
use crate::capture::filter::Filter;
use crate::capture::live::{Account, Cooked, Live, OpenError, Setup, Ways};
use crate::capture::{Link, Next, Source, SourceError};
use crate::report::line::describe_link;

/// The interface to listen to, and how.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Input")]
pub(super) struct Listen {
    /// Interface to listen to, by name or by its number in the list (-D); `any` is all of them
    #[arg(short = 'i', long, value_name = "IF")]
    interface: Option<String>,

    /// Stop after a time: seconds, or with a unit (500ms, 90s, 5m, 2h)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,

    /// Leave out what is sent to other hosts
    #[arg(short = 'p', long)]
    no_promiscuous_mode: bool,

    /// Octets of each packet to keep; 0 is the default
    #[arg(short = 's', long, value_name = "LEN", default_value_t = SNAPLEN, hide_default_value = true)]
    snapshot_length: u32,

    /// Size of the buffer that the kernel fills, in KiB
    #[arg(short = 'B', long, value_name = "KIB", default_value_t = 16 << 10)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=4 << 20))]
    buffer_size: u32,

    /// Only what comes, or what this host sends
    #[arg(short = 'Q', long, value_name = "WAY", default_value = "inout", hide_possible_values = true)]
    direction: Way,

    /// Let every packet be seen at once, at the cost of more work
    #[arg(long, visible_alias = "immediate")]
    immediate_mode: bool,

    /// The link header that stands for those of all interfaces: LINUX_SLL2 or LINUX_SLL
    #[arg(short = 'y', long, value_name = "TYPE", default_value = "LINUX_SLL2", hide_possible_values = true)]
    #[arg(hide_default_value = true, ignore_case = true)]
    linktype: LinkType,
}

/// Octets of a packet that are kept unless asked otherwise, as tcpdump has it.
const SNAPLEN: u32 = 256 << 10;

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Way {
    In,
    Out,
    Inout,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum LinkType {
    #[value(name = "LINUX_SLL")]
    Sll,
    #[value(name = "LINUX_SLL2")]
    Sll2,
}

impl Listen {
    /// Begins to listen, and says so. What comes is read at leisure: it has up to a block's time to
    /// be handed over where `at_leisure`, and hardly any where somebody is looking.
    pub(super) fn open(
        &self,
        filter: Option<Filter>,
        count: Option<u64>,
        signals: &Signals,
        at_leisure: bool,
    ) -> anyhow::Result<Heard> {
        self.open_in(None, filter, count, signals, at_leisure)
    }

    /// Begins to listen with so many listeners, to be read in a thread each: every conversation
    /// comes to one of them.
    pub(super) fn open_all(
        &self,
        filter: Option<&Filter>,
        signals: &Signals,
        count: u16,
    ) -> anyhow::Result<Vec<Heard>> {
        // Groups are by number, and those of other programs may have any: ours is likely our own.
        let group = Some(std::process::id() as u16);
        let mut all = Vec::new();
        let tally = Arc::new(Tally::default());
        for _ in 0..count {
            let heard = self.open_in(group, filter.cloned(), None, signals, true)?;
            all.push(Heard { tally: Arc::clone(&tally), ..heard });
        }
        Ok(all)
    }

    fn open_in(
        &self,
        group: Option<u16>,
        filter: Option<Filter>,
        count: Option<u64>,
        signals: &Signals,
        at_leisure: bool,
    ) -> anyhow::Result<Heard> {
        let stop = signals.stop();
        let setup = Setup {
            promiscuous: !self.no_promiscuous_mode,
            snaplen: self.snaplen(),
            buffer: self.buffer_size as usize * 1024,
            patience: Duration::from_millis(match (self.immediate_mode, at_leisure) {
                (true, _) => 1,
                (false, true) => 60,
                // Of a short connection, the processes are found only while it lasts.
                (false, false) => 2,
            }),
            ways: match self.direction {
                Way::In => Ways::In,
                Way::Out => Ways::Out,
                Way::Inout => Ways::Both,
            },
            cooked: match self.linktype {
                LinkType::Sll => Cooked::Sll,
                LinkType::Sll2 => Cooked::Sll2,
            },
            filter,
            group,
            stop: Arc::clone(&stop),
            ..Setup::new(self.interface()?)
        };
        let name = setup.interface.clone();
        let live = Live::open(setup).map_err(advise)?;
        Ok(Heard {
            live,
            name,
            signals: signals.clone(),
            stop,
            left: count,
            end: self.duration.map(|duration| Instant::now() + duration),
            captured: 0,
            tally: Arc::default(),
            tallied: (0, Account::default()),
            dropped: 0,
            told: None,
            down: false,
            look: false,
        })
    }

    /// Whether an interface was named.
    pub(super) fn is_asked_for(&self) -> bool {
        self.interface.is_some()
    }

    /// The name of the interface: a number stands for one in the list, unless it is a name, and
    /// nothing for the first of them.
    fn interface(&self) -> anyhow::Result<String> {
        let name = self.interface.clone();
        let number = name.as_ref().map_or(Some(1), |name| name.parse().ok());
        let listed = number.map(numbered).transpose()?.flatten();
        listed.or(name).ok_or_else(|| anyhow!("there is no interface to listen to; name one with -i"))
    }

    /// Octets of each packet to keep.
    pub(super) fn snaplen(&self) -> u32 {
        if self.snapshot_length == 0 { SNAPLEN } else { self.snapshot_length.min(SNAPLEN) }
    }
}

/// An interface that is listened to, with somebody who tells stderr what happens to it.
pub(super) struct Heard {
    live: Live,
    name: String,
    signals: Signals,
    stop: Arc<AtomicBool>,
    /// Packets still wanted.
    left: Option<u64>,
    /// When to stop.
    end: Option<Instant>,
    captured: u64,
    /// The counts of all that listen together.
    tally: Arc<Tally>,
    /// What of ours is in them.
    tallied: (u64, Account),
    /// Dropped packets that were told.
    dropped: u64,
    /// When that was.
    told: Option<Instant>,
    down: bool,
    /// Whether there is time to look after everything else.
    look: bool,
}

/// What became of packets, whoever listened to them.
#[derive(Debug, Default)]
struct Tally {
    captured: AtomicU64,
    passed: AtomicU64,
    dropped: AtomicU64,
    /// Connections seen, counted by whoever follows them.
    conns: Arc<AtomicU64>,
}

impl Heard {
    /// Says what is listened to, as tcpdump does.
    pub(super) fn announce(&self, snaplen: u32) {
        let Self { name, live, .. } = self;
        let link = describe_link(live.link());
        tell(format_args!("listening on {name}, link-type {link}, snapshot length {snaplen} bytes"));
    }

    /// What its frames begin with.
    pub(super) fn link(&self) -> Link {
        self.live.link()
    }

    /// What it is called, and what its frames begin with.
    pub(super) fn interface(&self) -> Interface<'_> {
        Interface { name: &self.name, link: self.live.link() }
    }

    /// Where to count the connections that are seen, for those who ask by signal.
    pub(super) fn conns(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.tally.conns)
    }

    /// Adds to the counts of all what is new, and gives back our own.
    pub(super) fn count(&mut self) -> Account {
        let account = self.live.account();
        let (captured, before) = self.tallied;
        self.tally.captured.fetch_add(self.captured - captured, Ordering::Relaxed);
        self.tally.passed.fetch_add(account.passed - before.passed, Ordering::Relaxed);
        self.tally.dropped.fetch_add(account.dropped - before.dropped, Ordering::Relaxed);
        self.tallied = (self.captured, account);
        account
    }

    /// Says what became of all packets, and how many connections were seen where they were
    /// followed.
    pub(super) fn conclude(&mut self, conns: Option<u64>) {
        let waiting = self.count().waiting();
        let [captured, passed, dropped] = self.tally.packets();
        tell(format_args!("{captured} captured"));
        tell(format_args!("{passed} received by filter"));
        tell(format_args!("{dropped} dropped by kernel"));
        if waiting > 0 {
            tell(format_args!("{} received and no longer wanted", packets(waiting)));
        }
        if let Some(conns) = conns {
            tell(format_args!("{} seen", connections(conns)));
        }
    }

    /// What is looked after now and then: the time, signals, drops, the state of the interface.
    fn look_after(&mut self) {
        if self.end.is_some_and(|end| Instant::now() >= end) {
            self.stop.store(true, Ordering::Relaxed);
        }
        let dropped = self.count().dropped;
        if self.signals.tell() {
            let [captured, passed, dropped] = self.tally.packets();
            let conns = connections(self.tally.conns.load(Ordering::Relaxed));
            tell(format_args!(
                "synfin: {captured} captured, {passed} received by filter, {dropped} dropped by kernel, {conns} seen"
            ));
        }
        if dropped > self.dropped && self.told.is_none_or(|told| told.elapsed() > Duration::from_secs(1)) {
            tell(format_args!(
                "synfin: the kernel dropped {} since they came too fast ({dropped} in all); a filter or a larger \
                 buffer (-B) helps",
                packets(dropped - self.dropped)
            ));
            self.dropped = dropped;
            self.told = Some(Instant::now());
        }
        if self.live.is_down() != self.down {
            self.down = !self.down;
            let name = &self.name;
            if self.down {
                tell(format_args!("synfin: {name} went down; listening on, for when it comes up again"));
            } else {
                tell(format_args!("synfin: {name} is up again"));
            }
        }
    }
}

impl Tally {
    /// Those captured, those that passed the filter, and those that were dropped, in words.
    fn packets(&self) -> [String; 3] {
        [&self.captured, &self.passed, &self.dropped].map(|count| packets(count.load(Ordering::Relaxed)))
    }
}

/// How many packets pass between two looks at everything else.
const BETWEEN_LOOKS: u64 = 4096;

impl Source for Heard {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        if self.left == Some(0) {
            return Ok(Next::End);
        }
        if self.look || self.captured.is_multiple_of(BETWEEN_LOOKS) {
            self.look = false;
            self.look_after();
        }
        match self.live.next()? {
            Next::Frame(frame) => {
                self.captured += 1;
                if let Some(left) = &mut self.left {
                    *left -= 1;
                }
                Ok(Next::Frame(frame))
            }
            Next::Idle(now) => {
                self.look = true;
                Ok(Next::Idle(now))
            }
            other => Ok(other),
        }
    }
}

/// An error, and what can be done about it.
fn advise(error: OpenError) -> anyhow::Error {
    match &error {
        OpenError::Permission { .. } => {
            let path = std::env::current_exe().map_or_else(|_| "synfin".to_owned(), |path| path.display().to_string());
            anyhow!("{error}\nthis gives the program the right to:\n  sudo setcap cap_net_raw+ep {path}")
        }
        OpenError::NoSuchInterface { .. } => anyhow!("{error}; `synfin sniff -D` lists those there are"),
        OpenError::Down { .. } | OpenError::Filter(_) | OpenError::Other { .. } => error.into(),
    }
}

/// Says something on stderr.
fn tell(what: std::fmt::Arguments<'_>) {
    say(what);
}

fn packets(count: u64) -> String {
    format!("{count} packet{}", if count == 1 { "" } else { "s" })
}

fn connections(count: u64) -> String {
    format!("{count} connection{}", if count == 1 { "" } else { "s" })
}

/// A time with or without a unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("'{unit}' is none of the units ms, s, m, h")),
    };
    let number: f64 = number.parse().map_err(|_| "a number is wanted, as in 90s".to_owned())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| "that is too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_seconds_unless_it_says_otherwise() {
        for (text, millis) in [("5", 5_000), ("1.5s", 1_500), ("250ms", 250), ("2m", 120_000), ("1h", 3_600_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "5 weeks", "1.2.3", "-1"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
