//! A comparison in words: the table, and what the differences are.

use std::io::{self, Write};

use super::tally::{Difference, Tally};
use crate::report::paint;

impl Tally {
    /// Writes a line per field, then the differences nobody has explained.
    ///
    /// # Errors
    ///
    /// When `out` cannot be written.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{:<11} {:<32} {:>8} {:>9} {:>9}", "peer", "field", "equal", "explained", "different")?;
        for (peer, field, line) in self.lines() {
            let explained = line.explained();
            writeln!(out, "{:<11} {field:<32} {:>8} {explained:>9} {:>9}", peer.name(), line.equal, line.different)?;
        }
        let [equal, different, explained] = self.sums();
        writeln!(out, "{:<11} {:<32} {equal:>8} {explained:>9} {different:>9}", "all", "")?;
        for (name, why) in self.rules() {
            let times: u64 = self.under(name).map(|(_, _, times, _)| times).sum();
            writeln!(out, "\n{times} by \"{name}\": {why}")?;
        }
        for (at, (peer, field, difference)) in self.unexplained().enumerate() {
            if at == 0 {
                writeln!(out)?;
            }
            let Difference { place, theirs, ours } = difference;
            let [place, theirs, ours] = [place, theirs, ours].map(|text| safe(text));
            writeln!(out, "{place}: {field}: {} says {theirs}, synfin says {ours}", peer.name())?;
        }
        Ok(())
    }

    /// Writes the same as tables of Markdown, with an example for every class of differences.
    ///
    /// # Errors
    ///
    /// When `out` cannot be written.
    pub fn write_markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{INTRODUCTION}")?;
        writeln!(out, "| peer | field | equal | explained | different | agreement |")?;
        writeln!(out, "|---|---|--:|--:|--:|--:|")?;
        for (peer, field, line) in self.lines() {
            let share = 100.0 * line.equal as f64 / line.total().max(1) as f64;
            let (equal, different, explained) = (line.equal, line.different, line.explained());
            writeln!(out, "| {} | `{field}` | {equal} | {explained} | {different} | {share:.2} % |", peer.name())?;
        }
        let [equal, different, explained] = self.sums();
        writeln!(out, "| all | | {equal} | {explained} | {different} | |")?;
        writeln!(out, "\n## Differences that are explained")?;
        for (name, why) in self.rules() {
            writeln!(out, "\n**{name}.** {why}\n")?;
            for (peer, field, times, example) in self.under(name) {
                write!(out, "- {} `{field}`, {times}", peer.name())?;
                if let Some(Difference { place, theirs, ours }) = example {
                    let [place, theirs, ours] = [place, theirs, ours].map(|text| safe(text));
                    write!(out, ": {place}: `{theirs}` there, `{ours}` here")?;
                }
                writeln!(out)?;
            }
        }
        writeln!(out, "\n## Differences that are not explained\n")?;
        let mut none = true;
        for (peer, field, Difference { place, theirs, ours }) in self.unexplained() {
            none = false;
            let [place, theirs, ours] = [place, theirs, ours].map(|text| safe(text));
            writeln!(out, "- {} `{field}`: {place}: `{theirs}` there, `{ours}` here", peer.name())?;
        }
        if none {
            writeln!(out, "None.")?;
        }
        Ok(())
    }
}

/// What the page of differences begins with.
const INTRODUCTION: &str = "\
# What other tools say of the same packets

Written by `synfin check --answers DIR -T markdown`, which reads captures from the test suites of
other projects, and beside them what those projects' tools said: tshark 4.0.17 of every frame and
stream, Zeek (the baselines of its own tests, and Zeek 6.0.9 run over everything) and tcptrace of
every connection, Suricata, Arkime and nDPI of the flows their tests assert. `cargo test --test
conformance` makes the same comparison and fails when a difference appears that no rule explains.
`synfin check --against tshark FILE` asks the tshark of your own machine about any capture.

Every field is compared wherever both sides have it. *Equal* is the same answer, *explained* another
answer by one of the rules below, *different* another answer for no known reason. The
`tcp.analysis` flags and the notes of synfin are two opinions about the same packets: they are
counted where at least one of the two has something to say.
";

/// Text from a capture, as it may be shown.
fn safe(text: &str) -> String {
    let mut octets = Vec::new();
    paint::escape(&mut octets, text.as_bytes());
    String::from_utf8_lossy(&octets).into_owned()
}
