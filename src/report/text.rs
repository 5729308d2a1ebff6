//! The listing: a line for each packet, and under it what it meant.

use std::io::{self, Write};

use super::annotate;
use super::apps;
use super::clock::{Clock, Precision, TimeStyle};
use super::digits::Digits as _;
use super::finding;
use super::hexdump::{self, Dump};
use super::line::{self, Counting, Origins, Style};
use super::messages::{self, Hearing};
use super::paint::{self, Ink};
use super::process::Processes;
use super::totals::Totals;
use crate::capture::apps::{Limits, Listener};
use crate::capture::attempt::Attempts;
use crate::capture::findings::Finding;
use crate::capture::{Body, Conn, Observation, Packet, Sink, Summary};

/// What a listing shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Listing {
    /// How much a line tells.
    pub style: Style,
    /// Sequence numbers as they were sent, not counted from each side's first.
    pub absolute: bool,
    /// How it tells the time.
    pub time: TimeStyle,
    /// How exactly.
    pub precision: Precision,
    /// Whether lines are numbered.
    pub number: bool,
    /// Whether the packet's octets follow.
    pub dump: Option<Dump>,
    /// Whether totals end the listing.
    pub summary: bool,
}

/// Writes a listing.
pub struct Text<'a> {
    out: &'a mut dyn Write,
    listing: Listing,
    clock: Clock,
    counting: Counting,
    totals: Totals,
    processes: Option<Box<dyn Processes>>,
    hearing: Option<Hearing>,
    listener: Option<Box<Listener>>,
    attempts: Option<Box<Attempts>>,
    lines: Vec<u8>,
}

impl<'a> Text<'a> {
    /// A listing to `out`.
    pub fn new(listing: Listing, out: &'a mut dyn Write) -> Self {
        let clock = Clock::local(listing.time, listing.precision);
        Self {
            out,
            listing,
            clock,
            counting: Counting::default(),
            totals: Totals::default(),
            processes: None,
            hearing: None,
            listener: None,
            attempts: None,
            lines: Vec::with_capacity(1024),
        }
    }

    /// The same, telling whose the ends of connections are as soon as that is known.
    #[must_use]
    pub fn with_processes(mut self, processes: Option<Box<dyn Processes>>) -> Self {
        self.processes = processes;
        self
    }

    /// The same, telling addresses by the names that answers in the input have given them so far,
    /// where that is wanted.
    #[must_use]
    pub fn with_names(mut self, wanted: bool) -> Self {
        self.attempts = wanted.then(Box::default);
        self
    }

    /// The same, telling what packets say to the application, where that is wanted.
    #[must_use]
    pub fn with_apps(mut self, wanted: bool) -> Self {
        self.listener = wanted.then(|| Box::new(Listener::new(Limits::default()).with_news()));
        self
    }

    /// The same, telling the messages of declared protocols at the packets that complete them.
    #[must_use]
    pub fn with_messages(mut self, hearing: Option<Hearing>) -> Self {
        self.hearing = hearing;
        self
    }
}

impl Sink for Text<'_> {
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        if let Some(attempts) = &mut self.attempts {
            attempts.packet(packet, told);
        }
        let Self { lines, listing, clock, counting, hearing, listener, .. } = self;
        let style = listing.style;
        lines.clear();
        if listing.number {
            let start = lines.len();
            lines.dec(packet.n);
            let digits = lines.len() - start;
            // Right-aligned in five columns, as tcpdump has it.
            lines.splice(start..start, std::iter::repeat_n(b' ', 5usize.saturating_sub(digits)));
            lines.text("  ");
        }
        style.paint.with(Ink::Dim, lines, |lines| clock.write(lines, packet.record.time));
        let origins = if listing.absolute { Origins::default() } else { counting.of(packet, told) };
        line::write(lines, packet, told, origins, style, self.attempts.as_deref().map(Attempts::names));
        lines.push(b'\n');
        if let (Some(size), true) = (packet.frame.aside.segment_size, style.verbose > 0) {
            offload(lines, packet, u32::from(size.get()));
        }
        if let (Some(comment), true) = (packet.frame.comment, style.verbose > 0) {
            lines.text("    comment: ");
            paint::escape(lines, comment);
            lines.push(b'\n');
        }
        if let Some((seen, conn)) = told {
            annotate::write(lines, packet, seen, conn, style);
            if let Some(processes) = &mut self.processes {
                let owners = processes.of(packet, seen, conn);
                if owners.news && !style.quiet {
                    owners.write_text(lines, style.paint);
                }
            }
        }
        if let Some(listener) = listener {
            listener.packet(packet, told);
            for saying in listener.news() {
                apps::said(lines, &saying, style.paint);
            }
        }
        if let Some(hearing) = hearing {
            hearing.packet(packet, told, &mut |told| messages::write_text(lines, told, style.paint));
        }
        if let Some(Dump { form, link_header }) = listing.dump {
            let start = if link_header { 0 } else { usize::from(packet.record.net_offset) };
            hexdump::write(lines, packet.frame.bytes.get(start..).unwrap_or_default(), form);
        }
        if listing.summary {
            self.totals.packet(packet);
        }
        self.out.write_all(lines)
    }

    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        if self.listing.summary {
            self.totals.ended(conn);
        }
        if let Some(processes) = &mut self.processes {
            processes.forget(conn);
        }
        if let Some(listener) = &mut self.listener {
            listener.ended(conn);
        }
        if let Some(attempts) = &mut self.attempts {
            attempts.ended(conn);
        }
        let Some(hearing) = &mut self.hearing else { return Ok(()) };
        let paint = self.listing.style.paint;
        messages::through(&mut self.lines, self.out, |lines| {
            hearing.ended(conn, &mut |told| messages::write_behind(lines, told, paint));
        })
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.lines.clear();
        let mut clock = Clock::local(TimeStyle::TimeOfDay, self.listing.precision);
        finding::text(&mut self.lines, finding, &mut clock, self.listing.style.paint);
        self.out.write_all(&self.lines)
    }

    fn idle(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        if self.listing.summary { self.totals.write_text(summary, self.out) } else { Ok(()) }
    }
}

/// Says what a frame stands for that is not on the wire like this.
fn offload(lines: &mut Vec<u8>, packet: &Packet<'_>, size: u32) {
    let payload = match packet.record.body {
        Body::Tcp(tcp) => tcp.segment.len,
        Body::Udp(udp) => udp.payload_len,
        Body::Icmp(_) | Body::Arp(_) | Body::Skip(_) => 0,
    };
    lines.text("    offload: on the wire, ");
    lines.dec(u64::from(payload.div_ceil(size)));
    lines.text(" packets of at most ");
    lines.dec(u64::from(size));
    lines.text(" octets of data each\n");
}
