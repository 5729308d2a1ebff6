//! What the receivers share: a pcap file, and a flag that Ctrl-C sets.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A pcap file in microseconds.
pub struct Pcap(BufWriter<File>);

impl Pcap {
    /// Begins a file.
    pub fn create(path: &str) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(256 << 10, File::create(path)?);
        for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1] {
            file.write_all(&word.to_le_bytes())?;
        }
        Ok(Self(file))
    }

    /// Appends a frame.
    pub fn write(&mut self, time: Duration, wire_len: u32, octets: &[u8]) -> io::Result<()> {
        for word in [time.as_secs() as u32, time.subsec_micros(), octets.len() as u32, wire_len] {
            self.0.write_all(&word.to_le_bytes())?;
        }
        self.0.write_all(octets)
    }

    /// Ends the file.
    pub fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A flag that is set when it is time to stop.
pub fn stop() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&stop))?;
    Ok(stop)
}
