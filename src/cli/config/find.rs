use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

/// Octets that a configuration may have.
const MOST: u64 = 64 << 10;

/// The configuration file and what is in it. Where somebody else could have written it, it is left
/// alone, and that is told.
pub(super) fn find() -> anyhow::Result<Option<(PathBuf, String)>> {
    let (path, asked_for) = match std::env::var_os("SYNFIN_CONFIG") {
        Some(path) if path.is_empty() => return Ok(None),
        Some(path) => (PathBuf::from(path), true),
        None => match place() {
            Some(path) => (path, false),
            None => return Ok(None),
        },
    };
    let reading = || format!("cannot read the configuration {}", path.display());
    // Before it is opened: to open a pipe waits.
    let found = match fs::metadata(&path) {
        Err(error) if !asked_for && is_not_there(&error) => return Ok(None),
        found => found.with_context(reading)?,
    };
    if !found.is_file() {
        return Err(anyhow!("{}: it is no file", reading()));
    }
    let file = File::open(&path).with_context(reading)?;
    if !asked_for && let Some(reason) = distrust(&file.metadata().with_context(reading)?) {
        // With a closed stderr there is nobody left to tell.
        let _ = writeln!(io::stderr(), "synfin: {} is left alone: {reason}", path.display());
        return Ok(None);
    }
    let mut text = String::new();
    file.take(MOST + 1).read_to_string(&mut text).with_context(reading)?;
    if text.len() as u64 > MOST {
        return Err(anyhow!("{}: it has more than {MOST} octets", reading()));
    }
    Ok(Some((path, text)))
}

/// The files in the folder for protocols, by name. One that somebody else could have written is left
/// alone, and that is told.
pub(super) fn protocols() -> Vec<PathBuf> {
    let config = match std::env::var_os("SYNFIN_CONFIG") {
        Some(path) if path.is_empty() => None,
        Some(path) => Some(PathBuf::from(path)),
        None => place(),
    };
    let Some(folder) = config.as_deref().and_then(Path::parent).map(|folder| folder.join(PROTOCOLS)) else {
        return Vec::new();
    };
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|path| is_trusted_toml(path)).collect();
    files.sort();
    files
}

/// The folder beside the configuration that protocols are declared in.
const PROTOCOLS: &str = "protocols";

fn is_trusted_toml(path: &Path) -> bool {
    let Ok(found) = fs::metadata(path) else { return false };
    if !found.is_file() || path.extension().is_none_or(|extension| extension != "toml") {
        return false;
    }
    let reason = distrust(&found);
    if let Some(reason) = &reason {
        // With a closed stderr there is nobody left to tell.
        let _ = writeln!(io::stderr(), "synfin: {} is left alone: {reason}", path.display());
    }
    reason.is_none()
}

/// Where the XDG rules have it.
fn place() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(folder.join("synfin/config.toml"))
}

fn is_not_there(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    matches!(error.kind(), NotFound | NotADirectory | PermissionDenied)
}

/// Why a file is not to be trusted: nobody but its reader may be able to change it. For root that is
/// root; under sudo the file may be of whoever called, whose own it then is.
#[cfg(unix)]
fn distrust(file: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;

    let me = effective_user(Path::new("/proc/self/status"))?;
    let caller = std::env::var("SUDO_UID").ok().and_then(|id| id.parse().ok()).filter(|_| me == 0);
    if ![Some(me), Some(0), caller].contains(&Some(file.uid())) {
        return Some(format!("it belongs to user {}, and this is user {me}", file.uid()));
    }
    (file.mode() & 0o022 != 0).then(|| "others can write to it: chmod go-w".to_owned())
}

#[cfg(not(unix))]
fn distrust(_file: &Metadata) -> Option<String> {
    None
}

/// As whom this runs, by what Linux says of the process: `Uid:`, the real one, the effective one.
fn effective_user(status: &Path) -> Option<u32> {
    let status = fs::read_to_string(status).ok()?;
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    ids.split_whitespace().nth(1)?.parse().ok()
}
