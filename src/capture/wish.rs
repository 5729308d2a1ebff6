//! Wishes for memory: nothing but time depends on whether they are granted.

#[cfg(all(feature = "live", target_os = "linux"))]
pub(crate) use crate::sys::memory::{fetch_ahead, prefer_large_pages};

#[cfg(not(all(feature = "live", target_os = "linux")))]
pub(crate) use ungranted::{fetch_ahead, prefer_large_pages};

#[cfg(not(all(feature = "live", target_os = "linux")))]
mod ungranted {
    pub(crate) const fn fetch_ahead<T>(_value: &T) {}

    pub(crate) const fn prefer_large_pages<T>(_room: &mut [T]) {}
}
