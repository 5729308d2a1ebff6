use super::{Filter, Program};
use crate::capture::frame::{Link, Next, Source, SourceError};

/// The frames of a source that a filter chooses; the others become [`Next::LeftOut`].
///
/// Frames are chosen one by one, as they are: a fragment by what it holds itself, not by the datagram
/// it belongs to.
#[derive(Debug)]
pub struct Filtered<S> {
    source: S,
    filter: Filter,
    /// One for each link type that was met.
    programs: Vec<(Link, Program)>,
}

impl<S: Source> Filtered<S> {
    /// The frames of `source` that `filter` chooses.
    pub fn new(source: S, filter: Filter) -> Self {
        Self { source, filter, programs: Vec::new() }
    }
}

impl<S: Source> Source for Filtered<S> {
    fn next(&mut self) -> Result<Next<'_>, SourceError> {
        let Self { source, filter, programs } = self;
        let next = source.next()?;
        let Next::Frame(frame) = &next else { return Ok(next) };
        let known = programs.iter().position(|(link, _)| *link == frame.link);
        if known.is_none() {
            programs.push((frame.link, filter.program(frame.link)?));
        }
        let at = known.unwrap_or(programs.len() - 1);
        let chosen = programs.get(at).is_some_and(|(_, program)| program.run(frame.bytes, frame.wire_len) > 0);
        Ok(if chosen { next } else { Next::LeftOut })
    }

    fn peek(&self, most: usize, show: &mut dyn FnMut(Link, &[u8])) {
        self.source.peek(most, show);
    }
}
