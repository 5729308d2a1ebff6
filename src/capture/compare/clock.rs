use crate::wire::{Span, Timestamp};

/// How one capture's clock stands to the other's.
///
/// No packet arrives before it was sent. So each that went there says how far the far clock can be
/// ahead at most, and each that came back how far at least; the truth lies between, and the middle is
/// taken for it. With the difference in rate it is the same: of all rates that contradict no packet,
/// the clocks are taken to run alike where that is one of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clocks {
    /// The moment, by the near clock, at which the offset is told.
    pub at: Timestamp,
    /// What the far clock shows then, less what the near one does, in nanoseconds.
    pub offset_ns: i64,
    /// How far that may be off, either way: half of the shortest round trip. `None` where packets went
    /// one way only: then the fastest is taken to have needed no time at all.
    pub uncertainty_ns: Option<u64>,
    /// Nanoseconds that the far clock gains in a second.
    pub drift_ppb: i64,
    /// The least and the most it may gain; `None` where packets went one way only.
    pub drift_range_ppb: Option<(i64, i64)>,
    /// Packets that went there and back.
    pub samples: (usize, usize),
    /// Whether there is an offset that no packet contradicts. Where there is none, a clock was set
    /// while it ran, or the captures are taken for each other's.
    pub consistent: bool,
}

/// When a packet was sent, by the clock there, and when it came, by the clock here.
pub(super) type Passage = (Timestamp, Timestamp);

/// Rates beyond this are not those of clocks: a thousandth.
const STEEPEST: f64 = 1e-3;

/// From what went from the near capture to the far one, and what came back.
pub(super) fn estimate(there: &[Passage], back: &[Passage]) -> Option<Clocks> {
    let difference = |near: Timestamp, far: Timestamp| (far - near).0;
    let differences = there.iter().map(|&(near, far)| (near, difference(near, far)));
    let above: Vec<(Timestamp, i64)> = differences.collect();
    let below: Vec<(Timestamp, i64)> = back.iter().map(|&(far, near)| (near, difference(near, far))).collect();
    let at = above.iter().chain(&below).map(|(near, _)| *near).min()?;
    let reference = above.iter().chain(&below).map(|(_, difference)| *difference).min()?;
    // Small numbers from here on: nanoseconds since the epoch are more than a float can tell apart.
    let point =
        |&(near, difference): &(Timestamp, i64)| ((near - at).0 as f64, difference.saturating_sub(reference) as f64);
    let above = hull(above.iter().map(point).collect(), 1.0);
    let below = hull(below.iter().map(point).collect(), -1.0);
    let samples = (there.len(), back.len());
    let told = |offset: f64| reference.saturating_add(offset.round() as i64);
    if above.is_empty() || below.is_empty() {
        let offset = bound(&above, 0.0, 1.0).or(bound(&below, 0.0, -1.0))?;
        let offset_ns = told(offset);
        let (uncertainty_ns, drift_range_ppb) = (None, None);
        return Some(Clocks {
            at,
            offset_ns,
            uncertainty_ns,
            drift_ppb: 0,
            drift_range_ppb,
            samples,
            consistent: true,
        });
    }
    let gap = |rate: f64| Some(bound(&above, rate, 1.0)? - bound(&below, rate, -1.0)?);
    let gap = |rate: f64| gap(rate).unwrap_or(f64::NEG_INFINITY);
    let best = highest(gap);
    let consistent = gap(best) >= 0.0 || gap(0.0) >= 0.0;
    let alike = gap(0.0) >= 0.0 || !consistent;
    let rate = if alike { 0.0 } else { best };
    let (upper, lower) = (bound(&above, rate, 1.0)?, bound(&below, rate, -1.0)?);
    let range = consistent.then(|| (edge(gap, rate, -STEEPEST), edge(gap, rate, STEEPEST)));
    let ppb = |rate: f64| (rate * 1e9).round() as i64;
    Some(Clocks {
        at,
        offset_ns: told(lower.midpoint(upper)),
        uncertainty_ns: Some(((upper - lower).abs() / 2.0).round() as u64),
        drift_ppb: ppb(rate),
        drift_range_ppb: range.map(|(least, most)| (ppb(least), ppb(most))),
        samples,
        consistent,
    })
}

impl Clocks {
    /// What the near clock showed when the far one showed `far`.
    pub fn near(&self, far: Timestamp) -> Timestamp {
        // By the far clock's own rate, it showed `at` and the offset so long ago.
        let since = i128::from((far - self.at).0.saturating_sub(self.offset_ns));
        let rate = 1_000_000_000 + i128::from(self.drift_ppb);
        self.at + Span((since * 1_000_000_000 / rate) as i64)
    }

    /// How far the far clock is ahead when the near one shows `near`, in nanoseconds.
    pub fn ahead(&self, near: Timestamp) -> i64 {
        let gained = i128::from((near - self.at).0) * i128::from(self.drift_ppb) / 1_000_000_000;
        self.offset_ns.saturating_add(gained as i64)
    }
}

