//! Keeping what passes: one file, or several that follow each other.

use std::fs::File;
use std::io::{self, IsTerminal as _, Stdout, Write};
use std::os::unix::fs::fchown;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use clap::error::ErrorKind;

use super::{keep, usage};
use crate::capture::file::{CaptureWriter, Format, Received};
use crate::capture::live::Account;
use crate::capture::tee::Keeper;
use crate::capture::{Conn, Frame, Link, Observation, Packet, Sink};
use crate::report::clock::Dated;
use crate::report::comment;
use crate::sys::sandbox::User;
use crate::wire::Timestamp;

/// Where to keep the packets.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Files")]
pub(super) struct Record {
    /// Keep the packets in a file, and list none of them (but see --print); `-` is stdout
    #[arg(short = 'w', value_name = "FILE")]
    write: Option<PathBuf>,

    /// Write pcap, as for a name that ends in `.pcap`, and not pcapng
    #[arg(long, requires = "write")]
    pcap: bool,

    /// Begin a new file when one has so many million octets (with k, m, g: KiB, MiB, GiB): FILE,
    /// FILE1, FILE2 and so on
    #[arg(short = 'C', value_name = "SIZE", value_parser = size, requires = "write")]
    rotate_size: Option<u64>,

    /// Begin a new file every so many seconds; FILE may have the time in it, as strftime(3) writes
    /// it (%Y%m%d-%H%M%S)
    #[arg(short = 'G', value_name = "SECONDS", requires = "write")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    rotate_seconds: Option<u64>,

    /// With -C, write N files and then the first again; with -G alone, end after N files
    #[arg(short = 'W', value_name = "N", requires = "write")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    file_count: Option<u64>,

    /// Write every packet at once, not a block of them
    #[arg(short = 'U', long, requires = "write")]
    packet_buffered: bool,

    /// Listen and write with N threads, each conversation in the file of one of them: FILE-0, FILE-1
    /// and so on, before its ending
    #[arg(long, value_name = "N", requires = "write", conflicts_with_all = ["list", "count"])]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,

    /// Write beside each packet what it meant, as a comment that Wireshark shows
    #[arg(long, requires = "write", conflicts_with_all = ["threads", "pcap"])]
    annotate: bool,

    /// List the packets although they are kept
    #[arg(long = "print", requires = "write")]
    list: bool,
}

impl Record {
    /// Whether packets are listed.
    pub(super) fn lists(&self) -> bool {
        self.write.is_none() || self.list
    }

    /// Whether packets are followed while they are kept, to write beside them what they meant.
    pub(super) fn annotates(&self) -> bool {
        self.annotate
    }

    /// How many threads were asked for.
    pub(super) fn threads(&self) -> Option<u16> {
        self.threads
    }

    /// The files to keep what an interface sees in, the first of them begun; `None` where none are
    /// kept. It belongs to `heir`, who may be the one to go on.
    pub(super) fn begin(&self, of: Interface<'_>, heir: Option<User>) -> anyhow::Result<Option<Recorder>> {
        self.write.as_deref().map(|path| self.begin_at(path, of, heir)).transpose()
    }

    /// The same for thread `number`.
    pub(super) fn begin_thread(
        &self,
        of: Interface<'_>,
        number: u16,
        heir: Option<User>,
    ) -> anyhow::Result<Option<Recorder>> {
        self.write.as_deref().map(|path| self.begin_at(&of_thread(path, number), of, heir)).transpose()
    }

    fn begin_at(&self, path: &Path, of: Interface<'_>, heir: Option<User>) -> anyhow::Result<Recorder> {
        let to_stdout = self.write.as_deref() == Some(Path::new("-"));
        let rotates = self.rotate_size.is_some() || self.rotate_seconds.is_some();
        if self.file_count.is_some() && !rotates {
            return Err(usage(ErrorKind::MissingRequiredArgument, "'-W' wants '-C' or '-G'").into());
        }
        if to_stdout && (rotates || self.list || self.threads.is_some()) {
            let message = "'-w -' is one stream on stdout: '-C', '-G', '--threads' and '--print' want a file";
            return Err(usage(ErrorKind::ArgumentConflict, message).into());
        }
        if to_stdout && io::stdout().is_terminal() {
            anyhow::bail!("standard output is a terminal: send it to a file or a pipe, or name a file with -w");
        }
        if self.annotate {
            keep::refuse_pcap(path)?;
        }
        let named_pcap = path.extension().is_some_and(|extension| extension == "pcap");
        let format = if self.pcap || named_pcap { Format::PcapNanoseconds } else { Format::Pcapng };
        let plan = Plan {
            path: path.to_owned(),
            dated: self.dated(path)?,
            size: self.rotate_size,
            seconds: self.rotate_seconds,
            count: self.file_count,
        };
        let place = Place { slot: now(), in_slot: 0, files: 1 };
        let name = plan.name(place);
        let writer = open(&name, format, of, heir).with_context(|| format!("cannot write {}", name.display()))?;
        let Interface { name, link } = of;
        let at_once = self.packet_buffered;
        Ok(Recorder { plan, place, writer, format, link, interface: name.to_owned(), at_once, done: false })
    }

