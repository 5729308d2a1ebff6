use super::super::pump::Packet;
use super::super::record::Tcp;
use super::super::track::{Conn, Note, Notes, Observation};
use super::assembly::Assembly;
use crate::wire::recording::Greeting;
use crate::wire::{Flags, OptionList, Seq, Side, Timestamp};

/// A connection that is being recorded.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// The time of its first packet.
    pub(super) began: Timestamp,
    /// Its ends, by side.
    pub(super) ends: [DraftEnd; 2],
}

/// One end of it.
#[derive(Clone, Debug, Default)]
pub(super) struct DraftEnd {
    /// The number of octet 0: seen in a SYN, else the first that was seen or acknowledged.
    pub(super) base: Option<Seq>,
    /// What its SYN said, and when.
    pub(super) greeting: Option<(Greeting, Moment)>,
    pub(super) stream: Assembly,
    /// The stretches of the stream, as they came.
    pub(super) pieces: Vec<Piece>,
    /// Stretches that the snap length cut off.
    pub(super) cuts: Vec<Piece>,
    /// How many octets they have.
    cut: u64,
    /// Offset of its FIN, and when it was seen.
    pub(super) fin: Option<(u64, Moment)>,
    /// When it reset the connection.
    pub(super) reset: Option<Moment>,
    /// What it had acknowledged last.
    heard: u64,
    /// Nothing more of its octets is kept.
    pub(super) full: bool,
    pub(super) counts: Counts,
}

/// When something was said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// In which frame.
    pub(super) n: u64,
    /// Its time.
    pub(super) time: Timestamp,
    /// How far the other end's stream was acknowledged in it.
    pub(super) heard: u64,
}

/// A stretch of a stream, and when it was first seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) push: bool,
    pub(super) moment: Moment,
}

/// What an end sent, by number.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) segments: u32,
    pub(super) data_segments: u32,
    pub(super) repeats: u32,
    pub(super) largest: u32,
    pub(super) oversized: u32,
    /// Smallest and largest window field once it was open.
    pub(super) windows: Option<(u16, u16)>,
}

/// Segments that say nothing to the stream: they never reached the other end's, or not as they
/// are.
const NO_STREAM: &[Note] = &[
    Note::CaptureDuplicate,
    Note::ChecksumBad,
    Note::HalfopenChallenge,
    Note::HalfopenCleared,
    Note::Keepalive,
    Note::PawsFail,
    Note::ReuseParked,
    Note::SynLate,
];

/// Resets that had no effect, or are likely somebody else's.
const NO_RESET: &[Note] = &[Note::RstBlind, Note::RstChallenged, Note::RstSuspect, Note::ResetBackscatter];

impl Draft {
    pub(super) fn new(began: Timestamp) -> Self {
        Self { began, ends: [DraftEnd::default(), DraftEnd::default()] }
    }

    /// Takes in a segment, with at most `room` octets of payload.
    pub(super) fn take(&mut self, packet: &Packet<'_>, tcp: &Tcp, observation: &Observation, conn: &Conn, room: u64) {
        if observation.notes.intersects(NO_STREAM) {
            return;
        }
        let side = conn.side(observation.from);
        let segment = &tcp.segment;
        let heard = segment.acked().map(|ack| self.heard_by(side, ack, segment.flags));
        let end = self.end(side);
        end.heard = heard.map_or(end.heard, |heard| heard.max(end.heard));
        let moment = Moment { n: packet.n, time: packet.record.time, heard: heard.unwrap_or(end.heard) };
        end.count(packet, tcp, observation.notes);
        if segment.flags.contains(Flags::RST) {
            if !observation.notes.intersects(NO_RESET) && end.reset.is_none() {
                end.reset = Some(moment);
            }
            return;
        }
        if segment.flags.contains(Flags::SYN) {
            self.greet(side, packet, tcp, moment);
        }
        let end = self.end(side);
        let spoken = segment.data_seq();
        let base = *end.base.get_or_insert(spoken);
        let earlier = base.offset_from(spoken);
        // Something before the first that was seen, where no SYN tells where the stream begins.
        if earlier > 0 && end.greeting.is_none() && segment.len > 0 && earlier < EARLIER {
            self.shift(side, earlier as u32);
        }
        if segment.len > 0 {
            self.say(side, packet, tcp, moment, room);
        }
        let end = self.end(side);
        if let Some(fin) = segment.fin_seq()
            && end.fin.is_none()
            && let Some(at) = end.offset(fin)
        {
            end.fin = Some((at, moment));
        }
    }

    /// About how much memory it takes, in octets.
    pub(super) fn held(&self) -> u64 {
        self.ends.iter().map(DraftEnd::held).sum()
    }

    pub(super) fn end(&mut self, side: Side) -> &mut DraftEnd {
        &mut self.ends[side as usize]
    }