/// The lowest of the points (or the highest, with `sign` -1) under lines of this rate: where such a
/// line would meet the start.
fn bound(points: &[(f64, f64)], rate: f64, sign: f64) -> Option<f64> {
    points.iter().map(|(x, y)| y - rate * x).min_by(|a, b| (sign * a).total_cmp(&(sign * b)))
}

/// The points that can be the lowest (or the highest, with `sign` -1) for some rate: their convex hull
/// on that side.
fn hull(mut points: Vec<(f64, f64)>, sign: f64) -> Vec<(f64, f64)> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then((sign * a.1).total_cmp(&(sign * b.1))));
    points.dedup_by(|later, first| later.0.total_cmp(&first.0).is_eq());
    let mut hull: Vec<(f64, f64)> = Vec::new();
    for point in points {
        while let [.., a, b] = hull[..] {
            let turn = (b.0 - a.0) * (point.1 - a.1) - (b.1 - a.1) * (point.0 - a.0);
            if sign * turn > 0.0 {
                break;
            }
            hull.pop();
        }
        hull.push(point);
    }
    hull
}

/// The rate at which the gap is widest. It has one top, since it is a lowest of lines less a highest.
fn highest(gap: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (-STEEPEST, STEEPEST);
    for _ in 0..200 {
        let third = (high - low) / 3.0;
        if gap(low + third) < gap(high - third) {
            low += third;
        } else {
            high -= third;
        }
    }
    low.midpoint(high)
}

/// The last rate from `inside` towards `outside` that leaves a gap.
fn edge(gap: impl Fn(f64) -> f64, mut inside: f64, mut outside: f64) -> f64 {
    if gap(outside) >= 0.0 {
        return outside;
    }
    for _ in 0..100 {
        let middle = inside.midpoint(outside);
        if gap(middle) >= 0.0 {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    /// Packets a second apart, there and back, over a network of 10 ms and up to 7 ms of queues, with
    /// a far clock that is `offset` ahead and gains `ppm`.
    fn passages(count: i64, offset: i64, ppm: i64) -> (Vec<Passage>, Vec<Passage>) {
        let far = |time: i64| time + offset + time * ppm / 1_000_000;
        let stamp = |time: i64| Timestamp((1_700_000_000_000 * MS + time) as u64);
        let at = |n: i64| (n * 1_000 * MS, 10 * MS + n * 7_919 % 7 * MS);
        let there = (0..count).map(at).map(|(sent, way)| (stamp(sent), stamp(far(sent + way)))).collect();
        let back = (0..count).map(at).map(|(sent, way)| (stamp(far(sent)), stamp(sent + way))).collect();
        (there, back)
    }

    #[test]
    fn an_offset_is_found_within_its_uncertainty() {
        for offset in [0, 1, -1, 3_600_000 * MS, -86_400_000 * MS, 5 * MS] {
            let (there, back) = passages(20, offset, 0);
            let clocks = estimate(&there, &back).expect("packets went both ways");
            assert!(clocks.consistent && clocks.drift_ppb == 0);
            let uncertainty = clocks.uncertainty_ns.expect("both ways") as i64;
            assert!((clocks.offset_ns - offset).abs() <= uncertainty, "{offset}: {clocks:?}");
            assert_eq!(uncertainty, 10 * MS, "half of the shortest round trip");
        }
    }

    #[test]
    fn clocks_that_run_apart_are_told_from_those_that_do_not() {
        let (there, back) = passages(10_000, 2 * MS, 50);
        let clocks = estimate(&there, &back).expect("packets went both ways");
        let (least, most) = clocks.drift_range_ppb.expect("both ways");
        assert!(clocks.consistent && (least..=most).contains(&50_000) && most - least < 10_000, "{clocks:?}");
        let (there, back) = passages(10, 2 * MS, 50);
        let clocks = estimate(&there, &back).expect("packets went both ways");
        assert!(clocks.drift_ppb == 0 && clocks.drift_range_ppb.is_some_and(|(_, most)| most > 50_000), "{clocks:?}");
    }

    #[test]
    fn a_clock_that_was_set_contradicts_every_offset() {
        let (mut there, back) = passages(20, 0, 0);
        there[10].1 = there[10].1 + Span(-3_600_000 * MS);
        assert!(estimate(&there, &back).is_some_and(|clocks| !clocks.consistent));
    }

    #[test]
    fn one_way_alone_gives_an_offset_without_a_bound() {
        let (there, _) = passages(20, 7 * MS, 0);
        let clocks = estimate(&there, &[]).expect("packets went one way");
        assert_eq!((clocks.offset_ns, clocks.uncertainty_ns), (17 * MS, None));
        assert_eq!(estimate(&[], &[]), None);
    }

    #[test]
    fn a_time_there_is_a_time_here() {
        let (there, back) = passages(10_000, 2 * MS, 50);
        let clocks = estimate(&there, &back).expect("packets went both ways");
        let near = clocks.at + Span(5_000_000 * MS);
        let far = near + Span(clocks.ahead(near));
        assert!((clocks.near(far) - near).0.abs() < 1_000);
    }
}
