//! Which rights a live run gives up before it looks at the first packet, and who it is afterwards.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::{Context as _, ensure};

use crate::sys::sandbox::{Confinement, User};

/// Whether rights are given up.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(super) struct Sandbox {
    /// Keep every right while packets are read: as root, all of root's; and open files, sockets
    /// and programs. Without this they are given up once everything is open, so that a packet
    /// that found a flaw in synfin would find nothing to use it for
    #[arg(long, help_heading = "Privileges")]
    no_sandbox: bool,
}

impl Sandbox {
    /// Gives up what reading and writing open files do not need. `folders` are those in which
    /// further files will be made.
    ///
    /// To be called before there are threads, when everything is open.
    pub(super) fn enter(self, folders: &[&Path]) -> anyhow::Result<()> {
        if self.no_sandbox {
            return Ok(());
        }
        // A thread that is there already would keep its rights.
        let threads = fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
        ensure!(threads == 1, "cannot give up rights in {threads} threads at once; `--no-sandbox` keeps them");
        let user = match somebody_else(folders)? {
            Some(Successor { user, because }) => {
                if let Some(folder) = because {
                    // With a closed stderr there is nobody left to tell.
                    let _ = writeln!(
                        io::stderr(),
                        "synfin: goes on as user {}, without special rights, to write further files into {}",
                        user.uid,
                        folder.display()
                    );
                }
                Some(user)
            }
            None => None,
        };
        Confinement { user, writes_into: folders }.enter().context(
            "cannot give up the rights that are not needed; if this system has no means to, `--no-sandbox` goes on \
             with them",
        )?;
        Ok(())
    }

    /// Whose a file is to be that root makes before it gives up being root: the one's who will go
    /// on writing into `folders`, and without those the one's who called `sudo`.
    pub(super) fn heir(self, folders: &[&Path]) -> anyhow::Result<Option<User>> {
        let successor = if self.no_sandbox { None } else { somebody_else(folders)? };
        let called = folders.is_empty().then(|| caller(|name| std::env::var(name).ok()));
        Ok(successor.map(|successor| successor.user).filter(|user| called.is_none_or(|called| called == Some(*user))))
    }
}

/// Who goes on.
struct Successor<'a> {
    user: User,
    /// The folder for whose sake it is them.
    because: Option<&'a Path>,
}

/// Who root becomes: the user who called `sudo`, else nobody. Where they could not write into
/// `folders`, the owner of the folder.
fn somebody_else<'a>(folders: &[&'a Path]) -> anyhow::Result<Option<Successor<'a>>> {
    if User::own().uid != 0 {
        return Ok(None);
    }
    let user = caller(|name| std::env::var(name).ok()).unwrap_or(User::NOBODY);
    let mut successor = Successor { user, because: None };
    for folder in folders {
        let about = fs::metadata(folder).with_context(|| format!("cannot look at {}", folder.display()))?;
        let (owner, mode) = (User { uid: about.uid(), gid: about.gid() }, about.mode());
        if !may_write(successor.user, owner, mode) {
            successor = Successor { user: owner, because: Some(folder) };
        }
    }
    Ok(Some(successor).filter(|successor| successor.user.can_be_taken_on()))
}

/// Who called `sudo`, if somebody other than root did.
fn caller(variable: impl Fn(&str) -> Option<String>) -> Option<User> {
    let number = |name| variable(name)?.parse().ok();
    let user = User { uid: number("SUDO_UID")?, gid: number("SUDO_GID")? };
    (user.uid != 0).then_some(user)
}

/// Whether `user` may make files in a folder, as far as its mode tells.
fn may_write(user: User, owner: User, mode: u32) -> bool {
    let shift = match () {
        () if user.uid == owner.uid => 6,
        () if user.gid == owner.gid => 3,
        () => 0,
    };
    (mode >> shift) & 0o3 == 0o3
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: User = User { uid: 1000, gid: 100 };
    const ROOT: User = User { uid: 0, gid: 0 };

    #[test]
    fn root_becomes_who_called_sudo() {
        let sudo = |uid: &'static str, gid: &'static str| {
            caller(move |name| Some(if name == "SUDO_UID" { uid } else { gid }.to_owned()))
        };
        assert_eq!(sudo("1000", "100"), Some(ALICE));
        assert_eq!(sudo("0", "0"), None);
        assert_eq!(sudo("-1", "100"), None);
        assert_eq!(caller(|_| None), None);
    }

    #[test]
    fn a_folders_mode_tells_who_may_write() {
        assert!(may_write(ALICE, ALICE, 0o755) && may_write(ALICE, ROOT, 0o1777));
        assert!(may_write(ALICE, User { uid: 0, gid: 100 }, 0o775));
        assert!(!may_write(ALICE, ROOT, 0o755) && !may_write(ALICE, ALICE, 0o577));
        assert!(!may_write(User::NOBODY, ALICE, 0o770));
    }
}
