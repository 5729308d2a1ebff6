use std::io::{self, Read};
use std::path::Path;

use super::buffer::{Buffer, Place};
use super::fault::{Fault, Found};
use super::input::{self, Packing, Progress};
use super::pcap::{self, Pcap, Zeros};
use super::pcapng::{self, Pcapng};
use super::resync::{self, Layout, Recent};
use super::watch::{Unwatched, Watch};
use crate::capture::frame::{Damage, DamageKind, Frame, Lent, Link, Next, Source, SourceError};

/// After so many damaged stretches the rest of a file is given up.
const DAMAGE_MAX: u32 = 1_000;

/// How a capture is read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Options {
    /// After damage, look for the next plausible record and go on there.
    pub resync: bool,
}

/// One capture file, being read.
pub struct Capture {
    name: String,
    packing: Option<Packing>,
    buffer: Buffer,
    records: Records,
    options: Options,
    recent: Recent,
    /// Damaged stretches so far.
    damages: u32,
    ended: bool,
    progress: Progress,
}

/// The format of a file, and where in it the reading stands.
///
/// A tag of its own is read faster than one hidden in a field.
#[repr(u8)]
enum Records {
    Pcap(Pcap),
    Pcapng(Pcapng),
    /// The file ends inside its header.
    Cut {
        header: usize,
    },
}

/// What a step through a file brought; the octets of a packet are still to be borrowed.
pub(super) enum Step {
    Frame(Found),
    Damage(Damage),
    End,
}

impl Capture {
    /// Opens a capture file; `-` is standard input.
    ///
    /// # Errors
    ///
    /// When the file can't be opened or read, or its first bytes are not those of a capture.
    pub fn open(input: impl AsRef<Path>, options: Options) -> Result<Self, SourceError> {
        let path = input.as_ref();
        Self::open_as_part(path, options, Progress::of([path]))
    }

    /// Reads a capture from anything that can be read, called `name` in messages.
    ///
    /// # Errors
    ///
    /// When nothing can be read, or the first bytes are not those of a capture.
    pub fn from_reader(
        name: impl Into<String>,
        reader: impl Read + Send + 'static,
        options: Options,
    ) -> Result<Self, SourceError> {
        Self::begin(name.into(), Box::new(reader), options, Progress::default())
    }

    /// How far the reading has come.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Opens one file of several, which share their progress.
    pub(super) fn open_as_part(path: &Path, options: Options, progress: Progress) -> Result<Self, SourceError> {
        let reader = input::open(path, &progress)?;
        Self::begin(input::name_of(path), reader, options, progress)
    }

    fn begin(
        name: String,
        reader: Box<dyn Read + Send>,
        options: Options,
        progress: Progress,
    ) -> Result<Self, SourceError> {
        let (reader, packing) = match input::unpack_ahead(reader) {
            Ok(unpacked) => unpacked,
            Err(error) => return Err(SourceError::Read { input: name, error }),
        };
        let mut buffer = Buffer::new(reader);
        let records = match Records::begin(&mut buffer, packing, options) {
            Ok(records) => records,
            Err(what) => {
                return Err(match system_error(&mut buffer, packing) {
                    Some(error) => SourceError::Read { input: name, error },
                    None => SourceError::NotACapture { input: name, what },
                });
            }
        };
        let recent = Recent::default();
        Ok(Self { name, packing, buffer, records, options, recent, damages: 0, ended: false, progress })
    }

    /// The next packet, where nothing has to be read or decided for it: nearly always.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "halves the time of a small packet")]
    pub(super) fn at_hand(&mut self) -> Option<Found> {
        if self.ended || self.options.resync {
            return None;
        }
        match &mut self.records {
            Records::Pcap(pcap) => pcap.at_hand(&mut self.buffer),
            Records::Pcapng(pcapng) => pcapng.at_hand(&mut self.buffer),
            Records::Cut { .. } => None,
        }
    }

    /// Goes to the next packet, damage or end; what lies before it is shown to `watch`.
    pub(super) fn step(&mut self, watch: &mut impl Watch) -> Result<Step, SourceError> {
        if self.ended {
            return self.fail().map(|()| Step::End);
        }
        if self.options.resync
            && let Some(fault) = self.doubt()
        {
            return self.damaged(fault);
        }
        match self.records.step(&mut self.buffer, watch) {
            Ok(Some(found)) => {
                if self.options.resync {
                    self.recent.note(found.time);
                }
                Ok(Step::Frame(found))
            }
            Ok(None) => self.end(),
            Err(fault) => self.damaged(fault),
        }
    }

