//! Connections of a capture as recordings: which, and what is said of what they lack.

use std::io::{self, Write as _};

use anyhow::{anyhow, bail};

use super::input::Input;
use crate::capture::Summary;
use crate::capture::recording::{Chosen, Limits, Recorder};
use crate::wire::Recording;

/// How many gaps of one recording are told.
const TOLD: usize = 5;

/// Records the connections of `input` that are chosen by their numbers; all of TCP where none is.
pub(super) fn recordings(input: &Input, conns: &[u32]) -> anyhow::Result<(Vec<Recording>, Summary)> {
    let mut recorder = Recorder::new(Chosen(conns.to_vec()), Limits::default());
    let summary = input.pump(&mut recorder)?;
    let (seen, left_out) = (recorder.seen(), recorder.left_out());
    let recordings = recorder.into_recordings();
    if let Some(missing) = conns.iter().find(|number| !recordings.iter().any(|recording| recording.number == **number))
    {
        match seen {
            0 => bail!("there is no connection {missing}: the input has none"),
            seen if *missing < seen => bail!("connection {missing} is not TCP; `synfin conns` lists them all"),
            1 => bail!("there is no connection {missing}: the input has one, number 0"),
            seen => bail!("there is no connection {missing}: the input has {seen}, numbers 0 to {}", seen - 1),
        }
    }
    if left_out > 0 {
        let gibibytes = Limits::default().octets >> 30;
        let _ = writeln!(
            io::stderr(),
            "synfin: {left_out} packets of further connections are left out: recordings take {gibibytes} GiB at most"
        );
    }
    Ok((recordings, summary))
}

/// The one recording that is meant: the chosen one, or the only one there is.
pub(super) fn the_one(input: &Input, conn: Option<u32>) -> anyhow::Result<(Recording, Summary)> {
    let (mut recordings, summary) = recordings(input, conn.as_slice())?;
    match recordings.pop() {
        Some(only) if recordings.is_empty() => Ok((only, summary)),
        Some(last) => {
            let first = recordings.first().map_or(0, |recording| recording.number);
            Err(anyhow!(
                "the input has {} connections: say which with '--conn N' ({first} to {}; `synfin conns` lists them)",
                recordings.len() + 1,
                last.number
            ))
        }
        None => Err(anyhow!("the input has no TCP connection")),
    }
}

/// Says on stderr what a recording lacks.
pub(super) fn tell_gaps(recording: &Recording) {
    // With a closed stderr there is nobody left to tell.
    for gap in recording.gaps.iter().take(TOLD) {
        let _ = writeln!(io::stderr(), "synfin: connection {}: {gap}", recording.number);
    }
    if let more @ 1.. = recording.gaps.len().saturating_sub(TOLD) {
        let _ = writeln!(io::stderr(), "synfin: connection {}: and {more} more such gaps", recording.number);
    }
}
