//! What is asked of the kernel: sockets, rings, namespaces, and the one folder with `unsafe` in it.
//!
//! Every file wraps one thing in a safe type; nothing here knows what a packet means. Linux only,
//! behind the feature `live`.
#![allow(unsafe_code)]
// Much of it is asked for by the program alone.
#![cfg_attr(not(feature = "cli"), allow(dead_code))]

pub(crate) mod diag;
pub(crate) mod guard;
pub(crate) mod hear;
pub(crate) mod holders;
pub(crate) mod interfaces;
pub(crate) mod interrupt;
pub(crate) mod memory;
pub(crate) mod netlink;
pub(crate) mod netns;
pub(crate) mod packet;
pub(crate) mod process;
pub(crate) mod ring;
pub(crate) mod route;
pub(crate) mod sandbox;
pub(crate) mod send;
pub(crate) mod space;
pub(crate) mod tcp;

use std::io;
use std::time::SystemTime;

use crate::wire::Timestamp;

/// What a system call gave back, or why it failed.
///
/// # Errors
///
/// The last error of this thread, where `result` is negative.
pub(crate) fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// The time by the clock that the kernel stamps frames with.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
