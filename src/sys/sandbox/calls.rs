//! Which system calls a process may still make: seccomp, on the machines that the compiler of its
//! filters knows. All others fail as not permitted.

use super::{Deed, SandboxError};

/// Refuses every system call that `deed` does not need.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
pub(super) fn restrict(deed: Deed) -> Result<bool, SandboxError> {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

    use super::failed;

    let arch = std::env::consts::ARCH.try_into().map_err(failed("know this machine's system calls"))?;
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(list::allowed(deed)?, refused, SeccompAction::Allow, arch)
        .map_err(failed("list the system calls"))?;
    let program: BpfProgram = filter.try_into().map_err(failed("list the system calls"))?;
    match seccompiler::apply_filter_all_threads(&program) {
        Ok(()) => Ok(true),
        Err(seccompiler::Error::Seccomp(error)) if error.raw_os_error() == Some(libc::ENOSYS) => Ok(false),
        Err(error) => Err(failed("refuse system calls")(error)),
    }
}

/// There is no filter for this machine.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")))]
#[allow(clippy::unnecessary_wraps)]
pub(super) fn restrict(_: Deed) -> Result<bool, SandboxError> {
    Ok(false)
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
mod list {
    use std::collections::BTreeMap;

    use libc::c_long;
    use seccompiler::{SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};

    use super::super::{Deed, SandboxError, failed};

    /// On sockets, pipes and files that are open.
    const OPEN: &[c_long] = &[
        libc::SYS_read,
        libc::SYS_write,
        libc::SYS_readv,
        libc::SYS_writev,
        libc::SYS_recvfrom,
        libc::SYS_recvmsg,
        libc::SYS_recvmmsg,
        libc::SYS_sendto,
        libc::SYS_sendmsg,
        libc::SYS_sendmmsg,
        libc::SYS_ppoll,
        libc::SYS_getsockopt,
        libc::SYS_setsockopt,
        libc::SYS_getsockname,
        libc::SYS_shutdown,
        libc::SYS_lseek,
        libc::SYS_fstat,
        libc::SYS_fsync,
        libc::SYS_fdatasync,
        libc::SYS_ftruncate,
        libc::SYS_close,
        libc::SYS_dup,
        libc::SYS_fcntl,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll,
    ];

    /// Memory, threads, signals, time, the end.
    const SELF: &[c_long] = &[
        libc::SYS_mmap,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_mprotect,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_futex,
        libc::SYS_clone,
        libc::SYS_clone3,
        libc::SYS_rseq,
        libc::SYS_set_robust_list,
        libc::SYS_sched_yield,
        libc::SYS_sched_getaffinity,
        libc::SYS_sigaltstack,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_restart_syscall,
        libc::SYS_tgkill,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_geteuid,
        libc::SYS_getegid,
        libc::SYS_getrandom,
        libc::SYS_getrusage,
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_nanosleep,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];

    /// To make, rename and remove files.
    const FILES: &[c_long] = &[
        libc::SYS_openat,
        libc::SYS_newfstatat,
        libc::SYS_statx,
        libc::SYS_renameat2,
        libc::SYS_unlinkat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_rename,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_unlink,
        #[cfg(target_arch = "aarch64")]
        libc::SYS_renameat,
    ];

    /// What may be asked of a terminal (its settings and its size) and of a socket (what waits in
    /// it, which interfaces there are). Not among it: putting words into a terminal's mouth
    /// (`TIOCSTI`).
    const IOCTLS: &[libc::Ioctl] =
        &[libc::TCGETS, libc::TIOCGWINSZ, libc::FIONREAD, libc::SIOCGIFNAME, libc::SIOCGIFFLAGS];

    /// To look files up and read them.
    const LOOK: &[c_long] = &[
        libc::SYS_getdents64,
        libc::SYS_readlinkat,
        libc::SYS_newfstatat,
        libc::SYS_statx,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_readlink,
    ];

    /// Every system call that `deed` needs, with what its arguments have to be.
    pub(super) fn allowed(deed: Deed) -> Result<BTreeMap<i64, Vec<SeccompRule>>, SandboxError> {
        let files = match deed {
            Deed::Stream => &[][..],
            Deed::MakeFiles => FILES,
            Deed::ReadFiles => LOOK,
        };
        let mut allowed: BTreeMap<_, _> =
            [OPEN, SELF, files].into_iter().flatten().map(|call| (*call, Vec::new())).collect();
        #[allow(clippy::unnecessary_cast)] // the C library decides how wide a wish is
        let asked = IOCTLS.iter().map(|wish| only(1, u64::MAX, *wish as u64)).collect::<Result<_, _>>()?;
        allowed.insert(libc::SYS_ioctl, asked);
        // A thread may name itself.
        allowed.insert(libc::SYS_prctl, vec![only(0, u64::MAX, libc::PR_SET_NAME as u64)?]);
        if deed == Deed::ReadFiles {
            let writes = libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC;
            allowed.insert(libc::SYS_openat, vec![only(2, writes as u64, libc::O_RDONLY as u64)?]);
        }
        Ok(allowed)
    }

    /// Argument number `which`, from 0, has to be `value` in the bits of `mask`; looks at 32 bits.
    fn only(which: u8, mask: u64, value: u64) -> Result<SeccompRule, SandboxError> {
        let mask = mask & u64::from(u32::MAX);
        SeccompCondition::new(which, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(mask), value)
            .and_then(|condition| SeccompRule::new(vec![condition]))
            .map_err(failed("list the system calls"))
    }
}
