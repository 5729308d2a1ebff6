//! `with-pnet INTERFACE FILE`: the loop of pnet's datalink channel.

use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use pnet_datalink::{Channel, Config};
use receivers::{Pcap, stop};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (name, file) = (std::env::args().nth(1).ok_or("which interface?")?, std::env::args().nth(2).ok_or("which file?")?);
    let stop = stop()?;
    let interface = pnet_datalink::interfaces().into_iter().find(|it| it.name == name).ok_or("no such interface")?;
    let config = Config { read_buffer_size: 256 << 10, read_timeout: Some(Duration::from_millis(100)), ..Config::default() };
    let Channel::Ethernet(_, mut frames) = pnet_datalink::channel(&interface, config)? else { return Err("no Ethernet".into()) };
    let mut pcap = Pcap::create(&file)?;
    while !stop.load(Ordering::Relaxed) {
        match frames.next() {
            // It has no time, and no length but that of what it kept.
            Ok(frame) => pcap.write(SystemTime::UNIX_EPOCH.elapsed()?, frame.len() as u32, frame)?,
            Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(pcap.finish()?)
}
