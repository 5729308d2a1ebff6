//! Says which connections never opened, and why: `cargo run --example failed_connections -- captures/*.pcap`

use std::io;

use synfin::capture::file::{Captures, Options};
use synfin::capture::track::{Open, Role};
use synfin::capture::{Checksums, Conn, Sink, Tracker, pump};

struct Failures;

impl Sink for Failures {
    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        let (client, server) = (conn.endpoint(Role::Client), conn.endpoint(Role::Server));
        let why = match conn.open() {
            Open::Refused => "nobody listens there",
            Open::Unreachable => "a host on the way says that it cannot be reached",
            Open::NoAnswer => "nothing came back",
            Open::HalfOpen => "the client never took the third step",
            Open::RejectedByClient => "the client wanted nothing of it",
            _ => return Ok(()),
        };
        println!("frames {} to {}: {client} to {server}: {why}", conn.first_n, conn.last_n);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut capture = Captures::open(std::env::args_os().skip(1), Options::default())?;
    pump(&mut capture, Checksums::Ignore, &mut Tracker::default(), &mut Failures)?;
    Ok(())
}
