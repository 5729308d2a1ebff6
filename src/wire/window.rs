use std::ops::Shl;

/// The window field as sent, before any scaling (RFC 9293 §3.1).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Window(pub u16);

/// A shift count of the window scale option, 0 to 14 (RFC 7323 §2.3).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct WindowScale(u8);

impl WindowScale {
    /// The largest shift count that RFC 7323 allows.
    pub const MAX: Self = Self(14);

    /// The shift count an implementation must use for the option value `sent`: values above 14
    /// count as 14 (RFC 7323 §2.3).
    pub const fn clamped(sent: u8) -> Self {
        if sent > 14 { Self::MAX } else { Self(sent) }
    }

    /// The shift count, 0 to 14.
    pub const fn count(self) -> u8 {
        self.0
    }
}

/// The receive window in octets that a field and a scale mean together.
impl Shl<WindowScale> for Window {
    type Output = u32;

    fn shl(self, scale: WindowScale) -> u32 {
        u32::from(self.0) << scale.0
    }
}
