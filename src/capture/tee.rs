//! A source that also has what passes kept.

use std::io;

use super::frame::{Frame, Lent, Link, Next, Source, SourceError};

/// Keeps frames: in a file, in a ring of files, in memory.
pub trait Keeper {
    /// Keeps a frame.
    ///
    /// # Errors
    ///
    /// When it can't be kept: ends the source.
    fn keep(&mut self, frame: &Frame<'_>) -> io::Result<()>;

    /// Nothing comes for a while: a moment to let others see what was kept.
    ///
    /// # Errors
    ///
    /// When what was kept can't be written.
    fn idle(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Whether it has all it wants; its source then ends.
    fn is_full(&self) -> bool {
        false
    }
}

/// A source whose frames go to a keeper on their way.
#[derive(Debug)]
pub struct Tee<S, K> {
    source: S,
    keeper: K,
}

impl<S: Source, K: Keeper> Tee<S, K> {
    /// The frames of `source`, kept by `keeper`.
    pub fn new(source: S, keeper: K) -> Self {
        Self { source, keeper }
    }

    /// Gives back both.
    pub fn into_parts(self) -> (S, K) {
        (self.source, self.keeper)
    }
}

impl<S: Source, K: Keeper> Source for Tee<S, K> {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        if self.keeper.is_full() {
            return Ok(Next::End);
        }
        let next = self.source.next()?;
        match &next {
            Next::Frame(frame) => self.keeper.keep(frame),
            Next::Idle(_) => self.keeper.idle(),
            Next::LeftOut | Next::Damage(_) | Next::End => Ok(()),
        }
        .map_err(SourceError::Keep)?;
        Ok(next)
    }

    fn peek(&self, most: usize, show: &mut dyn FnMut(Link, &[u8])) {
        self.source.peek(most, show);
    }
}

impl<S: Source + ?Sized> Source for &mut S {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        (**self).next()
    }

    fn peek(&self, most: usize, show: &mut dyn FnMut(Link, &[u8])) {
        (**self).peek(most, show);
    }

    fn lend(&mut self, take: &mut dyn FnMut(&Frame<'_>) -> Lent) {
        (**self).lend(take);
    }
}

/// Nothing is kept where there is no keeper.
impl<K: Keeper> Keeper for Option<K> {
    fn keep(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.as_mut().map_or(Ok(()), |keeper| keeper.keep(frame))
    }

    fn idle(&mut self) -> io::Result<()> {
        self.as_mut().map_or(Ok(()), Keeper::idle)
    }
}

impl<K: Keeper + ?Sized> Keeper for &mut K {
    fn keep(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        (**self).keep(frame)
    }

    fn idle(&mut self) -> io::Result<()> {
        (**self).idle()
    }

    fn is_full(&self) -> bool {
        (**self).is_full()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Link, MemorySource, OwnedFrame};
    use crate::wire::Timestamp;

    #[derive(Default)]
    struct Memory(Vec<OwnedFrame>);

    impl Keeper for Memory {
        fn keep(&mut self, frame: &Frame<'_>) -> io::Result<()> {
            if self.0.len() == 2 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.push(OwnedFrame::from(frame));
            Ok(())
        }
    }

    fn frames(count: u64) -> Vec<OwnedFrame> {
        (0..count).map(|n| OwnedFrame::new(Timestamp(n), Link::Raw, vec![n as u8; 3])).collect()
    }

    #[test]
    fn what_passes_is_kept_as_it_passes() {
        let mut tee = Tee::new(MemorySource::new(frames(2)), Memory::default());
        for frame in frames(2) {
            assert!(matches!(tee.next(), Ok(Next::Frame(passed)) if OwnedFrame::from(&passed) == frame));
        }
        assert!(matches!(tee.next(), Ok(Next::End)));
        assert_eq!(tee.into_parts().1.0, frames(2));
    }

    #[test]
    fn what_cannot_be_kept_ends_the_source() {
        let mut tee = Tee::new(MemorySource::new(frames(3)), Memory::default());
        let ended = std::iter::repeat_with(|| tee.next().map(drop)).find_map(Result::err);
        assert!(matches!(ended, Some(SourceError::Keep(error)) if error.kind() == io::ErrorKind::StorageFull));
    }
}