    /// A packet with its octets.
    #[inline]
    pub(super) fn frame(&self, found: &Found) -> Next<'_> {
        Next::Frame(found.frame(&self.buffer))
    }

    pub(super) fn next_of(&self, step: Step) -> Next<'_> {
        match step {
            Step::Frame(found) => self.frame(&found),
            Step::Damage(damage) => Next::Damage(damage),
            Step::End => Next::End,
        }
    }

    /// The octets in a place that is still good.
    pub(super) fn octets(&self, place: Place) -> &[u8] {
        self.buffer.slice(place)
    }

    /// What the header of a pcap says; `None` for a pcapng, and for a header cut short.
    pub(super) fn pcap_head(&self) -> Option<pcap::Head> {
        match &self.records {
            Records::Pcap(pcap) => Some(pcap.head()),
            Records::Pcapng(_) | Records::Cut { .. } => None,
        }
    }

    /// The input ended between two records; what ended it may yet be a failure.
    #[cold]
    fn end(&mut self) -> Result<Step, SourceError> {
        if self.buffer.failure().is_none() {
            self.ended = true;
            return Ok(Step::End);
        }
        self.damaged(Fault { at: self.buffer.offset(), kind: DamageKind::CutShort, what: String::new() })
    }

    #[cold]
    fn damaged(&mut self, fault: Fault) -> Result<Step, SourceError> {
        if self.progress.is_stopped() {
            self.ended = true;
            return Ok(Step::End);
        }
        let Fault { at, mut kind, mut what } = fault;
        self.damages += 1;
        let mut skipped = None;
        if self.options.resync && self.damages < DAMAGE_MAX && self.search() {
            skipped = Some(self.buffer.offset() - at);
            kind = DamageKind::Corrupt;
        } else {
            self.ended = true;
        }
        if self.ended && kind == DamageKind::CutShort {
            self.fail()?;
            if let Some((packing, error)) = self.packing.zip(self.buffer.take_failure()) {
                if error.kind() != io::ErrorKind::UnexpectedEof {
                    kind = DamageKind::Corrupt;
                }
                what = broken(packing, &error);
            }
        }
        if let Some(packing) = self.packing {
            what = format!("{what} (byte of the content, not of the {} file)", packing.name());
        }
        if self.damages == DAMAGE_MAX {
            what = format!("{what}; after {DAMAGE_MAX} such stretches the rest is given up");
        }
        Ok(Step::Damage(Damage { input: self.name.clone(), offset: at, kind, what, skipped }))
    }

    /// Fails if it was the system that ended the input.
    #[cold]
    fn fail(&mut self) -> Result<(), SourceError> {
        match system_error(&mut self.buffer, self.packing) {
            Some(error) => Err(SourceError::Read { input: self.name.clone(), error }),
            None => Ok(()),
        }
    }

    /// What is wrong with a record that could be read but makes no sense where it stands.
    fn doubt(&mut self) -> Option<Fault> {
        let layout = self.records.layout()?;
        let len = resync::doubtful(&mut self.buffer, layout, &self.recent)?;
        Some(Fault::corrupt(&self.buffer, format!("a record of {len} bytes, after which there is none")))
    }

    fn search(&mut self) -> bool {
        let Some(layout) = self.records.layout() else { return false };
        resync::search(&mut self.buffer, layout, &self.recent)
    }
}

impl Source for Capture {
    #[inline]
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        if let Some(found) = self.at_hand() {
            return Ok(self.frame(&found));
        }
        let step = self.step(&mut Unwatched)?;
        Ok(self.next_of(step))
    }

    fn peek(&self, most: usize, show: &mut dyn FnMut(Link, &[u8])) {
        match &self.records {
            Records::Pcap(pcap) => pcap.peek(&self.buffer, most, show),
            Records::Pcapng(pcapng) => pcapng.peek(&self.buffer, most, show),
            Records::Cut { .. } => {}
        }
    }

    fn lend(&mut self, take: &mut dyn FnMut(&Frame<'_>) -> Lent) {
        if self.ended || self.options.resync {
            return;
        }
        match &mut self.records {
            Records::Pcap(pcap) => pcap.lend(&mut self.buffer, take),
            Records::Pcapng(pcapng) => pcapng.lend(&mut self.buffer, take),
            Records::Cut { .. } => {}
        }
    }
}