    /// The folder in which further files will be made.
    pub(super) fn folder(&self) -> Option<&Path> {
        let path = self.write.as_deref().filter(|_| self.rotate_size.is_some() || self.rotate_seconds.is_some())?;
        Some(path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new(".")))
    }

    fn dated(&self, path: &Path) -> anyhow::Result<Option<Dated>> {
        let (Some(_), Some(template)) = (self.rotate_seconds, path.to_str()) else {
            return Ok(None);
        };
        let dated = Dated::new(template).map_err(|error| {
            usage(ErrorKind::InvalidValue, format!("'-w {template}' is no template for a time: {error}"))
        })?;
        Ok(Some(dated))
    }
}

/// The interface whose packets are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interface<'a> {
    pub(super) name: &'a str,
    pub(super) link: Link,
}

/// The file of a thread: its number stands before the ending.
fn of_thread(path: &Path, number: u16) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(ending) = path.extension() {
        name.push(".");
        name.push(ending);
    }
    path.with_file_name(name)
}

/// Keeps packets in a file after the other.
pub(super) struct Recorder {
    plan: Plan,
    place: Place,
    writer: CaptureWriter<Target>,
    format: Format,
    link: Link,
    interface: String,
    at_once: bool,
    done: bool,
}

impl Recorder {
    /// Writes what was not written yet, and what became of the packets.
    pub(super) fn finish(mut self, account: Account) -> io::Result<()> {
        let received = Received { received: account.passed, dropped: account.dropped };
        self.writer.write_statistics(now(), received)?;
        self.writer.flush()
    }

    /// Keeps a frame, with `note` beside it where the format has room.
    #[inline]
    pub(super) fn keep_noted(&mut self, frame: &Frame<'_>, note: Option<&[u8]>) -> io::Result<()> {
        match self.plan.next(self.place, frame.time, self.writer.octets()) {
            Turn::Stay => {}
            Turn::To(place) => {
                self.writer.flush()?;
                let of = Interface { name: &self.interface, link: self.link };
                self.writer = open(&self.plan.name(place), self.format, of, None)?;
                self.place = place;
            }
            Turn::End => {
                self.done = true;
                return Ok(());
            }
        }
        self.writer.write_noted(frame, note)?;
        if self.at_once { self.writer.flush() } else { Ok(()) }
    }
}

impl Keeper for Recorder {
    #[inline]
    fn keep(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.keep_noted(frame, None)
    }

    fn idle(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    fn is_full(&self) -> bool {
        self.done
    }
}

/// Keeps every packet with what it meant beside it.
pub(super) struct Annotating<'a> {
    recorder: &'a mut Recorder,
    note: Vec<u8>,
}

impl<'a> Annotating<'a> {
    /// Packets to be kept by `recorder`.
    pub(super) fn new(recorder: &'a mut Recorder) -> Self {
        Self { recorder, note: Vec::new() }
    }
}

impl Sink for Annotating<'_> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        self.note.clear();
        comment::write(&mut self.note, packet, told);
        self.recorder.keep_noted(&packet.frame, Some(&self.note))
    }

    fn idle(&mut self) -> io::Result<()> {
        self.recorder.idle()
    }

    fn full(&self) -> bool {
        self.recorder.is_full()
    }
}

/// What the clock on the wall shows.
fn now() -> Timestamp {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(now.as_nanos() as u64)
}

/// When a new file begins, and how it is called.
#[derive(Clone, Debug)]
struct Plan {
    path: PathBuf,
    /// The path at a time, where it has one in it.
    dated: Option<Dated>,
    size: Option<u64>,
    seconds: Option<u64>,
    count: Option<u64>,
}

/// Which file it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Place {
    /// When its stretch of time began.
    slot: Timestamp,
    /// Which of the files of that stretch it is, from 0.
    in_slot: u64,
    /// How many files there are with it.
    files: u64,
}

/// Where a frame goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Turn {
    /// Into the same file.
    Stay,
    /// Into a new one.
    To(Place),
    /// Nowhere: there are as many files as were asked for.
    End,
}

impl Plan {
    /// Where a frame of `time` belongs, after the file at `place` that has so many octets.
    #[inline]
    fn next(&self, place: Place, time: Timestamp, octets: u64) -> Turn {
        let files = place.files + 1;
        if let Some(seconds) = self.seconds {
            let length = Duration::from_secs(seconds).as_nanos() as u64;
            let passed = time.0.saturating_sub(place.slot.0) / length;
            if passed > 0 {
                let ends = self.size.is_none() && self.count.is_some_and(|count| place.files >= count);
                let slot = Timestamp(place.slot.0 + passed * length);
                return if ends { Turn::End } else { Turn::To(Place { slot, in_slot: 0, files }) };
            }
        }
        if self.size.is_some_and(|size| octets >= size) {
            let in_slot = match self.count {
                Some(count) => (place.in_slot + 1) % count,
                None => place.in_slot + 1,
            };
            return Turn::To(Place { in_slot, files, ..place });
        }
        Turn::Stay
    }

