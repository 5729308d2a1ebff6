//! Reading ahead: the input is read on a thread of its own, into a few buffers that go round.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread;

/// Octets in a buffer: what the reader of the capture reads at once.
const CAPACITY: usize = 256 << 10;

/// Buffers that go round: one is filled, one is used, and two make up for a pause of either.
const BUFFERS: usize = 4;

/// What has been read of an input, and the thread that reads on.
///
/// Octets, the end and errors come as the input gave them. The thread ends with the input, or when
/// this end of it has been dropped and the read that it is in returns.
pub(super) struct Ahead {
    filled: Receiver<io::Result<Filled>>,
    spent: SyncSender<Vec<u8>>,
    current: Filled,
    ended: bool,
}

/// A buffer on its way to the reader.
#[derive(Default)]
struct Filled {
    buffer: Vec<u8>,
    /// `buffer[start..end]` has been read from the input and not been used.
    start: usize,
    end: usize,
}

/// Reads `input` ahead of whoever reads the result, on a thread of this name. Where no thread can be had, when it
/// is wanted.
pub(super) fn ahead(input: Box<dyn Read + Send>, name: &str) -> Box<dyn BufRead + Send> {
    let (fill, filled) = mpsc::channel();
    let (spend, spent) = mpsc::sync_channel(BUFFERS);
    // The input goes to the thread once there is one: it is not lost with a thread that is refused.
    let (hand_over, handed) = mpsc::channel::<Box<dyn Read + Send>>();
    let read = move || {
        if let Ok(input) = handed.recv() {
            read_on(input, &spent, &fill);
        }
    };
    if thread::Builder::new().name(name.to_owned()).spawn(read).is_err() {
        return Box::new(BufReader::with_capacity(CAPACITY, input));
    }
    for _ in 0..BUFFERS {
        // There is room for all of them.
        let _ = spend.try_send(Vec::new());
    }
    match hand_over.send(input) {
        Ok(()) => Box::new(Ahead { filled, spent: spend, current: Filled::default(), ended: false }),
        Err(mpsc::SendError(input)) => Box::new(BufReader::with_capacity(CAPACITY, input)),
    }
}

/// Fills buffers until the input ends or fails, or nobody wants more of it.
fn read_on(mut input: Box<dyn Read + Send>, spent: &Receiver<Vec<u8>>, fill: &Sender<io::Result<Filled>>) {
    while let Ok(mut buffer) = spent.recv() {
        buffer.resize(CAPACITY, 0);
        let read = loop {
            match input.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let last = !matches!(read, Ok(1..));
        let filled = read.map(|end| Filled { buffer, start: 0, end });
        if fill.send(filled).is_err() || last {
            return;
        }
    }
}

impl Read for Ahead {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let rest = self.fill_buf()?;
        let len = rest.len().min(bytes.len());
        let (taken, _) = rest.split_at(len);
        if let Some(place) = bytes.get_mut(..len) {
            place.copy_from_slice(taken);
        }
        self.consume(len);
        Ok(len)
    }
}

impl BufRead for Ahead {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.current.rest().is_empty() && !self.ended {
            self.turn()?;
        }
        Ok(self.current.rest())
    }

    fn consume(&mut self, len: usize) {
        self.current.start = (self.current.start + len).min(self.current.end);
    }
}

impl Ahead {
    /// Goes to the next buffer, and gives the last one back.
    fn turn(&mut self) -> io::Result<()> {
        // Only one that has been used goes back: there is room for it. No thread is left to take it
        // where the input has ended.
        let spent = std::mem::take(&mut self.current).buffer;
        if !spent.is_empty() {
            let _ = self.spent.try_send(spent);
        }
        let filled = self.filled.recv();
        // No buffer after an error, and none where the thread is gone without a word.
        let filled = filled.unwrap_or_else(|_| Err(io::Error::other("what reads the input has stopped")));
        self.ended = !filled.as_ref().is_ok_and(|filled| filled.end > 0);
        self.current = filled?;
        Ok(())
    }
}

