//! Words that every command understands, and the calls of hands that know tcpdump.

use std::ffi::{OsStr, OsString};

use anstream::ColorChoice;

/// What `--help` ends with.
pub(super) const EXAMPLES: &str = "\
Examples:
  synfin read capture.pcap             a line per packet, with what it means
  synfin -r capture.pcap               the same, for hands that know tcpdump
  synfin conns capture.pcap            a line per connection
  synfin explain capture.pcap          the story of one connection, step by step
  synfin read -T json capture.pcap     a JSON object per packet";

/// When to colour.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb say otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// Puts `read` in front of arguments that begin with tcpdump's options: `synfin -nnr FILE` is
/// `synfin read -nnr FILE`.
pub(super) fn with_command(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    if begins_like_tcpdump(args.get(1..).unwrap_or_default()) {
        args.insert(1, "read".into());
    }
    args
}

/// Whether the first word that is no long option is a group of short ones, other than a call for
/// help or version.
fn begins_like_tcpdump(args: &[OsString]) -> bool {
    let mut args = args.iter().map(|arg| OsStr::as_encoded_bytes(arg));
    while let Some(arg) = args.next() {
        match arg {
            b"--color" => _ = args.next(),
            [b'-', b'-', ..] => {}
            b"-" | b"-h" | b"-V" => return false,
            [b'-', ..] => return true,
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn tcpdumps_options_mean_read() {
        assert_eq!(with_command(words("synfin -nnr x.pcap")), words("synfin read -nnr x.pcap"));
        assert_eq!(with_command(words("synfin --color never -r x.pcap")), words("synfin read --color never -r x.pcap"));
    }

    #[test]
    fn commands_and_calls_for_help_stay_as_they_are() {
        for line in
            ["synfin", "synfin read -r x", "synfin -h", "synfin --help", "synfin -V", "synfin --color never conns x"]
        {
            assert_eq!(with_command(words(line)), words(line));
        }
    }
}
