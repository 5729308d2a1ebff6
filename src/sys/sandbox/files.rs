//! Which files a process may still open: Landlock, as far as this kernel has it.

use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
    RulesetStatus, Scope,
};

use super::{SandboxError, failed};

/// Opens the folders for what is going to be done below them.
pub(super) fn find(folders: &[&Path]) -> Result<Vec<PathFd>, SandboxError> {
    folders.iter().map(PathFd::new).collect::<Result<_, _>>().map_err(failed("find the folder to write into"))
}

/// Forbids to open any file, but to write new ones below `folders`; to take or make TCP
/// connections; and to reach processes outside by signals or abstract sockets. Tells whether the
/// kernel knows how to.
pub(super) fn restrict(folders: Vec<PathFd>) -> Result<bool, SandboxError> {
    let abi = ABI::V6;
    let writing =
        AccessFs::WriteFile | AccessFs::Truncate | AccessFs::MakeReg | AccessFs::RemoveFile | AccessFs::ReadDir;
    let rules = folders.into_iter().map(|folder| Ok::<_, landlock::RulesetError>(PathBeneath::new(folder, writing)));
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(|rules| rules.scope(Scope::from_all(abi)))
        .and_then(Ruleset::create)
        .and_then(|ruleset| ruleset.add_rules(rules))
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(failed("close off the files"))?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}
