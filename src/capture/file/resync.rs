use super::buffer::Buffer;
use crate::wire::{Span, Timestamp};

/// The longest record that is taken for a sign that the capture goes on.
pub(super) const RECORD_MAX: usize = 1 << 20;

/// As many octets as the header of a record may have.
const HEADER_MAX: usize = 24;

/// How many records in a row are a sign, unless the input ends before.
pub(super) const CHAIN: usize = 3;

/// How far a record's time may be from those before the damage. What a packet carries can be a
/// capture too; its packets have other times.
const NEAR: Span = Span::from_secs(7 * 24 * 60 * 60);

/// A format whose records can be told from garbage.
pub(super) trait Layout {
    /// Whether a record may begin at the first of `bytes`.
    fn likely(&self, bytes: &[u8]) -> Likely;

    /// The record that stands at the first of `bytes`, likely or not; `None` where there can't be
    /// one, or where a record vouches for itself.
    fn claimed(&self, bytes: &[u8]) -> Option<Claim>;
}

/// What a record says of itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Claim {
    pub(super) len: usize,
    pub(super) time: Timestamp,
}

/// What some bytes may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Likely {
    No,
    Record {
        len: usize,
        time: Option<Timestamp>,
    },
    /// What can't be there by chance, and after which everything may be different.
    Beginning,
    /// So many octets are needed to say.
    Short(usize),
}

/// The times of the last records, several because the one before a damage may be nonsense itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Recent {
    times: [Option<Timestamp>; 4],
    next: usize,
}

impl Recent {
    pub(super) fn note(&mut self, time: Timestamp) {
        let last = self.times.len() - 1;
        if let Some(slot) = self.times.get_mut(self.next & last) {
            *slot = Some(time);
        }
        self.next = (self.next + 1) & last;
    }

    /// Whether `time` is near one of them; all times are, as long as there are none.
    fn is_near(&self, time: Timestamp) -> bool {
        let mut known = self.times.iter().flatten().peekable();
        known.peek().is_none() || known.any(|&recent| near(recent, time))
    }
}

fn near(one: Timestamp, other: Timestamp) -> bool {
    one.0.abs_diff(other.0) <= NEAR.0.unsigned_abs()
}

/// Whether the record at hand is an odd one that no record follows: what a reader takes for a
/// record after it lost its way. Its length then.
#[inline]
pub(super) fn doubtful(buffer: &mut Buffer, layout: &dyn Layout, recent: &Recent) -> Option<usize> {
    // A record is not odd for having its header cut by the end of what has been read.
    if buffer.rest().len() < HEADER_MAX {
        buffer.fill(HEADER_MAX);
    }
    let likely = layout.likely(buffer.rest());
    if matches!(likely, Likely::Record { time: Some(time), .. } if recent.is_near(time)) {
        return None;
    }
    let Claim { len, time } = layout.claimed(buffer.rest())?;
    if !buffer.fill(len + HEADER_MAX) {
        return None;
    }
    let next = buffer.rest().get(len..)?;
    let follows = matches!(layout.likely(next), Likely::Record { .. })
        || layout.claimed(next).is_some_and(|claim| near(time, claim.time) || recent.is_near(claim.time));
    (!follows).then_some(len)
}

/// Moves on from a record that can't be read to the next plausible one; `false` when there is
/// none, and the input is used up. Looks at every octet once, and a bounded way ahead.
pub(super) fn search(buffer: &mut Buffer, layout: &dyn Layout, recent: &Recent) -> bool {
    loop {
        if buffer.rest().is_empty() && !buffer.fill(1) {
            return false;
        }
        buffer.advance(1);
        if goes_on(buffer, layout, recent) {
            return true;
        }
    }
}

/// Whether a chain of plausible records begins at the present position.
fn goes_on(buffer: &mut Buffer, layout: &dyn Layout, recent: &Recent) -> bool {
    let (mut at, mut last) = (0, None);
    let mut records = 0;
    while records < CHAIN {
        match layout.likely(buffer.rest().get(at..).unwrap_or_default()) {
            Likely::No => return false,
            Likely::Beginning => return true,
            Likely::Record { len, time } => {
                if let Some(time) = time {
                    if !recent.is_near(time) || last.is_some_and(|last| !near(last, time)) {
                        return false;
                    }
                    last = Some(time);
                }
                // The last octet of the record has to be there too.
                if buffer.rest().len() < at + len && !buffer.fill(at + len) {
                    return records > 0;
                }
                at += len;
                records += 1;
            }
            Likely::Short(need) => {
                if !buffer.fill(at + need) {
                    let at_the_end = buffer.rest().len() == at;
                    return records > 1 || records > 0 && at_the_end;
                }
            }
        }
    }
    true
}
