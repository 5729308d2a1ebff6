use std::io::{self, Write};

use super::input::Input;
use super::output::Output;
use crate::capture::{Conn, Observation, Packet, Sink, Summary};

/// A line per packet, with what it meant for its connection
#[derive(Debug, clap::Args)]
pub(super) struct Read {
    #[command(flatten)]
    input: Input,
}

impl Read {
    /// Reads the captures and writes a line for every packet.
    pub(super) fn run(&self, out: &mut Output) -> anyhow::Result<Summary> {
        self.input.pump(&mut Numbers { out })
    }
}

struct Numbers<'a> {
    out: &'a mut dyn Write,
}

impl Sink for Numbers<'_> {
    fn packet(&mut self, packet: &Packet<'_>, _told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        writeln!(self.out, "{}", packet.n)
    }
}
