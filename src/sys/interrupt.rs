//! Signals that wake who waits.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use super::check;

/// Has `signal`, which has a handler, break off a system call that waits, with `EINTR`, where the call
/// would else go on waiting (sigaction(2), `SA_RESTART`).
///
/// # Errors
///
/// When there is no such signal.
pub(crate) fn breaks_waits(signal: libc::c_int) -> io::Result<()> {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: the kernel is only asked, and writes a whole `sigaction` where it says so.
    check(unsafe { libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) })?;
    // SAFETY: the call has succeeded.
    let mut action = unsafe { action.assume_init() };
    action.sa_flags &= !libc::SA_RESTART;
    // SAFETY: it is the action that was there, handler and all, but for one flag.
    check(unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) }).map(drop)
}
