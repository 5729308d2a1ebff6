//! `with-pcap INTERFACE FILE`: the loop of the pcap crate, which is libpcap's.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use receivers::{Pcap, stop};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (name, file) = (std::env::args().nth(1).ok_or("which interface?")?, std::env::args().nth(2).ok_or("which file?")?);
    let stop = stop()?;
    // Without `setnonblock`, `next_packet` would not come back from a quiet interface.
    let mut frames = pcap::Capture::from_device(&*name)?.promisc(true).snaplen(262_144).open()?.setnonblock()?;
    let mut pcap = Pcap::create(&file)?;
    while !stop.load(Ordering::Relaxed) {
        match frames.next_packet() {
            Ok(frame) => {
                let time = &frame.header.ts;
                let time = Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1_000);
                pcap.write(time, frame.header.len, frame.data)?;
            }
            Err(pcap::Error::TimeoutExpired) => thread::sleep(Duration::from_millis(1)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(pcap.finish()?)
}
