//! Memory in large pages, and memory that is asked for before it is needed.

use std::mem::size_of_val;

/// Asks for the pages behind `room` to be large ones, where it is so large that they fit: then
/// the processor has fewer places to look up, and the kernel fewer to fill. Only a wish, and
/// nothing else about the memory changes (madvise(2), `MADV_HUGEPAGE`).
pub(crate) fn prefer_large_pages<T>(room: &mut [T]) {
    const PAGE: usize = 4096;
    let start = (room.as_ptr() as usize).next_multiple_of(PAGE);
    let end = room.as_ptr() as usize + size_of_val(room);
    let len = end.saturating_sub(start) / PAGE * PAGE;
    if len > 0 {
        // SAFETY: the range lies within `room`, which is borrowed mutably, and the advice leaves
        // what it holds as it is.
        unsafe { libc::madvise(start as *mut libc::c_void, len, libc::MADV_HUGEPAGE) };
    }
}

/// Asks the processor for the memory of `value`, all of it, without waiting for it. Only a wish, and
/// nothing on processors other than x86-64.
#[inline]
pub(crate) fn fetch_ahead<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        const LINE: usize = 64;
        let start: *const i8 = std::ptr::from_ref(value).cast();
        let first = start as usize % LINE;
        for at in (0..first + size_of::<T>()).step_by(LINE) {
            // SAFETY: a prefetch reads nothing and faults nowhere, whatever the address; these are of
            // the lines that `value` lies in.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(at)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
