use super::account::Close;
use super::actor::{Actor, Ending, Line, Turn};
use super::cues::Cue;
use crate::wire::recording::Act;
use crate::wire::{Span, Timestamp};

/// How long an answer that is not as recorded has to be silent before it is taken to be over.
const PAUSE: Span = Span::from_millis(40);

/// The same for one that has been as recorded so far: the rest of it will come.
const LONG_PAUSE: Span = Span::from_millis(500);

/// How long an end that closes, in a recording that does not tell how, waits for the other to close.
const FAREWELL: Span = Span::from_millis(200);

/// Whether a cue is to be acted on.
enum Readiness {
    Now,
    /// Not before this time, unless something is heard.
    At(Timestamp),
    /// What it waits for does not come.
    Never,
}

impl Actor {
    /// What to do in an open connection.
    pub(super) fn converse(&mut self, now: Timestamp) -> Turn {
        if std::mem::take(&mut self.owes_third_step) {
            return Turn::Say(Line::Ack);
        }
        self.out.check(now);
        let wake = match self.act(now) {
            Ok(wake) => wake,
            Err(GivenUp) => return self.break_off(Ending::Silent, now),
        };
        if let Some(piece) = self.out.next(now) {
            return Turn::Say(Line::Piece(piece));
        }
        if self.acks_due > 0 {
            self.acks_due -= 1;
            return Turn::Say(Line::Ack);
        }
        let wake = match self.next_cue() {
            // What was said before is to arrive before it.
            Some(Cue { act: Act::Reset, .. }) if wake.is_none() && self.out.is_done() => {
                return self.break_off(Ending::Played, now);
            }
            Some(_) => match wake.unwrap_or_else(|| self.out_of_patience()) {
                wake if now >= wake => return self.break_off(Ending::Silent, now),
                wake => wake,
            },
            None => match self.farewell(now) {
                Farewell::Over => {
                    self.over(Ending::Played, now);
                    return self.linger(now);
                }
                Farewell::At(wake) => wake,
                Farewell::Close => {
                    self.out.finish(false);
                    return self.converse(now);
                }
                Farewell::BreakOff => return self.break_off(Ending::Played, now),
                Farewell::Silent => return self.break_off(Ending::Silent, now),
            },
        };
        Turn::Wait(self.out.timer().map_or(wake, |timer| timer.min(wake)))
    }

    /// Acts on all cues that are due; gives the time of the next where that is known.
    fn act(&mut self, now: Timestamp) -> Result<Option<Timestamp>, GivenUp> {
        while let Some(cue) = self.next_cue() {
            match self.readiness(&cue, now) {
                Readiness::Now => {}
                Readiness::At(wake) => return Ok(Some(wake)),
                Readiness::Never => return Err(GivenUp),
            }
            match cue.act {
                Act::Data { to, push, .. } => self.out.release(to, push),
                Act::Fin => self.out.finish(self.part.cues.fin_joined),
                // In `converse`: a reset is none of the stream.
                Act::Reset => return Ok(None),
                Act::Syn | Act::SynAck => {}
            }
            self.cue += 1;
            self.cue_since = now;
            self.progress = now;
            self.met_at = None;
            self.burst_from = self.inflow.nxt();
        }
        Ok(None)
    }

    fn next_cue(&self) -> Option<Cue> {
        self.part.cues.all.get(self.cue).copied()
    }

    fn readiness(&mut self, cue: &Cue, now: Timestamp) -> Readiness {
        if self.met_at.is_none() {
            match self.hearing(cue, now) {
                Readiness::Now => self.met_at = Some(now),
                other => return other,
            }
        }
        let since = self.met_at.unwrap_or(now).max(self.cue_since);
        let due = since + self.conduct.speed.of(cue.delay);
        if now < due {
            // Waiting on purpose is no silence.
            self.progress = now;
            return Readiness::At(due);
        }
        Readiness::Now
    }

