//! Performing: what `play` and `demo` have in common. The stage carries segments between a player
//! and the network; the program is whoever owns the socket at the other end.

pub(super) mod margin;
pub(super) mod program;
pub(super) mod stage;
pub(super) mod turn;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};

use super::say::say;
use crate::capture::PumpError;
use crate::craft::Verdict;
use crate::craft::player::Got;
use crate::report::paint::{self, Ink, Paint};
use crate::report::played::{Failed, Played};
use crate::sys::now;

/// Tells how a play ended, and gives the exit code that says so too.
pub(super) fn end(
    verdict: Option<&Verdict>,
    held: usize,
    json: bool,
    paint: Paint,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let Some(verdict) = verdict else {
        return Err(anyhow!("stopped before the last line of the script"));
    };
    let text = verdict.to_string();
    let ink = if verdict.held() { Ink::Good } else { Ink::Bad };
    if json {
        let failure = match verdict {
            Verdict::Held { .. } => None,
            Verdict::Failed(failure) => {
                let got = match &failure.got {
                    Got::Other { text, .. } | Got::AtAnotherTime { text, .. } => Some(text.as_str()),
                    Got::Nothing { .. } | Got::Unsaid(_) => None,
                };
                Some(Failed { line: failure.line as u64, wanted: &failure.wanted, got, text: &text })
            }
        };
        Played { expectations: held as u64, failure }.write(out)
    } else {
        let mut lines = Vec::new();
        for line in text.lines() {
            paint.with(ink, &mut lines, |lines| paint::escape(lines, line.as_bytes()));
            lines.push(b'\n');
        }
        out.write_all(&lines)
    }
    .context("cannot write")?;
    out.flush().context("cannot write")?;
    Ok(if verdict.held() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says what the program at the other end could not do.
pub(super) fn tell_complaints(complaints: &[String]) {
    for complaint in complaints {
        say(format_args!("synfin: {complaint}"));
    }
}

/// An initial sequence number that no connection of the last minutes has used, like RFC 9293's
/// clock of 4 us (§3.4.1).
pub(super) fn fresh_isn() -> u32 {
    (now().0 / 4_000) as u32
}

/// The error of a play, without the words that fit a file.
pub(super) fn plainly(error: PumpError) -> anyhow::Error {
    match error {
        PumpError::Source(crate::capture::SourceError::Read { error, .. }) => anyhow!("{error}"),
        PumpError::Source(error) => error.into(),
        PumpError::Sink(error) => error.into(),
    }
}