impl Records {
    /// Looks at the first octets of a file; what it is instead where it is no capture.
    fn begin(buffer: &mut Buffer, packing: Option<Packing>, options: Options) -> Result<Self, String> {
        buffer.fill(pcap::HEADER);
        let start = buffer.rest();
        let Some(&magic) = start.first_chunk::<4>() else {
            return Err(too_little(start, packing.zip(buffer.failure())));
        };
        if magic == pcapng::SECTION {
            return match start.get(8..12) {
                None => Ok(Self::Cut { header: 12 }),
                Some([0x4d, 0x3c, 0x2b, 0x1a] | [0x1a, 0x2b, 0x3c, 0x4d]) => Ok(Self::Pcapng(Pcapng::new())),
                Some(_) => Err("it begins like a pcapng, but without the byte-order magic 1a2b3c4d".to_owned()),
            };
        }
        if !pcap::is_pcap(magic) {
            return Err(not_a_capture(magic, packing));
        }
        let zeros = if options.resync { Zeros::Damage } else { Zeros::Packet };
        let pcap = start.first_chunk().and_then(|header| Pcap::new(header, zeros));
        if pcap.is_some() {
            buffer.advance(pcap::HEADER);
        }
        Ok(pcap.map_or(Self::Cut { header: pcap::HEADER }, Self::Pcap))
    }

    fn layout(&self) -> Option<&dyn Layout> {
        match self {
            Self::Pcap(pcap) => Some(pcap),
            Self::Pcapng(pcapng) => Some(pcapng),
            Self::Cut { .. } => None,
        }
    }

    fn step(&mut self, buffer: &mut Buffer, watch: &mut impl Watch) -> Result<Option<Found>, Fault> {
        match self {
            Self::Pcap(pcap) => pcap.step(buffer),
            Self::Pcapng(pcapng) => pcapng.step(buffer, watch),
            Self::Cut { header, .. } => Err(Fault::cut(buffer, "a file header", *header)),
        }
    }
}

/// A failure of the system, and not of what decompresses.
fn system_error(buffer: &mut Buffer, packing: Option<Packing>) -> Option<io::Error> {
    let error = buffer.failure()?;
    if packing.is_some() && error.raw_os_error().is_none() {
        return None;
    }
    buffer.take_failure()
}

/// What a decompressor that gave up met.
fn broken(packing: Packing, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => format!("the {} stream ends early", packing.name()),
        _ => format!("the {} stream is broken: {error}", packing.name()),
    }
}

fn too_little(start: &[u8], failure: Option<(Packing, &io::Error)>) -> String {
    match (start.len(), failure) {
        (_, Some((packing, error))) => broken(packing, error),
        (0, None) => "it is empty; a capture has a header of 24 bytes at least".to_owned(),
        (len, None) => format!("it has {len} bytes; a capture has a header of 24 at least"),
    }
}

fn not_a_capture(magic: [u8; 4], packing: Option<Packing>) -> String {
    let [a, b, c, d] = magic;
    let looks = match &magic {
        [0x1f, 0x8b, ..] => ", a second layer of gzip: unpack it once",
        b"snoo" => ", a snoop capture: convert it with `editcap -F pcap`",
        b"GMBU" => ", a Network Monitor capture: convert it with `editcap -F pcap`",
        [0xac | 0xab, 0x01, 0x00, 0x1c] | [0x1c, 0x00, 0x01, 0xab | 0xac] => {
            ", an IXIA lcap capture: convert it with `editcap -F pcap`"
        }
        b"PK\x03\x04" => ", a zip archive: unpack it first",
        [0xfd, b'7', b'z', b'X'] => ", an xz file: unpack it first",
        [b'B', b'Z', b'h', _] => ", a bzip2 file: unpack it first",
        _ => "",
    };
    let where_found = packing.map(|packing| format!(" inside {}", packing.name())).unwrap_or_default();
    format!(
        "it begins{where_found} with the bytes {a:02x} {b:02x} {c:02x} {d:02x}{looks}; \
         a pcap begins with d4 c3 b2 a1 or the like, a pcapng with 0a 0d 0d 0a"
    )
}
