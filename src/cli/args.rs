//! Words that every command understands, and the calls of hands that know tcpdump.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use anstream::ColorChoice;
use clap::error::ErrorKind;

use super::usage;

/// What `--help` ends with.
pub(super) const EXAMPLES: &str = "\
Examples:
  synfin read capture.pcap             a line per packet, with what it means
  synfin -r capture.pcap               the same, for hands that know tcpdump
  synfin sniff -i eth0                 the same of an interface, as it passes; also synfin -i eth0
  synfin conns capture.pcap            a line per connection
  synfin read capture.pcap port 443    only what a filter chooses, in the language of tcpdump
  synfin explain capture.pcap          the story of one connection, step by step
  synfin follow --conn 0 capture.pcap  what both of its ends said
  synfin report capture.pcap -o x.html one page on all of them, for a browser
  synfin demo                          a connection of one's own, performed and explained
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

/// Understands the two calls that a grammar of options cannot: tcpdump's without a command
/// (`synfin -nnr FILE` is `synfin read -nnr FILE`), and tshark's `-e NAME`, which with `-T fields`
/// names a field where tcpdump's `-e` stands alone.
pub(super) fn understood(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    if writes_fields(&args) {
        name_fields(&mut args);
    }
    follow_as_tshark(&mut args);
    if let Some(at) = lists_interfaces(&args) {
        args.splice(1..=at, ["interfaces".into()]);
    } else if begins_like_tcpdump(args.get(1..).unwrap_or_default()) {
        let command = if names_interface(&args[1..]) { "sniff" } else { "read" };
        args.insert(1, command.into());
    }
    args
}

/// Turns tshark's `-q -z follow,tcp,hex,3`, without a command, into `follow -T hex --stream tcp:3`.
fn follow_as_tshark(args: &mut Vec<OsString>) {
    if !begins_like_tcpdump(args.get(1..).unwrap_or_default()) {
        return;
    }
    let asked = |words: &OsString| {
        let mut words = words.to_str()?.strip_prefix("follow,")?.splitn(3, ',');
        let (over, form, number) = (words.next()?, words.next()?, words.next()?);
        let known = matches!(over, "tcp" | "udp") && matches!(form, "ascii" | "hex" | "raw");
        known.then(|| [String::from("-T"), form.to_owned(), "--stream".to_owned(), format!("{over}:{number}")])
    };
    let found = (1..args.len().saturating_sub(1)).find_map(|at| {
        let said = args.get(at).is_some_and(|word| word == "-z");
        said.then(|| asked(args.get(at + 1)?)).flatten().map(|words| (at, words))
    });
    if let Some((at, words)) = found {
        args.splice(at..at + 2, words.map(OsString::from));
        args.retain(|word| word != "-q" && word != "-n");
        args.insert(1, "follow".into());
    }
}

