//! How fast to send: when the next packets are due, and when there have been enough.

use std::time::Duration;

use super::policy::Bounds;

/// How far behind a sender may fall and still catch up; what is due before that is let go.
const CATCH_UP: Duration = Duration::from_millis(10);

/// Keeps a sender within its [`Bounds`]. It has no clock: it is told the time since the start.
#[derive(Clone, Debug)]
pub struct Pacer {
    bounds: Bounds,
    sent: u64,
    /// When the next packet is due.
    next: Duration,
}

/// What a sender does now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pace {
    /// Send at most so many packets.
    Send(u64),
    /// Wait so long.
    Wait(Duration),
    /// Stop: all are sent.
    Done,
    /// Stop: the time is over.
    Late,
}

impl Pacer {
    /// The first packet is due at once.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, sent: 0, next: Duration::ZERO }
    }

    /// How many packets have been sent.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// What to do at this time since the start.
    pub fn poll(&self, now: Duration) -> Pace {
        let left = self.bounds.count.saturating_sub(self.sent);
        if left == 0 {
            return Pace::Done;
        }
        if now >= self.bounds.time || self.bounds.rate == 0 {
            return Pace::Late;
        }
        match now.checked_sub(self.next) {
            None => Pace::Wait(self.next.min(self.bounds.time).saturating_sub(now)),
            Some(behind) => Pace::Send((1 + self.packets_in(behind.min(CATCH_UP))).min(left)),
        }
    }

    /// `count` packets have gone, at this time since the start.
    pub fn went(&mut self, count: u64, now: Duration) {
        self.sent += count;
        let nanos = (u128::from(count) * 1_000_000_000).div_ceil(u128::from(self.bounds.rate.max(1)));
        let from = self.next.max(now.saturating_sub(CATCH_UP));
        self.next = from + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
    }

    fn packets_in(&self, span: Duration) -> u64 {
        (span.as_nanos() * u128::from(self.bounds.rate) / 1_000_000_000) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pacer(count: u64, rate: u64, seconds: u64) -> Pacer {
        Pacer::new(Bounds { count, rate, time: Duration::from_secs(seconds) })
    }

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn packets_go_one_by_one_at_their_rate() {
        let mut pacer = pacer(10, 100, 30);
        assert_eq!(pacer.poll(ms(0)), Pace::Send(1));
        pacer.went(1, ms(0));
        assert_eq!(pacer.poll(ms(0)), Pace::Wait(ms(10)));
        assert_eq!(pacer.poll(ms(4)), Pace::Wait(ms(6)));
        assert_eq!(pacer.poll(ms(10)), Pace::Send(1));
    }

    #[test]
    fn who_was_late_catches_up_a_little_and_never_floods() {
        let mut pacer = pacer(1_000_000, 1_000, 30);
        pacer.went(1, ms(0));
        assert_eq!(pacer.poll(ms(5_000)), Pace::Send(11));
        pacer.went(11, ms(5_000));
        assert_eq!(pacer.poll(ms(5_000)), Pace::Wait(ms(1)));
    }

    #[test]
    fn it_ends_with_the_count_and_with_the_time() {
        let mut counted = pacer(2, 1_000_000, 30);
        assert_eq!(counted.poll(ms(1)), Pace::Send(2));
        counted.went(2, ms(1));
        assert_eq!((counted.poll(ms(1)), counted.sent()), (Pace::Done, 2));
        let mut timed = pacer(100, 1, 2);
        timed.went(1, ms(1_500));
        assert_eq!(timed.poll(ms(1_500)), Pace::Wait(ms(500)));
        assert_eq!(timed.poll(ms(2_000)), Pace::Late);
    }
}
