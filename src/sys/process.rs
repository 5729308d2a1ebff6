//! Other processes.

/// Asks a process and all of its group to end (SIGTERM). The process leads a group of its own, and
/// was not waited for yet.
pub(crate) fn terminate_group(leader: u32) {
    let Ok(leader) = libc::pid_t::try_from(leader) else { return };
    // Numbers up to 1 would mean many more.
    if leader > 1 {
        // SAFETY: sends a signal; touches no memory.
        unsafe { libc::kill(-leader, libc::SIGTERM) };
    }
}
