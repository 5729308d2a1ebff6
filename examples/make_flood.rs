//! Writes a capture of a flood, a scan or other trouble to a file, the same every time; nothing is
//! sent.
//!
//!     cargo run --release --example make_flood -- flood flood.pcap 10000000 10 10000
//!
//! The story, the file, how many (SYNs, ports, hosts, clients), over how many seconds, and how many
//! honest clients there are in between.

#[path = "../tests/common/floods.rs"]
mod floods;

use std::env;
use std::fs::File;
use std::io::BufWriter;
use std::process::ExitCode;

use floods::{Size, Story};

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let number = |at: usize, default: u64| args.get(at).map_or(Some(default), |word| word.parse().ok());
    let story = args.first().and_then(|name| Story::ALL.into_iter().find(|(known, _)| known == name));
    let (Some((_, story)), Some(path), Some(many), Some(seconds), Some(honest)) =
        (story, args.get(1), number(2, 100_000), number(3, 10), number(4, 100))
    else {
        let names = Story::ALL.map(|(name, _)| name).join("|");
        eprintln!("make_flood {names} FILE [MANY [SECONDS [HONEST]]]");
        return ExitCode::from(2);
    };
    let size = Size { many: many as u32, lasts: seconds * 1_000_000_000, honest: honest as u32 };
    let written =
        File::create(path).and_then(|file| floods::write(story, size, &mut BufWriter::with_capacity(1 << 20, file)));
    if let Err(error) = &written {
        eprintln!("make_flood: cannot write {path}: {error}");
    }
    written.map_or(ExitCode::FAILURE, |_| ExitCode::SUCCESS)
}
