//! The check of the `files` target, and of the `unpack` target: readers of capture files.

use std::io::{self, Cursor, Read};

use synfin::capture::file::{Capture, CaptureWriter, Format, Options};
use synfin::capture::{Damage, DamageKind, Link, Next, OwnedFrame, Source, SourceError};

/// Frames after which reading stops: what is packed may be long.
const MOST: usize = 1 << 16;

/// Reads an input as a capture file: stopping at damage, and looking for what follows it; whole, and
/// in pieces of few octets. What was read is written and read again.
pub(crate) fn check(input: &[u8]) {
    if is_packed(input) {
        return;
    }
    let Some(plain) = read(input, Options::default()) else { return };
    compare("pieces of seven octets", &plain, read(Pieces(input, 7), Options::default()));
    check_damage(&plain, input.len(), false);
    check_again(&plain.frames);
    if input.len() < 4 << 10 {
        compare("single octets", &plain, read(Pieces(input, 1), Options::default()));
    }

    let resynced = read(input, Options { resync: true }).expect("it is a capture, as it was without resync");
    check_damage(&resynced, input.len(), true);
    compare("pieces, with resync,", &resynced, read(Pieces(input, 7), Options { resync: true }));
}

/// How what can be packed begins.
const MAGICS: [&[u8]; 5] =
    [&[], &[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd], &[0x04, 0x22, 0x4d, 0x18], &[0x02, 0x21, 0x4c, 0x18]];

/// Reads an input as something packed: by its first octet, what the rest is said to be.
pub(crate) fn check_packed(input: &[u8]) {
    let &[kind, ref rest @ ..] = input else { return };
    let packed = [MAGICS[usize::from(kind) % MAGICS.len()], rest].concat();
    if !is_packed(&packed) {
        return;
    }
    let whole = read(&packed, Options::default());
    let pieces = read(Pieces(&packed, 7), Options::default());
    assert_eq!(whole.is_some(), pieces.is_some(), "pieces decide what a capture is");
    if let Some(whole) = whole {
        compare("pieces", &whole, pieces);
        assert!(whole.damages.len() <= 1);
        assert!(read(&packed, Options { resync: true }).is_some());
    }
}

/// Fails where another way of reading makes something else of an input.
fn compare(way: &str, content: &Content, other: Option<Content>) {
    let other = other.expect("it is a capture whichever way it is read");
    // What unpacks may call a break by another name when it comes to it in another way.
    let told = |content: &Content| {
        let place = |damage: &Damage| (damage.offset, damage.kind, damage.skipped);
        content.damages.iter().map(place).collect::<Vec<_>>()
    };
    assert_eq!(told(content), told(&other), "{way} make a difference to what is told");
    assert_eq!(content.frames.len(), other.frames.len(), "{way} make a difference to how many frames there are");
    let differs = content.frames.iter().zip(&other.frames).position(|(one, other)| one != other);
    assert_eq!(differs, None, "{way} make a difference to this frame");
}

/// Whether the first octets are those of something packed.
pub(crate) fn is_packed(input: &[u8]) -> bool {
    matches!(
        input,
        [0x1f, 0x8b, ..]
            | [0x28, 0xb5, 0x2f, 0xfd, ..]
            | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]
            | [0x04, 0x22, 0x4d, 0x18, ..]
            | [0x02, 0x21, 0x4c, 0x18, ..]
    )
}

/// All that a file has.
#[derive(Debug, Default, PartialEq)]
struct Content {
    frames: Vec<OwnedFrame>,
    damages: Vec<Damage>,
    /// Whether the last thing was damage.
    ends_damaged: bool,
}

