//! The protocols that are declared: by files that the call names, and by those in the folder for them.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context as _, anyhow};

use crate::capture::declared::{self, Limits, Messages};
use crate::report::messages::Hearing;
use crate::wire::declared::Definition;

/// Which protocols are declared.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Protocols {
    /// Know the protocols that this file declares (TOML; `synfin help proto`), and tell their messages;
    /// may be repeated
    #[arg(long = "proto", value_name = "FILE", help_heading = "Input")]
    files: Vec<PathBuf>,
}

/// The files of the folder for protocols, where it is not left out.
static FOLDER: OnceLock<Vec<PathBuf>> = OnceLock::new();

/// Has every command know the protocols of these files too, once and for all.
pub(super) fn set_folder(files: Vec<PathBuf>) {
    FOLDER.get_or_init(|| files);
}

impl Protocols {
    /// Whether the call names some.
    pub(super) fn are_named(&self) -> bool {
        !self.files.is_empty()
    }

    /// All that are known.
    pub(super) fn known(&self) -> anyhow::Result<Vec<Definition>> {
        known(&self.files)
    }

    /// Who hears their messages, if any are known.
    pub(super) fn hearing(&self) -> anyhow::Result<Option<Hearing>> {
        self.known().map(hearing)
    }
}

/// The protocols that files declare, and those of the folder that they leave as they are.
pub(super) fn known(files: &[PathBuf]) -> anyhow::Result<Vec<Definition>> {
    let mut known: Vec<(Definition, &Path)> = Vec::new();
    for file in files {
        for definition in read(file)? {
            if let Some((_, other)) = known.iter().find(|(known, _)| known.name == definition.name) {
                let (name, other, file) = (&definition.name, other.display(), file.display());
                return Err(anyhow!("the protocol {name} is declared twice: in {other}, and in {file}"));
            }
            known.push((definition, file));
        }
    }
    let mut known: Vec<Definition> = known.into_iter().map(|(definition, _)| definition).collect();
    for file in FOLDER.get().into_iter().flatten() {
        for definition in read(file).context("'--no-config' leaves the folder of protocols out")? {
            if known.iter().all(|known| known.name != definition.name) {
                known.push(definition);
            }
        }
    }
    Ok(known)
}

/// Who hears the messages of these, if there are any.
pub(super) fn hearing(known: Vec<Definition>) -> Option<Hearing> {
    (!known.is_empty()).then(|| Hearing::new(Messages::new(known, Limits::default())))
}

/// The protocols that a file declares.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Definition>> {
    let text = text(path)?;
    declared::parse(&text).map_err(|error| anyhow!("{} declares no protocol\n{error}", path.display()))
}

fn text(path: &Path) -> anyhow::Result<String> {
    let reading = || format!("cannot read the protocols of {}", path.display());
    let mut text = String::new();
    let file = File::open(path).with_context(reading)?;
    // A little more, so that too much is seen to be.
    file.take(declared::MOST as u64 + 1).read_to_string(&mut text).with_context(reading)?;
    Ok(text)
}
