use std::collections::BTreeMap;
use std::io;

use super::decode::{decode, decode_into, glance_key};
use super::defrag::Defrag;
use super::findings::{self, Finding, Phase};
use super::frame::{Aside, Damage, Frame, Lent, Link, Next, Source, SourceError};
use super::record::{Arp, Body, Checksums, Fragments, Record, Skip};
use super::track::{self, ByTheBook, Conn, Datagrams, Observation, Told, Tracker, Twice, Unanswered};
use crate::wire::Timestamp;

/// One packet on its way to a sink.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Its number in the input, from 1.
    pub n: u64,
    /// The frame it came in.
    pub frame: Frame<'a>,
    /// What the frame says.
    pub record: &'a Record,
    /// The IP packet that the record's offsets count in: the frame from its network header on,
    /// or a datagram put together from fragments.
    pub datagram: &'a [u8],
}

impl<'a> Packet<'a> {
    /// The captured octets after the transport header, padding left off; shorter than the
    /// record's `payload_len` where the snap length cut them.
    pub fn payload(&self) -> &'a [u8] {
        let (start, len) = match self.record.body {
            Body::Tcp(tcp) => (usize::from(tcp.offset) + usize::from(tcp.hdr_len), tcp.segment.len),
            Body::Udp(udp) => (usize::from(udp.offset) + 8, udp.payload_len),
            Body::Icmp(icmp) => (usize::from(icmp.offset) + 8, icmp.payload_len),
            Body::Arp(_) | Body::Skip(_) => return &[],
        };
        let rest = self.datagram.get(start..).unwrap_or_default();
        &rest[..rest.len().min(len as usize)]
    }

    /// The captured octets of the TCP option list.
    pub fn tcp_options(&self) -> &'a [u8] {
        let Body::Tcp(tcp) = self.record.body else {
            return &[];
        };
        let start = usize::from(tcp.offset) + 20;
        let end = usize::from(tcp.offset) + usize::from(tcp.hdr_len);
        self.datagram.get(start..end.min(self.datagram.len())).unwrap_or_default()
    }
}

/// Takes what the pump brings. Every method may be left out.
pub trait Sink {
    /// A packet; with what it meant, where it belongs to a conversation.
    ///
    /// # Errors
    ///
    /// When the output can't be written: stops the pump.
    fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) -> io::Result<()> {
        let _ = (packet, told);
        Ok(())
    }

    /// Whether it wants to see the packets that come next; asked whenever it was handed one. Who
    /// does not is still handed some. By default it does.
    fn wants_packets(&self) -> bool {
        true
    }

    /// A connection that will change no more.
    ///
    /// # Errors
    ///
    /// When the output can't be written: stops the pump.
    fn ended(&mut self, conn: &Conn) -> io::Result<()> {
        let _ = conn;
        Ok(())
    }

    /// A connection that will change no more, and of which no more than a first SYN was seen. By
    /// default it is one like any other.
    ///
    /// # Errors
    ///
    /// When the output can't be written: stops the pump.
    fn unanswered(&mut self, syn: &Unanswered<'_>) -> io::Result<()> {
        self.ended(&syn.conn())
    }

    /// A connection that went by the book until the input ended. By default it is one like any other.
    ///
    /// # Errors
    ///
    /// When the output can't be written: stops the pump.
    fn by_the_book(&mut self, plain: &mut ByTheBook<'_>) -> io::Result<()> {
        self.ended(plain.conn())
    }

    /// A conversation of datagrams of which there was little to say until the input ended. By default it
    /// is one like any other.
    ///
    /// # Errors
    ///
    /// When the output can't be written: stops the pump.
    fn datagrams(&mut self, talk: &mut Datagrams<'_>) -> io::Result<()> {
        self.ended(talk.conn())
    }

    /// Something that goes on around many connections begins, changes or ends.
    ///
    /// # Errors
    ///
    /// When the output can't be written: stops the pump.
    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        let _ = finding;
        Ok(())
    }

    /// Nothing to read for a while (live only): a moment to flush or redraw.
    ///
    /// # Errors
    ///
    /// When the output can't be written: stops the pump.
    fn idle(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// The same moment, with a look at all connections that are being followed.
    ///
    /// # Errors
    ///
    /// When the output can't be written: stops the pump.
    fn survey(&mut self, tracker: &Tracker) -> io::Result<()> {
        let _ = tracker;
        Ok(())
    }

    /// Whether the sink has all it wants; the pump then stops.
    fn full(&self) -> bool {
        false
    }

    /// The end of the input.
    ///
    /// # Errors
    ///
    /// When the output can't be written.
    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        let _ = summary;
        Ok(())
    }
}