    /// Whether as much was heard as the cue waits for.
    fn hearing(&mut self, cue: &Cue, now: Timestamp) -> Readiness {
        let heard = self.inflow.nxt();
        let stream = &self.part.recording.end(!self.part.role).stream;
        if self.inflow.is_finished() {
            return Readiness::Now;
        }
        let waits_for_fin = cue.heard > stream.len() as u64;
        let shifted = |offset: u64| u64::try_from(offset as i64 + self.slip).unwrap_or(0);
        let differs = !self.came.is_as_recorded();
        if !waits_for_fin && heard >= shifted(cue.heard) && (heard <= shifted(cue.said) || !differs) {
            return Readiness::Now;
        }
        let patience = self.progress.max(self.cue_since) + self.conduct.patience + Span(cue.waited.0 / 2 * 3);
        if now >= patience && self.out.is_done() {
            // Whoever only wants to close, or has heard enough, need not wait for ever.
            let goes_on = matches!(cue.act, Act::Fin | Act::Reset) || heard >= cue.heard;
            return if goes_on { Readiness::Now } else { Readiness::Never };
        }
        if now >= patience {
            return Readiness::Never;
        }
        if waits_for_fin || heard <= self.burst_from || self.inflow.has_hole() {
            return Readiness::At(patience);
        }
        // The answer has another length than the recorded one. It is over when it ends with the same
        // octets, or when nothing follows.
        let upto = usize::try_from(cue.heard).unwrap_or(usize::MAX).min(stream.len());
        let ends_alike = differs && self.pushed && self.came.ends_like(stream.get(..upto).unwrap_or_default());
        let pause = if differs { PAUSE } else { LONG_PAUSE };
        let round_trip = self.out.round_trip().unwrap_or_default();
        let quiet = self.heard_at + pause + Span(round_trip.0 * 2);
        if !ends_alike && now < quiet {
            return Readiness::At(quiet.min(patience));
        }
        self.slip = heard as i64 - cue.heard as i64;
        self.account.other_lengths += 1;
        Readiness::Now
    }

    /// What to do when all cues are done.
    fn farewell(&self, now: Timestamp) -> Farewell {
        let recording = &self.part.recording;
        let (own, other) = (recording.end(self.part.role), recording.end(!self.part.role));
        let said = self.out.is_done();
        let closed = self.out.has_finished();
        if self.inflow.is_finished() && said {
            // A recording that does not tell how this end closed: it has nothing more to say.
            return if closed { Farewell::Over } else { Farewell::Close };
        }
        let untold = !other.fin && !other.reset;
        let heard_all = self.inflow.octets() >= other.stream.len() as u64;
        if said && untold && heard_all {
            let enough = self.heard_at.max(self.cue_since) + FAREWELL;
            return match (now < enough, closed || own.reset) {
                (true, _) => Farewell::At(enough),
                (false, true) => Farewell::BreakOff,
                (false, false) => Farewell::Close,
            };
        }
        let patience = self.out_of_patience();
        if now < patience { Farewell::At(patience) } else { Farewell::Silent }
    }

    /// When a connection in which nothing goes on is given up.
    fn out_of_patience(&self) -> Timestamp {
        self.progress.max(self.cue_since) + self.conduct.patience + Span(self.part.cues.end_after.0 / 2 * 3)
    }

    /// Resets the connection.
    fn break_off(&mut self, ending: Ending, now: Timestamp) -> Turn {
        self.over(ending, now);
        self.account.ends(self.part.role, Close::Reset);
        Turn::Say(Line::Reset)
    }
}

/// The other end has fallen silent.
struct GivenUp;

/// What an end does that has said everything.
enum Farewell {
    /// Both ends have.
    Over,
    /// Waits for the other.
    At(Timestamp),
    /// Closes, as nothing tells what the recorded end did.
    Close,
    /// Breaks off, for the same reason.
    BreakOff,
    /// Gives up.
    Silent,
}
