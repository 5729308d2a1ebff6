use super::account::Close;
use super::actor::{Actor, Ending, Phase};
use super::inflow::Arrival;
use super::outflow::Ack;
use crate::wire::recording::{Act, End, Greeting};
use crate::wire::{Flags, OptionList, Segment, Seq, Timestamp};

/// Questions whether a closed window has opened that are enough.
const MOST_PROBES: u32 = 20;

/// A segment that came from the other end.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// Its header.
    pub segment: &'a Segment,
    /// Its options, octet for octet.
    pub options: &'a [u8],
    /// Its data.
    pub octets: &'a [u8],
    /// The time to live it came with.
    pub ttl: u8,
}

impl Actor {
    /// Takes in a segment of the other end.
    pub fn hear(&mut self, heard: Heard<'_>, now: Timestamp) {
        if self.conduct.keeps_acts {
            self.note_heard(heard.segment, now);
        }
        match self.phase {
            Phase::Idle => {}
            Phase::Listening => self.hear_request(heard, now),
            Phase::Asking => self.hear_answer(heard, now),
            Phase::Answering | Phase::Open => self.hear_segment(heard, now),
            Phase::Over => {
                self.account.heard.count(heard.segment.len, true);
                // Only what may have been said again for want of an acknowledgment (RFC 9293 §3.10.7.4).
                let flags = heard.segment.flags;
                if heard.segment.span() > 0 && !flags.intersects(Flags::RST | Flags::SYN) && now < self.linger {
                    self.acks_due = 1;
                }
            }
        }
    }

    /// A server's first SYN (RFC 9293 §3.10.7.2).
    fn hear_request(&mut self, heard: Heard<'_>, now: Timestamp) {
        let segment = heard.segment;
        if !segment.flags.is_syn() {
            return;
        }
        self.begin(now);
        self.account.heard.count(segment.len, false);
        self.meet(heard);
        if self.part.cues.greets {
            self.phase = Phase::Answering;
        } else if self.part.recording.end(End::Server).reset {
            // RFC 9293 §3.10.7.1: refused, as it was then.
            self.stray = Some((Seq(0), Some(segment.end())));
            self.account.ends(End::Server, Close::Reset);
            self.over(Ending::Played, now);
        } else {
            self.over(Ending::Played, now);
        }
    }

    /// What a client hears before the connection is open (RFC 9293 §3.10.7.3).
    fn hear_answer(&mut self, heard: Heard<'_>, now: Timestamp) {
        let segment = heard.segment;
        let acked = segment.acked();
        let ours = acked == Some(self.conduct.isn + 1);
        self.account.heard.count(segment.len, false);
        if segment.flags.contains(Flags::RST) {
            if ours {
                self.account.ends(!self.part.role, Close::Reset);
                self.over(Ending::Refused, now);
            }
            return;
        }
        if let Some(acked) = acked.filter(|_| !ours) {
            // Somebody there is in an older connection: this ends it, and the next SYN is heard.
            self.stray = Some((acked, None));
            return;
        }
        if segment.flags.is_syn_ack() {
            self.meet(heard);
            self.agree(&segment.options, segment.window);
            self.open(now);
            self.owes_third_step = true;
        }
    }

    /// What is heard once both numbers are known (RFC 9293 §3.10.7.4).
    fn hear_segment(&mut self, heard: Heard<'_>, now: Timestamp) {
        let segment = heard.segment;
        let from = self.inflow.nxt() as i64 + i64::from(segment.data_seq().offset_from(self.acknowledgment()));
        let window = self.conduct.window;
        let counts = from + i64::from(segment.span()) >= self.inflow.nxt() as i64
            && from <= self.inflow.nxt() as i64 + i64::from(window);
        if segment.flags.contains(Flags::RST) {
            self.account.heard.count(segment.len, false);
            self.hear_reset(segment, counts, now);
            return;
        }
        if segment.flags.contains(Flags::SYN) {
            self.account.heard.count(segment.len, true);
            match self.phase {
                // The SYN/ACK was lost; of an open connection, the acknowledgment was.
                Phase::Answering if segment.seq == self.irs => self.greet_again(now),
                _ => self.acks_due = 1,
            }
            return;
        }
        if self.is_from_the_past(segment) {
            self.account.heard.count(segment.len, true);
            self.acks_due = 1;
            return;
        }
        if self.phase == Phase::Answering {
            if segment.acked() != Some(self.conduct.isn + 1) {
                if let Some(acked) = segment.acked() {
                    self.stray = Some((acked, None));
                }
                return;
            }
            let offered = self.account.was_greeted.map_or_else(Default::default, |greeting| greeting.options.meaning());
            let window = self.account.was_greeted.map(|greeting| greeting.window).unwrap_or_default();
            self.agree(&offered, window);
            self.open(now);
        }
        if let Some((val, _)) = segment.options.timestamps()
            && !segment.seq.after(self.last_acked)
            && counts
        {
            // RFC 7323 §4.3.
            self.recent = val;
        }
        if !self.hear_acknowledgment(segment, heard.octets.is_empty(), now) {
            return;
        }
        self.hear_octets(heard, from, now);
    }

