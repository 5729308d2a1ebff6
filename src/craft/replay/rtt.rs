use crate::wire::Span;

/// The longest that anything waits to be said again (RFC 6298 §2.5 asks for a minute at least).
const MOST: Span = Span::from_secs(60);

/// How long answers take, and how long to wait for one (RFC 6298).
#[derive(Clone, Debug)]
pub(super) struct Rtt {
    smoothed: Option<i64>,
    variation: i64,
    /// The timeout without backoff.
    timeout: Span,
    least: Span,
    doublings: u32,
}

impl Rtt {
    /// Nothing is known yet: waits `first`, and later never less than `least`.
    pub(super) fn new(first: Span, least: Span) -> Self {
        Self { smoothed: None, variation: 0, timeout: first, least, doublings: 0 }
    }

    /// An answer came after this time, to something that was said once.
    pub(super) fn sample(&mut self, took: Span) {
        let took = took.0.max(0);
        match self.smoothed {
            None => {
                self.smoothed = Some(took);
                self.variation = took / 2;
            }
            Some(smoothed) => {
                self.variation += ((smoothed - took).abs() - self.variation) / 4;
                self.smoothed = Some(smoothed + (took - smoothed) / 8);
            }
        }
        let smoothed = self.smoothed.unwrap_or(took);
        self.timeout = Span((smoothed + (4 * self.variation)).clamp(self.least.0, MOST.0));
    }

    /// Nothing came in time: the next wait is twice as long (RFC 6298 §5.5).
    pub(super) fn back_off(&mut self) {
        self.doublings = (self.doublings + 1).min(16);
    }

    /// Something new was acknowledged.
    pub(super) fn relax(&mut self) {
        self.doublings = 0;
    }

    /// How long to wait now.
    pub(super) fn timeout(&self) -> Span {
        Span(self.timeout.0.saturating_mul(1 << self.doublings).min(MOST.0))
    }

    /// The smoothed round trip, once there is one.
    pub(super) fn smoothed(&self) -> Option<Span> {
        self.smoothed.map(Span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timeout_follows_the_round_trips_and_doubles_in_silence() {
        let mut rtt = Rtt::new(Span::from_secs(1), Span::from_millis(200));
        assert_eq!(rtt.timeout(), Span::from_secs(1));
        rtt.sample(Span::from_millis(100));
        // RFC 6298 §2.2: R + 4 * R/2.
        assert_eq!(rtt.timeout(), Span::from_millis(300));
        for _ in 0..100 {
            rtt.sample(Span::from_millis(10));
        }
        assert_eq!(rtt.timeout(), Span::from_millis(200));
        rtt.back_off();
        rtt.back_off();
        assert_eq!(rtt.timeout(), Span::from_millis(800));
        for _ in 0..40 {
            rtt.back_off();
        }
        assert_eq!(rtt.timeout(), MOST);
        rtt.relax();
        assert_eq!(rtt.timeout(), Span::from_millis(200));
    }
}
