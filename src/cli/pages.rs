//! Manual pages and completions, made from the grammar of the command line itself: the doors of
//! clap_mangen and clap_complete.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man as Page;

use super::output::Output;

/// A manual page, for those who package synfin
#[derive(Debug, clap::Args)]
pub(super) struct Man {
    /// Of this command [default: of synfin]
    command: Option<String>,

    /// Write the pages of synfin and of all its commands into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    dir: Option<PathBuf>,
}

/// What makes a shell complete synfin's words, for its start-up file
#[derive(Debug, clap::Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Man {
    /// Writes pages of the `grammar`.
    pub(super) fn run(&self, mut grammar: Command, out: &mut Output) -> anyhow::Result<()> {
        if let Some(dir) = &self.dir {
            return clap_mangen::generate_to(grammar, dir)
                .with_context(|| format!("cannot write manual pages into {}; is it a folder?", dir.display()));
        }
        grammar.build();
        let page = match &self.command {
            None => grammar,
            Some(name) => grammar
                .find_subcommand(name)
                .cloned()
                .ok_or_else(|| anyhow!("there is no command '{name}'; 'synfin help' lists them"))?,
        };
        Page::new(page).render(out).context("cannot write")
    }
}

impl Completions {
    /// Writes those of the `grammar`.
    pub(super) fn run(&self, mut grammar: Command, out: &mut Output) -> io::Result<()> {
        // The generator writes all at once and panics where it cannot.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut grammar, "synfin", &mut script);
        out.write_all(&script)
    }
}
