//! Two sinks for the same packets.

use std::io;

use crate::capture::findings::Finding;
use crate::capture::{Conn, Observation, Packet, Sink, Summary, Tracker};

/// Hands everything to one sink and then to another.
pub struct Both<'a> {
    first: &'a mut dyn Sink,
    second: &'a mut dyn Sink,
}

impl<'a> Both<'a> {
    /// `first`, then `second`.
    pub fn new(first: &'a mut dyn Sink, second: &'a mut dyn Sink) -> Self {
        Self { first, second }
    }
}

impl Sink for Both<'_> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        self.first.packet(packet, told)?;
        self.second.packet(packet, told)
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        self.first.ended(conn)?;
        self.second.ended(conn)
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.first.finding(finding)?;
        self.second.finding(finding)
    }

    fn idle(&mut self) -> io::Result<()> {
        self.first.idle()?;
        self.second.idle()
    }

    fn survey(&mut self, tracker: &Tracker) -> io::Result<()> {
        self.first.survey(tracker)?;
        self.second.survey(tracker)
    }

    fn full(&self) -> bool {
        self.first.full() || self.second.full()
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        self.first.finish(summary)?;
        self.second.finish(summary)
    }
}
