//! Giving up, for good, every right that reading packets and writing what they say does not need.
//!
//! To be called once all sockets, rings and files are open, while the process has one thread, and
//! before the first packet is looked at: what a packet could make this program do is then bounded
//! by what is left.

mod calls;
mod files;
mod user;

use std::io;
use std::path::Path;

pub(crate) use user::User;

/// What is left of a process's rights.
#[derive(Clone, Debug, Default)]
pub(crate) struct Confinement<'a> {
    /// Who to become; `None` stays who it is.
    pub(crate) user: Option<User>,
    /// Folders in which files may still be made, written, renamed and removed; nothing else opens.
    pub(crate) writes_into: &'a [&'a Path],
}

/// What could not be given up because this kernel has no means to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Confined {
    /// Whether files are closed off by Landlock.
    pub(crate) files: bool,
    /// Whether system calls are refused by seccomp.
    pub(crate) calls: bool,
}

/// Which right could not be given up.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing}: {error}")]
pub(crate) struct SandboxError {
    doing: &'static str,
    error: io::Error,
}

impl Confinement<'_> {
    /// Gives the rights up. There is no way back.
    ///
    /// # Errors
    ///
    /// When the kernel refuses to take one of them, which leaves the others as they are by then.
    pub(crate) fn enter(&self) -> Result<Confined, SandboxError> {
        // They are found while we may still look everywhere.
        let folders = files::find(self.writes_into)?;
        user::become_nobody_special(self.user)?;
        let files = files::restrict(folders)?;
        let calls = calls::restrict(if self.writes_into.is_empty() { Deed::Stream } else { Deed::MakeFiles })?;
        Ok(Confined { files, calls })
    }
}

/// Gives up all rights but to read files and to answer over what is open. Root keeps the right to
/// see whose files are open in other users' processes; Landlock would take that away, so it is not
/// used here.
///
/// # Errors
///
/// When the kernel refuses to take one of them.
pub(crate) fn only_look_on() -> Result<(), SandboxError> {
    user::become_onlooker()?;
    calls::restrict(Deed::ReadFiles).map(drop)
}

/// What a process does with the rest of its life.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Deed {
    /// Reads from open sockets, writes to open files and sockets.
    Stream,
    /// The same, and makes new files.
    MakeFiles,
    /// Looks files up and reads them, and answers over an open socket.
    ReadFiles,
}

fn failed<E: Into<Box<dyn std::error::Error + Send + Sync>>>(doing: &'static str) -> impl Fn(E) -> SandboxError {
    move |error| SandboxError { doing, error: io::Error::other(error) }
}

#[cfg(test)]
mod tests;
