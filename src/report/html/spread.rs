//! How times are spread: counts in stretches that grow, ten for each power of ten.

use crate::wire::Span;

/// From a microsecond to a thousand seconds.
const DECADES: usize = 9;
const EACH: usize = 10;

/// The spread of many times.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    /// How many fell into each stretch.
    pub(super) counts: [u64; DECADES * EACH],
    /// How many there are.
    pub(super) total: u64,
    /// The shortest and the longest.
    pub(super) ends: Option<(Span, Span)>,
}

impl Default for Spread {
    fn default() -> Self {
        Self { counts: [0; DECADES * EACH], total: 0, ends: None }
    }
}

impl Spread {
    /// Takes in one time; what lies beyond the ends counts there.
    pub(super) fn add(&mut self, span: Span) {
        let us = (span.0.max(1000)) as f64 / 1e3;
        let at = (us.log10() * EACH as f64) as usize;
        let last = self.counts.len() - 1;
        self.counts[at.min(last)] += 1;
        self.total += 1;
        self.ends = Some(self.ends.map_or((span, span), |(least, most)| (least.min(span), most.max(span))));
    }
}
