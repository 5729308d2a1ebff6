//! What comes back when packets are sent.

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, anyhow};

use crate::capture::{Body, Checksums, Link, OwnedFrame, Record, decode};
use crate::cli::permit::advise;
use crate::craft::{Ear, Injector};
use crate::wire::{Endpoint, Protocol, Timestamp};

/// Messages that ask, and are no answer: echo requests of ICMP and ICMPv6.
const ECHO: [u8; 2] = [8, 128];

/// An ear for the answers to what is sent.
pub(super) struct Answers {
    ear: Ear,
    patience: Duration,
    /// Who was sent what: from, to.
    asked: HashSet<(Endpoint, Endpoint, Protocol)>,
    hosts: HashSet<(IpAddr, IpAddr)>,
    count: u64,
}

impl Answers {
    /// Begins to listen where the answers to `packet` will come in.
    pub(super) fn open(injector: &Injector, packet: &[u8], patience: Duration) -> anyhow::Result<Self> {
        let frame = OwnedFrame::new(Timestamp(0), Link::Raw, packet.to_vec());
        let ip = decode(&frame.as_frame(), Checksums::Ignore).ip;
        let to = ip.ok_or_else(|| anyhow!("who would answer a packet without an IP header?"))?.dst;
        let ear = injector.ear(to).map_err(advise)?;
        Ok(Self { ear, patience, asked: HashSet::new(), hosts: HashSet::new(), count: 0 })
    }

    /// How long to listen after the last packet.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// How many answers have come.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// This was sent.
    pub(super) fn asked(&mut self, frame: &OwnedFrame) {
        let record = decode(&frame.as_frame(), Checksums::Ignore);
        self.asked.extend(record.endpoints());
        self.hosts.extend(record.ip.map(|ip| (ip.src, ip.dst)));
    }

    /// The next answer, if there is one within `span`. What else comes in ends the wait early.
    pub(super) fn hear(&mut self, span: Duration) -> anyhow::Result<Option<OwnedFrame>> {
        let Some(heard) = self.ear.hear(span).context("cannot hear what comes back")? else {
            return Ok(None);
        };
        let time = Timestamp(heard.time.0 / 1_000 * 1_000);
        let frame = OwnedFrame::new(time, Link::Raw, heard.packet.to_vec());
        let answers = self.is_answer(&decode(&frame.as_frame(), Checksums::Ignore));
        self.count += u64::from(answers);
        Ok(answers.then_some(frame))
    }

    fn is_answer(&self, record: &Record) -> bool {
        match (record.body, record.endpoints()) {
            (Body::Icmp(icmp), _) if ECHO.contains(&icmp.kind) => false,
            (Body::Icmp(icmp), _) => {
                let about = icmp.quoted.map(|quoted| (quoted.src, quoted.dst));
                let back = record.ip.map(|ip| (ip.dst, ip.src));
                about.or(back).is_some_and(|hosts| self.hosts.contains(&hosts))
            }
            (_, Some((from, to, protocol))) => self.asked.contains(&(to, from, protocol)),
            (_, None) => false,
        }
    }
}
