//! Who this process is, and what it may do because of that.

use std::fs;

use caps::errors::CapsError;
use caps::{CapSet, Capability, CapsHashSet};

use super::{SandboxError, failed};
use crate::sys::check;

/// Somebody, by the numbers the kernel knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct User {
    /// Who.
    pub(crate) uid: u32,
    /// And the group.
    pub(crate) gid: u32,
}

impl User {
    /// `nobody`: who owns nothing.
    pub(crate) const NOBODY: Self = Self { uid: 65534, gid: 65534 };

    /// Who this process is.
    pub(crate) fn own() -> Self {
        // SAFETY: both ask for a number and always succeed.
        let (uid, gid) = unsafe { (libc::geteuid(), libc::getegid()) };
        Self { uid, gid }
    }

    /// Whether this process can become them: it is root, and they are there. In a user namespace
    /// only those are who were mapped into it.
    pub(crate) fn can_be_taken_on(self) -> bool {
        let may = |right| caps::has_cap(None, CapSet::Effective, right).unwrap_or(false);
        let groups = fs::read_to_string("/proc/self/setgroups").map_or(true, |text| text.trim() == "allow");
        let mapped = |file, id| fs::read_to_string(file).map_or(true, |map| is_mapped(&map, id));
        may(Capability::CAP_SETUID)
            && may(Capability::CAP_SETGID)
            && groups
            && mapped("/proc/self/uid_map", self.uid)
            && mapped("/proc/self/gid_map", self.gid)
    }
}

/// Gives up all capabilities and, for `user`, the name; lets nobody look into this process's memory.
pub(super) fn become_nobody_special(user: Option<User>) -> Result<(), SandboxError> {
    bound()?;
    if let Some(user) = user {
        user.take_on()?;
    }
    keep(&[])?;
    close()
}

/// Gives up all capabilities but those with which root sees other users' processes.
pub(super) fn become_onlooker() -> Result<(), SandboxError> {
    bound()?;
    keep(&[Capability::CAP_SYS_PTRACE, Capability::CAP_DAC_READ_SEARCH])?;
    close()
}

/// Empties the set of capabilities that could be had again.
fn bound() -> Result<(), SandboxError> {
    // Without that one it is not ours to empty; and nothing will be executed that could gain by it.
    if caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP).unwrap_or(false) {
        caps::clear(None, CapSet::Bounding).map_err(failed("empty the bounding set of capabilities"))?;
    }
    Ok(())
}

/// Gives up all capabilities but, of those there are, some.
fn keep(some: &[Capability]) -> Result<(), SandboxError> {
    let failed = |error: CapsError| failed("give up capabilities")(error);
    caps::clear(None, CapSet::Ambient).map_err(failed)?;
    caps::clear(None, CapSet::Inheritable).map_err(failed)?;
    let kept: CapsHashSet = caps::read(None, CapSet::Permitted)
        .map_err(failed)?
        .into_iter()
        .filter(|capability| some.contains(capability))
        .collect();
    caps::set(None, CapSet::Effective, &kept).map_err(failed)?;
    caps::set(None, CapSet::Permitted, &kept).map_err(failed)
}

/// Lets nobody look into this process's memory, and no program it would start gain anything.
fn close() -> Result<(), SandboxError> {
    // SAFETY: takes numbers and touches no memory of ours.
    check(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) }).map_err(failed("close this process's memory"))?;
    // SAFETY: as above.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }).map_err(failed("forgo new privileges"))?;
    Ok(())
}

impl User {
    /// Becomes them: groups first, since only root may change those.
    fn take_on(self) -> Result<(), SandboxError> {
        let Self { uid, gid } = self;
        // SAFETY: the kernel reads one number from the address of one number.
        check(unsafe { libc::setgroups(1, &raw const gid) }).map_err(failed("leave the groups"))?;
        // SAFETY: both take numbers and touch no memory of ours.
        check(unsafe { libc::setresgid(gid, gid, gid) }).map_err(failed("change the group"))?;
        // SAFETY: as above.
        check(unsafe { libc::setresuid(uid, uid, uid) }).map_err(failed("change the user"))?;
        Ok(())
    }
}

/// Whether a map of ids (lines of: first inside, first outside, how many) has `id` inside.
fn is_mapped(map: &str, id: u32) -> bool {
    map.lines().any(|line| {
        let mut numbers = line.split_whitespace().filter_map(|word| word.parse::<u64>().ok());
        let (first, count) = (numbers.next(), numbers.nth(1));
        first.zip(count).is_some_and(|(first, count)| (first..first + count).contains(&u64::from(id)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_has_those_who_were_mapped_into_it() {
        assert!(is_mapped("         0          0 4294967295\n", 65534));
        assert!(is_mapped("0 1000 1\n1 100000 65536\n", 65534));
        assert!(!is_mapped("0 1000 1\n", 65534));
        assert!(!is_mapped("", 0));
    }
}
