//! The streams of a capture as tshark follows them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// What tshark tells of one stream.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    /// `10.0.0.1:80`: who spoke first, and the other.
    pub(crate) nodes: [String; 2],
    /// What each said.
    pub(crate) said: [Vec<u8>; 2],
}

/// Whether there is a tshark on this machine.
pub(crate) fn is_there() -> bool {
    Command::new("tshark").arg("--version").output().is_ok()
}

/// Streams asked for at once.
const AT_ONCE: usize = 200;

/// The streams of these numbers; `None` where there is no tshark.
pub(crate) fn follow(path: &Path, numbers: &[u32]) -> Option<BTreeMap<u32, Followed>> {
    let mut all = BTreeMap::new();
    for some in numbers.chunks(AT_ONCE) {
        let mut command = Command::new("tshark");
        command.args(["-n", "-q", "-r"]).arg(path);
        for number in some {
            command.args(["-z", &format!("follow,tcp,raw,{number}")]);
        }
        let ran = command.output().ok()?;
        read(&String::from_utf8_lossy(&ran.stdout), &mut all);
    }
    Some(all)
}

fn read(text: &str, all: &mut BTreeMap<u32, Followed>) {
    let mut number = None;
    for line in text.lines() {
        if line.starts_with("====") {
            number = None;
        } else if let Some(stream) = line.strip_prefix("Filter: tcp.stream eq ") {
            number = stream.trim().parse().ok();
        } else if let Some(number) = number {
            let followed: &mut Followed = all.entry(number).or_default();
            if let Some(node) = line.strip_prefix("Node 0: ") {
                node.clone_into(&mut followed.nodes[0]);
            } else if let Some(node) = line.strip_prefix("Node 1: ") {
                node.clone_into(&mut followed.nodes[1]);
            } else if let Some(octets) = line.strip_prefix('\t') {
                followed.said[1].extend(octets_of(octets));
            } else {
                followed.said[0].extend(octets_of(line));
            }
        }
    }
}

fn octets_of(hex: &str) -> impl Iterator<Item = u8> {
    hex.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).expect("ASCII");
        u8::from_str_radix(pair, 16).unwrap_or_else(|_| panic!("`{pair}` is no octet"))
    })
}
