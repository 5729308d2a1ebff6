use super::input::Input;
use super::output::Output;
use crate::capture::{Sink, Summary};

/// The story of a connection, step by step
#[derive(Debug, clap::Args)]
pub(super) struct Explain {
    #[command(flatten)]
    input: Input,
}

impl Explain {
    /// Reads the captures.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<Summary> {
        let _ = (out.color(), out.width());
        self.input.pump(&mut Nothing)
    }
}

struct Nothing;

impl Sink for Nothing {}