/// What a run read, and what it could not.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Frames read.
    pub frames: u64,
    /// Frames that a filter left out, beside those.
    pub left_out: u64,
    /// Octets on the wire of the frames read.
    pub wire_octets: u64,
    /// Frames that became no transport record, by reason.
    pub skipped: BTreeMap<Skip, u64>,
    /// ARP packets, which are read but belong to no conversation.
    pub arp: u64,
    /// Packets the capture shows twice.
    pub duplicates: u64,
    /// Connections begun.
    pub conns: u64,
    /// The latest time of a frame.
    pub last: Timestamp,
    /// What went on around many connections, by kind.
    pub findings: BTreeMap<findings::Kind, u64>,
    /// Stretches that could not be read.
    pub damage: Vec<Damage>,
}

/// Why a run stopped early.
#[derive(Debug, thiserror::Error)]
pub enum PumpError {
    /// The input failed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The output failed.
    #[error("cannot write: {0}")]
    Sink(#[from] io::Error),
}

/// The only loop: takes frames from `source` until it ends, has each decoded and tracked, and
/// hands it to `sink`; then every connection, in order of first packet. No packet would find any of
/// them afterwards.
///
/// # Errors
///
/// When the source can't be read at all or the sink can't be written. What came before has been
/// handed on.
pub fn pump(
    source: &mut dyn Source,
    reading: impl Into<Reading>,
    tracker: &mut Tracker,
    sink: &mut dyn Sink,
) -> Result<Summary, PumpError> {
    let mut summary = Summary::default();
    let outcome = pass_all(source, reading.into(), tracker, sink, &mut summary);
    tracker.settle();
    tell_findings(tracker, sink, &mut summary)?;
    summary.conns = tracker.begun();
    summary.duplicates = tracker.duplicates();
    summary.last = tracker.now();
    tracker.tell_rest(|told| tell(sink, told))?;
    sink.finish(&summary)?;
    outcome.map(|()| summary)
}

/// Hands on a connection that is over, or was there at the end.
fn tell(sink: &mut dyn Sink, told: Told<'_>) -> io::Result<()> {
    match told {
        Told::Conn(conn) => sink.ended(conn),
        Told::Unanswered(syn) => sink.unanswered(&syn),
        Told::ByTheBook(mut plain) => sink.by_the_book(&mut plain),
        Told::Datagrams(mut talk) => sink.datagrams(&mut talk),
    }
}

/// Hands on what the tracker has found since this was done last.
#[inline]
fn tell_findings(tracker: &mut Tracker, sink: &mut dyn Sink, summary: &mut Summary) -> io::Result<()> {
    while let Some(finding) = tracker.finding() {
        if finding.phase == Phase::Begins {
            *summary.findings.entry(finding.kind).or_default() += 1;
        }
        sink.finding(&finding)?;
    }
    Ok(())
}

/// What the packets of a capture are read as.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reading {
    /// Whether checksums are verified.
    pub checksums: Checksums,
    /// Whether datagrams that came in fragments are put together.
    pub reassemble: bool,
}

impl From<Checksums> for Reading {
    fn from(checksums: Checksums) -> Self {
        Self { checksums, reassemble: true }
    }
}

/// Has the record of a datagram's last fragment say what the datagram carries.
fn take_whole(record: &mut Record, packet: &[u8], fragments: Fragments, checksums: Checksums) {
    let wire_len = packet.len() as u32;
    let frame = Frame {
        time: record.time,
        wire_len,
        link: Link::Raw,
        interface: 0,
        bytes: packet,
        comment: None,
        aside: Aside::NONE,
    };
    let whole = decode(&frame, checksums);
    if let (Some(ip), Some(whole)) = (&mut record.ip, whole.ip) {
        ip.proto = whole.proto;
    }
    record.body = whole.body;
    record.fragments = Some(fragments);
}