fn read(input: impl IntoReader, options: Options) -> Option<Content> {
    let mut capture = match Capture::from_reader("it", input.reader(), options) {
        Ok(capture) => capture,
        Err(SourceError::NotACapture { input, what }) => {
            assert!(input == "it" && !what.contains("has stopped"), "{what}");
            return None;
        }
        Err(other) => panic!("memory can be read: {other}"),
    };
    let mut content = Content::default();
    while content.frames.len() < MOST {
        let mut shown = None;
        capture.peek(1, &mut |link, bytes| shown = Some((link, bytes.to_vec())));
        match capture.next() {
            Ok(Next::Frame(frame)) => {
                let frame = OwnedFrame::from(&frame);
                if let Some((link, bytes)) = shown {
                    assert_eq!((link, &bytes), (frame.link, &frame.bytes), "another is shown than comes");
                }
                content.frames.push(frame);
                content.ends_damaged = false;
            }
            Ok(Next::Damage(damage)) => {
                assert!(!damage.to_string().contains("has stopped"), "{damage}");
                content.damages.push(damage);
                content.ends_damaged = true;
            }
            Ok(Next::End) => break,
            Ok(Next::Idle(_) | Next::LeftOut) => panic!("a file is never idle, and has no filter"),
            Err(error) => panic!("memory can be read: {error}"),
        }
    }
    if content.frames.len() < MOST {
        assert!(matches!(capture.next(), Ok(Next::End)), "after the end there is something");
    }
    Some(content)
}

fn check_damage(content: &Content, len: usize, resync: bool) {
    let Content { frames, damages, .. } = content;
    let octets: usize = frames.iter().map(|frame| frame.bytes.len()).sum();
    assert!(octets <= len, "{octets} octets in frames of a file of {len}");
    assert!(resync || damages.len() <= 1);
    let mut read_up_to = 0;
    for damage in damages {
        assert!(damage.offset >= read_up_to && damage.offset <= len as u64, "{damage}");
        assert!(!damage.what.is_empty(), "{damage}");
        read_up_to = damage.offset + damage.skipped.unwrap_or(0);
        assert!(read_up_to <= len as u64, "{damage}");
        assert!(damage.kind != DamageKind::CutShort || damage.skipped.is_none(), "{damage}");
    }
    if let Some((last, before)) = damages.split_last() {
        assert!(before.iter().all(|damage| damage.skipped.is_some()));
        assert!(last.skipped.is_some() || content.ends_damaged, "frames after the last damage");
    }
}

/// What is written is what is read, and nothing is lost on the way.
fn check_again(frames: &[OwnedFrame]) {
    let mut writer = CaptureWriter::new(Vec::new(), Format::Pcapng, Link::Ethernet).expect("memory can be written");
    for frame in frames {
        writer.write(&frame.as_frame()).expect("a pcapng takes every frame");
    }
    let written = writer.finish().expect("memory can be written");
    let again = read(&written, Options::default()).expect("a capture");
    assert_eq!(again.damages, []);
    assert_eq!(again.frames.len(), frames.len().min(MOST));
    for (one, other) in frames.iter().zip(&again.frames) {
        let other = OwnedFrame { interface: one.interface, ..other.clone() };
        assert_eq!(*one, other, "a frame is another when it was written");
    }
}

trait IntoReader {
    fn reader(self) -> Box<dyn Read + Send>;
}

impl IntoReader for &[u8] {
    fn reader(self) -> Box<dyn Read + Send> {
        Box::new(Cursor::new(self.to_vec()))
    }
}

impl IntoReader for &Vec<u8> {
    fn reader(self) -> Box<dyn Read + Send> {
        self.as_slice().reader()
    }
}

/// An input that comes in pieces of so many octets.
struct Pieces<'a>(&'a [u8], usize);

impl IntoReader for Pieces<'_> {
    fn reader(self) -> Box<dyn Read + Send> {
        Box::new(PieceReader(Cursor::new(self.0.to_vec()), self.1))
    }
}

struct PieceReader(Cursor<Vec<u8>>, usize);

impl Read for PieceReader {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let len = bytes.len().min(self.1);
        self.0.read(&mut bytes[..len])
    }
}
