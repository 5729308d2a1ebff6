//! What is asked of the kernel: sockets, rings, namespaces, and the one folder with `unsafe` in it.
//!
//! Every file wraps one thing in a safe type; nothing here knows what a packet means. Linux only,
//! behind the feature `live`.
#![allow(unsafe_code)]

pub(crate) mod hear;
#[allow(dead_code)]
pub(crate) mod interfaces;
#[allow(dead_code)]
pub(crate) mod netlink;
pub(crate) mod netns;
pub(crate) mod route;
pub(crate) mod sandbox;
pub(crate) mod send;
#[allow(dead_code)]
pub(crate) mod space;

use std::io;

/// What a system call gave back, or why it failed.
///
/// # Errors
///
/// The last error of this thread, where `result` is negative.
#[allow(dead_code)]
pub(crate) fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