    fn hear_reset(&mut self, segment: &Segment, counts: bool, now: Timestamp) {
        // RFC 5961 §3.2: exactly the next number; another within the window is asked about.
        if segment.seq == self.acknowledgment() {
            self.account.ends(!self.part.role, Close::Reset);
            self.over(Ending::Reset, now);
        } else if counts {
            self.acks_due = 1;
        }
    }

    /// PAWS (RFC 7323 §5.3).
    fn is_from_the_past(&self, segment: &Segment) -> bool {
        let Some((val, _)) = segment.options.timestamps().filter(|_| self.agreed.timestamps) else {
            return false;
        };
        Seq(val).before(Seq(self.recent))
    }

    /// Takes in an acknowledgment; false where the segment is to be dropped for it.
    fn hear_acknowledgment(&mut self, segment: &Segment, is_bare: bool, now: Timestamp) -> bool {
        let Some(acked) = segment.acked() else { return false };
        let una = self.out.una();
        let ahead = i64::from(acked.offset_from(self.seq(una)));
        let upto = una as i64 + ahead;
        if upto > self.out.nxt() as i64 {
            // RFC 9293: of something that was never said.
            self.acks_due = 1;
            return false;
        }
        if ahead < 0 {
            // An old one; its data counts all the same.
            return true;
        }
        let offset = |seq: Seq| u64::try_from(una as i64 + i64::from(seq.offset_from(self.seq(una)))).ok();
        let blocks = segment.options.sack().iter().filter(|_| self.agreed.sack);
        let sacked: Vec<(u64, u64)> = blocks
            .filter_map(|(from, to)| Some((offset(*from)?, offset(*to)?)))
            .filter(|(from, to)| from < to)
            .collect();
        let window = segment.window << self.agreed.theirs;
        self.account.window(window);
        let bare = is_bare && !segment.flags.contains(Flags::FIN);
        let got_on = self.out.hear(&Ack { upto: upto as u64, window, sacked: &sacked, bare }, now);
        // Who says that there is no room is there (RFC 9293 §3.8.6.1).
        if got_on || (window == 0 && self.out.resent.probes < MOST_PROBES) {
            self.progress = now;
        }
        true
    }

    fn hear_octets(&mut self, heard: Heard<'_>, from: i64, now: Timestamp) {
        let segment = heard.segment;
        let fin = segment.flags.contains(Flags::FIN);
        if heard.octets.is_empty() && !fin {
            self.account.heard.count(0, false);
            // A question whether somebody is there (RFC 9293 §3.8.4).
            if segment.len == 0 && from < self.inflow.nxt() as i64 {
                self.acks_due = self.acks_due.max(1);
            }
            return;
        }
        let recorded = &self.part.recording.end(!self.part.role).stream;
        let came = &mut self.came;
        let take = |octets: &[u8]| came.take(octets, recorded);
        let arrival = self.inflow.take(from, heard.octets, fin, self.conduct.window, take);
        self.account.heard.count(segment.len, arrival == Arrival::Repeat);
        match arrival {
            Arrival::Next => {
                if !heard.octets.is_empty() {
                    self.account.first_heard.get_or_insert(now);
                }
                self.progress = now;
                self.heard_at = now;
                self.pushed = segment.flags.contains(Flags::PSH);
                self.acks_due = self.acks_due.max(1);
            }
            Arrival::Early => {
                self.account.early = self.account.early.saturating_add(1);
                // Each of them is told of (RFC 5681 §4.2).
                self.acks_due = (self.acks_due + 1).min(16);
            }
            Arrival::Repeat | Arrival::Outside => self.acks_due = self.acks_due.max(1),
        }
        if self.inflow.is_finished() {
            self.account.ends(!self.part.role, Close::Fin);
        }
    }

    /// Notes what the other end did.
    fn note_heard(&mut self, segment: &Segment, now: Timestamp) {
        let (other, flags) = (!self.part.role, segment.flags);
        let heard = self.out.una();
        let from = self.inflow.nxt() as i64 + i64::from(segment.data_seq().offset_from(self.acknowledgment()));
        let mut did = |act| self.account.did(other, act, heard, now);
        match (flags.contains(Flags::SYN), flags.contains(Flags::RST)) {
            (_, true) => did(Act::Reset),
            (true, _) if other == End::Client => did(Act::Syn),
            (true, _) => did(Act::SynAck),
            _ => {
                if let (Ok(from), true) = (u64::try_from(from), segment.len > 0) {
                    let push = flags.contains(Flags::PSH);
                    did(Act::Data { from, to: from + u64::from(segment.len), push });
                }
                if flags.contains(Flags::FIN) {
                    did(Act::Fin);
                }
            }
        }
    }

    /// Remembers who speaks, and with which options.
    fn meet(&mut self, heard: Heard<'_>) {
        let segment = heard.segment;
        self.irs = segment.seq;
        if let Some((val, _)) = segment.options.timestamps() {
            self.recent = val;
        }
        self.account.was_greeted = Some(Greeting {
            flags: segment.flags,
            window: segment.window,
            options: OptionList::from_octets(heard.options).unwrap_or_default(),
            ttl: heard.ttl,
        });
    }
}
