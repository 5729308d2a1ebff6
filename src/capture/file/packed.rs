//! Gzip and zstd, read so that all that stands before something broken comes out first.
//!
//! The readers of both crates lose what the call that meets the break has put out already: up to a
//! buffer of it, which may be a whole capture.

use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{Decoder, InBuffer, Operation as _, OutBuffer};

/// One gzip member after the other (RFC 1952).
pub(super) struct Gzip<R> {
    input: R,
    member: Decompress,
    /// What broke, where something was put out before it.
    broken: Option<io::Error>,
}

/// The largest window of deflate, as a power of two.
const WINDOW: u8 = 15;

impl<R: BufRead> Gzip<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, member: Decompress::new_gzip(WINDOW), broken: None }
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        loop {
            let packed = self.input.fill_buf()?;
            let (at_end, at_start) = (packed.is_empty(), self.member.total_in() == 0);
            if bytes.is_empty() || at_end && at_start {
                return Ok(0);
            }
            let (taken, put) = (self.member.total_in(), self.member.total_out());
            let status = self.member.decompress(packed, bytes, FlushDecompress::None);
            let taken = (self.member.total_in() - taken) as usize;
            let put = (self.member.total_out() - put) as usize;
            self.input.consume(taken);
            match status {
                Ok(Status::StreamEnd) => self.member = Decompress::new_gzip(WINDOW),
                Ok(_) if put == 0 && at_end => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) if put == 0 && taken == 0 => return Err(io::Error::other("it makes no progress")),
                Ok(_) => {}
                Err(error) if put == 0 => return Err(error.into()),
                Err(error) => self.broken = Some(error.into()),
            }
            if put > 0 {
                return Ok(put);
            }
        }
    }
}

/// One zstd frame after the other (RFC 8878).
pub(super) struct Zstd<R> {
    input: R,
    decoder: Decoder<'static>,
    /// How much the decoder would have next; 0 between frames.
    wants: usize,
    /// What broke, where something was put out before it.
    broken: Option<io::Error>,
}

impl<R: BufRead> Zstd<R> {
    pub(super) fn new(input: R) -> io::Result<Self> {
        Ok(Self { input, decoder: Decoder::new()?, wants: 0, broken: None })
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        /// Octets of the header before each block.
        const HEADER: usize = 3;
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        let mut put = 0;
        while put < bytes.len() {
            let packed = self.input.fill_buf()?;
            let at_end = packed.is_empty();
            if at_end && self.wants == 0 {
                return Ok(0);
            }
            // The decoder asks for a block and the header of the next one: given both at once, it would
            // keep the one to itself where the other is broken.
            let most = if self.wants > HEADER { self.wants - HEADER } else { self.wants.max(1) };
            let mut source = InBuffer::around(packed.get(..most).unwrap_or(packed));
            let mut target = OutBuffer::around_pos(bytes, put);
            match self.decoder.run(&mut source, &mut target) {
                Ok(wants) => self.wants = wants,
                Err(error) if put == 0 => return Err(error),
                Err(error) => {
                    self.broken = Some(error);
                    return Ok(put);
                }
            }
            let taken = source.pos();
            put = target.pos();
            // As much as can be had without waiting.
            let is_all = taken == packed.len();
            self.input.consume(taken);
            if put > 0 && is_all {
                break;
            }
            if at_end && self.wants > 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(put)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// Octets that are hard to compress.
    fn content(len: usize) -> Vec<u8> {
        (0..len as u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 41) as u8 & 0x3f).collect()
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).expect("memory");
        encoder.finish().expect("memory")
    }

    /// What comes out of a reader, and the error at its end.
    fn drain(mut reader: impl Read) -> (Vec<u8>, Option<io::Error>) {
        let mut out = Vec::new();
        let error = reader.read_to_end(&mut out).err();
        (out, error)
    }

    #[test]
    fn members_and_frames_follow_each_other() {
        let content = content(600_000);
        let (one, two) = content.split_at(250_001);
        let packed = [gzip(one), gzip(&[]), gzip(two)].concat();
        let (out, error) = drain(Gzip::new(&packed[..]));
        assert!(out == content && error.is_none(), "{error:?}");
        let packed = [one, &[], two].map(|part| zstd::encode_all(part, 3).expect("memory")).concat();
        let (out, error) = drain(Zstd::new(&packed[..]).expect("memory"));
        assert!(out == content && error.is_none(), "{error:?}");
    }

    #[test]
    fn what_stands_before_a_broken_place_comes_out() {
        let content = content(600_000);
        let mut packed = gzip(&content);
        let middle = packed.len() / 2;
        packed[middle..][..64].fill(0xff);
        let (out, error) = drain(Gzip::new(&packed[..]));
        assert!(error.is_some_and(|error| error.kind() != io::ErrorKind::UnexpectedEof));
        let same = out.iter().zip(&content).take_while(|(one, other)| one == other).count();
        assert!(same > 250_000, "{same} of {}", out.len());

        let mut packed = zstd::encode_all(&content[..], 3).expect("memory");
        let middle = packed.len() * 9 / 10;
        packed[middle..][..64].fill(0xff);
        let (out, error) = drain(Zstd::new(&packed[..]).expect("memory"));
        assert!(error.is_some());
        assert!(out.len() >= 3 * (128 << 10) && content.starts_with(&out), "{}", out.len());
    }

    #[test]
    fn an_early_end_is_told_from_an_end() {
        let content = content(300_000);
        for cut in [1, 5, 8, 9, 100, 2_000] {
            let packed = gzip(&content);
            let (out, error) = drain(Gzip::new(&packed[..packed.len() - cut]));
            assert!(content.starts_with(&out));
            assert_eq!(error.map(|error| error.kind()), Some(io::ErrorKind::UnexpectedEof), "{cut}");
            let packed = zstd::encode_all(&content[..], 3).expect("memory");
            let (out, error) = drain(Zstd::new(&packed[..packed.len() - cut]).expect("memory"));
            assert!(content.starts_with(&out));
            assert_eq!(error.map(|error| error.kind()), Some(io::ErrorKind::UnexpectedEof), "{cut}");
        }
    }

    #[test]
    fn nothing_is_nothing() {
        assert!(matches!(drain(Gzip::new(&[][..])), (out, None) if out.is_empty()));
        assert!(matches!(drain(Zstd::new(&[][..]).expect("memory")), (out, None) if out.is_empty()));
    }
}
