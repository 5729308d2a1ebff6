use std::io::{self, Read};

/// What one read asks the system for: large enough that the calls cost nothing, small enough to
/// stay in the second-level cache.
const CAPACITY: usize = 256 << 10;

/// The stretch of an input that is at hand, and the way to the rest of it.
///
/// Nothing is copied but the head of a record that the end of the buffer cut. The buffer grows
/// only when it is full of octets that one record needs.
pub(super) struct Buffer {
    input: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    /// `bytes[start..end]` has been read from the input and not been used.
    start: usize,
    end: usize,
    /// Offset in the input of `bytes[0]`.
    base: u64,
    /// The input has ended, or failed.
    finished: bool,
    failure: Option<io::Error>,
}

/// Octets in a buffer; good until the buffer is filled again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) start: usize,
    pub(super) len: usize,
}

/// A position in a buffer; good until the buffer is filled again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(usize);

impl Buffer {
    pub(super) fn new(input: Box<dyn Read + Send>) -> Self {
        // Zeroed by the system page by page, when first touched.
        let bytes = vec![0; CAPACITY];
        Self { input, bytes, start: 0, end: 0, base: 0, finished: false, failure: None }
    }

    /// Reads until `need` octets are at hand, however many calls that takes. `false` when the
    /// input ends before that, or fails; the octets that did come are at hand then.
    #[cold]
    #[inline(never)]
    pub(super) fn fill(&mut self, need: usize) -> bool {
        while self.rest().len() < need {
            if self.finished {
                return false;
            }
            self.make_room();
            self.read();
        }
        true
    }

    /// Steps over `len` octets without holding them; `false` when the input ends before that.
    pub(super) fn skip(&mut self, mut len: u64) -> bool {
        loop {
            let step = len.min(self.rest().len() as u64);
            self.advance(step as usize);
            len -= step;
            if len == 0 {
                return true;
            }
            if !self.fill(1) {
                return false;
            }
        }
    }

    /// Uses up `len` octets of those at hand.
    #[inline]
    pub(super) fn advance(&mut self, len: usize) {
        self.start = (self.start + len).min(self.end);
    }

    /// Where the octets at hand begin, for who may want to go back there before more is read.
    #[inline]
    pub(super) fn mark(&self) -> Mark {
        Mark(self.start)
    }

    /// Gives back what was used up since.
    #[inline]
    pub(super) fn go_back(&mut self, Mark(start): Mark) {
        self.start = self.start.min(start);
    }

    /// What made the input end early, once.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    pub(super) fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }

    /// The octets at hand, from the present position on.
    #[inline]
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The present position, in octets from the start of the input.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// The place of the `len` octets that lie `ahead` of the present position.
    #[inline]
    pub(super) fn place(&self, ahead: usize, len: usize) -> Place {
        Place { start: self.start + ahead, len }
    }

    #[inline]
    pub(super) fn slice(&self, place: Place) -> &[u8] {
        self.bytes.get(place.start..place.start + place.len).unwrap_or_default()
    }

    /// Moves the octets at hand to the front when half of the buffer or more is used up (so that
    /// the moves cost no more than the reads), or else makes a full buffer larger.
    fn make_room(&mut self) {
        if self.start >= self.bytes.len() / 2 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.base += self.start as u64;
            self.end -= self.start;
            self.start = 0;
        } else if self.end == self.bytes.len() {
            self.bytes.resize(self.bytes.len() * 2, 0);
        }
    }

    fn read(&mut self) {
        let free = self.bytes.get_mut(self.end..).unwrap_or_default();
        match self.input.read(free) {
            Ok(0) => self.finished = true,
            Ok(len) => self.end = (self.end + len).min(self.bytes.len()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                self.finished = true;
                self.failure = Some(error);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(len: usize) -> Buffer {
        Buffer::new(Box::new(io::repeat(7).take(len as u64)))
    }

    #[test]
    fn stepping_over_holds_no_more_than_the_buffer() {
        let mut buffer = of(50 << 20);
        assert!(buffer.skip(50 << 20));
        assert_eq!((buffer.offset(), buffer.bytes.len()), (50 << 20, CAPACITY));
        assert!(!buffer.skip(1));
    }

    #[test]
    fn a_claim_that_is_not_there_costs_nothing() {
        let mut buffer = of(1_000);
        assert!(!buffer.fill(16 << 20));
        assert_eq!((buffer.rest().len(), buffer.bytes.len()), (1_000, CAPACITY));
    }

    #[test]
    fn looking_far_ahead_octet_by_octet_keeps_the_buffer_in_bounds() {
        const AHEAD: usize = 3 << 20;
        let mut buffer = of(10 << 20);
        while buffer.fill(AHEAD) {
            buffer.advance(1_000);
        }
        assert!(buffer.bytes.len() <= 4 * AHEAD, "{}", buffer.bytes.len());
        assert!(buffer.rest().iter().all(|&octet| octet == 7));
    }
}
