use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A TCP sequence number: a point on a circle of 2³² octets (RFC 9293 §3.4).
///
/// Deliberately not `Ord`: on a circle "before" is not transitive. Ask [`Seq::before`], or take
/// an offset with [`Seq::offset_from`].
///
/// ```
/// use synfin::wire::Seq;
/// let last = Seq(u32::MAX);
/// assert_eq!(last + 1, Seq(0));
/// assert!(last.before(Seq(0)));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Seq(pub u32);

impl Seq {
    /// Signed distance from `origin` in octets; exact while the true distance is below 2³¹.
    pub const fn offset_from(self, origin: Self) -> i32 {
        self.0.wrapping_sub(origin.0) as i32
    }

    /// Whether this number comes before `other`, taking the shorter way round.
    pub const fn before(self, other: Self) -> bool {
        self.offset_from(other) < 0
    }

    /// Whether this number comes after `other`, taking the shorter way round.
    pub const fn after(self, other: Self) -> bool {
        self.offset_from(other) > 0
    }

    /// Whether this number lies in `first..=last`, a stretch shorter than 2³¹ octets.
    pub const fn within(self, first: Self, last: Self) -> bool {
        !self.before(first) && !self.after(last)
    }

    /// The later of the two.
    #[must_use]
    pub const fn latest(self, other: Self) -> Self {
        if self.before(other) { other } else { self }
    }
}

impl Add<u32> for Seq {
    type Output = Self;

    fn add(self, octets: u32) -> Self {
        Self(self.0.wrapping_add(octets))
    }
}

impl AddAssign<u32> for Seq {
    fn add_assign(&mut self, octets: u32) {
        *self = *self + octets;
    }
}

impl Sub<u32> for Seq {
    type Output = Self;

    fn sub(self, octets: u32) -> Self {
        Self(self.0.wrapping_sub(octets))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
