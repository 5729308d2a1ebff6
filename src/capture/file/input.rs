use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use lz4_flex::frame::FrameDecoder;

use super::ahead::ahead;
use super::packed::{Gzip, Zstd};
use crate::capture::frame::SourceError;

/// How far the reading of a capture has come: shared with whoever shows it.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    read: Arc<AtomicU64>,
    total: Option<u64>,
    stop: Arc<AtomicBool>,
}

impl Progress {
    /// For the inputs as they were named; the total is known when all are regular files.
    pub(super) fn of<'a>(inputs: impl IntoIterator<Item = &'a Path>) -> Self {
        let len = |path: &Path| fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|file| file.len());
        let total = inputs.into_iter().map(|path| if is_stdin(path) { None } else { len(path) }).sum();
        Self { read: Arc::default(), total, stop: Arc::default() }
    }

    /// Once this is true, no more is read: the capture ends with the last whole packet that has been.
    /// A wait for input that is broken off (by a signal) is not taken up again.
    pub fn stop(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Octets read so far, before decompression.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Octets of all files together, before decompression; `None` where an input is not a regular
    /// file.
    pub fn total(&self) -> Option<u64> {
        self.total
    }
}

/// What an input is called when it is told of.
pub(super) fn name_of(path: &Path) -> String {
    if is_stdin(path) { "standard input".to_owned() } else { path.display().to_string() }
}

/// How an input was compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Packing {
    Gzip,
    Zstd,
    Lz4,
}

impl Packing {
    /// By the first four octets. Zstd may begin with a frame to be skipped.
    pub(super) fn of(magic: &[u8]) -> Option<Self> {
        match magic {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0x04, 0x22, 0x4d, 0x18, ..] | [0x02, 0x21, 0x4c, 0x18, ..] => Some(Self::Lz4),
            _ => None,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
        }
    }
}

/// Opens a file, or standard input for `-`.
pub(super) fn open(path: &Path, progress: &Progress) -> Result<Box<dyn Read + Send>, SourceError> {
    if is_stdin(path) {
        return Ok(Box::new(Meter { input: io::stdin(), progress: progress.clone() }));
    }
    let refuse = |error: io::Error| SourceError::Open { input: name_of(path), error: advise(error) };
    let file = File::open(path).map_err(refuse)?;
    if file.metadata().map_err(refuse)?.is_dir() {
        return Err(refuse(io::ErrorKind::IsADirectory.into()));
    }
    Ok(Box::new(Meter { input: file, progress: progress.clone() }))
}

/// Adds what to do about it, where something can be done.
fn advise(error: io::Error) -> io::Error {
    let advice = match error.kind() {
        io::ErrorKind::PermissionDenied => "its owner or root can make it readable (chmod a+r)",
        io::ErrorKind::IsADirectory => "name the captures in it",
        _ => return error,
    };
    io::Error::new(error.kind(), format!("{error}; {advice}"))
}

/// The octets of any file, decompressed where its first octets show that it is compressed.
///
/// # Errors
///
/// When the file can't be opened or read.
pub fn unpacked(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    let (input, packing) = begin(Box::new(File::open(path)?))?;
    match packing {
        None => Ok(input),
        Some(packing) => unpack(buffered(input), packing),
    }
}

/// Takes the compression off an input, where its first octets show one: on a thread of its own, since
/// that takes longer than everything else together. What zstd reads comes from another one still: to wait for that
/// is a tenth of what it takes.
pub(super) fn unpack_ahead(input: Box<dyn Read + Send>) -> io::Result<(Box<dyn Read + Send>, Option<Packing>)> {
    let (input, packing) = begin(input)?;
    let Some(packing) = packing else { return Ok((input, None)) };
    let packed = if packing == Packing::Zstd { ahead(input, "read") } else { buffered(input) };
    Ok((Box::new(ahead(unpack(packed, packing)?, "unpack")), Some(packing)))
}

fn buffered(input: Box<dyn Read + Send>) -> Box<dyn BufRead + Send> {
    Box::new(BufReader::with_capacity(PACKED, input))
}

/// An input from its start, and what its first octets show.
fn begin(mut input: Box<dyn Read + Send>) -> io::Result<(Box<dyn Read + Send>, Option<Packing>)> {
    let mut magic = Vec::with_capacity(4);
    input.by_ref().take(4).read_to_end(&mut magic)?;
    let packing = Packing::of(&magic);
    Ok((Box::new(Cursor::new(magic).chain(input)), packing))
}

fn unpack(input: Box<dyn BufRead + Send>, packing: Packing) -> io::Result<Box<dyn Read + Send>> {
    Ok(match packing {
        Packing::Gzip => Box::new(Gzip::new(input)),
        Packing::Zstd => Box::new(Zstd::new(input)?),
        Packing::Lz4 => Box::new(Lz4::new(input)),
    })
}

/// Octets of compressed input read at once.
const PACKED: usize = 128 << 10;

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Counts what is read.
struct Meter<R> {
    input: R,
    progress: Progress,
}

impl<R: Read> Read for Meter<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.progress.is_stopped() {
            return Ok(0);
        }
        let len = match self.input.read(bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted && self.progress.is_stopped() => 0,
            read => read?,
        };
        self.progress.read.fetch_add(len as u64, Ordering::Relaxed);
        Ok(len)
    }
}

/// One lz4 frame after the other: the decoder stops at the end of each, and takes the end of the
/// input for one.
struct Lz4<R: Read> {
    /// `None` only while one decoder takes over from another.
    decoder: Option<FrameDecoder<Watched<R>>>,
}

impl<R: BufRead> Lz4<R> {
    fn new(input: R) -> Self {
        Self { decoder: Some(FrameDecoder::new(Watched::new(input))) }
    }
}

impl<R: BufRead> Read for Lz4<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let len = decoder.read(bytes)?;
            if len > 0 || bytes.is_empty() {
                return Ok(len);
            }
            let frame = decoder.get_mut();
            if frame.input.fill_buf()?.is_empty() {
                return if frame.is_whole() { Ok(0) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
            self.decoder = self.decoder.take().map(|ended| FrameDecoder::new(Watched::new(ended.into_inner().input)));
        }
        Ok(0)
    }
}

/// Watches how an lz4 frame begins and ends.
struct Watched<R> {
    input: R,
    /// Its first octets: four of magic, then the flags.
    head: Vec<u8>,
    /// Its last eight octets so far.
    tail: [u8; 8],
}

impl<R> Watched<R> {
    fn new(input: R) -> Self {
        Self { input, head: Vec::with_capacity(5), tail: [0xff; 8] }
    }

    /// Whether the frame has its end mark, four zeros, after which there may be a checksum. The
    /// old kind of frame has neither.
    fn is_whole(&self) -> bool {
        const CHECKSUM: u8 = 1 << 2;
        let [a, b, c, d, rest @ ..] = self.tail;
        match self.head[..] {
            [0x02, 0x21, 0x4c, 0x18, _] => true,
            [_, _, _, _, flags] if flags & CHECKSUM != 0 => [a, b, c, d] == [0; 4],
            [_, _, _, _, _] => rest == [0; 4],
            _ => false,
        }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let len = self.input.read(bytes)?;
        let read = bytes.get(..len).unwrap_or_default();
        let missing = 5 - self.head.len();
        self.head.extend(read.iter().take(missing));
        let (_, last) = read.split_at(len.saturating_sub(self.tail.len()));
        self.tail.rotate_left(last.len());
        let kept = self.tail.len() - last.len();
        self.tail[kept..].copy_from_slice(last);
        Ok(len)
    }
}
