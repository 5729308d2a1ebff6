//! Memory in large pages.

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