    /// The offset in the other end's stream that `ack` of `side` stands for.
    fn heard_by(&mut self, side: Side, ack: Seq, flags: Flags) -> u64 {
        let peer = self.end(!side);
        // Where nothing of the peer was seen, this is where it has come to. A RST may say anything.
        if peer.base.is_none() && !flags.contains(Flags::RST) {
            peer.base = Some(ack);
        }
        peer.offset(ack).unwrap_or(0)
    }

    /// A SYN, or SYN/ACK: now it is known where the stream begins.
    fn greet(&mut self, side: Side, packet: &Packet<'_>, tcp: &Tcp, moment: Moment) {
        let end = self.end(side);
        if end.greeting.is_some() {
            return;
        }
        let first = tcp.segment.data_seq();
        let earlier = end.base.map_or(0, |base| base.offset_from(first));
        let greeting = Greeting {
            flags: tcp.segment.flags,
            window: tcp.segment.window,
            options: OptionList::from_octets(packet.tcp_options()).unwrap_or_default(),
            ttl: packet.record.ip.map_or(64, |ip| ip.ttl),
        };
        end.greeting = Some((greeting, moment));
        if (0..EARLIER).contains(&earlier) {
            self.shift(side, earlier as u32);
        } else {
            // Numbers of something else: what came before the SYN does not count.
            *end = DraftEnd { greeting: end.greeting, counts: end.counts, ..DraftEnd::default() };
        }
        self.end(side).base = Some(first);
    }

    /// Octets of the stream.
    fn say(&mut self, side: Side, packet: &Packet<'_>, tcp: &Tcp, moment: Moment, room: u64) {
        let end = self.end(side);
        let Some(at) = end.offset(tcp.segment.data_seq()) else {
            return;
        };
        let payload = packet.payload();
        if end.full || u64::from(tcp.segment.len) > room {
            end.full = true;
            return;
        }
        let push = tcp.segment.flags.contains(Flags::PSH);
        let DraftEnd { stream, pieces, .. } = end;
        stream.put(at, payload, |from, to| pieces.push(Piece { from, to, push, moment }));
        let (cut_at, to) = (at + payload.len() as u64, at + u64::from(tcp.segment.len));
        if cut_at < to {
            end.cuts.push(Piece { from: cut_at, to, push, moment });
            end.cut += to - cut_at;
        }
    }

    /// The stream of `side` begins so many octets earlier than was thought.
    fn shift(&mut self, side: Side, by: u32) {
        let octets = u64::from(by);
        let end = self.end(side);
        end.base = end.base.map(|base| base - by);
        end.stream.shift(octets);
        for piece in end.pieces.iter_mut().chain(&mut end.cuts) {
            piece.from += octets;
            piece.to += octets;
        }
        if let Some((at, _)) = &mut end.fin {
            *at += octets;
        }
        let peer = self.end(!side);
        peer.heard += octets;
        let moments = peer.pieces.iter_mut().chain(&mut peer.cuts).map(|piece| &mut piece.moment);
        let ends = peer.fin.as_mut().map(|(_, moment)| moment).into_iter().chain(&mut peer.reset);
        moments.chain(ends).for_each(|moment| moment.heard += octets);
    }
}

/// How far before the first octet that was seen another is taken for an earlier one, without a SYN
/// to tell; in octets.
const EARLIER: i32 = 1 << 20;

impl DraftEnd {
    /// The offset of a number in this end's stream, taken as near as possible to what it has come
    /// to; nothing before its beginning.
    fn offset(&self, seq: Seq) -> Option<u64> {
        let reach = self.stream.reach();
        let next = self.base? + reach as u32;
        reach.checked_add_signed(i64::from(seq.offset_from(next)))
    }

    /// About how much memory it takes, in octets; with the zeros that will stand for what was cut.
    fn held(&self) -> u64 {
        self.stream.held() + self.cut + ((self.pieces.len() + self.cuts.len()) * size_of::<Piece>()) as u64
    }

    fn count(&mut self, packet: &Packet<'_>, tcp: &Tcp, notes: Notes) {
        let (counts, segment) = (&mut self.counts, &tcp.segment);
        counts.segments += 1;
        counts.largest = counts.largest.max(segment.len);
        counts.data_segments += u32::from(segment.len > 0);
        counts.oversized += u32::from(packet.frame.aside.segment_size.is_some());
        let again = &[Note::Retransmit, Note::FinRetransmit, Note::SynRetransmit, Note::SynackRetransmit];
        counts.repeats += u32::from(notes.intersects(again));
        if !segment.flags.intersects(Flags::SYN | Flags::RST) {
            let window = segment.window.0;
            let (least, most) = counts.windows.unwrap_or((window, window));
            counts.windows = Some((least.min(window), most.max(window)));
        }
    }
}
