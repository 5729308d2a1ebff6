//! The lines of TCP segments, held against tcpdump's own, word for word.
//!
//! Needs tcpdump; where it is absent, says so and passes, but for CI, where it fails.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Captures whose lines differ for a reason: tcpdump puts in the names of this machine's interfaces,
/// stops in the middle of a cut header, lists the segment that an ICMP error quotes, and begins to
/// count behind the data of a fast open.
const APART: [&str; 4] = ["any.pcap", "snaplen-cut.pcap", "icmp-tcp-unreachable.pcap", "fast-open.pcap"];

#[test]
fn segments_read_as_tcpdump_lists_them() {
    if Command::new("tcpdump").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        assert!(std::env::var_os("CI").is_none(), "tcpdump is needed here, and is not installed");
        eprintln!("tcpdump is not installed: its listings were not compared");
        return;
    }
    let mut compared = 0;
    for capture in captures() {
        for options in ["", "-S", "-tttt", "-ttt -#", "-e", "-v", "-vv -t"] {
            let options: Vec<_> = options.split_whitespace().collect();
            let theirs = segments(Command::new("tcpdump").arg("-nn").args(&options).arg("-r").arg(&capture));
            let ours = segments(
                Command::new(env!("CARGO_BIN_EXE_synfin"))
                    .args(["read", "--micro", "--checksums", "verify"])
                    .args(&options)
                    .arg(&capture),
            );
            assert_eq!(ours.len(), theirs.len(), "{} with {options:?}", capture.display());
            for (our, their) in ours.iter().zip(&theirs) {
                assert_eq!(our, their, "{} with {options:?}", capture.display());
                compared += 1;
            }
        }
    }
    assert!(compared > 1000, "only {compared} lines were compared");
}

/// The lines of segments, without what tcpdump goes on to say of their data and of what a wrong
/// checksum should have been.
fn segments(command: &mut Command) -> Vec<String> {
    let ran = command.env("TZ", "UTC").stdin(Stdio::null()).output().expect("it runs");
    String::from_utf8_lossy(&ran.stdout)
        .lines()
        .filter_map(|line| {
            let mut line = line.replace("tfo  cookie", "tfo cookie");
            if let Some(at) = line.find("(incorrect -> ") {
                line.replace_range(at + "(incorrect".len()..at + "(incorrect -> 0x1234".len(), "");
            }
            let flags = line.find(": Flags [")?;
            let length = flags + line[flags..].find(", length ")? + ", length ".len();
            let digits = line[length..].find(|letter: char| !letter.is_ascii_digit()).unwrap_or(line.len() - length);
            Some(line[..length + digits].to_owned())
        })
        .collect()
}

fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let entries = std::fs::read_dir(folder).expect("the captures are there");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "pcap" || end == "pcapng"))
        .filter(|path| !APART.iter().any(|apart| path.ends_with(apart)))
        .collect()
}
