//! Follows the flows of a capture with flowscope's tracker, and counts them.

use flowscope::FlowEvent;
use flowscope::extract::FiveTuple;
use flowscope::pcap::PcapFlowSource;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("which capture?")?;
    let (mut begun, mut ended) = (0_u64, 0_u64);
    for event in PcapFlowSource::open(path)?.with_extractor(FiveTuple::bidirectional()) {
        match event? {
            FlowEvent::Started { .. } => begun += 1,
            FlowEvent::Ended { .. } => ended += 1,
            _ => {}
        }
    }
    println!("{begun} flows begun, {ended} ended");
    Ok(())
}