/// Where the first words ask, as tcpdump's do, which interfaces there are.
fn lists_interfaces(args: &[OsString]) -> Option<usize> {
    let at = if args.get(1).is_some_and(|word| word == "sniff") { 2 } else { 1 };
    args.get(at).is_some_and(|word| word == "-D" || word == "--list-interfaces").then_some(at)
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

/// Whether tcpdump's options name an interface (`-i`, alone or at the end of a group) before they
/// name a file.
fn names_interface(args: &[OsString]) -> bool {
    let mut args = args.iter().map(|arg| OsStr::as_encoded_bytes(arg));
    while let Some(arg) = args.next() {
        let group = match arg {
            b"--interface" => return true,
            [b'-', b'-', rest @ ..] if rest.starts_with(b"interface=") => return true,
            [b'-', b'-', ..] => continue,
            [b'-', group @ ..] => group,
            _ => continue,
        };
        let Some(at) = group.iter().position(|letter| TAKES_VALUE.contains(letter)) else {
            continue;
        };
        match group[at] {
            b'i' => return true,
            b'r' => return false,
            _ if at + 1 == group.len() => _ = args.next(),
            _ => {}
        }
    }
    false
}

/// The short options that a value follows.
const TAKES_VALUE: &[u8] = b"BCEFGQTWcirswy";

/// A better answer where a capture stands in the place of a command.
pub(super) fn meant(error: clap::Error, args: &[OsString]) -> clap::Error {
    match args.get(1) {
        Some(word) if error.kind() == ErrorKind::InvalidSubcommand && Path::new(word).is_file() => {
            let file = word.to_string_lossy();
            usage(
                error.kind(),
                format!(
                    "'{file}' is no command; what shall be done with it?\n\n  synfin read {file}\n  synfin conns {file}\n  synfin explain {file}"
                ),
            )
        }
        _ => error,
    }
}

fn writes_fields(args: &[OsString]) -> bool {
    const FORMS: [&str; 4] = ["fields", "csv", "tsv", "parquet"];
    let is_form = |form: &str| FORMS.contains(&form);
    args.iter().filter_map(|arg| arg.to_str()?.strip_prefix("-T")).any(is_form)
        || args.windows(2).any(|pair| pair[0] == "-T" && pair[1].to_str().is_some_and(is_form))
}

/// Turns `-e NAME` and `-eNAME` into `--field=NAME`.
fn name_fields(args: &mut Vec<OsString>) {
    let mut at = 0;
    while at < args.len() {
        let name = if args[at] == "-e" && at + 1 < args.len() {
            Some(args.remove(at + 1))
        } else {
            args[at].to_str().and_then(|arg| arg.strip_prefix("-e")).filter(|name| !name.is_empty()).map(OsString::from)
        };
        if let Some(name) = name {
            let mut field = OsString::from("--field=");
            field.push(name);
            args[at] = field;
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn tcpdumps_options_mean_read() {
        assert_eq!(understood(words("synfin -nnr x.pcap")), words("synfin read -nnr x.pcap"));
        assert_eq!(understood(words("synfin --color never -r x.pcap")), words("synfin read --color never -r x.pcap"));
    }

    #[test]
    fn a_d_asks_for_the_interfaces() {
        for line in ["synfin -D", "synfin sniff -D", "synfin --list-interfaces"] {
            assert_eq!(understood(words(line)), words("synfin interfaces"));
        }
        assert_eq!(understood(words("synfin read -D")), words("synfin read -D"));
    }

    #[test]
    fn a_follow_as_tshark_has_it_means_follow() {
        assert_eq!(
            understood(words("synfin -n -r x.pcap -q -z follow,tcp,ascii,3")),
            words("synfin follow -r x.pcap -T ascii --stream tcp:3")
        );
        for line in ["synfin read -r x -z follow,tcp,hex,3", "synfin conns x.pcap -z follow,tcp,hex,3"] {
            assert_eq!(understood(words(line)), words(line));
        }
    }

    #[test]
    fn an_interface_means_sniff() {
        for line in ["-i lo", "-nni lo tcp", "-c 3 -nilo", "-w -r -i lo", "--interface=lo -n", "-s 96 --interface lo"] {
            assert_eq!(understood(words(&format!("synfin {line}")))[1], *"sniff", "{line}");
        }
        for line in ["-nnr i -c 3", "-r x -T json", "-T json -r -i"] {
            assert_eq!(understood(words(&format!("synfin {line}")))[1], *"read", "{line}");
        }
    }

    #[test]
    fn an_e_names_a_field_only_where_fields_are_written() {
        assert_eq!(understood(words("synfin -e -r x")), words("synfin read -e -r x"));
        assert_eq!(
            understood(words("synfin -r x -T fields -e ip.src -etcp.seq -E header=y")),
            words("synfin read -r x -T fields --field=ip.src --field=tcp.seq -E header=y")
        );
    }

    #[test]
    fn commands_and_calls_for_help_stay_as_they_are() {
        for line in
            ["synfin", "synfin read -r x", "synfin -h", "synfin --help", "synfin -V", "synfin --color never conns x"]
        {
            assert_eq!(understood(words(line)), words(line));
        }
    }
}
