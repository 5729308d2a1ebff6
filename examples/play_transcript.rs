//! Plays a transcript into a capture file that Wireshark opens too:
//! `cargo run --example play_transcript -- tests/transcripts/open-simultaneous.tcp simultaneous.pcap`

use std::fs::{self, File};

use synfin::capture::file::{CaptureWriter, Format};
use synfin::capture::{Link, OwnedFrame};
use synfin::craft::Script;
use synfin::craft::script::Medium;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let paths: Vec<_> = std::env::args_os().skip(1).collect();
    let [script, capture] = paths.as_slice() else {
        return Err("expected two files: a transcript to read and a capture to write".into());
    };
    let script: Script = fs::read_to_string(script)?.parse()?;

    let mut file = CaptureWriter::new(File::create(capture)?, Format::Pcap, Link::Ethernet)?;
    for shot in script.frames()? {
        let link = match shot.medium {
            Medium::Ethernet => Link::Ethernet,
            Medium::Raw => Link::Raw,
        };
        file.write(&OwnedFrame::new(shot.time, link, shot.bytes).as_frame())?;
    }
    file.finish()?;
    Ok(())
}