impl Filled {
    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use super::*;

    /// Gives so many octets in pieces of so many, then what `end` says; counts what it gave.
    struct Pieces {
        left: usize,
        piece: usize,
        error: Option<io::ErrorKind>,
        given: Arc<AtomicUsize>,
    }

    impl Read for Pieces {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            let len = self.left.min(self.piece).min(bytes.len());
            if let (0, Some(kind)) = (len, self.error) {
                return Err(kind.into());
            }
            for (at, octet) in bytes[..len].iter_mut().enumerate() {
                *octet = (self.given.load(Ordering::Relaxed) + at) as u8;
            }
            self.left -= len;
            self.given.fetch_add(len, Ordering::Relaxed);
            Ok(len)
        }
    }

    fn pieces(left: usize, piece: usize, error: Option<io::ErrorKind>) -> (Pieces, Arc<AtomicUsize>) {
        let given = Arc::new(AtomicUsize::new(0));
        (Pieces { left, piece, error, given: given.clone() }, given)
    }

    /// Waits until `done`, for ten seconds at most.
    fn wait(what: &str, done: impl Fn() -> bool) {
        let since = Instant::now();
        while !done() {
            assert!(since.elapsed() < Duration::from_secs(10), "{what}");
            thread::yield_now();
        }
    }

    #[test]
    fn every_octet_comes_once_and_in_order() {
        for (len, piece) in [(0, 1), (1, 1), (1_000, 7), (3_000_000, 100_000), (5_000_000, usize::MAX)] {
            let mut out = Vec::new();
            ahead(Box::new(pieces(len, piece, None).0), "test").read_to_end(&mut out).unwrap();
            assert_eq!(out.len(), len);
            assert!(out.iter().enumerate().all(|(at, octet)| *octet == at as u8), "{len} in pieces of {piece}");
        }
    }

    #[test]
    fn an_error_comes_after_what_was_read_and_the_end_after_it() {
        let mut input = ahead(Box::new(pieces(700_000, 100_000, Some(io::ErrorKind::UnexpectedEof)).0), "test");
        let mut out = Vec::new();
        assert_eq!(input.read_to_end(&mut out).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(out.len(), 700_000);
        assert_eq!(input.read(&mut [0; 10]).unwrap(), 0);
    }

    #[test]
    fn no_more_is_read_ahead_than_the_buffers_hold() {
        let (source, given) = pieces(100 * CAPACITY, usize::MAX, None);
        let mut input = ahead(Box::new(source), "test");
        wait("the buffers are filled", || given.load(Ordering::Relaxed) == BUFFERS * CAPACITY);
        input.read_exact(&mut vec![0; CAPACITY + 1]).unwrap();
        wait("the first buffer is filled again", || given.load(Ordering::Relaxed) == (BUFFERS + 1) * CAPACITY);
    }

    #[test]
    fn who_stops_reading_ends_the_thread() {
        let (source, given) = pieces(usize::MAX, usize::MAX, None);
        let mut input = ahead(Box::new(source), "test");
        input.read_exact(&mut [0; 10]).unwrap();
        drop(input);
        // The thread owned the source, and the source the other count.
        wait("the thread has ended", || Arc::strong_count(&given) == 1);
    }

    #[test]
    fn a_thread_that_dies_is_an_error_and_no_end() {
        struct Broken;

        impl Read for Broken {
            fn read(&mut self, _bytes: &mut [u8]) -> io::Result<usize> {
                std::panic::resume_unwind(Box::new("broken"));
            }
        }

        let mut input = ahead(Box::new(Broken), "test");
        assert!(input.read(&mut [0; 10]).is_err_and(|error| error.to_string().contains("stopped")));
        assert_eq!(input.read(&mut [0; 10]).unwrap(), 0);
    }
}
