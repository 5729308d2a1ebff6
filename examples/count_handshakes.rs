//! Counts the steps of TCP handshakes: `cargo run --example count_handshakes -- captures/*.pcap`

use std::io;

use synfin::capture::file::{Captures, Options};
use synfin::capture::track::Note;
use synfin::capture::{Checksums, Conn, Observation, Packet, Sink, Tracker, pump};

#[derive(Default)]
struct Handshakes {
    asked: u32,
    answered: u32,
    done: u32,
}

impl Sink for Handshakes {
    fn packet(&mut self, _: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        let Some((Observation { notes, .. }, _)) = told else {
            return Ok(());
        };
        self.asked += u32::from(notes.contains(Note::Open1));
        self.answered += u32::from(notes.contains(Note::Open2));
        self.done += u32::from(notes.intersects(&[Note::Open3, Note::Open3Data, Note::Open3Fin]));
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut capture = Captures::open(std::env::args_os().skip(1), Options::default())?;
    let mut handshakes = Handshakes::default();
    pump(&mut capture, Checksums::Ignore, &mut Tracker::default(), &mut handshakes)?;

    let Handshakes { asked, answered, done } = handshakes;
    println!("{asked} asked, {answered} answered, {done} done");
    Ok(())
}
