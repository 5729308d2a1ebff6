//! Builds a SYN from scratch and writes it to a capture: `cargo run --example craft_syn -- syn.pcap`

use std::fs::File;

use synfin::capture::file::{CaptureWriter, Format};
use synfin::capture::{Link, OwnedFrame};
use synfin::craft::{Spec, emit};
use synfin::wire::{Endpoint, Flags, OptionList, Segment, Seq, Timestamp, Window};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("which file should I write?")?;
    let client = Endpoint { addr: "192.0.2.1".parse()?, port: 40_000 };
    let server = Endpoint { addr: "192.0.2.2".parse()?, port: 80 };
    let options: OptionList = "mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7".parse()?;
    let syn = Segment { seq: Seq(4711), flags: Flags::SYN, window: Window(64240), ..Segment::default() };

    let mut packet = Vec::new();
    emit(&Spec::tcp(client, server, &syn, &options), &mut packet)?;

    let mut file = CaptureWriter::new(File::create(path)?, Format::Pcap, Link::Raw)?;
    file.write(&OwnedFrame::new(Timestamp(0), Link::Raw, packet).as_frame())?;
    file.finish()?;
    Ok(())
}