fn pass_all(
    source: &mut dyn Source,
    reading: Reading,
    tracker: &mut Tracker,
    sink: &mut dyn Sink,
    summary: &mut Summary,
) -> Result<(), PumpError> {
    let mut defrag = Defrag::default();
    let mut record = Record::default();
    let mut foreseen = 0;
    // Whether nobody asks more of a packet than a glance can tell.
    let mut glances = false;
    while !sink.full() {
        if glances {
            if take_at_a_glance(source, tracker, sink, summary)? {
                continue;
            }
        } else if foreseen == 0 {
            foreseen = track::SHOWN - 1;
            foresee(source, tracker, summary);
        } else {
            foreseen -= 1;
        }
        match source.next()? {
            Next::Frame(frame) => {
                summary.frames += 1;
                summary.wire_octets += u64::from(frame.wire_len);
                // Those of a source that lends none.
                if glances && tracker.take_at_a_glance(summary.frames, &frame) {
                    tell_news(tracker, sink, summary)?;
                    continue;
                }
                decode_into(&frame, reading.checksums, &mut record);
                let mut datagram = frame.bytes.get(usize::from(record.net_offset)..).unwrap_or_default();
                if matches!(record.body, Body::Skip(Skip::Fragment))
                    && reading.reassemble
                    && let Some((whole, fragments)) = defrag.take(&record, datagram)
                {
                    take_whole(&mut record, whole, fragments, reading.checksums);
                    datagram = whole;
                }
                let packet = Packet { n: summary.frames, frame, record: &record, datagram };
                match record.body {
                    Body::Skip(skip) => *summary.skipped.entry(skip).or_default() += 1,
                    Body::Arp(Arp { .. }) => summary.arp += 1,
                    Body::Tcp(_) | Body::Udp(_) | Body::Icmp(_) => {}
                }
                let seen = tracker.observe(packet.n, &record);
                tracker.tell_departed(|told| tell(sink, told))?;
                let told = seen.as_ref().and_then(|seen| Some((seen, tracker.conn(seen)?)));
                sink.packet(&packet, told)?;
                tell_findings(tracker, sink, summary)?;
                glances = reading.checksums == Checksums::Ignore && !sink.wants_packets();
            }
            Next::Idle(now) => {
                tracker.rest(now);
                tracker.tell_departed(|told| tell(sink, told))?;
                tell_findings(tracker, sink, summary)?;
                sink.idle()?;
                sink.survey(tracker)?;
            }
            Next::LeftOut => summary.left_out += 1,
            Next::Damage(damage) => summary.damage.push(damage),
            Next::End => break,
        }
    }
    Ok(())
}

/// Has the tracker be ready for the frames that come next.
fn foresee(source: &dyn Source, tracker: &mut Tracker, summary: &Summary) {
    if tracker.looks_ahead() {
        source.peek(track::SHOWN, &mut |link, bytes| {
            if let Some(key) = glance_key(link, bytes) {
                tracker.foresee(&key);
            }
        });
        tracker.make_ready(summary.frames + 1);
    }
}

/// Takes the frames that are at hand, as long as a glance tells all of them, and says whether there may be
/// more of those.
#[inline]
fn take_at_a_glance(
    source: &mut dyn Source,
    tracker: &mut Tracker,
    sink: &mut dyn Sink,
    summary: &mut Summary,
) -> io::Result<bool> {
    let ahead = tracker.looks_ahead();
    tracker.at_a_glance(|tracker, twice| {
        let first = summary.frames + 1;
        let (mut last, mut outcome) = (Lent::Refused, Ok(()));
        source.lend(&mut |frame| {
            last = tracker.read(twice, summary.frames + 1, frame, ahead);
            if last == Lent::Refused {
                return last;
            }
            summary.frames += 1;
            summary.wire_octets += u64::from(frame.wire_len);
            if !ahead {
                if let Err(error) = take_those_read(tracker, twice, sink, summary) {
                    (outcome, last) = (Err(error), Lent::Enough);
                } else if summary.frames + 1 == first + track::SHOWN as u64 {
                    last = Lent::Enough;
                }
            }
            last
        });
        outcome?;
        if ahead {
            tracker.make_ready_for(twice.tags(), first);
            take_those_read(tracker, twice, sink, summary)?;
        }
        Ok(last == Lent::Enough)
    })
}

/// Has the tracker take in what was read, and tells what comes of it.
#[inline(always)]
#[expect(clippy::inline_always, reason = "on the way of every packet")]
fn take_those_read(
    tracker: &mut Tracker,
    twice: &mut Twice,
    sink: &mut dyn Sink,
    summary: &mut Summary,
) -> io::Result<()> {
    while let Some(seat) = twice.first() {
        tracker.take_in(twice, seat);
        if tracker.has_news() {
            tell_news(tracker, sink, summary)?;
        }
    }
    Ok(())
}

/// Tells of the connections that were given up and of what was found since this was done last.
#[inline(never)]
fn tell_news(tracker: &mut Tracker, sink: &mut dyn Sink, summary: &mut Summary) -> io::Result<()> {
    tracker.tell_departed(|told| tell(sink, told))?;
    tell_findings(tracker, sink, summary)
}