    /// The name of the file at `place`, as tcpdump calls it.
    fn name(&self, place: Place) -> PathBuf {
        let mut name = match &self.dated {
            Some(dated) => dated.at(place.slot).into(),
            None => self.path.clone().into_os_string(),
        };
        match (self.size, self.count) {
            (None, _) => {}
            (Some(_), Some(count)) => {
                let width = (count - 1).to_string().len();
                name.push(format!("{:0width$}", place.in_slot));
            }
            (Some(_), None) if place.in_slot == 0 => {}
            (Some(_), None) => name.push(place.in_slot.to_string()),
        }
        name.into()
    }
}

/// Where a file goes.
enum Target {
    File(File),
    Stdout(Stdout),
}

impl Write for Target {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(octets),
            Self::Stdout(stdout) => stdout.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Stdout(stdout) => stdout.flush(),
        }
    }
}

fn open(name: &Path, format: Format, of: Interface<'_>, heir: Option<User>) -> io::Result<CaptureWriter<Target>> {
    let target = if name == Path::new("-") {
        Target::Stdout(io::stdout())
    } else {
        let file = File::create(name)?;
        // A device stays whose it is.
        if let Some(User { uid, gid }) = heir.filter(|_| file.metadata().is_ok_and(|about| about.is_file())) {
            fchown(&file, Some(uid), Some(gid))?;
        }
        Target::File(file)
    };
    CaptureWriter::of_interface(target, format, of.link, Some(of.name))
}

/// A size in millions of octets, or in the unit it names.
fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&text[..at], 1 << 10),
        Some((at, 'm' | 'M')) => (&text[..at], 1 << 20),
        Some((at, 'g' | 'G')) => (&text[..at], 1 << 30),
        _ => (text, 1_000_000),
    };
    let number: u64 = number.parse().map_err(|_| "a number is wanted, alone or with k, m or g".to_owned())?;
    number.checked_mul(unit).filter(|size| *size > 0).ok_or_else(|| "that is no size for a file".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn plan(path: &str, size: Option<u64>, seconds: Option<u64>, count: Option<u64>) -> Plan {
        let dated = seconds.map(|_| Dated::new(path).expect("a good template"));
        Plan { path: path.into(), dated, size, seconds, count }
    }

    /// The names of the files that frames of so many octets, one a second, go to.
    fn names(plan: &Plan, frames: u64, octets: u64) -> Vec<String> {
        let mut place = Place { slot: Timestamp(0), in_slot: 0, files: 1 };
        let mut names = vec![plan.name(place).display().to_string()];
        let mut file = 0;
        for n in 0..frames {
            match plan.next(place, Timestamp(n * SECOND), file) {
                Turn::Stay => {}
                Turn::End => {
                    names.push("end".to_owned());
                    break;
                }
                Turn::To(next) => {
                    place = next;
                    file = 0;
                    names.push(plan.name(place).display().to_string());
                }
            }
            file += octets;
        }
        names
    }

    #[test]
    fn files_of_a_size_are_numbered_from_the_second_on() {
        assert_eq!(names(&plan("x", Some(100), None, None), 6, 50), ["x", "x1", "x2"]);
    }

    #[test]
    fn a_ring_of_files_begins_again_with_the_first() {
        let plan = plan("x", Some(100), None, Some(11));
        assert_eq!(names(&plan, 3, 100), ["x00", "x01", "x02"]);
        assert_eq!(names(&plan, 12, 100).last().map(String::as_str), Some("x00"));
    }

    #[test]
    fn files_by_time_are_named_by_it_and_end_with_their_count() {
        let named = |count| names(&plan("x-%S", None, Some(2), count), 6, 1);
        assert_eq!(named(None), ["x-00", "x-02", "x-04"]);
        assert_eq!(named(Some(2)), ["x-00", "x-02", "end"]);
    }

    #[test]
    fn both_number_the_files_of_each_stretch() {
        let plan = plan("x-%S", Some(100), Some(3), None);
        assert_eq!(names(&plan, 6, 100), ["x-00", "x-001", "x-002", "x-03", "x-031", "x-032"]);
    }

    #[test]
    fn a_stretch_in_which_nothing_came_has_no_file() {
        let plan = plan("x-%S", None, Some(2), None);
        let place = Place { slot: Timestamp(0), in_slot: 0, files: 1 };
        let Turn::To(next) = plan.next(place, Timestamp(9 * SECOND), 0) else { panic!("a new file is due") };
        assert_eq!((plan.name(next), next.files), (PathBuf::from("x-08"), 2));
    }

    #[test]
    fn a_size_is_in_millions_unless_it_says_otherwise() {
        for (text, octets) in [("1", 1_000_000), ("10k", 10_240), ("3M", 3 << 20), ("2g", 2 << 30)] {
            assert_eq!(size(text), Ok(octets), "{text}");
        }
        for text in ["", "k", "0", "-1", "1t", "99999999999999999999", "9999999999999999"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
